//! Replays at the speed at which it was captured, or a multiple of it.

use core::ops::Range;
use core::time::Duration;
use std::thread;
use std::time::Instant;

use rollcall_core::engine::PacketClock;
use rollcall_core::types::Timestamp;

use crate::capture::{Batch, FrameSource, More, SourceError};

/// The least time that is waited: frames that come closer to each other are given together.
const STEP: Duration = Duration::from_millis(1);
/// As the engine's clock: a frame as much older than another is not put in its place.
const REORDER_WINDOW: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_secs(1);

/// How time passes while a replay waits.
pub trait Pace: Send {
    /// Returns how much time has passed since the first call.
    fn elapsed(&mut self) -> Duration;

    /// Lets that much time pass.
    fn wait(&mut self, time: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock {
    started_at: Option<Instant>,
}

impl Pace for WallClock {
    fn elapsed(&mut self) -> Duration {
        self.started_at.get_or_insert_with(Instant::now).elapsed()
    }

    fn wait(&mut self, time: Duration) {
        thread::sleep(time);
    }
}

/// Another source whose frames come when their time has come, and no later than the source gives them.
///
/// The time of a frame is what the engine's clock makes of its stamp: frames that step back come at once, and a
/// single stamp far ahead is not waited for. What is found does not depend on the pace, only when.
pub struct Paced<'a, P> {
    source: &'a mut dyn FrameSource,
    speed: f64,
    pace: P,
    clock: PacketClock,
    /// The time of the first frame.
    begin: Option<Timestamp>,
    held: Batch,
    /// The index of the next frame in `held`, and when it is due, counted from the first one.
    next: usize,
    due: Duration,
}

impl<'a, P: Pace> Paced<'a, P> {
    /// Makes a source that gives the frames of `source` at `speed` times the speed of their capture.
    ///
    /// `speed` is positive; 1 is as recorded.
    pub fn new(source: &'a mut dyn FrameSource, speed: f64, pace: P) -> Self {
        Self {
            source,
            speed,
            pace,
            clock: PacketClock::new(TICK, REORDER_WINDOW),
            begin: None,
            held: Batch::new(),
            next: 0,
            due: Duration::ZERO,
        }
    }

    /// Learns when the next frame is due; tells whether there is one.
    fn look_ahead(&mut self) -> bool {
        let Some(frame) = self.held.refs().get(self.next) else {
            return false;
        };
        let (at, _) = self.clock.observe(frame.at);
        let begin = *self.begin.get_or_insert(at);
        self.due = divide(at.since(begin), self.speed);
        true
    }

    /// Returns the frames that are due, after waiting for the first of them.
    fn due_frames(&mut self) -> Range<usize> {
        let first = self.next;
        let mut elapsed = self.pace.elapsed();
        if self.due > elapsed {
            self.pace.wait((self.due - elapsed).max(STEP));
            elapsed = self.pace.elapsed();
        }
        // A wait that ends early gives the first one nevertheless.
        loop {
            self.next += 1;
            if !self.look_ahead() || self.due > elapsed {
                return first..self.next;
            }
        }
    }
}

impl<P: Pace> FrameSource for Paced<'_, P> {
    fn next_batch(&mut self, batch: &mut Batch, frames_max: usize) -> Result<More, SourceError> {
        if self.next >= self.held.len() {
            self.next = 0;
            if self.source.next_batch(&mut self.held, frames_max)? == More::End {
                batch.clear();
                return Ok(More::End);
            }
            self.look_ahead();
        }
        let frames = self.due_frames();
        batch.copy_of(&self.held, frames);
        Ok(More::Yes)
    }
}

/// Divides, giving the longest time where the quotient is longer.
fn divide(time: Duration, speed: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() / speed).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::capture::{CaptureFiles, CaptureOptions, UnknownPoints};

    /// Time that passes only by waiting.
    #[derive(Default)]
    struct Told {
        now: Duration,
        waits: Vec<u64>,
    }

    impl Pace for &mut Told {
        fn elapsed(&mut self) -> Duration {
            self.now
        }

        fn wait(&mut self, time: Duration) {
            self.now += time;
            self.waits.push(u64::try_from(time.as_millis()).expect("a short wait"));
        }
    }

    /// A capture with a frame of one octet at each of these milliseconds.
    fn capture(millis: &[u32]) -> CaptureFiles {
        let mut file =
            vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 1, 0, 0, 0];
        for (milli, mark) in millis.iter().zip(0_u8..) {
            for word in [milli / 1_000, milli % 1_000 * 1_000, 1, 60] {
                file.extend(word.to_le_bytes());
            }
            file.push(mark);
        }
        let points = Box::new(UnknownPoints::default());
        CaptureFiles::from_stream("test", Box::new(Cursor::new(file)), points, CaptureOptions::default())
            .expect("a cursor can be read")
    }

    /// Replays; returns the marks that each batch brought, and the waits in milliseconds.
    fn pace(millis: &[u32], speed: f64) -> (Vec<Vec<u8>>, Vec<u64>) {
        let (mut source, mut told) = (capture(millis), Told::default());
        let mut paced = Paced::new(&mut source, speed, &mut told);
        let (mut batch, mut batches, mut ordinal) = (Batch::new(), Vec::new(), 1);
        while paced.next_batch(&mut batch, usize::MAX).expect("a cursor can be read") == More::Yes {
            assert_eq!(batch.first_frame(), ordinal);
            assert_eq!(batch.new_points().len(), usize::from(ordinal == 1));
            ordinal += batch.len() as u64;
            batches.push(batch.frames().map(|frame| frame.bytes[0]).collect());
        }
        assert!(batch.is_empty());
        (batches, told.waits)
    }

    #[test]
    fn frames_come_when_they_are_due() {
        let (batches, waits) = pace(&[5_000, 5_000, 5_100, 5_300, 5_300], 1.0);
        assert_eq!(batches, [vec![0, 1], vec![2], vec![3, 4]]);
        assert_eq!(waits, [100, 200]);
        assert_eq!(pace(&[0, 1_000, 3_000], 4.0).1, [250, 500]);
        assert_eq!(pace(&[0, 1_000], 0.5).1, [2_000]);
    }

    #[test]
    fn frames_close_to_each_other_come_together() {
        let (batches, waits) = pace(&[0, 10, 20, 30, 150], 100.0);
        assert_eq!(batches, [vec![0], vec![1, 2, 3], vec![4]]);
        assert_eq!(waits, [1, 1]);
    }

    #[test]
    fn a_clock_that_leaps_is_not_waited_for() {
        let day = 86_400_000;
        // One stamp of tomorrow, and one of long ago.
        let (batches, waits) = pace(&[10_000, day, 10_100, 500, 10_200], 1.0);
        assert_eq!(batches.concat(), [0, 1, 2, 3, 4]);
        assert_eq!(waits, [100, 100]);
        // Two of tomorrow: the night has passed.
        assert_eq!(pace(&[0, day, day + 5], 1_000.0).1, [86_400]);
    }
}
