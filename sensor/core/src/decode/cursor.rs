use super::{Layer, Outcome, Reason, Stop};

/// The octets that are left of a frame, with what is needed to say why they end where they end.
///
/// Starts at the next unread octet and ends where the capture, the packet or the header ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window<'a> {
    bytes: &'a [u8],
    /// Octets from the start of the frame to the window.
    offset: usize,
    end: End,
}

/// What put an end to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The capture was cut there; the wire had more.
    Capture,
    /// The first fragment of a packet ended there.
    Fragment,
    /// The frame, or what a length field says.
    Packet,
}

impl<'a> Window<'a> {
    /// Opens a window on `bytes`, which start `offset` octets into a frame of `orig_len` octets.
    pub(super) fn new(bytes: &'a [u8], offset: usize, orig_len: u32) -> Self {
        let captured = u32::try_from(bytes.len().saturating_add(offset)).unwrap_or(u32::MAX);
        let end = if captured < orig_len { End::Capture } else { End::Packet };
        Self { bytes, offset, end }
    }

    /// Returns the unread octets.
    pub(super) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the length on the wire in octets; `outer_captured` and `outer_wire` are those of what it lies in,
    /// to whose end it goes where the capture was cut.
    pub(super) fn wire_len(&self, outer_captured: usize, outer_wire: u32) -> u32 {
        let captured = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let cut = outer_wire.saturating_sub(u32::try_from(outer_captured).unwrap_or(u32::MAX));
        if self.end == End::Capture { captured.saturating_add(cut) } else { captured }
    }

    /// Returns the window behind the first `count` octets; empty where there are fewer.
    pub(super) fn behind(mut self, count: usize) -> Self {
        self.bytes = self.bytes.get(count..).unwrap_or_default();
        self.offset += count;
        self
    }

    /// Returns the first octet without taking it.
    pub(super) fn first(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    /// Tells whether the capture or a fragment ends here rather than the packet.
    pub(super) fn is_cut(&self) -> bool {
        self.end != End::Packet
    }

    /// Takes `N` octets for a header of `layer`.
    ///
    /// # Errors
    /// The outcome to report where fewer are left; the window is then unchanged.
    pub(super) fn take<const N: usize>(&mut self, layer: Layer) -> Result<&'a [u8; N], Outcome> {
        let Some((head, rest)) = self.bytes.split_first_chunk::<N>() else {
            return Err(self.short(layer, N));
        };
        self.bytes = rest;
        self.offset += N;
        Ok(head)
    }

    /// Takes `count` octets as a window of their own.
    ///
    /// # Errors
    /// The outcome to report where fewer are left, with the octets that there are.
    pub(super) fn split(&mut self, count: usize, layer: Layer) -> Result<Self, (Self, Outcome)> {
        let Some((head, rest)) = self.bytes.split_at_checked(count) else {
            let all = *self;
            self.offset += self.bytes.len();
            self.bytes = &[];
            return Err((all, all.short(layer, count)));
        };
        let part = Self { bytes: head, offset: self.offset, end: End::Packet };
        self.bytes = rest;
        self.offset += count;
        Ok(part)
    }

    /// Narrows the window to the `count` octets that a length field of `layer` claims.
    ///
    /// Returns the outcome to report where the packet, not the capture, is shorter than that; the window
    /// is then unchanged.
    pub(super) fn limit(&mut self, count: usize, layer: Layer) -> Outcome {
        match self.bytes.get(..count) {
            Some(bytes) => {
                self.bytes = bytes;
                self.end = End::Packet;
                Outcome::Complete
            }
            None if self.end == End::Packet => {
                Outcome::Malformed(self.stop(layer, Reason::LengthBeyondPacket, count))
            }
            None => Outcome::Complete,
        }
    }

    /// Marks the window as the first fragment of a packet that goes on elsewhere.
    pub(super) fn end_with_fragment(&mut self) {
        if self.end == End::Packet {
            self.end = End::Fragment;
        }
    }

    /// Marks the window as cut on its way: the wire had more of it.
    pub(super) fn end_with_capture(&mut self) {
        self.end = End::Capture;
    }

    /// Returns the outcome of needing `needed` octets where fewer are left.
    pub(super) fn short(&self, layer: Layer, needed: usize) -> Outcome {
        match self.end {
            End::Capture => Outcome::Truncated(self.stop(layer, Reason::CaptureEnded, needed)),
            End::Fragment => Outcome::Truncated(self.stop(layer, Reason::FragmentEnded, needed)),
            End::Packet => Outcome::Malformed(self.stop(layer, Reason::PacketEnded, needed)),
        }
    }

    /// Returns the outcome of something that contradicts itself here.
    pub(super) fn malformed(&self, layer: Layer, reason: Reason, needed: usize) -> Outcome {
        Outcome::Malformed(self.stop(layer, reason, needed))
    }

    fn stop(&self, layer: Layer, reason: Reason, needed: usize) -> Stop {
        let saturate = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        Stop {
            layer,
            reason,
            offset: saturate(self.offset),
            needed: saturate(needed),
            had: saturate(self.bytes.len()),
        }
    }
}

/// Loads `N` octets at `at`; none where the slice ends before.
#[inline]
pub(super) fn load<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    bytes.get(at..)?.first_chunk::<N>()
}

/// Loads an octet.
#[inline]
pub(super) fn load_u8(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// Loads a 16-bit number in network order.
#[inline]
pub(super) fn load_u16(bytes: &[u8], at: usize) -> Option<u16> {
    load(bytes, at).copied().map(u16::from_be_bytes)
}

/// Loads a 32-bit number in network order.
#[inline]
pub(super) fn load_u32(bytes: &[u8], at: usize) -> Option<u32> {
    load(bytes, at).copied().map(u32::from_be_bytes)
}

/// Loads an IPv4 address.
#[inline]
pub(super) fn load_ipv4(bytes: &[u8], at: usize) -> Option<core::net::Ipv4Addr> {
    load::<4>(bytes, at).copied().map(core::net::Ipv4Addr::from)
}

/// Loads an IPv6 address.
#[inline]
pub(super) fn load_ipv6(bytes: &[u8], at: usize) -> Option<core::net::Ipv6Addr> {
    load::<16>(bytes, at).copied().map(core::net::Ipv6Addr::from)
}
