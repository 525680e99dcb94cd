//! `cargo xtask pcap bench`: large captures for measuring speed, made into the target folder and not kept.
//!
//! 10,000 stations, half of them tagged, talk to each other in random order over IPv4, and in the captures
//! with room for it a quarter of them over IPv6; one frame in 1,024 is an ARP request of its sender. Each
//! station has one address and one VLAN, so that a replay finds nothing to report. For measuring growth there
//! are others with 1,000 to 1,000,000 stations, each of which is seen once before they talk to each other.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::random::Random;
use crate::shell;

const STATIONS: u32 = 10_000;
const ARP_EVERY: u64 = 1_024;
const SEED: u64 = 20_261_121;
/// 2026-11-21T08:00:00Z.
const STARTS_AT_SECS: u64 = 1_795_248_000;

/// A capture for measuring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capture {
    /// Its name, and its file's without the ending.
    pub(crate) name: &'static str,
    stations: u32,
    /// Whether every station sends a frame before the others come.
    introduces: bool,
    /// How many frames of stations chosen by chance it holds.
    talk: u64,
    sizes: Sizes,
    /// How many octets of a frame are captured at most.
    snaplen: usize,
    /// The time from one frame to the next.
    step_micros: u64,
    /// How many times tcpdump's frames per second a replay should reach.
    pub(crate) tcpdump_goal: f64,
    /// Whether it is measured with several workers, and for memory.
    pub(crate) is_for_workers: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sizes {
    /// 64 octets each.
    Small,
    /// 60 to 1,514 octets: short ones, full ones, and some between.
    Mixed,
}

/// Every capture for measuring; the first is what is measured where none is named.
pub(crate) const CAPTURES: &[Capture] = &[
    Capture {
        name: "small64",
        stations: STATIONS,
        introduces: false,
        talk: 5_000_000,
        sizes: Sizes::Small,
        snaplen: 65_535,
        step_micros: 10,
        tcpdump_goal: 4.0,
        is_for_workers: false,
    },
    Capture {
        name: "mix",
        stations: STATIONS,
        introduces: false,
        talk: 2_100_000,
        sizes: Sizes::Mixed,
        snaplen: 65_535,
        step_micros: 20,
        tcpdump_goal: 2.5,
        is_for_workers: true,
    },
    Capture {
        name: "snap128",
        stations: STATIONS,
        introduces: false,
        talk: 5_000_000,
        sizes: Sizes::Mixed,
        snaplen: 128,
        step_micros: 10,
        tcpdump_goal: 3.0,
        is_for_workers: false,
    },
];

/// Captures with more and more stations, in pairs: every station once; and then many frames of them.
pub(crate) const GROWTH: &[(Capture, Capture)] = &[
    (crowd("1k-once", 1_000, 0), crowd("1k", 1_000, CROWD_TALK)),
    (crowd("10k-once", 10_000, 0), crowd("10k", 10_000, CROWD_TALK)),
    (crowd("100k-once", 100_000, 0), crowd("100k", 100_000, CROWD_TALK)),
    (crowd("1m-once", 1_000_000, 0), crowd("1m", 1_000_000, CROWD_TALK)),
];
const CROWD_TALK: u64 = 3_000_000;

const fn crowd(name: &'static str, stations: u32, talk: u64) -> Capture {
    Capture {
        name,
        stations,
        introduces: true,
        talk,
        sizes: Sizes::Small,
        snaplen: 65_535,
        step_micros: 10,
        tcpdump_goal: 0.0,
        is_for_workers: false,
    }
}

/// Makes the named captures, or all, whether they are there or not.
pub(super) fn run(names: &[String]) -> Result<()> {
    for capture in named(names)? {
        let path = capture.path();
        capture.make(&path)?;
        println!("{} made", path.display());
    }
    Ok(())
}

/// Returns the captures of those names; all where there is none.
///
/// # Errors
/// Fails at a name that no capture has.
pub(crate) fn named(names: &[String]) -> Result<Vec<Capture>> {
    if names.is_empty() {
        return Ok(CAPTURES.to_vec());
    }
    let crowds = GROWTH.iter().flat_map(|(once, more)| [once, more]);
    let known: Vec<Capture> = CAPTURES.iter().chain(crowds).copied().collect();
    let find = |name: &String| known.iter().find(|capture| capture.name == name).copied();
    names
        .iter()
        .map(|name| {
            find(name).with_context(|| format!("find a capture called `{name}` (small64, mix, snap128)"))
        })
        .collect()
}

impl Capture {
    /// Returns how many frames it holds.
    pub(crate) const fn frames(&self) -> u64 {
        let introductions = if self.introduces { self.stations as u64 } else { 0 };
        introductions + self.talk
    }

    /// Returns where its file is, or will be.
    pub(crate) fn path(&self) -> PathBuf {
        shell::target_dir().join("bench").join(format!("{}.pcap", self.name))
    }

    /// Makes its file unless it is there already.
    pub(crate) fn ensure(&self) -> Result<PathBuf> {
        let path = self.path();
        if !path.is_file() {
            println!("making {}", path.display());
            self.make(&path)?;
        }
        Ok(path)
    }

    /// Writes beside the file and renames, so that a file that is there is whole.
    fn make(&self, path: &Path) -> Result<()> {
        let Some(folder) = path.parent() else {
            bail!("`{}` lies in no folder", path.display());
        };
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        let partial = path.with_extension("partial");
        let file = File::create(&partial).with_context(|| format!("write {}", partial.display()))?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        self.write(&mut out)
            .and_then(|()| out.flush())
            .with_context(|| format!("write {}", partial.display()))?;
        fs::rename(&partial, path).with_context(|| format!("write {}", path.display()))
    }

    fn write(&self, out: &mut impl std::io::Write) -> std::io::Result<()> {
        let snaplen = u32::try_from(self.snaplen).unwrap_or(u32::MAX);
        out.write_all(&file_header(snaplen))?;
        let mut random = Random::new(SEED);
        let mut frame = Vec::with_capacity(1_600);
        for number in 0..self.frames() {
            let any = |random: &mut Random| Station::any(self.stations, random);
            let introduced =
                u32::try_from(number).ok().filter(|&number| self.introduces && number < self.stations);
            let from = introduced.map_or_else(|| any(&mut random), Station);
            let to = any(&mut random);
            self.frame(number, (from, to), &mut random, &mut frame);
            let micros = STARTS_AT_SECS * 1_000_000 + number * self.step_micros;
            let captured = frame.get(..self.snaplen).unwrap_or(&frame);
            out.write_all(&record_header(micros, captured.len(), frame.len()))?;
            out.write_all(captured)?;
        }
        Ok(())
    }

    /// Makes the next frame in place of the last.
    fn frame(&self, number: u64, (from, to): (Station, Station), random: &mut Random, frame: &mut Vec<u8>) {
        let size = match self.sizes {
            Sizes::Small => 64,
            Sizes::Mixed => match random.below(16) {
                0..=6 => random.between(60, 129),
                7..=10 => random.between(129, 1_001),
                _ => 1_514,
            },
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        frame.clear();
        let is_arp = number % ARP_EVERY == ARP_EVERY - 1;
        let is_v6 = self.sizes == Sizes::Mixed && from.0 % 4 < 2 && from.0 / 4 % 2 == 0 && size >= 80;
        frame.extend_from_slice(&if is_arp { [0xff; 6] } else { to.mac() });
        frame.extend_from_slice(&from.mac());
        if let Some(vid) = from.vid() {
            frame.extend_from_slice(&[0x81, 0x00]);
            frame.extend_from_slice(&vid.to_be_bytes());
        }
        if is_arp {
            arp_request(from, to, frame);
        } else if is_v6 {
            udp_over_v6(from, to, size, frame);
        } else {
            udp_over_v4(from, to, size, frame);
        }
        frame.resize(size, 0);
    }
}

/// One of the stations, by its number.
#[derive(Clone, Copy)]
struct Station(u32);

impl Station {
    fn any(stations: u32, random: &mut Random) -> Self {
        Self(u32::try_from(random.below(stations.into())).unwrap_or_default())
    }

    fn mac(self) -> [u8; 6] {
        let [_, above, high, low] = self.0.to_be_bytes();
        [0x52, 0x54, 0x00, 0x10 + above, high, low]
    }

    /// Every second station is in one of 16 VLANs.
    fn vid(self) -> Option<u16> {
        (self.0 % 2 == 1).then_some(100 + u16::try_from(self.0 / 2 % 16).unwrap_or_default())
    }

    fn v4(self) -> [u8; 4] {
        let [_, above, high, low] = self.0.to_be_bytes();
        [10, 1 + above, high, low]
    }

    /// 2001:db8::/64 and the station's number.
    fn v6(self) -> [u8; 16] {
        let [_, above, high, low] = self.0.to_be_bytes();
        [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, above, high, low]
    }
}

/// Classic, little-endian, microseconds, version 2.4, Ethernet.
fn file_header(snaplen: u32) -> [u8; 24] {
    let mut header = [0; 24];
    header[..4].copy_from_slice(&0xa1b2_c3d4_u32.to_le_bytes());
    header[4..8].copy_from_slice(&[2, 0, 4, 0]);
    header[16..20].copy_from_slice(&snaplen.to_le_bytes());
    header[20] = 1;
    header
}

fn record_header(micros: u64, caplen: usize, orig_len: usize) -> [u8; 16] {
    let word = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    let mut header = [0; 16];
    header[..4].copy_from_slice(&word(micros / 1_000_000));
    header[4..8].copy_from_slice(&word(micros % 1_000_000));
    header[8..12].copy_from_slice(&word(caplen as u64));
    header[12..].copy_from_slice(&word(orig_len as u64));
    header
}

fn arp_request(from: Station, to: Station, frame: &mut Vec<u8>) {
    // Ethernet, IPv4, lengths of both, request.
    frame.extend_from_slice(&[0x08, 0x06, 0, 1, 0x08, 0x00, 6, 4, 0, 1]);
    frame.extend_from_slice(&from.mac());
    frame.extend_from_slice(&from.v4());
    frame.extend_from_slice(&[0; 6]);
    frame.extend_from_slice(&to.v4());
}

fn udp_over_v4(from: Station, to: Station, size: usize, frame: &mut Vec<u8>) {
    frame.extend_from_slice(&[0x08, 0x00]);
    let start = frame.len();
    let length = u16::try_from(size - start).unwrap_or(u16::MAX);
    // Version and header length, class, length, identification, do not fragment, hops, UDP, checksum.
    frame.extend_from_slice(&[0x45, 0]);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0, 0, 0x40, 0, 64, 17, 0, 0]);
    frame.extend_from_slice(&from.v4());
    frame.extend_from_slice(&to.v4());
    let checksum = internet_checksum(&frame[start..]);
    frame[start + 10..start + 12].copy_from_slice(&checksum.to_be_bytes());
    udp_header(length - 20, frame);
}

fn udp_over_v6(from: Station, to: Station, size: usize, frame: &mut Vec<u8>) {
    frame.extend_from_slice(&[0x86, 0xdd, 0x60, 0, 0, 0]);
    let length = u16::try_from(size - frame.len() - 36).unwrap_or(u16::MAX);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[17, 64]);
    frame.extend_from_slice(&from.v6());
    frame.extend_from_slice(&to.v6());
    udp_header(length, frame);
}

/// Discard service to discard service, without a checksum.
fn udp_header(length: u16, frame: &mut Vec<u8>) {
    frame.extend_from_slice(&[0, 9, 0, 9]);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0, 0]);
}

/// RFC 1071 section 1.
fn internet_checksum(octets: &[u8]) -> u16 {
    let words = octets.as_chunks::<2>().0;
    let sum: u32 = words.iter().map(|word| u32::from(u16::from_be_bytes(*word))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let [_, _, high, low] = (folded + (folded >> 16)).to_be_bytes();
    !u16::from_be_bytes([high, low])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_their_sizes_and_half_are_tagged() {
        let mut random = Random::new(SEED);
        let mut frame = Vec::new();
        for capture in CAPTURES {
            let mut tagged = 0;
            for number in 0..10_000 {
                let between = (Station::any(STATIONS, &mut random), Station::any(STATIONS, &mut random));
                capture.frame(number, between, &mut random, &mut frame);
                tagged += u32::from(frame[12..14] == [0x81, 0x00]);
                assert!((60..=1_514).contains(&frame.len()));
                assert!(capture.sizes == Sizes::Mixed || frame.len() == 64);
            }
            assert!((4_800..5_200).contains(&tagged), "{}: {tagged}", capture.name);
        }
    }

    #[test]
    fn the_same_bytes_every_time() {
        let small = Capture { talk: 2_000, ..CAPTURES[0] };
        let written = || {
            let mut octets = Vec::new();
            small.write(&mut octets).expect("a vector can be written");
            octets
        };
        assert_eq!(written().len(), 24 + 2_000 * 80);
        assert_eq!(written(), written());
    }

    #[test]
    fn everybody_is_introduced_once() {
        let small = Capture { talk: 0, ..GROWTH[0].0 };
        let mut octets = Vec::new();
        small.write(&mut octets).expect("a vector can be written");
        let macs: std::collections::BTreeSet<&[u8]> =
            octets[24..].chunks(80).map(|record| &record[22..28]).collect();
        assert_eq!(macs.len(), 1_000);
        assert_eq!(GROWTH[0].1.frames(), 1_000 + CROWD_TALK);
    }

    #[test]
    fn the_checksum_of_a_header_with_its_checksum_is_zero() {
        let mut frame = Vec::new();
        udp_over_v4(Station(1), Station(2), 64, &mut frame);
        assert_eq!(internet_checksum(&frame[2..22]), 0);
    }
}
