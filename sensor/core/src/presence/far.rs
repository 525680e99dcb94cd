use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::index::NO_SLOT;
use crate::types::{MacAddr, Segment};

/// How many rows of one station are known at far places; of further ones it is not known that they are the same
/// station's. As many as the ledger lists, so that what is far, which differs from shard to shard, does not show before.
const ROWS_MAX: usize = 8;

/// Rows at the far places of crowded segments, by their station.
///
/// # Bounds
/// One entry for each station that has such a row, with at most [`ROWS_MAX`] of its rows.
#[derive(Debug)]
pub(super) struct FarRows {
    stations: HashMap<(MacAddr, Segment), [u32; ROWS_MAX], FixedState>,
}

impl FarRows {
    pub(super) fn new(hasher: FixedState) -> Self {
        Self { stations: HashMap::with_hasher(hasher) }
    }

    pub(super) fn add(&mut self, mac: MacAddr, segment: Segment, slot: u32) {
        let slots = self.stations.entry((mac, segment)).or_insert([NO_SLOT; ROWS_MAX]);
        if let Some(free) = slots.iter_mut().find(|known| **known == NO_SLOT) {
            *free = slot;
        }
    }

    pub(super) fn remove(&mut self, mac: MacAddr, segment: Segment, slot: u32) {
        let Some(slots) = self.stations.get_mut(&(mac, segment)) else { return };
        slots.iter_mut().filter(|known| **known == slot).for_each(|known| *known = NO_SLOT);
        if *slots == [NO_SLOT; ROWS_MAX] {
            self.stations.remove(&(mac, segment));
        }
    }

    pub(super) fn of(&self, mac: MacAddr, segment: Segment) -> impl Iterator<Item = u32> {
        let slots = self.stations.get(&(mac, segment)).copied().unwrap_or([NO_SLOT; ROWS_MAX]);
        slots.into_iter().filter(|&slot| slot != NO_SLOT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_known_up_to_a_few_and_forgotten() {
        let mut far = FarRows::new(FixedState::with_seed(1));
        let (mac, segment) = (MacAddr::new([2, 0, 0, 0, 0, 1]), Segment::default());
        for slot in 0..10 {
            far.add(mac, segment, slot);
        }
        assert_eq!(far.of(mac, segment).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
        far.remove(mac, segment, 1);
        far.remove(mac, segment, 9);
        far.add(mac, segment, 11);
        assert_eq!(far.of(mac, segment).collect::<Vec<_>>(), [0, 11, 2, 3, 4, 5, 6, 7]);
        for slot in [0, 2, 3, 4, 5, 6, 7, 11] {
            far.remove(mac, segment, slot);
        }
        assert!(far.stations.is_empty());
    }
}
