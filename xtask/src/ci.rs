//! `cargo xtask ci`: everything that a change must pass.

use std::process::ExitCode;

use anyhow::Result;

use crate::steps::{Done, Skips, Steps};
use crate::{shell, test, tidy};

/// Runs all checks, then lists what failed and what was skipped.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let skips = Skips::from_arguments(arguments)?;
    let mut steps = Steps::new("ci", skips);
    test::prepare(skips)?;
    steps.step("format", || cargo(&["fmt", "--all", "--", "--check"]));
    steps.step("clippy", || {
        cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ])
    });
    steps.step("tidy", || tidy::check().map(|()| Done::Passed));
    steps.step("tests", || test::tests(skips));
    steps.step("documentation", || {
        let mut doc = shell::cargo(&["doc", "--workspace", "--no-deps", "--locked", "--quiet"]);
        shell::run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
        Ok(Done::Passed)
    });
    steps.step("licences, sources and duplicates of dependencies", deny);
    Ok(steps.finish())
}

/// Runs cargo-deny. It is not installed here: compiling it takes longer than all other checks together.
fn deny() -> Result<Done> {
    if shell::find("cargo-deny").is_none() {
        let reason = "cargo-deny is not installed (`cargo install cargo-deny --locked`)";
        return Ok(Done::Skipped(vec![reason.to_owned()]));
    }
    cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"])
}

fn cargo(arguments: &[&str]) -> Result<Done> {
    shell::run(&mut shell::cargo(arguments))?;
    Ok(Done::Passed)
}
