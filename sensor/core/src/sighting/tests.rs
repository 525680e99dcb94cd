use super::{AddressClaim, Announcement, MobilityEvent, Notice, sight};
use crate::decode::samples::{self, AGENT, CARE_OF, HOME, IPV6, UPDATE, ethernet, home_option, ipv6};
use crate::decode::{Checksum, DecodeSettings, Decoded, decode};
use crate::types::LinkType;

/// Reads the first octets of a frame.
fn cut(bytes: &[u8], caplen: usize) -> Decoded<'_> {
    decode(
        &DecodeSettings::default(),
        LinkType::ETHERNET,
        u32::try_from(bytes.len()).unwrap(),
        &bytes[..caplen],
    )
}

/// Asserts that `part`, read of the first octets of a frame, says nothing that `full` does not say.
fn says_no_more(part: &Decoded<'_>, full: &Decoded<'_>) {
    let (less, more) = (sight(part), sight(full));
    let claims_it = |claim: &AddressClaim| {
        let is_same = |other: &AddressClaim| (other.mac, other.ip) == (claim.mac, claim.ip);
        more.claims.iter().any(is_same)
    };
    assert!(less.claims.iter().all(claims_it));
    notices_no_more(less.notice.as_deref(), more.notice.as_deref());
    match (less.announcement, more.announcement) {
        (
            Some(Announcement::UnsolicitedAdvertisement { mac: None, ip }),
            Some(Announcement::UnsolicitedAdvertisement { ip: full, .. }),
        ) => assert_eq!(ip, full),
        (less, more) => assert!(less.is_none() || less == more),
    }
    match (less.mobility, more.mobility) {
        (None | Some(MobilityEvent::Traffic(_)), _) => {}
        (Some(MobilityEvent::BindingUpdate(mut less)), Some(MobilityEvent::BindingUpdate(more))) => {
            if less.checksum == Checksum::Unverified {
                // Options that were cut off may have said otherwise, and nothing is claimed of them.
                less.checksum = more.checksum;
                less.care_of = more.care_of;
                less.home_address = less.home_address.and(more.home_address);
                assert!(less.home_prefix.is_none() || less.home_prefix == more.home_prefix);
                assert!(less.binding_id.is_none() || less.binding_id == more.binding_id);
                assert!(less.mobile_network.is_none() || less.mobile_network == more.mobile_network);
            }
            assert_eq!(
                (less.home_registration, less.proxy, less.sequence, less.lifetime, less.peer, less.care_of),
                (more.home_registration, more.proxy, more.sequence, more.lifetime, more.peer, more.care_of)
            );
        }
        (Some(MobilityEvent::BindingAcknowledgement(mut less)), Some(more)) => {
            let MobilityEvent::BindingAcknowledgement(more) = more else {
                panic!("an acknowledgement became {more:?}");
            };
            if less.checksum == Checksum::Unverified {
                less.checksum = more.checksum;
            }
            assert_eq!(less, more);
        }
        (Some(less), more) => assert_eq!(Some(less), more),
    }
}

/// Asserts that a notice of a cut message says nothing that the whole one's does not say.
fn notices_no_more(less: Option<&Notice>, more: Option<&Notice>) {
    fn is_less<T: PartialEq>(less: &Option<T>, more: &Option<T>) -> bool {
        less.is_none() || less == more
    }
    match (less, more) {
        (None, _) => {}
        (Some(Notice::Neighbor(less)), Some(Notice::Neighbor(more))) => {
            assert_eq!(
                (less.protocol, &less.chassis, &less.port, less.lifetime),
                (more.protocol, &more.chassis, &more.port, more.lifetime)
            );
            assert!(is_less(&less.port_description, &more.port_description));
            assert!(is_less(&less.system_name, &more.system_name));
            assert!(is_less(&less.vlan, &more.vlan));
        }
        (Some(Notice::Lease(less)), Some(Notice::Lease(more))) => {
            assert_eq!((less.mac, less.kind, less.on_segment), (more.mac, more.kind, more.on_segment));
            for leased in &less.addresses {
                let same = more.addresses.iter().find(|other| other.ip == leased.ip).expect("no new address");
                assert!(is_less(&leased.lifetime, &same.lifetime));
            }
            assert!(is_less(&less.server, &more.server) && is_less(&less.host_name, &more.host_name));
            assert!(is_less(&less.attachment, &more.attachment));
        }
        (Some(Notice::Session(less)), Some(Notice::Session(more))) => {
            assert_eq!((less.status, less.request), (more.status, more.request));
            assert!(is_less(&less.nas.address, &more.nas.address));
            assert!(is_less(&less.nas.identifier, &more.nas.identifier));
            assert!(is_less(&less.id, &more.id) && is_less(&less.mac, &more.mac));
            assert!(is_less(&less.called_mac, &more.called_mac) && is_less(&less.ssid, &more.ssid));
            assert!(is_less(&less.port.number, &more.port.number) && is_less(&less.port.id, &more.port.id));
            assert!(less.addresses.iter().all(|ip| more.addresses.contains(ip)));
            assert!(is_less(&less.prefix, &more.prefix) && is_less(&less.user, &more.user));
            assert!(
                is_less(&less.stated_at, &more.stated_at)
                    && is_less(&less.delay, &more.delay)
                    && is_less(&less.duration, &more.duration)
            );
            assert!(is_less(&less.octets_in, &more.octets_in));
        }
        (less, more) => assert_eq!(less, more),
    }
}

#[test]
fn every_prefix_of_a_sample_says_no_more_than_the_sample() {
    for frame in samples::all() {
        let full = cut(&frame, frame.len());
        for caplen in 0..=frame.len() {
            says_no_more(&cut(&frame, caplen), &full);
        }
    }
}

#[test]
fn no_corruption_of_one_octet_panics() {
    for frame in samples::all() {
        for place in 0..frame.len() {
            let mut corrupt = frame.clone();
            for value in 0..=u8::MAX {
                corrupt[place] = value;
                let sighting = sight(&cut(&corrupt, corrupt.len()));
                assert!(sighting.claims.len() + usize::from(sighting.claims_refused) <= 2);
            }
        }
    }
}

#[test]
fn an_update_that_contradicts_itself_is_no_event() {
    let (mut length, mut option) = (UPDATE.to_vec(), UPDATE.to_vec());
    length[1] = 9;
    option[15] = 40;
    let home = || home_option(135, HOME);
    let twice = [home_option(60, HOME), home_option(135, AGENT)].concat();
    for (before, message) in [(home(), length), (home(), option), (twice, UPDATE.to_vec())] {
        let frame = ethernet(IPV6, &ipv6(CARE_OF, AGENT, 60, 64, &[before, message].concat()));
        assert_eq!(sight(&cut(&frame, frame.len())).mobility, None);
    }
}

#[test]
fn arp_for_other_addresses_claims_nothing() {
    let mut frame = samples::all().remove(3);
    assert_eq!(sight(&cut(&frame, frame.len())).claims.len(), 1);
    frame[15] = 19;
    assert!(sight(&cut(&frame, frame.len())).is_empty());
}
