//! Rows: who was seen, how often, and when last.

use rollcall_ebpf_abi::{Counters, FarKey, NearKey, Presence, Settings, flag, via};

use crate::maps::{FAR, NEAR, Rows};
use crate::walk::Walk;

/// What became of a frame at its row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// It was counted.
    Known,
    /// It was counted, and its IP address is another than that of the last sample.
    Changed,
}

/// Counts a frame in a row; `now` is in ticks.
#[inline(always)]
pub fn refresh(row: *mut Presence, octets: u64, now: u64, source: u32, settings: &Settings) -> Refreshed {
    // SAFETY: the row is an element of a map that outlives the program's run. Other processors may write it at the
    // same time: sums are atomic, and of the times any one of those will do.
    unsafe {
        add(&raw mut (*row).frames, 1);
        add(&raw mut (*row).octets, octets);
        (*row).last_ticks = now;
        if source == (*row).source || source == 0 {
            return Refreshed::Known;
        }
        let stamp = now as u32;
        let interval = settings.change_interval_ticks as u32;
        if (*row).source != 0 && stamp.wrapping_sub((*row).sampled) < interval {
            return Refreshed::Known;
        }
        (*row).source = source;
        (*row).sampled = stamp;
    }
    Refreshed::Changed
}

/// Adds to a sum that other processors may add to.
///
/// # Safety
/// `sum` points to a number in a map.
#[inline(always)]
unsafe fn add(sum: *mut u64, more: u64) {
    #[cfg(any(feature = "rows-percpu", feature = "rows-lru-percpu"))]
    // SAFETY: by the caller; the number is this processor's own.
    unsafe {
        *sum += more;
    }
    #[cfg(not(any(feature = "rows-percpu", feature = "rows-lru-percpu")))]
    // SAFETY: by the caller; it is aligned, as every element of a map is. The standard library has no atomic sum on
    // this target.
    unsafe {
        core::arch::asm!("lock *(u64 *)({sum} + 0) += {more}", sum = in(reg) sum, more = in(reg) more);
    }
}

/// Takes a frame out of a row again because it was handed over.
#[inline(always)]
pub fn discount(row: *mut Presence, octets: u64) {
    // SAFETY: the row is an element of a map that outlives the program's run; sums are atomic.
    unsafe {
        add(&raw mut (*row).frames, 1u64.wrapping_neg());
        add(&raw mut (*row).octets, octets.wrapping_neg());
    }
}

/// Takes the frame of a walk out of the rows that it was counted in.
#[inline(never)]
pub fn discount_all(walk: &Walk) {
    discount_at::<0>(walk);
    discount_at::<1>(walk);
    discount_at::<2>(walk);
    discount_at::<3>(walk);
}

#[inline(always)]
fn discount_at<const LEVEL: usize>(walk: &Walk) {
    let Touched { key, octets } = &walk.touched[LEVEL];
    // The zero address is no station's.
    if key.mac == 0 {
        return;
    }
    let row =
        if is_near(key) { NEAR.get_ptr_mut(NearKey::new(key.mac, key.vids)) } else { FAR.get_ptr_mut(key) };
    if let Some(row) = row {
        discount(row, *octets);
    }
}

/// A station that a walk has looked up.
#[repr(C)]
pub struct Touched {
    pub key: FarKey,
    pub octets: u64,
}

/// Tells whether a key's row is in the map of short keys.
#[inline(always)]
fn is_near(key: &FarKey) -> bool {
    key.via == via::WIRE && key.vids <= 0xffff
}

/// Finds or makes the row of the station at which a walk has arrived; says in the walk's flags what became of it.
#[inline(never)]
pub fn touch(walk: &mut Walk, settings: &Settings, counters: &mut Counters) {
    let key = FarKey { mac: walk.mac, vids: walk.vids, via: walk.via, id: walk.id, source: walk.source };
    let found = if is_near(&key) {
        touch_in(&NEAR, &NearKey::new(key.mac, key.vids), walk, settings)
    } else {
        touch_in(&FAR, &key, walk, settings)
    };
    // SAFETY: a number below 4 is an index.
    unsafe {
        let place = walk.touched.get_unchecked_mut((walk.level & 3) as usize);
        *place = Touched { key, octets: u64::from(walk.octets) };
    }
    match found {
        Some(more) => {
            counters.created += u64::from(more & flag::NEW);
            walk.flags |= u32::from(more);
        }
        None => {
            counters.refused += 1;
            walk.flags |= u32::from(flag::REFUSED);
        }
    }
    if walk.level > 0 {
        counters.inner += 1;
    }
}

/// Returns the flags that the frame earns; none where the map is full.
#[inline(always)]
fn touch_in<K>(rows: &Rows<K>, key: &K, walk: &Walk, settings: &Settings) -> Option<u8> {
    let (octets, now, source) = (u64::from(walk.octets), walk.now, walk.source_mark);
    if let Some(row) = rows.get_ptr_mut(key) {
        let changed = refresh(row, octets, now, source, settings) == Refreshed::Changed;
        return Some(if changed { flag::CHANGED } else { 0 });
    }
    let first =
        Presence { frames: 1, octets, first_ticks: now, last_ticks: now, source, sampled: now as u32 };
    const NOEXIST: u64 = 1;
    if rows.insert(key, &first, NOEXIST).is_ok() {
        return Some(flag::NEW);
    }
    // Another processor may have made it meanwhile.
    rows.get_ptr_mut(key).map(|row| {
        refresh(row, octets, now, source, settings);
        0
    })
}
