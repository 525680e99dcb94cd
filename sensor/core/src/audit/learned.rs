use core::time::Duration;
use std::collections::BTreeMap;

use crate::types::{CapturePointId, StationId, Timestamp};

/// How many stations are remembered as learned.
const LEARNED_MAX: usize = 65_536;

/// The stations that a capture point met while it was learning, and what operators said of stations.
///
/// # Bounds
/// [`LEARNED_MAX`] stations; a further one is not learned, which is counted: it is unknown, as without learning.
#[derive(Debug, Default)]
pub struct Learned {
    stations: BTreeMap<StationId, LearnedStation>,
    refused: u64,
}

/// A station that nobody recorded and that is not unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LearnedStation {
    /// When it was learned, or an operator spoke.
    pub at: Timestamp,
    /// Where it was first seen; none where an operator named it.
    pub capture_point: Option<CapturePointId>,
    /// When it was last told of.
    pub last_seen: Timestamp,
    /// What it counts as.
    pub standing: Standing,
}

/// What a learned station counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was there when the sensor came; somebody should look at it.
    Learned,
    /// An operator takes it for known.
    Accepted,
    /// An operator does not.
    Rejected,
}

impl Standing {
    /// Returns the word that output uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Learned => "learned",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

impl Learned {
    /// Returns every station, in order.
    pub fn stations(&self) -> impl Iterator<Item = (StationId, &LearnedStation)> {
        self.stations.iter().map(|(&station, learned)| (station, learned))
    }

    /// Returns how many stations could not be learned.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Tells whether a station is taken for known.
    pub(super) fn excuses(&self, station: StationId) -> bool {
        self.stations.get(&station).is_some_and(|known| known.standing != Standing::Rejected)
    }

    /// Takes in that a station was told of; forgets it first if it was away for too long.
    pub(super) fn see(&mut self, station: StationId, at: Timestamp, expiry: Duration) {
        let Some(known) = self.stations.get_mut(&station) else { return };
        if at > known.last_seen.after(expiry) {
            self.stations.remove(&station);
        } else {
            known.last_seen = known.last_seen.max(at);
        }
    }

    /// Learns a station, if it is not known already.
    pub(super) fn learn(&mut self, station: StationId, at: Timestamp, point: CapturePointId) {
        if self.stations.contains_key(&station) {
            return;
        }
        if self.stations.len() >= LEARNED_MAX {
            self.refused += 1;
            return;
        }
        let learned =
            LearnedStation { at, capture_point: Some(point), last_seen: at, standing: Standing::Learned };
        self.stations.insert(station, learned);
    }

    /// Takes in what an operator says of a station.
    pub(super) fn decide(&mut self, station: StationId, standing: Standing, at: Timestamp) {
        if let Some(known) = self.stations.get_mut(&station) {
            (known.standing, known.at) = (standing, at);
        } else if self.stations.len() < LEARNED_MAX {
            let decided = LearnedStation { at, capture_point: None, last_seen: at, standing };
            self.stations.insert(station, decided);
        } else {
            self.refused += 1;
        }
    }
}
