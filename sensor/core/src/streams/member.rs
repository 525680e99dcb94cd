use core::fmt;

use crate::types::Timestamp;

/// The permanent number of a member or group. Never given to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub(super) u32);

impl MemberId {
    /// Makes an id of its number, as somebody outside names it.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// Prints `m17`.
impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}", self.0)
    }
}

/// What a member is. Groups are passive: they have a stream and cannot speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKind {
    /// The group of administrators: the top of the tree.
    Administrators,
    /// A datacentre, cluster, rack, folder, resource pool or application.
    Group,
    /// A topic, to which posts are routed by their content.
    Topic,
    /// The sensor itself.
    Sensor,
    /// An administrator or user.
    Person,
    /// A server that manages hosts.
    ManagementServer,
    /// A hypervisor.
    Host,
    /// A managed switch, a power supply, another device.
    Device,
    /// A virtual machine.
    Guest,
    /// A station that nobody recorded.
    Station,
}

impl MemberKind {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Administrators,
        Self::Group,
        Self::Topic,
        Self::Sensor,
        Self::Person,
        Self::ManagementServer,
        Self::Host,
        Self::Device,
        Self::Guest,
        Self::Station,
    ];

    /// Returns the word that configuration and output use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Administrators => "administrators",
            Self::Group => "group",
            Self::Topic => "topic",
            Self::Sensor => "sensor",
            Self::Person => "person",
            Self::ManagementServer => "management-server",
            Self::Host => "host",
            Self::Device => "device",
            Self::Guest => "guest",
            Self::Station => "station",
        }
    }

    /// Returns the kind that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Tells whether such a member can speak without having been heard.
    pub const fn is_active(self) -> bool {
        !matches!(self, Self::Administrators | Self::Group | Self::Topic)
    }

    /// Returns the kind of a node of the recorded hierarchy, by the word that the inventory has for it.
    pub fn of_node(word: &str) -> Self {
        match word {
            "management-server" | "vcenter" => Self::ManagementServer,
            "power-supply" | "pdu" | "ups" | "device" | "storage" | "switch" => Self::Device,
            _ => Self::Group,
        }
    }

    /// The place of its count in [`Below`]; `None` of kinds that nobody counts.
    const fn counted(self) -> Option<usize> {
        match self {
            Self::Guest => Some(0),
            Self::Host => Some(1),
            Self::Device => Some(2),
            Self::ManagementServer => Some(3),
            _ => None,
        }
    }
}

impl fmt::Display for MemberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How many recorded members of each kind stand anywhere below a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Below([u32; 4]);

impl Below {
    /// Returns how many of a kind.
    pub fn of(self, kind: MemberKind) -> u32 {
        kind.counted().and_then(|at| self.0.get(at)).copied().unwrap_or(0)
    }

    pub(super) fn one(kind: MemberKind) -> Self {
        let mut below = Self::default();
        if let Some(count) = kind.counted().and_then(|at| below.0.get_mut(at)) {
            *count = 1;
        }
        below
    }

    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    pub(super) fn add(&mut self, more: Self) {
        for (sum, more) in self.0.iter_mut().zip(more.0) {
            *sum = sum.saturating_add(more);
        }
    }

    pub(super) fn subtract(&mut self, less: Self) {
        for (sum, less) in self.0.iter_mut().zip(less.0) {
            *sum = sum.saturating_sub(less);
        }
    }
}

/// A node of the network: someone who can speak or be spoken to, or a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its number.
    pub id: MemberId,
    /// What it is.
    pub kind: MemberKind,
    /// What the inventory calls it; of a station its address.
    pub name: Box<str>,
    /// The inventory's word for what it is (`rack`), where that says more than the kind.
    pub word: Option<Box<str>>,
    /// Who follows it in the tree and gets what is carried up; none of the administrators.
    pub parent: Option<MemberId>,
    /// Since when it is no longer in the records; its history stays.
    pub departed_at: Option<Timestamp>,
    /// Whether an agent of its own was heard.
    pub heard: bool,
    /// Who is below it; most members have nobody below them.
    pub(super) below: Option<Box<Below>>,
}

impl Member {
    /// Tells whether it can speak: by what it is, or because it was heard.
    pub const fn is_active(&self) -> bool {
        self.kind.is_active() || self.heard
    }

    /// Tells whether it is in the records now.
    pub const fn is_present(&self) -> bool {
        self.departed_at.is_none()
    }

    /// Returns how many recorded members stand anywhere below it.
    pub fn below(&self) -> Below {
        self.below.as_deref().copied().unwrap_or_default()
    }

    /// Returns what it is in the inventory's word, else in ours.
    pub fn what(&self) -> &str {
        self.word.as_deref().unwrap_or(self.kind.as_str())
    }
}

/// Prints `rack rack-1`; the administrators by themselves.
impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            MemberKind::Administrators | MemberKind::Sensor => f.write_str(&self.name),
            _ => write!(f, "{} {}", self.what(), self.name),
        }
    }
}
