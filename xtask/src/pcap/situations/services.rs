//! What servers, switches and agents say of guests: DHCP, RADIUS accounting, LLDP and CDP, Mobile IPv4.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::{Place, guest, millis, secs};
use crate::pcap::Capture;
use crate::pcap::messages::{Accounting, Dhcp, MobileIpv4, RelayAgent};
use crate::pcap::recording::Interface;
use crate::pcap::station::Station;

/// 2026-11-20T10:00:00Z, in seconds since 1970 and since 1900.
const BEGIN: u32 = 1_795_168_800;
const BEGIN_1900: u32 = BEGIN.wrapping_add(2_208_988_800);

const SWITCH_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);

pub(super) fn all() -> Vec<Capture> {
    vec![
        dhcp_lease(),
        dhcp_wrong_port(),
        radius_session(),
        radius_wrong_port(),
        lldp_and_cdp(),
        mobile_ipv4(),
    ]
}

/// The DHCP server behind the uplink.
fn server() -> Station {
    Station { mac: [0x00, 0x1c, 0x73, 0x00, 0x00, 0x01], ..guest(0x02) }
}

/// A guest gets its address: four messages, of which the answers come by the uplink.
fn exchange(
    place: &mut Place,
    at: Duration,
    interface: Interface,
    (client, name): (&Station, &str),
    inserted: RelayAgent<'_>,
) {
    let server = server();
    let uplink = place.uplink;
    place.at(at, interface, client.dhcp(Dhcp::Discover, &server, name));
    place.at(at + millis(2), uplink, server.dhcp_answer(Dhcp::Offer, client, Some(inserted)));
    place.at(at + millis(5), interface, client.dhcp(Dhcp::Request, &server, name));
    place.at(at + millis(7), uplink, server.dhcp_answer(Dhcp::Ack, client, Some(inserted)));
}

/// The same by DHCPv6.
fn exchange6(place: &mut Place, at: Duration, interface: Interface, client: &Station) {
    let server = server();
    let uplink = place.uplink;
    place.at(at, interface, client.dhcpv6(1, &server));
    place.at(at + millis(2), uplink, server.dhcpv6_answer(2, client));
    place.at(at + millis(5), interface, client.dhcpv6(3, &server));
    place.at(at + millis(7), uplink, server.dhcpv6_answer(7, client));
}

fn dhcp_lease() -> Capture {
    let mut place = Place::new();
    let (web, db, eth1, eth2) = (place.web.clone(), place.db.clone(), place.eth1, place.eth2);
    let port = |circuit| RelayAgent { circuit, remote: "tor-1" };
    exchange(&mut place, secs(1), eth1, (&web, "web-01"), port("eth1"));
    exchange6(&mut place, secs(2), eth1, &web);
    exchange(&mut place, secs(3), eth2, (&db, "db-01"), port("eth2"));
    // A relay behind the uplink reports to a server that is a guest.
    let (router, uplink) = (place.router.clone(), place.uplink);
    place.at(secs(4), uplink, router.dhcpv6_relayed(&web, "eth1", &db));
    place.background(5..200);
    let release = web.dhcp(Dhcp::Release, &server(), "web-01");
    place.at(secs(201), eth1, release);
    place.finish(
        "dhcp-lease.pcapng",
        "Two guests get their addresses by DHCP with option 82, one by DHCPv6 too, and one gives it back.",
    )
}

fn dhcp_wrong_port() -> Capture {
    let mut place = Place::new();
    let (web, uplink) = (place.web.clone(), place.uplink);
    // Only the answers are in sight: the guest is behind a port that no mirror copies.
    for second in (0..300).step_by(60) {
        let inserted = RelayAgent { circuit: "eth2", remote: "tor-1" };
        place.at(secs(second), uplink, server().dhcp_answer(Dhcp::Ack, &web, Some(inserted)));
    }
    let (db, eth2) = (place.db.clone(), place.eth2);
    place.talk_steadily(3..300, 20, eth2, &db);
    place.finish(
        "dhcp-wrong-port.pcapng",
        "By option 82 a guest that is recorded behind port eth1 is behind port eth2.",
    )
}

/// The records of the switch about the sessions at its ports, and the answers of the server `db`.
fn report(place: &mut Place, record: &Accounting<'_>) {
    let (router, db) = (place.router.clone(), place.db.clone());
    let at = secs(u64::from(record.at - BEGIN));
    place.at(at, place.uplink, router.accounting(record, &db));
    place.at(at + millis(3), place.eth2, db.accounting_answer(record, &router));
}

/// A record of the switch, at so many seconds.
fn record<'a>(second: u32, status: u32, session: Option<(&'a Station, &'a str, &'a str)>) -> Accounting<'a> {
    Accounting {
        number: u8::try_from(second % 256).expect("it is a remainder"),
        status,
        nas: SWITCH_ADDRESS,
        nas_name: "tor-1",
        session,
        at: BEGIN + second,
        lasted: 0,
    }
}

fn radius_session() -> Capture {
    let mut place = Place::new();
    let web = place.web.clone();
    place.background(0..320);
    report(&mut place, &record(2, 7, None));
    let session = Some((&web, "eth1", "5F2A0001"));
    report(&mut place, &record(5, 1, session));
    for second in (65..300).step_by(60) {
        report(&mut place, &Accounting { lasted: second - 5, ..record(second, 3, session) });
    }
    report(&mut place, &Accounting { lasted: 300, ..record(305, 2, session) });
    place.finish(
        "radius-session.pcapng",
        "A switch reports the session of a guest at its port by RADIUS: start, four times that it goes on, stop.",
    )
}

fn radius_wrong_port() -> Capture {
    let mut place = Place::new();
    let (web, db, eth2) = (place.web.clone(), place.db.clone(), place.eth2);
    place.talk_steadily(3..320, 20, eth2, &db);
    let session = Some((&web, "eth2", "5F2A0002"));
    report(&mut place, &record(5, 1, session));
    for second in (65..300).step_by(60) {
        report(&mut place, &Accounting { lasted: second - 5, ..record(second, 3, session) });
    }
    place.finish(
        "radius-wrong-port.pcapng",
        "By RADIUS a guest that is recorded behind port eth1 has its session at port eth2.",
    )
}

fn lldp_and_cdp() -> Capture {
    let mut place = Place::new();
    place.background(0..130);
    let host = |number| Station { mac: [0x3c, 0xec, 0xef, 0, 0, number], tags: Vec::new(), ..guest(number) };
    let (eth1, eth2, uplink) = (place.eth1, place.eth2, place.uplink);
    let router = Station { tags: Vec::new(), ..place.router.clone() };
    for second in (0..130).step_by(30) {
        place.at(secs(second), eth1, host(1).lldp("eno1", "hv-01"));
        place.at(secs(second) + millis(9), eth2, host(2).lldp("eno1", "hv-02"));
        place.at(secs(second) + millis(20), uplink, router.cdp("spine1", "Ethernet1/17"));
    }
    place.finish(
        "lldp-and-cdp.pcapng",
        "Two hosts make themselves known by LLDP and a switch by CDP, each at the port that it is behind.",
    )
}

fn mobile_ipv4() -> Capture {
    let mut place = Place::new();
    place.background(0..260);
    let (router, agent, eth2, uplink) = (place.router.clone(), place.db.clone(), place.eth2, place.uplink);
    let binding = |second: u32, care_of: Ipv4Addr, lifetime| MobileIpv4 {
        home_address: Ipv4Addr::new(198, 51, 100, 77),
        home_agent: agent.ip,
        care_of,
        lifetime,
        at: BEGIN_1900.wrapping_add(second),
    };
    let (first, other) = (Ipv4Addr::new(203, 0, 113, 9), Ipv4Addr::new(192, 0, 2, 9));
    let steps = [
        (10, first, 120, 0),
        (70, first, 120, 0),
        (130, other, 120, 0),
        (150, first, 120, 133),
        (200, other, 0, 0),
    ];
    for (second, care_of, lifetime, code) in steps {
        let registration = binding(second, care_of, lifetime);
        let at = secs(u64::from(second));
        place.at(at, uplink, router.mobile_request(&registration, &agent));
        place.at(at + millis(6), eth2, agent.mobile_reply(&registration, code, &router));
    }
    place.finish(
        "mobile-ipv4.pcapng",
        "A mobile node registers by Mobile IPv4, refreshes, roams, is refused once, and ends its binding.",
    )
}
