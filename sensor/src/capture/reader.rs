//! One capture file: its octets in blocks, the walker of its format, its facts.

use core::ops::Range;
use std::fs::File;
use std::io;
use std::path::Path;

use rollcall_core::types::{CapturePointId, LinkType, Timestamp};

use super::blocks::FileBlock;
use super::compressed::Input;
use super::damage::{Damage, Diagnostic, Extent};
use super::facts::FileFacts;
use super::interface::Registry;
use super::pcap::{self, Direct, Pcap, RECORD_HEADER_OCTETS, RecordHeader};
use super::pcapng::{self, Pcapng};
use super::snoop::{self, Snoop};
use super::{Batch, Compression, FrameRef, Interface, More, SourceError, Visitor};

/// How many octets of a file are read at a time.
///
/// A block stays in the second-level cache between the kernel's copy and the decoder; smaller blocks cost more
/// system calls, larger blocks and a mapping were slower.
pub const BLOCK_OCTETS: usize = 256 * 1_024;

/// Where a block begins in memory, in octets: as in the page cache, so that the kernel copies whole lines. A block
/// that begins elsewhere costs half as much again.
pub(super) const BLOCK_ALIGNMENT: usize = 4_096;

/// The longest captured frame that is believed, in octets; a record that claims more is damage.
///
/// It is what tcpdump calls its largest snap length. Frames of other buses (USB, D-Bus) may be longer, and
/// none of them carries a station.
pub const CAPLEN_MAX: u32 = 262_144;

/// The longest pcapng block that is held in memory, in octets: a frame with a megabyte of comments.
///
/// A longer one is skipped; so is, however long it is, a block that is not needed.
pub const HELD_BLOCK_OCTETS_MAX: u32 = 1_048_576;

const _: () = assert!(
    HELD_BLOCK_OCTETS_MAX as usize + 2 * BLOCK_OCTETS < u32::MAX as usize,
    "every place in a buffer fits a FrameRef's offset"
);

/// What a walker works on besides the buffer.
pub(super) struct Walk<'a> {
    pub(super) facts: &'a mut FileFacts,
    pub(super) refs: &'a mut Vec<FrameRef>,
    pub(super) registry: &'a mut Registry,
    /// How many frames may be in `refs` before the walk stops.
    pub(super) frames_max: usize,
    /// The index of the file in the run.
    file: usize,
    /// Where the octets start that are walked, in unpacked octets from the start of the file.
    base: u64,
    /// Where they start in the buffer.
    begin: u32,
    /// How many octets after the buffer's end a walker has no interest in.
    pub(super) skip: u64,
}

impl Walk<'_> {
    /// Makes an interface of this file that has no name yet.
    pub(super) fn interface(&self, section: u32, number: u32, linktype: LinkType) -> Interface {
        Interface {
            file: self.file,
            file_name: self.facts.name.clone(),
            section,
            number,
            name: None,
            description: None,
            linktype,
            snaplen: 0,
            fcs_octets: None,
            capture_point: CapturePointId::default(),
        }
    }

    /// Ends the file because of what is at `pos` in the buffer.
    pub(super) fn stop(&self, pos: u32, damage: Damage, extent: Extent) -> Stop {
        let offset = self.base + u64::from(pos.saturating_sub(self.begin));
        Stop(Diagnostic { file: self.facts.name.clone(), offset, damage, extent })
    }

    /// Counts the block at `pos` as skipped; the first one of a file is named.
    pub(super) fn skip_block(&mut self, pos: u32, damage: Damage) {
        for diagnostic in &mut self.facts.damage {
            if let Extent::Blocks(count) = &mut diagnostic.extent {
                *count += 1;
                return;
            }
        }
        let Stop(diagnostic) = self.stop(pos, damage, Extent::Blocks(1));
        self.facts.damage.push(diagnostic);
    }

    /// Ends the file because its interface cannot be numbered.
    pub(super) fn too_many(&self, pos: u32) -> Stop {
        self.stop(pos, Damage::TooManyInterfaces, Extent::Rest)
    }
}

/// Why nothing more is read from a file.
#[derive(Debug)]
pub(super) struct Stop(Diagnostic);

/// What the end of a file cuts.
pub(super) struct Cut {
    /// Which part of the file.
    pub(super) what: &'static str,
    /// How many octets it needs.
    pub(super) needed: u64,
}

/// The running sums of a file, in registers while a block is walked.
///
/// Time mostly goes forward, so that the earliest and the latest stamp are looked at only where it does not,
/// and at the end of a block.
pub(super) struct Tally {
    frames: u64,
    wire_octets: u64,
    captured_octets: u64,
    untimed: u64,
    /// The stamp of the last frame that has one; before the first, one that is later than every other.
    previous: Timestamp,
    earliest: Timestamp,
    latest: Timestamp,
    time_goes_back: u64,
}

impl From<&FileFacts> for Tally {
    fn from(facts: &FileFacts) -> Self {
        Self {
            frames: facts.frames,
            wire_octets: facts.wire_octets,
            captured_octets: facts.captured_octets,
            untimed: facts.untimed,
            previous: facts.last.unwrap_or(Timestamp::MAX),
            earliest: facts.earliest.unwrap_or(Timestamp::MAX),
            latest: facts.latest.unwrap_or(Timestamp::MIN),
            time_goes_back: facts.time_goes_back,
        }
    }
}

impl Tally {
    #[inline]
    pub(super) fn add(&mut self, at: Timestamp, caplen: u32, orig_len: u32) {
        if at < self.previous {
            self.turn_back(at);
        }
        self.previous = at;
        self.frames += 1;
        self.wire_octets += u64::from(orig_len);
        self.captured_octets += u64::from(caplen);
    }

    #[cold]
    fn turn_back(&mut self, at: Timestamp) {
        if let Some(previous) = self.previous() {
            self.time_goes_back += 1;
            self.latest = self.latest.max(previous);
        }
        self.earliest = self.earliest.min(at);
    }

    pub(super) fn add_untimed(&mut self, caplen: u32, orig_len: u32) {
        self.frames += 1;
        self.wire_octets += u64::from(orig_len);
        self.captured_octets += u64::from(caplen);
        self.untimed += 1;
    }

    /// Returns the time of the last frame that has one.
    pub(super) fn previous(&self) -> Option<Timestamp> {
        (self.frames > self.untimed).then_some(self.previous)
    }

    /// Returns how many frames the file gave.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Returns the ordinal of the frame added last.
    #[inline]
    pub(super) const fn number(&self) -> u32 {
        let [a, b, c, d, ..] = self.frames.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    pub(super) fn store(self, facts: &mut FileFacts) {
        facts.frames = self.frames;
        facts.wire_octets = self.wire_octets;
        facts.captured_octets = self.captured_octets;
        facts.untimed = self.untimed;
        if let Some(previous) = self.previous() {
            facts.earliest = Some(self.earliest);
            facts.latest = Some(self.latest.max(previous));
            facts.last = Some(previous);
            facts.time_goes_back = self.time_goes_back;
        }
    }
}

/// Octets of the file in a batch's buffer.
struct Block {
    /// Where they lie in the buffer.
    octets: Range<usize>,
    ending: Ending,
}

/// What comes after a block.
enum Ending {
    /// The next block.
    Block,
    /// Nothing.
    File,
    /// What the operating system said.
    Error(io::Error),
}

/// Which walker reads the file.
enum Format {
    /// Its first octets have not been looked at.
    Unread,
    Pcap(Pcap),
    Pcapng(Pcapng),
    Snoop(Snoop),
}

/// A capture file that is being read.
pub(super) struct FileReader {
    /// `None` when nothing more is read, so that the descriptor is free.
    input: Option<Input>,
    format: Format,
    facts: FileFacts,
    file: usize,
    /// The octets after the last complete record of a block.
    carry: Vec<u8>,
    /// What comes after the block in the batch, while that has been walked only in part.
    midway: Option<Ending>,
    /// Where the octets start that are still to be walked, in unpacked octets from the start of the file.
    base: u64,
    /// How many octets from there on are of no interest.
    skip: u64,
    octets_read: u64,
    block_octets: usize,
}

impl FileReader {
    /// Opens a file that has the index `file` in the run.
    pub(super) fn open(path: &Path, file: usize) -> io::Result<Self> {
        let name = path.to_string_lossy();
        Input::open(path).map(|input| Self::new(input, &name, file))
    }

    pub(super) fn new(input: Input, name: &str, file: usize) -> Self {
        let mut facts = FileFacts::new(name);
        facts.compression = input.compression;
        Self {
            input: Some(input),
            format: Format::Unread,
            facts,
            file,
            carry: Vec::new(),
            midway: None,
            base: 0,
            skip: 0,
            octets_read: 0,
            block_octets: BLOCK_OCTETS,
        }
    }

    /// Reads that many octets at a time instead of [`BLOCK_OCTETS`], where only the beginning is wanted.
    pub(super) const fn read_by(&mut self, block_octets: usize) {
        self.block_octets = block_octets;
    }

    pub(super) fn into_facts(self) -> FileFacts {
        self.facts
    }

    pub(super) const fn facts(&self) -> &FileFacts {
        &self.facts
    }

    /// Returns how many packed octets have been read.
    pub(super) fn octets_read(&self) -> u64 {
        self.input.as_ref().map_or(self.octets_read, Input::octets_read)
    }

    /// Replaces the frames of `batch` with those of the next block; tells whether there are any.
    pub(super) fn fill(&mut self, batch: &mut Batch, registry: &mut Registry) -> bool {
        // Where every block is walked to its end, none is left in another batch.
        self.fill_up_to(usize::MAX, batch, registry).unwrap_or(false)
    }

    /// Replaces the frames of `batch` with the next ones, `frames_max` at most; tells whether there are any.
    ///
    /// # Errors
    /// Returns [`SourceError::OtherBatch`] where the batch before was filled up to `frames_max` and this is another
    /// one: the rest of the block lies there.
    pub(super) fn fill_up_to(
        &mut self,
        frames_max: usize,
        batch: &mut Batch,
        registry: &mut Registry,
    ) -> Result<bool, SourceError> {
        batch.refs.clear();
        if let Some(ending) = self.midway.take() {
            if batch.rest.is_empty() {
                return Err(SourceError::OtherBatch);
            }
            let block = Block { octets: batch.rest.clone(), ending };
            self.walk(batch, registry, block, frames_max);
            if !batch.refs.is_empty() {
                return Ok(true);
            }
        }
        let mut enough = 1;
        while let Some(block) = self.read_block(batch, enough) {
            self.walk(batch, registry, block, frames_max);
            if !batch.refs.is_empty() {
                return Ok(true);
            }
            // Twice as much at least, so that a record that trickles in is not copied again for each octet.
            enough = self.carry.len().max(1);
        }
        Ok(false)
    }

    /// Reads a block into the batch, behind what the block before left over; none at the end.
    fn read_block(&mut self, batch: &mut Batch, enough: usize) -> Option<Block> {
        let input = self.input.as_mut()?;
        let carried = self.carry.len();
        let room = carried.next_multiple_of(BLOCK_ALIGNMENT) + BLOCK_ALIGNMENT + self.block_octets;
        if batch.buffer.len() < room {
            batch.buffer.resize(room, 0);
        }
        let aligned = batch.buffer.as_ptr().align_offset(BLOCK_ALIGNMENT) % BLOCK_ALIGNMENT;
        let from = aligned + carried.next_multiple_of(BLOCK_ALIGNMENT);
        let (before, after) = batch.buffer.split_at_mut(from);
        if let Some(place) = before.get_mut(from - carried..) {
            place.copy_from_slice(&self.carry);
        }
        let (filled, error) = input.fill(after.get_mut(..self.block_octets).unwrap_or_default(), enough);
        let ending = match error {
            Some(error) => Ending::Error(error),
            None if filled == 0 => Ending::File,
            None => Ending::Block,
        };
        Some(Block { octets: from - carried..from + filled, ending })
    }

    /// Makes frames of a block, or of what is left of it.
    fn walk(&mut self, batch: &mut Batch, registry: &mut Registry, block: Block, frames_max: usize) {
        let Block { octets, ending } = block;
        let buffer = batch.buffer.get(..octets.end).unwrap_or_default();
        let begin = place(octets.start as u64);
        let mut walk = Walk {
            facts: &mut self.facts,
            refs: &mut batch.refs,
            registry,
            frames_max,
            file: self.file,
            base: self.base,
            begin,
            skip: 0,
        };
        let skipped = self.skip.min(octets.len() as u64);
        let (walked, stop) = self.format.walk(buffer, begin + place(skipped), &mut walk);
        self.skip = self.skip - skipped + walk.skip;
        self.base += u64::from(walked - begin);
        let rest = buffer.get(walked as usize..).unwrap_or_default();
        batch.rest = walked as usize..octets.end;
        if stop.is_none() && walk.refs.len() >= frames_max && !rest.is_empty() {
            self.midway = Some(ending);
            return;
        }
        let rest = batch.rest.clone();
        self.leave(batch.buffer.get(rest).unwrap_or_default(), ending, stop);
    }

    /// Hands the frames of the next block to a visitor, where they need not be noted: `first` is the ordinal of the
    /// first one in the run. Tells how many there were; none where the next batch must be asked for instead.
    pub(super) fn visit(&mut self, batch: &mut Batch, first: u64, visitor: &mut impl Visitor) -> u64 {
        let Format::Pcap(pcap) = &self.format else { return 0 };
        if pcap.direct().is_none() || self.midway.is_some() {
            return 0;
        }
        let Some(Block { octets, ending }) = self.read_block(batch, self.carry.len().max(1)) else {
            return 0;
        };
        let block = batch.buffer.get(octets).unwrap_or_default();
        let before = self.facts.frames;
        // Named again, because reading a block borrows the whole reader.
        let Format::Pcap(pcap) = &self.format else { return 0 };
        let (rest, too_long) = pcap.visit(block, &mut self.facts, first, visitor);
        self.base += (block.len() - rest.len()) as u64;
        let stop = too_long.map(|caplen| {
            let damage = Damage::Caplen { caplen, max: CAPLEN_MAX };
            self.diagnostic(damage)
        });
        self.leave(rest, ending, stop);
        self.facts.frames - before
    }

    /// Reads the header of a file of which nothing has been read, if it is one whose blocks can be read on their own; the
    /// file itself is not read from then on.
    pub(super) fn begin_blocks(
        &mut self,
        header: &[u8; pcap::HEADER_OCTETS],
        registry: &mut Registry,
    ) -> Option<Direct> {
        let is_fresh = matches!(self.format, Format::Unread) && self.carry.is_empty() && self.input.is_some();
        let is_common = || Pcap::parse(header).is_ok_and(|pcap| pcap.is_common());
        if !is_fresh || self.facts.compression != Compression::None || !is_common() {
            return None;
        }
        let mut walk = Walk {
            facts: &mut self.facts,
            refs: &mut Vec::new(),
            registry,
            frames_max: 0,
            file: self.file,
            base: 0,
            begin: 0,
            skip: 0,
        };
        let (walked, stop) = self.format.walk(header, 0, &mut walk);
        self.base = u64::from(walked);
        self.input = None;
        if stop.is_some() {
            self.end(stop);
        }
        match &self.format {
            Format::Pcap(pcap) => pcap.direct(),
            Format::Unread | Format::Pcapng(_) | Format::Snoop(_) => None,
        }
    }

    /// Notes the frames whose records begin in a block, which follows on those before, and hands each stamp to `stamp`;
    /// tells how many there are, and whether it is the last block.
    pub(super) fn walk_block(
        &mut self,
        direct: &Direct,
        file: &File,
        block: &mut FileBlock,
        mut stamp: impl FnMut(Timestamp),
    ) -> (u64, More) {
        let before = self.facts.frames;
        block.first_frame = before + 1;
        let mut tally = Tally::from(&self.facts);
        let mut start = usize::try_from(self.base.saturating_sub(block.begin())).unwrap_or(usize::MAX);
        let mut damage = None;
        while start < BLOCK_OCTETS {
            let Some(RecordHeader { at, caplen, orig_len }) = direct.header(block.octets(), start) else {
                break;
            };
            if caplen > CAPLEN_MAX {
                damage = Some(Damage::Caplen { caplen, max: CAPLEN_MAX });
                break;
            }
            let end = start + RECORD_HEADER_OCTETS + caplen as usize;
            if end > block.octets().len() {
                block.read_on(file, end);
                if end > block.octets().len() {
                    break;
                }
            }
            block.starts.push(place(start as u64));
            tally.add(at, caplen, orig_len);
            stamp(at);
            start = end;
        }
        tally.store(&mut self.facts);
        self.base = self.base.max(block.begin() + start as u64);
        if !block.octets().is_empty() {
            self.octets_read = block.begin() + block.octets().len() as u64;
        }
        let frames = self.facts.frames - before;
        if start >= BLOCK_OCTETS {
            return (frames, More::Yes);
        }
        let rest = block.octets().get(start..).unwrap_or_default();
        let damage = damage.or_else(|| match &block.error {
            Some(error) => Some(Damage::Unreadable(error.to_string())),
            None => self.format.cut(rest, 0),
        });
        let stop = damage.map(|damage| self.diagnostic(damage));
        self.end(stop);
        (frames, More::End)
    }

    /// Leaves a block, of which `rest` is left over.
    fn leave(&mut self, rest: &[u8], ending: Ending, stop: Option<Stop>) {
        let is_last = !matches!(ending, Ending::Block);
        let stop = stop.or_else(|| {
            let damage = match ending {
                Ending::Block => return None,
                Ending::File => self.format.cut(rest, self.skip)?,
                Ending::Error(error) => Damage::Unreadable(error.to_string()),
            };
            Some(self.diagnostic(damage))
        });
        self.carry.clear();
        self.carry.extend_from_slice(rest);
        if stop.is_some() || is_last {
            self.end(stop);
        }
    }

    /// Ends the file because of what is at its next octet.
    fn diagnostic(&self, damage: Damage) -> Stop {
        let extent = if self.facts.format.is_some() { Extent::Rest } else { Extent::File };
        Stop(Diagnostic { file: self.facts.name.clone(), offset: self.base, damage, extent })
    }

    fn end(&mut self, stop: Option<Stop>) {
        self.octets_read = self.octets_read();
        self.input = None;
        self.carry = Vec::new();
        if let Some(Stop(diagnostic)) = stop {
            self.facts.damage.push(diagnostic);
        }
    }
}

/// A place in a buffer, whose length the constants above bound.
fn place(octets: u64) -> u32 {
    u32::try_from(octets).unwrap_or(u32::MAX)
}

fn octets_of(header: &[u8]) -> u32 {
    place(header.len() as u64)
}

impl Format {
    fn walk(&mut self, buffer: &[u8], start: u32, walk: &mut Walk<'_>) -> (u32, Option<Stop>) {
        let mut start = start;
        if matches!(self, Self::Unread) {
            let head = buffer.get(start as usize..).unwrap_or_default();
            match Self::recognise(head) {
                Ok(None) => return (start, None),
                Ok(Some((format, octets))) => {
                    *self = format;
                    start += octets;
                }
                Err(damage) => return (start, Some(walk.stop(start, damage, Extent::File))),
            }
            match self {
                // A block file describes itself in its first block.
                Self::Unread | Self::Pcapng(_) => {}
                Self::Pcap(pcap) => pcap.describe(walk),
                Self::Snoop(snoop) => snoop.describe(walk),
            }
        }
        match self {
            Self::Unread => (start, None),
            Self::Pcap(pcap) => pcap.walk(buffer, start, walk),
            Self::Pcapng(pcapng) => pcapng.walk(buffer, start, walk),
            Self::Snoop(snoop) => snoop.walk(buffer, start, walk),
        }
    }

    /// Tells the format by its first octets and how many of them are its header; `None` asks for more.
    fn recognise(head: &[u8]) -> Result<Option<(Self, u32)>, Damage> {
        let Some((begins, _)) = head.split_first_chunk::<4>() else {
            return Ok(None);
        };
        if *begins == pcapng::SECTION_HEADER {
            return Ok(Some((Self::Pcapng(Pcapng::new()), 0)));
        }
        if pcap::magic(*begins).is_some() {
            let Some((header, _)) = head.split_first_chunk() else {
                return Ok(None);
            };
            return Ok(Some((Self::Pcap(Pcap::parse(header)?), octets_of(header))));
        }
        if *begins == snoop::BEGINS {
            let Some((header, _)) = head.split_first_chunk() else {
                return Ok(None);
            };
            return Ok(Some((Self::Snoop(Snoop::parse(header)?), octets_of(header))));
        }
        Err(Damage::refused(*begins))
    }

    /// Says what the end of the file cuts, if anything: `rest` is what no record was made of, after which
    /// `skip` octets were to be skipped.
    fn cut(&mut self, rest: &[u8], skip: u64) -> Option<Damage> {
        let had = rest.len() as u64;
        if skip > 0 {
            return Some(Damage::CutShort { what: "a block", needed: had + skip, had });
        }
        let Cut { what, needed } = match self {
            Self::Unread if rest.is_empty() => return Some(Damage::Empty),
            Self::Unread => Cut { what: "the file header", needed: pcap::HEADER_OCTETS as u64 },
            _ if rest.is_empty() => return None,
            Self::Pcap(pcap) => pcap.cut(rest),
            Self::Pcapng(pcapng) => pcapng.cut(rest),
            Self::Snoop(_) => Snoop::cut(rest),
        };
        Some(Damage::CutShort { what, needed, had })
    }
}
