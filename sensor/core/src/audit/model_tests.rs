//! The audit, which judges whom an event concerns, against a judgement of everybody at every tick.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::discrepancy::{Key, Subject};
use super::operator::OperatorWord;
use super::testing::*;
use crate::types::{StationId, Timestamp};

const STATES: [&str; 4] = ["running", "off", "migrating", "unknown"];
const HOSTS: [&str; 2] = ["h1", "h2"];
const IDS: [&str; 3] = ["a", "b", "c"];
const PORTS: [&str; 3] = ["1", "2", "9"];

#[derive(Clone, Debug)]
enum Step {
    Talk(u8, u16),
    Look,
    Wait(i64),
    Record(Vec<(usize, u8, usize, usize)>),
    Poll(Option<Vec<(u8, usize)>>),
    Operate(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let guest = (0usize..3, 1u8..4, 0usize..2, 0usize..4);
    let step = prop_oneof![
        6 => (1u8..6, 0u16..2).prop_map(|(last, point)| Step::Talk(last, point)),
        6 => Just(Step::Look),
        3 => (1i64..25).prop_map(Step::Wait),
        2 => prop::collection::vec(guest, 0..4).prop_map(Step::Record),
        3 => prop::option::weighted(0.8, prop::collection::vec((1u8..6, 0usize..3), 0..5)).prop_map(Step::Poll),
        1 => (0usize..5, 0usize..4).prop_map(|(word, which)| Step::Operate(word, which)),
    ];
    prop::collection::vec(step, 1..120)
}

fn rows(guests: &[(usize, u8, usize, usize)]) -> Vec<Row> {
    let mut rows: Vec<Row> =
        guests.iter().map(|&(id, last, host, state)| (IDS[id], last, HOSTS[host], STATES[state])).collect();
    rows.sort_unstable();
    rows.dedup_by_key(|row| row.0);
    rows
}

/// Judges everybody, and requires that what counts now is open, and nothing else.
fn check(place: &mut Place) -> Result<(), TestCaseError> {
    let now = at(place.now);
    let snapshot = place.audit.snapshot().clone();
    let mut subjects: BTreeSet<Subject> = place.subjects().into_iter().collect();
    subjects.extend(snapshot.guests().iter().map(|guest| Subject::Guest(guest.id.clone())));
    let is_guest =
        |station: &StationId| matches!(station, StationId::Mac(mac) if snapshot.guest_by_mac(*mac).is_some());
    subjects.extend(place.ledger.present().filter(|station| !is_guest(station)).map(Subject::Station));
    for subject in subjects {
        if !matches!(subject, Subject::Guest(_) | Subject::Station(_)) {
            continue;
        }
        let findings = place.audit.findings(&subject, now, &place.ledger);
        for kind in super::Kind::ALL {
            let key = Key { kind, subject: subject.clone() };
            let finding = findings.iter().find(|finding| finding.kind == kind);
            let known = place.audit.discrepancies().find(|known| known.key == key);
            let is_open = known.is_some_and(|known| known.is_open());
            let is_held =
                known.is_some_and(|known| known.stays_resolved_until.is_some_and(|until| now < until));
            // What flaps is told as that, unless an operator resolved the flapping for a while.
            let flapping = Subject::Difference(Box::new(key.clone()));
            let is_flapping = place.audit.discrepancies().any(|known| {
                known.key.subject == flapping
                    && (known.is_open() || known.stays_resolved_until.is_some_and(|until| now < until))
            });
            match finding {
                None => prop_assert!(!is_open, "{key} is open at {} without a reason", place.now),
                Some(finding) if finding.due == Timestamp::MAX || finding.due > now => {}
                Some(finding) => prop_assert!(
                    is_open || is_held || is_flapping,
                    "{key} is not open at {}: {finding:?} {known:?} {:?}",
                    place.now,
                    place.life(&key.to_string())
                ),
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_counts_is_open_at_every_tick_and_nothing_else(steps in steps()) {
        let first = inventory(&[("a", 1, "h1", "running"), ("b", 2, "h2", "running"), ("c", 3, "h1", "off")]);
        let mut place = Place::new(settings(), first);
        for step in steps {
            match step {
                Step::Talk(last, point) => place.talk(last, point),
                Step::Look => place.look(),
                Step::Wait(secs) => {
                    for _ in 0..secs {
                        place.tick();
                        check(&mut place)?;
                    }
                }
                Step::Record(guests) => place.record(inventory(&rows(&guests))),
                Step::Poll(table) => {
                    let table: Option<Vec<(u8, &str)>> =
                        table.map(|rows| rows.into_iter().map(|(last, port)| (last, PORTS[port])).collect());
                    place.poll(table.as_deref());
                }
                Step::Operate(word, which) => {
                    let target = place.open().get(which).cloned().unwrap_or_default();
                    let word = [
                        OperatorWord::Acknowledge,
                        OperatorWord::Resolve,
                        OperatorWord::Mute,
                        OperatorWord::Accept,
                        OperatorWord::Reject,
                    ][word];
                    place.operate(word, &target, Some(at(place.now + 20)));
                }
            }
            place.tick();
            check(&mut place)?;
        }
    }
}
