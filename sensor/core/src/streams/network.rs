use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::acts::{Act, Receipt, Refusal};
use super::authority::{Authority, Role};
use super::commands::{Request, RequestId};
use super::deadlines::Deadlines;
use super::enrolment::{Agents, Token, UserName, Welcome};
use super::event::{Change, StreamEvent};
use super::flush::Trail;
use super::heartbeat::Heartbeats;
use super::member::{MemberId, MemberKind};
use super::members::{MemberCounters, Members};
use super::messages::Messages;
use super::post::{Digest, Post, PostId};
use super::posts::{PostCounters, Posts};
use super::reporting::{Matter, Report};
use super::settings::StreamSettings;
use super::tags::Tags;
use crate::recorded::Snapshot;
use crate::types::{StreamLimits, Timestamp};

/// Everything that the network acts on.
#[derive(Clone, Debug)]
pub enum Input {
    /// The recorded state is replaced.
    Recorded(Arc<Snapshot>),
    /// A member has a trouble.
    Report(Box<Report>),
    /// A member's trouble is over.
    End {
        /// Whose.
        member: MemberId,
        /// Which of its matters.
        matter: u64,
        /// Why, for the author's comment.
        why: Box<str>,
    },
    /// An operator knows of a member's trouble.
    Know {
        /// Whose.
        member: MemberId,
        /// Which of its matters.
        matter: u64,
    },
    /// A person is known, or may do something else from now on.
    Person {
        /// The name.
        name: Box<str>,
        /// What the person may do.
        role: Role,
        /// Below whom; everywhere where there is none.
        scope: Option<MemberId>,
    },
    /// A member does something of its own accord.
    Act {
        /// Who.
        by: MemberId,
        /// From where, for the trail.
        from: Box<str>,
        /// What.
        act: Act,
    },
    /// An agent logs in for the first time.
    Enrol {
        /// What it calls itself.
        user: UserName,
        /// SHA-256 of the secret that it showed.
        secret: Digest,
        /// Random octets for its token.
        token: Token,
        /// SHA-256 of these.
        digest: Digest,
    },
    /// A member's agent gave a sign of life.
    Heard(MemberId),
    /// A workflow did what was requested, or did not.
    Answer {
        /// Which request.
        request: RequestId,
        /// What became of it.
        text: Box<str>,
    },
}

/// What happened at the bounds, and what was refused; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamCounters {
    /// Members.
    pub members: MemberCounters,
    /// Posts, likes and comments.
    pub posts: PostCounters,
    /// Posts carried up because nobody acknowledged them in time.
    pub escalated: u64,
    /// Follows and memberships that found no room.
    pub follows_refused: u64,
    /// Commands that were not authorised or not understood.
    pub commands_refused: u64,
    /// Requests that found no room.
    pub requests_refused: u64,
    /// Logins with a wrong secret.
    pub enrolments_refused: u64,
    /// Private messages that went to make room.
    pub messages_dropped: u64,
    /// Counts of hashtags that went to make room.
    pub tag_counts_dropped: u64,
    /// Inputs of which nobody awaited an answer and that had no effect.
    pub without_effect: u64,
    /// Entries of the trail that went to make room.
    pub trail_dropped: u64,
}

/// The social network of the infrastructure; see the [module](super).
#[derive(Debug)]
pub struct Streams {
    pub(super) settings: StreamSettings,
    pub(super) limits: StreamLimits,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) members: Members,
    pub(super) posts: Posts,
    /// The open matters of members, and where they were reported.
    pub(super) matters: BTreeMap<(MemberId, u64), Matter>,
    pub(super) escalations: Deadlines<PostId>,
    pub(super) heartbeats: Heartbeats,
    /// Aggregated posts that changed since the last tick.
    pub(super) updated: BTreeSet<PostId>,
    pub(super) tags: Tags,
    pub(super) messages: Messages,
    pub(super) people: BTreeMap<MemberId, Authority>,
    pub(super) agents: Agents,
    /// Follows by choice: follower, followed; and the other way round.
    pub(super) follows: BTreeSet<(MemberId, MemberId)>,
    pub(super) followers: BTreeSet<(MemberId, MemberId)>,
    /// Memberships by choice: group, member.
    pub(super) joined: BTreeSet<(MemberId, MemberId)>,
    pub(super) requests: BTreeMap<RequestId, Request>,
    pub(super) next_request: RequestId,
    pub(super) trail: Trail,
    pub(super) sensor: MemberId,
    pub(super) counters: StreamCounters,
    pub(super) welcomes: VecDeque<Welcome>,
    pub(super) archived: VecDeque<Post>,
    events: VecDeque<StreamEvent>,
}

impl Streams {
    /// Makes a network of the administrators and the sensor. `seed` keys its hash table and must not show.
    pub fn new(settings: StreamSettings, limits: StreamLimits, seed: u64) -> Self {
        let mut members = Members::new(limits.members_max, seed);
        let top = members.top();
        let sensor = members.ensure(MemberKind::Sensor, &settings.sensor, None, top).unwrap_or(top);
        Self {
            snapshot: Arc::new(Snapshot::default()),
            posts: Posts::new(limits),
            matters: BTreeMap::new(),
            escalations: Deadlines::new(),
            heartbeats: Heartbeats::new(),
            updated: BTreeSet::new(),
            tags: Tags::new(settings.tag_window, limits.tag_counts_max),
            messages: Messages::new(limits.messages_max),
            people: BTreeMap::new(),
            agents: Agents::default(),
            follows: BTreeSet::new(),
            followers: BTreeSet::new(),
            joined: BTreeSet::new(),
            requests: BTreeMap::new(),
            next_request: RequestId::new(1),
            trail: Trail::new(limits.trail_max),
            sensor,
            counters: StreamCounters::default(),
            welcomes: VecDeque::new(),
            archived: VecDeque::new(),
            events: VecDeque::new(),
            members,
            settings,
            limits,
        }
    }

    /// Takes in an input at `now`, which is not before that of any input or tick before.
    ///
    /// # Errors
    /// [`Refusal`]: nothing was changed, except that a refused act stands in the trail.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Result<Receipt, Refusal> {
        match input {
            Input::Recorded(snapshot) => {
                self.record(snapshot, now);
                Ok(Receipt::Done)
            }
            Input::Report(report) => {
                self.members.get(report.member).ok_or(Refusal::UnknownMember)?;
                Ok(Receipt::Reported(self.report(&report, now)))
            }
            Input::End { member, matter, why } => {
                self.end(member, matter, &why, now).map(Receipt::Post).ok_or(Refusal::UnknownPost)
            }
            Input::Know { member, matter } => {
                self.know(member, matter, now).map(Receipt::Post).ok_or(Refusal::UnknownPost)
            }
            Input::Person { name, role, scope } => {
                let top = self.members.top();
                let scope = scope.unwrap_or(top);
                self.members.get(scope).ok_or(Refusal::UnknownMember)?;
                let person = self.members.ensure(MemberKind::Person, &name, None, top);
                let person = person.ok_or(Refusal::NoRoom)?;
                self.people.insert(person, Authority { role, scope });
                Ok(Receipt::Member(person))
            }
            Input::Act { by, from, act } => self.act(by, &from, &act, now),
            Input::Enrol { user, secret, token, digest } => self.enrol(user, secret, token, digest, now),
            Input::Heard(member) => {
                self.members.get(member).ok_or(Refusal::UnknownMember)?;
                self.hear(member, now);
                Ok(Receipt::Member(member))
            }
            Input::Answer { request, text } => {
                let is_known = self.answer(request, &text, now);
                if is_known { Ok(Receipt::Answered(request)) } else { Err(Refusal::UnknownRequest) }
            }
        }
    }

    /// Takes in an input of which nobody awaits what became of it. One that has no effect is counted.
    pub fn submit(&mut self, now: Timestamp, input: Input) {
        if self.handle(now, input).is_err() {
            self.counters.without_effect += 1;
        }
    }

    /// Takes in that it is `now`.
    pub fn tick(&mut self, now: Timestamp) {
        while let Some(post) = self.escalations.due(now) {
            self.escalate(post, now);
        }
        self.miss(now);
        while let Some(post) = self.updated.pop_first() {
            self.tell(now, Change::Updated(post));
        }
    }

    /// Returns when the passing of time may next change something; asked again after each input.
    pub fn next_deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let updates = (!self.updated.is_empty()).then_some(now);
        [self.escalations.next(), self.heartbeats.next(), updates].into_iter().flatten().min()
    }

    /// Takes the next event.
    pub fn poll(&mut self) -> Option<StreamEvent> {
        self.events.pop_front()
    }

    /// Takes the next private message that tells a token, to be handed over and not kept.
    pub fn poll_welcome(&mut self) -> Option<Welcome> {
        self.welcomes.pop_front()
    }

    /// Takes the next post that was put into the archive.
    pub fn poll_archived(&mut self) -> Option<Post> {
        self.archived.pop_front()
    }

    /// Returns the member of a recorded or observed thing, newly made where it is a station that nobody recorded.
    pub fn station(&mut self, name: &str, stream: Option<MemberId>) -> Option<MemberId> {
        let parent = stream.unwrap_or_else(|| self.members.top());
        let member = self.members.ensure(MemberKind::Station, name, None, parent)?;
        self.members.set_parent(member, parent);
        Some(member)
    }

    /// Lets a station that nothing is reported of any more depart.
    pub fn release(&mut self, member: MemberId, now: Timestamp) {
        let is_station = self.members.get(member).is_some_and(|known| known.kind == MemberKind::Station);
        let is_idle = self.matters.range((member, 0)..=(member, u64::MAX)).next().is_none();
        if is_station && is_idle {
            self.members.depart(member, now);
        }
    }

    /// Returns the tree of members.
    pub const fn members(&self) -> &Members {
        &self.members
    }

    /// Returns the posts.
    pub const fn posts(&self) -> &Posts {
        &self.posts
    }

    /// Returns the private messages.
    pub const fn messages(&self) -> &Messages {
        &self.messages
    }

    /// Returns the requests that wait for an answer, in the order of their numbers.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        self.requests.values()
    }

    /// Returns the trail of writes.
    pub const fn trail(&self) -> &Trail {
        &self.trail
    }

    /// Returns the member that is the sensor itself.
    pub const fn sensor(&self) -> MemberId {
        self.sensor
    }

    /// Returns the counters.
    pub const fn counters(&self) -> StreamCounters {
        StreamCounters {
            members: self.members.counters,
            posts: self.posts.counters,
            messages_dropped: self.messages.dropped(),
            tag_counts_dropped: self.tags.dropped(),
            trail_dropped: self.trail.dropped(),
            ..self.counters
        }
    }

    pub(super) fn tell(&mut self, at: Timestamp, change: Change) {
        self.events.push_back(StreamEvent { at, change });
    }
}
