//! `cargo xtask ebpf [--check]`: builds the XDP program and writes the object that the sensor embeds.
//!
//! The object is under version control, so that nobody needs the tools below to build Rollcall. It is the same octets
//! from whatever folder and machine it is built: one version of the compiler and of the linker, paths named alike,
//! and no line numbers in it. `--check` builds it and fails where the one that is there differs.

mod object;
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::shell;
use crate::steps::Done;
use tools::Tools;

/// Where the object lies.
const OBJECT: &str = "sensor-ebpf/rollcall.bpf.o";
/// The target whose octets go from low to high, as on the processors that Rollcall is made for.
const TARGET: &str = "bpfel-unknown-none";

/// Builds the object and writes it, or compares it with the one that is there.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments {
        [] => {}
        [word] if word == "--check" => {
            return match check()? {
                Done::Passed => {
                    println!("cargo xtask ebpf: {OBJECT} is what its source gives");
                    Ok(ExitCode::SUCCESS)
                }
                Done::Skipped(reasons) => bail!("{}", reasons.join("; ")),
            };
        }
        [word, ..] => bail!("unknown argument `{word}` (there is only `--check`)"),
    }
    let built = build(&Tools::ensure()?, &[])?;
    let path = shell::root().join(OBJECT);
    fs::write(&path, &built).with_context(|| format!("write {}", path.display()))?;
    println!("cargo xtask ebpf: wrote {OBJECT}, {} octets", built.len());
    Ok(ExitCode::SUCCESS)
}

/// Checks that the object is what its source gives.
///
/// # Errors
/// It cannot be built, or it differs.
pub(crate) fn check() -> Result<Done> {
    let tools = match Tools::ensure() {
        Ok(tools) => tools,
        Err(error) => return Ok(Done::Skipped(vec![format!("the XDP program was not built: {error:#}")])),
    };
    let built = build(&tools, &[])?;
    let path = shell::root().join(OBJECT);
    let there = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    if built != there {
        bail!(
            "{OBJECT} is not what its source gives ({} octets, {} built): run `cargo xtask ebpf`",
            there.len(),
            built.len()
        );
    }
    Ok(Done::Passed)
}

/// Builds the object with some features, into a file of its own, for measurements.
///
/// # Errors
/// A tool is missing, or it cannot be built.
pub(crate) fn variant(feature: &str) -> Result<PathBuf> {
    let built = build(&Tools::ensure()?, &["--features", feature])?;
    let path = shell::target_dir().join("ebpf").join(format!("{feature}.o"));
    fs::write(&path, built).with_context(|| format!("write {}", path.display()))?;
    Ok(path)
}

/// Builds the object, with further arguments for cargo.
fn build(tools: &Tools, arguments: &[&str]) -> Result<Vec<u8>> {
    let target_dir = shell::target_dir().join("ebpf");
    let folder = shell::root().join("sensor-ebpf");
    let mut flags = vec!["-Ctarget-cpu=v3".to_owned(), "-Clink-arg=--btf".to_owned()];
    let places = [
        (shell::root().to_path_buf(), "/rollcall"),
        (tools.sysroot.clone(), "/rust"),
        (cargo_home(), "/cargo"),
    ];
    for (place, name) in places {
        flags.push(format!("--remap-path-prefix={}={name}", place.display()));
    }
    // The last one that fits counts: packages lie in one place, whichever registry they come from.
    for registry in fs::read_dir(cargo_home().join("registry/src")).into_iter().flatten().flatten() {
        flags.push(format!("--remap-path-prefix={}=/packages", registry.path().display()));
    }
    let mut command = tools.cargo(&[
        "build",
        "--release",
        "--quiet",
        "--locked",
        "-Zbuild-std=core",
        "--target",
        TARGET,
        "--manifest-path",
        "sensor-ebpf/Cargo.toml",
    ]);
    command
        .args(arguments)
        .current_dir(shell::root())
        // `core` is built as well, which stable Rust does where it is told that it may.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", &target_dir)
        .env("CARGO_TARGET_BPFEL_UNKNOWN_NONE_LINKER", &tools.linker)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    shell::run(&mut command)?;
    let path = target_dir.join(TARGET).join("release/rollcall-ebpf");
    let linked = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    object::strip(&linked).with_context(|| format!("strip what was built in {}", folder.display()))
}

/// Returns where cargo keeps the sources of packages.
fn cargo_home() -> PathBuf {
    let home = || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}
