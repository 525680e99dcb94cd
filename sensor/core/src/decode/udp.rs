//! UDP, as far as its ports say that more of it is read. Read RFC 768 before editing.

use super::cursor::Window;
use super::upper::Upper;
use super::{Control, dhcpv4, dhcpv6, mobile_ipv4, radius};
use super::{DecodeSettings, IpHeader, Layer, Outcome, Reason, Service, geneve, mpls, vxlan};

/// Ports and addresses of a datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// The IP header that carries it.
    pub ip: IpHeader<'a>,
    /// The source port.
    pub src_port: u16,
    /// The destination port.
    pub dst_port: u16,
    /// The length in octets that the header states, its own 8 included.
    pub len: u16,
}

/// Reads a datagram whose destination or source port is one of [`Ports`](super::Ports); others are data.
///
/// # Layout
/// Source port at 0, destination port at 2, length with this header at 4, checksum at 6; 8 octets. A length of
/// 0 stands in jumbograms (RFC 2675 section 4) and before segmentation offload.
pub(super) fn read<'a>(settings: &DecodeSettings, ip: IpHeader<'a>, mut window: Window<'a>) -> Upper<'a> {
    let [s0, s1, d0, d1, l0, l1, _, _] = match window.take::<8>(Layer::Udp) {
        Ok(header) => *header,
        Err(outcome) => return Upper::stopped(outcome),
    };
    let (src_port, dst_port) = (u16::from_be_bytes([s0, s1]), u16::from_be_bytes([d0, d1]));
    let ports = &settings.ports;
    let answered = || ports.service(src_port).filter(|service| service.answers());
    let Some(service) = ports.service(dst_port).or_else(answered) else {
        return Upper::PLAIN;
    };
    let outcome = match usize::from(u16::from_be_bytes([l0, l1])) {
        0 => Outcome::Complete,
        length @ 1..8 => window.malformed(Layer::Udp, Reason::LengthBelowHeader, length),
        length => window.limit(length - 8, Layer::Udp),
    };
    let datagram = Datagram { ip, src_port, dst_port, len: u16::from_be_bytes([l0, l1]) };
    let upper = dispatch(service, datagram, window);
    Upper { outcome: outcome.or(upper.outcome), ..upper }
}

/// Reads what a datagram carries.
fn dispatch<'a>(service: Service, datagram: Datagram<'a>, window: Window<'a>) -> Upper<'a> {
    match service {
        Service::Vxlan => vxlan::read(datagram, window),
        Service::Geneve => geneve::read(datagram, window),
        Service::Mpls => mpls::read(datagram.ip.src(), window),
        Service::Dhcp => message(Control::Dhcp, datagram, dhcpv4::read(window)),
        Service::Dhcpv6 => message(Control::Dhcpv6, datagram, dhcpv6::read(window)),
        Service::MobileIpv4 => message(Control::MobileIpv4, datagram, mobile_ipv4::read(window)),
        Service::Accounting => match radius::read(window) {
            (Some(packet), outcome) => message(Control::Radius, datagram, (packet, outcome)),
            (None, outcome) => Upper::stopped(outcome),
        },
    }
}

fn message<'a, M>(
    control: fn(Datagram<'a>, M) -> Control<'a>,
    datagram: Datagram<'a>,
    (message, outcome): (M, Outcome),
) -> Upper<'a> {
    (control(datagram, message), outcome).into()
}
