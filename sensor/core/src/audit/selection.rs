use core::time::Duration;

use super::discrepancy::{Kind, Subject};
use super::settings::AuditSettings;
use crate::recorded::{GuestIndex, PathOf, Snapshot};
use crate::types::{MacPrefix, StationId, Timestamp};

/// Which guests or stations a rule is about: all that fit one of each list that is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Ids or names of guests; `*` stands for any characters, `?` for one.
    pub guests: Vec<Box<str>>,
    /// Ids of the hosts that guests are recorded on, likewise.
    pub hosts: Vec<Box<str>>,
    /// Groups that guests belong to, or nodes of the hierarchy above them, likewise.
    pub groups: Vec<Box<str>>,
    /// Tags that guests carry, likewise.
    pub tags: Vec<Box<str>>,
    /// First octets of the addresses of stations that are no guests.
    pub stations: Vec<MacPrefix>,
}

impl Selection {
    /// Tells whether a guest is meant; where only stations are named, none is.
    pub fn has_guest(&self, snapshot: &Snapshot, at: GuestIndex) -> bool {
        let Some(guest) = snapshot.guest(at) else { return false };
        let lists = [&self.guests, &self.hosts, &self.groups, &self.tags];
        if lists.iter().all(|list| list.is_empty()) {
            return false;
        }
        let host = || guest.host.and_then(|host| snapshot.host(host));
        let path = || snapshot.hierarchy_path(PathOf::Guest(at));
        fits(&self.guests, || vec![&*guest.id, &*guest.name])
            && fits(&self.hosts, || host().map(|host| &*host.id).into_iter().collect())
            && fits(&self.tags, || guest.tags.iter().map(|tag| &**tag).collect())
            && fits(&self.groups, || {
                let groups = guest.groups.iter().map(|group| &**group);
                groups.chain(path().into_iter().map(|node| &*node.id)).collect()
            })
    }

    /// Tells whether a subject is meant.
    fn has(&self, subject: &Subject, snapshot: &Snapshot) -> bool {
        match subject {
            Subject::Guest(id) => snapshot.guest_by_id(id).is_some_and(|at| self.has_guest(snapshot, at)),
            Subject::Station(StationId::Mac(mac)) => self.stations.iter().any(|prefix| prefix.contains(*mac)),
            Subject::Difference(key) => self.has(&key.subject, snapshot),
            Subject::Station(StationId::HomeAddress(_))
            | Subject::Address(..)
            | Subject::CapturePoint(_)
            | Subject::Source(_) => false,
        }
    }
}

fn fits<'a>(patterns: &[Box<str>], names: impl FnOnce() -> Vec<&'a str>) -> bool {
    if patterns.is_empty() {
        return true;
    }
    let names = names();
    patterns.iter().any(|pattern| names.iter().any(|name| is_like(pattern.as_bytes(), name.as_bytes())))
}

/// Tells whether a text is like a pattern in which `*` stands for any octets and `?` for one.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from, mut retry) = (0, 0, None);
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at, from));
                at += 1;
            }
            Some(octet) if *octet == b'?' || text.get(from) == Some(octet) => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((star, taken)) = retry else { return false };
                retry = Some((star, taken + 1));
                (at, from) = (star + 1, taken + 1);
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|octet| *octet == b'*')
}

/// Other graces for some guests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraceRule {
    /// Which.
    pub selection: Selection,
    /// In the place of [`AuditSettings::record_lag`].
    pub record_lag: Option<Duration>,
    /// In the place of [`AuditSettings::silence_grace`].
    pub silence_grace: Option<Duration>,
    /// In the place of [`AuditSettings::zombie_grace`].
    pub zombie_grace: Option<Duration>,
    /// In the place of [`AuditSettings::start_up_grace`].
    pub start_up_grace: Option<Duration>,
}

/// What nobody wants to hear of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MuteRule {
    /// Whom it is about.
    pub selection: Selection,
    /// The kinds; all where there are none.
    pub kinds: Vec<Kind>,
    /// Until when; none for good.
    pub until: Option<Timestamp>,
}

/// The graces that count for one guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Graces {
    pub(super) record_lag: Duration,
    pub(super) silence: Duration,
    pub(super) zombie: Duration,
    pub(super) start_up: Duration,
}

impl AuditSettings {
    /// Returns the graces of a guest: of several rules the first that says something.
    pub(super) fn graces(&self, snapshot: &Snapshot, guest: GuestIndex) -> Graces {
        let rules: Vec<&GraceRule> =
            self.graces.iter().filter(|rule| rule.selection.has_guest(snapshot, guest)).collect();
        let said = |of: fn(&GraceRule) -> Option<Duration>| rules.iter().find_map(|rule| of(rule));
        Graces {
            record_lag: said(|rule| rule.record_lag).unwrap_or(self.record_lag),
            silence: said(|rule| rule.silence_grace).unwrap_or(self.silence_grace),
            zombie: said(|rule| rule.zombie_grace).unwrap_or(self.zombie_grace),
            start_up: said(|rule| rule.start_up_grace).unwrap_or(self.start_up_grace),
        }
    }

    /// Tells whether nothing is said about a guest.
    pub(super) fn excludes(&self, snapshot: &Snapshot, guest: GuestIndex) -> bool {
        self.exclude.iter().any(|selection| selection.has_guest(snapshot, guest))
    }

    /// Returns until when a discrepancy that opens now is muted, if it is.
    pub(super) fn muted(
        &self,
        kind: Kind,
        subject: &Subject,
        snapshot: &Snapshot,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let is_meant = |rule: &&MuteRule| {
            (rule.kinds.is_empty() || rule.kinds.contains(&kind))
                && rule.until.is_none_or(|until| now < until)
                && rule.selection.has(subject, snapshot)
        };
        let rules = self.mute.iter().filter(is_meant);
        rules.map(|rule| rule.until.unwrap_or(Timestamp::MAX)).max()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::recorded::rows::{GuestRow, HostRow, NodeRow, Text};
    use crate::recorded::{Position, SnapshotBuilder};

    fn text(value: &str) -> Text {
        Text::new(value, Position::default())
    }

    #[test]
    fn a_guest_is_meant_by_each_list_that_is_not_empty() {
        let mut builder = SnapshotBuilder::new();
        builder.node(NodeRow { id: Some(text("rack-1")), kind: Some(text("rack")), ..NodeRow::default() });
        builder.host(HostRow { id: Some(text("hv-01")), parent: Some(text("rack-1")), ..HostRow::default() });
        builder.guest(GuestRow {
            id: Some(text("web-01")),
            macs: vec![text("52:54:00:00:00:01")],
            host: Some(text("hv-01")),
            tags: vec![text("test")],
            groups: vec![text("shop")],
            ..GuestRow::default()
        });
        let snapshot = builder.finish().snapshot;
        let guest = snapshot.guest_by_id("web-01").unwrap();
        let list = |names: &[&str]| names.iter().map(|name| (*name).into()).collect::<Vec<Box<str>>>();
        let cases = [
            (Selection::default(), false),
            (Selection { guests: list(&["web-*"]), ..Selection::default() }, true),
            (Selection { guests: list(&["db-*", "web-0?"]), ..Selection::default() }, true),
            (Selection { groups: list(&["rack-1"]), ..Selection::default() }, true),
            (Selection { groups: list(&["shop"]), tags: list(&["test"]), ..Selection::default() }, true),
            (Selection { groups: list(&["shop"]), tags: list(&["live"]), ..Selection::default() }, false),
            (Selection { hosts: list(&["hv-02"]), ..Selection::default() }, false),
        ];
        for (selection, expected) in cases {
            assert_eq!(selection.has_guest(&snapshot, guest), expected, "{selection:?}");
        }
    }

    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|skipped| naive(rest, &text[skipped..])),
            Some((octet, rest)) => text
                .split_first()
                .is_some_and(|(first, more)| (*octet == b'?' || octet == first) && naive(rest, more)),
        }
    }

    proptest! {
        #[test]
        fn patterns_match_what_a_naive_matcher_does(pattern in "[ab*?]{0,6}", text in "[ab]{0,8}") {
            prop_assert_eq!(is_like(pattern.as_bytes(), text.as_bytes()), naive(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
