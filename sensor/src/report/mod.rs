//! What a replay found, for people ([`write_text`]) and for machines ([`Report::records`]).
//!
//! [`Report`] gathers what the engine and the capture files know at the end of a run into plain records with
//! fixed field names; the text is made from the same records, so that the two cannot disagree. Everything is
//! sorted; nothing depends on how many workers there were or how long they took.

mod build;
mod explain;
mod flows;
mod posts;
mod records;
mod text;

pub use build::{Detail, LATENCY_BOUNDS, Latencies, Report, ReportInput, Tally};
pub use explain::{ExplainError, explain};
pub use flows::{
    Difference, DifferenceRecord, EffectRecord, FlowTally, NoteRecord, RunRecord, write_differences,
};
pub use posts::{CommentRecord, PostRecord, show_stream};
pub use records::{
    BindingOfNode, BindingRecord, CaptureRecord, DiscrepancyEventRecord, DiscrepancyRecord, EvidenceRecord,
    LearnedRecord, MobileNodeRecord, PointRecord, PresenceRecord, Record, SessionRecord, StationRecord,
    SummaryRecord,
};
pub use text::{Look, ROWS_SHOWN, write_text};
