//! Drives the engine: batches from a source through shards into the spine.
//!
//! With one worker everything runs on the calling thread. With more, each worker thread owns one shard and the calling
//! thread owns the spine. Where the source is a plain file that is alone, the workers read it themselves, block by
//! block:
//!
//! ```text
//!  worker 0: read block 0 ─ walk ─► sort ─► settle 0, 1, 2 … ─┐
//!  worker 1: read block 1 ──────┴ walk ─► sort ─► settle … ───┼─► spine (calling thread)
//!  worker n: read block 2 ─────────────┴ walk ─► sort ─► … ───┘
//! ```
//!
//! Only the walk, which counts records and lets the clock run, is done in the order of the blocks; sorting reads the
//! frames and notes for each shard what it owns; each shard settles the notes of all blocks in their order. What the
//! workers share is one desk (`desk`), on which they put blocks that are ready. Any other source has a reader thread,
//! which hands every batch to every worker over bounded channels:
//!
//! ```text
//!              ┌─► worker 0: Shard ─┐
//!  reader ─────┼─► worker 1: Shard ─┼─► spine (calling thread)
//!     ▲        └─► worker n: Shard ─┘
//!     └────────── empty batches ◄────────┘
//! ```
//!
//! No table is shared, and no lock is taken for a frame. All shards pass the same ticks; the spine takes the outputs of
//! all of them about the same frames, and merges them by the ordinal of the frame. The number of workers therefore does
//! not show in what comes out.
//!
//! A run on live interfaces has threads of its own shape: [`live`].
//!
//! A replay runs as fast as its source, unless it is paced ([`Paced`]); that and the sequencer of [`live`]
//! are the only places where a clock of the machine is read.
//!
//! # Bounds
//! [`BLOCKS_OF_A_WORKER`] blocks for each worker, and what was said of [`BLOCKS_AHEAD_MAX`] blocks; or
//! [`BATCHES_WAITING_MAX`] batches that wait for each worker and as many outputs for the spine. At the bound whoever
//! reads waits, so that nothing is lost in replay.

mod blocks;
mod desk;
pub mod live;
mod paced;
mod replay;
mod workers;

pub use desk::{BLOCKS_AHEAD_MAX, BLOCKS_OF_A_WORKER};
pub use paced::{Pace, Paced, WallClock};
pub use replay::{Replay, ReplayError, ReplaySettings, Replayed};
pub use workers::BATCHES_WAITING_MAX;
