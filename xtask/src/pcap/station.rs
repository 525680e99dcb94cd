//! A station with its addresses, and the frames that such a station sends.
//!
//! Read RFC 826, RFC 5227 (probes and announcements), RFC 903 (RARP) and RFC 4861 before editing.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::headers::{
    self, ARP, BROADCAST, ICMP, ICMPV6, IPV4, IPV6, LLDP, Mac, RARP, Segment, TCP, Tag, UDP, VRRP, ethernet,
    icmp, icmpv6, ipv4, ipv6, udp4, udp6,
};

const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const ALL_MLDV2_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);

/// A station: what it is called on the wire, and the tags that its frames carry.
#[derive(Clone, Debug)]
pub(crate) struct Station {
    pub(crate) mac: Mac,
    pub(crate) ip: Ipv4Addr,
    pub(crate) ip6: Ipv6Addr,
    pub(crate) tags: Vec<Tag>,
}

/// Asking or answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    Request,
    Reply,
}

impl Station {
    /// Its link-local address, with the interface identifier made of the MAC (RFC 4291 appendix A).
    pub(crate) fn link_local(&self) -> Ipv6Addr {
        let [a, b, c, d, e, f] = self.mac;
        let pair = |high: u8, low: u8| u16::from_be_bytes([high, low]);
        Ipv6Addr::new(0xfe80, 0, 0, 0, pair(a ^ 2, b), pair(c, 0xff), pair(0xfe, d), pair(e, f))
    }

    /// A frame of its own with any payload.
    pub(crate) fn frame(&self, dst: Mac, ethertype: u16, payload: &[u8]) -> Vec<u8> {
        ethernet(dst, self.mac, &self.tags, ethertype, payload)
    }

    /// Asks who has an address.
    pub(crate) fn arp_request(&self, target: Ipv4Addr) -> Vec<u8> {
        self.frame(BROADCAST, ARP, &arp(1, self.mac, self.ip, [0; 6], target))
    }

    /// Answers that it has its address.
    pub(crate) fn arp_reply(&self, to: &Self) -> Vec<u8> {
        self.frame(to.mac, ARP, &arp(2, self.mac, self.ip, to.mac, to.ip))
    }

    /// Asks, before using its address, whether somebody else has it.
    pub(crate) fn arp_probe(&self) -> Vec<u8> {
        self.frame(BROADCAST, ARP, &arp(1, self.mac, Ipv4Addr::UNSPECIFIED, [0; 6], self.ip))
    }

    /// Announces its address.
    pub(crate) fn gratuitous_arp(&self) -> Vec<u8> {
        self.frame(BROADCAST, ARP, &arp(1, self.mac, self.ip, [0; 6], self.ip))
    }

    /// Announces its MAC address, as a hypervisor does in its name after a migration.
    pub(crate) fn rarp(&self) -> Vec<u8> {
        let none = Ipv4Addr::UNSPECIFIED;
        self.frame(BROADCAST, RARP, &arp(3, self.mac, none, self.mac, none))
    }

    /// Pings, or answers a ping.
    pub(crate) fn ping(&self, to: &Self, echo: Echo, sequence: u16) -> Vec<u8> {
        let kind = if echo == Echo::Request { 8 } else { 0 };
        let message = icmp(kind, 0, &echo_body(sequence));
        self.frame(to.mac, IPV4, &ipv4(self.ip, to.ip, ICMP, 64, sequence, &message))
    }

    /// Sends a datagram.
    pub(crate) fn udp(&self, to: &Self, src_port: u16, dst_port: u16, payload: &[u8]) -> Vec<u8> {
        let datagram = udp4((self.ip, src_port), (to.ip, dst_port), payload);
        self.frame(to.mac, IPV4, &ipv4(self.ip, to.ip, UDP, 64, src_port, &datagram))
    }

    /// Sends a TCP segment.
    pub(crate) fn tcp(&self, to: &Self, src_port: u16, dst_port: u16, segment: &Segment<'_>) -> Vec<u8> {
        let octets = headers::tcp4((self.ip, src_port), (to.ip, dst_port), segment);
        self.frame(to.mac, IPV4, &ipv4(self.ip, to.ip, TCP, 64, src_port, &octets))
    }

    /// Sends a datagram to an IPv4 group.
    pub(crate) fn multicast(&self, group: Ipv4Addr, port: u16, payload: &[u8]) -> Vec<u8> {
        let [_, b, c, d] = group.octets();
        let datagram = udp4((self.ip, port), (group, port), payload);
        let packet = ipv4(self.ip, group, UDP, 255, port, &datagram);
        self.frame([0x01, 0x00, 0x5e, b & 0x7f, c, d], IPV4, &packet)
    }

    /// Forwards somebody else's IPv4 packet as a router does: its own MAC, the other's address.
    pub(crate) fn forward(&self, from: Ipv4Addr, to: &Self, payload: &[u8]) -> Vec<u8> {
        let datagram = udp4((from, 4000), (to.ip, 4001), payload);
        self.frame(to.mac, IPV4, &ipv4(from, to.ip, UDP, 61, 1, &datagram))
    }

    /// A VRRP version 2 advertisement of one address (RFC 3768 section 5.1), sent from the virtual MAC.
    pub(crate) fn vrrp(&self, group: u8, virtual_mac: Mac, address: Ipv4Addr) -> Vec<u8> {
        let mut message = vec![0x21, group, 100, 1, 0, 1, 0, 0];
        message.extend(address.octets());
        message.extend([0; 8]);
        let sum = headers::checksum(&[&message]);
        message[6..8].copy_from_slice(&sum);
        let all_routers = Ipv4Addr::new(224, 0, 0, 18);
        let packet = ipv4(self.ip, all_routers, VRRP, 255, 1, &message);
        ethernet([0x01, 0x00, 0x5e, 0, 0, 18], virtual_mac, &self.tags, IPV4, &packet)
    }

    /// Pings over IPv6, or answers.
    pub(crate) fn ping6(&self, to: &Self, echo: Echo, sequence: u16) -> Vec<u8> {
        let kind = if echo == Echo::Request { 128 } else { 129 };
        let message = icmpv6(self.ip6, to.ip6, kind, 0, &echo_body(sequence));
        self.frame(to.mac, IPV6, &ipv6(self.ip6, to.ip6, ICMPV6, 64, &message))
    }

    /// Sends a datagram over IPv6.
    pub(crate) fn udp6(&self, to: &Self, src_port: u16, dst_port: u16, payload: &[u8]) -> Vec<u8> {
        let datagram = udp6((self.ip6, src_port), (to.ip6, dst_port), payload);
        self.frame(to.mac, IPV6, &ipv6(self.ip6, to.ip6, UDP, 64, &datagram))
    }

    /// Asks for the link-layer address of a neighbour.
    pub(crate) fn solicit(&self, target: Ipv6Addr) -> Vec<u8> {
        let mut body = vec![0; 4];
        body.extend(target.octets());
        body.extend(link_layer_option(1, self.mac));
        self.discovery(self.ip6, solicited_node(target), 135, &body)
    }

    /// Asks, before using its address, whether somebody else has it (RFC 4862 section 5.4.2).
    pub(crate) fn detect_duplicate(&self) -> Vec<u8> {
        let mut body = vec![0; 4];
        body.extend(self.ip6.octets());
        self.discovery(Ipv6Addr::UNSPECIFIED, solicited_node(self.ip6), 135, &body)
    }

    /// Answers a neighbour that asked for its link-layer address.
    pub(crate) fn advertise(&self, to: &Self) -> Vec<u8> {
        let packet = self.discovery_packet(self.ip6, to.ip6, 136, &self.advertisement(0x60));
        self.frame(to.mac, IPV6, &packet)
    }

    /// Announces its address to all neighbours, unasked.
    pub(crate) fn advertise_unasked(&self) -> Vec<u8> {
        self.discovery(self.ip6, ALL_NODES, 136, &self.advertisement(0x20))
    }

    /// Asks for routers.
    pub(crate) fn solicit_routers(&self) -> Vec<u8> {
        let mut body = vec![0; 4];
        body.extend(link_layer_option(1, self.mac));
        self.discovery(self.link_local(), ALL_ROUTERS, 133, &body)
    }

    /// Advertises itself as a router for a /64.
    pub(crate) fn advertise_router(&self, prefix: Ipv6Addr) -> Vec<u8> {
        let mut body = vec![64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
        body.extend(link_layer_option(1, self.mac));
        body.extend([3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0, 0, 0x07, 0x08, 0, 0, 0, 0]);
        body.extend(prefix.octets());
        self.discovery(self.link_local(), ALL_NODES, 134, &body)
    }

    /// Reports that it listens to the group of its own address (MLDv2, RFC 3810 section 5.2).
    pub(crate) fn report_listening(&self) -> Vec<u8> {
        let group = solicited_node(self.ip6);
        let mut body = vec![0, 0, 0, 1, 4, 0, 0, 0];
        body.extend(group.octets());
        let message = icmpv6(self.link_local(), ALL_MLDV2_ROUTERS, 143, 0, &body);
        let mut payload = vec![ICMPV6, 0, 5, 2, 0, 0, 1, 0];
        payload.extend(message);
        let packet = ipv6(self.link_local(), ALL_MLDV2_ROUTERS, 0, 1, &payload);
        self.frame(group_mac(ALL_MLDV2_ROUTERS), IPV6, &packet)
    }

    /// Tells its neighbour what it is: chassis by MAC, port by name, time to live, system name.
    pub(crate) fn lldp(&self, port: &str, name: &str) -> Vec<u8> {
        let mut body = tlv(1, &[&[4], &self.mac]);
        body.extend(tlv(2, &[&[5], port.as_bytes()]));
        body.extend(tlv(3, &[&[0, 120]]));
        body.extend(tlv(5, &[name.as_bytes()]));
        body.extend(tlv(0, &[]));
        let nearest_bridge = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];
        ethernet(nearest_bridge, self.mac, &[], LLDP, &body)
    }

    fn advertisement(&self, flags: u8) -> Vec<u8> {
        let mut body = vec![flags, 0, 0, 0];
        body.extend(self.ip6.octets());
        body.extend(link_layer_option(2, self.mac));
        body
    }

    fn discovery(&self, src: Ipv6Addr, dst: Ipv6Addr, kind: u8, body: &[u8]) -> Vec<u8> {
        self.frame(group_mac(dst), IPV6, &self.discovery_packet(src, dst, kind, body))
    }

    fn discovery_packet(&self, src: Ipv6Addr, dst: Ipv6Addr, kind: u8, body: &[u8]) -> Vec<u8> {
        ipv6(src, dst, ICMPV6, 255, &icmpv6(src, dst, kind, 0, body))
    }
}

/// An ARP or RARP packet for Ethernet and IPv4.
fn arp(operation: u16, sender: Mac, sender_ip: Ipv4Addr, target: Mac, target_ip: Ipv4Addr) -> Vec<u8> {
    let mut packet = vec![0, 1, 0x08, 0x00, 6, 4];
    packet.extend(operation.to_be_bytes());
    packet.extend(sender);
    packet.extend(sender_ip.octets());
    packet.extend(target);
    packet.extend(target_ip.octets());
    packet
}

/// Identifier, sequence number and 32 octets of what a ping carries.
fn echo_body(sequence: u16) -> Vec<u8> {
    let mut body = vec![0x52, 0x43];
    body.extend(sequence.to_be_bytes());
    body.extend(0x10..0x30);
    body
}

fn link_layer_option(kind: u8, mac: Mac) -> Vec<u8> {
    let mut option = vec![kind, 1];
    option.extend(mac);
    option
}

/// The group of RFC 4291 section 2.7.1 that an address belongs to.
fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., high, low] = address.segments();
    Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00 | (high & 0xff), low)
}

/// The MAC address of an IPv6 group (RFC 2464 section 7).
fn group_mac(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    [0x33, 0x33, a, b, c, d]
}

/// One element of LLDP (IEEE 802.1AB-2016 section 8.4).
fn tlv(kind: u16, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let octets = u16::try_from(value.len()).expect("an element is short");
    let mut element = (kind << 9 | octets).to_be_bytes().to_vec();
    element.extend(value);
    element
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station() -> Station {
        Station {
            mac: [0x52, 0x54, 0, 0, 0, 1],
            ip: Ipv4Addr::new(10, 1, 0, 11),
            ip6: "2001:db8:1::11".parse().unwrap(),
            tags: vec![Tag::vlan(100)],
        }
    }

    #[test]
    fn addresses_follow_from_the_mac() {
        let link_local: Ipv6Addr = "fe80::5054:ff:fe00:1".parse().unwrap();
        assert_eq!(station().link_local(), link_local);
        let group: Ipv6Addr = "ff02::1:ff00:11".parse().unwrap();
        assert_eq!(solicited_node(station().ip6), group);
        assert_eq!(group_mac(group), [0x33, 0x33, 0xff, 0, 0, 0x11]);
    }

    #[test]
    fn an_announcement_names_the_station_twice_and_no_address() {
        let frame = station().rarp();
        assert_eq!(frame[16..18], [0x80, 0x35]);
        let packet = &frame[18..46];
        assert_eq!(packet[6..8], [0, 3]);
        assert_eq!(packet[8..14], packet[18..24]);
        assert_eq!(packet[14..18], [0; 4]);
    }
}
