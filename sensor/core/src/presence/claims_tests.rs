//! What the ledger tells of addresses, by the claims that a shard would hand it.

use core::time::Duration;
use std::net::IpAddr;

use super::change::{Change, ChangeKind, TableKey};
use super::event::{AddressEvent, PresenceEvent, PresenceKind};
use super::grounds::{Exemptions, LocalSubnet};
use super::ledger::Ledger;
use super::settings::PresenceSettings;
use crate::sighting::{AddressClaim, ClaimKind};
use crate::types::{CapturePointId, DomainId, Limits, MacAddr, Timestamp, Vids};

const HOUR: i64 = 3_600;

struct Bench {
    ledger: Ledger,
    frame: u64,
}

fn mac(number: u8) -> MacAddr {
    MacAddr::new([2, 0, 0, 0, 0, number])
}

fn addr(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

impl Bench {
    fn new() -> Self {
        Self::with(PresenceSettings::default())
    }

    fn with(settings: PresenceSettings) -> Self {
        let mut ledger = Ledger::new(settings, Limits::default(), 7);
        ledger.add_point(DomainId(0), false);
        Self { ledger, frame: 0 }
    }

    /// An ARP reply by `frame_mac` whose body says that `mac` has the address; returns the address events.
    fn arp(&mut self, secs: i64, frame_mac: MacAddr, mac: MacAddr, ip: IpAddr) -> Vec<AddressEvent> {
        self.claim(secs, AddressClaim { mac, ip, kind: ClaimKind::ArpReply, frame_mac })
    }

    fn claim(&mut self, secs: i64, claim: AddressClaim) -> Vec<AddressEvent> {
        let news = self.tell(secs, claim.frame_mac, ChangeKind::Claim(claim));
        news.iter().filter_map(|event| AddressEvent::of(&event.kind)).collect()
    }

    fn tell(&mut self, secs: i64, mac: MacAddr, kind: ChangeKind) -> Vec<PresenceEvent> {
        self.frame += 1;
        let at = Timestamp::from_secs_nanos(secs, 0);
        let key =
            TableKey { mac, capture_point: CapturePointId(0), vids: Vids::single(9), ..TableKey::default() };
        self.ledger.tick(at);
        self.ledger.handle(&Change { sequence: self.frame, level: 0, at, key, kind });
        core::iter::from_fn(|| self.ledger.poll()).collect()
    }

    fn holds(&mut self, secs: i64, station: u8) -> Vec<AddressEvent> {
        self.arp(secs, mac(station), mac(station), addr(1))
    }
}

#[test]
fn a_station_is_new_once() {
    let mut bench = Bench::new();
    let first = |events: Vec<PresenceEvent>| {
        matches!(events[..], [PresenceEvent { kind: PresenceKind::Started { first: true, .. }, .. }])
    };
    assert!(first(bench.tell(0, mac(1), ChangeKind::Appeared)));
    let last_seen = Timestamp::from_secs_nanos(1, 0);
    bench.tell(400, mac(1), ChangeKind::Expired { last_seen, traffic: super::Traffic::default() });
    assert!(!first(bench.tell(500, mac(1), ChangeKind::Appeared)));
}

#[test]
fn an_address_goes_over_and_comes_back() {
    use AddressEvent::{Changed, FlipFlop, NewAddress};
    let mut bench = Bench::new();
    assert_eq!(bench.holds(0, 1), [NewAddress]);
    assert_eq!(bench.holds(HOUR, 1), []);
    assert_eq!(bench.holds(2 * HOUR, 2), [NewAddress, Changed]);
    assert_eq!(bench.holds(3 * HOUR, 1), [FlipFlop]);
    assert_eq!(bench.holds(4 * HOUR, 2), [FlipFlop]);
    // A day later it is a change like any other.
    assert_eq!(bench.holds(40 * HOUR, 1), [Changed]);
}

#[test]
fn two_that_fight_for_an_address_flip_flop_once() {
    use AddressEvent::{Changed, FlipFlop, NewAddress};
    let mut bench = Bench::new();
    let told: Vec<AddressEvent> =
        (0..20).flat_map(|turn| bench.holds(turn * 5, 1 + u8::try_from(turn % 2).unwrap())).collect();
    assert_eq!(told, [NewAddress, NewAddress, Changed, FlipFlop]);
}

#[test]
fn an_address_that_was_idle_for_long_is_reused() {
    let reused_after = Duration::from_secs(10 * 3_600);
    let mut bench = Bench::with(PresenceSettings { reused_after, ..PresenceSettings::default() });
    bench.holds(0, 1);
    assert_eq!(bench.holds(9 * HOUR, 1), []);
    assert_eq!(bench.holds(19 * HOUR, 1), [AddressEvent::Reused]);
    // Also of an address that others claimed meanwhile, by the one who held it all the time.
    let grant = AddressClaim { mac: mac(1), ip: addr(1), kind: ClaimKind::DhcpAck, frame_mac: mac(9) };
    assert_eq!(bench.claim(30 * HOUR, grant), [AddressEvent::Reused]);
}

#[test]
fn a_body_that_names_another_is_told_of_the_sender() {
    let mut bench = Bench::new();
    let told = bench.tell(
        0,
        mac(3),
        ChangeKind::Claim(AddressClaim {
            mac: mac(1),
            ip: addr(1),
            kind: ClaimKind::ArpReply,
            frame_mac: mac(3),
        }),
    );
    let mismatch = told.iter().find_map(|event| match event.kind {
        PresenceKind::BodyMismatched { addr, body, .. } => Some((event.station, addr, body)),
        _ => None,
    });
    assert_eq!(mismatch, Some((crate::types::StationId::Mac(mac(3)), addr(1), mac(1))));
    assert_eq!(bench.arp(1, mac(3), mac(1), addr(1)), []);
    // What a server grants it grants to another.
    let grant = AddressClaim { mac: mac(1), ip: addr(2), kind: ClaimKind::DhcpAck, frame_mac: mac(4) };
    assert_eq!(bench.claim(2, grant), [AddressEvent::NewAddress]);
}

#[test]
fn an_address_of_no_subnet_here_is_a_bogon_once() {
    use AddressEvent::{Bogon, NewAddress};
    let mut bench = Bench::new();
    let subnet = LocalSubnet { prefix: "10.0.0.0/25".parse().unwrap(), vlan: Some(9), site: None };
    bench.ledger.set_subnets(vec![subnet]);
    assert_eq!(bench.arp(0, mac(1), mac(1), addr(127)), [NewAddress]);
    assert_eq!(bench.arp(1, mac(1), mac(1), addr(128)), [NewAddress, Bogon]);
    assert_eq!(bench.arp(2, mac(1), mac(1), addr(128)), []);
}

#[test]
fn virtual_routers_and_whatever_is_exempt_never_conflict() {
    let mut bench = Bench::new();
    bench.ledger.exempt(Exemptions {
        stations: vec!["02:00:00:00:00:07".parse().unwrap()],
        addresses: vec!["10.0.0.128/25".parse().unwrap()],
    });
    let vrrp = MacAddr::new([0, 0, 0x5e, 0, 1, 7]);
    for turn in 0..10 {
        for (frame_mac, body, last) in [
            (mac(1), vrrp, 1),
            (mac(2), vrrp, 1),
            (mac(7), mac(7), 2),
            (mac(8), mac(8), 2),
            (mac(1), mac(1), 200),
            (mac(2), mac(2), 200),
        ] {
            let told = bench.arp(turn * 5, frame_mac, body, addr(last));
            assert!(told.iter().all(|event| *event == AddressEvent::NewAddress), "{turn} {last} {told:?}");
        }
    }
}
