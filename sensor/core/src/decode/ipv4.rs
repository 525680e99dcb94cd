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
/// This is all that a data frame costs: no copy, no options.
///
/// # Layout
/// Version and header length (in 4 octets) at 0, total length at 2, fragment at 6, protocol at 9, source at 12;
/// behind the header the ports, where there are some.
///
/// # Reference
/// RFC 791 section 3.1.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of the one path that every data frame takes")]
pub(super) fn plain(ports: &Ports, bytes: &[u8]) -> Option<u32> {
    let header = bytes.first_chunk::<28>()?;
    let [first, _, high, low, _, _, f0, f1, _, protocol, ..] = *header;
    let total = usize::from(u16::from_be_bytes([high, low]));
    let is_whole = (first == VERSION_4_WITHOUT_OPTIONS) & (total >= 28) & (total <= bytes.len());
    let is_later_fragment = u16::from_be_bytes([f0, f1]) & FRAGMENT_OFFSET != 0;
    let is_read = upper::is_read(protocol) | ((protocol == upper::UDP) & is_port_read(ports, header));
    if is_whole & !is_later_fragment & !is_read {
        load::<4>(header, 12).map(|octets| u32::from_be_bytes(*octets))
    } else {
        None
    }
}

/// Tells whether a datagram behind a header without options is to or from a port that is read.
#[inline]
fn is_port_read(ports: &Ports, header: &[u8; 28]) -> bool {
    let [.., s0, s1, d0, d1, _, _, _, _] = *header;
    ports.is_read(u16::from_be_bytes([d0, d1])) | ports.is_read(u16::from_be_bytes([s0, s1]))
}

/// Tells whether a packet may carry an Ethernet frame; see [`super::may_carry_frame`].
#[inline]
pub(super) fn may_carry_frame(ports: &Ports, bytes: &[u8]) -> bool {
    let Some(header) = bytes.first_chunk::<28>() else { return false };
    let [first, _, _, _, _, _, _, _, _, protocol, ..] = *header;
    let may_be_port = (first != VERSION_4_WITHOUT_OPTIONS) | is_port_read(ports, header);
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
