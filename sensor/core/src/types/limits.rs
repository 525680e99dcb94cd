/// Every bound of the core, in one place.
///
/// Each has a policy for when it is reached, a counter that says how often, and a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tracked (station, location) pairs in one shard. At the limit, entries that are neither recorded nor
    /// older than a minute are evicted first, oldest first. About 96 octets each.
    pub stations_max: u32,
    /// Addresses remembered for one station in the ledger. At the limit the longest unclaimed goes.
    pub addresses_per_station_max: u16,
    /// More weakly claimed addresses than this make a station a router, whose weak claims are dropped.
    pub router_at: u16,
    /// Places remembered for one station in the ledger. At the limit the longest unseen goes.
    pub locations_per_station_max: u16,
    /// Pieces of evidence kept with one discrepancy: the first half and the last half.
    pub evidence_max: u16,
    /// Discrepancies kept, open and resolved. At the limit the longest resolved goes first; while all are
    /// open a new one is counted and not kept.
    pub discrepancies_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stations_max: 1_048_576,
            addresses_per_station_max: 32,
            router_at: 16,
            locations_per_station_max: 8,
            evidence_max: 8,
            discrepancies_max: 100_000,
        }
    }
}

const _: () = {
    let limits = Limits {
        stations_max: 1_048_576,
        addresses_per_station_max: 32,
        router_at: 16,
        locations_per_station_max: 8,
        evidence_max: 8,
        discrepancies_max: 100_000,
    };
    assert!(limits.router_at < limits.addresses_per_station_max);
    assert!(
        limits.locations_per_station_max >= 2,
        "a duplicate needs two places"
    );
};
