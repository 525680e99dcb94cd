use core::time::Duration;
use std::sync::Arc;
use std::time::SystemTime;

use crossbeam_channel::{Receiver, Sender, never, select};
use rollcall_core::engine::Input;
use rollcall_core::recorded::Snapshot;
use rollcall_core::types::{CapturePointId, Timestamp};

use super::health::Health;
use super::tap::TapState;
use super::worker::Step;
use crate::capture::Batch;
use crate::runtime::replay::recorded_at_any_time;

/// How far behind the clock the time is that passes where no frame comes: frames take that long from the wire to us, a
/// block of the kernel's ring being handed over before it is full.
const LAG: Duration = Duration::from_millis(300);

/// What the outside has the run do.
#[derive(Clone, Debug)]
pub enum Command {
    /// The recorded state is replaced.
    Recorded(Arc<Snapshot>),
    /// The run ends after what has come.
    Stop,
}

/// Where commands go.
pub type Commands = Sender<Command>;

/// What the spine learns about a step besides what the workers say.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// What takes effect after the step.
    pub(super) inputs: Vec<Input>,
}

/// Puts everything that happens into one order.
pub(super) struct Sequencer {
    pub(super) batches: Receiver<Batch>,
    pub(super) commands: Receiver<Command>,
    pub(super) workers: Vec<Sender<Step>>,
    pub(super) heads: Sender<Head>,
    pub(super) tick: Duration,
    /// The sockets of each capture point, and whether it sees.
    pub(super) points: Vec<(Vec<Arc<TapState>>, Health)>,
    /// Tells the taps to end.
    pub(super) stop: Box<dyn Fn() + Send>,
}

/// The spine or a worker is gone.
struct Gone;

impl Sequencer {
    /// Runs until the taps have ended.
    pub(super) fn run(mut self) {
        // What goes wrong is told by whoever went away.
        drop(self.steps());
        (self.stop)();
    }

    fn steps(&mut self) -> Result<(), Gone> {
        let mut next_frame = 1;
        let mut ticked = now();
        let mut commands = self.commands.clone();
        loop {
            let wait = (ticked.after(self.tick)).since(now());
            select! {
                recv(self.batches) -> batch => {
                    let Ok(mut batch) = batch else { break };
                    batch.number_from(next_frame);
                    next_frame += (batch.len() + batch.refreshes().len()) as u64;
                    self.send(Step { batch: Some(Arc::new(batch)), ..Step::default() }, Head::default())?;
                }
                recv(commands) -> command => match command {
                    Ok(Command::Recorded(snapshot)) => self.record(snapshot)?,
                    Ok(Command::Stop) => (self.stop)(),
                    // Nobody is there any more who could command.
                    Err(_) => commands = never(),
                },
                default(wait) => {}
            }
            let at = now();
            // A clock that was set back ticks on from there.
            if at.since(ticked) >= self.tick || at < ticked {
                ticked = at;
                self.pass_time(at)?;
            }
        }
        self.pass_time(now())
    }

    /// Lets time pass, and looks whether the capture points see.
    fn pass_time(&mut self, at: Timestamp) -> Result<(), Gone> {
        let mut inputs = Vec::new();
        for (number, (taps, health)) in (0..).zip(&mut self.points) {
            let facts: Vec<_> = taps.iter().map(|tap| tap.facts()).collect();
            let changed = health.look(&facts);
            inputs.extend(changed.map(|blindness| Input::Blindness(CapturePointId(number), blindness)));
        }
        let step = Step { until: Some(at.before(LAG)), tells_facts: true, ..Step::default() };
        self.send(step, Head { inputs })
    }

    fn record(&self, snapshot: Arc<Snapshot>) -> Result<(), Gone> {
        let recorded = Arc::new(recorded_at_any_time(&snapshot, &[]));
        let step = Step { recorded: Some(recorded), ..Step::default() };
        self.send(step, Head { inputs: vec![Input::Recorded(snapshot)] })
    }

    /// Hands a step to every worker and to the spine. A full channel is waited for.
    fn send(&self, step: Step, head: Head) -> Result<(), Gone> {
        for worker in &self.workers {
            worker.send(step.clone()).map_err(|_| Gone)?;
        }
        drop(step);
        self.heads.send(head).map_err(|_| Gone)
    }
}

/// Reads the machine's clock, as the kernel does when it stamps a frame.
pub(super) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::EPOCH.after(since)
}
