use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use arrayvec::ArrayVec;

use super::discrepancy::{AuditEvent, Discrepancy, DiscrepancyChange, DiscrepancyState, Key, Subject};
use super::flapping::{FLAP_WINDOW, Flapping};
use super::judge::Finding;
use super::operator::{OperatorAction, OperatorWord};
use super::sentences::{Facts, Statement};
use super::{AuditSettings, Kind};
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
    /// What operators did about something that is not there or not open.
    pub unmatched_operations: u64,
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
    flapping: Flapping,
    pub(super) counters: AuditCounters,
}

impl Book {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            subjects: BTreeMap::new(),
            count: 0,
            resolved: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            events: VecDeque::new(),
            flapping: Flapping::default(),
            counters: AuditCounters::default(),
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

    /// Returns the key of the discrepancy that somebody names by its key or its id.
    pub(super) fn key_of(&self, target: &str) -> Option<Key> {
        let is_it = |known: &&Discrepancy| {
            let key = &known.key;
            key.id().to_string() == target || key.to_string() == target
        };
        self.discrepancies().find(is_it).map(|known| known.key.clone())
    }

    /// Does what an operator asks of a discrepancy that is open; tells whether there was one.
    pub(super) fn operate(
        &mut self,
        action: &OperatorAction,
        settings: &AuditSettings,
        now: Timestamp,
    ) -> bool {
        let Some(key) = self.key_of(&action.target) else { return false };
        let Some(known) = self.find_mut(&key.subject, key.kind).filter(|known| known.is_open()) else {
            return false;
        };
        let change = match action.word {
            OperatorWord::Acknowledge => {
                known.state = DiscrepancyState::Acknowledged;
                known.acknowledged_by = Some(action.who.clone());
                DiscrepancyChange::Acknowledged
            }
            OperatorWord::Confirm => {
                if known.state == DiscrepancyState::Open {
                    known.state = DiscrepancyState::Confirmed;
                }
                DiscrepancyChange::Confirmed
            }
            OperatorWord::Mute => {
                let until = action.until.unwrap_or(Timestamp::MAX);
                known.muted_until = Some(until);
                self.remind_of_end(until, &key.subject);
                DiscrepancyChange::Muted { until }
            }
            OperatorWord::Unmute => {
                known.muted_until = None;
                DiscrepancyChange::Unmuted
            }
            OperatorWord::Resolve => {
                known.stays_resolved_until = Some(now.after(settings.reopen_grace));
                let why = format!("{} resolved it", action.who);
                let event = resolve(known, why.into(), now);
                self.resolved.insert((now, key.clone()));
                self.events.push_back(event);
                self.remind(now.after(settings.reopen_grace), key.subject);
                return true;
            }
            OperatorWord::Accept | OperatorWord::Reject => return false,
        };
        self.events.push_back(AuditEvent { at: now, key, change });
        true
    }

    /// Holds what the judge finds about a subject against what is open about it.
    pub(super) fn reconcile(
        &mut self,
        subject: &Subject,
        findings: Vec<Finding>,
        about: &dyn Fn(&Key) -> About,
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
            let key = Key { kind, subject: subject.clone() };
            if !self.flapping.is_empty() && self.flapping.get(&key).is_some() {
                if finding.due <= now {
                    self.flap(&key, finding, now);
                } else {
                    self.remind(finding.due, subject.clone());
                }
                continue;
            }
            let known = self.find_mut(subject, kind);
            let stays_until = known.as_ref().and_then(|known| known.stays_resolved_until);
            if known.is_some_and(|known| known.is_open()) {
                self.renew(&key, finding, about, settings, now);
            } else if let Some(until) = stays_until.filter(|until| now < *until) {
                self.remind(until, subject.clone());
            } else if finding.due <= now {
                let confirm_at = now.after(settings.confirm_after);
                if self.open(key, finding, about, settings, now) {
                    self.remind(confirm_at, subject.clone());
                }
            } else {
                self.remind(finding.due, subject.clone());
            }
        }
    }

    /// Returns what is to be said of a difference that flaps.
    pub(super) fn flapping(&self, key: &Key) -> Option<Finding> {
        let flap = self.flapping.get(key)?;
        Some(Finding::plain(Kind::Flapping, flap.since, Facts::Flapping(flap)))
    }

    /// Ends a flapping that has become quiet; tells whether it did.
    pub(super) fn end_if_quiet(&mut self, key: &Key, now: Timestamp) -> bool {
        self.flapping.end_if_quiet(key, now)
    }

    /// Takes in that a difference that flaps is there.
    fn flap(&mut self, key: &Key, finding: Finding, now: Timestamp) {
        if !self.flapping.found(key, now) {
            return;
        }
        let subject = Subject::Difference(Box::new(key.clone()));
        for evidence in finding.evidence {
            self.add_evidence(&subject, evidence);
        }
        self.remind(now, subject.clone());
        self.remind(now.after(FLAP_WINDOW), subject);
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
    ///
    /// What opens once too often opens as flapping in its stead.
    fn open(
        &mut self,
        key: Key,
        finding: Finding,
        about: &dyn Fn(&Key) -> About,
        settings: &AuditSettings,
        now: Timestamp,
    ) -> bool {
        let openings = self.openings(&key, now);
        if openings.len() > settings.flap_limit as usize && settings.is_on(Kind::Flapping) {
            let since = openings.first().copied().unwrap_or(now);
            let count = u32::try_from(openings.len()).unwrap_or(u32::MAX);
            if let Some(known) = self.find_mut(&key.subject, key.kind) {
                known.openings = Vec::new();
            }
            self.flapping.begin(key.clone(), since, count, now);
            let flapping = Key { kind: Kind::Flapping, subject: Subject::Difference(Box::new(key.clone())) };
            self.remind(now.after(FLAP_WINDOW), flapping.subject.clone());
            let facts = self.flapping.get(&key).map(Facts::Flapping);
            let Some(facts) = facts else { return false };
            let finding =
                Finding { kind: Kind::Flapping, since, due: now, facts, evidence: finding.evidence };
            return self.open_as(flapping, finding, Vec::new(), about, now);
        }
        self.open_as(key, finding, openings, about, now)
    }

    /// Returns when a discrepancy opened within the window, now among them; empty where that is the first time.
    fn openings(&mut self, key: &Key, now: Timestamp) -> Vec<Timestamp> {
        let Some(known) = self.find_mut(&key.subject, key.kind) else { return Vec::new() };
        let mut openings = core::mem::take(&mut known.openings);
        if openings.is_empty() {
            openings.push(known.opened_at);
        }
        openings.push(now);
        openings.retain(|at| *at > now.before(FLAP_WINDOW));
        openings
    }

    fn open_as(
        &mut self,
        key: Key,
        finding: Finding,
        openings: Vec<Timestamp>,
        about: &dyn Fn(&Key) -> About,
        now: Timestamp,
    ) -> bool {
        let former = self.remove(&key);
        if let Some(resolved_at) = former.as_ref().and_then(|former| former.resolved_at) {
            self.resolved.remove(&(resolved_at, key.clone()));
        }
        if !self.make_room(key.kind) {
            self.counters.refused += 1;
            return false;
        }
        let About { path, muted_until, work } = about(&key);
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
            muted_until,
            acknowledged_by: None,
            work,
            openings,
            stays_resolved_until: None,
            told_at: now,
            has_news: false,
            facts: finding.facts,
            told: None,
        };
        for evidence in finding.evidence {
            discrepancy.add_evidence(evidence, usize::from(self.limits.evidence_max));
        }
        discrepancy.has_news = false;
        let known = self.subjects.entry(key.subject.clone()).or_default();
        let place = known.partition_point(|other| other.key.kind < key.kind);
        // Mostly the only one.
        known.reserve_exact(1);
        known.insert(place, discrepancy);
        self.count += 1;
        let change = DiscrepancyChange::Opened { since: finding.since };
        self.events.push_back(AuditEvent { at: now, key: key.clone(), change });
        if let Some(until) = muted_until {
            self.remind_of_end(until, &key.subject);
            self.events.push_back(AuditEvent { at: now, key, change: DiscrepancyChange::Muted { until } });
        }
        true
    }

    /// Asks for a look at a subject when a muting ends, if it does.
    fn remind_of_end(&mut self, until: Timestamp, subject: &Subject) {
        if until != Timestamp::MAX {
            self.remind(until, subject.clone());
        }
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

    fn renew(
        &mut self,
        key: &Key,
        finding: Finding,
        about: &dyn Fn(&Key) -> About,
        settings: &AuditSettings,
        now: Timestamp,
    ) {
        let max = usize::from(self.limits.evidence_max);
        let Some(discrepancy) = self.find_mut(&key.subject, key.kind) else {
            return;
        };
        // What was there when it was opened is told already.
        let known_until = discrepancy.last_seen_at;
        for evidence in finding.evidence.into_iter().filter(|piece| piece.at > known_until) {
            discrepancy.add_evidence(evidence, max);
        }
        (discrepancy.facts, discrepancy.told) = (finding.facts, None);
        let mut changes: ArrayVec<DiscrepancyChange, 3> = ArrayVec::new();
        let mut remind_at = None;
        let stood = now >= discrepancy.opened_at.after(settings.confirm_after);
        let seen_again = discrepancy.last_seen_at > discrepancy.opened_at;
        if discrepancy.muted_until.take_if(|until| *until <= now).is_some() {
            changes.push(DiscrepancyChange::Unmuted);
        }
        if discrepancy.state == DiscrepancyState::Open && (stood || seen_again) {
            discrepancy.state = DiscrepancyState::Confirmed;
            changes.push(DiscrepancyChange::Confirmed);
            (discrepancy.told_at, discrepancy.has_news) = (now, false);
        } else if discrepancy.has_news {
            let due = discrepancy.told_at.after(settings.update_interval);
            if due <= now {
                changes.push(DiscrepancyChange::Updated { count: discrepancy.count });
                (discrepancy.told_at, discrepancy.has_news) = (now, false);
            } else {
                remind_at = Some(due);
            }
        }
        discrepancy.work = about(key).work;
        if let Some(at) = remind_at {
            self.remind(at, key.subject.clone());
        }
        let events = changes.into_iter().map(|change| AuditEvent { at: now, key: key.clone(), change });
        self.events.extend(events);
    }

    /// Resolves what is open about a subject and not found any more.
    fn resolve_all_but(&mut self, subject: &Subject, findings: &[Finding], now: Timestamp) {
        let known = self.subjects.get_mut(subject).into_iter().flatten();
        let is_found = |kind: Kind| findings.iter().any(|finding| finding.kind == kind);
        for discrepancy in known.filter(|known| !is_found(known.key.kind)) {
            discrepancy.stays_resolved_until = None;
            if !self.flapping.is_empty() {
                self.flapping.gone(&discrepancy.key);
            }
            if discrepancy.is_open() {
                let why = resolution(&discrepancy.key).into();
                let event = resolve(discrepancy, why, now);
                self.resolved.insert((now, event.key.clone()));
                self.events.push_back(event);
            }
        }
    }
}

/// What is said of a discrepancy beside what differs.
#[derive(Clone, Debug, Default)]
pub(super) struct About {
    /// Where its subject stands in the hierarchy.
    pub(super) path: Vec<Box<str>>,
    /// Until when nobody wants to hear of it.
    pub(super) muted_until: Option<Timestamp>,
    /// The scheduled work that touches it.
    pub(super) work: Vec<Box<str>>,
}

fn resolve(discrepancy: &mut Discrepancy, why: Cow<'static, str>, now: Timestamp) -> AuditEvent {
    discrepancy.state = DiscrepancyState::Resolved;
    discrepancy.resolved_at = Some(now);
    discrepancy.resolution = Some(why);
    discrepancy.muted_until = None;
    discrepancy.evidence.shrink_to_fit();
    AuditEvent { at: now, key: discrepancy.key.clone(), change: DiscrepancyChange::Resolved }
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
        Kind::RecordConflict => "the sources agree, or one of the two no longer says so",
        Kind::MacFlood => "the number of new addresses was normal for a whole window",
        Kind::BlindCapturePoint => "it sees again",
        Kind::StaleSource => "it was heard again, and believed",
        Kind::Flapping => "it has not opened again for an hour",
    }
}
