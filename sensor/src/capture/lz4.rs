//! lz4 frames, one after the other.
//!
//! `lz4_flex` unpacks one frame; what is around frames is done here: several in a row, skippable ones among
//! them, and the difference between the end of a file and a cut, which the crate does not tell.
//!
//! # Layout
//! Frame: magic (4, least significant octet first), descriptor, blocks, end mark. Skippable frame: magic
//! (4), length (4, least significant octet first), that many octets.
//!
//! # Bounds
//! A block is 4 MiB at most, of which three are held.
//!
//! # Reference
//! LZ4 Frame Format Description 1.6.4.

use std::io::{self, Chain, Cursor, Read};

use lz4_flex::frame::FrameDecoder;

/// What every frame begins with.
pub(super) const FRAME: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

/// Unpacks a stream of frames.
pub(super) struct Frames<R: Read> {
    state: State<R>,
}

enum State<R: Read> {
    /// The next octets are a frame's first, or there are none.
    Between(Watched<R>),
    /// Inside a frame, whose magic was read already and is read again.
    Within(FrameDecoder<Chain<Cursor<[u8; 4]>, Watched<R>>>),
    /// Nothing more is read.
    Ended,
}

impl<R: Read> Frames<R> {
    pub(super) const fn new(packed: R) -> Self {
        Self { state: State::Between(Watched { packed, has_ended: false }) }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match core::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(packed) => self.state = begin(packed)?,
                State::Within(mut frame) => {
                    let count = frame.read(buffer)?;
                    if count > 0 || buffer.is_empty() {
                        self.state = State::Within(frame);
                        return Ok(count);
                    }
                    let (_, packed) = frame.into_inner().into_inner();
                    if packed.has_ended {
                        return Err(io::Error::new(
                            io::ErrorKind::UnexpectedEof,
                            "an lz4 frame is cut short",
                        ));
                    }
                    self.state = State::Between(packed);
                }
            }
        }
    }
}

/// Reads what comes before the next frame's descriptor.
fn begin<R: Read>(mut packed: Watched<R>) -> io::Result<State<R>> {
    let mut magic = Vec::with_capacity(4);
    (&mut packed).take(4).read_to_end(&mut magic)?;
    match *magic.as_slice() {
        [] => Ok(State::Ended),
        [0x04, 0x22, 0x4d, 0x18] => Ok(State::Within(FrameDecoder::new(Cursor::new(FRAME).chain(packed)))),
        [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            let mut length = [0; 4];
            packed.read_exact(&mut length)?;
            let length = u64::from(u32::from_le_bytes(length));
            if io::copy(&mut (&mut packed).take(length), &mut io::sink())? < length {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a skippable frame is cut short"));
            }
            Ok(State::Between(packed))
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "what follows an lz4 frame is no other one")),
    }
}

/// A stream that remembers that it ended.
struct Watched<R> {
    packed: R,
    has_ended: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.packed.read(buffer) {
                // The unpacker gives up half a header where a read is interrupted.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(count) => {
                    self.has_ended |= count == 0 && !buffer.is_empty();
                    return Ok(count);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};

    use super::*;

    fn frame(info: FrameInfo, octets: &[u8]) -> Vec<u8> {
        let mut packer = FrameEncoder::with_frame_info(info, Vec::new());
        packer.write_all(octets).expect("a vector can be written");
        packer.finish().expect("a vector can be written")
    }

    fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut unpacked = Vec::new();
        Frames::new(packed).read_to_end(&mut unpacked).map(|_| unpacked)
    }

    #[test]
    fn frames_of_any_kind_follow_each_other() {
        let octets: Vec<u8> = (0..300_000_u32).flat_map(|number| (number / 7).to_le_bytes()).collect();
        let large = FrameInfo::new().block_size(BlockSize::Max4MB).content_checksum(true);
        let linked = FrameInfo::new().block_size(BlockSize::Max64KB).block_mode(BlockMode::Linked);
        let checked = FrameInfo::new().block_checksums(true).content_size(Some(octets.len() as u64));
        let skippable = vec![0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let packed = [
            frame(large, &octets),
            skippable.clone(),
            frame(linked, &octets),
            frame(FrameInfo::new(), &[]),
            frame(checked, &octets),
            skippable,
        ]
        .concat();
        assert!(unpack(&packed).expect("the frames are whole") == octets.repeat(3));
    }

    #[test]
    fn every_cut_is_told_apart_from_the_end() {
        let octets: Vec<u8> = (0..=255).cycle().take(70_000).collect();
        let first = frame(FrameInfo::new().block_size(BlockSize::Max64KB), &octets);
        let packed = [first.as_slice(), &[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9], &first].concat();
        for len in 0..packed.len() {
            let is_boundary = len == 0 || len == first.len() || len == first.len() + 10;
            assert_eq!(unpack(&packed[..len]).is_ok(), is_boundary, "{len} of {}", packed.len());
        }
    }

    #[test]
    fn what_follows_must_be_a_frame() {
        let mut packed = frame(FrameInfo::new(), b"frames");
        packed.extend(b"text");
        assert_eq!(unpack(&packed).map_err(|error| error.kind()), Err(io::ErrorKind::InvalidData));
    }
}
