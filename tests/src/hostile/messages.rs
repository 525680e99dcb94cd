use rollcall_core::types::LinkType;

use super::frames::check;

const PEER: [u8; 6] = [0x52, 0x54, 0x00, 0x00, 0x00, 0x0b];
const STATION: [u8; 6] = [0x52, 0x54, 0x00, 0x00, 0x00, 0x0a];
/// 2001:db8:201::a1 and 2001:db8:100::1.
const FROM: [u8; 16] = [0x20, 0x01, 0x0d, 0xb8, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa1];
const TO: [u8; 16] = [0x20, 0x01, 0x0d, 0xb8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];

/// A message in the frame that carries it: RADIUS accounting, DHCP, DHCPv6 and Mobile IPv4 from their first
/// octet on, LLDP from its first TLV, CDP from its version.
///
/// # Panics
/// Where something does not hold for the frame, or nothing is known of `kind`.
pub fn payload(kind: &str, octets: &[u8]) {
    whole(&carried(kind, octets));
}

/// Makes the frame that carries a message; `octets` are as [`payload`] and [`mobility`] say, and of `vxlan` the
/// inner frame.
///
/// # Panics
/// Where nothing is known of `kind`.
pub fn carried(kind: &str, octets: &[u8]) -> Vec<u8> {
    match kind {
        "mobility" => {
            let (flags, message) = octets.split_first().expect("flags come first");
            mobility_frame(*flags, message)
        }
        "vxlan" => {
            ethernet(0x0800, &ipv4(17, &udp(50_000, 4_789, &[&[8, 0, 0, 0, 0, 0, 42, 0], octets].concat())))
        }
        "radius" => ethernet(0x0800, &ipv4(17, &udp(50_000, 1_813, octets))),
        "dhcp" => ethernet(0x0800, &ipv4(17, &udp(67, 68, octets))),
        "dhcpv6" => ethernet(0x86dd, &ipv6(17, &udp(547, 546, octets))),
        "mobile_ip" => ethernet(0x0800, &ipv4(17, &udp(50_000, 434, octets))),
        "lldp" => ethernet(0x88cc, octets),
        "cdp" => {
            let behind = [&[0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00], octets].concat();
            ethernet(u16::try_from(behind.len()).unwrap_or(1_500).min(1_500), &behind)
        }
        other => panic!("there is no message called `{other}`"),
    }
}

/// A mobility header, after an octet that says what comes before it and whether its checksum is made right.
///
/// # Layout
/// Bit 0: a right checksum; bit 1: a Home Address option; bit 2: a type 2 routing header; bit 3: the protocol
/// number of the drafts.
pub fn mobility(octets: &[u8]) {
    if let Some((flags, message)) = octets.split_first() {
        whole(&mobility_frame(*flags, message));
    }
}

fn mobility_frame(flags: u8, message: &[u8]) -> Vec<u8> {
    let protocol = if flags & 8 == 0 { 135 } else { 62 };
    let mut message = message.to_vec();
    let home = [&FROM[..15], &[0xa2]].concat();
    let has_option = flags & 2 != 0;
    let has_route = flags & 4 != 0;
    if flags & 1 != 0 && message.len() >= 6 {
        message[4..6].fill(0);
        let from = if has_option { home.as_slice() } else { &FROM };
        let to = if has_route { home.as_slice() } else { &TO };
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
        let sum = checksum(&[from, to, &length, &[0, 0, 0, protocol], &message].concat());
        message[4..6].copy_from_slice(&sum.to_be_bytes());
    }
    let (mut before, mut next) = (Vec::new(), protocol);
    if has_route {
        before = [&[next, 2, 2, 1, 0, 0, 0, 0], home.as_slice()].concat();
        next = 43;
    }
    if has_option {
        // Destination options: padding, then the Home Address option.
        before = [&[next, 2, 1, 2, 0, 0, 201, 16], home.as_slice(), &before].concat();
        next = 60;
    }
    ethernet(0x86dd, &ipv6(next, &[before, message].concat()))
}

/// What a tunnel carries, after an octet that chooses the tunnel.
pub fn tunnel(octets: &[u8]) {
    let Some((kind, inner)) = octets.split_first() else {
        return;
    };
    let frame = match kind % 16 {
        0 => ethernet(0x0800, &ipv4(17, &udp(50_000, 4_789, &[&[8, 0, 0, 0, 0, 0, 42, 0], inner].concat()))),
        1 => ethernet(0x0800, &ipv4(17, &udp(50_000, 4_789, inner))),
        2 => ethernet(
            0x0800,
            &ipv4(17, &udp(50_000, 6_081, &[&[0, 0, 0x65, 0x58, 0, 0, 42, 0], inner].concat())),
        ),
        3 => ethernet(0x86dd, &ipv6(17, &udp(50_000, 6_081, inner))),
        // NVGRE: key present, transparent Ethernet bridging.
        4 => ethernet(0x0800, &ipv4(47, &[&[0x20, 0, 0x65, 0x58, 0, 0, 42, 0], inner].concat())),
        5 => ethernet(0x0800, &ipv4(47, inner)),
        // ERSPAN type II and III, with sequence numbers.
        6 => ethernet(0x0800, &ipv4(47, &[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1], inner].concat())),
        7 => ethernet(0x0800, &ipv4(47, &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], inner].concat())),
        8 => ethernet(0x0800, &ipv4(47, &[&[0, 0, 0x88, 0xbe], inner].concat())),
        9 => ethernet(0x0800, &ipv4(4, inner)),
        10 => ethernet(0x0800, &ipv4(41, inner)),
        11 => ethernet(0x86dd, &ipv6(41, inner)),
        12 => ethernet(0x86dd, &ipv6(4, inner)),
        // MPLS, PPPoE session, 802.1BR.
        13 => ethernet(0x8847, inner),
        14 => ethernet(0x8864, inner),
        _ => ethernet(0x893f, inner),
    };
    whole(&frame);
}

fn whole(frame: &[u8]) {
    check(LinkType::ETHERNET, u32::try_from(frame.len()).unwrap_or(u32::MAX), frame);
}

fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&PEER[..], &STATION, &ethertype.to_be_bytes(), payload].concat()
}

fn length(octets: &[u8], more: usize) -> [u8; 2] {
    u16::try_from(octets.len() + more).unwrap_or(u16::MAX).to_be_bytes()
}

fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = length(payload, 20);
    let header = [0x45, 0, high, low, 0, 1, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
    [&header, payload].concat()
}

fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = length(payload, 0);
    [&[0x60, 0, 0, 0, high, low, next, 64], &FROM[..], &TO, payload].concat()
}

fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    [&from.to_be_bytes(), &to.to_be_bytes(), &length(payload, 8), &[0, 0][..], payload].concat()
}

/// RFC 1071 section 1.
fn checksum(octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|word| match *word {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        [high] => u32::from(high) << 8,
        _ => 0,
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rollcall_core::decode::{Checksum, Control, DecodeSettings, decode};

    use super::*;

    #[test]
    fn a_checksum_that_is_made_right_is_right() {
        // A Binding Update with nothing in it.
        let message = [59, 1, 5, 0, 0, 0, 0, 1, 0xf0, 0, 0, 150, 1, 2, 0, 0];
        for flags in 0..8 {
            let frame = mobility_frame(flags, &message);
            let Control::Mobility(message) =
                decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, &frame).control
            else {
                panic!("{flags}: a mobility header is one");
            };
            assert_eq!(message.checksum() == Checksum::Good, flags & 1 != 0, "{flags}");
        }
    }
}
