use std::fs::File;
use std::io::{BufReader, Write, stdin};
use std::path::PathBuf;

use anyhow::Context as _;

use super::ExitStatus;
use crate::report;

/// Explain a discrepancy of a replay's result, step by step
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainArgs {
    /// Its id or the beginning of it, its key (zombie-guest:web-01), or its subject (web-01)
    #[arg(value_name = "DISCREPANCY")]
    pub wanted: String,
    /// What `rollcall replay --output json` or `jsonl` printed; - for standard input
    #[arg(value_name = "RESULT", default_value = "-")]
    pub result: PathBuf,
}

/// Runs `rollcall explain`.
///
/// # Errors
/// A result that cannot be read, or a discrepancy that it does not hold.
pub fn run(args: &ExplainArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let explained = if args.result.as_os_str() == "-" {
        report::explain(&args.wanted, &mut stdin().lock(), out)
    } else {
        let path = args.result.display();
        let file = File::open(&args.result).with_context(|| format!("open result `{path}`"))?;
        report::explain(&args.wanted, &mut BufReader::new(file), out)
    };
    match explained {
        Ok(()) => Ok(ExitStatus::Fine),
        Err(error @ (report::ExplainError::Unknown { .. } | report::ExplainError::Parse { .. })) => {
            writeln!(err, "error: {error}")?;
            Ok(ExitStatus::Usage)
        }
        Err(error) => Err(error.into()),
    }
}
