use core::fmt;
use core::time::Duration;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A point in time: signed nanoseconds since 1970-01-01T00:00:00 UTC, without leap seconds.
///
/// It is always packet time, or a time that an inventory states; nothing in this crate reads a clock.
/// Arithmetic saturates at the ends of the range.
///
/// # Bounds
/// From 1677-09-21 to 2262-04-11.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00 UTC.
    pub const EPOCH: Self = Self(0);
    /// The earliest representable time; used as "before everything".
    pub const MIN: Self = Self(i64::MIN);
    /// The latest representable time; used as "never".
    pub const MAX: Self = Self(i64::MAX);

    /// Makes a time from nanoseconds since the epoch.
    #[inline]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Makes a time from whole seconds and nanoseconds since the epoch; saturates.
    #[inline]
    pub const fn from_secs_nanos(secs: i64, nanos: u32) -> Self {
        Self(secs.saturating_mul(NANOS_PER_SECOND).saturating_add(nanos as i64))
    }

    /// Returns nanoseconds since the epoch.
    #[inline]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Returns whole seconds since the epoch, rounded towards the past.
    #[inline]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(NANOS_PER_SECOND)
    }

    /// Returns the nanoseconds within the second, 0 to 999,999,999.
    #[inline]
    pub const fn subsec_nanos(self) -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "a remainder below 10^9 fits")]
        {
            self.0.rem_euclid(NANOS_PER_SECOND) as u32
        }
    }

    /// Returns the time `duration` later, saturating at [`Timestamp::MAX`].
    #[inline]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos_of(duration)))
    }

    /// Returns the time `duration` earlier, saturating at [`Timestamp::MIN`].
    #[inline]
    pub const fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos_of(duration)))
    }

    /// Returns how long after `earlier` this is; zero if it is not after.
    #[inline]
    pub const fn since(self, earlier: Self) -> Duration {
        let nanos = self.0.saturating_sub(earlier.0);
        if nanos <= 0 { Duration::ZERO } else { Duration::from_nanos(nanos.unsigned_abs()) }
    }

    /// Returns the first multiple of `step` since the epoch that is not before this time.
    ///
    /// A `step` of zero gives the time itself.
    pub const fn round_up(self, step: Duration) -> Self {
        let step = nanos_of(step);
        if step <= 0 {
            return self;
        }
        match self.0.rem_euclid(step) {
            0 => self,
            over => Self(self.0.saturating_add(step - over)),
        }
    }

    /// Returns the number of the interval of length `step` that holds this time, counted from the epoch.
    ///
    /// A `step` of zero is read as one nanosecond.
    #[inline]
    pub const fn interval(self, step: Duration) -> i64 {
        let step = nanos_of(step);
        self.0.div_euclid(if step <= 0 { 1 } else { step })
    }
}

const fn nanos_of(duration: Duration) -> i64 {
    let nanos = duration.as_nanos();
    if nanos > i64::MAX as u128 {
        i64::MAX
    } else {
        #[expect(clippy::cast_possible_truncation, reason = "checked against i64::MAX")]
        {
            nanos as i64
        }
    }
}

/// Prints RFC 3339 in UTC with nanoseconds: `2026-11-21T08:00:00.000000000Z`.
///
/// # Reference
/// RFC 3339 section 5.6; the civil date is computed for the proleptic Gregorian calendar.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.as_secs();
        let (days, of_day) = (secs.div_euclid(86_400), secs.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
        // A report prints tens of thousands of times, which seven padded numbers each made a quarter of its cost.
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        let numbers = [
            (0..4, year),
            (5..7, month),
            (8..10, day),
            (11..13, hour),
            (14..16, minute),
            (17..19, second),
            (20..29, i64::from(self.subsec_nanos())),
        ];
        for (place, number) in numbers {
            put_digits(text.get_mut(place).unwrap_or_default(), number);
        }
        f.write_str(core::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Writes a number that is not negative with leading zeros; of a longer one, the last digits.
fn put_digits(place: &mut [u8], number: i64) {
    let mut rest = number.unsigned_abs();
    for digit in place.iter_mut().rev() {
        let [low, ..] = (rest % 10).to_le_bytes();
        *digit = b'0' + low;
        rest /= 10;
    }
}

/// Returns (year, month, day) of the day that is `days` after 1970-01-01.
///
/// Counts years from March, so that the leap day is the last of its year, in eras of 400 years
/// (146,097 days each).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    const DAYS_FROM_YEAR_0_MARCH_TO_EPOCH: i64 = 719_468;
    const DAYS_PER_ERA: i64 = 146_097;
    let shifted = days + DAYS_FROM_YEAR_0_MARCH_TO_EPOCH;
    let (era, of_era) = (shifted.div_euclid(DAYS_PER_ERA), shifted.rem_euclid(DAYS_PER_ERA));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc_3339() {
        let check = |secs, nanos, text: &str| {
            assert_eq!(Timestamp::from_secs_nanos(secs, nanos).to_string(), text);
        };
        check(0, 0, "1970-01-01T00:00:00.000000000Z");
        check(-1, 1, "1969-12-31T23:59:59.000000001Z");
        check(951_782_400, 0, "2000-02-29T00:00:00.000000000Z");
        check(1_309_422_288, 459_576_000, "2011-06-30T08:24:48.459576000Z");
        check(4_102_444_799, 999_999_999, "2099-12-31T23:59:59.999999999Z");
    }

    #[test]
    fn rounds_up_to_the_tick() {
        let step = Duration::from_secs(1);
        assert_eq!(Timestamp::from_nanos(1).round_up(step), Timestamp::from_secs_nanos(1, 0));
        assert_eq!(Timestamp::from_secs_nanos(1, 0).round_up(step), Timestamp::from_secs_nanos(1, 0));
        assert_eq!(Timestamp::from_nanos(-1).round_up(step), Timestamp::EPOCH);
    }

    #[test]
    fn saturates() {
        assert_eq!(Timestamp::MAX.after(Duration::from_secs(1)), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.before(Duration::MAX), Timestamp::MIN);
        assert_eq!(Timestamp::EPOCH.since(Timestamp::MAX), Duration::ZERO);
    }
}
