use std::io::Write;

use super::ExitStatus;
use crate::config::default_text;

/// Show what can be configured
#[derive(Clone, Debug, clap::Args)]
pub struct ConfigArgs {
    /// What to show.
    #[command(subcommand)]
    pub what: ConfigCommand,
}

/// What `rollcall config` shows.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum ConfigCommand {
    /// Print a configuration file with every setting, its meaning, default and range
    Default,
}

/// Runs `rollcall config`.
///
/// # Errors
/// Those of `out`.
pub fn run(args: &ConfigArgs, out: &mut dyn Write, _err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    match args.what {
        ConfigCommand::Default => out.write_all(default_text().as_bytes())?,
    }
    Ok(ExitStatus::Fine)
}
