//! Ethernet, tags, LLC, label stacks and PPP.
//!
//! Read IEEE 802.3-2018 section 3, IEEE 802.1Q-2018 section 9, IEEE 802.1BR-2012 section 11, RFC 1042, RFC 3032,
//! RFC 4448 and RFC 2516 before editing.

use rollcall_ebpf_abi::{Class, Settings, setting, via};

use super::{Walk, class, next, outcome, pending};
use crate::plain::{is_station, is_tag};

const E_TAG: u32 = 0x893f;
const VN_TAG: u32 = 0x8926;
const TAGS_MAX: u32 = 4;
const LABELS_MAX: u32 = 16;
/// Values up to this are the length of an IEEE 802.3 frame.
const LENGTH_MAX: u32 = 1500;

/// Both addresses and an ethertype.
#[inline(always)]
pub(super) fn ethernet(walk: &mut Walk) {
    if !walk.has(14) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    (walk.mac, walk.kind) = (header.mac::<6>(), header.u16::<12>());
    (walk.vids, walk.vid_shift, walk.tags, walk.has_port) = (0, 0, 0, 0);
    (walk.octets, walk.source_mark) = (walk.end - walk.off, 0);
    (walk.has_ip, walk.pending) = (0, pending::YES);
    walk.go(14, next::ETHERTYPE);
}

/// What an ethertype announces.
#[inline(always)]
pub(super) fn ethertype(walk: &mut Walk, settings: &Settings) {
    match walk.kind {
        E_TAG => e_tag(walk, settings),
        VN_TAG => vn_tag(walk),
        kind if is_tag(kind as u16) => vlan_tag(walk),
        _ => payload(walk),
    }
}

#[inline(always)]
fn vlan_tag(walk: &mut Walk) {
    if !walk.has(4) {
        return walk.stop(outcome::TRUNCATED);
    }
    if walk.tags >= TAGS_MAX {
        return walk.stop(outcome::UNSUPPORTED);
    }
    let header = walk.header();
    let vid = header.u16::<0>() & 0x0fff;
    walk.kind = header.u16::<2>();
    walk.tags += 1;
    // A priority tag names no VLAN.
    if vid != 0 {
        walk.vids |= u64::from(vid) << (walk.vid_shift & 63);
        walk.vid_shift += 16;
    }
    walk.go(4, next::ETHERTYPE);
}

/// A tag of a port extender: the port is the sender's where it is told.
#[inline(always)]
fn e_tag(walk: &mut Walk, settings: &Settings) {
    if !walk.has(8) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    let ingress = header.u8::<4>() << 12 | (header.u16::<0>() & 0x0fff);
    let channel = header.u8::<5>() << 12 | (header.u16::<2>() & 0x0fff);
    let is_group = header.u8::<2>() & 0x30 != 0;
    walk.kind = header.u16::<6>();
    let port = if ingress != 0 {
        ingress
    } else if settings.flags & setting::UPSTREAM != 0 && !is_group {
        channel
    } else {
        0
    };
    port_tag(walk, via::E_TAG, port, 8);
}

#[inline(always)]
fn vn_tag(walk: &mut Walk) {
    if !walk.has(6) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    let is_told = header.u8::<0>() & 0x80 == 0 || header.u8::<2>() & 0x80 != 0;
    let port = if is_told { header.u16::<2>() & 0x0fff } else { 0 };
    walk.kind = header.u16::<4>();
    port_tag(walk, via::VN_TAG, port, 6);
}

/// Takes the port of a tag; in a tunnel the tunnel is the place.
#[inline(always)]
fn port_tag(walk: &mut Walk, kind: u32, port: u32, length: u32) {
    if walk.level == 0 {
        (walk.via, walk.id) = if port != 0 { (kind | via::HAS_ID, port) } else { (via::WIRE, 0) };
    }
    if walk.has_port != 0 {
        return walk.stop(outcome::UNSUPPORTED);
    }
    walk.has_port = 1;
    walk.go(length, next::ETHERTYPE);
}

/// What stands behind all tags.
#[inline(always)]
fn payload(walk: &mut Walk) {
    match walk.kind {
        0x0800 => walk.next = next::IPV4,
        0x86dd => walk.next = next::IPV6,
        kind => {
            walk.is_ready();
            match kind {
                0x0806 => arp(walk, class::ARP, Class::Arp),
                0x8035 => arp(walk, class::RARP, Class::Rarp),
                0x88cc => {
                    walk.carries(class::OTHER);
                    walk.control(Class::Lldp);
                }
                0x8847 | 0x8848 => {
                    walk.carries(class::OTHER);
                    walk.count = 0;
                    walk.next = next::MPLS;
                }
                0x8864 => {
                    walk.carries(class::OTHER);
                    walk.next = next::PPPOE;
                }
                0..=LENGTH_MAX => {
                    walk.limit(kind);
                    walk.carries(class::LLC);
                    walk.next = next::LLC;
                }
                _ => {
                    walk.carries(class::OTHER);
                    walk.done();
                }
            }
        }
    }
}

/// ARP and RARP, for Ethernet or for IPv4.
#[inline(always)]
fn arp(walk: &mut Walk, class: u32, control: Class) {
    walk.carries(class);
    if !walk.has(8) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    let hardware = header.u16::<0>();
    let has_macs = matches!(hardware, 1 | 2 | 6) && header.u8::<4>() == 6;
    let has_ipv4 = header.u16::<2>() == 0x0800 && header.u8::<5>() == 4 && hardware != 19;
    if has_macs || has_ipv4 { walk.control(control) } else { walk.stop(outcome::UNSUPPORTED) }
}

/// A logical link control header, and SNAP behind it.
#[inline(always)]
pub(super) fn llc(walk: &mut Walk) {
    if !walk.has(3) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    if header.u16::<0>() != 0xaaaa || header.u8::<2>() != 3 {
        return walk.done();
    }
    walk.carries(class::SNAP);
    if !walk.has(8) {
        return walk.stop(outcome::TRUNCATED);
    }
    let organisation = header.u16::<3>() << 8 | header.u8::<5>();
    let kind = header.u16::<6>();
    if organisation == 0x0c && kind == 0x2000 {
        return walk.control(Class::Cdp);
    }
    if !matches!(organisation, 0 | 0xf8) {
        return walk.done();
    }
    walk.off += 8;
    match kind {
        0x0800 => walk.next = next::IPV4,
        0x86dd => walk.next = next::IPV6,
        0x0806 => arp(walk, class::ARP, Class::Arp),
        0x8035 => arp(walk, class::RARP, Class::Rarp),
        _ => walk.done(),
    }
}

/// One entry of a label stack; behind the last one, what its first 4 bits say.
#[inline(always)]
pub(super) fn mpls(walk: &mut Walk) {
    if walk.count >= LABELS_MAX {
        return walk.stop(outcome::UNSUPPORTED);
    }
    if !walk.has(4) {
        return walk.stop(outcome::TRUNCATED);
    }
    let entry = walk.header().u32::<0>();
    walk.off += 4;
    walk.count += 1;
    if entry & 0x100 == 0 {
        return;
    }
    let version = if walk.has(1) { walk.header().u8::<0>() >> 4 } else { 0 };
    let inside = match version {
        4 => next::IPV4,
        6 => next::IPV6,
        _ => {
            // A pseudowire, behind a control word without flags or at once.
            let has_word = walk.has(4) && walk.header().u16::<0>() == 0;
            if has_word && is_frame(walk, 4) {
                walk.off += 4;
            } else if !is_frame(walk, 0) {
                return walk.done();
            }
            next::ETHERNET
        }
    };
    walk.enter(via::MPLS | via::HAS_ID, entry >> 12, inside);
}

/// Tells whether octets some way on look like an Ethernet frame of a station that carries what is read.
#[inline(always)]
fn is_frame(walk: &Walk, ahead: u32) -> bool {
    if !walk.has(ahead + 14) {
        return false;
    }
    let header = walk.header();
    let (mac, kind) = if ahead == 0 {
        (header.mac::<6>(), header.u16::<12>())
    } else {
        (header.mac::<10>(), header.u16::<16>())
    };
    is_station(mac) && (is_tag(kind as u16) || matches!(kind, 0x0800 | 0x0806 | 0x8035 | 0x86dd | 0x8847))
}

/// A session over Ethernet.
#[inline(always)]
pub(super) fn pppoe(walk: &mut Walk) {
    if !walk.has(6) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    if header.u16::<0>() != 0x1100 {
        return walk.stop(outcome::UNSUPPORTED);
    }
    let length = header.u16::<4>();
    walk.off += 6;
    walk.limit(length);
    walk.next = next::PPP;
}

/// The protocol field of PPP. No frame of a station is in it, so that the session need not be known.
#[inline(always)]
pub(super) fn ppp(walk: &mut Walk) {
    if walk.has(2) && walk.header().u16::<0>() == 0xff03 {
        walk.off += 2;
    }
    if !walk.has(1) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    let protocol = if header.u8::<0>() & 1 != 0 {
        walk.off += 1;
        header.u8::<0>()
    } else if walk.has(2) {
        walk.off += 2;
        header.u16::<0>()
    } else {
        return walk.stop(outcome::TRUNCATED);
    };
    match protocol {
        0x21 => walk.enter(via::WIRE, 0, next::IPV4),
        0x57 => walk.enter(via::WIRE, 0, next::IPV6),
        _ => walk.done(),
    }
}
