//! The classic format: a file header of 24 octets, then records of 16 octets and the frame.
//!
//! # Layout
//! File header: magic (4), major and minor version (2, 2), time zone (4), accuracy (4), snap length (4),
//! link type (4). Record: seconds (4), microseconds or nanoseconds (4), captured length (4), length on the
//! wire (4), then the captured octets without padding. The magic tells byte order and resolution.
//!
//! Four things in real files are tolerated: a snap length that the frames do not keep, a captured length
//! above the wire length, a fraction of a second above one (it carries into the seconds), and a time zone.
//! The link type word may say in its upper bits that frames end with a frame check sequence. It is left
//! where it is and counts as captured octets: what is inside states its own length, as with padding.
//!
//! # Reference
//! draft-ietf-opsawg-pcap sections 4 (file header) and 5 (packet record).

use rollcall_core::types::{CapturePointId, Frame, LinkType, Timestamp};

use super::damage::{Damage, Extent};
use super::facts::{ByteOrder, FileFacts, FileFormat, InterfaceFacts, Resolution};
use super::reader::{Cut, Stop, Tally, Walk};
use super::{CAPLEN_MAX, FrameRef, InterfaceId, Visitor};

pub(super) const HEADER_OCTETS: usize = 24;
pub(super) const RECORD_HEADER_OCTETS: usize = 16;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Returns the byte order and resolution that a magic stands for.
pub(super) const fn magic(head: [u8; 4]) -> Option<(ByteOrder, Resolution)> {
    match head {
        [0xa1, 0xb2, 0xc3, 0xd4] => Some((ByteOrder::Big, Resolution::MICROSECONDS)),
        [0xd4, 0xc3, 0xb2, 0xa1] => Some((ByteOrder::Little, Resolution::MICROSECONDS)),
        [0xa1, 0xb2, 0x3c, 0x4d] => Some((ByteOrder::Big, Resolution::NANOSECONDS)),
        [0x4d, 0x3c, 0xb2, 0xa1] => Some((ByteOrder::Little, Resolution::NANOSECONDS)),
        _ => None,
    }
}

/// Which of the two lengths of a record comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lengths {
    /// The captured one, as the format says.
    CapturedFirst,
    /// The wire one: written before version 2.3.
    WireFirst,
    /// The smaller one is the captured one: version 2.3 was written both ways.
    SmallerCaptured,
}

impl Lengths {
    /// Returns the captured length and the wire length out of the order in which they stand there.
    const fn sort(self, first: u32, second: u32) -> (u32, u32) {
        let swap = match self {
            Self::CapturedFirst => false,
            Self::WireFirst => true,
            Self::SmallerCaptured => second < first,
        };
        if swap { (second, first) } else { (first, second) }
    }
}

/// A classic file whose header has been read.
#[derive(Debug)]
pub(super) struct Pcap {
    byte_order: ByteOrder,
    resolution: Resolution,
    lengths: Lengths,
    linktype: LinkType,
    snaplen: u32,
    fcs_octets: Option<u8>,
    bound: Option<(CapturePointId, InterfaceId)>,
}

impl Pcap {
    /// Reads the file header.
    pub(super) fn parse(header: &[u8; HEADER_OCTETS]) -> Result<Self, Damage> {
        let [
            m0,
            m1,
            m2,
            m3, // magic
            v0,
            v1,
            w0,
            w1, // major, minor
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _, // time zone, accuracy
            s0,
            s1,
            s2,
            s3, // snap length
            l0,
            l1,
            l2,
            l3, // link type
        ] = *header;
        let begins = [m0, m1, m2, m3];
        let (byte_order, resolution) =
            magic(begins).ok_or_else(|| Damage::UnknownFormat { begins: begins.to_vec() })?;
        let word = |octets| byte_order.word(octets);
        let half = |octets| byte_order.half(octets);
        let lengths = match (half([v0, v1]), half([w0, w1])) {
            (2, 0..=2) => Lengths::WireFirst,
            // 543.0 was written by one system's libpcap for its 2.3.
            (2, 3) | (543, _) => Lengths::SmallerCaptured,
            (2, _) => Lengths::CapturedFirst,
            (major, minor) => {
                return Err(Damage::Version { format: "pcap", major: major.into(), minor: minor.into() });
            }
        };
        let (linktype, fcs_octets) = split_linktype(word([l0, l1, l2, l3]))?;
        Ok(Self {
            byte_order,
            resolution,
            lengths,
            linktype,
            snaplen: word([s0, s1, s2, s3]),
            fcs_octets,
            bound: None,
        })
    }

    /// Writes what the header says into the facts of the file.
    pub(super) fn describe(&self, walk: &mut Walk<'_>) {
        walk.facts.format = Some(FileFormat::Pcap);
        walk.facts.byte_order = Some(self.byte_order);
        walk.facts.sections = 1;
        walk.facts.add_interface(InterfaceFacts {
            section: 0,
            number: 0,
            name: None,
            description: None,
            linktype: self.linktype,
            snaplen: self.snaplen,
            resolution: self.resolution,
        });
    }

    /// Adds the complete records from `start` on; returns where the first incomplete one starts.
    pub(super) fn walk(&mut self, buffer: &[u8], start: u32, walk: &mut Walk<'_>) -> (u32, Option<Stop>) {
        if self.bound.is_none() {
            let mut interface = walk.interface(0, 0, self.linktype);
            interface.snaplen = self.snaplen;
            interface.fcs_octets = self.fcs_octets;
            let Some(bound) = walk.registry.bind(interface) else {
                return (start, Some(walk.too_many(start)));
            };
            self.bound = Some(bound);
        }
        let is_nano = self.resolution == Resolution::NANOSECONDS;
        let is_old = self.lengths != Lengths::CapturedFirst;
        match (self.byte_order, is_old, is_nano) {
            (ByteOrder::Little, false, false) => self.records::<false, false, 1_000>(buffer, start, walk),
            (ByteOrder::Little, false, true) => self.records::<false, false, 1>(buffer, start, walk),
            (ByteOrder::Little, true, false) => self.records::<false, true, 1_000>(buffer, start, walk),
            (ByteOrder::Little, true, true) => self.records::<false, true, 1>(buffer, start, walk),
            (ByteOrder::Big, false, false) => self.records::<true, false, 1_000>(buffer, start, walk),
            (ByteOrder::Big, false, true) => self.records::<true, false, 1>(buffer, start, walk),
            (ByteOrder::Big, true, false) => self.records::<true, true, 1_000>(buffer, start, walk),
            (ByteOrder::Big, true, true) => self.records::<true, true, 1>(buffer, start, walk),
        }
    }

    /// Notes where the frames lie; made once for each kind of file, see [`Records`].
    fn records<const BIG: bool, const OLD: bool, const SCALE: i64>(
        &self,
        buffer: &[u8],
        start: u32,
        walk: &mut Walk<'_>,
    ) -> (u32, Option<Stop>) {
        let (capture_point, interface) = self.bound.unwrap_or_default();
        let mut records = Records::<BIG, OLD, SCALE> {
            rest: buffer.get(start as usize..).unwrap_or_default(),
            lengths: self.lengths,
            tally: Tally::from(&*walk.facts),
            too_long: None,
        };
        let room = walk.frames_max.saturating_sub(walk.refs.len());
        walk.refs.extend(records.by_ref().take(room).map(|record| FrameRef {
            at: record.at,
            offset: place_of(buffer, record.behind) - caplen_of(record.bytes),
            caplen: caplen_of(record.bytes),
            orig_len: record.orig_len,
            number: record.number,
            capture_point,
            linktype: self.linktype,
            interface,
            is_timed: true,
        }));
        let Records { rest, tally, too_long, .. } = records;
        tally.store(walk.facts);
        let pos = place_of(buffer, rest);
        let damage = too_long.map(|caplen| Damage::Caplen { caplen, max: CAPLEN_MAX });
        (pos, damage.map(|damage| walk.stop(pos, damage, Extent::Rest)))
    }

    /// Tells whether the file is of the common kind, whose frames can be handed on as they are read.
    pub(super) fn is_common(&self) -> bool {
        self.byte_order == ByteOrder::Little && self.lengths == Lengths::CapturedFirst
    }

    /// Returns what is needed to read frames of a file of the common kind, once its interface is numbered.
    pub(super) fn direct(&self) -> Option<Direct> {
        let (capture_point, _) = self.bound.filter(|_| self.is_common())?;
        let unit_nanos = if self.resolution == Resolution::NANOSECONDS { 1 } else { 1_000 };
        Some(Direct { capture_point, linktype: self.linktype, unit_nanos })
    }

    /// Hands the frames of a block to a visitor; returns the octets behind them, and the captured length that cannot
    /// be true, if one ends the file.
    pub(super) fn visit<'a>(
        &self,
        block: &'a [u8],
        facts: &mut FileFacts,
        first: u64,
        visitor: &mut impl Visitor,
    ) -> (&'a [u8], Option<u32>) {
        if self.resolution == Resolution::NANOSECONDS {
            self.visit_scaled::<1>(block, facts, first, visitor)
        } else {
            self.visit_scaled::<1_000>(block, facts, first, visitor)
        }
    }

    fn visit_scaled<'a, const SCALE: i64>(
        &self,
        block: &'a [u8],
        facts: &mut FileFacts,
        first: u64,
        visitor: &mut impl Visitor,
    ) -> (&'a [u8], Option<u32>) {
        let (capture_point, _) = self.bound.unwrap_or_default();
        let (linktype, lengths, tally) = (self.linktype, self.lengths, Tally::from(&*facts));
        let mut records = Records::<false, false, SCALE> { rest: block, lengths, tally, too_long: None };
        let frames = records.by_ref().map(|record| Frame {
            at: record.at,
            capture_point,
            linktype,
            orig_len: record.orig_len,
            bytes: record.bytes,
        });
        visitor.visit(&[], first, frames);
        // What a visitor leaves is passed over.
        records.by_ref().for_each(drop);
        let Records { rest, tally, too_long, .. } = records;
        tally.store(facts);
        (rest, too_long)
    }

    /// Says what is missing of the record that starts at the beginning of `rest`.
    pub(super) fn cut(&self, rest: &[u8]) -> Cut {
        let needed = match rest.split_first_chunk::<16>() {
            None => RECORD_HEADER_OCTETS as u64,
            Some(([.., c0, c1, c2, c3, d0, d1, d2, d3], _)) => {
                let word = |octets| self.byte_order.word(octets);
                let (first, second) = (word([*c0, *c1, *c2, *c3]), word([*d0, *d1, *d2, *d3]));
                let (caplen, _) = self.lengths.sort(first, second);
                RECORD_HEADER_OCTETS as u64 + u64::from(caplen)
            }
        };
        Cut { what: "a frame's record", needed }
    }
}

/// What is needed to read any record of a file of the common kind: little-endian, the captured length first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direct {
    pub(super) capture_point: CapturePointId,
    linktype: LinkType,
    unit_nanos: i64,
}

/// The header of a record.
pub(super) struct RecordHeader {
    pub(super) at: Timestamp,
    pub(super) caplen: u32,
    pub(super) orig_len: u32,
}

impl Direct {
    /// Reads the header of a record that begins there; none where it is not complete.
    #[inline]
    pub(super) fn header(&self, octets: &[u8], start: usize) -> Option<RecordHeader> {
        let header = octets.get(start..)?.first_chunk()?;
        let [secs, fraction, caplen, orig_len] = words::<false>(header);
        let nanos = i64::from(secs) * NANOS_PER_SECOND + i64::from(fraction) * self.unit_nanos;
        Some(RecordHeader { at: Timestamp::from_nanos(nanos), caplen, orig_len })
    }

    /// Returns the frame of a record that begins there; an empty one where it is not complete.
    #[inline]
    pub(super) fn frame<'a>(&self, octets: &'a [u8], start: usize) -> Frame<'a> {
        let empty = RecordHeader { at: Timestamp::EPOCH, caplen: 0, orig_len: 0 };
        let RecordHeader { at, caplen, orig_len } = self.header(octets, start).unwrap_or(empty);
        let begin = start.wrapping_add(RECORD_HEADER_OCTETS);
        let bytes = octets.get(begin..begin.wrapping_add(caplen as usize)).unwrap_or_default();
        let (capture_point, linktype) = (self.capture_point, self.linktype);
        Frame { at, capture_point, linktype, orig_len, bytes }
    }
}

/// The complete records at the start of a buffer: `BIG` for the byte order, `OLD` for lengths that need sorting, `SCALE`
/// for the length of a time unit in nanoseconds.
struct Records<'a, const BIG: bool, const OLD: bool, const SCALE: i64> {
    /// What comes behind the records that were given.
    rest: &'a [u8],
    lengths: Lengths,
    tally: Tally,
    /// The captured length that ended them, if it was one that cannot be true.
    too_long: Option<u32>,
}

/// A record of a file.
struct Record<'a> {
    at: Timestamp,
    orig_len: u32,
    bytes: &'a [u8],
    /// Its ordinal in the file.
    number: u32,
    /// What comes behind it.
    behind: &'a [u8],
}

impl<'a, const BIG: bool, const OLD: bool, const SCALE: i64> Iterator for Records<'a, BIG, OLD, SCALE> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        let (header, tail) = self.rest.split_first_chunk::<16>()?;
        let [secs, fraction, mut caplen, mut orig_len] = words::<BIG>(header);
        if OLD {
            (caplen, orig_len) = self.lengths.sort(caplen, orig_len);
        }
        if caplen > CAPLEN_MAX {
            self.too_long = Some(caplen);
            return None;
        }
        let (bytes, behind) = tail.split_at_checked(caplen as usize)?;
        // Cannot overflow: 2^32 seconds and 2^32 microseconds are about half of what an i64 holds.
        let at = Timestamp::from_nanos(i64::from(secs) * NANOS_PER_SECOND + i64::from(fraction) * SCALE);
        self.tally.add(at, caplen, orig_len);
        self.rest = behind;
        Some(Record { at, orig_len, bytes, number: self.tally.number(), behind })
    }
}

/// The length of a frame that was captured.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "no captured length is above CAPLEN_MAX")]
const fn caplen_of(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}

/// Where `rest`, the end of a buffer, begins in it.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "what a buffer holds is bounded so that its places fit")]
const fn place_of(buffer: &[u8], rest: &[u8]) -> u32 {
    (buffer.len() - rest.len()) as u32
}

/// Loads the four words of a record's header.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "a word is cut in two halves")]
fn words<const BIG: bool>(header: &[u8; 16]) -> [u32; 4] {
    let (Some(first), Some(last)) = (header.first_chunk(), header.last_chunk()) else { return [0; 4] };
    if BIG {
        let (first, last) = (u64::from_be_bytes(*first), u64::from_be_bytes(*last));
        [(first >> 32) as u32, first as u32, (last >> 32) as u32, last as u32]
    } else {
        let (first, last) = (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
        [first as u32, (first >> 32) as u32, last as u32, (last >> 32) as u32]
    }
}

/// Splits the last word of a file header into link type and octets of frame check sequence.
///
/// # Layout
/// Bits 31 to 28: length of the frame check sequence in units of two octets; bit 26: whether that length is
/// stated; bits 25 to 16: reserved; bits 15 to 0: link type. Many fuzzed files set bits 31 to 28 alone.
fn split_linktype(word: u32) -> Result<(LinkType, Option<u8>), Damage> {
    const FCS_IS_STATED: u32 = 1 << 26;
    const CLASS_MASK: u32 = 0x03ff_0000;
    if word & CLASS_MASK != 0 {
        return Err(Damage::LinkType(word & 0x03ff_ffff));
    }
    let [low, high, _, top] = word.to_le_bytes();
    let fcs_octets = (word & FCS_IS_STATED != 0).then_some((top >> 4) * 2);
    Ok((LinkType(u16::from_le_bytes([low, high])), fcs_octets))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{Bytes, Pcap as Writer, Read, read};
    use super::*;

    fn stamp(secs: i64, nanos: u32) -> Timestamp {
        Timestamp::from_secs_nanos(secs, nanos)
    }

    #[test]
    fn reads_every_byte_order_and_resolution() {
        for (magic, big, nanos) in [
            (0xa1b2_c3d4_u32, false, 5_000),
            (0xa1b2_c3d4, true, 5_000),
            (0xa1b2_3c4d, false, 5),
            (0xa1b2_3c4d, true, 5),
        ] {
            let file = Writer::new(Bytes::new(big), magic).record(7, 5, 60, b"abc").record(8, 0, 3, b"xyz");
            let Read { frames, facts } = read(&file.octets());
            assert_eq!(facts.damage, [], "{magic:x} {big}");
            assert_eq!(frames.len(), 2);
            assert_eq!(frames[0].at, stamp(7, nanos));
            assert_eq!((frames[0].orig_len, frames[0].bytes.as_slice()), (60, &b"abc"[..]));
            assert_eq!((frames[1].at, frames[1].number), (stamp(8, 0), 2));
            assert_eq!(facts.wire_octets, 63);
            assert_eq!(facts.captured_octets, 6);
        }
    }

    #[test]
    fn swaps_the_lengths_of_old_versions() {
        let check = |minor: u16, first: u32, second: u32, expect: (u32, usize)| {
            let mut file = Writer::new(Bytes::new(false), 0xa1b2_c3d4).version(2, minor);
            file.bytes.word(1).word(2).word(first).word(second).raw(&[0; 4]);
            let read = read(&file.octets());
            assert_eq!(read.facts.damage, [], "{minor}");
            assert_eq!((read.frames[0].orig_len, read.frames[0].bytes.len()), expect, "{minor}");
        };
        check(4, 4, 60, (60, 4));
        check(2, 60, 4, (60, 4));
        check(0, 60, 4, (60, 4));
        check(3, 60, 4, (60, 4));
        check(3, 4, 60, (60, 4));
    }

    #[test]
    fn tolerates_what_real_files_lie_about() {
        // A fraction of 4,000,000,000 microseconds, and more captured than was on the wire.
        let file = Writer::new(Bytes::new(false), 0xa1b2_c3d4).record(1, 4_000_000_000, 2, b"abcdef");
        let Read { frames, facts } = read(&file.octets());
        assert_eq!(facts.damage, []);
        assert_eq!(frames[0].at, stamp(4_001, 0));
        assert_eq!((frames[0].orig_len, frames[0].bytes.len()), (2, 6));
    }

    #[test]
    fn takes_the_check_sequence_length_from_the_link_type() {
        let check = |word: u32, expect| assert_eq!(split_linktype(word), expect, "{word:#x}");
        check(1, Ok((LinkType::ETHERNET, None)));
        check(0x2400_0001, Ok((LinkType::ETHERNET, Some(4))));
        check(0x3000_0071, Ok((LinkType(0x71), None)));
        check(0x0224_0001, Err(Damage::LinkType(0x0224_0001)));
    }

    #[test]
    fn gives_every_frame_before_a_cut() {
        let whole =
            Writer::new(Bytes::new(false), 0xa1b2_c3d4).record(1, 0, 4, b"abcd").record(2, 0, 4, b"efgh");
        let whole = whole.octets();
        for len in 0..whole.len() {
            let Read { frames, facts } = read(&whole[..len]);
            let complete = len.saturating_sub(HEADER_OCTETS) / 20;
            assert_eq!(frames.len(), complete, "{len}");
            let at_boundary = len >= HEADER_OCTETS && (len - HEADER_OCTETS).is_multiple_of(20);
            assert_eq!(facts.damage.len(), usize::from(!at_boundary), "{len}");
        }
        let cut = read(&whole[..whole.len() - 1]).facts.damage.remove(0);
        assert_eq!(
            cut.to_string(),
            "test: at octet 44: the file is cut short: a frame's record needs 20 octets and has 19; \
             the rest of the file is not read"
        );
    }

    #[test]
    fn believes_no_captured_length_above_the_bound() {
        let mut file = Writer::new(Bytes::new(false), 0xa1b2_c3d4).record(1, 0, 4, b"abcd");
        file.bytes.word(1).word(2).word(CAPLEN_MAX + 1).word(CAPLEN_MAX + 1).raw(&[0; 64]);
        let Read { frames, facts } = read(&file.octets());
        assert_eq!(frames.len(), 1);
        assert_eq!(facts.damage[0].offset, 44);
        assert!(matches!(facts.damage[0].damage, Damage::Caplen { caplen: 262_145, .. }));

        let longest =
            Writer::new(Bytes::new(false), 0xa1b2_c3d4).record(1, 0, 4, &vec![7; CAPLEN_MAX as usize]);
        assert_eq!(read(&longest.octets()).frames.len(), 1);
    }

    #[test]
    fn refuses_relatives_by_name() {
        let check = |head: &[u8], text: &str| {
            let mut file = head.to_vec();
            file.resize(64, 0);
            let damage = read(&file).facts.damage.remove(0);
            assert_eq!(damage.extent, Extent::File);
            assert!(damage.damage.to_string().contains(text), "{damage}");
        };
        check(&[0x34, 0xcd, 0xb2, 0xa1], "Kuznetzov");
        check(&[0xa1, 0xb2, 0xcd, 0x34], "editcap");
        check(&[0x02, 0x21, 0x4c, 0x18], "lz4 -d");
        check(b"BZh91AY&", "bzip2 -d");
        check(b"\xfd7zXZ\0", "xz -d");
        check(b"From: me", "46 72 6f 6d");
        check(&[0xd4, 0xc3, 0xb2, 0xa1, 9, 0, 4, 0], "version 9.4 of pcap");
        check(b"GMBU", "editcap");
    }

    proptest! {
        #[test]
        fn any_octets_end(octets in proptest::collection::vec(any::<u8>(), 0..2_000), big: bool) {
            let mut file = Writer::new(Bytes::new(big), 0xa1b2_c3d4);
            file.bytes.raw(&octets);
            let Read { frames, facts } = read(&file.octets());
            prop_assert_eq!(frames.len() as u64, facts.frames);
            prop_assert!(facts.damage.len() <= 1);
        }
    }
}
