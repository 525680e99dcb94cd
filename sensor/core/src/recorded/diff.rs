use core::cmp::Ordering;

use super::model::{Guest, GuestIndex, Host, HostIndex};
use super::snapshot::Snapshot;
use crate::types::MacAddr;

/// What differs between two snapshots. Where a record stands in its file is no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Guests that only the new snapshot has, by its indices.
    pub guests_added: Vec<GuestIndex>,
    /// Guests that only the old snapshot has, by its indices.
    pub guests_removed: Vec<GuestIndex>,
    /// Guests that both have and that differ: old index, new index.
    pub guests_changed: Vec<(GuestIndex, GuestIndex)>,
    /// Hosts that only the new snapshot has, by its indices.
    pub hosts_added: Vec<HostIndex>,
    /// Hosts that only the old snapshot has, by its indices.
    pub hosts_removed: Vec<HostIndex>,
    /// Hosts that both have and that differ: old index, new index.
    pub hosts_changed: Vec<(HostIndex, HostIndex)>,
    /// MAC addresses of known stations that were added, removed or changed; sorted.
    pub known_stations: Vec<MacAddr>,
    /// Whether any switch differs.
    pub switches: bool,
    /// Whether any subnet differs.
    pub subnets: bool,
    /// Whether any guest prefix differs.
    pub guest_prefixes: bool,
    /// Whether any scheduled work differs.
    pub scheduled_work: bool,
    /// Whether any node of the hierarchy differs.
    pub hierarchy: bool,
}

impl Changes {
    /// Tells whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Returns what differs between two snapshots, in time proportional to their size.
pub fn diff(old: &Snapshot, new: &Snapshot) -> Changes {
    let mut changes = Changes::default();
    let old_guests: Vec<_> = old.indexed_guests().collect();
    let new_guests: Vec<_> = new.indexed_guests().collect();
    merge(
        &old_guests,
        &new_guests,
        |(_, a), (_, b)| a.id.cmp(&b.id),
        |step| match step {
            Step::Removed((at, _)) => changes.guests_removed.push(*at),
            Step::Added((at, _)) => changes.guests_added.push(*at),
            Step::Both((from, a), (to, b)) => {
                if !same_guest(old, a, new, b) {
                    changes.guests_changed.push((*from, *to));
                }
            }
        },
    );
    let old_hosts: Vec<_> = old.indexed_hosts().collect();
    let new_hosts: Vec<_> = new.indexed_hosts().collect();
    merge(
        &old_hosts,
        &new_hosts,
        |(_, a), (_, b)| a.id.cmp(&b.id),
        |step| match step {
            Step::Removed((at, _)) => changes.hosts_removed.push(*at),
            Step::Added((at, _)) => changes.hosts_added.push(*at),
            Step::Both((from, a), (to, b)) => {
                if !same_host(a, b) {
                    changes.hosts_changed.push((*from, *to));
                }
            }
        },
    );
    merge(
        old.known_stations(),
        new.known_stations(),
        |a, b| a.mac.cmp(&b.mac),
        |step| match step {
            Step::Removed(station) | Step::Added(station) => changes.known_stations.push(station.mac),
            Step::Both(a, b) => {
                if (&a.name, a.ttl) != (&b.name, b.ttl) {
                    changes.known_stations.push(a.mac);
                }
            }
        },
    );
    changes.switches = differ(old.switches(), new.switches(), |a, b| {
        (&a.id, &a.name, a.management, &a.known_as) == (&b.id, &b.name, b.management, &b.known_as)
            && (&a.ports, &a.uplinks, &a.port_aliases) == (&b.ports, &b.uplinks, &b.port_aliases)
    });
    changes.subnets = differ(old.subnets(), new.subnets(), |a, b| {
        (a.prefix, a.vlan, &a.site, &a.purpose) == (b.prefix, b.vlan, &b.site, &b.purpose)
    });
    changes.guest_prefixes = old.guest_prefixes() != new.guest_prefixes();
    changes.scheduled_work = differ(old.scheduled_work(), new.scheduled_work(), |a, b| {
        (&a.reference, &a.who, &a.what, a.from, a.to, &a.recurrence)
            == (&b.reference, &b.who, &b.what, b.from, b.to, &b.recurrence)
    });
    changes.hierarchy = differ(old.nodes(), new.nodes(), |a, b| {
        (&a.id, &a.kind, &a.name, &a.parent) == (&b.id, &b.kind, &b.name, &b.parent)
    });
    changes
}

enum Step<'a, T> {
    Removed(&'a T),
    Added(&'a T),
    Both(&'a T, &'a T),
}

/// Walks two sorted lists side by side.
fn merge<'a, T>(
    mut old: &'a [T],
    mut new: &'a [T],
    order: impl Fn(&T, &T) -> Ordering,
    mut visit: impl FnMut(Step<'a, T>),
) {
    loop {
        match (old.split_first(), new.split_first()) {
            (None, None) => return,
            (Some((a, rest)), None) => {
                visit(Step::Removed(a));
                old = rest;
            }
            (None, Some((b, rest))) => {
                visit(Step::Added(b));
                new = rest;
            }
            (Some((a, old_rest)), Some((b, new_rest))) => match order(a, b) {
                Ordering::Less => {
                    visit(Step::Removed(a));
                    old = old_rest;
                }
                Ordering::Greater => {
                    visit(Step::Added(b));
                    new = new_rest;
                }
                Ordering::Equal => {
                    visit(Step::Both(a, b));
                    (old, new) = (old_rest, new_rest);
                }
            },
        }
    }
}

fn differ<T>(old: &[T], new: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    old.len() != new.len() || !old.iter().zip(new).all(|(a, b)| same(a, b))
}

/// Compares guests by everything but their positions; hosts by id, as indices mean nothing across snapshots.
fn same_guest(old: &Snapshot, a: &Guest, new: &Snapshot, b: &Guest) -> bool {
    let host_id = |snapshot, host: Option<HostIndex>| -> Option<&str> {
        host.and_then(|at| Snapshot::host(snapshot, at)).map(|host| host.id.as_ref())
    };
    let identity = |g: &Guest| (g.uuid, g.run_state, g.state_since, g.created, g.expires);
    identity(a) == identity(b)
        && host_id(old, a.host) == host_id(new, b.host)
        && a.macs == b.macs
        && a.home_addresses == b.home_addresses
        && a.addresses == b.addresses
        && (&a.name, &a.owner, &a.parent) == (&b.name, &b.owner, &b.parent)
        && (&a.tags, &a.groups) == (&b.tags, &b.groups)
}

fn same_host(a: &Host, b: &Host) -> bool {
    (&a.name, a.management, a.state, &a.site, &a.parent)
        == (&b.name, b.management, b.state, &b.site, &b.parent)
        && (&a.macs, &a.vteps, &a.attachments, &a.subnets) == (&b.macs, &b.vteps, &b.attachments, &b.subnets)
}
