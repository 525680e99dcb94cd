//! IPv4. Read RFC 791 before editing.

use super::cursor::{Window, load, load_ipv4};
use super::{Decoded, FrameClass, IpSource, Layer, Outcome, Reason};

/// Version 4 and a header of five times 4 octets.
const VERSION_4_WITHOUT_OPTIONS: u8 = 0x45;

/// Returns the source address of a packet about whose header nothing is odd, options included.
///
/// Nothing above IPv4 is read yet, so this is all that a data frame costs: no copy, no options.
///
/// # Layout
/// Version and header length (in 4 octets) at 0, total length at 2, source at 12.
///
/// # Reference
/// RFC 791 section 3.1.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a part of the one path that every data frame takes")]
pub(super) fn plain(bytes: &[u8]) -> Option<u32> {
    let header = bytes.first_chunk::<20>()?;
    let [first, _, high, low, ..] = *header;
    let total = usize::from(u16::from_be_bytes([high, low]));
    let is_plain = first == VERSION_4_WITHOUT_OPTIONS && total >= 20 && total <= bytes.len();
    if is_plain { load::<4>(header, 12).map(|octets| u32::from_be_bytes(*octets)) } else { None }
}

/// Reads what follows the ethertype of IPv4 and tells what is odd about it.
///
/// A length beyond a cut capture is not odd.
pub(super) fn read(decoded: &mut Decoded<'_>, mut window: Window<'_>) {
    decoded.class = FrameClass::Ipv4;
    let bytes = window.bytes();
    let Some(header) = bytes.first_chunk::<20>() else {
        decoded.outcome = window.short(Layer::Ipv4, 20);
        return;
    };
    let [first, _, high, low, ..] = *header;
    if first >> 4 != 4 {
        decoded.outcome = window.malformed(Layer::Ipv4, Reason::WrongVersion, 0);
        return;
    }
    decoded.ip = load_ipv4(header, 12).map_or(IpSource::None, IpSource::V4);
    let total = usize::from(u16::from_be_bytes([high, low]));
    let header_len = usize::from(first & 0x0f) * 4;
    decoded.outcome = if header_len < 20 {
        window.malformed(Layer::Ipv4, Reason::LengthBelowHeader, header_len)
    } else if total == 0 {
        // A frame before segmentation offload: the network card fills the length in.
        Outcome::Complete
    } else if total < header_len {
        window.malformed(Layer::Ipv4, Reason::LengthBelowHeader, total)
    } else if bytes.len() < header_len {
        window.short(Layer::Ipv4, header_len)
    } else {
        window.limit(total, Layer::Ipv4)
    };
}
