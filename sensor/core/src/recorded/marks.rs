//! A number for each record, so that two snapshots are compared without reading them.

use core::hash::{BuildHasher as _, Hash};

use foldhash::quality::FixedState;

use super::model::{Guest, GuestPrefix, Host, HostIndex, KnownStation, Node, ScheduledWork, Subnet, Switch};

/// What the records of a snapshot come to.
///
/// Records that differ in anything but their place in a file have, but for one chance in 2^64, different numbers. Inventories
/// are believed, so nobody is expected to look for such a pair.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    pub(super) guests: Vec<u64>,
    pub(super) hosts: Vec<u64>,
    pub(super) known_stations: Vec<u64>,
    pub(super) switches: u64,
    pub(super) subnets: u64,
    pub(super) guest_prefixes: u64,
    pub(super) scheduled_work: u64,
    pub(super) hierarchy: u64,
}

impl Marks {
    #[expect(clippy::too_many_arguments, reason = "one for each kind of record, called in one place")]
    pub(super) fn new(
        guests: &[Guest],
        hosts: &[Host],
        switches: &[Switch],
        subnets: &[Subnet],
        known_stations: &[KnownStation],
        work: &[ScheduledWork],
        nodes: &[Node],
        guest_prefixes: &[GuestPrefix],
    ) -> Self {
        Self {
            guests: guests.iter().map(|guest| of_guest(guest, hosts)).collect(),
            hosts: hosts.iter().map(of_host).collect(),
            known_stations: known_stations
                .iter()
                .map(|known| of((known.mac, &known.name, known.ttl)))
                .collect(),
            switches: of_all(switches, of_switch),
            subnets: of_all(subnets, |subnet| {
                of((subnet.prefix, subnet.vlan, &subnet.site, &subnet.purpose))
            }),
            guest_prefixes: of_all(guest_prefixes, |prefix| of((prefix.prefix, &prefix.label))),
            scheduled_work: of_all(work, of_work),
            hierarchy: of_all(nodes, |node| of((&node.id, &node.kind, &node.name, &node.parent))),
        }
    }
}

/// Returns how many marks two lists have in common at their beginnings, and then at their ends.
pub(super) fn common(old: &[u64], new: &[u64]) -> (usize, usize) {
    let same = |(one, other): &(&u64, &u64)| one == other;
    let head = old.iter().zip(new).take_while(same).count();
    let (old, new) = (old.get(head..).unwrap_or(&[]), new.get(head..).unwrap_or(&[]));
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
    (head, tail)
}

fn of(value: impl Hash) -> u64 {
    FixedState::with_seed(0).hash_one(value)
}

fn of_all<T>(records: &[T], mark: impl Fn(&T) -> u64) -> u64 {
    of(records.iter().map(mark).collect::<Vec<u64>>())
}

/// Of its host the name counts, as indices mean nothing in another snapshot.
fn of_guest(guest: &Guest, hosts: &[Host]) -> u64 {
    let name = |at: HostIndex| hosts.get(at.index()).map(|host| &host.id);
    let Guest {
        id, uuid, name: called, macs, home_addresses, addresses, host, run_state, state_since, ..
    } = guest;
    let Guest { owner, tags, created, expires, groups, parent, conflicts, .. } = guest;
    let states = (uuid.map(|uuid| uuid.0), run_state.as_str(), state_since, created, expires);
    of((
        id,
        called,
        macs,
        home_addresses,
        addresses,
        host.and_then(name),
        states,
        (owner, tags, groups, parent, conflicts),
    ))
}

fn of_host(host: &Host) -> u64 {
    let Host { id, name, macs, vteps, attachments, management, state, site, subnets, parent, .. } = host;
    of((id, name, macs, vteps, attachments, management, state.as_str(), (site, subnets, parent)))
}

fn of_switch(switch: &Switch) -> u64 {
    let Switch { id, name, management, known_as, ports, port_aliases, uplinks, .. } = switch;
    of((id, name, management, known_as, ports, port_aliases, uplinks))
}

fn of_work(work: &ScheduledWork) -> u64 {
    let ScheduledWork { reference, who, what, from, to, recurrence, .. } = work;
    let what = (&what.guests, &what.hosts, &what.switches, &what.groups, &what.tags);
    of((reference, who, what, from, to, recurrence))
}

#[cfg(test)]
mod tests {
    use super::super::builder::SnapshotBuilder;
    use super::super::model::{Claim, RecordConflict, Uuid};
    use super::super::problem::Position;
    use super::super::rows::{GuestRow, HostRow, Text};
    use super::super::state::{HostState, RunState};
    use super::*;
    use crate::types::{MacAddr, Port, Timestamp};

    #[test]
    fn what_is_common_is_counted_once() {
        for (old, new, expected) in [
            (&[][..], &[][..], (0, 0)),
            (&[1, 2, 3], &[1, 2, 3], (3, 0)),
            (&[1, 2, 3], &[1, 9, 3], (1, 1)),
            (&[1, 2, 3], &[1, 3], (1, 1)),
            (&[1, 1], &[1, 1, 1], (2, 0)),
            (&[1], &[2], (0, 0)),
        ] {
            assert_eq!(common(old, new), expected, "{old:?} {new:?}");
        }
    }

    /// Every field of a record counts but its place in a file.
    #[test]
    fn every_field_of_a_guest_and_a_host_counts() {
        let text = |value: &str| Text::new(value, Position::default());
        let mut builder = SnapshotBuilder::new();
        builder.host(HostRow { id: Some(text("h")), ..HostRow::default() });
        builder.guest(GuestRow {
            id: Some(text("g")),
            macs: vec![text("52:54:00:00:00:01")],
            ..GuestRow::default()
        });
        let snapshot = builder.finish().snapshot;
        let (guest, host) = (&snapshot.guests()[0], &snapshot.hosts()[0]);
        let change: [fn(&mut Guest); 16] = [
            |g| g.id = "x".into(),
            |g| g.uuid = Some(Uuid(1)),
            |g| g.name = "x".into(),
            |g| g.macs.push(MacAddr::ZERO),
            |g| g.home_addresses.push([10, 0, 0, 1].into()),
            |g| g.addresses.push([10, 0, 0, 1].into()),
            |g| g.host = Some(HostIndex(0)),
            |g| g.run_state = RunState::Crashed,
            |g| g.state_since = Some(Timestamp::EPOCH),
            |g| g.owner = Some("x".into()),
            |g| g.tags.push("x".into()),
            |g| g.created = Some(Timestamp::EPOCH),
            |g| g.expires = Some(Timestamp::EPOCH),
            |g| g.groups.push("x".into()),
            |g| g.parent = Some("x".into()),
            |g| {
                let claim = || Claim { value: "x".into(), source: "y".into() };
                g.conflicts.push(RecordConflict { what: "host", claims: [claim(), claim()] });
            },
        ];
        let mut marks = vec![of_guest(guest, snapshot.hosts())];
        for change in change {
            let mut other = guest.clone();
            change(&mut other);
            marks.push(of_guest(&other, snapshot.hosts()));
        }
        let change: [fn(&mut Host); 10] = [
            |h| h.id = "x".into(),
            |h| h.name = "x".into(),
            |h| h.macs.push(MacAddr::ZERO),
            |h| h.vteps.push([10, 0, 0, 1].into()),
            |h| h.attachments.push(Port { switch: "s".into(), port: "p".into() }),
            |h| h.management = Some([10, 0, 0, 1].into()),
            |h| h.state = HostState::Failed,
            |h| h.site = Some("x".into()),
            |h| h.subnets.push("10.0.0.0/8".parse().unwrap()),
            |h| h.parent = Some("x".into()),
        ];
        marks.push(of_host(host));
        for change in change {
            let mut other = host.clone();
            change(&mut other);
            marks.push(of_host(&other));
        }
        let count = marks.len();
        marks.sort_unstable();
        marks.dedup();
        assert_eq!(marks.len(), count);
        let moved = Guest { position: Position { line: 9, ..Position::default() }, ..guest.clone() };
        assert_eq!(of_guest(&moved, snapshot.hosts()), of_guest(guest, snapshot.hosts()));
    }
}
