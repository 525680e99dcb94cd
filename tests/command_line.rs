//! How the program behaves as a command: exit statuses, judgement for scripts, help in case of mistakes.
//!
//! What is in the output is for the golden cases; here is only what scripts and people rely on around it.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use rollcall_tests::{Ended, replay, rollcall, root};
use serde_json::Value;

const CAPTURE: &str = "pcaps/zombie-guest.pcapng";
const PLACE: [&str; 6] = [
    "--config",
    "tests/place/config.yaml",
    "--inventory",
    "tests/place/network.yaml",
    "--inventory",
    "tests/cases/zombie-guest/inventory.yaml",
];

fn replay_zombie(more: &[&str]) -> Ended {
    replay(&[&[CAPTURE], &PLACE[..], more].concat()).expect("rollcall can be run")
}

/// A file of this test alone, below the folder for temporary files.
fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("rollcall-command-line-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    folder.join(name)
}

#[test]
fn discrepancies_are_no_failure_unless_asked() {
    assert_eq!(replay_zombie(&[]).code, 0);
}

#[test]
fn fail_on_judges_by_kind() {
    assert_eq!(replay_zombie(&["--fail-on", "zombie-guest"]).code, 1);
    assert_eq!(replay_zombie(&["--fail-on", "silent-guest"]).code, 0);
}

#[test]
fn a_kind_that_does_not_exist_is_a_usage_error() {
    let ended = replay_zombie(&["--fail-on", "zombie-gest"]);
    assert_eq!(ended.code, 2);
    assert!(ended.messages.contains("zombie-guest"), "{}", ended.messages);
}

#[test]
fn a_number_of_workers_that_no_machine_has_is_a_usage_error() {
    for number in ["0", "20000", "many"] {
        let ended = replay_zombie(&["--workers", number]);
        assert_eq!(ended.code, 2, "{}", ended.messages);
        assert!(ended.messages.contains("from 1 to 256"), "{}", ended.messages);
    }
}

#[test]
fn the_verdict_and_the_metrics_stand_when_the_reader_goes_away() {
    let metrics = scratch("reader-gone.prom");
    let mut arguments: Vec<OsString> = vec!["rollcall".into(), "replay".into(), root().join(CAPTURE).into()];
    for (option, file) in PLACE.chunks_exact(2).map(|pair| (pair[0], pair[1])) {
        arguments.extend([option.into(), root().join(file).into()]);
    }
    arguments.extend(["--fail-on".into(), "any".into(), "--metrics".into(), metrics.clone().into()]);
    let status = rollcall::cli::run(arguments, &mut Gone, &mut Vec::new());
    assert_eq!(status.code(), 1);
    let text = fs::read_to_string(metrics).expect("the metrics were written");
    assert!(text.contains("rollcall_capture_frames_total"), "{text}");
}

/// A reader that has gone away.
struct Gone;

impl Write for Gone {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn the_pace_does_not_show() {
    let fast = replay_zombie(&["--output", "jsonl"]);
    for workers in ["1", "2"] {
        let paced = replay_zombie(&["--output", "jsonl", "--speed", "100000", "--workers", workers]);
        assert_eq!(paced, fast);
    }
    for speed in ["0", "-1", "NaN", "inf", "fast"] {
        let ended = replay_zombie(&["--speed", speed]);
        assert_eq!(ended.code, 2, "{speed}");
    }
}

#[test]
fn the_summary_names_the_difference_and_both_values() {
    let summary = replay_zombie(&[]).output;
    for word in ["zombie-guest", "db-01", "powered-off", "tor-1 eth2"] {
        assert!(summary.contains(word), "no `{word}` in:\n{summary}");
    }
}

#[test]
fn every_line_of_jsonl_is_an_object_with_a_type() {
    let ended = replay_zombie(&["--output", "jsonl"]);
    assert!(!ended.output.is_empty());
    for line in ended.output.lines() {
        let value: Value = serde_json::from_str(line).unwrap();
        let first = value.as_object().unwrap().keys().next().unwrap();
        assert_eq!(first, "type", "{line}");
    }
}

#[test]
fn json_is_one_array() {
    let ended = replay_zombie(&["--output", "json"]);
    let value: Value = serde_json::from_str(&ended.output).unwrap();
    assert!(value.as_array().is_some_and(|records| records.len() > 3));
}

#[test]
fn explain_tells_every_step_of_a_result() {
    let result = scratch("result.jsonl");
    fs::write(&result, replay_zombie(&["--output", "jsonl"]).output).unwrap();
    let path = result.to_str().unwrap();
    let explained = rollcall(&["explain", "zombie-guest:db-01", path]).unwrap();
    assert_eq!(explained.code, 0, "{}", explained.messages);
    for word in ["powered-off", "52:54:00:00:00:12", "tor-1 eth2", "zombie grace"] {
        assert!(explained.output.contains(word), "no `{word}` in:\n{}", explained.output);
    }
    assert_eq!(rollcall(&["explain", "db-01", path]).unwrap(), explained);
    let unknown = rollcall(&["explain", "web-01", path]).unwrap();
    assert_eq!(unknown.code, 2);
    assert!(unknown.messages.contains("web-01"), "{}", unknown.messages);
    fs::remove_file(&result).unwrap();
}

#[test]
fn a_stream_of_a_result_is_shown_by_its_owner_and_a_post_by_its_number() {
    let result = scratch("streams.jsonl");
    let forty = ["--config", "tests/place/config.yaml", "--inventory", "tests/place/forty.yaml"];
    let replayed = replay(&[&["pcaps/forty-silent.pcapng", "--output", "jsonl"], &forty[..]].concat());
    fs::write(&result, replayed.expect("rollcall can be run").output).unwrap();
    let path = result.to_str().unwrap();
    let line = "host hv-01: 40 of 40 guests report: silent guest";
    for (stream, text) in
        [("administrators", line), ("rack-1", line), ("hv-01", "40 likes"), ("p1", "40 likes")]
    {
        let shown = rollcall(&["stream", stream, path]).unwrap();
        assert_eq!(shown.code, 0, "{}", shown.messages);
        assert_eq!(shown.output.matches(text).count(), 1, "{stream}:\n{}", shown.output);
    }
    let unknown = rollcall(&["stream", "hv-99", path]).unwrap();
    assert_eq!(unknown.code, 2);
    assert!(unknown.messages.contains("hv-99"), "{}", unknown.messages);
    fs::remove_file(&result).unwrap();
}

#[test]
fn the_past_is_answered_from_a_store() {
    let store = scratch("past.db").display().to_string();
    let inventory = ["--inventory", "tests/place/network.yaml", "tests/place/guests.yaml"];
    let moved = ["pcaps/silent-move.pcapng", "--config", "tests/place/config.yaml", "--store", &store];
    assert_eq!(replay(&[&moved[..], &inventory].concat()).expect("rollcall can be run").code, 0);
    let ask = |question: &[&str]| {
        let ended = rollcall(&[question, &["--store", &store, "--output", "jsonl"]].concat());
        let ended = ended.expect("rollcall can be run");
        assert_eq!(ended.code, 0, "{}", ended.messages);
        let rows = ended.output.lines().map(|line| serde_json::from_str(line).expect("a row is JSON"));
        rows.collect::<Vec<Value>>()
    };
    let place = |rows: &[Value]| rows.iter().map(|row| row["place"].to_string()).collect::<Vec<_>>();
    let guest = [&["whereis", "web-01"][..], &inventory].concat();
    assert_eq!(place(&ask(&guest)), ["\"tor-1 eth2 (host hv-02)\""]);
    let then = [&guest[..], &["--at", "2026-11-20T10:00:30Z"]].concat();
    assert_eq!(place(&ask(&then)), ["\"tor-1 eth1 (host hv-01)\""]);
    let before = ["whereis", "52:54:00:00:00:11", "--at", "2026-11-20T09:00:00Z"];
    assert_eq!(ask(&before), [] as [Value; 0]);
    let had = ask(&["whohas", "10.1.0.11", "--at", "2026-11-20T10:00:30Z"]);
    assert_eq!(had.iter().map(|row| &row["station"]).collect::<Vec<_>>(), ["52:54:00:00:00:11"]);
    let history = ask(&[&["history", "web-01"][..], &inventory].concat());
    let stays = history.iter().filter(|row| row["what"] != "address");
    assert_eq!(stays.count(), 2);
    assert!(history.iter().any(|row| row["what"] == "address" && row["place"] == "10.1.0.11"));
}

#[test]
fn a_guest_that_nobody_recorded_and_a_file_that_is_no_store_are_usage_errors() {
    let store = scratch("none.db");
    fs::write(&store, b"").expect("the file can be written");
    let store = store.display().to_string();
    let ended = rollcall(&["whohas", "10.1.0.11", "--store", &store]).expect("rollcall can be run");
    assert_eq!(
        (ended.code, ended.messages.contains("no store of Rollcall")),
        (2, true),
        "{}",
        ended.messages
    );
    let unknown = ["whereis", "web-1", "--store", &store, "--inventory", "tests/place/guests.yaml"];
    let ended = rollcall(&unknown).expect("rollcall can be run");
    assert_eq!(
        (ended.code, ended.messages.contains("did you mean `web-01`?")),
        (2, true),
        "{}",
        ended.messages
    );
}

#[test]
fn a_capture_that_is_not_there_is_an_io_error_that_names_it() {
    let ended = replay(&["pcaps/no-such.pcap"]).unwrap();
    assert_eq!(ended.code, 4);
    assert!(ended.messages.contains("pcaps/no-such.pcap"), "{}", ended.messages);
}

#[test]
fn a_damaged_capture_gives_what_comes_before_and_status_3() {
    let whole = fs::read(root().join(CAPTURE)).unwrap();
    let cut = scratch("cut.pcapng");
    fs::write(&cut, &whole[..whole.len() - 30]).unwrap();
    let ended = replay(&[cut.to_str().unwrap(), "--output", "jsonl"]).unwrap();
    fs::remove_file(&cut).unwrap();
    assert_eq!(ended.code, 3, "{}", ended.messages);
    assert!(ended.messages.contains("cut.pcapng"), "{}", ended.messages);
    assert!(ended.output.lines().count() > 2);
}

#[test]
fn something_that_is_no_capture_is_damaged_input() {
    let ended = replay(&["Cargo.toml"]).unwrap();
    assert_eq!(ended.code, 3);
    assert!(ended.messages.contains("Cargo.toml"), "{}", ended.messages);
}

#[test]
fn what_is_no_capture_in_a_directory_is_told_in_one_line_and_no_damage() {
    let folder = scratch("directory");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(root().join(CAPTURE), folder.join("capture.pcapng")).unwrap();
    let replayed = || {
        let ended = replay(&[folder.to_str().unwrap()]).unwrap();
        assert_eq!(ended.code, 0, "{}", ended.messages);
        ended.messages
    };
    assert_eq!(replayed(), "");
    fs::write(folder.join("notes"), "text").unwrap();
    let told = replayed();
    assert!(told.lines().count() == 1 && told.starts_with("note: ") && told.contains("notes\""), "{told}");
    for number in 1..=4 {
        fs::write(folder.join(format!("notes{number}")), "text").unwrap();
    }
    let told = replayed();
    fs::remove_dir_all(&folder).unwrap();
    assert!(told.lines().count() == 1 && told.ends_with("and 3 more\n"), "{told}");
}

#[test]
fn an_unknown_option_is_a_usage_error() {
    assert_eq!(replay(&[CAPTURE, "--no-such-option"]).unwrap().code, 2);
    assert_eq!(rollcall(&["no-such-command"]).unwrap().code, 2);
    assert_eq!(rollcall(&["--help"]).unwrap().code, 0);
}

#[test]
fn a_misspelt_key_of_the_configuration_is_named_with_the_right_one() {
    let config = scratch("config.yaml");
    fs::write(&config, "presence:\n  tll: 300s\n").unwrap();
    let ended = replay(&[CAPTURE, "--config", config.to_str().unwrap()]).unwrap();
    fs::remove_file(&config).unwrap();
    assert_eq!(ended.code, 2);
    for word in ["config.yaml:2:3", "`tll`", "`ttl`"] {
        assert!(ended.messages.contains(word), "no {word} in:\n{}", ended.messages);
    }
}

#[test]
fn check_accepts_what_is_shipped() {
    for config in ["rules/example/config.yaml", "pcaps/demo/config.yaml"] {
        let ended = rollcall(&["check", "--config", config]).unwrap();
        assert_eq!(ended.code, 0, "{config}: {}{}", ended.output, ended.messages);
        assert_eq!(ended.messages, "", "{config}");
    }
}

#[test]
fn check_reports_every_problem_at_once() {
    let inventory = scratch("inventory.yaml");
    let text =
        "guests:\n  - {id: a, macs: [\"52:54:00:00:00:zz\"]}\n  - {id: b, mac: \"52:54:00:00:00:01\"}\n";
    fs::write(&inventory, text).unwrap();
    let ended = rollcall(&["check", "--inventory", inventory.to_str().unwrap()]).unwrap();
    fs::remove_file(&inventory).unwrap();
    assert_eq!(ended.code, 2);
    let said = format!("{}{}", ended.output, ended.messages);
    for word in ["inventory.yaml:2:", "inventory.yaml:3:", "`macs`"] {
        assert!(said.contains(word), "no {word} in:\n{said}");
    }
}

#[test]
fn the_printed_default_configuration_is_valid() {
    let printed = rollcall(&["config", "default"]).unwrap();
    assert_eq!(printed.code, 0);
    let config = scratch("default.yaml");
    fs::write(&config, printed.output).unwrap();
    let ended = rollcall(&["check", "--config", config.to_str().unwrap()]).unwrap();
    fs::remove_file(&config).unwrap();
    assert_eq!(ended.code, 0, "{}{}", ended.output, ended.messages);
}
