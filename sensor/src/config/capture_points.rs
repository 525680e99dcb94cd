use std::collections::BTreeMap;

use rollcall_core::recorded::{Snapshot, nearest};
use rollcall_core::types::{CapturePoint, CapturePointId, Coverage, Direction, DomainId, LinkType, Port};

use super::glob::Glob;
use super::recorded_files::read_duration;
use crate::text::yaml::{Node, Value};
use crate::text::{Faults, Fields, Mark, Marked};

/// What a capture file says of an interface, to find the capture point that it is.
#[derive(Clone, Copy, Debug)]
pub struct Captured<'a> {
    /// The file's path as it was given.
    pub file: &'a str,
    /// The interface's name, where the file has one.
    pub interface: Option<&'a str>,
    /// The interface's description, where the file has one.
    pub description: Option<&'a str>,
    /// The link type of its frames.
    pub linktype: LinkType,
}

/// The interface that a live capture point is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Its name.
    pub interface: Box<str>,
    /// A filter in the language of tcpdump that narrows what is captured.
    pub filter: Option<Box<str>>,
}

/// A configured capture point, and which interfaces and files are it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointRule {
    /// The capture point.
    pub point: CapturePoint,
    /// The interface that a live run opens for it.
    pub wire: Option<Wire>,
    /// What the interface must be called, or described as.
    interface: Option<Glob>,
    /// What the file must be called.
    file: Option<Glob>,
    /// Ids of hosts and switches that it names, with their places.
    names: Vec<(Named, Mark)>,
}

/// Something of the inventory that a capture point names by id.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Host(Box<str>),
    Switch(Box<str>),
}

impl PointRule {
    /// Tells whether an interface of a file is this capture point.
    pub fn fits(&self, captured: &Captured<'_>) -> bool {
        let base = captured.file.rsplit('/').next().unwrap_or(captured.file);
        let file_fits = |glob: &Glob| glob.fits(base) || glob.fits(captured.file);
        let interface_fits = |glob: &Glob| {
            [captured.interface, captured.description].into_iter().flatten().any(|name| glob.fits(name))
        };
        self.file.as_ref().is_none_or(file_fits) && self.interface.as_ref().is_none_or(interface_fits)
    }
}

/// Reports mirrored hosts and switches that the inventory does not have. Where it has none at all, their ids are
/// names like any other.
pub(super) fn held_against(rules: &[PointRule], snapshot: &Snapshot, faults: &mut Faults) {
    let hosts: Vec<&str> = snapshot.hosts().iter().map(|host| host.id.as_ref()).collect();
    let switches: Vec<&str> = snapshot.switches().iter().map(|switch| switch.id.as_ref()).collect();
    for rule in rules {
        for (named, at) in &rule.names {
            let (what, id, known) = match named {
                Named::Host(id) => ("host", id, &hosts),
                Named::Switch(id) => ("switch", id, &switches),
            };
            if known.is_empty() || known.contains(&id.as_ref()) {
                continue;
            }
            let help = match nearest(id, known.iter().copied()) {
                Some(near) => format!("the nearest recorded one is `{near}`"),
                None => "correct the id, or add it to the inventory".to_owned(),
            };
            faults.warning(
                "RC0108",
                *at,
                format!("capture point `{}` mirrors {what} `{id}`, which nothing records", rule.point.name),
                help,
            );
        }
    }
}

/// Returns the number of the first rule that fits; rules are numbered as capture points are.
pub(super) fn find(rules: &[PointRule], captured: &Captured<'_>) -> Option<CapturePointId> {
    let at = rules.iter().position(|rule| rule.fits(captured))?;
    u16::try_from(at).ok().map(CapturePointId)
}

/// How many capture points may be configured.
const POINTS_MAX: usize = 1_024;

/// Reads the list of capture points. `domains` gets the names of layer-2 domains, numbered from 1; 0 is `default`.
pub(super) fn read(nodes: Vec<Node>, domains: &mut Vec<Box<str>>, faults: &mut Faults) -> Vec<PointRule> {
    let mut rules: Vec<PointRule> = Vec::new();
    let mut names: BTreeMap<String, Mark> = BTreeMap::new();
    for node in nodes {
        let at = node.at;
        let Some(rule) = read_one(node, domains, faults) else {
            continue;
        };
        if let Some(first) = names.insert(rule.point.name.to_string(), at) {
            faults.error(
                "RC0103",
                at,
                format!(
                    "capture point `{}` stands here a second time, after line {}",
                    rule.point.name, first.line
                ),
                "give each capture point a name of its own",
            );
        } else if rules.len() == POINTS_MAX {
            faults.error(
                "RC0102",
                at,
                format!("there are more than {POINTS_MAX} capture points"),
                "run a second sensor",
            );
            break;
        } else {
            rules.push(rule);
        }
    }
    rules
}

const KEYS: &[&str] = &[
    "name",
    "interface",
    "filter",
    "match",
    "domain",
    "direction",
    "mirrors",
    "site",
    "coverage",
    "learn-for",
];

fn read_one(node: Node, domains: &mut Vec<Box<str>>, faults: &mut Faults) -> Option<PointRule> {
    let mut fields = Fields::open(node, "a capture point", KEYS, faults)?;
    let at = fields.at();
    let Some(name) = fields.text("name").filter(|name| !name.value.is_empty()) else {
        fields.faults().error(
            "RC0104",
            at,
            "a capture point has no `name`".to_owned(),
            "add `name`: what output and metrics shall call it",
        );
        return None;
    };
    let mut point = CapturePoint::unknown(name.value.as_str());
    if let Some(domain) = fields.text("domain") {
        point.domain = domain_id(&domain.value, domains);
    }
    if let Some(direction) = fields.text("direction") {
        let words =
            [("ingress", Direction::Ingress), ("egress", Direction::Egress), ("both", Direction::Both)];
        point.direction = word(&direction, "direction", &words, fields.faults()).unwrap_or_default();
    }
    if let Some(coverage) = fields.text("coverage") {
        let words = [
            ("mirrored", Coverage::Mirrored),
            ("everything", Coverage::Everything),
            ("none", Coverage::Unstated),
        ];
        point.coverage = word(&coverage, "coverage", &words, fields.faults()).unwrap_or_default();
    }
    point.learn_for = fields.text("learn-for").and_then(|text| read_duration(&text, fields.faults()));
    point.site = fields.text("site").map(|site| site.value.into_boxed_str());
    let wire = read_wire(&mut fields);
    let mut names = Vec::new();
    if let Some(mirrors) = fields.node("mirrors") {
        names = read_mirrors(mirrors, &mut point, fields.faults());
    }
    let (interface, file) = match fields.node("match") {
        Some(node) => read_match(node, fields.faults())?,
        // What is not said otherwise is the interface of that name.
        None => (Some(Glob::new(wire.as_ref().map_or(name.value.as_str(), |wire| &wire.interface))), None),
    };
    Some(PointRule { point, wire, interface, file, names })
}

fn read_wire(fields: &mut Fields<'_>) -> Option<Wire> {
    let interface = fields.text("interface");
    let filter = fields.text("filter");
    let Some(interface) = interface else {
        if let Some(filter) = filter {
            fields.faults().error(
                "RC0104",
                filter.at,
                "a filter narrows an `interface`, and none is named".to_owned(),
                "add `interface`, or leave the filter away: capture files are read whole",
            );
        }
        return None;
    };
    Some(Wire { interface: interface.value.into(), filter: filter.map(|filter| filter.value.into()) })
}

fn read_match(node: Node, faults: &mut Faults) -> Option<(Option<Glob>, Option<Glob>)> {
    let mut fields = Fields::open(node, "a match", &["interface", "file"], faults)?;
    let mut glob = |key| fields.text(key).map(|text| Glob::new(&text.value));
    let (interface, file) = (glob("interface"), glob("file"));
    if interface.is_none() && file.is_none() {
        let at = fields.at();
        fields.faults().error(
            "RC0104",
            at,
            "a match names neither an interface nor a file".to_owned(),
            "write {interface: tor-1-eth1}, {file: \"*.pcap\"} or both",
        );
        return None;
    }
    Some((interface, file))
}

/// Reads what a capture point mirrors into it; returns the ids that it names.
fn read_mirrors(node: Node, point: &mut CapturePoint, faults: &mut Faults) -> Vec<(Named, Mark)> {
    let mut names = Vec::new();
    let Some(mut fields) = Fields::open(node, "what is mirrored", &["ports", "hosts"], faults) else {
        return names;
    };
    for host in fields.texts("hosts") {
        let id = host.value.into_boxed_str();
        names.push((Named::Host(id.clone()), host.at));
        point.hosts.push(id);
    }
    for node in fields.nodes("ports") {
        let at = node.at;
        let (switch, port) = if let Value::Scalar(text) = &node.value {
            match text.split_once(':') {
                Some((switch, port)) => (Some(switch.trim().to_owned()), Some(port.trim().to_owned())),
                None => (Some(text.clone()), None),
            }
        } else {
            let Some(mut fields) = Fields::open(node, "a port", &["switch", "port"], fields.faults()) else {
                continue;
            };
            let mut text = |key| fields.text(key).map(|text| text.value);
            (text("switch"), text("port"))
        };
        match (switch, port) {
            (Some(switch), Some(port)) if !switch.is_empty() && !port.is_empty() => {
                let switch = switch.into_boxed_str();
                names.push((Named::Switch(switch.clone()), at));
                point.ports.push(Port { switch, port: port.into() });
            }
            _ => fields.faults().error(
                "RC0104",
                at,
                "a mirrored port lacks its switch or its port".to_owned(),
                "write it as {switch: tor-1, port: eth1}",
            ),
        }
    }
    names
}

fn domain_id(name: &str, domains: &mut Vec<Box<str>>) -> DomainId {
    if name == "default" {
        return DomainId::default();
    }
    let at = domains.iter().position(|known| **known == *name).unwrap_or_else(|| {
        domains.push(name.into());
        domains.len() - 1
    });
    // There are at most as many domains as capture points.
    DomainId(u16::try_from(at + 1).unwrap_or(u16::MAX))
}

fn word<T: Clone>(text: &Marked, key: &str, words: &[(&str, T)], faults: &mut Faults) -> Option<T> {
    let found = words.iter().find(|(word, _)| *word == text.value);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        not_a_word(text, key, &known, faults);
    }
    found.map(|(_, value)| value.clone())
}

/// Reports a word that a setting does not have.
pub(super) fn not_a_word(text: &Marked, key: &str, known: &[&str], faults: &mut Faults) {
    let help = match nearest(&text.value, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}", known.join(", ")),
    };
    faults.error("RC0105", text.at, format!("`{}` is no word for `{key}`", text.value), help);
}
