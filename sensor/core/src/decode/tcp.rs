//! TCP, as far as it takes to find what a segment carries. Read RFC 9293 section 3.1 before editing.

use super::cursor::{load_u8, load_u16};

/// A TCP segment, from its source port to the end of the packet or of the capture. Data frames carry it, so nothing of it
/// is read before it is asked for.
///
/// # Layout
/// Source port at 0, destination port at 2, length of the header in 4 octets in the upper half of octet 12, flags at
/// 13.
#[derive(Clone, Copy, Debug)]
pub struct TcpSegment<'a> {
    bytes: &'a [u8],
}

impl<'a> TcpSegment<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns the source port.
    pub fn src_port(self) -> Option<u16> {
        load_u16(self.bytes, 0)
    }

    /// Returns the destination port.
    pub fn dst_port(self) -> Option<u16> {
        load_u16(self.bytes, 2)
    }

    /// Returns the length of the header in octets.
    pub fn header_len(self) -> Option<usize> {
        load_u8(self.bytes, 12).map(|octet| usize::from(octet >> 4) * 4)
    }

    /// Tells whether it opens a connection: SYN without ACK.
    pub fn is_opening(self) -> bool {
        load_u8(self.bytes, 13).is_some_and(|flags| flags & 0x12 == 0x02)
    }

    /// Returns what it carries, as far as it was captured.
    pub fn payload(self) -> &'a [u8] {
        self.header_len().and_then(|length| self.bytes.get(length..)).unwrap_or_default()
    }
}
