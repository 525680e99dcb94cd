//! Drives the engine with live frames.
//!
//! ```text
//!  tap 0 ─┐  Batch                     ┌─► worker 0: Shard ─┐
//!  tap 1 ─┼──────────► sequencer ──────┼─► worker 1: Shard ─┼─► spine (calling thread)
//!  tap n ─┘           (the clock)      └─► worker n: Shard ─┘        ▲
//!     ▲        commands ──► └──────── Head: inputs, beats ───────────┤
//!     └───────────────────── empty batches ◄┘          questions ────┘
//! ```
//!
//! A *tap* is one socket on one thread: it copies frames out of the kernel's ring and opens its interface again
//! when that was gone. The *sequencer* puts batches and everything else that happens into one order and is the
//! only one that reads a clock: it lets time pass where no frame does. Each worker owns a shard and sees every
//! batch; the calling thread owns the spine, takes the shards' outputs step by step in that order, and answers
//! questions about what it knows between two steps.
//!
//! No lock is taken on the way of a frame, and nothing waits but on channels and on the kernel.
//!
//! # Bounds
//! [`BATCHES_WAITING_MAX`](super::BATCHES_WAITING_MAX) batches wait for each worker and as many for the sequencer;
//! a full channel holds up the tap, and then the kernel's ring fills, drops, and counts what it drops. Nothing is lost
//! between the ring and the spine.

mod health;
mod run;
mod sequencer;
mod tap;
mod view;
mod worker;

pub use run::{LivePoint, LiveRun, LiveRunSettings, RunError};
pub use sequencer::{Command, Commands};
pub use tap::{Opener, TapFacts};
pub use view::{LiveView, Queues, ShardFacts};
