use std::io::{self, Write};
use std::net::IpAddr;

use rollcall_core::decode::{CdpMessage, Control, LldpId, LldpUnit};
use serde::Serialize;

use super::groups::{CountWord, Groups};
use super::text::{ascii, octets};
use super::{Level, Lines, Seen};

/// Groups LLDP and CDP messages by sender, chassis and port.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    groups: Groups<Key, First>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Key {
    rec: &'static str,
    eth_src: Option<String>,
    vlans: Vec<String>,
    chassis: Option<String>,
    port: Option<String>,
}

/// What the first message of a group says besides.
#[derive(Debug, Default, Serialize)]
struct First {
    sysname: Option<String>,
    #[serde(skip)]
    is_read: bool,
}

impl Neighbours {
    pub(super) fn frame(&mut self, seen: &Seen<'_>, level: &Level<'_>) {
        let (rec, chassis, port, sysname) = match level.decoded.control {
            Control::Lldp(unit) => lldp(unit),
            Control::Cdp(message) => cdp(message),
            _ => return,
        };
        let key = Key { rec, eth_src: level.eth_src(), vlans: level.vlans.clone(), chassis, port };
        if let Some(first) = self.groups.count(key, seen)
            && !first.is_read
        {
            *first = First { sysname, is_read: true };
        }
    }

    pub(super) fn write<W: Write>(&self, output: &mut Lines<W>) -> io::Result<u64> {
        self.groups.write(CountWord::Count, output)
    }
}

/// Which record, and chassis, port and system name in it.
type Names = (&'static str, Option<String>, Option<String>, Option<String>);

/// A chassis that is named otherwise than by an address is printed in octets, a port as text, as the schema has
/// them; it has no place for IPv6 addresses, nor for ports that are named by an address.
fn lldp(unit: LldpUnit<'_>) -> Names {
    let chassis = unit.chassis().and_then(|id| match id {
        LldpId::Mac(mac) => Some(mac.to_string()),
        LldpId::Ip(IpAddr::V4(addr)) => Some(addr.to_string()),
        LldpId::Ip(IpAddr::V6(_)) => None,
        LldpId::Network { addr, .. } => Some(octets(addr)),
        LldpId::Name(name) | LldpId::Other(name) => Some(octets(name)),
    });
    let port = unit.port().and_then(|id| match id {
        LldpId::Mac(mac) => Some(mac.to_string()),
        LldpId::Ip(_) => None,
        LldpId::Network { addr, .. } => ascii(addr),
        LldpId::Name(name) | LldpId::Other(name) => ascii(name),
    });
    let chassis = chassis.filter(|chassis| !chassis.is_empty());
    ("lldp", chassis, port, unit.system_name().and_then(ascii))
}

fn cdp(message: CdpMessage<'_>) -> Names {
    ("cdp", message.device().and_then(ascii), message.port().and_then(ascii), None)
}
