use std::collections::BTreeMap;
use std::fs;
use std::io;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use rollcall_core::types::MacAddr;

/// An interface of this machine, in the network namespace of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceState {
    /// Its name.
    pub name: Box<str>,
    /// Its link.
    pub link: Link,
    /// Whether it is the one by which this machine talks to itself.
    pub is_loopback: bool,
    /// Its address, where it has one.
    pub mac: Option<MacAddr>,
    /// The driver's name, where there is a device behind it.
    pub driver: Option<Box<str>>,
}

/// What is known of an interface's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The number that the kernel gave the interface. One that is deleted and made anew has another.
    pub index: u32,
    /// Whether it is up and there is somebody at the other end.
    pub is_up: bool,
}

/// Returns the interfaces, sorted by name.
///
/// # Errors
/// What the system said.
pub fn interfaces() -> io::Result<Vec<InterfaceState>> {
    let mut found: BTreeMap<String, InterfaceState> = BTreeMap::new();
    for part in getifaddrs().map_err(io::Error::from)? {
        let flags = part.flags;
        // An interface that vanishes in between is none.
        let Some(link) = link(&part.interface_name, flags) else { continue };
        let state = found.entry(part.interface_name.clone()).or_insert_with(|| InterfaceState {
            driver: driver(&part.interface_name),
            name: part.interface_name.clone().into(),
            link,
            is_loopback: flags.contains(InterfaceFlags::IFF_LOOPBACK),
            mac: None,
        });
        let address = part.address.as_ref().and_then(|address| address.as_link_addr()?.addr());
        state.mac = state.mac.or_else(|| address.map(MacAddr::new));
    }
    Ok(found.into_values().collect())
}

/// Returns the link of one interface; `None` where there is no such interface.
pub fn link_of(name: &str) -> Option<Link> {
    let flags = getifaddrs().ok()?.find(|part| part.interface_name == name)?.flags;
    link(name, flags)
}

/// Tells whether this machine has an address of its own on an interface, link-local ones apart: every interface that is up
/// gives itself one of those.
#[cfg(feature = "xdp")]
pub(super) fn has_address(name: &str) -> bool {
    let Ok(mut parts) = getifaddrs() else { return false };
    parts.any(|part| {
        let Some(address) = part.address.filter(|_| part.interface_name == name) else { return false };
        let is_v6 = address.as_sockaddr_in6().is_some_and(|v6| !v6.ip().is_unicast_link_local());
        is_v6 || address.as_sockaddr_in().is_some()
    })
}

fn link(name: &str, flags: InterfaceFlags) -> Option<Link> {
    let index = if_nametoindex(name).ok()?;
    Some(Link { index, is_up: flags.contains(InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING) })
}

fn driver(name: &str) -> Option<Box<str>> {
    if name.contains('/') {
        return None;
    }
    let target = fs::read_link(format!("/sys/class/net/{name}/device/driver")).ok()?;
    Some(target.file_name()?.to_string_lossy().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_interface_is_there() {
        let all = interfaces().unwrap();
        let loopback = all.iter().find(|one| one.is_loopback).expect("every network namespace has one");
        assert_eq!(link_of(&loopback.name), Some(loopback.link));
        assert!(all.is_sorted_by_key(|one| one.name.clone()));
        assert_eq!(link_of("no-such-interface"), None);
        #[cfg(feature = "xdp")]
        assert!(!has_address("no-such-interface"));
    }
}
