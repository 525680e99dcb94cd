//! The data centre: who is where, and on which mirrored ports a frame is seen.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::pcap::headers::{Mac, Tag};
use crate::pcap::random::Random;
use crate::pcap::recording::{Interface, Recording};
use crate::pcap::station::Station;

pub(super) const HOSTS: usize = 12;
pub(super) const HOSTS_PER_RACK: usize = 6;
const GUESTS_PER_HOST_AND_ROLE: usize = 5;

/// The four kinds of ordinary guests; each has its VLAN and its subnets.
pub(super) const ROLES: [Role; 4] =
    [Role::new("web", 100), Role::new("app", 200), Role::new("db", 300), Role::new("infra", 400)];

/// What a guest is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    pub(super) name: &'static str,
    pub(super) vid: u16,
}

impl Role {
    const fn new(name: &'static str, vid: u16) -> Self {
        Self { name, vid }
    }

    /// The address of a number in the VLAN's subnet `10.20.<n>.0/24`.
    pub(super) fn ip(self, number: u8) -> Ipv4Addr {
        let third = u8::try_from(self.vid / 100).expect("a role's VLAN is small");
        Ipv4Addr::new(10, 20, third, number)
    }

    /// The address of a number in the VLAN's subnet, such as `2001:db8:20:100::/64`.
    pub(super) fn ip6(self, number: u16) -> Ipv6Addr {
        // The fourth group reads like the VLAN: 0x100 for 100.
        Ipv6Addr::new(0x2001, 0xdb8, 0x20, self.vid / 100 * 0x100, 0, 0, 0, number)
    }

    fn station(self, mac: Mac, number: u8) -> Station {
        Station { mac, ip: self.ip(number), ip6: self.ip6(number.into()), tags: vec![Tag::vlan(self.vid)] }
    }

    /// The gateway of the VLAN, which both routers can be: a virtual MAC with the first address.
    pub(super) fn gateway(self) -> Station {
        self.station([0x00, 0x00, 0x5e, 0x00, 0x01, self.group()], 1)
    }

    /// The number of its group of virtual routers.
    pub(super) fn group(self) -> u8 {
        u8::try_from(self.vid / 100 * 10).expect("a role's VLAN is small")
    }

    /// One of the two routers, under its own MAC.
    pub(super) fn router(self, number: u8) -> Station {
        self.station([0x00, 0x1c, 0x73, 0x20, 0x00, number], 1 + number)
    }
}

/// A recorded guest.
#[derive(Clone, Debug)]
pub(super) struct Guest {
    pub(super) id: String,
    pub(super) role: Role,
    pub(super) station: Station,
    /// The recorded host, from 0.
    pub(super) host: usize,
    /// The recorded run state.
    pub(super) state: &'static str,
    pub(super) home_address: Option<Ipv6Addr>,
}

impl Guest {
    pub(super) fn is_recorded_running(&self) -> bool {
        self.state == "running"
    }
}

/// Guests that are recorded as something else than running, and are silent (but for the zombie).
const NOT_RUNNING: &[(&str, &str)] = &[
    ("web-44", "powered-off"),
    ("app-03", "powered-off"),
    ("app-51", "powered-off"),
    ("db-17", "powered-off"),
    ("db-28", "powered-off"),
    ("db-60", "powered-off"),
    ("infra-13", "powered-off"),
    ("infra-39", "powered-off"),
    ("web-58", "paused"),
    ("app-19", "paused"),
    ("app-46", "suspended"),
    ("infra-52", "hibernated"),
    ("infra-55", "crashed"),
    ("web-60", "provisioning"),
];

/// Where a frame comes from, or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Behind the port of a host, from 0.
    Host(usize),
    /// Behind the uplinks.
    Core,
    /// Everywhere: a broadcast or a group.
    Everybody,
}

/// The data centre and the recording that is made of it.
pub(super) struct Place {
    pub(super) recording: Recording,
    pub(super) random: Random,
    pub(super) guests: Vec<Guest>,
    host_ports: Vec<Interface>,
    uplinks: Vec<Interface>,
}

impl Place {
    pub(super) fn new() -> Self {
        let mut recording = Recording::default();
        let host_ports = (0..HOSTS).map(|host| recording.interface(port_name(host))).collect();
        let uplinks = (0..2).map(|rack| recording.interface(uplink_name(rack))).collect();
        Self { recording, random: Random::new(0x0072_6f6c_6c63_616c), guests: guests(), host_ports, uplinks }
    }

    /// Returns the guest of an id that is known to exist.
    pub(super) fn guest(&self, id: &str) -> Guest {
        let found = self.guests.iter().find(|guest| guest.id == id);
        found.expect("the story names guests that exist").clone()
    }

    /// Sends a frame: every mirrored port through which it enters a switch captures it.
    pub(super) fn send(&mut self, at: Duration, from: End, to: End, frame: Vec<u8>) {
        const BETWEEN_RACKS: Duration = Duration::from_micros(38);
        let (from_rack, to_rack) = (rack_of(from), rack_of(to));
        for (rack, uplink) in self.uplinks.iter().enumerate() {
            let reaches = to == End::Everybody || to_rack == Some(rack);
            if reaches && from_rack != Some(rack) {
                self.recording.capture(at + BETWEEN_RACKS, *uplink, frame.clone());
            }
        }
        if let End::Host(host) = from {
            self.recording.capture(at, self.host_ports[host], frame);
        }
    }

    /// Returns a random time between two, with a resolution of microseconds.
    pub(super) fn moment(&mut self, from: Duration, to: Duration) -> Duration {
        let micros = |time: Duration| u64::try_from(time.as_micros()).expect("ten minutes are short");
        Duration::from_micros(self.random.between(micros(from), micros(to)))
    }
}

/// The number of the switch's port to a host: `tor-1:eth3`.
pub(super) fn port_name(host: usize) -> String {
    format!("tor-{}:eth{}", host / HOSTS_PER_RACK + 1, host % HOSTS_PER_RACK + 1)
}

pub(super) fn uplink_name(rack: usize) -> String {
    format!("tor-{}:eth49", rack + 1)
}

/// The management interface of a host, which is in no guest's VLAN.
pub(super) fn host_station(host: usize) -> Station {
    let number = octet(host + 1);
    Station {
        mac: [0x3c, 0xec, 0xef, 0x20, 0x00, number],
        ip: Ipv4Addr::new(10, 20, 0, 100 + number),
        ip6: Ipv6Addr::new(0x2001, 0xdb8, 0x20, 0, 0, 0, 1, u16::from(number)),
        tags: vec![Tag::vlan(10)],
    }
}

/// The management network's gateway.
pub(super) fn management_gateway() -> Station {
    Station {
        mac: [0x00, 0x1c, 0x73, 0x20, 0x00, 1],
        ip: Ipv4Addr::new(10, 20, 0, 1),
        ip6: Ipv6Addr::new(0x2001, 0xdb8, 0x20, 0, 0, 0, 0, 1),
        tags: vec![Tag::vlan(10)],
    }
}

fn rack_of(end: End) -> Option<usize> {
    match end {
        End::Host(host) => Some(host / HOSTS_PER_RACK),
        End::Core | End::Everybody => None,
    }
}

/// Every recorded guest: five of each role on each host, the home agent, the mobile node and the twin.
fn guests() -> Vec<Guest> {
    let mut guests = Vec::new();
    for role in ROLES {
        for row in 0..GUESTS_PER_HOST_AND_ROLE {
            for host in 0..HOSTS {
                guests.push(ordinary_guest(role, row * HOSTS + host + 1, host));
            }
        }
    }
    let [web, ..] = ROLES;
    let mut agent = ordinary_guest(web, 200, 1);
    agent.id = "home-agent-01".to_owned();
    agent.station.ip6 = HOME_AGENT;
    guests.push(agent);
    let mut node = ordinary_guest(web, 201, 4);
    node.id = "field-01".to_owned();
    node.home_address = Some(HOME_ADDRESS);
    guests.push(node);
    guests.push(twin(&guests));
    guests
}

/// A copy of `web-05` with its addresses that was made before an upgrade, and is kept powered off on another
/// host: as long as it is off, the shared address is nobody's mistake.
fn twin(guests: &[Guest]) -> Guest {
    let original = guests.iter().find(|guest| guest.id == "web-05");
    Guest {
        id: "web-05-before-upgrade".to_owned(),
        host: 6,
        state: "powered-off",
        ..original.expect("every role has a fifth guest").clone()
    }
}

/// The home agent's address, on the home link.
pub(super) const HOME_AGENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x20, 0x99, 0, 0, 0, 1);
/// The mobile node's address on the home link.
pub(super) const HOME_ADDRESS: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x20, 0x99, 0, 0, 0, 0x50);

fn ordinary_guest(role: Role, number: usize, host: usize) -> Guest {
    let id = format!("{}-{number:02}", role.name);
    let number = octet(number);
    // The first rack runs KVM, the second VMware, each with its maker's prefix.
    let [a, b, c] = if host < HOSTS_PER_RACK { [0x52, 0x54, 0x00] } else { [0x00, 0x50, 0x56] };
    let mac = [a, b, c, 0x20, role.group() / 10, number];
    let state = NOT_RUNNING.iter().find(|(named, _)| *named == id);
    Guest {
        role,
        station: role.station(mac, if number < 200 { number + 10 } else { number }),
        host,
        state: state.map_or("running", |(_, state)| state),
        home_address: None,
        id,
    }
}

fn octet(number: usize) -> u8 {
    u8::try_from(number).expect("the data centre is small")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn only_the_twin_shares_an_address() {
        let guests = guests();
        assert_eq!(guests.len(), 243);
        let macs: BTreeSet<Mac> = guests.iter().map(|guest| guest.station.mac).collect();
        let ips: BTreeSet<Ipv4Addr> = guests.iter().map(|guest| guest.station.ip).collect();
        assert_eq!((macs.len(), ips.len()), (242, 242));
    }

    #[test]
    fn every_exception_names_a_guest() {
        let place = Place::new();
        for (id, state) in NOT_RUNNING {
            assert_eq!(place.guest(id).state, *state);
        }
    }

    #[test]
    fn a_frame_to_the_other_rack_is_captured_twice() {
        let mut place = Place::new();
        for (to, captured) in [(End::Host(1), 1), (End::Host(7), 2), (End::Core, 1), (End::Everybody, 2)] {
            let before = place.recording.frames();
            place.send(Duration::ZERO, End::Host(0), to, vec![0; 60]);
            assert_eq!(place.recording.frames() - before, captured, "{to:?}");
        }
        let before = place.recording.frames();
        place.send(Duration::ZERO, End::Core, End::Everybody, vec![0; 60]);
        assert_eq!(place.recording.frames() - before, 2);
    }
}
