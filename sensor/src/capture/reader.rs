//! One capture file: its octets in blocks, the walker of its format, its facts.

use std::io;
use std::path::Path;

use rollcall_core::types::{CapturePointId, LinkType, Timestamp};

use super::compressed::Input;
use super::damage::{Damage, Diagnostic, Extent};
use super::facts::FileFacts;
use super::interface::Registry;
use super::pcap::{self, Pcap};
use super::pcapng::{self, Pcapng};
use super::snoop::{self, Snoop};
use super::{Batch, FrameRef, Interface};

/// How many octets of a file are read at a time.
///
/// A block stays in the second-level cache between the kernel's copy and the decoder; from 64 to 256 KiB
/// nothing differs, larger blocks and a mapping were slower.
pub const BLOCK_OCTETS: usize = 128 * 1_024;

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
    /// The index of the file in the run.
    file: usize,
    /// Where the buffer starts, in unpacked octets from the start of the file.
    base: u64,
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
        Stop(Diagnostic { file: self.facts.name.clone(), offset: self.base + u64::from(pos), damage, extent })
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
    /// The octets after the last complete record.
    carry: Vec<u8>,
    /// Where `carry` starts, in unpacked octets from the start of the file.
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

    /// Replaces the frames of `batch` with the next ones; tells whether there are any.
    pub(super) fn fill(&mut self, batch: &mut Batch, registry: &mut Registry) -> bool {
        batch.refs.clear();
        let mut enough = 1;
        while let Some(input) = &mut self.input {
            let carried = self.carry.len();
            if batch.buffer.len() < carried + self.block_octets {
                batch.buffer.resize(carried + self.block_octets, 0);
            }
            let (old, new) = batch.buffer.split_at_mut(carried);
            old.copy_from_slice(&self.carry);
            let block = new.get_mut(..self.block_octets).unwrap_or_default();
            let (filled, error) = input.fill(block, enough);
            let is_end = filled == 0 || error.is_some();
            let buffer = batch.buffer.get(..carried + filled).unwrap_or_default();
            let mut walk = Walk {
                facts: &mut self.facts,
                refs: &mut batch.refs,
                registry,
                file: self.file,
                base: self.base,
                skip: 0,
            };
            let skipped = self.skip.min(buffer.len() as u64);
            let (walked, stop) = self.format.walk(buffer, place(skipped), &mut walk);
            self.skip = self.skip - skipped + walk.skip;
            let rest = buffer.get(walked as usize..).unwrap_or_default();
            let stop = stop.or_else(|| {
                let damage = match error {
                    Some(error) => Damage::Unreadable(error.to_string()),
                    None if is_end => self.format.cut(rest, self.skip)?,
                    None => return None,
                };
                let extent = if walk.facts.format.is_some() { Extent::Rest } else { Extent::File };
                Some(walk.stop(walked, damage, extent))
            });
            self.carry.clear();
            self.carry.extend_from_slice(rest);
            self.base += u64::from(walked);
            if stop.is_some() || is_end {
                self.end(stop);
            }
            if !batch.refs.is_empty() {
                return true;
            }
            // Twice as much at least, so that a record that trickles in is not copied again for each octet.
            enough = self.carry.len().max(1);
        }
        false
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
