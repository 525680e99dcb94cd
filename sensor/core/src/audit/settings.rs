use core::time::Duration;
use std::net::IpAddr;

use super::Kind;
use crate::types::{IpPrefix, MacAddr, MacPrefix};

/// When a difference counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditSettings {
    /// The kinds that are not looked for.
    pub off: Vec<Kind>,
    /// How long records may lag behind a move before it is a discrepancy. Default 60 s.
    pub record_lag: Duration,
    /// How long a guest that said goodbye may be silent. Default 60 s.
    pub silence_grace: Duration,
    /// How long after it was recorded as off a guest may still be heard. Default 120 s.
    pub zombie_grace: Duration,
    /// How long a capture point must have seen its hosts before it vouches for a guest's silence, and how
    /// long a guest recorded as just started may take to be heard. Default 300 s, the time to live.
    pub start_up_grace: Duration,
    /// A capture point that gave no frame for this long is blind: nobody's silence is judged by it. Default
    /// 60 s.
    pub blind_after: Duration,
    /// How long a discrepancy must stand to be confirmed without further evidence. Default 30 s.
    pub confirm_after: Duration,
    /// Stations that nothing is said about.
    pub ignored_stations: Vec<MacPrefix>,
    /// Addresses that never conflict, as anycast gateways.
    pub ignored_addresses: Vec<IpPrefix>,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            off: Vec::new(),
            record_lag: Duration::from_secs(60),
            silence_grace: Duration::from_secs(60),
            zombie_grace: Duration::from_secs(120),
            start_up_grace: Duration::from_secs(300),
            blind_after: Duration::from_secs(60),
            confirm_after: Duration::from_secs(30),
            ignored_stations: Vec::new(),
            ignored_addresses: Vec::new(),
        }
    }
}

impl AuditSettings {
    pub(super) fn is_on(&self, kind: Kind) -> bool {
        !self.off.contains(&kind)
    }

    pub(super) fn ignores_station(&self, mac: MacAddr) -> bool {
        self.ignored_stations.iter().any(|prefix| prefix.contains(mac))
    }

    pub(super) fn ignores_address(&self, addr: IpAddr) -> bool {
        self.ignored_addresses.iter().any(|prefix| prefix.contains(addr))
    }
}
