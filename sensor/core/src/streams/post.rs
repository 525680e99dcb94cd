use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use super::member::{MemberId, MemberKind};
use crate::types::Timestamp;

/// The number of a post, in the order in which posts were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId(pub(super) u64);

impl PostId {
    /// Makes an id of its number, as somebody outside names it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Prints `p17`.
impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

/// How grave what a post says is; the gravest is the greatest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    #[default]
    Info,
    /// The records, or somebody's spare time, need care.
    Minor,
    /// Somebody must look.
    Major,
    /// Service or data are in danger.
    Critical,
}

impl Severity {
    /// All severities, the lightest first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Minor, Self::Major, Self::Critical];

    /// Returns the word that configuration and output use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        }
    }

    /// Returns the severity that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

/// What makes two reports the same trouble: what is wrong, and with which class of members.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    /// What is wrong, in a word: `silent-guest`, `disk-failure`.
    pub what: Box<str>,
    /// Of what kind those are with whom it is wrong.
    pub class: MemberKind,
}

/// Where a post comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Theme {
    /// Members report a condition.
    Condition(Condition),
    /// Something changed that is nobody's trouble: who came, went or moved.
    News(Condition),
    /// Somebody said something of their own.
    Word,
    /// Carried up: what posts of that condition in the streams below say together.
    Carried(Condition),
    /// Carried up: somebody's own words that found many likes.
    CarriedWord(PostId),
    /// Carried up: what a member flagged in its stream.
    Flagged(MemberId),
}

impl Theme {
    /// Returns the word that output uses.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Condition(_) => "condition",
            Self::News(_) => "news",
            Self::Word => "word",
            Self::Carried(_) | Self::CarriedWord(_) => "carried",
            Self::Flagged(_) => "flagged",
        }
    }

    /// Returns the condition, where there is one.
    pub const fn condition(&self) -> Option<&Condition> {
        match self {
            Self::Condition(condition) | Self::News(condition) | Self::Carried(condition) => Some(condition),
            Self::Word | Self::CarriedWord(_) | Self::Flagged(_) => None,
        }
    }

    /// Tells whether it sums up posts of the streams below.
    pub const fn is_aggregated(&self) -> bool {
        matches!(self, Self::Carried(_) | Self::CarriedWord(_) | Self::Flagged(_))
    }
}

/// Where in its life a post is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostState {
    /// It stands.
    Open,
    /// It stands, and somebody knows of it.
    Acknowledged,
    /// It is over.
    Resolved,
}

impl PostState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Resolved];

    /// Returns the word that output uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }

    /// Returns the state that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Who puts a member's condition into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The member, by its agent or as a person.
    Itself,
    /// The sensor, which observed it.
    Sensor,
}

/// A member's like of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Like {
    /// Since when.
    pub since: Timestamp,
    /// What it adds to the weight of the post.
    pub weight: u32,
    /// How many matters of its own the member reports by it; none of a like by choice alone.
    pub matters: u16,
    /// How many of these an operator knows of.
    pub known: u16,
    /// Whether the member likes it by choice as well.
    pub by_choice: bool,
}

/// What somebody says about a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Who.
    pub author: MemberId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: Box<str>,
}

/// Something that belongs to a post and is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name.
    pub name: Box<str>,
    /// What it is.
    pub media: Media,
    /// Its length in octets.
    pub octets: u64,
    /// SHA-256 of it, by which it is found.
    pub digest: Digest,
}

/// What an attachment may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// A plot, `image/png`.
    Png,
    /// A plot, `image/svg+xml`.
    Svg,
    /// Frames as evidence, `application/x-pcapng`.
    Pcapng,
}

impl Media {
    /// Returns the media type.
    ///
    /// # Reference
    /// RFC 6838; the pcapng type is the one in use, not registered.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
            Self::Pcapng => "application/x-pcapng",
        }
    }
}

/// SHA-256 of something secret or large, made outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// A post in a stream.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its number.
    pub id: PostId,
    /// In whose stream it is.
    pub stream: MemberId,
    /// In whose name it is.
    pub author: MemberId,
    /// Who put it into words.
    pub speaker: Speaker,
    /// Where it comes from.
    pub theme: Theme,
    /// Generic, so that equal troubles have equal titles. Of an aggregated post [`super::Streams::title`] says more.
    pub title: Box<str>,
    /// Details, of the first who reported it.
    pub body: Box<str>,
    /// The gravest of what was reported by it.
    pub severity: Severity,
    /// Topics, without `#`.
    pub hashtags: Vec<Box<str>>,
    /// What it is about: `discrepancy`, `membership`, `heartbeat`, or an agent's word.
    pub category: Box<str>,
    /// References: `discrepancy:3f…`, an address of a page.
    pub links: Vec<Box<str>>,
    /// What belongs to it and is kept elsewhere.
    pub attachments: Vec<Attachment>,
    /// When it was made.
    pub opened_at: Timestamp,
    /// When somebody last reported, liked or commented.
    pub updated_at: Timestamp,
    /// When it was resolved, if it is.
    pub resolved_at: Option<Timestamp>,
    /// Where in its life it is.
    pub state: PostState,
    /// Likes now, in the order of members: those who report the condition, and those who like it by choice.
    pub likes: BTreeMap<MemberId, Like>,
    /// Members who report the condition now; of an aggregated post, those of the posts that it sums up.
    pub reports: u32,
    /// Most members who reported it at a time.
    pub reports_most: u32,
    /// Likes by severity and standing; of an aggregated post with those of the posts that it sums up.
    pub weight: u64,
    /// What was said about it: the first half of what there is room for, and the last.
    pub comments: Vec<Comment>,
    /// Comments that found no room.
    pub comments_dropped: u64,
    /// Who flagged it.
    pub flags: BTreeSet<MemberId>,
    /// Whether it stands at the top of its stream, because it was carried up.
    pub pinned: bool,
    /// The aggregated post in the parent's stream that it is part of.
    pub carried_to: Option<PostId>,
    /// The update by which its stream's owner reports what it flagged, with the weight it has there.
    pub flagged_in: Option<(PostId, u32)>,
    /// The posts that it sums up, open and resolved.
    pub sources: BTreeSet<PostId>,
    /// How many of these are not resolved.
    pub(super) open_sources: u32,
    /// Whether it is to be carried up whatever it weighs, because nobody acknowledged it in time.
    pub(super) escalated: bool,
    /// The severity that the administrators were last told of.
    pub(super) noticed: Option<Severity>,
}

impl Post {
    /// Tells whether it is not over.
    pub fn is_open(&self) -> bool {
        self.state != PostState::Resolved
    }

    /// Adds a comment; of more than `max` those in the middle go.
    pub(super) fn comment(&mut self, comment: Comment, max: usize) {
        self.updated_at = self.updated_at.max(comment.at);
        if self.comments.len() >= max.max(2) {
            self.comments.remove(max.max(2) / 2);
            self.comments_dropped += 1;
        }
        self.comments.push(comment);
    }
}
