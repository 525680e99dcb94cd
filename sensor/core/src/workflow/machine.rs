use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::event::{Input, Outcome, RunEnd, RunNote, WorkflowEvent};
use super::facts::{Counts, Facts, World};
use super::limits::{Scope, Windows};
use super::run::{Asked, Run, RunId, RunView, State};
use super::settings::WorkflowSettings;
use super::storm::Storms;
use crate::audit::{AuditEvent, DiscrepancyChange, Key, Kind, Subject};
use crate::rules::{Control, Else, Rule, RuleSet, Task, WaitedFor};
use crate::types::Timestamp;

/// What happened to runs; every one is a sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkflowCounters {
    /// Runs that began.
    pub started: u64,
    /// Runs that ended.
    pub ended: u64,
    /// Runs that did not begin, because as many as may be were under way or the rule had begun as many as it may.
    pub refused: u64,
    /// Conditions of rules that had no value, and so counted as false.
    pub conditions_failed: u64,
    /// Effects that were asked for or would have been, dry runs among them.
    pub effects: u64,
    /// Effects that were refused.
    pub effects_refused: u64,
    /// Outcomes and answers that nothing waited for.
    pub unexpected: u64,
}

/// Runs workflows; see the [module](super).
#[derive(Debug)]
pub struct Workflow {
    pub(super) settings: WorkflowSettings,
    pub(super) rules: Arc<RuleSet>,
    runs: BTreeMap<RunId, Run>,
    /// The runs about each discrepancy.
    by_key: BTreeMap<Key, Vec<RunId>>,
    /// How many runs each rule has under way.
    by_rule: BTreeMap<Box<str>, u32>,
    deadlines: BTreeSet<(Timestamp, RunId)>,
    /// The run that awaits the outcome of each effect.
    pub(super) effects: BTreeMap<Box<str>, RunId>,
    /// On whom an effect that may do harm is under way, by which run.
    pub(super) busy: BTreeMap<Subject, RunId>,
    open: BTreeMap<Kind, u32>,
    pub(super) storms: Storms,
    pub(super) windows: Windows,
    /// Runs that wait for a guest's presence or absence.
    watching: u32,
    called: VecDeque<(Arc<Rule>, Key)>,
    next: u64,
    pub(super) events: VecDeque<WorkflowEvent>,
    pub(super) counters: WorkflowCounters,
}

impl Workflow {
    /// Makes one that has no runs.
    pub fn new(settings: WorkflowSettings, rules: Arc<RuleSet>) -> Self {
        let storms = Storms::new(settings.storm_window, settings.storm_at);
        Self {
            settings,
            rules,
            runs: BTreeMap::new(),
            by_key: BTreeMap::new(),
            by_rule: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            effects: BTreeMap::new(),
            busy: BTreeMap::new(),
            open: BTreeMap::new(),
            storms,
            windows: Windows::default(),
            watching: 0,
            called: VecDeque::new(),
            next: 1,
            events: VecDeque::new(),
            counters: WorkflowCounters::default(),
        }
    }

    /// Replaces the rules; runs under way finish as they began.
    pub fn replace_rules(&mut self, rules: Arc<RuleSet>) {
        self.rules = rules;
    }

    /// Takes in an input at `now`, which is not before that of any input before.
    pub fn handle(&mut self, now: Timestamp, input: Input<'_>, world: &dyn World) {
        match input {
            Input::Audit(event) => self.audit(event, world),
            Input::Presence { guest, present } => self.presence(now, guest, present, world),
            Input::Outcome { effect, outcome } => self.outcome(now, effect, outcome, world),
            Input::Decision { run, by, yes } => self.decision(now, run, by, yes, world),
            Input::Tick => self.tick(now, world),
        }
        while let Some((rule, key)) = self.called.pop_front() {
            self.start(rule, &key, now, world);
        }
    }

    /// Takes what became of runs next.
    pub fn poll(&mut self) -> Option<WorkflowEvent> {
        self.events.pop_front()
    }

    /// Returns when the passing of time may next change something; asked again after each input.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let run = self.deadlines.first().map(|(at, _)| *at);
        [run, self.storms.next_deadline()].into_iter().flatten().min()
    }

    /// Tells whether any run waits for a guest's presence or absence.
    pub const fn wants_presence(&self) -> bool {
        self.watching > 0
    }

    /// Returns the runs under way, in the order of their beginnings.
    pub fn runs(&self) -> impl Iterator<Item = RunView<'_>> {
        self.runs.iter().map(|(&id, run)| run.view(id))
    }

    /// Returns the counters.
    pub const fn counters(&self) -> WorkflowCounters {
        self.counters
    }

    /// Returns the rules in force.
    pub const fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    fn audit(&mut self, event: &AuditEvent, world: &dyn World) {
        let (now, key) = (event.at, &event.key);
        match event.change {
            DiscrepancyChange::Opened { .. } => {
                *self.open.entry(key.kind).or_default() += 1;
                if let Some(count) = self.storms.note(key.kind, now) {
                    self.tell_storm(key.kind, count, true, now);
                }
                self.report(key, now, world);
                self.set_off(key, now, world);
            }
            DiscrepancyChange::Resolved => {
                if let Some(open) = self.open.get_mut(&key.kind) {
                    *open = open.saturating_sub(1);
                }
                self.resolved(key, now, world);
            }
            DiscrepancyChange::Acknowledged => self.event_came(key, WaitedFor::Acknowledged, now, world),
            DiscrepancyChange::Confirmed | DiscrepancyChange::Updated { .. } => self.report(key, now, world),
            DiscrepancyChange::Muted { .. } | DiscrepancyChange::Unmuted => {}
        }
    }

    /// Begins the runs of all rules that a discrepancy sets off.
    fn set_off(&mut self, key: &Key, now: Timestamp, world: &dyn World) {
        let rules: Vec<Arc<Rule>> = self.rules.on(key.kind).cloned().collect();
        for rule in rules {
            let select = &rule.trigger.select;
            if !select.is_empty() && !select.meets(&key.subject, world.snapshot()) {
                continue;
            }
            let is_met = rule.condition.as_ref().map_or(Ok(true), |condition| {
                condition.is_true(&Facts::new(world, key, &rule, None, self.counts(key, &rule, now), now))
            });
            match is_met {
                Ok(true) => self.start(rule, key, now, world),
                Ok(false) => {}
                Err(_) => self.counters.conditions_failed += 1,
            }
        }
    }

    /// Begins a run unless the rule has one about the same discrepancy, or as many as may be have begun.
    fn start(&mut self, rule: Arc<Rule>, key: &Key, now: Timestamp, world: &dyn World) {
        let of_key = self.by_key.get(key).into_iter().flatten();
        let has_one = of_key.filter_map(|id| self.runs.get(id)).any(|run| run.rule.id == rule.id);
        if has_one {
            return;
        }
        let scope = Scope::Runs(rule.id.clone());
        let is_within = rule.limits.runs.is_none_or(|rate| self.windows.allows(&scope, rate, now));
        if !is_within || self.runs.len() >= self.settings.runs_max as usize {
            self.counters.refused += 1;
            return;
        }
        if rule.limits.runs.is_some() {
            self.windows.note(scope, "", now);
        }
        let id = RunId(self.next);
        self.next += 1;
        self.counters.started += 1;
        *self.by_rule.entry(rule.id.clone()).or_default() += 1;
        self.by_key.entry(key.clone()).or_default().push(id);
        self.events.push_back(WorkflowEvent::Started {
            run: id,
            at: now,
            rule: rule.id.clone(),
            version: rule.version,
            key: key.clone(),
            mode: rule.mode,
        });
        let opened_at = world.standing(key).map_or(now, |known| known.opened_at);
        let run = Run {
            key: key.clone(),
            started_at: now,
            opened_at,
            step: 0,
            end: rule.own_steps,
            state: State::Ready,
            attempts: 0,
            reports: 1,
            approved: None,
            variables: vec![None; rule.variables.len()].into(),
            error: None,
            rule,
        };
        self.advance(id, run, now, world);
    }

    /// A discrepancy was reported again.
    fn report(&mut self, key: &Key, now: Timestamp, world: &dyn World) {
        for id in self.by_key.get(key).cloned().unwrap_or_default() {
            let Some(run) = self.runs.get_mut(&id) else { continue };
            run.reports = run.reports.saturating_add(1);
            if matches!(run.state, State::Report(_))
                && let Some(run) = self.take(id)
            {
                self.advance(id, run, now, world);
            }
        }
    }

    fn resolved(&mut self, key: &Key, now: Timestamp, world: &dyn World) {
        for id in self.by_key.get(key).cloned().unwrap_or_default() {
            if self.runs.get(&id).is_some_and(|run| run.state.ends_with_discrepancy())
                && let Some(run) = self.take(id)
            {
                self.end(id, run, RunEnd::Resolved, now);
            }
        }
        self.event_came(key, WaitedFor::Resolved, now, world);
    }

    fn presence(&mut self, now: Timestamp, guest: &str, present: bool, world: &dyn World) {
        let event = if present { WaitedFor::Seen } else { WaitedFor::Silent };
        let subject = Subject::Guest(guest.into());
        for kind in Kind::ALL {
            self.event_came(&Key { kind, subject: subject.clone() }, event, now, world);
        }
    }

    /// Lets go on the runs that wait for an event about a discrepancy.
    fn event_came(&mut self, key: &Key, event: WaitedFor, now: Timestamp, world: &dyn World) {
        for id in self.by_key.get(key).cloned().unwrap_or_default() {
            if self.runs.get(&id).and_then(waited_for) == Some(event)
                && let Some(run) = self.take(id)
            {
                self.go_on(id, run, now, world);
            }
        }
    }

    fn outcome(&mut self, now: Timestamp, effect: &str, outcome: Outcome, world: &dyn World) {
        let Some(id) = self.effects.get(effect).copied() else {
            self.counters.unexpected += 1;
            return;
        };
        let Some(run) = self.take(id) else { return };
        self.free(id);
        match outcome {
            Outcome::Done => self.go_on(id, run, now, world),
            Outcome::Over => self.end(id, run, RunEnd::Resolved, now),
            Outcome::Failed(why) => self.attempt_failed(id, run, why, now, world),
        }
        self.next_turn(now, world);
    }

    fn decision(&mut self, now: Timestamp, id: RunId, by: &str, yes: bool, world: &dyn World) {
        let asked = match self.runs.get(&id).map(|run| &run.state) {
            Some(State::Answer(_, asked)) => *asked,
            _ => {
                self.counters.unexpected += 1;
                return;
            }
        };
        let Some(mut run) = self.take(id) else { return };
        let note = RunNote::Answered { by: by.into(), yes };
        self.note(id, &run, note, now);
        match (yes, asked) {
            (false, _) => self.end(id, run, RunEnd::Denied, now),
            (true, Asked::Step) => self.go_on(id, run, now, world),
            (true, Asked::Mode) => {
                run.approved = Some(by.into());
                self.advance(id, run, now, world);
            }
        }
    }

    fn tick(&mut self, now: Timestamp, world: &dyn World) {
        for (kind, count) in self.storms.tick(now) {
            self.tell_storm(kind, count, false, now);
        }
        while self.deadlines.first().is_some_and(|(at, _)| *at <= now)
            && let Some((_, id)) = self.deadlines.pop_first()
        {
            if let Some(run) = self.take(id) {
                self.ran_out(id, run, now, world);
            }
        }
    }

    /// What a run waited for did not come, or the time that it waited for has.
    fn ran_out(&mut self, id: RunId, run: Run, now: Timestamp, world: &dyn World) {
        match &run.state {
            State::Time(_) => self.go_on(id, run, now, world),
            State::Ready | State::Retry(_) | State::Settle(_) | State::Turn(_) => {
                self.advance(id, run, now, world);
            }
            State::Outcome(..) => {
                self.free(id);
                self.attempt_failed(id, run, "no answer in time".into(), now, world);
                self.next_turn(now, world);
            }
            State::Report(_) | State::Answer(_, Asked::Mode) => self.end(id, run, RunEnd::TimedOut, now),
            State::Event(_) | State::Answer(_, Asked::Step) => match otherwise(&run) {
                Else::Continue => self.go_on(id, run, now, world),
                Else::End => self.end(id, run, RunEnd::TimedOut, now),
            },
        }
    }

    /// Goes on with the next step.
    fn go_on(&mut self, id: RunId, mut run: Run, now: Timestamp, world: &dyn World) {
        run.leave_step();
        self.advance(id, run, now, world);
    }

    /// Lets those try again that wait for their turn.
    fn next_turn(&mut self, now: Timestamp, world: &dyn World) {
        let waiting: Vec<RunId> = self
            .runs
            .iter()
            .filter(|(_, run)| matches!(run.state, State::Turn(_)))
            .map(|(id, _)| *id)
            .collect();
        for id in waiting {
            if let Some(run) = self.take(id) {
                self.advance(id, run, now, world);
            }
        }
    }

    /// Forgets that a run has an effect under way.
    fn free(&mut self, id: RunId) {
        self.effects.retain(|_, of| *of != id);
        self.busy.retain(|_, of| *of != id);
    }

    /// Takes a run out, to be kept or ended.
    fn take(&mut self, id: RunId) -> Option<Run> {
        let run = self.runs.remove(&id)?;
        if let Some(at) = run.state.deadline() {
            self.deadlines.remove(&(at, id));
        }
        self.watching -= u32::from(is_watching(&run));
        Some(run)
    }

    pub(super) fn keep(&mut self, id: RunId, run: Run) {
        self.deadlines.extend(run.state.deadline().map(|at| (at, id)));
        self.watching += u32::from(is_watching(&run));
        self.runs.insert(id, run);
    }

    pub(super) fn end(&mut self, id: RunId, run: Run, why: RunEnd, now: Timestamp) {
        self.counters.ended += 1;
        if let Some(count) = self.by_rule.get_mut(&run.rule.id) {
            *count = count.saturating_sub(1);
        }
        if let Some(ids) = self.by_key.get_mut(&run.key) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_key.remove(&run.key);
            }
        }
        self.events.push_back(WorkflowEvent::Ended { run: id, at: now, why });
    }

    pub(super) fn note(&mut self, id: RunId, run: &Run, note: RunNote, now: Timestamp) {
        self.events.push_back(WorkflowEvent::Noted { run: id, at: now, step: run.step, note });
    }

    pub(super) fn call(&mut self, rule: Arc<Rule>, key: Key) {
        self.called.push_back((rule, key));
    }

    pub(super) fn counts(&self, key: &Key, rule: &Rule, now: Timestamp) -> Counts {
        Counts {
            open: self.open.get(&key.kind).copied().unwrap_or(0),
            runs: self.by_rule.get(&rule.id).copied().unwrap_or(0),
            is_storm: self.is_storm(key.kind, rule, now),
        }
    }

    /// Tells whether a rule is to take a kind's discrepancies for a storm.
    pub(super) fn is_storm(&self, kind: Kind, rule: &Rule, now: Timestamp) -> bool {
        self.storms.is_storm(kind, rule.limits.storm_at, now)
    }
}

impl Run {
    /// Leaves the step that it is at, and what belongs to that alone.
    pub(super) fn leave_step(&mut self) {
        self.step = self.step.saturating_add(1);
        self.state = State::Ready;
        self.attempts = 0;
        self.approved = None;
    }
}

/// Returns the event that a run waits for.
fn waited_for(run: &Run) -> Option<WaitedFor> {
    let step = run.rule.steps.get(usize::from(run.step))?;
    match (&run.state, &step.task) {
        (State::Event(_), Task::Control(Control::WaitFor { event, .. })) => Some(*event),
        _ => None,
    }
}

fn is_watching(run: &Run) -> bool {
    matches!(waited_for(run), Some(WaitedFor::Seen | WaitedFor::Silent))
}

fn otherwise(run: &Run) -> Else {
    match run.rule.steps.get(usize::from(run.step)).map(|step| &step.task) {
        Some(Task::Control(Control::WaitFor { otherwise, .. } | Control::Approve { otherwise, .. })) => {
            *otherwise
        }
        _ => Else::End,
    }
}
