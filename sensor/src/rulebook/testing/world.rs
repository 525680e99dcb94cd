use std::collections::{BTreeMap, BTreeSet};

use rollcall_core::audit::{AuditEvent, DiscrepancyChange, DiscrepancyState, Key, Statement, Subject};
use rollcall_core::recorded::{Guest, PathOf, Snapshot};
use rollcall_core::types::Timestamp;
use rollcall_core::workflow::{Standing, World};

/// A world made for a test.
pub(super) struct Made<'a> {
    snapshot: &'a Snapshot,
    known: BTreeMap<Key, Known>,
    present: BTreeSet<Box<str>>,
}

struct Known {
    state: DiscrepancyState,
    opened_at: Timestamp,
    last_seen_at: Timestamp,
    episodes: u32,
    count: u64,
    hosts: Vec<Box<str>>,
    path: Vec<Box<str>>,
}

/// What becomes of a discrepancy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Open,
    Report,
    Acknowledge,
    Resolve,
}

impl<'a> Made<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, known: BTreeMap::new(), present: BTreeSet::new() }
    }

    pub(super) fn set_present(&mut self, guest: &str, present: bool) {
        if present {
            self.present.insert(guest.into());
        } else {
            self.present.remove(guest);
        }
    }

    /// Lets a discrepancy change; returns what the audit would say.
    pub(super) fn change(
        &mut self,
        at: Timestamp,
        change: Change,
        key: &Key,
        hosts: &[Box<str>],
    ) -> Option<AuditEvent> {
        if change == Change::Open {
            let episodes = self.known.get(key).map_or(1, |known| known.episodes + 1);
            self.known.insert(
                key.clone(),
                Known {
                    state: DiscrepancyState::Open,
                    opened_at: at,
                    last_seen_at: at,
                    episodes,
                    count: 0,
                    hosts: Vec::new(),
                    path: path_of(key, self.snapshot),
                },
            );
        }
        let known = self.known.get_mut(key)?;
        if !hosts.is_empty() {
            known.hosts = hosts.to_vec();
        }
        if matches!(change, Change::Open | Change::Report) {
            known.count += 1;
            known.last_seen_at = at;
        }
        let (state, change) = match change {
            Change::Open => (DiscrepancyState::Open, DiscrepancyChange::Opened { since: at }),
            Change::Report => (DiscrepancyState::Confirmed, DiscrepancyChange::Confirmed),
            Change::Acknowledge => (DiscrepancyState::Acknowledged, DiscrepancyChange::Acknowledged),
            Change::Resolve => (DiscrepancyState::Resolved, DiscrepancyChange::Resolved),
        };
        known.state = state;
        Some(AuditEvent { at, key: key.clone(), change })
    }
}

impl World for Made<'_> {
    fn standing(&self, key: &Key) -> Option<Standing<'_>> {
        self.known.get(key).map(|known| Standing {
            state: known.state,
            since: known.opened_at,
            opened_at: known.opened_at,
            last_seen_at: known.last_seen_at,
            episodes: known.episodes,
            count: known.count,
            path: &known.path,
        })
    }

    fn statement(&self, key: &Key) -> Option<Statement> {
        self.known.get(key).map(|known| Statement {
            recorded: "as the test says".to_owned(),
            observed: format!("at {}", known.hosts.join(", ")),
            explanation: format!("A test says {key}."),
            steps: Vec::new(),
        })
    }

    fn snapshot(&self) -> &Snapshot {
        self.snapshot
    }

    fn hosts_of(&self, key: &Key) -> Vec<Box<str>> {
        self.known.get(key).map_or_else(Vec::new, |known| known.hosts.clone())
    }

    fn is_present(&self, guest: &Guest) -> bool {
        self.present.contains(&guest.id)
    }
}

fn path_of(key: &Key, snapshot: &Snapshot) -> Vec<Box<str>> {
    let Subject::Guest(id) = &key.subject else { return Vec::new() };
    let Some(index) = snapshot.guest_by_id(id) else { return Vec::new() };
    snapshot.hierarchy_path(PathOf::Guest(index)).into_iter().map(|node| node.id.clone()).collect()
}
