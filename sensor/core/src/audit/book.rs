use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::discrepancy::{AuditEvent, Discrepancy, DiscrepancyChange, DiscrepancyState, Key, Subject};
use super::judge::Finding;
use super::sentences::Statement;
use super::{AuditSettings, DiscrepancyId, Kind};
use crate::presence::Evidence;
use crate::types::{Limits, Timestamp};

/// What happened to discrepancies; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditCounters {
    /// Subjects that were judged.
    pub judged: u64,
    /// Resolved discrepancies forgotten to keep the bound.
    pub forgotten: u64,
    /// How often a discrepancy could not be kept because open ones had reached the bound.
    pub refused: u64,
}

/// The discrepancies, and when a subject must be looked at again.
#[derive(Debug)]
pub(super) struct Book {
    limits: Limits,
    /// The discrepancies about each subject, open and resolved; most subjects have none.
    subjects: BTreeMap<Subject, Vec<Discrepancy>>,
    count: usize,
    resolved: BTreeSet<(Timestamp, Key)>,
    deadlines: BTreeSet<(Timestamp, Subject)>,
    events: VecDeque<AuditEvent>,
    pub(super) counters: AuditCounters,
}

impl Book {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            subjects: BTreeMap::new(),
            count: 0,
            resolved: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            events: VecDeque::new(),
            counters: AuditCounters { judged: 0, forgotten: 0, refused: 0 },
        }
    }

    pub(super) fn discrepancies(&self) -> impl Iterator<Item = &Discrepancy> {
        self.subjects.values().flatten()
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Discrepancy> {
        self.subjects.get(&key.subject)?.iter().find(|known| known.key.kind == key.kind)
    }

    pub(super) fn poll(&mut self) -> Option<AuditEvent> {
        self.events.pop_front()
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// Takes a subject whose deadline has passed.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<Subject> {
        let (at, _) = self.deadlines.first()?;
        if *at > now {
            return None;
        }
        self.deadlines.pop_first().map(|(_, subject)| subject)
    }

    pub(super) fn remind(&mut self, at: Timestamp, subject: Subject) {
        self.deadlines.insert((at, subject));
    }

    /// Returns the subjects of the open discrepancies.
    pub(super) fn open_subjects(&self) -> impl Iterator<Item = &Subject> {
        let open = self.subjects.iter().filter(|(_, known)| known.iter().any(|known| known.is_open()));
        open.map(|(subject, _)| subject)
    }

    /// Tells whether there is anything about a subject, open or resolved.
    pub(super) fn is_known(&self, subject: &Subject) -> bool {
        self.subjects.contains_key(subject)
    }

    /// Tells whether there is anything at all.
    pub(super) fn has_any(&self) -> bool {
        !self.subjects.is_empty()
    }

    /// Writes down what is said of a subject, whose record is about to change.
    pub(super) fn write_down(&mut self, subject: &Subject, tell: impl Fn(&Discrepancy) -> Statement) {
        for known in self.subjects.get_mut(subject).into_iter().flatten() {
            if known.told.is_none() {
                known.told = Some(Box::new(tell(known)));
            }
        }
    }

    /// Does so for all subjects that are concerned.
    pub(super) fn write_down_all(
        &mut self,
        concerns: impl Fn(&Subject) -> bool,
        tell: impl Fn(&Discrepancy) -> Statement,
    ) {
        let concerned = self.subjects.iter_mut().filter(|(subject, _)| concerns(subject));
        for known in concerned.flat_map(|(_, known)| known).filter(|known| known.told.is_none()) {
            known.told = Some(Box::new(tell(known)));
        }
    }

    pub(super) fn acknowledge(&mut self, id: DiscrepancyId, now: Timestamp) -> bool {
        let mut all = self.subjects.values_mut().flatten();
        let open = all.find(|known| known.key.id() == id && known.is_open());
        let Some(discrepancy) = open else { return false };
        discrepancy.state = DiscrepancyState::Acknowledged;
        let (key, change) = (discrepancy.key.clone(), DiscrepancyChange::Acknowledged);
        self.events.push_back(AuditEvent { at: now, key, change });
        true
    }

    /// Holds what the judge finds about a subject against what is open about it.
    pub(super) fn reconcile(
        &mut self,
        subject: &Subject,
        findings: Vec<Finding>,
        path: &dyn Fn() -> Vec<Box<str>>,
        settings: &AuditSettings,
        now: Timestamp,
    ) {
        self.counters.judged += 1;
        if findings.is_empty() && !self.subjects.contains_key(subject) {
            return;
        }
        self.resolve_all_but(subject, &findings, now);
        for finding in findings {
            let kind = finding.kind;
            if finding.due == Timestamp::MAX {
                // Nobody can see whether it stands: what is open stays, what is not waits for sight.
                continue;
            }
            if self.find_mut(subject, kind).is_some_and(|known| known.is_open()) {
                self.renew(subject, finding, settings, now);
            } else if finding.due <= now {
                let confirm_at = now.after(settings.confirm_after);
                if self.open(Key { kind, subject: subject.clone() }, finding, path(), now) {
                    self.remind(confirm_at, subject.clone());
                }
            } else {
                self.remind(finding.due, subject.clone());
            }
        }
    }

    /// Takes in evidence for what is open about a subject.
    pub(super) fn add_evidence(&mut self, subject: &Subject, evidence: Evidence) {
        let max = usize::from(self.limits.evidence_max);
        for known in self.subjects.get_mut(subject).into_iter().flatten().filter(|known| known.is_open()) {
            known.add_evidence(evidence, max);
        }
    }

    fn find_mut(&mut self, subject: &Subject, kind: Kind) -> Option<&mut Discrepancy> {
        self.subjects.get_mut(subject)?.iter_mut().find(|known| known.key.kind == kind)
    }

    fn remove(&mut self, key: &Key) -> Option<Discrepancy> {
        let known = self.subjects.get_mut(&key.subject)?;
        let index = known.iter().position(|known| known.key.kind == key.kind)?;
        let removed = known.remove(index);
        if known.is_empty() {
            self.subjects.remove(&key.subject);
        }
        self.count -= 1;
        Some(removed)
    }

    /// Opens a discrepancy, anew or again; tells whether there was room for it.
    fn open(&mut self, key: Key, finding: Finding, path: Vec<Box<str>>, now: Timestamp) -> bool {
        let former = self.remove(&key);
        if let Some(resolved_at) = former.as_ref().and_then(|former| former.resolved_at) {
            self.resolved.remove(&(resolved_at, key.clone()));
        }
        if !self.make_room(key.kind) {
            self.counters.refused += 1;
            return false;
        }
        let mut discrepancy = Discrepancy {
            key: key.clone(),
            state: DiscrepancyState::Open,
            since: finding.since,
            opened_at: now,
            last_seen_at: finding.since,
            resolved_at: None,
            resolution: None,
            episodes: former.as_ref().map_or(1, |former| former.episodes.saturating_add(1)),
            count: former.as_ref().map_or(0, |former| former.count),
            evidence: former.map_or_else(Vec::new, |former| former.evidence),
            path,
            facts: finding.facts,
            told: None,
        };
        for evidence in finding.evidence {
            discrepancy.add_evidence(evidence, usize::from(self.limits.evidence_max));
        }
        let known = self.subjects.entry(key.subject.clone()).or_default();
        let place = known.partition_point(|other| other.key.kind < key.kind);
        // Mostly the only one.
        known.reserve_exact(1);
        known.insert(place, discrepancy);
        self.count += 1;
        let change = DiscrepancyChange::Opened { since: finding.since };
        self.events.push_back(AuditEvent { at: now, key, change });
        true
    }

    /// Forgets the longest resolved discrepancy when the bound is reached; tells whether there is room.
    ///
    /// Unknown stations may fill half, so that a flood of them cannot hide what is wrong with the recorded.
    fn make_room(&mut self, kind: Kind) -> bool {
        let max = self.limits.discrepancies_max as usize;
        let is_stranger = matches!(kind, Kind::UnknownStation | Kind::UnknownGuest);
        if self.count < if is_stranger { max / 2 } else { max } {
            return true;
        }
        let Some((_, longest)) = self.resolved.pop_first() else { return false };
        self.remove(&longest);
        self.counters.forgotten += 1;
        true
    }

    fn renew(&mut self, subject: &Subject, finding: Finding, settings: &AuditSettings, now: Timestamp) {
        let max = usize::from(self.limits.evidence_max);
        let Some(discrepancy) = self.find_mut(subject, finding.kind) else {
            return;
        };
        // What was there when it was opened is told already.
        let known_until = discrepancy.last_seen_at;
        for evidence in finding.evidence.into_iter().filter(|piece| piece.at > known_until) {
            discrepancy.add_evidence(evidence, max);
        }
        (discrepancy.facts, discrepancy.told) = (finding.facts, None);
        let stood = now >= discrepancy.opened_at.after(settings.confirm_after);
        let seen_again = discrepancy.last_seen_at > discrepancy.opened_at;
        if discrepancy.state == DiscrepancyState::Open && (stood || seen_again) {
            discrepancy.state = DiscrepancyState::Confirmed;
            let (key, change) = (discrepancy.key.clone(), DiscrepancyChange::Confirmed);
            self.events.push_back(AuditEvent { at: now, key, change });
        }
    }

    /// Resolves what is open about a subject and not found any more.
    fn resolve_all_but(&mut self, subject: &Subject, findings: &[Finding], now: Timestamp) {
        let known = self.subjects.get_mut(subject).into_iter().flatten();
        let is_over = |known: &Discrepancy| {
            known.is_open() && !findings.iter().any(|finding| finding.kind == known.key.kind)
        };
        for discrepancy in known.filter(|known| is_over(known)) {
            let key = discrepancy.key.clone();
            discrepancy.state = DiscrepancyState::Resolved;
            discrepancy.resolved_at = Some(now);
            discrepancy.resolution = Some(resolution(&key));
            discrepancy.evidence.shrink_to_fit();
            self.resolved.insert((now, key.clone()));
            self.events.push_back(AuditEvent { at: now, key, change: DiscrepancyChange::Resolved });
        }
    }
}

/// Says what must have happened for a difference of a kind to be over.
const fn resolution(key: &Key) -> &'static str {
    match key.kind {
        Kind::DuplicateGuest => "one of the two places fell silent for the duplicate window",
        Kind::SilentGuest => "it was seen, or is no longer recorded as running",
        Kind::UnknownGuest | Kind::UnknownStation => "it was recorded, or is gone",
        Kind::ZombieGuest => "it fell silent, or is no longer recorded as off",
        Kind::AddressConflict => "one claim has stood alone for the conflict window",
        Kind::MisplacedGuest => "record and place agree, or it is gone",
    }
}
