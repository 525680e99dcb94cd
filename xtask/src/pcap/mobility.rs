//! Mobile IPv6 registrations, as a mobile node and its home agent exchange them.
//!
//! Read RFC 6275 sections 6.1.7 (Binding Update), 6.1.8 (Binding Acknowledgement), 6.3 (Home Address
//! option) and 6.4 (type 2 routing header) before editing. Section 11.3.1 says whose addresses the
//! checksum covers: the home address, not the care-of address.

use std::net::Ipv6Addr;
use std::time::Duration;

use super::headers::{checksum, ipv6, pseudo6};

const DESTINATION_OPTIONS: u8 = 60;
const ROUTING: u8 = 43;
const MOBILITY: u8 = 135;

/// A registration of a mobile node with its home agent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registration {
    pub(crate) home_address: Ipv6Addr,
    pub(crate) home_agent: Ipv6Addr,
    /// Where the node is; equal to the home address when it is back at home.
    pub(crate) care_of: Ipv6Addr,
    pub(crate) sequence: u16,
    /// A multiple of four seconds; zero ends the binding.
    pub(crate) lifetime: Duration,
}

impl Registration {
    /// The Binding Update: A and H flags set, the care-of address repeated as an option.
    pub(crate) fn update(&self) -> Vec<u8> {
        let mut message = mobility_header(5);
        message.extend(self.sequence.to_be_bytes());
        message.extend([0xc0, 0]);
        message.extend(self.lifetime_units());
        // Alternate care-of address, aligned to 8n + 6.
        message.extend([1, 0, 3, 16]);
        message.extend(self.care_of.octets());
        let message = finish(message, self.home_address, self.home_agent);
        if self.care_of == self.home_address {
            return ipv6(self.care_of, self.home_agent, MOBILITY, 64, &message);
        }
        let mut payload = vec![MOBILITY, 2, 1, 2, 0, 0, 0xc9, 16];
        payload.extend(self.home_address.octets());
        payload.extend(message);
        ipv6(self.care_of, self.home_agent, DESTINATION_OPTIONS, 64, &payload)
    }

    /// The Binding Acknowledgement with a status; 128 and above refuse.
    pub(crate) fn acknowledgement(&self, status: u8) -> Vec<u8> {
        let mut message = mobility_header(6);
        message.extend([status, 0]);
        message.extend(self.sequence.to_be_bytes());
        message.extend(self.lifetime_units());
        message.extend([1, 2, 0, 0]);
        let message = finish(message, self.home_agent, self.home_address);
        if self.care_of == self.home_address {
            return ipv6(self.home_agent, self.home_address, MOBILITY, 64, &message);
        }
        let mut payload = vec![MOBILITY, 2, 2, 1, 0, 0, 0, 0];
        payload.extend(self.home_address.octets());
        payload.extend(message);
        ipv6(self.home_agent, self.care_of, ROUTING, 64, &payload)
    }

    fn lifetime_units(&self) -> [u8; 2] {
        let units = u16::try_from(self.lifetime.as_secs() / 4).expect("a lifetime is short");
        units.to_be_bytes()
    }
}

/// The first six octets, whose length and checksum are filled in by [`finish`].
fn mobility_header(kind: u8) -> Vec<u8> {
    const NO_NEXT_HEADER: u8 = 59;
    vec![NO_NEXT_HEADER, 0, kind, 0, 0, 0]
}

fn finish(mut message: Vec<u8>, src: Ipv6Addr, dst: Ipv6Addr) -> Vec<u8> {
    assert_eq!(message.len() % 8, 0, "a mobility header is padded to units of eight octets");
    message[1] = u8::try_from(message.len() / 8 - 1).expect("a message is short");
    let sum = checksum(&[&pseudo6(src, dst, MOBILITY, message.len()), &message]);
    message[4..6].copy_from_slice(&sum);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration() -> Registration {
        Registration {
            home_address: "2001:db8:99::50".parse().unwrap(),
            home_agent: "2001:db8:99::1".parse().unwrap(),
            care_of: "2001:db8:1::50".parse().unwrap(),
            sequence: 7,
            lifetime: Duration::from_secs(240),
        }
    }

    #[test]
    fn an_update_carries_both_addresses() {
        let packet = registration().update();
        assert_eq!(packet.len(), 40 + 24 + 32);
        assert_eq!(packet[8..24], registration().care_of.octets());
        assert_eq!(packet[48..64], registration().home_address.octets());
        assert_eq!(packet[70..76], [0, 7, 0xc0, 0, 0, 60]);
        assert_eq!(packet[80..96], registration().care_of.octets());
    }

    #[test]
    fn at_home_there_is_nothing_to_tell_apart() {
        let home =
            Registration { care_of: registration().home_address, lifetime: Duration::ZERO, ..registration() };
        assert_eq!(home.update().len(), 40 + 32);
        assert_eq!(home.acknowledgement(0).len(), 40 + 16);
    }

    #[test]
    fn an_acknowledgement_goes_by_way_of_the_home_address() {
        let packet = registration().acknowledgement(132);
        assert_eq!(packet[24..40], registration().care_of.octets());
        assert_eq!(packet[40..44], [MOBILITY, 2, 2, 1]);
        assert_eq!(packet[48..64], registration().home_address.octets());
        assert_eq!(packet[70], 132);
    }
}
