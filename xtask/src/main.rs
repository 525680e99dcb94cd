//! The project's own commands: `cargo xtask <command>`.
//!
//! One file per command. Nothing here is part of the program; it builds first on every machine, so it
//! depends on next to nothing.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command's output is what it is for")]

mod bench;
mod bless;
mod ci;
mod demo;
mod ebpf;
mod fuzz;
mod pcap;
mod setup;
mod shell;
mod simulate;
mod steps;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;

/// What a command is called with and does.
struct Command {
    name: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<ExitCode>,
}

/// Every command, in the order of `cargo xtask help`.
const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        help: "replay the demo data centre against its inventory and show the differences",
        run: demo::run,
    },
    Command {
        name: "test",
        help: "install what is missing and run every test [--require-all: a skipped check fails]",
        run: test::run,
    },
    Command {
        name: "ci",
        help: "everything that a change must pass; runs all of it, then lists what failed [--require-all]",
        run: ci::run,
    },
    Command {
        name: "tidy",
        help: "the rules that no compiler checks: layout, import directions, lengths, words",
        run: tidy::run,
    },
    Command {
        name: "pcap",
        help: "make the captures of pcaps/ and their manifest [--check: compare; bench: those for measuring]",
        run: pcap::run,
    },
    Command {
        name: "bench",
        help: "measure everything, or: replay [small64|mix|snap128] [--rounds N], growth, memory, audit, xdp [--maps], instructions [--bless]",
        run: bench::run,
    },
    Command {
        name: "ebpf",
        help: "build the XDP program and write its object [--check: fail where it differs]",
        run: ebpf::run,
    },
    Command {
        name: "simulate",
        help: "a data centre with known truth: --seed N [--out DIR], or --judge --seeds A..B [--loss 0.1 --dup ...]",
        run: simulate::run,
    },
    Command {
        name: "fuzz",
        help: "libFuzzer over what reads octets from outside [TARGET...] [--seconds N] [--seeds: only write those]",
        run: fuzz::run,
    },
    Command {
        name: "setup",
        help: "install the tools that the checks use (Debian, Ubuntu), or print the line that does",
        run: setup::run,
    },
    Command {
        name: "bless",
        help: "rewrite the golden expectations of tests/cases; review the diff like code",
        run: bless::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    if name == bench::measure::COMMAND {
        return end(name, bench::measure::run(rest));
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        return help(name);
    };
    end(name, (command.run)(rest))
}

fn end(name: &str, ended: Result<ExitCode>) -> ExitCode {
    match ended {
        Ok(status) => status,
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Lists the commands; asked for, that is a success, and a failure after an unknown name.
fn help(name: &str) -> ExitCode {
    let asked = matches!(name, "help" | "--help" | "-h");
    if !asked {
        eprintln!("xtask: there is no command `{name}`\n");
    }
    println!("cargo xtask <command>\n");
    for command in COMMANDS {
        println!("  {:<8} {}", command.name, command.help);
    }
    if asked { ExitCode::SUCCESS } else { ExitCode::from(2) }
}
