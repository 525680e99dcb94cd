//! Chance, from a seed: the same seed gives the same data centre for ever.

use std::time::Duration;

use crate::pcap::random::Random;

/// Draws what the generator of the captures draws, as spans of time and odds.
pub(super) struct Dice(Random);

impl Dice {
    /// Begins a sequence of its own for one purpose, so that a draw more in one place changes no other.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        let mut random = Random::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ purpose.rotate_left(32));
        random.next();
        Self(random)
    }

    /// Returns a number below `bound`, which is at least 1.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.below(bound as u64)).expect("it is below a usize")
    }

    /// Returns true in so many of a hundred draws.
    pub(super) fn percent(&mut self, odds: u64) -> bool {
        self.0.below(100) < odds
    }

    /// Returns true in so many of a million draws.
    pub(super) fn per_million(&mut self, odds: u64) -> bool {
        self.0.below(1_000_000) < odds
    }

    /// Returns a span from `low` to just below `high`, to the microsecond.
    pub(super) fn span(&mut self, low: Duration, high: Duration) -> Duration {
        let micros = |span: Duration| u64::try_from(span.as_micros()).expect("a simulation is short");
        Duration::from_micros(self.0.between(micros(low), micros(high).max(micros(low) + 1)))
    }

    /// Returns a span of so many seconds.
    pub(super) fn secs(&mut self, low: u64, high: u64) -> Duration {
        self.span(Duration::from_secs(low), Duration::from_secs(high))
    }

    /// Returns one of the items of a list that is not empty.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        *self.0.pick(items)
    }

    /// Returns a number of 32 bits.
    pub(super) fn bits(&mut self) -> u32 {
        u32::try_from(self.0.next() >> 32).expect("it was shifted")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_do_not_disturb_each_other() {
        let draws = |purpose| {
            let mut dice = Dice::new(7, purpose);
            [dice.bits(), dice.bits(), dice.bits()]
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
    }

    #[test]
    fn spans_stay_in_their_bounds() {
        let mut dice = Dice::new(1, 1);
        for _ in 0..1000 {
            assert!((Duration::from_secs(2)..Duration::from_secs(5)).contains(&dice.secs(2, 5)));
        }
    }
}
