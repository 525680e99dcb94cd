use std::collections::{BTreeMap, BTreeSet};

use super::member::MemberId;
use super::post::{Condition, Post, PostId, Theme};
use crate::types::{StreamLimits, Timestamp};

/// What happened at the bounds of posts; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostCounters {
    /// Resolved posts forgotten to keep the bound.
    pub forgotten: u64,
    /// How often there was no room for a post because all were open.
    pub refused: u64,
    /// How often there was no room for a like.
    pub likes_refused: u64,
    /// Comments that went to make room for later ones.
    pub comments_dropped: u64,
}

/// The posts of all streams, and how to find them.
///
/// # Bounds
/// At most `posts_max`, of which those go first that were resolved longest ago; while all are open, a further one is
/// refused. Each has at most `comments_max` comments; all together have at most `likes_max` likes.
#[derive(Debug)]
pub struct Posts {
    rows: BTreeMap<PostId, Post>,
    streams: BTreeSet<(MemberId, PostId)>,
    /// The newest open post of a condition in a stream.
    newest: BTreeMap<(MemberId, Condition), PostId>,
    /// The newest news of a condition in a stream.
    news: BTreeMap<(MemberId, Condition), PostId>,
    /// The open aggregated post of a theme in a stream: never two.
    aggregated: BTreeMap<(MemberId, Theme), PostId>,
    resolved: BTreeSet<(Timestamp, PostId)>,
    likes: usize,
    next: u64,
    limits: StreamLimits,
    pub(super) counters: PostCounters,
}

impl Posts {
    pub(super) const fn new(limits: StreamLimits) -> Self {
        Self {
            rows: BTreeMap::new(),
            streams: BTreeSet::new(),
            newest: BTreeMap::new(),
            news: BTreeMap::new(),
            aggregated: BTreeMap::new(),
            resolved: BTreeSet::new(),
            likes: 0,
            next: 1,
            limits,
            counters: PostCounters { forgotten: 0, refused: 0, likes_refused: 0, comments_dropped: 0 },
        }
    }

    /// Returns a post.
    pub fn get(&self, id: PostId) -> Option<&Post> {
        self.rows.get(&id)
    }

    /// Returns every post, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Post> {
        self.rows.values()
    }

    /// Returns the posts of a stream, the oldest first.
    pub fn of_stream(&self, stream: MemberId) -> impl DoubleEndedIterator<Item = &Post> {
        let all = (stream, PostId(0))..=(stream, PostId(u64::MAX));
        self.streams.range(all).filter_map(|(_, id)| self.rows.get(id))
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns how many likes there are in all.
    pub const fn likes(&self) -> usize {
        self.likes
    }

    pub(super) fn get_mut(&mut self, id: PostId) -> Option<&mut Post> {
        self.rows.get_mut(&id)
    }

    /// Returns the newest open post of a condition in a stream.
    pub(super) fn newest(&self, stream: MemberId, condition: &Condition) -> Option<&Post> {
        self.rows.get(self.newest.get(&(stream, condition.clone()))?)
    }

    /// Returns the newest news of a condition in a stream.
    pub(super) fn newest_news(&self, stream: MemberId, condition: &Condition) -> Option<&Post> {
        self.rows.get(self.news.get(&(stream, condition.clone()))?)
    }

    /// Returns the open aggregated post of a theme in a stream.
    pub(super) fn aggregated(&self, stream: MemberId, theme: &Theme) -> Option<PostId> {
        self.aggregated.get(&(stream, theme.clone())).copied()
    }

    /// Tells whether there is room for one more like.
    pub(super) fn has_room_for_like(&mut self) -> bool {
        let has_room = self.likes < self.limits.likes_max as usize;
        if !has_room {
            self.counters.likes_refused += 1;
        }
        has_room
    }

    pub(super) fn count_likes(&mut self, more: usize, less: usize) {
        self.likes = (self.likes + more).saturating_sub(less);
    }

    /// Returns the number for a further post; `None` where there is no room.
    pub(super) fn make_room(&mut self) -> Option<PostId> {
        if self.rows.len() >= self.limits.posts_max as usize {
            let Some(&(_, oldest)) = self.resolved.first() else {
                self.counters.refused += 1;
                return None;
            };
            self.remove(oldest);
            self.counters.forgotten += 1;
        }
        let id = PostId(self.next);
        self.next += 1;
        Some(id)
    }

    pub(super) fn insert(&mut self, post: Post) {
        self.streams.insert((post.stream, post.id));
        match &post.theme {
            Theme::Condition(condition) => {
                self.newest.insert((post.stream, condition.clone()), post.id);
            }
            Theme::News(condition) => {
                self.news.insert((post.stream, condition.clone()), post.id);
            }
            Theme::Word => {}
            theme => {
                self.aggregated.insert((post.stream, theme.clone()), post.id);
            }
        }
        if let Some(at) = post.resolved_at {
            self.resolved.insert((at, post.id));
        }
        self.likes += post.likes.len();
        self.rows.insert(post.id, post);
    }

    /// Notes that a post is over: no report, like or source joins it any more.
    pub(super) fn close(&mut self, id: PostId, now: Timestamp) {
        let Some(post) = self.rows.get_mut(&id) else { return };
        post.state = super::post::PostState::Resolved;
        post.resolved_at = Some(now);
        self.resolved.insert((now, id));
        let (stream, theme) = (post.stream, post.theme.clone());
        self.unlist(stream, theme, id);
    }

    /// Forgets a post that is over.
    pub(super) fn remove(&mut self, id: PostId) -> Option<Post> {
        let post = self.rows.remove(&id)?;
        if let Some(at) = post.resolved_at {
            self.resolved.remove(&(at, id));
        }
        self.streams.remove(&(post.stream, id));
        self.unlist(post.stream, post.theme.clone(), id);
        if let Theme::News(condition) = &post.theme {
            let key = (post.stream, condition.clone());
            if self.news.get(&key) == Some(&id) {
                self.news.remove(&key);
            }
        }
        self.likes = self.likes.saturating_sub(post.likes.len());
        for up in post.carried_to.into_iter().chain(post.flagged_in.map(|(up, _)| up)) {
            if let Some(up) = self.rows.get_mut(&up) {
                up.sources.remove(&id);
            }
        }
        Some(post)
    }

    fn unlist(&mut self, stream: MemberId, theme: Theme, id: PostId) {
        match theme {
            Theme::Condition(condition) => {
                let key = (stream, condition);
                if self.newest.get(&key) == Some(&id) {
                    self.newest.remove(&key);
                }
            }
            Theme::News(_) | Theme::Word => {}
            theme => {
                let key = (stream, theme);
                if self.aggregated.get(&key) == Some(&id) {
                    self.aggregated.remove(&key);
                }
            }
        }
    }

    pub(super) const fn comments_max(&self) -> usize {
        self.limits.comments_max as usize
    }
}
