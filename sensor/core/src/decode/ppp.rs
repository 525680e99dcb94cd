//! The point-to-point protocol, over Ethernet or in enhanced GRE, as far as it carries packets.
//!
//! Read RFC 1661 section 2 and RFC 2516 section 4 before editing.

use super::cursor::Window;
use super::upper::Upper;
use super::{Inner, Layer, Outcome, Payload, Reason};
use crate::types::{Tunnel, TunnelKind};

const ALL_STATIONS: [u8; 2] = [0xff, 0x03];
const IPV4: u16 = 0x0021;
const IPV6: u16 = 0x0057;

/// Reads a session over Ethernet.
///
/// # Layout
/// Version and type (0x11) at 0, code (0 in a session) at 1, session at 2, length of what follows at 4.
pub(super) fn over_ethernet<'a>(mut window: Window<'a>) -> Upper<'a> {
    let [version, code, s0, s1, l0, l1] = match window.take::<6>(Layer::Pppoe) {
        Ok(header) => *header,
        Err(outcome) => return Upper::stopped(outcome),
    };
    if version != 0x11 || code != 0 {
        return Upper::stopped(Outcome::Unsupported(Reason::TunnelForm));
    }
    let length = window.limit(usize::from(u16::from_be_bytes([l0, l1])), Layer::Pppoe);
    let session = u32::from(u16::from_be_bytes([s0, s1]));
    let upper = read(Tunnel::new(TunnelKind::Pppoe, Some(session), None), window);
    Upper { outcome: length.or(upper.outcome), ..upper }
}

/// Reads the protocol field and finds the packet behind it; other protocols set the session up.
///
/// # Layout
/// Address and control (0xff03) where they are not left out, then the protocol in two octets, or in one where
/// that is odd.
pub(super) fn read<'a>(tunnel: Tunnel, mut window: Window<'a>) -> Upper<'a> {
    if window.bytes().starts_with(&ALL_STATIONS) && window.take::<2>(Layer::Ppp).is_err() {
        return Upper::PLAIN;
    }
    let protocol = match window.first() {
        Some(first) if first & 1 != 0 => window.take::<1>(Layer::Ppp).map(|[low]| u16::from(*low)),
        _ => window.take::<2>(Layer::Ppp).map(|octets| u16::from_be_bytes(*octets)),
    };
    match protocol {
        Ok(IPV4) => Upper::inside(Inner::new(tunnel, Payload::Ipv4, window)),
        Ok(IPV6) => Upper::inside(Inner::new(tunnel, Payload::Ipv6, window)),
        Ok(_) => Upper::PLAIN,
        Err(outcome) => Upper::stopped(outcome),
    }
}
