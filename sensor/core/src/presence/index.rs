use prefetch_index::prefetch_index;

/// Where the row of a hash is: an open-addressed table of slot numbers.
///
/// An entry is one word and a hash chooses a group of four, so that a look-up of a known station mostly is one
/// load and no branch. Where the group is full, the entry stands in one behind it; removing an entry moves
/// those behind it up, so that no grave stays.
///
/// # Layout
/// Each entry is 24 bits of slot and, above them, 8 bits of the hash; all ones is a free place. The 8 bits are
/// not among those that choose the place, so that two rows which are taken for each other are rare; who looks
/// up must still compare the row.
///
/// # Bounds
/// At most [`Index::SLOTS_MAX`] rows. At most half of the places are taken: 8 to 16 octets a row.
#[derive(Debug)]
pub(super) struct Index {
    groups: Vec<[u32; GROUP]>,
    /// The number of groups, a power of two, less one.
    mask: usize,
    count: usize,
}

const FREE: u32 = u32::MAX;
const SLOT_BITS: u32 = 24;
const GROUPS_AT_FIRST: usize = 16;
/// Places that are looked at together; 16 octets.
const GROUP: usize = 4;

/// No slot; slots are below.
pub(super) const NO_SLOT: u32 = (1 << SLOT_BITS) - 1;

impl Index {
    /// How many rows can be told apart.
    pub(super) const SLOTS_MAX: u32 = NO_SLOT;

    pub(super) fn new() -> Self {
        Self { groups: vec![[FREE; GROUP]; GROUPS_AT_FIRST], mask: GROUPS_AT_FIRST - 1, count: 0 }
    }

    /// Returns the number of rows.
    pub(super) const fn len(&self) -> usize {
        self.count
    }

    /// Asks for the hash's group to be brought in.
    #[inline]
    pub(super) fn prefetch(&self, hash: u64) {
        prefetch_index(&self.groups, self.group(hash));
    }

    /// Returns the slot in the hash's own group that may be the one; [`NO_SLOT`] where there is none, although
    /// it may stand in a group behind.
    #[inline]
    pub(super) fn candidate(&self, hash: u64) -> u32 {
        let Some(group) = self.groups.get(self.group(hash)) else { return NO_SLOT };
        // Without a match the last entry is as good as any: whoever asks compares the row.
        let first = (matches(group, tag(hash)) | 1 << 24).trailing_zeros() / 8;
        group.get(first as usize).map_or(NO_SLOT, |entry| entry & NO_SLOT)
    }

    /// Returns the slot whose hash is `hash` and of which `is_it` holds.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let (tag, mut place) = (tag(hash), self.place(hash));
        loop {
            let entry = self.entry(place);
            if entry == FREE {
                return None;
            }
            if entry & !NO_SLOT == tag && is_it(entry & NO_SLOT) {
                return Some(entry & NO_SLOT);
            }
            place += 1;
        }
    }

    /// Adds a slot that is not in it; `hash_of` gives the hash of every slot that is.
    pub(super) fn insert(&mut self, slot: u32, hash: u64, hash_of: impl Fn(u32) -> u64) {
        if (self.count + 1) * 2 > self.groups.len() * GROUP {
            self.grow(hash_of);
        }
        self.put(slot | tag(hash), hash);
        self.count += 1;
    }

    /// Takes a slot out.
    pub(super) fn remove(&mut self, slot: u32, hash: u64, hash_of: impl Fn(u32) -> u64) {
        let mut hole = self.place(hash);
        while self.entry(hole) != slot | tag(hash) {
            if self.entry(hole) == FREE {
                return;
            }
            hole += 1;
        }
        self.count -= 1;
        let mut next = hole;
        loop {
            self.set(hole, FREE);
            // Moves up the next entry that may stand in the hole: one whose own place is not behind it.
            loop {
                next += 1;
                let entry = self.entry(next);
                if entry == FREE {
                    return;
                }
                let own = self.place(hash_of(entry & NO_SLOT));
                let mask = self.groups.len() * GROUP - 1;
                let from_hole = next.wrapping_sub(hole) & mask;
                if next.wrapping_sub(own) & mask >= from_hole {
                    self.set(hole, entry);
                    hole = next;
                    break;
                }
            }
        }
    }

    fn grow(&mut self, hash_of: impl Fn(u32) -> u64) {
        let former = core::mem::take(&mut self.groups);
        self.groups = vec![[FREE; GROUP]; former.len() * 2];
        self.mask = self.groups.len() - 1;
        for entry in former.into_iter().flatten().filter(|&entry| entry != FREE) {
            self.put(entry, hash_of(entry & NO_SLOT));
        }
    }

    fn put(&mut self, entry: u32, hash: u64) {
        let mut place = self.place(hash);
        while self.entry(place) != FREE {
            place += 1;
        }
        self.set(place, entry);
    }

    /// Returns the number of a hash's group.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the table uses fewer bits than either width has")]
    const fn group(&self, hash: u64) -> usize {
        hash as usize & self.mask
    }

    /// Returns the first place of a hash's group. Places are numbered on after the last, which is followed by the
    /// first.
    const fn place(&self, hash: u64) -> usize {
        self.group(hash) * GROUP
    }

    fn entry(&self, place: usize) -> u32 {
        let group = self.groups.get((place / GROUP) & self.mask);
        group.and_then(|group| group.get(place % GROUP)).copied().unwrap_or(FREE)
    }

    fn set(&mut self, place: usize, entry: u32) {
        let group = self.groups.get_mut((place / GROUP) & self.mask);
        if let Some(former) = group.and_then(|group| group.get_mut(place % GROUP)) {
            *former = entry;
        }
    }
}

/// Tells which entries have a tag: an octet for each, the first lowest.
#[inline]
fn matches(group: &[u32; GROUP], tag: u32) -> u32 {
    u32::from_le_bytes(group.map(|entry| u8::from((entry ^ tag) >> SLOT_BITS == 0)))
}

/// Returns the bits of a hash that an entry holds, in their place.
#[inline]
fn tag(hash: u64) -> u32 {
    let [.., octet] = hash.to_le_bytes();
    u32::from(octet) << SLOT_BITS
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_map_finds(steps in prop::collection::vec((any::<bool>(), 0u32..40, 0u64..16), 0..400)) {
            let (mut index, mut map) = (Index::new(), BTreeMap::new());
            for (adds, slot, low) in steps {
                // Few low bits and a tag from the slot, so that places collide and wrap.
                let hash = (low + 56) | u64::from(slot % 3) << 56;
                if adds {
                    if map.contains_key(&slot) {
                        continue;
                    }
                    map.insert(slot, hash);
                    index.insert(slot, hash, |slot| map[&slot]);
                } else if let Some(&hash) = map.get(&slot) {
                    index.remove(slot, hash, |slot| map[&slot]);
                    map.remove(&slot);
                }
                prop_assert_eq!(index.len(), map.len());
                for (&slot, &hash) in &map {
                    prop_assert_eq!(index.find(hash, |other| other == slot), Some(slot));
                    let candidate = index.candidate(hash);
                    prop_assert!(candidate == NO_SLOT || map.contains_key(&candidate));
                }
            }
        }
    }

    #[test]
    fn a_full_tag_is_no_free_place() {
        let mut index = Index::new();
        let hash = u64::MAX;
        index.insert(5, hash, |_| hash);
        assert_eq!(index.candidate(hash), 5);
        assert_eq!(index.find(hash, |slot| slot == 5), Some(5));
        assert_eq!(index.candidate(0), NO_SLOT);
        index.remove(5, hash, |_| hash);
        assert_eq!((index.len(), index.candidate(hash)), (0, NO_SLOT));
    }
}
