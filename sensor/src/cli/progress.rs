//! The bar that shows how far a replay has come: on a terminal, and only there.

use core::time::Duration;
use std::io::{IsTerminal as _, stderr};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::capture::{Progress, ProgressHook};

/// Octets, bar, share, time left; then frames, their rate and the time of the capture.
const OF_KNOWN_LENGTH: &str = "{bytes} of {total_bytes} {wide_bar} {percent}% · {eta} left · {msg}";
/// Standard input has no length: no bar, and no time left.
const OF_UNKNOWN_LENGTH: &str = "{spinner} {bytes} · {msg}";

/// Redraws are further apart than this, so that the bar costs nothing.
const STEP: Duration = Duration::from_millis(100);

/// Returns what draws the bar on standard error; `None` where that is no terminal.
///
/// The bar disappears when the source has ended, and when the hook is dropped before.
pub fn progress_bar() -> Option<ProgressHook> {
    if !stderr().is_terminal() {
        return None;
    }
    let mut bar =
        Bar { bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()), drawn_after: None };
    Some(Box::new(move |progress| bar.show(progress)))
}

struct Bar {
    bar: ProgressBar,
    /// How long after the start it was drawn last.
    drawn_after: Option<Duration>,
}

impl Bar {
    fn show(&mut self, progress: &Progress) {
        if progress.has_ended {
            self.bar.finish_and_clear();
            return;
        }
        let elapsed = self.bar.elapsed();
        match self.drawn_after {
            Some(drawn_after) if elapsed < drawn_after + STEP => return,
            Some(_) => {}
            None => self.begin(progress),
        }
        self.drawn_after = Some(elapsed);
        self.bar.set_position(progress.octets_read);
        self.bar.set_message(message(progress, elapsed));
    }

    fn begin(&self, progress: &Progress) {
        let template = match progress.octets_total {
            Some(total) => {
                self.bar.set_length(total);
                OF_KNOWN_LENGTH
            }
            None => OF_UNKNOWN_LENGTH,
        };
        self.bar.set_style(style(template));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are well-formed")
}

/// Says how many frames were read, how fast, and up to which time of the capture.
fn message(progress: &Progress, elapsed: Duration) -> String {
    let frames = HumanCount(progress.frames);
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = HumanCount(progress.frames.saturating_mul(1_000) / millis);
    match progress.at {
        Some(at) => {
            let at = at.to_string();
            // Up to the second: nobody reads more from a moving line.
            let at = at.split('.').next().unwrap_or(&at);
            format!("{frames} frames, {rate}/s · at {at}Z")
        }
        None => format!("{frames} frames, {rate}/s"),
    }
}

#[cfg(test)]
mod tests {
    use rollcall_core::types::Timestamp;

    use super::*;

    #[test]
    fn says_frames_rate_and_capture_time() {
        let mut progress = Progress { frames: 3_000_000, ..Progress::default() };
        assert_eq!(message(&progress, Duration::from_millis(1_500)), "3,000,000 frames, 2,000,000/s");
        progress.at = Some(Timestamp::from_secs_nanos(1_309_422_288, 459_576_000));
        assert_eq!(
            message(&progress, Duration::ZERO),
            "3,000,000 frames, 3,000,000,000/s · at 2011-06-30T08:24:48Z"
        );
    }

    #[test]
    fn templates_are_well_formed() {
        for template in [OF_KNOWN_LENGTH, OF_UNKNOWN_LENGTH] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn shows_each_step_and_disappears() {
        let mut bar =
            Bar { bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()), drawn_after: None };
        let mut progress = Progress { octets_read: 5, octets_total: Some(10), ..Progress::default() };
        bar.show(&progress);
        assert_eq!((bar.bar.position(), bar.bar.length()), (5, Some(10)));
        progress.has_ended = true;
        bar.show(&progress);
        assert!(bar.bar.is_finished());
    }
}
