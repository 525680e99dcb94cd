//! How posts climb: what is carried to the parent's stream, when, and how it ends.
//!
//! A post that weighs enough is carried to the stream of its stream's owner's parent, where one aggregated post sums up
//! all posts of that condition from below. The aggregated post is a post like any other: it climbs further by the
//! threshold of its own level. Sums are kept by differences, so that a like costs one step a level. A post that was
//! carried stays carried until it is resolved, or it would come and go with every like; an aggregated post is
//! resolved when all that it sums up are.
//!
//! A step always leads from a stream to the stream of its owner's parent, and nobody is above itself
//! ([`Members::set_parent`](super::members::Members)): so there are no loops.

use super::event::Change;
use super::member::{Member, MemberId};
use super::network::Streams;
use super::post::{Condition, Post, PostId, PostState, Severity, Theme};
use super::speaking::Draft;
use crate::types::Timestamp;

/// What is added to a post and to all that sum it up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) reports: i64,
    pub(super) weight: i64,
}

impl Sum {
    pub(super) fn of(post: &Post) -> Self {
        Self { reports: i64::from(post.reports), weight: i64::try_from(post.weight).unwrap_or(i64::MAX) }
    }

    const fn negated(self) -> Self {
        Self { reports: -self.reports, weight: -self.weight }
    }
}

impl Streams {
    /// Adds to a post and to all that sum it up, and carries up what weighs enough by that.
    pub(super) fn add_up(&mut self, post: PostId, sum: Sum, severity: Severity, now: Timestamp) {
        let mut next = Some((post, sum));
        while let Some((id, sum)) = next {
            next = self.add(id, sum, severity, now);
        }
    }

    /// Adds to one post; returns what is to be added to the post that sums it up.
    fn add(&mut self, id: PostId, sum: Sum, severity: Severity, now: Timestamp) -> Option<(PostId, Sum)> {
        let post = self.posts.get_mut(id)?;
        post.reports = u32::try_from((i64::from(post.reports) + sum.reports).max(0)).unwrap_or(u32::MAX);
        post.reports_most = post.reports_most.max(post.reports);
        post.weight = post.weight.saturating_add_signed(sum.weight);
        if sum.reports > 0 {
            post.updated_at = post.updated_at.max(now);
        }
        let (is_aggregated, carried_to, grown) =
            (post.theme.is_aggregated(), post.carried_to, severity > post.severity && post.is_open());
        if grown {
            post.severity = severity;
            if post.state == PostState::Acknowledged {
                // Whoever acknowledged it did not know this.
                post.state = PostState::Open;
            }
        }
        if is_aggregated {
            self.updated.insert(id);
        }
        self.notice(id, now);
        match carried_to {
            Some(up) => Some((up, sum)),
            None => self.carry_if_due(id, now),
        }
    }

    /// Carries a post up if it weighs enough; returns what is to be added to the post that sums it up now.
    fn carry_if_due(&mut self, id: PostId, now: Timestamp) -> Option<(PostId, Sum)> {
        let post = self.posts.get(id)?;
        let owner = self.members.get(post.stream)?;
        let is_due = post.is_open() && !matches!(post.theme, Theme::News(_)) && self.is_weighty(post, owner);
        let parent = owner.parent.filter(|_| is_due && post.carried_to.is_none())?;
        self.link(id, parent, now)
    }

    /// Tells whether a post is to be seen one level up.
    fn is_weighty(&self, post: &Post, owner: &Member) -> bool {
        let threshold = self.settings.promote_at.of(owner.kind, owner.what());
        let by_weight = threshold.weight.is_some_and(|weight| post.weight >= u64::from(weight));
        let by_share = || {
            let (Some(share), Some(condition)) = (threshold.share_percent, post.theme.condition()) else {
                return false;
            };
            let members = u64::from(owner.below().of(condition.class));
            let reports = u64::from(post.reports);
            members > 0
                && reports >= u64::from(super::Threshold::REPORTS_MIN)
                && reports * 100 >= members * u64::from(share)
        };
        post.escalated || by_weight || by_share()
    }

    /// Makes a post part of the aggregated post in a stream, which is made where there is none; returns what is to be
    /// added to that.
    fn link(&mut self, id: PostId, stream: MemberId, now: Timestamp) -> Option<(PostId, Sum)> {
        let post = self.posts.get(id)?;
        let theme = match &post.theme {
            Theme::Condition(condition) | Theme::Carried(condition) => Theme::Carried(condition.clone()),
            Theme::Word => Theme::CarriedWord(id),
            theme @ (Theme::CarriedWord(_) | Theme::Flagged(_)) => theme.clone(),
            Theme::News(_) => return None,
        };
        let (sum, severity) = (Sum::of(post), post.severity);
        let up = self.aggregate(id, stream, theme, now)?;
        if let Some(post) = self.posts.get_mut(id) {
            post.carried_to = Some(up);
            post.pinned = true;
        }
        if let Some(known) = self.posts.get_mut(up) {
            known.sources.insert(id);
            known.open_sources += 1;
            known.severity = known.severity.max(severity);
        }
        self.tell(now, Change::Carried { post: id, into: up });
        Some((up, sum))
    }

    /// Returns the open aggregated post of a theme in a stream, newly made of a post where there is none.
    fn aggregate(&mut self, of: PostId, stream: MemberId, theme: Theme, now: Timestamp) -> Option<PostId> {
        if let Some(known) = self.posts.aggregated(stream, &theme) {
            return Some(known);
        }
        let post = self.posts.get(of)?;
        let draft = Draft {
            author: post.stream,
            speaker: super::Speaker::Sensor,
            theme,
            title: post.title.clone(),
            body: "".into(),
            severity: post.severity,
            hashtags: post.hashtags.clone(),
            category: post.category.clone(),
            links: vec![format!("post:{of}").into()],
            attachments: Vec::new(),
        };
        self.publish(stream, draft, now)
    }

    /// Carries a post up whatever it weighs.
    pub(super) fn escalate(&mut self, id: PostId, now: Timestamp) {
        let Some(post) = self.posts.get_mut(id) else { return };
        if post.state != PostState::Open || post.carried_to.is_some() {
            return;
        }
        post.escalated = true;
        let severity = post.severity;
        if let Some((up, sum)) = self.carry_if_due(id, now) {
            self.counters.escalated += 1;
            self.add_up(up, sum, severity, now);
        }
    }

    /// Closes a post that is over, and all that summed up nothing else.
    pub(super) fn resolve(&mut self, id: PostId, now: Timestamp) {
        let mut next = Some(id);
        while let Some(id) = next {
            let Some(post) = self.posts.get(id).filter(|post| post.is_open()) else { return };
            let (rest, carried_to, flagged_in) = (Sum::of(post), post.carried_to, post.flagged_in);
            self.posts.close(id, now);
            self.escalations.remove(id);
            self.updated.remove(&id);
            self.tell(now, Change::Resolved(id));
            if let Some((up, weight)) = flagged_in {
                let sum = Sum { reports: -1, weight: -i64::from(weight) };
                if self.unlink(up, sum, now) {
                    self.resolve_flagged(up, now);
                }
            }
            next = carried_to.filter(|&up| self.unlink(up, rest.negated(), now));
        }
    }

    fn resolve_flagged(&mut self, id: PostId, now: Timestamp) {
        // One update of flagged posts is never part of another.
        self.resolve(id, now);
    }

    /// Takes a source out of a post's sums; tells whether it was the last.
    fn unlink(&mut self, up: PostId, sum: Sum, now: Timestamp) -> bool {
        self.add_up(up, sum, Severity::Info, now);
        self.posts.get_mut(up).is_some_and(|known| {
            known.open_sources = known.open_sources.saturating_sub(1);
            known.open_sources == 0 && known.is_open()
        })
    }

    /// Carries the open posts of a stream to the stream of its owner's new parent. What they were carried to before loses
    /// them only then, so that a post further up which sums up both does not end in between.
    pub(super) fn carry_anew(&mut self, stream: MemberId, now: Timestamp) {
        let Some(parent) = self.members.parent(stream) else { return };
        let carried: Vec<(PostId, PostId, Sum, Severity)> = self
            .posts
            .of_stream(stream)
            .filter(|post| post.is_open())
            .filter_map(|post| Some((post.id, post.carried_to?, Sum::of(post), post.severity)))
            .collect();
        for (id, former, sum, severity) in carried {
            if self.posts.get(former).is_none_or(|known| known.stream == parent) {
                continue;
            }
            if let Some((up, sum)) = self.link(id, parent, now) {
                self.add_up(up, sum, severity, now);
            }
            if let Some(known) = self.posts.get_mut(former) {
                known.sources.remove(&id);
            }
            if self.unlink(former, sum.negated(), now) {
                self.resolve(former, now);
            }
        }
    }

    /// Tells the administrators of a post in their stream, once, and again when it has become graver.
    pub(super) fn notice(&mut self, id: PostId, now: Timestamp) {
        let top = self.members.top();
        let Some(post) = self.posts.get_mut(id) else { return };
        let is_news = matches!(post.theme, Theme::News(_));
        if post.stream != top || is_news || !post.is_open() || post.noticed >= Some(post.severity) {
            return;
        }
        post.noticed = Some(post.severity);
        self.tell(now, Change::Noticed(id));
    }

    /// Says a post in one line: its title, and of an aggregated one who reports what: `host hv-01: 37 of 40 guests
    /// report: silent guest`.
    pub fn title(&self, post: &Post) -> String {
        match &post.theme {
            Theme::Carried(condition) => self.carried_title(post, condition),
            Theme::CarriedWord(origin) => {
                let likes = self.posts.get(*origin).map_or(0, |origin| origin.likes.len());
                format!("{}: {} ({})", self.members.describe(post.author), post.title, count(likes, "like"))
            }
            Theme::Flagged(by) => {
                let flagged = post.open_sources as usize;
                format!("{} flags {}", self.members.describe(*by), count(flagged, "post"))
            }
            Theme::Condition(_) | Theme::News(_) | Theme::Word => post.title.to_string(),
        }
    }

    fn carried_title(&self, post: &Post, condition: &Condition) -> String {
        // Down to where the reports come together.
        let mut at = post;
        while at.theme.is_aggregated() && at.sources.len() == 1 {
            let Some(source) = at.sources.first().and_then(|&id| self.posts.get(id)) else { break };
            at = source;
        }
        let owner = self.members.get(at.stream);
        let class = condition.class.as_str();
        let reports = if post.is_open() { at.reports } else { at.reports_most };
        let of = owner.map_or(0, |owner| owner.below().of(condition.class));
        let who = match of {
            _ if of >= reports.max(1) => format!("{reports} of {}", count(of as usize, class)),
            _ => count(reports as usize, class),
        };
        let place = owner.map_or_else(|| "somewhere".to_owned(), ToString::to_string);
        let spread = match at.sources.len() {
            0 | 1 => String::new(),
            streams => format!(" in {streams} streams"),
        };
        let verb = if reports == 1 { "reports" } else { "report" };
        format!("{place}: {who}{spread} {verb}: {}", post.title.to_lowercase())
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
