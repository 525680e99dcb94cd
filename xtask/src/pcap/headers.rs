//! Headers of frames and packets, written from the standards' pictures, with right checksums.
//!
//! Read IEEE 802.1Q-2022 clause 9, RFC 791, RFC 8200, RFC 768, RFC 9293 and RFC 792 before editing.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A MAC address in transmission order.
pub(crate) type Mac = [u8; 6];

pub(crate) const BROADCAST: Mac = [0xff; 6];

pub(crate) const IPV4: u16 = 0x0800;
pub(crate) const ARP: u16 = 0x0806;
pub(crate) const RARP: u16 = 0x8035;
pub(crate) const IPV6: u16 = 0x86dd;
pub(crate) const LLDP: u16 = 0x88cc;

pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;
pub(crate) const ICMPV6: u8 = 58;
pub(crate) const VRRP: u8 = 112;

/// The least length of an Ethernet frame without its check sequence.
const FRAME_OCTETS_MIN: usize = 60;

/// An 802.1Q or 802.1ad tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) tpid: u16,
    pub(crate) pcp: u8,
    pub(crate) vid: u16,
}

impl Tag {
    /// A customer tag of priority 0.
    pub(crate) const fn vlan(vid: u16) -> Self {
        Self { tpid: 0x8100, pcp: 0, vid }
    }

    /// A service tag of priority 0.
    pub(crate) const fn service(vid: u16) -> Self {
        Self { tpid: 0x88a8, pcp: 0, vid }
    }
}

/// Wraps a payload into an Ethernet frame, padded to the least length.
pub(crate) fn ethernet(dst: Mac, src: Mac, tags: &[Tag], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(FRAME_OCTETS_MIN.max(payload.len() + 22));
    frame.extend(dst);
    frame.extend(src);
    for tag in tags {
        frame.extend(tag.tpid.to_be_bytes());
        frame.extend((u16::from(tag.pcp) << 13 | tag.vid).to_be_bytes());
    }
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame.resize(frame.len().max(FRAME_OCTETS_MIN), 0);
    frame
}

/// Turns an Ethernet frame into what a Linux cooked capture keeps of it, version 1, as sent by the machine itself or not.
pub(crate) fn sll(frame: &[u8], hardware: u16) -> Vec<u8> {
    let (packet_type, tail) = cooked(frame);
    let mut cooked = vec![0, packet_type];
    cooked.extend(hardware.to_be_bytes());
    cooked.extend([0, 6]);
    cooked.extend(&frame[6..12]);
    cooked.extend([0, 0]);
    cooked.extend(tail);
    cooked
}

/// The same, version 2, on the interface of a number.
pub(crate) fn sll2(frame: &[u8], hardware: u16, interface: u32) -> Vec<u8> {
    let (packet_type, tail) = cooked(frame);
    let (protocol, payload) = tail.split_at(2);
    let mut cooked = protocol.to_vec();
    cooked.extend([0, 0]);
    cooked.extend(interface.to_be_bytes());
    cooked.extend(hardware.to_be_bytes());
    cooked.extend([packet_type, 6]);
    cooked.extend(&frame[6..12]);
    cooked.extend([0, 0]);
    cooked.extend(payload);
    cooked
}

/// Returns the packet type (to a group, or to another host) and what stands behind the addresses.
fn cooked(frame: &[u8]) -> (u8, &[u8]) {
    let packet_type = match frame[..6] {
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff] => 1,
        [first, ..] if first & 1 != 0 => 2,
        _ => 3,
    };
    (packet_type, &frame[12..])
}

/// Wraps a payload into an IPv4 packet without options.
pub(crate) fn ipv4(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, ttl: u8, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend(length(20 + payload.len()));
    packet.extend(id.to_be_bytes());
    packet.extend([0x40, 0, ttl, protocol, 0, 0]);
    packet.extend(src.octets());
    packet.extend(dst.octets());
    let sum = checksum(&[&packet]);
    packet[10..12].copy_from_slice(&sum);
    packet.extend(payload);
    packet
}

/// Wraps a payload, which begins with the header that `next` names, into an IPv6 packet.
pub(crate) fn ipv6(src: Ipv6Addr, dst: Ipv6Addr, next: u8, hop_limit: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length(payload.len()));
    packet.extend([next, hop_limit]);
    packet.extend(src.octets());
    packet.extend(dst.octets());
    packet.extend(payload);
    packet
}

/// A UDP datagram whose checksum is still zero, which over IPv4 means that there is none.
fn udp(src_port: u16, dst_port: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    datagram.extend(src_port.to_be_bytes());
    datagram.extend(dst_port.to_be_bytes());
    datagram.extend(length(8 + payload.len()));
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

/// A UDP datagram over IPv4.
pub(crate) fn udp4(src: (Ipv4Addr, u16), dst: (Ipv4Addr, u16), payload: &[u8]) -> Vec<u8> {
    let mut datagram = udp(src.1, dst.1, payload);
    let sum = checksum(&[&pseudo4(src.0, dst.0, UDP, datagram.len()), &datagram]);
    datagram[6..8].copy_from_slice(&never_zero(sum));
    datagram
}

/// A UDP datagram over IPv6.
pub(crate) fn udp6(src: (Ipv6Addr, u16), dst: (Ipv6Addr, u16), payload: &[u8]) -> Vec<u8> {
    let mut datagram = udp(src.1, dst.1, payload);
    let sum = checksum(&[&pseudo6(src.0, dst.0, UDP, datagram.len()), &datagram]);
    datagram[6..8].copy_from_slice(&never_zero(sum));
    datagram
}

/// What a TCP segment says besides its ports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) sequence: u32,
    pub(crate) acknowledgement: u32,
    /// The low eight flag bits: `0x18` is PSH and ACK.
    pub(crate) flags: u8,
    pub(crate) payload: &'a [u8],
}

/// A TCP segment over IPv4, without options.
pub(crate) fn tcp4(src: (Ipv4Addr, u16), dst: (Ipv4Addr, u16), segment: &Segment<'_>) -> Vec<u8> {
    let mut octets = Vec::new();
    octets.extend(src.1.to_be_bytes());
    octets.extend(dst.1.to_be_bytes());
    octets.extend(segment.sequence.to_be_bytes());
    octets.extend(segment.acknowledgement.to_be_bytes());
    octets.extend([0x50, segment.flags, 0xfa, 0xf0, 0, 0, 0, 0]);
    octets.extend(segment.payload);
    let sum = checksum(&[&pseudo4(src.0, dst.0, TCP, octets.len()), &octets]);
    octets[16..18].copy_from_slice(&sum);
    octets
}

/// An ICMP message; `rest` is everything behind the checksum.
pub(crate) fn icmp(kind: u8, code: u8, rest: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend(rest);
    let sum = checksum(&[&message]);
    message[2..4].copy_from_slice(&sum);
    message
}

/// An ICMPv6 message; `rest` is everything behind the checksum.
pub(crate) fn icmpv6(src: Ipv6Addr, dst: Ipv6Addr, kind: u8, code: u8, rest: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend(rest);
    let sum = checksum(&[&pseudo6(src, dst, ICMPV6, message.len()), &message]);
    message[2..4].copy_from_slice(&sum);
    message
}

/// The pseudo-header of RFC 9293 section 3.1.
fn pseudo4(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, octets: usize) -> Vec<u8> {
    let mut pseudo = Vec::new();
    pseudo.extend(src.octets());
    pseudo.extend(dst.octets());
    pseudo.extend([0, protocol]);
    pseudo.extend(length(octets));
    pseudo
}

/// The pseudo-header of RFC 8200 section 8.1.
pub(crate) fn pseudo6(src: Ipv6Addr, dst: Ipv6Addr, next: u8, octets: usize) -> Vec<u8> {
    let mut pseudo = Vec::new();
    pseudo.extend(src.octets());
    pseudo.extend(dst.octets());
    pseudo.extend([0, 0]);
    pseudo.extend(length(octets));
    pseudo.extend([0, 0, 0, next]);
    pseudo
}

/// The Internet checksum (RFC 1071) over parts of which all but the last have an even length.
pub(crate) fn checksum(parts: &[&[u8]]) -> [u8; 2] {
    let mut sum = 0_u32;
    for part in parts {
        for pair in part.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            sum += u32::from(u16::from_be_bytes([pair[0], low]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let folded = u16::try_from(sum).expect("the sum was folded");
    (!folded).to_be_bytes()
}

/// A UDP checksum that comes out as zero is sent as its complement.
fn never_zero(sum: [u8; 2]) -> [u8; 2] {
    if sum == [0, 0] { [0xff, 0xff] } else { sum }
}

fn length(octets: usize) -> [u8; 2] {
    u16::try_from(octets).expect("a generated packet is short").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_rfc_1071() {
        let octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&[&octets]), [!0xdd, !0xf2]);
        assert_eq!(checksum(&[&octets[..4], &octets[4..]]), [!0xdd, !0xf2]);
    }

    #[test]
    fn a_header_with_its_checksum_sums_to_zero() {
        let packet = ipv4([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), UDP, 64, 7, &[1, 2, 3]);
        assert_eq!(checksum(&[&packet[..20]]), [0, 0]);
        assert_eq!(packet[2..4], [0, 23]);
    }

    #[test]
    fn tags_stand_between_the_source_and_the_ethertype() {
        let frame = ethernet(BROADCAST, [2; 6], &[Tag::service(7), Tag::vlan(100)], ARP, &[9]);
        assert_eq!(frame.len(), FRAME_OCTETS_MIN);
        assert_eq!(frame[12..22], [0x88, 0xa8, 0, 7, 0x81, 0, 0, 100, 0x08, 0x06]);
        assert_eq!(frame[22], 9);
    }
}
