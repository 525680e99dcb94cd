//! The pure heart of Rollcall: frames and records in, presence and discrepancies out.
//!
//! ```text
//!  frame ─► decode ─► sighting ─► presence ─► audit ─► streams ─► outputs
//!                                    ▲          ▲
//!                                  ticks     recorded
//! ```
//!
//! Everything here is a function of its arguments. There is no I/O, no thread, no clock and no
//! randomness: time arrives as a [`types::Timestamp`], hash seeds arrive in [`types::Limits`]'s company, and
//! outputs leave as values. The same inputs give the same outputs, byte for byte.
//!
//! Rooms, in the order in which a frame walks through them:
//!
//! - [`types`]: the words that everything else is written in.
//! - [`decode`]: bytes to layers and control messages, borrowed, without allocation.
//! - [`sighting`]: layers to evidence: who was seen, which addresses it claims.
//! - [`presence`]: evidence to belief: bounded expiring tables and the merged ledger.
//! - [`recorded`]: what the inventories claim, as an immutable indexed snapshot.
//! - [`audit`]: belief against claim: discrepancies with their evidence and their own life.
//! - [`streams`]: who is told: posts, likes, and what is carried up to the administrators.
//! - [`rules`]: what is to be done, as checked workflows.
//! - [`workflow`]: discrepancies and rules to runs, and these to effects, which are data.
//! - [`engine`]: the two halves that the outside drives: `Shard` (decode to presence) and `Spine`
//!   (ledger to streams).

#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![deny(clippy::indexing_slicing, clippy::iter_over_hash_type, clippy::cast_possible_truncation)]

pub mod audit;
pub mod decode;
pub mod engine;
pub mod presence;
pub mod recorded;
pub mod rules;
pub mod sighting;
pub mod streams;
pub mod types;
pub mod workflow;
