//! Turns sightings into presence: who is on which segment now, and at which place.
//!
//! Two halves. Each shard owns a [`StationTable`], a bounded expiring table that a frame refreshes in a few
//! nanoseconds; what leaves it is change ([`Change`]). The control side owns the [`Ledger`], which merges
//! the changes of all shards, weighs places and address claims against each other, and gives
//! [`PresenceEvent`]s. Neither reads a clock: time comes with frames and ticks. Neither knows what is recorded,
//! save that rows of recorded stations are not evicted for strangers.
//!
//! A station is a MAC address on one segment. Capture points that *locate* (one mirrored port or host, ingress
//! only) are places, which exclude each other; others only refresh.
//!
//! Reference: IEEE 802.1Q-2018 section 8.8.3 for the 300 s that a bridge remembers an address; RFC 6275 for
//! bindings; RFC 5227 and RFC 4861 for what an address claim means.

mod addresses;
mod attachments;
mod bindings;
mod change;
mod claims;
#[cfg(test)]
mod claims_tests;
mod contest;
mod contexts;
mod event;
mod far;
#[cfg(test)]
mod farewell_tests;
mod flood;
mod forwarding;
mod grounds;
mod history;
#[cfg(test)]
mod history_tests;
mod index;
mod ledger;
#[cfg(test)]
mod ledger_tests;
mod lives;
mod locations;
mod mobile_node;
mod notices;
mod order;
mod outcomes;
mod places;
mod registrations;
mod rivals;
mod row;
mod seen;
mod sessions;
mod settings;
mod sides;
mod slab;
mod stations;
mod stay;
mod table;
#[cfg(test)]
mod table_tests;
mod wheel;

use core::time::Duration;

use crate::types::Timestamp;

pub use addresses::{AddressBook, Claimant};
pub use attachments::{Attachment, Attachments, NamedBy};
pub use bindings::{BindingCounters, Bindings};
pub use change::{Change, ChangeKind, TableKey, Traffic};
pub use contexts::WireContexts;
pub use event::{AddressEvent, Evidence, EvidenceKind, PresenceEvent, PresenceKind, StopReason, Strength};
pub use flood::{FloodChange, FloodEvent, Pressure};
pub use forwarding::{ForwardingCounters, ForwardingTables, PolledTable, TableRow, TableSight};
pub use grounds::{Exemptions, LocalSubnet};
pub use history::{History, HistoryRecord, PastStay};
pub use ledger::{Ledger, Station};
pub use lives::{RecordedStations, TtlMatch, TtlRule};
pub use mobile_node::{Binding, MobileNode};
pub use outcomes::{Originality, Refreshed, TableCounters};
pub use registrations::{Registered, RegisteredNode, RegistrationCounters, Registrations};
pub use row::{Mark, SourceMark};
pub use seen::Seen;
pub use sessions::{SessionCounters, Sessions};
pub use settings::{AckRule, BadChecksum, PresenceSettings, ProxyMobility};
pub use stay::{Arrival, Stay, ToldAddresses};
pub use table::StationTable;

/// Returns the first tick after `now`.
pub(crate) fn next_tick(now: Timestamp, tick: Duration) -> Timestamp {
    now.after(Duration::from_nanos(1)).round_up(tick)
}
