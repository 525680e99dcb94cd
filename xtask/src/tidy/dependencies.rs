//! What the core may depend on.

use super::Finding;

/// The manifest that is checked.
pub(super) const MANIFEST: &str = "sensor/core/Cargo.toml";

/// Small, pure crates only: none of them reads a clock, opens a file or starts a thread.
const ALLOWED: &[&str] = &["arrayvec", "etherparse", "foldhash", "hashbrown", "prefetch-index", "thiserror"];
/// What the core's tests may use besides.
const ALLOWED_IN_TESTS: &[&str] = &["insta", "proptest"];

/// Checks the core's manifest.
pub(super) fn check(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut section = "";
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            continue;
        }
        let Some((name, _)) = line.split_once(['.', '=']) else {
            continue;
        };
        let name = name.trim();
        let allowed = match section {
            "dependencies" => ALLOWED.contains(&name),
            "dev-dependencies" => ALLOWED.contains(&name) || ALLOWED_IN_TESTS.contains(&name),
            other => !other.contains("dependencies"),
        };
        if !allowed && !line.starts_with('#') {
            let message =
                format!("the core must not depend on `{name}` (list: xtask/src/tidy/dependencies.rs)");
            findings.push(Finding::new(MANIFEST, index + 1, message));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(text: &str) -> Vec<usize> {
        check(text).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn only_the_short_list_is_allowed() {
        let text = "[package]\nname = \"x\"\n[dependencies]\nhashbrown.workspace = true\ntokio = \"1\"\n";
        assert_eq!(lines_of(text), [5]);
    }

    #[test]
    fn tests_may_use_more_but_not_everything() {
        let text = "[dev-dependencies]\nproptest.workspace = true\ntempfile = \"3\"\n";
        assert_eq!(lines_of(text), [3]);
    }

    #[test]
    fn a_section_for_one_target_is_no_way_around() {
        assert_eq!(lines_of("[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n"), [2]);
    }
}
