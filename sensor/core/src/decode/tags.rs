//! Tags that name the port behind which a frame entered: E-tag and VN-tag.
//!
//! Read IEEE 802.1BR-2012 section 11 before editing; of the VN-tag there is no standard, only the proposal from
//! which that one came.

use super::Layer;
use super::cursor::Window;
use crate::types::{PortTag, PortTagKind};

pub(super) const E_TAG: u16 = 0x893f;
pub(super) const VN_TAG: u16 = 0x8926;

/// What a tag says of ports. Which of them is the sender's depends on where the frame was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortField {
    /// An E-tag.
    ETag {
        /// The E-channel on which the frame came in, 20 bits; 0 where it is not told.
        ingress: u32,
        /// The E-channel of the frame, 20 bits: the sender's on its way to the bridge, the receiver's from there.
        channel: u32,
        /// Whether the E-channel is a group of receivers.
        is_group: bool,
    },
    /// A VN-tag.
    VnTag {
        /// The source virtual interface, 12 bits; none where the frame came from beyond the bridge, and for 0.
        source: Option<u32>,
    },
}

impl PortField {
    /// Returns the sender's port, if it is told; `upstream` says that the frame was on its way to the bridge.
    /// Number 0 is no port's.
    pub const fn sender(self, upstream: bool) -> Option<PortTag> {
        match self {
            Self::ETag { ingress, .. } if ingress != 0 => Some(PortTag::new(PortTagKind::ETag, ingress)),
            Self::ETag { channel, is_group: false, .. } if upstream && channel != 0 => {
                Some(PortTag::new(PortTagKind::ETag, channel))
            }
            Self::VnTag { source: Some(source) } => Some(PortTag::new(PortTagKind::VnTag, source)),
            Self::ETag { .. } | Self::VnTag { .. } => None,
        }
    }
}

/// Reads an E-tag behind its identifier; returns it with the next ethertype.
///
/// # Layout
/// Priority (3 bits), drop eligible (1), low 12 bits of the ingress E-channel at 0; reserved (2), group (2), low
/// 12 bits of the E-channel at 2; the high 8 bits of both at 4 and 5; the next ethertype at 6.
pub(super) fn e_tag(window: &mut Window<'_>) -> Result<(PortField, u16), super::Outcome> {
    let [i0, i1, c0, c1, ingress_high, channel_high, e0, e1] = *window.take::<8>(Layer::PortTag)?;
    let low = |high, low| u32::from(u16::from_be_bytes([high, low]) & 0x0fff);
    let field = PortField::ETag {
        ingress: u32::from(ingress_high) << 12 | low(i0, i1),
        channel: u32::from(channel_high) << 12 | low(c0, c1),
        is_group: c0 & 0x30 != 0,
    };
    Ok((field, u16::from_be_bytes([e0, e1])))
}

/// Reads a VN-tag behind its identifier; returns it with the next ethertype.
///
/// # Layout
/// Direction (1 bit; set from the bridge), pointer (1), destination interface (14) at 0; looped (1), reserved
/// (1), version (2), source interface (12) at 2; the next ethertype at 4. From the bridge, the source is told only
/// of what is looped back.
pub(super) fn vn_tag(window: &mut Window<'_>) -> Result<(PortField, u16), super::Outcome> {
    let [d0, _, s0, s1, e0, e1] = *window.take::<6>(Layer::PortTag)?;
    let is_told = d0 & 0x80 == 0 || s0 & 0x80 != 0;
    let source = u32::from(u16::from_be_bytes([s0, s1]) & 0x0fff);
    let source = (is_told && source != 0).then_some(source);
    Ok((PortField::VnTag { source }, u16::from_be_bytes([e0, e1])))
}
