use std::net::IpAddr;

use super::samples::{self, GUEST, IPV4, ethernet, inside, ipv4, udp, vxlan};
use super::*;
use crate::types::{LinkType, MacAddr, Tunnel, TunnelKind, Vids};

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
    ];
    let read: Vec<_> = samples::tunnels().iter().map(|frame| tunnels(frame)).collect();
    assert_eq!(read, expected);
}

#[test]
fn the_inner_frame_is_read_like_any_other() {
    let samples = samples::tunnels();
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
    let mut frame = samples::inner_arp();
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
    let mut no_vni = vxlan(9, &samples::inner_arp());
    no_vni[0] = 0;
    let mut version = samples::geneve(9, 0x6558, &samples::inner_arp());
    version[0] |= 0x40;
    for (port, payload) in [(4789, no_vni), (6081, version)] {
        let frame = ethernet(IPV4, &ipv4(17, &udp(1, port, &payload)));
        let levels = whole(&frame);
        assert_eq!(levels.len(), 1);
        assert_eq!(levels[0].0.outcome, Outcome::Unsupported(Reason::TunnelForm));
    }
    let from_the_port = ethernet(IPV4, &ipv4(17, &udp(4789, 1, &vxlan(9, &samples::inner_arp()))));
    assert_eq!(whole(&from_the_port).len(), 1);
    assert_eq!(whole(&from_the_port)[0].0.outcome, Outcome::Complete);
}

#[test]
fn a_later_fragment_carries_no_tunnel() {
    let mut packet = ipv4(17, &udp(1, 4789, &vxlan(9, &samples::inner_arp())));
    packet[6..8].copy_from_slice(&[0x20, 1]);
    let frame = ethernet(IPV4, &packet);
    assert_eq!(whole(&frame).len(), 1);
    assert_eq!(whole(&frame)[0].0.outcome, Outcome::Unsupported(Reason::LaterFragment));
    assert!(plain(&DecodeSettings::default(), LinkType::ETHERNET, &frame).is_none());
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
