//! Frames of live interfaces: an open socket to batches, and what is known of the interfaces.
//!
//! Beside the capture files at the head of the pipeline. A [`LiveSource`] copies frames out of the kernel's ring
//! into a [`Batch`] and says what the kernel lost; who opens it again when its interface is gone, and who reads a
//! clock, is in `runtime`. Nothing here sends: a source is opened for reading only and has no way to write.
//!
//! # Bounds
//! The ring of a socket is as large as its settings say; the kernel drops what does not fit and counts it. A batch
//! holds [`FRAMES_AT_ONCE`] frames and [`Batch::LIVE_OCTETS_MAX`] octets.

mod interfaces;
#[cfg(feature = "pcap")]
mod libpcap;
mod packet_socket;
#[cfg(feature = "xdp")]
mod xdp;

use core::time::Duration;

use rollcall_core::types::{CapturePointId, LinkType};
use thiserror::Error;

pub use interfaces::{InterfaceState, Link, interfaces, link_of};
pub use packet_socket::{Fanout, FanoutMode};

use super::Batch;
#[cfg(feature = "xdp")]
use super::xdp::XdpSettings;

/// How many frames a source puts into a batch before it hands it on.
pub const FRAMES_AT_ONCE: usize = 512;

/// Which frames of an interface count, seen from this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// Those that come in: all that a mirror port carries.
    #[default]
    Incoming,
    /// Those that this machine sends there.
    Outgoing,
    /// All.
    Both,
}

/// By what an interface is captured from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// By XDP where that can be had and disturbs nobody, else by libpcap.
    #[default]
    Auto,
    /// By libpcap.
    Pcap,
    /// By the XDP program.
    Xdp,
}

/// How an interface is captured from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// Its name.
    pub interface: Box<str>,
    /// Which capture point it is.
    pub capture_point: CapturePointId,
    /// By what.
    pub backend: Backend,
    /// How many octets of a frame are kept.
    pub snaplen: u32,
    /// The size of the kernel's ring in octets.
    pub ring_octets: u32,
    /// Whether frames to other stations are asked for, as a mirror needs.
    pub promiscuous: bool,
    /// Which frames count.
    pub flow: Flow,
    /// A filter in the language of tcpdump.
    pub filter: Option<Box<str>>,
    /// With which other sockets it shares the frames.
    pub fanout: Option<Fanout>,
    /// How the XDP program is set up.
    #[cfg(feature = "xdp")]
    pub xdp: XdpSettings,
}

/// What the kernel and the interface counted since a source was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// Frames that came to the socket, those dropped among them.
    pub received: u64,
    /// Frames dropped because the ring was full.
    pub ring_drops: u64,
    /// Frames dropped by the interface or its driver.
    pub interface_drops: u64,
    /// Frames that the kernel counted for their stations instead of giving them (XDP).
    pub swept_frames: u64,
    /// Octets of these on the wire.
    pub swept_octets: u64,
    /// Frames that were to be given and found the ring full; their stations are counted (XDP).
    pub overruns: u64,
    /// Frames that were to be given and were too many of their class in a second (XDP).
    pub limited: u64,
    /// Frames of stations that found no room in the kernel's map (XDP).
    pub refused: u64,
}

/// An open interface.
pub trait LiveSource: Send {
    /// Adds the frames that are there to an empty batch, at most [`FRAMES_AT_ONCE`]; where there are none, waits for
    /// some that long.
    ///
    /// # Errors
    /// [`LiveError::Lost`]; the source is then of no more use.
    fn fill(&mut self, batch: &mut Batch, patience: Duration) -> Result<(), LiveError>;

    /// Does so at the end, when nothing more is waited for.
    ///
    /// # Errors
    /// As [`LiveSource::fill`].
    fn drain(&mut self, batch: &mut Batch) -> Result<(), LiveError> {
        self.fill(batch, Duration::from_millis(30))
    }

    /// Returns what was counted since it was opened.
    fn arrivals(&mut self) -> Arrivals;

    /// Returns what the first octets of its frames are.
    fn linktype(&self) -> LinkType;

    /// Says by what it captures, for the log.
    fn backend(&self) -> &'static str;
}

/// Why an interface cannot be captured from.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LiveError {
    /// There is none of that name.
    #[error("open capture on `{interface}`: no such interface (`rollcall interfaces` lists them)")]
    NoSuchInterface {
        /// Its name.
        interface: Box<str>,
    },
    /// It is there and not up.
    #[error("open capture on `{interface}`: the interface is down (ip link set {interface} up)")]
    Down {
        /// Its name.
        interface: Box<str>,
    },
    /// The process may not.
    #[error(
        "open capture on `{interface}`: the capability CAP_NET_RAW is missing (run as root, or once: setcap \
         cap_net_raw,cap_setuid,cap_setgid+ep rollcall)"
    )]
    Capability {
        /// Its name.
        interface: Box<str>,
    },
    /// The process may not load programs into the kernel.
    #[error(
        "open capture on `{interface}` by XDP: CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON or CAP_NET_RAW is missing (run as root, or \
         say `backend: pcap`)"
    )]
    XdpCapability {
        /// The interface's name.
        interface: Box<str>,
    },
    /// XDP would do other than what is asked for.
    #[error("open capture on `{interface}` by XDP: {reason}")]
    Unsuited {
        /// The interface's name.
        interface: Box<str>,
        /// What is against it, and what to do.
        reason: Box<str>,
    },
    /// The filter is wrong.
    #[error("use the filter `{filter}` on `{interface}`: {reason} (write it as for tcpdump)")]
    Filter {
        /// The interface's name.
        interface: Box<str>,
        /// The filter.
        filter: Box<str>,
        /// What the compiler of filters said.
        reason: Box<str>,
    },
    /// Anything else that the capture library says.
    #[error("open capture on `{interface}`: {reason}")]
    Open {
        /// Its name.
        interface: Box<str>,
        /// What the library said.
        reason: Box<str>,
    },
    /// It went away while frames were read.
    #[error("capture on `{interface}`: {reason}")]
    Lost {
        /// Its name.
        interface: Box<str>,
        /// What the library said.
        reason: Box<str>,
    },
    /// The program was built without the backend.
    #[error(
        "open capture on `{interface}`: this program was built without that backend (build it with the features `pcap` and \
         `xdp`, which are on by default)"
    )]
    NotBuilt {
        /// The interface's name.
        interface: Box<str>,
    },
}

/// Opens an interface by the backend that is asked for; which one it became is in the log.
///
/// # Errors
/// Every [`LiveError`] but [`LiveError::Lost`].
pub fn open(settings: &LiveSettings) -> Result<Box<dyn LiveSource>, LiveError> {
    let interface = &*settings.interface;
    let against = against_xdp(settings);
    let (opened, why) = match (settings.backend, against) {
        (Backend::Pcap, _) => (open_pcap(settings)?, None),
        (Backend::Xdp, Some(reason)) => {
            return Err(LiveError::Unsuited { interface: interface.into(), reason: reason.into() });
        }
        (Backend::Xdp, None) => (open_xdp(settings)?, None),
        (Backend::Auto, Some(reason)) => (open_pcap(settings)?, Some(format!("not XDP: {reason}"))),
        (Backend::Auto, None) => match open_xdp(settings) {
            Ok(opened) => (opened, None),
            Err(error @ LiveError::NoSuchInterface { .. }) => return Err(error),
            Err(error) => (open_pcap(settings)?, Some(error.to_string())),
        },
    };
    match why {
        Some(why) => tracing::info!(interface, backend = opened.backend(), why, "interface is open"),
        None => tracing::info!(interface, backend = opened.backend(), "interface is open"),
    }
    Ok(opened)
}

/// Says what is against XDP on an interface, and what to do; `None` where nothing is known to be.
pub fn against_xdp(settings: &LiveSettings) -> Option<&'static str> {
    #[cfg(feature = "xdp")]
    {
        use super::xdp::OnCapture;
        if settings.filter.is_some() {
            return Some("it cannot apply a filter (leave the filter away, or say `backend: pcap`)");
        }
        if settings.flow != Flow::Incoming {
            return Some("it sees only what comes in (say `frames: incoming`, or `backend: pcap`)");
        }
        if settings.xdp.on_capture == OnCapture::Drop && interfaces::has_address(&settings.interface) {
            return Some(
                "this machine talks there itself, and the frames would be dropped (take the addresses off, or say \
                 `on-capture: pass` or `backend: pcap`)",
            );
        }
        None
    }
    #[cfg(not(feature = "xdp"))]
    {
        let _ = settings;
        Some("this program was built without XDP")
    }
}

fn open_pcap(settings: &LiveSettings) -> Result<Box<dyn LiveSource>, LiveError> {
    #[cfg(feature = "pcap")]
    return libpcap::open(settings);
    #[cfg(not(feature = "pcap"))]
    Err(LiveError::NotBuilt { interface: settings.interface.clone() })
}

fn open_xdp(settings: &LiveSettings) -> Result<Box<dyn LiveSource>, LiveError> {
    #[cfg(feature = "xdp")]
    return xdp::open(settings);
    #[cfg(not(feature = "xdp"))]
    Err(LiveError::NotBuilt { interface: settings.interface.clone() })
}
