use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::types::{Timestamp, format_duration};

/// The types of the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A whole number of 64 bits with a sign.
    Int,
    /// A text.
    Text,
    /// A length of time, with a sign.
    Duration,
    /// A time.
    Time,
    /// A list of texts.
    Texts,
    /// A list of whole numbers.
    Ints,
}

impl Type {
    /// Returns what CEL calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Text => "string",
            Self::Duration => "duration",
            Self::Time => "timestamp",
            Self::Texts => "list(string)",
            Self::Ints => "list(int)",
        }
    }

    /// Returns the type of a list's items.
    pub const fn item(self) -> Option<Self> {
        match self {
            Self::Texts => Some(Self::Text),
            Self::Ints => Some(Self::Int),
            _ => None,
        }
    }

    /// Returns the value of what has none.
    pub fn empty(self) -> Value {
        match self {
            Self::Bool => Value::Bool(false),
            Self::Int => Value::Int(0),
            Self::Text => Value::Text(Arc::from("")),
            Self::Duration => Value::Duration(0),
            Self::Time => Value::Time(Timestamp::from_nanos(0)),
            Self::Texts | Self::Ints => Value::List(Arc::new([])),
        }
    }
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(Arc<str>),
    /// A length of time in nanoseconds.
    Duration(i64),
    /// A time.
    Time(Timestamp),
    /// A list of values of one type.
    List(Arc<[Self]>),
}

impl Value {
    /// Makes a text.
    pub fn text(value: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(value.as_ref()))
    }

    /// Makes a list of texts.
    pub fn texts<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Self {
        Self::List(values.into_iter().map(Self::text).collect())
    }
}

/// Prints it as a template shows it: texts bare, lists with commas.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
            Self::Duration(nanos) => {
                let sign = if *nanos < 0 { "-" } else { "" };
                write!(f, "{sign}{}", format_duration(Duration::from_nanos(nanos.unsigned_abs())))
            }
            Self::Time(value) => value.fmt(f),
            Self::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    value.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}
