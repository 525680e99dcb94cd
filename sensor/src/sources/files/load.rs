use core::time::Duration;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rollcall_core::recorded::{Built, Position, Severity, SnapshotBuilder, SourceSettings};

use super::kind::Kind;
use super::recurrence::expand;
use super::sections::{read_inline, read_inventory, read_section};
use super::table::{Shape, read_table};
use crate::text::report::Excerpts;
use crate::text::yaml::Node;
use crate::text::{Mark, TEXT_OCTETS_MAX};

/// A file to read, with what the configuration says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InventoryFile {
    /// Where it is.
    pub path: PathBuf,
    /// What a CSV file lists; `None` leaves it to the file's name and columns.
    pub kind: Option<Kind>,
    /// Titles of CSV columns by the name of the field that they hold.
    pub columns: BTreeMap<String, String>,
    /// What the source is called; the path where it has no name.
    pub name: Option<String>,
    /// Whose word counts where sources contradict each other: the higher one's.
    pub precedence: i32,
    /// How long after it was read it is stale.
    pub stale_after: Option<Duration>,
}

impl InventoryFile {
    /// Makes a file of which nothing but the path is known.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// Returns what messages and discrepancies call the source.
    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.path.display().to_string())
    }

    fn settings(&self) -> SourceSettings {
        let Self { precedence, stale_after, .. } = *self;
        SourceSettings { name: self.name().into(), precedence, stale_after }
    }
}

/// What loading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The snapshot and everything that was wrong.
    pub built: Built,
    /// The texts that the problems are in.
    pub excerpts: Excerpts,
    /// Whether a file could not be read at all.
    pub unreadable: bool,
}

/// Loads inventories into one snapshot.
///
/// `guest_prefixes` are those of the configuration, with the name of the text that they stand in; where there are
/// any they replace the defaults.
pub fn load(files: &[InventoryFile], guest_prefixes: Option<(&str, Vec<Node>)>) -> Loaded {
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        texts.push((file, read_text(&file.path)));
    }
    load_texts(texts, guest_prefixes)
}

/// Loads inventories whose texts were read already.
pub fn load_texts(
    files: Vec<(&InventoryFile, io::Result<String>)>,
    guest_prefixes: Option<(&str, Vec<Node>)>,
) -> Loaded {
    let mut builder = builder_with(guest_prefixes);
    let mut sources = Vec::new();
    let mut unreadable = false;
    for (file, text) in files {
        let name = file.path.display().to_string();
        let source = builder.source_with(&name, file.settings());
        match text {
            Ok(text) => {
                let stem = file.path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
                if is_table(&file.path) {
                    let shape = Shape { kind: file.kind, columns: Some(&file.columns), stem: &stem };
                    read_table(&text, shape, source, &mut builder);
                } else {
                    read_inventory(&text, source, &mut builder);
                }
                sources.push((name, text));
            }
            Err(error) => {
                unreadable = true;
                let at: Position = Mark::default().in_source(source);
                builder.report(
                    Severity::Error,
                    "RC0007",
                    at,
                    format!("cannot be read: {error}"),
                    Some("check the path and who may read the file".to_owned()),
                );
            }
        }
    }
    let built = builder.finish();
    let mut excerpts = Excerpts::default();
    for (name, text) in sources {
        if built.problems.iter().any(|problem| *problem.place.source == *name) {
            excerpts.add(name, text);
        }
    }
    Loaded { built, excerpts, unreadable }
}

/// Loads an inventory that stands in another text, which problems shall call `name`.
pub fn load_inline(inventory: Node, name: &str, guest_prefixes: Option<(&str, Vec<Node>)>) -> Built {
    let mut builder = builder_with(guest_prefixes);
    let source = builder.source(name);
    read_inline(inventory, source, &mut builder);
    builder.finish()
}

fn builder_with(guest_prefixes: Option<(&str, Vec<Node>)>) -> SnapshotBuilder {
    let mut builder = SnapshotBuilder::new();
    builder.expand_by(expand);
    if let Some((name, nodes)) = guest_prefixes {
        let source = builder.source(name);
        read_section(Kind::GuestPrefixes, nodes, source, &mut builder);
    }
    builder
}

/// Reads a text file of at most [`TEXT_OCTETS_MAX`] octets.
///
/// # Errors
/// Those of the file system; a file that is longer or no UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(TEXT_OCTETS_MAX + 1).read_to_string(&mut text)?;
    if read as u64 > TEXT_OCTETS_MAX {
        return Err(io::Error::other(format!(
            "longer than {TEXT_OCTETS_MAX} octets (split it into several files)"
        )));
    }
    Ok(text)
}

/// Tells whether a file is read as CSV.
fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ["csv", "tsv"].iter().any(|csv| ext.eq_ignore_ascii_case(csv)))
}
