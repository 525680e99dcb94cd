//! Loading configuration and inventories for a command, and telling what is wrong with them.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;

use rollcall_core::recorded::{Problem, Severity, Snapshot};

use super::ExitStatus;
use crate::config::{Config, Parsed};
use crate::sources::files::{InventoryFile, Loaded, load};
use crate::text::report::{Excerpts, Style, write_count, write_problems};

/// Where configuration and inventories are, as every command takes them.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct InputArgs {
    /// Configuration file; without one every setting has its default
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Inventory file (YAML, JSON or CSV); may be given several times. Replaces the files that the configuration names
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub inventory: Vec<PathBuf>,
}

/// Configuration and recorded state, with what was wrong in them.
#[derive(Debug)]
pub struct Inputs {
    /// The configuration; defaults stand where it could not be read.
    pub config: Config,
    /// The recorded state; bad rows are left out.
    pub snapshot: Arc<Snapshot>,
    /// Problems of the configuration.
    pub config_problems: Vec<Problem>,
    /// Problems of the inventories.
    pub inventory_problems: Vec<Problem>,
    /// How many inventory files were read.
    pub files: usize,
    config_excerpts: Excerpts,
    inventory_excerpts: Excerpts,
    unreadable: bool,
}

impl Inputs {
    /// Loads what the arguments name.
    pub fn load(args: &InputArgs) -> Self {
        let parsed = args.config.as_deref().map(Config::load);
        let unreadable = parsed.as_ref().is_some_and(|parsed| parsed.unreadable);
        let Parsed {
            config,
            problems,
            excerpts,
            ..
        } = parsed.unwrap_or_else(|| Config::from_text("", "defaults", "".as_ref()));
        let files: Vec<InventoryFile> = if args.inventory.is_empty() {
            config.recorded.files.clone()
        } else {
            args.inventory.iter().map(InventoryFile::at).collect()
        };
        let name = args.config.as_ref().map(|path| path.display().to_string());
        let prefixes = name.as_deref().zip(config.recorded.guest_prefixes.clone());
        let Loaded {
            built,
            excerpts: inventory_excerpts,
            unreadable: files_unreadable,
        } = load(&files, prefixes);
        Self {
            config,
            snapshot: Arc::new(built.snapshot),
            config_problems: problems,
            inventory_problems: built.problems,
            files: files.len(),
            config_excerpts: excerpts,
            inventory_excerpts,
            unreadable: unreadable || files_unreadable,
        }
    }

    /// Returns every problem, those of the configuration first.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.config_problems.iter().chain(&self.inventory_problems)
    }

    /// Tells whether a command can work with this: the configuration is right and every file could be read.
    ///
    /// Bad rows in an inventory are no reason not to; they are left out.
    pub fn is_usable(&self) -> bool {
        !self.unreadable
            && self
                .config_problems
                .iter()
                .all(|p| p.severity == Severity::Warning)
    }

    /// Returns the exit status for a command that demands that everything be right.
    pub fn status(&self) -> ExitStatus {
        if self.unreadable {
            ExitStatus::Io
        } else if self.problems().any(|p| p.severity == Severity::Error) {
            ExitStatus::Usage
        } else {
            ExitStatus::Fine
        }
    }

    /// Writes every problem with the lines that they are in, and how many there are; nothing where there are none.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_problems(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        write_problems(out, &self.config_problems, &self.config_excerpts, style)?;
        write_problems(out, &self.inventory_problems, &self.inventory_excerpts, style)?;
        let all: Vec<Problem> = self.problems().cloned().collect();
        if !all.is_empty() {
            write_count(out, &all)?;
        }
        Ok(())
    }
}

/// Returns whether messages on standard error are coloured: on a terminal, unless `NO_COLOR` is set.
pub fn error_style() -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if io::stderr().is_terminal() && !no_color {
        Style::Colour
    } else {
        Style::Plain
    }
}
