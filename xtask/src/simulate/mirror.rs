//! What a bad mirror does to a capture: it loses frames, copies them twice, delivers them late, and its clock is set.

use std::time::Duration;

use super::dice::Dice;
use super::traffic::Frame;

/// What goes wrong between the wire and the capture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Adversity {
    /// How many of a million frames are lost.
    pub(super) loss_per_million: u64,
    /// Whether some frames are copied twice.
    pub(super) doubling: bool,
    /// How late a frame may be delivered.
    pub(super) reorder: Duration,
    /// By how much the clock is set, forward and back.
    pub(super) clock_step: Duration,
}

impl Adversity {
    /// Tells whether the mirror does its duty.
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Returns by how much the time of a frame may be off, and so that of what follows from it.
    pub(super) fn time_error(&self) -> Duration {
        self.reorder + self.clock_step
    }

    /// Returns the options that ask for it.
    pub(super) fn to_options(self) -> String {
        let mut text = String::new();
        if self.loss_per_million > 0 {
            let loss = self.loss_per_million;
            text.push_str(&format!(" --loss 0.{}", format!("{loss:06}").trim_end_matches('0')));
        }
        if self.doubling {
            text.push_str(" --dup");
        }
        if !self.reorder.is_zero() {
            text.push_str(&format!(" --reorder {}ms", self.reorder.as_millis()));
        }
        if !self.clock_step.is_zero() {
            text.push_str(&format!(" --clock-step {}ms", self.clock_step.as_millis()));
        }
        text
    }

    /// Turns what was on the wire into what the capture holds, in its order.
    ///
    /// A mirror stamps a frame as it takes it, by a clock that is set from time to time, and delivers most of them at once. A
    /// second copy is taken within half a millisecond.
    pub(super) fn capture(&self, frames: &[Frame], end: Duration, dice: &mut Dice) -> Vec<Frame> {
        let steps = self.steps(end, dice);
        let mut captured: Vec<(Duration, Frame)> = Vec::with_capacity(frames.len());
        for frame in frames {
            if self.loss_per_million > 0 && dice.per_million(self.loss_per_million) {
                continue;
            }
            let copies = if self.doubling && dice.percent(30) { 2 } else { 1 };
            for copy in 0..copies {
                let later = dice.span(Duration::from_micros(1), Duration::from_micros(500)) * copy;
                let taken = frame.at + later;
                let late = if !self.reorder.is_zero() && dice.percent(20) {
                    dice.span(Duration::ZERO, self.reorder)
                } else {
                    Duration::ZERO
                };
                let stamped = stamp(taken, self.clock_step, &steps);
                captured.push((taken + late, Frame { at: stamped, ..frame.clone() }));
            }
        }
        captured.sort_by_key(|(delivered, _)| *delivered);
        captured.into_iter().map(|(_, frame)| frame).collect()
    }

    /// Draws the times at which the clock is set: off by the step, then right again, and so on.
    fn steps(&self, end: Duration, dice: &mut Dice) -> Vec<Duration> {
        let mut steps = Vec::new();
        if self.clock_step.is_zero() {
            return steps;
        }
        let mut at = dice.secs(60, 400);
        while at < end {
            steps.push(at);
            at += dice.secs(120, 600);
        }
        steps
    }
}

/// Stamps a time: at each step the clock is set forward, right, back, right, and so on.
fn stamp(at: Duration, step: Duration, steps: &[Duration]) -> Duration {
    match steps.iter().filter(|set| **set <= at).count() % 4 {
        1 => at + step,
        3 => at.saturating_sub(step),
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<Frame> {
        (0..10_000)
            .map(|n| Frame { at: Duration::from_millis(n * 100), point: 0, octets: Vec::new() })
            .collect()
    }

    #[test]
    fn a_good_mirror_changes_nothing() {
        let end = Duration::from_secs(1_000);
        let captured = Adversity::default().capture(&frames(), end, &mut Dice::new(1, 1));
        let times = |frames: &[Frame]| frames.iter().map(|frame| frame.at).collect::<Vec<_>>();
        assert_eq!(times(&captured), times(&frames()));
    }

    #[test]
    fn a_bad_one_does_what_it_is_asked_to() {
        let adversity = Adversity {
            loss_per_million: 100_000,
            doubling: true,
            reorder: Duration::from_secs(1),
            clock_step: Duration::from_secs(5),
        };
        let captured = adversity.capture(&frames(), Duration::from_secs(1_000), &mut Dice::new(1, 1));
        assert!((11_000..12_500).contains(&captured.len()), "{}", captured.len());
        let back = |pair: &[Frame]| pair[0].at.saturating_sub(pair[1].at);
        let furthest = captured.windows(2).map(back).max().unwrap();
        assert!(furthest > Duration::from_secs(5) && furthest < Duration::from_secs(7), "{furthest:?}");
    }

    #[test]
    fn options_are_those_that_were_given() {
        let adversity = Adversity { loss_per_million: 100_000, doubling: true, ..Adversity::default() };
        assert_eq!(adversity.to_options(), " --loss 0.1 --dup");
    }
}
