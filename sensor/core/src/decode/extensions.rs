//! IPv6 extension headers.
//!
//! Read RFC 8200 section 4, RFC 4302 section 2 (AH), RFC 6275 sections 6.3 and 6.4 before editing.

use super::cursor::Window;
use super::ipv6::{HOP_BY_HOP, ICMPV6, Ipv6Packet, icmpv6, traffic};
use super::upper::{self, Upper};
use super::{Control, DecodeSettings, Layer, LegacyOption, Outcome, Reason, mobility};

/// How many extension headers are walked before giving up.
///
/// No sender needs more than the seven of RFC 8200 section 4.1, each once; the rest is room for odd ones.
pub const EXTENSIONS_MAX: usize = 16;

const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const ENCRYPTED: u8 = 50;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
/// The number that drafts of Mobile IPv6 used for the mobility header before 135 was assigned.
const MOBILITY_DRAFT: u8 = 62;

/// What a walk has found so far.
struct Walk<'a> {
    packet: Ipv6Packet<'a>,
    legacy: Option<LegacyOption<'a>>,
    outcome: Outcome,
}

/// Walks from the IPv6 header to the payload and reads the control message or tunnel there, if it is one.
#[cold]
#[inline(never)]
pub(super) fn walk<'a>(
    settings: &DecodeSettings,
    packet: Ipv6Packet<'a>,
    mut window: Window<'a>,
) -> Upper<'a> {
    let mut next = packet.next_header();
    let mut walk = Walk { packet, legacy: None, outcome: Outcome::Complete };
    for _ in 0..EXTENSIONS_MAX {
        let stepped = match next {
            HOP_BY_HOP | DESTINATION | ROUTING => walk.sized(next, &mut window),
            FRAGMENT => fragment(&mut window),
            AUTHENTICATION => authentication(&mut window),
            ENCRYPTED => Err(Outcome::Unsupported(Reason::Encrypted)),
            ICMPV6 => return walk.finish(|packet| icmpv6(packet, window).into()),
            MOBILITY => return walk.finish(|packet| mobility::read(packet, window).into()),
            MOBILITY_DRAFT if mobility::is_plausible(window.bytes()) => {
                return walk.finish(|packet| mobility::read_draft(packet, window).into());
            }
            next => {
                return walk.finish(|packet| {
                    let upper = upper::read(settings, packet.header(), next, window);
                    let control = if upper.control.is_some() { upper.control } else { traffic(packet) };
                    Upper { control, ..upper }
                });
            }
        };
        match stepped {
            Ok(after) => next = after,
            Err(outcome) => return walk.finish(|packet| (traffic(packet), outcome).into()),
        }
    }
    walk.finish(|packet| (traffic(packet), Outcome::Unsupported(Reason::TooManyExtensions)).into())
}

impl<'a> Walk<'a> {
    /// Reads the payload with what the walk has found, and keeps the first trouble.
    fn finish(self, read: impl FnOnce(Ipv6Packet<'a>) -> Upper<'a>) -> Upper<'a> {
        let Upper { control, inner, tcp, outcome } = read(self.packet);
        let control = match (control, self.legacy) {
            (Control::None | Control::MobileTraffic(_), Some(option)) => {
                Control::LegacyMobility(option.with_packet(self.packet))
            }
            (Control::Mobility(message), _) if matches!(self.outcome, Outcome::Malformed(_)) => {
                Control::Mobility(message.unsound())
            }
            (control, _) => control,
        };
        Upper { control, inner, tcp, outcome: self.outcome.or(outcome) }
    }

    /// Reads a header whose length is told in 8 octets, not counting the first 8; returns the next one's
    /// number.
    fn sized(&mut self, number: u8, window: &mut Window<'a>) -> Result<u8, Outcome> {
        let [next, length] = *window.take::<2>(Layer::Ipv6Extension)?;
        let (body, stop) = match window.split(usize::from(length) * 8 + 6, Layer::Ipv6Extension) {
            Ok(body) => (body, None),
            Err((body, outcome)) => (body, Some(outcome)),
        };
        let found = match number {
            DESTINATION => self.options(body, stop.is_some()),
            ROUTING => self.routing(length, body),
            _ => Outcome::Complete,
        };
        self.outcome = self.outcome.or(found);
        stop.map_or(Ok(next), Err)
    }

    /// Reads destination options; `cut` says that the header goes on behind them.
    fn options(&mut self, mut body: Window<'a>, cut: bool) -> Outcome {
        const PAD1: u8 = 0;
        const HOME_ADDRESS: u8 = 201;
        let mut outcome = Outcome::Complete;
        while let Some(kind) = body.first() {
            let start = body;
            if kind == PAD1 {
                if body.take::<1>(Layer::Ipv6Extension).is_err() {
                    break;
                }
                continue;
            }
            let bad = |length: usize| {
                if cut {
                    Outcome::Complete
                } else {
                    start.malformed(Layer::Ipv6Extension, Reason::BadOption, length)
                }
            };
            let Ok([_, length]) = body.take::<2>(Layer::Ipv6Extension) else {
                return outcome.or(bad(2));
            };
            let length = usize::from(*length);
            let Ok(value) = body.split(length, Layer::Ipv6Extension) else {
                return outcome.or(bad(length));
            };
            if kind == HOME_ADDRESS {
                outcome = outcome.or(self.home_address(start, value.bytes()));
            } else if self.legacy.is_none() {
                self.legacy = LegacyOption::read(kind, value.bytes(), self.packet);
            }
        }
        outcome
    }

    /// Takes a Home Address option. The first one counts; RFC 6275 section 6.3 forbids a second.
    fn home_address(&mut self, at: Window<'a>, value: &'a [u8]) -> Outcome {
        let Ok(address) = <&[u8; 16]>::try_from(value) else {
            return at.malformed(Layer::Ipv6Extension, Reason::BadOption, value.len());
        };
        if self.packet.home_option.is_some() {
            return at.malformed(Layer::Ipv6Extension, Reason::DuplicateHomeAddress, value.len());
        }
        self.packet.home_option = Some(address);
        Outcome::Complete
    }

    /// Takes the address of a type 2 routing header, which is exactly one address long.
    ///
    /// # Layout
    /// Routing type at 2, segments left at 3, reserved at 4, address at 8; the body starts at 2.
    fn routing(&mut self, length: u8, body: Window<'a>) -> Outcome {
        const TYPE_2: u8 = 2;
        if body.first() != Some(TYPE_2) {
            return Outcome::Complete;
        }
        if length != 2 {
            return body.malformed(Layer::Ipv6Extension, Reason::BadRoutingHeader, usize::from(length) * 8);
        }
        if let Some(address) = super::cursor::load::<16>(body.bytes(), 6) {
            self.packet.home_route = Some(address);
        }
        Outcome::Complete
    }
}

/// Reads a fragment header; a later fragment cannot be read further.
///
/// # Layout
/// Next header at 0, offset in 8 octets in the high 13 bits at 2, more fragments in the lowest bit.
fn fragment(window: &mut Window<'_>) -> Result<u8, Outcome> {
    let [next, _, high, low, ..] = *window.take::<8>(Layer::Ipv6Extension)?;
    let field = u16::from_be_bytes([high, low]);
    if field >> 3 != 0 {
        return Err(Outcome::Unsupported(Reason::LaterFragment));
    }
    if field & 1 != 0 {
        window.end_with_fragment();
    }
    Ok(next)
}

/// Reads an authentication header, whose length is told in 4 octets, not counting the first 8.
///
/// # Reference
/// RFC 4302 section 2.2.
fn authentication(window: &mut Window<'_>) -> Result<u8, Outcome> {
    let [next, length] = *window.take::<2>(Layer::Ipv6Extension)?;
    match window.split(usize::from(length) * 4 + 6, Layer::Ipv6Extension) {
        Ok(_) => Ok(next),
        Err((_, outcome)) => Err(outcome),
    }
}
