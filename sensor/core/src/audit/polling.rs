//! What the polling of forwarding tables adds: which rows are of interest, and whom the tables vouch for.

use std::collections::BTreeMap;

use super::book::Book;
use super::discrepancy::{Kind, Subject};
use crate::presence::{ForwardingTables, PolledTable, TableRow, TableSight};
use crate::recorded::{Host, Snapshot};
use crate::types::{PollRound, PolledSwitch, Timestamp};

/// Returns the rows of a round that are of interest, by recorded names: those of guests, in the inventory or by their prefix.
pub(super) fn of_interest(round: &PollRound, snapshot: &Snapshot) -> Vec<PolledTable> {
    round.switches.iter().map(|polled| table_of(polled, snapshot)).collect()
}

fn table_of(polled: &PolledSwitch, snapshot: &Snapshot) -> PolledTable {
    let recorded = snapshot.switch_known_as(&polled.switch);
    let switch = recorded.map_or_else(|| polled.switch.clone(), |switch| switch.id.clone());
    let Ok(rows) = &polled.table else { return PolledTable { switch, rows: None } };
    let names = [polled.switch.clone()];
    // Names of ports repeat: each is looked up once, with how many addresses are behind it.
    let mut ports: BTreeMap<&str, (Option<Box<str>>, u32)> = BTreeMap::new();
    for row in rows {
        let known = ports.entry(&row.port).or_insert_with(|| {
            let port = snapshot.port_known_as(&names, core::slice::from_ref(&row.port));
            let port = port.map_or_else(
                || Some(row.port.clone()),
                |port| (!snapshot.is_uplink(&port)).then_some(port.port),
            );
            (port, 0)
        });
        known.1 = known.1.saturating_add(1);
    }
    let is_guest = |mac| snapshot.guest_by_mac(mac).is_some() || snapshot.guest_prefix(mac).is_some();
    let of_guests = rows.iter().filter(|row| is_guest(row.mac));
    let rows = of_guests.map(|row| {
        let (port, crowd) = ports.get(&*row.port).cloned().unwrap_or_default();
        TableRow { mac: row.mac, vlan: row.vlan, port, crowd }
    });
    PolledTable { switch, rows: Some(rows.collect()) }
}

/// Whether the polled tables would show a guest of a host: all switches that the host is attached to must be polled.
///
/// Guests of a host that is a tunnel's end may be in an overlay, of which the tables of the switches below show nothing.
pub(super) fn sight_of(host: &Host, is_in_tables: bool, tables: &ForwardingTables) -> TableSight {
    if host.attachments.is_empty() || (!host.vteps.is_empty() && !is_in_tables) {
        return TableSight::No;
    }
    let mut sight = TableSight::Since(Timestamp::MIN);
    for port in &host.attachments {
        sight = match (sight, tables.sight(&port.switch)) {
            (TableSight::No, _) | (_, TableSight::No) => TableSight::No,
            (TableSight::Blind, _) | (_, TableSight::Blind) => TableSight::Blind,
            (TableSight::Since(one), TableSight::Since(other)) => TableSight::Since(one.max(other)),
        };
    }
    sight
}

/// What the tables could show after the last round.
#[derive(Debug, Default)]
pub(super) struct Sights {
    sights: Vec<(Box<str>, TableSight)>,
    /// How often nothing was seen in between.
    outdatings: u64,
}

impl Sights {
    /// Takes in what they can show now; returns the times since when some switch does, if anything changed.
    pub(super) fn renew(&mut self, tables: &ForwardingTables) -> Option<Vec<Timestamp>> {
        let sights: Vec<(Box<str>, TableSight)> =
            tables.switches().map(|(switch, sight)| (switch.into(), sight)).collect();
        let changed = sights != self.sights || tables.outdatings() != self.outdatings;
        (self.sights, self.outdatings) = (sights, tables.outdatings());
        let since = self.sights.iter().filter_map(|(_, sight)| match sight {
            TableSight::Since(since) => Some(*since),
            TableSight::Blind | TableSight::No => None,
        });
        changed.then(|| {
            let mut since: Vec<Timestamp> = since.collect();
            since.sort_unstable();
            since.dedup();
            since
        })
    }
}

/// Returns the guests that are called silent: that one of them is on an uplink makes no event.
pub(super) fn called_silent(book: &Book) -> Vec<Subject> {
    let silent = book.discrepancies().filter(|known| known.is_open() && known.key.kind == Kind::SilentGuest);
    silent.map(|known| known.key.subject.clone()).collect()
}
