//! Resolves references between rows and reports what contradicts.

use std::collections::{BTreeMap, BTreeSet};

use super::builder::Problems;
use super::index::Index;
use super::merge::merge_sources;
use super::model::{Guest, GuestPrefix, Host, HostIndex, KnownStation, Node, ScheduledWork, Subnet, Switch};
use super::nearest::nearest;
use super::problem::Position;
use super::read::{Reference, listed};
use super::snapshot::Snapshot;
use super::state::Expectation;
use crate::types::{MacAddr, Port};

/// All rows that could be read, before references are resolved.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) guests: Vec<GuestDraft>,
    pub(super) hosts: Vec<HostDraft>,
    pub(super) switches: Vec<Switch>,
    pub(super) subnets: Vec<Subnet>,
    pub(super) known_stations: Vec<KnownStation>,
    pub(super) work: Vec<ScheduledWork>,
    pub(super) nodes: Vec<NodeDraft>,
    pub(super) guest_prefixes: Option<Vec<GuestPrefix>>,
}

#[derive(Clone, Debug)]
pub(super) struct GuestDraft {
    pub(super) guest: Guest,
    pub(super) host: Option<Reference>,
    pub(super) parent: Option<Reference>,
}

#[derive(Clone, Debug)]
pub(super) struct HostDraft {
    pub(super) host: Host,
    /// Where switch and port of each attachment stand.
    pub(super) attached_at: Vec<(Position, Position)>,
    pub(super) parent: Option<Reference>,
}

#[derive(Clone, Debug)]
pub(super) struct NodeDraft {
    pub(super) node: Node,
    pub(super) parent: Option<Reference>,
}

/// Makes the snapshot of a draft.
pub(super) fn finish(draft: Draft, problems: &mut Problems) -> Snapshot {
    let nodes = nodes(draft.nodes, problems);
    let mut switches = draft.switches;
    unique("switch", &mut switches, |s| (&s.id, s.position), problems);
    let hosts = hosts(draft.hosts, &nodes, &switches, problems);
    let guests = guests(draft.guests, &nodes, &hosts, problems);
    let known_stations = known_stations(draft.known_stations, &guests, &hosts, problems);
    let subnets = subnets(draft.subnets, problems);
    let mut work = draft.work;
    work.sort_by(|a, b| (a.from, &a.reference).cmp(&(b.from, &b.reference)));
    let snapshot = Snapshot::new(
        (problems.sources.clone(), problems.settings.clone()),
        guests,
        hosts,
        switches,
        subnets,
        known_stations,
        work,
        nodes,
        draft.guest_prefixes,
    );
    alias_targets(&snapshot, problems);
    shared_macs(&snapshot, problems);
    work_targets(&snapshot, problems);
    snapshot
}

/// Sorts records by id and drops all but the first of each id.
fn unique<T>(
    what: &str,
    records: &mut Vec<T>,
    key: impl Fn(&T) -> (&Box<str>, Position),
    problems: &mut Problems,
) {
    records.sort_by(|a, b| key(a).cmp(&key(b)));
    records.dedup_by(|second, first| {
        let ((id, first_at), (second_id, second_at)) = (key(first), key(second));
        if id != second_id {
            return false;
        }
        problems.conflict(
            "RC0205",
            second_at,
            first_at,
            format!("{what} `{id}` is recorded twice; this record is left out"),
            "remove one of the two, or give one another id",
        );
        true
    });
}

/// Finds the record with an id among records sorted by id.
fn position_of<T>(records: &[T], id: &str, key: impl Fn(&T) -> &str) -> Option<usize> {
    records.binary_search_by(|record| key(record).cmp(id)).ok()
}

/// Words the remedy for an id that nothing records.
fn unknown_help<'a>(section: &str, id: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(id, known) {
        Some(near) => {
            format!("the nearest recorded one is `{near}`; correct the id or add it to `{section}`")
        }
        None => format!("correct the id or add it to `{section}`"),
    }
}

fn nodes(mut drafts: Vec<NodeDraft>, problems: &mut Problems) -> Vec<Node> {
    unique("node", &mut drafts, |d| (&d.node.id, d.node.position), problems);
    let ids: BTreeSet<Box<str>> = drafts.iter().map(|d| d.node.id.clone()).collect();
    let mut parents: BTreeMap<Box<str>, Box<str>> = BTreeMap::new();
    let mut nodes = Vec::with_capacity(drafts.len());
    for NodeDraft { mut node, parent } in drafts {
        if let Some(parent) = known_parent("node", &node.id, parent, &ids, problems) {
            if leads_to(&parents, &parent.id, &node.id) {
                problems.error(
                    "RC0211",
                    parent.at,
                    format!("the parents of node `{}` lead back to it", node.id),
                    "the link is left out; correct one `parent` of the circle",
                );
            } else {
                parents.insert(node.id.clone(), parent.id.clone());
                node.parent = Some(parent.id);
            }
        }
        nodes.push(node);
    }
    nodes
}

/// Tells whether the chain of parents from `start` reaches `goal`. The chains have no circles.
fn leads_to(parents: &BTreeMap<Box<str>, Box<str>>, start: &str, goal: &str) -> bool {
    let mut at = Some(start);
    while let Some(id) = at {
        if id == goal {
            return true;
        }
        at = parents.get(id).map(AsRef::as_ref);
    }
    false
}

/// Returns a parent that is a node; reports one that is not.
fn known_parent(
    what: &str,
    id: &str,
    parent: Option<Reference>,
    nodes: &BTreeSet<Box<str>>,
    problems: &mut Problems,
) -> Option<Reference> {
    let parent = parent?;
    if nodes.contains(&parent.id) {
        return Some(parent);
    }
    problems.error(
        "RC0210",
        parent.at,
        format!("{what} `{id}` has the parent `{}`, which nothing records", parent.id),
        &unknown_help("hierarchy", &parent.id, nodes.iter().map(AsRef::as_ref)),
    );
    None
}

fn hosts(
    mut drafts: Vec<HostDraft>,
    nodes: &[Node],
    switches: &[Switch],
    problems: &mut Problems,
) -> Vec<Host> {
    unique("host", &mut drafts, |d| (&d.host.id, d.host.position), problems);
    let node_ids: BTreeSet<Box<str>> = nodes.iter().map(|node| node.id.clone()).collect();
    let mut hosts = Vec::with_capacity(drafts.len());
    for HostDraft { mut host, attached_at, parent } in drafts {
        for (port, (switch_at, port_at)) in host.attachments.iter().zip(attached_at) {
            attachment(&host.id, port, switches, switch_at, port_at, problems);
        }
        let parent = known_parent("host", &host.id, parent, &node_ids, problems);
        host.parent = parent.map(|parent| parent.id);
        hosts.push(host);
    }
    let macs = hosts.iter().flat_map(|host| host.macs.iter().map(move |mac| (*mac, host)));
    for (mac, holders) in Index::new(macs).iter() {
        if let [first, second, ..] = holders {
            problems.conflict(
                "RC0214",
                second.position,
                first.position,
                format!("hosts `{}` and `{}` both have MAC address `{mac}`", first.id, second.id),
                "correct one of the two",
            );
        }
    }
    hosts
}

/// Holds an attachment against the recorded switches. Without any, their ids are names like any other.
fn attachment(
    host: &str,
    port: &Port,
    switches: &[Switch],
    switch_at: Position,
    port_at: Position,
    problems: &mut Problems,
) {
    if switches.is_empty() {
        return;
    }
    let Some(switch) = position_of(switches, &port.switch, |s| &s.id).and_then(|at| switches.get(at)) else {
        problems.error(
            "RC0207",
            switch_at,
            format!("host `{host}` is attached to switch `{}`, which nothing records", port.switch),
            &unknown_help("switches", &port.switch, switches.iter().map(|s| s.id.as_ref())),
        );
        return;
    };
    if switch.uplinks.binary_search(&port.port).is_ok() {
        problems.conflict(
            "RC0209",
            port_at,
            switch.position,
            format!("host `{host}` is attached to `{port}`, which is recorded as an uplink"),
            "an uplink carries everybody's frames and locates nobody; correct the port, or remove it from `uplinks`",
        );
    } else if !switch.ports.is_empty() && switch.ports.binary_search(&port.port).is_err() {
        let help = match nearest(&port.port, switch.ports.iter().map(AsRef::as_ref)) {
            Some(near) => format!("the nearest port of the switch is `{near}`; correct the port or add it"),
            None => "correct the port, or add it to the switch's `ports`".to_owned(),
        };
        problems.conflict(
            "RC0208",
            port_at,
            switch.position,
            format!("host `{host}` is attached to `{port}`, which is no recorded port of the switch"),
            &help,
        );
    }
}

fn guests(
    mut drafts: Vec<GuestDraft>,
    nodes: &[Node],
    hosts: &[Host],
    problems: &mut Problems,
) -> Vec<Guest> {
    merge_sources(&mut drafts, problems);
    unique("guest", &mut drafts, |d| (&d.guest.id, d.guest.position), problems);
    let node_ids: BTreeSet<Box<str>> = nodes.iter().map(|node| node.id.clone()).collect();
    let mut guests = Vec::with_capacity(drafts.len());
    // Without any host the first guest that names one and how many do is all there is to say.
    let mut homeless: Option<(Reference, u64)> = None;
    for GuestDraft { mut guest, host, parent } in drafts {
        if let Some(host) = host {
            guest.host =
                position_of(hosts, &host.id, |h| &h.id).and_then(|at| u32::try_from(at).ok()).map(HostIndex);
            if hosts.is_empty() {
                homeless.get_or_insert((host, 0u64)).1 += 1;
            } else if guest.host.is_none() {
                problems.error(
                    "RC0206",
                    host.at,
                    format!("guest `{}` is on host `{}`, which nothing records", guest.id, host.id),
                    &unknown_help("hosts", &host.id, hosts.iter().map(|h| h.id.as_ref())),
                );
            }
        }
        let parent = known_parent("guest", &guest.id, parent, &node_ids, problems);
        guest.parent = parent.map(|parent| parent.id);
        guests.push(guest);
    }
    if let Some((host, count)) = homeless {
        problems.warning(
            "RC0206",
            host.at,
            format!("no host is recorded, yet guests name some, such as `{}` (records: {count})", host.id),
            "add the hosts under `hosts`, with the switch ports they are attached to; until then no guest is misplaced",
        );
    }
    shared_identity(&guests, "UUID", "RC0215", |guest| guest.uuid.into_iter().collect(), problems);
    shared_identity(&guests, "home address", "RC0216", |guest| guest.home_addresses.clone(), problems);
    guests
}

/// Reports what two guests have and only one may.
fn shared_identity<K: Ord + core::fmt::Display>(
    guests: &[Guest],
    what: &str,
    code: &'static str,
    keys: impl Fn(&Guest) -> Vec<K>,
    problems: &mut Problems,
) {
    let pairs = guests.iter().flat_map(|guest| keys(guest).into_iter().map(move |key| (key, guest)));
    for (key, holders) in Index::new(pairs).iter() {
        if let [first, others @ ..] = holders {
            for other in others {
                problems.conflict(
                    code,
                    other.position,
                    first.position,
                    format!("guests `{}` and `{}` both have {what} `{key}`", first.id, other.id),
                    "a copy needs its own; correct one of the two",
                );
            }
        }
    }
}

/// Reports other names of ports that nothing else records: what is said of such a port locates nobody.
fn alias_targets(snapshot: &Snapshot, problems: &mut Problems) {
    for switch in snapshot.switches() {
        let attached = snapshot.attached_ports(&switch.id);
        let listed = switch.ports.iter().chain(&switch.uplinks).map(|port| &**port);
        let known: Vec<&str> = listed.chain(attached).collect();
        for (alias, port) in &switch.port_aliases {
            if known.contains(&&**port) {
                continue;
            }
            let help = match nearest(port, known.iter().copied()) {
                Some(near) => {
                    format!("the nearest port of the switch is `{near}`; correct the alias or add the port")
                }
                None => "correct the alias, or add the port to the switch's `ports`".to_owned(),
            };
            let message =
                format!("`{alias}` of switch `{}` means port `{port}`, which nothing records", switch.id);
            problems.warning("RC0224", switch.position, message, &help);
        }
    }
}

/// Reports MAC addresses that several guests have of which more than one should communicate, and those
/// that a guest shares with a host.
fn shared_macs(snapshot: &Snapshot, problems: &mut Problems) {
    for (mac, holders) in snapshot.macs_of_guests() {
        let holders: Vec<&Guest> = holders.iter().filter_map(|at| snapshot.guest(*at)).collect();
        let talking: Vec<&&Guest> =
            holders.iter().filter(|guest| guest.run_state.should_communicate() == Expectation::Yes).collect();
        if let [first, others @ ..] = talking.as_slice()
            && let Some(second) = others.first()
        {
            problems.conflict(
                "RC0219",
                second.position,
                first.position,
                format!(
                    "guests {} have one MAC address, `{mac}`, and all should communicate",
                    listed(talking.iter().map(|guest| &guest.id))
                ),
                "give one of them another address, or record which of them is off",
            );
        }
        if let (Some(guest), Some(host)) = (holders.first(), snapshot.host_by_mac(mac))
            && let Some(host) = snapshot.host(host)
        {
            problems.conflict(
                "RC0214",
                guest.position,
                host.position,
                format!("guest `{}` and host `{}` both have MAC address `{mac}`", guest.id, host.id),
                "correct one of the two",
            );
        }
    }
}

fn known_stations(
    mut stations: Vec<KnownStation>,
    guests: &[Guest],
    hosts: &[Host],
    problems: &mut Problems,
) -> Vec<KnownStation> {
    stations.sort_by_key(|station| (station.mac, station.position));
    stations.dedup_by(|second, first| {
        if second.mac != first.mac {
            return false;
        }
        problems.conflict(
            "RC0205",
            second.position,
            first.position,
            format!("known station `{}` is recorded twice; this record is left out", second.mac),
            "remove one of the two",
        );
        true
    });
    let of_guests = guests
        .iter()
        .flat_map(|guest| guest.macs.iter().map(move |mac| (*mac, ("guest", &guest.id, guest.position))));
    let of_hosts = hosts
        .iter()
        .flat_map(|host| host.macs.iter().map(move |mac| (*mac, ("host", &host.id, host.position))));
    let others: Index<MacAddr, _> = Index::new(of_guests.chain(of_hosts));
    for station in &stations {
        if let Some((what, id, at)) = others.values(&station.mac).first() {
            problems.conflict(
                "RC0214",
                station.position,
                *at,
                format!(
                    "known station `{}` and {what} `{id}` both have MAC address `{}`",
                    station.name, station.mac
                ),
                "remove the known station: the other record says more",
            );
        }
    }
    stations
}

fn subnets(mut subnets: Vec<Subnet>, problems: &mut Problems) -> Vec<Subnet> {
    subnets.sort_by_key(|subnet| (subnet.prefix, subnet.position));
    subnets.dedup_by(|second, first| {
        if second.prefix != first.prefix {
            return false;
        }
        if (second.vlan, &second.site, &second.purpose) != (first.vlan, &first.site, &first.purpose) {
            problems.conflict(
                "RC0205",
                second.position,
                first.position,
                format!(
                    "subnet `{}` is recorded twice, and differently; this record is left out",
                    second.prefix
                ),
                "remove one of the two, or make the prefixes differ",
            );
        }
        true
    });
    subnets
}

/// Reports scheduled work that names what nothing records, or nothing at all.
fn work_targets(snapshot: &Snapshot, problems: &mut Problems) {
    for work in snapshot.scheduled_work() {
        if work.what.is_empty() {
            problems.warning(
                "RC0217",
                work.position,
                format!("scheduled work `{}` selects nothing", work.reference),
                "name what it touches under `what`: guests, hosts, switches, groups or tags",
            );
        }
        let what = &work.what;
        let mut unknown: Vec<String> = Vec::new();
        let mut note = |kind: &str, ids: &[Box<str>], known: &dyn Fn(&str) -> bool| {
            let missing: Vec<&Box<str>> = ids.iter().filter(|id| !known(id)).collect();
            if !missing.is_empty() {
                unknown.push(format!("{kind} {}", listed(missing)));
            }
        };
        note("guest", &what.guests, &|id| snapshot.guest_by_id(id).is_some());
        note("host", &what.hosts, &|id| snapshot.host_by_id(id).is_some());
        note("switch", &what.switches, &|id| snapshot.switch_by_id(id).is_some());
        note("group", &what.groups, &|id| snapshot.is_group(id));
        note("tag", &what.tags, &|id| snapshot.is_tag(id));
        if !unknown.is_empty() {
            problems.warning(
                "RC0217",
                work.position,
                format!(
                    "scheduled work `{}` names what nothing records: {}",
                    work.reference,
                    unknown.join(", ")
                ),
                "correct the names; the work is kept as it is",
            );
        }
    }
}
