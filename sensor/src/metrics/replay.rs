use super::definition::{Known, Set};
use crate::capture::FileFacts;
use crate::report::Tally;
use crate::runtime::Replayed;

/// Returns what Prometheus would have scraped at the end of a replay, in its text format.
///
/// `configured` is the number of configured capture points, which come first.
///
/// # Errors
/// What the registry or the encoder gives; both mean a metric is defined wrongly here.
pub fn replay_metrics(
    replayed: &Replayed,
    facts: &[FileFacts],
    tally: &Tally,
    configured: usize,
) -> Result<String, prometheus::Error> {
    let set = Set::of(&Known {
        spine: &replayed.spine,
        points: &replayed.points,
        counters: &replayed.counters,
        configured,
        table: replayed.table,
        clock: replayed.clock,
        tracked: replayed.tracked,
        unread_claims: replayed.unread_claims,
        repeated_claims: replayed.repeated_claims,
        now: replayed.ended_at,
        tally,
    })?;
    let damage = set.counter("rollcall_capture_file_damage_total", "Damage found in capture files.", &[])?;
    let found: usize = facts.iter().map(|file| file.damage.len()).sum();
    damage.with_label_values::<&str>(&[]).inc_by(found as u64);
    set.text()
}
