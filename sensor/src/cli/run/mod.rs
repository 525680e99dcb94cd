//! `rollcall run`: wiring of a live run.

mod events;
pub(super) mod open;
mod outside;
#[cfg(feature = "xdp")]
pub(super) mod xdp;

use core::net::SocketAddr;
use core::num::NonZeroU32;
use std::cell::RefCell;
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context as _;
use rollcall_core::engine::{Output, SpineSettings};
use rollcall_core::types::Blindness;

use self::events::EventWriter;
use self::outside::{Ask, Outside, Question, Shared};
use super::ExitStatus;
use super::problems::{InputArgs, Inputs, error_style};
use crate::api::bind;
use crate::capture::live;
use crate::config::{Live, Target};
use crate::metrics::live_metrics;
use crate::process::{CaptureRights, LogFormat, LogLevel, drop_all, drop_to, start_log, with_capture_rights};
use crate::report::{Detail, Report, ReportInput, Tally};
use crate::runtime::live::{LiveRun, LiveRunSettings, LiveView};
use crate::runtime::{ReplaySettings, Replayed};

/// Capture from interfaces and tell every difference as it arises
///
/// Runs until it gets SIGTERM or SIGINT; SIGHUP loads the inventories again. Ends with 0; with 2 where the command line or
/// the configuration is wrong; with 4 where an interface cannot be opened, a file cannot be written or a right is missing.
#[derive(Clone, Debug, clap::Args)]
pub struct RunArgs {
    /// Interface to capture from; may be given several times. Replaces the interfaces that the configuration names
    #[arg(short, long, value_name = "NAME", num_args = 1..)]
    pub interface: Vec<String>,
    /// Where configuration and inventories are.
    #[command(flatten)]
    pub input: InputArgs,
    /// By what interfaces are captured from, instead of what is configured
    #[arg(long, value_name = "NAME", value_parser = ["auto", "pcap", "xdp"])]
    pub backend: Option<String>,
    /// Worker threads, instead of the configured number
    #[arg(long, value_name = "N", value_parser = super::replay::workers)]
    pub workers: Option<NonZeroU32>,
    /// Where metrics and health are answered, instead of the configured address
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Where changes of discrepancies are told instead: stdout, none or a file
    #[arg(long, value_name = "TARGET")]
    pub events: Option<String>,
    /// Where the report is written when the run ends instead: stdout, none or a file
    #[arg(long, value_name = "TARGET")]
    pub report: Option<String>,
    /// As which user the program runs once everything is open, instead of the configured one
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
}

impl RunArgs {
    /// Puts what the command line says in the place of what the configuration does.
    fn take_over(&self, live: &mut Live) {
        let target = |text: &Option<String>| text.as_deref().map(|text| Target::parse(text, Path::new("")));
        if let Some(word) = self.backend.as_deref() {
            live.capture.backend = match word {
                "pcap" => "pcap",
                "xdp" => "xdp",
                _ => "auto",
            };
        }
        if let Some(workers) = self.workers {
            live.process.workers = workers;
        }
        if let Some(user) = &self.user {
            live.process.user.clone_from(user);
        }
        if let Some(events) = target(&self.events) {
            live.events = events;
        }
        if let Some(report) = target(&self.report) {
            live.report = report;
        }
        live.listen = self.listen.or(live.listen);
    }
}

/// Runs `rollcall run`.
///
/// # Errors
/// Interfaces, files and addresses that cannot be opened, rights that are missing.
pub fn run(args: &RunArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let mut inputs = Inputs::load(&args.input);
    inputs.write_problems(err, error_style())?;
    if !inputs.is_usable() {
        return Ok(inputs.status());
    }
    args.take_over(&mut inputs.config.live);
    let live = inputs.config.live.clone();
    if let Some(listen) = args.listen.filter(|listen| !listen.ip().is_loopback()) {
        writeln!(
            err,
            "error: `--listen {listen}` is reachable from other machines; such an address is set in the configuration, \
             with `http.insecure`"
        )?;
        return Ok(ExitStatus::Usage);
    }
    start_log(log_format(live.log_format), log_level(live.log_level));
    let points = open::points(&inputs.config, &args.interface)?;
    if points.iter().all(|point| point.sockets.is_empty()) {
        writeln!(
            err,
            "error: no interface to capture from (name one with -i, or as `interface` of a capture point; `rollcall \
             interfaces` lists them)"
        )?;
        return Ok(ExitStatus::Usage);
    }
    let listener = live.listen.map(|at| bind(at).with_context(|| format!("listen on {at}"))).transpose()?;
    let shared = Arc::new(Shared::new(inputs.files));
    let events = events::open(&live.events)?;
    let report = open_target(&live.report)?;
    // Threads come after this.
    let mut sockets = points.iter().flat_map(|point| &point.sockets);
    let rights = match sockets.any(|(socket, _)| open::may_need_xdp(socket)) {
        true => CaptureRights::Xdp,
        false => CaptureRights::Sockets,
    };
    drop_to(&live.process.user, rights)?;
    let events = EventWriter::start(events, Arc::clone(&shared));
    let (commands, from_outside) = crossbeam_channel::bounded(16);
    let (asks, questions) = crossbeam_channel::bounded(16);
    let outside =
        Outside { listener, commands, asks, input: args.input.clone(), shared: Arc::clone(&shared) }
            .start()?;
    let tally = RefCell::new(Tally::default());
    let files = inputs.files;
    let run = LiveRun {
        settings: settings(&inputs, &live),
        points,
        opener: Arc::new(|settings| with_capture_rights(|| live::open(settings))),
        snapshot: Arc::clone(&inputs.snapshot),
        commands: from_outside,
        questions,
        on_thread: &|name| {
            if let Err(error) = drop_all() {
                tracing::error!(thread = name, %error, "capabilities cannot be given up");
            }
        },
        observer: &mut |output: &Output| {
            tally.borrow_mut().note(output);
            if let Output::Audit(event) = output {
                events.tell(event);
            }
        },
        answer: &mut |question: Question, view| answer(question, view, &tally.borrow(), &shared),
    };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), inventories = files, "capturing");
    let ended = run.run();
    outside.end();
    let replayed = ended?;
    events.finish()?;
    if let Some(report) = report {
        write_report(&replayed, &tally.borrow(), report, out)?;
    }
    tracing::info!(frames = replayed.counters.iter().map(|point| point.frames).sum::<u64>(), "ended");
    // The command ends here: the system takes the tables back faster than they could be taken apart.
    core::mem::forget(replayed);
    Ok(ExitStatus::Fine)
}

fn settings(inputs: &Inputs, live: &Live) -> LiveRunSettings {
    let config = &inputs.config;
    let spine = SpineSettings {
        presence: config.presence,
        audit: config.audit.clone(),
        streams: config.streams.clone(),
        // Nothing performs effects yet.
        workflows: Vec::new(),
        limits: config.limits,
        history: None,
        // Nobody may choose addresses that collide in our tables.
        seed: RandomState::new().build_hasher().finish(),
    };
    LiveRunSettings {
        engine: ReplaySettings {
            workers: live.process.workers,
            decode: config.decode.clone(),
            ttl_rules: config.ttl_rules.clone().into(),
            spine,
        },
        pins_workers: live.process.pins_workers,
        drops_percent_max: live.capture.blind_drop_percent,
    }
}

/// Answers what the outside asks.
fn answer(question: Question, view: &LiveView<'_>, tally: &Tally, shared: &Shared) {
    let Question { ask, reply } = question;
    let text = match ask {
        Ask::Metrics => live_metrics(view, tally, &shared.surroundings()).map_err(|error| error.to_string()),
        Ask::Ready => readiness(view, shared),
        Ask::Beat => Ok(String::new()),
    };
    // Whoever asked may be gone by now.
    drop(reply.send(text));
}

/// Says what keeps the run from doing what it is there for; `Ok` where nothing does.
fn readiness(view: &LiveView<'_>, shared: &Shared) -> Result<String, String> {
    let mut missing = String::new();
    let live = |index: usize| view.taps.iter().any(|tap| tap.capture_point.index() == index);
    for (index, point) in view.points.iter().enumerate().filter(|(index, _)| live(*index)) {
        let taps = view.taps.iter().filter(|tap| tap.capture_point.index() == index);
        let own = taps.filter_map(|tap| tap.blindness).max();
        let blindness = view.blindness.get(index).copied().flatten().or(own);
        if let Some(cause) = blindness {
            missing.push_str(&format!("capture point {}: {}\n", point.name, in_words(cause)));
        }
    }
    if shared.refused_last.load(Ordering::Relaxed) {
        missing.push_str("inventories: the last load was refused; older records are in force\n");
    }
    if missing.is_empty() { Ok("ready\n".to_owned()) } else { Err(missing) }
}

const fn in_words(cause: Blindness) -> &'static str {
    match cause {
        Blindness::LinkDown => "the link is down",
        Blindness::InterfaceLost => "the interface is gone",
        Blindness::Drops => "too many frames are lost",
    }
}

/// Where a report goes.
enum ReportTo {
    Output,
    File(PathBuf, File),
}

/// Opens what is written at the end, while it may still be opened.
fn open_target(target: &Target) -> anyhow::Result<Option<ReportTo>> {
    Ok(match target {
        Target::Nowhere => None,
        Target::StandardOutput => Some(ReportTo::Output),
        Target::File(path) => {
            let file =
                File::create(path).with_context(|| format!("write the report to `{}`", path.display()))?;
            Some(ReportTo::File(path.clone(), file))
        }
    })
}

fn write_report(replayed: &Replayed, tally: &Tally, to: ReportTo, out: &mut dyn Write) -> anyhow::Result<()> {
    let report = Report::new(&ReportInput { replayed, facts: &[], tally }, Detail::Everything);
    match to {
        ReportTo::Output => write_records(&report, out)?,
        ReportTo::File(path, file) => {
            let mut file = BufWriter::new(file);
            write_records(&report, &mut file)
                .and_then(|()| file.flush())
                .with_context(|| format!("write the report to `{}`", path.display()))?;
        }
    }
    Ok(())
}

fn write_records(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for record in report.records() {
        serde_json::to_writer(&mut *out, &record)?;
        writeln!(out)?;
    }
    Ok(())
}

fn log_format(word: &str) -> LogFormat {
    if word == "json" { LogFormat::Json } else { LogFormat::Text }
}

fn log_level(word: &str) -> LogLevel {
    match word {
        "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "debug" => LogLevel::Debug,
        _ => LogLevel::Info,
    }
}
