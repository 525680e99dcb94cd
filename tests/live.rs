//! The program on real interfaces: pairs of virtual ones in network namespaces.
//!
//! Needs root; where that is not to be had each test says so and is skipped.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;
use rollcall_tests::lab::{Lab, Program, wait};
use rollcall_tests::{find_program, frames_of, replay, root, skip};
use serde_json::Value;

/// Where the program under test answers, in a namespace of its own.
const PORT: u16 = 9477;

fn sensor() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_sensor"))
}

/// Makes a lab, or says why there is none.
fn lab() -> Option<Lab> {
    match Lab::try_new() {
        Ok(lab) => Some(lab),
        Err(error) => {
            skip(&format!("{error:#}: the program was not tried on real interfaces"));
            None
        }
    }
}

/// Both ways to capture.
const BACKENDS: [&str; 2] = ["pcap", "xdp"];

/// Starts the program on the far end by libpcap and waits until it captures.
fn start(lab: &Lab, arguments: &[&str]) -> Result<Program> {
    start_by("pcap", lab, arguments)
}

/// Starts the program on the far end and waits until it captures.
fn start_by(backend: &str, lab: &Lab, arguments: &[&str]) -> Result<Program> {
    let interface = ["run", "-i", Lab::FAR, "--backend", backend];
    let program = lab.start(sensor(), &[&interface[..], arguments].concat())?;
    lab.wait_for(PORT, "/readyz", 200)?;
    Ok(program)
}

/// The value of a metric by its name and labels as they are printed.
fn metric(lab: &Lab, name: &str) -> Result<f64> {
    let (_, text) = lab.get(PORT, "/metrics")?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(line.unwrap_or("0").parse()?)
}

/// Nothing is waited for: whoever should be told is told at once.
const CONFIG: &str = "\
capture-points:
  - name: mirror
    interface: far
    match: {file: \"sent.pcap\"}
    direction: ingress
    mirrors: {hosts: [hv-01]}
    coverage: everything
audit: {record-lag: 0s, zombie-grace: 0s, confirm-after: 0s}
";

/// Captures whose stations and differences do not depend on how long they took.
const TIMELESS: [&str; 9] = [
    "address-conflict",
    "dhcp-lease",
    "geneve-and-gre",
    "neighbours",
    "overlapping-networks",
    "tags",
    "unknown-guest",
    "vxlan-guests",
    "zombie-guest",
];

/// Writes frames as a capture, a millisecond apart.
fn write_pcap(path: &Path, frames: &[Vec<u8>]) -> Result<()> {
    let mut file = fs::File::create(path)?;
    let head = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1];
    file.write_all(&head.map(u32::to_le_bytes).concat())?;
    for (index, frame) in (0_u32..).zip(frames) {
        let len = u32::try_from(frame.len())?;
        let record = [1_795_250_000 + index / 1_000, index % 1_000 * 1_000, len, len];
        file.write_all(&record.map(u32::to_le_bytes).concat())?;
        file.write_all(frame)?;
    }
    Ok(())
}

/// What a report says that does not depend on when: stations, claims of addresses, and all differences that ever were.
fn findings(report: &str, backend: &str) -> BTreeSet<String> {
    let records = report.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON lines"));
    let said = records.filter_map(|record| {
        let fields: &[&str] = match record["type"].as_str()? {
            "station" => &["mac", "vlans", "domain", "overlay", "recorded_as", "frames"],
            "binding" => &["address", "mac", "vlans", "domain", "overlay", "strength"],
            "discrepancy" => &["key", "severity", "recorded"],
            _ => return None,
        };
        let values = fields.iter().map(|field| record[field].to_string());
        Some(format!("{} {}", record["type"], values.collect::<Vec<_>>().join(" ")))
    });
    // Who is silent depends on nothing but time.
    let said = said.filter(|said| !said.contains("silent-guest"));
    // The kernel counts frames by itself, and those that it handed over may be among them.
    let without_frames = |said: String| match said.rsplit_once(' ') {
        Some((but_frames, _)) if backend == "xdp" && said.starts_with("\"station\"") => but_frames.to_owned(),
        _ => said,
    };
    said.map(without_frames).collect()
}

#[test]
fn a_live_run_finds_what_the_replay_finds() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    let mut frames = Vec::new();
    for name in TIMELESS {
        let capture = root().join(format!("pcaps/{name}.pcapng"));
        // What is shorter than Ethernet allows is padded on its way, and other link types cannot be sent.
        let sent = frames_of(&capture, usize::MAX)?.into_iter().map(|frame| frame.bytes);
        frames.extend(sent.filter(|bytes| (14..=1_514).contains(&bytes.len())));
    }
    write_pcap(&lab.file("sent.pcap"), &frames)?;
    let config = lab.write("config.yaml", CONFIG)?;
    let inventories =
        ["tests/place/network.yaml", "tests/cases/zombie-guest/inventory.yaml"].map(|path| root().join(path));
    let mut known = vec!["-c", config.to_str().expect("a path of ours")];
    for inventory in &inventories {
        known.extend(["--inventory", inventory.to_str().expect("a path of ours")]);
    }
    let sent = lab.file("sent.pcap");
    let replayed =
        replay(&[&[sent.to_str().expect("a path of ours"), "-o", "jsonl", "--all"], &known[..]].concat())?;
    let expected = findings(&replayed.output, "pcap");
    assert!(expected.iter().filter(|said| said.contains("discrepancy")).count() >= 4, "{expected:#?}");
    for (backend, workers) in BACKENDS.into_iter().flat_map(|backend| [(backend, "1"), (backend, "2")]) {
        let report = lab.file("report.jsonl");
        let report_path = report.to_str().expect("a path of ours");
        let more = ["--report", report_path, "--workers", workers, "--events", "none"];
        let mut program = start_by(backend, &lab, &[&known[..], &more].concat())?;
        lab.send(&frames, 1)?;
        assert_eq!(program.stop()?, 0, "{:?}", program.said());
        let expected = findings(&replayed.output, backend);
        let found = findings(&fs::read_to_string(&report)?, backend);
        let lacks: Vec<_> = expected.difference(&found).collect();
        let invents: Vec<_> = found.difference(&expected).collect();
        assert!(
            lacks.is_empty() && invents.is_empty(),
            "{backend}, {workers} workers: lacks {lacks:#?}\ninvents {invents:#?}"
        );
    }
    Ok(())
}

/// A frame of a station that nobody recorded.
fn stranger(last: u8) -> Vec<u8> {
    let mut frame = vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0xaa, 0, last];
    frame.extend([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1, 0x52, 0x54, 0, 0xaa, 0, last, 10, 9, 9, last]);
    frame.extend([0, 0, 0, 0, 0, 0, 10, 9, 9, 254]);
    frame.resize(60, 0);
    frame
}

#[test]
fn an_interface_that_was_gone_is_opened_again() -> Result<()> {
    BACKENDS.into_iter().try_for_each(gone_and_opened_again)
}

fn gone_and_opened_again(backend: &str) -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    let mut program = start_by(backend, &lab, &["--events", "none"])?;
    let blind =
        |cause| metric(&lab, &format!("rollcall_capture_blind{{capture_point=\"far\",cause=\"{cause}\"}}"));
    lab.ip(&["link", "set", Lab::NEAR, "down"])?;
    assert!(lab.wait_for(PORT, "/readyz", 503)?.contains("capture point far: the link is down"));
    wait(|| blind("link-down").is_ok_and(|blind| blind == 1.0))?;
    lab.ip(&["link", "set", Lab::NEAR, "up"])?;
    lab.wait_for(PORT, "/readyz", 200)?;
    lab.send(&[stranger(1)], 0)?;
    lab.ip(&["link", "del", Lab::FAR])?;
    assert!(lab.wait_for(PORT, "/readyz", 503)?.contains("the interface is gone"));
    wait(|| blind("interface-lost").is_ok_and(|blind| blind == 1.0))?;
    lab.make_pair()?;
    lab.wait_for(PORT, "/readyz", 200)?;
    lab.send(&[stranger(2)], 0)?;
    wait(|| metric(&lab, "rollcall_presence_stations{kind=\"mac\"}").is_ok_and(|count| count == 2.0))?;
    assert_eq!(metric(&lab, "rollcall_capture_opens_total{capture_point=\"far\"}")?, 2.0);
    assert_eq!(program.stop()?, 0);
    let [_, log] = program.said();
    let told = ["link is down", "link is up again", "capture lost; it is tried again", "capture runs"];
    for line in told {
        assert_eq!(log.matches(line).count(), 1, "one line a change: {line}\n{log}");
    }
    Ok(())
}

#[test]
fn nothing_is_sent_on_a_capture_interface() -> Result<()> {
    BACKENDS.into_iter().try_for_each(nothing_is_sent_by)
}

fn nothing_is_sent_by(backend: &str) -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    let mut near = lab.listen()?;
    let mut program = start_by(backend, &lab, &["--events", "none"])?;
    lab.send(&(0..50).map(stranger).collect::<Vec<_>>(), 1)?;
    wait(|| metric(&lab, "rollcall_presence_stations{kind=\"mac\"}").is_ok_and(|count| count == 50.0))?;
    assert_eq!(program.stop()?, 0);
    // The listener hears what is sent there, or the test could not fail.
    let heard = |near: &mut pcap::Capture<pcap::Active>| {
        thread::sleep(Duration::from_millis(200));
        core::iter::from_fn(|| near.next_packet().ok().map(|packet| packet.data.to_vec())).collect::<Vec<_>>()
    };
    let sent = heard(&mut near);
    assert!(sent.is_empty(), "{sent:02x?}");
    lab.within(|| {
        let mut far = pcap::Capture::from_device(Lab::FAR)?.open()?;
        Ok(far.sendpacket(stranger(99))?)
    })?;
    assert_eq!(heard(&mut near), [stranger(99)]);
    Ok(())
}

#[test]
fn a_missing_right_is_named() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    // Nobody may look into the folder where the program was built.
    fs::set_permissions(lab.file("."), fs::Permissions::from_mode(0o755))?;
    let copy = lab.file("sensor");
    fs::copy(sensor(), &copy)?;
    let nobody = 65_534;
    let said = Command::new(&copy)
        .args(["run", "-i", "lo", "--listen", "127.0.0.1:0"])
        .uid(nobody)
        .gid(nobody)
        .stdin(Stdio::null())
        .output()?;
    let messages = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(4), "{messages}");
    assert!(
        messages.starts_with("error: open capture on `lo`: the capability CAP_NET_RAW is missing"),
        "{messages}"
    );
    assert_eq!(messages.lines().count(), 1, "{messages}");
    Ok(())
}

#[test]
fn an_interface_that_is_not_there_is_named_with_the_nearest() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    let mut program = lab.start(sensor(), &["run", "-i", "fra"])?;
    assert_eq!(program.wait()?, 4);
    assert!(program.said()[1].contains("no such interface (did you mean `far`?"), "{:?}", program.said());
    Ok(())
}

#[test]
fn the_threads_that_decode_have_no_rights() -> Result<()> {
    // CAP_NET_RAW; with it CAP_NET_ADMIN, CAP_PERFMON and CAP_BPF.
    has_no_rights("pcap", "0000000000002000")?;
    has_no_rights("xdp", "000000c000003000")
}

fn has_no_rights(backend: &str, of_the_tap: &str) -> Result<()> {
    const NONE: &str = "0000000000000000";
    let Some(lab) = lab() else { return Ok(()) };
    let mut program = start_by(backend, &lab, &["--workers", "2", "--events", "none"])?;
    let mut permitted = Vec::new();
    for task in fs::read_dir(format!("/proc/{}/task", program.id()))? {
        let status = fs::read_to_string(task?.path().join("status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim_start_matches(':').trim().replace('\t', " ")
        };
        assert_eq!(field("Uid"), "65534 65534 65534 65534");
        assert_eq!(field("NoNewPrivs"), "1");
        for set in ["CapEff", "CapInh", "CapBnd", "CapAmb"] {
            assert_eq!(field(set), NONE, "{set}");
        }
        permitted.push(field("CapPrm"));
    }
    permitted.sort_unstable();
    assert_eq!(permitted.pop().as_deref(), Some(of_the_tap), "the tap may open its interface again");
    assert!(permitted.len() >= 5 && permitted.iter().all(|set| set == NONE), "{permitted:?}");
    assert_eq!(program.stop()?, 0);
    Ok(())
}

#[test]
fn inventories_are_loaded_again_and_bad_ones_refused() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    fs::set_permissions(lab.file("."), fs::Permissions::from_mode(0o755))?;
    let guests = "guests:\n  - {id: other, macs: [\"52:54:00:aa:00:09\"], state: running}\n";
    let inventory = lab.write("inventory.yaml", guests)?;
    let config = lab.write("config.yaml", CONFIG)?;
    let words = ["-c", config.to_str().unwrap(), "--inventory", inventory.to_str().unwrap()];
    let mut program = start(&lab, &words)?;
    let open = "rollcall_audit_discrepancies_open{kind=\"unknown-guest\",severity=\"major\"}";
    lab.send(&[stranger(1)], 0)?;
    wait(|| metric(&lab, open).is_ok_and(|open| open == 1.0))?;

    lab.write("inventory.yaml", "guests:\n  - {id: one, macs: [nonsense]}\n")?;
    program.signal(Signal::SIGHUP)?;
    assert!(lab.wait_for(PORT, "/readyz", 503)?.contains("inventories: the last load was refused"));
    assert_eq!(metric(&lab, open)?, 1.0, "the former ones are in force");

    let both = format!("{guests}  - {{id: one, macs: [\"52:54:00:aa:00:01\"], state: running}}\n");
    lab.write("inventory.yaml", &both)?;
    program.signal(Signal::SIGHUP)?;
    lab.wait_for(PORT, "/readyz", 200)?;
    wait(|| metric(&lab, open).is_ok_and(|open| open == 0.0))?;
    assert_eq!(metric(&lab, "rollcall_recorded_rows{kind=\"guest\"}")?, 2.0);
    assert_eq!(program.stop()?, 0);
    let [events, log] = program.said();
    let changes: Vec<String> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("one JSON object a line"))
        .filter(|event| event["kind"] == "unknown-guest")
        .map(|event| event["change"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        (changes.first().map(String::as_str), changes.last().map(String::as_str)),
        (Some("opened"), Some("resolved"))
    );
    assert!(log.contains("the inventories are refused"), "{log}");
    Ok(())
}

#[test]
fn several_sockets_and_workers_take_each_frame_once() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    let config = lab.write("config.yaml", "capture: {sockets: 2}\nrun: {workers: 2}\n")?;
    let mut program = start(&lab, &["-c", config.to_str().unwrap(), "--events", "none"])?;
    let frames: Vec<Vec<u8>> = (0..2_000).map(|turn| stranger(u8::try_from(turn % 200).unwrap())).collect();
    lab.send(&frames, 0)?;
    let handled = "rollcall_capture_frames_total{capture_point=\"far\"}";
    wait(|| metric(&lab, handled).is_ok_and(|count| count >= 2_000.0))?;
    assert_eq!(metric(&lab, handled)?, 2_000.0);
    assert_eq!(metric(&lab, "rollcall_presence_stations{kind=\"mac\"}")?, 200.0);
    assert_eq!(metric(&lab, "rollcall_capture_opens_total{capture_point=\"far\"}")?, 2.0);
    wait(|| metric(&lab, "rollcall_queue_depth{queue=\"batches\"}").is_ok_and(|depth| depth == 0.0))?;
    assert_eq!(program.stop()?, 0);
    Ok(())
}

/// Whether an XDP program is on the far end.
fn has_program(lab: &Lab) -> Result<bool> {
    Ok(lab.ip_said(&["-d", "link", "show", Lab::FAR])?.contains("prog/xdp"))
}

#[test]
fn by_xdp_the_system_sees_no_frame_and_a_kill_leaves_nothing_behind() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    let program = start_by("auto", &lab, &["--events", "none"])?;
    assert!(has_program(&lab)?, "{:?}", program.said());
    let mut far = lab
        .within(|| Ok(pcap::Capture::from_device(Lab::FAR)?.immediate_mode(true).open()?.setnonblock()?))?;
    // New stations, then known ones, of which the kernel says no more than how many frames there were.
    let frames: Vec<Vec<u8>> = (0..3).cycle().take(300).map(stranger).collect();
    lab.send(&frames, 1)?;
    wait(|| {
        metric(&lab, "rollcall_capture_frames_total{capture_point=\"far\"}").is_ok_and(|count| count >= 300.0)
    })?;
    assert_eq!(metric(&lab, "rollcall_presence_stations{kind=\"mac\"}")?, 3.0);
    assert!(far.next_packet().is_err(), "the frames were dropped before anybody else saw them");
    program.signal(Signal::SIGKILL)?;
    drop(program);
    assert!(!has_program(&lab)?);
    lab.send(&[stranger(9)], 1)?;
    wait(|| far.next_packet().is_ok())?;
    Ok(())
}

#[test]
fn auto_leaves_interfaces_alone_that_this_machine_uses() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    lab.ip(&["addr", "add", "192.0.2.1/24", "dev", Lab::FAR])?;
    let mut program = start_by("auto", &lab, &["--events", "none"])?;
    assert!(!has_program(&lab)?);
    assert_eq!(program.stop()?, 0);
    let [_, log] = program.said();
    assert!(log.contains("backend=\"pcap\"") && log.contains("this machine talks there itself"), "{log}");
    let mut program = lab.start(sensor(), &["run", "-i", Lab::FAR, "--backend", "xdp"])?;
    assert_eq!(program.wait()?, 4);
    assert!(program.said()[1].contains("on-capture: pass"), "{:?}", program.said());
    Ok(())
}

#[test]
fn auto_leaves_the_programs_of_others_alone() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    let first = start_by("xdp", &lab, &["--events", "none"])?;
    let words = ["run", "-i", Lab::FAR, "--listen", "127.0.0.1:9478", "--events", "none", "--backend"];
    let mut refused = lab.start(sensor(), &[&words[..], &["xdp"]].concat())?;
    assert_eq!(refused.wait()?, 4);
    assert!(refused.said()[1].contains("another XDP program is there"), "{:?}", refused.said());
    let mut second = lab.start(sensor(), &[&words[..], &["auto"]].concat())?;
    lab.wait_for(9478, "/readyz", 200)?;
    assert_eq!(second.stop()?, 0);
    let [_, log] = second.said();
    assert!(log.contains("backend=\"pcap\"") && log.contains("another XDP program is there"), "{log}");
    assert!(has_program(&lab)?);
    drop(first);
    Ok(())
}

#[test]
fn a_filter_narrows_what_is_captured() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    let point = "capture-points: [{name: tap, interface: far, filter: \"ether src 52:54:00:aa:00:07\"}]\n";
    let config = lab.write("config.yaml", point)?;
    let mut program = lab.start(sensor(), &["run", "-c", config.to_str().unwrap(), "--events", "none"])?;
    lab.wait_for(PORT, "/readyz", 200)?;
    lab.send(&[stranger(1), stranger(7), stranger(2)], 1)?;
    let handled = "rollcall_capture_frames_total{capture_point=\"tap\"}";
    wait(|| metric(&lab, handled).is_ok_and(|count| count == 1.0))?;
    assert_eq!(program.stop()?, 0);
    let wrong = lab.write("wrong.yaml", &point.replace("ether src", "ether nonsense"))?;
    let mut program = lab.start(sensor(), &["run", "-c", wrong.to_str().unwrap()])?;
    assert_eq!(program.wait()?, 4);
    assert!(program.said()[1].contains("(write it as for tcpdump)"), "{:?}", program.said());
    Ok(())
}

/// The names of our metrics in a text.
fn metric_names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let ours = words.filter(|word| word.starts_with("rollcall_") || word.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

#[test]
fn rules_and_dashboard_name_only_metrics_that_are_there() -> Result<()> {
    let Some(lab) = lab() else { return Ok(()) };
    let inventory = root().join("tests/place/guests.yaml");
    let mut program = start(&lab, &["--inventory", inventory.to_str().unwrap(), "--events", "none"])?;
    let zero = "rollcall_capture_frames_total{capture_point=\"far\"} 0\n";
    assert!(lab.get(PORT, "/metrics")?.1.contains(zero), "nothing is a number as well");
    lab.send(&[stranger(1)], 0)?;
    wait(|| metric(&lab, "rollcall_presence_stations{kind=\"mac\"}").is_ok_and(|count| count == 1.0))?;
    let exported = metric_names(&lab.get(PORT, "/metrics")?.1);
    for file in ["rules/prometheus/alerts.yaml", "rules/prometheus/dashboard.json"] {
        let named = metric_names(&fs::read_to_string(root().join(file))?);
        let unknown: Vec<_> = named.difference(&exported).collect();
        assert!(named.len() > 5 && unknown.is_empty(), "{file}: {unknown:?}");
    }
    let dashboard: Value =
        serde_json::from_str(&fs::read_to_string(root().join("rules/prometheus/dashboard.json"))?)?;
    assert!(dashboard["panels"].as_array().is_some_and(|panels| panels.len() > 10));
    let manual = metric_names(&fs::read_to_string(root().join("sensor/docs/metrics.md"))?);
    let bases =
        exported.iter().filter(|name| !["_bucket", "_sum", "_count"].iter().any(|end| name.ends_with(end)));
    let untold: Vec<_> = bases.filter(|name| !manual.contains(*name)).collect();
    assert!(untold.is_empty(), "not in the manual: {untold:?}");
    assert_eq!(program.stop()?, 0);
    Ok(())
}

#[test]
fn the_alert_rules_say_what_they_should() -> Result<()> {
    let Some(promtool) = find_program("promtool") else {
        skip("promtool is not installed: the alert rules were not tested");
        return Ok(());
    };
    for words in [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"]] {
        let folder = root().join("rules/prometheus");
        let output = Command::new(&promtool).args(words).current_dir(folder).output()?;
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat())
        );
    }
    Ok(())
}

#[test]
fn a_real_prometheus_scrapes_and_alerts() -> Result<()> {
    let Some(prometheus) = find_program("prometheus") else {
        skip("prometheus is not installed: no real one scraped the sensor");
        return Ok(());
    };
    let Some(lab) = lab() else { return Ok(()) };
    let mut program = start(&lab, &["--events", "none"])?;
    lab.send(&[stranger(1), stranger(2)], 1)?;
    // The shipped rules, with less patience than an operator has.
    let rules =
        fs::read_to_string(root().join("rules/prometheus/alerts.yaml"))?.replace("for: 2m", "for: 1s");
    let rules = lab.write("alerts.yaml", &rules)?;
    let config = format!(
        "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [\"{}\"]\n\
         scrape_configs: [{{job_name: rollcall, static_configs: [{{targets: [\"127.0.0.1:{PORT}\"]}}]}}]\n",
        rules.display()
    );
    let config = lab.write("prometheus.yaml", &config)?;
    let [config, storage] = [config, lab.file("tsdb")].map(|path| path.display().to_string());
    let words = [
        format!("--config.file={config}"),
        format!("--storage.tsdb.path={storage}"),
        "--web.listen-address=127.0.0.1:9090".to_owned(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let _prometheus = lab.start_silently(&prometheus, &words)?;
    let asks = |query: &str, expected: &str| {
        let page = format!("/api/v1/query?query={query}");
        let answer = lab.get(9090, &page).map(|(_, body)| body).unwrap_or_default();
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        answer["data"]["result"][0]["value"][1] == expected
    };
    wait(|| asks("up%7Bjob=%22rollcall%22%7D", "1"))?;
    wait(|| asks("rollcall_presence_stations%7Bkind=%22mac%22%7D", "2"))?;
    lab.ip(&["link", "set", Lab::NEAR, "down"])?;
    wait(|| asks("ALERTS%7Balertname=%22RollcallBlind%22,alertstate=%22firing%22%7D", "1"))?;
    assert_eq!(program.stop()?, 0);
    wait(|| asks("ALERTS%7Balertname=%22RollcallDown%22,alertstate=%22firing%22%7D", "1"))?;
    Ok(())
}

#[test]
fn promtool_accepts_what_is_scraped() -> Result<()> {
    let Some(promtool) = find_program("promtool") else {
        skip("promtool is not installed: the metrics of a live run were not checked");
        return Ok(());
    };
    let Some(lab) = lab() else { return Ok(()) };
    let mut program = start(&lab, &["--events", "none"])?;
    lab.send(&[stranger(1)], 0)?;
    let (status, text) = lab.get(PORT, "/metrics")?;
    assert_eq!(status, 200);
    let metrics = lab.write("metrics.prom", &text)?;
    let output =
        Command::new(promtool).args(["check", "metrics"]).stdin(fs::File::open(metrics)?).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "promtool: {said}");
    assert_eq!(lab.get(PORT, "/nowhere")?.0, 404);
    assert_eq!(lab.get(PORT, "/healthz")?, (200, "alive\n".to_owned()));
    assert_eq!(program.stop()?, 0);
    Ok(())
}
