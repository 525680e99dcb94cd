use std::net::IpAddr;

use super::samples::{self, ARP, IPV4, ethernet, ipv4, tagged};
use super::tunnel_samples::{self, GUEST, geneve, gre, inner_arp, inside, mpls, pppoe, udp, vxlan};
use super::*;
use crate::types::{Direction, LinkType, MacAddr, PortTag, PortTagKind, Tunnel, TunnelKind, Vids};

/// Reads the levels of the first octets of a frame.
fn cut(frame: &[u8], caplen: usize) -> Vec<(Decoded<'_>, Option<Inner<'_>>)> {
    let orig_len = u32::try_from(frame.len()).unwrap();
    levels(&DecodeSettings::default(), LinkType::ETHERNET, orig_len, &frame[..caplen]).collect()
}

fn whole(frame: &[u8]) -> Vec<(Decoded<'_>, Option<Inner<'_>>)> {
    cut(frame, frame.len())
}

/// The tunnels of a frame, outermost first, each with the station inside, if there is one.
fn tunnels(frame: &[u8]) -> Vec<(Tunnel, Option<MacAddr>)> {
    let levels = whole(frame);
    levels.iter().filter_map(|(decoded, within)| Some((within.as_ref()?.tunnel, decoded.station()))).collect()
}

fn tunnel(kind: TunnelKind, id: Option<u32>, source: &str) -> Tunnel {
    Tunnel::new(kind, id, Some(source.parse().unwrap()))
}

#[test]
fn every_tunnel_names_its_kind_its_identifier_and_its_near_end() {
    let guest = Some(MacAddr::new(GUEST));
    let vxlan = |id, source| tunnel(TunnelKind::Vxlan, Some(id), source);
    let geneve = tunnel(TunnelKind::Geneve, Some(77), "10.0.0.10");
    let bare = |kind, source| tunnel(kind, None, source);
    let expected = [
        vec![(vxlan(5001, "10.0.0.10"), guest)],
        vec![(vxlan(5001, samples::HOME), guest)],
        vec![(geneve, guest)],
        vec![(geneve, None)],
        vec![(vxlan(1, "10.0.0.10"), guest), (vxlan(5001, "10.0.0.10"), guest)],
        vec![(bare(TunnelKind::IpIp, "10.0.0.10"), None)],
        vec![(bare(TunnelKind::SixInFour, "10.0.0.10"), None)],
        vec![(bare(TunnelKind::SixInSix, samples::CARE_OF), None)],
        vec![(bare(TunnelKind::FourInSix, samples::CARE_OF), None)],
        vec![(bare(TunnelKind::Gre, "10.0.0.10"), None)],
        vec![(tunnel(TunnelKind::Gre, Some(9), "10.0.0.10"), None)],
        vec![(bare(TunnelKind::Gre, "10.0.0.10"), None)],
        vec![(tunnel(TunnelKind::Gre, Some(0x0200_0001), "10.0.0.10"), guest)],
        vec![(bare(TunnelKind::Gre, "10.0.0.10"), None)],
        vec![(bare(TunnelKind::Gre, "10.0.0.10"), None)],
        vec![
            (bare(TunnelKind::Gre, "10.0.0.10"), None),
            (tunnel(TunnelKind::Mpls, Some(16), "10.0.0.10"), None),
        ],
        vec![(bare(TunnelKind::Erspan1, "10.0.0.10"), guest)],
        vec![(tunnel(TunnelKind::Erspan2, Some(666), "10.0.0.10"), guest)],
        vec![(tunnel(TunnelKind::Erspan3, Some(7), "10.0.0.10"), guest)],
        vec![(Tunnel::new(TunnelKind::Mpls, Some(16), None), None)],
        vec![(Tunnel::new(TunnelKind::Mpls, Some(16), None), guest)],
        vec![(tunnel(TunnelKind::Mpls, Some(16), "10.0.0.10"), None)],
        vec![(tunnel(TunnelKind::Mpls, Some(16), "10.0.0.10"), None)],
        vec![(Tunnel::new(TunnelKind::Pppoe, Some(17), None), None)],
    ];
    let read: Vec<_> = tunnel_samples::all().iter().map(|frame| tunnels(frame)).collect();
    assert_eq!(read, expected);
}

#[test]
fn the_inner_frame_is_read_like_any_other() {
    let samples = tunnel_samples::all();
    let levels = whole(&samples[0]);
    let (inner, _) = &levels[1];
    assert!(matches!(inner.control, Control::Arp(_)));
    assert_eq!((inner.level, inner.wire_len, inner.outcome), (1, 42, Outcome::Complete));
    let levels = whole(&samples[2]);
    assert_eq!(levels[0].0.vids(None), Vids::single(30));
    let (inner, within) = &levels[1];
    assert_eq!(inner.vids(within.as_ref()), Vids::single(7));
    assert_eq!(inner.ip.src(), Some(IpAddr::from([10, 0, 0, 10])));
    let levels = whole(&samples[7]);
    assert!(matches!(levels[1].0.control, Control::Mobility(_)));
}

#[test]
fn a_mirror_says_where_its_frame_was() {
    let mirrored = |index: usize| {
        let samples = tunnel_samples::all();
        let levels = whole(&samples[index]);
        let (decoded, within) = &levels[1];
        (within.unwrap().mirrored, decoded.vids(within.as_ref()))
    };
    let none = (None, Vids::UNTAGGED);
    assert_eq!(mirrored(16), none);
    let second = Mirrored { vid: 342, index: Some(5), direction: None, truncated: false };
    assert_eq!(mirrored(17), (Some(second), Vids::single(342)));
    let third = Mirrored { vid: 20, index: Some(9), direction: Some(Direction::Egress), truncated: false };
    assert_eq!(mirrored(18), (Some(third), Vids::single(20)));
}

#[test]
fn the_tag_of_a_mirrored_frame_counts_before_the_headers() {
    let tagged = inside(&[(0x8100, 7)], IPV4, &ipv4(6, &[0; 20]));
    let packet = gre(0x1000, 0x88be, &[0; 4], &[&tunnel_samples::ERSPAN_2, &tagged[..]].concat());
    let frame = ethernet(IPV4, &ipv4(47, &packet));
    let levels = whole(&frame);
    assert_eq!(levels[1].0.vids(levels[1].1.as_ref()), Vids::single(7));
}

#[test]
fn what_a_mirror_cut_is_no_contradiction() {
    let mut header = tunnel_samples::ERSPAN_2;
    header[2] |= 0x04;
    let cut = &inside(&[], IPV4, &ipv4(6, &[0; 400]))[..30];
    let packet = gre(0x1000, 0x88be, &[0; 4], &[&header, cut].concat());
    let frame = ethernet(IPV4, &ipv4(47, &packet));
    let levels = whole(&frame);
    assert_eq!(levels[1].0.outcome.reason(), Some(Reason::CaptureEnded));
    header[2] &= !0x04;
    let packet = gre(0x1000, 0x88be, &[0; 4], &[&header, cut].concat());
    let frame = ethernet(IPV4, &ipv4(47, &packet));
    assert_eq!(whole(&frame)[1].0.outcome.reason(), Some(Reason::PacketEnded));
}

#[test]
fn tags_that_name_a_port_may_stand_among_others() {
    let tag = |octets: &[u8], behind: u16| {
        let arp = samples::arp(1, (samples::STATION, [10, 0, 0, 10]), ([0; 6], [10, 0, 0, 11]));
        let payload = [octets, &behind.to_be_bytes(), &arp].concat();
        tagged(&[(0x8100, 250)], 0x8926, &payload)
    };
    let frame = tag(&[0, 0, 0, 17, 0x81, 0, 0, 30], ARP);
    let levels = whole(&frame);
    let (decoded, _) = &levels[0];
    assert_eq!(decoded.vids(None).to_string(), "vlan 250.30");
    assert_eq!(decoded.port, Some(PortField::VnTag { source: Some(17) }));
    assert!(matches!(decoded.control, Control::Arp(_)));
    let twice = tag(&[0, 0, 0, 17, 0x89, 0x26, 0, 0, 0, 18], ARP);
    assert_eq!(whole(&twice)[0].0.outcome, Outcome::Unsupported(Reason::TooManyTags));
}

#[test]
fn a_port_is_the_senders_by_the_way_the_frame_went() {
    let e_tag = |ingress, channel, is_group| PortField::ETag { ingress, channel, is_group };
    let e_cid = |number| Some(PortTag::new(PortTagKind::ETag, number));
    assert_eq!(e_tag(0, 17, false).sender(true), e_cid(17));
    assert_eq!(e_tag(0, 17, false).sender(false), None);
    assert_eq!(e_tag(0, 17, true).sender(true), None);
    assert_eq!(e_tag(9, 17, true).sender(false), e_cid(9));
    let vif = Some(PortTag::new(PortTagKind::VnTag, 3));
    assert_eq!(PortField::VnTag { source: Some(3) }.sender(false), vif);
    assert_eq!(PortField::VnTag { source: None }.sender(true), None);
    let from_bridge = ethernet(0x8926, &[0x80, 17, 0, 3, 8, 6]);
    assert_eq!(whole(&from_bridge)[0].0.port, Some(PortField::VnTag { source: None }));
    let nobody = ethernet(0x8926, &[0, 17, 0, 0, 8, 6]);
    assert_eq!(whole(&nobody)[0].0.port, Some(PortField::VnTag { source: None }));
    assert_eq!(e_tag(0, 0, false).sender(true), None);
    let looped = ethernet(0x8926, &[0x80, 17, 0x80, 3, 8, 6]);
    assert_eq!(whole(&looped)[0].0.port, Some(PortField::VnTag { source: Some(3) }));
    let extended = ethernet(0x893f, &[0xe0, 5, 0x10, 17, 2, 1, 8, 6]);
    assert_eq!(whole(&extended)[0].0.port, Some(e_tag(0x2005, 0x1011, true)));
}

#[test]
fn a_label_stack_ends_somewhere_and_carries_what_it_looks_like() {
    let ends = |labels: usize| {
        let stack = [&[0, 0x06, 0x40, 64].repeat(labels - 1)[..], &mpls(&ipv4(6, &[0; 20]))[4..]].concat();
        ethernet(0x8847, &stack)
    };
    assert_eq!(whole(&ends(LABELS_MAX)).len(), 2);
    let too_many = ends(LABELS_MAX + 1);
    assert_eq!(whole(&too_many)[0].0.outcome, Outcome::Unsupported(Reason::TooManyLabels));
    let without_word = ethernet(0x8847, &mpls(&inner_arp()));
    assert_eq!(whole(&without_word)[1].0.station(), Some(MacAddr::new(GUEST)));
    // A control word with a flag, a source that no station has, an ethertype that is none.
    let mut group = inner_arp();
    group[6] |= 1;
    let strange = inside(&[], 0x1234, &[0; 46]);
    for (word, inner) in [([0, 8, 0, 1], inner_arp()), ([0; 4], group), ([0; 4], strange)] {
        let frame = ethernet(0x8847, &mpls(&[&word, &inner[..]].concat()));
        assert_eq!(whole(&frame).len(), 1);
    }
}

#[test]
fn a_cut_pseudowire_is_not_guessed() {
    // Read four octets too early, behind no control word, the source address would be an ethertype.
    let mut inner = inner_arp();
    inner[8..10].copy_from_slice(&[0x08, 0x06]);
    let frame = ethernet(0x8847, &mpls(&[&[0, 0, 0, 1], &inner[..]].concat()));
    let full = whole(&frame);
    assert_eq!(full.len(), 2);
    for caplen in 0..frame.len() {
        for (part, full) in cut(&frame, caplen).iter().zip(&full) {
            assert!(part.0.link == Link::None || part.0.link == full.0.link, "{caplen}: {:?}", part.0);
        }
    }
}

#[test]
fn a_session_carries_packets_and_what_sets_it_up() {
    let packet = ipv4(6, &[0; 20]);
    for (protocol, levels) in [(0x0021, 2), (0xc021, 1), (0x8057, 1)] {
        assert_eq!(whole(&ethernet(0x8864, &pppoe(protocol, &packet))).len(), levels);
    }
    let mut compressed = pppoe(0, &packet);
    compressed.splice(6..8, [0x21]);
    compressed[5] -= 1;
    assert_eq!(whole(&ethernet(0x8864, &compressed)).len(), 2);
    let mut longer = pppoe(0x0021, &packet);
    longer[5] += 1;
    let frame = ethernet(0x8864, &longer);
    assert_eq!(whole(&frame)[0].0.outcome.reason(), Some(Reason::LengthBeyondPacket));
    assert_eq!(whole(&frame).len(), 2);
}

#[test]
fn gre_of_other_versions_and_protocols_is_counted() {
    for (flags, protocol, reason) in [
        (0x0002, 0x0800, Some(Reason::TunnelForm)),
        (0x0001, 0x0800, Some(Reason::TunnelForm)),
        (0x0000, 0x8200, Some(Reason::TunnelForm)),
        (0x0000, 0x0000, None),
        (0x2000, 0x0800, Some(Reason::PacketEnded)),
        (0x4000, 0x0800, Some(Reason::PacketEnded)),
    ] {
        let frame = ethernet(IPV4, &ipv4(47, &gre(flags, protocol, &[], &[0, 0, 0])));
        let levels = whole(&frame);
        assert_eq!((levels.len(), levels[0].0.outcome.reason()), (1, reason), "{flags:04x} {protocol:04x}");
    }
}

#[test]
fn a_configured_port_is_a_tunnel_and_no_other() {
    let ports = Ports::try_new([(14_789, Service::Vxlan)]).unwrap();
    let settings = DecodeSettings { ports, ..DecodeSettings::default() };
    for (port, count) in [(14_789, 2), (4789, 1)] {
        let frame = ethernet(IPV4, &ipv4(17, &udp(1, port, &vxlan(9, &inner_arp()))));
        let orig_len = u32::try_from(frame.len()).unwrap();
        assert_eq!(levels(&settings, LinkType::ETHERNET, orig_len, &frame).count(), count);
        assert_eq!(plain(&settings, LinkType::ETHERNET, orig_len, &frame).is_none(), count == 2);
        assert_eq!(may_carry_frame(&settings, LinkType::ETHERNET, &frame), count == 2);
    }
}

#[test]
fn the_flow_of_nvgre_is_no_part_of_the_network() {
    let frame = ethernet(IPV4, &ipv4(47, &gre(0x2000, 0x6558, &[0, 0x13, 0x89, 7], &inner_arp())));
    let id = |gre_key| {
        let settings = DecodeSettings { gre_key, ..DecodeSettings::default() };
        let levels: Vec<_> = levels(&settings, LinkType::ETHERNET, 0, &frame).collect();
        levels[1].1.unwrap().tunnel.id()
    };
    assert_eq!((id(GreKey::Whole), id(GreKey::Nvgre)), (Some(0x0013_8907), Some(5001)));
}

/// A frame as a Linux cooked capture has it: version, hardware type, address and its length.
fn cooked(
    version: u8,
    hardware: u16,
    address: [u8; 6],
    length: u8,
    protocol: u16,
    payload: &[u8],
) -> Vec<u8> {
    let mut frame = match version {
        1 => [&[0, 0][..], &hardware.to_be_bytes(), &[0, length], &address, &[0, 0]].concat(),
        _ => [&[0; 6][..], &[0, 3], &hardware.to_be_bytes(), &[0, length], &address, &[0, 0]].concat(),
    };
    let at = if version == 1 { frame.len() } else { 0 };
    frame.splice(at..if version == 1 { at } else { 2 }, protocol.to_be_bytes());
    frame.extend(payload);
    frame
}

#[test]
fn cooked_captures_have_a_station_where_the_hardware_is_ethernet() {
    let settings = DecodeSettings::default();
    let arp = samples::arp(1, (samples::STATION, [10, 0, 0, 10]), ([0; 6], [10, 0, 0, 11]));
    for (version, linktype) in [(1, LinkType::SLL), (2, LinkType::SLL2)] {
        let station = Some(MacAddr::new(samples::STATION));
        for (hardware, length, expected) in [(1, 6, station), (772, 6, None), (1, 0, None), (512, 4, None)] {
            let frame = cooked(version, hardware, samples::STATION, length, ARP, &arp);
            let decoded = decode(&settings, linktype, 0, &frame);
            assert_eq!(decoded.station(), expected, "hardware {hardware}");
            assert!(matches!(decoded.control, Control::Arp(_)));
        }
        let tagged = [&[0, 30, 8, 6], &arp[..]].concat();
        let frame = cooked(version, 1, samples::STATION, 6, 0x8100, &tagged);
        let decoded = decode(&settings, linktype, 0, &frame);
        assert_eq!((decoded.vids(None), decoded.class), (Vids::single(30), FrameClass::Arp));
        let frame = cooked(version, 824, samples::STATION, 6, 0x0800, &arp);
        let decoded = decode(&settings, linktype, 0, &frame);
        assert_eq!(decoded.outcome, Outcome::Unsupported(Reason::LinkType));
        let spanning_tree = cooked(version, 1, samples::STATION, 6, 4, &[0x42, 0x42, 3]);
        assert_eq!(decode(&settings, linktype, 0, &spanning_tree).class, FrameClass::Llc);
        for caplen in 0..frame.len() {
            let orig_len = u32::try_from(frame.len()).unwrap();
            let part = decode(&settings, linktype, orig_len, &frame[..caplen]);
            assert!(part.link == Link::None || part.link == decoded.link);
            assert_ne!(part.outcome.as_str(), "malformed");
        }
    }
}

#[test]
fn raw_packets_have_addresses_and_no_station() {
    let settings = DecodeSettings::default();
    let (v4, v6) =
        (ipv4(6, &[0; 20]), samples::ipv6(samples::HOME, samples::AGENT, 135, 64, samples::RETURN));
    for (linktype, packet) in [
        (LinkType::RAW, &v4),
        (LinkType::RAW, &v6),
        (LinkType::RAW_BSD, &v4),
        (LinkType::RAW_OPENBSD, &v6),
        (LinkType::IPV4, &v4),
        (LinkType::IPV6, &v6),
    ] {
        let decoded = decode(&settings, linktype, 0, packet);
        assert_eq!((decoded.station(), decoded.outcome), (None, Outcome::Complete));
        assert!(decoded.ip.src().is_some() && decoded.ip.dst().is_some());
        assert_eq!(decoded.control.is_some(), packet == &v6);
    }
    let odd = decode(&settings, LinkType::RAW, 0, &[0x50; 40]);
    assert_eq!(odd.outcome.reason(), Some(Reason::WrongVersion));
    assert_eq!(decode(&settings, LinkType::RAW, 40, &[]).outcome.as_str(), "truncated");
}

#[test]
fn the_length_of_an_inner_frame_is_that_on_the_wire() {
    let inner = inside(&[], IPV4, &ipv4(6, &[0; 400]));
    let mut frame = ethernet(IPV4, &ipv4(17, &udp(1, 4789, &vxlan(9, &inner))));
    let length = u32::try_from(inner.len()).unwrap();
    assert_eq!(whole(&frame)[1].0.wire_len, length);
    assert_eq!(cut(&frame, 100)[1].0.wire_len, length);
    frame.extend([0; 4]);
    assert_eq!(whole(&frame)[1].0.wire_len, length, "what stands behind the datagram is not its frame's");
}

#[test]
fn more_than_three_tunnels_are_counted_and_not_read() {
    let mut frame = inner_arp();
    for vni in 1..=4 {
        frame = inside(&[], IPV4, &ipv4(17, &udp(1, 4789, &vxlan(vni, &frame))));
    }
    let levels = whole(&frame);
    let (last, within) = levels.last().unwrap();
    assert_eq!((levels.len(), within.unwrap().tunnel.id()), (4, Some(2)));
    assert_eq!(last.outcome, Outcome::Unsupported(Reason::TooManyTunnels));
    assert!(levels[..3].iter().all(|(decoded, _)| decoded.outcome == Outcome::Complete));
}

#[test]
fn other_forms_of_a_header_are_no_tunnel() {
    let mut no_vni = vxlan(9, &inner_arp());
    no_vni[0] = 0;
    let mut version = geneve(9, 0x6558, &inner_arp());
    version[0] |= 0x40;
    for (port, payload) in [(4789, no_vni), (6081, version)] {
        let frame = ethernet(IPV4, &ipv4(17, &udp(1, port, &payload)));
        let levels = whole(&frame);
        assert_eq!(levels.len(), 1);
        assert_eq!(levels[0].0.outcome, Outcome::Unsupported(Reason::TunnelForm));
    }
    let from_the_port = ethernet(IPV4, &ipv4(17, &udp(4789, 1, &vxlan(9, &inner_arp()))));
    assert_eq!(whole(&from_the_port).len(), 1);
    assert_eq!(whole(&from_the_port)[0].0.outcome, Outcome::Complete);
}

#[test]
fn a_later_fragment_carries_no_tunnel() {
    let mut packet = ipv4(17, &udp(1, 4789, &vxlan(9, &inner_arp())));
    packet[6..8].copy_from_slice(&[0x20, 1]);
    let frame = ethernet(IPV4, &packet);
    assert_eq!(whole(&frame).len(), 1);
    assert_eq!(whole(&frame)[0].0.outcome, Outcome::Unsupported(Reason::LaterFragment));
    assert!(plain(&DecodeSettings::default(), LinkType::ETHERNET, 0, &frame).is_none());
    packet[7] = 0;
    let first = ethernet(IPV4, &packet);
    assert_eq!(whole(&first).len(), 2);
}

#[test]
fn every_frame_that_carries_one_may_carry_one() {
    let settings = DecodeSettings::default();
    for frame in samples::all() {
        for caplen in 0..=frame.len() {
            let levels = cut(&frame, caplen);
            let carries = levels.iter().skip(1).any(|(decoded, _)| decoded.link != Link::None);
            assert!(!carries || may_carry_frame(&settings, LinkType::ETHERNET, &frame[..caplen]));
        }
    }
    let data = ethernet(IPV4, &ipv4(17, &udp(1, 2, &[0; 20])));
    assert!(!may_carry_frame(&settings, LinkType::ETHERNET, &data));
}

#[test]
fn no_prefix_has_more_levels_than_the_whole() {
    for frame in samples::all() {
        let full = whole(&frame);
        for caplen in 0..=frame.len() {
            let part = cut(&frame, caplen);
            assert!(part.len() <= full.len());
            for ((part, within), (full, full_within)) in part.iter().zip(&full) {
                assert_eq!(within.map(|inner| inner.tunnel), full_within.map(|inner| inner.tunnel));
                assert!(part.link == Link::None || part.link == full.link);
                assert!(part.ip == IpHeader::None || part.ip == full.ip);
                assert_ne!(part.outcome.as_str(), "malformed", "{caplen} octets of {full:?}");
            }
        }
    }
}
