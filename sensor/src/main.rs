//! The `rollcall` binary.

use std::io::{BufWriter, stderr, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = BufWriter::new(stdout().lock());
    // Not locked: with several workers the progress bar is drawn on another thread.
    rollcall::cli::run(std::env::args_os(), &mut out, &mut stderr()).into()
}
