//! `presence.ttls`: who stays present for longer or shorter than others.

use rollcall_core::presence::{TtlMatch, TtlRule};
use rollcall_core::recorded::nearest;
use rollcall_core::types::CapturePointId;

use super::audit_rules::typed;
use super::capture_points::PointRule;
use super::settings::Setting;
use crate::text::yaml::Node;
use crate::text::{Faults, Fields, Marked};

/// VLAN identifiers that a frame may carry.
const VLANS: core::ops::RangeInclusive<u16> = 1..=4_094;

/// Reads the rules in their order.
pub(super) fn read(nodes: Vec<Node>, points: &[PointRule], faults: &mut Faults) -> Vec<TtlRule> {
    let mut rules = Vec::new();
    for node in nodes {
        if rules.len() == TtlRule::COUNT_MAX {
            let message = format!("there are more than {} times to live", TtlRule::COUNT_MAX);
            faults.error("RC0102", node.at, message, "give stations of one kind one rule");
            break;
        }
        rules.extend(read_one(node, points, faults));
    }
    rules
}

fn read_one(node: Node, points: &[PointRule], faults: &mut Faults) -> Option<TtlRule> {
    let mut fields = Fields::open(node, "a time to live", &["match", "ttl"], faults)?;
    let at = fields.at();
    let (matches, ttl) = (fields.node("match"), fields.text("ttl"));
    let (Some(matches), Some(ttl)) = (matches, ttl) else {
        let help = "write it as {match: {stations: [\"00:1b:a9\"]}, ttl: 1h}";
        fields.faults().error("RC0104", at, "a time to live lacks its `match` or its `ttl`".to_owned(), help);
        return None;
    };
    let setting = Setting::at("presence.ttl");
    let read = setting.holds.duration(&ttl.value);
    if read.is_none() {
        let message = format!("`{}` is no time to live", ttl.value);
        let help = format!("write {}, as 90s or 1h30m", setting.range());
        fields.faults().error("RC0101", ttl.at, message, help);
    }
    let matches = read_match(matches, points, fields.faults())?;
    Some(TtlRule { matches, ttl: read? })
}

fn read_match(node: Node, points: &[PointRule], faults: &mut Faults) -> Option<TtlMatch> {
    const KEYS: &[&str] = &["stations", "subnets", "vlans", "capture-points"];
    let mut fields = Fields::open(node, "a match", KEYS, faults)?;
    let at = fields.at();
    let lists = KEYS.iter().map(|key| fields.texts(key));
    let lists: Vec<Vec<Marked>> = lists.collect();
    let [stations, subnets, vlans, names] = <[Vec<Marked>; 4]>::try_from(lists).ok()?;
    let faults = fields.faults();
    if [&stations, &subnets, &vlans, &names].iter().all(|list| list.is_empty()) {
        let help = "name stations, subnets, vlans or capture-points, or set `presence.ttl`";
        faults.error("RC0104", at, "a match names nothing".to_owned(), help);
        return None;
    }
    let mut matches = TtlMatch {
        stations: typed(
            stations,
            "MAC address or prefix",
            "write it as 52:54:00:12:34:56, or its first octets, 52:54:00",
            faults,
        ),
        subnets: typed(subnets, "IP prefix", "write it as 10.1.0.0/24 or 2001:db8::/64", faults),
        ..TtlMatch::default()
    };
    for text in vlans {
        match text.value.parse().ok().filter(|vlan| VLANS.contains(vlan)) {
            Some(vlan) => matches.vlans.push(vlan),
            None => {
                let message = format!("`{}` is no VLAN identifier", text.value);
                faults.error("RC0101", text.at, message, "write a number from 1 to 4094");
            }
        }
    }
    for name in names {
        let at = points.iter().position(|rule| *rule.point.name == *name.value);
        match at.and_then(|at| u16::try_from(at).ok()) {
            Some(at) => matches.capture_points.push(CapturePointId(at)),
            None => {
                let known = points.iter().map(|rule| rule.point.name.as_ref());
                let help = match nearest(&name.value, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name one that stands under `capture-points`".to_owned(),
                };
                faults.error("RC0105", name.at, format!("`{}` is no capture point", name.value), help);
            }
        }
    }
    Some(matches)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::path::Path;

    use super::super::Config;
    use super::*;

    #[test]
    fn rules_are_read_in_their_order() {
        let text = "capture-points: [{name: a}, {name: b}]\npresence:\n  ttls:\n    \
                    - {match: {stations: [\"00:1b:a9\"], vlans: [30, 31]}, ttl: 1h}\n    \
                    - {match: {subnets: [10.9.0.0/16], capture-points: [b]}, ttl: 30s}\n";
        let parsed = Config::from_text(text, "c.yaml", Path::new(""));
        assert_eq!(parsed.problems, []);
        let [first, second] = &parsed.config.ttl_rules[..] else { panic!() };
        assert_eq!((first.ttl, &first.matches.vlans[..]), (Duration::from_secs(3_600), &[30, 31][..]));
        assert_eq!(second.matches.capture_points, [CapturePointId(1)]);
        assert_eq!(second.matches.subnets, ["10.9.0.0/16".parse().unwrap()]);
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let text = "capture-points: [{name: core}]\npresence:\n  ttls:\n    \
                    - {match: {}, ttl: 1h}\n    - {ttl: 1h}\n    - {match: {vlans: [4095]}, ttl: never}\n    \
                    - {match: {capture-points: [cire]}, ttl: 5m}\n";
        let parsed = Config::from_text(text, "c.yaml", Path::new(""));
        let told: Vec<(&str, u32)> = parsed.problems.iter().map(|p| (p.code, p.place.line)).collect();
        assert_eq!(told, [("RC0104", 4), ("RC0104", 5), ("RC0101", 6), ("RC0101", 6), ("RC0105", 7)]);
        assert!(parsed.problems.last().is_some_and(|p| p.help.as_deref() == Some("did you mean `core`?")));
    }
}
