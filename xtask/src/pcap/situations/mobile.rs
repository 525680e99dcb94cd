//! A mobile node of Mobile IPv6: the guest `field` with a home address, whose home agent is a guest too.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::{Place, guest, millis, secs};
use crate::pcap::Capture;
use crate::pcap::headers::IPV6;
use crate::pcap::mobility::Registration;
use crate::pcap::station::Station;

const HOME_ADDRESS: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x99, 0, 0, 0, 0, 0x50);
const HOME_AGENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x99, 0, 0, 0, 0, 1);
/// In a subnet of the recorded host.
const NEAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x50);
/// In a subnet of the recorded host that is reached by the router.
const AWAY: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 0x50);
/// In a subnet of another site.
const FAR: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x77, 0, 0, 0, 0, 0x50);

const ACCEPTED: u8 = 0;
const NOT_HOME_SUBNET: u8 = 132;

pub(super) fn all() -> Vec<Capture> {
    vec![returns_home(), stays_away(), roams(), refused(), stale_sequence()]
}

/// The mobile node behind `hv-01`, and its home agent behind `hv-02`.
struct Mobile {
    place: Place,
    node: Station,
    agent: Station,
}

impl Mobile {
    fn new(seconds: u64) -> Self {
        let mut place = Place::new();
        place.background(0..seconds);
        Self { node: guest(0x50), agent: place.db.clone(), place }
    }

    /// The node registers from its own place behind `hv-01`.
    fn near(&mut self, at: Duration, registration: &Registration) {
        let frame = self.node.frame(self.agent.mac, IPV6, &registration.update());
        self.place.at(at, self.place.eth1, frame);
    }

    /// The node registers from elsewhere: its packets arrive by the router.
    fn far(&mut self, at: Duration, registration: &Registration) {
        let frame = self.place.router.frame(self.agent.mac, IPV6, &registration.update());
        self.place.at(at, self.place.uplink, frame);
    }

    /// The home agent answers a little later.
    fn answer(&mut self, at: Duration, registration: &Registration, status: u8) {
        let to =
            if [FAR, AWAY].contains(&registration.care_of) { self.place.router.mac } else { self.node.mac };
        let frame = self.agent.frame(to, IPV6, &registration.acknowledgement(status));
        self.place.at(at + millis(4), self.place.eth2, frame);
    }
}

fn registration(care_of: Ipv6Addr, sequence: u16, lifetime: u64) -> Registration {
    Registration {
        home_address: HOME_ADDRESS,
        home_agent: HOME_AGENT,
        care_of,
        sequence,
        lifetime: secs(lifetime),
    }
}

fn returns_home() -> Capture {
    let mut mobile = Mobile::new(160);
    for (sequence, second) in [(65534, 10), (65535, 50), (0, 90)] {
        let binding = registration(NEAR, sequence, 60);
        mobile.near(secs(second), &binding);
        mobile.answer(secs(second), &binding, ACCEPTED);
    }
    let home = registration(HOME_ADDRESS, 1, 0);
    mobile.near(secs(130), &home);
    mobile.answer(secs(130), &home, ACCEPTED);
    mobile.place.finish(
        "mobile-returns-home.pcapng",
        "A mobile node registers in a subnet of its host, refreshes twice past sequence number 65535, and returns home.",
    )
}

fn stays_away() -> Capture {
    let mut mobile = Mobile::new(500);
    let node = mobile.node.clone();
    let eth1 = mobile.place.eth1;
    mobile.place.talk_steadily(0..40, 10, eth1, &node);
    for (sequence, second) in (1..).zip((50..500).step_by(60)) {
        let binding = registration(AWAY, sequence, 120);
        mobile.far(secs(second), &binding);
        mobile.answer(secs(second), &binding, ACCEPTED);
    }
    mobile.place.finish(
        "mobile-stays-away.pcapng",
        "A mobile node leaves the wire in sight and goes on registering from another subnet of its host's.",
    )
}

fn roams() -> Capture {
    let mut mobile = Mobile::new(200);
    let near = registration(NEAR, 1, 300);
    mobile.near(secs(10), &near);
    mobile.answer(secs(10), &near, ACCEPTED);
    for (sequence, second) in [(2, 60), (3, 120), (4, 180)] {
        let far = registration(FAR, sequence, 120);
        mobile.far(secs(second), &far);
        mobile.answer(secs(second), &far, ACCEPTED);
    }
    mobile.place.finish(
        "mobile-roams.pcapng",
        "A mobile node leaves its host's subnet and registers from a subnet of another site.",
    )
}

fn refused() -> Capture {
    let mut mobile = Mobile::new(160);
    for (sequence, second) in [(1, 20), (2, 24), (3, 32)] {
        let far = registration(FAR, sequence, 120);
        mobile.far(secs(second), &far);
        mobile.answer(secs(second), &far, NOT_HOME_SUBNET);
    }
    mobile.place.finish(
        "mobile-refused.pcapng",
        "A home agent refuses every registration of a mobile node with status 132.",
    )
}

fn stale_sequence() -> Capture {
    let mut mobile = Mobile::new(160);
    let near = registration(NEAR, 100, 300);
    mobile.near(secs(20), &near);
    mobile.answer(secs(20), &near, ACCEPTED);
    mobile.far(secs(40), &registration(FAR, 99, 120));
    let refresh = registration(NEAR, 101, 300);
    mobile.near(secs(100), &refresh);
    mobile.answer(secs(100), &refresh, ACCEPTED);
    mobile.place.finish(
        "mobile-stale-sequence.pcapng",
        "An old registration from another site arrives after a newer one from the right place.",
    )
}
