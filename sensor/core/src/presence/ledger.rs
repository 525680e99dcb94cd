use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::addresses::{AddressBook, Claim, ClaimOutcome, Rivalry};
use super::bindings::Bindings;
use super::change::{Change, ChangeKind, TableKey, Traffic};
use super::event::{Evidence, EvidenceKind, PresenceEvent, PresenceKind, Strength};
use super::places::{Places, Verdict};
use super::settings::PresenceSettings;
use crate::sighting::AddressClaim;
use crate::types::{
    CapturePointId, DomainId, Limits, Location, MacAddr, Segment, StationId, Timestamp, push_tight,
};

/// The merged belief of all shards: who is present, where, with which addresses.
///
/// Takes in changes in the order of their frames and the passing of time by ticks; gives presence events.
/// A station is present while any of its locations is unexpired.
///
/// # Bounds
/// Present stations are bounded by the shards' tables; of those that left, [`Limits::departed_max`] are
/// remembered, the longest gone forgotten first and counted. Locations of one station are bounded by
/// [`Limits::locations_per_station_max`]; at the limit a further one keeps the station present and
/// is not listed, which is counted.
#[derive(Debug)]
pub struct Ledger {
    settings: PresenceSettings,
    limits: Limits,
    points: Vec<Point>,
    /// Boxed, so that a growing table moves pointers.
    stations: HashMap<StationKey, Box<Station>, FixedState>,
    /// Stations that left, in the order in which they did.
    departed: BTreeMap<u64, StationKey>,
    departures: u64,
    /// Stations of which the passing of time alone may change where they are.
    watched: BTreeSet<StationKey>,
    addresses: AddressBook,
    bindings: Bindings,
    forgotten: u64,
    unlisted: u64,
    notices_unused: u64,
    events: VecDeque<PresenceEvent>,
}

/// One MAC address on one segment: the same address elsewhere is another station.
pub(super) type StationKey = (MacAddr, Segment);

#[derive(Clone, Copy, Debug, Default)]
struct Point {
    domain: DomainId,
    locates: bool,
}

/// What is believed of one station.
#[derive(Clone, Debug)]
pub struct Station {
    /// Its first frame in the run.
    pub first_seen: Timestamp,
    /// Its last frame known of; between reports up to a quarter of the time to live behind.
    pub last_seen: Timestamp,
    /// Whether any location is unexpired.
    pub present: bool,
    /// Frames and octets at all locations.
    pub traffic: Traffic,
    /// The unexpired locations, in the order of their first frames; of a departed station the last one.
    pub sites: Vec<Site>,
    /// Whether it forwards for others, so that its source addresses say nothing.
    pub router: bool,
    /// Rows of the shards' tables that are its own; listed as sites up to the bound.
    rows: u32,
    weak: Vec<IpAddr>,
    places: Places,
    /// Its number among the departed, while it is one.
    departure: Option<u64>,
}

/// One location of a station.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Where.
    pub location: Location,
    /// Whether it is a place: a known host or port, which excludes others.
    pub locates: bool,
    /// Its first frame here.
    pub first_seen: Timestamp,
    /// Its last frame here known of.
    pub last_seen: Timestamp,
}

impl Station {
    /// Returns where the station is believed to be: its place, or else the latest location.
    pub fn location(&self) -> Option<Location> {
        let latest = self.sites.iter().max_by_key(|site| (site.last_seen, site.location));
        self.places.current().or_else(|| latest.map(|site| site.location))
    }
}

impl Ledger {
    /// Makes an empty ledger.
    pub fn new(settings: PresenceSettings, limits: Limits, seed: u64) -> Self {
        let hasher = FixedState::with_seed(seed);
        Self {
            settings,
            limits,
            points: Vec::new(),
            stations: HashMap::with_hasher(hasher.clone()),
            departed: BTreeMap::new(),
            departures: 0,
            watched: BTreeSet::new(),
            addresses: AddressBook::new(hasher, limits.addresses_max as usize),
            bindings: Bindings::new(settings, limits.mobile_nodes_max as usize),
            forgotten: 0,
            unlisted: 0,
            notices_unused: 0,
            events: VecDeque::new(),
        }
    }

    /// Makes a capture point known, before its first change; see [`super::StationTable::add_point`].
    pub fn add_point(&mut self, domain: DomainId, locates: bool) {
        self.points.push(Point { domain, locates });
    }

    /// Takes in a change.
    pub fn handle(&mut self, change: &Change) {
        let Change { sequence: frame, at, key, .. } = *change;
        let evidence = |kind| Evidence { at, frame, location: key.location(), kind };
        match &change.kind {
            ChangeKind::Appeared => self.appear(&key, evidence(EvidenceKind::Frame)),
            ChangeKind::StillHere(traffic) => {
                self.refresh(&key, at, *traffic);
                self.seen(&key, evidence(EvidenceKind::Frame));
            }
            ChangeKind::Sighted => {
                self.refresh(&key, at, Traffic::default());
                self.sight(&key, evidence(EvidenceKind::Frame), false);
                self.seen(&key, evidence(EvidenceKind::Frame));
            }
            ChangeKind::LastSeen(last_seen) => {
                self.refresh(&key, *last_seen, Traffic::default());
                let recalled = Evidence { at: *last_seen, frame: 0, ..evidence(EvidenceKind::Frame) };
                self.sight(&key, recalled, false);
            }
            ChangeKind::Counted { last_seen, traffic } => self.refresh(&key, *last_seen, *traffic),
            ChangeKind::Expired { last_seen, traffic } | ChangeKind::Evicted { last_seen, traffic } => {
                self.refresh(&key, *last_seen, *traffic);
                self.leave(&key, at);
            }
            ChangeKind::WeakClaim(addr) => {
                self.claim_weakly(&key, *addr, evidence(EvidenceKind::Claim(*addr)))
            }
            ChangeKind::Router => self.find_router(&key),
            ChangeKind::Claim(claim) => self.claim(&key, claim, evidence(EvidenceKind::Claim(claim.ip))),
            ChangeKind::Announced(_) => self.sight(&key, evidence(EvidenceKind::Announcement), true),
            ChangeKind::Mobility(message) => {
                self.bindings.handle(message, at, frame, key.capture_point, &mut self.events);
            }
            ChangeKind::Notice(_) => self.notices_unused += 1,
        }
    }

    /// Takes in the passing of time; `now` is a multiple of the tick.
    pub fn tick(&mut self, now: Timestamp) {
        let watched: Vec<StationKey> = self.watched.iter().copied().collect();
        for key in watched {
            let Some(station) = self.stations.get_mut(&key) else {
                continue;
            };
            let verdict = station.places.tick(now, &self.settings);
            self.follow(key, now, verdict);
        }
        for (segment, addr, holder) in self.addresses.tick(now, &self.settings) {
            self.emit(now, StationId::Mac(holder), segment, PresenceKind::ConflictEnded { addr });
        }
        self.bindings.tick(now, &mut self.events);
    }

    /// Takes the next presence event.
    pub fn poll(&mut self) -> Option<PresenceEvent> {
        self.events.pop_front()
    }

    /// Returns when the passing of time may next change something; asked again after each change and tick.
    pub fn next_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let waiting = !self.watched.is_empty() || self.addresses.is_waiting();
        let next_tick = waiting.then(|| super::next_tick(now, self.settings.tick));
        [next_tick, self.bindings.next_deadline()].into_iter().flatten().min()
    }

    /// Returns every station known of, in no order; for sums and for a choice by a total order.
    pub fn stations_unordered(&self) -> impl Iterator<Item = (MacAddr, Segment, &Station)> {
        self.stations.iter().map(|(&(mac, segment), station)| (mac, segment, &**station))
    }

    /// Returns every station known of, sorted by address and segment.
    pub fn stations(&self) -> Vec<(MacAddr, Segment, &Station)> {
        let mut stations: Vec<_> = self.stations_unordered().collect();
        stations.sort_unstable_by_key(|(mac, segment, _)| (*mac, *segment));
        stations
    }

    /// Returns how many stations are present.
    pub fn present_count(&self) -> usize {
        self.stations.len() - self.departed.len()
    }

    /// Returns how many departed stations were forgotten to keep the bound.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Returns how many locations were not listed because their station has too many.
    pub const fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// Returns how many notices changed nothing, because nothing is made of their kind.
    pub const fn notices_unused(&self) -> u64 {
        self.notices_unused
    }

    /// Returns who claims which address.
    pub const fn addresses(&self) -> &AddressBook {
        &self.addresses
    }

    /// Returns the mobile nodes and their bindings.
    pub const fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    fn point(&self, id: CapturePointId) -> Point {
        self.points.get(id.index()).copied().unwrap_or_default()
    }

    fn station_key(&self, key: &TableKey) -> StationKey {
        (key.mac, key.segment(self.point(key.capture_point).domain))
    }

    fn appear(&mut self, key: &TableKey, evidence: Evidence) {
        let (id, locates, at) = (self.station_key(key), self.point(key.capture_point).locates, evidence.at);
        let station = self.stations.entry(id).or_insert_with(|| {
            Box::new(Station {
                first_seen: at,
                last_seen: at,
                present: false,
                traffic: Traffic::default(),
                sites: Vec::new(),
                router: false,
                rows: 0,
                weak: Vec::new(),
                places: Places::default(),
                departure: None,
            })
        });
        let started = !station.present;
        if started {
            station.present = true;
            station.rows = 0;
            station.sites.clear();
            station.places = Places::default();
            if let Some(departure) = station.departure.take() {
                self.departed.remove(&departure);
            }
        }
        station.rows += 1;
        station.last_seen = station.last_seen.max(at);
        let location = evidence.location;
        if station.sites.iter().all(|site| site.location != location) {
            if station.sites.len() < usize::from(self.limits.locations_per_station_max) {
                push_tight(&mut station.sites, Site { location, locates, first_seen: at, last_seen: at });
            } else {
                self.unlisted += 1;
            }
        }
        if started {
            self.emit(at, StationId::Mac(id.0), id.1, PresenceKind::Started { location, evidence });
        }
        self.sight_at(id, locates, evidence, false, started);
    }

    /// Takes in that a row was refreshed.
    fn refresh(&mut self, key: &TableKey, last_seen: Timestamp, traffic: Traffic) {
        let (id, location) = (self.station_key(key), key.location());
        let Some(station) = self.stations.get_mut(&id) else {
            return;
        };
        station.last_seen = station.last_seen.max(last_seen);
        station.traffic.add(traffic);
        if let Some(site) = station.sites.iter_mut().find(|site| site.location == location) {
            site.last_seen = site.last_seen.max(last_seen);
        }
    }

    /// Tells that a station was sighted again; of one whose place is known, only at a place.
    fn seen(&mut self, key: &TableKey, evidence: Evidence) {
        let id @ (mac, segment) = self.station_key(key);
        let placed = self.stations.get(&id).is_some_and(|station| station.places.current().is_some());
        if placed && !self.point(key.capture_point).locates {
            return;
        }
        let location = evidence.location;
        self.emit(evidence.at, StationId::Mac(mac), segment, PresenceKind::Seen { location, evidence });
    }

    fn sight(&mut self, key: &TableKey, evidence: Evidence, announced: bool) {
        let (id, locates) = (self.station_key(key), self.point(key.capture_point).locates);
        self.sight_at(id, locates, evidence, announced, false);
    }

    /// Weighs a sighting at a place; at a mere segment there is nothing to weigh.
    fn sight_at(
        &mut self,
        id: StationKey,
        locates: bool,
        evidence: Evidence,
        announced: bool,
        started: bool,
    ) {
        let Some(station) = self.stations.get_mut(&id).filter(|_| locates) else {
            return;
        };
        let verdict = station.places.sight(evidence, announced, &self.settings);
        // A start names its place itself.
        let verdict = verdict.filter(|verdict| !started || !matches!(verdict, Verdict::Located(_)));
        self.follow(id, evidence.at, verdict);
    }

    /// Takes in that a row is gone.
    fn leave(&mut self, key: &TableKey, at: Timestamp) {
        let (id, location) = (self.station_key(key), key.location());
        let Some(station) = self.stations.get_mut(&id) else {
            return;
        };
        station.rows = station.rows.saturating_sub(1);
        if station.rows == 0 {
            let (last_seen, location) = (station.last_seen, station.location().unwrap_or(location));
            station.sites.retain(|site| site.location == location);
            station.present = false;
            self.watched.remove(&id);
            self.depart(id);
            let (mac, segment) = id;
            self.emit(at, StationId::Mac(mac), segment, PresenceKind::Expired { last_seen, location });
            return;
        }
        let Some(index) = station.sites.iter().position(|site| site.location == location) else { return };
        station.sites.remove(index);
        let mut others: Vec<&Site> = station.sites.iter().filter(|site| site.locates).collect();
        others.sort_unstable_by_key(|site| (core::cmp::Reverse(site.last_seen), site.location));
        let others: Vec<Location> = others.into_iter().map(|site| site.location).collect();
        let verdict = station.places.expire(location, &others);
        self.follow(id, at, verdict);
    }

    /// Remembers a departed station, and forgets the longest gone beyond the bound.
    fn depart(&mut self, id: StationKey) {
        self.departures += 1;
        self.departed.insert(self.departures, id);
        if let Some(station) = self.stations.get_mut(&id) {
            station.departure = Some(self.departures);
        }
        if self.departed.len() > self.limits.departed_max as usize
            && let Some((_, longest)) = self.departed.pop_first()
        {
            self.stations.remove(&longest);
            self.forgotten += 1;
        }
    }

    fn claim_weakly(&mut self, key: &TableKey, addr: IpAddr, evidence: Evidence) {
        let id = self.station_key(key);
        let Some(station) = self.stations.get_mut(&id) else {
            return;
        };
        if station.router || station.weak.contains(&addr) {
            return;
        }
        push_tight(&mut station.weak, addr);
        if station.weak.len() > usize::from(self.limits.router_at) {
            self.find_router(key);
            return;
        }
        self.enter_claim(id, addr, Strength::Weak, Rivalry::Exempt, evidence);
    }

    /// Takes in that a station forwards for others: what it claimed weakly is not its own.
    fn find_router(&mut self, key: &TableKey) {
        let id = self.station_key(key);
        let Some(station) = self.stations.get_mut(&id) else {
            return;
        };
        station.router = true;
        let weak = core::mem::take(&mut station.weak);
        self.addresses.drop_weak(id.1, id.0, &weak);
    }

    fn claim(&mut self, key: &TableKey, claim: &AddressClaim, evidence: Evidence) {
        let (_, segment) = self.station_key(key);
        let id = (claim.mac, segment);
        let forwards = self.stations.get(&id).is_some_and(|station| station.router);
        let exempt = forwards || claim.mac.is_virtual_router() || claim.frame_mac.is_virtual_router();
        let rivalry = if exempt { Rivalry::Exempt } else { Rivalry::Possible };
        self.enter_claim(id, claim.ip, Strength::Strong, rivalry, evidence);
    }

    fn enter_claim(
        &mut self,
        (mac, segment): StationKey,
        addr: IpAddr,
        strength: Strength,
        rivalry: Rivalry,
        evidence: Evidence,
    ) {
        let claim = Claim { segment, addr, mac, strength, rivalry, evidence };
        let outcome = self.addresses.claim(&claim, &self.settings);
        let kind = match outcome {
            ClaimOutcome::Known => return,
            ClaimOutcome::New => PresenceKind::Claimed { addr, strength, evidence },
            ClaimOutcome::Conflict { rival } => {
                PresenceKind::Conflicted { addr, rival: rival.mac, evidence: [rival.evidence, evidence] }
            }
        };
        self.emit(evidence.at, StationId::Mac(mac), segment, kind);
    }

    /// Tells what became of the places, and whether to watch them.
    fn follow(&mut self, id: StationKey, at: Timestamp, verdict: Option<Verdict>) {
        let waiting = self.stations.get(&id).is_some_and(|station| station.places.is_waiting());
        if waiting {
            self.watched.insert(id);
        } else {
            self.watched.remove(&id);
        }
        let kind = match verdict {
            None => return,
            Some(Verdict::Located(evidence)) => {
                PresenceKind::Located { location: evidence.location, evidence }
            }
            Some(Verdict::Moved { from, to, since, evidence }) => {
                PresenceKind::Moved { from, to, since, evidence }
            }
            Some(Verdict::Duplicated { former, latter }) => PresenceKind::Duplicated { former, latter },
            Some(Verdict::DuplicateEnded { left }) => PresenceKind::DuplicateEnded { left },
        };
        let (mac, segment) = id;
        self.emit(at, StationId::Mac(mac), segment, kind);
    }

    fn emit(&mut self, at: Timestamp, station: StationId, segment: Segment, kind: PresenceKind) {
        self.events.push_back(PresenceEvent { at, station, segment, kind });
    }
}
