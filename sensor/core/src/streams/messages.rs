use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use super::acts::{Receipt, Refusal};
use super::event::Change;
use super::member::MemberId;
use super::network::Streams;
use super::post::PostId;
use super::speaking::TEXT_MAX;
use crate::types::Timestamp;

/// The number of a private message, in the order in which messages were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(u64);

impl MessageId {
    /// Makes an id of its number, as somebody outside names it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Prints `d17`.
impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "d{}", self.0)
    }
}

/// What a private message answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InReplyTo {
    /// A post.
    Post(PostId),
    /// A private message.
    Message(MessageId),
}

/// A private message: between two members, and read by nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: MessageId,
    /// Who wrote it.
    pub from: MemberId,
    /// To whom.
    pub to: MemberId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub text: Box<str>,
    /// What it answers.
    pub in_reply_to: Option<InReplyTo>,
}

/// The private messages.
///
/// # Bounds
/// At most `messages_max`; the oldest goes.
#[derive(Debug)]
pub struct Messages {
    rows: BTreeMap<MessageId, Message>,
    /// By each of the two.
    of: BTreeSet<(MemberId, MessageId)>,
    next: u64,
    max: usize,
    dropped: u64,
}

impl Messages {
    pub(super) const fn new(max: u32) -> Self {
        Self { rows: BTreeMap::new(), of: BTreeSet::new(), next: 1, max: max as usize, dropped: 0 }
    }

    /// Returns the messages that a member wrote or was sent, the oldest first.
    pub fn of(&self, member: MemberId) -> impl DoubleEndedIterator<Item = &Message> {
        let all = (member, MessageId(0))..=(member, MessageId(u64::MAX));
        self.of.range(all).filter_map(|(_, id)| self.rows.get(id))
    }

    /// Returns a message, if it concerns who asks.
    pub fn get(&self, id: MessageId, asked_by: MemberId) -> Option<&Message> {
        self.rows.get(&id).filter(|message| message.from == asked_by || message.to == asked_by)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns how many went to make room.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    fn insert(
        &mut self,
        from: MemberId,
        to: MemberId,
        text: &str,
        in_reply_to: Option<InReplyTo>,
        at: Timestamp,
    ) -> MessageId {
        if self.rows.len() >= self.max.max(1)
            && let Some((_, oldest)) = self.rows.pop_first()
        {
            self.of.remove(&(oldest.from, oldest.id));
            self.of.remove(&(oldest.to, oldest.id));
            self.dropped += 1;
        }
        let id = MessageId(self.next);
        self.next += 1;
        self.of.insert((from, id));
        self.of.insert((to, id));
        self.rows.insert(id, Message { id, from, to, at, text: text.into(), in_reply_to });
        id
    }
}

impl Streams {
    /// Lets a member write to another in private.
    pub(super) fn message(
        &mut self,
        by: MemberId,
        to: MemberId,
        text: &str,
        in_reply_to: Option<InReplyTo>,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        if text.len() > TEXT_MAX {
            return Err(Refusal::TooLong);
        }
        if text.trim().is_empty() {
            return Err(Refusal::Empty);
        }
        self.members.get(to).ok_or(Refusal::UnknownMember)?;
        match in_reply_to {
            Some(InReplyTo::Message(id)) => {
                self.messages.get(id, by).map(|_| ()).ok_or(Refusal::UnknownMessage)?;
            }
            Some(InReplyTo::Post(id)) => {
                self.posts.get(id).map(|_| ()).ok_or(Refusal::UnknownPost)?;
            }
            None => {}
        }
        let id = self.send(by, to, text, in_reply_to, now);
        self.command_in(by, text, None, Some((id, to)), now);
        Ok(Receipt::Message(id))
    }

    /// Sends a private message.
    pub(super) fn send(
        &mut self,
        from: MemberId,
        to: MemberId,
        text: &str,
        in_reply_to: Option<InReplyTo>,
        now: Timestamp,
    ) -> MessageId {
        let id = self.messages.insert(from, to, text, in_reply_to, now);
        self.tell(now, Change::Sent(id));
        id
    }
}
