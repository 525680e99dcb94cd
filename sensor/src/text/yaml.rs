//! YAML 1.2 to a tree of nodes with their places; JSON is a part of it.
//!
//! Scalars keep the text that was written: what `no`, `0123` or `52:54:00:00:00:01` means is for the reader of the
//! field to say. Anchors and aliases work; tags are not looked at. Reference: YAML 1.2.2 chapter 3.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::fault::{Faults, Mark};

/// How many nodes all aliases of one text may stand for. What is beyond is reported and left out, so that a
/// few lines cannot ask for all memory.
pub const ALIASED_NODES_MAX: usize = 1_000_000;

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it begins.
    pub at: Mark,
    /// What it is.
    pub value: Value,
}

impl Node {
    /// Moves a node that was read by itself to where its text begins: so many lines further down.
    #[must_use]
    pub fn moved_down(mut self, lines: u32) -> Self {
        self.at = self.at.moved_down(lines);
        self.value = match self.value {
            Value::Sequence(items) => {
                Value::Sequence(items.into_iter().map(|item| item.moved_down(lines)).collect())
            }
            Value::Mapping(entries) => {
                let moved = |Entry { at, key, node }: Entry| Entry {
                    at: at.moved_down(lines),
                    key,
                    node: node.moved_down(lines),
                };
                Value::Mapping(entries.into_iter().map(moved).collect())
            }
            other => other,
        };
        self
    }
}

/// What a node can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing: an empty place, `null` or `~`.
    Null,
    /// A text, number or truth value, as it was written.
    Scalar(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys with their values, in the order of the text.
    Mapping(Vec<Entry>),
}

impl Value {
    /// Returns the words for its kind in messages.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Scalar(_) => "a single value",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "keys with values",
        }
    }

    fn count(&self) -> usize {
        match self {
            Self::Null | Self::Scalar(_) => 1,
            Self::Sequence(items) => 1 + items.iter().map(|item| item.value.count()).sum::<usize>(),
            Self::Mapping(entries) => 1 + entries.iter().map(|e| 1 + e.node.value.count()).sum::<usize>(),
        }
    }
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the key begins.
    pub at: Mark,
    /// The key.
    pub key: String,
    /// Its value.
    pub node: Node,
}

/// A part of the topmost mapping, handed over as soon as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A key of the topmost mapping begins.
    Key(String, Mark),
    /// An item of the list under the key that began last.
    Item(Node),
    /// The whole value under the key that began last, where it is no list.
    Whole(Node),
}

/// Reads a text whose topmost value is a mapping, and hands over its parts one by one, so that a long list
/// need never be in memory as a whole.
///
/// An empty text is an empty mapping. Several documents in one text are read as one after another.
/// What is wrong goes to `faults`; a syntax error ends the reading.
pub fn read_parts(text: &str, faults: &mut Faults, mut on_part: impl FnMut(&mut Faults, Part)) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, granit_parser::options! { emit_comments: false }),
        anchors: BTreeMap::new(),
        aliased: 0,
        faults,
    };
    if let Err(error) = reader.documents(&mut on_part) {
        let at = mark_of(error.marker().line(), error.marker().col());
        reader.faults.error(
            "RC0001",
            at,
            format!("no valid YAML: {}", error.info()),
            "mind the indentation and the quotes up to here; what follows was not read",
        );
    }
}

/// Reads a whole text into one node; `None` where it is empty or no valid YAML.
pub fn read(text: &str, faults: &mut Faults) -> Option<Node> {
    let mut entries: Vec<Entry> = Vec::new();
    read_parts(text, faults, |_, part| match part {
        Part::Key(key, at) => entries.push(Entry { key, node: Node { at, value: Value::Null }, at }),
        Part::Whole(node) => {
            if let Some(entry) = entries.last_mut() {
                entry.node = node;
            }
        }
        Part::Item(item) => {
            if let Some(entry) = entries.last_mut() {
                match &mut entry.node.value {
                    Value::Sequence(items) => items.push(item),
                    value => *value = Value::Sequence(vec![item]),
                }
            }
        }
    });
    let at = entries.first()?.at;
    Some(Node { at, value: Value::Mapping(entries) })
}

/// Reads the first document of a text, whatever its topmost value is; `None` where it is empty or no valid YAML.
pub fn read_value(text: &str, faults: &mut Faults) -> Option<Node> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        parser: Parser::new_from_str_with_options(text, granit_parser::options! { emit_comments: false }),
        anchors: BTreeMap::new(),
        aliased: 0,
        faults,
    };
    match reader.first() {
        Ok(node) => node.filter(|node| node.value != Value::Null),
        Err(error) => {
            let at = mark_of(error.marker().line(), error.marker().col());
            let message = format!("no valid YAML: {}", error.info());
            reader.faults.error("RC0001", at, message, "mind the indentation and the quotes up to here");
            None
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: BTreeMap<usize, Node>,
    aliased: usize,
    faults: &'a mut Faults,
}

type Next<'a> = (Event<'a>, Mark);

/// The keys of a mapping so far. Records have a dozen, for which a list is quickest; what is beyond goes into a
/// map, so that a long mapping does not take time quadratic in its length.
#[derive(Default)]
struct Seen {
    few: Vec<(String, Mark)>,
    many: BTreeMap<String, Mark>,
}

impl Seen {
    const FEW: usize = 32;

    /// Returns where a key stood before; notes it where it did not.
    fn before(&mut self, key: &str, at: Mark) -> Option<Mark> {
        let first = self.few.iter().find(|(known, _)| known == key).map(|(_, at)| *at);
        let first = first.or_else(|| self.many.get(key).copied());
        if first.is_none() {
            if self.few.len() < Self::FEW {
                self.few.push((key.to_owned(), at));
            } else {
                self.many.insert(key.to_owned(), at);
            }
        }
        first
    }
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Next<'a>, ScanError> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, start_of(&span))),
            Some(Err(error)) => Err(error),
            None => Ok((Event::StreamEnd, Mark::default())),
        }
    }

    fn documents(&mut self, on_part: &mut impl FnMut(&mut Faults, Part)) -> Result<(), ScanError> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::MappingStart(_, anchor, _), at) => {
                    self.top(on_part)?;
                    if anchor != 0 {
                        self.faults.error(
                            "RC0005",
                            at,
                            "the topmost mapping cannot be an anchor".to_owned(),
                            "remove the `&name`",
                        );
                    }
                }
                (event, at) if event.is_node() => {
                    let node = self.node(event, at)?;
                    if node.value != Value::Null {
                        self.faults.error(
                            "RC0006",
                            at,
                            format!("expected keys with values, found {}", node.value.kind()),
                            "begin the text with a key and a colon at the start of a line",
                        );
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads the first node, and over the rest, so that what is wrong there is told.
    fn first(&mut self) -> Result<Option<Node>, ScanError> {
        let mut first = None;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(first),
                (event, at) if event.is_node() => {
                    let node = self.node(event, at)?;
                    first.get_or_insert(node);
                }
                _ => {}
            }
        }
    }

    fn top(&mut self, on_part: &mut impl FnMut(&mut Faults, Part)) -> Result<(), ScanError> {
        let mut seen = Seen::default();
        loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(());
            }
            let key = self.key(event, at, &mut seen)?;
            let (event, value_at) = self.next()?;
            let Some(key) = key else {
                self.node(event, value_at)?;
                continue;
            };
            on_part(self.faults, Part::Key(key, at));
            if let Event::SequenceStart(_, 0, _) = event {
                loop {
                    let (event, at) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    let item = self.node(event, at)?;
                    on_part(self.faults, Part::Item(item));
                }
            } else {
                let node = self.node(event, value_at)?;
                on_part(self.faults, Part::Whole(node));
            }
        }
    }

    /// Reads a key; `None` where it is a list or mapping, or stood there before.
    fn key(&mut self, event: Event<'a>, at: Mark, seen: &mut Seen) -> Result<Option<String>, ScanError> {
        let key = match self.node(event, at)?.value {
            Value::Scalar(key) => key,
            Value::Null => "null".to_owned(),
            value @ (Value::Sequence(_) | Value::Mapping(_)) => {
                self.faults.error(
                    "RC0003",
                    at,
                    format!("expected a key, found {}", value.kind()),
                    "a key is a single word",
                );
                return Ok(None);
            }
        };
        if let Some(first) = seen.before(&key, at) {
            self.faults.error(
                "RC0004",
                at,
                format!(
                    "key `{key}` stands here a second time, after line {}; this one is left out",
                    first.line
                ),
                "put everything under one of the two",
            );
            return Ok(None);
        }
        Ok(Some(key))
    }

    fn node(&mut self, event: Event<'a>, at: Mark) -> Result<Node, ScanError> {
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL");
                let value = if null { Value::Null } else { Value::Scalar(text.into_owned()) };
                (value, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    let (event, at) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    items.push(self.node(event, at)?);
                }
                (Value::Sequence(items), anchor)
            }
            Event::MappingStart(_, anchor, _) => (self.mapping()?, anchor),
            Event::Alias(anchor) => return Ok(self.alias(anchor, at)),
            _ => (Value::Null, 0),
        };
        let node = Node { at, value };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn mapping(&mut self) -> Result<Value, ScanError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = Seen::default();
        loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Value::Mapping(entries));
            }
            let key = self.key(event, at, &mut seen)?;
            let (event, value_at) = self.next()?;
            let node = self.node(event, value_at)?;
            if let Some(key) = key {
                entries.push(Entry { at, key, node });
            }
        }
    }

    /// Returns a copy of an anchored node, placed where the alias stands.
    fn alias(&mut self, anchor: usize, at: Mark) -> Node {
        let null = Node { at, value: Value::Null };
        let Some(node) = self.anchors.get(&anchor) else {
            self.faults.error(
                "RC0005",
                at,
                "the alias stands inside its own anchor".to_owned(),
                "write out what is meant",
            );
            return null;
        };
        self.aliased += node.value.count();
        if self.aliased > ALIASED_NODES_MAX {
            self.faults.error(
                "RC0005",
                at,
                format!("aliases stand for more than {ALIASED_NODES_MAX} values"),
                "write out what is meant",
            );
            return null;
        }
        Node { at, value: node.value.clone() }
    }
}

fn start_of(span: &Span) -> Mark {
    mark_of(span.start.line(), span.start.col())
}

/// Makes a place of the parser's line, from 1, and column, from 0.
fn mark_of(line: usize, column: usize) -> Mark {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Mark { line: number(line), column: number(column).saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let mut faults = Faults::default();
        read(text, &mut faults);
        let line =
            |f: &super::super::Fault| format!("{}:{} {} {}", f.at.line, f.at.column, f.code, f.message);
        faults.list.iter().map(line).collect()
    }

    fn parsed(text: &str) -> Option<Node> {
        let mut faults = Faults::default();
        let node = read(text, &mut faults);
        assert_eq!(faults.list, []);
        node
    }

    #[test]
    fn keeps_places_and_spelling() {
        let node = parsed("a: no\nb:\n  - 0123\n  - 52:54:00:00:00:01\n").unwrap();
        let Value::Mapping(entries) = node.value else {
            panic!("a mapping");
        };
        assert_eq!(entries[0].node.value, Value::Scalar("no".into()));
        let Value::Sequence(items) = &entries[1].node.value else {
            panic!("a list");
        };
        assert_eq!(items[1].value, Value::Scalar("52:54:00:00:00:01".into()));
        assert_eq!(items[1].at, Mark { line: 4, column: 5 });
    }

    #[test]
    fn reads_json_with_tabs() {
        let yaml = parsed("guests:\n- id: a\n  macs: [x]\n").unwrap();
        let json = parsed("{\n\t\"guests\": [\n\t\t{\"id\": \"a\", \"macs\": [\"x\"]}\n\t]\n}\n").unwrap();
        let shape = |node: &Node| format!("{node:?}").replace(|c: char| c.is_ascii_digit(), "");
        assert_eq!(shape(&yaml), shape(&json));
    }

    #[test]
    fn empty_texts_are_empty() {
        for text in ["", "\n# nothing\n", "---\n", "\u{feff}"] {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }

    #[test]
    fn reports_all_but_syntax_and_goes_on() {
        assert_eq!(
            messages("a: 1\na: 2\nb: [1\n"),
            [
                "2:1 RC0004 key `a` stands here a second time, after line 1; this one is left out",
                "3:4 RC0001 no valid YAML: unclosed bracket '['",
            ]
        );
        assert_eq!(messages("- 1\n"), ["1:1 RC0006 expected keys with values, found a list"]);
    }

    #[test]
    fn aliases_are_copies_and_bounded() {
        let node = parsed("a: &x {k: v}\nb: *x\n").unwrap();
        let Value::Mapping(entries) = node.value else {
            panic!("a mapping");
        };
        assert_eq!(entries[0].node.value, entries[1].node.value);

        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let before = level - 1;
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![format!("*a{before}"); 9].join(", "));
        }
        let messages = messages(&bomb);
        assert!(messages[0].ends_with("aliases stand for more than 1000000 values"), "{messages:?}");
    }

    proptest! {
        #[test]
        fn never_panics(text in "[-a:{}\\[\\]&*#'\", |>\n\t~]{0,60}") {
            let mut faults = Faults::default();
            let node = read(&text, &mut faults);
            prop_assert!(node.is_none_or(|node| matches!(node.value, Value::Mapping(_))));
        }
    }
}
