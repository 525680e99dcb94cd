//! What third parties say of stations: leases, attachments, sessions, neighbours and registrations.
//!
//! The values alone; what fills them stands in a file for each protocol. All are owned, so that they can wait in
//! a queue, and boxed where they are queued: such messages are rare.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use arrayvec::ArrayVec;

use crate::types::{IpPrefix, MacAddr, Timestamp};

/// A statement about a station that the sender of the frame need not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// DHCPv4 or DHCPv6: which address a client holds, and where a relay says that it is attached.
    Lease(Lease),
    /// RADIUS accounting: a session at a port of a network access server.
    Session(Session),
    /// LLDP or CDP: the switch and port behind the capture point.
    Neighbor(Neighbor),
    /// Mobile IPv4: a mobile node asks for, or is granted, a binding.
    Registration(Registration),
}

impl Notice {
    /// How many words [`Notice::as_str`] knows.
    pub const COUNT: usize = 4;

    /// Returns the word for output and metric labels.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Lease(_) => "lease",
            Self::Session(_) => "session",
            Self::Neighbor(_) => "neighbor",
            Self::Registration(_) => "registration",
        }
    }
}

/// What a DHCP message says of its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The client: the hardware address in the message (DHCPv4); for DHCPv6 what the relay says, else the
    /// station that the frame comes from or goes to, else the one in the client's identifier.
    pub mac: MacAddr,
    /// What becomes of the addresses.
    pub kind: LeaseKind,
    /// The addresses that the message is about; empty for [`LeaseKind::Attached`].
    pub addresses: ArrayVec<LeasedAddress, { Self::ADDRESSES_MAX }>,
    /// The frame goes to or comes from the client itself: the client is on the frame's segment. Between a relay
    /// and a server, or behind a router, the client's segment is another one.
    pub on_segment: bool,
    /// The server: its identifier (DHCPv4), else the source of its answer.
    pub server: Option<IpAddr>,
    /// The client's name, as it says itself or is told.
    pub host_name: Option<Box<str>>,
    /// Where the client is attached, as a relay or switch says.
    pub attachment: Option<Attachment>,
}

impl Lease {
    /// How many addresses of one message are read; further ones are counted as unread claims.
    pub const ADDRESSES_MAX: usize = 4;
}

/// What a DHCP message does to its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeaseKind {
    /// A server grants or prolongs them: DHCPACK, or a Reply with addresses.
    Granted,
    /// The client gives them back. A hint and no more: nobody answers, and the client may stay.
    Released,
    /// Another message, which only tells where the client is attached.
    Attached,
}

impl LeaseKind {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Released => "released",
            Self::Attached => "attached",
        }
    }
}

/// An address and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeasedAddress {
    /// The address.
    pub ip: IpAddr,
    /// The time to live from the message on; none where the message does not say or says for ever.
    pub lifetime: Option<Duration>,
}

/// Where a DHCP client is attached, as a relay agent or a switch between client and server says.
///
/// # Reference
/// RFC 3046 (option 82); RFC 8415 section 21.18 and RFC 4649 for DHCPv6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The relay agent: `giaddr` (DHCPv4), or the link address of the innermost relay and else the relay's own
    /// (DHCPv6). None where a switch on the client's segment inserted the option on the way.
    pub relay: Option<IpAddr>,
    /// The relay's name for the port or circuit that the client is behind.
    pub circuit_id: Option<RelayId>,
    /// The relay's name for the client's end, often the relay's own MAC address.
    pub remote_id: Option<RelayId>,
}

/// An identifier that a relay or neighbour made up: octets of its own choice.
///
/// Printed as text where all octets are printable ASCII, else as `0x` and hexadecimal digits. A text that itself
/// begins with `0x` is printed in digits, so that no two identifiers look the same.
///
/// # Bounds
/// At most [`RelayId::OCTETS_MAX`] octets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayId(Box<[u8]>);

impl RelayId {
    /// The longest identifier that is kept.
    pub const OCTETS_MAX: usize = 255;

    /// Keeps an identifier; none if it is empty or too long.
    pub fn new(octets: &[u8]) -> Option<Self> {
        let is_kept = !octets.is_empty() && octets.len() <= Self::OCTETS_MAX;
        is_kept.then(|| Self(octets.into()))
    }

    /// Returns the octets as they stand in the message.
    pub const fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Returns the MAC address that the identifier consists of, if it does: six octets, or these behind a type
    /// of 0 and a length of 6, or one as text.
    pub fn mac(&self) -> Option<MacAddr> {
        let octets = match *self.0 {
            [a, b, c, d, e, f] | [0, 6, a, b, c, d, e, f] => [a, b, c, d, e, f],
            _ => return core::str::from_utf8(&self.0).ok()?.parse().ok(),
        };
        Some(MacAddr::new(octets))
    }
}

impl fmt::Display for RelayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_text = self.0.iter().all(|octet| matches!(octet, b' '..=b'~')) && !self.0.starts_with(b"0x");
        if is_text {
            return self.0.iter().try_for_each(|octet| write!(f, "{}", char::from(*octet)));
        }
        f.write_str("0x")?;
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// A RADIUS accounting record.
///
/// # Reference
/// RFC 2866; RFC 2869 sections 5.1 to 5.3 and 5.17; RFC 3162.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What became of the session, or of the whole server.
    pub status: SessionStatus,
    /// Who reports: the network access server, a switch or an access point.
    pub nas: Nas,
    /// The number of the request. With the sender and the session it tells a retransmission from news.
    pub request: u8,
    /// The session's name, unique at its server.
    pub id: Option<Box<str>>,
    /// Whose session: the MAC address in Calling-Station-Id, in whichever spelling.
    pub mac: Option<MacAddr>,
    /// The MAC address in Called-Station-Id: the port or radio.
    pub called_mac: Option<MacAddr>,
    /// The name of the wireless network behind it.
    pub ssid: Option<Box<str>>,
    /// At which port.
    pub port: NasPort,
    /// The addresses that the session has been given.
    pub addresses: ArrayVec<IpAddr, { Self::ADDRESSES_MAX }>,
    /// The prefix that it has been given, the first.
    pub prefix: Option<IpPrefix>,
    /// Who logged on.
    pub user: Option<Box<str>>,
    /// When it happened by the server's clock (Event-Timestamp); in whole seconds, and that clock may be wrong.
    pub stated_at: Option<Timestamp>,
    /// How long before the packet it happened (Acct-Delay-Time).
    pub delay: Option<Duration>,
    /// How often the server reports while the session lasts, where the record says so.
    pub interim_interval: Option<Duration>,
    /// How long the session has lasted.
    pub duration: Option<Duration>,
    /// Octets from the station.
    pub octets_in: Option<u64>,
    /// Octets to the station.
    pub octets_out: Option<u64>,
    /// Why it ended, as a number of RFC 2866 section 5.10.
    pub terminate_cause: Option<u32>,
}

impl Session {
    /// How many addresses of one record are read; further ones are counted as unread claims.
    pub const ADDRESSES_MAX: usize = 4;
}

/// What an accounting record reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionStatus {
    /// The session began.
    Start,
    /// It ended.
    Stop,
    /// It goes on.
    Interim,
    /// The server (re)started: none of its earlier sessions is left.
    NasOn,
    /// The server stops: all of its sessions end.
    NasOff,
}

impl SessionStatus {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Interim => "interim",
            Self::NasOn => "accounting-on",
            Self::NasOff => "accounting-off",
        }
    }
}

#[cfg(test)]
impl Session {
    /// Makes a record that says nothing but what became of a session, by whom, for tests.
    pub(crate) fn bare(status: SessionStatus, nas: Nas) -> Self {
        Self {
            status,
            nas,
            request: 1,
            id: None,
            mac: None,
            called_mac: None,
            ssid: None,
            port: NasPort::default(),
            addresses: Default::default(),
            prefix: None,
            user: None,
            stated_at: None,
            delay: None,
            interim_interval: None,
            duration: None,
            octets_in: None,
            octets_out: None,
            terminate_cause: None,
        }
    }
}

/// A network access server, by everything that its record calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nas {
    /// The source address of the packet; a proxy's, where one stands between.
    pub source: IpAddr,
    /// NAS-IP-Address, else NAS-IPv6-Address.
    pub address: Option<IpAddr>,
    /// NAS-Identifier.
    pub identifier: Option<Box<str>>,
}

/// A port of a network access server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NasPort {
    /// NAS-Port: a number that only the server understands.
    pub number: Option<u32>,
    /// NAS-Port-Id: its name, as on a switch.
    pub id: Option<Box<str>>,
    /// NAS-Port-Type: 15 Ethernet, 19 IEEE 802.11 (RFC 2865 section 5.41).
    pub kind: Option<u32>,
}

/// A neighbour that makes itself known on the link of the capture point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// By which protocol.
    pub protocol: NeighborProtocol,
    /// Its name for itself: the chassis (LLDP) or the device (CDP).
    pub chassis: NeighborId,
    /// Its name for the port that the frame left by.
    pub port: NeighborId,
    /// What it says that the port is for.
    pub port_description: Option<Box<str>>,
    /// Its name as a system.
    pub system_name: Option<Box<str>>,
    /// Where it is managed, the first that it names.
    pub management: Option<IpAddr>,
    /// The VLAN of untagged frames on that port.
    pub vlan: Option<u16>,
    /// For how long this is to be believed; zero when it says good-bye.
    pub lifetime: Duration,
}

/// The protocols by which switches make themselves known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NeighborProtocol {
    /// IEEE 802.1AB.
    Lldp,
    /// Cisco's Discovery Protocol.
    Cdp,
}

impl NeighborProtocol {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lldp => "lldp",
            Self::Cdp => "cdp",
        }
    }
}

/// How a neighbour names a chassis or port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NeighborId {
    /// By a MAC address.
    Mac(MacAddr),
    /// By a network address.
    Ip(IpAddr),
    /// By a name.
    Name(Box<str>),
    /// By octets of its own choice.
    Octets(RelayId),
}

impl fmt::Display for NeighborId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mac(mac) => mac.fmt(f),
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
            Self::Octets(octets) => octets.fmt(f),
        }
    }
}

/// A Mobile IPv4 registration. A request counts when a reply with its home address and identification accepts it.
///
/// # Reference
/// RFC 5944 sections 3.3 and 3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// A mobile node, or a foreign agent for it, asks for a binding.
    Request(RegistrationRequest),
    /// A home agent, or a foreign agent in its stead, answers.
    Reply(RegistrationReply),
}

/// A Registration Request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationRequest {
    /// Whose binding; none where the mobile node has no address yet (RFC 2794: 0.0.0.0 with an identifier).
    pub home_address: Option<Ipv4Addr>,
    /// The home agent.
    pub home_agent: Ipv4Addr,
    /// Where: of a foreign agent, or of the mobile node itself.
    pub care_of: Ipv4Addr,
    /// The time asked for; none means without end.
    pub lifetime: Option<Duration>,
    /// The binding shall end: lifetime 0.
    pub deregistration: bool,
    /// Earlier bindings shall stay beside this one (S).
    pub simultaneous: bool,
    /// Tells which reply answers it; the lower 32 bits at least are repeated there.
    pub identification: u64,
    /// The source of the packet.
    pub source: IpAddr,
}

/// A Registration Reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationReply {
    /// 0 and 1 accept; 64 to 127 the foreign agent refuses, 128 and above the home agent.
    pub code: u8,
    /// Whose binding.
    pub home_address: Option<Ipv4Addr>,
    /// The home agent.
    pub home_agent: Ipv4Addr,
    /// The time granted; none means without end.
    pub lifetime: Option<Duration>,
    /// The binding ended: accepted with lifetime 0.
    pub deregistration: bool,
    /// Tells which request it answers.
    pub identification: u64,
    /// The destination of the packet: the care-of address or the agent that asked.
    pub destination: IpAddr,
}

impl RegistrationReply {
    /// Tells whether the registration was accepted.
    pub const fn is_accepted(&self) -> bool {
        matches!(self.code, 0 | 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_printed_so_that_none_looks_like_another() {
        let id = |octets: &[u8]| RelayId::new(octets).unwrap().to_string();
        assert_eq!(id(b"ge-0/0/1.100"), "ge-0/0/1.100");
        assert_eq!(id(&[0, 4, 0, 10, 1, 7]), "0x0004000a0107");
        assert_eq!(id(b"0x41"), "0x30783431");
        assert_eq!(id(b"\x1b[2J"), "0x1b5b324a");
    }

    #[test]
    fn identifiers_are_bounded() {
        assert_eq!(RelayId::new(&[]), None);
        assert_eq!(RelayId::new(&[0; 256]), None);
        assert!(RelayId::new(&[0; 255]).is_some());
    }

    #[test]
    fn a_remote_identifier_may_be_a_mac_address() {
        let mac = MacAddr::new([2, 0, 0, 0, 0, 9]);
        for octets in [&[2, 0, 0, 0, 0, 9][..], &[0, 6, 2, 0, 0, 0, 0, 9], b"0200.0000.0009"] {
            assert_eq!(RelayId::new(octets).unwrap().mac(), Some(mac));
        }
        assert_eq!(RelayId::new(b"access-7").unwrap().mac(), None);
    }
}
