use core::fmt;

use foldhash::quality::FixedState;
use hashbrown::HashMap;

use crate::sighting::{Attachment as Relayed, Nas, NasPort, Neighbor};
use crate::types::AttachmentId;

/// The ports that relays and access servers named, each once, under a number.
///
/// Whoever named a port uses names of its own; which recorded port is meant, the audit finds out.
///
/// # Bounds
/// [`Attachments::PORTS_MAX`] ports; a further one is counted and finds no number, so that what is said of it locates
/// nobody. A number is never given out again, as evidence refers to it.
#[derive(Debug)]
pub struct Attachments {
    known: Vec<Attachment>,
    numbers: HashMap<Attachment, AttachmentId, FixedState>,
    refused: u64,
}

/// A port by the names that somebody has for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attachment {
    /// Who named it.
    pub by: NamedBy,
    /// The names of the switch or access server, the most telling first.
    pub switch: Vec<Box<str>>,
    /// The names of its port, the most telling first; empty where none is named.
    pub port: Vec<Box<str>>,
}

/// Who names a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NamedBy {
    /// An access server in a RADIUS accounting record.
    Radius,
    /// A relay agent, or a switch on the way, in a DHCP message.
    Relay,
    /// A switch at the other end of a capture point's link, by LLDP or CDP.
    Neighbor,
    /// A switch whose forwarding table was polled.
    Table,
}

impl NamedBy {
    /// Returns the word that output uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Radius => "radius",
            Self::Relay => "dhcp-relay",
            Self::Neighbor => "neighbor",
            Self::Table => "forwarding-table",
        }
    }

    /// Returns the words that sentences use.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Radius => "RADIUS",
            Self::Relay => "a DHCP relay",
            Self::Neighbor => "its neighbour",
            Self::Table => "its forwarding table",
        }
    }
}

impl Attachment {
    /// Makes the port of an accounting record, which may name none.
    pub(super) fn of_session(nas: &Nas, port: &NasPort) -> Self {
        let number = port.number.map(|number| number.to_string().into());
        let port: Vec<Box<str>> = port.id.clone().into_iter().chain(number).collect();
        // Who sent the packet may be a proxy: it counts only where the server does not name itself.
        let source = nas.identifier.is_none().then_some(nas.source);
        let address = nas.address.or(source).map(|address| address.to_string().into());
        let switch = nas.identifier.clone().into_iter().chain(address).collect();
        Self { by: NamedBy::Radius, switch, port }
    }

    /// Makes the port of a relayed message; none if it names no port, or no switch.
    pub(super) fn of_relay(relayed: &Relayed) -> Option<Self> {
        let remote = relayed.remote_id.as_ref();
        let remote = remote.map(|id| id.mac().map_or_else(|| id.to_string(), |mac| mac.to_string()).into());
        let relay = relayed.relay.map(|relay| relay.to_string().into());
        let switch: Vec<Box<str>> = remote.into_iter().chain(relay).collect();
        let port: Box<str> = relayed.circuit_id.as_ref()?.to_string().into();
        (!switch.is_empty()).then(|| Self { by: NamedBy::Relay, switch, port: vec![port] })
    }
}

impl Attachment {
    /// Makes the port at the other end of a capture point's link.
    pub(crate) fn of_neighbor(neighbor: &Neighbor) -> Self {
        let management = neighbor.management.map(|address| address.to_string().into());
        let chassis = neighbor.chassis.to_string().into();
        let switch = core::iter::once(chassis).chain(neighbor.system_name.clone()).chain(management);
        let port =
            core::iter::once(neighbor.port.to_string().into()).chain(neighbor.port_description.clone());
        Self { by: NamedBy::Neighbor, switch: switch.collect(), port: port.collect() }
    }
}

/// Prints `port eth1 of 10.0.0.2`, by the first names.
impl fmt::Display for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switch = self.switch.first().map_or("an unnamed switch", |name| name);
        match self.port.first() {
            Some(port) => write!(f, "port {port} of {switch}"),
            None => write!(f, "some port of {switch}"),
        }
    }
}

impl Attachments {
    /// How many ports are remembered.
    pub const PORTS_MAX: usize = 65_536;

    pub(super) fn new(hasher: FixedState) -> Self {
        Self { known: Vec::new(), numbers: HashMap::with_hasher(hasher), refused: 0 }
    }

    /// Returns a port by its number.
    pub fn get(&self, id: AttachmentId) -> Option<&Attachment> {
        self.known.get(id.0 as usize)
    }

    /// Returns how often a port found no number.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Returns the number of a port, a new one if need be and there is one left.
    pub(super) fn number(&mut self, attachment: Attachment) -> Option<AttachmentId> {
        if let Some(&number) = self.numbers.get(&attachment) {
            return Some(number);
        }
        if self.known.len() >= Self::PORTS_MAX {
            self.refused += 1;
            return None;
        }
        let number = AttachmentId(u32::try_from(self.known.len()).ok()?);
        self.known.push(attachment.clone());
        self.numbers.insert(attachment, number);
        Some(number)
    }
}
