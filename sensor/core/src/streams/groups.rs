//! Who belongs to which group beside the tree, and who follows whom by choice.

use super::acts::{Receipt, Refusal};
use super::authority::Role;
use super::event::Change;
use super::member::{MemberId, MemberKind};
use super::network::Streams;
use crate::recorded::GuestIndex;
use crate::types::Timestamp;

/// A group whose members are found by what is recorded of guests: all guests tagged `exchange`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRule {
    /// The name of the group.
    pub group: Box<str>,
    /// A tag that its guests carry.
    pub tagged: Option<Box<str>>,
    /// The name of a host or node that its guests stand below.
    pub below: Option<Box<str>>,
}

impl Streams {
    /// Returns the members of a group, in the order of ids: those below it in the tree, those that its rules or the records
    /// name, and those that joined.
    pub fn members_of(&self, group: MemberId) -> Vec<MemberId> {
        let mut found: Vec<MemberId> = self.members.children(group).collect();
        found
            .extend(self.joined.range((group, MemberId(0))..=(group, MemberId(u32::MAX))).map(|pair| pair.1));
        if let Some(owner) = self.members.get(group) {
            found.extend(self.guests_of_group(&owner.name));
        }
        found.sort_unstable();
        found.dedup();
        found.retain(|&id| self.members.get(id).is_some_and(super::Member::is_present));
        found
    }

    /// Tells whether a member belongs to a group, or stands below it.
    pub fn is_in_group(&self, group: MemberId, member: MemberId) -> bool {
        self.members.covers(group, member)
            || self.joined.contains(&(group, member))
            || self
                .members
                .get(group)
                .is_some_and(|owner| self.guests_of_group(&owner.name).any(|id| id == member))
    }

    /// Returns who follows a member, in the order of ids: its parent, and those who chose to. It knows them.
    pub fn followers(&self, of: MemberId) -> Vec<MemberId> {
        let by_choice = self.followers.range((of, MemberId(0))..=(of, MemberId(u32::MAX))).map(|pair| pair.1);
        let mut found: Vec<MemberId> = self.members.parent(of).into_iter().chain(by_choice).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns whom a member follows, in the order of ids: its children in the tree, and those it chose.
    pub fn followed(&self, by: MemberId) -> Vec<MemberId> {
        let chosen = self.follows.range((by, MemberId(0))..=(by, MemberId(u32::MAX))).map(|pair| pair.1);
        let mut found: Vec<MemberId> = self.members.children(by).chain(chosen).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn follows_by_choice(&self, follower: MemberId, followed: MemberId) -> bool {
        self.follows.contains(&(follower, followed))
    }

    /// Lets a member follow another by choice.
    pub(super) fn follow(
        &mut self,
        by: MemberId,
        whom: MemberId,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        self.members.get(whom).ok_or(Refusal::UnknownMember)?;
        if by == whom {
            return Err(Refusal::NotAllowed);
        }
        if self.follows.contains(&(by, whom)) {
            return Ok(Receipt::Done);
        }
        if self.follows.len() + self.joined.len() >= self.limits.follows_max as usize {
            self.counters.follows_refused += 1;
            return Err(Refusal::NoRoom);
        }
        self.follows.insert((by, whom));
        self.followers.insert((whom, by));
        self.tell(now, Change::Followed { follower: by, followed: whom });
        Ok(Receipt::Done)
    }

    /// Lets a member follow another no longer. Along the tree nobody can do so.
    pub(super) fn unfollow(
        &mut self,
        by: MemberId,
        whom: MemberId,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        if self.follows.remove(&(by, whom)) {
            self.followers.remove(&(whom, by));
            self.tell(now, Change::Unfollowed { follower: by, followed: whom });
        }
        Ok(Receipt::Done)
    }

    /// Lets an operator make a group by choice.
    pub(super) fn make_group(&mut self, by: MemberId, name: &str) -> Result<Receipt, Refusal> {
        if !self.is_allowed(by, Role::Operator, self.members.top()) {
            return Err(Refusal::NotAllowed);
        }
        if name.trim().is_empty() {
            return Err(Refusal::Empty);
        }
        let group = self.members.ensure(MemberKind::Topic, name, Some("group"), self.members.top());
        group.map(Receipt::Member).ok_or(Refusal::NoRoom)
    }

    /// Lets a member join a group by choice, or an operator let it.
    pub(super) fn join(
        &mut self,
        by: MemberId,
        group: MemberId,
        member: MemberId,
    ) -> Result<Receipt, Refusal> {
        self.choose_group(by, group, member)?;
        if self.follows.len() + self.joined.len() >= self.limits.follows_max as usize {
            self.counters.follows_refused += 1;
            return Err(Refusal::NoRoom);
        }
        self.joined.insert((group, member));
        Ok(Receipt::Done)
    }

    /// Lets a member leave a group that was joined by choice, or an operator let it.
    pub(super) fn leave(
        &mut self,
        by: MemberId,
        group: MemberId,
        member: MemberId,
    ) -> Result<Receipt, Refusal> {
        self.choose_group(by, group, member)?;
        self.joined.remove(&(group, member));
        Ok(Receipt::Done)
    }

    /// Tells why somebody may not decide whether a member is in a group.
    fn choose_group(&self, by: MemberId, group: MemberId, member: MemberId) -> Result<(), Refusal> {
        self.members.get(member).ok_or(Refusal::UnknownMember)?;
        let owner = self.members.get(group).ok_or(Refusal::UnknownMember)?;
        // Groups of the tree have the members that the records say.
        let is_free = owner.kind == MemberKind::Topic;
        let may = by == member || self.is_allowed(by, Role::Operator, member);
        if is_free && may { Ok(()) } else { Err(Refusal::NotAllowed) }
    }

    /// Makes a group for each rule and for each that the records name.
    pub(super) fn ensure_groups(&mut self) {
        let rules = self.settings.groups.iter().map(|rule| rule.group.clone());
        let names: Vec<Box<str>> = rules.chain(self.snapshot.group_names().map(Into::into)).collect();
        for name in names {
            if self.snapshot.node(&name).is_none() {
                self.members.ensure(MemberKind::Topic, &name, Some("group"), self.members.top());
            }
        }
    }

    /// Returns the guests that rules and records put into a group by its name.
    fn guests_of_group<'a>(&'a self, name: &'a str) -> impl Iterator<Item = MemberId> + 'a {
        let rules = self.settings.groups.iter().filter(move |rule| *rule.group == *name);
        let by_rule = rules.flat_map(|rule| self.guests_by_rule(rule));
        let recorded = self.snapshot.guests_in_group(name).iter().copied();
        let below = self.snapshot.node(name).into_iter().flat_map(|node| {
            let guests = self.snapshot.indexed_guests();
            guests.filter(|(_, guest)| guest.parent.as_ref() == Some(&node.id)).map(|(index, _)| index)
        });
        by_rule.chain(recorded.chain(below).filter_map(|index| self.member_of_guest(index)))
    }

    fn guests_by_rule(&self, rule: &GroupRule) -> Vec<MemberId> {
        let tagged: Vec<GuestIndex> = match &rule.tagged {
            Some(tag) => self.snapshot.guests_tagged(tag).to_vec(),
            None => self.snapshot.indexed_guests().map(|(index, _)| index).collect(),
        };
        let is_below = |id: &MemberId| {
            let mut above = self.members.above(*id).filter_map(|id| self.members.get(id));
            rule.below.as_deref().is_none_or(|name| above.any(|member| *member.name == *name))
        };
        tagged.into_iter().filter_map(|index| self.member_of_guest(index)).filter(is_below).collect()
    }

    fn member_of_guest(&self, index: GuestIndex) -> Option<MemberId> {
        self.members.find(MemberKind::Guest, &self.snapshot.guest(index)?.id)
    }
}
