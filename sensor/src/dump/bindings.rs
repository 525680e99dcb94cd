use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};

use rollcall_core::decode::{ArpKind, ArpPacket, Control, Link, NdKind, NdMessage, NdOption};
use rollcall_core::types::MacAddr;
use serde::Serialize;

use super::groups::{CountWord, Groups};
use super::{Level, Lines, Seen, TunnelRecord};

/// Groups ARP, RARP and Neighbor Discovery messages that say the same.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    groups: Groups<Key, ()>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Key {
    rec: &'static str,
    #[serde(flatten)]
    message: Message,
    eth_src: Option<String>,
    eth_dst: Option<String>,
    vlans: Vec<String>,
    tunnel: Vec<TunnelRecord>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
enum Message {
    Arp(ArpKey),
    Nd(NdKey),
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct ArpKey {
    proto: &'static str,
    op: u16,
    kind: String,
    sender_ip: Option<Ipv4Addr>,
    sender_mac: Option<String>,
    target_ip: Option<Ipv4Addr>,
    target_mac: Option<String>,
    ethertype: String,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct NdKey {
    proto: &'static str,
    kind: &'static str,
    ip_src: Ipv6Addr,
    ip_dst: Ipv6Addr,
    target: Option<Ipv6Addr>,
    slla: Option<String>,
    tlla: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ra: Option<RouterKey>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct RouterKey {
    m: bool,
    o: bool,
    h: bool,
    #[serde(rename = "lifetime")]
    lifetime: u16,
    #[serde(rename = "prefixes")]
    prefixes: Vec<String>,
}

impl Bindings {
    pub(super) fn frame(&mut self, seen: &Seen<'_>, level: &Level<'_>) {
        let decoded = &level.decoded;
        let message = match &decoded.control {
            Control::Arp(packet) => Message::Arp(arp(*packet, decoded.ethertype)),
            Control::Nd(message) => Message::Nd(neighbor(message)),
            _ => return,
        };
        let eth_dst = match level.link {
            Link::Ethernet { dst, .. } => Some(dst.to_string()),
            Link::Cooked { .. } | Link::None => None,
        };
        let key = Key {
            rec: "bind",
            message,
            eth_src: level.eth_src(),
            eth_dst,
            vlans: level.vlans.clone(),
            tunnel: level.tunnels.clone(),
        };
        self.groups.count(key, seen);
    }

    pub(super) fn write<W: Write>(&self, output: &mut Lines<W>) -> io::Result<u64> {
        self.groups.write(CountWord::Count, output)
    }
}

fn arp(packet: ArpPacket<'_>, ethertype: u16) -> ArpKey {
    let (sender_ip, target_ip) = (packet.sender_ip(), packet.target_ip());
    let (sender_mac, target_mac) = (packet.sender_mac(), packet.target_mac());
    let kind = match packet.kind() {
        _ if sender_mac.is_none() && sender_ip.is_none() && target_ip.is_none() => "other",
        ArpKind::Cut => "other",
        ArpKind::Request => "request",
        ArpKind::Probe => "probe",
        ArpKind::GratuitousRequest => "gratuitous-request",
        ArpKind::Reply => "reply",
        ArpKind::GratuitousReply => "gratuitous-reply",
        ArpKind::RarpRequest => "rarp-request",
        ArpKind::RarpReply => "rarp-reply",
        ArpKind::Other(_) => "op",
    };
    let op = packet.operation();
    ArpKey {
        proto: if matches!(op, 3 | 4) { "rarp" } else { "arp" },
        op,
        kind: if kind == "op" { format!("op-{op}") } else { kind.to_owned() },
        sender_ip,
        sender_mac: sender_mac.as_ref().map(MacAddr::to_string),
        target_ip,
        target_mac: target_mac.as_ref().map(MacAddr::to_string),
        ethertype: format!("0x{ethertype:04x}"),
    }
}

fn neighbor(message: &NdMessage<'_>) -> NdKey {
    let packet = message.packet();
    NdKey {
        proto: "nd",
        kind: match message.kind() {
            NdKind::RouterSolicitation => "rs",
            NdKind::RouterAdvertisement => "ra",
            NdKind::NeighborSolicitation if packet.src().is_unspecified() => "ns-dad",
            NdKind::NeighborSolicitation => "ns",
            NdKind::NeighborAdvertisement => "na",
            NdKind::Redirect => "redirect",
        },
        ip_src: packet.src(),
        ip_dst: packet.dst(),
        target: message.target(),
        slla: message.source_link_layer().as_ref().map(MacAddr::to_string),
        tlla: message.target_link_layer().as_ref().map(MacAddr::to_string),
        flags: message.neighbor_flags().map(|flags| {
            let set = [(flags.router, "R"), (flags.solicited, "S"), (flags.overrides, "O")];
            set.into_iter().filter_map(|(is_set, letter)| is_set.then_some(letter)).collect()
        }),
        ra: message.router_flags().map(|flags| RouterKey {
            m: flags.managed,
            o: flags.other,
            h: flags.home_agent,
            lifetime: flags.lifetime_secs,
            prefixes: message
                .options()
                .filter_map(|option| match option {
                    NdOption::Prefix { prefix, .. } => Some(prefix.to_string()),
                    _ => None,
                })
                .collect(),
        }),
    }
}
