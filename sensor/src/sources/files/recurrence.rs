//! When scheduled work begins that recurs.
//!
//! Read RFC 5545 section 3.3.10 before editing.

use core::time::Duration;

use rollcall_core::recorded::Recurring;
use rollcall_core::types::Timestamp;
use rrule::{RRuleError, RRuleSet};

/// How often work is followed at most: daily work for eleven years.
const OCCURRENCES_MAX: u16 = 4_096;

/// Where a rule is cut that far ahead, nobody needs to hear of it: twenty years.
const FAR: Duration = Duration::from_secs(20 * 366 * 86_400);

/// Returns when work begins that recurs by a rule and begins for the first time at `first`, in UTC.
///
/// The first time counts whether it fits the rule or not.
pub(super) fn expand(rule: &str, first: Timestamp) -> Result<Recurring, String> {
    let rule = rule.to_ascii_uppercase();
    let rule = rule.strip_prefix("RRULE:").unwrap_or(&rule);
    let set: Result<RRuleSet, RRuleError> = format!("DTSTART:{}\nRRULE:{rule}", basic(first)).parse();
    let found = set.map_err(|error| error.to_string())?.all(OCCURRENCES_MAX);
    // Rules know whole seconds.
    let rest = first.since(Timestamp::from_secs_nanos(first.as_secs(), 0));
    let times = found.dates.iter().map(|date| Timestamp::from_secs_nanos(date.timestamp(), 0).after(rest));
    let mut begins: Vec<Timestamp> = times.collect();
    if begins.first() != Some(&first) {
        begins.insert(0, first);
    }
    // What time cannot express comes as its end, again and again.
    begins.dedup();
    let is_soon = begins.last().is_some_and(|last| *last < first.after(FAR));
    Ok(Recurring { begins, is_cut: found.limited && is_soon })
}

/// Prints a time in the basic format: `20261121T080000Z`.
fn basic(at: Timestamp) -> String {
    let text = at.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    let digits: String = seconds.chars().filter(|c| !matches!(c, '-' | ':' | 'Z')).collect();
    format!("{digits}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begins(rule: &str) -> Vec<String> {
        let first: Timestamp = "2026-11-20T22:30:00Z".parse().unwrap();
        let begins = expand(rule, first).unwrap().begins;
        begins.iter().take(4).map(|at| at.to_string()[..16].to_owned()).collect()
    }

    #[test]
    fn rules_are_followed() {
        assert_eq!(begins("FREQ=DAILY;COUNT=2"), ["2026-11-20T22:30", "2026-11-21T22:30"]);
        // A Friday, then Saturdays; the first time counts all the same.
        let saturdays = ["2026-11-20T22:30", "2026-11-21T22:30", "2026-11-28T22:30", "2026-12-05T22:30"];
        assert_eq!(begins("RRULE:freq=weekly;byday=SA"), saturdays);
        let third = ["2026-11-20T22:30", "2026-12-18T22:30", "2027-01-15T22:30", "2027-02-19T22:30"];
        assert_eq!(begins("FREQ=MONTHLY;BYDAY=3FR"), third);
        assert_eq!(begins("FREQ=DAILY;UNTIL=20261121T230000Z").len(), 2);
    }

    #[test]
    fn rules_without_end_are_cut_and_wrong_ones_told() {
        let first: Timestamp = "2026-11-20T22:30:00.5Z".parse().unwrap();
        let endless = expand("FREQ=HOURLY", first).unwrap();
        assert!(endless.is_cut);
        assert_eq!(endless.begins.len(), usize::from(OCCURRENCES_MAX));
        assert!(!expand("FREQ=MONTHLY;BYDAY=3SA", first).unwrap().is_cut);
        assert_eq!(endless.begins[1].to_string(), "2026-11-20T23:30:00.500000000Z");
        assert!(expand("FREQ=DAILY;BYDAY=XX", first).is_err());
        assert!(expand("FREQ=DAILY;UNTIL=tomorrow", first).is_err());
    }
}
