use core::ops::Range;
use std::sync::Arc;

use super::event::{Rendered, RunEnd, RunNote};
use super::facts::{Facts, World};
use super::machine::Workflow;
use super::run::{Asked, Run, RunId, State};
use super::settings::Performing;
use crate::audit::{DiscrepancyState, Subject};
use crate::rules::actions::{Action, Argument};
use crate::rules::expr::EvalError;
use crate::rules::{Control, IfPlanned, Look, OnError, Step, Task, WaitedFor};
use crate::types::Timestamp;

/// What follows from a step.
pub(super) enum Flow {
    /// The next step.
    Next,
    /// Nothing until something comes.
    Wait(State),
    /// The end of the run.
    End(RunEnd),
    /// These steps in place of the rest.
    Jump(Range<u16>),
}

impl Workflow {
    /// Takes steps until the run waits or ends. Steps only lead forward, so that it does.
    pub(super) fn advance(&mut self, id: RunId, mut run: Run, now: Timestamp, world: &dyn World) {
        run.state = State::Ready;
        let rule = Arc::clone(&run.rule);
        let why = loop {
            let Some(step) = rule.steps.get(usize::from(run.step)).filter(|_| run.step < run.end) else {
                break RunEnd::Done;
            };
            match self.step(id, &mut run, step, now, world) {
                Flow::Next => run.leave_step(),
                Flow::Wait(state) => {
                    run.state = state;
                    self.keep(id, run);
                    return;
                }
                Flow::End(why) => break why,
                Flow::Jump(steps) => {
                    run.leave_step();
                    (run.step, run.end) = (steps.start, steps.end);
                }
            }
        };
        self.end(id, run, why, now);
    }

    /// An attempt at an effect failed: it is tried again, or the step has failed.
    pub(super) fn attempt_failed(
        &mut self,
        id: RunId,
        mut run: Run,
        why: Box<str>,
        now: Timestamp,
        world: &dyn World,
    ) {
        let rule = Arc::clone(&run.rule);
        let Some(step) = rule.steps.get(usize::from(run.step)) else {
            self.end(id, run, RunEnd::Failed, now);
            return;
        };
        if run.attempts <= step.retry.count {
            let doubled = step.retry.back_off.saturating_mul(1 << run.attempts.saturating_sub(1).min(16));
            // A little more, other for each run, so that not all try at once.
            let more = doubled.saturating_mul(u32::try_from(run.name() % 256).unwrap_or(0)) / 1_024;
            let at = now.after(doubled.saturating_add(more));
            self.note(id, &run, RunNote::Failed { why }, now);
            self.note(id, &run, RunNote::Retries { at }, now);
            run.state = State::Retry(at);
            self.keep(id, run);
            return;
        }
        match self.failed(id, &mut run, step, why, now) {
            Flow::Next => run.leave_step(),
            Flow::Jump(steps) => {
                run.leave_step();
                (run.step, run.end) = (steps.start, steps.end);
            }
            Flow::End(why) => {
                self.end(id, run, why, now);
                return;
            }
            Flow::Wait(_) => {}
        }
        self.advance(id, run, now, world);
    }

    /// The step has failed for good.
    pub(super) fn failed(
        &mut self,
        id: RunId,
        run: &mut Run,
        step: &Step,
        why: Box<str>,
        now: Timestamp,
    ) -> Flow {
        self.note(id, run, RunNote::Failed { why: why.clone() }, now);
        run.error = Some(why);
        match &step.on_error {
            OnError::End => Flow::End(RunEnd::Failed),
            OnError::Continue => Flow::Next,
            OnError::Compensate(steps) => Flow::Jump(steps.clone()),
        }
    }

    fn step(&mut self, id: RunId, run: &mut Run, step: &Step, now: Timestamp, world: &dyn World) -> Flow {
        if let Some(condition) = &step.condition {
            let is_met = condition.is_true(&self.facts(id, run, now, world));
            match is_met {
                Ok(true) => {}
                Ok(false) => return Flow::Next,
                Err(error) => return self.failed(id, run, step, error.to_string().into(), now),
            }
        }
        match &step.task {
            Task::Act { action, arguments } => {
                let rendered = self.render(id, run, arguments, now, world);
                match rendered {
                    Ok(rendered) => {
                        let harm = action.harm(arguments);
                        self.act(id, run, step, (*action, harm, rendered), now, world)
                    }
                    Err(error) => self.failed(id, run, step, error.to_string().into(), now),
                }
            }
            Task::Control(control) => self.control(id, run, step, control, now, world),
        }
    }

    pub(super) fn facts<'a>(
        &self,
        id: RunId,
        run: &'a Run,
        now: Timestamp,
        world: &'a dyn World,
    ) -> Facts<'a> {
        let counts = self.counts(&run.key, &run.rule, now);
        Facts::new(world, &run.key, &run.rule, Some((id, run)), counts, now)
    }

    fn render(
        &self,
        id: RunId,
        run: &Run,
        arguments: &[(&'static str, Argument)],
        now: Timestamp,
        world: &dyn World,
    ) -> Result<Vec<(&'static str, Rendered)>, EvalError> {
        let facts = self.facts(id, run, now, world);
        let render = |(name, argument): &(&'static str, Argument)| {
            let rendered = match argument {
                Argument::Text(template) => Rendered::Text(template.render(&facts)?.into()),
                Argument::Texts(templates) => {
                    let texts: Result<Vec<Box<str>>, EvalError> =
                        templates.iter().map(|template| template.render(&facts).map(Into::into)).collect();
                    Rendered::Texts(texts?)
                }
                Argument::Word(word) => Rendered::Text((*word).into()),
                Argument::Duration(duration) => Rendered::Duration(*duration),
                Argument::Fields(fields) => {
                    let mut rendered = Vec::with_capacity(fields.len());
                    for (name, template) in fields {
                        rendered.push((name.clone(), template.render(&facts)?.into()));
                    }
                    Rendered::Fields(rendered)
                }
            };
            Ok((*name, rendered))
        };
        arguments.iter().map(render).collect()
    }

    fn control(
        &mut self,
        id: RunId,
        run: &mut Run,
        step: &Step,
        control: &Control,
        now: Timestamp,
        world: &dyn World,
    ) -> Flow {
        match control {
            Control::CheckSchedule(if_planned) => self.check_schedule(id, run, *if_planned, now, world),
            Control::Wait(duration) => {
                let until = now.after(*duration);
                self.note(id, run, RunNote::Waits { what: "a time".into(), until }, now);
                Flow::Wait(State::Time(until))
            }
            Control::WaitFor { event, within, .. } => {
                if has_come(*event, run, world) {
                    return Flow::Next;
                }
                let until = now.after(*within);
                self.note(id, run, RunNote::Waits { what: event.as_str().into(), until }, now);
                Flow::Wait(State::Event(until))
            }
            Control::IgnoreFirst { reports, within } => {
                if run.reports > *reports {
                    return Flow::Next;
                }
                self.note(id, run, RunNote::Ignored { report: run.reports, of: *reports }, now);
                Flow::Wait(State::Report(now.after(*within)))
            }
            Control::Recheck(look) => self.recheck(id, run, step, *look, now, world),
            Control::Approve { ask, within, .. } => {
                let question = ask.render(&self.facts(id, run, now, world));
                match question {
                    Ok(question) => {
                        self.ask(id, run, question.into(), (now.after(*within), Asked::Step), now)
                    }
                    Err(error) => self.failed(id, run, step, error.to_string().into(), now),
                }
            }
            Control::Set(set) => {
                for (index, checked) in set {
                    let value = checked.value(&self.facts(id, run, now, world));
                    match (value, run.variables.get_mut(usize::from(*index))) {
                        (Ok(value), Some(variable)) => *variable = Some(value),
                        (Ok(_), None) => {}
                        (Err(error), _) => return self.failed(id, run, step, error.to_string().into(), now),
                    }
                }
                Flow::Next
            }
            Control::End(reason) => {
                let reason = reason.render(&self.facts(id, run, now, world));
                Flow::End(RunEnd::Said(reason.unwrap_or_else(|error| error.to_string()).into()))
            }
            Control::Call(rule) => {
                let Some(rule) = self.rules.rule(rule).cloned() else {
                    let why = format!("there is no rule `{rule}` any more");
                    return self.failed(id, run, step, why.into(), now);
                };
                self.note(id, run, RunNote::Called { rule: rule.id.clone() }, now);
                self.call(rule, run.key.clone());
                Flow::Next
            }
        }
    }

    fn check_schedule(
        &mut self,
        id: RunId,
        run: &Run,
        if_planned: IfPlanned,
        now: Timestamp,
        world: &dyn World,
    ) -> Flow {
        let facts = self.facts(id, run, now, world);
        let planned: Vec<&str> = facts.planned().iter().map(|work| &*work.reference).collect();
        if planned.is_empty() {
            return Flow::Next;
        }
        if if_planned != IfPlanned::End {
            self.note(id, run, RunNote::Planned { references: planned.join(", ").into() }, now);
        }
        match if_planned {
            IfPlanned::Continue => Flow::Next,
            IfPlanned::End | IfPlanned::Annotate => Flow::End(RunEnd::Planned),
        }
    }

    fn recheck(
        &mut self,
        id: RunId,
        run: &mut Run,
        step: &Step,
        look: Look,
        now: Timestamp,
        world: &dyn World,
    ) -> Flow {
        if !world.standing(&run.key).is_some_and(|known| known.is_open()) {
            return Flow::End(RunEnd::Resolved);
        }
        if look != Look::Presence && self.settings.performing == Performing::Real {
            let arguments = vec![("look", Rendered::Text(look.as_str().into()))];
            return self.act(
                id,
                run,
                step,
                (Action::Recheck, Action::Recheck.harm(&[]), arguments),
                now,
                world,
            );
        }
        self.note(id, run, RunNote::Stands, now);
        Flow::Next
    }

    /// Asks an operator; where nobody can be asked, a yes is assumed.
    pub(super) fn ask(
        &mut self,
        id: RunId,
        run: &Run,
        question: Box<str>,
        (until, asked): (Timestamp, Asked),
        now: Timestamp,
    ) -> Flow {
        let is_storm = self.is_storm(run.key.kind, &run.rule, now);
        if self.settings.performing == Performing::WouldBe && !is_storm {
            self.note(id, run, RunNote::AnswerAssumed { question }, now);
            return Flow::Next;
        }
        self.note(id, run, RunNote::Asks { question, until }, now);
        Flow::Wait(State::Answer(until, asked))
    }
}

/// Tells whether what a run would wait for is so already.
fn has_come(event: WaitedFor, run: &Run, world: &dyn World) -> bool {
    let known = world.standing(&run.key);
    let is_present = || {
        let Subject::Guest(guest) = &run.key.subject else { return None };
        let snapshot = world.snapshot();
        let guest = snapshot.guest(snapshot.guest_by_id(guest)?)?;
        Some(world.is_present(guest))
    };
    match event {
        WaitedFor::Resolved => known.is_none_or(|known| !known.is_open()),
        WaitedFor::Acknowledged => known.is_some_and(|known| known.state == DiscrepancyState::Acknowledged),
        WaitedFor::Seen => is_present() == Some(true),
        WaitedFor::Silent => is_present() == Some(false),
    }
}
