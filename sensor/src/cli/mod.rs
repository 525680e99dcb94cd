//! The command line: arguments, exit codes, wiring.

mod exit;

pub use exit::ExitStatus;
