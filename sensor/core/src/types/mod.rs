//! The words that every other module is written in.
//!
//! Plain values: small, `Copy` where that is cheap, with one spelling when printed. Knows nothing of
//! frames' contents, tables or records, and imports no other module of this crate.

mod duration;
mod forwarding;
mod frame;
mod limits;
mod linktype;
mod location;
mod mac;
mod point;
mod prefix;
mod refresh;
mod station;
mod tight;
mod time;
mod time_text;
mod tunnel;
mod vlan;

pub use duration::{ParseDurationError, format_duration, parse_duration};
pub use forwarding::{ForwardingRow, PollRound, PolledSwitch};
pub use frame::Frame;
pub use limits::{Limits, StreamLimits};
pub use linktype::LinkType;
pub use location::{AttachmentId, Location, Segment};
pub use mac::{MacAddr, MacPrefix, ParseMacError};
pub use point::{Blindness, CapturePoint, CapturePointId, Confidence, Coverage, Direction, DomainId, Port};
pub use prefix::{IpPrefix, ParsePrefixError};
pub use refresh::Refresh;
pub use station::StationId;
pub(crate) use tight::push_tight;
pub use time::Timestamp;
pub use time_text::ParseTimestampError;
pub use tunnel::{Overlay, PortTag, PortTagKind, Tunnel, TunnelKind, Via};
pub use vlan::{Vids, VlanStack, VlanTag};
