//! The door `pcap` of `rollcall_tests::hostile::TARGETS`.
#![no_main]

use rollcall_tests::hostile::run;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| run("pcap", octets));
