//! Who has an IP address: conflicts, and what only looks like one.

use std::net::Ipv4Addr;

use super::{Place, guest, micros, millis, secs};
use crate::pcap::Capture;
use crate::pcap::headers::Mac;
use crate::pcap::station::Station;

pub(super) fn all() -> Vec<Capture> {
    vec![address_conflict(), virtual_router(), many_addresses()]
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
