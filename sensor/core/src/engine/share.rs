use crate::types::{Frame, LinkType, MacAddr};

/// Which of several shards one is: each owns the stations that hash to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The shard's number, from 0.
    pub index: u32,
    /// How many shards there are.
    pub of: u32,
}

impl Share {
    /// The share of the only shard.
    pub const ALL: Self = Self { index: 0, of: 1 };

    #[inline]
    pub(super) fn owns(self, frame: &Frame<'_>) -> bool {
        self.of <= 1 || owner_of(frame, self.of) == self.index
    }

    /// Tells whether frames of a source address inside a tunnel belong to it.
    pub(super) fn owns_inner(self, src: MacAddr) -> bool {
        self.of <= 1 || owner_of_bits(src.to_u64(), self.of) == self.index
    }
}

/// Returns which of `shards` owns a frame: all frames of one source address go to one shard.
#[inline]
pub(super) fn owner_of(frame: &Frame<'_>, shards: u32) -> u32 {
    let place = match frame.linktype {
        LinkType::ETHERNET | LinkType::SLL => 6..12,
        LinkType::SLL2 => 12..18,
        _ => return 0,
    };
    let Some(&[a, b, c, d, e, f]) = frame.bytes.get(place).and_then(|octets| octets.first_chunk()) else {
        return 0;
    };
    owner_of_bits(u64::from_be_bytes([0, 0, a, b, c, d, e, f]), shards)
}

/// Does the same for a source address as a number.
#[inline]
pub(super) fn owner_of_bits(src: u64, shards: u32) -> u32 {
    let mixed = src.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    u32::try_from((mixed * u64::from(shards)) >> 32).unwrap_or(0)
}
