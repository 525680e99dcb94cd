//! Handing a frame, or its beginning, to the sensor.

use aya_ebpf::bindings::xdp_md;
use aya_ebpf::helpers::generated::{bpf_ktime_get_ns, bpf_xdp_load_bytes};
use rollcall_ebpf_abi::{Bucket, Class, Counters, Record, SNIPPET_CONTROL, SNIPPET_DATA, Settings, flag};

use crate::maps::{BUCKETS, PUNTS};
use crate::{at_most, frame_len};

/// When the next frame of each class would be on time.
pub struct Buckets([u64; 16]);

/// A record with the beginning of a data frame.
#[repr(C)]
struct Short {
    head: Record,
    bytes: [u8; SNIPPET_DATA],
}

/// A record with a control frame.
#[repr(C)]
struct Long {
    head: Record,
    bytes: [u8; SNIPPET_CONTROL],
}

/// The flag for a changed address, as [`punt`] takes it.
pub const CHANGED: u32 = (flag::CHANGED as u32) << 8;

/// Hands a frame over, unless the bucket of its class is empty or the ring buffer full; returns 1 if it did.
///
/// `why` is the number of the class, with the flags of the record in the next 8 bits.
#[inline(never)]
pub fn punt(ctx: *mut xdp_md, settings: &Settings, counters: &mut Counters, why: u32) -> u32 {
    let (class, flags) = (why & 15, (why >> 8) as u8);
    // SAFETY: it takes no argument and cannot fail.
    let now = unsafe { bpf_ktime_get_ns() };
    if !may_pass(settings, class, now) {
        count(&mut counters.limited, class);
        return 0;
    }
    let orig_len = frame_len(ctx);
    let head = Record { at_ns: now, orig_len, caplen: 0, class: class as u8, flags };
    let handed = if class <= Class::Changed as u32 {
        match PUNTS.reserve::<Short>(0) {
            Some(mut entry) => {
                let record: *mut Short = entry.as_mut_ptr();
                // SAFETY: both point into the reserved record.
                let written = unsafe { fill(ctx, head, &raw mut (*record).head, &raw mut (*record).bytes) };
                if written {
                    entry.submit(0)
                } else {
                    entry.discard(0)
                }
                written
            }
            None => false,
        }
    } else {
        match PUNTS.reserve::<Long>(0) {
            Some(mut entry) => {
                let record: *mut Long = entry.as_mut_ptr();
                // SAFETY: both point into the reserved record.
                let written = unsafe { fill(ctx, head, &raw mut (*record).head, &raw mut (*record).bytes) };
                if written {
                    entry.submit(0)
                } else {
                    entry.discard(0)
                }
                written
            }
            None => false,
        }
    };
    if handed {
        count(&mut counters.punted, class);
        1
    } else {
        counters.overruns += 1;
        0
    }
}

/// Writes a record; tells whether the frame could be read.
///
/// # Safety
/// Both pointers are to be valid for writing.
#[inline(always)]
unsafe fn fill<const N: usize>(ctx: *mut xdp_md, head: Record, to: *mut Record, bytes: *mut [u8; N]) -> bool {
    let length = at_most(head.orig_len, N as u64);
    // SAFETY: by the caller.
    unsafe { to.write(Record { caplen: length as u16, ..head }) };
    // SAFETY: by the caller; the helper writes as many octets as there is room.
    length > 0 && unsafe { bpf_xdp_load_bytes(ctx, 0, bytes.cast(), length as u32) } == 0
}

/// Takes from the bucket of a class; tells whether there was enough.
#[inline(always)]
fn may_pass(settings: &Settings, class: u32, now: u64) -> bool {
    let Some(buckets) = BUCKETS.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: the element is this processor's own; 16 of each are there.
    unsafe {
        let Bucket { interval_ns, burst_ns } = *settings.buckets.get_unchecked((class & 15) as usize);
        let due = (*buckets).0.get_unchecked_mut((class & 15) as usize);
        let owed = if *due > now { *due } else { now };
        if owed - now > burst_ns {
            return false;
        }
        *due = owed + interval_ns;
    }
    true
}

#[inline(always)]
fn count<const N: usize>(counts: &mut [u64; N], class: u32) {
    if (class as usize) < N {
        // SAFETY: it was just compared.
        unsafe { *counts.get_unchecked_mut(class as usize) += 1 };
    }
}
