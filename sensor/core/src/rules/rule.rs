use core::fmt;
use core::ops::Range;
use core::time::Duration;
use std::sync::Arc;

use super::actions::{Action, Argument};
use super::expr::Checked;
use super::select::Select;
use super::template::Template;
use crate::audit::Kind;

/// How a rule's effects reach the world, the least strict first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// They are performed.
    Enforce,
    /// Those that may do harm wait for an operator's yes.
    Approve,
    /// None is performed; what would have been is on record.
    #[default]
    DryRun,
}

impl Mode {
    /// Every mode, the least strict first.
    pub const ALL: [Self; 3] = [Self::Enforce, Self::Approve, Self::DryRun];

    /// Returns the word that rules and output use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Approve => "approve",
            Self::DryRun => "dry-run",
        }
    }

    /// Returns the mode that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word)
    }
}

/// So many in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many, from 1.
    pub count: u32,
    /// In which time.
    pub per: Duration,
}

impl Rate {
    /// The most that a rate counts.
    pub const COUNT_MAX: u32 = 1_000;
    /// The longest time over which it counts.
    pub const PER_MAX: Duration = Duration::from_secs(31 * 86_400);
}

/// A workflow: what sets it off, what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name, for ever: `family.short-name`.
    pub id: Box<str>,
    /// What it says, as a number: another text, another version.
    pub version: RuleVersion,
    /// What it is for, in a sentence.
    pub description: Box<str>,
    /// What sets it off.
    pub trigger: Trigger,
    /// What must be true besides.
    pub condition: Option<Checked>,
    /// How its effects reach the world.
    pub mode: Mode,
    /// How much it may do.
    pub limits: RuleLimits,
    /// Its steps, followed by those of its compensations.
    pub steps: Vec<Step>,
    /// How many of them are its own.
    pub own_steps: u16,
    /// The names of its variables, by their numbers.
    pub variables: Vec<Box<str>>,
}

/// The version of a rule: a number made of what it says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleVersion(pub u64);

impl fmt::Display for RuleVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0 >> 32)
    }
}

/// What sets a rule off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trigger {
    /// Discrepancies of these kinds; none where only other rules call it.
    pub kinds: Vec<Kind>,
    /// About these guests; an empty one means all.
    pub select: Select,
}

/// How much a rule may do. What is beyond is not done, and told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleLimits {
    /// Runs that it may begin.
    pub runs: Option<Rate>,
    /// Effects that may do harm.
    pub actions: Rate,
    /// Of these, those on the guests of one host.
    pub per_host: Rate,
    /// Of the guests of one host, the share in percent that they may touch within the time of `actions`; one is
    /// always allowed.
    pub share_of_host: u32,
    /// The same of the guests under one node of the hierarchy.
    pub share_of_group: u32,
    /// More discrepancies of one kind than this within the storm window open the breaker.
    pub storm_at: u32,
}

impl Default for RuleLimits {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(3_600);
        Self {
            runs: None,
            actions: Rate { count: 5, per: HOUR },
            per_host: Rate { count: 2, per: HOUR },
            share_of_host: 50,
            share_of_group: 20,
            storm_at: 10,
        }
    }
}

/// A step of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it does.
    pub task: Task,
    /// It is passed over where this is false.
    pub condition: Option<Checked>,
    /// The mode, where the step names one that is stricter than the rule's.
    pub mode: Option<Mode>,
    /// How often it is tried.
    pub retry: Retry,
    /// How long it may take.
    pub timeout: Duration,
    /// What happens where it fails.
    pub on_error: OnError,
    /// The line that it begins in.
    pub line: u32,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Decides or waits.
    Control(Control),
    /// Asks the world for something.
    Act {
        /// For what.
        action: Action,
        /// With what, in the order of the table of [`super::actions`].
        arguments: Vec<(&'static str, Argument)>,
    },
}

/// The steps that decide or wait.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Looks for scheduled work.
    CheckSchedule(IfPlanned),
    /// Waits for a time; ends where the discrepancy is resolved meanwhile.
    Wait(Duration),
    /// Waits for an event.
    WaitFor {
        /// Which.
        event: WaitedFor,
        /// How long.
        within: Duration,
        /// What then.
        otherwise: Else,
    },
    /// Lets the first reports pass.
    IgnoreFirst {
        /// How many.
        reports: u32,
        /// How long the next one may take; the run ends where none comes.
        within: Duration,
    },
    /// Looks again.
    Recheck(Look),
    /// Waits for an operator's yes.
    Approve {
        /// What he is asked.
        ask: Template,
        /// How long.
        within: Duration,
        /// What happens where he says nothing.
        otherwise: Else,
    },
    /// Sets variables, by number.
    Set(Vec<(u16, Checked)>),
    /// Ends the run.
    End(Template),
    /// Begins a run of another rule about the same discrepancy, and goes on.
    Call(Arc<str>),
}

impl Control {
    /// Returns the word of the step.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::CheckSchedule(_) => "check-schedule",
            Self::Wait(_) => "wait",
            Self::WaitFor { .. } => "wait-for",
            Self::IgnoreFirst { .. } => "ignore-first",
            Self::Recheck(_) => "recheck",
            Self::Approve { .. } => "approve",
            Self::Set(_) => "set",
            Self::End(_) => "end",
            Self::Call(_) => "call",
        }
    }
}

/// What to do where scheduled work touches the subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfPlanned {
    /// The run ends.
    End,
    /// The work is noted on the discrepancy, and the run ends.
    Annotate,
    /// The run goes on.
    Continue,
}

/// An event that a run can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitedFor {
    /// The guest is present.
    Seen,
    /// The guest is absent.
    Silent,
    /// The discrepancy is over.
    Resolved,
    /// An operator knows of it.
    Acknowledged,
}

impl WaitedFor {
    /// Returns the word that rules use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Silent => "silent",
            Self::Resolved => "resolved",
            Self::Acknowledged => "acknowledged",
        }
    }
}

/// What happens where nothing came in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Else {
    /// The run ends.
    End,
    /// The run goes on.
    Continue,
}

/// Where to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// At what is believed now.
    Presence,
    /// At the switch, by a fresh poll.
    Switch,
    /// At the hypervisor's own answer.
    Hypervisor,
}

impl Look {
    /// Returns the word that rules use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Switch => "switch",
            Self::Hypervisor => "hypervisor",
        }
    }
}

/// How often an effect is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Further attempts after the first.
    pub count: u8,
    /// The wait before the second attempt; each further one doubles it.
    pub back_off: Duration,
}

/// What happens where a step fails for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The run ends.
    End,
    /// The next step comes.
    Continue,
    /// These steps come instead of the rest.
    Compensate(Range<u16>),
}
