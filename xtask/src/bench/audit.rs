//! How long the audit takes with 100,000 guests.

use anyhow::{Context as _, Result};

use super::row::{Goal, Row};
use crate::shell;

/// From the change to the discrepancy, in milliseconds.
const CHANGE_GOAL: f64 = 1.0;
/// Judging everybody again, in milliseconds.
const EVERYBODY_GOAL: f64 = 200.0;
const NANOS_PER_MILLI: f64 = 1e6;

/// Runs the helper, which measures in memory.
pub(super) fn rows() -> Result<Vec<Row>> {
    let audit = shell::release_helper("audit")?;
    println!("100,000 guests");
    parse(&shell::capture(&mut shell::program(&audit, &[]))?)
}

/// Reads what `audit` prints: nanoseconds of a move, of a changed record, and of everybody.
fn parse(said: &str) -> Result<Vec<Row>> {
    let mut numbers = said.split_whitespace().map(str::parse::<u64>);
    let mut row = |what: &str, goal: f64| -> Result<Row> {
        let nanos =
            numbers.next().and_then(Result::ok).with_context(|| format!("read how long {what} took"))?;
        let value = super::float(nanos) / NANOS_PER_MILLI;
        let mut row =
            Row::new("audit", what.to_owned(), "100,000 guests".to_owned(), value, Goal::AtMost(goal));
        row.unit = "ms";
        Ok(row)
    };
    Ok(vec![
        row("a guest moves, to the discrepancy", CHANGE_GOAL)?,
        row("a record changes, to the discrepancy", CHANGE_GOAL)?,
        row("everybody again", EVERYBODY_GOAL)?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_helper_is_read() {
        let rows = parse("5000 1500000 90000000\n").expect("three numbers");
        assert_eq!(rows.iter().map(Row::is_met).collect::<Vec<_>>(), [true, false, true]);
        assert!(parse("5000").is_err());
    }
}
