use core::net::IpAddr;

use super::cursor::{load_ipv4, load_ipv6, load_u16};
use super::{
    ArpPacket, CdpMessage, Datagram, DhcpMessage, Dhcpv6Message, Inner, Ipv6Packet, LegacyOption, LldpUnit,
    MobileIpv4Message, MobilityIcmp, MobilityMessage, NdMessage, Outcome, PortField, Ports, RadiusPacket,
    TcpSegment,
};
use crate::types::{MacAddr, VlanStack};

/// What is configured of decoding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodeSettings {
    /// Which UDP ports are read.
    pub ports: Ports,
    /// What of a GRE key names the network of a bridged frame.
    pub gre_key: GreKey,
}

/// What of a GRE key names the network of a bridged frame. The packets of both look alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GreKey {
    /// All of it.
    #[default]
    Whole,
    /// The upper 24 bits; the rest tells flows apart (RFC 7637 section 3.2).
    Nvgre,
}

/// What was read of one frame, or of what one of its tunnels carries. Borrows from the frame's octets.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a> {
    /// The link-layer addresses.
    pub link: Link,
    /// The VLAN tags, outermost first.
    pub vlans: VlanStack,
    /// The port that a tag among or before them names.
    pub port: Option<PortField>,
    /// What the frame carries.
    pub class: FrameClass,
    /// The ethertype behind the tags and SNAP, or the length of an IEEE 802.3 frame; host order, 0 where the
    /// frame ends before.
    pub ethertype: u16,
    /// The IP header, if there is one and it was captured.
    pub ip: IpHeader<'a>,
    /// The control message that the frame carries, if it is one.
    pub control: Control<'a>,
    /// The TCP segment that the frame carries, if it does.
    pub tcp: Option<TcpSegment<'a>>,
    /// The tunnel that the frame carries, if it does; see [`Decoded::inside`].
    pub inner: Option<Inner<'a>>,
    /// How far decoding came.
    pub outcome: Outcome,
    /// How many tunnels deep it was.
    pub level: u8,
    /// Its captured octets, from its first header on.
    pub bytes: &'a [u8],
    /// Its length on the wire in octets.
    pub wire_len: u32,
}

impl Decoded<'_> {
    /// A frame of which nothing was read yet.
    pub(super) const UNREAD: Self = Self {
        link: Link::None,
        vlans: VlanStack::EMPTY,
        port: None,
        class: FrameClass::Unread,
        ethertype: 0,
        ip: IpHeader::None,
        control: Control::None,
        tcp: None,
        inner: None,
        outcome: Outcome::Complete,
        level: 0,
        bytes: &[],
        wire_len: 0,
    };

    /// Returns the source address, unless there is none or no station may have it (group or zero).
    #[inline]
    pub const fn station(&self) -> Option<MacAddr> {
        match self.link {
            Link::Ethernet { src, .. } | Link::Cooked { src: Some(src), is_ethernet: true }
                if src.is_station() =>
            {
                Some(src)
            }
            _ => None,
        }
    }
}

/// The link-layer addresses of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// An Ethernet header.
    Ethernet {
        /// The destination address.
        dst: MacAddr,
        /// The source address, as it stands there; see [`Decoded::station`].
        src: MacAddr,
    },
    /// A Linux cooked capture, which keeps only the sender's address.
    Cooked {
        /// The sender's address, if it has the length of a MAC address.
        src: Option<MacAddr>,
        /// Whether the hardware is Ethernet, so that the address is one.
        is_ethernet: bool,
    },
    /// The link type has no addresses, is not read, or the capture ended before them.
    #[default]
    None,
}

impl Link {
    /// Returns the source address as it stands there, a station's or not.
    pub const fn src(self) -> Option<MacAddr> {
        match self {
            Self::Ethernet { src, .. } => Some(src),
            Self::Cooked { src, .. } => src,
            Self::None => None,
        }
    }
}

/// What a frame carries, coarsely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum FrameClass {
    /// ARP (ethertype 0x0806).
    Arp,
    /// RARP (0x8035).
    Rarp,
    /// IPv4 (0x0800).
    Ipv4,
    /// IPv6 (0x86dd).
    Ipv6,
    /// IEEE 802.3 with a logical link control header other than SNAP's.
    Llc,
    /// SNAP with a protocol identifier that is no ethertype.
    Snap,
    /// Another ethertype.
    Other,
    /// The frame was not read so far.
    #[default]
    Unread,
}

impl FrameClass {
    /// Returns the word for metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arp => "arp",
            Self::Rarp => "rarp",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Llc => "llc",
            Self::Snap => "snap",
            Self::Other => "other",
            Self::Unread => "unread",
        }
    }
}

/// An IP header without options or extension headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpHeader<'a> {
    /// No IP header was read.
    #[default]
    None,
    /// IPv4.
    V4(&'a [u8; 20]),
    /// IPv6.
    V6(&'a [u8; 40]),
}

impl IpHeader<'_> {
    /// Returns the source address, if there is a header.
    pub fn src(self) -> Option<IpAddr> {
        match self {
            Self::None => None,
            Self::V4(header) => load_ipv4(header, 12).map(IpAddr::V4),
            Self::V6(header) => load_ipv6(header, 8).map(IpAddr::V6),
        }
    }

    /// Returns how many octets follow on the header, options and extension headers among them, as it states.
    pub fn payload_len(self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::V4(header) => usize::from(load_u16(header, 2)?).checked_sub(20),
            Self::V6(header) => load_u16(header, 4).map(usize::from),
        }
    }

    /// Returns the destination address, if there is a header.
    pub fn dst(self) -> Option<IpAddr> {
        match self {
            Self::None => None,
            Self::V4(header) => load_ipv4(header, 16).map(IpAddr::V4),
            Self::V6(header) => load_ipv6(header, 24).map(IpAddr::V6),
        }
    }
}

/// A control message: what says more than that its sender is there. Fields are loaded on demand.
#[derive(Clone, Copy, Debug, Default)]
pub enum Control<'a> {
    /// A frame like any other.
    #[default]
    None,
    /// ARP or RARP for Ethernet and IPv4.
    Arp(ArpPacket<'a>),
    /// Neighbor Discovery.
    Nd(NdMessage<'a>),
    /// A mobility header.
    Mobility(MobilityMessage<'a>),
    /// A binding message in a destination option, from drafts before RFC 3775.
    LegacyMobility(LegacyOption<'a>),
    /// Home agent discovery and mobile prefix messages in ICMPv6.
    MobilityIcmp(MobilityIcmp<'a>),
    /// Any other packet that carries a Home Address option or a type 2 routing header.
    MobileTraffic(Ipv6Packet<'a>),
    /// LLDP.
    Lldp(LldpUnit<'a>),
    /// Cisco's Discovery Protocol.
    Cdp(CdpMessage<'a>),
    /// DHCP or BOOTP.
    Dhcp(Datagram<'a>, DhcpMessage<'a>),
    /// DHCPv6.
    Dhcpv6(Datagram<'a>, Dhcpv6Message<'a>),
    /// A Mobile IPv4 registration.
    MobileIpv4(Datagram<'a>, MobileIpv4Message<'a>),
    /// RADIUS accounting.
    Radius(Datagram<'a>, RadiusPacket<'a>),
}

impl<'a> Control<'a> {
    /// Returns the IPv6 packet that carries the message, if one does.
    pub const fn ipv6(&self) -> Option<Ipv6Packet<'a>> {
        match self {
            Self::Nd(message) => Some(message.packet()),
            Self::Mobility(message) => Some(message.packet()),
            Self::LegacyMobility(option) => Some(option.packet()),
            Self::MobilityIcmp(message) => Some(message.packet()),
            Self::MobileTraffic(packet) => Some(*packet),
            _ => None,
        }
    }

    /// Tells whether there is a message.
    #[inline]
    pub const fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }
}
