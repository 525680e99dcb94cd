use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rollcall_core::decode::{Control, RadiusAttribute as Attribute, RadiusKind};
use rollcall_core::types::Timestamp;
use serde::Serialize;

use super::text::{name, seconds};
use super::{Level, Seen};

/// A record of one Accounting-Request.
#[derive(Serialize)]
pub(super) struct Record {
    rec: &'static str,
    frame: u64,
    ts: Option<String>,
    id: Option<u8>,
    ip_src: Option<IpAddr>,
    ip_dst: Option<IpAddr>,
    sport: u16,
    dport: u16,
    acct_status_type: Option<u32>,
    calling_station_id: Option<String>,
    called_station_id: Option<String>,
    nas_ip: Option<Ipv4Addr>,
    nas_ipv6: Option<Ipv6Addr>,
    nas_port: Option<u32>,
    nas_port_id: Option<String>,
    nas_identifier: Option<String>,
    user_name: Option<String>,
    session_id: Option<String>,
    multi_session_id: Option<String>,
    framed_ip: Option<Ipv4Addr>,
    event_timestamp: Option<String>,
    terminate_cause: Option<u32>,
}

/// Returns the record of a level's message, if it is an Accounting-Request. Of a packet that was cut the schema
/// tells no attributes.
pub(super) fn record(seen: &Seen<'_>, level: &Level<'_>) -> Option<Record> {
    let Control::Radius(datagram, packet) = level.decoded.control else {
        return None;
    };
    if packet.kind() != Some(RadiusKind::AccountingRequest) {
        return None;
    }
    let whole = Some(packet).filter(|packet| packet.is_whole());
    let word = |attribute| whole.and_then(|packet| packet.value(attribute)).and_then(name);
    let number = |attribute| whole.and_then(|packet| packet.number(attribute));
    let addr = |attribute| whole.and_then(|packet| packet.ipv4(attribute));
    Some(Record {
        rec: "radius_acct",
        frame: seen.number,
        ts: seen.at.map(seconds),
        id: packet.identifier(),
        ip_src: datagram.ip.src(),
        ip_dst: datagram.ip.dst(),
        sport: datagram.src_port,
        dport: datagram.dst_port,
        acct_status_type: number(Attribute::AcctStatusType),
        calling_station_id: word(Attribute::CallingStationId),
        called_station_id: word(Attribute::CalledStationId),
        nas_ip: addr(Attribute::NasIpAddress),
        nas_ipv6: whole.and_then(|packet| packet.ipv6(Attribute::NasIpv6Address)),
        nas_port: number(Attribute::NasPort),
        nas_port_id: word(Attribute::NasPortId),
        nas_identifier: word(Attribute::NasIdentifier),
        user_name: word(Attribute::UserName),
        session_id: word(Attribute::AcctSessionId),
        multi_session_id: word(Attribute::AcctMultiSessionId),
        framed_ip: addr(Attribute::FramedIpAddress),
        event_timestamp: number(Attribute::EventTimestamp).map(date),
        terminate_cause: number(Attribute::AcctTerminateCause),
    })
}

/// Spells a time as the schema does: `Jan  1, 2026 16:00:01.000000000 UTC`.
fn date(secs: u32) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = Timestamp::from_nanos(i64::from(secs) * 1_000_000_000).to_string();
    let mut parts = text.split(['-', 'T', 'Z', '.']);
    let mut part = || parts.next().unwrap_or_default();
    let (year, month, day, time) = (part(), part(), part(), part());
    let month = month.parse::<usize>().ok().and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    let day = day.trim_start_matches('0');
    format!("{} {day:>2}, {year} {time}.000000000 UTC", month.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_spelled_out() {
        assert_eq!(date(1_767_283_201), "Jan  1, 2026 16:00:01.000000000 UTC");
        assert_eq!(date(0), "Jan  1, 1970 00:00:00.000000000 UTC");
        assert_eq!(date(u32::MAX), "Feb  7, 2106 06:28:15.000000000 UTC");
    }
}
