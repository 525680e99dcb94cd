//! Read RFC 2866 sections 4.1 and 5.1, and RFC 2869 section 2.1, before editing.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use super::attachments::NamedBy;
use super::event::{Evidence, EvidenceKind, PresenceEvent, PresenceKind, StopReason};
use super::stay::Stay;
use crate::sighting::{EventTime, Nas, Session, SessionStatus};
use crate::types::{Location, MacAddr, Segment, StationId, Timestamp};

/// How long a session lives of which nobody says how often it is reported.
const UNREPORTED: Duration = Duration::from_secs(24 * 3_600);

/// The shortest time between two reports that is believed to be the interval between them.
const INTERVAL_MIN: Duration = Duration::from_secs(10);

/// How far a server's clock may be off and still order its records.
const CLOCK_SKEW_MAX: Duration = Duration::from_secs(300);

/// Stations that are present because somebody at their port says so: access servers, and relays of DHCP.
///
/// A session lives until it is stopped, or twice its interval after the last report, or, while no interval is known, a
/// day. What a relay says lives as long as a frame of the station would. One station has one session: a
/// newer one takes the place of the older, wherever that was. A server that starts or stops ends its sessions.
///
/// # Bounds
/// `sessions_max` sessions; at the limit the one that would end first is forgotten, which is counted.
///
/// # Reference
/// RFC 2866 section 4.1; RFC 2869 section 2.1.
#[derive(Debug)]
pub struct Sessions {
    sessions_max: usize,
    held: BTreeMap<(MacAddr, NamedBy), Held>,
    deadlines: BTreeSet<(Timestamp, MacAddr, NamedBy)>,
    /// The sessions of each access server.
    of_nas: BTreeSet<(NasName, MacAddr)>,
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
    /// Records about a session that another has taken the place of.
    pub outdated: u64,
    /// Sessions that ended because their server started or stopped.
    pub ended_with_server: u64,
    /// Sessions forgotten to keep the bound.
    pub forgotten: u64,
}

/// The names by which records of one access server are known to be of one.
type NasName = (IpAddr, Option<Box<str>>);

#[derive(Clone, Debug)]
struct Held {
    nas: Option<NasName>,
    id: Option<Box<str>>,
    /// When it began, as far as the records say.
    began_at: Timestamp,
    /// When what was reported last had happened.
    happened_at: Timestamp,
    interval: Option<Duration>,
    ends_at: Timestamp,
    stay: Stay,
}

/// Where and when a message was captured, and the port that it names.
#[derive(Clone, Copy)]
pub(super) struct Reported {
    pub(super) at: Timestamp,
    pub(super) frame: u64,
    pub(super) location: Location,
    pub(super) segment: Segment,
}

impl Sessions {
    pub(super) const fn new(sessions_max: usize, tick: Duration) -> Self {
        Self {
            sessions_max,
            held: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            of_nas: BTreeSet::new(),
            tick,
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

    /// Takes in an accounting record.
    pub(super) fn account(&mut self, record: &Session, said: Reported, events: &mut VecDeque<PresenceEvent>) {
        let kind = EvidenceKind::Accounting(record.status);
        let evidence = Evidence { at: said.at, frame: said.frame, location: said.location, kind };
        let nas = name_of(&record.nas);
        if matches!(record.status, SessionStatus::NasOn | SessionStatus::NasOff) {
            self.counters.records += 1;
            self.end_all(&nas, evidence, events);
            return;
        }
        let Some(mac) = record.mac else {
            self.counters.anonymous += 1;
            return;
        };
        let happened_at = happened(record, said.at);
        let began_at = record.duration.map(|duration| happened_at.before(duration));
        let key = (mac, NamedBy::Radius);
        let known = self.held.get(&key);
        let is_same = known.is_some_and(|held| held.is(&nas, record));
        let is_old = match (known, record.status) {
            (None, _) => record.status == SessionStatus::Stop,
            (Some(held), _) if is_same => happened_at < held.happened_at,
            (Some(held), SessionStatus::Start) => happened_at < held.happened_at,
            (Some(held), SessionStatus::Interim) => began_at.is_none_or(|began| began <= held.began_at),
            (Some(_), _) => true,
        };
        if is_old {
            self.counters.outdated += 1;
            return;
        }
        self.counters.records += 1;
        if record.status == SessionStatus::Stop {
            self.end(key, evidence, StopReason::SessionEnded, events);
            return;
        }
        let known = known.filter(|_| is_same);
        let gap = known.map(|held| said.at.since(held.stay.last.at)).filter(|gap| *gap >= INTERVAL_MIN);
        let gap = gap.filter(|_| record.status == SessionStatus::Interim);
        let stated = record.interim_interval.or_else(|| known.and_then(|held| held.interval).max(gap));
        let began_at = match record.status {
            SessionStatus::Start => happened_at,
            _ => began_at.or_else(|| known.map(|held| held.began_at)).unwrap_or(happened_at),
        };
        let ends_at = said.at.after(stated.map_or(UNREPORTED, |interval| interval * 2));
        let held = Held {
            nas: Some(nas),
            id: record.id.clone(),
            began_at,
            happened_at,
            interval: stated,
            ends_at,
            stay: Stay::begin(said.segment, evidence),
        };
        self.hold(key, held, events);
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
        let held = Held {
            nas: None,
            id: None,
            began_at: said.at,
            happened_at: said.at,
            interval: None,
            ends_at: said.at.after(ttl),
            stay: Stay::begin(said.segment, evidence),
        };
        self.hold((mac, NamedBy::Relay), held, events);
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
    fn hold(&mut self, key: (MacAddr, NamedBy), mut held: Held, events: &mut VecDeque<PresenceEvent>) {
        let (segment, evidence) = (held.stay.segment, held.stay.arrived_by);
        let (at, location) = (evidence.at, evidence.location);
        let kind = match self.remove(key) {
            None => PresenceKind::Started { location, evidence },
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
            self.remove((mac, by));
            self.counters.forgotten += 1;
        }
        held.ends_at = held.ends_at.round_up(self.tick);
        self.deadlines.insert((held.ends_at, key.0, key.1));
        self.of_nas.extend(held.nas.clone().map(|nas| (nas, key.0)));
        self.held.insert(key, held);
        events.push_back(PresenceEvent { at, station: StationId::Mac(key.0), segment, kind });
    }

    fn end(
        &mut self,
        key: (MacAddr, NamedBy),
        evidence: Evidence,
        reason: StopReason,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let Some(held) = self.remove(key) else { return };
        let (at, segment) = (evidence.at, held.stay.segment);
        // Where it was is where it was told to be, not where the record of its end came from.
        let evidence = Evidence { location: held.stay.location, ..evidence };
        let kind = PresenceKind::Stopped { reason, evidence };
        events.push_back(PresenceEvent { at, station: StationId::Mac(key.0), segment, kind });
    }

    /// Ends all sessions of an access server.
    fn end_all(&mut self, nas: &NasName, evidence: Evidence, events: &mut VecDeque<PresenceEvent>) {
        let of_nas = self.of_nas.range((nas.clone(), MacAddr::ZERO)..);
        let macs: Vec<MacAddr> = of_nas.take_while(|(name, _)| name == nas).map(|(_, mac)| *mac).collect();
        for mac in macs {
            self.counters.ended_with_server += 1;
            self.end((mac, NamedBy::Radius), evidence, StopReason::ServerRestarted, events);
        }
    }

    fn remove(&mut self, key: (MacAddr, NamedBy)) -> Option<Held> {
        let held = self.held.remove(&key)?;
        self.deadlines.remove(&(held.ends_at, key.0, key.1));
        if let Some(nas) = &held.nas {
            self.of_nas.remove(&(nas.clone(), key.0));
        }
        Some(held)
    }
}

impl Held {
    /// Tells whether a record is about this session.
    fn is(&self, nas: &NasName, record: &Session) -> bool {
        let same_id = match (&self.id, &record.id) {
            (Some(one), Some(other)) => one == other,
            _ => true,
        };
        self.nas.as_ref() == Some(nas) && same_id
    }
}

fn name_of(nas: &Nas) -> NasName {
    (nas.address.unwrap_or(nas.source), nas.identifier.clone())
}

/// Returns when what a record reports happened; a server's clock counts only while it is about right.
fn happened(record: &Session, at: Timestamp) -> Timestamp {
    match record.at {
        None => at,
        Some(EventTime::Ago(delay)) => at.before(delay),
        Some(EventTime::Stated(stated)) => {
            let skew = stated.since(at).max(at.since(stated));
            if skew <= CLOCK_SKEW_MAX { stated } else { at }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sighting::NasPort;
    use crate::types::{AttachmentId, CapturePointId};

    const MAC: MacAddr = MacAddr::new([0x52, 0x54, 0, 0, 0, 1]);

    struct Bench {
        sessions: Sessions,
        events: VecDeque<PresenceEvent>,
    }

    fn record(status: SessionStatus, nas: u8, id: &str) -> Session {
        Session {
            status,
            nas: Nas { source: IpAddr::from([192, 0, 2, nas]), address: None, identifier: None },
            request: 1,
            id: Some(id.into()),
            mac: Some(MAC),
            called_mac: None,
            ssid: None,
            port: NasPort::default(),
            addresses: Default::default(),
            prefix: None,
            user: None,
            at: None,
            interim_interval: None,
            duration: None,
            octets_in: None,
            octets_out: None,
            terminate_cause: None,
        }
    }

    impl Bench {
        fn new(sessions_max: usize) -> Self {
            let sessions = Sessions::new(sessions_max, Duration::from_secs(1));
            Self { sessions, events: VecDeque::new() }
        }

        fn said(secs: i64, port: u32) -> Reported {
            let (capture_point, attachment) = (CapturePointId(0), AttachmentId(port));
            Reported {
                at: Timestamp::from_secs_nanos(secs, 0),
                frame: 1,
                location: Location::Attached { capture_point, attachment },
                segment: Segment::default(),
            }
        }

        fn account(&mut self, secs: i64, port: u32, record: &Session) -> Vec<&'static str> {
            self.sessions.account(record, Self::said(secs, port), &mut self.events);
            self.told()
        }

        fn tick(&mut self, secs: i64) -> Vec<&'static str> {
            self.sessions.tick(Timestamp::from_secs_nanos(secs, 0), &mut self.events);
            self.told()
        }

        fn told(&mut self) -> Vec<&'static str> {
            self.events.drain(..).map(|event| event.kind.as_str()).collect()
        }
    }

    use SessionStatus::{Interim, NasOff, NasOn, Start, Stop};

    #[test]
    fn a_session_lives_until_it_is_stopped() {
        let mut bench = Bench::new(4);
        assert_eq!(bench.account(0, 7, &record(Start, 1, "a")), ["start"]);
        assert_eq!(bench.tick(86_399), [""; 0]);
        assert_eq!(bench.account(86_399, 7, &record(Stop, 1, "a")), ["stop"]);
        assert_eq!(bench.account(86_400, 7, &record(Stop, 1, "a")), [""; 0]);
        assert_eq!(bench.sessions.counters().outdated, 1);
        assert_eq!(bench.sessions.of(MAC).count(), 0);
    }

    #[test]
    fn a_session_that_is_not_reported_any_more_ends_after_twice_its_interval() {
        let mut bench = Bench::new(4);
        let interval = Some(Duration::from_secs(60));
        bench.account(0, 7, &Session { interim_interval: interval, ..record(Start, 1, "a") });
        assert_eq!(bench.account(60, 7, &record(Interim, 1, "a")), ["seen"]);
        assert_eq!(bench.tick(179), [""; 0]);
        assert_eq!(bench.tick(180), ["expire"]);
    }

    #[test]
    fn an_interval_that_nobody_states_is_learned() {
        let mut bench = Bench::new(4);
        bench.account(0, 7, &record(Start, 1, "a"));
        bench.account(300, 7, &record(Interim, 1, "a"));
        assert_eq!(bench.tick(899), [""; 0]);
        assert_eq!(bench.tick(900), ["expire"]);
    }

    #[test]
    fn a_session_elsewhere_takes_the_place_of_the_former() {
        let mut bench = Bench::new(4);
        bench.account(0, 7, &record(Start, 1, "a"));
        assert_eq!(bench.account(10, 7, &record(Start, 1, "b")), ["seen"]);
        assert_eq!(bench.account(20, 8, &record(Start, 2, "c")), ["move"]);
        // What the former servers still say of it is old.
        assert_eq!(bench.account(30, 7, &record(Stop, 1, "b")), [""; 0]);
        let long = Some(Duration::from_secs(40));
        assert_eq!(bench.account(40, 7, &Session { duration: long, ..record(Interim, 1, "a") }), [""; 0]);
        assert_eq!(bench.sessions.of(MAC).count(), 1);
        assert_eq!(bench.account(50, 8, &record(Stop, 2, "c")), ["stop"]);
    }

    #[test]
    fn a_record_that_was_held_up_changes_nothing() {
        let mut bench = Bench::new(4);
        bench.account(100, 7, &record(Start, 1, "b"));
        let late = Some(EventTime::Ago(Duration::from_secs(50)));
        assert_eq!(bench.account(110, 8, &Session { at: late, ..record(Start, 2, "a") }), [""; 0]);
        let stated = Some(EventTime::Stated(Timestamp::from_secs_nanos(60, 0)));
        assert_eq!(bench.account(110, 8, &Session { at: stated, ..record(Start, 2, "a") }), [""; 0]);
        // A clock that is years off orders nothing.
        let wrong = Some(EventTime::Stated(Timestamp::EPOCH.before(Duration::from_secs(1 << 30))));
        assert_eq!(bench.account(110, 8, &Session { at: wrong, ..record(Start, 2, "a") }), ["move"]);
    }

    #[test]
    fn a_server_that_starts_or_stops_ends_its_sessions_and_no_others() {
        for status in [NasOn, NasOff] {
            let mut bench = Bench::new(4);
            let other = Some(MacAddr::new([2, 0, 0, 0, 0, 2]));
            bench.account(0, 7, &record(Start, 1, "a"));
            bench.account(0, 8, &Session { mac: other, ..record(Start, 2, "a") });
            assert_eq!(bench.account(9, 0, &Session { mac: None, ..record(status, 1, "") }), ["stop"]);
            assert_eq!(bench.sessions.stays().map(|(mac, ..)| Some(mac)).collect::<Vec<_>>(), [other]);
            assert_eq!(bench.sessions.counters().ended_with_server, 1);
        }
    }

    #[test]
    fn an_interim_record_of_an_unknown_session_begins_it_and_nobody_has_none() {
        let mut bench = Bench::new(4);
        assert_eq!(bench.account(0, 7, &record(Interim, 1, "a")), ["start"]);
        assert_eq!(bench.account(0, 7, &Session { mac: None, ..record(Start, 1, "b") }), [""; 0]);
        assert_eq!(bench.sessions.counters().anonymous, 1);
    }

    #[test]
    fn a_full_table_forgets_what_would_end_first() {
        let mut bench = Bench::new(2);
        for last in 1..=3u8 {
            let mac = Some(MacAddr::new([2, 0, 0, 0, 0, last]));
            bench.account(i64::from(last), 7, &Session { mac, ..record(Start, 1, "a") });
        }
        assert_eq!(bench.sessions.counters().forgotten, 1);
        let left: Vec<u8> = bench.sessions.stays().map(|(mac, ..)| mac.octets()[5]).collect();
        assert_eq!(left, [2, 3]);
    }

    #[test]
    fn what_a_relay_says_lives_as_long_as_a_frame() {
        let mut bench = Bench::new(4);
        let ttl = Duration::from_secs(300);
        for (secs, port) in [(0, 7), (100, 7), (200, 8)] {
            bench.sessions.relay(MAC, Bench::said(secs, port), ttl, &mut bench.events);
        }
        assert_eq!(bench.told(), ["start", "seen", "move"]);
        assert_eq!(bench.tick(499), [""; 0]);
        assert_eq!(bench.tick(500), ["expire"]);
    }
}
