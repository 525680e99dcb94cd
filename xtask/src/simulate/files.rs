//! The files of a simulated data centre besides its capture: configuration, inventory, timeline and truth.

use std::fmt::Write as _;
use std::time::Duration;

use super::guest::{Guest, Net, Record, State, mac_text};
use super::site::{SWITCHES, Site, UPLINK, VLANS};
use super::truth::Truth;
use super::world::World;

/// Writes a time as Rollcall does; every simulation begins at 2026-11-20T10:00:00Z and is over on that day.
pub(super) fn time_text(at: Duration) -> String {
    let secs = at.as_secs() + 10 * 3_600;
    let (hours, minutes, seconds) = (secs / 3_600, secs / 60 % 60, secs % 60);
    format!("2026-11-20T{hours:02}:{minutes:02}:{seconds:02}.{:09}Z", at.subsec_nanos())
}

/// Reads such a time; none if it is another day's or before ten o'clock.
pub(super) fn time_of(text: &str) -> Option<Duration> {
    let clock = text.strip_prefix("2026-11-20T")?.strip_suffix('Z')?;
    let (clock, nanos) = clock.split_once('.')?;
    let mut parts = clock.split(':').map(str::parse::<u64>);
    let mut part = || parts.next()?.ok();
    let secs = part()? * 3_600 + part()? * 60 + part()?;
    Some(Duration::new(secs.checked_sub(10 * 3_600)?, nanos.parse().ok()?))
}

/// The configuration: what each interface of the capture is a mirror of, and the times.
pub(super) fn configuration(world: &World) -> String {
    let mut text = format!(
        "# Made by `cargo xtask simulate --seed {} --guests {} --minutes {}`.\n\
         recorded:\n  files: [inventory.yaml]\ncapture-points:\n",
        world.seed,
        world.guests.len(),
        world.end.as_secs() / 60
    );
    for point in &world.site.points {
        let (switch, port) = (SWITCHES[point.switch], &point.port);
        let _infallible = writeln!(
            text,
            "  - {{name: \"{}\", direction: ingress, mirrors: {{ports: [{{switch: {switch}, port: {port}}}]}}, \
             coverage: mirrored}}",
            point.name(),
        );
    }
    text.push_str(&world.settings.to_yaml());
    text
}

/// One section of an inventory: its name and its rows, each an object of JSON and so of YAML.
type Section = (&'static str, Vec<String>);

fn sections(world: &World, at: Duration) -> Vec<Section> {
    let site = &world.site;
    let ports = |switch: usize| {
        let on_it = site.points.iter().filter(|point| point.switch == switch);
        on_it.map(|point| format!("\"{}\"", point.port)).collect::<Vec<_>>().join(", ")
    };
    let switches = SWITCHES.iter().enumerate().map(|(index, id)| {
        format!("{{\"id\": \"{id}\", \"ports\": [{}], \"uplinks\": [\"{UPLINK}\"]}}", ports(index))
    });
    let subnets = VLANS.iter().map(|vlan| {
        format!("{{\"prefix\": \"2001:db8:{vlan:x}::/64\", \"vlan\": {vlan}, \"site\": \"dc1\"}}")
    });
    let known = (0..site.routers.len()).map(|index| {
        let mac = mac_text(site.routers[index].mac);
        format!("{{\"mac\": \"{mac}\", \"name\": \"router-{}\"}}", index + 1)
    });
    vec![
        ("switches", switches.collect()),
        ("hosts", hosts(site)),
        ("subnets", subnets.collect()),
        ("known-stations", known.collect()),
        ("guests", world.guests.iter().flat_map(|guest| rows_of(guest, site, at)).collect()),
    ]
}

fn hosts(site: &Site) -> Vec<String> {
    let row = |host: &super::site::Host| {
        let attachment = |link: &usize| {
            let point = &site.points[*link];
            format!("{{\"switch\": \"{}\", \"port\": \"{}\"}}", SWITCHES[point.switch], point.port)
        };
        let attachments: Vec<String> = host.links.iter().map(attachment).collect();
        format!(
            "{{\"id\": \"{}\", \"macs\": [\"{}\"], \"management\": \"{}\", \"vteps\": [\"{}\"], \"site\": \"dc1\", \
             \"attachments\": [{}]}}",
            host.id,
            mac_text(host.station.mac),
            host.station.ip,
            host.station.ip,
            attachments.join(", ")
        )
    };
    site.hosts.iter().map(row).collect()
}

/// The records of a guest at a time: none, its own, and that of its twin.
fn rows_of(guest: &Guest, site: &Site, at: Duration) -> Vec<String> {
    let Some(record) = guest.record_at(at) else { return Vec::new() };
    let mut rows = vec![row(guest, &guest.id, record, site)];
    if guest.has_twin {
        let twin = Record { state: State::Off, name: format!("{}-copy", record.name), ..record.clone() };
        rows.push(row(guest, &format!("{}-copy", guest.id), &twin, site));
    }
    rows
}

fn row(guest: &Guest, id: &str, record: &Record, site: &Site) -> String {
    let state = match record.state {
        State::Running => "running",
        State::Off => "powered-off",
        State::Migrating => "migrating",
    };
    let group = match guest.net {
        Net::Vlan(vlan) => format!("vlan-{vlan}"),
        Net::Overlay(vni) => format!("vni-{vni}"),
    };
    format!(
        "{{\"id\": \"{id}\", \"name\": \"{}\", \"macs\": [\"{}\"], \"addresses\": [\"{}\", \"{}\"], \"host\": \"{}\", \
         \"state\": \"{state}\", \"groups\": [\"{group}\"]}}",
        record.name,
        guest.mac(),
        record.ip,
        guest.station.ip6,
        site.hosts[record.host].id,
    )
}

/// The inventory as it is when the capture begins, as YAML.
pub(super) fn inventory(world: &World) -> String {
    let mut text = String::from("# The recorded state in the beginning, made by `cargo xtask simulate`.\n");
    for (name, rows) in sections(world, Duration::ZERO) {
        if rows.is_empty() {
            continue;
        }
        let _infallible = writeln!(text, "{name}:");
        for row in rows {
            let _infallible = writeln!(text, "  - {row}");
        }
    }
    text
}

/// What happens beside the wire: each change of the inventory, and the end.
pub(super) fn timeline(world: &World) -> String {
    let changes = world.guests.iter().flat_map(|guest| &guest.records).map(|(at, _)| *at);
    let mut times: Vec<Duration> = changes.filter(|at| *at > Duration::ZERO).collect();
    times.sort_unstable();
    times.dedup();
    let mut text = String::new();
    for at in times {
        let sections = sections(world, at);
        let sections = sections.iter().filter(|(_, rows)| !rows.is_empty());
        let sections: Vec<String> =
            sections.map(|(name, rows)| format!("\"{name}\": [{}]", rows.join(", "))).collect();
        let _infallible =
            writeln!(text, "{{\"at\": \"{}\", \"inventory\": {{{}}}}}", time_text(at), sections.join(", "));
    }
    let _infallible = writeln!(text, "{{\"at\": \"{}\", \"end\": true}}", time_text(world.end));
    text
}

/// The truth, one discrepancy a line.
pub(super) fn truth(truths: &[Truth]) -> String {
    let mut text = String::new();
    for Truth { kind, subject, began, due, over, .. } in truths {
        let over = over.map_or_else(|| "null".to_owned(), |at| format!("\"{}\"", time_text(at)));
        let _infallible = writeln!(
            text,
            "{{\"kind\": \"{kind}\", \"subject\": \"{subject}\", \"from\": \"{}\", \"due\": \"{}\", \"to\": {over}}}",
            time_text(*began),
            time_text(*due),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_back() {
        let at = Duration::new(3_725, 7_000);
        assert_eq!(time_text(at), "2026-11-20T11:02:05.000007000Z");
        assert_eq!(time_of(&time_text(at)), Some(at));
        assert_eq!(time_of("2026-11-20T09:59:59.000000000Z"), None);
    }
}
