use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::message_samples::*;
use super::samples::{self, IPV4, PEER, ethernet, ipv4};
use super::tunnel_samples::{GUEST, udp};
use super::*;
use crate::types::{IpPrefix, LinkType, MacAddr};

fn read(frame: &[u8]) -> Decoded<'_> {
    decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, frame)
}

/// Reads the first octets of a frame that the capture cut.
fn cut(frame: &[u8], caplen: usize) -> Decoded<'_> {
    let orig_len = u32::try_from(frame.len()).unwrap();
    decode(&DecodeSettings::default(), LinkType::ETHERNET, orig_len, &frame[..caplen])
}

fn dhcp<'a>(decoded: &Decoded<'a>) -> DhcpMessage<'a> {
    match decoded.control {
        Control::Dhcp(_, message) => message,
        other => panic!("no DHCP but {other:?}"),
    }
}

fn dhcpv6<'a>(decoded: &Decoded<'a>) -> Dhcpv6Message<'a> {
    match decoded.control {
        Control::Dhcpv6(_, message) => message,
        other => panic!("no DHCPv6 but {other:?}"),
    }
}

fn radius_packet<'a>(decoded: &Decoded<'a>) -> RadiusPacket<'a> {
    match decoded.control {
        Control::Radius(_, packet) => packet,
        other => panic!("no RADIUS but {other:?}"),
    }
}

#[test]
fn dhcp_fields_and_options_are_read() {
    let frame = dhcp_ack();
    let decoded = read(&frame);
    let message = dhcp(&decoded);
    assert_eq!(message.kind(), Some(DhcpKind::Ack));
    assert!(message.is_reply() && message.is_whole() && message.has_options());
    assert_eq!(message.transaction(), Some(0xdead_beef));
    assert_eq!(message.client_mac(), Some(MacAddr::new(GUEST)));
    assert_eq!(message.your_addr(), Some(Ipv4Addr::new(10, 0, 0, 77)));
    assert_eq!(message.server(), Some(Ipv4Addr::new(10, 0, 0, 1)));
    assert_eq!(message.lease_time(), Some(Duration::from_secs(3600)));
    assert_eq!(message.host_name(), Some(&b"web-7"[..]));
    assert!(message.relay_agent().is_none());
}

#[test]
fn options_go_on_in_the_fields_of_file_and_name() {
    let fields = DhcpFields { file: b"\x35\x01\x02\xff", name: b"\x0c\x01n\xff", ..DhcpFields::default() };
    let kinds = |overload: &[u8]| {
        let frame = datagram(PEER, (68, 67), &dhcp_message(&fields, &[(52, overload), (50, &[10, 0, 0, 9])]));
        let decoded = read(&frame);
        assert_eq!(dhcp(&decoded).requested_addr(), Some(Ipv4Addr::new(10, 0, 0, 9)));
        (dhcp(&decoded).kind(), dhcp(&decoded).host_name().map(<[u8]>::to_vec))
    };
    assert_eq!(kinds(&[0]), (None, None));
    assert_eq!(kinds(&[1]), (Some(DhcpKind::Offer), None));
    assert_eq!(kinds(&[2]), (None, Some(b"n".to_vec())));
    assert_eq!(kinds(&[3]), (Some(DhcpKind::Offer), Some(b"n".to_vec())));
}

#[test]
fn option_82_is_put_together_of_its_pieces() {
    let (first, second) = RELAY_AGENT.split_at(5);
    let fields = DhcpFields::default();
    let message = dhcp_message(&fields, &[(82, first), (53, &[3]), (82, second)]);
    let frame = datagram(PEER, (67, 67), &message);
    let option = dhcp(&read(&frame)).relay_agent().expect("option 82");
    assert_eq!(option.circuit_id(), Some(&b"ge-0/0/7"[..]));
    assert_eq!(option.remote_id(), Some(&[0, 6, 2, 0, 0, 0, 0, 7][..]));
    assert_eq!(option.sub_options().count(), 2);
    assert!(dhcp(&read(&frame)).has_all_options());
    assert!(!dhcp(&cut(&frame, frame.len() - 1)).has_all_options());
    // The second piece may be what was cut off.
    assert!(dhcp(&cut(&frame, frame.len() - 1)).relay_agent().is_none());
    let long: Vec<(u8, &[u8])> = vec![(82, &[0; 255]); 3];
    let frame = datagram(PEER, (67, 67), &dhcp_message(&fields, &long));
    assert!(dhcp(&read(&frame)).relay_agent().is_none());
}

#[test]
fn option_82_may_name_the_link_and_more() {
    let value = [&[9, 3, 0, 0, 9][..], &[5, 4, 10, 7, 0, 0], &[1, 1, 7], &[2, 9, 0]].concat();
    let frame = datagram(PEER, (67, 67), &dhcp_message(&DhcpFields::default(), &[(82, &value)]));
    let option = dhcp(&read(&frame)).relay_agent().unwrap();
    assert_eq!(option.link(), Some(Ipv4Addr::new(10, 7, 0, 0)));
    assert_eq!((option.circuit_id(), option.remote_id()), (Some(&[7][..]), None));
    assert_eq!(option.sub_options().map(|(number, _)| number).collect::<Vec<_>>(), [9, 5, 1]);
}

#[test]
fn wrong_lengths_of_dhcp_options_stop_the_reading() {
    let options = |options: &[(u8, &[u8])]| {
        let frame = datagram(PEER, (68, 67), &dhcp_message(&DhcpFields::default(), options));
        read(&frame).outcome.reason()
    };
    assert_eq!(options(&[(53, &[1])]), None);
    assert_eq!(options(&[(53, &[1, 1])]), Some(Reason::BadOption));
    assert_eq!(options(&[(51, &[0; 3])]), Some(Reason::BadOption));
    let mut message = dhcp_message(&DhcpFields::default(), &[(12, b"name")]);
    message[241] = 9;
    assert_eq!(read(&datagram(PEER, (68, 67), &message)).outcome.reason(), Some(Reason::PacketEnded));
    let short = datagram(PEER, (68, 67), &message[..200]);
    assert_eq!(read(&short).outcome.reason(), Some(Reason::PacketEnded));
    // BOOTP has no cookie and no options (RFC 951 section 3).
    let bootp = datagram(PEER, (68, 67), &message[..236]);
    assert_eq!((read(&bootp).outcome, dhcp(&read(&bootp)).kind()), (Outcome::Complete, None));
}

#[test]
fn a_lease_without_end_has_no_time() {
    let message = dhcp_message(&DhcpFields::default(), &[(51, &[0xff; 4])]);
    assert_eq!(dhcp(&read(&datagram(PEER, (67, 68), &message))).lease_time(), None);
}

#[test]
fn the_machine_is_named_by_either_option() {
    let uuid: Vec<u8> = (0..=16).collect();
    for code in [61, 97] {
        let message = dhcp_message(&DhcpFields::default(), &[(code, &uuid)]);
        let frame = datagram(PEER, (68, 67), &message);
        assert_eq!(dhcp(&read(&frame)).machine_uuid().unwrap()[..], uuid[1..]);
    }
}

#[test]
fn dhcpv6_messages_are_found_behind_their_relays() {
    let frame = dhcpv6_relayed();
    let decoded = read(&frame);
    let levels: Vec<_> = dhcpv6(&decoded).levels().collect();
    let kinds: Vec<_> = levels.iter().map(|level| level.kind().unwrap()).collect();
    assert_eq!(kinds, [Dhcpv6Kind::RelayForward, Dhcpv6Kind::RelayForward, Dhcpv6Kind::Solicit]);
    assert_eq!(levels[1].link_addr(), Some("2001:db8:7::1".parse().unwrap()));
    assert_eq!(levels[1].peer_addr(), Some("fe80::77".parse().unwrap()));
    assert_eq!(levels[1].interface_id(), Some(&b"ge-0/0/7"[..]));
    assert_eq!(levels[1].remote_id(), Some(&b"leaf-7"[..]));
    assert_eq!(levels[1].client_mac(), Some(MacAddr::new(GUEST)));
    assert_eq!(levels[2].client().unwrap().octets(), [0, 2, 0, 0, 0, 9, 7]);
}

#[test]
fn the_number_of_relays_is_bounded() {
    let relayed = |count: usize| {
        let solicit = dhcpv6_message(1, &[]);
        let message =
            (0..count).fold(solicit, |message, _| dhcpv6_relay(12, "::", &[dhcpv6_option(9, &message)]));
        datagram_v6(PEER, ("2001:db8::10", "2001:db8::1"), (547, 547), &message)
    };
    assert_eq!(read(&relayed(RELAYS_MAX)).outcome, Outcome::Complete);
    let frame = relayed(RELAYS_MAX + 1);
    assert_eq!(read(&frame).outcome.reason(), Some(Reason::TooManyRelays));
    assert_eq!(dhcpv6(&read(&frame)).levels().count(), RELAYS_MAX + 1);
}

#[test]
fn addresses_and_prefixes_have_their_lifetimes() {
    let prefix: Ipv6Addr = "2001:db8:8::".parse().unwrap();
    let delegated = [&[0, 0, 0, 9, 0xff, 0xff, 0xff, 0xff, 48][..], &prefix.octets()].concat();
    let options = [
        dhcpv6_address("2001:db8::77", 600, &[]),
        dhcpv6_option(25, &[&[0; 12][..], &dhcpv6_option(26, &delegated)].concat()),
        dhcpv6_option(13, &[0, 5]),
    ];
    let frame = datagram_v6(GUEST, ("fe80::1", "fe80::77"), (547, 546), &dhcpv6_message(7, &options));
    let decoded = read(&frame);
    let message = dhcpv6(&decoded);
    let inside: Vec<_> = message.options().flat_map(|option| option.options()).collect();
    let (addr, lifetime) = inside[0].address().unwrap();
    assert_eq!(
        (addr.to_string(), lifetime),
        ("2001:db8::77".to_owned(), Lifetime::For(Duration::from_secs(600)))
    );
    assert_eq!(inside[1].prefix(), Some((IpPrefix::new(prefix.into(), 48), Lifetime::Endless)));
    assert_eq!(message.options().filter_map(|option| option.status()).collect::<Vec<_>>(), [5]);
}

#[test]
fn identifiers_may_be_made_of_a_mac_address_or_not() {
    let frame = |duid: &[u8]| {
        let message = dhcpv6_message(1, &[dhcpv6_option(1, duid)]);
        datagram_v6(PEER, ("fe80::77", "ff02::1:2"), (546, 547), &message)
    };
    let mac = |duid: &[u8]| {
        let frame = frame(duid);
        let decoded = read(&frame);
        dhcpv6(&decoded).client().and_then(|duid| duid.mac())
    };
    assert_eq!(mac(&DUID), Some(MacAddr::new(GUEST)));
    let with_time = [&[0, 1, 0, 1, 9, 9, 9, 9][..], &GUEST].concat();
    assert_eq!(mac(&with_time), Some(MacAddr::new(GUEST)));
    let uuid = [&[0, 4][..], &[7; 16]].concat();
    assert_eq!(mac(&uuid), None);
    let frame = frame(&uuid);
    assert_eq!(dhcpv6(&read(&frame)).client().unwrap().uuid(), Some(&[7; 16]));
    assert_eq!(mac(&[0, 3, 0, 6, 1, 2, 3, 4, 5, 6]), None, "another hardware type");
}

#[test]
fn registrations_are_read_by_their_type() {
    let message = |payload: &[u8]| {
        let frame = datagram(PEER, (434, 434), payload);
        let Control::MobileIpv4(_, message) = read(&frame).control else {
            panic!("no registration");
        };
        let fields = (message.home_addr(), message.home_agent(), message.identification());
        (message.code(), message.care_of(), message.is_simultaneous(), fields)
    };
    let fields = (
        Some(Ipv4Addr::new(198, 51, 100, 77)),
        Some(Ipv4Addr::new(198, 51, 100, 1)),
        Some(0xe9a1_b2c3_0000_0001),
    );
    let care_of = Some(Ipv4Addr::new(203, 0, 113, 1));
    assert_eq!(message(&registration(1, 0x80, 600)), (None, care_of, true, fields));
    assert_eq!(message(&registration(3, 0x80, 600)), (Some(128), None, false, fields));
    assert_eq!(message(&registration(7, 0, 600)), (None, None, false, (fields.0, None, None)));
    assert_eq!(message(&registration(16, 0, 600)), (None, None, false, (None, None, None)));
    let short = datagram(PEER, (434, 434), &registration(3, 0, 600)[..19]);
    assert_eq!(read(&short).outcome.reason(), Some(Reason::PacketEnded));
    assert!(RegistrationLifetime(u16::MAX).duration().is_none() && RegistrationLifetime(0).is_zero());
}

#[test]
fn radius_attributes_are_read_by_their_number() {
    let frame = accounting();
    let decoded = read(&frame);
    let packet = radius_packet(&decoded);
    assert_eq!((packet.kind(), packet.identifier()), (Some(RadiusKind::AccountingRequest), Some(7)));
    assert_eq!(packet.ipv4(RadiusAttribute::NasIpAddress), Some(Ipv4Addr::new(192, 0, 2, 7)));
    assert_eq!(packet.number(RadiusAttribute::NasPort), Some(50_107));
    assert_eq!(packet.value(RadiusAttribute::NasIdentifier), Some(&b"leaf-7"[..]));
    let prefix = IpPrefix::new("2001:db8:0:7::".parse().unwrap(), 64);
    assert_eq!(packet.ipv6_prefix(RadiusAttribute::FramedIpv6Prefix), Some(prefix));
    assert_eq!(packet.attributes().count(), 19);
}

#[test]
fn radius_lengths_that_contradict_themselves_stop_the_reading() {
    let good = radius(4, &[(RadiusAttribute::UserName, b"name"), (RadiusAttribute::NasPort, &[0, 0, 0, 1])]);
    let reason = |place: usize, value: u8| {
        let mut packet = good.clone();
        packet[place] = value;
        let frame = datagram(PEER, (49_152, 1813), &packet);
        let count = radius_packet(&read(&frame)).attributes().count();
        (read(&frame).outcome.reason(), count)
    };
    assert_eq!(reason(3, 32), (None, 2));
    assert_eq!(reason(3, 33), (Some(Reason::LengthBeyondPacket), 0));
    assert_eq!(reason(21, 1), (Some(Reason::BadOption), 0));
    assert_eq!(reason(27, 7), (Some(Reason::PacketEnded), 1));
    for length in [19, 4097] {
        let mut packet = good.clone();
        packet[2..4].copy_from_slice(&u16::to_be_bytes(length));
        let decoded_of = datagram(PEER, (49_152, 1813), &packet);
        let decoded = read(&decoded_of);
        assert_eq!(decoded.outcome.as_str(), "malformed");
        assert!(!decoded.control.is_some());
    }
    // What follows the packet is padding.
    let mut padded = good.clone();
    padded.extend([0; 9]);
    assert_eq!(read(&datagram(PEER, (49_152, 1646), &padded)).outcome, Outcome::Complete);
}

#[test]
fn a_message_quoted_in_an_icmp_error_is_none() {
    let quoted =
        ipv4(17, &udp(49_152, 1813, &radius(4, &[(RadiusAttribute::AcctStatusType, &[0, 0, 0, 1])])));
    let error = [&[3, 3, 0, 0, 0, 0, 0, 0][..], &quoted].concat();
    let frame = ethernet(IPV4, &ipv4(1, &error));
    let decoded = read(&frame);
    assert!(!decoded.control.is_some());
    assert_eq!(decoded.outcome, Outcome::Complete);
}

#[test]
fn the_first_fragment_is_read_as_far_as_it_goes() {
    let whole = accounting();
    let mut first = whole[..14 + 20 + 8 + 40].to_vec();
    first[14 + 2..14 + 4].copy_from_slice(&[0, 20 + 8 + 40]);
    first[14 + 6] |= 0x20;
    let decoded = read(&first);
    assert_eq!(decoded.outcome.reason(), Some(Reason::FragmentEnded));
    let packet = radius_packet(&decoded);
    assert_eq!(packet.value(RadiusAttribute::UserName), Some(&b"host/web-7"[..]));
    assert!(!packet.is_whole());
    let mut later = whole.clone();
    later[14 + 7] = 9;
    assert!(!read(&later).control.is_some());
}

#[test]
fn messages_are_found_by_either_port() {
    let message = dhcp_message(&DhcpFields::default(), &[]);
    for ports in [(67, 68), (68, 67), (67, 50_000), (50_000, 67)] {
        assert!(matches!(read(&datagram(PEER, ports, &message)).control, Control::Dhcp(..)));
    }
    assert!(!read(&datagram(PEER, (50_000, 69), &message)).control.is_some());
    assert!(matches!(read(&samples::all()[0]).control, Control::None));
}
