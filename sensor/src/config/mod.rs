//! The configuration file: text to checked settings.
//!
//! A text is read into raw fields, each with its place, and these into a [`Config`] in which nothing is optional
//! that has a default. Every problem is collected, with file, line, column, the nearest known key and the remedy;
//! nothing stops at the first. What each setting means, its default and its range stand in one table
//! ([`settings`]), from which the reader and `rollcall config default` both work.
//!
//! Does not open inventories and knows no thread, capture or engine.

mod audit_rules;
mod capture_points;
mod checked;
mod decoding;
mod default_text;
mod glob;
mod live;
mod recorded_files;
pub mod settings;
#[cfg(test)]
mod settings_tests;
mod streams;
#[cfg(test)]
mod tests;
mod times_to_live;
mod workflow;

pub use capture_points::{Captured, PointRule, Wire};
pub use checked::{Config, HistorySettings, Parsed, Recorded};
pub use default_text::default_text;
pub use live::{Capture, Live, Process, Target};
pub use workflow::Workflows;
