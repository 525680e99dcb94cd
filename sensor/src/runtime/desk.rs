use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rollcall_core::engine::{PacketClock, ShardOutput, Sorted};

use crate::capture::{BlockOrder, FileBlock, More};

/// How many blocks each worker has. While one is looked at by the others, it reads the next.
pub const BLOCKS_OF_A_WORKER: usize = 3;
/// How many blocks a worker settles before it reports, so that the spine is woken seldom.
pub(super) const BLOCKS_REPORTED_AT_ONCE: u64 = 16;
/// How many blocks may have been begun of which the spine has not heard yet, besides one for each worker.
pub const BLOCKS_AHEAD_MAX: u64 = 64;

/// A block on its way: first its octets, then what the shards are to settle of it.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) number: u64,
    pub(super) block: FileBlock,
    pub(super) sorted: Sorted,
    /// The worker whose block it is.
    owner: usize,
}

/// What goes from block to block, in their order: only who has it may walk.
pub(super) struct Turn<'s> {
    pub(super) order: BlockOrder<'s>,
    pub(super) clock: PacketClock,
}

/// What a worker is to do next.
pub(super) enum Task {
    /// Read this block, walk it when its turn comes, sort its frames, and put it on the desk.
    Read(Box<Piece>),
    /// Settle the worker's share of this one.
    Settle(Arc<Piece>),
}

/// The desk that the workers of a replay share: who reads which block, whose turn it is, and what is ready.
///
/// It is locked some times for each block, for a moment; nothing is done under the lock. A worker waits only here: for
/// its turn, while another that has a block before is on its way to pass it on, or for a task, when it has no block
/// left to read into and nothing is ready for it. The block that is first among those under way waits for nobody, so that there is always one that
/// goes on.
///
/// # Bounds
/// [`BLOCKS_OF_A_WORKER`] blocks for each worker; what was said of [`BLOCKS_AHEAD_MAX`] blocks and one for each worker.
pub(super) struct Desk<'s> {
    state: Mutex<State<'s>>,
    for_workers: Condvar,
    for_spine: Condvar,
}

struct State<'s> {
    /// Lies here while nobody walks.
    turn: Option<Turn<'s>>,
    /// The block whose turn it is.
    turn_of: u64,
    /// The next block that nobody has begun.
    next: u64,
    /// How many blocks there are, once that is known.
    end: Option<u64>,
    /// Blocks that are ready to be settled, from `oldest` on; none while one is not ready.
    ready: VecDeque<Option<Arc<Piece>>>,
    oldest: u64,
    workers: Vec<Worker>,
    /// How many reports of each worker the spine has taken.
    merged: u64,
    /// A thread is gone, and the replay with it.
    is_lost: bool,
}

/// What the desk knows of a worker.
struct Worker {
    free: Vec<Piece>,
    /// The next block that it settles.
    next: u64,
    /// What the spine has not heard yet.
    reports: VecDeque<ShardOutput>,
    has_ended: bool,
}

/// Tells the others if the thread that holds it panics.
pub(super) struct Alarm<'d, 's>(&'d Desk<'s>);

impl Drop for Alarm<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().is_lost = true;
            self.0.for_workers.notify_all();
            self.0.for_spine.notify_all();
        }
    }
}

impl<'s> Desk<'s> {
    pub(super) fn new(workers: usize, turn: Turn<'s>) -> Self {
        let worker = |owner| Worker {
            free: (0..BLOCKS_OF_A_WORKER).map(|_| Piece { owner, ..Piece::default() }).collect(),
            next: 0,
            reports: VecDeque::new(),
            has_ended: false,
        };
        let state = State {
            turn: Some(turn),
            turn_of: 0,
            next: 0,
            end: None,
            ready: VecDeque::new(),
            oldest: 0,
            workers: (0..workers).map(worker).collect(),
            merged: 0,
            is_lost: false,
        };
        Self { state: Mutex::new(state), for_workers: Condvar::new(), for_spine: Condvar::new() }
    }

    /// Returns what every thread at the desk holds as long as it is there.
    pub(super) const fn alarm(&self) -> Alarm<'_, 's> {
        Alarm(self)
    }

    /// Waits for what a worker is to do next; none when everything is done, or the replay is lost.
    pub(super) fn next(&self, worker: usize) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if state.is_lost {
                return None;
            }
            if let Some(piece) = state.take_ready(worker) {
                return Some(Task::Settle(piece));
            }
            if state.is_done(worker) {
                return None;
            }
            if let Some(piece) = state.begin_next(worker) {
                return Some(Task::Read(Box::new(piece)));
            }
            state = wait(&self.for_workers, state);
        }
    }

    /// Waits for the turn of a block; none where the file has ended before it, or the replay is lost.
    pub(super) fn turn(&self, number: u64) -> Option<Turn<'s>> {
        let mut state = self.lock();
        loop {
            if state.is_lost || state.end.is_some_and(|end| number >= end) {
                return None;
            }
            if state.turn_of == number
                && let Some(turn) = state.turn.take()
            {
                return Some(turn);
            }
            state = wait(&self.for_workers, state);
        }
    }

    /// Passes the turn on to the next block, if there is one.
    pub(super) fn pass(&self, turn: Turn<'s>, more: More) {
        let mut state = self.lock();
        state.turn = Some(turn);
        state.turn_of += 1;
        if more == More::End {
            state.end = Some(state.turn_of);
        }
        drop(state);
        self.for_workers.notify_all();
    }

    /// Puts a block on the desk that is ready to be settled.
    pub(super) fn put(&self, piece: Piece) {
        self.lock().put(Arc::new(piece));
        self.for_workers.notify_all();
    }

    /// Gives back a block that a worker has settled; the last one to do so gives it to its owner.
    pub(super) fn give_back(&self, piece: Arc<Piece>) {
        if let Some(piece) = Arc::into_inner(piece) {
            self.free(piece);
        }
    }

    /// Gives a block to its owner to be used again.
    pub(super) fn free(&self, piece: Piece) {
        if let Some(worker) = self.lock().workers.get_mut(piece.owner) {
            worker.free.push(piece);
        }
        self.for_workers.notify_all();
    }

    /// Tells the spine what a worker has to say about as many blocks as the others tell at once.
    pub(super) fn report(&self, worker: usize, output: ShardOutput) {
        self.tell(worker, output, false);
    }

    /// Tells the spine the last of it.
    pub(super) fn end(&self, worker: usize, output: ShardOutput) {
        self.tell(worker, output, true);
    }

    fn tell(&self, worker: usize, output: ShardOutput, has_ended: bool) {
        if let Some(worker) = self.lock().workers.get_mut(worker) {
            worker.reports.push_back(output);
            worker.has_ended = has_ended;
        }
        self.for_spine.notify_one();
    }

    /// Waits for a report of each worker about the same blocks; none when all have ended, or the replay is lost.
    pub(super) fn next_outputs(&self) -> Option<Vec<ShardOutput>> {
        let mut state = self.lock();
        loop {
            if state.is_lost {
                return None;
            }
            if state.workers.iter().all(|worker| !worker.reports.is_empty()) {
                state.merged += 1;
                let outputs =
                    state.workers.iter_mut().filter_map(|worker| worker.reports.pop_front()).collect();
                drop(state);
                self.for_workers.notify_all();
                return Some(outputs);
            }
            if state.workers.iter().all(|worker| worker.has_ended) {
                return None;
            }
            state = wait(&self.for_spine, state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<'s>> {
        // Who panics does not do so under the lock, and the alarm tells of it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'a, 's>(condvar: &Condvar, state: MutexGuard<'a, State<'s>>) -> MutexGuard<'a, State<'s>> {
    condvar.wait(state).unwrap_or_else(PoisonError::into_inner)
}

impl State<'_> {
    /// Takes the next block that a worker settles, if it is ready.
    fn take_ready(&mut self, worker: usize) -> Option<Arc<Piece>> {
        let worker = self.workers.get_mut(worker)?;
        let place = usize::try_from(worker.next - self.oldest).ok()?;
        let piece = Arc::clone(self.ready.get(place)?.as_ref()?);
        worker.next += 1;
        // What all have taken is no longer needed here.
        let taken_by_all = self.workers.iter().map(|worker| worker.next).min().unwrap_or(self.oldest);
        while self.oldest < taken_by_all {
            self.ready.pop_front();
            self.oldest += 1;
        }
        Some(piece)
    }

    fn is_done(&self, worker: usize) -> bool {
        let next = self.workers.get(worker).map(|worker| worker.next);
        self.end.is_some_and(|end| next.is_none_or(|next| next >= end))
    }

    /// Gives a worker the next block to read, if it has one to read into and the spine is not far behind.
    fn begin_next(&mut self, worker: usize) -> Option<Piece> {
        let heard = self.merged * BLOCKS_REPORTED_AT_ONCE;
        let is_too_far = self.next >= heard + BLOCKS_AHEAD_MAX + self.workers.len() as u64;
        if self.end.is_some() || is_too_far {
            return None;
        }
        let piece = self.workers.get_mut(worker)?.free.pop()?;
        let number = self.next;
        self.next += 1;
        Some(Piece { number, ..piece })
    }

    fn put(&mut self, piece: Arc<Piece>) {
        let place = usize::try_from(piece.number.saturating_sub(self.oldest)).unwrap_or(usize::MAX);
        if place >= self.ready.len() {
            self.ready.resize_with(place.saturating_add(1), || None);
        }
        if let Some(entry) = self.ready.get_mut(place) {
            *entry = Some(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::capture::{Blocks, CaptureFiles, CaptureOptions, FrameSource as _, UnknownPoints};

    /// An empty capture in a file of its own.
    fn capture(test: &str) -> CaptureFiles {
        let path = std::env::temp_dir().join(format!("rollcall-desk-{}-{test}", std::process::id()));
        let header = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 1, 0, 0, 0];
        std::fs::write(&path, header).expect("the directory for temporary files can be written");
        let points = Box::new(UnknownPoints::default());
        CaptureFiles::open(&[path], points, CaptureOptions::default()).expect("the file is there")
    }

    fn desk(files: &mut CaptureFiles, workers: usize) -> Desk<'_> {
        let Blocks { order, .. } = files.blocks().expect("a plain file");
        Desk::new(workers, Turn { order, clock: PacketClock::default() })
    }

    #[test]
    fn nobody_waits_for_a_thread_that_panicked() {
        let mut files = capture("panic");
        let desk = desk(&mut files, 2);
        thread::scope(|scope| {
            let lost = scope.spawn(|| {
                let _alarm = desk.alarm();
                let _turn = desk.turn(0);
                panic!("for the test, with the turn in its hands");
            });
            let (turn, outputs) =
                (scope.spawn(|| desk.turn(1).is_none()), scope.spawn(|| desk.next_outputs().is_none()));
            assert!(lost.join().is_err());
            assert!(turn.join().expect("it ends") && outputs.join().expect("it ends"));
        });
        assert!(desk.next(0).is_none() && desk.turn(0).is_none());
    }

    #[test]
    fn who_leaves_in_order_rings_no_alarm() {
        let mut files = capture("order");
        let desk = desk(&mut files, 1);
        drop(desk.alarm());
        let caught = catch_unwind(AssertUnwindSafe(|| desk.next(0).is_some()));
        assert!(caught.is_ok_and(|has_task| has_task));
    }

    #[test]
    fn blocks_are_bounded_by_those_that_nobody_settled_and_by_what_the_spine_has_not_heard() {
        let mut files = capture("bounds");
        let desk = desk(&mut files, 2);
        let begin = |worker| desk.lock().begin_next(worker);
        let pieces: Vec<Piece> = core::iter::from_fn(|| begin(0)).collect();
        assert_eq!(pieces.iter().map(|piece| piece.number).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(begin(1).map(|piece| piece.number), Some(3), "the other worker has its own");
        for piece in pieces {
            desk.put(piece);
        }
        let mut settled = Vec::new();
        for worker in [0, 1] {
            for _ in 0..BLOCKS_OF_A_WORKER {
                let Some(Task::Settle(piece)) = desk.next(worker) else { panic!("it is ready") };
                settled.push(piece);
            }
            assert!(begin(0).is_none(), "worker 1 may still look at them, or its Arc is held");
        }
        settled.into_iter().for_each(|piece| desk.give_back(piece));
        let mut begun = 4;
        while let Some(piece) = begin(0) {
            begun += 1;
            desk.free(piece);
        }
        assert_eq!(begun, BLOCKS_AHEAD_MAX + 2);
        for worker in [0, 1] {
            desk.report(worker, ShardOutput::default());
        }
        assert_eq!(desk.next_outputs().map(|outputs| outputs.len()), Some(2));
        assert!(begin(0).is_some(), "the spine has heard of some");
    }
}
