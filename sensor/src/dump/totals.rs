use std::io::{self, Write};

use rollcall_core::decode::{Decoded, Outcome};
use rollcall_core::types::Timestamp;
use serde::Serialize;

use super::text::{label, seconds};
use super::{Lines, Seen};
use crate::capture::{FileFormat, Interface};

/// Sums up a capture and its interfaces.
#[derive(Debug, Default)]
pub(super) struct Totals {
    file: File,
    /// For each interface of the run its place in `records`.
    places: Vec<usize>,
    records: Vec<InterfaceTotals>,
}

#[derive(Debug, Default)]
struct File {
    packets: u64,
    bytes: u64,
    cap_bytes: u64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    min_at: Option<Timestamp>,
    max_at: Option<Timestamp>,
    time_goes_back: u64,
    cut_frames: u64,
    zero_len: u64,
    malformed: u64,
}

#[derive(Debug)]
struct InterfaceTotals {
    file: usize,
    number: u32,
    name: Option<String>,
    description: Option<String>,
    frames: u64,
    bytes: u64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct FileRecord {
    rec: &'static str,
    packets: u64,
    bytes: u64,
    cap_bytes: u64,
    first_ts: Option<String>,
    last_ts: Option<String>,
    min_ts: Option<String>,
    max_ts: Option<String>,
    time_goes_back: u64,
    cut_frames: u64,
    zero_len: u64,
    malformed: u64,
}

#[derive(Serialize)]
struct InterfaceRecord<'a> {
    rec: &'static str,
    id: u32,
    name: Option<&'a str>,
    descr: Option<&'a str>,
    frames: u64,
    bytes: u64,
    first_ts: Option<String>,
    last_ts: Option<String>,
}

impl Totals {
    /// Takes an interface. Those of several sections with one number are one record, as a record has no word for
    /// the section; the first one names it.
    pub(super) fn interface(&mut self, interface: &Interface, format: Option<FileFormat>) {
        let is_same =
            |record: &InterfaceTotals| (record.file, record.number) == (interface.file, interface.number);
        let place = self.records.iter().position(is_same).unwrap_or(self.records.len());
        self.places.push(place);
        if place < self.records.len() {
            return;
        }
        let name = match (&interface.name, format) {
            (Some(name), _) => Some(label(name)),
            (None, Some(FileFormat::Pcapng)) => Some("unknown".to_owned()),
            (None, _) => None,
        };
        self.records.push(InterfaceTotals {
            file: interface.file,
            number: interface.number,
            name,
            description: interface.description.as_deref().map(label),
            frames: 0,
            bytes: 0,
            first_at: None,
            last_at: None,
        });
    }

    pub(super) fn frame(&mut self, seen: &Seen<'_>, decoded: &Decoded<'_>) {
        self.file.frame(seen, decoded);
        let record = self.places.get(seen.interface);
        if let Some(interface) = record.and_then(|place| self.records.get_mut(*place)) {
            if interface.frames == 0 {
                interface.first_at = seen.at;
            }
            interface.last_at = seen.at;
            interface.frames += 1;
            interface.bytes += u64::from(seen.frame.orig_len);
        }
    }

    pub(super) fn write<W: Write>(&self, output: &mut Lines<W>) -> io::Result<()> {
        output.write(&self.file.record())?;
        for interface in &self.records {
            output.write(&InterfaceRecord {
                rec: "iface",
                id: interface.number,
                name: interface.name.as_deref(),
                descr: interface.description.as_deref(),
                frames: interface.frames,
                bytes: interface.bytes,
                first_ts: interface.first_at.map(seconds),
                last_ts: interface.last_at.map(seconds),
            })?;
        }
        Ok(())
    }
}

impl File {
    fn frame(&mut self, seen: &Seen<'_>, decoded: &Decoded<'_>) {
        let (captured, wire) = (seen.frame.bytes.len() as u64, u64::from(seen.frame.orig_len));
        self.packets += 1;
        self.bytes += wire;
        self.cap_bytes += captured;
        self.cut_frames += u64::from(captured < wire);
        self.zero_len += u64::from(captured == 0);
        self.malformed += u64::from(matches!(decoded.outcome, Outcome::Malformed(_)));
        if let Some(at) = seen.at {
            self.time_goes_back += u64::from(self.last_at.is_some_and(|last| at < last));
            self.first_at.get_or_insert(at);
            self.last_at = Some(at);
            self.min_at = Some(self.min_at.map_or(at, |min| min.min(at)));
            self.max_at = Some(self.max_at.map_or(at, |max| max.max(at)));
        }
    }

    fn record(&self) -> FileRecord {
        FileRecord {
            rec: "file",
            packets: self.packets,
            bytes: self.bytes,
            cap_bytes: self.cap_bytes,
            first_ts: self.first_at.map(seconds),
            last_ts: self.last_at.map(seconds),
            min_ts: self.min_at.map(seconds),
            max_ts: self.max_at.map(seconds),
            time_goes_back: self.time_goes_back,
            cut_frames: self.cut_frames,
            zero_len: self.zero_len,
            malformed: self.malformed,
        }
    }
}
