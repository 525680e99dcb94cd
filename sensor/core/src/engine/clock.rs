use core::time::Duration;

use crate::types::Timestamp;

/// Network time: the latest frame time seen, which never goes back, and the ticks that it passes.
#[derive(Clone, Debug)]
pub struct PacketClock {
    tick: Duration,
    reorder_window: Duration,
    now: Timestamp,
    /// A frame at or after this passes a tick; [`Timestamp::MIN`] before the first frame.
    next_tick: Timestamp,
    counters: ClockCounters,
}

/// What was odd about time; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockCounters {
    /// Frames older than the clock but within the reorder window; their time is believed.
    pub late: u64,
    /// Frames older than that, as after a clock was set back; they are given the clock's time.
    pub stepped_back: u64,
}

impl PacketClock {
    /// Makes a clock that has not seen a frame.
    pub const fn new(tick: Duration, reorder_window: Duration) -> Self {
        Self {
            tick,
            reorder_window,
            now: Timestamp::MIN,
            next_tick: Timestamp::MIN,
            counters: ClockCounters { late: 0, stepped_back: 0 },
        }
    }

    /// Returns the latest time seen; [`Timestamp::MIN`] before the first frame.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the counters.
    pub const fn counters(&self) -> ClockCounters {
        self.counters
    }

    /// Takes in a frame's time; tells whether it is to be acted on as it is, with no tick before it.
    #[inline]
    pub fn is_steady(&mut self, at: Timestamp) -> bool {
        let steady = at >= self.now && at < self.next_tick;
        if steady {
            self.now = at;
        }
        steady
    }

    /// Takes in a frame's time; returns the time to act on, and the tick that came due before it.
    #[cold]
    #[inline(never)]
    pub fn observe(&mut self, at: Timestamp) -> (Timestamp, Option<Timestamp>) {
        if at < self.now {
            return (self.place_late(at), None);
        }
        self.now = at;
        if at < self.next_tick {
            return (at, None);
        }
        (at, self.pass_tick(at))
    }

    /// Returns the last tick at or before `at`; none for the first frame, which starts the clock.
    fn pass_tick(&mut self, at: Timestamp) -> Option<Timestamp> {
        let started = self.next_tick != Timestamp::MIN;
        self.next_tick = crate::presence::next_tick(at, self.tick);
        started.then(|| self.next_tick.before(self.tick))
    }

    fn place_late(&mut self, at: Timestamp) -> Timestamp {
        if at < self.now.before(self.reorder_window) {
            self.counters.stepped_back += 1;
            self.now
        } else {
            self.counters.late += 1;
            at
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    fn clock() -> PacketClock {
        PacketClock::new(Duration::from_secs(1), Duration::from_secs(1))
    }

    #[test]
    fn ticks_fall_on_multiples_and_are_passed_once() {
        let mut clock = clock();
        assert_eq!(clock.observe(millis(500)), (millis(500), None));
        assert_eq!(clock.observe(millis(999)), (millis(999), None));
        assert_eq!(clock.observe(millis(1_000)), (millis(1_000), Some(millis(1_000))));
        assert_eq!(clock.observe(millis(1_000)), (millis(1_000), None));
        assert_eq!(clock.observe(millis(65_300)), (millis(65_300), Some(millis(65_000))));
    }

    #[test]
    fn never_goes_back() {
        let mut clock = clock();
        clock.observe(millis(10_000));
        assert_eq!(clock.observe(millis(9_400)), (millis(9_400), None));
        assert_eq!(clock.observe(millis(4_000)), (millis(10_000), None));
        assert_eq!(clock.now(), millis(10_000));
        assert_eq!(clock.counters(), ClockCounters { late: 1, stepped_back: 1 });
    }
}
