use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use etherparse::{PacketBuilder, SlicedPacket};
use proptest::prelude::*;

use super::samples::{self, AGENT, CARE_OF, GATEWAY, HOME, IPV4, IPV6, STATION, ethernet, ipv6, tagged};
use super::*;
use crate::types::{IpPrefix, LinkType, MacAddr, VlanTag};

/// Reads a frame with the settings that are in force unless configured otherwise.
fn read(linktype: LinkType, orig_len: u32, bytes: &[u8]) -> Decoded<'_> {
    decode(&DecodeSettings::default(), linktype, orig_len, bytes)
}

/// Reads an Ethernet frame that was captured whole.
fn whole(bytes: &[u8]) -> Decoded<'_> {
    read(LinkType::ETHERNET, u32::try_from(bytes.len()).unwrap(), bytes)
}

/// Reads the first octets of a frame that the capture cut.
fn cut(bytes: &[u8], caplen: usize) -> Decoded<'_> {
    read(LinkType::ETHERNET, u32::try_from(bytes.len()).unwrap(), &bytes[..caplen])
}

fn v6(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn mobility<'a>(decoded: &Decoded<'a>) -> MobilityMessage<'a> {
    match decoded.control {
        Control::Mobility(message) => message,
        other => panic!("no mobility message but {other:?}"),
    }
}

/// The reason for which a frame was not read to its end.
fn reason(frame: &[u8]) -> Option<Reason> {
    whole(frame).outcome.reason()
}

#[test]
fn a_decoded_frame_is_small() {
    assert!(size_of::<Decoded<'_>>() <= 256, "{}", size_of::<Decoded<'_>>());
}

#[test]
fn samples_are_complete() {
    for frame in samples::all() {
        let decoded = whole(&frame);
        assert_eq!(decoded.outcome, Outcome::Complete, "{decoded:?}");
        assert_eq!(decoded.station(), Some(MacAddr::new(STATION)));
    }
}

#[test]
fn other_link_types_have_no_station() {
    let decoded = read(LinkType(105), 60, &[0x52; 60]);
    assert_eq!(decoded.outcome, Outcome::Unsupported(Reason::LinkType));
    assert_eq!(decoded.station(), None);
}

#[test]
fn a_group_or_zero_address_is_no_station() {
    let mut frame = [0u8; 60];
    assert_eq!(whole(&frame).station(), None);
    frame[6..12].copy_from_slice(&STATION);
    assert_eq!(whole(&frame).station(), Some(MacAddr::new(STATION)));
    frame[6] |= 1;
    assert_eq!(whole(&frame).station(), None);
}

#[test]
fn tags_are_read_up_to_four() {
    let tags = [(0x88a8, 20), (0x9100, 30), (0x8100, 0xe028), (0x8100, 50), (0x8100, 60)];
    for count in 0..=4 {
        let frame = tagged(&tags[..count], IPV4, &samples::ipv4(6, &[0; 20]));
        let decoded = whole(&frame);
        let read: Vec<_> = decoded.vlans.tags().iter().map(|tag| (tag.tpid, tag.tci)).collect();
        assert_eq!(read, tags[..count]);
        assert_eq!(decoded.ip.src(), Some(Ipv4Addr::new(10, 0, 0, 10).into()));
    }
    let frame = tagged(&tags, IPV4, &samples::ipv4(6, &[0; 20]));
    let decoded = whole(&frame);
    assert_eq!(decoded.outcome, Outcome::Unsupported(Reason::TooManyTags));
    assert_eq!(decoded.vlans.count(), 4);
    assert_eq!(decoded.ip, IpHeader::None);
}

#[test]
fn snap_carries_what_an_ethertype_says() {
    let arp = samples::arp(1, (STATION, [10, 0, 0, 10]), ([0; 6], [10, 0, 0, 11]));
    let frame = |oui: [u8; 3], tags: &[(u16, u16)]| {
        let mut payload = vec![0xaa, 0xaa, 3, oui[0], oui[1], oui[2], 8, 6];
        payload.extend(&arp);
        tagged(tags, u16::try_from(payload.len()).unwrap(), &payload)
    };
    for (oui, tags, class) in [
        ([0, 0, 0], &[][..], FrameClass::Arp),
        ([0, 0, 0xf8], &[][..], FrameClass::Arp),
        ([0, 0, 0], &[(0x8100, 7)][..], FrameClass::Arp),
        ([0, 0, 0x0c], &[][..], FrameClass::Snap),
    ] {
        let frame = frame(oui, tags);
        let decoded = whole(&frame);
        assert_eq!((decoded.class, decoded.outcome), (class, Outcome::Complete));
        assert_eq!(decoded.control.is_some(), class == FrameClass::Arp);
    }
}

#[test]
fn lengths_and_versions_that_contradict_themselves_are_malformed() {
    let check = |frame: &[u8], expected| assert_eq!(reason(frame), expected);
    let mut packet = samples::ipv4(17, &[0; 8]);
    check(&ethernet(IPV4, &packet), None);
    packet[3] = 200;
    check(&ethernet(IPV4, &packet), Some(Reason::LengthBeyondPacket));
    packet[3] = 19;
    check(&ethernet(IPV4, &packet), Some(Reason::LengthBelowHeader));
    packet[3] = 0;
    check(&ethernet(IPV4, &packet), None);
    packet[0] = 0x44;
    check(&ethernet(IPV4, &packet), Some(Reason::LengthBelowHeader));
    packet[0] = 0x65;
    check(&ethernet(IPV4, &packet), Some(Reason::WrongVersion));
    let mut packet = ipv6(HOME, AGENT, 17, 64, &[0; 8]);
    packet[5] = 9;
    check(&ethernet(IPV6, &packet), Some(Reason::LengthBeyondPacket));
    packet[0] = 0x45;
    check(&ethernet(IPV6, &packet), Some(Reason::WrongVersion));
    check(&ethernet(60, &[0x42, 0x42, 3]), Some(Reason::LengthBeyondPacket));
}

#[test]
fn a_cut_capture_is_no_contradiction() {
    let frame = ethernet(IPV4, &samples::ipv4(6, &[0; 1000]));
    assert_eq!(cut(&frame, 64).outcome, Outcome::Complete);
    let Outcome::Truncated(stop) = cut(&frame, 20).outcome else {
        panic!("20 octets do not hold an IPv4 header");
    };
    assert_eq!(
        (stop.layer, stop.reason, stop.offset, stop.needed, stop.had),
        (Layer::Ipv4, Reason::CaptureEnded, 14, 20, 6)
    );
}

#[test]
fn arp_is_told_apart_by_its_addresses() {
    let (mac, zero) = (STATION, [0; 6]);
    let kind = |operation, sender_ip: [u8; 4], target_ip: [u8; 4]| {
        let frame = ethernet(samples::ARP, &samples::arp(operation, (mac, sender_ip), (zero, target_ip)));
        match whole(&frame).control {
            Control::Arp(packet) => packet.kind(),
            other => panic!("no ARP but {other:?}"),
        }
    };
    let (a, b) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    assert_eq!(kind(1, a, b), ArpKind::Request);
    assert_eq!(kind(1, a, a), ArpKind::GratuitousRequest);
    assert_eq!(kind(1, [0; 4], b), ArpKind::Probe);
    assert_eq!(kind(2, a, b), ArpKind::Reply);
    assert_eq!(kind(2, a, a), ArpKind::GratuitousReply);
    assert_eq!(kind(3, [0; 4], [0; 4]), ArpKind::RarpRequest);
    assert_eq!(kind(4, a, b), ArpKind::RarpReply);
    assert_eq!(kind(9, a, b), ArpKind::Other(9));
}

#[test]
fn arp_for_other_addresses_is_unsupported() {
    let mut packet = samples::arp(1, (STATION, [10, 0, 0, 1]), ([0; 6], [10, 0, 0, 2]));
    packet[1] = 19;
    let frame = ethernet(samples::ARP, &packet);
    let decoded = whole(&frame);
    assert_eq!(decoded.outcome, Outcome::Unsupported(Reason::ArpAddresses));
}

#[test]
fn a_binding_update_is_read_whole() {
    let frame = samples::update();
    let decoded = whole(&frame);
    let message = mobility(&decoded);
    assert_eq!(message.kind(), MobilityKind::BindingUpdate);
    assert_eq!(message.flags().unwrap().to_string(), "AHLK");
    assert_eq!(message.sequence(), Some(1));
    assert_eq!(message.lifetime().unwrap().as_secs(), 600);
    assert_eq!(message.alternate_care_of(), Some(v6(samples::OTHER_CARE_OF)));
    assert_eq!(message.packet().home_address(), Some(v6(HOME)));
    assert_eq!(message.packet().src(), v6(CARE_OF));
    assert_eq!(message.checksum(), Checksum::Good);
    assert!(message.is_sound() && message.is_whole() && !message.is_draft());
}

#[test]
fn the_checksum_is_verified_where_the_capture_is_long_enough() {
    let frame = samples::update();
    let mut wrong = frame.clone();
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(mobility(&whole(&wrong)).checksum(), Checksum::Bad);
    let short = cut(&frame, frame.len() - 1);
    assert_eq!(mobility(&short).checksum(), Checksum::Unverified);
    assert_eq!(mobility(&short).alternate_care_of(), None);
    assert_eq!(mobility(&short).sequence(), Some(1));
}

#[test]
fn an_acknowledgement_goes_by_the_type_2_routing_header() {
    let payload = [samples::home_route(135, HOME), samples::ACKNOWLEDGEMENT.to_vec()].concat();
    let frame = ethernet(IPV6, &ipv6(AGENT, CARE_OF, 43, 64, &payload));
    let message = mobility(&whole(&frame));
    assert_eq!(message.kind(), MobilityKind::BindingAcknowledgement);
    assert_eq!(message.packet().routed_home_address(), Some(v6(HOME)));
    assert_eq!(message.checksum(), Checksum::Good);
    assert_eq!(message.status(), Some(0));
}

#[test]
fn every_option_of_a_proxy_is_read() {
    let frame = ethernet(IPV6, &ipv6(GATEWAY, samples::ANCHOR, 135, 64, samples::PROXY));
    let message = mobility(&whole(&frame));
    assert_eq!(message.checksum(), Checksum::Good);
    assert_eq!(message.flags().unwrap().to_string(), "AHP");
    let prefix = |text: &str, len| IpPrefix::new(v6(text).into(), len);
    let options: Vec<_> = message.options().collect();
    assert_eq!(
        options,
        [
            MobilityOption::MobileNodeIdentifier { subtype: 1, id: b"a@b.c" },
            MobilityOption::HomeNetworkPrefix(prefix("2001:db8:77::", 64)),
            MobilityOption::HandoffIndicator(1),
            MobilityOption::AccessTechnology(4),
            MobilityOption::LinkLayerIdentifier(&[0x52, 0x54, 0, 0, 0, 7]),
            MobilityOption::LinkLocalAddress(v6("fe80::1")),
            MobilityOption::BindingIdentifier(BindingIdentifier { id: 5, status: 0, care_of: None }),
            MobilityOption::MobileNetworkPrefix(prefix("2001:db8:88::", 56)),
        ]
    );
}

#[test]
fn extension_headers_are_walked_in_any_order() {
    let mut payload = vec![60, 0, 1, 4, 0, 0, 0, 0];
    payload.extend(samples::home_option(44, HOME));
    payload.extend([51, 0, 0, 0, 0, 0, 0, 9]);
    payload.extend([60, 4, 0, 0, 0, 0, 0, 1]);
    payload.extend([0; 16]);
    payload.extend([135, 0, 1, 4, 0, 0, 0, 0]);
    payload.extend(samples::UPDATE);
    let frame = ethernet(IPV6, &ipv6(CARE_OF, AGENT, 0, 64, &payload));
    let decoded = whole(&frame);
    assert_eq!(decoded.outcome, Outcome::Complete);
    assert_eq!(mobility(&decoded).checksum(), Checksum::Good);
}

#[test]
fn the_number_of_extension_headers_is_bounded() {
    let chain = |count: usize| {
        let mut payload = [60, 0, 1, 4, 0, 0, 0, 0].repeat(count - 1);
        payload.extend([59, 0, 1, 4, 0, 0, 0, 0]);
        ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &payload))
    };
    assert_eq!(reason(&chain(EXTENSIONS_MAX - 1)), None);
    assert_eq!(reason(&chain(EXTENSIONS_MAX)), Some(Reason::TooManyExtensions));
}

#[test]
fn fragments_are_read_as_far_as_they_go() {
    let fragment = |field: u8, body: &[u8]| {
        let mut payload = vec![135, 0, 0, field, 0, 0, 0, 7];
        payload.extend(body);
        ethernet(IPV6, &ipv6(HOME, AGENT, 44, 64, &payload))
    };
    let first = fragment(1, &samples::UPDATE[..16]);
    let decoded = whole(&first);
    assert_eq!(decoded.outcome.reason(), Some(Reason::FragmentEnded));
    assert_eq!(decoded.outcome.as_str(), "truncated");
    assert_eq!(mobility(&decoded).sequence(), Some(1));
    assert_eq!(mobility(&decoded).checksum(), Checksum::Unverified);
    let later = fragment(9, &samples::UPDATE[16..]);
    assert_eq!(reason(&later), Some(Reason::LaterFragment));
    assert!(!whole(&later).control.is_some());
}

#[test]
fn what_is_encrypted_is_counted_as_unreadable() {
    let payload = [samples::home_option(50, HOME), samples::UPDATE.to_vec()].concat();
    let frame = ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &payload));
    let decoded = whole(&frame);
    assert_eq!(decoded.outcome, Outcome::Unsupported(Reason::Encrypted));
    let Control::MobileTraffic(packet) = decoded.control else {
        panic!("the Home Address option stands before what is encrypted");
    };
    assert_eq!(packet.home_address(), Some(v6(HOME)));
}

#[test]
fn a_packet_quoted_in_an_error_is_no_message() {
    for (kind, quoted) in [(1, ipv6(HOME, AGENT, 135, 64, samples::UPDATE)), (3, vec![0; 40])] {
        let mut error = vec![kind, 0, 0, 0, 0, 0, 0, 0];
        error.extend(quoted);
        let frame = ethernet(IPV6, &ipv6(AGENT, HOME, 58, 64, &error));
        let decoded = whole(&frame);
        assert_eq!(decoded.outcome, Outcome::Complete);
        assert!(!decoded.control.is_some());
    }
}

#[test]
fn contradictory_mobility_messages_are_not_believed() {
    let (mut length, mut option) = (samples::UPDATE.to_vec(), samples::UPDATE.to_vec());
    length[1] = 9;
    option[15] = 40;
    let mut twice = samples::home_option(60, HOME);
    twice.extend(samples::home_option(135, AGENT));
    let mut half = samples::home_option(135, HOME);
    half[7] = 8;
    for (before, message, expected) in [
        (samples::home_option(135, HOME), length, Reason::PacketEnded),
        (samples::home_option(135, HOME), option, Reason::BadOption),
        (twice, samples::UPDATE.to_vec(), Reason::DuplicateHomeAddress),
        (half, samples::UPDATE.to_vec(), Reason::BadOption),
    ] {
        let frame = ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &[before, message].concat()));
        let decoded = whole(&frame);
        assert_eq!(decoded.outcome.reason(), Some(expected));
        assert_eq!(decoded.outcome.as_str(), "malformed");
        assert!(!mobility(&decoded).is_sound());
    }
}

#[test]
fn a_wrong_length_of_authentication_data_is_counted_and_no_more() {
    let mut message = samples::UPDATE.to_vec();
    message.splice(12..32, [4, 4, 0, 7, 0, 8, 5, 16]);
    message.extend([0; 12]);
    let frame = ethernet(IPV6, &ipv6(HOME, AGENT, 135, 64, &message));
    let decoded = whole(&frame);
    assert_eq!(decoded.outcome.reason(), Some(Reason::BadOption));
    assert!(mobility(&decoded).is_sound());
}

#[test]
fn the_number_of_the_drafts_needs_a_plausible_header() {
    let frame = ethernet(IPV6, &ipv6(HOME, AGENT, 62, 64, samples::UPDATE));
    assert!(mobility(&whole(&frame)).is_draft());
    let other = ethernet(IPV6, &ipv6(HOME, AGENT, 62, 64, &[0x55; 32]));
    assert!(!whole(&other).control.is_some());
    assert_eq!(whole(&other).outcome, Outcome::Complete);
}

#[test]
fn options_of_neighbor_discovery_fill_the_message() {
    let mut message = samples::target(136, 0x60, "fe80::a");
    message.extend([2, 0, 1, 2, 3, 4, 5, 6]);
    let frame = ethernet(IPV6, &ipv6("fe80::a", "ff02::1", 58, 255, &message));
    let decoded = whole(&frame);
    assert_eq!(decoded.outcome.reason(), Some(Reason::BadOption));
    let Control::Nd(message) = decoded.control else {
        panic!("a bad option leaves the message");
    };
    assert_eq!(message.target(), Some(v6("fe80::a")));
    assert_eq!(message.target_link_layer(), None);
}

/// Calls every accessor of the control messages of a frame and of what is inside.
fn touch(decoded: &Decoded<'_>) {
    if let Some(inside) = decoded.inside(&DecodeSettings::default()) {
        touch(&inside);
    }
    let mut text = format!("{decoded:?} {:?}", decoded.station());
    match &decoded.control {
        Control::Arp(packet) => text += &format!("{:?}", packet.kind()),
        Control::Nd(message) => {
            text += &format!(
                "{:?} {:?} {:?} {:?}",
                message.kind(),
                message.options().collect::<Vec<_>>(),
                message.router_flags(),
                message.neighbor_flags()
            );
        }
        Control::Mobility(message) => {
            text += &format!(
                "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                message.options().collect::<Vec<_>>(),
                message.flags().map(|flags| flags.to_string()),
                message.status(),
                message.error_home_address(),
                message.cookie(),
                message.is_revocation_acknowledgement(),
                message.is_heartbeat_response(),
                message.draft_home_network()
            );
        }
        Control::LegacyMobility(option) => {
            text += &format!("{:?} {:?} {:?}", option.kind(), option.sequence(), option.lifetime());
        }
        _ => text += &message_samples::touch(decoded),
    }
    assert!(!text.is_empty());
}

#[test]
fn every_prefix_of_a_sample_says_no_more_than_the_sample() {
    for frame in samples::all() {
        let full = whole(&frame);
        for caplen in 0..=frame.len() {
            let part = cut(&frame, caplen);
            touch(&part);
            assert!(part.link == Link::None || part.link == full.link);
            assert!(full.vlans.tags().starts_with(part.vlans.tags()));
            assert!(part.ip == IpHeader::None || part.ip == full.ip);
            assert_ne!(part.outcome.as_str(), "malformed", "{caplen} octets of {full:?}");
        }
    }
}

#[test]
fn no_corruption_of_one_octet_panics() {
    for frame in samples::all() {
        for place in 0..frame.len() {
            let mut corrupt = frame.clone();
            for value in 0..=u8::MAX {
                corrupt[place] = value;
                let decoded = whole(&corrupt);
                if value % 32 == 0 {
                    touch(&decoded);
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn random_octets_do_not_panic(
        start in prop::sample::select(samples::all()),
        kept in 0usize..80,
        rest in prop::collection::vec(any::<u8>(), 0..300),
        orig_len in 0u32..400,
    ) {
        let mut frame = start;
        frame.truncate(kept);
        frame.extend(rest);
        touch(&read(LinkType::ETHERNET, orig_len, &frame));
    }

    #[test]
    fn the_short_way_says_what_the_long_way_says(
        sample in prop::sample::select(samples::all()),
        place in 0usize..60,
        value: u8,
        padding in 0usize..20,
        orig_len in prop::sample::select(vec![0u32, 60, 70, 1_514]),
    ) {
        let mut frame = sample;
        frame.extend(vec![0; padding]);
        if let Some(octet) = frame.get_mut(place) {
            *octet = value;
        }
        if let Some(short) = plain(&DecodeSettings::default(), LinkType::ETHERNET, orig_len, &frame) {
            let long = read(LinkType::ETHERNET, orig_len, &frame);
            let station = long.station().expect("a plain frame is a station's");
            let vids = crate::types::Vids::single(short.vid);
            prop_assert_eq!((short.src_bits, vids), (station.to_u64(), long.vlans.vids()));
            let ip = match short.ip {
                PlainSource::V4(bits) => IpAddr::V4(bits.into()),
                PlainSource::V6(octets) => IpAddr::V6((*octets).into()),
            };
            prop_assert_eq!(Some(ip), long.ip.src());
            prop_assert_eq!(long.outcome, Outcome::Complete);
            prop_assert!(!long.control.is_some() && long.inner.is_none());
        }
    }

    #[test]
    fn addresses_and_tags_equal_what_another_decoder_reads(
        src: [u8; 6],
        vids in prop::collection::vec(1u16..4095, 0..=2),
        v4: Option<[u8; 4]>,
        v6: [u8; 16],
        payload in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let link = PacketBuilder::ethernet2(src, [2, 0, 0, 0, 0, 1]);
        let vlan_id = |vid| etherparse::VlanId::try_new(vid).unwrap();
        let mut frame = Vec::new();
        macro_rules! write {
            ($builder:expr) => {
                match v4 {
                    Some(v4) => $builder.ipv4(v4, [10, 0, 0, 1], 64).udp(1, 2).write(&mut frame, &payload),
                    None => $builder.ipv6(v6, [1; 16], 64).udp(1, 2).write(&mut frame, &payload),
                }
            };
        }
        match *vids.as_slice() {
            [] => write!(link),
            [vid] => write!(link.single_vlan(vlan_id(vid))),
            [outer, inner, ..] => write!(link.double_vlan(vlan_id(outer), vlan_id(inner))),
        }
        .unwrap();
        let decoded = whole(&frame);
        let sliced = SlicedPacket::from_ethernet(&frame).unwrap();
        let expected: Vec<_> = sliced.vlan_ids().into_iter().map(etherparse::VlanId::value).collect();
        let read: Vec<_> = decoded.vlans.tags().iter().copied().map(VlanTag::vid).collect();
        prop_assert_eq!(read, expected);
        let ip = match sliced.net.unwrap() {
            etherparse::NetSlice::Ipv4(slice) => Some(slice.header().source_addr().into()),
            etherparse::NetSlice::Ipv6(slice) => Some(slice.header().source_addr().into()),
            etherparse::NetSlice::Arp(_) => None,
        };
        prop_assert_eq!(decoded.ip.src(), ip);
        let is_src = matches!(decoded.link, Link::Ethernet { src: read, .. } if read == MacAddr::new(src));
        prop_assert!(is_src);
        prop_assert_eq!(decoded.outcome, Outcome::Complete);
    }
}
