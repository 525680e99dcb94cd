use std::net::IpAddr;

use rollcall_core::types::Timestamp;
use rusqlite::{Row, params};

use super::store::{Store, StoreError};

/// Rows that one question gets at most, the latest.
const ROWS_MAX: i64 = 10_000;

/// A station's stay at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StayRow {
    /// Its MAC address, or a mobile node's home address.
    pub station: String,
    /// The layer-2 domain, by number.
    pub domain: u64,
    /// The VLAN identifiers, joined by dots, and the overlay; empty for untagged frames.
    pub segment: String,
    /// Where, in words.
    pub place: String,
    /// How closely that is known.
    pub confidence: String,
    /// Its first sighting there.
    pub from: Timestamp,
    /// Its last sighting there.
    pub to: Timestamp,
    /// Whether it was still there when the run ended, or was written last.
    pub is_open: bool,
    /// Frames.
    pub frames: u64,
    /// Octets on the wire.
    pub octets: u64,
}

/// A station's claim of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRow {
    /// The address.
    pub address: String,
    /// Who claims it.
    pub mac: String,
    /// The layer-2 domain, by number.
    pub domain: u64,
    /// The VLAN identifiers, joined by dots, and the overlay.
    pub segment: String,
    /// `strong` or `weak`.
    pub strength: String,
    /// The first claim.
    pub from: Timestamp,
    /// The last claim that is known of.
    pub last: Timestamp,
    /// When another station took the address over.
    pub until: Option<Timestamp>,
    /// Whether the station was present at the time in question.
    pub present: bool,
}

impl Store {
    /// Returns where a station was at a time; where it was nowhere then, where it was last before. Without a time: where
    /// it was last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn whereis(&self, station: &str, at: Option<Timestamp>) -> Result<Vec<StayRow>, StoreError> {
        const THEN: &str = "SELECT * FROM stays WHERE station = ?1 AND began <= ?2 AND ended >= ?2 \
                            ORDER BY began DESC LIMIT ?3";
        const BEFORE: &str = "SELECT * FROM stays WHERE station = ?1 AND began <= ?2 \
                              ORDER BY ended DESC, began DESC LIMIT 1";
        const OPEN: &str = "SELECT * FROM stays WHERE station = ?1 AND is_open AND began <= ?2 AND ended = \
                            (SELECT max(ended) FROM stays WHERE station = ?1) ORDER BY began DESC LIMIT ?3";
        let then = at.map_or(i64::MAX, Timestamp::as_nanos);
        let sql = if at.is_some() { THEN } else { OPEN };
        let found = self.rows(sql, params![station, then, ROWS_MAX], stay)?;
        if found.is_empty() { self.rows(BEFORE, params![station, then], stay) } else { Ok(found) }
    }

    /// Returns who had an address at a time, who claimed it last first; without a time, who has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn whohas(&self, addr: IpAddr, at: Option<Timestamp>) -> Result<Vec<ClaimRow>, StoreError> {
        const THEN: &str = "SELECT claims.*, EXISTS (SELECT 1 FROM stays WHERE station = claims.mac \
                            AND stays.began <= ?2 AND (stays.ended >= ?2 OR (?4 AND is_open))) \
                            FROM claims WHERE address = ?1 AND began <= ?2 AND (ended IS NULL OR ended > ?2) \
                            ORDER BY strength, began DESC, mac LIMIT ?3";
        let then = at.map_or(i64::MAX, Timestamp::as_nanos);
        self.rows(THEN, params![addr.to_string(), then, ROWS_MAX, at.is_none()], claim)
    }

    /// Returns every stay and claim of a station that began by a time, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn history(
        &self,
        station: &str,
        at: Option<Timestamp>,
    ) -> Result<(Vec<StayRow>, Vec<ClaimRow>), StoreError> {
        const STAYS: &str = "SELECT * FROM (SELECT * FROM stays WHERE station = ?1 AND began <= ?2 \
                             ORDER BY began DESC LIMIT ?3) ORDER BY began, place";
        const CLAIMS: &str = "SELECT * FROM (SELECT claims.*, 0 FROM claims WHERE mac = ?1 AND began <= ?2 \
                              ORDER BY began DESC LIMIT ?3) ORDER BY began, address";
        let then = at.map_or(i64::MAX, Timestamp::as_nanos);
        let stays = self.rows(STAYS, params![station, then, ROWS_MAX], stay)?;
        Ok((stays, self.rows(CLAIMS, params![station, then, ROWS_MAX], claim)?))
    }

    fn rows<T>(
        &self,
        sql: &str,
        values: &[&dyn rusqlite::ToSql],
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement.query_map(values, &read)?;
            rows.collect::<rusqlite::Result<Vec<T>>>()
        };
        run().map_err(|source| self.failed(source))
    }
}

fn segment(row: &Row<'_>) -> rusqlite::Result<String> {
    let (vlans, overlay): (String, String) = (row.get("vlans")?, row.get("overlay")?);
    Ok(match (overlay.is_empty(), vlans.is_empty()) {
        (true, _) => vlans,
        (false, true) => overlay,
        (false, false) => format!("{overlay} vlan {vlans}"),
    })
}

fn count(row: &Row<'_>, name: &str) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(name)?).unwrap_or(0))
}

fn stay(row: &Row<'_>) -> rusqlite::Result<StayRow> {
    Ok(StayRow {
        station: row.get("station")?,
        domain: count(row, "domain")?,
        segment: segment(row)?,
        place: row.get("place")?,
        confidence: row.get("confidence")?,
        from: Timestamp::from_nanos(row.get("began")?),
        to: Timestamp::from_nanos(row.get("ended")?),
        is_open: row.get("is_open")?,
        frames: count(row, "frames")?,
        octets: count(row, "octets")?,
    })
}

fn claim(row: &Row<'_>) -> rusqlite::Result<ClaimRow> {
    Ok(ClaimRow {
        address: row.get("address")?,
        mac: row.get("mac")?,
        domain: count(row, "domain")?,
        segment: segment(row)?,
        strength: row.get("strength")?,
        from: Timestamp::from_nanos(row.get("began")?),
        last: Timestamp::from_nanos(row.get("last")?),
        until: row.get::<_, Option<i64>>("ended")?.map(Timestamp::from_nanos),
        present: row.get(9)?,
    })
}
