/// No entry: the end of the list.
const NONE: u32 = u32::MAX;

/// Rows in the order in which they were made, oldest first: whom to evict.
///
/// Adding, removing and choosing a victim cost O(1), the latter amortised: a mark remembers where the young
/// rows begin and only moves forward.
///
/// # Bounds
/// One link pair and one creation time for each slot.
#[derive(Debug)]
pub(super) struct Order {
    links: Vec<Link>,
    head: u32,
    tail: u32,
    /// The oldest row that was young when it was last asked; `NONE` when there is none.
    young: u32,
    /// The row that a search looks at next; `NONE` when it begins anew.
    sought: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
    created_secs: u32,
}

const UNLINKED: Link = Link { previous: NONE, next: NONE, created_secs: 0 };

impl Default for Order {
    fn default() -> Self {
        Self { links: Vec::new(), head: NONE, tail: NONE, young: NONE, sought: NONE }
    }
}

impl Order {
    /// Adds a slot that is not in the list as the newest.
    pub(super) fn push(&mut self, slot: u32, created_secs: u32) {
        if self.links.len() <= slot as usize {
            self.links.resize(slot as usize + 1, UNLINKED);
        }
        let previous = self.tail;
        self.set(slot, Link { previous, next: NONE, created_secs });
        match self.links.get_mut(previous as usize) {
            Some(link) => link.next = slot,
            None => self.head = slot,
        }
        self.tail = slot;
        if self.young == NONE {
            self.young = slot;
        }
    }

    /// Takes a slot out of the list.
    pub(super) fn remove(&mut self, slot: u32) {
        let Link { previous, next, .. } = self.link(slot);
        match self.links.get_mut(previous as usize) {
            Some(link) => link.next = next,
            None => self.head = next,
        }
        match self.links.get_mut(next as usize) {
            Some(link) => link.previous = previous,
            None => self.tail = previous,
        }
        if self.young == slot {
            self.young = next;
        }
        if self.sought == slot {
            self.sought = next;
        }
        self.set(slot, UNLINKED);
    }

    /// Returns the oldest slot made at or after `young_since_secs`, else the oldest of all.
    pub(super) fn victim(&mut self, young_since_secs: u32) -> Option<u32> {
        while self.young != NONE && self.link(self.young).created_secs < young_since_secs {
            self.young = self.link(self.young).next;
        }
        [self.young, self.head].into_iter().find(|&slot| slot != NONE)
    }

    /// Returns the slot that a search for particular rows looks at next: it begins with the victim, goes on towards
    /// the newest and then from the oldest, and remembers where it was, so that every row has its turn.
    pub(super) fn next_sought(&mut self, young_since_secs: u32) -> Option<u32> {
        let slot = match self.sought {
            NONE => self.victim(young_since_secs)?,
            slot => slot,
        };
        let next = self.link(slot).next;
        self.sought = if next == NONE { self.head } else { next };
        Some(slot)
    }

    fn link(&self, slot: u32) -> Link {
        self.links.get(slot as usize).copied().unwrap_or(UNLINKED)
    }

    fn set(&mut self, slot: u32, link: Link) {
        if let Some(place) = self.links.get_mut(slot as usize) {
            *place = link;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_of_the_young_goes_first() {
        let mut order = Order::default();
        for (slot, created) in [(0, 10), (1, 20), (2, 70), (3, 80)] {
            order.push(slot, created);
        }
        assert_eq!(order.victim(60), Some(2));
        order.remove(2);
        assert_eq!(order.victim(60), Some(3));
        order.remove(3);
        assert_eq!(order.victim(60), Some(0));
        order.remove(0);
        order.remove(1);
        assert_eq!(order.victim(60), None);
    }

    #[test]
    fn a_newcomer_is_young_after_all_others_aged() {
        let mut order = Order::default();
        order.push(0, 10);
        assert_eq!(order.victim(100), Some(0));
        order.push(1, 150);
        assert_eq!(order.victim(100), Some(1));
    }
}
