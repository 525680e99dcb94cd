//! Cisco's Discovery Protocol, which has no standard: what switches are seen to send.
//!
//! It travels in SNAP frames of the organisation 00-00-0c with the protocol identifier 0x2000.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cursor::{Window, load_u8, load_u16};
use super::{Layer, Outcome, Reason};

const DEVICE_ID: u16 = 1;
const ADDRESSES: u16 = 2;
const PORT_ID: u16 = 3;
const NATIVE_VLAN: u16 = 10;
const SYSTEM_NAME: u16 = 20;
const MANAGEMENT_ADDRESSES: u16 = 22;

/// A CDP message, from its version on.
///
/// # Layout
/// Version at 0, time to live in seconds at 1, checksum at 2, then TLVs: type at 0, length with these four octets
/// at 2, value.
#[derive(Clone, Copy, Debug)]
pub struct CdpMessage<'a> {
    bytes: &'a [u8],
}

impl<'a> CdpMessage<'a> {
    /// Returns for how many seconds the message is to be believed; 0 when its sender says good-bye.
    pub fn lifetime_secs(self) -> Option<u8> {
        load_u8(self.bytes, 1)
    }

    /// Returns the sender's name for itself.
    pub fn device(self) -> Option<&'a [u8]> {
        self.value(DEVICE_ID)
    }

    /// Returns the sender's name for the port that the message left by.
    pub fn port(self) -> Option<&'a [u8]> {
        self.value(PORT_ID)
    }

    /// Returns the sender's name as a system.
    pub fn system_name(self) -> Option<&'a [u8]> {
        self.value(SYSTEM_NAME)
    }

    /// Returns the VLAN of untagged frames on the port.
    pub fn native_vlan(self) -> Option<u16> {
        load_u16(self.value(NATIVE_VLAN).filter(|value| value.len() == 2)?, 0)
    }

    /// Returns the first address at which the sender is managed, else its first address.
    pub fn management_addr(self) -> Option<IpAddr> {
        let first = |kind| self.value(kind).and_then(first_addr);
        first(MANAGEMENT_ADDRESSES).or_else(|| first(ADDRESSES))
    }

    /// Returns type and value of each TLV, as far as they were captured and make sense.
    pub fn values(self) -> CdpValues<'a> {
        CdpValues { rest: self.bytes.get(4..).unwrap_or_default() }
    }

    fn value(self, kind: u16) -> Option<&'a [u8]> {
        self.values().find(|(other, _)| *other == kind).map(|(_, value)| value)
    }
}

/// Reads the first address of a list.
///
/// # Layout
/// Number of addresses at 0 (4 octets), then for each: protocol type at 0, length p of the protocol at 1,
/// protocol, length of the address at 2 + p (2 octets), address. The protocol is 0xcc for IPv4; for IPv6 a SNAP
/// header with the ethertype 0x86dd.
fn first_addr(value: &[u8]) -> Option<IpAddr> {
    match *value.get(4..)? {
        [1, 1, 0xcc, 0, 4, a, b, c, d, ..] => Some(Ipv4Addr::new(a, b, c, d).into()),
        [2, 8, 0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd, 0, 16, ref rest @ ..] => {
            rest.first_chunk::<16>().map(|octets| Ipv6Addr::from(*octets).into())
        }
        _ => None,
    }
}

/// Iterates over the TLVs of a CDP message.
#[derive(Clone, Debug)]
pub struct CdpValues<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for CdpValues<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let (kind, length) = (load_u16(self.rest, 0)?, usize::from(load_u16(self.rest, 2)?));
        let (tlv, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        let value = tlv.get(4..)?;
        Some((kind, value))
    }
}

/// Reads what follows the SNAP header of CDP.
#[cold]
#[inline(never)]
pub(super) fn read(window: Window<'_>) -> (CdpMessage<'_>, Outcome) {
    let message = CdpMessage { bytes: window.bytes() };
    (message, check(window))
}

/// Checks that the TLVs fill the message.
fn check(mut window: Window<'_>) -> Outcome {
    if let Err(outcome) = window.take::<4>(Layer::Cdp) {
        return outcome;
    }
    while window.first().is_some() {
        let start = window;
        let length = match window.take::<4>(Layer::Cdp) {
            Ok([_, _, high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
            Err(outcome) => return outcome,
        };
        let Some(length) = length.checked_sub(4) else {
            return start.malformed(Layer::Cdp, Reason::BadOption, length);
        };
        if let Err((_, outcome)) = window.split(length, Layer::Cdp) {
            return outcome;
        }
    }
    if window.is_cut() { window.short(Layer::Cdp, 1) } else { Outcome::Complete }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::message_samples::{cdp, cdp_frame};
    use crate::decode::{Control, DecodeSettings, FrameClass, decode};
    use crate::types::LinkType;

    fn read_whole(frame: &[u8]) -> (CdpMessage<'_>, Outcome) {
        let decoded = decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, frame);
        assert_eq!(decoded.class, FrameClass::Snap);
        match decoded.control {
            Control::Cdp(message) => (message, decoded.outcome),
            other => panic!("no CDP but {other:?}"),
        }
    }

    #[test]
    fn every_field_is_read() {
        let frame = cdp();
        let (message, outcome) = read_whole(&frame);
        assert_eq!(outcome, Outcome::Complete);
        assert_eq!(message.device(), Some(&b"leaf-8"[..]));
        assert_eq!(message.port(), Some(&b"GigabitEthernet1/0/8"[..]));
        assert_eq!(message.lifetime_secs(), Some(180));
        assert_eq!(message.native_vlan(), Some(30));
        assert_eq!(message.system_name(), Some(&b"leaf-8.example.net"[..]));
        assert_eq!(message.management_addr(), Some(Ipv4Addr::new(192, 0, 2, 8).into()));
    }

    #[test]
    fn the_address_of_management_goes_before_others() {
        let v6 = [0, 0, 0, 1, 2, 8, 0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd, 0, 16];
        let v6 = [&v6[..], &[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]].concat();
        let v4 = [0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 192, 0, 2, 8];
        let frame = cdp_frame(&[(2, &v4), (22, &v6)]);
        assert_eq!(read_whole(&frame).0.management_addr(), Some("fe80::9".parse().unwrap()));
    }

    #[test]
    fn a_length_below_its_own_header_ends_the_reading() {
        let mut frame = cdp();
        // The length of the first TLV, behind Ethernet, SNAP and the fixed fields.
        frame[14 + 8 + 4 + 3] = 3;
        let (message, outcome) = read_whole(&frame);
        assert_eq!(outcome.reason(), Some(Reason::BadOption));
        assert_eq!(message.device(), None);
    }
}
