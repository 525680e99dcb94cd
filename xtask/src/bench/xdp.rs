//! What a frame costs in the kernel, beside a program that only parses and drops.

use anyhow::{Context as _, Result};

use super::row::{Goal, Row};
use crate::{ebpf, shell};

/// A frame every 67 ns is what 10 gigabits a second carry at most.
const KNOWN_NS_GOAL: f64 = 67.0;
/// Times the program that only parses and drops.
const RATIO_GOAL: f64 = 2.0;

/// The kinds of map beside the one that is used, by the program's features.
const KINDS: [(&str, &str); 3] = [
    ("rows-lru", "least recently used"),
    ("rows-percpu", "one for each processor"),
    ("rows-lru-percpu", "least recently used, for each processor"),
];

/// Runs the helper, which has the kernel run the program; with `maps` also on every other kind of map.
pub(super) fn rows(rounds: usize, maps: bool) -> Result<Vec<Row>> {
    let helper = shell::debug_helper("xdp")?;
    let rounds = rounds.to_string();
    println!("the XDP program, {rounds} rounds");
    let mut rows = parse(&shell::capture(&mut shell::program(&helper, &[&rounds]))?)?;
    if maps {
        for (feature, kind) in KINDS {
            let object = ebpf::variant(feature)?;
            println!("the XDP program, {kind}");
            let said =
                shell::capture(&mut shell::program(&helper, &[&rounds, &object.display().to_string()]))?;
            let known = nanos(&said, "known")?;
            rows.push(row(
                format!("known, map {kind}"),
                "beside a hash map for all".to_owned(),
                known,
                Goal::None,
            ));
        }
    }
    Ok(rows)
}

/// Reads what the helper prints: a name and nanoseconds in each line.
fn parse(said: &str) -> Result<Vec<Row>> {
    let baseline = nanos(said, "baseline")?;
    let known = nanos(said, "known")?;
    let mut rows = vec![row(
        "known".to_owned(),
        "60 octets, a station of 10,000".to_owned(),
        known,
        Goal::AtMost(KNOWN_NS_GOAL),
    )];
    rows.push(Row::new(
        "xdp",
        "known ÷ parse and drop".to_owned(),
        format!("{known:.0} ns ÷ {baseline:.0} ns"),
        known / baseline,
        Goal::AtMost(RATIO_GOAL),
    ));
    for (name, what) in [
        ("tagged", "one tag"),
        ("ipv6", "IPv6"),
        ("two-tags", "two tags, walked"),
        ("vxlan", "known outside and inside"),
        ("control", "ARP, handed over"),
        ("limited", "ARP above its rate"),
        ("new", "first frame of a station, handed over"),
    ] {
        rows.push(row(name.to_owned(), what.to_owned(), nanos(said, name)?, Goal::None));
    }
    Ok(rows)
}

fn row(what: String, parts: String, value: f64, goal: Goal) -> Row {
    let mut row = Row::new("xdp", what, parts, value, goal);
    row.unit = "ns";
    row
}

fn nanos(said: &str, name: &str) -> Result<f64> {
    said.lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(found, _)| *found == name)
        .and_then(|(_, number)| number.trim().parse().ok())
        .with_context(|| format!("read how long `{name}` took"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_helper_is_read() {
        let said =
            "baseline 25\nknown 60\ntagged 51\nipv6 50\ntwo-tags 1\nvxlan 1\ncontrol 1\nlimited 1\nnew 1\n";
        let rows = parse(said).expect("every name is there");
        assert!(rows[0].is_met() && rows[1].is_missed());
        assert_eq!(rows.len(), 9);
        assert!(parse("known 50\n").is_err());
    }
}
