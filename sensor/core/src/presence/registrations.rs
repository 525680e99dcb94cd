//! Read RFC 5944 sections 3.3, 3.4 and 3.7 before editing.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};

use super::event::{Evidence, EvidenceKind, PresenceEvent, PresenceKind, StopReason};
use super::settings::AckRule;
use super::stay::Stay;
use crate::sighting::{Registration, RegistrationReply, RegistrationRequest};
use crate::types::{CapturePointId, Location, Segment, StationId, Timestamp};

/// How long a reply may be under way.
const UNANSWERED: Duration = Duration::from_secs(60);

/// Where mobile nodes of Mobile IPv4 are, judged from their registrations.
///
/// A node is away from its first registration until it takes that back, or it is refused or runs out. Whether a request
/// counts before its reply is seen, the [`AckRule`] says; a refusal brings back what was before.
///
/// # Bounds
/// `nodes_max` nodes away from home or waiting for a reply; a further one is refused and counted. One registration of each, and the
/// one before it while it may yet be refused.
#[derive(Debug)]
pub struct Registrations {
    ack_rule: AckRule,
    tick: Duration,
    nodes_max: usize,
    nodes: BTreeMap<Ipv4Addr, RegisteredNode>,
    deadlines: BTreeSet<(Timestamp, Ipv4Addr)>,
    counters: RegistrationCounters,
}

/// What happened to registrations; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegistrationCounters {
    /// Requests that were acted on, without those that a foreign agent passed on.
    pub requests: u64,
    /// Replies that accept.
    pub accepted: u64,
    /// Replies that refuse.
    pub refused: u64,
    /// Messages without a home address, and replies to what nobody asked.
    pub unmatched: u64,
    /// Nodes turned away because the table was full.
    pub nodes_refused: u64,
}

/// One mobile node of Mobile IPv4.
#[derive(Clone, Debug)]
pub struct RegisteredNode {
    /// The first message about it in the run.
    pub first_seen: Timestamp,
    /// The last.
    pub last_seen: Timestamp,
    /// Its registration; none while it is at home.
    pub registration: Option<Registered>,
    /// A request that waits for its reply, where one is required.
    waiting: Option<Registered>,
    /// What stood before a request that may yet be refused; the outer one says whether there is such a request.
    former: Option<Option<Box<Registered>>>,
    /// The request that was acted on last.
    asked: Option<u64>,
    stay: Option<Stay>,
    /// Whether it was ever away.
    was_away: bool,
    deadline: Option<Timestamp>,
}

/// A registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The home agent.
    pub home_agent: Ipv4Addr,
    /// Where the node is.
    pub care_of: Ipv4Addr,
    /// The lifetime granted, or asked for while that is not known; none means without end.
    pub lifetime: Option<Duration>,
    /// When it runs out, if it does.
    pub expires_at: Option<Timestamp>,
    /// Whether a reply has accepted it.
    pub acknowledged: bool,
    evidence: Evidence,
}

impl Registered {
    /// Returns where the node is by it.
    pub const fn location(&self) -> Location {
        self.evidence.location
    }
}

/// Why a node's registration changed.
#[derive(Clone, Copy)]
enum Cause {
    Message(Evidence),
    Refused(u8, Evidence),
    RanOut,
}

impl Registrations {
    pub(super) const fn new(ack_rule: AckRule, tick: Duration, nodes_max: usize) -> Self {
        Self {
            ack_rule,
            tick,
            nodes_max,
            nodes: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            counters: RegistrationCounters {
                requests: 0,
                accepted: 0,
                refused: 0,
                unmatched: 0,
                nodes_refused: 0,
            },
        }
    }

    /// Returns the counters.
    pub const fn counters(&self) -> RegistrationCounters {
        self.counters
    }

    /// Returns every node that is away or waits for a reply, sorted by home address.
    pub fn nodes(&self) -> impl Iterator<Item = (Ipv4Addr, &RegisteredNode)> {
        self.nodes.iter().map(|(&home, node)| (home, node))
    }

    /// Returns how many nodes are away from home.
    pub fn present_count(&self) -> usize {
        self.nodes.values().filter(|node| node.registration.is_some()).count()
    }

    pub(super) fn stay(&self, home: Ipv4Addr) -> Option<&Stay> {
        self.nodes.get(&home)?.stay.as_ref()
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// Takes in a message and appends the presence events that follow.
    pub(super) fn handle(
        &mut self,
        message: &Registration,
        at: Timestamp,
        frame: u64,
        capture_point: CapturePointId,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let evidence = |care_of: Ipv4Addr, kind| {
            let location = Location::CareOf { capture_point, care_of: care_of.into() };
            Evidence { at, frame, location, kind }
        };
        match message {
            Registration::Request(request) => {
                let kind = EvidenceKind::RegistrationRequest { lifetime: request.lifetime };
                self.request(request, evidence(request.care_of, kind), events);
            }
            Registration::Reply(reply) => {
                let kind = EvidenceKind::RegistrationReply { code: reply.code };
                let Some(home) = reply.home_address else {
                    self.counters.unmatched += 1;
                    return;
                };
                // A node that returned has its care-of address only in what a refusal would bring back.
                let known = self.nodes.get(&home).and_then(|node| {
                    let former = || node.former.as_ref().and_then(|former| former.as_deref());
                    node.waiting.as_ref().or(node.registration.as_ref()).or_else(former)
                });
                let destination = match reply.destination {
                    IpAddr::V4(v4) if v4 != home => Some(v4),
                    _ => None,
                };
                let care_of = known.map(|known| known.care_of).or(destination);
                self.reply(reply, home, care_of, evidence(care_of.unwrap_or(home), kind), events);
            }
        }
    }

    /// Ends the registrations that have run out at `now`.
    pub(super) fn tick(&mut self, now: Timestamp, events: &mut VecDeque<PresenceEvent>) {
        while let Some(&(deadline, home)) = self.deadlines.first().filter(|(deadline, _)| *deadline <= now) {
            self.deadlines.pop_first();
            if let Some(node) = self.nodes.get_mut(&home) {
                (node.deadline, node.registration, node.waiting, node.former) = (None, None, None, None);
            }
            self.settle(home, deadline, Cause::RanOut, events);
        }
    }

    fn request(
        &mut self,
        request: &RegistrationRequest,
        evidence: Evidence,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let Some(home) = request.home_address else {
            self.counters.unmatched += 1;
            return;
        };
        if request.deregistration && !self.nodes.contains_key(&home) {
            // Who was never away comes not home.
            self.counters.requests += 1;
            return;
        }
        let Some(node) = self.admit(home, evidence.at) else { return };
        node.last_seen = node.last_seen.max(evidence.at);
        if node.asked.replace(request.identification) == Some(request.identification) {
            // Sent again, or passed on by a foreign agent.
            return;
        }
        let wanted = (!request.deregistration).then(|| Registered {
            home_agent: request.home_agent,
            care_of: request.care_of,
            lifetime: request.lifetime,
            expires_at: request.lifetime.map(|lifetime| evidence.at.after(lifetime)),
            acknowledged: false,
            evidence,
        });
        self.counters.requests += 1;
        let Some(node) = self.nodes.get_mut(&home) else { return };
        if self.ack_rule == AckRule::Required {
            node.waiting = wanted;
        } else {
            let before = core::mem::replace(&mut node.registration, wanted);
            // What a refusal brings back is what was last accepted, however often was asked since.
            let kept =
                node.former.take().filter(|_| before.as_ref().is_some_and(|before| !before.acknowledged));
            node.former = Some(kept.unwrap_or_else(|| before.map(Box::new)));
        }
        self.settle(home, evidence.at, Cause::Message(evidence), events);
    }

    fn reply(
        &mut self,
        reply: &RegistrationReply,
        home: Ipv4Addr,
        care_of: Option<Ipv4Addr>,
        evidence: Evidence,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let is_known = self.nodes.contains_key(&home);
        let ends = reply.deregistration || !reply.is_accepted();
        if (!is_known && ends) || (care_of.is_none() && !ends) {
            self.counters.unmatched += 1;
            return;
        }
        let Some(node) = self.admit(home, evidence.at) else { return };
        node.last_seen = node.last_seen.max(evidence.at);
        // The home agent may put its own time into the upper half, so that only the lower one tells (section 5.7.1).
        let low = |identification: u64| identification & u64::from(u32::MAX);
        if node.asked.is_some_and(|asked| low(asked) != low(reply.identification)) {
            self.counters.unmatched += 1;
            return;
        }
        if !reply.is_accepted() {
            node.waiting = None;
            if let Some(former) = node.former.take() {
                node.registration = former.map(|former| *former);
            }
            self.counters.refused += 1;
            self.settle(home, evidence.at, Cause::Refused(reply.code, evidence), events);
            return;
        }
        let asked = node.waiting.take().or_else(|| node.registration.take());
        node.former = None;
        node.registration = care_of.filter(|_| !reply.deregistration).map(|care_of| Registered {
            home_agent: reply.home_agent,
            care_of,
            lifetime: reply.lifetime,
            expires_at: reply.lifetime.map(|lifetime| evidence.at.after(lifetime)),
            acknowledged: true,
            evidence: asked.map_or(evidence, |asked| asked.evidence),
        });
        self.counters.accepted += 1;
        self.settle(home, evidence.at, Cause::Message(evidence), events);
    }

    /// Makes a node known if there is room.
    fn admit(&mut self, home: Ipv4Addr, at: Timestamp) -> Option<&mut RegisteredNode> {
        if self.nodes.len() >= self.nodes_max && !self.nodes.contains_key(&home) {
            self.counters.nodes_refused += 1;
            return None;
        }
        Some(self.nodes.entry(home).or_insert_with(|| RegisteredNode {
            first_seen: at,
            last_seen: at,
            registration: None,
            waiting: None,
            former: None,
            asked: None,
            stay: None,
            was_away: false,
            deadline: None,
        }))
    }

    /// Draws the conclusion from a node's registration, tells it, and sets the next deadline.
    fn settle(&mut self, home: Ipv4Addr, at: Timestamp, cause: Cause, events: &mut VecDeque<PresenceEvent>) {
        let Some(node) = self.nodes.get_mut(&home) else { return };
        let now = match cause {
            Cause::Message(evidence) | Cause::Refused(_, evidence) => Some(evidence),
            Cause::RanOut => None,
        };
        let kind = match (&node.stay, &node.registration) {
            (None, None) => None,
            (None, Some(known)) => {
                let evidence = known.evidence;
                let first = !core::mem::replace(&mut node.was_away, true);
                Some(PresenceKind::Started { location: evidence.location, evidence, first })
            }
            (Some(stay), None) => Some(match cause {
                Cause::Refused(code, evidence) => {
                    PresenceKind::Stopped { reason: StopReason::Refused(code), evidence }
                }
                Cause::Message(evidence) => {
                    PresenceKind::Stopped { reason: StopReason::Deregistered, evidence }
                }
                Cause::RanOut => {
                    let Stay { location, last, .. } = *stay;
                    PresenceKind::Expired { last_seen: node.last_seen, location, last }
                }
            }),
            (Some(stay), Some(known)) if !stay.location.is_same_place(known.evidence.location) => {
                let evidence = known.evidence;
                let (from, to) = (stay.location, evidence.location);
                Some(PresenceKind::Moved { from, to, since: evidence.at, evidence })
            }
            (Some(_), Some(_)) => {
                now.map(|evidence| PresenceKind::Seen { location: evidence.location, evidence })
            }
        };
        match (&kind, &mut node.stay) {
            (Some(PresenceKind::Started { evidence, .. }), stay) => {
                *stay = Some(Stay::begin(Segment::default(), *evidence));
            }
            (_, stay) if node.registration.is_none() => *stay = None,
            (Some(kind), Some(stay)) => stay.note(at, kind),
            _ => {}
        }
        let next = match &node.registration {
            Some(held) => held.expires_at,
            // A node at home is remembered while a reply may come.
            None if node.waiting.is_some() || node.former.is_some() => Some(at.after(UNANSWERED)),
            None => None,
        };
        let next = next.map(|next| next.round_up(self.tick));
        if let Some(former) = core::mem::replace(&mut node.deadline, next) {
            self.deadlines.remove(&(former, home));
        }
        self.deadlines.extend(next.map(|next| (next, home)));
        if node.registration.is_none() && node.waiting.is_none() && node.former.is_none() {
            self.nodes.remove(&home);
        }
        let station = StationId::HomeAddress(home.into());
        events.extend(kind.map(|kind| PresenceEvent { at, station, segment: Segment::default(), kind }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 7);
    const AGENT: Ipv4Addr = Ipv4Addr::new(10, 1, 0, 1);

    struct Bench {
        registrations: Registrations,
        events: VecDeque<PresenceEvent>,
    }

    fn care_of(net: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, net, 0, 9)
    }

    fn ask(net: u8, identification: u64, lifetime: u64) -> Registration {
        Registration::Request(RegistrationRequest {
            home_address: Some(HOME),
            home_agent: AGENT,
            care_of: care_of(net),
            lifetime: Some(Duration::from_secs(lifetime)),
            deregistration: lifetime == 0,
            simultaneous: false,
            identification,
            source: care_of(net).into(),
        })
    }

    fn answer(net: u8, code: u8, identification: u64, lifetime: u64) -> Registration {
        Registration::Reply(RegistrationReply {
            code,
            home_address: Some(HOME),
            home_agent: AGENT,
            lifetime: Some(Duration::from_secs(lifetime)),
            deregistration: code < 2 && lifetime == 0,
            identification,
            destination: care_of(net).into(),
        })
    }

    impl Bench {
        fn new(ack_rule: AckRule) -> Self {
            let registrations = Registrations::new(ack_rule, Duration::from_secs(1), 2);
            Self { registrations, events: VecDeque::new() }
        }

        fn at(&mut self, secs: i64, message: &Registration) -> Vec<&'static str> {
            let at = Timestamp::from_secs_nanos(secs, 0);
            self.registrations.handle(message, at, 1, CapturePointId(0), &mut self.events);
            self.told()
        }

        fn tick(&mut self, secs: i64) -> Vec<&'static str> {
            self.registrations.tick(Timestamp::from_secs_nanos(secs, 0), &mut self.events);
            self.told()
        }

        fn told(&mut self) -> Vec<&'static str> {
            self.events.drain(..).map(|event| event.kind.as_str()).collect()
        }

        fn place(&self) -> Option<IpAddr> {
            match self.registrations.stay(HOME)?.location {
                Location::CareOf { care_of, .. } => Some(care_of),
                Location::Wire { .. } | Location::Attached { .. } => None,
            }
        }
    }

    #[test]
    fn a_node_is_away_from_its_registration_until_it_takes_it_back() {
        let mut bench = Bench::new(AckRule::NotRequired);
        assert_eq!(bench.at(0, &ask(2, 1, 600)), ["start"]);
        // The foreign agent passes it on.
        assert_eq!(bench.at(0, &ask(2, 1, 600)), [""; 0]);
        assert_eq!(bench.at(1, &answer(2, 0, 1, 300)), ["seen"]);
        assert_eq!(bench.at(100, &ask(3, 2, 600)), ["move"]);
        assert_eq!(bench.place(), Some(care_of(3).into()));
        assert_eq!(bench.at(200, &ask(3, 3, 0)), ["stop"]);
        assert_eq!(bench.at(201, &answer(3, 0, 3, 0)), [""; 0]);
        assert_eq!(bench.registrations.nodes().count(), 0);
    }

    #[test]
    fn what_is_granted_runs_out() {
        let mut bench = Bench::new(AckRule::NotRequired);
        bench.at(0, &ask(2, 1, 600));
        bench.at(1, &answer(2, 1, 1, 300));
        assert_eq!(bench.tick(300), [""; 0]);
        assert_eq!(bench.tick(301), ["expire"]);
        assert_eq!(bench.registrations.present_count(), 0);
    }

    #[test]
    fn a_refusal_brings_back_what_was_before() {
        let mut bench = Bench::new(AckRule::NotRequired);
        bench.at(0, &ask(2, 1, 600));
        bench.at(1, &answer(2, 0, 1, 600));
        bench.at(10, &ask(3, 2, 600));
        bench.at(11, &ask(4, 3, 600));
        assert_eq!(bench.at(12, &answer(4, 133, 3, 0)), ["move"]);
        assert_eq!(bench.place(), Some(care_of(2).into()));
        let mut bench = Bench::new(AckRule::NotRequired);
        bench.at(0, &ask(2, 1, 600));
        assert_eq!(bench.at(1, &answer(2, 66, 1, 0)), ["stop"]);
        assert_eq!(bench.registrations.counters().refused, 1);
    }

    #[test]
    fn an_answer_to_a_node_that_returned_is_known_as_one() {
        let home = |code| match answer(2, code, 2, 0) {
            Registration::Reply(reply) => {
                Registration::Reply(RegistrationReply { destination: HOME.into(), ..reply })
            }
            request @ Registration::Request(_) => request,
        };
        for (code, told) in [(0, vec![]), (129, vec!["start"])] {
            let mut bench = Bench::new(AckRule::NotRequired);
            bench.at(0, &ask(2, 1, 600));
            bench.at(1, &answer(2, 0, 1, 600));
            assert_eq!(bench.at(10, &ask(2, 2, 0)), ["stop"]);
            assert_eq!(bench.at(11, &home(code)), told, "refused, it is still away");
            assert_eq!(bench.registrations.counters().unmatched, 0);
        }
        // It asked for both before the first answer, so that nothing is left that names a care-of address.
        let mut bench = Bench::new(AckRule::NotRequired);
        bench.at(0, &ask(2, 1, 600));
        bench.at(1, &ask(2, 2, 0));
        assert_eq!(bench.at(2, &home(0)), [""; 0]);
        assert_eq!(bench.registrations.counters().unmatched, 0);
        assert_eq!(bench.registrations.nodes().count(), 0);
    }

    #[test]
    fn an_answer_to_another_question_changes_nothing() {
        let mut bench = Bench::new(AckRule::NotRequired);
        bench.at(0, &ask(2, (7 << 32) | 1, 600));
        assert_eq!(bench.at(1, &answer(2, 133, (7 << 32) | 2, 0)), [""; 0]);
        assert_eq!(bench.registrations.counters().unmatched, 1);
        // The upper half is the home agent's own.
        assert_eq!(bench.at(1, &answer(2, 133, (9 << 32) | 1, 0)), ["stop"]);
    }

    #[test]
    fn where_an_answer_is_required_a_request_alone_is_no_start() {
        let mut bench = Bench::new(AckRule::Required);
        assert_eq!(bench.at(0, &ask(2, 1, 600)), [""; 0]);
        assert_eq!(bench.at(1, &answer(2, 0, 1, 600)), ["start"]);
        assert_eq!(bench.at(5, &ask(3, 2, 600)), ["seen"]);
        assert_eq!(bench.place(), Some(care_of(2).into()));
        assert_eq!(bench.at(6, &answer(3, 0, 2, 600)), ["move"]);
    }

    #[test]
    fn an_answer_says_where_the_node_is_when_the_request_was_not_seen() {
        let mut bench = Bench::new(AckRule::NotRequired);
        assert_eq!(bench.at(0, &answer(2, 0, 1, 600)), ["start"]);
        assert_eq!(bench.place(), Some(care_of(2).into()));
    }

    #[test]
    fn a_full_table_refuses_and_counts() {
        let mut bench = Bench::new(AckRule::NotRequired);
        for last in 1..=3 {
            let Registration::Request(request) = ask(2, 1, 600) else { unreachable!() };
            let home_address = Some(Ipv4Addr::new(10, 1, 0, last));
            bench.at(0, &Registration::Request(RegistrationRequest { home_address, ..request }));
        }
        assert_eq!(bench.registrations.present_count(), 2);
        assert_eq!(bench.registrations.counters().nodes_refused, 1);
    }
}
