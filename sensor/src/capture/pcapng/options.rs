//! The options at the end of pcapng blocks.
//!
//! # Layout
//! Code (2), length (2), value padded to four octets; code 0 ends the list.
//!
//! # Reference
//! draft-ietf-opsawg-pcapng sections 3.5 (options) and 4.2 (those of an interface description).

use super::super::facts::{ByteOrder, FileFacts};

/// Text that somebody left, in any block.
pub(super) const COMMENT: u16 = 1;
/// The name of an interface.
pub(super) const IF_NAME: u16 = 2;
/// The description of an interface.
pub(super) const IF_DESCRIPTION: u16 = 3;
/// The unit of its times: a power of ten, or of two where the top bit is set.
pub(super) const IF_TSRESOL: u16 = 9;
/// Seconds to be added to its times.
pub(super) const IF_TSOFFSET: u16 = 14;

/// Steps through a list; ends where the list ends or an option does not fit into it.
pub(super) struct Options<'a> {
    rest: &'a [u8],
    byte_order: ByteOrder,
}

impl<'a> Options<'a> {
    pub(super) const fn new(rest: &'a [u8], byte_order: ByteOrder) -> Self {
        Self { rest, byte_order }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let ([a, b, c, d], rest) = self.rest.split_first_chunk()?;
        let (code, len) = (self.byte_order.half([*a, *b]), usize::from(self.byte_order.half([*c, *d])));
        let value = rest.get(..len)?;
        if code == 0 {
            return None;
        }
        self.rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}

/// Returns the options of a block that carries no frame; nothing where its kind has none, or is not known.
///
/// # Layout
/// Name resolution (4): records of type (2), length (2) and value padded to four octets, the last of type 0,
/// then the options. Interface statistics (5): interface (4), time (8), then the options.
///
/// # Reference
/// draft-ietf-opsawg-pcapng sections 4.5 and 4.6.
pub(super) fn after_fields(kind: u32, body: &[u8], byte_order: ByteOrder) -> &[u8] {
    let mut rest = body;
    match kind {
        4 => loop {
            let Some(([a, b, c, d], after)) = rest.split_first_chunk() else {
                return &[];
            };
            let (record, len) = (byte_order.half([*a, *b]), usize::from(byte_order.half([*c, *d])));
            rest = after.get(len.next_multiple_of(4)..).unwrap_or_default();
            if record == 0 {
                return rest;
            }
        },
        5 => rest.get(12..).unwrap_or_default(),
        _ => &[],
    }
}

/// Returns an option's value as text, cut at [`FileFacts::COMMENT_OCTETS_MAX`] octets.
pub(super) fn text(value: &[u8]) -> Box<str> {
    let value = value.get(..FileFacts::COMMENT_OCTETS_MAX).unwrap_or(value);
    let text = String::from_utf8_lossy(value);
    text.trim_end_matches('\0').into()
}
