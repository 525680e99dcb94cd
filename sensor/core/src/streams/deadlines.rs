use std::collections::{BTreeMap, BTreeSet};

use crate::types::Timestamp;

/// When something is due, at most one time for each.
///
/// # Bounds
/// Holds what it is given: one for each post or member at most.
#[derive(Debug)]
pub(super) struct Deadlines<K> {
    order: BTreeSet<(Timestamp, K)>,
    times: BTreeMap<K, Timestamp>,
}

impl<K: Copy + Ord> Deadlines<K> {
    pub(super) const fn new() -> Self {
        Self { order: BTreeSet::new(), times: BTreeMap::new() }
    }

    /// Sets when something is due, instead of when it was.
    pub(super) fn set(&mut self, what: K, at: Timestamp) {
        self.remove(what);
        self.times.insert(what, at);
        self.order.insert((at, what));
    }

    pub(super) fn remove(&mut self, what: K) {
        if let Some(at) = self.times.remove(&what) {
            self.order.remove(&(at, what));
        }
    }

    /// Returns the first time.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.order.first().map(|&(at, _)| at)
    }

    /// Takes what is due.
    pub(super) fn due(&mut self, now: Timestamp) -> Option<K> {
        let &(_, what) = self.order.first().filter(|(at, _)| *at <= now)?;
        self.remove(what);
        Some(what)
    }
}
