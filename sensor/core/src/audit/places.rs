use core::time::Duration;
use std::net::{IpAddr, Ipv6Addr};

use crate::recorded::{Guest, Host, HostIndex, Snapshot};
use crate::types::{CapturePoint, CapturePointId, Confidence, Coverage, Location, Port, Timestamp, Vids};

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
        self.points.push(Point { point, sight: None });
    }

    /// Notes that a capture point gave a frame; tells whether its sight begins with that, for the first time
    /// or after it was blind.
    pub(super) fn see(&mut self, point: CapturePointId, at: Timestamp, blind_after: Duration) -> bool {
        let Some(point) = self.points.get_mut(point.index()) else { return false };
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

    pub(super) fn point(&self, location: Location) -> Option<&CapturePoint> {
        self.points.get(location.capture_point().index()).map(|point| &point.point)
    }

    /// Returns whether a host's silence would be noticed now, by the capture point that has looked on longest.
    pub(super) fn coverage(&self, host: Option<&Host>, now: Timestamp, blind_after: Duration) -> Covered {
        let covering = || self.points.iter().filter(|point| covers(&point.point, host));
        let seeing =
            covering().filter_map(|point| point.sight).filter(|(_, until)| now <= until.after(blind_after));
        match seeing.map(|(since, _)| since).min() {
            Some(since) => Covered::Since(since),
            None if covering().any(|point| point.sight.is_some()) => Covered::Blind,
            None => Covered::No,
        }
    }

    /// Returns how closely a location is known; on an uplink, only the segment.
    pub(super) fn confidence(&self, location: Location, snapshot: &Snapshot) -> Confidence {
        match (location, self.point(location)) {
            (Location::CareOf { .. }, _) => Confidence::Host,
            (Location::Wire { .. }, None) => Confidence::Unknown,
            (Location::Wire { .. }, Some(point)) => confidence_of(point, snapshot),
        }
    }

    /// Says where a location is, as closely as it is known.
    pub(super) fn describe(&self, location: Location, snapshot: &Snapshot) -> String {
        let Some(point) = self.point(location) else {
            return "an unknown capture point".to_owned();
        };
        match location {
            Location::CareOf { care_of, .. } => describe_care_of(care_of, snapshot),
            Location::Wire { vids, .. } => match (point.confidence(), &point.ports[..], &point.hosts[..]) {
                (Confidence::ExactPort, [port], _) => describe_port(port, snapshot),
                (Confidence::Host, _, [host]) => format!("host {host}"),
                _ if vids == Vids::UNTAGGED => format!("somewhere behind {}", point.name),
                _ => format!("{vids} behind {}", point.name),
            },
        }
    }

    /// Holds a location against the record of a guest.
    pub(super) fn agreement(&self, location: Location, guest: &Guest, snapshot: &Snapshot) -> Agreement {
        let Some(at) = guest.host else {
            return Agreement::Unknown;
        };
        let (Some(host), Some(point)) = (snapshot.host(at), self.point(location)) else {
            return Agreement::Unknown;
        };
        match location {
            Location::CareOf { care_of, .. } => subnet_agreement(care_of, host, snapshot),
            Location::Wire { .. } => {
                match (confidence_of(point, snapshot), &point.ports[..], &point.hosts[..]) {
                    (Confidence::ExactPort, [port], _) => port_agreement(port, at, snapshot),
                    (Confidence::Host, _, [observed]) => match snapshot.host_by_id(observed) {
                        Some(observed) if observed == at => Agreement::Agrees,
                        Some(_) => Agreement::Differs,
                        None => Agreement::Unknown,
                    },
                    _ => Agreement::Unknown,
                }
            }
        }
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

impl Points {
    /// Tells whether two locations are ports of one and the same recorded host.
    pub(super) fn share_host(&self, locations: [Location; 2], snapshot: &Snapshot) -> bool {
        let [one, other] = locations.map(|location| self.hosts_at(location, snapshot));
        one.iter().any(|host| other.contains(host))
    }

    fn hosts_at(&self, location: Location, snapshot: &Snapshot) -> Vec<HostIndex> {
        let Some(point) = self.point(location) else { return Vec::new() };
        let named = point.hosts.iter().filter_map(|host| snapshot.host_by_id(host));
        let attached = point.ports.iter().flat_map(|port| snapshot.hosts_at(port).iter().copied());
        named.chain(attached).collect()
    }
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
    if hosts.contains(&recorded) {
        Agreement::Agrees
    } else if !hosts.is_empty() || snapshot.switch_by_id(&port.switch).is_some() {
        Agreement::Differs
    } else {
        Agreement::Unknown
    }
}

/// A care-of address is in place on a subnet of the guest's host; where the host names none, on a recorded
/// subnet of the host's site.
fn subnet_agreement(care_of: Ipv6Addr, host: &Host, snapshot: &Snapshot) -> Agreement {
    let addr = IpAddr::V6(care_of);
    if !host.subnets.is_empty() {
        let inside = host.subnets.iter().any(|prefix| prefix.contains(addr));
        return if inside { Agreement::Agrees } else { Agreement::Differs };
    }
    let recorded = snapshot.subnets().iter().any(|subnet| subnet.prefix.addr().is_ipv6());
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
    let names: Vec<&str> =
        hosts.iter().filter_map(|&host| snapshot.host(host)).map(|host| &*host.id).collect();
    match names[..] {
        [] => format!("{port} (no recorded host)"),
        _ => format!("{port} (host {})", names.join(", ")),
    }
}

fn describe_care_of(care_of: Ipv6Addr, snapshot: &Snapshot) -> String {
    match snapshot.subnet_of(IpAddr::V6(care_of)) {
        None => format!("care-of address {care_of} (no recorded subnet)"),
        Some(subnet) => match &subnet.site {
            Some(site) => format!("care-of address {care_of} (subnet {}, site {site})", subnet.prefix),
            None => format!("care-of address {care_of} (subnet {})", subnet.prefix),
        },
    }
}

/// Says where a guest is recorded.
pub(super) fn describe_record(guest: &Guest, location: Location, snapshot: &Snapshot) -> String {
    let Some(host) = guest.host.and_then(|host| snapshot.host(host)) else {
        return "no host".to_owned();
    };
    match location {
        Location::CareOf { .. } if !host.subnets.is_empty() => {
            let subnets: Vec<String> = host.subnets.iter().map(ToString::to_string).collect();
            format!("host {}, subnets {}", host.id, subnets.join(", "))
        }
        Location::CareOf { .. } => match &host.site {
            Some(site) => format!("host {}, subnets of site {site}", host.id),
            None => format!("host {}, any recorded subnet", host.id),
        },
        Location::Wire { .. } if host.attachments.is_empty() => format!("host {}", host.id),
        Location::Wire { .. } => {
            let ports: Vec<String> = host.attachments.iter().map(ToString::to_string).collect();
            format!("host {} at {}", host.id, ports.join(", "))
        }
    }
}
