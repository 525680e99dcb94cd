use core::time::Duration;

use super::Rate;
use super::diagnostic::Faults;
use super::node::{Content, Entry, Node, Origin};
use crate::recorded::nearest;
use crate::types::{format_duration, parse_duration};

/// The keys of one mapping, taken out by name. Keys that it does not have are told when it is opened.
pub(super) struct Fields {
    pub(super) at: Origin,
    entries: Vec<Entry>,
}

impl Fields {
    /// Opens a mapping; `None`, after a report, where the node is none. `what` comes with its article: `a rule`.
    pub(super) fn open(node: Node, what: &str, known: &[&str], faults: &mut Faults<'_>) -> Option<Self> {
        let at = node.at;
        let entries = match node.content {
            Content::Map(entries) => entries,
            Content::Null => Vec::new(),
            other => {
                let message = format!("expected {what} as keys with values, found {}", other.kind());
                faults.error("RC0003", at, message, keys_help(what, known));
                return None;
            }
        };
        let (entries, unknown): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| known.contains(&entry.key.as_str()));
        for entry in unknown {
            let help = match nearest(&entry.key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => keys_help(what, known),
            };
            faults.error("RC0002", entry.at, format!("{what} has no key `{}`", entry.key), help);
        }
        Some(Self { at, entries })
    }

    /// Takes a field as it is; `None` where it is missing or holds nothing.
    pub(super) fn node(&mut self, key: &str) -> Option<Node> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        let node = self.entries.swap_remove(index).node;
        (node.content != Content::Null).then_some(node)
    }

    /// Takes a field even where it holds nothing.
    pub(super) fn node_or_null(&mut self, key: &str) -> Option<Node> {
        let index = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.swap_remove(index).node)
    }

    pub(super) fn text(&mut self, key: &str, faults: &mut Faults<'_>) -> Option<(String, Origin)> {
        self.node(key).and_then(|node| text_of(node, key, faults))
    }

    /// Takes a list of texts; a single text is a list of one.
    pub(super) fn texts(&mut self, key: &str, faults: &mut Faults<'_>) -> Vec<(String, Origin)> {
        self.node(key).map_or_else(Vec::new, |node| texts_of(node, key, faults))
    }

    pub(super) fn rate(&mut self, key: &str, faults: &mut Faults<'_>) -> Option<Rate> {
        let (text, at) = self.text(key, faults)?;
        let parts = text.split_once(" per ");
        let rate = parts.and_then(|(count, per)| {
            let rate = Rate { count: count.trim().parse().ok()?, per: parse_duration(per.trim()).ok()? };
            ((1..=Rate::COUNT_MAX).contains(&rate.count) && rate.per <= Rate::PER_MAX && !rate.per.is_zero())
                .then_some(rate)
        });
        if rate.is_none() {
            let help = format!(
                "write it as `3 per 1h`: 1 to {} in at most {}",
                Rate::COUNT_MAX,
                format_duration(Rate::PER_MAX)
            );
            faults.error("RC0101", at, format!("`{text}` is no rate for `{key}`"), help);
        }
        rate
    }

    pub(super) fn count(&mut self, key: &str, min: u32, max: u32, faults: &mut Faults<'_>) -> Option<u32> {
        let (text, at) = self.text(key, faults)?;
        count_of(&text, at, key, (min, max), faults)
    }
}

pub(super) fn count_of(
    text: &str,
    at: Origin,
    key: &str,
    (min, max): (u32, u32),
    faults: &mut Faults<'_>,
) -> Option<u32> {
    let number = text.trim_end_matches('%').trim().parse().ok().filter(|number| (min..=max).contains(number));
    if number.is_none() {
        faults.error(
            "RC0101",
            at,
            format!("`{text}` is no number for `{key}`"),
            format!("write a whole number from {min} to {max}"),
        );
    }
    number
}

pub(super) fn duration_of(text: &str, at: Origin, key: &str, faults: &mut Faults<'_>) -> Option<Duration> {
    const MAX: Duration = Duration::from_secs(366 * 86_400);
    let duration = parse_duration(text).ok().filter(|duration| *duration <= MAX);
    if duration.is_none() {
        let help = "write it as 300s, 5m or 1h30m, at most 366d";
        faults.error("RC0101", at, format!("`{text}` is no duration for `{key}`"), help);
    }
    duration
}

/// Finds a word in a list.
pub(super) fn word_of<'a>(
    text: &str,
    at: Origin,
    key: &str,
    words: &[&'a str],
    faults: &mut Faults<'_>,
) -> Option<&'a str> {
    let found = words.iter().copied().find(|word| *word == text);
    if found.is_none() {
        let help = match nearest(text, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of {}", words.join(", ")),
        };
        faults.error("RC0103", at, format!("`{text}` is no word for `{key}`"), help);
    }
    found
}

pub(super) fn text_of(node: Node, key: &str, faults: &mut Faults<'_>) -> Option<(String, Origin)> {
    match node.content {
        Content::Text(text) => Some((text, node.at)),
        other => {
            let message = format!("`{key}` must be a single value, found {}", other.kind());
            faults.error("RC0003", node.at, message, "write one value behind the colon");
            None
        }
    }
}

pub(super) fn texts_of(node: Node, key: &str, faults: &mut Faults<'_>) -> Vec<(String, Origin)> {
    match node.content {
        Content::List(items) => items.into_iter().filter_map(|item| text_of(item, key, faults)).collect(),
        _ => text_of(node, key, faults).into_iter().collect(),
    }
}

fn keys_help(what: &str, known: &[&str]) -> String {
    match known {
        [] => format!("{what} takes no keys"),
        _ => format!("the keys of {what} are {}", known.join(", ")),
    }
}
