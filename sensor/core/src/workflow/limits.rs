use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::rules::Rate;
use crate::types::Timestamp;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Effects of all rules.
    Overall,
    /// Runs of a rule.
    Runs(Box<str>),
    /// Effects of a rule.
    Rule(Box<str>),
    /// Effects of a rule on the guests of a host.
    Host(Box<str>, Box<str>),
    /// Effects of a rule on the guests of a group.
    Group(Box<str>, Box<str>),
}

/// When what happened, and to whom: as far back as a limit looks.
#[derive(Debug, Default)]
pub(super) struct Windows {
    windows: BTreeMap<Scope, VecDeque<(Timestamp, Box<str>)>>,
}

/// Beyond so many windows those in which nothing happened lately are looked for.
const WINDOWS_SWEPT_AT: usize = 4_096;

impl Windows {
    /// Tells whether one more is within a rate.
    pub(super) fn allows(&mut self, scope: &Scope, rate: Rate, now: Timestamp) -> bool {
        self.prune(scope, rate.per, now);
        let count = self.windows.get(scope).map_or(0, VecDeque::len);
        u32::try_from(count).unwrap_or(u32::MAX) < rate.count
    }

    /// Tells whether a guest may be touched: it was before, or not too many others were.
    pub(super) fn allows_share(
        &mut self,
        scope: &Scope,
        (guests, percent): (usize, u32),
        guest: &str,
        per: Duration,
        now: Timestamp,
    ) -> bool {
        self.prune(scope, per, now);
        let touched: BTreeSet<&str> =
            self.windows.get(scope).into_iter().flatten().map(|(_, guest)| &**guest).collect();
        let share = guests.saturating_mul(percent as usize) / 100;
        touched.contains(guest) || touched.len() < share.max(1)
    }

    /// Counts one.
    pub(super) fn note(&mut self, scope: Scope, guest: &str, now: Timestamp) {
        if self.windows.len() >= WINDOWS_SWEPT_AT {
            let since = now.before(Rate::PER_MAX);
            self.windows.retain(|_, window| window.back().is_some_and(|(at, _)| *at > since));
        }
        let window = self.windows.entry(scope).or_default();
        // No rate looks at more.
        if window.len() > Rate::COUNT_MAX as usize {
            window.pop_front();
        }
        window.push_back((now, guest.into()));
    }

    fn prune(&mut self, scope: &Scope, per: Duration, now: Timestamp) {
        let Some(window) = self.windows.get_mut(scope) else { return };
        let since = now.before(per);
        while window.front().is_some_and(|(at, _)| *at <= since) {
            window.pop_front();
        }
        if window.is_empty() {
            self.windows.remove(scope);
        }
    }
}
