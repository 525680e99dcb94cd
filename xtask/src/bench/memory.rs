//! What a station costs in memory.

use anyhow::{Context as _, Result};

use super::growth::thousands;
use super::measure::{Subject, in_turn};
use super::row::{Goal, Row};
use crate::pcap::bench;
use crate::shell;

/// Resident octets for each station.
const RESIDENT_GOAL: f64 = 256.0;
/// Octets of the table for each row.
const TABLE_GOAL: f64 = 96.0;
/// How many guests are recorded while only strangers are heard.
const GUESTS: u64 = 100_000;

/// Measures a replay with a million stations as a whole, its table alone, and the engine with an inventory.
pub(super) fn rows() -> Result<Vec<Row>> {
    let ours = shell::release_binary()?;
    let table = shell::release_helper("table")?;
    let stations = shell::release_helper("stations")?;
    let (once, _) = bench::GROWTH.last().context("there are captures of many stations")?;
    let path = once.ensure()?;
    println!("{} stations", thousands(once.frames()));
    let mut subjects = [Subject::new(once.name, &ours, &["replay", &path.to_string_lossy()])];
    in_turn(&mut subjects, 1)?;
    let [replay] = subjects.map(|subject| subject.median());
    let resident = super::float(replay.resident);
    let whole = Row::new(
        "memory",
        format!("resident octets ÷ station, {} stations", thousands(once.frames())),
        format!("{:.0} MiB, all of the process", resident / 1_048_576.0),
        resident / super::float(once.frames()),
        Goal::AtMost(RESIDENT_GOAL),
    );
    let said = shell::capture(&mut shell::program(&stations, &["1000000", "--guests", &GUESTS.to_string()]))?;
    let table = shell::capture(&mut shell::program(&table, &[]))?;
    Ok(vec![whole, strangers(&said)?, table_row(&table)?])
}

/// Reads what `stations` prints of its second round: `again: 51 ns/station, 187 octets/station`.
fn strangers(said: &str) -> Result<Row> {
    let line = said.lines().find_map(|line| line.strip_prefix("again: ")).context("find the second round")?;
    let octets =
        line.split(", ").nth(1).and_then(|part| part.split(' ').next()).context("find the octets")?;
    Ok(Row::new(
        "memory",
        format!("the same, all strangers to an inventory of {} guests", thousands(GUESTS)),
        "the engine alone".to_owned(),
        octets.parse().with_context(|| format!("read `{octets}` as octets"))?,
        Goal::AtMost(RESIDENT_GOAL),
    ))
}

/// Reads what `table` prints: rows, and octets that they hold.
fn table_row(said: &str) -> Result<Row> {
    let mut numbers = said.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next().and_then(Result::ok).context("read what the table holds");
    let (rows, octets) = (next()?, next()?);
    let parts =
        format!("{:.0} MiB on the heap, {} rows", super::float(octets) / 1_048_576.0, thousands(rows));
    let value = super::float(octets) / super::float(rows);
    Ok(Row::new("memory", "octets of the table ÷ row".to_owned(), parts, value, Goal::AtMost(TABLE_GOAL)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_are_read() {
        let row = table_row("1000 90000").expect("two numbers");
        assert!((row.value - 90.0).abs() < 1e-9 && row.is_met());
        assert!(table_row("1000").is_err());
        let said =
            "stations=5\nnew: 9 ns/station, 300 octets/station\nagain: 51 ns/station, 187 octets/station\n";
        assert!((strangers(said).expect("a second round").value - 187.0).abs() < 1e-9);
        assert!(strangers("new: 9 ns/station").is_err());
    }
}
