use std::io::Write;

use super::ExitStatus;
use super::problems::{InputArgs, Inputs, error_style};

/// Tell everything that is wrong with the configuration, the rules and the inventories
///
/// Ends with 0 where nothing is but warnings, with 2 where something is, with 4 where a file could not be read.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CheckArgs {
    /// Where they are.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Runs `rollcall check`.
///
/// # Errors
/// Those of `out` and `err`.
pub fn run(args: &CheckArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let inputs = Inputs::load(&args.input).with_rules(&[]);
    inputs.write_problems(err, error_style())?;
    let status = inputs.status();
    if status == ExitStatus::Fine {
        let snapshot = &inputs.snapshot;
        writeln!(
            out,
            "fine: {} capture points; {} inventory files with {} guests, {} hosts, {} switches, {} subnets, {} known stations; {} rules",
            inputs.config.capture_points.len(),
            inputs.files,
            snapshot.guests().len(),
            snapshot.hosts().len(),
            snapshot.switches().len(),
            snapshot.subnets().len(),
            snapshot.known_stations().len(),
            inputs.rules.iter().map(|loaded| loaded.rules.rules().len()).sum::<usize>(),
        )?;
    }
    Ok(status)
}
