//! Who has an IP address: conflicts, and what only looks like one.

use std::net::Ipv4Addr;

use super::{Place, guest, micros, millis, secs};
use crate::pcap::Capture;
use crate::pcap::headers::Mac;
use crate::pcap::station::Station;

pub(super) fn all() -> Vec<Capture> {
    vec![address_conflict(), virtual_router(), many_addresses(), address_news()]
}

fn address_conflict() -> Capture {
    let mut place = Place::new();
    place.background(0..90);
    let (web, router) = (place.web.clone(), place.router.clone());
    let usurper = Station { ip: web.ip, ..place.db.clone() };
    for second in (20..80).step_by(10) {
        place.at(secs(second), place.eth2, usurper.gratuitous_arp());
        place.at(secs(second + 1), place.uplink, router.arp_request(web.ip));
        place.at(secs(second + 1) + micros(150), place.eth1, web.arp_reply(&router));
        place.at(secs(second + 1) + micros(250), place.eth2, usurper.arp_reply(&router));
    }
    place.finish(
        "address-conflict.pcapng",
        "Two recorded guests answer for the same IPv4 address, one of them unasked as well.",
    )
}

fn address_news() -> Capture {
    let mut place = Place::new();
    place.background(0..300);
    let (web, db, router) = (place.web.clone(), place.db.clone(), place.router.clone());
    // A floating address goes over to the other guest, and back two minutes later.
    let floating = Ipv4Addr::new(10, 1, 0, 200);
    let at_web = Station { ip: floating, ..web.clone() };
    let at_db = Station { ip: floating, ..db.clone() };
    place.at(secs(10), place.eth1, at_web.gratuitous_arp());
    place.at(secs(100), place.eth2, at_db.gratuitous_arp());
    place.at(secs(220), place.eth1, at_web.gratuitous_arp());
    // An address of another VLAN's subnet, and one from the link-local range, which belongs everywhere.
    let strayed = Station { ip: Ipv4Addr::new(10, 2, 0, 12), ..db.clone() };
    place.at(secs(130), place.eth2, strayed.gratuitous_arp());
    let unconfigured = Station { ip: Ipv4Addr::new(169, 254, 7, 12), ..db.clone() };
    place.at(secs(131), place.eth2, unconfigured.gratuitous_arp());
    // An answer in the name of the router, from a guest's own MAC.
    let lie = Station { ip: router.ip, ..router }.arp_reply(&web);
    let from_db = lie.iter().take(6).chain(&db.mac).chain(lie.iter().skip(12)).copied().collect();
    place.at(secs(150), place.eth2, from_db);
    place.finish(
        "address-news.pcapng",
        "A floating address goes over and comes back, a guest claims an address of another subnet and answers for the router.",
    )
}

fn virtual_router() -> Capture {
    const GROUP: u8 = 10;
    const VIRTUAL_MAC: Mac = [0x00, 0x00, 0x5e, 0x00, 0x01, GROUP];
    let mut place = Place::new();
    place.background(0..120);
    let address = Ipv4Addr::new(10, 1, 0, 254);
    let (first, second_router) = (guest(0x21), guest(0x22));
    let virtual_station = Station { mac: VIRTUAL_MAC, ip: address, ..guest(0x23) };
    let db = place.db.clone();
    for second in 0..120_u64 {
        let (router, interface) =
            if second % 30 < 15 { (&first, place.eth1) } else { (&second_router, place.eth2) };
        place.at(secs(second) + millis(500), interface, router.vrrp(GROUP, VIRTUAL_MAC, address));
        if second % 15 == 2 {
            place.at(secs(second), place.eth2, db.arp_request(address));
            place.at(secs(second) + micros(90), interface, virtual_station.arp_reply(&db));
        }
        if second % 15 == 0 {
            place.at(secs(second), interface, virtual_station.gratuitous_arp());
            place.at(secs(second) + millis(2), interface, router.arp_request(db.ip));
        }
    }
    place.finish(
        "virtual-router.pcapng",
        "Two routers in guests hand a virtual MAC and its address back and forth by VRRP.",
    )
}

fn many_addresses() -> Capture {
    let mut place = Place::new();
    place.background(0..90);
    let (router, web, db) = (place.router.clone(), place.web.clone(), place.db.clone());
    for second in 0..90_u8 {
        let far = Ipv4Addr::new(192, 0, 2, second + 1);
        place.at(secs(second.into()) + millis(100), place.uplink, router.forward(far, &web, b"payload"));
    }
    for second in (30..90).step_by(10) {
        place.at(secs(second) + millis(300), place.uplink, router.forward(web.ip, &db, b"hairpin"));
    }
    place.finish(
        "many-addresses.pcapng",
        "A router forwards packets of ninety far stations, and now and then one guest's to the other.",
    )
}
