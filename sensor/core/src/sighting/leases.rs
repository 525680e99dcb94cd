//! What DHCP says of its clients. Read RFC 2131 section 3, RFC 3046 and RFC 8415 sections 18 and 19 before editing.

use core::net::{IpAddr, Ipv6Addr};

use super::claims::is_host;
use super::words::text;
use super::{
    AddressClaim, Attachment, ClaimKind, Lease, LeaseKind, LeasedAddress, Notice, RelayId, Sighting,
};
use crate::decode::{
    Datagram, DhcpKind, DhcpMessage, Dhcpv6Kind, Dhcpv6Message, Dhcpv6Option, Lifetime, Link,
};
use crate::types::MacAddr;

const DHCP_CLIENT: u16 = 68;
const DHCPV6_CLIENT: u16 = 546;

/// Reads a DHCP message into the claim and the notice that it gives.
pub(super) fn dhcp(datagram: Datagram<'_>, message: DhcpMessage<'_>, link: Link, sighting: &mut Sighting) {
    let Some(mac) = message.client_mac().filter(|mac| mac.is_station()) else {
        return;
    };
    let attachment = dhcp_attachment(message, sighting);
    let (kind, leased) = match message.kind() {
        Some(DhcpKind::Ack) if message.is_reply() => (LeaseKind::Granted, message.your_addr()),
        Some(DhcpKind::Release) if !message.is_reply() => (LeaseKind::Released, message.client_addr()),
        _ => (LeaseKind::Attached, None),
    };
    // An acknowledgement of settings alone grants no address (RFC 2131 section 4.3.5).
    let leased = leased.map(IpAddr::V4).filter(|ip| is_host(*ip));
    let kind = if leased.is_some() { kind } else { LeaseKind::Attached };
    if leased.is_none() && attachment.is_none() {
        return;
    }
    let lifetime = message.lease_time().filter(|_| kind == LeaseKind::Granted);
    let from_source = || datagram.ip.src().filter(|_| message.is_whole() && kind == LeaseKind::Granted);
    sighting.lease(
        Lease {
            mac,
            kind,
            addresses: leased.map(|ip| LeasedAddress { ip, lifetime }).into_iter().collect(),
            on_segment: match kind {
                LeaseKind::Granted => datagram.dst_port == DHCP_CLIENT && reaches(link, mac),
                LeaseKind::Released | LeaseKind::Attached => link.src() == Some(mac),
            },
            server: message.server().map(IpAddr::V4).or_else(from_source),
            host_name: message.host_name().and_then(text),
            attachment,
        },
        ClaimKind::DhcpAck,
        link,
    );
}

/// Reads option 82.
fn dhcp_attachment(message: DhcpMessage<'_>, sighting: &mut Sighting) -> Option<Attachment> {
    let option = message.relay_agent()?;
    let relay = message.relay_addr().map(IpAddr::V4).filter(|ip| is_host(*ip));
    attachment(relay, option.circuit_id(), option.remote_id(), sighting)
}

fn attachment(
    relay: Option<IpAddr>,
    circuit_id: Option<&[u8]>,
    remote_id: Option<&[u8]>,
    sighting: &mut Sighting,
) -> Option<Attachment> {
    let mut keep = |id: Option<&[u8]>| {
        let octets = id.filter(|octets| !octets.is_empty())?;
        let kept = RelayId::new(octets);
        sighting.claims_lost = sighting.claims_lost.saturating_add(u8::from(kept.is_none()));
        kept
    };
    let attachment = Attachment { relay, circuit_id: keep(circuit_id), remote_id: keep(remote_id) };
    (attachment.circuit_id.is_some() || attachment.remote_id.is_some()).then_some(attachment)
}

/// Reads a DHCPv6 message into the claims and the notice that it gives.
pub(super) fn dhcpv6(
    datagram: Datagram<'_>,
    message: Dhcpv6Message<'_>,
    link: Link,
    sighting: &mut Sighting,
) {
    // What was cut off may name the client, or a relay nearer to it.
    if message.is_relayed() && !message.is_whole() {
        return;
    }
    let (mut relay, mut relays, mut on_link_of) = (None, 0u32, None);
    let mut client = message;
    for level in message.levels() {
        if level.is_relayed() {
            (relay, relays) = (Some(level), relays + 1);
            // A relay on layer 2 names no link: that of the next one outward is the client's (RFC 8415 section 13.1).
            on_link_of = level.link_addr().filter(|addr| !addr.is_unspecified()).or(on_link_of);
        }
        client = level;
    }
    // Between server and the outermost relay the packet has that one's address, which is no inner one's.
    let itself = relay.filter(|_| relays == 1).and_then(|relay| match relay.kind() {
        Some(Dhcpv6Kind::RelayForward) => datagram.ip.src(),
        _ => datagram.ip.dst(),
    });
    let address = on_link_of.map(IpAddr::V6).or(itself);
    let attachment =
        relay.and_then(|relay| attachment(address, relay.interface_id(), relay.remote_id(), sighting));
    let to_client =
        !message.is_relayed() && datagram.dst_port == DHCPV6_CLIENT && is_link_local(datagram.ip.dst());
    let by_client =
        !message.is_relayed() && datagram.dst_port != DHCPV6_CLIENT && is_link_local(datagram.ip.src());
    let on_link = match link {
        Link::Ethernet { dst, .. } if to_client => Some(dst),
        _ if by_client => link.src(),
        _ => None,
    };
    let stated = relay.and_then(Dhcpv6Message::client_mac);
    let made_of = || client.client().and_then(|duid| duid.mac()).filter(|_| message.is_whole());
    let on_link = on_link.filter(|mac| mac.is_station());
    let Some(mac) = stated.or(on_link).or_else(made_of).filter(|mac| mac.is_station()) else {
        return;
    };
    let kind = match client.kind() {
        Some(Dhcpv6Kind::Reply) => LeaseKind::Granted,
        Some(Dhcpv6Kind::Release) => LeaseKind::Released,
        _ => LeaseKind::Attached,
    };
    let mut lease = Lease {
        mac,
        kind,
        addresses: Default::default(),
        on_segment: on_link == Some(mac),
        server: datagram.ip.src().filter(|_| kind == LeaseKind::Granted && !message.is_relayed()),
        host_name: client.host_name().and_then(text),
        attachment,
    };
    if kind != LeaseKind::Attached {
        addresses(client, &mut lease, sighting);
    }
    if lease.addresses.is_empty() {
        lease.kind = LeaseKind::Attached;
        lease.server = None;
        if lease.attachment.is_none() {
            return;
        }
    }
    sighting.lease(lease, ClaimKind::Dhcpv6Reply, link);
}

/// Takes the addresses of a message's identity associations; not those that a server refuses or withdraws.
fn addresses(client: Dhcpv6Message<'_>, lease: &mut Lease, sighting: &mut Sighting) {
    for association in client.options().filter(|option| option.options().next().is_some()) {
        let is_refused = |option: Dhcpv6Option<'_>| option.status().is_some_and(|status| status != 0);
        if association.options().any(is_refused) {
            continue;
        }
        for (addr, lifetime) in association.options().filter_map(|option| option.address()) {
            let lifetime = match lifetime {
                Lifetime::For(time) => Some(time),
                Lifetime::Endless => None,
            };
            let is_granted = lease.kind == LeaseKind::Granted;
            let is_withdrawn = is_granted && lifetime.is_some_and(|time| time.is_zero());
            if is_withdrawn || !is_host(addr.into()) {
                continue;
            }
            let leased = LeasedAddress { ip: addr.into(), lifetime: lifetime.filter(|_| is_granted) };
            let is_lost = lease.addresses.try_push(leased).is_err();
            sighting.claims_lost = sighting.claims_lost.saturating_add(u8::from(is_lost));
        }
    }
}

/// Tells whether a frame goes to a station, or to all and so to it as well.
fn reaches(link: Link, mac: MacAddr) -> bool {
    match link {
        Link::Ethernet { dst, .. } => dst == mac || dst.is_group(),
        _ => false,
    }
}

const fn is_link_local(ip: Option<IpAddr>) -> bool {
    match ip {
        Some(IpAddr::V6(addr)) => Ipv6Addr::is_unicast_link_local(&addr),
        _ => false,
    }
}

impl Sighting {
    /// Takes what a message says of a client, and the claims where it is the server's word on the client's segment.
    fn lease(&mut self, lease: Lease, kind: ClaimKind, link: Link) {
        if lease.kind == LeaseKind::Granted && lease.on_segment {
            let frame_mac = link.src().unwrap_or_default();
            for leased in &lease.addresses {
                self.claim(AddressClaim { mac: lease.mac, ip: leased.ip, kind, frame_mac });
            }
        }
        self.notice = Some(Box::new(Notice::Lease(lease)));
    }
}
