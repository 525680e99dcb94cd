use rollcall_core::types::{LinkType, Timestamp};

use super::{Compression, Damage, Diagnostic, Extent};

/// The format of a capture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// The classic format of libpcap.
    Pcap,
    /// The block format.
    Pcapng,
    /// The format of Solaris' snoop.
    Snoop,
}

impl FileFormat {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pcap => "pcap",
            Self::Pcapng => "pcapng",
            Self::Snoop => "snoop",
        }
    }
}

/// The byte order of the numbers in a capture file; of its first section in pcapng.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant octet first.
    Little,
    /// Most significant octet first.
    Big,
}

impl ByteOrder {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Little => "little-endian",
            Self::Big => "big-endian",
        }
    }

    #[inline]
    pub(super) const fn half(self, octets: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        }
    }

    #[inline]
    pub(super) const fn word(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    pub(super) const fn long(self, octets: [u8; 8]) -> i64 {
        match self {
            Self::Little => i64::from_le_bytes(octets),
            Self::Big => i64::from_be_bytes(octets),
        }
    }
}

/// The unit of the time stamps of a file or interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// 10^-n seconds.
    PowerOfTen(u8),
    /// 2^-n seconds.
    PowerOfTwo(u8),
}

impl Resolution {
    /// The unit of classic files.
    pub const MICROSECONDS: Self = Self::PowerOfTen(6);
    /// The unit of the core's [`Timestamp`].
    pub const NANOSECONDS: Self = Self::PowerOfTen(9);
}

/// An interface that a file describes, whether it gave frames or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceFacts {
    /// The section that describes it, from 0.
    pub section: u32,
    /// Its number in its section, from 0.
    pub number: u32,
    /// Its name, where the file has one.
    pub name: Option<Box<str>>,
    /// Its description, where the file has one.
    pub description: Option<Box<str>>,
    /// What the first octets of its frames are.
    pub linktype: LinkType,
    /// The longest captured length in octets that the file claims; 0 where it claims none.
    pub snaplen: u32,
    /// The unit of its time stamps.
    pub resolution: Resolution,
}

/// A comment that somebody left in a pcapng file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The frame it belongs to, by its ordinal in the file from 1; `None` of a section, an interface, its
    /// statistics, or a list of names.
    pub frame: Option<u64>,
    /// Its text, cut at [`FileFacts::COMMENT_OCTETS_MAX`] octets.
    pub text: Box<str>,
}

/// What is known of a capture file; complete when the source has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// The file as the user named it; `-` is standard input.
    pub name: Box<str>,
    /// Its format; `None` while unread or unrecognised.
    pub format: Option<FileFormat>,
    /// How it is compressed.
    pub compression: Compression,
    /// Its byte order; `None` while unread or unrecognised.
    pub byte_order: Option<ByteOrder>,
    /// Sections read: 1 in formats without sections.
    pub sections: u32,
    /// The interfaces it describes, [`FileFacts::INTERFACES_MAX`] at most.
    pub interfaces: Vec<InterfaceFacts>,
    /// How many interfaces it describes.
    pub interface_count: u64,
    /// Frames read.
    pub frames: u64,
    /// Their lengths on the wire, summed, in octets.
    pub wire_octets: u64,
    /// Their captured lengths, summed, in octets.
    pub captured_octets: u64,
    /// The earliest time stamp.
    pub earliest: Option<Timestamp>,
    /// The latest time stamp.
    pub latest: Option<Timestamp>,
    /// The time stamp of the last frame that has one.
    pub last: Option<Timestamp>,
    /// Frames whose stamp is earlier than that of the frame before.
    pub time_goes_back: u64,
    /// Frames without a stamp of their own, or with one that no [`Timestamp`] can hold.
    pub untimed: u64,
    /// The first comments, [`FileFacts::COMMENTS_MAX`] at most.
    pub comments: Vec<Comment>,
    /// How many comments there are.
    pub comment_count: u64,
    /// Blocks of kinds that carry no frame and are not needed, skipped over.
    pub other_blocks: u64,
    /// What is damaged: at most one message about skipped blocks and one about the end of reading.
    pub damage: Vec<Diagnostic>,
}

impl FileFacts {
    /// How many comments of a file are kept; further ones are counted.
    pub const COMMENTS_MAX: usize = 64;
    /// How much of a comment is kept.
    pub const COMMENT_OCTETS_MAX: usize = 1_024;
    /// How many interfaces of a file are listed; further ones work and are counted.
    pub const INTERFACES_MAX: usize = 1_024;

    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            format: None,
            compression: Compression::None,
            byte_order: None,
            sections: 0,
            interfaces: Vec::new(),
            interface_count: 0,
            frames: 0,
            wire_octets: 0,
            captured_octets: 0,
            earliest: None,
            latest: None,
            last: None,
            time_goes_back: 0,
            untimed: 0,
            comments: Vec::new(),
            comment_count: 0,
            other_blocks: 0,
            damage: Vec::new(),
        }
    }

    pub(super) fn add_interface(&mut self, interface: InterfaceFacts) {
        self.interface_count += 1;
        if self.interfaces.len() < Self::INTERFACES_MAX {
            self.interfaces.push(interface);
        }
    }

    /// Notes why nothing is read of the file when its time has come.
    pub(super) fn refuse(&mut self, damage: Damage, extent: Extent) {
        self.damage.push(Diagnostic { file: self.name.clone(), offset: 0, damage, extent });
    }
}
