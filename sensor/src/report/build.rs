use core::cmp::Reverse;
use core::time::Duration;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rollcall_core::audit::{AuditEvent, Discrepancy, DiscrepancyChange, Kind, LearnedStation};
use rollcall_core::engine::{Output, PointCounters};
use rollcall_core::presence::{
    AddressEvent, Claimant, Evidence, MobileNode, NamedBy, PresenceEvent, PresenceKind, Registered,
    RegisteredNode, Station, Stay,
};
use rollcall_core::recorded::Snapshot;
use rollcall_core::types::{
    CapturePoint, Confidence, Coverage, Direction, MacAddr, Segment, StationId, Timestamp, Vids,
};
use rollcall_core::workflow::Workflow;

use super::flows::{EffectRecord, FlowTally, RunRecord};
use super::posts::{self, PostRecord};
use super::records::{
    BindingOfNode, BindingRecord, CaptureRecord, DiscrepancyRecord, EvidenceRecord, LearnedRecord,
    MobileNodeRecord, PointRecord, PresenceRecord, Record, SessionRecord, StationRecord, SummaryRecord,
};
use crate::capture::FileFacts;
use crate::runtime::Replayed;

/// The upper bounds of the classes that latencies are counted in.
pub const LATENCY_BOUNDS: [Duration; 10] = [
    Duration::from_millis(10),
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(300),
    Duration::from_secs(900),
];

/// How long something took, each time: counts by class, which need no room for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latencies {
    /// How many took no longer than the bound at the same place in [`LATENCY_BOUNDS`], and longer than the one before.
    pub counts: [u64; LATENCY_BOUNDS.len()],
    /// How many there were, longer ones among them.
    pub count: u64,
    /// How long all took together.
    pub total: Duration,
}

impl Latencies {
    fn note(&mut self, latency: Duration) {
        let class = LATENCY_BOUNDS.partition_point(|bound| *bound < latency);
        if let Some(count) = self.counts.get_mut(class) {
            *count += 1;
        }
        self.count += 1;
        self.total = self.total.saturating_add(latency);
    }
}

/// What the outputs of a run add up to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Presence events by kind.
    pub presence: BTreeMap<&'static str, u64>,
    /// Address events by kind.
    pub address_events: BTreeMap<AddressEvent, u64>,
    /// Which of them are kept, to be told one by one.
    told: Vec<AddressEvent>,
    /// The first of these.
    kept: Vec<PresenceEvent>,
    /// Records written to the store.
    pub history_written: u64,
    /// Stays and claims pruned there.
    pub history_pruned: u64,
    /// How often a discrepancy of a kind opened.
    pub opened: BTreeMap<Kind, u64>,
    /// How long after their evidence sufficed discrepancies opened.
    pub latencies: Latencies,
    /// What happened in the streams, by kind.
    pub streams: BTreeMap<&'static str, u64>,
    /// What workflows did, by the number of the set of rules.
    pub flows: Vec<FlowTally>,
}

impl Tally {
    /// Address events that are kept to be told one by one, the first of a run; the others are counted.
    pub const EVENTS_MAX: usize = 10_000;

    /// Begins with nothing; `told` are the address events to be kept.
    pub fn new(told: Vec<AddressEvent>) -> Self {
        Self { told, ..Self::default() }
    }

    /// Returns how often each address event happened that is told.
    fn told(&self) -> impl Iterator<Item = (AddressEvent, u64)> {
        self.told.iter().filter_map(|kind| Some((*kind, *self.address_events.get(kind)?)))
    }

    /// Returns how many address events are told only by their number.
    fn untold(&self) -> u64 {
        self.told().map(|(_, count)| count).sum::<u64>().saturating_sub(self.kept.len() as u64)
    }

    /// Takes in an output of the spine.
    pub fn note(&mut self, output: &Output) {
        match output {
            Output::Presence(event) => {
                *self.presence.entry(event.kind.as_str()).or_default() += 1;
                if let Some(kind) = AddressEvent::of(&event.kind) {
                    *self.address_events.entry(kind).or_default() += 1;
                    if self.told.contains(&kind) && self.kept.len() < Self::EVENTS_MAX {
                        self.kept.push(event.clone());
                    }
                }
            }
            Output::Audit(AuditEvent { at, key, change: DiscrepancyChange::Opened { since } }) => {
                *self.opened.entry(key.kind).or_default() += 1;
                self.latencies.note(at.since(*since));
            }
            Output::Flood(event) => *self.presence.entry(event.change.as_str()).or_default() += 1,
            Output::Stream(event) => *self.streams.entry(event.change.as_str()).or_default() += 1,
            Output::Workflow(set, event) => {
                if self.flows.len() <= *set {
                    self.flows.resize_with(set + 1, FlowTally::default);
                }
                self.flows[*set].note(event);
            }
            Output::Audit(_) | Output::History(_) => {}
        }
    }
}

/// What a report is made from.
#[derive(Clone, Copy, Debug)]
pub struct ReportInput<'a> {
    /// The run.
    pub replayed: &'a Replayed,
    /// The capture files.
    pub facts: &'a [FileFacts],
    /// The outputs.
    pub tally: &'a Tally,
}

/// How much of the long lists a report holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Every station and binding, sorted by address.
    Everything,
    /// The busiest stations, the busiest first, and no bindings: what a page shows.
    Busiest(usize),
}

/// Everything a replay has to say, sorted.
#[derive(Clone, Debug)]
pub struct Report {
    /// The capture files.
    pub captures: Vec<CaptureRecord>,
    /// The capture points.
    pub points: Vec<PointRecord>,
    /// The stations, by address.
    pub stations: Vec<StationRecord>,
    /// The claims of addresses, by segment and address.
    pub bindings: Vec<BindingRecord>,
    /// The mobile nodes, by home address, those of IPv6 first.
    pub mobile_nodes: Vec<MobileNodeRecord>,
    /// The sessions and the ports that relays named, by address.
    pub sessions: Vec<SessionRecord>,
    /// What happened to addresses, as it happened.
    pub presence: Vec<PresenceRecord>,
    /// The stations that were learned or that an operator decided on, in order.
    pub learned: Vec<LearnedRecord>,
    /// The discrepancies: open ones first, the gravest first.
    pub discrepancies: Vec<DiscrepancyRecord>,
    /// The posts: of each stream, those further up in the tree first, the newest first.
    pub posts: Vec<PostRecord>,
    /// The runs of workflows, in the order of their beginnings.
    pub runs: Vec<RunRecord>,
    /// What they asked, or would have asked, of the world, in its order.
    pub effects: Vec<EffectRecord>,
    /// Sums and counters.
    pub summary: SummaryRecord,
}

impl Report {
    /// Gathers the report of a run.
    pub fn new(input: &ReportInput<'_>, detail: Detail) -> Self {
        let ReportInput { replayed, facts, .. } = *input;
        let spine = &replayed.spine;
        let names = Names { replayed };
        let ledger = spine.ledger();
        let summary = summary(input);
        let flows = input.tally.flows.first();
        let by_address = |one: &Seen| (one.0, one.1);
        let mut claims = Vec::new();
        let stations = match detail {
            Detail::Everything => {
                let mut stations: Vec<Seen> = ledger.stations().collect();
                stations.sort_unstable_by_key(by_address);
                claims = ledger.claims();
                stations
            }
            Detail::Busiest(shown) => {
                first_by_key(ledger.stations(), shown, |one| (Reverse(one.2.traffic.frames), by_address(one)))
            }
        };
        let nodes = ledger.bindings().nodes().map(|(home, node)| names.mobile_node(home, node));
        let registered = ledger.registrations().nodes();
        let nodes = nodes.chain(registered.map(|(home, node)| names.registered_node(home, node)));
        let sessions = match detail {
            Detail::Everything => {
                let polled = ledger.forwarding().stays().map(|(mac, stay)| (mac, NamedBy::Table, stay));
                let stays = ledger.sessions().stays().chain(polled);
                stays.map(|(mac, by, stay)| names.session(mac, by, stay)).collect()
            }
            Detail::Busiest(_) => Vec::new(),
        };
        let mut discrepancies: Vec<&Discrepancy> = spine.audit().discrepancies().collect();
        discrepancies.sort_by_key(|known| {
            let Discrepancy { key, since, .. } = known;
            (!known.is_open(), key.kind.severity(), key.kind, *since, key.clone())
        });
        Self {
            captures: facts.iter().map(capture).collect(),
            points: replayed.points.iter().zip(&replayed.counters).map(point).collect(),
            stations: stations.into_iter().map(|station| names.station(station)).collect(),
            bindings: claims.into_iter().map(binding).collect(),
            mobile_nodes: nodes.collect(),
            sessions,
            presence: input.tally.kept.iter().filter_map(|event| names.presence(event)).collect(),
            learned: spine.audit().learned().stations().map(|known| names.learned(known)).collect(),
            discrepancies: discrepancies.into_iter().map(|known| names.discrepancy(known)).collect(),
            posts: posts::records(spine.streams()),
            runs: flows.map_or_else(Vec::new, |flows| flows.runs(spine.workflow(0))),
            effects: flows.map_or_else(Vec::new, FlowTally::effects),
            summary,
        }
    }

    /// Returns the records in the order in which they are printed; the summary is the last.
    pub fn records(&self) -> Vec<Record> {
        let captures = self.captures.iter().cloned().map(Record::Capture);
        let points = self.points.iter().cloned().map(Record::CapturePoint);
        let stations = self.stations.iter().cloned().map(Record::Station);
        let bindings = self.bindings.iter().cloned().map(Record::Binding);
        let nodes = self.mobile_nodes.iter().cloned().map(Record::MobileNode);
        let nodes = nodes.chain(self.sessions.iter().cloned().map(Record::Session));
        let nodes = nodes.chain(self.presence.iter().cloned().map(Record::Presence));
        let nodes = nodes.chain(self.learned.iter().cloned().map(Record::Learned));
        let discrepancies = self.discrepancies.iter().cloned().map(Record::Discrepancy);
        let summary = core::iter::once(Record::Summary(self.summary.clone()));
        let facts = captures.chain(points).chain(stations).chain(bindings).chain(nodes);
        let posts = self.posts.iter().cloned().map(Record::Post);
        let runs = self.runs.iter().cloned().map(Record::Run);
        let flows = runs.chain(self.effects.iter().cloned().map(Record::Effect));
        facts.chain(discrepancies).chain(posts).chain(flows).chain(summary).collect()
    }
}

/// A station as the ledger tells of it.
type Seen = (MacAddr, Segment, Station);
/// A claim as the address book tells of it.
type Claimed = (Segment, IpAddr, Claimant);

/// Turns numbers into the names of capture points and records.
struct Names<'a> {
    replayed: &'a Replayed,
}

impl Names<'_> {
    fn snapshot(&self) -> &Snapshot {
        self.replayed.spine.audit().snapshot()
    }

    fn recorded_as(&self, station: StationId) -> Option<String> {
        let snapshot = self.snapshot();
        let guest = match station {
            StationId::Mac(mac) => snapshot.guest_by_mac(mac),
            StationId::HomeAddress(home) => snapshot.guest_by_home_address(home),
        };
        let StationId::Mac(mac) = station else {
            return guest.and_then(|at| snapshot.guest(at)).map(|guest| format!("guest {}", guest.id));
        };
        let guest = guest.and_then(|at| snapshot.guest(at)).map(|guest| format!("guest {}", guest.id));
        let host = || snapshot.host_by_mac(mac).and_then(|at| snapshot.host(at));
        guest
            .or_else(|| host().map(|host| format!("host {}", host.id)))
            .or_else(|| snapshot.known_station(mac).map(|known| known.name.to_string()))
            .or_else(|| mac.is_virtual_router().then(|| "virtual router".to_owned()))
    }

    fn is_recorded(&self, mac: MacAddr) -> bool {
        let snapshot = self.snapshot();
        snapshot.guest_by_mac(mac).is_some()
            || snapshot.host_by_mac(mac).is_some()
            || snapshot.known_station(mac).is_some()
            || mac.is_virtual_router()
    }

    fn station(&self, (mac, segment, station): Seen) -> StationRecord {
        let spine = &self.replayed.spine;
        StationRecord {
            mac: mac.to_string(),
            vlans: vlans(segment.vids),
            domain: segment.domain.0,
            overlay: segment.overlay.map(|overlay| overlay.to_string()),
            recorded_as: self.recorded_as(StationId::Mac(mac)),
            present: station.present,
            location: spine.describe(station.location),
            confidence: spine.confidence(station.location).as_str(),
            first_seen: station.first_seen.to_string(),
            last_seen: station.last_seen.to_string(),
            frames: station.traffic.frames,
            octets: station.traffic.octets,
            router: station.router,
        }
    }

    fn mobile_node(&self, home: Ipv6Addr, node: &MobileNode) -> MobileNodeRecord {
        MobileNodeRecord {
            home_address: home.to_string(),
            recorded_as: self.recorded_as(StationId::HomeAddress(home.into())),
            away: node.location.is_some(),
            care_of: node.location.map(|at| self.replayed.spine.describe(at)),
            bindings: node
                .bindings
                .iter()
                .map(|binding| BindingOfNode {
                    peer: binding.peer.to_string(),
                    role: if binding.home_registration { "home agent" } else { "correspondent" },
                    care_of: binding.care_of.to_string(),
                    sequence: Some(binding.sequence),
                    lifetime_s: Some(binding.lifetime.as_secs()),
                    expires_at: Some(binding.expires_at.to_string()),
                    acknowledged: binding.acknowledged,
                })
                .collect(),
            first_seen: node.first_seen.to_string(),
            last_seen: node.last_seen.to_string(),
        }
    }

    fn registered_node(&self, home: Ipv4Addr, node: &RegisteredNode) -> MobileNodeRecord {
        let spine = &self.replayed.spine;
        let binding = |known: &Registered| BindingOfNode {
            peer: known.home_agent.to_string(),
            role: "home agent",
            care_of: known.care_of.to_string(),
            sequence: None,
            lifetime_s: known.lifetime.map(|lifetime| lifetime.as_secs()),
            expires_at: known.expires_at.as_ref().map(Timestamp::to_string),
            acknowledged: known.acknowledged,
        };
        MobileNodeRecord {
            home_address: home.to_string(),
            recorded_as: self.recorded_as(StationId::HomeAddress(home.into())),
            away: node.registration.is_some(),
            care_of: node.registration.as_ref().map(|known| spine.describe(known.location())),
            bindings: node.registration.iter().map(binding).collect(),
            first_seen: node.first_seen.to_string(),
            last_seen: node.last_seen.to_string(),
        }
    }

    fn session(&self, mac: MacAddr, by: NamedBy, stay: &Stay) -> SessionRecord {
        let spine = &self.replayed.spine;
        SessionRecord {
            mac: mac.to_string(),
            recorded_as: self.recorded_as(StationId::Mac(mac)),
            by: by.as_str(),
            location: spine.describe(stay.location),
            confidence: spine.confidence(stay.location).as_str(),
            since: stay.arrived_by.at.to_string(),
            last_at: stay.last.at.to_string(),
        }
    }

    fn presence(&self, event: &PresenceEvent) -> Option<PresenceRecord> {
        let kind = AddressEvent::of(&event.kind)?;
        let (mut address, mut other, mut since) = (None, None, None);
        let evidence = match event.kind {
            PresenceKind::AddressChanged { addr, former, evidence }
            | PresenceKind::FlipFlopped { addr, former, evidence } => {
                (address, other) = (Some(addr), Some(former));
                evidence
            }
            PresenceKind::BodyMismatched { addr, body, evidence } => {
                (address, other) = (Some(addr), Some(body));
                evidence
            }
            PresenceKind::AddressReused { addr, idle_since, evidence } => {
                (address, since) = (Some(addr), Some(idle_since));
                evidence
            }
            PresenceKind::Claimed { addr, evidence, .. } | PresenceKind::Bogon { addr, evidence } => {
                address = Some(addr);
                evidence
            }
            PresenceKind::Started { evidence, .. } => evidence,
            _ => return None,
        };
        let station = match event.station {
            StationId::Mac(mac) => mac.to_string(),
            StationId::HomeAddress(home) => home.to_string(),
        };
        Some(PresenceRecord {
            at: event.at.to_string(),
            event: kind.as_str(),
            station,
            recorded_as: self.recorded_as(event.station),
            vlans: vlans(event.segment.vids),
            domain: event.segment.domain.0,
            overlay: event.segment.overlay.map(|overlay| overlay.to_string()),
            address: address.map(|addr| addr.to_string()),
            other: other.map(|mac| mac.to_string()),
            idle_since: since.as_ref().map(Timestamp::to_string),
            evidence: self.evidence(&evidence),
        })
    }

    fn learned(&self, (station, known): (StationId, &LearnedStation)) -> LearnedRecord {
        let point = known.capture_point.and_then(|point| self.replayed.points.get(point.index()));
        LearnedRecord {
            station: station.to_string(),
            standing: known.standing.as_str(),
            at: known.at.to_string(),
            capture_point: point.map(|point| point.name.to_string()),
            last_seen: known.last_seen.to_string(),
        }
    }

    fn discrepancy(&self, known: &Discrepancy) -> DiscrepancyRecord {
        let statement = self.replayed.spine.statement(known);
        DiscrepancyRecord {
            id: known.key.id().to_string(),
            key: known.key.to_string(),
            kind: known.key.kind.as_str().to_owned(),
            severity: known.key.kind.severity().as_str().to_owned(),
            subject: known.key.subject.to_string(),
            state: known.state.as_str().to_owned(),
            recorded: statement.recorded,
            observed: statement.observed,
            since: known.since.to_string(),
            opened_at: known.opened_at.to_string(),
            last_seen_at: known.last_seen_at.to_string(),
            resolved_at: known.resolved_at.as_ref().map(Timestamp::to_string),
            resolution: known.resolution.as_ref().map(|why| why.to_string()),
            muted_until: known.muted_until.map(|until| match until {
                Timestamp::MAX => "for good".to_owned(),
                until => until.to_string(),
            }),
            acknowledged_by: known.acknowledged_by.as_ref().map(ToString::to_string),
            work: known.work.iter().map(ToString::to_string).collect(),
            episodes: known.episodes,
            count: known.count,
            path: known.path.iter().map(ToString::to_string).collect(),
            explanation: statement.explanation,
            steps: statement.steps,
            evidence: known.evidence.iter().map(|piece| self.evidence(piece)).collect(),
        }
    }

    fn evidence(&self, evidence: &Evidence) -> EvidenceRecord {
        let point = self.replayed.points.get(evidence.capture_point().index());
        EvidenceRecord {
            at: evidence.at.to_string(),
            capture_point: point.map_or_else(String::new, |point| point.name.to_string()),
            frame: Some(evidence.frame).filter(|&frame| frame > 0),
            kind: evidence.kind.as_str().to_owned(),
            location: self.replayed.spine.describe(evidence.location),
        }
    }
}

fn capture(facts: &FileFacts) -> CaptureRecord {
    CaptureRecord {
        file: facts.name.to_string(),
        format: facts.format.map(|format| format.as_str()),
        compression: facts.compression.as_str(),
        interfaces: facts.interface_count,
        frames: facts.frames,
        octets: facts.wire_octets,
        captured_octets: facts.captured_octets,
        first_at: facts.earliest.as_ref().map(Timestamp::to_string),
        last_at: facts.latest.as_ref().map(Timestamp::to_string),
        time_goes_back: facts.time_goes_back,
        comments: facts.comment_count,
        damage: facts.damage.iter().map(ToString::to_string).collect(),
    }
}

fn point((point, counters): (&CapturePoint, &PointCounters)) -> PointRecord {
    let stopped = counters.outcomes.by_reason().filter(|&(_, count)| count > 0);
    let classes = PointCounters::CLASSES.iter().zip(counters.classes).filter(|&(_, count)| count > 0);
    let inside = core::iter::once(("complete", counters.inner.complete()))
        .chain(counters.inner.by_reason().map(|(reason, count)| (reason.as_str(), count)));
    PointRecord {
        name: point.name.to_string(),
        direction: match point.direction {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
            Direction::Both => "both",
        },
        locates: point.confidence().as_str(),
        mirrors: point
            .ports
            .iter()
            .map(ToString::to_string)
            .chain(point.hosts.iter().map(|host| format!("host {host}")))
            .collect(),
        frames: counters.frames,
        octets: counters.octets,
        cut: counters.cut,
        bad_source: counters.bad_source,
        complete: counters.outcomes.complete(),
        stopped: stopped.map(|(reason, count)| (reason.as_str(), count)).collect(),
        classes: classes.map(|(class, count)| (class.as_str(), count)).collect(),
        inside: inside.filter(|&(_, count)| count > 0).collect(),
    }
}

fn binding((segment, address, claimant): Claimed) -> BindingRecord {
    BindingRecord {
        address: address.to_string(),
        mac: claimant.mac.to_string(),
        vlans: vlans(segment.vids),
        domain: segment.domain.0,
        overlay: segment.overlay.map(|overlay| overlay.to_string()),
        strength: claimant.strength.as_str(),
        first_at: claimant.first_at.to_string(),
        last_at: claimant.last_at.to_string(),
        count: claimant.count,
    }
}

/// Returns the `shown` items with the smallest keys, sorted, holding no more than twice as many.
fn first_by_key<T, K: Ord>(items: impl Iterator<Item = T>, shown: usize, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut first = Vec::new();
    for item in items {
        first.push(item);
        if first.len() >= 2 * shown.max(1) {
            first.select_nth_unstable_by_key(shown, &key);
            first.truncate(shown);
        }
    }
    first.sort_unstable_by_key(&key);
    first.truncate(shown);
    first
}

fn vlans(vids: Vids) -> Vec<u16> {
    vids.iter().collect()
}

fn summary(input: &ReportInput<'_>) -> SummaryRecord {
    let replayed = input.replayed;
    let (names, points) = (Names { replayed }, &replayed.counters);
    let (spine, table, clock) = (&replayed.spine, replayed.table, replayed.clock);
    let (stations, present) = spine.ledger().counts();
    let (claims, strong) = spine.ledger().addresses().count();
    let bindings = spine.ledger().bindings().counters();
    let audit = spine.audit().counters();
    let count_kinds = |open: bool| {
        let mut kinds = BTreeMap::new();
        for known in spine.audit().discrepancies().filter(|known| known.is_open() == open) {
            *kinds.entry(known.key.kind.as_str()).or_default() += 1;
        }
        kinds
    };
    let (sessions, registrations) =
        (spine.ledger().sessions().counters(), spine.ledger().registrations().counters());
    let forwarding = spine.ledger().forwarding().counters();
    let said = spine.streams().counters();
    let flow = spine.workflow(0).map(Workflow::counters).unwrap_or_default();
    let counters = [
        ("accounting_records", sessions.records),
        ("accounting_records_anonymous", sessions.anonymous),
        ("accounting_records_outdated", sessions.outdated),
        ("address_events_unlisted", input.tally.untold()),
        ("addresses_aged", spine.ledger().addresses().aged()),
        ("address_claims_refused", spine.ledger().addresses().refused()),
        ("audit_discrepancies_forgotten", audit.forgotten),
        ("audit_discrepancies_refused", audit.refused),
        ("bodies_untold", spine.ledger().mismatches_untold()),
        ("audit_operations_unmatched", audit.unmatched_operations),
        ("audit_stations_not_learned", spine.audit().learned().refused()),
        ("binding_acknowledgements", bindings.acknowledgements),
        ("binding_updates", bindings.updates),
        ("binding_updates_ambiguous", bindings.ambiguous),
        ("binding_updates_bad_checksum", bindings.bad_checksum),
        ("binding_updates_outdated_gateway", bindings.outdated_gateway),
        ("binding_updates_refused", bindings.refused),
        ("binding_updates_stale", bindings.stale),
        ("forwarding_rounds", forwarding.rounds),
        ("forwarding_rows", forwarding.rows),
        ("forwarding_rows_refused", forwarding.refused),
        ("forwarding_tables_failed", forwarding.failed),
        ("frames_bad_source", points.iter().map(|point| point.bad_source).sum()),
        ("frames_cut", points.iter().map(|point| point.cut).sum()),
        ("frames_late", clock.late),
        ("frames_leapt_ahead", clock.leapt_ahead),
        ("frames_stepped_back", clock.stepped_back),
        ("mirror_copies", table.mirror_copies),
        ("history_pruned", input.tally.history_pruned),
        ("history_written", input.tally.history_written),
        ("bindings_evicted", bindings.bindings_evicted),
        ("comments_dropped", said.posts.comments_dropped),
        ("likes_refused", said.posts.likes_refused),
        ("locations_unlisted", spine.ledger().unlisted()),
        ("members_forgotten", said.members.forgotten),
        ("members_refused", said.members.refused),
        ("mobile_nodes_forgotten", bindings.nodes_forgotten),
        ("mobile_nodes_refused", bindings.nodes_refused + registrations.nodes_refused),
        ("named_ports_refused", spine.ledger().attachments().refused()),
        ("posts_escalated", said.escalated),
        ("posts_forgotten", said.posts.forgotten),
        ("posts_refused", said.posts.refused),
        ("registration_replies_accepted", registrations.accepted),
        ("registration_replies_refused", registrations.refused),
        ("registration_requests", registrations.requests),
        ("registrations_unmatched", registrations.unmatched),
        ("sessions_ended_with_server", sessions.ended_with_server),
        ("sessions_forgotten", sessions.forgotten),
        ("repeated_claims", replayed.repeated_claims),
        ("tag_counts_dropped", said.tag_counts_dropped),
        ("stations_evicted", table.evicted),
        ("stations_forgotten", spine.ledger().forgotten()),
        ("stations_refused", table.refused),
        ("unread_claims", replayed.unread_claims),
        ("workflow_conditions_failed", flow.conditions_failed),
        ("workflow_effects_refused", flow.effects_refused),
        ("workflow_runs_refused", flow.refused),
        ("workflow_untold", input.tally.flows.first().map_or(0, FlowTally::untold)),
    ];
    SummaryRecord {
        frames: points.iter().map(|point| point.frames).sum(),
        octets: points.iter().map(|point| point.octets).sum(),
        first_at: input
            .facts
            .iter()
            .filter_map(|file| file.earliest)
            .min()
            .as_ref()
            .map(Timestamp::to_string),
        ended_at: replayed.ended_at.as_ref().map(Timestamp::to_string),
        stations: stations as u64,
        present: present as u64,
        unrecorded: spine.ledger().stations().filter(|(mac, _, _)| !names.is_recorded(*mac)).count() as u64,
        bindings: claims as u64,
        bindings_strong: strong as u64,
        mobile_nodes_away: spine.ledger().away_count() as u64,
        recorded_guests: spine.audit().snapshot().guests().len() as u64,
        open: count_kinds(true),
        resolved: count_kinds(false),
        presence_events: input.tally.presence.clone(),
        address_events: input.tally.told().map(|(kind, count)| (kind.as_str(), count)).collect(),
        counters: counters.into_iter().filter(|&(_, count)| count > 0).collect(),
        notes: notes(replayed),
    }
}

/// Says what a reader should know before drawing conclusions from what was not found.
fn notes(replayed: &Replayed) -> Vec<String> {
    let snapshot = replayed.spine.audit().snapshot();
    let mut notes = Vec::new();
    if snapshot.guests().is_empty() && snapshot.hosts().is_empty() && snapshot.known_stations().is_empty() {
        notes.push(
            "no inventory: nothing is held against the wire (name one with --inventory FILE)".to_owned(),
        );
        return notes;
    }
    let is_polled = replayed.spine.ledger().forwarding().switches().next().is_some();
    if !is_polled && replayed.points.iter().all(|point| point.coverage == Coverage::Unstated) {
        notes.push(
            "silent guests are not looked for: no capture point says whose silence it vouches for \
             (set `coverage` of a capture point in the configuration)"
                .to_owned(),
        );
    }
    if !is_polled && replayed.points.iter().all(|point| point.confidence() < Confidence::Host) {
        notes.push(
            "moves, duplicates and misplaced guests are not looked for on the wire: no capture point is one \
             mirrored port or host (set `direction: ingress` and `mirrors` in the configuration)"
                .to_owned(),
        );
    }
    notes
}
