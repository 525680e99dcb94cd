use std::net::IpAddr;

use super::change::{Change, ChangeKind, TableKey};
use crate::types::Timestamp;

/// One frame of a station, as the table is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Whose and where.
    pub key: TableKey,
    /// When.
    pub at: Timestamp,
    /// The frame's ordinal in the run, from 1.
    pub sequence: u64,
    /// How deep inside the frame; see [`Change::level`].
    pub level: u8,
    /// Its length on the wire in octets.
    pub orig_len: u32,
    /// The IP source address, if the frame carries one that a station can own.
    pub source: Option<IpAddr>,
    /// The captured octets.
    pub bytes: &'a [u8],
}

impl Seen<'_> {
    pub(super) fn change(&self, kind: ChangeKind) -> Change {
        Change { sequence: self.sequence, level: self.level, at: self.at, key: self.key, kind }
    }
}
