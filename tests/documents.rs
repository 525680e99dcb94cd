//! What the documents show is what the program does.

use std::fs;

use rollcall_tests::{replay, root};
use serde_json::Value;

/// The command whose output README.md shows.
const DEMO: [&str; 3] = ["pcaps/demo/datacentre.pcapng.gz", "--config", "pcaps/demo/config.yaml"];

fn document(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the document is there")
}

/// Every line of README.md's sample stands in the real output, in this order; `...` stands for left-out lines.
#[test]
fn the_sample_in_the_readme_is_real() {
    let readme = document("README.md");
    let command = format!("$ rollcall replay {}\n", DEMO.join(" "));
    let (_, sample) = readme.split_once(&command).expect("README.md shows the demo");
    let (sample, _) = sample.split_once("\n```").expect("the sample ends");
    let output = replay(&DEMO).unwrap().output;
    let mut lines = output.lines();
    for shown in sample.lines().filter(|line| line.trim() != "...") {
        assert!(
            lines.any(|line| line.trim_end() == shown.trim_end()),
            "the output has no such line, or not at this place:\n{shown}"
        );
    }
}

#[test]
fn every_field_of_the_output_is_in_the_manual() {
    let manual = document("sensor/docs/output.md");
    let mut checked = 0;
    for line in replay(&[&DEMO[..], &["--output", "jsonl"]].concat()).unwrap().output.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let kind = record["type"].as_str().unwrap();
        let section = manual.split("\n## ").find(|section| section.starts_with(&format!("`{kind}`")));
        let section = section.unwrap_or_else(|| panic!("no section about `{kind}`"));
        for field in record.as_object().unwrap().keys().skip(1) {
            assert!(section.contains(&format!("`{field}`")), "no `{field}` in the section about `{kind}`");
            checked += 1;
        }
    }
    assert!(checked > 100);
}

#[test]
fn the_events_are_told_in_order_with_the_fields_of_the_manual() {
    let manual = document("sensor/docs/output.md");
    let section = manual.split("\n## ").find(|section| section.starts_with("Events")).expect("a section");
    let path = std::env::temp_dir().join(format!("rollcall-events-{}.jsonl", std::process::id()));
    replay(&[&DEMO[..], &["--events", path.to_str().unwrap()]].concat()).unwrap();
    let text = fs::read_to_string(&path).expect("the events were written");
    fs::remove_file(&path).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().any(|event| event["change"] == "opened"));
    assert!(events.is_sorted_by_key(|event| event["at"].as_str().unwrap().to_owned()));
    for event in &events {
        let fields = event.as_object().unwrap().keys();
        let untold: Vec<&String> = fields.filter(|field| !section.contains(&format!("`{field}`"))).collect();
        assert!(untold.is_empty(), "{untold:?}");
        assert_eq!(event["change"] == "opened", event["since"].is_string());
    }
}
