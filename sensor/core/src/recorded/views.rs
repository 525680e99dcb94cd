//! The tables of the classical design, as rows that anything can print.

use super::model::{Guest, HostIndex, ScheduledWork, Selector};
use super::snapshot::{PathOf, Snapshot};
use crate::types::{Port, Timestamp};

/// A way to look at a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// The published inventory: which guest has which MAC address, where, in which state.
    Published,
    /// The hypervisor forward table: which host is behind which switch port.
    Forward,
    /// Every recorded switch port and what is on it.
    Topology,
    /// Scheduled work.
    Schedule,
    /// The hierarchy down to the guests.
    Hierarchy,
}

impl View {
    /// Every view, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Published, Self::Forward, Self::Topology, Self::Schedule, Self::Hierarchy];

    /// Returns the word that selects it on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Forward => "forward",
            Self::Topology => "topology",
            Self::Schedule => "schedule",
            Self::Hierarchy => "hierarchy",
        }
    }
}

/// One value in a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// The record does not say.
    Missing,
    /// A text.
    Text(String),
    /// A number.
    Number(u64),
    /// A time.
    Time(Timestamp),
    /// Several texts.
    List(Vec<String>),
}

impl Cell {
    /// Makes a text of anything that can be printed.
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// Makes a text of something that may be missing.
    pub fn maybe(value: Option<impl ToString>) -> Self {
        value.map_or(Self::Missing, Self::text)
    }

    /// Makes a list.
    pub fn list<T: ToString>(values: impl IntoIterator<Item = T>) -> Self {
        Self::List(values.into_iter().map(|value| value.to_string()).collect())
    }
}

/// Rows under named columns. The names are field names in JSON and a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<&'static str>,
    /// The rows; each has a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

impl Snapshot {
    /// Returns a view of this snapshot.
    pub fn view(&self, view: View) -> Table {
        match view {
            View::Published => published(self),
            View::Forward => forward(self),
            View::Topology => topology(self),
            View::Schedule => schedule(self),
            View::Hierarchy => hierarchy(self),
        }
    }
}

/// Sorted by host, then guest, then MAC address; guests without a host come first.
fn published(snapshot: &Snapshot) -> Table {
    let mut rows: Vec<(Option<HostIndex>, &Guest)> =
        snapshot.guests().iter().map(|guest| (guest.host, guest)).collect();
    rows.sort_by_key(|(host, _)| *host);
    let row = |host: Option<HostIndex>, guest: &Guest, mac: Cell| {
        vec![
            Cell::maybe(host.and_then(|at| snapshot.host(at)).map(|host| &host.id)),
            Cell::text(&guest.id),
            Cell::text(&guest.name),
            mac,
            Cell::list(&guest.addresses),
            Cell::list(&guest.home_addresses),
            Cell::text(guest.run_state.as_str()),
            Cell::text(guest.run_state.should_communicate().as_str()),
            Cell::maybe(guest.owner.as_ref()),
        ]
    };
    let rows = rows.into_iter().flat_map(|(host, guest)| {
        let without_mac = guest.macs.is_empty().then(|| row(host, guest, Cell::Missing));
        let with_mac = guest.macs.iter().map(move |mac| row(host, guest, Cell::text(mac)));
        with_mac.chain(without_mac)
    });
    Table {
        rows: rows.collect(),
        columns: vec![
            "host",
            "guest",
            "name",
            "mac",
            "addresses",
            "home_addresses",
            "run_state",
            "should_communicate",
            "owner",
        ],
    }
}

/// Sorted by host, then in the order of the record.
fn forward(snapshot: &Snapshot) -> Table {
    let rows = snapshot.hosts().iter().flat_map(|host| {
        host.attachments.iter().map(|port| {
            vec![
                Cell::text(&host.id),
                Cell::list(&host.macs),
                Cell::text(&port.switch),
                Cell::text(&port.port),
                Cell::list(&host.vteps),
                Cell::text(host.state.as_str()),
            ]
        })
    });
    Table { columns: vec!["host", "macs", "switch", "port", "vteps", "state"], rows: rows.collect() }
}

/// Sorted by switch and port.
fn topology(snapshot: &Snapshot) -> Table {
    let listed = snapshot.switches().iter().flat_map(|switch| {
        switch
            .ports
            .iter()
            .chain(&switch.uplinks)
            .map(|port| Port { switch: switch.id.clone(), port: port.clone() })
    });
    let mut ports: Vec<Port> = listed.chain(snapshot.attachments().map(|(port, _)| port.clone())).collect();
    ports.sort_unstable();
    ports.dedup();
    let rows = ports.iter().map(|port| {
        let hosts = snapshot.hosts_at(port);
        let kind = match (snapshot.is_uplink(port), hosts.is_empty()) {
            (true, _) => "uplink",
            (false, true) => "free",
            (false, false) => "hosts",
        };
        let guests: usize = hosts.iter().map(|host| snapshot.guests_on(*host).len()).sum();
        let switch = snapshot.switch_by_id(&port.switch);
        vec![
            Cell::text(&port.switch),
            Cell::text(&port.port),
            Cell::text(kind),
            Cell::list(hosts.iter().filter_map(|at| snapshot.host(*at)).map(|host| &host.id)),
            Cell::Number(guests as u64),
            Cell::maybe(switch.and_then(|switch| switch.management)),
        ]
    });
    Table { columns: vec!["switch", "port", "kind", "hosts", "guests", "management"], rows: rows.collect() }
}

/// By beginning.
fn schedule(snapshot: &Snapshot) -> Table {
    let rows = snapshot.scheduled_work().iter().map(|work: &ScheduledWork| {
        let Selector { guests, hosts, switches, groups, tags } = &work.what;
        vec![
            Cell::text(&work.reference),
            Cell::maybe(work.who.as_ref()),
            Cell::Time(work.from),
            Cell::Time(work.to),
            Cell::maybe(work.recurrence.as_ref()),
            Cell::list(guests),
            Cell::list(hosts),
            Cell::list(switches),
            Cell::list(groups),
            Cell::list(tags),
        ]
    });
    Table {
        columns: vec![
            "reference",
            "who",
            "from",
            "to",
            "recurrence",
            "guests",
            "hosts",
            "switches",
            "groups",
            "tags",
        ],
        rows: rows.collect(),
    }
}

/// Nodes, hosts and guests, each under its path from the root.
fn hierarchy(snapshot: &Snapshot) -> Table {
    let mut lines: Vec<(Vec<String>, &str, &str)> = Vec::new();
    let path_of = |of| -> Vec<String> {
        let path = snapshot.hierarchy_path(of);
        path.iter().map(|node| node.id.to_string()).collect()
    };
    for node in snapshot.nodes() {
        let mut path = vec![node.id.to_string()];
        let mut above = node.parent.as_deref();
        while let Some(parent) = above.and_then(|id| snapshot.node(id)) {
            path.push(parent.id.to_string());
            above = parent.parent.as_deref();
        }
        path.reverse();
        lines.push((path, &node.kind, &node.name));
    }
    for (at, host) in snapshot.indexed_hosts() {
        let mut path = path_of(PathOf::Host(at));
        path.push(host.id.to_string());
        lines.push((path, "host", &host.name));
    }
    for (at, guest) in snapshot.indexed_guests() {
        let mut path = path_of(PathOf::Guest(at));
        if guest.parent.is_none()
            && let Some(host) = guest.host.and_then(|host| snapshot.host(host))
        {
            path.push(host.id.to_string());
        }
        path.push(guest.id.to_string());
        lines.push((path, "guest", &guest.name));
    }
    lines.sort();
    let rows = lines.into_iter().map(|(path, kind, name)| {
        vec![
            Cell::text(path.join(" / ")),
            Cell::text(kind),
            Cell::maybe(path.last()),
            Cell::text(name),
            Cell::Number(path.len() as u64),
        ]
    });
    Table { columns: vec!["path", "kind", "id", "name", "depth"], rows: rows.collect() }
}
