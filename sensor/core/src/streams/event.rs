use super::commands::Request;
use super::member::MemberId;
use super::messages::MessageId;
use super::post::PostId;
use crate::types::Timestamp;

/// Something that happened in the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEvent {
    /// When.
    pub at: Timestamp,
    /// What.
    pub change: Change,
}

/// What may happen in the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A post was made.
    Posted(PostId),
    /// A member likes a post.
    Liked {
        /// Which.
        post: PostId,
        /// Who.
        by: MemberId,
    },
    /// A member took its like back.
    Unliked {
        /// Which.
        post: PostId,
        /// Who.
        by: MemberId,
    },
    /// Somebody commented.
    Commented {
        /// Which.
        post: PostId,
        /// Who.
        by: MemberId,
    },
    /// A member flagged a post.
    Flagged {
        /// Which.
        post: PostId,
        /// Who.
        by: MemberId,
    },
    /// A post was carried up.
    Carried {
        /// Which.
        post: PostId,
        /// The aggregated post that sums it up.
        into: PostId,
    },
    /// What an aggregated post sums up has changed; told once a tick.
    Updated(PostId),
    /// The administrators have something new to read, or something that has become graver.
    Noticed(PostId),
    /// Somebody knows of a post.
    Acknowledged(PostId),
    /// A post is over.
    Resolved(PostId),
    /// A post was taken away by an administrator, or put into the archive.
    Flushed(PostId),
    /// A member came into the records.
    Joined(MemberId),
    /// A member left the records.
    Left(MemberId),
    /// A member follows another, from now on.
    Followed {
        /// Who follows.
        follower: MemberId,
        /// Who is followed.
        followed: MemberId,
    },
    /// A member follows another no longer.
    Unfollowed {
        /// Who followed.
        follower: MemberId,
        /// Who was followed.
        followed: MemberId,
    },
    /// A private message was sent.
    Sent(MessageId),
    /// A member asks for something to be done; a workflow decides and does it.
    Requested(Request),
}

impl Change {
    /// Returns the word that output and metric labels use.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Posted(_) => "posted",
            Self::Liked { .. } => "liked",
            Self::Unliked { .. } => "unliked",
            Self::Commented { .. } => "commented",
            Self::Flagged { .. } => "flagged",
            Self::Carried { .. } => "carried",
            Self::Updated(_) => "updated",
            Self::Noticed(_) => "noticed",
            Self::Acknowledged(_) => "acknowledged",
            Self::Resolved(_) => "resolved",
            Self::Flushed(_) => "flushed",
            Self::Joined(_) => "joined",
            Self::Left(_) => "left",
            Self::Followed { .. } => "followed",
            Self::Unfollowed { .. } => "unfollowed",
            Self::Sent(_) => "sent",
            Self::Requested(_) => "requested",
        }
    }
}
