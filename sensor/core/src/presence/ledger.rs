use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use foldhash::quality::FixedState;

use super::addresses::{AddressBook, Claimant};
use super::attachments::Attachments;
use super::bindings::Bindings;
use super::change::{Change, ChangeKind, TableKey, Traffic};
use super::event::{Evidence, EvidenceKind, PresenceEvent, PresenceKind};
use super::flood::{FloodEvent, Floods, Pressure};
use super::forwarding::ForwardingTables;
use super::grounds::{Exemptions, LocalSubnet, Mismatches, Subnets};
use super::locations::{Known, LocationId, Locations};
use super::places::Verdict;
use super::registrations::Registrations;
use super::sessions::Sessions;
use super::settings::PresenceSettings;
use super::sides::Sides;
use super::stations::{PLACED, PRESENT, ROUTER, STOPPED, Site, StationRow, Stations};
use super::stay::{Stay, ToldAddresses};
use crate::sighting::ClaimKind;
use crate::types::{
    CapturePointId, DomainId, Limits, Location, MacAddr, Segment, StationId, Timestamp, Via, push_tight,
};

/// The merged belief of all shards: who is present, where, with which addresses.
///
/// Takes in changes in the order of their frames and the passing of time by ticks; gives presence events.
/// A station is present while any of its locations is unexpired. Whoever judges asks it for the stays of a station: it is
/// the one place where these are kept.
///
/// # Bounds
/// Present stations are bounded by the shards' tables; of those that left, [`Limits::departed_max`] are
/// remembered, the longest gone forgotten first and counted. Locations of one station are bounded by
/// [`Limits::locations_per_station_max`]; at the limit a further one keeps the station present and
/// is not listed, which is counted. Of the addresses of a station the latest 32 can be told. A station at one location with
/// one address takes about 160 octets here.
#[derive(Debug)]
pub struct Ledger {
    pub(super) settings: PresenceSettings,
    pub(super) limits: Limits,
    points: Vec<Point>,
    sides: Sides,
    pub(super) locations: Locations,
    pub(super) stations: Stations,
    /// Stations that left, in the order in which they did.
    departed: BTreeMap<u64, u32>,
    departures: u64,
    /// Stations of which the passing of time alone may change where they are.
    watched: BTreeSet<(MacAddr, Segment)>,
    pub(super) addresses: AddressBook,
    pub(super) exemptions: Exemptions,
    pub(super) subnets: Subnets,
    pub(super) mismatches: Mismatches,
    pub(super) attachments: Attachments,
    bindings: Bindings,
    pub(super) registrations: Registrations,
    pub(super) sessions: Sessions,
    floods: Floods,
    pub(super) forwarding: ForwardingTables,
    forgotten: u64,
    unlisted: u64,
    pub(super) events: VecDeque<PresenceEvent>,
}

/// Segments of one address that are told.
const STAYS_MAX: usize = 16;

#[derive(Clone, Copy, Debug, Default)]
struct Point {
    domain: DomainId,
    locates: bool,
}

/// What is believed of one station.
#[derive(Clone, Copy, Debug)]
pub struct Station {
    /// Its first frame in the run.
    pub first_seen: Timestamp,
    /// Its last frame known of; between reports up to a quarter of the time to live behind.
    pub last_seen: Timestamp,
    /// Whether any location is unexpired.
    pub present: bool,
    /// Frames and octets at all locations.
    pub traffic: Traffic,
    /// Where it is believed to be: its place, or else the latest location; of a departed station the last one.
    pub location: Location,
    /// Whether it forwards for others, so that its source addresses say nothing.
    pub router: bool,
}

/// Whom and where a change is about.
#[derive(Clone, Copy)]
pub(super) struct Here {
    pub(super) mac: MacAddr,
    pub(super) place: LocationId,
    pub(super) location: Location,
    pub(super) segment: Segment,
    pub(super) locates: bool,
    /// The station's row, if it has one.
    pub(super) row: Option<u32>,
}

impl Ledger {
    /// Makes an empty ledger.
    pub fn new(settings: PresenceSettings, limits: Limits, seed: u64) -> Self {
        let hasher = FixedState::with_seed(seed);
        Self {
            settings,
            limits,
            points: Vec::new(),
            sides: Sides::default(),
            locations: Locations::new(hasher.clone()),
            stations: Stations::new(hasher.clone()),
            departed: BTreeMap::new(),
            departures: 0,
            watched: BTreeSet::new(),
            attachments: Attachments::new(hasher.clone()),
            exemptions: Exemptions::default(),
            subnets: Subnets::default(),
            mismatches: Mismatches::default(),
            addresses: AddressBook::new(hasher, limits.addresses_max as usize),
            bindings: Bindings::new(settings, limits.mobile_nodes_max as usize),
            registrations: Registrations::new(
                settings.ack_rule,
                settings.tick,
                limits.mobile_nodes_max as usize,
            ),
            sessions: Sessions::new(limits.sessions_max as usize, &settings),
            floods: Floods::new(settings.flood_window, limits.flood_at),
            forwarding: ForwardingTables::new(limits.table_rows_max as usize, settings.ttl),
            forgotten: 0,
            unlisted: 0,
            events: VecDeque::new(),
        }
    }

    /// Makes a capture point known, before its first change; see [`super::StationTable::add_point`].
    pub fn add_point(&mut self, domain: DomainId, locates: bool) {
        self.points.push(Point { domain, locates });
    }

    /// Says at which site the capture point is that was made known last.
    pub fn place_point(&mut self, site: Box<str>) {
        let last = self.points.len().checked_sub(1).and_then(|last| u16::try_from(last).ok());
        if let Some(last) = last {
            self.subnets.place(CapturePointId(last), site);
        }
    }

    /// Says who never conflicts.
    pub fn exempt(&mut self, exemptions: Exemptions) {
        self.exemptions = exemptions;
    }

    /// Says which subnets are where, in the place of what was said before.
    pub fn set_subnets(&mut self, subnets: Vec<LocalSubnet>) {
        self.subnets.replace(subnets);
    }

    /// Says which capture points see one and the same machine from its several links: of each point the first such, in the
    /// order of their numbers.
    pub fn set_sides(&mut self, first: Vec<CapturePointId>) {
        self.sides = Sides::new(first);
    }

    /// Takes in a change.
    pub fn handle(&mut self, change: &Change) {
        let Change { sequence: frame, at, ref key, .. } = *change;
        let here = self.here(key);
        let evidence = |kind| Evidence { at, frame, location: here.location, kind };
        let seen = evidence(EvidenceKind::Frame);
        match &change.kind {
            ChangeKind::Appeared => self.appear(&here, seen),
            ChangeKind::StillHere(traffic) => {
                self.refresh(&here, at, *traffic);
                self.seen(&here, seen, at);
            }
            ChangeKind::Heard { last_seen, traffic } => {
                self.refresh(&here, *last_seen, *traffic);
                self.seen(&here, Evidence { at: *last_seen, frame: 0, ..seen }, at);
            }
            ChangeKind::Sighted => {
                self.refresh(&here, at, Traffic::default());
                self.sight(&here, seen, false);
                self.seen(&here, seen, at);
            }
            ChangeKind::LastSeen(last_seen) => {
                self.refresh(&here, *last_seen, Traffic::default());
                self.sight(&here, Evidence { at: *last_seen, frame: 0, ..seen }, false);
            }
            ChangeKind::Counted { last_seen, traffic } => self.refresh(&here, *last_seen, *traffic),
            ChangeKind::Expired { last_seen, traffic } | ChangeKind::Evicted { last_seen, traffic } => {
                self.refresh(&here, *last_seen, *traffic);
                self.leave(&here, at);
            }
            ChangeKind::WeakClaim(addr) => {
                self.claim_weakly(&here, *addr, evidence(EvidenceKind::Claim(*addr)));
            }
            ChangeKind::Router => self.find_router(&here),
            ChangeKind::Claim(claim) => {
                let is_grant = matches!(claim.kind, ClaimKind::DhcpAck | ClaimKind::Dhcpv6Reply);
                let kind = if is_grant { EvidenceKind::Grant } else { EvidenceKind::Claim };
                self.claim(&here, claim, evidence(kind(claim.ip)));
            }
            ChangeKind::Announced(_) => self.announce(&here, evidence(EvidenceKind::Announcement)),
            ChangeKind::Mobility(message) => {
                self.bindings.handle(message, at, frame, key.capture_point, &mut self.events);
            }
            ChangeKind::Notice(notice) => self.notice(&here, notice, seen),
        }
    }

    /// Takes in the passing of time; `now` is a multiple of the tick.
    pub fn tick(&mut self, now: Timestamp) {
        let watched: Vec<(MacAddr, Segment)> = self.watched.iter().copied().collect();
        for (mac, segment) in watched {
            let Some(id) = self.stations.find(mac, segment, &self.locations) else { continue };
            let Some(wide) = self.stations.wide_mut(id) else { continue };
            let verdict = wide.places.tick(now, &self.settings, &self.sides);
            self.follow(id, now, verdict);
        }
        for (segment, addr, holder) in self.addresses.tick(now, &self.locations, &self.settings) {
            self.emit(now, StationId::Mac(holder), segment, PresenceKind::ConflictEnded { addr });
        }
        self.bindings.tick(now, &mut self.events);
        self.registrations.tick(now, &mut self.events);
        self.tick_sessions(now);
        self.forwarding.tick(now, &mut self.events);
        self.floods.tick(now);
    }

    /// Takes in how many newcomers of a capture point found a full table in the time up to `tick`.
    pub fn press(&mut self, point: CapturePointId, pressure: Pressure, tick: Timestamp) {
        self.floods.press(point, pressure, tick);
    }

    /// Takes the next change of a flood.
    pub fn poll_flood(&mut self) -> Option<FloodEvent> {
        self.floods.poll()
    }

    /// Takes the next presence event.
    pub fn poll(&mut self) -> Option<PresenceEvent> {
        self.events.pop_front()
    }

    /// Returns when the passing of time may next change something; asked again after each change and tick.
    pub fn next_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let waiting = !self.watched.is_empty() || self.addresses.is_waiting();
        let next_tick = waiting.then(|| super::next_tick(now, self.settings.tick));
        let deadlines = [
            next_tick,
            self.bindings.next_deadline(),
            self.registrations.next_deadline(),
            self.sessions.next_deadline(),
            self.floods.next_deadline(),
            self.forwarding.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Returns every station known of, in the order of their rows: of their first frames, save that one may have the row
    /// of a forgotten one.
    pub fn stations(&self) -> impl Iterator<Item = (MacAddr, Segment, Station)> {
        self.stations.iter().map(|(id, row)| {
            let location = self.stations.wide(id).and_then(super::stations::Wide::location);
            let station = Station {
                first_seen: row.first_seen,
                last_seen: row.last_seen,
                present: row.has(PRESENT),
                traffic: row.traffic,
                location: location.unwrap_or_else(|| self.locations.location(row.place)),
                router: row.has(ROUTER),
            };
            (row.mac, self.locations.segment(row.place), station)
        })
    }

    /// Returns every claim of an address, sorted by segment, address and first claim.
    pub fn claims(&self) -> Vec<(Segment, IpAddr, Claimant)> {
        self.addresses.claims(&self.locations)
    }

    /// Returns where a station is present, the segment that it came to first before the others; at most sixteen.
    pub fn stays(&self, station: StationId) -> Vec<Stay> {
        let mut stays = Vec::new();
        match station {
            StationId::HomeAddress(home) => stays.extend(self.mobile_stay(home)),
            StationId::Mac(mac) => {
                let rows = self.stations.of_mac(mac, STAYS_MAX);
                stays.extend(rows.filter_map(|id| self.stations.stay(id, &self.locations)));
                stays.extend(self.sessions.of(mac).chain(self.forwarding.of(mac)).cloned());
                stays.sort_by_key(|stay: &Stay| (stay.arrived_by.at, stay.arrived_by.frame));
            }
        }
        stays
    }

    /// Tells whether a station may be at two places at once; of nearly all it takes a look at one row to say no.
    pub fn may_be_at_two_places(&self, station: StationId) -> bool {
        let StationId::Mac(mac) = station else { return true };
        let mut rows = self.stations.of_mac(mac, STAYS_MAX);
        rows.any(|id| self.stations.row(id).is_some_and(StationRow::is_wide))
            || self.sessions.of(mac).next().is_some()
    }

    /// Returns the stations that are present somewhere, some more than once, in no meaningful order.
    pub fn present(&self) -> impl Iterator<Item = StationId> {
        let rows = self.stations.iter().filter(|(_, row)| row.has(PRESENT));
        let macs = rows.map(|(_, row)| StationId::Mac(row.mac));
        let sessions = self.sessions.stays().map(|(mac, ..)| StationId::Mac(mac));
        let away = self.bindings.nodes().filter(|(_, node)| node.location.is_some());
        let registered = self.registrations.nodes().filter(|(_, node)| node.registration.is_some());
        let registered = registered.map(|(home, _)| StationId::HomeAddress(home.into()));
        let polled = self.forwarding.stays().map(|(mac, _)| StationId::Mac(mac));
        let macs = macs.chain(sessions).chain(polled).chain(registered);
        macs.chain(away.map(|(home, _)| StationId::HomeAddress(home.into())))
    }

    /// Tells whether a station is present somewhere.
    pub fn is_present(&self, station: StationId) -> bool {
        match station {
            StationId::HomeAddress(home) => self.mobile_stay(home).is_some(),
            StationId::Mac(mac) => {
                let mut rows = self.stations.of_mac(mac, STAYS_MAX);
                rows.any(|id| self.stations.row(id).is_some_and(|row| row.has(PRESENT)))
                    || self.sessions.of(mac).next().is_some()
                    || self.forwarding.has(mac)
            }
        }
    }

    /// Returns the addresses that a station claimed last, the latest last.
    pub fn addresses_of(&self, station: StationId) -> ToldAddresses {
        let mut told = ToldAddresses::new();
        let StationId::Mac(mac) = station else { return told };
        for id in self.stations.of_mac(mac, STAYS_MAX) {
            let Some(row) = self.stations.row(id) else { continue };
            for (_, addr) in self.linked(row) {
                if !told.is_full() && !told.contains(&addr) {
                    told.push(addr);
                }
            }
        }
        told.reverse();
        told
    }

    /// Returns when a station's frames were last seen on a segment, as far as is known, and what they carried.
    pub fn carried(&self, mac: MacAddr, segment: Segment) -> Option<(Timestamp, Traffic)> {
        let row = self.stations.row(self.stations.find(mac, segment, &self.locations)?)?;
        Some((row.last_seen, row.traffic))
    }

    /// Tells whether frames of a station on a segment have not expired.
    pub fn is_seen_on(&self, mac: MacAddr, segment: Segment) -> bool {
        let row = self.stations.find(mac, segment, &self.locations).and_then(|id| self.stations.row(id));
        row.is_some_and(|row| row.has(PRESENT))
    }

    /// Returns how many stations are known of, and how many of them are present.
    pub fn counts(&self) -> (usize, usize) {
        (self.stations.len(), self.present_count())
    }

    /// Returns how many stations are present.
    pub fn present_count(&self) -> usize {
        self.stations.len() - self.departed.len()
    }

    /// Returns how many mobile nodes are away from home.
    pub fn away_count(&self) -> usize {
        self.bindings.present_count() + self.registrations.present_count()
    }

    /// Returns how many departed stations were forgotten to keep the bound.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Returns how many locations were not listed because their station has too many.
    pub const fn unlisted(&self) -> u64 {
        self.unlisted
    }

    /// Returns how many bodies of ARP that name another sender were not told, to keep the bound.
    pub const fn mismatches_untold(&self) -> u64 {
        self.mismatches.untold()
    }

    /// Returns the ports that relays and access servers named.
    pub const fn attachments(&self) -> &Attachments {
        &self.attachments
    }

    /// Returns who claims which address.
    pub const fn addresses(&self) -> &AddressBook {
        &self.addresses
    }

    /// Returns the mobile nodes and their bindings.
    pub const fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// Returns the nodes of Mobile IPv4 and their registrations.
    pub const fn registrations(&self) -> &Registrations {
        &self.registrations
    }

    /// Returns the stations that are present by the word of access servers and relays.
    pub const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    fn mobile_stay(&self, home: IpAddr) -> Option<Stay> {
        match home {
            IpAddr::V6(home) => self.bindings.stay(home),
            IpAddr::V4(home) => self.registrations.stay(home).cloned(),
        }
    }

    fn here(&mut self, key: &TableKey) -> Here {
        let place = self.number(key);
        let known = self.locations.get(place).copied().unwrap_or_default();
        let Known { location, segment, locates, .. } = known;
        let row = self.stations.find(key.mac, segment, &self.locations);
        Here { mac: key.mac, place, location, segment, locates, row }
    }

    /// Returns the number of a key's location.
    fn number(&mut self, key: &TableKey) -> LocationId {
        if self.locations.is_crowded() {
            let rows = self.stations.iter().map(|(_, row)| row.place);
            self.locations.sweep(rows.chain(self.addresses.places()));
        }
        let point = self.points.get(key.capture_point.index()).copied().unwrap_or_default();
        let location = key.location();
        let describe =
            || (key.segment(point.domain), location.is_place() || (point.locates && key.via == Via::Wire));
        self.locations.number(location, describe)
    }

    fn appear(&mut self, here: &Here, evidence: Evidence) {
        let (at, frame, location) = (evidence.at, evidence.frame, evidence.location);
        let Some(id) = here.row else {
            let mut row = StationRow::new(here.mac, here.place, at, frame);
            row.set(PRESENT, true);
            row.set(PLACED, here.locates);
            self.stations.insert(row, here.segment);
            let kind = self.arrived(here, evidence, true);
            self.emit(at, StationId::Mac(here.mac), here.segment, kind);
            return;
        };
        let Some(row) = self.stations.row_mut(id) else { return };
        row.last_seen = row.last_seen.max(at);
        if !row.has(PRESENT) {
            self.departed.remove(&row.told_frame);
            row.set(PRESENT, true);
            row.set(PLACED, here.locates);
            row.place = here.place;
            (row.since, row.told_at) = (at, at);
            (row.arrived_frame, row.told_frame) = (frame, frame);
            let kind = self.arrived(here, evidence, false);
            self.tell(id, at, kind);
            return;
        }
        self.stations.widen(id, &self.locations);
        let Some(wide) = self.stations.wide_mut(id) else { return };
        wide.rows += 1;
        if wide.sites.iter().all(|site| site.location != location) {
            if wide.sites.len() < usize::from(self.limits.locations_per_station_max) {
                push_tight(&mut wide.sites, Site { location, locates: here.locates, last_seen: at });
            } else {
                self.unlisted += 1;
            }
        }
        self.sight(here, evidence, false);
        self.seen(here, evidence, at);
    }

    /// Says that an absent row came to life: no start of a station that is present by somebody's word.
    fn arrived(&self, here: &Here, evidence: Evidence, first: bool) -> PresenceKind {
        let location = evidence.location;
        match self.sessions.of(here.mac).next() {
            None => PresenceKind::Started { location, evidence, first },
            Some(_) if here.locates => PresenceKind::Located { location, evidence },
            Some(_) => PresenceKind::Seen { location, evidence },
        }
    }

    /// Takes in that a row was refreshed.
    fn refresh(&mut self, here: &Here, last_seen: Timestamp, traffic: Traffic) {
        let Some(id) = here.row else { return };
        let Some(row) = self.stations.row_mut(id) else { return };
        row.last_seen = row.last_seen.max(last_seen);
        row.traffic.add(traffic);
        if row.is_wide()
            && let Some(wide) = self.stations.wide_mut(id)
            && let Some(site) = wide.sites.iter_mut().find(|site| site.location == here.location)
        {
            site.last_seen = site.last_seen.max(last_seen);
        }
    }

    /// Tells that a station was sighted again; of one whose place is known, only at a place.
    fn seen(&mut self, here: &Here, evidence: Evidence, at: Timestamp) {
        let Some(id) = here.row else { return };
        let Some(row) = self.stations.row_mut(id) else { return };
        if row.has(STOPPED) {
            // It was said to have left, and speaks.
            row.set(STOPPED, false);
            let location = evidence.location;
            self.tell(id, at, PresenceKind::Started { location, evidence, first: false });
            return;
        }
        let Some(row) = self.stations.row(id) else { return };
        let wide = self.stations.wide(id);
        let placed = wide.map_or_else(|| row.has(PLACED), |wide| wide.places.current().is_some());
        if placed && !here.locates {
            return;
        }
        self.tell(id, at, PresenceKind::Seen { location: evidence.location, evidence });
    }

    /// Weighs a sighting at a place; at a mere segment there is nothing to weigh.
    fn sight(&mut self, here: &Here, evidence: Evidence, announced: bool) {
        let Some(id) = here.row.filter(|_| here.locates) else { return };
        self.stations.widen(id, &self.locations);
        let Some(wide) = self.stations.wide_mut(id) else { return };
        let verdict = wide.places.sight(evidence, announced, &self.settings, &self.sides);
        self.follow(id, evidence.at, verdict);
    }

    /// Weighs an announcement, which is told before the frame that carries it: of whom nobody knows, that frame tells first.
    fn announce(&mut self, here: &Here, evidence: Evidence) {
        let is_present = here.row.and_then(|id| self.stations.row(id)).is_some_and(|row| row.has(PRESENT));
        if is_present {
            self.sight(here, evidence, true);
        }
    }

    /// Takes in that a row is gone.
    fn leave(&mut self, here: &Here, at: Timestamp) {
        let Some(id) = here.row else { return };
        let Some(wide) = self.stations.wide_mut(id) else {
            self.depart(id, here.place, here.location, at);
            return;
        };
        wide.rows = wide.rows.saturating_sub(1);
        if wide.rows == 0 {
            let location = wide.location().unwrap_or(here.location);
            let describe = || (here.segment, here.locates);
            let place = self.locations.number(location, describe);
            self.watched.remove(&(here.mac, here.segment));
            self.depart(id, place, location, at);
            return;
        }
        let Some(index) = wide.sites.iter().position(|site| site.location == here.location) else { return };
        wide.sites.remove(index);
        if wide.sites.iter().any(|site| self.sides.is_same_place(site.location, here.location)) {
            return;
        }
        let mut others: Vec<&Site> = wide.sites.iter().filter(|site| site.locates).collect();
        others.sort_unstable_by_key(|site| (core::cmp::Reverse(site.last_seen), site.location));
        let others: Vec<Location> = others.into_iter().map(|site| site.location).collect();
        let verdict = wide.places.expire(here.location, &others, &self.sides);
        self.follow(id, at, verdict);
    }

    /// Remembers a departed station, and forgets the longest gone beyond the bound.
    fn depart(&mut self, id: u32, place: LocationId, location: Location, at: Timestamp) {
        let Some(last) = self.stations.stay(id, &self.locations).map(|stay| stay.last) else { return };
        self.stations.narrow(id);
        self.departures += 1;
        self.departed.insert(self.departures, id);
        let Some(row) = self.stations.row_mut(id) else { return };
        row.set(PRESENT, false);
        row.set(STOPPED, false);
        (row.place, row.told_frame) = (place, self.departures);
        let (mac, last_seen) = (row.mac, row.last_seen);
        let segment = self.locations.segment(place);
        if self.departed.len() > self.limits.departed_max as usize
            && let Some((_, longest)) = self.departed.pop_first()
        {
            self.forget(longest);
        }
        // Who is present by somebody's word is so still.
        let told = self.sessions.of(mac).max_by_key(|stay| (stay.last.at, stay.last.frame));
        let (segment, kind) = match told {
            Some(stay) => {
                let Stay { segment, location, last, .. } = *stay;
                (segment, PresenceKind::Seen { location, evidence: last })
            }
            None => (segment, PresenceKind::Expired { last_seen, location, last }),
        };
        self.emit(at, StationId::Mac(mac), segment, kind);
    }

    fn forget(&mut self, id: u32) {
        self.forgotten += 1;
        let Some(&row) = self.stations.row(id) else { return };
        for (claim, _) in self.linked(&row) {
            self.addresses.forget_weak(claim, row.mac);
        }
        self.stations.remove(id, &self.locations);
    }

    /// Tells what became of the places, and whether to watch them.
    fn follow(&mut self, id: u32, at: Timestamp, verdict: Option<Verdict>) {
        let Some(row) = self.stations.row(id) else { return };
        let key = (row.mac, self.locations.segment(row.place));
        if self.stations.wide(id).is_some_and(|wide| wide.places.is_waiting()) {
            self.watched.insert(key);
        } else {
            self.watched.remove(&key);
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
        self.tell(id, at, kind);
    }

    /// Tells of a station that is present, and keeps what was told.
    fn tell(&mut self, id: u32, at: Timestamp, kind: PresenceKind) {
        let Some(row) = self.stations.row_mut(id) else { return };
        let (mac, place) = (row.mac, row.place);
        if row.is_wide() {
            if let Some(wide) = self.stations.wide_mut(id) {
                wide.stay.note_by_sides(at, &kind, &self.sides);
            }
        } else if let PresenceKind::Seen { evidence, .. } = &kind
            && evidence.at >= row.told_at
        {
            (row.told_at, row.told_frame) = (evidence.at, evidence.frame);
        }
        let segment = self.locations.segment(place);
        self.emit(at, StationId::Mac(mac), segment, kind);
    }

    pub(super) fn emit(&mut self, at: Timestamp, station: StationId, segment: Segment, kind: PresenceKind) {
        self.events.push_back(PresenceEvent { at, station, segment, kind });
    }
}
