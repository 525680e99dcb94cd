//! A guest: what it does, and what the inventory says of it, each as it changes.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::pcap::headers::{Mac, Tag};
use crate::pcap::station::Station;

/// The network that a guest is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Net {
    /// A VLAN that the host bridges to the wire.
    Vlan(u16),
    /// An overlay that the host's tunnel end belongs to.
    Overlay(u32),
}

/// How a stay of a guest at a host begins on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// It was there before the capture began, or comes without a word.
    Quiet,
    /// It starts: duplicate address detection, router solicitation, announcements of its addresses.
    Boot,
    /// It arrives by a live migration, which its new host announces by RARP.
    Migrated,
}

/// A stay: the guest, or a clone of it, runs on a host.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) host: usize,
    pub(super) from: Duration,
    pub(super) until: Duration,
    pub(super) begin: Begin,
}

/// What is recorded of its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It should be heard.
    Running,
    /// It should not be heard.
    Off,
    /// Neither.
    Migrating,
}

/// A record of a guest in the inventory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) state: State,
    pub(super) host: usize,
    pub(super) name: String,
    pub(super) ip: Ipv4Addr,
}

/// A time when somebody uses an address that is another's.
#[derive(Clone, Debug)]
pub(super) struct Borrowing {
    pub(super) ip: Ipv4Addr,
    pub(super) from: Duration,
    pub(super) until: Duration,
}

/// A guest.
pub(super) struct Guest {
    pub(super) id: String,
    pub(super) station: Station,
    pub(super) net: Net,
    /// The mean time between its frames.
    pub(super) period: Duration,
    /// Whether it is what the inventory calls a guest: its MAC address is in a guest prefix.
    pub(super) in_prefix: bool,
    pub(super) runs: Vec<Run>,
    /// What is recorded of it from when on; none where nothing is. The first entry is that of the beginning.
    pub(super) records: Vec<(Duration, Option<Record>)>,
    /// A second record with the same MAC address that is kept powered off.
    pub(super) has_twin: bool,
    pub(super) borrowings: Vec<Borrowing>,
}

impl Guest {
    /// Makes a guest that does nothing and that nobody recorded.
    pub(super) fn new(number: usize, net: Net, in_prefix: bool) -> Self {
        let [_, _, _, _, .., high, low] = (number as u64 + 16).to_be_bytes();
        let (vlan, third, tags) = match net {
            Net::Vlan(vlan) => (vlan, vlan.to_be_bytes()[1], vec![Tag::vlan(vlan)]),
            Net::Overlay(vni) => {
                let low = vni.to_be_bytes()[3];
                (u16::from(low) + 0x1000, low, Vec::new())
            }
        };
        let prefix: Mac = match (in_prefix, number % 3) {
            (false, _) => [0x00, 0x25, 0x90, 0x30, high, low],
            (true, 0) => [0x52, 0x54, 0x00, 0x30, high, low],
            (true, 1) => [0x00, 0x50, 0x56, 0x30, high, low],
            (true, _) => [0x00, 0x16, 0x3e, 0x30, high, low],
        };
        Self {
            id: format!("vm-{:03}", number + 1),
            station: Station {
                mac: prefix,
                ip: Ipv4Addr::new(10, high, third, low),
                ip6: Ipv6Addr::new(0x2001, 0xdb8, vlan, 0, 0, 0, u16::from(high), u16::from(low)),
                tags,
            },
            net,
            period: Duration::from_secs(5),
            in_prefix,
            runs: Vec::new(),
            records: Vec::new(),
            has_twin: false,
            borrowings: Vec::new(),
        }
    }

    /// Returns its MAC address as Rollcall writes it.
    pub(super) fn mac(&self) -> String {
        mac_text(self.station.mac)
    }

    /// Returns what is recorded of it at a time.
    pub(super) fn record_at(&self, at: Duration) -> Option<&Record> {
        self.records.iter().rev().find(|(from, _)| *from <= at).and_then(|(_, record)| record.as_ref())
    }
}

/// Writes a MAC address.
pub(super) fn mac_text(mac: Mac) -> String {
    mac.map(|octet| format!("{octet:02x}")).join(":")
}
