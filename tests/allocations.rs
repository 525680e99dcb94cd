//! A frame that changes nothing takes nothing from the heap, from the file to the table.
//!
//! One test only: the counter is that of the whole process.

use std::fs;

use rollcall::capture::{Batch, CaptureFiles, CaptureOptions, FrameSource as _, More, UnknownPoints};
use rollcall_tests::counting::Counting;
use rollcall_tests::made::{Class, Engine};

#[global_allocator]
static HEAP: Counting = Counting;

#[test]
fn a_steady_batch_allocates_nothing() {
    for class in ["ipv4", "ipv6", "ipv4-tagged", "ipv6-tagged"] {
        let mut engine = Engine::new(Class::named(class).expect("it is in the list"));
        // The first batch makes the rows, the second may make room for what follows.
        (0..4).for_each(|_| engine.run());
        let before = HEAP.calls();
        (0..16).for_each(|_| engine.run());
        assert_eq!(HEAP.calls() - before, 0, "{class}");
    }
    reading_allocates_nothing();
}

fn reading_allocates_nothing() {
    let octets = record(&[0x52; 60]).repeat(60_000);
    let header = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 1, 0, 0, 0];
    let path = std::env::temp_dir().join(format!("rollcall-allocations-{}.pcap", std::process::id()));
    fs::write(&path, [&header[..], &octets].concat()).expect("the folder for temporary files can be written");
    let points = Box::new(UnknownPoints::default());
    let mut source = CaptureFiles::open(core::slice::from_ref(&path), points, CaptureOptions::default())
        .expect("it is there");
    let (mut batch, mut steady, mut frames) = (Batch::new(), Vec::with_capacity(64), 0);
    loop {
        let before = HEAP.calls();
        if source.next_batch(&mut batch, usize::MAX).expect("a file does not fail") == More::End {
            break;
        }
        frames += batch.len();
        steady.push(HEAP.calls() - before);
    }
    fs::remove_file(&path).expect("it is there");
    assert_eq!(frames, 60_000);
    let (_, steady) = steady.split_at(3);
    assert!(steady.len() >= 5 && steady.iter().all(|calls| *calls == 0), "{steady:?}");
}

/// A record of a classic capture file.
fn record(frame: &[u8]) -> Vec<u8> {
    let length = u32::try_from(frame.len()).expect("a short frame").to_le_bytes();
    [&[0; 8], &length[..], &length, frame].concat()
}
