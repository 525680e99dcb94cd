use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::types::{CapturePointId, Timestamp};

/// Parts of the window in which newcomers are counted apart; a flood ends when the last of them is old enough.
const PARTS: u32 = 16;

/// How many newcomers of one capture point found a full table.
///
/// A recorded station counts for nobody: where it finds the table full, others filled it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Unrecorded newcomers for which another row had to go.
    pub evictions: u64,
    /// Frames of unrecorded newcomers that found no room; a station that goes on talking counts with each.
    pub refusals: u64,
}

impl Pressure {
    /// Returns both together.
    pub const fn sum(self) -> u64 {
        self.evictions.saturating_add(self.refusals)
    }

    /// Adds what another shard, or another time, had.
    pub const fn add(&mut self, other: Self) {
        self.evictions = self.evictions.saturating_add(other.evictions);
        self.refusals = self.refusals.saturating_add(other.refusals);
    }
}

/// The pressure of each capture point since it was last told, in one table.
#[derive(Debug, Default)]
pub(super) struct Pressures {
    points: BTreeMap<CapturePointId, Pressure>,
}

impl Pressures {
    /// Returns what is counted of a point; only newcomers at a full table ask.
    pub(super) fn of(&mut self, point: CapturePointId) -> &mut Pressure {
        self.points.entry(point).or_default()
    }

    /// Takes out what was counted, in the order of the points.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (CapturePointId, Pressure)> + use<> {
        core::mem::take(&mut self.points).into_iter()
    }
}

/// A flood of addresses began at a capture point, or is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloodEvent {
    /// The tick on which it became known.
    pub at: Timestamp,
    /// Where.
    pub capture_point: CapturePointId,
    /// Which of the two.
    pub change: FloodChange,
}

/// What became of a flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloodChange {
    /// Within the window more newcomers found a full table than is normal.
    Began {
        /// What the window had seen by then.
        pressure: Pressure,
    },
    /// For a whole window the number was normal again.
    Ended {
        /// What the whole flood brought.
        pressure: Pressure,
    },
}

impl FloodChange {
    /// Returns the word that metric labels and JSON use.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Began { .. } => "flood",
            Self::Ended { .. } => "flood-ended",
        }
    }
}

/// Watches how many newcomers find a full table, for each capture point.
///
/// A million addresses are one flood: it begins on the tick on which the last window has seen `flood_at` newcomers of a
/// point that found the table full, and ends on the tick on which a window has seen fewer.
///
/// # Bounds
/// [`PARTS`] sums and one state for each capture point that had any; forgotten when the window has passed.
#[derive(Debug)]
pub(super) struct Floods {
    part: Duration,
    flood_at: u64,
    points: BTreeMap<CapturePointId, Watched>,
    /// When the passing of time next changes something.
    due: Option<Timestamp>,
    events: VecDeque<FloodEvent>,
}

#[derive(Debug, Default)]
struct Watched {
    /// Sums by part of the window: when the part ends, and what it saw, oldest first.
    parts: VecDeque<(Timestamp, Pressure)>,
    /// What the flood that stands has brought.
    flood: Option<Pressure>,
}

impl Watched {
    fn within(&self) -> Pressure {
        self.parts.iter().fold(Pressure::default(), |mut sum, (_, pressure)| {
            sum.add(*pressure);
            sum
        })
    }
}

impl Floods {
    pub(super) fn new(window: Duration, flood_at: u32) -> Self {
        Self {
            part: window / PARTS,
            flood_at: u64::from(flood_at),
            points: BTreeMap::new(),
            due: None,
            events: VecDeque::new(),
        }
    }

    /// Takes in what a shard counted up to a tick.
    pub(super) fn press(&mut self, point: CapturePointId, pressure: Pressure, tick: Timestamp) {
        if pressure.sum() == 0 {
            return;
        }
        let watched = self.points.entry(point).or_default();
        if let Some(flood) = &mut watched.flood {
            flood.add(pressure);
        }
        let end = tick.round_up(self.part);
        match watched.parts.back_mut().filter(|(last, _)| *last >= end) {
            Some((_, sum)) => sum.add(pressure),
            None => watched.parts.push_back((end, pressure)),
        }
        self.due = Some(self.due.map_or(tick, |due| due.min(tick)));
    }

    /// Takes in the passing of time.
    pub(super) fn tick(&mut self, now: Timestamp) {
        if self.due.is_none_or(|due| due > now) {
            return;
        }
        let (part, flood_at) = (self.part, self.flood_at);
        let old = now.before(part * PARTS);
        let mut due: Option<Timestamp> = None;
        for (&capture_point, watched) in &mut self.points {
            while watched.parts.pop_front_if(|(end, _)| *end <= old).is_some() {}
            let within = watched.within();
            let change = match watched.flood {
                None if within.sum() >= flood_at => {
                    watched.flood = Some(within);
                    Some(FloodChange::Began { pressure: within })
                }
                Some(pressure) if within.sum() < flood_at => {
                    watched.flood = None;
                    Some(FloodChange::Ended { pressure })
                }
                _ => None,
            };
            self.events.extend(change.map(|change| FloodEvent { at: now, capture_point, change }));
            let next = watched.parts.front().map(|(end, _)| end.after(part * PARTS));
            due = due.into_iter().chain(next).min();
        }
        self.points.retain(|_, watched| !watched.parts.is_empty());
        self.due = due;
    }

    pub(super) const fn next_deadline(&self) -> Option<Timestamp> {
        self.due
    }

    pub(super) fn poll(&mut self) -> Option<FloodEvent> {
        self.events.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: CapturePointId = CapturePointId(3);

    fn floods() -> Floods {
        Floods::new(Duration::from_secs(60), 100)
    }

    /// Presses and ticks every second; returns the events with the seconds on which they were told.
    fn run(floods: &mut Floods, secs: core::ops::Range<i64>, evictions: u64) -> Vec<(i64, FloodChange)> {
        let mut told = Vec::new();
        for sec in secs {
            let tick = Timestamp::from_secs_nanos(sec, 0);
            floods.press(POINT, Pressure { evictions, refusals: 0 }, tick);
            floods.tick(tick);
            told.extend(core::iter::from_fn(|| floods.poll()).map(|event| {
                assert_eq!((event.at, event.capture_point), (tick, POINT));
                (sec, event.change)
            }));
        }
        told
    }

    #[test]
    fn a_flood_is_told_once_and_ends_a_window_after_its_rate_did() {
        let mut floods = floods();
        let began = run(&mut floods, 1_000..1_100, 50);
        assert_eq!(
            began,
            [(1_001, FloodChange::Began { pressure: Pressure { evictions: 100, refusals: 0 } })]
        );
        let ended = run(&mut floods, 1_100..1_400, 0);
        let [(at, FloodChange::Ended { pressure })] = ended[..] else { panic!("{ended:?}") };
        assert!((1_156..=1_164).contains(&at), "{at}");
        assert_eq!(pressure, Pressure { evictions: 5_000, refusals: 0 });
        assert_eq!(floods.next_deadline(), None);
    }

    #[test]
    fn a_full_table_with_few_newcomers_is_no_flood() {
        let mut floods = floods();
        assert_eq!(run(&mut floods, 0..2_000, 1), []);
    }

    #[test]
    fn two_points_are_flooded_apart() {
        let mut floods = floods();
        let pressure = |refusals| Pressure { evictions: 0, refusals };
        let tick = Timestamp::from_secs_nanos(10, 0);
        floods.press(CapturePointId(1), pressure(99), tick);
        floods.press(CapturePointId(0), pressure(60), tick);
        floods.press(CapturePointId(0), pressure(60), tick);
        floods.tick(tick);
        let told: Vec<_> = core::iter::from_fn(|| floods.poll()).collect();
        let began = FloodChange::Began { pressure: pressure(120) };
        assert_eq!(told, [FloodEvent { at: tick, capture_point: CapturePointId(0), change: began }]);
    }
}
