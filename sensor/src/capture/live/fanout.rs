//! Several sockets that share the frames of one interface: PACKET_FANOUT.
//!
//! Reference: packet(7), PACKET_FANOUT; kernel 3.1 and later.

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
    #[expect(unsafe_code, reason = "no crate that is used here knows this option of packet sockets")]
    #[cfg_attr(not(feature = "pcap"), expect(dead_code, reason = "only libpcap's sockets are joined"))]
    pub(super) fn join(self, socket: BorrowedFd<'_>) -> io::Result<()> {
        let mode = match self.mode {
            FanoutMode::Hash => libc::PACKET_FANOUT_HASH,
            FanoutMode::Cpu => libc::PACKET_FANOUT_CPU,
        };
        let value: libc::c_uint = libc::c_uint::from(self.group) | mode << 16;
        let length = libc::socklen_t::try_from(size_of_val(&value)).map_err(io::Error::other)?;
        // SAFETY: `value` lives until the call returns, `length` is its size, and the descriptor is borrowed from an
        // open socket; the kernel only reads what is handed to it.
        let said = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_FANOUT,
                (&raw const value).cast(),
                length,
            )
        };
        if said == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}
