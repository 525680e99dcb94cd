//! Turns the octets of a captured frame into layers and control messages.
//!
//! First in the pipeline, before `sighting`. [`decode`] never fails and never panics: it returns what it
//! could read and an [`Outcome`] that says where and why it stopped. It borrows from the frame, allocates
//! nothing, and knows neither time nor capture point. It does not reassemble fragments, decrypt, or look
//! into packets that an ICMP error quotes. What is inside a tunnel is a level of its own, read when it is asked
//! for ([`levels()`]).
//!
//! Bounds: [`VlanStack::TAGS_MAX`](crate::types::VlanStack::TAGS_MAX) VLAN tags and one that names a port,
//! [`EXTENSIONS_MAX`] IPv6 extension headers, [`LABELS_MAX`] labels, [`TUNNELS_MAX`] tunnels inside each other, and the options that fit into the frame.
//!
//! # How to add a protocol
//!
//! 1. A file of its own with a view: a `Copy` struct over the borrowed octets whose accessors load fields on
//!    demand and return `Option` where the capture may have ended. It starts with the RFC to read.
//! 2. A `pub(super) fn read(window: Window<'a>, ..) -> (Control<'a>, Outcome)` that checks the lengths, marked
//!    `#[cold]` unless data frames take it, and a variant of [`Control`].
//! 3. The branch that leads there: a link type in `decode` itself, an ethertype in `ethernet`, an IP protocol
//!    in `upper`, a UDP port in `ports` and `udp`. Only frames of that class may pay for it, so [`plain`] must
//!    know the class: it gives up on what [`decode`] finds more in than data.
//! 4. New ways to stop as variants of [`Reason`]; the claims in `sighting`; records in the sensor's `dump`.
//! 5. Unit tests on static octets, the prefix and corruption properties in `tests.rs`, and the captures with
//!    independent truth.

mod arp;
mod cdp;
mod cooked;
mod cursor;
mod dhcpv4;
mod dhcpv6;
mod erspan;
mod ethernet;
mod extensions;
mod geneve;
mod gre;
mod ipv4;
mod ipv6;
mod layers;
mod legacy;
mod levels;
mod lldp;
#[cfg(test)]
pub(crate) mod message_samples;
#[cfg(test)]
mod message_tests;
mod mobile_ipv4;
mod mobility;
mod mobility_options;
mod mpls;
mod nd;
mod outcome;
mod ports;
mod ppp;
mod radius;
#[cfg(test)]
pub(crate) mod samples;
mod storage;
mod tags;
mod tcp;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod tunnel_samples;
#[cfg(test)]
mod tunnel_tests;
mod udp;
mod upper;
mod vxlan;

pub use arp::{ArpKind, ArpPacket};
pub use cdp::{CdpMessage, CdpValues};
pub use dhcpv4::{DhcpKind, DhcpMessage, DhcpOption, DhcpOptions, RelayAgentOption};
pub use dhcpv6::{Dhcpv6Kind, Dhcpv6Message, Dhcpv6Option, Dhcpv6Options, Duid, Lifetime, RELAYS_MAX};
pub use erspan::Mirrored;
pub use ethernet::{Plain, PlainSource, decode, may_carry_frame, plain};
pub use extensions::EXTENSIONS_MAX;
pub use ipv6::{Ipv6Packet, MobilityIcmp};
pub use layers::{Control, DecodeSettings, Decoded, FrameClass, GreKey, IpHeader, Link};
pub use legacy::{LegacyKind, LegacyOption};
pub use levels::{Inner, Levels, Payload, TUNNELS_MAX, levels};
pub use lldp::{LldpId, LldpUnit, LldpValues};
pub use mobile_ipv4::{MobileIpv4Kind, MobileIpv4Message, RegistrationLifetime};
pub use mobility::{Checksum, MobilityFlags, MobilityKind, MobilityMessage};
pub use mobility_options::{BindingIdentifier, MobilityOption, MobilityOptions};
pub use mpls::LABELS_MAX;
pub use nd::{NdKind, NdMessage, NdOption, NdOptions, NeighborFlags, RouterFlags};
pub use outcome::{Layer, Outcome, OutcomeCounts, Reason, Stop};
pub use ports::{Ports, Service};
pub use radius::{RadiusAttribute, RadiusAttributes, RadiusKind, RadiusPacket};
pub use storage::{Storage, StorageSegment};
pub use tags::PortField;
pub use tcp::TcpSegment;
pub use udp::Datagram;
