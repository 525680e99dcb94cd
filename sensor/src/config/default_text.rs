use std::fmt::Write as _;

use super::decoding;
use super::settings::{Holds, SETTINGS, Setting};

const HEAD: &str = "\
# Configuration of Rollcall. Every setting is optional; those below without a leading `#` show their defaults.
# Durations are whole numbers with units, largest first: 300s, 5m, 1h30m (d, h, m, s, ms). Unknown keys are errors.
";

/// What stands in a list, for which there is no default but the empty one.
const POINTS: &str = "
# What each tap mirrors. An interface or capture file that none of them matches is a capture point of its own, of
# which nothing is known but that it sees. Of several that match the first counts.
#
#   name       Required. What output and metrics call it.
#   interface  The interface that `rollcall run` captures from. Without one the point is for capture files only.
#   filter     What is captured there, as for tcpdump; this machine never sees the rest. Default: everything.
#   match      Which it is: the name or description of an interface (also of a pcapng file), the name or path of a
#              capture file, or both. `*` stands for any characters, `?` for one. Default: the interface called
#              as `interface` says, else as `name` does.
#   domain     The layer-2 domain: one MAC address in two domains is two stations. Default: default.
#   direction  What the mirror copies, seen from the switch: ingress (frames that enter it, whose sender is behind
#              the mirrored port), egress, or both. Default: both.
#   mirrors    The mirrored switch ports, and the ids of hosts where these rather than ports are known.
#   site       The site, for subnets.
#   coverage   Whose silence it vouches for: mirrored (the hosts at the mirrored ports, and those named),
#              everything (every host of the inventory) or none. Default: none.
#   learn-for  How long from its first frame on it learns who is there: strangers that it meets by then are learned,
#              listed for review, and no discrepancy. Default: not at all.
#
";

const POINTS_EXAMPLE: &str = "\
capture-points:
  - name: tor-1-eth1
    interface: eth1
    filter: not port 4739
    match: {interface: tor-1-eth1}
    domain: default
    direction: ingress
    mirrors: {ports: [{switch: tor-1, port: eth1}], hosts: [hv-01]}
    site: dc1
    coverage: mirrored
    learn-for: 7d
  - name: lab
    match: {file: \"lab-*.pcap\"}
";

const RECORDED: &str = "
# What the inventories claim.
#
#   files           Inventories: YAML, JSON and CSV, in any number. Paths are relative to this file. For a CSV file
#                   `kind` says what it lists (guests, hosts, switches, subnets, known-stations, scheduled-work,
#                   hierarchy, guest-prefixes) and `columns` what its columns are called, where that differs. Each is
#                   a source: `name` is what it is called, `precedence` whose word counts where two contradict each
#                   other (the higher number; of equals the first), `stale-after` how long after it was read it is
#                   stale (never, where it is not set).
#   guest-prefixes  First octets of MAC addresses that only guests have; a length in bits may follow. They replace
#                   the built-in ones: 52:54:00 QEMU/KVM, 00:50:56 and 00:0c:29 VMware, 00:16:3e Xen, 00:15:5d
#                   Hyper-V, 00:1c:42 Parallels, 08:00:27 VirtualBox, 02:42 Docker.
#
";

const RECORDED_EXAMPLE: &str = "\
recorded:
  files:
    - inventory.yaml
    - {path: guests.csv, kind: guests, columns: {id: \"VM Name\", macs: \"MAC Address\"}}
    - {path: cmdb.yaml, name: cmdb, precedence: 10, stale-after: 1d}
  guest-prefixes:
    - {prefix: \"52:54:00\", label: QEMU/KVM}
";

const DECODE: &str = "
# Which UDP ports are read as what else than data. A list takes the place of the one shown; [] reads none. DHCP, DHCPv6,
# Mobile IPv4 and MPLS are read at their assigned ports. At most 32 ports in all.
decode:
";

const GRE_KEY: &str = "  # What names the network of a frame in GRE: the whole key, or, with nvgre, its upper 24 bits; the rest is then a flow
  # (RFC 7637). The packets of both look alike. One of: whole, nvgre.
  gre-key: whole
";

const RULES: &str = "  # Rules for some guests. A selection means guests that fit one of each list that it has: ids or names, hosts,
  # groups or nodes of the hierarchy, tags; `*` and `?` as usual. `stations` are the first octets of strangers, for
  # muting.
  #   graces   Other graces; of several rules the first that says something counts.
  #   exclude  Guests that nothing is said about, such as placeholders of replicas.
  #   mute     What nobody wants to hear of: it opens muted. `kinds` and `until` may be left out.
";

const RULES_EXAMPLE: &str = "  graces:
    - {match: {tags: [batch]}, silence-grace: 1h, zombie-grace: 10m, record-lag: 5m, start-up-grace: 30m}
  exclude:
    - {guests: [\"*-replica\"]}
  mute:
    - {match: {hosts: [hv-lab-*]}, kinds: [silent-guest], until: 2026-12-31T00:00:00Z}
";

const IGNORE: &str = "  # What no discrepancy is about: stations by MAC address or its first octets, and addresses or prefixes that never
  # conflict, such as those of anycast gateways.
";

const IGNORE_EXAMPLE: &str = "  ignore:
    stations: [\"00:00:5e:00:01:01\", \"02:00:00\"]
    addresses: [10.1.0.1, 169.254.0.0/16]
";

const TTLS: &str = "
  # Who lives for another time than `ttl`: the first rule counts whose lists all fit; an empty list fits everybody. A
  # known station with a `ttl` of its own in the inventory lives by that.
  #
  #   stations        MAC addresses or their first octets.
  #   subnets         Prefixes of the source address of its packets.
  #   vlans           VLAN identifiers, of any tag of the frame.
  #   capture-points  Names of capture points.
  #
";

const TTLS_EXAMPLE: &str = "  ttls:
    - {match: {stations: [\"00:1b:a9\"]}, ttl: 1h}
    - {match: {subnets: [10.20.0.0/16], vlans: [30]}, ttl: 15m}
";

const STREAMS: &str = "
  # From when on posts are carried to the parent's stream, for each kind of stream: the weight of the likes, the
  # share of the members below who report it (three at least), or both, whichever is reached first. `host` stands
  # for devices and guests as well, `group` for all others; a word of the hierarchy, as rack, has its own.
  promote-at:
    host: [10, 50%]
    group: [20, 50%]

  # Which posts go to a topic's stream instead of where they would stand, by the stream's owner, the kind of author,
  # words, a hashtag. Everything that a route names must fit; the first route that fits counts.
";

const STREAMS_EXAMPLE: &str = "  routes:
    - {topic: guest disk, author: guest, words: [disk, storage]}
    - {topic: network, stream: hv-01, hashtag: address-conflict}
  groups:
    - {group: mail, tagged: exchange}
    - {group: upstairs, below: rack-1}
";

const GROUPS: &str = "
  # Groups whose members are found by rule: guests that carry a tag, guests below a host or node.
";

const WORKFLOW: &str = "
  # Folders and files of rules, relative to this file; the shipped ones where there are none. And whom no workflow
  # may stop or disturb, whatever a rule says: guests by id, host, group, tag or MAC address.
";

const WORKFLOW_EXAMPLE: &str = "  rules: [rules]
  protect:
    guests: [db-01]
    tags: [production]
    macs: [\"52:54:00:aa\"]
";

/// The default of `audit.start-up-grace` is another setting's value, so it is printed as a comment.
const FOLLOWS_ANOTHER: &str = "audit.start-up-grace";

/// Returns the configuration file that says what holds without one, with every setting explained.
pub fn default_text() -> String {
    let mut text = HEAD.to_owned();
    text.push_str(POINTS);
    example(&mut text, POINTS_EXAMPLE);
    line(&mut text, "capture-points: []");
    text.push_str(RECORDED);
    example(&mut text, RECORDED_EXAMPLE);
    line(&mut text, "recorded:\n  files: []");
    text.push_str(DECODE);
    for (key, service) in decoding::LISTS {
        let ports: Vec<String> = decoding::defaults(service).map(|port| port.to_string()).collect();
        line(&mut text, &format!("  {key}: [{}]", ports.join(", ")));
    }
    text.push_str(GRE_KEY);
    let mut section = "";
    for setting in SETTINGS {
        if setting.section() != section {
            if section == "presence" {
                text.push_str(TTLS);
                example(&mut text, TTLS_EXAMPLE);
            }
            if section == "workflow" {
                text.push_str(WORKFLOW);
                example(&mut text, WORKFLOW_EXAMPLE);
            }
            if section == "audit.kinds" {
                text.push('\n');
                text.push_str(RULES);
                example(&mut text, RULES_EXAMPLE);
                text.push_str(IGNORE);
                example(&mut text, IGNORE_EXAMPLE);
            }
            if section == "streams.weights" {
                lists_of_streams(&mut text);
            }
            open_section(&mut text, setting);
            section = setting.section();
        } else if !section.contains('.') {
            text.push('\n');
        }
        let indent = "  ".repeat(section.split('.').filter(|part| !part.is_empty()).count());
        comment(&mut text, &indent, setting);
        let mark = if setting.path == FOLLOWS_ANOTHER { "# " } else { "" };
        line(&mut text, &format!("{indent}{mark}{}: {}", setting.key(), setting.default));
    }
    text
}

/// Writes what the section `streams` holds beside settings with one value.
fn lists_of_streams(text: &mut String) {
    text.push_str(STREAMS);
    let (routes, groups) = STREAMS_EXAMPLE.split_at(STREAMS_EXAMPLE.find("  groups:").unwrap_or(0));
    example(text, routes);
    text.push_str(GROUPS);
    example(text, groups);
}

/// Writes an example as a comment.
fn example(text: &mut String, example: &str) {
    let indent = if example.starts_with(' ') { "  " } else { "" };
    for shown in example.lines() {
        let shown = shown.strip_prefix(indent).unwrap_or(shown);
        line(text, &format!("{indent}# {shown}"));
    }
}

fn open_section(text: &mut String, first: &Setting) {
    text.push('\n');
    match first.section() {
        "" => {}
        "presence" => line(text, "# How evidence becomes belief: who is present, where.\npresence:"),
        "capture" => line(text, "# How `rollcall run` captures from interfaces.\ncapture:"),
        "run" => line(text, "# What the process of `rollcall run` is.\nrun:"),
        "http" => line(text, "# Metrics and health over HTTP, of `rollcall run`.\nhttp:"),
        "log" => line(text, "# Its log, on standard error.\nlog:"),
        "output" => line(text, "# What it tells, and where.\noutput:"),
        "streams" => {
            line(text, "# Who is told: posts, likes, and what is carried up to the administrators.\nstreams:")
        }
        "streams.weights" => line(
            text,
            "\n  # What a like weighs: the severity of what is reported, times the standing of who likes.\n  weights:",
        ),
        "history" => {
            line(text, "# What is written to the store that `rollcall replay --store` names.\nhistory:")
        }
        "workflow" => line(text, "# What is done about differences: rules, and what they may do.\nworkflow:"),
        "audit" => line(text, "# How belief is held against the records.\naudit:"),
        "presence.address-events" => line(
            text,
            "\n  # Which news of addresses are listed one by one: on or off. All are counted.\n  address-events:",
        ),
        _ => line(text, "  # Which kinds of differences are looked for: on or off.\n  kinds:"),
    }
}

/// Writes what a setting means and its range, wrapped.
fn comment(text: &mut String, indent: &str, setting: &Setting) {
    let range = match setting.section() {
        section if section.contains('.') => String::new(),
        _ if matches!(setting.holds, Holds::Text(_)) => String::new(),
        _ => format!(" Range: {}.", setting.range()),
    };
    let mut current = format!("{indent}#");
    for word in format!("{}{range}", setting.doc).split_whitespace() {
        if current.len() + 1 + word.len() > 110 {
            line(text, &current);
            current = format!("{indent}#");
        }
        current.push(' ');
        current.push_str(word);
    }
    line(text, &current);
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes whatever is written");
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::*;

    #[test]
    fn the_printed_default_is_the_default() {
        let parsed = Config::from_text(&default_text(), "default.yaml", Path::new(""));
        assert_eq!(parsed.problems, []);
        assert_eq!(parsed.config, Config::default());
    }

    #[test]
    fn every_setting_is_printed_once_with_its_meaning() {
        let text = default_text();
        for setting in SETTINGS {
            let key = format!("{}: {}\n", setting.key(), setting.default);
            assert_eq!(
                text.matches(&format!(" {key}")).count() + text.matches(&format!("\n{key}")).count(),
                1,
                "{key}"
            );
        }
        assert!(text.lines().all(|line| line.len() <= 120), "lines fit a page");
    }

    /// What is shown as a comment is valid, too.
    #[test]
    fn the_examples_are_valid() {
        let examples = format!(
            "{POINTS_EXAMPLE}{RECORDED_EXAMPLE}presence:\n{TTLS_EXAMPLE}audit:\n{RULES_EXAMPLE}{IGNORE_EXAMPLE}streams:\n{STREAMS_EXAMPLE}workflow:\n{WORKFLOW_EXAMPLE}"
        );
        let parsed = Config::from_text(&examples, "examples.yaml", Path::new("/etc"));
        assert_eq!(parsed.problems, []);
        assert_eq!(parsed.config.capture_points.len(), 2);
        assert_eq!(parsed.config.recorded.files.len(), 3);
        assert_eq!(parsed.config.audit.graces.len(), 1);
        assert_eq!(parsed.config.audit.mute.len(), 1);
        assert_eq!(parsed.config.audit.ignored_stations.len(), 2);
        assert_eq!(parsed.config.ttl_rules.len(), 2);
        assert_eq!((parsed.config.streams.routes.len(), parsed.config.streams.groups.len()), (2, 2));
        let text = default_text();
        for line in examples
            .lines()
            .filter(|line| !matches!(*line, "audit:" | "presence:" | "streams:" | "workflow:"))
        {
            assert!(
                text.contains(&format!("# {}", line.strip_prefix("  ").unwrap_or(line)))
                    || text.contains(&format!("# {line}")),
                "{line}"
            );
        }
    }
}
