use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use rollcall_core::recorded::View;

use super::ExitStatus;
use super::problems::{InputArgs, Inputs, error_style};
use super::rows::{Output, Width, write_rows};

/// Show the recorded state as the audit sees it
#[derive(Clone, Debug, Default, clap::Args)]
pub struct InventoryArgs {
    /// Inventory files (YAML, JSON or CSV); replace those that the configuration names
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Configuration file
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Which table
    #[arg(long, value_enum, default_value_t)]
    pub view: ViewArg,
    /// How rows are printed
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// The words of `--view`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ViewArg {
    /// Guests with MAC address, host and run state.
    #[default]
    Published,
    /// Hosts with the switch ports they are behind.
    Forward,
    /// Switch ports with what is on them.
    Topology,
    /// Scheduled work.
    Schedule,
    /// Datacentres, racks, ... down to the guests.
    Hierarchy,
}

impl From<ViewArg> for View {
    fn from(view: ViewArg) -> Self {
        match view {
            ViewArg::Published => Self::Published,
            ViewArg::Forward => Self::Forward,
            ViewArg::Topology => Self::Topology,
            ViewArg::Schedule => Self::Schedule,
            ViewArg::Hierarchy => Self::Hierarchy,
        }
    }
}

/// Runs `rollcall inventory`.
///
/// Bad rows are told on `err` and left out; the others are printed all the same.
///
/// # Errors
/// Those of `out` and `err`.
pub fn run(args: &InventoryArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let inputs = Inputs::load(&InputArgs { config: args.config.clone(), inventory: args.files.clone() });
    inputs.write_problems(err, error_style())?;
    if inputs.files == 0 && inputs.is_usable() {
        writeln!(
            err,
            "error: no inventory given (name a file, or a configuration with `recorded: {{files: […]}}`)"
        )?;
        return Ok(ExitStatus::Usage);
    }
    if inputs.is_usable() {
        let table = inputs.snapshot.view(args.view.into());
        write_rows(out, &table, args.output, Width::of_stdout())?;
    }
    Ok(inputs.status())
}
