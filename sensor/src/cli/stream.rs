use std::fs::File;
use std::io::{BufReader, Write, stdin};
use std::path::PathBuf;

use anyhow::Context as _;

use super::ExitStatus;
use crate::report;

/// Show a stream of a replay's result: its posts with likes, comments and what was carried up
#[derive(Clone, Debug, clap::Args)]
pub struct StreamArgs {
    /// Whose stream, by name (administrators, rack-1, hv-01); a post by its number (p17); or all
    #[arg(value_name = "STREAM")]
    pub wanted: String,
    /// What `rollcall replay --output json` or `jsonl` printed; - for standard input
    #[arg(value_name = "RESULT", default_value = "-")]
    pub result: PathBuf,
}

/// Runs `rollcall stream`.
///
/// # Errors
/// A result that cannot be read, or a stream that it does not hold.
pub fn run(args: &StreamArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let shown = if args.result.as_os_str() == "-" {
        report::show_stream(&args.wanted, &mut stdin().lock(), out)
    } else {
        let path = args.result.display();
        let file = File::open(&args.result).with_context(|| format!("open result `{path}`"))?;
        report::show_stream(&args.wanted, &mut BufReader::new(file), out)
    };
    match shown {
        Ok(()) => Ok(ExitStatus::Fine),
        Err(error @ (report::ExplainError::Unknown { .. } | report::ExplainError::Parse { .. })) => {
            writeln!(err, "error: {error}")?;
            Ok(ExitStatus::Usage)
        }
        Err(error) => Err(error.into()),
    }
}
