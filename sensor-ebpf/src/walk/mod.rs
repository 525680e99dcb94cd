//! The walk through the headers of a frame that is no plain data frame of a known station.
//!
//! One header at a time: each step reads the header at [`Walk::off`] that [`Walk::next`] names and says what comes
//! next, so that the verifier looks at every header once and not at every order in which they may come. What the
//! steps know of each other stands in [`Walk`], in a map, beside a copy of the frame's first octets: in the frame
//! itself the verifier would want a proof for each offset.
//!
//! It finds what the sensor's decoder finds, header by header, and in the same order; each file names what to read
//! before editing.

mod link;
mod packet;
mod tunnel;

use core::ffi::c_void;

use aya_ebpf::bindings::xdp_md;
use aya_ebpf::helpers::generated::{bpf_jiffies64, bpf_loop, bpf_xdp_load_bytes};
use rollcall_ebpf_abi::{Class, Counters, Settings, flag, via};

use crate::maps::WALKS;
use crate::plain::is_station;
use crate::rows::Touched;
use crate::{at_most, frame_len, punt, rows};

/// How many headers are read of a frame at least: enough for four tags, sixteen extension headers and three tunnels.
pub const STEPS_MAX: u32 = 80;
/// How many octets of a frame are read; a power of two.
pub const SCRATCH_OCTETS: u32 = 512;
/// How many octets a step may read from where it begins.
const HEADER_OCTETS: usize = 64;
/// How many tunnels deep a frame is read.
const TUNNELS_MAX: u32 = 3;
const _: () = assert!(TUNNELS_MAX == 3, "a level is taken as two bits");

/// What comes next.
pub mod next {
    pub const DONE: u32 = 0;
    pub const ETHERNET: u32 = 1;
    /// What the ethertype in `Walk::kind` announces.
    pub const ETHERTYPE: u32 = 2;
    pub const LLC: u32 = 3;
    pub const MPLS: u32 = 4;
    pub const PPPOE: u32 = 5;
    pub const PPP: u32 = 6;
    pub const IPV4: u32 = 7;
    pub const IPV6: u32 = 8;
    /// What the next header field of IPv6 in `Walk::kind` announces.
    pub const EXTENSION: u32 = 9;
    pub const OPTION: u32 = 10;
    /// What the protocol number in `Walk::kind` announces.
    pub const UPPER: u32 = 11;
    pub const UDP: u32 = 12;
    pub const GRE: u32 = 13;
    pub const ERSPAN: u32 = 14;
}

/// What a frame carries, in the order of `Counters::classes`.
mod class {
    pub const ARP: u32 = 0;
    pub const RARP: u32 = 1;
    pub const IPV4: u32 = 2;
    pub const IPV6: u32 = 3;
    pub const LLC: u32 = 4;
    pub const SNAP: u32 = 5;
    pub const OTHER: u32 = 6;
    pub const UNREAD: u32 = 7;
}

/// How far the headers of a frame were read, in the order of `Counters::outcomes`.
mod outcome {
    pub const COMPLETE: u32 = 0;
    pub const TRUNCATED: u32 = 1;
    pub const MALFORMED: u32 = 2;
    pub const UNSUPPORTED: u32 = 3;
}

/// Whether a station waits to be looked up.
mod pending {
    pub const NO: u32 = 0;
    /// Until its IP header is read, which tells its address.
    pub const YES: u32 = 1;
    /// It may be looked up now.
    pub const READY: u32 = 2;
}

/// Where a walk is, and what it has found.
#[repr(C)]
pub struct Walk {
    /// In ticks.
    pub now: u64,
    /// The station that was read last.
    pub mac: u64,
    /// Its VLAN identifiers, and how far the next one is shifted.
    pub vids: u64,
    vid_shift: u32,
    /// How many VLAN tags it has.
    tags: u32,
    /// How it came here, as in a row's key.
    pub via: u32,
    pub id: u32,
    pub source: [u8; 16],
    /// Its octets on the wire.
    pub octets: u32,
    /// Its IP source address, folded; 0 for none.
    pub source_mark: u32,
    pending: u32,
    /// Whether it has a tag that names a port.
    has_port: u32,
    /// The VLAN that a mirror names.
    mirrored_vid: u32,
    /// The header that comes next, where it is, and where its packet ends.
    next: u32,
    kind: u32,
    off: u32,
    end: u32,
    /// How many tunnels deep.
    pub level: u32,
    /// The source address of the IP header that was read last.
    ip_source: [u8; 16],
    has_ip: u32,
    is_v6: u32,
    /// IPv6 extension headers, or labels, so far.
    count: u32,
    /// Where the options end, what follows them, and whether the frame ends before they do.
    options_end: u32,
    behind_options: u32,
    options_cut: u32,
    /// Whether a mobile node was named, and a binding message of older drafts found.
    is_mobile: u32,
    is_legacy: u32,
    /// The class of the first control message; 0 for none.
    control: u32,
    class: u32,
    outcome: u32,
    /// The flags of the record.
    pub flags: u32,
    /// The station that was looked up at each level; address 0 where there was none.
    pub touched: [Touched; TUNNELS_MAX as usize + 1],
    bytes: [u8; SCRATCH_OCTETS as usize + HEADER_OCTETS],
}

/// The octets from where a step begins.
///
/// Reading behind what was asked for by [`Walk::has`] gives octets of another frame, never a fault.
#[derive(Clone, Copy)]
struct Header(*const u8);

impl Header {
    #[inline(always)]
    fn u8<const AT: usize>(self) -> u32 {
        const { assert!(AT < HEADER_OCTETS) };
        // SAFETY: there are that many octets behind every place in the scratch area.
        u32::from(unsafe { *self.0.add(AT) })
    }

    #[inline(always)]
    fn array<const AT: usize, const N: usize>(self) -> [u8; N] {
        const { assert!(AT + N <= HEADER_OCTETS) };
        // SAFETY: there are that many octets behind every place in the scratch area.
        unsafe { self.0.add(AT).cast::<[u8; N]>().read() }
    }

    #[inline(always)]
    fn u16<const AT: usize>(self) -> u32 {
        u32::from(u16::from_be_bytes(self.array::<AT, 2>()))
    }

    #[inline(always)]
    fn u32<const AT: usize>(self) -> u32 {
        u32::from_be_bytes(self.array::<AT, 4>())
    }

    /// A MAC address.
    #[inline(always)]
    fn mac<const AT: usize>(self) -> u64 {
        u64::from(self.u16::<AT>()) << 32 | u64::from(u32::from_be_bytes(self.tail::<AT>()))
    }

    /// The last four of six octets.
    #[inline(always)]
    fn tail<const AT: usize>(self) -> [u8; 4] {
        let [_, _, a, b, c, d] = self.array::<AT, 6>();
        [a, b, c, d]
    }
}

impl Walk {
    /// Tells whether `count` octets are left of the packet, and of what is read of a frame.
    #[inline(always)]
    fn has(&self, count: u32) -> bool {
        let until = self.off + count;
        until <= self.end && until <= SCRATCH_OCTETS
    }

    /// Returns the octets at which the walk is.
    #[inline(always)]
    fn header(&self) -> Header {
        // SAFETY: a reference may be read. The compiler must not know what was compared before, or it would leave
        // out the bound that the verifier sees.
        let off = unsafe { core::ptr::read_volatile(&raw const self.off) } & (SCRATCH_OCTETS - 1);
        // SAFETY: the bound is below the length of the scratch area.
        Header(unsafe { self.bytes.as_ptr().add(off as usize) })
    }

    /// Ends the walk.
    #[inline(always)]
    fn done(&mut self) {
        self.next = next::DONE;
    }

    /// Ends the walk because of trouble; the first trouble of the frame itself counts.
    #[inline(always)]
    fn stop(&mut self, outcome: u32) {
        self.trouble(outcome);
        self.next = next::DONE;
    }

    #[inline(always)]
    fn trouble(&mut self, outcome: u32) {
        if self.level == 0 && self.outcome == outcome::COMPLETE {
            self.outcome = outcome;
        }
    }

    /// Ends the packet where a length says, unless there is less.
    #[inline(always)]
    fn limit(&mut self, count: u32) {
        if self.off + count <= self.end {
            self.end = self.off + count;
        } else {
            self.trouble(outcome::MALFORMED);
        }
    }

    /// Goes on behind some octets with the header that comes next.
    #[inline(always)]
    fn go(&mut self, count: u32, next: u32) {
        self.off += count;
        self.next = next;
    }

    /// Notes what the frame itself carries.
    #[inline(always)]
    fn carries(&mut self, class: u32) {
        if self.level == 0 {
            self.class = class;
        }
    }

    /// Notes a control message, the first of the frame, and ends the walk.
    #[inline(always)]
    fn control(&mut self, class: Class) {
        if self.control == 0 {
            self.control = class as u32;
        }
        self.next = next::DONE;
    }

    /// Notes what the extension headers of a packet said, where nothing behind them was a message.
    #[inline(always)]
    fn close(&mut self) {
        if self.control == 0 {
            if self.is_legacy != 0 {
                self.control = Class::Mobility as u32;
            } else if self.is_mobile != 0 {
                self.control = Class::MobileTraffic as u32;
            }
        }
        (self.is_legacy, self.is_mobile) = (0, 0);
    }

    /// Goes on inside a tunnel, whose end is the source of the IP header outside, if there is one.
    #[inline(always)]
    fn enter(&mut self, via: u32, id: u32, next: u32) {
        self.close();
        if self.level >= TUNNELS_MAX {
            self.done();
            return;
        }
        (self.via, self.id) = (via, id);
        self.source = if self.has_ip != 0 { self.ip_source } else { [0; 16] };
        self.level += 1;
        self.next = next;
        (self.mirrored_vid, self.count) = (0, 0);
    }

    /// The station may be looked up.
    #[inline(always)]
    fn is_ready(&mut self) {
        if self.pending == pending::YES {
            self.pending = pending::READY;
        }
    }
}

/// Walks through a frame, looks its stations up, and hands it on where it says more than that they are there.
#[inline(never)]
pub fn run(ctx: *mut xdp_md, settings: &Settings, counters: &mut Counters) {
    let Some(walk) = WALKS.get_ptr_mut(0) else {
        return;
    };
    // SAFETY: the element is this processor's own, and no other program runs on it meanwhile.
    let walk = unsafe { &mut *walk };
    let length = frame_len(ctx);
    counters.octets += u64::from(length);
    let held = at_most(length, u64::from(SCRATCH_OCTETS));
    // SAFETY: there is room for as many octets.
    let is_read =
        held > 0 && unsafe { bpf_xdp_load_bytes(ctx, 0, walk.bytes.as_mut_ptr().cast(), held as u32) } == 0;
    begin(walk, length);
    if is_read {
        let mut shared = Shared { walk: &mut *walk, settings, counters: &mut *counters };
        // SAFETY: the callback is given what it expects, and is not called after the helper has returned.
        unsafe { bpf_loop(STEPS_MAX, (go_on as Callback) as *mut c_void, (&raw mut shared).cast(), 0) };
        if shared.walk.pending != pending::NO {
            look_up(shared.walk, settings, shared.counters);
        }
        walk.close();
        if walk.next != next::DONE {
            walk.trouble(outcome::UNSUPPORTED);
        }
    }
    count(&mut counters.classes, walk.class);
    count(&mut counters.outcomes, walk.outcome);
    let flags = walk.flags;
    let class = if walk.control != 0 {
        walk.control
    } else if flags & u32::from(flag::NEW | flag::REFUSED) != 0 {
        Class::New as u32
    } else if flags & u32::from(flag::CHANGED) != 0 {
        Class::Changed as u32
    } else {
        return;
    };
    if punt::punt(ctx, settings, counters, class | flags << 8) != 0 {
        rows::discount_all(walk);
    }
}

/// What each step is given.
struct Shared<'a> {
    walk: &'a mut Walk,
    settings: &'a Settings,
    counters: &'a mut Counters,
}

type Callback = unsafe extern "C" fn(u32, *mut Shared<'_>) -> u64;

/// Takes one step, and looks the station up that it found; returns whether the walk is over.
///
/// The kernel calls it, so that the verifier looks at it once and not once for each step.
unsafe extern "C" fn go_on(_: u32, shared: *mut Shared<'_>) -> u64 {
    // SAFETY: the kernel hands on what `run` gave it.
    let Shared { walk, settings, counters } = unsafe { &mut *shared };
    step(walk, settings, counters);
    u64::from(walk.next == next::DONE)
}

#[inline(always)]
fn begin(walk: &mut Walk, length: u32) {
    // SAFETY: it takes no argument and cannot fail.
    walk.now = unsafe { bpf_jiffies64() };
    (walk.next, walk.off, walk.end, walk.level) = (next::ETHERNET, 0, length, 0);
    (walk.via, walk.id, walk.source) = (via::WIRE, 0, [0; 16]);
    (walk.pending, walk.has_port, walk.mirrored_vid) = (pending::NO, 0, 0);
    (walk.has_ip, walk.is_v6, walk.count) = (0, 0, 0);
    (walk.is_mobile, walk.is_legacy, walk.control) = (0, 0, 0);
    for touched in &mut walk.touched {
        touched.key.mac = 0;
    }
    (walk.class, walk.outcome, walk.flags) = (class::UNREAD, outcome::COMPLETE, 0);
}

/// Looks up the station that was read, if it is one.
#[inline(always)]
fn look_up(walk: &mut Walk, settings: &Settings, counters: &mut Counters) {
    walk.pending = pending::NO;
    if walk.vids == 0 {
        walk.vids = u64::from(walk.mirrored_vid);
    }
    if is_station(walk.mac) {
        rows::touch(walk, settings, counters);
    } else if walk.level == 0 {
        counters.bad_source += 1;
    }
}

/// Reads the headers that mostly follow each other, from one station to the next; any other order takes more steps.
#[inline(never)]
fn step(walk: &mut Walk, settings: &Settings, counters: &mut Counters) {
    if walk.next == next::ETHERNET {
        link::ethernet(walk);
    }
    if walk.next == next::ETHERTYPE {
        link::ethertype(walk, settings);
    }
    if walk.next == next::ETHERTYPE {
        link::ethertype(walk, settings);
    }
    if walk.next == next::ETHERTYPE {
        link::ethertype(walk, settings);
    }
    if walk.next == next::IPV4 {
        packet::v4(walk);
    } else if walk.next == next::IPV6 {
        packet::v6(walk);
    }
    if walk.pending == pending::READY || (walk.next == next::DONE && walk.pending != pending::NO) {
        look_up(walk, settings, counters);
    }
    if walk.next == next::EXTENSION {
        packet::extension(walk);
    }
    if walk.next == next::UPPER {
        packet::upper(walk);
    }
    match walk.next {
        next::UDP => tunnel::udp(walk, settings),
        next::GRE => tunnel::gre(walk, settings),
        next::ERSPAN => tunnel::erspan(walk),
        next::LLC => link::llc(walk),
        next::MPLS => link::mpls(walk),
        next::PPPOE => link::pppoe(walk),
        next::PPP => link::ppp(walk),
        next::OPTION => packet::option(walk),
        _ => {}
    }
}

#[inline(always)]
fn count<const N: usize>(counts: &mut [u64; N], index: u32) {
    if (index as usize) < N {
        // SAFETY: it was just compared.
        unsafe { *counts.get_unchecked_mut(index as usize) += 1 };
    }
}
