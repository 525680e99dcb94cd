//! Guests that are seen only inside tunnels, or behind ports that a tag names.
//!
//! The underlay is the segment of the hosts' tunnel ends, `10.9.0.1` on `hv-01` and `10.9.0.2` on `hv-02`, of
//! which the interface `underlay` gives both directions: where a guest is, only the tunnel tells.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{Place, guest, micros, millis, secs};
use crate::pcap::Capture;
use crate::pcap::mobility::Registration;
use crate::pcap::recording::{Interface, Recording};
use crate::pcap::station::{Echo, Station};
use crate::pcap::tunnels::{Mirrored, e_tag, vn_tag};

const VNI: u32 = 5001;
const OTHER_VNI: u32 = 5002;

pub(super) fn all() -> Vec<Capture> {
    vec![
        vxlan_guests(),
        vxlan_misplaced(),
        vxlan_move(),
        overlapping_networks(),
        geneve_and_gre(),
        erspan_mirror(),
        port_extender(),
        mobile_through_tunnel(),
    ]
}

/// How a host sends a guest's frame to another host.
type Wrap = fn(&Station, &Station, &[u8]) -> Vec<u8>;

/// The two tunnel ends and the tap between them.
struct Underlay {
    recording: Recording,
    tap: Interface,
    /// The tunnel end of `hv-01`.
    first: Station,
    /// The tunnel end of `hv-02`.
    second: Station,
    web: Station,
    db: Station,
}

impl Underlay {
    fn new() -> Self {
        let mut recording = Recording::default();
        let tap = recording.interface("underlay");
        let end = |number: u8| Station {
            mac: [0x3c, 0xec, 0xef, 0, 0, number],
            ip: Ipv4Addr::new(10, 9, 0, number),
            ip6: Ipv6Addr::new(0x2001, 0xdb8, 9, 0, 0, 0, 0, u16::from(number)),
            tags: Vec::new(),
        };
        let inside = |number| Station { tags: Vec::new(), ..guest(number) };
        Self { recording, tap, first: end(1), second: end(2), web: inside(0x11), db: inside(0x12) }
    }

    fn at(&mut self, at: Duration, frame: Vec<u8>) {
        self.recording.capture(at, self.tap, frame);
    }

    /// Two guests at these ends resolve and ping each other.
    fn talk(&mut self, at: Duration, wrap: Wrap, [one, other]: [(&Station, &Station); 2]) {
        let ((end, guest), (other_end, peer)) = (one, other);
        self.at(at, wrap(end, other_end, &guest.arp_request(peer.ip)));
        self.at(at + micros(210), wrap(other_end, end, &peer.arp_reply(guest)));
        self.at(at + micros(400), wrap(end, other_end, &guest.ping(peer, Echo::Request, 1)));
        self.at(at + micros(620), wrap(other_end, end, &peer.ping(guest, Echo::Reply, 1)));
    }

    fn finish(self, file: &'static str, shows: &'static str) -> Capture {
        Place { recording: self.recording, ..Place::new() }.finish(file, shows)
    }
}

fn in_vxlan(from: &Station, to: &Station, frame: &[u8]) -> Vec<u8> {
    from.vxlan(to, VNI, frame)
}

fn vxlan_guests() -> Capture {
    let mut underlay = Underlay::new();
    let Underlay { first, second, web, db, .. } = &Underlay::new();
    for second_of_run in (0..200).step_by(10) {
        underlay.talk(secs(second_of_run), in_vxlan, [(first, web), (second, db)]);
    }
    underlay.finish(
        "vxlan-guests.pcapng",
        "Two guests talk through VXLAN, each behind the tunnel end of the host that it is recorded on.",
    )
}

fn vxlan_misplaced() -> Capture {
    let mut underlay = Underlay::new();
    let Underlay { first, second, web, db, .. } = &Underlay::new();
    let router = &Station { tags: Vec::new(), ..Place::new().router };
    for second_of_run in (0..200).step_by(10) {
        let at = secs(second_of_run);
        underlay.talk(at, in_vxlan, [(second, web), (first, router)]);
        underlay.talk(at + millis(5), in_vxlan, [(second, db), (first, router)]);
    }
    underlay.finish(
        "vxlan-misplaced.pcapng",
        "A guest that is recorded on hv-01 is behind the VXLAN tunnel end of hv-02 from the first frame on.",
    )
}

fn vxlan_move() -> Capture {
    let mut underlay = Underlay::new();
    let Underlay { first, second, web, .. } = &Underlay::new();
    let router = &Station { tags: Vec::new(), ..Place::new().router };
    for second_of_run in (0..60).step_by(5) {
        underlay.talk(secs(second_of_run), in_vxlan, [(first, web), (second, router)]);
    }
    for offset in [0, 50, 200, 450, 800] {
        underlay.at(secs(60) + millis(offset), in_vxlan(second, first, &web.rarp()));
    }
    for second_of_run in (62..200).step_by(5) {
        underlay.talk(secs(second_of_run), in_vxlan, [(second, web), (first, router)]);
    }
    underlay.finish(
        "vxlan-move.pcapng",
        "A live migration between two VXLAN tunnel ends, with its RARP announcements inside the overlay, not recorded.",
    )
}

fn overlapping_networks() -> Capture {
    let mut underlay = Underlay::new();
    let Underlay { first, second, web, db, .. } = &Underlay::new();
    let in_other: Wrap = |from, to, frame| from.vxlan(to, OTHER_VNI, frame);
    for second_of_run in (0..200).step_by(4) {
        let at = secs(second_of_run);
        underlay.talk(at, in_vxlan, [(first, web), (second, db)]);
        underlay.talk(at + secs(2), in_other, [(second, web), (first, db)]);
    }
    underlay.finish(
        "overlapping-networks.pcapng",
        "Two tenants use the same MAC and IP addresses in VXLAN networks of their own, at different tunnel ends.",
    )
}

fn geneve_and_gre() -> Capture {
    let mut underlay = Underlay::new();
    let Underlay { first, second, web, db, .. } = &Underlay::new();
    let in_geneve: Wrap = |from, to, frame| from.geneve(to, VNI, frame);
    let in_gre: Wrap = |from, to, frame| from.gre(to, VNI << 8, frame);
    for second_of_run in (0..100).step_by(10) {
        underlay.talk(secs(second_of_run), in_geneve, [(first, web), (second, db)]);
        underlay.talk(secs(100 + second_of_run), in_gre, [(first, web), (second, db)]);
    }
    underlay.finish(
        "geneve-and-gre.pcapng",
        "Two guests talk through Geneve and later through GRE with a key, as NVGRE uses it.",
    )
}

fn erspan_mirror() -> Capture {
    let mut underlay = Underlay::new();
    let Underlay { first, second, web, db, .. } = &Underlay::new();
    let mut sequence = 0;
    let mut mirror = |port, frame: &[u8]| {
        sequence += 1;
        first.erspan(second, &Mirrored { session: 7, sequence, vid: 100, port, frame })
    };
    for second_of_run in (0..100).step_by(5) {
        let at = secs(second_of_run);
        let request = mirror(1, &web.ping(db, Echo::Request, 1));
        let reply = mirror(2, &db.ping(web, Echo::Reply, 1));
        underlay.at(at, request);
        underlay.at(at + micros(300), reply);
    }
    underlay.finish(
        "erspan-mirror.pcapng",
        "A switch mirrors untagged frames of two guests by ERSPAN, whose header says that they are in VLAN 100.",
    )
}

fn port_extender() -> Capture {
    let mut place = Place::new();
    let (web, db, router) = (place.web.clone(), place.db.clone(), place.router.clone());
    let uplink = place.uplink;
    let mark = |guest: &Station, frame: &[u8]| {
        if guest.mac == web.mac { e_tag(frame, 17) } else { vn_tag(frame, 18) }
    };
    for second in (0..120).step_by(10) {
        for (guest, interface) in [(&web, place.eth1), (&db, place.eth2)] {
            place.at(secs(second), interface, mark(guest, &guest.arp_request(router.ip)));
            place.at(secs(second) + micros(200), uplink, router.arp_reply(guest));
            place.at(
                secs(second) + micros(400),
                interface,
                mark(guest, &guest.ping(&router, Echo::Request, 1)),
            );
        }
    }
    place.finish(
        "port-extender.pcapng",
        "Port extenders behind two mirrored ports mark the frames of a guest with the E-tag or VN-tag of its port.",
    )
}

fn mobile_through_tunnel() -> Capture {
    let mut place = Place::new();
    place.background(0..200);
    let (agent, router) = (place.db.clone(), place.router.clone());
    let home_agent = Ipv6Addr::new(0x2001, 0xdb8, 0x99, 0, 0, 0, 0, 1);
    let tunnel_end = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0xfe);
    for (sequence, second) in [(1, 10), (2, 60), (3, 120), (4, 180)] {
        let registration = Registration {
            home_address: Ipv6Addr::new(0x2001, 0xdb8, 0x99, 0, 0, 0, 0, 0x50),
            home_agent,
            care_of: Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 0x50),
            sequence,
            lifetime: secs(120),
        };
        let update = router.ip6_tunnel(&agent, tunnel_end, &registration.update());
        place.at(secs(second), place.uplink, update);
        let answer = agent.ip6_tunnel(&router, router.ip6, &registration.acknowledgement(0));
        place.at(secs(second) + millis(4), place.eth2, answer);
    }
    place.finish(
        "mobile-through-tunnel.pcapng",
        "A mobile node registers from a subnet of another site, its messages in an IPv6 tunnel between two routers.",
    )
}
