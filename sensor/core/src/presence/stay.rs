use std::net::IpAddr;

use arrayvec::ArrayVec;

use super::event::{Evidence, EvidenceKind, PresenceKind};
use super::sides::Sides;
use crate::types::{Location, Segment, Timestamp};

/// Addresses told of a station, for the sentences about it.
const ADDRESSES_TOLD_MAX: usize = 4;

/// The addresses that a station claimed last, the latest last.
pub type ToldAddresses = ArrayVec<IpAddr, ADDRESSES_TOLD_MAX>;

/// A present station on one segment: where it is, and how that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Stay {
    /// The segment.
    pub segment: Segment,
    /// Where it is.
    pub location: Location,
    /// How it came there.
    pub arrival: Arrival,
    /// What showed that it came there.
    pub arrived_by: Evidence,
    /// What showed it last.
    pub last: Evidence,
    /// The two places between which it alternates.
    pub duplicate: Option<Box<[Evidence; 2]>>,
}

/// How a station came to where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It was absent before.
    Started,
    /// It was at another place.
    Moved {
        /// Where.
        from: Location,
        /// When it was first sighted at the new place.
        since: Timestamp,
    },
}

impl Stay {
    pub(super) fn begin(segment: Segment, evidence: Evidence) -> Self {
        Self {
            segment,
            location: evidence.location,
            arrival: Arrival::Started,
            arrived_by: evidence,
            last: evidence,
            duplicate: None,
        }
    }

    /// Takes in what is told of the station.
    pub(super) fn note(&mut self, at: Timestamp, kind: &PresenceKind) {
        self.note_by_sides(at, kind, &Sides::default());
    }

    /// Does so where several capture points may see one machine.
    pub(super) fn note_by_sides(&mut self, at: Timestamp, kind: &PresenceKind, sides: &Sides) {
        match *kind {
            PresenceKind::Started { evidence, .. } => *self = Self::begin(self.segment, evidence),
            PresenceKind::Located { location, evidence } => {
                (self.location, self.arrived_by, self.last) = (location, evidence, evidence);
            }
            PresenceKind::Moved { from, to, since, evidence } => {
                (self.location, self.arrived_by, self.last) = (to, evidence, evidence);
                self.arrival = Arrival::Moved { from, since };
            }
            PresenceKind::Seen { evidence, .. } => {
                if evidence.at >= self.last.at {
                    self.last = evidence;
                }
            }
            PresenceKind::Duplicated { former, latter } => self.duplicate = Some(Box::new([former, latter])),
            PresenceKind::DuplicateEnded { left } => {
                self.duplicate = None;
                if !sides.is_same_place(self.location, left) {
                    self.arrival = Arrival::Moved { from: self.location, since: at };
                    self.location = left;
                }
            }
            PresenceKind::Stopped { .. }
            | PresenceKind::Expired { .. }
            | PresenceKind::Claimed { .. }
            | PresenceKind::AddressChanged { .. }
            | PresenceKind::FlipFlopped { .. }
            | PresenceKind::AddressReused { .. }
            | PresenceKind::Bogon { .. }
            | PresenceKind::BodyMismatched { .. }
            | PresenceKind::Conflicted { .. }
            | PresenceKind::ConflictEnded { .. } => {}
        }
    }
}

impl Evidence {
    /// A frame of the station itself.
    pub(super) const fn frame(at: Timestamp, frame: u64, location: Location) -> Self {
        Self { at, frame, location, kind: EvidenceKind::Frame }
    }
}
