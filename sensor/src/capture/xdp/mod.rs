//! Live capture by an XDP program, which keeps presence in the kernel.
//!
//! The program (`sensor-ebpf`) is embedded in this crate as it was built ([`XdpProgram::load`]). It counts frames of
//! known stations in rows, which are read in batches ([`XdpProgram::sweep`]), and hands over through a ring buffer
//! only the frames that say more ([`XdpProgram::punts`]). It stays attached to an interface ([`XdpProgram::attach`])
//! as long as this process lives, however it ends: the kernel takes it off with the file descriptor of its link.
//!
//! Nothing here judges a frame, and nothing is ever sent. `unsafe` code is only in [`batch`]: the system
//! call that reads a map in batches.
//!
//! # Bounds
//! The maps and the ring buffer hold what [`XdpSettings`] says. A full map makes no row for a further station: its
//! frames are handed over as new ones, as many as the rate limit lets through. A full ring buffer loses promptness,
//! not presence: the next sweep finds the row. Both are counted ([`XdpCounters`]).
//!
//! # Requirements
//! Linux 5.18, and CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON (or root) until the program is attached.

mod attach;
mod batch;
mod clock;
mod counters;
mod error;
mod netlink;
mod program;
mod rows;
mod settings;

pub use attach::{Attached, Others, XdpMode, processors_of};
pub use clock::KernelClock;
pub use counters::XdpCounters;
pub use error::XdpError;
pub use program::{Ran, Sweep, XdpProgram};
pub use rows::{Swept, SweptAt};
pub use settings::{OnCapture, Rates, XdpSettings};

pub use rollcall_ebpf_abi::{Class, Record, Service, flag};
