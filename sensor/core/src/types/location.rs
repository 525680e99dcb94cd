use std::net::Ipv6Addr;

use super::{CapturePointId, DomainId, Overlay, Via, Vids};

/// A layer-2 segment: within it, one MAC address is one station.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// The layer-2 domain of the capture point.
    pub domain: DomainId,
    /// The VLAN identifiers.
    pub vids: Vids,
    /// The overlay, for frames inside a tunnel that carries segments of its own.
    pub overlay: Option<Overlay>,
}

/// Where a station was sighted: whatever of it is known.
///
/// Names of switches, ports and hosts are not here but with the capture point, so that a location stays
/// a small key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Location {
    /// A MAC address on a segment, seen at a capture point.
    Wire {
        /// Where the frame was captured.
        capture_point: CapturePointId,
        /// The VLAN identifiers that it carried.
        vids: Vids,
        /// How it came there: on the wire itself, by a port that a tag names, or inside a tunnel.
        via: Via,
    },
    /// A mobile node behind a care-of address.
    CareOf {
        /// Where the binding was captured.
        capture_point: CapturePointId,
        /// The care-of address; its subnet is the place.
        care_of: Ipv6Addr,
    },
}

impl Location {
    /// Returns the capture point that gave the evidence.
    pub const fn capture_point(self) -> CapturePointId {
        match self {
            Self::Wire { capture_point, .. } | Self::CareOf { capture_point, .. } => capture_point,
        }
    }
}
