//! Frames inside tunnels, and tags that name a port.
//!
//! Read RFC 7348 section 5 (VXLAN), RFC 8926 section 3 (Geneve), RFC 2784 and RFC 2890 (GRE), RFC 7637 (NVGRE),
//! draft-foschiano-erspan-03 (ERSPAN), RFC 2473 (IPv6 in IPv6) and IEEE 802.1BR-2012 clause 11 before editing.

use std::net::Ipv6Addr;

use super::headers::{IPV4, IPV6, ipv4, ipv6};
use super::station::Station;

const GRE: u8 = 47;
const IPV6_INSIDE: u8 = 41;
/// The protocol type of an Ethernet frame in Geneve and GRE.
const BRIDGED: u16 = 0x6558;

impl Station {
    /// Sends a frame through VXLAN; the source port is made of the frame, as section 5 asks.
    pub(crate) fn vxlan(&self, to: &Self, vni: u32, frame: &[u8]) -> Vec<u8> {
        let mut payload = vec![0x08, 0, 0, 0];
        payload.extend((vni << 8).to_be_bytes());
        payload.extend(frame);
        self.udp(to, entropy(frame), 4789, &payload)
    }

    /// Sends a frame through Geneve, with an option that a receiver may ignore.
    pub(crate) fn geneve(&self, to: &Self, vni: u32, frame: &[u8]) -> Vec<u8> {
        let mut payload = vec![0x02, 0];
        payload.extend(BRIDGED.to_be_bytes());
        payload.extend((vni << 8).to_be_bytes());
        // Class "Open vSwitch" (0x0101), type 1, 4 octets.
        payload.extend([0x01, 0x01, 0x01, 1, 0, 0, 0, 9]);
        payload.extend(frame);
        self.udp(to, entropy(frame), 6081, &payload)
    }

    /// Sends a frame through GRE with a key.
    pub(crate) fn gre(&self, to: &Self, key: u32, frame: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x20, 0x00];
        packet.extend(BRIDGED.to_be_bytes());
        packet.extend(key.to_be_bytes());
        packet.extend(frame);
        self.frame(to.mac, IPV4, &ipv4(self.ip, to.ip, GRE, 64, entropy(frame), &packet))
    }

    /// Sends a copy of a frame through ERSPAN type II, with the VLAN in which the switch had it and the number of
    /// the port.
    pub(crate) fn erspan(&self, to: &Self, copy: &Mirrored<'_>) -> Vec<u8> {
        let mut packet = vec![0x10, 0x00, 0x88, 0xbe];
        packet.extend(copy.sequence.to_be_bytes());
        packet.extend((0x1000 | copy.vid).to_be_bytes());
        packet.extend(copy.session.to_be_bytes());
        packet.extend(copy.port.to_be_bytes());
        packet.extend(copy.frame);
        let id = u16::try_from(copy.sequence & 0xffff).expect("it was cut");
        self.frame(to.mac, IPV4, &ipv4(self.ip, to.ip, GRE, 64, id, &packet))
    }

    /// Sends an IPv6 packet through a tunnel to another address.
    pub(crate) fn ip6_tunnel(&self, to: &Self, end: Ipv6Addr, packet: &[u8]) -> Vec<u8> {
        self.frame(to.mac, IPV6, &ipv6(self.ip6, end, IPV6_INSIDE, 64, packet))
    }
}

/// A frame that a switch mirrors.
pub(crate) struct Mirrored<'a> {
    pub(crate) session: u16,
    pub(crate) sequence: u32,
    pub(crate) vid: u16,
    pub(crate) port: u32,
    pub(crate) frame: &'a [u8],
}

/// Puts an E-tag behind the addresses of a frame: the E-channel of the port extender's port.
pub(crate) fn e_tag(frame: &[u8], channel: u16) -> Vec<u8> {
    let mut tag = vec![0x89, 0x3f, 0, 0];
    tag.extend((channel & 0x0fff).to_be_bytes());
    tag.extend([0, 0]);
    insert(frame, &tag)
}

/// Puts a VN-tag behind the addresses of a frame on its way to the bridge: the source interface.
pub(crate) fn vn_tag(frame: &[u8], interface: u16) -> Vec<u8> {
    let mut tag = vec![0x89, 0x26, 0, 0];
    tag.extend((interface & 0x0fff).to_be_bytes());
    insert(frame, &tag)
}

fn insert(frame: &[u8], tag: &[u8]) -> Vec<u8> {
    let (addresses, rest) = frame.split_at(12);
    [addresses, tag, rest].concat()
}

/// A number that stays the same for one conversation.
fn entropy(frame: &[u8]) -> u16 {
    let sum: u32 = frame.iter().take(12).map(|&octet| u32::from(octet)).sum();
    49_152 + u16::try_from(sum % 16_384).expect("it is small")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_stands_before_the_ethertype() {
        let frame = [&[1; 12][..], &[0x08, 0x06, 7]].concat();
        assert_eq!(e_tag(&frame, 0x123)[12..], [0x89, 0x3f, 0, 0, 0x01, 0x23, 0, 0, 0x08, 0x06, 7]);
        assert_eq!(vn_tag(&frame, 0x123)[12..], [0x89, 0x26, 0, 0, 0x01, 0x23, 0x08, 0x06, 7]);
    }
}
