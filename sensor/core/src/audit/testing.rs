//! A small place for tests of the audit: two hosts at two mirrored ports of one switch, and a table that is a plain map.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::discrepancy::{AuditEvent, Discrepancy, Subject};
use super::machine::Audit;
use super::operator::{OperatorAction, OperatorWord};
use super::settings::AuditSettings;
use crate::presence::{Change, ChangeKind, Ledger, PresenceSettings, TableKey, Traffic};
use crate::recorded::rows::{AttachmentRow, GuestRow, HostRow, ScheduledWorkRow, SwitchRow, Text};
use crate::recorded::{Position, Snapshot, SnapshotBuilder, SourceId, SourceSettings};
use crate::types::{
    CapturePoint, CapturePointId, Coverage, Direction, ForwardingRow, Limits, MacAddr, PollRound,
    PolledSwitch, Port, Timestamp,
};

/// A guest of an inventory: id, last octet of its address, host, state.
pub(super) type Row = (&'static str, u8, &'static str, &'static str);

pub(super) const TTL: Duration = Duration::from_secs(20);

pub(super) fn text(value: &str) -> Text {
    Text::new(value, Position::default())
}

pub(super) fn mac(last: u8) -> MacAddr {
    MacAddr::new([0x52, 0x54, 0, 0, 0, last])
}

pub(super) fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs_nanos(1_000_000 + secs, 0)
}

/// Settings with short times, so that much happens soon.
pub(super) fn settings() -> AuditSettings {
    AuditSettings {
        record_lag: Duration::from_secs(5),
        silence_grace: Duration::from_secs(5),
        zombie_grace: Duration::from_secs(7),
        start_up_grace: TTL,
        blind_after: Duration::from_secs(15),
        confirm_after: Duration::from_secs(3),
        update_interval: Duration::from_secs(10),
        reopen_grace: Duration::from_secs(30),
        flap_limit: 3,
        ..AuditSettings::default()
    }
}

/// Makes an inventory of which each source says something.
pub(super) fn inventory_of(sources: &[(SourceSettings, Vec<Row>)], work: &[ScheduledWorkRow]) -> Snapshot {
    let mut builder = SnapshotBuilder::new();
    builder.switch(SwitchRow {
        id: Some(text("tor")),
        ports: vec![text("1"), text("2"), text("9")],
        uplinks: vec![text("9")],
        ..SwitchRow::default()
    });
    for (id, port) in [("h1", "1"), ("h2", "2")] {
        let attachment =
            AttachmentRow { switch: Some(text("tor")), port: Some(text(port)), ..AttachmentRow::default() };
        builder.host(HostRow { id: Some(text(id)), attachments: vec![attachment], ..HostRow::default() });
    }
    for work in work {
        builder.scheduled_work(work.clone());
    }
    for (settings, guests) in sources {
        let name = settings.name.clone();
        let SourceId(source) = builder.source_with(&name, settings.clone());
        for (line, (id, last, host, state)) in (1..).zip(guests) {
            let at = Position { source: SourceId(source), line, column: 1 };
            builder.guest(GuestRow {
                at,
                id: Some(text(id)),
                macs: vec![text(&mac(*last).to_string())],
                host: Some(Text::new(*host, at)),
                state: Some(text(state)),
                ..GuestRow::default()
            });
        }
    }
    builder.finish().snapshot
}

pub(super) fn named(name: &str) -> SourceSettings {
    SourceSettings { name: name.into(), ..SourceSettings::default() }
}

pub(super) fn inventory(guests: &[Row]) -> Snapshot {
    inventory_of(&[(named("all"), guests.to_vec())], &[])
}

/// Ledger and audit as a spine would drive them, second by second.
pub(super) struct Place {
    pub(super) ledger: Ledger,
    pub(super) audit: Audit,
    rows: BTreeMap<TableKey, Timestamp>,
    frames: u64,
    pub(super) now: i64,
    pub(super) events: Vec<AuditEvent>,
}

impl Place {
    pub(super) fn new(settings: AuditSettings, snapshot: Snapshot) -> Self {
        let presence = PresenceSettings { ttl: TTL, ..PresenceSettings::default() };
        let mut place = Self {
            ledger: Ledger::new(presence, Limits::default(), 0),
            audit: Audit::new(settings, Limits::default()),
            rows: BTreeMap::new(),
            frames: 0,
            now: 0,
            events: Vec::new(),
        };
        place.audit.record(Arc::new(snapshot), Timestamp::MIN, &place.ledger);
        for port in ["1", "2"] {
            place.ledger.add_point(Default::default(), true);
            place.audit.add_point(CapturePoint {
                direction: Direction::Ingress,
                ports: vec![Port { switch: "tor".into(), port: port.into() }],
                coverage: Coverage::Mirrored,
                ..CapturePoint::unknown(format!("tor:{port}"))
            });
        }
        place
    }

    /// Lets a capture point learn; before anything happens.
    pub(super) fn learn(settings: AuditSettings, snapshot: Snapshot, learn_for: Duration) -> Self {
        let mut place = Self::new(settings.clone(), snapshot);
        let taught = Audit::new(settings, Limits::default());
        let snapshot = Arc::clone(place.audit.snapshot());
        place.audit = taught;
        place.audit.record(snapshot, Timestamp::MIN, &place.ledger);
        for port in ["1", "2"] {
            place.audit.add_point(CapturePoint {
                direction: Direction::Ingress,
                ports: vec![Port { switch: "tor".into(), port: port.into() }],
                coverage: Coverage::Mirrored,
                learn_for: Some(learn_for),
                ..CapturePoint::unknown(format!("tor:{port}"))
            });
        }
        place
    }

    /// A station talks at a capture point.
    pub(super) fn talk(&mut self, last: u8, point: u16) {
        let now = at(self.now);
        self.audit.see(CapturePointId(point), now, &self.ledger);
        let key = TableKey { mac: mac(last), capture_point: CapturePointId(point), ..TableKey::default() };
        let kind = match self.rows.insert(key, now) {
            None => ChangeKind::Appeared,
            Some(_) if self.ledger.may_be_at_two_places(crate::types::StationId::Mac(mac(last))) => {
                ChangeKind::Sighted
            }
            Some(_) => ChangeKind::StillHere(Traffic { frames: 1, octets: 60 }),
        };
        self.frames += 1;
        self.ledger.handle(&Change { sequence: self.frames, level: 0, at: now, key, kind });
        self.pass_on();
    }

    /// Both capture points give a frame that says nothing of guests.
    pub(super) fn look(&mut self) {
        for point in 0..2 {
            self.audit.see(CapturePointId(point), at(self.now), &self.ledger);
        }
    }

    pub(super) fn record(&mut self, snapshot: Snapshot) {
        self.audit.record(Arc::new(snapshot), at(self.now), &self.ledger);
        self.pass_on();
    }

    /// The switch is polled: addresses with their ports; none if it fails.
    pub(super) fn poll(&mut self, rows: Option<&[(u8, &str)]>) {
        let row =
            |&(last, port): &(u8, &str)| ForwardingRow { mac: mac(last), vlan: None, port: port.into() };
        let table = rows.map(|rows| rows.iter().map(row).collect()).ok_or_else(|| "timeout".into());
        let round = PollRound { switches: vec![PolledSwitch { switch: "tor".into(), table }] };
        let tables = self.audit.rows_of_interest(&round);
        self.ledger.poll_tables(&tables, at(self.now));
        self.pass_on();
        let lost = self.ledger.take_lost();
        self.audit.polled(at(self.now), &lost, &self.ledger);
        self.pass_on();
    }

    pub(super) fn operate(&mut self, word: OperatorWord, target: &str, until: Option<Timestamp>) {
        let action = OperatorAction { who: "ada".into(), word, target: target.into(), until };
        self.audit.operate(&action, at(self.now), &self.ledger);
        self.pass_on();
    }

    /// A second passes.
    pub(super) fn tick(&mut self) {
        self.now += 1;
        let now = at(self.now);
        let mut expired: Vec<(Timestamp, TableKey, Timestamp)> = Vec::new();
        for (key, last_seen) in &self.rows {
            if last_seen.after(TTL) <= now {
                expired.push((last_seen.after(TTL), *key, *last_seen));
            }
        }
        expired.sort_unstable();
        for (deadline, key, last_seen) in expired {
            self.rows.remove(&key);
            let kind = ChangeKind::Expired { last_seen, traffic: Traffic::default() };
            self.ledger.handle(&Change { sequence: 0, level: 0, at: deadline, key, kind });
            self.pass_on();
        }
        self.ledger.tick(now);
        self.pass_on();
        let lost = self.ledger.take_lost();
        if !lost.is_empty() {
            self.audit.polled(now, &lost, &self.ledger);
        }
        self.audit.tick(now, &self.ledger);
        self.pass_on();
    }

    /// Lets seconds pass, in each of which something happens first.
    pub(super) fn pass(&mut self, secs: i64, mut each: impl FnMut(&mut Self)) {
        for _ in 0..secs {
            each(self);
            self.tick();
        }
    }

    pub(super) fn open(&self) -> Vec<String> {
        let open = self.audit.discrepancies().filter(|known| known.is_open());
        open.map(|known| known.key.to_string()).collect()
    }

    pub(super) fn known(&self, key: &str) -> &Discrepancy {
        let mut all = self.audit.discrepancies();
        all.find(|known| known.key.to_string() == key).unwrap_or_else(|| panic!("{key} of {:?}", self.open()))
    }

    /// The changes of one discrepancy so far: the second, and the word.
    pub(super) fn life(&self, key: &str) -> Vec<(i64, &'static str)> {
        let of_it = self.events.iter().filter(|event| event.key.to_string() == key);
        of_it.map(|event| (event.at.as_secs() - 1_000_000, event.change.as_str())).collect()
    }

    pub(super) fn subjects(&self) -> Vec<Subject> {
        self.audit.discrepancies().map(|known| known.key.subject.clone()).collect()
    }

    fn pass_on(&mut self) {
        while let Some(event) = self.ledger.poll() {
            self.audit.presence(&event, &self.ledger);
        }
        self.events.extend(core::iter::from_fn(|| self.audit.poll()));
    }
}
