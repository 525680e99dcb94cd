//! What RADIUS accounting says of sessions. Read RFC 2866 section 5 and RFC 3580 section 3 before editing.

use core::net::IpAddr;
use core::str;
use core::time::Duration;

use super::claims::is_host;
use super::words::text;
use super::{Nas, NasPort, Notice, Session, SessionStatus, Sighting};
use crate::decode::{Datagram, RadiusAttribute as Attribute, RadiusKind, RadiusPacket};
use crate::types::{MacAddr, Timestamp};

/// Reads an accounting request; others, and records of another kind than are acted on, give nothing.
///
/// Where the capture cut the packet, only what a further attribute could not change is taken.
pub(super) fn accounting(datagram: Datagram<'_>, packet: RadiusPacket<'_>, sighting: &mut Sighting) {
    if packet.kind() != Some(RadiusKind::AccountingRequest) {
        return;
    }
    let (Some(status), Some(source), Some(request)) =
        (status(packet), datagram.ip.src(), packet.identifier())
    else {
        return;
    };
    let word = |attribute| packet.value(attribute).and_then(text);
    let (called_mac, ssid) = packet.value(Attribute::CalledStationId).map_or((None, None), called_station);
    let mut session = Session {
        status,
        nas: Nas { source, address: nas_addr(packet), identifier: word(Attribute::NasIdentifier) },
        request,
        id: word(Attribute::AcctSessionId),
        mac: packet.value(Attribute::CallingStationId).and_then(station),
        called_mac,
        ssid,
        port: NasPort {
            number: packet.number(Attribute::NasPort),
            id: word(Attribute::NasPortId),
            kind: packet.number(Attribute::NasPortType),
        },
        addresses: Default::default(),
        prefix: packet.ipv6_prefix(Attribute::FramedIpv6Prefix),
        user: word(Attribute::UserName),
        stated_at: stated(packet),
        delay: seconds(packet, Attribute::AcctDelayTime).filter(|_| packet.is_whole()),
        interim_interval: seconds(packet, Attribute::AcctInterimInterval).filter(|time| !time.is_zero()),
        duration: seconds(packet, Attribute::AcctSessionTime),
        octets_in: octets(packet, Attribute::AcctInputOctets, Attribute::AcctInputGigawords),
        octets_out: octets(packet, Attribute::AcctOutputOctets, Attribute::AcctOutputGigawords),
        terminate_cause: packet.number(Attribute::AcctTerminateCause),
    };
    for addr in framed_addrs(packet) {
        let is_lost = session.addresses.try_push(addr).is_err();
        sighting.claims_lost = sighting.claims_lost.saturating_add(u8::from(is_lost));
    }
    sighting.notice = Some(Box::new(Notice::Session(session)));
}

fn status(packet: RadiusPacket<'_>) -> Option<SessionStatus> {
    Some(match packet.number(Attribute::AcctStatusType)? {
        1 => SessionStatus::Start,
        2 => SessionStatus::Stop,
        3 => SessionStatus::Interim,
        7 => SessionStatus::NasOn,
        8 => SessionStatus::NasOff,
        _ => return None,
    })
}

fn nas_addr(packet: RadiusPacket<'_>) -> Option<IpAddr> {
    let v6 = || packet.ipv6(Attribute::NasIpv6Address).map(IpAddr::V6).filter(|_| packet.is_whole());
    packet.ipv4(Attribute::NasIpAddress).map(IpAddr::V4).or_else(v6).filter(|ip| is_host(*ip))
}

/// Returns the station's addresses. 255.255.255.255 and 255.255.255.254 ask for one (RFC 2865 section 5.8).
fn framed_addrs(packet: RadiusPacket<'_>) -> impl Iterator<Item = IpAddr> {
    let v4 = packet.values(Attribute::FramedIpAddress).filter_map(|value| <[u8; 4]>::try_from(value).ok());
    let v6 = packet.values(Attribute::FramedIpv6Address).filter_map(|value| <[u8; 16]>::try_from(value).ok());
    let asked_for = IpAddr::from([255, 255, 255, 254]);
    v4.map(IpAddr::from).chain(v6.map(IpAddr::from)).filter(move |ip| is_host(*ip) && *ip != asked_for)
}

/// Returns when it happened by the server's clock. A clock that was never set says nothing.
fn stated(packet: RadiusPacket<'_>) -> Option<Timestamp> {
    let seconds = packet.number(Attribute::EventTimestamp).filter(|seconds| *seconds != 0)?;
    Some(Timestamp::from_nanos(i64::from(seconds) * 1_000_000_000))
}

fn seconds(packet: RadiusPacket<'_>, attribute: Attribute) -> Option<Duration> {
    packet.number(attribute).map(|seconds| Duration::from_secs(seconds.into()))
}

/// Puts the two halves of a number of octets together (RFC 2869 sections 5.1 and 5.2).
fn octets(packet: RadiusPacket<'_>, low: Attribute, high: Attribute) -> Option<u64> {
    let low = packet.number(low).filter(|_| packet.is_whole())?;
    Some(u64::from(packet.number(high).unwrap_or(0)) << 32 | u64::from(low))
}

/// Reads a station's MAC address in whichever spelling.
fn station(value: &[u8]) -> Option<MacAddr> {
    let mac: MacAddr = str::from_utf8(value).ok()?.trim_matches(['\0', ' ']).parse().ok()?;
    mac.is_station().then_some(mac)
}

/// Reads what a station called: a MAC address, and behind a colon the name of the wireless network.
///
/// # Reference
/// RFC 3580 section 3.20.
fn called_station(value: &[u8]) -> (Option<MacAddr>, Option<Box<str>>) {
    if let Some(mac) = station(value) {
        return (Some(mac), None);
    }
    // The spellings are 17, 14, 13 or 12 characters long.
    for length in [17, 14, 13, 12] {
        let Some((addr, [b':', name @ ..])) = value.split_at_checked(length) else {
            continue;
        };
        if let Some(mac) = station(addr) {
            return (Some(mac), text(name));
        }
    }
    (None, None)
}
