//! YAML and JSON inventories: sections with records.

use std::collections::BTreeMap;

use rollcall_core::recorded::rows::{AttachmentRow, Text};
use rollcall_core::recorded::{SnapshotBuilder, SourceId};

use super::kind::{Kind, Record};
use crate::text::yaml::{Node, Part, Value, read_parts};
use crate::text::{Faults, Fields, Mark, Marked};

/// Reads an inventory and hands every record to the builder.
pub(super) fn read_inventory(text: &str, source: SourceId, builder: &mut SnapshotBuilder) {
    let mut faults = Faults::default();
    let mut section = None;
    read_parts(text, &mut faults, |faults, part| {
        match part {
            Part::Key(key, at) => section = open(&key, at, faults),
            Part::Item(node) => {
                if let Some(kind) = section {
                    item(kind, node, source, builder, faults);
                }
            }
            Part::Whole(node) => {
                if section.is_some() && node.value != Value::Null {
                    not_a_list(&node, faults);
                }
            }
        }
        hand_over(faults, source, builder);
    });
    hand_over(&mut faults, source, builder);
}

/// Reads an inventory that stands in another text, such as a line of a timeline.
pub(super) fn read_inline(inventory: Node, source: SourceId, builder: &mut SnapshotBuilder) {
    let mut faults = Faults::default();
    match inventory.value {
        Value::Mapping(entries) => {
            for entry in entries {
                let Some(kind) = open(&entry.key, entry.at, &mut faults) else { continue };
                match entry.node.value {
                    Value::Null => {}
                    Value::Sequence(nodes) => {
                        nodes.into_iter().for_each(|node| item(kind, node, source, builder, &mut faults));
                    }
                    _ => not_a_list(&entry.node, &mut faults),
                }
            }
        }
        _ => not_a_list(&inventory, &mut faults),
    }
    hand_over(&mut faults, source, builder);
}

/// Reads the records of one section that stands in another text, such as guest prefixes in the configuration.
pub(super) fn read_section(kind: Kind, nodes: Vec<Node>, source: SourceId, builder: &mut SnapshotBuilder) {
    let mut faults = Faults::default();
    for node in nodes {
        item(kind, node, source, builder, &mut faults);
    }
    hand_over(&mut faults, source, builder);
}

fn hand_over(faults: &mut Faults, source: SourceId, builder: &mut SnapshotBuilder) {
    for fault in faults.list.drain(..) {
        builder.report(fault.severity, fault.code, fault.at.in_source(source), fault.message, fault.help);
    }
}

fn open(key: &str, at: Mark, faults: &mut Faults) -> Option<Kind> {
    let kind = Kind::from_name(key);
    if kind.is_none() {
        crate::text::unknown_key(key, at, "an inventory", &Kind::ALL.map(Kind::as_str), faults);
    }
    kind
}

fn not_a_list(node: &Node, faults: &mut Faults) {
    faults.error(
        "RC0003",
        node.at,
        format!("a section must be a list, found {}", node.value.kind()),
        "begin each record with `- `",
    );
}

fn item(kind: Kind, node: Node, source: SourceId, builder: &mut SnapshotBuilder, faults: &mut Faults) {
    let mut names: Vec<&'static str> = kind.fields().iter().map(|field| field.name).collect();
    if kind == Kind::ScheduledWork {
        names.retain(|name| !WHAT.contains(name));
        names.push("what");
    }
    let Some(mut fields) = Fields::open(node, kind.what(), &names, faults) else {
        return;
    };
    let mut record = Record { at: fields.at().in_source(source), ..Record::default() };
    for field in kind.fields() {
        let texts = match (field.name, field.list) {
            ("attachments", _) => {
                record.attachments = attachments(&mut fields, source);
                continue;
            }
            (name, true) => fields.texts(name),
            (name, false) => fields.text(name).into_iter().collect(),
        };
        insert(&mut record.fields, field.name, texts, source);
    }
    if kind == Kind::ScheduledWork
        && let Some(what) = fields.node("what")
    {
        selector(what, source, &mut record, fields.faults());
    }
    kind.deliver(record, builder);
}

/// The keys of what a scheduled work touches.
const WHAT: &[&str] = &["guests", "hosts", "switches", "groups", "tags"];

fn selector(node: Node, source: SourceId, record: &mut Record, faults: &mut Faults) {
    if let Some(mut fields) = Fields::open(node, "a selection", WHAT, faults) {
        for name in WHAT {
            let texts = fields.texts(name);
            insert(&mut record.fields, name, texts, source);
        }
    }
}

/// Reads attachments: each `{switch: tor-1, port: eth1}`, or as in CSV `tor-1:eth1`.
fn attachments(fields: &mut Fields<'_>, source: SourceId) -> Vec<AttachmentRow> {
    let nodes = fields.nodes("attachments");
    let mut rows = Vec::with_capacity(nodes.len());
    for node in nodes {
        if let Value::Scalar(text) = &node.value {
            rows.push(attachment(text, node.at, source));
        } else if let Some(mut port) =
            Fields::open(node, "an attachment", &["switch", "port"], fields.faults())
        {
            rows.push(AttachmentRow {
                at: port.at().in_source(source),
                switch: port.text("switch").map(|text| with_source(text, source)),
                port: port.text("port").map(|text| with_source(text, source)),
            });
        }
    }
    rows
}

/// Reads an attachment that is written in one word: the switch up to the first colon, then the port.
pub(super) fn attachment(text: &str, mark: Mark, source: SourceId) -> AttachmentRow {
    let at = mark.in_source(source);
    let part = |part: &str| {
        let part = part.trim();
        (!part.is_empty()).then(|| Text::new(part, at))
    };
    let (switch, port) = match text.split_once(':') {
        Some((switch, port)) => (part(switch), part(port)),
        None => (part(text), None),
    };
    AttachmentRow { at, switch, port }
}

fn insert(
    fields: &mut BTreeMap<&'static str, Vec<Text>>,
    name: &'static str,
    texts: Vec<Marked>,
    source: SourceId,
) {
    if !texts.is_empty() {
        let texts = texts.into_iter().map(|text| with_source(text, source));
        fields.insert(name, texts.collect());
    }
}

fn with_source(text: Marked, source: SourceId) -> Text {
    Text { at: text.at.in_source(source), value: text.value }
}
