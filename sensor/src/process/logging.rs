//! The log: one line an event on standard error, as text or as JSON, rate limited as a whole.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use tracing_subscriber::fmt::MakeWriter;

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// The least severity that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// What ends something.
    Error,
    /// What somebody should look at.
    Warn,
    /// Changes of state.
    #[default]
    Info,
    /// More than most want to know.
    Debug,
}

impl From<LogLevel> for tracing::Level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
        }
    }
}

/// How many lines may come at once.
const BURST: u32 = 100;
/// How many lines a second are written for long.
const LINES_PER_SECOND: u32 = 20;

/// Starts the log of this process; a second call changes nothing.
pub fn start_log(format: LogFormat, level: LogLevel) {
    let builder = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::from(level))
        .with_target(false)
        .with_writer(Limited::default());
    let started = match format {
        LogFormat::Text => tracing::subscriber::set_global_default(builder.with_ansi(false).finish()),
        LogFormat::Json => {
            tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish())
        }
    };
    // Whoever started one before goes on with that.
    drop(started);
}

/// Lets through so many lines a second, and says how many it held back.
#[derive(Debug, Default)]
struct Limited {
    bucket: Mutex<Bucket>,
}

/// A bucket of tokens, one a line.
#[derive(Debug)]
struct Bucket {
    tokens: u32,
    held_back: u64,
    filled_at: Option<Instant>,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { tokens: BURST, held_back: 0, filled_at: None }
    }
}

impl Bucket {
    /// Takes a token; returns how many lines were held back before, or `None` where this one is held back.
    fn take(&mut self, now: Instant) -> Option<u64> {
        let filled_at = *self.filled_at.get_or_insert(now);
        let seconds = now.saturating_duration_since(filled_at).as_secs();
        if seconds > 0 {
            let more = u32::try_from(seconds).unwrap_or(u32::MAX).saturating_mul(LINES_PER_SECOND);
            self.tokens = self.tokens.saturating_add(more).min(BURST);
            self.filled_at = Some(now);
        }
        match self.tokens.checked_sub(1) {
            Some(left) => {
                self.tokens = left;
                Some(core::mem::take(&mut self.held_back))
            }
            None => {
                self.held_back += 1;
                None
            }
        }
    }
}

/// Where one line goes.
struct Line {
    is_held_back: bool,
}

impl Write for Line {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.is_held_back { Ok(octets.len()) } else { io::stderr().write(octets) }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for Limited {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = bucket.take(Instant::now());
        if let Some(held_back @ 1..) = taken {
            drop(writeln!(io::stderr(), "{held_back} log lines were held back"));
        }
        Line { is_held_back: taken.is_none() }
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn lines_are_held_back_and_counted() {
        let mut bucket = Bucket::default();
        let start = Instant::now();
        let taken = (0..150).filter(|_| bucket.take(start).is_some()).count();
        assert_eq!(taken, 100);
        let later = start + Duration::from_secs(2);
        assert_eq!(bucket.take(later), Some(50));
        assert_eq!((0..100).filter(|_| bucket.take(later).is_some()).count(), 39);
    }
}
