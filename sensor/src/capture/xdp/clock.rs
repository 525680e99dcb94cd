use nix::time::{ClockId, clock_getres, clock_gettime};
use rollcall_core::types::Timestamp;
use rollcall_ebpf_abi::Clock;

/// How the kernel's stamps stand to the time since the epoch: nanoseconds of its monotonic clock for frames, ticks of
/// its timer for rows.
///
/// The system's clock may be set, so that it is made anew with each sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelClock {
    /// The time since the epoch at which the monotonic clock was 0, in nanoseconds.
    origin_ns: i64,
    /// One moment on both clocks.
    moment: Clock,
    /// How long a tick is.
    tick_ns: u64,
}

impl KernelClock {
    /// Reads the clocks that this process can read. One that cannot be read, which does not happen on Linux, counts
    /// as 0.
    pub(super) fn read(moment: Clock) -> Self {
        let origin_ns = read(ClockId::CLOCK_REALTIME).saturating_sub(read(ClockId::CLOCK_MONOTONIC));
        Self { origin_ns, moment, tick_ns: tick_ns() }
    }

    /// Returns the time of a frame's stamp.
    pub fn time(self, monotonic_ns: u64) -> Timestamp {
        let nanos = i64::try_from(monotonic_ns).unwrap_or(i64::MAX);
        Timestamp::from_nanos(self.origin_ns.saturating_add(nanos))
    }

    /// Returns the time of a row's stamp, as exact as a tick.
    pub fn tick(self, ticks: u64) -> Timestamp {
        let Clock { monotonic_ns, ticks: at } = self.moment;
        let ago = at.saturating_sub(ticks).saturating_mul(self.tick_ns);
        let ahead = ticks.saturating_sub(at).saturating_mul(self.tick_ns);
        self.time(monotonic_ns.saturating_sub(ago).saturating_add(ahead))
    }
}

/// Returns how long a tick is: clocks that are only read at a tick are as exact as that.
pub(super) fn tick_ns() -> u64 {
    const SLOWEST_NS: u64 = 10_000_000;
    clock_getres(ClockId::CLOCK_MONOTONIC_COARSE)
        .ok()
        .and_then(|length| u64::try_from(length.tv_nsec()).ok())
        .filter(|nanos| *nanos > 0)
        .unwrap_or(SLOWEST_NS)
}

fn read(clock: ClockId) -> i64 {
    clock_gettime(clock)
        .map_or(0, |time| time.tv_sec().saturating_mul(1_000_000_000).saturating_add(time.tv_nsec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_counted_from_a_moment_on_both_clocks() {
        let moment = Clock { monotonic_ns: 10_000, ticks: 50 };
        let clock = KernelClock { origin_ns: 1_000, moment, tick_ns: 100 };
        assert_eq!(clock.time(24), Timestamp::from_nanos(1_024));
        assert_eq!(clock.time(u64::MAX), Timestamp::MAX);
        assert_eq!(clock.tick(50), Timestamp::from_nanos(11_000));
        assert_eq!(clock.tick(48), Timestamp::from_nanos(10_800));
        assert_eq!(clock.tick(51), Timestamp::from_nanos(11_100));
    }

    #[test]
    fn a_tick_is_one_to_ten_milliseconds() {
        assert!((900_000..=10_000_000).contains(&tick_ns()), "{}", tick_ns());
    }
}
