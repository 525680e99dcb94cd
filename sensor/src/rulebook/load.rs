use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rollcall_core::recorded::{Place as TextPlace, Problem, Severity};
use rollcall_core::rules::{Diagnostic, RuleSet, RuleSetBuilder};

use super::nodes;
use super::shipped::SHIPPED;
use crate::sources::files::read_text;
use crate::text::report::Excerpts;
use crate::text::{Faults, yaml};

/// Where rules are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Those that are part of the program.
    #[default]
    Shipped,
    /// Files, and folders of files whose names end in `.yaml`; tests of rules, and folders called `example` or `prometheus`,
    /// are passed over.
    Paths(Vec<PathBuf>),
}

/// What loading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The rules; not to be used where a problem is an error.
    pub rules: Arc<RuleSet>,
    /// Everything that is wrong, in the order of the files.
    pub problems: Vec<Problem>,
    /// The texts that the problems are in.
    pub excerpts: Excerpts,
    /// How many files were read.
    pub files: usize,
    /// Whether a file or folder could not be read at all.
    pub unreadable: bool,
}

impl Loaded {
    /// Tells whether the rules may be used.
    pub fn is_sound(&self) -> bool {
        !self.unreadable && self.problems.iter().all(|problem| problem.severity != Severity::Error)
    }
}

/// The endings of what is a test of rules and not rules.
pub(super) const TEST_ENDING: &str = ".test.yaml";

/// Loads the rules of a place.
pub fn load(place: &Place) -> Loaded {
    match place {
        Place::Shipped => {
            let text = |(name, text): &(&str, &str)| ((*name).to_owned(), Ok((*text).to_owned()));
            load_texts(SHIPPED.iter().map(text).collect())
        }
        Place::Paths(paths) => {
            let mut texts = Vec::new();
            for path in paths {
                match files_of(path) {
                    Ok(files) => {
                        let rules = files.into_iter().filter(|file| !is_test(file));
                        texts.extend(rules.map(|file| (file.display().to_string(), read_text(&file))));
                    }
                    Err(error) => texts.push((path.display().to_string(), Err(error))),
                }
            }
            load_texts(texts)
        }
    }
}

pub(super) fn is_test(path: &Path) -> bool {
    path.to_string_lossy().ends_with(TEST_ENDING)
}

/// Folders of these names hold no rules of workflows: configurations to begin with, and alerts for Prometheus.
const PASSED_OVER: [&str; 2] = ["example", "prometheus"];

/// Returns the YAML files of a folder and its subfolders, sorted, but for those in folders called `example` or
/// `prometheus`; a file is itself.
pub(super) fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    const DEPTH_MAX: usize = 4;
    let (mut files, mut waiting) = (Vec::new(), vec![(path.to_owned(), 0)]);
    while let Some((path, depth)) = waiting.pop() {
        if fs::metadata(&path)?.is_dir() {
            for entry in fs::read_dir(&path)? {
                let below = entry?.path();
                let is_yaml = below.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
                let is_folder = below.is_dir()
                    && depth < DEPTH_MAX
                    && !PASSED_OVER.iter().any(|name| below.ends_with(name));
                if is_folder || is_yaml && below.is_file() {
                    waiting.push((below, depth + 1));
                }
            }
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

pub(super) fn load_texts(texts: Vec<(String, io::Result<String>)>) -> Loaded {
    let mut builder = RuleSetBuilder::default();
    let (mut problems, mut excerpts) = (Vec::new(), Excerpts::default());
    let (mut read, mut unreadable) = (Vec::new(), false);
    for (name, text) in texts {
        let source: Arc<str> = name.as_str().into();
        let text = text.unwrap_or_else(|error| {
            unreadable = true;
            problems.push(Problem {
                severity: Severity::Error,
                code: "RC0007",
                place: TextPlace { source: Arc::clone(&source), line: 0, column: 0 },
                message: format!("cannot be read: {error}"),
                also: None,
                help: Some("check the path and who may read it".to_owned()),
            });
            String::new()
        });
        let mut faults = Faults::default();
        let node = yaml::read_value(&text, &mut faults);
        problems.extend(faults.list.into_iter().map(|fault| fault.in_text(&source)));
        let lines: Vec<&str> = text.lines().collect();
        builder.add(node.map(|node| nodes::of(node, &lines)));
        read.push((source, text));
    }
    let (rules, diagnostics) = builder.finish();
    for diagnostic in diagnostics {
        if let Some((source, text)) = read.get(diagnostic.file) {
            let lines: Vec<&str> = text.lines().collect();
            problems.push(problem(diagnostic, source, &lines));
        }
    }
    let files = read.len();
    for (source, text) in read {
        if problems.iter().any(|problem| problem.place.source == source) {
            excerpts.add(&*source, text);
        }
    }
    problems.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    Loaded { rules: Arc::new(rules), problems, excerpts, files, unreadable }
}

fn problem(diagnostic: Diagnostic, source: &Arc<str>, lines: &[&str]) -> Problem {
    let (line, column) = nodes::unfolded((diagnostic.line, diagnostic.column), lines);
    Problem {
        severity: diagnostic.severity,
        code: diagnostic.code,
        place: TextPlace { source: Arc::clone(source), line, column },
        message: diagnostic.message,
        also: None,
        help: Some(diagnostic.help),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::text::report::{Style, write_count, write_problems};

    fn rules_folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
    }

    #[test]
    fn everything_in_the_folder_of_rules_is_shipped() {
        let folder = rules_folder();
        let files = files_of(&folder).unwrap().into_iter().filter(|file| !is_test(file));
        let names = files.map(|file| file.strip_prefix(&folder).unwrap().to_string_lossy().into_owned());
        let found: BTreeSet<String> = names.collect();
        let shipped: BTreeSet<String> =
            SHIPPED.iter().map(|(name, _)| name.strip_prefix("rules/").unwrap().to_owned()).collect();
        assert_eq!(found, shipped);
    }

    #[test]
    fn the_shipped_rules_are_sound_and_none_does_harm() {
        use rollcall_core::rules::actions::Harm;
        use rollcall_core::rules::{Mode, Task};
        let loaded = load(&Place::Shipped);
        assert_eq!(loaded.problems, []);
        assert!(loaded.is_sound() && loaded.rules.rules().len() >= 7);
        for kind in rollcall_core::audit::Kind::ALL {
            assert!(loaded.rules.on(kind).next().is_some(), "no rule for {kind}");
        }
        for rule in loaded.rules.rules() {
            for step in &rule.steps {
                if let Task::Act { action, arguments } = &step.task {
                    let mode = rule.mode.max(step.mode.unwrap_or(Mode::Enforce));
                    assert!(action.harm(arguments) == Harm::None || mode > Mode::Enforce, "{}", rule.id);
                }
            }
        }
    }

    /// Every file in `testdata` has beside it, as `.txt`, exactly what is reported about it. With `ROLLCALL_BLESS` in the
    /// environment the test writes what it finds instead; the difference is for review.
    #[test]
    fn bad_rules_get_their_exact_diagnostics() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rulebook/testdata");
        let files = files_of(&dir).unwrap();
        assert!(files.len() >= 6, "the cases are in their folder");
        for path in files {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let loaded = load_texts(vec![(name.clone(), fs::read_to_string(&path))]);
            let mut out = Vec::new();
            write_problems(&mut out, &loaded.problems, &loaded.excerpts, Style::Plain).unwrap();
            write_count(&mut out, &loaded.problems).unwrap();
            let found = String::from_utf8(out).unwrap();
            let beside = path.with_extension("txt");
            if std::env::var_os("ROLLCALL_BLESS").is_some() {
                fs::write(&beside, &found).unwrap();
            }
            assert!(!loaded.is_sound(), "{name}");
            assert_eq!(found, fs::read_to_string(&beside).unwrap_or_default(), "{name}");
        }
    }
}
