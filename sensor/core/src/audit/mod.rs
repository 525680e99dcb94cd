//! Holds what presence says against what is recorded, and keeps a discrepancy for each difference.
//!
//! Sits after the ledger. Takes in presence events, rounds of polling, snapshots and ticks; gives discrepancies that open, are
//! confirmed and resolve. An event costs a judgement of the one guest or station that it is about: the judge
//! ([`judge`]) says what differs now and from when on it counts, and the audit holds that against what is
//! open. It never reads a clock; a difference that a grace holds back has a deadline.
//!
//! Does not know frames, rules or who is told, and keeps nothing about who is present: it asks the ledger, which
//! each input brings along. Holds at most [`Limits::discrepancies_max`] discrepancies with
//! [`Limits::evidence_max`] pieces of evidence each, the last that was known of each recorded station that left,
//! and one time for each recorded guest whose record changed. What a discrepancy says is put into sentences when somebody
//! asks ([`Audit::statement`]).
//!
//! [`Limits::discrepancies_max`]: crate::types::Limits::discrepancies_max
//! [`Limits::evidence_max`]: crate::types::Limits::evidence_max

mod book;
mod discrepancy;
mod flapping;
mod judge;
mod learned;
#[cfg(test)]
mod lifecycle_tests;
mod machine;
#[cfg(test)]
mod model_tests;
mod observed;
mod operator;
mod places;
mod polling;
mod selection;
mod sentences;
mod settings;
mod sources;
#[cfg(test)]
mod testing;
mod told;
mod upkeep;

pub use book::AuditCounters;
pub use discrepancy::{
    AuditEvent, Discrepancy, DiscrepancyChange, DiscrepancyId, DiscrepancyState, Key, Kind, Severity, Subject,
};
pub use learned::{Learned, LearnedStation, Standing};
pub use machine::Audit;
pub use operator::{OperatorAction, OperatorWord};
pub use selection::{GraceRule, MuteRule, Selection};
pub use sentences::Statement;
pub use settings::AuditSettings;
