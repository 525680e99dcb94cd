use core::num::NonZeroU32;
use core::ops::RangeInclusive;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::ValueEnum;
use rollcall_core::audit::{AuditEvent, Kind, OperatorAction, OperatorWord};
use rollcall_core::engine::{Input as EngineInput, Output as EngineOutput, SpineSettings};
use rollcall_core::types::Timestamp;

use super::problems::{InputArgs, Inputs, error_style};
use super::{ExitStatus, progress_bar};
use crate::capture::{CaptureFiles, CaptureOptions, FileFacts, Interface, Resolved, Resolver, UnknownPoints};
use crate::config::{Captured, Config};
use crate::dump::{self, DumpKind};
use crate::journal::Store;
use crate::metrics::replay_metrics;
use crate::report::{
    Detail, Difference, DiscrepancyEventRecord, FlowTally, Look, ROWS_SHOWN, Report, ReportInput, Tally,
    write_differences, write_text,
};
use crate::rulebook::{Loaded, Place};
use crate::runtime::{Paced, Replay, ReplaySettings, WallClock};
use crate::sources::timeline::{Timed, What};

/// Tables are keyed with this in replay, so that two replays are alike to the byte.
const REPLAY_SEED: u64 = 0;

/// Replay capture files and tell what would have been found
///
/// Ends with 0; with 1 where --fail-on found what it names; with 2 where the command line or the configuration is
/// wrong; with 3 where a capture is damaged; with 4 where a file could not be read or written.
#[derive(Clone, Debug, clap::Args)]
pub struct ReplayArgs {
    /// Capture files (pcap, pcapng, snoop; plain, gzip, zstd or lz4), directories of them, or - for standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Where configuration and inventories are.
    #[command(flatten)]
    pub input: InputArgs,
    /// What happened beside the wire, one JSON object a line: changes of the inventory and when the run ends
    #[arg(long, value_name = "FILE")]
    pub timeline: Option<PathBuf>,
    /// How the result is printed
    #[arg(short, long, value_enum, default_value_t)]
    pub output: ReplayOutput,
    /// Worker threads; the result is the same with any number
    #[arg(long, value_name = "N", default_value = "1", value_parser = workers)]
    pub workers: NonZeroU32,
    /// End with status 1 if a discrepancy of this kind was found; `any` for all kinds. May be given several times
    #[arg(long, value_name = "KIND", value_parser = kind_or_any)]
    pub fail_on: Vec<String>,
    /// Write what Prometheus would scrape to this file
    #[arg(long, value_name = "FILE")]
    pub metrics: Option<PathBuf>,
    /// Write each change in a discrepancy's life to this file as it happens, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,
    /// Write who was where, and who claimed which address, to this store (an SQLite file, made if need be), for
    /// `rollcall whereis`, `whohas` and `history`
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// Rules of workflows, in place of those that the configuration names: a file or a folder; may be given several times
    #[arg(long, value_name = "PATH")]
    pub rules: Vec<PathBuf>,
    /// Tell only what `--rules` would have done otherwise than these rules; ends with status 1 where they differ
    #[arg(long, value_name = "PATH", requires = "rules", conflicts_with_all = ["all", "fail_on"])]
    pub against: Vec<PathBuf>,
    /// Show every row of every list
    #[arg(long)]
    pub all: bool,
    /// Replay at N times the speed of the capture (1: as recorded) instead of as fast as possible; the result is
    /// the same
    #[arg(long, value_name = "N", value_parser = speed)]
    pub speed: Option<f64>,
    /// Print what the decoder reads as JSON lines instead, to hold against another decoder
    #[arg(long, value_enum, value_name = "KIND", conflicts_with_all = ["fail_on", "metrics", "events", "store", "workers", "output", "all", "speed", "timeline", "rules"])]
    pub dump: Option<DumpKind>,
}

/// How a replay's result is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReplayOutput {
    /// For people.
    #[default]
    Table,
    /// One JSON array of records.
    Json,
    /// One JSON record a line.
    Jsonl,
}

/// Slower or faster than this nobody waits.
const SPEEDS: RangeInclusive<f64> = 0.001..=1_000_000.0;
/// How much of a file is read at a time when it is not replayed as fast as possible.
const PACED_BLOCK_OCTETS: usize = 4_096;

fn speed(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| SPEEDS.contains(number));
    number.ok_or_else(|| "not a number from 0.001 to 1000000".to_owned())
}

const ANY: &str = "any";

/// More threads than any machine has cores for only cost memory.
const WORKERS_MAX: u32 = 256;

pub(super) fn workers(text: &str) -> Result<NonZeroU32, String> {
    let number = text.parse::<NonZeroU32>().ok().filter(|number| number.get() <= WORKERS_MAX);
    number.ok_or_else(|| format!("not a number from 1 to {WORKERS_MAX}"))
}

fn kind_or_any(word: &str) -> Result<String, String> {
    if word == ANY || Kind::from_word(word).is_some() {
        return Ok(word.to_owned());
    }
    let kinds: Vec<&str> = Kind::ALL.into_iter().map(Kind::as_str).collect();
    Err(format!("no kind of discrepancy has that name (there are {}, and any)", kinds.join(", ")))
}

/// Runs `rollcall replay`.
///
/// # Errors
/// Files that cannot be opened, read or written.
pub fn run(args: &ReplayArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let places: Vec<Place> = rules(&args.rules).into_iter().chain(rules(&args.against)).collect();
    let inputs = Inputs::load_with(&args.input, args.timeline.as_deref()).with_rules(&places);
    inputs.write_problems(err, error_style())?;
    if !inputs.is_usable() {
        return Ok(inputs.status());
    }
    let known_points = u16::try_from(inputs.config.capture_points.len())?;
    let block_octets = args.speed.map(|_| PACED_BLOCK_OCTETS);
    let options = CaptureOptions { known_points, on_progress: progress_bar(), block_octets };
    let resolver = ConfiguredPoints { config: inputs.config.clone(), others: UnknownPoints::default() };
    let mut source = CaptureFiles::open(&args.files, Box::new(resolver), options)?;
    let found = match args.dump {
        Some(kind) => {
            dump::run(kind, &inputs.config.decode, &mut source, &mut *out)?;
            ExitStatus::Fine
        }
        None => judge(args, &inputs, &mut source, out, err)?,
    };
    write_passed_over(source.passed_over(), err)?;
    let mut status = found;
    for diagnostic in source.diagnostics() {
        writeln!(err, "error: {diagnostic}")?;
        status = status.max(ExitStatus::Damaged);
    }
    Ok(status)
}

/// Says in one line which files of directories are no captures.
fn write_passed_over(names: &[Box<str>], err: &mut dyn Write) -> io::Result<()> {
    const NAMED_MAX: usize = 3;
    let Some((last, others)) = names.split_last() else {
        return Ok(());
    };
    let (named, more) = others.split_at(others.len().min(NAMED_MAX - 1));
    write!(err, "note: passed over, as no captures: ")?;
    for name in named {
        write!(err, "{name:?}, ")?;
    }
    match more {
        [] => writeln!(err, "{last:?}"),
        _ => writeln!(err, "and {} more", more.len() + 1),
    }
}

fn judge(
    args: &ReplayArgs,
    inputs: &Inputs,
    source: &mut CaptureFiles,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let Config {
        capture_points,
        decode,
        presence,
        history,
        audit,
        streams,
        workflow,
        limits,
        told,
        ttl_rules,
        ..
    } = inputs.config.clone();
    let mut writer = match args.store.as_deref().map(Store::create).transpose() {
        Ok(store) => store.map(Store::writer),
        Err(error) if error.is_usage() => {
            writeln!(err, "error: {error}")?;
            return Ok(ExitStatus::Usage);
        }
        Err(error) => return Err(error.into()),
    };
    let interval = writer.as_ref().map(|_| history.interval);
    let set = |loaded: &Loaded| (workflow.settings.clone(), Arc::clone(&loaded.rules));
    let workflows = inputs.rules.iter().map(set).collect();
    let spine =
        SpineSettings { presence, audit, streams, workflows, limits, history: interval, seed: REPLAY_SEED };
    let mut tally = Tally::new(told);
    let mut events = args.events.as_deref().map(EventFile::create).transpose()?;
    let mut observer = |output: &EngineOutput| {
        tally.note(output);
        if let (Some(events), EngineOutput::Audit(event)) = (&mut events, output) {
            events.write(event);
        }
        if let (Some(writer), EngineOutput::History(remembered)) = (&mut writer, output) {
            writer.note(remembered);
        }
    };
    let configured = capture_points.len();
    let replay = Replay {
        settings: ReplaySettings { workers: args.workers, decode, ttl_rules: ttl_rules.into(), spine },
        points: capture_points.into_iter().map(|rule| rule.point).collect(),
        snapshot: Arc::clone(&inputs.snapshot),
        timeline: inputs.timeline.inputs.iter().map(input).collect(),
        until: inputs.timeline.ends_at,
        observer: &mut observer,
    };
    let replayed = match args.speed {
        Some(speed) => replay.run(&mut Paced::new(source, speed, WallClock::default()))?,
        None => replay.run(source)?,
    };
    if let Some(events) = events {
        events.finish()?;
    }
    if let Some(writer) = writer {
        let counts = writer.finish(history.keep)?;
        (tally.history_written, tally.history_pruned) = (counts.written, counts.pruned);
    }
    let facts: Vec<FileFacts> = source.facts().cloned().collect();
    let detail = match args.output {
        ReplayOutput::Table if !args.all => Detail::Busiest(ROWS_SHOWN),
        _ => Detail::Everything,
    };
    let input = ReportInput { replayed: &replayed, facts: &facts, tally: &tally };
    let report = Report::new(&input, detail);
    if let Some(path) = &args.metrics {
        let text = replay_metrics(&replayed, &facts, &tally, configured)?;
        std::fs::write(path, text).with_context(|| format!("write metrics to `{}`", path.display()))?;
    }
    if !args.against.is_empty() {
        let status = compare(&tally, args.output, out)?;
        core::mem::forget(replayed);
        return Ok(status);
    }
    let is_named = |kind: &str| args.fail_on.iter().any(|word| word == ANY || word == kind);
    let found = report.discrepancies.iter().any(|known| is_named(&known.kind));
    // The metrics and the verdict stand, even if the reader of the report goes away.
    if let Err(error) = write_report(&report, args, out)
        && !super::is_broken_pipe(&error)
    {
        return Err(error);
    }
    // The command ends here: the system takes the tables back faster than they could be taken apart.
    core::mem::forget(replayed);
    Ok(if found { ExitStatus::Found } else { ExitStatus::Fine })
}

/// Makes the place of rules that the command line names, if it does.
fn rules(paths: &[PathBuf]) -> Option<Place> {
    (!paths.is_empty()).then(|| Place::Paths(paths.to_vec()))
}

/// Tells what the first set of rules would have done otherwise than the second.
fn compare(tally: &Tally, output: ReplayOutput, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let none = FlowTally::default();
    let [new, old] = [0, 1].map(|set| tally.flows.get(set).unwrap_or(&none));
    let differences = new.against(old);
    match output {
        ReplayOutput::Table => write_differences(&differences, out)?,
        ReplayOutput::Json => {
            let records: Vec<_> = differences.iter().map(Difference::record).collect();
            serde_json::to_writer_pretty(&mut *out, &records)?;
            writeln!(out)?;
        }
        ReplayOutput::Jsonl => {
            for difference in &differences {
                serde_json::to_writer(&mut *out, &difference.record())?;
                writeln!(out)?;
            }
        }
    }
    Ok(if differences.is_empty() { ExitStatus::Fine } else { ExitStatus::Found })
}

/// The file that tells what became of discrepancies as it happens. The first error is kept; nothing is written after it.
struct EventFile {
    path: PathBuf,
    file: BufWriter<File>,
    ended: io::Result<()>,
}

impl EventFile {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("write events to `{}`", path.display()))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), ended: Ok(()) })
    }

    fn write(&mut self, event: &AuditEvent) {
        if self.ended.is_ok() {
            let written = serde_json::to_writer(&mut self.file, &DiscrepancyEventRecord::new(event));
            self.ended = written.map_err(io::Error::from).and_then(|()| writeln!(self.file));
        }
    }

    fn finish(mut self) -> anyhow::Result<()> {
        let ended = self.ended.and_then(|()| self.file.flush());
        ended.with_context(|| format!("write events to `{}`", self.path.display()))
    }
}

/// Makes an input of the engine of a line of a timeline.
fn input(timed: &Timed) -> (Timestamp, EngineInput) {
    let input = match &timed.what {
        What::Recorded(snapshot) => EngineInput::Recorded(Arc::clone(snapshot)),
        What::Polled(round) => EngineInput::Polled(Arc::clone(round)),
        What::Operator(did) => EngineInput::Operator(OperatorAction {
            who: did.name.clone(),
            word: OperatorWord::from_word(did.word).expect("the timeline reads the words of the audit"),
            target: did.target.clone(),
            until: did.until,
        }),
    };
    (timed.at, input)
}

fn write_report(report: &Report, args: &ReplayArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.output {
        ReplayOutput::Table => {
            let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let is_terminal = io::stdout().is_terminal();
            let look = Look { colour: is_terminal && !no_colour, all: args.all };
            write_text(report, look, out)?;
        }
        ReplayOutput::Json => {
            serde_json::to_writer_pretty(&mut *out, &report.records())?;
            writeln!(out)?;
        }
        ReplayOutput::Jsonl => {
            for record in report.records() {
                serde_json::to_writer(&mut *out, &record)?;
                writeln!(out)?;
            }
        }
    }
    Ok(())
}

/// Finds the configured capture point of an interface; where none fits, makes an unknown one.
struct ConfiguredPoints {
    config: Config,
    others: UnknownPoints,
}

impl Resolver for ConfiguredPoints {
    fn resolve(&mut self, interface: &Interface, next: rollcall_core::types::CapturePointId) -> Resolved {
        let captured = Captured {
            file: &interface.file_name,
            interface: interface.name.as_deref(),
            description: interface.description.as_deref(),
            linktype: interface.linktype,
        };
        match self.config.point_for(&captured) {
            Some(id) => Resolved::Known(id),
            None => self.others.resolve(interface, next),
        }
    }
}
