use crate::types::{CapturePointId, Location, Via};

/// Which capture points see one and the same machine from its several links.
///
/// Frames of a bond come by either link in turn; to be seen at both is to be at one place. Which ports lead to one host, the
/// records say: the ledger is told.
///
/// # Bounds
/// One number for each capture point.
#[derive(Debug, Default)]
pub(super) struct Sides {
    /// Of each capture point the first that sees the same machine; itself where that is not given.
    first: Vec<CapturePointId>,
}

impl Sides {
    pub(super) fn new(first: Vec<CapturePointId>) -> Self {
        Self { first }
    }

    /// Tells whether two locations are one place, by whichever link they were seen.
    pub(super) fn is_same_place(&self, one: Location, other: Location) -> bool {
        self.of(one).is_same_place(self.of(other))
    }

    fn of(&self, location: Location) -> Location {
        match location {
            Location::Wire { capture_point, vids, via: Via::Wire } => {
                let first = self.first.get(capture_point.index()).copied();
                Location::Wire { capture_point: first.unwrap_or(capture_point), vids, via: Via::Wire }
            }
            other => other,
        }
    }
}
