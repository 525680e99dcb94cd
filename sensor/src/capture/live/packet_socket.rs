//! What packet sockets can do and the libraries that are used here do not know: share frames among several, and have an
//! interface take in frames to other stations.
//!
//! Reference: packet(7), PACKET_FANOUT and PACKET_ADD_MEMBERSHIP; kernel 3.1 and later.

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};

/// Who gets which frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FanoutMode {
    /// By a hash of the flow, so that a flow stays in its order.
    #[default]
    Hash,
    /// By the processor that took the frame from the card.
    Cpu,
}

/// The sockets that one belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fanout {
    /// The group's number, the same for all of them and no other on this machine.
    pub group: u16,
    /// How frames are shared out.
    pub mode: FanoutMode,
}

impl Fanout {
    /// Joins a packet socket to the group.
    ///
    /// # Errors
    /// What the kernel says: the group is another process's, or of another interface or mode.
    #[cfg(feature = "pcap")]
    pub(super) fn join(self, socket: BorrowedFd<'_>) -> io::Result<()> {
        let mode = match self.mode {
            FanoutMode::Hash => libc::PACKET_FANOUT_HASH,
            FanoutMode::Cpu => libc::PACKET_FANOUT_CPU,
        };
        let value: libc::c_uint = libc::c_uint::from(self.group) | mode << 16;
        set(socket, libc::PACKET_FANOUT, &value)
    }
}

/// An interface that takes in frames to other stations for as long as this lives: a packet socket that receives nothing
/// itself, but asks for that.
#[cfg(feature = "xdp")]
#[derive(Debug)]
pub(super) struct Promiscuous {
    _socket: std::os::fd::OwnedFd,
}

#[cfg(feature = "xdp")]
impl Promiscuous {
    /// Asks for it.
    ///
    /// # Errors
    /// What the kernel says: CAP_NET_RAW is missing, or there is no such interface.
    pub(super) fn ask(index: u32) -> io::Result<Self> {
        use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
        use std::os::fd::AsFd as _;
        // Of no protocol, so that no frame comes to it.
        let opened = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None)?;
        let membership = libc::packet_mreq {
            mr_ifindex: libc::c_int::try_from(index).map_err(io::Error::other)?,
            mr_type: libc::c_ushort::try_from(libc::PACKET_MR_PROMISC).map_err(io::Error::other)?,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        set(opened.as_fd(), libc::PACKET_ADD_MEMBERSHIP, &membership)?;
        Ok(Self { _socket: opened })
    }
}

#[cfg(any(feature = "pcap", feature = "xdp"))]
#[expect(unsafe_code, reason = "no crate that is used here knows these options of packet sockets")]
fn set<T>(socket: BorrowedFd<'_>, option: libc::c_int, value: &T) -> io::Result<()> {
    let length = libc::socklen_t::try_from(size_of::<T>()).map_err(io::Error::other)?;
    // SAFETY: `value` is borrowed until the call returns, `length` is its size, and the descriptor is borrowed from an open
    // socket; the kernel only reads what is handed to it.
    let said = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            option,
            core::ptr::from_ref(value).cast(),
            length,
        )
    };
    if said == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
