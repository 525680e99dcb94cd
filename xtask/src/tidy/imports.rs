//! Which module may know which: the table of directions.
//!
//! Cargo enforces the one border that matters most, between the pure core and the rest. Within each crate
//! this table does. A module reaches another one only by a path that begins with `crate::` (or with
//! `rollcall_core::` from outside the core), so reading those is enough; paths that leave their module by
//! `super::` are refused for that reason.

use super::Finding;
use super::source::{code_lines, tests_begin};

/// What a module may import.
struct Row {
    module: &'static str,
    /// Modules of the same crate.
    own: &'static [&'static str],
    /// Modules of the core, for rows of the sensor.
    core: &'static [&'static str],
}

const fn row(module: &'static str, own: &'static [&'static str], core: &'static [&'static str]) -> Row {
    Row { module, own, core }
}

/// The rooms of `rollcall-core`, in the order in which a frame walks through them.
const CORE: &[Row] = &[
    row("types", &[], &[]),
    row("decode", &["types"], &[]),
    row("sighting", &["types", "decode"], &[]),
    row("presence", &["types", "sighting"], &[]),
    row("recorded", &["types"], &[]),
    row("audit", &["types", "presence", "recorded"], &[]),
    row("streams", &["types", "recorded"], &[]),
    row("rules", &["types", "recorded", "audit"], &[]),
    row("workflow", &["types", "recorded", "audit", "rules"], &[]),
    row(
        "engine",
        &["types", "decode", "sighting", "presence", "recorded", "audit", "streams", "rules", "workflow"],
        &[],
    ),
];

/// The rooms of the program around it.
const SENSOR: &[Row] = &[
    row("api", &[], &[]),
    row("process", &[], &[]),
    row("capture", &[], &["types"]),
    row("text", &[], &["types", "recorded"]),
    row("sources", &["text"], &["types", "recorded", "sighting"]),
    row("rulebook", &["text", "sources"], &["types", "recorded", "audit", "rules", "workflow"]),
    row(
        "config",
        &["text", "sources", "rulebook"],
        &["types", "decode", "presence", "recorded", "audit", "streams", "rules", "workflow"],
    ),
    row("journal", &[], &["types", "presence", "engine"]),
    row("dump", &["capture"], &["types", "decode", "sighting"]),
    row("runtime", &["capture"], &["types", "decode", "sighting", "presence", "recorded", "audit", "engine"]),
    row(
        "report",
        &["capture", "runtime"],
        &[
            "types", "decode", "sighting", "presence", "recorded", "audit", "streams", "rules", "workflow",
            "engine",
        ],
    ),
    row(
        "metrics",
        &["capture", "runtime", "report"],
        &["types", "decode", "presence", "recorded", "audit", "streams", "engine"],
    ),
];

/// The modules that know everything; nothing is checked in them.
const ANYTHING: &[&str] = &["cli", "main", "lib"];

/// Checks the imports of one file of either crate.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let (table, inside) = if let Some(inside) = path.strip_prefix("sensor/core/src/") {
        (CORE, inside)
    } else if let Some(inside) = path.strip_prefix("sensor/src/") {
        (SENSOR, inside)
    } else {
        return Vec::new();
    };
    let module = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    if ANYTHING.contains(&module) {
        return Vec::new();
    }
    let Some(row) = table.iter().find(|row| row.module == module) else {
        let message = format!("module `{module}` has no row in the table of xtask/src/tidy/imports.rs");
        return vec![Finding::new(path, 0, message)];
    };
    check_against(row, path, inside, text)
}

fn check_against(row: &Row, path: &str, inside: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let depth = depth_of(inside);
    let tests_begin = tests_begin(text);
    for (line, names) in mentions(text, "crate::") {
        for name in names {
            let allowed = name == row.module || row.own.contains(&name.as_str()) || !is_module(&name);
            if !allowed {
                findings.push(refused(row, path, line, &name));
            }
        }
    }
    for (line, names) in mentions(text, "rollcall_core::") {
        for name in names {
            if is_module(&name) && !row.core.contains(&name.as_str()) {
                findings.push(refused(row, path, line, &format!("core::{name}")));
            }
        }
    }
    for (line, code) in code_lines(text) {
        let room = depth + usize::from(line >= tests_begin);
        if longest_super_chain(code) >= room {
            let message = "leaves its module by `super::` (write the path from `crate::`)";
            findings.push(Finding::new(path, line, message));
        }
    }
    findings
}

fn refused(row: &Row, path: &str, line: usize, name: &str) -> Finding {
    let message =
        format!("`{}` must not know `{name}` (table of directions: xtask/src/tidy/imports.rs)", row.module);
    Finding::new(path, line, message)
}

/// Items at the root of a crate are types and macros with capitals or `!`; modules are lower case.
fn is_module(name: &str) -> bool {
    CORE.iter().chain(SENSOR).any(|row| row.module == name) || ANYTHING.contains(&name)
}

/// How many modules deep a file is: `decode/mod.rs` 1, `decode/arp.rs` and `decode/ip/mod.rs` 2.
fn depth_of(inside: &str) -> usize {
    let parts = inside.split('/').count();
    if inside.ends_with("/mod.rs") { parts - 1 } else { parts }
}

/// The length of the longest run of `super::super::…` in a line.
fn longest_super_chain(code: &str) -> usize {
    let mut longest = 0;
    let mut rest = code;
    while let Some(at) = rest.find("super::") {
        let mut chain = 0;
        rest = &rest[at..];
        while let Some(after) = rest.strip_prefix("super::") {
            chain += 1;
            rest = after;
        }
        longest = longest.max(chain);
    }
    longest
}

/// Finds each path that begins with `prefix` and returns the names that follow it: one, or those at the
/// first level of `{…}`, which may go on over several lines.
fn mentions(text: &str, prefix: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let lines: Vec<(usize, &str)> = code_lines(text).collect();
    for (index, (line, code)) in lines.iter().enumerate() {
        let mut from = 0;
        while let Some(at) = code[from..].find(prefix).map(|at| at + from) {
            from = at + prefix.len();
            let is_whole =
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | ':'));
            if !is_whole {
                continue;
            }
            let names = match code[from..].strip_prefix('{') {
                Some(group) => {
                    let following = lines[index + 1..].iter().map(|(_, code)| *code);
                    group_names(core::iter::once(group).chain(following))
                }
                None => vec![leading_word(&code[from..])],
            };
            found.push((*line, names));
        }
    }
    found
}

/// Reads the names at the first level of a group whose `{` was just read.
fn group_names<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let (mut names, mut depth, mut word) = (Vec::new(), 1_usize, String::new());
    for line in lines {
        for character in line.chars().chain(['\n']) {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth <= 1 && matches!(character, ',' | '}') {
                names.push(leading_word(word.trim()));
                word.clear();
            } else {
                word.push(character);
            }
            if depth == 0 {
                names.retain(|name| !name.is_empty());
                return names;
            }
        }
    }
    names
}

fn leading_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(path: &str, text: &str) -> Vec<usize> {
        check(path, text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_module_may_not_know_a_later_one() {
        let text = "use crate::types::MacAddr;\nuse crate::audit::Kind;\n// use crate::engine::X;\n";
        assert_eq!(lines_of("sensor/core/src/decode/arp.rs", text), [2]);
        assert_eq!(lines_of("sensor/core/src/engine/mod.rs", text), [0_usize; 0]);
    }

    #[test]
    fn groups_are_read_to_their_end() {
        let text = "use crate::{\n    types::{MacAddr, Vids},\n    presence::Ledger,\n};\nfn a() {}\n";
        assert_eq!(lines_of("sensor/core/src/decode/mod.rs", text), [1]);
        assert_eq!(lines_of("sensor/core/src/audit/mod.rs", text), [0_usize; 0]);
    }

    #[test]
    fn paths_in_the_middle_of_code_count_too() {
        let text = "fn a() -> u8 {\n    crate::engine::b()\n}\n";
        assert_eq!(lines_of("sensor/core/src/types/mac.rs", text), [2]);
    }

    #[test]
    fn the_sensor_has_a_column_for_the_core() {
        let text = "use rollcall_core::types::Timestamp;\nuse rollcall_core::{audit::Kind, types};\n";
        assert_eq!(lines_of("sensor/src/capture/file.rs", text), [2]);
        assert_eq!(lines_of("sensor/src/cli/replay.rs", text), [0_usize; 0]);
    }

    #[test]
    fn nobody_leaves_a_module_by_super() {
        let text = "use super::super::audit::Kind;\n";
        assert_eq!(lines_of("sensor/core/src/decode/arp.rs", text), [1]);
        let text = "use super::Cursor;\n";
        assert_eq!(lines_of("sensor/core/src/decode/arp.rs", text), [0_usize; 0]);
        assert_eq!(lines_of("sensor/core/src/decode/mod.rs", text), [1]);
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n";
        assert_eq!(lines_of("sensor/core/src/decode/mod.rs", text), [0_usize; 0]);
    }

    #[test]
    fn a_new_module_needs_a_row() {
        let findings = check("sensor/core/src/elsewhere/mod.rs", "");
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("`elsewhere` has no row"));
    }

    #[test]
    fn other_packages_are_free() {
        assert_eq!(lines_of("xtask/src/ci.rs", "use crate::engine::X;\n"), [0_usize; 0]);
    }
}
