use std::net::IpAddr;

use super::change::{TableKey, Traffic};
use super::contexts::Contexts;
use crate::types::{MacAddr, Timestamp, Vids};

/// One station at one capture point.
///
/// # Layout
/// The lowest 16 bits of the address word number where it was seen. 64 octets, so that a refresh touches one cache line.
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

/// A row calls for a look: a report is due, the address is another one, or the station is contested.
pub(super) struct Notable;

impl Row {
    /// Tells whether the row is a station's; the zero address is none.
    pub(super) const fn is_live(&self) -> bool {
        self.mac_and_point != 0
    }

    #[inline]
    pub(super) const fn is_of(&self, mark: &Mark) -> bool {
        self.mac_and_point == mark.mac_and_point && self.vids == mark.vids
    }

    /// Writes a frame; tells whether the row calls for a look.
    #[inline]
    pub(super) fn refresh(&mut self, mark: &Mark) -> Option<Notable> {
        self.frames = self.frames.wrapping_add(1);
        self.octets += u64::from(mark.orig_len);
        self.last_seen = self.last_seen.max(mark.at);
        let SourceMark { v4, v6_tag } = mark.source;
        let other_address = (v4 != 0 && v4 != self.v4) || (v6_tag != 0 && v6_tag != self.v6_tag);
        let is_due = mark.at >= self.report_due || self.flags & CONTESTED != 0;
        (is_due || (other_address && self.flags & ROUTER == 0)).then_some(Notable)
    }

    pub(super) const fn mac(&self) -> MacAddr {
        MacAddr::from_u64(self.mac_and_point >> 16)
    }

    pub(super) fn key(&self, contexts: &Contexts) -> TableKey {
        let [a, b, ..] = self.mac_and_point.to_le_bytes();
        let (capture_point, via) = contexts.way(u16::from_le_bytes([a, b]));
        let mut vids = Vids::UNTAGGED;
        for shift in [0, 16, 32, 48] {
            let [low, high, ..] = (self.vids >> shift).to_le_bytes();
            vids.push(u16::from_le_bytes([low, high]));
        }
        TableKey { mac: self.mac(), capture_point, vids, via }
    }

    pub(super) fn take_traffic(&mut self) -> Traffic {
        let traffic = Traffic { frames: u64::from(self.frames), octets: self.octets };
        (self.frames, self.octets) = (0, 0);
        traffic
    }
}

/// Joins an address with the number of where it was seen: a capture point's, or one of [`Contexts`].
#[inline]
pub(super) fn mac_and_point(mac: MacAddr, number: u16) -> u64 {
    mac.to_u64() << 16 | u64::from(number)
}

/// Folds an IPv6 address into a word that tells it from the one seen before.
#[inline]
pub(super) fn tag(octets: &[u8; 16]) -> u64 {
    let (high, low) = octets.split_at(8);
    let word = |half: &[u8]| half.try_into().map_or(0, u64::from_le_bytes);
    (word(high).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ word(low)) | 1
}

/// The source address of a frame, as the row compares it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceMark {
    /// Zero where the frame has no IPv6 source.
    v6_tag: u64,
    /// Zero where the frame has no IPv4 source.
    v4: u32,
}

impl SourceMark {
    /// Makes the mark of an IPv4 address in host order.
    #[inline]
    pub const fn v4(bits: u32) -> Self {
        Self { v6_tag: 0, v4: bits }
    }

    /// Makes the mark of an IPv6 address in network order.
    #[inline]
    pub fn v6(octets: &[u8; 16]) -> Self {
        Self { v6_tag: tag(octets), v4: 0 }
    }

    pub(super) fn of(source: Option<IpAddr>) -> Self {
        match source {
            None => Self::default(),
            Some(IpAddr::V4(v4)) => Self::v4(v4.to_bits()),
            Some(IpAddr::V6(v6)) => Self::v6(&v6.octets()),
        }
    }
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
    pub(super) source: SourceMark,
    pub(super) orig_len: u32,
}

impl Mark {
    /// Makes the mark of a frame that only has a time: no plain data frame of a station.
    #[inline]
    pub const fn of_time(at: Timestamp) -> Self {
        Self { hash: 0, mac_and_point: 0, vids: 0, at: at.as_nanos(), source: SourceMark::v4(0), orig_len: 0 }
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
