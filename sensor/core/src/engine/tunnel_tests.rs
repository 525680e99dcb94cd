//! What is inside tunnels: whose station it is, where, and in which shard.

use super::{Input, Output, Shard, ShardOutput, ShardSettings, Share, Spine, SpineSettings};
use crate::decode::message_samples;
use crate::decode::samples::{self, IPV4, IPV6, ethernet, ipv4, ipv6};
use crate::decode::tunnel_samples::{self, GUEST, gre, inner_arp, inside, udp, vxlan};
use crate::presence::{ChangeKind, PresenceEvent, PresenceKind};
use crate::types::{
    CapturePoint, CapturePointId, Frame, LinkType, Location, MacAddr, Overlay, StationId, Timestamp, Tunnel,
    TunnelKind, Via,
};

/// Runs frames, one a second, through this many shards; returns what was said and what each shard counted.
fn run(frames: &[Vec<u8>], shards: u32) -> (Vec<Output>, Vec<Shard>) {
    let mut spine = Spine::new(SpineSettings::default());
    let mut workers: Vec<Shard> = (0..shards).map(|_| Shard::new(&ShardSettings::default())).collect();
    let point = CapturePoint::unknown("tap");
    for shard in &mut workers {
        shard.add_point(&point, false);
    }
    spine.handle(Timestamp::MIN, Input::Point(point));
    let frames: Vec<Frame<'_>> = (0i64..)
        .zip(frames)
        .map(|(second, bytes)| Frame {
            at: Timestamp::from_secs_nanos(second, 0),
            capture_point: CapturePointId(0),
            linktype: LinkType::ETHERNET,
            orig_len: u32::try_from(bytes.len()).unwrap(),
            bytes,
        })
        .collect();
    let mut said = Vec::new();
    for (index, shard) in (0..).zip(&mut workers) {
        let mut out = ShardOutput::default();
        shard.frames(1, frames.iter().copied(), Share { index, of: shards }, &mut out);
        said.push(out);
    }
    spine.handle_outputs(&said);
    (core::iter::from_fn(|| spine.poll()).collect(), workers)
}

fn started(outputs: &[Output]) -> Vec<&PresenceEvent> {
    let events = outputs.iter().filter_map(|output| match output {
        Output::Presence(event) => Some(event),
        Output::Audit(_)
        | Output::Flood(_)
        | Output::History(_)
        | Output::Stream(_)
        | Output::Workflow(..) => None,
    });
    events.filter(|event| matches!(event.kind, PresenceKind::Started { .. })).collect()
}

/// A frame with the guest inside VXLAN.
fn in_vxlan(vni: u32, frame: &[u8]) -> Vec<u8> {
    ethernet(IPV4, &ipv4(17, &udp(50_000, 4789, &vxlan(vni, frame))))
}

#[test]
fn a_station_inside_a_tunnel_is_at_its_end() {
    let (outputs, _) = run(&[in_vxlan(5001, &inner_arp())], 1);
    let started = started(&outputs);
    let stations: Vec<_> = started.iter().map(|event| (event.station, event.segment.overlay)).collect();
    let overlay = Overlay { kind: TunnelKind::Vxlan, id: Some(5001) };
    assert_eq!(
        stations,
        [
            (StationId::Mac(MacAddr::new(samples::STATION)), None),
            (StationId::Mac(MacAddr::new(GUEST)), Some(overlay)),
        ]
    );
    let tunnel = Tunnel::new(TunnelKind::Vxlan, Some(5001), Some("10.0.0.10".parse().unwrap()));
    let PresenceKind::Started { location: Location::Wire { via, .. }, .. } = started[1].kind else {
        panic!("the guest is on the wire");
    };
    assert_eq!(via, Via::Tunnel(tunnel));
    let claims = outputs.iter().filter_map(|output| match output {
        Output::Presence(PresenceEvent { station, kind: PresenceKind::Claimed { addr, .. }, .. }) => {
            Some((*station, addr.to_string()))
        }
        _ => None,
    });
    let claims: Vec<_> = claims.collect();
    let mac = |octets| StationId::Mac(MacAddr::new(octets));
    assert_eq!(
        claims,
        [(mac(samples::STATION), "10.0.0.10".to_owned()), (mac(GUEST), "10.1.0.77".to_owned())]
    );
}

#[test]
fn one_address_in_two_overlays_is_two_stations() {
    let (outputs, _) = run(&[1, 2].map(|vni| in_vxlan(vni, &inner_arp())), 1);
    assert_eq!(started(&outputs).len(), 3);
}

#[test]
fn what_is_inside_is_counted_as_inside() {
    let version = inside(&[], IPV4, &[0x60; 40]);
    let (_, shards) = run(&[in_vxlan(1, &inner_arp()), in_vxlan(1, &version)], 1);
    let counters = &shards[0].points()[0];
    assert_eq!((counters.frames, counters.outcomes.complete()), (2, 2));
    assert_eq!(counters.inner.complete(), 1);
    let inner: Vec<_> = counters.inner.by_reason().filter(|(_, count)| *count > 0).collect();
    assert_eq!(inner, [(crate::decode::Reason::WrongVersion, 1)]);
}

#[test]
fn the_number_of_shards_does_not_show_inside_tunnels() {
    let mut frames = Vec::new();
    for guest in 0..40u8 {
        let mut inner = inner_arp();
        inner[11] = guest;
        inner[27] = guest;
        let mut frame = in_vxlan(u32::from(guest % 3), &inner);
        frame[11] = guest % 5;
        frames.push(frame);
    }
    frames.push(ethernet(IPV6, &ipv6(samples::CARE_OF, samples::AGENT, 41, 64, &update())));
    frames.extend(tunnel_samples::all());
    let (one, alone) = run(&frames, 1);
    assert!(started(&one).len() > 40);
    let moved = one.iter().filter(|output| match output {
        Output::Presence(event) => matches!(event.station, StationId::HomeAddress(_)),
        Output::Audit(_)
        | Output::Flood(_)
        | Output::History(_)
        | Output::Stream(_)
        | Output::Workflow(..) => false,
    });
    assert!(moved.count() > 0, "a mobility message counts inside a tunnel as well");
    for shards in [2, 3, 8] {
        let (many, workers) = run(&frames, shards);
        assert_eq!(many, one, "{shards} shards");
        let inner: u64 = workers.iter().map(|shard| shard.points()[0].inner.complete()).sum();
        assert_eq!(inner, alone[0].points()[0].inner.complete());
        let frames: u64 = workers.iter().map(|shard| shard.points()[0].frames).sum();
        assert_eq!(frames, alone[0].points()[0].frames);
    }
}

#[test]
fn a_switch_inside_a_tunnel_is_no_neighbor_of_the_mirror() {
    let unit = message_samples::lldp();
    let notices = |frame: Vec<u8>| {
        let mut shard = Shard::new(&ShardSettings::default());
        shard.add_point(&CapturePoint::unknown("tap"), false);
        let frame = Frame {
            at: Timestamp::EPOCH,
            capture_point: CapturePointId(0),
            linktype: LinkType::ETHERNET,
            orig_len: u32::try_from(frame.len()).unwrap(),
            bytes: &frame,
        };
        let mut out = ShardOutput::default();
        shard.frames(1, [frame], Share::ALL, &mut out);
        out.changes.iter().filter(|change| matches!(change.kind, ChangeKind::Notice(_))).count()
    };
    assert_eq!((notices(unit.clone()), notices(in_vxlan(1, &unit))), (1, 0));
    let message = &message_samples::cdp()[22..];
    let in_gre = ethernet(IPV4, &ipv4(47, &gre(0, 0x2000, &[], message)));
    assert_eq!((notices(message_samples::cdp()), notices(in_gre)), (1, 0));
}

/// A Binding Update as a packet of its own.
fn update() -> Vec<u8> {
    samples::update().split_off(14)
}
