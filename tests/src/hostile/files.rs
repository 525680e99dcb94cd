use std::io::{self, Cursor, Read};

use rollcall::capture::{
    Batch, CAPLEN_MAX, CaptureFiles, CaptureOptions, Compression, FileFacts, FrameSource as _, More,
    UnknownPoints,
};

/// More batches than this are not read: a few octets may unpack to gigabytes.
const BATCHES_MAX: usize = 64;

/// What must not depend on how a file is read.
#[derive(Debug, PartialEq)]
struct FrameFacts {
    /// None of a frame without a stamp, which takes that of a frame in the same batch.
    at: Option<i64>,
    orig_len: u32,
    linktype: u16,
    bytes: Vec<u8>,
}

/// A capture file: it ends, its frames are counted, it gives the same frames in whatever pieces it comes, and
/// the frames of a part of it are the first of the whole.
pub fn capture(octets: &[u8]) {
    let (whole, facts, has_ended) = read(octets, usize::MAX);
    let max = CAPLEN_MAX as usize;
    assert!(whole.iter().all(|frame| frame.bytes.len() <= max));
    assert!(facts.damage.len() <= 2, "{:?}", facts.damage);
    // How much an unpacker gives before it finds damage depends on what it was given at once.
    if !has_ended || facts.compression != Compression::None {
        return;
    }
    assert_eq!(facts.frames, whole.len() as u64);
    let captured: usize = whole.iter().map(|frame| frame.bytes.len()).sum();
    assert_eq!(facts.captured_octets, captured as u64);
    let hint = usize::from(octets.last().copied().unwrap_or_default());
    let (pieces, other, has_ended) = read(octets, hint % 13 + 1);
    if has_ended {
        assert_eq!(pieces, whole);
        assert_eq!(other, facts);
    }
    let cut = octets.len() * hint / 256;
    let (part, ..) = read(octets.get(..cut).unwrap_or_default(), usize::MAX);
    assert!(whole.starts_with(&part), "{} frames of the first {cut} octets", part.len());
}

/// A compressed file, after an octet that chooses the compression where the rest is none by itself.
pub fn packed(octets: &[u8]) {
    const MAGICS: [&[u8]; 4] = [&[], &[0x1f, 0x8b, 8], &[0x28, 0xb5, 0x2f, 0xfd], &[0x04, 0x22, 0x4d, 0x18]];
    let Some((kind, rest)) = octets.split_first() else {
        return;
    };
    let magic = MAGICS.get(usize::from(kind & 3)).copied().unwrap_or_default();
    let file = [magic, rest].concat();
    let (frames, facts, has_ended) = read(&file, usize::MAX);
    assert!(facts.damage.len() <= 2, "{:?}", facts.damage);
    assert!(!has_ended || facts.frames == frames.len() as u64);
}

/// Reads a file that comes in pieces of that many octets; tells whether it was read to its end.
fn read(octets: &[u8], piece: usize) -> (Vec<FrameFacts>, FileFacts, bool) {
    let stream = Box::new(Pieces { octets: Cursor::new(octets.to_vec()), piece });
    let points = Box::new(UnknownPoints::default());
    let mut source = CaptureFiles::from_stream("octets", stream, points, CaptureOptions::default())
        .expect("octets in memory can be read");
    let (mut batch, mut frames, mut has_ended) = (Batch::new(), Vec::new(), false);
    let batches_max = if piece == usize::MAX { BATCHES_MAX } else { octets.len() + BATCHES_MAX };
    for _ in 0..batches_max {
        if source.next_batch(&mut batch, usize::MAX).expect("a damaged file is no error") == More::End {
            has_ended = true;
            break;
        }
        frames.extend(batch.refs().iter().map(|frame_ref| {
            let frame = batch.frame(frame_ref);
            assert_eq!(frame.bytes.len(), frame_ref.caplen as usize);
            FrameFacts {
                at: frame_ref.is_timed.then(|| frame.at.as_nanos()),
                orig_len: frame.orig_len,
                linktype: frame.linktype.0,
                bytes: frame.bytes.to_vec(),
            }
        }));
    }
    let facts = source.facts().next().expect("there is one file").clone();
    (frames, facts, has_ended)
}

/// Octets that come some at a time.
struct Pieces {
    octets: Cursor<Vec<u8>>,
    piece: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(self.piece);
        self.octets.read(buffer.get_mut(..len).unwrap_or_default())
    }
}
