use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::discrepancy::{AuditEvent, Discrepancy, DiscrepancyChange, DiscrepancyState, Key, Subject};
use super::judge::Finding;
use super::{AuditSettings, DiscrepancyId};
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
    discrepancies: BTreeMap<Key, Discrepancy>,
    resolved: BTreeSet<(Timestamp, Key)>,
    /// How many discrepancies are open about a subject; most subjects have none.
    open: BTreeMap<Subject, u8>,
    deadlines: BTreeSet<(Timestamp, Subject)>,
    events: VecDeque<AuditEvent>,
    pub(super) counters: AuditCounters,
}

impl Book {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            discrepancies: BTreeMap::new(),
            resolved: BTreeSet::new(),
            open: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            events: VecDeque::new(),
            counters: AuditCounters { judged: 0, forgotten: 0, refused: 0 },
        }
    }

    pub(super) fn discrepancies(&self) -> impl Iterator<Item = &Discrepancy> {
        self.discrepancies.values()
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
    pub(super) fn open_subjects(&self) -> Vec<Subject> {
        self.open.keys().cloned().collect()
    }

    pub(super) fn acknowledge(&mut self, id: DiscrepancyId, now: Timestamp) -> bool {
        let open = self.discrepancies.values_mut().find(|known| known.key.id() == id && known.is_open());
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
        if findings.is_empty() && !self.open.contains_key(subject) {
            return;
        }
        for kind in super::Kind::ALL {
            let key = Key { kind, subject: subject.clone() };
            if !findings.iter().any(|finding| finding.kind == kind) {
                self.resolve(&key, now);
            }
        }
        for finding in findings {
            let key = Key { kind: finding.kind, subject: subject.clone() };
            let open = self.discrepancies.get(&key).is_some_and(Discrepancy::is_open);
            if finding.due == Timestamp::MAX {
                // Nobody can see whether it stands: what is open stays, what is not waits for sight.
                continue;
            }
            if open {
                self.renew(&key, finding, settings, now);
            } else if finding.due <= now {
                let confirm_at = now.after(settings.confirm_after);
                self.open(key, finding, path(), now);
                self.remind(confirm_at, subject.clone());
            } else {
                self.remind(finding.due, subject.clone());
            }
        }
    }

    /// Takes in evidence for what is open about a subject.
    pub(super) fn add_evidence(&mut self, subject: &Subject, evidence: Evidence) {
        if !self.open.contains_key(subject) {
            return;
        }
        let max = usize::from(self.limits.evidence_max);
        for kind in super::Kind::ALL {
            let key = Key { kind, subject: subject.clone() };
            if let Some(discrepancy) = self.discrepancies.get_mut(&key).filter(|known| known.is_open()) {
                discrepancy.add_evidence(evidence, max);
            }
        }
    }

    fn open(&mut self, key: Key, finding: Finding, path: Vec<Box<str>>, now: Timestamp) {
        let former = self.discrepancies.remove(&key);
        if let Some(resolved_at) = former.as_ref().and_then(|former| former.resolved_at) {
            self.resolved.remove(&(resolved_at, key.clone()));
        }
        if !self.make_room(key.kind) {
            self.counters.refused += 1;
            return;
        }
        let mut discrepancy = Discrepancy {
            key: key.clone(),
            state: DiscrepancyState::Open,
            recorded: finding.recorded,
            observed: finding.observed,
            since: finding.since,
            opened_at: now,
            last_seen_at: finding.since,
            resolved_at: None,
            resolution: None,
            episodes: former.as_ref().map_or(1, |former| former.episodes.saturating_add(1)),
            count: former.as_ref().map_or(0, |former| former.count),
            evidence: former.map_or_else(Vec::new, |former| former.evidence),
            path,
            explanation: finding.explanation,
            steps: finding.steps,
        };
        for evidence in finding.evidence {
            discrepancy.add_evidence(evidence, usize::from(self.limits.evidence_max));
        }
        self.discrepancies.insert(key.clone(), discrepancy);
        *self.open.entry(key.subject.clone()).or_default() += 1;
        let change = DiscrepancyChange::Opened { since: finding.since };
        self.events.push_back(AuditEvent { at: now, key, change });
    }

    /// Forgets the longest resolved discrepancy when the bound is reached; tells whether there is room.
    ///
    /// Unknown stations may fill half, so that a flood of them cannot hide what is wrong with the recorded.
    fn make_room(&mut self, kind: super::Kind) -> bool {
        let max = self.limits.discrepancies_max as usize;
        let is_stranger = matches!(kind, super::Kind::UnknownStation | super::Kind::UnknownGuest);
        if self.discrepancies.len() < if is_stranger { max / 2 } else { max } {
            return true;
        }
        let Some((_, longest)) = self.resolved.pop_first() else { return false };
        self.discrepancies.remove(&longest);
        self.counters.forgotten += 1;
        true
    }

    fn renew(&mut self, key: &Key, finding: Finding, settings: &AuditSettings, now: Timestamp) {
        let Some(discrepancy) = self.discrepancies.get_mut(key) else {
            return;
        };
        // What was there when it was opened is told already.
        let known_until = discrepancy.last_seen_at;
        for evidence in finding.evidence.into_iter().filter(|piece| piece.at > known_until) {
            discrepancy.add_evidence(evidence, usize::from(self.limits.evidence_max));
        }
        discrepancy.recorded = finding.recorded;
        discrepancy.observed = finding.observed;
        discrepancy.explanation = finding.explanation;
        discrepancy.steps = finding.steps;
        let stood = now >= discrepancy.opened_at.after(settings.confirm_after);
        let seen_again = discrepancy.last_seen_at > discrepancy.opened_at;
        if discrepancy.state == DiscrepancyState::Open && (stood || seen_again) {
            discrepancy.state = DiscrepancyState::Confirmed;
            let (key, change) = (key.clone(), DiscrepancyChange::Confirmed);
            self.events.push_back(AuditEvent { at: now, key, change });
        }
    }

    fn resolve(&mut self, key: &Key, now: Timestamp) {
        let Some(discrepancy) = self.discrepancies.get_mut(key).filter(|known| known.is_open()) else {
            return;
        };
        discrepancy.state = DiscrepancyState::Resolved;
        discrepancy.resolved_at = Some(now);
        discrepancy.resolution = Some(resolution(key).to_owned());
        self.resolved.insert((now, key.clone()));
        if let Some(open) = self.open.get_mut(&key.subject) {
            *open -= 1;
            if *open == 0 {
                self.open.remove(&key.subject);
            }
        }
        self.events.push_back(AuditEvent { at: now, key: key.clone(), change: DiscrepancyChange::Resolved });
    }
}

/// Says what must have happened for a difference of a kind to be over.
const fn resolution(key: &Key) -> &'static str {
    match key.kind {
        super::Kind::DuplicateGuest => "one of the two places fell silent for the duplicate window",
        super::Kind::SilentGuest => "it was seen, or is no longer recorded as running",
        super::Kind::UnknownGuest | super::Kind::UnknownStation => "it was recorded, or is gone",
        super::Kind::ZombieGuest => "it fell silent, or is no longer recorded as off",
        super::Kind::AddressConflict => "one claim has stood alone for the conflict window",
        super::Kind::MisplacedGuest => "record and place agree, or it is gone",
    }
}
