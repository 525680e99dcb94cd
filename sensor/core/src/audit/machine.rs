use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::book::{About, AuditCounters, Book};
use super::discrepancy::{AuditEvent, Discrepancy, Key, Subject};
use super::judge::{Finding, Judge};
use super::learned::Learned;
use super::observed::Departed;
use super::places::{Map, Points, confidence_of};
use super::polling::{Sights, called_silent, of_interest};
use super::sentences::{Conflict, Statement, Teller};
use super::settings::AuditSettings;
use super::sources::Sources;
use crate::presence::{Attachment, Evidence, Ledger, PolledTable, PresenceEvent, PresenceKind};
use crate::recorded::{Changes, Guest, GuestIndex, HostIndex, PathOf, Snapshot, diff};
use crate::types::{
    Blindness, CapturePoint, CapturePointId, Confidence, Limits, Location, MacAddr, PollRound, Segment,
    StationId, Timestamp,
};

/// Holds observed against recorded state; see the [module](super).
#[derive(Debug)]
pub struct Audit {
    pub(super) settings: AuditSettings,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) points: Points,
    departed: Departed,
    conflicts: BTreeMap<(IpAddr, Segment), Conflict>,
    record_changes: BTreeMap<Box<str>, Timestamp>,
    /// When guests were recorded on another host than before.
    host_changes: BTreeMap<Box<str>, Timestamp>,
    /// When the record of an address was taken away, while the station is still present.
    removals: BTreeMap<MacAddr, Timestamp>,
    sights: Sights,
    pub(super) sources: Sources,
    pub(super) learned: Learned,
    /// When the records were replaced last.
    recorded_at: Timestamp,
    pub(super) book: Book,
    /// When guests that were never seen are next looked for.
    roll_calls: Vec<Timestamp>,
}

impl Audit {
    /// Makes an audit that holds nothing against an empty snapshot.
    pub fn new(settings: AuditSettings, limits: Limits) -> Self {
        Self {
            settings,
            snapshot: Arc::new(Snapshot::default()),
            points: Points::default(),
            departed: Departed::default(),
            conflicts: BTreeMap::new(),
            record_changes: BTreeMap::new(),
            host_changes: BTreeMap::new(),
            removals: BTreeMap::new(),
            sights: Sights::default(),
            sources: Sources::default(),
            learned: Learned::default(),
            recorded_at: Timestamp::MIN,
            book: Book::new(limits),
            roll_calls: Vec::new(),
        }
    }

    /// Makes a capture point known; points come in the order of their numbers.
    pub fn add_point(&mut self, point: CapturePoint) {
        self.points.add(point);
    }

    /// Returns of each capture point the first that sees the same host, by another of its links; itself where there is none.
    pub fn sides(&self) -> Vec<CapturePointId> {
        self.points.sides(&self.snapshot)
    }

    /// Notes that a capture point gave a frame; asks for the silent once it has given sight for the start-up
    /// grace.
    pub fn see(&mut self, point: CapturePointId, at: Timestamp, ledger: &Ledger) {
        if self.points.forget(point, at) {
            self.call_roll_now(at);
        }
        if self.recorded_at == Timestamp::MIN {
            // What the records contradict of themselves is told as soon as there is a time.
            self.recorded_at = at;
            if self.snapshot.has_contradictions() {
                self.call_roll_now(at);
            }
        }
        if self.points.see(point, at, self.settings.blind_after) {
            self.call_roll(at.after(self.settings.start_up_grace));
            if let Some(name) = self.points.is_seeing_again(point) {
                self.judge(&Subject::CapturePoint(name), at, ledger);
            }
        }
    }

    /// Takes in why a capture point cannot see, or that it can again; while it cannot, it vouches for nobody.
    pub fn set_blindness(
        &mut self,
        point: CapturePointId,
        blindness: Option<Blindness>,
        now: Timestamp,
        ledger: &Ledger,
    ) {
        self.points.set_blindness(point, blindness, now);
        if let Some(name) = self.points.name(point) {
            self.judge(&Subject::CapturePoint(name), now, ledger);
        }
    }

    /// Takes in that a neighbour on a capture point's link named its port, to be believed until then; none says good-bye.
    /// What the configuration does not say of the capture point is so known.
    pub fn meet(
        &mut self,
        point: CapturePointId,
        port: &Attachment,
        until: Option<Timestamp>,
        at: Timestamp,
    ) {
        // A neighbour that is no recorded switch, such as a host, says nothing of where the point is.
        let Some(recorded) = self.snapshot.port_known_as(&port.switch, &port.port) else { return };
        if self.points.learn(point, recorded, until, &self.snapshot) {
            self.call_roll_now(at);
        }
    }

    /// Takes in a presence event of a ledger.
    pub fn presence(&mut self, event: &PresenceEvent, ledger: &Ledger) {
        match event.kind {
            PresenceKind::Conflicted { addr, rival, evidence } => {
                let StationId::Mac(mac) = event.station else {
                    return;
                };
                self.conflict(addr, event, [rival, mac], evidence, ledger);
            }
            PresenceKind::ConflictEnded { addr } => {
                self.conflicts.remove(&(addr, event.segment));
                self.judge(&Subject::Address(addr, event.segment), event.at, ledger);
            }
            // News of addresses, which change nothing about where anybody is.
            PresenceKind::AddressChanged { .. }
            | PresenceKind::FlipFlopped { .. }
            | PresenceKind::AddressReused { .. }
            | PresenceKind::Bogon { .. }
            | PresenceKind::BodyMismatched { .. } => {}
            _ => self.sighted(event, ledger),
        }
    }

    /// Replaces the snapshot and judges what the difference concerns.
    ///
    /// One that lost more guests than is believed is refused, and the former stays in force. To take a large snapshot
    /// apart takes longer than to judge what changed: whoever is in a hurry keeps the former one until the discrepancies are
    /// told.
    pub fn record(&mut self, snapshot: Arc<Snapshot>, now: Timestamp, ledger: &Ledger) {
        if let Some(loss) = Sources::shrunk(&self.snapshot, &snapshot, self.settings.max_shrink_percent) {
            let source = Subject::Source(loss.0.as_ref().into());
            self.sources.refuse(loss, snapshot, now);
            self.judge(&source, now, ledger);
            return;
        }
        self.adopt(snapshot, now, ledger);
    }

    /// Takes a snapshot for right.
    pub(super) fn adopt(&mut self, snapshot: Arc<Snapshot>, now: Timestamp, ledger: &Ledger) {
        let former = Arc::clone(&self.snapshot);
        let changes = diff(&former, &snapshot);
        let concern = Concern::of(&changes, &former, &snapshot);
        self.write_down(&concern, ledger);
        self.snapshot = Arc::clone(&snapshot);
        self.points.review(&snapshot);
        self.departed.retain(concern.stations.as_deref(), |station| is_recorded(&snapshot, station));
        self.recorded_at = now;
        self.note_changes(&changes, &former, now, ledger);
        if concern.every_guest {
            self.judge_every_guest(now, ledger);
        }
        for id in concern.guests.iter().filter(|id| !concern.every_guest || !is_guest(&snapshot, id)) {
            self.judge(&Subject::Guest(id.clone()), now, ledger);
        }
        self.judge_strangers(&concern, now, ledger);
        self.heard(now, ledger);
    }

    /// Returns the rows of a round of polling that are of interest, by recorded names, for the ledger.
    pub fn rows_of_interest(&self, round: &PollRound) -> Vec<PolledTable> {
        of_interest(round, &self.snapshot)
    }

    /// Takes in that the ledger has taken in a round of polling, and that its events were handed over: asks for those that
    /// no table has and nobody sees.
    ///
    /// `lost` are the stations of which the ledger tells no event: they were on uplinks only.
    pub fn polled(&mut self, now: Timestamp, lost: &[MacAddr], ledger: &Ledger) {
        for &mac in lost {
            for guest in self.guests_of(StationId::Mac(mac)) {
                self.judge(&Subject::Guest(guest), now, ledger);
            }
        }
        if let Some(since) = self.sights.renew(ledger.forwarding()) {
            self.call_roll_now(now);
            for since in since {
                self.call_roll(since.after(self.settings.start_up_grace).max(now));
            }
        }
        for subject in called_silent(&self.book) {
            self.judge(&subject, now, ledger);
        }
    }

    /// Takes in the passing of time.
    pub fn tick(&mut self, now: Timestamp, ledger: &Ledger) {
        if self.roll_calls.last().is_some_and(|&due| due <= now) {
            self.roll_calls.retain(|&due| due > now);
            self.judge_every_guest(now, ledger);
        }
        self.look_after(now, ledger);
        while let Some(subject) = self.book.due(now) {
            self.judge(&subject, now, ledger);
        }
    }

    /// Returns when the passing of time may next change something; asked again after each input.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let deadlines = [self.book.next_deadline(), self.roll_calls.last().copied(), self.next_upkeep()];
        deadlines.into_iter().flatten().min()
    }

    /// Takes the next change in a discrepancy's life.
    pub fn poll(&mut self) -> Option<AuditEvent> {
        self.book.poll()
    }

    /// Returns every discrepancy, open and resolved, sorted by subject, then kind.
    pub fn discrepancies(&self) -> impl Iterator<Item = &Discrepancy> {
        self.book.discrepancies()
    }

    /// Returns a discrepancy, open or resolved.
    pub fn discrepancy(&self, key: &Key) -> Option<&Discrepancy> {
        self.book.get(key)
    }

    /// Returns the hosts that a location is at, as closely as it is known; none where it is not.
    pub fn hosts_at(&self, location: Location, ledger: &Ledger) -> Vec<HostIndex> {
        self.map(ledger).hosts_at(location)
    }

    /// Says in sentences what a discrepancy consists of.
    pub fn statement(&self, known: &Discrepancy, ledger: &Ledger) -> Statement {
        let (snapshot, settings) = (&*self.snapshot, &self.settings);
        match &known.told {
            Some(told) => (**told).clone(),
            None => Teller { snapshot, map: self.map(ledger), settings }.tell(&known.key, &known.facts),
        }
    }

    /// Returns the counters.
    pub const fn counters(&self) -> AuditCounters {
        self.book.counters
    }

    /// Returns the snapshot in force.
    pub const fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Says where a location is, as closely as the capture points and records know.
    pub fn describe(&self, location: Location, ledger: &Ledger) -> String {
        self.map(ledger).describe(location)
    }

    /// Returns how closely a location is known.
    pub fn confidence(&self, location: Location, ledger: &Ledger) -> Confidence {
        self.map(ledger).confidence(location)
    }

    /// Tells whether a source address seen at a capture point is at a known host or port.
    pub fn locates(point: &CapturePoint, snapshot: &Snapshot) -> bool {
        confidence_of(point, snapshot) >= Confidence::Host
    }

    /// Asks for a judgement of every guest at the first tick that is not before `due`.
    fn call_roll(&mut self, due: Timestamp) {
        let place = self.roll_calls.partition_point(|&other| other > due);
        self.roll_calls.insert(place, due);
    }

    /// Asks for it at the next tick, once.
    fn call_roll_now(&mut self, at: Timestamp) {
        if self.roll_calls.last().is_none_or(|&due| due > at) {
            self.call_roll(at);
        }
    }

    fn conflict(
        &mut self,
        addr: IpAddr,
        event: &PresenceEvent,
        rivals: [MacAddr; 2],
        evidence: [Evidence; 2],
        ledger: &Ledger,
    ) {
        let conflict = Conflict { rivals, evidence, since: event.at };
        self.conflicts.insert((addr, event.segment), conflict);
        self.judge(&Subject::Address(addr, event.segment), event.at, ledger);
    }

    fn sighted(&mut self, event: &PresenceEvent, ledger: &Ledger) {
        let guests = self.guests_of(event.station);
        if guests.is_empty() {
            self.meet_stranger(event);
            self.concern(&Subject::Station(event.station), event, ledger);
            return;
        }
        if is_recorded(&self.snapshot, event.station) {
            self.departed.note(event);
        }
        for guest in guests {
            self.concern(&Subject::Guest(guest), event, ledger);
        }
    }

    /// Takes in that every source was heard: what was held back because it was stale is judged again.
    fn heard(&mut self, now: Timestamp, ledger: &Ledger) {
        let snapshot = Arc::clone(&self.snapshot);
        let sources = self.sources.renew(&snapshot, now);
        if sources.is_empty() {
            return;
        }
        for source in sources {
            self.judge(&Subject::Source(source.as_ref().into()), now, ledger);
        }
        self.judge_every_guest(now, ledger);
        self.judge_strangers(&Concern::EVERYBODY, now, ledger);
    }

    fn concern(&mut self, subject: &Subject, event: &PresenceEvent, ledger: &Ledger) {
        if let Some(evidence) = evidence_in(&event.kind) {
            self.book.add_evidence(subject, evidence);
        }
        self.judge(subject, event.at, ledger);
    }

    /// Returns the ids of the guests that have a station; mostly one, or none.
    fn guests_of(&self, station: StationId) -> Vec<Box<str>> {
        let guest = |&index: &GuestIndex| self.snapshot.guest(index).map(|guest| guest.id.clone());
        match station {
            StationId::Mac(mac) => self.snapshot.guests_by_mac(mac).iter().filter_map(guest).collect(),
            StationId::HomeAddress(home) => {
                self.snapshot.guest_by_home_address(home).iter().filter_map(guest).collect()
            }
        }
    }

    /// Writes down what is said of those whose records change, before they do.
    fn write_down(&mut self, concern: &Concern, ledger: &Ledger) {
        let (snapshot, points, settings) = (&*self.snapshot, &self.points, &self.settings);
        let map = Map { points, snapshot, attachments: ledger.attachments() };
        let teller = Teller { snapshot, map, settings };
        let tell = |known: &Discrepancy| teller.tell(&known.key, &known.facts);
        if concern.every_guest {
            self.book.write_down_all(|subject| !matches!(subject, Subject::Station(_)), tell);
            return;
        }
        let guests = concern.guests.iter().map(|id| Subject::Guest(id.clone()));
        let addresses = self.conflicts.keys().map(|&(addr, segment)| Subject::Address(addr, segment));
        for subject in guests.chain(addresses) {
            self.book.write_down(&subject, tell);
        }
    }

    /// Remembers when records changed, for the graces that count from then.
    fn note_changes(&mut self, changes: &Changes, former: &Snapshot, now: Timestamp, ledger: &Ledger) {
        let known = Arc::clone(&self.snapshot);
        let before = changes.guests_changed.iter().map(|(before, _)| before).chain(&changes.guests_removed);
        let macs = before.filter_map(|&guest| former.guest(guest)).flat_map(|guest| &guest.macs);
        self.removals.extend(macs.map(|&mac| (mac, now)));
        let is_left = |mac| known.guest_by_mac(mac).is_none() && ledger.is_present(StationId::Mac(mac));
        self.removals.retain(|&mac, _| is_left(mac));
        for guest in changes.guests_removed.iter().filter_map(|&guest| former.guest(guest)) {
            self.record_changes.remove(&guest.id);
            self.host_changes.remove(&guest.id);
        }
        for &(before, after) in &changes.guests_changed {
            let (Some(before), Some(after)) = (former.guest(before), known.guest(after)) else { continue };
            if before.run_state != after.run_state {
                self.record_changes.insert(after.id.clone(), now);
            }
            let from = before.host.and_then(|host| former.host(host)).map(|host| &host.id);
            if from != after.host.and_then(|host| known.host(host)).map(|host| &host.id) {
                self.host_changes.insert(after.id.clone(), now);
            }
        }
        if !former.guests().is_empty() {
            // A guest that appears in the records while the sensor looks on is new there.
            for &guest in &changes.guests_added {
                self.record_changes.extend(known.guest(guest).map(|guest| (guest.id.clone(), now)));
            }
        }
    }

    /// Judges the stations that are, or were, no guest's, and the addresses that are contested.
    fn judge_strangers(&mut self, concern: &Concern, now: Timestamp, ledger: &Ledger) {
        let mut subjects: Vec<Subject> = match &concern.stations {
            None => {
                let present = ledger.present().map(Subject::Station);
                let open = self.book.open_subjects();
                let open = open.filter(|subject| matches!(subject, Subject::Station(_)));
                present.chain(open.cloned()).collect()
            }
            Some(stations) => stations.iter().map(|&station| Subject::Station(station)).collect(),
        };
        let is_stranger = |subject: &Subject| {
            !matches!(subject, Subject::Station(station) if is_recorded(&self.snapshot, *station))
                || self.book.is_known(subject)
        };
        subjects.retain(is_stranger);
        subjects.extend(self.conflicts.keys().map(|&(addr, segment)| Subject::Address(addr, segment)));
        subjects.sort_unstable();
        subjects.dedup();
        for subject in subjects {
            self.judge(&subject, now, ledger);
        }
    }

    fn judge_every_guest(&mut self, now: Timestamp, ledger: &Ledger) {
        let snapshot = Arc::clone(&self.snapshot);
        for (index, guest) in snapshot.indexed_guests() {
            let mut findings = self.judge_for(now, ledger).guest(index);
            if !findings.is_empty() {
                self.hold_back(&Subject::Guest(guest.id.clone()), &mut findings);
            }
            if !findings.is_empty() || self.book.has_any() {
                self.conclude(&Subject::Guest(guest.id.clone()), findings, now);
            } else {
                self.book.counters.judged += 1;
            }
        }
    }

    pub(super) fn judge(&mut self, subject: &Subject, now: Timestamp, ledger: &Ledger) {
        if matches!(subject, Subject::Difference(_)) {
            self.judge_flapping(subject, now, ledger);
            return;
        }
        let findings = self.findings(subject, now, ledger);
        self.conclude(subject, findings, now);
    }

    /// Says what differs now of a subject.
    pub(super) fn findings(&self, subject: &Subject, now: Timestamp, ledger: &Ledger) -> Vec<Finding> {
        let judge = self.judge_for(now, ledger);
        let mut findings = match subject {
            Subject::Guest(id) => {
                self.snapshot.guest_by_id(id).map_or_else(Vec::new, |guest| judge.guest(guest))
            }
            Subject::Station(station) => judge.station(*station),
            Subject::Address(addr, segment) => {
                let conflict = self.conflicts.get(&(*addr, *segment));
                conflict.and_then(|conflict| judge.conflict(*addr, conflict)).into_iter().collect()
            }
            Subject::CapturePoint(name) => self.judge_point(name),
            Subject::Source(name) => self.judge_source(name),
            Subject::Difference(_) => Vec::new(),
        };
        self.hold_back(subject, &mut findings);
        findings
    }

    fn judge_for<'a>(&'a self, now: Timestamp, ledger: &'a Ledger) -> Judge<'a> {
        Judge {
            snapshot: &self.snapshot,
            map: self.map(ledger),
            settings: &self.settings,
            ledger,
            departed: &self.departed,
            record_changes: &self.record_changes,
            host_changes: &self.host_changes,
            removals: &self.removals,
            learned: &self.learned,
            recorded_at: self.recorded_at,
            now,
        }
    }

    pub(super) fn conclude(&mut self, subject: &Subject, findings: Vec<Finding>, now: Timestamp) {
        let (snapshot, settings) = (&self.snapshot, &self.settings);
        let about = |key: &Key| About {
            path: path_of(&key.subject, snapshot),
            muted_until: settings.muted(key.kind, &key.subject, snapshot, now),
            work: work_on(&key.subject, snapshot, now),
        };
        self.book.reconcile(subject, findings, &about, settings, now);
    }

    fn map<'a>(&'a self, ledger: &'a Ledger) -> Map<'a> {
        Map { points: &self.points, snapshot: &self.snapshot, attachments: ledger.attachments() }
    }
}

/// Whom a change of the records concerns.
struct Concern {
    /// Whether any place may be judged otherwise, because hosts, switches or subnets changed.
    every_guest: bool,
    /// The guests whose records differ, by id, those that are gone among them.
    guests: BTreeSet<Box<str>>,
    /// The stations that may have become strangers or have ceased to be; none where these may be any.
    stations: Option<Vec<StationId>>,
}

impl Concern {
    /// Everybody who is no guest.
    const EVERYBODY: Self = Self { every_guest: true, guests: BTreeSet::new(), stations: None };

    fn of(changes: &Changes, former: &Snapshot, snapshot: &Snapshot) -> Self {
        let every_guest = !changes.hosts_changed.is_empty()
            || !changes.hosts_added.is_empty()
            || !changes.hosts_removed.is_empty()
            || changes.switches
            || changes.subnets
            || changes.guest_prefixes;
        let before = changes.guests_changed.iter().map(|(before, _)| before).chain(&changes.guests_removed);
        let after = changes.guests_changed.iter().map(|(_, after)| after).chain(&changes.guests_added);
        let before = before.filter_map(|&at| former.guest(at));
        let guests: Vec<&Guest> = before.chain(after.filter_map(|&at| snapshot.guest(at))).collect();
        let twins = guests.iter().flat_map(|guest| &guest.macs).flat_map(|&mac| snapshot.guests_by_mac(mac));
        let twins: Vec<Box<str>> =
            twins.filter_map(|&at| snapshot.guest(at)).map(|guest| guest.id.clone()).collect();
        let is_empty =
            |of: &Snapshot| of.guests().is_empty() && of.hosts().is_empty() && of.known_stations().is_empty();
        let any = every_guest || is_empty(former) != is_empty(snapshot);
        let macs = guests.iter().flat_map(|guest| &guest.macs).chain(&changes.known_stations);
        let homes = guests.iter().flat_map(|guest| &guest.home_addresses);
        let stations = macs.map(|&mac| StationId::Mac(mac));
        let stations = stations.chain(homes.map(|&home| StationId::HomeAddress(home)));
        Self {
            every_guest,
            stations: (!any).then(|| stations.collect()),
            guests: guests.iter().map(|guest| guest.id.clone()).chain(twins).collect(),
        }
    }
}

fn is_guest(snapshot: &Snapshot, id: &str) -> bool {
    snapshot.guest_by_id(id).is_some()
}

pub(super) fn is_recorded(snapshot: &Snapshot, station: StationId) -> bool {
    match station {
        StationId::Mac(mac) => snapshot.guest_by_mac(mac).is_some(),
        StationId::HomeAddress(home) => snapshot.guest_by_home_address(home).is_some(),
    }
}

/// Returns the references of the scheduled work that touches a subject now.
fn work_on(subject: &Subject, snapshot: &Snapshot, now: Timestamp) -> Vec<Box<str>> {
    let guest = match subject {
        Subject::Guest(id) => snapshot.guest_by_id(id),
        Subject::Difference(key) => return work_on(&key.subject, snapshot, now),
        _ => None,
    };
    guest.map_or_else(Vec::new, |guest| {
        snapshot.work_on(guest, now).map(|work| work.reference.clone()).collect()
    })
}

/// Returns where a subject stands in the hierarchy, the root first, its host last.
fn path_of(subject: &Subject, snapshot: &Snapshot) -> Vec<Box<str>> {
    let id = match subject {
        Subject::Guest(id) => id,
        Subject::Difference(key) => return path_of(&key.subject, snapshot),
        _ => return Vec::new(),
    };
    let Some(index) = snapshot.guest_by_id(id) else {
        return Vec::new();
    };
    let nodes = snapshot.hierarchy_path(PathOf::Guest(index));
    let mut path: Vec<Box<str>> = nodes.into_iter().map(|node| node.id.clone()).collect();
    let host = snapshot.guest(index).and_then(|guest: &Guest| snapshot.host(guest.host?));
    path.extend(host.map(|host| host.id.clone()));
    path
}

pub(super) const fn evidence_in(kind: &PresenceKind) -> Option<Evidence> {
    match kind {
        PresenceKind::Started { evidence, .. }
        | PresenceKind::Located { evidence, .. }
        | PresenceKind::Moved { evidence, .. }
        | PresenceKind::Seen { evidence, .. }
        | PresenceKind::Stopped { evidence, .. } => Some(*evidence),
        PresenceKind::Duplicated { latter, .. } => Some(*latter),
        PresenceKind::Expired { .. }
        | PresenceKind::DuplicateEnded { .. }
        | PresenceKind::Claimed { .. }
        | PresenceKind::AddressChanged { .. }
        | PresenceKind::FlipFlopped { .. }
        | PresenceKind::AddressReused { .. }
        | PresenceKind::Bogon { .. }
        | PresenceKind::BodyMismatched { .. }
        | PresenceKind::Conflicted { .. }
        | PresenceKind::ConflictEnded { .. } => None,
    }
}
