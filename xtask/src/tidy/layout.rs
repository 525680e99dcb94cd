//! Where things live: the top level, the rooms and what the rooms promise.

use std::collections::BTreeSet;

use super::Finding;

/// Everything that must stand at the top level.
const TOP: &[&str] = &[
    ".cargo",
    ".ci",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "clippy.toml",
    "deny.toml",
    "pcaps",
    "rules",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "sensor",
    "tests",
    "xtask",
];

/// What may stand there besides, once there is something to put into it.
const TOP_OPTIONAL: &[&str] = &["sensor-ebpf", "SECURITY.md"];

/// Folders whose subfolders are modules that ARCHITECTURE.md names.
const ROOMS: &[&str] = &["sensor/core/src/", "sensor/src/"];

/// Checks the list of all files; `read` gives the text of one.
pub(super) fn check(paths: &[String], read: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let mut findings = top_level(paths);
    findings.extend(rooms(paths, &read("ARCHITECTURE.md").unwrap_or_default()));
    findings.extend(pcaps(paths, &read("pcaps/MANIFEST.yaml").unwrap_or_default()));
    findings.extend(cases(paths));
    findings
}

fn top_level(paths: &[String]) -> Vec<Finding> {
    let found: BTreeSet<&str> = paths.iter().map(|path| first_part(path)).collect();
    let unexpected =
        found.iter().filter(|name| !TOP.contains(name) && !TOP_OPTIONAL.contains(name)).map(|name| {
            Finding::new(name, 0, "does not belong at the top level (list: xtask/src/tidy/layout.rs)")
        });
    let absent = TOP
        .iter()
        .filter(|name| !found.contains(*name))
        .map(|name| Finding::new(name, 0, "is missing at the top level"));
    unexpected.chain(absent).collect()
}

/// Each module folder is told of in the architecture's map.
fn rooms(paths: &[String], architecture: &str) -> Vec<Finding> {
    let mut rooms = BTreeSet::new();
    for path in paths {
        for prefix in ROOMS {
            if let Some((room, _)) = path.strip_prefix(prefix).and_then(|rest| rest.split_once('/')) {
                rooms.insert((*prefix, room));
            }
        }
    }
    let words: BTreeSet<&str> = architecture.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    rooms
        .into_iter()
        .filter(|(_, room)| !words.contains(room))
        .map(|(prefix, room)| Finding::new(&format!("{prefix}{room}"), 0, "is not named in ARCHITECTURE.md"))
        .collect()
}

/// Each capture is told of in the manifest.
fn pcaps(paths: &[String], manifest: &str) -> Vec<Finding> {
    paths
        .iter()
        .filter(|path| path.contains(".pcap"))
        .filter_map(|path| match path.strip_prefix("pcaps/") {
            None => Some(Finding::new(path, 0, "is a capture outside pcaps")),
            Some(name)
                if !manifest
                    .lines()
                    .any(|line| line.trim_start_matches([' ', '-']) == format!("file: {name}")) =>
            {
                Some(Finding::new(path, 0, "is not listed in pcaps/MANIFEST.yaml"))
            }
            Some(_) => None,
        })
        .collect()
}

/// Each golden case says why it is there.
fn cases(paths: &[String]) -> Vec<Finding> {
    let cases: BTreeSet<&str> =
        paths.iter().filter_map(|path| path.strip_prefix("tests/cases/")).map(first_part).collect();
    let mut findings = Vec::new();
    for case in cases {
        for file in ["README.md", "case.yaml"] {
            let path = format!("tests/cases/{case}/{file}");
            if !paths.contains(&path) {
                findings.push(Finding::new(&path, 0, "is missing"));
            }
        }
    }
    findings
}

fn first_part(path: &str) -> &str {
    path.split('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn the_top_level_is_exactly_the_list() {
        let mut paths = strings(TOP);
        assert_eq!(top_level(&paths), []);
        paths.push("docs/index.md".to_owned());
        paths.retain(|path| path != "deny.toml");
        let named: Vec<String> = top_level(&paths).into_iter().map(|finding| finding.path).collect();
        assert_eq!(named, ["docs", "deny.toml"]);
    }

    #[test]
    fn a_room_is_in_the_architecture() {
        let paths =
            strings(&["sensor/core/src/decode/mod.rs", "sensor/core/src/lib.rs", "sensor/src/cli/mod.rs"]);
        assert_eq!(rooms(&paths, "- `decode/` and `cli/`"), []);
        let findings = rooms(&paths, "decoders, cli");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, "sensor/core/src/decode");
    }

    #[test]
    fn a_capture_is_in_the_manifest() {
        let paths = strings(&["pcaps/a.pcap", "pcaps/b.pcapng.gz", "tests/cases/c/d.pcap"]);
        let findings = pcaps(&paths, "captures:\n  - file: a.pcap\n    sha256: 00\n");
        let named: Vec<&str> = findings.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(named, ["pcaps/b.pcapng.gz", "tests/cases/c/d.pcap"]);
    }

    #[test]
    fn a_case_says_why_it_is_there() {
        let findings = cases(&strings(&["tests/cases/x/case.yaml", "tests/replay.rs"]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].path, "tests/cases/x/README.md");
    }
}
