use core::fmt;
use std::net::IpAddr;

use super::MacAddr;

/// A network identifier that is kept present or absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StationId {
    /// A source MAC address on the wire.
    Mac(MacAddr),
    /// The home address of a mobile node (RFC 6275 section 3.2, RFC 5944 section 1.6).
    HomeAddress(IpAddr),
}

impl StationId {
    /// Returns the word for its kind, as metric labels and JSON spell it.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Mac(_) => "mac",
            Self::HomeAddress(_) => "home-address",
        }
    }
}

impl fmt::Display for StationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mac(mac) => mac.fmt(f),
            Self::HomeAddress(addr) => addr.fmt(f),
        }
    }
}
