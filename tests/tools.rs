//! What programs of others say about our files.

use std::fs;
use std::process::Command;

use rollcall_tests::{find_program, replay, root, skip};
use serde::Deserialize;

#[derive(Deserialize)]
struct Manifest {
    captures: Vec<Entry>,
}

/// What the manifest says of a capture, as far as it can be checked by reading it.
#[derive(Deserialize)]
struct Entry {
    file: String,
    frames: usize,
}

/// Malformed in any layer, or a wrong checksum in any that tshark verifies.
const ODD: &str = "_ws.malformed or _ws.expert.severity == error or ip.checksum.status == 0 \
    or tcp.checksum.status == 0 or udp.checksum.status == 0 or icmp.checksum.status == 0 \
    or icmpv6.checksum.status == 0 or vrrp.checksum.status == 0";

#[test]
fn tshark_reads_every_generated_capture_and_finds_nothing_odd() {
    let Some(tshark) = find_program("tshark") else {
        return skip("tshark is not installed: the generated captures were not read by a witness");
    };
    let text = fs::read_to_string(root().join("pcaps/MANIFEST.yaml")).unwrap();
    let manifest: Manifest = serde_yaml::from_str(&text).unwrap();
    assert!(!manifest.captures.is_empty());
    for entry in manifest.captures {
        let frames = |filter: &str| {
            let output = Command::new(&tshark)
                .arg("-r")
                .arg(root().join("pcaps").join(&entry.file))
                .args(["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"])
                .args(["-o", "udp.check_checksum:TRUE", "-Y", filter])
                .args(["-T", "fields", "-e", "frame.number"])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}: {output:?}", entry.file);
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(frames("frame").lines().count(), entry.frames, "{}", entry.file);
        assert_eq!(frames(ODD), "", "{}", entry.file);
    }
}

#[test]
fn promtool_accepts_the_metrics_of_the_demo() {
    let Some(promtool) = find_program("promtool") else {
        return skip("promtool is not installed: the metrics were not checked");
    };
    let folder = std::env::temp_dir().join(format!("rollcall-metrics-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let metrics = folder.join("metrics.prom");
    let ended = replay(&[
        "pcaps/demo/datacentre.pcapng.gz",
        "--config",
        "pcaps/demo/config.yaml",
        "--inventory",
        "pcaps/demo/inventory.yaml",
        "--metrics",
        metrics.to_str().unwrap(),
    ])
    .unwrap();
    assert_eq!(ended.code, 0, "{}", ended.messages);
    let output = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(fs::File::open(&metrics).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success() && said.is_empty(), "promtool: {said}");
}
