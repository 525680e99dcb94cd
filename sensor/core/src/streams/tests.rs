use core::time::Duration;
use std::sync::Arc;

use super::*;
use crate::recorded::rows::{GuestRow, HostRow, NodeRow, Text};
use crate::recorded::{Position, Snapshot, SnapshotBuilder};
use crate::types::{StreamLimits, Timestamp};

/// A guest, its host, and a tag or nothing.
pub(super) type GuestAt<'a> = (&'a str, &'a str);

/// Records of nodes with their parents, hosts with their nodes, guests with their hosts.
pub(super) fn records(
    nodes: &[(&str, &str)],
    hosts: &[(&str, &str)],
    guests: &[GuestAt<'_>],
) -> Arc<Snapshot> {
    let text = |value: &str| Some(Text::new(value, Position::default()));
    let named = |value: &str| if value.is_empty() { None } else { text(value) };
    let mut builder = SnapshotBuilder::new();
    for (id, parent) in nodes {
        builder.node(NodeRow {
            id: text(id),
            kind: text("rack"),
            parent: named(parent),
            ..NodeRow::default()
        });
    }
    for (id, parent) in hosts {
        builder.host(HostRow { id: text(id), parent: named(parent), ..HostRow::default() });
    }
    for (number, (id, host)) in guests.iter().enumerate() {
        builder.guest(GuestRow {
            id: text(id),
            uuid: text(&format!("00000000-0000-0000-0000-{number:012}")),
            macs: text(&format!("52:54:00:00:{:02x}:{:02x}", number / 256, number % 256))
                .into_iter()
                .collect(),
            host: named(host),
            state: text("running"),
            tags: text("exchange").filter(|_| id.ends_with('x')).into_iter().collect(),
            ..GuestRow::default()
        });
    }
    Arc::new(builder.finish().snapshot)
}

pub(super) const fn secs(seconds: i64) -> Timestamp {
    Timestamp::from_secs_nanos(1_000_000 + seconds, 0)
}

/// A network of one rack with two hosts, and an administrator.
struct Net {
    streams: Streams,
    admin: MemberId,
}

const NODES: [(&str, &str); 1] = [("rack-1", "")];
const HOSTS: [(&str, &str); 2] = [("hv-01", "rack-1"), ("hv-02", "rack-1")];
const GUESTS: [GuestAt<'_>; 5] =
    [("a", "hv-01"), ("b", "hv-01"), ("cx", "hv-01"), ("d", "hv-02"), ("ex", "hv-02")];

impl Net {
    fn new(settings: StreamSettings) -> Self {
        Self::with_limits(settings, StreamLimits::default())
    }

    fn with_limits(settings: StreamSettings, limits: StreamLimits) -> Self {
        let mut streams = Streams::new(settings, limits, 7);
        streams.handle(Timestamp::MIN, Input::Recorded(records(&NODES, &HOSTS, &GUESTS))).unwrap();
        let person = Input::Person { name: "ada".into(), role: Role::Administrator, scope: None };
        let Ok(Receipt::Member(admin)) = streams.handle(secs(0), person) else { panic!("a person is made") };
        let mut net = Self { streams, admin };
        net.events();
        net
    }

    fn record(&mut self, at: i64, hosts: &[(&str, &str)], guests: &[GuestAt<'_>]) {
        let snapshot = records(&[("rack-1", ""), ("rack-2", "")], hosts, guests);
        self.streams.handle(secs(at), Input::Recorded(snapshot)).unwrap();
    }

    fn guest(&self, name: &str) -> MemberId {
        self.streams.members().find(MemberKind::Guest, name).expect("the guest is known")
    }

    fn host(&self, name: &str) -> MemberId {
        self.streams.members().find(MemberKind::Host, name).expect("the host is known")
    }

    fn rack(&self, name: &str) -> MemberId {
        self.streams.members().find(MemberKind::Group, name).expect("the rack is known")
    }

    fn report(&mut self, at: i64, guest: &str) -> Reported {
        let report = trouble(self.guest(guest), "disk-failure");
        match self.streams.handle(secs(at), Input::Report(Box::new(report))) {
            Ok(Receipt::Reported(reported)) => reported,
            other => panic!("a report is reported: {other:?}"),
        }
    }

    fn end(&mut self, at: i64, guest: &str) {
        let member = self.guest(guest);
        self.streams.handle(secs(at), Input::End { member, matter: 1, why: "it is well".into() }).unwrap();
    }

    fn act(&mut self, at: i64, by: MemberId, act: Act) -> Result<Receipt, Refusal> {
        self.streams.handle(secs(at), Input::Act { by, from: "here".into(), act })
    }

    fn events(&mut self) -> Vec<Change> {
        core::iter::from_fn(|| self.streams.poll()).map(|event| event.change).collect()
    }

    /// The titles of the open posts of a stream.
    fn titles(&self, stream: MemberId) -> Vec<String> {
        let posts = self.streams.posts().of_stream(stream).filter(|post| post.is_open());
        posts.map(|post| self.streams.title(post)).collect()
    }

    fn post(&self, id: PostId) -> &Post {
        self.streams.posts().get(id).expect("the post is there")
    }
}

pub(super) fn trouble(member: MemberId, what: &str) -> Report {
    Report {
        member,
        matter: 1,
        what: what.into(),
        title: "Disk failure".into(),
        body: "sda has bad sectors".into(),
        severity: Severity::Major,
        category: "hardware".into(),
        hashtags: vec!["disk".into()],
        links: Vec::new(),
        speaker: Speaker::Itself,
        stream: None,
    }
}

fn words(stream: Option<MemberId>, body: &str) -> Act {
    Act::Post(Box::new(Words {
        stream,
        title: "Hello".into(),
        body: body.into(),
        severity: Severity::Info,
        category: "talk".into(),
        links: Vec::new(),
        attachments: Vec::new(),
    }))
}

#[test]
fn equal_troubles_are_one_post_with_likes() {
    let mut net = Net::new(StreamSettings::default());
    let Reported::Posted(post) = net.report(1, "a") else { panic!("the first is a post") };
    assert_eq!(net.report(2, "b"), Reported::Liked(post));
    assert_eq!(net.report(3, "b"), Reported::Known(post));
    assert!(matches!(net.report(4, "d"), Reported::Posted(_)), "another stream");
    let known = net.post(post);
    assert_eq!((known.likes.len(), known.reports, known.weight), (2, 2, 4));
    assert_eq!((known.author, known.stream), (net.guest("a"), net.host("hv-01")));
}

#[test]
fn a_trouble_long_after_the_last_is_a_post_of_its_own() {
    let mut net = Net::new(StreamSettings::default());
    net.report(1, "a");
    assert!(matches!(net.report(3_601, "b"), Reported::Liked(_)));
    assert!(matches!(net.report(7_202, "cx"), Reported::Posted(_)));
}

#[test]
fn what_many_report_climbs_as_one_line_and_resolves() {
    let mut net = Net::new(StreamSettings::default());
    let top = net.streams.members().top();
    for (at, guest) in ["a", "b"].into_iter().enumerate() {
        net.report(at as i64, guest);
    }
    assert!(net.titles(net.rack("rack-1")).is_empty(), "two are no share");
    net.report(3, "cx");
    assert_eq!(net.titles(net.rack("rack-1")), ["host hv-01: 3 of 3 guests report: disk failure"]);
    assert_eq!(net.titles(top), ["host hv-01: 3 of 3 guests report: disk failure"], "3 of 5 in the rack");
    let noticed = net.events().into_iter().filter(|change| matches!(change, Change::Noticed(_))).count();
    assert_eq!(noticed, 1);
    net.end(10, "b");
    assert_eq!(net.titles(top), ["host hv-01: 2 of 3 guests report: disk failure"], "updated, not repeated");
    net.end(11, "a");
    let post = net.streams.posts().of_stream(net.host("hv-01")).next().unwrap();
    assert_eq!((post.state, &*post.comments[0].text), (PostState::Open, "it is well"));
    net.end(12, "cx");
    assert!(net.streams.posts().iter().all(|post| post.state == PostState::Resolved && post.weight == 0));
    assert_eq!(net.streams.posts().likes(), 0);
    let resolved = net.events().into_iter().filter(|change| matches!(change, Change::Resolved(_))).count();
    assert_eq!(resolved, 3);
}

#[test]
fn a_guest_that_moves_takes_its_trouble_along_and_both_hosts_know() {
    let mut net = Net::new(StreamSettings::default());
    net.report(1, "a");
    net.report(2, "b");
    net.events();
    let moved = [("a", "hv-02"), ("b", "hv-01"), ("cx", "hv-01"), ("d", "hv-02"), ("ex", "hv-02")];
    net.record(10, &HOSTS, &moved);
    let (old, new, guest) = (net.host("hv-01"), net.host("hv-02"), net.guest("a"));
    let events = net.events();
    let at = |change: Change| events.iter().position(|other| *other == change).expect("it was told");
    assert!(
        at(Change::Unfollowed { follower: old, followed: guest })
            < at(Change::Followed { follower: new, followed: guest })
    );
    let stream =
        |id| net.streams.posts().of_stream(id).map(|post| (&*post.title, post.reports)).collect::<Vec<_>>();
    assert_eq!(stream(old), [("Disk failure", 1), ("Guest moved away", 0)]);
    assert_eq!(stream(new), [("Disk failure", 1), ("Guest moved here", 0)]);
    assert_eq!(net.streams.followers(guest), [new]);
    net.end(20, "a");
    assert_eq!(net.titles(new), [] as [&str; 0]);
    assert_eq!(net.titles(old), ["Disk failure"]);
}

#[test]
fn a_host_that_moves_takes_along_what_was_carried_up_and_the_administrators_keep_their_line() {
    let mut net = Net::new(StreamSettings::default());
    for (at, guest) in ["a", "b", "cx"].into_iter().enumerate() {
        net.report(at as i64, guest);
    }
    let top = net.streams.members().top();
    let line = net.streams.posts().of_stream(top).next().unwrap().id;
    net.record(10, &[("hv-01", "rack-2"), ("hv-02", "rack-1")], &GUESTS);
    assert!(net.titles(net.rack("rack-1")).is_empty());
    assert_eq!(net.titles(net.rack("rack-2")), ["host hv-01: 3 of 3 guests report: disk failure"]);
    let open: Vec<PostId> =
        net.streams.posts().of_stream(top).filter(|post| post.is_open()).map(|post| post.id).collect();
    assert_eq!(open, [line]);
    assert_eq!(net.post(line).reports, 3);
}

#[test]
fn whoever_leaves_the_records_takes_its_likes_back_and_its_history_stays() {
    let mut net = Net::new(StreamSettings::default());
    net.report(1, "a");
    let guest = net.guest("a");
    net.record(10, &HOSTS, &GUESTS[1..]);
    let post = net.streams.posts().of_stream(net.host("hv-01")).next().unwrap();
    assert_eq!((post.state, post.author), (PostState::Resolved, guest));
    let known = net.streams.members().get(guest).unwrap();
    assert!(!known.is_present());
    net.record(20, &HOSTS, &GUESTS);
    assert_eq!(net.guest("a"), guest, "one that comes back is the same");
}

#[test]
fn many_arrivals_are_one_post() {
    let mut net = Net::new(StreamSettings::default());
    let more = [("f", "hv-01"), ("g", "hv-01"), ("h", "hv-01")];
    net.record(10, &HOSTS, &[&GUESTS[..], &more].concat());
    let news: Vec<(&str, usize)> = net
        .streams
        .posts()
        .of_stream(net.host("hv-01"))
        .map(|post| (&*post.title, post.likes.len()))
        .collect();
    assert_eq!(news, [("Guest new here", 3)]);
}

#[test]
fn posts_go_to_topics_by_what_they_say() {
    let route =
        RoutingRule { topic: "guest disk".into(), hashtag: Some("disk".into()), ..RoutingRule::default() };
    let mut net = Net::new(StreamSettings { routes: vec![route], ..StreamSettings::default() });
    net.report(1, "a");
    net.report(2, "d");
    let topic = net.streams.members().find(MemberKind::Topic, "guest disk").unwrap();
    let posts: Vec<usize> = net.streams.posts().of_stream(topic).map(|post| post.likes.len()).collect();
    assert_eq!(posts, [2], "the same trouble on two hosts meets in the topic");
    let report = trouble(net.guest("b"), "disk-failure");
    assert!(!net.streams.reads_body(&report, secs(3)));
}

#[test]
fn nobody_acknowledges_so_it_climbs_level_by_level() {
    let mut net = Net::new(StreamSettings::default());
    net.report(0, "a");
    let (rack, top) = (net.rack("rack-1"), net.streams.members().top());
    let hour = 3_600;
    for at in [hour - 1, hour, 2 * hour] {
        assert_eq!(net.streams.next_deadline(secs(at)).is_some(), at <= 2 * hour);
        net.streams.tick(secs(at));
        let seen = (net.titles(rack).len(), net.titles(top).len());
        assert_eq!(
            seen,
            if at < hour {
                (0, 0)
            } else if at < 2 * hour {
                (1, 0)
            } else {
                (1, 1)
            }
        );
    }
    assert_eq!(net.streams.counters().escalated, 2);
    let mut net = Net::new(StreamSettings::default());
    let Reported::Posted(post) = net.report(0, "a") else { panic!("the first is a post") };
    net.act(1, net.admin, Act::Acknowledge(post)).unwrap();
    net.streams.tick(secs(hour));
    assert!(net.titles(net.rack("rack-1")).is_empty());
}

#[test]
fn to_acknowledge_a_line_is_to_acknowledge_all_below_until_it_gets_graver() {
    let mut net = Net::new(StreamSettings::default());
    for (at, guest) in ["a", "b", "cx"].into_iter().enumerate() {
        net.report(at as i64, guest);
    }
    let top = net.streams.members().top();
    let line = net.streams.posts().of_stream(top).next().unwrap().id;
    net.act(5, net.admin, Act::Acknowledge(line)).unwrap();
    assert!(net.streams.posts().iter().all(|post| post.state == PostState::Acknowledged));
    net.events();
    let graver =
        Report { matter: 2, severity: Severity::Critical, ..trouble(net.guest("a"), "disk-failure") };
    net.streams.handle(secs(6), Input::Report(Box::new(graver))).unwrap();
    assert!(net.events().contains(&Change::Noticed(line)));
    assert!(net.streams.posts().iter().all(|post| post.state == PostState::Open));
}

#[test]
fn a_post_whose_matters_are_all_known_is_acknowledged() {
    let mut net = Net::new(StreamSettings::default());
    let Reported::Posted(post) = net.report(1, "a") else { panic!("the first is a post") };
    net.report(2, "b");
    for guest in ["a", "b"] {
        assert_eq!(net.post(post).state, PostState::Open);
        let member = net.guest(guest);
        net.streams.handle(secs(3), Input::Know { member, matter: 1 }).unwrap();
    }
    assert_eq!(net.post(post).state, PostState::Acknowledged);
}

#[test]
fn flagged_posts_are_one_update() {
    let mut net = Net::new(StreamSettings::default());
    let Reported::Posted(first) = net.report(1, "a") else { panic!("the first is a post") };
    let host = net.host("hv-01");
    let Ok(Receipt::Post(second)) = net.act(2, net.admin, words(Some(host), "#backup is late")) else {
        panic!("a person posts")
    };
    for post in [first, second] {
        net.act(3, host, Act::Flag(post)).unwrap();
    }
    assert_eq!(net.titles(net.rack("rack-1")), ["host hv-01 flags 2 posts"]);
    assert_eq!(net.act(4, net.guest("b"), Act::Flag(first)), Err(Refusal::NotAllowed));
    net.act(5, net.admin, Act::Resolve(second)).unwrap();
    net.end(6, "a");
    assert!(net.titles(net.rack("rack-1")).is_empty());
}

#[test]
fn a_like_by_choice_weighs_and_holds_nothing_open() {
    let mut net = Net::new(StreamSettings::default());
    let Reported::Posted(post) = net.report(1, "a") else { panic!("the first is a post") };
    net.act(2, net.admin, Act::Like(post)).unwrap();
    net.act(2, net.admin, Act::Like(post)).unwrap();
    assert_eq!(
        (net.post(post).weight, net.post(post).reports),
        (18, 1),
        "a person's like counts eight times"
    );
    assert!(net.post(post).carried_to.is_some());
    net.end(3, "a");
    assert_eq!(net.post(post).state, PostState::Resolved);
    assert_eq!(net.act(4, net.admin, Act::Like(post)), Err(Refusal::Resolved));
}

#[test]
fn commands_end_as_requests_of_those_who_may() {
    let mut net = Net::new(StreamSettings::default());
    let host = net.host("hv-01");
    let guest = net.guest("a");
    let Ok(Receipt::Post(post)) = net.act(1, net.admin, words(Some(host), "@a do shut-down")) else {
        panic!("a person posts")
    };
    let requests: Vec<Request> = net.streams.requests().cloned().collect();
    let [request] = &requests[..] else { panic!("one request waits: {requests:?}") };
    assert_eq!((request.target, &request.command), (guest, &Command::ShutDown));
    net.streams.handle(secs(2), Input::Answer { request: request.id, text: "It is off.".into() }).unwrap();
    assert_eq!(&*net.post(post).comments[0].text, "It is off.");
    assert_eq!(
        net.streams.handle(secs(3), Input::Answer { request: request.id, text: "again".into() }),
        Err(Refusal::UnknownRequest)
    );
    // An agent may speak, not command.
    net.act(4, net.guest("b"), words(None, "@a do shut-down")).unwrap();
    let operator =
        Input::Person { name: "olga".into(), role: Role::Operator, scope: Some(net.host("hv-02")) };
    let Ok(Receipt::Member(operator)) = net.streams.handle(secs(5), operator) else {
        panic!("a person is made")
    };
    for (to, text) in [(net.guest("d"), "do shut-down"), (guest, "do report-processes")] {
        net.act(6, operator, Act::Message { to, text: text.into(), in_reply_to: None }).unwrap();
    }
    assert_eq!((net.streams.requests().count(), net.streams.counters().commands_refused), (0, 3));
    let within = Act::Message { to: net.guest("d"), text: "do report-processes".into(), in_reply_to: None };
    net.act(7, operator, within).unwrap();
    assert_eq!(net.streams.requests().count(), 1);
}

#[test]
fn private_messages_are_read_by_the_two() {
    let mut net = Net::new(StreamSettings::default());
    let (a, b, admin) = (net.guest("a"), net.guest("b"), net.admin);
    let Ok(Receipt::Message(first)) =
        net.act(1, admin, Act::Message { to: a, text: "how are you?".into(), in_reply_to: None })
    else {
        panic!("a message is sent")
    };
    let reply = |text: &str| Act::Message {
        to: admin,
        text: text.into(),
        in_reply_to: Some(InReplyTo::Message(first)),
    };
    net.act(2, a, reply("well")).unwrap();
    assert_eq!(net.act(3, b, reply("me too")), Err(Refusal::UnknownMessage));
    assert_eq!(net.streams.messages().of(a).count(), 2);
    assert_eq!(net.streams.messages().of(b).count(), 0);
    assert!(net.streams.messages().get(first, b).is_none());
}

#[test]
fn an_agent_is_told_its_id_and_token_once() {
    let mut net = Net::new(StreamSettings::default());
    let guest = net.guest("a");
    let (secret, digest) = (Digest([1; 32]), Digest([2; 32]));
    let enrol = |secret| Input::Enrol {
        user: UserName::Mac("52:54:00:00:00:00".parse().unwrap()),
        secret,
        token: Token([0xab; 32]),
        digest,
    };
    assert_eq!(net.streams.handle(secs(1), enrol(secret)), Err(Refusal::NotAllowed), "nobody invited it");
    net.act(2, net.admin, Act::Invite { member: guest, secret }).unwrap();
    assert_eq!(net.act(2, guest, Act::Invite { member: guest, secret }), Err(Refusal::NotAllowed));
    assert_eq!(net.streams.handle(secs(3), enrol(Digest([9; 32]))), Err(Refusal::NotAllowed));
    assert_eq!(net.streams.handle(secs(4), enrol(secret)), Ok(Receipt::Member(guest)));
    assert_eq!(net.streams.handle(secs(5), enrol(secret)), Err(Refusal::NotAllowed), "a secret is used once");
    let welcome = net.streams.poll_welcome().unwrap();
    assert!(welcome.text.0.contains(&"ab".repeat(32)) && welcome.text.0.contains(&guest.to_string()));
    assert!(!format!("{welcome:?} {:?}", net.streams).contains("abab"), "no token is kept or printed");
    assert_eq!(net.streams.member_of_token(digest), Some(guest));
    let uuid = UserName::Uuid("00000000-0000-0000-0000-000000000001".parse().unwrap());
    assert_eq!(net.streams.user(uuid), Some(net.guest("b")));
    net.record(10, &HOSTS, &GUESTS[1..]);
    assert_eq!(net.streams.member_of_token(digest), None, "who left the records is nobody");
}

#[test]
fn a_guest_without_life_is_powered_on_once_and_then_lamented() {
    let settings = StreamSettings { power_on: PowerOn::Ask, ..StreamSettings::default() };
    let mut net = Net::new(settings);
    let (guest, top) = (net.guest("a"), net.streams.members().top());
    let silent = trouble(guest, "silent-guest");
    net.streams.handle(secs(0), Input::Report(Box::new(silent))).unwrap();
    let day = 86_400;
    net.streams.tick(secs(day - 1));
    assert_eq!(net.streams.requests().count(), 0);
    net.streams.tick(secs(day));
    let asked: Vec<(MemberId, Command)> =
        net.streams.requests().map(|request| (request.by, request.command.clone())).collect();
    assert_eq!(asked, [(net.host("hv-01"), Command::PowerOn)]);
    let laments = |net: &Net| net.titles(top).iter().filter(|title| *title == "No sign of life").count();
    assert_eq!(laments(&net), 0);
    net.streams.tick(secs(day + 600));
    assert_eq!((laments(&net), net.streams.requests().count()), (1, 1));
    net.end(day + 700, "a");
    assert_eq!(laments(&net), 0, "it is over with the silence");
}

#[test]
fn old_posts_are_flushed_by_administrators_and_the_trail_stays() {
    let mut net = Net::new(StreamSettings::default());
    net.report(1, "a");
    net.report(2, "d");
    net.end(3, "a");
    let flush = |older_than| {
        Act::Flush(Flush {
            states: PostState::ALL.to_vec(),
            older_than: Duration::from_secs(older_than),
            stream: None,
            how: FlushHow::Archive,
        })
    };
    assert_eq!(net.act(10, net.guest("a"), flush(0)), Err(Refusal::NotAllowed));
    assert_eq!(net.act(10, net.admin, flush(60)), Ok(Receipt::Flushed(0)));
    assert_eq!(net.act(100, net.admin, flush(60)), Ok(Receipt::Flushed(1)));
    assert_eq!(net.streams.poll_archived().map(|post| post.author), Some(net.guest("a")));
    assert_eq!(net.streams.posts().len(), 1, "what stands stays");
    let trail: Vec<(&str, Option<&str>)> =
        net.streams.trail().iter().map(|entry| (entry.what, entry.refused)).collect();
    assert_eq!(trail, [("flush", Some("not-allowed")), ("flush", None), ("flush", None)]);
}

#[test]
fn groups_by_rule_and_by_choice() {
    let rule = GroupRule { group: "mail".into(), tagged: Some("exchange".into()), below: None };
    let near = GroupRule { group: "near".into(), tagged: None, below: Some("hv-02".into()) };
    let mut net = Net::new(StreamSettings { groups: vec![rule, near], ..StreamSettings::default() });
    let group = |net: &Net, name: &str| net.streams.members().find(MemberKind::Topic, name).unwrap();
    let names = |net: &Net, name: &str| -> Vec<String> {
        net.streams
            .members_of(group(net, name))
            .into_iter()
            .map(|id| net.streams.members().name(id))
            .collect()
    };
    assert_eq!(names(&net, "mail"), ["cx", "ex"]);
    assert_eq!(names(&net, "near"), ["d", "ex"]);
    let Ok(Receipt::Member(choir)) = net.act(1, net.admin, Act::MakeGroup("choir".into())) else {
        panic!("a group is made")
    };
    let a = net.guest("a");
    net.act(2, a, Act::Join { group: choir, member: a }).unwrap();
    assert_eq!(net.act(2, a, Act::Join { group: choir, member: net.guest("b") }), Err(Refusal::NotAllowed));
    assert_eq!(net.act(2, a, Act::Join { group: net.rack("rack-1"), member: a }), Err(Refusal::NotAllowed));
    assert_eq!(names(&net, "choir"), ["a"]);
    assert!(net.act(3, a, words(Some(choir), "la")).is_ok());
    assert_eq!(net.act(3, a, words(Some(net.host("hv-02")), "la")), Err(Refusal::NotAllowed));
}

#[test]
fn following_is_known_to_both() {
    let mut net = Net::new(StreamSettings::default());
    let (a, d) = (net.guest("a"), net.guest("d"));
    assert_eq!(net.act(1, a, Act::Follow(a)), Err(Refusal::NotAllowed));
    net.act(1, a, Act::Follow(d)).unwrap();
    assert_eq!((net.streams.followed(a), net.streams.followers(d)), (vec![d], vec![net.host("hv-02"), a]));
    net.act(2, a, Act::Unfollow(d)).unwrap();
    assert_eq!(net.streams.followers(d), [net.host("hv-02")]);
}

#[test]
fn posts_are_found_by_words_author_tag_and_page() {
    let mut net = Net::new(StreamSettings::default());
    net.report(1, "a");
    net.report(2, "d");
    net.act(3, net.admin, words(None, "The #Backup of sdb is late")).unwrap();
    let found = |net: &Net, query: Query| -> Vec<u64> {
        net.streams.search(&Query { limit: 10, ..query }).iter().map(|post| post.id.number()).collect()
    };
    let all = found(&net, Query::default());
    assert_eq!(all, [3, 2, 1]);
    assert_eq!(found(&net, Query { text: "BAD sect".into(), ..Query::default() }), [2, 1]);
    assert_eq!(found(&net, Query { text: "bad backup".into(), ..Query::default() }), [] as [u64; 0]);
    assert_eq!(found(&net, Query { tag: Some("backup".into()), ..Query::default() }), [3]);
    assert_eq!(found(&net, Query { author: Some(net.guest("d")), ..Query::default() }), [2]);
    assert_eq!(found(&net, Query { below: Some(net.host("hv-01")), ..Query::default() }), [1]);
    assert_eq!(found(&net, Query { before: Some(PostId::new(2)), ..Query::default() }), [1]);
    assert_eq!(found(&net, Query { severity: Some(Severity::Major), ..Query::default() }), [2, 1]);
    let cloud = net.streams.tag_cloud_below(net.streams.members().top(), secs(4));
    let cloud: Vec<(&str, u64, u64)> = cloud.iter().map(|tag| (&*tag.tag, tag.count, tag.before)).collect();
    assert_eq!(cloud, [("disk", 2, 0), ("backup", 1, 0)]);
    let before = net.streams.tag_cloud(net.host("hv-01"), secs(86_400 + 5));
    assert_eq!((before[0].count, before[0].before), (0, 1));
}

#[test]
fn bounds_are_kept_and_counted() {
    let limits = StreamLimits { posts_max: 2, likes_max: 3, comments_max: 4, ..StreamLimits::default() };
    let never = Duration::ZERO;
    let mut net =
        Net::with_limits(StreamSettings { escalate_after: never, ..StreamSettings::default() }, limits);
    let Reported::Posted(post) = net.report(1, "a") else { panic!("the first is a post") };
    net.report(2, "d");
    let other = trouble(net.guest("b"), "fan-failure");
    let refused = net.streams.handle(secs(3), Input::Report(Box::new(other)));
    assert_eq!(refused, Ok(Receipt::Reported(Reported::Refused)), "both posts are open");
    net.end(4, "d");
    net.report(5, "b");
    net.report(6, "cx");
    assert_eq!(net.report(7, "ex"), Reported::Refused, "three likes");
    for text in 0..6 {
        net.act(8, net.admin, Act::Comment(post, text.to_string().into())).unwrap();
    }
    let comments: Vec<&str> = net.post(post).comments.iter().map(|comment| &*comment.text).collect();
    assert_eq!(comments, ["0", "1", "4", "5"]);
    let counters = net.streams.counters().posts;
    assert!(counters.refused > 0 && counters.likes_refused > 0 && counters.comments_dropped == 2);
}
