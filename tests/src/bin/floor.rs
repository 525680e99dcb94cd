//! The floor of `cargo xtask bench`: the fastest loop that we can write which reads the records of a classic
//! capture file and touches a table of 65,536 entries by source MAC, and nothing else.
//!
//! It reads 256 KiB at a time, which beat 64 KiB, 1 MiB and a mapping (the page faults of a large file cost
//! more than the copy), and to the start of a page, which the kernel copies to a third faster than to an odd place;
//! `--block OCTETS` tries another size. It reads little-endian microsecond files of
//! Ethernet, believes every length that fits its block, and prints how many frames it saw.

#![expect(clippy::print_stdout, reason = "the count is what shows that it did its work")]

use std::fs::File;
use std::io::Read as _;

use anyhow::{Context as _, Result, bail};

const FILE_HEADER_OCTETS: usize = 24;
const PAGE_OCTETS: usize = 4_096;
const TABLE_ENTRIES: usize = 65_536;
/// The longest record that is carried from one block to the next.
const RECORD_OCTETS_MAX: usize = 16 + 262_144;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (path, block) = match arguments.as_slice() {
        [path] => (path, 256 * 1_024),
        [path, option, octets] if option == "--block" => {
            (path, octets.parse().context("read the block size")?)
        }
        _ => bail!("usage: floor FILE [--block OCTETS]"),
    };
    let mut file = File::open(path).with_context(|| format!("open `{path}`"))?;
    let mut header = [0; FILE_HEADER_OCTETS];
    file.read_exact(&mut header).context("read the file header")?;
    if !header.starts_with(&[0xd4, 0xc3, 0xb2, 0xa1]) {
        bail!("`{path}` is no little-endian microsecond pcap file");
    }
    let mut table = vec![0_u64; TABLE_ENTRIES];
    let table = table.first_chunk_mut().context("make the table")?;
    // Room for what one block leaves over, then the block, which begins on a page as it does in the file.
    let room = RECORD_OCTETS_MAX.next_multiple_of(PAGE_OCTETS);
    let mut buffer = vec![0; room + PAGE_OCTETS + block];
    let begin = room + buffer.as_ptr().align_offset(PAGE_OCTETS) % PAGE_OCTETS;
    let mut wanted = block - FILE_HEADER_OCTETS;
    let (mut carried, mut frames) = (0, 0_u64);
    loop {
        let read = file.read(&mut buffer[begin..begin + wanted]).context("read a block")?;
        if read == 0 {
            break;
        }
        wanted = block;
        let filled = begin + read;
        let (walked, count) = walk(&buffer[begin - carried..filled], table);
        frames += count;
        let rest = begin - carried + walked..filled;
        if rest.len() > RECORD_OCTETS_MAX {
            bail!("a record after frame {frames} is too long");
        }
        carried = rest.len();
        buffer.copy_within(rest, begin - carried);
    }
    let touched = table.iter().filter(|entry| **entry != 0).count();
    println!("{frames} frames, {touched} entries touched");
    Ok(())
}

/// Touches the table for each whole record; returns how many octets and frames those were.
fn walk(buffer: &[u8], table: &mut [u64; TABLE_ENTRIES]) -> (usize, u64) {
    let mut rest = buffer;
    let mut frames = 0;
    while let Some((header, frame)) = rest.split_first_chunk::<16>() {
        let [s0, s1, s2, s3, _, _, _, _, c0, c1, c2, c3, ..] = *header;
        let caplen = u32::from_le_bytes([c0, c1, c2, c3]) as usize;
        let Some(next) = frame.get(caplen..) else {
            break;
        };
        // The source address and the two octets after it, in one load.
        if let Some(octets) = frame.get(6..14).and_then(<[u8]>::first_chunk) {
            let mac = u64::from_le_bytes(*octets) << 16;
            let entry = (mac.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as usize;
            table[entry] = u64::from(u32::from_le_bytes([s0, s1, s2, s3]));
        }
        frames += 1;
        rest = next;
    }
    (buffer.len() - rest.len(), frames)
}
