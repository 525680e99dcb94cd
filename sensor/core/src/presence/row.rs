use std::net::IpAddr;

use super::change::{TableKey, Traffic};
use crate::types::{CapturePointId, MacAddr, Timestamp, Vids};

/// One station at one capture point.
///
/// # Layout
/// 64 octets, so that a refresh touches one cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Row {
    pub(super) mac_and_point: u64,
    pub(super) vids: u64,
    pub(super) last_seen: i64,
    pub(super) report_due: i64,
    pub(super) octets: u64,
    pub(super) v6_tag: u64,
    pub(super) v4: u32,
    pub(super) frames: u32,
    pub(super) created_secs: u32,
    pub(super) bucket: u16,
    pub(super) flags: u8,
}

const _: () = assert!(size_of::<Row>() == 64);

/// The station's MAC is in the recorded state.
pub(super) const RECORDED: u8 = 1;
/// The station was seen at more than one locating capture point of its segment.
pub(super) const CONTESTED: u8 = 2;
/// The row shows so many source addresses that they say nothing.
pub(super) const ROUTER: u8 = 4;

impl Row {
    pub(super) fn key(&self) -> TableKey {
        let [a, b, ..] = self.mac_and_point.to_le_bytes();
        let mut vids = Vids::UNTAGGED;
        for shift in [0, 16, 32, 48] {
            let [low, high, ..] = (self.vids >> shift).to_le_bytes();
            vids.push(u16::from_le_bytes([low, high]));
        }
        TableKey {
            mac: MacAddr::from_u64(self.mac_and_point >> 16),
            capture_point: CapturePointId(u16::from_le_bytes([a, b])),
            vids,
        }
    }

    pub(super) fn take_traffic(&mut self) -> Traffic {
        let traffic = Traffic {
            frames: u64::from(self.frames),
            octets: self.octets,
        };
        (self.frames, self.octets) = (0, 0);
        traffic
    }
}

#[inline]
pub(super) fn mac_and_point(key: &TableKey) -> u64 {
    key.mac.to_u64() << 16 | u64::from(key.capture_point.0)
}

/// Folds an IPv6 address into a word that tells it from the one seen before.
#[inline]
pub(super) fn tag(addr: u128) -> u64 {
    let bytes = addr.to_le_bytes();
    let (low, high) = bytes.split_at(8);
    let word = |half: &[u8]| half.try_into().map_or(0, u64::from_le_bytes);
    (word(high).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ word(low)) | 1
}

/// What the hot path needs to know of a frame: key, hash and what a refresh writes.
///
/// # Layout
/// One cache line, made in one pass over some frames and used in the next: the look-ups of several frames are
/// then under way at once, and their cache misses overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub(super) hash: u64,
    pub(super) mac_and_point: u64,
    pub(super) vids: u64,
    pub(super) at: i64,
    /// Zero where the frame has no IPv6 source.
    pub(super) v6_tag: u64,
    /// Zero where the frame has no IPv4 source.
    pub(super) v4: u32,
    pub(super) orig_len: u32,
}

impl Mark {
    /// Makes the mark of a frame whose key hashes to `hash`.
    #[inline]
    pub(super) fn new(
        hash: u64,
        key: &TableKey,
        at: Timestamp,
        orig_len: u32,
        source: Option<IpAddr>,
    ) -> Self {
        let (v4, v6_tag) = match source {
            None => (0, 0),
            Some(IpAddr::V4(v4)) => (v4.to_bits(), 0),
            Some(IpAddr::V6(v6)) => (0, tag(v6.to_bits())),
        };
        let (mac_and_point, vids) = (mac_and_point(key), key.vids.to_bits());
        Self {
            hash,
            mac_and_point,
            vids,
            at: at.as_nanos(),
            v6_tag,
            v4,
            orig_len,
        }
    }

    /// Makes the mark of a frame that only has a time: no plain data frame of a station.
    #[inline]
    pub const fn of_time(at: Timestamp) -> Self {
        Self {
            hash: 0,
            mac_and_point: 0,
            vids: 0,
            at: at.as_nanos(),
            v6_tag: 0,
            v4: 0,
            orig_len: 0,
        }
    }

    /// Returns the frame's time.
    #[inline]
    pub const fn at(&self) -> Timestamp {
        Timestamp::from_nanos(self.at)
    }

    /// Tells whether the mark names a station. The zero address is none.
    #[inline]
    pub const fn is_of_station(&self) -> bool {
        self.mac_and_point >> 16 != 0
    }
}
