use core::fmt;
use std::sync::Arc;

/// The number of a source, in the order in which the builder was told of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// Where in its source a row or a field stands.
///
/// # Units
/// Lines and columns count from 1, columns in characters. Line 0 means the source as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Which source.
    pub source: SourceId,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// A [`Position`] with the name of its source, ready to be printed as `inventory.yaml:4:13`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The source's name: of a file its path as it was given.
    pub source: Arc<str>,
    /// The line, from 1; 0 means the source as a whole.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.source),
            line => write!(f, "{}:{line}:{}", self.source, self.column),
        }
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The row or field was left out, or two records contradict each other.
    Error,
    /// Everything was taken in, but it hardly says what was meant.
    Warning,
}

impl Severity {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something wrong with a configuration or an inventory, with its place and its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, for ever: `RC0206`. A code is never used again for something else.
    pub code: &'static str,
    /// Where it is.
    pub place: Place,
    /// What is wrong, with the names in backticks; lower case, no full stop.
    pub message: String,
    /// The other place, where two contradict each other.
    pub also: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// Returns what problems are sorted by: where they are, then what they are.
    pub fn sort_key(&self) -> (&Place, &'static str, &str) {
        (&self.place, self.code, &self.message)
    }
}

/// Prints the problem on one to four lines, without a line feed at the end.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]: {}\n  --> {}", self.severity.as_str(), self.code, self.message, self.place)?;
        if let Some(also) = &self.also {
            write!(f, "\n  and: {also}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}
