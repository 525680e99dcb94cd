//! Ethernet II, IEEE 802.3 with LLC and SNAP, VLAN tags.
//!
//! Read IEEE 802.3-2018 section 3, IEEE 802.1Q-2018 section 9 and RFC 1042 before editing.

use super::cursor::{Window, load};
use super::{Control, DecodeSettings, Decoded, FrameClass, Layer, Link, Outcome, Reason};
use super::{arp, cdp, cooked, ipv4, ipv6, lldp, mpls, ppp, tags};
use crate::types::{LinkType, MacAddr, VlanTag};

pub(super) const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_ARP: u16 = 0x0806;
const ETHERTYPE_RARP: u16 = 0x8035;
const ETHERTYPE_LLDP: u16 = 0x88cc;
/// SNAP: the organisation Cisco, its Discovery Protocol (0x2000).
const SNAP_CDP: [u8; 5] = [0x00, 0x00, 0x0c, 0x20, 0x00];
pub(super) const ETHERTYPE_IPV6: u16 = 0x86dd;
/// Label stacks, whose labels were assigned downstream or upstream (RFC 5332 section 3).
pub(super) const ETHERTYPE_MPLS: u16 = 0x8847;
pub(super) const ETHERTYPE_MPLS_UPSTREAM: u16 = 0x8848;
const ETHERTYPE_PPPOE_SESSION: u16 = 0x8864;
/// Customer tag, service tag, and the service tag from before its standard.
const TPID_CUSTOMER: u16 = 0x8100;
const TPID_SERVICE: u16 = 0x88a8;
const TPID_SERVICE_OLD: u16 = 0x9100;
/// Values up to this are the length of an IEEE 802.3 frame (IEEE 802.3-2018 section 3.2.6).
const LENGTH_MAX: u16 = 1500;

/// Reads a captured frame of `orig_len` octets on the wire, of which `bytes` were captured.
///
/// `bytes` start where the link type says; for Ethernet with the destination address. A frame check
/// sequence at the end does no harm. What is in a tunnel is found and not read; see [`Decoded::inside`].
///
/// # Bounds
/// Reads forward only and looks at each octet a constant number of times.
pub fn decode<'a>(
    settings: &DecodeSettings,
    linktype: LinkType,
    orig_len: u32,
    bytes: &'a [u8],
) -> Decoded<'a> {
    let mut decoded = Decoded { bytes, wire_len: orig_len, ..Decoded::UNREAD };
    let window = Window::new(bytes, 0, orig_len);
    match linktype {
        LinkType::ETHERNET => read(settings, &mut decoded, window),
        LinkType::SLL => cooked::sll(settings, &mut decoded, window),
        LinkType::SLL2 => cooked::sll2(settings, &mut decoded, window),
        LinkType::RAW | LinkType::RAW_BSD | LinkType::RAW_OPENBSD => {
            cooked::raw(settings, &mut decoded, window)
        }
        LinkType::IPV4 => ipv4::read(settings, &mut decoded, window),
        LinkType::IPV6 => ipv6::read(settings, &mut decoded, window),
        _ => decoded.outcome = Outcome::Unsupported(Reason::LinkType),
    }
    decoded
}

/// The lowest 48 bits, and the I/G bit among them (IEEE 802-2014 section 8.2).
const MAC_BITS: u64 = 0xffff_ffff_ffff;
const GROUP_BIT: u64 = 1 << 40;

/// What presence needs of a data frame of a station about which nothing is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plain<'a> {
    /// The source address, a station's, as [`MacAddr::to_u64`] gives it: the hot path never takes it apart.
    pub src_bits: u64,
    /// The VLAN identifier; 0 for none.
    pub vid: u16,
    /// The source address of the IP header.
    pub ip: PlainSource<'a>,
}

/// The source address of a plain data frame, as it was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainSource<'a> {
    /// IPv4, in host order.
    V4(u32),
    /// IPv6, in network order; borrows from the frame.
    V6(&'a [u8; 16]),
}

/// The shortest frame that is plain: an Ethernet header with a tag, then IPv4 and the ports.
const PLAIN_OCTETS_MIN: usize = 46;

/// Reads a data frame with at most one VLAN tag; none if there may be more to it, which [`decode`] tells: a control
/// message, a tunnel, or something odd.
///
/// This is all that a data frame costs: some loads at fixed offsets. Whether there is a tag is not branched on,
/// because on a trunk no branch predictor knows the next frame's.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the caller uses the parts at once; a call would build the whole")]
pub fn plain<'a>(
    settings: &DecodeSettings,
    linktype: LinkType,
    orig_len: u32,
    bytes: &'a [u8],
) -> Option<Plain<'a>> {
    let header = bytes.first_chunk::<PLAIN_OCTETS_MIN>().filter(|_| linktype == LinkType::ETHERNET)?;
    let src_bits = u64::from_be_bytes(*load::<8>(header, 4)?) & MAC_BITS;
    // Zero less one has every bit, the group bit too.
    if (src_bits | src_bits.wrapping_sub(1)) & GROUP_BIT != 0 {
        return None;
    }
    let is_tagged = is_tag(u16::from_be_bytes(*load::<2>(header, 12)?));
    let at = 14 + 4 * usize::from(is_tagged);
    let vid = u16::from_be_bytes(*load::<2>(header, 14)?) & 0x0fff & u16::from(is_tagged).wrapping_neg();
    // What a packet may claim to hold: all of a whole frame, anything in a frame that the capture cut.
    let room = if bytes.len() < orig_len as usize { usize::MAX } else { bytes.len() - at };
    let behind = load::<30>(header, at - 2)?;
    let ip = match ipv4::plain(&settings.ports, behind, room) {
        Some(bits) => PlainSource::V4(bits),
        None if behind.starts_with(&ETHERTYPE_IPV6.to_be_bytes()) => {
            PlainSource::V6(ipv6::plain(&settings.ports, load::<48>(bytes, at)?, room)?)
        }
        None => return None,
    };
    Some(Plain { src_bits, vid, ip })
}

/// Tells whether there may be an Ethernet frame inside a frame: a cheap question that is asked of frames of which
/// nothing else matters.
///
/// The answer is yes for every frame that has one, and for few others.
#[inline]
pub fn may_carry_frame(settings: &DecodeSettings, linktype: LinkType, bytes: &[u8]) -> bool {
    if linktype != LinkType::ETHERNET {
        return true;
    }
    let Some(header) = bytes.first_chunk::<18>() else { return false };
    let [.., o0, o1, _, _, i0, i1] = *header;
    let outer = u16::from_be_bytes([o0, o1]);
    let (ethertype, offset) = if is_tag(outer) { (u16::from_be_bytes([i0, i1]), 18) } else { (outer, 14) };
    let payload = bytes.get(offset..).unwrap_or_default();
    match ethertype {
        ETHERTYPE_IPV4 => ipv4::may_carry_frame(&settings.ports, payload),
        ETHERTYPE_IPV6 => ipv6::may_carry_frame(&settings.ports, payload),
        ETHERTYPE_ARP | ETHERTYPE_RARP => false,
        _ => true,
    }
}

#[inline]
const fn is_tag(ethertype: u16) -> bool {
    (ethertype == TPID_CUSTOMER) | (ethertype == TPID_SERVICE) | (ethertype == TPID_SERVICE_OLD)
}

/// Reads an Ethernet frame.
///
/// # Layout
/// Destination at 0, source at 6, ethertype or length at 12. A VLAN tag behind it is its control information
/// at 0 and the next ethertype at 2.
pub(super) fn read<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, window: Window<'a>) {
    let bytes = window.bytes();
    let (Some(dst), Some(src), Some(high_low)) =
        (load::<6>(bytes, 0), load::<6>(bytes, 6), load::<2>(bytes, 12))
    else {
        // Its addresses are not used: without the ethertype it is not known which VLAN they belong to.
        decoded.outcome = window.short(Layer::Ethernet, 14);
        return;
    };
    decoded.link = Link::Ethernet { dst: MacAddr::new(*dst), src: MacAddr::new(*src) };
    payload(settings, decoded, u16::from_be_bytes(*high_low), window.behind(14));
}

/// Reads what an ethertype announces: tags, then what stands behind them.
pub(super) fn payload<'a>(
    settings: &DecodeSettings,
    decoded: &mut Decoded<'a>,
    mut ethertype: u16,
    mut window: Window<'a>,
) {
    while is_tag(ethertype) || matches!(ethertype, tags::E_TAG | tags::VN_TAG) {
        match tag(decoded, ethertype, &mut window) {
            Ok(next) => ethertype = next,
            Err(outcome) => {
                decoded.outcome = outcome;
                return;
            }
        }
    }
    decoded.ethertype = ethertype;
    match ethertype {
        ETHERTYPE_IPV4 => ipv4::read(settings, decoded, window),
        ETHERTYPE_IPV6 => ipv6::read(settings, decoded, window),
        _ => rarer(settings, decoded, window),
    }
}

/// Takes one tag; returns the ethertype behind it.
fn tag(decoded: &mut Decoded<'_>, tpid: u16, window: &mut Window<'_>) -> Result<u16, Outcome> {
    let (port, next) = match tpid {
        tags::E_TAG => tags::e_tag(window)?,
        tags::VN_TAG => tags::vn_tag(window)?,
        _ => {
            let [t0, t1, e0, e1] = *window.take::<4>(Layer::Vlan)?;
            let has_room = decoded.vlans.push(VlanTag { tpid, tci: u16::from_be_bytes([t0, t1]) });
            let next = u16::from_be_bytes([e0, e1]);
            return if has_room { Ok(next) } else { Err(Outcome::Unsupported(Reason::TooManyTags)) };
        }
    };
    match decoded.port.replace(port) {
        None => Ok(next),
        Some(_) => Err(Outcome::Unsupported(Reason::TooManyTags)),
    }
}

/// Tells whether an ethertype is one that this decoder reads something of.
pub(super) const fn is_known(ethertype: u16) -> bool {
    is_tag(ethertype)
        || matches!(
            ethertype,
            ETHERTYPE_IPV4 | ETHERTYPE_ARP | ETHERTYPE_RARP | ETHERTYPE_IPV6 | ETHERTYPE_MPLS
        )
}

/// Reads what another ethertype than IP's announces.
fn rarer<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, window: Window<'a>) {
    match decoded.ethertype {
        ETHERTYPE_ARP => {
            decoded.class = FrameClass::Arp;
            (decoded.control, decoded.outcome) = arp::read(window);
        }
        ETHERTYPE_RARP => {
            decoded.class = FrameClass::Rarp;
            (decoded.control, decoded.outcome) = arp::read(window);
        }
        ETHERTYPE_LLDP => {
            decoded.class = FrameClass::Other;
            let (unit, outcome) = lldp::read(window);
            (decoded.control, decoded.outcome) = (Control::Lldp(unit), outcome);
        }
        ETHERTYPE_MPLS | ETHERTYPE_MPLS_UPSTREAM => {
            decoded.class = FrameClass::Other;
            decoded.take(mpls::read(None, window));
        }
        ETHERTYPE_PPPOE_SESSION => {
            decoded.class = FrameClass::Other;
            decoded.take(ppp::over_ethernet(window));
        }
        0..=LENGTH_MAX => llc_frame(settings, decoded, window),
        _ => decoded.class = FrameClass::Other,
    }
}

/// Reads an IEEE 802.3 frame, whose length stands in place of an ethertype.
fn llc_frame<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, mut window: Window<'a>) {
    let length = window.limit(usize::from(decoded.ethertype), Layer::Llc);
    llc(settings, decoded, window);
    decoded.outcome = length.or(decoded.outcome);
}

/// Reads a logical link control header.
///
/// # Layout
/// Destination and source service access point at 0 and 1, control at 2; for SNAP (0xaa, 0xaa, 0x03) the
/// organisation at 3 and the protocol identifier at 6. The organisations 00-00-00 (RFC 1042) and 00-00-f8
/// (IEEE 802.1H) mean that the identifier is an ethertype.
pub(super) fn llc<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, mut window: Window<'a>) {
    decoded.class = FrameClass::Llc;
    decoded.outcome = match window.take::<3>(Layer::Llc) {
        Ok([0xaa, 0xaa, 0x03]) => {
            decoded.class = FrameClass::Snap;
            snap(settings, decoded, window)
        }
        Ok(_) => Outcome::Complete,
        Err(outcome) => outcome,
    };
}

/// Reads what follows the logical link control header of SNAP.
fn snap<'a>(settings: &DecodeSettings, decoded: &mut Decoded<'a>, mut window: Window<'a>) -> Outcome {
    let [o0, o1, o2, p0, p1] = match window.take::<5>(Layer::Llc) {
        Ok(header) => *header,
        Err(outcome) => return outcome,
    };
    if [o0, o1, o2, p0, p1] == SNAP_CDP {
        let (message, outcome) = cdp::read(window);
        decoded.control = Control::Cdp(message);
        return outcome;
    }
    let ethertype = u16::from_be_bytes([p0, p1]);
    if !matches!([o0, o1, o2], [0, 0, 0] | [0, 0, 0xf8]) || ethertype <= LENGTH_MAX {
        return Outcome::Complete;
    }
    decoded.ethertype = ethertype;
    match ethertype {
        ETHERTYPE_IPV4 => ipv4::read(settings, decoded, window),
        ETHERTYPE_IPV6 => ipv6::read(settings, decoded, window),
        ETHERTYPE_ARP | ETHERTYPE_RARP => rarer(settings, decoded, window),
        _ => {}
    }
    decoded.outcome
}
