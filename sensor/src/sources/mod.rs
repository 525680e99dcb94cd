//! Where recorded state comes from.
//!
//! Each source turns what it finds into rows for [`rollcall_core::recorded::SnapshotBuilder`]; what the rows mean
//! is decided there.

pub mod files;
