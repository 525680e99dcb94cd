//! Workflows: discrepancies and rules to runs, and from these to effects, which are data.
//!
//! Sits after the audit. Takes in what becomes of discrepancies, outcomes of effects, operators' decisions and the passing
//! of time ([`Input`]); gives effects that somebody else performs and tells what each run does ([`WorkflowEvent`]). A run is
//! a row with the number of the step that it is at and a deadline ([`run`]); it is advanced ([`steps`]) whenever what it
//! waits for has come. Before anything that may do harm leaves, the gate ([`gate`]) holds it against protection, modes, the
//! storm breaker, limits and turns.
//!
//! Does not perform anything, does not know posts, mails or hypervisors, and never reads a clock. Holds at most
//! [`WorkflowSettings::runs_max`] runs; of what happened it keeps only what limits count.

mod event;
mod facts;
mod gate;
mod limits;
mod machine;
#[cfg(test)]
mod protect_tests;
mod run;
mod settings;
mod steps;
mod storm;
#[cfg(test)]
mod tests;

pub use event::{
    Approval, Effect, Input, Outcome, Performed, Refusal, Rendered, RunEnd, RunNote, WorkflowEvent,
};
pub use facts::{Standing, World};
pub use machine::{Workflow, WorkflowCounters};
pub use run::{RunId, RunView};
pub use settings::{Performing, WorkflowSettings};
