//! One small capture for each situation that the audit knows, and for those it must not fall for.
//!
//! All play in the same small place: the switch `tor-1` with the hosts `hv-01` and `hv-02` behind its ports
//! `eth1` and `eth2`, a router behind its uplink `eth49`, and an ingress mirror of each of the three, which
//! gives a pcapng interface of that name.

mod addresses;
mod crowds;
mod guests;
mod links;
mod mobile;
mod moves;
mod overlays;
mod services;

use std::net::Ipv4Addr;
use std::time::Duration;

use super::headers::Tag;
use super::recording::{Interface, Recording};
use super::station::{Echo, Station};
use super::{Capture, Format};

/// Makes every capture.
pub(super) fn all() -> Vec<Capture> {
    let rooms = [
        guests::all(),
        crowds::all(),
        moves::all(),
        addresses::all(),
        mobile::all(),
        links::all(),
        overlays::all(),
        services::all(),
    ];
    rooms.into_iter().flatten().collect()
}

/// The small place, and the recording that is made of it.
struct Place {
    recording: Recording,
    /// Ingress of the port of `hv-01`.
    eth1: Interface,
    /// Ingress of the port of `hv-02`.
    eth2: Interface,
    /// Ingress of the uplink.
    uplink: Interface,
    /// A guest of `hv-01`.
    web: Station,
    /// A guest of `hv-02`.
    db: Station,
    /// Behind the uplink.
    router: Station,
}

impl Place {
    fn new() -> Self {
        let mut recording = Recording::default();
        Self {
            eth1: recording.interface("tor-1:eth1"),
            eth2: recording.interface("tor-1:eth2"),
            uplink: recording.interface("tor-1:eth49"),
            recording,
            web: guest(0x11),
            db: guest(0x12),
            router: Station { mac: [0x00, 0x1c, 0x73, 0x00, 0x00, 0x01], ..guest(0x01) },
        }
    }

    fn at(&mut self, at: Duration, interface: Interface, frame: Vec<u8>) {
        self.recording.capture(at, interface, frame);
    }

    /// The guest asks for the router, which answers, and pings it.
    fn talk(&mut self, at: Duration, interface: Interface, guest: &Station) {
        let router = self.router.clone();
        self.at(at, interface, guest.arp_request(router.ip));
        self.at(at + micros(180), self.uplink, router.arp_reply(guest));
        self.at(at + micros(400), interface, guest.ping(&router, Echo::Request, 1));
        self.at(at + micros(650), self.uplink, router.ping(guest, Echo::Reply, 1));
    }

    /// The guest talks at a steady pace, from the one second to just before the other.
    fn talk_steadily(
        &mut self,
        seconds: core::ops::Range<u64>,
        pace: usize,
        interface: Interface,
        guest: &Station,
    ) {
        for second in seconds.step_by(pace) {
            self.talk(secs(second), interface, guest);
        }
    }

    /// Both recorded guests talk at their places.
    fn background(&mut self, seconds: core::ops::Range<u64>) {
        let (web, db) = (self.web.clone(), self.db.clone());
        self.talk_steadily(seconds.clone(), 20, self.eth1, &web);
        self.talk_steadily(seconds.start + 3..seconds.end, 20, self.eth2, &db);
    }

    fn finish(self, file: &'static str, shows: &'static str) -> Capture {
        Capture { file, shows, format: Format::Pcapng, recording: self.recording }
    }
}

/// The guest of a number of two digits, such as `0x11`: its MAC and its addresses end in these digits.
fn guest(number: u8) -> Station {
    Station {
        mac: [0x52, 0x54, 0x00, 0x00, 0x00, number],
        ip: Ipv4Addr::new(10, 1, 0, number / 16 * 10 + number % 16),
        ip6: [0x2001, 0xdb8, 1, 0, 0, 0, 0, u16::from(number)].into(),
        tags: vec![Tag::vlan(100)],
    }
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}
