//! UDP and its services, VXLAN, Geneve, GRE and ERSPAN.
//!
//! Read RFC 768, RFC 7348 section 5, RFC 8926 section 3, RFC 2784, RFC 2890, RFC 2637 section 4.1 and
//! draft-foschiano-erspan-03 section 4 before editing.

use rollcall_ebpf_abi::{Class, Service, Settings, setting, via};

use super::{Walk, next, outcome};

const VXLAN: u32 = Service::Vxlan as u32;
const GENEVE: u32 = Service::Geneve as u32;
const MPLS: u32 = Service::Mpls as u32;
const DHCP: u32 = Service::Dhcp as u32;
const DHCPV6: u32 = Service::Dhcpv6 as u32;
const MOBILE_IPV4: u32 = Service::MobileIpv4 as u32;
const ACCOUNTING: u32 = Service::Accounting as u32;

/// A datagram, as far as its ports say that more of it is read.
#[inline(always)]
pub(super) fn udp(walk: &mut Walk, settings: &Settings) {
    if !walk.has(8) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    let (from, to) = (header.array::<0, 2>(), header.array::<2, 2>());
    let mut service = service(settings, to);
    if service == 0 {
        service = self::service(settings, from);
        // The source port of a tunnel's datagram is chosen by its content.
        if service < DHCP {
            return walk.done();
        }
    }
    let length = header.u16::<4>();
    walk.off += 8;
    match length {
        0 => {}
        1..8 => walk.trouble(outcome::MALFORMED),
        _ => walk.limit(length - 8),
    }
    match service {
        VXLAN => vxlan(walk),
        GENEVE => geneve(walk),
        MPLS => {
            walk.count = 0;
            walk.next = next::MPLS;
        }
        DHCP => walk.control(Class::Dhcp),
        DHCPV6 => walk.control(Class::Dhcpv6),
        MOBILE_IPV4 => walk.control(Class::MobileIpv4),
        ACCOUNTING => accounting(walk),
        _ => walk.done(),
    }
}

#[inline(always)]
fn service(settings: &Settings, port: [u8; 2]) -> u32 {
    // SAFETY: there is an entry for every port.
    u32::from(unsafe { *settings.services.get_unchecked(usize::from(u16::from_ne_bytes(port))) })
}

/// A packet of RADIUS, by its length.
#[inline(always)]
fn accounting(walk: &mut Walk) {
    if !walk.has(4) {
        return walk.stop(outcome::TRUNCATED);
    }
    match walk.header().u16::<2>() {
        20..=4096 => walk.control(Class::Radius),
        _ => walk.stop(outcome::MALFORMED),
    }
}

#[inline(always)]
fn vxlan(walk: &mut Walk) {
    if !walk.has(8) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    if header.u8::<0>() & 0x08 == 0 {
        return walk.stop(outcome::UNSUPPORTED);
    }
    let vni = header.u32::<4>() >> 8;
    walk.off += 8;
    walk.enter(via::VXLAN | via::HAS_ID, vni, next::ETHERNET);
}

#[inline(always)]
fn geneve(walk: &mut Walk) {
    if !walk.has(8) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    if header.u8::<0>() >> 6 != 0 {
        return walk.stop(outcome::UNSUPPORTED);
    }
    let behind = walk.off + 8 + (header.u8::<0>() & 0x3f) * 4;
    if behind > walk.end {
        return walk.stop(outcome::TRUNCATED);
    }
    let (protocol, vni) = (header.u16::<2>(), header.u32::<4>() >> 8);
    walk.off = behind;
    match inside(protocol) {
        // A control packet may carry options alone.
        next::DONE if protocol == 0 => walk.done(),
        next::DONE => walk.stop(outcome::UNSUPPORTED),
        inside => walk.enter(via::GENEVE | via::HAS_ID, vni, inside),
    }
}

/// What a protocol type means that is an ethertype.
#[inline(always)]
fn inside(protocol: u32) -> u32 {
    match protocol {
        BRIDGED => next::ETHERNET,
        0x0800 => next::IPV4,
        0x86dd => next::IPV6,
        0x8847 | 0x8848 => next::MPLS,
        _ => next::DONE,
    }
}

const BRIDGED: u32 = 0x6558;
const ERSPAN: u32 = 0x88be;
const ERSPAN_3: u32 = 0x22eb;
const PPP: u32 = 0x880b;
const CDP: u32 = 0x2000;
const WCCP: u32 = 0x883e;

const CHECKSUM: u32 = 0x8000;
const ROUTING: u32 = 0x4000;
const KEY: u32 = 0x2000;
const SEQUENCE: u32 = 0x1000;
const ACKNOWLEDGEMENT: u32 = 0x0080;

/// The header, its optional fields, and what the protocol type says.
#[inline(always)]
pub(super) fn gre(walk: &mut Walk, settings: &Settings) {
    if !walk.has(4) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    let (flags, protocol) = (header.u16::<0>(), header.u16::<2>());
    walk.off += 4;
    match flags & 7 {
        0 => {}
        1 if protocol == PPP => return enhanced(walk, flags),
        _ => return walk.stop(outcome::UNSUPPORTED),
    }
    if flags & ROUTING != 0 {
        // Source routes of RFC 1701, which RFC 2784 took out again.
        return walk.stop(outcome::UNSUPPORTED);
    }
    let mut length = 0;
    if flags & CHECKSUM != 0 {
        length += 4;
    }
    let key_at = length;
    if flags & KEY != 0 {
        length += 4;
    }
    if flags & SEQUENCE != 0 {
        length += 4;
    }
    if !walk.has(length) {
        return walk.stop(outcome::TRUNCATED);
    }
    walk.off += key_at;
    let mut key = walk.header().u32::<0>();
    walk.off += length - key_at;
    let mut via = via::GRE;
    if flags & KEY != 0 {
        via |= via::HAS_ID;
        if protocol == BRIDGED && settings.flags & setting::NVGRE != 0 {
            key >>= 8;
        }
    } else {
        key = 0;
    }
    match protocol {
        ERSPAN if flags & SEQUENCE != 0 => walk.next = next::ERSPAN,
        ERSPAN => walk.enter(via::ERSPAN_1, 0, next::ETHERNET),
        ERSPAN_3 => walk.next = next::ERSPAN,
        PPP => walk.next = next::PPP,
        WCCP => wccp(walk),
        CDP => walk.control(Class::Cdp),
        // A keepalive asks to be sent back and carries nothing.
        0 => walk.done(),
        _ => match inside(protocol) {
            next::DONE => walk.stop(outcome::UNSUPPORTED),
            inside => walk.enter(via, key, inside),
        },
    }
}

/// The form that carries PPP.
#[inline(always)]
fn enhanced(walk: &mut Walk, flags: u32) {
    let mut length = 4;
    if flags & SEQUENCE != 0 {
        length += 4;
    }
    if flags & ACKNOWLEDGEMENT != 0 {
        length += 4;
    }
    if !walk.has(length) {
        return walk.stop(outcome::TRUNCATED);
    }
    let claimed = walk.header().u16::<0>();
    walk.off += length;
    if walk.off + claimed > walk.end {
        return walk.stop(outcome::MALFORMED);
    }
    walk.end = walk.off + claimed;
    walk.next = next::PPP;
}

/// A packet that a router redirects to a cache, behind a header of 4 octets or at once.
#[inline(always)]
fn wccp(walk: &mut Walk) {
    if walk.has(1) && walk.header().u8::<0>() >> 4 != 4 {
        if !walk.has(4) {
            return walk.stop(outcome::TRUNCATED);
        }
        walk.off += 4;
    }
    walk.enter(via::GRE, 0, next::IPV4);
}

/// A mirror of type II or III, which its version tells apart.
#[inline(always)]
pub(super) fn erspan(walk: &mut Walk) {
    if !walk.has(8) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    let (version, vid) = (header.u8::<0>() >> 4, header.u16::<0>() & 0x0fff);
    let session = header.u16::<2>() & 0x03ff;
    match version {
        1 => {
            walk.off += 8;
            walk.enter(via::ERSPAN_2 | via::HAS_ID, session, next::ETHERNET);
        }
        2 => {
            if !walk.has(12) {
                return walk.stop(outcome::TRUNCATED);
            }
            let bits = header.u16::<10>();
            let length = if bits & 1 != 0 { 20 } else { 12 };
            if !walk.has(length) {
                return walk.stop(outcome::TRUNCATED);
            }
            walk.off += length;
            let inside = match bits >> 10 & 0x1f {
                0 => next::ETHERNET,
                2 if walk.has(1) && walk.header().u8::<0>() >> 4 == 6 => next::IPV6,
                2 => next::IPV4,
                _ => return walk.stop(outcome::UNSUPPORTED),
            };
            walk.enter(via::ERSPAN_3 | via::HAS_ID, session, inside);
        }
        _ => return walk.stop(outcome::UNSUPPORTED),
    }
    walk.mirrored_vid = vid;
}
