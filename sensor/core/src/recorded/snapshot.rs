use std::net::IpAddr;
use std::sync::Arc;

use super::index::Index;
use super::marks::Marks;
use super::model::{
    Guest, GuestIndex, GuestPrefix, Host, HostIndex, KnownStation, Node, ScheduledWork, Selector,
    SourceSettings, Subnet, Switch,
};
use super::problem::{Place, Position};
use super::state::Expectation;
use crate::types::{IpPrefix, MacAddr, MacPrefix, Port, Timestamp};

/// Prefixes that hypervisors and container engines give their guests, where nothing else is configured.
const DEFAULT_GUEST_PREFIXES: [([u8; 6], u8, &str); 8] = [
    ([0x52, 0x54, 0x00, 0, 0, 0], 24, "QEMU/KVM"),
    ([0x00, 0x50, 0x56, 0, 0, 0], 24, "VMware"),
    ([0x00, 0x0c, 0x29, 0, 0, 0], 24, "VMware"),
    ([0x00, 0x16, 0x3e, 0, 0, 0], 24, "Xen"),
    ([0x00, 0x15, 0x5d, 0, 0, 0], 24, "Hyper-V"),
    ([0x00, 0x1c, 0x42, 0, 0, 0], 24, "Parallels"),
    ([0x08, 0x00, 0x27, 0, 0, 0], 24, "VirtualBox"),
    ([0x02, 0x42, 0x00, 0, 0, 0], 16, "Docker"),
];

/// Whose way up the hierarchy is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathOf {
    /// A guest's: its own parent, else its host's.
    Guest(GuestIndex),
    /// A host's.
    Host(HostIndex),
}

/// The recorded state: everything the inventories claim, at one moment.
///
/// Immutable; made by a [`super::SnapshotBuilder`] and replaced as a whole. Look-ups take logarithmic time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    sources: Vec<Arc<str>>,
    source_settings: Vec<SourceSettings>,
    /// How many guests each source has, so that two snapshots are compared without reading them.
    guest_counts: Vec<usize>,
    guests: Vec<Guest>,
    hosts: Vec<Host>,
    switches: Vec<Switch>,
    subnets: Vec<Subnet>,
    known_stations: Vec<KnownStation>,
    work: Vec<ScheduledWork>,
    nodes: Vec<Node>,
    guest_prefixes: Vec<GuestPrefix>,
    marks: Marks,
    by_mac: Index<MacAddr, GuestIndex>,
    by_home_address: Index<IpAddr, GuestIndex>,
    by_address: Index<IpAddr, GuestIndex>,
    by_host: Index<HostIndex, GuestIndex>,
    host_by_mac: Index<MacAddr, HostIndex>,
    host_by_vtep: Index<IpAddr, HostIndex>,
    by_port: Index<Port, HostIndex>,
    switch_names: Index<Box<str>, u32>,
    groups: Index<Box<str>, GuestIndex>,
    tags: Index<Box<str>, GuestIndex>,
    /// Lengths of subnets that occur, longest first.
    subnet_lens: Vec<u8>,
}

impl Default for Snapshot {
    /// Makes a snapshot without records, with the default guest prefixes.
    fn default() -> Self {
        super::SnapshotBuilder::new().finish().snapshot
    }
}

impl Snapshot {
    /// Indexes records. Guests, hosts, switches and nodes come sorted by id and without doubles, subnets by prefix,
    /// known stations by MAC address.
    #[expect(clippy::too_many_arguments, reason = "one for each kind of record, called in one place")]
    pub(super) fn new(
        (sources, source_settings): (Vec<Arc<str>>, Vec<SourceSettings>),
        guests: Vec<Guest>,
        hosts: Vec<Host>,
        switches: Vec<Switch>,
        subnets: Vec<Subnet>,
        known_stations: Vec<KnownStation>,
        work: Vec<ScheduledWork>,
        nodes: Vec<Node>,
        guest_prefixes: Option<Vec<GuestPrefix>>,
    ) -> Self {
        // Those that should communicate first, so that the first of several holders of an address is the one
        // that is meant when the address is heard; then by id, which is the order of the indices.
        let mut preferred: Vec<(GuestIndex, &Guest)> = numbered(&guests, GuestIndex);
        preferred.sort_by_key(|(_, guest)| guest.run_state.should_communicate() != Expectation::Yes);
        let mut guest_counts: Vec<usize> = vec![0; sources.len()];
        for guest in &guests {
            if let Some(count) = guest_counts.get_mut(usize::from(guest.position.source.0)) {
                *count += 1;
            }
        }
        let numbered_hosts: Vec<(HostIndex, &Host)> = numbered(&hosts, HostIndex);
        let mut subnet_lens: Vec<u8> = subnets.iter().map(|s| s.prefix.prefix_len()).collect();
        subnet_lens.sort_unstable_by(|a, b| b.cmp(a));
        subnet_lens.dedup();
        let mut guest_prefixes = guest_prefixes.unwrap_or_else(default_guest_prefixes);
        guest_prefixes.sort_by(|a, b| {
            let key = |p: &GuestPrefix| (core::cmp::Reverse(p.prefix.bits()), p.prefix);
            key(a).cmp(&key(b))
        });
        let marks =
            Marks::new(&guests, &hosts, &switches, &subnets, &known_stations, &work, &nodes, &guest_prefixes);
        Self {
            marks,
            by_mac: each(&preferred, |guest| guest.macs.iter().copied()),
            by_home_address: each(&preferred, |guest| guest.home_addresses.iter().copied()),
            by_address: each(&preferred, |guest| guest.addresses.iter().copied()),
            by_host: each(&numbered(&guests, GuestIndex), |guest| guest.host.into_iter()),
            groups: each(&numbered(&guests, GuestIndex), |guest| guest.groups.iter().cloned()),
            tags: each(&numbered(&guests, GuestIndex), |guest| guest.tags.iter().cloned()),
            host_by_mac: each(&numbered_hosts, |host| host.macs.iter().copied()),
            host_by_vtep: each(&numbered_hosts, |host| addresses_of(host).into_iter()),
            switch_names: super::names::index(&switches),
            by_port: each(&numbered_hosts, |host| host.attachments.iter().cloned()),
            sources,
            source_settings,
            guest_counts,
            guests,
            hosts,
            switches,
            subnets,
            known_stations,
            work,
            nodes,
            guest_prefixes,
            subnet_lens,
        }
    }

    pub(super) const fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Returns the guest at a place in the order of ids.
    pub(super) fn guest_index(&self, at: usize) -> Option<GuestIndex> {
        u32::try_from(at).ok().filter(|_| at < self.guests.len()).map(GuestIndex)
    }

    /// Returns the host at a place in the order of ids.
    pub(super) fn host_index(&self, at: usize) -> Option<HostIndex> {
        u32::try_from(at).ok().filter(|_| at < self.hosts.len()).map(HostIndex)
    }

    /// Returns every guest, sorted by id.
    pub fn guests(&self) -> &[Guest] {
        &self.guests
    }

    /// Returns every guest with its index, sorted by id.
    pub fn indexed_guests(&self) -> impl Iterator<Item = (GuestIndex, &Guest)> {
        (0u32..).zip(&self.guests).map(|(at, guest)| (GuestIndex(at), guest))
    }

    /// Returns a guest of this snapshot.
    pub fn guest(&self, at: GuestIndex) -> Option<&Guest> {
        self.guests.get(at.index())
    }

    /// Returns the guest with an id.
    pub fn guest_by_id(&self, id: &str) -> Option<GuestIndex> {
        find(&self.guests, id, |guest| &guest.id).map(GuestIndex)
    }

    /// Returns the guest with a MAC address. Of several, one that should communicate comes first, then the
    /// smallest id.
    pub fn guest_by_mac(&self, mac: MacAddr) -> Option<GuestIndex> {
        self.guests_by_mac(mac).first().copied()
    }

    /// Returns every guest with a MAC address, in the order of [`Snapshot::guest_by_mac`]'s preference.
    pub fn guests_by_mac(&self, mac: MacAddr) -> &[GuestIndex] {
        self.by_mac.values(&mac)
    }

    /// Returns the guest with a home address; of several as [`Snapshot::guest_by_mac`] does.
    pub fn guest_by_home_address(&self, addr: IpAddr) -> Option<GuestIndex> {
        self.by_home_address.values(&addr).first().copied()
    }

    /// Returns every guest that is expected to use an address.
    pub fn guests_by_address(&self, addr: IpAddr) -> &[GuestIndex] {
        self.by_address.values(&addr)
    }

    /// Returns every MAC address that a guest has, in order, with the guests that have it.
    pub fn macs_of_guests(&self) -> impl Iterator<Item = (MacAddr, &[GuestIndex])> {
        self.by_mac.iter().map(|(mac, holders)| (*mac, holders))
    }

    /// Returns the guests recorded on a host, sorted by id.
    pub fn guests_on(&self, host: HostIndex) -> &[GuestIndex] {
        self.by_host.values(&host)
    }

    /// Returns the guests that belong to a group by name, sorted by id.
    pub fn guests_in_group(&self, group: &str) -> &[GuestIndex] {
        self.groups.values(group)
    }

    /// Returns the names of all groups that guests belong to by name, in order.
    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|(name, _)| &**name)
    }

    /// Returns the guests that carry a tag, sorted by id.
    pub fn guests_tagged(&self, tag: &str) -> &[GuestIndex] {
        self.tags.values(tag)
    }

    /// Returns every host, sorted by id.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// Returns every host with its index, sorted by id.
    pub fn indexed_hosts(&self) -> impl Iterator<Item = (HostIndex, &Host)> {
        (0u32..).zip(&self.hosts).map(|(at, host)| (HostIndex(at), host))
    }

    /// Returns a host of this snapshot.
    pub fn host(&self, at: HostIndex) -> Option<&Host> {
        self.hosts.get(at.index())
    }

    /// Returns the host with an id.
    pub fn host_by_id(&self, id: &str) -> Option<HostIndex> {
        find(&self.hosts, id, |host| &host.id).map(HostIndex)
    }

    /// Returns the host with a MAC address of its own; of several the one with the smallest id.
    pub fn host_by_mac(&self, mac: MacAddr) -> Option<HostIndex> {
        self.host_by_mac.values(&mac).first().copied()
    }

    /// Returns the hosts that a tunnel's end may be: with that endpoint, or managed by that address; sorted by id.
    pub fn hosts_by_vtep(&self, vtep: IpAddr) -> &[HostIndex] {
        self.host_by_vtep.values(&vtep)
    }

    /// Returns the hosts attached to a switch port, sorted by id.
    pub fn hosts_at(&self, port: &Port) -> &[HostIndex] {
        self.by_port.values(port)
    }

    /// Returns the names of the ports of a switch that hosts are attached to, in order.
    pub(super) fn attached_ports(&self, switch: &str) -> Vec<&str> {
        let ports = self.by_port.from(|port| &*port.switch >= switch);
        ports.take_while(|port| &*port.switch == switch).map(|port| &*port.port).collect()
    }

    /// Returns the numbers of the switches that go by a name in lower case.
    pub(super) fn switch_names(&self, name: &str) -> &[u32] {
        self.switch_names.values(name)
    }

    /// Returns every switch port that a host is attached to, in order, with the hosts.
    pub fn attachments(&self) -> impl Iterator<Item = (&Port, &[HostIndex])> {
        self.by_port.iter()
    }

    /// Returns every switch, sorted by id.
    pub fn switches(&self) -> &[Switch] {
        &self.switches
    }

    /// Returns the switch with an id.
    pub fn switch_by_id(&self, id: &str) -> Option<&Switch> {
        find(&self.switches, id, |switch| &switch.id).and_then(|at| self.switches.get(at as usize))
    }

    /// Tells whether a port is recorded as a link to another switch, which locates nobody.
    pub fn is_uplink(&self, port: &Port) -> bool {
        self.switch_by_id(&port.switch).is_some_and(|switch| switch.uplinks.binary_search(&port.port).is_ok())
    }

    /// Returns every known station, sorted by MAC address.
    pub fn known_stations(&self) -> &[KnownStation] {
        &self.known_stations
    }

    /// Returns what is known of a station that is no guest.
    pub fn known_station(&self, mac: MacAddr) -> Option<&KnownStation> {
        let at = self.known_stations.binary_search_by_key(&mac, |station| station.mac).ok()?;
        self.known_stations.get(at)
    }

    /// Returns every subnet, sorted by prefix.
    pub fn subnets(&self) -> &[Subnet] {
        &self.subnets
    }

    /// Returns the subnet with the longest prefix that holds an address.
    pub fn subnet_of(&self, addr: IpAddr) -> Option<&Subnet> {
        self.subnet_lens.iter().find_map(|len| {
            let prefix = IpPrefix::new(addr, *len);
            // A length beyond 32 was cut for an IPv4 address, and comes again as 32 if that occurs.
            let fits = prefix.prefix_len() == *len;
            let at =
                self.subnets.binary_search_by_key(&prefix, |subnet| subnet.prefix).ok().filter(|_| fits)?;
            self.subnets.get(at)
        })
    }

    /// Returns every guest prefix, longest first.
    pub fn guest_prefixes(&self) -> &[GuestPrefix] {
        &self.guest_prefixes
    }

    /// Returns the longest guest prefix that a MAC address starts with.
    pub fn guest_prefix(&self, mac: MacAddr) -> Option<&GuestPrefix> {
        self.guest_prefixes.iter().find(|known| known.prefix.contains(mac))
    }

    /// Returns all scheduled work, by its beginning.
    pub fn scheduled_work(&self) -> &[ScheduledWork] {
        &self.work
    }

    /// Returns every node of the hierarchy, sorted by id.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the node with an id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        find(&self.nodes, id, |node| &node.id).and_then(|at| self.nodes.get(at as usize))
    }

    /// Returns the nodes above a guest or host, from the root down.
    pub fn hierarchy_path(&self, of: PathOf) -> Vec<&Node> {
        let of_host = |at| self.host(at).and_then(|host| host.parent.as_deref());
        let parent = match of {
            PathOf::Host(host) => of_host(host),
            PathOf::Guest(guest) => self
                .guest(guest)
                .and_then(|guest| guest.parent.as_deref().or_else(|| guest.host.and_then(of_host))),
        };
        let mut path = Vec::new();
        let mut next = parent.and_then(|id| self.node(id));
        while let Some(node) = next {
            path.push(node);
            next = node.parent.as_deref().and_then(|id| self.node(id));
        }
        path.reverse();
        path
    }

    /// Tells whether a name is that of a node or of a group of some guest.
    pub fn is_group(&self, name: &str) -> bool {
        self.node(name).is_some() || !self.guests_in_group(name).is_empty()
    }

    /// Tells whether some guest carries a tag.
    pub fn is_tag(&self, name: &str) -> bool {
        !self.guests_tagged(name).is_empty()
    }

    /// Tells whether sources contradict each other about any guest, or guests that should communicate share an address.
    pub fn has_contradictions(&self) -> bool {
        let is_talking = |at: &&GuestIndex| {
            self.guest(**at).is_some_and(|guest| guest.run_state.should_communicate() == Expectation::Yes)
        };
        self.guests.iter().any(|guest| !guest.conflicts.is_empty())
            || self.by_mac.iter().any(|(_, holders)| holders.iter().filter(is_talking).count() > 1)
    }

    /// Returns the scheduled work that touches a guest at a time: it names the guest, its host, a switch that the host is
    /// attached to, a group or node above it, or a tag.
    pub fn work_on(&self, guest: GuestIndex, at: Timestamp) -> impl Iterator<Item = &ScheduledWork> {
        self.work.iter().filter(move |work| work.is_on(at) && self.is_touched(guest, &work.what))
    }

    fn is_touched(&self, at: GuestIndex, what: &Selector) -> bool {
        let Some(guest) = self.guest(at) else { return false };
        let host = guest.host.and_then(|host| self.host(host));
        let mut ports = host.iter().flat_map(|host| &host.attachments);
        what.guests.contains(&guest.id)
            || host.is_some_and(|host| what.hosts.contains(&host.id))
            || ports.any(|port| what.switches.contains(&port.switch))
            || guest.tags.iter().any(|tag| what.tags.contains(tag))
            || guest.groups.iter().any(|group| what.groups.contains(group))
            || (!what.groups.is_empty()
                && self.hierarchy_path(PathOf::Guest(at)).iter().any(|node| what.groups.contains(&node.id)))
    }

    /// Returns how many guests each source has, in the order of their numbers.
    pub fn guest_counts(&self) -> &[usize] {
        &self.guest_counts
    }

    /// Returns what is said of the sources beside their names, in the order of their numbers.
    pub fn source_settings(&self) -> &[SourceSettings] {
        &self.source_settings
    }

    /// Returns the names of the sources, in the order of their numbers.
    pub fn sources(&self) -> &[Arc<str>] {
        &self.sources
    }

    /// Returns a position with the name of its source, for evidence and messages.
    pub fn place(&self, at: Position) -> Option<Place> {
        let source = self.sources.get(usize::from(at.source.0))?;
        Some(Place { source: Arc::clone(source), line: at.line, column: at.column })
    }
}

/// Returns the addresses that a host may send from.
fn addresses_of(host: &Host) -> Vec<IpAddr> {
    let mut addresses: Vec<IpAddr> = host.vteps.iter().copied().chain(host.management).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

fn default_guest_prefixes() -> Vec<GuestPrefix> {
    DEFAULT_GUEST_PREFIXES
        .iter()
        .map(|(octets, bits, label)| GuestPrefix {
            prefix: MacPrefix::new(MacAddr::new(*octets), *bits),
            label: (*label).into(),
        })
        .collect()
}

fn numbered<T, I>(records: &[T], index: impl Fn(u32) -> I) -> Vec<(I, &T)> {
    (0u32..).zip(records).map(|(at, record)| (index(at), record)).collect()
}

/// Indexes records by keys that each has any number of.
fn each<'a, T, I: Copy, K: Ord, L: Iterator<Item = K> + 'a>(
    records: &[(I, &'a T)],
    keys: impl Fn(&'a T) -> L,
) -> Index<K, I> {
    Index::new(records.iter().flat_map(|(index, record)| keys(record).map(move |key| (key, *index))))
}

fn find<T>(records: &[T], id: &str, key: impl Fn(&T) -> &str) -> Option<u32> {
    let at = records.binary_search_by(|record| key(record).cmp(id)).ok()?;
    u32::try_from(at).ok()
}
