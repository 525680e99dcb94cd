use std::net::IpAddr;

use crate::sighting::{AddressClaim, Announcement, MobilityEvent, Notice};
use crate::types::{CapturePointId, DomainId, Location, MacAddr, Segment, Timestamp, Via, Vids};

/// What a shard tells the ledger: only what changed. Steady traffic makes no change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The ordinal of the frame in the run, from 1; 0 for what a tick brought about.
    pub sequence: u64,
    /// How deep inside the frame: 0 for its outermost header, then one for each tunnel.
    pub level: u8,
    /// When: the frame's time, or the deadline that passed.
    pub at: Timestamp,
    /// Whose, and where: the row of the shard's table.
    pub key: TableKey,
    /// What.
    pub kind: ChangeKind,
}

/// The key of a tracked station: one MAC address on one segment, as it came to one capture point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableKey {
    /// The source address.
    pub mac: MacAddr,
    /// Where it was captured.
    pub capture_point: CapturePointId,
    /// The VLAN identifiers it carried.
    pub vids: Vids,
    /// How it came there.
    pub via: Via,
}

impl TableKey {
    /// Returns the location that the key stands for.
    pub const fn location(&self) -> Location {
        Location::Wire { capture_point: self.capture_point, vids: self.vids, via: self.via }
    }

    /// Returns the segment that the key lies on; `domain` is the capture point's.
    pub const fn segment(&self, domain: DomainId) -> Segment {
        Segment { domain, vids: self.vids, overlay: self.via.overlay() }
    }
}

/// Frames and octets since the last change that carried them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Frames.
    pub frames: u64,
    /// Octets on the wire.
    pub octets: u64,
}

impl Traffic {
    /// Returns what came after an earlier count of the same.
    pub const fn less(self, earlier: Self) -> Self {
        Self {
            frames: self.frames.saturating_sub(earlier.frames),
            octets: self.octets.saturating_sub(earlier.octets),
        }
    }

    /// Adds what another report carried.
    pub const fn add(&mut self, other: Self) {
        self.frames = self.frames.saturating_add(other.frames);
        self.octets = self.octets.saturating_add(other.octets);
    }
}

/// The kinds of change.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeKind {
    /// A row was made: the first frame of this key, or the first after it expired.
    Appeared,
    /// A row is still being refreshed; at most once in a quarter of the time to live.
    StillHere(Traffic),
    /// A watched row had frames since the tick before.
    Heard {
        /// When the last frame was seen.
        last_seen: Timestamp,
        /// What it carried since the last report.
        traffic: Traffic,
    },
    /// A station that has been seen at several places was seen at this one; no mirror copy of a frame
    /// seen elsewhere.
    Sighted,
    /// When a station was last seen here, told when it is seen at another place for the first time.
    LastSeen(Timestamp),
    /// The row's time to live ran out.
    Expired {
        /// When the last frame was seen.
        last_seen: Timestamp,
        /// What it carried since the last report.
        traffic: Traffic,
    },
    /// The row had to go because the table was full.
    Evicted {
        /// When the last frame was seen.
        last_seen: Timestamp,
        /// What it carried since the last report.
        traffic: Traffic,
    },
    /// What the row carried since its last report; sent for every row when a run ends.
    Counted {
        /// When the last frame was seen.
        last_seen: Timestamp,
        /// What it carried since the last report.
        traffic: Traffic,
    },
    /// Data frames carry an IP source address that this row had not shown before.
    WeakClaim(IpAddr),
    /// The row showed more source addresses than a station has: it forwards for others.
    Router,
    /// ARP or NDP claims an address.
    Claim(AddressClaim),
    /// The station announces itself, as after a migration.
    Announced(Announcement),
    /// A mobility message; boxed, because it is rare and would make every change as large as itself.
    Mobility(Box<MobilityEvent>),
    /// What a server, switch or agent says of a station; boxed like the former.
    Notice(Box<Notice>),
}
