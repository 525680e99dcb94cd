//! DHCPv6. Read RFC 8415 sections 8, 9, 11 and 21 before editing, RFC 4649 for the remote identifier and RFC 6939
//! for the client's link-layer address.

use core::net::Ipv6Addr;
use core::time::Duration;

use super::cursor::{Window, load, load_ipv6, load_u8, load_u16, load_u32};
use super::{Layer, Outcome, Reason};
use crate::types::{IpPrefix, MacAddr};

const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;

const CLIENT_ID: u16 = 1;
const SERVER_ID: u16 = 2;
const IA_NA: u16 = 3;
const IA_TA: u16 = 4;
const IA_ADDRESS: u16 = 5;
const RELAY_MESSAGE: u16 = 9;
const STATUS_CODE: u16 = 13;
const INTERFACE_ID: u16 = 18;
const IA_PD: u16 = 25;
const IA_PREFIX: u16 = 26;
const REMOTE_ID: u16 = 37;
const CLIENT_FQDN: u16 = 39;
const RELAY_ID: u16 = 53;
const CLIENT_LINK_LAYER: u16 = 79;

/// How many relay messages may stand around a client's message (RFC 8415 section 7.6).
pub const RELAYS_MAX: usize = 8;

/// A DHCPv6 message, from its type on.
///
/// # Layout
/// A client's or server's message: type at 0, transaction identifier at 1 (3 octets), options at 4. A relay's:
/// type at 0, hop count at 1, link address at 2, peer address at 18, options at 34.
///
/// # Reference
/// RFC 8415 sections 8 and 9.
#[derive(Clone, Copy, Debug)]
pub struct Dhcpv6Message<'a> {
    bytes: &'a [u8],
    /// Nothing of the message was cut off.
    is_whole: bool,
}

/// The kinds of DHCPv6 messages.
///
/// # Reference
/// RFC 8415 section 7.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dhcpv6Kind {
    /// 1: a client looks for servers.
    Solicit,
    /// 2: a server offers.
    Advertise,
    /// 3: a client asks for addresses.
    Request,
    /// 4: a client that moved asks whether its addresses fit.
    Confirm,
    /// 5: a client prolongs its leases with its server.
    Renew,
    /// 6: a client prolongs its leases with any server.
    Rebind,
    /// 7: a server answers.
    Reply,
    /// 8: a client gives addresses back.
    Release,
    /// 9: a client finds addresses taken.
    Decline,
    /// 12: a relay passes a message on to a server.
    RelayForward,
    /// 13: a server passes a message on to a relay.
    RelayReply,
    /// Any other number.
    Other(u8),
}

impl<'a> Dhcpv6Message<'a> {
    /// Tells whether nothing of the message was cut off.
    pub const fn is_whole(self) -> bool {
        self.is_whole
    }

    /// Returns the number of the message's type.
    pub fn number(self) -> Option<u8> {
        load_u8(self.bytes, 0)
    }

    /// Returns the kind of message.
    pub fn kind(self) -> Option<Dhcpv6Kind> {
        Some(match self.number()? {
            1 => Dhcpv6Kind::Solicit,
            2 => Dhcpv6Kind::Advertise,
            3 => Dhcpv6Kind::Request,
            4 => Dhcpv6Kind::Confirm,
            5 => Dhcpv6Kind::Renew,
            6 => Dhcpv6Kind::Rebind,
            7 => Dhcpv6Kind::Reply,
            8 => Dhcpv6Kind::Release,
            9 => Dhcpv6Kind::Decline,
            RELAY_FORWARD => Dhcpv6Kind::RelayForward,
            RELAY_REPLY => Dhcpv6Kind::RelayReply,
            other => Dhcpv6Kind::Other(other),
        })
    }

    /// Tells whether a relay speaks.
    pub fn is_relayed(self) -> bool {
        matches!(self.number(), Some(RELAY_FORWARD | RELAY_REPLY))
    }

    /// Returns the address that the relay has on the client's link; unspecified where it has none.
    pub fn link_addr(self) -> Option<Ipv6Addr> {
        load_ipv6(self.bytes, 2).filter(|_| self.is_relayed())
    }

    /// Returns the address of the client or relay that the relayed message came from or goes to.
    pub fn peer_addr(self) -> Option<Ipv6Addr> {
        load_ipv6(self.bytes, 18).filter(|_| self.is_relayed())
    }

    /// Returns the message that a relay passes on, unless it is cut off.
    pub fn relayed(self) -> Option<Self> {
        let found = self.options().find(|option| option.code == RELAY_MESSAGE && self.is_relayed())?;
        Some(Self { bytes: found.value, is_whole: self.is_whole })
    }

    /// Returns the message and what it passes on, outermost first, at most [`RELAYS_MAX`] levels beyond the first.
    pub fn levels(self) -> impl Iterator<Item = Self> {
        core::iter::successors(Some(self), |message| message.relayed()).take(RELAYS_MAX + 1)
    }

    /// Returns the options of this level, as far as they were captured and make sense.
    pub fn options(self) -> Dhcpv6Options<'a> {
        let fixed = if self.is_relayed() { 34 } else { 4 };
        Dhcpv6Options { rest: self.bytes.get(fixed..).unwrap_or_default() }
    }

    /// Returns the client's identifier.
    pub fn client(self) -> Option<Duid<'a>> {
        self.option(CLIENT_ID).map(Duid)
    }

    /// Returns what the relay calls the interface of the client.
    pub fn interface_id(self) -> Option<&'a [u8]> {
        self.option(INTERFACE_ID)
    }

    /// Returns what the relay calls the client's end, behind the number of the enterprise that defines it.
    ///
    /// # Reference
    /// RFC 4649 section 3.
    pub fn remote_id(self) -> Option<&'a [u8]> {
        self.option(REMOTE_ID)?.get(4..)
    }

    /// Returns the client's MAC address as the first relay saw it.
    ///
    /// # Layout
    /// Hardware type at 0, address at 2.
    ///
    /// # Reference
    /// RFC 6939 section 4.
    pub fn client_mac(self) -> Option<MacAddr> {
        match *self.option(CLIENT_LINK_LAYER)? {
            [0, 1, a, b, c, d, e, f] => Some(MacAddr::new([a, b, c, d, e, f])),
            _ => None,
        }
    }

    /// Returns the first label of the client's name.
    ///
    /// # Layout
    /// Flags at 0, then labels: length at 0, octets.
    ///
    /// # Reference
    /// RFC 4704 section 4.
    pub fn host_name(self) -> Option<&'a [u8]> {
        let (length, rest) = self.option(CLIENT_FQDN)?.get(1..)?.split_first()?;
        rest.get(..usize::from(*length)).filter(|name| !name.is_empty())
    }

    fn option(self, code: u16) -> Option<&'a [u8]> {
        self.options().find(|option| option.code == code).map(|option| option.value)
    }
}

/// An option of a DHCPv6 message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dhcpv6Option<'a> {
    /// Its number.
    pub code: u16,
    /// Its value.
    pub value: &'a [u8],
}

impl<'a> Dhcpv6Option<'a> {
    /// Returns the identifier, if the option is a client's, server's or relay's (RFC 5460 section 5.4.1).
    pub fn duid(self) -> Option<Duid<'a>> {
        matches!(self.code, CLIENT_ID | SERVER_ID | RELAY_ID).then_some(Duid(self.value))
    }

    /// Returns the options inside an identity association, an address or a prefix; none in others.
    pub fn options(self) -> Dhcpv6Options<'a> {
        let fixed = match self.code {
            IA_NA | IA_PD => 12,
            IA_TA => 4,
            IA_ADDRESS => 24,
            IA_PREFIX => 25,
            _ => usize::MAX,
        };
        Dhcpv6Options { rest: self.value.get(fixed..).unwrap_or_default() }
    }

    /// Returns the address that the option leases and for how long, none for ever too.
    ///
    /// # Layout
    /// Address at 0, preferred lifetime at 16, valid lifetime at 20, in seconds.
    ///
    /// # Reference
    /// RFC 8415 section 21.6.
    pub fn address(self) -> Option<(Ipv6Addr, Lifetime)> {
        let is_address = self.code == IA_ADDRESS;
        let addr = load_ipv6(self.value, 0).filter(|_| is_address)?;
        Some((addr, Lifetime::from_secs(load_u32(self.value, 20)?)))
    }

    /// Returns the prefix that the option delegates and for how long.
    ///
    /// # Layout
    /// Preferred lifetime at 0, valid lifetime at 4, prefix length at 8, prefix at 9.
    ///
    /// # Reference
    /// RFC 8415 section 21.22.
    pub fn prefix(self) -> Option<(IpPrefix, Lifetime)> {
        let is_prefix = self.code == IA_PREFIX;
        let length = load_u8(self.value, 8).filter(|_| is_prefix)?;
        let prefix = IpPrefix::new(load_ipv6(self.value, 9)?.into(), length);
        Some((prefix, Lifetime::from_secs(load_u32(self.value, 4)?)))
    }

    /// Returns the status, if the option is one; 0 means success.
    pub fn status(self) -> Option<u16> {
        load_u16(self.value, 0).filter(|_| self.code == STATUS_CODE)
    }
}

/// For how long something is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// For so long.
    For(Duration),
    /// Without end: all bits are set (RFC 8415 section 7.7).
    Endless,
}

impl Lifetime {
    fn from_secs(secs: u32) -> Self {
        if secs == u32::MAX { Self::Endless } else { Self::For(Duration::from_secs(secs.into())) }
    }
}

/// Iterates over the options of a DHCPv6 message or option.
///
/// # Layout
/// Code at 0, length of the value at 2, value at 4.
#[derive(Clone, Debug)]
pub struct Dhcpv6Options<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Dhcpv6Options<'a> {
    type Item = Dhcpv6Option<'a>;

    fn next(&mut self) -> Option<Dhcpv6Option<'a>> {
        let (code, length) = (load_u16(self.rest, 0)?, usize::from(load_u16(self.rest, 2)?));
        let (value, rest) = self.rest.get(4..)?.split_at_checked(length)?;
        self.rest = rest;
        Some(Dhcpv6Option { code, value })
    }
}

/// A DHCP unique identifier. Meant to be compared only; what is read of it here may be of another interface than
/// the one that sends.
///
/// # Layout
/// Type at 0; 1: hardware type at 2, time at 4, link-layer address at 8; 2: number of an enterprise at 2,
/// identifier at 6; 3: hardware type at 2, link-layer address at 4; 4: UUID at 2.
///
/// # Reference
/// RFC 8415 section 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duid<'a>(&'a [u8]);

impl<'a> Duid<'a> {
    /// Returns the octets, from the type on.
    pub const fn octets(self) -> &'a [u8] {
        self.0
    }

    /// Returns the Ethernet address that it was made of.
    pub fn mac(self) -> Option<MacAddr> {
        let octets = match (load_u16(self.0, 0)?, load_u16(self.0, 2)?) {
            (1, 1) if self.0.len() == 14 => load::<6>(self.0, 8),
            (3, 1) if self.0.len() == 10 => load::<6>(self.0, 4),
            _ => None,
        };
        octets.map(|octets| MacAddr::new(*octets))
    }

    /// Returns the UUID that it is.
    pub fn uuid(self) -> Option<&'a [u8; 16]> {
        (load_u16(self.0, 0) == Some(4) && self.0.len() == 18).then(|| load::<16>(self.0, 2))?
    }
}

/// Reads a message and checks its options, those of relayed messages too.
#[cold]
#[inline(never)]
pub(super) fn read(window: Window<'_>) -> (Dhcpv6Message<'_>, Outcome) {
    let message = Dhcpv6Message { bytes: window.bytes(), is_whole: !window.is_cut() };
    (message, check(window))
}

/// Checks that options fill each level of a message.
fn check(mut window: Window<'_>) -> Outcome {
    for _ in 0..=RELAYS_MAX {
        let is_relayed = matches!(window.first(), Some(RELAY_FORWARD | RELAY_REPLY));
        if let Err((_, outcome)) = window.split(if is_relayed { 34 } else { 4 }, Layer::Dhcpv6) {
            return outcome;
        }
        let mut inner = None;
        while window.first().is_some() {
            let (code, length) = match window.take::<4>(Layer::Dhcpv6) {
                Ok([c0, c1, l0, l1]) => (u16::from_be_bytes([*c0, *c1]), u16::from_be_bytes([*l0, *l1])),
                Err(outcome) => return outcome,
            };
            match window.split(usize::from(length), Layer::Dhcpv6) {
                Ok(value) if code == RELAY_MESSAGE && is_relayed && inner.is_none() => inner = Some(value),
                Ok(_) => {}
                Err((_, outcome)) => return outcome,
            }
        }
        if window.is_cut() {
            return window.short(Layer::Dhcpv6, 4);
        }
        match inner {
            Some(next) => window = next,
            None => return Outcome::Complete,
        }
    }
    Outcome::Unsupported(Reason::TooManyRelays)
}
