//! What mobility messages say about a mobile node. Read RFC 6275 sections 6.1.7, 9.5 and 11.5 before editing.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;

use crate::decode::{
    Checksum, Ipv6Packet, LegacyKind, LegacyOption, MobilityKind, MobilityMessage, MobilityOption,
};
use crate::types::IpPrefix;

/// What a packet says about a mobile node. Owned, so that it can wait in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MobilityEvent {
    /// A mobile node, or a gateway for it, tells where it is.
    BindingUpdate(BindingUpdate),
    /// A home agent or correspondent accepts or refuses.
    BindingAcknowledgement(BindingAcknowledgement),
    /// A correspondent does not know a binding.
    BindingError(BindingError),
    /// Data that flow to or from a mobile node at its care-of address.
    Traffic(MobileTraffic),
    /// Another message, which changes no binding.
    Other(MobilityKind),
}

/// A Binding Update, read as its RFC says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingUpdate {
    /// Whose binding: the Home Address option, else for a proxy the home network prefix, else the source.
    /// None for a proxy that names no prefix.
    pub home_address: Option<Ipv6Addr>,
    /// The home network prefix that a proxy registers.
    pub home_prefix: Option<IpPrefix>,
    /// The network that moves with a mobile router, the first that it names.
    pub mobile_network: Option<IpPrefix>,
    /// Where: the alternate care-of address, else the source.
    pub care_of: Ipv6Addr,
    /// The destination: a home agent if `home_registration`, else a correspondent.
    pub peer: Ipv6Addr,
    /// The update is for a home agent (H).
    pub home_registration: bool,
    /// The sender waits for an acknowledgement (A).
    pub ack_requested: bool,
    /// A gateway speaks for the mobile node (P).
    pub proxy: bool,
    /// The sequence number; compared modulo 2^16.
    pub sequence: u16,
    /// The lifetime asked for; 0 with a de-registration.
    pub lifetime: Duration,
    /// The binding shall end: lifetime 0, or the care-of address is the home address.
    pub deregistration: bool,
    /// Home and care-of address are the same, no Home Address option says so, and it is not the update with
    /// which a mobile node returns home. To be counted and not acted on.
    ///
    /// # Reference
    /// RFC 6275 section 11.5.5: who returns home sets A and H, lifetime 0, and may leave the option out.
    pub ambiguous: bool,
    /// How an implementation older than RFC 5213 would mean an ambiguous update.
    pub proxy_reading: Option<ProxyReading>,
    /// In the form of a draft before RFC 3775.
    pub legacy: bool,
    /// Whether the mobility checksum is right.
    pub checksum: Checksum,
    /// Which of several care-of addresses (RFC 5648).
    pub binding_id: Option<u16>,
}

/// An ambiguous Binding Update with the option numbers from before their assignment: 7 home network prefix,
/// 10 link-local address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyReading {
    /// The home network prefix.
    pub home_prefix: IpPrefix,
    /// The link-local address of the mobile node.
    pub link_local: Option<Ipv6Addr>,
    /// The binding shall end: lifetime 0.
    pub deregistration: bool,
}

/// A Binding Acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingAcknowledgement {
    /// Whose binding: the type 2 routing header, else for a proxy the home network prefix, else the
    /// destination. None for a proxy that names no prefix.
    pub home_address: Option<Ipv6Addr>,
    /// The home network prefix of a proxy's binding.
    pub home_prefix: Option<IpPrefix>,
    /// The destination of the packet: the care-of address, or the gateway.
    pub care_of: Ipv6Addr,
    /// The source: the home agent or correspondent.
    pub peer: Ipv6Addr,
    /// Below 128 it accepts, from there on it refuses (RFC 6275 section 6.1.8).
    pub status: u8,
    /// The sequence number that it answers; after a refusal for its sake (135) the last one accepted.
    pub sequence: u16,
    /// The lifetime granted.
    pub lifetime: Duration,
    /// A gateway is answered (P).
    pub proxy: bool,
    /// In the form of a draft before RFC 3775.
    pub legacy: bool,
    /// Whether the mobility checksum is right.
    pub checksum: Checksum,
    /// Which of several care-of addresses (RFC 5648).
    pub binding_id: Option<u16>,
}

impl BindingAcknowledgement {
    /// Tells whether the binding was accepted.
    pub const fn is_accepted(&self) -> bool {
        self.status < 128
    }
}

/// A Binding Error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingError {
    /// The home address that it is about; none where it is about an unknown message.
    pub home_address: Option<Ipv6Addr>,
    /// The correspondent that sent it.
    pub peer: Ipv6Addr,
    /// 1: no binding for the Home Address option; 2: unknown message.
    pub status: u8,
    /// Whether the mobility checksum is right.
    pub checksum: Checksum,
}

/// Data that flow between a mobile node and a correspondent by route optimisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MobileTraffic {
    /// The mobile node.
    pub home_address: Ipv6Addr,
    /// Where it is, as the packet says.
    pub care_of: Ipv6Addr,
    /// The other end.
    pub peer: Ipv6Addr,
    /// The mobile node sent it (Home Address option) rather than receives it (type 2 routing header).
    pub from_mobile_node: bool,
}

impl MobilityEvent {
    /// Reads a mobility header message; none for an update or acknowledgement that contradicts itself.
    pub(super) fn from_message(message: &MobilityMessage<'_>) -> Option<Self> {
        let kind = message.kind();
        let event = match kind {
            MobilityKind::BindingUpdate => update(message).map(Self::BindingUpdate),
            MobilityKind::BindingAcknowledgement => {
                acknowledgement(message).map(Self::BindingAcknowledgement)
            }
            MobilityKind::BindingError => error(message).map(Self::BindingError),
            _ => return Some(Self::Other(kind)),
        };
        event.filter(|_| message.is_sound())
    }

    /// Reads a binding message of the drafts.
    pub(super) fn from_option(option: &LegacyOption<'_>) -> Self {
        match (option.kind(), option.sequence(), option.lifetime()) {
            (LegacyKind::BindingUpdate, Some(sequence), Some(lifetime)) => {
                Self::BindingUpdate(legacy_update(option, sequence, lifetime))
            }
            (LegacyKind::BindingAcknowledgement, Some(sequence), Some(lifetime)) => {
                let packet = option.packet();
                Self::BindingAcknowledgement(BindingAcknowledgement {
                    home_address: Some(packet.routed_home_address().unwrap_or_else(|| packet.dst())),
                    home_prefix: None,
                    care_of: packet.dst(),
                    peer: packet.src(),
                    status: option.status().unwrap_or(u8::MAX),
                    sequence,
                    lifetime,
                    proxy: false,
                    legacy: true,
                    checksum: Checksum::Unverified,
                    binding_id: None,
                })
            }
            _ => Self::Other(MobilityKind::BindingRefreshRequest),
        }
    }

    /// Reads a data packet that names a mobile node.
    pub(super) fn from_traffic(packet: Ipv6Packet<'_>) -> Option<Self> {
        let traffic = match (packet.home_address(), packet.routed_home_address()) {
            (Some(home_address), _) => MobileTraffic {
                home_address,
                care_of: packet.src(),
                peer: packet.dst(),
                from_mobile_node: true,
            },
            (None, Some(home_address)) => MobileTraffic {
                home_address,
                care_of: packet.dst(),
                peer: packet.src(),
                from_mobile_node: false,
            },
            (None, None) => return None,
        };
        Some(Self::Traffic(traffic))
    }
}

fn update(message: &MobilityMessage<'_>) -> Option<BindingUpdate> {
    let (packet, flags) = (message.packet(), message.flags()?);
    let lifetime = message.lifetime()?;
    let proxy = flags.has('P');
    let home_prefix = home_network(message);
    let care_of = message.alternate_care_of().unwrap_or_else(|| packet.src());
    let home_address =
        packet.home_address().or_else(|| if proxy { first_address(home_prefix) } else { Some(packet.src()) });
    let at_home = !proxy && home_address == Some(care_of);
    let returns_home = flags.has('A') && flags.has('H') && lifetime.is_zero();
    let ambiguous = at_home && packet.home_address().is_none() && !returns_home;
    Some(BindingUpdate {
        home_address,
        home_prefix,
        mobile_network: message.options().find_map(|option| match option {
            MobilityOption::MobileNetworkPrefix(prefix) => Some(prefix),
            _ => None,
        }),
        care_of,
        peer: packet.dst(),
        home_registration: flags.has('H'),
        ack_requested: flags.has('A'),
        proxy,
        sequence: message.sequence()?,
        lifetime,
        deregistration: lifetime.is_zero() || at_home,
        ambiguous,
        proxy_reading: if ambiguous { proxy_reading(message, lifetime) } else { None },
        legacy: message.is_draft(),
        checksum: message.checksum(),
        binding_id: binding_id(message),
    })
}

fn legacy_update(option: &LegacyOption<'_>, sequence: u16, lifetime: Duration) -> BindingUpdate {
    let packet = option.packet();
    let care_of = packet.src();
    let home_address = packet.home_address().unwrap_or(care_of);
    let at_home = home_address == care_of;
    let returns_home = option.asks_acknowledgement() && option.is_home_registration() && lifetime.is_zero();
    BindingUpdate {
        home_address: Some(home_address),
        home_prefix: None,
        mobile_network: None,
        care_of,
        peer: packet.dst(),
        home_registration: option.is_home_registration(),
        ack_requested: option.asks_acknowledgement(),
        proxy: false,
        sequence,
        lifetime,
        deregistration: lifetime.is_zero() || at_home,
        ambiguous: at_home && packet.home_address().is_none() && !returns_home,
        proxy_reading: None,
        legacy: true,
        checksum: Checksum::Unverified,
        binding_id: None,
    }
}

fn acknowledgement(message: &MobilityMessage<'_>) -> Option<BindingAcknowledgement> {
    let packet = message.packet();
    let proxy = message.flags()?.has('P');
    let home_prefix = home_network(message);
    Some(BindingAcknowledgement {
        home_address: packet
            .routed_home_address()
            .or_else(|| if proxy { first_address(home_prefix) } else { Some(packet.dst()) }),
        home_prefix,
        care_of: packet.dst(),
        peer: packet.src(),
        status: message.status()?,
        sequence: message.sequence()?,
        lifetime: message.lifetime()?,
        proxy,
        legacy: message.is_draft(),
        checksum: message.checksum(),
        binding_id: binding_id(message),
    })
}

fn error(message: &MobilityMessage<'_>) -> Option<BindingError> {
    Some(BindingError {
        home_address: message.error_home_address().filter(|addr| !addr.is_unspecified()),
        peer: message.packet().src(),
        status: message.status()?,
        checksum: message.checksum(),
    })
}

fn home_network(message: &MobilityMessage<'_>) -> Option<IpPrefix> {
    message.options().find_map(|option| match option {
        MobilityOption::HomeNetworkPrefix(prefix) => Some(prefix),
        _ => None,
    })
}

fn binding_id(message: &MobilityMessage<'_>) -> Option<u16> {
    message.options().find_map(|option| match option {
        MobilityOption::BindingIdentifier(binding) => Some(binding.id),
        _ => None,
    })
}

/// Returns the address that stands for a prefix; none for the prefix of a request, which is all zero.
fn first_address(prefix: Option<IpPrefix>) -> Option<Ipv6Addr> {
    match prefix?.addr() {
        IpAddr::V6(addr) if !addr.is_unspecified() => Some(addr),
        _ => None,
    }
}

/// Reads the options of a proxy older than RFC 5213.
fn proxy_reading(message: &MobilityMessage<'_>, lifetime: Duration) -> Option<ProxyReading> {
    let home_prefix = message.draft_home_network()?;
    Some(ProxyReading {
        home_prefix,
        link_local: message.draft_link_local(),
        deregistration: lifetime.is_zero(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::samples::{
        ACKNOWLEDGEMENT, AGENT, ANCHOR, CARE_OF, GATEWAY, HOME, IPV6, OLD_PROXY, OTHER_CARE_OF, PROXY,
        RETURN, UPDATE, ethernet, home_option, home_route, ipv6, update,
    };
    use crate::decode::{DecodeSettings, decode};
    use crate::sighting::sight;
    use crate::types::LinkType;

    fn event(frame: &[u8]) -> Option<MobilityEvent> {
        sight(&decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, frame)).mobility
    }

    fn binding_update(frame: &[u8]) -> BindingUpdate {
        match event(frame) {
            Some(MobilityEvent::BindingUpdate(update)) => update,
            other => panic!("no update but {other:?}"),
        }
    }

    /// A mobility message without extension headers.
    fn bare(src: &str, dst: &str, message: &[u8]) -> Vec<u8> {
        ethernet(IPV6, &ipv6(src, dst, 135, 64, message))
    }

    fn v6(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    #[test]
    fn a_home_registration_names_home_care_of_and_agent() {
        let update = binding_update(&update());
        assert_eq!(update.home_address, Some(v6(HOME)));
        assert_eq!(update.care_of, v6(OTHER_CARE_OF), "the alternate one, not the source");
        assert_eq!(update.peer, v6(AGENT));
        assert_eq!((update.sequence, update.lifetime.as_secs()), (1, 600));
        assert!(update.home_registration && update.ack_requested);
        assert!(!update.deregistration && !update.ambiguous && !update.legacy && !update.proxy);
        assert_eq!(update.checksum, Checksum::Good);
    }

    #[test]
    fn a_return_home_is_no_riddle() {
        let update = binding_update(&bare(HOME, AGENT, RETURN));
        assert_eq!(update.home_address, Some(v6(HOME)));
        assert_eq!(update.care_of, v6(HOME));
        assert!(update.deregistration && !update.ambiguous);
    }

    #[test]
    fn the_care_of_address_being_home_ends_a_binding() {
        let mut message = UPDATE.to_vec();
        message[16..].copy_from_slice(&v6(HOME).octets());
        let payload = [home_option(135, HOME), message].concat();
        let update = binding_update(&ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &payload)));
        assert!(update.deregistration && !update.ambiguous);
        assert_eq!(update.checksum, Checksum::Bad);
    }

    #[test]
    fn a_proxy_registers_a_prefix() {
        let update = binding_update(&bare(GATEWAY, ANCHOR, PROXY));
        assert_eq!(update.home_address, Some(v6("2001:db8:77::")));
        assert_eq!(update.home_prefix.unwrap().to_string(), "2001:db8:77::/64");
        assert_eq!(update.mobile_network.unwrap().to_string(), "2001:db8:88::/56");
        assert_eq!((update.care_of, update.peer), (v6(GATEWAY), v6(ANCHOR)));
        assert_eq!(update.binding_id, Some(5));
        assert!(update.proxy && !update.deregistration && !update.ambiguous);
    }

    #[test]
    fn a_proxy_older_than_its_rfc_is_ambiguous() {
        let update = binding_update(&bare(GATEWAY, ANCHOR, OLD_PROXY));
        assert!(update.ambiguous && !update.proxy);
        let reading = update.proxy_reading.unwrap();
        assert_eq!(reading.home_prefix.to_string(), "2001:db8:77::/128");
        assert_eq!(reading.link_local, Some(v6("fe80::214:6cff:fe53:180a")));
        assert!(!reading.deregistration);
    }

    #[test]
    fn an_acknowledgement_is_for_the_home_address() {
        let payload = [home_route(135, HOME), ACKNOWLEDGEMENT.to_vec()].concat();
        let frame = ethernet(IPV6, &ipv6(AGENT, CARE_OF, 43, 64, &payload));
        let Some(MobilityEvent::BindingAcknowledgement(answer)) = event(&frame) else {
            panic!("no acknowledgement");
        };
        assert_eq!(answer.home_address, Some(v6(HOME)));
        assert_eq!((answer.care_of, answer.peer), (v6(CARE_OF), v6(AGENT)));
        assert_eq!((answer.sequence, answer.lifetime.as_secs()), (1, 600));
        assert!(answer.is_accepted() && answer.checksum == Checksum::Good);
        let refused = BindingAcknowledgement { status: 128, ..answer };
        assert!(!refused.is_accepted());
    }

    #[test]
    fn drafts_carried_updates_in_an_option() {
        let mut options = vec![59, 3, 198, 8, 0xc0, 64, 0, 5, 0, 0, 1, 0x2c, 201, 16];
        options.extend(v6(HOME).octets());
        options.extend([1, 0]);
        let update = binding_update(&ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &options)));
        assert!(update.legacy && update.home_registration && update.ack_requested);
        assert_eq!(update.home_address, Some(v6(HOME)));
        assert_eq!(update.care_of, v6(CARE_OF));
        assert_eq!((update.sequence, update.lifetime.as_secs()), (5, 300));
        let answer = [59, 1, 7, 11, 0, 0, 5, 0, 0, 1, 0x2c, 0, 0, 0, 90, 0];
        let frame = ethernet(IPV6, &ipv6(AGENT, CARE_OF, 60, 64, &answer));
        let Some(MobilityEvent::BindingAcknowledgement(answer)) = event(&frame) else {
            panic!("no acknowledgement");
        };
        assert!(answer.legacy && answer.is_accepted());
        assert_eq!((answer.sequence, answer.lifetime.as_secs()), (5, 300));
    }

    #[test]
    fn data_name_a_mobile_node_both_ways() {
        let sent = [home_option(17, HOME), vec![0; 8]].concat();
        let received = [home_route(17, HOME), vec![0; 8]].concat();
        for (frame, from_mobile_node) in [
            (ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &sent)), true),
            (ethernet(IPV6, &ipv6(AGENT, CARE_OF, 43, 64, &received)), false),
        ] {
            assert_eq!(
                event(&frame),
                Some(MobilityEvent::Traffic(MobileTraffic {
                    home_address: v6(HOME),
                    care_of: v6(CARE_OF),
                    peer: v6(AGENT),
                    from_mobile_node,
                }))
            );
        }
    }

    #[test]
    fn a_binding_error_names_the_home_address() {
        let mut message = vec![59, 2, 7, 0, 0, 0, 1, 0];
        message.extend(v6(HOME).octets());
        assert_eq!(
            event(&bare(AGENT, CARE_OF, &message)),
            Some(MobilityEvent::BindingError(BindingError {
                home_address: Some(v6(HOME)),
                peer: v6(AGENT),
                status: 1,
                checksum: Checksum::Bad,
            }))
        );
    }

    #[test]
    fn other_messages_change_no_binding() {
        for (number, kind) in [
            (0, MobilityKind::BindingRefreshRequest),
            (13, MobilityKind::Heartbeat),
            (16, MobilityKind::BindingRevocation),
            (77, MobilityKind::Other(77)),
        ] {
            let message = [59, 1, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0];
            assert_eq!(event(&bare(AGENT, CARE_OF, &message)), Some(MobilityEvent::Other(kind)));
        }
    }
}
