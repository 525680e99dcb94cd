use std::sync::Arc;

use crate::audit::{Audit, AuditEvent, Key, Statement};
use crate::presence::{Ledger, PresenceEvent, PresenceKind};
use crate::recorded::{Guest, Snapshot};
use crate::rules::RuleSet;
use crate::types::{Confidence, Location, StationId, Timestamp};
use crate::workflow::{Input, Outcome, RunId, Standing, Workflow, WorkflowEvent, WorkflowSettings, World};

/// One set of rules for each workflow engine that looks on: mostly one; two where rules are held against others.
pub type RuleSets = Vec<(WorkflowSettings, Arc<RuleSet>)>;

/// The workflow engines that look on. They change nothing of what they see, so that several may.
#[derive(Debug, Default)]
pub(super) struct Flows {
    flows: Vec<Workflow>,
}

/// What workflows can know of the ledger and the audit.
struct Known<'a> {
    audit: &'a Audit,
    ledger: &'a Ledger,
}

impl Flows {
    pub(super) fn new(sets: RuleSets) -> Self {
        Self { flows: sets.into_iter().map(|(settings, rules)| Workflow::new(settings, rules)).collect() }
    }

    pub(super) fn get(&self, set: usize) -> Option<&Workflow> {
        self.flows.get(set)
    }

    pub(super) fn replace_rules(&mut self, rules: &Arc<RuleSet>) {
        for flow in &mut self.flows {
            flow.replace_rules(Arc::clone(rules));
        }
    }

    pub(super) fn audit(&mut self, event: &AuditEvent, audit: &Audit, ledger: &Ledger) {
        for flow in &mut self.flows {
            flow.handle(event.at, Input::Audit(event), &Known { audit, ledger });
        }
    }

    /// Takes in that a station came or went, where any run waits for one.
    pub(super) fn presence(&mut self, event: &PresenceEvent, audit: &Audit, ledger: &Ledger) {
        let is_change = matches!(
            event.kind,
            PresenceKind::Started { .. } | PresenceKind::Stopped { .. } | PresenceKind::Expired { .. }
        );
        if !is_change || !self.flows.iter().any(Workflow::wants_presence) {
            return;
        }
        let snapshot = audit.snapshot();
        let of_home;
        let guests = match event.station {
            StationId::Mac(mac) => snapshot.guests_by_mac(mac),
            StationId::HomeAddress(home) => {
                of_home = snapshot.guest_by_home_address(home);
                of_home.as_slice()
            }
        };
        let known = Known { audit, ledger };
        for guest in guests.iter().filter_map(|&index| snapshot.guest(index)) {
            let input = Input::Presence { guest: &guest.id, present: known.is_present(guest) };
            for flow in &mut self.flows {
                flow.handle(event.at, input.clone(), &known);
            }
        }
    }

    pub(super) fn tick(&mut self, now: Timestamp, audit: &Audit, ledger: &Ledger) {
        for flow in &mut self.flows {
            flow.handle(now, Input::Tick, &Known { audit, ledger });
        }
    }

    pub(super) fn outcome(
        &mut self,
        now: Timestamp,
        (effect, outcome): (&str, &Outcome),
        audit: &Audit,
        ledger: &Ledger,
    ) {
        for flow in &mut self.flows {
            let input = Input::Outcome { effect, outcome: outcome.clone() };
            flow.handle(now, input, &Known { audit, ledger });
        }
    }

    pub(super) fn decision(
        &mut self,
        now: Timestamp,
        (run, by, yes): (RunId, &str, bool),
        audit: &Audit,
        ledger: &Ledger,
    ) {
        for flow in &mut self.flows {
            flow.handle(now, Input::Decision { run, by, yes }, &Known { audit, ledger });
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.flows.iter().filter_map(Workflow::next_deadline).min()
    }

    /// Takes what became of runs next, with the number of the set of rules.
    pub(super) fn poll(&mut self) -> Option<(usize, WorkflowEvent)> {
        self.flows.iter_mut().enumerate().find_map(|(set, flow)| Some((set, flow.poll()?)))
    }
}

impl World for Known<'_> {
    fn standing(&self, key: &Key) -> Option<Standing<'_>> {
        self.audit.discrepancy(key).map(|known| Standing {
            state: known.state,
            since: known.since,
            opened_at: known.opened_at,
            last_seen_at: known.last_seen_at,
            episodes: known.episodes,
            count: known.count,
            path: &known.path,
        })
    }

    fn statement(&self, key: &Key) -> Option<Statement> {
        self.audit.discrepancy(key).map(|known| self.audit.statement(known, self.ledger))
    }

    fn snapshot(&self) -> &Snapshot {
        self.audit.snapshot()
    }

    fn hosts_of(&self, key: &Key) -> Vec<Box<str>> {
        let Some(known) = self.audit.discrepancy(key) else { return Vec::new() };
        let snapshot = self.audit.snapshot();
        let mut hosts: Vec<Box<str>> = Vec::new();
        for piece in known.evidence.iter().rev() {
            // A care-of address says in which subnet, not on which host.
            let is_known = !matches!(piece.location, Location::CareOf { .. })
                && self.audit.confidence(piece.location, self.ledger) >= Confidence::Host;
            if !is_known {
                continue;
            }
            for index in self.audit.hosts_at(piece.location, self.ledger) {
                let id = snapshot.host(index).map(|host| host.id.clone());
                hosts.extend(id.filter(|id| !hosts.contains(id)));
            }
        }
        hosts
    }

    fn is_present(&self, guest: &Guest) -> bool {
        let macs = guest.macs.iter().map(|&mac| StationId::Mac(mac));
        let homes = guest.home_addresses.iter().map(|&home| StationId::HomeAddress(home));
        macs.chain(homes).any(|station| self.ledger.is_present(station))
    }
}
