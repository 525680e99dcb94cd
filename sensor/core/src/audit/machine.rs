use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::book::{AuditCounters, Book};
use super::discrepancy::{AuditEvent, Discrepancy, DiscrepancyId, Subject};
use super::judge::{Conflict, Judge};
use super::observed::Sight;
use super::places::{Points, confidence_of};
use super::settings::AuditSettings;
use crate::presence::{Evidence, PresenceEvent, PresenceKind};
use crate::recorded::{Guest, GuestIndex, PathOf, Snapshot, diff};
use crate::types::{
    CapturePoint, CapturePointId, Confidence, Limits, Location, MacAddr, Segment, StationId, Timestamp,
};

/// Holds observed against recorded state; see the [module](super).
#[derive(Debug)]
pub struct Audit {
    settings: AuditSettings,
    snapshot: Arc<Snapshot>,
    points: Points,
    sights: HashMap<StationId, Sight, FixedState>,
    conflicts: BTreeMap<(IpAddr, Segment), Conflict>,
    record_changes: BTreeMap<Box<str>, Timestamp>,
    book: Book,
    /// When guests that were never seen are next looked for.
    roll_calls: Vec<Timestamp>,
}

impl Audit {
    /// Makes an audit that holds nothing against an empty snapshot.
    ///
    /// `seed` keys its hash table.
    pub fn new(settings: AuditSettings, limits: Limits, seed: u64) -> Self {
        Self {
            settings,
            snapshot: Arc::new(Snapshot::default()),
            points: Points::default(),
            sights: HashMap::with_hasher(FixedState::with_seed(seed)),
            conflicts: BTreeMap::new(),
            record_changes: BTreeMap::new(),
            book: Book::new(limits),
            roll_calls: Vec::new(),
        }
    }

    /// Makes a capture point known; points come in the order of their numbers.
    pub fn add_point(&mut self, point: CapturePoint) {
        self.points.add(point);
    }

    /// Notes that a capture point gave a frame; asks for the silent once it has given sight for the start-up
    /// grace.
    pub fn see(&mut self, point: CapturePointId, at: Timestamp) {
        if self.points.see(point, at, self.settings.blind_after) {
            let due = at.after(self.settings.start_up_grace);
            let place = self.roll_calls.partition_point(|&other| other > due);
            self.roll_calls.insert(place, due);
        }
    }

    /// Takes in a presence event.
    pub fn presence(&mut self, event: &PresenceEvent) {
        match event.kind {
            PresenceKind::Conflicted { addr, rival, evidence } => {
                let StationId::Mac(mac) = event.station else {
                    return;
                };
                self.conflict(addr, event, [rival, mac], evidence);
            }
            PresenceKind::ConflictEnded { addr } => {
                self.conflicts.remove(&(addr, event.segment));
                self.judge(&Subject::Address(addr, event.segment), event.at);
            }
            _ => self.sighted(event),
        }
    }

    /// Replaces the snapshot and judges what the difference concerns.
    pub fn record(&mut self, snapshot: Arc<Snapshot>, now: Timestamp) {
        let former = core::mem::replace(&mut self.snapshot, snapshot);
        let changes = diff(&former, &self.snapshot);
        let known = &self.snapshot;
        self.record_changes.retain(|guest, _| known.guest_by_id(guest).is_some());
        let began_empty = former.guests().is_empty();
        let snapshot = Arc::clone(&self.snapshot);
        let guests = |indices: &[GuestIndex], of: &Snapshot| -> Vec<Box<str>> {
            indices.iter().filter_map(|&guest| of.guest(guest)).map(|guest| guest.id.clone()).collect()
        };
        let mut concerned = guests(&changes.guests_added, &snapshot);
        concerned.extend(guests(&changes.guests_removed, &former));
        for &(before, after) in &changes.guests_changed {
            let (Some(before), Some(after)) = (former.guest(before), snapshot.guest(after)) else {
                continue;
            };
            if before.run_state != after.run_state {
                self.record_changes.insert(after.id.clone(), now);
            }
            concerned.push(after.id.clone());
        }
        // Where hosts, switches or subnets changed, any place may be judged otherwise.
        let all = !changes.hosts_changed.is_empty()
            || !changes.hosts_added.is_empty()
            || !changes.hosts_removed.is_empty()
            || changes.switches
            || changes.subnets
            || changes.guest_prefixes;
        if all {
            concerned = snapshot.guests().iter().map(|guest| guest.id.clone()).collect();
        }
        if !began_empty {
            // A guest that appears in the records while the sensor looks on is new there.
            for &guest in &changes.guests_added {
                self.record_changes.extend(snapshot.guest(guest).map(|guest| (guest.id.clone(), now)));
            }
        }
        concerned.sort_unstable();
        concerned.dedup();
        for id in concerned {
            self.judge(&Subject::Guest(id), now);
        }
        self.judge_strangers(now);
    }

    /// Notes that an operator knows of a discrepancy; tells whether it was open.
    pub fn acknowledge(&mut self, id: DiscrepancyId, now: Timestamp) -> bool {
        self.book.acknowledge(id, now)
    }

    /// Takes in the passing of time.
    pub fn tick(&mut self, now: Timestamp) {
        if self.roll_calls.last().is_some_and(|&due| due <= now) {
            self.roll_calls.retain(|&due| due > now);
            let ids: Vec<Box<str>> = self.snapshot.guests().iter().map(|guest| guest.id.clone()).collect();
            for id in ids {
                self.judge(&Subject::Guest(id), now);
            }
        }
        while let Some(subject) = self.book.due(now) {
            self.judge(&subject, now);
        }
    }

    /// Returns when the passing of time may next change something; asked again after each input.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        [self.book.next_deadline(), self.roll_calls.last().copied()].into_iter().flatten().min()
    }

    /// Takes the next change in a discrepancy's life.
    pub fn poll(&mut self) -> Option<AuditEvent> {
        self.book.poll()
    }

    /// Returns every discrepancy, open and resolved, sorted by key.
    pub fn discrepancies(&self) -> impl Iterator<Item = &Discrepancy> {
        self.book.discrepancies()
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
    pub fn describe(&self, location: Location) -> String {
        self.points.describe(location, &self.snapshot)
    }

    /// Returns how closely a location is known.
    pub fn confidence(&self, location: Location) -> Confidence {
        self.points.confidence(location, &self.snapshot)
    }

    /// Tells whether a source address seen at a capture point is at a known host or port.
    pub fn locates(point: &CapturePoint, snapshot: &Snapshot) -> bool {
        confidence_of(point, snapshot) >= Confidence::Host
    }

    fn conflict(
        &mut self,
        addr: IpAddr,
        event: &PresenceEvent,
        rivals: [MacAddr; 2],
        evidence: [Evidence; 2],
    ) {
        let conflict = Conflict { rivals, evidence, since: event.at };
        self.conflicts.insert((addr, event.segment), conflict);
        self.judge(&Subject::Address(addr, event.segment), event.at);
    }

    fn sighted(&mut self, event: &PresenceEvent) {
        self.sights.entry(event.station).or_default().note(event);
        let guests = self.guests_of(event.station);
        if guests.is_empty() {
            self.concern(&Subject::Station(event.station), event);
        }
        for guest in guests {
            self.concern(&Subject::Guest(guest), event);
        }
        if matches!(event.kind, PresenceKind::Stopped { .. } | PresenceKind::Expired { .. }) {
            self.forget(event.station);
        }
    }

    fn concern(&mut self, subject: &Subject, event: &PresenceEvent) {
        if let Some(evidence) = evidence_in(&event.kind) {
            self.book.add_evidence(subject, evidence);
        }
        self.judge(subject, event.at);
    }

    /// Forgets a station that is gone and that no record asks for.
    fn forget(&mut self, station: StationId) {
        let recorded = match station {
            StationId::Mac(mac) => self.snapshot.guest_by_mac(mac).is_some(),
            StationId::HomeAddress(home) => self.snapshot.guest_by_home_address(home).is_some(),
        };
        if !recorded && self.sights.get(&station).is_some_and(|sight| !sight.is_present()) {
            self.sights.remove(&station);
        }
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

    /// Judges the stations that are, or were, no guest's.
    fn judge_strangers(&mut self, now: Timestamp) {
        let mut strangers: Vec<Subject> = self
            .sights
            .keys()
            .filter(|&&station| self.guests_of(station).is_empty())
            .map(|&station| Subject::Station(station))
            .collect();
        let open =
            self.book.open_subjects().into_iter().filter(|subject| !matches!(subject, Subject::Guest(_)));
        strangers.extend(open);
        strangers.sort_unstable();
        strangers.dedup();
        for subject in strangers {
            self.judge(&subject, now);
        }
    }

    fn judge(&mut self, subject: &Subject, now: Timestamp) {
        let judge = Judge {
            snapshot: &self.snapshot,
            points: &self.points,
            settings: &self.settings,
            sights: &self.sights,
            record_changes: &self.record_changes,
            now,
        };
        let findings = match subject {
            Subject::Guest(id) => {
                self.snapshot.guest_by_id(id).map_or_else(Vec::new, |guest| judge.guest(guest))
            }
            Subject::Station(station) => judge.station(*station),
            Subject::Address(addr, segment) => {
                let conflict = self.conflicts.get(&(*addr, *segment));
                conflict.and_then(|conflict| judge.conflict(*addr, conflict)).into_iter().collect()
            }
        };
        let path = || path_of(subject, &self.snapshot);
        self.book.reconcile(subject, findings, &path, &self.settings, now);
    }
}

/// Returns where a subject stands in the hierarchy, the root first, its host last.
fn path_of(subject: &Subject, snapshot: &Snapshot) -> Vec<Box<str>> {
    let Subject::Guest(id) = subject else {
        return Vec::new();
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

const fn evidence_in(kind: &PresenceKind) -> Option<Evidence> {
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
        | PresenceKind::Conflicted { .. }
        | PresenceKind::ConflictEnded { .. } => None,
    }
}
