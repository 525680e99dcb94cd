//! What the decoder read, as JSON lines to hold against independent truth.
//!
//! `rollcall replay FILE... --dump KIND` prints one object per line, in a schema that other decoders can fill
//! as well. Sits beside the engine: it takes frames from a source, decodes them, and groups what it reads.
//! Judges nothing and keeps no presence.
//!
//! Bound: [`RECORDS_MAX`] groups; further ones are left out, and a last line says how many frames these had.

mod bindings;
mod groups;
mod mobility;
mod neighbours;
mod stations;
mod text;
mod totals;

use std::io::{self, Write};

use clap::ValueEnum;
use rollcall_core::decode::{DecodeSettings, Decoded, decode};
use rollcall_core::types::{Frame, Timestamp};
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
    /// One record of each switch and port that make themselves known by LLDP or CDP.
    Neighbours,
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
    Neighbours(neighbours::Neighbours),
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
}

impl<W: Write> Dump<W> {
    /// Makes a dump of `kind` that writes to `output`.
    pub fn new(kind: DumpKind, output: W) -> Self {
        let records = match kind {
            DumpKind::Totals => Records::Totals(totals::Totals::default()),
            DumpKind::Stations => Records::Stations(stations::Stations::default()),
            DumpKind::Bindings => Records::Bindings(bindings::Bindings::default()),
            DumpKind::Mobility => Records::Mobility(mobility::Mobility::default()),
            DumpKind::Neighbours => Records::Neighbours(neighbours::Neighbours::default()),
        };
        Self { settings: DecodeSettings::default(), records, output: Lines { output } }
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
        let decoded = decode(&self.settings, seen.frame.linktype, seen.frame.orig_len, seen.frame.bytes);
        match &mut self.records {
            Records::Totals(totals) => totals.frame(seen, &decoded),
            Records::Stations(stations) => stations.frame(seen, &decoded),
            Records::Bindings(bindings) => bindings.frame(seen, &decoded),
            Records::Mobility(mobility) => {
                if let Some(record) = mobility.frame(seen, &decoded) {
                    self.output.write(&record)?;
                }
            }
            Records::Neighbours(neighbours) => neighbours.frame(seen, &decoded),
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
            Records::Stations(stations) => stations.write(output)?,
            Records::Bindings(bindings) => bindings.write(output)?,
            Records::Mobility(mobility) => mobility.write(output)?,
            Records::Neighbours(neighbours) => neighbours.write(output)?,
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
pub fn run(kind: DumpKind, source: &mut CaptureFiles, output: impl Write) -> Result<(), DumpError> {
    let mut dump = Dump::new(kind, output);
    let mut batch = Batch::new();
    while source.next_batch(&mut batch)? == More::Yes {
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

/// Returns the VLAN tags as `tpid:vid`, outermost first.
fn tags(decoded: &Decoded<'_>) -> Vec<String> {
    let tags = decoded.vlans.tags().iter();
    tags.map(|tag| format!("{:04x}:{}", tag.tpid, tag.vid())).collect()
}
