//! A plain capture file that is alone, read by several threads at once.
//!
//! The file is cut into blocks of a fixed grid. Any thread reads any block ahead of its turn ([`BlockReader::read`]).
//! Then the blocks have their turns, one after the other ([`BlockOrder::walk`]): the records that begin in a block are
//! counted from where the last one of the block before ended, which is all that must be done in order. What the
//! frames of a block say can be looked at by any thread again ([`BlockReader::frames`]).
//!
//! Only the common kinds of the classic format are read so: in others a block does not tell enough by itself.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use rollcall_core::types::{CapturePoint, CapturePointId, Frame, Timestamp};

use super::pcap::{Direct, HEADER_OCTETS, RECORD_HEADER_OCTETS};
use super::reader::{BLOCK_ALIGNMENT, FileReader};
use super::{BLOCK_OCTETS, CaptureFiles, More};

/// A source whose frames several threads can read at once.
pub struct Blocks<'s> {
    /// What every thread needs.
    pub reader: BlockReader,
    /// What goes from block to block.
    pub order: BlockOrder<'s>,
    /// The capture point of all frames, if it is new.
    pub new_points: Vec<CapturePoint>,
}

/// Reads blocks of one file; shared by all threads.
#[derive(Debug)]
pub struct BlockReader {
    file: File,
    direct: Direct,
}

/// What must be done with blocks in their order.
pub struct BlockOrder<'s> {
    files: &'s mut CaptureFiles,
}

/// A block of the file, and where the frames lie in it. Reused for other blocks.
///
/// # Bounds
/// [`BLOCK_OCTETS`], and what the last record that begins in it has behind its end; four octets for each frame.
#[derive(Debug, Default)]
pub struct FileBlock {
    buffer: Vec<u8>,
    /// Where the octets of the file begin in the buffer: at the start of a page.
    from: usize,
    /// How many octets of the file there are.
    filled: usize,
    /// Where they are in the file.
    begin: u64,
    /// What the operating system said, if it could not give more octets.
    pub(super) error: Option<io::Error>,
    /// Where the records begin whose frames are the block's, from `from` on.
    pub(super) starts: Vec<u32>,
    pub(super) first_frame: u64,
}

impl FileBlock {
    /// Returns the ordinal of its first frame in the run, from 1.
    pub const fn first_frame(&self) -> u64 {
        self.first_frame
    }

    /// Returns where it begins in the file, in octets.
    pub(super) const fn begin(&self) -> u64 {
        self.begin
    }

    pub(super) fn octets(&self) -> &[u8] {
        self.buffer.get(self.from..self.from + self.filled).unwrap_or_default()
    }

    /// Reads on up to `end` octets from the block's beginning on, as far as the file has them.
    pub(super) fn read_on(&mut self, file: &File, end: usize) {
        let needed = BLOCK_ALIGNMENT + end;
        if self.buffer.len() < needed {
            let (former, filled) = (self.from, self.filled);
            self.buffer.resize(needed, 0);
            // The buffer may have been moved to where pages begin elsewhere.
            self.from = self.buffer.as_ptr().align_offset(BLOCK_ALIGNMENT) % BLOCK_ALIGNMENT;
            self.buffer.copy_within(former..former + filled, self.from);
        }
        while self.filled < end {
            let place = self.from + self.filled..self.from + end;
            let Some(place) = self.buffer.get_mut(place) else { return };
            match file.read_at(place, self.begin + self.filled as u64) {
                Ok(0) => return,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.error = Some(error);
                    return;
                }
            }
        }
    }
}

impl BlockReader {
    /// Begins with a file of which nothing has been read; none where it cannot be read by blocks.
    pub(super) fn begin(
        path: &Path,
        begin: impl FnOnce(&[u8; HEADER_OCTETS]) -> Option<Direct>,
    ) -> Option<Self> {
        let file = File::open(path).ok()?;
        let mut header = [0; HEADER_OCTETS];
        file.read_exact_at(&mut header, 0).ok()?;
        begin(&header).map(|direct| Self { file, direct })
    }

    /// Returns where all frames were captured.
    pub const fn capture_point(&self) -> CapturePointId {
        self.direct.capture_point
    }

    /// Reads the block with this number, from 0; it has its turn later.
    ///
    /// What it cannot read it leaves out, which is told when the block has its turn.
    pub fn read(&self, number: u64, block: &mut FileBlock) {
        block.starts.clear();
        (block.filled, block.error, block.begin) = (0, None, number * BLOCK_OCTETS as u64);
        // The header of a record that begins in the block is in it as a whole.
        block.read_on(&self.file, BLOCK_OCTETS + RECORD_HEADER_OCTETS);
    }

    /// Returns the frames of a block that had its turn.
    pub fn frames<'b>(&self, block: &'b FileBlock) -> impl Iterator<Item = Frame<'b>> {
        let octets = block.octets();
        block.starts.iter().map(move |&start| self.direct.frame(octets, start as usize))
    }

    /// Returns one frame of a block that had its turn, by its place among them from 0; an empty one where there is none.
    pub fn frame<'b>(&self, block: &'b FileBlock, index: u32) -> Frame<'b> {
        let start = block.starts.get(index as usize).map_or(usize::MAX, |&start| start as usize);
        self.direct.frame(block.octets(), start)
    }
}

impl<'s> BlockOrder<'s> {
    /// Begins with the first block of the only file.
    pub(super) const fn new(files: &'s mut CaptureFiles) -> Self {
        Self { files }
    }

    /// Notes which frames are those of the block whose turn it is, and hands each stamp to `stamp`.
    ///
    /// When there are no more, every further block is without frames and need not have its turn.
    pub fn walk(
        &mut self,
        reader: &BlockReader,
        block: &mut FileBlock,
        stamp: impl FnMut(Timestamp),
    ) -> More {
        self.files
            .walk_block(|file: &mut FileReader| file.walk_block(&reader.direct, &reader.file, block, stamp))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{Bytes, Directory, Pcap};
    use super::super::{Batch, CAPLEN_MAX, CaptureOptions, FrameSource as _, UnknownPoints};
    use super::*;

    /// What must not depend on how a file is read.
    type Whole = (Vec<(Timestamp, u32, Vec<u8>)>, String);

    fn open(path: &Path) -> CaptureFiles {
        let points = Box::new(UnknownPoints::default());
        CaptureFiles::open(&[path.to_owned()], points, CaptureOptions::default()).expect("the file is there")
    }

    fn kept(frame: Frame<'_>) -> (Timestamp, u32, Vec<u8>) {
        (frame.at, frame.orig_len, frame.bytes.to_vec())
    }

    fn in_one_go(path: &Path) -> Whole {
        let (mut files, mut batch, mut frames) = (open(path), Batch::new(), Vec::new());
        while files.next_batch(&mut batch, usize::MAX).expect("files do not fail as a whole") == More::Yes {
            frames.extend(batch.frames().map(kept));
        }
        (frames, format!("{:?}", files.facts().collect::<Vec<_>>()))
    }

    /// Reads some blocks ahead of their turns, the last of them first.
    fn by_blocks(path: &Path) -> Option<Whole> {
        let mut files = open(path);
        let Blocks { reader, mut order, new_points } = files.blocks()?;
        assert_eq!(new_points.len(), 1);
        let (mut blocks, mut frames) = ([const { None }; 3], Vec::new());
        let mut number = 0;
        'file: loop {
            for (ahead, block) in blocks.iter_mut().enumerate().rev() {
                reader.read(number + ahead as u64, block.get_or_insert_with(FileBlock::default));
            }
            for block in blocks.iter_mut().flatten() {
                let mut stamps = Vec::new();
                let more = order.walk(&reader, block, |at| stamps.push(at));
                assert_eq!(block.first_frame(), frames.len() as u64 + 1);
                assert!(reader.frames(block).map(|frame| frame.at).eq(stamps));
                frames.extend(reader.frames(block).map(kept));
                if more == More::End {
                    break 'file;
                }
            }
            number += blocks.len() as u64;
        }
        assert_eq!(
            files.next_batch(&mut Batch::new(), usize::MAX).ok(),
            Some(More::End),
            "nothing is read again"
        );
        Some((frames, format!("{:?}", files.facts().collect::<Vec<_>>())))
    }

    fn capture(lengths: &[u32], magic: u32) -> Vec<u8> {
        let mut file = Pcap::new(Bytes::new(false), magic);
        for (second, &length) in (0u32..).zip(lengths) {
            let octets: Vec<u8> =
                (0..length).map(|octet| octet.wrapping_mul(second).to_le_bytes()[0]).collect();
            file = file.record(second ^ 1, 999_999, length + second % 2, &octets);
        }
        file.octets()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn blocks_give_what_the_whole_file_gives(
            lengths in prop::collection::vec(
                prop_oneof![4 => 0u32..2_000, 2 => 60_000u32..CAPLEN_MAX, 1 => Just(CAPLEN_MAX)],
                0..24,
            ),
            // The file ends there, or a record has another length there.
            cut in prop::option::of(any::<prop::sample::Index>()),
            damage in prop::option::of((any::<prop::sample::Index>(), any::<u32>())),
            nanos in any::<bool>(),
        ) {
            let directory = Directory::new("blocks");
            let mut octets = capture(&lengths, if nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 });
            if let Some((record, length)) = damage.filter(|_| !lengths.is_empty()) {
                let before: u32 = lengths[..record.index(lengths.len())].iter().map(|length| length + 16).sum();
                let place = 24 + before as usize + 8;
                octets[place..place + 4].copy_from_slice(&length.to_le_bytes());
            }
            if let Some(cut) = cut {
                octets.truncate(HEADER_OCTETS + cut.index(octets.len() - HEADER_OCTETS + 1));
            }
            let path = directory.file("capture", &octets);
            prop_assert!(by_blocks(&path).expect("a common file") == in_one_go(&path));
        }
    }

    #[test]
    fn a_header_and_a_frame_on_the_border_of_two_blocks_are_whole() {
        let directory = Directory::new("border");
        let room = BLOCK_OCTETS - HEADER_OCTETS - RECORD_HEADER_OCTETS;
        for beyond in 0..40 {
            let first = u32::try_from(room - 20 + beyond).expect("a block is short");
            let path = directory.file("capture", &capture(&[first, 60, 61], 0xa1b2_c3d4));
            let whole = by_blocks(&path).expect("a common file");
            assert_eq!(whole.0.len(), 3);
            assert!(whole == in_one_go(&path), "{beyond}");
        }
    }

    #[test]
    fn what_is_not_common_is_not_read_by_blocks() {
        let directory = Directory::new("uncommon");
        let old = Pcap::new(Bytes::new(false), 0xa1b2_c3d4).version(2, 2).record(1, 2, 3, b"abc").octets();
        let big = Pcap::new(Bytes::new(true), 0xa1b2_c3d4).record(1, 2, 3, b"abc").octets();
        let short = capture(&[], 0xa1b2_c3d4)[..23].to_vec();
        for octets in [old, big, short, b"no capture, but long enough for one".to_vec()] {
            let path = directory.file("capture", &octets);
            let before = in_one_go(&path);
            let mut files = open(&path);
            assert!(files.blocks().is_none());
            let (mut batch, mut frames) = (Batch::new(), Vec::new());
            while files.next_batch(&mut batch, usize::MAX).expect("files do not fail as a whole") == More::Yes
            {
                frames.extend(batch.frames().map(kept));
            }
            assert_eq!((frames, format!("{:?}", files.facts().collect::<Vec<_>>())), before);
        }
        let common = directory.file("common", &capture(&[60], 0xa1b2_c3d4));
        let points = Box::new(UnknownPoints::default());
        let two = [common.clone(), common.clone()];
        let mut files =
            CaptureFiles::open(&two, points, CaptureOptions::default()).expect("the file is there");
        assert!(files.blocks().is_none(), "of several files the frames are merged");
        let mut begun = open(&common);
        assert!(begun.next_batch(&mut Batch::new(), usize::MAX).is_ok() && begun.blocks().is_none());
    }
}
