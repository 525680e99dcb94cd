use core::time::Duration;

use crate::types::Timestamp;

/// No entry: the end of a list.
const NONE: u32 = u32::MAX;

/// A timing wheel over slot numbers: arming, disarming and expiring cost O(1) each.
///
/// Entries are armed lazily: a refresh writes the entry's last-seen time and leaves the wheel alone; when
/// the bucket comes round, the owner looks at the entry and either lets it go or arms it again. Each
/// entry thus moves once per time to live, however often it is seen.
///
/// # Bounds
/// One list link pair for each slot and [`Wheel::BUCKETS`] list heads. A deadline beyond the horizon
/// (buckets × tick) is armed at the horizon and found early, which the owner repairs by arming it again.
#[derive(Debug)]
pub(super) struct Wheel {
    tick: Duration,
    heads: Vec<u32>,
    links: Vec<Link>,
    /// Interval number (time ÷ tick) up to which buckets were emptied; `None` before the first use.
    done: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
}

const UNLINKED: Link = Link { previous: NONE, next: NONE };

impl Wheel {
    /// The number of buckets.
    pub(super) const BUCKETS: u32 = 512;

    pub(super) fn new(tick: Duration) -> Self {
        Self { tick, heads: vec![NONE; Self::BUCKETS as usize], links: Vec::new(), done: None }
    }

    /// Begins at a time, if it has not begun: no deadline before is found on its tick.
    pub(super) fn begin(&mut self, now: Timestamp) {
        self.done.get_or_insert_with(|| now.interval(self.tick) - 1);
    }

    /// Arms a slot that is not armed for the first tick at or after `deadline`.
    ///
    /// Returns the bucket, which [`Wheel::disarm`] wants back.
    pub(super) fn arm(&mut self, slot: u32, deadline: Timestamp) -> u16 {
        let interval = deadline.round_up(self.tick).interval(self.tick);
        let done = *self.done.get_or_insert(interval - 1);
        let ahead = interval.saturating_sub(done).clamp(1, i64::from(Self::BUCKETS) - 1);
        let bucket = Self::bucket(done + ahead);
        if self.links.len() <= slot as usize {
            self.links.resize(slot as usize + 1, UNLINKED);
        }
        let head = self.heads.get(usize::from(bucket)).copied().unwrap_or(NONE);
        self.set(slot, Link { previous: NONE, next: head });
        if let Some(link) = self.links.get_mut(head as usize) {
            link.previous = slot;
        }
        self.set_head(bucket, slot);
        bucket
    }

    /// Takes an armed slot out of its bucket.
    pub(super) fn disarm(&mut self, slot: u32, bucket: u16) {
        let Link { previous, next } = self.links.get(slot as usize).copied().unwrap_or(UNLINKED);
        match self.links.get_mut(previous as usize) {
            Some(link) => link.next = next,
            None => self.set_head(bucket, next),
        }
        if let Some(link) = self.links.get_mut(next as usize) {
            link.previous = previous;
        }
        self.set(slot, UNLINKED);
    }

    /// Empties every bucket that is due at `now` into `due`; the slots there are no longer armed.
    pub(super) fn advance(&mut self, now: Timestamp, due: &mut Vec<u32>) {
        let interval = now.interval(self.tick);
        let Some(done) = self.done else {
            return;
        };
        if interval <= done {
            return;
        }
        let steps = (interval - done).min(i64::from(Self::BUCKETS));
        for step in 1..=steps {
            let bucket = Self::bucket(interval - steps + step);
            let mut slot = self.heads.get(usize::from(bucket)).copied().unwrap_or(NONE);
            self.set_head(bucket, NONE);
            while slot != NONE {
                due.push(slot);
                let next = self.links.get(slot as usize).map_or(NONE, |link| link.next);
                self.set(slot, UNLINKED);
                slot = next;
            }
        }
        self.done = Some(interval);
    }

    fn bucket(interval: i64) -> u16 {
        u16::try_from(interval.rem_euclid(i64::from(Self::BUCKETS))).unwrap_or(0)
    }

    fn set(&mut self, slot: u32, link: Link) {
        if let Some(place) = self.links.get_mut(slot as usize) {
            *place = link;
        }
    }

    fn set_head(&mut self, bucket: u16, slot: u32) {
        if let Some(head) = self.heads.get_mut(usize::from(bucket)) {
            *head = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs_nanos(secs, 0)
    }

    #[test]
    fn the_first_to_be_armed_does_not_hold_up_who_is_due_before_it() {
        let mut wheel = Wheel::new(Duration::from_secs(1));
        wheel.begin(at(1_000));
        wheel.arm(0, at(1_075));
        wheel.arm(1, at(1_001));
        assert_eq!(due(&mut wheel, 1_000), []);
        assert_eq!(due(&mut wheel, 1_001), [1]);
        assert_eq!(due(&mut wheel, 1_074), []);
        assert_eq!(due(&mut wheel, 1_075), [0]);
    }

    fn due(wheel: &mut Wheel, now: i64) -> Vec<u32> {
        let mut due = Vec::new();
        wheel.advance(at(now), &mut due);
        due.sort_unstable();
        due
    }

    #[test]
    fn gives_back_at_the_deadline_and_not_before() {
        let mut wheel = Wheel::new(Duration::from_secs(1));
        wheel.arm(0, at(10));
        wheel.arm(1, Timestamp::from_secs_nanos(10, 1));
        wheel.arm(2, at(12));
        assert_eq!(due(&mut wheel, 9), []);
        assert_eq!(due(&mut wheel, 10), [0]);
        assert_eq!(due(&mut wheel, 11), [1]);
        assert_eq!(due(&mut wheel, 60), [2]);
        assert_eq!(due(&mut wheel, 10_000), []);
    }

    #[test]
    fn a_later_slot_may_be_due_sooner() {
        let mut wheel = Wheel::new(Duration::from_secs(1));
        wheel.begin(at(100));
        wheel.arm(0, at(350));
        wheel.arm(1, at(110));
        assert_eq!(due(&mut wheel, 109), []);
        assert_eq!(due(&mut wheel, 110), [1]);
        assert_eq!(due(&mut wheel, 350), [0]);
    }

    #[test]
    fn disarmed_slots_do_not_come_back() {
        let mut wheel = Wheel::new(Duration::from_secs(1));
        let buckets: Vec<u16> = (0..3).map(|slot| wheel.arm(slot, at(5))).collect();
        wheel.disarm(1, buckets[1]);
        wheel.disarm(2, buckets[2]);
        assert_eq!(due(&mut wheel, 5), [0]);
    }

    #[test]
    fn a_leap_of_a_century_empties_every_bucket_once() {
        let mut wheel = Wheel::new(Duration::from_secs(1));
        for slot in 0..1_000 {
            wheel.arm(slot, at(i64::from(slot)));
        }
        assert_eq!(due(&mut wheel, 3_000_000_000).len(), 1_000);
    }

    #[test]
    fn deadlines_beyond_the_horizon_are_found_early() {
        let mut wheel = Wheel::new(Duration::from_secs(1));
        wheel.arm(0, at(0));
        wheel.arm(7, at(100_000));
        assert_eq!(due(&mut wheel, 511), [0, 7]);
    }

    #[test]
    fn deadlines_in_the_past_are_due_at_the_next_tick() {
        let mut wheel = Wheel::new(Duration::from_secs(1));
        wheel.arm(0, at(100));
        assert_eq!(due(&mut wheel, 100), [0]);
        wheel.arm(1, at(3));
        assert_eq!(due(&mut wheel, 101), [1]);
    }
}
