use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::audit::Kind;
use crate::types::Timestamp;

/// How many openings of a kind are counted one by one; any threshold lies below.
const COUNTED_MAX: usize = 10_001;

/// Counts how many discrepancies of each kind open within a window.
#[derive(Debug)]
pub(super) struct Storms {
    window: Duration,
    at: u32,
    kinds: BTreeMap<Kind, Opened>,
}

#[derive(Debug, Default)]
struct Opened {
    times: VecDeque<Timestamp>,
    is_open: bool,
}

impl Storms {
    pub(super) const fn new(window: Duration, at: u32) -> Self {
        Self { window, at, kinds: BTreeMap::new() }
    }

    /// Counts one; tells whether the breaker opens by it.
    pub(super) fn note(&mut self, kind: Kind, now: Timestamp) -> Option<u32> {
        let opened = self.kinds.entry(kind).or_default();
        opened.prune(now, self.window);
        if opened.times.len() >= COUNTED_MAX {
            opened.times.pop_front();
        }
        opened.times.push_back(now);
        let count = opened.count();
        let opens = !opened.is_open && count > self.at;
        opened.is_open |= opens;
        opens.then_some(count)
    }

    /// Tells whether there is a storm of a kind, for one who calls more than `at` one.
    pub(super) fn is_storm(&self, kind: Kind, at: u32, now: Timestamp) -> bool {
        let Some(opened) = self.kinds.get(&kind) else { return false };
        let since = now.before(self.window);
        let recent = opened.times.iter().filter(|time| **time > since).count();
        opened.is_open || u32::try_from(recent).unwrap_or(u32::MAX) > at
    }

    /// Returns the kinds whose breaker closes: when no more than half as many as open it opened within the window.
    pub(super) fn tick(&mut self, now: Timestamp) -> Vec<(Kind, u32)> {
        let mut closed = Vec::new();
        for (&kind, opened) in &mut self.kinds {
            opened.prune(now, self.window);
            if opened.is_open && opened.count() <= self.at / 2 {
                opened.is_open = false;
                closed.push((kind, opened.count()));
            }
        }
        closed
    }

    /// Returns when a breaker may next close.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        let open = self.kinds.values().filter(|opened| opened.is_open);
        open.filter_map(|opened| opened.times.front().map(|at| at.after(self.window))).min()
    }
}

impl Opened {
    fn prune(&mut self, now: Timestamp, window: Duration) {
        let since = now.before(window);
        while self.times.front().is_some_and(|time| *time <= since) {
            self.times.pop_front();
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.times.len()).unwrap_or(u32::MAX)
    }
}
