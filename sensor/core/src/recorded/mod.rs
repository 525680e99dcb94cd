//! What the inventories claim: rows of any number of sources become one immutable, indexed snapshot.
//!
//! Sources (outside this crate) hand [`rows`] of text with their places to a [`SnapshotBuilder`]. It reads
//! every field, resolves every reference, and gives a [`Snapshot`] together with every [`Problem`] it met;
//! a bad row never stops the load. The audit asks the snapshot and never waits for a source; a newer
//! snapshot replaces it as a whole, and [`diff()`] says what differs.
//!
//! Does not know frames, files or formats. Holds what it is given: the sources bound their own size.
//! Nothing that leaves this module follows the order of a hash table: every index is a sorted vector.

mod builder;
mod check;
mod diff;
mod index;
mod marks;
mod merge;
mod model;
mod names;
mod nearest;
mod problem;
mod read;
pub mod rows;
mod snapshot;
mod state;
#[cfg(test)]
mod tests;
mod views;

pub use builder::{Built, Expander, Recurring, SnapshotBuilder};
pub use diff::{Changes, diff};
pub use model::{
    Claim, Guest, GuestIndex, GuestPrefix, Host, HostIndex, KnownStation, Node, ParseUuidError,
    RecordConflict, ScheduledWork, Selector, SourceSettings, Subnet, Switch, Uuid,
};
pub use nearest::nearest;
pub use problem::{Place, Position, Problem, Severity, SourceId};
pub use snapshot::{PathOf, Snapshot};
pub use state::{Expectation, HostState, RunState};
pub use views::{Cell, Table, View};
