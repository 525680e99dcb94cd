//! Frames made in memory, to drive the engine without a file: for counting instructions and allocations.

use std::sync::Arc;

use rollcall_core::decode::DecodeSettings;
use rollcall_core::engine::{Input, Shard, ShardOutput, ShardSettings, Share, Spine, SpineSettings};
use rollcall_core::recorded::SnapshotBuilder;
use rollcall_core::types::{CapturePoint, CapturePointId, Frame, LinkType, Timestamp};

use crate::hostile::carried;

/// How many stations send the frames of a class.
const STATIONS: u8 = 64;
/// Nanoseconds from one frame to the next.
const STEP_NS: i64 = 100;

/// A class of frames whose cost is watched.
#[derive(Clone, Copy, Debug)]
pub struct Class {
    /// Its name.
    pub name: &'static str,
    make: fn(u8) -> Vec<u8>,
    /// Whether every frame comes from a station that was not seen before.
    is_new: bool,
}

/// Every class that is watched.
pub const CLASSES: &[Class] = &[
    class("ipv4", |station| v4(station, &[])),
    class("ipv6", |station| v6(station, &[])),
    class("ipv4-tagged", |station| v4(station, &[0x81, 0x00, 0x00, 100])),
    class("ipv6-tagged", |station| v6(station, &[0x81, 0x00, 0x00, 100])),
    Class { is_new: true, ..class("new-station", |station| v4(station, &[])) },
    class("arp", arp),
    class("neighbor-solicitation", neighbor_solicitation),
    class("mobility", mobility),
    class("vxlan", vxlan),
    class("radius", radius),
];

const fn class(name: &'static str, make: fn(u8) -> Vec<u8>) -> Class {
    Class { name, make, is_new: false }
}

impl Class {
    /// Finds a class by its name.
    pub fn named(name: &str) -> Option<Self> {
        CLASSES.iter().find(|class| class.name == name).copied()
    }
}

/// The engine with one shard, and a batch of frames of one class that is shown to it again and again, each time a
/// little later.
pub struct Engine {
    class: Class,
    frames: Made,
    shard: Shard,
    spine: Spine,
    output: ShardOutput,
    next: u64,
}

/// A batch in memory.
struct Made {
    /// Each frame, and how long after the first it comes, in nanoseconds.
    octets: Vec<(Vec<u8>, i64)>,
    /// The time of the first frame, in nanoseconds since the epoch.
    begin_ns: i64,
}

impl Made {
    // As little as a batch of a file does, so that what is counted is the engine.
    fn all(&self) -> impl Iterator<Item = Frame<'_>> {
        self.octets.iter().map(|(bytes, step)| Frame {
            at: Timestamp::from_nanos(self.begin_ns + step),
            capture_point: CapturePointId(0),
            linktype: LinkType::ETHERNET,
            orig_len: 128,
            bytes,
        })
    }
}

impl Engine {
    /// How many frames a batch has.
    pub const FRAMES: u32 = 1_024;

    /// Makes an engine without inventory, and its batch.
    pub fn new(class: Class) -> Self {
        let settings = SpineSettings::default();
        let mut shard = Shard::new(&ShardSettings {
            decode: DecodeSettings::default(),
            presence: settings.presence,
            limits: settings.limits,
            seed: 0,
            ..ShardSettings::default()
        });
        let mut spine = Spine::new(settings);
        spine.handle(Timestamp::MIN, Input::Recorded(Arc::new(SnapshotBuilder::new().finish().snapshot)));
        let point = CapturePoint::unknown("made");
        shard.add_point(&point, true);
        spine.handle(Timestamp::MIN, Input::Point(point));
        let station = |number: u32| u8::try_from(number % u32::from(STATIONS)).unwrap_or_default();
        let made = |number: u32| ((class.make)(station(number)), i64::from(number) * STEP_NS);
        let octets = (0..Self::FRAMES).map(made).collect();
        let begin_ns = 1_000_000_000_000_000_000;
        Self {
            class,
            frames: Made { octets, begin_ns },
            shard,
            spine,
            output: ShardOutput::default(),
            next: 1,
        }
    }

    /// Shows the batch to the engine.
    pub fn run(&mut self) {
        if self.class.is_new {
            for ((octets, _), number) in self.frames.octets.iter_mut().zip(self.next..) {
                // Another address behind the first two octets, which say that it is local.
                if let Some(place) = octets.get_mut(8..12) {
                    let [_, _, _, _, address @ ..] = number.to_be_bytes();
                    place.copy_from_slice(&address);
                }
            }
        }
        self.shard.frames(self.next, self.frames.all(), Share::ALL, &mut self.output);
        self.spine.handle_outputs(core::slice::from_ref(&self.output));
        self.output.clear();
        while self.spine.poll().is_some() {}
        self.next += u64::from(Self::FRAMES);
        self.frames.begin_ns += STEP_NS * i64::from(Self::FRAMES);
    }

    /// Returns how many rows the table has.
    pub fn tracked(&self) -> usize {
        self.shard.tracked()
    }

    /// Leaves of it the shard alone.
    pub fn into_shard(self) -> Shard {
        self.shard
    }
}

fn ethernet(station: u8, tag: &[u8], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x52, 0x54, 0x00, 0xff, 0xff, 0xff, 0x52, 0x54, 0x00, 0x00, 0x00, station];
    frame.extend(tag);
    frame.extend(ethertype.to_be_bytes());
    frame.extend(payload);
    frame.resize(frame.len().max(128), 0);
    frame
}

fn v4(station: u8, tag: &[u8]) -> Vec<u8> {
    // TCP from a port to another, 100 octets in all.
    let header = [0x45, 0, 0, 100, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, station, 10, 0, 1, 1];
    ethernet(station, tag, 0x0800, &[&header[..], &[0x80, 0x00, 0x01, 0xbb]].concat())
}

fn v6(station: u8, tag: &[u8]) -> Vec<u8> {
    let mut header = vec![0x60, 0, 0, 0, 0, 60, 6, 64];
    header.extend(address(station));
    header.extend(address(255));
    ethernet(station, tag, 0x86dd, &[&header[..], &[0x80, 0x00, 0x01, 0xbb]].concat())
}

/// 2001:db8::/64 and the number.
const fn address(station: u8) -> [u8; 16] {
    [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, station]
}

fn arp(station: u8) -> Vec<u8> {
    let mut message = vec![0, 1, 0x08, 0x00, 6, 4, 0, 1, 0x52, 0x54, 0x00, 0x00, 0x00, station];
    message.extend([10, 0, 0, station, 0, 0, 0, 0, 0, 0, 10, 0, 1, 1]);
    ethernet(station, &[], 0x0806, &message)
}

fn neighbor_solicitation(station: u8) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 32, 58, 255];
    packet.extend(address(station));
    packet.extend(address(255));
    packet.extend([135, 0, 0, 0, 0, 0, 0, 0]);
    packet.extend(address(255));
    packet.extend([1, 1, 0x52, 0x54, 0x00, 0x00, 0x00, station]);
    ethernet(station, &[], 0x86dd, &packet)
}

fn mobility(station: u8) -> Vec<u8> {
    // A Binding Update whose checksum is made right, behind a Home Address option.
    carried("mobility", &[3, 59, 1, 5, 0, 0, 0, 0, station, 0xf0, 0, 0, 150, 1, 2, 0, 0])
}

fn vxlan(station: u8) -> Vec<u8> {
    carried("vxlan", &v4(station, &[]))
}

fn radius(station: u8) -> Vec<u8> {
    // Accounting-Request, interim update: status type, NAS address, NAS port, calling station.
    let mut message = vec![4, station, 0, 57];
    message.extend([0; 16]);
    message.extend([40, 6, 0, 0, 0, 3, 4, 6, 192, 0, 2, 9, 5, 6, 0, 0, 0, 7, 31, 19]);
    message.extend(format!("52-54-00-00-00-{station:02x}").bytes());
    carried("radius", &message)
}

#[cfg(test)]
mod tests {
    use rollcall_core::decode::{Control, decode};

    use super::*;

    #[test]
    fn every_class_is_what_it_is_called() {
        let control = |class: &str| {
            let frame = (Class::named(class).expect("it is in the list").make)(7);
            let decoded = decode(&DecodeSettings::default(), LinkType::ETHERNET, 0, &frame);
            assert_eq!(decoded.outcome.as_str(), "complete", "{class}: {decoded:?}");
            assert_eq!(decoded.inner.is_some(), class == "vxlan");
            format!("{:?}", decoded.control)
        };
        for class in ["ipv4", "ipv6", "ipv4-tagged", "ipv6-tagged", "new-station"] {
            assert_eq!(control(class), format!("{:?}", Control::None), "{class}");
        }
        for (class, word) in [
            ("arp", "Arp"),
            ("neighbor-solicitation", "Nd"),
            ("mobility", "Mobility"),
            ("radius", "Radius"),
            ("vxlan", "None"),
        ] {
            assert!(control(class).starts_with(word), "{class}: {}", control(class));
        }
    }

    #[test]
    fn stations_are_known_after_the_first_batch_and_new_ones_never() {
        for (class, after) in [("ipv4", 64), ("new-station", 2 * Engine::FRAMES as usize)] {
            let mut engine = Engine::new(Class::named(class).expect("it is in the list"));
            engine.run();
            engine.run();
            assert_eq!(engine.tracked(), after, "{class}");
        }
    }
}
