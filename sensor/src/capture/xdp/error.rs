use std::io;

use thiserror::Error;

/// Why the XDP program cannot be loaded, attached or read.
#[derive(Debug, Error)]
pub enum XdpError {
    /// The kernel does not let this process load programs.
    #[error("load the XDP program: {source} (run as root, or grant CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON)")]
    NotPermitted {
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// The kernel cannot do what the program needs, or its maps do not fit into memory.
    #[error("load the XDP program: {reason} (it needs Linux 5.18 or later; `backend: pcap` works without)")]
    Load {
        /// What the kernel said.
        reason: String,
    },
    /// There is no such interface.
    #[error("attach to `{interface}`: there is no such interface")]
    NoInterface {
        /// Its name.
        interface: String,
    },
    /// Another program is attached.
    #[error(
        "attach to `{interface}`: another XDP program is there ({other}); take it off, or say `replace: true` to have it replaced"
    )]
    Occupied {
        /// The interface.
        interface: String,
        /// The other program, by name and number as far as the kernel tells.
        other: String,
    },
    /// The interface takes no XDP program in either mode.
    #[error("attach to `{interface}`: {source} (`backend: pcap` works without XDP)")]
    Attach {
        /// The interface.
        interface: String,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// A map cannot be read or written.
    #[error("{action} the map `{map}` of the XDP program")]
    Map {
        /// What was tried.
        action: &'static str,
        /// Which map.
        map: &'static str,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// The embedded object is not what this crate was built with.
    #[error("find `{what}` in the embedded XDP program (this is a defect: please report it)")]
    Missing {
        /// The map or program.
        what: &'static str,
    },
    /// The program cannot be run for a test.
    #[error("run the XDP program on a frame")]
    Run {
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
}
