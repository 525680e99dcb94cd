use core::time::Duration;

use arrayvec::ArrayVec;

use super::event::Evidence;
use super::settings::PresenceSettings;
use super::sides::Sides;
use crate::types::{Location, Timestamp};

/// Sightings remembered of a station that is seen at several places.
const RECENT_MAX: usize = 32;

/// Where one station is, judged from sightings at places that exclude each other.
///
/// Tells a move (the old place falls silent) from a duplicate (both places speak in turn). Sightings are
/// ordered by their own times, so that frames delivered late do not look like a return.
///
/// # Bounds
/// The first and last sightings of each turn of a contested station, [`RECENT_MAX`] at most; of a station with one
/// place nothing but what it announced within the window.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    current: Option<Location>,
    /// Made when a second place is seen; most stations never have one.
    contest: Option<Box<Contest>>,
}

/// What is weighed between several places.
#[derive(Clone, Debug, Default)]
struct Contest {
    recent: Vec<Recent>,
    candidate: Option<Candidate>,
    duplicate: Option<[Location; 2]>,
}

#[derive(Clone, Copy, Debug)]
struct Recent {
    at: Timestamp,
    location: Location,
    announced: bool,
    evidence: Evidence,
}

/// A place that may become the current one.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    location: Location,
    since: Timestamp,
    sightings: u32,
    announced: bool,
    evidence: Evidence,
}

/// What a sighting or the passing of time says about the places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// The first place of a station of which only the segment was known.
    Located(Evidence),
    Moved {
        from: Location,
        to: Location,
        since: Timestamp,
        evidence: Evidence,
    },
    Duplicated {
        former: Evidence,
        latter: Evidence,
    },
    DuplicateEnded {
        left: Location,
    },
}

impl Places {
    /// Begins at a place, or at none.
    pub(super) const fn at(current: Option<Location>) -> Self {
        Self { current, contest: None }
    }

    /// Returns the place that the station is believed to be at, if one is known.
    pub(super) const fn current(&self) -> Option<Location> {
        self.current
    }

    /// Tells whether the passing of time alone may change the verdict.
    pub(super) fn is_waiting(&self) -> bool {
        self.contest.as_ref().is_some_and(|contest| {
            contest.duplicate.is_some() || contest.candidate.is_some_and(|candidate| candidate.sightings > 1)
        })
    }

    /// Takes in a sighting at a place, announced by the station itself or not.
    pub(super) fn sight(
        &mut self,
        evidence: Evidence,
        announced: bool,
        settings: &PresenceSettings,
        sides: &Sides,
    ) -> Option<Verdict> {
        let (location, at) = (evidence.location, evidence.at);
        let Some(current) = self.current else {
            self.current = Some(location);
            return Some(Verdict::Located(evidence));
        };
        let contest = self.contest.get_or_insert_default();
        contest.remember(Recent { at, location, announced, evidence }, settings.duplicate_window, sides);
        if contest.duplicate.is_some() {
            return None;
        }
        contest.weigh(current, evidence, announced, sides);
        let (former, latter) = contest.speak_in_turn(current, sides)?;
        contest.duplicate = Some([former.location, latter.location]);
        contest.candidate = None;
        Some(Verdict::Duplicated { former, latter })
    }

    /// Takes in the passing of time.
    pub(super) fn tick(
        &mut self,
        now: Timestamp,
        settings: &PresenceSettings,
        sides: &Sides,
    ) -> Option<Verdict> {
        let contest = self.contest.as_mut()?;
        if let Some([former, latter]) = contest.duplicate {
            let horizon = now.before(settings.duplicate_window);
            let last = |place| contest.last_sighting(place, sides).unwrap_or(Timestamp::MIN);
            if last(former) >= horizon && last(latter) >= horizon {
                return None;
            }
            let left = if last(former) > last(latter) { former } else { latter };
            contest.duplicate = None;
            contest.recent.retain(|recent| recent.at >= horizon);
            self.current = Some(left);
            return Some(Verdict::DuplicateEnded { left });
        }
        let candidate = contest.candidate?;
        let settle = if candidate.announced { settings.announced_move_settle } else { settings.move_settle };
        if candidate.sightings < 2 || now < candidate.since.after(settle) {
            return None;
        }
        self.move_to(candidate)
    }

    /// Takes in that a place's time to live ran out.
    ///
    /// `others` are the places that are still alive, the most recently seen first.
    pub(super) fn expire(&mut self, gone: Location, others: &[Location], sides: &Sides) -> Option<Verdict> {
        let mut candidate = None;
        if let Some(contest) = &mut self.contest {
            contest.recent.retain(|recent| !sides.is_same_place(recent.location, gone));
            if contest
                .duplicate
                .take_if(|places| places.iter().any(|place| sides.is_same_place(*place, gone)))
                .is_some()
            {
                let left = *others.first()?;
                self.current = Some(left);
                return Some(Verdict::DuplicateEnded { left });
            }
            contest.candidate.take_if(|candidate| sides.is_same_place(candidate.location, gone));
            candidate = contest.candidate;
        }
        if !self.current.is_some_and(|current| sides.is_same_place(current, gone)) {
            return None;
        }
        if let Some(candidate) = candidate {
            return self.move_to(candidate);
        }
        self.current = others.first().copied();
        None
    }

    fn move_to(&mut self, candidate: Candidate) -> Option<Verdict> {
        let from = self.current.replace(candidate.location)?;
        if let Some(contest) = &mut self.contest {
            contest.candidate = None;
        }
        let Candidate { location: to, since, evidence, .. } = candidate;
        Some(Verdict::Moved { from, to, since, evidence })
    }
}

impl Contest {
    /// Takes a sighting as speaking for the place it was at.
    fn weigh(&mut self, current: Location, evidence: Evidence, announced: bool, sides: &Sides) {
        let (location, at) = (evidence.location, evidence.at);
        match &mut self.candidate {
            Some(candidate) if sides.is_same_place(candidate.location, location) => {
                candidate.sightings += 1;
                candidate.announced |= announced;
                candidate.since = candidate.since.min(at);
            }
            Some(candidate) if sides.is_same_place(location, current) && at > candidate.since => {
                self.candidate = None
            }
            _ if !sides.is_same_place(location, current) => {
                self.candidate = Some(Candidate { location, since: at, sightings: 1, announced, evidence });
            }
            _ => {}
        }
    }

    fn last_sighting(&self, place: Location, sides: &Sides) -> Option<Timestamp> {
        self.recent
            .iter()
            .rev()
            .find(|recent| sides.is_same_place(recent.location, place))
            .map(|recent| recent.at)
    }

    /// Inserts a sighting by its time and forgets those before the window.
    ///
    /// Of a run at one place the first and the last are kept, which is all that turns are counted by; a busy
    /// place can so not push a quiet one out.
    fn remember(&mut self, sighting: Recent, window: Duration, sides: &Sides) {
        let position = self.recent.partition_point(|recent| recent.at <= sighting.at);
        self.recent.insert(position, sighting);
        for middle in (1..=position + 1).rev() {
            let same = |index: usize| {
                let here = self.recent.get(index).zip(self.recent.get(middle));
                here.is_some_and(|(one, other)| sides.is_same_place(one.location, other.location))
            };
            if middle <= position + 1 && same(middle - 1) && same(middle + 1) {
                let announced = self.recent.get(middle).is_some_and(|recent| recent.announced);
                self.recent.remove(middle);
                if let Some(first) = self.recent.get_mut(middle - 1) {
                    first.announced |= announced;
                }
                break;
            }
        }
        let newest = self.recent.last().map_or(sighting.at, |recent| recent.at);
        let horizon = newest.before(window);
        let outdated = self.recent.partition_point(|recent| recent.at < horizon);
        let excess = self.recent.len().saturating_sub(RECENT_MAX);
        self.recent.drain(..outdated.max(excess));
    }

    /// Finds a place that speaks in turn with the current one: each at least twice, and at least two changes
    /// between them that no announcement explains. One within a turn explains how the station came there: often the frame that
    /// announces is not the first of the turn.
    fn speak_in_turn(&self, current: Location, sides: &Sides) -> Option<(Evidence, Evidence)> {
        let is_current = |recent: &Recent| sides.is_same_place(recent.location, current);
        let rival = self.recent.iter().rev().find(|recent| !is_current(recent))?.location;
        let (mut counts, mut changes, mut former, mut latter) = ([0_usize; 2], 0_usize, None, None);
        let spoken: ArrayVec<&Recent, { RECENT_MAX + 1 }> = self
            .recent
            .iter()
            .filter(|recent| is_current(recent) || sides.is_same_place(recent.location, rival))
            .take(RECENT_MAX + 1)
            .collect();
        for (number, turn) in spoken.chunk_by(|one, other| is_current(one) == is_current(other)).enumerate() {
            let last = turn.last().map(|recent| recent.evidence);
            let (count, evidence) = match turn.first().is_some_and(|first| is_current(first)) {
                true => (&mut counts[0], &mut former),
                false => (&mut counts[1], &mut latter),
            };
            *count += turn.len();
            *evidence = last;
            changes += usize::from(number > 0 && !turn.iter().any(|recent| recent.announced));
        }
        let in_turn = counts.iter().all(|&count| count >= 2) && changes >= 2;
        former.zip(latter).filter(|_| in_turn)
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::EvidenceKind;
    use super::*;
    use crate::types::{CapturePointId, Via, Vids};

    fn place(point: u16) -> Location {
        Location::Wire { capture_point: CapturePointId(point), vids: Vids::UNTAGGED, via: Via::Wire }
    }

    fn evidence(point: u16, millis: i64) -> Evidence {
        let at = Timestamp::from_nanos(millis * 1_000_000);
        Evidence { at, frame: 1, location: place(point), kind: EvidenceKind::Frame }
    }

    /// Sights the places named by digits, one every `step` milliseconds; a `!` before a digit announces.
    fn sight(places: &mut Places, text: &str, step: i64) -> Vec<Verdict> {
        let (mut verdicts, mut millis, mut announced) = (Vec::new(), 0, false);
        for octet in text.chars() {
            let Some(point) = octet.to_digit(10) else {
                announced = true;
                continue;
            };
            let point = u16::try_from(point).unwrap();
            verdicts.extend(places.sight(
                evidence(point, millis),
                announced,
                &PresenceSettings::default(),
                &Sides::default(),
            ));
            announced = false;
            millis += step;
        }
        verdicts
    }

    fn tick(places: &mut Places, secs: i64) -> Option<Verdict> {
        places.tick(Timestamp::from_secs_nanos(secs, 0), &PresenceSettings::default(), &Sides::default())
    }

    #[test]
    fn the_old_place_must_fall_silent() {
        let mut places = Places::default();
        assert_eq!(sight(&mut places, "0022", 1000), [Verdict::Located(evidence(0, 0))]);
        assert_eq!(tick(&mut places, 11), None);
        let moved = tick(&mut places, 12);
        assert!(
            matches!(moved, Some(Verdict::Moved { from, to, since, .. })
                if from == place(0) && to == place(2) && since == Timestamp::from_secs_nanos(2, 0)),
            "{moved:?}"
        );
        assert_eq!(places.current(), Some(place(2)));
    }

    #[test]
    fn an_announcement_shortens_the_wait() {
        let mut places = Places::default();
        sight(&mut places, "00!22", 1000);
        assert_eq!(tick(&mut places, 3), None);
        assert!(matches!(tick(&mut places, 4), Some(Verdict::Moved { .. })));
    }

    #[test]
    fn an_announcement_by_itself_is_no_move() {
        let mut places = Places::default();
        sight(&mut places, "00!2", 1000);
        assert_eq!(tick(&mut places, 600), None);
    }

    #[test]
    fn speaking_in_turn_is_a_duplicate() {
        let mut places = Places::default();
        let verdicts = sight(&mut places, "01010", 1000);
        assert!(matches!(verdicts[..], [Verdict::Located(_), Verdict::Duplicated { .. }]), "{verdicts:?}");
        assert_eq!(tick(&mut places, 5), None);
        let ended = tick(&mut places, 14);
        assert_eq!(ended, Some(Verdict::DuplicateEnded { left: place(0) }));
    }

    #[test]
    fn a_busy_original_does_not_hide_a_quiet_clone() {
        let mut places = Places::default();
        let settings = PresenceSettings::default();
        let mut verdicts = Vec::new();
        for tenth in 0..200 {
            verdicts.extend(places.sight(evidence(0, tenth * 100), false, &settings, &Sides::default()));
            if tenth % 40 == 20 {
                verdicts.extend(places.sight(
                    evidence(1, tenth * 100 + 50),
                    false,
                    &settings,
                    &Sides::default(),
                ));
            }
        }
        assert!(matches!(verdicts[..], [Verdict::Located(_), Verdict::Duplicated { .. }]), "{verdicts:?}");
    }

    #[test]
    fn a_migration_there_and_back_is_no_duplicate() {
        for text in ["000!1111", "00!11!00", "0001111"] {
            let verdicts = sight(&mut Places::default(), text, 500);
            assert!(matches!(verdicts[..], [Verdict::Located(_)]), "{text} {verdicts:?}");
        }
    }

    #[test]
    fn a_frame_before_the_announcement_does_not_make_a_return_a_duplicate() {
        let (mut places, settings, sides) =
            (Places::default(), PresenceSettings::default(), Sides::default());
        let mut verdicts = Vec::new();
        // There and back within the window: each time the frame that announces is told as a frame first.
        for (point, millis, announced) in
            [(0, 0, false), (0, 500, false), (1, 1000, false), (1, 1000, true), (1, 1500, false)]
                .into_iter()
                .chain([(0, 5000, false), (0, 5000, true), (0, 5500, false)])
        {
            verdicts.extend(places.sight(evidence(point, millis), announced, &settings, &sides));
        }
        assert!(matches!(verdicts[..], [Verdict::Located(_)]), "{verdicts:?}");
    }

    #[test]
    fn slow_turns_are_no_duplicate() {
        let verdicts = sight(&mut Places::default(), "01010101", 11_000);
        assert!(matches!(verdicts[..], [Verdict::Located(_)]), "{verdicts:?}");
    }

    #[test]
    fn the_links_of_one_machine_are_one_place() {
        let (mut places, settings) = (Places::default(), PresenceSettings::default());
        // Points 0 and 1 see the two links of a bond; the clone is at point 2.
        let sides = Sides::new([0, 0, 2].map(CapturePointId).to_vec());
        let mut verdicts = Vec::new();
        for (second, point) in [0, 1, 0, 1, 1, 0, 1].into_iter().enumerate() {
            let at = i64::try_from(second).unwrap() * 1_000;
            verdicts.extend(places.sight(evidence(point, at), false, &settings, &sides));
        }
        assert!(matches!(verdicts[..], [Verdict::Located(_)]), "{verdicts:?}");
        assert!(!places.is_waiting());
        for (point, at) in [(2, 7_000), (0, 7_500), (2, 8_000)] {
            verdicts.extend(places.sight(evidence(point, at), false, &settings, &sides));
        }
        assert!(matches!(verdicts[..], [Verdict::Located(_), Verdict::Duplicated { .. }]), "{verdicts:?}");
    }

    #[test]
    fn frames_delivered_late_are_no_return() {
        let (mut places, settings) = (Places::default(), PresenceSettings::default());
        let mut verdicts = Vec::new();
        for (point, millis) in [(0, 0), (0, 100), (1, 300), (0, 150), (1, 400), (0, 200), (1, 500)] {
            verdicts.extend(places.sight(evidence(point, millis), false, &settings, &Sides::default()));
        }
        assert!(matches!(verdicts[..], [Verdict::Located(_)]), "{verdicts:?}");
        assert!(matches!(tick(&mut places, 11), Some(Verdict::Moved { .. })));
    }

    #[test]
    fn when_the_current_place_expires_the_other_takes_over() {
        let mut places = Places::default();
        sight(&mut places, "00!2", 1000);
        assert!(matches!(
            places.expire(place(0), &[place(2)], &Sides::default()),
            Some(Verdict::Moved { .. })
        ));
    }
}
