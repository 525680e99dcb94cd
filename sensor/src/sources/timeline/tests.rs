use std::path::Path;

use super::read::{Timed, Timeline, What, from_text};
use crate::text::report::{Style, write_problems};

fn read(text: &str) -> Timeline {
    from_text(text, "t.jsonl", Path::new(""), None, &[])
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
        other => panic!("{other:?}"),
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

#[test]
fn forwarding_tables_stand_in_the_line_or_in_a_file() {
    let folder = std::env::temp_dir().join(format!("rollcall-{}-tables", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        folder.join("tor-2.csv"),
        "MAC, port ,vlan\n52:54:00:00:00:02,eth9,\n0a-00-00-00-00-01,eth1,20\n",
    )
    .unwrap();
    std::fs::write(folder.join("tor-3.csv"), "mac,vlan,port\nnobody,1,eth1\n52:54:00:00:00:02,5000,eth1\n")
        .unwrap();
    let text = r#"{"at": "2026-11-20T10:00:00Z", "forwarding-tables": [{"switch": "tor-1", "rows": [{"mac": "52:54:00:00:00:01", "vlan": 10, "port": "eth3"}]}, {"switch": "tor-2", "file": "tor-2.csv"}, {"switch": "tor-4", "failed": "timeout"}, {"switch": "tor-5", "rows": []}]}
{"at": "2026-11-20T10:01:00Z", "forwarding-tables": [{"switch": "tor-3", "file": "tor-3.csv"}, {"switch": "tor-6"}, {"rows": []}, {"switch": "tor-7", "rows": [{"mac": "52:54:00:00:00:01"}]}]}
{"at": "2026-11-20T10:02:00Z", "forwarding-tables": {}}
"#;
    let timeline = from_text(text, "t.jsonl", &folder, None, &[]);
    let What::Polled(round) = &timeline.inputs[0].what else { panic!("a round") };
    let shown = round.switches.iter().map(|polled| {
        let table = polled.table.as_ref().map(|rows| {
            rows.iter()
                .map(|row| format!("{} {:?} {}", row.mac, row.vlan, row.port))
                .collect::<Vec<_>>()
                .join("; ")
        });
        format!("{}: {table:?}", polled.switch)
    });
    let expected = [
        r#"tor-1: Ok("52:54:00:00:00:01 Some(10) eth3")"#,
        r#"tor-2: Ok("52:54:00:00:00:02 None eth9; 0a:00:00:00:00:01 Some(20) eth1")"#,
        r#"tor-4: Err("timeout")"#,
        r#"tor-5: Ok("")"#,
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    let shown = format!("{}/", folder.display());
    let found: Vec<String> = told(&timeline).iter().map(|line| line.replace(&shown, "")).collect();
    let expected = [
        "t.jsonl:2:82 RC0308 line 2: `nobody` is no MAC address, in `tor-3.csv`",
        "t.jsonl:2:82 RC0308 line 3: `5000` is no VLAN identifier, in `tor-3.csv`",
        "t.jsonl:2:96 RC0307 switch `tor-6` gave its table or did not, and that once",
        "t.jsonl:2:117 RC0306 a polled switch has no `switch`",
        "t.jsonl:2:160 RC0308 a row of a table lacks its `mac` or its `port`",
        "t.jsonl:3:53 RC0003 `forwarding-tables` must be a list, found keys with values",
    ];
    assert_eq!(found, expected);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn operators_do_one_thing_at_a_time() {
    let timeline = read(
        r#"{"at": "2026-11-20T10:00:00Z", "operator": {"name": "ada", "mute": "silent-guest:web-01", "until": "2026-11-20T11:00:00Z"}}
{"at": "2026-11-20T10:00:00Z", "operator": {"accept": "52:54:00:00:00:01"}}
{"at": "2026-11-20T10:00:00Z", "operator": {"name": "ada", "mute": "a", "unmute": "b"}}
{"at": "2026-11-20T10:00:00Z", "operator": {"name": "ada"}}
{"at": "2026-11-20T10:00:00Z", "operator": {"resolve": "a", "until": "2026-11-20T11:00:00Z"}}
{"at": "2026-11-20T10:00:00Z", "operator": {"mute": "a", "until": "soon"}}
"#,
    );
    let shown = timeline.inputs.iter().map(|timed| match &timed.what {
        What::Operator(did) => {
            format!(
                "{} {} {} {}",
                did.name,
                did.word,
                did.target,
                did.until.map_or_else(String::new, |at| at.to_string())
            )
        }
        other => panic!("{other:?}"),
    });
    let expected = [
        "ada mute silent-guest:web-01 2026-11-20T11:00:00.000000000Z",
        "an operator accept 52:54:00:00:00:01 ",
    ];
    assert_eq!(shown.collect::<Vec<_>>(), expected);
    let codes: Vec<String> =
        timeline.problems.iter().map(|p| format!("{} {}", p.place.line, p.code)).collect();
    assert_eq!(codes, ["3 RC0310", "4 RC0310", "5 RC0310", "6 RC0301"]);
}
