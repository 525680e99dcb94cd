use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use arrayvec::ArrayVec;

use super::learned::Learned;
use super::observed::Departed;
use super::places::{Agreement, Covered, Map};
use super::polling::sight_of;
use super::selection::Graces;
use super::sentences::{Conflict, Contradiction, Facts, Silence, Spot, Witness};
use super::{AuditSettings, Kind};
use crate::presence::{Evidence, EvidenceKind, Ledger, Stay, TableSight};
use crate::recorded::{Expectation, Guest, GuestIndex, RunState, Snapshot};
use crate::types::{Confidence, Location, MacAddr, StationId, Timestamp};

/// Says what differs now between what was observed of one subject and what is recorded of it.
///
/// A function of its fields: no memory, no side effect, and no text; that is made when somebody reads it
/// ([`super::sentences`]).
pub(super) struct Judge<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) map: Map<'a>,
    pub(super) settings: &'a AuditSettings,
    pub(super) ledger: &'a Ledger,
    pub(super) departed: &'a Departed,
    /// When the record of a guest was last seen to change, by guest id.
    pub(super) record_changes: &'a BTreeMap<Box<str>, Timestamp>,
    /// When a guest was last recorded on another host, by guest id.
    pub(super) host_changes: &'a BTreeMap<Box<str>, Timestamp>,
    /// When the record of an address was taken away.
    pub(super) removals: &'a BTreeMap<MacAddr, Timestamp>,
    pub(super) learned: &'a Learned,
    /// When the records were replaced.
    pub(super) recorded_at: Timestamp,
    pub(super) now: Timestamp,
}

/// A difference, and from when on it counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    /// From when on the evidence suffices, graces not counted.
    pub(super) since: Timestamp,
    /// From when on it counts: `since` and the grace; never, while nobody can see whether it still stands.
    pub(super) due: Timestamp,
    pub(super) facts: Facts,
    pub(super) evidence: ArrayVec<Evidence, 2>,
}

impl Finding {
    /// Makes one that counts as soon as it is there, without a piece of evidence from a station.
    pub(super) fn plain(kind: Kind, since: Timestamp, facts: Facts) -> Self {
        Self { kind, since, due: since, facts, evidence: ArrayVec::new() }
    }
}

/// A station with the segments on which it is present.
type Sighted = (StationId, Vec<Stay>);

impl Judge<'_> {
    /// Judges a recorded guest.
    pub(super) fn guest(&self, index: GuestIndex) -> Vec<Finding> {
        let Some(guest) = self.snapshot.guest(index) else {
            return Vec::new();
        };
        let stations = self.stations_of(index, guest);
        if !guest.macs.is_empty() && guest.macs.iter().all(|&mac| self.settings.ignores_station(mac)) {
            return Vec::new();
        }
        if self.settings.excludes(self.snapshot, index) {
            return Vec::new();
        }
        let graces = self.settings.graces(self.snapshot, index);
        let findings = [
            stations.iter().find_map(|sighted| self.duplicate_in(sighted)),
            self.zombie(guest, &stations, graces.zombie),
            self.misplaced(guest, &stations, graces.record_lag),
            if stations.is_empty() { self.silent(guest, graces) } else { None },
            self.contradiction(index, guest),
        ];
        findings.into_iter().flatten().filter(|finding| self.settings.is_on(finding.kind)).collect()
    }

    /// Judges a station that is no recorded guest's.
    pub(super) fn station(&self, station: StationId) -> Vec<Finding> {
        // Where nothing is recorded only who is at two places is worth a look.
        let is_quiet = self.nothing_is_recorded() && !self.ledger.may_be_at_two_places(station);
        if is_quiet || self.is_accounted_for(station) {
            return Vec::new();
        }
        let stays = self.ledger.stays(station);
        if stays.is_empty() {
            return Vec::new();
        }
        let findings = [self.unknown(station, &stays), self.duplicate_in(&(station, stays))];
        findings.into_iter().flatten().filter(|finding| self.settings.is_on(finding.kind)).collect()
    }

    /// Judges an address that two stations claim.
    pub(super) fn conflict(&self, addr: IpAddr, conflict: &Conflict) -> Option<Finding> {
        let exempt = self.settings.ignores_address(addr)
            || conflict.rivals.iter().any(|mac| self.settings.ignores_station(*mac));
        let [one, other] = conflict.rivals;
        let snapshot = self.snapshot;
        let one_guest =
            snapshot.guest_by_mac(one).is_some_and(|guest| snapshot.guest_by_mac(other) == Some(guest));
        let one_host =
            snapshot.host_by_mac(one).is_some_and(|host| snapshot.host_by_mac(other) == Some(host));
        // Two network cards of one machine may answer for one address.
        if exempt || one_guest || one_host || !self.settings.is_on(Kind::AddressConflict) {
            return None;
        }
        Some(Finding {
            kind: Kind::AddressConflict,
            since: conflict.since,
            due: conflict.since,
            evidence: conflict.evidence.into(),
            facts: Facts::Conflict(Box::new(conflict.clone())),
        })
    }

    /// Returns what was observed of the stations that count as this guest's.
    ///
    /// Of several guests that share a MAC address only the one that should communicate is judged by it.
    fn stations_of(&self, index: GuestIndex, guest: &Guest) -> Vec<Sighted> {
        let macs = guest.macs.iter().filter(|&&mac| self.snapshot.guest_by_mac(mac) == Some(index));
        let homes = guest.home_addresses.iter().map(|&home| StationId::HomeAddress(home));
        let stations = macs.map(|&mac| StationId::Mac(mac)).chain(homes);
        let sighted = stations.map(|station| (station, self.ledger.stays(station)));
        sighted.filter(|(_, stays)| !stays.is_empty()).collect()
    }

    /// Tells whether a station is recorded as something, ignored, or by nature at several places.
    fn is_accounted_for(&self, station: StationId) -> bool {
        let snapshot = self.snapshot;
        match station {
            StationId::HomeAddress(home) => snapshot.guest_by_home_address(home).is_some(),
            StationId::Mac(mac) => {
                mac.is_virtual_router()
                    || snapshot.guest_by_mac(mac).is_some()
                    || snapshot.host_by_mac(mac).is_some()
                    || snapshot.known_station(mac).is_some()
                    || self.settings.ignores_station(mac)
            }
        }
    }

    fn nothing_is_recorded(&self) -> bool {
        let snapshot = self.snapshot;
        snapshot.guests().is_empty() && snapshot.hosts().is_empty() && snapshot.known_stations().is_empty()
    }

    fn unknown(&self, station: StationId, stays: &[Stay]) -> Option<Finding> {
        let snapshot = self.snapshot;
        if self.learned.excuses(station) {
            return None;
        }
        if self.nothing_is_recorded() {
            // Nor is anything unknown.
            return None;
        }
        let removed = match station {
            StationId::Mac(mac) => self.removals.get(&mac).copied(),
            StationId::HomeAddress(_) => None,
        };
        // What was last said while it was recorded is nobody's fault.
        let is_news = |stay: &&Stay| removed.is_none_or(|removed| stay.last.spoke_at() >= removed);
        let first = stays.iter().filter(is_news).min_by_key(|stay| (stay.arrived_by.at, stay.segment))?;
        let since = first.arrived_by.at.max(removed.unwrap_or(Timestamp::MIN));
        let in_prefix = matches!(station, StationId::Mac(mac) if snapshot.guest_prefix(mac).is_some());
        Some(Finding {
            kind: if in_prefix { Kind::UnknownGuest } else { Kind::UnknownStation },
            since,
            due: since,
            evidence: evidence_of(first),
            facts: Facts::Unknown(self.spot(station, first)),
        })
    }

    /// Two places are two only where each is a known host or port: ends of tunnels that are nobody's may be the two
    /// switches of one host, or all those that answer for a gateway.
    fn duplicate_in(&self, (station, stays): &Sighted) -> Option<Finding> {
        let places = stays.iter().filter_map(|here| here.duplicate.as_deref().copied());
        let is_two = |places: &[Evidence; 2]| {
            let locations = places.map(|place| place.location);
            // The two ports of one host: bonded links, or links that take turns.
            locations.iter().all(|&location| self.map.confidence(location) >= Confidence::Host)
                && !self.map.share_host(locations)
        };
        places.filter(is_two).map(|places| duplicate(*station, places)).next()
    }

    /// Sources contradict each other about it, or it shares an address with others that should communicate as well.
    fn contradiction(&self, index: GuestIndex, guest: &Guest) -> Option<Finding> {
        if self.recorded_at == Timestamp::MIN {
            // There is no time yet.
            return None;
        }
        let is_talking = |at: &GuestIndex| {
            let state = self.snapshot.guest(*at).map(|guest| guest.run_state.should_communicate());
            state == Some(Expectation::Yes)
        };
        let mut facts = Contradiction { claims: guest.conflicts.clone(), twins: Vec::new() };
        for &mac in &guest.macs {
            let holders = self.snapshot.guests_by_mac(mac);
            if holders.len() < 2 || !is_talking(&index) {
                continue;
            }
            let mut talking: Vec<GuestIndex> = holders.iter().copied().filter(is_talking).collect();
            talking.sort_unstable();
            // It is told of the first of them.
            if let [first, others @ ..] = &talking[..]
                && *first == index
                && !others.is_empty()
            {
                let ids =
                    others.iter().filter_map(|&at| self.snapshot.guest(at)).map(|guest| guest.id.clone());
                facts.twins.push((mac, ids.collect()));
            }
        }
        if facts.claims.is_empty() && facts.twins.is_empty() {
            return None;
        }
        Some(Finding::plain(Kind::RecordConflict, self.recorded_at, Facts::Contradiction(Box::new(facts))))
    }

    fn zombie(&self, guest: &Guest, stations: &[Sighted], grace: Duration) -> Option<Finding> {
        if guest.run_state.should_communicate() != Expectation::No {
            return None;
        }
        let off_since = guest.state_since.max(self.record_changes.get(&guest.id).copied());
        let counts_from = off_since.map_or(Timestamp::MIN, |since| since.after(grace));
        let stays = stations.iter().flat_map(|(station, stays)| stays.iter().map(|stay| (*station, stay)));
        // A table may still have what was said while it was on.
        let is_proof = |here: &Stay| {
            here.last.at >= counts_from && off_since.is_none_or(|off| here.last.spoke_at() >= off)
        };
        let proofs = stays.filter(|(_, here)| is_proof(here));
        let (station, here) = proofs.max_by_key(|(_, here)| (here.last.at, here.segment))?;
        let came_off = off_since.is_none_or(|off| here.arrived_by.spoke_at() >= off);
        let is_row = matches!(here.last.kind, EvidenceKind::ForwardingRow { .. });
        let first = if is_row && !came_off { here.last.at } else { here.arrived_by.at };
        let since = first.max(counts_from);
        Some(Finding {
            kind: Kind::ZombieGuest,
            since,
            due: since,
            evidence: evidence_of(here),
            facts: Facts::Zombie { spot: self.spot(station, here), state: guest.run_state, off_since, grace },
        })
    }

    fn misplaced(&self, guest: &Guest, stations: &[Sighted], record_lag: Duration) -> Option<Finding> {
        if guest.run_state == RunState::Migrating {
            return None;
        }
        let stays = || stations.iter().flat_map(|(station, stays)| stays.iter().map(|stay| (*station, stay)));
        let is_row = |here: &Stay| matches!(here.last.kind, EvidenceKind::ForwardingRow { .. });
        let is_outdated = |here: &Stay| {
            // A row that stays in a table says no more than when it came.
            let said_at = if is_row(here) { here.arrived_by.at } else { here.last.at };
            let is_newer = |other: &Stay| {
                !core::ptr::eq(other, here)
                    && other.last.at > said_at
                    && self.map.confidence(other.location) >= Confidence::Host
            };
            // What somebody said once is no evidence against what was seen, said or recorded since.
            matches!(here.location, Location::Attached { .. })
                && (self.host_changes.get(&guest.id).is_some_and(|&changed| here.last.spoke_at() < changed)
                    || stays().any(|(_, other)| is_newer(other)))
        };
        let agreement = |here: &Stay| self.map.agreement(here.location, guest);
        let is_anothers = |here: &Stay| {
            let in_place = |other: &Stay| {
                other.segment.overlay != here.segment.overlay && agreement(other) == Agreement::Agrees
            };
            // Networks laid over each other may use the same addresses: the one in place is the guest.
            here.segment.overlay.is_some() && stays().any(|(_, other)| in_place(other))
        };
        // Of several switches that have it, one has it at its place.
        let is_in_place = |station: StationId, here: &Stay| {
            let StationId::Mac(mac) = station else { return false };
            let mut places = self.ledger.forwarding().places(mac);
            is_row(here) && places.any(|place| self.map.agreement(place, guest) == Agreement::Agrees)
        };
        let (station, here) =
            stays().filter(|(_, here)| here.duplicate.is_none()).find(|(station, here)| {
                agreement(here) == Agreement::Differs
                    && !is_outdated(here)
                    && !is_anothers(here)
                    && !is_in_place(*station, here)
            })?;
        let spot = self.spot(station, here);
        let was_there = |(_, other): (StationId, &Stay)| other.arrived_by.at < here.arrived_by.at;
        let (since, due) = match spot.moved {
            // It was known before it was in a table: that is news of a move, not of a start.
            None if is_row(here) && stays().any(was_there) => {
                (here.arrived_by.at, here.arrived_by.at.after(record_lag))
            }
            None => (here.arrived_by.at, here.arrived_by.at),
            Some((_, since)) => (since, since.after(record_lag)),
        };
        // A record may as well lead: whoever plans a move may write it down before the guest has gone.
        let recorded_at = self.host_changes.get(&guest.id).copied();
        let due = due.max(recorded_at.map_or(Timestamp::MIN, |at| at.after(self.settings.record_lag)));
        Some(Finding {
            kind: Kind::MisplacedGuest,
            since,
            due,
            evidence: evidence_of(here),
            facts: Facts::Misplaced { spot, record_lag },
        })
    }

    fn silent(&self, guest: &Guest, graces: Graces) -> Option<Finding> {
        if guest.macs.is_empty() || guest.run_state.should_communicate() != Expectation::Yes {
            return None;
        }
        // A mobile node that is away is seen by its bindings.
        let macs = guest.macs.iter().map(|&mac| StationId::Mac(mac));
        let homes = guest.home_addresses.iter().map(|&home| StationId::HomeAddress(home));
        let stations = || macs.clone().chain(homes.clone());
        if stations().any(|station| self.ledger.is_present(station)) {
            return None;
        }
        let host = guest.host.and_then(|host| self.snapshot.host(host));
        let gone = stations().filter_map(|station| self.departed.get(station)).max_by_key(|gone| gone.at);
        let gone = gone.copied();
        let in_tables = gone.is_some_and(|gone| matches!(gone.last.kind, EvidenceKind::ForwardingRow { .. }));
        let by_tables =
            host.map_or(TableSight::No, |host| sight_of(host, in_tables, self.ledger.forwarding()));
        let by_points = self.map.points.coverage(host, self.now, self.settings.blind_after);
        let (covered_since, witness, is_blind) = match (by_points, by_tables) {
            (Covered::Since(since), TableSight::Since(polled)) if polled < since => {
                (polled, Witness::Tables, false)
            }
            (Covered::Since(since), _) => (since, Witness::Point, false),
            (_, TableSight::Since(polled)) => (polled, Witness::Tables, false),
            (Covered::Blind, _) | (_, TableSight::Blind) => (Timestamp::MAX, Witness::Point, true),
            (Covered::No, TableSight::No) => return None,
        };
        let running_since = guest.state_since.max(self.record_changes.get(&guest.id).copied());
        let started = running_since.map_or(Timestamp::MIN, |at| at.after(graces.start_up));
        let sight_due = covered_since.after(graces.start_up);
        let (since, due) = match gone {
            Some(gone) => {
                let grace = if gone.by_its_word { graces.silence } else { Duration::ZERO };
                (gone.last_seen, gone.at.after(grace).max(sight_due))
            }
            None => (covered_since, sight_due),
        };
        let mut addresses = stations().map(|station| self.ledger.addresses_of(station));
        let silence = Silence {
            gone,
            covered_since,
            witness,
            start_up: graces.start_up,
            state: guest.run_state,
            addresses: addresses.find(|addresses| !addresses.is_empty()).unwrap_or_default(),
        };
        Some(Finding {
            kind: Kind::SilentGuest,
            since,
            due: if is_blind { Timestamp::MAX } else { due.max(started) },
            evidence: gone.map(|gone| gone.last).into_iter().collect(),
            facts: Facts::Silent(Box::new(silence)),
        })
    }

    fn spot(&self, station: StationId, stay: &Stay) -> Spot {
        Spot::new(station, stay, self.ledger.addresses_of(station))
    }
}

fn duplicate(station: StationId, places: [Evidence; 2]) -> Finding {
    let since = places[0].at.max(places[1].at);
    Finding {
        kind: Kind::DuplicateGuest,
        since,
        due: since,
        evidence: places.into(),
        facts: Facts::Duplicate { station, places: Box::new(places) },
    }
}

fn evidence_of(stay: &Stay) -> ArrayVec<Evidence, 2> {
    let mut evidence = ArrayVec::new();
    evidence.push(stay.arrived_by);
    if stay.last != stay.arrived_by {
        evidence.push(stay.last);
    }
    evidence
}
