use std::collections::BTreeMap;
use std::sync::Arc;

use super::sentences::{Stale, Staleness};
use crate::recorded::{Position, Snapshot};
use crate::types::Timestamp;

/// Fewer guests than this may vanish from a source at once without a question.
const SHRINK_LEAST: usize = 10;

/// How old what each source says is, and what was refused of them.
///
/// # Bounds
/// One entry for each source of the snapshot in force, and the one snapshot that was refused last.
#[derive(Debug, Default)]
pub(super) struct Sources {
    known: BTreeMap<Arc<str>, Source>,
    refused: Option<Refused>,
}

#[derive(Debug)]
struct Source {
    /// When it was last heard; none where it speaks for the whole run.
    fresh_at: Option<Timestamp>,
    stale_at: Option<Timestamp>,
    is_stale: bool,
}

/// A snapshot that was not believed.
#[derive(Debug)]
struct Refused {
    source: Arc<str>,
    at: Timestamp,
    before: usize,
    after: usize,
    snapshot: Arc<Snapshot>,
}

impl Sources {
    /// Takes in that a snapshot is in force, read at `now`; at [`Timestamp::MIN`] it speaks for the whole run.
    pub(super) fn renew(&mut self, snapshot: &Snapshot, now: Timestamp) -> Vec<Arc<str>> {
        let mut concerned: Vec<Arc<str>> = self.stale().collect();
        concerned.extend(self.refused.take().map(|refused| refused.source));
        let fresh_at = Some(now).filter(|&now| now != Timestamp::MIN);
        self.known.clear();
        for settings in snapshot.source_settings() {
            let name: Arc<str> = settings.name.as_ref().into();
            let stale_at = fresh_at.zip(settings.stale_after).map(|(at, after)| at.after(after));
            self.known.insert(name, Source { fresh_at, stale_at, is_stale: false });
        }
        concerned
    }

    /// Returns the source whose guests were lost in a new snapshot beyond what is believed, with how many there were and are.
    ///
    /// Sources are compared by name; where none has the name of a former one, all of them together.
    pub(super) fn shrunk(
        former: &Snapshot,
        new: &Snapshot,
        max_percent: u32,
    ) -> Option<(Arc<str>, usize, usize)> {
        let is_too_few = |before: usize, after: usize| {
            let lost = before.saturating_sub(after);
            before >= SHRINK_LEAST && lost as u64 * 100 > before as u64 * u64::from(max_percent)
        };
        let (before, after) = (count(former), count(new));
        let of = |counts: &BTreeMap<Arc<str>, usize>, name| counts.get(name).copied().unwrap_or(0);
        if after.keys().any(|name| before.contains_key(name)) {
            let mut common = after.keys().filter(|name| before.contains_key(*name));
            let name = common.find(|name| is_too_few(of(&before, *name), of(&after, *name)))?;
            return Some((Arc::clone(name), of(&before, name), of(&after, name)));
        }
        let name = after.keys().next().or_else(|| before.keys().next())?;
        let (before, after) = (former.guests().len(), new.guests().len());
        is_too_few(before, after).then(|| (Arc::clone(name), before, after))
    }

    /// Notes that a snapshot is not believed.
    pub(super) fn refuse(
        &mut self,
        (source, before, after): (Arc<str>, usize, usize),
        snapshot: Arc<Snapshot>,
        at: Timestamp,
    ) {
        self.refused = Some(Refused { source, at, before, after, snapshot });
    }

    /// Takes the snapshot of a source that was refused.
    pub(super) fn take_refused(&mut self, source: &str) -> Option<Arc<Snapshot>> {
        self.refused.take_if(|refused| *refused.source == *source).map(|refused| refused.snapshot)
    }

    /// Returns when a source will next be stale.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.known.values().filter(|source| !source.is_stale).filter_map(|source| source.stale_at).min()
    }

    /// Finds the sources that have become stale.
    pub(super) fn tick(&mut self, now: Timestamp) -> Vec<Arc<str>> {
        let mut newly = Vec::new();
        for (name, source) in &mut self.known {
            if !source.is_stale && source.stale_at.is_some_and(|at| at <= now) {
                source.is_stale = true;
                newly.push(Arc::clone(name));
            }
        }
        newly
    }

    /// Says what is wrong with a source, if anything is.
    pub(super) fn staleness(&self, name: &str) -> Option<Stale> {
        if let Some(refused) = self.refused.as_ref().filter(|refused| *refused.source == *name) {
            let why = Staleness::Shrank { before: refused.before, after: refused.after };
            return Some(Stale { since: refused.at, why });
        }
        let source = self.known.get(name).filter(|source| source.is_stale)?;
        Some(Stale { since: source.stale_at?, why: Staleness::Old { heard_at: source.fresh_at? } })
    }

    /// Tells whether a record rests on a source that is stale.
    pub(super) fn is_stale(&self, snapshot: &Snapshot, at: Position) -> bool {
        if self.stale().next().is_none() {
            return false;
        }
        let settings = snapshot.source_settings().get(usize::from(at.source.0));
        settings.and_then(|settings| self.known.get(&*settings.name)).is_some_and(|source| source.is_stale)
    }

    /// Returns the sources that are stale.
    pub(super) fn stale(&self) -> impl Iterator<Item = Arc<str>> {
        self.known.iter().filter(|(_, source)| source.is_stale).map(|(name, _)| Arc::clone(name))
    }
}

/// Counts the guests of each source.
fn count(snapshot: &Snapshot) -> BTreeMap<Arc<str>, usize> {
    let mut by_name = BTreeMap::new();
    for (settings, count) in snapshot.source_settings().iter().zip(snapshot.guest_counts()) {
        *by_name.entry(settings.name.as_ref().into()).or_default() += count;
    }
    by_name
}
