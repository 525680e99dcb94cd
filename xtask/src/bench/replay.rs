//! Replay beside the floor and tcpdump.
//!
//! These machines are shared and noisy, so a figure counts only beside others of the same minute: ours, the
//! floor (`tests/src/bin/floor.rs`) and tcpdump run in turn, round after round over a file that is in the
//! cache, and the medians are compared.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::measure::{Subject, Taken, in_turn};
use super::row::{Goal, Row, processors};
use crate::pcap::bench::Capture;
use crate::{setup, shell};

/// CPU time per frame, ours over the floor's.
const FLOOR_GOAL: f64 = 1.25;
/// Wall time of one worker over that of two.
const WORKERS_GOAL: f64 = 1.8;
/// Resident beside the file, of the largest capture.
const RESIDENT_MIB_GOAL: f64 = 64.0;
/// Two workers want two processors to themselves: where others take more than this share, it is not counted.
const OTHERS_MAX: f64 = 0.1;
const MIB: f64 = 1_048_576.0;

/// The programs that are compared.
pub(super) struct Tools {
    ours: PathBuf,
    floor: PathBuf,
    tcpdump: Option<PathBuf>,
}

impl Tools {
    pub(super) fn prepare() -> Result<Self> {
        let ours = shell::release_binary()?;
        Ok(Self {
            ours,
            floor: shell::release_helper("floor")?,
            tcpdump: shell::find(setup::TCPDUMP.program),
        })
    }
}

/// Measures one capture.
pub(super) fn rows(tools: &Tools, capture: Capture, rounds: usize) -> Result<Vec<Row>> {
    let path = capture.ensure()?;
    let file = path.to_string_lossy();
    println!("{}: {} frames, {rounds} rounds", capture.name, capture.frames());
    let mut subjects = vec![
        Subject::new("rollcall", &tools.ours, &["replay", &file]),
        Subject::new("floor", &tools.floor, &[&file]),
        Subject::new("two workers", &tools.ours, &["replay", &file, "--workers", "2"]),
    ];
    if let Some(tcpdump) = &tools.tcpdump {
        subjects.push(Subject::new("tcpdump", tcpdump, &["-n", "-r", &file, "-w", "/dev/null"]));
    }
    super::warm(Path::new(&*file))?;
    in_turn(&mut subjects, rounds)?;
    let taken = |name: &str| subjects.iter().find(|subject| subject.name == name).map(Subject::median);
    let measured = Measured {
        capture,
        ours: taken("rollcall").unwrap_or_default(),
        floor: taken("floor").unwrap_or_default(),
        two: taken("two workers").unwrap_or_default(),
        tcpdump: taken("tcpdump"),
    };
    Ok(measured.rows())
}

struct Measured {
    capture: Capture,
    ours: Taken,
    floor: Taken,
    two: Taken,
    tcpdump: Option<Taken>,
}

impl Measured {
    fn ns(&self, time: Duration) -> f64 {
        super::per(time, self.capture.frames())
    }

    fn rows(&self) -> Vec<Row> {
        let row = |what: &str, parts: String, value: f64, goal: Goal| {
            Row::new("replay", format!("{}, {what}", self.capture.name), parts, value, goal)
        };
        let (ours, floor) = (self.ns(self.ours.cpu), self.ns(self.floor.cpu));
        let mut rows = vec![row(
            "CPU ÷ floor",
            format!("{ours:.1} ÷ {floor:.1} ns/frame"),
            ours / floor,
            Goal::AtMost(FLOOR_GOAL),
        )];
        if let Some(tcpdump) = self.tcpdump {
            let theirs = self.ns(tcpdump.cpu);
            rows.push(row(
                "frames/s ÷ tcpdump -w",
                format!("{:.1} ÷ {:.1} million/s", 1_000.0 / ours, 1_000.0 / theirs),
                theirs / ours,
                Goal::AtLeast(self.capture.tcpdump_goal),
            ));
        }
        if self.capture.is_for_workers {
            let (one, two) = (self.ns(self.ours.wall), self.ns(self.two.wall));
            let parts = format!("{one:.1} ÷ {two:.1} ns/frame of wall time");
            let mut workers = row("one worker ÷ two", parts, one / two, Goal::AtLeast(WORKERS_GOAL));
            workers.excuse = if processors() < 2 {
                Some("there are no two processors")
            } else if self.two.share_of_others(processors()) > OTHERS_MAX {
                Some("others had the processors meanwhile")
            } else {
                None
            };
            rows.push(workers);
            let resident = super::float(self.ours.resident) / MIB;
            let mut memory = row("resident", String::new(), resident, Goal::AtMost(RESIDENT_MIB_GOAL));
            memory.unit = "MiB";
            rows.push(memory);
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pcap::bench::CAPTURES;

    #[test]
    fn rows_compare_with_what_was_measured() {
        let taken = |cpu, wall| Taken {
            cpu: Duration::from_millis(cpu),
            wall: Duration::from_millis(wall),
            resident: 32 * 1_048_576,
            others: Duration::ZERO,
        };
        let mut measured = Measured {
            capture: CAPTURES[1],
            ours: taken(20, 22),
            floor: taken(16, 17),
            two: taken(23, 11),
            tcpdump: Some(taken(90, 95)),
        };
        let values: Vec<_> = measured.rows().iter().map(|row| (row.value, row.is_met())).collect();
        assert_eq!(values, [(1.25, true), (4.5, true), (2.0, true), (32.0, true)]);
        measured.tcpdump = None;
        measured.capture = CAPTURES[0];
        assert_eq!(measured.rows().len(), 1);
    }
}
