use core::time::Duration;

use super::operator::OperatorWord;
use super::selection::{GraceRule, MuteRule, Selection};
use super::settings::AuditSettings;
use super::testing::*;
use crate::presence::{FloodChange, FloodEvent, Pressure};
use crate::recorded::SourceSettings;
use crate::recorded::rows::ScheduledWorkRow;
use crate::types::{CapturePointId, Timestamp};

const STRANGER: &str = "unknown-guest:52:54:00:00:00:66";

fn place() -> Place {
    Place::new(settings(), inventory(&[("web", 1, "h1", "unknown"), ("old", 2, "h2", "off")]))
}

#[test]
fn what_an_operator_resolved_opens_again_if_it_persists() {
    let mut place = place();
    place.pass(5, |place| place.talk(0x66, 0));
    place.operate(OperatorWord::Resolve, STRANGER, None);
    assert!(place.known(STRANGER).resolution.as_deref() == Some("ada resolved it"));
    place.pass(29, |place| place.talk(0x66, 0));
    assert_eq!(place.open(), [""; 0]);
    place.pass(2, |place| place.talk(0x66, 0));
    assert_eq!(place.open(), [STRANGER]);
    let known = place.known(STRANGER);
    assert_eq!((known.episodes, known.opened_at), (2, at(35)));
    // What is gone in between and comes back is something new.
    place.operate(OperatorWord::Resolve, &known.key.id().to_string(), None);
    place.pass(21, |place| place.look());
    place.talk(0x66, 0);
    assert_eq!(place.open(), [STRANGER]);
    assert_eq!(place.known(STRANGER).episodes, 3);
}

#[test]
fn operators_confirm_acknowledge_and_mute() {
    let mut place = place();
    place.talk(0x66, 0);
    place.operate(OperatorWord::Confirm, STRANGER, None);
    place.operate(OperatorWord::Mute, STRANGER, Some(at(10)));
    assert_eq!(place.known(STRANGER).muted_until, Some(at(10)));
    place.operate(OperatorWord::Acknowledge, STRANGER, None);
    assert_eq!(place.known(STRANGER).acknowledged_by.as_deref(), Some("ada"));
    place.pass(12, |place| place.talk(0x66, 0));
    assert_eq!(place.known(STRANGER).muted_until, None);
    let life = place.life(STRANGER);
    let expected = [(0, "opened"), (0, "confirmed"), (0, "muted"), (0, "acknowledged"), (10, "unmuted")];
    assert_eq!(life[..5], expected);
    place.operate(OperatorWord::Mute, STRANGER, None);
    assert_eq!(place.known(STRANGER).muted_until, Some(Timestamp::MAX));
    place.operate(OperatorWord::Unmute, STRANGER, None);
    assert_eq!(place.known(STRANGER).muted_until, None);
    place.operate(OperatorWord::Unmute, "nothing-of-the-kind", None);
    assert_eq!(place.audit.counters().unmatched_operations, 1);
}

#[test]
fn further_evidence_is_told_now_and_then() {
    let mut place = place();
    place.pass(34, |place| place.talk(0x66, 0));
    let updates: Vec<i64> =
        place.life(STRANGER).into_iter().filter(|(_, word)| *word == "updated").map(|(at, _)| at).collect();
    // It is confirmed in the first second, and told again every ten.
    assert_eq!(updates, [11, 21, 31]);
}

#[test]
fn what_comes_and_goes_is_one_discrepancy_until_it_is_quiet() {
    let mut place = place();
    let flapping = format!("flapping:{STRANGER}");
    for turn in 0..5 {
        place.talk(0x66, 0);
        place.pass(22, |place| place.look());
        assert_eq!(place.open().contains(&flapping), turn >= 3, "{turn} {:?}", place.open());
    }
    assert_eq!(place.known(STRANGER).episodes, 3);
    let opened = place.life(STRANGER).into_iter().filter(|(_, word)| *word == "opened").count();
    assert_eq!(opened, 3);
    let (known, ledger) = (place.known(&flapping), &place.ledger);
    assert!(place.audit.statement(known, ledger).observed.starts_with("opened 5 times"));
    // It comes once more and stays; an hour later that is told for what it is.
    let came = place.now;
    place.pass(3_602, |place| {
        place.look();
        place.talk(0x66, 0);
    });
    assert_eq!(place.open(), [STRANGER]);
    assert_eq!(place.known(&flapping).resolved_at, Some(at(came + 3_600)));
}

#[test]
fn a_capture_point_that_sees_nothing_any_more_is_told_and_vouches_for_nobody() {
    let mut place = place();
    place.pass(40, |place| place.talk(1, 0));
    place.pass(40, |_| {});
    assert_eq!(place.open(), ["blind-capture-point:tor:1"], "the other has never seen anything");
    assert_eq!(place.known("blind-capture-point:tor:1").since, at(39));
    place.talk(3, 0);
    assert!(!place.open().contains(&"blind-capture-point:tor:1".to_owned()));
}

#[test]
fn a_flood_is_one_discrepancy_of_its_capture_point() {
    let mut place = place();
    place.look();
    let pressure = Pressure { evictions: 7, refusals: 9 };
    let event = |change| FloodEvent { at: at(0), capture_point: CapturePointId(1), change };
    place.audit.flood(&event(FloodChange::Began { pressure }), &place.ledger);
    assert_eq!(place.open(), ["mac-flood:tor:2"]);
    let known = place.known("mac-flood:tor:2");
    assert!(place.audit.statement(known, &place.ledger).observed.starts_with("7 evictions and 9 refusals"));
    place.audit.flood(&event(FloodChange::Ended { pressure }), &place.ledger);
    assert_eq!(place.open(), [""; 0]);
}

#[test]
fn sources_that_contradict_each_other_are_named_and_the_one_that_counts_more_counts() {
    let source = |name: &str, precedence| SourceSettings { precedence, ..named(name) };
    let snapshot = inventory_of(
        &[
            (source("one", 1), vec![("web", 1, "h1", "running"), ("db", 2, "h2", "running")]),
            (source("two", 5), vec![("web", 1, "h2", "running"), ("db", 2, "h2", "running")]),
        ],
        &[],
    );
    let mut place = Place::new(settings(), snapshot);
    place.pass(3, |place| {
        place.talk(1, 1);
        place.talk(2, 1);
    });
    // By the source that counts it is in place.
    assert_eq!(place.open(), ["record-conflict:web"]);
    let known = place.known("record-conflict:web");
    assert_eq!(known.opened_at, at(0));
    assert_eq!(place.audit.statement(known, &place.ledger).recorded, "host h2 by two, h1 by one");
    place.record(inventory(&[("web", 1, "h2", "running"), ("db", 2, "h2", "running")]));
    assert_eq!(place.open(), [""; 0]);
}

#[test]
fn twins_that_both_should_communicate_are_a_conflict_and_one_that_is_off_is_none() {
    let mut place = Place::new(settings(), inventory(&[("a", 1, "h1", "running"), ("b", 1, "h1", "off")]));
    place.pass(2, |place| place.talk(1, 0));
    assert_eq!(place.open(), [""; 0]);
    place.record(inventory(&[("a", 1, "h1", "running"), ("b", 1, "h1", "running")]));
    assert_eq!(place.open(), ["record-conflict:a"]);
    place.record(inventory(&[("a", 1, "h1", "off"), ("b", 1, "h1", "running")]));
    assert_eq!(place.open(), [""; 0]);
}

#[test]
fn what_rests_on_a_stale_source_is_held_back() {
    let stale = SourceSettings { stale_after: Some(Duration::from_secs(30)), ..named("cmdb") };
    let snapshot = || inventory_of(&[(stale.clone(), vec![("web", 1, "h1", "running")])], &[]);
    let mut place = Place::new(settings(), snapshot());
    place.record(snapshot());
    place.pass(31, |place| place.talk(1, 0));
    assert_eq!(place.open(), ["stale-source:cmdb"]);
    assert_eq!(place.known("stale-source:cmdb").opened_at, at(30));
    place.pass(60, |place| {
        place.look();
        place.talk(0x66, 0);
    });
    assert_eq!(place.open(), ["stale-source:cmdb"]);
    // As soon as it is heard again, everything is told.
    place.record(snapshot());
    assert_eq!(place.open(), ["silent-guest:web", STRANGER]);
}

#[test]
fn a_source_that_lost_most_of_its_guests_is_not_believed() {
    const IDS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let some = |count: u8| {
        let rows: Vec<Row> =
            IDS.into_iter().zip(1..=count).map(|(id, last)| (id, last, "h1", "off")).collect();
        inventory(&rows)
    };
    let mut place = Place::new(settings(), some(12));
    place.tick();
    place.record(some(6));
    assert_eq!(place.audit.snapshot().guests().len(), 6, "half may go");
    let mut place = Place::new(settings(), some(12));
    place.tick();
    place.record(some(5));
    assert_eq!(place.open(), ["stale-source:all"]);
    assert_eq!(place.audit.snapshot().guests().len(), 12);
    let known = place.known("stale-source:all");
    assert_eq!(place.audit.statement(known, &place.ledger).observed, "5 guests");
    place.operate(OperatorWord::Accept, "stale-source:all", None);
    assert_eq!((place.open(), place.audit.snapshot().guests().len()), (Vec::new(), 5));
    place.record(some(0));
    assert_eq!(place.audit.snapshot().guests().len(), 0, "of fewer than ten all may go");
}

#[test]
fn who_is_there_while_a_capture_point_learns_is_no_stranger_until_somebody_says_so() {
    let mut place = Place::learn(settings(), inventory(&[("web", 1, "h1", "off")]), Duration::from_secs(10));
    place.pass(5, |place| place.talk(0x66, 0));
    assert_eq!(place.open(), [""; 0]);
    assert_eq!(place.audit.learned().stations().count(), 1);
    place.operate(OperatorWord::Reject, "52:54:00:00:00:66", None);
    assert_eq!(place.open(), [STRANGER]);
    place.operate(OperatorWord::Accept, STRANGER, None);
    assert_eq!(place.open(), [""; 0]);
    place.pass(10, |place| place.talk(0x66, 0));
    place.talk(0x67, 0);
    assert_eq!(place.open(), ["unknown-guest:52:54:00:00:00:67"]);
}

#[test]
fn what_was_learned_is_forgotten_when_it_is_away_for_long() {
    let settings = AuditSettings { learned_expiry: Duration::from_secs(60), ..settings() };
    let mut place = Place::learn(settings, inventory(&[("web", 1, "h1", "off")]), Duration::from_secs(10));
    place.talk(0x66, 0);
    place.pass(61, |place| place.look());
    place.talk(0x66, 0);
    assert_eq!(place.open(), [STRANGER]);
}

#[test]
fn a_guest_that_is_taken_out_of_the_records_is_unknown_only_if_it_speaks_after_that() {
    let mut place = place();
    place.pass(3, |place| place.talk(1, 0));
    place.record(inventory(&[("old", 2, "h2", "off")]));
    place.pass(5, |place| place.look());
    assert_eq!(place.open(), [""; 0]);
    place.talk(1, 0);
    assert_eq!(place.open(), ["unknown-guest:52:54:00:00:00:01"]);
    assert_eq!(place.known("unknown-guest:52:54:00:00:00:01").since, at(3));
}

#[test]
fn graces_exclusions_and_muting_go_by_selection() {
    let of = |id: &str| Selection { guests: vec![id.into()], ..Selection::default() };
    let rule = GraceRule {
        selection: of("o*"),
        zombie_grace: Some(Duration::from_secs(15)),
        ..GraceRule::default()
    };
    let mute = MuteRule { selection: of("old"), kinds: Vec::new(), until: Some(at(40)) };
    let settings =
        AuditSettings { graces: vec![rule], exclude: vec![of("bak")], mute: vec![mute], ..settings() };
    let rows = |state| [("web", 1, "h1", state), ("old", 2, "h1", state), ("bak", 3, "h1", state)];
    let mut place = Place::new(settings, inventory(&rows("running")));
    let talk = |place: &mut Place| (1..=3).for_each(|last| place.talk(last, 0));
    place.pass(2, talk);
    place.record(inventory(&rows("off")));
    place.pass(10, talk);
    assert_eq!(place.open(), ["zombie-guest:web"]);
    place.pass(10, talk);
    assert_eq!(place.open(), ["zombie-guest:old", "zombie-guest:web"]);
    assert_eq!(place.known("zombie-guest:old").muted_until, Some(at(40)));
    assert_eq!(place.known("zombie-guest:old").opened_at, at(17));
    place.pass(20, talk);
    assert!(place.life("zombie-guest:old").contains(&(40, "unmuted")));
}

#[test]
fn scheduled_work_is_attached_while_it_is_done() {
    let time = |secs| Some(text(&at(secs).to_string()));
    let work = ScheduledWorkRow {
        reference: Some(text("CHG-1")),
        hosts: vec![text("h1")],
        from: time(0),
        to: time(30),
        ..ScheduledWorkRow::default()
    };
    let guests = vec![("web", 1, "h1", "off"), ("db", 2, "h2", "off")];
    let mut place = Place::new(settings(), inventory_of(&[(named("all"), guests)], &[work]));
    let talk = |place: &mut Place| (1..=2).for_each(|last| place.talk(last, u16::from(last) - 1));
    place.pass(2, talk);
    assert_eq!(place.known("zombie-guest:web").work, ["CHG-1".into()]);
    assert_eq!(place.known("zombie-guest:db").work.len(), 0);
    place.pass(35, talk);
    assert_eq!(place.known("zombie-guest:web").work.len(), 0);
}
