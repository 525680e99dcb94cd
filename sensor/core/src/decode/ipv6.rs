//! IPv6 and the way from its header to a control message. Read RFC 8200 before editing.

use core::net::Ipv6Addr;

use super::cursor::{Window, load, load_u16};
use super::{Control, IpSource, Layer, Outcome, Reason, extensions, nd};

pub(super) const HOP_BY_HOP: u8 = 0;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
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
        Self {
            header,
            home_option: None,
            home_route: None,
        }
    }

    /// Returns the source address of the header.
    pub fn src(self) -> Ipv6Addr {
        self.addr_at::<8>()
    }

    /// Returns the destination address of the header.
    pub fn dst(self) -> Ipv6Addr {
        self.addr_at::<24>()
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

/// Reads what follows the ethertype of IPv6; `offset` octets of the frame stand before.
///
/// A data frame costs the header and no more; what may hold a control message goes to a slower path.
///
/// # Layout
/// Version in the high half of octet 0, payload length at 4, next header at 6, source at 8.
///
/// # Reference
/// RFC 8200 section 3.
#[inline]
pub(super) fn read(bytes: &[u8], offset: usize, orig_len: u32) -> (IpSource, Control<'_>, Outcome) {
    let Some((header, payload)) = bytes.split_first_chunk::<40>() else {
        return short(bytes, offset, orig_len);
    };
    let [first, _, _, _, high, low, next, _, source @ ..] = header;
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if matches!(*next, TCP | UDP) && first >> 4 == 6 && length <= payload.len() {
        let source = source
            .first_chunk::<16>()
            .map_or(IpSource::None, |octets| IpSource::V6(Ipv6Addr::from(*octets)));
        return (source, Control::None, Outcome::Complete);
    }
    slow(header, payload, offset, orig_len)
}

/// Reads a packet that may carry a control message, or has something odd about its header.
#[inline(never)]
fn slow<'a>(
    header: &'a [u8; 40],
    payload: &'a [u8],
    offset: usize,
    orig_len: u32,
) -> (IpSource, Control<'a>, Outcome) {
    let mut window = Window::new(payload, offset + 40, orig_len);
    let [first, ..] = *header;
    if first >> 4 != 6 {
        let outcome = window.malformed(Layer::Ipv6, Reason::WrongVersion, 0);
        return (IpSource::None, Control::None, outcome);
    }
    let packet = Ipv6Packet::new(header);
    let source = IpSource::V6(packet.src());
    let next = packet.next_header();
    let length = usize::from(load_u16(header, 4).unwrap_or(0));
    // A jumbogram or a frame before segmentation offload has length 0 (RFC 2675 section 3).
    let outcome = if length == 0 && matches!(next, HOP_BY_HOP | TCP | UDP) {
        Outcome::Complete
    } else {
        window.limit(length, Layer::Ipv6)
    };
    let (control, upper) = match next {
        TCP | UDP => (Control::None, Outcome::Complete),
        ICMPV6 => icmpv6(packet, window),
        _ => extensions::walk(packet, window),
    };
    (source, control, outcome.or(upper))
}

/// Reads an ICMPv6 message as far as its type says that it is a control message.
///
/// Error messages (types below 128) quote other packets; these are never messages.
pub(super) fn icmpv6<'a>(packet: Ipv6Packet<'a>, window: Window<'a>) -> (Control<'a>, Outcome) {
    match window.first() {
        None => (traffic(packet), window.short(Layer::Icmpv6, 1)),
        Some(133..=137) => nd::read(packet, window),
        Some(number @ 144..=147) => (
            Control::MobilityIcmp(MobilityIcmp { packet, number }),
            Outcome::Complete,
        ),
        Some(_) => (traffic(packet), Outcome::Complete),
    }
}

/// Returns what a packet without a message of its own is: something if it names a mobile node.
pub(super) const fn traffic(packet: Ipv6Packet<'_>) -> Control<'_> {
    if packet.is_mobile() {
        Control::MobileTraffic(packet)
    } else {
        Control::None
    }
}

#[cold]
#[inline(never)]
fn short(bytes: &[u8], offset: usize, orig_len: u32) -> (IpSource, Control<'_>, Outcome) {
    let window = Window::new(bytes, offset, orig_len);
    let outcome = match window.first() {
        Some(first) if first >> 4 != 6 => window.malformed(Layer::Ipv6, Reason::WrongVersion, 0),
        _ => window.short(Layer::Ipv6, 40),
    };
    (IpSource::None, Control::None, outcome)
}
