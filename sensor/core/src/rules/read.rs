//! Reads the rules of one file.

use std::sync::Arc;

use super::diagnostic::Faults;
use super::fields::{Fields, texts_of, word_of};
use super::node::{Content, Node, Origin};
use super::rule::{Mode, Rule, RuleLimits, RuleVersion, Trigger};
use super::select::{KEYS, Select};
use super::steps::Reader;
use crate::audit::Kind;

/// A rule as it was read, with what is still to be held against the other rules.
pub(super) struct Read {
    pub(super) rule: Arc<Rule>,
    pub(super) at: Origin,
    pub(super) file: usize,
    pub(super) calls: Vec<(String, Origin)>,
}

const RULE_KEYS: [&str; 7] = ["id", "description", "trigger", "condition", "mode", "limits", "steps"];

/// Reads a file: a list of rules.
pub(super) fn file(node: Node, faults: &mut Faults<'_>) -> Vec<Read> {
    let at = node.at;
    let Content::List(nodes) = node.content else {
        let message = format!("a file of rules must be a list, found {}", node.content.kind());
        faults.error("RC0003", at, message, "begin each rule with `- id: family.short-name`");
        return Vec::new();
    };
    nodes.into_iter().filter_map(|node| rule(node, faults)).collect()
}

fn rule(node: Node, faults: &mut Faults<'_>) -> Option<Read> {
    let version = version_of(&node);
    let mut fields = Fields::open(node, "a rule", &RULE_KEYS, faults)?;
    let at = fields.at;
    let id = id(&mut fields, faults);
    let description = fields.text("description", faults);
    if description.is_none() {
        let help = "add `description: ...`, one sentence on what the rule is for";
        faults.error("RC0402", at, "a rule has no `description`", help);
    }
    let mode = match fields.text("mode", faults) {
        Some((text, at)) => {
            word_of(&text, at, "mode", &Mode::ALL.map(Mode::as_str), faults).and_then(Mode::from_word)
        }
        None => None,
    };
    let mode = mode.unwrap_or_default();
    let trigger =
        fields.node("trigger").map_or_else(|| Some(Trigger::default()), |node| trigger(node, faults));
    let limits = match fields.node("limits") {
        Some(node) => limits(node, faults),
        None => RuleLimits::default(),
    };
    let mut reader = Reader::new(mode, faults);
    let condition = reader.condition(&mut fields, "condition");
    let nodes = match fields.node("steps") {
        Some(Node { content: Content::List(nodes), .. }) if !nodes.is_empty() => nodes,
        _ => {
            reader.faults.error(
                "RC0402",
                at,
                "a rule has no `steps`",
                "add `steps:` with a list of what is to be done",
            );
            Vec::new()
        }
    };
    let (steps, own_steps) = reader.steps(nodes);
    let (calls, variables) = (reader.calls, reader.variables);
    let rule = Rule {
        id: id?,
        version,
        description: description.map(|(text, _)| text).unwrap_or_default().into(),
        trigger: trigger?,
        condition,
        mode,
        limits,
        steps,
        own_steps,
        variables,
    };
    Some(Read { rule: Arc::new(rule), at, file: faults.file, calls })
}

/// FNV-1a of what the rule says, however it is laid out.
fn version_of(node: &Node) -> RuleVersion {
    let mut text = String::new();
    node.write_to(&mut text);
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    RuleVersion(hash)
}

fn id(fields: &mut Fields, faults: &mut Faults<'_>) -> Option<Box<str>> {
    let Some((text, at)) = fields.text("id", faults) else {
        faults.error(
            "RC0402",
            fields.at,
            "a rule has no `id`",
            "add `id: family.short-name`; it stays for ever",
        );
        return None;
    };
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let fits = text.len() <= 64
        && text.split_once('.').is_some_and(|(family, name)| is_word(family) && is_word(name));
    if !fits {
        let help = "write family.short-name in lower case, as zombie.ticket; at most 64 characters";
        faults.error("RC0403", at, format!("`{text}` is no id of a rule"), help);
        return None;
    }
    Some(text.into())
}

fn trigger(node: Node, faults: &mut Faults<'_>) -> Option<Trigger> {
    let mut fields = Fields::open(node, "a trigger", &["kinds", "select"], faults)?;
    let mut kinds = Vec::new();
    if let Some(node) = fields.node("kinds") {
        let words = Kind::ALL.map(Kind::as_str);
        for (text, at) in texts_of(node, "kinds", faults) {
            kinds.extend(word_of(&text, at, "kinds", &words, faults).and_then(Kind::from_word));
        }
    }
    kinds.sort_unstable();
    kinds.dedup();
    let select = match fields.node("select") {
        Some(node) => {
            let at = node.at;
            let select = Select::read(node, "a selector", faults)?;
            if select.is_empty() {
                let help = format!("name guests by {}, or leave `select` out", KEYS.join(", "));
                faults.warning("RC0404", at, "a selector that names nothing means everybody", help);
            }
            select
        }
        None => Select::default(),
    };
    Some(Trigger { kinds, select })
}

fn limits(node: Node, faults: &mut Faults<'_>) -> RuleLimits {
    let known = ["runs", "actions", "per-host", "share-of-host", "share-of-group", "storm-at"];
    let mut limits = RuleLimits::default();
    let Some(mut fields) = Fields::open(node, "`limits`", &known, faults) else { return limits };
    limits.runs = fields.rate("runs", faults);
    limits.actions = fields.rate("actions", faults).unwrap_or(limits.actions);
    limits.per_host = fields.rate("per-host", faults).unwrap_or(limits.per_host);
    limits.share_of_host = fields.count("share-of-host", 1, 100, faults).unwrap_or(limits.share_of_host);
    limits.share_of_group = fields.count("share-of-group", 1, 100, faults).unwrap_or(limits.share_of_group);
    limits.storm_at = fields.count("storm-at", 1, 10_000, faults).unwrap_or(limits.storm_at);
    limits
}
