use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;

use super::change::{ChangeKind, TableKey, Traffic};
use super::lives::{RecordedStations, TtlMatch, TtlRule};
use super::seen::Seen;
use super::settings::PresenceSettings;
use super::table::StationTable;
use crate::types::{CapturePointId, DomainId, Limits, MacAddr, Timestamp, Tunnel, TunnelKind, Via, Vids};

/// What the table must hold, kept the plain way.
#[derive(Default)]
struct Model {
    last_seen: BTreeMap<TableKey, Timestamp>,
    frames: u64,
}

fn key(station: u8, vid: u16) -> TableKey {
    TableKey { mac: MacAddr::new([2, 0, 0, 0, 0, station]), vids: Vids::single(vid), ..TableKey::default() }
}

fn table(stations_max: u32) -> StationTable {
    let limits = Limits { stations_max, ..Limits::default() };
    let mut table = StationTable::new(PresenceSettings::default(), limits, 7);
    table.add_point(DomainId(0), true);
    table
}

fn seen(key: TableKey, at: Timestamp) -> Seen<'static> {
    Seen { key, at, sequence: 1, level: 0, orig_len: 60, source: None, bytes: &[] }
}

/// Gives some stations a time to live of their own, by record and by rules.
fn live_apart(table: &mut StationTable) {
    let rule = |stations: &[&str], vlans: &[u16], secs| TtlRule {
        matches: TtlMatch {
            stations: stations.iter().map(|prefix| prefix.parse().unwrap()).collect(),
            vlans: vlans.to_vec(),
            ..TtlMatch::default()
        },
        ttl: Duration::from_secs(secs),
    };
    let rules = [rule(&["02:00:00:00:00:08/45"], &[1], 1_000), rule(&[], &[2], 40)];
    table.set_ttl_rules(Arc::new(rules));
    let own = key(3, 0).mac;
    table.set_recorded(Arc::new(RecordedStations::new([own]).with_ttls([(own, Duration::from_secs(90))])));
}

/// The same times to live, the plain way.
fn ttl_of(key: &TableKey) -> Duration {
    let vid = key.vids.iter().last().unwrap_or(0);
    Duration::from_secs(match (key.mac.octets()[5], vid) {
        (3, _) => 90,
        (8..16, 1) => 1_000,
        (_, 2) => 40,
        _ => 300,
    })
}

#[test]
fn a_subnet_gives_a_time_to_live_by_the_last_source_address() {
    let mut table = table(8);
    let rule = |subnet: &str, secs| TtlRule {
        matches: TtlMatch { subnets: vec![subnet.parse().unwrap()], ..TtlMatch::default() },
        ttl: Duration::from_secs(secs),
    };
    table.set_ttl_rules(Arc::new([rule("10.0.0.0/8", 60), rule("2001:db8::/32", 30)]));
    let sources = [(1, Some("10.0.0.1")), (2, Some("2001:db8::1")), (3, Some("192.0.2.1")), (4, None)];
    let mut changes = Vec::new();
    for (station, source) in sources {
        let source = source.map(|addr| addr.parse().unwrap());
        table.touch(&Seen { source, ..seen(key(station, 1), Timestamp::EPOCH) }, &mut changes);
    }
    let mut gone = Vec::new();
    for secs in 1..=400 {
        changes.clear();
        table.tick(Timestamp::from_secs_nanos(secs, 0), &mut changes);
        gone.extend(changes.iter().map(|change| (change.key.mac.octets()[5], change.at.as_secs())));
    }
    assert_eq!(gone, [(2, 30), (1, 60), (3, 300), (4, 300)]);
}

proptest! {
    #[test]
    fn rows_live_and_expire_as_a_plain_map_says(
        steps in prop::collection::vec((0u8..12, 0u16..3, 0u32..200, any::<bool>()), 1..300),
    ) {
        let (mut table, mut model) = (table(1_000), Model::default());
        live_apart(&mut table);
        let (mut now, mut changes) = (Timestamp::EPOCH, Vec::new());
        let mut counted = Traffic::default();
        for (station, vid, wait, ticks) in steps {
            now = now.after(Duration::from_millis(u64::from(wait) * 997));
            if ticks {
                let tick = now.round_up(PresenceSettings::default().tick);
                now = tick;
                table.tick(tick, &mut changes);
                let gone: Vec<TableKey> = model
                    .last_seen
                    .iter()
                    .filter(|(key, last)| last.after(ttl_of(key)) <= tick)
                    .map(|(&key, _)| key)
                    .collect();
                let mut told: Vec<TableKey> = changes
                    .iter()
                    .filter(|change| matches!(change.kind, ChangeKind::Expired { .. }))
                    .map(|change| change.key)
                    .collect();
                told.sort_unstable();
                prop_assert_eq!(&told, &gone);
                for key in gone {
                    model.last_seen.remove(&key);
                }
            } else {
                let key = key(station, vid);
                table.touch(&seen(key, now), &mut changes);
                let is_new = model.last_seen.insert(key, now).is_none();
                model.frames += 1;
                let appeared = changes.iter().any(|change| change.kind == ChangeKind::Appeared);
                prop_assert_eq!(appeared, is_new);
            }
            prop_assert_eq!(table.len(), model.last_seen.len());
            for change in changes.drain(..) {
                if let ChangeKind::StillHere(traffic) | ChangeKind::Expired { traffic, .. } = change.kind {
                    counted.add(traffic);
                }
            }
        }
        let mut next = Some(0);
        while let Some(from) = next {
            next = table.count(now, from, &mut changes);
        }
        for change in changes {
            let ChangeKind::Counted { last_seen, traffic } = change.kind else { continue };
            counted.add(traffic);
            prop_assert_eq!(model.last_seen.get(&change.key), Some(&last_seen));
        }
        prop_assert_eq!(counted, Traffic { frames: model.frames, octets: model.frames * 60 });
    }
}

#[test]
fn a_steady_station_is_reported_once_in_a_quarter_of_its_time_to_live() {
    let (mut table, mut changes) = (table(10), Vec::new());
    for second in 0..300 {
        let now = Timestamp::from_secs_nanos(second, 0);
        table.tick(now, &mut changes);
        table.touch(&seen(key(1, 0), now), &mut changes);
    }
    let reports = changes.iter().filter(|change| matches!(change.kind, ChangeKind::StillHere(_)));
    assert_eq!((reports.count(), changes.len()), (3, 4));
}

#[test]
fn many_source_addresses_make_a_router_and_are_told_once() {
    let (mut table, mut changes) = (table(10), Vec::new());
    for turn in 0..200u8 {
        let source = Some(IpAddr::from([10, 0, 0, 1 + turn % 40]));
        let frame = Seen { source, ..seen(key(1, 0), Timestamp::EPOCH) };
        table.touch(&frame, &mut changes);
    }
    let claims = changes.iter().filter(|change| matches!(change.kind, ChangeKind::WeakClaim(_))).count();
    let routers = changes.iter().filter(|change| change.kind == ChangeKind::Router).count();
    assert_eq!((claims, routers), (usize::from(Limits::default().router_at), 1));
}

#[test]
fn a_full_table_turns_strangers_away_from_the_recorded() {
    let (mut table, mut changes) = (table(2), Vec::new());
    let recorded = [1, 2].map(|station| key(station, 0).mac);
    table.set_recorded(Arc::new(RecordedStations::new(recorded)));
    for station in [1, 2, 3, 4] {
        table.touch(&seen(key(station, 0), Timestamp::EPOCH), &mut changes);
    }
    assert_eq!((table.len(), table.counters().refused, table.counters().evicted), (2, 2, 0));
    // Once they are no longer recorded, they go like any other.
    table.set_recorded(Arc::new(RecordedStations::default()));
    table.touch(&seen(key(5, 0), Timestamp::EPOCH), &mut changes);
    assert_eq!((table.len(), table.counters().evicted), (2, 1));
}

/// Frames of one station behind VXLAN tunnel ends of these numbers, one a second.
fn behind(table: &mut StationTable, station: u8, ends: core::ops::Range<u16>) -> Vec<ChangeKind> {
    let mut changes = Vec::new();
    for end in ends {
        let [high, low] = end.to_be_bytes();
        let tunnel = Tunnel::new(TunnelKind::Vxlan, Some(5), Some(IpAddr::from([192, 0, high, low])));
        let key = TableKey { via: Via::Tunnel(tunnel), ..key(station, 0) };
        table.touch(&seen(key, Timestamp::from_secs_nanos(i64::from(end), 0)), &mut changes);
    }
    changes.into_iter().map(|change| change.kind).collect()
}

#[test]
fn a_station_at_two_places_is_known_however_many_places_there_are() {
    let mut table = table(1_000);
    for station in 1..=40 {
        behind(&mut table, station, u16::from(station)..u16::from(station) + 1);
    }
    // Of the places one is near, the others far.
    for (station, from) in [(1, 30), (35, 36), (36, 1)] {
        let kinds = behind(&mut table, station, from..from + 1);
        assert!(kinds.contains(&ChangeKind::Appeared), "{station}");
        assert!(kinds.iter().any(|kind| matches!(kind, ChangeKind::LastSeen(_))), "{station}: {kinds:?}");
    }
    let mut changes = Vec::new();
    table.tick(Timestamp::from_secs_nanos(4_000, 0), &mut changes);
    assert_eq!((changes.len(), table.len()), (43, 0));
}

#[test]
fn a_station_behind_thousands_of_tunnel_ends_is_told_of_a_few() {
    let mut table = table(10_000);
    let told = behind(&mut table, 1, 0..5_000);
    let recalled = told.iter().filter(|kind| matches!(kind, ChangeKind::LastSeen(_))).count();
    assert_eq!(table.len(), 5_000);
    assert!(recalled <= 16, "{recalled}");
}

/// A station behind one of many tunnel ends.
fn in_overlay(station: u16, end: u16) -> TableKey {
    let [high, low] = end.to_be_bytes();
    let tunnel = Tunnel::new(TunnelKind::Vxlan, Some(5), Some(IpAddr::from([10, 100, high, low])));
    let [first, second] = station.to_be_bytes();
    let mac = MacAddr::new([2, 0x77, 0, 0, first, second]);
    TableKey { mac, via: Via::Tunnel(tunnel), ..TableKey::default() }
}

#[test]
fn a_flood_of_tunnel_ends_shuts_no_recorded_station_out() {
    for (stations_an_end, vids) in [(1u16, 0u16), (3, 0), (1, 4_000)] {
        let mut table = table(1_000_000);
        let guest = key(1, 0).mac;
        table.set_recorded(Arc::new(RecordedStations::new([guest])));
        let mut changes = Vec::new();
        // Stations on the wire itself, which are of no use to evict.
        for station in 0..200u8 {
            table.touch(&seen(key(station, 7), Timestamp::EPOCH), &mut changes);
        }
        for end in 0..33_000u16 {
            for station in 0..stations_an_end {
                table.touch(&seen(in_overlay(station, end), Timestamp::EPOCH), &mut changes);
            }
        }
        // Where these take what is left, numbers of the flood are given again within a group of frames.
        for point in 1..=9 {
            table.add_point(DomainId(0), true);
            for vid in 0..vids {
                let here = TableKey { capture_point: CapturePointId(point), ..key(3, vid) };
                table.touch(&seen(here, Timestamp::EPOCH), &mut changes);
            }
        }
        let stranger = in_overlay(9, 40_000);
        table.touch(&seen(stranger, Timestamp::EPOCH), &mut changes);
        let refused = table.counters().refused;
        assert!(changes.iter().all(|change| change.key != stranger) && refused > 0);
        changes.clear();
        let recorded = TableKey { mac: guest, ..in_overlay(0, 50_000) };
        for second in 1..=8 {
            table.touch(&seen(recorded, Timestamp::from_secs_nanos(second, 0)), &mut changes);
        }
        let appeared = changes.iter().filter(|change| change.kind == ChangeKind::Appeared);
        assert_eq!(appeared.map(|change| change.key).collect::<Vec<_>>(), [recorded]);
        let evicted = changes.iter().filter(|change| matches!(change.kind, ChangeKind::Evicted { .. }));
        assert!(evicted.clone().all(|change| change.key.via != Via::Wire));
        assert_eq!(evicted.count(), usize::from(stations_an_end));
        assert_eq!(table.counters().evicted, u64::from(stations_an_end));
    }
}

#[test]
fn a_watched_station_is_told_at_each_tick_at_which_it_was_heard() {
    let secs = |secs| Timestamp::from_secs_nanos(secs, 0);
    let (mut table, mut changes) = (table(1_000), Vec::new());
    let (watched, other) = (key(1, 0), key(2, 0));
    table.touch(&seen(other, secs(0)), &mut changes);
    table.touch(&seen(watched, secs(0)), &mut changes);
    let recorded = || RecordedStations::new([watched.mac, other.mac]);
    table.set_recorded(Arc::new(recorded()));
    let mut heard = Vec::new();
    for second in 1..40 {
        if second == 10 {
            // It is recorded as off from now on.
            table.set_recorded(Arc::new(recorded().watching([watched.mac])));
        }
        if second % 5 == 3 {
            table.touch(&seen(other, secs(second)), &mut changes);
            table.touch(&seen(watched, secs(second)), &mut changes);
        }
        changes.clear();
        table.tick(secs(second), &mut changes);
        heard.extend(changes.drain(..).filter_map(|change| match change.kind {
            ChangeKind::Heard { last_seen, .. } => Some((change.key, last_seen, change.at)),
            _ => None,
        }));
    }
    // What was carried before that is told first.
    let at_once = (watched, secs(8), secs(10));
    let later = [13, 18, 23, 28, 33, 38].map(|second| (watched, secs(second), secs(second)));
    assert_eq!(heard[0], at_once);
    assert_eq!(heard[1..], later);
}
