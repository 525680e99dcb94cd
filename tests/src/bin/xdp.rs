//! What a frame costs in the kernel: `xdp ROUNDS [OBJECT]` prints a name and nanoseconds in each line, the least of
//! some rounds, in which every kind of frame takes its turn.
//!
//! The kernel runs the program on one frame over and over (`BPF_PROG_TEST_RUN`) and takes the time itself; its own
//! loop is part of every number. The map of rows holds 10,000 stations.

#![expect(clippy::print_stdout, reason = "the numbers are read by xtask")]

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rollcall::capture::xdp::{Class, Rates, Service, XdpProgram, XdpSettings};

const STATIONS: u32 = 10_000;
/// Runs in one measure of frames that leave nothing behind.
const REPEAT: u32 = 1_000_000;
/// Runs before the ring buffer is emptied.
const REPEAT_RECORDED: u32 = 2_000;
/// First frames in one measure.
const NEW: u32 = 2_000;

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let rounds: u32 = words.next().context("say how many rounds")?.parse().context("read the rounds")?;
    let object = words.next().map(fs::read).transpose().context("read the object")?;
    let mut settings = XdpSettings {
        rates: Rates::UNLIMITED,
        services: vec![(4789, Service::Vxlan), (67, Service::Dhcp)],
        ring_octets: 32 << 20,
        ..XdpSettings::default()
    };
    let mut program = match &object {
        Some(object) => XdpProgram::load_object(object, &settings, 1)?,
        None => XdpProgram::load(&settings, 1)?,
    };
    for station in 0..STATIONS {
        program.run(&frame(station, &[], &TCP), 1)?;
    }
    empty(&mut program);

    let known = frame(5_000, &[], &TCP);
    let tagged = frame(5_001, &[0x81, 0, 0, 100], &TCP);
    let ipv6 = frame(5_002, &[], &TCP_V6);
    let two_tags = frame(5_003, &[0x88, 0xa8, 0, 100, 0x81, 0, 0, 7], &TCP);
    let vxlan = vxlan(5_004);
    let arp = frame(5_005, &[], &ARP);
    let steady =
        [("known", &known), ("tagged", &tagged), ("ipv6", &ipv6), ("two-tags", &two_tags), ("vxlan", &vxlan)];

    let mut least: Vec<(&str, Duration)> = Vec::new();
    let mut note =
        |name: &'static str, each: Duration| match least.iter_mut().find(|(known, _)| *known == name) {
            Some((_, before)) => *before = each.min(*before),
            None => least.push((name, each)),
        };
    let mut next_new = STATIONS;
    for _ in 0..rounds {
        note("baseline", program.run_baseline(&known, REPEAT)?.each);
        for (name, frame) in steady {
            // The first frame makes the rows.
            program.run(frame, 1)?;
            note(name, program.run(frame, REPEAT)?.each);
        }
        empty(&mut program);
        note("control", program.run(&arp, REPEAT_RECORDED)?.each);
        empty(&mut program);
        settings.rates.set(Class::Arp, 1);
        program.set(&settings, 1)?;
        note("limited", program.run(&arp, REPEAT)?.each);
        settings.rates.set(Class::Arp, 0);
        program.set(&settings, 1)?;
        empty(&mut program);
        let mut each: Vec<Duration> = Vec::new();
        for _ in 0..NEW {
            next_new += 1;
            each.push(program.run(&frame(next_new, &[], &TCP), 1)?.each);
        }
        empty(&mut program);
        each.sort_unstable();
        note("new", each.get(each.len() / 2).copied().unwrap_or_default());
    }
    for (name, each) in least {
        println!("{name} {}", each.as_nanos());
    }
    Ok(())
}

/// Takes every record out of the ring buffer.
fn empty(program: &mut XdpProgram) {
    while program.next_punt(|_, _| ()).is_some() {}
}

/// Ethertype and packet of a TCP segment over IPv4, without payload.
const TCP: [u8; 22] = [0x08, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
/// The same over IPv6, from the unspecified address on.
const TCP_V6: [u8; 26] =
    [0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/// An ARP request.
const ARP: [u8; 10] = [0x08, 6, 0, 1, 0x08, 0, 6, 4, 0, 1];

/// Makes a frame of a station: tags, then an ethertype and what it carries, up to 60 octets and the length of the tags.
fn frame(station: u32, tags: &[u8], carries: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x02, 0, 0, 0, 0, 1, 0x52, 0x54];
    frame.extend_from_slice(&station.to_be_bytes());
    frame.extend_from_slice(tags);
    frame.extend_from_slice(carries);
    frame.resize((60 + tags.len()).max(74), 0);
    if carries[..2] != [0x86, 0xdd] {
        frame.truncate(60 + tags.len());
    }
    frame
}

/// Makes a frame of 60 octets in VXLAN, network 5001.
fn vxlan(station: u32) -> Vec<u8> {
    const INNER_OCTETS: u8 = 60;
    let mut carries = vec![0x08, 0, 0x45, 0, 0, 36 + INNER_OCTETS, 0, 0, 0, 0, 64, 17, 0, 0];
    carries.extend_from_slice(&[192, 0, 2, 1, 192, 0, 2, 2]);
    carries.extend_from_slice(&[0xc0, 0, 0x12, 0xb5, 0, 16 + INNER_OCTETS, 0, 0]);
    carries.extend_from_slice(&[0x08, 0, 0, 0, 0, 0x13, 0x89, 0]);
    let mut outer = vec![0x02, 0, 0, 0, 0, 1, 0x52, 0x54];
    outer.extend_from_slice(&station.to_be_bytes());
    outer.extend_from_slice(&carries);
    outer.extend_from_slice(&frame(station + STATIONS, &[], &TCP));
    outer
}
