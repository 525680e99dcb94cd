use arrayvec::ArrayVec;
use foldhash::quality::FixedState;
use hashbrown::HashMap;

use super::change::TableKey;
use crate::types::{CapturePointId, DomainId, Location, MacAddr, Segment, Via, Vids};

/// Where a row was seen: all of its key but the station.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Context {
    capture_point: CapturePointId,
    vids: Vids,
    via: Via,
}

impl Context {
    const fn of(key: &TableKey) -> Self {
        let TableKey { capture_point, vids, via, .. } = *key;
        Self { capture_point, vids, via }
    }

    fn location(&self) -> Location {
        let Self { capture_point, vids, via } = *self;
        Location::Wire { capture_point, vids, via }
    }

    /// Returns the VLAN identifier, 0 for none, of what came on the wire itself with one tag at most.
    fn simple_vid(&self) -> Option<usize> {
        let bits = self.vids.to_bits();
        usize::try_from(bits).ok().filter(|&vid| vid < VIDS && self.via == Via::Wire)
    }
}

/// How many VLAN identifiers there are.
const VIDS: usize = 4_096;

/// No number for any VLAN identifier.
static NO_NUMBERS: [u16; VIDS] = [Contexts::NONE; VIDS];

/// The numbers of what comes on the wire itself at one capture point, with one tag at most.
#[derive(Clone, Copy, Debug)]
pub struct WireContexts<'a>(&'a [u16; VIDS]);

impl WireContexts<'_> {
    /// Returns the number of a VLAN identifier, 0 for none.
    #[inline]
    pub fn number(self, vid: u16) -> u16 {
        self.0.get(usize::from(vid)).copied().unwrap_or(Contexts::NONE)
    }
}

/// Numbers for where rows were seen, so that a row's key is one word.
///
/// A context has a number as long as it has a row. The numbers stay within one table and show nowhere.
///
/// # Bounds
/// [`Contexts::COUNT_MAX`] numbers, of which all but contexts with one tag at most on the wire itself may have half, so
/// that no flood of tunnel ends or stacked tags takes those. A further context finds none, and its stations no row, unless they are recorded:
/// for these the table evicts others. 8 KiB for each capture
/// point that has seen a frame, so that the number of a frame with one tag at most is one load.
#[derive(Debug)]
pub(super) struct Contexts {
    points: Vec<Point>,
    entries: Vec<Entry>,
    free: Vec<u16>,
    /// Numbers that are free when the next group of frames begins: marks of this one may still hold them.
    retired: Vec<u16>,
    numbers: HashMap<Context, u16, FixedState>,
    /// How many of the numbers are of contexts other than one tag at most on the wire itself.
    complex: u16,
    /// The numbers that locate, by the segment on which they exclude each other; further ones are far.
    places: HashMap<Segment, ArrayVec<u16, NEAR_MAX>, FixedState>,
}

/// How many places of one segment are asked one by one whether a station is there too.
///
/// Rows at further places are found by their station ([`super::far`]), so that a segment of thousands of tunnel
/// ends costs a new row no more than one of a few.
const NEAR_MAX: usize = 8;

/// What the table needs to know of a capture point.
#[derive(Debug)]
struct Point {
    domain: DomainId,
    locates: bool,
    /// The numbers by VLAN identifier of what came on the wire itself with one tag at most.
    simple: Option<Box<[u16; VIDS]>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    context: Context,
    rows: u32,
    /// It is a place, and not among the near ones of its segment.
    is_far: bool,
}

impl Contexts {
    /// The number that no context has.
    pub(super) const NONE: u16 = u16::MAX;
    const COUNT_MAX: u16 = u16::MAX;
    const COMPLEX_MAX: u16 = Self::COUNT_MAX / 2;

    pub(super) fn new(hasher: FixedState) -> Self {
        Self {
            points: Vec::new(),
            entries: Vec::new(),
            free: Vec::new(),
            retired: Vec::new(),
            complex: 0,
            numbers: HashMap::with_hasher(hasher.clone()),
            places: HashMap::with_hasher(hasher),
        }
    }

    /// Adds a capture point; they come in the order of their numbers.
    pub(super) fn add_point(&mut self, domain: DomainId, locates: bool) {
        self.points.push(Point { domain, locates, simple: None });
    }

    pub(super) fn domain(&self, point: CapturePointId) -> DomainId {
        self.points.get(point.index()).map_or_else(DomainId::default, |point| point.domain)
    }

    /// Returns the numbers of what comes on the wire itself at a capture point.
    #[inline]
    pub(super) fn of(&self, point: CapturePointId) -> WireContexts<'_> {
        WireContexts(
            self.points.get(point.index()).and_then(|point| point.simple.as_deref()).unwrap_or(&NO_NUMBERS),
        )
    }

    /// Returns the number of a key's context, if it has one.
    pub(super) fn number(&self, key: &TableKey) -> Option<u16> {
        self.numbers.get(&Context::of(key)).copied()
    }

    /// Counts a row of a key's context, which gets a number by it; none if there is no number left.
    pub(super) fn hold(&mut self, key: &TableKey) -> Option<u16> {
        let number = match self.number(key) {
            Some(number) => number,
            None => self.number_anew(Context::of(key), key)?,
        };
        if let Some(entry) = self.entries.get_mut(usize::from(number)) {
            entry.rows += 1;
        }
        Some(number)
    }

    /// Counts a row less; the last one takes the number with it.
    pub(super) fn release(&mut self, number: u16) {
        let Some(entry) = self.entries.get_mut(usize::from(number)) else {
            return;
        };
        entry.rows -= 1;
        if entry.rows > 0 {
            return;
        }
        let context = entry.context;
        self.numbers.remove(&context);
        self.complex -= u16::from(context.simple_vid().is_none());
        self.set_simple(&context, Self::NONE);
        let segment = self.key(number, MacAddr::default()).segment(self.domain(context.capture_point));
        if let Some(places) = self.places.get_mut(&segment) {
            places.retain(|other| *other != number);
            if places.is_empty() {
                self.places.remove(&segment);
            }
        }
        self.retired.push(number);
    }

    /// Lets the numbers be given again that lost their last row: no mark that was made before holds one.
    pub(super) fn reuse(&mut self) {
        self.free.append(&mut self.retired);
    }

    /// Tells whether a number is of a context that may have half of them only.
    pub(super) fn is_complex(&self, number: u16) -> bool {
        self.entries.get(usize::from(number)).is_some_and(|entry| entry.context.simple_vid().is_none())
    }

    /// Returns the key of a station in the context of a number.
    pub(super) fn key(&self, number: u16, mac: MacAddr) -> TableKey {
        self.entries.get(usize::from(number)).map_or_else(TableKey::default, |entry| {
            let Context { capture_point, vids, via } = entry.context;
            TableKey { mac, capture_point, vids, via }
        })
    }

    /// Tells whether a number is a place that is not near: its rows are found by their stations.
    pub(super) fn is_far(&self, number: u16) -> bool {
        self.entries.get(usize::from(number)).is_some_and(|entry| entry.is_far)
    }

    /// Tells whether a key's context locates, so that its station may have rivals.
    pub(super) fn is_place(&self, key: &TableKey) -> bool {
        self.locates(&Context::of(key))
    }

    /// Returns the numbers of the near places on the same segment where a station of that key could be instead;
    /// none if the key's own context locates nobody.
    pub(super) fn rivals<'a>(&'a self, key: &TableKey) -> impl Iterator<Item = u16> + 'a {
        let own = self.number(key);
        let segment = key.segment(self.domain(key.capture_point));
        let places = self.places.get(&segment).filter(|_| self.locates(&Context::of(key)));
        places.into_iter().flatten().copied().filter(move |&number| Some(number) != own)
    }

    #[cold]
    fn number_anew(&mut self, context: Context, key: &TableKey) -> Option<u16> {
        let is_complex = context.simple_vid().is_none();
        if is_complex && self.complex >= Self::COMPLEX_MAX {
            return None;
        }
        let entry = Entry { context, rows: 0, is_far: false };
        let number = match self.free.pop().or_else(|| self.unmarked()) {
            Some(number) => {
                *self.entries.get_mut(usize::from(number))? = entry;
                number
            }
            None => {
                let number =
                    u16::try_from(self.entries.len()).ok().filter(|&number| number < Self::COUNT_MAX)?;
                self.entries.push(entry);
                number
            }
        };
        self.numbers.insert(context, number);
        self.complex += u16::from(is_complex);
        self.set_simple(&context, number);
        if self.locates(&context) {
            let segment = key.segment(self.domain(key.capture_point));
            let is_far = self.places.entry(segment).or_default().try_push(number).is_err();
            if let Some(entry) = self.entries.get_mut(usize::from(number)) {
                entry.is_far = is_far;
            }
        }
        Some(number)
    }

    /// Takes a number that no mark of this group of frames can hold: marks are of what comes on the wire itself.
    ///
    /// It is asked for only where every number has been given once.
    fn unmarked(&mut self) -> Option<u16> {
        if self.entries.len() < usize::from(Self::COUNT_MAX) {
            return None;
        }
        let place = self.retired.iter().rposition(|&number| self.is_complex(number))?;
        Some(self.retired.swap_remove(place))
    }

    fn set_simple(&mut self, context: &Context, number: u16) {
        let (Some(vid), Some(point)) =
            (context.simple_vid(), self.points.get_mut(context.capture_point.index()))
        else {
            return;
        };
        let numbers = point.simple.get_or_insert_with(|| Box::new([Self::NONE; VIDS]));
        if let Some(place) = numbers.get_mut(vid) {
            *place = number;
        }
    }

    /// Tells whether a context is a place: by itself, or because its capture point is one.
    fn locates(&self, context: &Context) -> bool {
        let of_point = || self.points.get(context.capture_point.index()).is_some_and(|point| point.locates);
        context.location().is_place() || (context.via == Via::Wire && of_point())
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

    fn tagged(point: u16, vid: u16) -> TableKey {
        TableKey { capture_point: CapturePointId(point), vids: Vids::single(vid), ..TableKey::default() }
    }

    #[test]
    fn a_context_has_a_number_as_long_as_it_has_a_row() {
        let mut contexts = Contexts::new(FixedState::with_seed(1));
        contexts.add_point(DomainId(0), true);
        let keys = [tagged(0, 7), behind(1, 5), TableKey::default()];
        let numbers = keys.map(|key| contexts.hold(&key).unwrap());
        assert_eq!(contexts.hold(&keys[0]), Some(numbers[0]));
        for (key, number) in keys.iter().zip(numbers) {
            assert_eq!(contexts.number(key), Some(number));
            assert_eq!(contexts.key(number, key.mac), *key);
        }
        let simple = |contexts: &Contexts, vid| contexts.of(CapturePointId(0)).number(vid);
        assert_eq!((simple(&contexts, 7), simple(&contexts, 0)), (numbers[0], numbers[2]));
        contexts.release(numbers[0]);
        contexts.reuse();
        assert_eq!(simple(&contexts, 7), numbers[0]);
        contexts.release(numbers[0]);
        contexts.reuse();
        assert_eq!((contexts.number(&keys[0]), simple(&contexts, 7)), (None, Contexts::NONE));
        assert_eq!(contexts.hold(&behind(2, 5)), Some(numbers[0]), "the number is given again");
    }

    #[test]
    fn a_tunnel_without_an_end_is_no_place() {
        let mut contexts = Contexts::new(FixedState::with_seed(1));
        contexts.add_point(DomainId(0), true);
        let nowhere = Tunnel::new(TunnelKind::Vxlan, Some(5), None);
        let nowhere = TableKey { via: Via::Tunnel(nowhere), ..TableKey::default() };
        assert!(contexts.is_place(&behind(1, 5)) && contexts.is_place(&tagged(0, 5)));
        assert!(!contexts.is_place(&nowhere), "as its location says");
    }

    #[test]
    fn places_of_one_segment_exclude_each_other() {
        let mut contexts = Contexts::new(FixedState::with_seed(1));
        contexts.add_point(DomainId(0), true);
        contexts.add_point(DomainId(0), true);
        contexts.add_point(DomainId(0), false);
        let held = [
            behind(1, 5),
            behind(2, 5),
            behind(1, 6),
            tagged(0, 7),
            tagged(1, 7),
            tagged(1, 8),
            tagged(2, 7),
        ];
        let numbers = held.map(|key| contexts.hold(&key).unwrap());
        let rivals = |contexts: &Contexts, key: &TableKey| contexts.rivals(key).collect::<Vec<_>>();
        assert_eq!(rivals(&contexts, &behind(1, 5)), [numbers[1]]);
        assert_eq!(rivals(&contexts, &behind(1, 6)), []);
        assert_eq!(rivals(&contexts, &tagged(0, 7)), [numbers[4]]);
        assert_eq!(rivals(&contexts, &tagged(2, 7)), [], "a point that locates nobody has no rival");
        contexts.release(numbers[1]);
        assert_eq!(rivals(&contexts, &behind(1, 5)), []);
    }

    #[test]
    fn contexts_beyond_the_bound_find_no_number() {
        let mut contexts = Contexts::new(FixedState::with_seed(1));
        contexts.add_point(DomainId(0), false);
        for id in 0..u32::from(Contexts::COMPLEX_MAX) {
            assert!(contexts.hold(&behind(1, id)).is_some());
        }
        assert_eq!(contexts.hold(&behind(2, 1)), None);
        assert_eq!(contexts.hold(&behind(1, 1)), contexts.number(&behind(1, 1)));
        let simple = u16::try_from(VIDS).unwrap();
        for index in 0..Contexts::COUNT_MAX - Contexts::COMPLEX_MAX {
            if index % simple == 0 {
                contexts.add_point(DomainId(0), false);
            }
            assert!(contexts.hold(&tagged(index / simple, index % simple)).is_some(), "{index}");
        }
        assert_eq!(contexts.hold(&tagged(8, 1)), None);
        let freed = contexts.number(&behind(1, 7)).unwrap();
        contexts.release(freed);
        contexts.reuse();
        assert_eq!(contexts.hold(&behind(2, 1)), Some(freed));
    }

    #[test]
    fn places_beyond_the_near_ones_are_far() {
        let mut contexts = Contexts::new(FixedState::with_seed(1));
        contexts.add_point(DomainId(0), false);
        let ends = 0..u8::try_from(NEAR_MAX + 2).unwrap();
        let numbers: Vec<u16> = ends.map(|end| contexts.hold(&behind(end, 5)).unwrap()).collect();
        let far: Vec<bool> = numbers.iter().map(|&number| contexts.is_far(number)).collect();
        assert!(far[..NEAR_MAX].iter().all(|is_far| !is_far) && far[NEAR_MAX..].iter().all(|is_far| *is_far));
        assert_eq!(contexts.rivals(&behind(200, 5)).count(), NEAR_MAX);
        contexts.release(numbers[0]);
        contexts.reuse();
        let next = contexts.hold(&behind(201, 5)).unwrap();
        assert!(!contexts.is_far(next), "its place among the near ones was free");
    }
}
