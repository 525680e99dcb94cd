//! The parts of the section `audit` that are lists: what is ignored, excluded, muted, and other graces for some.

use core::str::FromStr;
use core::time::Duration;
use std::collections::BTreeMap;

use rollcall_core::audit::{GraceRule, Kind, MuteRule, Selection};
use rollcall_core::types::{IpPrefix, MacPrefix, Timestamp, parse_duration};

use super::capture_points::not_a_word;
use super::checked::section;
use crate::text::yaml::Node;
use crate::text::{Faults, Fields, Marked};

/// The rules of the audit.
#[derive(Debug, Default)]
pub(super) struct AuditRules {
    pub(super) graces: Vec<GraceRule>,
    pub(super) exclude: Vec<Selection>,
    pub(super) mute: Vec<MuteRule>,
    pub(super) ignored_stations: Vec<MacPrefix>,
    pub(super) ignored_addresses: Vec<IpPrefix>,
}

/// Reads the section `audit`; its settings go to `values`.
pub(super) fn read(
    node: Node,
    values: &mut BTreeMap<&'static str, Marked>,
    faults: &mut Faults,
) -> AuditRules {
    let lists = ["kinds", "ignore", "graces", "exclude", "mute"];
    let Some(mut fields) = section(node, "audit", &lists, values, faults) else {
        return AuditRules::default();
    };
    if let Some(kinds) = fields.node("kinds") {
        section(kinds, "audit.kinds", &[], values, fields.faults());
    }
    let mut rules = AuditRules::default();
    for node in fields.nodes("graces") {
        rules.graces.extend(grace(node, fields.faults()));
    }
    for node in fields.nodes("exclude") {
        rules.exclude.extend(selection(node, fields.faults()));
    }
    for node in fields.nodes("mute") {
        rules.mute.extend(mute(node, fields.faults()));
    }
    if let Some(ignore) = fields.node("ignore")
        && let Some(mut ignore) =
            Fields::open(ignore, "what is ignored", &["stations", "addresses"], fields.faults())
    {
        let stations = ignore.texts("stations");
        let addresses = ignore.texts("addresses");
        rules.ignored_stations = mac_prefixes(stations, ignore.faults());
        rules.ignored_addresses = typed(
            addresses,
            "IP address or prefix",
            "write it as 10.1.0.11, 10.1.0.0/24 or 2001:db8::/64",
            ignore.faults(),
        );
    }
    rules
}

const GRACES: [&str; 4] = ["record-lag", "silence-grace", "zombie-grace", "start-up-grace"];

fn grace(node: Node, faults: &mut Faults) -> Option<GraceRule> {
    let keys: Vec<&str> = core::iter::once("match").chain(GRACES).collect();
    let mut fields = Fields::open(node, "a rule of graces", &keys, faults)?;
    let selection = matched(&mut fields)?;
    let [record_lag, silence_grace, zombie_grace, start_up_grace] =
        GRACES.map(|key| fields.text(key).and_then(|text| duration(&text, fields.faults())));
    Some(GraceRule { selection, record_lag, silence_grace, zombie_grace, start_up_grace })
}

fn mute(node: Node, faults: &mut Faults) -> Option<MuteRule> {
    let mut fields = Fields::open(node, "a rule of muting", &["match", "kinds", "until"], faults)?;
    let selection = matched(&mut fields)?;
    let words = Kind::ALL.map(Kind::as_str);
    let mut kinds = Vec::new();
    for text in fields.texts("kinds") {
        match Kind::from_word(&text.value) {
            Some(kind) => kinds.push(kind),
            None => not_a_word(&text, "kinds", &words, fields.faults()),
        }
    }
    let until = fields.text("until").into_iter().collect();
    let until: Vec<Timestamp> =
        typed(until, "time", "write it as 2026-11-21T08:00:00Z, with `Z` or an offset", fields.faults());
    Some(MuteRule { selection, kinds, until: until.first().copied() })
}

fn matched(fields: &mut Fields<'_>) -> Option<Selection> {
    let at = fields.at();
    let Some(node) = fields.node("match") else {
        fields.faults().error(
            "RC0104",
            at,
            "a rule has no `match`".to_owned(),
            "say whom it is about: {guests: [\"test-*\"], hosts: [hv-01], groups: [lab], tags: [batch]}",
        );
        return None;
    };
    selection(node, fields.faults())
}

fn selection(node: Node, faults: &mut Faults) -> Option<Selection> {
    let keys = ["guests", "hosts", "groups", "tags", "stations"];
    let mut fields = Fields::open(node, "a selection", &keys, faults)?;
    let at = fields.at();
    let mut names =
        |key| fields.texts(key).into_iter().map(|text| text.value.into_boxed_str()).collect::<Vec<_>>();
    let (guests, hosts, groups, tags) = (names("guests"), names("hosts"), names("groups"), names("tags"));
    let stations = fields.texts("stations");
    let stations = mac_prefixes(stations, fields.faults());
    let selection = Selection { guests, hosts, groups, tags, stations };
    if selection == Selection::default() {
        fields.faults().error(
            "RC0104",
            at,
            "a selection selects nobody".to_owned(),
            format!("name at least one of {}", keys.join(", ")),
        );
        return None;
    }
    Some(selection)
}

fn duration(text: &Marked, faults: &mut Faults) -> Option<Duration> {
    let read = parse_duration(&text.value).ok();
    if read.is_none() {
        let message = format!("`{}` is no duration", text.value);
        faults.error("RC0101", text.at, message, "write it as 300s, 5m or 1h30m");
    }
    read
}

fn mac_prefixes(texts: Vec<Marked>, faults: &mut Faults) -> Vec<MacPrefix> {
    typed(
        texts,
        "MAC address or prefix",
        "write it as 52:54:00:12:34:56, or its first octets, 52:54:00",
        faults,
    )
}

pub(super) fn typed<T: FromStr>(texts: Vec<Marked>, what: &str, help: &str, faults: &mut Faults) -> Vec<T> {
    let mut list = Vec::with_capacity(texts.len());
    for text in texts {
        match text.value.parse() {
            Ok(value) => list.push(value),
            Err(_) => faults.error("RC0101", text.at, format!("`{}` is no {what}", text.value), help),
        }
    }
    list
}
