//! `cargo xtask simulate`: data centres with known truth, and the judge that holds Rollcall's word against it.
//!
//! A world is lived through from a seed ([`script`]), put on the wire ([`traffic`]), and its discrepancies are reckoned from
//! what was put there and what was recorded ([`truth`]), never from what Rollcall says. A mirror copies it, well or badly
//! ([`mirror`]). The files of one world can be written and looked at; the judge ([`judge`]) replays many worlds through the
//! real program.

mod dice;
mod files;
mod guest;
mod judge;
mod mirror;
mod options;
mod script;
mod settings;
mod site;
mod traffic;
mod truth;
mod world;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::pcap::recording::Recording;
use crate::{setup, shell};
use dice::Dice;
use mirror::Adversity;
use options::{Options, Task};
use world::World;

/// The files of a simulated data centre.
const CAPTURE: &str = "capture.pcapng";
const CONFIGURATION: &str = "rollcall.yaml";
const INVENTORY: &str = "inventory.yaml";
const TIMELINE: &str = "timeline.jsonl";
const TRUTH: &str = "truth.jsonl";

/// The seeds that every change is judged by, in some twenty seconds on two cores; many are judged by command.
const FIXED_SEEDS: &str = "9..20";

/// Writes one data centre, or judges many.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let options = Options::parse(arguments)?;
    match &options.task {
        Task::Write { seed, out } => {
            let world = World::new(*seed, options.guests, options.minutes);
            let out = shell::root().join(out);
            write(&world, options.adversity, &out)?;
            println!(
                "{} guests, {} frames, {} discrepancies to be found: {}",
                world.guests.len(),
                world.traffic.frames.len(),
                world.truth().len(),
                out.display()
            );
            Ok(ExitCode::SUCCESS)
        }
        Task::Judge { seeds } => {
            setup::ensure_compiler()?;
            let program = shell::debug_binary()?;
            let verdict = judge::judge(seeds.clone(), &options, &program)?;
            print!("{verdict}");
            Ok(if verdict.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

/// Judges the few data centres that every change is held against.
///
/// # Errors
/// What does not hold, with the commands that repeat it.
pub(crate) fn check() -> Result<()> {
    let program = shell::debug_binary()?;
    let words = ["--judge", "--seeds", FIXED_SEEDS].map(str::to_owned);
    let options = Options::parse(&words)?;
    let Task::Judge { seeds } = &options.task else { bail!("the fixed seeds are to be judged") };
    let verdict = judge::judge(seeds.clone(), &options, &program)?;
    print!("{verdict}");
    if !verdict.holds() {
        bail!("what Rollcall says of simulated data centres is not the truth");
    }
    Ok(())
}

/// Writes the files of a world as a mirror captured it.
fn write(world: &World, adversity: Adversity, out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("make {}", out.display()))?;
    let mut recording = Recording::default();
    let interfaces: Vec<_> =
        world.site.points.iter().map(|point| recording.interface(point.name())).collect();
    let captured = adversity.capture(&world.traffic.frames, world.end, &mut Dice::new(world.seed, 5));
    for frame in captured {
        recording.capture(frame.at, interfaces[frame.point], frame.octets);
    }
    let files = [
        (CAPTURE, recording.to_pcapng_as_delivered()),
        (CONFIGURATION, files::configuration(world).into_bytes()),
        (INVENTORY, files::inventory(world).into_bytes()),
        (TIMELINE, files::timeline(world).into_bytes()),
        (TRUTH, files::truth(&world.truth()).into_bytes()),
    ];
    for (name, octets) in files {
        let path = out.join(name);
        fs::write(&path, octets).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}
