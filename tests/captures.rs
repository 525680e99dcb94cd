//! Holds the decoder against captures that nobody on this project made, and what tshark reads in them.
//!
//! The captures lie beside the project, in `../shared/captures`; nothing of them is copied here. Each kind of
//! dump is compared as a multiset of records, reduced to the fields that count. What differs is listed in
//! `exceptions.yaml` with the reason: a difference that is not listed fails the test, and so does a listed one
//! that is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rollcall::capture::{CaptureFiles, CaptureOptions, UnknownPoints};
use rollcall::dump::{self, DumpKind};
use rollcall_core::decode::DecodeSettings;
use rollcall_tests::skip;
use serde::Deserialize;
use serde_json::{Map, Value};

/// One reason why captures differ from their truth.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    /// Why, with the paragraph that says so where tshark is wrong.
    reason: String,
    /// Which dumps differ.
    kinds: BTreeSet<String>,
    /// In which captures.
    files: Vec<String>,
}

/// The record names of a dump, each with the fields that count.
type Fields = &'static [(&'static str, &'static str)];

const TOTALS: Fields = &[
    ("file", "packets bytes cap_bytes first_ts last_ts min_ts max_ts time_goes_back cut_frames zero_len"),
    ("iface", "id name frames bytes first_ts last_ts"),
];
const STATIONS: Fields = &[("src", "link mac vlans frames bytes cap_bytes first_ts last_ts first_frame")];
const BINDINGS: Fields = &[
    (
        "bind/arp",
        "proto op kind sender_ip sender_mac target_ip target_mac eth_src eth_dst vlans tunnel count first_ts \
         last_ts first_frame",
    ),
    (
        "bind/rarp",
        "proto op kind sender_ip sender_mac target_ip target_mac eth_src eth_dst vlans tunnel count first_ts \
         last_ts first_frame",
    ),
    (
        "bind/nd",
        "proto kind ip_src ip_dst target slla tlla eth_src eth_dst vlans tunnel count first_ts last_ts \
         first_frame",
    ),
];
const MOBILITY: Fields = &[
    (
        "mh",
        "frame ts type ip_src ip_dst hao rh2 alt_coa seq lifetime_units lifetime_s flags status hnp mnp mn_id \
         lla bid hdr_len eth_src vlans tunnel derived",
    ),
    ("mip6data", "ip_src ip_dst hao rh2 count first_ts last_ts first_frame"),
    ("mip6icmp", "frame ts type ip_src ip_dst"),
];
const MOBILITY4: Fields = &[("mip4", "frame ts type ip_src ip_dst home home_agent coa lifetime code")];
const DHCP: Fields = &[
    (
        "dhcp",
        "frame ts msg chaddr ciaddr yiaddr giaddr requested server hostname client_id xid vlans tunnel eth_src",
    ),
    ("dhcp6", "frame ts msg ip_src ip_dst duids iaaddrs eth_src vlans"),
];
const RADIUS: Fields = &[(
    "radius_acct",
    "frame ts id ip_src ip_dst sport dport acct_status_type calling_station_id called_station_id nas_ip nas_ipv6 \
     nas_port nas_port_id nas_identifier user_name session_id multi_session_id framed_ip event_timestamp \
     terminate_cause",
)];
const STORAGE: Fields =
    &[("svc", "service client server port cport frames payload_frames syn first_ts last_ts first_frame")];
const NEIGHBOURS: Fields = &[
    ("lldp", "eth_src vlans chassis port sysname count first_ts last_ts first_frame"),
    ("cdp", "eth_src vlans chassis port sysname count first_ts last_ts first_frame"),
];

const TUNNELS: Fields = &[
    ("tunnel", "tunnel inner_mac inner_vlans outer_mac outer_vlans first_ts last_ts first_frame frames"),
    ("tunnel3", "tunnel inner_src first_ts last_ts first_frame frames"),
];

#[test]
fn totals() -> Result<()> {
    compare("totals", DumpKind::Totals, TOTALS)
}

#[test]
fn stations() -> Result<()> {
    compare("stations", DumpKind::Stations, STATIONS)
}

#[test]
fn bindings() -> Result<()> {
    compare("bindings", DumpKind::Bindings, BINDINGS)
}

#[test]
fn mobility() -> Result<()> {
    compare("mobility", DumpKind::Mobility, MOBILITY)
}

#[test]
fn mobility4() -> Result<()> {
    compare("mobility4", DumpKind::Mobility4, MOBILITY4)
}

#[test]
fn dhcp() -> Result<()> {
    compare("dhcp", DumpKind::Dhcp, DHCP)
}

#[test]
fn radius() -> Result<()> {
    compare("radius", DumpKind::Radius, RADIUS)
}

#[test]
fn storage() -> Result<()> {
    compare("storage", DumpKind::Storage, STORAGE)
}

#[test]
fn neighbours() -> Result<()> {
    compare("neighbours", DumpKind::Neighbours, NEIGHBOURS)
}

#[test]
fn tunnels() -> Result<()> {
    compare("tunnels", DumpKind::Tunnels, TUNNELS)
}

/// Compares every capture with its truth, and the differences with the exceptions.
fn compare(name: &str, kind: DumpKind, fields: Fields) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the tests lie inside the project")?;
    let captures = root.join("../shared/captures");
    if !captures.join("truth").is_dir() {
        skip(&format!("there are no captures with truth in `{}`", captures.display()));
        return Ok(());
    }
    let expected = exceptions(root, name)?;
    let (mut differing, mut shown, mut compared) = (BTreeSet::new(), String::new(), 0);
    for file in sorted_files(&captures.join("files"))? {
        let file_name = file.file_name().context("a file has a name")?.to_string_lossy().into_owned();
        let truth = captures.join("truth").join(format!("{file_name}.jsonl"));
        let Ok(truth) = fs::read_to_string(truth) else {
            continue;
        };
        let usable = truth.lines().next().is_some_and(|head| !head.contains("\"usable\":false"));
        let got = records(&dump(&file, kind).with_context(|| file_name.clone())?, fields)?;
        if !usable {
            continue;
        }
        compared += 1;
        let want = records(&truth, fields)?;
        if want != got {
            if !expected.contains_key(&file_name) {
                shown.push_str(&difference(&file_name, &want, &got));
            }
            differing.insert(file_name);
        }
    }
    let gone: Vec<_> = expected.keys().filter(|file| !differing.contains(*file)).collect();
    ensure!(compared >= 400, "only {compared} captures have a truth");
    ensure!(shown.is_empty(), "{name} differ from the truth:\n{shown}");
    ensure!(gone.is_empty(), "{name} are listed as exceptions and do not differ: {gone:?}");
    Ok(())
}

/// Returns the captures that may differ in this kind of dump, each with the reason.
fn exceptions(root: &Path, kind: &str) -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(root.join("tests/exceptions.yaml"))?;
    let exceptions: Vec<Exception> = serde_yaml::from_str(&text)?;
    let mut listed = BTreeMap::new();
    for exception in exceptions.into_iter().filter(|exception| exception.kinds.contains(kind)) {
        for file in exception.files {
            let twice = listed.insert(file.clone(), exception.reason.clone());
            ensure!(twice.is_none(), "`{file}` is listed twice for {kind}");
        }
    }
    Ok(listed)
}

fn sorted_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<_> =
        fs::read_dir(directory)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    Ok(files)
}

/// Returns the dump of one capture, however damaged it is.
fn dump(file: &Path, kind: DumpKind) -> Result<String> {
    let resolver = Box::new(UnknownPoints::default());
    let mut source = CaptureFiles::open(&[file.to_path_buf()], resolver, CaptureOptions::default())?;
    let mut lines = Vec::new();
    dump::run(kind, &DecodeSettings::default(), &mut source, &mut lines)?;
    Ok(String::from_utf8(lines)?)
}

/// Returns the records that count, reduced to the fields that count, sorted.
fn records(lines: &str, fields: Fields) -> Result<Vec<String>> {
    let mut records = Vec::new();
    for line in lines.lines() {
        let record = registration(serde_json::from_str(line)?);
        let word = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
        let key = match word("rec") {
            "bind" => format!("bind/{}", word("proto")),
            other => other.to_owned(),
        };
        let Some((_, names)) = fields.iter().find(|(name, _)| *name == key) else {
            continue;
        };
        if word("rec") != "bind" || word("kind") != "other" {
            records.push(reduce(&record, names));
        }
    }
    records.sort();
    Ok(records)
}

/// Names the fields of a Mobile IPv4 message in the truth as a dump does; other records stay as they are.
fn registration(mut record: Map<String, Value>) -> Map<String, Value> {
    if record.get("rec") != Some(&Value::from("mip4")) {
        return record;
    }
    let Some(Value::Object(fields)) = record.remove("fields") else {
        return record;
    };
    let first = |name: &str| fields.get(name).and_then(|values| values.get(0)).cloned().unwrap_or_default();
    let number = |name: &str| {
        let text = first(name);
        text.as_str().and_then(|digits| digits.parse::<u64>().ok()).map_or(text, Value::from)
    };
    record.insert("home".to_owned(), first("mip.homeaddr"));
    record.insert("home_agent".to_owned(), first("mip.haaddr"));
    record.insert("coa".to_owned(), first("mip.coa"));
    record.insert("lifetime".to_owned(), number("mip.life"));
    record.insert("code".to_owned(), number("mip.code"));
    record
}

/// Reduces a record to the fields that count.
///
/// Of a mobility message that contradicts itself its reading does not count, only its fixed fields.
fn reduce(record: &Map<String, Value>, names: &str) -> String {
    const READINGS: [&str; 7] = ["derived", "hnp", "mnp", "mn_id", "lla", "bid", "alt_coa"];
    let is_malformed =
        record.get("rec") == Some(&Value::from("mh")) && record.get("malformed") == Some(&Value::Bool(true));
    let mut reduced = String::new();
    for name in names.split_whitespace() {
        let value = match record.get(name) {
            _ if is_malformed && READINGS.contains(&name) => Value::from("does not count"),
            None => Value::from("absent"),
            Some(Value::Array(levels)) if name == "tunnel" => levels.iter().map(tunnel_level).collect(),
            Some(Value::Object(derived)) if name == "derived" => {
                let names = ["hoa", "coa", "home_reg", "dereg"];
                names.iter().map(|name| derived.get(*name).cloned().unwrap_or_default()).collect()
            }
            Some(value) => value.clone(),
        };
        reduced.push_str(&format!("{name}={value} "));
    }
    reduced
}

fn tunnel_level(level: &Value) -> Value {
    ["type", "id", "src", "dst"].iter().map(|name| level.get(name).cloned().unwrap_or_default()).collect()
}

/// Describes how a capture differs: the first records that only one side has.
fn difference(file: &str, want: &[String], got: &[String]) -> String {
    let only = |these: &[String], those: &[String]| {
        let mut others = those.to_vec();
        let mut only = Vec::new();
        for record in these {
            match others.iter().position(|other| other == record) {
                Some(place) => drop(others.swap_remove(place)),
                None => only.push(record.clone()),
            }
        }
        only
    };
    let (missing, unexpected) = (only(want, got), only(got, want));
    let first = |records: &[String]| records.first().cloned().unwrap_or_default();
    format!(
        "  {file}: {} missing, {} unexpected\n    truth   {}\n    decoder {}\n",
        missing.len(),
        unexpected.len(),
        first(&missing),
        first(&unexpected)
    )
}
