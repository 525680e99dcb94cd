//! What members say of their own accord: posts, likes, comments, flags; and how any post comes to stand in a stream.

use std::collections::{BTreeMap, BTreeSet};

use super::acts::{Receipt, Refusal};
use super::authority::Role;
use super::event::Change;
use super::member::{MemberId, MemberKind};
use super::network::Streams;
use super::post::{Attachment, Like, Post, PostId, PostState, Severity, Speaker, Theme};
use super::promotion::Sum;
use crate::types::Timestamp;

/// A post before it has a number.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) author: MemberId,
    pub(super) speaker: Speaker,
    pub(super) theme: Theme,
    pub(super) title: Box<str>,
    pub(super) body: Box<str>,
    pub(super) severity: Severity,
    pub(super) hashtags: Vec<Box<str>>,
    pub(super) category: Box<str>,
    pub(super) links: Vec<Box<str>>,
    pub(super) attachments: Vec<Attachment>,
}

/// A post that a member writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// In whose stream; `None` for where the member's posts go.
    pub stream: Option<MemberId>,
    /// What it is about, in a line.
    pub title: Box<str>,
    /// Details. `#words` in it and in the title are hashtags.
    pub body: Box<str>,
    /// How grave it is.
    pub severity: Severity,
    /// What it is about: a word.
    pub category: Box<str>,
    /// References.
    pub links: Vec<Box<str>>,
    /// What belongs to it.
    pub attachments: Vec<Attachment>,
}

/// Longer texts are refused, in octets.
pub const TEXT_MAX: usize = 16_384;
/// More hashtags of one post are not read.
const HASHTAGS_MAX: usize = 16;
/// More references or attachments of one post are refused.
const LINKS_MAX: usize = 32;

impl Streams {
    /// Puts a post into a stream; `None` where there is no room.
    pub(super) fn publish(&mut self, stream: MemberId, draft: Draft, now: Timestamp) -> Option<PostId> {
        let id = self.posts.make_room()?;
        let Draft { author, speaker, theme, title, body, severity, hashtags, category, links, attachments } =
            draft;
        let is_news = matches!(theme, Theme::News(_));
        let has_parent = self.members.parent(stream).is_some();
        if !is_news && has_parent && !self.settings.escalate_after.is_zero() {
            self.escalations.set(id, now.after(self.settings.escalate_after));
        }
        self.posts.insert(Post {
            id,
            stream,
            author,
            speaker,
            theme,
            title,
            body,
            severity,
            hashtags,
            category,
            links,
            attachments,
            opened_at: now,
            updated_at: now,
            resolved_at: is_news.then_some(now),
            state: if is_news { PostState::Resolved } else { PostState::Open },
            likes: BTreeMap::new(),
            reports: 0,
            reports_most: 0,
            weight: 0,
            comments: Vec::new(),
            comments_dropped: 0,
            flags: BTreeSet::new(),
            pinned: false,
            carried_to: None,
            flagged_in: None,
            sources: BTreeSet::new(),
            open_sources: 0,
            escalated: false,
            noticed: None,
        });
        self.tell(now, Change::Posted(id));
        self.notice(id, now);
        Some(id)
    }

    /// Lets a member post in its own words.
    pub(super) fn write(&mut self, by: MemberId, words: &Words, now: Timestamp) -> Result<Receipt, Refusal> {
        let is_long = [&words.title, &words.body].iter().any(|text| text.len() > TEXT_MAX);
        if is_long || words.links.len() > LINKS_MAX || words.attachments.len() > LINKS_MAX {
            return Err(Refusal::TooLong);
        }
        if words.title.trim().is_empty() {
            return Err(Refusal::Empty);
        }
        let member = self.members.get(by).ok_or(Refusal::UnknownMember)?;
        let (kind, parent) = (member.kind, member.parent);
        let stream = words.stream.or(parent).unwrap_or_else(|| self.members.top());
        self.members.get(stream).ok_or(Refusal::UnknownMember)?;
        if !self.may_speak_in(by, stream) {
            return Err(Refusal::NotAllowed);
        }
        let mut hashtags = Vec::new();
        for tag in hashtags_in(&words.title).chain(hashtags_in(&words.body)).take(HASHTAGS_MAX) {
            if !hashtags.contains(&tag) {
                hashtags.push(tag);
            }
        }
        let stream = self.routed(stream, kind, &words.title, &words.body, &hashtags);
        self.tags.note(stream, &hashtags, now);
        let draft = Draft {
            author: by,
            speaker: Speaker::Itself,
            theme: Theme::Word,
            title: words.title.clone(),
            body: words.body.clone(),
            severity: words.severity,
            hashtags,
            category: words.category.clone(),
            links: words.links.clone(),
            attachments: words.attachments.clone(),
        };
        let post = self.publish(stream, draft, now).ok_or(Refusal::NoRoom)?;
        self.command_in(by, &words.body, Some(post), None, now);
        Ok(Receipt::Post(post))
    }

    /// Tells whether a member may post in a stream: its own, those above it, topics, those that it follows or is a member
    /// of, and for people those within their scope.
    fn may_speak_in(&self, by: MemberId, stream: MemberId) -> bool {
        let is_topic = || self.members.get(stream).is_some_and(|owner| owner.kind == MemberKind::Topic);
        self.members.covers(stream, by)
            || is_topic()
            || self.follows_by_choice(by, stream)
            || self.is_in_group(stream, by)
            || self.is_allowed(by, Role::Member, stream)
    }

    /// Lets a member like a post by choice.
    pub(super) fn like(&mut self, by: MemberId, id: PostId, now: Timestamp) -> Result<Receipt, Refusal> {
        let severity = self.open_post(id)?.severity;
        if !self.posts.has_room_for_like() {
            return Err(Refusal::NoRoom);
        }
        let weight = self.weight_of(by, severity);
        let post = self.posts.get_mut(id).ok_or(Refusal::UnknownPost)?;
        let mut is_new = false;
        let like = post.likes.entry(by).or_insert_with(|| {
            is_new = true;
            Like { since: now, weight: 0, matters: 0, known: 0, by_choice: false }
        });
        if core::mem::replace(&mut like.by_choice, true) {
            return Ok(Receipt::Post(id));
        }
        // Whoever reports it as well has its weight in it already.
        let weight = if is_new { weight } else { 0 };
        like.weight = like.weight.saturating_add(weight);
        post.updated_at = post.updated_at.max(now);
        self.posts.count_likes(usize::from(is_new), 0);
        self.tell(now, Change::Liked { post: id, by });
        self.add_up(id, Sum { reports: 0, weight: i64::from(weight) }, severity, now);
        Ok(Receipt::Post(id))
    }

    /// Lets a member take back a like by choice.
    pub(super) fn unlike(&mut self, by: MemberId, id: PostId, now: Timestamp) -> Result<Receipt, Refusal> {
        let post = self.posts.get_mut(id).ok_or(Refusal::UnknownPost)?;
        let is_open = post.is_open();
        let Some(like) = post.likes.get_mut(&by).filter(|like| like.by_choice) else {
            return Ok(Receipt::Post(id));
        };
        like.by_choice = false;
        let mut weight = 0;
        if like.matters == 0 {
            weight = like.weight;
            post.likes.remove(&by);
            self.posts.count_likes(0, 1);
        }
        self.tell(now, Change::Unliked { post: id, by });
        if is_open {
            self.add_up(id, Sum { reports: 0, weight: -i64::from(weight) }, Severity::Info, now);
        }
        Ok(Receipt::Post(id))
    }

    /// Lets a member comment on a post.
    pub(super) fn comment(
        &mut self,
        by: MemberId,
        id: PostId,
        text: &str,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        if text.len() > TEXT_MAX {
            return Err(Refusal::TooLong);
        }
        if text.trim().is_empty() {
            return Err(Refusal::Empty);
        }
        if !self.say(id, by, text, now) {
            return Err(Refusal::UnknownPost);
        }
        self.command_in(by, text, Some(id), None, now);
        Ok(Receipt::Post(id))
    }

    /// Lets the owner of a stream, or an operator, flag a post in it: all that are flagged make one update in the parent's
    /// stream.
    pub(super) fn flag(&mut self, by: MemberId, id: PostId, now: Timestamp) -> Result<Receipt, Refusal> {
        let post = self.open_post(id)?;
        let (stream, severity) = (post.stream, post.severity);
        if by != stream && !self.is_allowed(by, Role::Operator, stream) {
            return Err(Refusal::NotAllowed);
        }
        let post = self.posts.get_mut(id).ok_or(Refusal::UnknownPost)?;
        let is_first = post.flags.is_empty();
        if !post.flags.insert(by) {
            return Ok(Receipt::Post(id));
        }
        self.tell(now, Change::Flagged { post: id, by });
        let Some(parent) = self.members.parent(stream).filter(|_| is_first) else {
            return Ok(Receipt::Post(id));
        };
        let weight = self.weight_of(stream, severity);
        let up = self.flagged_update(stream, parent, id, now).ok_or(Refusal::NoRoom)?;
        if let Some(post) = self.posts.get_mut(id) {
            post.flagged_in = Some((up, weight));
        }
        if let Some(update) = self.posts.get_mut(up) {
            update.sources.insert(id);
            update.open_sources += 1;
        }
        self.tell(now, Change::Carried { post: id, into: up });
        self.add_up(up, Sum { reports: 1, weight: i64::from(weight) }, severity, now);
        Ok(Receipt::Post(id))
    }

    fn flagged_update(
        &mut self,
        owner: MemberId,
        parent: MemberId,
        id: PostId,
        now: Timestamp,
    ) -> Option<PostId> {
        let theme = Theme::Flagged(owner);
        if let Some(known) = self.posts.aggregated(parent, &theme) {
            return Some(known);
        }
        let post = self.posts.get(id)?;
        let draft = Draft {
            author: owner,
            speaker: Speaker::Itself,
            theme,
            title: "Flagged posts".into(),
            body: "".into(),
            severity: post.severity,
            hashtags: vec!["flagged".into()],
            category: "flagged".into(),
            links: Vec::new(),
            attachments: Vec::new(),
        };
        self.publish(parent, draft, now)
    }

    /// Marks a post as known, with all that it sums up, and what sums up only posts that are known.
    pub(super) fn acknowledge(&mut self, id: PostId, now: Timestamp) {
        let mut below = vec![id];
        while let Some(id) = below.pop() {
            let Some(post) = self.posts.get_mut(id).filter(|post| post.state == PostState::Open) else {
                continue;
            };
            post.state = PostState::Acknowledged;
            below.extend(post.sources.iter().copied());
            self.escalations.remove(id);
            self.tell(now, Change::Acknowledged(id));
        }
        let up = self.posts.get(id).and_then(|post| post.carried_to);
        let Some(sum) = up.and_then(|up| self.posts.get(up)) else { return };
        let stands = |id: &PostId| self.posts.get(*id).is_some_and(|post| post.state == PostState::Open);
        if sum.state == PostState::Open && !sum.sources.iter().any(stands) {
            let sum = sum.id;
            self.acknowledge(sum, now);
        }
    }

    /// Lets its author, or an operator, say that a post in somebody's own words is over. What members report ends when
    /// the condition does.
    pub(super) fn settle(&mut self, by: MemberId, id: PostId, now: Timestamp) -> Result<Receipt, Refusal> {
        let post = self.open_post(id)?;
        let (author, stream) = (post.author, post.stream);
        if post.theme != Theme::Word {
            return Err(Refusal::NotByHand);
        }
        if by != author && !self.is_allowed(by, Role::Operator, stream) {
            return Err(Refusal::NotAllowed);
        }
        self.say(id, by, "resolved", now);
        self.resolve(id, now);
        Ok(Receipt::Post(id))
    }

    pub(super) fn open_post(&self, id: PostId) -> Result<&Post, Refusal> {
        let post = self.posts.get(id).ok_or(Refusal::UnknownPost)?;
        if post.is_open() { Ok(post) } else { Err(Refusal::Resolved) }
    }
}

/// Returns the hashtags of a text in lower case, without `#`.
pub(super) fn hashtags_in(text: &str) -> impl Iterator<Item = Box<str>> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')')).filter_map(|word| {
        let tag = word.strip_prefix('#')?;
        let tag: String = tag.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect();
        (!tag.is_empty()).then(|| tag.to_lowercase().into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashtags_are_read_out_of_a_text() {
        let found: Vec<_> = hashtags_in("#Disk is full (#web-01), # and a#b #disk!").collect();
        assert_eq!(found, ["disk".into(), "web-01".into(), "disk".into()] as [Box<str>; 3]);
    }
}
