use super::*;
use crate::types::{LinkType, MacAddr};

/// Reads an Ethernet frame that was captured whole.
fn whole(bytes: &[u8]) -> Decoded<'_> {
    decode(LinkType::ETHERNET, u32::try_from(bytes.len()).unwrap(), bytes)
}

#[test]
fn a_decoded_frame_is_small() {
    assert!(size_of::<Decoded<'_>>() <= 128, "{}", size_of::<Decoded<'_>>());
}

#[test]
fn other_link_types_have_no_station() {
    let decoded = decode(LinkType(105), 60, &[0x52; 60]);
    assert_eq!(decoded.outcome, Outcome::Unsupported(Reason::LinkType));
    assert_eq!(decoded.station(), None);
}

#[test]
fn a_group_address_is_no_station() {
    let mut frame = [0u8; 60];
    assert_eq!(whole(&frame).station(), None);
    frame[6..12].copy_from_slice(&[0x52, 0x54, 0, 0, 0, 1]);
    assert_eq!(
        whole(&frame).station(),
        Some(MacAddr::new([0x52, 0x54, 0, 0, 0, 1]))
    );
    frame[6] |= 1;
    assert_eq!(whole(&frame).station(), None);
}
