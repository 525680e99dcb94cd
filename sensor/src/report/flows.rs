//! What workflows did, or would have done: runs and effects as records, in words, and the difference of two sets of rules.

use std::collections::BTreeMap;
use std::io::{self, Write};

use rollcall_core::types::Timestamp;
use rollcall_core::workflow::{Approval, Effect, RunEnd, RunId, Workflow, WorkflowEvent};
use serde::Serialize;

/// Runs told one by one; those beyond are counted.
const RUNS_TOLD_MAX: usize = 100_000;
/// Effects told one by one; those beyond are counted.
const EFFECTS_TOLD_MAX: usize = 500_000;

/// What one set of rules did.
#[derive(Clone, Debug, Default)]
pub struct FlowTally {
    runs: BTreeMap<RunId, RunRecord>,
    /// The effects, in the order in which they were asked for.
    effects: Vec<Effect>,
    /// Runs and effects that are not told, because there were too many.
    untold: u64,
}

/// A run of a workflow.
#[derive(Clone, Debug, Serialize)]
pub struct RunRecord {
    /// Its name.
    pub run: String,
    /// The rule's id.
    pub rule: String,
    /// The rule's version.
    pub version: String,
    /// The discrepancy that it is about, by its key.
    pub discrepancy: String,
    /// The same by its short name.
    pub discrepancy_id: String,
    /// The rule's mode.
    pub mode: &'static str,
    /// When it began.
    pub started_at: String,
    /// When it ended; null while it is under way.
    pub ended_at: Option<String>,
    /// How it ended, or what it waits for.
    pub state: String,
    /// Until when it waits at the latest.
    pub waits_until: Option<String>,
    /// What it did, but for its effects.
    pub notes: Vec<NoteRecord>,
}

/// What a run did at a step.
#[derive(Clone, Debug, Serialize)]
pub struct NoteRecord {
    /// When.
    pub at: String,
    /// The number of the step, from 1.
    pub step: u16,
    /// What.
    pub note: String,
}

/// Something that a run asks of the world, or would have asked.
#[derive(Clone, Debug, Serialize)]
pub struct EffectRecord {
    /// Its idempotency key.
    pub id: String,
    /// When.
    pub at: String,
    /// The run; null where it is the engine's own word.
    pub run: Option<String>,
    /// The rule's id.
    pub rule: String,
    /// The rule's version.
    pub version: String,
    /// The discrepancy, by its key.
    pub discrepancy: Option<String>,
    /// The number of the step, from 1.
    pub step: u16,
    /// What is asked.
    pub action: &'static str,
    /// Of whom.
    pub target: String,
    /// What it may do to others: none, writes, disturbs, stops.
    pub harm: &'static str,
    /// The mode, after everything that makes it stricter.
    pub mode: &'static str,
    /// `yes`, `dry-run` or `would-be`.
    pub performed: &'static str,
    /// `not-needed`, `assumed`, or who said yes.
    pub approval: String,
    /// Which attempt it is.
    pub attempt: u8,
    /// With what.
    pub arguments: BTreeMap<&'static str, String>,
}

impl FlowTally {
    /// Takes in what became of a run.
    pub(super) fn note(&mut self, event: &WorkflowEvent) {
        match event {
            WorkflowEvent::Started { run, at, rule, version, key, mode } => {
                if self.runs.len() >= RUNS_TOLD_MAX {
                    self.untold += 1;
                    return;
                }
                let record = RunRecord {
                    run: run.to_string(),
                    rule: rule.to_string(),
                    version: version.to_string(),
                    discrepancy: key.to_string(),
                    discrepancy_id: key.id().to_string(),
                    mode: mode.as_str(),
                    started_at: at.to_string(),
                    ended_at: None,
                    state: String::new(),
                    waits_until: None,
                    notes: Vec::new(),
                };
                self.runs.insert(*run, record);
            }
            WorkflowEvent::Noted { run, at, step, note } => self.tell(*run, *at, *step, note.to_string()),
            WorkflowEvent::Refused { run, at, step, action, why } => {
                self.tell(*run, *at, *step, format!("{} is refused: {}", action.as_str(), why.as_str()));
            }
            WorkflowEvent::Effect(effect) => {
                if self.effects.len() >= EFFECTS_TOLD_MAX {
                    self.untold += 1;
                } else {
                    self.effects.push((**effect).clone());
                }
            }
            WorkflowEvent::Ended { run, at, why } => {
                if let Some(record) = self.runs.get_mut(run) {
                    record.ended_at = Some(at.to_string());
                    record.state = match why {
                        RunEnd::Said(reason) => format!("{}: {reason}", why.as_str()),
                        _ => why.as_str().to_owned(),
                    };
                }
            }
            WorkflowEvent::Storm { .. } => {}
        }
    }

    fn tell(&mut self, run: RunId, at: Timestamp, step: u16, note: String) {
        if let Some(record) = self.runs.get_mut(&run) {
            record.notes.push(NoteRecord { at: at.to_string(), step: step.saturating_add(1), note });
        }
    }

    /// Returns the runs in the order of their beginnings; `flow` says what those wait for that are under way.
    pub(super) fn runs(&self, flow: Option<&Workflow>) -> Vec<RunRecord> {
        let mut runs = self.runs.clone();
        for view in flow.into_iter().flat_map(Workflow::runs) {
            if let Some(record) = runs.get_mut(&view.run) {
                record.state = view.state.to_owned();
                record.waits_until = view.until.map(|at| at.to_string());
            }
        }
        runs.into_values().collect()
    }

    /// Returns the effects in their order.
    pub(super) fn effects(&self) -> Vec<EffectRecord> {
        self.effects.iter().map(EffectRecord::new).collect()
    }

    /// Returns how many runs and effects are not told.
    pub(super) const fn untold(&self) -> u64 {
        self.untold
    }

    /// Returns what this set of rules would have done and another would not, and the other way round, in the order of time.
    pub fn against<'a>(&'a self, other: &'a Self) -> Vec<Difference<'a>> {
        let of = |tally: &'a Self| {
            let mut lines: BTreeMap<(Timestamp, String), Vec<&'a Effect>> = BTreeMap::new();
            for effect in &tally.effects {
                lines.entry((effect.at, what(effect))).or_default().push(effect);
            }
            lines
        };
        let (new, old) = (of(self), of(other));
        let mut differences = Vec::new();
        let keys: std::collections::BTreeSet<&(Timestamp, String)> = new.keys().chain(old.keys()).collect();
        for key in keys {
            let (added, removed) = (new.get(key), old.get(key));
            let count = |effects: Option<&Vec<&'a Effect>>| effects.map_or(0, Vec::len);
            let (more, less) = (count(added), count(removed));
            let gone = removed.into_iter().flatten().skip(more);
            differences.extend(gone.map(|effect| Difference { is_new: false, effect }));
            let come = added.into_iter().flatten().skip(less);
            differences.extend(come.map(|effect| Difference { is_new: true, effect }));
        }
        differences
    }
}

/// An effect that one of two sets of rules has and the other has not.
#[derive(Clone, Copy, Debug)]
pub struct Difference<'a> {
    /// Whether the new set has it.
    pub is_new: bool,
    /// The effect.
    pub effect: &'a Effect,
}

/// The record of a difference.
#[derive(Clone, Debug, Serialize)]
pub struct DifferenceRecord {
    /// `added` or `removed`.
    pub change: &'static str,
    /// The effect.
    #[serde(flatten)]
    pub effect: EffectRecord,
}

impl Difference<'_> {
    /// Returns its record.
    pub fn record(&self) -> DifferenceRecord {
        let change = if self.is_new { "added" } else { "removed" };
        DifferenceRecord { change, effect: EffectRecord::new(self.effect) }
    }
}

/// Writes differences, one a line: `+` what the new rules would have done besides, `-` what they would not.
///
/// # Errors
/// Those of `out`.
pub fn write_differences(differences: &[Difference<'_>], out: &mut dyn Write) -> io::Result<()> {
    for difference in differences {
        let sign = if difference.is_new { '+' } else { '-' };
        writeln!(out, "{sign} {} {}", difference.effect.at, what(difference.effect))?;
    }
    let new = differences.iter().filter(|difference| difference.is_new).count();
    match differences.len() {
        0 => writeln!(out, "the rules would have done the same"),
        all => writeln!(out, "{new} effects more, {} less", all - new),
    }
}

/// Says everything that an effect is, but for when, by which run and in which version of the rule.
fn what(effect: &Effect) -> String {
    let key = effect.key.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut text = format!(
        "{} {key} {} {} ({}, {})",
        effect.rule,
        effect.action.as_str(),
        effect.target,
        effect.mode.as_str(),
        effect.performed.as_str()
    );
    for (name, value) in &effect.arguments {
        let value = value.to_string();
        text.push_str(&format!(" {name}={:?}", value.trim_end()));
    }
    text
}

impl EffectRecord {
    /// Makes the record of an effect.
    pub fn new(effect: &Effect) -> Self {
        Self {
            id: effect.id.to_string(),
            at: effect.at.to_string(),
            run: effect.run.map(|run| run.to_string()),
            rule: effect.rule.to_string(),
            version: effect.version.to_string(),
            discrepancy: effect.key.as_ref().map(ToString::to_string),
            step: effect.step.saturating_add(1),
            action: effect.action.as_str(),
            target: effect.target.to_string(),
            harm: effect.harm.as_str(),
            mode: effect.mode.as_str(),
            performed: effect.performed.as_str(),
            approval: match &effect.approval {
                Approval::NotNeeded => "not-needed".to_owned(),
                Approval::Assumed => "assumed".to_owned(),
                Approval::Given(by) => by.to_string(),
            },
            attempt: effect.attempt,
            arguments: effect.arguments.iter().map(|(name, value)| (*name, value.to_string())).collect(),
        }
    }

    /// Says in a few words what is asked.
    pub(super) fn sentence(&self) -> String {
        let of = |name: &str| self.arguments.get(name).map_or("", |text| text.trim_end());
        let first_line = |name: &str| of(name).lines().next().unwrap_or_default().to_owned();
        let target = &self.target;
        let asked = match self.action {
            "post" => format!("post in {target}: {}", first_line("title")),
            "like" => format!("like in {target}: {}", first_line("title")),
            "message" => format!("write to {target}: {}", first_line("body")),
            "ticket" => format!("{} a ticket in {target}: {}", of("do"), first_line("title")),
            "mail" => format!("mail {target}: {}", first_line("subject")),
            "notify" => format!("notify {target}: {}", first_line("title")),
            "script" => format!("run {target} {}", of("arguments")).trim_end().to_owned(),
            "power" => format!("power {} {target}", of("do")),
            "migrate" => format!("migrate {target} {}", of("to")).trim_end().to_owned(),
            "set-maintenance" => format!("put {target} {} maintenance", of("do")),
            "update-record" => format!("write {} into the record of {target}", of("set")),
            other => format!("{other} {target}"),
        };
        let yes = if self.approval == "assumed" { ", if an operator said yes" } else { "" };
        match self.performed {
            "would-be" => format!("would {asked}{yes}"),
            "dry-run" => format!("would, but for the dry run, {asked}"),
            _ => format!("asks to {asked}"),
        }
    }
}
