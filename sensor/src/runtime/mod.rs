//! Drives the engine: batches from a source through shards into the spine.
//!
//! With one worker everything runs on the calling thread. With more, a reader thread hands every batch to
//! every worker over bounded channels, each worker owns one shard, and the calling thread owns the spine:
//!
//! ```text
//!              ┌─► worker 0: Shard ─┐
//!  reader ─────┼─► worker 1: Shard ─┼─► spine (calling thread)
//!     ▲        └─► worker n: Shard ─┘         
//!     └────────── empty batches ◄────────┘
//! ```
//!
//! No lock is taken and no table is shared. Every worker sees every batch, so that all shards pass the same
//! ticks; the spine takes the outputs batch by batch, one from each worker, and merges them by the ordinal of
//! the frame. The number of workers therefore does not show in what comes out.
//!
//! A replay runs as fast as its source, unless it is paced ([`Paced`]); that is the only place here where a
//! clock of the machine is read.
//!
//! # Bounds
//! [`BATCHES_WAITING_MAX`] batches wait for each worker and as many outputs for the spine; a full channel
//! holds up the reader, so that nothing is lost in replay.

mod paced;
mod replay;
mod workers;

pub use paced::{Pace, Paced, WallClock};
pub use replay::{Replay, ReplayError, ReplaySettings, Replayed};
pub use workers::BATCHES_WAITING_MAX;
