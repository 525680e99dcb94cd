//! What the tests of the whole program share.

#![expect(clippy::print_stderr, reason = "a skipped check is said loudly")]

pub mod counting;
pub mod hostile;
pub mod lab;
pub mod made;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rollcall::capture::{Batch, CaptureFiles, CaptureOptions, FrameSource as _, More, UnknownPoints};
use rollcall_core::types::LinkType;

/// Returns the top of the repository.
///
/// # Panics
/// Never: this package lies one level below it.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies one level below the top")
}

/// Says that a check cannot be made on this machine, and why.
///
/// The reason goes to standard error and, where `cargo xtask test` asks for it, into its list of skipped
/// checks. The caller returns afterwards.
///
/// # Panics
/// Where `ROLLCALL_REQUIRE_ALL` is set: there a skip is a failure.
pub fn skip(reason: &str) {
    assert!(std::env::var_os("ROLLCALL_REQUIRE_ALL").is_none(), "every check is required here, but {reason}");
    eprintln!("SKIPPED: {reason}");
    if let Some(path) = std::env::var_os("ROLLCALL_SKIPPED_CHECKS") {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
        let written = file.and_then(|mut file| file.write_all(format!("{reason}\n").as_bytes()));
        written.expect("the list of skipped checks can be written");
    }
}

/// How a run of the program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit status.
    pub code: u8,
    /// What it printed.
    pub output: String,
    /// What it said on standard error.
    pub messages: String,
}

/// Runs `rollcall` within this process, at the top of the repository, so that paths begin there.
///
/// # Errors
/// The folder cannot be entered, or the output is no UTF-8.
pub fn rollcall(arguments: &[&str]) -> Result<Ended> {
    std::env::set_current_dir(root())?;
    let (mut output, mut messages) = (Vec::new(), Vec::new());
    let words = [&["rollcall"], arguments].concat();
    let status = rollcall::cli::run(words, &mut output, &mut messages);
    Ok(Ended {
        code: status.code(),
        output: String::from_utf8(output)?,
        messages: String::from_utf8(messages)?,
    })
}

/// Runs `rollcall replay`.
///
/// # Errors
/// As [`rollcall()`].
pub fn replay(arguments: &[&str]) -> Result<Ended> {
    rollcall(&[&["replay"], arguments].concat())
}

/// A frame with the octets that it borrowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnedFrame {
    /// What its first octets are.
    pub linktype: LinkType,
    /// Its length on the wire in octets.
    pub orig_len: u32,
    /// The captured octets.
    pub bytes: Vec<u8>,
}

/// Reads the frames of a capture, `max` at most; of a damaged one those before the damage.
///
/// # Errors
/// The file cannot be opened.
pub fn frames_of(capture: &Path, max: usize) -> Result<Vec<OwnedFrame>> {
    let points = Box::new(UnknownPoints::default());
    let mut source = CaptureFiles::open(&[capture.to_path_buf()], points, CaptureOptions::default())?;
    let (mut batch, mut frames) = (Batch::new(), Vec::new());
    while frames.len() < max && source.next_batch(&mut batch, usize::MAX)? == More::Yes {
        frames.extend(batch.frames().map(|frame| OwnedFrame {
            linktype: frame.linktype,
            orig_len: frame.orig_len,
            bytes: frame.bytes.to_vec(),
        }));
    }
    frames.truncate(max);
    Ok(frames)
}

/// Finds a program on the search path.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
}
