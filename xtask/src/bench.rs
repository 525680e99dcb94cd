//! `cargo xtask bench replay [CAPTURE…] [--rounds N]`: what a replay costs, as ratios.
//!
//! These machines are shared and noisy, so a figure counts only beside others of the same minute: ours, the
//! floor (`tests/src/bin/floor.rs`) and tcpdump run in turn, round after round over a file that is in the
//! cache, and the medians are compared. CPU time is what the kernel accounts to a finished child, user and
//! system together (getrusage(2) with RUSAGE_CHILDREN, before and after); it has microseconds, where `time`
//! has hundredths of a second.
//!
//! Goals are shown and not enforced: CI fails on instruction counts, not on these.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;

use crate::pcap::bench::{self, Capture};
use crate::{setup, shell};

const ROUNDS: usize = 7;
/// CPU time per frame, ours over the floor's.
const FLOOR_GOAL: f64 = 1.25;
/// Wall time of one worker over that of two.
const WORKERS_GOAL: f64 = 1.8;

/// Measures replays of the named captures; `small64` where none is named, every one for `all`.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let (what, rest) = arguments.split_first().context("say what to measure: `cargo xtask bench replay`")?;
    if what != "replay" {
        bail!("there is no measurement called `{what}` (there is `replay`)");
    }
    let (captures, rounds) = parse(rest)?;
    let tools = Tools::prepare()?;
    let mut results = Vec::new();
    for capture in captures {
        let path = capture.ensure()?;
        let result = measure(&tools, capture, &path, rounds)?;
        print!("{}", result.table());
        results.push(result);
    }
    if tools.tcpdump.is_none() {
        println!(
            "tcpdump is missing, so nothing is compared with it (`cargo xtask setup` installs {})",
            setup::TCPDUMP.program
        );
    }
    let path = shell::target_dir().join("bench/replay.json");
    fs::write(&path, json(&results)).with_context(|| format!("write {}", path.display()))?;
    println!("written to {}", path.display());
    Ok(ExitCode::SUCCESS)
}

fn parse(arguments: &[String]) -> Result<(Vec<Capture>, usize)> {
    let mut names = Vec::new();
    let mut rounds = ROUNDS;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--rounds" {
            let number = words.next().context("say how many rounds after `--rounds`")?;
            rounds = number.parse().with_context(|| format!("read `{number}` as a number of rounds"))?;
        } else {
            names.push(word.clone());
        }
    }
    let captures = match names.as_slice() {
        [] => bench::CAPTURES.first().copied().into_iter().collect(),
        [name] if name == "all" => bench::CAPTURES.to_vec(),
        _ => bench::named(&names)?,
    };
    Ok((captures, rounds.max(1)))
}

/// The programs that are compared.
struct Tools {
    ours: PathBuf,
    floor: PathBuf,
    tcpdump: Option<PathBuf>,
}

impl Tools {
    fn prepare() -> Result<Self> {
        let ours = shell::release_binary()?;
        let build = ["build", "--release", "--package", "rollcall-tests", "--bin", "floor", "--locked"];
        shell::run(&mut shell::cargo(&build))?;
        Ok(Self {
            ours,
            floor: shell::target_dir().join("release/floor"),
            tcpdump: shell::find(setup::TCPDUMP.program),
        })
    }
}

/// One program with its arguments, and what its runs took.
struct Subject {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    cpu: Vec<Duration>,
    wall: Vec<Duration>,
}

impl Subject {
    fn new(name: &'static str, program: &Path, before: &[&str], file: &Path, after: &[&str]) -> Self {
        let file = file.to_string_lossy();
        let words = before.iter().copied().chain([&*file]).chain(after.iter().copied());
        Self {
            name,
            program: program.to_owned(),
            arguments: words.map(str::to_owned).collect(),
            cpu: Vec::new(),
            wall: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<()> {
        let words: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let mut command = shell::program(&self.program, &words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (cpu, start) = (children_cpu()?, Instant::now());
        let status = command.status().with_context(|| format!("start {}", self.program.display()))?;
        self.wall.push(start.elapsed());
        self.cpu.push(children_cpu()?.saturating_sub(cpu));
        if !status.success() {
            bail!("{} {} ended with {status}", self.program.display(), self.arguments.join(" "));
        }
        Ok(())
    }
}

/// Returns the CPU time of all children that have ended.
fn children_cpu() -> Result<Duration> {
    let usage: Usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("read the CPU time of children")?;
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn duration(time: TimeVal) -> Duration {
    let secs = u64::try_from(time.tv_sec()).unwrap_or_default();
    let micros = u64::try_from(time.tv_usec()).unwrap_or_default();
    Duration::from_secs(secs) + Duration::from_micros(micros)
}

fn measure(tools: &Tools, capture: Capture, file: &Path, rounds: usize) -> Result<Measured> {
    println!("{}: {} frames, {rounds} rounds", capture.name, capture.frames);
    let mut subjects = vec![
        Subject::new("rollcall", &tools.ours, &["replay"], file, &["--workers", "1"]),
        Subject::new("floor", &tools.floor, &[], file, &[]),
        Subject::new("rollcall, 2 workers", &tools.ours, &["replay"], file, &["--workers", "2"]),
    ];
    if let Some(tcpdump) = &tools.tcpdump {
        subjects.push(Subject::new("tcpdump -w", tcpdump, &["-n", "-r"], file, &["-w", "/dev/null"]));
    }
    // Once over, so that no run pays for the disk.
    let mut whole = File::open(file).with_context(|| format!("open {}", file.display()))?;
    std::io::copy(&mut whole, &mut std::io::sink()).with_context(|| format!("read {}", file.display()))?;
    for _ in 0..rounds {
        for subject in &mut subjects {
            subject.run()?;
        }
    }
    let rows = subjects
        .into_iter()
        .map(|subject| Row {
            name: subject.name,
            cpu_ns: per_frame(median(subject.cpu), capture.frames),
            wall_ns: per_frame(median(subject.wall), capture.frames),
        })
        .collect();
    Ok(Measured { capture, rounds, rows })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a count of frames is far below 2^52")]
fn per_frame(time: Duration, frames: u64) -> f64 {
    time.as_secs_f64() * 1e9 / frames as f64
}

/// What one program took per frame, in nanoseconds.
struct Row {
    name: &'static str,
    cpu_ns: f64,
    wall_ns: f64,
}

/// What was measured on one capture.
struct Measured {
    capture: Capture,
    rounds: usize,
    rows: Vec<Row>,
}

/// One thing over another, and where it should be.
struct Ratio {
    name: &'static str,
    value: f64,
    goal: f64,
    is_met: bool,
}

impl Measured {
    fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    fn ratios(&self) -> Vec<Ratio> {
        let mut ratios = Vec::new();
        let mut add = |name, over: f64, under: f64, goal: f64, is_met: fn(&f64, &f64) -> bool| {
            let value = over / under;
            ratios.push(Ratio { name, value, goal, is_met: is_met(&value, &goal) });
        };
        let Some(ours) = self.row("rollcall") else {
            return ratios;
        };
        if let Some(floor) = self.row("floor") {
            add("CPU, rollcall ÷ floor", ours.cpu_ns, floor.cpu_ns, FLOOR_GOAL, f64::le);
        }
        if let Some(tcpdump) = self.row("tcpdump -w") {
            let goal = self.capture.tcpdump_goal;
            add("frames per CPU second, rollcall ÷ tcpdump", tcpdump.cpu_ns, ours.cpu_ns, goal, f64::ge);
        }
        if let Some(two) = self.row("rollcall, 2 workers") {
            add("wall time, 1 worker ÷ 2", ours.wall_ns, two.wall_ns, WORKERS_GOAL, f64::ge);
        }
        ratios
    }

    fn table(&self) -> String {
        let mut text = format!("  {:<44} {:>9} {:>9} {:>9}\n", "", "CPU", "wall", "Mframe/s");
        for row in &self.rows {
            let rate = 1_000.0 / row.cpu_ns;
            push(
                &mut text,
                format_args!(
                    "  {:<44} {:>6.1} ns {:>6.1} ns {rate:>9.1}\n",
                    row.name, row.cpu_ns, row.wall_ns
                ),
            );
        }
        for ratio in self.ratios() {
            let sign = if ratio.goal == FLOOR_GOAL { "≤" } else { "≥" };
            let verdict = if ratio.is_met { "reached" } else { "not reached" };
            push(
                &mut text,
                format_args!(
                    "  {:<44} {:>9.2}   goal {sign} {} {verdict}\n",
                    ratio.name, ratio.value, ratio.goal
                ),
            );
        }
        text
    }

    fn json(&self) -> String {
        let mut rows = String::new();
        for row in &self.rows {
            let comma = if rows.is_empty() { "" } else { ", " };
            push(
                &mut rows,
                format_args!(
                    "{comma}{{\"name\": \"{}\", \"cpu_ns_per_frame\": {:.3}, \"wall_ns_per_frame\": {:.3}}}",
                    row.name, row.cpu_ns, row.wall_ns
                ),
            );
        }
        let mut ratios = String::new();
        for ratio in self.ratios() {
            let comma = if ratios.is_empty() { "" } else { ", " };
            push(
                &mut ratios,
                format_args!(
                    "{comma}{{\"name\": \"{}\", \"value\": {:.4}, \"goal\": {}, \"reached\": {}}}",
                    ratio.name, ratio.value, ratio.goal, ratio.is_met
                ),
            );
        }
        format!(
            "{{\"capture\": \"{}\", \"frames\": {}, \"rounds\": {}, \"programs\": [{rows}], \"ratios\": [{ratios}]}}",
            self.capture.name, self.capture.frames, self.rounds
        )
    }
}

fn json(results: &[Measured]) -> String {
    let lines: Vec<String> = results.iter().map(Measured::json).collect();
    format!("[\n  {}\n]\n", lines.join(",\n  "))
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a string can be written");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> Measured {
        let row = |name, cpu_ns, wall_ns| Row { name, cpu_ns, wall_ns };
        Measured {
            capture: bench::CAPTURES[0],
            rounds: 3,
            rows: vec![
                row("rollcall", 20.0, 22.0),
                row("floor", 16.0, 17.0),
                row("rollcall, 2 workers", 23.0, 12.0),
                row("tcpdump -w", 90.0, 95.0),
            ],
        }
    }

    #[test]
    fn compares_with_what_was_measured() {
        let values: Vec<_> = measured().ratios().iter().map(|ratio| (ratio.value, ratio.is_met)).collect();
        assert_eq!(values, [(1.25, true), (4.5, true), (22.0 / 12.0, true)]);
        let mut alone = measured();
        alone.rows.truncate(1);
        assert_eq!(alone.ratios().len(), 0);
        assert!(measured().table().contains("goal ≤ 1.25 reached"));
        assert!(json(&[measured()]).contains("\"value\": 1.2500"));
    }

    #[test]
    fn the_median_is_the_middle_one() {
        let times = |millis: &[u64]| median(millis.iter().map(|time| Duration::from_millis(*time)).collect());
        assert_eq!(times(&[9, 1, 5]), Duration::from_millis(5));
        assert_eq!(times(&[]), Duration::ZERO);
    }

    #[test]
    fn arguments_name_captures_and_rounds() {
        let parsed = |words: &[&str]| parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        let names = |words: &[&str]| -> Vec<&str> {
            parsed(words).expect("the words are right").0.iter().map(|capture| capture.name).collect()
        };
        assert_eq!(names(&[]), ["small64"]);
        assert_eq!(names(&["mix", "--rounds", "3"]), ["mix"]);
        assert_eq!(names(&["all"]), ["small64", "mix", "snap128"]);
        assert!(parsed(&["large"]).is_err());
        assert!(parsed(&["--rounds"]).is_err());
    }
}
