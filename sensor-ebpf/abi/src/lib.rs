//! What the XDP program and the sensor both know: the keys and rows of its maps, the records of its ring
//! buffer, its counters and its settings.
//!
//! Both sides are built from these types, so that they cannot disagree. Every one is `repr(C)`, without padding,
//! in the byte order of the machine, and its size is asserted. The sensor takes them apart by `from_bytes`: what
//! the kernel hands over are octets. Nothing here is kept anywhere: program and sensor are of one version always,
//! because the one is embedded in the other.

#![no_std]
#![warn(missing_docs)]

mod counters;
mod rows;
mod settings;

pub use counters::{Counter, Counters};
pub use rows::{Clock, FarKey, NearKey, Presence, RECORD_OCTETS, Record, Row, flag, via};
pub use settings::{Bucket, CLASSES, Class, SNIPPET_CONTROL, SNIPPET_DATA, Service, Settings, setting};

/// Names of the maps.
pub mod map {
    /// Rows of stations seen on the wire itself: [`NearKey`](crate::NearKey) to [`Presence`](crate::Presence).
    pub const NEAR: &str = "NEAR";
    /// Rows of stations behind a port that a tag names, or in a tunnel: [`FarKey`](crate::FarKey) to
    /// [`Presence`](crate::Presence).
    pub const FAR: &str = "FAR";
    /// The ring buffer with [`Record`](crate::Record)s.
    pub const PUNTS: &str = "PUNTS";
    /// [`Counters`](crate::Counters), one for each processor.
    pub const COUNTERS: &str = "COUNTERS";
    /// [`Settings`](crate::Settings).
    pub const SETTINGS: &str = "SETTINGS";
    /// A [`Clock`](crate::Clock).
    pub const CLOCK: &str = "CLOCK";
}

/// Names of the programs.
pub mod program {
    /// The one that does the work.
    pub const ROLLCALL: &str = "rollcall";
    /// Reads both clocks, whatever the frame.
    pub const CLOCK: &str = "clock";
    /// Reads the headers of a data frame and drops it: what `cargo xtask bench xdp` compares with.
    pub const PARSE_AND_DROP: &str = "parse_and_drop";
}
