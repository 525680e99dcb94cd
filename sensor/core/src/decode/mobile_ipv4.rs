//! Mobile IPv4 registration. Read RFC 5944 sections 3.3 and 3.4 before editing.

use core::net::Ipv4Addr;
use core::time::Duration;

use super::cursor::{Window, load, load_ipv4, load_u8, load_u16};
use super::{Layer, Outcome};

const REQUEST: u8 = 1;
const REPLY: u8 = 3;
/// Revocation and its acknowledgement (RFC 3543 section 3), which name the home address at the same place.
const REVOCATION: u8 = 7;
const REVOCATION_ACKNOWLEDGEMENT: u8 = 15;

/// A Mobile IPv4 message, from its type on.
///
/// # Layout
/// | offset | width | request (type 1) | reply (type 3) |
/// |---|---|---|---|
/// | 0 | 1 | type | type |
/// | 1 | 1 | flags S B D M G r T x | code |
/// | 2 | 2 | lifetime in seconds, 65535 for ever | the same, granted |
/// | 4 | 4 | home address | home address |
/// | 8 | 4 | home agent | home agent |
/// | 12 | 4 | care-of address | identification, 8 octets |
/// | 16 | 8 | identification | |
///
/// # Reference
/// RFC 5944 sections 3.3 and 3.4.
#[derive(Clone, Copy, Debug)]
pub struct MobileIpv4Message<'a> {
    bytes: &'a [u8],
}

/// The kinds of Mobile IPv4 messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MobileIpv4Kind {
    /// 1: a mobile node asks for a binding.
    Request,
    /// 3: a home agent, or a foreign agent in its stead, answers.
    Reply,
    /// Any other number.
    Other(u8),
}

/// For how long a binding is asked for or granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationLifetime(pub u16);

impl RegistrationLifetime {
    /// Returns the time; none if it is without end.
    pub fn duration(self) -> Option<Duration> {
        (self.0 != u16::MAX).then(|| Duration::from_secs(self.0.into()))
    }

    /// Tells whether the binding ends.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl MobileIpv4Message<'_> {
    /// Returns the number of the message's type.
    pub fn number(self) -> Option<u8> {
        load_u8(self.bytes, 0)
    }

    /// Returns the kind of message.
    pub fn kind(self) -> Option<MobileIpv4Kind> {
        Some(match self.number()? {
            REQUEST => MobileIpv4Kind::Request,
            REPLY => MobileIpv4Kind::Reply,
            other => MobileIpv4Kind::Other(other),
        })
    }

    /// Tells whether earlier bindings shall stay beside the one that a request asks for (S).
    pub fn is_simultaneous(self) -> bool {
        self.has_kind(REQUEST) && load_u8(self.bytes, 1).is_some_and(|flags| flags & 0x80 != 0)
    }

    /// Returns the code of a reply.
    pub fn code(self) -> Option<u8> {
        load_u8(self.bytes, 1).filter(|_| self.has_kind(REPLY))
    }

    /// Returns the lifetime of a request or reply.
    pub fn lifetime(self) -> Option<RegistrationLifetime> {
        load_u16(self.bytes, 2).filter(|_| self.is_registration()).map(RegistrationLifetime)
    }

    /// Returns the mobile node's address at home, which a revocation names as well; zero where it has none yet.
    pub fn home_addr(self) -> Option<Ipv4Addr> {
        let is_there =
            self.is_registration() || self.has_kind(REVOCATION) || self.has_kind(REVOCATION_ACKNOWLEDGEMENT);
        load_ipv4(self.bytes, 4).filter(|_| is_there)
    }

    /// Returns the address of the home agent.
    pub fn home_agent(self) -> Option<Ipv4Addr> {
        load_ipv4(self.bytes, 8).filter(|_| self.is_registration())
    }

    /// Returns the care-of address of a request.
    pub fn care_of(self) -> Option<Ipv4Addr> {
        load_ipv4(self.bytes, 12).filter(|_| self.has_kind(REQUEST))
    }

    /// Returns what tells which reply answers which request.
    pub fn identification(self) -> Option<u64> {
        let at = if self.has_kind(REQUEST) { 16 } else { 12 };
        load::<8>(self.bytes, at).filter(|_| self.is_registration()).copied().map(u64::from_be_bytes)
    }

    fn is_registration(self) -> bool {
        self.has_kind(REQUEST) || self.has_kind(REPLY)
    }

    fn has_kind(self, number: u8) -> bool {
        self.number() == Some(number)
    }
}

/// Reads a message and checks that its fixed fields are there.
#[cold]
#[inline(never)]
pub(super) fn read(window: Window<'_>) -> (MobileIpv4Message<'_>, Outcome) {
    let message = MobileIpv4Message { bytes: window.bytes() };
    let needed = match message.kind() {
        Some(MobileIpv4Kind::Request) => 24,
        Some(MobileIpv4Kind::Reply) => 20,
        Some(MobileIpv4Kind::Other(_)) | None => 1,
    };
    let mut rest = window;
    let outcome =
        rest.split(needed, Layer::MobileIpv4).map_or_else(|(_, outcome)| outcome, |_| Outcome::Complete);
    (message, outcome)
}
