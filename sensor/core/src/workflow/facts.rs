use core::cell::OnceCell;

use super::run::{Run, RunId};
use crate::audit::{DiscrepancyState, Key, Statement, Subject};
use crate::recorded::{Guest, GuestIndex, Host, PathOf, ScheduledWork, Selector, Snapshot};
use crate::rules::Rule;
use crate::rules::expr::{Field, Value, Values};
use crate::types::Timestamp;

/// What runs can know of the world: observed and recorded state as they are now.
pub trait World {
    /// Returns how a discrepancy stands, open or resolved.
    fn standing(&self, key: &Key) -> Option<Standing<'_>>;
    /// Says in sentences what it consists of.
    fn statement(&self, key: &Key) -> Option<Statement>;
    /// Returns the recorded state.
    fn snapshot(&self) -> &Snapshot;
    /// Returns the hosts at which its evidence puts the subject, that of the latest evidence first.
    fn hosts_of(&self, key: &Key) -> Vec<Box<str>>;
    /// Tells whether any station of a recorded guest is present.
    fn is_present(&self, guest: &Guest) -> bool;
}

/// How a discrepancy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Where in its life it is.
    pub state: DiscrepancyState,
    /// From when on the evidence sufficed.
    pub since: Timestamp,
    /// When it was opened, the last time.
    pub opened_at: Timestamp,
    /// When its evidence was last renewed.
    pub last_seen_at: Timestamp,
    /// How often it was opened.
    pub episodes: u32,
    /// Pieces of evidence.
    pub count: u64,
    /// Where the subject stands in the hierarchy, the root first.
    pub path: &'a [Box<str>],
}

impl Standing<'_> {
    /// Tells whether it is not over.
    pub fn is_open(&self) -> bool {
        self.state != DiscrepancyState::Resolved
    }
}

/// What is counted of runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) open: u32,
    pub(super) runs: u32,
    pub(super) is_storm: bool,
}

/// The values of fields for one discrepancy at one time. What is dear is made when it is asked for.
pub(super) struct Facts<'a> {
    pub(super) world: &'a dyn World,
    pub(super) key: &'a Key,
    pub(super) rule: &'a Rule,
    pub(super) run: Option<(RunId, &'a Run)>,
    pub(super) counts: Counts,
    pub(super) now: Timestamp,
    statement: OnceCell<Option<Statement>>,
}

impl<'a> Facts<'a> {
    pub(super) const fn new(
        world: &'a dyn World,
        key: &'a Key,
        rule: &'a Rule,
        run: Option<(RunId, &'a Run)>,
        counts: Counts,
        now: Timestamp,
    ) -> Self {
        Self { world, key, rule, run, counts, now, statement: OnceCell::new() }
    }

    fn said(&self, part: impl Fn(&Statement) -> &str) -> Option<Value> {
        let made = self.statement.get_or_init(|| self.world.statement(self.key));
        made.as_ref().map(|statement| Value::text(part(statement)))
    }

    fn guest_index(&self) -> Option<GuestIndex> {
        match &self.key.subject {
            Subject::Guest(id) => self.world.snapshot().guest_by_id(id),
            _ => None,
        }
    }

    fn guest(&self) -> Option<&'a Guest> {
        self.world.snapshot().guest(self.guest_index()?)
    }

    fn host(&self) -> Option<&'a Host> {
        self.world.snapshot().host(self.guest()?.host?)
    }

    /// Returns the host that the wire puts the guest on; of several, one that is not the recorded.
    pub(super) fn observed_host(&self) -> Option<Box<str>> {
        let hosts = self.world.hosts_of(self.key);
        let recorded = self.host().map(|host| &host.id);
        let other = hosts.iter().find(|host| recorded != Some(*host));
        other.or_else(|| hosts.first()).cloned()
    }

    /// Returns the scheduled work that touches the subject now.
    pub(super) fn planned(&self) -> Vec<&'a ScheduledWork> {
        let snapshot = self.world.snapshot();
        let works = snapshot.scheduled_work().iter();
        let under_way = works.filter(|work| work.is_on(self.now));
        under_way.filter(|work| self.touches(&work.what, snapshot)).collect()
    }

    fn touches(&self, what: &Selector, snapshot: &Snapshot) -> bool {
        let index = self.guest_index();
        let guest = self.guest();
        let recorded = self.host().map(|host| host.id.clone());
        let observed = self.world.hosts_of(self.key);
        let hosts: Vec<Box<str>> = recorded.into_iter().chain(observed).collect();
        let switches = || {
            let hosts = hosts.iter().filter_map(|id| snapshot.host(snapshot.host_by_id(id)?));
            hosts.flat_map(|host| &host.attachments).map(|port| &port.switch)
        };
        let nodes = || {
            let of_guest = index.map(|index| snapshot.hierarchy_path(PathOf::Guest(index)));
            let of_hosts = hosts
                .iter()
                .filter_map(|id| Some(snapshot.hierarchy_path(PathOf::Host(snapshot.host_by_id(id)?))));
            of_guest.into_iter().chain(of_hosts).flatten().map(|node| &node.id)
        };
        guest.is_some_and(|guest| {
            what.guests.contains(&guest.id)
                || guest.tags.iter().any(|tag| what.tags.contains(tag))
                || guest.groups.iter().any(|group| what.groups.contains(group))
        }) || hosts.iter().any(|host| what.hosts.contains(host))
            || !what.switches.is_empty() && switches().any(|switch| what.switches.contains(switch))
            || !what.groups.is_empty() && nodes().any(|node| what.groups.contains(node))
    }

    fn of_discrepancy(&self, field: Field) -> Option<Value> {
        match field {
            Field::Id => return Some(Value::text(self.key.id().to_string())),
            Field::Key => return Some(Value::text(self.key.to_string())),
            Field::Kind => return Some(Value::text(self.key.kind.as_str())),
            Field::Severity => return Some(Value::text(self.key.kind.severity().as_str())),
            Field::Subject => return Some(Value::text(self.key.subject.to_string())),
            Field::Recorded => return self.said(|statement| &statement.recorded),
            Field::Observed => return self.said(|statement| &statement.observed),
            Field::Explanation => return self.said(|statement| &statement.explanation),
            Field::Reports => return Some(Value::Int(self.run.map_or(1, |(_, run)| i64::from(run.reports)))),
            _ => {}
        }
        let known = self.world.standing(self.key)?;
        Some(match field {
            Field::State => Value::text(known.state.as_str()),
            Field::Evidence => Value::Int(i64::try_from(known.count).unwrap_or(i64::MAX)),
            Field::Episodes => Value::Int(i64::from(known.episodes)),
            Field::Since => Value::Time(known.since),
            Field::OpenedAt => Value::Time(known.opened_at),
            Field::LastSeenAt => Value::Time(known.last_seen_at),
            Field::Path => Value::texts(known.path),
            Field::ObservedHost => Value::text(self.observed_host()?),
            Field::ObservedHosts => Value::texts(self.world.hosts_of(self.key)),
            _ => return None,
        })
    }

    fn of_guest(&self, field: Field) -> Option<Value> {
        let guest = self.guest()?;
        let texts = |values: &[Box<str>]| (!values.is_empty()).then(|| Value::texts(values));
        match field {
            Field::GuestId => Some(Value::text(&guest.id)),
            Field::GuestName => Some(Value::text(&guest.name)),
            Field::GuestHost => self.host().map(|host| Value::text(&host.id)),
            Field::GuestMacs => Some(Value::texts(guest.macs.iter().map(ToString::to_string))),
            Field::GuestAddresses => Some(Value::texts(guest.addresses.iter().map(ToString::to_string))),
            Field::GuestRunState => Some(Value::text(guest.run_state.as_str())),
            Field::GuestStateSince => guest.state_since.map(Value::Time),
            Field::GuestOwner => guest.owner.as_ref().map(Value::text),
            Field::GuestTags => texts(&guest.tags),
            Field::GuestGroups => texts(&guest.groups),
            Field::GuestCreated => guest.created.map(Value::Time),
            Field::GuestExpires => guest.expires.map(Value::Time),
            _ => None,
        }
    }

    fn of_host(&self, field: Field) -> Option<Value> {
        let host = self.host()?;
        match field {
            Field::HostId => Some(Value::text(&host.id)),
            Field::HostName => Some(Value::text(&host.name)),
            Field::HostState => Some(Value::text(host.state.as_str())),
            Field::HostSite => host.site.as_ref().map(Value::text),
            Field::HostGuests => {
                let snapshot = self.world.snapshot();
                let count = snapshot.host_by_id(&host.id).map_or(0, |host| snapshot.guests_on(host).len());
                i64::try_from(count).ok().map(Value::Int)
            }
            _ => None,
        }
    }

    fn of_schedule(&self, field: Field) -> Option<Value> {
        let planned = self.planned();
        match field {
            Field::Planned => Some(Value::Bool(!planned.is_empty())),
            Field::PlannedUntil => planned.iter().map(|work| work.to).max().map(Value::Time),
            _ if planned.is_empty() => None,
            _ => Some(Value::texts(planned.iter().map(|work| &work.reference))),
        }
    }
}

impl Values for Facts<'_> {
    fn field(&self, field: Field) -> Option<Value> {
        match field {
            Field::GuestId
            | Field::GuestName
            | Field::GuestHost
            | Field::GuestMacs
            | Field::GuestAddresses
            | Field::GuestRunState
            | Field::GuestStateSince
            | Field::GuestOwner
            | Field::GuestTags
            | Field::GuestGroups
            | Field::GuestCreated
            | Field::GuestExpires => self.of_guest(field),
            Field::HostId | Field::HostName | Field::HostState | Field::HostSite | Field::HostGuests => {
                self.of_host(field)
            }
            Field::Planned | Field::PlannedReferences | Field::PlannedUntil => self.of_schedule(field),
            Field::OpenOfKind => Some(Value::Int(self.counts.open.into())),
            Field::RunsOfRule => Some(Value::Int(self.counts.runs.into())),
            Field::Storm => Some(Value::Bool(self.counts.is_storm)),
            Field::RunId => self.run.map(|(id, _)| Value::text(id.to_string())),
            Field::Rule => Some(Value::text(&self.rule.id)),
            Field::RunStartedAt => self.run.map(|(_, run)| Value::Time(run.started_at)),
            Field::RunError => self.run.and_then(|(_, run)| run.error.as_ref()).map(Value::text),
            Field::Now => Some(Value::Time(self.now)),
            _ => self.of_discrepancy(field),
        }
    }

    fn variable(&self, index: u16) -> Option<Value> {
        self.run.and_then(|(_, run)| run.variables.get(usize::from(index)).cloned().flatten())
    }
}
