use core::time::Duration;
use std::net::IpAddr;

use super::Kind;
use super::selection::{GraceRule, MuteRule, Selection};
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
    /// How long at least between two tellings that further evidence came. Default 60 s.
    pub update_interval: Duration,
    /// What opens more often than this within an hour is told as flapping. Default 6.
    pub flap_limit: u32,
    /// How long a difference that an operator resolved may persist before it opens again. Default 600 s.
    pub reopen_grace: Duration,
    /// A snapshot in which more than this share of a source's guests is missing is not believed, in percent. Default 50.
    pub max_shrink_percent: u32,
    /// How long after it was last seen a learned station is forgotten. Default 30 days.
    pub learned_expiry: Duration,
    /// Other graces for some guests; the first that fits counts.
    pub graces: Vec<GraceRule>,
    /// Guests that nothing is said about.
    pub exclude: Vec<Selection>,
    /// What nobody wants to hear of.
    pub mute: Vec<MuteRule>,
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
            update_interval: Duration::from_secs(60),
            flap_limit: 6,
            reopen_grace: Duration::from_secs(600),
            max_shrink_percent: 50,
            learned_expiry: Duration::from_secs(30 * 86_400),
            graces: Vec::new(),
            exclude: Vec::new(),
            mute: Vec::new(),
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
