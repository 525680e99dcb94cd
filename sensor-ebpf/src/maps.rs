//! The maps. How many rows they hold is set by the sensor when it loads the program.

use aya_ebpf::macros::map;
use aya_ebpf::maps::{Array, PerCpuArray, RingBuf};
use rollcall_ebpf_abi::{Clock, Counters, FarKey, NearKey, Presence, Settings};

use crate::punt::Buckets;
use crate::walk::Walk;

#[cfg(not(any(feature = "rows-lru", feature = "rows-percpu", feature = "rows-lru-percpu")))]
pub type Rows<K> = aya_ebpf::maps::HashMap<K, Presence>;
#[cfg(feature = "rows-lru")]
pub type Rows<K> = aya_ebpf::maps::LruHashMap<K, Presence>;
#[cfg(feature = "rows-percpu")]
pub type Rows<K> = aya_ebpf::maps::PerCpuHashMap<K, Presence>;
#[cfg(feature = "rows-lru-percpu")]
pub type Rows<K> = aya_ebpf::maps::LruPerCpuHashMap<K, Presence>;

/// Stations on the wire itself.
#[map]
pub static NEAR: Rows<NearKey> = Rows::with_max_entries(65_536, 0);

/// Stations behind tagged ports and in tunnels.
#[map]
pub static FAR: Rows<FarKey> = Rows::with_max_entries(65_536, 0);

/// What is handed to the sensor.
#[map]
pub static PUNTS: RingBuf = RingBuf::with_byte_size(8 << 20, 0);

/// What each processor counts.
#[map]
pub static COUNTERS: PerCpuArray<Counters> = PerCpuArray::with_max_entries(1, 0);

/// What each processor may still hand over.
#[map]
pub static BUCKETS: PerCpuArray<Buckets> = PerCpuArray::with_max_entries(1, 0);

/// Where each processor walks through a frame: too large for the stack.
#[map]
pub static WALKS: PerCpuArray<Walk> = PerCpuArray::with_max_entries(1, 0);

/// What the sensor has set.
#[map]
pub static SETTINGS: Array<Settings> = Array::with_max_entries(1, 0);

/// What ticks are worth, as program `clock` found it.
#[map]
pub static CLOCK: Array<Clock> = Array::with_max_entries(1, 0);
