//! Mobility options. Read RFC 6275 section 6.2 before editing, and the RFC that each variant names.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cursor::{load, load_ipv6, load_u8, load_u16};
use crate::types::IpPrefix;

/// An option of a mobility header message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MobilityOption<'a> {
    /// 2: seconds after which to refresh, in units of 4 (RFC 6275 section 6.2.4).
    RefreshAdvice(u16),
    /// 3: the care-of address, instead of the source (RFC 6275 section 6.2.5).
    AlternateCareOf(Ipv6Addr),
    /// 4: nonce indices (RFC 6275 section 6.2.6).
    NonceIndices {
        /// Of the home test.
        home: u16,
        /// Of the care-of test.
        care_of: u16,
    },
    /// 5 and 9: authentication data are there (RFC 6275 section 6.2.7, RFC 4285 section 5).
    Authentication,
    /// 6: a network that moves with a mobile router (RFC 3963 section 4.3).
    MobileNetworkPrefix(IpPrefix),
    /// 7: a link-layer address (RFC 5568 section 6.4.4); the octets behind the option code.
    LinkLayer(&'a [u8]),
    /// 8: who the mobile node is (RFC 4283 section 3).
    MobileNodeIdentifier {
        /// 1 is a network access identifier (RFC 4282).
        subtype: u8,
        /// The identifier's octets.
        id: &'a [u8],
    },
    /// 22: the prefix that a proxy serves the mobile node (RFC 5213 section 8.3); of length 0 in a request.
    HomeNetworkPrefix(IpPrefix),
    /// 23: why a proxy registers: 1 attached anew, 2 other interface, 3 other gateway, 5 unchanged (RFC 5213
    /// section 8.4).
    HandoffIndicator(u8),
    /// 24: over which access technology, 3 Ethernet, 4 wireless LAN (RFC 5213 section 8.5).
    AccessTechnology(u8),
    /// 25: the link-layer identifier of the mobile node (RFC 5213 section 8.6).
    LinkLayerIdentifier(&'a [u8]),
    /// 26: the link-local address that every gateway uses towards it (RFC 5213 section 8.7).
    LinkLocalAddress(Ipv6Addr),
    /// 35: which of several care-of addresses (RFC 5648 section 4.1).
    BindingIdentifier(BindingIdentifier),
    /// An option of another type, or of a length that its type forbids.
    Other {
        /// The option type.
        kind: u8,
        /// Its data.
        data: &'a [u8],
    },
}

/// A Binding Identifier option: one of several bindings of a mobile node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BindingIdentifier {
    /// The identifier; 0 is reserved.
    pub id: u16,
    /// The status, in an acknowledgement.
    pub status: u8,
    /// The care-of address of this binding, where it is not the packet's.
    pub care_of: Option<IpAddr>,
}

/// Iterates over mobility options; ends at the first that leaves its message.
///
/// # Layout
/// Type at 0, length of the data at 1, data at 2; type 0 (Pad1) is a single octet.
#[derive(Clone, Debug)]
pub struct MobilityOptions<'a> {
    rest: &'a [u8],
}

const PAD1: u8 = 0;
const PADN: u8 = 1;

/// Tells whether options of a type say whose binding it is or where to: alternate care-of address, mobile and
/// home network prefix, binding identifier.
pub(super) const fn changes_binding(kind: u8) -> bool {
    matches!(kind, 3 | 6 | 22 | 35)
}

impl<'a> MobilityOptions<'a> {
    pub(super) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Returns the type of the option that leaves its message, if one does.
    pub(super) fn defect(mut self) -> Option<u8> {
        while let Some(&kind) = self.rest.first() {
            if self.step() == Some(None) {
                return Some(kind);
            }
        }
        None
    }

    /// Takes one option: nothing at the end, a nothing within where the option leaves the message.
    #[expect(clippy::option_option, reason = "the end and a defect are different things here")]
    fn step(&mut self) -> Option<Option<(u8, &'a [u8])>> {
        let (&kind, rest) = self.rest.split_first()?;
        if kind == PAD1 {
            self.rest = rest;
            return Some(Some((PAD1, &[])));
        }
        let option =
            rest.split_first().and_then(|(&length, rest)| rest.split_at_checked(usize::from(length)));
        let Some((data, rest)) = option else {
            self.rest = &[];
            return Some(None);
        };
        self.rest = rest;
        Some(Some((kind, data)))
    }
}

impl<'a> Iterator for MobilityOptions<'a> {
    type Item = MobilityOption<'a>;

    fn next(&mut self) -> Option<MobilityOption<'a>> {
        loop {
            let (kind, data) = self.step()??;
            if !matches!(kind, PAD1 | PADN) {
                return Some(read(kind, data).unwrap_or(MobilityOption::Other { kind, data }));
            }
        }
    }
}

/// Reads the data of one option; none if its type is another or its length is wrong.
fn read(kind: u8, data: &[u8]) -> Option<MobilityOption<'_>> {
    match (kind, data.len()) {
        (2, 2) => load_u16(data, 0).map(MobilityOption::RefreshAdvice),
        (3, 16) => load_ipv6(data, 0).map(MobilityOption::AlternateCareOf),
        (4, 4) => {
            Some(MobilityOption::NonceIndices { home: load_u16(data, 0)?, care_of: load_u16(data, 2)? })
        }
        (5 | 9, _) => Some(MobilityOption::Authentication),
        (6, 18) => prefix(data).map(MobilityOption::MobileNetworkPrefix),
        (7, _) => data.get(1..).map(MobilityOption::LinkLayer),
        (8, _) => {
            data.split_first().map(|(&subtype, id)| MobilityOption::MobileNodeIdentifier { subtype, id })
        }
        (22, 18) => prefix(data).map(MobilityOption::HomeNetworkPrefix),
        (23, 2) => load_u8(data, 1).map(MobilityOption::HandoffIndicator),
        (24, 2) => load_u8(data, 1).map(MobilityOption::AccessTechnology),
        (25, _) => data.get(2..).map(MobilityOption::LinkLayerIdentifier),
        (26, 16) => load_ipv6(data, 0).map(MobilityOption::LinkLocalAddress),
        (35, 4 | 8 | 20) => Some(MobilityOption::BindingIdentifier(BindingIdentifier {
            id: load_u16(data, 0)?,
            status: load_u8(data, 2)?,
            care_of: match data.get(4..)? {
                [] => None,
                rest => load_ipv6(rest, 0)
                    .map(IpAddr::V6)
                    .or_else(|| load::<4>(rest, 0).map(|octets| IpAddr::V4(Ipv4Addr::from(*octets)))),
            },
        })),
        _ => None,
    }
}

/// Reads a prefix option.
///
/// # Layout
/// Reserved (and flags) at 0, prefix length in bits at 1, prefix at 2.
pub(super) fn prefix(data: &[u8]) -> Option<IpPrefix> {
    let bits = load_u8(data, 1)?;
    (bits <= 128).then_some(IpPrefix::new(load_ipv6(data, 2)?.into(), bits))
}
