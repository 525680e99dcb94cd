//! The kernel's packet ring by libpcap.
//!
//! Reading never blocks inside the library: with the ring of Linux its own time limit does not end a wait on an idle
//! link. The socket is set to give what there is, and waited for by poll(2).

use core::time::Duration;
use std::os::fd::AsFd as _;

use caps::{CapSet, Capability};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pcap::{Active, Capture, Direction, Precision, Stat};
use rollcall_core::types::{CapturePointId, Frame, LinkType, Timestamp};

use super::{Arrivals, FRAMES_AT_ONCE, Flow, LiveError, LiveSettings, LiveSource, link_of};
use crate::capture::Batch;

/// How long the kernel gathers frames before it hands over a block that is not full, in milliseconds.
const BLOCK_MILLIS: i32 = 20;

/// An interface opened by libpcap.
struct LibpcapSource {
    capture: Capture<Active>,
    interface: Box<str>,
    capture_point: CapturePointId,
    linktype: LinkType,
    frames_max: usize,
    /// What the library counted last; its counters have 32 bits.
    told: Stat,
    sums: Arrivals,
}

pub(super) fn open(settings: &LiveSettings) -> Result<Box<dyn LiveSource>, LiveError> {
    let interface = &settings.interface;
    let refused = |error: pcap::Error| refusal(interface, &error);
    if link_of(interface).is_none() {
        return Err(LiveError::NoSuchInterface { interface: interface.clone() });
    }
    let inactive = Capture::from_device(&**interface).map_err(refused)?;
    let capture = inactive
        .snaplen(signed(settings.snaplen))
        .buffer_size(signed(settings.ring_octets))
        .promisc(settings.promiscuous)
        .immediate_mode(false)
        .timeout(BLOCK_MILLIS)
        .precision(Precision::Nano);
    let mut capture = capture.open().and_then(Capture::setnonblock).map_err(refused)?;
    let direction = match settings.flow {
        Flow::Incoming => Direction::In,
        Flow::Outgoing => Direction::Out,
        Flow::Both => Direction::InOut,
    };
    capture.direction(direction).map_err(refused)?;
    if let Some(filter) = &settings.filter {
        capture.filter(filter, true).map_err(|error| LiveError::Filter {
            interface: interface.clone(),
            filter: filter.clone(),
            reason: error.to_string().into(),
        })?;
    }
    if let Some(fanout) = settings.fanout {
        fanout.join(capture.as_fd()).map_err(|error| LiveError::Open {
            interface: interface.clone(),
            reason: format!("share frames among several sockets: {error}").into(),
        })?;
    }
    let linktype = u16::try_from(capture.get_datalink().0).map_err(|_| LiveError::Open {
        interface: interface.clone(),
        reason: "its link type is none that capture files know".into(),
    })?;
    let snaplen = settings.snaplen.max(1) as usize;
    Ok(Box::new(LibpcapSource {
        capture,
        interface: interface.clone(),
        capture_point: settings.capture_point,
        linktype: LinkType(linktype),
        frames_max: FRAMES_AT_ONCE.min(Batch::LIVE_OCTETS_MAX / snaplen).max(1),
        told: Stat { received: 0, dropped: 0, if_dropped: 0 },
        sums: Arrivals::default(),
    }))
}

impl LibpcapSource {
    fn lost(&self, reason: impl ToString) -> LiveError {
        LiveError::Lost { interface: self.interface.clone(), reason: reason.to_string().into() }
    }

    /// Takes the frames that are there; returns how many.
    fn take(&mut self, batch: &mut Batch) -> Result<usize, LiveError> {
        let (capture_point, linktype) = (self.capture_point, self.linktype);
        let before = batch.len();
        let taken = self.capture.dispatch(Some(self.frames_max), |packet| {
            // The field is called after microseconds and holds nanoseconds, as asked for.
            let nanos = u32::try_from(packet.header.ts.tv_usec).unwrap_or(0);
            batch.push(&Frame {
                at: Timestamp::from_secs_nanos(packet.header.ts.tv_sec, nanos),
                capture_point,
                linktype,
                orig_len: packet.header.len,
                bytes: packet.data,
            });
        });
        match taken {
            Ok(_) => Ok(batch.len() - before),
            Err(error) => Err(self.lost(error)),
        }
    }
}

impl LiveSource for LibpcapSource {
    fn fill(&mut self, batch: &mut Batch, patience: Duration) -> Result<(), LiveError> {
        if self.take(batch)? > 0 {
            return Ok(());
        }
        let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        let mut sockets = [PollFd::new(self.capture.as_fd(), PollFlags::POLLIN)];
        match poll(&mut sockets, timeout) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Ok(_) => self.take(batch).map(drop),
            Err(error) => Err(self.lost(error)),
        }
    }

    fn arrivals(&mut self) -> Arrivals {
        if let Ok(now) = self.capture.stats() {
            let more = |now: u32, told: u32| u64::from(now.wrapping_sub(told));
            self.sums.received += more(now.received, self.told.received);
            self.sums.ring_drops += more(now.dropped, self.told.dropped);
            self.sums.interface_drops += more(now.if_dropped, self.told.if_dropped);
            self.told = now;
        }
        self.sums
    }

    fn linktype(&self) -> LinkType {
        self.linktype
    }

    fn backend(&self) -> &'static str {
        "pcap"
    }
}

/// Says in our words why the library refuses.
fn refusal(interface: &str, error: &pcap::Error) -> LiveError {
    let reason = error.to_string();
    let may_capture = caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_RAW).unwrap_or(false);
    let link = link_of(interface);
    let interface = interface.into();
    match link {
        None => LiveError::NoSuchInterface { interface },
        Some(_) if !may_capture => LiveError::Capability { interface },
        Some(_) if reason.contains("not up") => LiveError::Down { interface },
        Some(_) => LiveError::Open { interface, reason: reason.into() },
    }
}

fn signed(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}
