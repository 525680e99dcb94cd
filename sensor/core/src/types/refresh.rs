use super::{CapturePointId, MacAddr, Timestamp, Via, Vids};

/// What a capture point counted of a station by itself, instead of giving its frames: they were like those before.
///
/// Each frame is told once: it is given, or counted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Where it was seen.
    pub capture_point: CapturePointId,
    /// The station.
    pub mac: MacAddr,
    /// The VLAN identifiers.
    pub vids: Vids,
    /// How its frames come to the capture point.
    pub via: Via,
    /// How many frames.
    pub frames: u64,
    /// Octets of these on the wire.
    pub octets: u64,
    /// When the capture point first saw it there, as far as it remembers.
    pub first_seen_at: Timestamp,
    /// The last frame.
    pub last_seen_at: Timestamp,
}
