use core::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState as FastState;
use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::change::TableKey;
use super::settings::{CONTESTED_REPORT_INTERVAL, MIRROR_COPY_WINDOW};
use crate::types::{CapturePointId, MacAddr, Segment, Timestamp};

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

/// The last frame of the station that was no copy, and when each place was last reported.
#[derive(Clone, Debug)]
struct Contest {
    capture_point: CapturePointId,
    at: Timestamp,
    digest: u64,
    reported: Vec<(CapturePointId, Timestamp)>,
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
            latest.capture_point != key.capture_point
                && latest.digest == digest
                && at.since(latest.at).max(latest.at.since(at)) <= MIRROR_COPY_WINDOW
        })
    }

    /// Remembers a frame that is no copy; tells whether it is time to report its place again.
    pub(super) fn report(&mut self, segment: Segment, key: &TableKey, at: Timestamp, digest: u64) -> bool {
        let contest = self.noted(segment, key, at, digest);
        match contest.reported.iter_mut().find(|(point, _)| *point == key.capture_point) {
            Some((_, last)) if at < last.after(CONTESTED_REPORT_INTERVAL) => false,
            Some((_, last)) => {
                *last = at;
                true
            }
            None => {
                contest.reported.push((key.capture_point, at));
                true
            }
        }
    }

    /// Forgets a station that is left at one place.
    pub(super) fn end(&mut self, segment: Segment, mac: MacAddr) {
        self.contests.remove(&(mac, segment));
    }

    fn noted(&mut self, segment: Segment, key: &TableKey, at: Timestamp, digest: u64) -> &mut Contest {
        let capture_point = key.capture_point;
        let contest = self.contests.entry((key.mac, segment)).or_insert_with(|| Contest {
            capture_point,
            at,
            digest,
            reported: Vec::new(),
        });
        (contest.capture_point, contest.at, contest.digest) = (capture_point, at, digest);
        contest
    }
}

/// Returns a digest of a frame's first octets and length, to tell copies from different frames.
pub(super) fn frame_digest(bytes: &[u8]) -> u64 {
    let mut hasher = FastState::with_seed(0).build_hasher();
    hasher.write(bytes.get(..DIGEST_OCTETS).unwrap_or(bytes));
    hasher.write_usize(bytes.len());
    hasher.finish()
}
