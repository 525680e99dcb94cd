use std::net::{IpAddr, Ipv6Addr};

use rollcall_core::types::{MacAddr, PortTag, PortTagKind, Timestamp, Tunnel, TunnelKind, Via, Vids};
use rollcall_ebpf_abi::{FarKey, NearKey, Presence, via};

/// Where a station was seen, as its row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SweptAt {
    /// The station.
    pub mac: MacAddr,
    /// The VLAN identifiers.
    pub vids: Vids,
    /// How its frames come to the capture point.
    pub via: Via,
}

/// What a station sent since the last sweep beside what was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    /// Who and where.
    pub at: SweptAt,
    /// Frames since the last sweep, without those that were handed over.
    pub frames: u64,
    /// Octets of these on the wire.
    pub octets: u64,
    /// When the row was made: the first frame, unless the row was forgotten and made anew.
    pub first_seen_at: Timestamp,
    /// The last frame.
    pub last_seen_at: Timestamp,
}

/// A key of either map.
pub(super) trait Place: Copy + Eq + std::hash::Hash {
    /// Returns who and where; none for numbers that this version does not know.
    fn place(&self) -> Option<SweptAt>;
}

impl Place for NearKey {
    fn place(&self) -> Option<SweptAt> {
        Some(SweptAt { mac: MacAddr::from_u64(self.mac()), vids: vids(self.vid()), via: Via::Wire })
    }
}

impl Place for FarKey {
    fn place(&self) -> Option<SweptAt> {
        let id = (self.via & via::HAS_ID != 0).then_some(self.id);
        let tunnel = |kind| {
            let source = IpAddr::V6(Ipv6Addr::from(self.source)).to_canonical();
            Via::Tunnel(Tunnel::new(kind, id, (self.source != [0; 16]).then_some(source)))
        };
        let via = match self.via & !via::HAS_ID {
            via::WIRE => Via::Wire,
            via::VXLAN => tunnel(TunnelKind::Vxlan),
            via::GENEVE => tunnel(TunnelKind::Geneve),
            via::GRE => tunnel(TunnelKind::Gre),
            via::ERSPAN_1 => tunnel(TunnelKind::Erspan1),
            via::ERSPAN_2 => tunnel(TunnelKind::Erspan2),
            via::ERSPAN_3 => tunnel(TunnelKind::Erspan3),
            via::MPLS => tunnel(TunnelKind::Mpls),
            via::E_TAG => Via::Port(PortTag::new(PortTagKind::ETag, self.id)),
            via::VN_TAG => Via::Port(PortTag::new(PortTagKind::VnTag, self.id)),
            _ => return None,
        };
        Some(SweptAt { mac: MacAddr::from_u64(self.mac), vids: vids(self.vids), via })
    }
}

/// Takes the packed identifiers apart.
fn vids(packed: u64) -> Vids {
    let mut vids = Vids::UNTAGGED;
    for index in 0..4 {
        let [low, high, ..] = (packed >> (16 * index)).to_le_bytes();
        vids.push(u16::from_le_bytes([low, high]));
    }
    vids
}

/// What a row held at the last sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    frames: u64,
    octets: u64,
    first_ticks: u64,
    /// The sweep at which it was there last.
    pub(super) sweep: u32,
}

impl Told {
    /// Takes what the row holds now; returns the frames and octets that are new. A row that was forgotten and made
    /// anew counts from its beginning.
    pub(super) fn update(&mut self, row: &Presence, sweep: u32) -> (u64, u64) {
        let before = if row.first_ticks == self.first_ticks { *self } else { Self::default() };
        *self = Self { frames: row.frames, octets: row.octets, first_ticks: row.first_ticks, sweep };
        (row.frames.saturating_sub(before.frames), row.octets.saturating_sub(before.octets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_say_who_and_where() {
        let said = |at: SweptAt| (at.mac.to_string(), at.vids.to_string());
        let near = NearKey::new(0x5254_00aa_bb01, 7).place().unwrap();
        assert_eq!(said(near), ("52:54:00:aa:bb:01".to_owned(), "vlan 7".to_owned()));
        let several = FarKey { mac: 1, vids: 0x0007_0064, ..FarKey::default() }.place().unwrap();
        assert_eq!(said(several), ("00:00:00:00:00:01".to_owned(), "vlan 100.7".to_owned()));
        assert_eq!(several.via, Via::Wire);
        let mut source = [0; 16];
        source[10..].copy_from_slice(&[0xff, 0xff, 192, 0, 2, 1]);
        let far = FarKey { mac: 1, vids: 0, via: via::VXLAN | via::HAS_ID, id: 5001, source };
        let Some(Via::Tunnel(tunnel)) = far.place().map(|at| at.via) else { panic!("it is a tunnel") };
        assert_eq!(tunnel.to_string(), "vxlan 5001 from 192.0.2.1");
        let port = FarKey { via: via::E_TAG | via::HAS_ID, id: 17, ..FarKey::default() };
        assert_eq!(port.place().unwrap().via, Via::Port(PortTag::new(PortTagKind::ETag, 17)));
        assert_eq!(FarKey { via: 99, ..FarKey::default() }.place(), None);
    }

    #[test]
    fn a_row_made_anew_counts_from_its_beginning() {
        let row = |frames, first_ticks| Presence {
            frames,
            octets: 60 * frames,
            first_ticks,
            ..Presence::default()
        };
        let mut told = Told::default();
        assert_eq!(told.update(&row(5, 100), 1), (5, 300));
        assert_eq!(told.update(&row(7, 100), 2), (2, 120));
        assert_eq!(told.update(&row(7, 100), 3), (0, 0));
        assert_eq!(told.update(&row(3, 900), 4), (3, 180));
    }
}
