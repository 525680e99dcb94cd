//! Read RFC 2866 sections 4.1 and 5.1, and RFC 2869 section 2.1, before editing.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use super::attachments::NamedBy;
use super::event::{Evidence, EvidenceKind, PresenceEvent, PresenceKind, StopReason};
use super::settings::PresenceSettings;
use super::stay::Stay;
use crate::sighting::{Nas, Session, SessionStatus};
use crate::types::{Location, MacAddr, Segment, StationId, Timestamp};

/// The shortest interval that a server may have (RFC 2869 section 5.16).
const INTERVAL_MIN: Duration = Duration::from_secs(60);

/// How long a session that ended is remembered, so that a late record does not bring it back.
const ENDED_KEPT: Duration = Duration::from_secs(600);

/// Ends of one station that a record is compared with, the latest ones.
const ENDED_COMPARED: usize = 16;

/// How far a server's clock may be off and still order its records.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(300);

/// Stations that are present because somebody at their port says so: access servers, and relays of DHCP.
///
/// A session lives until it is stopped, or twice its interval after the last report, or, while no interval is known, for a time
/// that is set. What a relay says lives as long as a frame of the station would. One station has one session: a
/// newer one takes the place of the older, wherever that was. A server that starts or stops ends the sessions that it had
/// by then. A session that ended stays ended: what had happened by then is outdated for some minutes.
///
/// # Bounds
/// `sessions_max` sessions; at the limit the one that would end first is forgotten, which is told and counted. As many ends; at the
/// limit the oldest is forgotten, which is counted with them.
///
/// # Reference
/// RFC 2866 section 4.1; RFC 2869 sections 2.1 and 5.16.
#[derive(Debug)]
pub struct Sessions {
    sessions_max: usize,
    /// How long a session lives of which nobody says how often it is reported.
    unreported: Duration,
    held: BTreeMap<(MacAddr, NamedBy), Held>,
    deadlines: BTreeSet<(Timestamp, MacAddr, NamedBy)>,
    /// The sessions of each access server, by each of its names.
    of_nas: BTreeSet<(NasName, MacAddr)>,
    /// The sessions that ended lately, by number.
    ended: BTreeMap<(MacAddr, u64), Ended>,
    /// The same in the order in which they ended, with when they are forgotten.
    endings: VecDeque<(Timestamp, MacAddr, u64)>,
    ends: u64,
    tick: Duration,
    counters: SessionCounters,
}

/// What happened to sessions; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounters {
    /// Accounting records that were acted on.
    pub records: u64,
    /// Records without a station's address.
    pub anonymous: u64,
    /// Records about a session that has ended or that another has taken the place of.
    pub outdated: u64,
    /// Sessions that ended because their server started or stopped.
    pub ended_with_server: u64,
    /// Sessions, and ends of sessions, forgotten to keep the bound.
    pub forgotten: u64,
}

/// A name of an access server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum NasName {
    Identifier(Box<str>),
    Address(IpAddr),
}

/// The names by which records of one access server are known to be of one.
#[derive(Clone, Debug)]
struct Server {
    identifier: Option<Box<str>>,
    /// The address that it says it has; who sent the packet only where it does not name itself.
    address: Option<IpAddr>,
}

/// When something happened.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// By the frame and the packet's delay.
    reported: Timestamp,
    /// By the server's own clock, while that is about right.
    stated: Option<Timestamp>,
}

/// The end of a session.
#[derive(Clone, Debug)]
struct Ended {
    server: Server,
    id: Option<Box<str>>,
    happened: Moment,
    until: Timestamp,
}

#[derive(Clone, Debug)]
struct Held {
    server: Option<Server>,
    id: Option<Box<str>>,
    /// When it began, as far as the records say.
    began: Moment,
    /// When what was reported last had happened.
    happened: Moment,
    /// When the last interim report was made.
    interim_at: Option<Timestamp>,
    interval: Option<Duration>,
    ends_at: Timestamp,
    stay: Stay,
}

/// When and where a message was captured, or where the port is that it names.
#[derive(Clone, Copy)]
pub(super) struct Reported {
    pub(super) at: Timestamp,
    pub(super) frame: u64,
    pub(super) location: Location,
    pub(super) segment: Segment,
    /// Whether the station is present, by whatever evidence.
    pub(super) present: bool,
    /// Whether nothing is known of it.
    pub(super) first: bool,
}

impl Sessions {
    pub(super) const fn new(sessions_max: usize, settings: &PresenceSettings) -> Self {
        Self {
            sessions_max,
            unreported: settings.session_ttl,
            held: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            of_nas: BTreeSet::new(),
            ended: BTreeMap::new(),
            endings: VecDeque::new(),
            ends: 0,
            tick: settings.tick,
            counters: SessionCounters {
                records: 0,
                anonymous: 0,
                outdated: 0,
                ended_with_server: 0,
                forgotten: 0,
            },
        }
    }

    /// Returns the counters.
    pub const fn counters(&self) -> SessionCounters {
        self.counters
    }

    /// Returns the stations that are present by somebody's word, in order, with where.
    pub fn stays(&self) -> impl Iterator<Item = (MacAddr, NamedBy, &Stay)> {
        self.held.iter().map(|(&(mac, by), held)| (mac, by, &held.stay))
    }

    pub(super) fn of(&self, mac: MacAddr) -> impl Iterator<Item = &Stay> {
        let range = (mac, NamedBy::Radius)..=(mac, NamedBy::Relay);
        self.held.range(range).map(|(_, held)| &held.stay)
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(deadline, ..)| *deadline)
    }

    /// Takes in an accounting record; `port` finds the port that it names. Returns whether it was acted on.
    pub(super) fn account(
        &mut self,
        record: &Session,
        said: Reported,
        port: impl FnOnce() -> Option<Location>,
        events: &mut VecDeque<PresenceEvent>,
    ) -> bool {
        let kind = EvidenceKind::Accounting(record.status);
        let evidence = Evidence { at: said.at, frame: said.frame, location: said.location, kind };
        let server = Server::of(&record.nas);
        let happened = Moment::of(record, said.at);
        if matches!(record.status, SessionStatus::NasOn | SessionStatus::NasOff) {
            self.counters.records += 1;
            self.end_all(&server, happened, evidence, events);
            return true;
        }
        let Some(mac) = record.mac else {
            self.counters.anonymous += 1;
            return false;
        };
        let key = (mac, NamedBy::Radius);
        let known = self.held.get(&key).filter(|held| held.is(&server, record));
        let is_old = match (self.held.get(&key), known) {
            _ if self.has_ended(mac, &server, record, happened, said.at) => true,
            (None, _) => record.status == SessionStatus::Stop,
            (Some(_), Some(known)) => happened.is_before(known.happened, true),
            (Some(held), None) => {
                let is_one_clock = held.server.as_ref().is_some_and(|other| other.is(&server));
                let began = record.duration.map(|duration| happened.before(duration));
                match record.status {
                    SessionStatus::Start => happened.is_before(held.happened, is_one_clock),
                    SessionStatus::Interim => {
                        began.is_none_or(|began| !held.began.is_before(began, is_one_clock))
                    }
                    _ => true,
                }
            }
        };
        if is_old {
            self.counters.outdated += 1;
            return false;
        }
        if record.status == SessionStatus::Stop {
            self.counters.records += 1;
            self.end(key, happened, evidence, StopReason::SessionEnded, events);
            return true;
        }
        // A station at no known port: what is known of it stays.
        let Some(location) = port() else { return false };
        self.counters.records += 1;
        let evidence = Evidence { location, ..evidence };
        let is_interim = record.status == SessionStatus::Interim;
        let interim_at = known.and_then(|held| held.interim_at);
        let gap = interim_at.filter(|_| is_interim).map(|before| happened.reported.since(before));
        let learned = known.and_then(|held| held.interval).max(gap.filter(|gap| *gap >= INTERVAL_MIN));
        let interval = record.interim_interval.map(|stated| stated.max(INTERVAL_MIN)).or(learned);
        let began = match (record.status, record.duration) {
            (SessionStatus::Start, _) => happened,
            (_, Some(duration)) => happened.before(duration),
            _ => known.map_or(happened, |held| held.began),
        };
        let held = Held {
            server: Some(server),
            id: record.id.clone(),
            began,
            happened,
            interim_at: if is_interim { Some(happened.reported) } else { interim_at },
            interval,
            ends_at: said.at.after(interval.map_or(self.unreported, |interval| interval * 2)),
            stay: Stay::begin(said.segment, evidence),
        };
        self.hold(key, held, said, events);
        true
    }

    /// Takes in that a relay named the port of a station, which is to be believed for `ttl`.
    pub(super) fn relay(
        &mut self,
        mac: MacAddr,
        said: Reported,
        ttl: Duration,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let kind = EvidenceKind::Relayed;
        let evidence = Evidence { at: said.at, frame: said.frame, location: said.location, kind };
        let moment = Moment { reported: said.at, stated: None };
        let held = Held {
            server: None,
            id: None,
            began: moment,
            happened: moment,
            interim_at: None,
            interval: None,
            ends_at: said.at.after(ttl),
            stay: Stay::begin(said.segment, evidence),
        };
        self.hold((mac, NamedBy::Relay), held, said, events);
    }

    /// Ends what has run out at `now`.
    pub(super) fn tick(&mut self, now: Timestamp, events: &mut VecDeque<PresenceEvent>) {
        while let Some(&(deadline, mac, by)) = self.deadlines.first().filter(|(due, ..)| *due <= now) {
            let Some(held) = self.remove((mac, by)) else {
                self.deadlines.pop_first();
                continue;
            };
            let Stay { segment, location, last, .. } = held.stay;
            let kind = PresenceKind::Expired { last_seen: last.at, location, last };
            events.push_back(PresenceEvent { at: deadline, station: StationId::Mac(mac), segment, kind });
        }
    }

    /// Makes or renews what is held of a station, and tells which it was.
    fn hold(
        &mut self,
        key: (MacAddr, NamedBy),
        mut held: Held,
        said: Reported,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let (segment, evidence) = (held.stay.segment, held.stay.arrived_by);
        let (at, location) = (evidence.at, evidence.location);
        let kind = match self.remove(key) {
            None if said.present => PresenceKind::Located { location, evidence },
            None => PresenceKind::Started { location, evidence, first: said.first },
            Some(former) => {
                let kind = if former.stay.location.is_same_place(location) {
                    PresenceKind::Seen { location, evidence }
                } else {
                    PresenceKind::Moved { from: former.stay.location, to: location, since: at, evidence }
                };
                held.stay = former.stay;
                held.stay.note(at, &kind);
                kind
            }
        };
        if self.held.len() >= self.sessions_max
            && let Some(&(_, mac, by)) = self.deadlines.first()
        {
            if let Some(forgotten) = self.remove((mac, by)) {
                let Stay { segment, last, .. } = forgotten.stay;
                let kind = PresenceKind::Stopped { reason: StopReason::Forgotten, evidence: last };
                events.push_back(PresenceEvent { at, station: StationId::Mac(mac), segment, kind });
            }
            self.counters.forgotten += 1;
        }
        held.ends_at = held.ends_at.round_up(self.tick);
        self.deadlines.insert((held.ends_at, key.0, key.1));
        self.of_nas.extend(held.server.iter().flat_map(Server::names).map(|name| (name, key.0)));
        self.held.insert(key, held);
        events.push_back(PresenceEvent { at, station: StationId::Mac(key.0), segment, kind });
    }

    fn end(
        &mut self,
        key: (MacAddr, NamedBy),
        happened: Moment,
        evidence: Evidence,
        reason: StopReason,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let Some(held) = self.remove(key) else { return };
        let (at, segment) = (evidence.at, held.stay.segment);
        if let Some(server) = held.server {
            let until = at.after(ENDED_KEPT);
            self.remember(key.0, Ended { server, id: held.id, happened, until }, at);
        }
        // Where it was is where it was told to be, not where the record of its end came from.
        let evidence = Evidence { location: held.stay.location, ..evidence };
        let kind = PresenceKind::Stopped { reason, evidence };
        events.push_back(PresenceEvent { at, station: StationId::Mac(key.0), segment, kind });
    }

    /// Ends the sessions of an access server that had begun by `happened`.
    fn end_all(
        &mut self,
        server: &Server,
        happened: Moment,
        evidence: Evidence,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let mut macs = BTreeSet::new();
        for name in server.names() {
            let of_nas = self.of_nas.range((name.clone(), MacAddr::ZERO)..);
            macs.extend(of_nas.take_while(|(other, _)| *other == name).map(|(_, mac)| *mac));
        }
        for mac in macs {
            let key = (mac, NamedBy::Radius);
            let is_over = self.held.get(&key).is_some_and(|held| {
                held.server.as_ref().is_some_and(|other| other.is(server))
                    && !happened.is_before(held.began, true)
            });
            if is_over {
                self.counters.ended_with_server += 1;
                self.end(key, happened, evidence, StopReason::ServerRestarted, events);
            }
        }
    }

    /// Tells whether a record is about a session that had ended when it happened.
    fn has_ended(
        &self,
        mac: MacAddr,
        server: &Server,
        record: &Session,
        happened: Moment,
        now: Timestamp,
    ) -> bool {
        let ended = self.ended.range((mac, 0)..=(mac, u64::MAX)).rev().take(ENDED_COMPARED);
        ended.map(|(_, ended)| ended).any(|ended| {
            ended.until > now
                && is_one_id(ended.id.as_deref(), record.id.as_deref())
                && ended.server.is(server)
                && !ended.happened.is_before(happened, true)
        })
    }

    /// Remembers that a session ended, and forgets what is too long ago or too much.
    fn remember(&mut self, mac: MacAddr, ended: Ended, now: Timestamp) {
        while let Some(&(until, mac, number)) = self.endings.front() {
            let is_full = self.endings.len() >= self.sessions_max;
            if until > now && !is_full {
                break;
            }
            self.counters.forgotten += u64::from(until > now);
            self.endings.pop_front();
            self.ended.remove(&(mac, number));
        }
        self.ends += 1;
        self.endings.push_back((ended.until, mac, self.ends));
        self.ended.insert((mac, self.ends), ended);
    }

    fn remove(&mut self, key: (MacAddr, NamedBy)) -> Option<Held> {
        let held = self.held.remove(&key)?;
        self.deadlines.remove(&(held.ends_at, key.0, key.1));
        for name in held.server.iter().flat_map(Server::names) {
            self.of_nas.remove(&(name, key.0));
        }
        Some(held)
    }
}

impl Held {
    /// Tells whether a record is about this session.
    fn is(&self, server: &Server, record: &Session) -> bool {
        is_one_id(self.id.as_deref(), record.id.as_deref())
            && self.server.as_ref().is_some_and(|other| other.is(server))
    }
}

/// Tells whether two ids may be of one session: a record without one is about whichever there is.
fn is_one_id(one: Option<&str>, other: Option<&str>) -> bool {
    one.is_none() || other.is_none() || one == other
}

impl Server {
    fn of(nas: &Nas) -> Self {
        let source = nas.identifier.is_none().then_some(nas.source);
        Self { identifier: nas.identifier.clone(), address: nas.address.or(source) }
    }

    /// Tells whether two records are of one server: one identifier at addresses that do not differ, or one address.
    fn is(&self, other: &Self) -> bool {
        let addrs = self.address.zip(other.address);
        let is_one_addr = addrs.is_some_and(|(one, other)| one == other);
        let is_one_identifier = self.identifier.is_some() && self.identifier == other.identifier;
        is_one_addr || (is_one_identifier && addrs.is_none())
    }

    fn names(&self) -> impl Iterator<Item = NasName> {
        let identifier = self.identifier.clone().map(NasName::Identifier);
        identifier.into_iter().chain(self.address.map(NasName::Address))
    }
}

impl Moment {
    /// Reads when what a record reports happened.
    fn of(record: &Session, at: Timestamp) -> Self {
        let reported = record.delay.map_or(at, |delay| at.before(delay));
        let stated = record.stated_at;
        let stated =
            stated.filter(|stated| stated.since(reported).max(reported.since(*stated)) <= CLOCK_SKEW_MAX);
        Self { reported, stated }
    }

    const fn before(self, duration: Duration) -> Self {
        let stated = match self.stated {
            Some(stated) => Some(stated.before(duration)),
            None => None,
        };
        Self { reported: self.reported.before(duration), stated }
    }

    /// Tells which was first; what servers state compares only where both have it of one clock.
    fn is_before(self, other: Self, is_one_clock: bool) -> bool {
        match self.stated.zip(other.stated).filter(|_| is_one_clock) {
            Some((one, other)) => one < other,
            None => self.reported < other.reported,
        }
    }
}

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
