use core::time::Duration;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::change::TableKey;
use crate::types::{CapturePointId, IpPrefix, MacAddr, MacPrefix};

/// The MAC addresses that inventories know; their rows are never evicted for a stranger's sake.
///
/// Some are watched: they are recorded as not communicating, so that each tick at which they were heard counts, and the usual
/// report of who is still here would come late.
///
/// # Bounds
/// As many as are recorded. A watched station that talks costs one change a tick.
#[derive(Debug, Default)]
pub struct RecordedStations {
    sorted: Vec<MacAddr>,
    /// Those that should not be heard, sorted.
    watched: Vec<MacAddr>,
    /// The stations that have a time to live of their own, sorted.
    ttls: Vec<(MacAddr, Duration)>,
}

impl RecordedStations {
    /// Makes the set from addresses in any order.
    pub fn new(macs: impl IntoIterator<Item = MacAddr>) -> Self {
        Self { sorted: sorted(macs), ..Self::default() }
    }

    /// Says which of them should not be heard, in any order.
    #[must_use]
    pub fn watching(self, macs: impl IntoIterator<Item = MacAddr>) -> Self {
        Self { watched: sorted(macs), ..self }
    }

    /// Says which of them have a time to live of their own; of several for one station the first counts.
    #[must_use]
    pub fn with_ttls(mut self, ttls: impl IntoIterator<Item = (MacAddr, Duration)>) -> Self {
        self.ttls = ttls.into_iter().collect();
        self.ttls.sort_by_key(|(mac, _)| *mac);
        self.ttls.dedup_by_key(|(mac, _)| *mac);
        self
    }

    /// Tells whether an address is recorded.
    pub fn contains(&self, mac: MacAddr) -> bool {
        self.sorted.binary_search(&mac).is_ok()
    }

    /// Tells whether an address is recorded as one that should not be heard.
    pub fn is_watched(&self, mac: MacAddr) -> bool {
        self.watched.binary_search(&mac).is_ok()
    }

    /// Returns a station's own time to live, if it has one.
    pub fn ttl(&self, mac: MacAddr) -> Option<Duration> {
        let at = self.ttls.binary_search_by_key(&mac, |(mac, _)| *mac).ok()?;
        self.ttls.get(at).map(|(_, ttl)| *ttl)
    }
}

fn sorted(macs: impl IntoIterator<Item = MacAddr>) -> Vec<MacAddr> {
    let mut sorted: Vec<MacAddr> = macs.into_iter().collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

/// How long some stations stay present without a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TtlRule {
    /// Which.
    pub matches: TtlMatch,
    /// How long.
    pub ttl: Duration,
}

/// Which stations a rule is for: those that fit every list that is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TtlMatch {
    /// First octets of the MAC address.
    pub stations: Vec<MacPrefix>,
    /// Subnets of the source address of its packets.
    pub subnets: Vec<IpPrefix>,
    /// VLAN identifiers: of any of the frame's tags.
    pub vlans: Vec<u16>,
    /// Capture points.
    pub capture_points: Vec<CapturePointId>,
}

impl TtlMatch {
    fn fits(&self, key: &TableKey, addr: Option<IpAddr>) -> bool {
        let has = |subnet: &IpPrefix| addr.is_some_and(|addr| subnet.contains(addr));
        (self.stations.is_empty() || self.stations.iter().any(|prefix| prefix.contains(key.mac)))
            && (self.vlans.is_empty() || key.vids.iter().any(|vid| self.vlans.contains(&vid)))
            && (self.capture_points.is_empty() || self.capture_points.contains(&key.capture_point))
            && (self.subnets.is_empty() || self.subnets.iter().any(has))
    }
}

/// The rules in the order in which they are asked; the first that fits counts.
#[derive(Clone, Debug)]
pub(super) struct TtlRules(pub(super) Arc<[TtlRule]>);

impl Default for TtlRules {
    fn default() -> Self {
        Self(Arc::new([]))
    }
}

impl TtlRule {
    /// As many rules are asked; further ones are not.
    pub const COUNT_MAX: usize = 255;
}

impl TtlRules {
    /// Tells whether a rule asks for an IPv6 address, of which a row keeps only a tag.
    pub(super) fn ask_ipv6(&self, addr: IpAddr) -> bool {
        let is_ipv6 = |subnet: &IpPrefix| subnet.addr().is_ipv6();
        addr.is_ipv6() && self.0.iter().any(|rule| rule.matches.subnets.iter().any(is_ipv6))
    }

    /// Returns the number, from 1, of the first rule that fits.
    pub(super) fn find(&self, key: &TableKey, addr: Option<IpAddr>) -> Option<u8> {
        let fits = |rule: &TtlRule| rule.matches.fits(key, addr);
        let at = self.0.iter().take(TtlRule::COUNT_MAX).position(fits)?;
        u8::try_from(at + 1).ok()
    }

    /// Returns how long the first rule that fits lets a row live; `by_ipv6` is the number of the first that fits by the
    /// row's IPv6 address.
    pub(super) fn ttl(
        &self,
        by_ipv6: u8,
        key: impl FnOnce() -> TableKey,
        ipv4: Option<Ipv4Addr>,
    ) -> Option<Duration> {
        if self.0.is_empty() {
            return None;
        }
        let found = self.find(&key(), ipv4.map(IpAddr::V4));
        let first = found.into_iter().chain((by_ipv6 > 0).then_some(by_ipv6)).min()?;
        self.0.get(usize::from(first) - 1).map(|rule| rule.ttl)
    }
}
