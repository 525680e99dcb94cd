use core::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState as FastState;
use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::change::TableKey;
use super::settings::{CONTESTED_REPORT_INTERVAL, MIRROR_COPY_WINDOW};
use crate::types::{CapturePointId, MacAddr, Segment, Timestamp, Via};

/// How many octets of a frame its digest covers; copies of one frame agree in all.
const DIGEST_OCTETS: usize = 128;

/// Stations that were seen at more than one place, with what is needed to tell a second place from a
/// second copy.
///
/// # Bounds
/// At most one contest for every two rows of the table, with one report time for each of those rows.
#[derive(Debug)]
pub(super) struct Contests {
    contests: HashMap<(MacAddr, Segment), Contest, FixedState>,
}

/// A place: a capture point and the way to it.
type Place = (CapturePointId, Via);

/// The last frame of the station that was no copy, and when each place was last reported.
#[derive(Clone, Debug)]
struct Contest {
    place: Place,
    at: Timestamp,
    digest: u64,
    reported: Vec<(Place, Timestamp)>,
}

impl Contests {
    pub(super) fn new(hasher: FixedState) -> Self {
        Self { contests: HashMap::with_hasher(hasher) }
    }

    /// Remembers a frame as the station's latest.
    pub(super) fn note(&mut self, segment: Segment, key: &TableKey, at: Timestamp, digest: u64) {
        self.noted(segment, key, at, digest);
    }

    /// Tells whether the frame repeats the station's latest, which was seen elsewhere a moment ago.
    pub(super) fn is_copy(&self, segment: Segment, key: &TableKey, at: Timestamp, digest: u64) -> bool {
        self.contests.get(&(key.mac, segment)).is_some_and(|latest| {
            latest.place != place_of(key)
                && latest.digest == digest
                && at.since(latest.at).max(latest.at.since(at)) <= MIRROR_COPY_WINDOW
        })
    }

    /// Remembers a frame that is no copy; tells whether it is time to report its place again.
    pub(super) fn report(&mut self, segment: Segment, key: &TableKey, at: Timestamp, digest: u64) -> bool {
        let contest = self.noted(segment, key, at, digest);
        let here = place_of(key);
        match contest.reported.iter_mut().find(|(place, _)| *place == here) {
            Some((_, last)) if at < last.after(CONTESTED_REPORT_INTERVAL) => false,
            Some((_, last)) => {
                *last = at;
                true
            }
            None => {
                contest.reported.push((here, at));
                true
            }
        }
    }

    /// Forgets a station that is left at one place.
    pub(super) fn end(&mut self, segment: Segment, mac: MacAddr) {
        self.contests.remove(&(mac, segment));
    }

    fn noted(&mut self, segment: Segment, key: &TableKey, at: Timestamp, digest: u64) -> &mut Contest {
        let place = place_of(key);
        let contest = self.contests.entry((key.mac, segment)).or_insert_with(|| Contest {
            place,
            at,
            digest,
            reported: Vec::new(),
        });
        (contest.place, contest.at, contest.digest) = (place, at, digest);
        contest
    }
}

const fn place_of(key: &TableKey) -> Place {
    (key.capture_point, key.via)
}

/// Returns a digest of a frame's first octets and length, to tell copies from different frames.
pub(super) fn frame_digest(bytes: &[u8]) -> u64 {
    let mut hasher = FastState::with_seed(0).build_hasher();
    hasher.write(bytes.get(..DIGEST_OCTETS).unwrap_or(bytes));
    hasher.write_usize(bytes.len());
    hasher.finish()
}
