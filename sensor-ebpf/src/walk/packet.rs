//! IPv4, IPv6 with its extension headers, and what follows them.
//!
//! Read RFC 791, RFC 8200 section 4, RFC 4302 section 2 and RFC 6275 section 6 before editing.

use rollcall_ebpf_abi::{Class, via};

use super::{Header, Walk, class, next, outcome};
use crate::plain::fold_v6;

const HOP_BY_HOP: u32 = 0;
const TCP: u32 = 6;
const UDP: u32 = 17;
const ICMPV6: u32 = 58;
const DESTINATION: u32 = 60;
const EXTENSIONS_MAX: u32 = 16;

#[inline(always)]
pub(super) fn v4(walk: &mut Walk) {
    walk.carries(class::IPV4);
    walk.has_ip = 0;
    if !walk.has(20) {
        walk.is_ready();
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    if header.u8::<0>() >> 4 != 4 {
        walk.is_ready();
        return walk.stop(outcome::MALFORMED);
    }
    source_v4(walk, header);
    walk.is_ready();
    let (total, length) = (header.u16::<2>(), (header.u8::<0>() & 0x0f) * 4);
    let (fragment, protocol) = (header.u16::<6>() & 0x1fff, header.u8::<9>());
    if length < 20 || (total != 0 && total < length) {
        return walk.stop(outcome::MALFORMED);
    }
    if !walk.has(length) {
        return walk.stop(outcome::TRUNCATED);
    }
    if total != 0 {
        walk.limit(total);
    }
    if fragment != 0 {
        return walk.stop(outcome::UNSUPPORTED);
    }
    (walk.is_v6, walk.kind) = (0, protocol);
    walk.go(length, next::UPPER);
}

/// Takes the source address of an IPv4 header.
#[inline(always)]
fn source_v4(walk: &mut Walk, header: Header) {
    let [a, b, c, d] = header.array::<12, 4>();
    walk.ip_source = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d];
    walk.has_ip = 1;
    walk.source_mark = u32::from_ne_bytes([a, b, c, d]);
}

#[inline(always)]
pub(super) fn v6(walk: &mut Walk) {
    walk.carries(class::IPV6);
    walk.has_ip = 0;
    if walk.has(1) && walk.header().u8::<0>() >> 4 != 6 {
        walk.is_ready();
        return walk.stop(outcome::MALFORMED);
    }
    if !walk.has(40) {
        walk.is_ready();
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    walk.ip_source = header.array::<8, 16>();
    walk.has_ip = 1;
    let words = [u64::from_ne_bytes(header.array::<8, 8>()), u64::from_ne_bytes(header.array::<16, 8>())];
    walk.source_mark = fold_v6(words);
    walk.is_ready();
    let (length, next_header) = (header.u16::<4>(), header.u8::<6>());
    walk.off += 40;
    if length != 0 || !matches!(next_header, HOP_BY_HOP | TCP | UDP) {
        walk.limit(length);
    }
    (walk.is_v6, walk.kind, walk.count) = (1, next_header, 0);
    walk.next = next::EXTENSION;
}

/// What a next header field announces.
#[inline(always)]
pub(super) fn extension(walk: &mut Walk) {
    if walk.count >= EXTENSIONS_MAX && !matches!(walk.kind, TCP | UDP) {
        return walk.stop(outcome::UNSUPPORTED);
    }
    walk.count += 1;
    match walk.kind {
        HOP_BY_HOP | DESTINATION | 43 => sized(walk),
        44 => fragment(walk),
        51 => authentication(walk),
        // Nothing behind it can be read.
        50 => walk.stop(outcome::UNSUPPORTED),
        ICMPV6 => icmpv6(walk),
        135 => {
            if walk.has(6) {
                walk.control(Class::Mobility);
            } else {
                walk.stop(outcome::TRUNCATED);
            }
        }
        62 => {
            if is_mobility_of_drafts(walk) {
                walk.control(Class::Mobility);
            } else {
                walk.next = next::UPPER;
            }
        }
        _ => walk.next = next::UPPER,
    }
}

/// Neighbor Discovery, home agent and prefix discovery; error messages quote packets and are none.
#[inline(always)]
fn icmpv6(walk: &mut Walk) {
    if !walk.has(1) {
        return walk.stop(outcome::TRUNCATED);
    }
    match walk.header().u8::<0>() {
        133..=137 => walk.control(Class::Neighbor),
        144..=147 => walk.control(Class::Mobility),
        _ => walk.done(),
    }
}

/// Tells whether something under the number of the drafts is a mobility header.
#[inline(always)]
fn is_mobility_of_drafts(walk: &Walk) -> bool {
    if !walk.has(4) {
        return false;
    }
    let header = walk.header();
    let (claimed, reserved) = ((header.u8::<1>() + 1) * 8, header.u8::<3>());
    let needed = match header.u8::<2>() {
        0 => 8,
        1 | 2 => 16,
        3 | 4 | 7 => 24,
        5 | 6 | 8 | 9 | 13 | 16 => 12,
        _ => return false,
    };
    reserved == 0 && claimed >= needed && walk.off + claimed <= walk.end
}

/// A header whose length is told in 8 octets.
#[inline(always)]
fn sized(walk: &mut Walk) {
    const TYPE_2: u32 = 2;
    if !walk.has(2) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    let (number, next_header, length) = (walk.kind, header.u8::<0>(), header.u8::<1>());
    let behind = walk.off + 8 + length * 8;
    let is_cut = behind > walk.end;
    if number == DESTINATION {
        (walk.behind_options, walk.options_cut) = (next_header, u32::from(is_cut));
        walk.options_end = if is_cut { walk.end } else { behind };
        return walk.go(2, next::OPTION);
    }
    if number == 43 && walk.has(3) && header.u8::<2>() == TYPE_2 {
        if length != 2 {
            walk.trouble(outcome::MALFORMED);
        } else if walk.has(24) {
            walk.is_mobile = 1;
        }
    }
    if is_cut {
        return walk.stop(outcome::TRUNCATED);
    }
    walk.kind = next_header;
    walk.off = behind;
}

/// One destination option.
#[inline(always)]
pub(super) fn option(walk: &mut Walk) {
    const HOME_ADDRESS: u32 = 201;
    let left = if walk.off < walk.options_end { walk.options_end - walk.off } else { 0 };
    if left > 0 && walk.has(1) {
        let header = walk.header();
        let kind = header.u8::<0>();
        if kind == 0 {
            walk.off += 1;
            return;
        }
        let length = header.u8::<1>();
        if left >= 2 && left - 2 >= length && walk.has(2) {
            match kind {
                HOME_ADDRESS => {
                    if length == 16 {
                        walk.is_mobile = 1;
                    } else {
                        walk.trouble(outcome::MALFORMED);
                    }
                }
                // Binding messages of older drafts: update, acknowledgement, request.
                198 if length >= 8 => walk.is_legacy = 1,
                7 if length >= 11 => walk.is_legacy = 1,
                8 => walk.is_legacy = 1,
                _ => {}
            }
            walk.off += 2 + length;
            return;
        }
        walk.trouble(if walk.options_cut != 0 { outcome::TRUNCATED } else { outcome::MALFORMED });
    }
    if walk.options_cut != 0 {
        return walk.stop(outcome::TRUNCATED);
    }
    (walk.off, walk.kind, walk.next) = (walk.options_end, walk.behind_options, next::EXTENSION);
}

/// A fragment header; a later fragment cannot be read further.
#[inline(always)]
fn fragment(walk: &mut Walk) {
    if !walk.has(8) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    if header.u16::<2>() >> 3 != 0 {
        return walk.stop(outcome::UNSUPPORTED);
    }
    walk.kind = header.u8::<0>();
    walk.off += 8;
}

/// An authentication header, whose length is told in 4 octets.
#[inline(always)]
fn authentication(walk: &mut Walk) {
    if !walk.has(2) {
        return walk.stop(outcome::TRUNCATED);
    }
    let header = walk.header();
    let behind = walk.off + 8 + header.u8::<1>() * 4;
    if behind > walk.end {
        return walk.stop(outcome::TRUNCATED);
    }
    (walk.kind, walk.off) = (header.u8::<0>(), behind);
}

/// What a protocol number announces behind an IP header.
#[inline(always)]
pub(super) fn upper(walk: &mut Walk) {
    match walk.kind {
        UDP => walk.next = next::UDP,
        47 => walk.next = next::GRE,
        137 => {
            walk.count = 0;
            walk.next = next::MPLS;
        }
        // No frame of a station is in a packet at once, so that the tunnel need not be known.
        4 => walk.enter(via::WIRE, 0, next::IPV4),
        41 => walk.enter(via::WIRE, 0, next::IPV6),
        _ => walk.done(),
    }
}
