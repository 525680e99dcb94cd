use std::net::{IpAddr, Ipv4Addr};

use super::change::Traffic;
use super::contexts::Contexts;
use crate::types::{MacAddr, Timestamp};

/// What a refresh of a tracked station touches.
///
/// # Layout
/// 32 octets, two rows to a cache line. `key`: 48 bits of MAC address, 16 bits of the number that [`Contexts`] gave
/// to where it was seen. `load`: octets (40 bits), frames (20), and the flags above them.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
pub(super) struct Row {
    pub(super) key: u64,
    pub(super) last_seen: i64,
    load: u64,
    /// The address last shown, of IPv4 in the low half and the tag of one of IPv6 in the high half.
    addresses: u64,
}

const _: () = assert!(size_of::<Row>() == 32);

const FRAME: u64 = 1 << 40;
const OCTETS: u64 = FRAME - 1;
/// The count of frames has run over into this bit.
const FULL: u64 = 1 << 60;
/// The station was seen at more than one place of its segment.
pub(super) const CONTESTED: u64 = 1 << 61;
/// The next frame makes a report.
pub(super) const DUE: u64 = 1 << 62;
/// The row shows so many source addresses that they say nothing.
pub(super) const ROUTER: u64 = 1 << 63;
const NOTABLE: u64 = FULL | CONTESTED | DUE;
const FRAMES: u64 = FULL | (FULL - FRAME);

/// Frames of at least as many octets are counted apart, so that a full count of frames cannot overflow the octets.
pub(super) const ROW_OCTETS_MAX: u32 = 1 << 19;

/// Returns the octets of a frame that a row's word counts: none where they are too many.
pub(super) const fn short(orig_len: u32) -> u32 {
    if orig_len < ROW_OCTETS_MAX { orig_len } else { 0 }
}

/// A row calls for a look: a report is due, the address is another one, the station is contested, or the count is full.
pub(super) struct Notable;

impl Row {
    pub(super) fn new(key: u64, at: Timestamp) -> Self {
        Self { key, last_seen: at.as_nanos(), load: 0, addresses: 0 }
    }

    /// Tells whether the row is a station's; the zero address is none.
    pub(super) const fn is_live(&self) -> bool {
        self.key != 0
    }

    /// Writes a frame of less than [`ROW_OCTETS_MAX`] octets; tells whether the row calls for a look.
    #[inline]
    pub(super) fn refresh(&mut self, at: Timestamp, orig_len: u32, source: SourceMark) -> Option<Notable> {
        let load = self.load + (FRAME + u64::from(orig_len));
        self.load = load;
        self.last_seen = self.last_seen.max(at.as_nanos());
        let is_other_address = (self.addresses ^ source.0) & source.mask() != 0;
        (load & NOTABLE != 0 || (is_other_address && load & ROUTER == 0)).then_some(Notable)
    }

    /// Counts a frame of less than [`ROW_OCTETS_MAX`] octets.
    pub(super) fn count(&mut self, orig_len: u32) {
        self.load += FRAME + u64::from(orig_len);
    }

    /// Counts some frames at once; tells whether there is room for them.
    pub(super) fn add(&mut self, traffic: Traffic) -> bool {
        const FRAMES_AT_ONCE: u64 = 1 << 18;
        let Traffic { frames, octets } = traffic;
        let has_room = frames < FRAMES_AT_ONCE && octets < frames * u64::from(ROW_OCTETS_MAX);
        if has_room {
            self.load += FRAME * frames + octets;
        }
        has_room
    }

    /// Tells whether the counts must be taken out before many more frames.
    pub(super) const fn is_full(&self) -> bool {
        self.load & FULL != 0
    }

    pub(super) const fn has(&self, flag: u64) -> bool {
        self.load & flag != 0
    }

    pub(super) const fn set(&mut self, flag: u64) {
        self.load |= flag;
    }

    pub(super) const fn unset(&mut self, flag: u64) {
        self.load &= !flag;
    }

    pub(super) const fn mac(&self) -> MacAddr {
        MacAddr::from_u64(self.key >> 16)
    }

    /// Returns the number of where it was seen.
    pub(super) const fn context(&self) -> u16 {
        let [low, high, ..] = self.key.to_le_bytes();
        u16::from_le_bytes([low, high])
    }

    /// Takes the counts out.
    pub(super) fn take_traffic(&mut self) -> Traffic {
        let traffic =
            Traffic { frames: (self.load & FRAMES) >> FRAME.trailing_zeros(), octets: self.load & OCTETS };
        self.load &= !(FRAMES | OCTETS);
        traffic
    }

    /// Returns the IPv4 source address that the row shows, if any.
    pub(super) fn ipv4(&self) -> Option<Ipv4Addr> {
        let bits = u32::try_from(self.addresses & SourceMark::V4).ok().filter(|bits| *bits != 0)?;
        Some(Ipv4Addr::from_bits(bits))
    }

    /// Remembers an address; returns the one of its family before it, 0 for none.
    pub(super) fn show(&mut self, source: SourceMark) -> SourceMark {
        let former = self.addresses & source.mask();
        self.addresses = (self.addresses & !source.mask()) | source.0;
        SourceMark(former)
    }
}

/// Joins an address with the number of where it was seen.
#[inline]
pub(super) const fn row_key(mac_bits: u64, context: u16) -> u64 {
    mac_bits << 16 | context as u64
}

/// The source address of a frame, as the row compares it; 0 for none.
///
/// # Layout
/// An IPv4 address stands in the low half of the word; of an IPv6 address the high half has a tag of 31 bits, which
/// two addresses of one station share once in two thousand million times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceMark(pub(super) u64);

impl SourceMark {
    const V4: u64 = 0xffff_ffff;

    /// Makes the mark of an IPv4 address in host order.
    #[inline]
    pub const fn v4(bits: u32) -> Self {
        Self(bits as u64)
    }

    /// Makes the mark of an IPv6 address in network order.
    #[inline]
    pub fn v6(octets: &[u8; 16]) -> Self {
        let (high, low) = octets.split_at(8);
        let word = |half: &[u8]| half.try_into().map_or(0, u64::from_le_bytes);
        let mixed = word(high).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ word(low);
        Self((mixed.wrapping_mul(0xd6e8_feb8_6659_fd93) | 1 << 32) & !Self::V4)
    }

    pub(super) fn of(source: Option<IpAddr>) -> Self {
        match source {
            None => Self::default(),
            Some(IpAddr::V4(v4)) => Self::v4(v4.to_bits()),
            Some(IpAddr::V6(v6)) => Self::v6(&v6.octets()),
        }
    }

    /// Returns the half that counts.
    #[inline]
    const fn mask(self) -> u64 {
        if self.0 > Self::V4 { !Self::V4 } else { Self::V4 }
    }
}

/// What is looked up for a frame: key, hash, and the address that its row compares.
///
/// Made in one pass over some frames and used in the next: the look-ups of several frames are then under way at
/// once, and their cache misses overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub(super) hash: u64,
    pub(super) key: u64,
    pub(super) source: SourceMark,
}

impl Mark {
    /// The key of a mark that names no station: a group address in a context that there is not.
    const NO_KEY: u64 = row_key(0xffff_ffff_ffff, Contexts::NONE);

    /// The mark of a frame that is no plain data frame of a station.
    pub const NONE: Self = Self { hash: 0, key: Self::NO_KEY, source: SourceMark(0) };

    /// Tells whether a frame of so many octets on the wire can have a mark: whether its row's word counts as many.
    #[inline]
    pub const fn is_countable(orig_len: u32) -> bool {
        orig_len < ROW_OCTETS_MAX
    }

    /// Tells whether the mark names a station.
    #[inline]
    pub const fn is_of_station(&self) -> bool {
        self.key != Self::NO_KEY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_up_to_the_bound_without_touching_the_flags() {
        let mut row = Row::new(row_key(1, 2), Timestamp::EPOCH);
        row.set(ROUTER);
        let refresh = |row: &mut Row| {
            row.refresh(Timestamp::EPOCH, ROW_OCTETS_MAX - 1, SourceMark::default()).is_none()
        };
        let mut frames = 0u64;
        while refresh(&mut row) {
            frames += 1;
        }
        frames += 1;
        assert_eq!(frames, 1 << 20);
        assert!(row.has(ROUTER) && !row.has(CONTESTED) && !row.has(DUE));
        let octets = frames * u64::from(ROW_OCTETS_MAX - 1);
        assert_eq!(row.take_traffic(), Traffic { frames, octets });
        assert_eq!(row.take_traffic(), Traffic::default());
        assert!(row.has(ROUTER) && refresh(&mut row));
    }

    #[test]
    fn remembers_one_address_of_each_family() {
        let mut row = Row::new(row_key(1, 2), Timestamp::EPOCH);
        let sources = ["192.0.2.1", "2001:db8::1"].map(|addr| SourceMark::of(Some(addr.parse().unwrap())));
        let is_known = |row: &mut Row, source| row.refresh(Timestamp::EPOCH, 60, source).is_none();
        for source in sources {
            assert!(!is_known(&mut row, source));
            assert_eq!(row.show(source), SourceMark::default());
        }
        for source in sources {
            assert!(is_known(&mut row, source));
        }
        let other = SourceMark::of(Some("2001:db8::2".parse().unwrap()));
        assert!(!is_known(&mut row, other));
        assert_eq!(row.show(other), sources[1]);
        assert!(is_known(&mut row, sources[0]));
    }
}
