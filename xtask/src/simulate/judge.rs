//! The judge: replays simulated data centres and holds what Rollcall says against the truth.
//!
//! An episode (a discrepancy opened, and resolved or not) is *found* where it is one of the truth, in time; *invented* where
//! the truth has none of its kind and subject at that time, or not yet; what is not found in time is *missed*. In time is one
//! tick after the earliest moment at which the evidence suffices; behind a bad mirror twice the time from when the difference
//! came to be, and by how much the mirror's times are off.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::files::{time_of, time_text};
use super::mirror::Adversity;
use super::options::{GUESTS, MINUTES, Options};
use super::settings::Settings;
use super::truth::Truth;
use super::world::World;
use super::{CAPTURE, CONFIGURATION, TIMELINE};
use crate::shell;

/// What must hold behind a bad mirror, in hundredths.
const RECALL_MIN: usize = 99;

/// How long after the truth behind a bad mirror something may be over.
const LATE_RESOLUTION: Duration = Duration::from_secs(60);

/// A time that a discrepancy was open.
#[derive(Clone, Debug)]
struct Episode {
    kind: String,
    subject: String,
    opened: Duration,
    resolved: Option<Duration>,
}

/// What came out for one kind.
#[derive(Clone, Debug, Default)]
struct Score {
    seeded: usize,
    found: usize,
    episodes: usize,
    invented: usize,
    wrong_ends: usize,
    latencies: Vec<Duration>,
}

/// What came out for many seeds.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    adverse: bool,
    seeds: u64,
    frames: u64,
    scores: BTreeMap<String, Score>,
    /// What was wrong, by seed, and the command that repeats it.
    faults: BTreeMap<u64, (Vec<String>, String)>,
}

impl Verdict {
    /// Tells whether what is asked of Rollcall holds.
    pub(super) fn holds(&self) -> bool {
        let enough = |score: &Score| score.found * 100 >= score.seeded * RECALL_MIN;
        let clean = |score: &Score| score.invented == 0 && (self.adverse || score.wrong_ends == 0);
        let recalled = |score: &Score| if self.adverse { enough(score) } else { score.found == score.seeded };
        self.scores.values().all(|score| clean(score) && recalled(score))
    }

    fn add(&mut self, seed: u64, judged: Judged, repeat: String) {
        self.seeds += 1;
        self.frames += judged.frames;
        for (kind, score) in judged.scores {
            let sum = self.scores.entry(kind).or_default();
            sum.seeded += score.seeded;
            sum.found += score.found;
            sum.episodes += score.episodes;
            sum.invented += score.invented;
            sum.wrong_ends += score.wrong_ends;
            sum.latencies.extend(score.latencies);
        }
        if !judged.faults.is_empty() {
            self.faults.insert(seed, (judged.faults, repeat));
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (seed, (faults, repeat)) in &self.faults {
            writeln!(f, "seed {seed}:  {repeat}")?;
            for fault in faults {
                writeln!(f, "    {fault}")?;
            }
        }
        writeln!(f, "{} data centres, {} frames", self.seeds, self.frames)?;
        writeln!(
            f,
            "{:<20} {:>7} {:>7} {:>9} {:>7} {:>10} {:>8} {:>10} {:>10} {:>10}",
            "kind", "seeded", "found", "invented", "missed", "precision", "recall", "median", "p99", "max"
        )?;
        for (kind, score) in &self.scores {
            let mut latencies = score.latencies.clone();
            latencies.sort_unstable();
            let at = |hundredths: usize| {
                let index = (latencies.len().saturating_sub(1)) * hundredths / 100;
                latencies
                    .get(index)
                    .map_or_else(|| "-".to_owned(), |span| format!("{:.3} s", span.as_secs_f64()))
            };
            let right = score.episodes - score.invented;
            writeln!(
                f,
                "{kind:<20} {:>7} {:>7} {:>9} {:>7} {:>10} {:>8} {:>10} {:>10} {:>10}",
                score.seeded,
                score.found,
                score.invented,
                score.seeded - score.found,
                ratio(right, score.episodes),
                ratio(score.found, score.seeded),
                at(50),
                at(99),
                at(100),
            )?;
        }
        let wrong_ends: usize = self.scores.values().map(|score| score.wrong_ends).sum();
        writeln!(f, "resolved at another time than the truth: {wrong_ends}")?;
        writeln!(f, "{}", if self.holds() { "holds" } else { "DOES NOT HOLD" })
    }
}

/// Writes a ratio with four digits, never rounded up to one.
fn ratio(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let parts = part * 10_000 / whole;
    format!("{}.{:04}", parts / 10_000, parts % 10_000)
}

/// Judges the seeds of a range, on all cores.
pub(super) fn judge(seeds: RangeInclusive<u64>, options: &Options, program: &Path) -> Result<Verdict> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
    let (next, last) = (AtomicU64::new(*seeds.start()), *seeds.end());
    let worker = || -> Result<Vec<(u64, Judged)>> {
        let mut done = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > last {
                return Ok(done);
            }
            done.push((seed, one(seed, options, program).with_context(|| format!("judge seed {seed}"))?));
        }
    };
    let results: Vec<Result<Vec<(u64, Judged)>>> = thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let join =
            |handle: thread::ScopedJoinHandle<'_, _>| handle.join().expect("a judging thread does not panic");
        handles.into_iter().map(join).collect()
    });
    let mut verdict = Verdict { adverse: !options.adversity.is_none(), ..Verdict::default() };
    for result in results {
        for (seed, judged) in result? {
            verdict.add(seed, judged, repeat(seed, options));
        }
    }
    Ok(verdict)
}

/// Returns the command that judges one seed again.
fn repeat(seed: u64, options: &Options) -> String {
    let mut command = format!("cargo xtask simulate --judge --seeds {seed}..{seed}");
    if options.guests != GUESTS {
        command.push_str(&format!(" --guests {}", options.guests));
    }
    if options.minutes != MINUTES {
        command.push_str(&format!(" --minutes {}", options.minutes));
    }
    command + &options.adversity.to_options()
}

/// What came out for one seed.
#[derive(Debug, Default)]
struct Judged {
    frames: u64,
    scores: BTreeMap<String, Score>,
    faults: Vec<String>,
}

fn one(seed: u64, options: &Options, program: &Path) -> Result<Judged> {
    let world = World::new(seed, options.guests, options.minutes);
    let out = shell::target_dir().join(format!("simulated/{seed}"));
    super::write(&world, options.adversity, &out)?;
    let episodes = replay(program, &out)?;
    let court = Court { adversity: options.adversity, settings: world.settings, end: world.end };
    let mut judged = court.judge(&world.truth(), &episodes);
    judged.frames = world.traffic.frames.len() as u64;
    if judged.faults.is_empty() {
        fs::remove_dir_all(&out).with_context(|| format!("remove {}", out.display()))?;
    }
    Ok(judged)
}

/// Replays the files of a folder and returns the episodes in the order in which they began.
fn replay(program: &Path, folder: &Path) -> Result<Vec<Episode>> {
    let path = |name: &str| folder.join(name).display().to_string();
    let (capture, config, timeline) = (path(CAPTURE), path(CONFIGURATION), path(TIMELINE));
    let events = path("events.jsonl");
    let mut arguments = vec!["replay", &capture, "--config", &config, "--events", &events];
    arguments.extend(["--timeline", &timeline]);
    shell::capture(&mut shell::program(program, &arguments))?;
    let text = fs::read_to_string(&events).with_context(|| format!("read {events}"))?;
    let mut episodes: Vec<Episode> = Vec::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).with_context(|| format!("read the event {line}"))?;
        let word = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
        let (kind, subject, change) = (word("kind"), word("subject"), word("change"));
        let Some(at) = time_of(&word("at")) else {
            bail!("an event without a time of the simulation: {line}")
        };
        match change.as_str() {
            "opened" => episodes.push(Episode { kind, subject, opened: at, resolved: None }),
            "resolved" => {
                let open =
                    episodes.iter_mut().rev().find(|known| known.kind == kind && known.subject == subject);
                open.with_context(|| format!("resolved before it was opened: {line}"))?.resolved = Some(at);
            }
            _ => {}
        }
    }
    Ok(episodes)
}

/// By which measure is judged.
struct Court {
    adversity: Adversity,
    settings: Settings,
    end: Duration,
}

impl Court {
    fn judge(&self, truths: &[Truth], episodes: &[Episode]) -> Judged {
        let mut judged = Judged::default();
        for truth in truths {
            let of_it = |episode: &&Episode| self.is_of(episode, truth);
            let mut found = episodes.iter().filter(of_it);
            let first = found.next();
            let in_time = first.filter(|episode| episode.opened <= self.deadline(truth));
            let is_decided = self.is_decided(truth);
            let score = judged.scores.entry(truth.kind.to_owned()).or_default();
            if let Some(episode) = in_time {
                score.seeded += 1;
                score.found += 1;
                score.latencies.push(episode.opened.saturating_sub(truth.due));
                let last = found.next_back().unwrap_or(episode);
                if !self.ends_right(truth, last) {
                    score.wrong_ends += 1;
                    judged.faults.push(format!("resolved at {}, not as {}", opt(last.resolved), tell(truth)));
                }
            } else if is_decided {
                score.seeded += 1;
                let late = first
                    .map_or_else(String::new, |episode| format!(", late: {}", time_text(episode.opened)));
                judged.faults.push(format!("missed{late}: {}", tell(truth)));
            }
        }
        for episode in episodes {
            let score = judged.scores.entry(episode.kind.clone()).or_default();
            score.episodes += 1;
            if !truths.iter().any(|truth| self.is_of(episode, truth)) {
                score.invented += 1;
                let Episode { kind, subject, opened, resolved } = episode;
                let fault =
                    format!("invented {kind}:{subject} from {} to {}", time_text(*opened), opt(*resolved));
                judged.faults.push(fault);
            }
        }
        judged
    }

    /// By how much a time may be off.
    fn error(&self) -> Duration {
        self.adversity.time_error()
    }

    /// Tells whether an episode is one of a discrepancy of the truth.
    fn is_of(&self, episode: &Episode, truth: &Truth) -> bool {
        let (earliest, late) = if self.adversity.is_none() {
            (truth.not_before, Duration::ZERO)
        } else {
            (truth.began.saturating_sub(self.error()), self.error() + self.settings.ttl / 4)
        };
        let is_before_end = truth.over.is_none_or(|over| episode.opened <= over + late);
        episode.kind == truth.kind
            && episode.subject == truth.subject
            && episode.opened >= earliest
            && is_before_end
    }

    fn deadline(&self, truth: &Truth) -> Duration {
        let in_time = truth.due + self.settings.tick;
        if self.adversity.is_none() {
            return in_time;
        }
        in_time + (in_time - truth.began) + self.error()
    }

    /// Tells whether it lasts long enough, and begins long enough before the end, that it must be found.
    fn is_decided(&self, truth: &Truth) -> bool {
        self.deadline(truth) < truth.over.unwrap_or(self.end).min(self.end)
    }

    fn ends_right(&self, truth: &Truth, episode: &Episode) -> bool {
        let (early, late) = if self.adversity.is_none() {
            (Duration::ZERO, self.settings.tick)
        } else {
            (self.error() + self.settings.ttl / 4, self.error() + LATE_RESOLUTION)
        };
        match (truth.over, episode.resolved) {
            (None, None) => true,
            (None, Some(resolved)) => resolved + early >= self.end,
            (Some(over), None) => over + late >= self.end,
            (Some(over), Some(resolved)) => resolved + early >= over && resolved <= over + late,
        }
    }
}

fn tell(truth: &Truth) -> String {
    let Truth { kind, subject, began, due, over, .. } = truth;
    format!("{kind}:{subject} from {} due {} to {}", time_text(*began), time_text(*due), opt(*over))
}

fn opt(at: Option<Duration>) -> String {
    at.map_or_else(|| "the end".to_owned(), time_text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn court(adversity: Adversity) -> Court {
        let settings = Settings::draw(&mut super::super::dice::Dice::new(1, 1));
        Court { adversity, settings, end: SECOND * 1_000 }
    }

    fn truth() -> Truth {
        let over = Some(SECOND * 500);
        Truth {
            kind: "zombie-guest",
            subject: "vm-1".to_owned(),
            began: SECOND * 100,
            not_before: SECOND * 220,
            due: SECOND * 220,
            over,
        }
    }

    fn episode(opened: u32, resolved: u32) -> Episode {
        let (kind, subject) = ("zombie-guest".to_owned(), "vm-1".to_owned());
        Episode { kind, subject, opened: SECOND * opened, resolved: Some(SECOND * resolved) }
    }

    fn outcome(adversity: Adversity, episodes: &[Episode]) -> (usize, usize, usize, usize) {
        let judged = court(adversity).judge(&[truth()], episodes);
        let score = &judged.scores["zombie-guest"];
        (score.seeded, score.found, score.invented, score.wrong_ends)
    }

    #[test]
    fn in_time_is_found_and_too_late_is_missed() {
        assert_eq!(outcome(Adversity::default(), &[episode(221, 500)]), (1, 1, 0, 0));
        assert_eq!(outcome(Adversity::default(), &[episode(222, 500)]), (1, 0, 0, 0));
        assert_eq!(outcome(Adversity::default(), &[]), (1, 0, 0, 0));
    }

    #[test]
    fn too_early_is_invented_and_so_is_a_second_time() {
        assert_eq!(outcome(Adversity::default(), &[episode(219, 500)]), (1, 0, 1, 0));
        assert_eq!(outcome(Adversity::default(), &[episode(220, 500), episode(600, 700)]), (1, 1, 1, 0));
    }

    #[test]
    fn an_end_that_is_not_the_truth_is_wrong() {
        assert_eq!(outcome(Adversity::default(), &[episode(220, 400)]), (1, 1, 0, 1));
    }

    #[test]
    fn behind_a_bad_mirror_there_is_twice_the_time() {
        let lossy = Adversity { loss_per_million: 100_000, ..Adversity::default() };
        assert_eq!(outcome(lossy, &[episode(341, 500)]), (1, 1, 0, 0));
        assert_eq!(outcome(lossy, &[episode(343, 500)]), (1, 0, 0, 0));
    }
}
