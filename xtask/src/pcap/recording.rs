//! A capture in the making: frames with their times and interfaces, and the file formats.
//!
//! Read the pcap and pcapng drafts of the IETF opsawg group (draft-ietf-opsawg-pcap and -pcapng) and
//! RFC 1952 (gzip) before editing.

use std::collections::BTreeSet;
use std::time::Duration;

/// 2026-11-20T10:00:00Z, at which every capture begins; in nanoseconds since 1970.
const BEGIN_NS: u64 = 1_795_168_800_000_000_000;

/// What the frames of an interface begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LinkType {
    Ethernet,
    RawIp,
    LinuxSll,
    LinuxSll2,
}

impl LinkType {
    const fn number(self) -> u16 {
        match self {
            Self::Ethernet => 1,
            Self::RawIp => 101,
            Self::LinuxSll => 113,
            Self::LinuxSll2 => 276,
        }
    }

    /// Returns its word in the manifest.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ethernet => "ethernet",
            Self::RawIp => "raw-ip",
            Self::LinuxSll => "linux-sll",
            Self::LinuxSll2 => "linux-sll2",
        }
    }
}

/// As much of each frame as a frame can have.
const SNAPLEN: u32 = 262_144;

/// One captured frame.
struct Frame {
    at: Duration,
    interface: u32,
    octets: Vec<u8>,
}

/// The frames of a capture, and the interfaces that they were captured on.
#[derive(Default)]
pub(crate) struct Recording {
    interfaces: Vec<(String, LinkType)>,
    frames: Vec<Frame>,
}

/// An interface of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interface(u32);

impl Recording {
    /// Adds an Ethernet interface by its name.
    pub(crate) fn interface(&mut self, name: impl Into<String>) -> Interface {
        self.interface_of(name, LinkType::Ethernet)
    }

    /// Adds an interface of any link type by its name.
    pub(crate) fn interface_of(&mut self, name: impl Into<String>, linktype: LinkType) -> Interface {
        let id = u32::try_from(self.interfaces.len()).expect("there are few interfaces");
        self.interfaces.push((name.into(), linktype));
        Interface(id)
    }

    /// Returns the link types of its interfaces, each once.
    pub(crate) fn linktypes(&self) -> BTreeSet<LinkType> {
        self.interfaces.iter().map(|(_, linktype)| *linktype).collect()
    }

    /// Captures a frame at a time since the beginning. Frames may come in any order.
    pub(crate) fn capture(&mut self, at: Duration, interface: Interface, octets: Vec<u8>) {
        self.frames.push(Frame { at, interface: interface.0, octets });
    }

    /// Returns how many frames there are.
    pub(crate) fn frames(&self) -> usize {
        self.frames.len()
    }

    /// Returns the octets of its frames in the order of time.
    pub(crate) fn octets(&self) -> impl Iterator<Item = &[u8]> {
        self.in_order().into_iter().map(|frame| frame.octets.as_slice())
    }

    /// Keeps so many frames only.
    pub(crate) fn truncate(&mut self, frames: usize) {
        self.frames.truncate(frames);
    }

    /// Forgets which frame came by which interface, all but the first.
    pub(crate) fn flatten(&mut self) {
        self.interfaces.truncate(1);
        self.frames.iter_mut().for_each(|frame| frame.interface = 0);
    }

    /// Writes a pcap file with times in nanoseconds. It has room for one interface only, without name.
    pub(crate) fn to_pcap(&self) -> Vec<u8> {
        assert!(self.interfaces.len() <= 1, "pcap knows one interface");
        let mut file = Vec::new();
        file.extend(0xa1b2_3c4d_u32.to_le_bytes());
        file.extend(2_u16.to_le_bytes());
        file.extend(4_u16.to_le_bytes());
        file.extend([0; 8]);
        file.extend(SNAPLEN.to_le_bytes());
        file.extend(u32::from(LinkType::Ethernet.number()).to_le_bytes());
        for frame in self.in_order() {
            let time = time_ns(frame.at);
            file.extend(low_half(time / 1_000_000_000).to_le_bytes());
            file.extend(low_half(time % 1_000_000_000).to_le_bytes());
            file.extend(octet_count(&frame.octets));
            file.extend(octet_count(&frame.octets));
            file.extend(&frame.octets);
        }
        file
    }

    /// Writes a pcapng file: one section, the interfaces by name, times in nanoseconds, frames in the order of time.
    pub(crate) fn to_pcapng(&self) -> Vec<u8> {
        self.to_pcapng_of(&self.in_order())
    }

    /// Writes the same with the frames in the order in which they were captured, whatever their times.
    pub(crate) fn to_pcapng_as_delivered(&self) -> Vec<u8> {
        self.to_pcapng_of(&self.frames.iter().collect::<Vec<_>>())
    }

    fn to_pcapng_of(&self, frames: &[&Frame]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
        section.extend(1_u16.to_le_bytes());
        section.extend(0_u16.to_le_bytes());
        section.extend([0xff; 8]);
        block(&mut file, 0x0a0d_0d0a, &section);
        for (name, linktype) in &self.interfaces {
            let mut body = linktype.number().to_le_bytes().to_vec();
            body.extend([0, 0]);
            body.extend(SNAPLEN.to_le_bytes());
            option(&mut body, 2, name.as_bytes());
            option(&mut body, 9, &[9]);
            option(&mut body, 0, &[]);
            block(&mut file, 1, &body);
        }
        for frame in frames {
            let time = time_ns(frame.at);
            let mut body = frame.interface.to_le_bytes().to_vec();
            body.extend(low_half(time >> 32).to_le_bytes());
            body.extend(low_half(time & 0xffff_ffff).to_le_bytes());
            body.extend(octet_count(&frame.octets));
            body.extend(octet_count(&frame.octets));
            body.extend(&frame.octets);
            pad(&mut body);
            block(&mut file, 6, &body);
        }
        file
    }

    fn in_order(&self) -> Vec<&Frame> {
        let mut frames: Vec<&Frame> = self.frames.iter().collect();
        frames.sort_by_key(|frame| frame.at);
        frames
    }
}

/// Compresses a file as gzip, without a time or a name, so that the same file gives the same bytes.
pub(crate) fn gzip(file: &[u8]) -> Vec<u8> {
    const DEFLATE: u8 = 8;
    const UNKNOWN_SYSTEM: u8 = 255;
    let mut compressed = vec![0x1f, 0x8b, DEFLATE, 0, 0, 0, 0, 0, 2, UNKNOWN_SYSTEM];
    compressed.extend(miniz_oxide::deflate::compress_to_vec(file, 10));
    compressed.extend(crc32(file).to_le_bytes());
    compressed.extend(low_half(file.len() as u64).to_le_bytes());
    compressed
}

/// The cyclic redundancy check of RFC 1952 section 8, bit by bit.
fn crc32(octets: &[u8]) -> u32 {
    let mut remainder = u32::MAX;
    for octet in octets {
        remainder ^= u32::from(*octet);
        for _ in 0..8 {
            let carry = remainder & 1;
            remainder = (remainder >> 1) ^ (0xedb8_8320 * carry);
        }
    }
    !remainder
}

/// Writes a block: type, length, body, length again.
fn block(file: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let octets = u32::try_from(body.len() + 12).expect("a block is short").to_le_bytes();
    file.extend(kind.to_le_bytes());
    file.extend(octets);
    file.extend(body);
    file.extend(octets);
}

fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(code.to_le_bytes());
    body.extend(u16::try_from(value.len()).expect("an option is short").to_le_bytes());
    body.extend(value);
    pad(body);
}

/// Fills up to a multiple of four octets.
fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn time_ns(at: Duration) -> u64 {
    BEGIN_NS + u64::try_from(at.as_nanos()).expect("a capture is short")
}

fn low_half(number: u64) -> u32 {
    u32::try_from(number & 0xffff_ffff).expect("the rest was masked away")
}

fn octet_count(octets: &[u8]) -> [u8; 4] {
    u32::try_from(octets.len()).expect("a frame is short").to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_written_in_the_order_of_time() {
        let mut recording = Recording::default();
        let tap = recording.interface("tap");
        recording.capture(Duration::from_secs(2), tap, vec![2; 60]);
        recording.capture(Duration::from_secs(1), tap, vec![1; 61]);
        let pcap = recording.to_pcap();
        assert_eq!(pcap.len(), 24 + 16 + 61 + 16 + 60);
        assert_eq!(pcap[40], 1);
        let pcapng = recording.to_pcapng();
        assert_eq!(pcapng.len() % 4, 0);
        assert!(pcapng.windows(3).any(|window| window == b"tap"));
    }

    #[test]
    fn the_check_is_the_common_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn gzip_gives_the_file_back() {
        let file = b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbb".repeat(20);
        let compressed = gzip(&file);
        let body = &compressed[10..compressed.len() - 8];
        assert_eq!(miniz_oxide::inflate::decompress_to_vec(body).unwrap(), file);
    }
}
