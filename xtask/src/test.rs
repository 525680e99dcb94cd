//! `cargo xtask test`: the set-up and every test.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::setup::{self, PROMTOOL, TSHARK};
use crate::steps::{Done, Skips, Steps};
use crate::{ebpf, pcap, shell};

/// Runs every test and closes with one line of result.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let mut steps = Steps::new("test", Skips::from_arguments(arguments)?);
    let skips = Skips::from_arguments(arguments)?;
    prepare(skips)?;
    steps.step("tests", || tests(skips));
    steps.step("captures are what their generator makes", || pcap::check().map(|()| Done::Passed));
    steps.step("the XDP program is what its source gives", ebpf::check);
    steps.step("documentation examples", || {
        shell::capture(&mut shell::cargo(&["test", "--workspace", "--locked", "--doc", "--quiet"]))?;
        Ok(Done::Passed)
    });
    Ok(steps.finish())
}

/// Installs what the tests use, as far as this machine allows. The tests themselves say what they had
/// to leave out.
///
/// # Errors
/// Nothing can be built here, or a tool could not be installed although everything is required.
pub(crate) fn prepare(skips: Skips) -> Result<()> {
    setup::ensure_compiler()?;
    match setup::ensure(&[TSHARK, PROMTOOL]) {
        Ok(_) => Ok(()),
        Err(error) if skips == Skips::Fail => Err(error),
        Err(error) => {
            eprintln!("set-up: {error:#}; what needs it is skipped");
            Ok(())
        }
    }
}

/// Runs the tests of every package, by nextest where it is installed.
pub(crate) fn tests(skips: Skips) -> Result<Done> {
    // Tests report what they could not check in this file: a passing test's output is not shown.
    let skipped = shell::target_dir().join("skipped-checks.txt");
    if skipped.exists() {
        fs::remove_file(&skipped).with_context(|| format!("remove {}", skipped.display()))?;
    }
    let arguments: &[&str] = if shell::find("cargo-nextest").is_some() {
        &["nextest", "run", "--workspace", "--locked", "--no-fail-fast", "--status-level", "fail"]
    } else {
        &["test", "--workspace", "--locked", "--no-fail-fast", "--quiet", "--lib", "--bins", "--tests"]
    };
    let mut command = shell::cargo(arguments);
    command.env("ROLLCALL_SKIPPED_CHECKS", &skipped).env("PATH", path_with_tools()?);
    if skips == Skips::Fail {
        command.env("ROLLCALL_REQUIRE_ALL", "1");
    }
    shell::run(&mut command)?;
    let Ok(text) = fs::read_to_string(&skipped) else {
        return Ok(Done::Passed);
    };
    let mut reasons: Vec<String> = text.lines().map(str::to_owned).collect();
    reasons.sort();
    reasons.dedup();
    Ok(Done::Skipped(reasons))
}

/// The search path with the unpacked tools behind it.
pub(crate) fn path_with_tools() -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([shell::tools_dir().join("usr/bin")]);
    std::env::join_paths(folders).context("join the search path")
}
