//! A guest under `protect` survives every rule that can be written, whatever happens and whoever says yes.

use proptest::prelude::*;

use super::tests::{Place, key, list, map, real, rule, secs, set, text};
use super::*;
use crate::audit::{DiscrepancyChange, Kind};
use crate::rules::actions::Harm;
use crate::rules::{Node, Select};
use crate::types::Timestamp;

/// Any step that acts on guests or hosts, and those that lead to one.
fn any_step() -> impl Strategy<Value = Node> {
    let word = |words: &'static [&'static str]| prop::sample::select(words);
    let power = (
        word(&["off", "on", "suspend", "resume", "reset"]),
        word(&["observed-host", "recorded-host", "not-recorded-host", "newer", "both"]),
    );
    let step = prop_oneof![
        power.prop_map(|(what, which)| ("power", map(vec![("do", text(what)), ("which", text(which))]))),
        Just(("migrate", map(vec![("to", text("hv-0"))]))),
        Just(("script", map(vec![("program", text("/bin/poweroff")), ("arguments", text("{{guest.id}}"))]))),
        word(&["in", "out"]).prop_map(|what| ("set-maintenance", map(vec![("do", text(what))]))),
        Just(("ticket", map(vec![]))),
        Just(("recheck", map(vec![("look", text("hypervisor"))]))),
        Just(("wait", text("5s"))),
        Just(("approve", map(vec![("within", text("1m")), ("else", text("continue"))]))),
        Just(("call", text("z.called"))),
        Just((
            "wait-for",
            map(vec![("event", text("resolved")), ("within", text("30s")), ("else", text("continue"))])
        )),
    ];
    (step, word(&["end", "continue"]), any::<bool>()).prop_map(|((name, node), on_error, compensates)| {
        let off = || map(vec![("power", map(vec![("do", text("off"))]))]);
        match compensates {
            true => map(vec![(name, node), ("retry", text("1")), ("compensate", list(vec![off()]))]),
            false => map(vec![(name, node), ("retry", text("1")), ("on-error", text(on_error))]),
        }
    })
}

fn any_rules() -> impl Strategy<Value = Vec<Node>> {
    let steps = || prop::collection::vec(any_step(), 1..6);
    (steps(), steps(), prop::collection::vec(any_step_without_call(), 1..4)).prop_map(
        |(one, other, called)| {
            vec![
                rule("a.one", &Kind::ALL, "enforce", one),
                rule("a.other", &Kind::ALL, "enforce", other),
                rule("z.called", &[], "enforce", called),
            ]
        },
    )
}

fn any_step_without_call() -> impl Strategy<Value = Node> {
    let which = prop::sample::select(&["observed-host", "recorded-host", "newer", "both"][..]);
    which.prop_map(|which| map(vec![("power", map(vec![("do", text("off")), ("which", text(which))]))]))
}

/// What happens: the kind, the guest, what becomes of it, whether effects succeed, whether operators say yes.
fn any_happenings() -> impl Strategy<Value = Vec<(usize, usize, u8, bool, bool)>> {
    prop::collection::vec((0..Kind::ALL.len(), 0..4usize, 0..3u8, any::<bool>(), any::<bool>()), 1..24)
}

fn any_protection() -> impl Strategy<Value = Select> {
    prop_oneof![
        Just(Select { guests: vec!["g1".into()], ..Select::default() }),
        Just(Select { tags: vec!["t1".into()], ..Select::default() }),
        Just(Select { macs: vec!["52:54:00:00:00:01".parse().unwrap()], ..Select::default() }),
        Just(Select { hosts: vec!["hv-1".into()], ..Select::default() }),
    ]
}

proptest! {
    #[test]
    fn a_guest_under_protection_survives_every_rule(
        rules in any_rules(),
        happenings in any_happenings(),
        protect in any_protection(),
    ) {
        let mut place = Place::new(4);
        let mut flow = Workflow::new(WorkflowSettings { protect, ..real() }, set(rules));
        let mut now = secs(0);
        for (kind, guest, change, succeeds, yes) in happenings {
            now = now.after(core::time::Duration::from_secs(7));
            let change = match change {
                0 => DiscrepancyChange::Opened { since: now },
                1 => DiscrepancyChange::Confirmed,
                _ => DiscrepancyChange::Resolved,
            };
            let event = place.change(now, &key(Kind::ALL[kind], guest), change);
            flow.handle(now, Input::Audit(&event), &place);
            go_on(&mut flow, &place, now, succeeds, yes)?;
        }
        let end = now.after(core::time::Duration::from_secs(100_000));
        while let Some(at) = flow.next_deadline().filter(|at| *at <= end) {
            flow.handle(at, Input::Tick, &place);
            go_on(&mut flow, &place, at, true, true)?;
        }
    }
}

/// Answers whatever is asked, and sees that nothing is done to the protected guest.
fn go_on(
    flow: &mut Workflow,
    place: &Place,
    now: Timestamp,
    succeeds: bool,
    yes: bool,
) -> Result<(), TestCaseError> {
    for _ in 0..100 {
        let asked: Vec<RunId> =
            flow.runs().filter(|run| run.state == "waits for an answer").map(|run| run.run).collect();
        for run in asked {
            flow.handle(now, Input::Decision { run, by: "anybody", yes }, place);
        }
        let Some(event) = flow.poll() else { break };
        let WorkflowEvent::Effect(effect) = event else { continue };
        let subject = effect.key.as_ref().map(|key| key.subject.to_string());
        let is_protected = subject.as_deref() == Some("g1");
        prop_assert!(!(is_protected && effect.harm >= Harm::Disturbs), "{effect:?}");
        let outcome = if succeeds { Outcome::Done } else { Outcome::Failed("no".into()) };
        flow.handle(now, Input::Outcome { effect: &effect.id, outcome }, place);
    }
    Ok(())
}
