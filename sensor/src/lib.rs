//! Everything of Rollcall that touches the world: files, threads, clocks, the command line.
//!
//! The judgement lives in `rollcall-core`; this crate brings it frames and records and carries its
//! outputs out. `ARCHITECTURE.md` at the top of the repository has the picture.

pub mod api;
pub mod capture;
pub mod cli;
pub mod config;
pub mod dump;
pub mod journal;
pub mod metrics;
pub mod process;
pub mod report;
pub mod rulebook;
pub mod runtime;
pub mod sources;
pub mod text;
