use core::time::Duration;
use std::path::PathBuf;

use rollcall_core::engine::Remembered;
use rollcall_core::presence::{HistoryRecord, PastStay, Strength, Traffic};
use rollcall_core::types::{
    CapturePointId, Confidence, DomainId, Location, MacAddr, Segment, StationId, Timestamp, Via, Vids,
};
use rusqlite::Connection;

use super::{HistoryCounts, Store, StoreError};

const DAY: i64 = 86_400;

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("rollcall-journal-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let path = folder.join(name);
    for end in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(folder.join(format!("{name}{end}"))));
    }
    path
}

fn secs(secs: i64) -> Timestamp {
    Timestamp::from_secs_nanos(secs, 0)
}

fn mac(last: u8) -> MacAddr {
    MacAddr::new([2, 0, 0, 0, 0, last])
}

const SEGMENT: Segment = Segment { domain: DomainId(0), vids: Vids::single(100), overlay: None };

fn stay(station: u8, place: &str, from: i64, to: i64, is_open: bool) -> Remembered {
    let location =
        Location::Wire { capture_point: CapturePointId(0), vids: Vids::single(100), via: Via::Wire };
    let stay = PastStay {
        station: StationId::Mac(mac(station)),
        segment: SEGMENT,
        location,
        from: secs(from),
        to: secs(to),
        is_open,
        traffic: Traffic { frames: 3, octets: 180 },
    };
    let place = Some((place.to_owned(), Confidence::ExactPort));
    Remembered { record: HistoryRecord::Stay(stay), place }
}

fn claim(record: HistoryRecord) -> Remembered {
    Remembered { record, place: None }
}

fn claimed(station: u8, at: i64) -> Remembered {
    let (addr, mac, at) = ("10.0.0.5".parse().unwrap(), mac(station), secs(at));
    claim(HistoryRecord::Claimed { segment: SEGMENT, addr, mac, strength: Strength::Strong, at })
}

fn written(name: &str, records: &[Remembered], keep: Duration) -> (PathBuf, HistoryCounts) {
    let path = scratch(name);
    let mut writer = Store::create(&path).unwrap().writer();
    for record in records {
        writer.note(record);
    }
    let counts = writer.finish(keep).unwrap();
    (path, counts)
}

const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[test]
fn a_station_was_where_it_was_and_is_where_it_was_last() {
    let records = [
        stay(1, "eth1", 100, 150, true),
        stay(1, "eth1", 100, 200, false),
        stay(1, "eth2", 300, 400, true),
        stay(2, "eth3", 100, 900, true),
    ];
    let (path, counts) = written("whereis.db", &records, YEAR);
    assert_eq!(counts, HistoryCounts { written: 4, pruned: 0 });
    let store = Store::open(&path).unwrap();
    let at = |at: Option<i64>| {
        let rows = store.whereis(&mac(1).to_string(), at.map(secs)).unwrap();
        rows.into_iter().map(|row| (row.place, row.is_open)).collect::<Vec<_>>()
    };
    assert_eq!(at(Some(150)), [("eth1".to_owned(), false)]);
    assert_eq!(at(Some(250)), [("eth1".to_owned(), false)], "where it was last before");
    assert_eq!(at(Some(350)), [("eth2".to_owned(), true)]);
    assert_eq!(at(None), [("eth2".to_owned(), true)]);
    assert_eq!(at(Some(50)), []);
}

#[test]
fn an_address_is_told_of_who_had_it_then() {
    let over = HistoryRecord::ClaimEnded {
        segment: SEGMENT,
        addr: "10.0.0.5".parse().unwrap(),
        mac: mac(1),
        at: secs(200),
    };
    let again = HistoryRecord::ClaimedStill {
        segment: SEGMENT,
        addr: "10.0.0.5".parse().unwrap(),
        mac: mac(2),
        at: secs(500),
    };
    let records =
        [stay(1, "eth1", 90, 150, false), claimed(1, 100), claim(over), claimed(2, 200), claim(again)];
    let (path, _) = written("whohas.db", &records, YEAR);
    let store = Store::open(&path).unwrap();
    let at = |at: Option<i64>| {
        let rows = store.whohas("10.0.0.5".parse().unwrap(), at.map(secs)).unwrap();
        rows.into_iter().map(|row| (row.mac, row.last.as_secs(), row.present)).collect::<Vec<_>>()
    };
    assert_eq!(at(Some(140)), [(mac(1).to_string(), 100, true)]);
    assert_eq!(at(Some(199)), [(mac(1).to_string(), 100, false)]);
    assert_eq!(at(Some(200)), [(mac(2).to_string(), 500, false)]);
    assert_eq!(at(None), [(mac(2).to_string(), 500, false)]);
    let (stays, claims) = store.history(&mac(1).to_string(), None).unwrap();
    assert_eq!((stays.len(), claims.len()), (1, 1));
    assert_eq!(claims.first().and_then(|claim| claim.until), Some(secs(200)));
}

#[test]
fn what_is_too_old_is_pruned_and_counted() {
    let records = [
        stay(1, "eth1", 0, DAY, false),
        stay(1, "eth2", DAY, 5 * DAY, false),
        stay(1, "eth2", 9 * DAY, 10 * DAY, true),
        claimed(1, DAY),
        claimed(1, 9 * DAY),
    ];
    let (path, counts) = written("prune.db", &records, Duration::from_secs(6 * 86_400));
    assert_eq!(counts, HistoryCounts { written: 5, pruned: 2 });
    let (stays, claims) = Store::open(&path).unwrap().history(&mac(1).to_string(), None).unwrap();
    assert_eq!((stays.len(), claims.len()), (2, 1));
}

#[test]
fn a_run_that_is_replayed_leaves_the_store_as_it_was() {
    let records = [stay(1, "eth1", 100, 200, false), claimed(1, 100)];
    let (path, _) = written("twice.db", &records, YEAR);
    let mut writer = Store::create(&path).unwrap().writer();
    records.iter().for_each(|record| writer.note(record));
    writer.finish(YEAR).unwrap();
    let (stays, claims) = Store::open(&path).unwrap().history(&mac(1).to_string(), None).unwrap();
    assert_eq!((stays.len(), claims.len()), (1, 1));
}

#[test]
fn a_newer_store_and_what_is_none_are_refused() {
    let (path, _) = written("newer.db", &[], YEAR);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    for opened in [Store::open(&path), Store::create(&path)] {
        assert!(matches!(opened, Err(StoreError::Newer { version: 2, .. })));
    }
    let foreign = scratch("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    for opened in [Store::open(&foreign), Store::create(&foreign)] {
        assert!(matches!(opened, Err(StoreError::Foreign { .. })));
    }
    assert!(matches!(Store::open(&scratch("absent.db")), Err(StoreError::Sqlite { .. })));
}
