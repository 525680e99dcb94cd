//! What the audit finds, said in the streams: each discrepancy is a trouble of the member that it is about.
//!
//! A guest's stands in the stream of its recorded host, a stranger's in that of the host where it was seen last, that of an
//! address with the guest that should have it. What belongs to nobody is the sensor's own, among the administrators.

use std::collections::BTreeMap;

use crate::audit::{Audit, AuditEvent, Discrepancy, DiscrepancyChange, DiscrepancyId, Severity, Subject};
use crate::presence::Ledger;
use crate::streams::{self, MemberId, MemberKind, Report, Speaker, Streams};
use crate::types::Timestamp;

/// In whose name what is open was reported, where that does not follow from the subject alone.
///
/// # Bounds
/// One for each open discrepancy about no guest, which the audit bounds.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    members: BTreeMap<DiscrepancyId, MemberId>,
}

impl Spoken {
    /// Takes in a change in a discrepancy's life.
    pub(super) fn hear(&mut self, event: &AuditEvent, audit: &Audit, ledger: &Ledger, streams: &mut Streams) {
        let (id, now) = (event.key.id(), event.at);
        match event.change {
            DiscrepancyChange::Opened { .. } => {
                if let Some(known) = audit.discrepancy(&event.key) {
                    self.report(known, audit, ledger, streams, now);
                }
            }
            DiscrepancyChange::Resolved => {
                let Some(member) = self.member(&event.key.subject, id, streams) else { return };
                self.members.remove(&id);
                let why = audit.discrepancy(&event.key).and_then(|known| known.resolution.as_deref());
                let why = format!("Resolved: {}.", why.unwrap_or("it is over")).into();
                // Whoever left the records took all its matters along.
                streams.submit(now, streams::Input::End { member, matter: id.number(), why });
                streams.release(member, now);
            }
            DiscrepancyChange::Acknowledged => {
                let Some(member) = self.member(&event.key.subject, id, streams) else { return };
                streams.submit(now, streams::Input::Know { member, matter: id.number() });
            }
            _ => {}
        }
    }

    fn report(
        &mut self,
        known: &Discrepancy,
        audit: &Audit,
        ledger: &Ledger,
        streams: &mut Streams,
        now: Timestamp,
    ) {
        let (kind, id) = (known.key.kind, known.key.id());
        let (member, stream) = self.speaker(known, audit, ledger, streams);
        let mut report = Report {
            member,
            matter: id.number(),
            what: kind.as_str().into(),
            title: sentence(kind.as_str()),
            body: "".into(),
            severity: match kind.severity() {
                Severity::Critical => streams::Severity::Critical,
                Severity::Major => streams::Severity::Major,
                Severity::Minor => streams::Severity::Minor,
            },
            category: "discrepancy".into(),
            hashtags: vec![kind.as_str().into()],
            links: vec![format!("discrepancy:{id}").into()],
            speaker: Speaker::Sensor,
            stream,
        };
        if streams.reads_body(&report, now) {
            report.body = audit.statement(known, ledger).explanation.into();
        }
        // What is refused is counted.
        streams.submit(now, streams::Input::Report(Box::new(report)));
    }

    /// Returns in whose name a discrepancy is reported, and in whose stream, if not where that member's posts go.
    fn speaker(
        &mut self,
        known: &Discrepancy,
        audit: &Audit,
        ledger: &Ledger,
        streams: &mut Streams,
    ) -> (MemberId, Option<MemberId>) {
        let snapshot = audit.snapshot();
        let guest = match &known.key.subject {
            Subject::Guest(id) => Some(&**id),
            Subject::Address(addr, _) => {
                let owner = snapshot.guests_by_address(*addr).first();
                owner.and_then(|&at| snapshot.guest(at)).map(|guest| &*guest.id)
            }
            _ => None,
        };
        let member = guest.and_then(|id| streams.members().find(MemberKind::Guest, id));
        if let Some(member) = member {
            if !matches!(known.key.subject, Subject::Guest(_)) {
                self.members.insert(known.key.id(), member);
            }
            return (member, None);
        }
        let stream = host_of(known, audit, ledger, streams);
        let station = match &known.key.subject {
            Subject::Station(station) => streams.station(&station.to_string(), stream),
            _ => None,
        };
        let member = station.unwrap_or_else(|| streams.sensor());
        self.members.insert(known.key.id(), member);
        (member, stream)
    }

    fn member(&self, subject: &Subject, id: DiscrepancyId, streams: &Streams) -> Option<MemberId> {
        let by_name = || match subject {
            Subject::Guest(name) => streams.members().find(MemberKind::Guest, name),
            _ => None,
        };
        self.members.get(&id).copied().or_else(by_name)
    }
}

/// Returns the one host where what a discrepancy is about was seen last.
fn host_of(known: &Discrepancy, audit: &Audit, ledger: &Ledger, streams: &Streams) -> Option<MemberId> {
    let mut hosts = audit.hosts_at(known.evidence.last()?.location, ledger);
    hosts.dedup();
    let [host] = hosts[..] else { return None };
    streams.members().find(MemberKind::Host, &audit.snapshot().host(host)?.id)
}

/// Makes `Silent guest` of `silent-guest`.
fn sentence(word: &str) -> Box<str> {
    let mut chars = word.chars().map(|c| if c == '-' { ' ' } else { c });
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_becomes_a_title() {
        assert_eq!(&*sentence("silent-guest"), "Silent guest");
        assert_eq!(&*sentence(""), "");
    }
}
