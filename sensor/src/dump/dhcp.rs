use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rollcall_core::decode::{Control, Datagram, DhcpKind, DhcpMessage, Dhcpv6Message, Dhcpv6Option};
use serde::Serialize;

use super::text::{ascii, octets, seconds};
use super::{Level, Seen, TunnelRecord};

/// The length of a BOOTP message (RFC 951 section 3): a longer one has options.
const BOOTP_OCTETS: u16 = 300;

/// A record of one message.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Record {
    Dhcp(Box<DhcpRecord>),
    Dhcpv6(Dhcpv6Record),
}

#[derive(Serialize)]
pub(super) struct DhcpRecord {
    rec: &'static str,
    frame: u64,
    ts: Option<String>,
    msg: Option<u8>,
    chaddr: Option<String>,
    ciaddr: Option<Ipv4Addr>,
    yiaddr: Option<Ipv4Addr>,
    giaddr: Option<Ipv4Addr>,
    requested: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
    hostname: Option<String>,
    client_id: Option<String>,
    xid: Option<String>,
    /// What a relay or switch inserted, each sub-option as its number and its octets.
    option82: Vec<(u8, String)>,
    vlans: Vec<String>,
    tunnel: Vec<TunnelRecord>,
    eth_src: Option<String>,
    ip_src: Option<IpAddr>,
}

#[derive(Serialize)]
pub(super) struct Dhcpv6Record {
    rec: &'static str,
    frame: u64,
    ts: Option<String>,
    msg: Option<u8>,
    ip_src: Option<IpAddr>,
    ip_dst: Option<IpAddr>,
    duids: BTreeSet<String>,
    iaaddrs: BTreeSet<String>,
    /// What each relay calls the interface, outermost first.
    interface_ids: Vec<String>,
    eth_src: Option<String>,
    vlans: Vec<String>,
}

/// Returns the record of a level's message, if it is one.
pub(super) fn record(seen: &Seen<'_>, level: &Level<'_>) -> Option<Record> {
    match &level.decoded.control {
        Control::Dhcp(_, message) if message.operation().is_none() => None,
        Control::Dhcp(datagram, message) => {
            Some(Record::Dhcp(Box::new(dhcp(seen, level, *datagram, *message))))
        }
        Control::Dhcpv6(_, message) if message.number().is_none() => None,
        Control::Dhcpv6(_, message) => Some(Record::Dhcpv6(dhcpv6(seen, level, *message))),
        _ => None,
    }
}

/// A message whose options were cut off is told of without its fields, as the schema has it.
fn dhcp(seen: &Seen<'_>, level: &Level<'_>, datagram: Datagram<'_>, message: DhcpMessage<'_>) -> DhcpRecord {
    let may_lack_options = datagram.len <= BOOTP_OCTETS + 8 && !message.has_options();
    let told = Some(message).filter(|message| message.has_all_options() || may_lack_options);
    DhcpRecord {
        rec: "dhcp",
        frame: seen.number,
        ts: seen.at.map(seconds),
        msg: told.and_then(DhcpMessage::kind).map(DhcpKind::number),
        chaddr: told.and_then(DhcpMessage::client_mac).map(|mac| mac.to_string()),
        ciaddr: told.and_then(DhcpMessage::client_addr),
        yiaddr: told.and_then(DhcpMessage::your_addr),
        giaddr: told.and_then(DhcpMessage::relay_addr),
        requested: told.and_then(DhcpMessage::requested_addr),
        server: told.and_then(DhcpMessage::server),
        hostname: told.and_then(DhcpMessage::host_name).and_then(ascii),
        client_id: told.and_then(client_id),
        xid: told.and_then(DhcpMessage::transaction).map(|xid| format!("0x{xid:08x}")),
        option82: told.and_then(DhcpMessage::relay_agent).map_or_else(Vec::new, |option| {
            option.sub_options().map(|(number, value)| (number, octets(value))).collect()
        }),
        vlans: level.vlans.clone(),
        tunnel: level.tunnels.clone(),
        eth_src: level.eth_src(),
        ip_src: datagram.ip.src(),
    }
}

/// Returns the machine's UUID as its firmware spells it, else a hardware address that is no MAC address.
fn client_id(message: DhcpMessage<'_>) -> Option<String> {
    if let Some(uuid) = message.machine_uuid() {
        let [a0, a1, a2, a3, b0, b1, c0, c1, d @ ..] = *uuid;
        let [d0, d1, e @ ..] = d;
        let node = octets(&e).replace(':', "");
        let (a, b) = (u32::from_le_bytes([a0, a1, a2, a3]), u16::from_le_bytes([b0, b1]));
        let c = u16::from_le_bytes([c0, c1]);
        return Some(format!("{a:08x}-{b:04x}-{c:04x}-{d0:02x}{d1:02x}-{node}"));
    }
    let hardware = message.hardware_addr().filter(|_| message.client_mac().is_none())?;
    Some(octets(hardware))
}

fn dhcpv6(seen: &Seen<'_>, level: &Level<'_>, message: Dhcpv6Message<'_>) -> Dhcpv6Record {
    let mut record = Dhcpv6Record {
        rec: "dhcp6",
        frame: seen.number,
        ts: seen.at.map(seconds),
        msg: message.number(),
        ip_src: level.decoded.ip.src(),
        ip_dst: level.decoded.ip.dst(),
        duids: BTreeSet::new(),
        iaaddrs: BTreeSet::new(),
        interface_ids: Vec::new(),
        eth_src: level.eth_src(),
        vlans: level.vlans.clone(),
    };
    // Of a message that was cut the schema tells nothing but its type.
    for message in message.levels().filter(|message| message.is_whole()) {
        record.interface_ids.extend(message.interface_id().map(octets));
        for option in message.options() {
            record.take(option);
            option.options().for_each(|inside| record.take(inside));
        }
    }
    record
}

impl Dhcpv6Record {
    fn take(&mut self, option: Dhcpv6Option<'_>) {
        let addr = |ip: IpAddr| ip.to_string();
        let leased = option.address().map(|(ip, _): (Ipv6Addr, _)| addr(ip.into()));
        // As it stands there, with what is set behind the length of the prefix.
        let delegated = option.prefix().and_then(|_| option.value.get(9..25)?.first_chunk::<16>());
        let delegated = delegated.map(|octets| addr(Ipv6Addr::from(*octets).into()));
        self.iaaddrs.extend(leased.or(delegated));
        self.duids.extend(option.duid().map(|duid| octets(duid.octets())).filter(|text| !text.is_empty()));
    }
}
