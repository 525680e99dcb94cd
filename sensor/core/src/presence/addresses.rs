use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::event::{Evidence, Strength};
use super::settings::PresenceSettings;
use crate::types::{MacAddr, Segment, Timestamp, push_tight};

/// Stations remembered as claimants of one address.
const CLAIMANTS_MAX: usize = 8;

/// Changes between claimants remembered of one address.
const CHANGES_MAX: usize = 16;

/// Which station claims which IP address, now and before.
///
/// A strong claim (ARP, NDP) by another station makes that station the holder; when the former holder
/// claims again within the conflict window, the two are in conflict until one claim has stood alone for
/// the window. A weak claim (the source of a data frame) is remembered and never conflicts.
///
/// # Bounds
/// `addresses_max` addresses, with [`CLAIMANTS_MAX`] claimants each; at the limit a new address is refused and
/// counted, a new claimant takes the place of the weakest that claimed longest
/// ago.
///
/// # Reference
/// RFC 5227 section 2.4 on what a defended address looks like.
#[derive(Debug)]
pub struct AddressBook {
    entries: HashMap<(Segment, IpAddr), Entry, FixedState>,
    addresses_max: usize,
    refused: u64,
    conflicts: BTreeSet<(Segment, IpAddr)>,
}

#[derive(Debug, Default)]
struct Entry {
    claimants: Vec<Claimant>,
    holder: Option<MacAddr>,
    /// When a holder was displaced, and which, newest last.
    changes: Vec<(Timestamp, MacAddr)>,
    in_conflict: bool,
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
    pub(super) segment: Segment,
    pub(super) addr: IpAddr,
    pub(super) mac: MacAddr,
    pub(super) strength: Strength,
    pub(super) rivalry: Rivalry,
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
    /// The station had not claimed the address, or only weakly.
    New,
    /// The address is now contested between this claimant and another.
    Conflict { rival: Claimant },
}

impl AddressBook {
    pub(super) fn new(hasher: FixedState, addresses_max: usize) -> Self {
        Self { entries: HashMap::with_hasher(hasher), addresses_max, refused: 0, conflicts: BTreeSet::new() }
    }

    /// Returns how many addresses were refused because the book was full.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Returns how many claims there are, and how many of them are strong.
    pub fn count(&self) -> (usize, usize) {
        let strong = |entry: &Entry| {
            entry.claimants.iter().filter(|claimant| claimant.strength == Strength::Strong).count()
        };
        let counts = self.entries.values().map(|entry| (entry.claimants.len(), strong(entry)));
        counts.fold((0, 0), |(all, strong), more| (all + more.0, strong + more.1))
    }

    /// Returns every claim, sorted by segment, address and first claim.
    pub fn claims(&self) -> Vec<(Segment, IpAddr, Claimant)> {
        let mut claims: Vec<_> = self
            .entries
            .iter()
            .flat_map(|(&(segment, addr), entry)| {
                entry.claimants.iter().map(move |&claimant| (segment, addr, claimant))
            })
            .collect();
        claims.sort_unstable_by_key(|(segment, addr, claimant)| {
            (*segment, *addr, claimant.first_at, claimant.mac)
        });
        claims
    }

    /// Takes in a claim.
    pub(super) fn claim(&mut self, claim: &Claim, settings: &PresenceSettings) -> ClaimOutcome {
        let Claim { segment, addr, mac, strength, rivalry, evidence } = *claim;
        let full = self.entries.len() >= self.addresses_max;
        if full && !self.entries.contains_key(&(segment, addr)) {
            self.refused += 1;
            return ClaimOutcome::Known;
        }
        let entry = self.entries.entry((segment, addr)).or_default();
        let outcome = entry.note(mac, strength, evidence);
        if rivalry == Rivalry::Exempt || strength == Strength::Weak || !entry.change_holder(mac, evidence.at)
        {
            return outcome;
        }
        let horizon = evidence.at.before(settings.conflict_window);
        entry.changes.retain(|&(at, _)| at >= horizon);
        // Taking an address over is one thing, taking it back another.
        let returns = entry.changes.iter().any(|&(_, displaced)| displaced == mac);
        if !returns && !entry.in_conflict {
            return outcome;
        }
        let rivals =
            entry.claimants.iter().filter(|other| other.mac != mac && other.strength == Strength::Strong);
        match rivals.max_by_key(|other| (other.last_at, other.mac)) {
            Some(&rival) => {
                entry.in_conflict = true;
                self.conflicts.insert((segment, addr));
                ClaimOutcome::Conflict { rival }
            }
            None => outcome,
        }
    }

    /// Returns the conflicts in which one claim has stood alone for the window, with the holder, and ends them.
    pub(super) fn tick(
        &mut self,
        now: Timestamp,
        settings: &PresenceSettings,
    ) -> Vec<(Segment, IpAddr, MacAddr)> {
        let horizon = now.before(settings.conflict_window);
        let mut ended = Vec::new();
        for &(segment, addr) in &self.conflicts {
            let Some(entry) = self.entries.get_mut(&(segment, addr)) else { continue };
            if entry.changes.last().is_some_and(|&(at, _)| at > horizon) {
                continue;
            }
            entry.in_conflict = false;
            ended.extend(entry.holder.map(|holder| (segment, addr, holder)));
        }
        for &(segment, addr, _) in &ended {
            self.conflicts.remove(&(segment, addr));
        }
        ended
    }

    /// Tells whether a conflict is open, so that time matters.
    pub(super) fn is_waiting(&self) -> bool {
        !self.conflicts.is_empty()
    }

    /// Forgets what a router claimed weakly: it forwards for others.
    pub(super) fn drop_weak(&mut self, segment: Segment, mac: MacAddr, addrs: &[IpAddr]) {
        for &addr in addrs {
            let Some(entry) = self.entries.get_mut(&(segment, addr)) else {
                continue;
            };
            entry.claimants.retain(|claimant| claimant.mac != mac || claimant.strength == Strength::Strong);
            if entry.claimants.is_empty() && !entry.in_conflict {
                self.entries.remove(&(segment, addr));
            }
        }
    }
}

impl Entry {
    fn note(&mut self, mac: MacAddr, strength: Strength, evidence: Evidence) -> ClaimOutcome {
        let at = evidence.at;
        if let Some(known) = self.claimants.iter_mut().find(|claimant| claimant.mac == mac) {
            let was = known.strength;
            known.strength = was.max(strength);
            // Claims are told at least once a second, how often is the shard's business: count seconds.
            if known.last_at.as_secs() != at.as_secs() {
                known.count += 1;
                known.last_at = known.last_at.max(at);
                known.evidence = evidence;
            }
            return if was < strength { ClaimOutcome::New } else { ClaimOutcome::Known };
        }
        if self.claimants.len() >= CLAIMANTS_MAX {
            let oldest = self
                .claimants
                .iter()
                .enumerate()
                .min_by_key(|(_, claimant)| (claimant.strength, claimant.last_at));
            if let Some((index, _)) = oldest {
                self.claimants.swap_remove(index);
            }
        }
        push_tight(
            &mut self.claimants,
            Claimant { mac, strength, first_at: at, last_at: at, count: 1, evidence },
        );
        ClaimOutcome::New
    }

    /// Makes a station the holder; tells whether that took it from another.
    fn change_holder(&mut self, mac: MacAddr, at: Timestamp) -> bool {
        let former = self.holder.replace(mac);
        let changed = former.is_some_and(|former| former != mac);
        if changed {
            if self.changes.len() >= CHANGES_MAX {
                self.changes.remove(0);
            }
            self.changes.extend(former.map(|former| (at, former)));
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::EvidenceKind;
    use super::*;
    use crate::types::{CapturePointId, Location, Via, Vids};

    const ADDR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 5));

    fn evidence(secs: i64) -> Evidence {
        let location =
            Location::Wire { capture_point: CapturePointId(0), vids: Vids::UNTAGGED, via: Via::Wire };
        let at = Timestamp::from_secs_nanos(secs, 0);
        Evidence { at, frame: 1, location, kind: EvidenceKind::Claim(ADDR) }
    }

    fn book() -> AddressBook {
        AddressBook::new(FixedState::with_seed(0), 4)
    }

    fn made(addr: IpAddr, mac: MacAddr, strength: Strength, secs: i64) -> Claim {
        let (segment, rivalry) = (Segment::default(), Rivalry::Possible);
        Claim { segment, addr, mac, strength, rivalry, evidence: evidence(secs) }
    }

    fn claim(book: &mut AddressBook, station: u8, strength: Strength, secs: i64) -> ClaimOutcome {
        let mac = MacAddr::new([2, 0, 0, 0, 0, station]);
        let settings = PresenceSettings::default();
        book.claim(&made(ADDR, mac, strength, secs), &settings)
    }

    #[test]
    fn taking_an_address_over_is_no_conflict_but_taking_it_back_is() {
        let mut book = book();
        assert_eq!(claim(&mut book, 1, Strength::Strong, 0), ClaimOutcome::New);
        assert_eq!(claim(&mut book, 2, Strength::Strong, 1), ClaimOutcome::New);
        assert!(matches!(claim(&mut book, 1, Strength::Strong, 2), ClaimOutcome::Conflict { .. }));
        let settings = PresenceSettings::default();
        assert!(book.tick(Timestamp::from_secs_nanos(61, 0), &settings).is_empty());
        let ended = book.tick(Timestamp::from_secs_nanos(62, 0), &settings);
        assert_eq!(ended.len(), 1);
        assert!(!book.is_waiting());
    }

    #[test]
    fn taking_over_twice_is_no_conflict() {
        let mut book = book();
        for station in 1..=3 {
            assert_eq!(claim(&mut book, station, Strength::Strong, i64::from(station)), ClaimOutcome::New);
        }
        assert!(matches!(claim(&mut book, 1, Strength::Strong, 9), ClaimOutcome::Conflict { .. }));
    }

    #[test]
    fn slow_flip_flop_is_no_conflict() {
        let mut book = book();
        for turn in 0..6 {
            let outcome = claim(&mut book, 1 + u8::try_from(turn % 2).unwrap(), Strength::Strong, turn * 61);
            assert!(!matches!(outcome, ClaimOutcome::Conflict { .. }));
        }
    }

    #[test]
    fn weak_claims_never_conflict_and_strong_ones_outrank_them() {
        let mut book = book();
        claim(&mut book, 1, Strength::Strong, 0);
        for turn in 0..10 {
            let outcome = claim(&mut book, 2, Strength::Weak, turn);
            assert!(!matches!(outcome, ClaimOutcome::Conflict { .. }));
            claim(&mut book, 1, Strength::Strong, turn);
        }
        assert_eq!(claim(&mut book, 2, Strength::Strong, 20), ClaimOutcome::New);
    }

    #[test]
    fn a_full_book_refuses_and_counts() {
        let mut book = book();
        let settings = PresenceSettings::default();
        for last in 0..6u8 {
            let addr = IpAddr::from([10, 0, 0, last]);
            let mac = MacAddr::new([2, 0, 0, 0, 0, last]);
            book.claim(&made(addr, mac, Strength::Strong, 0), &settings);
        }
        assert_eq!((book.claims().len(), book.refused()), (4, 2));
    }
}
