use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::observed::{Arrival, SegmentSight, Sight};
use super::places::{Agreement, Covered, Points, describe_record};
use super::{AuditSettings, Kind};
use crate::presence::Evidence;
use crate::recorded::{Expectation, Guest, GuestIndex, RunState, Snapshot};
use crate::types::{MacAddr, StationId, Timestamp};

/// Says what differs now between what was observed of one subject and what is recorded of it.
///
/// A function of its fields: no memory, no side effect.
pub(super) struct Judge<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) points: &'a Points,
    pub(super) settings: &'a AuditSettings,
    pub(super) sights: &'a HashMap<StationId, Sight, FixedState>,
    /// When the record of a guest was last seen to change, by guest id.
    pub(super) record_changes: &'a BTreeMap<Box<str>, Timestamp>,
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
    pub(super) recorded: String,
    pub(super) observed: String,
    pub(super) evidence: Vec<Evidence>,
    pub(super) explanation: String,
    pub(super) steps: Vec<String>,
}

/// Two stations that claim one address.
#[derive(Clone, Debug)]
pub(super) struct Conflict {
    pub(super) rivals: [MacAddr; 2],
    pub(super) evidence: [Evidence; 2],
    pub(super) since: Timestamp,
}

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
        let findings = [
            self.duplicate_guest(guest, &stations),
            self.zombie(guest, &stations),
            self.misplaced(guest, &stations),
            self.silent(guest),
        ];
        findings.into_iter().flatten().filter(|finding| self.settings.is_on(finding.kind)).collect()
    }

    /// Judges a station that is no recorded guest's.
    pub(super) fn station(&self, station: StationId) -> Vec<Finding> {
        let Some(sight) = self.sights.get(&station).filter(|sight| sight.is_present()) else {
            return Vec::new();
        };
        if self.is_accounted_for(station) {
            return Vec::new();
        }
        let findings = [self.unknown(station, sight), self.duplicate_station(station, sight)];
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
        let owners: Vec<&str> = self
            .snapshot
            .guests_by_address(addr)
            .iter()
            .filter_map(|&guest| self.snapshot.guest(guest))
            .map(|guest| &*guest.id)
            .collect();
        let recorded = match owners[..] {
            [] => "no guest has this address".to_owned(),
            _ => format!("address of {}", owners.join(", ")),
        };
        let [former, latter] = conflict.rivals.map(|mac| self.name(mac));
        let places = conflict.evidence.map(|evidence| self.points.describe(evidence.location, self.snapshot));
        let observed = format!("claimed by {former} at {} and by {latter} at {}", places[0], places[1]);
        Some(Finding {
            kind: Kind::AddressConflict,
            since: conflict.since,
            due: conflict.since,
            explanation: format!(
                "Address {addr} is {observed}: each claimed it again after the other within the conflict window."
            ),
            steps: vec![
                format!("{former} claimed {addr} by ARP or NDP at {}.", clock(conflict.evidence[0].at)),
                format!(
                    "{latter} claimed it at {}, after the former had claimed it too.",
                    clock(conflict.evidence[1].at)
                ),
                "A takeover is one change of claimant; these were two or more within the window.".to_owned(),
                format!("Recorded: {recorded}."),
            ],
            recorded,
            observed,
            evidence: conflict.evidence.to_vec(),
        })
    }

    /// Returns what was observed of the stations that count as this guest's.
    ///
    /// Of several guests that share a MAC address only the one that should communicate is judged by it.
    fn stations_of(&self, index: GuestIndex, guest: &Guest) -> Vec<(StationId, &Sight)> {
        let macs = guest.macs.iter().filter(|&&mac| self.snapshot.guest_by_mac(mac) == Some(index));
        let homes = guest.home_addresses.iter().map(|&home| StationId::HomeAddress(home));
        let stations = macs.map(|&mac| StationId::Mac(mac)).chain(homes);
        stations.filter_map(|station| Some((station, self.sights.get(&station)?))).collect()
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

    fn unknown(&self, station: StationId, sight: &Sight) -> Option<Finding> {
        let snapshot = self.snapshot;
        if snapshot.guests().is_empty() && snapshot.hosts().is_empty() && snapshot.known_stations().is_empty()
        {
            // Where nothing is recorded, nothing is unknown.
            return None;
        }
        let first = sight.present.iter().min_by_key(|sight| (sight.arrived_by.at, sight.segment))?;
        let prefix = match station {
            StationId::Mac(mac) => snapshot.guest_prefix(mac),
            StationId::HomeAddress(_) => None,
        };
        let kind = if prefix.is_some() { Kind::UnknownGuest } else { Kind::UnknownStation };
        let what = match (station, prefix) {
            (_, Some(prefix)) => format!("a {} guest by its prefix {}", prefix.label, prefix.prefix),
            (StationId::Mac(mac), None) if mac.is_local() => {
                "a private (locally administered) address".to_owned()
            }
            (StationId::Mac(_), None) => "in no guest prefix".to_owned(),
            (StationId::HomeAddress(_), None) => "the home address of a mobile node".to_owned(),
        };
        let place = self.points.describe(first.location, snapshot);
        let addresses = addresses_of(sight);
        Some(Finding {
            kind,
            since: first.arrived_by.at,
            due: first.arrived_by.at,
            recorded: "nowhere".to_owned(),
            observed: format!("at {place}{addresses}"),
            evidence: evidence_of(first),
            explanation: format!(
                "Station {station} ({what}) talks at {place}{addresses}, last at {}, and no inventory has it.",
                clock(first.last.at)
            ),
            steps: vec![
                format!("{station} was first seen at {} at {place}.", clock(first.arrived_by.at)),
                format!("It is no recorded guest's, host's or known station's; it is {what}."),
                format!("A station that nobody recorded is an {kind} until it is recorded or gone."),
            ],
        })
    }

    fn duplicate_guest(&self, guest: &Guest, stations: &[(StationId, &Sight)]) -> Option<Finding> {
        let (station, places) = duplicate_in(stations)?;
        if self.points.share_host(places.map(|place| place.location), self.snapshot) {
            // The two ports of one host: bonded links, or links that take turns.
            return None;
        }
        let recorded = describe_record(guest, places[0].location, self.snapshot);
        let subject = format!("Guest {} ({station})", guest.id);
        Some(self.duplicate(&subject, recorded, places))
    }

    fn duplicate_station(&self, station: StationId, sight: &Sight) -> Option<Finding> {
        let (_, places) = duplicate_in(&[(station, sight)])?;
        Some(self.duplicate(&format!("Station {station}"), "nowhere".to_owned(), places))
    }

    fn duplicate(&self, subject: &str, recorded: String, places: [Evidence; 2]) -> Finding {
        let [former, latter] = places.map(|evidence| self.points.describe(evidence.location, self.snapshot));
        let since = places[0].at.max(places[1].at);
        Finding {
            kind: Kind::DuplicateGuest,
            since,
            due: since,
            observed: format!("at {former} and at {latter}"),
            evidence: places.to_vec(),
            explanation: format!(
                "{subject} speaks in turn at {former} and at {latter} since {}: it was cloned or runs twice; it is recorded on {recorded}.",
                clock(since)
            ),
            steps: vec![
                format!("It was at {former}, last seen there at {}.", clock(places[0].at)),
                format!("It was seen at {latter} as well, at {}.", clock(places[1].at)),
                "Each place spoke at least twice, in turn, within the duplicate window.".to_owned(),
                "Announcements do not explain the changes, and the frames are no mirror copies.".to_owned(),
                format!("Recorded: {recorded}."),
            ],
            recorded,
        }
    }

    fn zombie(&self, guest: &Guest, stations: &[(StationId, &Sight)]) -> Option<Finding> {
        if guest.run_state.should_communicate() != Expectation::No {
            return None;
        }
        let off_since = guest.state_since.max(self.record_changes.get(&guest.id).copied());
        let counts_from = off_since.map_or(Timestamp::MIN, |since| since.after(self.settings.zombie_grace));
        let (station, sight, here) = stations
            .iter()
            .flat_map(|(station, sight)| sight.present.iter().map(move |here| (station, sight, here)))
            .max_by_key(|(_, _, here)| (here.last.at, here.segment))?;
        if here.last.at < counts_from {
            return None;
        }
        let since = here.arrived_by.at.max(counts_from);
        let place = self.points.describe(here.location, self.snapshot);
        let state = guest.run_state.as_str();
        let (addresses, off) =
            (addresses_of(sight), off_since.map_or_else(String::new, |at| format!(" since {}", clock(at))));
        Some(Finding {
            kind: Kind::ZombieGuest,
            since,
            due: since,
            recorded: format!("{state}{off}"),
            observed: format!("talking at {place}{addresses}"),
            evidence: evidence_of(here),
            explanation: format!(
                "Guest {} is recorded as {state}{off}, yet its station {station} talks at {place}{addresses}, last at {}.",
                guest.id,
                clock(here.last.at)
            ),
            steps: vec![
                format!("The record says {state}{off}: it should not communicate."),
                format!(
                    "{station} was seen at {place} from {} to {}.",
                    clock(here.arrived_by.at),
                    clock(here.last.at)
                ),
                match off_since {
                    None => "The record does not say since when, so no grace applies.".to_owned(),
                    Some(_) => format!(
                        "That is later than the zombie grace of {} after it was recorded off.",
                        span(self.settings.zombie_grace)
                    ),
                },
            ],
        })
    }

    fn misplaced(&self, guest: &Guest, stations: &[(StationId, &Sight)]) -> Option<Finding> {
        if guest.run_state == RunState::Migrating {
            return None;
        }
        let (station, sight, here) = stations
            .iter()
            .flat_map(|(station, sight)| sight.present.iter().map(move |here| (station, sight, here)))
            .filter(|(_, _, here)| here.duplicate.is_none())
            .find(|(_, _, here)| {
                self.points.agreement(here.location, guest, self.snapshot) == Agreement::Differs
            })?;
        let recorded = describe_record(guest, here.location, self.snapshot);
        let (place, addresses) = (self.points.describe(here.location, self.snapshot), addresses_of(sight));
        let (since, due, came) = match here.arrival {
            Arrival::Started => {
                (here.arrived_by.at, here.arrived_by.at, "It was first seen there".to_owned())
            }
            Arrival::Moved { from, since } => {
                let from = self.points.describe(from, self.snapshot);
                (since, since.after(self.settings.record_lag), format!("It moved there from {from}"))
            }
        };
        let rule = match here.arrival {
            Arrival::Started => "A start is held against the record at once.".to_owned(),
            Arrival::Moved { .. } => format!(
                "The record did not follow within the record lag of {}.",
                span(self.settings.record_lag)
            ),
        };
        Some(Finding {
            kind: Kind::MisplacedGuest,
            since,
            due,
            observed: format!("at {place}{addresses}"),
            evidence: evidence_of(here),
            explanation: format!(
                "Guest {} ({station}) is at {place}{addresses} since {}, but recorded on {recorded}.",
                guest.id,
                clock(since)
            ),
            steps: vec![
                format!("Recorded: {recorded}."),
                format!("Observed: {station} at {place}, last at {}.", clock(here.last.at)),
                format!("{came} at {}.", clock(since)),
                rule,
            ],
            recorded,
        })
    }

    fn silent(&self, guest: &Guest) -> Option<Finding> {
        if guest.macs.is_empty() || guest.run_state.should_communicate() != Expectation::Yes {
            return None;
        }
        // A mobile node that is away is seen by its bindings.
        let macs = guest.macs.iter().map(|&mac| StationId::Mac(mac));
        let homes = guest.home_addresses.iter().map(|&home| StationId::HomeAddress(home));
        let stations: Vec<StationId> = macs.chain(homes).collect();
        let sights = || stations.iter().filter_map(|station| self.sights.get(station));
        if sights().any(Sight::is_present) {
            return None;
        }
        let host = guest.host.and_then(|host| self.snapshot.host(host));
        let (covered_since, is_blind) = match self.points.coverage(host, self.now, self.settings.blind_after)
        {
            Covered::Since(since) => (since, false),
            Covered::Blind => (Timestamp::MAX, true),
            Covered::No => return None,
        };
        let running_since = guest.state_since.max(self.record_changes.get(&guest.id).copied());
        let started = running_since.map_or(Timestamp::MIN, |at| at.after(self.settings.start_up_grace));
        let gone = sights().filter_map(|sight| sight.gone.as_deref().copied()).max_by_key(|gone| gone.at);
        let on = host.map_or_else(|| "no host".to_owned(), |host| format!("host {}", host.id));
        let sight_due = covered_since.after(self.settings.start_up_grace);
        let (since, due, observed, grace) = match gone {
            Some(gone) => {
                let place = self.points.describe(gone.location, self.snapshot);
                let grace = if gone.by_its_word { self.settings.silence_grace } else { Duration::ZERO };
                let observed = format!("silent since {}, last at {place}", clock(gone.last_seen));
                let rule = format!("Its time to live ran out at {}.", clock(gone.at));
                (gone.last_seen, gone.at.after(grace).max(sight_due), observed, rule)
            }
            None => {
                let grace = self.settings.start_up_grace;
                let observed = format!("never seen since {}", clock(covered_since));
                let rule = format!("Its place has been in sight for the start-up grace of {}.", span(grace));
                (covered_since, sight_due, observed, rule)
            }
        };
        let addresses =
            sights().find(|sight| !sight.addresses.is_empty()).map_or_else(String::new, addresses_of);
        let state = guest.run_state.as_str();
        Some(Finding {
            kind: Kind::SilentGuest,
            since,
            due: if is_blind { Timestamp::MAX } else { due.max(started) },
            recorded: format!("{state} on {on}"),
            evidence: gone.and_then(|gone| gone.last).into_iter().collect(),
            explanation: format!(
                "Guest {} is recorded as {state} on {on}, yet {observed}{addresses}.",
                guest.id
            ),
            steps: vec![
                format!("The record says {state}: it should communicate."),
                format!(
                    "{on} is covered by a capture point that gives sight since {}.",
                    clock(covered_since)
                ),
                format!("None of its stations is present: {observed}."),
                grace,
            ],
            observed,
        })
    }

    /// Names a station by what it is recorded as.
    fn name(&self, mac: MacAddr) -> String {
        let snapshot = self.snapshot;
        let guest = snapshot.guest_by_mac(mac).and_then(|guest| snapshot.guest(guest));
        let host = snapshot.host_by_mac(mac).and_then(|host| snapshot.host(host));
        let known = snapshot.known_station(mac);
        match (guest, host, known) {
            (Some(guest), _, _) => format!("{mac} (guest {})", guest.id),
            (_, Some(host), _) => format!("{mac} (host {})", host.id),
            (_, _, Some(known)) => format!("{mac} ({})", known.name),
            _ => format!("{mac} (unrecorded)"),
        }
    }
}

fn duplicate_in(stations: &[(StationId, &Sight)]) -> Option<(StationId, [Evidence; 2])> {
    stations.iter().find_map(|&(station, sight)| {
        sight.present.iter().find_map(|here| Some((station, *here.duplicate.clone()?)))
    })
}

fn evidence_of(sight: &SegmentSight) -> Vec<Evidence> {
    let mut evidence = vec![sight.arrived_by];
    if sight.last != sight.arrived_by {
        evidence.push(sight.last);
    }
    evidence
}

/// Says which addresses a station claimed last, as the end of a phrase.
fn addresses_of(sight: &Sight) -> String {
    if sight.addresses.is_empty() {
        return String::new();
    }
    let addresses: Vec<String> = sight.addresses.iter().map(ToString::to_string).collect();
    format!(" with {}", addresses.join(", "))
}

/// Prints a time to the second, for sentences.
fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    text.split_once('.').map_or_else(|| text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

/// Prints a grace in seconds.
fn span(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
