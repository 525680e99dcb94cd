//! Frames for tests, one for each kind of tunnel.

use super::samples::{AGENT, ARP, CARE_OF, HOME, IPV4, IPV6, RETURN, arp, ethernet, ipv4, ipv6, tagged};

/// The station inside the tunnels of the samples.
pub(crate) const GUEST: [u8; 6] = [0x52, 0x54, 0x00, 0x00, 0x00, 0x77];

/// Returns a UDP datagram without checksum.
pub(crate) fn udp(src_port: u16, dst_port: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let mut datagram: Vec<u8> =
        [src_port, dst_port, length, 0].into_iter().flat_map(u16::to_be_bytes).collect();
    datagram.extend(payload);
    datagram
}

/// Returns a frame from [`GUEST`] to [`PEER`] with tags of (identifier, control information).
pub(crate) fn inside(tags: &[(u16, u16)], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = tagged(tags, ethertype, payload);
    frame.splice(6..12, GUEST);
    frame
}

/// Returns an ARP request of [`GUEST`] for 10.1.0.1, by which it claims 10.1.0.77.
pub(crate) fn inner_arp() -> Vec<u8> {
    inside(&[], ARP, &arp(1, (GUEST, [10, 1, 0, 77]), ([0; 6], [10, 1, 0, 1])))
}

/// Returns the payload of a datagram to port 4789 with `frame` in it.
pub(crate) fn vxlan(vni: u32, frame: &[u8]) -> Vec<u8> {
    let mut payload = vec![0x08, 0, 0, 0];
    payload.extend((vni << 8).to_be_bytes());
    payload.extend(frame);
    payload
}

/// Returns the payload of a datagram to port 6081 with one option of 8 octets and `payload` of `ethertype`.
pub(crate) fn geneve(vni: u32, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x02, 0];
    packet.extend(ethertype.to_be_bytes());
    packet.extend((vni << 8).to_be_bytes());
    packet.extend([0x01, 0x02, 0x80, 1, 9, 9, 9, 9]);
    packet.extend(payload);
    packet
}

/// Returns a GRE packet with the fields that its flags announce.
pub(crate) fn gre(flags: u16, protocol: u16, fields: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut packet = [flags, protocol].into_iter().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    packet.extend(fields);
    packet.extend(payload);
    packet
}

/// Returns the header of type II: VLAN 342, session 666, port 5.
pub(crate) const ERSPAN_2: [u8; 8] = [0x11, 0x56, 0x02, 0x9a, 0, 0, 0, 5];
/// Returns the header of type III: VLAN 20, session 7, going out, with the 8 octets of platform 3, port 9.
pub(crate) const ERSPAN_3: [u8; 20] =
    [0x20, 0x14, 0, 7, 0, 0, 0, 1, 0, 0, 0x00, 0x09, 0x0c, 0, 0, 0, 0, 0, 0, 9];

/// Returns label 100 and, at the bottom, label 16.
pub(crate) const LABELS: [u8; 8] = [0, 0x06, 0x40, 64, 0, 0x01, 0x01, 64];

/// Returns a label stack and what it carries.
pub(crate) fn mpls(payload: &[u8]) -> Vec<u8> {
    [&LABELS, payload].concat()
}

/// Returns session 17 with what it carries behind a protocol field.
pub(crate) fn pppoe(protocol: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x11, 0, 0, 17];
    packet.extend(u16::try_from(payload.len() + 2).unwrap().to_be_bytes());
    packet.extend(protocol.to_be_bytes());
    packet.extend(payload);
    packet
}

/// Returns one frame of each kind of tunnel, from [`STATION`] at 10.0.0.10 or [`HOME`].
pub(crate) fn all() -> Vec<Vec<u8>> {
    let in_vxlan = udp(49_152, 4789, &vxlan(5001, &inner_arp()));
    let in_geneve = udp(49_152, 6081, &geneve(77, 0x6558, &inside(&[(0x8100, 7)], IPV4, &ipv4(6, &[0; 20]))));
    let routed = udp(49_152, 6081, &geneve(77, IPV6, &ipv6(HOME, AGENT, 6, 64, &[0; 20])));
    let twice = udp(49_153, 4789, &vxlan(1, &inside(&[], IPV4, &ipv4(17, &in_vxlan))));
    let mobile = ipv6(HOME, AGENT, 135, 64, RETURN);
    let packet = ipv4(6, &[0; 20]);
    let in_ppp = [&[0xff, 0x03, 0x00, 0x21], &packet[..]].concat();
    let in_gre = |flags, protocol, fields: &[u8], payload: &[u8]| {
        ethernet(IPV4, &ipv4(47, &gre(flags, protocol, fields, payload)))
    };
    vec![
        ethernet(IPV4, &ipv4(17, &in_vxlan)),
        ethernet(IPV6, &ipv6(HOME, AGENT, 17, 64, &in_vxlan)),
        tagged(&[(0x8100, 30)], IPV4, &ipv4(17, &in_geneve)),
        ethernet(IPV4, &ipv4(17, &routed)),
        ethernet(IPV4, &ipv4(17, &twice)),
        ethernet(IPV4, &ipv4(4, &ipv4(6, &[0; 20]))),
        ethernet(IPV4, &ipv4(41, &ipv6(HOME, AGENT, 6, 64, &[0; 20]))),
        ethernet(IPV6, &ipv6(CARE_OF, AGENT, 41, 64, &mobile)),
        ethernet(IPV6, &ipv6(CARE_OF, AGENT, 4, 64, &ipv4(6, &[0; 20]))),
        in_gre(0x0000, IPV4, &[], &packet),
        in_gre(0xb000, IPV6, &[1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1], &ipv6(HOME, AGENT, 6, 64, &[0; 20])),
        in_gre(0x4000, IPV4, &[0, 0, 0, 0, 8, 0, 0, 4, 10, 0, 0, 1, 0, 0, 0, 0], &packet),
        in_gre(0x2000, 0x6558, &[2, 0, 0, 1], &inner_arp()),
        in_gre(0x3081, 0x880b, &[0, 44, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2], &in_ppp),
        in_gre(0x0000, 0x883e, &[0, 1, 2, 3], &packet),
        in_gre(0x0000, 0x8847, &[], &mpls(&packet)),
        in_gre(0x0000, 0x88be, &[], &inner_arp()),
        in_gre(0x1000, 0x88be, &[0, 0, 0, 1], &[&ERSPAN_2, &inner_arp()[..]].concat()),
        in_gre(0x1000, 0x22eb, &[0, 0, 0, 1], &[&ERSPAN_3, &inner_arp()[..]].concat()),
        ethernet(0x8847, &mpls(&packet)),
        ethernet(0x8848, &mpls(&[&[0, 0, 0, 1], &inner_arp()[..]].concat())),
        ethernet(IPV4, &ipv4(17, &udp(49_152, 6635, &mpls(&packet)))),
        ethernet(IPV4, &ipv4(137, &mpls(&ipv6(HOME, AGENT, 6, 64, &[0; 20])))),
        tagged(&[(0x8100, 30)], 0x8864, &pppoe(0x0057, &ipv6(HOME, AGENT, 6, 64, &[0; 20]))),
    ]
}
