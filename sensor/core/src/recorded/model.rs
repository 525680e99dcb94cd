use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::net::IpAddr;

use thiserror::Error;

use super::problem::Position;
use super::state::{HostState, RunState};
use crate::types::{IpPrefix, MacAddr, MacPrefix, Port, Timestamp};

/// The number of a guest in its snapshot, from 0 in the order of ids. Means nothing in another snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuestIndex(pub(super) u32);

impl GuestIndex {
    /// Returns the number as an index into [`super::Snapshot::guests`].
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The number of a host in its snapshot, from 0 in the order of ids. Means nothing in another snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostIndex(pub(super) u32);

impl HostIndex {
    /// Returns the number as an index into [`super::Snapshot::hosts`].
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A universally unique identifier.
///
/// # Reference
/// RFC 9562 section 4 (text form); read with or without hyphens and braces, in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub u128);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            n >> 96,
            n >> 80 & 0xffff,
            n >> 64 & 0xffff,
            n >> 48 & 0xffff,
            n & 0xffff_ffff_ffff
        )
    }
}

/// A text that is no UUID.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("no UUID (write it as 7f0c2d84-5c9a-4d7e-9b1e-0a2b3c4d5e6f)")]
pub struct ParseUuidError;

impl FromStr for Uuid {
    type Err = ParseUuidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let text = bare.unwrap_or(text);
        let hyphens_fit = text
            .bytes()
            .enumerate()
            .all(|(at, octet)| octet != b'-' || text.len() == 36 && matches!(at, 8 | 13 | 18 | 23));
        let mut number = 0u128;
        let mut digits = 0;
        for c in text.chars().filter(|c| *c != '-') {
            number = number << 4 | u128::from(c.to_digit(16).ok_or(ParseUuidError)?);
            digits += 1;
        }
        if digits == 32 && hyphens_fit { Ok(Self(number)) } else { Err(ParseUuidError) }
    }
}

/// A virtual machine, as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guest {
    /// What the inventory calls it, uniquely.
    pub id: Box<str>,
    /// Its UUID, where the inventory knows it.
    pub uuid: Option<Uuid>,
    /// What people call it; the id where the inventory has no name.
    pub name: Box<str>,
    /// Its MAC addresses, in the order of the record.
    pub macs: Vec<MacAddr>,
    /// Its home addresses as a mobile node (RFC 6275 section 3.2, RFC 5944 section 1.6).
    pub home_addresses: Vec<IpAddr>,
    /// The addresses it is expected to use.
    pub addresses: Vec<IpAddr>,
    /// The host it is recorded on; `None` where unrecorded or unknown.
    pub host: Option<HostIndex>,
    /// What it is recorded as doing.
    pub run_state: RunState,
    /// Since when, where the inventory says.
    pub state_since: Option<Timestamp>,
    /// Who owns it.
    pub owner: Option<Box<str>>,
    /// Application tags.
    pub tags: Vec<Box<str>>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When its lifetime ends.
    pub expires: Option<Timestamp>,
    /// Groups whose streams it belongs to, beside its place in the hierarchy.
    pub groups: Vec<Box<str>>,
    /// The id of its parent node in the hierarchy, where it has one of its own.
    pub parent: Option<Box<str>>,
    /// What sources say of it that others contradict; the source that counts more stands first.
    pub conflicts: Vec<RecordConflict>,
    /// Where its row stands.
    pub position: Position,
}

/// Two sources that contradict each other about one guest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordConflict {
    /// About what: `host`, `run state`, `MAC addresses`, `UUID`.
    pub what: &'static str,
    /// What each says, the one that counts first.
    pub claims: [Claim; 2],
}

/// What a source says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What.
    pub value: Box<str>,
    /// The name of the source.
    pub source: Box<str>,
}

/// What the configuration says of a source of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceSettings {
    /// What messages and discrepancies call it.
    pub name: Box<str>,
    /// Of two sources that contradict each other the one with the higher number counts; of equals the one named first.
    pub precedence: i32,
    /// How long after it was heard what it says is stale; never where there is none.
    pub stale_after: Option<Duration>,
}

/// A hypervisor: the physical machine under the guests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What the inventory calls it, uniquely.
    pub id: Box<str>,
    /// What people call it; the id where the inventory has no name.
    pub name: Box<str>,
    /// Its own MAC addresses.
    pub macs: Vec<MacAddr>,
    /// Its tunnel endpoints (VTEPs).
    pub vteps: Vec<IpAddr>,
    /// The switch ports it is attached to; several for bonds and redundant links.
    pub attachments: Vec<Port>,
    /// Its management address.
    pub management: Option<IpAddr>,
    /// Whether it carries guests.
    pub state: HostState,
    /// The site it stands at.
    pub site: Option<Box<str>>,
    /// The subnets that care-of addresses of its guests may lie in.
    pub subnets: Vec<IpPrefix>,
    /// The id of its parent node in the hierarchy.
    pub parent: Option<Box<str>>,
    /// Where its row stands.
    pub position: Position,
}

/// A managed switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switch {
    /// What the inventory calls it, uniquely.
    pub id: Box<str>,
    /// What people call it; the id where the inventory has no name.
    pub name: Box<str>,
    /// Its management address.
    pub management: Option<IpAddr>,
    /// Other names it goes by: system name, chassis id, RADIUS address and identifier.
    pub known_as: Vec<Box<str>>,
    /// Its ports, where the inventory lists them; sorted.
    pub ports: Vec<Box<str>>,
    /// Other names that servers and tags have for ports, each with the port's own; in the order of the record.
    pub port_aliases: Vec<(Box<str>, Box<str>)>,
    /// Ports that link to other switches; sorted. They carry everybody's MAC and locate nobody.
    pub uplinks: Vec<Box<str>>,
    /// Where its row stands.
    pub position: Position,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// The addresses in it.
    pub prefix: IpPrefix,
    /// Its VLAN, 1 to 4094.
    pub vlan: Option<u16>,
    /// The site it belongs to.
    pub site: Option<Box<str>>,
    /// What it is for.
    pub purpose: Option<Box<str>>,
    /// Where its row stands.
    pub position: Position,
}

/// A station that is no guest: a router, a printer, a storage box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownStation {
    /// Its MAC address.
    pub mac: MacAddr,
    /// What people call it.
    pub name: Box<str>,
    /// How long it may be silent and still be present, where it differs from the configured time.
    pub ttl: Option<Duration>,
    /// Where its row stands.
    pub position: Position,
}

/// What some scheduled work touches. Ids that nothing records stay in, and are reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// Ids of guests.
    pub guests: Vec<Box<str>>,
    /// Ids of hosts; their guests are meant too.
    pub hosts: Vec<Box<str>>,
    /// Ids of switches; the hosts attached to them and their guests are meant too.
    pub switches: Vec<Box<str>>,
    /// Groups or nodes of the hierarchy.
    pub groups: Vec<Box<str>>,
    /// Application tags.
    pub tags: Vec<Box<str>>,
}

impl Selector {
    /// Tells whether it selects nothing.
    pub const fn is_empty(&self) -> bool {
        self.guests.is_empty()
            && self.hosts.is_empty()
            && self.switches.is_empty()
            && self.groups.is_empty()
            && self.tags.is_empty()
    }
}

/// Work that somebody announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledWork {
    /// The number or name it was announced under.
    pub reference: Box<str>,
    /// Who does it.
    pub who: Option<Box<str>>,
    /// What it touches.
    pub what: Selector,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends; later than `from`.
    pub to: Timestamp,
    /// How it recurs: the text of an RRULE (RFC 5545 section 3.3.10).
    pub recurrence: Option<Box<str>>,
    /// When it begins each time, in order; the first alone where it does not recur.
    pub begins: Vec<Timestamp>,
    /// Where its row stands.
    pub position: Position,
}

impl ScheduledWork {
    /// Tells whether it is done at a time: from a beginning on, for as long as the first time.
    pub fn is_on(&self, at: Timestamp) -> bool {
        let lasts = self.to.since(self.from);
        let begun = self.begins.partition_point(|begin| *begin <= at);
        let begin = begun.checked_sub(1).and_then(|index| self.begins.get(index));
        begin.is_some_and(|begin| at < begin.after(lasts))
    }
}

/// A node of the hierarchy above hosts and guests: a datacentre, cluster, rack, folder, resource pool or
/// application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What the inventory calls it, uniquely among nodes.
    pub id: Box<str>,
    /// What it is: `datacentre`, `rack`, ...
    pub kind: Box<str>,
    /// What people call it; the id where the inventory has no name.
    pub name: Box<str>,
    /// The id of the node above it; never leads back to itself.
    pub parent: Option<Box<str>>,
    /// Where its row stands.
    pub position: Position,
}

/// First octets of MAC addresses that only guests have, and whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestPrefix {
    /// The octets, or bits, that count.
    pub prefix: MacPrefix,
    /// The product that gives them out.
    pub label: Box<str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_uuids() {
        let text = "7f0c2d84-5c9a-4d7e-9b1e-0a2b3c4d5e6f";
        for spelling in [
            text,
            "7F0C2D84-5C9A-4D7E-9B1E-0A2B3C4D5E6F",
            "{7f0c2d84-5c9a-4d7e-9b1e-0a2b3c4d5e6f}",
            "7f0c2d845c9a4d7e9b1e0a2b3c4d5e6f",
        ] {
            assert_eq!(spelling.parse::<Uuid>().map(|uuid| uuid.to_string()), Ok(text.into()));
        }
        for wrong in
            ["", "7f0c2d84", "7f0c2d845-c9a-4d7e-9b1e-0a2b3c4d5e6f", "zf0c2d84-5c9a-4d7e-9b1e-0a2b3c4d5e6f"]
        {
            assert!(wrong.parse::<Uuid>().is_err(), "{wrong}");
        }
    }
}
