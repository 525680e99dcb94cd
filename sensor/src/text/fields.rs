use rollcall_core::recorded::{Severity, nearest};

use super::fault::{Faults, Mark};
use super::yaml::{Entry, Node, Value};

/// A text with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The text, without surrounding white space.
    pub value: String,
    /// Where it stands.
    pub at: Mark,
}

/// The fields of one record, taken out by name.
///
/// Keys that the record does not have are reported when it is opened, with the nearest that it has.
#[derive(Debug)]
pub struct Fields<'a> {
    at: Mark,
    entries: Vec<Entry>,
    faults: &'a mut Faults,
}

impl<'a> Fields<'a> {
    /// Opens a record; `None`, after a report, where the node is none.
    ///
    /// `what` names the record in messages, with its article: `a guest`.
    pub fn open(node: Node, what: &str, known: &[&str], faults: &'a mut Faults) -> Option<Self> {
        let entries = match node.value {
            Value::Mapping(entries) => entries,
            Value::Null => Vec::new(),
            value => {
                faults.error(
                    "RC0003",
                    node.at,
                    format!("expected {what} as keys with values, found {}", value.kind()),
                    format!("the keys of {what} are {}", known.join(", ")),
                );
                return None;
            }
        };
        let (entries, unknown): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| known.contains(&entry.key.as_str()));
        for entry in unknown {
            unknown_key(&entry.key, entry.at, what, known, faults);
        }
        Some(Self { at: node.at, entries, faults })
    }

    /// Returns where the record begins.
    pub const fn at(&self) -> Mark {
        self.at
    }

    /// Returns where to report what is wrong with the record.
    pub fn faults(&mut self) -> &mut Faults {
        self.faults
    }

    /// Takes a field as it is; `None` where it is missing or holds nothing.
    pub fn node(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        let node = self.entries.swap_remove(at).node;
        (node.value != Value::Null).then_some(node)
    }

    /// Takes a field that holds a single text.
    pub fn text(&mut self, key: &str) -> Option<Marked> {
        let node = self.node(key)?;
        self.scalar(node, key)
    }

    /// Takes a field that holds a list of texts; a single text is a list of one.
    pub fn texts(&mut self, key: &str) -> Vec<Marked> {
        match self.node(key) {
            Some(node) => self.texts_of(node, key),
            None => Vec::new(),
        }
    }

    /// Does the same of a field that was taken as it is; `key` is what messages call it.
    pub fn texts_of(&mut self, node: Node, key: &str) -> Vec<Marked> {
        match node.value {
            Value::Sequence(items) => items
                .into_iter()
                .filter(|item| item.value != Value::Null)
                .filter_map(|item| self.scalar(item, key))
                .collect(),
            _ => self.scalar(node, key).into_iter().collect(),
        }
    }

    /// Takes a field that holds a list of records.
    pub fn nodes(&mut self, key: &str) -> Vec<Node> {
        let Some(node) = self.node(key) else {
            return Vec::new();
        };
        match node.value {
            Value::Sequence(items) => items,
            value => {
                self.faults.error(
                    "RC0003",
                    node.at,
                    format!("`{key}` must be a list, found {}", value.kind()),
                    "put each item on a line of its own behind `- `, or all into [ ]",
                );
                Vec::new()
            }
        }
    }

    fn scalar(&mut self, node: Node, key: &str) -> Option<Marked> {
        match node.value {
            Value::Scalar(text) => Some(Marked { value: trimmed(text), at: node.at }),
            value => {
                self.faults.error(
                    "RC0003",
                    node.at,
                    format!("`{key}` must be a single value, found {}", value.kind()),
                    "write one value behind the colon",
                );
                None
            }
        }
    }
}

/// Reports a key that nothing reads.
pub(crate) fn unknown_key(key: &str, at: Mark, what: &str, known: &[&str], faults: &mut Faults) {
    let help = match nearest(key, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys of {what} are {}", known.join(", ")),
    };
    faults.push(Severity::Error, "RC0002", at, format!("{what} has no key `{key}`"), Some(help));
}

fn trimmed(text: String) -> String {
    let inner = text.trim();
    if inner.len() == text.len() { text } else { inner.to_owned() }
}
