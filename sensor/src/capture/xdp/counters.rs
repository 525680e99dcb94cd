use rollcall_ebpf_abi::{CLASSES, Class, Counter};

/// What the XDP program counted since it was loaded, on all processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XdpCounters([u64; Counter::COUNT]);

impl XdpCounters {
    /// Adds up what each processor counted.
    pub(super) fn sum<'a>(processors: impl Iterator<Item = &'a [u64; Counter::COUNT]>) -> Self {
        let mut sums = [0u64; Counter::COUNT];
        for counts in processors {
            for (sum, more) in sums.iter_mut().zip(counts) {
                *sum = sum.wrapping_add(*more);
            }
        }
        Self(sums)
    }

    /// Returns the frames.
    pub fn frames(&self) -> u64 {
        self.several::<2>(Counter::PLAIN).iter().chain(&self.several::<8>(Counter::CLASSES)).sum()
    }

    /// Returns the octets of all frames on the wire.
    pub fn octets(&self) -> u64 {
        self.one(Counter::OCTETS)
    }

    /// Returns the frames by what they carry: ARP, RARP, IPv4, IPv6, LLC, SNAP, other, not read.
    pub fn classes(&self) -> [u64; 8] {
        let [v4, v6] = self.several(Counter::PLAIN);
        let [arp, rarp, ipv4, ipv6, llc, snap, other, unread] = self.several(Counter::CLASSES);
        [arp, rarp, ipv4 + v4, ipv6 + v6, llc, snap, other, unread]
    }

    /// Returns the frames by how far their headers were read: complete, truncated, malformed, unsupported. What a
    /// message says is not read in the kernel, so that the decoder may find more of them malformed.
    pub fn outcomes(&self) -> [u64; 4] {
        let [v4, v6] = self.several(Counter::PLAIN);
        let [complete, truncated, malformed, unsupported] = self.several(Counter::OUTCOMES);
        [complete + v4 + v6, truncated, malformed, unsupported]
    }

    /// Returns the frames whose source address no station may have.
    pub fn bad_source(&self) -> u64 {
        self.one(Counter::BAD_SOURCE)
    }

    /// Returns the frames inside tunnels whose station was looked up.
    pub fn inner(&self) -> u64 {
        self.one(Counter::INNER)
    }

    /// Returns the rows that were made.
    pub fn created(&self) -> u64 {
        self.one(Counter::CREATED)
    }

    /// Returns the frames whose station has no row because the map is full.
    pub fn refused(&self) -> u64 {
        self.one(Counter::REFUSED)
    }

    /// Returns the frames of a class that were handed over.
    pub fn punted(&self, class: Class) -> u64 {
        self.of_class(Counter::PUNTED, class)
    }

    /// Returns the frames of a class that were not handed over because of its rate limit.
    pub fn limited(&self, class: Class) -> u64 {
        self.of_class(Counter::LIMITED, class)
    }

    /// Returns the frames that were not handed over because the ring buffer was full.
    pub fn overruns(&self) -> u64 {
        self.one(Counter::OVERRUNS)
    }

    fn one(&self, at: usize) -> u64 {
        self.0.get(at).copied().unwrap_or_default()
    }

    fn several<const N: usize>(&self, at: usize) -> [u64; N] {
        self.0.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
    }

    fn of_class(&self, at: usize, class: Class) -> u64 {
        self.several::<CLASSES>(at).get(usize::from(class as u8)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_added_up() {
        let one: [u64; Counter::COUNT] = core::array::from_fn(|at| at as u64);
        let counters = XdpCounters::sum([one, one].iter());
        assert_eq!(counters.octets(), 0);
        assert_eq!(counters.frames(), 2 * (1 + 2 + (3..11).sum::<u64>()));
        assert_eq!(counters.classes()[2], 2 * (5 + 1));
        assert_eq!(counters.outcomes()[3], 2 * 14);
        assert_eq!(counters.punted(Class::New), 2 * 19);
        assert_eq!(counters.limited(Class::Radius), 2 * (19 + 13 + 12));
        assert_eq!(counters.overruns(), 2 * (19 + 26));
    }
}
