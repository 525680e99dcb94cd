//! Links between our own documents.

use std::path::Path;

use super::Finding;

/// Checks that what one document links to is there. Links to the web are not followed.
pub(super) fn check(path: &str, text: &str, paths: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for target in targets(line) {
            let local = !target.contains("://") && !target.starts_with(['#', '<']);
            if local && !exists(path, target, paths) {
                findings.push(Finding::new(
                    path,
                    index + 1,
                    format!("links to `{target}`, which is not there"),
                ));
            }
        }
    }
    findings
}

/// Returns the targets of `[text](target)` in a line.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// Tells whether a target, relative to the folder of a document, is a file or a folder with files.
fn exists(document: &str, target: &str, paths: &[String]) -> bool {
    let target = target.split('#').next().unwrap_or(target);
    let mut parts: Vec<&str> = Path::new(document)
        .parent()
        .and_then(Path::to_str)
        .unwrap_or_default()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in target.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            name => parts.push(name),
        }
    }
    let wanted = parts.join("/");
    let folder = format!("{wanted}/");
    paths.iter().any(|path| *path == wanted || path.starts_with(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(path: &str, text: &str) -> Vec<usize> {
        let paths = ["README.md", "sensor/docs/audit.md", "pcaps/demo/config.yaml"].map(str::to_owned);
        check(path, text, &paths).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_link_leads_somewhere() {
        let text = "[a](sensor/docs/audit.md)\n[b](sensor/docs/adit.md) [c](pcaps/demo)\n[d](https://example.org/x)\n";
        assert_eq!(lines_of("README.md", text), [2]);
    }

    #[test]
    fn links_begin_at_their_document() {
        let text = "[a](audit.md#kinds)\n[b](../../README.md)\n[c](README.md)\n[d](#here)\n";
        assert_eq!(lines_of("sensor/docs/replay.md", text), [3]);
    }
}
