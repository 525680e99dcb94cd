use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use super::flows::{Flows, RuleSets};
use super::shard::ShardOutput;
use super::social::Spoken;
use crate::audit::{Audit, AuditEvent, AuditSettings, Discrepancy, OperatorAction, Statement};
use crate::presence::{
    Attachment, Change, ChangeKind, Exemptions, FloodEvent, History, HistoryRecord, Ledger, LocalSubnet,
    PresenceEvent, PresenceSettings, next_tick,
};
use crate::recorded::{Snapshot, Subnet};
use crate::rules::RuleSet;
use crate::sighting::Notice;
use crate::streams::{self, StreamEvent, StreamSettings, Streams};
use crate::types::{
    Blindness, CapturePoint, CapturePointId, Confidence, Limits, Location, PollRound, Timestamp,
};
use crate::workflow::{Outcome, RunId, Workflow, WorkflowEvent};

/// How the spine is set up.
#[derive(Clone, Debug, Default)]
pub struct SpineSettings {
    /// How evidence becomes belief.
    pub presence: PresenceSettings,
    /// When a difference counts.
    pub audit: AuditSettings,
    /// Who is told.
    pub streams: StreamSettings,
    /// What is done about it: sets of rules that look on side by side.
    pub workflows: RuleSets,
    /// The bounds.
    pub limits: Limits,
    /// How often lasting stays are told to whoever keeps history; none where nobody does.
    pub history: Option<Duration>,
    /// The key of its hash tables: random live, fixed in replay.
    pub seed: u64,
}

/// Everything that the spine acts on.
///
/// A run of several shards goes through [`Spine::handle_outputs`], which puts the changes and ticks of all of them in
/// this one order first.
#[derive(Clone, Debug)]
pub enum Input {
    /// A capture point appears; points come in the order of their numbers.
    Point(CapturePoint),
    /// The recorded state is replaced.
    Recorded(Arc<Snapshot>),
    /// A shard reports a change.
    Change(Change),
    /// A round of polling gave the forwarding tables of switches.
    Polled(Arc<PollRound>),
    /// Time passed.
    Tick,
    /// A capture point cannot see, and why; or it can again.
    Blindness(CapturePointId, Option<Blindness>),
    /// An operator does something about a discrepancy or a station.
    Operator(OperatorAction),
    /// The rules of workflows are replaced.
    Rules(Arc<RuleSet>),
    /// An effect was performed, or was not: its key, and how it went.
    Outcome(Box<str>, Outcome),
    /// An operator answers what a run asks.
    Decision {
        /// Which run.
        run: RunId,
        /// Who answers.
        by: Box<str>,
        /// Whether he says yes.
        yes: bool,
    },
}

/// What the spine tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Something became known about a station.
    Presence(PresenceEvent),
    /// A flood of addresses began at a capture point, or is over.
    Flood(FloodEvent),
    /// Something for whoever keeps history.
    History(Box<Remembered>),
    /// A discrepancy opened, was confirmed, acknowledged or resolved.
    Audit(AuditEvent),
    /// Something happened in the streams.
    Stream(StreamEvent),
    /// Something became of a run of a workflow; the number is that of the set of rules.
    Workflow(usize, WorkflowEvent),
}

/// A record of history, with what only the spine knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Remembered {
    /// The record.
    pub record: HistoryRecord,
    /// Of a stay: where it is in words, and how closely that is known.
    pub place: Option<(String, Confidence)>,
}

/// The control half of the engine: one deterministic state machine from the ledger to the audit.
///
/// It is fed inputs with a time and gives outputs; it does nothing by itself. Its bounds are those of the
/// [`Ledger`] and the [`Audit`]; outputs wait until they are polled.
#[derive(Debug)]
pub struct Spine {
    settings: PresenceSettings,
    ledger: Ledger,
    audit: Audit,
    streams: Streams,
    spoken: Spoken,
    flows: Flows,
    /// The last tick that was taken in.
    ticked: Timestamp,
    /// The first records that know a switch: by their uplinks is decided which capture points locate.
    switched: Arc<Snapshot>,
    /// Inputs whose time is yet to come, in the order of their times.
    scheduled: VecDeque<(Timestamp, Input)>,
    history: Option<History>,
    outputs: VecDeque<Output>,
}

impl Spine {
    /// Makes a spine that knows nothing.
    pub fn new(settings: SpineSettings) -> Self {
        let SpineSettings { presence, audit, streams, workflows, limits, history, seed } = settings;
        let mut ledger = Ledger::new(presence, limits, seed);
        ledger.exempt(Exemptions {
            stations: audit.ignored_stations.clone(),
            addresses: audit.ignored_addresses.clone(),
        });
        Self {
            settings: presence,
            ledger,
            audit: Audit::new(audit, limits),
            streams: Streams::new(streams, limits.streams, seed),
            spoken: Spoken::default(),
            flows: Flows::new(workflows),
            ticked: Timestamp::MIN,
            switched: Arc::new(Snapshot::default()),
            scheduled: VecDeque::new(),
            history: history.map(History::new),
            outputs: VecDeque::new(),
        }
    }

    /// Tells whether a source address seen at a capture point is at a known host or port; see
    /// [`Shard::add_point`](super::Shard::add_point).
    pub fn locates(point: &CapturePoint, snapshot: &Snapshot) -> bool {
        Audit::locates(point, snapshot)
    }

    /// Takes in an input at `now`, which is not before the time of any change or tick before.
    /// Points and snapshots may come at [`Timestamp::MIN`], before the clock starts.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        match input {
            Input::Point(point) => {
                self.ledger.add_point(point.domain, Self::locates(&point, &self.switched));
                if let Some(site) = point.site.clone() {
                    self.ledger.place_point(site);
                }
                self.audit.add_point(point);
                self.ledger.set_sides(self.audit.sides());
            }
            Input::Recorded(snapshot) => {
                self.look_for_switches(&snapshot);
                let subnet = |subnet: &Subnet| LocalSubnet {
                    prefix: subnet.prefix,
                    vlan: subnet.vlan,
                    site: subnet.site.clone(),
                };
                self.ledger.set_subnets(snapshot.subnets().iter().map(subnet).collect());
                // First the members, then what is said of them.
                self.streams.submit(now, streams::Input::Recorded(Arc::clone(&snapshot)));
                self.audit.record(snapshot, now, &self.ledger);
                self.ledger.set_sides(self.audit.sides());
            }
            Input::Polled(round) => {
                let tables = self.audit.rows_of_interest(&round);
                self.ledger.poll_tables(&tables, now);
                self.pass_on();
                let lost = self.ledger.take_lost();
                self.audit.polled(now, &lost, &self.ledger);
            }
            Input::Change(change) => self.change(&change),
            Input::Tick => self.handle_tick(now),
            Input::Blindness(point, blindness) => {
                self.audit.set_blindness(point, blindness, now, &self.ledger)
            }
            Input::Operator(action) => self.audit.operate(&action, now, &self.ledger),
            Input::Rules(rules) => self.flows.replace_rules(&rules),
            Input::Outcome(effect, outcome) => {
                self.flows.outcome(now, (&effect, &outcome), &self.audit, &self.ledger);
            }
            Input::Decision { run, by, yes } => {
                self.flows.decision(now, (run, &by, yes), &self.audit, &self.ledger);
            }
        }
        self.pass_on();
    }

    /// Keeps an input until packet time reaches `at`: it takes effect before the first change or tick that is not before
    /// that. Inputs are scheduled in the order of their times, before the first change; what is late comes at once.
    ///
    /// # Bounds
    /// As many as are scheduled: whoever replays has them all in memory.
    pub fn schedule(&mut self, at: Timestamp, input: Input) {
        if let Input::Recorded(snapshot) = &input {
            self.look_for_switches(snapshot);
        }
        let place = self.scheduled.partition_point(|(other, _)| *other <= at);
        self.scheduled.insert(place, (at, input));
    }

    /// Returns the records by whose uplinks is decided which capture points locate: the first that know a switch, which may
    /// be scheduled only. The shards go by the same.
    pub const fn switched(&self) -> &Arc<Snapshot> {
        &self.switched
    }

    /// Takes the next output.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Returns when the passing of time may next change something; asked again after each input.
    pub fn next_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let of_streams = self.streams.next_deadline(now);
        let history = self.history.as_ref().and_then(History::next_deadline);
        let of_flows = self.flows.next_deadline();
        let deadlines =
            [self.ledger.next_deadline(now), self.audit.next_deadline(), of_streams, of_flows, history];
        deadlines.into_iter().flatten().min()
    }

    /// Takes in that it is `now`, a multiple of the tick.
    pub fn handle_tick(&mut self, now: Timestamp) {
        self.ticked = self.ticked.max(now);
        self.ledger.tick(now);
        self.pass_on();
        let lost = self.ledger.take_lost();
        if !lost.is_empty() {
            self.audit.polled(now, &lost, &self.ledger);
        }
        self.audit.tick(now, &self.ledger);
        if let Some(history) = &mut self.history {
            history.tick(now, &self.ledger);
        }
        self.pass_on();
        self.streams.tick(now);
        self.tell_streams();
        self.flows.tick(now, &self.audit, &self.ledger);
        self.tell_flows();
    }

    /// Tells whoever keeps history of what lasts when a run ends.
    pub fn finish_history(&mut self, now: Timestamp, tell: &mut dyn FnMut(Output)) {
        if let Some(history) = &mut self.history {
            history.tell(now, &self.ledger);
        }
        self.pass_on();
        self.tell(tell);
    }

    /// Takes in what the shards have to say about one and the same batch of frames, in the order in which one
    /// shard alone would have said it. What follows waits to be polled.
    ///
    /// Every shard has seen the same ticks, because every shard has seen the same times.
    pub fn handle_outputs(&mut self, outputs: &[ShardOutput]) {
        let mut waiting = core::mem::take(&mut self.outputs);
        self.handle_outputs_to(outputs, &mut |output| waiting.push_back(output));
        self.outputs = waiting;
    }

    /// Does so and tells what follows as it arises, so that nothing waits: a million stations may expire at once.
    pub fn handle_outputs_to(&mut self, outputs: &[ShardOutput], tell: &mut dyn FnMut(Output)) {
        let ticks = outputs.first().map_or(&[][..], |output| &output.ticks);
        debug_assert!(outputs.iter().all(|output| output.ticks.len() == ticks.len()));
        for (index, tick) in ticks.iter().enumerate() {
            self.frames(outputs, index, tell);
            for &(_, point, at) in
                outputs.iter().flat_map(|output| &output.sight).filter(|sight| sight.0 == index)
            {
                self.audit.see(point, at, &self.ledger);
            }
            for &(_, point, pressure) in
                outputs.iter().flat_map(|output| &output.pressure).filter(|pressure| pressure.0 == index)
            {
                self.ledger.press(point, pressure, tick.at);
            }
            self.expiries(outputs, index, tell);
            self.pass_time(tick.at, tell);
        }
        self.frames(outputs, ticks.len(), tell);
    }

    /// Lets time pass up to `end`: takes in what is scheduled until then, and stops at every tick on which something is due.
    pub fn pass_time(&mut self, end: Timestamp, tell: &mut dyn FnMut(Output)) {
        self.reach(end, tell);
        self.run_until(end, tell);
    }

    /// Says in sentences what a discrepancy consists of.
    pub fn statement(&self, known: &Discrepancy) -> Statement {
        self.audit.statement(known, &self.ledger)
    }

    /// Says where a location is, as closely as the capture points and records know.
    pub fn describe(&self, location: Location) -> String {
        self.audit.describe(location, &self.ledger)
    }

    /// Returns how closely a location is known.
    pub fn confidence(&self, location: Location) -> Confidence {
        self.audit.confidence(location, &self.ledger)
    }

    /// Returns the ledger.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Returns a workflow engine by the number of its set of rules.
    pub fn workflow(&self, set: usize) -> Option<&Workflow> {
        self.flows.get(set)
    }

    /// Returns the audit.
    pub const fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Returns the streams.
    pub const fn streams(&self) -> &Streams {
        &self.streams
    }

    /// Handles the changes that frames made between two ticks, in the order of the frames.
    fn frames(&mut self, outputs: &[ShardOutput], index: usize, tell: &mut dyn FnMut(Output)) {
        let mut parts = outputs.iter().filter_map(|output| {
            let start = index.checked_sub(1).and_then(|before| output.ticks.get(before));
            let end = output.ticks.get(index).map_or(output.changes.len(), |tick| tick.frames_end);
            output.changes.get(start.map_or(0, |tick| tick.expired_end)..end)
        });
        if let [_] = outputs {
            // One shard says everything in its order.
            for change in parts.next().unwrap_or_default() {
                self.reach(change.at, tell);
                self.change(change);
                self.pass_on();
                self.tell(tell);
            }
            return;
        }
        let mut changes: Vec<&Change> = parts.flatten().collect();
        // Stable: the changes of one level of a frame come from one shard, in their order.
        changes.sort_by_key(|change| (change.sequence, change.level));
        for change in changes {
            self.reach(change.at, tell);
            self.change(change);
            self.pass_on();
            self.tell(tell);
        }
    }

    /// Handles the expiries that a tick brought about, with the deadlines that fall between them.
    fn expiries(&mut self, outputs: &[ShardOutput], index: usize, tell: &mut dyn FnMut(Output)) {
        let part = |output: &ShardOutput| {
            output.ticks.get(index).map_or(0..0, |tick| tick.frames_end..tick.expired_end)
        };
        let parts = outputs.iter().filter_map(|output| output.changes.get(part(output)));
        let mut changes: Vec<&Change> = parts.flatten().collect();
        changes.sort_by_key(|change| (change.at, change.key));
        let mut previous = Timestamp::MIN;
        for change in changes {
            if change.at > previous {
                self.reach(change.at, tell);
                // Expiries of one tick come before the deadlines of that tick.
                self.run_until(change.at.before(self.settings.tick), tell);
                previous = change.at;
            }
            self.change(change);
            self.pass_on();
            self.tell(tell);
        }
    }

    /// Takes in what is scheduled up to `at`, each after the ticks before it.
    fn reach(&mut self, at: Timestamp, tell: &mut dyn FnMut(Output)) {
        while self.scheduled.front().is_some_and(|(due, _)| *due <= at)
            && let Some((due, input)) = self.scheduled.pop_front()
        {
            if self.ticked == Timestamp::MIN {
                // It starts the clock, as the first frame would.
                self.ticked = due;
            }
            self.run_until(due.before(Duration::from_nanos(1)), tell);
            self.handle(due, input);
            self.tell(tell);
        }
    }

    /// Lets time pass up to the tick `end`, stopping at every tick on which something is due.
    fn run_until(&mut self, end: Timestamp, tell: &mut dyn FnMut(Output)) {
        while let Some(deadline) = self.next_deadline(self.ticked) {
            let tick = deadline.max(next_tick(self.ticked, self.settings.tick)).round_up(self.settings.tick);
            if tick > end {
                break;
            }
            self.handle_tick(tick);
            self.tell(tell);
        }
        self.ticked = self.ticked.max(end);
    }

    fn look_for_switches(&mut self, snapshot: &Arc<Snapshot>) {
        if self.switched.switches().is_empty() {
            self.switched = Arc::clone(snapshot);
        }
    }

    fn change(&mut self, change: &Change) {
        if self.ticked == Timestamp::MIN {
            // The first frame starts the clock; before it there is no tick to have missed.
            self.ticked = change.at;
        }
        if change.sequence != 0 {
            self.audit.see(change.key.capture_point, change.at, &self.ledger);
        }
        if let ChangeKind::Notice(notice) = &change.kind
            && let Notice::Neighbor(neighbor) = &**notice
        {
            let until = (!neighbor.lifetime.is_zero()).then(|| change.at.after(neighbor.lifetime));
            let port = Attachment::of_neighbor(neighbor);
            self.audit.meet(change.key.capture_point, &port, until, change.at);
        }
        self.ledger.handle(change);
    }

    fn tell(&mut self, tell: &mut dyn FnMut(Output)) {
        while let Some(output) = self.outputs.pop_front() {
            tell(output);
        }
    }

    /// Hands the ledger's events to the audit, the audit's to streams and workflows, and all of them to the outside.
    fn pass_on(&mut self) {
        while let Some(event) = self.ledger.poll() {
            if let Some(history) = &mut self.history {
                history.note(&event, &self.ledger);
            }
            self.audit.presence(&event, &self.ledger);
            self.flows.presence(&event, &self.audit, &self.ledger);
            self.outputs.push_back(Output::Presence(event));
            self.tell_audit();
        }
        while let Some(event) = self.ledger.poll_flood() {
            self.audit.flood(&event, &self.ledger);
            self.outputs.push_back(Output::Flood(event));
        }
        self.tell_audit();
        self.tell_streams();
        self.tell_flows();
        self.tell_history();
    }

    fn tell_history(&mut self) {
        while let Some(record) = self.history.as_mut().and_then(History::poll) {
            let place = match &record {
                HistoryRecord::Stay(stay) => {
                    Some((self.describe(stay.location), self.confidence(stay.location)))
                }
                _ => None,
            };
            self.outputs.push_back(Output::History(Box::new(Remembered { record, place })));
        }
    }

    fn tell_audit(&mut self) {
        while let Some(event) = self.audit.poll() {
            self.spoken.hear(&event, &self.audit, &self.ledger, &mut self.streams);
            self.flows.audit(&event, &self.audit, &self.ledger);
            self.outputs.push_back(Output::Audit(event));
            self.tell_streams();
            self.tell_flows();
        }
    }

    fn tell_flows(&mut self) {
        let events = core::iter::from_fn(|| self.flows.poll());
        self.outputs.extend(events.map(|(set, event)| Output::Workflow(set, event)));
    }

    fn tell_streams(&mut self) {
        self.outputs.extend(core::iter::from_fn(|| self.streams.poll()).map(Output::Stream));
    }
}
