use std::net::IpAddr;

use proptest::prelude::*;

use super::rows::{
    AttachmentRow, GuestPrefixRow, GuestRow, HostRow, KnownStationRow, NodeRow, ScheduledWorkRow, SubnetRow,
    SwitchRow, Text,
};
use super::*;
use crate::types::{MacAddr, MacPrefix, Port};

fn at(line: u32) -> Position {
    Position { source: SourceId(0), line, column: 1 }
}

fn text(value: &str) -> Option<Text> {
    Some(Text::new(value, at(1)))
}

fn texts(values: &[&str]) -> Vec<Text> {
    values.iter().map(|value| Text::new(*value, at(1))).collect()
}

fn guest(id: &str, mac: &str, state: &str) -> GuestRow {
    GuestRow { id: text(id), macs: texts(&[mac]), state: text(state), ..GuestRow::default() }
}

fn host(id: &str, ports: &[(&str, &str)]) -> HostRow {
    let attachments = ports.iter().map(|(switch, port)| AttachmentRow {
        at: at(1),
        switch: text(switch),
        port: text(port),
    });
    HostRow { id: text(id), attachments: attachments.collect(), ..HostRow::default() }
}

fn node(id: &str, parent: Option<&str>) -> NodeRow {
    NodeRow { id: text(id), kind: text("rack"), parent: parent.and_then(text), ..NodeRow::default() }
}

fn built(fill: impl FnOnce(&mut SnapshotBuilder)) -> Built {
    let mut builder = SnapshotBuilder::new();
    builder.source("test");
    fill(&mut builder);
    builder.finish()
}

fn codes(built: &Built) -> Vec<&'static str> {
    built.problems.iter().map(|problem| problem.code).collect()
}

fn mac(text: &str) -> MacAddr {
    text.parse().unwrap()
}

#[test]
fn of_twins_the_one_that_should_communicate_is_meant() {
    let twin = "52:54:00:00:00:01";
    let built = built(|builder| {
        builder.guest(guest("a-template", twin, "powered-off"));
        builder.guest(guest("b", twin, "running"));
        builder.guest(guest("c-template", twin, "suspended"));
    });
    assert_eq!(codes(&built), [""; 0]);
    let ids: Vec<&str> = built
        .snapshot
        .guests_by_mac(mac(twin))
        .iter()
        .map(|at| &*built.snapshot.guest(*at).unwrap().id)
        .collect();
    assert_eq!(ids, ["b", "a-template", "c-template"]);
    assert_eq!(built.snapshot.guest_by_mac(mac(twin)), built.snapshot.guest_by_id("b"));
}

#[test]
fn twins_that_both_should_communicate_are_a_conflict_and_both_stay() {
    let twin = "52:54:00:00:00:01";
    let built = built(|builder| {
        builder.guest(guest("b", twin, "running"));
        builder.guest(guest("a", twin, "running"));
    });
    assert_eq!(codes(&built), ["RC0219"]);
    assert_eq!(built.snapshot.guests_by_mac(mac(twin)).len(), 2);
    assert_eq!(built.snapshot.guest_by_mac(mac(twin)), built.snapshot.guest_by_id("a"));
}

#[test]
fn hosts_and_guests_are_found_from_every_side() {
    let built = built(|builder| {
        builder.host(HostRow {
            macs: texts(&["00:11:22:33:44:01"]),
            vteps: texts(&["192.0.2.1"]),
            ..host("hv-01", &[("tor-1", "eth1"), ("tor-2", "eth1")])
        });
        builder.host(host("hv-02", &[("tor-1", "eth1")]));
        builder.switch(SwitchRow { id: text("tor-1"), uplinks: texts(&["eth49"]), ..SwitchRow::default() });
        builder.switch(SwitchRow { id: text("tor-2"), ..SwitchRow::default() });
        builder.guest(GuestRow {
            host: text("hv-02"),
            home_addresses: texts(&["2001:db8::1"]),
            addresses: texts(&["10.1.0.1"]),
            groups: texts(&["shop"]),
            tags: texts(&["web"]),
            ..guest("web-01", "52:54:00:00:00:01", "running")
        });
        builder.known_station(KnownStationRow {
            mac: text("00:aa:00:00:00:01"),
            ttl: text("1h"),
            ..KnownStationRow::default()
        });
    });
    assert_eq!(codes(&built), [""; 0]);
    let snapshot = built.snapshot;
    let port = |switch: &str, port: &str| Port { switch: switch.into(), port: port.into() };
    let (first, second) = (snapshot.host_by_id("hv-01").unwrap(), snapshot.host_by_id("hv-02").unwrap());
    let web = snapshot.guest_by_id("web-01").unwrap();
    assert_eq!(snapshot.hosts_at(&port("tor-1", "eth1")), [first, second]);
    assert_eq!(snapshot.hosts_at(&port("tor-2", "eth1")), [first]);
    assert_eq!(snapshot.hosts_at(&port("tor-2", "eth2")), []);
    assert_eq!(snapshot.guests_on(second), [web]);
    assert_eq!(snapshot.guests_on(first), []);
    assert_eq!(snapshot.host_by_mac(mac("00:11:22:33:44:01")), Some(first));
    assert_eq!(snapshot.hosts_by_vtep("192.0.2.1".parse().unwrap()), [first]);
    assert_eq!(snapshot.guest_by_home_address("2001:db8::1".parse().unwrap()), Some(web));
    assert_eq!(snapshot.guests_by_address("10.1.0.1".parse().unwrap()), [web]);
    assert!(snapshot.is_group("shop") && snapshot.is_tag("web") && !snapshot.is_group("web"));
    assert!(snapshot.is_uplink(&port("tor-1", "eth49")));
    assert!(!snapshot.is_uplink(&port("tor-1", "eth1")));
    let router = snapshot.known_station(mac("00:aa:00:00:00:01")).unwrap();
    assert_eq!(&*router.name, "00:aa:00:00:00:01");
}

#[test]
fn paths_lead_from_the_root_to_the_parent() {
    let built = built(|builder| {
        builder.node(node("rack", Some("dc")));
        builder.node(node("dc", None));
        builder.node(node("app", Some("dc")));
        builder.host(HostRow { parent: text("rack"), ..host("hv", &[]) });
        builder.guest(GuestRow { host: text("hv"), ..guest("by-host", "52:54:00:00:00:01", "running") });
        builder.guest(GuestRow {
            host: text("hv"),
            parent: text("app"),
            ..guest("by-itself", "52:54:00:00:00:02", "running")
        });
    });
    let snapshot = built.snapshot;
    let path = |id: &str| -> Vec<&str> {
        let guest = snapshot.guest_by_id(id).unwrap();
        let nodes = snapshot.hierarchy_path(PathOf::Guest(guest));
        nodes.iter().map(|node| &*node.id).collect()
    };
    assert_eq!(path("by-host"), ["dc", "rack"]);
    assert_eq!(path("by-itself"), ["dc", "app"]);
}

#[test]
fn an_empty_snapshot_knows_the_default_prefixes() {
    let snapshot = Snapshot::default();
    let label = |text: &str| snapshot.guest_prefix(mac(text)).map(|known| &*known.label);
    assert_eq!(label("52:54:00:12:34:56"), Some("QEMU/KVM"));
    assert_eq!(label("02:42:ac:11:00:02"), Some("Docker"));
    assert_eq!(label("02:43:ac:11:00:02"), None);
}

#[test]
fn a_change_of_one_guest_is_one_change() {
    let fill = |state: &'static str, extra: bool| {
        built(|builder| {
            builder.guest(guest("a", "52:54:00:00:00:01", "running"));
            builder.guest(GuestRow { at: at(7), ..guest("b", "52:54:00:00:00:02", state) });
            if extra {
                builder.guest(guest("aa", "52:54:00:00:00:03", "running"));
                builder.known_station(KnownStationRow {
                    mac: text("00:aa:00:00:00:01"),
                    ..KnownStationRow::default()
                });
            }
        })
        .snapshot
    };
    let (old, new) = (fill("running", false), fill("powered-off", true));
    let changes = diff(&old, &new);
    let id = |snapshot: &Snapshot, at| snapshot.guest(at).unwrap().id.clone();
    assert_eq!(changes.guests_changed.len(), 1);
    let (from, to) = changes.guests_changed[0];
    assert_eq!((&*id(&old, from), &*id(&new, to)), ("b", "b"));
    assert_eq!(&*id(&new, changes.guests_added[0]), "aa");
    assert_eq!(changes.guests_removed, []);
    assert_eq!(changes.known_stations, [mac("00:aa:00:00:00:01")]);
    assert!(!changes.switches && !changes.subnets && !changes.hierarchy);

    let back = diff(&new, &old);
    assert_eq!(&*id(&new, back.guests_removed[0]), "aa");
}

/// Words of which random rows are made: good, bad and clashing ones.
fn word() -> impl Strategy<Value = Option<Text>> {
    let words = prop::sample::select(vec![
        "",
        "a",
        "b",
        "c",
        "52:54:00:00:00:01",
        "52:54:00:00:00:02",
        "ff:ff:ff:ff:ff:ff",
        "52:54",
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.0.1",
        "2001:db8::1",
        "running",
        "off",
        "nonsense",
        "2026-11-21",
        "2027-11-21",
        "100",
        "1h",
    ]);
    (words, 1u32..9).prop_map(|(word, line)| Some(Text::new(word, at(line))))
}

fn words() -> impl Strategy<Value = Vec<Text>> {
    prop::collection::vec(word(), 0..3).prop_map(|words| words.into_iter().flatten().collect())
}

/// One row of any kind, made of random words.
fn fill_one(builder: &mut SnapshotBuilder, kind: u8, w: &[Option<Text>], lists: &[Vec<Text>]) {
    let one = |index: usize| w[index].clone();
    let many = |index: usize| lists[index].clone();
    match kind {
        0 => builder.guest(GuestRow {
            at: at(1),
            id: one(0),
            uuid: one(1),
            name: one(2),
            macs: many(0),
            addresses: many(1),
            home_addresses: many(2),
            host: one(3),
            state: one(4),
            state_since: one(5),
            owner: one(6),
            tags: many(1),
            groups: many(2),
            created: one(5),
            expires: one(7),
            parent: one(6),
        }),
        1 => builder.host(HostRow {
            at: at(1),
            id: one(0),
            name: one(2),
            macs: many(0),
            vteps: many(1),
            attachments: vec![AttachmentRow { at: at(1), switch: one(3), port: one(4) }],
            management: one(5),
            state: one(4),
            site: one(6),
            subnets: many(2),
            parent: one(7),
        }),
        2 => builder.switch(SwitchRow {
            at: at(1),
            id: one(0),
            name: one(1),
            management: one(2),
            known_as: many(0),
            port_aliases: Vec::new(),
            ports: many(1),
            uplinks: many(2),
        }),
        3 => builder.subnet(SubnetRow {
            at: at(1),
            prefix: one(0),
            vlan: one(1),
            site: one(2),
            purpose: one(3),
        }),
        4 => builder.known_station(KnownStationRow { at: at(1), mac: one(0), name: one(1), ttl: one(2) }),
        5 => builder.scheduled_work(ScheduledWorkRow {
            at: at(1),
            reference: one(0),
            who: one(1),
            guests: many(0),
            hosts: many(1),
            switches: many(2),
            groups: many(0),
            tags: many(1),
            from: one(2),
            to: one(3),
            recurrence: one(4),
        }),
        6 => builder.node(NodeRow { at: at(1), id: one(0), kind: one(1), name: one(2), parent: one(3) }),
        _ => builder.guest_prefix(GuestPrefixRow { at: at(1), prefix: one(0), label: one(1) }),
    }
}

proptest! {
    #[test]
    fn any_rows_give_a_consistent_snapshot(
        rows in prop::collection::vec(
            (0u8..8, prop::collection::vec(word(), 8), prop::collection::vec(words(), 3)),
            0..40,
        )
    ) {
        let fill = |builder: &mut SnapshotBuilder| {
            for (kind, w, lists) in &rows {
                fill_one(builder, *kind, w, lists);
            }
        };
        let first = built(fill);
        let snapshot = &first.snapshot;
        // The same rows give the same snapshot and the same problems.
        let second = built(fill);
        prop_assert!(diff(snapshot, &second.snapshot).is_empty());
        prop_assert_eq!(&first.problems, &second.problems);
        // Ids are unique, sorted and found.
        for (index, guest) in snapshot.indexed_guests() {
            prop_assert_eq!(snapshot.guest_by_id(&guest.id), Some(index));
            prop_assert!(!guest.macs.is_empty() || !guest.home_addresses.is_empty());
            for mac in &guest.macs {
                prop_assert!(mac.is_station());
                prop_assert!(snapshot.guests_by_mac(*mac).contains(&index));
            }
            if let Some(host) = guest.host {
                prop_assert!(snapshot.guests_on(host).contains(&index));
            }
            prop_assert!(snapshot.hierarchy_path(PathOf::Guest(index)).len() <= snapshot.nodes().len());
        }
        for (index, host) in snapshot.indexed_hosts() {
            prop_assert_eq!(snapshot.host_by_id(&host.id), Some(index));
            for port in &host.attachments {
                prop_assert!(snapshot.hosts_at(port).contains(&index));
            }
        }
        for view in View::ALL {
            let table = snapshot.view(view);
            prop_assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        }
    }

    #[test]
    fn the_longest_prefix_is_what_a_naive_search_finds(
        subnets in prop::collection::vec((0u8..4, 0u8..4, 0u8..=32, any::<bool>()), 0..20),
        probes in prop::collection::vec((0u8..4, 0u8..4, any::<bool>()), 1..20),
    ) {
        let v4 = |a: u8, b: u8| format!("10.{a}.{b}.0");
        let v6 = |a: u8, b: u8| format!("a{a:x}0{b:x}::");
        let snapshot = built(|builder| {
            for (a, b, len, is_v4) in &subnets {
                let addr = if *is_v4 { v4(*a, *b) } else { v6(*a, *b) };
                builder.subnet(SubnetRow {
                    prefix: text(&format!("{addr}/{len}")),
                    ..SubnetRow::default()
                });
            }
        })
        .snapshot;
        for (a, b, is_v4) in probes {
            let addr: IpAddr = if is_v4 { v4(a, b) } else { v6(a, b) }.parse().unwrap();
            let naive = snapshot
                .subnets()
                .iter()
                .filter(|subnet| subnet.prefix.contains(addr))
                .max_by_key(|subnet| subnet.prefix.prefix_len());
            prop_assert_eq!(snapshot.subnet_of(addr), naive);
        }
    }

    #[test]
    fn the_longest_guest_prefix_counts(
        prefixes in prop::collection::btree_set((0u8..4, 1u8..=48), 1..10),
        probe in 0u8..4,
    ) {
        let base = |octet: u8| MacAddr::new([0x52, 0x54, octet, 0, 0, 0]);
        let snapshot = built(|builder| {
            for (octet, bits) in &prefixes {
                builder.guest_prefix(GuestPrefixRow {
                    prefix: text(&format!("{}/{bits}", base(*octet))),
                    label: text("x"),
                    ..GuestPrefixRow::default()
                });
            }
        })
        .snapshot;
        let naive = prefixes
            .iter()
            .map(|(octet, bits)| MacPrefix::new(base(*octet), *bits))
            .filter(|prefix| prefix.contains(base(probe)))
            .map(MacPrefix::bits)
            .max();
        let found = snapshot.guest_prefix(base(probe)).map(|known| known.prefix.bits());
        prop_assert_eq!(found, naive);
    }
}
