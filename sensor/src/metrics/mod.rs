//! Metric names, registry and exposition.
//!
//! Turns what a run knows into the text that Prometheus scrapes. Every name starts with `rollcall_`, has base
//! units, and counters end in `_total`. No label takes a value that the wire or an inventory chooses: capture
//! points that nobody configured share the label `unconfigured`, and the rest are fixed words.

mod definition;
mod live;
mod replay;

pub use live::{Surroundings, live_metrics};
pub use replay::replay_metrics;
