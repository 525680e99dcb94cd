use core::time::Duration;
use std::sync::Arc;

use rollcall_core::decode::DecodeSettings;
use rollcall_core::engine::{Input, Shard, ShardOutput, ShardSettings, Share, Spine, SpineSettings};
use rollcall_core::recorded::SnapshotBuilder;
use rollcall_core::types::{CapturePoint, CapturePointId, Frame, Limits, LinkType, Timestamp};

/// Small bounds, so that they are reached.
const LIMITS: Limits = Limits {
    stations_max: 32,
    departed_max: 4,
    addresses_max: 32,
    mobile_nodes_max: 4,
    discrepancies_max: 8,
    ..Limits::DEFAULT
};

/// Frames that follow each other at two capture points, from the tables to the discrepancies.
///
/// # Layout
/// Each frame: length (1), what time it is (1: bit 7 its capture point, bit 6 backwards, the rest an exponent of
/// two in milliseconds), then its octets.
pub fn judge(octets: &[u8]) {
    let frames = frames(octets);
    let settings = SpineSettings { limits: LIMITS, ..SpineSettings::default() };
    let mut shard = Shard::new(&ShardSettings {
        decode: DecodeSettings::default(),
        presence: settings.presence,
        limits: LIMITS,
        seed: settings.seed,
        ..ShardSettings::default()
    });
    let snapshot = SnapshotBuilder::new().finish().snapshot;
    let mut spine = Spine::new(settings);
    spine.handle(Timestamp::MIN, Input::Recorded(Arc::new(snapshot)));
    for name in ["left", "right"] {
        let point = CapturePoint::unknown(name);
        shard.add_point(&point, true);
        spine.handle(Timestamp::MIN, Input::Point(point));
    }
    let mut first = 1;
    let mut output = ShardOutput::default();
    for batch in frames.chunks(7) {
        shard.frames(first, batch.iter().copied(), Share::ALL, &mut output);
        spine.handle_outputs(core::slice::from_ref(&output));
        output.clear();
        first += batch.len() as u64;
        while let Some(output) = spine.poll() {
            assert!(!format!("{output:?}").is_empty());
        }
    }
    let counted: u64 = shard.points().iter().map(|point| point.frames).sum();
    assert_eq!(counted, frames.len() as u64);
    assert!(shard.tracked() <= LIMITS.stations_max as usize, "{} rows", shard.tracked());
}

fn frames(octets: &[u8]) -> Vec<Frame<'_>> {
    let (mut frames, mut rest) = (Vec::new(), octets);
    let mut at = Timestamp::from_secs_nanos(1_000_000_000, 0);
    while let Some(([len, when], after)) = rest.split_first_chunk() {
        let (bytes, behind) = after.split_at(usize::from(*len).min(after.len()));
        let step = Duration::from_millis(1 << (when & 0x1f).min(30));
        at = if when & 0x40 == 0 { at.after(step) } else { at.before(step) };
        frames.push(Frame {
            at,
            capture_point: CapturePointId(u16::from(when >> 7)),
            linktype: LinkType::ETHERNET,
            orig_len: u32::from(*len),
            bytes,
        });
        rest = behind;
    }
    frames
}
