//! LLDP. Read IEEE 802.1AB-2016 section 8 before editing, and IEEE 802.1Q-2018 annex D for the VLAN TLVs.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cursor::{Window, load_u8, load_u16};
use super::{Layer, Outcome, Reason};
use crate::types::MacAddr;

const END: u8 = 0;
const CHASSIS_ID: u8 = 1;
const PORT_ID: u8 = 2;
const TIME_TO_LIVE: u8 = 3;
const PORT_DESCRIPTION: u8 = 4;
const SYSTEM_NAME: u8 = 5;
const MANAGEMENT_ADDRESS: u8 = 8;
const ORGANISATION: u8 = 127;
/// The organisation whose TLVs IEEE 802.1Q defines.
const IEEE_802_1: [u8; 3] = [0x00, 0x80, 0xc2];

/// Numbers of address families (IANA) that are read: IPv4, IPv6, and all IEEE 802 addresses.
const IPV4: u8 = 1;
const IPV6: u8 = 2;
const IEEE_802: u8 = 6;

/// An LLDP data unit, from its first TLV on.
///
/// # Layout
/// TLVs: 7 bits type, 9 bits length of the value, value. Chassis, port and time to live come first, in this order.
#[derive(Clone, Copy, Debug)]
pub struct LldpUnit<'a> {
    bytes: &'a [u8],
}

/// An identifier of a chassis or port: what kind it is and its octets.
///
/// # Reference
/// IEEE 802.1AB-2016 tables 8-2 and 8-3. The subtypes differ between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LldpId<'a> {
    /// A MAC address.
    Mac(MacAddr),
    /// A network address.
    Ip(IpAddr),
    /// An address of another family.
    Network {
        /// The number of the address family.
        family: u8,
        /// The address.
        addr: &'a [u8],
    },
    /// A name: of a component, an interface, a port, an alias, or of local choice.
    Name(&'a [u8]),
    /// A subtype that is reserved.
    Other(&'a [u8]),
}

impl<'a> LldpUnit<'a> {
    /// Returns the identifier of the chassis; none if it is not the first value or has a wrong length.
    pub fn chassis(self) -> Option<LldpId<'a>> {
        let (subtype, octets) = self.mandatory(CHASSIS_ID)?.split_first()?;
        match subtype {
            4 => mac(octets),
            5 => network(octets),
            1..=3 | 6 | 7 => name(octets),
            _ => Some(LldpId::Other(octets)),
        }
    }

    /// Returns the identifier of the port; none if it does not follow on the chassis.
    pub fn port(self) -> Option<LldpId<'a>> {
        self.chassis()?;
        let (subtype, octets) = self.mandatory(PORT_ID)?.split_first()?;
        match subtype {
            3 => mac(octets),
            4 => network(octets),
            1 | 2 | 5 | 6 | 7 => name(octets),
            _ => Some(LldpId::Other(octets)),
        }
    }

    /// Returns for how many seconds the unit is to be believed; 0 when its sender says good-bye.
    pub fn lifetime_secs(self) -> Option<u16> {
        self.port()?;
        let value = self.mandatory(TIME_TO_LIVE)?;
        value.try_into().ok().map(u16::from_be_bytes)
    }

    /// Returns what the sender says that the port is for.
    pub fn port_description(self) -> Option<&'a [u8]> {
        self.value(PORT_DESCRIPTION)
    }

    /// Returns the sender's name.
    pub fn system_name(self) -> Option<&'a [u8]> {
        self.value(SYSTEM_NAME)
    }

    /// Returns the first address at which the sender is managed.
    ///
    /// # Layout
    /// Length of what follows up to the end of the address at 0, address family at 1, address.
    pub fn management_addr(self) -> Option<LldpId<'a>> {
        let (length, rest) = self.value(MANAGEMENT_ADDRESS)?.split_first()?;
        network(rest.get(..usize::from(*length))?)
    }

    /// Returns the VLAN of untagged frames on the port; 0 where it has none.
    ///
    /// # Reference
    /// IEEE 802.1Q-2018 annex D.2.1, Port VLAN ID TLV.
    pub fn port_vlan(self) -> Option<u16> {
        let mut found = self.organisational(IEEE_802_1, 1);
        load_u16(found.next().filter(|value| value.len() == 2)?, 0)
    }

    /// Returns number and name of each VLAN that the sender names.
    ///
    /// # Layout
    /// Number at 0, length of the name at 2, name.
    ///
    /// # Reference
    /// IEEE 802.1Q-2018 annex D.2.3, VLAN Name TLV.
    pub fn vlan_names(self) -> impl Iterator<Item = (u16, &'a [u8])> {
        self.organisational(IEEE_802_1, 3).filter_map(|value| {
            let length = usize::from(load_u8(value, 2)?);
            Some((load_u16(value, 0)?, value.get(3..)?.get(..length)?))
        })
    }

    /// Returns type and value of each TLV, as far as they were captured and make sense.
    pub fn values(self) -> LldpValues<'a> {
        LldpValues { rest: self.bytes }
    }

    /// Returns one of the three values that come first; none unless they do, in their order.
    fn mandatory(self, kind: u8) -> Option<&'a [u8]> {
        let mut values = self.values().zip(CHASSIS_ID..=kind);
        values.all(|((found, _), wanted)| found == wanted).then_some(())?;
        self.values().nth(usize::from(kind - CHASSIS_ID)).map(|(_, value)| value)
    }

    /// Returns a value that may stand behind the first three.
    fn value(self, kind: u8) -> Option<&'a [u8]> {
        self.lifetime_secs()?;
        self.values().find(|(other, _)| *other == kind).map(|(_, value)| value)
    }

    fn organisational(self, organisation: [u8; 3], subtype: u8) -> impl Iterator<Item = &'a [u8]> {
        let [a, b, c] = organisation;
        let sound = self.lifetime_secs().map(|_| self.values());
        sound
            .into_iter()
            .flatten()
            .filter(|(kind, _)| *kind == ORGANISATION)
            .filter_map(move |(_, value)| value.strip_prefix(&[a, b, c, subtype]))
    }
}

fn mac(octets: &[u8]) -> Option<LldpId<'_>> {
    octets.try_into().ok().map(|octets| LldpId::Mac(MacAddr::new(octets)))
}

fn name(octets: &[u8]) -> Option<LldpId<'_>> {
    (!octets.is_empty()).then_some(LldpId::Name(octets))
}

/// Reads an address behind the number of its family.
fn network(octets: &[u8]) -> Option<LldpId<'_>> {
    let (family, addr) = octets.split_first()?;
    match *family {
        IPV4 => <[u8; 4]>::try_from(addr).ok().map(|octets| LldpId::Ip(Ipv4Addr::from(octets).into())),
        IPV6 => <[u8; 16]>::try_from(addr).ok().map(|octets| LldpId::Ip(Ipv6Addr::from(octets).into())),
        IEEE_802 if addr.len() == 6 => mac(addr),
        family => Some(LldpId::Network { family, addr }),
    }
}

/// Iterates over the TLVs of an LLDP data unit.
#[derive(Clone, Debug)]
pub struct LldpValues<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for LldpValues<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let [high, low, rest @ ..] = self.rest else {
            return None;
        };
        let (kind, length) = head(*high, *low);
        let (value, rest) = rest.split_at_checked(length)?;
        self.rest = if kind == END { &[] } else { rest };
        (kind != END).then_some((kind, value))
    }
}

/// Returns type and length of a TLV.
const fn head(high: u8, low: u8) -> (u8, usize) {
    (high >> 1, (high as usize & 1) << 8 | low as usize)
}

/// Reads what follows the ethertype of LLDP.
#[cold]
#[inline(never)]
pub(super) fn read(window: Window<'_>) -> (LldpUnit<'_>, Outcome) {
    let unit = LldpUnit { bytes: window.bytes() };
    let outcome = match check(window) {
        Outcome::Complete if unit.lifetime_secs().is_none() => {
            window.malformed(Layer::Lldp, Reason::BadOption, 0)
        }
        outcome => outcome,
    };
    (unit, outcome)
}

/// Checks that the TLVs begin with the three that must be there and end as they must.
fn check(mut window: Window<'_>) -> Outcome {
    let mut wanted = [CHASSIS_ID, PORT_ID, TIME_TO_LIVE].into_iter();
    loop {
        let start = window;
        let (kind, length) = match window.take::<2>(Layer::Lldp) {
            Ok([high, low]) => head(*high, *low),
            Err(outcome) => return outcome,
        };
        if wanted.next().is_some_and(|wanted| wanted != kind) {
            return start.malformed(Layer::Lldp, Reason::BadOption, length);
        }
        if kind == END {
            return Outcome::Complete;
        }
        if let Err((_, outcome)) = window.split(length, Layer::Lldp) {
            return outcome;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::message_samples::{lldp, lldp_frame};
    use crate::decode::samples::STATION;
    use crate::decode::{Control, DecodeSettings, Decoded, decode};
    use crate::types::LinkType;

    const PORT: (u8, &[u8]) = (2, b"\x05p");
    const LIFETIME: (u8, &[u8]) = (3, &[0, 120]);

    fn whole(frame: &[u8]) -> Decoded<'_> {
        decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, frame)
    }

    fn unit<'a>(frame: &'a [u8]) -> LldpUnit<'a> {
        match whole(frame).control {
            Control::Lldp(unit) => unit,
            other => panic!("no LLDP but {other:?}"),
        }
    }

    #[test]
    fn every_field_is_read() {
        let frame = lldp();
        let unit = unit(&frame);
        assert_eq!(unit.chassis(), Some(LldpId::Mac(MacAddr::new(STATION))));
        assert_eq!(unit.port(), Some(LldpId::Name(b"ge-0/0/7")));
        assert_eq!(unit.lifetime_secs(), Some(120));
        assert_eq!(unit.port_description(), Some(&b"to rack 7"[..]));
        assert_eq!(unit.system_name(), Some(&b"leaf-7"[..]));
        assert_eq!(unit.management_addr(), Some(LldpId::Ip(Ipv4Addr::new(192, 0, 2, 7).into())));
        assert_eq!(unit.port_vlan(), Some(30));
        assert_eq!(unit.vlan_names().collect::<Vec<_>>(), [(30, &b"guests"[..])]);
        assert_eq!(whole(&frame).outcome, Outcome::Complete);
    }

    #[test]
    fn identifiers_are_read_by_their_subtype() {
        let chassis = |value: &[u8], expected: LldpId<'_>| {
            let frame = lldp_frame(&[(1, value), PORT, LIFETIME]);
            assert_eq!(unit(&frame).chassis(), Some(expected));
        };
        chassis(b"\x07local", LldpId::Name(b"local"));
        chassis(b"\x06eth0", LldpId::Name(b"eth0"));
        chassis(&[5, 1, 10, 0, 0, 1], LldpId::Ip(Ipv4Addr::new(10, 0, 0, 1).into()));
        chassis(&[5, 9, 1, 2], LldpId::Network { family: 9, addr: &[1, 2] });
        chassis(b"\x09odd", LldpId::Other(b"odd"));
        // The subtype of a MAC address is another one for ports.
        let frame = lldp_frame(&[(1, b"\x07c"), (2, &[3, 2, 0, 0, 0, 0, 1]), LIFETIME]);
        assert_eq!(unit(&frame).port(), Some(LldpId::Mac(MacAddr::new([2, 0, 0, 0, 0, 1]))));
    }

    #[test]
    fn an_identifier_of_a_wrong_length_is_none() {
        for value in [&[5, 1, 10, 0, 0][..], &[4, 2, 0, 0], &[7]] {
            let frame = lldp_frame(&[(1, value), PORT, LIFETIME, (5, b"name")]);
            let unit = unit(&frame);
            assert_eq!((unit.chassis(), unit.port(), unit.lifetime_secs()), (None, None, None));
            assert_eq!(unit.system_name(), None);
            assert_eq!(whole(&frame).outcome.reason(), Some(Reason::BadOption));
        }
    }

    #[test]
    fn the_first_three_values_are_in_their_order() {
        let frame = lldp_frame(&[PORT, (1, b"\x07c"), LIFETIME]);
        assert_eq!(whole(&frame).outcome.reason(), Some(Reason::BadOption));
        let short = lldp_frame(&[(1, b"\x07c"), PORT]);
        assert_eq!(whole(&short).outcome.reason(), Some(Reason::BadOption));
    }

    #[test]
    fn a_value_longer_than_the_frame_ends_the_reading() {
        let mut frame = lldp();
        let end = frame.len() - 2;
        frame.truncate(end - 3);
        let decoded = whole(&frame);
        assert_eq!(decoded.outcome.reason(), Some(Reason::PacketEnded));
        assert_eq!(unit(&frame).vlan_names().count(), 0);
        assert_eq!(unit(&frame).port_vlan(), Some(30));
    }
}
