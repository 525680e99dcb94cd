use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use super::change::Traffic;
use super::event::{PresenceEvent, PresenceKind, Strength};
use super::ledger::Ledger;
use crate::types::{Location, MacAddr, Segment, StationId, Timestamp};

/// Turns presence events into what is kept of the past: who was where from when to when, and who claimed which address.
///
/// Stands behind the [`Ledger`] and asks it what a station carried. Stays are told when they end and, while they last, at
/// an interval, so that whoever keeps them loses little when everything ends at once.
///
/// # Bounds
/// One stay for each present station and kind of evidence, about 150 octets: as many as the ledger has present. Nothing
/// is kept where no history is asked for.
#[derive(Debug)]
pub struct History {
    interval: Duration,
    due: Option<Timestamp>,
    /// Up to when claims were told.
    claims_told: Timestamp,
    open: BTreeMap<Key, Vec<Open>>,
    records: VecDeque<HistoryRecord>,
}

/// Whose stay, by which kind of evidence.
type Key = (StationId, Segment, Witness);

/// What a stay rests on; a frame and a server may tell of two places at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Witness {
    Wire,
    CareOf,
    Attached,
}

impl Witness {
    const fn of(location: Location) -> Self {
        match location {
            Location::Wire { .. } => Self::Wire,
            Location::CareOf { .. } => Self::CareOf,
            Location::Attached { .. } => Self::Attached,
        }
    }
}

/// A stay that lasts.
#[derive(Clone, Copy, Debug)]
struct Open {
    location: Location,
    from: Timestamp,
    /// The last sighting that an event told.
    last: Timestamp,
    /// Up to when it was told.
    told: Timestamp,
    /// What the station had carried when it began.
    before: Traffic,
}

/// Something to be kept.
#[derive(Clone, Debug, PartialEq)]
pub enum HistoryRecord {
    /// A station's stay at a place; told again as it goes on, always with the same beginning.
    Stay(PastStay),
    /// A station claimed an address.
    Claimed {
        /// Where the claim counts.
        segment: Segment,
        /// The address.
        addr: IpAddr,
        /// Who.
        mac: MacAddr,
        /// How much the claim is worth.
        strength: Strength,
        /// When.
        at: Timestamp,
    },
    /// It claimed it last at this time so far.
    ClaimedStill {
        /// Where the claim counts.
        segment: Segment,
        /// The address.
        addr: IpAddr,
        /// Who.
        mac: MacAddr,
        /// When.
        at: Timestamp,
    },
    /// Another one took the address over.
    ClaimEnded {
        /// Where the claim counts.
        segment: Segment,
        /// The address.
        addr: IpAddr,
        /// Whose claim ended.
        mac: MacAddr,
        /// When.
        at: Timestamp,
    },
}

/// A station's stay at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PastStay {
    /// Who.
    pub station: StationId,
    /// On which segment.
    pub segment: Segment,
    /// Where.
    pub location: Location,
    /// Its first sighting there.
    pub from: Timestamp,
    /// Its last sighting there so far.
    pub to: Timestamp,
    /// Whether it lasts.
    pub is_open: bool,
    /// What the station carried on the segment meanwhile; nothing where it is known by others' word.
    pub traffic: Traffic,
}

impl History {
    /// Makes a history that tells of lasting stays as often as `interval` says.
    pub const fn new(interval: Duration) -> Self {
        Self {
            interval,
            due: None,
            claims_told: Timestamp::MIN,
            open: BTreeMap::new(),
            records: VecDeque::new(),
        }
    }

    /// Takes in an event of the ledger.
    pub fn note(&mut self, event: &PresenceEvent, ledger: &Ledger) {
        let (station, segment, at) = (event.station, event.segment, event.at);
        self.due.get_or_insert_with(|| at.after(self.interval));
        let key = |location| (station, segment, Witness::of(location));
        match event.kind {
            PresenceKind::Started { location, evidence, .. }
            | PresenceKind::Located { location, evidence }
                if self.is_at(&key(location), location) =>
            {
                self.renew(&key(location), evidence.at);
            }
            PresenceKind::Started { location, evidence, .. }
            | PresenceKind::Located { location, evidence } => {
                let key = key(location);
                self.close(key, evidence.at, ledger, |_| true);
                self.begin(key, location, evidence.at, ledger);
            }
            PresenceKind::Seen { location, evidence } => {
                let key = key(location);
                if self.open.contains_key(&key) {
                    self.renew(&key, evidence.at);
                } else {
                    self.begin(key, location, evidence.at, ledger);
                }
                if evidence.at < at {
                    // It is there still by older evidence: what was newer has ended.
                    self.close_gone(station, ledger);
                }
            }
            PresenceKind::Moved { from, to, since, .. } => {
                self.close(key(from), since, ledger, |_| true);
                self.begin(key(to), to, since, ledger);
            }
            PresenceKind::Duplicated { latter, .. } => {
                self.begin(key(latter.location), latter.location, latter.at, ledger);
            }
            PresenceKind::DuplicateEnded { left } => {
                self.close(key(left), at, ledger, |location| !location.is_same_place(left));
            }
            PresenceKind::Stopped { evidence, .. } => {
                self.close(key(evidence.location), at, ledger, |_| true)
            }
            PresenceKind::Expired { last_seen, location, .. } => {
                self.close(key(location), last_seen, ledger, |_| true);
            }
            PresenceKind::Claimed { addr, strength, .. } => {
                if let StationId::Mac(mac) = station {
                    self.records.push_back(HistoryRecord::Claimed { segment, addr, mac, strength, at });
                }
            }
            PresenceKind::AddressChanged { addr, former, .. }
            | PresenceKind::FlipFlopped { addr, former, .. } => {
                self.records.push_back(HistoryRecord::ClaimEnded { segment, addr, mac: former, at });
                if let StationId::Mac(mac) = station {
                    let strength = Strength::Strong;
                    self.records.push_back(HistoryRecord::Claimed { segment, addr, mac, strength, at });
                }
            }
            PresenceKind::AddressReused { .. }
            | PresenceKind::Bogon { .. }
            | PresenceKind::BodyMismatched { .. }
            | PresenceKind::Conflicted { .. }
            | PresenceKind::ConflictEnded { .. } => {}
        }
    }

    /// Takes in the passing of time.
    pub fn tick(&mut self, now: Timestamp, ledger: &Ledger) {
        if self.due.is_some_and(|due| due <= now) {
            self.tell(now, ledger);
        }
    }

    /// Tells what lasts: all that is new since it was told last.
    pub fn tell(&mut self, now: Timestamp, ledger: &Ledger) {
        for (&(station, segment, witness), open) in &mut self.open {
            let facts = facts(ledger, station, segment, witness);
            for open in open {
                let (last_seen, carried) = facts.unwrap_or((open.last, open.before));
                let to = last_seen.max(open.last).max(open.from);
                if to <= open.told {
                    continue;
                }
                open.told = to;
                let (location, from) = (open.location, open.from);
                let traffic = carried.less(open.before);
                let stay = PastStay { station, segment, location, from, to, is_open: true, traffic };
                self.records.push_back(HistoryRecord::Stay(stay));
            }
        }
        for (segment, addr, claimant) in ledger.claims() {
            if claimant.last_at > self.claims_told {
                let (mac, at) = (claimant.mac, claimant.last_at);
                self.records.push_back(HistoryRecord::ClaimedStill { segment, addr, mac, at });
            }
        }
        self.claims_told = now;
        self.due = Some(now.after(self.interval));
    }

    /// Returns when something is told next.
    pub const fn next_deadline(&self) -> Option<Timestamp> {
        self.due
    }

    /// Takes the next record.
    pub fn poll(&mut self) -> Option<HistoryRecord> {
        self.records.pop_front()
    }

    fn is_at(&self, key: &Key, location: Location) -> bool {
        let open = self.open.get(key).and_then(|open| open.first());
        open.is_some_and(|open| open.location.is_same_place(location))
    }

    fn renew(&mut self, key: &Key, at: Timestamp) {
        if let Some(open) = self.open.get_mut(key).and_then(|open| open.first_mut()) {
            open.last = open.last.max(at);
        }
    }

    /// Ends those stays of a station whose evidence the ledger does not have any more.
    fn close_gone(&mut self, station: StationId, ledger: &Ledger) {
        let StationId::Mac(mac) = station else { return };
        let stays = ledger.stays(station);
        let is_told = |segment| {
            let is_it = |location| Witness::of(location) == Witness::Attached;
            stays.iter().any(|stay| stay.segment == segment && is_it(stay.location))
        };
        let from = (station, Segment::default(), Witness::Wire);
        let of_station = self.open.range(from..).take_while(|((other, ..), _)| *other == station);
        let gone = of_station.filter(|((_, segment, witness), _)| match witness {
            Witness::Wire => !ledger.is_seen_on(mac, *segment),
            Witness::CareOf => false,
            Witness::Attached => !is_told(*segment),
        });
        let last = |open: &[Open]| open.iter().map(|open| open.last).max().unwrap_or(Timestamp::MIN);
        let gone: Vec<(Key, Timestamp)> = gone.map(|(key, open)| (*key, last(open))).collect();
        for (key, last) in gone {
            let last = facts(ledger, key.0, key.1, key.2).map_or(last, |(seen, _)| seen.max(last));
            self.close(key, last, ledger, |_| true);
        }
    }

    fn begin(&mut self, key: Key, location: Location, from: Timestamp, ledger: &Ledger) {
        let before = facts(ledger, key.0, key.1, key.2).map_or_else(Traffic::default, |(_, traffic)| traffic);
        let open = self.open.entry(key).or_default();
        if open.iter().any(|open| open.location.is_same_place(location)) {
            return;
        }
        open.push(Open { location, from, last: from, told: Timestamp::MIN, before });
    }

    /// Ends those stays of a station that are at one of some places.
    fn close(&mut self, key: Key, at: Timestamp, ledger: &Ledger, is_meant: impl Fn(Location) -> bool) {
        let (station, segment, witness) = key;
        let Some(open) = self.open.get_mut(&key) else { return };
        let carried = facts(ledger, station, segment, witness).map(|(_, traffic)| traffic);
        open.retain(|open| {
            if !is_meant(open.location) {
                return true;
            }
            let traffic = carried.unwrap_or(open.before).less(open.before);
            let (location, from, to) = (open.location, open.from, at.max(open.from));
            let stay = PastStay { station, segment, location, from, to, is_open: false, traffic };
            self.records.push_back(HistoryRecord::Stay(stay));
            false
        });
        if open.is_empty() {
            self.open.remove(&key);
        }
    }
}

/// Returns when frames of a station were last seen on a segment, and what they carried.
fn facts(
    ledger: &Ledger,
    station: StationId,
    segment: Segment,
    witness: Witness,
) -> Option<(Timestamp, Traffic)> {
    let StationId::Mac(mac) = station else { return None };
    if witness == Witness::Wire { ledger.carried(mac, segment) } else { None }
}
