//! Neighbor Discovery. Read RFC 4861 sections 4 and 6 before editing, and RFC 6275 section 7 for the flags.

use core::net::Ipv6Addr;

use super::cursor::{Window, load, load_ipv6, load_u8, load_u16, load_u32};
use super::{Control, Ipv6Packet, Layer, Outcome, Reason};
use crate::types::{IpPrefix, MacAddr};

/// A Neighbor Discovery message, from its ICMPv6 type on.
#[derive(Clone, Copy, Debug)]
pub struct NdMessage<'a> {
    packet: Ipv6Packet<'a>,
    body: &'a [u8],
}

/// The kinds of Neighbor Discovery messages, with their ICMPv6 types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum NdKind {
    /// Asks for routers.
    RouterSolicitation = 133,
    /// Announces a router and its prefixes.
    RouterAdvertisement = 134,
    /// Asks who has the target address.
    NeighborSolicitation = 135,
    /// Answers, or announces unasked.
    NeighborAdvertisement = 136,
    /// Tells a better first hop.
    Redirect = 137,
}

/// The flags of a neighbor advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighborFlags {
    /// The sender is a router (R).
    pub router: bool,
    /// It answers a solicitation (S).
    pub solicited: bool,
    /// It replaces what its receivers have cached (O).
    pub overrides: bool,
}

/// Flags and lifetime of a router advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouterFlags {
    /// Addresses come from DHCPv6 (M).
    pub managed: bool,
    /// Other settings come from DHCPv6 (O).
    pub other: bool,
    /// The router is a home agent on this link (H; RFC 6275 section 7.1).
    pub home_agent: bool,
    /// Seconds for which it is a default router; 0 means that it is none.
    pub lifetime_secs: u16,
}

impl<'a> NdMessage<'a> {
    /// Returns the packet that carries it.
    pub const fn packet(&self) -> Ipv6Packet<'a> {
        self.packet
    }

    /// Returns the kind of message.
    pub fn kind(&self) -> NdKind {
        match load_u8(self.body, 0) {
            Some(133) => NdKind::RouterSolicitation,
            Some(134) => NdKind::RouterAdvertisement,
            Some(135) => NdKind::NeighborSolicitation,
            Some(136) => NdKind::NeighborAdvertisement,
            _ => NdKind::Redirect,
        }
    }

    /// Tells whether a receiver would accept it: hop limit 255 (so no router forwarded it) and code 0.
    ///
    /// # Reference
    /// RFC 4861 sections 6.1, 7.1 and 8.1.
    pub fn is_from_link(&self) -> bool {
        self.packet.hop_limit() == 255 && load_u8(self.body, 1) == Some(0)
    }

    /// Returns the target address of a solicitation, advertisement or redirect.
    pub fn target(&self) -> Option<Ipv6Addr> {
        match self.kind() {
            NdKind::NeighborSolicitation | NdKind::NeighborAdvertisement | NdKind::Redirect => {
                load_ipv6(self.body, 8)
            }
            NdKind::RouterSolicitation | NdKind::RouterAdvertisement => None,
        }
    }

    /// Returns the flags of a neighbor advertisement.
    pub fn neighbor_flags(&self) -> Option<NeighborFlags> {
        if self.kind() != NdKind::NeighborAdvertisement {
            return None;
        }
        let flags = load_u8(self.body, 4)?;
        Some(NeighborFlags {
            router: flags & 0x80 != 0,
            solicited: flags & 0x40 != 0,
            overrides: flags & 0x20 != 0,
        })
    }

    /// Returns the flags and the lifetime of a router advertisement.
    pub fn router_flags(&self) -> Option<RouterFlags> {
        if self.kind() != NdKind::RouterAdvertisement {
            return None;
        }
        let flags = load_u8(self.body, 5)?;
        Some(RouterFlags {
            managed: flags & 0x80 != 0,
            other: flags & 0x40 != 0,
            home_agent: flags & 0x20 != 0,
            lifetime_secs: load_u16(self.body, 6)?,
        })
    }

    /// Returns the first source link-layer address option for Ethernet.
    pub fn source_link_layer(&self) -> Option<MacAddr> {
        self.options().find_map(|option| match option {
            NdOption::SourceLinkLayer(mac) => Some(mac),
            _ => None,
        })
    }

    /// Returns the first target link-layer address option for Ethernet.
    pub fn target_link_layer(&self) -> Option<MacAddr> {
        self.options().find_map(|option| match option {
            NdOption::TargetLinkLayer(mac) => Some(mac),
            _ => None,
        })
    }

    /// Returns the options, as far as they were captured and make sense.
    pub fn options(&self) -> NdOptions<'a> {
        NdOptions { rest: self.body.get(fixed_len(self.kind())..).unwrap_or(&[]) }
    }
}

/// An option of a Neighbor Discovery message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NdOption {
    /// Who sent it.
    SourceLinkLayer(MacAddr),
    /// Who has the target.
    TargetLinkLayer(MacAddr),
    /// A prefix of the link.
    Prefix {
        /// The prefix.
        prefix: IpPrefix,
        /// Seconds for which it is valid; `u32::MAX` means for ever.
        valid_secs: u32,
    },
    /// An option of another kind.
    Other(u8),
}

/// Iterates over the options of a Neighbor Discovery message; ends at the first that makes no sense.
///
/// # Layout
/// Kind at 0, length in 8 octets including these two at 1.
#[derive(Clone, Debug)]
pub struct NdOptions<'a> {
    rest: &'a [u8],
}

impl Iterator for NdOptions<'_> {
    type Item = NdOption;

    fn next(&mut self) -> Option<NdOption> {
        let (kind, length) = (load_u8(self.rest, 0)?, usize::from(load_u8(self.rest, 1)?) * 8);
        let (option, rest) = self.rest.split_at_checked(length)?;
        self.rest = if length == 0 { &[] } else { rest };
        let mac = || load::<6>(option, 2).map(|octets| MacAddr::new(*octets));
        match (kind, length) {
            (_, 0) => None,
            (1, 8) => mac().map(NdOption::SourceLinkLayer),
            (2, 8) => mac().map(NdOption::TargetLinkLayer),
            (3, 32) => Some(NdOption::Prefix {
                prefix: IpPrefix::new(load_ipv6(option, 16)?.into(), load_u8(option, 2)?),
                valid_secs: load_u32(option, 4)?,
            }),
            (other, _) => Some(NdOption::Other(other)),
        }
    }
}

/// Returns how many octets stand before the options.
const fn fixed_len(kind: NdKind) -> usize {
    match kind {
        NdKind::RouterSolicitation => 8,
        NdKind::RouterAdvertisement => 16,
        NdKind::NeighborSolicitation | NdKind::NeighborAdvertisement => 24,
        NdKind::Redirect => 40,
    }
}

/// Reads a message whose type is known to be one of [`NdKind`].
#[cold]
#[inline(never)]
pub(super) fn read<'a>(packet: Ipv6Packet<'a>, window: Window<'a>) -> (Control<'a>, Outcome) {
    let message = NdMessage { packet, body: window.bytes() };
    let mut rest = window;
    let outcome = match rest.split(fixed_len(message.kind()), Layer::Icmpv6) {
        Ok(_) => options(rest),
        Err((_, outcome)) => outcome,
    };
    (Control::Nd(message), outcome)
}

/// Checks that the options fill the message exactly.
fn options(mut window: Window<'_>) -> Outcome {
    while window.first().is_some() {
        let start = window;
        let length = match window.take::<2>(Layer::Icmpv6) {
            Ok([_, length]) => usize::from(*length) * 8,
            Err(outcome) => return outcome,
        };
        if length == 0 {
            return start.malformed(Layer::Icmpv6, Reason::BadOption, 8);
        }
        if let Err((_, outcome)) = window.split(length - 2, Layer::Icmpv6) {
            return outcome;
        }
    }
    Outcome::Complete
}
