//! What the guests, hosts and routers of a simulated data centre put on the wire, and which mirror sees it.
//!
//! A mirror copies the frames that enter a switch by its port. A guest's frame enters by a link of its host, in its VLAN or in
//! a tunnel of the host; a broadcast then crosses to the other switch, and enters that by the uplink. What is noted beside each
//! frame, as a [`Sighting`] or a [`Claim`], is all that the truth is reckoned from.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::dice::Dice;
use super::guest::{Begin, Guest, Net, Run};
use super::site::{Site, VLANS, gateway};
use crate::pcap::headers::{Mac, Tag};
use crate::pcap::station::{Echo, Station};

/// A frame that a mirror copied.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) at: Duration,
    pub(super) point: usize,
    pub(super) octets: Vec<u8>,
}

/// A frame of a guest, by which it can be known to be at a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sighting {
    pub(super) at: Duration,
    pub(super) host: usize,
    /// Whether the guest, or its host for it, announces it there.
    pub(super) announced: bool,
}

/// A claim of an IPv4 address by ARP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Claim {
    pub(super) net: Net,
    pub(super) ip: Ipv4Addr,
    pub(super) at: Duration,
    pub(super) mac: Mac,
}

/// Everything that was put on the wire, and what can be known by it.
#[derive(Default)]
pub(super) struct Traffic {
    pub(super) frames: Vec<Frame>,
    /// Of each guest, in the order of time.
    pub(super) sightings: Vec<Vec<Sighting>>,
    pub(super) claims: Vec<Claim>,
    /// Since when the mirrors of each host's links have given sight.
    pub(super) sight: Vec<Duration>,
}

/// After a live migration QEMU announces a guest at these times.
const ANNOUNCEMENTS_MS: [u64; 5] = [0, 50, 200, 450, 800];

/// How long a broadcast takes to the other switch.
const CROSSING: Duration = Duration::from_micros(40);

/// How much is announced, and so crosses to the other switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Unicast,
    Broadcast,
}

/// Puts the lives of all guests on the wire.
pub(super) fn of(guests: &[Guest], site: &Site, end: Duration, dice: &mut Dice) -> Traffic {
    let mut wire = Wire { site, dice, traffic: Traffic::default() };
    for guest in guests {
        let mut sightings = Vec::new();
        for run in &guest.runs {
            wire.run(guest, run, &mut sightings);
        }
        sightings.sort_unstable();
        wire.traffic.sightings.push(sightings);
    }
    for host in 0..site.hosts.len() {
        wire.heartbeats(host, end);
    }
    wire.routers(guests, end);
    let mut traffic = wire.traffic;
    traffic.frames.sort_by_key(|frame| frame.at);
    let first_at =
        |link: &usize| traffic.frames.iter().find(|frame| frame.point == *link).map(|frame| frame.at);
    let since = site.hosts.iter().map(|host| host.links.iter().filter_map(first_at).min().unwrap_or(end));
    traffic.sight = since.collect();
    traffic.claims.sort_unstable();
    traffic
}

struct Wire<'a> {
    site: &'a Site,
    dice: &'a mut Dice,
    traffic: Traffic,
}

impl Wire<'_> {
    /// Puts one stay of a guest on the wire.
    fn run(&mut self, guest: &Guest, run: &Run, sightings: &mut Vec<Sighting>) {
        let mut at = run.from;
        match run.begin {
            Begin::Quiet => {}
            Begin::Boot => at = self.boot(guest, run, sightings),
            Begin::Migrated => {
                let rarp = guest.station.rarp();
                for millis in ANNOUNCEMENTS_MS {
                    at = run.from + Duration::from_millis(millis);
                    self.send(guest, run, at, &rarp, Reach::Broadcast, true, sightings);
                }
            }
        }
        let first = self.dice.span(Duration::from_millis(150), Duration::from_millis(900));
        at += first;
        while at < run.until {
            self.ordinary(guest, run, at, sightings);
            at += self.dice.span(guest.period * 6 / 10, guest.period * 14 / 10);
        }
    }

    /// What an operating system sends as it starts.
    fn boot(&mut self, guest: &Guest, run: &Run, sightings: &mut Vec<Sighting>) -> Duration {
        let station = with_ip(guest, run.from);
        let steps = [
            (0, station.arp_probe(), false),
            (300, station.detect_duplicate(), false),
            (600, station.solicit_routers(), false),
            (1000, station.gratuitous_arp(), true),
            (1300, station.advertise_unasked(), true),
        ];
        for (millis, frame, announced) in steps {
            let at = run.from + Duration::from_millis(millis);
            self.send(guest, run, at, &frame, Reach::Broadcast, announced, sightings);
            if millis == 1000 && at < run.until {
                self.claim(guest, station.ip, at);
            }
        }
        run.from + Duration::from_millis(1300)
    }

    /// One frame of every day.
    fn ordinary(&mut self, guest: &Guest, run: &Run, at: Duration, sightings: &mut Vec<Sighting>) {
        let mut station = with_ip(guest, at);
        let borrowed = guest.borrowings.iter().find(|borrowed| (borrowed.from..borrowed.until).contains(&at));
        if let Some(borrowed) = borrowed
            && self.dice.percent(60)
        {
            station.ip = borrowed.ip;
        }
        let peer = match guest.net {
            Net::Vlan(vlan) => gateway(vlan),
            Net::Overlay(_) => Station {
                mac: [0x52, 0x54, 0, 0x31, 0, 1],
                ip: Ipv4Addr::new(10, 0, station.ip.octets()[2], 1),
                ..station.clone()
            },
        };
        let sequence = u16::try_from(self.dice.below(65_536)).expect("it is below");
        let (frame, reach) = match self.dice.below(5) {
            0 | 1 => {
                self.claim(guest, station.ip, at);
                (station.arp_request(peer.ip), Reach::Broadcast)
            }
            2 => (
                station.udp(&peer, 40_000 | sequence & 0xfff, 9_200, &sequence.to_be_bytes()),
                Reach::Unicast,
            ),
            3 => (station.ping6(&peer, Echo::Request, sequence), Reach::Unicast),
            _ => (station.ping(&peer, Echo::Request, sequence), Reach::Unicast),
        };
        self.send(guest, run, at, &frame, reach, false, sightings);
    }

    fn claim(&mut self, guest: &Guest, ip: Ipv4Addr, at: Duration) {
        self.traffic.claims.push(Claim { net: guest.net, ip, at, mac: guest.station.mac });
    }

    /// Sends a frame of a guest by a link of its host, in a tunnel if its network is an overlay.
    #[expect(clippy::too_many_arguments, reason = "a frame is who, where, when, what, how far and as what")]
    fn send(
        &mut self,
        guest: &Guest,
        run: &Run,
        at: Duration,
        frame: &[u8],
        reach: Reach,
        announced: bool,
        sightings: &mut Vec<Sighting>,
    ) {
        if at >= run.until {
            return;
        }
        let host = &self.site.hosts[run.host];
        let link = self.dice.pick(&host.links);
        match guest.net {
            Net::Vlan(_) => {
                self.put(at, link, frame.to_vec());
                if reach == Reach::Broadcast {
                    self.put(at + CROSSING, self.site.uplink_from(link), frame.to_vec());
                }
            }
            Net::Overlay(vni) => {
                let far = &self.site.hosts[self.site.other_host(run.host, self.dice)];
                self.put(at, link, host.station.vxlan(&far.station, vni, frame));
            }
        }
        sightings.push(Sighting { at, host: run.host, announced });
    }

    fn put(&mut self, at: Duration, point: usize, octets: Vec<u8>) {
        self.traffic.frames.push(Frame { at, point, octets });
    }

    /// A host says on every link that it is there.
    fn heartbeats(&mut self, host: usize, end: Duration) {
        let (host, to) = (&self.site.hosts[host], &self.site.hosts[0]);
        for &link in &host.links {
            let mut at = self.dice.span(Duration::ZERO, Duration::from_secs(2));
            while at < end {
                let frame = host.station.udp(&to.station, 9_100, 9_100, b"alive");
                self.put(at, link, frame);
                at += self.dice.secs(4, 7);
            }
        }
    }

    /// The routers: one is the virtual router of all VLANs until the other takes over, and forwards from everywhere.
    fn routers(&mut self, guests: &[Guest], end: Duration) {
        let mut master = 0;
        let mut failover_at = self.dice.span(end / 4, end);
        let mut at = Duration::from_millis(500);
        while at < end {
            let router = &self.site.routers[master];
            let link = router.link;
            for vlan in VLANS {
                let virtual_router = gateway(vlan);
                let own = own_station(router.mac, vlan, master);
                let group = virtual_router.mac[5];
                let advertisement = own.vrrp(group, virtual_router.mac, virtual_router.ip);
                self.put(at, link, advertisement);
                // Both talk, and what they broadcast crosses: no mirror is without a frame for long.
                for (number, router) in self.site.routers.iter().enumerate() {
                    let own = own_station(router.mac, vlan, number);
                    let request = own.arp_request(Ipv4Addr::new(10, 0, group, 99));
                    self.put(at, router.link, request.clone());
                    self.put(at + CROSSING, self.site.uplink_from(router.link), request);
                }
            }
            if let Some(guest) = guests.get(self.dice.below(guests.len().max(1)))
                && let Net::Vlan(vlan) = guest.net
            {
                let from = Ipv4Addr::from_bits(0xc633_6400 | self.dice.bits() & 0xff);
                let own = own_station(router.mac, vlan, master);
                self.put(at, link, own.forward(from, &guest.station, b"from afar"));
            }
            at += self.dice.secs(3, 6);
            if at > failover_at && at < end {
                master = 1 - master;
                failover_at = end;
                for vlan in VLANS {
                    let frame = gateway(vlan).gratuitous_arp();
                    self.put(at, self.site.routers[master].link, frame);
                }
                at += Duration::from_millis(10);
            }
        }
    }
}

/// A router's own addresses in a VLAN.
fn own_station(mac: Mac, vlan: u16, number: usize) -> Station {
    let virtual_router = gateway(vlan);
    let [a, b, c, _] = virtual_router.ip.octets();
    let last = if number == 0 { 2 } else { 3 };
    Station { mac, ip: Ipv4Addr::new(a, b, c, last), tags: vec![Tag::vlan(vlan)], ..virtual_router }
}

/// A guest's addresses at a time.
fn with_ip(guest: &Guest, at: Duration) -> Station {
    let ip = guest.record_at(at).map_or(guest.station.ip, |record| record.ip);
    Station { ip, ..guest.station.clone() }
}
