use std::net::IpAddr;
use std::sync::Arc;

use foldhash::quality::FixedState;
use hashbrown::HashSet;

use super::clock::{ClockCounters, PacketClock, PassedTick};
use super::counters::{PlainFrames, PointCounters};
use super::share::Share;
use super::sort::{Note, Section, Sorted};
use crate::decode::{DecodeSettings, Decoded, IpHeader, Plain, PlainSource, decode, may_carry_frame, plain};
use crate::presence::{
    Change, ChangeKind, Mark, Originality, PresenceSettings, Pressure, RecordedStations, Refreshed, Seen,
    SourceMark, StationTable, TableCounters, TableKey, Traffic, TtlRule,
};
use crate::sighting::{Announcement, MobilityEvent, Notice, sight};
use crate::types::{
    CapturePoint, CapturePointId, Direction, DomainId, Frame, Limits, LinkType, MacAddr, Refresh, Segment,
    Timestamp, Via,
};

/// Claims and announcements of one second that are remembered in order to tell each only once.
const TOLD_MAX: usize = 65_536;

/// Frames between the pass that reads headers and the pass that touches the table. Measured by
/// `cargo xtask bench replay`: enough for the misses to overlap, few enough for the first cache.
const GROUP_FRAMES: usize = 32;

/// How a shard is set up.
#[derive(Clone, Debug, Default)]
pub struct ShardSettings {
    /// What is read of frames.
    pub decode: DecodeSettings,
    /// How evidence becomes belief.
    pub presence: PresenceSettings,
    /// The bounds.
    pub limits: Limits,
    /// Who lives longer or shorter than others.
    pub ttl_rules: Arc<[TtlRule]>,
    /// The key of its hash tables: random live, fixed in replay.
    pub seed: u64,
}

/// One worker's half of the engine: frames in, changes of presence out.
///
/// Owns its table outright. Memory is bounded by [`Limits::stations_max`] and, for the claims told within a
/// second, [`TOLD_MAX`]; beyond that, which is counted, claims are told more than once, which costs the spine time and changes
/// no result but their number.
#[derive(Debug)]
pub struct Shard {
    decode: DecodeSettings,
    clock: PacketClock,
    table: StationTable,
    domains: Vec<DomainId>,
    /// Whether frames at a capture point are on their way to the switch.
    upstream: Vec<bool>,
    points: Vec<PointCounters>,
    /// How many frames each capture point had given at the last tick.
    frames_told: Vec<u64>,
    /// Which of them have counted frames by themselves since then.
    refreshed: Vec<bool>,
    told: HashSet<Told, FixedState>,
    unread_claims: u64,
    repeated_claims: u64,
}

/// What was already told in the current second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Told {
    /// Who claims, by the body and by the frame, what, and where. The frame's sender is part of it, because
    /// its shard is the one that remembers.
    Claim {
        mac: MacAddr,
        frame_mac: MacAddr,
        ip: IpAddr,
        segment: Segment,
    },
    Announcement(MacAddr, TableKey),
}

/// What a shard has to say about a batch of frames. Reused from batch to batch.
#[derive(Debug, Default)]
pub struct ShardOutput {
    /// Changes in the order in which they arose; within frames sorted by the ordinal of the frame.
    pub changes: Vec<Change>,
    /// The ticks that fell between them.
    pub ticks: Vec<TickMark>,
    /// For each tick that found one, the capture points that had given frames since the tick before: the index
    /// of the tick, the point, and the time of the last frame before the tick.
    pub sight: Vec<(usize, CapturePointId, Timestamp)>,
    /// For each tick before which newcomers found the table full: the index of the tick, at which capture point, and
    /// how many.
    pub pressure: Vec<(usize, CapturePointId, Pressure)>,
}

/// Changes for which room is kept from batch to batch.
const CHANGES_KEPT: usize = 65_536;

impl ShardOutput {
    /// Empties it; the capacity stays, unless far more was said than is usual.
    pub fn clear(&mut self) {
        self.changes.clear();
        self.changes.shrink_to(CHANGES_KEPT);
        self.ticks.clear();
        self.sight.clear();
        self.pressure.clear();
    }
}

/// A tick within a shard's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickMark {
    /// The tick.
    pub at: Timestamp,
    /// How many of the changes come from frames before it, counted from the start of the output.
    pub frames_end: usize,
    /// Where the changes end that the tick itself brought about, which follow on those.
    pub expired_end: usize,
}

/// Some frames between the pass that reads them and the pass that looks them up.
struct Group<'a> {
    entries: [Entry; GROUP_FRAMES],
    /// The frames of the entries, with the times that the clock gave them.
    frames: [Placed<'a>; GROUP_FRAMES],
    /// How many entries there are.
    count: usize,
    /// The ordinal of the next frame in the run.
    sequence: u64,
    /// The frame behind the group, and the tick that comes before it.
    passed: Option<(Frame<'a>, PassedTick)>,
}

/// What is looked up for a frame.
#[derive(Clone, Copy)]
struct Entry {
    mark: Mark,
    /// The time that the clock gave it.
    at: Timestamp,
    orig_len: u32,
}

impl Entry {
    const NONE: Self = Self { mark: Mark::NONE, at: Timestamp::EPOCH, orig_len: 0 };
}

/// A frame, and its ordinal in the run.
type Placed<'a> = (u64, Frame<'a>);

const NO_FRAME: Placed<'_> = (
    0,
    Frame {
        at: Timestamp::EPOCH,
        capture_point: CapturePointId(0),
        linktype: LinkType::ETHERNET,
        orig_len: 0,
        bytes: &[],
    },
);

impl Shard {
    /// Makes a shard that has seen nothing.
    pub fn new(settings: &ShardSettings) -> Self {
        let ShardSettings { presence, limits, seed, .. } = *settings;
        let mut table = StationTable::new(presence, limits, seed);
        table.set_ttl_rules(Arc::clone(&settings.ttl_rules));
        Self {
            decode: settings.decode.clone(),
            clock: PacketClock::new(presence.tick, presence.reorder_window),
            table,
            domains: Vec::new(),
            upstream: Vec::new(),
            points: Vec::new(),
            frames_told: Vec::new(),
            refreshed: Vec::new(),
            told: HashSet::with_hasher(FixedState::with_seed(seed)),
            unread_claims: 0,
            repeated_claims: 0,
        }
    }

    /// Makes a capture point known before its first frame; points come in the order of their numbers.
    ///
    /// `locates`: see [`StationTable::add_point`].
    pub fn add_point(&mut self, point: &CapturePoint, locates: bool) {
        self.table.add_point(point.domain, locates);
        self.domains.push(point.domain);
        self.upstream.push(point.direction == Direction::Ingress);
        self.points.push(PointCounters::default());
        self.frames_told.push(0);
        self.refreshed.push(false);
    }

    /// Replaces the set of stations that are never evicted for strangers.
    pub fn set_recorded(&mut self, recorded: Arc<RecordedStations>) {
        self.table.set_recorded(recorded);
    }

    /// Handles those of some frames that this shard owns, and what it owns of those inside tunnels; the others
    /// pass, only their time counts.
    ///
    /// `first` is the ordinal of the first frame in the run, from 1. The frames are taken in groups: one pass
    /// reads headers and asks for the index, the next asks for the rows, the last writes them, so that the cache
    /// misses of a group overlap.
    pub fn frames<'a>(
        &mut self,
        first: u64,
        frames: impl IntoIterator<Item = Frame<'a>>,
        share: Share,
        out: &mut ShardOutput,
    ) {
        let mut frames = frames.into_iter();
        let mut group = Group {
            entries: [Entry::NONE; GROUP_FRAMES],
            frames: [NO_FRAME; GROUP_FRAMES],
            count: 0,
            sequence: first,
            passed: None,
        };
        let mut sums = PlainFrames::default();
        loop {
            self.read(&mut group, &mut frames, share, &mut sums);
            self.settle_group(&group, share, out);
            if let Some((frame, PassedTick { tick, before })) = group.passed.take() {
                sums.move_to(&mut self.points, sums.point);
                self.tick(tick, before, out);
                // The clock has moved, so that the frame is steady now.
                self.read(&mut group, &mut core::iter::once(frame), share, &mut sums);
                self.settle_group(&group, share, out);
            } else if group.count < GROUP_FRAMES {
                break;
            }
        }
        sums.move_to(&mut self.points, CapturePointId::default());
    }

    /// Takes what capture points counted by themselves, as far as it is of stations that this shard owns.
    ///
    /// Rows are numbered with the frames; `first` is the ordinal of the first one in the run. Time passes to the latest of
    /// them, so that every shard is to be shown all.
    pub fn refresh(&mut self, first: u64, rows: &[Refresh], share: Share, out: &mut ShardOutput) {
        if let Some(latest) = rows.iter().map(|row| row.last_seen_at).max() {
            self.pass_time(latest, out);
        }
        for (sequence, row) in (first..).zip(rows).filter(|(_, row)| share.owns_inner(row.mac)) {
            let Refresh { capture_point, mac, vids, via, frames, octets, last_seen_at: at, .. } = *row;
            if let Some(is_refreshed) = self.refreshed.get_mut(capture_point.index()) {
                *is_refreshed = true;
            }
            let key = TableKey { mac, capture_point, vids, via };
            // No two are copies of one frame.
            let bytes = sequence.to_le_bytes();
            let seen = Seen { key, at, sequence, level: 0, orig_len: 0, source: None, bytes: &bytes };
            self.table.touch_counted(&seen, Traffic { frames, octets }, &mut out.changes);
        }
    }

    /// Starts the clock before the first frame, so that time can pass without any.
    pub fn start_clock(&mut self, at: Timestamp) {
        self.clock.start(at);
    }

    /// Lets time pass without a frame, as at the end of a run.
    pub fn pass_time(&mut self, at: Timestamp, out: &mut ShardOutput) {
        let before = self.clock.now();
        if let Some(tick) = self.clock.advance(at) {
            self.tick(tick, before, out);
        }
    }

    /// Tells what stations carried since they were last reported, for the end of a run: some of them, from the row
    /// `from` on, which is 0 at first. Returns the row to go on from, if there are more.
    pub fn finish(&mut self, from: u32, out: &mut ShardOutput) -> Option<u32> {
        self.table.count(self.clock.now(), from, &mut out.changes)
    }

    /// Returns the counters of each capture point, in the order of their numbers.
    pub fn points(&self) -> &[PointCounters] {
        &self.points
    }

    /// Returns the counters of the table.
    pub const fn table_counters(&self) -> TableCounters {
        self.table.counters()
    }

    /// Returns the clock, behind the last frame.
    pub const fn clock(&self) -> &PacketClock {
        &self.clock
    }

    /// Returns the counters of the clock; every shard has the same.
    pub const fn clock_counters(&self) -> ClockCounters {
        self.clock.counters()
    }

    /// Returns the latest time seen.
    pub const fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns how many claims found no room in what a control message may give.
    pub const fn unread_claims(&self) -> u64 {
        self.unread_claims
    }

    /// Returns how many claims and announcements were told although they may have been told before, because more
    /// came in one second than are remembered.
    pub const fn repeated_claims(&self) -> u64 {
        self.repeated_claims
    }

    /// Returns the number of tracked rows.
    pub fn tracked(&self) -> usize {
        self.table.len()
    }

    /// Reads frames as far as the table needs them, up to a full group, a tick or the end.
    #[inline]
    fn read<'a>(
        &mut self,
        group: &mut Group<'a>,
        frames: &mut impl Iterator<Item = Frame<'a>>,
        share: Share,
        sums: &mut PlainFrames,
    ) {
        let Self { clock, table, decode, points, .. } = self;
        table.begin_group();
        let mut contexts = table.contexts_of(sums.point);
        let (mut sequence, mut count) = (group.sequence, 0);
        while let (Some(entry), Some(place)) = (group.entries.get_mut(count), group.frames.get_mut(count)) {
            let Some(mut frame) = frames.next() else { break };
            if !clock.is_steady(frame.at) {
                let before = clock.now();
                let (placed, tick) = clock.observe(frame.at);
                if let Some(tick) = tick {
                    group.passed = Some((frame, PassedTick { tick, before }));
                    break;
                }
                frame.at = placed;
            }
            let is_own = share.owns(&frame);
            if is_own || may_carry_frame(decode, frame.linktype, frame.bytes) {
                let plain = is_own.then(|| plain(decode, frame.linktype, frame.orig_len, frame.bytes));
                let mark = plain.flatten().and_then(|Plain { src_bits, vid, ip }| {
                    if sums.point != frame.capture_point {
                        sums.move_to(points, frame.capture_point);
                        contexts = table.contexts_of(frame.capture_point);
                    }
                    let source = match ip {
                        PlainSource::V4(bits) => SourceMark::v4(bits),
                        PlainSource::V6(octets) => SourceMark::v6(octets),
                    };
                    let mark = table.mark(src_bits, contexts.number(vid), frame.orig_len, source)?;
                    sums.count(&frame, &ip);
                    Some(mark)
                });
                let mark = mark.unwrap_or(Mark::NONE);
                *entry = Entry { mark, at: frame.at, orig_len: frame.orig_len };
                *place = (sequence, frame);
                count += 1;
            }
            sequence += 1;
        }
        (group.sequence, group.count) = (sequence, count);
    }

    #[inline]
    fn settle_group(&mut self, group: &Group<'_>, share: Share, out: &mut ShardOutput) {
        let entries = group.entries.get(..group.count).unwrap_or_default();
        self.settle_entries(entries, share, out, |index| {
            group.frames.get(index).copied().unwrap_or(NO_FRAME)
        });
    }

    /// Touches the table for every frame of a group, in order; `frame_of` gives the frame of an entry.
    #[inline]
    fn settle_entries<'a>(
        &mut self,
        entries: &[Entry],
        share: Share,
        out: &mut ShardOutput,
        frame_of: impl Fn(usize) -> Placed<'a>,
    ) {
        let mut slots = [0; GROUP_FRAMES];
        for (slot, entry) in slots.iter_mut().zip(entries) {
            *slot = self.table.candidate(&entry.mark);
        }
        for (index, (slot, Entry { mark, at, orig_len })) in slots.iter().zip(entries).enumerate() {
            let refreshed = self.table.refresh(mark, *at, *orig_len, *slot);
            if refreshed == Refreshed::Steady {
                continue;
            }
            let (sequence, frame) = frame_of(index);
            if mark.is_of_station() {
                self.attend_plain(sequence, &frame, refreshed, out);
            } else {
                self.attend(sequence, &frame, share, out);
            }
        }
    }

    /// Touches the table for the frames of a block that were noted for this shard; `frame_of` gives a frame by its place in
    /// the block, from 0.
    ///
    /// Blocks come in their order. The clock is the block's.
    pub fn settle<'a>(
        &mut self,
        sorted: &Sorted,
        share: Share,
        frame_of: impl Fn(u32) -> Frame<'a>,
        out: &mut ShardOutput,
    ) {
        for Section { notes, sums, passed } in sorted.sections(share.index as usize) {
            for group in notes.chunks(GROUP_FRAMES) {
                let mut entries = [Entry::NONE; GROUP_FRAMES];
                let entries = entries.get_mut(..group.len()).unwrap_or_default();
                self.look_up(sorted.point, group, entries);
                self.settle_entries(entries, share, out, |index| {
                    group.get(index).map_or(NO_FRAME, |note| {
                        (sorted.sequence(note), Frame { at: note.at, ..frame_of(note.index) })
                    })
                });
            }
            if share.index == 0 {
                sums.add_to(&mut self.points);
            }
            if let Some(PassedTick { tick, before }) = passed {
                self.tick(tick, before, out);
            }
        }
        self.clock.clone_from(&sorted.clock);
    }

    /// Makes the marks of some notes and asks for the index.
    fn look_up(&mut self, point: CapturePointId, notes: &[Note], entries: &mut [Entry]) {
        self.table.begin_group();
        let contexts = self.table.contexts_of(point);
        for (entry, note) in entries.iter_mut().zip(notes) {
            let mark = note.plain().and_then(|(src_bits, vid)| {
                self.table.mark(src_bits, contexts.number(vid), note.orig_len, note.source)
            });
            *entry = Entry { mark: mark.unwrap_or(Mark::NONE), at: note.at, orig_len: note.orig_len };
        }
    }

    /// Handles a plain frame that is more than a refresh of its row.
    #[cold]
    #[inline(never)]
    fn attend_plain(
        &mut self,
        sequence: u64,
        frame: &Frame<'_>,
        refreshed: Refreshed,
        out: &mut ShardOutput,
    ) {
        let decoded = decode(&self.decode, frame.linktype, frame.orig_len, frame.bytes);
        let key = TableKey {
            mac: decoded.station().unwrap_or_default(),
            capture_point: frame.capture_point,
            vids: decoded.vlans.vids(),
            via: Via::Wire,
        };
        self.table.settle(refreshed, &seen(&decoded, key, frame.at, sequence), &mut out.changes);
    }

    /// Handles a frame that is no plain data frame, and each frame or packet inside it, as far as they are this
    /// shard's.
    ///
    /// What has no Ethernet header of its own, such as a packet in a tunnel, is the business of the frame around
    /// it: of its shard, and of its key, whose place it is evidence for.
    #[cold]
    #[inline(never)]
    fn attend(&mut self, sequence: u64, frame: &Frame<'_>, share: Share, out: &mut ShardOutput) {
        let at = frame.at;
        let (mut is_own, mut originality) = (share.owns(frame), Originality::Original);
        let mut key = TableKey { capture_point: frame.capture_point, ..TableKey::default() };
        let mut next = Some(decode(&self.decode, frame.linktype, frame.orig_len, frame.bytes));
        let mut within = None;
        while let Some(decoded) = next {
            let around = core::mem::replace(&mut within, decoded.inner);
            next = decoded.inside(&self.decode);
            let station = decoded.station();
            if let Some(src) = decoded.link.src() {
                is_own = if decoded.level == 0 { is_own } else { share.owns_inner(src) };
                key.mac = station.unwrap_or_default();
                key.vids = decoded.vids(around.as_ref());
                key.via = match around {
                    Some(inner) => Via::Tunnel(inner.tunnel),
                    None => self.way_on_the_wire(&decoded, frame.capture_point),
                };
            }
            if !is_own {
                continue;
            }
            if let Some(counters) = self.points.get_mut(frame.capture_point.index()) {
                counters.count(frame, &decoded);
            }
            let seen = seen(&decoded, key, at, sequence);
            let begin = out.changes.len();
            if station.is_some() {
                originality = self.table.touch(&seen, &mut out.changes);
            }
            if decoded.control.is_some() && originality == Originality::Original {
                self.control(&decoded, &seen, begin, out);
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn tick(&mut self, at: Timestamp, before: Timestamp, out: &mut ShardOutput) {
        let points = self.points.iter().zip(&mut self.frames_told).zip(&mut self.refreshed);
        for (point, ((counters, told), refreshed)) in (0u16..).zip(points) {
            let has_counted = core::mem::take(refreshed);
            if counters.frames > core::mem::replace(told, counters.frames) || has_counted {
                out.sight.push((out.ticks.len(), CapturePointId(point), before));
            }
        }
        let index = out.ticks.len();
        let pressures = self.table.take_pressures();
        out.pressure.extend(pressures.map(|(point, pressure)| (index, point, pressure)));
        let frames_end = out.changes.len();
        self.told.clear();
        self.table.tick(at, &mut out.changes);
        out.ticks.push(TickMark { at, frames_end, expired_end: out.changes.len() });
    }

    /// Tells what a control message says, each claim and announcement once a second. An announcement is told before what the
    /// frame as such changes, which begins at `begin`: whoever weighs the frame must know why it was sent.
    #[cold]
    #[inline(never)]
    fn control(&mut self, decoded: &Decoded<'_>, seen: &Seen<'_>, begin: usize, out: &mut ShardOutput) {
        let sighting = sight(decoded);
        self.unread_claims += u64::from(sighting.claims_lost);
        let change =
            |kind| Change { sequence: seen.sequence, level: seen.level, at: seen.at, key: seen.key, kind };
        for claim in sighting.claims {
            let segment = self.segment(&seen.key);
            if self.is_news(Told::Claim { mac: claim.mac, frame_mac: claim.frame_mac, ip: claim.ip, segment })
            {
                out.changes.push(change(ChangeKind::Claim(claim)));
            }
        }
        if let Some(announcement) = sighting.announcement {
            // An announcement by another's address is evidence for nobody's place.
            let mac = announcer(announcement).unwrap_or(seen.key.mac);
            if mac == seen.key.mac && self.is_news(Told::Announcement(mac, seen.key)) {
                out.changes.insert(begin.min(out.changes.len()), change(ChangeKind::Announced(announcement)));
            }
        }
        // What a switch says of its port inside a tunnel is said to the tunnel's far end, not of this mirror.
        let is_inside = seen.level > 0 || decoded.ip != IpHeader::None;
        let is_far = |notice: &Notice| is_inside && matches!(notice, Notice::Neighbor(_));
        if let Some(notice) = sighting.notice.filter(|notice| !is_far(notice)) {
            out.changes.push(change(ChangeKind::Notice(notice)));
        }
        match sighting.mobility {
            Some(message @ (MobilityEvent::BindingUpdate(_) | MobilityEvent::BindingAcknowledgement(_))) => {
                out.changes.push(change(ChangeKind::Mobility(Box::new(message))));
            }
            // Neither changes a binding: errors ask the node to act, data and the rest only use bindings.
            Some(MobilityEvent::BindingError(_) | MobilityEvent::Traffic(_) | MobilityEvent::Other(_))
            | None => {}
        }
    }

    /// Returns by which port a frame came, if a tag tells.
    fn way_on_the_wire(&self, decoded: &Decoded<'_>, point: CapturePointId) -> Via {
        let is_upstream = || self.upstream.get(point.index()).copied().unwrap_or_default();
        let port = decoded.port.and_then(|field| field.sender(is_upstream()));
        port.map_or(Via::Wire, Via::Port)
    }

    fn segment(&self, key: &TableKey) -> Segment {
        key.segment(self.domains.get(key.capture_point.index()).copied().unwrap_or_default())
    }

    fn is_news(&mut self, told: Told) -> bool {
        if self.told.len() >= TOLD_MAX {
            let is_news = !self.told.contains(&told);
            self.repeated_claims += u64::from(is_news);
            return is_news;
        }
        self.told.insert(told)
    }
}

/// Makes what the table is told of a level of a frame.
fn seen<'a>(decoded: &Decoded<'a>, key: TableKey, at: Timestamp, sequence: u64) -> Seen<'a> {
    let Decoded { level, bytes, wire_len: orig_len, .. } = *decoded;
    Seen { key, at, sequence, level, orig_len, source: decoded.ip.src(), bytes }
}

const fn announcer(announcement: Announcement) -> Option<MacAddr> {
    match announcement {
        Announcement::Rarp { mac } | Announcement::GratuitousArp { mac, .. } => Some(mac),
        Announcement::UnsolicitedAdvertisement { mac, .. } => mac,
    }
}
