use std::io::{self, Write};
use std::net::IpAddr;

use rollcall_core::decode::Link;
use serde::Serialize;

use super::groups::{CountWord, Groups};
use super::{Level, Lines, Seen, TunnelRecord};

/// Groups what is inside tunnels: frames by their source address, packets without a frame by theirs.
#[derive(Debug, Default)]
pub(super) struct Tunnels {
    frames: Groups<FrameKey, Outer>,
    packets: Groups<PacketKey, ()>,
    /// The outermost header of the frame at hand.
    outer: Outer,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct FrameKey {
    rec: &'static str,
    tunnel: Vec<TunnelRecord>,
    inner_mac: Option<String>,
    inner_vlans: Vec<String>,
}

/// Whose frame the tunnel's packet was; of a group, the first one's.
#[derive(Clone, Debug, Default, Serialize)]
struct Outer {
    outer_mac: Option<String>,
    outer_vlans: Option<Vec<String>>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct PacketKey {
    rec: &'static str,
    tunnel: Vec<TunnelRecord>,
    inner_src: Option<IpAddr>,
}

impl Tunnels {
    pub(super) fn frame(&mut self, seen: &Seen<'_>, level: &Level<'_>) {
        let tunnel = level.tunnels.clone();
        if tunnel.is_empty() {
            self.outer = Outer { outer_mac: level.eth_src(), outer_vlans: Some(level.vlans.clone()) };
        } else if level.decoded.link != Link::None {
            let (inner_mac, inner_vlans) = (level.eth_src(), level.vlans.clone());
            let key = FrameKey { rec: "tunnel", tunnel, inner_mac, inner_vlans };
            if let Some(outer) = self.frames.count(key, seen)
                && outer.outer_vlans.is_none()
            {
                *outer = self.outer.clone();
            }
        } else if let Some(src) = level.decoded.ip.src() {
            self.packets.count(PacketKey { rec: "tunnel3", tunnel, inner_src: Some(src) }, seen);
        }
    }

    pub(super) fn write<W: Write>(&self, output: &mut Lines<W>) -> io::Result<u64> {
        let frames_left_out = self.frames.write(CountWord::Frames, output)?;
        Ok(frames_left_out + self.packets.write(CountWord::Frames, output)?)
    }
}
