//! Messages that no generated capture holds, one or two of a kind, for fuzzing to begin with.

/// RADIUS accounting (RFC 2866 section 3): start, interim update and stop of a station at a port.
pub(super) fn radius() -> Vec<Vec<u8>> {
    let attribute = |kind: u8, value: &[u8]| [&[kind, octet(value.len() + 2)], value].concat();
    let message = |code: u8, status: u8| {
        let attributes = [
            attribute(40, &[0, 0, 0, status]),
            attribute(44, b"session-7"),
            attribute(4, &[192, 0, 2, 9]),
            attribute(32, b"leaf-7"),
            attribute(5, &[0, 0, 0, 7]),
            attribute(87, b"ge-0/0/7"),
            attribute(31, b"52-54-00-00-00-0A"),
            attribute(30, b"52-54-00-00-00-0B:guests"),
            attribute(8, &[192, 0, 2, 10]),
            attribute(168, &[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10]),
            attribute(26, &[0, 0, 0, 9, 1, 6, b'c', b'd', b'p', b'=']),
        ]
        .concat();
        [&[code, status, 0, octet(attributes.len() + 20)], &[0; 16][..], &attributes].concat()
    };
    vec![message(4, 1), message(4, 3), message(4, 2), message(5, 1)]
}

/// DHCP (RFC 2131 section 2): discover, request, acknowledgement and release, with a relay's option 82.
pub(super) fn dhcp() -> Vec<Vec<u8>> {
    let message = |operation: u8, kind: u8, yours: [u8; 4], client: [u8; 4]| {
        let head = [operation, 1, 6, 1, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0];
        let addresses = [client, yours, [0; 4], [192, 0, 2, 1]].concat();
        let hardware = [0x52, 0x54, 0, 0, 0, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let options = [
            &[0x63, 0x82, 0x53, 0x63, 53, 1, kind, 12, 3, b'w', b'e', b'b', 50, 4, 192, 0, 2, 10][..],
            &[51, 4, 0, 0, 14, 16, 54, 4, 192, 0, 2, 1, 61, 7, 1, 0x52, 0x54, 0, 0, 0, 0x0a],
            &[82, 14, 1, 6, 0, 4, 0, 100, 1, 7, 2, 4, 1, 2, 3, 4, 255],
        ]
        .concat();
        [&head[..], &addresses, &hardware, &[0; 192], &options].concat()
    };
    let (none, guest) = ([0; 4], [192, 0, 2, 10]);
    vec![
        message(1, 1, none, none),
        message(1, 3, none, none),
        message(2, 5, guest, none),
        message(2, 6, none, none),
        message(1, 7, none, guest),
    ]
}

/// DHCPv6 (RFC 8415 sections 8 and 9): a reply with an address, and the same through a relay.
pub(super) fn dhcpv6() -> Vec<Vec<u8>> {
    let option = |code: u8, value: &[u8]| [&[0, code, 0, octet(value.len())], value].concat();
    let duid = [0, 3, 0, 1, 0x52, 0x54, 0, 0, 0, 0x0a];
    let addr = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10];
    let lease = option(5, &[&addr[..], &[0, 0, 14, 16, 0, 0, 28, 32]].concat());
    let association = option(3, &[&[0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0][..], &lease].concat());
    let reply = [&[7, 1, 2, 3][..], &option(1, &duid), &option(2, &duid), &association].concat();
    let inner = [option(18, b"ge-0/0/7"), option(37, &[0, 0, 0, 9, 1]), option(9, &reply)].concat();
    let relayed = [&[13, 0][..], &addr, &addr, &inner].concat();
    vec![reply, relayed]
}

/// Registration of Mobile IPv4 (RFC 5944 sections 3.3 and 3.4): request and reply with an authenticator.
pub(super) fn mobile_ip() -> Vec<Vec<u8>> {
    let extension = [32, 20, 0, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    let identification = [0xe0, 0, 0, 0, 0, 0, 0, 1];
    let request = [1, 0x40, 7, 8, 192, 0, 2, 10, 192, 0, 2, 1, 198, 51, 100, 9];
    let reply = [3, 0, 7, 8, 192, 0, 2, 10, 192, 0, 2, 1];
    vec![
        [&request[..], &identification, &extension].concat(),
        [&reply[..], &identification, &extension].concat(),
    ]
}

/// The Cisco Discovery Protocol: version 2 with device, address, port and native VLAN.
pub(super) fn cdp() -> Vec<Vec<u8>> {
    let value = |kind: u8, value: &[u8]| [&[0, kind, 0, octet(value.len() + 4)], value].concat();
    let values = [
        value(1, b"leaf-8"),
        value(2, &[0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 192, 0, 2, 8]),
        value(3, b"GigabitEthernet1/0/8"),
        value(10, &[0, 30]),
        value(20, b"leaf-8.example.net"),
    ];
    vec![[&[2, 180, 0, 0][..], &values.concat()].concat()]
}

fn octet(length: usize) -> u8 {
    u8::try_from(length).unwrap_or(u8::MAX)
}
