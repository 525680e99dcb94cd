use rollcall_ebpf_abi::{Bucket, CLASSES, Class, Service, Settings, setting};

use super::clock::tick_ns;

/// What becomes of a frame after it was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnCapture {
    /// It is dropped: the IP stack of this machine never sees it.
    #[default]
    Drop,
    /// It goes on to the IP stack, for an interface that others use as well.
    Pass,
}

/// How many frames of each class are handed over a second, at most.
///
/// # Bounds
/// Each processor that the interface's receive queues keep busy gets an equal share. Twice that many may come in one
/// second after a quiet one. What is above is counted and not handed over; the row of its station is counted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates([u32; CLASSES]);

impl Rates {
    /// Everything is handed over.
    pub const UNLIMITED: Self = Self([0; CLASSES]);

    /// Returns the frames a second of a class; 0 is no limit.
    pub fn of(&self, class: Class) -> u32 {
        self.0.get(usize::from(class as u8)).copied().unwrap_or_default()
    }

    /// Sets the frames a second of a class; 0 is no limit.
    pub fn set(&mut self, class: Class, frames: u32) {
        if let Some(rate) = self.0.get_mut(usize::from(class as u8)) {
            *rate = frames;
        }
    }
}

impl Default for Rates {
    /// A few ten thousand in all: a tenth of what one core decodes and judges.
    fn default() -> Self {
        Self(Class::ALL.map(|class| match class {
            Class::New => 50_000,
            Class::Changed | Class::Radius => 20_000,
            Class::Arp | Class::Neighbor | Class::Mobility => 10_000,
            Class::Rarp | Class::Dhcp | Class::Dhcpv6 | Class::MobileIpv4 => 5_000,
            Class::MobileTraffic => 2_000,
            Class::Lldp | Class::Cdp => 1_000,
        }))
    }
}

/// How the XDP program is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XdpSettings {
    /// What becomes of a frame after it was counted.
    pub on_capture: OnCapture,
    /// Rows for stations on the wire itself. About 100 octets each, which the kernel takes at once.
    pub near_max: u32,
    /// Rows for stations with several VLANs, behind tagged ports and in tunnels. About 130 octets each.
    pub far_max: u32,
    /// Octets of the ring buffer: a power of two, at least a page.
    pub ring_octets: u32,
    /// How often a station may be handed over because its IP address changed, in nanoseconds between.
    pub change_interval_ns: u64,
    /// How many frames of each class are handed over.
    pub rates: Rates,
    /// Which UDP ports are read, and as what.
    pub services: Vec<(u16, Service)>,
    /// Whether the upper 24 bits of a GRE key name the network of a bridged frame.
    pub nvgre: bool,
    /// Whether frames are on their way to the switch, so that an E-tag's channel is the sender's.
    pub upstream: bool,
}

impl Default for XdpSettings {
    /// No port is read: the ports are the decoder's to say.
    fn default() -> Self {
        Self {
            on_capture: OnCapture::Drop,
            near_max: 262_144,
            far_max: 65_536,
            ring_octets: 8 << 20,
            change_interval_ns: 100_000_000,
            rates: Rates::default(),
            services: Vec::new(),
            nvgre: false,
            upstream: false,
        }
    }
}

impl XdpSettings {
    /// Returns what the program is told, where frames come in on `processors` of them.
    pub(super) fn to_abi(&self, processors: u32) -> Settings {
        let mut settings = Settings {
            action: match self.on_capture {
                OnCapture::Drop => Settings::DROP,
                OnCapture::Pass => Settings::PASS,
            },
            flags: if self.nvgre { setting::NVGRE } else { 0 }
                | if self.upstream { setting::UPSTREAM } else { 0 },
            change_interval_ticks: self.change_interval_ns.div_ceil(tick_ns()),
            ..Settings::default()
        };
        for (bucket, class) in settings.buckets.iter_mut().zip(Class::ALL) {
            *bucket = bucket_of(self.rates.of(class), processors);
        }
        for (port, service) in &self.services {
            settings.read_port(*port, *service);
        }
        settings
    }
}

/// Returns the bucket of one of some processors for so many frames a second in all.
fn bucket_of(rate: u32, processors: u32) -> Bucket {
    const SECOND_NS: u64 = 1_000_000_000;
    match SECOND_NS.checked_mul(u64::from(processors.max(1))).and_then(|all| all.checked_div(u64::from(rate)))
    {
        Some(interval_ns) => Bucket { interval_ns: interval_ns.max(1), burst_ns: SECOND_NS },
        None => Bucket::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_share_a_rate() {
        assert_eq!(bucket_of(1_000, 1), Bucket { interval_ns: 1_000_000, burst_ns: 1_000_000_000 });
        assert_eq!(bucket_of(1_000, 4).interval_ns, 4_000_000);
        assert_eq!(bucket_of(u32::MAX, 1).interval_ns, 1);
        assert_eq!(bucket_of(0, 4), Bucket::default());
    }

    #[test]
    fn every_class_has_a_rate_unless_told_otherwise() {
        let settings = XdpSettings::default().to_abi(1);
        assert_eq!(settings.action, Settings::DROP);
        for (bucket, class) in settings.buckets.iter().zip(Class::ALL) {
            assert!(bucket.interval_ns > 0, "{class:?}");
        }
        let mut rates = Rates::UNLIMITED;
        rates.set(Class::Arp, 5);
        assert_eq!((rates.of(Class::Arp), rates.of(Class::New)), (5, 0));
    }
}
