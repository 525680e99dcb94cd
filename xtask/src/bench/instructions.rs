//! How many instructions a frame of each class takes, counted by valgrind: what CI may fail on.
//!
//! Times vary with the machine and its other guests, counts only with the compiler and the library of C. A
//! class is run with one number of batches and with another, and the difference is divided by the frames that
//! were more, so that start-up does not count. The limits stand in `tests/instructions.txt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::steps::Done;
use crate::{setup, shell};

/// The limits, one class a line.
const LIMITS: &str = "tests/instructions.txt";
/// How much more than its limit a class may take.
const TOLERANCE: f64 = 0.05;
/// Few batches, and more. The first makes the rows.
const BATCHES: (u64, u64) = (8, 32);

const HEAD: &str = "\
# Instructions per frame from decoding to the ledger, counted by valgrind in an optimised build. A class that takes
# five in a hundred more fails `cargo xtask ci`; `cargo xtask bench instructions --bless` writes this file.
";

/// Counts and compares, or with `bless` writes what was counted.
pub(super) fn run(bless: bool) -> Result<ExitCode> {
    if !setup::ensure(&[setup::VALGRIND])?.is_empty() {
        bail!("no `valgrind`, which counts instructions");
    }
    let counted = count_all()?;
    if bless {
        let lines: Vec<String> =
            counted.iter().map(|(class, count)| format!("{class} {count:.0}\n")).collect();
        fs::write(path(), format!("{HEAD}{}", lines.concat())).context("write the limits")?;
        println!("{LIMITS} rewritten; review `git diff` like code");
        return Ok(ExitCode::SUCCESS);
    }
    let (text, exceeded) = compare(&counted, &limits()?);
    print!("{text}");
    if exceeded.is_empty() {
        println!("cargo xtask bench instructions: no class takes more than its limit");
        return Ok(ExitCode::SUCCESS);
    }
    println!("cargo xtask bench instructions: MISSED by {}", exceeded.join(", "));
    Ok(ExitCode::FAILURE)
}

/// Counts and compares as a step of CI.
///
/// # Errors
/// A class takes more than its limit allows.
pub(crate) fn check() -> Result<Done> {
    if !setup::ensure(&[setup::VALGRIND])?.is_empty() {
        return Ok(Done::Skipped(vec!["valgrind is not installed: no instructions were counted".to_owned()]));
    }
    let (text, exceeded) = compare(&count_all()?, &limits()?);
    print!("{text}");
    if !exceeded.is_empty() {
        bail!("more instructions than {LIMITS} allows: {}", exceeded.join(", "));
    }
    Ok(Done::Passed)
}

fn path() -> PathBuf {
    shell::root().join(LIMITS)
}

fn limits() -> Result<BTreeMap<String, f64>> {
    parse(&fs::read_to_string(path()).with_context(|| format!("read {LIMITS}"))?)
}

fn parse(text: &str) -> Result<BTreeMap<String, f64>> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let (class, count) = line.split_once(' ').with_context(|| format!("`{line}` has no count"))?;
            Ok((
                class.to_owned(),
                count.trim().parse().with_context(|| format!("read the count of {class}"))?,
            ))
        })
        .collect()
}

/// Shows each class beside its limit; returns as well those that exceed theirs.
fn compare(counted: &[(String, f64)], limits: &BTreeMap<String, f64>) -> (String, Vec<String>) {
    let (mut text, mut exceeded) = (String::new(), Vec::new());
    for (class, count) in counted {
        let limit = limits.get(class).copied();
        let note = match limit {
            None => "  no limit: bless",
            Some(limit) if *count > limit * (1.0 + TOLERANCE) => "  EXCEEDED",
            Some(limit) if *count < limit * (1.0 - TOLERANCE) => "  less: bless",
            Some(_) => "",
        };
        if limit.is_none() || note.contains("EXCEEDED") {
            exceeded.push(class.clone());
        }
        let limit = limit.map_or_else(|| "-".to_owned(), |limit| format!("{limit:.0}"));
        text.push_str(&format!("  {class:<24} {count:>9.1} instructions a frame, limit {limit:>6}{note}\n"));
    }
    (text, exceeded)
}

fn count_all() -> Result<Vec<(String, f64)>> {
    let program = shell::release_helper("instructions")?;
    let classes = shell::capture(&mut shell::program(&program, &[]))?;
    classes.lines().map(|class| Ok((class.to_owned(), count(&program, class)?))).collect()
}

/// Counts the instructions that a frame of a class takes.
fn count(program: &Path, class: &str) -> Result<f64> {
    let run = |batches: u64| -> Result<(u64, u64)> {
        let valgrind = shell::find(setup::VALGRIND.program).context("valgrind is gone")?;
        let mut command = shell::program(valgrind, &["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.args(["--log-fd=1"]).arg(program).args([class, &batches.to_string()]);
        let said = shell::capture(&mut command)?;
        let frames = said.lines().find_map(|line| line.trim().parse().ok());
        frames.zip(collected(&said)).with_context(|| format!("read what valgrind says of {class}"))
    };
    let ((frames, instructions), (more_frames, more)) = (run(BATCHES.0)?, run(BATCHES.1)?);
    Ok(super::float(more - instructions) / super::float(more_frames - frames))
}

/// Finds the count in what callgrind prints at its end: `==1== Collected : 123`.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_its_limit_or_has_none_is_named() {
        let limits = parse("# a comment\n\nipv4 100\narp 300\nipv6 100\n").expect("the lines are right");
        let counted = [("ipv4", 104.9), ("arp", 316.0), ("new", 1.0), ("ipv6", 90.0)];
        let counted: Vec<_> = counted.iter().map(|(class, count)| ((*class).to_owned(), *count)).collect();
        let (text, exceeded) = compare(&counted, &limits);
        assert_eq!(exceeded, ["arp", "new"]);
        assert_eq!(text.lines().count(), 4);
        assert!(text.contains("less: bless"));
        assert!(parse("ipv4").is_err() && parse("ipv4 many").is_err());
    }

    #[test]
    fn the_count_is_found() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 120351\n==7==\n"), Some(120_351));
        assert_eq!(collected("valgrind: not found"), None);
    }
}
