//! The two halves that the outside drives: [`Shard`] (decode to presence tables) and [`Spine`] (ledger to
//! audit).
//!
//! ```text
//!   frames ─► Shard 0 ─┐ ShardOutput                          ┌─► presence events
//!   frames ─► Shard 1 ─┼────────────► Spine: ledger ─► audit ─┼─► discrepancies
//!   frames ─► Shard n ─┘              ▲   ▲                   └─► reports
//!                               snapshots operators
//! ```
//!
//! Every shard is shown every frame, takes those of the stations it owns ([`Share`]) and lets the others
//! pass, so that all shards see the same clock. A station's frames are thus judged by one shard in their
//! order, and the number of shards does not show in any output. Shards share nothing; their outputs are
//! merged by the ordinal of the frame ([`Spine::handle_outputs`]).
//!
//! Time is packet time. The clock never goes back; ticks fall on multiples of the tick and are derived from
//! the frames, so that a replay gives what having been there gives.

mod clock;
#[cfg(test)]
mod evidence_tests;
mod shard;
mod spine;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tunnel_tests;

pub use clock::{ClockCounters, PacketClock};
pub use shard::{PointCounters, Shard, ShardOutput, ShardSettings, Share, TickMark};
pub use spine::{Input, Output, Spine, SpineSettings};
