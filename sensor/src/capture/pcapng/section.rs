use rollcall_core::types::{CapturePointId, LinkType};

use super::super::damage::{Damage, Extent};
use super::super::facts::{ByteOrder, Comment, FileFacts, FileFormat, InterfaceFacts, Resolution};
use super::super::reader::{Cut, Stop, Tally, Walk};
use super::super::{FrameRef, HELD_BLOCK_OCTETS_MAX, InterfaceId};
use super::clock::Clock;
use super::options::{self, Options};
use super::packet::{self, Packet};

/// The type of a section header, the same in both byte orders: the first octets of every file.
pub(in crate::capture) const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
const BYTE_ORDER_MAGIC: [u8; 4] = [0x1a, 0x2b, 0x3c, 0x4d];
/// Type, length, length.
const FRAMING_OCTETS: u32 = 12;

/// A block file and the section that is being read.
#[derive(Debug)]
pub(in crate::capture) struct Pcapng {
    byte_order: ByteOrder,
    /// Sections begun.
    sections: u32,
    interfaces: Vec<Described>,
}

/// An interface of the section.
#[derive(Debug)]
struct Described {
    linktype: LinkType,
    snaplen: u32,
    name: Option<Box<str>>,
    description: Option<Box<str>>,
    clock: Clock,
    bound: Option<(CapturePointId, InterfaceId)>,
}

/// One whole block.
struct Block<'a> {
    kind: u32,
    /// Where it starts in the buffer.
    pos: u32,
    /// What is between the two lengths and after the type.
    body: &'a [u8],
}

impl Pcapng {
    pub(in crate::capture) const fn new() -> Self {
        Self { byte_order: ByteOrder::Little, sections: 0, interfaces: Vec::new() }
    }

    /// Adds the frames of the complete blocks from `start` on; returns where the first incomplete one starts.
    pub(in crate::capture) fn walk(
        &mut self,
        buffer: &[u8],
        start: u32,
        walk: &mut Walk<'_>,
    ) -> (u32, Option<Stop>) {
        let mut tally = Tally::from(&*walk.facts);
        let mut pos = start;
        let stop = loop {
            // Frames without a stamp wait for the first one that has one.
            if walk.refs.len() >= walk.frames_max && tally.previous().is_some() {
                break None;
            }
            let rest = buffer.get(pos as usize..).unwrap_or_default();
            let length = match self.length(rest) {
                Ok(Some(length)) => length,
                Ok(None) => break None,
                Err(damage) => break Some(self.stop(pos, damage, walk)),
            };
            let kind = rest.first_chunk().map_or(0, |octets| self.byte_order.word(*octets));
            // Some writers leave the padding out of the length.
            let padded = length.next_multiple_of(4);
            let Some(block) = rest.get(..padded as usize) else {
                if padded <= HELD_BLOCK_OCTETS_MAX {
                    break None;
                }
                match kind {
                    // What follows cannot be read without it.
                    1 | 0x0a0d_0d0a => break Some(self.stop(pos, too_long(length), walk)),
                    2 | 3 | 6 => walk.skip_block(pos, too_long(length)),
                    _ => walk.facts.other_blocks += 1,
                }
                // What is in the buffer is less than the block, so both differences are positive.
                walk.skip = u64::from(padded) - rest.len() as u64;
                pos += u32::try_from(rest.len()).unwrap_or(padded);
                break None;
            };
            let last = block.last_chunk().map_or(0, |octets| self.byte_order.word(*octets));
            if last != length {
                break Some(self.stop(pos, Damage::Trailer { first: length, last }, walk));
            }
            let body = block.get(8..block.len() - 4).unwrap_or_default();
            if let Err(damage) = self.block(&Block { kind, pos, body }, &mut tally, walk) {
                break Some(self.stop(pos, damage, walk));
            }
            pos += padded;
        };
        tally.store(walk.facts);
        (pos, stop)
    }

    /// Says what is missing of the block that starts at the beginning of `rest`.
    pub(in crate::capture) fn cut(&mut self, rest: &[u8]) -> Cut {
        let length = self.length(rest).ok().flatten();
        Cut { what: "a block", needed: length.unwrap_or(FRAMING_OCTETS).into() }
    }

    fn stop(&self, pos: u32, damage: Damage, walk: &Walk<'_>) -> Stop {
        let extent = if self.sections == 0 { Extent::File } else { Extent::Rest };
        walk.stop(pos, damage, extent)
    }

    /// Returns the total length of the block at the start of `rest`; `None` where it is not all there yet.
    ///
    /// A section header sets the byte order, its own length included.
    fn length(&mut self, rest: &[u8]) -> Result<Option<u32>, Damage> {
        const LONGEST: u32 = u32::MAX - 3;
        if let Some(([a, b, c, d, ..], rest)) = rest.split_first_chunk::<8>()
            && [*a, *b, *c, *d] == SECTION_HEADER
        {
            self.byte_order = match rest.first_chunk() {
                Some(&BYTE_ORDER_MAGIC) => ByteOrder::Big,
                Some([0x4d, 0x3c, 0x2b, 0x1a]) => ByteOrder::Little,
                Some(_) => return Err(Damage::ByteOrder),
                None => return Ok(None),
            };
        }
        let Some([_, _, _, _, a, b, c, d]) = rest.first_chunk() else {
            return Ok(None);
        };
        let length = self.byte_order.word([*a, *b, *c, *d]);
        if (FRAMING_OCTETS..=LONGEST).contains(&length) {
            Ok(Some(length))
        } else {
            Err(Damage::Length { what: "a block", length })
        }
    }

    /// Handles one block. An error ends the file; what can be stepped over is noted and is no error.
    fn block(&mut self, block: &Block<'_>, tally: &mut Tally, walk: &mut Walk<'_>) -> Result<(), Damage> {
        let packet = match block.kind {
            0x0a0d_0d0a => return self.section(block.body, walk),
            1 => return self.interface(block.body, walk),
            2 => packet::obsolete(block.body, self.byte_order),
            3 => {
                let snaplen = self.interfaces.first().map_or(0, |interface| interface.snaplen);
                packet::simple(block.body, self.byte_order, snaplen)
            }
            6 => packet::enhanced(block.body, self.byte_order),
            kind => {
                walk.facts.other_blocks += 1;
                let options = options::after_fields(kind, block.body, self.byte_order);
                self.keep_comments(options, None, walk.facts);
                return Ok(());
            }
        };
        match packet {
            Ok(packet) => self.frame(block.pos, &packet, tally, walk),
            Err(damage) => {
                walk.skip_block(block.pos, damage);
                Ok(())
            }
        }
    }

    /// Body: byte-order magic (4), major and minor version (2, 2), section length (8), options.
    ///
    /// The section length is not used: it is unknown in most files and wrong in some.
    fn section(&mut self, body: &[u8], walk: &mut Walk<'_>) -> Result<(), Damage> {
        let Some(([_, _, _, _, a, b, c, d, ..], rest)) = body.split_first_chunk::<16>() else {
            return Err(short_block("a section header", body));
        };
        let (major, minor) = (self.byte_order.half([*a, *b]), self.byte_order.half([*c, *d]));
        if major != 1 {
            return Err(Damage::Version { format: "pcapng", major: major.into(), minor: minor.into() });
        }
        self.sections += 1;
        self.interfaces.clear();
        let facts = &mut *walk.facts;
        facts.format = Some(FileFormat::Pcapng);
        facts.byte_order = facts.byte_order.or(Some(self.byte_order));
        facts.sections = self.sections;
        self.keep_comments(rest, None, facts);
        Ok(())
    }

    /// Body: link type (2), reserved (2), snap length (4), options.
    fn interface(&mut self, body: &[u8], walk: &mut Walk<'_>) -> Result<(), Damage> {
        // Without it every later interface would have the wrong number.
        let Some(([a, b, _, _, s0, s1, s2, s3], rest)) = body.split_first_chunk() else {
            return Err(short_block("an interface description", body));
        };
        let Ok(number) = u16::try_from(self.interfaces.len()) else {
            return Err(Damage::TooManyInterfaces);
        };
        let mut described = Described {
            linktype: LinkType(self.byte_order.half([*a, *b])),
            snaplen: self.byte_order.word([*s0, *s1, *s2, *s3]),
            name: None,
            description: None,
            clock: Clock::default(),
            bound: None,
        };
        for (code, value) in Options::new(rest, self.byte_order) {
            match (code, value) {
                (options::IF_NAME, _) => described.name = Some(options::text(value)),
                (options::IF_DESCRIPTION, _) => described.description = Some(options::text(value)),
                (options::IF_TSRESOL, [exponent, ..]) => {
                    described.clock.resolution = match exponent >> 7 {
                        0 => Resolution::PowerOfTen(*exponent),
                        _ => Resolution::PowerOfTwo(exponent & 0x7f),
                    };
                }
                (options::IF_TSOFFSET, [a, b, c, d, e, f, g, h]) => {
                    let octets = [*a, *b, *c, *d, *e, *f, *g, *h];
                    described.clock.offset_secs = self.byte_order.long(octets);
                }
                _ => {}
            }
        }
        self.keep_comments(rest, None, walk.facts);
        walk.facts.add_interface(InterfaceFacts {
            section: self.sections.saturating_sub(1),
            number: number.into(),
            name: described.name.clone(),
            description: described.description.clone(),
            linktype: described.linktype,
            snaplen: described.snaplen,
            resolution: described.clock.resolution,
        });
        self.interfaces.push(described);
        Ok(())
    }

    /// Gives a frame away.
    fn frame(
        &mut self,
        pos: u32,
        packet: &Packet<'_>,
        tally: &mut Tally,
        walk: &mut Walk<'_>,
    ) -> Result<(), Damage> {
        let number = packet.interface;
        let Some(described) = self.interfaces.get_mut(number as usize) else {
            walk.skip_block(pos, Damage::NoInterface { number });
            return Ok(());
        };
        let (capture_point, interface) = match described.bound {
            Some(bound) => bound,
            None => {
                let mut interface = walk.interface(self.sections - 1, number, described.linktype);
                interface.name.clone_from(&described.name);
                interface.description.clone_from(&described.description);
                interface.snaplen = described.snaplen;
                let bound = walk.registry.bind(interface).ok_or(Damage::TooManyInterfaces)?;
                *described.bound.insert(bound)
            }
        };
        let stamp = packet.ticks.and_then(|ticks| described.clock.at(ticks));
        let at = match stamp {
            Some(at) => {
                if tally.previous().is_none() {
                    // Frames without a stamp came first: they are at the time of the first one with a stamp.
                    walk.refs.iter_mut().for_each(|frame| frame.at = at);
                }
                tally.add(at, packet.caplen, packet.orig_len);
                at
            }
            None => {
                tally.add_untimed(packet.caplen, packet.orig_len);
                tally.previous().unwrap_or_default()
            }
        };
        walk.refs.push(FrameRef {
            at,
            offset: pos + 8 + packet.head,
            caplen: packet.caplen,
            orig_len: packet.orig_len,
            number: tally.number(),
            capture_point,
            linktype: described.linktype,
            interface,
            is_timed: stamp.is_some(),
        });
        if !packet.options.is_empty() {
            self.keep_comments(packet.options, Some(tally.frames()), walk.facts);
        }
        Ok(())
    }

    fn keep_comments(&self, octets: &[u8], frame: Option<u64>, facts: &mut FileFacts) {
        for (code, value) in Options::new(octets, self.byte_order) {
            if code == options::COMMENT {
                facts.comment_count += 1;
                if facts.comments.len() < FileFacts::COMMENTS_MAX {
                    facts.comments.push(Comment { frame, text: options::text(value) });
                }
            }
        }
    }
}

const fn too_long(length: u32) -> Damage {
    Damage::Length { what: "a block", length }
}

fn short_block(what: &'static str, body: &[u8]) -> Damage {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    Damage::Length { what, length: length.saturating_add(FRAMING_OCTETS) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rollcall_core::types::Timestamp;

    use super::super::super::testing::{Pcapng as Writer, Read, read};
    use super::*;

    fn ethernet(is_big: bool) -> Writer {
        Writer::new(is_big).interface(1, 0, &[])
    }

    #[test]
    fn reads_every_kind_of_packet_block() {
        for is_big in [false, true] {
            let file = Writer::new(is_big)
                .interface(1, 3, &[(2, b"eth0"), (3, b"uplink")])
                .interface(113, 0, &[(9, &[9])])
                .block(0x0bad, b"custom")
                .enhanced(0, 1_000_001, b"abcde", &[])
                .obsolete(1, 7, b"fg")
                .simple(60, b"hij")
                .block(5, b"statistics");
            let Read { frames, facts } = read(&file.octets());
            assert_eq!(facts.damage, []);
            let seen: Vec<_> =
                frames.iter().map(|frame| (frame.at.as_nanos(), &*frame.bytes, frame.orig_len)).collect();
            let expected: [(i64, &[u8], u32); 3] =
                [(1_000_001_000, b"abcde", 9), (7, b"fg", 6), (7, b"hij", 60)];
            assert_eq!(seen, expected);
            assert_eq!(frames.iter().map(|frame| frame.is_timed).collect::<Vec<_>>(), [true, true, false]);
            assert_eq!(frames[0].interface.name.as_deref(), Some("eth0"));
            assert_eq!(frames[0].interface.description.as_deref(), Some("uplink"));
            assert_eq!((frames[1].linktype, frames[1].interface.number), (LinkType(113), 1));
            assert_eq!((facts.other_blocks, facts.untimed, facts.time_goes_back), (2, 1, 1));
        }
    }

    #[test]
    fn forgets_interfaces_and_byte_order_at_a_section() {
        let file = ethernet(false)
            .enhanced(0, 1, b"a", &[])
            .section(true)
            .interface(113, 0, &[])
            .enhanced(0, 2, b"b", &[])
            .enhanced(1, 3, b"c", &[]);
        let Read { frames, facts } = read(&file.octets());
        assert_eq!(frames.len(), 2);
        assert_eq!((frames[1].linktype, frames[1].interface.section), (LinkType(113), 1));
        assert_eq!((facts.sections, facts.interface_count), (2, 2));
        assert_eq!(facts.damage[0].damage, Damage::NoInterface { number: 1 });
        assert_eq!(facts.damage[0].extent, Extent::Blocks(1));
    }

    #[test]
    fn takes_offset_and_unit_from_options() {
        let file = Writer::new(true)
            .interface(1, 0, &[(9, &[0x80 | 10]), (14, &100_i64.to_be_bytes())])
            .enhanced(0, 512, b"a", &[]);
        assert_eq!(read(&file.octets()).frames[0].at.as_nanos(), 100_500_000_000);
    }

    #[test]
    fn a_time_beyond_all_time_is_none() {
        // A clock before 1970, stored where only later ones can be.
        let before = 505_u64.wrapping_neg();
        let file = ethernet(true).enhanced(0, 5, b"a", &[]).enhanced(0, before, b"b", &[]);
        let Read { frames, facts } = read(&file.octets());
        assert_eq!((frames[1].at.as_nanos(), frames[1].is_timed), (5_000, false));
        assert_eq!((facts.untimed, facts.time_goes_back), (1, 0));
    }

    #[test]
    fn frames_without_a_stamp_wait_for_the_first_one() {
        let file = ethernet(false).simple(1, b"a").simple(1, b"b").enhanced(0, 5, b"c", &[]).simple(1, b"d");
        let times: Vec<_> = read(&file.octets()).frames.iter().map(|frame| frame.at.as_nanos()).collect();
        assert_eq!(times, [5_000, 5_000, 5_000, 5_000]);
        let untimed = read(&ethernet(false).simple(1, b"a").octets());
        assert_eq!(untimed.frames[0].at, Timestamp::EPOCH);
        assert_eq!((untimed.facts.earliest, untimed.facts.latest), (None, None));
    }

    #[test]
    fn keeps_comments_up_to_a_bound() {
        let mut file = Writer::new(false).interface(1, 0, &[(1, b"of the interface")]);
        for _ in 0..100 {
            file = file.enhanced(0, 1, b"abc", &[(1, b"of a frame")]);
        }
        let facts = read(&file.octets()).facts;
        assert_eq!((facts.comment_count, facts.comments.len()), (101, FileFacts::COMMENTS_MAX));
        assert_eq!((facts.comments[0].frame, &*facts.comments[0].text), (None, "of the interface"));
        assert_eq!((facts.comments[2].frame, &*facts.comments[2].text), (Some(2), "of a frame"));
    }

    #[test]
    fn comments_in_blocks_that_carry_no_frame_are_kept() {
        for is_big in [false, true] {
            let half = |number: u16| if is_big { number.to_be_bytes() } else { number.to_le_bytes() };
            let comment = |text: &[u8; 4]| [&half(1)[..], &half(4), text].concat();
            // One record: 192.0.2.1 is `ab`; then the end of the records.
            let record = [&half(1)[..], &half(7), &[192, 0, 2, 1, b'a', b'b', 0, 0], &[0; 4]].concat();
            let statistics = [vec![0; 12], comment(b"stat")].concat();
            let names = [record.clone(), comment(b"name")].concat();
            let file = ethernet(is_big)
                .block(5, &statistics)
                .block(4, &names)
                .block(4, &record[..9])
                .block(5, &[0; 8]);
            let facts = read(&file.octets()).facts;
            let texts: Vec<_> =
                facts.comments.iter().map(|comment| (comment.frame, &*comment.text)).collect();
            assert_eq!(texts, [(None, "stat"), (None, "name")]);
            assert_eq!((facts.other_blocks, facts.damage.len()), (4, 0));
        }
    }

    #[test]
    fn skips_what_is_damaged_and_goes_on() {
        let check = |damaged: Writer, count: u64| {
            let file = damaged.enhanced(0, 9, b"after", &[]);
            let Read { frames, facts } = read(&file.octets());
            assert_eq!(frames.last().map(|frame| &*frame.bytes), Some(&b"after"[..]));
            assert_eq!(facts.damage.len(), 1);
            assert_eq!(facts.damage[0].extent, Extent::Blocks(count));
        };
        check(ethernet(true).block(6, b"short"), 1);
        check(ethernet(true).block(2, b"short").block(3, b""), 2);
        check(ethernet(true).enhanced(7, 1, b"a", &[]).obsolete(8, 1, b"a").enhanced(9, 1, b"a", &[]), 3);
        let mut too_long = [0; 40];
        too_long[12..16].fill(0xff);
        check(ethernet(false).block(6, &too_long), 1);
        // A length of 21 captured octets in a block that holds 20.
        too_long[12..16].copy_from_slice(&21_u32.to_le_bytes());
        check(ethernet(false).block(6, &too_long), 1);
    }

    #[test]
    fn ends_where_the_next_block_cannot_be_found() {
        let check = |wrong: &[u32], damage: Damage| {
            let mut file = ethernet(false).enhanced(0, 1, b"abcd", &[]);
            let offset = file.octets().len() as u64;
            for word in wrong {
                file.bytes.word(*word);
            }
            let Read { frames, facts } = read(&file.enhanced(0, 2, b"efgh", &[]).octets());
            assert_eq!(frames.len(), 1, "{damage}");
            assert_eq!(facts.damage.len(), 1, "{damage}");
            assert_eq!((facts.damage[0].offset, &facts.damage[0].damage), (offset, &damage));
        };
        let block = |length| Damage::Length { what: "a block", length };
        check(&[6, 0], block(0));
        check(&[6, 11], block(11));
        check(&[6, u32::MAX], block(u32::MAX));
        check(&[0x99, 12, 16], Damage::Trailer { first: 12, last: 16 });
        check(&[0x0a0d_0d0a, 28, 0x1234_5678], Damage::ByteOrder);
        check(
            &[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 2, 0, 0, 28],
            Damage::Version { format: "pcapng", major: 2, minor: 0 },
        );
        check(&[1, 16, 0, 16], Damage::Length { what: "an interface description", length: 16 });
        check(&[1, 0x7fff_fffc], block(0x7fff_fffc));
    }

    #[test]
    fn steps_over_blocks_of_any_length_without_holding_them() {
        let long = vec![0x55; HELD_BLOCK_OCTETS_MAX as usize * 3];
        let file = ethernet(false)
            .block(10, &long)
            .enhanced(0, 1, b"after an unknown one", &[])
            .block(6, &long)
            .enhanced(0, 2, b"after a frame", &[]);
        let Read { frames, facts } = read(&file.octets());
        assert_eq!(frames.len(), 2);
        assert_eq!(facts.other_blocks, 1);
        assert_eq!(facts.damage[0].extent, Extent::Blocks(1));
        let cut = read(&ethernet(false).block(10, &long).octets()[..2_000_000]).facts.damage.remove(0);
        assert!(matches!(cut.damage, Damage::CutShort { .. }), "{cut}");
        assert_eq!(cut.extent, Extent::Rest);
    }

    fn sample(is_big: bool) -> Vec<u8> {
        Writer::new(is_big)
            .interface(1, 0, &[(2, b"eth0"), (9, &[9])])
            .enhanced(0, 1, b"abcdefg", &[(1, b"hello")])
            .simple(9, b"ijk")
            .block(0x0bad, b"custom")
            .section(!is_big)
            .interface(1, 0, &[])
            .obsolete(0, 2, b"lmnop")
            .octets()
    }

    #[test]
    fn gives_every_frame_before_a_cut() {
        let whole = sample(false);
        let full = read(&whole).frames;
        for len in 0..whole.len() {
            let Read { frames, facts } = read(&whole[..len]);
            assert_eq!(frames, full[..frames.len()], "{len}");
            assert!(facts.damage.len() <= 1, "{len}");
        }
    }

    proptest! {
        #[test]
        fn mutated_files_end(is_big: bool, at in 0_usize..300, octets in proptest::collection::vec(any::<u8>(), 1..9)) {
            let mut file = sample(is_big);
            let intact = read(&file);
            let at = at.min(file.len() - 1);
            let octets = octets.get(..octets.len().min(file.len() - at)).unwrap_or_default();
            file.splice(at..at + octets.len(), octets.iter().copied());
            let Read { frames, facts } = read(&file);
            prop_assert_eq!(frames.len() as u64, facts.frames);
            prop_assert!(facts.damage.len() <= 2);
            // Blocks that end before the change are not affected by it.
            let before = read(&sample(is_big)[..at]).frames;
            prop_assert!(before.len() <= intact.frames.len());
            for (frame, expected) in frames.iter().zip(&before) {
                prop_assert_eq!(&frame.bytes, &expected.bytes);
            }
            prop_assert!(frames.len() >= before.len());
        }

        #[test]
        fn any_octets_end(is_big: bool, octets in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let mut file = ethernet(is_big);
            file.bytes.raw(&octets);
            let Read { frames, facts } = read(&file.octets());
            prop_assert_eq!(frames.len() as u64, facts.frames);
        }
    }
}
