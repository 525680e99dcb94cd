//! The engine on frames built here: what goes in is octets, what comes out is discrepancies.

use core::time::Duration;
use std::sync::Arc;

use super::{Input, Output, Shard, ShardOutput, ShardSettings, Share, Spine, SpineSettings};
use crate::audit::{AuditEvent, Discrepancy, DiscrepancyChange, DiscrepancyState, Kind, Statement};
use crate::presence::{ChangeKind, PresenceKind, RecordedStations};
use crate::recorded::rows::{AttachmentRow, GuestRow, HostRow, SwitchRow, Text};
use crate::recorded::{Position, Snapshot, SnapshotBuilder};
use crate::types::{
    Blindness, CapturePoint, CapturePointId, Coverage, Direction, Frame, Limits, LinkType, MacAddr, Port,
    StationId, Timestamp,
};

const GUEST: [u8; 6] = [0x52, 0x54, 0, 0, 0, 1];
const OTHER: [u8; 6] = [0x52, 0x54, 0, 0, 0, 2];
const STRANGER: [u8; 6] = [0x52, 0x54, 0, 0, 0, 0x99];

/// A made capture: times in milliseconds, capture point, octets.
type Made = (i64, u16, Vec<u8>);

/// A frame of IPv4 and UDP whose `mark` makes it differ from others.
fn data(millis: i64, point: u16, mac: [u8; 6], mark: u8) -> Made {
    let mut octets = vec![2, 0, 0, 0, 0, 0xfe];
    octets.extend(mac);
    octets.extend([0x08, 0x00, 0x45, 0, 0, 46, 0, mark, 0, 0, 64, 17, 0, 0, 10, 0, 0, mac[5], 10, 0, 0, 254]);
    octets.resize(60, mark);
    (millis, point, octets)
}

/// An ARP reply that says that `mac` has the address 10.0.0.`last`.
fn arp(millis: i64, point: u16, mac: [u8; 6], last: u8) -> Made {
    let mut octets = vec![0xff; 6];
    octets.extend(mac);
    octets.extend([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 2]);
    octets.extend(mac);
    octets.extend([10, 0, 0, last]);
    octets.extend([2, 0, 0, 0, 0, 0xfe, 10, 0, 0, 254]);
    octets.resize(60, 0);
    (millis, point, octets)
}

/// Frames of `mac` at `point` every second from `from` to `to` seconds.
fn talk(mac: [u8; 6], point: u16, from: i64, to: i64) -> Vec<Made> {
    (from..to)
        .map(|second| data(second * 1_000 + 3, point, mac, u8::try_from(second % 251).unwrap()))
        .collect()
}

fn text(value: &str) -> Text {
    Text::new(value, Position::default())
}

fn attachment(port: &str) -> AttachmentRow {
    AttachmentRow { switch: Some(text("tor")), port: Some(text(port)), ..AttachmentRow::default() }
}

/// Two hosts, each on a port of one switch; one guest on each.
fn inventory(first_state: &str) -> Snapshot {
    network(first_state, &[("hv-1", &["1"]), ("hv-2", &["2"])], &[])
}

/// Hosts on ports of one switch, with the guest `one` on the first and `two` on the last; `one` has further MACs.
fn network(first_state: &str, hosts: &[(&str, &[&str])], more_macs: &[&str]) -> Snapshot {
    let mut builder = SnapshotBuilder::new();
    let ports = vec![text("1"), text("2"), text("3")];
    builder.switch(SwitchRow { id: Some(text("tor")), ports, ..SwitchRow::default() });
    for (id, ports) in hosts {
        let attachments = ports.iter().map(|port| attachment(port)).collect();
        builder.host(HostRow { id: Some(text(id)), attachments, ..HostRow::default() });
    }
    let (first, last) = (hosts[0].0, hosts[hosts.len() - 1].0);
    for (id, mac, host, state) in
        [("one", "52:54:00:00:00:01", first, first_state), ("two", "52:54:00:00:00:02", last, "running")]
    {
        let more = if id == "one" { more_macs } else { &[] };
        let macs = core::iter::once(mac).chain(more.iter().copied()).map(text).collect();
        builder.guest(GuestRow {
            id: Some(text(id)),
            macs,
            host: Some(text(host)),
            state: Some(text(state)),
            ..GuestRow::default()
        });
    }
    let built = builder.finish();
    assert!(built.problems.is_empty(), "{:?}", built.problems);
    built.snapshot
}

/// The mirrors of the two ports, and a third one that leads nowhere.
fn points() -> Vec<CapturePoint> {
    let point = |port: &str| CapturePoint {
        direction: Direction::Ingress,
        ports: vec![Port { switch: "tor".into(), port: port.into() }],
        coverage: Coverage::Mirrored,
        ..CapturePoint::unknown(format!("tor:{port}"))
    };
    ["1", "2", "3"].map(point).into()
}

struct Run {
    spine: Spine,
    outputs: Vec<Output>,
}

impl Run {
    fn new(snapshot: Snapshot, mut frames: Vec<Made>, shards: u32) -> Self {
        frames.sort_by_key(|(millis, ..)| *millis);
        Self::unsorted(snapshot, &frames, shards, Limits::default())
    }

    fn unsorted(snapshot: Snapshot, frames: &[Made], shards: u32, limits: Limits) -> Self {
        Self::seeded(snapshot, frames, shards, limits, 0)
    }

    /// One shard of the usual size, with inputs at their times.
    fn scheduled(snapshot: Snapshot, frames: &[Made], inputs: Vec<(Timestamp, Input)>) -> Self {
        let mut spine = Spine::new(SpineSettings::default());
        for (at, input) in inputs {
            spine.schedule(at, input);
        }
        Self::with(spine, snapshot, frames, 1, ShardSettings::default())
    }

    fn seeded(snapshot: Snapshot, frames: &[Made], shards: u32, limits: Limits, seed: u64) -> Self {
        let spine = Spine::new(SpineSettings { limits, seed, ..SpineSettings::default() });
        let settings = ShardSettings { limits, seed, ..ShardSettings::default() };
        Self::with(spine, snapshot, frames, shards, settings)
    }

    fn with(
        mut spine: Spine,
        snapshot: Snapshot,
        frames: &[Made],
        shards: u32,
        settings: ShardSettings,
    ) -> Self {
        let snapshot = Arc::new(snapshot);
        spine.handle(Timestamp::MIN, Input::Recorded(Arc::clone(&snapshot)));
        let mut workers: Vec<Shard> = (0..shards).map(|_| Shard::new(&settings)).collect();
        let macs = snapshot.guests().iter().flat_map(|guest| guest.macs.iter().copied());
        let recorded = Arc::new(RecordedStations::new(macs));
        for shard in &mut workers {
            shard.set_recorded(Arc::clone(&recorded));
        }
        for point in points() {
            for shard in &mut workers {
                shard.add_point(&point, Spine::locates(&point, &snapshot));
            }
            spine.handle(Timestamp::MIN, Input::Point(point));
        }
        let mut outputs = Vec::new();
        for (batch, frames) in frames.chunks(50).enumerate() {
            let frames: Vec<Frame<'_>> = frames.iter().map(frame).collect();
            let said: Vec<ShardOutput> = (0..)
                .zip(&mut workers)
                .map(|(index, shard)| {
                    let mut out = ShardOutput::default();
                    let first = batch as u64 * 50 + 1;
                    shard.frames(first, frames.iter().copied(), Share { index, of: shards }, &mut out);
                    out
                })
                .collect();
            spine.handle_outputs(&said);
            outputs.extend(core::iter::from_fn(|| spine.poll()));
        }
        Self { spine, outputs }
    }

    fn named(&self) -> Vec<(Kind, String, DiscrepancyState)> {
        let known = self.spine.audit().discrepancies();
        known.map(|known| (known.key.kind, known.key.subject.to_string(), known.state)).collect()
    }

    /// What the only discrepancy says.
    fn statement(&self) -> Statement {
        self.spine.statement(self.only())
    }

    fn only(&self) -> &Discrepancy {
        let known: Vec<&Discrepancy> = self.spine.audit().discrepancies().collect();
        assert_eq!(known.len(), 1, "{known:#?}");
        known[0]
    }

    fn opened_at(&self) -> Vec<i64> {
        let opened = self.outputs.iter().filter_map(|output| match output {
            Output::Audit(AuditEvent { at, change: DiscrepancyChange::Opened { .. }, .. }) => {
                Some(at.as_secs())
            }
            _ => None,
        });
        opened.collect()
    }
}

fn frame((millis, point, octets): &Made) -> Frame<'_> {
    Frame {
        at: Timestamp::from_nanos(millis * 1_000_000),
        capture_point: CapturePointId(*point),
        linktype: LinkType::ETHERNET,
        orig_len: u32::try_from(octets.len()).unwrap(),
        bytes: octets,
    }
}

fn quiet(seconds: i64) -> Vec<Made> {
    [talk(GUEST, 0, 0, seconds), talk(OTHER, 1, 0, seconds)].concat()
}

#[test]
fn a_network_as_recorded_gives_nothing() {
    assert_eq!(Run::new(inventory("running"), quiet(700), 1).named(), []);
}

#[test]
fn a_stranger_with_a_guest_prefix_is_unknown_at_once_and_resolved_when_gone() {
    let run = Run::new(inventory("running"), [quiet(700), talk(STRANGER, 0, 20, 30)].concat(), 1);
    let known = run.only();
    assert_eq!(known.key.kind, Kind::UnknownGuest);
    assert_eq!(run.opened_at(), [20]);
    // Last seen at 29.003 s; the time to live is 300 s.
    assert_eq!(known.resolved_at, Some(Timestamp::from_secs_nanos(330, 0)));
}

#[test]
fn a_guest_recorded_off_is_a_zombie_when_it_talks() {
    let frames = [talk(OTHER, 1, 0, 100), talk(GUEST, 0, 40, 100)].concat();
    let run = Run::new(inventory("powered-off"), frames, 1);
    assert_eq!((run.only().key.kind, run.opened_at()), (Kind::ZombieGuest, vec![40]));
    assert_eq!(run.statement().recorded, "powered-off");
    assert_eq!(run.only().state, DiscrepancyState::Confirmed);
}

#[test]
fn a_silent_guest_is_told_when_its_time_to_live_is_over() {
    let frames = [talk(OTHER, 1, 0, 700), talk(GUEST, 0, 0, 350), company(0, 0, 700)].concat();
    // The last frame at 349.003 s, the time to live 300 s, the next tick.
    let run = Run::new(inventory("running"), frames, 1);
    assert_eq!((run.only().key.kind, run.opened_at()), (Kind::SilentGuest, vec![650]));
}

#[test]
fn a_guest_never_seen_is_silent_after_the_start_up_grace_of_its_capture_point() {
    let frames = [talk(OTHER, 1, 0, 700), company(0, 100, 700)].concat();
    let run = Run::new(inventory("running"), frames, 1);
    let silent = run.only();
    assert_eq!(silent.key.kind, Kind::SilentGuest);
    assert_eq!(silent.opened_at, Timestamp::from_secs_nanos(401, 0));
}

#[test]
fn who_is_on_a_host_that_nobody_covers_cannot_be_silent() {
    let run = Run::new(inventory("running"), talk(GUEST, 0, 0, 700), 1);
    assert_eq!(run.named(), []);
}

#[test]
fn a_move_is_misplaced_after_the_record_lag() {
    let moved = [talk(GUEST, 0, 0, 100), talk(GUEST, 1, 100, 700)].concat();
    let frames = [talk(OTHER, 1, 0, 700), moved, company(0, 0, 700)].concat();
    let run = Run::new(inventory("running"), frames, 1);
    assert_eq!((run.only().key.kind, run.opened_at()), (Kind::MisplacedGuest, vec![160]));
    assert!(run.statement().observed.starts_with("at tor 2 (host hv-2)"), "{}", run.statement().observed);
    let moves = run.outputs.iter().filter(
        |output| matches!(output, Output::Presence(event) if matches!(event.kind, PresenceKind::Moved { .. })),
    );
    assert_eq!(moves.count(), 1);
}

#[test]
fn a_move_that_the_records_follow_is_news() {
    let mut run = Run::new(
        inventory("running"),
        [talk(OTHER, 1, 0, 130), talk(GUEST, 0, 0, 100), talk(GUEST, 1, 100, 130)].concat(),
        1,
    );
    let mut builder = SnapshotBuilder::new();
    let attachments = vec![attachment("2")];
    builder.host(HostRow { id: Some(text("hv-2")), attachments, ..HostRow::default() });
    for (id, mac) in [("one", "52:54:00:00:00:01"), ("two", "52:54:00:00:00:02")] {
        let (id, macs, host) = (Some(text(id)), vec![text(mac)], Some(text("hv-2")));
        builder.guest(GuestRow { id, macs, host, state: Some(text("running")), ..GuestRow::default() });
    }
    let now = Timestamp::from_secs_nanos(131, 0);
    run.spine.handle(now, Input::Recorded(Arc::new(builder.finish().snapshot)));
    run.spine.handle_tick(Timestamp::from_secs_nanos(150, 0));
    assert_eq!(run.named(), []);
}

#[test]
fn a_wrong_place_at_start_is_misplaced_at_once() {
    let run = Run::new(inventory("running"), [talk(OTHER, 1, 0, 50), talk(GUEST, 2, 10, 50)].concat(), 1);
    assert_eq!((run.only().key.kind, run.opened_at()), (Kind::MisplacedGuest, vec![10]));
}

#[test]
fn a_clone_is_a_duplicate_and_not_misplaced() {
    let mut frames = [talk(OTHER, 1, 0, 100), talk(GUEST, 0, 0, 100)].concat();
    frames.extend((40..60).map(|second| data(second * 1_000 + 500, 1, GUEST, 250)));
    let run = Run::new(inventory("running"), frames, 1);
    assert_eq!((run.only().key.kind, run.opened_at()), (Kind::DuplicateGuest, vec![41]));
    assert_eq!(run.only().resolved_at, Some(Timestamp::from_secs_nanos(70, 0)));
}

#[test]
fn the_two_ports_of_one_host_are_no_duplicate() {
    let bonded = network("running", &[("hv-1", &["1", "2"]), ("hv-2", &["2"])], &[]);
    let mut frames = [talk(OTHER, 1, 0, 100), talk(GUEST, 0, 0, 100)].concat();
    frames.extend((40..60).map(|second| data(second * 1_000 + 500, 1, GUEST, 250)));
    assert_eq!(Run::new(bonded, frames, 1).named(), []);
}

#[test]
fn two_network_cards_of_one_guest_are_in_no_conflict() {
    let two_cards = network("running", &[("hv-1", &["1"]), ("hv-2", &["2"])], &["52:54:00:00:00:99"]);
    let mut frames = [quiet(100), talk(STRANGER, 0, 0, 100)].concat();
    frames.extend([arp(10_000, 0, GUEST, 7), arp(12_000, 0, STRANGER, 7), arp(13_000, 0, GUEST, 7)]);
    assert_eq!(Run::new(two_cards, frames, 1).named(), []);
}

#[test]
fn an_address_that_goes_from_hand_to_hand_is_in_no_conflict() {
    let mut frames = quiet(100);
    let router = [0, 0x1c, 0x73, 0, 0, 1];
    frames.extend([arp(10_000, 0, GUEST, 7), arp(12_000, 1, OTHER, 7)]);
    assert_eq!(Run::new(inventory("running"), frames.clone(), 1).named(), []);
    frames.push(arp(13_000, 2, router, 7));
    let kinds: Vec<Kind> =
        Run::new(inventory("running"), frames, 1).named().into_iter().map(|n| n.0).collect();
    assert!(!kinds.contains(&Kind::AddressConflict), "{kinds:?}");
}

#[test]
fn a_flood_of_strangers_hides_nothing_that_is_recorded() {
    let limits = Limits { discrepancies_max: 20, ..Limits::default() };
    let mut frames = [talk(OTHER, 1, 0, 60), talk(GUEST, 0, 40, 60)].concat();
    frames.extend((0..100u8).map(|last| data(5_000 + i64::from(last), 2, [2, 0, 0, 0, 4, last], 1)));
    frames.sort_by_key(|(millis, ..)| *millis);
    let run = Run::unsorted(inventory("powered-off"), &frames, 1, limits);
    let named = run.named();
    assert_eq!(named.iter().filter(|(kind, ..)| *kind == Kind::UnknownStation).count(), 10);
    assert!(named.iter().any(|(kind, ..)| *kind == Kind::ZombieGuest), "{named:?}");
    assert!(run.spine.audit().counters().refused > 0);
}

#[test]
fn a_station_at_more_places_than_are_listed_stays_present() {
    let limits = Limits { locations_per_station_max: 2, ..Limits::default() };
    let mut frames = [talk(OTHER, 1, 0, 700), talk(GUEST, 2, 0, 700)].concat();
    frames.extend([data(500, 0, GUEST, 1), data(700, 1, GUEST, 2)]);
    frames.sort_by_key(|(millis, ..)| *millis);
    let run = Run::unsorted(inventory("running"), &frames, 1, limits);
    assert!(run.spine.ledger().unlisted() > 0);
    let silent = run.named().into_iter().filter(|(kind, ..)| *kind == Kind::SilentGuest);
    assert_eq!(silent.count(), 0);
}

#[test]
fn a_frame_mirrored_twice_is_at_one_place() {
    let mut frames = [talk(OTHER, 1, 0, 100), talk(GUEST, 0, 0, 100)].concat();
    frames.extend(talk(GUEST, 1, 0, 100));
    let run = Run::new(inventory("running"), frames, 1);
    assert_eq!(run.named(), []);
}

#[test]
fn two_claims_in_turn_are_a_conflict() {
    let mut frames = quiet(200);
    frames.extend([arp(10_000, 0, GUEST, 7), arp(12_000, 1, OTHER, 7), arp(13_000, 0, GUEST, 7)]);
    let run = Run::new(inventory("running"), frames, 1);
    let known = run.only();
    assert_eq!((known.key.kind, known.key.subject.to_string().as_str()), (Kind::AddressConflict, "10.0.0.7"));
    assert_eq!(run.opened_at(), [13]);
    assert_eq!(known.resolved_at, Some(Timestamp::from_secs_nanos(73, 0)));
}

#[test]
fn the_number_of_shards_does_not_show() {
    let mut frames = [
        quiet(400),
        talk(STRANGER, 0, 20, 30),
        talk([0x02, 0, 0, 0, 0, 7], 2, 5, 60),
        talk([0x02, 0, 0, 0, 0, 8], 1, 5, 350),
    ]
    .concat();
    frames.extend((40..60).map(|second| data(second * 1_000 + 500, 1, GUEST, 250)));
    frames.extend([arp(10_000, 0, GUEST, 7), arp(12_000, 1, OTHER, 7), arp(13_000, 0, GUEST, 7)]);
    let one = Run::new(inventory("running"), frames.clone(), 1);
    assert!(one.outputs.len() > 20);
    for shards in [2, 3, 8] {
        let many = Run::new(inventory("running"), frames.clone(), shards);
        assert_eq!(many.outputs, one.outputs, "{shards} shards");
        assert_eq!(many.named(), one.named());
    }
}

#[test]
fn the_seed_does_not_show() {
    let mut frames = [quiet(400), talk(STRANGER, 0, 20, 30)].concat();
    frames.extend((0..200u8).map(|last| data(30_000 + i64::from(last), 2, [2, 0, 0, 0, 3, last], 1)));
    frames.extend([arp(10_000, 0, GUEST, 7), arp(12_000, 1, OTHER, 7), arp(13_000, 0, GUEST, 7)]);
    frames.sort_by_key(|(millis, ..)| *millis);
    let run = |seed| Run::seeded(inventory("running"), &frames, 2, Limits::default(), seed);
    let (one, other) = (run(0), run(0x1234_5678_9abc_def0));
    assert!(one.outputs.len() > 400);
    assert_eq!(one.outputs, other.outputs);
}

#[test]
fn a_clock_that_leaps_and_falls_back_neither_hangs_nor_panics() {
    let days = 86_400_000;
    let mut frames = quiet(20);
    frames.push(data(40_000 * days, 0, GUEST, 1));
    frames.push(data(40_000 * days + 5, 0, GUEST, 2));
    frames.extend(talk(OTHER, 1, 20, 40));
    let run = Run::unsorted(inventory("running"), &frames, 1, Limits::default());
    // The other guest's frames after the leap count as of then: it comes back at once.
    let silent = run.spine.audit().discrepancies().filter(|known| known.is_open());
    assert_eq!(silent.count(), 0, "{:?}", run.named());
}

#[test]
fn recorded_stations_are_not_evicted_by_a_flood() {
    let limits = Limits { stations_max: 8, ..Limits::default() };
    // The guests fall silent before the flood: nothing but their record keeps their rows.
    let mut frames = [talk(GUEST, 0, 0, 4), talk(OTHER, 1, 0, 4)].concat();
    for strange in 0..200u8 {
        frames.push(data(5_000 + i64::from(strange) * 10, 2, [2, 0, 0, 0, 1, strange], 1));
    }
    let run = Run::unsorted(inventory("running"), &frames, 1, limits);
    let gone = run.outputs.iter().filter(|output| {
        let gone = |mac| StationId::Mac(MacAddr::new(mac));
        matches!(output, Output::Presence(event) if matches!(event.kind, PresenceKind::Expired { .. })
            && (event.station == gone(GUEST) || event.station == gone(OTHER)))
    });
    assert_eq!(gone.count(), 0);
    let stations = run.spine.ledger().stations();
    assert_eq!(stations.filter(|(_, _, station)| station.present).count(), 8);
}

#[test]
fn a_flood_is_one_event_at_the_capture_point_that_it_came_by() {
    for shards in [1, 3] {
        let limits = Limits { stations_max: 24, flood_at: 100, ..Limits::default() };
        let mut frames = [talk(GUEST, 0, 0, 200), talk(OTHER, 1, 0, 200)].concat();
        for strange in 0..1_000u16 {
            let [high, low] = strange.to_be_bytes();
            frames.push(data(5_000 + i64::from(strange), 2, [2, 0, 0, 0, high, low], 1));
        }
        frames.sort_by_key(|(millis, ..)| *millis);
        let run = Run::unsorted(inventory("running"), &frames, shards, limits);
        let floods = run.outputs.iter().filter_map(|output| match output {
            Output::Flood(flood) => Some((flood.at.as_secs(), flood.capture_point.0, flood.change.as_str())),
            _ => None,
        });
        let floods: Vec<_> = floods.collect();
        assert!(matches!(floods[..], [(6, 2, "flood"), (60..=72, 2, "flood-ended")]), "{floods:?}");
    }
}

/// Frames of a virtual router on the guest's capture point, which is so not blind when the guest is silent.
fn company(point: u16, from: i64, to: i64) -> Vec<Made> {
    talk([0, 0, 0x5e, 0, 1, 7], point, from, to)
}

#[test]
fn a_blind_capture_point_vouches_for_nobody() {
    let frames = [talk(OTHER, 1, 0, 900), talk(GUEST, 0, 0, 100)].concat();
    let blind = (Kind::BlindCapturePoint, "tor:1".to_owned(), DiscrepancyState::Confirmed);
    assert_eq!(Run::new(inventory("running"), frames, 1).named(), [blind]);
}

#[test]
fn a_capture_point_that_is_told_blind_vouches_for_nobody() {
    let at = |secs| Timestamp::from_secs_nanos(secs, 0);
    // A frame of each point begins its sight; the guest is then silent while others talk beside it.
    let silent = |inputs: &[(i64, Option<Blindness>)]| {
        let mut frames = [talk(OTHER, 1, 0, 1_200), talk(GUEST, 0, 0, 100), company(0, 0, 1_200)].concat();
        frames.sort_by_key(|(millis, ..)| *millis);
        let inputs =
            inputs.iter().map(|&(secs, cause)| (at(secs), Input::Blindness(CapturePointId(0), cause)));
        let run = Run::scheduled(inventory("running"), &frames, inputs.collect());
        // That the capture point is blind is told as well.
        let opened = run.outputs.iter().filter_map(|output| match output {
            Output::Audit(AuditEvent { at, key, change: DiscrepancyChange::Opened { .. } }) => {
                (key.kind == Kind::SilentGuest).then_some(at.as_secs())
            }
            _ => None,
        });
        opened.collect::<Vec<i64>>()
    };
    let seen = silent(&[]);
    assert_eq!(seen.len(), 1);
    assert_eq!(silent(&[(50, Some(Blindness::Drops))]), [0; 0]);
    assert_eq!(silent(&[(50, Some(Blindness::LinkDown)), (60, None)]), seen, "good sight since then");
    // It sees again and must look on for the start-up grace before it vouches for anybody.
    assert_eq!(silent(&[(50, Some(Blindness::LinkDown)), (800, None)]), [1_101]);
}

#[test]
fn a_gap_in_the_capture_is_no_silence() {
    let day = 86_400;
    let frames = [quiet(400), talk(GUEST, 0, day, day + 500), talk(OTHER, 1, day, day + 500)].concat();
    let blind = |name: &str| (Kind::BlindCapturePoint, name.to_owned(), DiscrepancyState::Resolved);
    assert_eq!(Run::new(inventory("running"), frames, 1).named(), [blind("tor:1"), blind("tor:2")]);
}

#[test]
fn claims_in_the_name_of_another_do_not_show_the_number_of_shards() {
    let mut frames = quiet(60);
    for (turn, step) in (0..120i64).enumerate() {
        let sender = [2, 0, 0, 0, 1, u8::try_from(turn % 7).unwrap()];
        let (millis, point, mut octets) = arp(1_000 + step * 160, 0, sender, 77);
        octets[22..28].copy_from_slice(&[2, 0, 0, 0, 9, u8::try_from(turn % 2).unwrap()]);
        frames.push((millis, point, octets));
    }
    let one = Run::new(inventory("running"), frames.clone(), 1);
    assert!(one.named().iter().any(|(kind, ..)| *kind == Kind::AddressConflict));
    for shards in [2, 5] {
        assert_eq!(Run::new(inventory("running"), frames.clone(), shards).outputs, one.outputs);
    }
}

#[test]
fn ticks_come_between_frames_at_the_configured_step() {
    let mut shard = Shard::new(&ShardSettings::default());
    for point in points() {
        shard.add_point(&point, true);
    }
    let made = [data(100, 0, GUEST, 1), data(900, 0, GUEST, 2), data(2_500, 0, GUEST, 3)];
    let frames: Vec<Frame<'_>> = made.iter().map(frame).collect();
    let mut out = ShardOutput::default();
    shard.frames(1, frames.iter().copied(), Share::ALL, &mut out);
    let ticks: Vec<_> = out.ticks.iter().map(|tick| tick.at).collect();
    assert_eq!(ticks, [Timestamp::EPOCH.after(Duration::from_secs(2))]);
}

#[test]
fn claims_beyond_what_is_remembered_are_told_and_counted() {
    let mut shard = Shard::new(&ShardSettings::default());
    for point in points() {
        shard.add_point(&point, true);
    }
    let made: Vec<Made> = (0..66_000u32)
        .map(|claim| {
            let [_, high, middle, low] = claim.to_be_bytes();
            let (millis, point, mut octets) = arp(500, 0, GUEST, 1);
            octets[28..32].copy_from_slice(&[10, high, middle, low.max(1)]);
            (millis, point, octets)
        })
        .collect();
    let frames: Vec<Frame<'_>> = made.iter().map(frame).collect();
    let mut out = ShardOutput::default();
    shard.frames(1, frames.iter().copied(), Share::ALL, &mut out);
    assert!(shard.repeated_claims() > 0);
    shard.frames(66_001, frames.iter().take(10).copied(), Share::ALL, &mut out);
    let before = shard.repeated_claims();
    let again = frames.get(..10).unwrap_or_default();
    shard.frames(66_011, again.iter().copied(), Share::ALL, &mut out);
    assert_eq!(shard.repeated_claims(), before, "what is remembered is told once");
}

#[test]
fn a_context_that_ends_within_a_group_lends_its_number_to_no_other() {
    let limits = Limits { stations_max: 1, ..Limits::default() };
    let mut shard = Shard::new(&ShardSettings { limits, ..ShardSettings::default() });
    for point in points() {
        shard.add_point(&point, false);
    }
    let made = [data(100, 0, GUEST, 1), data(200, 1, OTHER, 2), data(300, 0, OTHER, 2)];
    let frames: Vec<Frame<'_>> = made.iter().map(frame).collect();
    let mut out = ShardOutput::default();
    shard.frames(1, frames.iter().take(1).copied(), Share::ALL, &mut out);
    shard.frames(2, frames.iter().skip(1).copied(), Share::ALL, &mut out);
    let appeared = out.changes.iter().filter(|change| change.kind == ChangeKind::Appeared);
    let places: Vec<_> = appeared.map(|change| (change.key.mac, change.key.capture_point.0)).collect();
    let [guest, other] = [GUEST, OTHER].map(MacAddr::new);
    assert_eq!(places, [(guest, 0), (other, 1), (other, 0)]);
}
