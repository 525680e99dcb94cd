//! `cargo xtask tidy`: the rules of the house that no compiler checks.
//!
//! Every rule is a function from a file's path and text to findings, so that bad samples can be held
//! against it in a test. All findings are reported at once, each with its file and line.

mod dependencies;
mod imports;
mod layout;
mod links;
mod source;
mod words;

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Relative to the top, with forward slashes.
    path: String,
    /// From 1; 0 where the finding is about the file or folder as a whole.
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Checks the repository and says what it found.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some(argument) = arguments.first() {
        bail!("unknown argument `{argument}` (tidy takes none)");
    }
    check()?;
    println!("tidy: nothing to say");
    Ok(ExitCode::SUCCESS)
}

/// Checks the repository.
///
/// # Errors
/// A file cannot be read, or a rule is broken: then the error lists every finding.
pub(crate) fn check() -> Result<()> {
    let paths = tracked()?;
    let mut findings = layout::check(&paths, |path| fs::read_to_string(shell::root().join(path)).ok());
    for path in &paths {
        let Ok(text) = fs::read_to_string(shell::root().join(path)) else {
            continue;
        };
        findings.extend(check_file(path, &text));
        if path.ends_with(".md") {
            findings.extend(links::check(path, &text, &paths));
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    findings.sort();
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    bail!("{} findings\n{}", findings.len(), lines.join("\n"))
}

/// Holds one file against every rule that looks at files one by one.
fn check_file(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = words::check(path, text);
    if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
        findings.extend(imports::check(path, text));
    }
    if path == dependencies::MANIFEST {
        findings.extend(dependencies::check(text));
    }
    findings
}

/// Returns every file that is, or would be, under version control, sorted.
fn tracked() -> Result<Vec<String>> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let listed = shell::capture(&mut shell::program("git", &arguments)).context("list the files")?;
    let mut paths: Vec<String> = listed
        .split('\0')
        .filter(|path| !path.is_empty() && shell::root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    Ok(paths)
}
