use core::time::Duration;

use crate::rules::{Mode, Rate, Select};

/// Whether effects are performed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Performing {
    /// They leave, and their outcomes come in.
    Real,
    /// None is performed, as in a replay: each is told as one that would have been, and is taken to have succeeded; a yes
    /// that a rule asks for is taken to have been given, one that a storm asks for is not.
    #[default]
    WouldBe,
}

/// How workflows are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowSettings {
    /// Whether effects are performed.
    pub performing: Performing,
    /// The laxest mode of effects that may do harm, whatever rules say.
    pub harm: Mode,
    /// Whom no workflow may stop or disturb, whatever rules say.
    pub protect: Select,
    /// Effects that may do harm, over all rules.
    pub actions: Rate,
    /// More discrepancies of one kind than this within `storm_window` open the breaker of that kind.
    pub storm_at: u32,
    /// Over which time they are counted.
    pub storm_window: Duration,
    /// How long after a discrepancy opened an effect that may do harm is held back, so that a storm can be known as one.
    pub storm_settle: Duration,
    /// Runs under way at a time; further ones are refused and counted.
    pub runs_max: u32,
}

impl Default for WorkflowSettings {
    fn default() -> Self {
        Self {
            performing: Performing::WouldBe,
            harm: Mode::DryRun,
            protect: Select::default(),
            actions: Rate { count: 20, per: Duration::from_secs(3_600) },
            storm_at: 10,
            storm_window: Duration::from_secs(600),
            storm_settle: Duration::from_secs(10),
            runs_max: 100_000,
        }
    }
}
