//! Storage protocols over TCP, recognised by port and first octets and read no further.
//!
//! Read RFC 7143 section 11.2 (iSCSI), RFC 5531 sections 9 and 11 with RFC 1813 and RFC 7530 (NFS), the NVM Express TCP
//! transport specification section 3.6, and [MS-SMB2] sections 2.1 and 2.2.1 before editing.
//!
//! Nothing calls it for a data frame on the way to the table: to ask for the ports of every segment would cost each of
//! them. It is for whoever has decoded a frame anyway.

use super::TcpSegment;
use super::cursor::load_u32;

/// The storage protocols that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Storage {
    /// iSCSI: ports 3260 and 860.
    Iscsi,
    /// NFS versions 3 and 4: port 2049.
    Nfs,
    /// SMB 2 and 3: port 445.
    Smb2,
    /// NVMe over TCP: ports 4420 and 8009 (discovery).
    NvmeTcp,
}

/// A segment to or from a storage service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageSegment {
    /// Which service, by its port.
    pub protocol: Storage,
    /// The server's port.
    pub server_port: u16,
    /// The client's port.
    pub client_port: u16,
    /// The segment goes to the server.
    pub to_server: bool,
    /// A message of the protocol begins with the segment.
    pub begins_message: bool,
}

impl Storage {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Iscsi => "iscsi",
            Self::Nfs => "nfs",
            Self::Smb2 => "smb",
            Self::NvmeTcp => "nvme",
        }
    }

    /// Returns the service of a port.
    pub const fn of_port(port: u16) -> Option<Self> {
        match port {
            3260 | 860 => Some(Self::Iscsi),
            2049 => Some(Self::Nfs),
            445 => Some(Self::Smb2),
            4420 | 8009 => Some(Self::NvmeTcp),
            _ => None,
        }
    }

    /// Tells whether octets begin with a message of the protocol, as far as they go; none is no message.
    pub fn begins(self, payload: &[u8]) -> bool {
        match self {
            Self::Iscsi => iscsi(payload),
            Self::Nfs => nfs(payload),
            Self::Smb2 => smb2(payload),
            Self::NvmeTcp => nvme(payload),
        }
    }
}

impl TcpSegment<'_> {
    /// Returns to which storage service the segment belongs; of two such ports the lower one is the server's.
    pub fn storage(self) -> Option<StorageSegment> {
        let (src, dst) = (self.src_port()?, self.dst_port()?);
        let (from, to) = (Storage::of_port(src), Storage::of_port(dst));
        let to_server = to.is_some() && !(from.is_some() && src < dst);
        let protocol = if to_server { to } else { from }?;
        let (server_port, client_port) = if to_server { (dst, src) } else { (src, dst) };
        let begins_message = protocol.begins(self.payload());
        Some(StorageSegment { protocol, server_port, client_port, to_server, begins_message })
    }
}

/// An operation code that is defined, its highest bit zero, behind the immediate bit of an initiator.
fn iscsi(payload: &[u8]) -> bool {
    let [first, ..] = *payload else {
        return false;
    };
    let (code, by_target) = (first & 0x3f, first & 0x20 != 0);
    let is_known = matches!(code, 0x00..=0x06 | 0x10 | 0x20..=0x26 | 0x31 | 0x32 | 0x3f);
    // A target sends no immediate delivery.
    first & 0x80 == 0 && is_known && !(by_target && first & 0x40 != 0)
}

/// A record mark, a transaction, and a call of program 100003 in version 3 or 4, or an answer.
fn nfs(payload: &[u8]) -> bool {
    const PROGRAM: u32 = 100_003;
    let Some(mark) = load_u32(payload, 0) else {
        return false;
    };
    // A fragment holds more than the header of an answer.
    let is_long_enough = mark & 0x7fff_ffff >= 12;
    let at = |place| load_u32(payload, place);
    let is_message = match at(8) {
        Some(0) => at(12) == Some(2) && at(16) == Some(PROGRAM) && matches!(at(20), Some(3 | 4)),
        Some(1) => matches!(at(12), Some(0 | 1)),
        _ => false,
    };
    is_long_enough && is_message
}

/// A session message with a header of SMB 2, plain, encrypted or compressed.
fn smb2(payload: &[u8]) -> bool {
    matches!(payload, [0, _, _, _, 0xfc..=0xfe, b'S', b'M', b'B', ..])
}

/// A type that is defined, with the header length of that type, and a length that holds the header.
fn nvme(payload: &[u8]) -> bool {
    let Some([kind, _, header_len, _, l0, l1, l2, l3]) = payload.first_chunk::<8>() else {
        return false;
    };
    let expected = match *kind {
        0x00 | 0x01 => 128,
        0x02 | 0x03 | 0x05..=0x07 | 0x09 => 24,
        0x04 => 72,
        _ => return false,
    };
    *header_len == expected && u32::from_le_bytes([*l0, *l1, *l2, *l3]) >= u32::from(expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::samples::{IPV4, IPV6, ethernet, ipv4, ipv6};
    use crate::decode::{DecodeSettings, decode};
    use crate::types::LinkType;

    fn segment(src: u16, dst: u16, payload: &[u8]) -> Vec<u8> {
        let mut segment = [src.to_be_bytes(), dst.to_be_bytes()].concat();
        segment.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0, 9, 0, 0, 0, 0]);
        segment.extend(payload);
        segment
    }

    fn storage(frame: &[u8]) -> Option<StorageSegment> {
        let decoded = decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, frame);
        decoded.tcp.and_then(TcpSegment::storage)
    }

    #[test]
    fn services_are_known_by_port_and_messages_by_their_first_octets() {
        let call = [0x80, 0, 0, 40, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa3, 0, 0, 0, 4];
        let answer = [0x80, 0, 0, 24, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0];
        let login = [0x43, 0x87, 0, 0];
        let negotiate = [0, 0, 0, 64, 0xfe, b'S', b'M', b'B'];
        let connect = [0, 0, 128, 0, 128, 0, 0, 0];
        for (port, payload, protocol) in [
            (3260, &login[..], Storage::Iscsi),
            (860, &login, Storage::Iscsi),
            (2049, &call, Storage::Nfs),
            (2049, &answer, Storage::Nfs),
            (445, &negotiate, Storage::Smb2),
            (4420, &connect, Storage::NvmeTcp),
            (8009, &connect, Storage::NvmeTcp),
        ] {
            let frame = ethernet(IPV4, &ipv4(6, &segment(50_000, port, payload)));
            let found = storage(&frame).unwrap();
            assert_eq!((found.protocol, found.begins_message, found.to_server), (protocol, true, true));
            let back = ethernet(IPV6, &ipv6("fe80::a", "fe80::b", 6, 64, &segment(port, 50_000, payload)));
            let found = storage(&back).unwrap();
            assert_eq!((found.to_server, found.server_port, found.client_port), (false, port, 50_000));
        }
    }

    #[test]
    fn other_octets_at_the_same_ports_are_no_message() {
        for (port, payload) in [
            (3260, &b"GET / HTTP/1.1"[..]),
            (3260, &[0x80]),
            (2049, &[0x80, 0, 0, 40, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0x86, 0xa0, 0, 0, 0, 2]),
            (2049, &[0x80, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0]),
            (445, &[0, 0, 0, 64, 0xff, b'S', b'M', b'B']),
            (4420, &[0, 0, 24, 0, 128, 0, 0, 0]),
            (4420, &[4, 0, 72, 0, 71, 0, 0, 0]),
            (445, &[]),
        ] {
            let frame = ethernet(IPV4, &ipv4(6, &segment(50_000, port, payload)));
            assert!(!storage(&frame).unwrap().begins_message, "{port}: {payload:?}");
        }
        assert_eq!(storage(&ethernet(IPV4, &ipv4(6, &segment(50_000, 443, &[0])))), None);
        assert_eq!(storage(&ethernet(IPV4, &ipv4(17, &segment(50_000, 445, &[0])))), None);
    }

    #[test]
    fn no_prefix_of_a_segment_says_more_than_the_segment() {
        let whole = segment(2049, 3260, &[0x80, 0, 0, 24, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0]);
        let full = TcpSegment::new(&whole).storage().unwrap();
        assert_eq!((full.protocol, full.to_server), (Storage::Nfs, false));
        for length in 0..whole.len() {
            let part = TcpSegment::new(&whole[..length]).storage();
            assert!(part.is_none_or(|part| part == StorageSegment { begins_message: false, ..full }));
        }
    }
}
