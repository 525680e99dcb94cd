use std::io::{self, Write};

use rollcall_core::decode::{Decoded, Link};
use serde::Serialize;

use super::groups::{CountWord, Groups};
use super::{Lines, Seen, tags};

/// Groups frames by link-layer source address and VLAN stack.
#[derive(Debug, Default)]
pub(super) struct Stations {
    groups: Groups<Key, Octets>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Key {
    rec: &'static str,
    link: &'static str,
    mac: Option<String>,
    vlans: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
struct Octets {
    bytes: u64,
    cap_bytes: u64,
}

impl Stations {
    pub(super) fn frame(&mut self, seen: &Seen<'_>, decoded: &Decoded<'_>) {
        let link = match decoded.link {
            Link::Ethernet { .. } => "eth",
            Link::Cooked { .. } => "sll",
            Link::None => "none",
        };
        let mac = decoded.link.src().map(|src| src.to_string());
        let key = Key { rec: "src", link, mac, vlans: tags(decoded) };
        if let Some(octets) = self.groups.count(key, seen) {
            octets.bytes += u64::from(seen.frame.orig_len);
            octets.cap_bytes += seen.frame.bytes.len() as u64;
        }
    }

    pub(super) fn write<W: Write>(&self, output: &mut Lines<W>) -> io::Result<u64> {
        self.groups.write(CountWord::Frames, output)
    }
}
