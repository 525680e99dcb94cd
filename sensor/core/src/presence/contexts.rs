use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::change::TableKey;
use crate::types::{CapturePointId, DomainId, Overlay, Via};

/// Which overlay of which domain; none for the real segments.
type Realm = (DomainId, Option<Overlay>);

/// Numbers for where rows were seen: a capture point and the way to it.
///
/// What came on the wire itself has the number of its capture point; every other way is numbered from the
/// top down, in the order in which the shard meets them. The numbers stay within one table.
///
/// # Bounds
/// 65,536 numbers, capture points among them. A further way finds no number, and its stations no row.
#[derive(Debug)]
pub(super) struct Contexts {
    points: Vec<Point>,
    ways: Vec<(CapturePointId, Via)>,
    numbers: HashMap<(CapturePointId, Via), u16, FixedState>,
    /// The numbers that locate, by what they are places of: those of one realm exclude each other.
    places: HashMap<Realm, Vec<u16>, FixedState>,
}

/// What the table needs to know of a capture point.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    domain: DomainId,
    locates: bool,
}

impl Contexts {
    pub(super) fn new(hasher: FixedState) -> Self {
        Self {
            points: Vec::new(),
            ways: Vec::new(),
            numbers: HashMap::with_hasher(hasher.clone()),
            places: HashMap::with_hasher(hasher),
        }
    }

    /// Adds a capture point, which takes the next number from below.
    pub(super) fn add_point(&mut self, domain: DomainId, locates: bool) {
        let number = u16::try_from(self.points.len()).ok().filter(|_| locates);
        self.points.push(Point { domain, locates });
        if let Some(number) = number {
            self.places.entry((domain, None)).or_default().push(number);
        }
    }

    pub(super) fn domain(&self, point: CapturePointId) -> DomainId {
        self.points.get(point.index()).copied().unwrap_or_default().domain
    }

    /// Returns the number of a key's way, if it has one yet.
    pub(super) fn number(&self, key: &TableKey) -> Option<u16> {
        match key.via {
            Via::Wire => Some(key.capture_point.0),
            via => self.numbers.get(&(key.capture_point, via)).copied(),
        }
    }

    /// Returns the number of a key's way, a new one if need be.
    pub(super) fn number_or_new(&mut self, key: &TableKey) -> Option<u16> {
        if let Some(number) = self.number(key) {
            return Some(number);
        }
        let index = u16::try_from(self.ways.len()).ok()?;
        let number = (u16::MAX - index) as usize;
        if number < self.points.len() {
            return None;
        }
        let number = u16::MAX - index;
        let way = (key.capture_point, key.via);
        self.ways.push(way);
        self.numbers.insert(way, number);
        if locates(key.via) {
            let realm = (self.domain(key.capture_point), key.via.overlay());
            self.places.entry(realm).or_default().push(number);
        }
        Some(number)
    }

    /// Returns the capture point and way of a number.
    pub(super) fn way(&self, number: u16) -> (CapturePointId, Via) {
        let way = self.ways.get(usize::from(u16::MAX - number)).copied();
        way.unwrap_or((CapturePointId(number), Via::Wire))
    }

    /// Returns the numbers of all places where the same station could be instead; none if a key's way locates
    /// nobody.
    pub(super) fn rivals<'a>(&'a self, key: &TableKey) -> impl Iterator<Item = u16> + 'a {
        let own = self.number(key);
        let is_place = match key.via {
            Via::Wire => self.points.get(key.capture_point.index()).is_some_and(|point| point.locates),
            via => locates(via),
        };
        let realm = (self.domain(key.capture_point), key.via.overlay());
        let places = self.places.get(&realm).filter(|_| is_place);
        places.into_iter().flatten().copied().filter(move |&number| Some(number) != own)
    }
}

/// Tells whether a way names a place: a port, or the end of an overlay's tunnel. What a switch mirrors into a
/// tunnel may come from anywhere.
const fn locates(via: Via) -> bool {
    match via {
        Via::Wire => false,
        Via::Port(_) => true,
        Via::Tunnel(tunnel) => !tunnel.kind().is_mirror(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::types::{Tunnel, TunnelKind};

    fn behind(end: u8, id: u32) -> TableKey {
        let tunnel = Tunnel::new(TunnelKind::Vxlan, Some(id), Some(IpAddr::from([192, 0, 2, end])));
        TableKey { via: Via::Tunnel(tunnel), ..TableKey::default() }
    }

    #[test]
    fn ways_and_points_have_numbers_of_their_own() {
        let mut contexts = Contexts::new(FixedState::with_seed(1));
        contexts.add_point(DomainId(0), true);
        let (wire, first, second) = (TableKey::default(), behind(1, 5), behind(2, 5));
        let numbers = [&wire, &first, &second].map(|key| contexts.number_or_new(key).unwrap());
        assert_eq!(numbers, [0, u16::MAX, u16::MAX - 1]);
        assert_eq!(contexts.number_or_new(&first), Some(numbers[1]));
        assert_eq!(contexts.way(numbers[2]), (CapturePointId(0), second.via));
        assert_eq!(contexts.way(numbers[0]), (CapturePointId(0), Via::Wire));
    }

    #[test]
    fn ends_of_one_overlay_exclude_each_other() {
        let mut contexts = Contexts::new(FixedState::with_seed(1));
        contexts.add_point(DomainId(0), true);
        contexts.add_point(DomainId(0), true);
        for key in [behind(1, 5), behind(2, 5), behind(1, 6)] {
            contexts.number_or_new(&key);
        }
        let rivals = |key: &TableKey| contexts.rivals(key).collect::<Vec<_>>();
        assert_eq!(rivals(&TableKey::default()), [1]);
        assert_eq!(rivals(&behind(1, 5)), [u16::MAX - 1]);
        assert_eq!(rivals(&behind(1, 6)), []);
    }

    #[test]
    fn ways_beyond_the_bound_find_no_number() {
        let mut contexts = Contexts::new(FixedState::with_seed(1));
        contexts.add_point(DomainId(0), false);
        for id in 0..65_535 {
            assert!(contexts.number_or_new(&behind(1, id)).is_some());
        }
        assert_eq!(contexts.number_or_new(&behind(1, 65_535)), None);
        assert_eq!(contexts.way(1).1, behind(1, 65_534).via);
        assert_eq!(contexts.way(0).1, Via::Wire);
    }
}
