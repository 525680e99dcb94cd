//! `cargo xtask bench [replay|growth|memory|audit|storm|xdp|instructions] …`: what Rollcall costs, as ratios.
//!
//! Without a word it measures everything and writes `bench.json` into the target folder. The last line is the
//! result, and the status is that of a failure where a goal is missed. Times are for people who look at
//! them: CI fails on instruction counts only.

mod audit;
mod growth;
mod instructions;
pub(crate) mod measure;
mod memory;
mod replay;
mod row;
mod storm;
mod xdp;

use std::fs::{self, File};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::pcap::bench::{self, Capture};
use crate::{setup, shell};

pub(crate) use instructions::check as check_instructions;
use row::Row;

const ROUNDS: usize = 7;

/// Measures what is named, or everything.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let wanted = Wanted::parse(arguments)?;
    if wanted.what == What::Instructions {
        return instructions::run(wanted.bless);
    }
    setup::ensure(&[setup::TCPDUMP])?;
    let mut rows = Vec::new();
    if matches!(wanted.what, What::All | What::Replay) {
        let tools = replay::Tools::prepare()?;
        for capture in wanted.captures {
            rows.extend(replay::rows(&tools, capture, wanted.rounds)?);
        }
    }
    if matches!(wanted.what, What::All | What::Growth) {
        rows.extend(growth::rows(wanted.rounds.div_ceil(2))?);
    }
    if matches!(wanted.what, What::All | What::Memory) {
        rows.extend(memory::rows()?);
    }
    if matches!(wanted.what, What::All | What::Audit) {
        rows.extend(audit::rows()?);
    }
    if matches!(wanted.what, What::All | What::Storm) {
        rows.extend(storm::rows()?);
    }
    if matches!(wanted.what, What::All | What::Xdp) {
        rows.extend(xdp::rows(wanted.rounds, wanted.maps)?);
    }
    println!("\n{}\n\n{}", row::machine(), row::table(&rows));
    if shell::find(setup::TCPDUMP.program).is_none() {
        println!("tcpdump is missing, so nothing is compared with it");
    }
    let path = shell::target_dir().join("bench/bench.json");
    fs::create_dir_all(shell::target_dir().join("bench"))?;
    fs::write(&path, row::json(&rows)).with_context(|| format!("write {}", path.display()))?;
    Ok(conclude(&rows, &path))
}

/// Prints the line of result.
fn conclude(rows: &[Row], path: &Path) -> ExitCode {
    let missed: Vec<&str> = rows.iter().filter(|row| row.is_missed()).map(|row| row.what.as_str()).collect();
    let written = path.display();
    if missed.is_empty() {
        println!("cargo xtask bench: every goal is reached (written to {written})");
        return ExitCode::SUCCESS;
    }
    println!(
        "cargo xtask bench: {} goals are MISSED: {} (written to {written})",
        missed.len(),
        missed.join("; ")
    );
    ExitCode::FAILURE
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    All,
    Replay,
    Growth,
    Memory,
    Audit,
    Storm,
    Xdp,
    Instructions,
}

struct Wanted {
    what: What,
    captures: Vec<Capture>,
    rounds: usize,
    bless: bool,
    /// Whether every kind of map is measured.
    maps: bool,
}

impl Wanted {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut wanted = Self {
            what: What::All,
            captures: bench::CAPTURES.to_vec(),
            rounds: ROUNDS,
            bless: false,
            maps: false,
        };
        let mut names = Vec::new();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match (word.as_str(), wanted.what) {
                ("replay", What::All) => wanted.what = What::Replay,
                ("growth", What::All) => wanted.what = What::Growth,
                ("memory", What::All) => wanted.what = What::Memory,
                ("audit", What::All) => wanted.what = What::Audit,
                ("storm", What::All) => wanted.what = What::Storm,
                ("instructions", What::All) => wanted.what = What::Instructions,
                ("xdp", What::All) => wanted.what = What::Xdp,
                ("--bless", What::Instructions) => wanted.bless = true,
                ("--maps", What::Xdp) => wanted.maps = true,
                ("--rounds", _) => {
                    let number = words.next().context("say how many rounds after `--rounds`")?;
                    let rounds: usize =
                        number.parse().with_context(|| format!("read `{number}` as a number of rounds"))?;
                    wanted.rounds = rounds.max(1);
                }
                ("all", What::Replay) => {}
                (_, What::Replay) => names.push(word.clone()),
                _ => {
                    bail!(
                        "there is no measurement called `{word}` (there are replay, growth, memory, audit, storm, xdp, instructions)"
                    )
                }
            }
        }
        if !names.is_empty() {
            wanted.captures = bench::named(&names)?;
        }
        Ok(wanted)
    }
}

/// Reads a file once over, so that no run pays for the disk.
fn warm(path: &Path) -> Result<()> {
    let mut whole = File::open(path).with_context(|| format!("open {}", path.display()))?;
    std::io::copy(&mut whole, &mut std::io::sink()).with_context(|| format!("read {}", path.display()))?;
    Ok(())
}

/// Returns nanoseconds for each of `count`.
fn per(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * 1e9 / float(count)
}

#[expect(clippy::cast_precision_loss, reason = "what is counted here is far below 2^52")]
const fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_name_measurements_captures_and_rounds() {
        let parsed =
            |words: &[&str]| Wanted::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let names = |words: &[&str]| -> Vec<&str> {
            parsed(words).expect("the words are right").captures.iter().map(|capture| capture.name).collect()
        };
        assert_eq!(names(&[]), ["small64", "mix", "snap128"]);
        assert_eq!(names(&["replay", "mix", "--rounds", "3"]), ["mix"]);
        assert_eq!(names(&["replay", "all"]), ["small64", "mix", "snap128"]);
        assert!(parsed(&["replay", "large"]).is_err());
        assert!(parsed(&["replay", "--rounds"]).is_err());
        assert!(parsed(&["growth", "mix"]).is_err());
        assert!(parsed(&["instructions", "--bless"]).is_ok_and(|wanted| wanted.bless));
        assert!(parsed(&["--bless"]).is_err() && parsed(&["--maps"]).is_err());
        assert!(parsed(&["xdp", "--maps"]).is_ok_and(|wanted| wanted.maps));
    }
}
