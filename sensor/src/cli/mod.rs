//! The command line: arguments, exit codes, wiring.

pub mod check;
pub mod config;
mod exit;
pub mod inventory;
pub mod problems;
mod progress;
pub mod rows;

pub use exit::ExitStatus;
pub use progress::progress_bar;
