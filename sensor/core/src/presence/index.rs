use prefetch_index::prefetch_index;

/// Where the row of a hash is: an open-addressed table of slot numbers.
///
/// A hash chooses a group of eight entries, whose tags are compared at once, so that a look-up of a known station
/// mostly is two loads from one cache line and no branch. Where the group is full, the entry stands in one behind
/// it; removing an entry moves those behind it up, so that no grave stays.
///
/// # Layout
/// A tag is 8 bits of the hash, of which none is among those that choose the group; two rows are rarely taken for
/// each other, and who looks up must still compare the row. See [`Group`].
///
/// # Bounds
/// At most [`Index::SLOTS_MAX`] rows. At most half of the places are taken: 8 to 16 octets a row.
#[derive(Debug)]
pub(super) struct Index {
    groups: Vec<Group>,
    /// The number of groups, a power of two, less one.
    mask: usize,
    count: usize,
}

/// Eight entries.
///
/// # Layout
/// 32 octets, two groups to a cache line: eight tags, then eight slots of 24 bits, little-endian. A free place has
/// the tag 0.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Group([u8; 32]);

const SLOT_BITS: u32 = 24;
const GROUPS_AT_FIRST: usize = 8;
/// Entries in a group.
const ENTRIES: usize = 8;
/// The tag of a free place.
const FREE: u8 = 0;

/// No slot; slots are below.
pub(super) const NO_SLOT: u32 = (1 << SLOT_BITS) - 1;

impl Group {
    const EMPTY: Self = Self([0; 32]);

    /// Returns the place of the first entry with a tag; without one, any place.
    #[inline]
    fn first(&self, tag: u8) -> usize {
        const LOWEST: u64 = 0x0101_0101_0101_0101;
        let tags = self.0.first_chunk().map_or(0, |tags| u64::from_le_bytes(*tags));
        // An octet that is zero here is the only one whose highest bit is left below, but for octets behind it.
        let differences = tags ^ (u64::from(tag) * LOWEST);
        let zeros = differences.wrapping_sub(LOWEST) & !differences & (LOWEST << 7);
        (zeros.trailing_zeros() / 8) as usize % ENTRIES
    }

    #[inline]
    fn slot(&self, entry: usize) -> u32 {
        // The octet before the slot is loaded with it and shifted out: no slot has one behind it to spare.
        let word = self.0.get(7 + 3 * entry..).and_then(|octets| octets.first_chunk());
        word.map_or(NO_SLOT, |word| u32::from_le_bytes(*word) >> 8)
    }

    fn tag(&self, entry: usize) -> u8 {
        self.0.get(entry).copied().unwrap_or(FREE)
    }

    fn set(&mut self, entry: usize, tag: u8, slot: u32) {
        let [a, b, c, _] = slot.to_le_bytes();
        if let Some(place) = self.0.get_mut(entry) {
            *place = tag;
        }
        if let Some(place) = self.0.get_mut(8 + 3 * entry..).and_then(|octets| octets.first_chunk_mut()) {
            *place = [a, b, c];
        }
    }
}

impl Index {
    /// How many rows can be told apart.
    pub(super) const SLOTS_MAX: u32 = NO_SLOT;

    pub(super) fn new() -> Self {
        Self { groups: vec![Group::EMPTY; GROUPS_AT_FIRST], mask: GROUPS_AT_FIRST - 1, count: 0 }
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

    /// Returns the slot in the hash's own group that may be the one. Where it is not, the right one may stand in a
    /// group behind, or nowhere: whoever asks compares the row.
    #[inline]
    pub(super) fn candidate(&self, hash: u64) -> u32 {
        self.groups.get(self.group(hash)).map_or(NO_SLOT, |group| group.slot(group.first(tag(hash))))
    }

    /// Returns the slot whose hash is `hash` and of which `is_it` holds.
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let (wanted, mut place) = (tag(hash), self.place(hash));
        loop {
            let (tag, slot) = self.entry(place);
            if tag == FREE {
                return None;
            }
            if tag == wanted && is_it(slot) {
                return Some(slot);
            }
            place += 1;
        }
    }

    /// Adds a slot that is not in it; `hash_of` gives the hash of every slot that is.
    pub(super) fn insert(&mut self, slot: u32, hash: u64, hash_of: impl Fn(u32) -> u64) {
        if (self.count + 1) * 2 > self.groups.len() * ENTRIES {
            self.grow(hash_of);
        }
        self.put(slot, hash);
        self.count += 1;
    }

    /// Takes a slot out.
    pub(super) fn remove(&mut self, slot: u32, hash: u64, hash_of: impl Fn(u32) -> u64) {
        let mut hole = self.place(hash);
        while self.entry(hole) != (tag(hash), slot) {
            if self.entry(hole).0 == FREE {
                return;
            }
            hole += 1;
        }
        self.count -= 1;
        let mut next = hole;
        loop {
            self.set(hole, FREE, 0);
            // Moves up the next entry that may stand in the hole: one whose own place is not behind it.
            loop {
                next += 1;
                let (tag, slot) = self.entry(next);
                if tag == FREE {
                    return;
                }
                let own = self.place(hash_of(slot));
                let mask = self.groups.len() * ENTRIES - 1;
                let from_hole = next.wrapping_sub(hole) & mask;
                if next.wrapping_sub(own) & mask >= from_hole {
                    self.set(hole, tag, slot);
                    hole = next;
                    break;
                }
            }
        }
    }

    fn grow(&mut self, hash_of: impl Fn(u32) -> u64) {
        let former = core::mem::take(&mut self.groups);
        self.groups = vec![Group::EMPTY; former.len() * 2];
        self.mask = self.groups.len() - 1;
        for group in &former {
            for entry in (0..ENTRIES).filter(|&entry| group.tag(entry) != FREE) {
                let slot = group.slot(entry);
                self.put(slot, hash_of(slot));
            }
        }
    }

    fn put(&mut self, slot: u32, hash: u64) {
        let mut place = self.place(hash);
        while self.entry(place).0 != FREE {
            place += 1;
        }
        self.set(place, tag(hash), slot);
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
        self.group(hash) * ENTRIES
    }

    /// Returns tag and slot of a place.
    fn entry(&self, place: usize) -> (u8, u32) {
        let group = self.groups.get((place / ENTRIES) & self.mask).copied().unwrap_or(Group::EMPTY);
        (group.tag(place % ENTRIES), group.slot(place % ENTRIES))
    }

    fn set(&mut self, place: usize, tag: u8, slot: u32) {
        if let Some(group) = self.groups.get_mut((place / ENTRIES) & self.mask) {
            group.set(place % ENTRIES, tag, slot);
        }
    }
}

/// Returns the bits of a hash that are its tag, which is never that of a free place.
#[inline]
fn tag(hash: u64) -> u8 {
    let [.., octet] = hash.to_le_bytes();
    octet.max(1)
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
                    // What is left of a slot in a free place is cleared.
                    prop_assert!(candidate == 0 || map.contains_key(&candidate));
                }
            }
        }
    }

    #[test]
    fn no_tag_is_that_of_a_free_place() {
        let mut index = Index::new();
        for (slot, hash) in [(5, 0), (NO_SLOT - 1, u64::MAX)] {
            index.insert(slot, hash, |_| hash);
            assert_eq!((index.candidate(hash), index.find(hash, |other| other == slot)), (slot, Some(slot)));
            index.remove(slot, hash, |_| hash);
            assert_eq!((index.len(), index.find(hash, |_| true)), (0, None));
        }
    }

    #[test]
    fn every_entry_of_a_group_is_found_by_its_tag() {
        let mut group = Group::EMPTY;
        for entry in 0..ENTRIES {
            let octet = u8::try_from(entry).unwrap();
            group.set(entry, 0x80 | octet, 0x00ff_ff00 | u32::from(octet));
        }
        for entry in 0..ENTRIES {
            let octet = u8::try_from(entry).unwrap();
            assert_eq!(group.first(0x80 | octet), entry);
            assert_eq!(group.slot(entry), 0x00ff_ff00 | u32::from(octet));
        }
    }
}
