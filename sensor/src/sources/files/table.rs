//! CSV inventories: one table a file, columns by name.
//!
//! Reference: RFC 4180, with comma, semicolon or tab between the columns, whichever the header uses most.

use std::collections::BTreeMap;

use rollcall_core::recorded::rows::{AttachmentRow, Text};
use rollcall_core::recorded::{Position, Severity, SnapshotBuilder, SourceId, nearest};

use super::kind::{Field, Kind, Record};
use super::sections::attachment;
use crate::text::Mark;

/// What the configuration says of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape<'a> {
    /// What it lists; told by file name and columns where not configured.
    pub(super) kind: Option<Kind>,
    /// Titles of columns by field.
    pub(super) columns: Option<&'a BTreeMap<String, String>>,
    /// The file's name without its extension.
    pub(super) stem: &'a str,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Field(Field),
    /// The switch of the one attachment of a host.
    Switch,
    /// The port of the one attachment of a host.
    Port,
    Ignored,
}

/// Reads a table and hands every row to the builder.
pub(super) fn read_table(text: &str, shape: Shape<'_>, source: SourceId, builder: &mut SnapshotBuilder) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut table = Table { text, source, builder, line_at: (0, 1) };
    table.read(shape);
}

struct Table<'a> {
    text: &'a str,
    source: SourceId,
    builder: &'a mut SnapshotBuilder,
    /// An offset in octets at which a line begins, and the number of that line.
    line_at: (usize, u32),
}

impl Table<'_> {
    fn read(&mut self, shape: Shape<'_>) {
        let delimiter = delimiter_of(self.text.lines().next().unwrap_or_default());
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(self.text.as_bytes());
        let mut record = csv::StringRecord::new();
        if !matches!(reader.read_record(&mut record), Ok(true)) {
            return;
        }
        let marks = self.marks(&record, delimiter);
        let titles: Vec<String> = record.iter().map(|title| title.trim().to_owned()).collect();
        let Some(kind) = self.kind(&titles, shape) else {
            return;
        };
        let columns = self.columns(kind, &titles, &marks, shape);
        loop {
            match reader.read_record(&mut record) {
                Ok(true) => {
                    let marks = self.marks(&record, delimiter);
                    self.row(kind, &columns, &record, &marks);
                }
                Ok(false) => return,
                // The text is UTF-8 and rows may have any length: no other error is left.
                Err(error) => {
                    let line = error.position().map_or(0, |at| u32::try_from(at.line()).unwrap_or(u32::MAX));
                    let at = Mark { line, column: 1 };
                    self.error("RC0009", at, format!("no valid CSV: {error}"), "correct the row");
                    return;
                }
            }
        }
    }

    fn error(&mut self, code: &'static str, at: Mark, message: String, help: &str) {
        let at = at.in_source(self.source);
        self.builder.report(Severity::Error, code, at, message, Some(help.to_owned()));
    }

    fn kind(&mut self, titles: &[String], shape: Shape<'_>) -> Option<Kind> {
        let mapped: Vec<&str> =
            shape.columns.into_iter().flatten().map(|(field, _)| field.as_str()).collect();
        let kind = shape
            .kind
            .or_else(|| Kind::from_name(&shape.stem.to_lowercase()))
            .or_else(|| kind_by_titles(titles, &mapped));
        if kind.is_none() {
            let kinds = Kind::ALL.map(Kind::as_str).join(", ");
            self.error(
                "RC0010",
                Mark { line: 1, column: 1 },
                "the columns do not tell what this table lists".to_owned(),
                &format!(
                    "name the file after it, or say it in the configuration: `{{path: …, kind: …}}` with one of {kinds}"
                ),
            );
        }
        kind
    }

    /// Decides what each column holds; the configuration first, then titles.
    fn columns(&mut self, kind: Kind, titles: &[String], marks: &[Mark], shape: Shape<'_>) -> Vec<Column> {
        let mut columns: Vec<Column> = vec![Column::Ignored; titles.len()];
        let empty = BTreeMap::new();
        let mapping = shape.columns.unwrap_or(&empty);
        for (name, title) in mapping {
            let Some(field) = kind.fields().iter().find(|field| field.name == name) else {
                continue;
            };
            match titles.iter().position(|known| known == title) {
                Some(at) => {
                    if let Some(column) = columns.get_mut(at) {
                        *column = Column::Field(*field);
                    }
                }
                None => {
                    let help = match nearest(title, titles.iter().map(String::as_str)) {
                        Some(near) => {
                            format!("the nearest column is `{near}`; correct `columns` in the configuration")
                        }
                        None => "correct `columns` in the configuration".to_owned(),
                    };
                    self.error(
                        "RC0008",
                        Mark { line: 1, column: 1 },
                        format!("no column is called `{title}`, which the configuration names for `{name}`"),
                        &help,
                    );
                }
            }
        }
        for (at, title) in titles.iter().enumerate() {
            let free = columns.get(at) == Some(&Column::Ignored);
            let mark = marks.get(at).copied().unwrap_or_default();
            let column = by_title(kind, title).unwrap_or(Column::Ignored);
            let is_field =
                |c: &Column| matches!((c, column), (Column::Field(a), Column::Field(b)) if a.name == b.name);
            if !free || title.is_empty() {
                continue;
            }
            if column == Column::Ignored {
                if mapping.is_empty() {
                    self.unknown_title(kind, title, mark);
                }
            } else if !columns.iter().any(is_field) {
                if let Some(slot) = columns.get_mut(at) {
                    *slot = column;
                }
            } else if mapping.is_empty() {
                self.error(
                    "RC0008",
                    mark,
                    format!("column `{title}` means the same as one before it, and is left out"),
                    "rename or remove one of the two, or name the right one under `columns` in the configuration",
                );
            }
        }
        columns
    }

    fn unknown_title(&mut self, kind: Kind, title: &str, mark: Mark) {
        let names = kind.fields().iter().map(|field| field.name);
        let help = match nearest(title, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "it is left out; say under `columns` in the configuration what it holds".to_owned(),
        };
        self.builder.report(
            Severity::Warning,
            "RC0008",
            mark.in_source(self.source),
            format!("{} has no column `{title}`", kind.what()),
            Some(help),
        );
    }

    fn row(&mut self, kind: Kind, columns: &[Column], cells: &csv::StringRecord, marks: &[Mark]) {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return;
        }
        let source = self.source;
        let start = marks.first().copied().unwrap_or_default();
        if cells.len() > columns.len() {
            let at = marks.get(columns.len()).copied().unwrap_or(start);
            self.error(
                "RC0009",
                at,
                format!("the row has {} cells under {} columns", cells.len(), columns.len()),
                "put cells that contain the separator into double quotes",
            );
        }
        let mut record = Record { at: start.in_source(source), ..Record::default() };
        let mut single = AttachmentRow::default();
        for ((column, cell), mark) in columns.iter().zip(cells).zip(marks) {
            let cell = cell.trim();
            if cell.is_empty() {
                continue;
            }
            let at = mark.in_source(source);
            match column {
                Column::Ignored => {}
                Column::Switch => (single.at, single.switch) = (at, Some(Text::new(cell, at))),
                Column::Port => (single.at, single.port) = (at, Some(Text::new(cell, at))),
                Column::Field(Field { name: "attachments", .. }) => {
                    record.attachments.extend(items(cell).map(|item| attachment(item, *mark, source)));
                }
                Column::Field(field) => {
                    record.fields.insert(field.name, texts(*field, cell, at));
                }
            }
        }
        if single.switch.is_some() || single.port.is_some() {
            record.attachments.push(single);
        }
        kind.deliver(record, self.builder);
    }

    /// Returns where each cell of a record begins.
    fn marks(&mut self, record: &csv::StringRecord, delimiter: u8) -> Vec<Mark> {
        let byte = record.position().map_or(0, |at| at.byte());
        let mut start = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        // The reader places a record before the line ends and empty lines that it skips.
        start +=
            self.text.get(start..).map_or(0, |rest| rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        let (from, line) = self.line_at;
        let passed = self.text.get(from..start).unwrap_or_default();
        let line = line + u32::try_from(passed.matches('\n').count()).unwrap_or(0);
        self.line_at = (start, line);
        let rest = self.text.get(start..).unwrap_or_default();
        let mut mark = Mark { line, column: 1 };
        let mut marks = vec![mark];
        let mut quoted = false;
        for c in rest.chars() {
            match c {
                '"' => quoted = !quoted,
                '\n' if !quoted => break,
                _ => {}
            }
            if c == '\n' {
                mark = Mark { line: mark.line + 1, column: 1 };
                continue;
            }
            mark.column += 1;
            if u32::from(c) == u32::from(delimiter) && !quoted {
                marks.push(mark);
            }
        }
        marks
    }
}

fn texts(field: Field, cell: &str, at: Position) -> Vec<Text> {
    if field.list { items(cell).map(|item| Text::new(item, at)).collect() } else { vec![Text::new(cell, at)] }
}

/// Splits the items of a list inside a cell: at white space, commas and semicolons.
fn items(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|')).filter(|item| !item.is_empty())
}

/// Returns what stands between columns: whichever of the usual characters the header has most of.
fn delimiter_of(header: &str) -> u8 {
    let count = |delimiter: u8| header.bytes().filter(|octet| *octet == delimiter).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}

fn squeeze(title: &str) -> String {
    title.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn by_title(kind: Kind, title: &str) -> Option<Column> {
    let squeezed = squeeze(title);
    if kind == Kind::Hosts {
        match squeezed.as_str() {
            "switch" => return Some(Column::Switch),
            "port" | "switchport" => return Some(Column::Port),
            _ => {}
        }
    }
    // A field's own name wins over another title of a field before it.
    let named = |field: &&Field| squeeze(field.name) == squeezed;
    let titled = |field: &&Field| field.titles.contains(&squeezed.as_str());
    let fields = kind.fields();
    fields.iter().find(named).or_else(|| fields.iter().find(titled)).map(|field| Column::Field(*field))
}

/// Tells what a table lists by the columns that only one kind has.
fn kind_by_titles(titles: &[String], mapped: &[&str]) -> Option<Kind> {
    let has = |kind: Kind, name: &str| {
        mapped.contains(&name)
            || titles
                .iter()
                .any(|title| matches!(by_title(kind, title), Some(Column::Field(f)) if f.name == name))
    };
    let is = |title: &str| titles.iter().any(|known| squeeze(known) == title);
    if has(Kind::GuestPrefixes, "prefix") && has(Kind::GuestPrefixes, "label") {
        return Some(Kind::GuestPrefixes);
    }
    if has(Kind::Subnets, "prefix") {
        return Some(Kind::Subnets);
    }
    if has(Kind::ScheduledWork, "reference") && has(Kind::ScheduledWork, "from") {
        return Some(Kind::ScheduledWork);
    }
    if has(Kind::Switches, "uplinks") || has(Kind::Switches, "known-as") || is("ports") {
        return Some(Kind::Switches);
    }
    if has(Kind::Hosts, "vteps") || has(Kind::Hosts, "attachments") || is("switch") {
        return Some(Kind::Hosts);
    }
    if has(Kind::Hierarchy, "kind") {
        return Some(Kind::Hierarchy);
    }
    let guest_only = ["uuid", "host", "state", "addresses", "home-addresses", "id"];
    if has(Kind::Guests, "macs") && guest_only.iter().any(|name| has(Kind::Guests, name)) {
        return Some(Kind::Guests);
    }
    (has(Kind::KnownStations, "mac") && has(Kind::KnownStations, "name")).then_some(Kind::KnownStations)
}
