//! What the ledger makes of claims of addresses.

use std::net::IpAddr;

use arrayvec::ArrayVec;

use super::addresses::{Claim, ClaimOutcome, Rivalry, Taken, Turn};
use super::event::{Evidence, PresenceKind, Strength};
use super::ledger::{Here, Ledger};
use super::slab::NONE;
use super::stations::{ROUTER, StationRow};
use crate::sighting::AddressClaim;
use crate::types::{MacAddr, StationId};

/// Addresses of one station that can be found from it, the ones claimed last.
const LINKED_MAX: u8 = 32;

impl Ledger {
    pub(super) fn claim_weakly(&mut self, here: &Here, addr: IpAddr, evidence: Evidence) {
        let Some(row) = here.row.and_then(|id| self.stations.row(id)) else { return };
        if row.has(ROUTER) || self.addresses.is_claimed_weakly(here.segment, addr, here.mac, &self.locations)
        {
            return;
        }
        if row.weak >= self.limits.router_at {
            self.find_router(here);
            return;
        }
        if let Some(row) = here.row.and_then(|id| self.stations.row_mut(id)) {
            row.weak += 1;
        }
        self.enter_claim(here, here.mac, addr, Strength::Weak, Rivalry::Exempt, evidence);
    }

    /// Takes in that a station forwards for others: what it claimed weakly is not its own.
    pub(super) fn find_router(&mut self, here: &Here) {
        let Some(row) = here.row.and_then(|id| self.stations.row_mut(id)) else { return };
        row.set(ROUTER, true);
        let mac = row.mac;
        row.weak = 0;
        let row = *row;
        let mut kept = self.linked(&row);
        kept.retain(|(claim, _)| !self.addresses.drop_weak(*claim, mac, &self.locations));
        let linked = u8::try_from(kept.len()).unwrap_or(LINKED_MAX);
        let mut head = NONE;
        for (claim, _) in kept.into_iter().rev() {
            self.addresses.link(claim, mac, head);
            head = claim;
        }
        if let Some(row) = here.row.and_then(|id| self.stations.row_mut(id)) {
            (row.claims, row.linked) = (head, linked);
        }
    }

    pub(super) fn claim(&mut self, here: &Here, claim: &AddressClaim, evidence: Evidence) {
        let is_exempt =
            self.exemptions.covers(claim.mac, claim.ip) || self.exemptions.covers(claim.frame_mac, claim.ip);
        let rivalry = if is_exempt { Rivalry::Exempt } else { Rivalry::Possible };
        self.claim_strongly(here, claim.mac, claim.ip, rivalry, evidence);
        let names_another = claim.frame_mac != claim.mac && claim.kind.is_arp();
        if names_another && !is_exempt && self.mismatches.is_news(claim.frame_mac, claim.mac, evidence.at) {
            let kind = PresenceKind::BodyMismatched { addr: claim.ip, body: claim.mac, evidence };
            self.emit(evidence.at, StationId::Mac(claim.frame_mac), here.segment, kind);
        }
    }

    pub(super) fn claim_strongly(
        &mut self,
        here: &Here,
        mac: MacAddr,
        addr: IpAddr,
        rivalry: Rivalry,
        evidence: Evidence,
    ) {
        let row = self.stations.find(mac, here.segment, &self.locations);
        let forwards = row.and_then(|id| self.stations.row(id)).is_some_and(|row| row.has(ROUTER));
        let rivalry = if forwards { Rivalry::Exempt } else { rivalry };
        let claimant = Here { mac, row, ..*here };
        self.enter_claim(&claimant, mac, addr, Strength::Strong, rivalry, evidence);
    }

    fn enter_claim(
        &mut self,
        here: &Here,
        mac: MacAddr,
        addr: IpAddr,
        strength: Strength,
        rivalry: Rivalry,
        evidence: Evidence,
    ) {
        let claim = Claim { addr, mac, strength, rivalry, place: here.place, evidence };
        let Taken { outcome, turn } = self.addresses.claim(&claim, &self.locations, &self.settings);
        let (mut is_new, mut conflict) = (false, None);
        match outcome {
            ClaimOutcome::Known => {}
            ClaimOutcome::New(address) => {
                self.link(here.row, mac, address);
                is_new = true;
            }
            ClaimOutcome::Conflict { rival } => conflict = Some(rival),
        }
        let claimed = is_new.then_some(PresenceKind::Claimed { addr, strength, evidence });
        let turn = turn.map(|turn| match turn {
            Turn::Over { former } => PresenceKind::AddressChanged { addr, former, evidence },
            Turn::Back { former } => PresenceKind::FlipFlopped { addr, former, evidence },
            Turn::Again { idle_since } => PresenceKind::AddressReused { addr, idle_since, evidence },
        });
        let is_foreign = is_new
            && strength == Strength::Strong
            && rivalry == Rivalry::Possible
            && self.is_bogon(here, addr);
        let bogon = is_foreign.then_some(PresenceKind::Bogon { addr, evidence });
        let conflict = conflict.map(|rival| {
            let evidence = [rival.evidence, evidence];
            PresenceKind::Conflicted { addr, rival: rival.mac, evidence }
        });
        for kind in [claimed, turn, bogon, conflict].into_iter().flatten() {
            self.emit(evidence.at, StationId::Mac(mac), here.segment, kind);
        }
    }

    /// Tells whether an address is in no subnet of where it is claimed. What is inside a tunnel has subnets of its own.
    fn is_bogon(&self, here: &Here, addr: IpAddr) -> bool {
        let point = here.location.capture_point();
        here.segment.overlay.is_none() && self.subnets.is_bogon(point, here.segment.vids, addr)
    }

    /// Returns the addresses in a station's list with their numbers, the latest first.
    pub(super) fn linked(&self, row: &StationRow) -> ArrayVec<(u32, IpAddr), { LINKED_MAX as usize }> {
        let mut next = row.claims;
        let claims = core::iter::from_fn(|| {
            let number = next;
            let (addr, before) = self.addresses.linked(number, row.mac)?;
            next = before;
            Some((number, addr))
        });
        // A number given out again may lead astray: no further than a list is long.
        claims.take(usize::from(LINKED_MAX)).collect()
    }

    /// Makes a claim the latest in its station's list, and cuts the list at its bound.
    pub(super) fn link(&mut self, id: Option<u32>, mac: MacAddr, address: u32) {
        let Some(row) = id.and_then(|id| self.stations.row_mut(id)) else { return };
        let head = core::mem::replace(&mut row.claims, address);
        // One that was there weakly leaves its old place.
        let (mut at, mut before, mut linked, mut first) = (head, NONE, 1, head);
        while let Some((_, next)) = self.addresses.linked(at, mac) {
            if at == address {
                if before == NONE {
                    first = next;
                } else {
                    self.addresses.link(before, mac, next);
                }
            } else {
                linked += 1;
                if linked >= LINKED_MAX {
                    self.addresses.link(at, mac, NONE);
                    break;
                }
                before = at;
            }
            at = next;
        }
        self.addresses.link(address, mac, first);
        if let Some(row) = id.and_then(|id| self.stations.row_mut(id)) {
            row.linked = linked;
        }
    }
}
