//! What does not change in a simulated data centre: hosts, switches, links, routers, and what is mirrored.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::dice::Dice;
use crate::pcap::headers::{Mac, Tag};
use crate::pcap::station::Station;

/// The VLANs of guests that are bridged to the wire.
pub(super) const VLANS: [u16; 3] = [10, 20, 30];
/// The overlay networks of guests that are behind tunnel ends.
pub(super) const OVERLAYS: [u32; 2] = [5001, 5002];
/// The names of the two switches.
pub(super) const SWITCHES: [&str; 2] = ["tor-1", "tor-2"];
/// The port of each switch that leads to the other.
pub(super) const UPLINK: &str = "eth49";
/// The port of each switch that leads to a router.
const ROUTER_PORT: &str = "eth48";

/// A capture point: the mirror of one switch port, of the frames that enter the switch there.
pub(super) struct Point {
    pub(super) switch: usize,
    pub(super) port: String,
}

impl Point {
    /// Returns its name, which is the name of the capture's interface too.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", SWITCHES[self.switch], self.port)
    }
}

/// A machine that guests run on.
pub(super) struct Host {
    pub(super) id: String,
    /// Its own addresses, untagged; its management address is its tunnel endpoint.
    pub(super) station: Station,
    /// The capture points of its links: one, or two of bonded links.
    pub(super) links: Vec<usize>,
}

/// One of the two routers that back each other up.
pub(super) struct Router {
    pub(super) mac: Mac,
    pub(super) link: usize,
}

/// Hosts, routers and mirrors.
pub(super) struct Site {
    pub(super) hosts: Vec<Host>,
    pub(super) routers: [Router; 2],
    pub(super) points: Vec<Point>,
    /// The capture points of the two uplinks.
    pub(super) uplinks: [usize; 2],
}

impl Site {
    /// Builds a site for so many guests. Every third host has a second link, to the other switch.
    pub(super) fn new(guests: usize, dice: &mut Dice) -> Self {
        let mut points = Vec::new();
        let mut point = |switch: usize, port: String| {
            points.push(Point { switch, port });
            points.len() - 1
        };
        let count = (guests / 5).clamp(4, 40);
        let hosts = (0..count).map(|index| {
            let switch = index % SWITCHES.len();
            let port = format!("eth{}", index / SWITCHES.len() + 1);
            let mut links = vec![point(switch, port.clone())];
            if dice.percent(33) {
                // The twin port of the other switch leads to nobody else.
                links.push(point(1 - switch, format!("{port}b")));
            }
            Host { id: format!("hv-{:02}", index + 1), station: host_station(index), links }
        });
        let hosts: Vec<Host> = hosts.collect();
        let routers = [0, 1].map(|switch| {
            let link = point(switch, ROUTER_PORT.to_owned());
            Router { mac: [0x00, 0x1c, 0x73, 0x30, 0, octet(switch + 1)], link }
        });
        let uplinks = [0, 1].map(|switch| point(switch, UPLINK.to_owned()));
        Self { hosts, routers, points, uplinks }
    }

    /// Returns the capture point of the uplink by which broadcasts from a port of one switch reach the other.
    pub(super) fn uplink_from(&self, point: usize) -> usize {
        self.uplinks[1 - self.points[point].switch]
    }

    /// Draws a host other than one.
    pub(super) fn other_host(&self, than: usize, dice: &mut Dice) -> usize {
        (than + 1 + dice.below(self.hosts.len() - 1)) % self.hosts.len()
    }
}

fn host_station(index: usize) -> Station {
    let number = octet(index + 1);
    Station {
        mac: [0x3c, 0xec, 0xef, 0x30, 0, number],
        ip: Ipv4Addr::new(10, 255, 0, number),
        ip6: Ipv6Addr::new(0x2001, 0xdb8, 0x255, 0, 0, 0, 0, u16::from(number)),
        tags: Vec::new(),
    }
}

/// The gateway of a VLAN: the virtual router of both routers.
pub(super) fn gateway(vlan: u16) -> Station {
    let low = vlan.to_be_bytes()[1];
    Station {
        mac: [0, 0, 0x5e, 0, 1, low],
        ip: Ipv4Addr::new(10, 0, low, 1),
        ip6: Ipv6Addr::new(0x2001, 0xdb8, vlan, 0, 0, 0, 0, 1),
        tags: vec![Tag::vlan(vlan)],
    }
}

fn octet(number: usize) -> u8 {
    u8::try_from(number).expect("a site is small")
}
