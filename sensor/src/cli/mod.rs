//! The command line: arguments, exit codes, wiring.
//!
//! The only room that knows all others. Each command has a file with its arguments and a `run` that writes to
//! the streams it is given, so that tests can call it; [`run()`] reads the arguments and chooses.

pub mod check;
pub mod config;
mod exit;
pub mod explain;
pub mod interfaces;
pub mod inventory;
pub mod past;
pub mod problems;
mod progress;
pub mod replay;
pub mod rows;
pub mod rules;
pub mod run;
pub mod stream;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::{Parser, Subcommand};

pub use exit::ExitStatus;
pub use progress::progress_bar;

/// Calls the roll of a virtualised data centre: who is on the wire, held against what is recorded
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::RunArgs),
    Replay(replay::ReplayArgs),
    Explain(explain::ExplainArgs),
    Interfaces(interfaces::InterfacesArgs),
    Stream(stream::StreamArgs),
    Check(check::CheckArgs),
    Rules(rules::RulesArgs),
    Inventory(inventory::InventoryArgs),
    Config(config::ConfigArgs),
    Whereis(past::WhereisArgs),
    Whohas(past::WhohasArgs),
    History(past::HistoryArgs),
}

/// Runs the program with its arguments, the first of which is its own name.
///
/// Whatever goes wrong is told on `err` in one line and in the exit status. A reader of `out` that went away
/// is nothing wrong.
pub fn run(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> ExitStatus {
    let command = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments.command,
        Err(told) => return tell(&told, out, err),
    };
    let ended = match &command {
        Command::Run(args) => run::run(args, out, err),
        Command::Replay(args) => replay::run(args, out, err),
        Command::Explain(args) => explain::run(args, out, err),
        Command::Interfaces(args) => interfaces::run(args, out),
        Command::Stream(args) => stream::run(args, out, err),
        Command::Check(args) => check::run(args, out, err),
        Command::Rules(args) => rules::run(args, out, err),
        Command::Inventory(args) => inventory::run(args, out, err),
        Command::Config(args) => config::run(args, out, err),
        Command::Whereis(args) => past::whereis(args, out, err),
        Command::Whohas(args) => past::whohas(args, out, err),
        Command::History(args) => past::history(args, out, err),
    };
    let flushed = ended.and_then(|status| match out.flush() {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(status),
    });
    flushed.unwrap_or_else(|error| {
        if is_broken_pipe(&error) {
            return ExitStatus::Fine;
        }
        // Where even this cannot be written, the exit status still tells.
        drop(writeln!(err, "error: {error:#}"));
        ExitStatus::Io
    })
}

/// Tells what clap has to say: help and version on `out`, errors on `err`.
fn tell(told: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> ExitStatus {
    if told.use_stderr() {
        drop(write!(err, "{}", told.render()));
        ExitStatus::Usage
    } else {
        drop(write!(out, "{}", told.render()));
        ExitStatus::Fine
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
        kind.or(json) == Some(io::ErrorKind::BrokenPipe)
    })
}
