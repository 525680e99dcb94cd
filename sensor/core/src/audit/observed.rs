use std::collections::BTreeMap;

use crate::presence::{Evidence, PresenceEvent, PresenceKind};
use crate::types::{Location, StationId, Timestamp};

/// The recorded stations that have left, with the last that was known of them.
///
/// Where the present ones are, the ledger knows; it forgets those that left sooner than a record does.
///
/// # Bounds
/// One entry for each station of a recorded guest.
#[derive(Debug, Default)]
pub(super) struct Departed {
    gone: BTreeMap<StationId, Gone>,
}

/// A station that is absent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gone {
    /// When it was found to be gone.
    pub(super) at: Timestamp,
    pub(super) last_seen: Timestamp,
    pub(super) location: Location,
    /// The last that was told of it.
    pub(super) last: Evidence,
    /// Whether it said goodbye rather than fell silent.
    pub(super) by_its_word: bool,
}

impl Departed {
    pub(super) fn get(&self, station: StationId) -> Option<&Gone> {
        self.gone.get(&station)
    }

    /// Takes in an event about a station of a recorded guest.
    pub(super) fn note(&mut self, event: &PresenceEvent) {
        let at = event.at;
        let gone = match event.kind {
            PresenceKind::Stopped { evidence, .. } => Gone {
                at,
                last_seen: evidence.at,
                location: evidence.location,
                last: evidence,
                by_its_word: true,
            },
            PresenceKind::Expired { last_seen, location, last } => {
                Gone { at, last_seen, location, last, by_its_word: false }
            }
            _ => return,
        };
        let known = self.gone.entry(event.station).or_insert(gone);
        if known.last_seen <= gone.last_seen {
            *known = gone;
        }
    }

    /// Forgets the stations that nobody records any more, among some or among all.
    pub(super) fn retain(&mut self, among: Option<&[StationId]>, is_recorded: impl Fn(StationId) -> bool) {
        match among {
            None => self.gone.retain(|&station, _| is_recorded(station)),
            Some(stations) => {
                for station in stations.iter().filter(|&&station| !is_recorded(station)) {
                    self.gone.remove(station);
                }
            }
        }
    }
}
