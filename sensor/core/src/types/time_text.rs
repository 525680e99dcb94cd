use core::str::FromStr;

use thiserror::Error;

use super::Timestamp;

/// A text that is no time.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is no time (write it as 2026-11-21T08:00:00Z)")]
pub struct ParseTimestampError {
    text: String,
}

/// Reads RFC 3339, with `Z` or an offset, and with a space in place of `T`; a date alone is its midnight in
/// UTC. Digits beyond nanoseconds are cut.
///
/// # Reference
/// RFC 3339 section 5.6. A leap second is read as the last second before it.
impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseTimestampError { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let (year, rest) = number(text, 4)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 2)?;
    let days = days_from_civil(year, month, day)?;
    if rest.is_empty() {
        return in_range(days * 86_400, 0);
    }
    let (hour, rest) = number(rest.strip_prefix(['T', 't', ' '])?, 2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = number(rest.strip_prefix(':')?, 2)?;
    let (nanos, rest) = match rest.strip_prefix('.') {
        Some(fraction) => fraction_nanos(fraction)?,
        None => (0, rest),
    };
    let offset = offset_seconds(rest)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second.min(59) - offset;
    in_range(seconds, nanos)
}

/// Makes a time unless it lies outside the range of [`Timestamp`].
fn in_range(seconds: i64, nanos: u32) -> Option<Timestamp> {
    let time = Timestamp::from_secs_nanos(seconds, nanos);
    (time.as_secs() == seconds).then_some(time)
}

/// Splits off a number of exactly `digits` decimal digits.
fn number(text: &str, digits: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    let all_digits = number.bytes().all(|octet| octet.is_ascii_digit());
    all_digits.then(|| number.parse().ok()).flatten().map(|n| (n, rest))
}

/// Splits off the digits of a fraction of a second; at least one.
fn fraction_nanos(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    let nanos = digits
        .bytes()
        .chain(core::iter::repeat(b'0'))
        .take(9)
        .fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    (!digits.is_empty()).then_some((nanos, rest))
}

/// Reads `Z`, `+hh:mm` or `-hh:mm`, and nothing behind it.
fn offset_seconds(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, rest) = number(text.strip_prefix(['+', '-'])?, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(':')?, 2)?;
    (rest.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Returns the days from 1970-01-01 to a date of the proleptic Gregorian calendar; `None` where there is no
/// such date.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let before = |month| (month * 367 - 362) / 12;
    let shift = match (month > 2, leap) {
        (false, _) => 0,
        (true, true) => 1,
        (true, false) => 2,
    };
    let years = year - 1;
    let to_year = 365 * years + years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400);
    // 719,163 days lie between the day before 0001-01-01 and 1970-01-01.
    Some(to_year + before(month) - shift + day - 719_163)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_rfc_3339() {
        let check = |text: &str, seconds, nanos| {
            let expected = Timestamp::from_secs_nanos(seconds, nanos);
            assert_eq!(text.parse(), Ok(expected), "{text}");
        };
        check("1970-01-01T00:00:00Z", 0, 0);
        check("1970-01-01", 0, 0);
        check("2000-02-29T00:00:00Z", 951_782_400, 0);
        check("2011-06-30 08:24:48.459576Z", 1_309_422_288, 459_576_000);
        check("2011-06-30T10:24:48.459576+02:00", 1_309_422_288, 459_576_000);
        check("1969-12-31T23:59:60Z", -1, 0);
        for text in [
            "",
            "2026-13-01",
            "2026-02-29",
            "2026-11-21T24:00:00Z",
            "2026-11-21T08:00:00",
            "2026-11-21T08:00Z",
            "2026-11-21T08:00:00.Z",
            "9999-01-01",
            "2026-11-21T08:00:00+1",
            "2026-1\u{e9}-1",
            "2026-11-21T\u{e9}\u{e9}:00:00Z",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_prints(nanos in Timestamp::MIN.as_nanos() + 1_000_000_000..) {
            let time = Timestamp::from_nanos(nanos);
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
    }
}
