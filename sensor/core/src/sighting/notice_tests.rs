use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::decode::message_samples::*;
use crate::decode::samples::{PEER, STATION};
use crate::decode::tunnel_samples::GUEST;
use crate::decode::{DecodeSettings, RadiusAttribute as A, decode};
use crate::types::{IpPrefix, LinkType, MacAddr, Timestamp};

const BROADCAST: [u8; 6] = [0xff; 6];

fn sighting(frame: &[u8]) -> Sighting {
    sight(&decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, frame))
}

fn lease(frame: &[u8]) -> Option<Lease> {
    match sighting(frame).notice.map(|notice| *notice) {
        Some(Notice::Lease(lease)) => Some(lease),
        None => None,
        Some(other) => panic!("no lease but {other:?}"),
    }
}

fn session(attributes: &[(A, &[u8])]) -> Option<Session> {
    let frame = datagram(PEER, (49_152, 1813), &radius(4, attributes));
    match sighting(&frame).notice.map(|notice| *notice) {
        Some(Notice::Session(session)) => Some(session),
        None => None,
        Some(other) => panic!("no session but {other:?}"),
    }
}

fn registration_of(payload: &[u8]) -> Option<Registration> {
    match sighting(&datagram(PEER, (434, 434), payload)).notice.map(|notice| *notice) {
        Some(Notice::Registration(registration)) => Some(registration),
        None => None,
        Some(other) => panic!("no registration but {other:?}"),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A server's answer of a kind that gives 10.0.0.77, to this station and port.
fn answer(kind: u8, dst: [u8; 6], port: u16) -> Vec<u8> {
    let fields = DhcpFields { operation: 2, yours: [10, 0, 0, 77], ..DhcpFields::default() };
    datagram(dst, (67, port), &dhcp_message(&fields, &[(53, &[kind]), (54, &[10, 0, 0, 1])]))
}

#[test]
fn an_acknowledgement_is_a_lease_and_a_claim() {
    let sighting = sighting(&dhcp_ack());
    let claim = sighting.claims[0];
    assert_eq!((claim.mac, claim.ip, claim.kind), (MacAddr::new(GUEST), ip("10.0.0.77"), ClaimKind::DhcpAck));
    assert_eq!(claim.frame_mac, MacAddr::new(STATION));
    let lease = lease(&dhcp_ack()).unwrap();
    assert_eq!((lease.mac, lease.kind, lease.on_segment), (MacAddr::new(GUEST), LeaseKind::Granted, true));
    let lifetime = Some(Duration::from_secs(3600));
    assert_eq!(lease.addresses[..], [LeasedAddress { ip: ip("10.0.0.77"), lifetime }]);
    assert_eq!((lease.server, lease.host_name.as_deref()), (Some(ip("10.0.0.1")), Some("web-7")));
}

#[test]
fn an_acknowledgement_on_another_segment_claims_nothing_there() {
    assert_eq!(sighting(&answer(5, BROADCAST, 68)).claims.len(), 1);
    // To the relay, and through a router.
    for frame in [answer(5, PEER, 67), answer(5, PEER, 68)] {
        assert!(sighting(&frame).claims.is_empty());
        assert!(!lease(&frame).unwrap().on_segment);
    }
}

#[test]
fn only_an_acknowledgement_grants() {
    for kind in [2, 6] {
        assert!(sighting(&answer(kind, GUEST, 68)).is_empty());
    }
    let settings_only = DhcpFields { operation: 2, client: [10, 0, 0, 77], ..DhcpFields::default() };
    let frame = datagram(GUEST, (67, 68), &dhcp_message(&settings_only, &[(53, &[5])]));
    assert!(sighting(&frame).is_empty());
    let by_a_client = DhcpFields { operation: 1, yours: [10, 0, 0, 77], ..DhcpFields::default() };
    let frame = datagram(GUEST, (67, 68), &dhcp_message(&by_a_client, &[(53, &[5])]));
    assert!(sighting(&frame).is_empty());
}

#[test]
fn a_release_is_a_notice_and_no_claim() {
    let fields = DhcpFields { operation: 1, client: [10, 0, 0, 77], ..DhcpFields::default() };
    let mut frame = datagram(PEER, (68, 67), &dhcp_message(&fields, &[(53, &[7])]));
    let released = lease(&frame).unwrap();
    assert_eq!((released.kind, released.addresses[0].ip), (LeaseKind::Released, ip("10.0.0.77")));
    assert!(!released.on_segment, "a relay or router passes it on");
    frame[6..12].copy_from_slice(&GUEST);
    assert!(lease(&frame).unwrap().on_segment);
    assert!(sighting(&frame).claims.is_empty());
}

#[test]
fn a_relay_says_where_the_client_is_attached() {
    let lease = lease(&dhcp_relayed()).unwrap();
    assert_eq!((lease.kind, lease.addresses.len()), (LeaseKind::Attached, 0));
    let attachment = lease.attachment.unwrap();
    assert_eq!(attachment.relay, Some(ip("10.0.0.10")));
    assert_eq!(attachment.circuit_id.unwrap().to_string(), "ge-0/0/7");
    assert_eq!(attachment.remote_id.unwrap().mac(), Some(MacAddr::new([2, 0, 0, 0, 0, 7])));
}

#[test]
fn a_message_that_contradicts_itself_says_nothing() {
    let mut frame = dhcp_ack();
    let last = frame.len() - 1;
    frame.truncate(last - 2);
    assert!(sighting(&frame).is_empty());
    let mut frame = accounting();
    frame[14 + 20 + 8 + 21] = 1;
    assert!(sighting(&frame).is_empty());
}

#[test]
fn a_reply_is_a_lease_and_a_claim() {
    let frame = dhcpv6_reply();
    let sighting = sighting(&frame);
    let claim = sighting.claims[0];
    assert_eq!(
        (claim.mac, claim.ip, claim.kind),
        (MacAddr::new(GUEST), ip("2001:db8::77"), ClaimKind::Dhcpv6Reply)
    );
    let lease = lease(&frame).unwrap();
    assert_eq!((lease.kind, lease.on_segment, lease.server), (LeaseKind::Granted, true, Some(ip("fe80::1"))));
    assert_eq!(lease.addresses[0].lifetime, Some(Duration::from_secs(3600)));
    assert_eq!(lease.host_name.as_deref(), Some("web-7"));
}

#[test]
fn addresses_that_are_refused_or_withdrawn_are_not_granted() {
    let reply = |options: &[Vec<u8>]| {
        let message = dhcpv6_message(7, options);
        datagram_v6(GUEST, ("fe80::1", "fe80::77"), (547, 546), &message)
    };
    let no_address = dhcpv6_option(13, &[0, 2]);
    assert!(sighting(&reply(&[dhcpv6_address("2001:db8::77", 60, &no_address)])).is_empty());
    assert!(sighting(&reply(&[dhcpv6_address("2001:db8::77", 0, &[])])).is_empty());
    assert!(sighting(&reply(&[dhcpv6_option(13, &[0, 0])])).is_empty());
    let many: Vec<_> =
        (1..=6).map(|number| dhcpv6_address(&format!("2001:db8::{number}"), 60, &[])).collect();
    let sighting = sighting(&reply(&many));
    assert_eq!((sighting.claims.len(), sighting.claims_lost), (4, 2));
}

#[test]
fn the_nearest_relay_says_where_the_client_is_attached() {
    let lease = lease(&dhcpv6_relayed()).unwrap();
    assert_eq!((lease.mac, lease.kind, lease.on_segment), (MacAddr::new(GUEST), LeaseKind::Attached, false));
    let attachment = lease.attachment.unwrap();
    assert_eq!(attachment.relay, Some(ip("2001:db8:7::1")));
    assert_eq!(attachment.circuit_id.unwrap().to_string(), "ge-0/0/7");
    assert_eq!(attachment.remote_id.unwrap().to_string(), "leaf-7");
}

#[test]
fn a_relay_on_layer_2_names_no_link_and_the_next_one_outward_does() {
    let solicit = dhcpv6_message(1, &[dhcpv6_option(1, &[0, 2, 0, 0, 0, 9, 7])]);
    let client = dhcpv6_option(79, &[&[0, 1][..], &GUEST].concat());
    let near = dhcpv6_relay(12, "::", &[dhcpv6_option(9, &solicit), dhcpv6_option(18, b"eth7"), client]);
    let packet = |message: &[u8]| datagram_v6(PEER, ("2001:db8::10", "2001:db8::1"), (547, 547), message);
    let relay = |link: &str| {
        let far = dhcpv6_relay(12, link, &[dhcpv6_option(18, b"uplink"), dhcpv6_option(9, &near)]);
        let attachment = lease(&packet(&far)).unwrap().attachment.unwrap();
        (attachment.relay, attachment.circuit_id.unwrap().to_string())
    };
    assert_eq!(relay("2001:db8:7::1"), (Some(ip("2001:db8:7::1")), "eth7".to_owned()));
    // Who sent the packet is the outermost relay, not the one that names the port.
    assert_eq!(relay("::"), (None, "eth7".to_owned()));
    assert_eq!(lease(&packet(&near)).unwrap().attachment.unwrap().relay, Some(ip("2001:db8::10")));
}

#[test]
fn a_client_is_the_station_that_speaks_rather_than_its_identifier() {
    let message = dhcpv6_message(8, &[dhcpv6_option(1, &DUID), dhcpv6_address("2001:db8::77", 0, &[])]);
    let own = datagram_v6(PEER, ("fe80::a", "ff02::1:2"), (546, 547), &message);
    let released = lease(&own).unwrap();
    assert_eq!((released.mac, released.kind), (MacAddr::new(STATION), LeaseKind::Released));
    assert!(released.on_segment && sighting(&own).claims.is_empty());
    let routed = datagram_v6(PEER, ("2001:db8::a", "2001:db8::1"), (546, 547), &message);
    let released = lease(&routed).unwrap();
    assert_eq!((released.mac, released.on_segment), (MacAddr::new(GUEST), false));
}

#[test]
fn an_accounting_record_is_a_session() {
    let Some(Notice::Session(session)) = sighting(&accounting()).notice.map(|notice| *notice) else {
        panic!("no session");
    };
    let expected = Session {
        status: SessionStatus::Interim,
        nas: Nas {
            source: ip("10.0.0.10"),
            address: Some(ip("192.0.2.7")),
            identifier: Some("leaf-7".into()),
        },
        request: 7,
        id: Some("5F2A0001".into()),
        mac: Some(MacAddr::new(GUEST)),
        called_mac: Some(MacAddr::new([2, 0, 0, 0, 0, 7])),
        ssid: Some("guests".into()),
        port: NasPort { number: Some(50_107), id: Some("GigabitEthernet1/0/7".into()), kind: Some(15) },
        addresses: [ip("10.0.0.77"), ip("2001:db8:0:7::77")].into_iter().collect(),
        prefix: Some(IpPrefix::new(ip("2001:db8:0:7::"), 64)),
        user: Some("host/web-7".into()),
        stated_at: Some(Timestamp::from_nanos(1_767_283_201_000_000_000)),
        delay: None,
        interim_interval: Some(Duration::from_secs(600)),
        duration: Some(Duration::from_secs(3600)),
        octets_in: Some((2 << 32) + 7),
        octets_out: Some(9),
        terminate_cause: None,
    };
    assert_eq!(session, expected);
}

#[test]
fn stations_are_known_in_every_spelling() {
    let mac = |text: &[u8]| {
        session(&[(A::AcctStatusType, &[0, 0, 0, 1]), (A::CallingStationId, text)]).unwrap().mac
    };
    let expected = Some(MacAddr::new([0x00, 0x11, 0x22, 0x33, 0x44, 0x5a]));
    for text in [
        &b"00-11-22-33-44-5A"[..],
        b"00-11-22-33-44-5a",
        b"00:11:22:33:44:5A",
        b"0011.2233.445a",
        b"0011-2233-445a",
        b"001122-33445a",
        b"00112233445A",
        b" 0011.2233.445a\0",
    ] {
        assert_eq!(mac(text), expected, "{}", String::from_utf8_lossy(text));
    }
    for text in [&b"192.168.100.200"[..], b"+491234567890", b"alice", b"\xff\xfe", b"ff-ff-ff-ff-ff-ff"] {
        assert_eq!(mac(text), None);
    }
}

#[test]
fn the_network_stands_behind_the_called_station() {
    let called = |text: &[u8]| {
        let session = session(&[(A::AcctStatusType, &[0, 0, 0, 1]), (A::CalledStationId, text)]).unwrap();
        (session.called_mac, session.ssid.as_deref().map(str::to_owned))
    };
    let mac = Some(MacAddr::new([0x00, 0x11, 0x22, 0x33, 0x44, 0x01]));
    let corp = Some("corp".to_owned());
    assert_eq!(called(b"00-11-22-33-44-01:corp"), (mac, corp.clone()));
    assert_eq!(called(b"00:11:22:33:44:01:corp"), (mac, corp.clone()));
    assert_eq!(called(b"0011.2233.4401:corp"), (mac, corp.clone()));
    assert_eq!(called(b"001122334401:corp"), (mac, corp));
    assert_eq!(called(b"00-11-22-33-44-01"), (mac, None));
    assert_eq!(called(b"corp"), (None, None));
}

#[test]
fn a_whole_server_comes_and_goes() {
    for (number, status) in [(7, SessionStatus::NasOn), (8, SessionStatus::NasOff)] {
        let session =
            session(&[(A::AcctStatusType, &[0, 0, 0, number]), (A::NasIdentifier, b"ap-east")]).unwrap();
        assert_eq!((session.status, session.mac), (status, None));
        assert_eq!(session.nas.identifier.as_deref(), Some("ap-east"));
    }
    assert_eq!(session(&[(A::AcctStatusType, &[0, 0, 0, 9])]), None);
    assert_eq!(session(&[(A::NasIdentifier, b"ap-east")]), None);
}

#[test]
fn only_requests_report() {
    for code in [1, 2, 5, 40] {
        let frame = datagram(PEER, (49_152, 1813), &radius(code, &[(A::AcctStatusType, &[0, 0, 0, 1])]));
        assert!(sighting(&frame).is_empty());
    }
}

#[test]
fn what_asks_for_an_address_is_none() {
    for asked in [[255, 255, 255, 255], [255, 255, 255, 254], [0, 0, 0, 0]] {
        let session = session(&[(A::AcctStatusType, &[0, 0, 0, 1]), (A::FramedIpAddress, &asked)]).unwrap();
        assert!(session.addresses.is_empty());
    }
}

#[test]
fn a_time_that_is_stated_and_a_delay_are_both_told() {
    let at = |more: &[(A, &[u8])]| {
        let session = session(&[&[(A::AcctStatusType, &[0, 0, 0, 2][..])], more].concat()).unwrap();
        (session.stated_at, session.delay)
    };
    let delay: (A, &[u8]) = (A::AcctDelayTime, &[0, 0, 0, 5]);
    let five = Some(Duration::from_secs(5));
    assert_eq!(at(&[delay]), (None, five));
    assert_eq!(at(&[delay, (A::EventTimestamp, &[0, 0, 0, 0])]), (None, five));
    let stated = Some(Timestamp::from_nanos(9_000_000_000));
    assert_eq!(at(&[delay, (A::EventTimestamp, &[0, 0, 0, 9])]), (stated, five));
    assert_eq!(at(&[]), (None, None));
}

#[test]
fn registrations_tell_home_care_of_and_time() {
    let Some(Registration::Request(request)) = registration_of(&registration(1, 0x80, 600)) else {
        panic!("no request");
    };
    assert_eq!(request.home_address, Some([198, 51, 100, 77].into()));
    assert_eq!(
        (request.home_agent.octets(), request.care_of.octets()),
        ([198, 51, 100, 1], [203, 0, 113, 1])
    );
    assert!(request.simultaneous && !request.deregistration);
    assert_eq!((request.lifetime, request.source), (Some(Duration::from_secs(600)), ip("10.0.0.10")));
    let Some(Registration::Reply(reply)) = registration_of(&registration(3, 1, u16::MAX)) else {
        panic!("no reply");
    };
    assert!(reply.is_accepted() && !reply.deregistration);
    assert_eq!((reply.lifetime, reply.identification), (None, request.identification));
}

#[test]
fn a_lifetime_of_zero_ends_a_binding_if_it_is_accepted() {
    let Some(Registration::Request(request)) = registration_of(&registration(1, 0, 0)) else {
        panic!("no request");
    };
    assert!(request.deregistration);
    for (code, ends) in [(0, true), (1, true), (64, false), (131, false)] {
        let Some(Registration::Reply(reply)) = registration_of(&registration(3, code, 0)) else {
            panic!("no reply");
        };
        assert_eq!((reply.is_accepted(), reply.deregistration), (ends, ends));
    }
    assert_eq!(registration_of(&registration(1, 0, 600)[..23]), None);
    assert_eq!(registration_of(&registration(20, 0, 600)), None);
}
