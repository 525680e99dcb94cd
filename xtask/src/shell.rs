//! Running programs and finding the way around the repository.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Returns the top of the repository: the folder above `xtask`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies one level below the top")
}

/// Returns the folder of build results, the same that cargo uses.
pub(crate) fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// Returns the folder in which set-up unpacks tools that need no installation.
pub(crate) fn tools_dir() -> PathBuf {
    target_dir().join("tools")
}

/// Finds a program on the search path, or among the unpacked tools.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([tools_dir().join("usr/bin")])
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// Prepares cargo (the one that runs us) at the top of the repository.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    program(cargo, arguments)
}

/// Prepares a program at the top of the repository, without standard input.
pub(crate) fn program(name: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root()).stdin(Stdio::null());
    command
}

/// Runs a program whose output goes where ours goes.
///
/// # Errors
/// It cannot be started, or ends with a status other than 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let words = words(command);
    let status = command.status().with_context(|| format!("start `{words}`"))?;
    if !status.success() {
        bail!("`{words}` ended with {status}");
    }
    Ok(())
}

/// Runs a program and returns its standard output.
///
/// # Errors
/// It cannot be started, ends with a status other than 0 (the error carries its messages), or prints
/// something that is not UTF-8.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let words = words(command);
    let output = command.output().with_context(|| format!("start `{words}`"))?;
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        bail!("`{words}` ended with {}\n{}", output.status, messages.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("read what `{words}` printed"))
}

/// Builds the program as the tests use it and returns its path.
pub(crate) fn debug_binary() -> Result<PathBuf> {
    run(&mut cargo(&["build", "--package", "rollcall", "--locked", "--quiet"]))?;
    Ok(target_dir().join("debug/rollcall"))
}

/// Builds the program optimised and returns its path.
pub(crate) fn release_binary() -> Result<PathBuf> {
    run(&mut cargo(&["build", "--release", "--package", "rollcall", "--locked"]))?;
    Ok(target_dir().join("release/rollcall"))
}

/// Builds the same without what live capture needs.
pub(crate) fn release_binary_without_capture() -> Result<PathBuf> {
    let package = ["--package", "rollcall", "--no-default-features", "--features", "xdp"];
    run(cargo(&["build", "--release", "--locked"]).args(package))?;
    Ok(target_dir().join("release/rollcall"))
}

/// Builds a program of the tests' package optimised and returns its path.
pub(crate) fn release_helper(name: &str) -> Result<PathBuf> {
    run(&mut cargo(&["build", "--release", "--package", "rollcall-tests", "--bin", name, "--locked"]))?;
    Ok(target_dir().join("release").join(name))
}

/// Builds a program of the tests' package as the tests are built and returns its path: for what takes its time in the
/// kernel.
pub(crate) fn debug_helper(name: &str) -> Result<PathBuf> {
    run(&mut cargo(&["build", "--package", "rollcall-tests", "--bin", name, "--locked", "--quiet"]))?;
    Ok(target_dir().join("debug").join(name))
}

/// Returns a command as a person would type it, for messages.
fn words(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let mut text = program.to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
