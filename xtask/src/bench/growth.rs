//! What more stations cost: time for a frame of a known one.

use anyhow::Result;

use super::measure::{Subject, Taken, in_turn};
use super::row::{Goal, Row};
use crate::pcap::bench::{self, Capture};
use crate::shell;

/// Time per frame of a known station with a million stations over that with a thousand.
const GROWTH_GOAL: f64 = 4.0;

/// Measures replays with more and more stations.
///
/// Of each number there are two captures: in one every station is seen once, in the other many more frames
/// follow. The difference is what the frames of known stations cost.
pub(super) fn rows(rounds: usize) -> Result<Vec<Row>> {
    let ours = shell::release_binary()?;
    let mut subjects = Vec::new();
    for (once, more) in bench::GROWTH {
        for capture in [once, more] {
            let path = capture.ensure()?;
            super::warm(&path)?;
            subjects.push(Subject::new(capture.name, &ours, &["replay", &path.to_string_lossy()]));
        }
    }
    println!("1 k to 1 M stations, {rounds} rounds");
    in_turn(&mut subjects, rounds)?;
    let taken = |capture: &Capture| {
        let subject = subjects.iter().find(|subject| subject.name == capture.name);
        subject.map(Subject::median).unwrap_or_default()
    };
    let measured: Vec<(Capture, Capture, Taken, Taken)> =
        bench::GROWTH.iter().map(|(once, more)| (*once, *more, taken(once), taken(more))).collect();
    Ok(growth(&measured))
}

fn growth(measured: &[(Capture, Capture, Taken, Taken)]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut first = None;
    for (once, more, taken_once, taken_more) in measured {
        let frames = more.frames() - once.frames();
        let known = super::per(taken_more.cpu.saturating_sub(taken_once.cpu), frames);
        let new = super::per(taken_once.cpu, once.frames());
        let first = *first.get_or_insert(known);
        let parts = format!("{known:.1} ns a known frame, {new:.0} ns a new station");
        let what = format!("{} stations ÷ 1,000", thousands(once.frames()));
        let goal = if rows.len() + 1 == measured.len() { Goal::AtMost(GROWTH_GOAL) } else { Goal::None };
        rows.push(Row::new("growth", what, parts, known / first, goal));
    }
    rows
}

pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_cost_of_known_stations_is_what_more_frames_add() {
        let taken = |micros| Taken { cpu: Duration::from_micros(micros), ..Taken::default() };
        let [small, .., large] = bench::GROWTH else {
            panic!("there are several sizes");
        };
        let more_frames = small.1.frames() - small.0.frames();
        let measured = [
            (small.0, small.1, taken(10), taken(10 + more_frames / 50)),
            (large.0, large.1, taken(90), taken(90 + more_frames / 20)),
        ];
        let rows = growth(&measured);
        assert_eq!(rows.iter().map(|row| row.goal == Goal::None).collect::<Vec<_>>(), [true, false]);
        assert!((rows[1].value - 2.5).abs() < 0.01, "{rows:?}");
    }

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!(["999", "1,000", "1,000,000"], [999, 1_000, 1_000_000].map(thousands));
    }
}
