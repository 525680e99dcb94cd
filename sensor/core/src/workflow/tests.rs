use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::audit::{AuditEvent, DiscrepancyChange, DiscrepancyState, Key, Kind, Statement, Subject};
use crate::recorded::rows::{AttachmentRow, GuestRow, HostRow, Text};
use crate::recorded::{Guest, Position, Snapshot, SnapshotBuilder};
use crate::rules::actions::Action;
use crate::rules::{Content, Entry, Mode, Node, Origin, RuleSet, RuleSetBuilder};
use crate::types::Timestamp;

/// Guests `g0`, `g1`, … on two hosts in turn, of whom all that are told are open.
pub(super) struct Place {
    snapshot: Snapshot,
    known: BTreeMap<Key, (DiscrepancyState, Timestamp)>,
    hosts: Vec<Box<str>>,
}

impl Place {
    pub(super) fn new(guests: usize) -> Self {
        let at = Position::default();
        let text = |value: String| Some(Text::new(value, at));
        let mut builder = SnapshotBuilder::new();
        builder.source("test");
        for host in 0..2 {
            let attachments =
                vec![AttachmentRow { at, switch: text("tor".into()), port: text(format!("e{host}")) }];
            builder.host(HostRow { id: text(format!("hv-{host}")), attachments, ..HostRow::default() });
        }
        for guest in 0..guests {
            builder.guest(GuestRow {
                id: text(format!("g{guest}")),
                macs: text(format!("52:54:00:00:{:02x}:{:02x}", guest / 256, guest % 256))
                    .into_iter()
                    .collect(),
                host: text(format!("hv-{}", guest % 2)),
                tags: text(format!("t{}", guest % 3)).into_iter().collect(),
                ..GuestRow::default()
            });
        }
        Self {
            snapshot: builder.finish().snapshot,
            known: BTreeMap::new(),
            hosts: vec!["hv-1".into(), "hv-0".into()],
        }
    }

    pub(super) fn change(&mut self, at: Timestamp, key: &Key, change: DiscrepancyChange) -> AuditEvent {
        let state = match change {
            DiscrepancyChange::Opened { .. } => DiscrepancyState::Open,
            DiscrepancyChange::Resolved => DiscrepancyState::Resolved,
            _ => DiscrepancyState::Confirmed,
        };
        let opened_at =
            self.known.get(key).filter(|_| state != DiscrepancyState::Open).map_or(at, |known| known.1);
        self.known.insert(key.clone(), (state, opened_at));
        AuditEvent { at, key: key.clone(), change }
    }
}

impl World for Place {
    fn standing(&self, key: &Key) -> Option<Standing<'_>> {
        self.known.get(key).map(|&(state, opened_at)| Standing {
            state,
            since: opened_at,
            opened_at,
            last_seen_at: opened_at,
            episodes: 1,
            count: 1,
            path: &[],
        })
    }

    fn statement(&self, key: &Key) -> Option<Statement> {
        Some(Statement { explanation: key.to_string(), ..Statement::default() })
    }

    fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    fn hosts_of(&self, _: &Key) -> Vec<Box<str>> {
        self.hosts.clone()
    }

    fn is_present(&self, _: &Guest) -> bool {
        false
    }
}

pub(super) fn secs(secs: i64) -> Timestamp {
    Timestamp::from_secs_nanos(secs, 0)
}

pub(super) fn key(kind: Kind, guest: usize) -> Key {
    Key { kind, subject: Subject::Guest(format!("g{guest}").into()) }
}

pub(super) fn text(value: &str) -> Node {
    Node { at: Origin::default(), content: Content::Text(value.to_owned()) }
}

pub(super) fn list(items: Vec<Node>) -> Node {
    Node { at: Origin::default(), content: Content::List(items) }
}

pub(super) fn map(entries: Vec<(&str, Node)>) -> Node {
    let at = Origin::default();
    let entries = entries.into_iter().map(|(key, node)| Entry { at, key: key.to_owned(), node });
    Node { at, content: Content::Map(entries.collect()) }
}

pub(super) fn rule(id: &str, kinds: &[Kind], mode: &str, steps: Vec<Node>) -> Node {
    let kinds = list(kinds.iter().map(|kind| text(kind.as_str())).collect());
    map(vec![
        ("id", text(id)),
        ("description", text("A test.")),
        ("trigger", map(vec![("kinds", kinds)])),
        ("mode", text(mode)),
        ("steps", list(steps)),
    ])
}

pub(super) fn set(rules: Vec<Node>) -> Arc<RuleSet> {
    let mut builder = RuleSetBuilder::default();
    builder.add(Some(list(rules)));
    let (set, diagnostics) = builder.finish();
    assert_eq!(diagnostics, []);
    Arc::new(set)
}

pub(super) fn real() -> WorkflowSettings {
    WorkflowSettings { performing: Performing::Real, harm: Mode::Enforce, ..WorkflowSettings::default() }
}

fn power_off() -> Node {
    map(vec![("power", map(vec![("do", text("off"))]))])
}

fn ticket() -> Node {
    map(vec![("ticket", map(vec![]))])
}

fn effects(flow: &mut Workflow) -> Vec<Effect> {
    let events = core::iter::from_fn(|| flow.poll());
    events
        .filter_map(|event| if let WorkflowEvent::Effect(effect) = event { Some(*effect) } else { None })
        .collect()
}

fn open(flow: &mut Workflow, place: &mut Place, at: i64, key: &Key) {
    let event = place.change(secs(at), key, DiscrepancyChange::Opened { since: secs(at) });
    flow.handle(secs(at), Input::Audit(&event), place);
}

fn tick_until(flow: &mut Workflow, place: &Place, end: i64) {
    while let Some(at) = flow.next_deadline().filter(|at| *at <= secs(end)) {
        flow.handle(at, Input::Tick, place);
    }
}

const ZOMBIE: Kind = Kind::ZombieGuest;

/// A broken inventory looks like a thousand zombies: the breaker opens before anybody is touched, and one post says so.
#[test]
fn a_thousand_zombies_at_once_power_nobody_off() {
    let mut place = Place::new(1_000);
    let rules = set(vec![rule("a.b", &[ZOMBIE], "enforce", vec![power_off()])]);
    let mut flow = Workflow::new(real(), rules);
    for guest in 0..1_000 {
        open(&mut flow, &mut place, 100, &key(ZOMBIE, guest));
    }
    tick_until(&mut flow, &place, 100_000);
    let effects = effects(&mut flow);
    let [post] = &effects[..] else { panic!("one effect: {} of them", effects.len()) };
    assert_eq!((post.action, &*post.target), (Action::Post, "administrators"));
    assert!(post.arguments.iter().any(|(_, value)| value.to_string().contains("zombie-guest")));
    // Nobody answered in time.
    assert_eq!(flow.runs().count(), 0);
}

/// Before it is a storm it is none: a lone zombie is powered off, after the time in which a storm would have shown.
#[test]
fn a_lone_zombie_is_powered_off_where_everything_allows_it() {
    let mut place = Place::new(1);
    let rules = set(vec![rule("a.b", &[ZOMBIE], "enforce", vec![power_off()])]);
    let mut flow = Workflow::new(real(), rules);
    open(&mut flow, &mut place, 100, &key(ZOMBIE, 0));
    assert_eq!(effects(&mut flow), []);
    tick_until(&mut flow, &place, 110);
    let found = effects(&mut flow);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].action, found[0].performed, found[0].at),
        (Action::Power, Performed::Yes, secs(110))
    );
    assert_eq!(&*found[0].target, "g0 on hv-1");
    let id = found[0].id.clone();
    flow.handle(secs(111), Input::Outcome { effect: &id, outcome: Outcome::Done }, &place);
    assert_eq!(flow.runs().count(), 0);
    // An outcome that comes twice finds nothing.
    flow.handle(secs(112), Input::Outcome { effect: &id, outcome: Outcome::Done }, &place);
    assert_eq!(flow.counters().unexpected, 1);
}

#[test]
fn in_dry_run_everything_is_told_and_nothing_asked() {
    let mut place = Place::new(1);
    let rules = set(vec![rule("a.b", &[ZOMBIE], "dry-run", vec![ticket(), power_off()])]);
    let mut flow = Workflow::new(real(), rules);
    open(&mut flow, &mut place, 0, &key(ZOMBIE, 0));
    tick_until(&mut flow, &place, 100);
    let found: Vec<Performed> = effects(&mut flow).iter().map(|effect| effect.performed).collect();
    assert_eq!(found, [Performed::DryRun, Performed::DryRun]);
}

/// One idempotency key for all attempts at a step, and each attempt later than the one before.
#[test]
fn attempts_share_their_key_and_wait_longer_each_time() {
    let mut place = Place::new(1);
    let mut step = ticket();
    if let Content::Map(entries) = &mut step.content {
        let retry = map(vec![("count", text("3")), ("back-off", text("10s"))]);
        entries.push(Entry { at: Origin::default(), key: "retry".to_owned(), node: retry });
    }
    let mut flow = Workflow::new(real(), set(vec![rule("a.b", &[ZOMBIE], "enforce", vec![step])]));
    open(&mut flow, &mut place, 0, &key(ZOMBIE, 0));
    let (mut ids, mut times) = (Vec::new(), Vec::new());
    while let [effect] = &effects(&mut flow)[..] {
        ids.push(effect.id.clone());
        times.push(effect.at);
        let outcome = Outcome::Failed("no".into());
        flow.handle(effect.at, Input::Outcome { effect: &effect.id, outcome }, &place);
        if let Some(at) = flow.next_deadline() {
            flow.handle(at, Input::Tick, &place);
        }
    }
    assert_eq!(times.len(), 4);
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let waits: Vec<Duration> = times.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    assert!(
        waits[0] >= Duration::from_secs(10) && waits.windows(2).all(|pair| pair[1] >= pair[0] * 2),
        "{waits:?}"
    );
    assert_eq!(flow.runs().count(), 0);
}

#[test]
fn one_guest_has_one_effect_that_may_do_harm_at_a_time() {
    let mut place = Place::new(1);
    let rules = ["a.a", "a.b"].map(|id| rule(id, &[ZOMBIE], "enforce", vec![power_off()]));
    let mut flow = Workflow::new(real(), set(rules.into()));
    open(&mut flow, &mut place, 0, &key(ZOMBIE, 0));
    tick_until(&mut flow, &place, 20);
    let first = effects(&mut flow);
    assert_eq!(first.len(), 1);
    flow.handle(secs(21), Input::Outcome { effect: &first[0].id, outcome: Outcome::Done }, &place);
    let second = effects(&mut flow);
    assert_eq!(second.len(), 1);
    assert_ne!(first[0].rule, second[0].rule);
}

#[test]
fn a_rule_does_no_more_on_a_host_than_it_may() {
    let mut place = Place::new(8);
    let rules = set(vec![rule("a.b", &[ZOMBIE], "enforce", vec![power_off()])]);
    let mut flow = Workflow::new(real(), rules);
    for guest in 0..4 {
        // Those of an even number are recorded on hv-0 and seen on hv-1.
        open(&mut flow, &mut place, 100 * i64::try_from(guest).unwrap(), &key(ZOMBIE, 2 * guest));
        tick_until(&mut flow, &place, 100 * i64::try_from(guest).unwrap() + 50);
        for effect in effects(&mut flow) {
            let at = secs(effect.at.as_secs());
            flow.handle(at, Input::Outcome { effect: &effect.id, outcome: Outcome::Done }, &place);
        }
    }
    // On hv-1 a rule may act twice in an hour.
    let counters = flow.counters();
    assert_eq!((counters.effects, counters.effects_refused), (2, 2));
}

/// A rule that changed meanwhile lets old runs finish under the old text.
#[test]
fn a_run_finishes_under_the_rule_that_it_began_with() {
    let mut place = Place::new(1);
    let wait = || map(vec![("wait", text("1h"))]);
    let mut flow =
        Workflow::new(real(), set(vec![rule("a.b", &[ZOMBIE], "enforce", vec![wait(), ticket()])]));
    open(&mut flow, &mut place, 0, &key(ZOMBIE, 0));
    let before = flow.runs().next().unwrap().rule.version;
    flow.replace_rules(set(vec![rule("a.b", &[ZOMBIE], "enforce", vec![wait(), power_off()])]));
    tick_until(&mut flow, &place, 4_000);
    let found = effects(&mut flow);
    assert_eq!((found.len(), found[0].action, found[0].version), (1, Action::Ticket, before));
}

#[test]
fn what_is_over_is_not_acted_upon() {
    let mut place = Place::new(1);
    let rules = set(vec![rule("a.b", &[ZOMBIE], "enforce", vec![power_off()])]);
    let mut flow = Workflow::new(real(), rules);
    open(&mut flow, &mut place, 0, &key(ZOMBIE, 0));
    let event = place.change(secs(5), &key(ZOMBIE, 0), DiscrepancyChange::Resolved);
    flow.handle(secs(5), Input::Audit(&event), &place);
    tick_until(&mut flow, &place, 100);
    assert_eq!(effects(&mut flow), []);
    assert_eq!(flow.runs().count(), 0);
}

#[test]
fn runs_are_bounded_and_those_beyond_are_counted() {
    let mut place = Place::new(20);
    let rules = set(vec![rule("a.b", &[ZOMBIE], "enforce", vec![map(vec![("wait", text("1h"))])])]);
    let mut flow = Workflow::new(WorkflowSettings { runs_max: 15, ..real() }, rules);
    for guest in 0..20 {
        open(&mut flow, &mut place, 0, &key(ZOMBIE, guest));
    }
    assert_eq!((flow.runs().count(), flow.counters().refused), (15, 5));
}

/// A failed step leads to its compensation, whose end is the run's.
#[test]
fn a_failed_step_is_compensated() {
    let mut place = Place::new(1);
    let mut step = ticket();
    if let Content::Map(entries) = &mut step.content {
        let post = map(vec![("post", map(vec![("title", text("{{run.error}}"))]))]);
        let node = list(vec![post]);
        entries.push(Entry { at: Origin::default(), key: "compensate".to_owned(), node });
    }
    let rules = set(vec![rule("a.b", &[ZOMBIE], "enforce", vec![step, power_off()])]);
    let mut flow = Workflow::new(real(), rules);
    open(&mut flow, &mut place, 0, &key(ZOMBIE, 0));
    let opened = effects(&mut flow);
    let outcome = Outcome::Failed("no room".into());
    flow.handle(secs(1), Input::Outcome { effect: &opened[0].id, outcome }, &place);
    let [post] = &effects(&mut flow)[..] else { panic!("one effect") };
    assert!(post.action == Action::Post && post.arguments.iter().any(|(_, v)| v.to_string() == "no room"));
    flow.handle(secs(2), Input::Outcome { effect: &post.id, outcome: Outcome::Done }, &place);
    assert_eq!(flow.runs().count(), 0);
    assert_eq!(effects(&mut flow), []);
}
