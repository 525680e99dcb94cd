use core::num::NonZeroU32;
use std::sync::Arc;

use rollcall_core::decode::DecodeSettings;
use rollcall_core::engine::{
    ClockCounters, Input, Output, PointCounters, Shard, ShardOutput, ShardSettings, Share, Sorter, Spine,
    SpineSettings, recorded_stations,
};
use rollcall_core::presence::{RecordedStations, TableCounters, TtlRule};
use rollcall_core::recorded::Snapshot;
use rollcall_core::types::{CapturePoint, Frame, Timestamp};
use thiserror::Error;

use super::{blocks, workers};
use crate::capture::{Batch, FrameSource, More, SourceError, Visitor};

/// How a replay is set up.
#[derive(Clone, Debug)]
pub struct ReplaySettings {
    /// How many worker threads share the frames; one runs on the calling thread.
    pub workers: NonZeroU32,
    /// What is read of frames.
    pub decode: DecodeSettings,
    /// Who lives longer or shorter than others.
    pub ttl_rules: Arc<[TtlRule]>,
    /// The spine's settings; the shards take theirs from them.
    pub spine: SpineSettings,
}

impl ReplaySettings {
    fn shard(&self) -> ShardSettings {
        let SpineSettings { presence, limits, seed, .. } = self.spine;
        let ttl_rules = Arc::clone(&self.ttl_rules);
        ShardSettings { decode: self.decode.clone(), presence, limits, ttl_rules, seed }
    }
}

/// Why a replay ends early.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The source cannot go on.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A worker thread panicked, which is a defect of the program.
    #[error("run worker threads: one of them panicked (please report this with the capture)")]
    Worker,
}

/// A replay about to run.
pub struct Replay<'a> {
    /// How it is set up.
    pub settings: ReplaySettings,
    /// The configured capture points, in the order of their numbers.
    pub points: Vec<CapturePoint>,
    /// The recorded state.
    pub snapshot: Arc<Snapshot>,
    /// What else happens, in the order of time; frames may end before it does.
    pub timeline: Vec<(Timestamp, Input)>,
    /// When the run ends, if that is after the last frame.
    pub until: Option<Timestamp>,
    /// Is shown every output of the spine, in order.
    pub observer: &'a mut dyn FnMut(&Output),
}

/// What is left when a replay has ended.
#[derive(Debug)]
pub struct Replayed {
    /// The ledger and the audit as they stand at the end.
    pub spine: Spine,
    /// The capture points, configured and found.
    pub points: Vec<CapturePoint>,
    /// What was seen at each of them.
    pub counters: Vec<PointCounters>,
    /// What the tables had to do.
    pub table: TableCounters,
    /// What was odd about time.
    pub clock: ClockCounters,
    /// Rows tracked in the tables at the end.
    pub tracked: usize,
    /// Claims that found no room in what a control message may give.
    pub unread_claims: u64,
    /// Claims that may have been told more than once, because too many came in one second.
    pub repeated_claims: u64,
    /// The time of the last frame, or of the end of the timeline, if that is later; `None` where there was neither.
    pub ended_at: Option<Timestamp>,
}

impl Replay<'_> {
    /// Runs the source to its end.
    ///
    /// # Errors
    /// [`ReplayError`]; damage within a capture file is none.
    pub fn run(self, source: &mut impl FrameSource) -> Result<Replayed, ReplayError> {
        let mut driver = Driver::new(self);
        if driver.workers.get() == 1 {
            let shard = driver.new_shard();
            let shard = driver.run_alone(shard, source)?;
            Ok(driver.end(vec![shard]))
        } else {
            let shards = match source.blocks() {
                Some(blocks) => blocks::run(&mut driver, blocks)?,
                None => workers::run(&mut driver, source)?,
            };
            Ok(driver.end(shards))
        }
    }
}

/// The spine and what belongs to it, on the calling thread.
pub(super) struct Driver<'a> {
    pub(super) workers: NonZeroU32,
    shard_settings: ShardSettings,
    spine: Spine,
    points: Vec<CapturePoint>,
    snapshot: Arc<Snapshot>,
    recorded: Arc<RecordedStations>,
    until: Option<Timestamp>,
    observer: &'a mut dyn FnMut(&Output),
}

impl<'a> Driver<'a> {
    pub(super) fn new(replay: Replay<'a>) -> Self {
        let Replay { settings, points, snapshot, timeline, until, observer } = replay;
        let recorded = Arc::new(recorded_at_any_time(&snapshot, &timeline));
        let shard_settings = settings.shard();
        let mut spine = Spine::new(settings.spine);
        spine.handle(Timestamp::MIN, Input::Recorded(Arc::clone(&snapshot)));
        for (at, input) in timeline {
            spine.schedule(at, input);
        }
        let snapshot = Arc::clone(spine.switched());
        let mut driver = Self {
            workers: settings.workers,
            shard_settings,
            spine,
            points: Vec::new(),
            snapshot,
            recorded,
            until,
            observer,
        };
        driver.add_points(&points);
        driver
    }

    /// Makes a shard that knows the capture points known so far.
    pub(super) fn new_shard(&self) -> Shard {
        let mut shard = Shard::new(&self.shard_settings);
        shard.set_recorded(Arc::clone(&self.recorded));
        add_points(&mut shard, &self.points, &self.snapshot);
        shard
    }

    /// Makes a sorter for all shards.
    pub(super) fn new_sorter(&self) -> Sorter {
        Sorter::new(self.shard_settings.decode.clone(), self.workers.get())
    }

    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    pub(super) fn add_points(&mut self, points: &[CapturePoint]) {
        for point in points {
            self.points.push(point.clone());
            self.spine.handle(Timestamp::MIN, Input::Point(point.clone()));
        }
    }

    /// Takes in what all shards say about one batch, and shows what follows.
    pub(super) fn take(&mut self, outputs: &[ShardOutput]) {
        let observer = &mut self.observer;
        self.spine.handle_outputs_to(outputs, &mut |output| observer(&output));
    }

    /// Takes in something that happened beside the wire, and shows what follows.
    pub(super) fn input(&mut self, now: Timestamp, input: Input) {
        self.spine.handle(now, input);
        while let Some(output) = self.spine.poll() {
            (self.observer)(&output);
        }
    }

    pub(super) const fn spine(&self) -> &Spine {
        &self.spine
    }

    /// Lets time pass to the end of the run, which may be later than the last frame; returns when that is.
    fn pass_time(&mut self, shards: &mut [Shard]) -> Option<Timestamp> {
        let last_frame = shards.first().map(Shard::now).filter(|&now| now != Timestamp::MIN);
        let end = last_frame.max(self.until)?;
        let outputs = shards.iter_mut().map(|shard| {
            let mut output = ShardOutput::default();
            shard.pass_time(end, &mut output);
            output
        });
        let outputs: Vec<ShardOutput> = outputs.collect();
        self.take(&outputs);
        if let Some(end) = self.until {
            let observer = &mut self.observer;
            self.spine.pass_time(end, &mut |output| observer(&output));
        }
        Some(end)
    }

    fn run_alone(&mut self, shard: Shard, source: &mut impl FrameSource) -> Result<Shard, ReplayError> {
        let mut alone = Alone { driver: self, shard, output: ShardOutput::default() };
        let mut batch = Batch::new();
        while source.visit_next(&mut batch, &mut alone)? == More::Yes {}
        Ok(alone.shard)
    }

    pub(super) fn end(mut self, mut shards: Vec<Shard>) -> Replayed {
        let ended_at = self.pass_time(&mut shards);
        let mut output = ShardOutput::default();
        for shard in &mut shards {
            let mut next = Some(0);
            while let Some(from) = next {
                next = shard.finish(from, &mut output);
                self.take(core::slice::from_ref(&output));
                output.clear();
            }
        }
        if let Some(end) = ended_at {
            let observer = &mut self.observer;
            self.spine.finish_history(end, &mut |output| observer(&output));
        }
        let mut counters = vec![PointCounters::default(); self.points.len()];
        let (mut table, mut tracked) = (TableCounters::default(), 0);
        let (mut unread_claims, mut repeated_claims) = (0, 0);
        for shard in &shards {
            for (sum, more) in counters.iter_mut().zip(shard.points()) {
                sum.add(more);
            }
            table.add(shard.table_counters());
            tracked += shard.tracked();
            unread_claims += shard.unread_claims();
            repeated_claims += shard.repeated_claims();
        }
        let first = shards.first();
        let clock = first.map(Shard::clock_counters).unwrap_or_default();
        Replayed {
            spine: self.spine,
            points: self.points,
            counters,
            table,
            clock,
            tracked,
            unread_claims,
            repeated_claims,
            ended_at,
        }
    }
}

/// Returns the stations that are recorded at any time of a run: none of these is forgotten for a stranger's, and those that
/// should not be heard at one time are listened for at all.
pub(super) fn recorded_at_any_time(snapshot: &Snapshot, timeline: &[(Timestamp, Input)]) -> RecordedStations {
    let later = timeline.iter().filter_map(|(_, input)| match input {
        Input::Recorded(snapshot) => Some(&**snapshot),
        _ => None,
    });
    recorded_stations(core::iter::once(snapshot).chain(later))
}

/// The only worker: frames go through the shard into the spine as they are read.
struct Alone<'d, 'r> {
    driver: &'d mut Driver<'r>,
    shard: Shard,
    output: ShardOutput,
}

impl Visitor for Alone<'_, '_> {
    fn visit<'a>(
        &mut self,
        new_points: &[CapturePoint],
        first: u64,
        frames: impl Iterator<Item = Frame<'a>>,
    ) {
        let Self { driver, shard, output } = self;
        driver.add_points(new_points);
        add_points(shard, new_points, &driver.snapshot);
        shard.frames(first, frames, Share::ALL, output);
        driver.take(core::slice::from_ref(output));
        output.clear();
    }
}

/// Makes capture points known to a shard.
pub(super) fn add_points(shard: &mut Shard, points: &[CapturePoint], snapshot: &Snapshot) {
    for point in points {
        shard.add_point(point, Spine::locates(point, snapshot));
    }
}
