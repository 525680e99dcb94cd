//! ARP and RARP for Ethernet and IPv4. Read RFC 826, RFC 903 and RFC 5227 before editing.

use core::net::Ipv4Addr;

use super::cursor::{Window, load_u16};
use super::{Control, Layer, Outcome, Reason};
use crate::types::MacAddr;

/// An ARP or RARP packet for Ethernet and IPv4 addresses.
///
/// # Layout
/// | offset | width | field |
/// |---|---|---|
/// | 0 | 2 | hardware type, 1 (or 6, IEEE 802) |
/// | 2 | 2 | protocol type, 0x0800 |
/// | 4 | 1 | hardware address length, 6 |
/// | 5 | 1 | protocol address length, 4 |
/// | 6 | 2 | operation |
/// | 8 | 6 | sender hardware address |
/// | 14 | 4 | sender protocol address |
/// | 18 | 6 | target hardware address |
/// | 24 | 4 | target protocol address |
///
/// # Reference
/// RFC 826, packet format; RFC 903 for the operations 3 and 4.
#[derive(Clone, Copy, Debug)]
pub struct ArpPacket<'a>(&'a [u8; 28]);

/// What an ARP packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArpKind {
    /// Asks who has the target address.
    Request,
    /// Asks the same before using it oneself: the sender address is zero (RFC 5227 section 1.1).
    Probe,
    /// A request for the sender's own address: an announcement (RFC 5227 section 1.1).
    GratuitousRequest,
    /// Answers.
    Reply,
    /// An answer about the sender's own address to itself: an announcement.
    GratuitousReply,
    /// Asks for one's own protocol address (RFC 903); hypervisors announce a guest with it.
    RarpRequest,
    /// Tells a station its protocol address.
    RarpReply,
    /// Any other operation.
    Other(u16),
}

impl<'a> ArpPacket<'a> {
    /// Returns the operation as it stands there.
    pub const fn operation(self) -> u16 {
        let [_, _, _, _, _, _, high, low, ..] = *self.0;
        u16::from_be_bytes([high, low])
    }

    /// Returns what the packet is for.
    pub fn kind(self) -> ArpKind {
        let gratuitous = self.sender_ip() == self.target_ip();
        match self.operation() {
            1 if self.sender_ip().is_unspecified() => ArpKind::Probe,
            1 if gratuitous => ArpKind::GratuitousRequest,
            1 => ArpKind::Request,
            2 if gratuitous => ArpKind::GratuitousReply,
            2 => ArpKind::Reply,
            3 => ArpKind::RarpRequest,
            4 => ArpKind::RarpReply,
            other => ArpKind::Other(other),
        }
    }

    /// Returns the sender's hardware address.
    pub fn sender_mac(self) -> MacAddr {
        self.mac_at::<8>()
    }

    /// Returns the sender's protocol address.
    pub fn sender_ip(self) -> Ipv4Addr {
        self.ip_at::<14>()
    }

    /// Returns the target's hardware address.
    pub fn target_mac(self) -> MacAddr {
        self.mac_at::<18>()
    }

    /// Returns the target's protocol address.
    pub fn target_ip(self) -> Ipv4Addr {
        self.ip_at::<24>()
    }

    fn mac_at<const AT: usize>(self) -> MacAddr {
        const { assert!(AT + 6 <= 28) };
        super::cursor::load::<6>(self.0, AT).map_or(MacAddr::ZERO, |octets| MacAddr::new(*octets))
    }

    fn ip_at<const AT: usize>(self) -> Ipv4Addr {
        const { assert!(AT + 4 <= 28) };
        super::cursor::load::<4>(self.0, AT).map_or(Ipv4Addr::UNSPECIFIED, |octets| Ipv4Addr::from(*octets))
    }
}

/// Reads what follows the ethertype of ARP or RARP.
#[cold]
#[inline(never)]
pub(super) fn read(mut window: Window<'_>) -> (Control<'_>, Outcome) {
    const ETHERNET: u16 = 1;
    const IEEE_802: u16 = 6;
    const IPV4: u16 = 0x0800;
    let before = window;
    let fixed = match window.take::<8>(Layer::Arp) {
        Ok(fixed) => fixed,
        Err(outcome) => return (Control::None, outcome),
    };
    let hardware = load_u16(fixed, 0);
    let protocol = load_u16(fixed, 2);
    let [_, _, _, _, hardware_len, protocol_len, ..] = *fixed;
    if !matches!(hardware, Some(ETHERNET | IEEE_802))
        || protocol != Some(IPV4)
        || (hardware_len, protocol_len) != (6, 4)
    {
        return (Control::None, Outcome::Unsupported(Reason::ArpAddresses));
    }
    let mut window = before;
    match window.take::<28>(Layer::Arp) {
        Ok(packet) => (Control::Arp(ArpPacket(packet)), Outcome::Complete),
        Err(outcome) => (Control::None, outcome),
    }
}
