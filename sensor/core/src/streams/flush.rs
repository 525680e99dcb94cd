use core::time::Duration;
use std::collections::VecDeque;

use super::acts::{Receipt, Refusal};
use super::authority::Role;
use super::event::Change;
use super::member::MemberId;
use super::network::Streams;
use super::post::{Post, PostId, PostState};
use crate::types::Timestamp;

/// Which posts an administrator takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flush {
    /// In these states; open ones are never taken away.
    pub states: Vec<PostState>,
    /// Not touched for so long.
    pub older_than: Duration,
    /// In whose stream; `None` for all.
    pub stream: Option<MemberId>,
    /// What becomes of them.
    pub how: FlushHow,
}

/// What becomes of posts that are flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushHow {
    /// They are forgotten.
    Remove,
    /// They are handed over to be kept elsewhere, then forgotten.
    Archive,
}

/// A write that somebody made, or was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: MemberId,
    /// From where, as the outside names it.
    pub from: Box<str>,
    /// What, in a word.
    pub what: &'static str,
    /// On what: a post, member or message.
    pub on: Option<Box<str>>,
    /// Why it was refused, if it was.
    pub refused: Option<&'static str>,
}

/// The trail of writes: who, when, from where.
///
/// # Bounds
/// The last `trail_max`; what goes is counted. Whoever keeps a journal of the inputs has all of them.
#[derive(Debug)]
pub struct Trail {
    entries: VecDeque<TrailEntry>,
    max: usize,
    dropped: u64,
}

impl Trail {
    pub(super) const fn new(max: u32) -> Self {
        Self { entries: VecDeque::new(), max: max as usize, dropped: 0 }
    }

    pub(super) fn note(&mut self, entry: TrailEntry) {
        if self.entries.len() >= self.max.max(1) {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
    }

    /// Returns the entries, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &TrailEntry> {
        self.entries.iter()
    }

    /// Returns how many went to make room.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Streams {
    /// Lets an administrator take away old posts that are acknowledged or resolved. An acknowledged one that still stands
    /// for something, a report or posts below, stays.
    pub(super) fn flush(&mut self, by: MemberId, flush: &Flush, now: Timestamp) -> Result<Receipt, Refusal> {
        let scope = flush.stream.unwrap_or_else(|| self.members.top());
        if !self.is_allowed(by, Role::Administrator, scope) {
            return Err(Refusal::NotAllowed);
        }
        let is_over = |post: &&Post| {
            let stands = post.is_open() && (post.reports > 0 || post.open_sources > 0);
            post.state != PostState::Open
                && !stands
                && flush.states.contains(&post.state)
                && now.since(post.updated_at.max(post.resolved_at.unwrap_or(Timestamp::MIN)))
                    >= flush.older_than
        };
        let flushed: Vec<PostId> = match flush.stream {
            Some(stream) => self.posts.of_stream(stream).filter(is_over).map(|post| post.id).collect(),
            None => self.posts.iter().filter(is_over).map(|post| post.id).collect(),
        };
        let count = flushed.len();
        for id in flushed {
            self.resolve(id, now);
            let Some(post) = self.posts.remove(id) else { continue };
            self.tell(now, Change::Flushed(id));
            if flush.how == FlushHow::Archive {
                self.archived.push_back(post);
            }
        }
        Ok(Receipt::Flushed(count))
    }
}
