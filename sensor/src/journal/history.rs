use core::time::Duration;

use rollcall_core::engine::Remembered;
use rollcall_core::presence::{HistoryRecord, PastStay};
use rollcall_core::types::{Segment, Timestamp};
use rusqlite::params;

use super::store::{Store, StoreError};

/// What a run wrote and pruned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryCounts {
    /// Records written.
    pub written: u64,
    /// Stays and claims that were older than the retention and are gone.
    pub pruned: u64,
}

/// Writes records of history. The first error ends the writing; [`Writer::finish`] tells it.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    waiting: usize,
    latest: Timestamp,
    counts: HistoryCounts,
    failed: Option<StoreError>,
}

const STAY: &str = "
INSERT INTO stays VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT DO UPDATE SET confidence = excluded.confidence, ended = excluded.ended, is_open = excluded.is_open,
    frames = excluded.frames, octets = excluded.octets";

const CLAIM: &str = "
INSERT INTO claims VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, NULL)
ON CONFLICT DO UPDATE SET strength = max(strength, excluded.strength)";

const CLAIM_STILL: &str = "
UPDATE claims SET last = max(last, ?6)
WHERE address = ?1 AND mac = ?2 AND domain = ?3 AND vlans = ?4 AND overlay = ?5 AND ended IS NULL";

const CLAIM_ENDED: &str = "
UPDATE claims SET ended = max(?6, began)
WHERE address = ?1 AND mac = ?2 AND domain = ?3 AND vlans = ?4 AND overlay = ?5 AND ended IS NULL";

impl Store {
    /// Begins to write.
    pub fn writer(self) -> Writer {
        Writer {
            store: self,
            waiting: 0,
            latest: Timestamp::MIN,
            counts: HistoryCounts::default(),
            failed: None,
        }
    }
}

impl Writer {
    /// Records of one transaction.
    pub const BATCH: usize = 10_000;

    /// Writes a record.
    pub fn note(&mut self, remembered: &Remembered) {
        if self.failed.is_none()
            && let Err(error) = self.write(remembered)
        {
            self.failed = Some(error);
        }
    }

    /// Ends the writing: prunes what is older than `keep`, counted from the latest record.
    ///
    /// # Errors
    /// The first that any record met.
    pub fn finish(mut self, keep: Duration) -> Result<HistoryCounts, StoreError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.commit()?;
        if self.latest > Timestamp::MIN {
            let horizon = self.latest.before(keep).as_nanos();
            let store = &self.store;
            for sql in [
                "DELETE FROM stays WHERE ended < ?1",
                "DELETE FROM claims WHERE last < ?1 AND (ended IS NULL OR ended < ?1)",
            ] {
                let gone = store.connection.execute(sql, [horizon]).map_err(|source| store.failed(source))?;
                self.counts.pruned += gone as u64;
            }
        }
        Ok(self.counts)
    }

    fn write(&mut self, Remembered { record, place }: &Remembered) -> Result<(), StoreError> {
        if self.waiting == 0 {
            self.store.batch("BEGIN")?;
        }
        let written = match record {
            HistoryRecord::Stay(stay) => self.stay(stay, place.as_ref().map(|(words, _)| words.as_str()), {
                place.as_ref().map_or("unknown", |(_, confidence)| confidence.as_str())
            }),
            HistoryRecord::Claimed { segment, addr, mac, strength, at } => {
                let (vlans, overlay) = names(segment);
                let values = params![
                    addr.to_string(),
                    mac.to_string(),
                    segment.domain.0,
                    vlans,
                    overlay,
                    strength.as_str(),
                    at.as_nanos()
                ];
                self.latest = self.latest.max(*at);
                self.execute(CLAIM, values)
            }
            HistoryRecord::ClaimedStill { segment, addr, mac, at } => {
                self.claim(CLAIM_STILL, segment, &addr.to_string(), &mac.to_string(), *at)
            }
            HistoryRecord::ClaimEnded { segment, addr, mac, at } => {
                self.claim(CLAIM_ENDED, segment, &addr.to_string(), &mac.to_string(), *at)
            }
        };
        written.map_err(|source| self.store.failed(source))?;
        self.counts.written += 1;
        self.waiting += 1;
        if self.waiting >= Self::BATCH {
            self.commit()?;
        }
        Ok(())
    }

    fn stay(&mut self, stay: &PastStay, place: Option<&str>, confidence: &str) -> rusqlite::Result<()> {
        let (vlans, overlay) = names(&stay.segment);
        self.latest = self.latest.max(stay.to);
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let values = params![
            stay.station.to_string(),
            stay.segment.domain.0,
            vlans,
            overlay,
            place.unwrap_or_default(),
            confidence,
            stay.from.as_nanos(),
            stay.to.as_nanos(),
            stay.is_open,
            count(stay.traffic.frames),
            count(stay.traffic.octets)
        ];
        self.execute(STAY, values)
    }

    fn claim(
        &mut self,
        sql: &str,
        segment: &Segment,
        addr: &str,
        mac: &str,
        at: Timestamp,
    ) -> rusqlite::Result<()> {
        let (vlans, overlay) = names(segment);
        self.latest = self.latest.max(at);
        self.execute(sql, params![addr, mac, segment.domain.0, vlans, overlay, at.as_nanos()])
    }

    fn execute(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<()> {
        self.store.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if self.waiting > 0 {
            self.waiting = 0;
            self.store.batch("COMMIT")?;
        }
        Ok(())
    }
}

/// Returns the VLANs and the overlay of a segment as the tables have them.
fn names(segment: &Segment) -> (String, String) {
    let vlans: Vec<String> = segment.vids.iter().map(|vid| vid.to_string()).collect();
    (vlans.join("."), segment.overlay.map(|overlay| overlay.to_string()).unwrap_or_default())
}
