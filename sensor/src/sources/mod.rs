//! Where recorded state comes from, and what else is known beside the wire.
//!
//! Each source turns what it finds into rows for [`rollcall_core::recorded::SnapshotBuilder`]; what the rows mean
//! is decided there. A [`timeline`] says from when on which of them are in force.

pub mod files;
pub mod timeline;
