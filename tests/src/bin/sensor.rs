//! The program as it is, for tests that need a process of its own. Cargo makes binaries known only to tests of the
//! package that they are in.

use std::io::{BufWriter, stderr, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = BufWriter::new(stdout().lock());
    rollcall::cli::run(std::env::args_os(), &mut out, &mut stderr()).into()
}
