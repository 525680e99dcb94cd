use super::MacAddr;

/// A row of a switch's forwarding table: behind which port the switch last saw an address as a source.
///
/// # Reference
/// IEEE 802.1Q-2018 section 8.8.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForwardingRow {
    /// The address.
    pub mac: MacAddr,
    /// The VLAN, 1 to 4094; none where the table does not tell VLANs apart.
    pub vlan: Option<u16>,
    /// The port, by the name that the switch has for it.
    pub port: Box<str>,
}

/// What polling one switch gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolledSwitch {
    /// Any name of the switch.
    pub switch: Box<str>,
    /// The whole table, or why it could not be had: a part of one is none.
    pub table: Result<Vec<ForwardingRow>, Box<str>>,
}

/// One round of polling over the managed switches, at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollRound {
    /// The switches that were asked.
    pub switches: Vec<PolledSwitch>,
}
