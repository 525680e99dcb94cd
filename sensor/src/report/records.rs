//! The records of `--output json|jsonl`. Field names are a promise: they are added to, never changed.

use std::collections::BTreeMap;

use rollcall_core::audit::{AuditEvent, DiscrepancyChange};
use serde::{Deserialize, Serialize};

use super::flows::{EffectRecord, RunRecord};
use super::posts::PostRecord;

/// One record; `type` says which.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Record {
    /// A capture file.
    Capture(CaptureRecord),
    /// A capture point.
    CapturePoint(PointRecord),
    /// A station.
    Station(StationRecord),
    /// A claim of an IP address.
    Binding(BindingRecord),
    /// A mobile node.
    MobileNode(MobileNodeRecord),
    /// A session of an access server, or a port that a relay named.
    Session(SessionRecord),
    /// What happened to an address.
    Presence(PresenceRecord),
    /// A station that was learned or that an operator decided on.
    Learned(LearnedRecord),
    /// A discrepancy.
    Discrepancy(DiscrepancyRecord),
    /// A post of a stream.
    Post(PostRecord),
    /// A run of a workflow.
    Run(RunRecord),
    /// Something that a run asks of the world, or would have asked.
    Effect(EffectRecord),
    /// Sums and counters; the last record.
    Summary(SummaryRecord),
}

/// A capture file that was read.
#[derive(Clone, Debug, Serialize)]
pub struct CaptureRecord {
    /// The file as the user named it.
    pub file: String,
    /// `pcap`, `pcapng` or `snoop`; null where it could not be told.
    pub format: Option<&'static str>,
    /// `none`, `gzip`, `zstd` or `lz4`.
    pub compression: &'static str,
    /// Interfaces that the file describes.
    pub interfaces: u64,
    /// Frames.
    pub frames: u64,
    /// Octets on the wire.
    pub octets: u64,
    /// Octets captured.
    pub captured_octets: u64,
    /// The earliest time stamp.
    pub first_at: Option<String>,
    /// The latest time stamp.
    pub last_at: Option<String>,
    /// Frames stamped earlier than the frame before.
    pub time_goes_back: u64,
    /// Comments in the file.
    pub comments: u64,
    /// What is wrong with the file.
    pub damage: Vec<String>,
}

/// A capture point that gave frames or is configured.
#[derive(Clone, Debug, Serialize)]
pub struct PointRecord {
    /// Its name.
    pub name: String,
    /// `ingress`, `egress` or `both`.
    pub direction: &'static str,
    /// How closely it locates: `exact port`, `host`, `segment`.
    pub locates: &'static str,
    /// The mirrored ports and hosts.
    pub mirrors: Vec<String>,
    /// Frames.
    pub frames: u64,
    /// Octets on the wire.
    pub octets: u64,
    /// Frames shorter in the capture than on the wire.
    pub cut: u64,
    /// Frames whose source address no station may have.
    pub bad_source: u64,
    /// Frames that were decoded to their end.
    pub complete: u64,
    /// Frames by why decoding stopped.
    pub stopped: BTreeMap<&'static str, u64>,
    /// Frames by what they carry.
    pub classes: BTreeMap<&'static str, u64>,
    /// What was inside tunnels: frames and packets by how far decoding came, `complete` among the reasons. Left out
    /// where there was none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub inside: BTreeMap<&'static str, u64>,
}

/// A station that was seen.
#[derive(Clone, Debug, Serialize)]
pub struct StationRecord {
    /// The MAC address.
    pub mac: String,
    /// The VLAN identifiers, outermost first.
    pub vlans: Vec<u16>,
    /// The layer-2 domain, by number; 0 is the default one.
    pub domain: u16,
    /// The overlay whose frames carried it, as `vxlan 5001`; left out for real segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay: Option<String>,
    /// What it is recorded as: `guest web-01`, `host hv-01`, `router`; null where nobody recorded it.
    pub recorded_as: Option<String>,
    /// Whether it is present at the end.
    pub present: bool,
    /// Where it is believed to be, or was last.
    pub location: String,
    /// How closely that is known.
    pub confidence: &'static str,
    /// Its first frame.
    pub first_seen: String,
    /// Its last frame.
    pub last_seen: String,
    /// Frames.
    pub frames: u64,
    /// Octets on the wire.
    pub octets: u64,
    /// Whether it forwards for others.
    pub router: bool,
}

/// A station's claim of an IP address.
#[derive(Clone, Debug, Serialize)]
pub struct BindingRecord {
    /// The address.
    pub address: String,
    /// Who claims it.
    pub mac: String,
    /// The VLAN identifiers, outermost first.
    pub vlans: Vec<u16>,
    /// The layer-2 domain, by number.
    pub domain: u16,
    /// The overlay, as `vxlan 5001`; left out for real segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay: Option<String>,
    /// `strong` (ARP, NDP) or `weak` (source of a data frame).
    pub strength: &'static str,
    /// The first claim.
    pub first_at: String,
    /// The last claim; of a weak one, which is told once, the first.
    pub last_at: String,
    /// In how many seconds it was claimed.
    pub count: u64,
}

/// A mobile node.
#[derive(Clone, Debug, Serialize)]
pub struct MobileNodeRecord {
    /// Its home address.
    pub home_address: String,
    /// What it is recorded as.
    pub recorded_as: Option<String>,
    /// Whether it is away from home at the end.
    pub away: bool,
    /// Where it is, while it is away.
    pub care_of: Option<String>,
    /// Its bindings at the end.
    pub bindings: Vec<BindingOfNode>,
    /// The first message about it.
    pub first_seen: String,
    /// The last message about it.
    pub last_seen: String,
}

/// One binding of a mobile node.
#[derive(Clone, Debug, Serialize)]
pub struct BindingOfNode {
    /// The other end.
    pub peer: String,
    /// `home agent` or `correspondent`.
    pub role: &'static str,
    /// Where the node is, as this peer was told.
    pub care_of: String,
    /// The last sequence number accepted; Mobile IPv4 has none.
    pub sequence: Option<u16>,
    /// The lifetime in seconds; null where it has no end.
    pub lifetime_s: Option<u64>,
    /// When it runs out.
    pub expires_at: Option<String>,
    /// Whether the peer has accepted it.
    pub acknowledged: bool,
}

/// A station that is present because somebody at its port says so, or its switch.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRecord {
    /// Whose.
    pub mac: String,
    /// What it is recorded as.
    pub recorded_as: Option<String>,
    /// Who says so: `radius`, `dhcp-relay` or `forwarding-table`.
    pub by: &'static str,
    /// Where it is by that.
    pub location: String,
    /// How closely that is known.
    pub confidence: &'static str,
    /// Since when.
    pub since: String,
    /// When it was said last.
    pub last_at: String,
}

/// What happened to an address, or that a station was seen that was not known.
#[derive(Clone, Debug, Serialize)]
pub struct PresenceRecord {
    /// When.
    pub at: String,
    /// `new-station`, `new-address`, `changed`, `flip-flop`, `reused`, `bogon` or `body-mismatch`.
    pub event: &'static str,
    /// Who: the MAC address, or the home address of a mobile node.
    pub station: String,
    /// What it is recorded as; null where nobody recorded it.
    pub recorded_as: Option<String>,
    /// The VLAN identifiers, outermost first.
    pub vlans: Vec<u16>,
    /// The layer-2 domain, by number.
    pub domain: u16,
    /// The overlay, as `vxlan 5001`; left out for real segments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlay: Option<String>,
    /// The IP address that it is about; left out for a new station.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The other station: who held the address, or whom the body of the message names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// When a re-used address had been claimed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_since: Option<String>,
    /// The frame that showed it.
    pub evidence: EvidenceRecord,
}

/// A station that was learned, or that an operator decided on.
#[derive(Clone, Debug, Serialize)]
pub struct LearnedRecord {
    /// Which.
    pub station: String,
    /// `learned`, `accepted` or `rejected`.
    pub standing: &'static str,
    /// When that was.
    pub at: String,
    /// The capture point that met it; null where an operator named it.
    pub capture_point: Option<String>,
    /// When it was last told of.
    pub last_seen: String,
}

/// A discrepancy.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct DiscrepancyRecord {
    /// Its short stable name.
    pub id: String,
    /// Its key: kind and subject.
    pub key: String,
    /// What it is.
    pub kind: String,
    /// How grave it is.
    pub severity: String,
    /// Whom it is about.
    pub subject: String,
    /// Where in its life it is.
    pub state: String,
    /// What the inventories say.
    pub recorded: String,
    /// What the wire says.
    pub observed: String,
    /// From when on the evidence sufficed.
    pub since: String,
    /// When it was opened.
    pub opened_at: String,
    /// When its evidence was last renewed.
    pub last_seen_at: String,
    /// When it was resolved.
    pub resolved_at: Option<String>,
    /// Why it was resolved.
    pub resolution: Option<String>,
    /// Until when nobody wants to hear of it; `for good` where that has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<String>,
    /// Who knows of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    /// Scheduled work that touches it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub work: Vec<String>,
    /// How often it was opened.
    pub episodes: u32,
    /// Pieces of evidence taken in.
    pub count: u64,
    /// Where the subject stands in the hierarchy, the root first.
    pub path: Vec<String>,
    /// One sentence.
    pub explanation: String,
    /// The reasoning, step by step.
    pub steps: Vec<String>,
    /// The evidence that is kept.
    pub evidence: Vec<EvidenceRecord>,
}

/// A change in a discrepancy's life, as it happens; not part of the report.
#[derive(Clone, Debug, Serialize)]
pub struct DiscrepancyEventRecord {
    /// When.
    pub at: String,
    /// The discrepancy's short stable name.
    pub id: String,
    /// Its key: kind and subject.
    pub key: String,
    /// What it is.
    pub kind: &'static str,
    /// Whom it is about.
    pub subject: String,
    /// `opened`, `confirmed`, `acknowledged` or `resolved`.
    pub change: &'static str,
    /// Of one that opened: from when on the evidence sufficed.
    pub since: Option<String>,
}

impl DiscrepancyEventRecord {
    /// Makes the record of an event.
    pub fn new(event: &AuditEvent) -> Self {
        let since = match event.change {
            DiscrepancyChange::Opened { since } => Some(since.to_string()),
            _ => None,
        };
        Self {
            at: event.at.to_string(),
            id: event.key.id().to_string(),
            key: event.key.to_string(),
            kind: event.key.kind.as_str(),
            subject: event.key.subject.to_string(),
            change: event.change.as_str(),
            since,
        }
    }
}

/// One piece of evidence.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct EvidenceRecord {
    /// The frame's time.
    pub at: String,
    /// The capture point.
    pub capture_point: String,
    /// The frame's ordinal in the run; null where only its time was kept.
    pub frame: Option<u64>,
    /// What it showed.
    pub kind: String,
    /// Where it was.
    pub location: String,
}

/// Sums and counters.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SummaryRecord {
    /// Frames.
    pub frames: u64,
    /// Octets on the wire.
    pub octets: u64,
    /// The first time stamp.
    pub first_at: Option<String>,
    /// The time at which the run ended: that of the latest frame.
    pub ended_at: Option<String>,
    /// Stations seen and still known; those forgotten are counted.
    pub stations: u64,
    /// Stations present at the end.
    pub present: u64,
    /// Of the stations seen, those that nobody recorded.
    pub unrecorded: u64,
    /// Claims of IP addresses.
    pub bindings: u64,
    /// Of these, those by ARP or NDP.
    pub bindings_strong: u64,
    /// Mobile nodes away from home at the end.
    pub mobile_nodes_away: u64,
    /// Recorded guests.
    pub recorded_guests: u64,
    /// Open discrepancies by kind.
    pub open: BTreeMap<&'static str, u64>,
    /// Resolved discrepancies by kind.
    pub resolved: BTreeMap<&'static str, u64>,
    /// Presence events by kind.
    pub presence_events: BTreeMap<&'static str, u64>,
    /// Of the address events those that are listed, by kind; left out where there is none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub address_events: BTreeMap<&'static str, u64>,
    /// Everything else that was counted, by name; what is zero is left out.
    pub counters: BTreeMap<&'static str, u64>,
    /// What a reader should know before drawing conclusions.
    pub notes: Vec<String>,
}
