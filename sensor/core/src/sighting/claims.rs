use core::net::{IpAddr, Ipv4Addr};

use arrayvec::ArrayVec;

use super::{MobilityEvent, Notice, leases, neighbors, registrations, sessions};
use crate::decode::{ArpKind, ArpPacket, Control, Decoded, IpHeader, NdKind, NdMessage, Outcome};
use crate::types::MacAddr;

/// What one control message is evidence for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Addresses that stations claim.
    pub claims: ArrayVec<AddressClaim, { Self::CLAIMS_MAX }>,
    /// A station that makes itself known unasked.
    pub announcement: Option<Announcement>,
    /// What it says about a mobile node.
    pub mobility: Option<MobilityEvent>,
    /// What it says of a station that the sender need not be; boxed, because it is rare and large.
    pub notice: Option<Box<Notice>>,
    /// Claims that found no room.
    pub claims_lost: u8,
    /// Claims that no receiver would believe: a group or zero MAC address, an address that is no host's, or
    /// Neighbor Discovery that a router has forwarded.
    pub claims_refused: u8,
}

impl Sighting {
    /// How many claims one message may give.
    pub const CLAIMS_MAX: usize = 4;

    /// Tells whether the message is evidence for nothing.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty()
            && self.announcement.is_none()
            && self.mobility.is_none()
            && self.notice.is_none()
    }

    /// Takes a claim if a receiver would believe it; tells whether it did.
    pub(super) fn claim(&mut self, claim: AddressClaim) -> bool {
        let is_refused = !claim.mac.is_station() || !is_host(claim.ip);
        let is_lost = !is_refused && self.claims.try_push(claim).is_err();
        self.claims_refused += u8::from(is_refused);
        self.claims_lost += u8::from(is_lost);
        !is_refused && !is_lost
    }
}

/// A strong claim: a control message says in its body that a MAC address has an IP address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressClaim {
    /// Who claims it, from the message's body.
    pub mac: MacAddr,
    /// The address claimed.
    pub ip: IpAddr,
    /// By which message.
    pub kind: ClaimKind,
    /// The source address of the frame; another one than `mac` is worth a question.
    pub frame_mac: MacAddr,
}

/// The messages that claim addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClaimKind {
    /// The sender of an ARP request.
    ArpRequest,
    /// The sender of an ARP reply.
    ArpReply,
    /// The sender of an ARP message about its own address.
    GratuitousArp,
    /// The sender of a RARP reply, a server.
    RarpReply,
    /// The target of a RARP reply, who is told its address.
    RarpAssigned,
    /// The sender of a neighbor solicitation with its link-layer address.
    NeighborSolicitation,
    /// The target of a neighbor advertisement with its link-layer address.
    NeighborAdvertisement,
    /// The sender of a router solicitation with its link-layer address.
    RouterSolicitation,
    /// The sender of a router advertisement with its link-layer address.
    RouterAdvertisement,
    /// The client to whom a DHCP server grants an address.
    DhcpAck,
    /// The client to whom a DHCPv6 server grants an address.
    Dhcpv6Reply,
}

impl ClaimKind {
    /// Tells whether it is ARP, whose sender is the frame's unless somebody answers for another.
    pub const fn is_arp(self) -> bool {
        matches!(self, Self::ArpRequest | Self::ArpReply | Self::GratuitousArp)
    }

    /// Returns the word for output and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ArpRequest => "arp-request",
            Self::ArpReply => "arp-reply",
            Self::GratuitousArp => "gratuitous-arp",
            Self::RarpReply => "rarp-reply",
            Self::RarpAssigned => "rarp-assigned",
            Self::NeighborSolicitation => "neighbor-solicitation",
            Self::NeighborAdvertisement => "neighbor-advertisement",
            Self::RouterSolicitation => "router-solicitation",
            Self::RouterAdvertisement => "router-advertisement",
            Self::DhcpAck => "dhcp-ack",
            Self::Dhcpv6Reply => "dhcpv6-reply",
        }
    }
}

/// A station makes itself known unasked, as after a migration. By itself it proves no move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Announcement {
    /// A RARP request for the sender's own address, as hypervisors send it for a guest.
    Rarp {
        /// The guest.
        mac: MacAddr,
    },
    /// An ARP message about the sender's own address.
    GratuitousArp {
        /// The station.
        mac: MacAddr,
        /// Its address.
        ip: IpAddr,
    },
    /// A neighbor advertisement that answers nobody.
    UnsolicitedAdvertisement {
        /// The link-layer address in the message, where it has one.
        mac: Option<MacAddr>,
        /// The target address.
        ip: IpAddr,
    },
}

/// Returns what a decoded frame's control message is evidence for; empty where it has none.
#[cold]
#[inline(never)]
pub fn sight(decoded: &Decoded<'_>) -> Sighting {
    let mut sighting = Sighting::default();
    // What has no link-layer source, such as a packet in a tunnel, is on no link and claims no addresses there.
    let frame_mac = decoded.link.src();
    match &decoded.control {
        Control::None | Control::MobilityIcmp(_) => {}
        Control::Arp(packet) => {
            if let Some(frame_mac) = frame_mac {
                arp(*packet, frame_mac, &mut sighting);
            }
        }
        Control::Nd(message) => {
            if let Some(frame_mac) = frame_mac {
                neighbor(message, frame_mac, &mut sighting);
            }
        }
        Control::Mobility(message) => sighting.mobility = MobilityEvent::from_message(message),
        Control::LegacyMobility(option) => sighting.mobility = Some(MobilityEvent::from_option(option)),
        Control::MobileTraffic(packet) => sighting.mobility = MobilityEvent::from_traffic(*packet),
        // A receiver discards the message if it or what carries it contradicts itself.
        _ if matches!(decoded.outcome, Outcome::Malformed(_)) => {}
        Control::Lldp(unit) => sighting.notice = neighbors::lldp(*unit).map(Box::new),
        // In a tunnel it names the tunnel's other end, which is no neighbour of the capture point.
        Control::Cdp(message) if decoded.ip == IpHeader::None => {
            sighting.notice = neighbors::cdp(*message).map(Box::new);
        }
        Control::Cdp(_) => {}
        Control::Dhcp(datagram, message) => leases::dhcp(*datagram, *message, decoded.link, &mut sighting),
        Control::Dhcpv6(datagram, message) => {
            leases::dhcpv6(*datagram, *message, decoded.link, &mut sighting);
        }
        Control::MobileIpv4(datagram, message) => {
            sighting.notice = registrations::registration(*datagram, *message).map(Box::new);
        }
        Control::Radius(datagram, packet) => sessions::accounting(*datagram, *packet, &mut sighting),
    }
    sighting
}

fn arp(packet: ArpPacket<'_>, frame_mac: MacAddr, sighting: &mut Sighting) {
    let mut claim = |mac: Option<MacAddr>, ip: Option<Ipv4Addr>, kind| {
        let (mac, ip) = (mac?, IpAddr::V4(ip?));
        let claim = AddressClaim { mac, ip, kind, frame_mac };
        sighting.claim(claim).then_some((mac, ip))
    };
    let (mac, ip) = (packet.sender_mac(), packet.sender_ip());
    match packet.kind() {
        ArpKind::Request => {
            claim(mac, ip, ClaimKind::ArpRequest);
        }
        ArpKind::Reply => {
            claim(mac, ip, ClaimKind::ArpReply);
        }
        ArpKind::GratuitousRequest | ArpKind::GratuitousReply => {
            let claimed = claim(mac, ip, ClaimKind::GratuitousArp);
            sighting.announcement = claimed.map(|(mac, ip)| Announcement::GratuitousArp { mac, ip });
        }
        ArpKind::RarpRequest => {
            let own = mac.filter(|mac| mac.is_station() && Some(*mac) == packet.target_mac());
            sighting.announcement = own.map(|mac| Announcement::Rarp { mac });
        }
        ArpKind::RarpReply => {
            claim(mac, ip, ClaimKind::RarpReply);
            claim(packet.target_mac(), packet.target_ip(), ClaimKind::RarpAssigned);
        }
        ArpKind::Cut if packet.operation() == 1 => {
            claim(mac, ip, ClaimKind::ArpRequest);
        }
        ArpKind::Cut if packet.operation() == 2 => {
            claim(mac, ip, ClaimKind::ArpReply);
        }
        ArpKind::Probe | ArpKind::Cut | ArpKind::Other(_) => {}
    }
}

/// Takes the claims of Neighbor Discovery. A redirect is a router's word about others and claims nothing.
fn neighbor(message: &NdMessage<'_>, frame_mac: MacAddr, sighting: &mut Sighting) {
    let source = message.packet().src();
    let by_sender = |kind| {
        let mac = message.source_link_layer()?;
        (!source.is_unspecified()).then_some((mac, source, kind))
    };
    let found = match message.kind() {
        NdKind::NeighborSolicitation => by_sender(ClaimKind::NeighborSolicitation),
        NdKind::RouterSolicitation => by_sender(ClaimKind::RouterSolicitation),
        NdKind::RouterAdvertisement => by_sender(ClaimKind::RouterAdvertisement),
        NdKind::NeighborAdvertisement => message
            .target_link_layer()
            .zip(message.target())
            .map(|(mac, target)| (mac, target, ClaimKind::NeighborAdvertisement)),
        NdKind::Redirect => None,
    };
    if !message.is_from_link() {
        sighting.claims_refused += u8::from(found.is_some());
        return;
    }
    if let Some((mac, ip, kind)) = found {
        sighting.claim(AddressClaim { mac, ip: ip.into(), kind, frame_mac });
    }
    let is_unasked = message.neighbor_flags().is_some_and(|flags| !flags.solicited);
    if let (true, Some(target)) = (is_unasked, message.target()) {
        sighting.announcement = Some(Announcement::UnsolicitedAdvertisement {
            mac: message.target_link_layer(),
            ip: target.into(),
        });
    }
}

/// Tells whether a host may have an address: not unspecified, not a group.
pub(super) fn is_host(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => !v4.is_unspecified() && !v4.is_broadcast() && !v4.is_multicast(),
        IpAddr::V6(v6) => !v6.is_unspecified() && !v6.is_multicast(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::samples::{ARP, IPV6, PEER, RARP, STATION, arp, ethernet, ipv6, neighbor, target};
    use crate::decode::{DecodeSettings, decode};
    use crate::types::LinkType;

    const MINE: ([u8; 6], [u8; 4]) = (STATION, [10, 0, 0, 10]);
    const NOBODY: [u8; 6] = [0; 6];

    fn sighting(frame: &[u8]) -> Sighting {
        sight(&decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, frame))
    }

    /// What a frame claims, as (kind, MAC address, IP address).
    fn claims(frame: &[u8]) -> Vec<(ClaimKind, MacAddr, String)> {
        let claims = sighting(frame).claims;
        claims.iter().map(|claim| (claim.kind, claim.mac, claim.ip.to_string())).collect()
    }

    fn mine(kind: ClaimKind, ip: &str) -> Vec<(ClaimKind, MacAddr, String)> {
        vec![(kind, MacAddr::new(STATION), ip.to_owned())]
    }

    #[test]
    fn arp_claims_the_senders_address() {
        let request = ethernet(ARP, &arp(1, MINE, (NOBODY, [10, 0, 0, 11])));
        assert_eq!(claims(&request), mine(ClaimKind::ArpRequest, "10.0.0.10"));
        let reply = ethernet(ARP, &arp(2, MINE, (PEER, [10, 0, 0, 11])));
        assert_eq!(claims(&reply), mine(ClaimKind::ArpReply, "10.0.0.10"));
        let probe = ethernet(ARP, &arp(1, (STATION, [0; 4]), (NOBODY, [10, 0, 0, 11])));
        assert_eq!(sighting(&probe), Sighting::default());
    }

    #[test]
    fn a_claim_names_the_body_and_the_frame() {
        let frame = ethernet(ARP, &arp(2, (PEER, [10, 0, 0, 11]), MINE));
        let sighting = sighting(&frame);
        assert_eq!(sighting.claims[0].mac, MacAddr::new(PEER));
        assert_eq!(sighting.claims[0].frame_mac, MacAddr::new(STATION));
    }

    #[test]
    fn gratuitous_arp_and_rarp_announce() {
        let (mac, ip) = (MacAddr::new(STATION), "10.0.0.10".parse().unwrap());
        for operation in [1, 2] {
            let frame = ethernet(ARP, &arp(operation, MINE, (NOBODY, MINE.1)));
            assert_eq!(claims(&frame), mine(ClaimKind::GratuitousArp, "10.0.0.10"));
            assert_eq!(sighting(&frame).announcement, Some(Announcement::GratuitousArp { mac, ip }));
        }
        let unset = (STATION, [0; 4]);
        let own = sighting(&ethernet(RARP, &arp(3, unset, unset)));
        assert_eq!(own.announcement, Some(Announcement::Rarp { mac }));
        let for_another = sighting(&ethernet(RARP, &arp(3, unset, (PEER, [0; 4]))));
        assert_eq!(for_another.announcement, None);
    }

    #[test]
    fn a_rarp_reply_claims_for_both() {
        let frame = ethernet(RARP, &arp(4, MINE, (PEER, [10, 0, 0, 11])));
        let mut expected = mine(ClaimKind::RarpReply, "10.0.0.10");
        expected.push((ClaimKind::RarpAssigned, MacAddr::new(PEER), "10.0.0.11".to_owned()));
        assert_eq!(claims(&frame), expected);
    }

    #[test]
    fn what_no_receiver_would_believe_is_refused() {
        let group = [0x33, 0x33, 0, 0, 0, 1];
        for sender in [(group, [10, 0, 0, 10]), (NOBODY, [10, 0, 0, 10]), (STATION, [224, 0, 0, 1])] {
            let sighting = sighting(&ethernet(ARP, &arp(2, sender, (PEER, [10, 0, 0, 11]))));
            assert!(sighting.is_empty());
            assert_eq!(sighting.claims_refused, 1);
        }
        let mut forwarded = neighbor("2001:db8::a", "2001:db8::b", &target(135, 0, "2001:db8::b"), 1);
        forwarded[14 + 7] = 254;
        assert!(sighting(&forwarded).is_empty());
        assert_eq!(sighting(&forwarded).claims_refused, 1);
    }

    #[test]
    fn neighbor_discovery_claims_by_its_options() {
        let solicitation = neighbor("fe80::a", "ff02::1:ff00:b", &target(135, 0, "fe80::b"), 1);
        assert_eq!(claims(&solicitation), mine(ClaimKind::NeighborSolicitation, "fe80::a"));
        let probe = neighbor("::", "ff02::1:ff00:b", &target(135, 0, "fe80::b"), 1);
        assert!(sighting(&probe).is_empty());
        let answer = neighbor("fe80::a", "fe80::b", &target(136, 0x60, "fe80::a"), 2);
        assert_eq!(claims(&answer), mine(ClaimKind::NeighborAdvertisement, "fe80::a"));
        assert_eq!(sighting(&answer).announcement, None);
        let bare = ethernet(IPV6, &ipv6("fe80::a", "fe80::b", 58, 255, &target(136, 0x60, "fe80::a")));
        assert!(sighting(&bare).is_empty());
        let solicitation = neighbor("fe80::a", "ff02::2", &[133, 0, 0, 0, 0, 0, 0, 0], 1);
        assert_eq!(claims(&solicitation), mine(ClaimKind::RouterSolicitation, "fe80::a"));
        let mut redirect = target(137, 0, "fe80::c");
        redirect.extend([0; 16]);
        assert!(sighting(&neighbor("fe80::a", "fe80::b", &redirect, 2)).is_empty());
    }

    #[test]
    fn an_unsolicited_advertisement_announces() {
        let frame = neighbor("fe80::a", "ff02::1", &target(136, 0x20, "2001:db8::a"), 2);
        assert_eq!(
            sighting(&frame).announcement,
            Some(Announcement::UnsolicitedAdvertisement {
                mac: Some(MacAddr::new(STATION)),
                ip: "2001:db8::a".parse().unwrap(),
            })
        );
    }
}
