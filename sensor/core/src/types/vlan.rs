use core::fmt;

/// One VLAN tag as it stood on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VlanTag {
    /// Tag protocol identifier, host order: the ethertype that announced the tag (0x8100, 0x88a8, 0x9100).
    pub tpid: u16,
    /// Tag control information, host order: priority (3 bits), drop eligible (1), VLAN identifier (12).
    ///
    /// # Reference
    /// IEEE 802.1Q-2018 section 9.6.
    pub tci: u16,
}

impl VlanTag {
    /// Returns the VLAN identifier, 0 to 4095; 0 is a priority tag, 4095 is reserved.
    #[inline]
    pub const fn vid(self) -> u16 {
        self.tci & 0x0fff
    }

    /// Returns the priority code point, 0 to 7.
    #[inline]
    pub const fn pcp(self) -> u8 {
        (self.tci >> 13).to_le_bytes()[0]
    }
}

/// The VLAN tags of a frame, outermost first.
///
/// # Bounds
/// Holds [`VlanStack::TAGS_MAX`] tags; what stands behind a further tag is not decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VlanStack {
    tags: [VlanTag; Self::TAGS_MAX],
    count: u8,
}

impl VlanStack {
    /// How many tags a stack holds.
    pub const TAGS_MAX: usize = 4;
    /// The stack of an untagged frame.
    pub const EMPTY: Self = Self { tags: [VlanTag { tpid: 0, tci: 0 }; Self::TAGS_MAX], count: 0 };

    /// Makes the stack of a frame with one tag.
    #[inline]
    pub const fn single(tag: VlanTag) -> Self {
        let none = VlanTag { tpid: 0, tci: 0 };
        Self { tags: [tag, none, none, none], count: 1 }
    }

    /// Adds a tag inside those already there; tells whether there was room.
    #[inline]
    pub fn push(&mut self, tag: VlanTag) -> bool {
        match self.tags.get_mut(usize::from(self.count)) {
            Some(slot) => {
                *slot = tag;
                self.count += 1;
                true
            }
            None => false,
        }
    }

    /// Returns the tags, outermost first.
    #[inline]
    pub fn tags(&self) -> &[VlanTag] {
        self.tags.get(..usize::from(self.count)).unwrap_or(&self.tags)
    }

    /// Returns the number of tags.
    #[inline]
    pub const fn count(&self) -> usize {
        self.count as usize
    }

    /// Returns what identifies the segment: the VLAN identifiers without priority tags.
    #[inline]
    pub fn vids(&self) -> Vids {
        let [first, ..] = self.tags;
        match self.count {
            0 => Vids::UNTAGGED,
            1 => Vids::single(first.vid()),
            _ => self.several_vids(),
        }
    }

    /// Takes the stack by value, so that asking a frame with one tag leaves it in registers.
    #[cold]
    #[inline(never)]
    fn several_vids(self) -> Vids {
        let mut vids = Vids::UNTAGGED;
        for tag in self.tags() {
            vids.push(tag.vid());
        }
        vids
    }
}

/// The VLAN identifiers of a stack, outermost first, packed into one word.
///
/// A priority tag (identifier 0) names no VLAN and is left out, so that a station which sends both
/// priority-tagged and untagged frames is on one segment.
///
/// # Layout
/// 16 bits for each identifier, outermost in the lowest; unused places are zero.
///
/// # Reference
/// IEEE 802.1Q-2018 section 9.6, table 9-2 (identifier 0).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vids(u64);

impl Vids {
    /// No VLAN.
    pub const UNTAGGED: Self = Self(0);

    /// Makes the identifiers of a frame with one tag.
    #[inline]
    pub const fn single(vid: u16) -> Self {
        Self(vid as u64 & 0x0fff)
    }

    /// Adds an identifier inside those already there. Zero is left out, and so is a fifth one.
    #[inline]
    pub const fn push(&mut self, vid: u16) {
        let used = 64 - self.0.leading_zeros();
        let shift = used.next_multiple_of(16);
        if shift < 64 {
            self.0 |= (vid as u64 & 0x0fff) << shift;
        }
    }

    /// Returns the identifiers, outermost first.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        (0..4u32).map_while(move |index| {
            let [low, high, ..] = (self.0 >> (16 * index)).to_le_bytes();
            let vid = u16::from_le_bytes([low, high]);
            (vid != 0).then_some(vid)
        })
    }

    /// Returns the innermost identifier, the one that a switch port assigns to the station.
    pub fn innermost(self) -> Option<u16> {
        self.iter().last()
    }

    /// Returns the packed word, for hashing.
    #[inline]
    pub const fn to_bits(self) -> u64 {
        self.0
    }
}

/// Prints `untagged`, `vlan 100` or, outermost first, `vlan 100.7`.
impl fmt::Display for Vids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::UNTAGGED {
            return f.write_str("untagged");
        }
        for (index, vid) in self.iter().enumerate() {
            write!(f, "{}{vid}", if index == 0 { "vlan " } else { "." })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priority_tags_name_no_vlan() {
        let mut stack = VlanStack::default();
        for tci in [0xe000, 100, 0x6007] {
            assert!(stack.push(VlanTag { tpid: 0x8100, tci }));
        }
        assert_eq!(stack.count(), 3);
        assert_eq!(stack.vids().to_string(), "vlan 100.7");
        assert_eq!(stack.vids().innermost(), Some(7));
        assert_eq!(stack.tags()[0].pcp(), 7);
    }

    #[test]
    fn a_fifth_tag_finds_no_room() {
        let mut stack = VlanStack::default();
        for vid in 1..=4 {
            assert!(stack.push(VlanTag { tpid: 0x8100, tci: vid }));
        }
        assert!(!stack.push(VlanTag { tpid: 0x8100, tci: 5 }));
        assert_eq!(stack.vids().iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(Vids::UNTAGGED.to_string(), "untagged");
        assert_eq!(Vids::single(9), {
            let mut v = Vids::UNTAGGED;
            v.push(9);
            v
        });
    }
}
