//! What a station's frames and the words of its access server make together.

use super::change::{Change, ChangeKind, TableKey, Traffic};
use super::event::PresenceEvent;
use super::ledger::Ledger;
use super::settings::PresenceSettings;
use crate::sighting::{Nas, NasPort, Notice, Session, SessionStatus};
use crate::types::{CapturePointId, DomainId, Limits, MacAddr, StationId, Timestamp, Vids};

const MAC: MacAddr = MacAddr::new([0x52, 0x54, 0, 0, 0, 1]);
const SERVER: MacAddr = MacAddr::new([2, 0, 0, 0, 0, 9]);

struct Bench {
    ledger: Ledger,
    frame: u64,
}

fn secs(secs: i64) -> Timestamp {
    Timestamp::from_secs_nanos(secs, 0)
}

impl Bench {
    fn new() -> Self {
        Self::with(Limits::default())
    }

    fn with(limits: Limits) -> Self {
        let mut ledger = Ledger::new(PresenceSettings::default(), limits, 7);
        ledger.add_point(DomainId(0), false);
        Self { ledger, frame: 0 }
    }

    fn change(&mut self, at: i64, mac: MacAddr, kind: ChangeKind) -> Vec<&'static str> {
        self.frame += 1;
        let key =
            TableKey { mac, capture_point: CapturePointId(0), vids: Vids::single(9), ..TableKey::default() };
        self.ledger.handle(&Change { sequence: self.frame, level: 0, at: secs(at), key, kind });
        self.told()
    }

    /// A record of the access server about a station.
    fn account(&mut self, at: i64, mac: MacAddr, status: SessionStatus) -> Vec<&'static str> {
        let nas = Nas { source: [192, 0, 2, 1].into(), address: None, identifier: Some("nas".into()) };
        let port = NasPort { id: Some("eth7".into()), ..NasPort::default() };
        let id = Some(mac.to_string().into());
        let record = Session { id, mac: Some(mac), port, ..Session::bare(status, nas) };
        self.change(at, SERVER, ChangeKind::Notice(Box::new(Notice::Session(record))))
    }

    fn told(&mut self) -> Vec<&'static str> {
        let events = core::iter::from_fn(|| self.ledger.poll());
        events.map(|event: PresenceEvent| event.kind.as_str()).collect()
    }

    fn expire(&mut self, at: i64, last_seen: i64) -> Vec<&'static str> {
        let traffic = Traffic::default();
        self.change(at, MAC, ChangeKind::Expired { last_seen: secs(last_seen), traffic })
    }
}

use SessionStatus::{Start, Stop};

#[test]
fn a_frame_after_a_session_began_is_no_second_start() {
    let mut bench = Bench::new();
    assert_eq!(bench.account(0, MAC, Start), ["start"]);
    assert_eq!(bench.change(1, MAC, ChangeKind::Appeared), ["seen"]);
    assert_eq!(bench.expire(400, 100), ["seen"], "the session stands");
    assert!(bench.ledger.is_present(StationId::Mac(MAC)));
    assert_eq!(bench.change(500, MAC, ChangeKind::Appeared), ["seen"]);
    assert_eq!(bench.expire(900, 600), ["seen"]);
    assert_eq!(bench.account(1_000, MAC, Stop), ["stop"]);
    assert!(!bench.ledger.is_present(StationId::Mac(MAC)));
    assert_eq!(bench.change(1_001, MAC, ChangeKind::Appeared), ["start"]);
}

#[test]
fn who_speaks_after_its_session_ended_is_there_again() {
    let mut bench = Bench::new();
    assert_eq!(bench.change(0, MAC, ChangeKind::Appeared), ["start"]);
    assert_eq!(bench.account(1, MAC, Start), ["located"]);
    assert_eq!(bench.account(50, MAC, Stop), ["stop"]);
    let still = |frames| ChangeKind::StillHere(Traffic { frames, octets: 60 });
    assert_eq!(bench.change(75, MAC, still(9)), ["start"]);
    assert_eq!(bench.change(150, MAC, still(9)), ["seen"]);
    assert_eq!(bench.expire(500, 150), ["expire"]);
}

#[test]
fn a_session_that_runs_out_while_frames_come_is_no_expiry() {
    let mut bench = Bench::new();
    assert_eq!(bench.account(0, MAC, Start), ["start"]);
    bench.change(1, MAC, ChangeKind::Appeared);
    bench.ledger.tick(secs(86_400));
    assert_eq!(bench.told(), ["seen"]);
    assert_eq!(bench.expire(86_500, 86_200), ["expire"]);
}

#[test]
fn a_session_that_is_forgotten_is_told() {
    let mut bench = Bench::with(Limits { sessions_max: 1, ..Limits::default() });
    let other = MacAddr::new([0x52, 0x54, 0, 0, 0, 2]);
    assert_eq!(bench.account(0, MAC, Start), ["start"]);
    assert_eq!(bench.account(1, other, Start), ["stop", "start"]);
    assert_eq!(bench.ledger.sessions().counters().forgotten, 1);
}
