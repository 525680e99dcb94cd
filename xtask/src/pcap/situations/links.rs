//! Link types and tags of all sorts, and the neighbours that IPv6 brings.

use super::{Place, micros, millis, secs};
use crate::pcap::Capture;
use crate::pcap::headers::{Tag, sll, sll2};
use crate::pcap::recording::{LinkType, Recording};
use crate::pcap::station::{Echo, Station};

pub(super) fn all() -> Vec<Capture> {
    vec![tags(), link_types(), neighbours()]
}

fn tags() -> Capture {
    let mut place = Place::new();
    let untagged = Station { tags: Vec::new(), ..place.web.clone() };
    let priority = Station { tags: vec![Tag { tpid: 0x8100, pcp: 5, vid: 0 }], ..place.web.clone() };
    let stacked = Station { tags: vec![Tag::service(500), Tag::vlan(100)], ..place.db.clone() };
    for second in (0..120).step_by(10) {
        place.at(secs(second), place.eth1, untagged.arp_request(stacked.ip));
        place.at(secs(second) + millis(1), place.eth1, priority.ping(&stacked, Echo::Request, 1));
        place.at(secs(second) + millis(2), place.eth2, stacked.ping(&untagged, Echo::Reply, 1));
        place.at(secs(second) + millis(3), place.eth2, stacked.arp_request(untagged.ip));
    }
    place.finish(
        "tags.pcapng",
        "A guest sends frames without tag and with a priority tag (VLAN 0); another is in a customer VLAN inside a service VLAN.",
    )
}

fn link_types() -> Capture {
    const ETHERNET: u16 = 1;
    const LOOPBACK: u16 = 772;
    let mut recording = Recording::default();
    let any = recording.interface_of("any", LinkType::LinuxSll);
    let any2 = recording.interface_of("any2", LinkType::LinuxSll2);
    let tun = recording.interface_of("tun0", LinkType::RawIp);
    let untagged = |station: &Station| Station { tags: Vec::new(), ..station.clone() };
    let place = Place::new();
    let (web, db, router) = (untagged(&place.web), untagged(&place.db), untagged(&place.router));
    let nobody = Station { mac: [0; 6], ip: [127, 0, 0, 1].into(), ..web.clone() };
    for second in (0..120).step_by(10) {
        let at = secs(second);
        recording.capture(at, any, sll(&web.arp_request(router.ip), ETHERNET));
        recording.capture(at + millis(1), any, sll(&web.ping(&router, Echo::Request, 1), ETHERNET));
        recording.capture(at + millis(2), any, sll(&nobody.ping(&nobody, Echo::Request, 1), LOOPBACK));
        recording.capture(at + millis(3), any2, sll2(&db.arp_request(router.ip), ETHERNET, 3));
        recording.capture(at + millis(4), any2, sll2(&db.ping6(&router, Echo::Request, 1), ETHERNET, 3));
        recording.capture(at + millis(5), tun, web.ping(&db, Echo::Request, 2).split_off(14));
        recording.capture(at + millis(6), tun, db.ping6(&web, Echo::Request, 2).split_off(14));
    }
    Place { recording, ..place }.finish(
        "link-types.pcapng",
        "Two guests in Linux cooked captures of both versions, a loopback interface, and packets without a link-layer header.",
    )
}

fn neighbours() -> Capture {
    let mut place = Place::new();
    let (web, db, router) = (place.web.clone(), place.db.clone(), place.router.clone());
    let prefix = [0x2001, 0xdb8, 1, 0, 0, 0, 0, 0].into();
    for (guest, interface, second) in [(&web, place.eth1, 1), (&db, place.eth2, 4)] {
        place.at(secs(second), interface, guest.report_listening());
        place.at(secs(second) + millis(1), interface, guest.detect_duplicate());
        place.at(secs(second + 1), interface, guest.solicit_routers());
        place.at(secs(second + 1) + millis(5), place.uplink, router.advertise_router(prefix));
    }
    for second in (10..120).step_by(10) {
        place.at(secs(second), place.eth1, web.solicit(db.ip6));
        place.at(secs(second) + micros(120), place.eth2, db.advertise(&web));
        place.at(secs(second) + micros(300), place.eth1, web.ping6(&db, Echo::Request, 1));
        place.at(secs(second) + micros(420), place.eth2, db.ping6(&web, Echo::Reply, 1));
        let line = web.udp6(&db, 50_514, 5514, b"web: all is well");
        place.at(secs(second) + millis(1), place.eth1, line);
    }
    place.at(secs(60), place.eth2, db.advertise_unasked());
    place.finish(
        "neighbours.pcapng",
        "Two guests find their router and each other by IPv6 neighbour discovery, from duplicate detection on.",
    )
}
