use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use rollcall_core::engine::{Shard, ShardOutput, Share};
use rollcall_core::recorded::Snapshot;
use rollcall_core::types::CapturePoint;

use super::replay::{Driver, ReplayError, add_points};
use crate::capture::{Batch, FrameSource, More, SourceError};

/// How many batches wait for each worker, and outputs of it for the spine, before the sender waits.
pub const BATCHES_WAITING_MAX: usize = 8;

/// What a worker sends to the spine about one batch.
struct Report {
    output: ShardOutput,
    new_points: Vec<CapturePoint>,
}

/// The ends of the channels that one worker holds.
struct Ends {
    batches: Receiver<Arc<Batch>>,
    reports: Sender<Report>,
    /// Where the last worker to finish a batch gives it back.
    empty: Sender<Batch>,
}

/// Runs the source through one shard on each worker thread; returns the shards.
pub(super) fn run(driver: &mut Driver<'_>, source: &mut dyn FrameSource) -> Result<Vec<Shard>, ReplayError> {
    let workers = driver.workers.get();
    thread::scope(|scope| {
        let (empty_sender, empty) = bounded(BATCHES_WAITING_MAX * 2);
        let (mut to_workers, mut from_workers, mut threads) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..workers {
            let (batch_sender, batches) = bounded(BATCHES_WAITING_MAX);
            let (reports, report_receiver) = bounded(BATCHES_WAITING_MAX);
            let ends = Ends { batches, reports, empty: empty_sender.clone() };
            let (shard, snapshot) = (driver.new_shard(), driver.snapshot());
            threads.push(scope.spawn(move || work(shard, Share { index, of: workers }, &snapshot, &ends)));
            to_workers.push(batch_sender);
            from_workers.push(report_receiver);
        }
        drop(empty_sender);
        let reader = scope.spawn(move || read(source, &to_workers, &empty));
        while let Some(outputs) = next_reports(driver, &from_workers) {
            driver.take(&outputs);
        }
        drop(from_workers);
        let shards: Option<Vec<Shard>> = threads.into_iter().map(|thread| thread.join().ok()).collect();
        reader.join().map_err(|_| ReplayError::Worker)??;
        shards.ok_or(ReplayError::Worker)
    })
}

/// Takes one report of each worker; `None` when they have ended.
fn next_reports(driver: &mut Driver<'_>, from_workers: &[Receiver<Report>]) -> Option<Vec<ShardOutput>> {
    let mut outputs = Vec::with_capacity(from_workers.len());
    for (index, receiver) in from_workers.iter().enumerate() {
        let report = receiver.recv().ok()?;
        if index == 0 {
            driver.add_points(&report.new_points);
        }
        outputs.push(report.output);
    }
    Some(outputs)
}

/// Hands every batch to every worker.
fn read(
    source: &mut dyn FrameSource,
    to_workers: &[Sender<Arc<Batch>>],
    empty: &Receiver<Batch>,
) -> Result<(), SourceError> {
    loop {
        let mut batch = empty.try_recv().unwrap_or_default();
        if source.next_batch(&mut batch, usize::MAX)? == More::End {
            return Ok(());
        }
        let batch = Arc::new(batch);
        for worker in to_workers {
            if worker.send(Arc::clone(&batch)).is_err() {
                // A worker is gone: its panic is told when it is joined.
                return Ok(());
            }
        }
    }
}

fn work(mut shard: Shard, share: Share, snapshot: &Snapshot, ends: &Ends) -> Shard {
    while let Ok(batch) = ends.batches.recv() {
        add_points(&mut shard, batch.new_points(), snapshot);
        let mut output = ShardOutput::default();
        shard.frames(batch.first_frame(), batch.frames(), share, &mut output);
        let new_points = batch.new_points().to_vec();
        if let Some(batch) = Arc::into_inner(batch) {
            // A full pool lets the batch go.
            drop(ends.empty.try_send(batch));
        }
        if ends.reports.send(Report { output, new_points }).is_err() {
            break;
        }
    }
    shard
}
