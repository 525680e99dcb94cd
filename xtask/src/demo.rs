//! `cargo xtask demo`: the demo data centre, replayed against its inventory.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{setup, shell};

/// Builds the program and shows what it says about the demo.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some(argument) = arguments.first() {
        bail!("unknown argument `{argument}` (demo takes none)");
    }
    setup::ensure_compiler()?;
    println!("building rollcall (the first time takes a few minutes) ...");
    let rollcall = if setup::has_libpcap() {
        shell::release_binary()?
    } else {
        println!("without live capture: libpcap's development files are missing");
        shell::release_binary_without_capture()?
    };
    let words = ["replay", "pcaps/demo/datacentre.pcapng.gz", "--config", "pcaps/demo/config.yaml"];
    println!("\n$ rollcall {}\n", words.join(" "));
    shell::run(&mut shell::program(&rollcall, &words))?;
    println!("{}", what_next(&rollcall));
    Ok(ExitCode::SUCCESS)
}

fn what_next(rollcall: &Path) -> String {
    let rollcall = rollcall.strip_prefix(shell::root()).unwrap_or(rollcall).display();
    let demo = "pcaps/demo/datacentre.pcapng.gz -c pcaps/demo/config.yaml";
    format!(
        "
What to try next:
  {rollcall} replay {demo} --output jsonl > target/result.jsonl
      the same for machines, one JSON object per line
  {rollcall} explain zombie-guest:db-17 target/result.jsonl
      how a difference was found, step by step
  {rollcall} stream hv-05 target/result.jsonl
      what stands in the stream of one host; `all` shows every stream
  {rollcall} inventory --view forward pcaps/demo/inventory.yaml
      what the inventory claims: which host is behind which switch port
  {rollcall} replay YOUR.pcap --inventory YOUR.yaml
      your own capture; README.md tells how to write the inventory"
    )
}
