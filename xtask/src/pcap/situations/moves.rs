//! Guests at another place, and guests that only seem to be.

use super::{Place, micros, millis, secs};
use crate::pcap::Capture;
use crate::pcap::recording::Interface;
use crate::pcap::station::{Echo, Station};

/// When QEMU announces a guest after a migration (and also when it is merely told to).
const ANNOUNCEMENTS_MS: [u64; 5] = [0, 50, 200, 450, 800];

pub(super) fn all() -> Vec<Capture> {
    vec![misplaced_at_start(), silent_move(), announced_move(), mere_announcement(), mirror_copies()]
}

fn misplaced_at_start() -> Capture {
    let mut place = Place::new();
    let (web, db) = (place.web.clone(), place.db.clone());
    place.talk_steadily(0..120, 10, place.eth2, &web);
    place.talk_steadily(3..120, 20, place.eth2, &db);
    place.finish(
        "misplaced-at-start.pcapng",
        "A guest that is recorded on hv-01 is behind hv-02 from the first frame on.",
    )
}

fn silent_move() -> Capture {
    let mut place = Place::new();
    let (web, db) = (place.web.clone(), place.db.clone());
    place.talk_steadily(0..60, 5, place.eth1, &web);
    place.talk_steadily(62..200, 5, place.eth2, &web);
    place.talk_steadily(3..200, 20, place.eth2, &db);
    place.finish("silent-move.pcapng", "A guest leaves hv-01 for hv-02 without a word and without a record.")
}

fn announced_move() -> Capture {
    let mut place = Place::new();
    let (web, db) = (place.web.clone(), place.db.clone());
    place.talk_steadily(0..60, 5, place.eth1, &web);
    let eth2 = place.eth2;
    announce(&mut place, 60, eth2, &web);
    place.talk_steadily(62..200, 5, place.eth2, &web);
    place.talk_steadily(3..200, 20, place.eth2, &db);
    place.finish(
        "announced-move.pcapng",
        "A live migration from hv-01 to hv-02 with its five RARP announcements, not recorded.",
    )
}

fn mere_announcement() -> Capture {
    let mut place = Place::new();
    place.background(0..120);
    let web = place.web.clone();
    let eth1 = place.eth1;
    announce(&mut place, 30, eth1, &web);
    place.at(secs(35), place.eth1, web.gratuitous_arp());
    place.at(secs(36), place.eth1, web.advertise_unasked());
    place.finish(
        "mere-announcement.pcapng",
        "A guest is announced by RARP, ARP and neighbour advertisement where it has been all along.",
    )
}

fn mirror_copies() -> Capture {
    let mut place = Place::new();
    let (web, db) = (place.web.clone(), place.db.clone());
    for (number, second) in (0..120).step_by(2).enumerate() {
        let sequence = u16::try_from(number).expect("there are few");
        let request = web.ping(&db, Echo::Request, sequence);
        let reply = db.ping(&web, Echo::Reply, sequence);
        place.at(secs(second), place.eth1, request.clone());
        place.at(secs(second) + micros(200), place.eth2, request);
        place.at(secs(second) + millis(3), place.eth2, reply.clone());
        place.at(secs(second) + millis(3) + micros(700), place.eth1, reply);
    }
    place.finish(
        "mirror-copies.pcapng",
        "The mirror delivers each frame twice, at both ports it passes, within a millisecond.",
    )
}

fn announce(place: &mut Place, second: u64, interface: Interface, guest: &Station) {
    for offset in ANNOUNCEMENTS_MS {
        place.at(secs(second) + millis(offset), interface, guest.rarp());
    }
}
