//! The two halves that the outside drives: [`Shard`] (decode to presence tables) and [`Spine`] (ledger to
//! audit to streams and workflows).
//!
//! ```text
//!   frames ─► Shard 0 ─┐ ShardOutput            ┌─► presence events
//!   frames ─► Shard 1 ─┼────────────► Spine: ledger ─► audit ─┬─► discrepancies
//!   frames ─► Shard n ─┘              ▲       ▲               ├─► streams ───► posts
//!                             snapshots   operators           └─► workflows ─► runs and effects
//! ```
//!
//! A station's frames are judged by one shard in their order ([`Share`]), and all shards see the same clock, so that the
//! number of shards does not show in any output. Either every shard is shown every frame and lets those of others pass
//! ([`Shard::frames`]), or a [`Sorter`] reads a block of frames and notes for each shard what is its own
//! ([`Shard::settle`]). What a capture point counts by itself instead of giving it comes by [`Shard::refresh`]. Shards share
//! nothing; their outputs are merged by the ordinal of the frame ([`Spine::handle_outputs`]).
//!
//! Time is packet time. The clock never goes back; ticks fall on multiples of the tick and are derived from
//! the frames, so that a replay gives what having been there gives.

mod clock;
mod counters;
#[cfg(test)]
mod evidence_tests;
mod flows;
mod known;
#[cfg(test)]
mod refresh_tests;
mod shard;
mod share;
mod social;
mod sort;
#[cfg(test)]
mod sort_tests;
mod spine;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tunnel_tests;

pub use clock::{ClockCounters, PacketClock};
pub use counters::PointCounters;
pub use flows::RuleSets;
pub use known::recorded_stations;
pub use shard::{Shard, ShardOutput, ShardSettings, TickMark};
pub use share::Share;
pub use sort::{Sorted, Sorter};
pub use spine::{Input, Output, Remembered, Spine, SpineSettings};
