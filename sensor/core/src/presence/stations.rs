use core::hash::BuildHasher as _;
use std::collections::BTreeMap;

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use super::change::Traffic;
use super::event::Evidence;
use super::locations::{LocationId, Locations};
use super::places::Places;
use super::slab::{NONE, Slab, Slot};
use super::stay::{Arrival, Stay};
use crate::types::{Location, MacAddr, Segment, Timestamp};

/// The stations that the ledger knows, by address and segment.
///
/// Most stations are at one location all their life, and all that is known of one of these is one small row. What a station
/// needs beyond that, places to weigh above all, is made when it is first needed and let go when the
/// station leaves.
///
/// # Bounds
/// Holds what the ledger puts in: 88 octets for a row and 6 to 12 for the index.
#[derive(Debug)]
pub(super) struct Stations {
    hasher: FixedState,
    rows: Slab<StationRow>,
    wides: Slab<Option<Box<Wide>>>,
    /// One row of each address.
    index: HashTable<u32>,
    /// The further rows of addresses that are on several segments.
    others: BTreeMap<(MacAddr, Segment), u32>,
}

/// What is known of every station, and all that is known of one that is at one location.
///
/// # Layout
/// 88 octets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StationRow {
    pub(super) mac: MacAddr,
    flags: u8,
    /// Claims in its list.
    pub(super) linked: u8,
    /// Where it is; of a wide station where it was first, which is on the same segment.
    pub(super) place: LocationId,
    wide: u32,
    /// The claim that it made last, the head of its list.
    pub(super) claims: u32,
    /// Addresses that it claimed weakly.
    pub(super) weak: u16,
    pub(super) first_seen: Timestamp,
    /// Since when it is present.
    pub(super) since: Timestamp,
    pub(super) last_seen: Timestamp,
    /// When it was last told to be seen.
    pub(super) told_at: Timestamp,
    pub(super) traffic: Traffic,
    /// The frame by which it came.
    pub(super) arrived_frame: u64,
    /// The frame that was told last; of a station that left, its number among the departed.
    pub(super) told_frame: u64,
}

const _: () = assert!(size_of::<StationRow>() == 88);

/// The row is a station's.
const LIVE: u8 = 1;
/// Some location of it is unexpired.
pub(super) const PRESENT: u8 = 2;
/// Its one location is a place.
pub(super) const PLACED: u8 = 4;
/// It forwards for others.
pub(super) const ROUTER: u8 = 8;
/// Its address is on further segments.
const SHARED: u8 = 16;
/// Its access server said that it left, and no frame was told since.
pub(super) const STOPPED: u8 = 32;

impl Slot for StationRow {
    fn is_live(&self) -> bool {
        self.flags & LIVE != 0
    }
}

impl StationRow {
    /// Makes the row of a station that its first frame shows.
    pub(super) const fn new(mac: MacAddr, place: LocationId, at: Timestamp, frame: u64) -> Self {
        Self {
            mac,
            flags: LIVE,
            linked: 0,
            place,
            wide: NONE,
            claims: NONE,
            weak: 0,
            first_seen: at,
            since: at,
            last_seen: at,
            told_at: at,
            traffic: Traffic { frames: 0, octets: 0 },
            arrived_frame: frame,
            told_frame: frame,
        }
    }

    #[inline]
    pub(super) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    pub(super) const fn set(&mut self, flag: u8, on: bool) {
        if on {
            self.flags |= flag;
        } else {
            self.flags &= !flag;
        }
    }

    pub(super) const fn is_wide(&self) -> bool {
        self.wide != NONE
    }
}

/// What is known of a station that is, or was lately, at several locations.
#[derive(Clone, Debug)]
pub(super) struct Wide {
    /// The unexpired locations, in the order of their first frames.
    pub(super) sites: Vec<Site>,
    /// Rows of the shards' tables that are its own; listed as sites up to the bound.
    pub(super) rows: u32,
    pub(super) places: Places,
    pub(super) stay: Stay,
}

/// One location of a station.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    pub(super) location: Location,
    /// Whether it is a place: a known host or port, which excludes others.
    pub(super) locates: bool,
    /// Its last frame here known of.
    pub(super) last_seen: Timestamp,
}

impl Wide {
    /// Returns where the station is believed to be: its place, or else the latest location.
    pub(super) fn location(&self) -> Option<Location> {
        let latest = self.sites.iter().max_by_key(|site| (site.last_seen, site.location));
        self.places.current().or_else(|| latest.map(|site| site.location))
    }
}

impl Stations {
    pub(super) fn new(hasher: FixedState) -> Self {
        Self {
            hasher,
            rows: Slab::new(),
            wides: Slab::new(),
            index: HashTable::new(),
            others: BTreeMap::new(),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    #[inline]
    pub(super) fn row(&self, id: u32) -> Option<&StationRow> {
        self.rows.get(id)
    }

    #[inline]
    pub(super) fn row_mut(&mut self, id: u32) -> Option<&mut StationRow> {
        self.rows.get_mut(id)
    }

    pub(super) fn wide(&self, id: u32) -> Option<&Wide> {
        self.wides.get(self.rows.get(id)?.wide)?.as_deref()
    }

    pub(super) fn wide_mut(&mut self, id: u32) -> Option<&mut Wide> {
        self.wides.get_mut(self.rows.get(id)?.wide)?.as_deref_mut()
    }

    /// Returns every station in the order of the rows' numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &StationRow)> {
        self.rows.iter()
    }

    /// Returns the row of an address on a segment.
    #[inline]
    pub(super) fn find(&self, mac: MacAddr, segment: Segment, locations: &Locations) -> Option<u32> {
        let id = self.first_of(mac)?;
        let row = self.rows.get(id)?;
        if locations.is_on(row.place, segment) {
            return Some(id);
        }
        if row.has(SHARED) { self.others.get(&(mac, segment)).copied() } else { None }
    }

    /// Returns the rows of an address, at most `max` of them.
    pub(super) fn of_mac(&self, mac: MacAddr, max: usize) -> impl Iterator<Item = u32> {
        let first = self.first_of(mac);
        let is_shared = first.and_then(|id| self.rows.get(id)).is_some_and(|row| row.has(SHARED));
        let from = (mac, Segment::default());
        let others = is_shared.then(|| self.others.range(from..));
        let others = others.into_iter().flatten().take_while(move |((other, _), _)| *other == mac);
        first.into_iter().chain(others.map(|(_, &id)| id)).take(max)
    }

    /// Adds a station that is not there.
    pub(super) fn insert(&mut self, row: StationRow, segment: Segment) -> u32 {
        let mac = row.mac;
        let first = self.first_of(mac);
        let id = self.rows.insert(row);
        if let Some(first) = first.and_then(|first| self.rows.get_mut(first)) {
            first.set(SHARED, true);
            self.others.insert((mac, segment), id);
        } else {
            self.enter(mac, id);
        }
        id
    }

    pub(super) fn remove(&mut self, id: u32, locations: &Locations) {
        self.narrow(id);
        let Some(row) = self.rows.remove(id) else { return };
        if self.others.remove(&(row.mac, locations.segment(row.place))).is_some() {
            return;
        }
        let hash = self.hasher.hash_one(row.mac);
        if let Ok(entry) = self.index.find_entry(hash, |&other| other == id) {
            entry.remove();
        }
        if !row.has(SHARED) {
            return;
        }
        let next = self.others.range((row.mac, Segment::default())..).next();
        if let Some((key, next)) = next.map(|(&key, &next)| (key, next)).filter(|(key, _)| key.0 == row.mac) {
            self.others.remove(&key);
            if let Some(next) = self.rows.get_mut(next) {
                next.set(SHARED, true);
            }
            self.enter(row.mac, next);
        }
    }

    /// Makes room for more than one location.
    pub(super) fn widen(&mut self, id: u32, locations: &Locations) {
        let Some(row) = self.rows.get_mut(id).filter(|row| !row.is_wide()) else { return };
        let location = locations.location(row.place);
        let locates = row.has(PLACED);
        let arrived_by = Evidence::frame(row.since, row.arrived_frame, location);
        let last = Evidence::frame(row.told_at, row.told_frame, location);
        let wide = Wide {
            sites: vec![Site { location, locates, last_seen: row.last_seen }],
            rows: u32::from(row.has(PRESENT)),
            places: Places::at(locates.then_some(location)),
            stay: Stay { last, ..Stay::begin(locations.segment(row.place), arrived_by) },
        };
        row.wide = self.wides.insert(Some(Box::new(wide)));
    }

    /// Forgets all but what a row holds; for a station that leaves.
    pub(super) fn narrow(&mut self, id: u32) {
        if let Some(row) = self.rows.get_mut(id).filter(|row| row.is_wide()) {
            let wide = core::mem::replace(&mut row.wide, NONE);
            self.wides.remove(wide);
        }
    }

    /// Returns where a present station is and how that is known.
    pub(super) fn stay(&self, id: u32, locations: &Locations) -> Option<Stay> {
        let row = self.rows.get(id).filter(|row| row.has(PRESENT))?;
        if let Some(wide) = self.wide(id) {
            return Some(wide.stay.clone());
        }
        let location = locations.location(row.place);
        Some(Stay {
            segment: locations.segment(row.place),
            location,
            arrival: Arrival::Started,
            arrived_by: Evidence::frame(row.since, row.arrived_frame, location),
            last: Evidence::frame(row.told_at, row.told_frame, location),
            duplicate: None,
        })
    }

    fn first_of(&self, mac: MacAddr) -> Option<u32> {
        let hash = self.hasher.hash_one(mac);
        self.index.find(hash, |&id| self.rows.get(id).is_some_and(|row| row.mac == mac)).copied()
    }

    fn enter(&mut self, mac: MacAddr, id: u32) {
        let (rows, hasher) = (&self.rows, &self.hasher);
        let rehash = |&id: &u32| rows.get(id).map_or(0, |row| hasher.hash_one(row.mac));
        self.index.insert_unique(hasher.hash_one(mac), id, rehash);
    }
}
