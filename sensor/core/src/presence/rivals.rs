use super::addresses::{Claim, ClaimOutcome, Claimant, Rivalry, Taken, Turn};
use super::event::Strength;
use super::settings::PresenceSettings;
use super::slab::NONE;
use crate::types::{MacAddr, Timestamp};

/// Stations remembered as claimants of one address.
const CLAIMANTS_MAX: usize = 8;

/// Changes between claimants remembered of one address.
const CHANGES_MAX: usize = 16;

/// The stations that claim one and the same address.
///
/// # Bounds
/// [`CLAIMANTS_MAX`] claimants; a new one takes the place of the weakest that claimed longest ago.
/// [`CHANGES_MAX`] changes of the holder, the oldest forgotten first.
#[derive(Debug, Default)]
pub(super) struct Rivals {
    held: Vec<Held>,
    holder: Option<MacAddr>,
    /// When a holder was displaced, and which, newest last.
    changes: Vec<(Timestamp, MacAddr)>,
    in_conflict: bool,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    claimant: Claimant,
    /// Whether it claimed the address weakly, whatever else it did.
    is_weak: bool,
    /// The address that it claimed before.
    next: u32,
}

impl Rivals {
    /// Begins with the claimant that was alone.
    pub(super) fn new(only: Claimant, is_weak: bool, next: u32, is_holder: bool) -> Self {
        Self {
            held: vec![Held { claimant: only, is_weak, next }],
            holder: is_holder.then_some(only.mac),
            ..Self::default()
        }
    }

    pub(super) fn claimants(&self) -> impl Iterator<Item = &Claimant> {
        self.held.iter().map(|held| &held.claimant)
    }

    pub(super) const fn in_conflict(&self) -> bool {
        self.in_conflict
    }

    /// Returns when one of them claimed last.
    pub(super) fn last_at(&self) -> Timestamp {
        self.claimants().map(|claimant| claimant.last_at).max().unwrap_or(Timestamp::MIN)
    }

    /// Tells whether nobody and nothing is left to remember.
    pub(super) const fn is_empty(&self) -> bool {
        self.held.is_empty() && !self.in_conflict
    }

    /// Takes in a claim; a new claimant is told by any number.
    pub(super) fn claim(&mut self, claim: &Claim, settings: &PresenceSettings) -> Taken {
        let (mac, at) = (claim.mac, claim.evidence.at);
        let idle_since = self.held(mac).map(|held| held.claimant.last_at);
        let outcome = self.note(claim);
        if claim.rivalry == Rivalry::Exempt || claim.strength == Strength::Weak {
            return Taken { outcome, turn: None };
        }
        let Some(former) = self.change_holder(mac, at) else {
            let turn = idle_since.and_then(|since| Turn::after_absence(since, at, settings));
            return Taken { outcome, turn };
        };
        let remembered = at.before(settings.conflict_window.max(settings.flip_flop_window));
        self.changes.retain(|&(at, _)| at >= remembered);
        let displaced_since =
            |horizon| self.changes.iter().any(|&(at, displaced)| at >= horizon && displaced == mac);
        let is_back = displaced_since(at.before(settings.flip_flop_window));
        let turn = if is_back { Turn::Back { former } } else { Turn::Over { former } };
        // Two in conflict take turns: that was told.
        let turn = (!self.in_conflict).then_some(turn);
        // Taking an address over is one thing, taking it back another.
        let returns = displaced_since(at.before(settings.conflict_window));
        if !returns && !self.in_conflict {
            return Taken { outcome, turn };
        }
        let rivals = self.claimants().filter(|other| other.mac != mac && other.strength == Strength::Strong);
        match rivals.max_by_key(|other| (other.last_at, other.mac)).copied() {
            Some(rival) => {
                self.in_conflict = true;
                Taken { outcome: ClaimOutcome::Conflict { rival }, turn }
            }
            None => Taken { outcome, turn },
        }
    }

    /// Ends the conflict if no holder was displaced since `horizon`; returns who holds the address then.
    pub(super) fn end_conflict(&mut self, horizon: Timestamp) -> Option<MacAddr> {
        if self.changes.last().is_some_and(|&(at, _)| at > horizon) {
            return None;
        }
        self.in_conflict = false;
        self.holder
    }

    pub(super) fn is_weak(&self, mac: MacAddr) -> bool {
        self.held(mac).is_some_and(|held| held.is_weak)
    }

    pub(super) fn next(&self, mac: MacAddr) -> Option<u32> {
        self.held(mac).map(|held| held.next)
    }

    pub(super) fn link(&mut self, mac: MacAddr, next: u32) {
        if let Some(held) = self.held_mut(mac) {
            held.next = next;
        }
    }

    /// Forgets what a station claimed weakly only; tells whether its claim is gone.
    pub(super) fn drop_weak(&mut self, mac: MacAddr) -> bool {
        self.forget_weak(mac);
        self.held.retain(|held| held.claimant.mac != mac || held.claimant.strength == Strength::Strong);
        self.held(mac).is_none()
    }

    pub(super) fn forget_weak(&mut self, mac: MacAddr) {
        if let Some(held) = self.held_mut(mac) {
            held.is_weak = false;
        }
    }

    fn held(&self, mac: MacAddr) -> Option<&Held> {
        self.held.iter().find(|held| held.claimant.mac == mac)
    }

    fn held_mut(&mut self, mac: MacAddr) -> Option<&mut Held> {
        self.held.iter_mut().find(|held| held.claimant.mac == mac)
    }

    fn note(&mut self, claim: &Claim) -> ClaimOutcome {
        let Claim { mac, strength, evidence, .. } = *claim;
        let (at, is_weak) = (evidence.at, strength == Strength::Weak);
        if let Some(held) = self.held_mut(mac) {
            let known = &mut held.claimant;
            let was = known.strength;
            known.strength = was.max(strength);
            held.is_weak |= is_weak;
            if known.last_at.as_secs() != at.as_secs() {
                known.count += 1;
                if at > known.last_at {
                    (known.last_at, known.evidence) = (at, evidence);
                }
            }
            return if was < strength { ClaimOutcome::New(NONE) } else { ClaimOutcome::Known };
        }
        if self.held.len() >= CLAIMANTS_MAX {
            let age = |held: &Held| (held.claimant.strength, held.claimant.last_at);
            let oldest = self.held.iter().enumerate().min_by_key(|(_, held)| age(held));
            if let Some((index, _)) = oldest {
                self.held.swap_remove(index);
            }
        }
        let claimant = Claimant { mac, strength, first_at: at, last_at: at, count: 1, evidence };
        self.held.push(Held { claimant, is_weak, next: NONE });
        ClaimOutcome::New(NONE)
    }

    /// Makes a station the holder; returns whom that took it from, if anybody.
    fn change_holder(&mut self, mac: MacAddr, at: Timestamp) -> Option<MacAddr> {
        let former = self.holder.replace(mac).filter(|former| *former != mac)?;
        if self.changes.len() >= CHANGES_MAX {
            self.changes.remove(0);
        }
        self.changes.push((at, former));
        Some(former)
    }
}
