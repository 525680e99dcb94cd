//! Capture files made of octets, and a way to read them whole.

use std::io::Cursor;

use rollcall_core::types::{LinkType, Timestamp};

use super::{Batch, CaptureFiles, CaptureOptions, FileFacts, FrameSource, Interface, More, UnknownPoints};

/// Octets with numbers in one byte order.
#[derive(Clone)]
pub(super) struct Bytes {
    octets: Vec<u8>,
    is_big: bool,
}

impl Bytes {
    pub(super) const fn new(is_big: bool) -> Self {
        Self {
            octets: Vec::new(),
            is_big,
        }
    }

    pub(super) fn half(&mut self, number: u16) -> &mut Self {
        self.raw(&if self.is_big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        })
    }

    pub(super) fn word(&mut self, number: u32) -> &mut Self {
        self.raw(&if self.is_big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        })
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
        bytes
            .word(magic)
            .half(2)
            .half(4)
            .word(0)
            .word(0)
            .word(65_535)
            .word(1);
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
        self.bytes
            .word(secs)
            .word(fraction)
            .word(caplen)
            .word(orig_len)
            .raw(frame);
        self
    }

    pub(super) fn octets(&self) -> Vec<u8> {
        self.bytes.octets.clone()
    }
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

/// Reads a file that is given as octets, in one piece.
pub(super) fn read(octets: &[u8]) -> Read {
    let stream = Box::new(Cursor::new(octets.to_vec()));
    let points = Box::new(UnknownPoints::default());
    let mut files = CaptureFiles::from_stream("test", stream, points, CaptureOptions::default())
        .expect("a cursor can be read");
    let frames = drain(&mut files);
    let facts = files.facts().next().expect("one file").clone();
    Read { frames, facts }
}

/// Reads a source to its end.
pub(super) fn drain(files: &mut CaptureFiles) -> Vec<Owned> {
    let (mut batch, mut interfaces, mut frames) = (Batch::new(), Vec::new(), Vec::new());
    let mut ordinal = 1;
    while files
        .next_batch(&mut batch)
        .expect("files do not fail as a whole")
        == More::Yes
    {
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
