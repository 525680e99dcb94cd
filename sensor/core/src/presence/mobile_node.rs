//! One mobile node and what it told whom. Read RFC 6275 sections 9.5.1, 10.3 and 11.5.5 before editing.

use core::time::Duration;
use std::net::Ipv6Addr;

use super::event::Evidence;
use super::stay::Stay;
use crate::sighting::{BindingAcknowledgement, BindingUpdate};
use crate::types::{Location, Timestamp};

/// Bindings of one mobile node: one for each home agent or correspondent and binding identifier.
const BINDINGS_MAX: usize = 8;

/// The status by which a home agent says that a sequence number is too old; it then states the last good one.
const SEQUENCE_OUT_OF_WINDOW: u8 = 135;

/// One mobile node.
#[derive(Clone, Debug, Default)]
pub struct MobileNode {
    /// Its bindings, in the order of their registration; empty while it is at home.
    pub bindings: Vec<Binding>,
    /// Where it is believed to be; `None` while it is at home.
    pub location: Option<Location>,
    /// The first binding in the run.
    pub first_seen: Timestamp,
    /// The last message about it.
    pub last_seen: Timestamp,
    /// What was told of where it is, while it is away.
    pub(super) stay: Option<Stay>,
    /// Updates that wait for their acknowledgement, where one is required.
    pub(super) waiting: Vec<BindingUpdate>,
    /// The last sequence numbers of bindings that were taken back, so that a late copy of an update does not
    /// bring one to life again.
    pub(super) ended: Vec<(Ipv6Addr, Option<u16>, u16)>,
    /// Whether it was ever away.
    pub(super) was_away: bool,
    pub(super) deadline: Option<Timestamp>,
    pub(super) at_home_since: Option<Timestamp>,
}

/// What a mobile node told one home agent or correspondent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The home agent or correspondent.
    pub peer: Ipv6Addr,
    /// The binding identifier, where the node registers several care-of addresses.
    pub binding_id: Option<u16>,
    /// Whether the peer is a home agent.
    pub home_registration: bool,
    /// Whether a gateway speaks for the node.
    pub proxy: bool,
    /// Where the node is.
    pub care_of: Ipv6Addr,
    /// The last sequence number accepted.
    pub sequence: u16,
    /// The lifetime granted, or asked for while that is not known.
    pub lifetime: Duration,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// Whether the peer has accepted it.
    pub acknowledged: bool,
    /// The message that made or last changed it.
    pub evidence: Evidence,
    /// What it was before an update that may yet be refused.
    pub(super) former: Option<Box<Self>>,
}

impl MobileNode {
    pub(super) fn position(&self, peer: Ipv6Addr, binding_id: Option<u16>) -> Option<usize> {
        self.bindings.iter().position(|binding| binding.peer == peer && binding.binding_id == binding_id)
    }

    /// The binding that says where the node is.
    pub(super) fn best(&self) -> Option<&Binding> {
        self.bindings
            .iter()
            .max_by_key(|binding| (binding.home_registration, binding.evidence.at, binding.evidence.frame))
    }

    /// Makes or renews a binding; returns how many had to go for it.
    pub(super) fn bind(
        &mut self,
        update: &BindingUpdate,
        evidence: Evidence,
        lifetime: Duration,
        acknowledged: bool,
    ) -> u64 {
        self.ended.retain(|(peer, id, _)| (*peer, *id) != (update.peer, update.binding_id));
        let known = self.position(update.peer, update.binding_id).map(|index| self.bindings.remove(index));
        // What a refusal brings back is what the peer last accepted, however often it was asked since.
        let former = known.and_then(|known| {
            if known.acknowledged { Some(Box::new(Binding { former: None, ..known })) } else { known.former }
        });
        let former = former.filter(|_| !acknowledged);
        let excess = self.bindings.len() >= BINDINGS_MAX;
        if excess {
            // A correspondent's goes first; a home agent's says where the node is.
            let spare = self.bindings.iter().position(|binding| !binding.home_registration).unwrap_or(0);
            self.bindings.remove(spare);
        }
        self.bindings.push(Binding {
            peer: update.peer,
            binding_id: update.binding_id,
            home_registration: update.home_registration,
            proxy: update.proxy,
            care_of: update.care_of,
            sequence: update.sequence,
            lifetime,
            expires_at: evidence.at.after(lifetime),
            acknowledged,
            evidence,
            former,
        });
        u64::from(excess)
    }

    /// Ends what an update takes back: one binding, or, told to the home agent, all of them: the node is at
    /// home again and needs none.
    ///
    /// # Reference
    /// RFC 6275 section 11.5.5.
    pub(super) fn end(&mut self, update: &BindingUpdate) {
        let ends = |binding: &Binding| {
            let same = (binding.peer, binding.binding_id) == (update.peer, update.binding_id);
            same || (update.home_registration && !update.proxy)
        };
        let others = self.bindings.iter().filter(|binding| ends(binding));
        let ended = others.map(|binding| (binding.peer, binding.binding_id, binding.sequence));
        let own = (update.peer, update.binding_id, update.sequence);
        let mut ended: Vec<_> = ended.filter(|(peer, id, _)| (*peer, *id) != (own.0, own.1)).collect();
        ended.push(own);
        self.bindings.retain(|binding| !ends(binding));
        self.ended.retain(|(peer, id, _)| {
            !ended.iter().any(|(other, other_id, _)| (peer, id) == (other, other_id))
        });
        self.ended.append(&mut ended);
        let excess = self.ended.len().saturating_sub(BINDINGS_MAX);
        self.ended.drain(..excess);
    }

    pub(super) fn wait_for(&mut self, update: BindingUpdate) {
        self.waiting.retain(|other| other.peer != update.peer || other.binding_id != update.binding_id);
        if self.waiting.len() >= BINDINGS_MAX {
            self.waiting.remove(0);
        }
        self.waiting.push(update);
    }

    /// Takes the waiting update that an acknowledgement answers.
    pub(super) fn answered(&mut self, answer: &BindingAcknowledgement) -> Option<BindingUpdate> {
        let index = self.waiting.iter().position(|update| {
            update.peer == answer.peer
                && update.binding_id == answer.binding_id
                && (update.sequence == answer.sequence || update.proxy)
        })?;
        Some(self.waiting.remove(index))
    }

    /// Takes back the update that a peer refuses; an earlier binding stands until it runs out.
    pub(super) fn refuse(&mut self, answer: &BindingAcknowledgement) {
        let answers = |sequence| sequence == answer.sequence || answer.status == SEQUENCE_OUT_OF_WINDOW;
        self.waiting.retain(|update| update.peer != answer.peer || !answers(update.sequence));
        let Some(index) = self.position(answer.peer, answer.binding_id) else {
            return;
        };
        let Some(binding) = self.bindings.get_mut(index) else {
            return;
        };
        if binding.acknowledged || !(answers(binding.sequence) || binding.proxy) {
            return;
        }
        match binding.former.take() {
            Some(former) => *binding = *former,
            None => {
                self.bindings.remove(index);
            }
        }
    }
}

/// Tells whether a sequence number is newer than the last one, modulo 2^16.
///
/// # Reference
/// RFC 6275 section 9.5.1.
pub(super) const fn is_newer(sequence: u16, last: u16) -> bool {
    let ahead = sequence.wrapping_sub(last);
    ahead != 0 && ahead < 0x8000
}
