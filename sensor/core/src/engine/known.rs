use std::collections::BTreeMap;

use crate::presence::RecordedStations;
use crate::recorded::{Expectation, Snapshot};
use crate::types::MacAddr;

/// Returns the stations that are recorded in any of some snapshots, and which of them should not be heard at some time: because
/// they are recorded as off then, or not recorded at all; and how long they may be silent, where a record says so.
pub fn recorded_stations<'a>(snapshots: impl Iterator<Item = &'a Snapshot> + Clone) -> RecordedStations {
    let mut times: BTreeMap<MacAddr, usize> = BTreeMap::new();
    for snapshot in snapshots.clone() {
        let guests = snapshot.guests().iter().flat_map(|guest| &guest.macs);
        let hosts = snapshot.hosts().iter().flat_map(|host| &host.macs);
        let known = snapshot.known_stations().iter().map(|station| &station.mac);
        let mut macs: Vec<MacAddr> = guests.chain(hosts).chain(known).copied().collect();
        macs.sort_unstable();
        macs.dedup();
        for mac in macs {
            *times.entry(mac).or_default() += 1;
        }
    }
    let count = snapshots.clone().count();
    let not_always = times.iter().filter(|(_, times)| **times < count).map(|(&mac, _)| mac);
    let guests = snapshots.clone().flat_map(Snapshot::guests);
    let off = guests.filter(|guest| guest.run_state.should_communicate() == Expectation::No);
    let off = off.flat_map(|guest| &guest.macs).copied();
    let known = snapshots.flat_map(Snapshot::known_stations);
    let ttls = known.filter_map(|station| Some((station.mac, station.ttl?)));
    RecordedStations::new(times.keys().copied()).watching(not_always.chain(off)).with_ttls(ttls)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recorded::rows::{GuestRow, Text};
    use crate::recorded::{Position, SnapshotBuilder};

    #[test]
    fn who_is_off_or_not_recorded_at_some_time_is_watched() {
        let [on, off, goes] = [1, 2, 3].map(|last| MacAddr::new([2, 0, 0, 0, 0, last]));
        let snapshot = |rows: &[(&str, MacAddr, &str)]| {
            let mut builder = SnapshotBuilder::new();
            let at = Position { source: builder.source("test"), line: 1, column: 1 };
            let text = |text: &str| Text::new(text, at);
            for (id, mac, state) in rows {
                builder.guest(GuestRow {
                    id: Some(text(id)),
                    macs: vec![text(&mac.to_string())],
                    state: Some(text(state)),
                    ..GuestRow::default()
                });
            }
            builder.finish().snapshot
        };
        let before = snapshot(&[("a", on, "running"), ("b", off, "powered-off"), ("c", goes, "running")]);
        let after = snapshot(&[("a", on, "running"), ("b", off, "running")]);
        let known = recorded_stations([&before, &after].into_iter());
        assert!([on, off, goes].into_iter().all(|mac| known.contains(mac)));
        assert_eq!([on, off, goes].map(|mac| known.is_watched(mac)), [false, true, true]);
        let known = recorded_stations([&after].into_iter());
        assert_eq!([on, off, goes].map(|mac| known.is_watched(mac)), [false, false, false]);
    }
}
