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
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ETHERNET => f.write_str("ethernet"),
            Self(number) => write!(f, "linktype {number}"),
        }
    }
}
