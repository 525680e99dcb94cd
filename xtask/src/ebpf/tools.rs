//! What it takes to build the XDP program: one version of the compiler with the source of `core`, and a linker.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{setup, shell};

/// The compiler with which the object is built. Another one gives other octets, and its LLVM must be the linker's.
const RUST: &str = "1.95.0";
/// The linker.
const LINKER: &str = "bpf-linker";
/// Its last version that uses the compiler's own LLVM.
const LINKER_VERSION: &str = "0.10.4";
/// Where Debian has the source of that compiler.
const DEBIAN_SUITE: &str = "trixie-backports";
const DEBIAN_PACKAGE: &str = "rust-src";

/// The tools that were found or installed.
pub(super) struct Tools {
    /// Whether rustup has to be asked for the compiler.
    by_rustup: bool,
    pub(super) linker: PathBuf,
    pub(super) sysroot: PathBuf,
}

impl Tools {
    /// Makes sure of the tools.
    ///
    /// # Errors
    /// One is missing and cannot be installed here.
    pub(super) fn ensure() -> Result<Self> {
        let by_rustup = !is_right_compiler(Command::new("rustc").arg("--version"));
        if by_rustup && !is_right_compiler(Command::new("rustup").args(["run", RUST, "rustc", "--version"])) {
            bail!("there is no Rust {RUST} (`rustup toolchain install {RUST}`)");
        }
        let mut tools = Self { by_rustup, linker: PathBuf::new(), sysroot: PathBuf::new() };
        let printed = shell::capture(&mut tools.program("rustc", &["--print", "sysroot"]))?;
        tools.sysroot = PathBuf::from(printed.trim());
        tools.ensure_source()?;
        tools.linker = ensure_linker()?;
        Ok(tools)
    }

    /// Prepares cargo of the right version.
    pub(super) fn cargo(&self, arguments: &[&str]) -> Command {
        self.program("cargo", arguments)
    }

    fn program(&self, name: &str, arguments: &[&str]) -> Command {
        if self.by_rustup {
            shell::program("rustup", &[&["run", RUST, name], arguments].concat())
        } else {
            shell::program(name, arguments)
        }
    }

    /// Makes sure of the source of `core`: by rustup, else by Debian's package of the same version.
    fn ensure_source(&self) -> Result<()> {
        let source = self.sysroot.join("lib/rustlib/src/rust");
        if source.join("library/core/src/lib.rs").is_file() {
            return Ok(());
        }
        let toolchain = self.sysroot.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let add = ["component", "add", "rust-src", "--toolchain", &toolchain];
        let by_rustup = shell::run(&mut shell::program("rustup", &add));
        if by_rustup.is_ok() && source.join("library/core/src/lib.rs").is_file() {
            return Ok(());
        }
        let by_debian = from_debian(&source);
        by_debian.with_context(|| {
            format!("install the source of `core` (`rustup component add rust-src --toolchain {toolchain}`)")
        })
    }
}

fn is_right_compiler(command: &mut Command) -> bool {
    shell::capture(command).is_ok_and(|text| text.starts_with(&format!("rustc {RUST} ")))
}

/// Makes sure of the linker; it is installed beside the build results.
fn ensure_linker() -> Result<PathBuf> {
    let is_right = |path: &Path| {
        shell::capture(&mut shell::program(path, &["--version"]))
            .is_ok_and(|text| text.contains(LINKER_VERSION))
    };
    if let Some(path) = shell::find(LINKER).filter(|path| is_right(path)) {
        return Ok(path);
    }
    let root = shell::tools_dir().join("usr");
    let place = root.display().to_string();
    let version = ["install", LINKER, "--version", LINKER_VERSION, "--locked", "--quiet", "--root", &place];
    let mut install = shell::cargo(&version);
    // Not into the folder of our own results, which it would fill with its own.
    install.env_remove("CARGO_TARGET_DIR");
    shell::run(&mut install)?;
    let path = root.join("bin").join(LINKER);
    anyhow::ensure!(is_right(&path), "`{}` is not {LINKER} {LINKER_VERSION}", path.display());
    Ok(path)
}

/// Unpacks Debian's package into the folder of tools and links its source to where the compiler looks for it.
fn from_debian(source: &Path) -> Result<()> {
    anyhow::ensure!(
        shell::find("apt-get").is_some() && setup::is_root(),
        "apt-get as root is not there to do it"
    );
    let folder = shell::tools_dir().join("rust-src");
    fs::create_dir_all(folder.join("lists/partial"))?;
    let sources = folder.join("sources.list");
    let archive = debian_archive().context("find Debian's archive in the sources of apt")?;
    fs::write(&sources, format!("deb {archive} {DEBIAN_SUITE} main\n"))?;
    let lists = format!("Dir::State::Lists={}", folder.join("lists").display());
    let list = format!("Dir::Etc::SourceList={}", sources.display());
    let options = ["-qq", "-o", &list, "-o", "Dir::Etc::SourceParts=/dev/null", "-o", &lists];
    shell::run(&mut shell::program("apt-get", &[options.as_slice(), &["update"]].concat()))?;
    let download = [options.as_slice(), &["download", DEBIAN_PACKAGE]].concat();
    shell::run(shell::program("apt-get", &download).current_dir(&folder))?;
    let package = fs::read_dir(&folder)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .context("find the downloaded package")?;
    let (package, into) = (package.display().to_string(), folder.display().to_string());
    shell::run(&mut shell::program("dpkg-deb", &["-x", &package, &into]))?;
    let library = folder.join(format!("usr/src/rustc-{RUST}/library"));
    anyhow::ensure!(library.is_dir(), "Debian's {DEBIAN_PACKAGE} is not the source of Rust {RUST}");
    fs::create_dir_all(source)?;
    if source.join("library").is_symlink() {
        // It leads nowhere, or the source would have been found.
        fs::remove_file(source.join("library"))?;
    }
    std::os::unix::fs::symlink(&library, source.join("library"))
        .with_context(|| format!("link {} to {}", library.display(), source.display()))
}

/// Returns where this machine's apt finds Debian.
fn debian_archive() -> Option<String> {
    let folder = Path::new("/etc/apt");
    let listed = fs::read_dir(folder.join("sources.list.d")).into_iter().flatten().flatten();
    let files = [folder.join("sources.list")].into_iter().chain(listed.map(|entry| entry.path()));
    files.filter_map(|path| fs::read_to_string(path).ok()).find_map(|text| archive_in(&text))
}

/// Finds the archive in a list of sources: one line for each, or fields.
fn archive_in(text: &str) -> Option<String> {
    let is_debian = |word: &&str| word.contains("://") && word.trim_end_matches('/').ends_with("/debian");
    text.lines()
        .filter(|line| line.starts_with("deb ") || line.starts_with("URIs:"))
        .find_map(|line| line.split_whitespace().find(is_debian))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_found_in_both_forms_of_sources() {
        let fields =
            "Types: deb\nURIs: http://mirror.example/debian-security\n\nURIs: http://mirror.example/debian\n";
        assert_eq!(archive_in(fields).as_deref(), Some("http://mirror.example/debian"));
        let line = "# deb http://old.example/debian x main\ndeb [trusted=yes] https://mirror.example/debian/ bookworm main\n";
        assert_eq!(archive_in(line).as_deref(), Some("https://mirror.example/debian/"));
        assert_eq!(archive_in("deb http://mirror.example/other stable main\n"), None);
    }
}
