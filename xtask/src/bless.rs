//! `cargo xtask bless`: rewrites the golden expectations of `tests/cases` and the diagnostics beside bad texts.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{setup, shell};

/// Runs the golden replays in the mode that writes what it would otherwise compare.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some(argument) = arguments.first() {
        bail!("unknown argument `{argument}` (bless takes none)");
    }
    setup::ensure_compiler()?;
    let mut tests = shell::cargo(&["test", "--package", "rollcall-tests", "--locked", "--test", "replay"]);
    shell::run(tests.env("ROLLCALL_BLESS", "1"))?;
    let mut diagnostics =
        shell::cargo(&["test", "--package", "rollcall", "--locked", "--lib", "exact_diagnostics"]);
    shell::run(diagnostics.env("ROLLCALL_BLESS", "1"))?;
    shell::run(&mut shell::program(
        "git",
        &["--no-pager", "diff", "--stat", "--", "tests/cases", "*/testdata"],
    ))?;
    println!("expectations rewritten; review `git diff` like code");
    Ok(ExitCode::SUCCESS)
}
