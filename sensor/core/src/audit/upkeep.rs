//! What the audit does about itself: whether it can see and know, and what operators say.

use super::discrepancy::{Kind, Subject};
use super::judge::Finding;
use super::learned::{Learned, Standing};
use super::machine::{Audit, evidence_in, is_recorded};
use super::operator::{OperatorAction, OperatorWord};
use super::sentences::Facts;
use crate::presence::{FloodChange, FloodEvent, Ledger, PresenceEvent};
use crate::types::{MacAddr, StationId, Timestamp};

impl Audit {
    /// Takes in that a flood of addresses began at a capture point, or is over.
    pub fn flood(&mut self, event: &FloodEvent, ledger: &Ledger) {
        let Some(name) = self.points.name(event.capture_point) else { return };
        let began = match event.change {
            FloodChange::Began { pressure } => Some((event.at, pressure)),
            FloodChange::Ended { .. } => None,
        };
        self.points.set_flood(event.capture_point, began);
        self.judge(&Subject::CapturePoint(name), event.at, ledger);
    }

    /// Takes in what an operator does; what fits nothing is counted.
    pub fn operate(&mut self, action: &OperatorAction, now: Timestamp, ledger: &Ledger) {
        let done = match action.word {
            OperatorWord::Accept | OperatorWord::Reject => self.decide(action, now, ledger),
            _ => self.book.operate(action, &self.settings, now),
        };
        if !done {
            self.book.counters.unmatched_operations += 1;
        }
    }

    /// Returns the stations that were learned, and what operators said of stations.
    pub const fn learned(&self) -> &Learned {
        &self.learned
    }

    /// Takes a station for known or not, or an inventory for right that was refused.
    fn decide(&mut self, action: &OperatorAction, now: Timestamp, ledger: &Ledger) -> bool {
        let named = self.book.key_of(&action.target);
        if action.word == OperatorWord::Accept
            && let Some(Subject::Source(source)) = named.as_ref().map(|key| &key.subject)
        {
            let Some(snapshot) = self.sources.take_refused(source) else { return false };
            let source = Subject::Source(source.clone());
            self.adopt(snapshot, now, ledger);
            self.judge(&source, now, ledger);
            return true;
        }
        let of_key = named.and_then(|key| match key.subject {
            Subject::Station(station) => Some(station),
            _ => None,
        });
        let of_text = || action.target.parse::<MacAddr>().ok().map(StationId::Mac);
        let Some(station) = of_key.or_else(of_text) else { return false };
        let standing =
            if action.word == OperatorWord::Accept { Standing::Accepted } else { Standing::Rejected };
        self.learned.decide(station, standing, now);
        self.judge(&Subject::Station(station), now, ledger);
        true
    }

    /// Learns a stranger while the capture point that meets it is learning.
    pub(super) fn meet_stranger(&mut self, event: &PresenceEvent) {
        let Some(evidence) = evidence_in(&event.kind) else { return };
        self.learned.see(event.station, evidence.at, self.settings.learned_expiry);
        let point = evidence.capture_point();
        if self.points.is_learning(point, event.at) && self.is_stranger(event.station) {
            self.learned.learn(event.station, event.at, point);
        }
    }

    /// Tells whether nobody recorded a station as anything.
    fn is_stranger(&self, station: StationId) -> bool {
        let is_known = match station {
            StationId::Mac(mac) => {
                let snapshot = &self.snapshot;
                snapshot.host_by_mac(mac).is_some()
                    || snapshot.known_station(mac).is_some()
                    || mac.is_virtual_router()
            }
            StationId::HomeAddress(_) => false,
        };
        !is_known && !is_recorded(&self.snapshot, station)
    }

    /// Looks after capture points and sources whose time has come.
    pub(super) fn look_after(&mut self, now: Timestamp, ledger: &Ledger) {
        for name in self.points.newly_blind(now, self.settings.blind_after) {
            self.judge(&Subject::CapturePoint(name), now, ledger);
        }
        for name in self.sources.tick(now) {
            self.judge(&Subject::Source(name.as_ref().into()), now, ledger);
        }
    }

    /// Returns when a capture point or source must be looked at.
    pub(super) fn next_upkeep(&self) -> Option<Timestamp> {
        let blind = self.points.next_blind(self.settings.blind_after);
        [blind, self.sources.next_deadline()].into_iter().flatten().min()
    }

    /// Judges a capture point.
    pub(super) fn judge_point(&self, name: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        if let Some((since, pressure)) = self.points.flood(name) {
            let facts = Facts::Flood { since, pressure };
            findings.push(Finding::plain(Kind::MacFlood, since, facts));
        }
        if let Some((since, cause)) = self.points.blind(name) {
            let facts = Facts::Blind { since, cause };
            let found = Finding::plain(Kind::BlindCapturePoint, since, facts);
            let due = if cause.is_some() { since } else { since.after(self.settings.blind_after) };
            findings.push(Finding { due, ..found });
        }
        findings.retain(|finding| self.settings.is_on(finding.kind));
        findings
    }

    /// Judges a source of records.
    pub(super) fn judge_source(&self, name: &str) -> Vec<Finding> {
        let stale = self.sources.staleness(name).filter(|_| self.settings.is_on(Kind::StaleSource));
        let stale = stale.map(|stale| Finding::plain(Kind::StaleSource, stale.since, Facts::Stale(stale)));
        stale.into_iter().collect()
    }

    /// Judges whether a difference still comes and goes; where it does no more, what is there now opens by itself.
    pub(super) fn judge_flapping(&mut self, subject: &Subject, now: Timestamp, ledger: &Ledger) {
        let Subject::Difference(key) = subject else { return };
        if self.book.end_if_quiet(key, now) {
            self.conclude(subject, Vec::new(), now);
            self.judge(&key.subject, now, ledger);
        } else {
            let findings = self.book.flapping(key).into_iter().collect();
            self.conclude(subject, findings, now);
        }
    }

    /// Holds back what rests on records that are stale: what is open stays, what is not waits.
    pub(super) fn hold_back(&self, subject: &Subject, findings: &mut [Finding]) {
        if self.sources.stale().next().is_none() {
            return;
        }
        let is_stale = match subject {
            Subject::Guest(id) => {
                let guest = self.snapshot.guest_by_id(id).and_then(|at| self.snapshot.guest(at));
                let host = guest.and_then(|guest| self.snapshot.host(guest.host?));
                let places =
                    guest.map(|guest| guest.position).into_iter().chain(host.map(|host| host.position));
                places.into_iter().any(|place| self.sources.is_stale(&self.snapshot, place))
            }
            // Whoever is new may be in the records that nobody hears of.
            Subject::Station(_) => true,
            _ => false,
        };
        for finding in findings.iter_mut().filter(|finding| is_stale && finding.kind.rests_on_records()) {
            finding.due = Timestamp::MAX;
        }
    }
}
