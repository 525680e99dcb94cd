//! IPv4. Read RFC 791 before editing.

use super::cursor::{Window, load};
use super::{DecodeSettings, Decoded, FrameClass, IpHeader, Layer, Outcome, Ports, Reason, upper};

/// Version 4 and a header of five times 4 octets.
const VERSION_4_WITHOUT_OPTIONS: u8 = 0x45;
/// The bits of the fragment field that tell where in the packet the fragment begins, in 8 octets.
const FRAGMENT_OFFSET: u16 = 0x1fff;
const MORE_FRAGMENTS: u16 = 0x2000;

/// Returns the source address of a packet about whose header nothing is odd, and behind which nothing is read.
///
/// This is all that a data frame costs: no copy, no options, and what must be equal is compared by words.
/// `behind` begins with the ethertype; `room` is how many octets there may be from the header on.
///
/// # Layout
/// Ethertype at 0; version and header length (in 4 octets) at 2, total length at 4, fragment at 8, protocol at 11, source at
/// 14; behind the header the ports, where there are some.
///
/// # Reference
/// RFC 791 section 3.1.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of the one path that every data frame takes")]
pub(super) fn plain(ports: &Ports, behind: &[u8; 30], room: usize) -> Option<u32> {
    let word = |at| load::<8>(behind, at).map_or(0, |octets| u64::from_be_bytes(*octets));
    let (first, second) = (word(0), word(8));
    if first >> 40 != u64::from(super::ethernet::ETHERTYPE_IPV4) << 8 | u64::from(VERSION_4_WITHOUT_OPTIONS) {
        return None;
    }
    let total = (first >> 16 & 0xffff) as usize;
    let is_whole = (total >= 28) & (total <= room);
    if !is_whole || second >> 48 & u64::from(FRAGMENT_OFFSET) != 0 {
        return None;
    }
    let [_, _, _, protocol, ..] = second.to_be_bytes();
    let is_data = match protocol {
        upper::TCP => true,
        upper::UDP => !is_port_read(ports, load::<4>(behind, 22)?),
        _ => !upper::is_read(protocol),
    };
    if is_data { load::<4>(behind, 14).map(|octets| u32::from_be_bytes(*octets)) } else { None }
}

/// Tells whether a datagram is to or from a port that is read, by the four octets of its ports.
#[inline]
fn is_port_read(ports: &Ports, octets: &[u8; 4]) -> bool {
    let [s0, s1, d0, d1] = *octets;
    ports.is_read(u16::from_be_bytes([d0, d1])) | ports.is_read(u16::from_be_bytes([s0, s1]))
}

/// Tells whether a packet may carry an Ethernet frame; see [`super::may_carry_frame`].
#[inline]
pub(super) fn may_carry_frame(ports: &Ports, bytes: &[u8]) -> bool {
    let Some(header) = bytes.first_chunk::<28>() else { return false };
    let [first, _, _, _, _, _, _, _, _, protocol, ..] = *header;
    let may_be_port = first != VERSION_4_WITHOUT_OPTIONS
        || load::<4>(header, 20).is_some_and(|octets| is_port_read(ports, octets));
    upper::is_read(protocol) | ((protocol == upper::UDP) & may_be_port)
}

/// Reads what follows the ethertype of IPv4 and tells what is odd about it.
///
/// A length beyond a cut capture is not odd. A first fragment is read as far as it goes.
pub(super) fn read<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, mut window: Window<'a>) {
    decoded.class = FrameClass::Ipv4;
    let bytes = window.bytes();
    let Some(header) = bytes.first_chunk::<20>() else {
        decoded.outcome = window.short(Layer::Ipv4, 20);
        return;
    };
    let [first, _, high, low, _, _, f0, f1, _, protocol, ..] = *header;
    if first >> 4 != 4 {
        decoded.outcome = window.malformed(Layer::Ipv4, Reason::WrongVersion, 0);
        return;
    }
    decoded.ip = IpHeader::V4(header);
    let total = usize::from(u16::from_be_bytes([high, low]));
    let header_len = usize::from(first & 0x0f) * 4;
    if header_len < 20 {
        decoded.outcome = window.malformed(Layer::Ipv4, Reason::LengthBelowHeader, header_len);
        return;
    }
    decoded.outcome = if total == 0 {
        // A frame before segmentation offload: the network card fills the length in.
        Outcome::Complete
    } else if total < header_len {
        window.malformed(Layer::Ipv4, Reason::LengthBelowHeader, total)
    } else if bytes.len() < header_len {
        window.short(Layer::Ipv4, header_len)
    } else {
        window.limit(total, Layer::Ipv4)
    };
    if (1..header_len).contains(&total) || bytes.len() < header_len {
        return;
    }
    let fragment = u16::from_be_bytes([f0, f1]);
    if fragment & FRAGMENT_OFFSET != 0 {
        decoded.outcome = decoded.outcome.or(Outcome::Unsupported(Reason::LaterFragment));
        return;
    }
    let mut window = window.behind(header_len);
    if fragment & MORE_FRAGMENTS != 0 {
        window.end_with_fragment();
    }
    decoded.take(upper::read(settings, decoded.ip, protocol, window));
}
