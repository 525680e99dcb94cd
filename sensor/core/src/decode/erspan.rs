//! Encapsulated remote mirrors: what a switch copies into a GRE tunnel.
//!
//! Read draft-foschiano-erspan-03 sections 4.1 to 4.3 before editing.

use super::cursor::{Window, load_u32};
use super::upper::Upper;
use super::{Inner, IpHeader, Layer, Outcome, Payload, Reason};
use crate::types::{Direction, Tunnel, TunnelKind};

/// What a mirror's header says of the frame that it copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// The VLAN in which the switch had the frame, 0 to 4095; 0 where it names none.
    pub vid: u16,
    /// The mirrored port as the switch numbers it: 20 bits of type II, up to 32 of type III.
    pub index: Option<u32>,
    /// Which way the frame went, seen from the switch; type II has no word for it.
    pub direction: Option<Direction>,
    /// Whether the mirror cut the frame.
    pub truncated: bool,
}

/// Finds the frame of type I, which has no header of its own.
pub(super) fn read_bare<'a>(ip: IpHeader<'a>, window: Window<'a>) -> Upper<'a> {
    let tunnel = Tunnel::new(TunnelKind::Erspan1, None, ip.src());
    Upper::inside(Inner::new(tunnel, Payload::Ethernet, window))
}

/// Reads a header of type II or III, which its version tells apart.
///
/// # Layout
/// Version in the high 4 bits at 0 (1 is type II, 2 is type III) and VLAN in the 12 bits behind; at 2 class of
/// service (3 bits), encapsulation (2), truncated (1), session (10). Type II: index in the low 20 bits at 4; 8
/// octets. Type III: time stamp at 4, security group at 8, and at 10 flag P (1 bit), frame type (5), hardware
/// (6), direction (1), granularity (2), a flag for 8 octets more; 12 octets.
pub(super) fn read_numbered<'a>(ip: IpHeader<'a>, mut window: Window<'a>) -> Upper<'a> {
    let fixed = match window.take::<8>(Layer::Erspan) {
        Ok(header) => header,
        Err(outcome) => return Upper::stopped(outcome),
    };
    let [v0, v1, s0, s1, ..] = *fixed;
    let vid = u16::from_be_bytes([v0, v1]) & 0x0fff;
    let truncated = s0 & 0x04 != 0;
    let session = u32::from(u16::from_be_bytes([s0, s1]) & 0x03ff);
    let (kind, payload, mirrored) = match v0 >> 4 {
        1 => {
            let index = load_u32(fixed, 4).map(|word| word & 0x000f_ffff);
            let mirrored = Mirrored { vid, index, direction: None, truncated };
            (TunnelKind::Erspan2, Payload::Ethernet, mirrored)
        }
        2 => match third(&mut window) {
            Ok((payload, direction, index)) => {
                let mirrored = Mirrored { vid, index, direction: Some(direction), truncated };
                (TunnelKind::Erspan3, payload, mirrored)
            }
            Err(outcome) => return Upper::stopped(outcome),
        },
        _ => return Upper::stopped(Outcome::Unsupported(Reason::TunnelForm)),
    };
    if truncated {
        window.end_with_capture();
    }
    let tunnel = Tunnel::new(kind, Some(session), ip.src());
    Upper::inside(Inner::new(tunnel, payload, window).mirrored(mirrored))
}

/// Takes what type III has behind the octets that both types share; returns what the frame starts with, which
/// way it went, and the port's number where the platform tells it.
fn third(window: &mut Window<'_>) -> Result<(Payload, Direction, Option<u32>), Outcome> {
    let [_, _, t0, t1] = *window.take::<4>(Layer::Erspan)?;
    let bits = u16::from_be_bytes([t0, t1]);
    let index = if bits & 1 != 0 { platform(*window.take::<8>(Layer::Erspan)?) } else { None };
    let direction = if bits & 0x08 == 0 { Direction::Ingress } else { Direction::Egress };
    let payload = match (bits >> 10) & 0x1f {
        0 => Payload::Ethernet,
        2 => match window.first().map(|first| first >> 4) {
            Some(6) => Payload::Ipv6,
            _ => Payload::Ipv4,
        },
        _ => return Err(Outcome::Unsupported(Reason::TunnelForm)),
    };
    Ok((payload, direction, index))
}

/// Returns the port's number of a platform's own 8 octets.
///
/// # Layout
/// Platform in the high 6 bits. Of 1 and 3 the number is the second word, of 5 and 6 the low half of the first.
fn platform(octets: [u8; 8]) -> Option<u32> {
    let [p, _, i0, i1, w0, w1, w2, w3] = octets;
    match p >> 2 {
        1 | 3 => Some(u32::from_be_bytes([w0, w1, w2, w3])),
        5 | 6 => Some(u32::from(u16::from_be_bytes([i0, i1]))),
        _ => None,
    }
}
