//! Text to typed values, for the builder.

use core::fmt::Display;
use core::str::FromStr;
use core::time::Duration;
use std::net::IpAddr;

use super::model::Uuid;
use super::problem::Position;
use super::rows::Text;
use crate::types::{IpPrefix, MacAddr, MacPrefix, Timestamp, parse_duration};

/// What a field must hold, with the words for the message and the remedy.
pub(super) trait Readable: Sized {
    const WHAT: &'static str;
    const HELP: &'static str;
    fn read(text: &str) -> Option<Self>;
}

macro_rules! readable {
    ($type:ty, $what:literal, $help:literal, $read:expr) => {
        impl Readable for $type {
            const WHAT: &'static str = $what;
            const HELP: &'static str = $help;
            fn read(text: &str) -> Option<Self> {
                $read(text)
            }
        }
    };
}

readable!(MacAddr, "MAC address", "write it as 52:54:00:12:34:56", from_text);
readable!(
    MacPrefix,
    "MAC address prefix",
    "write it as 52:54:00, or with a length in bits as 52:54:00/20",
    from_text
);
readable!(IpAddr, "IP address", "write it as 10.1.0.11 or 2001:db8::11", from_text);
readable!(IpPrefix, "IP prefix", "write it as 10.1.0.0/16 or 2001:db8::/32", from_text);
readable!(Uuid, "UUID", "write it as 7f0c2d84-5c9a-4d7e-9b1e-0a2b3c4d5e6f", from_text);
readable!(
    Timestamp,
    "time",
    "write it as 2026-11-21T08:00:00Z, with `Z` or an offset such as +01:00",
    from_text
);
readable!(Duration, "duration", "write it as 300s, 5m or 1h30m", |text| { parse_duration(text).ok() });
readable!(VlanId, "VLAN identifier", "write a number from 1 to 4094", |text: &str| {
    text.parse().ok().filter(|vid| (1..=4094).contains(vid)).map(VlanId)
});

readable!(
    Recurrence,
    "recurrence",
    "write an RRULE of RFC 5545, such as FREQ=WEEKLY;BYDAY=SA",
    |text: &str| is_recurrence(text).then(|| Recurrence(text.into()))
);

/// The text of an RRULE.
pub(super) struct Recurrence(pub(super) Box<str>);

/// A VLAN identifier that a subnet may have, 1 to 4094.
pub(super) struct VlanId(pub(super) u16);

fn from_text<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

/// Boxes the text of a field.
pub(super) fn boxed(text: Text) -> Box<str> {
    text.value.into_boxed_str()
}

/// Boxes the texts of a list, keeping their order.
pub(super) fn boxed_all(texts: Vec<Text>) -> Vec<Box<str>> {
    texts.into_iter().map(boxed).collect()
}

/// A reference by id that is resolved once all rows are in.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) id: Box<str>,
    pub(super) at: Position,
}

impl From<Text> for Reference {
    fn from(text: Text) -> Self {
        Self { at: text.at, id: boxed(text) }
    }
}

/// Lists names for a message: `` `a`, `b` ``.
pub(super) fn listed<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let mut text = String::new();
    for name in names {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&format!("`{name}`"));
    }
    text
}

/// Tells whether a text has the form of an RRULE: parts with values, among them a frequency.
///
/// # Reference
/// RFC 5545 section 3.3.10.
fn is_recurrence(text: &str) -> bool {
    const PARTS: [&str; 14] = [
        "FREQ",
        "UNTIL",
        "COUNT",
        "INTERVAL",
        "BYSECOND",
        "BYMINUTE",
        "BYHOUR",
        "BYDAY",
        "BYMONTHDAY",
        "BYYEARDAY",
        "BYWEEKNO",
        "BYMONTH",
        "BYSETPOS",
        "WKST",
    ];
    const FREQUENCIES: [&str; 7] = ["SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
    let text = text.strip_prefix("RRULE:").unwrap_or(text).to_ascii_uppercase();
    let mut has_frequency = false;
    for part in text.split(';') {
        match part.split_once('=') {
            Some(("FREQ", frequency)) if FREQUENCIES.contains(&frequency) => has_frequency = true,
            Some((name, value)) if name != "FREQ" && PARTS.contains(&name) && !value.is_empty() => {}
            _ => return false,
        }
    }
    has_frequency
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recurrences_have_a_frequency_and_known_parts() {
        for rule in ["FREQ=WEEKLY", "RRULE:FREQ=MONTHLY;BYDAY=3SA", "freq=daily;interval=2;count=10"] {
            assert!(is_recurrence(rule), "{rule}");
        }
        for rule in ["", "weekly", "FREQ=SOMETIMES", "BYDAY=SA", "FREQ=DAILY;EVERY=2", "FREQ=DAILY;COUNT="] {
            assert!(!is_recurrence(rule), "{rule}");
        }
    }
}
