use core::hash::BuildHasher as _;
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use super::event::{Evidence, EvidenceKind, Strength};
use super::locations::{LocationId, Locations};
use super::rivals::Rivals;
use super::settings::PresenceSettings;
use super::slab::{NONE, Slab, Slot};
use crate::types::{MacAddr, Segment, Timestamp};

/// Addresses looked at when one has to go for a new one.
const AGED_OF: usize = 16;

/// Which station claims which IP address, now and before.
///
/// A strong claim (ARP, NDP) by another station makes that station the holder; when the former holder
/// claims again within the conflict window, the two are in conflict until one claim has stood alone for
/// the window. A weak claim (the source of a data frame) is remembered and never conflicts.
///
/// An address that one station claims, as nearly all are, is one small row; what a second claimant makes necessary
/// stands beside it ([`Rivals`]).
///
/// # Bounds
/// `addresses_max` addresses, 48 octets each (64 for IPv6) and 6 to 12 for the index; at the limit one goes for
/// a new one, which is counted: of some that are looked at in turn the one claimed longest ago, weak claims
/// before strong ones, none that is in conflict. Claimants of one address are bounded by [`Rivals`].
///
/// # Reference
/// RFC 5227 section 2.4 on what a defended address looks like.
#[derive(Debug)]
pub struct AddressBook {
    hasher: FixedState,
    rows: Slab<Row>,
    index: HashTable<u32>,
    /// The addresses of IPv6 rows.
    sixes: Slab<Six>,
    rivals: Slab<Option<Box<Rivals>>>,
    addresses_max: usize,
    /// Where the search for what has to go goes on.
    hand: u32,
    aged: u64,
    refused: u64,
    conflicts: BTreeSet<(Segment, IpAddr)>,
}

/// One address, with its only claimant.
///
/// # Layout
/// 48 octets.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    /// An IPv4 address in host order, or the number of an IPv6 address.
    addr: u32,
    mac: MacAddr,
    flags: u8,
    /// Where it was claimed last; of an address with several claimants somewhere on its segment.
    place: LocationId,
    /// The claim that its claimant made before, the next in the station's list; of an address with several claimants the
    /// number of these.
    next: u32,
    count: u32,
    first_at: Timestamp,
    last_at: Timestamp,
    frame: u64,
}

const _: () = assert!(size_of::<Row>() == 48);

const LIVE: u8 = 1;
const IPV6: u8 = 2;
const STRONG: u8 = 4;
/// Its claimant is the holder.
const HOLDER: u8 = 8;
/// Its claimant claimed it weakly.
const WEAK: u8 = 16;
/// Several stations claim it.
const SHARED: u8 = 32;
/// The last claim was a server's grant.
const GRANTED: u8 = 64;

impl Slot for Row {
    fn is_live(&self) -> bool {
        self.flags & LIVE != 0
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Six {
    addr: Option<Ipv6Addr>,
}

impl Slot for Six {
    fn is_live(&self) -> bool {
        self.addr.is_some()
    }
}

/// One station's claim of one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// The station.
    pub mac: MacAddr,
    /// The strongest claim it made.
    pub strength: Strength,
    /// Its first claim.
    pub first_at: Timestamp,
    /// Its last claim; of weak claims, which are told once, the first.
    pub last_at: Timestamp,
    /// In how many seconds it claimed the address.
    pub count: u64,
    /// The frame of the last claim.
    pub evidence: Evidence,
}

/// A claim of an address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) addr: IpAddr,
    pub(super) mac: MacAddr,
    pub(super) strength: Strength,
    pub(super) rivalry: Rivalry,
    /// Where it was made; its segment is the address's.
    pub(super) place: LocationId,
    pub(super) evidence: Evidence,
}

/// Whether a claimant can be in conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rivalry {
    /// It can.
    Possible,
    /// It is a virtual or a forwarding router, which answers for others.
    Exempt,
}

/// What a claim brings about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ClaimOutcome {
    /// The station had claimed the address before.
    Known,
    /// The station had not claimed the address, or only weakly; the number is the address's.
    New(u32),
    /// The address is now contested between this claimant and another.
    Conflict { rival: Claimant },
}

/// What a claim brings about, and what it says of the holder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) outcome: ClaimOutcome,
    pub(super) turn: Option<Turn>,
}

/// What a strong claim changed about who holds an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Another station held it, and this one did not within the flip-flop window.
    Over { former: MacAddr },
    /// This station held it within that window, and another one since.
    Back { former: MacAddr },
    /// The station itself had not claimed it for long.
    Again { idle_since: Timestamp },
}

impl Turn {
    pub(super) fn after_absence(
        idle_since: Timestamp,
        at: Timestamp,
        settings: &PresenceSettings,
    ) -> Option<Self> {
        (at.since(idle_since) >= settings.reused_after).then_some(Self::Again { idle_since })
    }
}

impl AddressBook {
    pub(super) fn new(hasher: FixedState, addresses_max: usize) -> Self {
        Self {
            hasher,
            rows: Slab::new(),
            index: HashTable::new(),
            sixes: Slab::new(),
            rivals: Slab::new(),
            addresses_max,
            hand: 0,
            aged: 0,
            refused: 0,
            conflicts: BTreeSet::new(),
        }
    }

    /// Returns how many addresses were forgotten because the book was full.
    pub const fn aged(&self) -> u64 {
        self.aged
    }

    /// Returns how many addresses were refused because the book was full of conflicts.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Returns how many claims there are, and how many of them are strong.
    pub fn count(&self) -> (usize, usize) {
        self.rows.iter().fold((0, 0), |(all, strong), (_, row)| match self.rivals_of(row) {
            Some(rivals) => {
                let is_strong = |claimant: &&Claimant| claimant.strength == Strength::Strong;
                (all + rivals.claimants().count(), strong + rivals.claimants().filter(is_strong).count())
            }
            None => (all + 1, strong + usize::from(row.flags & STRONG != 0)),
        })
    }

    /// Returns every claim, sorted by segment, address and first claim.
    pub(super) fn claims(&self, locations: &Locations) -> Vec<(Segment, IpAddr, Claimant)> {
        let mut claims = Vec::with_capacity(self.rows.len());
        for (_, row) in self.rows.iter() {
            let (segment, addr) = (locations.segment(row.place), self.addr(row));
            match self.rivals_of(row) {
                Some(rivals) => claims.extend(rivals.claimants().map(|&claimant| (segment, addr, claimant))),
                None => claims.push((segment, addr, self.only_claimant(row, locations))),
            }
        }
        claims.sort_unstable_by_key(|(segment, addr, claimant)| {
            (*segment, *addr, claimant.first_at, claimant.mac)
        });
        claims
    }

    /// Returns the locations that rows refer to.
    pub(super) fn places(&self) -> impl Iterator<Item = LocationId> {
        self.rows.iter().map(|(_, row)| row.place)
    }

    /// Takes in a claim.
    pub(super) fn claim(
        &mut self,
        claim: &Claim,
        locations: &Locations,
        settings: &PresenceSettings,
    ) -> Taken {
        let known = Taken { outcome: ClaimOutcome::Known, turn: None };
        let segment = locations.segment(claim.place);
        let Some(id) = self.find(segment, claim.addr, locations) else {
            return Taken { outcome: self.enter(claim, segment, locations), turn: None };
        };
        let Some(row) = self.rows.get_mut(id) else { return known };
        if row.flags & SHARED == 0 && row.mac == claim.mac {
            let (idle_since, at) = (row.last_at, claim.evidence.at);
            let outcome = if row.renew(claim) { ClaimOutcome::New(id) } else { ClaimOutcome::Known };
            let is_told = claim.strength == Strength::Strong && claim.rivalry == Rivalry::Possible;
            let turn = is_told.then(|| Turn::after_absence(idle_since, at, settings)).flatten();
            return Taken { outcome, turn };
        }
        self.share(id, locations);
        let Some(rivals) = self.rivals_mut(id) else { return known };
        let taken = rivals.claim(claim, settings);
        let outcome = match taken.outcome {
            ClaimOutcome::Known => ClaimOutcome::Known,
            ClaimOutcome::New(_) => ClaimOutcome::New(id),
            conflict @ ClaimOutcome::Conflict { .. } => {
                self.conflicts.insert((segment, claim.addr));
                conflict
            }
        };
        Taken { outcome, ..taken }
    }

    /// Tells whether a station has claimed an address weakly, and notes that it does now.
    pub(super) fn is_claimed_weakly(
        &self,
        segment: Segment,
        addr: IpAddr,
        mac: MacAddr,
        locations: &Locations,
    ) -> bool {
        let row = self.find(segment, addr, locations).and_then(|id| self.rows.get(id));
        row.is_some_and(|row| match self.rivals_of(row) {
            Some(rivals) => rivals.is_weak(mac),
            None => row.mac == mac && row.flags & WEAK != 0,
        })
    }

    /// Returns the conflicts in which one claim has stood alone for the window, with the holder, and ends them.
    pub(super) fn tick(
        &mut self,
        now: Timestamp,
        locations: &Locations,
        settings: &PresenceSettings,
    ) -> Vec<(Segment, IpAddr, MacAddr)> {
        let horizon = now.before(settings.conflict_window);
        let mut ended = Vec::new();
        for (segment, addr) in core::mem::take(&mut self.conflicts) {
            let Some(id) = self.find(segment, addr, locations) else { continue };
            let Some(rivals) = self.rivals_mut(id) else { continue };
            match rivals.end_conflict(horizon) {
                Some(holder) => ended.push((segment, addr, holder)),
                None => {
                    self.conflicts.insert((segment, addr));
                }
            }
        }
        ended
    }

    /// Tells whether a conflict is open, so that time matters.
    pub(super) fn is_waiting(&self) -> bool {
        !self.conflicts.is_empty()
    }

    /// Returns the address of a number, and the number that a station claimed before it; none if the station has no such
    /// claim any more.
    pub(super) fn linked(&self, id: u32, mac: MacAddr) -> Option<(IpAddr, u32)> {
        let row = self.rows.get(id).filter(|row| row.is_live())?;
        let next = match self.rivals_of(row) {
            Some(rivals) => rivals.next(mac)?,
            None if row.mac == mac => row.next,
            None => return None,
        };
        Some((self.addr(row), next))
    }

    /// Sets which address a station claimed before one that it claims.
    pub(super) fn link(&mut self, id: u32, mac: MacAddr, next: u32) {
        let Some(row) = self.rows.get_mut(id).filter(|row| row.is_live()) else { return };
        if row.flags & SHARED == 0 {
            row.next = next;
        } else if let Some(rivals) = self.rivals.get_mut(row.next).and_then(Option::as_deref_mut) {
            rivals.link(mac, next);
        }
    }

    /// Forgets that a station claimed an address weakly: what it claimed only so is gone. Tells whether it is.
    pub(super) fn drop_weak(&mut self, id: u32, mac: MacAddr, locations: &Locations) -> bool {
        let Some(row) = self.rows.get_mut(id).filter(|row| row.is_live()) else { return true };
        if row.flags & SHARED != 0 {
            let Some(rivals) = self.rivals.get_mut(row.next).and_then(Option::as_deref_mut) else {
                return true;
            };
            let is_gone = rivals.drop_weak(mac);
            if rivals.is_empty() {
                self.remove(id, locations);
            }
            return is_gone;
        }
        row.flags &= !WEAK;
        if row.flags & STRONG == 0 {
            self.remove(id, locations);
            return true;
        }
        false
    }

    /// Forgets that a station was told to have claimed an address weakly, so that it may be told again.
    pub(super) fn forget_weak(&mut self, id: u32, mac: MacAddr) {
        let Some(row) = self.rows.get_mut(id).filter(|row| row.is_live()) else { return };
        if row.flags & SHARED == 0 {
            row.flags &= !WEAK;
        } else if let Some(rivals) = self.rivals.get_mut(row.next).and_then(Option::as_deref_mut) {
            rivals.forget_weak(mac);
        }
    }

    fn find(&self, segment: Segment, addr: IpAddr, locations: &Locations) -> Option<u32> {
        let hash = self.hasher.hash_one((segment, addr));
        let is_it = |&id: &u32| {
            let row = self.rows.get(id);
            row.is_some_and(|row| self.addr(row) == addr && locations.is_on(row.place, segment))
        };
        self.index.find(hash, is_it).copied()
    }

    /// Makes the row of an address that is not in the book.
    fn enter(&mut self, claim: &Claim, segment: Segment, locations: &Locations) -> ClaimOutcome {
        if self.rows.len() >= self.addresses_max && !self.age(locations) {
            self.refused += 1;
            return ClaimOutcome::Known;
        }
        let (addr, family) = match claim.addr {
            IpAddr::V4(v4) => (v4.to_bits(), 0),
            IpAddr::V6(v6) => (self.sixes.insert(Six { addr: Some(v6) }), IPV6),
        };
        let is_holder = claim.strength == Strength::Strong && claim.rivalry == Rivalry::Possible;
        let row = Row {
            addr,
            mac: claim.mac,
            flags: LIVE
                | family
                | strength_flag(claim.strength)
                | if is_holder { HOLDER } else { 0 }
                | grant_flag(&claim.evidence),
            place: claim.place,
            next: NONE,
            count: 1,
            first_at: claim.evidence.at,
            last_at: claim.evidence.at,
            frame: claim.evidence.frame,
        };
        let id = self.rows.insert(row);
        let hash = self.hasher.hash_one((segment, claim.addr));
        let (rows, sixes, hasher) = (&self.rows, &self.sixes, &self.hasher);
        let rehash = |&id: &u32| {
            let row = rows.get(id);
            row.map_or(0, |row| hasher.hash_one((locations.segment(row.place), addr_of(row, sixes))))
        };
        self.index.insert_unique(hash, id, rehash);
        ClaimOutcome::New(id)
    }

    /// Forgets the address that was claimed longest ago among some; tells whether one could go.
    fn age(&mut self, locations: &Locations) -> bool {
        let end = self.rows.end();
        let mut worst: Option<(bool, Timestamp, u32)> = None;
        for _ in 0..AGED_OF {
            self.hand = if self.hand + 1 < end { self.hand + 1 } else { 0 };
            let Some(row) = self.rows.get(self.hand).filter(|row| row.is_live()) else { continue };
            let key = match self.rivals_of(row) {
                Some(rivals) if rivals.in_conflict() => continue,
                Some(rivals) => (true, rivals.last_at(), self.hand),
                None => (row.flags & STRONG != 0, row.last_at, self.hand),
            };
            worst = Some(worst.map_or(key, |worst| worst.min(key)));
        }
        let Some((_, _, id)) = worst else { return false };
        self.remove(id, locations);
        self.aged += 1;
        true
    }

    fn remove(&mut self, id: u32, locations: &Locations) {
        let Some(row) = self.rows.get(id).copied() else { return };
        let hash = self.hasher.hash_one((locations.segment(row.place), self.addr(&row)));
        if let Ok(entry) = self.index.find_entry(hash, |&other| other == id) {
            entry.remove();
        }
        if row.flags & SHARED != 0 {
            self.rivals.remove(row.next);
        }
        if row.flags & IPV6 != 0 {
            self.sixes.remove(row.addr);
        }
        self.rows.remove(id);
    }

    /// Makes room for a second claimant.
    fn share(&mut self, id: u32, locations: &Locations) {
        let Some(row) = self.rows.get(id).copied().filter(|row| row.flags & SHARED == 0) else { return };
        let is_holder = row.flags & HOLDER != 0;
        let only = self.only_claimant(&row, locations);
        let rivals = Rivals::new(only, row.flags & WEAK != 0, row.next, is_holder);
        let number = self.rivals.insert(Some(Box::new(rivals)));
        if let Some(row) = self.rows.get_mut(id) {
            row.flags |= SHARED;
            row.next = number;
        }
    }

    fn rivals_of(&self, row: &Row) -> Option<&Rivals> {
        if row.flags & SHARED == 0 {
            return None;
        }
        self.rivals.get(row.next)?.as_deref()
    }

    fn rivals_mut(&mut self, id: u32) -> Option<&mut Rivals> {
        let row = self.rows.get(id).filter(|row| row.flags & SHARED != 0)?;
        self.rivals.get_mut(row.next)?.as_deref_mut()
    }

    fn addr(&self, row: &Row) -> IpAddr {
        addr_of(row, &self.sixes)
    }

    fn only_claimant(&self, row: &Row, locations: &Locations) -> Claimant {
        let addr = self.addr(row);
        let is_granted = row.flags & GRANTED != 0;
        let kind = if is_granted { EvidenceKind::Grant(addr) } else { EvidenceKind::Claim(addr) };
        let location = locations.location(row.place);
        Claimant {
            mac: row.mac,
            strength: if row.flags & STRONG == 0 { Strength::Weak } else { Strength::Strong },
            first_at: row.first_at,
            last_at: row.last_at,
            count: u64::from(row.count),
            evidence: Evidence { at: row.last_at, frame: row.frame, location, kind },
        }
    }
}

fn addr_of(row: &Row, sixes: &Slab<Six>) -> IpAddr {
    if row.flags & IPV6 == 0 {
        return IpAddr::V4(Ipv4Addr::from_bits(row.addr));
    }
    let six = sixes.get(row.addr).and_then(|six| six.addr);
    IpAddr::V6(six.unwrap_or(Ipv6Addr::UNSPECIFIED))
}

const fn grant_flag(evidence: &Evidence) -> u8 {
    if matches!(evidence.kind, EvidenceKind::Grant(_)) { GRANTED } else { 0 }
}

const fn strength_flag(strength: Strength) -> u8 {
    match strength {
        Strength::Weak => WEAK,
        Strength::Strong => STRONG,
    }
}

impl Row {
    /// Takes in that its only claimant claims it again; tells whether more strongly than ever.
    fn renew(&mut self, claim: &Claim) -> bool {
        let was = self.flags;
        self.flags |= strength_flag(claim.strength);
        if claim.strength == Strength::Strong && claim.rivalry == Rivalry::Possible {
            self.flags |= HOLDER;
        }
        // Claims are told at least once a second, how often is the shard's business: count seconds.
        let at = claim.evidence.at;
        if self.last_at.as_secs() != at.as_secs() {
            self.count = self.count.saturating_add(1);
            if at > self.last_at {
                (self.last_at, self.frame, self.place) = (at, claim.evidence.frame, claim.place);
                self.flags = self.flags & !GRANTED | grant_flag(&claim.evidence);
            }
        }
        was & STRONG == 0 && self.flags & STRONG != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{CapturePointId, Location, Via, Vids};

    const ADDR: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 5));

    struct Bench {
        book: AddressBook,
        locations: Locations,
        settings: PresenceSettings,
    }

    impl Bench {
        fn new() -> Self {
            let hasher = FixedState::with_seed(0);
            Self {
                book: AddressBook::new(hasher.clone(), 4),
                locations: Locations::new(hasher),
                settings: PresenceSettings::default(),
            }
        }

        fn claim_of(&mut self, addr: IpAddr, station: u8, strength: Strength, secs: i64) -> ClaimOutcome {
            let location =
                Location::Wire { capture_point: CapturePointId(0), vids: Vids::UNTAGGED, via: Via::Wire };
            let place = self.locations.number(location, || (Segment::default(), false));
            let at = Timestamp::from_secs_nanos(secs, 0);
            let evidence = Evidence { at, frame: 1, location, kind: EvidenceKind::Claim(addr) };
            let (mac, rivalry) = (mac(station), Rivalry::Possible);
            let claim = Claim { addr, mac, strength, rivalry, place, evidence };
            self.book.claim(&claim, &self.locations, &self.settings).outcome
        }

        fn claim(&mut self, station: u8, strength: Strength, secs: i64) -> ClaimOutcome {
            self.claim_of(ADDR, station, strength, secs)
        }

        fn tick(&mut self, secs: i64) -> usize {
            let now = Timestamp::from_secs_nanos(secs, 0);
            self.book.tick(now, &self.locations, &self.settings).len()
        }

        fn claims(&self) -> Vec<(IpAddr, MacAddr)> {
            let claims = self.book.claims(&self.locations);
            claims.into_iter().map(|(_, addr, claimant)| (addr, claimant.mac)).collect()
        }
    }

    fn mac(station: u8) -> MacAddr {
        MacAddr::new([2, 0, 0, 0, 0, station])
    }

    fn is_new(outcome: ClaimOutcome) -> bool {
        matches!(outcome, ClaimOutcome::New(_))
    }

    fn is_conflict(outcome: ClaimOutcome) -> bool {
        matches!(outcome, ClaimOutcome::Conflict { .. })
    }

    #[test]
    fn taking_an_address_over_is_no_conflict_but_taking_it_back_is() {
        let mut bench = Bench::new();
        assert!(is_new(bench.claim(1, Strength::Strong, 0)));
        assert!(is_new(bench.claim(2, Strength::Strong, 1)));
        assert!(is_conflict(bench.claim(1, Strength::Strong, 2)));
        assert_eq!(bench.tick(61), 0);
        assert_eq!(bench.tick(62), 1);
        assert!(!bench.book.is_waiting());
    }

    #[test]
    fn taking_over_twice_is_no_conflict() {
        let mut bench = Bench::new();
        for station in 1..=3 {
            assert!(is_new(bench.claim(station, Strength::Strong, i64::from(station))));
        }
        assert!(is_conflict(bench.claim(1, Strength::Strong, 9)));
    }

    #[test]
    fn slow_flip_flop_is_no_conflict() {
        let mut bench = Bench::new();
        for turn in 0..6 {
            let station = 1 + u8::try_from(turn % 2).unwrap();
            assert!(!is_conflict(bench.claim(station, Strength::Strong, turn * 61)));
        }
    }

    #[test]
    fn weak_claims_never_conflict_and_strong_ones_outrank_them() {
        let mut bench = Bench::new();
        bench.claim(1, Strength::Strong, 0);
        for turn in 0..10 {
            assert!(!is_conflict(bench.claim(2, Strength::Weak, turn)));
            bench.claim(1, Strength::Strong, turn);
        }
        assert!(is_new(bench.claim(2, Strength::Strong, 20)));
    }

    #[test]
    fn a_claim_is_counted_by_seconds_and_its_first_and_last_are_kept() {
        let mut bench = Bench::new();
        for secs in [5, 5, 7, 6] {
            bench.claim(1, Strength::Strong, secs);
        }
        let claims = bench.book.claims(&bench.locations);
        let [(_, ADDR, claimant)] = claims[..] else { panic!("{claims:?}") };
        assert_eq!((claimant.first_at.as_secs(), claimant.last_at.as_secs(), claimant.count), (5, 7, 3));
        assert_eq!(claimant.evidence.at, claimant.last_at);
    }

    #[test]
    fn a_full_book_forgets_the_weak_first_and_counts() {
        let mut bench = Bench::new();
        let addr = |last: u8| match last % 2 {
            0 => IpAddr::from([10, 0, 0, last]),
            _ => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)]),
        };
        for last in 0..8u8 {
            let strength = if last < 2 { Strength::Strong } else { Strength::Weak };
            assert!(is_new(bench.claim_of(addr(last), last, strength, i64::from(last))));
        }
        let kept = [0, 6, 1, 7].map(|last| (addr(last), mac(last)));
        assert_eq!((bench.claims(), bench.book.aged(), bench.book.refused()), (kept.into(), 4, 0));
    }

    #[test]
    fn a_conflict_is_not_forgotten_for_a_new_address() {
        let mut bench = Bench::new();
        for (station, secs) in [(1, 0), (2, 1), (1, 2)] {
            bench.claim(station, Strength::Strong, secs);
        }
        for last in 10..30 {
            bench.claim_of(IpAddr::from([10, 0, 0, last]), last, Strength::Strong, 3);
        }
        assert_eq!(bench.tick(62), 1);
        assert_eq!(bench.claims().iter().filter(|(addr, _)| *addr == ADDR).count(), 2);
    }

    #[test]
    fn what_a_station_claims_hangs_together() {
        let mut bench = Bench::new();
        let ClaimOutcome::New(first) = bench.claim(1, Strength::Weak, 0) else { panic!() };
        bench.book.link(first, mac(1), 77);
        let ClaimOutcome::New(again) = bench.claim(2, Strength::Weak, 1) else { panic!() };
        bench.book.link(again, mac(2), 78);
        assert_eq!(first, again);
        let linked = |bench: &Bench, station| bench.book.linked(first, mac(station));
        assert_eq!(
            [1, 2, 3].map(|station| linked(&bench, station)),
            [Some((ADDR, 77)), Some((ADDR, 78)), None]
        );
        assert!(bench.book.drop_weak(first, mac(1), &bench.locations));
        assert_eq!([1, 2].map(|station| linked(&bench, station)), [None, Some((ADDR, 78))]);
        assert!(bench.book.drop_weak(first, mac(2), &bench.locations));
        assert_eq!(bench.claims(), []);
    }
}
