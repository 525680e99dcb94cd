use super::clock::{PacketClock, PassedTick};
use super::counters::PlainFrames;
use super::share::{owner_of, owner_of_bits};
use crate::decode::{DecodeSettings, Plain, PlainSource, levels, may_carry_frame, plain};
use crate::presence::{Mark, SourceMark};
use crate::types::{CapturePointId, Frame, Timestamp};

/// The half of a shard's work that needs no table: frames are read, and what of them is to be looked up is sorted
/// by the shard that owns it.
///
/// Any thread can do so with any block of frames, before or after others, so that the frames themselves need not be
/// seen by any other thread. [`Shard::settle`](super::Shard::settle) does the rest, block by block in their order.
#[derive(Clone, Debug)]
pub struct Sorter {
    decode: DecodeSettings,
    shards: u32,
}

/// What the shards are to settle of one block of frames, all of one capture point. Reused from block to block.
///
/// # Bounds
/// 32 octets for each frame, once more for each further shard that owns something inside the frame's tunnels.
#[derive(Debug, Default)]
pub struct Sorted {
    /// The ordinal of the block's first frame in the run, from 1.
    first: u64,
    pub(super) point: CapturePointId,
    /// For each shard its notes, in the order of the frames.
    notes: Vec<Vec<Note>>,
    /// The ticks that fall between frames.
    passed: Vec<PassedTick>,
    /// For each of these ticks and each shard how many of the notes come before it.
    before_ticks: Vec<usize>,
    /// The counters of plain frames before each tick, and behind the last.
    sums: Vec<PlainFrames>,
    /// The clock behind the last frame.
    pub(super) clock: PacketClock,
}

/// What a shard needs of a frame: of a plain one what is looked up, of any other where it is.
///
/// # Layout
/// 32 octets, two to a cache line. `key`: the source address in the upper 48 bits, the VLAN identifier (0 for none)
/// in the lower ones; [`Note::FULL_LOOK`] for a frame that is not plain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    key: u64,
    pub(super) source: SourceMark,
    /// The time that the clock gave the frame.
    pub(super) at: Timestamp,
    pub(super) orig_len: u32,
    /// Which frame of the block it is, from 0.
    pub(super) index: u32,
}

const _: () = assert!(size_of::<Note>() == 32);

impl Note {
    /// No station's key: a group address.
    const FULL_LOOK: u64 = u64::MAX;

    /// Returns source address and VLAN identifier of a plain frame.
    #[inline]
    pub(super) const fn plain(&self) -> Option<(u64, u16)> {
        let [low, high, ..] = self.key.to_le_bytes();
        if self.key == Self::FULL_LOOK {
            None
        } else {
            Some((self.key >> 16, u16::from_le_bytes([low, high])))
        }
    }
}

/// A part of a block between two ticks, as one shard has it.
pub(super) struct Section<'s> {
    pub(super) notes: &'s [Note],
    /// The counters of all plain frames in it, whoever owns them.
    pub(super) sums: &'s PlainFrames,
    /// The tick behind it; none behind the last.
    pub(super) passed: Option<PassedTick>,
}

impl Sorted {
    /// Returns what a shard is to settle, tick by tick.
    pub(super) fn sections(&self, shard: usize) -> impl Iterator<Item = Section<'_>> {
        let notes = self.notes.get(shard).map(Vec::as_slice).unwrap_or_default();
        let ticks = self.passed.iter().copied().map(Some).chain([None]);
        let shards = self.notes.len();
        let mut begin = 0;
        self.sums.iter().zip(ticks).enumerate().map(move |(tick, (sums, passed))| {
            let end = self.before_ticks.get(tick * shards + shard).copied().unwrap_or(notes.len());
            let notes = notes.get(begin..end).unwrap_or_default();
            begin = end;
            Section { notes, sums, passed }
        })
    }

    /// Returns the ordinal of a frame in the run.
    pub(super) fn sequence(&self, note: &Note) -> u64 {
        self.first + u64::from(note.index)
    }

    fn begin(&mut self, shards: u32, first: u64, point: CapturePointId) {
        self.notes.resize_with(shards as usize, Vec::new);
        self.notes.iter_mut().for_each(Vec::clear);
        self.passed.clear();
        self.before_ticks.clear();
        self.sums.clear();
        (self.first, self.point) = (first, point);
    }

    #[inline]
    fn push(&mut self, shard: u32, note: Note) {
        if let Some(notes) = self.notes.get_mut(shard as usize) {
            notes.push(note);
        }
    }

    #[cold]
    fn pass(&mut self, tick: PassedTick, sums: PlainFrames) {
        self.passed.push(tick);
        self.before_ticks.extend(self.notes.iter().map(Vec::len));
        self.sums.push(sums);
    }

    /// Notes a frame that is not plain for every shard that owns it or something inside it.
    #[cold]
    #[inline(never)]
    fn push_full(&mut self, decode: &DecodeSettings, shards: u32, frame: &Frame<'_>, index: u32) {
        let note = Note {
            key: Note::FULL_LOOK,
            source: SourceMark::default(),
            at: frame.at,
            orig_len: frame.orig_len,
            index,
        };
        self.push(owner_of(frame, shards), note);
        if shards <= 1 || !may_carry_frame(decode, frame.linktype, frame.bytes) {
            return;
        }
        for (level, _) in levels(decode, frame.linktype, frame.orig_len, frame.bytes).skip(1) {
            let owner = level.link.src().map(|src| owner_of_bits(src.to_u64(), shards));
            let is_noted = |notes: &Vec<Note>| notes.last().is_some_and(|last| last.index == index);
            let notes = owner.and_then(|owner| self.notes.get_mut(owner as usize));
            if let Some(notes) = notes.filter(|notes| !is_noted(notes)) {
                notes.push(note);
            }
        }
    }
}

impl Sorter {
    /// Makes a sorter for so many shards, one at least, whose settings for decoding are the same.
    pub fn new(decode: DecodeSettings, shards: u32) -> Self {
        Self { decode, shards }
    }

    /// Reads a block of frames of one capture point and notes what the shards are to settle.
    ///
    /// `first` is the ordinal of the first frame in the run, from 1; `clock` is the clock as the frames before left
    /// it.
    pub fn sort<'a>(
        &self,
        clock: PacketClock,
        first: u64,
        point: CapturePointId,
        frames: impl Iterator<Item = Frame<'a>>,
        sorted: &mut Sorted,
    ) {
        let mut clock = clock;
        let mut sums = PlainFrames::at(point);
        sorted.begin(self.shards, first, point);
        for (index, mut frame) in (0u32..).zip(frames) {
            if !clock.is_steady(frame.at) {
                let before = clock.now();
                let (placed, tick) = clock.observe(frame.at);
                if let Some(tick) = tick {
                    sorted.pass(
                        PassedTick { tick, before },
                        core::mem::replace(&mut sums, PlainFrames::at(point)),
                    );
                }
                frame.at = placed;
            }
            let plain = plain(&self.decode, frame.linktype, frame.orig_len, frame.bytes);
            match plain.filter(|_| Mark::is_countable(frame.orig_len)) {
                Some(Plain { src_bits, vid, ip }) => {
                    sums.count(&frame, &ip);
                    let source = match ip {
                        PlainSource::V4(bits) => SourceMark::v4(bits),
                        PlainSource::V6(octets) => SourceMark::v6(octets),
                    };
                    let key = src_bits << 16 | u64::from(vid);
                    let note = Note { key, source, at: frame.at, orig_len: frame.orig_len, index };
                    sorted.push(owner_of_bits(src_bits, self.shards), note);
                }
                None => sorted.push_full(&self.decode, self.shards, &frame, index),
            }
        }
        sorted.sums.push(sums);
        sorted.clock = clock;
    }
}
