use std::collections::VecDeque;

use rollcall_core::types::Blindness;

use super::tap::TapFacts;

/// Over how many seconds the share of lost frames is taken.
const WINDOW_SECONDS: usize = 60;

/// Judges once a second whether a capture point can see.
///
/// That it gives no frame for a while is not judged here: the engine sees that for itself.
#[derive(Debug)]
pub(super) struct Health {
    /// How many in a hundred frames may be lost.
    drops_percent_max: u32,
    /// What had come and been lost at the end of each of the last seconds.
    samples: VecDeque<(u64, u64)>,
    told: Option<Blindness>,
}

impl Health {
    pub(super) fn new(drops_percent_max: u32) -> Self {
        Self { drops_percent_max, samples: VecDeque::with_capacity(WINDOW_SECONDS + 1), told: None }
    }

    /// Takes in what the sockets of the point say now; returns the verdict if it is another than before.
    ///
    /// The point sees while one of its sockets does.
    pub(super) fn look(&mut self, taps: &[TapFacts]) -> Option<Option<Blindness>> {
        let received = taps.iter().map(|tap| tap.arrivals.received).sum();
        let dropped = taps.iter().map(|tap| tap.arrivals.ring_drops + tap.arrivals.interface_drops).sum();
        self.samples.push_back((received, dropped));
        if self.samples.len() > WINDOW_SECONDS + 1 {
            self.samples.pop_front();
        }
        let sees = taps.iter().any(|tap| tap.blindness.is_none());
        let blindness = if sees {
            self.loses_too_many().then_some(Blindness::Drops)
        } else {
            taps.iter().filter_map(|tap| tap.blindness).max()
        };
        let changed = blindness != self.told;
        self.told = blindness;
        changed.then_some(blindness)
    }

    fn loses_too_many(&self) -> bool {
        let (Some(first), Some(last)) = (self.samples.front(), self.samples.back()) else { return false };
        let received = last.0.saturating_sub(first.0);
        let dropped = last.1.saturating_sub(first.1);
        u128::from(dropped) * 100 > u128::from(received) * u128::from(self.drops_percent_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::live::Arrivals;

    fn tap(received: u64, ring_drops: u64, blindness: Option<Blindness>) -> TapFacts {
        let arrivals = Arrivals { received, ring_drops, ..Arrivals::default() };
        TapFacts { arrivals, blindness, ..TapFacts::default() }
    }

    #[test]
    fn more_drops_than_allowed_blind_for_a_minute() {
        let mut health = Health::new(5);
        assert_eq!(health.look(&[tap(0, 0, None)]), None);
        assert_eq!(health.look(&[tap(1_000, 50, None)]), None, "5 % are allowed");
        assert_eq!(health.look(&[tap(2_000, 101, None)]), Some(Some(Blindness::Drops)));
        let mut looks = 0;
        while health.look(&[tap(2_000, 101, None)]).is_none() {
            looks += 1;
        }
        assert_eq!(looks, 59, "the second in which they were lost leaves the window");
    }

    #[test]
    fn a_point_sees_while_one_of_its_sockets_does() {
        let mut health = Health::new(5);
        let down = tap(0, 0, Some(Blindness::LinkDown));
        assert_eq!(health.look(&[down, tap(0, 0, None)]), None);
        assert_eq!(health.look(&[down, down]), Some(Some(Blindness::LinkDown)));
        let lost = tap(0, 0, Some(Blindness::InterfaceLost));
        assert_eq!(health.look(&[lost, lost]), Some(Some(Blindness::InterfaceLost)));
        assert_eq!(health.look(&[lost, lost]), None);
        assert_eq!(health.look(&[tap(5, 0, None), lost]), Some(None));
    }
}
