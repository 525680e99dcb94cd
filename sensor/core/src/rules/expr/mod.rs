//! Conditions: texts in a typed part of the Common Expression Language (CEL) to checked code, and its value.
//!
//! A text is taken apart ([`token`]), read ([`parse`]), held against the scheme of fields ([`check`]) and evaluated
//! ([`eval`]). Every name and type is checked before anything runs, with the place of what is wrong. What is read means
//! what it means in CEL; what CEL has and this has not (maps, messages, bytes, doubles, regular expressions, dynamic
//! types) is refused by name. A field that has no value reads as the empty value of its type, as in protocol buffers;
//! `has()` tells.
//!
//! Does not know rules or discrepancies. Bounded by [`EXPRESSION_OCTETS_MAX`], [`DEPTH_MAX`], [`NODES_MAX`] and
//! [`STEPS_MAX`].
//!
//! # Reference
//! The language definition of CEL: syntax, "Logical operators" (errors are absorbed by the other side), "Macros".

mod check;
mod eval;
mod parse;
mod scheme;
#[cfg(test)]
mod tests;
mod token;
mod value;

pub use check::{Checked, Names, compile};
pub use eval::{EvalError, Values};
pub use scheme::{FIELDS, Field, FieldInfo};
pub use token::ExprFault;
pub use value::{Type, Value};

/// The longest expression, in octets.
pub const EXPRESSION_OCTETS_MAX: usize = 2_048;
/// How deep an expression nests.
pub const DEPTH_MAX: usize = 32;
/// How many parts an expression has.
pub const NODES_MAX: usize = 256;
/// How many parts are evaluated for one value, those of `all` and `exists` once for each item.
pub const STEPS_MAX: u32 = 20_000;
/// The longest text that an expression makes, in octets.
pub const TEXT_OCTETS_MAX: usize = 65_536;
