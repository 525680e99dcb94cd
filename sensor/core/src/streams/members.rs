use core::hash::BuildHasher as _;
use std::collections::{BTreeMap, BTreeSet};

use foldhash::quality::FixedState;
use hashbrown::HashTable;

use super::member::{Below, Member, MemberId, MemberKind};
use crate::types::Timestamp;

/// The name of the group at the top.
const TOP: &str = "administrators";

/// The tree of members and groups.
///
/// Every member but the administrators has a parent, and no member is above itself. Those who left the records stay
/// where they were, so that what they said stays readable, until there are too many.
///
/// # Bounds
/// Holds at most `members_max`, of whom those go first who departed longest ago; a further one is refused. About 180
/// octets each.
#[derive(Debug)]
pub struct Members {
    rows: BTreeMap<MemberId, Member>,
    hasher: FixedState,
    /// Ids by kind and name.
    index: HashTable<MemberId>,
    children: BTreeSet<(MemberId, MemberId)>,
    departed: BTreeSet<(Timestamp, MemberId)>,
    next: u32,
    max: u32,
    top: MemberId,
    pub(super) counters: MemberCounters,
}

/// What happened at the bound of members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberCounters {
    /// Departed members forgotten to keep the bound.
    pub forgotten: u64,
    /// How often there was no room for a member.
    pub refused: u64,
}

impl Members {
    /// Makes a tree of the administrators alone.
    pub(super) fn new(max: u32, seed: u64) -> Self {
        let mut members = Self {
            rows: BTreeMap::new(),
            hasher: FixedState::with_seed(seed),
            index: HashTable::new(),
            children: BTreeSet::new(),
            departed: BTreeSet::new(),
            next: 0,
            max: max.max(1),
            top: MemberId(0),
            counters: MemberCounters::default(),
        };
        members.insert(MemberKind::Administrators, TOP, None, None);
        members
    }

    /// Returns the administrators, at the top.
    pub const fn top(&self) -> MemberId {
        self.top
    }

    /// Returns a member.
    pub fn get(&self, id: MemberId) -> Option<&Member> {
        self.rows.get(&id)
    }

    /// Returns the member of a kind with a name.
    pub fn find(&self, kind: MemberKind, name: &str) -> Option<MemberId> {
        let found = self.index.find(self.hash(kind, name), |id| {
            self.rows.get(id).is_some_and(|row| row.kind == kind && &*row.name == name)
        });
        found.copied()
    }

    /// Returns every member, in the order of ids.
    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.rows.values()
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Tells whether there is nobody, which is never.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns whom a member follows along the tree, in the order of ids.
    pub fn children(&self, of: MemberId) -> impl Iterator<Item = MemberId> {
        self.children.range((of, MemberId(0))..=(of, MemberId(u32::MAX))).map(|&(_, child)| child)
    }

    /// Returns a member's parent.
    pub fn parent(&self, of: MemberId) -> Option<MemberId> {
        self.rows.get(&of)?.parent
    }

    /// Returns the members above one, the nearest first.
    pub fn above(&self, of: MemberId) -> impl Iterator<Item = MemberId> {
        core::iter::successors(self.parent(of), |&id| self.parent(id))
    }

    /// Tells whether a member is another, or is above it.
    pub fn covers(&self, scope: MemberId, of: MemberId) -> bool {
        scope == of || self.above(of).any(|id| id == scope)
    }

    /// Returns what anybody reads of a member: `host hv-01`.
    pub fn describe(&self, id: MemberId) -> String {
        self.get(id).map_or_else(|| format!("former member {id}"), ToString::to_string)
    }

    /// Returns its name alone.
    pub fn name(&self, id: MemberId) -> String {
        self.get(id).map_or_else(|| id.to_string(), |member| member.name.to_string())
    }

    /// Returns the member of a kind with a name, newly made where there is none; `None` where there is no room.
    /// One that had departed is back.
    pub(super) fn ensure(
        &mut self,
        kind: MemberKind,
        name: &str,
        word: Option<&str>,
        parent: MemberId,
    ) -> Option<MemberId> {
        if let Some(id) = self.find(kind, name) {
            self.come_back(id);
            if let Some(row) = self.rows.get_mut(&id)
                && row.word.as_deref() != word
            {
                row.word = word.map(Into::into);
            }
            return Some(id);
        }
        if !self.make_room() {
            self.counters.refused += 1;
            return None;
        }
        let id = self.insert(kind, name, word, Some(parent));
        self.count_above(Some(parent), Below::one(kind), Below::add);
        Some(id)
    }

    /// Puts a member below another, unless that would put it below itself; tells whether anything changed.
    pub(super) fn set_parent(&mut self, id: MemberId, parent: MemberId) -> bool {
        let Some(row) = self.rows.get(&id) else { return false };
        let (former, present) = (row.parent, row.is_present());
        if former == Some(parent) || id == self.top || self.covers(id, parent) {
            return false;
        }
        let mut moved = row.below();
        if present {
            moved.add(Below::one(row.kind));
        }
        self.count_above(former, moved, Below::subtract);
        self.count_above(Some(parent), moved, Below::add);
        if let Some(former) = former {
            self.children.remove(&(former, id));
        }
        self.children.insert((parent, id));
        if let Some(row) = self.rows.get_mut(&id) {
            row.parent = Some(parent);
        }
        true
    }

    /// Notes that a member left the records.
    pub(super) fn depart(&mut self, id: MemberId, now: Timestamp) {
        let Some(row) = self.rows.get_mut(&id).filter(|row| row.is_present()) else { return };
        if id == self.top {
            return;
        }
        row.departed_at = Some(now);
        let (kind, parent) = (row.kind, row.parent);
        self.departed.insert((now, id));
        self.count_above(parent, Below::one(kind), Below::subtract);
    }

    pub(super) fn hear(&mut self, id: MemberId) {
        if let Some(row) = self.rows.get_mut(&id) {
            row.heard = true;
        }
    }

    fn come_back(&mut self, id: MemberId) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        let Some(at) = row.departed_at.take() else { return };
        let (kind, parent) = (row.kind, row.parent);
        self.departed.remove(&(at, id));
        self.count_above(parent, Below::one(kind), Below::add);
    }

    fn insert(
        &mut self,
        kind: MemberKind,
        name: &str,
        word: Option<&str>,
        parent: Option<MemberId>,
    ) -> MemberId {
        let id = MemberId(self.next);
        self.next = self.next.saturating_add(1);
        let hash = self.hash(kind, name);
        let (name, word) = (name.into(), word.map(Into::into));
        let row = Member { id, kind, name, word, parent, departed_at: None, heard: false, below: None };
        self.rows.insert(id, row);
        let Self { rows, index, hasher, .. } = self;
        index.insert_unique(hash, id, |id| {
            rows.get(id).map_or(0, |row| hasher.hash_one((row.kind, &*row.name)))
        });
        if let Some(parent) = parent {
            self.children.insert((parent, id));
        }
        id
    }

    /// Forgets whoever departed longest ago and has nobody below, when the bound is reached; tells whether there is room.
    fn make_room(&mut self) -> bool {
        if self.rows.len() < self.max as usize {
            return true;
        }
        let mut departed = self.departed.iter();
        let Some(&(at, id)) = departed.find(|&&(_, id)| self.children(id).next().is_none()) else {
            return false;
        };
        self.departed.remove(&(at, id));
        if let Some(row) = self.rows.remove(&id) {
            if let Some(parent) = row.parent {
                self.children.remove(&(parent, id));
            }
            let hash = self.hash(row.kind, &row.name);
            if let Ok(entry) = self.index.find_entry(hash, |other| *other == id) {
                entry.remove();
            }
        }
        self.counters.forgotten += 1;
        true
    }

    fn count_above(&mut self, from: Option<MemberId>, what: Below, count: impl Fn(&mut Below, Below)) {
        if what.is_empty() {
            return;
        }
        let mut next = from;
        while let Some(row) = next.and_then(|id| self.rows.get_mut(&id)) {
            count(row.below.get_or_insert_default(), what);
            next = row.parent;
        }
    }

    fn hash(&self, kind: MemberKind, name: &str) -> u64 {
        self.hasher.hash_one((kind, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_put_below_itself() {
        let mut members = Members::new(100, 0);
        let top = members.top();
        let rack = members.ensure(MemberKind::Group, "rack-1", Some("rack"), top).unwrap();
        let host = members.ensure(MemberKind::Host, "hv-01", None, rack).unwrap();
        assert!(!members.set_parent(rack, host));
        assert!(!members.set_parent(rack, rack));
        assert!(!members.set_parent(top, rack));
        assert_eq!(members.above(host).collect::<Vec<_>>(), [rack, top]);
    }

    #[test]
    fn who_is_below_is_counted_through_moves_and_departures() {
        let mut members = Members::new(100, 0);
        let top = members.top();
        let racks: Vec<MemberId> =
            ["a", "b"].map(|name| members.ensure(MemberKind::Group, name, Some("rack"), top).unwrap()).into();
        let host = members.ensure(MemberKind::Host, "hv-01", None, racks[0]).unwrap();
        let guest = members.ensure(MemberKind::Guest, "web-01", None, host).unwrap();
        let below = |members: &Members, id: MemberId| {
            let below = members.get(id).unwrap().below();
            (below.of(MemberKind::Host), below.of(MemberKind::Guest))
        };
        assert_eq!((below(&members, racks[0]), below(&members, top)), ((1, 1), (1, 1)));
        assert!(members.set_parent(host, racks[1]));
        assert_eq!((below(&members, racks[0]), below(&members, racks[1])), ((0, 0), (1, 1)));
        members.depart(guest, Timestamp::EPOCH);
        assert_eq!((below(&members, racks[1]), below(&members, top)), ((1, 0), (1, 0)));
        assert_eq!(members.ensure(MemberKind::Guest, "web-01", None, host), Some(guest));
        assert_eq!(below(&members, top), (1, 1));
    }

    #[test]
    fn a_full_tree_forgets_the_departed_and_refuses_otherwise() {
        let mut members = Members::new(3, 0);
        let top = members.top();
        let host = members.ensure(MemberKind::Host, "hv-01", None, top).unwrap();
        let first = members.ensure(MemberKind::Station, "a", None, host).unwrap();
        assert_eq!(members.ensure(MemberKind::Station, "b", None, host), None);
        members.depart(first, Timestamp::EPOCH);
        let second = members.ensure(MemberKind::Station, "b", None, host).unwrap();
        assert_ne!(first, second, "no number is given twice");
        assert_eq!(members.find(MemberKind::Station, "a"), None);
        assert_eq!(members.counters, MemberCounters { forgotten: 1, refused: 1 });
    }
}
