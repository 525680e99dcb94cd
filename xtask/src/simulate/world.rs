//! A whole simulated data centre: everything follows from the seed and the sizes.

use std::time::Duration;

use super::dice::Dice;
use super::guest::Guest;
use super::script;
use super::settings::Settings;
use super::site::Site;
use super::traffic::{self, Traffic};
use super::truth::{self, Truth};

/// A data centre with all that happens in it.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) end: Duration,
    pub(super) settings: Settings,
    pub(super) site: Site,
    pub(super) guests: Vec<Guest>,
    pub(super) traffic: Traffic,
}

impl World {
    /// Lives through the data centre of a seed.
    pub(super) fn new(seed: u64, guests: usize, minutes: u64) -> Self {
        let end = Duration::from_secs(minutes * 60);
        let settings = Settings::draw(&mut Dice::new(seed, 1));
        let site = Site::new(guests, &mut Dice::new(seed, 2));
        let guests = script::guests(guests, end, &site, &settings, &mut Dice::new(seed, 3));
        let traffic = traffic::of(&guests, &site, end, &mut Dice::new(seed, 4));
        Self { seed, end, settings, site, guests, traffic }
    }

    /// Reckons what is to be found, in the order of time.
    pub(super) fn truth(&self) -> Vec<Truth> {
        let Self { settings, end, traffic, .. } = self;
        let about_guests =
            self.guests.iter().zip(&traffic.sightings).flat_map(|(guest, sightings)| {
                truth::of_guest(guest, sightings, &traffic.sight, settings, *end)
            });
        let mut truths: Vec<Truth> = about_guests.collect();
        truths.extend(truth::conflicts(&traffic.claims, settings));
        truths.retain(|truth| truth.due < *end);
        for truth in &mut truths {
            truth.over.take_if(|over| *over > *end);
        }
        truths.sort_by_key(|truth| (truth.due, truth.kind, truth.subject.clone()));
        truths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_data_centre_twice() {
        let frames = |seed| {
            let world = World::new(seed, 12, 10);
            let frames = world.traffic.frames.clone();
            (world.truth(), frames.into_iter().map(|frame| (frame.at, frame.octets)).collect::<Vec<_>>())
        };
        assert!(frames(1) == frames(1));
        assert!(frames(1) != frames(2));
    }
}
