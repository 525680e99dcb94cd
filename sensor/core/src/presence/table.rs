use core::hash::{BuildHasher, Hasher};
use core::time::Duration;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast;
use foldhash::quality::FixedState;
use hashbrown::HashMap;
use prefetch_index::prefetch_index;

use super::change::{Change, ChangeKind, TableKey, Traffic};
use super::contest::{Contests, frame_digest};
use super::contexts::{Contexts, WireContexts};
use super::far::FarRows;
use super::flood::{Pressure, Pressures};
use super::index::Index;
use super::lives::{RecordedStations, TtlRule, TtlRules};
use super::order::Order;
use super::outcomes::{Originality, Refreshed, TableCounters};
use super::row::{CONTESTED, DUE, Mark, ROUTER, ROW_OCTETS_MAX, Row, SourceMark, row_key, short};
use super::seen::Seen;
use super::settings::PresenceSettings;
use super::wheel::Wheel;
use crate::types::{CapturePointId, DomainId, Limits, Segment, Timestamp};

/// An unrecorded station younger than this is evicted before any other.
const YOUNG_SECONDS: u32 = 60;

/// Rows that a frame of a recorded station looks at to find its context a number.
const FORCE_MAX: u32 = 64;

/// A steady station is reported as often within its time to live.
const REPORTS: u32 = 4;

/// Rows that are reported at once at the end of a run, so that the reports take little room.
const COUNTED_AT_ONCE: u32 = 4_096;

/// The expiring table of one shard: which stations it has seen, where, and when last.
///
/// A frame of a known station costs one hash, one index look-up and one write to a 32-octet row. Changes
/// are appended to a list for the ledger; a steady station makes one in a quarter of its time to live: when
/// that has passed the timing wheel marks the row, and the next frame makes the report.
///
/// # Bounds
/// At most [`Limits::stations_max`] rows: 32 octets for the row, 28 for what a refresh does not touch, its places in
/// the timing wheel and the eviction order, 8 to 16 for the index. When it is full, the oldest row that is neither recorded nor
/// older than a minute goes, then the oldest that is not recorded; while every row is recorded, a newcomer is
/// refused, and so is an unrecorded one where [`Contexts`] has no number left. All are counted in [`TableCounters`].
#[derive(Debug)]
pub struct StationTable {
    settings: PresenceSettings,
    limits: Limits,
    /// Hashes the keys of rows, 64 bits each: one folded multiplication is enough for them.
    hasher: fast::FixedState,
    index: Index,
    rows: Vec<Row>,
    /// Of each row what a refresh does not touch.
    extras: Vec<Extra>,
    free: Vec<u32>,
    wheel: Wheel,
    /// Unrecorded rows, oldest first.
    order: Order,
    /// Source addresses of rows that have shown more than one of a family.
    addresses: HashMap<u32, Vec<IpAddr>, FixedState>,
    /// What rows carried beyond what their words hold, since their last report.
    overflows: HashMap<u32, Traffic, FixedState>,
    contests: Contests,
    contexts: Contexts,
    far: FarRows,
    recorded: Arc<RecordedStations>,
    ttl_rules: TtlRules,
    counters: TableCounters,
    pressures: Pressures,
    due: Vec<u32>,
}

/// What of a row only rare events touch.
#[derive(Clone, Copy, Debug, Default)]
struct Extra {
    created_secs: u32,
    /// Where the timing wheel has it.
    bucket: u16,
    /// Its MAC is in the recorded state.
    recorded: bool,
    /// The rule by which its IPv6 address gives it a time to live, from 1; 0 for none.
    ttl_rule: u8,
    /// Its MAC is recorded as one that should not be heard.
    watched: bool,
}

impl StationTable {
    /// Makes an empty table; `seed` keys its hash (random live, fixed in replay).
    pub fn new(settings: PresenceSettings, limits: Limits, seed: u64) -> Self {
        let hasher = FixedState::with_seed(seed);
        Self {
            settings,
            limits,
            hasher: fast::FixedState::with_seed(seed),
            index: Index::new(),
            rows: Vec::new(),
            extras: Vec::new(),
            free: Vec::new(),
            wheel: Wheel::new(settings.tick),
            order: Order::default(),
            addresses: HashMap::with_hasher(hasher.clone()),
            overflows: HashMap::with_hasher(hasher.clone()),
            contests: Contests::new(hasher.clone()),
            contexts: Contexts::new(hasher.clone()),
            far: FarRows::new(hasher),
            recorded: Arc::default(),
            ttl_rules: TtlRules::default(),
            counters: TableCounters::default(),
            pressures: Pressures::default(),
            due: Vec::new(),
        }
    }

    /// Makes a capture point known, before its first frame. Points come in the order of their numbers.
    ///
    /// `locates` says that a source address seen there is at a known host or port, so that two such points
    /// are two places.
    pub fn add_point(&mut self, domain: DomainId, locates: bool) {
        self.contexts.add_point(domain, locates);
    }

    /// Replaces the set of recorded stations.
    pub fn set_recorded(&mut self, recorded: Arc<RecordedStations>) {
        self.recorded = recorded;
        for slot in self.live_slots() {
            let (Some(row), Some(extra)) = (self.rows.get(slot as usize), self.extras.get_mut(slot as usize))
            else {
                continue;
            };
            let (mac, last_seen) = (row.mac(), Timestamp::from_nanos(row.last_seen));
            let (was, is) = (extra.recorded, self.recorded.contains(mac));
            let is_newly_watched = !extra.watched && self.recorded.is_watched(mac);
            (extra.recorded, extra.watched) = (is, self.recorded.is_watched(mac));
            let created = extra.created_secs;
            match (was, is) {
                (true, false) => self.order.push(slot, created),
                (false, true) => self.order.remove(slot),
                _ => {}
            }
            if is_newly_watched {
                self.disarm(slot);
                self.arm(slot, last_seen.after(self.settings.tick));
            }
        }
    }

    /// Replaces the rules of who lives how long; rows live by them from their next report on.
    pub fn set_ttl_rules(&mut self, rules: Arc<[TtlRule]>) {
        self.ttl_rules = TtlRules(rules);
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Tells whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.index.len() == 0
    }

    /// Returns the counters.
    pub const fn counters(&self) -> TableCounters {
        self.counters
    }

    /// Takes out how many newcomers of each capture point found the table full since this was asked last.
    pub fn take_pressures(&mut self) -> impl Iterator<Item = (CapturePointId, Pressure)> + use<> {
        self.pressures.take()
    }

    /// Begins a group of frames whose marks are made before the first of them is used.
    #[inline]
    pub fn begin_group(&mut self) {
        self.contexts.reuse();
    }

    /// Returns the numbers of what comes on the wire itself at a capture point, for [`StationTable::mark`].
    #[inline]
    pub fn contexts_of(&self, point: CapturePointId) -> WireContexts<'_> {
        self.contexts.of(point)
    }

    /// Makes the mark of a frame: of an address as [`to_u64`](crate::types::MacAddr::to_u64) gives it, in a context. None
    /// where the frame is too long for a row's word.
    #[inline]
    pub fn mark(&self, mac_bits: u64, context: u16, orig_len: u32, source: SourceMark) -> Option<Mark> {
        let key = row_key(mac_bits, context);
        let hash = hash_key(&self.hasher, key);
        self.index.prefetch(hash);
        (orig_len < ROW_OCTETS_MAX).then_some(Mark { hash, key, source })
    }

    /// Returns which row may be a mark's, for [`StationTable::refresh`], and asks for it to be brought in.
    #[inline]
    pub fn candidate(&self, mark: &Mark) -> u32 {
        let slot = self.index.candidate(mark.hash);
        prefetch_index(&self.rows, slot as usize);
        slot
    }

    /// Notes a frame of a station, whose row may be `candidate`; tells what else it calls for.
    #[inline]
    pub fn refresh(&mut self, mark: &Mark, at: Timestamp, orig_len: u32, candidate: u32) -> Refreshed {
        let Some(row) = self.rows.get_mut(candidate as usize).filter(|row| row.key == mark.key) else {
            return self.refresh_elsewhere(mark, at, orig_len);
        };
        row.refresh(at, orig_len, mark.source).map_or(Refreshed::Steady, |_| Refreshed::Notable(candidate))
    }

    /// Does the same where the first guess was wrong: the station is new, or its group in the index is full.
    #[cold]
    #[inline(never)]
    fn refresh_elsewhere(&mut self, mark: &Mark, at: Timestamp, orig_len: u32) -> Refreshed {
        if !mark.is_of_station() {
            return Refreshed::Unknown;
        }
        let Some(slot) = self.slot_of(mark.key) else { return Refreshed::Unknown };
        let Some(row) = self.rows.get_mut(slot as usize) else { return Refreshed::Unknown };
        row.refresh(at, orig_len, mark.source).map_or(Refreshed::Steady, |_| Refreshed::Notable(slot))
    }

    /// Does what a refreshed frame calls for, and appends what it changes.
    pub fn settle(
        &mut self,
        refreshed: Refreshed,
        seen: &Seen<'_>,
        changes: &mut Vec<Change>,
    ) -> Originality {
        match refreshed {
            Refreshed::Steady => Originality::Original,
            Refreshed::Notable(slot) => self.notice(slot, seen, changes),
            // It may have appeared, or its context got a number, after the mark was made.
            Refreshed::Unknown => self.touch(seen, changes),
        }
    }

    /// Notes a frame of a station and appends what it changes: mark, refresh and settle in one.
    pub fn touch(&mut self, seen: &Seen<'_>, changes: &mut Vec<Change>) -> Originality {
        let Some(context) = self.contexts.number(&seen.key) else {
            return self.appear(seen, changes);
        };
        let Some(slot) = self.slot_of(row_key(seen.key.mac.to_u64(), context)) else {
            return self.appear(seen, changes);
        };
        self.count_long(slot, seen.orig_len);
        let (orig_len, source) = (short(seen.orig_len), SourceMark::of(seen.source));
        match self.rows.get_mut(slot as usize).and_then(|row| row.refresh(seen.at, orig_len, source)) {
            Some(_) => self.notice(slot, seen, changes),
            None => Originality::Original,
        }
    }

    /// Takes frames of a station that were counted elsewhere; `seen` is the last of them, of no octets.
    ///
    /// They do not say where a station is that was seen at several places: without octets a copy is like any other frame.
    pub fn touch_counted(&mut self, seen: &Seen<'_>, traffic: Traffic, changes: &mut Vec<Change>) {
        let slot_of = |table: &Self| {
            let context = table.contexts.number(&seen.key)?;
            table.slot_of(row_key(seen.key.mac.to_u64(), context))
        };
        let Some(slot) = slot_of(self) else {
            self.appear(seen, changes);
            if let Some(slot) = slot_of(self) {
                self.count_more(slot, Traffic { frames: traffic.frames.saturating_sub(1), ..traffic });
            }
            return;
        };
        self.count_more(slot, traffic);
        let Some(row) = self.rows.get_mut(slot as usize) else { return };
        row.last_seen = row.last_seen.max(seen.at.as_nanos());
        if row.has(DUE) {
            self.report(slot, seen, changes);
        }
    }

    /// Adds to what a row carried.
    fn count_more(&mut self, slot: u32, traffic: Traffic) {
        let Some(row) = self.rows.get_mut(slot as usize) else { return };
        let has_room = row.add(traffic);
        if !has_room || row.is_full() {
            let more = if has_room { row.take_traffic() } else { traffic };
            self.overflow(slot, more);
        }
    }

    /// Lets every row go whose time to live has run out at `now`, and appends an `Expired` for each, and a `Heard` for each
    /// watched row that had frames since the last tick.
    ///
    /// The appended changes are sorted by deadline, then key.
    pub fn tick(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        let from = changes.len();
        let mut due = core::mem::take(&mut self.due);
        self.wheel.advance(now, &mut due);
        for slot in due.drain(..) {
            let ttl = self.ttl(slot);
            let Some(row) = self.rows.get_mut(slot as usize) else {
                continue;
            };
            let last_seen = Timestamp::from_nanos(row.last_seen);
            let deadline = last_seen.after(ttl);
            if deadline > now {
                if self.extras.get(slot as usize).is_some_and(|extra| extra.watched) {
                    self.hear(slot, last_seen, now, changes);
                } else {
                    row.set(DUE);
                    self.arm(slot, deadline);
                }
                continue;
            }
            let key = self.key(slot);
            let kind = ChangeKind::Expired { last_seen, traffic: self.take_traffic(slot) };
            self.release(slot);
            let at = deadline.round_up(self.settings.tick);
            changes.push(Change { sequence: 0, level: 0, at, key, kind });
        }
        self.due = due;
        if let Some(fresh) = changes.get_mut(from..) {
            fresh.sort_unstable_by_key(|change| (change.at, change.key));
        }
    }

    /// Appends what rows carried since their last report, in the order of their slots, as many as are reported
    /// at once; returns the slot to go on from, if there is one.
    pub fn count(&mut self, now: Timestamp, from: u32, changes: &mut Vec<Change>) -> Option<u32> {
        let end = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let until = from.saturating_add(COUNTED_AT_ONCE).min(end);
        for slot in from..until {
            let Some(row) = self.rows.get(slot as usize).filter(|row| row.is_live()) else { continue };
            let (key, last_seen) = (self.key(slot), Timestamp::from_nanos(row.last_seen));
            let kind = ChangeKind::Counted { last_seen, traffic: self.take_traffic(slot) };
            changes.push(Change { sequence: 0, level: 0, at: now, key, kind });
        }
        (until < end).then_some(until)
    }

    /// Returns the key of a row.
    fn key(&self, slot: u32) -> TableKey {
        let row = self.rows.get(slot as usize).copied().unwrap_or_default();
        self.contexts.key(row.context(), row.mac())
    }

    /// Returns how long a row lives without a frame; asked when it may expire, not for each frame.
    fn ttl(&self, slot: u32) -> Duration {
        let (Some(row), Some(extra)) = (self.rows.get(slot as usize), self.extras.get(slot as usize)) else {
            return self.settings.ttl;
        };
        let own = if extra.recorded { self.recorded.ttl(row.mac()) } else { None };
        let by_rule = || self.ttl_rules.ttl(extra.ttl_rule, || self.key(slot), row.ipv4());
        own.or_else(by_rule).unwrap_or(self.settings.ttl)
    }

    /// Takes out what a row carried since its last report.
    fn take_traffic(&mut self, slot: u32) -> Traffic {
        let mut traffic = self.rows.get_mut(slot as usize).map_or_else(Traffic::default, Row::take_traffic);
        if let Some(more) = self.overflows.remove(&slot) {
            traffic.add(more);
        }
        traffic
    }

    /// Counts the octets of a frame that is too long for a row's word.
    fn count_long(&mut self, slot: u32, orig_len: u32) {
        if orig_len >= ROW_OCTETS_MAX {
            self.overflow(slot, Traffic { frames: 0, octets: u64::from(orig_len) });
        }
    }

    /// Adds to what a row carried beyond what its word holds.
    fn overflow(&mut self, slot: u32, traffic: Traffic) {
        self.overflows.entry(slot).or_default().add(traffic);
    }

    /// Tells of a watched row whether it had frames, and looks again at the next tick.
    fn hear(&mut self, slot: u32, last_seen: Timestamp, now: Timestamp, changes: &mut Vec<Change>) {
        self.arm(slot, now.after(self.settings.tick));
        // Of a contested row every frame that says where the station is was told already.
        if self.rows.get(slot as usize).is_some_and(|row| row.has(CONTESTED)) {
            return;
        }
        let traffic = self.take_traffic(slot);
        if traffic.frames > 0 {
            let kind = ChangeKind::Heard { last_seen, traffic };
            changes.push(Change { sequence: 0, level: 0, at: now, key: self.key(slot), kind });
        }
    }

    /// Returns how long after a report the next is due.
    fn interval(&self, slot: u32) -> Duration {
        let is_watched = self.extras.get(slot as usize).is_some_and(|extra| extra.watched);
        if is_watched { self.settings.tick } else { self.ttl(slot) / REPORTS }
    }

    /// Arms a row that is not armed.
    fn arm(&mut self, slot: u32, deadline: Timestamp) {
        let bucket = self.wheel.arm(slot, deadline);
        if let Some(extra) = self.extras.get_mut(slot as usize) {
            extra.bucket = bucket;
        }
    }

    fn disarm(&mut self, slot: u32) {
        if let Some(extra) = self.extras.get(slot as usize) {
            self.wheel.disarm(slot, extra.bucket);
        }
    }

    fn stations_max(&self) -> usize {
        self.limits.stations_max.min(Index::SLOTS_MAX) as usize
    }

    fn live_slots(&self) -> Vec<u32> {
        let live = (0u32..).zip(&self.rows).filter(|(_, row)| row.is_live());
        live.map(|(slot, _)| slot).collect()
    }

    /// Handles a frame of a known row that is due for more than a refresh.
    #[cold]
    #[inline(never)]
    fn notice(&mut self, slot: u32, seen: &Seen<'_>, changes: &mut Vec<Change>) -> Originality {
        let Some(row) = self.rows.get_mut(slot as usize) else {
            return Originality::Original;
        };
        let (is_due, is_contested) = (row.has(DUE), row.has(CONTESTED));
        if is_due {
            self.report(slot, seen, changes);
        } else if row.is_full() {
            let traffic = row.take_traffic();
            self.overflow(slot, traffic);
        }
        let originality = if is_contested { self.contest(seen, changes) } else { Originality::Original };
        self.note_address(slot, seen, changes);
        originality
    }

    /// Remembers a source address that the row does not currently show.
    /// Makes the report that is due of a row.
    fn report(&mut self, slot: u32, seen: &Seen<'_>, changes: &mut Vec<Change>) {
        let Some(row) = self.rows.get_mut(slot as usize) else { return };
        row.unset(DUE);
        let (last_seen, is_contested) = (Timestamp::from_nanos(row.last_seen), row.has(CONTESTED));
        self.disarm(slot);
        self.arm(slot, seen.at.after(self.interval(slot)));
        let traffic = self.take_traffic(slot);
        // Of a contested row only what is no copy says where the station is.
        changes.push(seen.change(if is_contested {
            ChangeKind::Counted { last_seen, traffic }
        } else {
            ChangeKind::StillHere(traffic)
        }));
    }

    fn note_address(&mut self, slot: u32, seen: &Seen<'_>, changes: &mut Vec<Change>) {
        let Some(row) = self.rows.get_mut(slot as usize) else {
            return;
        };
        let Some(addr) = seen.source.filter(|&addr| !row.has(ROUTER) && is_host(addr)) else {
            return;
        };
        let source = SourceMark::of(Some(addr));
        let former = row.show(source);
        if former == source {
            return;
        }
        if self.ttl_rules.ask_ipv6(addr) {
            let rule = self.ttl_rules.find(&seen.key, Some(addr)).unwrap_or(0);
            self.extras.get_mut(slot as usize).into_iter().for_each(|extra| extra.ttl_rule = rule);
        }
        if former == SourceMark::default() {
            // One address of a family is what most stations have; the row itself remembers it.
            changes.push(seen.change(ChangeKind::WeakClaim(addr)));
            return;
        }
        let former = u32::try_from(former.0).ok().map(|bits| IpAddr::V4(bits.into()));
        let known = self.addresses.entry(slot).or_default();
        if known.is_empty() {
            known.extend(former);
        }
        if known.contains(&addr) {
            return;
        }
        if known.len() >= usize::from(self.limits.router_at) {
            row.set(ROUTER);
            self.addresses.remove(&slot);
            changes.push(seen.change(ChangeKind::Router));
            return;
        }
        known.push(addr);
        changes.push(seen.change(ChangeKind::WeakClaim(addr)));
    }

    /// Makes a row for a newcomer.
    #[cold]
    #[inline(never)]
    fn appear(&mut self, seen: &Seen<'_>, changes: &mut Vec<Change>) -> Originality {
        let recorded = self.recorded.contains(seen.key.mac);
        let watched = self.recorded.is_watched(seen.key.mac);
        let created_secs = u32::try_from(seen.at.as_secs().clamp(0, i64::from(u32::MAX))).unwrap_or(0);
        if self.index.len() >= self.stations_max() {
            if !self.make_room(created_secs, seen, changes) {
                return self.refuse(seen, recorded);
            }
            self.pressures.of(seen.key.capture_point).evictions += u64::from(!recorded);
        }
        let context = match self.contexts.hold(&seen.key) {
            None if recorded => self.hold_by_force(created_secs, seen, changes),
            context => context,
        };
        let Some(context) = context else { return self.refuse(seen, recorded) };
        let slot = self.free.pop().unwrap_or_else(|| {
            self.rows.push(Row::default());
            self.extras.push(Extra::default());
            u32::try_from(self.rows.len() - 1).unwrap_or(u32::MAX)
        });
        let key = row_key(seen.key.mac.to_u64(), context);
        if let (Some(row), Some(extra)) =
            (self.rows.get_mut(slot as usize), self.extras.get_mut(slot as usize))
        {
            *row = Row::new(key, seen.at);
            row.count(short(seen.orig_len));
            *extra = Extra { created_secs, recorded, watched, ..Extra::default() };
        }
        self.count_long(slot, seen.orig_len);
        if !recorded {
            self.order.push(slot, created_secs);
        }
        let (rows, hasher) = (&self.rows, &self.hasher);
        self.index.insert(slot, hash_key(hasher, key), |slot| hash_of(hasher, rows, slot));
        if self.contexts.is_far(context) {
            self.far.add(seen.key.mac, self.segment(&seen.key), slot);
        }
        self.join_contest(slot, seen, changes);
        changes.push(seen.change(ChangeKind::Appeared));
        self.note_address(slot, seen, changes);
        self.wheel.begin(seen.at);
        self.arm(slot, seen.at.after(self.interval(slot)));
        Originality::Original
    }

    /// Turns a frame of a newcomer away.
    fn refuse(&mut self, seen: &Seen<'_>, recorded: bool) -> Originality {
        self.counters.refused += 1;
        self.pressures.of(seen.key.capture_point).refusals += u64::from(!recorded);
        Originality::Original
    }

    /// Throws out the row that matters least; tells whether one could be found.
    fn make_room(&mut self, now_secs: u32, seen: &Seen<'_>, changes: &mut Vec<Change>) -> bool {
        let Some(slot) = self.order.victim(now_secs.saturating_sub(YOUNG_SECONDS)) else {
            return false;
        };
        self.evict(slot, seen, changes)
    }

    /// Finds a recorded newcomer's context a number by throwing out unrecorded rows of contexts such as a flood makes.
    ///
    /// A frame pays for a few: where contexts have many rows each, the station's next frames go on.
    #[cold]
    fn hold_by_force(&mut self, now_secs: u32, seen: &Seen<'_>, changes: &mut Vec<Change>) -> Option<u16> {
        for _ in 0..FORCE_MAX {
            let slot = self.order.next_sought(now_secs.saturating_sub(YOUNG_SECONDS))?;
            let context = self.rows.get(slot as usize)?.context();
            if self.contexts.is_complex(context) && self.evict(slot, seen, changes) {
                let held = self.contexts.hold(&seen.key);
                if held.is_some() {
                    return held;
                }
            }
        }
        None
    }

    fn evict(&mut self, slot: u32, seen: &Seen<'_>, changes: &mut Vec<Change>) -> bool {
        let Some(row) = self.rows.get(slot as usize) else {
            return false;
        };
        let last_seen = Timestamp::from_nanos(row.last_seen);
        let key = self.key(slot);
        let kind = ChangeKind::Evicted { last_seen, traffic: self.take_traffic(slot) };
        self.disarm(slot);
        self.release(slot);
        self.counters.evicted += 1;
        changes.push(Change { key, ..seen.change(kind) });
        true
    }

    /// Takes a disarmed row out of index, eviction order and contests.
    fn release(&mut self, slot: u32) {
        let Some(&row) = self.rows.get(slot as usize) else { return };
        let key = self.key(slot);
        let (rows, hasher) = (&self.rows, &self.hasher);
        self.index.remove(slot, hash_key(hasher, row.key), |slot| hash_of(hasher, rows, slot));
        if let Some(place) = self.rows.get_mut(slot as usize) {
            *place = Row::default();
        }
        if self.extras.get(slot as usize).is_some_and(|extra| !extra.recorded) {
            self.order.remove(slot);
        }
        self.addresses.remove(&slot);
        self.overflows.remove(&slot);
        if self.contexts.is_far(row.context()) {
            self.far.remove(key.mac, self.segment(&key), slot);
        }
        if row.has(CONTESTED) {
            self.leave_contest(&key);
        }
        self.contexts.release(row.context());
        self.free.push(slot);
    }

    /// Marks the row, and those of the same station elsewhere, as contested if it is at a second place.
    fn join_contest(&mut self, slot: u32, seen: &Seen<'_>, changes: &mut Vec<Change>) {
        let rivals = self.rivals(&seen.key);
        if rivals.is_empty() {
            return;
        }
        for rival in rivals {
            let Some(row) = self.rows.get_mut(rival as usize).filter(|row| !row.has(CONTESTED)) else {
                continue;
            };
            row.set(CONTESTED);
            let kind = ChangeKind::LastSeen(Timestamp::from_nanos(row.last_seen));
            changes.push(Change { key: self.key(rival), ..seen.change(kind) });
        }
        if let Some(row) = self.rows.get_mut(slot as usize) {
            row.set(CONTESTED);
        }
        let segment = self.segment(&seen.key);
        self.contests.note(segment, &seen.key, seen.at, frame_digest(seen.bytes));
    }

    /// Ends the contest of a station that is left at one place.
    fn leave_contest(&mut self, gone: &TableKey) {
        let rivals = self.rivals(gone);
        if let [last] = rivals[..] {
            if let Some(row) = self.rows.get_mut(last as usize) {
                row.unset(CONTESTED);
                // Reports were held back while it was contested; the next frame makes one.
                row.set(DUE);
            }
            self.contests.end(self.segment(gone), gone.mac);
        }
    }

    fn segment(&self, key: &TableKey) -> Segment {
        key.segment(self.contexts.domain(key.capture_point))
    }

    /// Notes a frame of a contested row; reports it unless it only repeats a frame seen elsewhere.
    fn contest(&mut self, seen: &Seen<'_>, changes: &mut Vec<Change>) -> Originality {
        let (segment, digest) = (self.segment(&seen.key), frame_digest(seen.bytes));
        if self.contests.is_copy(segment, &seen.key, seen.at, digest) {
            self.counters.mirror_copies += 1;
            return Originality::MirrorCopy;
        }
        if self.contests.report(segment, &seen.key, seen.at, digest) {
            changes.push(seen.change(ChangeKind::Sighted));
        }
        Originality::Original
    }

    /// Returns the rows of the same station on the same segment at other places; of many, a few.
    fn rivals(&self, key: &TableKey) -> Vec<u32> {
        if !self.contexts.is_place(key) {
            return Vec::new();
        }
        let key_at = |context| row_key(key.mac.to_u64(), context);
        let own = self.contexts.number(key).map(key_at);
        let is_other = |slot: &u32| self.rows.get(*slot as usize).map(|row| row.key) != own;
        let near = self.contexts.rivals(key).filter_map(|context| self.slot_of(key_at(context)));
        near.chain(self.far.of(key.mac, self.segment(key)).filter(is_other)).collect()
    }

    fn slot_of(&self, key: u64) -> Option<u32> {
        let is_it = |slot: u32| self.rows.get(slot as usize).is_some_and(|row| row.key == key);
        self.index.find(hash_key(&self.hasher, key), is_it)
    }
}

/// Tells whether a station can own an address: not unspecified, not a group, not loopback.
fn is_host(addr: IpAddr) -> bool {
    let broadcast = matches!(addr, IpAddr::V4(v4) if v4.is_broadcast());
    !(addr.is_unspecified() || addr.is_multicast() || addr.is_loopback() || broadcast)
}

fn hash_of(hasher: &fast::FixedState, rows: &[Row], slot: u32) -> u64 {
    rows.get(slot as usize).map_or(0, |row| hash_key(hasher, row.key))
}

#[inline]
fn hash_key(hasher: &fast::FixedState, key: u64) -> u64 {
    let mut state = hasher.build_hasher();
    state.write_u64(key);
    state.finish()
}
