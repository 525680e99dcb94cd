use super::diagnostic::Faults;
use super::fields::Fields;
use super::node::Node;
use crate::audit::Subject;
use crate::recorded::{Guest, GuestIndex, PathOf, Snapshot};
use crate::types::{MacPrefix, StationId};

/// Guests by what the records say of them, and stations by their addresses. Whatever any entry names is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Select {
    /// Ids of guests.
    pub guests: Vec<Box<str>>,
    /// Ids of hosts; the guests recorded on them are meant.
    pub hosts: Vec<Box<str>>,
    /// Groups, or nodes of the hierarchy; what stands under them is meant.
    pub groups: Vec<Box<str>>,
    /// Application tags.
    pub tags: Vec<Box<str>>,
    /// First octets of MAC addresses; stations that nobody recorded are met as well.
    pub macs: Vec<MacPrefix>,
}

/// The keys of a selector.
pub(super) const KEYS: [&str; 5] = ["guests", "hosts", "groups", "tags", "macs"];

impl Select {
    /// Tells whether it names nothing.
    pub const fn is_empty(&self) -> bool {
        self.guests.is_empty()
            && self.hosts.is_empty()
            && self.groups.is_empty()
            && self.tags.is_empty()
            && self.macs.is_empty()
    }

    /// Tells whether it means a subject.
    pub fn meets(&self, subject: &Subject, snapshot: &Snapshot) -> bool {
        match subject {
            Subject::Guest(id) => {
                self.guests.contains(id)
                    || snapshot.guest_by_id(id).is_some_and(|index| self.meets_guest(index, snapshot))
            }
            Subject::Station(StationId::Mac(mac)) => {
                self.macs.iter().any(|prefix| prefix.contains(*mac))
                    || snapshot.guests_by_mac(*mac).iter().any(|&index| self.meets_guest(index, snapshot))
            }
            _ => false,
        }
    }

    /// Tells whether it means a recorded guest.
    pub fn meets_guest(&self, index: GuestIndex, snapshot: &Snapshot) -> bool {
        let Some(guest) = snapshot.guest(index) else { return false };
        self.guests.contains(&guest.id)
            || guest.tags.iter().any(|tag| self.tags.contains(tag))
            || guest.macs.iter().any(|mac| self.macs.iter().any(|prefix| prefix.contains(*mac)))
            || self.meets_host_of(guest, snapshot)
            || !self.groups.is_empty() && self.meets_groups(index, guest, snapshot)
    }

    fn meets_host_of(&self, guest: &Guest, snapshot: &Snapshot) -> bool {
        let host = guest.host.and_then(|host| snapshot.host(host));
        host.is_some_and(|host| self.hosts.contains(&host.id))
    }

    fn meets_groups(&self, index: GuestIndex, guest: &Guest, snapshot: &Snapshot) -> bool {
        let of_host = guest.host.map(|host| snapshot.hierarchy_path(PathOf::Host(host)));
        let nodes =
            snapshot.hierarchy_path(PathOf::Guest(index)).into_iter().chain(of_host.into_iter().flatten());
        guest.groups.iter().any(|group| self.groups.contains(group))
            || nodes.into_iter().any(|node| self.groups.contains(&node.id))
    }

    /// Reads a selector; `what` is what messages call it.
    pub(super) fn read(node: Node, what: &str, faults: &mut Faults<'_>) -> Option<Self> {
        let mut fields = Fields::open(node, what, &KEYS, faults)?;
        let mut names = |key: &str| -> Vec<Box<str>> {
            fields.texts(key, faults).into_iter().map(|(text, _)| text.into()).collect()
        };
        let [guests, hosts, groups, tags] = ["guests", "hosts", "groups", "tags"].map(&mut names);
        let mut macs = Vec::new();
        for (text, at) in fields.texts("macs", faults) {
            match text.parse() {
                Ok(prefix) => macs.push(prefix),
                Err(_) => faults.error(
                    "RC0101",
                    at,
                    format!("`{text}` is no MAC address or prefix"),
                    "write it as 52:54:00:12:34:56, or its first octets, 52:54:00",
                ),
            }
        }
        Some(Self { guests, hosts, groups, tags, macs })
    }
}
