/// A station on the wire itself, with at most one VLAN.
///
/// # Layout
/// 8 octets, because the kernel's hash of a key takes longer than anything else that is done for a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct NearKey {
    /// The source address in the upper 48 bits, its first octet highest, and the VLAN identifier in the lower 16: 0
    /// for none.
    pub station: u64,
}

impl NearKey {
    /// Makes the key of a source address, as a number, and a VLAN identifier.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the program has no calls where a shift will do")]
    pub const fn new(mac: u64, vid: u64) -> Self {
        Self { station: mac << 16 | vid }
    }

    /// Returns the source address as a number.
    pub const fn mac(self) -> u64 {
        self.station >> 16
    }

    /// Returns the VLAN identifier; 0 for none.
    pub const fn vid(self) -> u64 {
        self.station & 0xffff
    }
}

/// A station with several VLANs, behind a port that a tag names, or in a tunnel.
///
/// # Layout
/// 40 octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct FarKey {
    /// The source address as a number, first octet highest; the upper 16 bits are zero.
    pub mac: u64,
    /// The VLAN identifiers, 16 bits each, outermost lowest; priority tags are left out.
    pub vids: u64,
    /// How it came there: a number of [`via`], with [`via::HAS_ID`] where there is an identifier.
    pub via: u32,
    /// The tunnel's identifier, or the port's number.
    pub id: u32,
    /// The source address of the IP header outside, an IPv4 address mapped; zero where there is none.
    pub source: [u8; 16],
}

/// The numbers in [`FarKey::via`].
pub mod via {
    /// Says that there is an identifier.
    pub const HAS_ID: u32 = 0x100;
    /// On the wire itself.
    pub const WIRE: u32 = 0;
    /// A tunnel: VXLAN.
    pub const VXLAN: u32 = 1;
    /// A tunnel: Geneve.
    pub const GENEVE: u32 = 2;
    /// A tunnel: GRE.
    pub const GRE: u32 = 3;
    /// A mirror: ERSPAN type I.
    pub const ERSPAN_1: u32 = 4;
    /// A mirror: ERSPAN type II.
    pub const ERSPAN_2: u32 = 5;
    /// A mirror: ERSPAN type III.
    pub const ERSPAN_3: u32 = 6;
    /// A tunnel: a label stack.
    pub const MPLS: u32 = 7;
    /// A port: the E-channel of an E-tag.
    pub const E_TAG: u32 = 16;
    /// A port: the source interface of a VN-tag.
    pub const VN_TAG: u32 = 17;
}

/// What is known of a station: one row of [`NEAR`](crate::map::NEAR) or [`FAR`](crate::map::FAR).
///
/// # Layout
/// 40 octets.
///
/// # Units
/// Times are ticks of the kernel's timer (jiffies), 1 to 10 ms each, because reading a clock would cost as much as
/// half of all the rest. What they are worth says a [`Clock`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Presence {
    /// Frames since the row was made, without those that were handed over.
    pub frames: u64,
    /// Octets of these on the wire, for a frame in a tunnel its own.
    pub octets: u64,
    /// When the row was made.
    pub first_ticks: u64,
    /// The last frame.
    pub last_ticks: u64,
    /// The source address of the IP header by which the last sample went to the sensor: an IPv4 address as it was
    /// loaded, an IPv6 address folded; 0 before the first.
    pub source: u32,
    /// When that was: the lower half of the ticks.
    pub sampled: u32,
}

/// One moment on both clocks: what program `clock` writes.
///
/// # Layout
/// 16 octets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Clock {
    /// Nanoseconds of the machine's monotonic clock, as of the last tick.
    pub monotonic_ns: u64,
    /// Ticks of the kernel's timer.
    pub ticks: u64,
}

/// The head of what is handed over in the ring buffer: a frame, or its beginning.
///
/// # Layout
/// 16 octets; `caplen` octets of the frame follow, then octets that mean nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Record {
    /// When the frame came, in nanoseconds of the machine's monotonic clock.
    pub at_ns: u64,
    /// Its length on the wire in octets.
    pub orig_len: u32,
    /// How many octets of it follow.
    pub caplen: u16,
    /// Why it is handed over: a number of [`Class`](crate::Class).
    pub class: u8,
    /// [`flag`]s.
    pub flags: u8,
}

/// What a [`Record`] says besides its class.
pub mod flag {
    /// The frame made a row.
    pub const NEW: u8 = 1;
    /// The IP address of a row changed.
    pub const CHANGED: u8 = 2;
    /// The row found no room: nothing of the frame is in a map.
    pub const REFUSED: u8 = 4;
}

/// How long a [`Record`] is.
pub const RECORD_OCTETS: usize = size_of::<Record>();

const _: () = assert!(size_of::<NearKey>() == 8);
const _: () = assert!(size_of::<FarKey>() == 40);
const _: () = assert!(size_of::<Presence>() == 40);
const _: () = assert!(size_of::<Clock>() == 16);
const _: () = assert!(RECORD_OCTETS == 16 && align_of::<Record>() == 8);

/// A key or row that can be made of the octets that the kernel gives.
pub trait Row: Sized {
    /// How many octets it takes.
    const OCTETS: usize = size_of::<Self>();

    /// Makes it; none where there are fewer octets than [`Row::OCTETS`].
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|octets| u64::from_ne_bytes(*octets))
}

fn half(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|octets| u32::from_ne_bytes(*octets))
}

impl Row for NearKey {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self { station: word(bytes, 0)? })
    }
}

impl Row for FarKey {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            mac: word(bytes, 0)?,
            vids: word(bytes, 8)?,
            via: half(bytes, 16)?,
            id: half(bytes, 20)?,
            source: *bytes.get(24..)?.first_chunk()?,
        })
    }
}

impl Row for Presence {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            frames: word(bytes, 0)?,
            octets: word(bytes, 8)?,
            first_ticks: word(bytes, 16)?,
            last_ticks: word(bytes, 24)?,
            source: half(bytes, 32)?,
            sampled: half(bytes, 36)?,
        })
    }
}

impl Row for Clock {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self { monotonic_ns: word(bytes, 0)?, ticks: word(bytes, 8)? })
    }
}

impl Row for Record {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let [.., c0, c1, class, flags] = *bytes.first_chunk::<RECORD_OCTETS>()?;
        Some(Self {
            at_ns: word(bytes, 0)?,
            orig_len: half(bytes, 8)?,
            caplen: u16::from_ne_bytes([c0, c1]),
            class,
            flags,
        })
    }
}

#[cfg(test)]
mod tests {
    use core::mem::offset_of;

    use super::*;

    #[test]
    fn rows_are_read_where_they_are_written() {
        let places = [
            (offset_of!(FarKey, via), 16),
            (offset_of!(FarKey, id), 20),
            (offset_of!(FarKey, source), 24),
            (offset_of!(Presence, last_ticks), 24),
            (offset_of!(Presence, source), 32),
            (offset_of!(Presence, sampled), 36),
            (offset_of!(Record, orig_len), 8),
            (offset_of!(Record, caplen), 12),
            (offset_of!(Record, class), 14),
            (offset_of!(Record, flags), 15),
        ];
        for (is, wanted) in places {
            assert_eq!(is, wanted);
        }
        let bytes: [u8; 40] = core::array::from_fn(|at| u8::try_from(at).expect("40 is below 256"));
        let key = FarKey::from_bytes(&bytes).expect("there are 40 octets");
        assert_eq!(key.id, u32::from_ne_bytes([20, 21, 22, 23]));
        assert_eq!(key.source.first(), Some(&24));
        let record = Record::from_bytes(&bytes).expect("there are 16 octets");
        assert_eq!((record.class, record.flags), (14, 15));
        assert!(FarKey::from_bytes(bytes.get(..39).expect("there are 39")).is_none());
    }
}
