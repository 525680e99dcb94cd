//! Messages of switches and servers, for tests: one of each kind, and what reads all of one.

use super::samples::{STATION, ethernet};
use super::{Control, Decoded};

/// Where LLDP goes to.
const LLDP_GROUP: [u8; 6] = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];
/// Where CDP goes to.
const CDP_GROUP: [u8; 6] = [0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc];

/// Returns a TLV of LLDP.
pub(crate) fn lldp_value(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    let mut tlv = (u16::from(kind) << 9 | length).to_be_bytes().to_vec();
    tlv.extend(value);
    tlv
}

/// Returns an LLDP frame with these TLVs, and the end.
pub(crate) fn lldp_frame(values: &[(u8, &[u8])]) -> Vec<u8> {
    let mut unit: Vec<u8> = values.iter().flat_map(|(kind, value)| lldp_value(*kind, value)).collect();
    unit.extend([0, 0]);
    let mut frame = ethernet(0x88cc, &unit);
    frame[..6].copy_from_slice(&LLDP_GROUP);
    frame
}

/// Returns an LLDP frame with everything that is read.
pub(crate) fn lldp() -> Vec<u8> {
    let chassis = [&[4][..], &STATION].concat();
    let management = [&[5, 1, 192, 0, 2, 7][..], &[2, 0, 0, 0, 9, 0]].concat();
    lldp_frame(&[
        (1, &chassis),
        (2, b"\x05ge-0/0/7"),
        (3, &[0, 120]),
        (4, b"to rack 7"),
        (5, b"leaf-7"),
        (8, &management),
        (127, &[0x00, 0x80, 0xc2, 1, 0, 30]),
        (127, b"\x00\x80\xc2\x03\x00\x1e\x06guests"),
    ])
}

/// Returns a CDP frame with these TLVs.
pub(crate) fn cdp_frame(values: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = vec![0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0x00, 2, 180, 0, 0];
    for (kind, value) in values {
        body.extend(kind.to_be_bytes());
        body.extend(u16::try_from(value.len() + 4).unwrap().to_be_bytes());
        body.extend(*value);
    }
    let mut frame = ethernet(u16::try_from(body.len()).unwrap(), &body);
    frame[..6].copy_from_slice(&CDP_GROUP);
    frame
}

/// Returns a CDP frame with everything that is read.
pub(crate) fn cdp() -> Vec<u8> {
    let addrs = [0, 0, 0, 1, 1, 1, 0xcc, 0, 4, 192, 0, 2, 8];
    cdp_frame(&[
        (1, b"leaf-8"),
        (2, &addrs),
        (3, b"GigabitEthernet1/0/8"),
        (10, &[0, 30]),
        (20, b"leaf-8.example.net"),
    ])
}

/// Returns one frame of each kind, well formed.
pub(crate) fn all() -> Vec<Vec<u8>> {
    vec![lldp(), cdp()]
}

/// Calls every accessor of a frame's message, if it is one of these.
pub(crate) fn touch(decoded: &Decoded<'_>) -> String {
    match &decoded.control {
        Control::Lldp(unit) => format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            (unit.chassis(), unit.port(), unit.lifetime_secs()),
            unit.port_description(),
            unit.system_name(),
            unit.management_addr(),
            unit.port_vlan(),
            unit.vlan_names().collect::<Vec<_>>(),
            unit.values().count(),
            decoded.outcome
        ),
        Control::Cdp(message) => format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            message.device(),
            message.port(),
            message.lifetime_secs(),
            message.system_name(),
            message.native_vlan(),
            message.management_addr(),
            message.values().count()
        ),
        _ => String::new(),
    }
}
