//! Geneve. Read RFC 8926 section 3 before editing.

use super::cursor::Window;
use super::udp::Datagram;
use super::upper::Upper;
use super::{Inner, Layer, Outcome, Payload, Reason};
use crate::types::{Tunnel, TunnelKind};

/// Reads the header, steps over its options, and finds what is behind them.
///
/// # Layout
/// Version in the high 2 bits at 0 and the length of the options in 4 octets in the low 6, flags at 1,
/// ethertype at 2, VNI in the 3 octets at 4; 8 octets, then the options.
pub(super) fn read<'a>(datagram: Datagram<'a>, mut window: Window<'a>) -> Upper<'a> {
    let [first, _, p0, p1, v0, v1, v2, _] = match window.take::<8>(Layer::Geneve) {
        Ok(header) => *header,
        Err(outcome) => return Upper::stopped(outcome),
    };
    if first >> 6 != 0 {
        return Upper::stopped(Outcome::Unsupported(Reason::TunnelForm));
    }
    if let Err((_, outcome)) = window.split(usize::from(first & 0x3f) * 4, Layer::Geneve) {
        return Upper::stopped(outcome);
    }
    let protocol = u16::from_be_bytes([p0, p1]);
    let Some(payload) = Payload::of_ethertype(protocol) else {
        // A control packet may carry options alone (protocol type 0).
        let outcome =
            if protocol == 0 { Outcome::Complete } else { Outcome::Unsupported(Reason::TunnelForm) };
        return Upper::stopped(outcome);
    };
    let vni = u32::from_be_bytes([0, v0, v1, v2]);
    let tunnel = Tunnel::new(TunnelKind::Geneve, Some(vni), datagram.ip.src());
    Upper::inside(Inner::new(tunnel, payload, window))
}
