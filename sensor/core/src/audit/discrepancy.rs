use core::fmt;
use std::borrow::Cow;
use std::net::IpAddr;

use super::sentences::{Facts, Statement};
use crate::presence::Evidence;
use crate::types::{Segment, StationId, Timestamp};

/// The kinds of difference between observed and recorded state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// One MAC address at two places at once: cloned, or running on two hosts.
    DuplicateGuest,
    /// Recorded running, not seen: crashed, frozen or disconnected.
    SilentGuest,
    /// A guest's MAC address that no inventory has.
    UnknownGuest,
    /// Recorded off, yet talking.
    ZombieGuest,
    /// Two stations claim one IP address.
    AddressConflict,
    /// Two sources of records contradict each other.
    RecordConflict,
    /// More addresses than is normal found a full table at a capture point.
    MacFlood,
    /// A capture point that vouches for guests sees nothing.
    BlindCapturePoint,
    /// A source of records has not been heard, or is not believed.
    StaleSource,
    /// At a place that is not its recorded host's.
    MisplacedGuest,
    /// Any other station that nobody recorded.
    UnknownStation,
    /// A difference that comes and goes too often to be told each time.
    Flapping,
}

impl Kind {
    /// All kinds, the gravest first.
    pub const ALL: [Self; 12] = [
        Self::DuplicateGuest,
        Self::SilentGuest,
        Self::UnknownGuest,
        Self::ZombieGuest,
        Self::AddressConflict,
        Self::RecordConflict,
        Self::MacFlood,
        Self::BlindCapturePoint,
        Self::StaleSource,
        Self::MisplacedGuest,
        Self::UnknownStation,
        Self::Flapping,
    ];

    /// Returns the word that configuration, output and metric labels use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DuplicateGuest => "duplicate-guest",
            Self::SilentGuest => "silent-guest",
            Self::UnknownGuest => "unknown-guest",
            Self::ZombieGuest => "zombie-guest",
            Self::AddressConflict => "address-conflict",
            Self::RecordConflict => "record-conflict",
            Self::MacFlood => "mac-flood",
            Self::BlindCapturePoint => "blind-capture-point",
            Self::StaleSource => "stale-source",
            Self::Flapping => "flapping",
            Self::MisplacedGuest => "misplaced-guest",
            Self::UnknownStation => "unknown-station",
        }
    }

    /// Returns the kind that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Returns how grave it is.
    pub const fn severity(self) -> Severity {
        match self {
            Self::DuplicateGuest | Self::SilentGuest => Severity::Critical,
            Self::UnknownGuest
            | Self::ZombieGuest
            | Self::AddressConflict
            | Self::RecordConflict
            | Self::MacFlood
            | Self::BlindCapturePoint
            | Self::StaleSource => Severity::Major,
            Self::MisplacedGuest | Self::UnknownStation | Self::Flapping => Severity::Minor,
        }
    }

    /// Tells whether it is a difference from the records of a guest, or from their absence.
    pub(super) const fn rests_on_records(self) -> bool {
        match self {
            Self::SilentGuest
            | Self::UnknownGuest
            | Self::ZombieGuest
            | Self::RecordConflict
            | Self::MisplacedGuest
            | Self::UnknownStation => true,
            Self::DuplicateGuest
            | Self::AddressConflict
            | Self::MacFlood
            | Self::BlindCapturePoint
            | Self::StaleSource
            | Self::Flapping => false,
        }
    }

    /// Returns what it means, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::DuplicateGuest => "one MAC address speaks at two places: cloned, or running on two hosts",
            Self::SilentGuest => "recorded as running and not seen: crashed, frozen or disconnected",
            Self::UnknownGuest => "a guest's MAC address that no inventory has: new, or rogue",
            Self::ZombieGuest => "recorded as not running and yet talking",
            Self::AddressConflict => "two stations claim one IP address",
            Self::RecordConflict => "two sources of records contradict each other",
            Self::MacFlood => "more new addresses than a capture point's table has room for",
            Self::BlindCapturePoint => "a capture point sees nothing: it vouches for nobody",
            Self::StaleSource => {
                "a source of records is silent or not believed: what rests on it is held back"
            }
            Self::Flapping => "a difference comes and goes too often to be told each time",
            Self::MisplacedGuest => "at a place that is not its recorded host's: moved without a record",
            Self::UnknownStation => "a station that nobody recorded",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How grave a discrepancy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Service or data are in danger.
    Critical,
    /// Somebody must look.
    Major,
    /// The records need care.
    Minor,
}

impl Severity {
    /// All severities, the gravest first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Major, Self::Minor];

    /// Returns the word that output and metric labels use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Major => "major",
            Self::Minor => "minor",
        }
    }
}

/// Whom or what a discrepancy is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A recorded guest, by its id.
    Guest(Box<str>),
    /// A station that is no recorded guest's.
    Station(StationId),
    /// An IP address on a segment.
    Address(IpAddr, Segment),
    /// A capture point, by its name.
    CapturePoint(Box<str>),
    /// A source of records, by its name.
    Source(Box<str>),
    /// A difference that comes and goes.
    Difference(Box<Key>),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guest(id) | Self::CapturePoint(id) | Self::Source(id) => f.write_str(id),
            Self::Difference(key) => key.fmt(f),
            Self::Station(station) => station.fmt(f),
            Self::Address(addr, segment) if *segment == Segment::default() => addr.fmt(f),
            Self::Address(addr, segment) => {
                write!(f, "{addr} {}", segment.vids)?;
                match segment.domain.0 {
                    0 => Ok(()),
                    domain => write!(f, " domain {domain}"),
                }
            }
        }
    }
}

/// What makes two reports the same discrepancy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind.
    pub kind: Kind,
    /// The subject.
    pub subject: Subject,
}

impl Key {
    /// Returns the id, which is the same in every run.
    pub fn id(&self) -> DiscrepancyId {
        // FNV-1a, for a short name that never changes; not for a table keyed by what the wire says.
        let hash = self.to_string().bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, octet| {
            (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        DiscrepancyId(hash >> 16)
    }
}

/// Prints `zombie-guest:web-01`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.subject)
    }
}

/// A short stable name of a discrepancy: twelve hexadecimal digits made from its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiscrepancyId(u64);

impl DiscrepancyId {
    /// Returns the number that the digits write: 48 bits.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for DiscrepancyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

/// Where in its life a discrepancy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscrepancyState {
    /// Found.
    Open,
    /// Found, and it stood, or further evidence came.
    Confirmed,
    /// An operator knows of it.
    Acknowledged,
    /// Over.
    Resolved,
}

impl DiscrepancyState {
    /// Returns the word that output and metric labels use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Confirmed => "confirmed",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }
}

/// A difference between observed and recorded state, with its evidence and its own life.
#[derive(Clone, Debug)]
pub struct Discrepancy {
    /// What it is.
    pub key: Key,
    /// Where in its life it is.
    pub state: DiscrepancyState,
    /// From when on the evidence sufficed, graces not counted.
    pub since: Timestamp,
    /// When it was opened, the last time.
    pub opened_at: Timestamp,
    /// Until when an operator, or the configuration, does not want to hear of it; [`Timestamp::MAX`] for good.
    pub muted_until: Option<Timestamp>,
    /// Who knows of it.
    pub acknowledged_by: Option<Box<str>>,
    /// Scheduled work that touches its subject while it stands, by reference.
    pub work: Vec<Box<str>>,
    /// When its evidence was last renewed.
    pub last_seen_at: Timestamp,
    /// When it was resolved, if it is.
    pub resolved_at: Option<Timestamp>,
    /// Why it was resolved, if it is.
    pub resolution: Option<Cow<'static, str>>,
    /// How often it was opened: more than once where it comes and goes.
    pub episodes: u32,
    /// Pieces of evidence taken in, kept or not.
    pub count: u64,
    /// The evidence that is kept: the first pieces and the last ones.
    pub evidence: Vec<Evidence>,
    /// Where the subject stands in the hierarchy, the root first.
    pub path: Vec<Box<str>>,
    /// What it consists of; [`super::Audit::statement`] says it in sentences.
    pub(super) facts: Facts,
    /// When it last opened, within the time in which openings are counted; empty while it opened once.
    pub(super) openings: Vec<Timestamp>,
    /// An operator resolved it: until then it stays so, even if the difference does.
    pub(super) stays_resolved_until: Option<Timestamp>,
    /// When something of it was last told, and whether evidence came since.
    pub(super) told_at: Timestamp,
    pub(super) has_news: bool,
    /// The sentences, kept where the records that they were made of have gone.
    pub(super) told: Option<Box<Statement>>,
}

impl Discrepancy {
    /// Tells whether it is not over.
    pub fn is_open(&self) -> bool {
        self.state != DiscrepancyState::Resolved
    }

    /// Takes in a piece of evidence; keeps the first half of `max` and the last half, in the order of time.
    pub(super) fn add_evidence(&mut self, evidence: Evidence, max: usize) {
        if self.evidence.contains(&evidence) {
            return;
        }
        self.count += 1;
        self.has_news = true;
        self.last_seen_at = self.last_seen_at.max(evidence.at);
        if self.evidence.len() >= max {
            self.evidence.remove(max / 2);
        }
        let place =
            self.evidence.partition_point(|known| (known.at, known.frame) <= (evidence.at, evidence.frame));
        if self.evidence.len() == self.evidence.capacity() {
            // Of strangers, of whom there may be many, there often is but one piece.
            self.evidence.reserve_exact(self.evidence.len().max(1));
        }
        self.evidence.insert(place, evidence);
    }
}

/// A change in a discrepancy's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub key: Key,
    /// What.
    pub change: DiscrepancyChange,
}

/// The changes in a discrepancy's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscrepancyChange {
    /// It was found, for the first time or again.
    Opened {
        /// From when on the evidence sufficed.
        since: Timestamp,
    },
    /// It stood, or further evidence came, or an operator says so.
    Confirmed,
    /// Further evidence came; told now and then, not for each piece.
    Updated {
        /// Pieces of evidence so far.
        count: u64,
    },
    /// An operator knows of it.
    Acknowledged,
    /// Nobody wants to hear of it for a while.
    Muted {
        /// Until when; [`Timestamp::MAX`] for good.
        until: Timestamp,
    },
    /// It is to be heard of again.
    Unmuted,
    /// It is over.
    Resolved,
}

impl DiscrepancyChange {
    /// Returns the word that output and metric labels use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Confirmed => "confirmed",
            Self::Updated { .. } => "updated",
            Self::Acknowledged => "acknowledged",
            Self::Muted { .. } => "muted",
            Self::Unmuted => "unmuted",
            Self::Resolved => "resolved",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_stable() {
        let key = Key { kind: Kind::ZombieGuest, subject: Subject::Guest("web-01".into()) };
        assert_eq!(key.to_string(), "zombie-guest:web-01");
        assert_eq!(key.id(), key.clone().id());
        let other = Key { kind: Kind::SilentGuest, ..key.clone() };
        assert_ne!(key.id(), other.id());
        assert_eq!(key.id().to_string().len(), 12);
    }

    #[test]
    fn words_are_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::from_word("zombie"), None);
    }
}
