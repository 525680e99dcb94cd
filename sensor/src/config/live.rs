//! The sections that only a run on live interfaces has: `capture`, `run`, `http`, `log`, `output`.

use core::net::SocketAddr;
use core::num::NonZeroU32;
use std::path::{Path, PathBuf};

use super::checked::Raw;

/// How live interfaces are captured from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// By what: `auto`, `pcap` or `xdp`.
    pub backend: &'static str,
    /// What becomes of a frame that XDP has counted: `drop` or `pass`.
    pub on_capture: &'static str,
    /// How many octets of a frame are kept.
    pub snaplen: u32,
    /// The size of the kernel's ring for each socket in octets.
    pub ring_octets: u32,
    /// How many sockets share the frames of an interface.
    pub sockets: u32,
    /// How they share them: `hash` or `cpu`.
    pub fanout: &'static str,
    /// Whether frames to other stations are asked for.
    pub promiscuous: bool,
    /// Which frames count: `incoming`, `outgoing` or `both`.
    pub frames: &'static str,
    /// How many in a hundred frames may be lost before a capture point counts as blind.
    pub blind_drop_percent: u32,
}

/// What the process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// How many worker threads share the frames.
    pub workers: NonZeroU32,
    /// Whether each is bound to a processor of its own.
    pub pins_workers: bool,
    /// As which user it runs once everything is open.
    pub user: String,
}

/// Everything of the configuration that only a live run needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// How interfaces are captured from.
    pub capture: Capture,
    /// What the process is.
    pub process: Process,
    /// Where HTTP is answered; nowhere if none.
    pub listen: Option<SocketAddr>,
    /// How log lines are written: `text` or `json`.
    pub log_format: &'static str,
    /// The least severity that is logged.
    pub log_level: &'static str,
    /// Where changes of discrepancies are told.
    pub events: Target,
    /// Where the report is written when the run ends.
    pub report: Target,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nowhere.
    Nowhere,
    /// To standard output.
    StandardOutput,
    /// To a file.
    File(PathBuf),
}

impl Target {
    /// Reads `none`, `stdout` or the path of a file, which is relative to `dir`.
    pub fn parse(text: &str, dir: &Path) -> Self {
        match text {
            "none" => Self::Nowhere,
            "stdout" => Self::StandardOutput,
            path => Self::File(dir.join(path)),
        }
    }
}

const MEBIBYTE: u32 = 1 << 20;

impl Raw<'_> {
    pub(super) fn live(&mut self, dir: &Path) -> Live {
        Live {
            capture: Capture {
                backend: self.word("capture.backend"),
                on_capture: self.word("capture.on-capture"),
                snaplen: self.count("capture.snap-length"),
                ring_octets: self.count("capture.ring-size") * MEBIBYTE,
                sockets: self.count("capture.sockets"),
                fanout: self.word("capture.fanout"),
                promiscuous: self.word("capture.promiscuous") == "true",
                frames: self.word("capture.frames"),
                blind_drop_percent: self.count("capture.blind-drop-ratio"),
            },
            process: Process {
                workers: NonZeroU32::new(self.count("run.workers")).unwrap_or(NonZeroU32::MIN),
                pins_workers: self.word("run.pin-workers") == "true",
                user: self.text("run.user"),
            },
            listen: self.listen(),
            log_format: self.word("log.format"),
            log_level: self.word("log.level"),
            events: Target::parse(&self.text("output.events"), dir),
            report: Target::parse(&self.text("output.report"), dir),
        }
    }

    /// Reads where HTTP is answered: beyond this machine only where that is said to be meant.
    fn listen(&mut self) -> Option<SocketAddr> {
        let insecure = self.word("http.insecure") == "true";
        let text = self.text("http.listen");
        if text == "off" {
            return None;
        }
        let address: Option<SocketAddr> = text.parse().ok();
        let Some(address) = address else {
            let message = format!("`{text}` is no address and port");
            self.fault("http.listen", "RC0101", message, "write 127.0.0.1:9477, [::1]:9477 or off");
            return None;
        };
        if !address.ip().is_loopback() && !insecure {
            let message =
                format!("`{text}` is reachable from other machines, and nothing is encrypted there");
            let help = "write 127.0.0.1:9477, or say `insecure: true` beside it";
            self.fault("http.listen", "RC0113", message, help);
        }
        Some(address)
    }
}
