use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::lz4;

/// How a capture file is compressed, told by its first octets and not by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, of one member or several.
    ///
    /// # Reference
    /// RFC 1952 section 2.2.
    Gzip,
    /// Zstandard, of one frame or several, skippable ones among them.
    ///
    /// # Bounds
    /// A frame that asks for a window of more than 128 MiB is damage.
    ///
    /// # Reference
    /// RFC 8878 sections 3.1.1 and 3.1.2.
    Zstd,
    /// LZ4, of one frame or several, skippable ones among them. Frames of the legacy format are not read.
    ///
    /// # Reference
    /// LZ4 Frame Format Description 1.6.4.
    Lz4,
}

impl Compression {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
        }
    }

    const fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Lz4,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

const ZSTD_WINDOW_LOG_MAX: u32 = 27;
const PACKED_BLOCK_OCTETS: usize = 128 * 1_024;
/// As many first octets as the longest signature has.
const HEAD_OCTETS: usize = 4;

/// The unpacked octets of one capture file, and how far its packed octets have been read.
pub(super) struct Input {
    stream: Box<dyn Read + Send>,
    octets_read: Arc<AtomicU64>,
    /// Its length in octets, packed; `None` of a stream.
    pub(super) octets_total: Option<u64>,
    /// How it is compressed.
    pub(super) compression: Compression,
    /// Whether what one read gives is to be handed on at once, because more may take its time.
    pub(super) is_live: bool,
}

impl Input {
    /// Opens a file; `-` is standard input.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Self::from_stream(Box::new(io::stdin()), None);
        }
        let file = File::open(path)?;
        let facts = file.metadata()?;
        if facts.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Self::from_stream(Box::new(file), facts.is_file().then_some(facts.len()))
    }

    /// Reads a stream of `octets_total` octets; without that number it is read as it arrives.
    pub(super) fn from_stream(stream: Box<dyn Read + Send>, octets_total: Option<u64>) -> io::Result<Self> {
        let octets_read = Arc::new(AtomicU64::new(0));
        let mut counted = Counted { stream, octets_read: Arc::clone(&octets_read) };
        let mut head = Vec::with_capacity(HEAD_OCTETS);
        (&mut counted).take(HEAD_OCTETS as u64).read_to_end(&mut head)?;
        let compression = Compression::of(&head);
        let whole = Cursor::new(head).chain(counted);
        let stream: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(whole),
            Compression::Gzip => {
                Box::new(MultiGzDecoder::new(BufReader::with_capacity(PACKED_BLOCK_OCTETS, whole)))
            }
            Compression::Zstd => {
                let packed = BufReader::with_capacity(PACKED_BLOCK_OCTETS, whole);
                let mut unpacked = zstd::stream::read::Decoder::with_buffer(packed)?;
                unpacked.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(unpacked)
            }
            Compression::Lz4 => {
                Box::new(lz4::Frames::new(BufReader::with_capacity(PACKED_BLOCK_OCTETS, whole)))
            }
        };
        Ok(Self {
            stream,
            octets_read,
            octets_total,
            compression,
            is_live: octets_total.is_none() && compression == Compression::None,
        })
    }

    /// Returns how many packed octets have been read.
    pub(super) fn octets_read(&self) -> u64 {
        // Written by the same thread; the atomic only lets the counter be shared with the stream.
        self.octets_read.load(Ordering::Relaxed)
    }

    /// Fills `buffer` from its start and returns how much of it is filled, and the error that ended it early.
    ///
    /// Less than the whole buffer is filled at the end, before an error, and where what has come holds
    /// `enough` octets of a live stream.
    pub(super) fn fill(&mut self, buffer: &mut [u8], enough: usize) -> (usize, Option<io::Error>) {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.stream.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (filled, Some(error)),
            }
            if self.is_live && filled >= enough {
                break;
            }
        }
        (filled, None)
    }
}

/// A stream that counts what is read from it.
struct Counted {
    stream: Box<dyn Read + Send>,
    octets_read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.octets_read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::GzEncoder;

    use super::super::testing::{Bytes, Pcap, Read as Whole, drain, read};
    use super::super::{CaptureFiles, CaptureOptions, Damage, Extent, UnknownPoints};
    use super::*;

    fn capture() -> Vec<u8> {
        let mut file = Pcap::new(Bytes::new(false), 0xa1b2_c3d4);
        for second in 0..2_000 {
            file = file.record(second, second, 64, &second.to_be_bytes().repeat(15));
        }
        file.octets()
    }

    fn gzip(octets: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(octets).expect("a vector can be written");
        packer.finish().expect("a vector can be written")
    }

    fn zstd(octets: &[u8]) -> Vec<u8> {
        zstd::encode_all(octets, 1).expect("a vector can be written")
    }

    fn lz4(octets: &[u8]) -> Vec<u8> {
        let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
        packer.write_all(octets).expect("a vector can be written");
        packer.finish().expect("a vector can be written")
    }

    #[test]
    fn unpacks_by_content() {
        let plain = capture();
        let expected = read(&plain).frames;
        let (first, second) = plain.split_at(5_000);
        let check = |packed: Vec<u8>, compression: Compression| {
            let Whole { frames, facts } = read(&packed);
            assert_eq!(facts.damage, [], "{compression:?}");
            assert_eq!(facts.compression, compression);
            assert_eq!(frames, expected, "{compression:?}");
        };
        check(gzip(&plain), Compression::Gzip);
        check([gzip(first), gzip(second)].concat(), Compression::Gzip);
        check(zstd(&plain), Compression::Zstd);
        check([zstd(first), zstd(second)].concat(), Compression::Zstd);
        let skippable = [&[0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zstd(&plain)].concat();
        check(skippable, Compression::Zstd);
        check(lz4(&plain), Compression::Lz4);
        check([lz4(first), lz4(second)].concat(), Compression::Lz4);
    }

    #[test]
    fn the_window_of_a_zstd_frame_is_bounded() {
        let plain = capture();
        let head = &plain[..200];
        // Window descriptor: the exponent above 10 in the upper five bits. One raw block, the last.
        let with_window = |log: u8| {
            let block = ((head.len() as u32) << 3 | 1).to_le_bytes();
            [&[0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3], &block[..3], head].concat()
        };
        let largest = read(&with_window(27));
        assert_eq!(largest.frames, read(head).frames, "128 MiB are granted");
        let beyond = read(&with_window(28)).facts;
        assert_eq!((beyond.frames, beyond.damage[0].extent), (0, Extent::File));
        assert!(
            matches!(&beyond.damage[0].damage, Damage::Unreadable(why) if why.contains("memory")),
            "{beyond:?}"
        );
        // A window of 2 GiB, asked for in the middle of a file.
        let later = read(&[zstd(&plain), with_window(31)].concat());
        assert_eq!((later.frames.len(), later.facts.damage[0].extent), (2_000, Extent::Rest));
    }

    #[test]
    fn gives_the_frames_before_damage() {
        for packed in [gzip(&capture()), zstd(&capture()), lz4(&capture())] {
            let cut = read(&packed[..packed.len() - 9]);
            assert_eq!(cut.facts.damage.len(), 1);
            assert!(matches!(cut.facts.damage[0].damage, Damage::Unreadable(_)));
            assert!(cut.frames.len() <= 2_000);
            let early = read(&packed[..20]).facts;
            assert_eq!((early.frames, early.damage[0].extent), (0, Extent::File));
        }
        let garbage = [gzip(&capture()), b"no member".to_vec()].concat();
        let Whole { frames, facts } = read(&garbage);
        assert_eq!((frames.len(), facts.damage.len()), (2_000, 1));
    }

    #[test]
    fn refuses_to_unpack_twice() {
        for packed in [gzip(&capture()), zstd(&capture()), lz4(&capture())] {
            let damage = read(&gzip(&packed)).facts.damage.remove(0);
            assert!(damage.to_string().contains("compressed twice"), "{damage}");
        }
    }

    /// Gives one octet at a time, and is interrupted before each.
    struct Trickle {
        octets: std::vec::IntoIter<u8>,
        is_interrupted: bool,
    }

    impl Read for Trickle {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.is_interrupted = !self.is_interrupted;
            if self.is_interrupted {
                return Err(io::ErrorKind::Interrupted.into());
            }
            Ok(self.octets.next().map_or(0, |octet| {
                buffer[0] = octet;
                1
            }))
        }
    }

    fn trickle() -> Box<Trickle> {
        Box::new(Trickle { octets: capture().into_iter(), is_interrupted: false })
    }

    #[test]
    fn follows_a_stream_that_trickles() {
        let mut input = Input::from_stream(trickle(), None).expect("the stream does not fail");
        assert!(input.is_live);
        let mut buffer = [0; 100];
        assert_eq!(input.fill(&mut buffer, 1).0, 4, "the signature came first");
        assert_eq!(input.fill(&mut buffer, 10).0, 10);
        assert_eq!(input.octets_read(), 14);

        let points = Box::new(UnknownPoints::default());
        let mut files = CaptureFiles::from_stream("test", trickle(), points, CaptureOptions::default())
            .expect("the stream does not fail");
        assert!(drain(&mut files) == read(&capture()).frames, "the same as in one piece");
    }

    #[test]
    fn counts_packed_octets() {
        let packed = gzip(&capture());
        let stream = Box::new(Cursor::new(packed.clone()));
        let mut input = Input::from_stream(stream, Some(packed.len() as u64)).expect("a cursor can be read");
        let mut buffer = vec![0; 1_000_000];
        let (filled, error) = input.fill(&mut buffer, 1);
        assert_eq!((filled, error.is_none()), (capture().len(), true));
        assert_eq!(input.octets_read(), packed.len() as u64);
    }
}
