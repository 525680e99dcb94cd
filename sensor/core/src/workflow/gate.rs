use core::time::Duration;

use super::event::{Approval, Effect, Performed, Refusal, Rendered, WorkflowEvent};
use super::facts::World;
use super::limits::Scope;
use super::machine::Workflow;
use super::run::{Asked, Run, RunId, State};
use super::settings::Performing;
use super::steps::Flow;
use crate::audit::{Kind, Subject};
use crate::recorded::{GuestIndex, PathOf, Snapshot};
use crate::rules::actions::{Action, Harm};
use crate::rules::{Mode, RuleVersion, Step};
use crate::types::Timestamp;

/// How long the mode of an effect waits for an operator's yes.
const APPROVAL_WITHIN: Duration = Duration::from_secs(4 * 3_600);
/// How long a run waits for its turn before it looks again, should nobody call it.
const TURN_WITHIN: Duration = Duration::from_secs(60);

/// To whom or what something is to be done.
struct Target {
    text: Box<str>,
    /// The host on which it is, or which it is.
    host: Option<Box<str>>,
}

impl Workflow {
    /// Asks the world for something, if everything allows it.
    pub(super) fn act(
        &mut self,
        id: RunId,
        run: &mut Run,
        step: &Step,
        (action, harm, mut arguments): (Action, Harm, Vec<(&'static str, Rendered)>),
        now: Timestamp,
        world: &dyn World,
    ) -> Flow {
        let target = self.target(id, run, action, &mut arguments, now, world);
        let Some(target) = target else {
            return self.refuse(id, run, step, action, Refusal::NoTarget, now);
        };
        let mut mode = run.rule.mode.max(step.mode.unwrap_or(Mode::Enforce));
        let mut approval = Approval::NotNeeded;
        if harm != Harm::None {
            mode = mode.max(self.settings.harm);
            if harm >= Harm::Disturbs && self.is_protected(run, &target, world) {
                return self.refuse(id, run, step, action, Refusal::Protected, now);
            }
            let settled_at = run.opened_at.after(self.settings.storm_settle);
            if now < settled_at {
                return Flow::Wait(State::Settle(settled_at));
            }
            if self.is_storm(run.key.kind, &run.rule, now) {
                mode = mode.max(Mode::Approve);
            }
            if self.busy.get(&run.key.subject).is_some_and(|other| *other != id) {
                return Flow::Wait(State::Turn(now.after(TURN_WITHIN)));
            }
            // A further attempt is not a further effect.
            if run.attempts == 0
                && let Some(why) = self.limit(run, &target, now, world.snapshot())
            {
                return self.refuse(id, run, step, action, why, now);
            }
            if mode == Mode::Approve {
                approval = match self.approval(id, run, (action, &target), now, world) {
                    Ok(approval) => approval,
                    Err(flow) => return flow,
                };
            }
            if run.attempts == 0 {
                self.count(run, &target, now, world.snapshot());
            }
        }
        run.attempts = run.attempts.saturating_add(1);
        let performed = match (mode, self.settings.performing) {
            (Mode::DryRun, _) => Performed::DryRun,
            (_, Performing::WouldBe) => Performed::WouldBe,
            (_, Performing::Real) => Performed::Yes,
        };
        let effect = Effect {
            id: format!("{:016x}-{}", run.name(), run.step).into(),
            at: now,
            run: Some(id),
            rule: run.rule.id.clone(),
            version: run.rule.version,
            key: Some(run.key.clone()),
            step: run.step,
            action,
            harm,
            target: target.text,
            arguments,
            mode,
            performed,
            approval,
            attempt: run.attempts,
        };
        self.counters.effects += 1;
        self.events.push_back(WorkflowEvent::Effect(Box::new(effect.clone())));
        if performed != Performed::Yes {
            return Flow::Next;
        }
        self.effects.insert(effect.id.clone(), id);
        if harm != Harm::None {
            self.busy.insert(run.key.subject.clone(), id);
        }
        Flow::Wait(State::Outcome(now.after(step.timeout), Box::new(effect)))
    }

    /// Tells that a kind's breaker opened or closed, once; of its opening a post tells the administrators.
    pub(super) fn tell_storm(&mut self, kind: Kind, count: u32, is_open: bool, now: Timestamp) {
        self.events.push_back(WorkflowEvent::Storm { at: now, kind, count, is_open });
        if !is_open {
            return;
        }
        let body = format!(
            "{count} discrepancies of the kind {kind} opened within {} s: a broken inventory or mirror looks like this. \
             What may do harm waits for an operator's yes until it is over.",
            self.settings.storm_window.as_secs()
        );
        let performed = match self.settings.performing {
            Performing::Real => Performed::Yes,
            Performing::WouldBe => Performed::WouldBe,
        };
        let text = |text: &str| Rendered::Text(text.into());
        self.counters.effects += 1;
        self.events.push_back(WorkflowEvent::Effect(Box::new(Effect {
            id: format!("storm-{kind}-{}", now.as_nanos()).into(),
            at: now,
            run: None,
            rule: "storm".into(),
            version: RuleVersion::default(),
            key: None,
            step: 0,
            action: Action::Post,
            harm: Harm::None,
            target: "administrators".into(),
            arguments: vec![
                ("stream", text("administrators")),
                ("title", text(&format!("storm of {kind}"))),
                ("body", text(&body)),
            ],
            mode: Mode::Enforce,
            performed,
            approval: Approval::NotNeeded,
            attempt: 1,
        })));
    }

    fn refuse(
        &mut self,
        id: RunId,
        run: &mut Run,
        step: &Step,
        action: Action,
        why: Refusal,
        now: Timestamp,
    ) -> Flow {
        self.counters.effects_refused += 1;
        self.events.push_back(WorkflowEvent::Refused { run: id, at: now, step: run.step, action, why });
        self.failed(id, run, step, format!("refused: {}", why.as_str()).into(), now)
    }

    /// Finds to whom or what an action is to be done; adds what it needs to know of that to its arguments.
    fn target(
        &self,
        id: RunId,
        run: &Run,
        action: Action,
        arguments: &mut Vec<(&'static str, Rendered)>,
        now: Timestamp,
        world: &dyn World,
    ) -> Option<Target> {
        let text = |name: &str| {
            let found = arguments.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.to_string().into_boxed_str()).unwrap_or_default()
        };
        let plain = |text: Box<str>| Some(Target { text, host: None });
        match action {
            Action::Post | Action::Like => plain(text("stream")),
            Action::Message | Action::Mail => plain(text("to")).filter(|target| !target.text.is_empty()),
            Action::Ticket => plain(text("system")),
            Action::Notify => plain(format!("{} {}", text("via"), text("target")).into()),
            Action::Script => plain(text("program")),
            Action::Recheck => plain(text("look")),
            Action::SetMaintenance => {
                let host = text("host");
                let is_known = world.snapshot().host_by_id(&host).is_some();
                is_known.then(|| Target { text: host.clone(), host: Some(host) })
            }
            Action::UpdateRecord => match &run.key.subject {
                Subject::Guest(guest) => {
                    let host = self.facts(id, run, now, world).observed_host();
                    Some(Target { text: guest.clone(), host })
                }
                _ => None,
            },
            Action::Power | Action::Migrate => {
                let subject = match &run.key.subject {
                    Subject::Guest(guest) => guest.clone(),
                    Subject::Station(station) => station.to_string().into(),
                    _ => return None,
                };
                let hosts = self.hosts(id, run, &text("which"), now, world);
                let host = hosts.first()?.clone();
                let told = format!("{subject} on {}", hosts.join(", "));
                arguments.push(("guest", Rendered::Text(subject)));
                arguments.push(("hosts", Rendered::Texts(hosts)));
                Some(Target { text: told.into(), host: Some(host) })
            }
        }
    }

    /// Returns the hosts on which something is to be done to the subject.
    fn hosts(&self, id: RunId, run: &Run, which: &str, now: Timestamp, world: &dyn World) -> Vec<Box<str>> {
        let snapshot = world.snapshot();
        let recorded = match &run.key.subject {
            Subject::Guest(guest) => snapshot
                .guest_by_id(guest)
                .and_then(|index| snapshot.host(snapshot.guest(index)?.host?))
                .map(|host| host.id.clone()),
            _ => None,
        };
        let mut observed = world.hosts_of(&run.key);
        match which {
            "recorded-host" => recorded.into_iter().collect(),
            "not-recorded-host" => {
                observed.retain(|host| recorded.as_ref() != Some(host));
                observed
            }
            "newer" => observed.into_iter().take(1).collect(),
            "both" => observed,
            _ => {
                let observed = self.facts(id, run, now, world).observed_host();
                observed.or(recorded).into_iter().collect()
            }
        }
    }

    /// Tells whether nobody may stop or disturb the subject, or the host that is the target.
    fn is_protected(&self, run: &Run, target: &Target, world: &dyn World) -> bool {
        let protect = &self.settings.protect;
        protect.meets(&run.key.subject, world.snapshot())
            || protect.hosts.iter().any(|host| **host == *target.text)
    }

    /// Returns why a further effect that may do harm is too much.
    fn limit(&mut self, run: &Run, target: &Target, now: Timestamp, snapshot: &Snapshot) -> Option<Refusal> {
        let (limits, rule) = (run.rule.limits, &run.rule.id);
        let subject = run.key.subject.to_string();
        if !self.windows.allows(&Scope::Overall, self.settings.actions, now) {
            return Some(Refusal::OverallLimit);
        }
        if !self.windows.allows(&Scope::Rule(rule.clone()), limits.actions, now) {
            return Some(Refusal::RuleLimit);
        }
        if let Some(host) = &target.host {
            let scope = Scope::Host(rule.clone(), host.clone());
            if !self.windows.allows(&scope, limits.per_host, now) {
                return Some(Refusal::HostLimit);
            }
            let guests = snapshot.host_by_id(host).map_or(0, |host| snapshot.guests_on(host).len());
            let share = (guests, limits.share_of_host);
            if !self.windows.allows_share(&scope, share, &subject, limits.actions.per, now) {
                return Some(Refusal::ShareOfHost);
            }
        }
        let (group, guests) = group_of(&run.key.subject, snapshot)?;
        let scope = Scope::Group(rule.clone(), group);
        let share = (guests, limits.share_of_group);
        let is_within = self.windows.allows_share(&scope, share, &subject, limits.actions.per, now);
        (!is_within).then_some(Refusal::ShareOfGroup)
    }

    /// Counts an effect that may do harm.
    fn count(&mut self, run: &Run, target: &Target, now: Timestamp, snapshot: &Snapshot) {
        let rule = &run.rule.id;
        let subject = run.key.subject.to_string();
        let host = target.host.clone().map(|host| Scope::Host(rule.clone(), host));
        let group = group_of(&run.key.subject, snapshot).map(|(group, _)| Scope::Group(rule.clone(), group));
        let scopes = [Some(Scope::Overall), Some(Scope::Rule(rule.clone())), host, group];
        for scope in scopes.into_iter().flatten() {
            self.windows.note(scope, &subject, now);
        }
    }

    /// Returns who allows an effect, or what follows from nobody having done so yet.
    fn approval(
        &mut self,
        id: RunId,
        run: &Run,
        (action, target): (Action, &Target),
        now: Timestamp,
        world: &dyn World,
    ) -> Result<Approval, Flow> {
        if let Some(by) = &run.approved {
            return Ok(Approval::Given(by.clone()));
        }
        let said = world.statement(&run.key).map(|said| said.explanation);
        let question =
            format!("{} {}? {}", action.as_str(), target.text, said.unwrap_or_default()).into_boxed_str();
        match self.ask(id, run, question, (now.after(APPROVAL_WITHIN), Asked::Mode), now) {
            Flow::Next => Ok(Approval::Assumed),
            flow => Err(flow),
        }
    }
}

/// Returns the node of the hierarchy that a guest stands under, and how many guests do.
fn group_of(subject: &Subject, snapshot: &Snapshot) -> Option<(Box<str>, usize)> {
    let Subject::Guest(id) = subject else { return None };
    let index: GuestIndex = snapshot.guest_by_id(id)?;
    let path = snapshot.hierarchy_path(PathOf::Guest(index));
    let node = path.last()?;
    let of_node = snapshot.guests().iter().filter(|guest| guest.parent.as_ref() == Some(&node.id)).count();
    let on_hosts = snapshot.indexed_hosts().filter(|(_, host)| host.parent.as_ref() == Some(&node.id));
    let on_hosts: usize = on_hosts.map(|(host, _)| snapshot.guests_on(host).len()).sum();
    Some((node.id.clone(), of_node.max(on_hosts)))
}
