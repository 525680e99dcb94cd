//! Several capture files as one source, merged by time.
//!
//! A single file is read straight into the batch. Of several, each is opened when its first frame's time
//! has come; as long as one of them is alone in its time its batches pass through unchanged, so that the
//! hourly files of one tap cost no more than one large file. Where files overlap, their frames are copied
//! into the batch in the order of time; frames of one time come in the order in which the files were named,
//! and those of one file always in its own order, whatever its clock did.
//!
//! # Bounds
//! [`OPEN_FILES_MAX`] files are open at once; one more whose time comes while all of them still have frames is
//! refused as damaged. The more are open, the less is read of each at a time.

use std::collections::BTreeSet;
use std::io::Read;
use std::mem;
use std::path::PathBuf;

use rollcall_core::types::{CapturePointId, Timestamp};

use super::blocks::{BlockOrder, BlockReader, Blocks};
use super::compressed::Input;
use super::damage::{Damage, Extent};
use super::directory::{self, Named};
use super::facts::FileFacts;
use super::interface::{Registry, UnknownPoints};
use super::reader::{BLOCK_OCTETS, FileReader};
use super::{Batch, Compression, Diagnostic, FrameRef, FrameSource, More, Resolver, SourceError, Visitor};

/// How far the reading of files has come; told after each batch, and once more at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Octets read, packed.
    pub octets_read: u64,
    /// Octets of all files, packed; `None` where standard input or a device is among them.
    pub octets_total: Option<u64>,
    /// Frames given so far.
    pub frames: u64,
    /// The time stamp of the last frame of the batch.
    pub at: Option<Timestamp>,
    /// Whether there is nothing more to come.
    pub has_ended: bool,
}

/// What is told about the progress of reading.
pub type ProgressHook = Box<dyn FnMut(&Progress) + Send>;

/// What else [`CaptureFiles::open`] wants to know.
#[derive(Default)]
pub struct CaptureOptions {
    /// How many capture points are known beforehand; new ones get the ids that follow.
    pub known_points: u16,
    /// Is told how far the reading has come, once for each batch.
    pub on_progress: Option<ProgressHook>,
    /// How many octets of a file are read at a time; [`BLOCK_OCTETS`] where it is not said. Who hands frames on
    /// slowly reads little, so that the progress is not ahead of them.
    pub block_octets: Option<usize>,
}

/// Capture files as one source of frames in the order of time.
pub struct CaptureFiles {
    files: Vec<Slot>,
    /// Whether the only file is read straight into the batch.
    is_alone: bool,
    /// The files that are not open yet, in the order in which their time comes.
    waiting: BTreeSet<(Timestamp, usize)>,
    /// The time of the next frame of each open file.
    heads: BTreeSet<(Timestamp, usize)>,
    /// Files of directories that are no captures.
    passed_over: Vec<Box<str>>,
    registry: Registry,
    progress: Progress,
    on_progress: Option<ProgressHook>,
    block_octets: usize,
}

/// One file of the run.
struct Slot {
    path: PathBuf,
    /// What is known of it while it is not open.
    facts: FileFacts,
    octets_read: u64,
    /// A stream, which cannot be opened twice, before its time has come.
    stream: Option<FileReader>,
    open: Option<Open>,
}

/// A file whose time has come.
struct Open {
    reader: FileReader,
    batch: Batch,
    /// The index of the next frame in `batch`.
    next: usize,
}

impl Open {
    fn new(reader: FileReader) -> Self {
        Self { reader, batch: Batch::new(), next: 0 }
    }

    fn remaining(&self) -> &[FrameRef] {
        self.batch.refs.get(self.next..).unwrap_or_default()
    }
}

impl Slot {
    fn octets_read(&self) -> u64 {
        self.open.as_ref().map_or(self.octets_read, |open| open.reader.octets_read())
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.octets_read = open.reader.octets_read();
            self.facts = open.reader.into_facts();
        }
    }
}

/// How standard input is named.
const STANDARD_INPUT: &str = "-";
/// How many files are open at once.
///
/// Below the 1,024 descriptors that a process usually may have. An open file costs a block of its octets and,
/// where it is compressed, what its unpacker holds.
pub const OPEN_FILES_MAX: usize = 256;
/// What is read ahead of all open files together, as long as no share falls below [`SHARE_OCTETS_MIN`].
const READ_AHEAD_OCTETS: usize = 16 * BLOCK_OCTETS;
/// The least that is read of a file at a time.
const SHARE_OCTETS_MIN: usize = 16 * 1_024;
/// The frames merged into one batch at most, so that it stays in the cache.
const MERGED_FRAMES_MAX: usize = 4_096;
/// How much of a file is read to learn the time of its first frame.
const PEEK_OCTETS: usize = 4_096;

impl CaptureFiles {
    /// Opens files, `-` for standard input, and the captures of directories (not of those inside them, and
    /// none whose name starts with a dot).
    ///
    /// A file that is damaged is no error: the others are read, and [`CaptureFiles::diagnostics`] names it. So
    /// it is with a file that is no capture, unless only its directory was named: then it is passed over
    /// ([`CaptureFiles::passed_over`]).
    ///
    /// # Errors
    /// - [`SourceError::Open`]: a file is not there or may not be read.
    /// - [`SourceError::List`], [`SourceError::NoCapture`]: a directory cannot be listed, or holds no capture.
    /// - [`SourceError::StandardInputTwice`]: `-` is named more than once.
    pub fn open(
        paths: &[PathBuf],
        resolver: Box<dyn Resolver>,
        options: CaptureOptions,
    ) -> Result<Self, SourceError> {
        let named = directory::expand(paths)?;
        if named.iter().filter(|named| named.path.as_os_str() == STANDARD_INPUT).count() > 1 {
            return Err(SourceError::StandardInputTwice);
        }
        let mut files = Self::empty(resolver, options);
        files.is_alone = named.len() == 1 && named.iter().all(|named| named.directory.is_none());
        let mut is_empty = vec![true; paths.len()];
        for Named { path, directory } in named {
            let input = Input::open(&path)
                .map_err(|source| SourceError::Open { name: path.to_string_lossy().into_owned(), source })?;
            let is_capture = files.add(path, input, directory.is_some());
            if let Some(is_empty) = directory.and_then(|directory| is_empty.get_mut(directory)) {
                *is_empty &= !is_capture;
            }
        }
        let mut directories = paths.iter().zip(is_empty).filter(|(path, _)| path.is_dir());
        if let Some((path, _)) = directories.find(|(_, is_empty)| *is_empty) {
            return Err(SourceError::NoCapture { name: path.to_string_lossy().into_owned() });
        }
        Ok(files)
    }

    /// Reads a capture from `stream`, which a diagnostic calls `name`.
    ///
    /// # Errors
    /// Returns [`SourceError::Open`] where the first octets cannot be read.
    pub fn from_stream(
        name: &str,
        stream: Box<dyn Read + Send>,
        resolver: Box<dyn Resolver>,
        options: CaptureOptions,
    ) -> Result<Self, SourceError> {
        let input = Input::from_stream(stream, None)
            .map_err(|source| SourceError::Open { name: name.to_owned(), source })?;
        let mut files = Self::empty(resolver, options);
        files.is_alone = true;
        files.add(name.into(), input, false);
        Ok(files)
    }

    fn empty(resolver: Box<dyn Resolver>, options: CaptureOptions) -> Self {
        Self {
            files: Vec::new(),
            is_alone: false,
            waiting: BTreeSet::new(),
            heads: BTreeSet::new(),
            passed_over: Vec::new(),
            registry: Registry::new(resolver, CapturePointId(options.known_points)),
            progress: Progress { octets_total: Some(0), ..Progress::default() },
            on_progress: options.on_progress,
            block_octets: options.block_octets.unwrap_or(BLOCK_OCTETS).clamp(PEEK_OCTETS, BLOCK_OCTETS),
        }
    }

    /// Adds a file, unless it is none of the captures of a directory; tells whether it was added.
    fn add(&mut self, path: PathBuf, input: Input, of_directory: bool) -> bool {
        let index = self.files.len();
        let name = path.to_string_lossy().into_owned();
        let octets = input.octets_total;
        let mut slot = Slot { path, facts: FileFacts::new(&name), octets_read: 0, stream: None, open: None };
        let mut reader = FileReader::new(input, &name, index);
        if self.is_alone {
            reader.read_by(self.block_octets);
            slot.open = Some(Open::new(reader));
        } else if octets.is_none() {
            slot.stream = Some(reader);
            self.waiting.insert((Timestamp::MIN, index));
        } else {
            let first = First::of(reader);
            if of_directory && !first.is_capture {
                self.passed_over.push(name.into());
                return false;
            }
            self.waiting.insert((first.at, index));
        }
        self.progress.octets_total = self.progress.octets_total.zip(octets).map(|(sum, octets)| sum + octets);
        self.files.push(slot);
        true
    }

    /// Returns the files of directories that were passed over because they are no captures, by name.
    pub fn passed_over(&self) -> &[Box<str>] {
        &self.passed_over
    }

    /// Returns what is known of each file, in the order in which the files were named; complete when the
    /// source has ended.
    pub fn facts(&self) -> impl Iterator<Item = &FileFacts> {
        self.files.iter().map(|slot| slot.open.as_ref().map_or(&slot.facts, |open| open.reader.facts()))
    }

    /// Returns what is damaged, file by file in the order in which they were named.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.facts().flat_map(|facts| &facts.damage)
    }

    /// Opens the files whose time has come: those whose first frame comes before that of every open file.
    fn open_due(&mut self) {
        while let Some(&(first_at, index)) = self.waiting.first() {
            if self.heads.first().is_some_and(|head| *head < (first_at, index)) {
                break;
            }
            self.waiting.pop_first();
            let Some(slot) = self.files.get_mut(index) else {
                continue;
            };
            if self.heads.len() >= OPEN_FILES_MAX {
                slot.facts.refuse(Damage::TooManyAtOnce { max: OPEN_FILES_MAX }, Extent::File);
                continue;
            }
            let reader = match slot.stream.take() {
                Some(reader) => reader,
                None => match FileReader::open(&slot.path, index) {
                    Ok(reader) => reader,
                    Err(error) => {
                        slot.facts.refuse(Damage::Unreadable(error.to_string()), Extent::File);
                        continue;
                    }
                },
            };
            slot.open = Some(Open::new(reader));
            self.refill(index);
        }
    }

    /// Reads the next frames of a file whose frames are used up; closes it at its end.
    fn refill(&mut self, index: usize) {
        let Some(slot) = self.files.get_mut(index) else {
            return;
        };
        let Some(open) = &mut slot.open else {
            return;
        };
        let share = READ_AHEAD_OCTETS / (self.heads.len() + 1);
        open.reader.read_by(share.clamp(SHARE_OCTETS_MIN, BLOCK_OCTETS).min(self.block_octets));
        open.next = 0;
        if !open.reader.fill(&mut open.batch, &mut self.registry) {
            slot.close();
        }
        self.put_head(index);
    }

    /// Notes when the next frame of a file comes, if it has one.
    fn put_head(&mut self, index: usize) {
        let open = self.files.get(index).and_then(|slot| slot.open.as_ref());
        if let Some(frame) = open.and_then(|open| open.remaining().first()) {
            self.heads.insert((frame.at, index));
        }
    }

    /// Counts frames that were given, and tells how far the reading has come.
    fn tell(&mut self, frames: u64, at: Option<Timestamp>) -> More {
        self.progress.frames += frames;
        self.progress.at = at.or(self.progress.at);
        self.progress.has_ended = frames == 0;
        if let Some(on_progress) = &mut self.on_progress {
            self.progress.octets_read = self.files.iter().map(Slot::octets_read).sum();
            on_progress(&self.progress);
        }
        if frames == 0 { More::End } else { More::Yes }
    }

    /// Walks a block of the file that is alone, by `walk`, which tells how many frames it gave and whether more follow.
    pub(super) fn walk_block(&mut self, walk: impl FnOnce(&mut FileReader) -> (u64, More)) -> More {
        let Some(open) = self.files.first_mut().and_then(|slot| slot.open.as_mut()) else {
            return More::End;
        };
        let (frames, more) = walk(&mut open.reader);
        let at = open.reader.facts().last;
        if frames > 0 {
            self.tell(frames, at);
        }
        if more == More::End {
            self.tell(0, None);
        }
        more
    }

    /// Moves the next frames into `batch`, which is empty.
    fn merge(&mut self, batch: &mut Batch) {
        let mut used = 0;
        loop {
            self.open_due();
            let Some((_, index)) = self.heads.pop_first() else {
                return;
            };
            // The file may go on up to here before another one's turn comes.
            let turn = self.heads.first().into_iter().chain(self.waiting.first()).min().copied();
            let Some(open) = self.files.get_mut(index).and_then(|slot| slot.open.as_mut()) else {
                return;
            };
            let is_in_turn = |frame: &FrameRef| turn.is_none_or(|turn| (frame.at, index) < turn);
            if open.next == 0 && open.batch.refs.iter().all(is_in_turn) {
                if batch.refs.is_empty() {
                    mem::swap(&mut batch.refs, &mut open.batch.refs);
                    mem::swap(&mut batch.buffer, &mut open.batch.buffer);
                    self.refill(index);
                } else {
                    self.put_head(index);
                }
                return;
            }
            let taken = open.remaining().iter().take_while(|frame| is_in_turn(frame));
            let mut count = 0;
            for frame in taken {
                if batch.refs.len() >= MERGED_FRAMES_MAX || used >= BLOCK_OCTETS {
                    break;
                }
                used = batch.append(used, frame, &open.batch);
                count += 1;
            }
            open.next += count;
            if open.remaining().is_empty() {
                self.refill(index);
            } else {
                self.put_head(index);
            }
            if count == 0 {
                return;
            }
        }
    }
}

impl FrameSource for CaptureFiles {
    fn next_batch(&mut self, batch: &mut Batch, frames_max: usize) -> Result<More, SourceError> {
        batch.clear();
        if let ([slot], true) = (self.files.as_mut_slice(), self.is_alone) {
            if let Some(open) = &mut slot.open
                && !open.reader.fill_up_to(frames_max, batch, &mut self.registry)?
            {
                slot.close();
            }
        } else {
            self.merge(batch);
        }
        batch.new_points.append(&mut self.registry.new_points);
        batch.new_interfaces.append(&mut self.registry.new_interfaces);
        batch.first_frame = self.progress.frames + 1;
        let at = batch.refs.last().map(|frame| frame.at);
        Ok(self.tell(batch.refs.len() as u64, at))
    }

    fn blocks(&mut self) -> Option<Blocks<'_>> {
        let ([slot], true) =
            (self.files.as_mut_slice(), self.is_alone && self.progress.octets_total.is_some())
        else {
            return None;
        };
        let open = slot.open.as_mut()?;
        let registry = &mut self.registry;
        let reader = BlockReader::begin(&slot.path, |header| open.reader.begin_blocks(header, registry))?;
        let new_points = mem::take(&mut registry.new_points);
        registry.new_interfaces.clear();
        Some(Blocks { reader, order: BlockOrder::new(self), new_points })
    }

    fn visit_next(&mut self, batch: &mut Batch, visitor: &mut impl Visitor) -> Result<More, SourceError> {
        // A file that is alone needs no note of where its frames lie.
        let first = self.progress.frames + 1;
        if let ([slot], true) = (self.files.as_mut_slice(), self.is_alone)
            && let Some(open) = &mut slot.open
        {
            let frames = open.reader.visit(batch, first, visitor);
            let at = open.reader.facts().last;
            if frames > 0 {
                return Ok(self.tell(frames, at));
            }
        }
        self.visit_batch(batch, visitor)
    }
}

/// What the beginning of a file tells.
struct First {
    /// The time of its first frame; of a file without one, a time before everything, so that what is wrong with
    /// it is found first.
    at: Timestamp,
    /// Whether it begins as a capture does, or as one that is refused by name.
    is_capture: bool,
}

impl First {
    fn of(mut reader: FileReader) -> Self {
        let mut registry = Registry::new(Box::new(UnknownPoints::default()), CapturePointId(0));
        let mut batch = Batch::new();
        reader.read_by(PEEK_OCTETS);
        reader.fill(&mut batch, &mut registry);
        let is_other = |damage: &Damage| matches!(damage, Damage::UnknownFormat { .. } | Damage::Empty);
        let facts = reader.facts();
        let is_short = facts.format.is_none() && facts.compression == Compression::None;
        Self {
            at: batch.refs.first().map_or(Timestamp::MIN, |frame| frame.at),
            is_capture: !facts.damage.iter().any(|diagnostic| {
                let is_cut = is_short && matches!(diagnostic.damage, Damage::CutShort { had: ..4, .. });
                is_cut || is_other(&diagnostic.damage)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::super::testing::{Bytes, Directory, Owned, Pcap, Pcapng, drain};
    use super::*;

    fn capture(frames: impl IntoIterator<Item = (u32, u8)>) -> Vec<u8> {
        let mut file = Pcap::new(Bytes::new(false), 0xa1b2_c3d4);
        for (second, mark) in frames {
            file = file.record(second, 0, 1, &[mark]);
        }
        file.octets()
    }

    fn open(paths: &[PathBuf]) -> CaptureFiles {
        CaptureFiles::open(paths, Box::new(UnknownPoints::default()), CaptureOptions::default())
            .expect("the files of the test are there")
    }

    fn marks(frames: &[Owned]) -> Vec<(i64, u8)> {
        frames.iter().map(|frame| (frame.at.as_secs(), frame.bytes[0])).collect()
    }

    #[test]
    fn merges_by_time_then_order_then_place() {
        let directory = Directory::new("merge");
        let first = directory.file("a", &capture([(1, 0), (3, 1), (3, 2), (9, 3)]));
        let second = directory.file("b", &capture([(2, 10), (3, 11), (3, 12), (4, 13)]));
        let check = |paths: &[PathBuf], expected: &[(i64, u8)]| {
            let mut files = open(paths);
            let frames = drain(&mut files);
            assert_eq!(marks(&frames), expected);
        };
        check(
            &[first.clone(), second.clone()],
            &[(1, 0), (2, 10), (3, 1), (3, 2), (3, 11), (3, 12), (4, 13), (9, 3)],
        );
        check(&[second, first], &[(1, 0), (2, 10), (3, 11), (3, 12), (3, 1), (3, 2), (4, 13), (9, 3)]);
    }

    #[test]
    fn keeps_the_order_inside_a_file_whose_clock_goes_back() {
        let directory = Directory::new("back");
        let first = directory.file("a", &capture([(5, 0), (1, 1), (6, 2)]));
        let second = directory.file("b", &capture([(5, 10), (6, 11)]));
        let mut files = open(&[first, second]);
        assert_eq!(marks(&drain(&mut files)), [(5, 0), (1, 1), (5, 10), (6, 2), (6, 11)]);
        assert_eq!(files.facts().map(|facts| facts.time_goes_back).collect::<Vec<_>>(), [1, 0]);
    }

    #[test]
    fn a_directory_means_its_visible_files_in_time_order() {
        let directory = Directory::new("directory");
        directory.file("b", &capture([(1, 1)]));
        directory.file("a", &capture([(2, 2)]));
        directory.file(".hidden", &capture([(3, 3)]));
        let mut files = open(&[directory.path()]);
        assert_eq!(marks(&drain(&mut files)), [(1, 1), (2, 2)]);
        assert_eq!(files.facts().count(), 2);
    }

    #[test]
    fn a_directory_passes_over_what_is_no_capture() {
        let directory = Directory::new("passed-over");
        directory.file("notes.txt", b"this is no capture");
        directory.file("empty", b"");
        directory.file("short", b"ab");
        directory.file("packed.xz", b"\xfd7zXZ\0");
        directory.file("only.pcap", &capture([(1, 1), (2, 2)]));
        let mut files = open(&[directory.path()]);
        assert_eq!(marks(&drain(&mut files)), [(1, 1), (2, 2)]);
        let names: Vec<_> = files.passed_over().iter().map(|name| name.rsplit('/').next()).collect();
        assert_eq!(names, [Some("empty"), Some("notes.txt"), Some("short")]);
        let damaged: Vec<_> = files.diagnostics().map(ToString::to_string).collect();
        assert!(matches!(damaged.as_slice(), [only] if only.contains("xz -d")), "{damaged:?}");
        assert_eq!(files.facts().count(), 2, "what was passed over is no file of the run");
    }

    #[test]
    fn files_that_overlap_beyond_the_bound_are_refused_by_name() {
        let directory = Directory::new("bound");
        let count = u32::try_from(OPEN_FILES_MAX + 2).expect("few files");
        for index in 0..count {
            // All overlap; the last second tells which of them were read.
            directory.file(&format!("{index:04}"), &capture([(index, 1), (1_000, 2)]));
        }
        directory.file("later", &capture([(2_000, 3)]));
        let mut files = open(&[directory.path()]);
        let frames = drain(&mut files);
        assert_eq!(frames.len(), 2 * OPEN_FILES_MAX + 1);
        assert!(frames.is_sorted_by_key(|frame| frame.at));
        let damaged: Vec<_> = files.diagnostics().map(ToString::to_string).collect();
        assert_eq!(damaged.len(), 2, "{damaged:?}");
        assert!(damaged[0].contains("0256: ") && damaged[0].contains("mergecap"), "{damaged:?}");
    }

    #[test]
    fn a_damaged_file_does_not_stop_the_others() {
        let directory = Directory::new("damaged");
        let mut cut = capture([(1, 1), (3, 3)]);
        cut.pop();
        let paths = [
            directory.file("text", b"this is no capture"),
            directory.file("cut", &cut),
            directory.file("whole", &capture([(2, 2), (4, 4)])),
            directory.file("empty", b""),
        ];
        let mut files = open(&paths);
        assert_eq!(marks(&drain(&mut files)), [(1, 1), (2, 2), (4, 4)]);
        let named: Vec<_> =
            files.diagnostics().map(|diagnostic| diagnostic.file.rsplit('/').next()).collect();
        assert_eq!(named, [Some("text"), Some("cut"), Some("empty")]);
    }

    #[test]
    fn errors_name_the_remedy_and_the_file() {
        let directory = Directory::new("errors");
        let error = |paths: &[PathBuf]| {
            let opened =
                CaptureFiles::open(paths, Box::new(UnknownPoints::default()), CaptureOptions::default());
            let error = opened.err().expect("the file is not there");
            format!("{:#}", anyhow::Error::new(error))
        };
        assert!(error(&[directory.path().join("none")]).contains("none`: No such file"));
        assert!(error(&[directory.path()]).contains("holds no capture"));
        directory.file("text", b"this is no capture");
        assert!(error(&[directory.path()]).contains("holds no capture"));
        assert!(error(&["-".into(), "-".into()]).contains("twice"));
    }

    #[test]
    fn one_tap_over_several_files_is_one_capture_point() {
        let directory = Directory::new("points");
        let file = |name: &str, interface: &[u8], ticks| {
            let file = Pcapng::new(false).interface(1, 0, &[(2, interface)]).enhanced(0, ticks, b"x", &[]);
            directory.file(name, &file.octets())
        };
        let paths = [file("1", b"eth0", 1), file("2", b"eth1", 2), file("3", b"eth0", 3)];
        let mut files = CaptureFiles::open(
            &paths,
            Box::new(UnknownPoints::default()),
            CaptureOptions { known_points: 5, ..CaptureOptions::default() },
        )
        .expect("the files are there");
        let (mut batch, mut names, mut seen) = (Batch::new(), Vec::new(), Vec::new());
        while files.next_batch(&mut batch, usize::MAX).expect("files do not fail") == More::Yes {
            names.extend(batch.new_points().iter().map(|point| point.name.to_string()));
            seen.extend(batch.frames().map(|frame| frame.capture_point.0));
        }
        assert_eq!(names, ["eth0", "eth1"]);
        assert_eq!(seen, [5, 6, 5]);
    }

    #[test]
    fn another_batch_is_refused_while_frames_are_left() {
        let mut file = Pcap::new(Bytes::new(false), 0xa1b2_c3d4).record(1, 0, 4, b"abcd");
        file = file.record(2, 0, 4, b"efgh");
        let stream = Box::new(std::io::Cursor::new(file.octets()));
        let points = Box::new(UnknownPoints::default());
        let mut files = CaptureFiles::from_stream("test", stream, points, CaptureOptions::default())
            .expect("a cursor can be read");
        let mut batch = Batch::new();
        assert!(matches!(files.next_batch(&mut batch, 1), Ok(More::Yes)));
        assert!(matches!(files.next_batch(&mut Batch::new(), 1), Err(SourceError::OtherBatch)));
    }

    #[test]
    fn tells_its_progress() {
        let directory = Directory::new("progress");
        let octets = capture((0..30_000).map(|second| (second, 0)));
        let paths = [directory.file("a", &octets)];
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&told);
        let options = CaptureOptions {
            known_points: 0,
            on_progress: Some(Box::new(move |progress: &Progress| {
                listener.lock().expect("nobody panics").push(*progress);
            })),
            block_octets: None,
        };
        let mut files = CaptureFiles::open(&paths, Box::new(UnknownPoints::default()), options)
            .expect("the file is there");
        drain(&mut files);
        let told = told.lock().expect("nobody panics");
        assert!(told.len() > 2, "once for each block");
        assert!(told.is_sorted_by_key(|progress| (progress.octets_read, progress.frames)));
        let last = told.last().expect("it was told");
        assert_eq!((last.octets_read, last.octets_total), (octets.len() as u64, Some(octets.len() as u64)));
        assert_eq!((last.frames, last.at.map(Timestamp::as_secs)), (30_000, Some(29_999)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Against a model: stable sort of what remains by the running maximum would be wrong where a clock
        /// goes back, so the model is the merge itself, one frame at a time.
        #[test]
        fn merges_like_the_model(files in proptest::collection::vec(
            proptest::collection::vec(0_u32..20, 0..40), 2..5,
        )) {
            let directory = Directory::new("model");
            let paths: Vec<_> = files.iter().enumerate().map(|(index, seconds)| {
                let mark = u8::try_from(index).expect("few files");
                directory.file(&index.to_string(), &capture(seconds.iter().map(|second| (*second, mark))))
            }).collect();
            let mut heads = vec![0; files.len()];
            let mut expected = Vec::new();
            while let Some((second, index)) = (0..files.len())
                .filter_map(|index| files[index].get(heads[index]).map(|second| (*second, index)))
                .min()
            {
                heads[index] += 1;
                expected.push((i64::from(second), u8::try_from(index).expect("few files")));
            }
            prop_assert_eq!(marks(&drain(&mut open(&paths))), expected);
        }
    }
}
