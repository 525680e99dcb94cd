use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use rollcall_core::engine::{Shard, ShardOutput, Share};
use rollcall_core::presence::RecordedStations;
use rollcall_core::types::Timestamp;

use super::view::ShardFacts;
use crate::capture::Batch;

/// What every worker does next.
#[derive(Clone, Debug, Default)]
pub(super) struct Step {
    /// Frames to handle.
    pub(super) batch: Option<Arc<Batch>>,
    /// Until when time has passed, after that.
    pub(super) until: Option<Timestamp>,
    /// From then on these stations are recorded.
    pub(super) recorded: Option<Arc<RecordedStations>>,
    /// Whether to say what was counted.
    pub(super) tells_facts: bool,
}

/// What a worker says about a step.
pub(super) struct Told {
    pub(super) output: ShardOutput,
    pub(super) now: Timestamp,
    pub(super) facts: Option<ShardFacts>,
}

/// The ends of the channels that one worker holds.
pub(super) struct Ends {
    pub(super) steps: Receiver<Step>,
    pub(super) told: Sender<Told>,
    /// Where the last worker to finish a batch gives it back.
    pub(super) empty: Sender<Batch>,
}

pub(super) fn work(mut shard: Shard, share: Share, ends: &Ends) -> Shard {
    while let Ok(step) = ends.steps.recv() {
        let mut output = ShardOutput::default();
        if let Some(recorded) = step.recorded {
            shard.set_recorded(recorded);
        }
        if let Some(batch) = step.batch {
            shard.frames(batch.first_frame(), batch.frames(), share, &mut output);
            let behind = batch.first_frame() + batch.len() as u64;
            shard.refresh(behind, batch.refreshes(), share, &mut output);
            if let Some(mut batch) = Arc::into_inner(batch) {
                batch.clear();
                // A full pool lets the batch go.
                drop(ends.empty.try_send(batch));
            }
        }
        if let Some(until) = step.until {
            shard.pass_time(until, &mut output);
        }
        let facts = step.tells_facts.then(|| ShardFacts::of(&shard));
        if ends.told.send(Told { output, now: shard.now(), facts }).is_err() {
            break;
        }
    }
    shard
}

/// Binds this thread to a processor of its own, counted from the last of those that the process may use, where there are
/// more of these than workers. The first ones are left to the taps and the spine.
pub(super) fn pin(index: usize, workers: usize) {
    let allowed = sched_getaffinity(Pid::from_raw(0)).unwrap_or_default();
    let usable: Vec<usize> =
        (0..CpuSet::count()).filter(|&cpu| allowed.is_set(cpu).unwrap_or(false)).collect();
    let chosen = (usable.len() > workers).then(|| usable.iter().rev().nth(index)).flatten();
    let Some(&cpu) = chosen else { return };
    let mut one = CpuSet::new();
    let pinned = one.set(cpu).and_then(|()| sched_setaffinity(Pid::from_raw(0), &one));
    match pinned {
        Ok(()) => tracing::debug!(worker = index, cpu, "worker is bound to its processor"),
        Err(error) => tracing::warn!(worker = index, cpu, %error, "worker cannot be bound to its processor"),
    }
}
