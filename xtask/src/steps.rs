//! A list of checks that are all run, and reported together at the end.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

/// Whether a check that cannot be made on this machine counts as a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skips {
    Allowed,
    Fail,
}

impl Skips {
    /// Reads the one option that `test` and `ci` know.
    ///
    /// # Errors
    /// Any other argument, by name.
    pub(crate) fn from_arguments(arguments: &[String]) -> Result<Self> {
        let mut skips = Self::Allowed;
        for argument in arguments {
            match argument.as_str() {
                "--require-all" => skips = Self::Fail,
                other => anyhow::bail!("unknown argument `{other}` (there is only `--require-all`)"),
            }
        }
        Ok(skips)
    }
}

/// How a check ended when nothing was wrong.
pub(crate) enum Done {
    Passed,
    /// It could not be made, or not all of it; each reason is one line.
    Skipped(Vec<String>),
}

/// The checks made so far.
pub(crate) struct Steps {
    command: &'static str,
    skips: Skips,
    started_at: Instant,
    passed: usize,
    failed: Vec<(String, String)>,
    skipped: Vec<(String, String)>,
}

impl Steps {
    /// Starts an empty list for the command that is named in the last line.
    pub(crate) fn new(command: &'static str, skips: Skips) -> Self {
        Self {
            command,
            skips,
            started_at: Instant::now(),
            passed: 0,
            failed: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// Makes one check under a heading and remembers how it ended.
    pub(crate) fn step(&mut self, name: &str, check: impl FnOnce() -> Result<Done>) {
        println!("\n== {name}");
        match check() {
            Ok(Done::Passed) => self.passed += 1,
            Ok(Done::Skipped(reasons)) => {
                for reason in reasons {
                    println!("SKIPPED: {reason}");
                    self.skipped.push((name.to_owned(), reason));
                }
            }
            Err(error) => {
                eprintln!("{error:#}");
                self.failed.push((name.to_owned(), first_line(&format!("{error:#}"))));
            }
        }
    }

    /// Lists what failed and what was skipped, and closes with one line of result.
    pub(crate) fn finish(self) -> ExitCode {
        println!();
        for (name, reason) in &self.skipped {
            println!("skipped  {name}: {reason}");
        }
        for (name, reason) in &self.failed {
            println!("FAILED   {name}: {reason}");
        }
        let ok = verdict(self.failed.len(), self.skipped.len(), self.skips);
        println!(
            "cargo xtask {}: {} ({} passed, {} failed, {} skipped{}) in {} s",
            self.command,
            if ok { "passed" } else { "FAILED" },
            self.passed,
            self.failed.len(),
            self.skipped.len(),
            if self.skips == Skips::Fail { ", none of which may be" } else { "" },
            self.started_at.elapsed().as_secs(),
        );
        if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Tells whether a run with so many failures and skips is a success.
fn verdict(failed: usize, skipped: usize, skips: Skips) -> bool {
    failed == 0 && (skipped == 0 || skips == Skips::Allowed)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_fails_only_where_everything_is_required() {
        assert!(verdict(0, 0, Skips::Fail));
        assert!(verdict(0, 2, Skips::Allowed));
        assert!(!verdict(0, 2, Skips::Fail));
        assert!(!verdict(1, 0, Skips::Allowed));
    }

    #[test]
    fn the_option_is_read_and_others_are_refused() {
        assert_eq!(Skips::from_arguments(&[]).unwrap(), Skips::Allowed);
        assert_eq!(Skips::from_arguments(&["--require-all".to_owned()]).unwrap(), Skips::Fail);
        let error = Skips::from_arguments(&["--all".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("`--all`"));
    }

    #[test]
    fn every_step_is_run_and_remembered() {
        let mut steps = Steps::new("sample", Skips::Allowed);
        steps.step("one", || anyhow::bail!("broken\nand more"));
        steps.step("two", || Ok(Done::Skipped(vec!["no tool".to_owned()])));
        steps.step("three", || Ok(Done::Passed));
        assert_eq!(steps.passed, 1);
        assert_eq!(steps.failed, [("one".to_owned(), "broken".to_owned())]);
        assert_eq!(steps.skipped, [("two".to_owned(), "no tool".to_owned())]);
        assert_eq!(steps.finish(), ExitCode::FAILURE);
    }
}
