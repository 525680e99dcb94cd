//! Turns the octets of a captured frame into layers and control messages.
//!
//! First in the pipeline, before `sighting`. [`decode`] never fails and never panics: it returns what it
//! could read and an [`Outcome`] that says where and why it stopped. It borrows from the frame, allocates
//! nothing, and knows neither time nor capture point. It does not reassemble fragments, decrypt, or look
//! into packets that an ICMP error quotes; tunnels end the walk.
//!
//! Bounds: [`VlanStack::TAGS_MAX`](crate::types::VlanStack::TAGS_MAX) VLAN tags, [`EXTENSIONS_MAX`] IPv6
//! extension headers, and the options that fit into the frame.
//!
//! # How to add a protocol
//!
//! 1. A file of its own with a view: a `Copy` struct over the borrowed octets whose accessors load fields on
//!    demand and return `Option` where the capture may have ended. It starts with the RFC to read.
//! 2. A `pub(super) fn read(window: Window<'a>, ..) -> (Control<'a>, Outcome)` that checks the lengths, marked
//!    `#[cold]` unless data frames take it, and a variant of [`Control`].
//! 3. The branch that leads there: a link type in `decode` itself, an ethertype in `ethernet`, an IP protocol
//!    in `ipv4` or `ipv6`, a UDP port behind these. Only frames of that class may pay for it.
//! 4. New ways to stop as variants of [`Reason`]; the claims in `sighting`; records in the sensor's `dump`.
//! 5. Unit tests on static octets, the prefix and corruption properties in `tests.rs`, and the captures with
//!    independent truth.

mod arp;
mod cursor;
mod ethernet;
mod extensions;
mod ipv4;
mod ipv6;
mod layers;
mod legacy;
mod mobility;
mod mobility_options;
mod nd;
mod outcome;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use arp::{ArpKind, ArpPacket};
pub use ethernet::{Plain, PlainSource, decode, plain};
pub use extensions::EXTENSIONS_MAX;
pub use ipv6::{Ipv6Packet, MobilityIcmp};
pub use layers::{Control, Decoded, FrameClass, IpSource, Link};
pub use legacy::{LegacyKind, LegacyOption};
pub use mobility::{Checksum, MobilityFlags, MobilityKind, MobilityMessage};
pub use mobility_options::{BindingIdentifier, MobilityOption, MobilityOptions};
pub use nd::{NdKind, NdMessage, NdOption, NdOptions, NeighborFlags, RouterFlags};
pub use outcome::{Layer, Outcome, OutcomeCounts, Reason, Stop};
