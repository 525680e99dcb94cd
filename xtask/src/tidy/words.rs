//! Words that must not stand in a file, and how long a file may be.

use super::Finding;
use super::source::{code_lines, tests_begin};

/// Files longer than this are split, or say in a line that begins with [`LENGTH_NOTE`] why not.
const LINES_MAX: usize = 700;
const LENGTH_NOTE: &str = "// Long because ";

/// Written apart, so that this file does not find itself.
const TO_DO_WORDS: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// What the core must not name, and why. `clippy.toml` bans single items; these are whole modules.
const BANNED_IN_CORE: &[(&str, &str)] = &[
    ("std::fs", "core does no I/O"),
    ("std::io", "core does no I/O"),
    ("std::net::Tcp", "core opens no socket"),
    ("std::net::Udp", "core opens no socket"),
    ("std::os", "core knows no operating system"),
    ("std::process", "core starts no process"),
    ("std::thread", "core has no threads"),
    ("std::env", "core has no environment"),
    ("std::time::Instant", "core never reads a clock"),
    ("std::time::SystemTime", "core never reads a clock"),
    ("std::collections::Hash", "its order differs from run to run"),
];

/// Checks one file of text.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_rust = path.ends_with(".rs");
    if is_rust {
        attributes(path, text, &mut findings);
        length(path, text, &mut findings);
    }
    if path.starts_with("sensor/core/src/") && is_rust {
        banned(path, text, &mut findings);
    }
    if is_rust || path.ends_with(".toml") || path.ends_with(".yaml") || path.starts_with(".ci/") {
        to_dos(path, text, &mut findings);
    }
    findings
}

fn attributes(path: &str, text: &str, findings: &mut Vec<Finding>) {
    for (line, code) in code_lines(text) {
        let code = code.trim_start();
        let Some(attribute) = code.strip_prefix("#[").or_else(|| code.strip_prefix("#![")) else {
            continue;
        };
        if attribute.starts_with("ignore") {
            let message = "a test that is not run (assert today's behaviour and say why it is wrong)";
            findings.push(Finding::new(path, line, message));
        }
        if attribute.starts_with("allow(") {
            let message = "a silenced lint (write `expect(…, reason = \"…\")`, which ends when it is cured)";
            findings.push(Finding::new(path, line, message));
        }
    }
}

fn length(path: &str, text: &str, findings: &mut Vec<Finding>) {
    let lines = text.lines().count();
    if lines > LINES_MAX && !text.lines().any(|line| line.starts_with(LENGTH_NOTE)) {
        let message = format!(
            "{lines} lines, more than {LINES_MAX} (split it, or say why not in a line `{LENGTH_NOTE}…`)"
        );
        findings.push(Finding::new(path, lines, message));
    }
}

fn banned(path: &str, text: &str, findings: &mut Vec<Finding>) {
    let tests_begin = tests_begin(text);
    for (line, code) in code_lines(text).take_while(|(line, _)| *line < tests_begin) {
        for (word, reason) in BANNED_IN_CORE {
            if code.contains(word) {
                findings.push(Finding::new(path, line, format!("`{word}` in the core: {reason}")));
            }
        }
    }
}

fn to_dos(path: &str, text: &str, findings: &mut Vec<Finding>) {
    for (index, line) in text.lines().enumerate() {
        for word in TO_DO_WORDS {
            let Some(at) = line.find(word) else {
                continue;
            };
            if !has_number(&line[at + word.len()..]) {
                let message = format!("{word} without the number of an issue or decision (`{word}(#12): …`)");
                findings.push(Finding::new(path, index + 1, message));
            }
        }
    }
}

/// Tells whether a to-do goes on with `(#12)` or `(decision 0003)`.
fn has_number(after: &str) -> bool {
    let inside = after.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    inside.is_some_and(|(reference, _)| {
        let digits = reference.strip_prefix('#').or_else(|| reference.strip_prefix("decision "));
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(path: &str, text: &str) -> Vec<usize> {
        check(path, text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn the_core_names_no_door_to_the_world() {
        let text = "use std::fs;\nlet a = std::thread::spawn(b);\n// std::env is elsewhere\n";
        assert_eq!(lines_of("sensor/core/src/types/mac.rs", text), [1, 2]);
        assert_eq!(lines_of("sensor/src/cli/mod.rs", text), [0_usize; 0]);
    }

    #[test]
    fn the_cores_own_tests_may_count_in_a_hash_set() {
        let text = "#[cfg(test)]\nmod tests {\n    use std::collections::HashSet;\n}\n";
        assert_eq!(lines_of("sensor/core/src/types/mac.rs", text), [0_usize; 0]);
    }

    #[test]
    fn silenced_tests_and_lints_are_found() {
        let ignored = concat!("    #[ign", "ore = \"slow\"]\nfn a() {}\n");
        assert_eq!(lines_of("tests/replay.rs", ignored), [1]);
        let allowed = concat!("fn a() {}\n#![all", "ow(dead_code)]\n#[all", "ow(unused)]\n");
        assert_eq!(lines_of("sensor/src/lib.rs", allowed), [2, 3]);
        assert_eq!(lines_of("sensor/src/lib.rs", "#[expect(unused, reason = \"x\")]\n"), [0_usize; 0]);
    }

    #[test]
    fn a_long_file_says_why() {
        let long = "fn a() {}\n".repeat(LINES_MAX + 1);
        assert_eq!(lines_of("sensor/src/lib.rs", &long), [LINES_MAX + 1]);
        let explained = format!("{LENGTH_NOTE}it is one table.\n{long}");
        assert_eq!(lines_of("sensor/src/lib.rs", &explained), [0_usize; 0]);
        assert_eq!(lines_of("sensor/src/lib.rs", &"fn a() {}\n".repeat(LINES_MAX)), [0_usize; 0]);
    }

    #[test]
    fn a_to_do_has_a_number() {
        let bare = concat!("// TO", "DO: later\n// FIX", "ME(soon)\n");
        assert_eq!(lines_of("sensor/src/lib.rs", bare), [1, 2]);
        assert_eq!(lines_of("deny.toml", bare), [1, 2]);
        let numbered = concat!("// TO", "DO(#12): later\n// TO", "DO(decision 0003): later\n");
        assert_eq!(lines_of("sensor/src/lib.rs", numbered), [0_usize; 0]);
    }
}
