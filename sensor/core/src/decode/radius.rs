//! RADIUS. Read RFC 2865 sections 3 and 5, RFC 2866, RFC 2869 and RFC 3162 before editing.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::cursor::{Window, load_u8, load_u16};
use super::{Layer, Outcome, Reason};
use crate::types::IpPrefix;

/// Octets before the attributes.
const FIXED_OCTETS: usize = 20;
/// The longest packet (RFC 2865 section 3).
const OCTETS_MAX: usize = 4096;

/// A RADIUS packet, from its code on.
///
/// # Layout
/// | offset | width | field |
/// |---|---|---|
/// | 0 | 1 | code |
/// | 1 | 1 | identifier, repeated in the answer |
/// | 2 | 2 | length of the packet |
/// | 4 | 16 | authenticator |
/// | 20 | | attributes |
///
/// # Reference
/// RFC 2865 section 3.
#[derive(Clone, Copy, Debug)]
pub struct RadiusPacket<'a> {
    bytes: &'a [u8],
    /// Nothing of the packet was cut off.
    is_whole: bool,
}

/// The RADIUS codes that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RadiusKind {
    /// 4: a network access server reports.
    AccountingRequest,
    /// 5: the report was taken.
    AccountingResponse,
    /// Any other number; who may log on is not this decoder's business.
    Other(u8),
}

/// The attributes that are read, with their numbers.
///
/// # Reference
/// RFC 2865 section 5, RFC 2866 section 5, RFC 2869 section 5, RFC 3162 section 2, RFC 6911 section 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RadiusAttribute {
    /// Who logs on.
    UserName = 1,
    /// The server's IPv4 address.
    NasIpAddress = 4,
    /// The server's number for the port.
    NasPort = 5,
    /// The station's IPv4 address.
    FramedIpAddress = 8,
    /// Whom the station called: the port's or radio's MAC address, often with the network's name.
    CalledStationId = 30,
    /// Who called: the station's MAC address.
    CallingStationId = 31,
    /// The server's name.
    NasIdentifier = 32,
    /// What the record reports.
    AcctStatusType = 40,
    /// For how many seconds the server has been trying to send the record.
    AcctDelayTime = 41,
    /// Octets from the station, the lower 32 bits.
    AcctInputOctets = 42,
    /// Octets to the station, the lower 32 bits.
    AcctOutputOctets = 43,
    /// The session.
    AcctSessionId = 44,
    /// For how many seconds the session has lasted.
    AcctSessionTime = 46,
    /// Why the session ended.
    AcctTerminateCause = 49,
    /// A name that related sessions share.
    AcctMultiSessionId = 50,
    /// The upper 32 bits of the octets from the station.
    AcctInputGigawords = 52,
    /// The upper 32 bits of the octets to the station.
    AcctOutputGigawords = 53,
    /// When it happened, in seconds since 1970.
    EventTimestamp = 55,
    /// What kind of port.
    NasPortType = 61,
    /// Every how many seconds the server reports.
    AcctInterimInterval = 85,
    /// The server's name for the port.
    NasPortId = 87,
    /// The server's IPv6 address.
    NasIpv6Address = 95,
    /// The station's IPv6 prefix.
    FramedIpv6Prefix = 97,
    /// The station's IPv6 address.
    FramedIpv6Address = 168,
}

impl<'a> RadiusPacket<'a> {
    /// Tells whether nothing of the packet was cut off.
    pub const fn is_whole(self) -> bool {
        self.is_whole
    }

    /// Returns the number of the code.
    pub fn code(self) -> Option<u8> {
        load_u8(self.bytes, 0)
    }

    /// Returns the kind of packet.
    pub fn kind(self) -> Option<RadiusKind> {
        Some(match self.code()? {
            4 => RadiusKind::AccountingRequest,
            5 => RadiusKind::AccountingResponse,
            other => RadiusKind::Other(other),
        })
    }

    /// Returns the number that an answer repeats.
    pub fn identifier(self) -> Option<u8> {
        load_u8(self.bytes, 1)
    }

    /// Returns the attributes in their order, as far as they were captured and make sense.
    pub fn attributes(self) -> RadiusAttributes<'a> {
        RadiusAttributes { rest: self.bytes.get(FIXED_OCTETS..).unwrap_or_default() }
    }

    /// Returns the first value of an attribute.
    pub fn value(self, attribute: RadiusAttribute) -> Option<&'a [u8]> {
        self.values(attribute).next()
    }

    /// Returns every value of an attribute.
    pub fn values(self, attribute: RadiusAttribute) -> impl Iterator<Item = &'a [u8]> {
        self.attributes().filter(move |(number, _)| *number == attribute as u8).map(|(_, value)| value)
    }

    /// Returns the first value of an attribute that is a number of 32 bits.
    pub fn number(self, attribute: RadiusAttribute) -> Option<u32> {
        self.value(attribute)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// Returns the first value of an attribute that is an IPv4 address.
    pub fn ipv4(self, attribute: RadiusAttribute) -> Option<Ipv4Addr> {
        self.number(attribute).map(Ipv4Addr::from)
    }

    /// Returns the first value of an attribute that is an IPv6 address.
    pub fn ipv6(self, attribute: RadiusAttribute) -> Option<Ipv6Addr> {
        <[u8; 16]>::try_from(self.value(attribute)?).ok().map(Ipv6Addr::from)
    }

    /// Returns the first value of an attribute that is an IPv6 prefix.
    ///
    /// # Layout
    /// Reserved at 0, length in bits at 1, as many octets of the prefix as it needs at 2.
    ///
    /// # Reference
    /// RFC 3162 section 2.3.
    pub fn ipv6_prefix(self, attribute: RadiusAttribute) -> Option<IpPrefix> {
        let [_, bits, octets @ ..] = self.value(attribute)? else {
            return None;
        };
        let mut addr = [0; 16];
        addr.get_mut(..octets.len())?.copy_from_slice(octets);
        let is_enough = *bits <= 128 && usize::from(bits.div_ceil(8)) <= octets.len();
        is_enough.then(|| IpPrefix::new(Ipv6Addr::from(addr).into(), *bits))
    }
}

/// Iterates over number and value of the attributes of a RADIUS packet.
///
/// # Layout
/// Number at 0, length with these two octets at 1, value.
#[derive(Clone, Debug)]
pub struct RadiusAttributes<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for RadiusAttributes<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let [number, length, ..] = *self.rest else {
            return None;
        };
        let (attribute, rest) = self.rest.split_at_checked(usize::from(length))?;
        let value = attribute.get(2..)?;
        self.rest = rest;
        Some((number, value))
    }
}

/// Reads a packet and checks that its attributes fill it; none where its length is none of a packet.
///
/// Octets behind the packet's own length are padding, and a packet shorter than its length has no attributes that
/// count (RFC 2865 section 3).
#[cold]
#[inline(never)]
pub(super) fn read(mut window: Window<'_>) -> (Option<RadiusPacket<'_>>, Outcome) {
    let is_whole = !window.is_cut();
    let length = match load_u16(window.bytes(), 2) {
        Some(length) => usize::from(length),
        None => return (None, window.short(Layer::Radius, FIXED_OCTETS)),
    };
    if !(FIXED_OCTETS..=OCTETS_MAX).contains(&length) {
        return (None, window.malformed(Layer::Radius, Reason::LengthBelowHeader, length));
    }
    let contradiction = window.limit(length, Layer::Radius);
    let bytes = match contradiction {
        Outcome::Complete => window.bytes(),
        _ => window.bytes().get(..FIXED_OCTETS).unwrap_or_default(),
    };
    let packet = RadiusPacket { bytes, is_whole };
    let outcome = match window.split(FIXED_OCTETS, Layer::Radius) {
        Ok(_) => attributes(window),
        Err((_, outcome)) => outcome,
    };
    (Some(packet), contradiction.or(outcome))
}

/// Checks that the attributes fill the packet.
fn attributes(mut window: Window<'_>) -> Outcome {
    while window.first().is_some() {
        let start = window;
        let length = match window.take::<2>(Layer::Radius) {
            Ok([_, length]) => usize::from(*length),
            Err(outcome) => return outcome,
        };
        let Some(length) = length.checked_sub(2) else {
            return start.malformed(Layer::Radius, Reason::BadOption, length);
        };
        if let Err((_, outcome)) = window.split(length, Layer::Radius) {
            return outcome;
        }
    }
    if window.is_cut() { window.short(Layer::Radius, 2) } else { Outcome::Complete }
}
