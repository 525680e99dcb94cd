/// Every bound of the core, in one place.
///
/// Each has a policy for when it is reached; what is thrown away or refused is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tracked (station, location) pairs in one shard. At the limit, entries that are neither recorded nor
    /// older than a minute are evicted first, oldest first. About 96 octets each, at most 100; at most 16,777,215
    /// rows.
    pub stations_max: u32,
    /// More weakly claimed addresses than this make a station a router, whose weak claims are dropped.
    pub router_at: u16,
    /// As many newcomers of one capture point that find a full table within the flood window are a flood.
    pub flood_at: u32,
    /// Stations that left and are still remembered. At the limit the longest gone is forgotten.
    pub departed_max: u32,
    /// Places remembered for one station in the ledger. At the limit a further one is not listed.
    pub locations_per_station_max: u16,
    /// Pieces of evidence kept with one discrepancy: the first half and the last half.
    pub evidence_max: u16,
    /// IP addresses whose claimants are remembered, 54 to 60 octets each, 16 more for IPv6. At the limit one that was claimed long
    /// ago goes for a new one.
    pub addresses_max: u32,
    /// Mobile nodes whose bindings are remembered. At the limit a new one is refused.
    pub mobile_nodes_max: u32,
    /// Sessions of access servers, and stations whose port a relay named. At the limit the one that would end first is forgotten.
    pub sessions_max: u32,
    /// Rows of guests in the forwarding tables of polled switches. At the limit a further one is counted and not taken in.
    pub table_rows_max: u32,
    /// Discrepancies kept, open and resolved. At the limit the longest resolved goes first; while all are
    /// open a new one is counted and not kept. Unknown stations fill at most half.
    pub discrepancies_max: u32,
    /// The bounds of streams.
    pub streams: StreamLimits,
}

/// The bounds of streams: members, posts and what belongs to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// Members and groups, those that left among them. At the limit whoever left longest ago is forgotten, else a newcomer
    /// is refused. About 180 octets each.
    pub members_max: u32,
    /// Posts, open and resolved. At the limit the longest resolved goes first; while all are open a new one is refused.
    /// About 600 octets each without its texts.
    pub posts_max: u32,
    /// Likes of all posts. At the limit a further one is refused. About 120 octets each, with what it reports.
    pub likes_max: u32,
    /// Comments kept with one post: the first half and the last half.
    pub comments_max: u16,
    /// Private messages. At the limit the oldest goes.
    pub messages_max: u32,
    /// Follows and memberships of groups by choice. At the limit a further one is refused.
    pub follows_max: u32,
    /// Pairs of a hashtag and a stream whose uses are counted. At the limit the one used longest ago goes.
    pub tag_counts_max: u32,
    /// Entries of the trail of writes that are kept. At the limit the oldest goes.
    pub trail_max: u32,
    /// Requests that wait for an answer. At the limit a further one is refused.
    pub requests_max: u32,
}

impl StreamLimits {
    /// The limits in force unless configured otherwise.
    pub const DEFAULT: Self = Self {
        members_max: 262_144,
        posts_max: 65_536,
        likes_max: 1_048_576,
        comments_max: 64,
        messages_max: 65_536,
        follows_max: 262_144,
        tag_counts_max: 16_384,
        trail_max: 65_536,
        requests_max: 4_096,
    };
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Limits {
    /// The limits in force unless configured otherwise.
    pub const DEFAULT: Self = Self {
        stations_max: 1_048_576,
        router_at: 16,
        flood_at: 256,
        departed_max: 65_536,
        locations_per_station_max: 8,
        evidence_max: 8,
        addresses_max: 1_048_576,
        mobile_nodes_max: 65_536,
        sessions_max: 131_072,
        table_rows_max: 1_048_576,
        discrepancies_max: 100_000,
        streams: StreamLimits::DEFAULT,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

const _: () = {
    let limits = Limits::DEFAULT;
    assert!(limits.locations_per_station_max >= 2, "a duplicate needs two places");
    assert!(limits.evidence_max >= 2, "the first and the last are kept");
};
