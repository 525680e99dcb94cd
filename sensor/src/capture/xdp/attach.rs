use std::fs;
use std::io;

use aya::programs::links::FdLink;
use aya::programs::loaded_programs;
use aya::programs::xdp::XdpMode as Mode;
use rollcall_ebpf_abi::program;

use super::netlink::{self, OnInterface};
use super::program::io_of;
use super::{XdpError, XdpProgram};

/// In which mode an XDP program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XdpMode {
    /// In the driver, before the kernel makes anything of a frame.
    Native,
    /// Behind the driver: slower, but with every interface.
    Generic,
}

impl XdpMode {
    /// Returns the word for logs and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Generic => "generic",
        }
    }
}

/// A program on an interface; dropping it takes it off, and so does the end of the process, however it ends.
#[derive(Debug)]
pub struct Attached {
    /// In which mode it runs.
    pub mode: XdpMode,
    /// What the driver said when it refused the native mode, if it did.
    pub refusal: Option<String>,
    /// Keeps it there.
    _link: FdLink,
}

/// What to do where another XDP program is attached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Others {
    /// Leave it and fail.
    #[default]
    Refuse,
    /// Take it off. One that another process holds by a link stays as long as that process lives.
    Replace,
}

impl XdpProgram {
    /// Attaches to an interface: in native mode, or in generic mode where the driver refuses that.
    ///
    /// # Errors
    /// There is no such interface, another program is attached, or neither mode is possible.
    pub fn attach(&mut self, interface: &str, others: Others) -> Result<Attached, XdpError> {
        let index = index_of(interface)?;
        let failed = |source| XdpError::Attach { interface: interface.to_owned(), source };
        let occupied = |other| XdpError::Occupied { interface: interface.to_owned(), other };
        if let Some(other) = netlink::attached(index).map_err(failed)? {
            match others {
                Others::Refuse => return Err(occupied(name_of(other))),
                Others::Replace => netlink::take_off(index, other).map_err(|_| occupied(name_of(other)))?,
            }
        }
        match self.attach_as(index, Mode::Driver) {
            Ok(link) => Ok(Attached { mode: XdpMode::Native, refusal: None, _link: link }),
            Err(refusal) if is_occupied(&refusal) => Err(occupied("attached this moment".to_owned())),
            Err(refusal) => {
                let link = self.attach_as(index, Mode::Skb).map_err(failed)?;
                Ok(Attached { mode: XdpMode::Generic, refusal: Some(refusal.to_string()), _link: link })
            }
        }
    }

    fn attach_as(&mut self, index: u32, mode: Mode) -> io::Result<FdLink> {
        let program = self.program(program::ROLLCALL).map_err(io::Error::other)?;
        let id = program.attach_to_if_index(index, mode).map_err(io_of)?;
        let link = program.take_link(id).map_err(io_of)?;
        // Without a link the program would outlive the process.
        FdLink::try_from(link).map_err(|_| io::Error::new(io::ErrorKind::Unsupported, "no links for XDP"))
    }
}

/// Returns on how many processors frames of an interface come in: as many as it has receive queues.
pub fn processors_of(interface: &str) -> u32 {
    let queues = fs::read_dir(format!("/sys/class/net/{interface}/queues"));
    let count = queues.map_or(1, |entries| {
        entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("rx-")).count()
    });
    let processors = std::thread::available_parallelism().map_or(1, Into::into);
    u32::try_from(count.clamp(1, processors)).unwrap_or(1)
}

fn index_of(interface: &str) -> Result<u32, XdpError> {
    nix::net::if_::if_nametoindex(interface)
        .map_err(|_| XdpError::NoInterface { interface: interface.to_owned() })
}

fn is_occupied(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EBUSY | libc::EEXIST))
}

/// Says which program it is, as far as the kernel tells.
fn name_of(other: OnInterface) -> String {
    let name = loaded_programs()
        .filter_map(Result::ok)
        .find(|info| info.id() == other.program)
        .and_then(|info| info.name_as_str().map(str::to_owned))
        .filter(|name| !name.is_empty());
    match name {
        Some(name) => format!("`{name}`, number {}", other.program),
        None => format!("number {}", other.program),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_that_is_not_there_is_named() {
        let error = index_of("no-such-port").unwrap_err();
        assert_eq!(error.to_string(), "attach to `no-such-port`: there is no such interface");
        assert_eq!(processors_of("no-such-port"), 1);
    }
}
