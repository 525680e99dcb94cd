use crate::decode::{Decoded, FrameClass, Link, OutcomeCounts, PlainSource};
use crate::types::{CapturePointId, Frame};

/// What was seen at one capture point; every one is a sum over the run.
#[derive(Clone, Debug, Default)]
pub struct PointCounters {
    /// Frames.
    pub frames: u64,
    /// Octets on the wire.
    pub octets: u64,
    /// Frames shorter in the capture than on the wire.
    pub cut: u64,
    /// Frames whose source address no station may have (a group, or zero).
    pub bad_source: u64,
    /// Frames by how far decoding came.
    pub outcomes: OutcomeCounts,
    /// Frames by what they carry, in the order of [`PointCounters::CLASSES`].
    pub classes: [u64; Self::CLASSES.len()],
    /// Frames and packets inside tunnels, by how far decoding came.
    pub inner: OutcomeCounts,
}

impl PointCounters {
    /// The classes of frame that are counted.
    pub const CLASSES: [FrameClass; 8] = [
        FrameClass::Arp,
        FrameClass::Rarp,
        FrameClass::Ipv4,
        FrameClass::Ipv6,
        FrameClass::Llc,
        FrameClass::Snap,
        FrameClass::Other,
        FrameClass::Unread,
    ];

    /// Adds another shard's counters of the same capture point.
    pub fn add(&mut self, other: &Self) {
        self.frames += other.frames;
        self.octets += other.octets;
        self.cut += other.cut;
        self.bad_source += other.bad_source;
        self.outcomes.add(&other.outcomes);
        self.inner.add(&other.inner);
        for (sum, more) in self.classes.iter_mut().zip(other.classes) {
            *sum += more;
        }
    }

    pub(super) fn count(&mut self, frame: &Frame<'_>, decoded: &Decoded<'_>) {
        let Decoded { class, outcome, .. } = *decoded;
        if decoded.level > 0 {
            self.inner.count(outcome);
            return;
        }
        self.bad_source +=
            u64::from(decoded.station().is_none() && matches!(decoded.link, Link::Ethernet { .. }));
        self.frames += 1;
        self.octets += u64::from(frame.orig_len);
        self.cut += u64::from(frame.bytes.len() < frame.orig_len as usize);
        self.outcomes.count(outcome);
        if let Some(count) = self.classes.get_mut(class as usize) {
            *count += 1;
        }
    }
}

/// Counters of plain data frames since they were last added to their capture point's.
///
/// Frames mostly come in runs from one capture point; sums of a run stay in registers.
#[derive(Debug, Default)]
pub(super) struct PlainFrames {
    pub(super) point: CapturePointId,
    octets: u64,
    cut: u64,
    frames: u64,
    ipv6: u64,
}

impl PlainFrames {
    pub(super) fn at(point: CapturePointId) -> Self {
        Self { point, ..Self::default() }
    }

    #[inline]
    pub(super) fn count(&mut self, frame: &Frame<'_>, ip: &PlainSource<'_>) {
        self.frames += 1;
        self.octets += u64::from(frame.orig_len);
        self.cut += u64::from(frame.bytes.len() < frame.orig_len as usize);
        self.ipv6 += u64::from(matches!(ip, PlainSource::V6(_)));
    }

    /// Adds the sums to their capture point's counters and starts anew for another.
    #[cold]
    pub(super) fn move_to(&mut self, points: &mut [PointCounters], next: CapturePointId) {
        let sums = core::mem::replace(self, Self::at(next));
        sums.add_to(points);
    }

    /// Adds the sums to their capture point's counters.
    pub(super) fn add_to(&self, points: &mut [PointCounters]) {
        let sums = self;
        let Some(counters) = points.get_mut(sums.point.index()) else {
            return;
        };
        counters.frames += sums.frames;
        counters.octets += sums.octets;
        counters.cut += sums.cut;
        counters.outcomes.count_complete(sums.frames);
        for (class, count) in [(FrameClass::Ipv4, sums.frames - sums.ipv6), (FrameClass::Ipv6, sums.ipv6)] {
            if let Some(sum) = counters.classes.get_mut(class as usize) {
                *sum += count;
            }
        }
    }
}
