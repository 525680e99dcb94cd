use crate::CLASSES;

/// What one processor counted since the program was loaded.
///
/// # Layout
/// 64-bit numbers only, so that the sensor reads it as a row of them; [`Counter`] says which is which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counters {
    /// Octets of all frames on the wire.
    pub octets: u64,
    /// Data frames over IPv4 and over IPv6 of stations with a row, about which nothing was odd.
    pub plain: [u64; 2],
    /// All other frames by what they carry: ARP, RARP, IPv4, IPv6, LLC, SNAP, other, not read.
    pub classes: [u64; 8],
    /// These by how far their headers were read: complete, truncated, malformed, unsupported.
    pub outcomes: [u64; 4],
    /// Frames whose source address no station may have.
    pub bad_source: u64,
    /// Frames in tunnels whose station was looked up.
    pub inner: u64,
    /// Rows that were made.
    pub created: u64,
    /// Frames whose station has no row because the map is full.
    pub refused: u64,
    /// Frames handed over, by class.
    pub punted: [u64; CLASSES],
    /// Frames not handed over because of the rate limit of their class.
    pub limited: [u64; CLASSES],
    /// Frames not handed over because the ring buffer was full.
    pub overruns: u64,
}

/// Places of numbers in [`Counters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter;

impl Counter {
    /// How many numbers there are.
    pub const COUNT: usize = size_of::<Counters>() / 8;
    /// [`Counters::octets`].
    pub const OCTETS: usize = 0;
    /// [`Counters::plain`].
    pub const PLAIN: usize = 1;
    /// [`Counters::classes`].
    pub const CLASSES: usize = 3;
    /// [`Counters::outcomes`].
    pub const OUTCOMES: usize = 11;
    /// [`Counters::bad_source`].
    pub const BAD_SOURCE: usize = 15;
    /// [`Counters::inner`].
    pub const INNER: usize = 16;
    /// [`Counters::created`].
    pub const CREATED: usize = 17;
    /// [`Counters::refused`].
    pub const REFUSED: usize = 18;
    /// [`Counters::punted`].
    pub const PUNTED: usize = 19;
    /// [`Counters::limited`].
    pub const LIMITED: usize = Self::PUNTED + CLASSES;
    /// [`Counters::overruns`].
    pub const OVERRUNS: usize = Self::LIMITED + CLASSES;
}

const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Counters, plain) == 8 * Counter::PLAIN);
    assert!(offset_of!(Counters, classes) == 8 * Counter::CLASSES);
    assert!(offset_of!(Counters, outcomes) == 8 * Counter::OUTCOMES);
    assert!(offset_of!(Counters, bad_source) == 8 * Counter::BAD_SOURCE);
    assert!(offset_of!(Counters, inner) == 8 * Counter::INNER);
    assert!(offset_of!(Counters, created) == 8 * Counter::CREATED);
    assert!(offset_of!(Counters, refused) == 8 * Counter::REFUSED);
    assert!(offset_of!(Counters, punted) == 8 * Counter::PUNTED);
    assert!(offset_of!(Counters, limited) == 8 * Counter::LIMITED);
    assert!(offset_of!(Counters, overruns) == 8 * Counter::OVERRUNS);
    assert!(Counter::COUNT == Counter::OVERRUNS + 1);
};
