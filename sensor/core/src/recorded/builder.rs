use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::check::{self, Draft, GuestDraft, HostDraft, NodeDraft};
use super::model::{
    Guest, GuestPrefix, Host, KnownStation, Node, ScheduledWork, Selector, SourceSettings, Subnet, Switch,
};
use super::problem::{Place, Position, Problem, Severity, SourceId};
use super::read::{Readable, Recurrence, VlanId, boxed, boxed_all};
use super::rows::{
    AttachmentRow, GuestPrefixRow, GuestRow, HostRow, KnownStationRow, NodeRow, ScheduledWorkRow, SubnetRow,
    SwitchRow, Text,
};
use super::snapshot::Snapshot;
use super::state::{HostState, RunState};
use crate::types::{MacAddr, Port, Timestamp};

/// What a builder made of all rows.
#[derive(Clone, Debug)]
pub struct Built {
    /// Everything that could be taken in.
    pub snapshot: Snapshot,
    /// Everything that was wrong, sorted by place.
    pub problems: Vec<Problem>,
}

/// Takes rows in, from any number of sources and in any order, and makes a snapshot of them.
///
/// The result depends on the rows and on the order of the sources only.
#[derive(Clone, Debug, Default)]
pub struct SnapshotBuilder {
    draft: Draft,
    problems: Problems,
    /// Words for states that no table has, with where each stood first and how often.
    unmapped: BTreeMap<(&'static str, String), (Position, u64)>,
    expander: Option<Expander>,
}

/// Says when work begins that recurs by an RRULE and begins for the first time then, up to a bound of its own; or what is
/// wrong with the rule.
///
/// # Reference
/// RFC 5545 section 3.3.10.
pub type Expander = fn(rule: &str, first: Timestamp) -> Result<Recurring, String>;

/// When work begins that recurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurring {
    /// Every time, in order.
    pub begins: Vec<Timestamp>,
    /// Whether it goes on beyond the last one.
    pub is_cut: bool,
}

impl SnapshotBuilder {
    /// Makes a builder without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Announces a source, for the positions of its rows. A file is named by its path as it was given.
    ///
    /// # Bounds
    /// The 65,536th source and those behind it share one number.
    pub fn source(&mut self, name: &str) -> SourceId {
        self.source_with(name, SourceSettings { name: name.into(), ..SourceSettings::default() })
    }

    /// Announces a source of which the configuration says more.
    pub fn source_with(&mut self, name: &str, settings: SourceSettings) -> SourceId {
        let id = SourceId(u16::try_from(self.problems.sources.len()).unwrap_or(u16::MAX));
        self.problems.sources.push(name.into());
        self.problems.settings.push(settings);
        id
    }

    /// Says who reads how work recurs; nobody does until then, and only its first time counts.
    pub fn expand_by(&mut self, expander: Expander) {
        self.expander = Some(expander);
    }

    /// Adds a problem that the source itself met, such as a row that could not be read at all.
    pub fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: Position,
        message: String,
        help: Option<String>,
    ) {
        self.problems.push(severity, code, at, message, help);
    }

    /// Takes a row of `guests`.
    pub fn guest(&mut self, row: GuestRow) {
        let Some((id, name)) = self.identity("guest", row.at, row.id, row.name, row.uuid.as_ref()) else {
            return;
        };
        let macs = self.station_macs(row.macs);
        let home_addresses: Vec<IpAddr> = self.read_all(row.home_addresses);
        if macs.is_empty() && home_addresses.is_empty() {
            self.problems.error(
                "RC0204",
                row.at,
                format!("guest `{id}` has no MAC address"),
                "add its address under `macs`; a guest without one cannot be told apart on the wire",
            );
            return;
        }
        let guest = Guest {
            uuid: self.read(row.uuid),
            name,
            macs,
            home_addresses,
            addresses: self.read_all(row.addresses),
            host: None,
            run_state: self.state("run state", row.state, RunState::from_word, RunState::Unknown),
            state_since: self.read(row.state_since),
            owner: row.owner.map(boxed),
            tags: boxed_all(row.tags),
            created: self.read(row.created),
            expires: self.read(row.expires),
            groups: boxed_all(row.groups),
            parent: None,
            conflicts: Vec::new(),
            position: row.at,
            id,
        };
        if let (Some(created), Some(expires)) = (guest.created, guest.expires)
            && expires < created
        {
            self.problems.error(
                "RC0218",
                row.at,
                format!("guest `{}` expires before it was created", guest.id),
                "exchange or correct `created` and `expires`",
            );
        }
        self.draft.guests.push(GuestDraft {
            guest,
            host: row.host.map(Into::into),
            parent: row.parent.map(Into::into),
        });
    }

    /// Takes a row of `hosts`.
    pub fn host(&mut self, row: HostRow) {
        let Some((id, name)) = self.identity("host", row.at, row.id, row.name, None) else {
            return;
        };
        let mut attachments = Vec::with_capacity(row.attachments.len());
        let mut attached_at = Vec::with_capacity(row.attachments.len());
        for AttachmentRow { at, switch, port } in row.attachments {
            let (Some(switch), Some(port)) = (switch, port) else {
                self.problems.error(
                    "RC0201",
                    at,
                    format!("an attachment of host `{id}` lacks its switch or its port"),
                    "write it as {switch: tor-1, port: eth1}",
                );
                continue;
            };
            attached_at.push((switch.at, port.at));
            attachments.push(Port { switch: boxed(switch), port: boxed(port) });
        }
        let host = Host {
            name,
            macs: self.station_macs(row.macs),
            vteps: self.read_all(row.vteps),
            attachments,
            management: self.read(row.management),
            state: match row.state {
                None => HostState::InService,
                some => self.state("host state", some, HostState::from_word, HostState::Unknown),
            },
            site: row.site.map(boxed),
            subnets: self.read_all(row.subnets),
            parent: None,
            position: row.at,
            id,
        };
        self.draft.hosts.push(HostDraft { host, attached_at, parent: row.parent.map(Into::into) });
    }

    /// Takes a row of `switches`.
    pub fn switch(&mut self, row: SwitchRow) {
        let Some((id, name)) = self.identity("switch", row.at, row.id, row.name, None) else {
            return;
        };
        let mut uplinks = boxed_all(row.uplinks);
        uplinks.sort_unstable();
        uplinks.dedup();
        let mut ports = boxed_all(row.ports);
        if !ports.is_empty() {
            ports.extend(uplinks.iter().cloned());
        }
        ports.sort_unstable();
        ports.dedup();
        let management = self.read(row.management);
        let port_aliases = self.port_aliases(row.port_aliases);
        self.draft.switches.push(Switch {
            id,
            name,
            management,
            known_as: boxed_all(row.known_as),
            port_aliases,
            ports,
            uplinks,
            position: row.at,
        });
    }

    /// Takes a row of `subnets`.
    pub fn subnet(&mut self, row: SubnetRow) {
        let prefix = self.required("subnet", "prefix", row.at, row.prefix);
        let Some(prefix) = self.read(prefix) else {
            return;
        };
        let vlan: Option<VlanId> = self.read(row.vlan);
        self.draft.subnets.push(Subnet {
            prefix,
            vlan: vlan.map(|vlan| vlan.0),
            site: row.site.map(boxed),
            purpose: row.purpose.map(boxed),
            position: row.at,
        });
    }

    /// Takes a row of `known-stations`.
    pub fn known_station(&mut self, row: KnownStationRow) {
        let text = self.required("known station", "mac", row.at, row.mac);
        let Some(&mac) = self.station_macs(text.into_iter().collect()).first() else {
            return;
        };
        let ttl = self.read(row.ttl);
        self.draft.known_stations.push(KnownStation {
            mac,
            name: row.name.map_or_else(|| mac.to_string().into(), boxed),
            ttl,
            position: row.at,
        });
    }

    /// Takes a row of `scheduled-work`.
    pub fn scheduled_work(&mut self, row: ScheduledWorkRow) {
        let reference = self.required("scheduled work", "reference", row.at, row.reference);
        let from = self.required("scheduled work", "from", row.at, row.from);
        let to = self.required("scheduled work", "to", row.at, row.to);
        let (from, to) = (self.read(from), self.read(to));
        let (Some(reference), Some(from), Some(to)) = (reference, from, to) else {
            return;
        };
        if to <= from {
            self.problems.error(
                "RC0213",
                row.at,
                format!("scheduled work `{}` ends before or when it begins", reference.value),
                "exchange or correct `from` and `to`",
            );
            return;
        }
        let recurs_at = row.recurrence.as_ref().map(|text| text.at);
        let recurrence: Option<Recurrence> = self.read(row.recurrence);
        let expanded = recurrence.as_ref().zip(self.expander).map(|(rule, expand)| expand(&rule.0, from));
        let begins = match expanded {
            None => vec![from],
            Some(Ok(Recurring { begins, is_cut })) => {
                if is_cut && let Some(last) = begins.last() {
                    let message = format!("the recurrence is followed until {last} only");
                    let help = "give it an end by COUNT or UNTIL, or a later `from`";
                    self.problems.warning("RC0223", recurs_at.unwrap_or(row.at), message, help);
                }
                begins
            }
            Some(Err(wrong)) => {
                self.problems.error(
                    "RC0222",
                    recurs_at.unwrap_or(row.at),
                    format!("the recurrence cannot be followed: {wrong}"),
                    "correct the RRULE; until then the work counts for its first time only",
                );
                vec![from]
            }
        };
        self.draft.work.push(ScheduledWork {
            reference: boxed(reference),
            who: row.who.map(boxed),
            what: Selector {
                guests: boxed_all(row.guests),
                hosts: boxed_all(row.hosts),
                switches: boxed_all(row.switches),
                groups: boxed_all(row.groups),
                tags: boxed_all(row.tags),
            },
            from,
            to,
            recurrence: recurrence.map(|rule| rule.0),
            begins,
            position: row.at,
        });
    }

    /// Takes a row of `hierarchy`.
    pub fn node(&mut self, row: NodeRow) {
        let Some((id, name)) = self.identity("node", row.at, row.id, row.name, None) else {
            return;
        };
        let Some(kind) = self.required("node", "kind", row.at, row.kind) else {
            return;
        };
        self.draft.nodes.push(NodeDraft {
            node: Node { id, kind: boxed(kind), name, parent: None, position: row.at },
            parent: row.parent.map(Into::into),
        });
    }

    /// Takes a row of `guest-prefixes`. The first one replaces the defaults.
    pub fn guest_prefix(&mut self, row: GuestPrefixRow) {
        let prefix = self.required("guest prefix", "prefix", row.at, row.prefix);
        let label = self.required("guest prefix", "label", row.at, row.label);
        let prefix = self.read(prefix);
        let list = self.draft.guest_prefixes.get_or_insert_default();
        if let (Some(prefix), Some(label)) = (prefix, label) {
            list.push(GuestPrefix { prefix, label: boxed(label) });
        }
    }

    /// Resolves every reference and makes the snapshot.
    pub fn finish(mut self) -> Built {
        for ((what, word), (at, count)) in core::mem::take(&mut self.unmapped) {
            let times = match count {
                1 => String::new(),
                count => format!(" ({count} times)"),
            };
            self.problems.push(
                Severity::Warning,
                "RC0212",
                at,
                format!("nothing maps the {what} `{word}`; it is read as `unknown`{times}"),
                Some(format!("use one of the words that the manual lists for a {what}")),
            );
        }
        let snapshot = check::finish(self.draft, &mut self.problems);
        let mut problems = self.problems.list;
        problems.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        Built { snapshot, problems }
    }

    /// Returns id and name of a row: either stands in for the other, and a UUID for both.
    fn identity(
        &mut self,
        what: &str,
        at: Position,
        id: Option<Text>,
        name: Option<Text>,
        uuid: Option<&Text>,
    ) -> Option<(Box<str>, Box<str>)> {
        let filled = |text: &Text| !text.value.is_empty();
        let name = name.filter(filled);
        let Some(id) = id.filter(filled).or_else(|| name.clone()).or_else(|| uuid.cloned().filter(filled))
        else {
            self.problems.error(
                "RC0201",
                at,
                format!("a {what} has no id"),
                "give every record an `id` that no other of its kind has",
            );
            return None;
        };
        let id = boxed(id);
        let name = name.map_or_else(|| id.clone(), boxed);
        Some((id, name))
    }

    /// Reports a required field that is not there.
    fn required(&mut self, what: &str, field: &str, at: Position, text: Option<Text>) -> Option<Text> {
        let text = text.filter(|text| !text.value.is_empty());
        if text.is_none() {
            self.problems.error(
                "RC0201",
                at,
                format!("a {what} has no `{field}`"),
                &format!("add `{field}` to it"),
            );
        }
        text
    }

    /// Reads a field; reports one that says something else.
    fn read<T: Readable>(&mut self, text: Option<Text>) -> Option<T> {
        let text = text?;
        let read = T::read(&text.value);
        if read.is_none() {
            self.problems.error("RC0202", text.at, format!("`{}` is no {}", text.value, T::WHAT), T::HELP);
        }
        read
    }

    fn read_all<T: Readable + PartialEq>(&mut self, texts: Vec<Text>) -> Vec<T> {
        let mut list: Vec<T> = Vec::with_capacity(texts.len());
        for text in texts {
            if let Some(value) = self.read(Some(text))
                && !list.contains(&value)
            {
                list.push(value);
            }
        }
        list
    }

    /// Reads MAC addresses that a frame may have as its source.
    fn station_macs(&mut self, texts: Vec<Text>) -> Vec<MacAddr> {
        let mut list: Vec<MacAddr> = Vec::with_capacity(texts.len());
        for text in texts {
            let at = text.at;
            let Some(mac) = self.read::<MacAddr>(Some(text)) else {
                continue;
            };
            if !mac.is_station() {
                let why = if mac.is_zero() { "all zero" } else { "a group address" };
                self.problems.error(
                    "RC0203",
                    at,
                    format!("MAC address `{mac}` is {why}, which no station has"),
                    "correct the address",
                );
            } else if !list.contains(&mac) {
                list.push(mac);
            }
        }
        list
    }

    /// Reads other names of ports.
    fn port_aliases(&mut self, texts: Vec<Text>) -> Vec<(Box<str>, Box<str>)> {
        let mut list = Vec::with_capacity(texts.len());
        for text in texts {
            let parts = text.value.rsplit_once('=').map(|(alias, port)| (alias.trim(), port.trim()));
            match parts.filter(|(alias, port)| !alias.is_empty() && !port.is_empty()) {
                Some((alias, port)) => list.push((alias.into(), port.into())),
                None => self.problems.error(
                    "RC0220",
                    text.at,
                    format!("`{}` is no other name of a port", text.value),
                    "write what the other side calls the port, then the port: 50107=eth7",
                ),
            }
        }
        list
    }

    /// Maps a source's word; a word that no table has is noted once.
    fn state<T>(
        &mut self,
        what: &'static str,
        text: Option<Text>,
        from_word: impl Fn(&str) -> Option<T>,
        unknown: T,
    ) -> T {
        let Some(text) = text.filter(|text| !text.value.is_empty()) else {
            return unknown;
        };
        from_word(&text.value).unwrap_or_else(|| {
            let (_, count) = self.unmapped.entry((what, text.value)).or_insert((text.at, 0));
            *count += 1;
            unknown
        })
    }
}

/// Problems met so far, and the names of the sources they may be in.
#[derive(Clone, Debug, Default)]
pub(super) struct Problems {
    pub(super) sources: Vec<Arc<str>>,
    /// What the configuration says of each.
    pub(super) settings: Vec<SourceSettings>,
    list: Vec<Problem>,
}

impl Problems {
    pub(super) fn place(&self, at: Position) -> Place {
        Place {
            source: self
                .sources
                .get(usize::from(at.source.0))
                .map_or_else(|| "unnamed source".into(), Arc::clone),
            line: at.line,
            column: at.column,
        }
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        at: Position,
        message: String,
        help: Option<String>,
    ) {
        self.list.push(Problem { severity, code, place: self.place(at), message, also: None, help });
    }

    pub(super) fn error(&mut self, code: &'static str, at: Position, message: String, help: &str) {
        self.push(Severity::Error, code, at, message, Some(help.to_owned()));
    }

    pub(super) fn warning(&mut self, code: &'static str, at: Position, message: String, help: &str) {
        self.push(Severity::Warning, code, at, message, Some(help.to_owned()));
    }

    /// Returns what the configuration says of the source of a place.
    pub(super) fn source_of(&self, at: Position) -> Option<&SourceSettings> {
        self.settings.get(usize::from(at.source.0))
    }

    /// Reports that two sources contradict each other, which the audit does as well.
    pub(super) fn disagreement(&mut self, at: Position, first: Position, message: String, help: &str) {
        let also = Some(self.place(first));
        self.list.push(Problem {
            severity: Severity::Warning,
            code: "RC0221",
            place: self.place(at),
            message,
            also,
            help: Some(help.to_owned()),
        });
    }

    /// Reports that two places contradict each other.
    pub(super) fn conflict(
        &mut self,
        code: &'static str,
        at: Position,
        first: Position,
        message: String,
        help: &str,
    ) {
        let also = Some(self.place(first));
        self.list.push(Problem {
            severity: Severity::Error,
            code,
            place: self.place(at),
            message,
            also,
            help: Some(help.to_owned()),
        });
    }
}
