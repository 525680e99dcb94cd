//! Guests that are not recorded, or not as they are.

use super::{Place, guest, micros, millis, secs};
use crate::pcap::recording::Recording;
use crate::pcap::station::{Echo, Station};
use crate::pcap::{Capture, Format};

pub(super) fn all() -> Vec<Capture> {
    vec![
        unknown_guest(),
        unknown_station(),
        duplicate_guest(),
        zombie_guest(),
        silent_guest(),
        silent_port(),
        planned_quiet(),
    ]
}

fn unknown_guest() -> Capture {
    let mut place = Place::new();
    place.background(0..60);
    let rogue = guest(0x66);
    place.at(secs(10), place.eth2, rogue.arp_probe());
    place.at(secs(12), place.eth2, rogue.gratuitous_arp());
    place.talk_steadily(14..60, 5, place.eth2, &rogue);
    place.finish(
        "unknown-guest.pcapng",
        "A MAC address of a hypervisor's range that no inventory has begins to talk behind hv-02.",
    )
}

fn unknown_station() -> Capture {
    let mut recording = Recording::default();
    let tap = recording.interface("tap");
    let router = Station { mac: [0x00, 0x1c, 0x73, 0x00, 0x00, 0x01], tags: Vec::new(), ..guest(0x01) };
    let printer = Station { mac: [0x00, 0x1b, 0xa9, 0x01, 0x02, 0x03], tags: Vec::new(), ..guest(0x70) };
    for second in (0..60).step_by(10) {
        recording.capture(secs(second), tap, printer.arp_request(router.ip));
        recording.capture(secs(second) + micros(200), tap, router.arp_reply(&printer));
        recording.capture(secs(second) + millis(1), tap, printer.ping(&router, Echo::Request, 1));
        recording.capture(secs(second) + millis(2), tap, router.ping(&printer, Echo::Reply, 1));
    }
    Capture {
        file: "unknown-station.pcap",
        shows: "A station that is no guest and that nobody recorded talks to the router; untagged, plain pcap.",
        format: Format::Pcap,
        recording,
    }
}

fn duplicate_guest() -> Capture {
    let mut place = Place::new();
    place.background(0..90);
    let web = place.web.clone();
    for second in (20..90).step_by(4) {
        place.talk(secs(second), place.eth1, &web);
        place.talk(secs(second + 2), place.eth2, &web);
    }
    place.finish(
        "duplicate-guest.pcapng",
        "One MAC address talks behind hv-01 and behind hv-02 in turn, every two seconds.",
    )
}

fn zombie_guest() -> Capture {
    let mut place = Place::new();
    let (web, db) = (place.web.clone(), place.db.clone());
    place.talk_steadily(0..60, 10, place.eth1, &web);
    place.talk_steadily(15..60, 10, place.eth2, &db);
    place.finish(
        "zombie-guest.pcapng",
        "A guest that is recorded as powered off for hours talks from its recorded host.",
    )
}

fn silent_guest() -> Capture {
    let mut place = Place::new();
    let (web, db) = (place.web.clone(), place.db.clone());
    // The host itself goes on talking, so that its port is seen not to be dead.
    let host = Station { mac: [0x3c, 0xec, 0xef, 0x00, 0x00, 0x01], ..guest(0x21) };
    place.talk_steadily(0..40, 10, place.eth1, &web);
    place.talk_steadily(0..500, 20, place.eth1, &host);
    place.talk_steadily(0..500, 20, place.eth2, &db);
    place.finish(
        "silent-guest.pcapng",
        "A guest that is recorded as running falls silent after half a minute; its host and the other guest go on.",
    )
}

fn silent_port() -> Capture {
    let mut place = Place::new();
    let (web, db) = (place.web.clone(), place.db.clone());
    place.talk_steadily(0..40, 10, place.eth1, &web);
    place.talk_steadily(0..500, 20, place.eth2, &db);
    place.finish(
        "silent-port.pcapng",
        "From a host's port comes nothing at all after half a minute: the mirror is blind, its guests may be well.",
    )
}

fn planned_quiet() -> Capture {
    let mut place = Place::new();
    let web = place.web.clone();
    place.talk_steadily(0..500, 30, place.eth1, &web);
    place.finish(
        "planned-quiet.pcapng",
        "One guest of many talks; the others are recorded as off, paused, suspended and hibernated.",
    )
}
