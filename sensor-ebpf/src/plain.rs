//! The data frame about which nothing is odd: at most one tag, TCP, UDP or the like, no port that is read.
//!
//! It must say yes to nothing that the decoder finds more in. Read IEEE 802.3-2018 section 3, RFC 791 and RFC 8200
//! before editing.

use rollcall_ebpf_abi::Settings;

/// What presence needs of a plain data frame.
pub struct Plain {
    /// The source address, a station's.
    pub mac: u64,
    /// The VLAN identifier; 0 for none.
    pub vid: u64,
    /// The source address of the IP header, folded; never 0.
    pub source: u32,
    pub is_v6: bool,
}

const MAC_BITS: u64 = 0xffff_ffff_ffff;
const GROUP_BIT: u64 = 1 << 40;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// Tells whether a station may have an address: one that is neither a group's nor zero.
#[inline(always)]
pub fn is_station(mac: u64) -> bool {
    mac != 0 && mac & GROUP_BIT == 0
}

/// Tells whether an ethertype announces a VLAN tag.
#[inline(always)]
pub fn is_tag(ethertype: u16) -> bool {
    matches!(ethertype, 0x8100 | 0x88a8 | 0x9100)
}

/// Tells whether datagrams of a port are read; the port is as it stands in the frame.
#[inline(always)]
pub fn is_port_read(settings: &Settings, port: u16) -> bool {
    // SAFETY: a 16-bit number divided by 8 is an index below 8,192.
    let bits = unsafe { *settings.port_bits.get_unchecked(usize::from(port >> 3)) };
    bits >> (port & 7) & 1 != 0
}

/// Folds an address to what tells it from another one: 32 bits, not 0.
#[inline(always)]
pub fn fold_v6(words: [u64; 2]) -> u32 {
    let mixed = (words[0] ^ words[1].rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32 | 1
}

/// Loads a number of the frame, in whatever alignment.
///
/// # Safety
/// The octets lie before the end that was checked.
#[inline(always)]
unsafe fn load<T: Copy>(from: usize, at: usize) -> T {
    // SAFETY: by the caller. The processors that run this load unaligned numbers, and so does the target, which is
    // told so.
    unsafe { ((from + at) as *const T).read_unaligned() }
}

/// Reads a frame from `data` to `end`; none where there may be more to it.
#[inline(always)]
pub fn read(data: usize, end: usize, settings: &Settings) -> Option<Plain> {
    if data + 46 > end {
        return None;
    }
    // SAFETY: these three lie in the first 46 octets.
    let (addresses, ethertype, tci) =
        unsafe { (load::<u64>(data, 4), load::<u16>(data, 12), load::<u16>(data, 14)) };
    let mac = u64::from_be(addresses) & MAC_BITS;
    // Zero less one has every bit, the group bit too. Few addresses of stations have it as well; they are walked.
    if (mac | mac.wrapping_sub(1)) & GROUP_BIT != 0 {
        return None;
    }
    if is_tag(u16::from_be(ethertype)) {
        let vid = u64::from(u16::from_be(tci) & 0x0fff);
        // SAFETY: it lies in the first 46 octets.
        let inside = unsafe { load::<u16>(data, 16) };
        packet(data + 18, end, u16::from_be(inside), mac, vid, settings)
    } else {
        packet(data + 14, end, u16::from_be(ethertype), mac, 0, settings)
    }
}

/// Reads the packet behind an ethertype.
#[inline(always)]
fn packet(ip: usize, end: usize, ethertype: u16, mac: u64, vid: u64, settings: &Settings) -> Option<Plain> {
    match ethertype {
        0x0800 => Some(Plain { mac, vid, source: v4(ip, end, settings)?, is_v6: false }),
        0x86dd => Some(Plain { mac, vid, source: v6(ip, end, settings)?, is_v6: true }),
        _ => None,
    }
}

#[inline(always)]
fn v4(ip: usize, end: usize, settings: &Settings) -> Option<u32> {
    if ip + 28 > end {
        return None;
    }
    // SAFETY: these lie in the 28 octets that were checked.
    let (first, total, fragment, protocol, source, src_port, dst_port) = unsafe {
        (
            load::<u8>(ip, 0),
            load::<u16>(ip, 2),
            load::<u16>(ip, 6),
            load::<u8>(ip, 9),
            load::<u32>(ip, 12),
            load::<u16>(ip, 20),
            load::<u16>(ip, 22),
        )
    };
    let total = usize::from(u16::from_be(total));
    if first != 0x45 || total < 28 || total > end - ip || u16::from_be(fragment) & 0x1fff != 0 {
        return None;
    }
    match protocol {
        TCP => Some(source),
        UDP if is_port_read(settings, src_port) || is_port_read(settings, dst_port) => None,
        // A packet in a packet, GRE, or a label stack.
        4 | 41 | 47 | 137 => None,
        _ => Some(source),
    }
}

#[inline(always)]
fn v6(ip: usize, end: usize, settings: &Settings) -> Option<u32> {
    if ip + 48 > end {
        return None;
    }
    // SAFETY: these lie in the 48 octets that were checked.
    let (first, length, next, high, low, src_port, dst_port) = unsafe {
        (
            load::<u8>(ip, 0),
            load::<u16>(ip, 4),
            load::<u8>(ip, 6),
            load::<u64>(ip, 8),
            load::<u64>(ip, 16),
            load::<u16>(ip, 40),
            load::<u16>(ip, 42),
        )
    };
    let length = usize::from(u16::from_be(length));
    if first >> 4 != 6 || length < 8 || length + 40 > end - ip {
        return None;
    }
    match next {
        TCP => Some(fold_v6([high, low])),
        UDP if !is_port_read(settings, src_port) && !is_port_read(settings, dst_port) => {
            Some(fold_v6([high, low]))
        }
        _ => None,
    }
}
