//! `cargo xtask setup`: the programs from outside that building and checking use.
//!
//! As root on Debian and Ubuntu they are installed; otherwise the one line that does it is printed.
//! `promtool` is unpacked into the target folder instead: its package would start a Prometheus server.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// A program that is not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    /// What is looked for on the search path.
    pub(crate) program: &'static str,
    /// The Debian package that holds it.
    package: &'static str,
    /// What it is for, in a few words.
    pub(crate) purpose: &'static str,
    /// How it gets onto the machine.
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Install,
    Unpack,
}

/// Compiles the zstd library; without it nothing builds.
pub(crate) const C_COMPILER: Tool =
    Tool { program: "cc", package: "gcc libc6-dev", purpose: "compile the zstd library", how: How::Install };
/// Brings libpcap's development files; without them only live capture is missing.
pub(crate) const LIBPCAP: Tool = Tool {
    program: "pcap-config",
    package: "libpcap-dev",
    purpose: "capture from live interfaces",
    how: How::Install,
};
/// Compiles libFuzzer.
pub(crate) const CXX_COMPILER: Tool =
    Tool { program: "c++", package: "g++", purpose: "compile libFuzzer", how: How::Install };
/// Reads every generated capture as an independent witness.
pub(crate) const TSHARK: Tool = Tool {
    program: "tshark",
    package: "tshark",
    purpose: "read the generated captures independently",
    how: How::Install,
};
/// Checks what Prometheus would scrape.
pub(crate) const PROMTOOL: Tool =
    Tool { program: "promtool", package: "prometheus", purpose: "check the metrics", how: How::Unpack };
/// The speed that `cargo xtask bench` compares with.
pub(crate) const TCPDUMP: Tool = Tool {
    program: "tcpdump",
    package: "tcpdump",
    purpose: "compare the speed of reading a capture",
    how: How::Install,
};

/// Counts the instructions that a frame takes.
pub(crate) const VALGRIND: Tool =
    Tool { program: "valgrind", package: "valgrind", purpose: "count instructions", how: How::Install };

/// Installs every tool, or says with which line to do so.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some(argument) = arguments.first() {
        bail!("unknown argument `{argument}` (setup takes none)");
    }
    let missing = ensure(&[C_COMPILER, LIBPCAP, CXX_COMPILER, TSHARK, PROMTOOL, TCPDUMP, VALGRIND])?;
    if missing.is_empty() {
        println!("everything is there");
        return Ok(ExitCode::SUCCESS);
    }
    for tool in &missing {
        eprintln!("missing: `{}`, to {}", tool.program, tool.purpose);
    }
    Ok(ExitCode::FAILURE)
}

/// Makes sure of the tools as far as this machine allows, and returns those that are still missing.
///
/// # Errors
/// The package manager ran as root and failed.
pub(crate) fn ensure(tools: &[Tool]) -> Result<Vec<Tool>> {
    let missing: Vec<Tool> = missing(tools);
    if missing.is_empty() {
        return Ok(missing);
    }
    if shell::find("apt-get").is_none() {
        eprintln!("no apt-get here; install by your own means: {}", packages(&missing));
        return Ok(missing);
    }
    let (install, unpack): (Vec<Tool>, Vec<Tool>) = missing.iter().partition(|tool| tool.how == How::Install);
    let as_root = is_root();
    if as_root {
        shell::run(&mut apt(&["update", "-qq"]))?;
    }
    match install[..] {
        [] => {}
        _ if as_root => {
            let packages = packages(&install);
            let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
            arguments.extend(packages.split(' '));
            shell::run(&mut apt(&arguments))?;
        }
        _ => eprintln!("to install what is missing, type:\n    {}", line_to_type(&install)),
    }
    for tool in &unpack {
        // Downloading needs no root, but lists of packages that are fresh enough.
        if let Err(error) = unpack_package(tool) {
            eprintln!("unpack `{}` from package {}: {error:#}", tool.program, tool.package);
        }
    }
    Ok(self::missing(tools))
}

/// Makes sure of what nothing builds without.
///
/// # Errors
/// It is missing and could not be installed; the line to type was printed.
pub(crate) fn ensure_compiler() -> Result<()> {
    if ensure(&[C_COMPILER, LIBPCAP])?.contains(&C_COMPILER) {
        bail!("no C compiler `cc`, which the zstd library is compiled with");
    }
    Ok(())
}

/// Tells whether the program can be built with all that it can do.
pub(crate) fn has_libpcap() -> bool {
    missing(&[LIBPCAP]).is_empty()
}

fn missing(tools: &[Tool]) -> Vec<Tool> {
    let mut missing = tools.to_vec();
    missing.retain(|tool| shell::find(tool.program).is_none());
    missing
}

/// Unpacks a tool's package beside the build results, where [`shell::find`] looks.
fn unpack_package(tool: &Tool) -> Result<()> {
    let folder = shell::tools_dir();
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    shell::run(apt(&["download", "-qq", tool.package]).current_dir(&folder))?;
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            let (package, into) = (path.display().to_string(), folder.display().to_string());
            shell::run(&mut shell::program("dpkg-deb", &["-x", &package, &into]))?;
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn apt(arguments: &[&str]) -> std::process::Command {
    let mut command = shell::program("apt-get", arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Tells whether packages may be installed.
pub(crate) fn is_root() -> bool {
    shell::capture(&mut shell::program("id", &["-u"])).is_ok_and(|id| id.trim() == "0")
}

/// The packages of these tools, as words of one line.
fn packages(tools: &[Tool]) -> String {
    let packages: Vec<&str> = tools.iter().map(|tool| tool.package).collect();
    packages.join(" ")
}

fn line_to_type(tools: &[Tool]) -> String {
    format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {}", packages(tools))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_to_type_names_every_package() {
        assert_eq!(
            line_to_type(&[C_COMPILER, TSHARK]),
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends gcc libc6-dev tshark"
        );
    }

    #[test]
    fn only_what_is_not_on_the_path_is_missing() {
        let nowhere = Tool { program: "a-program-that-nobody-has", ..TSHARK };
        let shell = Tool { program: "sh", ..TSHARK };
        assert_eq!(missing(&[shell, nowhere]), [nowhere]);
    }
}
