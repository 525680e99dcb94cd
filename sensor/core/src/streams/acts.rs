use thiserror::Error;

use super::authority::Role;
use super::commands::RequestId;
use super::flush::{Flush, TrailEntry};
use super::member::MemberId;
use super::messages::{InReplyTo, MessageId};
use super::network::Streams;
use super::post::{Digest, PostId};
use super::reporting::Reported;
use super::speaking::Words;
use crate::types::Timestamp;

/// What a member does of its own accord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Posts.
    Post(Box<Words>),
    /// Likes a post.
    Like(PostId),
    /// Takes a like back.
    Unlike(PostId),
    /// Comments on a post.
    Comment(PostId, Box<str>),
    /// Flags a post in its stream.
    Flag(PostId),
    /// Knows of a post.
    Acknowledge(PostId),
    /// Says that a post in somebody's own words is over.
    Resolve(PostId),
    /// Follows a member.
    Follow(MemberId),
    /// Follows a member no longer.
    Unfollow(MemberId),
    /// Makes a group.
    MakeGroup(Box<str>),
    /// Puts a member, itself mostly, into a group.
    Join {
        /// The group.
        group: MemberId,
        /// Who joins.
        member: MemberId,
    },
    /// Takes a member out of a group.
    Leave {
        /// The group.
        group: MemberId,
        /// Who leaves.
        member: MemberId,
    },
    /// Writes in private.
    Message {
        /// To whom.
        to: MemberId,
        /// What.
        text: Box<str>,
        /// What it answers.
        in_reply_to: Option<InReplyTo>,
    },
    /// Sets the secret by which a member's agent logs in the first time.
    Invite {
        /// The member.
        member: MemberId,
        /// SHA-256 of the secret.
        secret: Digest,
    },
    /// Takes old posts away.
    Flush(Flush),
}

impl Act {
    /// Returns the word that the trail uses.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Post(_) => "post",
            Self::Like(_) => "like",
            Self::Unlike(_) => "unlike",
            Self::Comment(..) => "comment",
            Self::Flag(_) => "flag",
            Self::Acknowledge(_) => "acknowledge",
            Self::Resolve(_) => "resolve",
            Self::Follow(_) => "follow",
            Self::Unfollow(_) => "unfollow",
            Self::MakeGroup(_) => "make-group",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Message { .. } => "message",
            Self::Invite { .. } => "invite",
            Self::Flush(_) => "flush",
        }
    }

    fn on(&self) -> Option<Box<str>> {
        let on = match self {
            Self::Post(words) => words.stream?.to_string(),
            Self::Like(post)
            | Self::Unlike(post)
            | Self::Comment(post, _)
            | Self::Flag(post)
            | Self::Acknowledge(post)
            | Self::Resolve(post) => post.to_string(),
            Self::Follow(member) | Self::Unfollow(member) => member.to_string(),
            Self::MakeGroup(name) => return Some(name.clone()),
            Self::Join { group, member } | Self::Leave { group, member } => format!("{group} {member}"),
            Self::Message { to, .. } => to.to_string(),
            Self::Invite { member, .. } => member.to_string(),
            Self::Flush(flush) => flush.stream?.to_string(),
        };
        Some(on.into())
    }
}

/// What became of an input that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was done.
    Done,
    /// It concerns this post.
    Post(PostId),
    /// It concerns this member.
    Member(MemberId),
    /// It became this message.
    Message(MessageId),
    /// A report became this.
    Reported(Reported),
    /// So many posts were taken away.
    Flushed(usize),
    /// This request was answered.
    Answered(RequestId),
}

/// Why an input was not accepted. Nothing was changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such member.
    #[error("no such member")]
    UnknownMember,
    /// There is no such post.
    #[error("no such post")]
    UnknownPost,
    /// There is no such message, or it concerns others.
    #[error("no such message")]
    UnknownMessage,
    /// There is no such request, or it was answered.
    #[error("no such request")]
    UnknownRequest,
    /// Whoever asks may not.
    #[error("not allowed")]
    NotAllowed,
    /// The post is over.
    #[error("the post is resolved")]
    Resolved,
    /// The post ends when what was reported does.
    #[error("the post ends when what it reports does")]
    NotByHand,
    /// The text is empty.
    #[error("the text is empty")]
    Empty,
    /// The text, or the list of references, is too long.
    #[error("the text or a list is too long")]
    TooLong,
    /// There is no room.
    #[error("no room is left")]
    NoRoom,
}

impl Refusal {
    /// Returns the word that the trail and metric labels use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownMember => "unknown-member",
            Self::UnknownPost => "unknown-post",
            Self::UnknownMessage => "unknown-message",
            Self::UnknownRequest => "unknown-request",
            Self::NotAllowed => "not-allowed",
            Self::Resolved => "resolved",
            Self::NotByHand => "not-by-hand",
            Self::Empty => "empty",
            Self::TooLong => "too-long",
            Self::NoRoom => "no-room",
        }
    }
}

impl Streams {
    /// Lets a member do something, and notes it in the trail.
    pub(super) fn act(
        &mut self,
        by: MemberId,
        from: &str,
        act: &Act,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        let done = self.try_act(by, act, now);
        self.trail.note(TrailEntry {
            at: now,
            by,
            from: from.into(),
            what: act.as_str(),
            on: act.on(),
            refused: done.err().map(Refusal::as_str),
        });
        done
    }

    fn try_act(&mut self, by: MemberId, act: &Act, now: Timestamp) -> Result<Receipt, Refusal> {
        // A person may where its role says so, wherever that reaches; any other member may speak for itself.
        let may = match self.role(by) {
            Some(role) => role >= Role::Member,
            None => self.is_allowed(by, Role::Member, by),
        };
        if !may {
            return Err(Refusal::NotAllowed);
        }
        match act {
            Act::Post(words) => self.write(by, words, now),
            Act::Like(post) => self.like(by, *post, now),
            Act::Unlike(post) => self.unlike(by, *post, now),
            Act::Comment(post, text) => self.comment(by, *post, text, now),
            Act::Flag(post) => self.flag(by, *post, now),
            Act::Acknowledge(post) => {
                let stream = self.open_post(*post)?.stream;
                if !self.is_allowed(by, Role::Operator, stream) {
                    return Err(Refusal::NotAllowed);
                }
                self.say(*post, by, "acknowledged", now);
                self.acknowledge(*post, now);
                Ok(Receipt::Post(*post))
            }
            Act::Resolve(post) => self.settle(by, *post, now),
            Act::Follow(whom) => self.follow(by, *whom, now),
            Act::Unfollow(whom) => self.unfollow(by, *whom, now),
            Act::MakeGroup(name) => self.make_group(by, name),
            Act::Join { group, member } => self.join(by, *group, *member),
            Act::Leave { group, member } => self.leave(by, *group, *member),
            Act::Message { to, text, in_reply_to } => self.message(by, *to, text, *in_reply_to, now),
            Act::Invite { member, secret } => self.invite(by, *member, *secret),
            Act::Flush(flush) => self.flush(by, flush, now),
        }
    }
}
