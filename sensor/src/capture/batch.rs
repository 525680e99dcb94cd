use core::ops::Range;

use rollcall_core::types::{CapturePoint, CapturePointId, Frame, LinkType, Refresh, Timestamp};

use super::{Interface, InterfaceId};

/// Where one frame lies in its batch's buffer, and what the capture file says of it.
///
/// # Layout
/// 32 octets, two to a cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRef {
    /// When the capture point stamped it. Without a stamp of its own ([`FrameRef::is_timed`]) it has that of
    /// the frame before it in its file, or of the first stamped one after it.
    pub at: Timestamp,
    /// Where its first octet is, counted from the start of the buffer.
    pub offset: u32,
    /// How many octets were captured. A frame check sequence is among them where the file has one.
    pub caplen: u32,
    /// Its length on the wire in octets. Damaged files state less than `caplen`.
    pub orig_len: u32,
    /// Its ordinal in its file, from 1; after 4,294,967,295 it starts again at 0.
    pub number: u32,
    /// Where it was captured.
    pub capture_point: CapturePointId,
    /// What its first octets are.
    pub linktype: LinkType,
    /// On which interface of which file it was captured.
    pub interface: InterfaceId,
    /// Whether `at` is its own stamp.
    pub is_timed: bool,
}

const _: () = assert!(size_of::<FrameRef>() == 32);

/// Some frames in the order in which they are to be handled, with the octets that they borrow.
///
/// It owns its buffer and can be sent to another thread. Reusing one keeps its capacity: after the first
/// batches nothing is allocated.
///
/// # Bounds
/// Holds at most one block of a file plus one frame that began in the block before.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub(super) buffer: Vec<u8>,
    pub(super) refs: Vec<FrameRef>,
    /// The octets in `buffer` of which no frame was made yet.
    pub(super) rest: Range<usize>,
    pub(super) first_frame: u64,
    pub(super) new_points: Vec<CapturePoint>,
    pub(super) new_interfaces: Vec<Interface>,
    refreshes: Vec<Refresh>,
}

impl Batch {
    /// How many octets a batch of live frames holds at most.
    pub const LIVE_OCTETS_MAX: usize = 1 << 20;

    /// Makes an empty batch without allocating.
    pub fn new() -> Self {
        Self::default()
    }

    /// Empties it; the capacity stays.
    pub fn clear(&mut self) {
        self.refs.clear();
        self.new_points.clear();
        self.new_interfaces.clear();
        self.refreshes.clear();
    }

    /// Returns the number of frames.
    #[inline]
    pub const fn len(&self) -> usize {
        self.refs.len()
    }

    /// Tells whether there is no frame in it.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.refs.is_empty()
    }

    /// Returns the ordinal of its first frame among all frames of the run, from 1.
    pub const fn first_frame(&self) -> u64 {
        self.first_frame
    }

    /// Returns the capture points that appear in this batch for the first time.
    ///
    /// Their ids follow on those known before, in this order. They are to be known before the frames are
    /// handled.
    pub fn new_points(&self) -> &[CapturePoint] {
        &self.new_points
    }

    /// Returns the interfaces that appear in this batch for the first time; their ids follow on those known
    /// before, from 0, in this order.
    pub fn new_interfaces(&self) -> &[Interface] {
        &self.new_interfaces
    }

    /// Returns where the frames lie.
    #[inline]
    pub fn refs(&self) -> &[FrameRef] {
        &self.refs
    }

    /// Returns the frame that `frame_ref`, one of this batch's own, describes.
    ///
    /// A reference of another batch may give an empty frame, never a panic.
    #[inline]
    pub fn frame(&self, frame_ref: &FrameRef) -> Frame<'_> {
        frame_in(&self.buffer, frame_ref)
    }

    /// Returns the frames in the order in which they are to be handled.
    #[inline]
    pub fn frames(&self) -> impl ExactSizeIterator<Item = Frame<'_>> {
        let buffer = self.buffer.as_slice();
        self.refs.iter().map(move |frame_ref| frame_in(buffer, frame_ref))
    }

    /// Adds a frame that a live interface gave, as far as there is room.
    ///
    /// # Bounds
    /// A buffer of [`Batch::LIVE_OCTETS_MAX`] octets; whoever fills it asks [`Batch::has_room_for`] first.
    pub fn push(&mut self, frame: &Frame<'_>) {
        let start = self.refs.last().map_or(0, |last| (last.offset + last.caplen) as usize);
        let end = start + frame.bytes.len();
        if end > Self::LIVE_OCTETS_MAX {
            return;
        }
        if self.buffer.len() < end {
            self.buffer.resize(end.next_power_of_two(), 0);
        }
        let (Some(target), Ok(offset), Ok(caplen)) =
            (self.buffer.get_mut(start..end), u32::try_from(start), u32::try_from(frame.bytes.len()))
        else {
            return;
        };
        target.copy_from_slice(frame.bytes);
        self.refs.push(FrameRef {
            at: frame.at,
            offset,
            caplen,
            orig_len: frame.orig_len,
            number: u32::try_from(self.refs.len() + 1).unwrap_or(u32::MAX),
            capture_point: frame.capture_point,
            linktype: frame.linktype,
            interface: InterfaceId::default(),
            is_timed: true,
        });
    }

    /// Tells whether so many more octets of live frames find room.
    pub fn has_room_for(&self, octets: usize) -> bool {
        let used = self.refs.last().map_or(0, |last| (last.offset + last.caplen) as usize);
        used + octets <= Self::LIVE_OCTETS_MAX
    }

    /// Adds what a capture point counted of a station by itself.
    pub fn refresh(&mut self, row: Refresh) {
        self.refreshes.push(row);
    }

    /// Returns what capture points counted by themselves; it comes after the frames.
    pub fn refreshes(&self) -> &[Refresh] {
        &self.refreshes
    }

    /// Says which ordinal among all frames of the run its first frame has, from 1.
    pub const fn number_from(&mut self, first_frame: u64) {
        self.first_frame = first_frame;
    }

    /// Replaces its contents with some frames of another batch, by their indices there.
    ///
    /// What appears in that batch for the first time comes with its first frame.
    pub fn copy_of(&mut self, from: &Self, frames: Range<usize>) {
        self.clear();
        self.first_frame = from.first_frame + frames.start as u64;
        if frames.start == 0 {
            self.new_points.clone_from(&from.new_points);
            self.new_interfaces.clone_from(&from.new_interfaces);
        }
        let mut used = 0;
        for frame_ref in from.refs.get(frames).unwrap_or_default() {
            used = self.append(used, frame_ref, from);
        }
    }

    /// Adds a frame of another batch, whose octets go to `at` in the buffer; returns where they end.
    pub(super) fn append(&mut self, at: usize, frame_ref: &FrameRef, from: &Self) -> usize {
        self.put(at, from.frame(frame_ref).bytes, *frame_ref)
    }

    /// Adds a frame, whose octets go to `at` in the buffer; returns where they end.
    pub(super) fn put(&mut self, at: usize, bytes: &[u8], frame_ref: FrameRef) -> usize {
        let end = at + bytes.len();
        if self.buffer.len() < end {
            self.buffer.resize(end.next_power_of_two(), 0);
        }
        if let (Some(target), Ok(offset)) = (self.buffer.get_mut(at..end), u32::try_from(at)) {
            target.copy_from_slice(bytes);
            self.refs.push(FrameRef { offset, ..frame_ref });
        }
        end
    }
}

/// Returns the frame that `frame_ref` describes in a buffer; an empty one where it does not lie in it.
#[inline]
fn frame_in<'a>(buffer: &'a [u8], frame_ref: &FrameRef) -> Frame<'a> {
    let start = frame_ref.offset as usize;
    let bytes = buffer.get(start..start + frame_ref.caplen as usize);
    Frame {
        at: frame_ref.at,
        capture_point: frame_ref.capture_point,
        linktype: frame_ref.linktype,
        orig_len: frame_ref.orig_len,
        bytes: bytes.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_frames_fill_a_batch_to_its_bound() {
        let octets: Vec<u8> = (0..=255).cycle().take(60_000).collect();
        let frame = |len: usize| Frame {
            at: Timestamp::from_secs_nanos(1, 2),
            capture_point: CapturePointId(3),
            linktype: LinkType::ETHERNET,
            orig_len: 70_000,
            bytes: octets.get(..len).unwrap_or_default(),
        };
        let mut batch = Batch::new();
        let mut pushed = 0;
        while batch.has_room_for(60_000) {
            batch.push(&frame(60_000));
            pushed += 1;
        }
        assert_eq!(pushed, Batch::LIVE_OCTETS_MAX / 60_000);
        batch.push(&frame(60_000));
        assert_eq!(batch.len(), pushed, "what finds no room is not half taken");
        batch.push(&frame(100));
        let facts = |frame: Frame<'_>| (frame.at, frame.capture_point, frame.orig_len, frame.bytes.to_vec());
        assert_eq!(batch.frames().last().map(facts), Some(facts(frame(100))));
        assert!(batch.frames().take(pushed).all(|taken| facts(taken) == facts(frame(60_000))));
        batch.clear();
        batch.push(&frame(60));
        assert_eq!(batch.frames().map(facts).collect::<Vec<_>>(), [facts(frame(60))]);
    }
}
