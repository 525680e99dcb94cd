//! The XDP program of Rollcall: presence in the kernel.
//!
//! A frame of a known station about which nothing is odd is counted in its row and ends there ([`plain`], [`rows`]).
//! Every other frame is walked header by header through its tags and tunnels ([`walk`]), each station on the way is
//! looked up, and the frame is handed to the sensor where it is the first of its station, shows another address,
//! or carries a control message ([`punt`]), as often as the bucket of its class allows. Then it is dropped, or
//! passed on where the settings say so. Nothing is ever sent. Each frame is told to the sensor once: it is handed over, or
//! counted in the rows of its stations.
//!
//! It says of a frame what the decoder of the sensor says: the same stations, VLANs, tunnels and class. It judges no
//! message and verifies no checksum; that is for the sensor, which gets the frame.
//!
//! # Bounds
//! [`walk::STEPS_MAX`] headers and the first [`walk::SCRATCH_OCTETS`] octets of a frame are read; the maps hold as
//! many rows as they were made for; what finds no room is counted.
//!
//! # Requirements
//! Linux 5.18 (`bpf_xdp_load_bytes`, frames in several buffers).

#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

mod maps;
mod plain;
mod punt;
mod rows;
mod walk;

use aya_ebpf::bindings::{xdp_action, xdp_md};
use aya_ebpf::helpers::generated::{bpf_jiffies64, bpf_ktime_get_coarse_ns, bpf_xdp_get_buff_len};
use aya_ebpf::macros::xdp;
use aya_ebpf::programs::XdpContext;
use rollcall_ebpf_abi::{Class, Clock, Counters, NearKey, Settings};

use maps::{CLOCK, COUNTERS, NEAR, SETTINGS};
use rows::Refreshed;

/// Counts a frame in the row of its station and hands it on where it says more than that.
#[xdp(frags)]
pub fn rollcall(ctx: XdpContext) -> u32 {
    let (Some(settings), Some(counters)) = (SETTINGS.get_ptr(0), COUNTERS.get_ptr_mut(0)) else {
        return xdp_action::XDP_PASS;
    };
    // SAFETY: the element of the array exists as long as the program, and only the sensor writes it.
    let settings = unsafe { &*settings };
    // SAFETY: the element is this processor's own, and no other program runs on it meanwhile.
    let counters = unsafe { &mut *counters };
    if !known(&ctx, settings, counters) {
        walk::run(ctx.ctx, settings, counters);
    }
    settings.action
}

/// Handles a plain data frame of a station that has a row; tells whether it was one.
#[inline(always)]
fn known(ctx: &XdpContext, settings: &Settings, counters: &mut Counters) -> bool {
    let (data, end) = (ctx.data(), ctx.data_end());
    let Some(frame) = plain::read(data, end, settings) else {
        return false;
    };
    let Some(row) = NEAR.get_ptr_mut(NearKey::new(frame.mac, frame.vid)) else {
        return false;
    };
    let octets = (end - data) as u64;
    // Written without an index, for which the verifier would want a bound.
    if frame.is_v6 {
        counters.plain[1] += 1;
    } else {
        counters.plain[0] += 1;
    }
    counters.octets += octets;
    // SAFETY: it takes no argument and cannot fail.
    let now = unsafe { bpf_jiffies64() };
    if rows::refresh(row, octets, now, frame.source, settings) == Refreshed::Changed
        && punt::punt(ctx.ctx, settings, counters, Class::Changed as u32 | punt::CHANGED) != 0
    {
        rows::discount(row, octets);
    }
    true
}

/// Reads the headers of a data frame and drops it; of what is no plain data frame it reads no more.
#[xdp(frags)]
pub fn parse_and_drop(ctx: XdpContext) -> u32 {
    let Some(settings) = SETTINGS.get_ptr(0) else {
        return xdp_action::XDP_PASS;
    };
    // SAFETY: the element of the array exists as long as the program, and only the sensor writes it.
    let settings = unsafe { &*settings };
    match plain::read(ctx.data(), ctx.data_end(), settings) {
        // What was read has to decide something, or the compiler would leave out reading it.
        Some(frame) if frame.mac ^ frame.vid ^ u64::from(frame.source) == settings.change_interval_ticks => {
            xdp_action::XDP_PASS
        }
        _ => xdp_action::XDP_DROP,
    }
}

/// Notes what the ticks by which rows are stamped are worth.
#[xdp]
pub fn clock(_: XdpContext) -> u32 {
    if let Some(place) = CLOCK.get_ptr_mut(0) {
        // SAFETY: the helpers take no argument and cannot fail; the element of the array exists as long as the program.
        unsafe { *place = Clock { monotonic_ns: bpf_ktime_get_coarse_ns(), ticks: bpf_jiffies64() } };
    }
    xdp_action::XDP_DROP
}

/// Returns the length of a frame on the wire, whichever buffers it lies in.
#[inline(always)]
fn frame_len(ctx: *mut xdp_md) -> u32 {
    // SAFETY: the context is the one that the kernel called the program with.
    unsafe { bpf_xdp_get_buff_len(ctx) as u32 }
}

/// Returns a length, or the bound where it is more, in a way in which the verifier knows it too.
#[inline(always)]
fn at_most(length: u32, bound: u64) -> u64 {
    let mut number = opaque(u64::from(length));
    if number > bound {
        number = bound;
    }
    opaque(number)
}

/// Returns a number of which the compiler does not know where it comes from: what is compared afterwards is this very
/// register, so that the verifier knows its bounds as well.
#[inline(always)]
fn opaque(mut number: u64) -> u64 {
    // SAFETY: no instruction.
    unsafe { core::arch::asm!("/* {0} */", inout(reg) number) };
    number
}

/// Under which licences the program is; the kernel reads it.
#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // No path leads here: the verifier would refuse a program with one, for it would never end.
    loop {}
}
