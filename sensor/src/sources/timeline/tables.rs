//! Forwarding tables of a line: rows in the line itself, a CSV file, or why there is none.

use std::path::Path;

use rollcall_core::types::{ForwardingRow, MacAddr, PollRound, PolledSwitch};

use crate::sources::files::read_text;
use crate::text::yaml::{Node, Value};
use crate::text::{Faults, Fields, Mark, Marked};

/// What a round gave, and whether a file of it could not be read.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) round: PollRound,
    pub(super) unreadable: bool,
}

/// Reads one round of polling; files are relative to `dir`.
pub(super) fn read_round(nodes: Vec<Node>, dir: &Path, faults: &mut Faults) -> Round {
    let mut round = Round::default();
    for node in nodes {
        if let Some(switch) = read_switch(node, dir, &mut round.unreadable, faults) {
            round.round.switches.push(switch);
        }
    }
    round
}

const WHAT: [&str; 3] = ["rows", "file", "failed"];

fn read_switch(node: Node, dir: &Path, unreadable: &mut bool, faults: &mut Faults) -> Option<PolledSwitch> {
    let keys: Vec<&str> = core::iter::once("switch").chain(WHAT).collect();
    let mut fields = Fields::open(node, "a polled switch", &keys, faults)?;
    let at = fields.at();
    let switch = fields.text("switch");
    let (rows, file, failed) = (fields.node("rows"), fields.text("file"), fields.text("failed"));
    let said = [rows.is_some(), file.is_some(), failed.is_some()];
    let Some(switch) = switch.filter(|switch| !switch.value.is_empty()) else {
        fields.faults().error(
            "RC0306",
            at,
            "a polled switch has no `switch`".to_owned(),
            "add the id of the switch, or any other name that it is known as",
        );
        return None;
    };
    if said.into_iter().filter(|&said| said).count() != 1 {
        fields.faults().error(
            "RC0307",
            at,
            format!("switch `{}` gave its table or did not, and that once", switch.value),
            format!("give it exactly one of {}", WHAT.join(", ")),
        );
        return None;
    }
    let table = match (rows, file, failed) {
        (_, Some(file), _) => Ok(read_table(&file, dir, unreadable, fields.faults())?),
        (_, _, Some(failed)) => Err(failed.value.into()),
        (rows, None, None) => Ok(rows.map_or_else(Vec::new, |rows| read_rows(rows, fields.faults()))),
    };
    Some(PolledSwitch { switch: switch.value.into(), table })
}

fn read_rows(rows: Node, faults: &mut Faults) -> Vec<ForwardingRow> {
    let nodes = match rows.value {
        Value::Sequence(nodes) => nodes,
        value => {
            faults.error(
                "RC0003",
                rows.at,
                format!("`rows` must be a list, found {}", value.kind()),
                "put the rows into [ ]",
            );
            return Vec::new();
        }
    };
    let mut list = Vec::with_capacity(nodes.len());
    for node in nodes {
        if let Some(mut fields) = Fields::open(node, "a row of a table", &["mac", "vlan", "port"], faults) {
            let at = fields.at();
            let (mac, vlan, port) = (fields.text("mac"), fields.text("vlan"), fields.text("port"));
            list.extend(row(at, mac, vlan, port, fields.faults()));
        }
    }
    list
}

fn row(
    at: Mark,
    mac: Option<Marked>,
    vlan: Option<Marked>,
    port: Option<Marked>,
    faults: &mut Faults,
) -> Option<ForwardingRow> {
    let (Some(mac), Some(port)) = (mac, port.filter(|port| !port.value.is_empty())) else {
        faults.error(
            "RC0308",
            at,
            "a row of a table lacks its `mac` or its `port`".to_owned(),
            "write it as {\"mac\": \"52:54:00:00:00:01\", \"vlan\": 10, \"port\": \"eth3\"}",
        );
        return None;
    };
    let Ok(address) = mac.value.parse::<MacAddr>() else {
        faults.error(
            "RC0308",
            mac.at,
            format!("`{}` is no MAC address", mac.value),
            "write it as 52:54:00:12:34:56",
        );
        return None;
    };
    let vlan = match vlan.filter(|vlan| !vlan.value.is_empty()) {
        None => None,
        Some(vlan) => match vlan.value.parse::<u16>().ok().filter(|vid| (1..=4094).contains(vid)) {
            Some(vid) => Some(vid),
            None => {
                faults.error(
                    "RC0308",
                    vlan.at,
                    format!("`{}` is no VLAN identifier", vlan.value),
                    "write a number from 1 to 4094, or leave it out",
                );
                return None;
            }
        },
    };
    Some(ForwardingRow { mac: address, vlan, port: port.value.into() })
}

/// Reads a table from a CSV file with the columns `mac`, `vlan` (which may be missing) and `port`. What is wrong in it is told
/// at the place that names it, with the line.
fn read_table(
    file: &Marked,
    dir: &Path,
    unreadable: &mut bool,
    faults: &mut Faults,
) -> Option<Vec<ForwardingRow>> {
    let path = dir.join(&file.value);
    let text = match read_text(&path) {
        Ok(text) => text,
        Err(error) => {
            *unreadable = true;
            faults.error(
                "RC0007",
                file.at,
                format!("`{}` cannot be read: {error}", path.display()),
                "check the path and who may read the file",
            );
            return None;
        }
    };
    let (rows, wrong) = rows_of(&text, file.at);
    for fault in wrong.list {
        let message = format!("{}, in `{}`", fault.message, path.display());
        faults.error(fault.code, file.at, message, fault.help.unwrap_or_default());
    }
    Some(rows)
}

fn rows_of(text: &str, named_at: Mark) -> (Vec<ForwardingRow>, Faults) {
    let mut faults = Faults::default();
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let titles: Vec<String> = match reader.headers() {
        Ok(titles) => titles.iter().map(str::to_ascii_lowercase).collect(),
        Err(_) => Vec::new(),
    };
    let column = |name: &str| titles.iter().position(|title| title == name);
    let (Some(mac), Some(port)) = (column("mac"), column("port")) else {
        faults.error(
            "RC0309",
            named_at,
            "the first line has no column `mac` or no column `port`".to_owned(),
            "begin the table with the line mac,vlan,port",
        );
        return (Vec::new(), faults);
    };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                faults.error("RC0309", named_at, format!("no valid CSV: {error}"), "correct the row");
                break;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: Option<usize>| {
            let value = record.get(at?)?;
            Some(Marked { value: value.to_owned(), at: named_at })
        };
        let mut wrong = Faults::default();
        rows.extend(row(named_at, cell(Some(mac)), cell(column("vlan")), cell(Some(port)), &mut wrong));
        for fault in wrong.list {
            faults.error(
                fault.code,
                named_at,
                format!("line {line}: {}", fault.message),
                fault.help.unwrap_or_default(),
            );
        }
    }
    (rows, faults)
}
