use std::io::Write;

use anyhow::Context as _;
use rollcall_core::recorded::{Cell, Table};

use super::ExitStatus;
use super::rows::{Output, Width, write_rows};
use super::run::open;
use crate::capture::live::{InterfaceState, against_xdp, interfaces};

/// List the interfaces that can be captured from, and by what `rollcall run` would by default
#[derive(Clone, Debug, Default, clap::Args)]
pub struct InterfacesArgs {
    /// How rows are printed
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Runs `rollcall interfaces`.
///
/// # Errors
/// The system does not tell its interfaces; those of `out`.
pub fn run(args: &InterfacesArgs, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let rows = interfaces().context("list the interfaces")?;
    let table = Table {
        columns: vec!["interface", "link", "mac", "driver", "backend", "why"],
        rows: rows.iter().map(row).collect(),
    };
    write_rows(out, &table, args.output, Width::of_stdout())?;
    Ok(ExitStatus::Fine)
}

fn row(state: &InterfaceState) -> Vec<Cell> {
    let optional = |text: Option<&str>| text.map_or(Cell::Missing, Cell::text);
    let settings = open::settings_for(&state.name);
    let (backend, why) = match against_xdp(&settings) {
        Some(reason) if cfg!(feature = "pcap") => ("pcap", Some(reason)),
        Some(reason) => ("none", Some(reason)),
        None => ("xdp", None),
    };
    vec![
        Cell::text(&*state.name),
        Cell::text(if state.link.is_up { "up" } else { "down" }),
        state.mac.map_or(Cell::Missing, |mac| Cell::text(mac.to_string())),
        optional(state.driver.as_deref()),
        Cell::text(backend),
        optional(why),
    ]
}
