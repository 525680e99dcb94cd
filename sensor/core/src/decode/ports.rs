use arrayvec::ArrayVec;

/// What this decoder reads in UDP datagrams of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// A VXLAN tunnel.
    Vxlan,
    /// A Geneve tunnel.
    Geneve,
    /// A label stack (RFC 7510).
    Mpls,
    /// DHCP and BOOTP.
    Dhcp,
    /// DHCPv6.
    Dhcpv6,
    /// Mobile IPv4 registration.
    MobileIpv4,
    /// RADIUS accounting.
    Accounting,
}

impl Service {
    /// Tells whether what comes from its port is read as well, not only what goes to it. The source port of a
    /// tunnel's datagram is chosen by its content (RFC 7348 section 5, RFC 8926 section 3.3).
    pub(super) const fn answers(self) -> bool {
        match self {
            Self::Vxlan | Self::Geneve | Self::Mpls => false,
            Self::Dhcp | Self::Dhcpv6 | Self::MobileIpv4 | Self::Accounting => true,
        }
    }
}

/// Which UDP ports are read, and as what.
///
/// Whether a port is one of them is asked of every data frame, so that it is one multiplication, one load and
/// one comparison: each port stands alone in its place of a small table.
///
/// # Bounds
/// At most [`Ports::COUNT_MAX`] ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    places: [u16; Self::PLACES],
    multiplier: u32,
    services: ArrayVec<(u16, Service), { Self::COUNT_MAX }>,
}

impl Ports {
    /// How many ports can be told apart from the rest.
    pub const COUNT_MAX: usize = 32;
    const PLACES: usize = 256;
    /// The ports that are read unless configured otherwise. VXLAN: RFC 7348 section 5, and the port of Linux
    /// before that; Geneve: RFC 8926 section 3.3; MPLS: RFC 7510 section 3; DHCP: RFC 2131 section 4.1, the
    /// boot servers of PXE (4011), and RFC 8415 section 7.2; Mobile IPv4: RFC 5944 section 3; RADIUS accounting: RFC 2866 section 3, and the port before that.
    pub const DEFAULT: [(u16, Service); 12] = [
        (4789, Service::Vxlan),
        (8472, Service::Vxlan),
        (6081, Service::Geneve),
        (6635, Service::Mpls),
        (67, Service::Dhcp),
        (68, Service::Dhcp),
        (4011, Service::Dhcp),
        (546, Service::Dhcpv6),
        (547, Service::Dhcpv6),
        (434, Service::MobileIpv4),
        (1813, Service::Accounting),
        (1646, Service::Accounting),
    ];

    /// Makes the table; none where there are too many ports. Of two services on one port the first is read.
    pub fn try_new(list: impl IntoIterator<Item = (u16, Service)>) -> Option<Self> {
        let mut services = ArrayVec::<(u16, Service), { Self::COUNT_MAX }>::new();
        for (port, service) in list {
            if services.iter().all(|(known, _)| *known != port) {
                services.try_push((port, service)).ok()?;
            }
        }
        services.sort_unstable();
        // About one multiplier in seven keeps 32 ports apart, and more with fewer ports.
        let multipliers = (1..4_096u32).map(|turn| turn.wrapping_mul(0x9e37_79b1) | 1);
        multipliers.filter_map(|multiplier| Self::with(multiplier, &services)).next()
    }

    /// Makes the table with a multiplier, if it keeps all ports apart.
    fn with(multiplier: u32, services: &ArrayVec<(u16, Service), { Self::COUNT_MAX }>) -> Option<Self> {
        let mut ports = Self { places: [0; Self::PLACES], multiplier, services: services.clone() };
        // A free place holds a port that belongs elsewhere: port 0 belongs to the first one.
        let elsewhere = (1..=u16::MAX).find(|&port| ports.place(port) != 0)?;
        *ports.places.first_mut()? = elsewhere;
        let mut taken = [false; Self::PLACES];
        for (port, _) in services {
            let place = ports.place(*port);
            if core::mem::replace(taken.get_mut(place)?, true) {
                return None;
            }
            *ports.places.get_mut(place)? = *port;
        }
        Some(ports)
    }

    /// Tells whether datagrams of a port are read.
    #[inline]
    pub fn is_read(&self, port: u16) -> bool {
        self.places.get(self.place(port)) == Some(&port)
    }

    /// Returns what datagrams of a port are read as.
    pub fn service(&self, port: u16) -> Option<Service> {
        self.services.iter().find(|(known, _)| *known == port).map(|(_, service)| *service)
    }

    #[inline]
    fn place(&self, port: u16) -> usize {
        let [.., high] = u32::from(port).wrapping_mul(self.multiplier).to_le_bytes();
        usize::from(high)
    }
}

impl Default for Ports {
    fn default() -> Self {
        Self::try_new(Self::DEFAULT).expect("a few ports can be kept apart")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn exactly_the_given_ports_are_read(list in prop::collection::vec(any::<u16>(), 0..=Ports::COUNT_MAX)) {
            let ports = Ports::try_new(list.iter().map(|port| (*port, Service::Geneve))).unwrap();
            for port in 0..=u16::MAX {
                prop_assert_eq!(ports.is_read(port), list.contains(&port));
                prop_assert_eq!(ports.service(port).is_some(), list.contains(&port));
            }
        }
    }

    #[test]
    fn more_ports_than_there_is_room_for_are_refused() {
        assert!(Ports::try_new((1..=33).map(|port| (port, Service::Vxlan))).is_none());
        let ports = Ports::try_new([(7, Service::Vxlan), (7, Service::Geneve)]).unwrap();
        assert_eq!(ports.service(7), Some(Service::Vxlan));
        assert_eq!(Ports::default().service(4789), Some(Service::Vxlan));
        assert!(!Ports::default().is_read(0));
    }
}
