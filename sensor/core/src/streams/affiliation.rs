//! The tree that follows from the recorded hierarchy, kept in step with each new snapshot.
//!
//! Administrators stand above the nodes of the hierarchy, these above hosts, hosts above their guests; switches, and whoever
//! the records put nowhere, stand below the administrators. A member that moves changes its parent in one step, with
//! its open matters and a post in both streams; what it said before stays where it was said.

use std::sync::Arc;

use super::event::Change;
use super::member::{MemberId, MemberKind};
use super::network::Streams;
use super::post::{Condition, Like, Severity, Speaker, Theme};
use super::speaking::Draft;
use crate::recorded::{Guest, Host, Node, Snapshot, diff};
use crate::types::Timestamp;

/// How a member's place in the tree changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Moved {
    member: MemberId,
    from: Option<MemberId>,
    to: MemberId,
}

impl Streams {
    /// Brings the tree in step with new records. The first records are how things are, and no news.
    pub(super) fn record(&mut self, snapshot: Arc<Snapshot>, now: Timestamp) {
        let former = core::mem::replace(&mut self.snapshot, Arc::clone(&snapshot));
        let changes = diff(&former, &snapshot);
        let is_first = former.guests().is_empty() && former.hosts().is_empty() && former.nodes().is_empty();
        let (mut joined, mut moved, mut left) = (Vec::new(), Vec::new(), Vec::new());
        if changes.hierarchy {
            for node in by_depth(&snapshot) {
                let parent = self.node_above(node.parent.as_deref(), &snapshot);
                let kind = MemberKind::of_node(&node.kind);
                self.place(kind, &node.id, Some(&node.kind), parent, &mut joined, &mut moved);
            }
            let gone = former.nodes().iter().filter(|node| {
                let kind = MemberKind::of_node(&node.kind);
                snapshot.node(&node.id).is_none_or(|known| MemberKind::of_node(&known.kind) != kind)
            });
            left.extend(gone.filter_map(|node| self.members.find(MemberKind::of_node(&node.kind), &node.id)));
        }
        if changes.switches {
            for switch in snapshot.switches() {
                let top = self.members.top();
                self.place(MemberKind::Device, &switch.id, Some("switch"), top, &mut joined, &mut moved);
            }
            let gone = former.switches().iter().filter(|known| snapshot.switch_by_id(&known.id).is_none());
            left.extend(gone.filter_map(|switch| self.members.find(MemberKind::Device, &switch.id)));
        }
        let hosts = changes.hosts_added.iter().chain(changes.hosts_changed.iter().map(|(_, new)| new));
        for host in hosts.filter_map(|&at| snapshot.host(at)) {
            self.place_host(host, &snapshot, &mut joined, &mut moved);
        }
        let guests = changes.guests_added.iter().chain(changes.guests_changed.iter().map(|(_, new)| new));
        for guest in guests.filter_map(|&at| snapshot.guest(at)) {
            self.place_guest(guest, &snapshot, &mut joined, &mut moved);
        }
        let hosts = changes.hosts_removed.iter().filter_map(|&at| former.host(at));
        left.extend(hosts.filter_map(|host| self.members.find(MemberKind::Host, &host.id)));
        let guests = changes.guests_removed.iter().filter_map(|&at| former.guest(at));
        left.extend(guests.filter_map(|guest| self.members.find(MemberKind::Guest, &guest.id)));
        self.ensure_groups();
        self.rearrange(&joined, &moved, &left, is_first, now);
    }

    /// Says what changed, and takes along what was carried up and what is open.
    fn rearrange(
        &mut self,
        joined: &[MemberId],
        moved: &[Moved],
        left: &[MemberId],
        is_first: bool,
        now: Timestamp,
    ) {
        // From the top down: whoever is carried anew is carried along links that are new already.
        for step in moved {
            self.carry_anew(step.member, now);
        }
        for step in moved {
            if let Some(from) = step.from {
                self.tell(now, Change::Unfollowed { follower: from, followed: step.member });
                self.tell(now, Change::Followed { follower: step.to, followed: step.member });
                self.move_matters(step.member, from, now);
                self.tell_move(*step, from, now);
            }
        }
        for &member in joined.iter().filter(|_| !is_first) {
            self.tell(now, Change::Joined(member));
            if let Some(parent) = self.members.parent(member) {
                self.tell(now, Change::Followed { follower: parent, followed: member });
                self.news(parent, member, "joined", "new here", "It was added to the records.", now);
            }
        }
        for &member in left {
            self.end_all(member, "it was removed from the records", now);
            self.members.depart(member, now);
            self.agents.forget(member);
            self.tell(now, Change::Left(member));
            if let Some(parent) = self.members.parent(member) {
                self.tell(now, Change::Unfollowed { follower: parent, followed: member });
                self.news(parent, member, "left", "no longer here", "It was removed from the records.", now);
            }
        }
    }

    fn tell_move(&mut self, step: Moved, from: MemberId, now: Timestamp) {
        let body = format!("It moved to {}.", self.members.describe(step.to));
        self.news(from, step.member, "moved-away", "moved away", &body, now);
        let body = format!("It came from {}.", self.members.describe(from));
        self.news(step.to, step.member, "moved-here", "moved here", &body, now);
    }

    /// Posts news of a member in a stream; equal news within the window are likes.
    fn news(
        &mut self,
        stream: MemberId,
        member: MemberId,
        what: &str,
        title: &str,
        body: &str,
        now: Timestamp,
    ) {
        let Some(known) = self.members.get(member) else { return };
        let condition = Condition { what: what.into(), class: known.kind };
        let title = capital(&format!("{} {title}", known.what()));
        let matched = self
            .posts
            .newest_news(stream, &condition)
            .filter(|post| now.since(post.updated_at) <= self.settings.match_window)
            .map(|post| post.id);
        let id = match matched {
            Some(id) => id,
            None => {
                let draft = Draft {
                    author: member,
                    speaker: Speaker::Sensor,
                    theme: Theme::News(condition),
                    title: title.into(),
                    body: body.into(),
                    severity: Severity::Info,
                    hashtags: vec!["membership".into()],
                    category: "membership".into(),
                    links: Vec::new(),
                    attachments: Vec::new(),
                };
                let Some(id) = self.publish(stream, draft, now) else { return };
                id
            }
        };
        if !self.posts.has_room_for_like() {
            return;
        }
        let Some(post) = self.posts.get_mut(id) else { return };
        post.updated_at = now;
        let like = Like { since: now, weight: 0, matters: 0, known: 0, by_choice: false };
        let is_new = post.likes.insert(member, like).is_none();
        self.posts.count_likes(usize::from(is_new), 0);
        if matched.is_some() && is_new {
            self.tell(now, Change::Liked { post: id, by: member });
        }
    }

    fn place_host(
        &mut self,
        host: &Host,
        snapshot: &Snapshot,
        joined: &mut Vec<MemberId>,
        moved: &mut Vec<Moved>,
    ) {
        let parent = self.node_above(host.parent.as_deref(), snapshot);
        self.place(MemberKind::Host, &host.id, None, parent, joined, moved);
    }

    fn place_guest(
        &mut self,
        guest: &Guest,
        snapshot: &Snapshot,
        joined: &mut Vec<MemberId>,
        moved: &mut Vec<Moved>,
    ) {
        let host = guest.host.and_then(|host| snapshot.host(host));
        let host = host.and_then(|host| self.members.find(MemberKind::Host, &host.id));
        let parent = host.unwrap_or_else(|| self.node_above(guest.parent.as_deref(), snapshot));
        self.place(MemberKind::Guest, &guest.id, None, parent, joined, moved);
    }

    /// Puts a member where the records have it.
    fn place(
        &mut self,
        kind: MemberKind,
        name: &str,
        word: Option<&str>,
        parent: MemberId,
        joined: &mut Vec<MemberId>,
        moved: &mut Vec<Moved>,
    ) {
        let known = self.members.find(kind, name);
        let was_present = known.and_then(|id| self.members.get(id)).is_some_and(super::Member::is_present);
        let Some(member) = self.members.ensure(kind, name, word, parent) else { return };
        let from = self.members.parent(member);
        if self.members.set_parent(member, parent) {
            moved.push(Moved { member, from: from.filter(|_| was_present), to: parent });
        }
        if !was_present {
            joined.push(member);
        }
    }

    fn node_above(&self, parent: Option<&str>, snapshot: &Snapshot) -> MemberId {
        let node = parent.and_then(|id| snapshot.node(id));
        let found = node.and_then(|node| self.members.find(MemberKind::of_node(&node.kind), &node.id));
        found.unwrap_or_else(|| self.members.top())
    }
}

/// Returns the nodes of the hierarchy, those further up first.
fn by_depth(snapshot: &Snapshot) -> Vec<&Node> {
    let depth = |node: &Node| {
        let up = |node: &&Node| node.parent.as_deref().and_then(|id| snapshot.node(id));
        core::iter::successors(Some(node), up).count()
    };
    let mut nodes: Vec<(usize, &Node)> = snapshot.nodes().iter().map(|node| (depth(node), node)).collect();
    nodes.sort_by_key(|&(depth, _)| depth);
    nodes.into_iter().map(|(_, node)| node).collect()
}

/// Returns a text with a capital at its beginning.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
