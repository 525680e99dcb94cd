//! What the program does on a terminal, which `script` makes for it.

#![expect(clippy::print_stderr, reason = "a skipped check is said loudly")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs `rollcall replay` of the demo's capture on a terminal; returns what appears there.
///
/// `None` where this machine has no `script` to make one.
fn replay_on_a_terminal(options: &str) -> Option<String> {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pcaps/demo/datacentre.pcapng.gz");
    let command = format!("{} replay {} {options}", env!("CARGO_BIN_EXE_rollcall"), capture.display());
    // A replay that hangs is a failure, not a test that never ends.
    let ended = Command::new("timeout")
        .args(["120", "script", "-qec", &command, "/dev/null"])
        .stdin(Stdio::null())
        .output();
    let ended = ended.ok().filter(|ended| !matches!(ended.status.code(), Some(126 | 127)));
    let Some(ended) = ended else {
        skip("`script` is not installed: the progress bar was not looked at");
        return None;
    };
    let shown = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{options}: {}\n{shown}", ended.status);
    Some(shown)
}

fn skip(reason: &str) {
    assert!(std::env::var_os("ROLLCALL_REQUIRE_ALL").is_none(), "every check is required here, but {reason}");
    eprintln!("SKIPPED: {reason}");
    if let Some(path) = std::env::var_os("ROLLCALL_SKIPPED_CHECKS") {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let written = file.and_then(|mut file| writeln!(file, "{reason}"));
        written.expect("the list of skipped checks can be written");
    }
}

#[test]
fn a_terminal_shows_how_far_a_replay_has_come() {
    for workers in ["1", "2"] {
        let Some(shown) = replay_on_a_terminal(&format!("--workers {workers}")) else {
            return;
        };
        for words in ["frames, ", "/s · at 2026-11-20T10:0", " left · "] {
            assert!(shown.contains(words), "{workers} workers: no `{words}` in:\n{shown}");
        }
        assert!(shown.contains("Discrepancies"), "the report follows:\n{shown}");
    }
}
