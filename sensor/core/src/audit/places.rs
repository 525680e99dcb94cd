use core::time::Duration;
use std::collections::BTreeMap;
use std::net::IpAddr;

use arrayvec::ArrayVec;

use crate::presence::{Attachments, Pressure};
use crate::recorded::{Guest, Host, HostIndex, Snapshot};
use crate::types::{
    AttachmentId, Blindness, CapturePoint, CapturePointId, Confidence, Coverage, IpPrefix, Location, Port,
    Timestamp, Tunnel, Via, Vids,
};

/// The capture points, and what they and the records say of a location.
#[derive(Debug, Default)]
pub(super) struct Points {
    points: Vec<Point>,
}

#[derive(Debug)]
struct Point {
    point: CapturePoint,
    /// Since when it has given sight without a break longer than it may be blind, and until when.
    sight: Option<(Timestamp, Timestamp)>,
    /// Why it cannot see now, as its operator knows; its frames say little then.
    blindness: Option<Blindness>,
    /// When it gave its first frame.
    first_at: Option<Timestamp>,
    /// Since when it is told to be blind.
    blind_since: Option<Timestamp>,
    /// Since when there is a flood, and what it had brought by then.
    flood: Option<(Timestamp, Pressure)>,
    /// The configuration says what it mirrors, and that stands.
    is_configured: bool,
    /// The ports that neighbours on its link named. Of more than there is room for, the one that ends first goes:
    /// while it would last there are several, and none is believed.
    learned: ArrayVec<Learned, LEARNED_MAX>,
}

/// A port that a neighbour named as its own.
#[derive(Debug)]
struct Learned {
    port: Port,
    until: Timestamp,
    /// It leads to a recorded host, and so can be what the capture point mirrors.
    has_host: bool,
}

const LEARNED_MAX: usize = 4;

impl Point {
    /// Returns when it will be blind if it gives no frame; none if it is told to be, or vouches for nobody.
    fn blind_at(&self, blind_after: Duration) -> Option<Timestamp> {
        let (_, until) = self.sight.filter(|_| self.blind_since.is_none())?;
        // As long as that it may be quiet.
        let after = blind_after + Duration::from_nanos(1);
        (self.point.coverage != Coverage::Unstated).then(|| until.after(after))
    }

    /// Takes on the port that neighbours name while they name one alone; tells whether that changed anything.
    ///
    /// A mirror of several ports carries the neighbour of each, and a mirror's own port names itself: neither says where
    /// a guest is.
    fn take_on(&mut self) -> bool {
        if self.is_configured {
            return false;
        }
        let port = match &self.learned[..] {
            [only] if only.has_host => Some(&only.port),
            _ => None,
        };
        let changed = self.point.ports.first() != port;
        if changed {
            self.point.ports = port.cloned().into_iter().collect();
        }
        changed
    }
}

/// Whether somebody would notice a host's silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Covered {
    /// Somebody would, and has looked on since then.
    Since(Timestamp),
    /// Those who would see nothing at all at present: blindness is not absence.
    Blind,
    /// Nobody would.
    No,
}

/// Whether a place agrees with the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    Agrees,
    Differs,
    /// One of the two is not known closely enough.
    Unknown,
}

impl Points {
    pub(super) fn add(&mut self, point: CapturePoint) {
        let is_configured = !point.hosts.is_empty() || !point.ports.is_empty();
        self.points.push(Point {
            point,
            sight: None,
            blindness: None,
            first_at: None,
            blind_since: None,
            flood: None,
            is_configured,
            learned: ArrayVec::new(),
        });
    }

    /// Notes that a capture point gave a frame; tells whether its sight begins with that, for the first time
    /// or after it was blind.
    pub(super) fn see(&mut self, point: CapturePointId, at: Timestamp, blind_after: Duration) -> bool {
        let Some(point) = self.points.get_mut(point.index()) else { return false };
        if point.blindness.is_some() {
            return false;
        }
        point.first_at.get_or_insert(at);
        match &mut point.sight {
            Some((_, until)) if at <= until.after(blind_after) => {
                *until = (*until).max(at);
                false
            }
            sight => {
                *sight = Some((at, at));
                true
            }
        }
    }

    /// Takes in that a capture point cannot see, or can again: then its sight begins anew with its next frame.
    pub(super) fn set_blindness(
        &mut self,
        point: CapturePointId,
        blindness: Option<Blindness>,
        now: Timestamp,
    ) {
        if let Some(point) = self.points.get_mut(point.index()) {
            match (point.blindness, blindness) {
                (Some(_), None) => (point.sight, point.blind_since) = (None, None),
                (None, Some(_)) => point.blind_since = Some(point.blind_since.unwrap_or(now)),
                _ => {}
            }
            point.blindness = blindness;
        }
    }

    /// Takes back that a point is told to be blind; tells whether it was.
    pub(super) fn is_seeing_again(&mut self, point: CapturePointId) -> Option<Box<str>> {
        let point = self.points.get_mut(point.index())?;
        point.blind_since.take().map(|_| point.point.name.clone())
    }

    /// Finds the points that vouch for somebody and have given no frame for too long since the last one.
    pub(super) fn newly_blind(&mut self, now: Timestamp, blind_after: Duration) -> Vec<Box<str>> {
        let mut names = Vec::new();
        for point in &mut self.points {
            if point.blind_at(blind_after).is_some_and(|at| at <= now) {
                point.blind_since = point.sight.map(|(_, until)| until);
                names.push(point.point.name.clone());
            }
        }
        names
    }

    /// Returns when the next point will be blind if it gives no frame.
    pub(super) fn next_blind(&self, blind_after: Duration) -> Option<Timestamp> {
        self.points.iter().filter_map(|point| point.blind_at(blind_after)).min()
    }

    /// Returns since when a point is told to be blind, and the cause if one is known.
    pub(super) fn blind(&self, name: &str) -> Option<(Timestamp, Option<Blindness>)> {
        let point = self.named(name)?;
        Some((point.blind_since?, point.blindness))
    }

    /// Returns since when there is a flood at a point, and what it had brought by then.
    pub(super) fn flood(&self, name: &str) -> Option<(Timestamp, Pressure)> {
        self.named(name)?.flood
    }

    pub(super) fn set_flood(&mut self, point: CapturePointId, flood: Option<(Timestamp, Pressure)>) {
        if let Some(point) = self.points.get_mut(point.index()) {
            point.flood = flood;
        }
    }

    /// Tells whether a point learns who is there.
    pub(super) fn is_learning(&self, point: CapturePointId, at: Timestamp) -> bool {
        let point = self.points.get(point.index());
        point.and_then(|point| Some(at < point.first_at?.after(point.point.learn_for?))).unwrap_or_default()
    }

    pub(super) fn name(&self, point: CapturePointId) -> Option<Box<str>> {
        self.points.get(point.index()).map(|point| point.point.name.clone())
    }

    fn named(&self, name: &str) -> Option<&Point> {
        self.points.iter().find(|point| *point.point.name == *name)
    }

    pub(super) fn point(&self, location: Location) -> Option<&CapturePoint> {
        self.points.get(location.capture_point().index()).map(|point| &point.point)
    }

    /// Returns whether a host's silence would be noticed now, by the capture point that has looked on longest.
    pub(super) fn coverage(&self, host: Option<&Host>, now: Timestamp, blind_after: Duration) -> Covered {
        let covering = || self.points.iter().filter(|point| covers(&point.point, host));
        let able = covering().filter(|point| point.blindness.is_none());
        let seeing =
            able.filter_map(|point| point.sight).filter(|(_, until)| now <= until.after(blind_after));
        match seeing.map(|(since, _)| since).min() {
            Some(since) => Covered::Since(since),
            None if covering().any(|point| point.sight.is_some() || point.blindness.is_some()) => {
                Covered::Blind
            }
            None => Covered::No,
        }
    }

    /// Takes in that a neighbour on a capture point's link named its port, to be believed until then; none says good-bye.
    /// Tells whether the point is now known to mirror another port than before.
    pub(super) fn learn(
        &mut self,
        point: CapturePointId,
        port: Port,
        until: Option<Timestamp>,
        snapshot: &Snapshot,
    ) -> bool {
        let Some(point) = self.points.get_mut(point.index()) else { return false };
        point.learned.retain(|known| known.port != port);
        if let Some(until) = until {
            if point.learned.is_full() {
                let first = (0..).zip(&point.learned).min_by_key(|(_, known)| known.until);
                let first = first.map_or(0, |(index, _)| index);
                point.learned.swap_pop(first);
            }
            let has_host = leads_to_host(&port, snapshot);
            point.learned.push(Learned { port, until, has_host });
        }
        point.take_on()
    }

    /// Forgets what neighbours of a capture point named and have not repeated in time; tells whether the point is now
    /// known to mirror another port than before.
    pub(super) fn forget(&mut self, point: CapturePointId, at: Timestamp) -> bool {
        let Some(point) = self.points.get_mut(point.index()) else { return false };
        if point.learned.iter().all(|known| known.until >= at) {
            return false;
        }
        point.learned.retain(|known| known.until >= at);
        point.take_on()
    }

    /// Returns of each capture point the first that sees the same host, by another of its links; itself where there is none.
    pub(super) fn sides(&self, snapshot: &Snapshot) -> Vec<CapturePointId> {
        let mut first: BTreeMap<HostIndex, CapturePointId> = BTreeMap::new();
        let points = (0..).map(CapturePointId).zip(&self.points);
        let side = |(id, Point { point, .. }): (CapturePointId, &Point)| {
            if confidence_of(point, snapshot) < Confidence::Host {
                return id;
            }
            let host = match (&point.ports[..], &point.hosts[..]) {
                ([port], _) => match snapshot.hosts_at(port) {
                    [only] => Some(*only),
                    _ => None,
                },
                (_, [host]) => snapshot.host_by_id(host),
                _ => None,
            };
            host.map_or(id, |host| *first.entry(host).or_insert(id))
        };
        points.map(side).collect()
    }

    /// Takes in that the records changed.
    pub(super) fn review(&mut self, snapshot: &Snapshot) {
        for point in &mut self.points {
            for known in &mut point.learned {
                known.has_host = leads_to_host(&known.port, snapshot);
            }
            point.take_on();
        }
    }
}

/// The capture points, the records and the ports that others named: what is needed to say where a location is.
#[derive(Clone, Copy)]
pub(super) struct Map<'a> {
    pub(super) points: &'a Points,
    pub(super) snapshot: &'a Snapshot,
    pub(super) attachments: &'a Attachments,
}

impl Map<'_> {
    /// Returns how closely a location is known; on an uplink, only the segment.
    pub(super) fn confidence(&self, location: Location) -> Confidence {
        match location {
            Location::CareOf { .. } => Confidence::Host,
            Location::Wire { via: Via::Tunnel(tunnel), .. } if location.is_place() => {
                if self.ends(tunnel).is_empty() { Confidence::Segment } else { Confidence::Host }
            }
            Location::Wire { .. } | Location::Attached { .. } => match self.port(location) {
                Some(port) if self.snapshot.is_uplink(&port) => Confidence::Segment,
                Some(_) => Confidence::ExactPort,
                None if matches!(location, Location::Attached { .. }) => Confidence::Unknown,
                None => {
                    let point = self.points.point(location);
                    point.map_or(Confidence::Unknown, |point| confidence_of(point, self.snapshot))
                }
            },
        }
    }

    /// Says where a location is, as closely as it is known.
    pub(super) fn describe(&self, location: Location) -> String {
        match location {
            Location::CareOf { care_of, .. } => describe_care_of(care_of, self.snapshot),
            Location::Attached { attachment, .. } => self.describe_attachment(attachment),
            Location::Wire { via: Via::Tunnel(tunnel), .. } if location.is_place() => {
                let hosts = self.ends(tunnel);
                match hosts.is_empty() {
                    true => format!("{tunnel} (no recorded host)"),
                    false => format!("{tunnel} (host {})", self.names(hosts)),
                }
            }
            Location::Wire { vids, via, .. } => {
                if let Some(port) = self.port(location) {
                    return describe_port(&port, self.snapshot);
                }
                let Some(point) = self.points.point(location) else {
                    return "an unknown capture point".to_owned();
                };
                let place = match (point.confidence(), &point.ports[..], &point.hosts[..]) {
                    (Confidence::ExactPort, [port], _) => describe_port(port, self.snapshot),
                    (Confidence::Host, _, [host]) => format!("host {host}"),
                    _ if vids == Vids::UNTAGGED => format!("somewhere behind {}", point.name),
                    _ => format!("{vids} behind {}", point.name),
                };
                match via {
                    Via::Wire => place,
                    Via::Port(tag) => format!("{tag}, {place}"),
                    Via::Tunnel(tunnel) => format!("{place}, in {tunnel}"),
                }
            }
        }
    }

    /// Holds a location against the record of a guest.
    pub(super) fn agreement(&self, location: Location, guest: &Guest) -> Agreement {
        let Some(at) = guest.host else {
            return Agreement::Unknown;
        };
        let Some(host) = self.snapshot.host(at) else {
            return Agreement::Unknown;
        };
        match location {
            Location::CareOf { care_of, .. } => subnet_agreement(care_of, host, self.snapshot),
            Location::Attached { .. } => {
                let port = self.port(location);
                port.map_or(Agreement::Unknown, |port| port_agreement(&port, at, self.snapshot))
            }
            Location::Wire { via: Via::Tunnel(tunnel), .. } if location.is_place() => {
                self.tunnel_agreement(tunnel, at, host)
            }
            Location::Wire { .. } => {
                if let Some(port) = self.port(location) {
                    return port_agreement(&port, at, self.snapshot);
                }
                let Some(point) = self.points.point(location) else { return Agreement::Unknown };
                match (confidence_of(point, self.snapshot), &point.ports[..], &point.hosts[..]) {
                    (Confidence::ExactPort, [port], _) => port_agreement(port, at, self.snapshot),
                    (Confidence::Host, _, [observed]) => match self.snapshot.host_by_id(observed) {
                        Some(observed) if observed == at => Agreement::Agrees,
                        Some(_) => Agreement::Differs,
                        None => Agreement::Unknown,
                    },
                    _ => Agreement::Unknown,
                }
            }
        }
    }

    /// Tells whether two locations are ports of one and the same recorded host.
    pub(super) fn share_host(&self, locations: [Location; 2]) -> bool {
        let [one, other] = locations.map(|location| self.hosts_at(location));
        one.iter().any(|host| other.contains(host))
    }

    /// Says where a guest is recorded, as far as it can be compared with a location.
    pub(super) fn describe_record(&self, guest: &Guest, location: Location) -> String {
        let Some(host) = guest.host.and_then(|host| self.snapshot.host(host)) else {
            return "no host".to_owned();
        };
        let list = |items: Vec<String>| items.join(", ");
        match location {
            Location::CareOf { .. } if !host.subnets.is_empty() => {
                let subnets = host.subnets.iter().map(ToString::to_string).collect();
                format!("host {}, subnets {}", host.id, list(subnets))
            }
            Location::CareOf { .. } => match &host.site {
                Some(site) => format!("host {}, subnets of site {site}", host.id),
                None => format!("host {}, any recorded subnet", host.id),
            },
            Location::Wire { via: Via::Tunnel(_), .. } if location.is_place() && !host.vteps.is_empty() => {
                let ends = host.vteps.iter().map(ToString::to_string).collect();
                format!("host {} with tunnel end {}", host.id, list(ends))
            }
            Location::Wire { .. } | Location::Attached { .. } if host.attachments.is_empty() => {
                format!("host {}", host.id)
            }
            Location::Wire { .. } | Location::Attached { .. } => {
                let ports = host.attachments.iter().map(ToString::to_string).collect();
                format!("host {} at {}", host.id, list(ports))
            }
        }
    }

    /// Returns the recorded port that a tag of the frame or somebody else names.
    fn port(&self, location: Location) -> Option<Port> {
        match location {
            Location::Wire { via: Via::Port(tag), .. } => {
                // The tag counts the ports of the switch that the capture point mirrors.
                let switch = self.points.point(location)?.ports.first()?.switch.clone();
                self.snapshot.port_known_as(&[switch], &[tag.to_string().into()])
            }
            Location::Attached { attachment, .. } => {
                let named = self.attachments.get(attachment)?;
                self.snapshot.port_known_as(&named.switch, &named.port)
            }
            Location::Wire { .. } | Location::CareOf { .. } => None,
        }
    }

    /// Returns the hosts that the near end of a tunnel may be.
    fn ends(&self, tunnel: Tunnel) -> &[HostIndex] {
        tunnel.source().map_or(&[], |source| self.snapshot.hosts_by_vtep(source))
    }

    /// A guest is in place behind its own host's end; behind that of a switch, nothing is known of its host.
    fn tunnel_agreement(&self, tunnel: Tunnel, recorded: HostIndex, host: &Host) -> Agreement {
        let ends = self.ends(tunnel);
        let is_switch = || {
            let source = tunnel.source().map(|source| source.to_string());
            source.is_some_and(|source| self.snapshot.switch_known_as(&source).is_some())
        };
        if ends.contains(&recorded) {
            Agreement::Agrees
        } else if !ends.is_empty() || (!host.vteps.is_empty() && !is_switch()) {
            Agreement::Differs
        } else {
            Agreement::Unknown
        }
    }

    /// Returns the hosts that a location is at, as closely as it is known.
    pub(super) fn hosts_at(&self, location: Location) -> Vec<HostIndex> {
        if let Location::Wire { via: Via::Tunnel(tunnel), .. } = location
            && location.is_place()
        {
            return self.ends(tunnel).to_vec();
        }
        if let Some(port) = self.port(location) {
            return self.snapshot.hosts_at(&port).to_vec();
        }
        let Some(point) = self.points.point(location) else { return Vec::new() };
        let named = point.hosts.iter().filter_map(|host| self.snapshot.host_by_id(host));
        let attached = point.ports.iter().flat_map(|port| self.snapshot.hosts_at(port).iter().copied());
        named.chain(attached).collect()
    }

    fn describe_attachment(&self, attachment: AttachmentId) -> String {
        let Some(named) = self.attachments.get(attachment) else {
            return "an unknown port".to_owned();
        };
        let by = named.by.in_words();
        match self.snapshot.port_known_as(&named.switch, &named.port) {
            Some(port) => format!("{}, as {by} says", describe_port(&port, self.snapshot)),
            None => format!("{named} (no recorded port), as {by} says"),
        }
    }

    fn names(&self, hosts: &[HostIndex]) -> String {
        names_of(hosts, self.snapshot).join(", ")
    }
}

/// Returns how closely a source address seen at a capture point is located.
///
/// An uplink carries everybody's addresses and locates nobody.
pub(super) fn confidence_of(point: &CapturePoint, snapshot: &Snapshot) -> Confidence {
    if point.ports.iter().any(|port| snapshot.is_uplink(port)) {
        return point.confidence().min(Confidence::Segment);
    }
    point.confidence()
}

fn leads_to_host(port: &Port, snapshot: &Snapshot) -> bool {
    !snapshot.is_uplink(port) && !snapshot.hosts_at(port).is_empty()
}

fn names_of<'a>(hosts: &[HostIndex], snapshot: &'a Snapshot) -> Vec<&'a str> {
    hosts.iter().filter_map(|&host| snapshot.host(host)).map(|host| &*host.id).collect()
}

fn covers(point: &CapturePoint, host: Option<&Host>) -> bool {
    match point.coverage {
        Coverage::Unstated => false,
        Coverage::Everything => true,
        Coverage::Mirrored => host.is_some_and(|host| {
            point.hosts.contains(&host.id) || host.attachments.iter().any(|port| point.ports.contains(port))
        }),
    }
}

fn port_agreement(port: &Port, recorded: HostIndex, snapshot: &Snapshot) -> Agreement {
    let hosts = snapshot.hosts_at(port);
    if snapshot.is_uplink(port) {
        Agreement::Unknown
    } else if hosts.contains(&recorded) {
        Agreement::Agrees
    } else if !hosts.is_empty() || snapshot.switch_by_id(&port.switch).is_some() {
        Agreement::Differs
    } else {
        Agreement::Unknown
    }
}

/// A care-of address is in place on a subnet of the guest's host; where the host names none, on a recorded
/// subnet of the host's site.
fn subnet_agreement(addr: IpAddr, host: &Host, snapshot: &Snapshot) -> Agreement {
    let same_family = |prefix: &IpPrefix| prefix.addr().is_ipv6() == addr.is_ipv6();
    if host.subnets.iter().any(same_family) {
        let inside = host.subnets.iter().any(|prefix| prefix.contains(addr));
        return if inside { Agreement::Agrees } else { Agreement::Differs };
    }
    let recorded = snapshot.subnets().iter().any(|subnet| same_family(&subnet.prefix));
    match snapshot.subnet_of(addr) {
        None if recorded => Agreement::Differs,
        None => Agreement::Unknown,
        Some(subnet) => match (&subnet.site, &host.site) {
            (Some(here), Some(there)) if here == there => Agreement::Agrees,
            (Some(_), Some(_)) => Agreement::Differs,
            _ => Agreement::Unknown,
        },
    }
}

fn describe_port(port: &Port, snapshot: &Snapshot) -> String {
    if snapshot.is_uplink(port) {
        return format!("{port} (uplink)");
    }
    let hosts = snapshot.hosts_at(port);
    let names = names_of(hosts, snapshot);
    match names[..] {
        [] => format!("{port} (no recorded host)"),
        _ => format!("{port} (host {})", names.join(", ")),
    }
}

fn describe_care_of(care_of: IpAddr, snapshot: &Snapshot) -> String {
    match snapshot.subnet_of(care_of) {
        None => format!("care-of address {care_of} (no recorded subnet)"),
        Some(subnet) => match &subnet.site {
            Some(site) => format!("care-of address {care_of} (subnet {}, site {site})", subnet.prefix),
            None => format!("care-of address {care_of} (subnet {})", subnet.prefix),
        },
    }
}
