//! The command line: arguments, exit codes, wiring.

mod exit;
mod progress;

pub use exit::ExitStatus;
pub use progress::progress_bar;
