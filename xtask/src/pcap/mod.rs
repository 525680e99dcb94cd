//! `cargo xtask pcap`: makes the captures of `pcaps/` and their manifest.
//!
//! Everything is written by code of our own from the standards' pictures, and is a function of nothing but
//! that code: the same source gives the same bytes on every machine. `--check` compares instead of writing.
//! The large ones for measuring speed are made into the target folder by `cargo xtask pcap bench`.

pub(crate) mod bench;
mod demo;
pub(crate) mod headers;
pub(crate) mod messages;
pub(crate) mod mobility;
pub(crate) mod random;
pub(crate) mod recording;
mod situations;
pub(crate) mod station;
pub(crate) mod tunnels;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::shell;
use recording::Recording;
pub(crate) use recording::gzip;

const MANIFEST: &str = "pcaps/MANIFEST.yaml";

/// How a capture is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Pcap,
    Pcapng,
    PcapngGzip,
}

/// A capture of `pcaps/`.
struct Capture {
    /// Its name inside `pcaps/`.
    file: &'static str,
    /// What can be seen in it, in one sentence.
    shows: &'static str,
    format: Format,
    recording: Recording,
}

impl Capture {
    fn to_bytes(&self) -> Vec<u8> {
        match self.format {
            Format::Pcap => self.recording.to_pcap(),
            Format::Pcapng => self.recording.to_pcapng(),
            Format::PcapngGzip => gzip(&self.recording.to_pcapng()),
        }
    }
}

/// Writes the captures, or with `--check` compares them with what is there.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments {
        [] => {
            let files = generate();
            for (path, bytes) in &files {
                write(path, bytes)?;
            }
            println!("{} files written below pcaps/", files.len());
        }
        [argument] if argument == "--check" => {
            check()?;
            println!("pcaps/ is what its generator makes");
        }
        [argument, names @ ..] if argument == "bench" => bench::run(names)?,
        _ => bail!("unknown arguments (there are `--check` and `bench`)"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Compares every generated file with the one in the repository.
///
/// # Errors
/// Names every file that differs or is absent.
pub(crate) fn check() -> Result<()> {
    let different: Vec<String> = generate()
        .into_iter()
        .filter(|(path, bytes)| fs::read(shell::root().join(path)).ok().as_ref() != Some(bytes))
        .map(|(path, _)| path)
        .collect();
    if !different.is_empty() {
        bail!(
            "not what the generator makes (run `cargo xtask pcap`, review, commit):\n{}",
            different.join("\n")
        );
    }
    Ok(())
}

/// Returns the path of every capture, from the top.
pub(crate) fn files() -> Vec<String> {
    all().iter().map(|capture| format!("pcaps/{}", capture.file)).collect()
}

/// Which format a small file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Pcap,
    Pcapng,
}

/// Returns the frames of all captures, capture by capture.
pub(crate) fn frames() -> Vec<Vec<u8>> {
    let captures = all();
    captures.iter().flat_map(|capture| capture.recording.octets()).map(<[u8]>::to_vec).collect()
}

/// Makes a file of the first frames of each capture.
pub(crate) fn small_files(frames: usize, kind: Kind) -> BTreeSet<Vec<u8>> {
    let small = |mut capture: Capture| {
        capture.recording.truncate(frames);
        match kind {
            Kind::Pcap => {
                capture.recording.flatten();
                capture.recording.to_pcap()
            }
            Kind::Pcapng => capture.recording.to_pcapng(),
        }
    };
    all().into_iter().map(small).collect()
}

/// Makes every file, by its path from the top.
fn generate() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut manifest = String::from(MANIFEST_HEAD);
    for capture in all() {
        let bytes = capture.to_bytes();
        manifest.push_str(&manifest_entry(&capture, &bytes));
        files.insert(format!("pcaps/{}", capture.file), bytes);
    }
    for (path, text) in demo::companions() {
        files.insert(format!("pcaps/{path}"), text.into_bytes());
    }
    files.insert(MANIFEST.to_owned(), manifest.into_bytes());
    files
}

fn all() -> Vec<Capture> {
    let mut captures = situations::all();
    captures.push(demo::capture());
    captures
}

const MANIFEST_HEAD: &str = "\
# The captures of this folder. All are made by `cargo xtask pcap` (xtask/src/pcap), which writes this file
# too; nothing here was captured from anybody's network. Addresses are from the ranges for documentation
# and for private use.
captures:
";

fn manifest_entry(capture: &Capture, bytes: &[u8]) -> String {
    let digest: String = Sha256::digest(bytes).iter().map(|octet| format!("{octet:02x}")).collect();
    let linktypes = capture.recording.linktypes();
    let linktypes: Vec<&str> = linktypes.iter().map(|linktype| linktype.as_str()).collect();
    format!(
        "  - file: {}\n    sha256: {digest}\n    link-type: {}\n    frames: {}\n    generator: cargo xtask pcap\n    \
         shows: \"{}\"\n",
        capture.file,
        linktypes.join(", "),
        capture.recording.frames(),
        capture.shows,
    )
}

fn write(path: &str, bytes: &[u8]) -> Result<()> {
    let path = shell::root().join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    }
    fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_makes_the_same_twice() {
        assert_eq!(generate(), generate());
    }

    #[test]
    fn the_manifest_names_every_capture_once() {
        let files = generate();
        let manifest = String::from_utf8(files[MANIFEST].clone()).unwrap();
        for path in files.keys().filter(|path| path.contains(".pcap")) {
            let name = path.strip_prefix("pcaps/").unwrap();
            assert_eq!(manifest.matches(&format!("file: {name}\n")).count(), 1, "{name}");
        }
    }
}
