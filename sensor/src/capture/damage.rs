use core::fmt;

use thiserror::Error;

/// What is wrong with a capture file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Damage {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// The file ends inside the header or the record at the offset.
    #[error("the file is cut short: {what} needs {needed} octets and has {had}")]
    CutShort {
        /// Which part of the file is cut.
        what: &'static str,
        /// How many octets the part needs; of a header that is not complete, those of the header.
        needed: u64,
        /// How many are there.
        had: u64,
    },
    /// The first octets belong to no capture format.
    #[error("no capture file begins with the octets {} (pcap, pcapng and snoop can be read)", hex(.begins))]
    UnknownFormat {
        /// Its first octets, four or fewer.
        begins: Vec<u8>,
    },
    /// The format is known and not read.
    #[error("{what} cannot be read ({remedy})")]
    Unsupported {
        /// The name of the format.
        what: &'static str,
        /// What the user can do about it.
        remedy: &'static str,
    },
    /// The format has a version that nobody described.
    #[error("version {major}.{minor} of {format} cannot be read")]
    Version {
        /// The name of the format.
        format: &'static str,
        /// The major version.
        major: u32,
        /// The minor version.
        minor: u32,
    },
    /// The link type is beyond the registry.
    #[error("link type {0:#x} does not exist")]
    LinkType(u32),
    /// A frame claims more captured octets than any link gives.
    #[error("a frame claims {caplen} captured octets, more than the {max} that are believed")]
    Caplen {
        /// The claimed length.
        caplen: u32,
        /// The bound.
        max: u32,
    },
    /// A pcapng section header has a byte-order magic that reads in no byte order.
    #[error("the section header has no byte-order magic")]
    ByteOrder,
    /// A record's length is too small for its own fields, or a block's two lengths differ.
    #[error("{what} has an impossible length of {length} octets")]
    Length {
        /// Which part of the file has it.
        what: &'static str,
        /// The stated length.
        length: u32,
    },
    /// The length at the end of a block is not the one at its start.
    #[error("a block states a length of {first} octets at its start and {last} at its end")]
    Trailer {
        /// The length at the start.
        first: u32,
        /// The length at the end.
        last: u32,
    },
    /// A pcapng block names an interface that its section does not describe.
    #[error("a frame belongs to interface {number}, which its section does not describe")]
    NoInterface {
        /// The named interface.
        number: u32,
    },
    /// A pcapng block cannot hold what it claims.
    #[error("{what} claims more octets than its length allows")]
    Block {
        /// Which kind of block.
        what: &'static str,
    },
    /// There are more interfaces or capture points in one run than can be numbered.
    #[error("there are more than 65,535 interfaces in one run (give fewer files at once)")]
    TooManyInterfaces,
    /// Its time came while too many other files were open.
    #[error("more than {max} files overlap in time (merge some of them first, with `mergecap`)")]
    TooManyAtOnce {
        /// The bound.
        max: usize,
    },
    /// Reading failed, or the compressed data is damaged.
    #[error("reading failed: {0}")]
    Unreadable(String),
}

impl Damage {
    /// Names what begins with these octets and is not read.
    ///
    /// # Reference
    /// The magic numbers of the modified pcap formats are those that libpcap and wiretap recognise.
    pub(super) fn refused(begins: [u8; 4]) -> Self {
        const CONVERT: &str = "convert it with `editcap -F pcapng`";
        let (what, remedy) = match begins {
            [0xa1, 0xb2, 0xcd, 0x34] | [0x34, 0xcd, 0xb2, 0xa1] => {
                ("modified pcap (Kuznetzov's, with interface and direction in every record)", CONVERT)
            }
            [0xa1, 0xb2, 0x34, 0xcd] | [0xcd, 0x34, 0xb2, 0xa1] => ("modified pcap (Mesquita's)", CONVERT),
            [0xa1, 0x2b, 0x3c, 0x4d] | [0x4d, 0x3c, 0x2b, 0xa1] => ("modified pcap (Navtel's)", CONVERT),
            [0x1c, 0x00, 0x01, 0xab | 0xac] | [0xab | 0xac, 0x01, 0x00, 0x1c] => {
                ("modified pcap (Ixia's)", CONVERT)
            }
            [0x58, 0x43, 0x50, 0x00] => ("a capture of NetXRay", CONVERT),
            [b'G', b'M', b'B', b'U'] => ("a capture of Microsoft Network Monitor", CONVERT),
            [b'R', b'T', b'S', b'S'] => ("a capture of Network Monitor 1", CONVERT),
            [0x1f, 0x8b, ..] => ("a file compressed twice", "unpack it with `gzip -d`"),
            [0x28, 0xb5, 0x2f, 0xfd] => ("a file compressed twice", "unpack it with `zstd -d`"),
            [0x04, 0x22, 0x4d, 0x18] => ("a file compressed twice", "unpack it with `lz4 -d`"),
            [0x02, 0x21, 0x4c, 0x18] => {
                ("an lz4-compressed file of the legacy format", "unpack it with `lz4 -d`")
            }
            [0xfd, b'7', b'z', b'X'] => ("an xz-compressed file", "unpack it with `xz -d`"),
            [b'B', b'Z', b'h', _] => ("a bzip2-compressed file", "unpack it with `bzip2 -d`"),
            [0x1f, 0x9d, ..] => ("a file compressed by compress", "unpack it with `gzip -d`"),
            [b'L', b'Z', b'I', b'P'] => ("an lzip-compressed file", "unpack it with `lzip -d`"),
            [0xff, 0x06, 0x00, 0x00] => ("a Snappy-compressed file", "unpack it first"),
            [b'P', b'K', 3 | 5, 4 | 6] => ("a zip archive", "unpack it with `unzip`"),
            [b'7', b'z', 0xbc, 0xaf] => ("a 7z archive", "unpack it with `7z x`"),
            _ => {
                return Self::UnknownFormat { begins: begins.to_vec() };
            }
        };
        Self::Unsupported { what, remedy }
    }
}

fn hex(octets: &[u8]) -> String {
    let words: Vec<String> = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    words.join(" ")
}

/// How much of a file is lost by its damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Nothing of it was read.
    File,
    /// What comes before the offset was read, the rest not.
    Rest,
    /// Single blocks were skipped, everything else was read.
    Blocks(u64),
}

/// One message about a damaged capture file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as the user named it; `-` is standard input.
    pub file: Box<str>,
    /// Where the damaged record or block starts, in octets from the start of the file; of a compressed file,
    /// of what it unpacks to. Of several skipped blocks it is the first.
    pub offset: u64,
    /// What is wrong there.
    pub damage: Damage,
    /// How much is lost.
    pub extent: Extent,
}

/// Prints one line without a full stop: file, offset, reason, loss.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: at octet {}: {}", self.file, self.offset, self.damage)?;
        match self.extent {
            Extent::File => f.write_str("; nothing of it is read"),
            Extent::Rest => f.write_str("; the rest of the file is not read"),
            Extent::Blocks(1) => f.write_str("; this block is skipped"),
            Extent::Blocks(count) => write!(f, "; this block and {} more are skipped", count - 1),
        }
    }
}
