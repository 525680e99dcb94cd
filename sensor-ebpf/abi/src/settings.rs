/// Why a frame is handed over, with a bucket of its own each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// It is the first of its station at its place.
    New = 0,
    /// Its IP address differs from that of the last sample.
    Changed = 1,
    /// ARP.
    Arp = 2,
    /// RARP.
    Rarp = 3,
    /// Neighbor Discovery.
    Neighbor = 4,
    /// DHCP and BOOTP.
    Dhcp = 5,
    /// DHCPv6.
    Dhcpv6 = 6,
    /// LLDP.
    Lldp = 7,
    /// Cisco's Discovery Protocol.
    Cdp = 8,
    /// A mobility header, a binding message of older drafts, or home agent and prefix discovery.
    Mobility = 9,
    /// Data that carries a Home Address option or a type 2 routing header.
    MobileTraffic = 10,
    /// A Mobile IPv4 registration.
    MobileIpv4 = 11,
    /// RADIUS accounting.
    Radius = 12,
}

/// How many classes there are.
pub const CLASSES: usize = Class::ALL.len();

impl Class {
    /// Every class, in the order of their numbers.
    pub const ALL: [Self; 13] = [
        Self::New,
        Self::Changed,
        Self::Arp,
        Self::Rarp,
        Self::Neighbor,
        Self::Dhcp,
        Self::Dhcpv6,
        Self::Lldp,
        Self::Cdp,
        Self::Mobility,
        Self::MobileTraffic,
        Self::MobileIpv4,
        Self::Radius,
    ];

    /// Returns the class of a number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Returns the word for metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Arp => "arp",
            Self::Rarp => "rarp",
            Self::Neighbor => "neighbor",
            Self::Dhcp => "dhcp",
            Self::Dhcpv6 => "dhcpv6",
            Self::Lldp => "lldp",
            Self::Cdp => "cdp",
            Self::Mobility => "mobility",
            Self::MobileTraffic => "mobile-traffic",
            Self::MobileIpv4 => "mobile-ipv4",
            Self::Radius => "radius",
        }
    }
}

/// How many octets of a data frame are handed over: all that tells its sender, place and addresses.
pub const SNIPPET_DATA: usize = 240;
/// How many octets of a control frame are handed over: an Ethernet frame with four tags.
pub const SNIPPET_CONTROL: usize = 1_536;

/// What is read in UDP datagrams of a port; 0 is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Service {
    /// A VXLAN tunnel.
    Vxlan = 1,
    /// A Geneve tunnel.
    Geneve = 2,
    /// A label stack.
    Mpls = 3,
    /// DHCP and BOOTP; from here on, what comes from the port is read as well.
    Dhcp = 4,
    /// DHCPv6.
    Dhcpv6 = 5,
    /// Mobile IPv4 registration.
    MobileIpv4 = 6,
    /// RADIUS accounting.
    Accounting = 7,
}

/// How many frames of a class are handed over on each processor.
///
/// A generic cell rate: each frame costs an interval, and they may come as early as the burst ahead of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Bucket {
    /// Nanoseconds that a frame costs; 0 is no limit.
    pub interval_ns: u64,
    /// How many nanoseconds may be owed.
    pub burst_ns: u64,
}

/// The one element of the map of settings.
///
/// # Layout
/// Tables of ports are indexed by the port as it stands in the frame, read in the byte order of the machine, so that
/// the program need not turn it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Settings {
    /// What becomes of a frame: 1 drops it, 2 passes it on.
    pub action: u32,
    /// Of [`setting`].
    pub flags: u32,
    /// A station is sampled for a changed address at most this often: in ticks, as [`Presence`](crate::Presence) has
    /// them.
    pub change_interval_ticks: u64,
    /// The bucket of each class, in the order of [`Class::ALL`]; the rest is not used.
    pub buckets: [Bucket; 16],
    /// A bit for each UDP port that is read.
    pub port_bits: [u8; 8_192],
    /// A [`Service`] for each UDP port.
    pub services: [u8; 65_536],
}

/// The bits of [`Settings::flags`].
pub mod setting {
    /// The upper 24 bits of a GRE key name the network of a bridged frame.
    pub const NVGRE: u32 = 1;
    /// Frames are on their way to the switch, so that an E-tag's channel is the sender's.
    pub const UPSTREAM: u32 = 2;
}

impl Settings {
    /// Drop.
    pub const DROP: u32 = 1;
    /// Pass on.
    pub const PASS: u32 = 2;
    /// How many octets they take.
    pub const OCTETS: usize = size_of::<Self>();

    /// Returns the octets that the kernel is given.
    pub fn to_bytes(&self) -> [u8; Self::OCTETS] {
        let mut bytes = [0; Self::OCTETS];
        let mut rest = bytes.as_mut_slice();
        let mut put = |octets: &[u8]| {
            if let Some((place, behind)) = core::mem::take(&mut rest).split_at_mut_checked(octets.len()) {
                place.copy_from_slice(octets);
                rest = behind;
            }
        };
        put(&self.action.to_ne_bytes());
        put(&self.flags.to_ne_bytes());
        put(&self.change_interval_ticks.to_ne_bytes());
        for bucket in &self.buckets {
            put(&bucket.interval_ns.to_ne_bytes());
            put(&bucket.burst_ns.to_ne_bytes());
        }
        put(&self.port_bits);
        put(&self.services);
        bytes
    }

    /// Says what is read in datagrams of a port.
    pub fn read_port(&mut self, port: u16, service: Service) {
        let index = usize::from(port.to_be());
        if let (Some(bits), Some(entry)) = (self.port_bits.get_mut(index >> 3), self.services.get_mut(index))
        {
            *bits |= 1 << (index & 7);
            *entry = service as u8;
        }
    }
}

impl Default for Settings {
    /// Everything passes, no port is read, nothing is limited.
    fn default() -> Self {
        Self {
            action: Self::PASS,
            flags: 0,
            change_interval_ticks: 0,
            buckets: [Bucket::default(); 16],
            port_bits: [0; 8_192],
            services: [0; 65_536],
        }
    }
}

const _: () = assert!(CLASSES <= 16);
const _: () = assert!(size_of::<Settings>() == 16 + 16 * 16 + 8_192 + 65_536);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_where_they_are_read() {
        use core::mem::offset_of;

        let mut settings = Settings { action: 7, change_interval_ticks: 9, ..Settings::default() };
        settings.buckets = core::array::from_fn(|at| Bucket { interval_ns: at as u64, burst_ns: 0 });
        settings.read_port(4789, Service::Geneve);
        let bytes = settings.to_bytes();
        let index = usize::from(4789u16.to_be());
        let places: [(usize, &[u8]); 5] = [
            (offset_of!(Settings, action), &7u32.to_ne_bytes()),
            (offset_of!(Settings, change_interval_ticks), &9u64.to_ne_bytes()),
            (offset_of!(Settings, buckets) + 16 * 15, &15u64.to_ne_bytes()),
            (offset_of!(Settings, services) + index, &[Service::Geneve as u8]),
            (offset_of!(Settings, port_bits) + index / 8, &[1 << (index % 8)]),
        ];
        for (at, wanted) in places {
            assert!(bytes.get(at..).is_some_and(|rest| rest.starts_with(wanted)), "at {at}");
        }
        assert_eq!(bytes.iter().filter(|octet| **octet != 0).count(), 2 + 15 + 2);
    }

    #[test]
    fn classes_stand_at_their_numbers() {
        for (number, class) in (0u8..).zip(Class::ALL) {
            assert_eq!(class as u8, number);
            assert_eq!(Class::from_number(number), Some(class));
        }
        assert_eq!(Class::from_number(13), None);
    }
}
