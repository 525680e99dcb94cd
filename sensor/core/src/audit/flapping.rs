use core::time::Duration;
use std::collections::BTreeMap;

use super::discrepancy::Key;
use crate::types::Timestamp;

/// Openings are counted within this.
pub(super) const FLAP_WINDOW: Duration = Duration::from_secs(3_600);

/// Differences that come and go too often to be told each time.
///
/// # Bounds
/// One entry for each open discrepancy of the kind `flapping`.
#[derive(Debug, Default)]
pub(super) struct Flapping {
    flaps: BTreeMap<Key, Flap>,
}

/// A difference that flaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flap {
    pub(super) since: Timestamp,
    pub(super) last: Timestamp,
    pub(super) count: u32,
    /// Whether the difference is there now.
    stands: bool,
}

impl Flapping {
    pub(super) fn get(&self, key: &Key) -> Option<Flap> {
        self.flaps.get(key).copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flaps.is_empty()
    }

    /// Takes in that a difference opened once too often.
    pub(super) fn begin(&mut self, key: Key, since: Timestamp, count: u32, now: Timestamp) {
        self.flaps.insert(key, Flap { since, last: now, count, stands: true });
    }

    /// Takes in that a difference that flaps was found; tells whether it had gone before.
    pub(super) fn found(&mut self, key: &Key, now: Timestamp) -> bool {
        let Some(flap) = self.flaps.get_mut(key).filter(|flap| !flap.stands) else { return false };
        (flap.stands, flap.last) = (true, now);
        flap.count = flap.count.saturating_add(1);
        true
    }

    /// Takes in that a difference that flaps was not found.
    pub(super) fn gone(&mut self, key: &Key) {
        if let Some(flap) = self.flaps.get_mut(key) {
            flap.stands = false;
        }
    }

    /// Ends what has not opened within the window; tells whether it did.
    pub(super) fn end_if_quiet(&mut self, key: &Key, now: Timestamp) -> bool {
        let is_quiet = self.flaps.get(key).is_none_or(|flap| now >= flap.last.after(FLAP_WINDOW));
        is_quiet && self.flaps.remove(key).is_some()
    }
}
