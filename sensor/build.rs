//! Looks for libpcap before the linker does, in order to say what to type.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=LIBPCAP_LIBDIR");
    let is_wanted = env::var_os("CARGO_FEATURE_PCAP").is_some() && env::var_os("LIBPCAP_LIBDIR").is_none();
    let is_native = env::var("HOST").ok() == env::var("TARGET").ok();
    if is_wanted && is_native && !is_found("libpcap.so") && !is_found("libpcap.a") {
        println!(
            "cargo::error=libpcap's development files are missing; type: sudo apt-get install -y libpcap-dev (or build \
             without live capture: --no-default-features)"
        );
    }
}

/// Asks the C compiler where it would take a library from. It names the path only of one that is there.
fn is_found(library: &str) -> bool {
    let said = Command::new("cc").arg(format!("-print-file-name={library}")).output();
    // Without a compiler other packages say what is missing.
    said.map_or(true, |said| Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_absolute())
}
