//! Link types other than Ethernet: Linux cooked captures and raw IP.
//!
//! Read the descriptions of LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2 and LINKTYPE_RAW in the registry of link-layer
//! header types before editing.

use super::cursor::Window;
use super::{DecodeSettings, Decoded, FrameClass, Layer, Link, Outcome, Reason, ethernet, ipv4, ipv6};
use crate::types::MacAddr;

/// The hardware type of Ethernet, as ARP numbers it (RFC 826).
const ETHERNET: u16 = 1;
/// Hardware types of Linux whose protocol field is no ethertype: a network link socket, GRE, 802.11 with radio
/// headers.
const NO_ETHERTYPE: [u16; 5] = [824, 778, 801, 802, 803];

/// Reads a Linux cooked capture, version 1.
///
/// # Layout
/// Packet type at 0, hardware type at 2, length of the sender's address at 4, address in the 8 octets at 6,
/// protocol at 14; 16 octets.
pub(super) fn sll<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, mut window: Window<'a>) {
    match window.take::<16>(Layer::Cooked) {
        Ok(&[_, _, h0, h1, l0, l1, a0, a1, a2, a3, a4, a5, _, _, p0, p1]) => {
            let sender = Sender {
                hardware: u16::from_be_bytes([h0, h1]),
                length: u16::from_be_bytes([l0, l1]),
                address: MacAddr::new([a0, a1, a2, a3, a4, a5]),
            };
            sender.payload(settings, decoded, u16::from_be_bytes([p0, p1]), window);
        }
        Err(outcome) => decoded.outcome = outcome,
    }
}

/// Reads a Linux cooked capture, version 2.
///
/// # Layout
/// Protocol at 0, reserved at 2, interface at 4, hardware type at 8, packet type at 10, length of the sender's
/// address at 11, address in the 8 octets at 12; 20 octets.
pub(super) fn sll2<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, mut window: Window<'a>) {
    match window.take::<20>(Layer::Cooked) {
        Ok(&[p0, p1, _, _, _, _, _, _, h0, h1, _, length, a0, a1, a2, a3, a4, a5, _, _]) => {
            let sender = Sender {
                hardware: u16::from_be_bytes([h0, h1]),
                length: u16::from(length),
                address: MacAddr::new([a0, a1, a2, a3, a4, a5]),
            };
            sender.payload(settings, decoded, u16::from_be_bytes([p0, p1]), window);
        }
        Err(outcome) => decoded.outcome = outcome,
    }
}

/// The sender of a cooked frame.
struct Sender {
    hardware: u16,
    length: u16,
    address: MacAddr,
}

impl Sender {
    fn payload<'a>(
        self,
        settings: &DecodeSettings,
        decoded: &mut Decoded<'a>,
        protocol: u16,
        window: Window<'a>,
    ) {
        let src = (self.length == 6).then_some(self.address);
        decoded.link = Link::Cooked { src, is_ethernet: self.hardware == ETHERNET };
        if NO_ETHERTYPE.contains(&self.hardware) {
            decoded.outcome = Outcome::Unsupported(Reason::LinkType);
            return;
        }
        match protocol {
            // Numbers of Linux: 802.3 without LLC, and LLC without a length before it.
            0x0001 => decoded.class = FrameClass::Llc,
            0x0004 => ethernet::llc(settings, decoded, window),
            _ => ethernet::payload(settings, decoded, protocol, window),
        }
    }
}

/// Reads a packet whose version tells the family.
pub(super) fn raw<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, window: Window<'a>) {
    match window.first().map(|first| first >> 4) {
        Some(4) => ipv4::read(settings, decoded, window),
        Some(6) => ipv6::read(settings, decoded, window),
        Some(_) => decoded.outcome = window.malformed(Layer::Ipv4, Reason::WrongVersion, 0),
        None => decoded.outcome = window.short(Layer::Ipv4, 20),
    }
}
