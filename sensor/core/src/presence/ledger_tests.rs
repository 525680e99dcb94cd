//! The ledger against a plain model of who is present, under the changes that a shard may tell.

use std::collections::BTreeMap;
use std::net::IpAddr;

use proptest::prelude::*;

use super::change::{Change, ChangeKind, TableKey, Traffic};
use super::event::PresenceKind;
use super::ledger::Ledger;
use super::settings::PresenceSettings;
use crate::types::{CapturePointId, DomainId, Limits, MacAddr, StationId, Timestamp, Vids};

struct Bench {
    ledger: Ledger,
    secs: i64,
    frame: u64,
}

fn key(station: u8, point: u16, vid: u16, inner: u16) -> TableKey {
    let mut vids = Vids::single(vid);
    vids.push(inner);
    let (mac, capture_point) = (MacAddr::new([2, 0, 0, 0, 0, station]), CapturePointId(point));
    TableKey { mac, capture_point, vids, ..TableKey::default() }
}

impl Bench {
    fn new(limits: Limits) -> Self {
        let mut ledger = Ledger::new(PresenceSettings::default(), limits, 7);
        for locates in [false, true, true] {
            ledger.add_point(DomainId(0), locates);
        }
        Self { ledger, secs: 0, frame: 0 }
    }

    fn change(&mut self, key: TableKey, kind: ChangeKind) -> Vec<PresenceKind> {
        self.frame += 1;
        let at = Timestamp::from_secs_nanos(self.secs, 0);
        self.ledger.handle(&Change { sequence: self.frame, level: 0, at, key, kind });
        core::iter::from_fn(|| self.ledger.poll()).map(|event| event.kind).collect()
    }

    fn expire(&mut self, key: TableKey) -> Vec<PresenceKind> {
        let last_seen = Timestamp::from_secs_nanos(self.secs, 0);
        self.change(key, ChangeKind::Expired { last_seen, traffic: Traffic { frames: 1, octets: 60 } })
    }
}

#[test]
fn stations_are_found_however_many_locations_came_and_went() {
    let mut bench = Bench::new(Limits { departed_max: 16, ..Limits::default() });
    let steady = key(1, 0, 9, 9);
    bench.change(steady, ChangeKind::Appeared);
    let addr = IpAddr::from([10, 0, 0, 1]);
    bench.change(steady, ChangeKind::WeakClaim(addr));
    for vid in 1..=4_000 {
        for inner in [1, 2, 3] {
            let passing = key(2, 0, vid, inner);
            let started = bench.change(passing, ChangeKind::Appeared);
            assert!(matches!(started[..], [PresenceKind::Started { .. }]), "{vid} {inner} {started:?}");
            let gone = bench.expire(passing);
            assert!(matches!(gone[..], [PresenceKind::Expired { .. }]), "{vid} {inner} {gone:?}");
        }
    }
    assert_eq!(bench.ledger.present_count(), 1);
    assert_eq!(bench.ledger.counts(), (17, 1));
    let seen = bench.change(steady, ChangeKind::StillHere(Traffic { frames: 5, octets: 300 }));
    let [PresenceKind::Seen { location, .. }] = seen[..] else { panic!("{seen:?}") };
    assert_eq!(location, steady.location());
    assert_eq!(bench.ledger.addresses_of(StationId::Mac(steady.mac)).as_slice(), [addr]);
    let stays = bench.ledger.stays(StationId::Mac(steady.mac));
    assert_eq!(stays.iter().map(|stay| stay.location).collect::<Vec<_>>(), [steady.location()]);
}

#[test]
fn a_departed_station_that_returns_keeps_its_first_time_and_its_addresses() {
    let mut bench = Bench::new(Limits::default());
    let here = key(1, 0, 1, 0);
    let addrs: Vec<IpAddr> = (1..=6u8).map(|last| IpAddr::from([10, 0, 0, last])).collect();
    bench.change(here, ChangeKind::Appeared);
    for &addr in &addrs {
        bench.change(here, ChangeKind::WeakClaim(addr));
    }
    bench.secs = 400;
    bench.expire(here);
    assert!(bench.ledger.stays(StationId::Mac(here.mac)).is_empty());
    bench.secs = 500;
    assert!(matches!(bench.change(here, ChangeKind::Appeared)[..], [PresenceKind::Started { .. }]));
    assert!(bench.change(here, ChangeKind::WeakClaim(addrs[5])).is_empty(), "it is known");
    let (_, _, station) = bench.ledger.stations().next().unwrap();
    assert_eq!((station.first_seen.as_secs(), station.last_seen.as_secs()), (0, 500));
    assert_eq!(bench.ledger.addresses_of(StationId::Mac(here.mac)).as_slice(), &addrs[2..]);
    // It forwards for others: what it claimed weakly is not its own.
    bench.change(here, ChangeKind::Router);
    assert!(bench.ledger.addresses_of(StationId::Mac(here.mac)).is_empty());
    assert_eq!(bench.ledger.addresses().count(), (0, 0));
}

proptest! {
    /// Rows come and go at three points, of which two locate; a station is present while it has one.
    #[test]
    fn who_has_a_row_is_present(
        steps in prop::collection::vec((0u8..4, 0u16..3, 1u16..3, 0u8..4), 1..200),
    ) {
        let mut bench = Bench::new(Limits { departed_max: 2, ..Limits::default() });
        let mut rows: BTreeMap<TableKey, ()> = BTreeMap::new();
        let on = |rows: &BTreeMap<TableKey, ()>, key: &TableKey| {
            rows.keys().filter(|row| (row.mac, row.vids) == (key.mac, key.vids)).count()
        };
        for (station, point, vid, step) in steps {
            bench.secs += 1;
            let key = key(station, point, vid, 0);
            let (has_row, before) = (rows.contains_key(&key), on(&rows, &key));
            let told = match (step, has_row) {
                (0, true) => {
                    rows.remove(&key);
                    bench.expire(key)
                }
                (_, false) => {
                    rows.insert(key, ());
                    bench.change(key, ChangeKind::Appeared)
                }
                (1, true) => bench.change(key, ChangeKind::StillHere(Traffic { frames: 1, octets: 60 })),
                (_, true) => bench.change(key, ChangeKind::Sighted),
            };
            let after = on(&rows, &key);
            let started = told.iter().any(|kind| matches!(kind, PresenceKind::Started { .. }));
            let expired = told.iter().any(|kind| matches!(kind, PresenceKind::Expired { .. }));
            prop_assert_eq!((started, expired), (before == 0 && after > 0, before > 0 && after == 0));
            let stays = bench.ledger.stays(StationId::Mac(key.mac));
            prop_assert_eq!(stays.iter().any(|stay| stay.segment.vids == key.vids), after > 0);
            let present: std::collections::BTreeSet<_> = rows.keys().map(|row| (row.mac, row.vids)).collect();
            prop_assert_eq!(bench.ledger.present_count(), present.len());
            prop_assert!(bench.ledger.counts().0 <= present.len() + 2);
        }
    }
}
