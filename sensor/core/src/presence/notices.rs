//! What the ledger makes of what servers, switches and agents say of stations.

use std::net::IpAddr;

use arrayvec::ArrayVec;

use super::addresses::Rivalry;
use super::attachments::Attachment;
use super::event::{Evidence, EvidenceKind};
use super::ledger::{Here, Ledger};
use super::locations::Known;
use super::sessions::Reported;
use crate::sighting::{LeaseKind, Notice, SessionStatus};
use crate::types::{Location, MacAddr, StationId};

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
                let is_believed = self.sessions.account(record, said, port, &mut self.events);
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
