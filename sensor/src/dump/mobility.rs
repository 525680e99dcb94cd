use std::io::{self, Write};
use std::net::Ipv6Addr;

use rollcall_core::decode::{Control, Ipv6Packet, MobilityKind, MobilityMessage, MobilityOption};
use serde::Serialize;

use super::groups::{CountWord, Groups};
use super::text::{identifier, octets, seconds};
use super::{Level, Lines, Seen, TunnelRecord};

/// Groups the data of mobile nodes; messages become records at once.
#[derive(Debug, Default)]
pub(super) struct Mobility {
    traffic: Groups<TrafficKey, ()>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct TrafficKey {
    rec: &'static str,
    ip_src: Ipv6Addr,
    ip_dst: Ipv6Addr,
    hao: Option<Ipv6Addr>,
    rh2: Option<Ipv6Addr>,
    next: u8,
}

/// A record of one message.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Record {
    Message(Box<MessageRecord>),
    Icmp(IcmpRecord),
}

#[derive(Serialize)]
pub(super) struct MessageRecord {
    rec: &'static str,
    frame: u64,
    ts: Option<String>,
    #[serde(rename = "type")]
    number: u8,
    name: &'static str,
    ip_src: Ipv6Addr,
    ip_dst: Ipv6Addr,
    hao: Option<Ipv6Addr>,
    rh2: Option<Ipv6Addr>,
    alt_coa: Option<Ipv6Addr>,
    seq: Option<u16>,
    lifetime_units: Option<u16>,
    lifetime_s: Option<u64>,
    flags: String,
    status: Option<u8>,
    hnp: Vec<String>,
    mnp: Vec<String>,
    mn_id: Option<String>,
    lla: Option<String>,
    bid: Option<u16>,
    checksum: &'static str,
    hdr_len: usize,
    malformed: bool,
    eth_src: Option<String>,
    vlans: Vec<String>,
    tunnel: Vec<TunnelRecord>,
    derived: Option<Derived>,
}

/// What RFC 6275 makes of a message's fields.
#[derive(Serialize)]
struct Derived {
    hoa: Option<Ipv6Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coa: Option<Ipv6Addr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_reg: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dereg: Option<bool>,
}

#[derive(Serialize)]
pub(super) struct IcmpRecord {
    rec: &'static str,
    frame: u64,
    ts: Option<String>,
    #[serde(rename = "type")]
    number: u8,
    ip_src: Ipv6Addr,
    ip_dst: Ipv6Addr,
}

impl Mobility {
    /// Takes a frame; returns the record of its message, if it is one.
    pub(super) fn frame(&mut self, seen: &Seen<'_>, level: &Level<'_>) -> Option<Record> {
        let decoded = &level.decoded;
        if let Control::Mobility(message) = &decoded.control {
            return Some(Record::Message(Box::new(message_record(seen, level, message))));
        }
        let packet = decoded.control.ipv6()?;
        if packet.is_mobile() {
            self.traffic.count(traffic_key(packet), seen);
        }
        match &decoded.control {
            Control::MobilityIcmp(message) => Some(Record::Icmp(IcmpRecord {
                rec: "mip6icmp",
                frame: seen.number,
                ts: seen.at.map(seconds),
                number: message.number(),
                ip_src: packet.src(),
                ip_dst: packet.dst(),
            })),
            _ => None,
        }
    }

    pub(super) fn write<W: Write>(&self, output: &mut Lines<W>) -> io::Result<u64> {
        self.traffic.write(CountWord::Count, output)
    }
}

fn traffic_key(packet: Ipv6Packet<'_>) -> TrafficKey {
    TrafficKey {
        rec: "mip6data",
        ip_src: packet.src(),
        ip_dst: packet.dst(),
        hao: packet.home_address(),
        rh2: packet.routed_home_address(),
        next: packet.next_header(),
    }
}

fn message_record(seen: &Seen<'_>, level: &Level<'_>, message: &MobilityMessage<'_>) -> MessageRecord {
    let (packet, kind) = (message.packet(), message.kind());
    let is_update = matches!(kind, MobilityKind::BindingUpdate | MobilityKind::BindingAcknowledgement);
    let is_fast = matches!(kind, MobilityKind::FastBindingUpdate | MobilityKind::FastBindingAcknowledgement);
    let mut record = MessageRecord {
        rec: "mh",
        frame: seen.number,
        ts: seen.at.map(seconds),
        number: message.number(),
        name: kind.as_str(),
        ip_src: packet.src(),
        ip_dst: packet.dst(),
        hao: packet.home_address(),
        rh2: packet.routed_home_address(),
        alt_coa: message.alternate_care_of(),
        seq: message.sequence().filter(|_| is_update || is_fast),
        lifetime_units: message.lifetime_units(),
        lifetime_s: message.lifetime().map(|lifetime| lifetime.as_secs()),
        flags: message.flags().filter(|_| is_update).map_or_else(String::new, |flags| flags.to_string()),
        status: message
            .status()
            .filter(|_| matches!(kind, MobilityKind::BindingAcknowledgement | MobilityKind::BindingError)),
        hnp: Vec::new(),
        mnp: Vec::new(),
        mn_id: None,
        lla: None,
        bid: None,
        checksum: message.checksum().as_str(),
        hdr_len: message.claimed_len(),
        malformed: !message.is_sound(),
        eth_src: level.eth_src(),
        vlans: level.vlans.clone(),
        tunnel: level.tunnels.clone(),
        derived: derived(message),
    };
    for option in message.options() {
        match option {
            MobilityOption::HomeNetworkPrefix(prefix) => record.hnp.push(prefix.to_string()),
            MobilityOption::MobileNetworkPrefix(prefix) => record.mnp.push(prefix.to_string()),
            MobilityOption::MobileNodeIdentifier { id, .. } => {
                record.mn_id.get_or_insert_with(|| identifier(id));
            }
            MobilityOption::LinkLayer(id) | MobilityOption::LinkLayerIdentifier(id) => {
                record.lla.get_or_insert_with(|| octets(id));
            }
            MobilityOption::BindingIdentifier(binding) => {
                record.bid.get_or_insert(binding.id);
            }
            _ => {}
        }
    }
    record
}

/// Derives home and care-of address from the fields, with no judgement of whether they are believable.
fn derived(message: &MobilityMessage<'_>) -> Option<Derived> {
    let packet = message.packet();
    let flags = message.flags();
    let has = |letter| flags.is_some_and(|flags| flags.has(letter));
    match message.kind() {
        MobilityKind::BindingUpdate => {
            let care_of = message.alternate_care_of().unwrap_or_else(|| packet.src());
            let home = (!has('P')).then(|| packet.home_address().unwrap_or_else(|| packet.src()));
            let at_home = home == Some(care_of);
            Some(Derived {
                hoa: home,
                coa: Some(care_of),
                home_reg: Some(has('H')),
                dereg: Some(message.lifetime_units() == Some(0) || at_home),
            })
        }
        MobilityKind::BindingAcknowledgement => Some(Derived {
            hoa: (!has('P')).then(|| packet.routed_home_address().unwrap_or_else(|| packet.dst())),
            coa: None,
            home_reg: None,
            dereg: None,
        }),
        _ => None,
    }
}
