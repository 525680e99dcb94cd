use std::collections::BTreeMap;
use std::io::{self, Write};

use rollcall_core::types::Timestamp;
use serde::Serialize;

use super::text::seconds;
use super::{Lines, Seen};

/// How many groups a dump holds.
pub const RECORDS_MAX: usize = 1 << 20;

/// Counts frames by a key, in the order of first appearance.
#[derive(Debug)]
pub(super) struct Groups<K, S> {
    index: BTreeMap<K, usize>,
    groups: Vec<Group<S>>,
    frames_left_out: u64,
}

/// The frames with one key.
#[derive(Debug)]
struct Group<S> {
    frames: u64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    first_frame: u64,
    sums: S,
}

/// A record: what the key says, then what was counted.
#[derive(Serialize)]
struct Record<'a, K, S> {
    #[serde(flatten)]
    key: &'a K,
    #[serde(flatten)]
    sums: &'a S,
    #[serde(skip_serializing_if = "Option::is_none")]
    frames: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    first_ts: Option<String>,
    last_ts: Option<String>,
    first_frame: u64,
}

/// Which word a record uses for the number of its frames.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CountWord {
    Frames,
    Count,
}

impl<K, S> Default for Groups<K, S> {
    fn default() -> Self {
        Self { index: BTreeMap::new(), groups: Vec::new(), frames_left_out: 0 }
    }
}

impl<K: Ord, S: Default> Groups<K, S> {
    /// Counts a frame; returns what else is summed up over its group.
    pub(super) fn count(&mut self, key: K, seen: &Seen<'_>) -> Option<&mut S> {
        let next = self.groups.len();
        let place = match self.index.get(&key) {
            Some(place) => *place,
            None if next < RECORDS_MAX => {
                self.index.insert(key, next);
                self.groups.push(Group {
                    frames: 0,
                    first_at: seen.at,
                    last_at: seen.at,
                    first_frame: seen.number,
                    sums: S::default(),
                });
                next
            }
            None => {
                self.frames_left_out += 1;
                return None;
            }
        };
        let group = self.groups.get_mut(place)?;
        group.frames += 1;
        group.last_at = seen.at;
        Some(&mut group.sums)
    }
}

impl<K: Ord + Serialize, S: Serialize> Groups<K, S> {
    /// Writes a record for each group; returns how many frames found no room in one.
    pub(super) fn write<W: Write>(&self, word: CountWord, output: &mut Lines<W>) -> io::Result<u64> {
        let mut keys: Vec<_> = self.index.iter().collect();
        keys.sort_unstable_by_key(|(_, place)| **place);
        for ((key, _), group) in keys.into_iter().zip(&self.groups) {
            output.write(&Record {
                key,
                sums: &group.sums,
                frames: (word == CountWord::Frames).then_some(group.frames),
                count: (word == CountWord::Count).then_some(group.frames),
                first_ts: group.first_at.map(seconds),
                last_ts: group.last_at.map(seconds),
                first_frame: group.first_frame,
            })?;
        }
        Ok(self.frames_left_out)
    }
}
