//! Signs of life: a guest that was silent for the heartbeat may be asked to be powered on by its host, and the
//! administrators are told if there is no life after it.
//!
//! That a guest is silent on the wire is for the audit to say, which knows when it could have been seen: this counts from
//! the discrepancy on. That an agent is silent counts from when it was last heard, and only while its guest is not on the
//! wire either.

use std::collections::BTreeMap;

use super::commands::{AnswerTo, Command};
use super::deadlines::Deadlines;
use super::member::{MemberId, MemberKind};
use super::network::Streams;
use super::post::{Severity, Speaker};
use super::reporting::Report;
use super::settings::PowerOn;
use crate::types::Timestamp;

/// The condition by which the audit says that a guest is silent.
const SILENT: &str = "silent-guest";
/// The number of the matter that there is no life; those of discrepancies have 48 bits.
const NO_LIFE: u64 = u64::MAX;

/// Who is silent, and what was done about it.
///
/// # Bounds
/// One for each silent member.
#[derive(Debug)]
pub(super) struct Heartbeats {
    deadlines: Deadlines<MemberId>,
    silent: BTreeMap<MemberId, Silence>,
}

#[derive(Clone, Copy, Debug)]
struct Silence {
    matter: u64,
    is_asked: bool,
}

impl Heartbeats {
    pub(super) const fn new() -> Self {
        Self { deadlines: Deadlines::new(), silent: BTreeMap::new() }
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.deadlines.next()
    }
}

impl Streams {
    /// Notes that a report says that its member is silent.
    pub(super) fn silence(&mut self, report: &Report, now: Timestamp) {
        if &*report.what != SILENT || self.settings.heartbeat.is_zero() {
            return;
        }
        let silence = Silence { matter: report.matter, is_asked: false };
        if self.heartbeats.silent.insert(report.member, silence).is_none() {
            self.heartbeats.deadlines.set(report.member, now.after(self.settings.heartbeat));
        }
    }

    /// Notes that a matter is over; a member whose silence it was has given a sign of life.
    pub(super) fn unsilence(&mut self, member: MemberId, matter: u64, now: Timestamp) {
        if self.heartbeats.silent.get(&member).is_some_and(|silence| silence.matter == matter) {
            self.heartbeats.silent.remove(&member);
            self.heartbeats.deadlines.remove(member);
            self.end(member, NO_LIFE, "it gave a sign of life", now);
        }
    }

    /// Takes in that an agent gave a sign of life.
    pub(super) fn hear(&mut self, member: MemberId, now: Timestamp) {
        self.members.hear(member);
        if let Some(silence) = self.heartbeats.silent.get_mut(&member) {
            // Its agent lives, whatever the wire shows.
            silence.is_asked = false;
            self.heartbeats.deadlines.set(member, now.after(self.settings.heartbeat));
        }
        self.end(member, NO_LIFE, "it gave a sign of life", now);
    }

    /// Acts on those that were silent for too long.
    pub(super) fn miss(&mut self, now: Timestamp) {
        while let Some(member) = self.heartbeats.deadlines.due(now) {
            let Some(silence) = self.heartbeats.silent.get_mut(&member) else { continue };
            let host = self.members.parent(member).filter(|&parent| {
                self.members.get(parent).is_some_and(|parent| parent.kind == MemberKind::Host)
            });
            if let (PowerOn::Ask, false, Some(host)) = (self.settings.power_on, silence.is_asked, host) {
                silence.is_asked = true;
                if self.ask(host, member, Command::PowerOn, AnswerTo::Nobody, now).is_some() {
                    self.heartbeats.deadlines.set(member, now.after(self.settings.power_on_grace));
                    continue;
                }
            }
            self.lament(member, now);
        }
    }

    /// Says among the administrators that there is no life in a member.
    fn lament(&mut self, member: MemberId, now: Timestamp) {
        let who = self.members.describe(member);
        let asked = match self.settings.power_on {
            PowerOn::Ask => ", nor after it was to be powered on",
            PowerOn::Never => "",
        };
        let report = Report {
            member,
            matter: NO_LIFE,
            what: "no-sign-of-life".into(),
            title: "No sign of life".into(),
            body: format!("No sign of life of {who} for the heartbeat{asked}.").into(),
            severity: Severity::Critical,
            category: "heartbeat".into(),
            hashtags: vec!["heartbeat".into()],
            links: Vec::new(),
            speaker: Speaker::Sensor,
            stream: Some(self.members.top()),
        };
        self.report(&report, now);
    }
}
