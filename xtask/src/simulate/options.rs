//! The arguments of `cargo xtask simulate`.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::mirror::Adversity;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Options {
    pub(super) task: Task,
    pub(super) guests: usize,
    pub(super) minutes: u64,
    pub(super) adversity: Adversity,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Task {
    /// Write the files of one data centre.
    Write { seed: u64, out: PathBuf },
    /// Replay many and hold what is said against the truth.
    Judge { seeds: RangeInclusive<u64> },
}

pub(super) const GUESTS: usize = 30;
pub(super) const MINUTES: u64 = 40;
const GUESTS_MAX: usize = 2_000;
/// Times are written as those of one day.
const MINUTES_MAX: u64 = 13 * 60;

impl Options {
    pub(super) fn parse(arguments: &[String]) -> Result<Self> {
        let (mut seed, mut seeds, mut out, mut judge) = (None, None, None, false);
        let (mut guests, mut minutes, mut adversity) = (GUESTS, MINUTES, Adversity::default());
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("`{word}` lacks its value"));
            match word.as_str() {
                "--judge" => judge = true,
                "--dup" => adversity.doubling = true,
                "--seed" => seed = Some(number(value()?)?),
                "--seeds" => seeds = Some(range(value()?)?),
                "--out" => out = Some(PathBuf::from(value()?)),
                "--guests" => guests = usize::try_from(number(value()?)?)?,
                "--minutes" => minutes = number(value()?)?,
                "--loss" => adversity.loss_per_million = share(value()?)?,
                "--reorder" => adversity.reorder = span(value()?)?,
                "--clock-step" => adversity.clock_step = span(value()?)?,
                other => bail!("unknown argument `{other}` ({USAGE})"),
            }
        }
        if !(5..=GUESTS_MAX).contains(&guests) || !(10..=MINUTES_MAX).contains(&minutes) {
            bail!("there are 5 to {GUESTS_MAX} guests and 10 to {MINUTES_MAX} minutes");
        }
        let task = match (judge, seed, seeds) {
            (true, None, Some(seeds)) => Task::Judge { seeds },
            (true, Some(seed), None) => Task::Judge { seeds: seed..=seed },
            (false, Some(seed), None) => Task::Write {
                seed,
                out: out.take().unwrap_or_else(|| format!("target/simulated-{seed}").into()),
            },
            _ => bail!("say either which data centre to write, or which to judge ({USAGE})"),
        };
        if out.is_some() {
            bail!("`--out` belongs to `--seed`: the judge keeps the files of those that fail");
        }
        Ok(Self { task, guests, minutes, adversity })
    }
}

const USAGE: &str = "--seed N [--out DIR], or --judge --seeds A..B; [--guests G] [--minutes M] [--loss 0.1] [--dup] \
                     [--reorder 1s] [--clock-step 5s]";

fn number(text: &str) -> Result<u64> {
    text.parse().with_context(|| format!("`{text}` is no number"))
}

/// Reads the first and the last seed.
fn range(text: &str) -> Result<RangeInclusive<u64>> {
    let (first, last) =
        text.split_once("..").with_context(|| format!("`{text}` is no range such as 1..200"))?;
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        bail!("the range `{text}` is empty");
    }
    Ok(first..=last)
}

/// Reads a share of one as parts of a million.
fn share(text: &str) -> Result<u64> {
    let share: f64 = text.parse().with_context(|| format!("`{text}` is no share such as 0.1"))?;
    if !(0.0..=0.9).contains(&share) {
        bail!("`{text}` is no share from 0 to 0.9");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is below a million and no less than 0"
    )]
    let parts = (share * 1e6).round() as u64;
    Ok(parts)
}

fn span(text: &str) -> Result<Duration> {
    let (digits, unit) = match text.strip_suffix("ms") {
        Some(digits) => (digits, 1),
        None => (text.strip_suffix('s').unwrap_or(text), 1_000),
    };
    let span = Duration::from_millis(number(digits)? * unit);
    if span > Duration::from_secs(30) {
        bail!("`{text}` is more than 30 s");
    }
    Ok(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options> {
        Options::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_options_of_a_failing_seed_are_read_back() {
        let options = parse("--judge --seeds 3..9 --loss 0.1 --dup --reorder 1s --clock-step 5s").unwrap();
        assert_eq!(options.task, Task::Judge { seeds: 3..=9 });
        let again = parse(&format!("--judge --seeds 3..9{}", options.adversity.to_options())).unwrap();
        assert_eq!(options, again);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in
            ["--seed", "--judge", "--seed 1 --seeds 1..2", "--judge --seeds 3..2", "--seed 1 --loss 2", "--x"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
