//! What fuzzing begins with, made from the generated captures and the texts of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::samples;
use crate::pcap::{self, gzip};
use crate::shell;

/// More seeds of a target are left out: libFuzzer reads all of them first.
pub(super) const SEEDS_MAX: usize = 500;
/// How many frames a seed holds that is a whole file.
const FRAMES_OF_A_FILE: usize = 6;
/// A text that is longer is left out.
const TEXT_OCTETS_MAX: u64 = 8_192;

/// Writes the seeds of a target into its folder; returns how many there are.
pub(super) fn write(target: &str, folder: &Path) -> Result<usize> {
    let seeds = of(target)?;
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    for (number, octets) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("{number:04}")), octets)?;
    }
    Ok(seeds.len())
}

/// Makes the seeds of a target: different ones, evenly taken where there are too many.
pub(super) fn of(target: &str) -> Result<Vec<Vec<u8>>> {
    let seeds: BTreeSet<Vec<u8>> = match target {
        "decode" => frames().map(|frame| [&[0], frame.as_slice()].concat()).collect(),
        "engine" => sequences(),
        "mobility" => frames().filter_map(|frame| mobility_header(&frame)).flatten().collect(),
        "radius" => with(samples::radius(), datagrams(&[1_812, 1_813, 1_646, 3_799])),
        "dhcp" => with(samples::dhcp(), datagrams(&[67, 68])),
        "dhcpv6" => with(samples::dhcpv6(), datagrams(&[546, 547])),
        "mobile_ip" => with(samples::mobile_ip(), datagrams(&[434])),
        "lldp" => frames().filter_map(|frame| behind(&frame, 0x88cc)).collect(),
        "cdp" => with(samples::cdp(), frames().filter_map(|frame| cdp(&frame)).collect()),
        "tunnel" => tunnels(),
        "pcap" => pcap::small_files(FRAMES_OF_A_FILE, pcap::Kind::Pcap),
        "pcapng" => pcap::small_files(FRAMES_OF_A_FILE, pcap::Kind::Pcapng),
        "snoop" => snoop_files(),
        "packed" => packed_files(),
        "inventory" | "config" => texts(&["yaml", "json"])?,
        "table" => texts(&["csv"])?,
        other => bail!("nobody says what `{other}` begins with (xtask/src/fuzz/seeds.rs)"),
    };
    let step = seeds.len().div_ceil(SEEDS_MAX).max(1);
    Ok(seeds.into_iter().step_by(step).collect())
}

fn with(samples: Vec<Vec<u8>>, mut seeds: BTreeSet<Vec<u8>>) -> BTreeSet<Vec<u8>> {
    seeds.extend(samples);
    seeds
}

/// The different frames of all captures.
fn frames() -> impl Iterator<Item = Vec<u8>> {
    pcap::frames().into_iter().collect::<BTreeSet<_>>().into_iter()
}

/// What follows the VLAN tags of a frame: ethertype and payload.
fn payload(frame: &[u8]) -> Option<(u16, &[u8])> {
    let mut rest = frame.get(12..)?;
    loop {
        let ([high, low], behind) = rest.split_first_chunk()?;
        match u16::from_be_bytes([*high, *low]) {
            0x8100 | 0x88a8 => rest = behind.get(2..)?,
            ethertype => return Some((ethertype, behind)),
        }
    }
}

fn behind(frame: &[u8], ethertype: u16) -> Option<Vec<u8>> {
    let (found, octets) = payload(frame)?;
    (found == ethertype).then(|| octets.to_vec())
}

/// What follows the SNAP header of the Cisco Discovery Protocol.
fn cdp(frame: &[u8]) -> Option<Vec<u8>> {
    let (_, octets) = payload(frame)?;
    octets.strip_prefix(&[0xaa, 0xaa, 0x03, 0x00, 0x00, 0x0c, 0x20, 0x00]).map(<[u8]>::to_vec)
}

/// Protocol and payload of an IP packet without options or extension headers.
fn transport(frame: &[u8]) -> Option<(u8, &[u8])> {
    match payload(frame)? {
        (0x0800, packet) => Some((*packet.get(9)?, packet.get(20..)?)),
        (0x86dd, packet) => Some((*packet.get(6)?, packet.get(40..)?)),
        _ => None,
    }
}

/// The payloads of UDP datagrams from or to these ports.
fn datagrams(ports: &[u16]) -> BTreeSet<Vec<u8>> {
    let payload = |frame: Vec<u8>| {
        let (17, datagram) = transport(&frame)? else {
            return None;
        };
        let [a, b, c, d] = *datagram.first_chunk()?;
        let is_wanted =
            ports.contains(&u16::from_be_bytes([a, b])) || ports.contains(&u16::from_be_bytes([c, d]));
        is_wanted.then(|| datagram.get(8..).unwrap_or_default().to_vec())
    };
    frames().filter_map(payload).collect()
}

/// The mobility header of a frame, behind routing header and destination options, after each choice of flags.
fn mobility_header(frame: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (mut next, mut rest) = transport(frame)?;
    while matches!(next, 43 | 60) {
        let [following, length] = *rest.first_chunk()?;
        rest = rest.get(8 + usize::from(length) * 8..)?;
        next = following;
    }
    (next == 135).then(|| [1, 3, 5].map(|flags| [&[flags], rest].concat()).to_vec())
}

/// Frames and packets in each tunnel.
fn tunnels() -> BTreeSet<Vec<u8>> {
    let mut seeds = BTreeSet::new();
    for frame in frames().step_by(50) {
        let packet = payload(&frame).map(|(_, packet)| packet).unwrap_or_default();
        for kind in 0..16_u8 {
            let inner = match kind {
                9..=12 => packet.to_vec(),
                // A label at the bottom of its stack; a session with protocol IPv4.
                13 => [&[0, 0, 0x11, 64], packet].concat(),
                14 => [&[0x11, 0, 0, 1, 0, 0, 0, 0x21], packet].concat(),
                6 => [&[0x10, 100, 0, 1, 0, 0, 0, 0], frame.as_slice()].concat(),
                7 => [&[0x20, 100, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], frame.as_slice()].concat(),
                15 => [&[0, 0, 0, 1, 0, 0], frame.get(12..).unwrap_or_default()].concat(),
                _ => frame.clone(),
            };
            seeds.insert([&[kind], inner.as_slice()].concat());
        }
    }
    // What the captures hold of each.
    seeds.extend(frames().filter_map(|frame| {
        let kind = match payload(&frame)?.0 {
            0x8847 => 13,
            0x8864 => 14,
            0x893f => 15,
            _ => return None,
        };
        Some([&[kind], payload(&frame)?.1].concat())
    }));
    seeds.extend(datagrams(&[4_789]).into_iter().map(|inner| [&[1], inner.as_slice()].concat()));
    seeds.extend(datagrams(&[6_081]).into_iter().map(|inner| [&[3], inner.as_slice()].concat()));
    seeds
}

/// Some frames of each capture in a row, a second apart.
fn sequences() -> BTreeSet<Vec<u8>> {
    let frames: Vec<Vec<u8>> = pcap::frames();
    let sequence = |frames: &[Vec<u8>]| {
        let mut seed = Vec::new();
        for frame in frames {
            let length = u8::try_from(frame.len()).unwrap_or(u8::MAX);
            seed.extend([length, 10]);
            seed.extend(frame.iter().take(length.into()));
        }
        seed
    };
    frames.chunks(12).step_by(10).map(sequence).collect()
}

/// Files of the snoop format (RFC 1761), whose numbers have the most significant octet first.
fn snoop_files() -> BTreeSet<Vec<u8>> {
    let file = |frames: &[Vec<u8>]| {
        let mut file = b"snoop\0\0\0\0\0\0\x02\0\0\0\x04".to_vec();
        for (second, frame) in (1_u32..).zip(frames) {
            let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
            let padded = length.next_multiple_of(4);
            for word in [length, length, 24 + padded, 0, second, 0] {
                file.extend(word.to_be_bytes());
            }
            file.extend(frame);
            file.resize(file.len().next_multiple_of(4), 0);
        }
        file
    };
    pcap::frames().chunks(FRAMES_OF_A_FILE).step_by(40).map(file).collect()
}

/// Small files in each compression, as blocks that are only stored where this house cannot compress.
fn packed_files() -> BTreeSet<Vec<u8>> {
    let mut seeds = BTreeSet::new();
    for file in pcap::small_files(2, pcap::Kind::Pcap) {
        let length = u32::try_from(file.len()).unwrap_or(u32::MAX);
        seeds.insert([&[0], gzip(&file).as_slice()].concat());
        // A frame with a window of 1 KiB and one raw block, the last (RFC 8878 section 3.1.1).
        let block = (length << 3 | 1).to_le_bytes();
        seeds.insert([&[0, 0x28, 0xb5, 0x2f, 0xfd, 0, 0], &block[..3], &file].concat());
        // Independent blocks of 64 KiB, one of them stored, and the end mark.
        let head = [0, 0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
        seeds.insert([&head, &(length | 0x8000_0000).to_le_bytes()[..], &file, &[0; 4]].concat());
    }
    seeds
}

/// The texts of the repository with these endings.
fn texts(endings: &[&str]) -> Result<BTreeSet<Vec<u8>>> {
    let listed = shell::capture(&mut shell::program("git", &["ls-files"]))?;
    let mut texts = BTreeSet::new();
    for path in listed.lines().map(Path::new) {
        let has_ending = path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known));
        let whole = shell::root().join(path);
        if has_ending && fs::metadata(&whole).is_ok_and(|about| about.len() <= TEXT_OCTETS_MAX) {
            texts.insert(fs::read(&whole).with_context(|| format!("read {}", whole.display()))?);
        }
    }
    Ok(texts)
}
