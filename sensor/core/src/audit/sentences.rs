//! What a discrepancy says, made when somebody reads it.

use core::time::Duration;
use std::net::IpAddr;

use super::discrepancy::{Key, Subject};
use super::flapping::Flap;
use super::observed::Gone;
use super::places::Map;
use super::told;
use super::{AuditSettings, Kind};
use crate::presence::{Arrival, Evidence, EvidenceKind, Pressure, Stay, ToldAddresses};
use crate::recorded::{Guest, RecordConflict, RunState, Snapshot};
use crate::types::{Blindness, Location, MacAddr, StationId, Timestamp};

/// What a discrepancy says, in sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// What the inventories say.
    pub recorded: String,
    /// What the wire says.
    pub observed: String,
    /// One English sentence that says what differs, where, and which rule was applied.
    pub explanation: String,
    /// The reasoning, step by step.
    pub steps: Vec<String>,
}

/// What a difference consists of: enough to say it in sentences, and nothing that is said.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Facts {
    Unknown(Spot),
    Duplicate { station: StationId, places: Box<[Evidence; 2]> },
    Zombie { spot: Spot, state: RunState, off_since: Option<Timestamp>, grace: Duration },
    Misplaced { spot: Spot, record_lag: Duration },
    Silent(Box<Silence>),
    Conflict(Box<Conflict>),
    Contradiction(Box<Contradiction>),
    Flood { since: Timestamp, pressure: Pressure },
    Blind { since: Timestamp, cause: Option<Blindness> },
    Stale(Stale),
    Flapping(Flap),
}

/// Where a station is, and since when.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spot {
    station: StationId,
    location: Location,
    came_at: Timestamp,
    last_at: Timestamp,
    /// Where it was before, and when it was first sighted here, if it moved.
    pub(super) moved: Option<(Location, Timestamp)>,
    /// Boxed as one: most strangers have one address or none.
    addresses: Box<[IpAddr]>,
}

/// A guest that nobody sees.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Silence {
    pub(super) gone: Option<Gone>,
    pub(super) covered_since: Timestamp,
    pub(super) witness: Witness,
    pub(super) start_up: Duration,
    pub(super) state: RunState,
    pub(super) addresses: ToldAddresses,
}

/// Who would notice a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Witness {
    /// A capture point.
    Point,
    /// The polled forwarding tables of its host's switches.
    Tables,
}

/// What the records say of one guest that cannot all be so.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Contradiction {
    /// What sources contradict each other about.
    pub(super) claims: Vec<RecordConflict>,
    /// The other guests with one of its addresses that should communicate as well.
    pub(super) twins: Vec<(MacAddr, Vec<Box<str>>)>,
}

/// A source that is not to be relied on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stale {
    pub(super) since: Timestamp,
    pub(super) why: Staleness,
}

/// Why it is not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Staleness {
    /// It has not been heard for too long.
    Old { heard_at: Timestamp },
    /// It lost more guests at once than is believed.
    Shrank { before: usize, after: usize },
}

/// Two stations that claim one address.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conflict {
    pub(super) rivals: [MacAddr; 2],
    pub(super) evidence: [Evidence; 2],
    pub(super) since: Timestamp,
}

impl Spot {
    pub(super) fn new(station: StationId, stay: &Stay, addresses: ToldAddresses) -> Self {
        let moved = match stay.arrival {
            Arrival::Started => None,
            Arrival::Moved { from, since } => Some((from, since)),
        };
        Self {
            station,
            location: stay.location,
            came_at: stay.arrived_by.at,
            last_at: stay.last.at,
            moved,
            addresses: addresses.as_slice().into(),
        }
    }
}

/// Says in sentences what differs, by the names that a snapshot knows.
pub(super) struct Teller<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) map: Map<'a>,
    pub(super) settings: &'a AuditSettings,
}

impl Teller<'_> {
    pub(super) fn tell(&self, key: &Key, facts: &Facts) -> Statement {
        match facts {
            Facts::Unknown(spot) => self.unknown(spot),
            Facts::Duplicate { station, places } => self.duplicate(&key.subject, *station, **places),
            Facts::Zombie { spot, state, off_since, grace } => {
                self.zombie(&key.subject, spot, *state, *off_since, *grace)
            }
            Facts::Misplaced { spot, record_lag } => self.misplaced(&key.subject, spot, *record_lag),
            Facts::Silent(silence) => self.silent(&key.subject, silence),
            Facts::Conflict(conflict) => self.conflict(&key.subject, conflict),
            Facts::Contradiction(facts) => told::contradiction(&key.subject, facts),
            Facts::Flood { since, pressure } => told::flood(&key.subject, *since, *pressure),
            Facts::Blind { since, cause } => told::blind(&key.subject, *since, *cause, self.settings),
            Facts::Stale(stale) => told::stale(&key.subject, stale, self.settings),
            Facts::Flapping(flap) => told::flapping(&key.subject, flap),
        }
    }

    fn describe(&self, location: Location) -> String {
        self.map.describe(location)
    }

    fn guest(&self, subject: &Subject) -> Option<&Guest> {
        let Subject::Guest(id) = subject else { return None };
        self.snapshot.guest_by_id(id).and_then(|at| self.snapshot.guest(at))
    }

    fn unknown(&self, spot: &Spot) -> Statement {
        let (snapshot, station) = (self.snapshot, spot.station);
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
        let (place, addresses) = (self.describe(spot.location), with(&spot.addresses));
        Statement {
            recorded: "nowhere".to_owned(),
            observed: format!("at {place}{addresses}"),
            explanation: format!(
                "Station {station} ({what}) talks at {place}{addresses}, last at {}, and no inventory has it.",
                clock(spot.last_at)
            ),
            steps: vec![
                format!("{station} was first seen at {} at {place}.", clock(spot.came_at)),
                format!("It is no recorded guest's, host's or known station's; it is {what}."),
                format!("A station that nobody recorded is an {kind} until it is recorded or gone."),
            ],
        }
    }

    fn duplicate(&self, subject: &Subject, station: StationId, places: [Evidence; 2]) -> Statement {
        let [former, latter] = places.map(|evidence| self.describe(evidence.location));
        let since = places[0].at.max(places[1].at);
        let (who, recorded) = match subject {
            Subject::Guest(id) => {
                let guest = self.guest(subject);
                let record = |guest| self.map.describe_record(guest, places[0].location);
                (format!("Guest {id} ({station})"), guest.map_or_else(|| "no host".to_owned(), record))
            }
            _ => (format!("Station {station}"), "nowhere".to_owned()),
        };
        Statement {
            observed: format!("at {former} and at {latter}"),
            explanation: format!(
                "{who} speaks in turn at {former} and at {latter} since {}: it was cloned or runs twice; it is recorded on {recorded}.",
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

    fn zombie(
        &self,
        subject: &Subject,
        spot: &Spot,
        state: RunState,
        off_since: Option<Timestamp>,
        grace: Duration,
    ) -> Statement {
        let (place, addresses) = (self.describe(spot.location), with(&spot.addresses));
        let (state, station) = (state.as_str(), spot.station);
        let off = off_since.map_or_else(String::new, |at| format!(" since {}", clock(at)));
        Statement {
            recorded: format!("{state}{off}"),
            observed: format!("talking at {place}{addresses}"),
            explanation: format!(
                "Guest {subject} is recorded as {state}{off}, yet its station {station} talks at {place}{addresses}, last at {}.",
                clock(spot.last_at)
            ),
            steps: vec![
                format!("The record says {state}{off}: it should not communicate."),
                format!(
                    "{station} was seen at {place} from {} to {}.",
                    clock(spot.came_at),
                    clock(spot.last_at)
                ),
                match off_since {
                    None => "The record does not say since when, so no grace applies.".to_owned(),
                    Some(_) => format!(
                        "That is later than the zombie grace of {} after it was recorded off.",
                        span(grace)
                    ),
                },
            ],
        }
    }

    fn misplaced(&self, subject: &Subject, spot: &Spot, record_lag: Duration) -> Statement {
        let guest = self.guest(subject);
        let record = |guest| self.map.describe_record(guest, spot.location);
        let recorded = guest.map_or_else(|| "no host".to_owned(), record);
        let (place, addresses) = (self.describe(spot.location), with(&spot.addresses));
        let station = spot.station;
        let (since, came, rule) = match spot.moved {
            None => (
                spot.came_at,
                "It was first seen there".to_owned(),
                "A start is held against the record at once.".to_owned(),
            ),
            Some((from, since)) => (
                since,
                format!("It moved there from {}", self.describe(from)),
                format!("The record did not follow within the record lag of {}.", span(record_lag)),
            ),
        };
        Statement {
            observed: format!("at {place}{addresses}"),
            explanation: format!(
                "Guest {subject} ({station}) is at {place}{addresses} since {}, but recorded on {recorded}.",
                clock(since)
            ),
            steps: vec![
                format!("Recorded: {recorded}."),
                format!("Observed: {station} at {place}, last at {}.", clock(spot.last_at)),
                format!("{came} at {}.", clock(since)),
                rule,
            ],
            recorded,
        }
    }

    fn silent(&self, subject: &Subject, silence: &Silence) -> Statement {
        let host = self.guest(subject).and_then(|guest| self.snapshot.host(guest.host?));
        let on = host.map_or_else(|| "no host".to_owned(), |host| format!("host {}", host.id));
        let covered_since = silence.covered_since;
        let (observed, grace) = match silence.gone {
            Some(gone) => {
                let place = self.describe(gone.location);
                let observed = format!("silent since {}, last at {place}", clock(gone.last_seen));
                let rule = match gone.last.kind {
                    EvidenceKind::ForwardingRow { .. } => "The poll after next did not have it any more, at",
                    _ => "Its time to live ran out at",
                };
                (observed, format!("{rule} {}.", clock(gone.at)))
            }
            None => {
                let grace = silence.start_up;
                let observed = format!("never seen since {}", clock(covered_since));
                (observed, format!("Its place has been in sight for the start-up grace of {}.", span(grace)))
            }
        };
        let (state, addresses) = (silence.state.as_str(), with(&silence.addresses));
        Statement {
            recorded: format!("{state} on {on}"),
            explanation: format!(
                "Guest {subject} is recorded as {state} on {on}, yet {observed}{addresses}."
            ),
            steps: vec![
                format!("The record says {state}: it should communicate."),
                match silence.witness {
                    Witness::Point => format!(
                        "{on} is covered by a capture point that gives sight since {}.",
                        clock(covered_since)
                    ),
                    Witness::Tables => format!(
                        "{on} is covered by the forwarding tables of its switches, polled since {}.",
                        clock(covered_since)
                    ),
                },
                format!("None of its stations is present: {observed}."),
                grace,
            ],
            observed,
        }
    }

    fn conflict(&self, subject: &Subject, conflict: &Conflict) -> Statement {
        let Subject::Address(addr, _) = *subject else { return Statement::default() };
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
        let places = conflict.evidence.map(|evidence| self.describe(evidence.location));
        let observed = format!("claimed by {former} at {} and by {latter} at {}", places[0], places[1]);
        Statement {
            explanation: format!(
                "Address {addr} is {observed}: each claimed it again after the other within the conflict window."
            ),
            steps: vec![
                match conflict.evidence[0].kind {
                    EvidenceKind::Grant(_) => {
                        format!("A server granted {addr} to {former} at {}.", clock(conflict.evidence[0].at))
                    }
                    _ => {
                        format!(
                            "{former} claimed {addr} by ARP or NDP at {}.",
                            clock(conflict.evidence[0].at)
                        )
                    }
                },
                format!(
                    "{latter} claimed it at {}, after the former had claimed it too.",
                    clock(conflict.evidence[1].at)
                ),
                "A takeover is one change of claimant; these were two or more within the window.".to_owned(),
                format!("Recorded: {recorded}."),
            ],
            recorded,
            observed,
        }
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

/// Says which addresses a station claimed last, as the end of a phrase.
fn with(addresses: &[IpAddr]) -> String {
    if addresses.is_empty() {
        return String::new();
    }
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    format!(" with {}", addresses.join(", "))
}

/// Prints a time to the second, for sentences.
pub(super) fn clock(at: Timestamp) -> String {
    let text = at.to_string();
    text.split_once('.').map_or_else(|| text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

/// Prints a grace in seconds.
pub(super) fn span(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
