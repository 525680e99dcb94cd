use std::path::Path;

use super::read::{Timed, Timeline, What, from_text};
use crate::text::report::{Style, write_problems};

fn read(text: &str) -> Timeline {
    from_text(text, "t.jsonl", Path::new(""), None)
}

fn told(timeline: &Timeline) -> Vec<String> {
    let place = |problem: &rollcall_core::recorded::Problem| {
        format!("{} {} {}", problem.place, problem.code, problem.message)
    };
    timeline.problems.iter().chain(&timeline.inventory_problems).map(place).collect()
}

const GUEST: &str = r#"{"guests": [{"id": "web", "macs": ["52:54:00:00:00:01"], "state": "running"}]}"#;

#[test]
fn inventories_stand_in_the_order_of_time() {
    let text = format!(
        "{{\"at\": \"2026-11-20T10:00:00Z\", \"inventory\": {{}}}}\n\n\
         {{\"at\": \"2026-11-20T11:00:30.5+01:00\", \"inventory\": {GUEST}}}\n\
         {{\"at\": \"2026-11-20T10:10:00Z\", \"end\": true}}\n"
    );
    let timeline = read(&text);
    assert_eq!(told(&timeline), [""; 0]);
    let counts = timeline.inputs.iter().map(|Timed { at, what }| match what {
        What::Recorded(snapshot) => (at.to_string(), snapshot.guests().len()),
    });
    let expected =
        [("2026-11-20T10:00:00.000000000Z".to_owned(), 0), ("2026-11-20T10:00:30.500000000Z".to_owned(), 1)];
    assert_eq!(counts.collect::<Vec<_>>(), expected);
    assert_eq!(timeline.ends_at.map(|at| at.to_string()).as_deref(), Some("2026-11-20T10:10:00.000000000Z"));
    assert!(!timeline.unreadable);
}

#[test]
fn everything_wrong_is_told_at_once_with_its_line() {
    let timeline = read(
        r#"{"at": "2026-11-20T10:00:00Z", "inventory": {"guests": [{"id": "a"}], "gusts": []}}
{"at": "yesterday", "end": true}
{"at": "2026-11-20T09:00:00Z", "end": true}
{"inventory": {}, "end": true}
{"at": "2026-11-20T10:00:01Z"}
{"at": "2026-11-20T10:00:01Z", "invetory": {}}
{"at": "2026-11-20T10:00:01Z", "end": "soon"}
{"at": "2026-11-20T10:00:01Z", "inventory": []}
{"at": "2026-11-20T10:00:02Z", "inventory": ["missing-inventory.yaml"]}
[1]
{"at": "2026-11-20T10:00:02Z",
"#,
    );
    let expected = [
        "t.jsonl:2:8 RC0301 `yesterday` is no time",
        "t.jsonl:3:8 RC0303 `2026-11-20T09:00:00Z` is before 2026-11-20T10:00:00.000000000Z, the time of a line above",
        "t.jsonl:4:2 RC0301 a line of a timeline has no `at`",
        "t.jsonl:4:2 RC0302 a line of a timeline says one thing, this one 2",
        "t.jsonl:5:2 RC0302 a line of a timeline says one thing, this one 0",
        "t.jsonl:6:32 RC0002 a line of a timeline has no key `invetory`",
        "t.jsonl:7:39 RC0304 `end` is no more than a mark",
        "t.jsonl:8:2 RC0302 a line of a timeline says one thing, this one 0",
        "t.jsonl:10:1 RC0006 expected keys with values, found a list",
    ];
    let found = told(&timeline);
    assert_eq!(found[..expected.len()], expected);
    assert!(found[expected.len()].starts_with("t.jsonl:11:"), "{found:?}");
    assert!(
        found[expected.len() + 1..]
            .iter()
            .any(|line| line.starts_with("t.jsonl:1:") && line.contains("RC0204"))
    );
    assert!(found.iter().any(|line| line.starts_with("missing-inventory.yaml RC0007")), "{found:?}");
    assert!(timeline.unreadable);
    let mut shown = Vec::new();
    write_problems(&mut shown, &timeline.problems, &timeline.excerpts, Style::Plain).unwrap();
    assert!(String::from_utf8(shown).unwrap().contains("yesterday"));
}
