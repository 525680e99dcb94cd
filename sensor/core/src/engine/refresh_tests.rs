//! What a capture point counts by itself, beside frames that it gives.

use core::time::Duration;

use super::{Shard, ShardOutput, ShardSettings, Share};
use crate::presence::{Change, ChangeKind, PresenceSettings};
use crate::types::{
    CapturePoint, CapturePointId, Frame, LinkType, MacAddr, Refresh, Timestamp, Tunnel, TunnelKind, Via, Vids,
};

const TTL_SECS: i64 = 300;

fn at(secs: i64) -> Timestamp {
    Timestamp::EPOCH.after(Duration::from_secs(secs.unsigned_abs()))
}

fn settings() -> ShardSettings {
    let presence =
        PresenceSettings { ttl: Duration::from_secs(TTL_SECS.unsigned_abs()), ..PresenceSettings::default() };
    ShardSettings { presence, ..ShardSettings::default() }
}

fn station(number: u8) -> MacAddr {
    MacAddr::new([0x52, 0x54, 0, 0, 0, number])
}

fn row(number: u8, last_secs: i64, frames: u64) -> Refresh {
    Refresh {
        capture_point: CapturePointId(0),
        mac: station(number),
        vids: Vids::UNTAGGED,
        via: Via::Wire,
        frames,
        octets: 60 * frames,
        first_seen_at: at(1),
        last_seen_at: at(last_secs),
    }
}

/// A data frame of a station at a second.
fn octets(number: u8) -> Vec<u8> {
    let mut octets = vec![2, 0, 0, 0, 0, 0xfe, 0x52, 0x54, 0, 0, 0, number];
    octets.extend([0x08, 0x00, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, number, 10, 0, 0, 254]);
    octets.resize(60, 0);
    octets
}

struct Run {
    shards: Vec<Shard>,
    sequence: u64,
    changes: Vec<Change>,
    sight: usize,
}

impl Run {
    fn new(count: u32) -> Self {
        let mut shards: Vec<Shard> = (0..count).map(|_| Shard::new(&settings())).collect();
        for shard in &mut shards {
            shard.add_point(&CapturePoint::unknown("tap"), false);
        }
        Self { shards, sequence: 1, changes: Vec::new(), sight: 0 }
    }

    fn each(&mut self, mut show: impl FnMut(&mut Shard, Share, &mut ShardOutput)) {
        let of = u32::try_from(self.shards.len()).unwrap();
        for (index, shard) in (0..).zip(&mut self.shards) {
            let mut out = ShardOutput::default();
            show(shard, Share { index, of }, &mut out);
            self.changes.append(&mut out.changes);
            self.sight += out.sight.len();
        }
        self.changes.sort_by_key(|change| change.sequence);
    }

    fn frame(&mut self, number: u8, secs: i64) {
        let (sequence, bytes) = (self.sequence, octets(number));
        let frame = Frame {
            at: at(secs),
            capture_point: CapturePointId(0),
            linktype: LinkType::ETHERNET,
            orig_len: 60,
            bytes: &bytes,
        };
        self.each(|shard, share, out| shard.frames(sequence, [frame], share, out));
        self.sequence += 1;
    }

    fn refresh(&mut self, rows: &[Refresh]) {
        let sequence = self.sequence;
        self.each(|shard, share, out| shard.refresh(sequence, rows, share, out));
        self.sequence += rows.len() as u64;
    }

    /// What the rows of a station carried, as far as it was told.
    fn frames_of(&mut self, number: u8) -> u64 {
        let mut out = ShardOutput::default();
        for shard in &mut self.shards {
            assert!(shard.finish(0, &mut out).is_none());
        }
        self.changes.append(&mut out.changes);
        let of_station = self.changes.iter().filter(|change| change.key.mac == station(number));
        of_station
            .map(|change| match change.kind {
                ChangeKind::StillHere(traffic)
                | ChangeKind::Counted { traffic, .. }
                | ChangeKind::Expired { traffic, .. } => traffic.frames,
                _ => 0,
            })
            .sum()
    }

    fn has(&self, number: u8, wanted: fn(&ChangeKind) -> bool) -> bool {
        self.changes.iter().any(|change| change.key.mac == station(number) && wanted(&change.kind))
    }
}

#[test]
fn what_is_only_counted_stays_and_what_is_not_expires() {
    let mut run = Run::new(1);
    run.frame(1, 10);
    run.frame(2, 10);
    for secs in (20..1_000).step_by(10) {
        run.refresh(&[row(1, secs, 7)]);
    }
    let expired = |kind: &ChangeKind| matches!(kind, ChangeKind::Expired { .. });
    assert!(!run.has(1, expired) && run.has(2, expired));
    assert!(run.has(1, |kind| matches!(kind, ChangeKind::StillHere(_))));
    // Time passes by rows alone, and the capture point is in sight.
    assert!(run.sight > 90, "{} ticks", run.sight);
    assert_eq!(run.frames_of(1), 1 + 98 * 7);
}

#[test]
fn a_station_of_which_no_frame_was_given_appears() {
    let mut run = Run::new(1);
    run.frame(1, 10);
    let tunnel = Tunnel::new(TunnelKind::Vxlan, Some(5001), Some([192, 0, 2, 1].into()));
    let many = Refresh { via: Via::Tunnel(tunnel), ..row(3, 11, 10_000_000) };
    run.refresh(&[row(2, 11, 4), many]);
    let appeared: Vec<_> = run
        .changes
        .iter()
        .filter(|change| matches!(change.kind, ChangeKind::Appeared))
        .map(|c| c.key)
        .collect();
    assert_eq!(appeared.iter().map(|key| key.mac).collect::<Vec<_>>(), [1, 2, 3].map(station));
    assert_eq!(appeared[2].via, Via::Tunnel(tunnel));
    assert_eq!((run.frames_of(2), run.frames_of(3)), (4, 10_000_000));
}

#[test]
fn the_number_of_shards_does_not_show_in_what_was_counted() {
    let told = |shards| {
        let mut run = Run::new(shards);
        run.frame(1, 10);
        for secs in [20, 200, 400, 700] {
            let rows: Vec<Refresh> = (1..40).map(|number| row(number, secs, 3)).collect();
            run.refresh(&rows);
            run.frame(200, secs + 1);
        }
        let mut told: Vec<String> = run.changes.iter().map(|change| format!("{change:?}")).collect();
        told.sort();
        told
    };
    let one = told(1);
    assert!(one.len() > 39);
    assert_eq!(told(3), one);
}
