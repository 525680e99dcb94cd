use core::fmt;
use core::time::Duration;

use super::LinkType;

/// The number of a capture point, from 0 in the order of configuration, then of appearance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapturePointId(pub u16);

impl CapturePointId {
    /// No capture point: for what was not captured.
    pub const NONE: Self = Self(u16::MAX);

    /// Returns the number as an index into a table of capture points.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The number of a layer-2 domain: the same MAC address in two domains is two stations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(pub u16);

/// Which frames of the mirrored ports the mirror copies, seen from the switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Frames that enter the switch: the source address is behind the mirrored port.
    Ingress,
    /// Frames that leave the switch: the source address is anywhere else.
    Egress,
    /// Both: only the segment of the source address is known.
    #[default]
    Both,
}

/// How closely a location is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Nothing but that it was seen.
    Unknown,
    /// The layer-2 segment: somewhere behind this capture point.
    Segment,
    /// The host it runs on.
    Host,
    /// The very switch port.
    ExactPort,
}

impl Confidence {
    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Segment => "segment",
            Self::Host => "host",
            Self::ExactPort => "exact port",
        }
    }
}

/// A port of a switch, by the names that the recorded state uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// The switch's id.
    pub switch: Box<str>,
    /// The port's name on it.
    pub port: Box<str>,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.switch, self.port)
    }
}

/// Why a capture point cannot see, as those know who operate it.
///
/// That it gives no frame at all for a while is not among them: that is told by the frames themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blindness {
    /// Its interface has no link, or was taken down.
    LinkDown,
    /// Its interface is gone.
    InterfaceLost,
    /// More frames were lost on the way to us than the configuration allows.
    Drops,
}

impl Blindness {
    /// Every cause.
    pub const ALL: [Self; 3] = [Self::LinkDown, Self::InterfaceLost, Self::Drops];

    /// Returns the word that is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LinkDown => "link-down",
            Self::InterfaceLost => "interface-lost",
            Self::Drops => "drops",
        }
    }
}

/// Whose silence a capture point can vouch for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Coverage {
    /// Nobody said: whoever is not seen may simply be elsewhere.
    #[default]
    Unstated,
    /// The hosts attached to the mirrored ports, or named as mirrored.
    Mirrored,
    /// Every host of the inventory.
    Everything,
}

/// A configured tap, with what it mirrors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturePoint {
    /// Its name in configuration, output and metrics.
    pub name: Box<str>,
    /// The layer-2 domain of what it mirrors.
    pub domain: DomainId,
    /// Which direction the mirror copies.
    pub direction: Direction,
    /// The mirrored switch ports; empty where unknown.
    pub ports: Vec<Port>,
    /// Ids of the mirrored hosts, where these rather than ports are known.
    pub hosts: Vec<Box<str>>,
    /// The site, for subnets.
    pub site: Option<Box<str>>,
    /// Whose silence it vouches for.
    pub coverage: Coverage,
    /// How long from its first frame on it learns who is there: strangers of that time are no discrepancy.
    pub learn_for: Option<Duration>,
    /// The link type of its frames, where known beforehand.
    pub linktype: Option<LinkType>,
}

impl CapturePoint {
    /// Makes a capture point of which nothing but the name is known.
    pub fn unknown(name: impl Into<Box<str>>) -> Self {
        Self {
            name: name.into(),
            domain: DomainId::default(),
            direction: Direction::Both,
            ports: Vec::new(),
            hosts: Vec::new(),
            site: None,
            coverage: Coverage::Unstated,
            learn_for: None,
            linktype: None,
        }
    }

    /// Returns how closely the source address of a frame seen here is located.
    pub fn confidence(&self) -> Confidence {
        match (self.direction, self.ports.len(), self.hosts.len()) {
            (Direction::Ingress, 1, _) => Confidence::ExactPort,
            (Direction::Ingress, _, 1) => Confidence::Host,
            _ => Confidence::Segment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_ingress_port_locates_exactly() {
        let mut point = CapturePoint::unknown("tap");
        assert_eq!(point.confidence(), Confidence::Segment);
        point.ports.push(Port { switch: "s".into(), port: "1".into() });
        assert_eq!(point.confidence(), Confidence::Segment);
        point.direction = Direction::Ingress;
        assert_eq!(point.confidence(), Confidence::ExactPort);
        point.ports.push(Port { switch: "s".into(), port: "2".into() });
        assert_eq!(point.confidence(), Confidence::Segment);
        point.hosts.push("h".into());
        assert_eq!(point.confidence(), Confidence::Host);
    }
}
