//! What the configuration says to the XDP program.

use rollcall_core::decode::{GreKey, Service};
use rollcall_core::types::Direction;

use crate::capture::xdp::{OnCapture, Service as XdpService, XdpSettings};
use crate::config::Config;

/// Returns the settings for a capture point that mirrors frames in this direction.
pub(super) fn settings(config: &Config, direction: Direction) -> XdpSettings {
    let ports = &config.decode.ports;
    let services = (0..=u16::MAX).filter_map(|port| Some((port, as_abi(ports.service(port)?))));
    XdpSettings {
        on_capture: if config.live.capture.on_capture == "pass" { OnCapture::Pass } else { OnCapture::Drop },
        services: services.collect(),
        nvgre: config.decode.gre_key == GreKey::Nvgre,
        upstream: direction == Direction::Ingress,
        ..XdpSettings::default()
    }
}

const fn as_abi(service: Service) -> XdpService {
    match service {
        Service::Vxlan => XdpService::Vxlan,
        Service::Geneve => XdpService::Geneve,
        Service::Mpls => XdpService::Mpls,
        Service::Dhcp => XdpService::Dhcp,
        Service::Dhcpv6 => XdpService::Dhcpv6,
        Service::MobileIpv4 => XdpService::MobileIpv4,
        Service::Accounting => XdpService::Accounting,
    }
}
