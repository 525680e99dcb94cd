use std::collections::HashMap;
use std::fmt;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::Duration;

use aya::maps::{Array, Map, MapData, MapError, PerCpuArray, RingBuf};
use aya::programs::{ProgramError, TestRun as _, TestRunOptions, Xdp};
use aya::{Ebpf, EbpfError, EbpfLoader, VerifierLogLevel};
use foldhash::quality::RandomState;
use rollcall_core::types::{CapturePointId, LinkType, Timestamp};
use rollcall_ebpf_abi::{
    Clock, Counter, FarKey, NearKey, Presence, RECORD_OCTETS, Record, Row, SNIPPET_CONTROL, Settings, map,
    program,
};

use super::batch::{Batches, Reading};
use super::rows::{Place, Told};
use super::{KernelClock, Swept, XdpCounters, XdpError, XdpSettings};
use crate::capture::{Batch, FrameRef, InterfaceId};

/// The program as `cargo xtask ebpf` built it.
static OBJECT: &[u8] =
    aya::include_bytes_aligned!(concat!(env!("CARGO_MANIFEST_DIR"), "/../sensor-ebpf/rollcall.bpf.o"));

/// The XDP program in the kernel, with its maps; one for each capture point.
///
/// It counts for nobody before it is attached ([`XdpProgram::attach`](Self::attach)), except by
/// [`XdpProgram::run`]. Dropping it takes it off.
pub struct XdpProgram {
    ebpf: Ebpf,
    near: RowsMap<NearKey>,
    far: RowsMap<FarKey>,
    punts: RingBuf<MapData>,
    counters: PerCpuArray<MapData, [u64; Counter::COUNT]>,
    settings: Array<MapData, [u8; Settings::OCTETS]>,
    clock: Array<MapData, [u8; Clock::OCTETS]>,
    sweep: u32,
}

impl fmt::Debug for XdpProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XdpProgram").field("sweep", &self.sweep).finish_non_exhaustive()
    }
}

/// A map of rows, and what it held at the last sweep.
struct RowsMap<K> {
    name: &'static str,
    map: MapData,
    batches: Batches,
    told: HashMap<K, Told, RandomState>,
}

/// How a run of the program on a frame ended, for tests and measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What the program said becomes of the frame.
    pub action: u32,
    /// How long one of the runs took on average.
    pub each: Duration,
}

impl XdpProgram {
    /// Loads the embedded program, for frames that come in on `processors` of them.
    ///
    /// # Errors
    /// The kernel refuses, or lacks what the program needs; see [`XdpError`].
    pub fn load(settings: &XdpSettings, processors: u32) -> Result<Self, XdpError> {
        Self::load_object(OBJECT, settings, processors)
    }

    /// Loads another object with the same maps and programs, for measurements.
    ///
    /// # Errors
    /// As [`XdpProgram::load`].
    pub fn load_object(object: &[u8], settings: &XdpSettings, processors: u32) -> Result<Self, XdpError> {
        let mut ebpf = EbpfLoader::new()
            // The program needs nothing of the kernel's own types, which are slow to read.
            .btf(None)
            .verifier_log_level(VerifierLogLevel::DISABLE)
            .map_max_entries(map::NEAR, settings.near_max)
            .map_max_entries(map::FAR, settings.far_max)
            .map_max_entries(map::PUNTS, settings.ring_octets)
            .load(object)
            .map_err(not_loaded)?;
        let named = |name| XdpError::Missing { what: name };
        let mut take = |name| ebpf.take_map(name).ok_or_else(|| named(name));
        let near = RowsMap::new(map::NEAR, take(map::NEAR)?)?;
        let far = RowsMap::new(map::FAR, take(map::FAR)?)?;
        let punts = RingBuf::try_from(take(map::PUNTS)?).map_err(|_| named(map::PUNTS))?;
        let counters = PerCpuArray::try_from(take(map::COUNTERS)?).map_err(|_| named(map::COUNTERS))?;
        let array = Array::try_from(take(map::SETTINGS)?).map_err(|_| named(map::SETTINGS))?;
        let clock = Array::try_from(take(map::CLOCK)?).map_err(|_| named(map::CLOCK))?;
        let mut loaded = Self { ebpf, near, far, punts, counters, settings: array, clock, sweep: 0 };
        loaded.set(settings, processors)?;
        for name in [program::ROLLCALL, program::PARSE_AND_DROP, program::CLOCK] {
            loaded.program(name)?.load().map_err(not_accepted)?;
        }
        Ok(loaded)
    }

    /// Replaces the settings of the running program; how many rows there may be stays.
    ///
    /// # Errors
    /// The kernel refuses to write the map.
    pub fn set(&mut self, settings: &XdpSettings, processors: u32) -> Result<(), XdpError> {
        let bytes = settings.to_abi(processors).to_bytes();
        self.settings.set(0, bytes, 0).map_err(|error| map_error("write", map::SETTINGS, error))
    }

    /// Returns what the program counted on all processors.
    ///
    /// # Errors
    /// The kernel refuses to read the map.
    pub fn counters(&self) -> Result<XdpCounters, XdpError> {
        let values = self.counters.get(&0, 0).map_err(|error| map_error("read", map::COUNTERS, error))?;
        Ok(XdpCounters::sum(values.iter()))
    }

    /// Shows every station whose row counted a frame since the last sweep, in no order. Once a second is enough. Each frame
    /// is told once: it is handed over, or counted in the rows of its stations.
    ///
    /// Rows on which no frame was counted since `forget_before` are taken out of the map; a station that comes back
    /// is a new one to the program, whose first frame is handed over.
    ///
    /// # Errors
    /// The kernel refuses to read a map; what was read before was shown.
    pub fn sweep(
        &mut self,
        forget_before: Option<Timestamp>,
        mut visit: impl FnMut(Swept),
    ) -> Result<Sweep, XdpError> {
        self.sweep = self.sweep.wrapping_add(1);
        let (sweep, mut sum) = (self.sweep, Sweep::default());
        let clock = self.clock()?;
        self.near.sweep(clock, forget_before, sweep, &mut sum, &mut visit)?;
        self.far.sweep(clock, forget_before, sweep, &mut sum, &mut visit)?;
        Ok(sum)
    }

    /// Takes every row out of the maps and shows it.
    ///
    /// # Errors
    /// The kernel refuses to read a map.
    pub fn take_rows(&mut self, mut visit: impl FnMut(Swept)) -> Result<(), XdpError> {
        let clock = self.clock()?;
        self.near.take(clock, &mut visit)?;
        self.far.take(clock, &mut visit)
    }

    /// Asks the kernel what its stamps are worth now.
    ///
    /// # Errors
    /// The kernel refuses to run the program that reads the clocks.
    pub fn clock(&mut self) -> Result<KernelClock, XdpError> {
        self.run_named(program::CLOCK, &[0; 64], 1)?;
        let bytes = self.clock.get(&0, 0).map_err(|error| map_error("read", map::CLOCK, error))?;
        Ok(KernelClock::read(Clock::from_bytes(&bytes).unwrap_or_default()))
    }

    /// Shows the next record of the ring buffer, with the octets of its frame; none where there is no further one.
    pub fn next_punt<T>(&mut self, show: impl FnOnce(Record, &[u8]) -> T) -> Option<T> {
        loop {
            let item = self.punts.next()?;
            let Some(record) = Record::from_bytes(&item) else { continue };
            let behind = item.get(RECORD_OCTETS..).unwrap_or_default();
            return Some(show(record, behind.get(..usize::from(record.caplen)).unwrap_or(behind)));
        }
    }

    /// Replaces the contents of a batch with what is in the ring buffer, `frames_max` records at most; returns how many
    /// there were. `first` is the ordinal of the first in the run, from 1.
    pub fn punts(
        &mut self,
        batch: &mut Batch,
        clock: KernelClock,
        capture_point: CapturePointId,
        first: u64,
        frames_max: usize,
    ) -> usize {
        batch.clear();
        batch.first_frame = first;
        let mut used = 0;
        while batch.len() < frames_max && used < BATCH_OCTETS_MAX {
            let added = self.next_punt(|record, bytes| {
                batch.put(
                    used,
                    bytes,
                    FrameRef {
                        at: clock.time(record.at_ns),
                        offset: 0,
                        caplen: u32::from(record.caplen),
                        orig_len: record.orig_len,
                        number: 0,
                        capture_point,
                        linktype: LinkType::ETHERNET,
                        interface: InterfaceId::default(),
                        is_timed: true,
                    },
                )
            });
            let Some(end) = added else { break };
            used = end;
        }
        batch.len()
    }

    /// Returns the ring buffer's descriptor, which polls readable when a record is there.
    pub fn as_punts_fd(&self) -> BorrowedFd<'_> {
        self.punts.as_fd()
    }

    /// Runs the program on a frame, as often as said, without a network: for tests and measurements.
    ///
    /// # Errors
    /// The kernel refuses; a frame is at least 14 octets long.
    pub fn run(&mut self, frame: &[u8], repeat: u32) -> Result<Ran, XdpError> {
        self.run_named(program::ROLLCALL, frame, repeat)
    }

    /// Does the same with a program that only reads the headers of a data frame and drops it.
    ///
    /// # Errors
    /// As [`XdpProgram::run`].
    pub fn run_baseline(&mut self, frame: &[u8], repeat: u32) -> Result<Ran, XdpError> {
        self.run_named(program::PARSE_AND_DROP, frame, repeat)
    }

    fn run_named(&mut self, name: &'static str, frame: &[u8], repeat: u32) -> Result<Ran, XdpError> {
        let options = TestRunOptions { data_in: Some(frame), repeat, ..TestRunOptions::new() };
        let ended =
            self.program(name)?.test_run(options).map_err(|error| XdpError::Run { source: io_of(error) })?;
        Ok(Ran { action: ended.return_value, each: ended.duration })
    }

    pub(super) fn program(&mut self, name: &'static str) -> Result<&mut Xdp, XdpError> {
        let found = self.ebpf.program_mut(name).and_then(|found| found.try_into().ok());
        found.ok_or(XdpError::Missing { what: name })
    }
}

/// Octets of frames that one batch takes from the ring buffer, and one frame more.
const BATCH_OCTETS_MAX: usize = 256 * SNIPPET_CONTROL;

/// What a sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Rows in the maps.
    pub rows: u64,
    /// Rows that were taken out because they were idle.
    pub forgotten: u64,
}

impl<K: Row + Place> RowsMap<K> {
    fn new(name: &'static str, map: Map) -> Result<Self, XdpError> {
        // Of these only the first is swept; the others are for measurements.
        let (Map::HashMap(map) | Map::LruHashMap(map) | Map::PerCpuHashMap(map) | Map::PerCpuLruHashMap(map)) =
            map
        else {
            return Err(XdpError::Missing { what: name });
        };
        let batches = Batches::new(K::OCTETS, Presence::OCTETS);
        Ok(Self { name, map, batches, told: HashMap::default() })
    }

    fn sweep(
        &mut self,
        clock: KernelClock,
        forget_before: Option<Timestamp>,
        sweep: u32,
        sum: &mut Sweep,
        visit: &mut impl FnMut(Swept),
    ) -> Result<(), XdpError> {
        let Self { name, map, batches, told } = self;
        let mut idle = Vec::new();
        let read = batches.read(map.fd().as_fd(), Reading::Keep, |bytes, value| {
            let (Some(key), Some(row)) = (K::from_bytes(bytes), Presence::from_bytes(value)) else { return };
            sum.rows += 1;
            let last_seen_at = clock.tick(row.last_ticks);
            let (frames, octets) = told.entry(key).or_default().update(&row, sweep);
            if frames == 0 && forget_before.is_some_and(|before| last_seen_at < before) {
                idle.extend_from_slice(bytes);
                told.remove(&key);
            }
            if let Some(at) = key.place().filter(|_| frames > 0) {
                visit(Swept { at, frames, octets, first_seen_at: clock.tick(row.first_ticks), last_seen_at });
            }
        });
        read.map_err(|source| XdpError::Map { action: "read", map: name, source })?;
        // What is no longer in the map was taken out by somebody else, or missed.
        if told.len() as u64 > 2 * sum.rows {
            told.retain(|_, told| told.sweep == sweep);
        }
        sum.forgotten += (idle.len() / K::OCTETS) as u64;
        let deleted = batches.delete(map.fd().as_fd(), &idle);
        deleted.map_err(|source| XdpError::Map { action: "take idle rows out of", map: name, source })
    }

    fn take(&mut self, clock: KernelClock, visit: &mut impl FnMut(Swept)) -> Result<(), XdpError> {
        let Self { name, map, batches, told } = self;
        told.clear();
        let read = batches.read(map.fd().as_fd(), Reading::Take, |key, value| {
            let (Some(key), Some(row)) = (K::from_bytes(key), Presence::from_bytes(value)) else { return };
            if let Some(at) = key.place() {
                visit(Swept {
                    at,
                    frames: row.frames,
                    octets: row.octets,
                    first_seen_at: clock.tick(row.first_ticks),
                    last_seen_at: clock.tick(row.last_ticks),
                });
            }
        });
        read.map_err(|source| XdpError::Map { action: "empty", map: name, source })
    }
}

fn not_loaded(error: EbpfError) -> XdpError {
    let reason = error.to_string();
    match error {
        EbpfError::MapError(MapError::CreateError { io_error: source, .. }) if is_refusal(&source) => {
            XdpError::NotPermitted { source }
        }
        EbpfError::MapError(MapError::CreateError { name, io_error, .. }) => {
            XdpError::Load { reason: format!("make the map `{name}`: {io_error}") }
        }
        _ => XdpError::Load { reason },
    }
}

fn not_accepted(error: ProgramError) -> XdpError {
    let source = io_of(error);
    if is_refusal(&source) {
        XdpError::NotPermitted { source }
    } else {
        XdpError::Load { reason: source.to_string() }
    }
}

fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

fn map_error(action: &'static str, map: &'static str, error: MapError) -> XdpError {
    let source = match error {
        MapError::SyscallError(call) => call.io_error,
        other => io::Error::other(other),
    };
    XdpError::Map { action, map, source }
}

/// Returns what the kernel said.
pub(super) fn io_of(error: ProgramError) -> io::Error {
    match error {
        ProgramError::LoadError { io_error, verifier_log } if !verifier_log.to_string().is_empty() => {
            io::Error::new(io_error.kind(), format!("{io_error}: {verifier_log}"))
        }
        ProgramError::LoadError { io_error, .. } => io_error,
        ProgramError::SyscallError(call) => call.io_error,
        other => io::Error::other(other),
    }
}
