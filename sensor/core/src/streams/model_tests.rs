//! The network against a naive model, under random hierarchies and orders of events.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::tests::{records, secs, trouble};
use super::*;
use crate::types::{StreamLimits, Timestamp};

const NODES: usize = 5;
const HOSTS: usize = 4;
const GUESTS: usize = 9;

/// What may happen.
#[derive(Clone, Debug)]
enum Step {
    /// A guest reports one of two troubles.
    Report(usize, usize),
    /// It is over.
    End(usize, usize),
    /// A node stands below another, where that makes no circle; 0 is the top.
    MoveNode(usize, usize),
    /// A host stands below a node.
    MoveHost(usize, usize),
    /// A guest is on another host, or on none.
    MoveGuest(usize, usize),
    /// A guest is taken out of the records, or put back.
    Toggle(usize),
    /// Somebody likes, or takes a like back.
    Like(usize, u64),
    Unlike(usize, u64),
    /// An administrator acknowledges.
    Acknowledge(u64),
    /// Time passes.
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..GUESTS, 0..2usize).prop_map(|(guest, what)| Step::Report(guest, what)),
        4 => (0..GUESTS, 0..2usize).prop_map(|(guest, what)| Step::End(guest, what)),
        1 => (0..NODES, 0..=NODES).prop_map(|(node, to)| Step::MoveNode(node, to)),
        2 => (0..HOSTS, 0..=NODES).prop_map(|(host, to)| Step::MoveHost(host, to)),
        2 => (0..GUESTS, 0..=HOSTS).prop_map(|(guest, to)| Step::MoveGuest(guest, to)),
        1 => (0..GUESTS).prop_map(Step::Toggle),
        1 => (0..GUESTS, 1..12u64).prop_map(|(guest, post)| Step::Like(guest, post)),
        1 => (0..GUESTS, 1..12u64).prop_map(|(guest, post)| Step::Unlike(guest, post)),
        1 => (1..12u64).prop_map(Step::Acknowledge),
        1 => (1..5_000i64).prop_map(Step::Pass),
    ]
}

/// The plain truth: where everybody stands, and who has which trouble.
struct Model {
    node_parents: Vec<usize>,
    host_parents: Vec<usize>,
    guest_hosts: Vec<usize>,
    present: Vec<bool>,
    troubles: BTreeSet<(usize, usize)>,
}

impl Model {
    fn new() -> Self {
        Self {
            node_parents: (0..NODES).collect(),
            host_parents: (0..HOSTS).map(|host| host + 1).collect(),
            guest_hosts: (0..GUESTS).map(|guest| guest % HOSTS + 1).collect(),
            present: vec![true; GUESTS],
            troubles: BTreeSet::new(),
        }
    }

    /// Moves a node, unless that would put it below itself.
    fn move_node(&mut self, node: usize, to: usize) {
        let mut up = to;
        while up > 0 {
            if up == node + 1 {
                return;
            }
            up = self.node_parents[up - 1];
        }
        self.node_parents[node] = to;
    }

    fn snapshot(&self) -> std::sync::Arc<crate::recorded::Snapshot> {
        let node = |number: usize| if number == 0 { String::new() } else { format!("n{number}") };
        let host = |number: usize| if number == 0 { String::new() } else { format!("h{number}") };
        let nodes: Vec<(String, String)> =
            (1..=NODES).map(|number| (node(number), node(self.node_parents[number - 1]))).collect();
        let hosts: Vec<(String, String)> =
            (1..=HOSTS).map(|number| (host(number), node(self.host_parents[number - 1]))).collect();
        let guests: Vec<(String, String)> = (0..GUESTS)
            .filter(|&guest| self.present[guest])
            .map(|guest| (format!("g{guest}"), host(self.guest_hosts[guest])))
            .collect();
        let borrow = |pairs: &[(String, String)]| -> Vec<(String, String)> { pairs.to_vec() };
        let (nodes, hosts, guests) = (borrow(&nodes), borrow(&hosts), borrow(&guests));
        let refs = |pairs: &'_ [(String, String)]| -> Vec<(&'static str, &'static str)> {
            pairs.iter().map(|(a, b)| (leak(a), leak(b))).collect()
        };
        records(&refs(&nodes), &refs(&hosts), &refs(&guests))
    }
}

/// Names of few members, for tests only.
fn leak(text: &str) -> &'static str {
    const NAMES: [&str; 20] = [
        "", "n1", "n2", "n3", "n4", "n5", "h1", "h2", "h3", "h4", "g0", "g1", "g2", "g3", "g4", "g5", "g6",
        "g7", "g8", "g9",
    ];
    NAMES.into_iter().find(|name| *name == text).expect("a name of the model")
}

struct Network {
    streams: Streams,
    model: Model,
    admin: MemberId,
    now: i64,
    /// How often each aggregated post began in a stream while another of its theme was open there.
    repeated: u64,
    open_sums: BTreeMap<(MemberId, Theme), PostId>,
}

impl Network {
    fn new(settings: StreamSettings) -> Self {
        let model = Model::new();
        let mut streams = Streams::new(settings, StreamLimits::default(), 3);
        streams.handle(Timestamp::MIN, Input::Recorded(model.snapshot())).unwrap();
        let person = Input::Person { name: "ada".into(), role: Role::Administrator, scope: None };
        let Ok(Receipt::Member(admin)) = streams.handle(secs(0), person) else { panic!("a person is made") };
        Self { streams, model, admin, now: 0, repeated: 0, open_sums: BTreeMap::new() }
    }

    fn guest(&self, guest: usize) -> Option<MemberId> {
        let found = self.streams.members().find(MemberKind::Guest, &format!("g{guest}"));
        found.filter(|_| self.model.present[guest])
    }

    fn take(&mut self, step: &Step) {
        self.now += 1;
        let now = secs(self.now);
        let act = |by, act| Input::Act { by, from: "test".into(), act };
        match *step {
            Step::Report(guest, what) => {
                let Some(member) = self.guest(guest) else { return };
                let report = Report { matter: what as u64, ..trouble(member, ["disk", "fan"][what]) };
                self.streams.handle(now, Input::Report(Box::new(report))).unwrap();
                self.model.troubles.insert((guest, what));
            }
            Step::End(guest, what) => {
                let Some(member) = self.guest(guest) else { return };
                let end = Input::End { member, matter: what as u64, why: "over".into() };
                let ended = self.streams.handle(now, end).is_ok();
                assert_eq!(ended, self.model.troubles.remove(&(guest, what)));
            }
            Step::MoveNode(node, to) => self.model.move_node(node, to),
            Step::MoveHost(host, to) => self.model.host_parents[host] = to,
            Step::MoveGuest(guest, to) => self.model.guest_hosts[guest] = to,
            Step::Toggle(guest) => {
                self.model.present[guest] ^= true;
                self.model.troubles.retain(|&(other, _)| other != guest);
            }
            Step::Like(guest, post) => {
                if let Some(by) = self.guest(guest) {
                    self.streams.submit(now, act(by, Act::Like(PostId::new(post))));
                }
            }
            Step::Unlike(guest, post) => {
                if let Some(by) = self.guest(guest) {
                    self.streams.submit(now, act(by, Act::Unlike(PostId::new(post))));
                }
            }
            Step::Acknowledge(post) => {
                self.streams.submit(now, act(self.admin, Act::Acknowledge(PostId::new(post))));
            }
            Step::Pass(seconds) => {
                self.now += seconds;
                self.streams.tick(secs(self.now));
            }
        }
        if matches!(step, Step::MoveNode(..) | Step::MoveHost(..) | Step::MoveGuest(..) | Step::Toggle(_)) {
            self.streams.handle(now, Input::Recorded(self.model.snapshot())).unwrap();
        }
        self.check();
    }

    fn check(&mut self) {
        while let Some(event) = self.streams.poll() {
            let Change::Posted(id) = event.change else { continue };
            let Some(post) = self.streams.posts().get(id).filter(|post| post.theme.is_aggregated()) else {
                continue;
            };
            let key = (post.stream, post.theme.clone());
            if let Some(former) = self.open_sums.insert(key, id) {
                let ended = self
                    .streams
                    .posts()
                    .get(former)
                    .is_none_or(|former| former.resolved_at.is_some_and(|at| at <= event.at));
                self.repeated += u64::from(!ended);
            }
        }
        let (members, posts) = (self.streams.members(), self.streams.posts());
        assert_eq!(self.repeated, 0, "no sum is begun while another of its kind stands");
        // Who reports what where, counted from the truth.
        let mut expected: BTreeMap<(MemberId, &str), u32> = BTreeMap::new();
        for &(guest, what) in &self.model.troubles {
            let member = self.guest(guest).expect("only who is present has a trouble");
            *expected.entry((members.parent(member).unwrap(), ["disk", "fan"][what])).or_default() += 1;
        }
        let mut found: BTreeMap<(MemberId, &str), u32> = BTreeMap::new();
        for post in posts.iter().filter(|post| post.is_open()) {
            match &post.theme {
                Theme::Condition(condition) => {
                    let what = if &*condition.what == "disk" { "disk" } else { "fan" };
                    *found.entry((post.stream, what)).or_default() += post.reports;
                    let likes = post.likes.values().filter(|like| like.matters > 0).count();
                    assert_eq!(post.reports as usize, likes);
                }
                Theme::News(_) => panic!("news are never open"),
                Theme::Word => {}
                Theme::Carried(_) | Theme::CarriedWord(_) | Theme::Flagged(_) => {
                    let open =
                        post.sources.iter().filter_map(|&id| posts.get(id)).filter(|post| post.is_open());
                    let open: Vec<&Post> = open.filter(|source| source.carried_to == Some(post.id)).collect();
                    assert!(!open.is_empty(), "a sum of nothing is over");
                    let reports: u32 = open.iter().map(|source| source.reports).sum();
                    assert_eq!(post.reports, reports, "a sum is the sum of its sources");
                    let own: u64 = post.likes.values().map(|like| u64::from(like.weight)).sum();
                    let weight: u64 = open.iter().map(|source| source.weight).sum();
                    assert_eq!(post.weight, own + weight);
                }
            }
            // Up to the top without a loop, one level a step.
            let (mut at, mut steps) = (post, 0);
            while let Some(up) = at.carried_to.and_then(|id| posts.get(id)) {
                assert!(up.is_open(), "what stands is not part of what is over");
                assert_eq!(members.parent(at.stream), Some(up.stream), "one level up");
                (at, steps) = (up, steps + 1);
                assert!(steps <= NODES + 2, "no loop");
            }
            let due = post.weight >= 10 && members.get(post.stream).unwrap().kind == MemberKind::Host;
            assert!(!due || at.id != post.id, "what weighs enough is carried");
        }
        assert_eq!(found, expected);
        let likes: usize = posts.iter().map(|post| post.likes.len()).sum();
        assert_eq!(posts.likes(), likes);
        for member in members.iter() {
            let below = members.iter().filter(|other| {
                other.kind == MemberKind::Guest
                    && other.is_present()
                    && members.above(other.id).any(|id| id == member.id)
            });
            assert_eq!(member.below().of(MemberKind::Guest) as usize, below.count());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// What the network says is what the naive model counts; sums never loop and never repeat, and all of it resolves when
    /// the last trouble ends.
    #[test]
    fn the_network_equals_the_naive_model(steps in prop::collection::vec(step(), 1..80)) {
        let window = core::time::Duration::from_secs(1_000_000);
        let mut network = Network::new(StreamSettings { match_window: window, ..StreamSettings::default() });
        for step in &steps {
            network.take(step);
        }
        for guest in 0..GUESTS {
            for what in 0..2 {
                network.take(&Step::End(guest, what));
            }
        }
        let open: Vec<&Post> = network.streams.posts().iter().filter(|post| post.is_open()).collect();
        prop_assert!(open.is_empty(), "still open: {open:?}");
        prop_assert!(network.streams.matters.is_empty());
    }

    /// The same inputs give the same posts, whatever the key of the hash table.
    #[test]
    fn the_seed_does_not_show(steps in prop::collection::vec(step(), 1..40)) {
        let say = |seed| {
            let mut network = Network::new(StreamSettings::default());
            network.streams = Streams::new(StreamSettings::default(), StreamLimits::default(), seed);
            network.streams.handle(Timestamp::MIN, Input::Recorded(network.model.snapshot())).unwrap();
            let person = Input::Person { name: "ada".into(), role: Role::Administrator, scope: None };
            network.streams.handle(secs(0), person).unwrap();
            steps.iter().for_each(|step| network.take(step));
            format!("{:?}", network.streams.posts())
        };
        prop_assert_eq!(say(1), say(2));
    }
}
