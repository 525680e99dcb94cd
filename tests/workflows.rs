//! A waiting run costs a row.
//!
//! One test only: the counter is that of the whole process.

use rollcall::rulebook::{Place, load};
use rollcall_core::audit::{AuditEvent, DiscrepancyChange, DiscrepancyState, Key, Kind, Statement, Subject};
use rollcall_core::recorded::{Guest, Snapshot};
use rollcall_core::types::Timestamp;
use rollcall_core::workflow::{Input, Standing, Workflow, WorkflowSettings, World};
use rollcall_tests::counting::Counting;

#[global_allocator]
static HEAP: Counting = Counting;

/// A world in which every discrepancy stands.
struct Standstill {
    snapshot: Snapshot,
}

impl World for Standstill {
    fn standing(&self, _: &Key) -> Option<Standing<'_>> {
        let at = Timestamp::from_nanos(0);
        Some(Standing {
            state: DiscrepancyState::Open,
            since: at,
            opened_at: at,
            last_seen_at: at,
            episodes: 1,
            count: 1,
            path: &[],
        })
    }

    fn statement(&self, _: &Key) -> Option<Statement> {
        None
    }

    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    fn hosts_of(&self, _: &Key) -> Vec<Box<str>> {
        Vec::new()
    }

    fn is_present(&self, _: &Guest) -> bool {
        true
    }
}

#[test]
fn a_hundred_thousand_waiting_runs_take_less_than_a_hundred_megabytes() {
    const RUNS: usize = 100_000;
    let loaded = load(&Place::Shipped);
    assert!(loaded.is_sound());
    let world = Standstill { snapshot: Snapshot::default() };
    let mut flow = Workflow::new(WorkflowSettings::default(), loaded.rules);
    let before = HEAP.live_octets();
    for number in 0..RUNS {
        // The shipped rule lets the first report pass and waits for the next.
        let subject = Subject::Guest(format!("a-guest-of-a-usual-name-{number:06}").into());
        let key = Key { kind: Kind::ZombieGuest, subject };
        let at = Timestamp::from_nanos(0);
        let event = AuditEvent { at, key, change: DiscrepancyChange::Opened { since: at } };
        flow.handle(at, Input::Audit(&event), &world);
        while flow.poll().is_some() {}
    }
    assert_eq!(flow.runs().count(), RUNS);
    let octets = usize::try_from(HEAP.live_octets() - before).expect("it fits") / RUNS;
    assert!(octets < 1_000, "{octets} octets for a waiting run");
}
