//! Asking which XDP program is on an interface, and taking it off.
//!
//! Read rtnetlink(7) before editing: messages with attributes, all in the byte order of the machine, each padded to 4
//! octets.

use std::io;
use std::os::fd::AsRawFd as _;

use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket};

const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTM_SETLINK: u16 = 19;
const NLMSG_ERROR: u16 = 2;
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const NESTED: u16 = 1 << 15;

const IFLA_XDP: u16 = 43;
const IFLA_XDP_FD: u16 = 1;
const IFLA_XDP_ATTACHED: u16 = 2;
const IFLA_XDP_FLAGS: u16 = 3;
const IFLA_XDP_PROG_ID: u16 = 4;

/// Values of `IFLA_XDP_ATTACHED`, with the flag that names the mode when the program is taken off.
const MODES: [(u8, u32); 3] = [(1, 1 << 2), (2, 1 << 1), (3, 1 << 3)];

/// The message header, and the part that all messages about interfaces share.
const HEADER_OCTETS: usize = 16;
const LINK_OCTETS: usize = 16;

/// A program on an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OnInterface {
    /// Its number in the kernel.
    pub(super) program: u32,
    /// The flag of its mode.
    mode: u32,
}

/// Returns the program that is attached to an interface, the native one of two.
pub(super) fn attached(interface: u32) -> io::Result<Option<OnInterface>> {
    let answer = ask(&request(RTM_GETLINK, REQUEST, interface, &[]))?;
    let attributes = answer.get(HEADER_OCTETS + LINK_OCTETS..).unwrap_or_default();
    Ok(attribute(attributes, IFLA_XDP).and_then(read_attached))
}

/// Takes a program off an interface.
///
/// # Errors
/// What the kernel said: it is busy where a link holds the program.
pub(super) fn take_off(interface: u32, other: OnInterface) -> io::Result<()> {
    let mut inside = Vec::new();
    put(&mut inside, IFLA_XDP_FD, &(-1i32).to_ne_bytes());
    put(&mut inside, IFLA_XDP_FLAGS, &other.mode.to_ne_bytes());
    let mut attributes = Vec::new();
    put(&mut attributes, IFLA_XDP | NESTED, &inside);
    ask(&request(RTM_SETLINK, REQUEST | ACKNOWLEDGE, interface, &attributes)).map(drop)
}

fn read_attached(xdp: &[u8]) -> Option<OnInterface> {
    let attached = *attribute(xdp, IFLA_XDP_ATTACHED)?.first()?;
    // With programs in both modes the kernel gives their numbers under other names; either will do here.
    let program = attribute(xdp, IFLA_XDP_PROG_ID)
        .or_else(|| (5..=7).find_map(|kind| attribute(xdp, kind)))
        .and_then(|octets| octets.first_chunk())
        .map(|octets| u32::from_ne_bytes(*octets))?;
    let mode = MODES.iter().find(|(value, _)| *value == attached).map_or(0, |(_, flag)| *flag);
    (attached != 0).then_some(OnInterface { program, mode })
}

/// Makes a message about an interface.
fn request(kind: u16, flags: u16, interface: u32, attributes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER_OCTETS + LINK_OCTETS + attributes.len()).unwrap_or(u32::MAX);
    let mut message = Vec::new();
    message.extend_from_slice(&length.to_ne_bytes());
    message.extend_from_slice(&kind.to_ne_bytes());
    message.extend_from_slice(&flags.to_ne_bytes());
    // Sequence and sender: there is one message at a time.
    message.extend_from_slice(&[0; 8]);
    // Family and hardware type, index, flags and their mask.
    message.extend_from_slice(&[0; 4]);
    message.extend_from_slice(&interface.to_ne_bytes());
    message.extend_from_slice(&[0; 8]);
    message.extend_from_slice(attributes);
    message
}

/// Adds an attribute.
fn put(message: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or(u16::MAX);
    message.extend_from_slice(&length.to_ne_bytes());
    message.extend_from_slice(&kind.to_ne_bytes());
    message.extend_from_slice(value);
    message.resize(message.len().next_multiple_of(4), 0);
}

/// Returns the value of an attribute.
fn attribute(mut attributes: &[u8], wanted: u16) -> Option<&[u8]> {
    while let Some(&[l0, l1, k0, k1]) = attributes.first_chunk() {
        let length = usize::from(u16::from_ne_bytes([l0, l1]));
        if u16::from_ne_bytes([k0, k1]) & !NESTED == wanted {
            return attributes.get(4..length);
        }
        attributes = attributes.get(length.max(4).next_multiple_of(4)..)?;
    }
    None
}

/// Sends a message and returns the first answer.
fn ask(message: &[u8]) -> io::Result<Vec<u8>> {
    const ANSWER_OCTETS_MAX: usize = 65_536;
    let socket =
        socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    send(socket.as_raw_fd(), message, MsgFlags::empty())?;
    let mut answer = vec![0; ANSWER_OCTETS_MAX];
    let length = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    answer.truncate(length);
    match (answer.get(4..6), answer.get(HEADER_OCTETS..HEADER_OCTETS + 4)) {
        (Some(&[k0, k1]), Some(&[e0, e1, e2, e3])) => match u16::from_ne_bytes([k0, k1]) {
            NLMSG_ERROR => match i32::from_ne_bytes([e0, e1, e2, e3]) {
                0 => Ok(answer),
                error => Err(io::Error::from_raw_os_error(error.saturating_neg())),
            },
            RTM_NEWLINK => Ok(answer),
            _ => Err(io::ErrorKind::InvalidData.into()),
        },
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_they_are_written() {
        let mut inside = Vec::new();
        put(&mut inside, IFLA_XDP_ATTACHED, &[2]);
        put(&mut inside, IFLA_XDP_PROG_ID, &7u32.to_ne_bytes());
        let mut message = Vec::new();
        put(&mut message, 3, b"eth0\0");
        put(&mut message, IFLA_XDP | NESTED, &inside);
        assert_eq!(attribute(&message, 3), Some(b"eth0\0".as_slice()));
        let found = attribute(&message, IFLA_XDP).and_then(read_attached);
        assert_eq!(found, Some(OnInterface { program: 7, mode: 2 }));
        assert_eq!(attribute(&message, 99), None);
        for cut in 0..message.len() {
            attribute(&message[..cut], 99);
        }
    }

    #[test]
    fn the_loopback_interface_has_no_program() {
        let index = nix::net::if_::if_nametoindex("lo").unwrap();
        assert_eq!(attached(index).unwrap(), None);
        assert!(attached(u32::MAX >> 1).is_err());
    }
}
