//! Messages of servers, switches and agents: DHCP, DHCPv6, RADIUS accounting, Mobile IPv4 registration, CDP.
//!
//! Read RFC 2131, RFC 2132, RFC 3046, RFC 8415, RFC 2865, RFC 2866 and RFC 5944 before editing.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::headers::{BROADCAST, IPV4, IPV6, Mac, UDP, checksum, ethernet, ipv4, ipv6, udp4, udp6};
use super::station::Station;

const DHCP_SERVER: u16 = 67;
const DHCP_CLIENT: u16 = 68;
const DHCPV6_CLIENT: u16 = 546;
const DHCPV6_SERVER: u16 = 547;
/// All relay agents and servers (RFC 8415 section 7.1).
const ALL_DHCPV6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
const ACCOUNTING: u16 = 1813;
const REGISTRATION: u16 = 434;

/// The kinds of DHCP messages that are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dhcp {
    Discover = 1,
    Offer = 2,
    Request = 3,
    Ack = 5,
    Release = 7,
}

/// What a switch inserts about the port that a client is behind (option 82).
#[derive(Clone, Copy, Debug)]
pub(crate) struct RelayAgent<'a> {
    pub(crate) circuit: &'a str,
    pub(crate) remote: &'a str,
}

/// Seconds for which addresses are granted.
const LEASE_SECS: u32 = 600;

impl Station {
    /// A DHCP message of a client to all servers, or to its server when it gives its address back.
    pub(crate) fn dhcp(&self, kind: Dhcp, server: &Self, name: &str) -> Vec<u8> {
        let mut options = vec![(12, name.as_bytes().to_vec())];
        if kind == Dhcp::Request {
            options.push((50, self.ip.octets().to_vec()));
        }
        if kind != Dhcp::Discover {
            options.push((54, server.ip.octets().to_vec()));
        }
        let is_release = kind == Dhcp::Release;
        let own = if is_release { self.ip } else { Ipv4Addr::UNSPECIFIED };
        let (dst, to) = if is_release { (server.mac, server.ip) } else { (BROADCAST, Ipv4Addr::BROADCAST) };
        let message = dhcp_message(1, kind, self.mac, own, Ipv4Addr::UNSPECIFIED, &options);
        let datagram = udp4((own, DHCP_CLIENT), (to, DHCP_SERVER), &message);
        self.frame(dst, IPV4, &ipv4(own, to, UDP, 64, 0, &datagram))
    }

    /// A server's answer to a client, by which the client gets its address.
    pub(crate) fn dhcp_answer(&self, kind: Dhcp, client: &Self, inserted: Option<RelayAgent<'_>>) -> Vec<u8> {
        let mut options = vec![
            (54, self.ip.octets().to_vec()),
            (51, LEASE_SECS.to_be_bytes().to_vec()),
            (1, vec![255, 255, 255, 0]),
        ];
        if let Some(RelayAgent { circuit, remote }) = inserted {
            let sub_options = [sub_option(1, circuit.as_bytes()), sub_option(2, remote.as_bytes())].concat();
            options.push((82, sub_options));
        }
        let message = dhcp_message(2, kind, client.mac, Ipv4Addr::UNSPECIFIED, client.ip, &options);
        let datagram = udp4((self.ip, DHCP_SERVER), (client.ip, DHCP_CLIENT), &message);
        self.frame(client.mac, IPV4, &ipv4(self.ip, client.ip, UDP, 64, 0, &datagram))
    }

    /// A DHCPv6 message of a client to all servers: Solicit (1), Request (3) or Release (8).
    pub(crate) fn dhcpv6(&self, kind: u8, server: &Self) -> Vec<u8> {
        let mut options = option6(1, &self.duid());
        if kind == 1 {
            options.extend(option6(3, &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
        } else {
            options.extend(option6(2, &server.duid()));
            options.extend(self.association());
        }
        let message = [&[kind, 0x12, 0x34, 0x56][..], &options].concat();
        let src = self.link_local();
        let datagram = udp6((src, DHCPV6_CLIENT), (ALL_DHCPV6, DHCPV6_SERVER), &message);
        let [.., a, b, c, d] = ALL_DHCPV6.octets();
        self.frame([0x33, 0x33, a, b, c, d], IPV6, &ipv6(src, ALL_DHCPV6, UDP, 1, &datagram))
    }

    /// A DHCPv6 server's Advertise (2) or Reply (7) with the client's address.
    pub(crate) fn dhcpv6_answer(&self, kind: u8, client: &Self) -> Vec<u8> {
        let options = [option6(1, &client.duid()), option6(2, &self.duid()), client.association()].concat();
        let message = [&[kind, 0x12, 0x34, 0x56][..], &options].concat();
        let (src, dst) = (self.link_local(), client.link_local());
        let datagram = udp6((src, DHCPV6_SERVER), (dst, DHCPV6_CLIENT), &message);
        self.frame(client.mac, IPV6, &ipv6(src, dst, UDP, 64, &datagram))
    }

    /// A relay's report of what a client behind one of its interfaces asks all servers for.
    pub(crate) fn dhcpv6_relayed(&self, client: &Self, interface: &str, server: &Self) -> Vec<u8> {
        let request =
            [&[3, 0x12, 0x34, 0x57][..], &option6(1, &client.duid()), &client.association()].concat();
        let mut message = vec![12, 0];
        message.extend(self.ip6.octets());
        message.extend(client.link_local().octets());
        message.extend(option6(9, &request));
        message.extend(option6(18, interface.as_bytes()));
        message.extend(option6(37, &[&[0, 0, 0x75, 0x71][..], b"tor-1"].concat()));
        message.extend(option6(79, &[&[0, 1][..], &client.mac].concat()));
        let datagram = udp6((self.ip6, DHCPV6_SERVER), (server.ip6, DHCPV6_SERVER), &message);
        self.frame(server.mac, IPV6, &ipv6(self.ip6, server.ip6, UDP, 63, &datagram))
    }

    /// Its identifier for DHCPv6, made of its MAC address (RFC 8415 section 11.4).
    fn duid(&self) -> Vec<u8> {
        [&[0, 3, 0, 1][..], &self.mac].concat()
    }

    /// The association of its one address, by which it gets it (RFC 8415 sections 21.4 and 21.6).
    fn association(&self) -> Vec<u8> {
        let lifetimes = [LEASE_SECS.to_be_bytes(), (LEASE_SECS * 2).to_be_bytes()].concat();
        let addr = option6(5, &[&self.ip6.octets()[..], &lifetimes].concat());
        option6(3, &[&[0, 0, 0, 1, 0, 0, 0, 150, 0, 0, 1, 44][..], &addr].concat())
    }

    /// What it tells its neighbour by CDP: name and port.
    pub(crate) fn cdp(&self, name: &str, port: &str) -> Vec<u8> {
        let mut message = vec![2, 180, 0, 0];
        for (kind, value) in [(1_u16, name.as_bytes()), (3, port.as_bytes()), (10, &[0, 100])] {
            message.extend(kind.to_be_bytes());
            message.extend(length(value.len() + 4));
            message.extend(value);
        }
        assert!(message.len().is_multiple_of(2), "CDP sums up an odd octet in a way of its own");
        let sum = checksum(&[&message]);
        message[2..4].copy_from_slice(&sum);
        let snap = [&[0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00][..], &message].concat();
        let octets = u16::try_from(snap.len()).expect("a message is short");
        ethernet([0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc], self.mac, &[], octets, &snap)
    }

    /// Forwards a datagram of somebody behind it.
    fn pass_on(&self, from: (Ipv4Addr, u16), to: &Self, dst_port: u16, payload: &[u8]) -> Vec<u8> {
        let datagram = udp4(from, (to.ip, dst_port), payload);
        self.frame(to.mac, IPV4, &ipv4(from.0, to.ip, UDP, 63, 0, &datagram))
    }

    /// Forwards the accounting record of a network access server to the RADIUS server.
    pub(crate) fn accounting(&self, record: &Accounting<'_>, server: &Self) -> Vec<u8> {
        self.pass_on((record.nas, 49_152), server, ACCOUNTING, &record.packet())
    }

    /// Answers an accounting record; the answer goes by a router.
    pub(crate) fn accounting_answer(&self, record: &Accounting<'_>, router: &Self) -> Vec<u8> {
        let answer = radius(5, record.number, &[]);
        let datagram = udp4((self.ip, ACCOUNTING), (record.nas, 49_152), &answer);
        self.frame(router.mac, IPV4, &ipv4(self.ip, record.nas, UDP, 64, 0, &datagram))
    }

    /// Sends, or forwards, a Mobile IPv4 registration request to a home agent.
    pub(crate) fn mobile_request(&self, registration: &MobileIpv4, home_agent: &Self) -> Vec<u8> {
        self.pass_on((registration.care_of, REGISTRATION), home_agent, REGISTRATION, &registration.request())
    }

    /// Answers a registration request with a code, by a router.
    pub(crate) fn mobile_reply(&self, registration: &MobileIpv4, code: u8, router: &Self) -> Vec<u8> {
        let datagram =
            udp4((self.ip, REGISTRATION), (registration.care_of, REGISTRATION), &registration.reply(code));
        self.frame(router.mac, IPV4, &ipv4(self.ip, registration.care_of, UDP, 64, 0, &datagram))
    }
}

/// A DHCP message with its options, padded to the length of BOOTP (RFC 1542 section 2.1).
fn dhcp_message(
    operation: u8,
    kind: Dhcp,
    client: Mac,
    own: Ipv4Addr,
    granted: Ipv4Addr,
    options: &[(u8, Vec<u8>)],
) -> Vec<u8> {
    let mut message = vec![operation, 1, 6, 0, 0x39, 0x03, 0xf3, 0x26, 0, 0, 0, 0];
    message.extend(own.octets());
    message.extend(granted.octets());
    message.extend([0; 8]);
    message.extend(client);
    message.resize(236, 0);
    message.extend([99, 130, 83, 99, 53, 1, kind as u8]);
    for (code, value) in options {
        message.extend(sub_option(*code, value));
    }
    message.push(255);
    message.resize(message.len().max(300), 0);
    message
}

/// An option of DHCP or a part of option 82: number, length, value.
fn sub_option(number: u8, value: &[u8]) -> Vec<u8> {
    let octets = u8::try_from(value.len()).expect("an option is short");
    [&[number, octets][..], value].concat()
}

/// An option of DHCPv6.
fn option6(code: u16, value: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], &length(value.len()), value].concat()
}

/// A record of a network access server about a station at one of its ports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accounting<'a> {
    /// The number of the request.
    pub(crate) number: u8,
    /// 1 start, 2 stop, 3 interim, 7 accounting-on.
    pub(crate) status: u32,
    pub(crate) nas: Ipv4Addr,
    pub(crate) nas_name: &'a str,
    /// Whose session, at which port, and its name; none for a whole server.
    pub(crate) session: Option<(&'a Station, &'a str, &'a str)>,
    /// Seconds since 1970.
    pub(crate) at: u32,
    /// Seconds for which the session has lasted.
    pub(crate) lasted: u32,
}

impl Accounting<'_> {
    fn packet(&self) -> Vec<u8> {
        let number = |number: u32| number.to_be_bytes().to_vec();
        let mut attributes = vec![
            (40, number(self.status)),
            (4, self.nas.octets().to_vec()),
            (32, self.nas_name.as_bytes().to_vec()),
            (55, number(self.at)),
        ];
        if let Some((station, port, id)) = self.session {
            let [a, b, c, d, e, f] = station.mac;
            let calling = format!("{a:02X}-{b:02X}-{c:02X}-{d:02X}-{e:02X}-{f:02X}");
            attributes.extend([
                (44, id.as_bytes().to_vec()),
                (31, calling.into_bytes()),
                (61, number(15)),
                (87, port.as_bytes().to_vec()),
                (8, station.ip.octets().to_vec()),
            ]);
            if self.lasted > 0 {
                attributes.extend([
                    (46, number(self.lasted)),
                    (42, number(self.lasted * 900)),
                    (43, number(self.lasted * 4_000)),
                ]);
            }
            if self.status == 2 {
                attributes.push((49, number(1)));
            }
        }
        radius(4, self.number, &attributes)
    }
}

/// A RADIUS packet. Its authenticator is no digest: there is no secret that anybody would check it with.
fn radius(code: u8, number: u8, attributes: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let values: Vec<u8> = attributes
        .iter()
        .flat_map(|(kind, value)| {
            let octets = u8::try_from(value.len() + 2).expect("an attribute is short");
            [&[*kind, octets][..], value].concat()
        })
        .collect();
    [&[code, number][..], &length(20 + values.len()), &[0x5a; 16], &values].concat()
}

/// A binding of Mobile IPv4.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MobileIpv4 {
    pub(crate) home_address: Ipv4Addr,
    pub(crate) home_agent: Ipv4Addr,
    pub(crate) care_of: Ipv4Addr,
    /// Seconds.
    pub(crate) lifetime: u16,
    /// Seconds since 1900, from which the identification is made (RFC 5944 section 5.7.1).
    pub(crate) at: u32,
}

impl MobileIpv4 {
    fn request(&self) -> Vec<u8> {
        let mut message = vec![1, 0x02];
        message.extend(self.lifetime.to_be_bytes());
        for addr in [self.home_address, self.home_agent, self.care_of] {
            message.extend(addr.octets());
        }
        message.extend(self.identification());
        message
    }

    fn reply(&self, code: u8) -> Vec<u8> {
        let mut message = vec![3, code];
        message.extend(self.lifetime.to_be_bytes());
        for addr in [self.home_address, self.home_agent] {
            message.extend(addr.octets());
        }
        message.extend(self.identification());
        message
    }

    fn identification(&self) -> [u8; 8] {
        (u64::from(self.at) << 32 | 0x5243).to_be_bytes()
    }
}

fn length(octets: usize) -> [u8; 2] {
    u16::try_from(octets).expect("a message is short").to_be_bytes()
}
