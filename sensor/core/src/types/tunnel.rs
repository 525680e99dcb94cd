use core::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// What carries a frame or packet inside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TunnelKind {
    /// Virtual eXtensible LAN (RFC 7348); the identifier is the VNI.
    Vxlan,
    /// Generic network virtualization encapsulation (RFC 8926); the identifier is the VNI.
    Geneve,
    /// Generic routing encapsulation (RFC 2784); the identifier is the key (RFC 2890), or where so
    /// configured NVGRE's virtual subnet in its upper 24 bits (RFC 7637).
    Gre,
    /// Encapsulated remote mirror, type I: no header of its own.
    Erspan1,
    /// Encapsulated remote mirror, type II; the identifier is the session.
    Erspan2,
    /// Encapsulated remote mirror, type III; the identifier is the session.
    Erspan3,
    /// IPv4 in IPv4 (RFC 2003).
    IpIp,
    /// IPv6 in IPv4 (RFC 4213).
    SixInFour,
    /// IPv6 in IPv6 (RFC 2473).
    SixInSix,
    /// IPv4 in IPv6 (RFC 2473).
    FourInSix,
    /// A label stack (RFC 3032); the identifier is the innermost label.
    Mpls,
    /// A PPP session over Ethernet (RFC 2516); the identifier is the session.
    Pppoe,
}

impl TunnelKind {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::Gre => "gre",
            Self::Erspan1 => "erspan1",
            Self::Erspan2 => "erspan2",
            Self::Erspan3 => "erspan3",
            Self::IpIp => "ipip",
            Self::SixInFour => "6in4",
            Self::SixInSix => "ip6ip6",
            Self::FourInSix => "4in6",
            Self::Mpls => "mpls",
            Self::Pppoe => "pppoes",
        }
    }

    /// Tells whether it mirrors frames of a real segment rather than carry a segment of its own.
    pub const fn is_mirror(self) -> bool {
        matches!(self, Self::Erspan1 | Self::Erspan2 | Self::Erspan3)
    }
}

/// The tunnel that a frame came out of: its kind, its identifier, and the end that sent it.
///
/// # Layout
/// 24 octets, so that a location stays small.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tunnel {
    kind: TunnelKind,
    has_id: bool,
    id: u32,
    /// An IPv4 address is mapped; unspecified where there is no IP header outside.
    source: Ipv6Addr,
}

const _: () = assert!(size_of::<Tunnel>() == 24);

impl Tunnel {
    /// Makes a tunnel; `source` is the source address of the IP header outside, if there is one.
    pub fn new(kind: TunnelKind, id: Option<u32>, source: Option<IpAddr>) -> Self {
        let source = match source {
            None => Ipv6Addr::UNSPECIFIED,
            Some(IpAddr::V4(v4)) => v4.to_ipv6_mapped(),
            Some(IpAddr::V6(v6)) => v6,
        };
        Self { kind, has_id: id.is_some(), id: id.unwrap_or(0), source }
    }

    /// Returns the kind.
    pub const fn kind(&self) -> TunnelKind {
        self.kind
    }

    /// Returns the identifier, at most 32 bits; see [`TunnelKind`] for what it is. None where the kind has
    /// none, or its header carried none.
    pub const fn id(&self) -> Option<u32> {
        if self.has_id { Some(self.id) } else { None }
    }

    /// Returns the source address of the IP header outside: the tunnel's near end (VTEP, mirroring switch).
    /// An unspecified address counts as none.
    pub fn source(&self) -> Option<IpAddr> {
        let source = IpAddr::V6(self.source).to_canonical();
        (!source.is_unspecified()).then_some(source)
    }

    /// Returns the overlay whose frames it carries; none for a mirror, whose frames are of a real segment.
    pub const fn overlay(&self) -> Option<Overlay> {
        if self.kind.is_mirror() { None } else { Some(Overlay { kind: self.kind, id: self.id() }) }
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tunnel({self})")
    }
}

/// Prints `vxlan 5001 from 192.0.2.1`, without what is not known.
impl fmt::Display for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Overlay { kind: self.kind, id: self.id() }.fmt(f)?;
        self.source().map_or(Ok(()), |source| write!(f, " from {source}"))
    }
}

/// A virtual layer-2 segment: one MAC address in two overlays is two stations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Overlay {
    /// What carries it.
    pub kind: TunnelKind,
    /// Which of them; none where the header carries no identifier.
    pub id: Option<u32>,
}

/// Prints `vxlan 5001`, or the kind alone.
impl fmt::Display for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        self.id.map_or(Ok(()), |id| write!(f, " {id}"))
    }
}

/// A port of a switch as a tag of the frame numbers it.
///
/// # Layout
/// One word, so that none needs no room of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortTag(core::num::NonZeroU32);

/// Whose numbers a [`PortTag`] has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortTagKind {
    /// The E-channel identifier of an E-tag (IEEE 802.1BR-2012 section 7.5), 22 bits with its group.
    ETag,
    /// The source virtual interface of a VN-tag, 12 bits.
    VnTag,
}

impl PortTag {
    const PRESENT: u32 = 1 << 31;
    const VN_TAG: u32 = 1 << 30;
    const NUMBER: u32 = Self::VN_TAG - 1;

    /// Makes the port of a number; higher bits than 30 do not exist in either tag and are cut.
    pub const fn new(kind: PortTagKind, number: u32) -> Self {
        let kind = match kind {
            PortTagKind::ETag => 0,
            PortTagKind::VnTag => Self::VN_TAG,
        };
        match core::num::NonZeroU32::new(Self::PRESENT | kind | (number & Self::NUMBER)) {
            Some(word) => Self(word),
            None => Self(core::num::NonZeroU32::MIN),
        }
    }

    /// Returns whose number it is.
    pub const fn kind(self) -> PortTagKind {
        if self.0.get() & Self::VN_TAG == 0 { PortTagKind::ETag } else { PortTagKind::VnTag }
    }

    /// Returns the number.
    pub const fn number(self) -> u32 {
        self.0.get() & Self::NUMBER
    }
}

/// Prints `e-cid 17` or `vif 17`.
impl fmt::Display for PortTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind() {
            PortTagKind::ETag => "e-cid",
            PortTagKind::VnTag => "vif",
        };
        write!(f, "{kind} {}", self.number())
    }
}

/// How a frame came to its capture point, where it says more than that it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Via {
    /// On the wire itself.
    #[default]
    Wire,
    /// By a port that its tag names.
    Port(PortTag),
    /// Inside a tunnel; of several around it, the innermost.
    Tunnel(Tunnel),
}

const _: () = assert!(size_of::<Via>() == 24);

impl Via {
    /// Returns the tunnel, if it was in one.
    pub const fn tunnel(self) -> Option<Tunnel> {
        match self {
            Self::Tunnel(tunnel) => Some(tunnel),
            Self::Wire | Self::Port(_) => None,
        }
    }

    /// Returns the overlay whose frame it was, if it was one's.
    pub const fn overlay(self) -> Option<Overlay> {
        match self {
            Self::Tunnel(tunnel) => tunnel.overlay(),
            Self::Wire | Self::Port(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnel_gives_back_what_it_was_made_of() {
        for source in [None, Some(IpAddr::from([192, 0, 2, 1])), Some("2001:db8::1".parse().unwrap())] {
            for id in [None, Some(0), Some(u32::MAX)] {
                let tunnel = Tunnel::new(TunnelKind::Gre, id, source);
                assert_eq!((tunnel.kind(), tunnel.id(), tunnel.source()), (TunnelKind::Gre, id, source));
            }
        }
        let tunnel = Tunnel::new(TunnelKind::Vxlan, Some(5001), Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(tunnel.to_string(), "vxlan 5001 from 192.0.2.1");
        assert_eq!(Tunnel::new(TunnelKind::Mpls, None, None).to_string(), "mpls");
    }

    #[test]
    fn a_mirror_carries_no_overlay() {
        let session = Tunnel::new(TunnelKind::Erspan2, Some(7), None);
        assert_eq!(Via::Tunnel(session).overlay(), None);
        let overlay = Via::Tunnel(Tunnel::new(TunnelKind::Geneve, Some(7), None)).overlay();
        assert_eq!(overlay.unwrap().to_string(), "geneve 7");
    }

    #[test]
    fn a_port_tag_holds_its_number() {
        for (kind, number) in
            [(PortTagKind::ETag, 0), (PortTagKind::ETag, 0x3f_ffff), (PortTagKind::VnTag, 0xfff)]
        {
            let tag = PortTag::new(kind, number);
            assert_eq!((tag.kind(), tag.number()), (kind, number));
        }
        assert_eq!(PortTag::new(PortTagKind::VnTag, 9).to_string(), "vif 9");
    }
}
