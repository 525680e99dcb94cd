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
    /// The time of a frame that leapt ahead, and what the clock showed then.
    suspect: Option<(Timestamp, Timestamp)>,
    counters: ClockCounters,
}

/// A frame further ahead of the clock than this must be followed by another like it to be believed.
const LEAP_MAX: Duration = Duration::from_secs(3_600);

/// What was odd about time; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockCounters {
    /// Frames older than the clock but within the reorder window; their time is believed.
    pub late: u64,
    /// Frames older than that, as after a clock was set back; they are given the clock's time.
    pub stepped_back: u64,
    /// Frames more than an hour ahead, each the first of its kind; they are given the clock's time, and the
    /// next frame decides whether time has leapt or the stamp was wrong.
    pub leapt_ahead: u64,
}

/// A tick that a frame passes.
#[derive(Clone, Copy, Debug)]
pub(super) struct PassedTick {
    pub(super) tick: Timestamp,
    /// The time of the frame before.
    pub(super) before: Timestamp,
}

impl Default for PacketClock {
    /// A clock of the common tick and window; see [`PresenceSettings`](crate::presence::PresenceSettings).
    fn default() -> Self {
        let settings = crate::presence::PresenceSettings::default();
        Self::new(settings.tick, settings.reorder_window)
    }
}

impl PacketClock {
    /// Makes a clock that has not seen a frame.
    pub const fn new(tick: Duration, reorder_window: Duration) -> Self {
        Self {
            tick,
            reorder_window,
            now: Timestamp::MIN,
            next_tick: Timestamp::MIN,
            suspect: None,
            counters: ClockCounters { late: 0, stepped_back: 0, leapt_ahead: 0 },
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

    /// Starts the clock without a frame, as where it is known that somebody looks on; does nothing once it runs.
    pub fn start(&mut self, at: Timestamp) {
        if self.now == Timestamp::MIN {
            self.now = at;
            self.pass_tick(at);
        }
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

    /// Takes in a frame's time where nothing is done about ticks.
    #[inline]
    pub fn pass(&mut self, at: Timestamp) {
        if !self.is_steady(at) {
            self.observe(at);
        }
    }

    /// Takes in a frame's time; returns the time to act on, and the tick that came due before it.
    #[cold]
    #[inline(never)]
    pub fn observe(&mut self, at: Timestamp) -> (Timestamp, Option<Timestamp>) {
        if at < self.now {
            return (self.place_late(at), None);
        }
        if self.is_suspect(at) {
            self.counters.leapt_ahead += 1;
            return (self.now, None);
        }
        self.now = at;
        if at < self.next_tick {
            return (at, None);
        }
        (at, self.pass_tick(at))
    }

    /// Takes in that time passes without a frame, once there was one; returns the tick that came due.
    pub fn advance(&mut self, at: Timestamp) -> Option<Timestamp> {
        if self.now == Timestamp::MIN || at <= self.now {
            return None;
        }
        self.now = at;
        if at < self.next_tick { None } else { self.pass_tick(at) }
    }

    /// Tells whether a frame leaps ahead alone. One bad stamp must not move the clock for good; a second frame
    /// that leaps to about the same time, with none of the present between, says that time has passed.
    fn is_suspect(&mut self, at: Timestamp) -> bool {
        if self.now == Timestamp::MIN || at <= self.now.after(LEAP_MAX) {
            return false;
        }
        let confirmed = self
            .suspect
            .take()
            .is_some_and(|(leap, then)| then == self.now && at.since(leap).max(leap.since(at)) <= LEAP_MAX);
        if !confirmed {
            self.suspect = Some((at, self.now));
        }
        !confirmed
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
        assert_eq!(clock.counters(), ClockCounters { late: 1, stepped_back: 1, leapt_ahead: 0 });
    }

    #[test]
    fn ticks_pass_without_any_frame_once_it_is_started() {
        let mut clock = clock();
        assert_eq!(clock.advance(millis(5_000)), None, "nobody looks on yet");
        clock.start(millis(10_500));
        clock.start(millis(99_000));
        assert_eq!(clock.advance(millis(10_900)), None);
        assert_eq!(clock.advance(millis(13_100)), Some(millis(13_000)));
        assert_eq!(clock.observe(millis(12_900)), (millis(12_900), None));
    }

    #[test]
    fn one_bad_stamp_does_not_move_the_clock() {
        let mut clock = clock();
        let (now, leap) = (millis(10_500), millis(900_000_000));
        clock.observe(now);
        assert_eq!(clock.observe(leap), (now, None));
        assert_eq!(clock.observe(millis(10_600)), (millis(10_600), None));
        assert_eq!(clock.observe(leap), (millis(10_600), None));
        assert_eq!(clock.counters().leapt_ahead, 2);
    }

    #[test]
    fn two_frames_after_a_gap_move_the_clock() {
        let mut clock = clock();
        clock.observe(millis(10_500));
        assert_eq!(clock.observe(millis(900_000_000)), (millis(10_500), None));
        let after = millis(900_000_250);
        assert_eq!(clock.observe(after), (after, Some(millis(900_000_000))));
    }
}
