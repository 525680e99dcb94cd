//! Many guests that have the same trouble at once.

use super::{Place, guest, millis, secs};
use crate::pcap::Capture;
use crate::pcap::station::Station;

/// How many guests there are on `hv-01`.
const CROWD: u8 = 40;

pub(super) fn all() -> Vec<Capture> {
    vec![forty_silent(), forty_return()]
}

fn forty_silent() -> Capture {
    let mut place = Place::new();
    crowd_falls_silent(&mut place);
    host_talks(&mut place, 0..345);
    place.finish(
        "forty-silent.pcapng",
        "Forty guests of hv-01 fall silent at half a minute, all at once, while their host and the other go on.",
    )
}

fn forty_return() -> Capture {
    let mut place = Place::new();
    crowd_falls_silent(&mut place);
    for member in 0..CROWD {
        let at = secs(400) + millis(100) * u32::from(member);
        place.at(at, place.eth1, crowd(member).gratuitous_arp());
    }
    host_talks(&mut place, 0..415);
    place.finish(
        "forty-return.pcapng",
        "Forty guests of hv-01 fall silent at half a minute and are back at 400 seconds.",
    )
}

/// Each of the crowd talks twice, the last time before second 30.
fn crowd_falls_silent(place: &mut Place) {
    for second in [0, 20] {
        for member in 0..CROWD {
            let at = secs(second) + millis(100) * u32::from(member);
            place.talk(at, place.eth1, &crowd(member));
        }
    }
}

/// The host and the guest on the other one go on talking, so that both ports are seen not to be dead.
fn host_talks(place: &mut Place, seconds: core::ops::Range<u64>) {
    let host = Station { mac: [0x3c, 0xec, 0xef, 0x00, 0x00, 0x01], ..guest(0x02) };
    let db = place.db.clone();
    place.talk_steadily(seconds.start + 5..seconds.end, 15, place.eth1, &host);
    place.talk_steadily(seconds.start + 10..seconds.end, 15, place.eth2, &db);
}

/// One of the crowd: its MAC address ends in `0c` and its number.
fn crowd(member: u8) -> Station {
    let mut station = guest(0x11);
    station.mac[4..].copy_from_slice(&[0x0c, member + 1]);
    station.ip = [10, 1, 0, 100 + member].into();
    station
}
