//! ARP and RARP for Ethernet and IPv4. Read RFC 826, RFC 903 and RFC 5227 before editing.

use core::net::Ipv4Addr;

use super::cursor::{Window, load};
use super::{Control, Layer, Outcome, Reason};
use crate::types::MacAddr;

/// An ARP or RARP packet of at least 8 octets, from the hardware type on.
///
/// Addresses other than Ethernet's and IPv4's, and those behind the end of the capture, read as none.
///
/// # Layout
/// | offset | width | field |
/// |---|---|---|
/// | 0 | 2 | hardware type: 1 (Ethernet), 2 (experimental Ethernet) or 6 (IEEE 802) |
/// | 2 | 2 | protocol type: 0x0800 (IPv4) |
/// | 4 | 1 | hardware address length h: 6 |
/// | 5 | 1 | protocol address length p: 4 |
/// | 6 | 2 | operation |
/// | 8 | h | sender hardware address |
/// | 8 + h | p | sender protocol address |
/// | 8 + h + p | h | target hardware address |
/// | 8 + 2h + p | p | target protocol address |
///
/// # Reference
/// RFC 826, packet format; RFC 903 for the operations 3 and 4.
#[derive(Clone, Copy, Debug)]
pub struct ArpPacket<'a> {
    fixed: &'a [u8; 8],
    addresses: &'a [u8],
}

/// What an ARP packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArpKind {
    /// Asks who has the target address.
    Request,
    /// Asks the same before using it oneself: the sender address is zero (RFC 5227 section 1.1).
    Probe,
    /// A request whose sender and target address are the same: an announcement (RFC 5227 section 1.1).
    GratuitousRequest,
    /// Answers.
    Reply,
    /// A reply whose sender and target address are the same: an announcement.
    GratuitousReply,
    /// Asks for one's own protocol address (RFC 903); hypervisors announce a guest with it.
    RarpRequest,
    /// Tells a station its protocol address.
    RarpReply,
    /// The packet ends before the fields that tell.
    Cut,
    /// Any other operation.
    Other(u16),
}

impl ArpPacket<'_> {
    /// Returns the operation as it stands there.
    pub const fn operation(self) -> u16 {
        let [_, _, _, _, _, _, high, low] = *self.fixed;
        u16::from_be_bytes([high, low])
    }

    /// Returns what the packet is for.
    pub fn kind(self) -> ArpKind {
        let (operation, gratuitous) = (self.operation(), self.sender_ip() == self.target_ip());
        let target_mac_end = 2 * self.hardware_len() + self.protocol_len();
        let needed = match operation {
            3 | 4 => target_mac_end,
            _ => target_mac_end + self.protocol_len(),
        };
        if self.addresses.len() < needed {
            return ArpKind::Cut;
        }
        match operation {
            1 if self.sender_ip() == Some(Ipv4Addr::UNSPECIFIED) => ArpKind::Probe,
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
    pub fn sender_mac(self) -> Option<MacAddr> {
        self.mac_at(0)
    }

    /// Returns the sender's protocol address.
    pub fn sender_ip(self) -> Option<Ipv4Addr> {
        self.ip_at(self.hardware_len())
    }

    /// Returns the target's hardware address.
    pub fn target_mac(self) -> Option<MacAddr> {
        self.mac_at(self.hardware_len() + self.protocol_len())
    }

    /// Returns the target's protocol address.
    pub fn target_ip(self) -> Option<Ipv4Addr> {
        self.ip_at(2 * self.hardware_len() + self.protocol_len())
    }

    fn hardware_len(self) -> usize {
        let [_, _, _, _, length, ..] = *self.fixed;
        usize::from(length)
    }

    fn protocol_len(self) -> usize {
        let [_, _, _, _, _, length, ..] = *self.fixed;
        usize::from(length)
    }

    fn has_macs(self) -> bool {
        let [high, low, ..] = *self.fixed;
        matches!([high, low], [0, 1 | 2 | 6]) && self.hardware_len() == 6
    }

    /// Tells whether protocol addresses are IPv4's. Hardware type 19 (ATM) has another layout (RFC 2225
    /// section 6).
    fn has_ipv4(self) -> bool {
        let [h0, h1, p0, p1, ..] = *self.fixed;
        [p0, p1] == [8, 0] && self.protocol_len() == 4 && [h0, h1] != [0, 19]
    }

    fn mac_at(self, at: usize) -> Option<MacAddr> {
        let octets = load::<6>(self.addresses, at)?;
        self.has_macs().then_some(MacAddr::new(*octets))
    }

    fn ip_at(self, at: usize) -> Option<Ipv4Addr> {
        let octets = load::<4>(self.addresses, at)?;
        self.has_ipv4().then_some(Ipv4Addr::from(*octets))
    }
}

/// Reads what follows the ethertype of ARP or RARP.
#[cold]
#[inline(never)]
pub(super) fn read(mut window: Window<'_>) -> (Control<'_>, Outcome) {
    let fixed = match window.take::<8>(Layer::Arp) {
        Ok(fixed) => fixed,
        Err(outcome) => return (Control::None, outcome),
    };
    let packet = ArpPacket { fixed, addresses: window.bytes() };
    let needed = 2 * (packet.hardware_len() + packet.protocol_len());
    let outcome = match window.split(needed, Layer::Arp) {
        Ok(_) if packet.has_macs() && packet.has_ipv4() => Outcome::Complete,
        Ok(_) => Outcome::Unsupported(Reason::ArpAddresses),
        Err((_, outcome)) => outcome,
    };
    if packet.has_macs() || packet.has_ipv4() {
        (Control::Arp(packet), outcome)
    } else {
        (Control::None, outcome)
    }
}
