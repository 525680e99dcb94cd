//! Tests of rules: what becomes of discrepancies, and which effects must follow. The clock starts at 0, which is
//! 1970-01-01T00:00:00Z.
//!
//! A test stands beside its rules: `x.yaml` has `x.test.yaml`. Only runs of the rules of that file are looked at; the other
//! rules of the folder are there to be called.

mod read;
mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rollcall_core::recorded::{Problem, Severity};
use rollcall_core::rules::RuleSet;
use rollcall_core::types::format_duration;
use rollcall_core::workflow::{Effect, Input, Outcome, Performing, Refusal, RunId, Workflow, WorkflowEvent};

use super::load::{Loaded, Place, files_of, is_test, load, load_texts};
use super::shipped::SHIPPED;
use crate::sources::files::read_text;
use crate::text::report::Excerpts;
use crate::text::{Faults, yaml};
use read::{Case, Expected, Happening, What};
use world::Made;

/// What a folder's tests gave.
#[derive(Debug, Default)]
pub struct Tested {
    /// What is wrong with rules and tests themselves.
    pub problems: Vec<Problem>,
    /// The texts that these are in.
    pub excerpts: Excerpts,
    /// Cases that passed.
    pub passed: usize,
    /// Of each case that failed, its name and what differs.
    pub failed: Vec<(String, String)>,
    /// Files of rules that have no test beside them.
    pub untested: Vec<String>,
    /// Whether something could not be read.
    pub unreadable: bool,
}

/// Runs the tests of folders and files.
pub fn run(paths: &[PathBuf]) -> Tested {
    let Loaded { rules, problems, excerpts, unreadable, .. } = load(&Place::Paths(paths.to_vec()));
    let mut tested = Tested { problems, excerpts, unreadable, ..Tested::default() };
    if tested.unreadable || tested.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return tested;
    }
    let files: Vec<PathBuf> = paths.iter().filter_map(|path| files_of(path).ok()).flatten().collect();
    for file in files.iter().filter(|file| !is_test(file)) {
        if !test_of(file).is_file() {
            tested.untested.push(file.display().to_string());
        }
    }
    for file in files.iter().filter(|file| is_test(file)) {
        let rules_file = rules_of(file);
        let own = load(&Place::Paths(vec![rules_file]));
        let name = file.display().to_string();
        match read_text(file) {
            Ok(text) => tested.file(&name, &text, &rules, &own.rules),
            Err(error) => {
                tested.unreadable = true;
                tested.failed.push((name, format!("cannot be read: {error}")));
            }
        }
    }
    tested
}

/// Runs one test of the shipped rules, whose text is given.
pub fn run_shipped(name: &str, text: &str) -> Tested {
    let all = load(&Place::Shipped);
    let rules = name.replace(super::load::TEST_ENDING, ".yaml");
    let own = SHIPPED.iter().filter(|(known, _)| *known == rules);
    let own = load_texts(own.map(|(name, text)| ((*name).to_owned(), Ok((*text).to_owned()))).collect());
    let mut tested = Tested::default();
    tested.file(name, text, &all.rules, &own.rules);
    tested
}

fn test_of(rules: &Path) -> PathBuf {
    rules.with_extension("test.yaml")
}

fn rules_of(test: &Path) -> PathBuf {
    // `x.test.yaml` to `x.test`, and that to `x.yaml`.
    test.with_extension("").with_extension("yaml")
}

impl Tested {
    fn file(&mut self, name: &str, text: &str, rules: &Arc<RuleSet>, own: &RuleSet) {
        let mut faults = Faults::default();
        let node = yaml::read_value(text, &mut faults);
        let cases = node.map_or_else(Vec::new, |node| read::cases(node, name, &mut faults));
        if !faults.list.is_empty() {
            let source: Arc<str> = name.into();
            self.problems.extend(faults.list.into_iter().map(|fault| fault.in_text(&source)));
            self.excerpts.add(name, text);
            return;
        }
        for case in cases {
            match differences(&case, rules, own) {
                None => self.passed += 1,
                Some(told) => self.failed.push((format!("{name}: {}", case.name), told)),
            }
        }
    }
}

/// What came of a case.
#[derive(Default)]
struct Found {
    effects: Vec<Effect>,
    refused: Vec<Refusal>,
    ends: Vec<&'static str>,
    own: Vec<RunId>,
}

/// Runs a case; says what differs from what it expects.
fn differences(case: &Case, rules: &Arc<RuleSet>, own: &RuleSet) -> Option<String> {
    let mut flow = Workflow::new(case.settings.clone(), Arc::clone(rules));
    let mut made = Made::new(&case.snapshot);
    let mut found = Found::default();
    for happening in &case.happenings {
        pass_time(&mut flow, &made, happening, case, own, &mut found);
        happen(&mut flow, &mut made, happening);
        settle(&mut flow, &made, happening.at, case, own, &mut found);
    }
    let mut told = String::new();
    let wanted: Vec<String> = case.expected.iter().map(Expected::to_string).collect();
    let is_met = case.expected.len() == found.effects.len()
        && case.expected.iter().zip(&found.effects).all(|(expected, effect)| expected.is_met_by(effect));
    if !is_met {
        let effects: Vec<String> = found.effects.iter().map(line).collect();
        let list = |lines: &[String]| match lines {
            [] => "    none\n".to_owned(),
            lines => lines.iter().fold(String::new(), |text, line| text + "    " + line + "\n"),
        };
        told.push_str(&format!("  expected effects:\n{}  found effects:\n{}", list(&wanted), list(&effects)));
    }
    if let Some(ends) = &case.ends
        && *ends != found.ends
    {
        told.push_str(&format!(
            "  expected ends: {}\n  found ends: {}\n",
            ends.join(", "),
            found.ends.join(", ")
        ));
    }
    let refused: Vec<&str> = found.refused.iter().map(|why| why.as_str()).collect();
    if case.refused != refused {
        told.push_str(&format!(
            "  expected refusals: {}\n  found: {}\n",
            case.refused.join(", "),
            refused.join(", ")
        ));
    }
    (!told.is_empty()).then_some(told)
}

fn line(effect: &Effect) -> String {
    let at = format_duration(core::time::Duration::from_nanos(effect.at.as_nanos().unsigned_abs()));
    let arguments = effect.arguments.iter().map(|(name, value)| format!("{name}: {value:?}"));
    let arguments: Vec<String> = arguments.collect();
    format!(
        "{{at: {at}, action: {}, target: {}, performed: {}}}  # {}",
        effect.action.as_str(),
        effect.target,
        effect.performed.as_str(),
        arguments.join(", ")
    )
}

/// Lets time pass up to what happens next, stopping wherever something is due.
fn pass_time(
    flow: &mut Workflow,
    made: &Made<'_>,
    happening: &Happening,
    case: &Case,
    own: &RuleSet,
    found: &mut Found,
) {
    while let Some(at) = flow.next_deadline().filter(|at| *at <= happening.at) {
        flow.handle(at, Input::Tick, made);
        settle(flow, made, at, case, own, found);
    }
}

fn happen(flow: &mut Workflow, made: &mut Made<'_>, happening: &Happening) {
    let at = happening.at;
    match &happening.what {
        What::Discrepancy { change, key, hosts } => {
            if let Some(event) = made.change(at, *change, key, hosts) {
                flow.handle(at, Input::Audit(&event), made);
            }
        }
        What::Presence { guest, present } => {
            made.set_present(guest, *present);
            flow.handle(at, Input::Presence { guest, present: *present }, made);
        }
        What::Answer(yes) => {
            let asked: Vec<RunId> =
                flow.runs().filter(|run| run.state == "waits for an answer").map(|run| run.run).collect();
            for run in asked {
                flow.handle(at, Input::Decision { run, by: "tester", yes: *yes }, made);
            }
        }
        What::Nothing => {}
    }
}

/// Takes what came of it; effects that are performed succeed at once, but for those that the case lets fail.
fn settle(
    flow: &mut Workflow,
    made: &Made<'_>,
    at: rollcall_core::types::Timestamp,
    case: &Case,
    own: &RuleSet,
    found: &mut Found,
) {
    while let Some(event) = flow.poll() {
        match event {
            WorkflowEvent::Started { run, rule, .. } if own.rule(&rule).is_some() => found.own.push(run),
            WorkflowEvent::Effect(effect) => {
                if case.settings.performing == Performing::Real {
                    let fails = case.fails.iter().any(|action| action == effect.action.as_str());
                    let outcome =
                        if fails { Outcome::Failed("the test says so".into()) } else { Outcome::Done };
                    flow.handle(at, Input::Outcome { effect: &effect.id, outcome }, made);
                }
                if effect.run.is_none_or(|run| found.own.contains(&run)) {
                    found.effects.push(*effect);
                }
            }
            WorkflowEvent::Refused { run, why, .. } if found.own.contains(&run) => found.refused.push(why),
            WorkflowEvent::Ended { run, why, .. } if found.own.contains(&run) => {
                found.ends.push(why.as_str())
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_rule_has_a_test_that_passes() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
        for (name, _) in SHIPPED {
            let path = test_of(&folder.join(name.strip_prefix("rules/").unwrap()));
            let text = read_text(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let tested = run_shipped(&name.replace(".yaml", ".test.yaml"), &text);
            assert_eq!(tested.problems, []);
            assert_eq!(tested.failed, []);
            assert!(tested.passed > 0, "{name}");
        }
    }

    #[test]
    fn a_test_that_does_not_hold_fails_and_says_how() {
        let text = "- name: too early\n  inventory: {guests: [{id: web, macs: [52:54:00:00:00:01], state: off}]}\n  \
                    events: [{at: 0s, open: zombie-guest:web}]\n  expect: [{at: 0s, action: ticket}]\n";
        let tested = run_shipped("rules/zombie/zombie.ticket.test.yaml", text);
        assert_eq!((tested.passed, tested.failed.len()), (0, 1));
        assert!(tested.failed[0].1.contains("found effects:\n    none"), "{}", tested.failed[0].1);
    }
}
