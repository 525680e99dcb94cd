use std::thread;

use rollcall_core::engine::{Shard, ShardOutput, Share, Sorter};

use super::desk::{BLOCKS_REPORTED_AT_ONCE, Desk, Piece, Task, Turn};
use super::replay::{Driver, ReplayError};
use crate::capture::{BlockReader, Blocks};

/// Runs a source that can be read by blocks through one shard on each worker thread; returns the shards.
pub(super) fn run(driver: &mut Driver<'_>, blocks: Blocks<'_>) -> Result<Vec<Shard>, ReplayError> {
    let Blocks { reader, order, new_points } = blocks;
    driver.add_points(&new_points);
    let workers = driver.workers.get();
    let shards: Vec<Shard> = (0..workers).map(|_| driver.new_shard()).collect();
    let clock = shards.first().map(|shard| shard.clock().clone()).unwrap_or_default();
    let desk = Desk::new(shards.len(), Turn { order, clock });
    let sorter = driver.new_sorter();
    thread::scope(|scope| {
        let _alarm = desk.alarm();
        let begin = |(index, shard)| {
            let share = Share { index, of: workers };
            let worker = Worker { desk: &desk, reader: &reader, sorter: &sorter, share };
            scope.spawn(move || worker.work(shard))
        };
        let threads: Vec<_> = (0..workers).zip(shards).map(begin).collect();
        while let Some(outputs) = desk.next_outputs() {
            driver.take(&outputs);
        }
        let shards: Option<Vec<Shard>> = threads.into_iter().map(|thread| thread.join().ok()).collect();
        shards.ok_or(ReplayError::Worker)
    })
}

/// A thread that reads blocks, and settles of every block what its shard owns.
struct Worker<'d, 's> {
    desk: &'d Desk<'s>,
    reader: &'d BlockReader,
    sorter: &'d Sorter,
    share: Share,
}

impl Worker<'_, '_> {
    fn work(&self, mut shard: Shard) -> Shard {
        let _alarm = self.desk.alarm();
        let index = self.share.index as usize;
        let mut output = ShardOutput::default();
        while let Some(task) = self.desk.next(index) {
            let piece = match task {
                Task::Read(piece) => {
                    self.read(*piece);
                    continue;
                }
                Task::Settle(piece) => piece,
            };
            let frame_of = |index| self.reader.frame(&piece.block, index);
            shard.settle(&piece.sorted, self.share, frame_of, &mut output);
            if (piece.number + 1).is_multiple_of(BLOCKS_REPORTED_AT_ONCE) {
                self.desk.report(index, core::mem::take(&mut output));
            }
            self.desk.give_back(piece);
        }
        self.desk.end(index, output);
        shard
    }

    /// Reads a block and sorts its frames; only the walk over its records waits for the block before.
    fn read(&self, mut piece: Piece) {
        self.reader.read(piece.number, &mut piece.block);
        let Some(Turn { mut order, mut clock }) = self.desk.turn(piece.number) else {
            self.desk.free(piece);
            return;
        };
        let before = clock.clone();
        let more = order.walk(self.reader, &mut piece.block, |at| clock.pass(at));
        self.desk.pass(Turn { order, clock }, more);
        let Piece { block, sorted, .. } = &mut piece;
        let frames = self.reader.frames(block);
        self.sorter.sort(before, block.first_frame(), self.reader.capture_point(), frames, sorted);
        self.desk.put(piece);
    }
}
