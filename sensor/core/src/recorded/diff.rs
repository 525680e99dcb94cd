use core::cmp::Ordering;

use super::marks::common;
use super::model::{GuestIndex, HostIndex};
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

/// Returns what differs between two snapshots.
///
/// Takes the time to compare one number for each record, and to read those that stand between the first that differs and the
/// last.
pub fn diff(old: &Snapshot, new: &Snapshot) -> Changes {
    let mut changes = Changes::default();
    let (old_marks, new_marks) = (old.marks(), new.marks());
    let is_same = |old: &[u64], new: &[u64], from: usize, to: usize| {
        old.get(from).is_some_and(|mark| new.get(to) == Some(mark))
    };
    let [old_guests, new_guests] =
        between(&old_marks.guests, &new_marks.guests, [old.guests(), new.guests()]);
    merge(
        old_guests,
        new_guests,
        |a, b| a.1.id.cmp(&b.1.id),
        |step| match step {
            Step::Removed((at, _)) => changes.guests_removed.extend(old.guest_index(at)),
            Step::Added((at, _)) => changes.guests_added.extend(new.guest_index(at)),
            Step::Both((from, _), (to, _)) => {
                if !is_same(&old_marks.guests, &new_marks.guests, from, to) {
                    changes.guests_changed.extend(old.guest_index(from).zip(new.guest_index(to)));
                }
            }
        },
    );
    let [old_hosts, new_hosts] = between(&old_marks.hosts, &new_marks.hosts, [old.hosts(), new.hosts()]);
    merge(
        old_hosts,
        new_hosts,
        |a, b| a.1.id.cmp(&b.1.id),
        |step| match step {
            Step::Removed((at, _)) => changes.hosts_removed.extend(old.host_index(at)),
            Step::Added((at, _)) => changes.hosts_added.extend(new.host_index(at)),
            Step::Both((from, _), (to, _)) => {
                if !is_same(&old_marks.hosts, &new_marks.hosts, from, to) {
                    changes.hosts_changed.extend(old.host_index(from).zip(new.host_index(to)));
                }
            }
        },
    );
    let known = [old.known_stations(), new.known_stations()];
    let [old_known, new_known] = between(&old_marks.known_stations, &new_marks.known_stations, known);
    merge(
        old_known,
        new_known,
        |a, b| a.1.mac.cmp(&b.1.mac),
        |step| match step {
            Step::Removed((_, station)) | Step::Added((_, station)) => {
                changes.known_stations.push(station.mac);
            }
            Step::Both((from, station), (to, _)) => {
                if !is_same(&old_marks.known_stations, &new_marks.known_stations, from, to) {
                    changes.known_stations.push(station.mac);
                }
            }
        },
    );
    changes.switches = old_marks.switches != new_marks.switches;
    changes.subnets = old_marks.subnets != new_marks.subnets;
    changes.guest_prefixes = old_marks.guest_prefixes != new_marks.guest_prefixes;
    changes.scheduled_work = old_marks.scheduled_work != new_marks.scheduled_work;
    changes.hierarchy = old_marks.hierarchy != new_marks.hierarchy;
    changes
}

/// Some records of a sorted list, with their places in it.
type Part<'a, T> = Vec<(usize, &'a T)>;

/// Returns what stands between the equal beginnings and the equal ends of two lists.
fn between<'a, T>(old: &[u64], new: &[u64], records: [&'a [T]; 2]) -> [Part<'a, T>; 2] {
    let (head, tail) = common(old, new);
    records.map(|list| {
        let count = list.len().saturating_sub(head + tail);
        list.iter().enumerate().skip(head).take(count).collect()
    })
}

enum Step<T> {
    Removed(T),
    Added(T),
    Both(T, T),
}

/// Walks two sorted lists side by side.
fn merge<T>(old: Vec<T>, new: Vec<T>, order: impl Fn(&T, &T) -> Ordering, mut visit: impl FnMut(Step<T>)) {
    let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
    loop {
        let side = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => order(a, b),
        };
        let step = match side {
            Ordering::Less => old.next().map(Step::Removed),
            Ordering::Greater => new.next().map(Step::Added),
            Ordering::Equal => old.next().zip(new.next()).map(|(a, b)| Step::Both(a, b)),
        };
        step.into_iter().for_each(&mut visit);
    }
}
