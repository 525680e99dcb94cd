use core::fmt;

/// The link-layer header type of a captured frame, as capture files number it.
///
/// # Reference
/// The registry of link-layer header types at tcpdump.org (draft-ietf-opsawg-pcaplinktype).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Ethernet, from the destination address, without frame check sequence.
    pub const ETHERNET: Self = Self(1);
    /// An IPv4 or IPv6 packet at once, by the number that capture files should have.
    pub const RAW: Self = Self(101);
    /// The same by the number that most BSDs have for it and that some files therefore have.
    pub const RAW_BSD: Self = Self(12);
    /// The same by OpenBSD's number.
    pub const RAW_OPENBSD: Self = Self(14);
    /// Linux cooked capture: all interfaces at once, with the sender's address alone.
    pub const SLL: Self = Self(113);
    /// An IPv4 packet at once.
    pub const IPV4: Self = Self(228);
    /// An IPv6 packet at once.
    pub const IPV6: Self = Self(229);
    /// Linux cooked capture, version 2, which names the interface.
    pub const SLL2: Self = Self(276);
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ETHERNET => f.write_str("ethernet"),
            Self::SLL | Self::SLL2 => f.write_str("linux cooked"),
            Self::RAW | Self::RAW_BSD | Self::RAW_OPENBSD | Self::IPV4 | Self::IPV6 => f.write_str("raw ip"),
            Self(number) => write!(f, "linktype {number}"),
        }
    }
}
