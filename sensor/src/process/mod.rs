//! What this process is to its system: its rights, its log, and its manager.
//!
//! Knows nothing of frames and stations. Used by commands that run for long.

mod logging;
mod privileges;

pub use logging::{LogFormat, LogLevel, start_log};
pub use privileges::{CaptureRights, PrivilegeError, drop_all, drop_to, with_capture_rights};
