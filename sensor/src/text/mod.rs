//! Texts that people write: YAML (and JSON) to values with their places, and the report of what is wrong.
//!
//! Stands under `config` and `sources`, which know what the values mean. Unlike a typed deserialiser it does not
//! stop at the first value of the wrong kind, so that every problem is told at once. Does not open files.
//! A text is bounded by [`TEXT_OCTETS_MAX`], its nesting by the parser, and what aliases make of it by
//! [`yaml::ALIASED_NODES_MAX`].

mod fault;
mod fields;
pub mod report;
pub mod yaml;

pub use fault::{Fault, Faults, Mark};
pub(crate) use fields::unknown_key;
pub use fields::{Fields, Marked};

/// The longest text that is read, in octets: an inventory of well over a million guests.
pub const TEXT_OCTETS_MAX: u64 = 512 << 20;
