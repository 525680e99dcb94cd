//! What a storm of equal troubles costs in the streams.

use anyhow::{Context as _, Result};

use super::row::{Goal, Row};
use crate::shell;

/// Microseconds for a report.
const REPORT_GOAL: f64 = 5.0;
/// Octets for a like.
const LIKE_GOAL: f64 = 160.0;
/// Octets for a member.
const MEMBER_GOAL: f64 = 256.0;
/// The host's post, and one sum for each level above: rack, datacentre, administrators.
const POSTS_GOAL: f64 = 4.0;

/// Runs the helper, which measures in memory.
pub(super) fn rows() -> Result<Vec<Row>> {
    let storm = shell::release_helper("storm")?;
    println!("100,000 members, the same trouble within ten seconds");
    let mut rows = parse(&shell::capture(&mut shell::program(&storm, &[]))?, "one host", POSTS_GOAL)?;
    // Of each of a thousand hosts one post, and the sums above.
    let said = shell::capture(&mut shell::program(&storm, &["--hosts", "1000"]))?;
    rows.extend(parse(&said, "1,000 hosts", 1_003.0)?);
    Ok(rows)
}

/// Reads what `storm` prints: nanoseconds of loading, of a report and of its end; octets of a member and of a like;
/// posts, and sums among them; the line that administrators read.
fn parse(said: &str, scene: &str, posts_goal: f64) -> Result<Vec<Row>> {
    let mut lines = said.lines();
    let mut numbers = |count: usize| -> Result<Vec<f64>> {
        let line = lines.next().context("read what the storm cost")?;
        let numbers: Vec<f64> = line
            .split_whitespace()
            .map(|word| word.parse::<u64>().map(super::float).with_context(|| format!("read `{word}`")))
            .collect::<Result<_>>()?;
        anyhow::ensure!(numbers.len() == count, "`{line}` has not {count} numbers");
        Ok(numbers)
    };
    let times = numbers(3)?;
    let octets = numbers(2)?;
    let posts = numbers(2)?;
    let line = lines.next().context("read the line of the administrators")?;
    let row = |what: &str, parts: &str, value: f64, unit: &'static str, goal: f64| {
        let mut row =
            Row::new("storm", format!("{what}, {scene}"), parts.to_owned(), value, Goal::AtMost(goal));
        row.unit = unit;
        row
    };
    Ok(vec![
        row("a report", "to its like and all sums", times[1] / 1_000.0, "µs", REPORT_GOAL),
        row("its end", "to all sums", times[2] / 1_000.0, "µs", REPORT_GOAL),
        row("a member", "on the heap", octets[0], "octets", MEMBER_GOAL),
        row("a like", "on the heap, with what it reports", octets[1], "octets", LIKE_GOAL),
        row("posts in all", line, posts[0], "posts", posts_goal),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_helper_is_read() {
        let said = "900 1500 1200\n200 90\n4 3\nhost hv-0000: all\n";
        let rows = parse(said, "one host", POSTS_GOAL).expect("five lines");
        assert!(rows.iter().all(Row::is_met));
        assert_eq!(rows.len(), 5);
        assert!(parse("1 2\n", "one host", POSTS_GOAL).is_err());
        let worse = said.replace("4 3", "5 4");
        assert!(!parse(&worse, "one host", POSTS_GOAL).expect("five lines").iter().all(Row::is_met));
    }
}
