use core::time::Duration;
use std::collections::BTreeMap;
use std::path::Path;

use rollcall_core::recorded::nearest;
use rollcall_core::types::parse_duration;

use super::capture_points::not_a_word;
use crate::sources::files::{InventoryFile, Kind};
use crate::text::yaml::{Node, Value};
use crate::text::{Faults, Fields, Marked};

/// Reads the list of inventory files; their paths are relative to `dir`.
pub(super) fn read(nodes: Vec<Node>, dir: &Path, faults: &mut Faults) -> Vec<InventoryFile> {
    nodes
        .into_iter()
        .filter_map(|node| match node.value {
            Value::Scalar(path) => Some(InventoryFile::at(dir.join(path.trim()))),
            _ => read_one(node, dir, faults),
        })
        .collect()
}

fn read_one(node: Node, dir: &Path, faults: &mut Faults) -> Option<InventoryFile> {
    let mut fields = Fields::open(
        node,
        "a file",
        &["path", "kind", "columns", "name", "precedence", "stale-after"],
        faults,
    )?;
    let at = fields.at();
    let Some(path) = fields.text("path") else {
        fields.faults().error(
            "RC0104",
            at,
            "a file has no `path`".to_owned(),
            "add `path`, relative to the configuration file",
        );
        return None;
    };
    let kind_text = fields.text("kind");
    let kind = kind_text.as_ref().and_then(|text| Kind::from_name(&text.value));
    if let (Some(text), None) = (&kind_text, kind) {
        not_a_word(text, "kind", &Kind::ALL.map(Kind::as_str), fields.faults());
    }
    let columns = fields.node("columns");
    let columns = columns.map_or_else(BTreeMap::new, |node| read_columns(node, kind, fields.faults()));
    let name = fields.text("name").map(|name| name.value);
    let precedence = fields.text("precedence").map_or(0, |text| {
        text.value.parse().unwrap_or_else(|_| {
            fields.faults().error(
                "RC0101",
                text.at,
                format!("`{}` is no whole number", text.value),
                "write the higher number for the source whose word counts",
            );
            0
        })
    });
    let stale_after = fields.text("stale-after").and_then(|text| read_duration(&text, fields.faults()));
    Some(InventoryFile { path: dir.join(&path.value), kind, columns, name, precedence, stale_after })
}

/// Reads a duration that is not zero; reports what is none.
pub(super) fn read_duration(text: &Marked, faults: &mut Faults) -> Option<Duration> {
    let read = parse_duration(&text.value).ok().filter(|duration| !duration.is_zero());
    if read.is_none() {
        let message = format!("`{}` is no duration", text.value);
        faults.error("RC0101", text.at, message, "write it as 300s, 5m or 1h30m");
    }
    read
}

/// Reads which column holds which field, held against the fields of the kind, or of any kind where none is given.
fn read_columns(node: Node, kind: Option<Kind>, faults: &mut Faults) -> BTreeMap<String, String> {
    let Value::Mapping(entries) = node.value else {
        faults.error(
            "RC0003",
            node.at,
            format!("`columns` must be fields with titles, found {}", node.value.kind()),
            "write {id: \"VM Name\", macs: \"MAC Address\"}",
        );
        return BTreeMap::new();
    };
    let known: Vec<&str> = Kind::ALL
        .into_iter()
        .filter(|known| kind.is_none_or(|kind| kind == *known))
        .flat_map(|kind| kind.fields().iter().map(|field| field.name))
        .collect();
    let mut columns = BTreeMap::new();
    for entry in entries {
        if !known.contains(&entry.key.as_str()) {
            let help = nearest(&entry.key, known.iter().copied()).map_or_else(
                || "write the name of a field before the colon, the title of its column behind it".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let what = kind.map_or("a record", Kind::what);
            faults.error("RC0107", entry.at, format!("{what} has no field `{}`", entry.key), help);
            continue;
        }
        match entry.node.value {
            Value::Scalar(title) => {
                columns.insert(entry.key, title.trim().to_owned());
            }
            value => faults.error(
                "RC0003",
                entry.node.at,
                format!("the title of a column must be a single value, found {}", value.kind()),
                "write the title as it stands in the first line of the table",
            ),
        }
    }
    columns
}
