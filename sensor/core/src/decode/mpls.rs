//! Label stacks, and the pseudowires that they carry. Read RFC 3032, RFC 4385 and RFC 4448 before editing.

use core::net::IpAddr;

use super::cursor::{Window, load, load_u16};
use super::upper::Upper;
use super::{Inner, Layer, Outcome, Payload, Reason, ethernet};
use crate::types::{MacAddr, Tunnel, TunnelKind};

/// How many labels are read before giving up.
///
/// No network needs more than about ten; hardware reads fewer.
pub const LABELS_MAX: usize = 16;

/// Reads a label stack and finds the packet or frame behind it; `source` is that of the IP header outside, if
/// there is one.
///
/// The stack does not name what follows: its first 4 bits do (RFC 4928 section 3).
///
/// # Layout
/// Each entry is a label (20 bits), traffic class (3), bottom of stack (1), time to live (8).
pub(super) fn read<'a>(source: Option<IpAddr>, mut window: Window<'a>) -> Upper<'a> {
    for _ in 0..LABELS_MAX {
        let entry = match window.take::<4>(Layer::Mpls) {
            Ok(entry) => u32::from_be_bytes(*entry),
            Err(outcome) => return Upper::stopped(outcome),
        };
        if entry & 0x100 == 0 {
            continue;
        }
        let tunnel = Tunnel::new(TunnelKind::Mpls, Some(entry >> 12), source);
        return match window.first().map(|first| first >> 4) {
            Some(4) => Upper::inside(Inner::new(tunnel, Payload::Ipv4, window)),
            Some(6) => Upper::inside(Inner::new(tunnel, Payload::Ipv6, window)),
            _ => pseudowire(tunnel, window),
        };
    }
    Upper::stopped(Outcome::Unsupported(Reason::TooManyLabels))
}

/// Finds the Ethernet frame of a pseudowire, behind a control word or without one.
///
/// Which kind of pseudowire it is was agreed on elsewhere, and others begin alike. It is taken for Ethernet where the
/// control word, if there is one, has no flag, as RFC 4448 section 4.6 wants it, and where what follows has a
/// source address that a station may have and an ethertype that this decoder knows. Where the capture ends before
/// that can be told behind a control word, nothing is guessed.
fn pseudowire<'a>(tunnel: Tunnel, window: Window<'a>) -> Upper<'a> {
    let mut behind = window;
    let window = match behind.take::<4>(Layer::Mpls) {
        Ok([0, 0, _, _]) if is_frame(behind.bytes()) => behind,
        Ok([0, 0, _, _]) if is_cut(&behind) => {
            return Upper::stopped(behind.short(Layer::Mpls, FRAME_OCTETS));
        }
        _ if is_frame(window.bytes()) => window,
        _ => return Upper::PLAIN,
    };
    Upper::inside(Inner::new(tunnel, Payload::Ethernet, window))
}

/// Both addresses and the ethertype.
const FRAME_OCTETS: usize = 14;

/// Tells whether the capture ended before what [`is_frame`] looks at.
fn is_cut(window: &Window<'_>) -> bool {
    let is_short = window.bytes().len() < FRAME_OCTETS;
    is_short && matches!(window.short(Layer::Mpls, FRAME_OCTETS), Outcome::Truncated(_))
}

/// Tells whether octets look like an Ethernet frame of a station that carries what this decoder knows.
fn is_frame(bytes: &[u8]) -> bool {
    let src = load::<6>(bytes, 6).map(|octets| MacAddr::new(*octets));
    src.is_some_and(MacAddr::is_station) && load_u16(bytes, 12).is_some_and(ethernet::is_known)
}
