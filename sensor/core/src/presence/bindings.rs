//! Read RFC 6275 sections 9.5.1 and 10.3, and RFC 5213 section 5.5, before editing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv6Addr};

use super::event::{Evidence, EvidenceKind, PresenceEvent, PresenceKind, StopReason};
use super::mobile_node::{MobileNode, is_newer};
use super::settings::{AckRule, BadChecksum, PresenceSettings, ProxyMobility};
use super::stay::Stay;
use crate::sighting::Checksum;
use crate::sighting::{BindingAcknowledgement, BindingUpdate, MobilityEvent};
use crate::types::{CapturePointId, Location, Segment, StationId, Timestamp};

/// Where mobile nodes are, judged from their bindings.
///
/// A mobile node is present from its first binding until the last one is taken back, refused or runs out.
/// It is where its home agent has been told that it is; where only correspondents were told, there.
///
/// # Bounds
/// `nodes_max` mobile nodes; at the limit one that is absent is forgotten, and while none is, a new one is
/// refused and counted. Eight bindings of one node; at the limit a correspondent's goes, the one updated longest ago, and is counted.
#[derive(Debug)]
pub struct Bindings {
    settings: PresenceSettings,
    nodes_max: usize,
    nodes: BTreeMap<Ipv6Addr, MobileNode>,
    /// One deadline for each node: when its next binding runs out.
    deadlines: BTreeSet<(Timestamp, Ipv6Addr)>,
    /// The nodes at home, the longest there first.
    at_home: BTreeSet<(Timestamp, Ipv6Addr)>,
    counters: BindingCounters,
}

/// What happened to mobility messages; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BindingCounters {
    /// Binding Updates that were acted on.
    pub updates: u64,
    /// Binding Acknowledgements of a binding that is known.
    pub acknowledgements: u64,
    /// Updates without a home address, or whose home and care-of address are the same without reason.
    pub ambiguous: u64,
    /// Messages with a wrong checksum.
    pub bad_checksum: u64,
    /// Updates with a sequence number that was used before.
    pub stale: u64,
    /// De-registrations by a gateway that the node has already left.
    pub outdated_gateway: u64,
    /// Updates that were refused by their receiver.
    pub refused: u64,
    /// Mobile nodes turned away because the table was full of those that are away.
    pub nodes_refused: u64,
    /// Mobile nodes at home that were forgotten because the table was full.
    pub nodes_forgotten: u64,
    /// Bindings that had to go because their node had too many.
    pub bindings_evicted: u64,
}

/// Why a node's bindings changed.
#[derive(Clone, Copy)]
enum Cause {
    Message(Evidence),
    Refused(u8, Evidence),
    Deregistered(Evidence),
    RanOut,
}

impl Bindings {
    pub(super) const fn new(settings: PresenceSettings, nodes_max: usize) -> Self {
        Self {
            settings,
            nodes_max,
            nodes: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            at_home: BTreeSet::new(),
            counters: BindingCounters {
                updates: 0,
                acknowledgements: 0,
                ambiguous: 0,
                bad_checksum: 0,
                stale: 0,
                outdated_gateway: 0,
                refused: 0,
                nodes_refused: 0,
                nodes_forgotten: 0,
                bindings_evicted: 0,
            },
        }
    }

    /// Returns every mobile node known of, sorted by home address.
    pub fn nodes(&self) -> impl Iterator<Item = (Ipv6Addr, &MobileNode)> {
        self.nodes.iter().map(|(&home, node)| (home, node))
    }

    /// Returns how many mobile nodes are away from home.
    pub fn present_count(&self) -> usize {
        self.nodes.values().filter(|node| node.location.is_some()).count()
    }

    /// Returns where a node is while it is away from home.
    pub(super) fn stay(&self, home: Ipv6Addr) -> Option<Stay> {
        self.nodes.get(&home)?.stay.clone()
    }

    /// Returns the counters.
    pub const fn counters(&self) -> BindingCounters {
        self.counters
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// Takes in a mobility message and appends the presence events that follow.
    pub(super) fn handle(
        &mut self,
        message: &MobilityEvent,
        at: Timestamp,
        frame: u64,
        capture_point: CapturePointId,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let evidence = |care_of, kind| Evidence {
            at,
            frame,
            location: Location::CareOf { capture_point, care_of: IpAddr::V6(care_of) },
            kind,
        };
        match message {
            MobilityEvent::BindingUpdate(update) => {
                let (sequence, lifetime) = (update.sequence, update.lifetime);
                let kind = EvidenceKind::BindingUpdate { sequence, lifetime };
                self.update(update, evidence(update.care_of, kind), events);
            }
            MobilityEvent::BindingAcknowledgement(answer) => {
                let (sequence, status) = (answer.sequence, answer.status);
                let kind = EvidenceKind::BindingAcknowledgement { sequence, status };
                self.acknowledge(answer, evidence(answer.care_of, kind), events);
            }
            MobilityEvent::BindingError(_) | MobilityEvent::Traffic(_) | MobilityEvent::Other(_) => {}
        }
    }

    /// Ends the bindings that have run out at `now`.
    pub(super) fn tick(&mut self, now: Timestamp, events: &mut VecDeque<PresenceEvent>) {
        while let Some(&(deadline, home)) = self.deadlines.first().filter(|(deadline, _)| *deadline <= now) {
            self.deadlines.pop_first();
            if let Some(node) = self.nodes.get_mut(&home) {
                node.deadline = None;
                node.bindings.retain(|binding| binding.expires_at > deadline);
            }
            self.settle(home, deadline, Cause::RanOut, events);
        }
    }

    fn update(&mut self, update: &BindingUpdate, evidence: Evidence, events: &mut VecDeque<PresenceEvent>) {
        if !self.passes_checksum(update.checksum) {
            return;
        }
        let Some(update) = self.interpret(update) else {
            self.counters.ambiguous += 1;
            return;
        };
        let Some(home) = update.home_address else { return };
        if !self.admit(home, evidence.at) {
            return;
        }
        let Some(node) = self.nodes.get_mut(&home) else {
            return;
        };
        node.last_seen = node.last_seen.max(evidence.at);
        let known = node.position(update.peer, update.binding_id);
        let current = known.and_then(|index| node.bindings.get(index));
        let ended = node.ended.iter().find(|(peer, id, _)| (*peer, *id) == (update.peer, update.binding_id));
        let last = current.map(|binding| binding.sequence).or_else(|| ended.map(|&(_, _, last)| last));
        // Gateways order their updates by timestamps, so that their sequence numbers only match answers.
        if last.is_some_and(|last| !update.proxy && !is_newer(update.sequence, last)) {
            self.counters.stale += 1;
            return;
        }
        if update.deregistration
            && update.proxy
            && current.is_some_and(|known| known.care_of != update.care_of)
        {
            self.counters.outdated_gateway += 1;
            return;
        }
        self.counters.updates += 1;
        if update.deregistration {
            node.end(&update);
            self.settle(home, evidence.at, Cause::Deregistered(evidence), events);
        } else if self.settings.ack_rule == AckRule::Required {
            node.wait_for(update);
        } else {
            self.counters.bindings_evicted += node.bind(&update, evidence, update.lifetime, false);
            self.settle(home, evidence.at, Cause::Message(evidence), events);
        }
    }

    fn acknowledge(
        &mut self,
        answer: &BindingAcknowledgement,
        evidence: Evidence,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        if !self.passes_checksum(answer.checksum) {
            return;
        }
        let Some(home) = answer.home_address else { return };
        let Some(node) = self.nodes.get_mut(&home) else {
            return;
        };
        node.last_seen = node.last_seen.max(evidence.at);
        self.counters.acknowledgements += 1;
        if !answer.is_accepted() {
            self.counters.refused += 1;
            node.refuse(answer);
            self.settle(home, evidence.at, Cause::Refused(answer.status, evidence), events);
            return;
        }
        if let Some(update) = node.answered(answer) {
            let granted = evidence_of(&update, evidence);
            self.counters.bindings_evicted += node.bind(&update, granted, answer.lifetime, true);
        } else if let Some(index) = node.position(answer.peer, answer.binding_id)
            && let Some(binding) = node.bindings.get_mut(index)
            && (binding.sequence == answer.sequence || binding.proxy)
        {
            binding.acknowledged = true;
            binding.former = None;
            binding.lifetime = answer.lifetime;
            binding.expires_at = evidence.at.after(answer.lifetime);
            if answer.lifetime.is_zero() {
                node.bindings.remove(index);
            }
        }
        self.settle(home, evidence.at, Cause::Message(evidence), events);
    }

    fn passes_checksum(&mut self, checksum: Checksum) -> bool {
        let bad = checksum == Checksum::Bad;
        self.counters.bad_checksum += u64::from(bad);
        !bad || self.settings.bad_checksum == BadChecksum::Accept
    }

    /// Returns the update as it is to be acted on; `None` for one that makes no sense.
    fn interpret(&self, update: &BindingUpdate) -> Option<BindingUpdate> {
        if !update.ambiguous {
            return update.home_address.map(|_| update.clone());
        }
        let reading =
            update.proxy_reading.filter(|_| self.settings.proxy_mobility == ProxyMobility::Legacy)?;
        let IpAddr::V6(home) = reading.home_prefix.addr() else {
            return None;
        };
        Some(BindingUpdate {
            home_address: Some(home),
            home_prefix: Some(reading.home_prefix),
            proxy: true,
            deregistration: reading.deregistration,
            ambiguous: false,
            ..update.clone()
        })
    }

    /// Makes a node known if there is room; tells whether it is known.
    fn admit(&mut self, home: Ipv6Addr, at: Timestamp) -> bool {
        if self.nodes.contains_key(&home) {
            return true;
        }
        if self.nodes.len() >= self.nodes_max {
            let Some((_, longest)) = self.at_home.pop_first() else {
                self.counters.nodes_refused += 1;
                return false;
            };
            self.nodes.remove(&longest);
            self.counters.nodes_forgotten += 1;
        }
        let node =
            MobileNode { first_seen: at, last_seen: at, at_home_since: Some(at), ..MobileNode::default() };
        self.nodes.insert(home, node);
        self.at_home.insert((at, home));
        true
    }

    /// Draws the conclusion from a node's bindings, tells it, and sets the next deadline.
    fn settle(&mut self, home: Ipv6Addr, at: Timestamp, cause: Cause, events: &mut VecDeque<PresenceEvent>) {
        let Some(node) = self.nodes.get_mut(&home) else {
            return;
        };
        let before = node.location;
        let best = node.best().map(|binding| binding.evidence);
        node.location = best.map(|evidence| evidence.location);
        let kind = match (before, best) {
            (None, None) => None,
            (None, Some(evidence)) => {
                let first = !core::mem::replace(&mut node.was_away, true);
                Some(PresenceKind::Started { location: evidence.location, evidence, first })
            }
            (Some(location), None) => Some(match cause {
                Cause::Refused(status, evidence) => {
                    PresenceKind::Stopped { reason: StopReason::Refused(status), evidence }
                }
                Cause::Deregistered(evidence) | Cause::Message(evidence) => {
                    PresenceKind::Stopped { reason: StopReason::Deregistered, evidence }
                }
                Cause::RanOut => {
                    let last = node.stay.as_ref().map(|stay| stay.last);
                    let unseen = Evidence::frame(node.last_seen, 0, location);
                    let last = last.unwrap_or(unseen);
                    PresenceKind::Expired { last_seen: node.last_seen, location, last }
                }
            }),
            (Some(from), Some(evidence)) if care_of(from) != care_of(evidence.location) => {
                let to = evidence.location;
                Some(PresenceKind::Moved { from, to, since: evidence.at, evidence })
            }
            (Some(_), Some(_)) if matches!(cause, Cause::RanOut) => None,
            (Some(_), Some(evidence)) => Some(PresenceKind::Seen { location: evidence.location, evidence }),
        };
        match (&kind, &mut node.stay) {
            (Some(PresenceKind::Started { evidence, .. }), stay) => {
                *stay = Some(Stay::begin(Segment::default(), *evidence));
            }
            (Some(kind), Some(stay)) if node.location.is_some() => stay.note(at, kind),
            (_, stay) if node.location.is_none() => *stay = None,
            _ => {}
        }
        let next = node.bindings.iter().map(|binding| binding.expires_at.round_up(self.settings.tick)).min();
        if next != node.deadline {
            if let Some(former) = core::mem::replace(&mut node.deadline, next) {
                self.deadlines.remove(&(former, home));
            }
            self.deadlines.extend(next.map(|next| (next, home)));
        }
        let home_since = node.location.is_none().then(|| node.at_home_since.unwrap_or(at));
        if home_since != node.at_home_since {
            if let Some(former) = core::mem::replace(&mut node.at_home_since, home_since) {
                self.at_home.remove(&(former, home));
            }
            self.at_home.extend(home_since.map(|since| (since, home)));
        }
        let (station, segment) = (StationId::HomeAddress(home.into()), Segment::default());
        events.extend(kind.map(|kind| PresenceEvent { at, station, segment, kind }));
    }
}

/// Returns the evidence of an update that was only acted on when its acknowledgement came.
fn evidence_of(update: &BindingUpdate, answer: Evidence) -> Evidence {
    let capture_point = answer.capture_point();
    Evidence { location: Location::CareOf { capture_point, care_of: IpAddr::V6(update.care_of) }, ..answer }
}

const fn care_of(location: Location) -> Option<IpAddr> {
    match location {
        Location::CareOf { care_of, .. } => Some(care_of),
        Location::Wire { .. } | Location::Attached { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const HOME: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1);
    const AGENT: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0xffff);

    fn care_of(net: u16) -> Ipv6Addr {
        Ipv6Addr::new(0x2001, 0xdb8, net, 0, 0, 0, 0, 1)
    }

    fn update(sequence: u16, net: u16, lifetime: u64) -> MobilityEvent {
        MobilityEvent::BindingUpdate(BindingUpdate {
            home_address: Some(HOME),
            home_prefix: None,
            mobile_network: None,
            care_of: care_of(net),
            peer: AGENT,
            home_registration: true,
            ack_requested: true,
            proxy: false,
            sequence,
            lifetime: Duration::from_secs(lifetime),
            deregistration: lifetime == 0,
            ambiguous: false,
            proxy_reading: None,
            legacy: false,
            checksum: Checksum::Good,
            binding_id: None,
        })
    }

    fn answer(sequence: u16, status: u8, lifetime: u64) -> MobilityEvent {
        MobilityEvent::BindingAcknowledgement(BindingAcknowledgement {
            home_address: Some(HOME),
            home_prefix: None,
            care_of: care_of(2),
            peer: AGENT,
            status,
            sequence,
            lifetime: Duration::from_secs(lifetime),
            proxy: false,
            legacy: false,
            checksum: Checksum::Good,
            binding_id: None,
        })
    }

    struct Bench {
        bindings: Bindings,
        events: VecDeque<PresenceEvent>,
    }

    impl Bench {
        fn new(settings: PresenceSettings) -> Self {
            Self { bindings: Bindings::new(settings, 2), events: VecDeque::new() }
        }

        fn at(&mut self, secs: i64, message: &MobilityEvent) -> Vec<&'static str> {
            let at = Timestamp::from_secs_nanos(secs, 0);
            self.bindings.handle(message, at, 1, CapturePointId(0), &mut self.events);
            self.names()
        }

        fn tick(&mut self, secs: i64) -> Vec<&'static str> {
            self.bindings.tick(Timestamp::from_secs_nanos(secs, 0), &mut self.events);
            self.names()
        }

        fn names(&mut self) -> Vec<&'static str> {
            self.events.drain(..).map(|event| event.kind.as_str()).collect()
        }
    }

    #[test]
    fn leaves_home_roams_and_returns() {
        let mut bench = Bench::new(PresenceSettings::default());
        assert_eq!(bench.at(0, &update(1, 2, 60)), ["start"]);
        assert_eq!(bench.at(1, &answer(1, 0, 60)), ["seen"]);
        assert_eq!(bench.at(30, &update(2, 2, 60)), ["seen"]);
        assert_eq!(bench.at(40, &update(3, 3, 60)), ["move"]);
        assert_eq!(bench.at(50, &update(4, 3, 0)), ["stop"]);
        assert_eq!(bench.tick(1_000), Vec::<&str>::new());
    }

    #[test]
    fn lives_for_the_lifetime_granted() {
        let mut bench = Bench::new(PresenceSettings::default());
        bench.at(0, &update(1, 2, 600));
        bench.at(1, &answer(1, 0, 60));
        assert_eq!(bench.tick(60), Vec::<&str>::new());
        assert_eq!(bench.tick(61), ["expire"]);
    }

    #[test]
    fn sequence_numbers_wrap_and_old_ones_are_ignored() {
        let mut bench = Bench::new(PresenceSettings::default());
        bench.at(0, &update(65_535, 2, 60));
        assert_eq!(bench.at(1, &update(65_534, 3, 60)), Vec::<&str>::new());
        assert_eq!(bench.at(2, &update(0, 3, 60)), ["move"]);
        assert_eq!(bench.bindings.counters().stale, 1);
    }

    #[test]
    fn a_refusal_takes_the_first_binding_back_and_a_later_one_to_what_was() {
        let mut bench = Bench::new(PresenceSettings::default());
        bench.at(0, &update(1, 2, 60));
        assert_eq!(bench.at(1, &answer(1, 129, 0)), ["stop"]);
        bench.at(2, &update(2, 2, 60));
        bench.at(3, &answer(2, 0, 60));
        assert_eq!(bench.at(4, &update(3, 3, 60)), ["move"]);
        assert_eq!(bench.at(5, &answer(3, 128, 0)), ["move"]);
    }

    #[test]
    fn waits_for_the_acknowledgement_where_one_is_required() {
        let settings = PresenceSettings { ack_rule: AckRule::Required, ..PresenceSettings::default() };
        let mut bench = Bench::new(settings);
        assert_eq!(bench.at(0, &update(1, 2, 60)), Vec::<&str>::new());
        assert_eq!(bench.at(1, &answer(1, 0, 60)), ["start"]);
        assert_eq!(bench.at(2, &update(2, 3, 60)), Vec::<&str>::new());
        assert_eq!(bench.at(3, &answer(2, 130, 0)), ["seen"]);
    }

    #[test]
    fn a_late_copy_does_not_bring_a_binding_back() {
        let mut bench = Bench::new(PresenceSettings::default());
        bench.at(0, &update(9, 2, 60));
        assert_eq!(bench.at(1, &update(10, 2, 0)), ["stop"]);
        assert_eq!(bench.at(2, &update(9, 2, 60)), Vec::<&str>::new());
        assert_eq!(bench.at(3, &update(11, 2, 60)), ["start"]);
    }

    #[test]
    fn a_refusal_of_an_update_and_of_its_copy_brings_back_what_was_accepted() {
        let mut bench = Bench::new(PresenceSettings::default());
        bench.at(0, &update(1, 2, 600));
        bench.at(1, &answer(1, 0, 600));
        assert_eq!(bench.at(2, &update(2, 3, 600)), ["move"]);
        assert_eq!(bench.at(3, &update(3, 3, 600)), ["seen"]);
        assert_eq!(bench.at(4, &answer(3, 130, 0)), ["move"]);
    }

    #[test]
    fn going_home_ends_the_bindings_of_correspondents() {
        let mut bench = Bench::new(PresenceSettings::default());
        bench.at(0, &update(1, 2, 600));
        for peer in 1..=12 {
            let MobilityEvent::BindingUpdate(update) = update(1, 2, 20) else { unreachable!() };
            let peer = Ipv6Addr::new(0x2001, 0xdb8, 0xcc, 0, 0, 0, 0, peer);
            let update = BindingUpdate { peer, home_registration: false, ..update };
            bench.at(1, &MobilityEvent::BindingUpdate(update));
        }
        assert_eq!(bench.tick(30), Vec::<&str>::new());
        assert_eq!(bench.bindings.counters().bindings_evicted, 5);
        assert_eq!(bench.at(31, &update(2, 2, 0)), ["stop"]);
    }

    #[test]
    fn a_bad_checksum_or_an_ambiguous_update_changes_nothing() {
        let mut bench = Bench::new(PresenceSettings::default());
        let MobilityEvent::BindingUpdate(good) = update(1, 2, 60) else { unreachable!() };
        let bad = BindingUpdate { checksum: Checksum::Bad, ..good.clone() };
        assert_eq!(bench.at(0, &MobilityEvent::BindingUpdate(bad)), Vec::<&str>::new());
        let ambiguous = BindingUpdate { ambiguous: true, ..good };
        assert_eq!(bench.at(0, &MobilityEvent::BindingUpdate(ambiguous)), Vec::<&str>::new());
        let counters = bench.bindings.counters();
        assert_eq!((counters.bad_checksum, counters.ambiguous, counters.updates), (1, 1, 0));
    }

    #[test]
    fn a_gateway_that_was_left_cannot_deregister() {
        let mut bench = Bench::new(PresenceSettings::default());
        let gateway = |sequence, net, lifetime| {
            let MobilityEvent::BindingUpdate(update) = update(sequence, net, lifetime) else {
                unreachable!()
            };
            MobilityEvent::BindingUpdate(BindingUpdate { proxy: true, ..update })
        };
        assert_eq!(bench.at(0, &gateway(0, 2, 60)), ["start"]);
        assert_eq!(bench.at(1, &gateway(0, 3, 60)), ["move"]);
        assert_eq!(bench.at(2, &gateway(0, 2, 0)), Vec::<&str>::new());
        assert_eq!(bench.at(3, &gateway(0, 3, 0)), ["stop"]);
        assert_eq!(bench.bindings.counters().outdated_gateway, 1);
    }

    #[test]
    fn a_full_table_forgets_the_absent_and_refuses_otherwise() {
        let mut bench = Bench::new(PresenceSettings::default());
        for last in 1..=3 {
            let MobilityEvent::BindingUpdate(update) = update(1, 2, 60) else { unreachable!() };
            let home = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, last);
            let update = BindingUpdate { home_address: Some(home), ..update };
            bench.at(0, &MobilityEvent::BindingUpdate(update));
        }
        assert_eq!(bench.bindings.counters().nodes_refused, 1);
        assert_eq!(bench.bindings.present_count(), 2);
    }
}
