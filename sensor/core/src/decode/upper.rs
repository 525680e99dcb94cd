//! What follows an IP header, by its protocol number.

use core::net::IpAddr;

use super::cursor::Window;
use super::{Control, DecodeSettings, Inner, IpHeader, Outcome, Payload, TcpSegment, gre, mpls, udp};
use crate::types::{Tunnel, TunnelKind};

pub(super) const IPV4_INSIDE: u8 = 4;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const IPV6_INSIDE: u8 = 41;
const GRE: u8 = 47;
/// A label stack at once (RFC 4023).
const MPLS: u8 = 137;

/// What was found behind a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Upper<'a> {
    pub(super) control: Control<'a>,
    pub(super) inner: Option<Inner<'a>>,
    pub(super) tcp: Option<TcpSegment<'a>>,
    pub(super) outcome: Outcome,
}

impl<'a> Upper<'a> {
    /// Nothing that is read, and no trouble.
    pub(super) const PLAIN: Self =
        Self { control: Control::None, inner: None, tcp: None, outcome: Outcome::Complete };

    /// Nothing that is read, and why.
    pub(super) const fn stopped(outcome: Outcome) -> Self {
        Self { outcome, ..Self::PLAIN }
    }

    /// A frame or packet in a tunnel.
    pub(super) const fn inside(inner: Inner<'a>) -> Self {
        Self { inner: Some(inner), ..Self::PLAIN }
    }
}

impl<'a> From<(Control<'a>, Outcome)> for Upper<'a> {
    fn from((control, outcome): (Control<'a>, Outcome)) -> Self {
        Self { control, outcome, ..Self::PLAIN }
    }
}

/// Tells whether a protocol number announces something that this decoder may read behind an IP header, UDP
/// aside: what data frames do not carry.
#[inline]
pub(super) const fn is_read(protocol: u8) -> bool {
    (protocol == IPV4_INSIDE) | (protocol == IPV6_INSIDE) | (protocol == GRE) | (protocol == MPLS)
}

/// Reads what follows an IP header, extension headers aside.
pub(super) fn read<'a>(
    settings: &DecodeSettings,
    ip: IpHeader<'a>,
    protocol: u8,
    window: Window<'a>,
) -> Upper<'a> {
    match protocol {
        UDP => udp::read(settings, ip, window),
        TCP => Upper { tcp: Some(TcpSegment::new(window.bytes())), ..Upper::PLAIN },
        GRE => gre::read(settings, ip, window),
        MPLS => mpls::read(ip.src(), window),
        IPV4_INSIDE | IPV6_INSIDE => packet(ip, protocol, window),
        _ => Upper::PLAIN,
    }
}

/// Reads a packet that follows an IP header at once.
fn packet<'a>(ip: IpHeader<'a>, protocol: u8, window: Window<'a>) -> Upper<'a> {
    let is_outer_v4 = matches!(ip.src(), Some(IpAddr::V4(_)));
    let (kind, payload) = match (is_outer_v4, protocol == IPV4_INSIDE) {
        (true, true) => (TunnelKind::IpIp, Payload::Ipv4),
        (true, false) => (TunnelKind::SixInFour, Payload::Ipv6),
        (false, true) => (TunnelKind::FourInSix, Payload::Ipv4),
        (false, false) => (TunnelKind::SixInSix, Payload::Ipv6),
    };
    Upper::inside(Inner::new(Tunnel::new(kind, None, ip.src()), payload, window))
}
