//! Turns a decoded control message into evidence: who claims which address, who announces itself, which
//! mobile node is where.
//!
//! Sits between `decode` and `presence` and is called for control messages only; a plain data frame is
//! evidence by its source address alone. It judges a message by itself: what it contradicts, how old it is
//! and whether it is believed is for `presence`. Holds nothing and allocates nothing; a message gives at most
//! [`Sighting::CLAIMS_MAX`] claims, and more are counted.

mod claims;
mod leases;
mod mobile;
mod neighbors;
mod notice;
#[cfg(test)]
mod notice_tests;
mod registrations;
mod sessions;
#[cfg(test)]
mod tests;
mod words;

pub use crate::decode::Checksum;
pub use claims::{AddressClaim, Announcement, ClaimKind, Sighting, sight};
pub use mobile::{
    BindingAcknowledgement, BindingError, BindingUpdate, MobileTraffic, MobilityEvent, ProxyReading,
};
pub use notice::{
    Attachment, Lease, LeaseKind, LeasedAddress, Nas, NasPort, Neighbor, NeighborId, NeighborProtocol,
    Notice, Registration, RegistrationReply, RegistrationRequest, RelayId, Session, SessionStatus,
};
