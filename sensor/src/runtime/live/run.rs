use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::{self, Scope, ScopedJoinHandle};

use crossbeam_channel::{Receiver, bounded, never, select};
use rollcall_core::engine::{Input, Output, PointCounters, Share};
use rollcall_core::recorded::Snapshot;
use rollcall_core::types::{Blindness, CapturePoint, Timestamp};
use thiserror::Error;

use super::health::Health;
use super::sequencer::{Command, Head, Sequencer, now};
use super::tap::{Opener, Tap, TapFacts, TapState};
use super::view::{LiveView, Queues, ShardFacts};
use super::worker::{Ends, Told, pin, work};
use crate::capture::Batch;
use crate::capture::live::{Arrivals, LiveSettings, LiveSource};
use crate::runtime::replay::Driver;
use crate::runtime::{BATCHES_WAITING_MAX, Replay, ReplaySettings, Replayed};

/// How a live run is set up.
#[derive(Clone, Debug)]
pub struct LiveRunSettings {
    /// The engine, as for a replay.
    pub engine: ReplaySettings,
    /// Whether each worker is bound to a processor of its own.
    pub pins_workers: bool,
    /// How many in a hundred frames may be lost before a capture point counts as blind.
    pub drops_percent_max: u32,
}

/// A capture point with its sockets.
pub struct LivePoint {
    /// The capture point.
    pub point: CapturePoint,
    /// Its sockets, each with its interface if that could be opened. None where the point is not live.
    pub sockets: Vec<(LiveSettings, Option<Box<dyn LiveSource>>)>,
}

/// Why a live run ends other than it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RunError {
    /// A thread panicked, which is a defect of the program.
    #[error("run: the {0} thread panicked (please report this with the log)")]
    Thread(&'static str),
}

/// A live run about to begin.
///
/// `Q` is what it is asked while it runs; the run does not look into it.
pub struct LiveRun<'a, Q> {
    /// How it is set up.
    pub settings: LiveRunSettings,
    /// The capture points, in the order of their numbers.
    pub points: Vec<LivePoint>,
    /// Opens interfaces that were gone.
    pub opener: Opener,
    /// The recorded state.
    pub snapshot: Arc<Snapshot>,
    /// What it is told to do.
    pub commands: Receiver<Command>,
    /// What it is asked.
    pub questions: Receiver<Q>,
    /// Runs on each thread but the taps' before it handles the first frame, with the thread's name.
    pub on_thread: &'a (dyn Fn(&'static str) + Sync),
    /// Is shown every output of the spine, in order.
    pub observer: &'a mut dyn FnMut(&Output),
    /// Answers a question.
    pub answer: &'a mut dyn FnMut(Q, &LiveView<'_>),
}

/// The spine's ends of the channels.
struct Spined<Q> {
    heads: Receiver<Head>,
    told: Vec<Receiver<Told>>,
    questions: Receiver<Q>,
    batches: Receiver<Batch>,
    taps: Vec<Arc<TapState>>,
    points: Vec<CapturePoint>,
    blindness: Vec<Option<Blindness>>,
    facts: Vec<ShardFacts>,
    now: Timestamp,
}

impl<Q> LiveRun<'_, Q> {
    /// Runs until it is told to stop and everything that had come is handled; returns what is left.
    ///
    /// # Errors
    /// [`RunError`]. Interfaces that are gone are waited for.
    pub fn run(self) -> Result<Replayed, RunError> {
        let Self { settings, points, opener, snapshot, commands, questions, on_thread, observer, answer } =
            self;
        let tick = settings.engine.spine.presence.tick;
        let workers = settings.engine.workers;
        let stop = Arc::new(AtomicBool::new(false));
        let (batch_sender, batches) = bounded(BATCHES_WAITING_MAX);
        let (empty_sender, empty) = bounded(BATCHES_WAITING_MAX * 4);
        let (heads, head_receiver) = bounded(BATCHES_WAITING_MAX);
        let (mut taps, mut watched) = (Vec::new(), Vec::new());
        let mut known = Vec::new();
        for LivePoint { point, sockets } in points {
            let mut states = Vec::new();
            for (socket, source) in sockets {
                let state = Arc::new(TapState::new(socket.capture_point));
                states.push(Arc::clone(&state));
                let (batches, empty) = (batch_sender.clone(), empty.clone());
                let (opener, stop) = (Arc::clone(&opener), Arc::clone(&stop));
                let earlier = Arrivals::default();
                taps.push((Tap { settings: socket, opener, state, batches, empty, stop, earlier }, source));
            }
            watched.push((states, Health::new(settings.drops_percent_max)));
            known.push(point);
        }
        drop(batch_sender);
        let replay = Replay {
            settings: settings.engine,
            points: known.clone(),
            snapshot,
            timeline: Vec::new(),
            until: None,
            observer,
        };
        let mut driver = Driver::new(replay);
        let started_at = now();
        let mut spined = Spined {
            heads: head_receiver,
            told: Vec::new(),
            questions,
            batches: batches.clone(),
            taps: taps.iter().map(|(tap, _)| Arc::clone(&tap.state)).collect(),
            blindness: vec![None; known.len()],
            // Nothing was seen yet, which is a number as well.
            facts: vec![ShardFacts {
                points: vec![Default::default(); known.len()],
                ..ShardFacts::default()
            }],
            points: known,
            now: Timestamp::MIN,
        };
        let states = spined.taps.clone();
        let shards = thread::scope(|scope| {
            let (mut to_workers, mut working) = (Vec::new(), Vec::new());
            for index in 0..workers.get() {
                let (steps, step_receiver) = bounded(BATCHES_WAITING_MAX);
                let (told, told_receiver) = bounded(BATCHES_WAITING_MAX);
                let ends = Ends { steps: step_receiver, told, empty: empty_sender.clone() };
                let mut shard = driver.new_shard();
                shard.start_clock(started_at);
                let share = Share { index, of: workers.get() };
                to_workers.push(steps);
                spined.told.push(told_receiver);
                let pins = settings.pins_workers;
                working.push(scope.spawn(move || {
                    on_thread("worker");
                    if pins {
                        pin(index as usize, workers.get() as usize);
                    }
                    work(shard, share, &ends)
                }));
            }
            drop(empty_sender);
            let tapping: Vec<_> =
                taps.into_iter().map(|(tap, source)| spawn_tap(scope, tap, source)).collect();
            on_thread("spine");
            let sequencer = Sequencer {
                batches,
                commands,
                workers: to_workers,
                heads,
                tick,
                points: watched,
                stop: Box::new({
                    let stop = Arc::clone(&stop);
                    move || stop.store(true, Ordering::Relaxed)
                }),
            };
            let sequencing = scope.spawn(move || {
                on_thread("sequencer");
                sequencer.run();
            });
            spined.run(&mut driver, answer);
            // Whoever still sends to the spine learns that it is gone.
            stop.store(true, Ordering::Relaxed);
            drop(spined);
            join("sequencer", sequencing)?;
            for tap in tapping {
                join("capture", tap)?;
            }
            working.into_iter().map(|thread| join("worker", thread)).collect::<Result<Vec<_>, _>>()
        })?;
        let mut replayed = driver.end(shards);
        let taps: Vec<_> = states.iter().map(|tap| tap.facts()).collect();
        add_swept(&mut replayed.counters, &taps);
        Ok(replayed)
    }
}

/// Adds the frames that capture points counted by themselves to those that they gave.
fn add_swept(points: &mut [PointCounters], taps: &[TapFacts]) {
    for tap in taps {
        if let Some(point) = points.get_mut(tap.capture_point.index()) {
            point.frames += tap.arrivals.swept_frames;
            point.octets += tap.arrivals.swept_octets;
        }
    }
}

/// Starts a tap; if it panics the others are told to end.
fn spawn_tap<'scope>(
    scope: &'scope Scope<'scope, '_>,
    tap: Tap,
    source: Option<Box<dyn LiveSource>>,
) -> ScopedJoinHandle<'scope, ()> {
    struct Guard(Arc<AtomicBool>);
    impl Drop for Guard {
        fn drop(&mut self) {
            if thread::panicking() {
                self.0.store(true, Ordering::Relaxed);
            }
        }
    }
    scope.spawn(move || {
        let _guard = Guard(Arc::clone(&tap.stop));
        tap.run(source);
    })
}

fn join<T>(name: &'static str, thread: ScopedJoinHandle<'_, T>) -> Result<T, RunError> {
    thread.join().map_err(|_| RunError::Thread(name))
}

impl<Q> Spined<Q> {
    /// Takes step after step, and answers questions between them, until the sequencer or a worker ends.
    fn run(&mut self, driver: &mut Driver<'_>, answer: &mut dyn FnMut(Q, &LiveView<'_>)) {
        loop {
            select! {
                recv(self.heads) -> head => {
                    let Ok(head) = head else { return };
                    if self.step(head, driver).is_none() {
                        return;
                    }
                }
                recv(self.questions) -> question => match question {
                    Ok(question) => answer(question, &self.view(driver)),
                    Err(_) => self.questions = never(),
                },
            }
        }
    }

    /// Takes what the workers say about one step, then the inputs that go with it.
    fn step(&mut self, head: Head, driver: &mut Driver<'_>) -> Option<()> {
        let mut outputs = Vec::with_capacity(self.told.len());
        let mut facts = Vec::new();
        for worker in &self.told {
            let told = worker.recv().ok()?;
            self.now = self.now.max(told.now);
            facts.extend(told.facts);
            outputs.push(told.output);
        }
        driver.take(&outputs);
        for input in head.inputs {
            if let Input::Blindness(point, blindness) = input
                && let Some(known) = self.blindness.get_mut(point.index())
            {
                *known = blindness;
            }
            driver.input(self.now, input);
        }
        if !facts.is_empty() {
            self.facts = facts;
        }
        Some(())
    }

    fn view<'a>(&'a self, driver: &'a Driver<'_>) -> LiveView<'a> {
        let taps: Vec<_> = self.taps.iter().map(|tap| tap.facts()).collect();
        let mut shards = ShardFacts::sum(&self.facts);
        add_swept(&mut shards.points, &taps);
        LiveView {
            spine: driver.spine(),
            points: &self.points,
            blindness: &self.blindness,
            shards,
            taps,
            queues: Queues { batches: self.batches.len(), steps: self.heads.len() },
            now: (self.now != Timestamp::MIN).then_some(self.now),
        }
    }
}
