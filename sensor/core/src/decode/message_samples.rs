//! Messages of switches and servers, for tests: one of each kind, and what reads all of one.

use std::net::Ipv6Addr;

use super::samples::{IPV4, IPV6, PEER, STATION, ethernet, ipv4, ipv6};
use super::tunnel_samples::{GUEST, udp};
use super::{Control, Decoded, RadiusAttribute};

/// Where LLDP goes to.
const LLDP_GROUP: [u8; 6] = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];
/// Where CDP goes to.
const CDP_GROUP: [u8; 6] = [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc];

/// Returns a TLV of LLDP.
pub(crate) fn lldp_value(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    let mut tlv = (u16::from(kind) << 9 | length).to_be_bytes().to_vec();
    tlv.extend(value);
    tlv
}

/// Returns an LLDP frame with these TLVs, and the end.
pub(crate) fn lldp_frame(values: &[(u8, &[u8])]) -> Vec<u8> {
    let mut unit: Vec<u8> = values.iter().flat_map(|(kind, value)| lldp_value(*kind, value)).collect();
    unit.extend([0, 0]);
    let mut frame = ethernet(0x88cc, &unit);
    frame[..6].copy_from_slice(&LLDP_GROUP);
    frame
}

/// Returns an LLDP frame with everything that is read.
pub(crate) fn lldp() -> Vec<u8> {
    let chassis = [&[4][..], &STATION].concat();
    let management = [&[5, 1, 192, 0, 2, 7][..], &[2, 0, 0, 0, 9, 0]].concat();
    lldp_frame(&[
        (1, &chassis),
        (2, b"\x05ge-0/0/7"),
        (3, &[0, 120]),
        (4, b"to rack 7"),
        (5, b"leaf-7"),
        (8, &management),
        (127, &[0x00, 0x80, 0xc2, 1, 0, 30]),
        (127, b"\x00\x80\xc2\x03\x00\x1e\x06guests"),
    ])
}

/// Returns a CDP frame with these TLVs.
pub(crate) fn cdp_frame(values: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = vec![0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00, 2, 180, 0, 0];
    for (kind, value) in values {
        body.extend(kind.to_be_bytes());
        body.extend(u16::try_from(value.len() + 4).unwrap().to_be_bytes());
        body.extend(*value);
    }
    let mut frame = ethernet(u16::try_from(body.len()).unwrap(), &body);
    frame[..6].copy_from_slice(&CDP_GROUP);
    frame
}

/// Returns a CDP frame with everything that is read.
pub(crate) fn cdp() -> Vec<u8> {
    let addrs = [0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 192, 0, 2, 8];
    cdp_frame(&[
        (1, b"leaf-8"),
        (2, &addrs),
        (3, b"GigabitEthernet1/0/8"),
        (10, &[0, 30]),
        (20, b"leaf-8.example.net"),
    ])
}

/// The fixed fields of a DHCP message about [`GUEST`] that tests vary.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DhcpFields {
    pub(crate) operation: u8,
    pub(crate) client: [u8; 4],
    pub(crate) yours: [u8; 4],
    pub(crate) relay: [u8; 4],
    pub(crate) name: &'static [u8],
    pub(crate) file: &'static [u8],
}

/// Returns a DHCP message with these options, and the end.
pub(crate) fn dhcp_message(fields: &DhcpFields, options: &[(u8, &[u8])]) -> Vec<u8> {
    let mut message = vec![fields.operation, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 0];
    message.extend([fields.client, fields.yours, [0; 4], fields.relay].concat());
    message.extend(GUEST);
    message.extend([0; 10]);
    message.extend(fields.name);
    message.resize(108, 0);
    message.extend(fields.file);
    message.resize(236, 0);
    message.extend([99, 130, 83, 99]);
    for (code, value) in options {
        message.extend([*code, u8::try_from(value.len()).unwrap()]);
        message.extend(*value);
    }
    message.push(255);
    message
}

/// Returns a frame to `dst` with a datagram over IPv4.
pub(crate) fn datagram(dst: [u8; 6], ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut frame = ethernet(IPV4, &ipv4(17, &udp(ports.0, ports.1, payload)));
    frame[..6].copy_from_slice(&dst);
    frame
}

/// Option 82 with the circuit `ge-0/0/7` and the remote end of a MAC address.
pub(crate) const RELAY_AGENT: &[u8] = b"\x01\x08ge-0/0/7\x02\x08\x00\x06\x02\x00\x00\x00\x00\x07";

/// Returns a DHCPACK for 10.0.0.77 and an hour, from a server to [`GUEST`] itself.
pub(crate) fn dhcp_ack() -> Vec<u8> {
    let fields = DhcpFields { operation: 2, yours: [10, 0, 0, 77], ..DhcpFields::default() };
    let (lease, server) = (3600u32.to_be_bytes(), [10, 0, 0, 1]);
    let message = dhcp_message(&fields, &[(53, &[5]), (51, &lease), (54, &server), (12, b"web-7")]);
    datagram(GUEST, (67, 68), &message)
}

/// Returns a request of [`GUEST`] that a relay passes on with option 82.
pub(crate) fn dhcp_relayed() -> Vec<u8> {
    let fields = DhcpFields { operation: 1, relay: [10, 0, 0, 10], ..DhcpFields::default() };
    let message = dhcp_message(&fields, &[(53, &[3]), (50, &[10, 0, 0, 77]), (82, RELAY_AGENT)]);
    datagram(PEER, (67, 67), &message)
}

/// Returns an option of DHCPv6.
pub(crate) fn dhcpv6_option(code: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [&code.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
}

/// Returns a client's or server's message of DHCPv6.
pub(crate) fn dhcpv6_message(kind: u8, options: &[Vec<u8>]) -> Vec<u8> {
    [&[kind, 0, 0, 9][..], &options.concat()].concat()
}

/// Returns a relay's message of DHCPv6 for the client fe80::77.
pub(crate) fn dhcpv6_relay(kind: u8, link: &str, options: &[Vec<u8>]) -> Vec<u8> {
    let addr = |text: &str| text.parse::<Ipv6Addr>().unwrap().octets();
    [&[kind, 0][..], &addr(link), &addr("fe80::77"), &options.concat()].concat()
}

/// Returns an identity association with one address, valid for these seconds, and further options.
pub(crate) fn dhcpv6_address(addr: &str, valid: u32, more: &[u8]) -> Vec<u8> {
    let addr = addr.parse::<Ipv6Addr>().unwrap().octets();
    let leased = dhcpv6_option(5, &[&addr[..], &[0, 0, 1, 0], &valid.to_be_bytes()].concat());
    dhcpv6_option(3, &[&[0; 12][..], &leased, more].concat())
}

/// A client identifier made of the MAC address of [`GUEST`], DUID-LL.
pub(crate) const DUID: [u8; 10] = [0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, 0x77];

/// Returns a frame to `dst` with a datagram over IPv6.
pub(crate) fn datagram_v6(dst: [u8; 6], addrs: (&str, &str), ports: (u16, u16), payload: &[u8]) -> Vec<u8> {
    let mut frame = ethernet(IPV6, &ipv6(addrs.0, addrs.1, 17, 64, &udp(ports.0, ports.1, payload)));
    frame[..6].copy_from_slice(&dst);
    frame
}

/// Returns a Reply that grants 2001:db8::77 for an hour, from a server to [`GUEST`] itself.
pub(crate) fn dhcpv6_reply() -> Vec<u8> {
    let options = [
        dhcpv6_option(1, &DUID),
        dhcpv6_option(2, &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1]),
        dhcpv6_address("2001:db8::77", 3600, &[]),
        dhcpv6_option(39, b"\x00\x05web-7\x00"),
    ];
    datagram_v6(GUEST, ("fe80::1", "fe80::77"), (547, 546), &dhcpv6_message(7, &options))
}

/// Returns a Solicit that two relays pass on: the nearer one names interface, remote end and MAC address.
pub(crate) fn dhcpv6_relayed() -> Vec<u8> {
    let solicit = dhcpv6_message(1, &[dhcpv6_option(1, &[0, 2, 0, 0, 0, 9, 7])]);
    let near = dhcpv6_relay(
        12,
        "2001:db8:7::1",
        &[
            dhcpv6_option(9, &solicit),
            dhcpv6_option(18, b"ge-0/0/7"),
            dhcpv6_option(37, b"\x00\x00\x00\x09leaf-7"),
            dhcpv6_option(79, &[&[0, 1][..], &GUEST].concat()),
        ],
    );
    let far = dhcpv6_relay(12, "::", &[dhcpv6_option(18, b"uplink"), dhcpv6_option(9, &near)]);
    datagram_v6(PEER, ("2001:db8::10", "2001:db8::1"), (547, 547), &far)
}

/// Returns a Mobile IPv4 request (1) or reply (3) with this octet at 1 and this lifetime.
pub(crate) fn registration(kind: u8, flags_or_code: u8, lifetime: u16) -> Vec<u8> {
    let mut message = vec![kind, flags_or_code];
    message.extend(lifetime.to_be_bytes());
    message.extend([198, 51, 100, 77, 198, 51, 100, 1]);
    if kind == 1 {
        message.extend([203, 0, 113, 1]);
    }
    message.extend(0xe9a1_b2c3_0000_0001u64.to_be_bytes());
    message
}

/// Returns a RADIUS packet with these attributes.
pub(crate) fn radius(code: u8, attributes: &[(RadiusAttribute, &[u8])]) -> Vec<u8> {
    let values: Vec<u8> = attributes
        .iter()
        .flat_map(|(number, value)| {
            [&[*number as u8, u8::try_from(value.len() + 2).unwrap()][..], value].concat()
        })
        .collect();
    let length = u16::try_from(20 + values.len()).unwrap();
    [&[code, 7][..], &length.to_be_bytes(), &[9; 16], &values].concat()
}

/// Returns the report of a switch that [`GUEST`] has been at a port for an hour.
pub(crate) fn accounting() -> Vec<u8> {
    use RadiusAttribute as A;
    let packet = radius(
        4,
        &[
            (A::UserName, b"host/web-7"),
            (A::NasIpAddress, &[192, 0, 2, 7]),
            (A::NasPort, &50_107u32.to_be_bytes()),
            (A::FramedIpAddress, &[10, 0, 0, 77]),
            (A::CalledStationId, b"02-00-00-00-00-07:guests"),
            (A::CallingStationId, b"5254.0000.0077"),
            (A::NasIdentifier, b"leaf-7"),
            (A::AcctStatusType, &[0, 0, 0, 3]),
            (A::AcctInputOctets, &7u32.to_be_bytes()),
            (A::AcctOutputOctets, &9u32.to_be_bytes()),
            (A::AcctSessionId, b"5F2A0001"),
            (A::AcctSessionTime, &3600u32.to_be_bytes()),
            (A::AcctInputGigawords, &2u32.to_be_bytes()),
            (A::EventTimestamp, &1_767_283_201u32.to_be_bytes()),
            (A::NasPortType, &15u32.to_be_bytes()),
            (A::AcctInterimInterval, &600u32.to_be_bytes()),
            (A::NasPortId, b"GigabitEthernet1/0/7"),
            (A::FramedIpv6Prefix, &[0, 64, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 7]),
            (A::FramedIpv6Address, &"2001:db8:0:7::77".parse::<Ipv6Addr>().unwrap().octets()),
        ],
    );
    datagram(PEER, (49_152, 1813), &packet)
}

/// Returns one frame of each kind, well formed.
pub(crate) fn all() -> Vec<Vec<u8>> {
    vec![
        lldp(),
        cdp(),
        dhcp_ack(),
        dhcp_relayed(),
        dhcpv6_reply(),
        dhcpv6_relayed(),
        datagram(PEER, (434, 434), &registration(1, 0x80, 600)),
        datagram(PEER, (434, 49_152), &registration(3, 0, 600)),
        accounting(),
    ]
}

/// Calls every accessor of a frame's message, if it is one of these.
pub(crate) fn touch(decoded: &Decoded<'_>) -> String {
    match &decoded.control {
        Control::Lldp(unit) => format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            (unit.chassis(), unit.port(), unit.lifetime_secs()),
            unit.port_description(),
            unit.system_name(),
            unit.management_addr(),
            unit.port_vlan(),
            unit.vlan_names().collect::<Vec<_>>(),
            unit.values().count()
        ),
        Control::Cdp(message) => format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            (message.device(), message.port(), message.lifetime_secs()),
            message.system_name(),
            message.native_vlan(),
            message.management_addr(),
            message.values().count(),
            decoded.outcome
        ),
        Control::Dhcp(_, message) => format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            (message.kind(), message.is_reply(), message.transaction(), message.lease_time()),
            (message.client_addr(), message.your_addr(), message.relay_addr(), message.requested_addr()),
            (message.hardware_addr(), message.client_mac(), message.server()),
            (message.host_name(), message.client_identifier(), message.machine_uuid()),
            message.options().collect::<Vec<_>>(),
            message.relay_agent().map(|option| option.sub_options().count()),
            message.relay_agent().and_then(|option| option.link())
        ),
        Control::Dhcpv6(_, message) => {
            let options = message.levels().flat_map(|level| level.options());
            let inside = options.flat_map(|option| option.options());
            format!(
                "{:?} {:?}",
                message
                    .levels()
                    .map(|level| (
                        (level.kind(), level.link_addr(), level.peer_addr(), level.interface_id()),
                        (level.remote_id(), level.client_mac(), level.host_name()),
                        level.client().map(|duid| (duid.mac(), duid.uuid().copied()))
                    ))
                    .collect::<Vec<_>>(),
                inside
                    .map(|option| (option.address(), option.prefix(), option.status(), option.duid()))
                    .collect::<Vec<_>>()
            )
        }
        Control::MobileIpv4(_, message) => format!(
            "{:?} {:?} {:?} {:?}",
            (message.kind(), message.code(), message.lifetime(), message.is_simultaneous()),
            message.home_addr(),
            (message.home_agent(), message.care_of()),
            message.identification()
        ),
        Control::Radius(_, packet) => format!(
            "{:?} {:?} {:?} {:?}",
            (packet.kind(), packet.identifier(), packet.is_whole()),
            packet.attributes().collect::<Vec<_>>(),
            packet.ipv4(RadiusAttribute::NasIpAddress),
            packet.ipv6_prefix(RadiusAttribute::FramedIpv6Prefix)
        ),
        _ => String::new(),
    }
}
