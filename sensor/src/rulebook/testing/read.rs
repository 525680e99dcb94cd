use core::fmt;
use std::net::IpAddr;

use rollcall_core::audit::{Key, Kind, Subject};
use rollcall_core::recorded::{Snapshot, nearest};
use rollcall_core::rules::{Mode, Select};
use rollcall_core::types::{MacAddr, Segment, StationId, Timestamp, format_duration, parse_duration};
use rollcall_core::workflow::{Effect, Performing, WorkflowSettings};

use super::world::Change;
use crate::sources::files::load_inline;
use crate::text::yaml::{Node, Value};
use crate::text::{Faults, Fields, Marked};

/// A case of a test.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) settings: WorkflowSettings,
    pub(super) snapshot: Snapshot,
    /// Actions whose every attempt fails.
    pub(super) fails: Vec<String>,
    pub(super) happenings: Vec<Happening>,
    pub(super) expected: Vec<Expected>,
    /// How the runs end, where the case says so.
    pub(super) ends: Option<Vec<String>>,
    pub(super) refused: Vec<String>,
}

/// Something that happens.
pub(super) struct Happening {
    pub(super) at: Timestamp,
    pub(super) what: What,
}

pub(super) enum What {
    Discrepancy { change: Change, key: Key, hosts: Vec<Box<str>> },
    Presence { guest: String, present: bool },
    Answer(bool),
    Nothing,
}

/// An effect that must follow.
pub(super) struct Expected {
    at: Option<Timestamp>,
    action: String,
    target: Option<String>,
    performed: Option<String>,
    contains: Option<String>,
}

impl Expected {
    pub(super) fn is_met_by(&self, effect: &Effect) -> bool {
        let contains =
            |part: &String| effect.arguments.iter().any(|(_, value)| value.to_string().contains(part));
        self.at.is_none_or(|at| at == effect.at)
            && self.action == effect.action.as_str()
            && self.target.as_ref().is_none_or(|target| **target == *effect.target)
            && self.performed.as_ref().is_none_or(|performed| performed == effect.performed.as_str())
            && self.contains.as_ref().is_none_or(contains)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        if let Some(at) = self.at {
            let at = core::time::Duration::from_nanos(at.as_nanos().unsigned_abs());
            write!(f, "at: {}, ", format_duration(at))?;
        }
        write!(f, "action: {}", self.action)?;
        for (name, value) in
            [("target", &self.target), ("performed", &self.performed), ("contains", &self.contains)]
        {
            if let Some(value) = value {
                write!(f, ", {name}: {value}")?;
            }
        }
        f.write_str("}")
    }
}

const CASE_KEYS: [&str; 10] =
    ["name", "inventory", "harm", "performing", "protect", "fails", "events", "expect", "ends", "refused"];

/// Reads the cases of a file that problems shall call `name`.
pub(super) fn cases(node: Node, name: &str, faults: &mut Faults) -> Vec<Case> {
    let at = node.at;
    let Value::Sequence(items) = node.value else {
        let message = format!("a file of tests must be a list, found {}", node.value.kind());
        faults.error("RC0003", at, message, "begin each case with `- name: ...`");
        return Vec::new();
    };
    items.into_iter().filter_map(|item| case(item, name, faults)).collect()
}

fn case(node: Node, source: &str, faults: &mut Faults) -> Option<Case> {
    let mut fields = Fields::open(node, "a case", &CASE_KEYS, faults)?;
    let at = fields.at();
    let Some(name) = fields.text("name") else {
        fields.faults().error("RC0440", at, "a case has no `name`".to_owned(), "say what must hold");
        return None;
    };
    let mut settings = WorkflowSettings { harm: Mode::Enforce, ..WorkflowSettings::default() };
    if let Some(text) = fields.text("harm") {
        settings.harm =
            word(&text, &Mode::ALL.map(Mode::as_str), fields.faults()).and_then(Mode::from_word)?;
    }
    if let Some(text) = fields.text("performing") {
        let word = word(&text, &["real", "would-be"], fields.faults())?;
        settings.performing = if word == "real" { Performing::Real } else { Performing::WouldBe };
    }
    let protect = fields.texts("protect").into_iter().map(|text| text.value.into()).collect();
    settings.protect = Select { guests: protect, ..Select::default() };
    let snapshot = match fields.node("inventory") {
        Some(node) => {
            let at = node.at;
            let built = load_inline(node, source, None);
            for problem in built.problems {
                let help = problem.help.unwrap_or_default();
                fields.faults().error(problem.code, at, problem.message, help);
            }
            built.snapshot
        }
        None => Snapshot::default(),
    };
    let texts = |texts: Vec<Marked>| texts.into_iter().map(|text| text.value).collect::<Vec<String>>();
    let fails = texts(fields.texts("fails"));
    let refused = texts(fields.texts("refused"));
    let ends = texts(fields.texts("ends"));
    let mut happenings = Vec::new();
    for node in fields.nodes("events") {
        happenings.extend(happening(node, &snapshot, fields.faults()));
    }
    let mut expected = Vec::new();
    for node in fields.nodes("expect") {
        expected.extend(expectation(node, fields.faults()));
    }
    Some(Case {
        name: name.value,
        settings,
        snapshot,
        fails,
        happenings,
        expected,
        ends: (!ends.is_empty()).then_some(ends),
        refused,
    })
}

fn word<'a>(text: &Marked, words: &[&'a str], faults: &mut Faults) -> Option<&'a str> {
    let found = words.iter().copied().find(|word| *word == text.value);
    if found.is_none() {
        let help = match nearest(&text.value, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is one of {}", words.join(", ")),
        };
        faults.error("RC0103", text.at, format!("`{}` is no word that is known here", text.value), help);
    }
    found
}

fn time(fields: &mut Fields<'_>) -> Option<Timestamp> {
    let text = fields.text("at")?;
    match parse_duration(&text.value) {
        Ok(duration) => Some(Timestamp::from_nanos(0).after(duration)),
        Err(_) => {
            let message = format!("`{}` is no time of a test", text.value);
            fields.faults().error(
                "RC0440",
                text.at,
                message,
                "write the time since its beginning, as 90s or 1h",
            );
            None
        }
    }
}

fn happening(node: Node, snapshot: &Snapshot, faults: &mut Faults) -> Option<Happening> {
    let known = ["at", "open", "report", "acknowledge", "resolve", "hosts", "seen", "silent", "answer"];
    let mut fields = Fields::open(node, "an event", &known, faults)?;
    let at = time(&mut fields)?;
    let hosts = fields.texts("hosts").into_iter().map(|host| host.value.into()).collect();
    for (word, change) in [
        ("open", Change::Open),
        ("report", Change::Report),
        ("acknowledge", Change::Acknowledge),
        ("resolve", Change::Resolve),
    ] {
        if let Some(text) = fields.text(word) {
            let Some(key) = key(&text.value, snapshot) else {
                let message = format!("`{}` is no discrepancy", text.value);
                fields.faults().error(
                    "RC0440",
                    text.at,
                    message,
                    "write kind and subject, as zombie-guest:web-01",
                );
                return None;
            };
            return Some(Happening { at, what: What::Discrepancy { change, key, hosts } });
        }
    }
    for (word, present) in [("seen", true), ("silent", false)] {
        if let Some(guest) = fields.text(word) {
            return Some(Happening { at, what: What::Presence { guest: guest.value, present } });
        }
    }
    let what = match fields.text("answer") {
        Some(text) => What::Answer(word(&text, &["yes", "no"], fields.faults())? == "yes"),
        None => What::Nothing,
    };
    Some(Happening { at, what })
}

fn expectation(node: Node, faults: &mut Faults) -> Option<Expected> {
    let mut fields = Fields::open(
        node,
        "an expected effect",
        &["at", "action", "target", "performed", "contains"],
        faults,
    )?;
    let place = fields.at();
    let at = time(&mut fields);
    let Some(action) = fields.text("action") else {
        let message = "an expected effect has no `action`".to_owned();
        fields.faults().error("RC0440", place, message, "name the step, as ticket");
        return None;
    };
    let mut text = |key: &str| fields.text(key).map(|text| text.value);
    Some(Expected {
        at,
        action: action.value,
        target: text("target"),
        performed: text("performed"),
        contains: text("contains"),
    })
}

/// Reads `zombie-guest:web-01`.
fn key(text: &str, snapshot: &Snapshot) -> Option<Key> {
    let (kind, subject) = text.split_once(':')?;
    let kind = Kind::from_word(kind)?;
    let subject = if matches!(kind, Kind::MacFlood | Kind::BlindCapturePoint) {
        Subject::CapturePoint(subject.into())
    } else if kind == Kind::StaleSource {
        Subject::Source(subject.into())
    } else if snapshot.guest_by_id(subject).is_some() {
        Subject::Guest(subject.into())
    } else if let Ok(mac) = subject.parse::<MacAddr>() {
        Subject::Station(StationId::Mac(mac))
    } else if let Ok(address) = subject.parse::<IpAddr>() {
        Subject::Address(address, Segment::default())
    } else {
        return None;
    };
    Some(Key { kind, subject })
}
