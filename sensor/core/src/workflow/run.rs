use core::fmt;
use std::sync::Arc;

use super::event::Effect;
use crate::audit::Key;
use crate::rules::Rule;
use crate::rules::expr::Value;
use crate::types::Timestamp;

/// The number of a run, from 1 in the order of their beginnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run-{}", self.0)
    }
}

/// One execution of a rule: a row.
#[derive(Debug)]
pub(super) struct Run {
    /// As it was when the run began; a rule that changed meanwhile changes nothing here.
    pub(super) rule: Arc<Rule>,
    pub(super) key: Key,
    pub(super) started_at: Timestamp,
    /// When the discrepancy opened: what a storm is counted by.
    pub(super) opened_at: Timestamp,
    /// The step that it is at.
    pub(super) step: u16,
    /// The step behind its last.
    pub(super) end: u16,
    pub(super) state: State,
    /// Attempts at the effect of this step so far.
    pub(super) attempts: u8,
    /// Reports of the discrepancy since it began.
    pub(super) reports: u32,
    /// The step's question was answered with yes, by whom.
    pub(super) approved: Option<Box<str>>,
    /// Set by its steps; most have none.
    pub(super) variables: Box<[Option<Value>]>,
    /// Why the last step failed.
    pub(super) error: Option<Box<str>>,
}

/// What a run waits for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// Nothing: it is being advanced.
    Ready,
    /// The end of a time.
    Time(Timestamp),
    /// A further report.
    Report(Timestamp),
    /// An event.
    Event(Timestamp),
    /// The time of the next attempt.
    Retry(Timestamp),
    /// A storm to be known as one.
    Settle(Timestamp),
    /// The end of another effect on the same guest.
    Turn(Timestamp),
    /// The outcome of an effect, until it is taken to have failed.
    Outcome(Timestamp, Box<Effect>),
    /// An operator's answer.
    Answer(Timestamp, Asked),
}

/// Who asks an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A step `approve`.
    Step,
    /// The mode of an effect.
    Mode,
}

impl State {
    /// Returns when the run is looked at again without anything having come.
    pub(super) const fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Ready => None,
            Self::Time(at)
            | Self::Report(at)
            | Self::Event(at)
            | Self::Retry(at)
            | Self::Settle(at)
            | Self::Turn(at)
            | Self::Outcome(at, _)
            | Self::Answer(at, _) => Some(*at),
        }
    }

    /// Tells whether the end of the discrepancy ends the run as well.
    pub(super) const fn ends_with_discrepancy(&self) -> bool {
        matches!(
            self,
            Self::Time(_)
                | Self::Report(_)
                | Self::Settle(_)
                | Self::Turn(_)
                | Self::Answer(..)
                | Self::Retry(_)
        )
    }

    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Time(_) => "waits",
            Self::Report(_) => "waits for a report",
            Self::Event(_) => "waits for an event",
            Self::Retry(_) => "waits to try again",
            Self::Settle(_) => "waits for a storm to show",
            Self::Turn(_) => "waits for its turn",
            Self::Outcome(..) => "waits for an outcome",
            Self::Answer(..) => "waits for an answer",
        }
    }
}

/// A run under way, as others see it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView<'a> {
    /// Which.
    pub run: RunId,
    /// Of which rule, as it was when the run began.
    pub rule: &'a Arc<Rule>,
    /// About what.
    pub key: &'a Key,
    /// Since when.
    pub started_at: Timestamp,
    /// The step that it is at, from 0.
    pub step: u16,
    /// What it waits for.
    pub state: &'static str,
    /// Until when at the latest.
    pub until: Option<Timestamp>,
}

impl Run {
    pub(super) fn view(&self, run: RunId) -> RunView<'_> {
        RunView {
            run,
            rule: &self.rule,
            key: &self.key,
            started_at: self.started_at,
            step: self.step,
            state: self.state.as_str(),
            until: self.state.deadline(),
        }
    }

    /// Returns what no other run has for a name: made of what it is about and when it began.
    pub(super) fn name(&self) -> u64 {
        let text = format!("{}|{}|{}", self.rule.id, self.key, self.started_at.as_nanos());
        text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }
}
