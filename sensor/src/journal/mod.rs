//! The store: what outlives a run, in one SQLite file.
//!
//! So far the history of presence: who was where from when to when, and who claimed which address. Takes the records that
//! the engine tells ([`Store::writer`]) and answers questions about the past ([`Store::whereis`], [`Store::whohas`],
//! [`Store::history`]). It decides nothing: what is in it was judged by the core.
//!
//! # Bounds
//! What is older than the retention is pruned at the end of a run, and counted. Records are written in transactions of
//! [`Writer::BATCH`], so that memory stays small.

mod history;
mod query;
mod store;
#[cfg(test)]
mod tests;

pub use history::{HistoryCounts, Writer};
pub use query::{ClaimRow, StayRow};
pub use store::{Store, StoreError};
