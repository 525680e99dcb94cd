use rollcall_core::engine::{ClockCounters, PointCounters, Shard, Spine};
use rollcall_core::presence::TableCounters;
use rollcall_core::types::{Blindness, CapturePoint, Timestamp};

use super::tap::TapFacts;

/// What the shards counted, or one of them.
#[derive(Clone, Debug, Default)]
pub struct ShardFacts {
    /// What was seen at each capture point.
    pub points: Vec<PointCounters>,
    /// What the tables had to do.
    pub table: TableCounters,
    /// What was odd about time; every shard has the same.
    pub clock: ClockCounters,
    /// Rows tracked now.
    pub tracked: usize,
    /// Claims that found no room in what a control message may give.
    pub unread_claims: u64,
    /// Claims that may have been told more than once.
    pub repeated_claims: u64,
}

impl ShardFacts {
    pub(super) fn of(shard: &Shard) -> Self {
        Self {
            points: shard.points().to_vec(),
            table: shard.table_counters(),
            clock: shard.clock_counters(),
            tracked: shard.tracked(),
            unread_claims: shard.unread_claims(),
            repeated_claims: shard.repeated_claims(),
        }
    }

    /// Adds up what several shards counted.
    pub(super) fn sum(all: &[Self]) -> Self {
        let mut sum = all.first().cloned().unwrap_or_default();
        for more in all.iter().skip(1) {
            for (point, other) in sum.points.iter_mut().zip(&more.points) {
                point.add(other);
            }
            sum.table.add(more.table);
            sum.tracked += more.tracked;
            sum.unread_claims += more.unread_claims;
            sum.repeated_claims += more.repeated_claims;
        }
        sum
    }
}

/// How much waits between the threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queues {
    /// Batches from the taps that the sequencer has not taken.
    pub batches: usize,
    /// Steps that the spine has not taken.
    pub steps: usize,
}

/// What a live run knows at one moment.
#[derive(Debug)]
pub struct LiveView<'a> {
    /// The spine with ledger and audit.
    pub spine: &'a Spine,
    /// The capture points.
    pub points: &'a [CapturePoint],
    /// Why each of them cannot see.
    pub blindness: &'a [Option<Blindness>],
    /// What the shards counted, at most a tick ago.
    pub shards: ShardFacts,
    /// What each socket says of itself.
    pub taps: Vec<TapFacts>,
    /// How much waits.
    pub queues: Queues,
    /// The time of the last frame or tick; `None` before either.
    pub now: Option<Timestamp>,
}
