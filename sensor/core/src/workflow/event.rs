use core::fmt;
use core::time::Duration;

use super::run::RunId;
use crate::audit::{AuditEvent, Key, Kind};
use crate::rules::actions::{Action, Harm};
use crate::rules::{Mode, RuleVersion};
use crate::types::{Timestamp, format_duration};

/// Everything that workflows act on.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// Something became of a discrepancy.
    Audit(&'a AuditEvent),
    /// A recorded guest is present, or is not.
    Presence {
        /// The guest's id.
        guest: &'a str,
        /// Whether it is.
        present: bool,
    },
    /// An effect was performed, or was not.
    Outcome {
        /// Which, by its key.
        effect: &'a str,
        /// How it went.
        outcome: Outcome,
    },
    /// An operator answers what a run asks.
    Decision {
        /// Which run.
        run: RunId,
        /// Who answers.
        by: &'a str,
        /// Whether he says yes.
        yes: bool,
    },
    /// Time passed.
    Tick,
}

/// How an effect went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// Of a recheck: the answer is that the discrepancy is over.
    Over,
    /// It is not done, and may be tried again.
    Failed(Box<str>),
}

/// What becomes of runs.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkflowEvent {
    /// A run began.
    Started {
        /// Which.
        run: RunId,
        /// When.
        at: Timestamp,
        /// Of which rule.
        rule: Box<str>,
        /// In which version.
        version: RuleVersion,
        /// About what.
        key: Key,
        /// In which mode.
        mode: Mode,
    },
    /// A run took a step that asks nothing of the world.
    Noted {
        /// Which.
        run: RunId,
        /// When.
        at: Timestamp,
        /// At which step, from 0.
        step: u16,
        /// What it did.
        note: RunNote,
    },
    /// An effect is asked for, or would have been.
    Effect(Box<Effect>),
    /// An effect was refused; the step has failed.
    Refused {
        /// Of which run.
        run: RunId,
        /// When.
        at: Timestamp,
        /// At which step, from 0.
        step: u16,
        /// What it would have done.
        action: Action,
        /// Why not.
        why: Refusal,
    },
    /// A run ended.
    Ended {
        /// Which.
        run: RunId,
        /// When.
        at: Timestamp,
        /// Why.
        why: RunEnd,
    },
    /// The storm breaker of a kind opened or closed.
    Storm {
        /// When.
        at: Timestamp,
        /// Of which kind.
        kind: Kind,
        /// How many opened within the window.
        count: u32,
        /// Whether it opened.
        is_open: bool,
    },
}

/// What a run did without asking anything of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunNote {
    /// A report was let pass.
    Ignored {
        /// Which, from 1.
        report: u32,
        /// How many are.
        of: u32,
    },
    /// Scheduled work touches the subject.
    Planned {
        /// Its reference numbers.
        references: Box<str>,
    },
    /// It looked again, and the discrepancy stands.
    Stands,
    /// It waits.
    Waits {
        /// For what.
        what: Box<str>,
        /// Until when at the latest.
        until: Timestamp,
    },
    /// It asks an operator.
    Asks {
        /// What.
        question: Box<str>,
        /// Until when.
        until: Timestamp,
    },
    /// The answer is taken to have been yes, as nobody can be asked.
    AnswerAssumed {
        /// What would have been asked.
        question: Box<str>,
    },
    /// An operator answered.
    Answered {
        /// Who.
        by: Box<str>,
        /// Whether he said yes.
        yes: bool,
    },
    /// A step failed.
    Failed {
        /// Why.
        why: Box<str>,
    },
    /// Another rule was called.
    Called {
        /// Which.
        rule: Box<str>,
    },
    /// An effect will be tried again.
    Retries {
        /// When.
        at: Timestamp,
    },
}

impl fmt::Display for RunNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ignored { report, of: 1 } => write!(f, "ignores report {report}"),
            Self::Ignored { report, of } => write!(f, "ignores report {report} of the first {of}"),
            Self::Planned { references } => write!(f, "scheduled work explains it: {references}"),
            Self::Stands => f.write_str("looks again: it stands"),
            Self::Waits { what, until } => write!(f, "waits for {what}, until {until} at the latest"),
            Self::Asks { question, until } => write!(f, "asks, until {until}: {question}"),
            Self::AnswerAssumed { question } => write!(f, "would ask; a yes is assumed: {question}"),
            Self::Answered { by, yes: true } => write!(f, "{by} said yes"),
            Self::Answered { by, yes: false } => write!(f, "{by} said no"),
            Self::Failed { why } => write!(f, "the step failed: {why}"),
            Self::Called { rule } => write!(f, "calls {rule}"),
            Self::Retries { at } => write!(f, "tries again at {at}"),
        }
    }
}

/// Why an effect was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// Its subject is protected.
    Protected,
    /// The rule has done as much as it may.
    RuleLimit,
    /// It has on that host.
    HostLimit,
    /// It has touched as large a share of the host's guests as it may.
    ShareOfHost,
    /// The same of the guests of a group.
    ShareOfGroup,
    /// All rules together have done as much as they may.
    OverallLimit,
    /// There is nobody that it could be done to.
    NoTarget,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Protected,
        Self::RuleLimit,
        Self::HostLimit,
        Self::ShareOfHost,
        Self::ShareOfGroup,
        Self::OverallLimit,
        Self::NoTarget,
    ];

    /// Returns the word that output and metric labels use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Protected => "protected",
            Self::RuleLimit => "rule-limit",
            Self::HostLimit => "host-limit",
            Self::ShareOfHost => "share-of-host",
            Self::ShareOfGroup => "share-of-group",
            Self::OverallLimit => "overall-limit",
            Self::NoTarget => "no-target",
        }
    }
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// Its steps are done.
    Done,
    /// A step says so.
    Said(Box<str>),
    /// Scheduled work explains the discrepancy.
    Planned,
    /// The discrepancy is over.
    Resolved,
    /// What it waited for did not come.
    TimedOut,
    /// An operator said no.
    Denied,
    /// A step failed for good.
    Failed,
}

impl RunEnd {
    /// Returns the word that output and metric labels use.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Said(_) => "ended",
            Self::Planned => "planned",
            Self::Resolved => "resolved",
            Self::TimedOut => "timed-out",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

/// Whether an effect is performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Performed {
    /// It is to be performed; its outcome is awaited.
    Yes,
    /// It is not, as the rule or the configuration says.
    DryRun,
    /// It would have been, had this been no replay.
    WouldBe,
}

impl Performed {
    /// Returns the word that output uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::DryRun => "dry-run",
            Self::WouldBe => "would-be",
        }
    }
}

/// Who allowed an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Approval {
    /// Nobody had to.
    NotNeeded,
    /// Nobody could be asked; a yes is taken to have been given.
    Assumed,
    /// An operator.
    Given(Box<str>),
}

/// Something that a run asks of the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Its idempotency key: the same at every attempt, and no other effect's.
    pub id: Box<str>,
    /// When it was asked for.
    pub at: Timestamp,
    /// By which run; none where it is the engine's own word.
    pub run: Option<RunId>,
    /// By which rule.
    pub rule: Box<str>,
    /// In which version.
    pub version: RuleVersion,
    /// About what.
    pub key: Option<Key>,
    /// At which step, from 0.
    pub step: u16,
    /// What.
    pub action: Action,
    /// What it may do to others.
    pub harm: Harm,
    /// To whom or what.
    pub target: Box<str>,
    /// With what.
    pub arguments: Vec<(&'static str, Rendered)>,
    /// In which mode, after everything that makes it stricter.
    pub mode: Mode,
    /// Whether it is performed.
    pub performed: Performed,
    /// Who allowed it.
    pub approval: Approval,
    /// Which attempt it is, from 1.
    pub attempt: u8,
}

/// The value of an argument, ready to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rendered {
    /// A text.
    Text(Box<str>),
    /// Texts.
    Texts(Vec<Box<str>>),
    /// A length of time.
    Duration(Duration),
    /// Fields with their values.
    Fields(Vec<(Box<str>, Box<str>)>),
}

/// Prints it in one line; a text's further lines are joined to the first.
impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Texts(texts) => f.write_str(&texts.join(", ")),
            Self::Duration(duration) => f.write_str(&format_duration(*duration)),
            Self::Fields(fields) => {
                for (index, (name, value)) in fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{name}={value}")?;
                }
                Ok(())
            }
        }
    }
}
