//! The format of Solaris' snoop: a file header of 16 octets, then records of 24 octets and the frame.
//!
//! # Layout
//! All numbers have the most significant octet first. File header: `snoop` and three zero octets (8), version
//! (4), datalink type (4). Record: length on the wire (4), captured length (4), length of the record (4),
//! frames lost (4), seconds (4), microseconds (4), then the captured octets and padding.
//!
//! # Reference
//! RFC 1761.

use rollcall_core::types::{CapturePointId, LinkType, Timestamp};

use super::damage::{Damage, Extent};
use super::facts::{ByteOrder, FileFormat, InterfaceFacts, Resolution};
use super::reader::{Cut, Stop, Tally, Walk};
use super::{CAPLEN_MAX, FrameRef, HELD_BLOCK_OCTETS_MAX, InterfaceId};

pub(super) const HEADER_OCTETS: usize = 16;
pub(super) const BEGINS: [u8; 4] = *b"snoo";
const RECORD_HEADER_OCTETS: u32 = 24;
const VERSION: u32 = 2;

/// A snoop file whose header has been read.
#[derive(Debug)]
pub(super) struct Snoop {
    linktype: LinkType,
    bound: Option<(CapturePointId, InterfaceId)>,
}

impl Snoop {
    /// Reads the file header.
    pub(super) fn parse(header: &[u8; HEADER_OCTETS]) -> Result<Self, Damage> {
        let [.., v0, v1, v2, v3, d0, d1, d2, d3] = *header;
        if !header.starts_with(b"snoop\0\0\0") {
            return Err(Damage::refused(BEGINS));
        }
        let version = u32::from_be_bytes([v0, v1, v2, v3]);
        if version != VERSION {
            return Err(Damage::Version { format: "snoop", major: version, minor: 0 });
        }
        let linktype = match u32::from_be_bytes([d0, d1, d2, d3]) {
            // IEEE 802.3 and Ethernet.
            0 | 4 => LinkType::ETHERNET,
            // IEEE 802.5 (token ring) and FDDI.
            2 => LinkType(6),
            8 => LinkType(10),
            other => return Err(Damage::LinkType(other)),
        };
        Ok(Self { linktype, bound: None })
    }

    /// Writes what the header says into the facts of the file.
    pub(super) fn describe(&self, walk: &mut Walk<'_>) {
        walk.facts.format = Some(FileFormat::Snoop);
        walk.facts.byte_order = Some(ByteOrder::Big);
        walk.facts.sections = 1;
        walk.facts.add_interface(InterfaceFacts {
            section: 0,
            number: 0,
            name: None,
            description: None,
            linktype: self.linktype,
            snaplen: 0,
            resolution: Resolution::MICROSECONDS,
        });
    }

    /// Adds the complete records from `start` on; returns where the first incomplete one starts.
    pub(super) fn walk(&mut self, buffer: &[u8], start: u32, walk: &mut Walk<'_>) -> (u32, Option<Stop>) {
        let mut tally = Tally::from(&*walk.facts);
        let mut pos = start;
        let stop = loop {
            if walk.refs.len() >= walk.frames_max {
                break None;
            }
            let rest = buffer.get(pos as usize..).unwrap_or_default();
            let record = match Record::parse(rest) {
                Ok(Some(record)) => record,
                Ok(None) => break None,
                Err(damage) => break Some(walk.stop(pos, damage, Extent::Rest)),
            };
            if rest.len() < record.len as usize {
                break None;
            }
            let bound = self.bound.or_else(|| walk.registry.bind(walk.interface(0, 0, self.linktype)));
            let Some((capture_point, interface)) = bound else {
                break Some(walk.too_many(pos));
            };
            self.bound = bound;
            tally.add(record.at, record.caplen, record.orig_len);
            walk.refs.push(FrameRef {
                at: record.at,
                offset: pos + RECORD_HEADER_OCTETS,
                caplen: record.caplen,
                orig_len: record.orig_len,
                number: tally.number(),
                capture_point,
                linktype: self.linktype,
                interface,
                is_timed: true,
            });
            pos += record.len;
        };
        tally.store(walk.facts);
        (pos, stop)
    }

    /// Says what is missing of the record that starts at the beginning of `rest`.
    pub(super) fn cut(rest: &[u8]) -> Cut {
        let record = Record::parse(rest).ok().flatten();
        Cut {
            what: "a frame's record",
            needed: record.map_or(RECORD_HEADER_OCTETS, |record| record.len).into(),
        }
    }
}

/// The head of a record.
struct Record {
    at: Timestamp,
    orig_len: u32,
    caplen: u32,
    /// Head, frame and padding.
    len: u32,
}

impl Record {
    /// Reads a record's head; `None` where it is not all there yet.
    fn parse(rest: &[u8]) -> Result<Option<Self>, Damage> {
        let Some((head, _)) = rest.split_first_chunk::<{ RECORD_HEADER_OCTETS as usize }>() else {
            return Ok(None);
        };
        let mut words = [0; 6];
        for (word, octets) in words.iter_mut().zip(head.as_chunks().0) {
            *word = u32::from_be_bytes(*octets);
        }
        let [orig_len, caplen, len, _, secs, micros] = words;
        if caplen > CAPLEN_MAX {
            return Err(Damage::Caplen { caplen, max: CAPLEN_MAX });
        }
        if !(RECORD_HEADER_OCTETS + caplen..=HELD_BLOCK_OCTETS_MAX).contains(&len) {
            return Err(Damage::Length { what: "a frame's record", length: len });
        }
        let micros = i64::from(micros);
        let at = Timestamp::from_nanos(i64::from(secs) * 1_000_000_000 + micros * 1_000);
        Ok(Some(Self { at, orig_len, caplen, len }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Bytes, Read, read};
    use super::*;

    fn file(version: u32, datalink: u32) -> Bytes {
        let mut bytes = Bytes::new(true);
        bytes.raw(b"snoop\0\0\0").word(version).word(datalink);
        bytes
    }

    fn record(bytes: &mut Bytes, frame: &[u8; 4], len: u32, padding: &[u8]) {
        bytes.word(60).word(4).word(len).word(0).word(7).word(8).raw(frame).raw(padding);
    }

    #[test]
    fn reads_padded_records() {
        let mut bytes = file(2, 4);
        record(&mut bytes, b"abcd", 30, b"xx");
        record(&mut bytes, b"efgh", 28, b"");
        let Read { frames, facts } = read(&bytes.octets());
        assert_eq!(facts.damage, []);
        assert_eq!(facts.format, Some(FileFormat::Snoop));
        assert_eq!((frames[0].at.as_nanos(), frames[0].orig_len), (7_000_008_000, 60));
        assert_eq!((&*frames[0].bytes, &*frames[1].bytes), (&b"abcd"[..], &b"efgh"[..]));
        assert_eq!(frames[1].linktype, LinkType::ETHERNET);
    }

    #[test]
    fn ends_at_a_length_that_cannot_be() {
        for len in [27, u32::MAX] {
            let mut bytes = file(2, 4);
            record(&mut bytes, b"abcd", 28, b"");
            record(&mut bytes, b"efgh", len, b"");
            let Read { frames, facts } = read(&bytes.octets());
            assert_eq!(frames.len(), 1);
            assert_eq!(facts.damage[0].offset, 44);
            assert!(matches!(facts.damage[0].damage, Damage::Length { length, .. } if length == len));
        }
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let damage = |bytes: &Bytes| read(&bytes.octets()).facts.damage.remove(0).damage;
        assert!(matches!(damage(&file(1, 4)), Damage::Version { major: 1, .. }));
        assert_eq!(damage(&file(2, 99)), Damage::LinkType(99));
        let mut other = Bytes::new(true);
        other.raw(b"snooping around");
        other.raw(&[0]);
        assert!(matches!(damage(&other), Damage::UnknownFormat { .. }));
    }

    #[test]
    fn gives_every_frame_before_a_cut() {
        let mut bytes = file(2, 4);
        record(&mut bytes, b"abcd", 28, b"");
        record(&mut bytes, b"efgh", 28, b"");
        let whole = bytes.octets();
        for len in HEADER_OCTETS..whole.len() {
            let Read { frames, facts } = read(&whole[..len]);
            assert_eq!(frames.len(), (len - HEADER_OCTETS) / 28, "{len}");
            assert_eq!(facts.damage.len(), usize::from(!(len - HEADER_OCTETS).is_multiple_of(28)), "{len}");
        }
    }
}
