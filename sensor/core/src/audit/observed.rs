use std::net::IpAddr;

use crate::presence::{Evidence, PresenceEvent, PresenceKind};
use crate::types::{Location, Segment, Timestamp, push_tight};

/// Addresses remembered of a station, for the sentences about it.
const ADDRESSES_MAX: usize = 4;

/// What presence has told of one station, on all segments.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    /// The segments on which it is present.
    pub(super) present: Vec<SegmentSight>,
    /// The last that was known of it before it was gone.
    pub(super) gone: Option<Box<Gone>>,
    /// The addresses that it claimed last, the latest last.
    pub(super) addresses: Vec<IpAddr>,
}

/// A station on one segment.
#[derive(Clone, Debug)]
pub(super) struct SegmentSight {
    pub(super) segment: Segment,
    /// Where it is.
    pub(super) location: Location,
    /// How it came there.
    pub(super) arrival: Arrival,
    /// What showed that it came there.
    pub(super) arrived_by: Evidence,
    /// What showed it last.
    pub(super) last: Evidence,
    /// The two places between which it alternates.
    pub(super) duplicate: Option<Box<[Evidence; 2]>>,
}

/// How a station came to where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    Started,
    Moved { from: Location, since: Timestamp },
}

/// A station that is absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    /// When it was found to be gone.
    pub(super) at: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) location: Location,
    /// The last that was told of it.
    pub(super) last: Option<Evidence>,
    /// Whether it said goodbye rather than fell silent.
    pub(super) by_its_word: bool,
}

impl Sight {
    /// Takes in an event about the station. Conflicts of addresses are no matter of where it is.
    pub(super) fn note(&mut self, event: &PresenceEvent) {
        match event.kind {
            PresenceKind::Started { location, evidence } => {
                self.present.retain(|sight| sight.segment != event.segment);
                push_tight(
                    &mut self.present,
                    SegmentSight {
                        segment: event.segment,
                        location,
                        arrival: Arrival::Started,
                        arrived_by: evidence,
                        last: evidence,
                        duplicate: None,
                    },
                );
            }
            PresenceKind::Located { location, evidence } => {
                self.on(event.segment, |sight| {
                    (sight.location, sight.arrived_by, sight.last) = (location, evidence, evidence);
                });
            }
            PresenceKind::Moved { from, to, since, evidence } => self.on(event.segment, |sight| {
                (sight.location, sight.arrived_by, sight.last) = (to, evidence, evidence);
                sight.arrival = Arrival::Moved { from, since };
            }),
            PresenceKind::Seen { evidence, .. } => self.on(event.segment, |sight| {
                if evidence.at >= sight.last.at {
                    sight.last = evidence;
                }
            }),
            PresenceKind::Duplicated { former, latter } => {
                self.on(event.segment, |sight| sight.duplicate = Some(Box::new([former, latter])));
            }
            PresenceKind::DuplicateEnded { left } => self.on(event.segment, |sight| {
                sight.duplicate = None;
                if sight.location != left {
                    sight.arrival = Arrival::Moved { from: sight.location, since: event.at };
                    sight.location = left;
                }
            }),
            PresenceKind::Stopped { evidence, .. } => {
                self.leave(
                    event.segment,
                    Gone {
                        at: event.at,
                        last_seen: evidence.at,
                        location: evidence.location,
                        last: Some(evidence),
                        by_its_word: true,
                    },
                );
            }
            PresenceKind::Expired { last_seen, location } => {
                let last = self.present.iter().find(|sight| sight.segment == event.segment);
                let last = last.map(|sight| sight.last);
                let gone = Gone { at: event.at, last_seen, location, last, by_its_word: false };
                self.leave(event.segment, gone);
            }
            PresenceKind::Claimed { addr, .. } => {
                self.addresses.retain(|other| *other != addr);
                if self.addresses.len() >= ADDRESSES_MAX {
                    self.addresses.remove(0);
                }
                push_tight(&mut self.addresses, addr);
            }
            PresenceKind::Conflicted { .. } | PresenceKind::ConflictEnded { .. } => {}
        }
    }

    pub(super) const fn is_present(&self) -> bool {
        !self.present.is_empty()
    }

    fn on(&mut self, segment: Segment, change: impl FnOnce(&mut SegmentSight)) {
        if let Some(sight) = self.present.iter_mut().find(|sight| sight.segment == segment) {
            change(sight);
        }
    }

    fn leave(&mut self, segment: Segment, gone: Gone) {
        self.present.retain(|sight| sight.segment != segment);
        if self.gone.as_ref().is_none_or(|before| before.last_seen <= gone.last_seen) {
            self.gone = Some(Box::new(gone));
        }
    }
}
