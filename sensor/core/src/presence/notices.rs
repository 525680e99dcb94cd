//! What the ledger makes of what servers, switches and agents say of stations.

use std::net::IpAddr;

use arrayvec::ArrayVec;

use super::addresses::Rivalry;
use super::attachments::Attachment;
use super::event::{Evidence, EvidenceKind, PresenceKind, StopReason};
use super::ledger::{Here, Ledger};
use super::locations::Known;
use super::sessions::Reported;
use super::stations::{PRESENT, STOPPED};
use crate::sighting::{LeaseKind, Notice, SessionStatus};
use crate::types::{Location, MacAddr, StationId, Timestamp};

impl Ledger {
    /// Takes in what a server, switch or agent says.
    pub(super) fn notice(&mut self, here: &Here, notice: &Notice, seen: Evidence) {
        let (at, frame, segment) = (seen.at, seen.frame, here.segment);
        let capture_point = seen.capture_point();
        let attached = |attachment| Location::Attached { capture_point, attachment };
        match notice {
            Notice::Session(record) => {
                let present = record.mac.is_some_and(|mac| self.is_present(StationId::Mac(mac)));
                let first = record.mac.is_some_and(|mac| !self.is_known(mac));
                let said = Reported { at, frame, location: seen.location, segment, present, first };
                // Only what is to be acted on takes a number of a port.
                let ports = &mut self.attachments;
                let port = || ports.number(Attachment::of_session(&record.nas, &record.port)).map(attached);
                let told = self.events.len();
                let is_believed = self.sessions.account(record, said, port, &mut self.events);
                self.expect_farewell(told);
                let lasts = matches!(record.status, SessionStatus::Start | SessionStatus::Interim);
                if let Some(mac) = record.mac.filter(|_| is_believed && lasts) {
                    for &addr in &record.addresses {
                        self.grant(here, mac, addr, seen);
                    }
                }
            }
            Notice::Lease(lease) => {
                // Giving an address back is no farewell: the client may stay.
                let port = lease.attachment.as_ref().filter(|_| lease.kind != LeaseKind::Released);
                let port = port.and_then(Attachment::of_relay);
                if let Some(location) = port.and_then(|port| self.attachments.number(port)).map(attached) {
                    let present = self.is_present(StationId::Mac(lease.mac));
                    let first = !self.is_known(lease.mac);
                    let said = Reported { at, frame, location, segment, present, first };
                    self.sessions.relay(lease.mac, said, self.settings.relay_ttl, &mut self.events);
                }
            }
            Notice::Registration(message) => {
                self.registrations.handle(message, at, frame, capture_point, &mut self.events);
            }
            // Says where the capture point is, not where a station is.
            Notice::Neighbor(_) => {}
        }
    }

    /// Notes which stations were told to have left since so many events: when one speaks again, that is a start.
    fn expect_farewell(&mut self, told: usize) {
        for event in self.events.range(told.min(self.events.len())..) {
            let (PresenceKind::Stopped { reason, .. }, StationId::Mac(mac)) = (&event.kind, event.station)
            else {
                continue;
            };
            if *reason == StopReason::Forgotten {
                continue;
            }
            let rows: ArrayVec<u32, 16> = self.stations.of_mac(mac, 16).collect();
            for id in rows {
                if let Some(row) = self.stations.row_mut(id).filter(|row| row.has(PRESENT)) {
                    row.set(STOPPED, true);
                }
            }
        }
    }

    /// Lets sessions run out: whose frames still come does not expire by that.
    pub(super) fn tick_sessions(&mut self, now: Timestamp) {
        let told = self.events.len();
        self.sessions.tick(now, &mut self.events);
        for at in told..self.events.len() {
            let Some(StationId::Mac(mac)) = self.events.get(at).map(|event| event.station) else { continue };
            let mut rows = self.stations.of_mac(mac, 16);
            let Some(stay) = rows.find_map(|id| self.stations.stay(id, &self.locations)) else { continue };
            if let Some(event) = self.events.get_mut(at)
                && matches!(event.kind, PresenceKind::Expired { .. })
            {
                event.segment = stay.segment;
                event.kind = PresenceKind::Seen { location: stay.location, evidence: stay.last };
            }
        }
    }

    /// Tells whether frames of a station were seen before.
    pub(super) fn is_known(&self, mac: MacAddr) -> bool {
        self.stations.of_mac(mac, 1).next().is_some()
    }

    /// Takes in that an access server gave a station an address. The record went from server to server: the address is on
    /// the station's own segment, if that is known; on the record's it conflicts with nobody.
    fn grant(&mut self, here: &Here, mac: MacAddr, addr: IpAddr, seen: Evidence) {
        let rows: ArrayVec<u32, 2> = self.stations.of_mac(mac, 2).collect();
        let known = match rows[..] {
            [id] => self.stations.row(id).and_then(|row| Some((row.place, *self.locations.get(row.place)?))),
            _ => None,
        };
        let evidence = Evidence { kind: EvidenceKind::Grant(addr), ..seen };
        match known {
            Some((place, Known { location, segment, locates, .. })) => {
                let there = Here { mac, place, location, segment, locates, row: rows.first().copied() };
                self.claim_strongly(&there, mac, addr, Rivalry::Possible, Evidence { location, ..evidence });
            }
            None => self.claim_strongly(here, mac, addr, Rivalry::Exempt, evidence),
        }
    }
}
