use std::sync::Arc;

use rollcall_core::recorded::{Place, Position, Problem, Severity, SourceId};

/// A place in a text: line and column from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// The line, from 1; 0 means the text as a whole.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Mark {
    /// Returns the place so many lines further down; the text as a whole stays what it is.
    #[must_use]
    pub const fn moved_down(self, lines: u32) -> Self {
        match self.line {
            0 => self,
            line => Self { line: line.saturating_add(lines), column: self.column },
        }
    }

    /// Returns the same place in a numbered source.
    pub const fn in_source(self, source: SourceId) -> Position {
        Position { source, line: self.line, column: self.column }
    }
}

/// Something wrong in a text whose name is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, for ever.
    pub code: &'static str,
    /// Where it is.
    pub at: Mark,
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Fault {
    /// Names the text that the fault is in.
    pub fn in_text(self, source: &Arc<str>) -> Problem {
        Problem {
            severity: self.severity,
            code: self.code,
            place: Place { source: Arc::clone(source), line: self.at.line, column: self.at.column },
            message: self.message,
            also: None,
            help: self.help,
        }
    }
}

/// Everything wrong in a text so far.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// In the order in which they were met.
    pub list: Vec<Fault>,
}

impl Faults {
    /// Adds an error.
    pub fn error(&mut self, code: &'static str, at: Mark, message: String, help: impl Into<String>) {
        self.push(Severity::Error, code, at, message, Some(help.into()));
    }

    /// Adds a warning.
    pub fn warning(&mut self, code: &'static str, at: Mark, message: String, help: impl Into<String>) {
        self.push(Severity::Warning, code, at, message, Some(help.into()));
    }

    pub(super) fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: Mark,
        message: String,
        help: Option<String>,
    ) {
        self.list.push(Fault { severity, code, at, message, help });
    }
}
