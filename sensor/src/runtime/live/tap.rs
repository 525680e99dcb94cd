use core::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};
use rollcall_core::types::{Blindness, CapturePointId, Timestamp};

use crate::capture::Batch;
use crate::capture::live::{Arrivals, LiveError, LiveSettings, LiveSource, link_of};

/// How long a tap waits for frames before it looks around.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often it looks whether its link is still there, and what was lost.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// How long it waits before it tries to open an interface that is gone, at first and at most.
const BACK_OFF: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(15)];

/// Opens an interface, as often as need be.
pub type Opener = Arc<dyn Fn(&LiveSettings) -> Result<Box<dyn LiveSource>, LiveError> + Send + Sync>;

/// What a tap says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TapFacts {
    /// Which capture point it belongs to.
    pub capture_point: CapturePointId,
    /// What came, and what was lost.
    pub arrivals: Arrivals,
    /// Why it cannot see.
    pub blindness: Option<Blindness>,
    /// How often its interface was opened.
    pub opens: u64,
    /// When its last frame came.
    pub last_frame_at: Option<Timestamp>,
}

/// What a tap writes and others read.
///
/// Each field has one writer, the tap's thread, and stands for itself: readers need no order between them, so every
/// access is relaxed.
#[derive(Debug, Default)]
pub(super) struct TapState {
    capture_point: CapturePointId,
    received: AtomicU64,
    ring_drops: AtomicU64,
    interface_drops: AtomicU64,
    swept_frames: AtomicU64,
    swept_octets: AtomicU64,
    overruns: AtomicU64,
    limited: AtomicU64,
    refused: AtomicU64,
    /// 0 where it sees, else 1 and the place in [`Blindness::ALL`].
    blindness: AtomicU8,
    opens: AtomicU64,
    /// Nanoseconds since the epoch; 0 before the first frame.
    last_frame_ns: AtomicI64,
}

impl TapState {
    pub(super) fn new(capture_point: CapturePointId) -> Self {
        Self { capture_point, ..Self::default() }
    }

    pub(super) fn facts(&self) -> TapFacts {
        let code = usize::from(self.blindness.load(Ordering::Relaxed));
        TapFacts {
            capture_point: self.capture_point,
            arrivals: Arrivals {
                received: self.received.load(Ordering::Relaxed),
                ring_drops: self.ring_drops.load(Ordering::Relaxed),
                interface_drops: self.interface_drops.load(Ordering::Relaxed),
                swept_frames: self.swept_frames.load(Ordering::Relaxed),
                swept_octets: self.swept_octets.load(Ordering::Relaxed),
                overruns: self.overruns.load(Ordering::Relaxed),
                limited: self.limited.load(Ordering::Relaxed),
                refused: self.refused.load(Ordering::Relaxed),
            },
            blindness: code.checked_sub(1).and_then(|place| Blindness::ALL.get(place)).copied(),
            opens: self.opens.load(Ordering::Relaxed),
            last_frame_at: Some(self.last_frame_ns.load(Ordering::Relaxed))
                .filter(|&nanos| nanos != 0)
                .map(Timestamp::from_nanos),
        }
    }

    fn set_arrivals(&self, arrivals: Arrivals) {
        self.received.store(arrivals.received, Ordering::Relaxed);
        self.ring_drops.store(arrivals.ring_drops, Ordering::Relaxed);
        self.interface_drops.store(arrivals.interface_drops, Ordering::Relaxed);
        self.swept_frames.store(arrivals.swept_frames, Ordering::Relaxed);
        self.swept_octets.store(arrivals.swept_octets, Ordering::Relaxed);
        self.overruns.store(arrivals.overruns, Ordering::Relaxed);
        self.limited.store(arrivals.limited, Ordering::Relaxed);
        self.refused.store(arrivals.refused, Ordering::Relaxed);
    }

    fn set_blindness(&self, blindness: Option<Blindness>) {
        let place = blindness.and_then(|cause| Blindness::ALL.into_iter().position(|other| other == cause));
        let code = place.map_or(0, |place| place + 1);
        self.blindness.store(u8::try_from(code).unwrap_or(0), Ordering::Relaxed);
    }
}

/// One socket on one thread.
pub(super) struct Tap {
    pub(super) settings: LiveSettings,
    pub(super) opener: Opener,
    pub(super) state: Arc<TapState>,
    pub(super) batches: Sender<Batch>,
    pub(super) empty: Receiver<Batch>,
    pub(super) stop: Arc<AtomicBool>,
    /// What sources that are closed by now had counted.
    pub(super) earlier: Arrivals,
}

/// Why a tap stops reading.
enum Ending {
    /// It is to end.
    Stopped,
    /// Its interface is of no more use.
    Lost(Blindness, Box<str>),
}

impl Tap {
    /// Reads until it is told to stop, opening its interface again as often as need be. `source` is the interface if it
    /// could be opened already.
    pub(super) fn run(mut self, source: Option<Box<dyn LiveSource>>) {
        let mut source = source;
        while !self.is_stopped() {
            let Some(mut open) = source.take().or_else(|| self.open_again()) else { return };
            self.state.opens.fetch_add(1, Ordering::Relaxed);
            self.state.set_blindness(None);
            let ending = self.read(&mut *open);
            self.count(&mut *open);
            self.earlier = self.state.facts().arrivals;
            if let Ending::Lost(blindness, reason) = ending {
                self.state.set_blindness(Some(blindness));
                let interface = &*self.settings.interface;
                tracing::warn!(interface, blind = blindness.as_str(), %reason, "capture lost; it is tried again");
            }
        }
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn read(&mut self, source: &mut dyn LiveSource) -> Ending {
        let Some(opened) = link_of(&self.settings.interface) else { return self.gone() };
        let mut looked_at = Instant::now();
        let mut batch = Batch::new();
        let mut link_was_up = true;
        while !self.is_stopped() {
            if let Err(error) = source.fill(&mut batch, PATIENCE) {
                return self.lost(&error);
            }
            let last = batch.refs().last().map(|last| last.at);
            if let Some(last) = batch.refreshes().iter().map(|row| row.last_seen_at).max().max(last) {
                self.state.last_frame_ns.store(last.as_nanos(), Ordering::Relaxed);
                // The next one comes from those that were read, so that nothing is allocated once some are on their way.
                let next = self.empty.try_recv().unwrap_or_default();
                if self.batches.send(core::mem::replace(&mut batch, next)).is_err() {
                    return Ending::Stopped;
                }
                batch.clear();
            }
            if looked_at.elapsed() < LOOK_INTERVAL {
                continue;
            }
            looked_at = Instant::now();
            self.count(source);
            match link_of(&self.settings.interface) {
                None => return self.gone(),
                Some(link) if link.index != opened.index => return self.gone(),
                Some(link) => {
                    self.note_link(link.is_up, link_was_up);
                    link_was_up = link.is_up;
                }
            }
        }
        self.drain(source, batch);
        Ending::Stopped
    }

    /// Reads what had come before the end.
    fn drain(&self, source: &mut dyn LiveSource, mut batch: Batch) {
        const BATCHES_MAX: usize = 64;
        for _ in 0..BATCHES_MAX {
            let read = source.drain(&mut batch);
            let is_empty = batch.is_empty() && batch.refreshes().is_empty();
            if read.is_err() || is_empty || self.batches.send(core::mem::take(&mut batch)).is_err() {
                return;
            }
        }
    }

    fn note_link(&self, is_up: bool, was_up: bool) {
        if is_up != was_up {
            let interface = &*self.settings.interface;
            self.state.set_blindness((!is_up).then_some(Blindness::LinkDown));
            if is_up {
                tracing::info!(interface, "link is up again");
            } else {
                tracing::warn!(interface, blind = Blindness::LinkDown.as_str(), "link is down");
            }
        }
    }

    fn count(&self, source: &mut dyn LiveSource) {
        let now = source.arrivals();
        self.state.set_arrivals(Arrivals {
            received: self.earlier.received + now.received,
            ring_drops: self.earlier.ring_drops + now.ring_drops,
            interface_drops: self.earlier.interface_drops + now.interface_drops,
            swept_frames: self.earlier.swept_frames + now.swept_frames,
            swept_octets: self.earlier.swept_octets + now.swept_octets,
            overruns: self.earlier.overruns + now.overruns,
            limited: self.earlier.limited + now.limited,
            refused: self.earlier.refused + now.refused,
        });
    }

    fn gone(&self) -> Ending {
        Ending::Lost(Blindness::InterfaceLost, "the interface is gone".into())
    }

    fn lost(&self, error: &LiveError) -> Ending {
        match link_of(&self.settings.interface) {
            None => self.gone(),
            Some(_) => Ending::Lost(Blindness::LinkDown, error.to_string().into()),
        }
    }

    /// Tries to open the interface until that succeeds or the run ends, ever less often.
    fn open_again(&self) -> Option<Box<dyn LiveSource>> {
        let interface = &*self.settings.interface;
        let [mut wait, wait_max] = BACK_OFF;
        loop {
            match (self.opener)(&self.settings) {
                Ok(source) => {
                    tracing::info!(interface, "capture runs");
                    return Some(source);
                }
                Err(error) => {
                    let blindness = match error {
                        LiveError::NoSuchInterface { .. } => Blindness::InterfaceLost,
                        _ => Blindness::LinkDown,
                    };
                    let known = self.state.facts().blindness;
                    if known != Some(blindness) {
                        self.state.set_blindness(Some(blindness));
                        tracing::warn!(interface, blind = blindness.as_str(), %error, "capture cannot be opened");
                    }
                }
            }
            let until = Instant::now() + wait;
            while Instant::now() < until {
                if self.is_stopped() {
                    return None;
                }
                thread::sleep(PATIENCE.min(until.saturating_duration_since(Instant::now())));
            }
            wait = (wait * 2).min(wait_max);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tap_writes_is_what_others_read() {
        let state = TapState::new(CapturePointId(3));
        assert_eq!(state.facts(), TapFacts { capture_point: CapturePointId(3), ..TapFacts::default() });
        for cause in Blindness::ALL.map(Some).into_iter().chain([None]) {
            state.set_blindness(cause);
            assert_eq!(state.facts().blindness, cause);
        }
    }
}
