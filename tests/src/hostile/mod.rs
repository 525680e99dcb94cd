//! What must hold for any octets, however hostile: one function for each door by which octets come in.
//!
//! The functions panic where something does not hold. They are run by libFuzzer, guided by coverage
//! (`sensor/fuzz`, `cargo xtask fuzz`), over the finds of such runs (`tests/hostile.rs` and `tests/hostile/`),
//! and over every prefix and corruption of the generated captures.

mod engine;
mod files;
mod frames;
mod messages;
mod texts;

pub use engine::judge;
pub use files::{capture, packed};
pub use frames::{decodes, frame, says_no_more};
pub use messages::{carried, mobility, payload, tunnel};
pub use texts::{config, table, yaml};

/// A door, by the name of its fuzz target, and what must hold behind it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, that of a file in `sensor/fuzz/fuzz_targets` and of a folder in `tests/hostile`.
    pub name: &'static str,
    /// Panics where something does not hold for these octets.
    pub check: fn(&[u8]),
}

/// Every door.
pub const TARGETS: &[Target] = &[
    Target { name: "decode", check: frame },
    Target { name: "tunnel", check: tunnel },
    Target { name: "mobility", check: mobility },
    Target { name: "radius", check: |octets| payload("radius", octets) },
    Target { name: "dhcp", check: |octets| payload("dhcp", octets) },
    Target { name: "dhcpv6", check: |octets| payload("dhcpv6", octets) },
    Target { name: "mobile_ip", check: |octets| payload("mobile_ip", octets) },
    Target { name: "lldp", check: |octets| payload("lldp", octets) },
    Target { name: "cdp", check: |octets| payload("cdp", octets) },
    Target { name: "pcap", check: capture },
    Target { name: "pcapng", check: capture },
    Target { name: "snoop", check: capture },
    Target { name: "packed", check: packed },
    Target { name: "engine", check: judge },
    Target { name: "inventory", check: yaml },
    Target { name: "table", check: table },
    Target { name: "config", check: config },
];

/// Runs the check of the door of that name.
///
/// # Panics
/// Where something does not hold, or there is no such door.
pub fn run(name: &str, octets: &[u8]) {
    let target =
        TARGETS.iter().find(|target| target.name == name).expect("a fuzz target is named after its door");
    (target.check)(octets);
}
