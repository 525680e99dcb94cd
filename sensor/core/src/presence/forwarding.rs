//! Read IEEE 802.1Q-2018 section 8.8 before editing.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use super::attachments::{Attachment, Attachments, NamedBy};
use super::event::{Evidence, EvidenceKind, PresenceEvent, PresenceKind};
use super::ledger::Ledger;
use super::stay::Stay;
use crate::types::{
    AttachmentId, CapturePointId, DomainId, Location, MacAddr, Segment, StationId, Timestamp, Vids,
};

/// While the interval of polling is not known, a table is believed for so long.
const UNREPEATED: Duration = Duration::from_secs(900);

/// How many intervals without any round make the tables outdated.
const INTERVALS_MAX: u32 = 3;

/// Rows of one station at several switches; of more the last ones by name are not looked at.
const ROWS_MAX: usize = 16;

/// Stations that are present because a switch that was polled has them in its forwarding table.
///
/// A row lives until the poll after next, or until no round has come for three times as long as there was between
/// the last two. Where several switches claim a station, its place is the port with the fewest addresses behind it, as a
/// port to another switch has many. A row on an uplink locates nobody, but shows that somebody has the station. A table
/// is taken whole or not at all; a switch that failed keeps the rows it had, no longer than any row lives.
///
/// # Bounds
/// `rows_max` rows; a further one is counted and not taken in. The places are numbers of [`Attachments`], with its bound.
#[derive(Debug)]
pub struct ForwardingTables {
    rows_max: usize,
    ageing: Duration,
    round: u64,
    held: BTreeMap<MacAddr, Held>,
    rows: usize,
    switches: BTreeMap<Box<str>, Polled>,
    /// When the rounds were.
    last_at: Option<Timestamp>,
    /// The stations that the last round, or its end, took from all tables without an event: they were on uplinks only.
    lost: Vec<MacAddr>,
    outdated_at: Option<Timestamp>,
    /// How often all tables were outdated.
    outdatings: u64,
    counters: ForwardingCounters,
}

/// What polling came to; every one is a sum over the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ForwardingCounters {
    /// Rounds.
    pub rounds: u64,
    /// Tables that could not be had.
    pub failed: u64,
    /// Rows of guests taken in, each time that they were read.
    pub rows: u64,
    /// Rows not taken in because of the bound.
    pub refused: u64,
}

/// What is known of one switch.
#[derive(Clone, Copy, Debug)]
struct Polled {
    /// Since when its table was had without a gap longer than the switch remembers an address.
    since: Timestamp,
    /// The last time it was had.
    until: Timestamp,
    /// Whether the last round had it.
    sees: bool,
}

/// Whether a switch's table would show a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableSight {
    /// It would, and would have since then.
    Since(Timestamp),
    /// It was polled before and could not be had lately.
    Blind,
    /// It is not polled.
    No,
}

#[derive(Debug, Default)]
struct Held {
    rows: Vec<Row>,
    /// The last round in which it was on an uplink.
    on_uplink: Option<u64>,
    stay: Option<Stay>,
}

#[derive(Clone, Debug)]
struct Row {
    switch: Box<str>,
    vlan: Option<u16>,
    attachment: AttachmentId,
    /// How many addresses its port has.
    crowd: u32,
    round: u64,
    first_at: Timestamp,
    last_at: Timestamp,
    /// The last time that the table was had without it, before it came.
    absent_at: Option<Timestamp>,
}

/// A row of a table that is of interest, by the recorded names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// The station.
    pub mac: MacAddr,
    /// The VLAN.
    pub vlan: Option<u16>,
    /// The port; on an uplink none.
    pub port: Option<Box<str>>,
    /// How many addresses the table has behind it.
    pub crowd: u32,
}

/// The table of one switch in a round; none where it could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolledTable {
    /// The switch, by its recorded id.
    pub switch: Box<str>,
    /// The rows of interest.
    pub rows: Option<Vec<TableRow>>,
}

impl ForwardingTables {
    pub(super) const fn new(rows_max: usize, ageing: Duration) -> Self {
        Self {
            rows_max,
            ageing,
            round: 0,
            held: BTreeMap::new(),
            rows: 0,
            switches: BTreeMap::new(),
            last_at: None,
            lost: Vec::new(),
            outdated_at: None,
            outdatings: 0,
            counters: ForwardingCounters { rounds: 0, failed: 0, rows: 0, refused: 0 },
        }
    }

    /// Returns the counters.
    pub const fn counters(&self) -> ForwardingCounters {
        self.counters
    }

    /// Tells whether a switch's table would show a station now.
    pub fn sight(&self, switch: &str) -> TableSight {
        match self.switches.get(switch) {
            None => TableSight::No,
            Some(polled) if polled.sees => TableSight::Since(polled.since),
            Some(_) => TableSight::Blind,
        }
    }

    /// Returns how often all tables were outdated, because no round came for too long.
    pub const fn outdatings(&self) -> u64 {
        self.outdatings
    }

    /// Returns every switch that was polled, in the order of their ids, with whether its table would show a station now.
    pub fn switches(&self) -> impl Iterator<Item = (&str, TableSight)> {
        self.switches.keys().map(|switch| (&**switch, self.sight(switch)))
    }

    /// Tells whether any table has a station, be it on an uplink.
    pub fn has(&self, mac: MacAddr) -> bool {
        self.held.contains_key(&mac)
    }

    /// Takes the stations that were on uplinks only and are in no table any more.
    fn take_lost(&mut self) -> Vec<MacAddr> {
        core::mem::take(&mut self.lost)
    }

    /// Returns every port at which some table has a station.
    pub fn places(&self, mac: MacAddr) -> impl Iterator<Item = Location> {
        self.held.get(&mac).into_iter().flat_map(|held| &held.rows).map(|row| located(row.attachment))
    }

    /// Returns the stations that some table locates, in order, with where.
    pub fn stays(&self) -> impl Iterator<Item = (MacAddr, &Stay)> {
        self.held.iter().filter_map(|(&mac, held)| Some((mac, held.stay.as_ref()?)))
    }

    pub(super) fn of(&self, mac: MacAddr) -> Option<&Stay> {
        self.held.get(&mac)?.stay.as_ref()
    }

    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.outdated_at
    }

    /// Forgets everything when no round has come for too long.
    pub(super) fn tick(&mut self, now: Timestamp, events: &mut VecDeque<PresenceEvent>) {
        if self.outdated_at.take_if(|due| *due <= now).is_none() {
            return;
        }
        self.outdatings += 1;
        for polled in self.switches.values_mut() {
            polled.sees = false;
        }
        for (mac, held) in core::mem::take(&mut self.held) {
            match held.stay {
                Some(stay) => events.push_back(expired(mac, &stay, now)),
                None => self.lost.push(mac),
            }
        }
        self.rows = 0;
    }

    /// Takes in what a round says of a switch.
    fn take_in(
        &mut self,
        table: &PolledTable,
        at: Timestamp,
        number: &mut dyn FnMut(&str, &str) -> Option<AttachmentId>,
    ) {
        let round = self.round;
        let Some(rows) = &table.rows else {
            self.counters.failed += 1;
            if let Some(polled) = self.switches.get_mut(&table.switch) {
                polled.sees = false;
            }
            return;
        };
        let before = self.switches.get(&table.switch).copied();
        let is_gap = |polled: &Polled| at > polled.until.after(self.ageing);
        let since = before.filter(|polled| !is_gap(polled)).map_or(at, |polled| polled.since);
        self.switches.insert(table.switch.clone(), Polled { since, until: at, sees: true });
        for TableRow { mac, vlan, port, crowd } in rows {
            let held = self.held.entry(*mac).or_default();
            self.counters.rows += 1;
            // One address on one VLAN is behind one port of a switch.
            let known = held.rows.iter().position(|row| row.switch == table.switch && row.vlan == *vlan);
            let Some(port) = port else {
                held.on_uplink = Some(round);
                if let Some(known) = known {
                    held.rows.remove(known);
                    self.rows -= 1;
                }
                continue;
            };
            let Some(attachment) = number(&table.switch, port) else { continue };
            if let Some(row) = known.and_then(|known| held.rows.get_mut(known)) {
                if row.attachment != attachment {
                    (row.attachment, row.first_at) = (attachment, at);
                    row.absent_at = before.map(|polled| polled.until);
                }
                (row.crowd, row.round, row.last_at) = (*crowd, round, at);
            } else if self.rows < self.rows_max && held.rows.len() < ROWS_MAX {
                self.rows += 1;
                held.rows.push(Row {
                    switch: table.switch.clone(),
                    vlan: *vlan,
                    attachment,
                    crowd: *crowd,
                    round,
                    first_at: at,
                    last_at: at,
                    absent_at: before.map(|polled| polled.until),
                });
            } else {
                self.counters.refused += 1;
            }
        }
    }

    /// Lets go what the last two rounds did not have, and tells where each station is now.
    fn settle(
        &mut self,
        at: Timestamp,
        is_present: &dyn Fn(MacAddr) -> bool,
        is_known: &dyn Fn(MacAddr) -> bool,
        events: &mut VecDeque<PresenceEvent>,
    ) {
        let (round, ageing, switches) = (self.round, self.ageing, &self.switches);
        let is_alive = |seen: u64| seen + 2 > round;
        let (rows, lost) = (&mut self.rows, &mut self.lost);
        self.held.retain(|&mac, held| {
            let count = held.rows.len();
            held.rows.retain(|row| is_alive(row.round));
            *rows -= count - held.rows.len();
            held.on_uplink = held.on_uplink.filter(|&seen| is_alive(seen));
            // What its switch no longer has counts less than what another has now.
            let is_former =
                |row: &Row| switches.get(&row.switch).is_some_and(|polled| polled.until > row.last_at);
            let rank =
                |row: &&Row| (is_former(row), row.crowd, core::cmp::Reverse(row.first_at), row.attachment);
            let Some(row) = held.rows.iter().min_by_key(rank) else {
                let stay = held.stay.take();
                if held.on_uplink.is_none() && stay.is_none() {
                    lost.push(mac);
                }
                events.extend(stay.map(|stay| expired(mac, &stay, at)));
                return held.on_uplink.is_some();
            };
            let location = located(row.attachment);
            let segment = Segment {
                domain: DomainId::default(),
                vids: row.vlan.map_or(Vids::UNTAGGED, Vids::single),
                overlay: None,
            };
            let remembered = row.last_at.before(ageing);
            let spoke_after = row.absent_at.map_or(remembered, |absent| absent.max(remembered));
            let kind = EvidenceKind::ForwardingRow { spoke_after };
            let evidence = Evidence { at: row.last_at, frame: 0, location, kind };
            let kind = match &mut held.stay {
                Some(stay) if stay.location.is_same_place(location) => {
                    PresenceKind::Seen { location, evidence }
                }
                Some(stay) => {
                    PresenceKind::Moved { from: stay.location, to: location, since: row.first_at, evidence }
                }
                None if is_present(mac) => PresenceKind::Located { location, evidence },
                None => PresenceKind::Started { location, evidence, first: !is_known(mac) },
            };
            let stay = held.stay.get_or_insert_with(|| Stay::begin(segment, evidence));
            stay.note(at, &kind);
            if row.round == round {
                events.push_back(PresenceEvent { at, station: StationId::Mac(mac), segment, kind });
            }
            true
        });
    }
}

impl Ledger {
    /// Takes in a round of polling: the rows that are of interest, by recorded names.
    pub fn poll_tables(&mut self, round: &[PolledTable], at: Timestamp) {
        self.forwarding.round += 1;
        self.forwarding.counters.rounds += 1;
        let ports = &mut self.attachments;
        let mut number = |switch: &str, port: &str| ports.number(of_table(switch, port));
        for table in round {
            self.forwarding.take_in(table, at, &mut number);
        }
        let interval = self.forwarding.last_at.replace(at).map(|before| at.since(before));
        let interval = interval.filter(|interval| !interval.is_zero());
        let patience = interval.map_or(UNREPEATED, |interval| interval * INTERVALS_MAX);
        self.forwarding.outdated_at = Some(at.after(patience).round_up(self.settings.tick));
        let mut forwarding =
            core::mem::replace(&mut self.forwarding, ForwardingTables::new(0, Duration::ZERO));
        let mut events = core::mem::take(&mut self.events);
        let is_present = |mac| self.is_present(StationId::Mac(mac));
        forwarding.settle(at, &is_present, &|mac| self.is_known(mac), &mut events);
        (self.forwarding, self.events) = (forwarding, events);
    }

    /// Takes the stations that the tables lost without an event, for whoever judges.
    pub fn take_lost(&mut self) -> Vec<MacAddr> {
        self.forwarding.take_lost()
    }

    /// Returns what the forwarding tables of polled switches say.
    pub const fn forwarding(&self) -> &ForwardingTables {
        &self.forwarding
    }
}

fn of_table(switch: &str, port: &str) -> Attachment {
    Attachment { by: NamedBy::Table, switch: vec![switch.into()], port: vec![port.into()] }
}

const fn located(attachment: AttachmentId) -> Location {
    Location::Attached { capture_point: CapturePointId::NONE, attachment }
}

fn expired(mac: MacAddr, stay: &Stay, at: Timestamp) -> PresenceEvent {
    let Stay { segment, location, last, .. } = *stay;
    let kind = PresenceKind::Expired { last_seen: last.at, location, last };
    PresenceEvent { at, station: StationId::Mac(mac), segment, kind }
}

impl Attachments {
    /// Returns the number of a port that a forwarding table names, if it has one.
    #[cfg(test)]
    fn of_port(&mut self, switch: &str, port: &str) -> Option<AttachmentId> {
        self.number(of_table(switch, port))
    }
}

#[cfg(test)]
mod tests {
    use foldhash::quality::FixedState;

    use super::*;
    use crate::presence::PresenceSettings;
    use crate::types::Limits;

    const GUEST: MacAddr = MacAddr::new([0x52, 0x54, 0, 0, 0, 1]);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs_nanos(1_000_000 + secs, 0)
    }

    fn row(port: Option<&str>, crowd: u32) -> TableRow {
        TableRow { mac: GUEST, vlan: Some(10), port: port.map(Into::into), crowd }
    }

    fn table(switch: &str, rows: Option<Vec<TableRow>>) -> PolledTable {
        PolledTable { switch: switch.into(), rows }
    }

    /// Polls at a time; returns the words of the events.
    fn poll(ledger: &mut Ledger, secs: i64, round: &[PolledTable]) -> Vec<&'static str> {
        ledger.poll_tables(round, at(secs));
        core::iter::from_fn(|| ledger.poll()).map(|event| event.kind.as_str()).collect()
    }

    fn port_of(ledger: &Ledger) -> Option<String> {
        let Location::Attached { attachment, .. } = ledger.stays(StationId::Mac(GUEST)).first()?.location
        else {
            return None;
        };
        Some(ledger.attachments().get(attachment)?.to_string())
    }

    fn ledger() -> Ledger {
        Ledger::new(PresenceSettings::default(), Limits::default(), 0)
    }

    #[test]
    fn a_row_lives_until_the_poll_after_next() {
        let mut ledger = ledger();
        let empty = || [table("tor-1", Some(Vec::new()))];
        assert_eq!(poll(&mut ledger, 0, &[table("tor-1", Some(vec![row(Some("eth1"), 1)]))]), ["start"]);
        assert_eq!(poll(&mut ledger, 60, &empty()), [""; 0]);
        assert!(ledger.is_present(StationId::Mac(GUEST)));
        assert_eq!(port_of(&ledger).as_deref(), Some("port eth1 of tor-1"));
        assert_eq!(poll(&mut ledger, 120, &empty()), ["expire"]);
        assert!(!ledger.is_present(StationId::Mac(GUEST)));
    }

    #[test]
    fn the_port_with_the_fewest_addresses_is_the_place() {
        let mut ledger = ledger();
        let round = |first: u32, second: u32| {
            [
                table("tor-1", Some(vec![row(Some("eth1"), first)])),
                table("tor-2", Some(vec![row(Some("eth9"), second)])),
            ]
        };
        assert_eq!(poll(&mut ledger, 0, &round(2, 300)), ["start"]);
        assert_eq!(port_of(&ledger).as_deref(), Some("port eth1 of tor-1"));
        for turn in 1..6 {
            assert_eq!(poll(&mut ledger, 60 * turn, &round(2, 300)), ["seen"]);
        }
        assert_eq!(poll(&mut ledger, 600, &round(300, 2)), ["move"]);
        assert_eq!(port_of(&ledger).as_deref(), Some("port eth9 of tor-2"));
    }

    #[test]
    fn an_uplink_shows_that_somebody_has_it_and_not_where() {
        let mut ledger = ledger();
        assert_eq!(poll(&mut ledger, 0, &[table("tor-1", Some(vec![row(None, 900)]))]), [""; 0]);
        assert!(ledger.is_present(StationId::Mac(GUEST)));
        assert_eq!(port_of(&ledger), None);
        // It came closer, and went again.
        assert_eq!(poll(&mut ledger, 60, &[table("tor-1", Some(vec![row(Some("eth1"), 1)]))]), ["start"]);
        assert_eq!(poll(&mut ledger, 120, &[table("tor-1", Some(vec![row(None, 900)]))]), ["expire"]);
        assert!(ledger.is_present(StationId::Mac(GUEST)));
    }

    #[test]
    fn a_switch_that_fails_covers_nobody_and_keeps_its_rows_no_longer_than_others() {
        let mut ledger = ledger();
        let full = || table("tor-1", Some(vec![row(Some("eth1"), 1)]));
        poll(&mut ledger, 0, &[full()]);
        assert_eq!(ledger.forwarding().sight("tor-1"), TableSight::Since(at(0)));
        assert_eq!(ledger.forwarding().sight("tor-2"), TableSight::No);
        assert_eq!(poll(&mut ledger, 60, &[table("tor-1", None)]), [""; 0]);
        assert_eq!(ledger.forwarding().sight("tor-1"), TableSight::Blind);
        assert!(ledger.is_present(StationId::Mac(GUEST)));
        poll(&mut ledger, 120, &[full()]);
        assert_eq!(
            ledger.forwarding().sight("tor-1"),
            TableSight::Since(at(0)),
            "it remembers what was between"
        );
        poll(&mut ledger, 180, &[table("tor-1", None)]);
        assert_eq!(poll(&mut ledger, 240, &[table("tor-1", None)]), ["expire"]);
        poll(&mut ledger, 900, &[full()]);
        assert_eq!(ledger.forwarding().sight("tor-1"), TableSight::Since(at(900)));
    }

    #[test]
    fn tables_of_which_nothing_is_heard_are_outdated() {
        let mut ledger = ledger();
        let full = || [table("tor-1", Some(vec![row(Some("eth1"), 1)]))];
        poll(&mut ledger, 0, &full());
        poll(&mut ledger, 60, &full());
        assert_eq!(ledger.next_deadline(at(60)), Some(at(240)));
        ledger.tick(at(239));
        assert!(ledger.is_present(StationId::Mac(GUEST)));
        ledger.tick(at(240));
        assert!(!ledger.is_present(StationId::Mac(GUEST)));
        assert_eq!(ledger.forwarding().sight("tor-1"), TableSight::Blind);
    }

    #[test]
    fn a_row_proves_no_more_than_a_switch_remembers() {
        let mut ledger = ledger();
        let spoke_after = |ledger: &Ledger| {
            let stays = ledger.stays(StationId::Mac(GUEST));
            match stays[0].last.kind {
                EvidenceKind::ForwardingRow { spoke_after } => spoke_after,
                other => panic!("{other:?}"),
            }
        };
        let full = |port| [table("tor-1", Some(vec![row(Some(port), 1)]))];
        poll(&mut ledger, 0, &full("eth1"));
        assert_eq!(spoke_after(&ledger), at(-300));
        poll(&mut ledger, 60, &full("eth1"));
        assert_eq!(spoke_after(&ledger), at(-240));
        // At another port it must have spoken since the poll before.
        poll(&mut ledger, 120, &full("eth2"));
        assert_eq!(spoke_after(&ledger), at(60));
    }

    #[test]
    fn rows_are_bounded_and_counted() {
        let mut tables = ForwardingTables::new(1, Duration::from_secs(300));
        let mut ports = Attachments::new(FixedState::with_seed(0));
        let other = TableRow { mac: MacAddr::new([0x52, 0x54, 0, 0, 0, 2]), ..row(Some("eth2"), 1) };
        let round = table("tor-1", Some(vec![row(Some("eth1"), 1), other]));
        tables.round = 1;
        tables.take_in(&round, at(0), &mut |switch, port| ports.of_port(switch, port));
        assert_eq!((tables.rows, tables.counters.refused), (1, 1));
    }
}
