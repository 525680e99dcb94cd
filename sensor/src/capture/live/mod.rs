//! Frames of live interfaces: an open socket to batches, and what is known of the interfaces.
//!
//! Beside the capture files at the head of the pipeline. A [`LiveSource`] copies frames out of the kernel's ring
//! into a [`Batch`] and says what the kernel lost; who opens it again when its interface is gone, and who reads a
//! clock, is in `runtime`. Nothing here sends: a source is opened for reading only and has no way to write.
//!
//! # Bounds
//! The ring of a socket is as large as its settings say; the kernel drops what does not fit and counts it. A batch
//! holds [`FRAMES_AT_ONCE`] frames and [`Batch::LIVE_OCTETS_MAX`] octets.

mod fanout;
mod interfaces;
#[cfg(feature = "pcap")]
mod libpcap;

use core::time::Duration;

use rollcall_core::types::{CapturePointId, LinkType};
use thiserror::Error;

pub use fanout::{Fanout, FanoutMode};
pub use interfaces::{InterfaceState, Link, interfaces, link_of};

use super::Batch;

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

/// How an interface is captured from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// Its name.
    pub interface: Box<str>,
    /// Which capture point it is.
    pub capture_point: CapturePointId,
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
}

/// An open interface.
pub trait LiveSource: Send {
    /// Adds the frames that are there to an empty batch, at most [`FRAMES_AT_ONCE`]; where there are none, waits for
    /// some that long.
    ///
    /// # Errors
    /// [`LiveError::Lost`]; the source is then of no more use.
    fn fill(&mut self, batch: &mut Batch, patience: Duration) -> Result<(), LiveError>;

    /// Returns what was counted since it was opened.
    fn arrivals(&mut self) -> Arrivals;

    /// Returns what the first octets of its frames are.
    fn linktype(&self) -> LinkType;
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
    /// The program was built without the library.
    #[error(
        "open capture on `{interface}`: this program was built without libpcap (build it with the feature `pcap`, \
         which is on by default)"
    )]
    NotBuilt {
        /// The interface's name.
        interface: Box<str>,
    },
}

/// Opens an interface by libpcap.
///
/// # Errors
/// Every [`LiveError`] but [`LiveError::Lost`].
pub fn open(settings: &LiveSettings) -> Result<Box<dyn LiveSource>, LiveError> {
    #[cfg(feature = "pcap")]
    return libpcap::open(settings);
    #[cfg(not(feature = "pcap"))]
    Err(LiveError::NotBuilt { interface: settings.interface.clone() })
}
