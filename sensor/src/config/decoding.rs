//! The section `decode`: which UDP ports are read, as what, and how the keys of GRE are.

use rollcall_core::decode::{DecodeSettings, GreKey, Ports, Service};

use super::capture_points::not_a_word;
use crate::text::yaml::Node;
use crate::text::{Faults, Fields, Marked};

/// The lists that a configuration may have, each with the service that it stands for. A list takes the place of the
/// default ports of its service; services without a list have their assigned ports.
pub(super) const LISTS: [(&str, Service); 3] = [
    ("vxlan-ports", Service::Vxlan),
    ("geneve-ports", Service::Geneve),
    ("radius-accounting-ports", Service::Accounting),
];

/// Returns the default ports of a service.
pub(super) fn defaults(service: Service) -> impl Iterator<Item = u16> {
    Ports::DEFAULT.into_iter().filter(move |(_, other)| *other == service).map(|(port, _)| port)
}

/// Reads the section.
pub(super) fn read(node: Node, faults: &mut Faults) -> DecodeSettings {
    let at = node.at;
    let mut keys = LISTS.map(|(key, _)| key).to_vec();
    keys.push("gre-key");
    let Some(mut fields) = Fields::open(node, "`decode`", &keys, faults) else {
        return DecodeSettings::default();
    };
    let fixed =
        Ports::DEFAULT.into_iter().filter(|(_, service)| LISTS.iter().all(|(_, other)| other != service));
    let mut list: Vec<(u16, Service)> = fixed.collect();
    for (key, service) in LISTS {
        let Some(node) = fields.node(key) else {
            list.extend(defaults(service).map(|port| (port, service)));
            continue;
        };
        for text in fields.texts_of(node, key) {
            if let Some(port) = port(&text, &list, service, fields.faults()) {
                list.push((port, service));
            }
        }
    }
    let gre_key = fields.text("gre-key").map_or(GreKey::Whole, |text| gre_key(&text, fields.faults()));
    let Some(ports) = Ports::try_new(list) else {
        let message = format!("more than {} UDP ports are to be read", Ports::COUNT_MAX);
        fields.faults().error("RC0110", at, message, "name only those that are in use");
        return DecodeSettings::default();
    };
    DecodeSettings { ports, gre_key }
}

/// Reads a port that no other service in the list has.
fn port(text: &Marked, list: &[(u16, Service)], service: Service, faults: &mut Faults) -> Option<u16> {
    let Some(port) = text.value.parse().ok().filter(|&port: &u16| port != 0) else {
        let message = format!("`{}` is no UDP port", text.value);
        faults.error("RC0101", text.at, message, "write a number from 1 to 65535");
        return None;
    };
    if list.iter().any(|&(known, other)| known == port && other != service) {
        let message = format!("port {port} is already read as something else");
        faults.error("RC0110", text.at, message, "take it out of one of the two lists");
        return None;
    }
    Some(port)
}

fn gre_key(text: &Marked, faults: &mut Faults) -> GreKey {
    match text.value.as_str() {
        "whole" => GreKey::Whole,
        "nvgre" => GreKey::Nvgre,
        _ => {
            not_a_word(text, "gre-key", &["whole", "nvgre"], faults);
            GreKey::Whole
        }
    }
}
