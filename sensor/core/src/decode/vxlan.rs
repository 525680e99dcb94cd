//! VXLAN. Read RFC 7348 section 5 before editing.

use super::cursor::Window;
use super::udp::Datagram;
use super::upper::Upper;
use super::{Inner, Layer, Outcome, Payload, Reason};
use crate::types::{Tunnel, TunnelKind};

/// The flag that says that there is a VNI.
const VNI_IS_VALID: u8 = 0x08;

/// Reads the header and finds the Ethernet frame behind it.
///
/// Only datagrams to the port are tunnels: answers never come from it, since the source port is entropy.
///
/// # Layout
/// Flags at 0, group policy at 2 (where a draft's extension is in use), VNI in the 3 octets at 4; 8 octets.
pub(super) fn read<'a>(datagram: Datagram<'a>, mut window: Window<'a>) -> Upper<'a> {
    let [flags, _, _, _, v0, v1, v2, _] = match window.take::<8>(Layer::Vxlan) {
        Ok(header) => *header,
        Err(outcome) => return Upper::stopped(outcome),
    };
    if flags & VNI_IS_VALID == 0 {
        return Upper::stopped(Outcome::Unsupported(Reason::TunnelForm));
    }
    let vni = u32::from_be_bytes([0, v0, v1, v2]);
    let tunnel = Tunnel::new(TunnelKind::Vxlan, Some(vni), datagram.ip.src());
    Upper::inside(Inner::new(tunnel, Payload::Ethernet, window))
}
