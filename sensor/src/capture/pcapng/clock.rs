use rollcall_core::types::Timestamp;

use super::super::Resolution;

/// How an interface counts time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) resolution: Resolution,
    /// What is to be added to each time, in seconds.
    pub(super) offset_secs: i64,
}

impl Default for Clock {
    fn default() -> Self {
        Self { resolution: Resolution::MICROSECONDS, offset_secs: 0 }
    }
}

impl Clock {
    /// Returns the time of that many units, rounded down to nanoseconds; `None` of a time that no
    /// [`Timestamp`] can hold. Writers make such by storing a negative number, which the format has not.
    pub(super) fn at(self, ticks: u64) -> Option<Timestamp> {
        let ticks = u128::from(ticks);
        let nanos = match self.resolution {
            Resolution::PowerOfTen(exponent @ 0..=9) => ticks * 10_u128.pow(9 - u32::from(exponent)),
            Resolution::PowerOfTen(exponent) => {
                let unit = 10_u128.checked_pow(u32::from(exponent) - 9);
                unit.map_or(0, |unit| ticks / unit)
            }
            Resolution::PowerOfTwo(exponent) => (ticks * 1_000_000_000) >> u32::from(exponent).min(127),
        };
        let offset = i128::from(self.offset_secs) * 1_000_000_000;
        let nanos = i128::try_from(nanos).ok()?.checked_add(offset)?;
        i64::try_from(nanos).ok().map(Timestamp::from_nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computes_times_in_every_unit() {
        let check = |resolution, offset_secs, ticks, nanos| {
            let clock = Clock { resolution, offset_secs };
            assert_eq!(clock.at(ticks).map(Timestamp::as_nanos), nanos, "{clock:?}");
        };
        check(Resolution::MICROSECONDS, 0, 1_500_000, Some(1_500_000_000));
        check(Resolution::NANOSECONDS, 0, 1_500_000, Some(1_500_000));
        check(Resolution::PowerOfTen(0), 0, 3, Some(3_000_000_000));
        check(Resolution::PowerOfTen(12), 0, 2_999, Some(2));
        check(Resolution::PowerOfTen(127), 0, u64::MAX, Some(0));
        check(Resolution::PowerOfTwo(0), 0, 3, Some(3_000_000_000));
        check(Resolution::PowerOfTwo(20), 0, 3 << 19, Some(1_500_000_000));
        check(Resolution::PowerOfTwo(127), 0, u64::MAX, Some(0));
        check(Resolution::MICROSECONDS, -2, 1_500_000, Some(-500_000_000));
        check(Resolution::MICROSECONDS, i64::MAX, 0, None);
        check(Resolution::MICROSECONDS, 0, 505_u64.wrapping_neg(), None);
        check(Resolution::PowerOfTen(3), 0, u64::MAX, None);
    }
}
