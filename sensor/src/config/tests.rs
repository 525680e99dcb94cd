use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rollcall_core::audit::{AuditSettings, Kind};
use rollcall_core::decode::{GreKey, Service};
use rollcall_core::presence::{AckRule, PresenceSettings};
use rollcall_core::types::{CapturePointId, Confidence, Coverage, Direction, DomainId, Limits, LinkType};

use super::*;
use crate::sources::files::Kind as RecordKind;
use crate::text::report::{Style, write_count, write_problems};

fn clean(text: &str) -> Config {
    let parsed = Config::from_text(text, "rollcall.yaml", Path::new("/etc/rollcall"));
    assert_eq!(parsed.problems, []);
    parsed.config
}

#[test]
fn bad_configurations_get_their_exact_diagnostics() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/testdata");
    for name in ["all-wrong", "not-a-mapping"] {
        let path = dir.join(format!("{name}.yaml"));
        let text = fs::read_to_string(&path).unwrap();
        let parsed = Config::from_text(&text, &format!("{name}.yaml"), Path::new(""));
        let mut out = Vec::new();
        write_problems(&mut out, &parsed.problems, &parsed.excerpts, Style::Plain).unwrap();
        write_count(&mut out, &parsed.problems).unwrap();
        let found = String::from_utf8(out).unwrap();
        let beside = path.with_extension("txt");
        if std::env::var_os("ROLLCALL_BLESS").is_some() {
            fs::write(&beside, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&beside).unwrap_or_default(), "{name}");
    }
}

#[test]
fn an_empty_text_is_the_default() {
    let config = clean("");
    assert_eq!(config, Config::default());
    assert_eq!(config.presence, PresenceSettings::default());
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.audit.start_up_grace, config.presence.ttl);
    assert_eq!(config.audit, AuditSettings::default());
}

#[test]
fn settings_reach_their_places() {
    let config = clean(
        "presence: {ttl: 1h30m, max-stations: 2_048, require-ack: true, router-at: 8}\n\
         audit: {kinds: {unknown-station: off}, ignore: {stations: [\"02:42\"], addresses: [10.0.0.0/8]}}\n\
         tick: 500ms\n",
    );
    assert_eq!(config.presence.ttl, Duration::from_secs(5_400));
    assert_eq!(config.presence.tick, Duration::from_millis(500));
    assert_eq!(config.presence.ack_rule, AckRule::Required);
    assert_eq!(config.limits.stations_max, 2_048);
    assert_eq!(config.limits.router_at, 8);
    assert_eq!(config.audit.start_up_grace, config.presence.ttl);
    assert_eq!(config.audit.off, [Kind::UnknownStation]);
    assert_eq!(config.audit.ignored_stations.len(), 1);
    assert_eq!(config.audit.ignored_addresses.len(), 1);
}

#[test]
fn ports_take_the_place_of_those_of_their_service() {
    let config = clean("decode: {vxlan-ports: [4789, 14789], geneve-ports: []}");
    let ports = &config.decode.ports;
    assert_eq!(ports.service(14_789), Some(Service::Vxlan));
    assert_eq!((ports.service(8472), ports.service(6081)), (None, None));
    assert_eq!(ports.service(1813), Some(Service::Accounting));
    assert_eq!(ports.service(67), Some(Service::Dhcp));
    assert_eq!(config.decode.gre_key, GreKey::Whole);
    assert_eq!(clean("decode: {gre-key: nvgre}").decode.gre_key, GreKey::Nvgre);
    let many: Vec<String> = (20_000..20_030).map(|port: u16| port.to_string()).collect();
    let text = format!("decode: {{vxlan-ports: [{}]}}", many.join(", "));
    let parsed = Config::from_text(&text, "rollcall.yaml", Path::new(""));
    assert_eq!(parsed.problems.len(), 1);
    assert_eq!(parsed.problems[0].code, "RC0110");
}

#[test]
fn inventories_are_relative_to_the_configuration() {
    let config = clean(
        "recorded:\n  files: [inventory.yaml, {path: /srv/x.csv, kind: hosts, columns: {id: Name}}]\n  \
         guest-prefixes: [{prefix: \"52:54:00\", label: QEMU}]\n",
    );
    let [first, second] = config.recorded.files.as_slice() else {
        panic!("two files");
    };
    assert_eq!(first.path, PathBuf::from("/etc/rollcall/inventory.yaml"));
    assert_eq!((second.path.as_path(), second.kind), (Path::new("/srv/x.csv"), Some(RecordKind::Hosts)));
    assert_eq!(second.columns.get("id").map(String::as_str), Some("Name"));
    assert_eq!(config.recorded.guest_prefixes.map(|list| list.len()), Some(1));
}

const POINTS: &str = "
capture-points:
  - name: tor-1-eth1
    direction: ingress
    mirrors: {ports: [tor-1:eth1], hosts: [hv-01]}
    coverage: mirrored
  - name: lab
    match: {file: \"lab-*.pcap\"}
    domain: lab
    coverage: everything
  - name: both
    match: {interface: \"eth?\", file: \"day.pcapng\"}
    domain: other
  - name: lab too
    match: {interface: \"*\"}
    domain: lab
";

#[test]
fn capture_points_say_what_they_mirror() {
    let config = clean(POINTS);
    let points: Vec<_> = config.capture_points.iter().map(|rule| &rule.point).collect();
    assert_eq!(points[0].direction, Direction::Ingress);
    assert_eq!(points[0].confidence(), Confidence::ExactPort);
    assert_eq!(points[0].coverage, Coverage::Mirrored);
    assert_eq!(points[1].coverage, Coverage::Everything);
    assert_eq!(points[2].coverage, Coverage::Unstated);
    let domains: Vec<DomainId> = points.iter().map(|point| point.domain).collect();
    assert_eq!(domains, [DomainId(0), DomainId(1), DomainId(2), DomainId(1)]);
}

#[test]
fn the_first_capture_point_that_fits_counts() {
    let config = clean(POINTS);
    let check = |file, interface, description, expected: Option<u16>| {
        let captured = Captured { file, interface, description, linktype: LinkType::ETHERNET };
        let expected = expected.map(CapturePointId);
        assert_eq!(config.point_for(&captured), expected, "{captured:?}");
    };
    check("x.pcapng", Some("tor-1-eth1"), None, Some(0));
    check("x.pcapng", Some("0"), Some("tor-1-eth1"), Some(0));
    check("/data/lab-1.pcap", None, None, Some(1));
    check("day.pcapng", Some("eth0"), None, Some(2));
    check("night.pcapng", Some("eth0"), None, Some(3));
    check("night.pcap", None, None, None);
}

proptest! {
    #[test]
    fn any_text_gives_a_configuration_within_bounds(
        text in "(capture-points|recorded|presence|audit|kinds|ttl|tick|name|match|mirrors|files|: |\n  |- |[\\[\\]{},\n\"&*]|off|1s|9d|a){0,40}"
    ) {
        let parsed = Config::from_text(&text, "random.yaml", Path::new(""));
        let lines = u32::try_from(text.split('\n').count()).unwrap();
        for problem in &parsed.problems {
            prop_assert!(problem.place.line <= lines, "{:?}", problem);
        }
        prop_assert!(parsed.config.presence.ttl >= Duration::from_secs(1));
        prop_assert!(parsed.config.presence.announced_move_settle <= parsed.config.presence.move_settle);
    }
}
