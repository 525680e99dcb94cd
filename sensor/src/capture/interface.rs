use std::collections::BTreeMap;

use rollcall_core::types::{CapturePoint, CapturePointId, LinkType};

/// The number of an interface among all interfaces of a run that gave a frame, from 0 in order of appearance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceId(pub u16);

impl InterfaceId {
    /// Returns the number as an index into a table of interfaces.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An interface on which frames of a capture file were captured.
///
/// A pcap or snoop file is one interface with the number 0 and no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The index of its file in the order in which the files were named.
    pub file: usize,
    /// The file as the user named it; `-` is standard input.
    pub file_name: Box<str>,
    /// The section of a pcapng file that describes it, from 0.
    pub section: u32,
    /// Its number in its section, from 0.
    pub number: u32,
    /// Its name (pcapng option `if_name`).
    pub name: Option<Box<str>>,
    /// Its description (pcapng option `if_description`).
    pub description: Option<Box<str>>,
    /// What the first octets of its frames are.
    pub linktype: LinkType,
    /// The longest captured length in octets that the file claims; 0 where it claims none. Files lie here.
    pub snaplen: u32,
    /// How many octets of frame check sequence end every frame, where the file says so (pcap).
    pub fcs_octets: Option<u8>,
    /// Which capture point it is; decided by the [`Resolver`].
    pub capture_point: CapturePointId,
}

/// What a [`Resolver`] decides about an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// It is this capture point, known already.
    Known(CapturePointId),
    /// It is a capture point that was not known before.
    New(CapturePoint),
}

/// Decides which capture point an interface of a file is.
///
/// It is asked once for each interface, when the first frame of it is read.
pub trait Resolver: Send {
    /// Decides about `interface`, whose `capture_point` is not set yet. A new capture point gets the id
    /// `next`.
    fn resolve(&mut self, interface: &Interface, next: CapturePointId) -> Resolved;
}

impl<F> Resolver for F
where
    F: FnMut(&Interface, CapturePointId) -> Resolved + Send,
{
    fn resolve(&mut self, interface: &Interface, next: CapturePointId) -> Resolved {
        self(interface, next)
    }
}

/// Makes one capture point of every interface name; of interfaces without a name, one for each file.
///
/// Files that follow each other from one tap are so one capture point. Used where nothing is configured.
#[derive(Clone, Debug, Default)]
pub struct UnknownPoints {
    by_name: BTreeMap<Box<str>, CapturePointId>,
}

impl UnknownPoints {
    /// Returns the name that an interface gives to an unknown capture point: its own, else its file's
    /// without directories.
    pub fn name_of(interface: &Interface) -> &str {
        interface.name.as_deref().unwrap_or_else(|| {
            let file = &*interface.file_name;
            file.rsplit('/').next().unwrap_or(file)
        })
    }
}

impl Resolver for UnknownPoints {
    fn resolve(&mut self, interface: &Interface, next: CapturePointId) -> Resolved {
        let name = Self::name_of(interface);
        if let Some(id) = self.by_name.get(name) {
            return Resolved::Known(*id);
        }
        self.by_name.insert(name.into(), next);
        Resolved::New(CapturePoint { linktype: Some(interface.linktype), ..CapturePoint::unknown(name) })
    }
}

/// Numbers the interfaces and capture points of a run, and keeps the new ones until a batch takes them.
pub(super) struct Registry {
    resolver: Box<dyn Resolver>,
    next_point: CapturePointId,
    next_interface: Option<InterfaceId>,
    pub(super) new_points: Vec<CapturePoint>,
    pub(super) new_interfaces: Vec<Interface>,
}

impl Registry {
    /// The capture points that are known beforehand have the ids below `next_point`.
    pub(super) fn new(resolver: Box<dyn Resolver>, next_point: CapturePointId) -> Self {
        Self {
            resolver,
            next_point,
            next_interface: Some(InterfaceId(0)),
            new_points: Vec::new(),
            new_interfaces: Vec::new(),
        }
    }

    /// Returns the ids of an interface that gives its first frame; `None` when the numbers are used up.
    pub(super) fn bind(&mut self, mut interface: Interface) -> Option<(CapturePointId, InterfaceId)> {
        let id = self.next_interface?;
        let point = match self.resolver.resolve(&interface, self.next_point) {
            Resolved::Known(point) => point,
            Resolved::New(point) => {
                let next = self.next_point;
                self.next_point = CapturePointId(next.0.checked_add(1)?);
                self.new_points.push(point);
                next
            }
        };
        self.next_interface = id.0.checked_add(1).map(InterfaceId);
        interface.capture_point = point;
        self.new_interfaces.push(interface);
        Some((point, id))
    }
}
