use super::expr::ExprFault;
use super::node::Origin;
use crate::recorded::Severity;

/// Something wrong in a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is; an error refuses the whole set.
    pub severity: Severity,
    /// What it is, for ever.
    pub code: &'static str,
    /// The number of the file, in the order in which they were added.
    pub file: usize,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// Everything wrong so far in one file.
#[derive(Debug)]
pub(super) struct Faults<'a> {
    pub(super) file: usize,
    pub(super) list: &'a mut Vec<Diagnostic>,
}

impl Faults<'_> {
    pub(super) fn error(
        &mut self,
        code: &'static str,
        at: Origin,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Error, code, (at.line, at.column), message.into(), help.into());
    }

    pub(super) fn warning(
        &mut self,
        code: &'static str,
        at: Origin,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Warning, code, (at.line, at.column), message.into(), help.into());
    }

    /// Adds what is wrong in an expression that begins at `offset` in `text`, which stands at `at`.
    pub(super) fn expression(&mut self, faults: Vec<ExprFault>, at: Origin, text: &str, offset: usize) {
        for fault in faults {
            let place = at.of(text, offset + fault.at);
            self.push(Severity::Error, fault.code, place, fault.message, fault.help);
        }
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        (line, column): (u32, u32),
        message: String,
        help: String,
    ) {
        self.list.push(Diagnostic { severity, code, file: self.file, line, column, message, help });
    }
}
