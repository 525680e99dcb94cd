use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;
use rollcall_core::recorded::Severity;

use super::ExitStatus;
use super::problems::error_style;
use crate::rulebook::{self, Place, testing};
use crate::text::report::{write_count, write_problems};

/// Check and test the rules of workflows
#[derive(Clone, Debug, clap::Args)]
pub struct RulesArgs {
    #[command(subcommand)]
    command: RulesCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum RulesCommand {
    /// Tell everything that is wrong with rules
    ///
    /// Ends with 0 where nothing is but warnings, with 2 where something is, with 4 where a file could not be read.
    Check {
        /// Files and folders; the shipped rules where none is given
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
    /// Run the tests that stand beside rules: `x.yaml` has `x.test.yaml`
    ///
    /// Ends with 0 where all pass, with 1 where one fails, with 2 where rules or tests are wrong, with 4 where a file could
    /// not be read.
    Test {
        /// Files and folders
        #[arg(value_name = "PATH", default_value = "rules")]
        paths: Vec<PathBuf>,
    },
    /// Print the shipped rules, as a beginning for one's own
    Show {
        /// The ids of rules, or their beginnings; all where none is given
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
}

/// Runs `rollcall rules`.
///
/// # Errors
/// Those of `out` and `err`.
pub fn run(args: &RulesArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    match &args.command {
        RulesCommand::Check { paths } => check(paths, out, err),
        RulesCommand::Test { paths } => test(paths, out, err),
        RulesCommand::Show { ids } => show(ids, out),
    }
}

fn check(paths: &[PathBuf], out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let place = if paths.is_empty() { Place::Shipped } else { Place::Paths(paths.to_vec()) };
    let loaded = rulebook::load(&place);
    write_problems(err, &loaded.problems, &loaded.excerpts, error_style())?;
    if !loaded.problems.is_empty() {
        write_count(err, &loaded.problems)?;
    }
    if loaded.unreadable {
        return Ok(ExitStatus::Io);
    }
    if !loaded.is_sound() {
        return Ok(ExitStatus::Usage);
    }
    writeln!(out, "fine: {} rules in {} files", loaded.rules.rules().len(), loaded.files)?;
    Ok(ExitStatus::Fine)
}

fn test(paths: &[PathBuf], out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let tested = testing::run(paths);
    write_problems(err, &tested.problems, &tested.excerpts, error_style())?;
    if !tested.problems.is_empty() {
        write_count(err, &tested.problems)?;
    }
    for (name, differences) in &tested.failed {
        writeln!(out, "failed: {name}\n{differences}")?;
    }
    for file in &tested.untested {
        writeln!(out, "note: {file} has no test")?;
    }
    writeln!(out, "{} passed, {} failed", tested.passed, tested.failed.len())?;
    let is_wrong = tested.problems.iter().any(|problem| problem.severity == Severity::Error);
    Ok(match (tested.unreadable, is_wrong, tested.failed.is_empty()) {
        (true, ..) => ExitStatus::Io,
        (_, true, _) => ExitStatus::Usage,
        (_, _, false) => ExitStatus::Found,
        _ => ExitStatus::Fine,
    })
}

fn show(ids: &[String], out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    for (name, text) in rulebook::SHIPPED {
        let id = name.rsplit('/').next().and_then(|file| file.strip_suffix(".yaml")).unwrap_or(name);
        if ids.is_empty() || ids.iter().any(|begin| id.starts_with(begin.as_str())) {
            writeln!(out, "# {name}\n{text}")?;
        }
    }
    Ok(ExitStatus::Fine)
}
