use std::io::{self, Write};
use std::net::IpAddr;

use rollcall_core::decode::{Link, StorageSegment, TcpSegment};
use rollcall_core::types::MacAddr;
use serde::Serialize;

use super::groups::{CountWord, Groups};
use super::{Level, Lines, Seen};

/// Groups the segments of storage protocols by client, server and both ports.
#[derive(Debug, Default)]
pub(super) struct StorageServices {
    groups: Groups<Key, Sums>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Key {
    rec: &'static str,
    service: &'static str,
    client: End,
    server: End,
    port: u16,
    cport: u16,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct End {
    ip: Option<IpAddr>,
    mac: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Sums {
    /// Segments that carry something.
    payload_frames: u64,
    /// Segments that begin with a message of the protocol.
    messages: u64,
    /// The connection was opened in the capture.
    syn: bool,
}

impl StorageServices {
    pub(super) fn frame(&mut self, seen: &Seen<'_>, level: &Level<'_>) {
        let Some((tcp, segment)) = level.decoded.tcp.and_then(|tcp| Some((tcp, tcp.storage()?))) else {
            return;
        };
        let dst = match level.link {
            Link::Ethernet { dst, .. } => Some(dst),
            Link::Cooked { .. } | Link::None => None,
        };
        let end = |ip, mac: Option<MacAddr>| End { ip, mac: mac.map(|mac| mac.to_string()) };
        let (from, to) = (end(level.decoded.ip.src(), level.link.src()), end(level.decoded.ip.dst(), dst));
        let (client, server) = if segment.to_server { (from, to) } else { (to, from) };
        let StorageSegment { protocol, server_port: port, client_port: cport, .. } = segment;
        let key = Key { rec: "svc", service: protocol.as_str(), client, server, port, cport };
        if let Some(sums) = self.groups.count(key, seen) {
            sums.payload_frames += u64::from(carries_something(level, tcp));
            sums.messages += u64::from(segment.begins_message);
            sums.syn |= segment.to_server && tcp.is_opening();
        }
    }

    pub(super) fn write<W: Write>(&self, output: &mut Lines<W>) -> io::Result<u64> {
        self.groups.write(CountWord::Frames, output)
    }
}

/// Tells whether a segment has a payload, even where none of it was captured.
fn carries_something(level: &Level<'_>, tcp: TcpSegment<'_>) -> bool {
    let stated = level.decoded.ip.payload_len().zip(tcp.header_len());
    !tcp.payload().is_empty() || stated.is_some_and(|(packet, header)| packet > header)
}
