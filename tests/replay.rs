//! Golden replays: one test for each folder of `cases`.
//!
//! A case names a capture, a configuration and an inventory. It is replayed with one, two and eight
//! workers, which must print the same bytes, and the lines are compared with `expect/output.jsonl`, which
//! `cargo xtask bless` rewrites. What a case claims, which discrepancies are open at the end and which were in between, stands in `case.yaml` by
//! hand and is not blessed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use rollcall_tests::{replay, root};
use serde::Deserialize;
use serde_json::Value;

/// `case.yaml`. Paths begin at the top of the repository.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    pcap: String,
    config: String,
    #[serde(default)]
    inventory: Vec<String>,
    /// What happens beside the wire.
    #[serde(default)]
    timeline: Option<String>,
    /// The keys of the discrepancies that are open at the end: `kind:subject`.
    open: BTreeSet<String>,
    /// The keys of those that were open in between.
    #[serde(default)]
    resolved: BTreeSet<String>,
    /// The types of lines that are compared; where it is empty all but runs and effects, which have a case of their own.
    #[serde(default)]
    compare: Vec<String>,
}

fn check(path: &Path) -> datatest_stable::Result<()> {
    check_case(&root().join("tests").join(path)).map_err(|error| format!("{error:#}").into())
}

fn check_case(path: &Path) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let case: Case = serde_yaml::from_str(&text).with_context(|| format!("read {}", path.display()))?;
    let output = case.replay("1")?;
    for workers in ["2", "8"] {
        ensure!(case.replay(workers)? == output, "{workers} workers do not print the same bytes as one");
    }
    case.check_claim(&output)?;
    let lines = case.compared_lines(&output)?;
    let expected = path.with_file_name("expect").join("output.jsonl");
    if std::env::var_os("ROLLCALL_BLESS").is_some() {
        fs::create_dir_all(expected.parent().context("a file has a folder")?)?;
        return fs::write(&expected, lines).context("write the expectation");
    }
    let expected = fs::read_to_string(&expected)
        .with_context(|| format!("read {} (`cargo xtask bless` writes it)", expected.display()))?;
    compare(&expected, &lines)
}

impl Case {
    fn replay(&self, workers: &str) -> Result<String> {
        let mut arguments = vec![self.pcap.as_str(), "--config", &self.config];
        for file in &self.inventory {
            arguments.extend(["--inventory", file]);
        }
        if let Some(file) = &self.timeline {
            arguments.extend(["--timeline", file]);
        }
        arguments.extend(["--output", "jsonl", "--workers", workers]);
        let ended = replay(&arguments)?;
        ensure!(ended.code == 0, "replay ended with status {}:\n{}", ended.code, ended.messages);
        Ok(ended.output)
    }

    /// Holds the discrepancies of the output against the claim.
    fn check_claim(&self, output: &str) -> Result<()> {
        let (mut open, mut resolved) = (BTreeSet::new(), BTreeSet::new());
        for line in lines_of_type(output, "discrepancy")? {
            let key = line.get("key").and_then(Value::as_str);
            let found = if line["state"] == "resolved" { &mut resolved } else { &mut open };
            found.insert(key.context("a discrepancy has a key")?.to_owned());
        }
        ensure!(
            (&open, &resolved) == (&self.open, &self.resolved),
            "claimed: open {:?}, resolved {:?}\n  found: open {open:?}, resolved {resolved:?}",
            self.open,
            self.resolved,
        );
        Ok(())
    }

    fn compared_lines(&self, output: &str) -> Result<String> {
        let mut kept = String::new();
        for line in output.lines() {
            let value: Value = serde_json::from_str(line)?;
            let is_of = |kind: &str| value["type"] == kind;
            let is_compared = match &self.compare[..] {
                [] => !is_of("run") && !is_of("effect"),
                kinds => kinds.iter().any(|kind| is_of(kind)),
            };
            if is_compared {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        Ok(kept)
    }
}

fn lines_of_type(output: &str, kind: &str) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for line in output.lines() {
        let value: Value = serde_json::from_str(line).with_context(|| format!("read {line}"))?;
        if value["type"] == kind {
            found.push(value);
        }
    }
    Ok(found)
}

/// Names the first line that differs.
fn compare(expected: &str, found: &str) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    let (mut expected, mut found) = (expected.lines(), found.lines());
    for number in 1.. {
        match (expected.next(), found.next()) {
            (Some(wanted), Some(got)) if wanted == got => {}
            (None, None) => break,
            (wanted, got) => bail!(
                "line {number} differs (`cargo xtask bless` accepts what was found)\nexpected: {}\n   found: {}",
                wanted.unwrap_or("nothing more"),
                got.unwrap_or("nothing more"),
            ),
        }
    }
    bail!("the ends of lines differ")
}

datatest_stable::harness! {
    { test = check, root = "cases", pattern = r"/case\.yaml$" },
}
