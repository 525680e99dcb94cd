use std::path::Path;
use std::sync::Arc;

use rollcall_core::recorded::{Built, Place, Problem, Severity, Snapshot, nearest};
use rollcall_core::types::{PollRound, Timestamp};

use super::tables::{Round, read_round};
use crate::sources::files::{InventoryFile, Loaded, load as load_files, load_inline, read_text};
use crate::text::report::Excerpts;
use crate::text::yaml::{self, Node, Value};
use crate::text::{Faults, Fields, Marked};

/// What a timeline says.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The inputs, in the order of their times.
    pub inputs: Vec<Timed>,
    /// The time of the last line.
    pub ends_at: Option<Timestamp>,
    /// What is wrong with its lines; with an error among them the timeline is not usable.
    pub problems: Vec<Problem>,
    /// What is wrong with the inventories that it names or holds; bad rows are left out.
    pub inventory_problems: Vec<Problem>,
    /// The texts that the problems are in.
    pub excerpts: Excerpts,
    /// Whether it, or a file that it names, could not be read at all.
    pub unreadable: bool,
}

/// An input with its time.
#[derive(Clone, Debug)]
pub struct Timed {
    /// From when on it counts.
    pub at: Timestamp,
    /// What it is.
    pub what: What,
}

/// What a line of a timeline says.
#[derive(Clone, Debug)]
pub enum What {
    /// The inventories were replaced as a whole.
    Recorded(Arc<Snapshot>),
    /// The managed switches were asked for their forwarding tables.
    Polled(Arc<PollRound>),
    /// An operator did something.
    Operator(Operator),
}

/// What an operator did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Who.
    pub name: Box<str>,
    /// What: one of [`OPERATOR_WORDS`].
    pub word: &'static str,
    /// About what: the key or id of a discrepancy, or a station.
    pub target: Box<str>,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// What operators may do.
pub const OPERATOR_WORDS: [&str; 7] =
    ["acknowledge", "confirm", "mute", "unmute", "resolve", "accept", "reject"];

/// The guest prefixes of the configuration, with the name of the text that they stand in.
type Prefixes<'a> = Option<(&'a str, Vec<Node>)>;

/// The keys of a line beside its time, of which it has exactly one.
const WHAT: [&str; 4] = ["inventory", "forwarding-tables", "operator", "end"];

/// Reads a timeline; the files that it names are relative to its own folder. Of files that are `configured`, or stand for a
/// source that is, everything counts that the configuration says.
pub fn load(path: &Path, prefixes: Prefixes<'_>, configured: &[InventoryFile]) -> Timeline {
    let name = path.display().to_string();
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) => {
            let problem = Problem {
                severity: Severity::Error,
                code: "RC0007",
                place: Place { source: name.into(), line: 0, column: 0 },
                message: format!("cannot be read: {error}"),
                also: None,
                help: Some("check the path and who may read the file".to_owned()),
            };
            return Timeline { problems: vec![problem], unreadable: true, ..Timeline::default() };
        }
    };
    from_text(&text, &name, path.parent().unwrap_or_else(|| Path::new("")), prefixes, configured)
}

/// Reads the text of a timeline that problems shall call `name`.
pub(super) fn from_text(
    text: &str,
    name: &str,
    dir: &Path,
    prefixes: Prefixes<'_>,
    configured: &[InventoryFile],
) -> Timeline {
    let (timeline, faults) = (Timeline::default(), Faults::default());
    let mut reader = Reader { name, configured, dir, prefixes, timeline, faults };
    for (above, line) in (0u32..).zip(text.lines()) {
        reader.line(line, above);
    }
    let Reader { mut timeline, faults, .. } = reader;
    let source: Arc<str> = name.into();
    timeline.problems = faults.list.into_iter().map(|fault| fault.in_text(&source)).collect();
    let is_in_it = |problem: &&Problem| problem.place.source == source;
    if timeline.problems.iter().chain(&timeline.inventory_problems).any(|problem| is_in_it(&problem)) {
        timeline.excerpts.add(name, text);
    }
    timeline
}

struct Reader<'a> {
    name: &'a str,
    configured: &'a [InventoryFile],
    dir: &'a Path,
    prefixes: Prefixes<'a>,
    timeline: Timeline,
    faults: Faults,
}

impl Reader<'_> {
    /// Reads a line that has so many lines above it; an empty one says nothing.
    fn line(&mut self, line: &str, above: u32) {
        let mut faults = Faults::default();
        let node = yaml::read(line, &mut faults).map(|node| node.moved_down(above));
        for fault in &mut faults.list {
            fault.at = fault.at.moved_down(above);
        }
        let is_sound = faults.list.is_empty();
        self.faults.list.append(&mut faults.list);
        if let Some(node) = node.filter(|_| is_sound) {
            self.object(node);
        }
    }

    fn object(&mut self, node: Node) {
        let keys: Vec<&str> = core::iter::once("at").chain(WHAT).collect();
        let before = self.faults.list.len();
        let mut faults = core::mem::take(&mut self.faults);
        if let Some(mut fields) = Fields::open(node, "a line of a timeline", &keys, &mut faults) {
            let at = self.time(&mut fields);
            let line = fields.at();
            let said: Vec<(&str, Node)> =
                WHAT.into_iter().filter_map(|key| Some((key, fields.node(key)?))).collect();
            match <[(&str, Node); 1]>::try_from(said) {
                Ok([(key, node)]) => {
                    if let Some(at) = at {
                        self.said(at, key, node, fields.faults());
                    }
                }
                Err(said) if fields.faults().list.len() == before || !said.is_empty() => {
                    fields.faults().error(
                        "RC0302",
                        line,
                        format!("a line of a timeline says one thing, this one {}", said.len()),
                        format!("give it, beside `at`, exactly one of {}", WHAT.join(", ")),
                    );
                }
                // A misspelt key is told already.
                Err(_) => {}
            }
        }
        self.faults = faults;
    }

    /// Reads the time of a line, which is not before that of the line before.
    fn time(&mut self, fields: &mut Fields<'_>) -> Option<Timestamp> {
        let line = fields.at();
        let Some(text) = fields.text("at") else {
            fields.faults().error(
                "RC0301",
                line,
                "a line of a timeline has no `at`".to_owned(),
                "add the time from which on it counts, as 2026-11-21T08:00:00Z",
            );
            return None;
        };
        let Ok(at) = text.value.parse::<Timestamp>() else {
            fields.faults().error(
                "RC0301",
                text.at,
                format!("`{}` is no time", text.value),
                "write it as 2026-11-21T08:00:00Z, with `Z` or an offset such as +01:00",
            );
            return None;
        };
        if let Some(latest) = self.timeline.ends_at.filter(|latest| at < *latest) {
            fields.faults().error(
                "RC0303",
                text.at,
                format!("`{}` is before {latest}, the time of a line above", text.value),
                "put the lines in the order of their times",
            );
            return None;
        }
        self.timeline.ends_at = Some(at);
        Some(at)
    }

    fn said(&mut self, at: Timestamp, key: &str, node: Node, faults: &mut Faults) {
        match key {
            "inventory" => {
                let what = self.inventory(node, faults).map(What::Recorded);
                self.timeline.inputs.extend(what.map(|what| Timed { at, what }));
            }
            "forwarding-tables" => {
                let Value::Sequence(nodes) = node.value else {
                    faults.error(
                        "RC0003",
                        node.at,
                        format!("`{key}` must be a list, found {}", node.value.kind()),
                        "put the switches that were polled into [ ]",
                    );
                    return;
                };
                let Round { round, unreadable } = read_round(nodes, self.dir, faults);
                self.timeline.unreadable |= unreadable;
                self.timeline.inputs.push(Timed { at, what: What::Polled(Arc::new(round)) });
            }
            "operator" => {
                let what = read_operator(node, faults).map(What::Operator);
                self.timeline.inputs.extend(what.map(|what| Timed { at, what }));
            }
            _ => {
                if !matches!(&node.value, Value::Scalar(word) if word == "true") {
                    faults.error(
                        "RC0304",
                        node.at,
                        "`end` is no more than a mark".to_owned(),
                        "write \"end\": true",
                    );
                }
            }
        }
    }

    fn inventory(&mut self, node: Node, faults: &mut Faults) -> Option<Arc<Snapshot>> {
        let built = match node.value {
            Value::Mapping(_) => load_inline(node, self.name, self.prefixes.clone()),
            Value::Sequence(items) => self.files(items, faults)?,
            _ => self.files(vec![node], faults)?,
        };
        self.timeline.inventory_problems.extend(built.problems);
        Some(Arc::new(built.snapshot))
    }

    /// Finds what the configuration says of a file.
    fn known(&self, file: InventoryFile) -> InventoryFile {
        let known = self.configured.iter().find(|known| known.path == file.path);
        known.map_or(file, Clone::clone)
    }

    /// Reads a file that stands for a source of the configuration.
    fn file_of_source(&self, node: Node, faults: &mut Faults) -> Option<InventoryFile> {
        let mut fields = Fields::open(node, "an inventory's file", &["path", "source"], faults)?;
        let at = fields.at();
        let (Some(path), Some(source)) = (fields.text("path"), fields.text("source")) else {
            fields.faults().error(
                "RC0305",
                at,
                "an inventory's file lacks its `path` or its `source`".to_owned(),
                "write {\"path\": \"monday.yaml\", \"source\": \"vcenter\"}, or the path alone",
            );
            return None;
        };
        let path = self.dir.join(&path.value);
        let Some(known) = self.configured.iter().find(|known| known.name() == source.value) else {
            let names: Vec<String> = self.configured.iter().map(InventoryFile::name).collect();
            fields.faults().error(
                "RC0305",
                source.at,
                format!("no source of the configuration is called `{}`", source.value),
                match nearest(&source.value, names.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "name it in `recorded.files` of the configuration".to_owned(),
                },
            );
            return None;
        };
        Some(InventoryFile { path, name: Some(known.name()), ..known.clone() })
    }

    fn files(&mut self, items: Vec<Node>, faults: &mut Faults) -> Option<Built> {
        let mut files = Vec::with_capacity(items.len());
        for item in items {
            match item.value {
                Value::Scalar(path) => files.push(self.known(InventoryFile::at(self.dir.join(path.trim())))),
                Value::Mapping(_) => files.extend(self.file_of_source(item, faults)),
                value => faults.error(
                    "RC0003",
                    item.at,
                    format!("an inventory's file must be a single value, found {}", value.kind()),
                    "write its path, relative to the timeline",
                ),
            }
        }
        if files.is_empty() {
            // Each of them is told to be none.
            return None;
        }
        let Loaded { built, excerpts, unreadable } = load_files(&files, self.prefixes.clone());
        self.timeline.excerpts.extend(excerpts);
        self.timeline.unreadable |= unreadable;
        Some(built)
    }
}

fn read_operator(node: Node, faults: &mut Faults) -> Option<Operator> {
    let keys: Vec<&str> = ["name", "until"].into_iter().chain(OPERATOR_WORDS).collect();
    let mut fields = Fields::open(node, "what an operator did", &keys, faults)?;
    let at = fields.at();
    let (name, until) = (fields.text("name"), fields.text("until"));
    let said: Vec<(&'static str, Marked)> =
        OPERATOR_WORDS.into_iter().filter_map(|word| Some((word, fields.text(word)?))).collect();
    let Ok([(word, target)]) = <[(&'static str, Marked); 1]>::try_from(said) else {
        fields.faults().error(
            "RC0310",
            at,
            "an operator does one thing at a time".to_owned(),
            format!("give exactly one of {}, with the key or id of a discrepancy", OPERATOR_WORDS.join(", ")),
        );
        return None;
    };
    let until = match until {
        None => None,
        Some(text) => match text.value.parse::<Timestamp>() {
            Ok(until) if word == "mute" => Some(until),
            Ok(_) => {
                fields.faults().error(
                    "RC0310",
                    text.at,
                    format!("`until` says nothing beside `{word}`"),
                    "only to mute has an end",
                );
                return None;
            }
            Err(_) => {
                fields.faults().error(
                    "RC0301",
                    text.at,
                    format!("`{}` is no time", text.value),
                    "write it as 2026-11-21T08:00:00Z, with `Z` or an offset such as +01:00",
                );
                return None;
            }
        },
    };
    let name = name.map_or_else(|| "an operator".into(), |name| name.value.into());
    Some(Operator { name, word, target: target.value.into(), until })
}
