use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

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
}

impl Compression {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    const fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
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
        let mut counted = Counted {
            stream,
            octets_read: Arc::clone(&octets_read),
        };
        let mut head = Vec::with_capacity(HEAD_OCTETS);
        (&mut counted).take(HEAD_OCTETS as u64).read_to_end(&mut head)?;
        let compression = Compression::of(&head);
        let whole = Cursor::new(head).chain(counted);
        let stream: Box<dyn Read + Send> = match compression {
            Compression::None => Box::new(whole),
            Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                PACKED_BLOCK_OCTETS,
                whole,
            ))),
            Compression::Zstd => {
                let packed = BufReader::with_capacity(PACKED_BLOCK_OCTETS, whole);
                let mut unpacked = zstd::stream::read::Decoder::with_buffer(packed)?;
                unpacked.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
                Box::new(unpacked)
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
