//! The block format: sections of blocks, each with its type and its length at both ends.
//!
//! # Layout
//! Every block: type (4), total length (4), body padded to four octets, total length (4). A section header
//! (type 0x0a0d0d0a) sets the byte order of its section by its magic and forgets the interfaces before it; an
//! interface description (1) numbers the next interface; frames come as enhanced (6), simple (3) or obsolete
//! (2) packet blocks. Other blocks are stepped over, whatever their type and length.
//!
//! A length that cannot be true ends the file, because where the next block starts is then unknown. A block
//! that can be stepped over but not understood is skipped and counted, and the file goes on.
//!
//! # Reference
//! draft-ietf-opsawg-pcapng sections 3 (structure, options) and 4 (block definitions).

mod clock;
mod options;
mod packet;
mod section;

pub(super) use section::{Pcapng, SECTION_HEADER};
