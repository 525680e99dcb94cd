use super::*;
use crate::types::{AttachmentId, CapturePointId};

const MAC: MacAddr = MacAddr::new([0x52, 0x54, 0, 0, 0, 1]);

struct Bench {
    sessions: Sessions,
    events: VecDeque<PresenceEvent>,
}

fn record(status: SessionStatus, nas: u8, id: &str) -> Session {
    let nas = Nas { source: IpAddr::from([192, 0, 2, nas]), address: None, identifier: None };
    Session { id: Some(id.into()), mac: Some(MAC), ..Session::bare(status, nas) }
}

impl Bench {
    fn new(sessions_max: usize) -> Self {
        let sessions = Sessions::new(sessions_max, &PresenceSettings::default());
        Self { sessions, events: VecDeque::new() }
    }

    fn said(secs: i64, port: u32) -> Reported {
        let (capture_point, attachment) = (CapturePointId(0), AttachmentId(port));
        Reported {
            at: Timestamp::from_secs_nanos(secs, 0),
            frame: 1,
            location: Location::Attached { capture_point, attachment },
            segment: Segment::default(),
            present: false,
            first: true,
        }
    }

    fn account(&mut self, secs: i64, port: u32, record: &Session) -> Vec<&'static str> {
        let said = Self::said(secs, port);
        self.sessions.account(record, said, || Some(said.location), &mut self.events);
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
    // The first report may come soon, to tell of the address.
    bench.account(12, 7, &record(Interim, 1, "a"));
    bench.account(30, 7, &record(Interim, 1, "a"));
    assert_eq!(bench.tick(3_000), [""; 0]);
    bench.account(3_000, 7, &record(Interim, 1, "a"));
    bench.account(3_300, 7, &record(Interim, 1, "a"));
    assert_eq!(bench.tick(3_300 + 2 * 2_970 - 1), [""; 0]);
    assert_eq!(bench.tick(3_300 + 2 * 2_970), ["expire"]);
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
    let delay = Some(Duration::from_secs(50));
    assert_eq!(bench.account(110, 8, &Session { delay, ..record(Start, 2, "a") }), [""; 0]);
    let stated = |at| Some(Timestamp::from_secs_nanos(at, 0));
    bench.account(110, 7, &Session { stated_at: stated(105), ..record(Start, 1, "b") });
    let held_up = Session { stated_at: stated(60), ..record(Start, 1, "a") };
    assert_eq!(bench.account(111, 8, &held_up), [""; 0]);
    assert_eq!(bench.sessions.counters().outdated, 2);
    // A clock that is years off orders nothing.
    let stated_at = Some(Timestamp::EPOCH.before(Duration::from_secs(1 << 30)));
    assert_eq!(bench.account(112, 8, &Session { stated_at, ..record(Start, 1, "a") }), ["move"]);
}

#[test]
fn clocks_of_two_servers_are_not_compared() {
    let mut bench = Bench::new(4);
    let at = |secs| Some(Timestamp::from_secs_nanos(secs, 0));
    bench.account(0, 7, &Session { stated_at: at(200), ..record(Start, 2, "a") });
    assert_eq!(bench.account(30, 8, &Session { stated_at: at(30), ..record(Start, 1, "b") }), ["move"]);
    assert_eq!(bench.account(40, 7, &Session { stated_at: at(240), ..record(Stop, 2, "a") }), [""; 0]);
    assert_eq!(bench.sessions.of(MAC).count(), 1);
}

#[test]
fn what_is_outdated_is_not_acted_on() {
    let mut bench = Bench::new(4);
    let (said, mut events) = (Bench::said(9, 7), VecDeque::new());
    bench.account(8, 7, &record(Start, 2, "b"));
    let mut acts =
        |record: &Session| bench.sessions.account(record, said, || Some(said.location), &mut events);
    assert!(!acts(&record(Interim, 1, "a")));
    assert!(!acts(&Session { mac: None, ..record(Start, 2, "b") }));
    assert!(acts(&record(Interim, 2, "b")));
    assert!(acts(&record(Stop, 2, "b")));
}

#[test]
fn what_had_happened_when_a_session_ended_does_not_bring_it_back() {
    let ten = Some(Duration::from_secs(10));
    for end in [record(Stop, 1, "a"), Session { mac: None, ..record(NasOn, 1, "") }] {
        let mut bench = Bench::new(4);
        bench.account(0, 7, &record(Start, 1, "a"));
        bench.account(65, 7, &end);
        let late = Session { delay: ten, ..record(Interim, 1, "a") };
        assert_eq!(bench.account(70, 7, &late), [""; 0]);
        assert_eq!(bench.sessions.counters().outdated, 1);
        // Another session, and what happened after, is none of it.
        let other = Session { delay: ten, ..record(Start, 1, "b") };
        assert_eq!(bench.account(70, 7, &other), ["start"]);
        bench.account(80, 7, &record(Stop, 1, "b"));
        assert_eq!(bench.account(81, 7, &record(Start, 1, "b")), ["start"]);
    }
}

#[test]
fn ends_are_bounded() {
    let mut bench = Bench::new(2);
    for turn in 0..5 {
        bench.account(turn, 7, &record(Start, 1, &turn.to_string()));
        bench.account(turn, 7, &record(Stop, 1, &turn.to_string()));
    }
    assert_eq!((bench.sessions.ended.len(), bench.sessions.endings.len()), (2, 2));
    assert_eq!(bench.sessions.counters().forgotten, 3);
    bench.account(1_000, 7, &record(Start, 1, "x"));
    bench.account(1_000, 7, &record(Stop, 1, "x"));
    assert_eq!((bench.sessions.ended.len(), bench.sessions.counters().forgotten), (1, 3));
}

#[test]
fn a_server_that_says_again_that_it_started_ends_nothing_newer() {
    let mut bench = Bench::new(4);
    let on = Session { mac: None, ..record(NasOn, 1, "") };
    bench.account(0, 7, &on);
    bench.account(5, 7, &record(Start, 1, "a"));
    let again = Session { delay: Some(Duration::from_secs(10)), ..on };
    assert_eq!(bench.account(10, 7, &again), [""; 0]);
    assert_eq!(bench.sessions.of(MAC).count(), 1);
}

#[test]
fn a_server_is_known_by_any_of_its_names() {
    let nas = |source: u8, address: Option<u8>, identifier: Option<&str>| Nas {
        source: IpAddr::from([192, 0, 2, source]),
        address: address.map(|last| IpAddr::from([10, 0, 0, last])),
        identifier: identifier.map(Into::into),
    };
    for (one, other, is_one) in [
        (nas(1, Some(1), Some("a")), nas(1, Some(1), None), true),
        (nas(1, Some(1), Some("a")), nas(9, None, Some("a")), true),
        (nas(1, None, Some("a")), nas(9, None, Some("a")), true),
        (nas(1, Some(1), None), nas(9, Some(1), None), true),
        (nas(1, None, None), nas(1, None, None), true),
        (nas(1, Some(1), Some("a")), nas(1, Some(2), Some("a")), false),
        (nas(1, None, Some("a")), nas(1, None, Some("b")), false),
        (nas(1, Some(1), None), nas(1, Some(2), None), false),
        (nas(1, None, None), nas(2, None, None), false),
    ] {
        for status in [Stop, NasOn] {
            let mut bench = Bench::new(4);
            bench.account(0, 7, &Session { nas: one.clone(), ..record(Start, 1, "a") });
            let told = bench.account(9, 7, &Session { nas: other.clone(), ..record(status, 1, "a") });
            assert_eq!(!told.is_empty(), is_one, "{one:?} {other:?} {status:?}");
        }
    }
}

#[test]
fn a_record_at_no_port_ends_sessions_and_begins_none() {
    let mut bench = Bench::new(4);
    bench.account(0, 7, &record(Start, 1, "a"));
    let (said, mut events) = (Bench::said(9, 7), VecDeque::new());
    let mut acts = |record: &Session| bench.sessions.account(record, said, || None, &mut events);
    assert!(!acts(&record(Start, 1, "b")));
    assert!(acts(&record(Stop, 1, "a")));
    assert!(!acts(&record(Interim, 1, "c")));
    assert_eq!(bench.sessions.counters().records, 2);
    assert_eq!(bench.sessions.of(MAC).count(), 0);
}

#[test]
fn a_station_that_is_present_starts_no_second_time() {
    let mut bench = Bench::new(4);
    let said = Reported { present: true, ..Bench::said(9, 7) };
    let port = || Some(said.location);
    bench.sessions.account(&record(Start, 1, "a"), said, port, &mut bench.events);
    assert_eq!(bench.told(), ["located"]);
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
