//! Loading configuration and inventories for a command, and telling what is wrong with them.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rollcall_core::recorded::{Problem, Severity, Snapshot};

use super::ExitStatus;
use crate::config::{Config, Parsed};
use crate::rulebook::{self, Place};
use crate::sources::files::{InventoryFile, Loaded, load};
use crate::sources::timeline::{Timeline, load as load_timeline};
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
    /// The sets of rules that were loaded, for commands that ask for them.
    pub rules: Vec<rulebook::Loaded>,
    /// How many inventory files were read.
    pub files: usize,
    /// What happened beside the wire, for commands that ask for it.
    pub timeline: Timeline,
    config_excerpts: Excerpts,
    inventory_excerpts: Excerpts,
    unreadable: bool,
}

impl Inputs {
    /// Loads what the arguments name.
    pub fn load(args: &InputArgs) -> Self {
        Self::load_with(args, None)
    }

    /// Does so, and loads a timeline with it.
    pub fn load_with(args: &InputArgs, timeline: Option<&Path>) -> Self {
        let parsed = args.config.as_deref().map(Config::load);
        let unreadable = parsed.as_ref().is_some_and(|parsed| parsed.unreadable);
        let Parsed { config, mut problems, excerpts, .. } =
            parsed.unwrap_or_else(|| Config::from_text("", "defaults", "".as_ref()));
        let files: Vec<InventoryFile> = if args.inventory.is_empty() {
            config.recorded.files.clone()
        } else {
            args.inventory.iter().map(InventoryFile::at).collect()
        };
        let name = args.config.as_ref().map(|path| path.display().to_string());
        let prefixes = name.as_deref().zip(config.recorded.guest_prefixes.clone());
        let Loaded { built, excerpts: inventory_excerpts, unreadable: files_unreadable } =
            load(&files, prefixes.clone());
        let mut timeline = timeline
            .map_or_else(Timeline::default, |path| load_timeline(path, prefixes, &config.recorded.files));
        let mut inventory_problems = built.problems;
        inventory_problems.append(&mut timeline.inventory_problems);
        if let Some(name) = &name {
            problems.extend(config.held_against(&built.snapshot, name));
        }
        Self {
            config,
            snapshot: Arc::new(built.snapshot),
            config_problems: problems,
            inventory_problems,
            rules: Vec::new(),
            files: files.len(),
            config_excerpts: excerpts,
            inventory_excerpts,
            unreadable: unreadable || files_unreadable || timeline.unreadable,
            timeline,
        }
    }

    /// Loads rules as well: those of these places, or, where there are none, those that the configuration names.
    #[must_use]
    pub fn with_rules(mut self, places: &[Place]) -> Self {
        let configured = core::slice::from_ref(&self.config.workflow.rules);
        let places = if places.is_empty() { configured } else { places };
        self.rules = places.iter().map(rulebook::load).collect();
        self
    }

    /// Returns every problem, those of the configuration first.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        let rules = self.rules.iter().flat_map(|loaded| &loaded.problems);
        self.config_problems
            .iter()
            .chain(&self.timeline.problems)
            .chain(rules)
            .chain(&self.inventory_problems)
    }

    /// Tells whether a command can work with this: configuration and timeline are right and every file could be read.
    ///
    /// Bad rows in an inventory are no reason not to; they are left out.
    pub fn is_usable(&self) -> bool {
        let mut must_be_right = self.config_problems.iter().chain(&self.timeline.problems);
        self.rules.iter().all(rulebook::Loaded::is_sound)
            && !self.unreadable
            && must_be_right.all(|p| p.severity == Severity::Warning)
    }

    /// Returns the exit status for a command that demands that everything be right.
    pub fn status(&self) -> ExitStatus {
        if self.unreadable || self.rules.iter().any(|loaded| loaded.unreadable) {
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
        let mut excerpts = self.inventory_excerpts.clone();
        excerpts.extend(self.timeline.excerpts.clone());
        write_problems(out, &self.config_problems, &self.config_excerpts, style)?;
        write_problems(out, &self.timeline.problems, &self.timeline.excerpts, style)?;
        for loaded in &self.rules {
            write_problems(out, &loaded.problems, &loaded.excerpts, style)?;
        }
        write_problems(out, &self.inventory_problems, &excerpts, style)?;
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
    if io::stderr().is_terminal() && !no_color { Style::Colour } else { Style::Plain }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{check, inventory, rows::Output};
    use super::*;

    /// A folder of its own for one test, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str, files: &[(&str, &str)]) -> Self {
            let folder = std::env::temp_dir().join(format!("rollcall-{}-{name}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            for (file, text) in files {
                fs::write(folder.join(file), text).unwrap();
            }
            Self(folder)
        }

        fn path(&self, file: &str) -> PathBuf {
            self.0.join(file)
        }

        /// Returns a text with the folder's path cut out of it.
        fn shortened(&self, text: Vec<u8>) -> String {
            String::from_utf8(text).unwrap().replace(&format!("{}/", self.0.display()), "")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            drop(fs::remove_dir_all(&self.0));
        }
    }

    const CONFIG: &str =
        "recorded: {files: [inventory.yaml]}\ncapture-points: [{name: a, mirrors: {hosts: [hv-1]}}]\n";
    const INVENTORY: &str =
        "hosts: [{id: hv-01}]\nguests: [{id: web, macs: [52:54:00:00:00:01], host: hv-01}]\n";

    fn checked(folder: &Folder, config: Option<&str>, inventories: &[&str]) -> (ExitStatus, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = check::CheckArgs {
            input: InputArgs {
                config: config.map(|file| folder.path(file)),
                inventory: inventories.iter().map(|file| folder.path(file)).collect(),
            },
        };
        let status = check::run(&args, &mut out, &mut err).unwrap();
        (status, folder.shortened(out), folder.shortened(err))
    }

    #[test]
    fn warnings_are_told_and_fine() {
        let folder = Folder::new("warnings", &[("c.yaml", CONFIG), ("inventory.yaml", INVENTORY)]);
        let (status, out, err) = checked(&folder, Some("c.yaml"), &[]);
        assert_eq!(status, ExitStatus::Fine);
        assert!(out.starts_with("fine: 1 capture points; 1 inventory files with 1 guests, 1 hosts"), "{out}");
        assert_eq!(
            err,
            "warning[RC0108]: capture point `a` mirrors host `hv-1`, which nothing records\n\
             \x20--> c.yaml:2:46\n\
             \x20 |\n\
             2 | capture-points: [{name: a, mirrors: {hosts: [hv-1]}}]\n\
             \x20 |                                              ^^^^\n\
             \x20 = help: the nearest recorded one is `hv-01`\n\
             \n\
             1 warning\n"
        );
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let folder = Folder::new(
            "wrong",
            &[
                ("c.yaml", "tick: 1\nrecorded: {files: [inventory.yaml, missing.yaml]}\n"),
                ("inventory.yaml", "guests: [{id: web}]\n"),
            ],
        );
        let (status, out, err) = checked(&folder, Some("c.yaml"), &[]);
        assert_eq!((status, out.as_str()), (ExitStatus::Io, ""));
        for told in ["RC0101", "RC0204", "RC0007", "3 errors"] {
            assert!(err.contains(told), "{told} in {err}");
        }
        let (status, ..) = checked(&folder, None, &["inventory.yaml"]);
        assert_eq!(status, ExitStatus::Usage);
    }

    #[test]
    fn inventories_on_the_command_line_replace_the_configured() {
        let folder = Folder::new(
            "replace",
            &[
                ("c.yaml", CONFIG),
                ("inventory.yaml", INVENTORY),
                ("other.csv", "id,mac,state\nmail,52:54:00:00:00:02,off\n"),
            ],
        );
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = inventory::InventoryArgs {
            files: vec![folder.path("other.csv")],
            config: Some(folder.path("c.yaml")),
            output: Output::Csv,
            ..inventory::InventoryArgs::default()
        };
        let status = inventory::run(&args, &mut out, &mut err).unwrap();
        assert_eq!((status, folder.shortened(err)), (ExitStatus::Fine, String::new()));
        assert_eq!(
            folder.shortened(out),
            "host,guest,name,mac,addresses,home_addresses,run_state,should_communicate,owner\n\
             ,mail,mail,52:54:00:00:00:02,,,powered-off,no,\n"
        );
    }

    #[test]
    fn without_any_inventory_there_is_nothing_to_show() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = inventory::run(&inventory::InventoryArgs::default(), &mut out, &mut err).unwrap();
        assert_eq!((status, out), (ExitStatus::Usage, Vec::new()));
        assert!(String::from_utf8(err).unwrap().starts_with("error: no inventory given"));
    }
}
