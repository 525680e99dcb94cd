//! What a station costs: feeds frames of many stations through a shard and a spine, and prints memory and time.
//!
//! Used by `cargo xtask bench memory`. Everything is made in memory, so that nothing but the engine is measured: each
//! station sends one frame of IPv4 from an address of its own, then a second one, and then falls silent
//! until all of them expire in one tick. `--guests N` gives the spine an inventory of N guests, of which
//! none is among the stations, so that every station is a stranger; `--arp` lets each claim its address by ARP
//! as well. Memory is what the kernel counts as resident (proc(5), `VmRSS`), less what it was before the first
//! frame.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rollcall_core::engine::{Input, Shard, ShardOutput, ShardSettings, Share, Spine, SpineSettings};
use rollcall_core::recorded::rows::{GuestRow, Text};
use rollcall_core::recorded::{Position, Snapshot, SnapshotBuilder};
use rollcall_core::types::{CapturePoint, CapturePointId, Frame, Limits, LinkType, Timestamp};

/// Frames handed over at once, as the readers of capture files do.
const BATCH_FRAMES: u32 = 4_096;
const FRAME_OCTETS: usize = 64;

fn main() -> Result<()> {
    let mut stations = 1_000_000;
    let (mut guests, mut arp) = (0, false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--guests" => guests = words.next().context("say how many guests")?.parse()?,
            "--arp" => arp = true,
            number => stations = number.parse().with_context(|| format!("read `{number}`"))?,
        }
    }
    if stations == 0 {
        bail!("usage: stations [COUNT] [--guests N] [--arp]");
    }
    let mut bench = Bench::new(stations, guests);
    let empty = resident()?;
    let per_station = |octets: u64| octets.saturating_sub(empty) / u64::from(stations);
    let each = |elapsed: Duration| elapsed.as_nanos() / u128::from(stations);
    println!("stations={stations} guests={guests} arp={arp}");
    for (name, secs, kind) in [("new", 0, Kind::Data), ("arp", 20, Kind::Arp), ("again", 100, Kind::Data)] {
        if name == "arp" && !arp {
            continue;
        }
        let took = bench.round(secs, kind);
        println!("{name}: {} ns/station, {} octets/station", each(took), per_station(resident()?));
    }
    let started = Instant::now();
    bench.pass(1_000);
    println!("expiry: {} ns/station, {} octets/station", each(started.elapsed()), per_station(resident()?));
    let ledger = bench.spine.ledger();
    println!(
        "present={} events={} open={} peak={} octets/station",
        ledger.present_count(),
        bench.events,
        bench.spine.audit().discrepancies().filter(|known| known.is_open()).count(),
        per_station(status("VmHWM:")?)
    );
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Data,
    Arp,
}

struct Bench {
    stations: u32,
    shard: Shard,
    spine: Spine,
    output: ShardOutput,
    sequence: u64,
    events: u64,
    octets: Vec<u8>,
}

impl Bench {
    fn new(stations: u32, guests: u32) -> Self {
        let limits = Limits { stations_max: stations.max(Limits::DEFAULT.stations_max), ..Limits::DEFAULT };
        let snapshot = Arc::new(inventory(guests));
        let mut spine = Spine::new(SpineSettings { limits, ..SpineSettings::default() });
        let mut shard = Shard::new(&ShardSettings { limits, ..ShardSettings::default() });
        spine.handle(Timestamp::MIN, Input::Recorded(Arc::clone(&snapshot)));
        let point = CapturePoint::unknown("bench");
        shard.add_point(&point, Spine::locates(&point, &snapshot));
        spine.handle(Timestamp::MIN, Input::Point(point));
        Self {
            stations,
            shard,
            spine,
            output: ShardOutput::default(),
            sequence: 1,
            events: 0,
            octets: vec![0; FRAME_OCTETS * BATCH_FRAMES as usize],
        }
    }

    /// Every station sends one frame, all of them within ten seconds.
    fn round(&mut self, secs: i64, kind: Kind) -> Duration {
        let mut took = Duration::ZERO;
        for first in (0..self.stations).step_by(BATCH_FRAMES as usize) {
            let count = BATCH_FRAMES.min(self.stations - first);
            for (station, octets) in (first..first + count).zip(self.octets.chunks_exact_mut(FRAME_OCTETS)) {
                write(octets, station, kind);
            }
            let step = 10_000_000_000 / i64::from(self.stations);
            let begin = secs * 1_000_000_000;
            let octets = core::mem::take(&mut self.octets);
            let frames: Vec<Frame<'_>> = (first..first + count)
                .zip(octets.chunks_exact(FRAME_OCTETS))
                .map(|(station, bytes)| frame(begin + i64::from(station) * step, bytes))
                .collect();
            let started = Instant::now();
            self.take(&frames);
            took += started.elapsed();
            self.octets = octets;
        }
        took
    }

    /// One frame of nobody, so that time passes.
    fn pass(&mut self, secs: i64) {
        let silence = [0; FRAME_OCTETS];
        self.take(&[frame(secs * 1_000_000_000, &silence)]);
    }

    fn take(&mut self, frames: &[Frame<'_>]) {
        self.shard.frames(self.sequence, frames.iter().copied(), Share::ALL, &mut self.output);
        self.sequence += frames.len() as u64;
        let events = &mut self.events;
        self.spine.handle_outputs_to(core::slice::from_ref(&self.output), &mut |_| *events += 1);
        self.output.clear();
    }
}

const fn frame(nanos: i64, bytes: &[u8]) -> Frame<'_> {
    Frame {
        at: Timestamp::from_nanos(nanos + 1_700_000_000_000_000_000),
        capture_point: CapturePointId(0),
        linktype: LinkType::ETHERNET,
        orig_len: 64,
        bytes,
    }
}

/// Writes a frame of a station: Ethernet II, then an IPv4 header without payload or an ARP reply.
fn write(octets: &mut [u8], station: u32, kind: Kind) {
    let [a, b, c, d] = station.wrapping_mul(0x9e37_79b1).to_be_bytes();
    let mac = [0x52, 0x54, a, b, c, d];
    let ip = (0x0a00_0000_u32 + station + 1).to_be_bytes();
    octets.fill(0);
    octets[..6].copy_from_slice(&[0x02, 0, 0, 0, 0, 0xfe]);
    octets[6..12].copy_from_slice(&mac);
    match kind {
        Kind::Data => {
            octets[12..34]
                .copy_from_slice(&[8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1]);
            octets[26..30].copy_from_slice(&ip);
        }
        Kind::Arp => {
            octets[12..22].copy_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
            octets[22..28].copy_from_slice(&mac);
            octets[28..32].copy_from_slice(&ip);
            octets[32..38].copy_from_slice(&[0x02, 0, 0, 0, 0, 0xfe]);
            octets[38..42].copy_from_slice(&[10, 0, 0, 1]);
        }
    }
}

/// An inventory of guests that no frame comes from.
fn inventory(guests: u32) -> Snapshot {
    let mut builder = SnapshotBuilder::new();
    let text = |value: String| Text::new(value, Position::default());
    for guest in 0..guests {
        let [_, b, c, d] = guest.to_be_bytes();
        builder.guest(GuestRow {
            id: Some(text(format!("guest-{guest:06}"))),
            macs: vec![text(format!("00:16:3e:{b:02x}:{c:02x}:{d:02x}"))],
            state: Some(text("running".to_owned())),
            ..GuestRow::default()
        });
    }
    builder.finish().snapshot
}

fn resident() -> Result<u64> {
    status("VmRSS:")
}

/// Reads a line of the kernel's account of this process, in octets.
fn status(name: &str) -> Result<u64> {
    let text = std::fs::read_to_string("/proc/self/status").context("read `/proc/self/status`")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)).context("find the line")?;
    let kibibytes: u64 = line.split_whitespace().next().context("find the number")?.parse()?;
    Ok(kibibytes * 1_024)
}
