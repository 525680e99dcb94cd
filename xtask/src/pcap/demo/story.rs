//! What is wrong in the demo: six differences between the wire and the inventory.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::place::{End, Guest, HOME_ADDRESS, HOME_AGENT, Place, ROLES};
use super::traffic::{END, announce, once, talk};
use crate::pcap::headers::IPV6;
use crate::pcap::mobility::Registration;

/// The recorded guests that the story is about; ordinary life leaves them alone.
pub(super) const NAMED: &[&str] = &[MOVED, CLONED, ZOMBIE, SILENT, MOBILE];

const MOVED: &str = "web-23";
const CLONED: &str = "app-08";
const ZOMBIE: &str = "db-17";
const SILENT: &str = "db-31";
const MOBILE: &str = "field-01";

/// A care-of address in a subnet of the mobile node's host.
const NEAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x20, 0x100, 0, 0, 0, 0x50);
/// A care-of address in the branch office, where no host of this inventory is.
const FAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 1, 0, 0, 0, 0x50);

/// Captures the six.
pub(super) fn what_is_wrong(place: &mut Place) {
    rogue(place);
    moved(place);
    cloned(place);
    zombie(place);
    silent(place);
    mobile(place);
}

/// A guest that nobody recorded comes up on hv-09 and makes itself at home.
fn rogue(place: &mut Place) {
    let [_, app, ..] = ROLES;
    let mut rogue = place.guest("app-09");
    rogue.station.mac = [0x52, 0x54, 0x00, 0x66, 0x06, 0x66];
    rogue.station.ip = app.ip(240);
    rogue.station.ip6 = app.ip6(0x240);
    let begin = secs(90);
    place.send(begin, End::Host(8), End::Everybody, rogue.station.arp_probe());
    place.send(begin + secs(2), End::Host(8), End::Everybody, rogue.station.gratuitous_arp());
    talk(place, &rogue, 8, begin + secs(3), END);
}

/// A live migration from its recorded host to hv-08 in the other rack, which the record does not follow.
fn moved(place: &mut Place) {
    const DESTINATION: usize = 7;
    let guest = place.guest(MOVED);
    assert_ne!(guest.host, DESTINATION);
    talk(place, &guest, guest.host, secs(7), secs(190));
    announce(place, &guest.station, DESTINATION, secs(200));
    talk(place, &guest, DESTINATION, secs(202), END);
}

/// A copy of a running guest is started on hv-02 with the same MAC and the same address.
fn cloned(place: &mut Place) {
    const COPY: usize = 1;
    let guest = place.guest(CLONED);
    assert_ne!(guest.host, COPY);
    talk(place, &guest, guest.host, secs(11), secs(150));
    let (mut at, mut turn) = (secs(150), 0);
    while at + secs(3) < END {
        ask(place, &guest, guest.host, at, turn);
        ask(place, &guest, COPY, at + Duration::from_millis(2_200), turn);
        at += Duration::from_millis(4_400);
        turn += 1;
    }
}

/// Mostly a datagram, now and then a question for the gateway.
fn ask(place: &mut Place, guest: &Guest, host: usize, at: Duration, turn: u64) {
    once(place, guest, host, at, if turn.is_multiple_of(5) { 0 } else { 3 });
}

/// A guest that was recorded as powered off yesterday talks from its recorded host.
fn zombie(place: &mut Place) {
    let guest = place.guest(ZOMBIE);
    talk(place, &guest, guest.host, secs(40), END);
}

/// A guest that crashes: its last frame is early enough for its time to live to run out in time.
fn silent(place: &mut Place) {
    let guest = place.guest(SILENT);
    talk(place, &guest, guest.host, secs(5), secs(100));
}

/// A mobile node registers near its host, then from the branch office, and stays there.
fn mobile(place: &mut Place) {
    let node = place.guest(MOBILE);
    let agent = place.guest("home-agent-01");
    talk(place, &node, node.host, secs(3), secs(330));
    once(place, &node, node.host, secs(335), 0);
    let [web, ..] = ROLES;
    let router = web.router(1).mac;
    let (near, core, home) = (End::Host(node.host), End::Core, End::Host(agent.host));
    for (sequence, second, care_of) in
        [(1, 20, NEAR), (2, 160, NEAR), (3, 345, FAR), (4, 460, FAR), (5, 580, FAR)]
    {
        let registration = Registration {
            home_address: HOME_ADDRESS,
            home_agent: HOME_AGENT,
            care_of,
            sequence,
            lifetime: secs(240),
        };
        let (from, mac) = if care_of == NEAR { (near, node.station.mac) } else { (core, router) };
        let mut sender = node.station.clone();
        sender.mac = mac;
        let update = sender.frame(agent.station.mac, IPV6, &registration.update());
        place.send(secs(second), from, home, update);
        let answer = agent.station.frame(mac, IPV6, &registration.acknowledgement(0));
        place.send(secs(second) + Duration::from_millis(3), home, from, answer);
    }
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
