//! Where frames come from: sources that hand out batches of borrowed frames.
//!
//! First in the pipeline, before `decode`. A source turns octets of the outside world into [`Batch`]es:
//! time, capture point, link type, length on the wire, captured octets. The sources are capture files
//! ([`CaptureFiles`]): pcap, pcapng and snoop, plain or compressed with gzip, zstd or lz4, several of them
//! merged by time; and [`live`] interfaces. Nothing here looks inside a frame, reads a clock or knows what a station is.
//!
//! A file that is damaged gives every frame before the damage and then one [`Diagnostic`]; the other files
//! go on. A plain file of the common kind that is alone can also be read by several threads ([`Blocks`]).
//!
//! # Bounds
//! A file is read [`BLOCK_OCTETS`] at a time, and no length found in a file sizes an allocation beyond
//! [`CAPLEN_MAX`] for a frame and [`HELD_BLOCK_OCTETS_MAX`] for a pcapng block. Only the files whose time has
//! come hold a buffer and a file descriptor, [`OPEN_FILES_MAX`] at most.
//!
//! # Reference
//! draft-ietf-opsawg-pcap (pcap), draft-ietf-opsawg-pcapng (pcapng), RFC 1761 (snoop).

mod batch;
mod blocks;
mod compressed;
mod damage;
mod directory;
mod facts;
mod files;
mod interface;
pub mod live;
mod lz4;
mod pcap;
mod pcapng;
mod reader;
mod snoop;
mod source;
#[cfg(test)]
mod testing;
#[cfg(feature = "xdp")]
pub mod xdp;

pub use batch::{Batch, FrameRef};
pub use blocks::{BlockOrder, BlockReader, Blocks, FileBlock};
pub use compressed::Compression;
pub use damage::{Damage, Diagnostic, Extent};
pub use facts::{ByteOrder, Comment, FileFacts, FileFormat, InterfaceFacts, Resolution};
pub use files::{CaptureFiles, CaptureOptions, OPEN_FILES_MAX, Progress, ProgressHook};
pub use interface::{Interface, InterfaceId, Resolved, Resolver, UnknownPoints};
pub use reader::{BLOCK_OCTETS, CAPLEN_MAX, HELD_BLOCK_OCTETS_MAX};
pub use source::{FrameSource, More, SourceError, Visitor};
