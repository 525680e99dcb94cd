use core::hash::BuildHasher as _;

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use super::slab::{NONE, Slab, Slot};
use crate::types::{CapturePointId, Location, Segment, Via, Vids};

/// The locations that rows refer to, each once, under a number of four octets.
///
/// # Bounds
/// What stations and claims refer to: now and then ([`Locations::is_crowded`]) whoever holds the numbers marks those in
/// use, and the others go ([`Locations::sweep`]).
#[derive(Debug)]
pub(super) struct Locations {
    hasher: FixedState,
    index: HashTable<u32>,
    known: Slab<Known>,
    /// The one that was asked for last: steady traffic of one place asks for it again.
    latest: LocationId,
    sweep_at: usize,
}

/// The number of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LocationId(u32);

impl Default for LocationId {
    fn default() -> Self {
        Self(NONE)
    }
}

/// A location and what follows from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) location: Location,
    pub(super) segment: Segment,
    /// Whether it is a place: a known host or port, which excludes others.
    pub(super) locates: bool,
    used: Used,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Used {
    #[default]
    Free,
    Kept,
    Marked,
}

/// What a number that was never given out stands for.
const NOWHERE: Location =
    Location::Wire { capture_point: CapturePointId(u16::MAX), vids: Vids::UNTAGGED, via: Via::Wire };

impl Default for Known {
    fn default() -> Self {
        let segment = Segment::default();
        Self { location: NOWHERE, segment, locates: false, used: Used::Free }
    }
}

impl Slot for Known {
    fn is_live(&self) -> bool {
        self.used != Used::Free
    }
}

/// Fewer locations than this are never swept.
const SWEEP_AT_LEAST: usize = 4_096;

impl Locations {
    pub(super) fn new(hasher: FixedState) -> Self {
        Self {
            hasher,
            index: HashTable::new(),
            known: Slab::new(),
            latest: LocationId::default(),
            sweep_at: SWEEP_AT_LEAST,
        }
    }

    /// Returns what a number stands for.
    #[inline]
    pub(super) fn get(&self, id: LocationId) -> Option<&Known> {
        self.known.get(id.0)
    }

    /// Tells whether a location is on a segment.
    #[inline]
    pub(super) fn is_on(&self, id: LocationId, segment: Segment) -> bool {
        self.get(id).is_some_and(|known| known.segment == segment)
    }

    /// Returns the segment of a location.
    #[inline]
    pub(super) fn segment(&self, id: LocationId) -> Segment {
        self.get(id).map_or_else(Segment::default, |known| known.segment)
    }

    /// Returns a location by its number.
    #[inline]
    pub(super) fn location(&self, id: LocationId) -> Location {
        self.get(id).map_or(NOWHERE, |known| known.location)
    }

    /// Returns the number of a location, which it keeps until it is swept; `describe` says its segment and whether it is a
    /// place.
    pub(super) fn number(
        &mut self,
        location: Location,
        describe: impl FnOnce() -> (Segment, bool),
    ) -> LocationId {
        if self.get(self.latest).is_some_and(|known| known.is_live() && known.location == location) {
            return self.latest;
        }
        let hash = self.hasher.hash_one(location);
        let known = &self.known;
        let is_it = |&id: &u32| known.get(id).is_some_and(|known| known.location == location);
        if let Some(&id) = self.index.find(hash, is_it) {
            self.latest = LocationId(id);
            return self.latest;
        }
        let (segment, locates) = describe();
        let id = self.known.insert(Known { location, segment, locates, used: Used::Kept });
        let (known, hasher) = (&self.known, &self.hasher);
        let rehash = |&id: &u32| known.get(id).map_or(0, |known| hasher.hash_one(known.location));
        self.index.insert_unique(hash, id, rehash);
        self.latest = LocationId(id);
        self.latest
    }

    /// Tells whether so many locations came since the last sweep that it is time for one.
    pub(super) fn is_crowded(&self) -> bool {
        self.known.len() >= self.sweep_at
    }

    /// Forgets the locations that are not among those in use.
    pub(super) fn sweep(&mut self, in_use: impl Iterator<Item = LocationId>) {
        for id in in_use {
            if let Some(known) = self.known.get_mut(id.0).filter(|known| known.is_live()) {
                known.used = Used::Marked;
            }
        }
        let mut unused = Vec::new();
        for (id, known) in self.known.iter_mut() {
            match known.used {
                Used::Marked => known.used = Used::Kept,
                Used::Kept | Used::Free => unused.push((id, known.location)),
            }
        }
        for (id, location) in unused {
            let hash = self.hasher.hash_one(location);
            if let Ok(entry) = self.index.find_entry(hash, |&other| other == id) {
                entry.remove();
            }
            self.known.remove(id);
        }
        self.sweep_at = (2 * self.known.len()).max(SWEEP_AT_LEAST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(point: u16, vid: u16) -> Location {
        Location::Wire { capture_point: CapturePointId(point), vids: Vids::single(vid), via: Via::Wire }
    }

    fn number(locations: &mut Locations, point: u16, vid: u16) -> LocationId {
        let segment = Segment { vids: Vids::single(vid), ..Segment::default() };
        locations.number(location(point, vid), || (segment, false))
    }

    #[test]
    fn a_location_keeps_its_number_while_it_is_in_use() {
        let mut locations = Locations::new(FixedState::with_seed(1));
        let first = number(&mut locations, 0, 1);
        let mut more = 0;
        while !locations.is_crowded() {
            more += 1;
            number(&mut locations, more, 2);
        }
        assert_eq!(number(&mut locations, 0, 1), first);
        locations.sweep([first].into_iter());
        assert_eq!(locations.known.len(), 1);
        assert_eq!(number(&mut locations, 0, 1), first);
        assert_eq!(locations.location(first), location(0, 1));
        assert!(locations.is_on(first, locations.segment(first)));
        let second = number(&mut locations, 1, 2);
        assert_ne!(second, first);
        assert_eq!(locations.location(second), location(1, 2));
    }
}
