//! Conditions that members report: read before write, like or post, and how they end.

use super::event::Change;
use super::member::{MemberId, MemberKind};
use super::network::Streams;
use super::post::{Comment, Condition, Like, PostId, PostState, Severity, Speaker, Theme};
use super::promotion::Sum;
use super::routing::Routed;
use super::speaking::Draft;
use crate::types::Timestamp;

/// A member's trouble, as a member or the sensor reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// With whom it is wrong.
    pub member: MemberId,
    /// The number of the matter among those of the member: the same until it ends.
    pub matter: u64,
    /// What is wrong, in a word: `silent-guest`.
    pub what: Box<str>,
    /// Generic, so that equal troubles have equal titles.
    pub title: Box<str>,
    /// Details. They are read where the report becomes a post, and where a route looks for words.
    pub body: Box<str>,
    /// How grave it is.
    pub severity: Severity,
    /// What it is about.
    pub category: Box<str>,
    /// Topics, without `#`; the first beside the word of the condition itself.
    pub hashtags: Vec<Box<str>>,
    /// References.
    pub links: Vec<Box<str>>,
    /// Who puts it into words.
    pub speaker: Speaker,
    /// In whose stream it stands, if not in that of the member's parent.
    pub stream: Option<MemberId>,
}

/// What a report became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// A post of its own.
    Posted(PostId),
    /// A like of a post that was there.
    Liked(PostId),
    /// Nothing: the matter was reported before.
    Known(PostId),
    /// Nothing: there is no room, which is counted.
    Refused,
}

/// Where a matter was reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matter {
    pub(super) post: PostId,
    pub(super) severity: Severity,
}

impl Streams {
    /// Takes in a report: a like, where an open post of that condition stands in the stream, else a post.
    pub(super) fn report(&mut self, report: &Report, now: Timestamp) -> Reported {
        if let Some(matter) = self.matters.get(&(report.member, report.matter)) {
            return Reported::Known(matter.post);
        }
        let Some(member) = self.members.get(report.member) else { return Reported::Refused };
        if !self.posts.has_room_for_like() {
            return Reported::Refused;
        }
        let kind = member.kind;
        let condition = Condition { what: report.what.clone(), class: kind };
        let stream = report.stream.or(member.parent).unwrap_or_else(|| self.members.top());
        let stream = self.routed(stream, kind, &report.title, &report.body, &report.hashtags);
        let matched = self
            .posts
            .newest(stream, &condition)
            .filter(|post| now.since(post.updated_at) <= self.settings.match_window);
        let (reported, post) = match matched.map(|post| post.id) {
            Some(post) => (Reported::Liked(post), post),
            None => {
                let draft = Draft {
                    author: report.member,
                    speaker: report.speaker,
                    theme: Theme::Condition(condition),
                    title: report.title.clone(),
                    body: report.body.clone(),
                    severity: report.severity,
                    hashtags: report.hashtags.clone(),
                    category: report.category.clone(),
                    links: report.links.clone(),
                    attachments: Vec::new(),
                };
                let Some(post) = self.publish(stream, draft, now) else { return Reported::Refused };
                (Reported::Posted(post), post)
            }
        };
        self.matters.insert((report.member, report.matter), Matter { post, severity: report.severity });
        self.silence(report, now);
        self.add_matter(post, report.member, kind, report.severity, now);
        reported
    }

    /// Tells whether a report would need its body: because it becomes a post, or because a route looks for words.
    pub fn reads_body(&self, report: &Report, now: Timestamp) -> bool {
        if self.settings.routes.iter().any(|route| !route.words.is_empty()) {
            return true;
        }
        let Some(member) = self.members.get(report.member) else { return false };
        let condition = Condition { what: report.what.clone(), class: member.kind };
        let stream = report.stream.or(member.parent).unwrap_or_else(|| self.members.top());
        let stream = match self.route(stream, member.kind, &report.title, "", &report.hashtags) {
            None => stream,
            Some(topic) => match self.members.find(MemberKind::Topic, topic) {
                Some(topic) => topic,
                None => return true,
            },
        };
        self.posts
            .newest(stream, &condition)
            .is_none_or(|post| now.since(post.updated_at) > self.settings.match_window)
    }

    /// Takes in that a matter is over: the author says so, a liker takes its like back.
    pub(super) fn end(&mut self, member: MemberId, matter: u64, why: &str, now: Timestamp) -> Option<PostId> {
        let Matter { post: id, severity } = self.matters.remove(&(member, matter))?;
        self.unsilence(member, matter, now);
        let weight = self.weight_of(member, severity);
        let post = self.posts.get_mut(id)?;
        let is_author = post.author == member;
        let like = post.likes.get_mut(&member)?;
        like.matters = like.matters.saturating_sub(1);
        like.known = like.known.min(like.matters);
        like.weight = like.weight.saturating_sub(weight);
        let (is_last, is_gone) = (like.matters == 0, like.matters == 0 && !like.by_choice);
        if is_gone {
            post.likes.remove(&member);
            self.posts.count_likes(0, 1);
        }
        if is_author && is_last {
            self.say(id, member, why, now);
        }
        if is_last {
            self.tell(now, Change::Unliked { post: id, by: member });
        }
        let sum = Sum { reports: -i64::from(is_last), weight: -i64::from(weight) };
        self.add_up(id, sum, Severity::Info, now);
        if self.posts.get(id).is_some_and(|post| post.reports == 0) {
            self.resolve(id, now);
        } else {
            self.review_known(id, now);
        }
        Some(id)
    }

    /// Takes in that an operator knows of a matter; a post is acknowledged when all its matters are known.
    pub(super) fn know(&mut self, member: MemberId, matter: u64, now: Timestamp) -> Option<PostId> {
        let id = self.matters.get(&(member, matter))?.post;
        let like = self.posts.get_mut(id)?.likes.get_mut(&member)?;
        like.known = like.known.saturating_add(1).min(like.matters);
        self.review_known(id, now);
        Some(id)
    }

    /// Ends every matter of a member that left, and reports those of one that moved in its new place.
    pub(super) fn end_all(&mut self, member: MemberId, why: &str, now: Timestamp) {
        for matter in self.matters_of(member) {
            self.end(member, matter, why, now);
        }
    }

    /// Reports the open matters of a member that moved where it is now, then takes them back where it was; only those
    /// that stand in the stream of its former parent move along.
    pub(super) fn move_matters(&mut self, member: MemberId, from: MemberId, now: Timestamp) {
        for matter in self.matters_of(member) {
            let key = (member, matter);
            let Some(&Matter { post, severity }) = self.matters.get(&key) else { continue };
            let Some(post) = self.posts.get(post).filter(|post| post.stream == from) else { continue };
            let Some(condition) = post.theme.condition() else { continue };
            let report = Report {
                member,
                matter,
                what: condition.what.clone(),
                title: post.title.clone(),
                body: post.body.clone(),
                severity,
                category: post.category.clone(),
                hashtags: post.hashtags.clone(),
                links: post.links.clone(),
                speaker: post.speaker,
                stream: None,
            };
            let Some(former) = self.matters.remove(&key) else { continue };
            self.report(&report, now);
            let Some(new) = self.matters.insert(key, former) else { continue };
            self.end(member, matter, "it moved, and with it this", now);
            self.matters.insert(key, new);
            self.silence(&report, now);
        }
    }

    fn matters_of(&self, member: MemberId) -> Vec<u64> {
        self.matters.range((member, 0)..=(member, u64::MAX)).map(|(&(_, matter), _)| matter).collect()
    }

    /// Adds a matter of a member to a post.
    fn add_matter(
        &mut self,
        id: PostId,
        member: MemberId,
        kind: MemberKind,
        severity: Severity,
        now: Timestamp,
    ) {
        let weight = self.settings.weights.of(severity, kind);
        let Some(post) = self.posts.get_mut(id) else { return };
        let is_author = post.author == member && post.opened_at == now && post.likes.is_empty();
        let mut is_new = false;
        let like = post.likes.entry(member).or_insert_with(|| {
            is_new = true;
            Like { since: now, weight: 0, matters: 0, known: 0, by_choice: false }
        });
        let is_first = like.matters == 0;
        like.matters = like.matters.saturating_add(1);
        like.weight = like.weight.saturating_add(weight);
        let stream = post.stream;
        self.posts.count_likes(usize::from(is_new), 0);
        self.tags.note(stream, self.posts.get(id).map_or(&[][..], |post| &post.hashtags), now);
        if is_first && !is_author {
            self.tell(now, Change::Liked { post: id, by: member });
        }
        let sum = Sum { reports: i64::from(is_first), weight: i64::from(weight) };
        self.add_up(id, sum, severity, now);
    }

    /// Acknowledges a post all of whose matters are known.
    fn review_known(&mut self, id: PostId, now: Timestamp) {
        let Some(post) = self.posts.get(id) else { return };
        let is_known = post.likes.values().all(|like| like.known >= like.matters);
        if post.state == PostState::Open && is_known {
            self.acknowledge(id, now);
        }
    }

    /// Lets a member speak about a post.
    pub(super) fn say(&mut self, id: PostId, author: MemberId, text: &str, now: Timestamp) -> bool {
        let max = self.posts.comments_max();
        let Some(post) = self.posts.get_mut(id) else { return false };
        let dropped = post.comments_dropped;
        post.comment(Comment { author, at: now, text: text.into() }, max);
        let more = post.comments_dropped - dropped;
        self.posts.counters.comments_dropped += more;
        self.tell(now, Change::Commented { post: id, by: author });
        true
    }

    pub(super) fn weight_of(&self, member: MemberId, severity: Severity) -> u32 {
        let kind = self.members.get(member).map_or(MemberKind::Guest, |member| member.kind);
        self.settings.weights.of(severity, kind)
    }

    /// Returns the topic that a post goes to instead of a stream, if any.
    fn route(
        &self,
        stream: MemberId,
        author: MemberKind,
        title: &str,
        body: &str,
        hashtags: &[Box<str>],
    ) -> Option<&str> {
        if self.settings.routes.is_empty() {
            return None;
        }
        let stream = self.members.get(stream).map_or("", |owner| &owner.name);
        let post = Routed { stream, author, title, body, hashtags };
        self.settings.routes.iter().find(|route| route.fits(post)).map(|route| &*route.topic)
    }

    /// Returns in whose stream a post that was meant for one is to stand.
    pub(super) fn routed(
        &mut self,
        stream: MemberId,
        author: MemberKind,
        title: &str,
        body: &str,
        hashtags: &[Box<str>],
    ) -> MemberId {
        let Some(topic) = self.route(stream, author, title, body, hashtags).map(str::to_owned) else {
            return stream;
        };
        self.members.ensure(MemberKind::Topic, &topic, None, self.members.top()).unwrap_or(stream)
    }
}
