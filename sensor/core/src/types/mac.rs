use core::fmt;
use core::str::FromStr;

use thiserror::Error;

/// An EUI-48 (MAC) address in transmission order.
///
/// Printed as `52:54:00:aa:bb:01`. Parsed from every spelling that inventories and RADIUS servers use:
/// colons, hyphens after two, four or six digits, dots after four, or twelve digits, in either case.
///
/// # Reference
/// IEEE 802-2014 section 8.2: the lowest bit of the first octet is I/G (group), the next U/L (local).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddr([u8; 6]);

impl MacAddr {
    /// The broadcast address.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// The all-zero address, which no station may use as a source.
    pub const ZERO: Self = Self([0; 6]);

    /// Makes an address from its six octets in transmission order.
    #[inline]
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// Returns the six octets in transmission order.
    #[inline]
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// Returns the address as a number whose lowest 48 bits are the octets, first octet highest.
    #[inline]
    pub const fn to_u64(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// Makes an address from the lowest 48 bits of a number; the inverse of [`MacAddr::to_u64`].
    #[inline]
    pub const fn from_u64(number: u64) -> Self {
        let [_, _, a, b, c, d, e, f] = number.to_be_bytes();
        Self([a, b, c, d, e, f])
    }

    /// Tells whether the group bit is set (multicast and broadcast).
    #[inline]
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// Tells whether this is the broadcast address.
    #[inline]
    pub const fn is_broadcast(self) -> bool {
        self.to_u64() == 0xffff_ffff_ffff
    }

    /// Tells whether all octets are zero.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.to_u64() == 0
    }

    /// Tells whether the address is locally administered (private) rather than assigned by the IEEE.
    #[inline]
    pub const fn is_local(self) -> bool {
        self.0[0] & 2 != 0
    }

    /// Tells whether a frame's source may be this address: neither a group nor zero.
    #[inline]
    pub const fn is_station(self) -> bool {
        !self.is_group() && !self.is_zero()
    }

    /// Tells whether the address belongs to a virtual router or first-hop redundancy group, which by
    /// design appears at several places and answers for one address in turn.
    ///
    /// # Reference
    /// VRRP and CARP: RFC 9568 section 7.3 (00-00-5E-00-01 and -02); HSRP: RFC 2281 section 3
    /// (00-00-0C-07-AC), version 2 00-00-0C-9F-F and for IPv6 00-05-73-A0-0; GLBP 00-07-B4.
    pub const fn is_virtual_router(self) -> bool {
        let [a, b, c, d, e, _] = self.0;
        matches!(
            (a, b, c, d, e),
            (0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02) | (0x00, 0x00, 0x0c, 0x07, 0xac) | (0x00, 0x07, 0xb4, _, _)
        ) || matches!((a, b, c, d, e >> 4), (0x00, 0x00, 0x0c, 0x9f, 0xf) | (0x00, 0x05, 0x73, 0xa0, 0x0))
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// A text that is no MAC address.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is no MAC address (write it as 52:54:00:12:34:56)")]
pub struct ParseMacError {
    text: String,
}

impl FromStr for MacAddr {
    type Err = ParseMacError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseMacError { text: text.to_owned() };
        let separator = text.bytes().enumerate().find(|(_, octet)| !octet.is_ascii_hexdigit());
        let group = match separator {
            None => 12,
            Some((group @ (4 | 6), b'-')) => group,
            Some((_, b':' | b'-')) => 2,
            Some((_, b'.')) => 4,
            Some(_) => return Err(error()),
        };
        let (number, digits) = parse_groups(text.as_bytes(), group).ok_or_else(error)?;
        if digits == 12 { Ok(Self::from_u64(number)) } else { Err(error()) }
    }
}

/// Reads hexadecimal digits with one and the same separator after every `group` of them.
///
/// Returns the number and how many digits it had; at most twelve.
fn parse_groups(text: &[u8], group: usize) -> Option<(u64, usize)> {
    let (mut number, mut digits, mut in_group, mut separator) = (0u64, 0, 0, None);
    for &octet in text {
        if let Some(digit) = char::from(octet).to_digit(16) {
            if in_group == group || digits == 12 {
                return None;
            }
            number = number << 4 | u64::from(digit);
            digits += 1;
            in_group += 1;
        } else {
            let same = *separator.get_or_insert(octet) == octet;
            if in_group != group || !same || !matches!(octet, b':' | b'-' | b'.') {
                return None;
            }
            in_group = 0;
        }
    }
    (in_group == group || digits == 0).then_some((number, digits))
}

/// The first octets of a MAC address, as a value and a mask: who made or administers it.
///
/// Written as `52:54:00`, as `02:42` (any number of whole octets), or with a length in bits, `52:54:00/20`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacPrefix {
    value: u64,
    bits: u8,
}

impl MacPrefix {
    /// Makes a prefix from the first `bits` bits of an address.
    ///
    /// # Bounds
    /// More than 48 bits are read as 48.
    pub const fn new(addr: MacAddr, bits: u8) -> Self {
        let bits = if bits > 48 { 48 } else { bits };
        Self { value: addr.to_u64() & Self::mask(bits), bits }
    }

    /// Tells whether an address starts with this prefix.
    pub const fn contains(self, addr: MacAddr) -> bool {
        addr.to_u64() & Self::mask(self.bits) == self.value
    }

    /// Returns how many bits count, 1 to 48 for a prefix that was read.
    pub const fn bits(self) -> u8 {
        self.bits
    }

    const fn mask(bits: u8) -> u64 {
        0xffff_ffff_ffff & !(0xffff_ffff_ffff >> bits)
    }
}

impl fmt::Display for MacPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = MacAddr::from_u64(self.value).to_string();
        if self.bits.is_multiple_of(8) && self.bits > 0 {
            f.write_str(text.get(..usize::from(self.bits) / 8 * 3 - 1).unwrap_or(&text))
        } else {
            write!(f, "{text}/{}", self.bits)
        }
    }
}

impl FromStr for MacPrefix {
    type Err = ParseMacError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseMacError { text: text.to_owned() };
        let (octets, bits) = match text.split_once('/') {
            Some((octets, bits)) => (octets, Some(bits.parse::<u8>().map_err(|_| error())?)),
            None => (text, None),
        };
        let (number, digits) = parse_groups(octets.as_bytes(), 2).ok_or_else(error)?;
        let stated = u8::try_from(digits * 4).map_err(|_| error())?;
        let bits = bits.unwrap_or(stated);
        if digits == 0 || bits == 0 || bits > 48 {
            return Err(error());
        }
        Ok(Self::new(MacAddr::from_u64(number << (48 - stated)), bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_common_spelling() {
        let expected = MacAddr::new([0x00, 0x11, 0x22, 0xaa, 0xbb, 0xcc]);
        for text in [
            "00:11:22:aa:bb:cc",
            "00-11-22-AA-BB-CC",
            "0011.22aa.bbcc",
            "001122AABBCC",
            "00:11:22:Aa:bB:cc",
            "0011-22aa-bbcc",
            "001122-AABBCC",
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for text in [
            "",
            "00:11:22:aa:bb",
            "00:11:22:aa:bb:cc:dd",
            "00:11-22:aa:bb:cc",
            "0:11:22:aa:bb:cc",
            "00112.2aabbcc",
            "zz:11:22:aa:bb:cc",
            ":00:11:22:aa:bb:cc",
            "00:11:22:aa:bb:cc:",
            "0011-22aa-bb-cc",
            "192.168.100.200",
        ] {
            assert!(text.parse::<MacAddr>().is_err(), "{text}");
        }
    }

    #[test]
    fn prefixes_match_by_octets_and_bits() {
        let qemu: MacPrefix = "52:54:00".parse().unwrap();
        assert!(qemu.contains("52:54:00:01:02:03".parse().unwrap()));
        assert!(!qemu.contains("52:55:00:01:02:03".parse().unwrap()));
        let docker: MacPrefix = "02:42".parse().unwrap();
        assert!(docker.contains("02:42:ac:11:00:02".parse().unwrap()));
        let masked: MacPrefix = "52:54:0f/20".parse().unwrap();
        assert!(masked.contains("52:54:00:01:02:03".parse().unwrap()));
        assert_eq!(qemu.to_string(), "52:54:00");
        assert_eq!(masked.to_string(), "52:54:00:00:00:00/20");
    }

    #[test]
    fn knows_virtual_routers() {
        for text in [
            "00:00:5e:00:01:07",
            "00:00:5e:00:02:07",
            "00:00:0c:07:ac:01",
            "00:00:0c:9f:f1:23",
            "00:07:b4:00:01:02",
        ] {
            assert!(text.parse::<MacAddr>().unwrap().is_virtual_router(), "{text}");
        }
        assert!(!"00:00:5e:00:53:01".parse::<MacAddr>().unwrap().is_virtual_router());
    }

    #[test]
    fn tells_groups_from_stations() {
        assert!(MacAddr::BROADCAST.is_group() && MacAddr::BROADCAST.is_broadcast());
        assert!(!MacAddr::ZERO.is_station());
        assert!(MacAddr::new([2, 0, 0, 0, 0, 1]).is_local());
    }
}
