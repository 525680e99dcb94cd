//! The section `streams`: what has no single value, as thresholds, routes and groups.

use rollcall_core::streams::{GroupRule, MemberKind, PromoteAt, RoutingRule, StreamSettings, Threshold};

use super::capture_points::not_a_word;
use crate::text::yaml::{Node, Value};
use crate::text::{Faults, Fields, Marked};

/// What the section holds beside the settings with one value.
pub(super) const OTHERS: [&str; 4] = ["weights", "promote-at", "routes", "groups"];

/// Reads the thresholds: for each kind of stream a weight, a share in percent, or both.
pub(super) fn promote_at(node: Node, faults: &mut Faults) -> PromoteAt {
    let mut promote_at = StreamSettings::default().promote_at;
    let entries = match node.value {
        Value::Mapping(entries) => entries,
        value => {
            faults.error(
                "RC0003",
                node.at,
                format!("expected thresholds as keys with values, found {}", value.kind()),
                "write them as {host: [10, 50%], group: [20, 50%], rack: 30}",
            );
            return promote_at;
        }
    };
    for entry in entries {
        let at = entry.node.at;
        let texts = match entry.node.value {
            Value::Scalar(text) => vec![Marked { value: text, at }],
            Value::Sequence(items) => items.into_iter().filter_map(scalar).collect(),
            _ => Vec::new(),
        };
        let Some(threshold) = threshold(&texts) else {
            let message = format!("`{}` has no threshold that can be read", entry.key);
            faults.error("RC0101", at, message, "write a weight, a share, or both: 10, 50%, [10, 50%]");
            continue;
        };
        match entry.key.as_str() {
            "host" => promote_at.host = threshold,
            "group" => promote_at.group = threshold,
            word => promote_at.words.push((word.into(), threshold)),
        }
    }
    promote_at
}

fn scalar(node: Node) -> Option<Marked> {
    match node.value {
        Value::Scalar(value) => Some(Marked { value, at: node.at }),
        _ => None,
    }
}

/// Reads a weight, a share in percent, or both.
fn threshold(texts: &[Marked]) -> Option<Threshold> {
    let mut threshold = Threshold { weight: None, share_percent: None };
    for text in texts {
        match text.value.trim().strip_suffix('%') {
            Some(share) => {
                let share = share.trim().parse().ok().filter(|share| (1..=100).contains(share))?;
                threshold.share_percent.replace(share).is_none().then_some(())?;
            }
            None => {
                let weight = text.value.trim().parse().ok().filter(|&weight| weight > 0)?;
                threshold.weight.replace(weight).is_none().then_some(())?;
            }
        }
    }
    (threshold.weight.is_some() || threshold.share_percent.is_some()).then_some(threshold)
}

/// Reads which posts go to topics.
pub(super) fn routes(nodes: Vec<Node>, faults: &mut Faults) -> Vec<RoutingRule> {
    nodes.into_iter().filter_map(|node| route(node, faults)).collect()
}

fn route(node: Node, faults: &mut Faults) -> Option<RoutingRule> {
    let keys = ["topic", "stream", "author", "words", "hashtag"];
    let mut fields = Fields::open(node, "a route", &keys, faults)?;
    let topic = required(&mut fields, "topic")?;
    let author = fields.text("author").and_then(|text| kind(&text, fields.faults()));
    let words = fields.texts("words").into_iter().map(|text| text.value.to_lowercase().into()).collect();
    let hashtag = fields.text("hashtag").map(|text| text.value.trim_start_matches('#').to_lowercase().into());
    let stream = fields.text("stream").map(|text| text.value.into());
    Some(RoutingRule { topic, stream, author, words, hashtag })
}

/// Reads the groups by rule.
pub(super) fn groups(nodes: Vec<Node>, faults: &mut Faults) -> Vec<GroupRule> {
    let group = |node| {
        let mut fields = Fields::open(node, "a group", &["group", "tagged", "below"], &mut *faults)?;
        let group = required(&mut fields, "group")?;
        let mut text = |key| fields.text(key).map(|text| text.value.into());
        Some(GroupRule { group, tagged: text("tagged"), below: text("below") })
    };
    nodes.into_iter().filter_map(group).collect()
}

fn required(fields: &mut Fields<'_>, key: &str) -> Option<Box<str>> {
    let text = fields.text(key).filter(|text| !text.value.is_empty());
    if text.is_none() {
        let at = fields.at();
        fields.faults().error("RC0104", at, format!("`{key}` is missing"), format!("add `{key}: …`"));
    }
    text.map(|text| text.value.into())
}

fn kind(text: &Marked, faults: &mut Faults) -> Option<MemberKind> {
    let kind = MemberKind::from_word(&text.value);
    if kind.is_none() {
        not_a_word(text, "author", &MemberKind::ALL.map(MemberKind::as_str), faults);
    }
    kind
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::*;

    fn read(text: &str) -> (Vec<String>, StreamSettings) {
        let parsed = Config::from_text(text, "config.yaml", Path::new(""));
        let messages = parsed.problems.into_iter().map(|problem| problem.message).collect();
        (messages, parsed.config.streams)
    }

    #[test]
    fn thresholds_routes_and_groups_are_read() {
        let (problems, settings) = read(
            "streams:\n  match-window: 2h\n  power-on: ask\n  weights: {guest: 3}\n  promote-at: {host: 7, rack: [30, 25%]}\n  \
             routes:\n    - {topic: guest disk, author: guest, words: [Disk], hashtag: \"#IO\"}\n  \
             groups:\n    - {group: mail, tagged: exchange}\n",
        );
        assert_eq!(problems, [] as [String; 0]);
        assert_eq!(settings.match_window.as_secs(), 7_200);
        assert_eq!(settings.weights.guest, 3);
        assert_eq!(settings.promote_at.host, Threshold { weight: Some(7), share_percent: None });
        let rack = Threshold { weight: Some(30), share_percent: Some(25) };
        assert_eq!(settings.promote_at.words, [("rack".into(), rack)]);
        let route = &settings.routes[0];
        assert_eq!((&*route.topic, route.author), ("guest disk", Some(MemberKind::Guest)));
        assert_eq!((&*route.words[0], route.hashtag.as_deref()), ("disk", Some("io")));
        assert_eq!(settings.groups[0].tagged.as_deref(), Some("exchange"));
    }

    #[test]
    fn everything_that_is_wrong_is_told() {
        let (problems, settings) = read(
            "streams:\n  promote-at: {host: 120%, rack: x, group: [1, 2]}\n  routes:\n    - {author: gest}\n    - \
             {topic: a, author: gest}\n  groups:\n    - {tagged: a}\n",
        );
        assert_eq!(
            problems,
            [
                "`host` has no threshold that can be read",
                "`rack` has no threshold that can be read",
                "`group` has no threshold that can be read",
                "`topic` is missing",
                "`gest` is no word for `author`",
                "`group` is missing",
            ]
        );
        assert_eq!(settings.promote_at, StreamSettings::default().promote_at);
    }
}
