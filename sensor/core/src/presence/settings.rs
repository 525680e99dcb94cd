use core::time::Duration;

/// Whether a mobile node's binding counts before its acknowledgement is seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AckRule {
    /// It counts at once; a refusal takes it back.
    #[default]
    NotRequired,
    /// It counts from the acknowledgement on.
    Required,
}

/// How Binding Updates of proxy implementations older than RFC 5213 are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyMobility {
    /// An ambiguous update is counted and changes nothing.
    #[default]
    Strict,
    /// An ambiguous update is read with the option numbers that were in use before their assignment.
    Legacy,
}

/// What to do with a mobility message whose checksum is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadChecksum {
    /// Count it and do nothing.
    #[default]
    Ignore,
    /// Count it and act on it all the same.
    Accept,
}

/// How evidence becomes belief.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresenceSettings {
    /// How long a station stays present without being seen. Default 300 s, what a switch uses.
    pub ttl: Duration,
    /// How long the port is believed that a relay of DHCP named. Default 300 s.
    pub relay_ttl: Duration,
    /// How long a session of an access server lives while nobody says how often it is reported. Default 24 h.
    pub session_ttl: Duration,
    /// The step at which time is acted on: expiry and deadlines fall on its multiples. Default 1 s.
    pub tick: Duration,
    /// Two places that speak in turn within this are a duplicate. Default 10 s.
    pub duplicate_window: Duration,
    /// How long the old place must be silent before a station has moved. Default 10 s.
    pub move_settle: Duration,
    /// The same where the station announced itself at the new place. Default 2 s.
    pub announced_move_settle: Duration,
    /// Two stations that claim one address in turn within this are in conflict. Default 60 s.
    pub conflict_window: Duration,
    /// An address that is back at a former holder within this is flip-flopping. Default 24 h.
    pub flip_flop_window: Duration,
    /// An address that is claimed again after this is re-used. Default 180 d.
    pub reused_after: Duration,
    /// How far behind the clock a frame's time may lie and still be believed. Default 1 s.
    pub reorder_window: Duration,
    /// Newcomers that find a full table are counted over this time. Default 60 s.
    pub flood_window: Duration,
    /// Whether a binding needs its acknowledgement.
    pub ack_rule: AckRule,
    /// How ambiguous proxy updates are read.
    pub proxy_mobility: ProxyMobility,
    /// Whether bad checksums are acted on.
    pub bad_checksum: BadChecksum,
}

impl Default for PresenceSettings {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(300),
            relay_ttl: Duration::from_secs(300),
            session_ttl: Duration::from_secs(24 * 3_600),
            tick: Duration::from_secs(1),
            duplicate_window: Duration::from_secs(10),
            move_settle: Duration::from_secs(10),
            announced_move_settle: Duration::from_secs(2),
            conflict_window: Duration::from_secs(60),
            flip_flop_window: Duration::from_secs(24 * 3_600),
            reused_after: Duration::from_secs(180 * 24 * 3_600),
            reorder_window: Duration::from_secs(1),
            flood_window: Duration::from_secs(60),
            ack_rule: AckRule::default(),
            proxy_mobility: ProxyMobility::default(),
            bad_checksum: BadChecksum::default(),
        }
    }
}

/// Frames copied by a mirror twice arrive this close together; such a pair is one sighting.
pub(crate) const MIRROR_COPY_WINDOW: Duration = Duration::from_millis(1);

/// A place of a contested station is reported at most once in this time.
pub(crate) const CONTESTED_REPORT_INTERVAL: Duration = Duration::from_millis(100);
