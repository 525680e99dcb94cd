use std::collections::BTreeMap;

use rollcall_core::recorded::SnapshotBuilder;
use rollcall_core::recorded::rows::{
    AttachmentRow, GuestPrefixRow, GuestRow, HostRow, KnownStationRow, NodeRow, ScheduledWorkRow, SubnetRow,
    SwitchRow, Text,
};

/// A kind of record: a section of a YAML inventory, or what a CSV file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Virtual machines.
    Guests,
    /// Hypervisors.
    Hosts,
    /// Switches.
    Switches,
    /// Subnets.
    Subnets,
    /// Stations that are no guests.
    KnownStations,
    /// Announced work.
    ScheduledWork,
    /// Nodes above hosts and guests.
    Hierarchy,
    /// First octets of guests' MAC addresses.
    GuestPrefixes,
}

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name in YAML, JSON and configuration.
    pub name: &'static str,
    /// Other titles that a CSV column may have, squeezed: lower case, letters and digits only.
    pub titles: &'static [&'static str],
    /// Whether it holds several values.
    pub list: bool,
}

const fn one(name: &'static str, titles: &'static [&'static str]) -> Field {
    Field { name, titles, list: false }
}

const fn many(name: &'static str, titles: &'static [&'static str]) -> Field {
    Field { name, titles, list: true }
}

const MACS: Field = many("macs", &["mac", "macaddress", "macaddresses", "hwaddr", "hardwareaddress"]);

const GUEST: &[Field] = &[
    one("id", &["guest", "guestid", "vm", "vmid", "instance", "instanceid"]),
    one("uuid", &["vmuuid", "biosuuid", "instanceuuid"]),
    one("name", &["vmname", "guestname", "displayname"]),
    MACS,
    many("addresses", &["address", "ip", "ips", "ipaddress", "ipaddresses", "primaryip"]),
    many("home-addresses", &["homeaddress"]),
    one("host", &["hypervisor", "node", "esxhost", "vmhost", "hostid"]),
    one("state", &["status", "powerstate", "runstate"]),
    one("state-since", &["since"]),
    one("owner", &["contact", "responsible"]),
    many("tags", &["tag", "labels"]),
    many("groups", &["group"]),
    one("created", &["createdat", "creationdate"]),
    one("expires", &["expiresat", "expiry", "expirydate"]),
    one("parent", &["folder", "resourcepool"]),
];
const HOST: &[Field] = &[
    one("id", &["host", "hostid", "hypervisor"]),
    one("name", &["hostname", "displayname"]),
    MACS,
    many("vteps", &["vtep", "tunnelendpoint", "tunnelendpoints"]),
    many("attachments", &["attachment", "switchports", "uplinkports"]),
    one("management", &["managementaddress", "managementip", "mgmtip", "ip"]),
    one("state", &["status"]),
    one("site", &["location", "datacenter", "datacentre"]),
    many("subnets", &["subnet"]),
    one("parent", &["rack", "cluster"]),
];
const SWITCH: &[Field] = &[
    one("id", &["switch", "switchid"]),
    one("name", &["hostname", "sysname"]),
    one("management", &["managementaddress", "managementip", "mgmtip", "ip"]),
    many("known-as", &["aliases", "alias"]),
    many("ports", &["port", "interfaces"]),
    many("uplinks", &["uplink"]),
    many("port-aliases", &["portalias"]),
];
const SUBNET: &[Field] = &[
    one("prefix", &["subnet", "network", "cidr"]),
    one("vlan", &["vid", "vlanid"]),
    one("site", &["location", "datacenter", "datacentre"]),
    one("purpose", &["role", "use"]),
];
const KNOWN_STATION: &[Field] = &[
    one("mac", &["macaddress", "hwaddr", "hardwareaddress"]),
    one("name", &["station", "device", "devicename"]),
    one("ttl", &[]),
];
const SCHEDULED_WORK: &[Field] = &[
    one("reference", &["change", "changeid", "ticket"]),
    one("who", &["assignee", "implementer"]),
    many("guests", &["guest"]),
    many("hosts", &["host"]),
    many("switches", &["switch"]),
    many("groups", &["group"]),
    many("tags", &["tag"]),
    one("from", &["start", "begin", "starts"]),
    one("to", &["end", "until", "ends"]),
    one("recurrence", &["rrule"]),
];
const NODE: &[Field] =
    &[one("id", &["node"]), one("kind", &["type"]), one("name", &["displayname"]), one("parent", &[])];
const GUEST_PREFIX: &[Field] = &[one("prefix", &["oui", "macprefix"]), one("label", &["vendor", "product"])];

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Guests,
        Self::Hosts,
        Self::Switches,
        Self::Subnets,
        Self::KnownStations,
        Self::ScheduledWork,
        Self::Hierarchy,
        Self::GuestPrefixes,
    ];

    /// Returns the name of the section.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guests => "guests",
            Self::Hosts => "hosts",
            Self::Switches => "switches",
            Self::Subnets => "subnets",
            Self::KnownStations => "known-stations",
            Self::ScheduledWork => "scheduled-work",
            Self::Hierarchy => "hierarchy",
            Self::GuestPrefixes => "guest-prefixes",
        }
    }

    /// Returns the kind whose section has a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the words for one record in messages, with their article.
    pub const fn what(self) -> &'static str {
        match self {
            Self::Guests => "a guest",
            Self::Hosts => "a host",
            Self::Switches => "a switch",
            Self::Subnets => "a subnet",
            Self::KnownStations => "a known station",
            Self::ScheduledWork => "a scheduled work",
            Self::Hierarchy => "a node of the hierarchy",
            Self::GuestPrefixes => "a guest prefix",
        }
    }

    /// Returns the fields of a record.
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::Guests => GUEST,
            Self::Hosts => HOST,
            Self::Switches => SWITCH,
            Self::Subnets => SUBNET,
            Self::KnownStations => KNOWN_STATION,
            Self::ScheduledWork => SCHEDULED_WORK,
            Self::Hierarchy => NODE,
            Self::GuestPrefixes => GUEST_PREFIX,
        }
    }

    /// Hands a record to the builder.
    pub(super) fn deliver(self, mut record: Record, builder: &mut SnapshotBuilder) {
        let r = &mut record;
        match self {
            Self::Guests => builder.guest(GuestRow {
                at: r.at,
                id: r.one("id"),
                uuid: r.one("uuid"),
                name: r.one("name"),
                macs: r.many("macs"),
                addresses: r.many("addresses"),
                home_addresses: r.many("home-addresses"),
                host: r.one("host"),
                state: r.one("state"),
                state_since: r.one("state-since"),
                owner: r.one("owner"),
                tags: r.many("tags"),
                groups: r.many("groups"),
                created: r.one("created"),
                expires: r.one("expires"),
                parent: r.one("parent"),
            }),
            Self::Hosts => builder.host(HostRow {
                at: r.at,
                id: r.one("id"),
                name: r.one("name"),
                macs: r.many("macs"),
                vteps: r.many("vteps"),
                attachments: core::mem::take(&mut r.attachments),
                management: r.one("management"),
                state: r.one("state"),
                site: r.one("site"),
                subnets: r.many("subnets"),
                parent: r.one("parent"),
            }),
            Self::Switches => builder.switch(SwitchRow {
                at: r.at,
                id: r.one("id"),
                name: r.one("name"),
                management: r.one("management"),
                known_as: r.many("known-as"),
                ports: r.many("ports"),
                uplinks: r.many("uplinks"),
                port_aliases: r.many("port-aliases"),
            }),
            Self::Subnets => builder.subnet(SubnetRow {
                at: r.at,
                prefix: r.one("prefix"),
                vlan: r.one("vlan"),
                site: r.one("site"),
                purpose: r.one("purpose"),
            }),
            Self::KnownStations => builder.known_station(KnownStationRow {
                at: r.at,
                mac: r.one("mac"),
                name: r.one("name"),
                ttl: r.one("ttl"),
            }),
            Self::ScheduledWork => builder.scheduled_work(ScheduledWorkRow {
                at: r.at,
                reference: r.one("reference"),
                who: r.one("who"),
                guests: r.many("guests"),
                hosts: r.many("hosts"),
                switches: r.many("switches"),
                groups: r.many("groups"),
                tags: r.many("tags"),
                from: r.one("from"),
                to: r.one("to"),
                recurrence: r.one("recurrence"),
            }),
            Self::Hierarchy => builder.node(NodeRow {
                at: r.at,
                id: r.one("id"),
                kind: r.one("kind"),
                name: r.one("name"),
                parent: r.one("parent"),
            }),
            Self::GuestPrefixes => builder.guest_prefix(GuestPrefixRow {
                at: r.at,
                prefix: r.one("prefix"),
                label: r.one("label"),
            }),
        }
    }
}

/// A record of any kind: its fields by name, before they become a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) at: rollcall_core::recorded::Position,
    pub(super) fields: BTreeMap<&'static str, Vec<Text>>,
    pub(super) attachments: Vec<AttachmentRow>,
}

impl Record {
    fn one(&mut self, name: &str) -> Option<Text> {
        let texts = self.fields.remove(name)?;
        texts.into_iter().next().filter(|text| !text.value.is_empty())
    }

    fn many(&mut self, name: &str) -> Vec<Text> {
        self.fields.remove(name).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_title_means_two_fields_of_a_kind() {
        for kind in Kind::ALL {
            let squeezed = |field: &Field| field.name.replace('-', "");
            let mut titles: Vec<String> = kind
                .fields()
                .iter()
                .flat_map(|f| f.titles.iter().map(|t| (*t).to_owned()).chain([squeezed(f)]))
                .collect();
            titles.sort();
            let count = titles.len();
            titles.dedup();
            assert_eq!(titles.len(), count, "{kind:?}");
        }
    }

    #[test]
    fn kinds_read_their_own_names() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.as_str()), Some(kind));
        }
    }
}
