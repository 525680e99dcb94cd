//! DHCP and BOOTP. Read RFC 2131, RFC 2132, RFC 3046 and RFC 3396 before editing.

use core::net::Ipv4Addr;
use core::time::Duration;

use arrayvec::ArrayVec;

use super::cursor::{Window, load, load_ipv4, load_u8, load_u32};
use super::{Layer, Outcome, Reason};
use crate::types::MacAddr;

/// Octets before the options: the fixed fields, the server's name and the boot file.
const FIXED_OCTETS: usize = 236;
/// What the options begin with (RFC 2131 section 3).
const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

const PAD: u8 = 0;
const HOST_NAME: u8 = 12;
const REQUESTED_ADDRESS: u8 = 50;
const LEASE_TIME: u8 = 51;
const OVERLOAD: u8 = 52;
const MESSAGE_TYPE: u8 = 53;
const SERVER_IDENTIFIER: u8 = 54;
const CLIENT_IDENTIFIER: u8 = 61;
const RELAY_AGENT: u8 = 82;
const CLIENT_MACHINE: u8 = 97;
const END: u8 = 255;

/// A DHCP or BOOTP message, from its operation code on.
///
/// # Layout
/// | offset | width | field |
/// |---|---|---|
/// | 0 | 1 | operation: 1 from a client, 2 from a server |
/// | 1 | 1 | hardware type, 1 for Ethernet, 6 for IEEE 802 |
/// | 2 | 1 | hardware address length, 6 for Ethernet |
/// | 3 | 1 | hops |
/// | 4 | 4 | transaction identifier |
/// | 8 | 4 | seconds, flags |
/// | 12 | 4 | `ciaddr`: the client's address while it renews |
/// | 16 | 4 | `yiaddr`: the address that the client gets |
/// | 20 | 4 | `siaddr`: the next server |
/// | 24 | 4 | `giaddr`: the relay agent |
/// | 28 | 16 | `chaddr`: the client's hardware address |
/// | 44 | 64 | `sname`, or options |
/// | 108 | 128 | `file`, or options |
/// | 236 | 4 | magic cookie, then options |
///
/// # Reference
/// RFC 2131 section 2.
#[derive(Clone, Copy, Debug)]
pub struct DhcpMessage<'a> {
    bytes: &'a [u8],
    /// Nothing of the message was cut off.
    is_whole: bool,
}

/// The kinds of DHCP messages, with their numbers.
///
/// # Reference
/// RFC 2132 section 9.6, RFC 3203, RFC 4388.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DhcpKind {
    /// 1: a client looks for servers.
    Discover,
    /// 2: a server offers an address.
    Offer,
    /// 3: a client asks for an address.
    Request,
    /// 4: a client finds its address taken.
    Decline,
    /// 5: a server grants an address.
    Ack,
    /// 6: a server refuses.
    Nak,
    /// 7: a client gives its address back.
    Release,
    /// 8: a client asks for settings only.
    Inform,
    /// Any other number.
    Other(u8),
}

impl DhcpKind {
    /// Returns the number of the kind.
    pub const fn number(self) -> u8 {
        match self {
            Self::Discover => 1,
            Self::Offer => 2,
            Self::Request => 3,
            Self::Decline => 4,
            Self::Ack => 5,
            Self::Nak => 6,
            Self::Release => 7,
            Self::Inform => 8,
            Self::Other(number) => number,
        }
    }
}

impl<'a> DhcpMessage<'a> {
    /// Tells whether nothing of the message was cut off.
    pub const fn is_whole(self) -> bool {
        self.is_whole
    }

    /// Tells whether options follow on the fixed fields, as far as the capture goes.
    pub fn has_options(self) -> bool {
        self.bytes.get(FIXED_OCTETS..).is_some_and(|area| area.starts_with(&MAGIC_COOKIE))
    }

    /// Tells whether all options are there: the message is whole, or its end was captured.
    pub fn has_all_options(self) -> bool {
        let mut options = self.options();
        options.by_ref().for_each(drop);
        self.is_whole || options.is_ended
    }

    /// Returns the operation code.
    pub fn operation(self) -> Option<u8> {
        load_u8(self.bytes, 0)
    }

    /// Tells whether a server sent it, by its operation code.
    pub fn is_reply(self) -> bool {
        self.operation() == Some(2)
    }

    /// Returns the transaction identifier.
    pub fn transaction(self) -> Option<u32> {
        load_u32(self.bytes, 4)
    }

    /// Returns the client's address while it renews (`ciaddr`).
    pub fn client_addr(self) -> Option<Ipv4Addr> {
        load_ipv4(self.bytes, 12)
    }

    /// Returns the address that the client gets (`yiaddr`).
    pub fn your_addr(self) -> Option<Ipv4Addr> {
        load_ipv4(self.bytes, 16)
    }

    /// Returns the relay agent's address (`giaddr`).
    pub fn relay_addr(self) -> Option<Ipv4Addr> {
        load_ipv4(self.bytes, 24)
    }

    /// Returns the field of the client's hardware address, unless its length says that there is none or more than
    /// it holds.
    pub fn hardware_addr(self) -> Option<&'a [u8; 16]> {
        let length = load_u8(self.bytes, 2)?;
        load::<16>(self.bytes, 28).filter(|_| matches!(length, 1..=16))
    }

    /// Returns the client's hardware address, if it is an Ethernet address.
    pub fn client_mac(self) -> Option<MacAddr> {
        let is_ethernet = matches!(self.bytes, [_, 1 | 6, 6, ..]);
        let octets = load::<6>(self.bytes, 28)?;
        is_ethernet.then_some(MacAddr::new(*octets))
    }

    /// Returns the kind of message; none for BOOTP, or where the capture ends before.
    pub fn kind(self) -> Option<DhcpKind> {
        let number = *self.option(MESSAGE_TYPE)?.first()?;
        Some(match number {
            1 => DhcpKind::Discover,
            2 => DhcpKind::Offer,
            3 => DhcpKind::Request,
            4 => DhcpKind::Decline,
            5 => DhcpKind::Ack,
            6 => DhcpKind::Nak,
            7 => DhcpKind::Release,
            8 => DhcpKind::Inform,
            other => DhcpKind::Other(other),
        })
    }

    /// Returns the address that the client would like (option 50).
    pub fn requested_addr(self) -> Option<Ipv4Addr> {
        self.fixed::<4>(REQUESTED_ADDRESS).map(|octets| Ipv4Addr::from(*octets))
    }

    /// Returns the server's identifier, an address (option 54).
    pub fn server(self) -> Option<Ipv4Addr> {
        self.fixed::<4>(SERVER_IDENTIFIER).map(|octets| Ipv4Addr::from(*octets))
    }

    /// Returns for how long the address is granted (option 51); none for ever too.
    ///
    /// # Reference
    /// RFC 2131 section 3.3: all bits set mean for ever.
    pub fn lease_time(self) -> Option<Duration> {
        let seconds = self.fixed::<4>(LEASE_TIME).map(|octets| u32::from_be_bytes(*octets))?;
        (seconds != u32::MAX).then(|| Duration::from_secs(seconds.into()))
    }

    /// Returns the client's name (option 12).
    pub fn host_name(self) -> Option<&'a [u8]> {
        self.option(HOST_NAME).filter(|name| !name.is_empty())
    }

    /// Returns the client's identifier (option 61): a type, then as many octets as it likes.
    pub fn client_identifier(self) -> Option<&'a [u8]> {
        self.option(CLIENT_IDENTIFIER)
    }

    /// Returns the identifier of the client's machine, a UUID (option 97 type 0, or option 61 type 0).
    ///
    /// # Reference
    /// RFC 4578 section 2.3.
    pub fn machine_uuid(self) -> Option<&'a [u8; 16]> {
        self.options().find_map(|option| match option.value.split_first_chunk::<16>() {
            _ if !matches!(option.code, CLIENT_MACHINE | CLIENT_IDENTIFIER) => None,
            _ if option.value.len() != 17 => None,
            _ => option.value.strip_prefix(&[0])?.first_chunk::<16>(),
        })
    }

    /// Returns what a relay agent or switch has inserted (option 82), its pieces put together.
    ///
    /// None where it is longer than [`RelayAgentOption::OCTETS_MAX`], or the capture cut the message, so that a
    /// further piece may be missing.
    ///
    /// # Reference
    /// RFC 3046 section 2; RFC 3396 section 7 for the pieces.
    pub fn relay_agent(self) -> Option<RelayAgentOption> {
        let mut octets = ArrayVec::new();
        let mut pieces = self.options().filter(|option| option.code == RELAY_AGENT).peekable();
        pieces.peek()?;
        for piece in pieces {
            octets.try_extend_from_slice(piece.value).ok()?;
        }
        self.is_whole.then_some(RelayAgentOption { octets })
    }

    /// Returns the options in the order in which they are read, as far as they make sense.
    pub fn options(self) -> DhcpOptions<'a> {
        let area = self.bytes.get(FIXED_OCTETS..).unwrap_or_default();
        let options = area.strip_prefix(&MAGIC_COOKIE).unwrap_or_default();
        let mut areas = DhcpOptions { rest: options, later: [&[], &[]], is_ended: false };
        let overload = areas.clone().find(|option| option.code == OVERLOAD);
        let [flags] = overload.and_then(|option| option.value.first_chunk::<1>()).copied().unwrap_or([0]);
        let (name, file) = (self.bytes.get(44..108), self.bytes.get(108..FIXED_OCTETS));
        // Where options were cut off, one in a later area might not be the first of its code.
        areas.later = [
            file.filter(|_| self.is_whole && flags & 1 != 0).unwrap_or_default(),
            name.filter(|_| self.is_whole && flags & 2 != 0).unwrap_or_default(),
        ];
        areas
    }

    /// Returns the first piece of an option.
    fn option(self, code: u8) -> Option<&'a [u8]> {
        self.options().find(|option| option.code == code).map(|option| option.value)
    }

    /// Returns the first piece of an option if it is `N` octets long.
    fn fixed<const N: usize>(self, code: u8) -> Option<&'a [u8; N]> {
        self.option(code)?.try_into().ok()
    }
}

/// An option of a DHCP message, or a piece of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DhcpOption<'a> {
    /// Its number.
    pub code: u8,
    /// Its value.
    pub value: &'a [u8],
}

/// Iterates over the options of a DHCP message, padding left out; goes on in `file` and `sname` where option 52
/// says so.
///
/// # Layout
/// Code at 0, length of the value at 1, value. Code 0 is one octet of padding, 255 the end.
///
/// # Reference
/// RFC 2131 section 4.1 for the order.
#[derive(Clone, Debug)]
pub struct DhcpOptions<'a> {
    rest: &'a [u8],
    later: [&'a [u8]; 2],
    /// The end option was found.
    is_ended: bool,
}

impl<'a> Iterator for DhcpOptions<'a> {
    type Item = DhcpOption<'a>;

    fn next(&mut self) -> Option<DhcpOption<'a>> {
        loop {
            match *self.rest {
                [PAD, ref rest @ ..] => self.rest = rest,
                [code, length, ref rest @ ..] if code != END => {
                    let Some((value, rest)) = rest.split_at_checked(usize::from(length)) else {
                        self.rest = &[];
                        continue;
                    };
                    self.rest = rest;
                    return Some(DhcpOption { code, value });
                }
                _ => {
                    self.is_ended |= self.rest.first() == Some(&END);
                    let [next, last] = self.later;
                    if next.is_empty() && last.is_empty() {
                        self.rest = &[];
                        return None;
                    }
                    (self.rest, self.later) = (next, [last, &[]]);
                }
            }
        }
    }
}

/// The relay agent information option.
///
/// # Layout
/// Sub-options: number at 0, length of the value at 1, value.
#[derive(Clone, Debug)]
pub struct RelayAgentOption {
    octets: ArrayVec<u8, { Self::OCTETS_MAX }>,
}

impl RelayAgentOption {
    /// The longest option that is put together of its pieces.
    pub const OCTETS_MAX: usize = 512;

    /// Returns what the relay calls the circuit of the client (sub-option 1).
    pub fn circuit_id(&self) -> Option<&[u8]> {
        self.sub_option(1)
    }

    /// Returns what the relay calls the client's end (sub-option 2).
    pub fn remote_id(&self) -> Option<&[u8]> {
        self.sub_option(2)
    }

    /// Returns the address of the client's link, where it is not `giaddr` (sub-option 5).
    ///
    /// # Reference
    /// RFC 3527.
    pub fn link(&self) -> Option<Ipv4Addr> {
        load_ipv4(self.sub_option(5).filter(|value| value.len() == 4)?, 0)
    }

    /// Returns number and value of each sub-option, as far as they make sense.
    pub fn sub_options(&self) -> impl Iterator<Item = (u8, &[u8])> {
        let mut rest = self.octets.as_slice();
        core::iter::from_fn(move || {
            let [number, length, after @ ..] = rest else {
                return None;
            };
            let (value, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            Some((*number, value))
        })
    }

    fn sub_option(&self, number: u8) -> Option<&[u8]> {
        let found = self.sub_options().find(|(other, _)| *other == number);
        found.map(|(_, value)| value).filter(|value| !value.is_empty())
    }
}

/// Reads a message and checks that its options fill it.
#[cold]
#[inline(never)]
pub(super) fn read(window: Window<'_>) -> (DhcpMessage<'_>, Outcome) {
    let message = DhcpMessage { bytes: window.bytes(), is_whole: !window.is_cut() };
    let mut rest = window;
    let outcome = match rest.split(FIXED_OCTETS, Layer::Dhcp) {
        Ok(_) => options(rest),
        Err((_, outcome)) => outcome,
    };
    (message, outcome)
}

/// Checks the options behind the fixed fields; without the magic cookie there are none.
fn options(mut window: Window<'_>) -> Outcome {
    if window.bytes().is_empty() && !window.is_cut() {
        return Outcome::Complete;
    }
    match window.take::<4>(Layer::Dhcp) {
        Ok(&MAGIC_COOKIE) => {}
        Err(outcome) if window.is_cut() => return outcome,
        _ => return Outcome::Complete,
    }
    while let Some(code) = window.first() {
        let start = window;
        if code == END {
            return Outcome::Complete;
        }
        if code == PAD {
            if let Err(outcome) = window.take::<1>(Layer::Dhcp) {
                return outcome;
            }
            continue;
        }
        let length = match window.take::<2>(Layer::Dhcp) {
            Ok([_, length]) => usize::from(*length),
            Err(outcome) => return outcome,
        };
        if let Err((_, outcome)) = window.split(length, Layer::Dhcp) {
            return outcome;
        }
        if is_wrong(code, length) {
            return start.malformed(Layer::Dhcp, Reason::BadOption, length);
        }
    }
    if window.is_cut() { window.short(Layer::Dhcp, 1) } else { Outcome::Complete }
}

/// Tells whether an option of fixed length has another one.
const fn is_wrong(code: u8, length: usize) -> bool {
    match code {
        REQUESTED_ADDRESS | LEASE_TIME | SERVER_IDENTIFIER => length != 4,
        OVERLOAD | MESSAGE_TYPE => length != 1,
        _ => false,
    }
}
