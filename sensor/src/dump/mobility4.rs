use std::net::{IpAddr, Ipv4Addr};

use rollcall_core::decode::{Control, MobileIpv4Kind};
use serde::Serialize;

use super::text::seconds;
use super::{Level, Seen};

/// The types that have a record: registration, NAT traversal (RFC 3519), revocation (RFC 3543).
const TYPES: [u8; 5] = [1, 3, 4, 7, 15];

/// A record of one Mobile IPv4 message.
#[derive(Serialize)]
pub(super) struct Record {
    rec: &'static str,
    frame: u64,
    ts: Option<String>,
    #[serde(rename = "type")]
    number: u8,
    ip_src: Option<IpAddr>,
    ip_dst: Option<IpAddr>,
    home: Option<Ipv4Addr>,
    home_agent: Option<Ipv4Addr>,
    coa: Option<Ipv4Addr>,
    lifetime: Option<u16>,
    code: Option<u8>,
}

/// Returns the record of a level's message, if it is one and its addresses were captured.
pub(super) fn record(seen: &Seen<'_>, level: &Level<'_>) -> Option<Record> {
    let Control::MobileIpv4(datagram, message) = &level.decoded.control else {
        return None;
    };
    let is_there = match message.kind()? {
        MobileIpv4Kind::Request => message.care_of().is_some(),
        MobileIpv4Kind::Reply => message.home_agent().is_some(),
        MobileIpv4Kind::Other(number) => TYPES.contains(&number),
    };
    is_there.then_some(Record {
        rec: "mip4",
        frame: seen.number,
        ts: seen.at.map(seconds),
        number: message.number()?,
        ip_src: datagram.ip.src(),
        ip_dst: datagram.ip.dst(),
        home: message.home_addr(),
        home_agent: message.home_agent(),
        coa: message.care_of(),
        lifetime: message.lifetime().map(|lifetime| lifetime.0),
        code: message.code(),
    })
}
