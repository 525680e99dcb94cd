//! IPv4. Read RFC 791 before editing.

use core::net::Ipv4Addr;

use super::cursor::Window;
use super::{Control, IpSource, Layer, Outcome, Reason};

/// Reads what follows the ethertype of IPv4; `offset` octets of the frame stand before.
///
/// Nothing above IPv4 is read yet, so this is all that a data frame costs: no copy, no options.
///
/// # Layout
/// Version and header length (in 4 octets) at 0, total length at 2, protocol at 9, source at 12.
///
/// # Reference
/// RFC 791 section 3.1.
#[inline]
pub(super) fn read(bytes: &[u8], offset: usize, orig_len: u32) -> (IpSource, Control<'_>, Outcome) {
    let Some(header) = bytes.first_chunk::<20>() else {
        return short(bytes, offset, orig_len);
    };
    let [first, _, high, low, _, _, _, _, _, _, _, _, a, b, c, d, ..] = *header;
    let total = usize::from(u16::from_be_bytes([high, low]));
    let header_len = usize::from(first & 0x0f) * 4;
    let source = IpSource::V4(Ipv4Addr::new(a, b, c, d));
    if first >> 4 == 4 && header_len >= 20 && header_len <= total && total <= bytes.len() {
        (source, Control::None, Outcome::Complete)
    } else {
        odd(source, bytes, offset, orig_len)
    }
}

/// Tells what is odd about a header; lengths beyond a cut capture are not.
#[cold]
#[inline(never)]
fn odd(source: IpSource, bytes: &[u8], offset: usize, orig_len: u32) -> (IpSource, Control<'_>, Outcome) {
    let mut window = Window::new(bytes, offset, orig_len);
    let [first, _, high, low, ..] = *bytes else {
        return short(bytes, offset, orig_len);
    };
    let total = usize::from(u16::from_be_bytes([high, low]));
    let header_len = usize::from(first & 0x0f) * 4;
    if first >> 4 != 4 {
        let outcome = window.malformed(Layer::Ipv4, Reason::WrongVersion, 0);
        return (IpSource::None, Control::None, outcome);
    }
    let outcome = if header_len < 20 {
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
    (source, Control::None, outcome)
}

#[cold]
#[inline(never)]
fn short(bytes: &[u8], offset: usize, orig_len: u32) -> (IpSource, Control<'_>, Outcome) {
    let outcome = Window::new(bytes, offset, orig_len).short(Layer::Ipv4, 20);
    (IpSource::None, Control::None, outcome)
}
