//! Frames for tests, one for each thing that the decoder tells apart.

use std::net::Ipv6Addr;

/// The station that sends every sample.
pub(crate) const STATION: [u8; 6] = [0x52, 0x54, 0x00, 0x00, 0x00, 0x0a];
/// Where samples go to.
pub(crate) const PEER: [u8; 6] = [0x52, 0x54, 0x00, 0x00, 0x00, 0x0b];
pub(crate) const HOME: &str = "2001:db8:100::a1";
pub(crate) const CARE_OF: &str = "2001:db8:201::a1";
pub(crate) const OTHER_CARE_OF: &str = "2001:db8:202::a1";
pub(crate) const AGENT: &str = "2001:db8:100::1";
pub(crate) const GATEWAY: &str = "2001:db8:9::2";
pub(crate) const ANCHOR: &str = "2001:db8:9::1";

pub(crate) const IPV4: u16 = 0x0800;
pub(crate) const ARP: u16 = 0x0806;
pub(crate) const RARP: u16 = 0x8035;
pub(crate) const IPV6: u16 = 0x86dd;

/// Binding Update A H L K, sequence 1, 600 s, alternate care-of [`OTHER_CARE_OF`]; from [`HOME`] to [`AGENT`].
pub(crate) const UPDATE: &[u8] = &[
    0x3b, 0x03, 0x05, 0x00, 0x3c, 0x3d, 0x00, 0x01, 0xf0, 0x00, 0x00, 0x96, 0x01, 0x00, 0x03, 0x10, 0x20,
    0x01, 0x0d, 0xb8, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa1,
];
/// Binding Acknowledgement, accepted, sequence 1, 600 s; from [`AGENT`] to [`HOME`].
pub(crate) const ACKNOWLEDGEMENT: &[u8] =
    &[0x3b, 0x01, 0x06, 0x00, 0x5e, 0xba, 0x00, 0x00, 0x00, 0x01, 0x00, 0x96, 0x01, 0x02, 0x00, 0x00];
/// Binding Update A H L K, sequence 4, lifetime 0: the return home; from [`HOME`] to [`AGENT`].
pub(crate) const RETURN: &[u8] =
    &[0x3b, 0x01, 0x05, 0x00, 0x70, 0x4c, 0x00, 0x04, 0xf0, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00];
/// Binding Update A H P, sequence 9, 40 s, with every option of a proxy; from [`GATEWAY`] to [`ANCHOR`].
pub(crate) const PROXY: &[u8] = &[
    0x3b, 0x0c, 0x05, 0x00, 0xda, 0x27, 0x00, 0x09, 0xc2, 0x00, 0x00, 0x0a, 0x08, 0x06, 0x01, 0x61, 0x40,
    0x62, 0x2e, 0x63, 0x16, 0x12, 0x00, 0x40, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x77, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x17, 0x02, 0x00, 0x01, 0x18, 0x02, 0x00, 0x04, 0x19, 0x08, 0x00,
    0x00, 0x52, 0x54, 0x00, 0x00, 0x00, 0x07, 0x1a, 0x10, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x23, 0x04, 0x00, 0x05, 0x00, 0x00, 0x06, 0x12, 0x00,
    0x38, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x88, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00,
];
/// Binding Update of a proxy older than RFC 5213: flags 0x00a0, option numbers 7 and 10; from [`GATEWAY`] to
/// [`ANCHOR`].
pub(crate) const OLD_PROXY: &[u8] = &[
    0x3b, 0x06, 0x05, 0x00, 0x9d, 0x50, 0x00, 0x00, 0x00, 0xa0, 0x00, 0xfa, 0x07, 0x12, 0x00, 0x80, 0x20,
    0x01, 0x0d, 0xb8, 0x00, 0x77, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x10,
    0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x14, 0x6c, 0xff, 0xfe, 0x53, 0x18, 0x0a, 0x01,
    0x04, 0x00, 0x00, 0x00, 0x00,
];

/// Returns a frame from [`STATION`] to [`PEER`].
pub(crate) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    tagged(&[], ethertype, payload)
}

/// Returns a frame with tags of (identifier, control information), outermost first.
pub(crate) fn tagged(tags: &[(u16, u16)], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = [PEER, STATION].concat();
    for (tpid, tci) in tags {
        frame.extend(tpid.to_be_bytes());
        frame.extend(tci.to_be_bytes());
    }
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Returns an IPv4 packet without options from 10.0.0.10 to 10.0.0.11.
pub(crate) fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x45, 0, length[0], length[1], 0, 0, 0, 0, 64, protocol, 0, 0];
    packet.extend([10, 0, 0, 10, 10, 0, 0, 11]);
    packet.extend(payload);
    packet
}

/// Returns an IPv6 packet.
pub(crate) fn ipv6(src: &str, dst: &str, next: u8, hop_limit: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    let mut packet = vec![0x60, 0, 0, 0, length[0], length[1], next, hop_limit];
    for addr in [src, dst] {
        packet.extend(addr.parse::<Ipv6Addr>().unwrap().octets());
    }
    packet.extend(payload);
    packet
}

/// Returns an ARP packet for Ethernet and IPv4.
pub(crate) fn arp(operation: u8, sender: ([u8; 6], [u8; 4]), target: ([u8; 6], [u8; 4])) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, operation];
    for (mac, ip) in [sender, target] {
        packet.extend(mac);
        packet.extend(ip);
    }
    packet
}

/// Returns a destination options header with a Home Address option, 24 octets.
pub(crate) fn home_option(next: u8, home: &str) -> Vec<u8> {
    let mut header = vec![next, 2, 1, 2, 0, 0, 201, 16];
    header.extend(home.parse::<Ipv6Addr>().unwrap().octets());
    header
}

/// Returns a type 2 routing header, 24 octets.
pub(crate) fn home_route(next: u8, home: &str) -> Vec<u8> {
    let mut header = vec![next, 2, 2, 1, 0, 0, 0, 0];
    header.extend(home.parse::<Ipv6Addr>().unwrap().octets());
    header
}

/// Returns a Binding Update behind a Home Address option, from [`CARE_OF`] to [`AGENT`].
pub(crate) fn update() -> Vec<u8> {
    let payload = [home_option(135, HOME), UPDATE.to_vec()].concat();
    ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &payload))
}

/// Returns a Neighbor Discovery message with one link-layer address option.
pub(crate) fn neighbor(src: &str, dst: &str, fixed: &[u8], option: u8) -> Vec<u8> {
    let mut message = fixed.to_vec();
    message.extend([option, 1]);
    message.extend(STATION);
    ethernet(IPV6, &ipv6(src, dst, 58, 255, &message))
}

/// Returns the fixed part of a solicitation (135) or advertisement (136) of `target`.
pub(crate) fn target(kind: u8, flags: u8, target: &str) -> Vec<u8> {
    let mut fixed = vec![kind, 0, 0, 0, flags, 0, 0, 0];
    fixed.extend(target.parse::<Ipv6Addr>().unwrap().octets());
    fixed
}

/// Returns one frame of each kind, well formed.
pub(crate) fn all() -> Vec<Vec<u8>> {
    let mut all = flat();
    all.extend(super::tunnel_samples::all());
    all
}

/// Returns those without a tunnel.
fn flat() -> Vec<Vec<u8>> {
    let (mine, theirs) = ((STATION, [10, 0, 0, 10]), ([0; 6], [10, 0, 0, 11]));
    let arp_request = arp(1, mine, theirs);
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 6][..], &arp_request].concat();
    let mobility = |src: &str, dst: &str, message: &[u8]| ethernet(IPV6, &ipv6(src, dst, 135, 64, message));
    let answer = [home_route(135, HOME), ACKNOWLEDGEMENT.to_vec()].concat();
    let data = [home_option(17, HOME), vec![0; 8]].concat();
    let mut fragment = vec![135, 0, 0, 1, 0, 0, 0, 7];
    fragment.extend(UPDATE);
    let mut authenticated = vec![58, 4, 0, 0, 0, 0, 0, 1];
    authenticated.extend([0; 16]);
    authenticated.extend(target(135, 0, "fe80::b"));
    let mut walked = vec![60, 0, 1, 4, 0, 0, 0, 0];
    walked.extend(home_option(43, HOME));
    walked.extend(home_route(135, OTHER_CARE_OF));
    walked.extend(UPDATE);
    let mut draft = vec![59, 3, 198, 8, 0xc0, 64, 0, 5, 0, 0, 1, 0x2c, 201, 16];
    draft.extend(HOME.parse::<Ipv6Addr>().unwrap().octets());
    draft.extend([1, 0]);
    let mut frames = super::message_samples::all();
    frames.splice(
        0..0,
        [
            ethernet(IPV4, &ipv4(17, &[0; 26])),
            tagged(&[(0x88a8, 20), (0x8100, 30)], IPV4, &ipv4(6, &[0; 20])),
            tagged(&[(0x8100, 0xa00a)], IPV6, &ipv6(HOME, AGENT, 6, 64, &[0; 20])),
            ethernet(ARP, &arp_request),
            ethernet(ARP, &arp(1, mine, mine)),
            ethernet(ARP, &arp(2, mine, (PEER, [10, 0, 0, 11]))),
            ethernet(ARP, &arp(1, (STATION, [0; 4]), theirs)),
            ethernet(RARP, &arp(3, (STATION, [0; 4]), (STATION, [0; 4]))),
            ethernet(RARP, &arp(4, mine, (PEER, [10, 0, 0, 11]))),
            ethernet(u16::try_from(snap.len()).unwrap(), &snap),
            ethernet(3, &[0x42, 0x42, 3]),
            tagged(
                &[(0x88a8, 20)],
                0x893f,
                &[&[0, 0, 0, 17, 0, 0, 0x81, 0, 0, 30, 8, 6][..], &arp_request].concat(),
            ),
            ethernet(0x8926, &[&[0, 0, 0, 17, 0x81, 0, 0, 30, 8, 6][..], &arp_request].concat()),
            neighbor("fe80::a", "ff02::1:ff00:b", &target(135, 0, "fe80::b"), 1),
            neighbor("fe80::a", "ff02::1", &target(136, 0x20, "fe80::a"), 2),
            neighbor("fe80::a", "ff02::2", &[133, 0, 0, 0, 0, 0, 0, 0], 1),
            neighbor("fe80::a", "ff02::1", &[134, 0, 0, 0, 64, 0x20, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0], 1),
            update(),
            ethernet(IPV6, &ipv6(AGENT, CARE_OF, 43, 64, &answer)),
            mobility(HOME, AGENT, RETURN),
            mobility(GATEWAY, ANCHOR, PROXY),
            mobility(GATEWAY, ANCHOR, OLD_PROXY),
            ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &data)),
            ethernet(IPV6, &ipv6(CARE_OF, AGENT, 44, 64, &fragment)),
            ethernet(IPV6, &ipv6("fe80::a", "fe80::b", 51, 255, &authenticated)),
            ethernet(IPV6, &ipv6(CARE_OF, AGENT, 0, 64, &walked)),
            ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &draft)),
            ethernet(IPV6, &ipv6(CARE_OF, AGENT, 58, 64, &[144, 0, 0, 0, 0, 1, 0, 0])),
        ],
    );
    frames
}
