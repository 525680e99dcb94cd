//! Giving up rights: first the user's, then those of every thread that handles frames.
//!
//! Capabilities belong to threads, and a thread has those of the one that started it. So the process gives up all but
//! what opening an interface takes while it has one thread; the threads that open interfaces keep that among the permitted
//! and raise it only while they open one, and every other thread gives it up before it sees the first frame.
//! Reference: capabilities(7), "Effect of user ID changes on capabilities".

use caps::errors::CapsError;
use caps::{CapSet, Capability, CapsHashSet};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::unistd::{User, geteuid, setgid, setgroups, setuid};
use thiserror::Error;

/// Why rights cannot be given up.
#[derive(Debug, Error)]
pub enum PrivilegeError {
    /// There is no such user.
    #[error("run as user `{0}`: there is no such user (create it, or set `run.user` to another)")]
    NoUser(String),
    /// The system refuses.
    #[error("run as user `{user}`: {call}: {source}")]
    System {
        /// The user.
        user: String,
        /// What was tried.
        call: &'static str,
        /// What the system said.
        #[source]
        source: Errno,
    },
    /// The capabilities cannot be set.
    #[error("give up capabilities")]
    Capabilities(#[from] CapsError),
}

/// What is needed to open an interface again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureRights {
    /// The right to open packet sockets.
    Sockets,
    /// That, and the rights to load a program into the kernel and put it on an interface.
    Xdp,
}

/// Every capability that opening an interface may need.
const CAPTURE: [Capability; 4] =
    [Capability::CAP_NET_RAW, Capability::CAP_NET_ADMIN, Capability::CAP_BPF, Capability::CAP_PERFMON];

impl CaptureRights {
    fn capabilities(self) -> CapsHashSet {
        let count = match self {
            Self::Sockets => 1,
            Self::Xdp => CAPTURE.len(),
        };
        CAPTURE.into_iter().take(count).collect()
    }
}

/// Becomes the user, if this process is root, and keeps only the rights to open interfaces again; from then on no program
/// that it might start gets more rights.
///
/// # Errors
/// [`PrivilegeError`]; the process must then end, as it may have given up only part.
pub fn drop_to(user: &str, rights: CaptureRights) -> Result<(), PrivilegeError> {
    let failed = |call| move |source| PrivilegeError::System { user: user.to_owned(), call, source };
    if geteuid().is_root() {
        let found = User::from_name(user).map_err(failed("look it up"))?;
        let found = found.ok_or_else(|| PrivilegeError::NoUser(user.to_owned()))?;
        caps::clear(None, CapSet::Bounding)?;
        prctl::set_keepcaps(true).map_err(failed("keep capabilities"))?;
        setgroups(&[found.gid]).map_err(failed("set groups"))?;
        setgid(found.gid).map_err(failed("set the group"))?;
        setuid(found.uid).map_err(failed("set the user"))?;
        prctl::set_keepcaps(false).map_err(failed("keep no capabilities"))?;
    }
    let capture = rights.capabilities();
    let permitted = caps::read(None, CapSet::Permitted)?;
    caps::clear(None, CapSet::Effective)?;
    caps::clear(None, CapSet::Inheritable)?;
    caps::set(None, CapSet::Permitted, &permitted.intersection(&capture).copied().collect())?;
    prctl::set_no_new_privs().map_err(failed("refuse new privileges"))?;
    Ok(())
}

/// Gives up every capability of this thread.
///
/// # Errors
/// What the system said; a thread may always give up its own.
pub fn drop_all() -> Result<(), PrivilegeError> {
    caps::clear(None, CapSet::Effective)?;
    caps::clear(None, CapSet::Permitted)?;
    caps::clear(None, CapSet::Inheritable)?;
    Ok(())
}

/// Does something with the rights to open interfaces, as far as this thread kept them.
pub fn with_capture_rights<T>(act: impl FnOnce() -> T) -> T {
    let before = caps::read(None, CapSet::Effective).unwrap_or_default();
    let kept = caps::read(None, CapSet::Permitted).unwrap_or_default();
    let raised = CAPTURE.into_iter().filter(|right| kept.contains(right)).chain(before.iter().copied());
    // Without them opening fails and says so.
    drop(caps::set(None, CapSet::Effective, &raised.collect()));
    let done = act();
    drop(caps::set(None, CapSet::Effective, &before));
    done
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_that_gave_up_everything_has_nothing() {
        let left = thread::spawn(|| {
            drop_all().unwrap();
            with_capture_rights(|| {
                [CapSet::Effective, CapSet::Permitted].map(|set| caps::read(None, set).unwrap().len())
            })
        });
        assert_eq!(left.join().unwrap(), [0, 0]);
    }
}
