//! The files beside the capture: what the inventory claims, and what the mirror shows.

use std::fmt::Write as _;

use super::place::{
    Guest, HOSTS, HOSTS_PER_RACK, Place, ROLES, host_station, management_gateway, port_name, uplink_name,
};
use crate::pcap::headers::Mac;

/// Writes the inventory as YAML.
pub(super) fn inventory(place: &Place) -> String {
    let mut text = String::from(
        "# The recorded state of the demo data centre, made by `cargo xtask pcap`.\n\
         # What is wrong with it is for `cargo xtask demo` to say.\n",
    );
    hierarchy(&mut text);
    switches(&mut text);
    hosts(&mut text);
    networks(&mut text);
    stations(&mut text);
    text.push_str(
        "\nscheduled-work:\n  - {reference: CHG-2041, who: db team, what: {guests: [db-31]}, \
         from: 2026-11-20T10:00:00Z, to: 2026-11-20T12:00:00Z}\n",
    );
    text.push_str("\nguests:\n");
    for guest in &place.guests {
        text.push_str(&guest_row(guest));
    }
    text
}

/// Writes the configuration as YAML.
pub(super) fn config() -> String {
    let mut text = String::from(
        "# What the fourteen mirrors of the demo show, made by `cargo xtask pcap`: frames that enter the switch\n\
         # by one port each. Ports eth1 to eth6 lead to one host each; eth49 is the uplink.\n\
         recorded:\n  files: [inventory.yaml]\n\ncapture-points:\n",
    );
    // Rules may ask for leave to do harm; without this they could not even ask.
    text.insert_str(text.find("capture-points").unwrap_or(0), "workflow: {harm: approve}\n\n");
    let ports = (0..HOSTS).map(port_name);
    for name in ports.chain((0..2).map(uplink_name)) {
        let (switch, port) = name.split_once(':').expect("a port's name has a colon");
        add(
            &mut text,
            format_args!(
                "  - name: \"{name}\"\n    match: {{interface: \"{name}\"}}\n    direction: ingress\n    \
                 mirrors: {{ports: [{{switch: {switch}, port: {port}}}]}}\n    site: dc1\n    coverage: mirrored\n"
            ),
        );
    }
    text
}

fn hierarchy(text: &mut String) {
    text.push_str("\nhierarchy:\n  - {id: dc1, kind: datacentre, name: Data centre 1}\n");
    for rack in 1..=2 {
        add(text, format_args!("  - {{id: rack-{rack}, kind: rack, name: Rack {rack}, parent: dc1}}\n"));
    }
    for role in ROLES {
        add(text, format_args!("  - {{id: {0}, kind: application, name: {0}, parent: dc1}}\n", role.name));
    }
}

fn switches(text: &mut String) {
    text.push_str("\nswitches:\n");
    for rack in 1..=2 {
        add(
            text,
            format_args!(
                "  - {{id: tor-{rack}, name: tor-{rack}, management: 10.20.0.1{rack}, \
                 ports: [eth1, eth2, eth3, eth4, eth5, eth6, eth49], uplinks: [eth49]}}\n"
            ),
        );
    }
}

fn hosts(text: &mut String) {
    let subnets: Vec<String> = ROLES.iter().map(|role| format!("\"{}/64\"", role.ip6(0))).collect();
    text.push_str("\nhosts:\n");
    for host in 0..HOSTS {
        let (station, port) = (host_station(host), port_name(host));
        let (switch, port) = port.split_once(':').expect("a port's name has a colon");
        add(
            text,
            format_args!(
                "  - {{id: hv-{:02}, macs: [\"{}\"], management: {}, state: in-service, site: dc1, parent: rack-{}, \
                 attachments: [{{switch: {switch}, port: {port}}}], subnets: [{}]}}\n",
                host + 1,
                colons(station.mac),
                station.ip,
                host / HOSTS_PER_RACK + 1,
                subnets.join(", "),
            ),
        );
    }
}

fn networks(text: &mut String) {
    text.push_str("\nsubnets:\n  - {prefix: 10.20.0.0/24, vlan: 10, site: dc1, purpose: management}\n");
    for role in ROLES {
        let (vid, name) = (role.vid, role.name);
        add(
            text,
            format_args!("  - {{prefix: {}/24, vlan: {vid}, site: dc1, purpose: {name}}}\n", role.ip(0)),
        );
        add(
            text,
            format_args!("  - {{prefix: \"{}/64\", vlan: {vid}, site: dc1, purpose: {name}}}\n", role.ip6(0)),
        );
    }
    text.push_str("  - {prefix: \"2001:db8:20:99::/64\", site: dc1, purpose: home link of mobile nodes}\n");
    text.push_str("  - {prefix: \"2001:db8:77:1::/64\", site: branch, purpose: branch office}\n");
}

fn stations(text: &mut String) {
    text.push_str("\nknown-stations:\n");
    for number in 1..=2 {
        let mac = colons(ROLES[0].router(number).mac);
        add(text, format_args!("  - {{mac: \"{mac}\", name: router-{number}}}\n"));
    }
    assert_eq!(management_gateway().mac, ROLES[0].router(1).mac);
    for role in ROLES {
        let mac = colons(role.gateway().mac);
        add(text, format_args!("  - {{mac: \"{mac}\", name: gateway-{}}}\n", role.name));
    }
}

fn guest_row(guest: &Guest) -> String {
    let station = &guest.station;
    let since = if guest.is_recorded_running() { "2026-11-02T06:00:00Z" } else { "2026-11-19T17:30:00Z" };
    let home = match guest.home_address {
        Some(address) => format!(", home-addresses: [\"{address}\"]"),
        None => String::new(),
    };
    format!(
        "  - {{id: {}, macs: [\"{}\"], addresses: [{}, \"{}\"]{home}, host: hv-{:02}, state: {}, state-since: {since}, \
         owner: {} team, parent: {}}}\n",
        guest.id,
        colons(station.mac),
        station.ip,
        station.ip6,
        guest.host + 1,
        guest.state,
        guest.role.name,
        guest.role.name,
    )
}

fn colons(mac: Mac) -> String {
    let octets: Vec<String> = mac.iter().map(|octet| format!("{octet:02x}")).collect();
    octets.join(":")
}

fn add(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string cannot fail");
}
