//! What LLDP and CDP say of the neighbour that sends them.

use core::time::Duration;

use super::words::{plain_text, text};
use super::{Neighbor, NeighborId, NeighborProtocol, Notice, RelayId};
use crate::decode::{CdpMessage, LldpId, LldpUnit};

/// Reads an LLDP data unit; none without chassis, port and time to live (IEEE 802.1AB-2016 section 8.2).
pub(super) fn lldp(unit: LldpUnit<'_>) -> Option<Notice> {
    let management = unit.management_addr().and_then(|id| match id {
        LldpId::Ip(addr) => Some(addr),
        LldpId::Mac(_) | LldpId::Network { .. } | LldpId::Name(_) | LldpId::Other(_) => None,
    });
    Some(Notice::Neighbor(Neighbor {
        protocol: NeighborProtocol::Lldp,
        chassis: identifier(unit.chassis()?)?,
        port: identifier(unit.port()?)?,
        port_description: unit.port_description().and_then(text),
        system_name: unit.system_name().and_then(text),
        management,
        vlan: unit.port_vlan().filter(|vlan| *vlan != 0),
        lifetime: Duration::from_secs(unit.lifetime_secs()?.into()),
    }))
}

/// Reads a CDP message; none without device and port.
pub(super) fn cdp(message: CdpMessage<'_>) -> Option<Notice> {
    Some(Notice::Neighbor(Neighbor {
        protocol: NeighborProtocol::Cdp,
        chassis: name(message.device()?)?,
        port: name(message.port()?)?,
        port_description: None,
        system_name: message.system_name().and_then(text),
        management: message.management_addr(),
        vlan: message.native_vlan(),
        lifetime: Duration::from_secs(message.lifetime_secs()?.into()),
    }))
}

fn identifier(id: LldpId<'_>) -> Option<NeighborId> {
    match id {
        LldpId::Mac(mac) => Some(NeighborId::Mac(mac)),
        LldpId::Ip(addr) => Some(NeighborId::Ip(addr)),
        LldpId::Name(octets) => name(octets),
        LldpId::Network { addr: octets, .. } | LldpId::Other(octets) => {
            RelayId::new(octets).map(NeighborId::Octets)
        }
    }
}

/// Takes a name, or what stands in place of one.
fn name(octets: &[u8]) -> Option<NeighborId> {
    let name = plain_text(octets).map(NeighborId::Name);
    name.or_else(|| RelayId::new(octets).map(NeighborId::Octets))
}

#[cfg(test)]
mod tests {
    use core::net::{IpAddr, Ipv4Addr};

    use super::*;
    use crate::decode::message_samples::{cdp, lldp, lldp_frame};
    use crate::decode::samples::{IPV4, STATION, ethernet, ipv4};
    use crate::decode::{Control, DecodeSettings, decode};
    use crate::sighting::sight;
    use crate::types::{LinkType, MacAddr};

    fn neighbor(frame: &[u8]) -> Option<Neighbor> {
        match sight(&decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, frame))
            .notice
            .map(|notice| *notice)
        {
            Some(Notice::Neighbor(neighbor)) => Some(neighbor),
            None => None,
            Some(other) => panic!("no neighbour but {other:?}"),
        }
    }

    #[test]
    fn lldp_names_switch_and_port() {
        let expected = Neighbor {
            protocol: NeighborProtocol::Lldp,
            chassis: NeighborId::Mac(MacAddr::new(STATION)),
            port: NeighborId::Name("ge-0/0/7".into()),
            port_description: Some("to rack 7".into()),
            system_name: Some("leaf-7".into()),
            management: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))),
            vlan: Some(30),
            lifetime: Duration::from_secs(120),
        };
        assert_eq!(neighbor(&lldp()), Some(expected));
    }

    #[test]
    fn cdp_names_switch_and_port() {
        let neighbor = neighbor(&cdp()).unwrap();
        assert_eq!(neighbor.chassis.to_string(), "leaf-8");
        assert_eq!(neighbor.port.to_string(), "GigabitEthernet1/0/8");
        assert_eq!((neighbor.vlan, neighbor.lifetime.as_secs()), (Some(30), 180));
    }

    #[test]
    fn a_router_at_the_other_end_of_a_tunnel_is_no_neighbour() {
        let message = cdp().split_off(14 + 8);
        let frame = ethernet(IPV4, &ipv4(47, &[&[0, 0, 0x20, 0][..], &message].concat()));
        let decoded = decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, &frame);
        assert!(matches!(decoded.control, Control::Cdp(_)));
        assert_eq!(neighbor(&frame), None);
    }

    #[test]
    fn names_that_are_no_text_are_octets() {
        let chassis = |value: &[u8]| {
            let frame = lldp_frame(&[(1, value), (2, b"\x07p"), (3, &[0, 1])]);
            neighbor(&frame).map(|neighbor| neighbor.chassis.to_string())
        };
        assert_eq!(chassis(b"\x07a\x1b"), Some("0x611b".to_owned()));
        assert_eq!(chassis(&[5, 9, 1, 2]), Some("0x0102".to_owned()));
        assert_eq!(chassis(b"\x07"), None, "no name is no neighbour");
    }

    #[test]
    fn a_unit_without_time_to_live_is_no_neighbour() {
        assert_eq!(neighbor(&lldp_frame(&[(1, b"\x07c"), (2, b"\x07p")])), None);
    }
}
