//! How long the audit takes with 100,000 guests: prints nanoseconds from a move, from a changed record and for
//! judging everybody again, each the median of several.
//!
//! All guests are present where they are recorded, a thousand behind each of a hundred ports. Graces are zero, so
//! that a difference opens at once and only the work is measured: the frame, or the new snapshot, up to the
//! opened discrepancy; then everybody, because a switch is recorded differently.

#![expect(clippy::print_stdout, reason = "the numbers are read by xtask")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rollcall_core::audit::{AuditEvent, AuditSettings, DiscrepancyChange};
use rollcall_core::engine::{Input, Output, Shard, ShardOutput, ShardSettings, Share, Spine, SpineSettings};
use rollcall_core::recorded::rows::{AttachmentRow, GuestRow, HostRow, SwitchRow, Text};
use rollcall_core::recorded::{Position, Snapshot, SnapshotBuilder};
use rollcall_core::types::{
    CapturePoint, CapturePointId, Coverage, Direction, Frame, LinkType, Port, Timestamp,
};

const GUESTS: u32 = 100_000;
const HOSTS: u32 = 100;
const ROUNDS: u32 = 5;

fn main() -> Result<()> {
    let mut bench = Bench::new();
    bench.everybody_talks();
    ensure!(bench.opened() == 0, "everybody is where the records say");
    let moves: Vec<Duration> = (0..ROUNDS).map(|round| bench.move_of(round)).collect::<Result<_>>()?;
    let mut records = Vec::new();
    let mut everybody = Vec::new();
    for round in 0..ROUNDS {
        let guest = 50_000 + round;
        let changed = snapshot(Some(guest), round);
        let took = bench.record(changed);
        ensure!(bench.opened() == 1, "one record says otherwise");
        records.push(took);
        everybody.push(bench.record(snapshot(None, round + 1)));
        bench.opened();
    }
    println!("{} {} {}", median(moves).as_nanos(), median(records).as_nanos(), median(everybody).as_nanos());
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

struct Bench {
    shard: Shard,
    spine: Spine,
    output: ShardOutput,
    sequence: u64,
    now: Timestamp,
    recorded: Arc<Snapshot>,
}

impl Bench {
    fn new() -> Self {
        let zero = Duration::ZERO;
        let audit = AuditSettings { record_lag: zero, ..AuditSettings::default() };
        let settings = SpineSettings { audit, ..SpineSettings::default() };
        let mut shard =
            Shard::new(&ShardSettings { presence: settings.presence, ..ShardSettings::default() });
        let mut spine = Spine::new(settings);
        let recorded = Arc::new(snapshot(None, 0));
        spine.handle(Timestamp::MIN, Input::Recorded(Arc::clone(&recorded)));
        for host in 0..HOSTS {
            let point = CapturePoint {
                direction: Direction::Ingress,
                ports: vec![Port { switch: "tor".into(), port: host.to_string().into() }],
                coverage: Coverage::Mirrored,
                ..CapturePoint::unknown(format!("tor:{host}"))
            };
            shard.add_point(&point, Spine::locates(&point, &recorded));
            spine.handle(Timestamp::MIN, Input::Point(point));
        }
        let now = Timestamp::from_secs_nanos(1_000_000_000, 0);
        Self { shard, spine, output: ShardOutput::default(), sequence: 1, now, recorded }
    }

    /// Every guest sends a frame where it is recorded.
    fn everybody_talks(&mut self) {
        for guest in 0..GUESTS {
            self.talk(guest, guest % HOSTS);
        }
    }

    /// A guest sends a frame behind the port of a host.
    fn talk(&mut self, guest: u32, host: u32) {
        self.now = self.now.after(Duration::from_micros(100));
        let octets = frame(guest);
        let frame = Frame {
            at: self.now,
            capture_point: CapturePointId(u16::try_from(host).unwrap_or_default()),
            linktype: LinkType::ETHERNET,
            orig_len: 60,
            bytes: &octets,
        };
        self.shard.frames(self.sequence, [frame], Share::ALL, &mut self.output);
        self.sequence += 1;
        self.spine.handle_outputs(core::slice::from_ref(&self.output));
        self.output.clear();
    }

    /// A guest falls silent at its place and talks at another until that is called a difference; returns what the
    /// frame took that made it one.
    fn move_of(&mut self, round: u32) -> Result<Duration> {
        let guest = 1_000 + round;
        for _ in 0..100_000 {
            let started = Instant::now();
            self.talk(guest, (guest + 1) % HOSTS);
            let opened = self.opened();
            let took = started.elapsed();
            if opened > 0 {
                return Ok(took);
            }
            self.now = self.now.after(Duration::from_millis(10));
        }
        anyhow::bail!("a move is never called a difference")
    }

    fn record(&mut self, snapshot: Snapshot) -> Duration {
        let snapshot = Arc::new(snapshot);
        // Whoever loads records keeps the former ones until then, so that taking them apart is not the audit's.
        let former = core::mem::replace(&mut self.recorded, Arc::clone(&snapshot));
        let started = Instant::now();
        self.spine.handle(self.now, Input::Recorded(snapshot));
        let took = started.elapsed();
        drop(former);
        took
    }

    /// Returns how many discrepancies were opened since it was last asked.
    fn opened(&mut self) -> usize {
        let mut opened = 0;
        while let Some(output) = self.spine.poll() {
            let is_opened =
                matches!(output, Output::Audit(AuditEvent { change: DiscrepancyChange::Opened { .. }, .. }));
            opened += usize::from(is_opened);
        }
        opened
    }
}

/// A frame of IPv4 from a guest.
fn frame(guest: u32) -> Vec<u8> {
    let [_, b, c, d] = guest.to_be_bytes();
    let mut octets = vec![2, 0, 0, 0, 0, 0xfe, 0x52, 0x54, 0, b, c, d];
    octets.extend([0x08, 0x00, 0x45, 0, 0, 46, 0, 1, 0, 0, 64, 17, 0, 0, 10, b, c, d, 10, 255, 255, 254]);
    octets.resize(60, 0);
    octets
}

/// The records: guests on hosts in turn, except one that stands on the next host; the switch's ports and one more for
/// each edition, so that two editions differ in it.
fn snapshot(displaced: Option<u32>, edition: u32) -> Snapshot {
    let text = |value: String| Text::new(value, Position::default());
    let mut builder = SnapshotBuilder::new();
    let ports = (0..HOSTS + edition).map(|port| text(port.to_string())).collect();
    builder.switch(SwitchRow { id: Some(text("tor".to_owned())), ports, ..SwitchRow::default() });
    for host in 0..HOSTS {
        let attachment = AttachmentRow {
            switch: Some(text("tor".to_owned())),
            port: Some(text(host.to_string())),
            ..AttachmentRow::default()
        };
        let id = Some(text(format!("hv-{host}")));
        builder.host(HostRow { id, attachments: vec![attachment], ..HostRow::default() });
    }
    for guest in 0..GUESTS {
        let [_, b, c, d] = guest.to_be_bytes();
        let host = (guest + u32::from(displaced == Some(guest))) % HOSTS;
        builder.guest(GuestRow {
            id: Some(text(format!("guest-{guest:06}"))),
            macs: vec![text(format!("52:54:00:{b:02x}:{c:02x}:{d:02x}"))],
            host: Some(text(format!("hv-{host}"))),
            state: Some(text("running".to_owned())),
            ..GuestRow::default()
        });
    }
    builder.finish().snapshot
}
