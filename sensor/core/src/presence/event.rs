use std::net::IpAddr;

use core::time::Duration;

use crate::sighting::SessionStatus;
use crate::types::{CapturePointId, Location, MacAddr, Segment, StationId, Timestamp};

/// Something that became known about a station's presence.
#[derive(Clone, Debug, PartialEq)]
pub struct PresenceEvent {
    /// When it became known: a frame's time or the tick on which a deadline fell.
    pub at: Timestamp,
    /// Whose.
    pub station: StationId,
    /// On which segment; mobile nodes have none of their own and stand on the default one.
    pub segment: Segment,
    /// What.
    pub kind: PresenceKind,
}

/// The kinds of presence event.
#[derive(Clone, Debug, PartialEq)]
pub enum PresenceKind {
    /// An absent station was sighted.
    Started {
        /// Where.
        location: Location,
        /// What showed it.
        evidence: Evidence,
        /// Whether nothing was known of it before.
        first: bool,
    },
    /// A present station of which only the segment was known was sighted at a place.
    Located {
        /// Where.
        location: Location,
        /// What showed it.
        evidence: Evidence,
    },
    /// A present station is at another place, and the old place fell silent or a binding says so.
    Moved {
        /// The old place.
        from: Location,
        /// The new place.
        to: Location,
        /// When it was first sighted at the new place.
        since: Timestamp,
        /// What showed it.
        evidence: Evidence,
    },
    /// A present station was sighted again; not sent for every frame.
    Seen {
        /// Where.
        location: Location,
        /// What showed it.
        evidence: Evidence,
    },
    /// The station said that it leaves, or was told that it may not come.
    Stopped {
        /// Why.
        reason: StopReason,
        /// What showed it.
        evidence: Evidence,
    },
    /// The time to live ran out unrefreshed.
    Expired {
        /// When the station was last seen.
        last_seen: Timestamp,
        /// Where.
        location: Location,
        /// What was told of it last.
        last: Evidence,
    },
    /// One station speaks at two places in turn.
    Duplicated {
        /// The place that it was at.
        former: Evidence,
        /// The place that it is at as well.
        latter: Evidence,
    },
    /// Of the two places of a duplicate one has fallen silent.
    DuplicateEnded {
        /// The place that is left.
        left: Location,
    },
    /// The station claims an IP address that it had not claimed before.
    Claimed {
        /// The address.
        addr: IpAddr,
        /// How much the claim is worth.
        strength: Strength,
        /// What showed it.
        evidence: Evidence,
    },
    /// The station claims an IP address that another one held, and that it has not held for a day.
    AddressChanged {
        /// The address.
        addr: IpAddr,
        /// Who held it.
        former: MacAddr,
        /// What showed it.
        evidence: Evidence,
    },
    /// An IP address is back at the station, which held it within the last day before another did.
    FlipFlopped {
        /// The address.
        addr: IpAddr,
        /// Who held it.
        former: MacAddr,
        /// What showed it.
        evidence: Evidence,
    },
    /// The station claims an IP address again that it had not claimed for long.
    AddressReused {
        /// The address.
        addr: IpAddr,
        /// When it had claimed it last.
        idle_since: Timestamp,
        /// What showed it.
        evidence: Evidence,
    },
    /// The station claims an IP address that is in no subnet of where it is.
    Bogon {
        /// The address.
        addr: IpAddr,
        /// What showed it.
        evidence: Evidence,
    },
    /// The station sent an ARP message whose body names another one as its sender.
    BodyMismatched {
        /// The address that the message claims.
        addr: IpAddr,
        /// For whom.
        body: MacAddr,
        /// What showed it.
        evidence: Evidence,
    },
    /// Two stations claim one IP address in turn; this station's claim is the newer one.
    Conflicted {
        /// The address.
        addr: IpAddr,
        /// The other station.
        rival: MacAddr,
        /// What each of the two claimed last, the other station's first.
        evidence: [Evidence; 2],
    },
    /// Only this station's claim has stood for the conflict window.
    ConflictEnded {
        /// The address.
        addr: IpAddr,
    },
}

impl PresenceKind {
    /// Returns the word that metric labels and JSON use.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Started { .. } => "start",
            Self::Located { .. } => "located",
            Self::Moved { .. } => "move",
            Self::Seen { .. } => "seen",
            Self::Stopped { .. } => "stop",
            Self::Expired { .. } => "expire",
            Self::Duplicated { .. } => "duplicate",
            Self::DuplicateEnded { .. } => "duplicate-ended",
            Self::Claimed { .. } => "claim",
            Self::AddressChanged { .. } => "address-changed",
            Self::FlipFlopped { .. } => "flip-flop",
            Self::AddressReused { .. } => "address-reused",
            Self::Bogon { .. } => "bogon",
            Self::BodyMismatched { .. } => "body-mismatch",
            Self::Conflicted { .. } => "conflict",
            Self::ConflictEnded { .. } => "conflict-ended",
        }
    }
}

/// What the keeper of a network wants to know of addresses, told as it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressEvent {
    /// A MAC address was seen that was not known.
    NewStation,
    /// A station claims an IP address that it had not claimed, by more than a data frame.
    NewAddress,
    /// Another station claims an IP address than the one that held it.
    Changed,
    /// An IP address is back at a station that held it within the last day.
    FlipFlop,
    /// A station claims an IP address again after a long absence.
    Reused,
    /// A station claims an IP address that is in no subnet of where it is.
    Bogon,
    /// An ARP message names another sender than its frame.
    BodyMismatch,
}

impl AddressEvent {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 7] = [
        Self::NewStation,
        Self::NewAddress,
        Self::Changed,
        Self::FlipFlop,
        Self::Reused,
        Self::Bogon,
        Self::BodyMismatch,
    ];

    /// Returns which of them a presence event is.
    pub const fn of(kind: &PresenceKind) -> Option<Self> {
        match kind {
            PresenceKind::Started { first: true, .. } => Some(Self::NewStation),
            PresenceKind::Claimed { strength: Strength::Strong, .. } => Some(Self::NewAddress),
            PresenceKind::AddressChanged { .. } => Some(Self::Changed),
            PresenceKind::FlipFlopped { .. } => Some(Self::FlipFlop),
            PresenceKind::AddressReused { .. } => Some(Self::Reused),
            PresenceKind::Bogon { .. } => Some(Self::Bogon),
            PresenceKind::BodyMismatched { .. } => Some(Self::BodyMismatch),
            _ => None,
        }
    }

    /// Returns the word that configuration, output and metric labels use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewStation => "new-station",
            Self::NewAddress => "new-address",
            Self::Changed => "changed",
            Self::FlipFlop => "flip-flop",
            Self::Reused => "reused",
            Self::Bogon => "bogon",
            Self::BodyMismatch => "body-mismatch",
        }
    }
}

/// Why a station stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The mobile node took its binding back: it is at home again.
    Deregistered,
    /// The home agent refused the binding (status 128 or above), or an agent the registration (code 64 or above).
    Refused(u8),
    /// The access server said that its session ended.
    SessionEnded,
    /// The access server started anew or stops, and its sessions with it.
    ServerRestarted,
    /// There were more sessions than are remembered: nothing more is known of this one.
    Forgotten,
}

impl StopReason {
    /// Returns the word that metric labels and JSON use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deregistered => "deregistered",
            Self::Refused(_) => "refused",
            Self::SessionEnded => "session-ended",
            Self::ServerRestarted => "server-restarted",
            Self::Forgotten => "forgotten",
        }
    }
}

/// How much a claim of an IP address is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// The source of a data frame: the sender may forward for somebody else.
    Weak,
    /// The station says so itself, by ARP or NDP, or a server that gave it the address, by DHCP or RADIUS.
    Strong,
}

impl Strength {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Strong => "strong",
        }
    }
}

/// One piece of evidence: a frame, and what it showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The frame's time.
    pub at: Timestamp,
    /// The frame's ordinal in the run, from 1; 0 where only the time of the frame was kept.
    pub frame: u64,
    /// Where the station was seen by it.
    pub location: Location,
    /// What it showed.
    pub kind: EvidenceKind,
}

impl Evidence {
    /// Returns the time by which the station is known to have spoken. A forwarding table keeps what was said for a while, so
    /// that its rows prove less than a frame does.
    pub const fn spoke_at(&self) -> Timestamp {
        match self.kind {
            EvidenceKind::ForwardingRow { spoke_after } => spoke_after,
            _ => self.at,
        }
    }

    /// Returns the capture point of the frame.
    pub const fn capture_point(&self) -> CapturePointId {
        self.location.capture_point()
    }
}

/// What a frame showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    /// The station sent a frame.
    Frame,
    /// The station announced itself by RARP, gratuitous ARP or an unsolicited advertisement.
    Announcement,
    /// ARP or NDP claimed this address.
    Claim(IpAddr),
    /// A DHCP or RADIUS server granted this address.
    Grant(IpAddr),
    /// A RADIUS accounting record.
    Accounting(SessionStatus),
    /// A relay of DHCP named the station's port.
    Relayed,
    /// A polled switch had the station in its forwarding table.
    ForwardingRow {
        /// It has spoken later than this: tables keep what was said for a while.
        spoke_after: Timestamp,
    },
    /// A Registration Request of Mobile IPv4.
    RegistrationRequest {
        /// The lifetime that it asks for; none means without end.
        lifetime: Option<Duration>,
    },
    /// A Registration Reply of Mobile IPv4.
    RegistrationReply {
        /// Its code; 64 and above refuse.
        code: u8,
    },
    /// A Binding Update.
    BindingUpdate {
        /// Its sequence number.
        sequence: u16,
        /// The lifetime it asks for.
        lifetime: Duration,
    },
    /// A Binding Acknowledgement.
    BindingAcknowledgement {
        /// Its sequence number.
        sequence: u16,
        /// Its status; 128 and above refuse.
        status: u8,
    },
}

impl EvidenceKind {
    /// Returns the word that JSON uses.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Announcement => "announcement",
            Self::Claim(_) => "address-claim",
            Self::Grant(_) => "address-grant",
            Self::Accounting(SessionStatus::Start) => "accounting-start",
            Self::Accounting(SessionStatus::Interim) => "accounting-interim",
            Self::Accounting(SessionStatus::Stop) => "accounting-stop",
            Self::Accounting(SessionStatus::NasOn) => "accounting-on",
            Self::Accounting(SessionStatus::NasOff) => "accounting-off",
            Self::Relayed => "dhcp-relay",
            Self::ForwardingRow { .. } => "forwarding-table",
            Self::RegistrationRequest { .. } => "registration-request",
            Self::RegistrationReply { .. } => "registration-reply",
            Self::BindingUpdate { .. } => "binding-update",
            Self::BindingAcknowledgement { .. } => "binding-acknowledgement",
        }
    }
}
