//! IPv6 and the way from its header to a control message. Read RFC 8200 before editing.

use core::net::Ipv6Addr;

use super::cursor::{Window, load, load_u16};
use super::upper::{self, TCP, UDP};
use super::{Control, DecodeSettings, Decoded, FrameClass, IpHeader, Layer, Outcome, Ports, Reason};
use super::{extensions, nd};

pub(super) const HOP_BY_HOP: u8 = 0;
pub(super) const ICMPV6: u8 = 58;

/// The IPv6 header of a packet, with what its extension headers say about mobility.
#[derive(Clone, Copy, Debug)]
pub struct Ipv6Packet<'a> {
    header: &'a [u8; 40],
    /// The address in the Home Address option.
    pub(super) home_option: Option<&'a [u8; 16]>,
    /// The address in the type 2 routing header.
    pub(super) home_route: Option<&'a [u8; 16]>,
}

impl<'a> Ipv6Packet<'a> {
    pub(super) const fn new(header: &'a [u8; 40]) -> Self {
        Self { header, home_option: None, home_route: None }
    }

    /// Returns the source address of the header.
    pub fn src(self) -> Ipv6Addr {
        self.addr_at::<8>()
    }

    /// Returns the destination address of the header.
    pub fn dst(self) -> Ipv6Addr {
        self.addr_at::<24>()
    }

    /// Returns the header itself.
    pub(super) const fn header(self) -> IpHeader<'a> {
        IpHeader::V6(self.header)
    }

    fn payload_len(self) -> usize {
        usize::from(load_u16(self.header, 4).unwrap_or(0))
    }

    /// Returns the hop limit.
    pub const fn hop_limit(self) -> u8 {
        let [_, _, _, _, _, _, _, hop_limit, ..] = *self.header;
        hop_limit
    }

    /// Returns the next header field of the IPv6 header itself.
    pub const fn next_header(self) -> u8 {
        let [_, _, _, _, _, _, next, ..] = *self.header;
        next
    }

    /// Returns the address in the Home Address option: the sender is a mobile node with this home address,
    /// and the source address of the header is its care-of address.
    ///
    /// # Reference
    /// RFC 6275 section 6.3.
    pub fn home_address(self) -> Option<Ipv6Addr> {
        self.home_option.copied().map(Ipv6Addr::from)
    }

    /// Returns the address in the type 2 routing header: the packet is for the mobile node with this home
    /// address, and the destination address of the header is its care-of address.
    ///
    /// # Reference
    /// RFC 6275 section 6.4.
    pub fn routed_home_address(self) -> Option<Ipv6Addr> {
        self.home_route.copied().map(Ipv6Addr::from)
    }

    /// Tells whether the extension headers name a mobile node.
    pub const fn is_mobile(self) -> bool {
        self.home_option.is_some() || self.home_route.is_some()
    }

    fn addr_at<const AT: usize>(self) -> Ipv6Addr {
        const { assert!(AT + 16 <= 40) };
        load::<16>(self.header, AT).map_or(Ipv6Addr::UNSPECIFIED, |octets| Ipv6Addr::from(*octets))
    }
}

/// An ICMPv6 message of home agent discovery or mobile prefix discovery.
///
/// # Reference
/// RFC 6275 sections 6.5 to 6.8: 144 and 145 ask for and list home agents, 146 and 147 ask for and
/// advertise the home prefix.
#[derive(Clone, Copy, Debug)]
pub struct MobilityIcmp<'a> {
    packet: Ipv6Packet<'a>,
    number: u8,
}

impl<'a> MobilityIcmp<'a> {
    /// Returns the packet that carries it.
    pub const fn packet(&self) -> Ipv6Packet<'a> {
        self.packet
    }

    /// Returns the ICMPv6 type, 144 to 147.
    pub const fn number(&self) -> u8 {
        self.number
    }
}

/// Returns the source address of a TCP segment or UDP datagram about whose IPv6 header nothing is odd, and of
/// which nothing more is read.
///
/// # Layout
/// Version in the high half of octet 0, payload length at 4, next header at 6, source at 8; behind the header
/// the ports.
///
/// # Reference
/// RFC 8200 section 3.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of the one path that every data frame takes")]
pub(super) fn plain<'a>(ports: &Ports, header: &'a [u8; 48], room: usize) -> Option<&'a [u8; 16]> {
    let [first, _, _, _, high, low, next, ..] = *header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let is_whole = (first >> 4 == 6) & (length >= 8) & (length <= room - 40);
    let is_data = (next == TCP) | ((next == UDP) && !is_port_read(ports, header));
    if is_whole && is_data { load::<16>(header, 8) } else { None }
}

/// Tells whether a datagram behind an IPv6 header is to or from a port that is read.
#[inline]
fn is_port_read(ports: &Ports, header: &[u8; 48]) -> bool {
    let [.., s0, s1, d0, d1, _, _, _, _] = *header;
    ports.is_read(u16::from_be_bytes([d0, d1])) | ports.is_read(u16::from_be_bytes([s0, s1]))
}

/// Tells whether a packet may carry an Ethernet frame; see [`super::may_carry_frame`].
#[inline]
pub(super) fn may_carry_frame(ports: &Ports, bytes: &[u8]) -> bool {
    let Some(header) = bytes.first_chunk::<48>() else { return false };
    let [_, _, _, _, _, _, next, ..] = *header;
    match next {
        TCP | ICMPV6 => false,
        UDP => is_port_read(ports, header),
        _ => true,
    }
}

/// Reads what follows the ethertype of IPv6, up to a control message or a tunnel.
pub(super) fn read<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, mut window: Window<'a>) {
    decoded.class = FrameClass::Ipv6;
    if window.first().is_some_and(|first| first >> 4 != 6) {
        decoded.outcome = window.malformed(Layer::Ipv6, Reason::WrongVersion, 0);
        return;
    }
    let packet = match window.take::<40>(Layer::Ipv6) {
        Ok(header) => Ipv6Packet::new(header),
        Err(outcome) => {
            decoded.outcome = outcome;
            return;
        }
    };
    decoded.ip = packet.header();
    let (next, length) = (packet.next_header(), packet.payload_len());
    // A jumbogram or a frame before segmentation offload has length 0 (RFC 2675 section 3).
    let outcome = if length == 0 && matches!(next, HOP_BY_HOP | TCP | UDP) {
        Outcome::Complete
    } else {
        window.limit(length, Layer::Ipv6)
    };
    let found = match next {
        TCP | UDP => upper::read(settings, decoded.ip, next, window),
        ICMPV6 => icmpv6(packet, window).into(),
        _ => extensions::walk(settings, packet, window),
    };
    decoded.outcome = outcome;
    decoded.take(found);
}

/// Reads an ICMPv6 message as far as its type says that it is a control message.
///
/// Error messages (types below 128) quote other packets; these are never messages.
pub(super) fn icmpv6<'a>(packet: Ipv6Packet<'a>, window: Window<'a>) -> (Control<'a>, Outcome) {
    match window.first() {
        None => (traffic(packet), window.short(Layer::Icmpv6, 1)),
        Some(133..=137) => nd::read(packet, window),
        Some(number @ 144..=147) => {
            (Control::MobilityIcmp(MobilityIcmp { packet, number }), Outcome::Complete)
        }
        Some(_) => (traffic(packet), Outcome::Complete),
    }
}

/// Returns what a packet without a message of its own is: something if it names a mobile node.
pub(super) const fn traffic(packet: Ipv6Packet<'_>) -> Control<'_> {
    if packet.is_mobile() { Control::MobileTraffic(packet) } else { Control::None }
}
