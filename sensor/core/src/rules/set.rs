use std::collections::BTreeMap;
use std::sync::Arc;

use super::RULES_MAX;
use super::diagnostic::{Diagnostic, Faults};
use super::node::{Node, Origin};
use super::read::{self, Read};
use super::rule::{Rule, RuleVersion};
use crate::audit::Kind;
use crate::recorded::{Severity, nearest};

/// Checked rules, sorted by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSet {
    rules: Vec<Arc<Rule>>,
}

impl RuleSet {
    /// Returns the rules, sorted by id.
    pub fn rules(&self) -> &[Arc<Rule>] {
        &self.rules
    }

    /// Returns the rule with an id.
    pub fn rule(&self, id: &str) -> Option<&Arc<Rule>> {
        let index = self.rules.binary_search_by(|rule| (*rule.id).cmp(id)).ok()?;
        self.rules.get(index)
    }

    /// Returns the rules that a kind of discrepancy sets off.
    pub fn on(&self, kind: Kind) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.iter().filter(move |rule| rule.trigger.kinds.contains(&kind))
    }

    /// Returns a number that differs where any rule does.
    pub fn version(&self) -> RuleVersion {
        let all = self.rules.iter().map(|rule| rule.version.0);
        RuleVersion(all.fold(0, |sum, version| sum.rotate_left(7) ^ version))
    }
}

/// Puts the rules of several files together.
#[derive(Default)]
pub struct RuleSetBuilder {
    files: usize,
    read: Vec<Read>,
    diagnostics: Vec<Diagnostic>,
}

impl RuleSetBuilder {
    /// Reads the rules of a file; files are numbered in the order in which they come. `None` is one that could not be read.
    pub fn add(&mut self, node: Option<Node>) {
        let file = self.files;
        self.files += 1;
        if let Some(node) = node {
            let mut faults = Faults { file, list: &mut self.diagnostics };
            self.read.extend(read::file(node, &mut faults));
        }
    }

    /// Holds the rules against each other; gives the set, which is good where no diagnostic is an error, and everything
    /// that is wrong, in the order of the files.
    pub fn finish(self) -> (RuleSet, Vec<Diagnostic>) {
        let Self { mut read, mut diagnostics, .. } = self;
        // Of two with one id the first counts.
        read.sort_by(|a, b| a.rule.id.cmp(&b.rule.id));
        let mut previous: Option<Box<str>> = None;
        read.retain(|read| {
            let is_double = previous.as_ref() == Some(&read.rule.id);
            if is_double {
                let mut faults = Faults { file: read.file, list: &mut diagnostics };
                let message = format!("there is another rule `{}`", read.rule.id);
                faults.error("RC0405", read.at, message, "give each rule an id of its own");
            }
            previous = Some(read.rule.id.clone());
            !is_double
        });
        if let Some(beyond) = read.get(RULES_MAX) {
            let mut faults = Faults { file: beyond.file, list: &mut diagnostics };
            faults.error("RC0406", beyond.at, "too many rules", format!("at most {RULES_MAX}"));
        }
        check_calls(&read, &mut diagnostics);
        diagnostics.sort_by(|a, b| {
            (a.file, a.line, a.column, a.code, &a.message)
                .cmp(&(b.file, b.line, b.column, b.code, &b.message))
        });
        (RuleSet { rules: read.into_iter().map(|read| read.rule).collect() }, diagnostics)
    }
}

impl Diagnostic {
    /// Tells whether it refuses the set.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Each call leads to a rule, and none leads back to where it came from.
fn check_calls(read: &[Read], diagnostics: &mut Vec<Diagnostic>) {
    let calls: BTreeMap<&str, Vec<&str>> = read
        .iter()
        .map(|read| (&*read.rule.id, read.calls.iter().map(|(called, _)| called.as_str()).collect()))
        .collect();
    for read in read {
        for (called, at) in &read.calls {
            let mut faults = Faults { file: read.file, list: diagnostics };
            if !calls.contains_key(called.as_str()) {
                let help = match nearest(called, calls.keys().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "call a rule of this set by its id".to_owned(),
                };
                faults.error("RC0430", *at, format!("there is no rule `{called}`"), help);
            } else if leads_to(called, &read.rule.id, &calls) {
                circle(&mut faults, *at, called, &read.rule.id);
            }
        }
    }
}

fn circle(faults: &mut Faults<'_>, at: Origin, called: &str, id: &str) {
    let message = format!("`{called}` leads back to `{id}`");
    faults.error("RC0431", at, message, "a rule must not call itself, nor by way of others");
}

fn leads_to(from: &str, to: &str, calls: &BTreeMap<&str, Vec<&str>>) -> bool {
    let (mut waiting, mut seen) = (vec![from], Vec::new());
    while let Some(id) = waiting.pop() {
        if id == to {
            return true;
        }
        if !seen.contains(&id) {
            seen.push(id);
            waiting.extend(calls.get(id).into_iter().flatten().copied());
        }
    }
    false
}
