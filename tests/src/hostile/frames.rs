use core::mem::discriminant;
use core::net::IpAddr;
use std::io;

use clap::ValueEnum as _;
use rollcall::dump::{Dump, DumpKind, Seen};
use rollcall_core::decode::{
    DecodeSettings, Decoded, Link, Outcome, PlainSource, TUNNELS_MAX, levels, plain,
};
use rollcall_core::sighting::{MobilityEvent, Sighting, sight};
use rollcall_core::types::{CapturePointId, Frame, LinkType, Timestamp, Vids};

/// The link types that a fuzzed frame may have: those that are read, and one that is not.
const LINKTYPES: [u16; 8] = [1, 113, 276, 101, 228, 229, 12, 105];

/// A frame, after an octet that chooses the link type (low three bits, 0 is Ethernet) and how much longer the
/// frame was on the wire, in units of 16 octets (high five bits, 31: its length is stated as zero).
pub fn frame(octets: &[u8]) {
    let Some((first, bytes)) = octets.split_first() else {
        return;
    };
    let linktype = LINKTYPES.get(usize::from(first & 7)).copied().unwrap_or_default();
    let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let orig_len = match first >> 3 {
        31 => 0,
        units => captured.saturating_add(u32::from(units) * 16),
    };
    check(LinkType(linktype), orig_len, bytes);
}

/// Checks one frame: both ways of decoding, what it is evidence for, what the dumps print of it, and that its
/// beginning says no more than it does.
pub(super) fn check(linktype: LinkType, orig_len: u32, bytes: &[u8]) {
    decodes(linktype, orig_len, bytes);
    for level in read(linktype, orig_len, bytes) {
        assert!(!format!("{level:?} {:?}", sight(&level)).is_empty());
    }
    let at = Timestamp::EPOCH;
    let frame = Frame { at, capture_point: CapturePointId(0), linktype, orig_len, bytes };
    for kind in DumpKind::value_variants() {
        let mut dump = Dump::new(*kind, DecodeSettings::default(), io::sink());
        let seen = Seen { number: 1, at: Some(at), interface: 0, frame };
        dump.frame(&seen).and_then(|()| dump.finish()).expect("nowhere can be written to");
    }
    // Two prefixes, so that fuzzing stays fast; the tests take all.
    for len in [bytes.len() / 2, bytes.len().saturating_sub(1)] {
        says_no_more(linktype, orig_len.max(u32::try_from(bytes.len()).unwrap_or(u32::MAX)), bytes, len);
    }
}

/// Reads the levels of a frame as unconfigured.
fn read(linktype: LinkType, orig_len: u32, bytes: &[u8]) -> Vec<Decoded<'_>> {
    let settings = DecodeSettings::default();
    let levels: Vec<_> = levels(&settings, linktype, orig_len, bytes).map(|(level, _)| level).collect();
    assert!(levels.len() <= usize::from(TUNNELS_MAX) + 1);
    levels
}

/// A frame is decoded alike in both ways, gives no claim of what is no station's, and what is in its tunnels lies
/// within it.
///
/// # Panics
/// Where it is not so.
pub fn decodes(linktype: LinkType, orig_len: u32, bytes: &[u8]) {
    let mut outer = bytes.len();
    for (number, level) in read(linktype, orig_len, bytes).iter().enumerate() {
        if number == 0 {
            ways_agree(linktype, orig_len, level, bytes);
        }
        assert!(level.bytes.len() <= outer, "{level:?}");
        outer = level.bytes.len();
        let sighting = sight(level);
        assert!(sighting.claims.iter().all(|claim| claim.mac.is_station()), "{sighting:?}");
    }
}

/// The short way of decoding says nothing else than the long way.
fn ways_agree(linktype: LinkType, orig_len: u32, long: &Decoded<'_>, bytes: &[u8]) {
    let Some(short) = plain(&DecodeSettings::default(), linktype, orig_len, bytes) else {
        return;
    };
    let station = long.station().expect("a plain frame is a station's");
    assert_eq!((short.src_bits, Vids::single(short.vid)), (station.to_u64(), long.vlans.vids()));
    let ip = match short.ip {
        PlainSource::V4(bits) => IpAddr::V4(bits.into()),
        PlainSource::V6(octets) => IpAddr::V6((*octets).into()),
    };
    assert_eq!(Some(ip), long.ip.src());
    assert_eq!(long.outcome, Outcome::Complete);
    assert!(!long.control.is_some() && long.inner.is_none());
}

/// The first `len` octets of a frame say nothing that the whole frame does not say.
///
/// # Panics
/// Where they do.
pub fn says_no_more(linktype: LinkType, orig_len: u32, bytes: &[u8], len: usize) {
    let whole = read(linktype, orig_len, bytes);
    let parts = read(linktype, orig_len, bytes.get(..len).unwrap_or(bytes));
    assert!(parts.len() <= whole.len(), "{parts:?} of {whole:?}");
    for (part, whole) in parts.iter().zip(&whole) {
        assert!(part.link == Link::None || part.link == whole.link, "{part:?} of {whole:?}");
        assert!(whole.vlans.tags().starts_with(part.vlans.tags()), "{part:?} of {whole:?}");
        assert!(part.ip.src().is_none() || part.ip.src() == whole.ip.src(), "{part:?} of {whole:?}");
        // What contradicts itself behind the cut is believed in nothing; before the cut nobody can know.
        if whole.outcome.as_str() != "malformed" {
            assert_ne!(part.outcome.as_str(), "malformed", "{part:?} of {whole:?}");
            claims_no_more(&sight(part), &sight(whole));
        }
    }
}

/// Every claim, announcement and mobility event of a part is one of the whole.
fn claims_no_more(less: &Sighting, more: &Sighting) {
    for claim in &less.claims {
        let is_same = more.claims.iter().any(|other| (other.mac, other.ip) == (claim.mac, claim.ip));
        assert!(is_same || more.claims_lost > 0, "{claim:?} is not in {more:?}");
    }
    assert!(less.announcement.is_none() || more.announcement.is_some(), "{less:?} of {more:?}");
    match (&less.mobility, &more.mobility) {
        // That a mobile node is there says any message of it.
        (None | Some(MobilityEvent::Traffic(_)), _) => {}
        (Some(part), Some(whole)) => assert_eq!(discriminant(part), discriminant(whole)),
        (Some(_), None) => panic!("{less:?} of {more:?}"),
    }
    assert!(less.notice.is_none() || more.notice.is_some(), "{less:?} of {more:?}");
}
