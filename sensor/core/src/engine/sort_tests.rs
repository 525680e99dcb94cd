//! Frames that are sorted in blocks and settled by shard, against one shard that reads them itself.

use proptest::prelude::*;

use super::{Input, Output, Shard, ShardOutput, ShardSettings, Share, Sorted, Sorter, Spine, SpineSettings};
use crate::decode::{DecodeSettings, message_samples, samples, tunnel_samples};
use crate::types::{CapturePoint, CapturePointId, Frame, LinkType, Timestamp};

/// A frame to be: its kind, the last octet of its source address, and how far its time is from that of the frame before, in
/// milliseconds.
type Made = (usize, u8, i64);

/// A made capture: times in nanoseconds, link types, lengths on the wire, octets.
type Capture = Vec<(i64, LinkType, u32, Vec<u8>)>;

/// Every sample, of which a third are plain data.
fn kinds() -> Vec<Vec<u8>> {
    let mut kinds = [samples::all(), tunnel_samples::all(), message_samples::all()].concat();
    let datagram = samples::ipv4(17, &tunnel_samples::udp(40_000, 40_001, &[7; 20]));
    for tag in 0..u16::try_from(kinds.len() / 2).unwrap() {
        kinds.push(samples::tagged(&[(0x8100, tag % 3)], samples::IPV4, &datagram));
    }
    kinds
}

fn capture(made: &[Made]) -> Capture {
    let kinds = kinds();
    let mut nanos = 1_700_000_000_000_000_000i64;
    made.iter()
        .map(|(kind, station, millis)| {
            nanos += millis * 1_000_000;
            let mut octets = kinds[kind % kinds.len()].clone();
            octets[11] = *station;
            let (linktype, orig_len) = match kind % 17 {
                0 => (LinkType::SLL, 100),
                1 => (LinkType::ETHERNET, 1 << 19),
                2 => (LinkType(147), 0),
                _ => (LinkType::ETHERNET, u32::try_from(octets.len()).unwrap()),
            };
            (nanos, linktype, orig_len, octets)
        })
        .collect()
}

fn frame((nanos, linktype, orig_len, bytes): &(i64, LinkType, u32, Vec<u8>)) -> Frame<'_> {
    let (at, capture_point) = (Timestamp::from_nanos(*nanos), CapturePointId(0));
    Frame { at, capture_point, linktype: *linktype, orig_len: *orig_len, bytes }
}

/// A spine and shards that know one capture point.
fn engine(shards: u32) -> (Spine, Vec<Shard>) {
    let (point, mut spine) = (CapturePoint::unknown("tap"), Spine::new(SpineSettings::default()));
    let mut workers: Vec<Shard> = (0..shards).map(|_| Shard::new(&ShardSettings::default())).collect();
    for shard in &mut workers {
        shard.add_point(&point, true);
    }
    spine.handle(Timestamp::MIN, Input::Point(point));
    (spine, workers)
}

fn said(spine: &mut Spine, outputs: &[ShardOutput]) -> Vec<Output> {
    spine.handle_outputs(outputs);
    core::iter::from_fn(|| spine.poll()).collect()
}

/// What shall not differ.
fn sums(shards: &[Shard]) -> String {
    let mut counters = super::PointCounters::default();
    shards.iter().for_each(|shard| counters.add(&shard.points()[0]));
    let tracked: usize = shards.iter().map(Shard::tracked).sum();
    format!("{counters:?} {tracked} {:?} {:?}", shards[0].now(), shards[0].clock_counters())
}

fn directly(capture: &Capture) -> (Vec<Output>, String) {
    let (mut spine, mut shards) = engine(1);
    let mut out = ShardOutput::default();
    shards[0].frames(1, capture.iter().map(frame), Share::ALL, &mut out);
    (said(&mut spine, &[out]), sums(&shards))
}

fn sorted(capture: &Capture, of: u32, block: usize) -> (Vec<Output>, String) {
    let (mut spine, mut shards) = engine(of);
    let sorter = Sorter::new(DecodeSettings::default(), of);
    let (mut sorted, mut clock) = (Sorted::default(), shards[0].clock().clone());
    let mut outputs: Vec<ShardOutput> = shards.iter().map(|_| ShardOutput::default()).collect();
    for (number, frames) in (0u64..).zip(capture.chunks(block)) {
        let first = number * u64::try_from(block).unwrap() + 1;
        sorter.sort(clock.clone(), first, CapturePointId(0), frames.iter().map(frame), &mut sorted);
        frames.iter().for_each(|made| clock.pass(frame(made).at));
        for (index, (shard, out)) in (0u32..).zip(shards.iter_mut().zip(&mut outputs)) {
            shard.settle(&sorted, Share { index, of }, |index| frame(&frames[index as usize]), out);
        }
    }
    (said(&mut spine, &outputs), sums(&shards))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sorting_frames_for_shards_shows_nowhere(
        made in prop::collection::vec(
            (any::<usize>(), 0u8..6, prop_oneof![4 => 0i64..40, 1 => -1_500i64..5_000, 1 => 0i64..400_000]),
            1..300,
        ),
        shards in 1u32..6,
        block in 1usize..120,
    ) {
        let capture = capture(&made);
        let (direct, by_block) = (directly(&capture), sorted(&capture, shards, block));
        prop_assert_eq!(direct.1, by_block.1);
        prop_assert_eq!(direct.0, by_block.0);
    }
}
