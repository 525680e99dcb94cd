//! Capture files made of octets, and a way to read them whole.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use rollcall_core::types::{CapturePoint, Frame, LinkType, Timestamp};

use super::{
    Batch, CaptureFiles, CaptureOptions, FileFacts, FrameSource, Interface, More, UnknownPoints, Visitor,
};

/// Octets with numbers in one byte order.
#[derive(Clone)]
pub(super) struct Bytes {
    octets: Vec<u8>,
    is_big: bool,
}

impl Bytes {
    pub(super) const fn new(is_big: bool) -> Self {
        Self { octets: Vec::new(), is_big }
    }

    pub(super) fn octets(&self) -> Vec<u8> {
        self.octets.clone()
    }

    pub(super) fn half(&mut self, number: u16) -> &mut Self {
        self.raw(&if self.is_big { number.to_be_bytes() } else { number.to_le_bytes() })
    }

    pub(super) fn word(&mut self, number: u32) -> &mut Self {
        self.raw(&if self.is_big { number.to_be_bytes() } else { number.to_le_bytes() })
    }

    pub(super) fn raw(&mut self, octets: &[u8]) -> &mut Self {
        self.octets.extend_from_slice(octets);
        self
    }
}

/// A classic file.
pub(super) struct Pcap {
    pub(super) bytes: Bytes,
}

impl Pcap {
    pub(super) fn new(mut bytes: Bytes, magic: u32) -> Self {
        bytes.word(magic).half(2).half(4).word(0).word(0).word(65_535).word(1);
        Self { bytes }
    }

    pub(super) fn version(mut self, major: u16, minor: u16) -> Self {
        let mut version = Bytes::new(self.bytes.is_big);
        version.half(major).half(minor);
        self.bytes.octets.splice(4..8, version.octets);
        self
    }

    pub(super) fn record(mut self, secs: u32, fraction: u32, orig_len: u32, frame: &[u8]) -> Self {
        let caplen = u32::try_from(frame.len()).expect("frames of tests are short");
        self.bytes.word(secs).word(fraction).word(caplen).word(orig_len).raw(frame);
        self
    }

    pub(super) fn octets(&self) -> Vec<u8> {
        self.bytes.octets()
    }
}

/// A block file.
pub(super) struct Pcapng {
    pub(super) bytes: Bytes,
}

impl Pcapng {
    /// Starts a section; the interfaces follow.
    pub(super) fn new(is_big: bool) -> Self {
        let bytes = Bytes::new(is_big);
        Self { bytes }.section(is_big)
    }

    pub(super) fn section(mut self, is_big: bool) -> Self {
        self.bytes.is_big = is_big;
        let mut body = Bytes::new(is_big);
        body.word(0x1a2b_3c4d).half(1).half(0).word(u32::MAX).word(u32::MAX);
        self.block(0x0a0d_0d0a, &body.octets)
    }

    pub(super) fn interface(self, linktype: u16, snaplen: u32, options: &[(u16, &[u8])]) -> Self {
        let mut body = Bytes::new(self.bytes.is_big);
        body.half(linktype).half(0).word(snaplen).options(options);
        self.block(1, &body.octets)
    }

    /// A frame whose wire length is 4 octets more than what is captured of it.
    pub(super) fn enhanced(self, interface: u32, ticks: u64, frame: &[u8], options: &[(u16, &[u8])]) -> Self {
        let mut body = Bytes::new(self.bytes.is_big);
        body.word(interface).stamped(ticks, frame).options(options);
        self.block(6, &body.octets)
    }

    pub(super) fn obsolete(self, interface: u16, ticks: u64, frame: &[u8]) -> Self {
        let mut body = Bytes::new(self.bytes.is_big);
        body.half(interface).half(0).stamped(ticks, frame);
        self.block(2, &body.octets)
    }

    pub(super) fn simple(self, orig_len: u32, frame: &[u8]) -> Self {
        let mut body = Bytes::new(self.bytes.is_big);
        body.word(orig_len).padded(frame);
        self.block(3, &body.octets)
    }

    pub(super) fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let length = octet_count(body).next_multiple_of(4) + 12;
        self.bytes.word(kind).word(length).padded(body).word(length);
        self
    }

    pub(super) fn octets(&self) -> Vec<u8> {
        self.bytes.octets()
    }
}

impl Bytes {
    fn stamped(&mut self, ticks: u64, frame: &[u8]) -> &mut Self {
        let [a, b, c, d, e, f, g, h] = ticks.to_be_bytes();
        let caplen = octet_count(frame);
        self.word(u32::from_be_bytes([a, b, c, d])).word(u32::from_be_bytes([e, f, g, h]));
        self.word(caplen).word(caplen + 4).padded(frame)
    }

    fn options(&mut self, options: &[(u16, &[u8])]) -> &mut Self {
        for (code, value) in options {
            let len = u16::try_from(value.len()).expect("options of tests are short");
            self.half(*code).half(len).padded(value);
        }
        self
    }

    fn padded(&mut self, octets: &[u8]) -> &mut Self {
        let padding = octets.len().next_multiple_of(4) - octets.len();
        self.raw(octets).raw(&vec![0; padding])
    }
}

fn octet_count(octets: &[u8]) -> u32 {
    u32::try_from(octets.len()).expect("files of tests are short")
}

/// A frame with the octets it borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) at: Timestamp,
    pub(super) is_timed: bool,
    pub(super) number: u32,
    pub(super) orig_len: u32,
    pub(super) linktype: LinkType,
    pub(super) interface: Interface,
    pub(super) bytes: Vec<u8>,
}

/// What a file gave.
pub(super) struct Read {
    pub(super) frames: Vec<Owned>,
    pub(super) facts: FileFacts,
}

/// Reads a file that is given as octets; checks that it gives the same block by block and few frames at a time.
pub(super) fn read(octets: &[u8]) -> Read {
    let whole = read_up_to(usize::MAX, octets);
    for frames_max in [1, 3] {
        let few = read_up_to(frames_max, octets);
        assert_eq!(few.frames, whole.frames, "{frames_max} frames at a time");
        assert_eq!(format!("{:?}", few.facts), format!("{:?}", whole.facts), "{frames_max} frames at a time");
    }
    let visited = read_visited(octets);
    let frames = whole.frames.iter().map(|frame| (frame.at, frame.orig_len, frame.bytes.clone()));
    assert!(visited.frames.into_iter().eq(frames), "frames that are visited");
    assert_eq!(format!("{:?}", visited.facts), format!("{:?}", whole.facts), "frames that are visited");
    whole
}

/// What a visitor was given, and the facts of the file.
struct Visited {
    frames: Vec<(Timestamp, u32, Vec<u8>)>,
    facts: FileFacts,
}

/// Keeps what it is given.
#[derive(Default)]
struct Keeper(Vec<(Timestamp, u32, Vec<u8>)>);

impl Visitor for Keeper {
    fn visit<'a>(
        &mut self,
        _new_points: &[CapturePoint],
        first: u64,
        frames: impl Iterator<Item = Frame<'a>>,
    ) {
        assert_eq!(first, self.0.len() as u64 + 1);
        self.0.extend(frames.map(|frame| (frame.at, frame.orig_len, frame.bytes.to_vec())));
    }
}

fn read_visited(octets: &[u8]) -> Visited {
    let stream = Box::new(Cursor::new(octets.to_vec()));
    let points = Box::new(UnknownPoints::default());
    let mut files = CaptureFiles::from_stream("test", stream, points, CaptureOptions::default())
        .expect("a cursor can be read");
    let (mut batch, mut keeper) = (Batch::new(), Keeper::default());
    while files.visit_next(&mut batch, &mut keeper).expect("files do not fail as a whole") == More::Yes {}
    let facts = files.facts().next().expect("one file").clone();
    Visited { frames: keeper.0, facts }
}

fn read_up_to(frames_max: usize, octets: &[u8]) -> Read {
    let stream = Box::new(Cursor::new(octets.to_vec()));
    let points = Box::new(UnknownPoints::default());
    let mut files = CaptureFiles::from_stream("test", stream, points, CaptureOptions::default())
        .expect("a cursor can be read");
    let frames = drain_by(frames_max, &mut files);
    let facts = files.facts().next().expect("one file").clone();
    Read { frames, facts }
}

/// Reads a source to its end.
pub(super) fn drain(files: &mut CaptureFiles) -> Vec<Owned> {
    drain_by(usize::MAX, files)
}

/// Does so `frames_max` frames at a time.
fn drain_by(frames_max: usize, files: &mut CaptureFiles) -> Vec<Owned> {
    let (mut batch, mut interfaces, mut frames) = (Batch::new(), Vec::new(), Vec::new());
    let mut ordinal = 1;
    while files.next_batch(&mut batch, frames_max).expect("files do not fail as a whole") == More::Yes {
        interfaces.extend_from_slice(batch.new_interfaces());
        assert_eq!(batch.first_frame(), ordinal);
        ordinal += batch.len() as u64;
        for (frame_ref, frame) in batch.refs().iter().zip(batch.frames()) {
            let interface: &Interface = &interfaces[frame_ref.interface.index()];
            assert_eq!(interface.capture_point, frame.capture_point);
            frames.push(Owned {
                at: frame.at,
                is_timed: frame_ref.is_timed,
                number: frame_ref.number,
                orig_len: frame.orig_len,
                linktype: frame.linktype,
                interface: interface.clone(),
                bytes: frame.bytes.to_vec(),
            });
        }
    }
    assert!(batch.is_empty());
    frames
}

/// A directory that goes when the test ends.
pub(super) struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Makes a directory for the test of that name.
    pub(super) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rollcall-capture-{}-{test}", std::process::id()));
        fs::create_dir_all(&path).expect("the directory for temporary files can be written");
        Self { path }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    pub(super) fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.path.join(name);
        fs::write(&path, octets).expect("the directory for temporary files can be written");
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if fs::remove_dir_all(&self.path).is_err() {
            // Nothing depends on it: the next run makes another one.
        }
    }
}
