//! What happens beside the wire during a run: signals, HTTP, the manager of services.
//!
//! One thread with everything that waits for others; the run itself is only asked, and told what to do.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime};

use anyhow::Context as _;
use crossbeam_channel::Sender;
use rollcall_core::recorded::Severity;
use sd_notify::NotifyState;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::super::problems::{InputArgs, Inputs};
use crate::api::{Page, Site, serve};
use crate::metrics::Surroundings;
use crate::process::drop_all;
use crate::runtime::live::{Command, Commands};

/// How long an answer of the run is waited for.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// What the run is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// What Prometheus scrapes.
    Metrics,
    /// Whether it does what it is there for.
    Ready,
    /// Whether it goes on at all.
    Beat,
}

/// A question, and where the answer goes.
pub(super) struct Question {
    pub(super) ask: Ask,
    pub(super) reply: oneshot::Sender<Result<String, String>>,
}

/// What several threads of a run count and read. Every number stands for itself, so every access is relaxed.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) events_lost: AtomicU64,
    /// Whether the last load of inventories was refused.
    pub(super) refused_last: AtomicBool,
    loads_taken: AtomicU64,
    loads_refused: AtomicU64,
    /// When the inventories in force were loaded; `None` where there are none.
    loaded_at: Mutex<Option<Instant>>,
    started_at: f64,
}

impl Shared {
    pub(super) fn new(files: usize) -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            events_lost: AtomicU64::new(0),
            refused_last: AtomicBool::new(false),
            loads_taken: AtomicU64::new(u64::from(files > 0)),
            loads_refused: AtomicU64::new(0),
            loaded_at: Mutex::new((files > 0).then(Instant::now)),
            started_at: since.as_secs_f64(),
        }
    }

    fn taken(&self) {
        self.loads_taken.fetch_add(1, Ordering::Relaxed);
        self.refused_last.store(false, Ordering::Relaxed);
        *self.loaded_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn refused(&self) {
        self.loads_refused.fetch_add(1, Ordering::Relaxed);
        self.refused_last.store(true, Ordering::Relaxed);
    }

    pub(super) fn surroundings(&self) -> Surroundings {
        let loaded_at = *self.loaded_at.lock().unwrap_or_else(PoisonError::into_inner);
        Surroundings {
            recorded_age: loaded_at.map(|at| at.elapsed()),
            loads_taken: self.loads_taken.load(Ordering::Relaxed),
            loads_refused: self.loads_refused.load(Ordering::Relaxed),
            events_lost: self.events_lost.load(Ordering::Relaxed),
            resident_octets: resident_octets().unwrap_or(0),
            started_at: self.started_at,
        }
    }
}

/// Returns the memory of this process, from the kernel's account of it.
///
/// # Reference
/// proc(5), /proc/pid/statm: sizes in pages, the second is what is resident.
fn resident_octets() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    let page = nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE).ok()??;
    Some(pages * u64::try_from(page).ok()?)
}

/// The outside of a run, about to start.
pub(super) struct Outside {
    pub(super) listener: Option<TcpListener>,
    pub(super) commands: Commands,
    pub(super) asks: Sender<Question>,
    /// Where the inventories are, to load them again.
    pub(super) input: InputArgs,
    pub(super) shared: Arc<Shared>,
}

/// The outside of a run on its thread.
pub(super) struct Running {
    end: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Running {
    /// Ends it.
    pub(super) fn end(self) {
        if self.end.send(()).is_err() {
            tracing::debug!("the thread for signals and HTTP had ended before");
        }
        if self.thread.join().is_err() {
            tracing::error!("the thread for signals and HTTP panicked (please report this with the log)");
        }
    }
}

impl Outside {
    pub(super) fn start(self) -> anyhow::Result<Running> {
        let runtime = Builder::new_current_thread().enable_all().build().context("wait for signals")?;
        let signals = {
            let _entered = runtime.enter();
            Signals::listen().context("listen for signals")?
        };
        let (end, ended) = oneshot::channel();
        let thread = thread::spawn(move || {
            if let Err(error) = drop_all() {
                tracing::error!(thread = "outside", %error, "capabilities cannot be given up");
            }
            runtime.block_on(self.run(signals, ended));
        });
        Ok(Running { end, thread })
    }

    async fn run(mut self, mut signals: Signals, mut ended: oneshot::Receiver<()>) {
        let run = Arc::new(Asker(self.asks.clone()));
        if let Some(listener) = self.listener.take() {
            match tokio::net::TcpListener::from_std(listener) {
                Ok(listener) => drop(tokio::spawn(serve(listener, Arc::clone(&run)))),
                Err(error) => tracing::error!(%error, "HTTP cannot be served"),
            }
        }
        if run.ask(Ask::Beat).await.is_ok() {
            notify(&[NotifyState::Ready]);
        }
        let patience = sd_notify::watchdog_enabled();
        let mut beats = interval(patience.map_or(Duration::from_secs(3_600), |patience| patience / 3));
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = &mut ended => return,
                _ = beats.tick(), if patience.is_some() => {
                    if run.ask(Ask::Beat).await.is_ok() {
                        notify(&[NotifyState::Watchdog]);
                    }
                }
                _ = signals.terminate.recv() => self.stop("SIGTERM"),
                _ = signals.interrupt.recv() => self.stop("SIGINT"),
                _ = signals.hang_up.recv() => self.reload().await,
            }
        }
    }

    fn stop(&self, signal: &str) {
        tracing::info!(signal, "stopping");
        notify(&[NotifyState::Stopping]);
        // It is stopping already if nobody takes it.
        drop(self.commands.try_send(Command::Stop));
    }

    /// Loads the inventories again; what is wrong is told, and then the former ones stay in force.
    async fn reload(&self) {
        let input = self.input.clone();
        let loaded = tokio::task::spawn_blocking(move || Inputs::load(&input)).await;
        let Ok(inputs) = loaded else {
            tracing::error!("loading the inventories panicked (please report this with the inventories)");
            return;
        };
        for problem in inputs.problems() {
            let (code, message) = (problem.code, &problem.message);
            let place = problem.place.to_string();
            match problem.severity {
                Severity::Error => tracing::error!(code, %place, "{message}"),
                Severity::Warning => tracing::warn!(code, %place, "{message}"),
            }
        }
        if inputs.status() != super::ExitStatus::Fine {
            self.shared.refused();
            tracing::error!("the inventories are refused; the former ones stay in force");
            return;
        }
        let guests = inputs.snapshot.guests().len();
        match self.commands.try_send(Command::Recorded(inputs.snapshot)) {
            Ok(()) => {
                self.shared.taken();
                tracing::info!(files = inputs.files, guests, "inventories are loaded and in force");
            }
            Err(error) => {
                self.shared.refused();
                tracing::error!(%error, "the inventories cannot be put in force now");
            }
        }
    }
}

/// Tells the manager of services, where there is one.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the manager of services cannot be told");
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

/// Asks the run, and serves what it says.
struct Asker(Sender<Question>);

impl Asker {
    /// Returns the answer; an error is either the run's own or that it does not answer in time.
    async fn ask(&self, ask: Ask) -> Result<String, String> {
        let (reply, answer) = oneshot::channel();
        let busy = || "the run does not answer\n".to_owned();
        self.0.try_send(Question { ask, reply }).map_err(|_| busy())?;
        match timeout(ANSWER_TIME_MAX, answer).await {
            Ok(Ok(answer)) => answer,
            _ => Err(busy()),
        }
    }
}

/// What Prometheus takes its text format for.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Site for Asker {
    async fn page(&self, path: &str) -> Option<Page> {
        let (ask, status) = match path {
            "/metrics" => (Ask::Metrics, 500),
            "/healthz" => (Ask::Beat, 503),
            "/readyz" => (Ask::Ready, 503),
            _ => return None,
        };
        Some(match self.ask(ask).await {
            Ok(body) if ask == Ask::Metrics => Page { status: 200, content_type: EXPOSITION, body },
            Ok(_) if ask == Ask::Beat => Page::text(200, "alive\n"),
            Ok(body) => Page::text(200, body),
            Err(reason) => Page::text(status, reason),
        })
    }
}
