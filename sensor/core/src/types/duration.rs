use core::time::Duration;

use thiserror::Error;

/// A text that is no duration.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is no duration (write it as 300s, 5m or 1h30m)")]
pub struct ParseDurationError {
    text: String,
}

/// Reads a duration: whole numbers with units, largest unit first, as `1h30m`.
///
/// # Units
/// `d`, `h`, `m`, `s`, `ms`, `us`, `ns`. A number without a unit is refused, except `0`.
///
/// # Errors
/// [`ParseDurationError`] where there is no number, an unknown or missing unit, a unit that is not smaller than the
/// one before, or more than 2^64 nanoseconds.
pub fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    parse(text).ok_or_else(|| ParseDurationError { text: text.to_owned() })
}

/// Units with their nanoseconds, largest first.
const UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut nanos, mut smaller_than) = (text, 0u64, u64::MAX);
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at_checked(unit_at)?;
        let unit_len = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at_checked(unit_len)?;
        let (_, unit_nanos) = UNITS.iter().find(|(name, _)| *name == unit)?;
        if *unit_nanos >= smaller_than {
            return None;
        }
        nanos = nanos.checked_add(number.parse::<u64>().ok()?.checked_mul(*unit_nanos)?)?;
        (rest, smaller_than) = (behind, *unit_nanos);
    }
    (smaller_than != u64::MAX).then_some(Duration::from_nanos(nanos))
}

/// Prints a duration so that [`parse_duration`] reads it back: `1h30m`, `0s`.
///
/// # Bounds
/// What exceeds 2^64 nanoseconds (584 years) is printed as that.
pub fn format_duration(duration: Duration) -> String {
    let mut nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    if nanos == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, unit_nanos) in UNITS {
        let count = nanos / unit_nanos;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
            nanos -= count * unit_nanos;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_units_largest_first() {
        let check = |text: &str, seconds| assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)));
        check("300s", 300);
        check("5m", 300);
        check("1h30m", 5_400);
        check("7d", 604_800);
        check("0", 0);
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        for text in ["", "300", "s", "5 m", "30m1h", "1h1h", "-1s", "1.5h", "1y", "99999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_it_prints(nanos: u64) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }
}
