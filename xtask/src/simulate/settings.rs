//! The times that a simulated sensor is configured with, and that the truth is reckoned by.

use std::time::Duration;

use super::dice::Dice;

/// What `rollcall.yaml` says; the names are those of the configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) tick: Duration,
    pub(super) ttl: Duration,
    pub(super) duplicate_window: Duration,
    pub(super) move_settle: Duration,
    pub(super) announced_move_settle: Duration,
    pub(super) record_lag: Duration,
    pub(super) zombie_grace: Duration,
    pub(super) start_up_grace: Duration,
    pub(super) conflict_window: Duration,
}

impl Settings {
    /// Draws the time to live and leaves the rest as it is by default.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let ttl = Duration::from_secs(dice.pick(&[120, 180, 300]));
        Self {
            tick: Duration::from_secs(1),
            ttl,
            duplicate_window: Duration::from_secs(10),
            move_settle: Duration::from_secs(10),
            announced_move_settle: Duration::from_secs(2),
            record_lag: Duration::from_secs(60),
            zombie_grace: Duration::from_secs(120),
            start_up_grace: ttl,
            conflict_window: Duration::from_secs(60),
        }
    }

    /// Returns the first tick that is not before a time; the simulation begins on one.
    pub(super) fn tick_at(&self, at: Duration) -> Duration {
        let tick = self.tick.as_nanos();
        let ticks = at.as_nanos().div_ceil(tick);
        self.tick * u32::try_from(ticks).expect("a simulation is short")
    }

    /// Returns the sections of the configuration that say so. Nothing is called flapping: the truth names every episode.
    pub(super) fn to_yaml(self) -> String {
        let secs = |span: Duration| format!("{}s", span.as_secs());
        format!(
            "presence:\n  ttl: {}\n  duplicate-window: {}\n  move-settle: {}\n  announced-move-settle: {}\n\
             audit:\n  record-lag: {}\n  zombie-grace: {}\n  start-up-grace: {}\n  conflict-window: {}\n  \
             flap-limit: 1000\n",
            secs(self.ttl),
            secs(self.duplicate_window),
            secs(self.move_settle),
            secs(self.announced_move_settle),
            secs(self.record_lag),
            secs(self.zombie_grace),
            secs(self.start_up_grace),
            secs(self.conflict_window),
        )
    }
}
