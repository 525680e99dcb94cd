use core::fmt;

/// How far the decoding of a frame came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Everything that this decoder reads in such a frame was there and made sense.
    #[default]
    Complete,
    /// The capture ended before a header did; what stood before it was read.
    Truncated(Stop),
    /// A length, version or option contradicts itself or the frame; what could be read was read.
    Malformed(Stop),
    /// The frame goes on in a way that this decoder does not read.
    Unsupported(Reason),
}

impl Outcome {
    /// Returns the word for metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Truncated(_) => "truncated",
            Self::Malformed(_) => "malformed",
            Self::Unsupported(_) => "unsupported",
        }
    }

    /// Returns why decoding stopped; none if it did not.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Complete => None,
            Self::Truncated(stop) | Self::Malformed(stop) => Some(stop.reason),
            Self::Unsupported(reason) => Some(reason),
        }
    }

    /// Keeps the first trouble: returns `self` unless it is complete, else `later`.
    pub(super) const fn or(self, later: Self) -> Self {
        match self {
            Self::Complete => later,
            _ => self,
        }
    }
}

/// Where and why decoding stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The layer that could not be read, or not wholly.
    pub layer: Layer,
    /// Why.
    pub reason: Reason,
    /// Octets from the start of the frame to the header or option in question; `u16::MAX` from there on.
    pub offset: u16,
    /// How many octets it needed, or the length that it claims; saturated.
    pub needed: u16,
    /// How many octets there were; saturated.
    pub had: u16,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at octet {}: {} (needs {} octets, has {})",
            self.layer.as_str(),
            self.offset,
            self.reason.as_str(),
            self.needed,
            self.had
        )
    }
}

/// The layers of a frame that this decoder knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Layer {
    /// Ethernet header.
    Ethernet,
    /// VLAN tag.
    Vlan,
    /// IEEE 802.2 LLC and SNAP.
    Llc,
    /// ARP and RARP.
    Arp,
    /// IPv4 header.
    Ipv4,
    /// IPv6 header.
    Ipv6,
    /// IPv6 extension header.
    Ipv6Extension,
    /// ICMPv6, Neighbor Discovery among it.
    Icmpv6,
    /// Mobility header.
    Mobility,
    /// UDP header.
    Udp,
    /// VXLAN header.
    Vxlan,
    /// Geneve header.
    Geneve,
    /// DHCP and BOOTP.
    Dhcp,
    /// DHCPv6.
    Dhcpv6,
    /// Mobile IPv4 registration.
    MobileIpv4,
    /// RADIUS.
    Radius,
    /// LLDP.
    Lldp,
    /// Cisco's Discovery Protocol.
    Cdp,
    /// Header of a Linux cooked capture.
    Cooked,
    /// E-tag or VN-tag.
    PortTag,
    /// Label stack, and the control word behind it.
    Mpls,
    /// PPPoE header.
    Pppoe,
    /// PPP protocol field.
    Ppp,
    /// GRE header.
    Gre,
    /// ERSPAN header.
    Erspan,
}

impl Layer {
    /// Returns the word for metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ethernet => "ethernet",
            Self::Vlan => "vlan",
            Self::Llc => "llc",
            Self::Arp => "arp",
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
            Self::Ipv6Extension => "ipv6-extension",
            Self::Icmpv6 => "icmpv6",
            Self::Mobility => "mobility",
            Self::Udp => "udp",
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::Dhcp => "dhcp",
            Self::Dhcpv6 => "dhcpv6",
            Self::MobileIpv4 => "mobile-ipv4",
            Self::Radius => "radius",
            Self::Lldp => "lldp",
            Self::Cdp => "cdp",
            Self::Cooked => "cooked",
            Self::PortTag => "port-tag",
            Self::Mpls => "mpls",
            Self::Pppoe => "pppoe",
            Self::Ppp => "ppp",
            Self::Gre => "gre",
            Self::Erspan => "erspan",
        }
    }
}

/// Why decoding stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// The capture ended inside a header (snap length).
    CaptureEnded,
    /// The first fragment ended inside a header; its rest is in another frame.
    FragmentEnded,
    /// The frame or packet ended inside a header, although all of it was captured.
    PacketEnded,
    /// A length field claims more than the frame or packet holds.
    LengthBeyondPacket,
    /// A length field claims less than its own header.
    LengthBelowHeader,
    /// The version field contradicts the ethertype.
    WrongVersion,
    /// An option ends behind the header that holds it, or has a length that its kind forbids.
    BadOption,
    /// A second Home Address option, or one in a place where it says nothing (RFC 6275 section 6.3).
    DuplicateHomeAddress,
    /// A type 2 routing header that is not one address long (RFC 6275 section 6.4.1).
    BadRoutingHeader,
    /// The link type is not read; such frames have no station.
    LinkType,
    /// More VLAN tags than [`VlanStack::TAGS_MAX`](crate::types::VlanStack::TAGS_MAX), or more than one that names a
    /// port.
    TooManyTags,
    /// More extension headers than [`EXTENSIONS_MAX`](super::EXTENSIONS_MAX).
    TooManyExtensions,
    /// A fragment other than the first: what it carries began in another frame.
    LaterFragment,
    /// Encapsulating security payload: nothing behind it can be read.
    Encrypted,
    /// ARP for other than Ethernet and IPv4 addresses.
    ArpAddresses,
    /// A tunnel's header in a version or form that is not read, or with a payload that is not.
    TunnelForm,
    /// More tunnels inside each other than [`TUNNELS_MAX`](super::TUNNELS_MAX).
    TooManyTunnels,
    /// More relay messages around a DHCPv6 message than [`RELAYS_MAX`](super::RELAYS_MAX).
    TooManyRelays,
    /// More labels than [`LABELS_MAX`](super::LABELS_MAX).
    TooManyLabels,
}

impl Reason {
    /// How many reasons there are.
    pub const COUNT: usize = Self::ALL.len();
    /// Every reason, in the order of [`Reason::index`].
    pub const ALL: [Self; 19] = [
        Self::CaptureEnded,
        Self::FragmentEnded,
        Self::PacketEnded,
        Self::LengthBeyondPacket,
        Self::LengthBelowHeader,
        Self::WrongVersion,
        Self::BadOption,
        Self::DuplicateHomeAddress,
        Self::BadRoutingHeader,
        Self::LinkType,
        Self::TooManyTags,
        Self::TooManyExtensions,
        Self::LaterFragment,
        Self::Encrypted,
        Self::ArpAddresses,
        Self::TunnelForm,
        Self::TooManyTunnels,
        Self::TooManyRelays,
        Self::TooManyLabels,
    ];

    /// Returns the reason's place in [`Reason::ALL`].
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the word for metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CaptureEnded => "capture-ended",
            Self::FragmentEnded => "fragment-ended",
            Self::PacketEnded => "packet-ended",
            Self::LengthBeyondPacket => "length-beyond-packet",
            Self::LengthBelowHeader => "length-below-header",
            Self::WrongVersion => "wrong-version",
            Self::BadOption => "bad-option",
            Self::DuplicateHomeAddress => "duplicate-home-address",
            Self::BadRoutingHeader => "bad-routing-header",
            Self::LinkType => "link-type",
            Self::TooManyTags => "too-many-tags",
            Self::TooManyExtensions => "too-many-extensions",
            Self::LaterFragment => "later-fragment",
            Self::Encrypted => "encrypted",
            Self::ArpAddresses => "arp-addresses",
            Self::TunnelForm => "tunnel-form",
            Self::TooManyTunnels => "too-many-tunnels",
            Self::TooManyRelays => "too-many-relays",
            Self::TooManyLabels => "too-many-labels",
        }
    }

    /// Returns the word of the outcome that this reason belongs to.
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::CaptureEnded | Self::FragmentEnded => "truncated",
            Self::PacketEnded
            | Self::LengthBeyondPacket
            | Self::LengthBelowHeader
            | Self::WrongVersion
            | Self::BadOption
            | Self::DuplicateHomeAddress
            | Self::BadRoutingHeader => "malformed",
            Self::LinkType
            | Self::TooManyTags
            | Self::TooManyExtensions
            | Self::LaterFragment
            | Self::Encrypted
            | Self::ArpAddresses
            | Self::TunnelForm
            | Self::TooManyTunnels
            | Self::TooManyRelays
            | Self::TooManyLabels => "unsupported",
        }
    }
}

/// How often decoding stopped for which reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutcomeCounts {
    complete: u64,
    by_reason: [u64; Reason::COUNT],
}

impl OutcomeCounts {
    /// Counts one frame.
    #[inline]
    pub fn count(&mut self, outcome: Outcome) {
        match outcome.reason() {
            None => self.complete += 1,
            Some(reason) => {
                if let Some(count) = self.by_reason.get_mut(reason.index()) {
                    *count += 1;
                }
            }
        }
    }

    /// Counts frames that were decoded to their end.
    #[inline]
    pub const fn count_complete(&mut self, frames: u64) {
        self.complete += frames;
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        self.complete += other.complete;
        for (count, more) in self.by_reason.iter_mut().zip(other.by_reason) {
            *count += more;
        }
    }

    /// Returns how many frames were complete.
    pub const fn complete(&self) -> u64 {
        self.complete
    }

    /// Returns each reason with its count, in a fixed order, those that never happened too.
    pub fn by_reason(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().zip(self.by_reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_stands_at_its_index_and_has_its_own_word() {
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason.index(), index);
            assert_eq!(Reason::ALL.iter().filter(|other| other.as_str() == reason.as_str()).count(), 1);
        }
    }

    #[test]
    fn counts_by_reason() {
        let mut counts = OutcomeCounts::default();
        counts.count(Outcome::Complete);
        counts.count(Outcome::Unsupported(Reason::Encrypted));
        let mut sum = counts.clone();
        sum.add(&counts);
        assert_eq!(sum.complete(), 2);
        let seen: Vec<_> = sum.by_reason().filter(|(_, count)| *count > 0).collect();
        assert_eq!(seen, [(Reason::Encrypted, 2)]);
    }
}
