//! History as it follows from a ledger's events.

use core::time::Duration;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::change::{Change, ChangeKind, TableKey, Traffic};
use super::history::{History, HistoryRecord, PastStay};
use super::ledger::Ledger;
use super::settings::PresenceSettings;
use crate::types::{CapturePointId, DomainId, Limits, MacAddr, StationId, Timestamp, Vids};

struct Bench {
    ledger: Ledger,
    history: History,
    frame: u64,
    kept: Vec<HistoryRecord>,
}

fn key(station: u8, point: u16) -> TableKey {
    let mac = MacAddr::new([2, 0, 0, 0, 0, station]);
    TableKey { mac, capture_point: CapturePointId(point), vids: Vids::single(9), ..TableKey::default() }
}

fn secs(secs: i64) -> Timestamp {
    Timestamp::from_secs_nanos(secs, 0)
}

const fn frames(frames: u64) -> Traffic {
    Traffic { frames, octets: frames * 100 }
}

impl Bench {
    fn new() -> Self {
        let mut ledger = Ledger::new(PresenceSettings::default(), Limits::default(), 7);
        for _ in 0..3 {
            ledger.add_point(DomainId(0), true);
        }
        Self { ledger, history: History::new(Duration::from_secs(3_600)), frame: 0, kept: Vec::new() }
    }

    fn change(&mut self, at: i64, key: TableKey, kind: ChangeKind) {
        self.frame += 1;
        self.ledger.tick(secs(at));
        self.take();
        self.ledger.handle(&Change { sequence: self.frame, level: 0, at: secs(at), key, kind });
        self.take();
    }

    fn take(&mut self) {
        while let Some(event) = self.ledger.poll() {
            self.history.note(&event, &self.ledger);
        }
        self.kept.extend(core::iter::from_fn(|| self.history.poll()));
    }

    fn expire(&mut self, at: i64, key: TableKey, last_seen: i64, carried: u64) {
        let last_seen = secs(last_seen);
        self.change(at, key, ChangeKind::Expired { last_seen, traffic: frames(carried) });
    }

    /// The stays as a store would have them: a later word of the same stay takes the place of the former.
    fn stays(&self) -> BTreeMap<(StationId, Timestamp, u16), PastStay> {
        let stays = self.kept.iter().filter_map(|record| match record {
            HistoryRecord::Stay(stay) => {
                Some(((stay.station, stay.from, stay.location.capture_point().0), *stay))
            }
            _ => None,
        });
        stays.collect()
    }
}

#[test]
fn a_move_ends_one_stay_and_begins_another_each_with_its_frames() {
    let mut bench = Bench::new();
    let (here, there) = (key(1, 0), key(1, 1));
    bench.change(0, here, ChangeKind::Appeared);
    bench.change(75, here, ChangeKind::StillHere(frames(50)));
    bench.change(100, there, ChangeKind::Appeared);
    bench.change(105, there, ChangeKind::Sighted);
    bench.change(130, there, ChangeKind::StillHere(frames(7)));
    bench.expire(375, here, 75, 0);
    bench.expire(500, there, 200, 4);
    let stays: Vec<PastStay> = bench.stays().into_values().collect();
    let told: Vec<_> = stays
        .iter()
        .map(|stay| {
            (stay.location.capture_point().0, stay.from.as_secs(), stay.to.as_secs(), stay.traffic.frames)
        })
        .collect();
    assert_eq!(told, [(0, 0, 100, 50), (1, 100, 200, 11)]);
    assert!(stays.iter().all(|stay| !stay.is_open));
}

#[test]
fn what_lasts_is_told_at_the_interval_and_once() {
    let mut bench = Bench::new();
    let here = key(1, 0);
    bench.change(10, here, ChangeKind::Appeared);
    bench.change(3_000, here, ChangeKind::StillHere(frames(40)));
    assert_eq!(bench.stays().len(), 0);
    assert_eq!(bench.history.next_deadline(), Some(secs(3_610)));
    bench.history.tick(secs(3_610), &bench.ledger);
    bench.take();
    let [stay] = bench.stays().into_values().collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!((stay.is_open, stay.to.as_secs(), stay.traffic), (true, 3_000, frames(40)));
    let before = bench.kept.len();
    bench.history.tick(secs(7_210), &bench.ledger);
    bench.take();
    assert_eq!(bench.kept.len(), before, "nothing is new");
}

proptest! {
    /// Two stations at three places, at random; every stay ends, no later than its station was seen, and a station
    /// that never spoke in turn was never at two places.
    #[test]
    fn stays_follow_each_other(
        steps in prop::collection::vec((0u8..2, 0u16..3, 1i64..40, any::<bool>()), 1..120),
    ) {
        let (mut bench, mut now, mut frame_count) = (Bench::new(), 0, BTreeMap::new());
        let mut rows: BTreeMap<TableKey, i64> = BTreeMap::new();
        for (station, point, wait, goes) in steps {
            now += wait;
            let key = key(station, point);
            if goes && let Some(last_seen) = rows.remove(&key) {
                bench.expire(now, key, last_seen, 1);
                *frame_count.entry(key.mac).or_insert(0) += 1;
                continue;
            }
            let kind = if rows.insert(key, now).is_none() { ChangeKind::Appeared } else { ChangeKind::Sighted };
            bench.change(now, key, kind);
        }
        for (key, last_seen) in rows {
            now += 400;
            bench.expire(now, key, last_seen, 1);
            *frame_count.entry(key.mac).or_insert(0) += 1;
        }
        let duplicated = bench.ledger.stations().count();
        prop_assert!(duplicated <= 2);
        for (mac, count) in frame_count {
            let stays: Vec<PastStay> =
                bench.stays().into_values().filter(|stay| stay.station == StationId::Mac(mac)).collect();
            prop_assert!(stays.iter().all(|stay| !stay.is_open && stay.from <= stay.to));
            prop_assert!(stays.iter().map(|stay| stay.traffic.frames).max() <= Some(count));
            prop_assert!(!stays.is_empty());
        }
    }
}
