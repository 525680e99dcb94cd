//! Binding messages in destination options, as drafts of Mobile IPv6 before RFC 3775 had them.
//!
//! Read the text of draft-ietf-mobileip-ipv6-15, section 5, before editing.

use core::time::Duration;

use super::Ipv6Packet;
use super::cursor::{load_u8, load_u16, load_u32};

/// A binding message in a destination option.
#[derive(Clone, Copy, Debug)]
pub struct LegacyOption<'a> {
    packet: Ipv6Packet<'a>,
    kind: LegacyKind,
    value: &'a [u8],
}

/// The kinds of binding messages in destination options, with their option types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum LegacyKind {
    /// Binding Update.
    BindingUpdate = 198,
    /// Binding Acknowledgement.
    BindingAcknowledgement = 7,
    /// Binding Request.
    BindingRequest = 8,
}

impl<'a> LegacyOption<'a> {
    /// Reads an option by its type and value; none if it is another option or too short for its kind.
    pub(super) fn read(kind: u8, value: &'a [u8], packet: Ipv6Packet<'a>) -> Option<Self> {
        let (kind, needed) = match kind {
            198 => (LegacyKind::BindingUpdate, 8),
            7 => (LegacyKind::BindingAcknowledgement, 11),
            8 => (LegacyKind::BindingRequest, 0),
            _ => return None,
        };
        (value.len() >= needed).then_some(Self { packet, kind, value })
    }

    /// Returns the same with what the rest of the walk has found about the packet.
    pub(super) const fn with_packet(self, packet: Ipv6Packet<'a>) -> Self {
        Self { packet, ..self }
    }

    /// Returns the packet that carries it.
    pub const fn packet(&self) -> Ipv6Packet<'a> {
        self.packet
    }

    /// Returns the kind of message.
    pub const fn kind(&self) -> LegacyKind {
        self.kind
    }

    /// Tells whether the sender of an update asks for an acknowledgement (A).
    pub fn asks_acknowledgement(&self) -> bool {
        self.has_flag(0x80)
    }

    /// Tells whether an update is for a home agent (H).
    pub fn is_home_registration(&self) -> bool {
        self.has_flag(0x40)
    }

    /// Returns the status of an acknowledgement; 128 and above refuse.
    pub fn status(&self) -> Option<u8> {
        match self.kind {
            LegacyKind::BindingAcknowledgement => load_u8(self.value, 0),
            _ => None,
        }
    }

    /// Returns the sequence number of an update or an acknowledgement.
    ///
    /// # Layout
    /// Of an update: flags A H R D at 0, prefix length at 1, sequence at 2, lifetime at 4. Of an
    /// acknowledgement: status at 0, sequence at 1, lifetime at 3, refresh at 7.
    pub fn sequence(&self) -> Option<u16> {
        match self.kind {
            LegacyKind::BindingUpdate => load_u16(self.value, 2),
            LegacyKind::BindingAcknowledgement => load_u16(self.value, 1),
            LegacyKind::BindingRequest => None,
        }
    }

    /// Returns the lifetime of an update or an acknowledgement; it is told in seconds.
    pub fn lifetime(&self) -> Option<Duration> {
        let secs = match self.kind {
            LegacyKind::BindingUpdate => load_u32(self.value, 4)?,
            LegacyKind::BindingAcknowledgement => load_u32(self.value, 3)?,
            LegacyKind::BindingRequest => return None,
        };
        Some(Duration::from_secs(secs.into()))
    }

    fn has_flag(&self, mask: u8) -> bool {
        self.kind == LegacyKind::BindingUpdate && load_u8(self.value, 0).unwrap_or(0) & mask != 0
    }
}
