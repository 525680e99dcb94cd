//! What hostile octets must not do: finds of fuzzing, every prefix and every corruption of what is generated.
//!
//! A find is a file in the folder of its fuzz target in `tests/hostile`, named after what was wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use rollcall_core::decode::{DecodeSettings, decode};
use rollcall_core::sighting::sight;
use rollcall_tests::hostile::{self, TARGETS};
use rollcall_tests::{OwnedFrame, frames_of, root, skip};

/// The different frames of every generated capture.
fn generated() -> BTreeSet<OwnedFrame> {
    let manifest = fs::read_to_string(root().join("pcaps/MANIFEST.yaml")).expect("the captures are listed");
    let names = manifest.lines().filter_map(|line| line.strip_prefix("  - file: "));
    let captures: Vec<PathBuf> = names.map(|name| root().join("pcaps").join(name)).collect();
    assert!(captures.len() > 20);
    captures.iter().flat_map(|capture| frames_of(capture, usize::MAX).expect("it is there")).collect()
}

/// Of frames that are read alike but for their numbers, some of each length and kind.
fn kinds(frames: BTreeSet<OwnedFrame>, of_a_kind: usize) -> Vec<OwnedFrame> {
    let mut seen = BTreeMap::new();
    let mut kinds: Vec<OwnedFrame> = frames.into_iter().collect();
    kinds.retain(|frame| {
        let decoded = decode(&DecodeSettings::default(), frame.linktype, frame.orig_len, &frame.bytes);
        let words =
            format!("{decoded:?} {:?}", sight(&decoded)).replace(|c: char| !c.is_ascii_alphabetic(), "");
        let count = seen.entry((frame.linktype, frame.bytes.len(), words)).or_insert(0);
        *count += 1;
        *count <= of_a_kind
    });
    kinds
}

#[test]
fn finds_of_fuzzing_stay_fixed() {
    for target in TARGETS {
        let Ok(finds) = fs::read_dir(root().join("tests/hostile").join(target.name)) else {
            continue;
        };
        for find in finds {
            (target.check)(&fs::read(find.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn every_fuzz_target_is_a_door() {
    let folder = fs::read_dir(root().join("sensor/fuzz/fuzz_targets")).unwrap();
    let files: BTreeSet<String> =
        folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let doors: BTreeSet<String> = TARGETS.iter().map(|target| format!("{}.rs", target.name)).collect();
    assert_eq!(files, doors);
}

#[test]
fn every_prefix_of_a_generated_frame_says_no_more() {
    let frames = generated();
    assert!(frames.len() > 5_000, "{}", frames.len());
    for frame in &frames {
        for len in 0..=frame.bytes.len() {
            hostile::says_no_more(frame.linktype, frame.orig_len, &frame.bytes, len);
        }
    }
}

#[test]
fn no_corruption_of_one_octet_of_a_generated_frame_panics() {
    let frames = kinds(generated(), 4);
    assert!(frames.len() > 60, "{} kinds", frames.len());
    for frame in frames {
        let mut corrupt = frame.bytes.clone();
        for place in 0..frame.bytes.len() {
            for change in 1..=u8::MAX {
                corrupt[place] = frame.bytes[place] ^ change;
                hostile::decodes(frame.linktype, frame.orig_len, &corrupt);
            }
            corrupt[place] = frame.bytes[place];
        }
    }
}

/// Frames of captures that nobody on this project made: the first of each, one of a kind.
#[test]
fn no_prefix_and_no_corruption_of_a_foreign_frame_breaks_anything() {
    const FRAMES_OF_A_FILE: usize = 200;
    const CHANGES: [u8; 6] = [0x01, 0x02, 0x10, 0x80, 0x7f, 0xff];
    let folder = root().join("../shared/captures/files");
    let Ok(listed) = fs::read_dir(&folder) else {
        return skip(&format!("there are no captures of others in `{}`", folder.display()));
    };
    let files: BTreeSet<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    let frames: BTreeSet<OwnedFrame> =
        files.iter().flat_map(|file| frames_of(file, FRAMES_OF_A_FILE).unwrap()).collect();
    let frames = kinds(frames, 1);
    assert!(frames.len() > 1_000, "{} kinds", frames.len());
    for frame in frames {
        // Some of these captures state less than they hold.
        let orig_len = frame.orig_len.max(u32::try_from(frame.bytes.len()).unwrap());
        for len in 0..=frame.bytes.len() {
            hostile::says_no_more(frame.linktype, orig_len, &frame.bytes, len);
        }
        let mut corrupt = frame.bytes.clone();
        for place in 0..frame.bytes.len().min(512) {
            for change in CHANGES {
                corrupt[place] = frame.bytes[place] ^ change;
                hostile::decodes(frame.linktype, orig_len, &corrupt);
            }
            corrupt[place] = frame.bytes[place];
        }
    }
}
