/// Where a text stands in its file.
///
/// # Units
/// Lines and columns count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The line of the first character.
    pub line: u32,
    /// The column of the first character.
    pub column: u32,
    /// The column at which each further line begins.
    pub indent: u32,
}

impl Origin {
    /// Returns line and column of an octet of the text that begins here.
    pub fn of(self, text: &str, octet: usize) -> (u32, u32) {
        let before = text.get(..octet).unwrap_or(text);
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        match before.rsplit_once('\n') {
            None => (self.line, self.column.saturating_add(small(before.chars().count()))),
            Some((above, line)) => (
                self.line.saturating_add(small(above.matches('\n').count())).saturating_add(1),
                self.indent.saturating_add(small(line.chars().count())),
            ),
        }
    }
}

/// A value of a text with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it begins; of a text where its first character stands, behind a quote.
    pub at: Origin,
    /// What it is.
    pub content: Content,
}

/// What a node can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing.
    Null,
    /// A text, number or truth value, as it was written.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys with their values, in the order of the text.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the key begins.
    pub at: Origin,
    /// The key.
    pub key: String,
    /// Its value.
    pub node: Node,
}

impl Content {
    /// Returns the words for its kind in messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Text(_) => "a single value",
            Self::List(_) => "a list",
            Self::Map(_) => "keys with values",
        }
    }
}

impl Node {
    /// Writes what the node says, and nothing of how it was laid out: equal nodes, equal text.
    pub(super) fn write_to(&self, out: &mut String) {
        match &self.content {
            Content::Null => out.push('~'),
            Content::Text(text) => {
                out.push('"');
                out.extend(text.escape_default());
                out.push('"');
            }
            Content::List(items) => {
                out.push('[');
                for item in items {
                    item.write_to(out);
                    out.push(',');
                }
                out.push(']');
            }
            Content::Map(entries) => {
                let mut sorted: Vec<&Entry> = entries.iter().collect();
                sorted.sort_by(|a, b| a.key.cmp(&b.key));
                out.push('{');
                for entry in sorted {
                    out.push_str(&entry.key);
                    out.push(':');
                    entry.node.write_to(out);
                    out.push(',');
                }
                out.push('}');
            }
        }
    }
}
