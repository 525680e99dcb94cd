//! The social network of the infrastructure: one post with many likes instead of many posts.
//!
//! Sits after the audit. Takes in records, what members report or say, and ticks; gives posts in streams, what is carried
//! up to the administrators, private messages, and requests that a workflow decides. It is one deterministic state
//! machine ([`Streams`]): the same inputs give the same posts with the same numbers.
//!
//! Does not know frames, presence or the audit: a discrepancy comes as a [`Report`] of the member that it is about.
//! It does not store, send or perform anything. Its bounds are those of
//! [`StreamLimits`](crate::types::StreamLimits), each with a counter in [`StreamCounters`].
//!
//! ```text
//!   administrators      "host hv-01: 40 of 40 guests report: silent guest"     one line
//!         ▲ carried at the threshold of the rack
//!     rack-1            the same, as one aggregated post
//!         ▲ carried at the threshold of the host
//!      hv-01            "Silent guest" by web-01, 40 likes
//!    ▲   ▲   ▲  reports: the first is the post, the others are likes
//!  web-01 …  web-40
//! ```

mod acts;
mod affiliation;
mod authority;
mod commands;
mod deadlines;
mod enrolment;
mod event;
mod flush;
mod groups;
mod heartbeat;
mod member;
mod members;
mod messages;
#[cfg(test)]
mod model_tests;
mod network;
mod post;
mod posts;
mod promotion;
mod reporting;
mod routing;
mod search;
mod settings;
mod speaking;
mod tags;
#[cfg(test)]
mod tests;

pub use acts::{Act, Receipt, Refusal};
pub use authority::Role;
pub use commands::{AnswerTo, Command, Request, RequestId};
pub use enrolment::{Token, UserName, Welcome, WelcomeText};
pub use event::{Change, StreamEvent};
pub use flush::{Flush, FlushHow, Trail, TrailEntry};
pub use groups::GroupRule;
pub use member::{Below, Member, MemberId, MemberKind};
pub use members::{MemberCounters, Members};
pub use messages::{InReplyTo, Message, MessageId, Messages};
pub use network::{Input, StreamCounters, Streams};
pub use post::{
    Attachment, Comment, Condition, Digest, Like, Media, Post, PostId, PostState, Severity, Speaker, Theme,
};
pub use posts::{PostCounters, Posts};
pub use reporting::{Report, Reported};
pub use routing::RoutingRule;
pub use search::Query;
pub use settings::{PowerOn, PromoteAt, StreamSettings, Threshold, Weights};
pub use speaking::{TEXT_MAX, Words};
pub use tags::TagCount;
