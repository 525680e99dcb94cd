//! `cargo xtask ci`: everything that a change must pass.

use std::process::ExitCode;

use anyhow::Result;

use crate::steps::{Done, Skips, Steps};
use crate::{bench, ebpf, fuzz, pcap, setup, shell, simulate, test, tidy};

/// Runs all checks, then lists what failed and what was skipped.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let skips = Skips::from_arguments(arguments)?;
    let mut steps = Steps::new("ci", skips);
    test::prepare(skips)?;
    steps.step("format", || {
        cargo(&["fmt", "--all", "--", "--check"])?;
        cargo(&["fmt", "--manifest-path", "sensor/fuzz/Cargo.toml", "--", "--check"])?;
        cargo(&["fmt", "--manifest-path", "sensor-ebpf/Cargo.toml", "--", "--check"])
    });
    steps.step("clippy", || {
        cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--quiet", "--", "-D", "warnings"])
    });
    steps.step("tidy", || tidy::check().map(|()| Done::Passed));
    steps.step("tests", || test::tests(skips));
    steps.step("documentation", || {
        let mut doc = shell::cargo(&[
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
            "--locked",
            "--quiet",
        ]);
        // Private items are documented, so links to them lead somewhere.
        let flags = "-D warnings -A rustdoc::private-intra-doc-links";
        shell::run(doc.env("RUSTDOCFLAGS", flags))?;
        Ok(Done::Passed)
    });
    steps.step("captures are what their generator makes", || pcap::check().map(|()| Done::Passed));
    steps.step("the XDP program is what its source gives", ebpf::check);
    steps.step("rules and example inventory", rules);
    steps.step("replay of every capture", replays);
    steps.step("simulated data centres", || simulate::check().map(|()| Done::Passed));
    steps.step("instructions per frame", bench::check_instructions);
    steps.step("fuzzing", fuzzing);
    steps.step("licences, sources and duplicates of dependencies", deny);
    Ok(steps.finish())
}

/// Has the program check what it ships.
fn rules() -> Result<Done> {
    for config in ["rules/example/config.yaml", "pcaps/demo/config.yaml"] {
        rollcall(&["check", "--config", config])?;
    }
    Ok(Done::Passed)
}

/// Has the program read every capture as a stranger would: without configuration or inventory.
fn replays() -> Result<Done> {
    for capture in pcap::files() {
        rollcall(&["replay", &capture, "--output", "jsonl"])?;
    }
    Ok(Done::Passed)
}

/// Runs the program; what it prints is shown only if it fails.
fn rollcall(arguments: &[&str]) -> Result<()> {
    shell::capture(&mut shell::program(shell::debug_binary()?, arguments)).map(drop)
}

/// Fuzzes every door for a short while, from seeds and what earlier runs on this machine found.
fn fuzzing() -> Result<Done> {
    const SECONDS: u64 = 10;
    if !setup::ensure(&[setup::CXX_COMPILER])?.is_empty() {
        return Ok(Done::Skipped(vec!["no C++ compiler `c++`, which libFuzzer is compiled with".to_owned()]));
    }
    fuzz::all(SECONDS).map(|()| Done::Passed)
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
