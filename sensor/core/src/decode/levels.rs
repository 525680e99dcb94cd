use super::cursor::Window;
use super::ethernet::{ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_MPLS, ETHERTYPE_MPLS_UPSTREAM};
use super::gre::BRIDGED;
use super::upper::Upper;
use super::{DecodeSettings, Decoded, Mirrored, Outcome, Reason, ethernet, ipv4, ipv6, mpls};
use crate::types::{LinkType, Tunnel, Vids};

/// How many tunnels deep a frame is read.
pub const TUNNELS_MAX: u8 = 3;

/// What a tunnel's payload starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// An Ethernet header.
    Ethernet,
    /// An IPv4 header.
    Ipv4,
    /// An IPv6 header.
    Ipv6,
    /// A label stack, which is a tunnel of its own.
    Mpls,
}

impl Payload {
    /// Returns what a protocol type means that is an ethertype.
    pub(super) const fn of_ethertype(ethertype: u16) -> Option<Self> {
        match ethertype {
            BRIDGED => Some(Self::Ethernet),
            ETHERTYPE_IPV4 => Some(Self::Ipv4),
            ETHERTYPE_IPV6 => Some(Self::Ipv6),
            ETHERTYPE_MPLS | ETHERTYPE_MPLS_UPSTREAM => Some(Self::Mpls),
            _ => None,
        }
    }
}

/// A frame or packet inside a tunnel, found and not yet read.
#[derive(Clone, Copy, Debug)]
pub struct Inner<'a> {
    /// The tunnel.
    pub tunnel: Tunnel,
    /// What it starts with.
    pub payload: Payload,
    /// What the header of a mirror says of the frame.
    pub mirrored: Option<Mirrored>,
    window: Window<'a>,
}

impl<'a> Inner<'a> {
    pub(super) const fn new(tunnel: Tunnel, payload: Payload, window: Window<'a>) -> Self {
        Self { tunnel, payload, mirrored: None, window }
    }

    /// Adds what the header of a mirror says.
    pub(super) const fn mirrored(self, mirrored: Mirrored) -> Self {
        Self { mirrored: Some(mirrored), ..self }
    }

    /// Returns its captured octets.
    pub const fn bytes(&self) -> &'a [u8] {
        self.window.bytes()
    }

    /// Reads it, as the content of `outer`.
    fn read(&self, settings: &DecodeSettings, outer: &Decoded<'a>) -> Decoded<'a> {
        let level = outer.level.saturating_add(1);
        let (bytes, wire_len) =
            (self.window.bytes(), self.window.wire_len(outer.bytes.len(), outer.wire_len));
        let mut decoded = Decoded { level, bytes, wire_len, ..Decoded::UNREAD };
        match self.payload {
            Payload::Ethernet => ethernet::read(settings, &mut decoded, self.window),
            Payload::Ipv4 => ipv4::read(settings, &mut decoded, self.window),
            Payload::Ipv6 => ipv6::read(settings, &mut decoded, self.window),
            Payload::Mpls => decoded.take(mpls::read(self.tunnel.source(), self.window)),
        }
        if level >= TUNNELS_MAX && decoded.inner.take().is_some() {
            decoded.outcome = decoded.outcome.or(Outcome::Unsupported(Reason::TooManyTunnels));
        }
        decoded
    }
}

impl<'a> Decoded<'a> {
    /// Takes what was found behind the headers; the first trouble counts.
    pub(super) const fn take(&mut self, upper: Upper<'a>) {
        (self.control, self.inner, self.tcp) = (upper.control, upper.inner, upper.tcp);
        self.outcome = self.outcome.or(upper.outcome);
    }

    /// Reads what is inside the tunnel that the frame carries, if it carries one.
    pub fn inside(&self, settings: &DecodeSettings) -> Option<Self> {
        self.inner.map(|inner| inner.read(settings, self))
    }

    /// Returns the VLAN identifiers of the frame; `within` is the tunnel that it was in.
    ///
    /// The VLAN in a mirror's header counts where the frame itself is untagged.
    pub fn vids(&self, within: Option<&Inner<'_>>) -> Vids {
        let own = self.vlans.vids();
        match within.and_then(|inner| inner.mirrored) {
            Some(mirrored) if own == Vids::UNTAGGED => {
                let mut vids = Vids::UNTAGGED;
                vids.push(mirrored.vid);
                vids
            }
            _ => own,
        }
    }
}

/// The levels of a frame, outermost first: the frame itself, then what is in its tunnel, and so on.
///
/// # Bounds
/// At most [`TUNNELS_MAX`] inside the first; what is in yet another tunnel is counted
/// ([`Reason::TooManyTunnels`]).
#[derive(Clone, Debug)]
pub struct Levels<'s, 'a> {
    settings: &'s DecodeSettings,
    /// The next one, and the tunnel that it is in.
    next: Option<(Decoded<'a>, Option<Inner<'a>>)>,
}

/// Reads a captured frame level by level, each with the tunnel that it was in; see [`decode`](super::decode).
pub fn levels<'s, 'a>(
    settings: &'s DecodeSettings,
    linktype: LinkType,
    orig_len: u32,
    bytes: &'a [u8],
) -> Levels<'s, 'a> {
    Levels { settings, next: Some((super::decode(settings, linktype, orig_len, bytes), None)) }
}

impl<'a> Iterator for Levels<'_, 'a> {
    type Item = (Decoded<'a>, Option<Inner<'a>>);

    fn next(&mut self) -> Option<Self::Item> {
        let (decoded, within) = self.next.take()?;
        self.next = decoded.inside(self.settings).map(|inside| (inside, decoded.inner));
        Some((decoded, within))
    }
}
