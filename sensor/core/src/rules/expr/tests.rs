use proptest::prelude::*;

use super::*;
use crate::types::Timestamp;

/// A guest tagged `web` and `blue` on hv-01, without an owner.
struct Sample;

impl Values for Sample {
    fn field(&self, field: Field) -> Option<Value> {
        match field {
            Field::Kind => Some(Value::text("zombie-guest")),
            Field::GuestHost => Some(Value::text("hv-01")),
            Field::GuestTags => Some(Value::texts(["web", "blue"])),
            Field::Evidence => Some(Value::Int(3)),
            // A Friday.
            Field::Now => Some(Value::Time(Timestamp::from_secs_nanos(1_795_168_805, 0))),
            _ => None,
        }
    }

    fn variable(&self, index: u16) -> Option<Value> {
        (index == 0).then_some(Value::Int(7))
    }
}

fn names() -> Names {
    let mut names = Names::default();
    assert_eq!(names.declare("tries", Type::Int), Ok(0));
    names
}

fn value(text: &str) -> String {
    let checked = compile(text, &names()).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
    checked.value(&Sample).map_or_else(|error| error.to_string(), |value| value.to_string())
}

#[test]
fn expressions_mean_what_they_mean_in_cel() {
    for (text, expected) in [
        ("1 + 2 * 3 - 4 / 2", "5"),
        ("-7 / 2", "-3"),
        ("-7 % 3", "-1"),
        ("(1 + 2) * 3 == 9 && !false", "true"),
        ("guest.host + \"-\" + string(discrepancy.evidence)", "hv-01-3"),
        ("\"web\" in guest.tags", "true"),
        ("discrepancy.kind in [\"silent-guest\", \"zombie-guest\"]", "true"),
        ("guest.tags.exists(t, t.startsWith(\"bl\"))", "true"),
        ("guest.tags.all(t, t == \"web\")", "false"),
        ("guest.tags.exists(t, guest.tags.exists(u, u != t && u == \"blue\"))", "true"),
        ("size(guest.tags) == guest.tags.size() && guest.tags[1] == \"blue\"", "true"),
        ("has(guest.owner)", "false"),
        ("guest.owner == \"\"", "true"),
        ("has(guest.host) ? guest.host : \"none\"", "hv-01"),
        ("now.getHours()", "10"),
        ("now.getMinutes()", "0"),
        ("now.getDayOfWeek()", "5"),
        ("now.getDayOfMonth()", "19"),
        ("now.getMonth()", "10"),
        ("now.getFullYear()", "2026"),
        ("now - timestamp(\"2026-11-20T09:59:00Z\") > duration(\"1m\")", "true"),
        ("now + duration(\"1h\") < timestamp(\"2026-11-20T11:00:06Z\")", "true"),
        ("duration(\"90m\").getHours()", "1"),
        ("duration(\"90m\") - duration(\"2h\")", "-30m"),
        ("vars.tries > 5", "true"),
        ("\"a\\n\\\"b\".contains(\"\\\"\")", "true"),
        ("'it''s'.size()", ""),
    ] {
        if expected.is_empty() {
            assert!(compile(text, &names()).is_err(), "{text}");
        } else {
            assert_eq!(value(text), expected, "{text}");
        }
    }
}

#[test]
fn a_side_that_decides_absorbs_the_error_of_the_other() {
    for (text, expected) in [
        ("1 / 0 == 1", "division by zero"),
        ("false && 1 / 0 == 1", "false"),
        ("1 / 0 == 1 && false", "false"),
        ("1 / 0 == 1 || true", "true"),
        ("1 / 0 == 1 || false", "division by zero"),
        ("guest.tags.exists(t, 1 / 0 == 1 || t == \"blue\")", "true"),
        ("guest.tags[5] == \"\"", "a list has no item of that number"),
        ("9223372036854775807 + 1 == 0", "a number is out of range"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_remedy() {
    let check = |text: &str, expected: &[(&str, usize, &str)]| {
        let faults = compile(text, &names()).expect_err(text);
        let found: Vec<(&str, usize)> = faults.iter().map(|fault| (fault.code, fault.at)).collect();
        let wanted: Vec<(&str, usize)> = expected.iter().map(|(code, at, _)| (*code, *at)).collect();
        assert_eq!(found, wanted, "{text}: {faults:?}");
        for (fault, (.., word)) in faults.iter().zip(expected) {
            let told = format!("{} | {}", fault.message, fault.help);
            assert!(told.contains(word), "{text}: {told}");
        }
    };
    check("guest.ownr == \"x\"", &[("RC0413", 0, "did you mean `guest.owner`?")]);
    check(
        "true && gest.name == \"x\" && guest.nam == \"y\"",
        &[("RC0413", 8, "guest.name"), ("RC0413", 28, "guest.name")],
    );
    check("discrepancy.kind == \"zombi-guest\"", &[("RC0415", 20, "did you mean \"zombie-guest\"?")]);
    check("discrepancy.evidence == \"3\"", &[("RC0414", 21, "cannot compare int with string")]);
    check("guest.name.matches(\"x\")", &[("RC0411", 11, "`matches`")]);
    check("guest.name.startWith(\"x\")", &[("RC0416", 11, "did you mean `startsWith`?")]);
    check("guest.name = \"x\"", &[("RC0410", 11, "write `==`")]);
    check("(1 + 2", &[("RC0410", 6, "expected `)`")]);
    check("1.5 < 2", &[("RC0411", 0, "numbers with a point")]);
    check("vars.trie > 1", &[("RC0413", 0, "did you mean `vars.tries`?")]);
    check("\"open", &[("RC0410", 0, "no end")]);
    check("5m > 1", &[("RC0410", 0, "duration(\"5m\")")]);
}

#[test]
fn expressions_are_bounded() {
    let deep = format!("{}1{} == 1", "(".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
    assert_eq!(compile(&deep, &names()).expect_err("it nests")[0].code, "RC0412");
    let long = format!("1{}", " + 1".repeat(NODES_MAX));
    assert_eq!(compile(&long, &names()).expect_err("it is long")[0].code, "RC0412");
    let text = format!("\"{}\" == \"\"", "a".repeat(EXPRESSION_OCTETS_MAX));
    assert_eq!(compile(&text, &names()).expect_err("it is large")[0].code, "RC0412");
    let nots = "!".repeat(EXPRESSION_OCTETS_MAX - 4) + "true";
    assert_eq!(compile(&nots, &names()).expect_err("it nests")[0].code, "RC0412");
}

proptest! {
    #[test]
    fn any_text_ends_in_a_value_or_in_faults_inside_it(
        text in "(guest|host|discrepancy|now|vars|\\.name|\\.tags|\\.kind|size|has|exists|t|in|true|1|\"a\"|&&|\\|\\||==|<|\\+|-|!|\\(|\\)|\\[|\\]|,|\\?|:|\\.| |\u{e9}){0,24}"
    ) {
        match compile(&text, &names()) {
            Ok(checked) => drop(checked.value(&Sample)),
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                for fault in faults {
                    prop_assert!(fault.at <= text.len() && text.is_char_boundary(fault.at));
                }
            }
        }
    }
}
