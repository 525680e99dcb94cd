//! Ethernet II, IEEE 802.3 with LLC and SNAP, VLAN tags.
//!
//! Read IEEE 802.3-2018 section 3, IEEE 802.1Q-2018 section 9 and RFC 1042 before editing.

use super::cursor::Window;
use super::{Control, Decoded, FrameClass, IpSource, Layer, Link, Outcome, Reason, arp, ipv4, ipv6};
use crate::types::{LinkType, MacAddr, VlanStack, VlanTag};

const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_RARP: u16 = 0x8035;
const ETHERTYPE_IPV6: u16 = 0x86dd;
/// Customer tag, service tag, and the service tag from before its standard.
const TPID_CUSTOMER: u16 = 0x8100;
const TPID_SERVICE: u16 = 0x88a8;
const TPID_SERVICE_OLD: u16 = 0x9100;
/// Values up to this are the length of an IEEE 802.3 frame (IEEE 802.3-2018 section 3.2.6).
const LENGTH_MAX: u16 = 1500;

/// What stands behind the Ethernet header, as far as one function tells another.
struct Rest<'a> {
    class: FrameClass,
    ethertype: u16,
    ip: IpSource,
    control: Control<'a>,
    outcome: Outcome,
}

/// Reads a captured frame of `orig_len` octets on the wire, of which `bytes` were captured.
///
/// `bytes` start where the link type says; for Ethernet with the destination address. A frame check
/// sequence at the end does no harm.
///
/// # Bounds
/// Reads forward only and looks at each octet a constant number of times.
#[inline]
pub fn decode(linktype: LinkType, orig_len: u32, bytes: &[u8]) -> Decoded<'_> {
    if linktype != LinkType::ETHERNET {
        return nothing(Outcome::Unsupported(Reason::LinkType));
    }
    let Some((header, payload)) = bytes.split_first_chunk::<14>() else {
        return short(orig_len, bytes);
    };
    let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, high, low] = *header;
    let link = Link::Ethernet {
        dst: MacAddr::new([d0, d1, d2, d3, d4, d5]),
        src: MacAddr::new([s0, s1, s2, s3, s4, s5]),
    };
    let ethertype = u16::from_be_bytes([high, low]);
    let mut vlans = VlanStack::EMPTY;
    let rest = if is_tag(ethertype) {
        tagged(ethertype, payload, orig_len, &mut vlans)
    } else {
        by_ethertype(ethertype, payload, 14, orig_len)
    };
    Decoded {
        link,
        vlans,
        class: rest.class,
        ethertype: rest.ethertype,
        ip: rest.ip,
        control: rest.control,
        outcome: rest.outcome,
    }
}

#[inline]
const fn is_tag(ethertype: u16) -> bool {
    matches!(ethertype, TPID_CUSTOMER | TPID_SERVICE | TPID_SERVICE_OLD)
}

/// Reads VLAN tags into `vlans`, then what is behind them.
///
/// # Layout
/// Each tag is its control information at 0 and the next ethertype at 2.
#[inline]
fn tagged<'a>(first: u16, payload: &'a [u8], orig_len: u32, vlans: &mut VlanStack) -> Rest<'a> {
    let (mut ethertype, mut bytes, mut offset) = (first, payload, 14);
    while is_tag(ethertype) {
        let Some(([t0, t1, e0, e1], rest)) = bytes.split_first_chunk::<4>() else {
            let outcome = Window::new(bytes, offset, orig_len).short(Layer::Vlan, 4);
            return stopped(ethertype, outcome);
        };
        let tag = VlanTag {
            tpid: ethertype,
            tci: u16::from_be_bytes([*t0, *t1]),
        };
        if !vlans.push(tag) {
            return stopped(ethertype, Outcome::Unsupported(Reason::TooManyTags));
        }
        (ethertype, bytes, offset) = (u16::from_be_bytes([*e0, *e1]), rest, offset + 4);
    }
    by_ethertype(ethertype, bytes, offset, orig_len)
}

/// Reads what an ethertype announces; `offset` octets of the frame stand before `bytes`.
#[inline]
fn by_ethertype(ethertype: u16, bytes: &[u8], offset: usize, orig_len: u32) -> Rest<'_> {
    let (class, (ip, control, outcome)) = match ethertype {
        ETHERTYPE_IPV4 => (FrameClass::Ipv4, ipv4::read(bytes, offset, orig_len)),
        ETHERTYPE_IPV6 => (FrameClass::Ipv6, ipv6::read(bytes, offset, orig_len)),
        _ => return rarer(ethertype, bytes, offset, orig_len),
    };
    Rest {
        class,
        ethertype,
        ip,
        control,
        outcome,
    }
}

#[cold]
#[inline(never)]
fn rarer(ethertype: u16, bytes: &[u8], offset: usize, orig_len: u32) -> Rest<'_> {
    let (class, (control, outcome)) = match ethertype {
        ETHERTYPE_ARP => (FrameClass::Arp, arp::read(Window::new(bytes, offset, orig_len))),
        ETHERTYPE_RARP => (FrameClass::Rarp, arp::read(Window::new(bytes, offset, orig_len))),
        0..=LENGTH_MAX => return llc(ethertype, bytes, offset, orig_len),
        _ => (FrameClass::Other, (Control::None, Outcome::Complete)),
    };
    Rest {
        class,
        ethertype,
        ip: IpSource::None,
        control,
        outcome,
    }
}

/// Reads an IEEE 802.3 frame of `length` octets behind its length field.
///
/// # Layout
/// Destination and source service access point at 0 and 1, control at 2; for SNAP (0xaa, 0xaa, 0x03) the
/// organisation at 3 and the protocol identifier at 6. The organisations 00-00-00 (RFC 1042) and 00-00-f8
/// (IEEE 802.1H) mean that the identifier is an ethertype.
fn llc(length: u16, bytes: &[u8], offset: usize, orig_len: u32) -> Rest<'_> {
    let mut window = Window::new(bytes, offset, orig_len);
    let length_outcome = window.limit(usize::from(length), Layer::Llc);
    let mut rest = Rest {
        class: FrameClass::Llc,
        ethertype: length,
        ip: IpSource::None,
        control: Control::None,
        outcome: length_outcome,
    };
    let header = match window.take::<3>(Layer::Llc) {
        Ok(header) => header,
        Err(outcome) => {
            rest.outcome = rest.outcome.or(outcome);
            return rest;
        }
    };
    if *header != [0xaa, 0xaa, 0x03] {
        return rest;
    }
    rest.class = FrameClass::Snap;
    let [o0, o1, o2, p0, p1] = match window.take::<5>(Layer::Llc) {
        Ok(header) => *header,
        Err(outcome) => {
            rest.outcome = rest.outcome.or(outcome);
            return rest;
        }
    };
    let ethertype = u16::from_be_bytes([p0, p1]);
    if !matches!([o0, o1, o2], [0, 0, 0] | [0, 0, 0xf8]) || ethertype <= LENGTH_MAX {
        return rest;
    }
    let cut = window.is_cut();
    let inner_len = if cut { orig_len } else { 0 };
    let mut inner = by_ethertype(ethertype, window.bytes(), offset + 8, inner_len);
    inner.outcome = rest.outcome.or(inner.outcome);
    if inner.class == FrameClass::Other {
        inner.class = FrameClass::Snap;
    }
    inner
}

#[cold]
#[inline(never)]
fn stopped<'a>(ethertype: u16, outcome: Outcome) -> Rest<'a> {
    Rest {
        class: FrameClass::Unread,
        ethertype,
        ip: IpSource::None,
        control: Control::None,
        outcome,
    }
}

/// Reads what there is of a frame that ends within its Ethernet header: perhaps the addresses.
#[cold]
#[inline(never)]
fn short(orig_len: u32, bytes: &[u8]) -> Decoded<'_> {
    let window = Window::new(bytes, 0, orig_len);
    let mut decoded = nothing(window.short(Layer::Ethernet, 14));
    if let Some([d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5]) = bytes.first_chunk::<12>() {
        decoded.link = Link::Ethernet {
            dst: MacAddr::new([*d0, *d1, *d2, *d3, *d4, *d5]),
            src: MacAddr::new([*s0, *s1, *s2, *s3, *s4, *s5]),
        };
    }
    decoded
}

#[cold]
#[inline(never)]
fn nothing<'a>(outcome: Outcome) -> Decoded<'a> {
    Decoded {
        link: Link::None,
        vlans: VlanStack::EMPTY,
        class: FrameClass::Unread,
        ethertype: 0,
        ip: IpSource::None,
        control: Control::None,
        outcome,
    }
}
