//! Generic routing encapsulation, and the PPP of its enhanced form.
//!
//! Read RFC 2784, RFC 2890 (key and sequence number), RFC 1701 (routing), RFC 7637 (NVGRE) and RFC 2637 section
//! 4.1 (enhanced) before editing.

use super::cursor::{Window, load_u32};
use super::upper::Upper;
use super::{
    Control, DecodeSettings, GreKey, Inner, IpHeader, Layer, Outcome, Payload, Reason, cdp, erspan, ppp,
};
use crate::types::{Tunnel, TunnelKind};

/// The ethertype of Ethernet itself: transparent bridging (RFC 1701 section 9).
pub(super) const BRIDGED: u16 = 0x6558;
/// Protocol types beside the ethertypes that [`Payload::of_ethertype`] knows.
const ERSPAN: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;
const PPP: u16 = 0x880b;
/// Cisco's Discovery Protocol, by its SNAP protocol identifier.
const CDP: u16 = 0x2000;
const WCCP: u16 = 0x883e;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGEMENT: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Reads the header and finds what is behind it.
///
/// NVGRE looks like a bridged frame with a key: nothing in the packet tells a flow of NVGRE from the low octet of
/// somebody else's key, so that it is a setting.
///
/// # Layout
/// Flags and version at 0, protocol type at 2; then, where their flags are set: checksum and offset (4 octets,
/// with either the checksum's or the routing's flag), key (4), sequence number (4), source routes.
pub(super) fn read<'a>(settings: &DecodeSettings, ip: IpHeader<'a>, mut window: Window<'a>) -> Upper<'a> {
    let [f0, f1, p0, p1] = match window.take::<4>(Layer::Gre) {
        Ok(header) => *header,
        Err(outcome) => return Upper::stopped(outcome),
    };
    let (flags, protocol) = (u16::from_be_bytes([f0, f1]), u16::from_be_bytes([p0, p1]));
    let key = match (flags & VERSION, protocol) {
        (0, _) => optional(flags, &mut window),
        (1, PPP) => enhanced(flags, &mut window),
        _ => Err(Outcome::Unsupported(Reason::TunnelForm)),
    };
    match key {
        Ok(Some(key)) if protocol == BRIDGED && settings.gre_key == GreKey::Nvgre => {
            behind(ip, protocol, Some(key >> 8), flags & SEQUENCE != 0, window)
        }
        Ok(key) => behind(ip, protocol, key, flags & SEQUENCE != 0, window),
        Err(outcome) => Upper::stopped(outcome),
    }
}

/// Takes the optional fields; returns the key.
fn optional(flags: u16, window: &mut Window<'_>) -> Result<Option<u32>, Outcome> {
    if flags & (CHECKSUM | ROUTING) != 0 {
        window.take::<4>(Layer::Gre)?;
    }
    let key = if flags & KEY != 0 { load_u32(window.take::<4>(Layer::Gre)?, 0) } else { None };
    if flags & SEQUENCE != 0 {
        window.take::<4>(Layer::Gre)?;
    }
    if flags & ROUTING != 0 {
        routes(window)?;
    }
    Ok(key)
}

/// Steps over source route entries, up to the empty one.
///
/// # Layout
/// Address family at 0, offset at 2, length of what follows at 3.
///
/// # Reference
/// RFC 1701 section 3.
fn routes(window: &mut Window<'_>) -> Result<(), Outcome> {
    loop {
        let [_, _, _, length] = *window.take::<4>(Layer::Gre)?;
        if length == 0 {
            return Ok(());
        }
        window.split(usize::from(length), Layer::Gre).map_err(|(_, outcome)| outcome)?;
    }
}

/// Takes the fields of the enhanced form, whose key is a length and a call and names no tunnel.
fn enhanced(flags: u16, window: &mut Window<'_>) -> Result<Option<u32>, Outcome> {
    let [l0, l1, _, _] = *window.take::<4>(Layer::Gre)?;
    for flag in [SEQUENCE, ACKNOWLEDGEMENT] {
        if flags & flag != 0 {
            window.take::<4>(Layer::Gre)?;
        }
    }
    match window.limit(usize::from(u16::from_be_bytes([l0, l1])), Layer::Gre) {
        Outcome::Complete => Ok(None),
        outcome => Err(outcome),
    }
}

/// Finds what the protocol type says.
fn behind<'a>(
    ip: IpHeader<'a>,
    protocol: u16,
    key: Option<u32>,
    is_numbered: bool,
    mut window: Window<'a>,
) -> Upper<'a> {
    let tunnel = Tunnel::new(TunnelKind::Gre, key, ip.src());
    if let Some(payload) = Payload::of_ethertype(protocol) {
        return Upper::inside(Inner::new(tunnel, payload, window));
    }
    match protocol {
        ERSPAN if is_numbered => erspan::read_numbered(ip, window),
        ERSPAN => erspan::read_bare(ip, window),
        ERSPAN_3 => erspan::read_numbered(ip, window),
        PPP => ppp::read(tunnel, window),
        // The second version puts a redirect header of 4 octets before the packet, the first one none
        // (draft-wilson-wrec-wccp-v2-01 section 4.12.1); an IPv4 header cannot begin with a flag octet of theirs. Of a packet
        // that is cut before its first octet nobody can know.
        WCCP => {
            if window.first().is_none_or(|first| first >> 4 != 4)
                && let Err(outcome) = window.take::<4>(Layer::Gre)
            {
                return Upper::stopped(outcome);
            }
            Upper::inside(Inner::new(tunnel, Payload::Ipv4, window))
        }
        // A router makes itself known at the other end of its tunnel.
        CDP => {
            let (message, outcome) = cdp::read(window);
            (Control::Cdp(message), outcome).into()
        }
        // A keepalive asks to be sent back and carries nothing (protocol type 0).
        0 => Upper::PLAIN,
        _ => Upper::stopped(Outcome::Unsupported(Reason::TunnelForm)),
    }
}
