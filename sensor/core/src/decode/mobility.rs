//! Mobility header messages.
//!
//! Read RFC 6275 section 6.1 before editing; for the flags and messages that came later RFC 3963 section 4.1,
//! RFC 5213 section 8.1, RFC 5555 section 4.3, RFC 5846 section 6, RFC 5847 section 3.

use core::fmt;
use core::net::Ipv6Addr;
use core::time::Duration;

use etherparse::checksum::Sum16BitWords;

use super::cursor::{Window, load_ipv6, load_u8, load_u16, load_u32};
use super::mobility_options::changes_binding;
use super::{Control, Ipv6Packet, Layer, MobilityOption, MobilityOptions, Outcome, Reason};
use crate::types::IpPrefix;

/// A mobility header message, from the first octet of the mobility header on.
///
/// Accessors return none where the message is of another kind or ends before the field.
///
/// # Layout
/// Payload protocol at 0, length in 8 octets without the first 8 at 1, type at 2, checksum at 4, message
/// data at 6.
///
/// # Reference
/// RFC 6275 section 6.1.1.
#[derive(Clone, Copy, Debug)]
pub struct MobilityMessage<'a> {
    packet: Ipv6Packet<'a>,
    body: &'a [u8],
    draft: bool,
    sound: bool,
}

/// The types of mobility header messages that have a name here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MobilityKind {
    /// 0: asks a mobile node to renew its binding.
    BindingRefreshRequest,
    /// 1: Home Test Init.
    HomeTestInit,
    /// 2: Care-of Test Init.
    CareOfTestInit,
    /// 3: Home Test.
    HomeTest,
    /// 4: Care-of Test.
    CareOfTest,
    /// 5: tells where a mobile node is.
    BindingUpdate,
    /// 6: accepts or refuses.
    BindingAcknowledgement,
    /// 7: no binding for a home address, or an unknown message.
    BindingError,
    /// 8: Fast Binding Update (RFC 5568).
    FastBindingUpdate,
    /// 9: Fast Binding Acknowledgement (RFC 5568).
    FastBindingAcknowledgement,
    /// 13: Heartbeat (RFC 5847).
    Heartbeat,
    /// 16: Binding Revocation (RFC 5846).
    BindingRevocation,
    /// Any other type.
    Other(u8),
}

impl MobilityKind {
    /// Returns the kind that a type number stands for.
    ///
    /// # Reference
    /// IANA's registry of mobility header types.
    pub const fn from_number(number: u8) -> Self {
        match number {
            0 => Self::BindingRefreshRequest,
            1 => Self::HomeTestInit,
            2 => Self::CareOfTestInit,
            3 => Self::HomeTest,
            4 => Self::CareOfTest,
            5 => Self::BindingUpdate,
            6 => Self::BindingAcknowledgement,
            7 => Self::BindingError,
            8 => Self::FastBindingUpdate,
            9 => Self::FastBindingAcknowledgement,
            13 => Self::Heartbeat,
            16 => Self::BindingRevocation,
            other => Self::Other(other),
        }
    }

    /// Returns the word for output and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BindingRefreshRequest => "binding-refresh-request",
            Self::HomeTestInit => "home-test-init",
            Self::CareOfTestInit => "care-of-test-init",
            Self::HomeTest => "home-test",
            Self::CareOfTest => "care-of-test",
            Self::BindingUpdate => "binding-update",
            Self::BindingAcknowledgement => "binding-acknowledgement",
            Self::BindingError => "binding-error",
            Self::FastBindingUpdate => "fast-binding-update",
            Self::FastBindingAcknowledgement => "fast-binding-acknowledgement",
            Self::Heartbeat => "heartbeat",
            Self::BindingRevocation => "binding-revocation",
            Self::Other(_) => "other",
        }
    }

    /// Returns how many octets stand before the options, counted from the mobility header's first.
    const fn fixed_len(self) -> usize {
        match self {
            Self::BindingRefreshRequest | Self::Other(_) => 8,
            Self::BindingUpdate
            | Self::BindingAcknowledgement
            | Self::FastBindingUpdate
            | Self::FastBindingAcknowledgement
            | Self::BindingRevocation
            | Self::Heartbeat => 12,
            Self::HomeTestInit | Self::CareOfTestInit => 16,
            Self::HomeTest | Self::CareOfTest | Self::BindingError => 24,
        }
    }

    /// Tells whether options follow where [`MobilityKind::fixed_len`] says.
    const fn has_options(self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

/// Whether the checksum of a mobility header is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Checksum {
    /// It is.
    Good,
    /// It is not.
    Bad,
    /// The capture or the fragment holds too little to tell.
    Unverified,
}

impl Checksum {
    /// Returns the word for output and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Unverified => "unverified",
        }
    }
}

/// The flags of a Binding Update or a Binding Acknowledgement. Prints the letters of those set, in wire order.
///
/// # Layout
/// Of an update, from the highest bit of 16: A H L K M R P F T B. Of an acknowledgement, from the highest
/// bit of 8: K R P T B; kept here in the high octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MobilityFlags {
    bits: u16,
    letters: &'static [u8],
}

impl MobilityFlags {
    const UPDATE: &'static [u8] = b"AHLKMRPFTB";
    const ACKNOWLEDGEMENT: &'static [u8] = b"KRPTB";

    /// Tells whether the flag with this letter is set.
    pub fn has(self, letter: char) -> bool {
        self.set().any(|set| set == letter)
    }

    fn set(self) -> impl Iterator<Item = char> {
        let bits = (0..16u32).map(move |place| self.bits & (0x8000 >> place) != 0);
        bits.zip(self.letters).filter_map(|(set, &letter)| set.then_some(char::from(letter)))
    }
}

impl fmt::Display for MobilityFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.set().try_for_each(|letter| write!(f, "{letter}"))
    }
}

impl<'a> MobilityMessage<'a> {
    /// Returns the packet that carries it.
    pub const fn packet(&self) -> Ipv6Packet<'a> {
        self.packet
    }

    /// Returns the type as it stands there.
    pub fn number(&self) -> u8 {
        load_u8(self.body, 2).unwrap_or(0)
    }

    /// Returns the kind of message.
    pub fn kind(&self) -> MobilityKind {
        MobilityKind::from_number(self.number())
    }

    /// Tells whether it came under the protocol number of the drafts, 62.
    pub const fn is_draft(&self) -> bool {
        self.draft
    }

    /// Tells whether nothing in the message or in the extension headers before it contradicts itself, except for
    /// the length of an option that changes no binding. Where the capture cut it, this speaks for what there is.
    pub const fn is_sound(&self) -> bool {
        self.sound
    }

    pub(super) const fn unsound(self) -> Self {
        Self { sound: false, ..self }
    }

    /// Returns how many octets the header claims to have.
    pub fn claimed_len(&self) -> usize {
        (usize::from(load_u8(self.body, 1).unwrap_or(0)) + 1) * 8
    }

    /// Tells whether everything that the header claims is here.
    pub fn is_whole(&self) -> bool {
        self.body.len() >= self.claimed_len()
    }

    /// Returns the flags of a Binding Update or Acknowledgement.
    pub fn flags(&self) -> Option<MobilityFlags> {
        let fixed = self.fixed()?;
        match self.kind() {
            MobilityKind::BindingUpdate | MobilityKind::FastBindingUpdate => {
                Some(MobilityFlags { bits: load_u16(fixed, 8)?, letters: MobilityFlags::UPDATE })
            }
            MobilityKind::BindingAcknowledgement | MobilityKind::FastBindingAcknowledgement => {
                Some(MobilityFlags {
                    bits: u16::from(load_u8(fixed, 7)?) << 8,
                    letters: MobilityFlags::ACKNOWLEDGEMENT,
                })
            }
            _ => None,
        }
    }

    /// Returns the sequence number of an update, acknowledgement, revocation or (its lower half) heartbeat.
    pub fn sequence(&self) -> Option<u16> {
        let fixed = self.fixed()?;
        match self.kind() {
            MobilityKind::BindingUpdate | MobilityKind::FastBindingUpdate => load_u16(fixed, 6),
            MobilityKind::BindingAcknowledgement
            | MobilityKind::FastBindingAcknowledgement
            | MobilityKind::BindingRevocation => load_u16(fixed, 8),
            MobilityKind::Heartbeat => load_u16(fixed, 10),
            _ => None,
        }
    }

    /// Returns the lifetime of an update or acknowledgement in its own units of 4 seconds.
    pub fn lifetime_units(&self) -> Option<u16> {
        match self.kind() {
            MobilityKind::BindingUpdate
            | MobilityKind::BindingAcknowledgement
            | MobilityKind::FastBindingUpdate
            | MobilityKind::FastBindingAcknowledgement => load_u16(self.fixed()?, 10),
            _ => None,
        }
    }

    /// Returns the lifetime of an update or acknowledgement.
    pub fn lifetime(&self) -> Option<Duration> {
        self.lifetime_units().map(|units| Duration::from_secs(u64::from(units) * 4))
    }

    /// Returns the status of an acknowledgement or error, or the trigger or status of a revocation.
    ///
    /// In an acknowledgement 128 and above refuse.
    pub fn status(&self) -> Option<u8> {
        let fixed = self.fixed()?;
        match self.kind() {
            MobilityKind::BindingAcknowledgement
            | MobilityKind::FastBindingAcknowledgement
            | MobilityKind::BindingError => load_u8(fixed, 6),
            MobilityKind::BindingRevocation => load_u8(fixed, 7),
            _ => None,
        }
    }

    /// Returns the home address that a Binding Error is about; unspecified where it is about none.
    pub fn error_home_address(&self) -> Option<Ipv6Addr> {
        match self.kind() {
            MobilityKind::BindingError => load_ipv6(self.fixed()?, 8),
            _ => None,
        }
    }

    /// Returns the cookie of a return routability message.
    pub fn cookie(&self) -> Option<u64> {
        match self.kind() {
            MobilityKind::HomeTestInit
            | MobilityKind::CareOfTestInit
            | MobilityKind::HomeTest
            | MobilityKind::CareOfTest => {
                let (high, low) = (load_u32(self.fixed()?, 8)?, load_u32(self.fixed()?, 12)?);
                Some(u64::from(high) << 32 | u64::from(low))
            }
            _ => None,
        }
    }

    /// Tells whether a Binding Revocation acknowledges another rather than revoking.
    pub fn is_revocation_acknowledgement(&self) -> Option<bool> {
        match self.kind() {
            MobilityKind::BindingRevocation => load_u8(self.fixed()?, 6).map(|kind| kind == 2),
            _ => None,
        }
    }

    /// Tells whether a Heartbeat answers another (R).
    pub fn is_heartbeat_response(&self) -> Option<bool> {
        match self.kind() {
            MobilityKind::Heartbeat => load_u8(self.fixed()?, 7).map(|flags| flags & 1 != 0),
            _ => None,
        }
    }

    /// Returns the mobility options, as far as they were captured and make sense.
    pub fn options(&self) -> MobilityOptions<'a> {
        let kind = self.kind();
        let rest = match self.body.get(kind.fixed_len()..) {
            Some(rest) if kind.has_options() => rest,
            _ => &[],
        };
        MobilityOptions::new(rest)
    }

    /// Returns the alternate care-of address.
    ///
    /// # Reference
    /// RFC 6275 section 6.2.5.
    pub fn alternate_care_of(&self) -> Option<Ipv6Addr> {
        self.options().find_map(|option| match option {
            MobilityOption::AlternateCareOf(addr) => Some(addr),
            _ => None,
        })
    }

    /// Returns the home network prefix under its option number from before RFC 5213, 7.
    ///
    /// The same number is the link-layer address option (RFC 5568) now, so this asks for a length that no
    /// link-layer address has.
    pub fn draft_home_network(&self) -> Option<IpPrefix> {
        self.options().find_map(|option| match option {
            MobilityOption::LinkLayer(&[bits @ 0..=128, ref prefix @ ..]) => {
                let octets = <[u8; 16]>::try_from(prefix).ok()?;
                Some(IpPrefix::new(Ipv6Addr::from(octets).into(), bits))
            }
            _ => None,
        })
    }

    /// Returns the link-local address under its option number from before RFC 5213, 10.
    pub fn draft_link_local(&self) -> Option<Ipv6Addr> {
        self.options().find_map(|option| match option {
            MobilityOption::Other { kind: 10, data } => <[u8; 16]>::try_from(data).ok().map(Ipv6Addr::from),
            _ => None,
        })
    }

    /// Verifies the checksum over the message and its pseudo-header.
    ///
    /// The home address of the option stands for the source, and that of the type 2 routing header for the
    /// destination.
    ///
    /// # Reference
    /// RFC 6275 section 6.1.1; RFC 8200 section 8.1.
    pub fn checksum(&self) -> Checksum {
        if !self.is_whole() {
            return Checksum::Unverified;
        }
        let src = self.packet.home_address().unwrap_or_else(|| self.packet.src());
        let dst = self.packet.routed_home_address().unwrap_or_else(|| self.packet.dst());
        let next = if self.draft { 62 } else { 135 };
        let length = u32::try_from(self.body.len()).unwrap_or(u32::MAX);
        let sum = Sum16BitWords::new()
            .add_16bytes(src.octets())
            .add_16bytes(dst.octets())
            .add_4bytes(length.to_be_bytes())
            .add_2bytes([0, next])
            .add_slice(self.body)
            .ones_complement();
        if sum == 0 { Checksum::Good } else { Checksum::Bad }
    }

    /// Returns the body if all fields before the options are there.
    fn fixed(&self) -> Option<&'a [u8]> {
        let body = self.body;
        (body.len() >= self.kind().fixed_len()).then_some(body)
    }
}

/// Tells whether octets under the protocol number of the drafts look like a mobility header at all.
///
/// The number was given to nobody else's use that is known, but neither was it given to this one.
pub(super) fn is_plausible(bytes: &[u8]) -> bool {
    match *bytes {
        [_, length, kind, 0, ..] => {
            let claimed = (usize::from(length) + 1) * 8;
            let kind = MobilityKind::from_number(kind);
            kind.has_options() && claimed >= kind.fixed_len() && claimed <= bytes.len()
        }
        _ => false,
    }
}

/// Reads a mobility header.
pub(super) fn read<'a>(packet: Ipv6Packet<'a>, window: Window<'a>) -> (Control<'a>, Outcome) {
    read_as(packet, window, false)
}

/// Reads a mobility header under the protocol number of the drafts.
pub(super) fn read_draft<'a>(packet: Ipv6Packet<'a>, window: Window<'a>) -> (Control<'a>, Outcome) {
    read_as(packet, window, true)
}

fn read_as<'a>(packet: Ipv6Packet<'a>, mut window: Window<'a>, draft: bool) -> (Control<'a>, Outcome) {
    let before = window;
    let [_, length, kind, ..] = match window.take::<6>(Layer::Mobility) {
        Ok(header) => *header,
        Err(outcome) => return (super::ipv6::traffic(packet), outcome),
    };
    let claimed = (usize::from(length) + 1) * 8;
    let mut window = before;
    let (body, mut outcome) = match window.split(claimed, Layer::Mobility) {
        Ok(body) => (body, Outcome::Complete),
        Err((body, outcome)) => (body, outcome),
    };
    let kind = MobilityKind::from_number(kind);
    if claimed < kind.fixed_len() {
        outcome = outcome.or(before.malformed(Layer::Mobility, Reason::LengthBelowHeader, claimed));
    }
    let mut message = MobilityMessage { packet, body: body.bytes(), draft, sound: true };
    message.sound = !matches!(outcome, Outcome::Malformed(_));
    let defect = message.options().defect().filter(|_| outcome == Outcome::Complete);
    if let Some(kind) = defect {
        outcome = before.malformed(Layer::Mobility, Reason::BadOption, claimed);
        // Senders are seen that state a wrong length for nonce indices or authentication data, of which nothing
        // is used here.
        message.sound = !changes_binding(kind);
    }
    (Control::Mobility(message), outcome)
}
