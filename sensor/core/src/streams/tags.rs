use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use super::member::MemberId;
use super::network::Streams;
use crate::types::Timestamp;

/// Intervals of a window, and of the window before.
const INTERVALS: usize = 24;

/// How often a hashtag was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagCount {
    /// The hashtag, without `#`.
    pub tag: Box<str>,
    /// Uses within the window: posts and likes of posts with it.
    pub count: u64,
    /// Uses within the window before.
    pub before: u64,
}

/// Uses of hashtags in streams, in intervals of time.
///
/// # Bounds
/// At most `tag_counts_max` pairs of a hashtag and a stream, 200 octets each; the one used longest ago goes.
#[derive(Debug)]
pub(super) struct Tags {
    rows: BTreeMap<(MemberId, Box<str>), Row>,
    oldest: BTreeSet<(i64, MemberId, Box<str>)>,
    interval: Duration,
    max: usize,
    dropped: u64,
}

/// Uses of one hashtag in one stream: a ring of two windows, of which `last` is the number of the newest interval.
#[derive(Clone, Debug)]
struct Row {
    last: i64,
    ring: [u32; 2 * INTERVALS],
}

impl Row {
    fn slot(interval: i64) -> usize {
        usize::try_from(interval.rem_euclid(2 * INTERVALS as i64)).unwrap_or(0)
    }

    /// Clears what lies between the newest interval and a newer one.
    fn advance(&mut self, to: i64) {
        let span = to.saturating_sub(self.last).min(2 * INTERVALS as i64);
        for step in 0..span {
            if let Some(count) = self.ring.get_mut(Self::slot(to.saturating_sub(step))) {
                *count = 0;
            }
        }
        self.last = self.last.max(to);
    }

    /// Returns the uses within a window that ends with the interval `now`, and within the one before.
    fn counts(&self, now: i64) -> (u64, u64) {
        let mut counts = (0, 0);
        for age in 0..2 * INTERVALS as i64 {
            let interval = now.saturating_sub(age);
            if interval > self.last || interval <= self.last.saturating_sub(2 * INTERVALS as i64) {
                continue;
            }
            let count = self.ring.get(Self::slot(interval)).copied().map_or(0, u64::from);
            if age < INTERVALS as i64 { counts.0 += count } else { counts.1 += count }
        }
        counts
    }
}

impl Tags {
    pub(super) fn new(window: Duration, max: u32) -> Self {
        let interval = window.checked_div(24).unwrap_or_default().max(Duration::from_nanos(1));
        Self { rows: BTreeMap::new(), oldest: BTreeSet::new(), interval, max: max as usize, dropped: 0 }
    }

    /// Counts a use of each of some hashtags.
    pub(super) fn note(&mut self, stream: MemberId, tags: &[Box<str>], at: Timestamp) {
        let now = at.interval(self.interval);
        for tag in tags {
            let key = (stream, tag.clone());
            if !self.rows.contains_key(&key) {
                self.make_room();
                self.oldest.insert((now, stream, tag.clone()));
            }
            let row = self.rows.entry(key).or_insert_with(|| Row { last: now, ring: [0; 2 * INTERVALS] });
            if row.last < now {
                self.oldest.remove(&(row.last, stream, tag.clone()));
                self.oldest.insert((now, stream, tag.clone()));
                row.advance(now);
            }
            if let Some(count) = row.ring.get_mut(Row::slot(row.last)) {
                *count = count.saturating_add(1);
            }
        }
    }

    fn make_room(&mut self) {
        if self.rows.len() >= self.max.max(1)
            && let Some((_, stream, tag)) = self.oldest.pop_first()
        {
            self.rows.remove(&(stream, tag));
            self.dropped += 1;
        }
    }

    fn of_stream(&self, stream: MemberId) -> impl Iterator<Item = (&str, &Row)> {
        let rows = self.rows.range((stream, Box::<str>::default())..);
        rows.take_while(move |((of, _), _)| *of == stream).map(|((_, tag), row)| (&**tag, row))
    }

    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Streams {
    /// Returns the hashtags of one stream within the window that ends now, the most used first, then by name.
    pub fn tag_cloud(&self, stream: MemberId, now: Timestamp) -> Vec<TagCount> {
        self.count_tags(core::iter::once(stream), now)
    }

    /// Returns those of all streams of a member and below it.
    pub fn tag_cloud_below(&self, top: MemberId, now: Timestamp) -> Vec<TagCount> {
        let mut streams = self.tags.rows.keys().map(|(stream, _)| *stream).collect::<Vec<_>>();
        streams.dedup();
        self.count_tags(streams.into_iter().filter(|&stream| self.members.covers(top, stream)), now)
    }

    fn count_tags(&self, streams: impl Iterator<Item = MemberId>, now: Timestamp) -> Vec<TagCount> {
        let now = now.interval(self.tags.interval);
        let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (tag, row) in streams.flat_map(|stream| self.tags.of_stream(stream)) {
            let (count, before) = row.counts(now);
            let sum = sums.entry(tag).or_default();
            *sum = (sum.0 + count, sum.1 + before);
        }
        let counts = sums.into_iter().filter(|(_, (count, before))| count + before > 0);
        let mut counts: Vec<TagCount> =
            counts.map(|(tag, (count, before))| TagCount { tag: tag.into(), count, before }).collect();
        counts.sort_by(|a, b| (b.count, &a.tag).cmp(&(a.count, &b.tag)));
        counts
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The ring counts what a list of times would.
        #[test]
        fn equals_a_naive_count(
            mut uses in prop::collection::vec(0i64..5_000, 0..80),
            later in 0i64..3_000,
        ) {
            uses.sort_unstable();
            let window = Duration::from_nanos(240);
            let mut tags = Tags::new(window, 10);
            let stream = MemberId::new(1);
            for &at in &uses {
                tags.note(stream, &["disk".into()], Timestamp::from_nanos(at));
            }
            let now = (uses.last().copied().unwrap_or(0) + later) / 10;
            let row = tags.of_stream(stream).next();
            let counts = row.map_or((0, 0), |(_, row)| row.counts(now));
            let within = |from: i64, to: i64| uses.iter().filter(|&at| (from..to).contains(&(now - at / 10))).count();
            let ages = |from, to| u64::try_from(within(from, to)).unwrap();
            prop_assert_eq!(counts, (ages(0, 24), ages(24, 48)));
        }
    }

    #[test]
    fn a_full_table_drops_what_was_used_longest_ago() {
        let mut tags = Tags::new(Duration::from_secs(24), 2);
        let stream = MemberId::new(1);
        for (at, tag) in [(0, "a"), (2, "b"), (3, "a"), (4, "c")] {
            tags.note(stream, &[tag.into()], Timestamp::from_secs_nanos(at, 0));
        }
        let left: Vec<&str> = tags.of_stream(stream).map(|(tag, _)| tag).collect();
        assert_eq!((left, tags.dropped()), (vec!["a", "c"], 1));
    }
}
