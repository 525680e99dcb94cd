//! The XDP program as a source: frames that it hands over, and what its rows counted, once a second.

use core::time::Duration;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use rollcall_core::types::{LinkType, Refresh, Timestamp};

use super::packet_socket::Promiscuous;
use super::{Arrivals, FRAMES_AT_ONCE, LiveError, LiveSettings, LiveSource, link_of};
use crate::capture::Batch;
use crate::capture::xdp::{
    Attached, Class, KernelClock, Others, Swept, XdpError, XdpMode, XdpProgram, processors_of,
};

/// How often the rows are read.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// Rows on which nothing was counted for so long are taken out of the map.
const FORGET_AFTER: Duration = Duration::from_secs(900);

/// An interface with the program on it.
struct XdpSource {
    settings: LiveSettings,
    program: XdpProgram,
    attached: Attached,
    _promiscuous: Option<Promiscuous>,
    clock: KernelClock,
    swept: Option<Instant>,
    /// The latest time that a row or a frame had.
    latest: Timestamp,
    sums: Arrivals,
}

pub(super) fn open(settings: &LiveSettings) -> Result<Box<dyn LiveSource>, LiveError> {
    let interface = &settings.interface;
    let Some(link) = link_of(interface) else {
        return Err(LiveError::NoSuchInterface { interface: interface.clone() });
    };
    let refused = |error: XdpError| refusal(interface, &error);
    let promiscuous = settings.promiscuous.then(|| Promiscuous::ask(link.index)).transpose();
    let promiscuous = promiscuous.map_err(|_| LiveError::Capability { interface: interface.clone() })?;
    let mut program = XdpProgram::load(&settings.xdp, processors_of(interface)).map_err(refused)?;
    let clock = program.clock().map_err(refused)?;
    let attached = program.attach(interface, Others::Refuse).map_err(refused)?;
    Ok(Box::new(XdpSource {
        settings: settings.clone(),
        program,
        attached,
        _promiscuous: promiscuous,
        clock,
        swept: None,
        latest: Timestamp::MIN,
        sums: Arrivals::default(),
    }))
}

impl XdpSource {
    fn lost(&self, reason: impl ToString) -> LiveError {
        LiveError::Lost { interface: self.settings.interface.clone(), reason: reason.to_string().into() }
    }

    /// Takes the frames that were handed over; returns how many.
    fn take(&mut self, batch: &mut Batch) -> usize {
        let point = self.settings.capture_point;
        let taken = self.program.punts(batch, self.clock, point, 0, FRAMES_AT_ONCE);
        self.latest = batch.refs().last().map_or(self.latest, |last| self.latest.max(last.at));
        taken
    }

    /// Adds what the rows counted since the last time.
    fn sweep(&mut self, batch: &mut Batch) -> Result<(), XdpError> {
        self.clock = self.program.clock()?;
        let (capture_point, sums, latest) = (self.settings.capture_point, &mut self.sums, &mut self.latest);
        let forget_before = (*latest != Timestamp::MIN).then(|| latest.before(FORGET_AFTER));
        let visit = |swept: Swept| {
            let Swept { at, frames, octets, first_seen_at, last_seen_at } = swept;
            sums.swept_frames += frames;
            sums.swept_octets += octets;
            *latest = (*latest).max(last_seen_at);
            batch.refresh(Refresh {
                capture_point,
                mac: at.mac,
                vids: at.vids,
                via: at.via,
                frames,
                octets,
                first_seen_at,
                last_seen_at,
            });
        };
        self.program.sweep(forget_before, visit)?;
        Ok(())
    }
}

impl LiveSource for XdpSource {
    fn fill(&mut self, batch: &mut Batch, patience: Duration) -> Result<(), LiveError> {
        if self.take(batch) == 0 {
            let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
            let mut rings = [PollFd::new(self.program.as_punts_fd(), PollFlags::POLLIN)];
            match poll(&mut rings, timeout) {
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => {
                    self.take(batch);
                }
                Err(error) => return Err(self.lost(error)),
            }
        }
        if self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP_INTERVAL) {
            self.swept = Some(Instant::now());
            self.sweep(batch).map_err(|error| self.lost(error))?;
        }
        Ok(())
    }

    fn drain(&mut self, batch: &mut Batch) -> Result<(), LiveError> {
        if self.take(batch) == 0 && self.swept.take().is_some() {
            self.sweep(batch).map_err(|error| self.lost(error))?;
        }
        Ok(())
    }

    fn arrivals(&mut self) -> Arrivals {
        if let Ok(counters) = self.program.counters() {
            self.sums.received = counters.frames();
            self.sums.overruns = counters.overruns();
            self.sums.refused = counters.refused();
            self.sums.limited = Class::ALL.into_iter().map(|class| counters.limited(class)).sum();
        }
        self.sums
    }

    fn linktype(&self) -> LinkType {
        LinkType::ETHERNET
    }

    fn backend(&self) -> &'static str {
        match self.attached.mode {
            XdpMode::Native => "xdp (native)",
            XdpMode::Generic => "xdp (generic)",
        }
    }
}

/// Says in our words why it cannot be done.
fn refusal(interface: &str, error: &XdpError) -> LiveError {
    use core::error::Error as _;
    let interface = interface.into();
    match error {
        XdpError::NotPermitted { .. } => LiveError::XdpCapability { interface },
        XdpError::NoInterface { .. } => LiveError::NoSuchInterface { interface },
        _ => {
            let mut reason = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                reason.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            LiveError::Open { interface, reason: reason.into() }
        }
    }
}
