//! Which recorded switch or port is meant by a name that somebody else has for it.

use std::net::IpAddr;

use super::index::Index;
use super::model::Switch;
use super::snapshot::Snapshot;
use crate::types::{MacAddr, Port};

/// The shortest abbreviation of a kind of port that is understood: `Gi` for `GigabitEthernet`.
const ABBREVIATION_MIN: usize = 2;

/// Indexes switches by everything that they are called.
pub(super) fn index(switches: &[Switch]) -> Index<Box<str>, u32> {
    let names = (0u32..).zip(switches).flat_map(|(at, switch)| {
        let management = switch.management.map(|address| address.to_string().into_boxed_str());
        let names = [&switch.id, &switch.name].into_iter().chain(&switch.known_as).cloned();
        let mut names: Vec<Box<str>> = names.chain(management).flat_map(|name| spellings(&name)).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(move |name| (name, at))
    });
    Index::new(names)
}

impl Snapshot {
    /// Returns the switch that goes by a name: its id, name, management address, or anything that it is known as. A name of
    /// several switches names none. Case does not count, nor does the domain behind a host's name.
    pub fn switch_known_as(&self, name: &str) -> Option<&Switch> {
        spellings(name).iter().find_map(|name| match self.switch_names(name) {
            [one] => self.switches().get(*one as usize),
            _ => None,
        })
    }

    /// Returns the recorded port that one of some names means, at a switch that goes by one of some names.
    ///
    /// A port is recorded if its switch lists it or a host is attached to it. A name means the port that an alias says,
    /// or the one called so; kinds of port may be abbreviated (`Gi1/0/7`), and behind the name may stand more, such as a
    /// VLAN (`ge-0/0/1.100`).
    pub fn port_known_as(&self, switch: &[Box<str>], port: &[Box<str>]) -> Option<Port> {
        let switch = switch.iter().find_map(|name| self.switch_known_as(name))?;
        let name = port.iter().find_map(|name| self.port_of(switch, name))?;
        Some(Port { switch: switch.id.clone(), port: name })
    }

    fn port_of(&self, switch: &Switch, name: &str) -> Option<Box<str>> {
        let aliases = &switch.port_aliases;
        if let Some((_, port)) = aliases.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name)) {
            return Some(port.clone());
        }
        let attached = self.attached_ports(&switch.id);
        let listed = || switch.ports.iter().chain(&switch.uplinks).map(|port| &**port);
        let ports = || listed().chain(attached.iter().copied());
        let exact = ports().find(|port| port.eq_ignore_ascii_case(name));
        let same = || ports().find(|port| is_same_port(port, name));
        let begins = || ports().filter(|port| stands_before_more(port, name)).max_by_key(|port| port.len());
        exact.or_else(same).or_else(begins).map(Into::into)
    }
}

/// Returns the spellings under which a name is looked up, the full one first.
fn spellings(name: &str) -> Vec<Box<str>> {
    let name = name.trim();
    if let Ok(address) = name.parse::<IpAddr>() {
        return vec![address.to_canonical().to_string().into()];
    }
    if let Ok(mac) = name.parse::<MacAddr>() {
        return vec![mac.to_string().into()];
    }
    let full = name.to_ascii_lowercase();
    let short =
        full.split_once('.').map(|(short, _)| short).filter(|short| !short.is_empty()).map(Into::into);
    core::iter::once(full.into()).chain(short).collect()
}

/// Tells whether two names of ports differ in how far the kind is written out only: `Gi1/0/7`, `GigabitEthernet1/0/7`.
fn is_same_port(one: &str, other: &str) -> bool {
    let split = |name: &str| {
        let digits = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
        let (kind, number) = name.split_at_checked(digits).unwrap_or((name, ""));
        (kind.trim().to_ascii_lowercase(), number.to_owned())
    };
    let ((one, one_number), (other, other_number)) = (split(one), split(other));
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    !one_number.is_empty()
        && one_number == other_number
        && short.len() >= ABBREVIATION_MIN
        && long.starts_with(&*short)
}

/// Tells whether a name begins with a port's name and goes on with what cannot belong to it.
fn stands_before_more(port: &str, name: &str) -> bool {
    let Some((head, rest)) = name.split_at_checked(port.len()) else { return false };
    head.eq_ignore_ascii_case(port) && rest.starts_with(['.', ':', ' ', ',', '|', ';'])
}

#[cfg(test)]
mod tests {
    use super::super::builder::SnapshotBuilder;
    use super::super::problem::Position;
    use super::super::rows::{AttachmentRow, HostRow, SwitchRow, Text};
    use super::*;

    fn text(value: &str) -> Text {
        Text::new(value, Position::default())
    }

    fn snapshot() -> Snapshot {
        let mut builder = SnapshotBuilder::new();
        let texts = |values: &[&str]| values.iter().map(|value| text(value)).collect::<Vec<_>>();
        builder.switch(SwitchRow {
            id: Some(text("tor-1")),
            management: Some(text("192.0.2.1")),
            known_as: texts(&["Access-1.example.net", "02:00:00:00:00:01", "twin"]),
            ports: texts(&["GigabitEthernet1/0/7", "GigabitEthernet1/0/70", "ge-0/0/1"]),
            port_aliases: texts(&["50107=GigabitEthernet1/0/7", "e-cid 17 = Eth101/1/1"]),
            ..SwitchRow::default()
        });
        builder.switch(SwitchRow {
            id: Some(text("tor-2")),
            known_as: texts(&["twin"]),
            ..SwitchRow::default()
        });
        let attachment = |port: &str| AttachmentRow {
            switch: Some(text("tor-1")),
            port: Some(text(port)),
            ..AttachmentRow::default()
        };
        let attachments = ["Eth101/1/1", "GigabitEthernet1/0/7"].map(attachment).into();
        builder.host(HostRow { id: Some(text("hv-1")), attachments, ..HostRow::default() });
        let built = builder.finish();
        assert!(built.problems.iter().all(|problem| problem.code == "RC0208"), "{:?}", built.problems);
        built.snapshot
    }

    #[test]
    fn a_switch_is_found_by_whatever_it_is_called() {
        let snapshot = snapshot();
        let found = |name: &str| snapshot.switch_known_as(name).map(|switch| &*switch.id);
        for name in ["tor-1", "TOR-1", "192.0.2.1", "::ffff:192.0.2.1", "access-1", "access-1.example.net"] {
            assert_eq!(found(name), Some("tor-1"), "{name}");
        }
        assert_eq!(found("0200.0000.0001"), Some("tor-1"));
        assert_eq!(found("tor-1.other.example"), Some("tor-1"));
        for name in ["twin", "tor", "192.0.2.2", ""] {
            assert_eq!(found(name), None, "{name}");
        }
    }

    #[test]
    fn a_port_is_found_by_alias_name_and_abbreviation() {
        let snapshot = snapshot();
        let found = |name: &str| {
            let port = snapshot.port_known_as(&["access-1".into()], &[name.into()]);
            port.map(|port| port.port.to_string())
        };
        let seventh = Some("GigabitEthernet1/0/7".to_owned());
        for name in ["gigabitethernet1/0/7", "Gi1/0/7", "50107", "GigabitEthernet1/0/7.100"] {
            assert_eq!(found(name), seventh, "{name}");
        }
        assert_eq!(found("ge-0/0/1.100:7").as_deref(), Some("ge-0/0/1"));
        assert_eq!(found("e-cid 17").as_deref(), Some("Eth101/1/1"));
        for name in ["G1/0/7", "1/0/7", "Te1/0/7", "Gi1/0/8", "GigabitEthernet1/0/701", ""] {
            assert_eq!(found(name), None, "{name}");
        }
        assert_eq!(snapshot.port_known_as(&["nobody".into()], &["Gi1/0/7".into()]), None);
    }
}
