//! Reading and emptying a map of the kernel in batches: the one system call for which there is no safe wrapper.

#![expect(unsafe_code, reason = "aya has no calls for batches of a map, and libc only the bare system call")]

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd};

/// Commands of `bpf(2)`, as `linux/bpf.h` numbers them.
#[derive(Clone, Copy)]
enum Command {
    LookUp = 24,
    LookUpAndDelete = 25,
    Delete = 27,
}

/// The part of `union bpf_attr` that the commands for batches take.
#[repr(C)]
struct BatchAttributes {
    in_batch: u64,
    out_batch: u64,
    keys: u64,
    values: u64,
    count: u32,
    map_fd: u32,
    element_flags: u64,
    flags: u64,
}

const _: () = assert!(size_of::<BatchAttributes>() == 56);

/// How many elements are read with one call.
const COUNT: usize = 8_192;
/// The octets that the kernel may need to remember where it was.
const POSITION_OCTETS: usize = 64;

/// Buffers for the elements of one map, kept from sweep to sweep.
#[derive(Debug)]
pub(super) struct Batches {
    key_octets: usize,
    value_octets: usize,
    keys: Vec<u8>,
    values: Vec<u8>,
}

/// What becomes of the elements that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// They stay.
    Keep,
    /// They are taken out.
    Take,
}

impl Batches {
    /// Makes the buffers for a map with keys and values of so many octets; neither is per processor.
    pub(super) fn new(key_octets: usize, value_octets: usize) -> Self {
        Self {
            key_octets,
            value_octets,
            keys: vec![0; COUNT * key_octets],
            values: vec![0; COUNT * value_octets],
        }
    }

    /// Shows every element to `visit`: its key and its value. Elements that come or go meanwhile may be missed, and
    /// some shown twice.
    ///
    /// # Errors
    /// What the kernel said; what was read before was shown.
    pub(super) fn read(
        &mut self,
        map: BorrowedFd<'_>,
        reading: Reading,
        mut visit: impl FnMut(&[u8], &[u8]),
    ) -> io::Result<()> {
        let command = match reading {
            Reading::Keep => Command::LookUp,
            Reading::Take => Command::LookUpAndDelete,
        };
        let mut positions = [[0u8; POSITION_OCTETS]; 2];
        let mut is_first = true;
        loop {
            let [from, to] = &mut positions;
            let mut attributes = BatchAttributes {
                in_batch: if is_first { 0 } else { from.as_ptr().expose_provenance() as u64 },
                out_batch: to.as_mut_ptr().expose_provenance() as u64,
                keys: self.keys.as_mut_ptr().expose_provenance() as u64,
                values: self.values.as_mut_ptr().expose_provenance() as u64,
                count: u32::try_from(COUNT).unwrap_or(0),
                map_fd: map.as_raw_fd().unsigned_abs(),
                element_flags: 0,
                flags: 0,
            };
            // SAFETY: the buffers hold `COUNT` keys and values of the map's sizes, as `new` was told, and a position
            // is at most as long as a key of the map; all of them outlive the call, and nobody else refers to them.
            let ended = unsafe { call(command, &mut attributes) };
            let at_end = match ended {
                Ok(()) => false,
                Err(error) if error.raw_os_error() == Some(libc::ENOENT) => true,
                Err(error) => return Err(error),
            };
            let count = attributes.count as usize;
            let keys = self.keys.chunks_exact(self.key_octets);
            for (key, value) in keys.zip(self.values.chunks_exact(self.value_octets)).take(count) {
                visit(key, value);
            }
            if at_end {
                return Ok(());
            }
            positions.swap(0, 1);
            is_first = false;
        }
    }

    /// Takes elements out by their keys, which lie behind each other in `keys`. One that is gone already ends it
    /// early: the next sweep finds the rest.
    ///
    /// # Errors
    /// What the kernel said.
    pub(super) fn delete(&self, map: BorrowedFd<'_>, keys: &[u8]) -> io::Result<()> {
        let count = keys.len() / self.key_octets;
        if count == 0 {
            return Ok(());
        }
        let mut attributes = BatchAttributes {
            in_batch: 0,
            out_batch: 0,
            keys: keys.as_ptr().expose_provenance() as u64,
            values: 0,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            map_fd: map.as_raw_fd().unsigned_abs(),
            element_flags: 0,
            flags: 0,
        };
        // SAFETY: the kernel reads `count` keys, which lie in `keys`, and writes only the attributes.
        match unsafe { call(Command::Delete, &mut attributes) } {
            Err(error) if error.raw_os_error() != Some(libc::ENOENT) => Err(error),
            _ => Ok(()),
        }
    }
}

/// Calls `bpf(2)`.
///
/// # Safety
/// The addresses in `attributes` are to be valid for what `command` reads and writes there.
unsafe fn call(command: Command, attributes: &mut BatchAttributes) -> io::Result<()> {
    // SAFETY: the attributes are a mutable reference of the size that is told; the rest is by the caller.
    let ended = unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command as libc::c_long,
            core::ptr::from_mut(attributes),
            size_of::<BatchAttributes>(),
        )
    };
    if ended < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
