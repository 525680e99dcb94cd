//! What the address book is told from outside: who never conflicts, and which subnets are where.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use core::time::Duration;

use crate::types::{CapturePointId, IpPrefix, MacAddr, MacPrefix, Timestamp, Vids};

/// Stations and addresses that never conflict and of which no address event is told.
///
/// Virtual routers (VRRP, HSRP, CARP, GLBP) are known by their MAC ranges; anycast gateways and whatever else several
/// stations hold by design are configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exemptions {
    /// First octets of MAC addresses.
    pub stations: Vec<MacPrefix>,
    /// Addresses.
    pub addresses: Vec<IpPrefix>,
}

impl Exemptions {
    /// Tells whether a claim of an address by a station is exempt.
    pub fn covers(&self, mac: MacAddr, addr: IpAddr) -> bool {
        mac.is_virtual_router()
            || self.stations.iter().any(|prefix| prefix.contains(mac))
            || self.addresses.iter().any(|prefix| prefix.contains(addr))
    }
}

/// A subnet, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalSubnet {
    /// Its addresses.
    pub prefix: IpPrefix,
    /// Its VLAN; none where the record names none.
    pub vlan: Option<u16>,
    /// Its site; none where the record names none.
    pub site: Option<Box<str>>,
}

/// The subnets of each site and VLAN, to tell an address that does not belong there.
///
/// A subnet without a VLAN or site may be anywhere. Where no subnet of the address's family is recorded, nothing can be
/// told. Link-local addresses belong everywhere.
#[derive(Debug, Default)]
pub(super) struct Subnets {
    recorded: Vec<LocalSubnet>,
    sites: BTreeMap<CapturePointId, Box<str>>,
}

impl Subnets {
    pub(super) fn replace(&mut self, recorded: Vec<LocalSubnet>) {
        self.recorded = recorded;
    }

    /// Says at which site a capture point is.
    pub(super) fn place(&mut self, point: CapturePointId, site: Box<str>) {
        self.sites.insert(point, site);
    }

    /// Tells whether an address that is claimed on a VLAN at a capture point is in none of the subnets there.
    pub(super) fn is_bogon(&self, point: CapturePointId, vids: Vids, addr: IpAddr) -> bool {
        let is_link_local = match addr {
            IpAddr::V4(v4) => v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        if is_link_local || self.recorded.is_empty() {
            return false;
        }
        let site = self.sites.get(&point);
        let vid = vids.iter().last();
        let mut is_known = false;
        for subnet in &self.recorded {
            let is_here = subnet.prefix.addr().is_ipv4() == addr.is_ipv4()
                && (subnet.site.is_none() || site.is_none() || subnet.site.as_ref() == site)
                && (subnet.vlan.is_none() || vid.is_none() || subnet.vlan == vid);
            if is_here && subnet.prefix.contains(addr) {
                return false;
            }
            is_known |= is_here;
        }
        is_known
    }
}

/// Pairs of stations that are remembered as told.
const MISMATCHES_MAX: usize = 4_096;

/// How long a pair is not told again.
const MISMATCH_KEPT: Duration = Duration::from_secs(24 * 3_600);

/// Which stations spoke ARP in another's name, so that each is told once a day.
///
/// # Bounds
/// [`MISMATCHES_MAX`] pairs; while as many are remembered a further one is not told, which is counted.
#[derive(Debug, Default)]
pub(super) struct Mismatches {
    told: BTreeSet<(MacAddr, MacAddr)>,
    order: VecDeque<(Timestamp, MacAddr, MacAddr)>,
    untold: u64,
}

impl Mismatches {
    /// Tells whether a pair of frame and body is to be told, and remembers it.
    pub(super) fn is_news(&mut self, frame: MacAddr, body: MacAddr, at: Timestamp) -> bool {
        let old = at.before(MISMATCH_KEPT);
        while let Some((_, frame, body)) = self.order.pop_front_if(|(told_at, ..)| *told_at < old) {
            self.told.remove(&(frame, body));
        }
        if self.told.contains(&(frame, body)) {
            return false;
        }
        if self.told.len() >= MISMATCHES_MAX {
            self.untold += 1;
            return false;
        }
        self.told.insert((frame, body));
        self.order.push_back((at, frame, body));
        true
    }

    pub(super) const fn untold(&self) -> u64 {
        self.untold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnets() -> Subnets {
        let subnet = |prefix: &str, vlan, site: Option<&str>| LocalSubnet {
            prefix: prefix.parse().unwrap(),
            vlan,
            site: site.map(Into::into),
        };
        let mut subnets = Subnets::default();
        subnets.replace(vec![
            subnet("10.1.0.0/24", Some(100), Some("dc1")),
            subnet("10.2.0.0/24", Some(200), Some("dc1")),
            subnet("10.3.0.0/24", Some(100), Some("branch")),
            subnet("192.0.2.0/24", None, Some("dc1")),
        ]);
        subnets.place(CapturePointId(1), "dc1".into());
        subnets
    }

    #[test]
    fn an_address_outside_the_subnets_of_its_vlan_and_site_is_a_bogon() {
        let subnets = subnets();
        let cases = [
            (1, 100, "10.1.0.7", false),
            (1, 100, "10.2.0.7", true),
            (1, 100, "10.3.0.7", true),
            (1, 100, "192.0.2.7", false),
            (1, 100, "169.254.3.4", false),
            (1, 100, "2001:db8::7", false),
            (1, 0, "10.2.0.7", false),
            (1, 0, "10.9.0.7", true),
            // Nobody said where the point is: any site will do.
            (0, 100, "10.3.0.7", false),
            (0, 100, "10.2.0.7", true),
        ];
        for (point, vid, addr, expected) in cases {
            let vids = if vid == 0 { Vids::UNTAGGED } else { Vids::single(vid) };
            let is_bogon = subnets.is_bogon(CapturePointId(point), vids, addr.parse().unwrap());
            assert_eq!(is_bogon, expected, "{point} {vid} {addr}");
        }
        assert!(!Subnets::default().is_bogon(CapturePointId(1), Vids::UNTAGGED, "10.9.0.7".parse().unwrap()));
    }

    #[test]
    fn a_mismatch_is_told_once_a_day_and_bounded() {
        let mut mismatches = Mismatches::default();
        let mac = MacAddr::from_u64;
        let at = |hours: i64| Timestamp::from_secs_nanos(hours * 3_600, 0);
        assert!(mismatches.is_news(mac(2), mac(4), at(0)));
        assert!(!mismatches.is_news(mac(2), mac(4), at(24)));
        assert!(mismatches.is_news(mac(2), mac(4), at(25)));
        for number in 0..MISMATCHES_MAX as u64 {
            mismatches.is_news(mac(8), mac(number), at(26));
        }
        assert_eq!(mismatches.untold(), 1);
        assert!(mismatches.is_news(mac(2), mac(4), at(60)));
    }
}
