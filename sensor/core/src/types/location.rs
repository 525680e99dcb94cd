use std::net::IpAddr;

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

/// The number of a port that a relay or an access server named; see `presence::Attachments`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttachmentId(pub u32);

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
        care_of: IpAddr,
    },
    /// At a port that somebody names who must know: a relay, or an access server.
    Attached {
        /// Where the message was captured.
        capture_point: CapturePointId,
        /// The port.
        attachment: AttachmentId,
    },
}

impl Location {
    /// Returns the capture point that gave the evidence.
    pub const fn capture_point(self) -> CapturePointId {
        match self {
            Self::Wire { capture_point, .. }
            | Self::CareOf { capture_point, .. }
            | Self::Attached { capture_point, .. } => capture_point,
        }
    }

    /// Tells whether two locations are one place, seen from wherever.
    ///
    /// The end of a tunnel and a port that a server names are the same from every capture point.
    pub fn is_same_place(self, other: Self) -> bool {
        match (self, other) {
            (Self::Wire { via: Via::Tunnel(one), .. }, Self::Wire { via: Via::Tunnel(two), .. }) => {
                one == two
            }
            (Self::Attached { attachment: one, .. }, Self::Attached { attachment: two, .. }) => one == two,
            (Self::CareOf { care_of: one, .. }, Self::CareOf { care_of: two, .. }) => one == two,
            _ => self == other,
        }
    }

    /// Tells whether it is a place by itself, whatever the capture point mirrors: a port that a tag names, or the
    /// end of an overlay's tunnel. What a switch mirrors into a tunnel may come from anywhere.
    pub fn is_place(self) -> bool {
        match self {
            Self::Wire { via, .. } => match via {
                Via::Wire => false,
                Via::Port(_) => true,
                Via::Tunnel(tunnel) => !tunnel.kind().is_mirror() && tunnel.source().is_some(),
            },
            Self::CareOf { .. } | Self::Attached { .. } => true,
        }
    }
}
