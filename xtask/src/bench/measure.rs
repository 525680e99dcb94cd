//! What a program takes: CPU time, wall time and memory of one run, to themselves.
//!
//! Each run is the only child of a process that ends with it, so that what the kernel accounts to ended
//! children (getrusage(2) with RUSAGE_CHILDREN) is that run's alone: CPU time of user and system with
//! microseconds, and the largest resident set.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use crate::shell;

/// The hidden command by which xtask starts itself to measure another program.
pub(crate) const COMMAND: &str = "measure-one";

/// What one run took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) cpu: Duration,
    pub(super) wall: Duration,
    /// The largest resident set in octets.
    pub(super) resident: u64,
    /// CPU time that others took meanwhile, guests of the same machine included.
    pub(super) others: Duration,
}

impl Taken {
    /// Returns how much of the processors others took, from 0 to 1.
    pub(super) fn share_of_others(&self, processors: usize) -> f64 {
        let processors = u32::try_from(processors).unwrap_or(u32::MAX);
        self.others.as_secs_f64() / (self.wall * processors).as_secs_f64().max(1e-9)
    }
}

/// Runs the program that the arguments name, and prints what it took.
///
/// # Errors
/// It cannot be started or fails.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let (program, rest) = arguments.split_first().context("no program to measure")?;
    let words: Vec<&str> = rest.iter().map(String::as_str).collect();
    let mut command = shell::program(program, &words);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (busy, start) = (busy(), Instant::now());
    let status = command.status().with_context(|| format!("start {program}"))?;
    let wall = start.elapsed();
    if !status.success() {
        bail!("{program} {} ended with {status}", rest.join(" "));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("read what the child took")?;
    let cpu = duration(usage.user_time()) + duration(usage.system_time());
    let others = self::busy().saturating_sub(busy).saturating_sub(cpu);
    println!("{} {} {} {}", cpu.as_nanos(), wall.as_nanos(), usage.max_rss() * 1_024, others.as_nanos());
    Ok(ExitCode::SUCCESS)
}

/// Returns how long all processors together were not idle (proc(5): `stat`), in steps of hundredths of a second.
fn busy() -> Duration {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = text.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8);
    let is_idle = |place: usize| matches!(place, 3 | 4);
    let ticks = fields.enumerate().filter(|(place, _)| !is_idle(*place));
    Duration::from_millis(10 * ticks.filter_map(|(_, ticks)| ticks.parse::<u64>().ok()).sum::<u64>())
}

fn duration(time: TimeVal) -> Duration {
    let secs = u64::try_from(time.tv_sec()).unwrap_or_default();
    let micros = u64::try_from(time.tv_usec()).unwrap_or_default();
    Duration::from_secs(secs) + Duration::from_micros(micros)
}

/// One program with its arguments, and what its runs took.
pub(super) struct Subject {
    pub(super) name: String,
    program: PathBuf,
    arguments: Vec<String>,
    runs: Vec<Taken>,
}

impl Subject {
    pub(super) fn new(name: &str, program: &Path, arguments: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            program: program.to_owned(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            runs: Vec::new(),
        }
    }

    /// Runs it once and keeps what it took.
    pub(super) fn run(&mut self) -> Result<()> {
        let taken = self.run_once()?;
        self.runs.push(taken);
        Ok(())
    }

    fn run_once(&self) -> Result<Taken> {
        let xtask = std::env::current_exe().context("find xtask itself")?;
        let mut command = shell::program(xtask, &[COMMAND]);
        let said = shell::capture(command.arg(&self.program).args(&self.arguments))?;
        parse(&said).with_context(|| format!("read what {} took", self.name))
    }

    /// Returns the medians of its runs, each for itself.
    pub(super) fn median(&self) -> Taken {
        Taken {
            cpu: median(self.runs.iter().map(|run| run.cpu)),
            wall: median(self.runs.iter().map(|run| run.wall)),
            resident: median(self.runs.iter().map(|run| run.resident)),
            others: median(self.runs.iter().map(|run| run.others)),
        }
    }
}

/// Runs all subjects in turn: once to warm up, which does not count, then round after round.
pub(super) fn in_turn(subjects: &mut [Subject], rounds: usize) -> Result<()> {
    for subject in subjects.iter() {
        subject.run_once()?;
    }
    for _ in 0..rounds {
        for subject in subjects.iter_mut() {
            subject.run()?;
        }
    }
    Ok(())
}

fn parse(said: &str) -> Option<Taken> {
    let mut numbers = said.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    let (cpu, wall) = (Duration::from_nanos(next()?), Duration::from_nanos(next()?));
    Some(Taken { cpu, wall, resident: next()?, others: Duration::from_nanos(next()?) })
}

fn median<T: Ord + Copy + Default>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_of_each() {
        let taken = |cpu, wall, resident| Taken {
            cpu: Duration::from_millis(cpu),
            wall: Duration::from_millis(wall),
            resident,
            others: Duration::from_millis(cpu),
        };
        let mut subject = Subject::new("one", Path::new("true"), &[]);
        assert_eq!(subject.median(), Taken::default());
        subject.runs = vec![taken(9, 1, 5), taken(1, 5, 9), taken(5, 9, 1)];
        assert_eq!(subject.median(), taken(5, 5, 5));
    }

    #[test]
    fn what_is_printed_is_read() {
        let taken = parse("1500 2000 4096 1000\n").expect("four numbers");
        assert_eq!((taken.cpu, taken.wall), (Duration::from_nanos(1_500), Duration::from_nanos(2_000)));
        assert_eq!(taken.resident, 4_096);
        assert!((taken.share_of_others(2) - 0.25).abs() < 1e-9);
        assert_eq!(parse("1500 2000 4096"), None);
    }
}
