//! The truth: which discrepancies there are, from when to when, reckoned from what was put on the wire and what was recorded.
//!
//! Nothing here looks at what Rollcall says. For each guest the frames are turned into what can be known of it (absent, at a
//! host, at two), that is laid over the records, and each kind is read off by its definition. `due` is the earliest moment at
//! which the evidence suffices and all graces are over.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::guest::{Guest, Net, Record, State, mac_text};
use super::settings::Settings;
use super::traffic::{Claim, Sighting};

/// A discrepancy that is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) kind: &'static str,
    pub(super) subject: String,
    /// When the difference came to be.
    pub(super) began: Duration,
    /// Before this it may not be said; mostly `due`. Of a clone whose turns are announced it is earlier, when the frames alone
    /// would do: to say so is right, not to say so yet is careful.
    pub(super) not_before: Duration,
    /// The earliest moment at which it can be said.
    pub(super) due: Duration,
    /// When it is over, if it is.
    pub(super) over: Option<Duration>,
}

pub(super) const UNKNOWN_GUEST: &str = "unknown-guest";
pub(super) const UNKNOWN_STATION: &str = "unknown-station";
pub(super) const MISPLACED: &str = "misplaced-guest";
pub(super) const DUPLICATE: &str = "duplicate-guest";
pub(super) const ZOMBIE: &str = "zombie-guest";
pub(super) const SILENT: &str = "silent-guest";
pub(super) const CONFLICT: &str = "address-conflict";

/// What can be known of where a guest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belief {
    Absent {
        /// Its last frame, if there was one.
        last: Option<Duration>,
    },
    At {
        host: usize,
        /// When it came there from another host; none where it was absent before.
        moved: Option<Duration>,
        /// When it was left alone there, if it was at two hosts before: to call that the time of its coming is right too.
        left_alone: Option<Duration>,
    },
    /// At two hosts at once, since the first frame at the second.
    Both {
        since: Duration,
        /// When frames alone, announced or not, had shown it.
        shown: Duration,
    },
}

/// Reckons the discrepancies about one guest.
pub(super) fn of_guest(
    guest: &Guest,
    sightings: &[Sighting],
    sight: &[Duration],
    settings: &Settings,
    end: Duration,
) -> Vec<Truth> {
    let beliefs = Watch::follow(sightings, settings, end);
    let mut times: Vec<Duration> = beliefs.iter().map(|(at, _)| *at).collect();
    times.extend(guest.records.iter().map(|(at, _)| *at));
    times.sort_unstable();
    times.dedup();
    let mut reckoning =
        Reckoning { guest, settings, sightings, sight, open: BTreeMap::new(), found: Vec::new() };
    let mut state_since = StateSince { settled_at: None };
    for (index, &at) in times.iter().enumerate() {
        let until = times.get(index + 1).copied().unwrap_or(end);
        let belief = beliefs.iter().rev().find(|(from, _)| *from <= at).map(|(_, belief)| *belief);
        let belief = belief.unwrap_or(Belief::Absent { last: None });
        state_since.note(guest, at);
        reckoning.span(at, until, belief, guest.record_at(at), state_since.settled_at);
    }
    reckoning.finish()
}

/// When the recorded state last changed; none where it is as it was in the beginning.
struct StateSince {
    settled_at: Option<Duration>,
}

impl StateSince {
    fn note(&mut self, guest: &Guest, at: Duration) {
        let position = guest.records.iter().position(|(from, _)| *from == at && *from > Duration::ZERO);
        let Some((position, (_, Some(record)))) = position.map(|at| (at, &guest.records[at])) else { return };
        let before = guest.records[..position].last().and_then(|(_, before)| before.as_ref());
        if before.is_none_or(|before| before.state != record.state) {
            self.settled_at = Some(at);
        }
    }
}

/// The discrepancies of one guest in the making.
struct Reckoning<'a> {
    guest: &'a Guest,
    settings: &'a Settings,
    sightings: &'a [Sighting],
    sight: &'a [Duration],
    open: BTreeMap<(&'static str, String), Truth>,
    found: Vec<Truth>,
}

impl Reckoning<'_> {
    /// Takes in a span in which neither belief nor record changes.
    fn span(
        &mut self,
        at: Duration,
        until: Duration,
        belief: Belief,
        record: Option<&Record>,
        state_since: Option<Duration>,
    ) {
        let stand: Vec<Truth> = [
            self.unknown(at, until, belief, record),
            self.misplaced(at, belief, record),
            self.duplicate(at, belief, record),
            self.zombie(at, until, belief, record, state_since),
            self.silent(at, belief, record, state_since),
        ]
        .into_iter()
        .flatten()
        .collect();
        let stands = |key: &(&'static str, String)| {
            stand.iter().any(|truth| truth.kind == key.0 && truth.subject == key.1)
        };
        let over: Vec<(&'static str, String)> =
            self.open.keys().filter(|key| !stands(key)).cloned().collect();
        for key in over {
            if let Some(truth) = self.open.remove(&key) {
                self.found.push(Truth { over: Some(at), ..truth });
            }
        }
        for truth in stand.into_iter().filter(|truth| truth.due < until) {
            self.open.entry((truth.kind, truth.subject.clone())).or_insert(truth);
        }
    }

    fn finish(mut self) -> Vec<Truth> {
        self.found.extend(self.open.into_values());
        self.found
    }

    fn truth(
        &self,
        kind: &'static str,
        record: Option<&Record>,
        began: Duration,
        due: Duration,
    ) -> Option<Truth> {
        let subject = if record.is_some() { self.guest.id.clone() } else { self.guest.mac() };
        Some(Truth { kind, subject, began, not_before: due, due, over: None })
    }

    /// It was heard while nobody has recorded it: what it said before its record was taken away is nobody's fault.
    fn unknown(
        &self,
        at: Duration,
        until: Duration,
        belief: Belief,
        record: Option<&Record>,
    ) -> Option<Truth> {
        if record.is_some() || matches!(belief, Belief::Absent { .. }) {
            return None;
        }
        let kind = if self.guest.in_prefix { UNKNOWN_GUEST } else { UNKNOWN_STATION };
        let is_open = self.open.contains_key(&(kind, self.guest.mac()));
        self.truth(kind, None, at, if is_open { at } else { self.heard(at, until)? })
    }

    /// Returns when it was first heard in a span.
    fn heard(&self, from: Duration, until: Duration) -> Option<Duration> {
        let heard = self.sightings.iter().map(|sighting| sighting.at);
        heard.filter(|heard| *heard >= from && *heard < until).min()
    }

    fn misplaced(&self, at: Duration, belief: Belief, record: Option<&Record>) -> Option<Truth> {
        let Belief::At { host, moved, left_alone } = belief else { return None };
        record.filter(|record| record.host != host && record.state != State::Migrating)?;
        let lag = self.settings.record_lag;
        // The record may lead as well as lag.
        let earliest = self.rehosted_at(at).map_or(at, |rehosted| at.max(rehosted + lag));
        match moved {
            None => self.truth(MISPLACED, record, at, earliest),
            Some(since) => {
                let due = earliest.max(left_alone.unwrap_or(since) + lag);
                let not_before = earliest.max(since + lag);
                Some(Truth { not_before, ..self.truth(MISPLACED, record, since, due)? })
            }
        }
    }

    /// Returns when it was last recorded on another host than before.
    fn rehosted_at(&self, at: Duration) -> Option<Duration> {
        let records = self.guest.records.iter().take_while(|(from, _)| *from <= at);
        let hosts: Vec<(Duration, usize)> =
            records.filter_map(|(from, record)| Some((*from, record.as_ref()?.host))).collect();
        hosts.windows(2).rev().find(|pair| pair[0].1 != pair[1].1).map(|pair| pair[1].0)
    }

    fn duplicate(&self, at: Duration, belief: Belief, record: Option<&Record>) -> Option<Truth> {
        let Belief::Both { since, shown } = belief else { return None };
        let truth = self.truth(DUPLICATE, record, since, at)?;
        Some(Truth { not_before: shown.min(at), ..truth })
    }

    /// It was heard after the grace since it was recorded as off.
    fn zombie(
        &self,
        at: Duration,
        until: Duration,
        belief: Belief,
        record: Option<&Record>,
        state_since: Option<Duration>,
    ) -> Option<Truth> {
        record.filter(|record| record.state == State::Off)?;
        if matches!(belief, Belief::Absent { .. }) {
            return None;
        }
        let counts_from = state_since.map_or(Duration::ZERO, |since| since + self.settings.zombie_grace);
        let is_open = self.open.contains_key(&(ZOMBIE, self.guest.id.clone()));
        let due = if is_open { at } else { self.heard(counts_from.max(at), until)? };
        self.truth(ZOMBIE, record, state_since.unwrap_or(at).min(at), due)
    }

    fn silent(
        &self,
        at: Duration,
        belief: Belief,
        record: Option<&Record>,
        state_since: Option<Duration>,
    ) -> Option<Truth> {
        let Belief::Absent { last } = belief else { return None };
        let host = record.filter(|record| record.state == State::Running)?.host;
        let grace = self.settings.start_up_grace;
        let sight = self.sight[host] + grace;
        let running = state_since.map_or(Duration::ZERO, |since| since + grace);
        let due = self.settings.tick_at(at.max(sight).max(running));
        // A record that is made while it is silent is the difference too.
        let began = last.unwrap_or(self.sight[host]).max(state_since.unwrap_or_default());
        self.truth(SILENT, record, began, due)
    }
}

/// What can be known of where a guest is, as its frames come and time passes.
struct Watch<'a> {
    settings: &'a Settings,
    beliefs: Vec<(Duration, Belief)>,
    /// The last frame at each host since it was absent.
    last: BTreeMap<usize, Duration>,
    recent: VecDeque<Sighting>,
    place: Option<Place>,
    candidate: Option<Candidate>,
    rivals: Option<[usize; 2]>,
    rivals_since: Duration,
    /// Since when frames alone show that it is at two hosts.
    shown: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Place {
    host: usize,
    moved: Option<Duration>,
    left_alone: Option<Duration>,
}

/// A host that a guest may have moved to.
#[derive(Clone, Copy)]
struct Candidate {
    host: usize,
    since: Duration,
    /// The second frame there, which makes it more than a passing word.
    second: Option<Duration>,
    announced: bool,
}

/// How a guest has spoken at two hosts.
struct Turns {
    /// The other host.
    there: usize,
    /// Its first frame there.
    since: Duration,
    /// Its frames at the host where there were fewer.
    fewest: usize,
    /// How often it went over from one to the other, and how often without an announcement in the turn that followed.
    changes: usize,
    unannounced: usize,
}

impl Turns {
    /// It speaks at both at least twice, and goes over at least so often.
    fn is_enough(&self, changes: usize) -> bool {
        self.fewest >= 2 && changes >= 2
    }
}

/// What the passing of time may bring about.
#[derive(Clone, Copy)]
enum Due {
    Gone,
    Settled(Candidate),
    LeftAlone([usize; 2]),
}

impl<'a> Watch<'a> {
    fn follow(sightings: &[Sighting], settings: &'a Settings, end: Duration) -> Vec<(Duration, Belief)> {
        let mut watch = Self {
            settings,
            beliefs: vec![(Duration::ZERO, Belief::Absent { last: None })],
            last: BTreeMap::new(),
            recent: VecDeque::new(),
            place: None,
            candidate: None,
            rivals: None,
            rivals_since: Duration::ZERO,
            shown: None,
        };
        for sighting in sightings {
            watch.pass(sighting.at);
            watch.see(*sighting);
        }
        watch.pass(end);
        watch.beliefs
    }

    /// Lets time pass to just before a moment.
    fn pass(&mut self, until: Duration) {
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= until) {
            match due {
                Due::Gone => {
                    let last = self.last.values().max().copied();
                    (self.place, self.candidate, self.rivals) = (None, None, None);
                    self.last.clear();
                    self.recent.clear();
                    self.beliefs.push((at, Belief::Absent { last }));
                }
                Due::Settled(candidate) => {
                    self.candidate = None;
                    self.be_at(
                        at,
                        Place { host: candidate.host, moved: Some(candidate.since), left_alone: None },
                    );
                }
                Due::LeftAlone(rivals) => {
                    let rivals_since = self.rivals_since;
                    let last = |host: usize| self.last.get(&host).copied();
                    let left = if last(rivals[0]) > last(rivals[1]) { rivals[0] } else { rivals[1] };
                    (self.rivals, self.candidate) = (None, None);
                    self.recent.retain(|sighting| sighting.host == left);
                    let stayed = self.place.filter(|place| place.host == left);
                    let moved = stayed.map_or(Some(rivals_since), |place| place.moved);
                    self.be_at(at, Place { host: left, moved, left_alone: Some(at) });
                }
            }
        }
    }

    fn next_due(&self) -> Option<(Duration, Due)> {
        let Settings { ttl, move_settle, announced_move_settle, duplicate_window, .. } = *self.settings;
        let tick_at = |at| self.settings.tick_at(at);
        let gone = self.last.values().max().map(|&last| (tick_at(last + ttl), Due::Gone));
        let settled = self.candidate.and_then(|candidate| {
            let settle = if candidate.announced { announced_move_settle } else { move_settle };
            let at = candidate.second?.max(candidate.since + settle);
            Some((tick_at(at), Due::Settled(candidate)))
        });
        let alone = self.rivals.and_then(|rivals| {
            let silent_since = rivals.iter().filter_map(|host| self.last.get(host)).min()?;
            Some((tick_at(*silent_since + duplicate_window), Due::LeftAlone(rivals)))
        });
        let due = [gone, alone, settled.filter(|_| self.rivals.is_none())];
        due.into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn see(&mut self, sighting: Sighting) {
        let Sighting { at, host, announced } = sighting;
        self.last.insert(host, at);
        let Some(place) = self.place else {
            self.recent.push_back(sighting);
            return self.be_at(at, Place { host, moved: None, left_alone: None });
        };
        self.recent.push_back(sighting);
        let window = self.settings.duplicate_window;
        while self.recent.front().is_some_and(|first| first.at + window < at) {
            self.recent.pop_front();
        }
        if self.rivals.is_some() {
            return;
        }
        match &mut self.candidate {
            _ if host == place.host => self.candidate = None,
            Some(candidate) if candidate.host == host => {
                candidate.second.get_or_insert(at);
                candidate.announced |= announced;
            }
            candidate => *candidate = Some(Candidate { host, since: at, second: None, announced }),
        }
        let Some(turns) = self.turns(place.host) else {
            self.shown = None;
            return;
        };
        if !turns.is_enough(turns.changes) {
            self.shown = None;
            return;
        }
        let shown = *self.shown.get_or_insert(at);
        if turns.is_enough(turns.unannounced) {
            self.shown = None;
            self.rivals = Some([place.host, turns.there]);
            self.rivals_since = turns.since;
            self.beliefs.push((at, Belief::Both { since: turns.since, shown }));
        }
    }

    /// Returns how it has spoken within the window at its host and at the last other one; none where there is no other.
    fn turns(&self, here: usize) -> Option<Turns> {
        let there = self.recent.iter().rev().find(|recent| recent.host != here)?.host;
        let turns: Vec<&Sighting> =
            self.recent.iter().filter(|recent| recent.host == here || recent.host == there).collect();
        let count = |host| turns.iter().filter(|turn| turn.host == host).count();
        let runs = || turns.chunk_by(|one, other| one.host == other.host).skip(1);
        Some(Turns {
            there,
            since: turns.iter().find(|turn| turn.host == there)?.at,
            fewest: count(here).min(count(there)),
            changes: runs().count(),
            unannounced: runs().filter(|run| !run.iter().any(|sighting| sighting.announced)).count(),
        })
    }

    fn be_at(&mut self, at: Duration, place: Place) {
        self.place = Some(place);
        self.beliefs
            .push((at, Belief::At { host: place.host, moved: place.moved, left_alone: place.left_alone }));
    }
}

/// Reckons the conflicts from all claims, which are sorted by network, address and time.
///
/// Two stations are in conflict from when one takes an address back that it had to give up less than the window ago, until
/// nobody has taken it from another for the window.
pub(super) fn conflicts(claims: &[Claim], settings: &Settings) -> Vec<Truth> {
    let window = settings.conflict_window;
    let mut found = Vec::new();
    for claims in claims.chunk_by(|one, other| (one.net, one.ip) == (other.net, other.ip)) {
        let mut holder = claims[0].mac;
        let mut lost: Vec<(Duration, [u8; 6])> = Vec::new();
        let mut open: Option<Truth> = None;
        let over_at = |lost: &[(Duration, _)]| lost.last().map(|(at, _)| settings.tick_at(*at + window));
        for claim in claims {
            if let Some(at) = over_at(&lost).filter(|at| *at <= claim.at)
                && let Some(truth) = open.take()
            {
                found.push(Truth { over: Some(at), ..truth });
            }
            if claim.mac == holder {
                continue;
            }
            let former = std::mem::replace(&mut holder, claim.mac);
            lost.push((claim.at, former));
            lost.retain(|(at, _)| *at + window >= claim.at);
            let taken_back = lost.iter().find(|(_, mac)| *mac == claim.mac);
            if let (Some((began, _)), None) = (taken_back, &open) {
                let subject = subject_of(claim);
                open = Some(Truth {
                    kind: CONFLICT,
                    subject,
                    began: *began,
                    not_before: claim.at,
                    due: claim.at,
                    over: None,
                });
            }
        }
        found.extend(open.map(|truth| Truth { over: over_at(&lost), ..truth }));
    }
    found
}

fn subject_of(claim: &Claim) -> String {
    match claim.net {
        Net::Vlan(vlan) => format!("{} vlan {vlan}", claim.ip),
        Net::Overlay(_) => format!("{} of {}", claim.ip, mac_text(claim.mac)),
    }
}
