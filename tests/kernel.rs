//! Holds the XDP program, run by the kernel on one frame after another, against the decoder.
//!
//! Both must find the same stations with the same VLANs and tunnels, the same class and the same control message in
//! every frame of `pcaps/` and, where they lie beside the project, of the captures of others. What differs is listed in
//! `kernel-exceptions.yaml`, frame by frame with the reason: a difference that is not listed fails the test, and so does a
//! listed one that is gone. The kernel sees no snap length, so that the decoder is shown what was captured as a
//! whole frame.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use rollcall::capture::xdp::{
    Class, OnCapture, Rates, Record, Service as XdpService, SweptAt, XdpError, XdpProgram, XdpSettings, flag,
};
use rollcall_core::decode::{Control, DecodeSettings, FrameClass, Ports, Service, levels};
use rollcall_core::engine::PointCounters;
use rollcall_core::types::{LinkType, Timestamp, Via};
use rollcall_tests::{frames_of, root, skip};
use serde::Deserialize;

/// What is said of a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Said {
    /// Each station with its frames and octets.
    stations: BTreeMap<SweptAt, (u64, u64)>,
    /// What the frame carries.
    class: Option<FrameClass>,
    /// Whether its source address is no station's.
    bad_source: bool,
    /// The first control message.
    control: Option<Class>,
}

/// Differences with one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    reason: String,
    /// Numbers of frames, from 1, by capture.
    frames: BTreeMap<String, BTreeSet<usize>>,
}

/// The shortest frame that the kernel takes, and how many octets at most; longer ones are cut, for both.
const FRAME_OCTETS_MIN: usize = 14;
const FRAME_OCTETS_MAX: usize = 60_000;

/// The ports that the decoder reads, as the program is told.
fn services() -> Vec<(u16, XdpService)> {
    let service = |service| match service {
        Service::Vxlan => XdpService::Vxlan,
        Service::Geneve => XdpService::Geneve,
        Service::Mpls => XdpService::Mpls,
        Service::Dhcp => XdpService::Dhcp,
        Service::Dhcpv6 => XdpService::Dhcpv6,
        Service::MobileIpv4 => XdpService::MobileIpv4,
        Service::Accounting => XdpService::Accounting,
    };
    Ports::DEFAULT.map(|(port, read)| (port, service(read))).to_vec()
}

/// Small maps, no limits.
fn settings() -> XdpSettings {
    XdpSettings {
        near_max: 64,
        far_max: 64,
        ring_octets: 1 << 20,
        change_interval_ns: 0,
        rates: Rates::UNLIMITED,
        services: services(),
        ..XdpSettings::default()
    }
}

/// Loads the program; says loudly where that is not allowed.
fn load(settings: &XdpSettings) -> Result<Option<XdpProgram>> {
    match XdpProgram::load(settings, 1) {
        Ok(program) => Ok(Some(program)),
        Err(error @ XdpError::NotPermitted { .. }) => {
            skip(&format!("the XDP program was not run: {error}"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns what the decoder says of a frame.
fn decoder_says(settings: &DecodeSettings, bytes: &[u8]) -> Said {
    let mut said = Said::default();
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    for (decoded, within) in levels(settings, LinkType::ETHERNET, length, bytes) {
        if decoded.level == 0 {
            said.class = Some(decoded.class);
            said.bad_source = decoded.link.src().is_some() && decoded.station().is_none();
        }
        if let Some(mac) = decoded.station() {
            let via = match within {
                Some(inner) => Via::Tunnel(inner.tunnel),
                None => decoded.port.and_then(|field| field.sender(false)).map_or(Via::Wire, Via::Port),
            };
            let at = SweptAt { mac, vids: decoded.vids(within.as_ref()), via };
            let sums = said.stations.entry(at).or_default();
            *sums = (sums.0 + 1, sums.1 + u64::from(decoded.wire_len));
        }
        said.control = said.control.or_else(|| class_of(&decoded.control, decoded.class));
    }
    said
}

/// Returns the class of a control message.
fn class_of(control: &Control<'_>, class: FrameClass) -> Option<Class> {
    match control {
        Control::None => None,
        Control::Arp(_) if class == FrameClass::Rarp => Some(Class::Rarp),
        Control::Arp(_) => Some(Class::Arp),
        Control::Nd(_) => Some(Class::Neighbor),
        Control::Mobility(_) | Control::LegacyMobility(_) | Control::MobilityIcmp(_) => Some(Class::Mobility),
        Control::MobileTraffic(_) => Some(Class::MobileTraffic),
        Control::Lldp(_) => Some(Class::Lldp),
        Control::Cdp(_) => Some(Class::Cdp),
        Control::Dhcp(..) => Some(Class::Dhcp),
        Control::Dhcpv6(..) => Some(Class::Dhcpv6),
        Control::MobileIpv4(..) => Some(Class::MobileIpv4),
        Control::Radius(..) => Some(Class::Radius),
    }
}

/// Returns what the program says of a frame of which it knows no station yet, and of the same frame again.
///
/// The first time it makes rows and hands the frame over; the second time it counts it in them, unless it is one that is
/// always handed over. `wanted` says how many frames and octets are to be counted of each station.
fn kernel_says(program: &mut XdpProgram, bytes: &[u8], wanted: &Said) -> Result<Said> {
    let before = program.counters()?;
    program.run(bytes, 1)?;
    let after = program.counters()?;
    ensure!(after.frames() == before.frames() + 1, "the frame is not counted");
    ensure!(after.octets() == before.octets() + bytes.len() as u64, "its octets are not counted");
    ensure!(after.refused() == before.refused(), "its station finds no room");
    let mut said = Said { bad_source: after.bad_source() > before.bad_source(), ..Said::default() };
    let counted = after.classes().into_iter().zip(before.classes());
    said.class = PointCounters::CLASSES
        .into_iter()
        .zip(counted)
        .find(|(_, (now, then))| now > then)
        .map(|(class, _)| class);
    let punted = program.next_punt(|record, octets| (record, octets.to_vec()));
    if let Some((record, octets)) = &punted {
        let class = Class::from_number(record.class).context("the class is known")?;
        said.control = (class > Class::Changed).then_some(class);
        ensure!(record.orig_len as usize == bytes.len(), "the length of the record is wrong");
        ensure!(bytes.starts_with(octets) && !octets.is_empty(), "the octets of the record are wrong");
    }
    ensure!(program.next_punt(|_, _| ()).is_none(), "a frame is handed over twice");

    program.run(bytes, 1)?;
    let again = program.next_punt(|record, _| record.class);
    let classes = program.counters()?.classes();
    ensure!(
        classes.iter().zip(after.classes()).filter(|(now, then)| **now > *then).count() == 1,
        "not counted once"
    );
    ensure!(
        again.is_none()
            || again == said.control.map(|class| class as u8)
            || again == Some(Class::Changed as u8),
        "a frame of known stations is handed over as {again:?}"
    );
    let mut wrong = None;
    program.take_rows(|swept| {
        let counted = (swept.frames, swept.octets);
        let told = if again.is_some() {
            wanted.stations.get(&swept.at).copied().unwrap_or_default()
        } else {
            counted
        };
        if again.is_some() && counted != (0, 0) {
            wrong = Some(swept);
        }
        said.stations.insert(swept.at, told);
    })?;
    ensure!(wrong.is_none(), "a frame that was handed over is counted as well: {wrong:?}");
    let is_new = punted.as_ref().is_some_and(|(record, _)| record.flags & flag::NEW != 0);
    ensure!(is_new != said.stations.is_empty(), "the record does not say whether there is a new row");
    ensure!(
        punted.is_some() == (said.control.is_some() || !said.stations.is_empty()),
        "a frame is handed over if, and only if, it says something"
    );
    Ok(said)
}

/// Returns the captures under a folder, sorted.
fn captures_under(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(captures_under(&path)?);
        } else if path.to_string_lossy().contains("cap") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Compares both on every frame of the captures; returns how many frames there were.
fn compare(folder: &Path, listed: &[Exception]) -> Result<Option<usize>> {
    let Some(mut program) = load(&settings())? else {
        return Ok(None);
    };
    let decoder = DecodeSettings::default();
    let (mut seen, mut compared) = (HashSet::new(), 0);
    let (mut differing, mut shown) = (BTreeMap::<String, BTreeSet<usize>>::new(), String::new());
    let is_listed = |file: &str, number| {
        listed
            .iter()
            .any(|exception| exception.frames.get(file).is_some_and(|frames| frames.contains(&number)))
    };
    for capture in captures_under(folder)? {
        let file = capture.strip_prefix(folder)?.display().to_string();
        for (number, mut frame) in (1..).zip(frames_of(&capture, usize::MAX)?) {
            frame.bytes.truncate(FRAME_OCTETS_MAX);
            if frame.linktype != LinkType::ETHERNET || frame.bytes.len() < FRAME_OCTETS_MIN {
                continue;
            }
            compared += 1;
            if !seen.insert(frame.bytes.clone()) && !is_listed(&file, number) {
                continue;
            }
            let wanted = decoder_says(&decoder, &frame.bytes);
            let found = kernel_says(&mut program, &frame.bytes, &wanted)
                .with_context(|| format!("{file}, frame {number}, {} octets", frame.bytes.len()))?;
            if wanted != found {
                differing.entry(file.clone()).or_default().insert(number);
                if !is_listed(&file, number) {
                    shown.push_str(&format!(
                        "  {file}, frame {number}:\n    decoder {wanted:?}\n    kernel  {found:?}\n"
                    ));
                }
            }
        }
    }
    ensure!(shown.is_empty(), "the XDP program and the decoder differ:\n{shown}");
    for exception in listed {
        for (file, frames) in exception.frames.iter().filter(|(file, _)| folder.join(file).exists()) {
            let gone: Vec<_> = frames
                .iter()
                .filter(|number| !differing.get(file).is_some_and(|set| set.contains(number)))
                .collect();
            ensure!(
                gone.is_empty(),
                "{file}: frames {gone:?} are listed ({}) and do not differ",
                exception.reason
            );
        }
    }
    Ok(Some(compared))
}

fn exceptions() -> Result<Vec<Exception>> {
    let text = fs::read_to_string(root().join("tests/kernel-exceptions.yaml"))?;
    Ok(serde_yaml::from_str(&text)?)
}

#[test]
fn the_program_says_what_the_decoder_says_of_generated_captures() -> Result<()> {
    if let Some(compared) = compare(&root().join("pcaps"), &exceptions()?)? {
        ensure!(compared > 1_000, "only {compared} frames were compared");
    }
    Ok(())
}

#[test]
fn the_program_says_what_the_decoder_says_of_captures_of_others() -> Result<()> {
    let folder = root().join("../shared/captures/files");
    if !folder.is_dir() {
        skip(&format!("there are no captures in `{}`", folder.display()));
        return Ok(());
    }
    if let Some(compared) = compare(&folder, &exceptions()?)? {
        ensure!(compared > 10_000, "only {compared} frames were compared");
    }
    Ok(())
}

/// Corruptions of a frame: an octet of its first headers changed, or its end cut off.
fn corruptions(bytes: &[u8], random: &mut impl FnMut(usize) -> usize) -> Vec<Vec<u8>> {
    const HEADER_OCTETS: usize = 160;
    let mut made = Vec::new();
    for turn in 0..CORRUPTIONS {
        let mut corrupted = bytes.to_vec();
        let at = random(bytes.len().min(HEADER_OCTETS));
        if turn == 0 {
            corrupted.truncate(at.max(FRAME_OCTETS_MIN));
        } else {
            corrupted[at] = u8::try_from(random(256)).unwrap_or(0);
        }
        made.push(corrupted);
    }
    made
}

/// How often each frame is corrupted.
const CORRUPTIONS: usize = 24;

#[test]
fn the_program_says_what_the_decoder_says_of_corrupted_frames() -> Result<()> {
    let Some(mut program) = load(&settings())? else { return Ok(()) };
    let decoder = DecodeSettings::default();
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap_or(0) % below
    };
    let (mut seen, mut compared, mut shown) = (HashSet::new(), 0, String::new());
    for capture in captures_under(&root().join("pcaps"))? {
        for mut frame in frames_of(&capture, FRAMES_PER_CAPTURE)? {
            frame.bytes.truncate(2_048);
            let is_usable = frame.linktype == LinkType::ETHERNET && frame.bytes.len() >= FRAME_OCTETS_MIN;
            if !is_usable || !seen.insert(frame.bytes.clone()) {
                continue;
            }
            for corrupted in corruptions(&frame.bytes, &mut random) {
                compared += 1;
                let wanted = decoder_says(&decoder, &corrupted);
                let found = kernel_says(&mut program, &corrupted, &wanted)?;
                if wanted != found && shown.len() < 10_000 {
                    shown.push_str(&format!(
                        "  {}: {corrupted:02x?}\n    decoder {wanted:?}\n    kernel  {found:?}\n",
                        capture.display()
                    ));
                }
            }
        }
    }
    ensure!(compared > 10_000, "only {compared} frames were compared");
    ensure!(shown.is_empty(), "the XDP program and the decoder differ:\n{shown}");
    Ok(())
}

/// How many frames of a capture are corrupted.
const FRAMES_PER_CAPTURE: usize = 400;

#[test]
fn frames_on_which_both_once_differed_are_read_alike() -> Result<()> {
    let Some(mut program) = load(&settings())? else { return Ok(()) };
    // The lower 40 bits of a station's address are zero.
    let mut zeros = data_frame(0, 1);
    zeros[6..12].copy_from_slice(&[0x64, 0, 0, 0, 0, 0]);
    // A mirror of type II names VLAN 1; the frame in it ends within a tag.
    let mut cut = data_frame(7, 1);
    cut.truncate(34);
    cut[17] = 52;
    cut[23] = 47;
    cut.extend_from_slice(&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 1, 0, 7, 0, 0, 0, 0]);
    cut.extend_from_slice(&[1, 0x80, 0xc2, 0, 0, 0, 0, 0x19, 0x69, 0xdf, 0xdc, 1, 0x81, 0, 0, 1]);
    for (frame, stations) in [(zeros, 1), (cut, 2)] {
        let wanted = decoder_says(&DecodeSettings::default(), &frame);
        assert_eq!(wanted.stations.len(), stations);
        assert_eq!(kernel_says(&mut program, &frame, &wanted)?, wanted);
    }
    Ok(())
}

#[test]
fn a_frame_of_too_many_headers_ends_somewhere() -> Result<()> {
    const UNSUPPORTED: usize = 3;
    let Some(mut program) = load(&settings())? else { return Ok(()) };
    // Destination options of one octet each.
    let mut frame =
        vec![0x02, 0, 0, 0, 0, 1, 0x52, 0x54, 0, 0, 0, 7, 0x86, 0xdd, 0x60, 0, 0, 0, 0x01, 0x00, 60, 64];
    frame.extend_from_slice(&[0x20; 32]);
    frame.extend_from_slice(&[6, 31]);
    frame.resize(54 + 256, 0);
    program.run(&frame, 1)?;
    assert_eq!(program.counters()?.outcomes()[UNSUPPORTED], 1);
    assert_eq!(program.sweep(None, |_| {})?.rows, 1);
    Ok(())
}

/// A data frame of a station over IPv4, with an address that ends in `ip`.
fn data_frame(mac: u32, ip: u8) -> Vec<u8> {
    let mut frame = vec![0x02, 0, 0, 0, 0, 1, 0x52, 0x54];
    frame.extend_from_slice(&mac.to_be_bytes());
    frame.extend_from_slice(&[
        0x08, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, ip, 192, 0, 2, 254,
    ]);
    frame.resize(60, 0);
    frame
}

/// An ARP request of a station.
fn arp_frame(mac: u32) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend_from_slice(&[0x52, 0x54]);
    frame.extend_from_slice(&mac.to_be_bytes());
    frame.extend_from_slice(&[0x08, 6, 0, 1, 0x08, 0, 6, 4, 0, 1]);
    frame.resize(60, 0);
    frame
}

/// Takes every record out of the ring buffer.
fn records(program: &mut XdpProgram) -> Vec<Record> {
    core::iter::from_fn(|| program.next_punt(|record, _| record)).collect()
}

#[test]
fn a_station_is_handed_over_first_and_when_its_address_changes() -> Result<()> {
    let Some(mut program) = load(&settings())? else { return Ok(()) };
    for (ip, wanted) in [(1, Some(Class::New)), (1, None), (2, Some(Class::Changed)), (2, None)] {
        program.run(&data_frame(7, ip), 1)?;
        let classes: Vec<_> =
            records(&mut program).iter().map(|record| Class::from_number(record.class)).collect();
        assert_eq!(classes, wanted.into_iter().map(Some).collect::<Vec<_>>(), "address {ip}");
    }
    let mut rows = Vec::new();
    let sweep = program.sweep(None, |swept| rows.push(swept))?;
    assert_eq!((sweep.rows, rows.len()), (1, 1));
    // The other two were handed over.
    assert_eq!((rows[0].frames, rows[0].octets), (2, 120));
    assert!(rows[0].first_seen_at <= rows[0].last_seen_at);
    // A sweep tells only what is new.
    program.sweep(None, |swept| panic!("{swept:?} did not send"))?;
    program.run(&data_frame(7, 2), 3)?;
    let mut frames = 0;
    program.sweep(None, |swept| frames += swept.frames)?;
    assert_eq!(frames, 3);
    // An idle row is forgotten, and its station new again.
    let sweep = program.sweep(Some(Timestamp::MAX), |_| {})?;
    assert_eq!((sweep.rows, sweep.forgotten), (1, 1));
    program.run(&data_frame(7, 2), 1)?;
    assert_eq!(records(&mut program).len(), 1);
    Ok(())
}

#[test]
fn a_full_map_refuses_a_row_and_hands_the_frame_over() -> Result<()> {
    let Some(mut program) = load(&settings())? else { return Ok(()) };
    for mac in 0..200 {
        program.run(&data_frame(mac, 1), 1)?;
    }
    let counters = program.counters()?;
    // A processor may keep a few free elements for itself.
    assert!(counters.created() <= 64 && counters.created() + counters.refused() == 200, "{counters:?}");
    assert_eq!(counters.punted(Class::New), 200);
    let refused = records(&mut program).iter().filter(|record| record.flags & flag::REFUSED != 0).count();
    assert_eq!(refused as u64, counters.refused());
    Ok(())
}

#[test]
fn a_full_ring_buffer_is_counted_and_costs_no_row() -> Result<()> {
    let Some(mut program) = load(&XdpSettings { ring_octets: 4_096, ..settings() })? else { return Ok(()) };
    for mac in 0..40 {
        program.run(&data_frame(mac, 1), 1)?;
    }
    let counters = program.counters()?;
    assert!(counters.overruns() > 0, "{counters:?}");
    assert_eq!(counters.overruns() + counters.punted(Class::New), 40);
    let mut found = 0;
    let sweep = program.sweep(None, |_| found += 1)?;
    assert_eq!(
        (sweep.rows, found),
        (40, counters.overruns()),
        "what was not handed over is found by the sweep"
    );
    Ok(())
}

#[test]
fn a_storm_is_handed_over_as_far_as_its_rate_allows() -> Result<()> {
    let mut rates = Rates::UNLIMITED;
    rates.set(Class::Arp, 100);
    let Some(mut program) = load(&XdpSettings { rates, ring_octets: 8 << 20, ..settings() })? else {
        return Ok(());
    };
    program.run(&arp_frame(7), 10_000)?;
    let counters = program.counters()?;
    let (punted, limited) = (counters.punted(Class::Arp), counters.limited(Class::Arp));
    assert_eq!((punted + limited, counters.overruns()), (10_000, 0));
    // A burst of a second, and what the run itself takes.
    assert!((100..1_000).contains(&punted), "{punted} of a storm were handed over");
    // The station is counted on all the same, and other classes are not held up.
    program.run(&data_frame(8, 1), 1)?;
    let mut frames = 0;
    program.sweep(None, |swept| frames += swept.frames)?;
    assert_eq!(frames, limited, "what was not handed over is counted");
    assert_eq!(program.counters()?.punted(Class::New), 1);
    Ok(())
}

#[test]
fn frames_are_dropped_or_passed_as_told() -> Result<()> {
    const DROP: u32 = 1;
    const PASS: u32 = 2;
    let Some(mut program) = load(&settings())? else { return Ok(()) };
    for (on_capture, action) in [(OnCapture::Drop, DROP), (OnCapture::Pass, PASS)] {
        program.set(&XdpSettings { on_capture, ..settings() }, 1)?;
        for frame in [data_frame(7, 1), arp_frame(8)] {
            assert_eq!(program.run(&frame, 1)?.action, action);
        }
    }
    Ok(())
}

#[test]
fn a_port_is_read_only_where_it_is_configured() -> Result<()> {
    let Some(mut program) = load(&settings())? else { return Ok(()) };
    // A datagram to port 67 without content.
    let mut frame = data_frame(7, 1);
    frame[23] = 17;
    frame[36..40].copy_from_slice(&[0, 67, 0, 8]);
    program.run(&frame, 1)?;
    program.set(&XdpSettings { services: Vec::new(), ..settings() }, 1)?;
    program.run(&frame, 1)?;
    let classes: Vec<_> = records(&mut program).iter().map(|record| record.class).collect();
    assert_eq!(classes, [Class::Dhcp as u8]);
    Ok(())
}
