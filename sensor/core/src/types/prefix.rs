use core::fmt;
use core::str::FromStr;
use std::net::IpAddr;

use thiserror::Error;

/// An IP prefix: an address whose first bits count. Bits behind the length are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpPrefix {
    addr: IpAddr,
    len: u8,
}

impl IpPrefix {
    /// Makes a prefix from an address and a length in bits; bits behind the length are cleared.
    ///
    /// # Bounds
    /// A length beyond the address's (32 or 128) is read as all of it.
    pub fn new(addr: IpAddr, len: u8) -> Self {
        match addr {
            IpAddr::V4(v4) => {
                let len = len.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(len)).unwrap_or(0);
                Self { addr: IpAddr::V4((v4.to_bits() & mask).into()), len }
            }
            IpAddr::V6(v6) => {
                let len = len.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(len)).unwrap_or(0);
                Self { addr: IpAddr::V6((v6.to_bits() & mask).into()), len }
            }
        }
    }

    /// Returns the first address.
    pub const fn addr(self) -> IpAddr {
        self.addr
    }

    /// Returns the length in bits.
    pub const fn prefix_len(self) -> u8 {
        self.len
    }

    /// Tells whether an address of the same family lies within.
    pub fn contains(self, addr: IpAddr) -> bool {
        addr.is_ipv4() == self.addr.is_ipv4() && Self::new(addr, self.len).addr == self.addr
    }
}

impl fmt::Display for IpPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.len)
    }
}

/// A text that is no IP prefix.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is no IP prefix (write it as 10.1.0.0/16 or 2001:db8::/32)")]
pub struct ParsePrefixError {
    text: String,
}

/// Reads `address/length`; a bare address is a prefix of its full length.
impl FromStr for IpPrefix {
    type Err = ParsePrefixError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParsePrefixError { text: text.to_owned() };
        let (addr, len) = match text.split_once('/') {
            Some((addr, len)) => (addr, Some(len.parse::<u8>().map_err(|_| error())?)),
            None => (text, None),
        };
        let addr: IpAddr = addr.parse().map_err(|_| error())?;
        let full = if addr.is_ipv4() { 32 } else { 128 };
        match len.unwrap_or(full) {
            len if len <= full => Ok(Self::new(addr, len)),
            _ => Err(error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_by_family_and_bits() {
        let check = |prefix: &str, addr: &str, expected| {
            let prefix: IpPrefix = prefix.parse().unwrap();
            assert_eq!(prefix.contains(addr.parse().unwrap()), expected, "{prefix} {addr}");
        };
        check("10.1.0.0/16", "10.1.255.255", true);
        check("10.1.0.0/16", "10.2.0.0", false);
        check("0.0.0.0/0", "255.1.1.1", true);
        check("::/0", "255.1.1.1", false);
        check("2001:db8:1::/48", "2001:db8:1:ffff::1", true);
        check("2001:db8::1", "2001:db8::1", true);
    }

    #[test]
    fn clears_host_bits_and_refuses_nonsense() {
        assert_eq!("10.1.2.3/8".parse::<IpPrefix>().unwrap().to_string(), "10.0.0.0/8");
        for text in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/x"] {
            assert!(text.parse::<IpPrefix>().is_err(), "{text}");
        }
    }
}
