//! What the decoder read, as JSON lines to hold against independent truth.
//!
//! `rollcall replay FILE... --dump KIND` prints one object per line, in a schema that other decoders can fill
//! as well. Sits beside the engine: it takes frames from a source, decodes them, and groups what it reads.
//! Judges nothing and keeps no presence.
//!
//! Bound: [`RECORDS_MAX`] groups; further ones are left out, and a last line says how many frames these had.

mod bindings;
mod dhcp;
mod groups;
mod mobility;
mod mobility4;
mod neighbours;
mod radius;
mod stations;
mod storage;
mod text;
mod totals;
mod tunnels;

use std::io::{self, Write};
use std::net::IpAddr;

use clap::ValueEnum;
use rollcall_core::decode::{DecodeSettings, Decoded, Inner, Link, levels};
use rollcall_core::types::{Frame, MacAddr, Timestamp};
use serde::Serialize;
use thiserror::Error;

use crate::capture::{Batch, CaptureFiles, FileFormat, FrameSource, Interface, More, SourceError};

pub use groups::RECORDS_MAX;

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DumpKind {
    /// One record of the capture and one of each interface.
    Totals,
    /// One record of each link-layer source address and VLAN stack.
    Stations,
    /// One record of each different ARP, RARP and Neighbor Discovery message.
    Bindings,
    /// One record of each mobility message, and of each pair that a mobile node exchanges data with.
    Mobility,
    /// One record of each Mobile IPv4 message.
    Mobility4,
    /// One record of each DHCP and DHCPv6 message.
    Dhcp,
    /// One record of each RADIUS accounting request.
    Radius,
    /// One record of each switch and port that make themselves known by LLDP or CDP.
    Neighbours,
    /// One record of each connection to an iSCSI, NFS, SMB or NVMe service.
    Storage,
    /// One record of each station inside each tunnel, and of each IP source address in a tunnel without an Ethernet
    /// header.
    Tunnels,
}

/// One frame as the dump is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its ordinal in the run, from 1.
    pub number: u64,
    /// Its own time stamp, where the capture file has one.
    pub at: Option<Timestamp>,
    /// Its interface: an index into those told by [`Dump::interface`].
    pub interface: usize,
    /// Its octets.
    pub frame: Frame<'a>,
}

/// Why a dump ends early.
#[derive(Debug, Error)]
pub enum DumpError {
    /// The capture cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The output cannot be written.
    #[error("write the dump: {0}")]
    Write(#[from] io::Error),
}

/// Collects the records of one kind and writes them as JSON lines.
pub struct Dump<W> {
    settings: DecodeSettings,
    records: Records,
    output: Lines<W>,
}

enum Records {
    Totals(totals::Totals),
    Stations(stations::Stations),
    Bindings(bindings::Bindings),
    Mobility(mobility::Mobility),
    Mobility4,
    Dhcp,
    Radius,
    Neighbours(neighbours::Neighbours),
    Tunnels(tunnels::Tunnels),
    Storage(storage::StorageServices),
}

impl Records {
    /// Takes a level of a frame; messages are written at once.
    fn level<W: Write>(
        &mut self,
        seen: &Seen<'_>,
        level: &Level<'_>,
        output: &mut Lines<W>,
    ) -> io::Result<()> {
        match self {
            Self::Totals(totals) if level.tunnels.is_empty() => totals.frame(seen, &level.decoded),
            Self::Stations(stations) if level.tunnels.is_empty() => stations.frame(seen, &level.decoded),
            Self::Totals(_) | Self::Stations(_) => {}
            Self::Bindings(bindings) => bindings.frame(seen, level),
            Self::Mobility(mobility) => {
                output.write_some(mobility.frame(seen, level))?;
            }
            Self::Mobility4 => output.write_some(mobility4::record(seen, level))?,
            Self::Dhcp => output.write_some(dhcp::record(seen, level))?,
            Self::Radius => output.write_some(radius::record(seen, level))?,
            Self::Neighbours(neighbours) => neighbours.frame(seen, level),
            Self::Storage(storage) => storage.frame(seen, level),
            Self::Tunnels(tunnels) => tunnels.frame(seen, level),
        }
        Ok(())
    }
}

/// One level of a frame, with the Ethernet header and the tunnels that it lies in.
struct Level<'a> {
    decoded: Decoded<'a>,
    /// The nearest Ethernet header: its own, or one around its tunnel.
    link: Link,
    /// The tags of that header.
    vlans: Vec<String>,
    /// Outermost first; empty for the frame itself.
    tunnels: Vec<TunnelRecord>,
}

/// A tunnel around what a record is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct TunnelRecord {
    r#type: &'static str,
    id: Option<u32>,
    src: Option<IpAddr>,
    dst: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vlan: Option<u16>,
}

impl Level<'_> {
    fn eth_src(&self) -> Option<String> {
        self.link.src().as_ref().map(MacAddr::to_string)
    }
}

/// Writes one JSON object per line.
struct Lines<W> {
    output: W,
}

impl<W: Write> Lines<W> {
    fn write(&mut self, record: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.output, record)?;
        self.output.write_all(b"\n")
    }

    fn write_some(&mut self, record: Option<impl Serialize>) -> io::Result<()> {
        record.map_or(Ok(()), |record| self.write(&record))
    }
}

impl<W: Write> Dump<W> {
    /// Makes a dump of `kind` that writes to `output`.
    pub fn new(kind: DumpKind, settings: DecodeSettings, output: W) -> Self {
        let records = match kind {
            DumpKind::Totals => Records::Totals(totals::Totals::default()),
            DumpKind::Stations => Records::Stations(stations::Stations::default()),
            DumpKind::Bindings => Records::Bindings(bindings::Bindings::default()),
            DumpKind::Mobility => Records::Mobility(mobility::Mobility::default()),
            DumpKind::Mobility4 => Records::Mobility4,
            DumpKind::Dhcp => Records::Dhcp,
            DumpKind::Radius => Records::Radius,
            DumpKind::Neighbours => Records::Neighbours(neighbours::Neighbours::default()),
            DumpKind::Storage => Records::Storage(storage::StorageServices::default()),
            DumpKind::Tunnels => Records::Tunnels(tunnels::Tunnels::default()),
        };
        Self { settings, records, output: Lines { output } }
    }

    /// Takes an interface of a file of this format; they are numbered from 0 in the order of these calls.
    pub fn interface(&mut self, interface: &Interface, format: Option<FileFormat>) {
        if let Records::Totals(totals) = &mut self.records {
            totals.interface(interface, format);
        }
    }

    /// Takes the next frame; mobility messages are written at once.
    ///
    /// # Errors
    /// Returns what the output says when it cannot be written.
    pub fn frame(&mut self, seen: &Seen<'_>) -> io::Result<()> {
        let Frame { linktype, orig_len, bytes, .. } = seen.frame;
        let (mut link, mut vlans, mut tunnels, mut dst) = (Link::None, Vec::new(), Vec::new(), None);
        for (decoded, within) in levels(&self.settings, linktype, orig_len, bytes) {
            if let Some(inner) = within {
                tunnels.push(tunnel_record(&inner, dst));
            }
            if decoded.link != Link::None {
                (link, vlans) = (decoded.link, tags(&decoded));
            }
            dst = decoded.ip.dst();
            let level = Level { decoded, link, vlans: vlans.clone(), tunnels: tunnels.clone() };
            self.records.level(seen, &level, &mut self.output)?;
        }
        Ok(())
    }

    /// Writes the records that were collected.
    ///
    /// # Errors
    /// Returns what the output says when it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        let output = &mut self.output;
        let frames_left_out = match self.records {
            Records::Totals(totals) => {
                totals.write(output)?;
                0
            }
            Records::Mobility4 | Records::Dhcp | Records::Radius => 0,
            Records::Stations(stations) => stations.write(output)?,
            Records::Bindings(bindings) => bindings.write(output)?,
            Records::Mobility(mobility) => mobility.write(output)?,
            Records::Neighbours(neighbours) => neighbours.write(output)?,
            Records::Storage(storage) => storage.write(output)?,
            Records::Tunnels(tunnels) => tunnels.write(output)?,
        };
        if frames_left_out > 0 {
            output.write(&serde_json::json!({"rec": "left-out", "frames": frames_left_out}))?;
        }
        output.output.flush()
    }
}

/// Reads captures to their end and writes the records of one kind.
///
/// # Errors
/// Returns what stopped the source or the output.
pub fn run(
    kind: DumpKind,
    settings: &DecodeSettings,
    source: &mut CaptureFiles,
    output: impl Write,
) -> Result<(), DumpError> {
    let mut dump = Dump::new(kind, settings.clone(), output);
    let mut batch = Batch::new();
    while source.next_batch(&mut batch, usize::MAX)? == More::Yes {
        for interface in batch.new_interfaces() {
            let format = source.facts().nth(interface.file).and_then(|facts| facts.format);
            dump.interface(interface, format);
        }
        for (frame_ref, number) in batch.refs().iter().zip(batch.first_frame()..) {
            dump.frame(&Seen {
                number,
                at: frame_ref.is_timed.then_some(frame_ref.at),
                interface: frame_ref.interface.index(),
                frame: batch.frame(frame_ref),
            })?;
        }
    }
    dump.finish()?;
    Ok(())
}

/// Describes a tunnel whose outer IP header, if there is one, goes to `dst`.
fn tunnel_record(inner: &Inner<'_>, dst: Option<IpAddr>) -> TunnelRecord {
    let (tunnel, vlan) = (inner.tunnel, inner.mirrored.map(|mirrored| mirrored.vid));
    TunnelRecord { r#type: tunnel.kind().as_str(), id: tunnel.id(), src: tunnel.source(), dst, vlan }
}

/// Returns the VLAN tags as `tpid:vid`, outermost first.
fn tags(decoded: &Decoded<'_>) -> Vec<String> {
    let tags = decoded.vlans.tags().iter();
    tags.map(|tag| format!("{:04x}:{}", tag.tpid, tag.vid())).collect()
}
