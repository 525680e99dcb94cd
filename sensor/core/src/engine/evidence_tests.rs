//! What others say of a guest's place, and tunnels show: which discrepancies follow, and which must not.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use core::time::Duration;

use super::{Input, Spine, SpineSettings};
use crate::presence::{Change, ChangeKind, TableKey};
use crate::recorded::rows::{AttachmentRow, GuestRow, HostRow, SubnetRow, SwitchRow, Text};
use crate::recorded::{Position, Snapshot, SnapshotBuilder};
use crate::sighting::{
    Attachment, Lease, LeaseKind, Nas, NasPort, Neighbor, NeighborId, NeighborProtocol, Notice, Registration,
    RegistrationRequest, RelayId, Session, SessionStatus,
};
use crate::types::{
    CapturePoint, CapturePointId, Direction, MacAddr, PortTag, PortTagKind, Timestamp, Tunnel, TunnelKind,
    Via, Vids,
};

const GUEST: MacAddr = MacAddr::new([0x52, 0x54, 0, 0, 0, 1]);
const HOME: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 7);

fn text(value: &str) -> Text {
    Text::new(value, Position::default())
}

/// Two hosts, each with a tunnel's end, a port and a subnet; the guest is recorded on the first.
fn inventory(host: &str) -> Snapshot {
    let mut builder = SnapshotBuilder::new();
    let texts = |values: &[&str]| values.iter().map(|value| text(value)).collect::<Vec<_>>();
    builder.switch(SwitchRow {
        id: Some(text("tor-1")),
        management: Some(text("192.0.2.1")),
        known_as: texts(&["access-1", "02:00:00:00:00:aa"]),
        ports: texts(&["Ethernet1", "Ethernet2", "Ethernet9"]),
        uplinks: texts(&["Ethernet48"]),
        port_aliases: texts(&["50101=Ethernet1", "50102=Ethernet2", "e-cid 102=Ethernet2"]),
        ..SwitchRow::default()
    });
    for (id, vtep, port, subnet) in [
        ("hv-1", "198.51.100.1", "Ethernet1", "10.11.0.0/16"),
        ("hv-2", "198.51.100.2", "Ethernet2", "10.12.0.0/16"),
    ] {
        let (switch, port) = (Some(text("tor-1")), Some(text(port)));
        builder.host(HostRow {
            id: Some(text(id)),
            vteps: texts(&[vtep]),
            attachments: vec![AttachmentRow { switch, port, ..AttachmentRow::default() }],
            subnets: texts(&[subnet]),
            ..HostRow::default()
        });
        builder.subnet(SubnetRow { prefix: Some(text(subnet)), ..SubnetRow::default() });
    }
    builder.host(HostRow { id: Some(text("hv-3")), ..HostRow::default() });
    builder.guest(GuestRow {
        id: Some(text("one")),
        macs: texts(&["52:54:00:00:00:01"]),
        home_addresses: texts(&["10.1.0.7"]),
        host: Some(text(host)),
        state: Some(text("running")),
        ..GuestRow::default()
    });
    let built = builder.finish();
    assert!(built.problems.is_empty(), "{:?}", built.problems);
    built.snapshot
}

struct Run {
    spine: Spine,
    frames: u64,
}

impl Run {
    fn new(host: &str) -> Self {
        Self::with(host, CapturePoint::unknown("tap"))
    }

    fn with(host: &str, point: CapturePoint) -> Self {
        let mut spine = Spine::new(SpineSettings::default());
        spine.handle(Timestamp::MIN, Input::Recorded(Arc::new(inventory(host))));
        spine.handle(Timestamp::MIN, Input::Point(point));
        Self { spine, frames: 0 }
    }

    fn change(&mut self, secs: i64, via: Via, kind: ChangeKind) {
        self.frames += 1;
        let at = Timestamp::from_secs_nanos(secs, 0);
        let (capture_point, vids) = (CapturePointId(0), Vids::UNTAGGED);
        let key = TableKey { mac: GUEST, capture_point, vids, via };
        self.spine.handle(at, Input::Change(Change { sequence: self.frames, level: 0, at, key, kind }));
    }

    fn notice(&mut self, secs: i64, notice: Notice) {
        self.change(secs, Via::Wire, ChangeKind::Notice(Box::new(notice)));
    }

    fn tick(&mut self, secs: i64) {
        self.spine.handle(Timestamp::from_secs_nanos(secs, 0), Input::Tick);
    }

    /// What is open, with what is observed.
    fn open(&self) -> Vec<String> {
        let open = self.spine.audit().discrepancies().filter(|known| known.is_open());
        open.map(|known| format!("{}: {}", known.key.kind, self.spine.statement(known).observed)).collect()
    }
}

fn behind(end: [u8; 4]) -> Via {
    Via::Tunnel(Tunnel::new(TunnelKind::Vxlan, Some(5001), Some(IpAddr::from(end))))
}

const OWN: [u8; 4] = [198, 51, 100, 1];
const OTHER: [u8; 4] = [198, 51, 100, 2];
const SWITCH: [u8; 4] = [192, 0, 2, 1];
const NOBODY: [u8; 4] = [203, 0, 113, 9];

#[test]
fn a_guest_behind_the_end_of_another_host_is_misplaced() {
    for (host, end, observed) in [
        ("hv-1", OWN, None),
        ("hv-1", OTHER, Some("vxlan 5001 from 198.51.100.2 (host hv-2)")),
        ("hv-1", NOBODY, Some("vxlan 5001 from 203.0.113.9 (no recorded host)")),
        // A switch that encapsulates for its hosts, and a host of which no end is recorded.
        ("hv-1", SWITCH, None),
        ("hv-3", NOBODY, None),
        ("hv-3", OTHER, Some("vxlan 5001 from 198.51.100.2 (host hv-2)")),
    ] {
        let mut run = Run::new(host);
        run.change(0, behind(end), ChangeKind::Appeared);
        let expected: Vec<String> =
            observed.iter().map(|observed| format!("misplaced-guest: at {observed}")).collect();
        assert_eq!(run.open(), expected, "{host} {end:?}");
    }
}

#[test]
fn what_a_switch_mirrors_into_a_tunnel_locates_nobody() {
    let mut run = Run::new("hv-1");
    let session = Tunnel::new(TunnelKind::Erspan2, Some(7), Some(IpAddr::from(OTHER)));
    run.change(0, Via::Tunnel(session), ChangeKind::Appeared);
    assert_eq!(run.open(), [""; 0]);
}

#[test]
fn a_move_between_ends_has_the_graces_of_any_move() {
    let mut run = Run::new("hv-1");
    run.change(0, behind(OWN), ChangeKind::Appeared);
    run.change(100, behind(OTHER), ChangeKind::Appeared);
    run.change(101, behind(OTHER), ChangeKind::Sighted);
    for secs in [102, 110, 111, 130, 159] {
        run.tick(secs);
        assert_eq!(run.open(), [""; 0], "{secs}");
    }
    run.tick(160);
    assert_eq!(run.open(), ["misplaced-guest: at vxlan 5001 from 198.51.100.2 (host hv-2)"]);
    // The record follows.
    run.spine.handle(Timestamp::from_secs_nanos(170, 0), Input::Recorded(Arc::new(inventory("hv-2"))));
    assert_eq!(run.open(), [""; 0]);
}

#[test]
fn one_end_seen_at_two_capture_points_is_one_place() {
    let mut run = Run::new("hv-1");
    run.spine.handle(Timestamp::MIN, Input::Point(CapturePoint::unknown("other")));
    for turn in 0..8u16 {
        let at = Timestamp::from_secs_nanos(i64::from(turn), 0);
        let key = TableKey {
            mac: GUEST,
            capture_point: CapturePointId(turn % 2),
            vids: Vids::UNTAGGED,
            via: behind(OWN),
        };
        let kind = if turn < 2 { ChangeKind::Appeared } else { ChangeKind::Sighted };
        let sequence = u64::from(turn) + 1;
        run.spine.handle(at, Input::Change(Change { sequence, level: 1, at, key, kind }));
    }
    assert_eq!(run.open(), [""; 0]);
}

#[test]
fn two_ends_are_two_places_only_where_each_is_a_hosts() {
    for (ends, is_duplicate) in [
        ([OWN, OTHER], true),
        // A host at two leaf switches, a gateway that every switch answers for, and ends that nobody recorded.
        ([SWITCH, NOBODY], false),
        ([OWN, SWITCH], false),
        ([NOBODY, OTHER], false),
    ] {
        for mac in [GUEST, MacAddr::new([0x52, 0x54, 0, 0, 0, 9])] {
            let mut run = Run::new("hv-3");
            for turn in 0..8usize {
                let at = Timestamp::from_secs_nanos(i64::try_from(turn).unwrap(), 0);
                let via = behind(ends[turn % 2]);
                let key = TableKey { mac, capture_point: CapturePointId(0), vids: Vids::UNTAGGED, via };
                let kind = if turn < 2 { ChangeKind::Appeared } else { ChangeKind::Sighted };
                let sequence = u64::try_from(turn).unwrap() + 1;
                run.spine.handle(at, Input::Change(Change { sequence, level: 1, at, key, kind }));
            }
            run.tick(8);
            let duplicates = run.open().iter().filter(|open| open.starts_with("duplicate-guest")).count();
            assert_eq!(duplicates, usize::from(is_duplicate), "{mac} {ends:?}: {:?}", run.open());
        }
    }
}

fn session(status: SessionStatus, nas: Nas, port: NasPort) -> Notice {
    Notice::Session(Session {
        id: Some("s-1".into()),
        mac: Some(GUEST),
        port,
        addresses: [IpAddr::from([10, 11, 0, 7])].into_iter().collect(),
        ..Session::bare(status, nas)
    })
}

fn nas(identifier: &str) -> Nas {
    Nas { source: IpAddr::from([10, 0, 0, 1]), address: None, identifier: Some(identifier.into()) }
}

fn port(id: Option<&str>, number: Option<u32>) -> NasPort {
    NasPort { number, id: id.map(Into::into), kind: Some(15) }
}

#[test]
fn a_session_at_another_hosts_port_is_misplaced_and_ends_with_it() {
    for (port, observed) in [
        (port(Some("Eth1"), None), None),
        (port(None, Some(50_101)), None),
        (port(Some("Ethernet2"), None), Some("tor-1 Ethernet2 (host hv-2), as RADIUS says")),
        (port(Some("?"), Some(50_102)), Some("tor-1 Ethernet2 (host hv-2), as RADIUS says")),
        (port(Some("Ethernet9"), None), Some("tor-1 Ethernet9 (no recorded host), as RADIUS says")),
        // No port that is recorded, an uplink, and no port at all.
        (port(Some("Ethernet7"), None), None),
        (port(Some("Ethernet48"), None), None),
        (port(None, None), None),
    ] {
        let mut run = Run::new("hv-1");
        run.notice(0, session(SessionStatus::Start, nas("access-1"), port.clone()));
        let expected: Vec<String> = observed
            .iter()
            .map(|observed| format!("misplaced-guest: at {observed} with 10.11.0.7"))
            .collect();
        let shown: Vec<String> = run
            .open()
            .iter()
            .map(|open| format!("{} with 10.11.0.7", open.trim_end_matches(" with 10.11.0.7")))
            .collect();
        assert_eq!(shown, expected, "{port:?}");
        run.notice(60, session(SessionStatus::Stop, nas("access-1"), port));
        assert_eq!(run.open(), [""; 0]);
    }
    let mut run = Run::new("hv-1");
    run.notice(0, session(SessionStatus::Start, nas("nobody"), port(Some("Ethernet2"), None)));
    assert_eq!(run.open(), [""; 0]);
}

#[test]
fn a_session_that_follows_the_guest_has_the_graces_of_a_move() {
    let mut run = Run::new("hv-1");
    run.notice(0, session(SessionStatus::Start, nas("access-1"), port(Some("Ethernet1"), None)));
    run.notice(100, session(SessionStatus::Start, nas("access-1"), port(Some("Ethernet2"), None)));
    run.tick(159);
    assert_eq!(run.open(), [""; 0]);
    run.tick(160);
    assert_eq!(run.open().len(), 1);
}

fn lease(circuit: &str, remote: &[u8]) -> Notice {
    let attachment = Attachment {
        relay: None,
        circuit_id: RelayId::new(circuit.as_bytes()),
        remote_id: RelayId::new(remote),
    };
    Notice::Lease(Lease {
        mac: GUEST,
        kind: LeaseKind::Attached,
        addresses: Default::default(),
        on_segment: true,
        server: None,
        host_name: None,
        attachment: Some(attachment),
    })
}

#[test]
fn a_relay_that_names_another_hosts_port_shows_a_misplaced_guest() {
    let chassis = [2, 0, 0, 0, 0, 0xaa];
    for (circuit, remote, is_misplaced) in [
        ("Ethernet1", &b"access-1"[..], false),
        ("Ethernet2", b"access-1", true),
        ("Ethernet2.100", &chassis, true),
        ("Ethernet1.100", &chassis, false),
        ("Ethernet2", b"elsewhere", false),
        ("uplink", b"access-1", false),
    ] {
        let mut run = Run::new("hv-1");
        run.notice(0, lease(circuit, remote));
        assert_eq!(run.open().len(), usize::from(is_misplaced), "{circuit} {:?}", run.open());
        run.tick(301);
        assert_eq!(run.open(), [""; 0]);
    }
}

#[test]
fn what_a_relay_said_is_no_evidence_against_what_was_seen_or_recorded_since() {
    let mut run = Run::new("hv-1");
    run.notice(0, lease("Ethernet2", b"access-1"));
    assert_eq!(run.open().len(), 1);
    run.change(1, behind(OWN), ChangeKind::Appeared);
    assert_eq!(run.open(), [""; 0]);
    let mut run = Run::new("hv-1");
    run.notice(0, lease("Ethernet1", b"access-1"));
    run.spine.handle(Timestamp::from_secs_nanos(9, 0), Input::Recorded(Arc::new(inventory("hv-2"))));
    assert_eq!(run.open(), [""; 0]);
}

fn neighbor(chassis: &str, port: &str, lifetime: u64) -> Notice {
    Notice::Neighbor(Neighbor {
        protocol: NeighborProtocol::Lldp,
        chassis: NeighborId::Mac(MacAddr::new([2, 0, 0, 0, 0, 0xab])),
        port: NeighborId::Name(port.into()),
        port_description: None,
        system_name: Some(chassis.into()),
        management: None,
        vlan: None,
        lifetime: Duration::from_secs(lifetime),
    })
}

/// A capture point of which the configuration says only that it mirrors what comes in.
fn ingress() -> CapturePoint {
    CapturePoint { direction: Direction::Ingress, ..CapturePoint::unknown("tap") }
}

#[test]
fn a_neighbour_gives_a_capture_point_its_port_until_it_is_silent() {
    let mut run = Run::with("hv-1", ingress());
    run.change(0, Via::Wire, ChangeKind::Appeared);
    run.notice(1, neighbor("access-1", "Ethernet2", 120));
    run.tick(2);
    assert_eq!(run.open(), ["misplaced-guest: at tor-1 Ethernet2 (host hv-2)"]);
    run.notice(3, neighbor("access-1", "Ethernet1", 120));
    run.tick(4);
    assert_eq!(run.open(), [""; 0]);
    run.notice(5, neighbor("access-1", "Ethernet2", 120));
    run.notice(6, neighbor("access-1", "Ethernet2", 0));
    run.tick(7);
    assert_eq!(run.open(), [""; 0]);
    // A host is no switch, and without a direction a link locates nobody.
    run.notice(8, neighbor("hv-2", "Ethernet2", 120));
    run.tick(9);
    assert_eq!(run.open(), [""; 0]);
    let mut run = Run::new("hv-1");
    run.change(0, Via::Wire, ChangeKind::Appeared);
    run.notice(1, neighbor("access-1", "Ethernet2", 120));
    run.tick(2);
    assert_eq!(run.open(), [""; 0]);
}

#[test]
fn neighbours_that_contradict_each_other_place_nobody() {
    let mut run = Run::with("hv-1", ingress());
    let misplaced = ["misplaced-guest: at tor-1 Ethernet2 (host hv-2)"];
    run.change(0, Via::Wire, ChangeKind::Appeared);
    run.notice(1, neighbor("access-1", "Ethernet2", 120));
    run.tick(2);
    assert_eq!(run.open(), misplaced);
    // The mirror carries another port too, and more than are remembered.
    for port in ["Ethernet1", "Ethernet9", "Ethernet48"] {
        run.notice(3, neighbor("access-1", port, 30));
        run.tick(4);
        assert_eq!(run.open(), [""; 0], "{port}");
    }
    // A good-bye is its own port's alone.
    run.notice(5, neighbor("access-1", "Ethernet9", 0));
    run.notice(6, neighbor("access-1", "Ethernet48", 0));
    run.tick(7);
    assert_eq!(run.open(), [""; 0]);
    run.notice(34, neighbor("access-1", "Ethernet48", 0));
    run.tick(35);
    assert_eq!(run.open(), misplaced, "one alone is left");
    run.notice(36, neighbor("access-1", "Ethernet1", 0));
    run.tick(37);
    assert_eq!(run.open(), misplaced);
    run.change(122, Via::Wire, ChangeKind::Sighted);
    run.tick(123);
    assert_eq!(run.open(), [""; 0], "it has not been repeated");
}

#[test]
fn a_port_without_a_host_is_not_what_a_mirror_carries() {
    for port in ["Ethernet9", "Ethernet48"] {
        let mut run = Run::with("hv-1", ingress());
        run.change(0, Via::Wire, ChangeKind::Appeared);
        run.notice(1, neighbor("access-1", port, 120));
        run.tick(2);
        assert_eq!(run.open(), [""; 0], "{port}");
    }
}

#[test]
fn the_configuration_knows_better_than_a_neighbour() {
    let ports = vec![crate::types::Port { switch: "tor-1".into(), port: "Ethernet1".into() }];
    let point = CapturePoint { direction: Direction::Ingress, ports, ..CapturePoint::unknown("tap") };
    let mut run = Run::with("hv-1", point);
    run.change(0, Via::Wire, ChangeKind::Appeared);
    run.notice(1, neighbor("access-1", "Ethernet2", 120));
    run.tick(2);
    assert_eq!(run.open(), [""; 0]);
}

#[test]
fn a_tag_names_a_port_of_the_mirrored_switch() {
    let ports = vec![crate::types::Port { switch: "tor-1".into(), port: "Ethernet9".into() }];
    for (number, observed) in [(102, Some("tor-1 Ethernet2 (host hv-2)")), (7, None)] {
        let point = CapturePoint { ports: ports.clone(), ..CapturePoint::unknown("tap") };
        let mut run = Run::with("hv-1", point);
        run.change(0, Via::Port(PortTag::new(PortTagKind::ETag, number)), ChangeKind::Appeared);
        let expected: Vec<String> =
            observed.iter().map(|observed| format!("misplaced-guest: at {observed}")).collect();
        assert_eq!(run.open(), expected);
    }
}

#[test]
fn a_registration_from_the_subnet_of_another_host_is_misplaced() {
    for (care_of, observed) in
        [([10, 11, 0, 1], None), ([10, 12, 0, 1], Some("care-of address 10.12.0.1 (subnet 10.12.0.0/16)"))]
    {
        let mut run = Run::new("hv-1");
        run.notice(
            0,
            Notice::Registration(Registration::Request(RegistrationRequest {
                home_address: Some(HOME),
                home_agent: Ipv4Addr::new(10, 1, 0, 1),
                care_of: care_of.into(),
                lifetime: Some(Duration::from_secs(600)),
                deregistration: false,
                simultaneous: false,
                identification: 1,
                source: IpAddr::from(care_of),
            })),
        );
        let expected: Vec<String> =
            observed.iter().map(|observed| format!("misplaced-guest: at {observed}")).collect();
        assert_eq!(run.open(), expected);
        run.tick(600);
        assert_eq!(run.open(), [""; 0]);
    }
}

#[test]
fn an_address_that_an_access_server_gave_is_on_the_stations_own_segment_or_conflicts_with_nobody() {
    let start = || session(SessionStatus::Start, nas("access-1"), port(Some("Ethernet1"), None));
    let mut run = Run::new("hv-1");
    run.change(0, behind(OWN), ChangeKind::Appeared);
    run.notice(1, start());
    let claims = run.spine.ledger().claims();
    let [(segment, addr, claimant)] = claims[..] else { panic!("{claims:?}") };
    assert_eq!((addr, claimant.mac), (IpAddr::from([10, 11, 0, 7]), GUEST));
    assert_eq!(segment.overlay, behind(OWN).overlay());
    // Of a station that nobody sees, two servers may say the same in turn.
    let mut run = Run::new("hv-1");
    for turn in 0..6u8 {
        let Notice::Session(record) = start() else { unreachable!() };
        let mac = Some(MacAddr::new([0x52, 0x54, 0, 0, 1, turn % 2]));
        run.notice(i64::from(turn), Notice::Session(Session { mac, ..record }));
    }
    assert!(run.open().iter().all(|open| !open.starts_with("address-conflict")), "{:?}", run.open());
}
