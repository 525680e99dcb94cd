/// Whether a guest in some state should be heard on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Expectation {
    /// Silence is a difference.
    Yes,
    /// Talking is a difference.
    No,
    /// Neither is.
    Unknown,
}

impl Expectation {
    /// Returns the word that is printed: `yes`, `no` or `unknown`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// What the inventory says a guest is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunState {
    /// On and executing.
    Running,
    /// Held in memory, not executing.
    Paused,
    /// Held in memory by its own power management.
    Suspended,
    /// Written to disk.
    Hibernated,
    /// Off.
    PoweredOff,
    /// Stopped by a fault.
    Crashed,
    /// On its way between two hosts.
    Migrating,
    /// Being made; not expected to be complete.
    Provisioning,
    /// The inventory does not say, or says it in a word that nobody mapped.
    #[default]
    Unknown,
}

impl RunState {
    /// Every state, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Running,
        Self::Paused,
        Self::Suspended,
        Self::Hibernated,
        Self::PoweredOff,
        Self::Crashed,
        Self::Migrating,
        Self::Provisioning,
        Self::Unknown,
    ];

    /// Returns whether a guest in this state should be heard.
    ///
    /// A migrating guest talks from either host or, during a cold migration, not at all; one that is being
    /// made may do either.
    pub const fn should_communicate(self) -> Expectation {
        match self {
            Self::Running => Expectation::Yes,
            Self::Paused | Self::Suspended | Self::Hibernated | Self::PoweredOff | Self::Crashed => {
                Expectation::No
            }
            Self::Migrating | Self::Provisioning | Self::Unknown => Expectation::Unknown,
        }
    }

    /// Returns the word that inventories and output use: `powered-off`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Suspended => "suspended",
            Self::Hibernated => "hibernated",
            Self::PoweredOff => "powered-off",
            Self::Crashed => "crashed",
            Self::Migrating => "migrating",
            Self::Provisioning => "provisioning",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a source's own word; `None` where no table has it.
    ///
    /// Case, spaces, hyphens and underscores do not count: `Powered Off`, `poweredOff` and `powered-off`
    /// are one word. Where two products share a word they mean the same by it.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = squeeze(word);
        RUN_STATE_WORDS.iter().find_map(|(known, state)| (*known == word).then_some(*state))
    }
}

/// Words for run states, squeezed.
const RUN_STATE_WORDS: &[(&str, RunState)] = &[
    // Our own; several products use the same.
    ("running", RunState::Running),
    ("paused", RunState::Paused),
    ("suspended", RunState::Suspended),
    ("hibernated", RunState::Hibernated),
    ("poweredoff", RunState::PoweredOff),
    ("crashed", RunState::Crashed),
    ("migrating", RunState::Migrating),
    ("provisioning", RunState::Provisioning),
    ("unknown", RunState::Unknown),
    // libvirt: virDomainState as `virsh` prints it. A domain in shutdown still runs.
    ("nostate", RunState::Unknown),
    ("idle", RunState::Running),
    ("blocked", RunState::Running),
    ("inshutdown", RunState::Running),
    ("shutoff", RunState::PoweredOff),
    ("pmsuspended", RunState::Suspended),
    ("dying", RunState::Unknown),
    // VMware: VirtualMachinePowerState and GuestState, and the words of its consoles.
    ("poweredon", RunState::Running),
    ("notrunning", RunState::PoweredOff),
    ("shuttingdown", RunState::Running),
    ("resetting", RunState::Running),
    ("standby", RunState::Suspended),
    // Proxmox: status of its resources, and QEMU's RunState, which it hands through.
    ("stopped", RunState::PoweredOff),
    ("shutdown", RunState::PoweredOff),
    ("prelaunch", RunState::Provisioning),
    ("inmigrate", RunState::Migrating),
    ("postmigrate", RunState::Migrating),
    ("finishmigrate", RunState::Migrating),
    ("savevm", RunState::Paused),
    ("restorevm", RunState::Paused),
    ("debug", RunState::Paused),
    ("ioerror", RunState::Crashed),
    ("internalerror", RunState::Crashed),
    ("guestpanicked", RunState::Crashed),
    ("watchdog", RunState::Crashed),
    // NetBox: status of a virtual machine. What is being decommissioned may be on or off.
    ("active", RunState::Running),
    ("offline", RunState::PoweredOff),
    ("planned", RunState::Provisioning),
    ("staged", RunState::Provisioning),
    ("failed", RunState::Crashed),
    ("decommissioning", RunState::Unknown),
    // Spreadsheets.
    ("on", RunState::Running),
    ("up", RunState::Running),
    ("off", RunState::PoweredOff),
    ("down", RunState::PoweredOff),
];

/// What the inventory says of a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostState {
    /// Carries guests; the default where the inventory does not say.
    #[default]
    InService,
    /// Is being worked on.
    Maintenance,
    /// Is out of order.
    Failed,
    /// Said in a word that nobody mapped.
    Unknown,
}

impl HostState {
    /// Returns the word that inventories and output use: `in-service`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InService => "in-service",
            Self::Maintenance => "maintenance",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Reads a source's own word, as [`RunState::from_word`] does.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match squeeze(word).as_str() {
            "inservice" | "active" | "connected" | "online" | "up" | "running" | "enabled" => Self::InService,
            "maintenance" | "inmaintenance" | "maintenancemode" | "disabled" => Self::Maintenance,
            "failed" | "offline" | "down" | "disconnected" | "notresponding" | "error" => Self::Failed,
            "unknown" | "planned" | "staged" | "inventory" | "decommissioning" => Self::Unknown,
            _ => return None,
        })
    }
}

/// Drops what does not tell words apart: case, spaces, hyphens, underscores.
fn squeeze(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, ' ' | '-' | '_' | '\t')).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_words_of_each_product() {
        let check = |word: &str, state| assert_eq!(RunState::from_word(word), Some(state), "{word}");
        check("shut off", RunState::PoweredOff);
        check("in shutdown", RunState::Running);
        check("pmsuspended", RunState::Suspended);
        check("poweredOn", RunState::Running);
        check("Powered Off", RunState::PoweredOff);
        check("stopped", RunState::PoweredOff);
        check("io-error", RunState::Crashed);
        check("active", RunState::Running);
        check("decommissioning", RunState::Unknown);
        assert_eq!(RunState::from_word("sulking"), None);
        assert_eq!(HostState::from_word("inMaintenance"), Some(HostState::Maintenance));
        assert_eq!(HostState::from_word("sulking"), None);
    }

    #[test]
    fn every_state_reads_its_own_word() {
        for state in RunState::ALL {
            assert_eq!(RunState::from_word(state.as_str()), Some(state));
        }
        for state in [HostState::InService, HostState::Maintenance, HostState::Failed, HostState::Unknown] {
            assert_eq!(HostState::from_word(state.as_str()), Some(state));
        }
    }

    #[test]
    fn no_word_stands_twice_in_the_table() {
        let mut words: Vec<_> = RUN_STATE_WORDS.iter().map(|(word, _)| *word).collect();
        words.sort_unstable();
        let count = words.len();
        words.dedup();
        assert_eq!(words.len(), count);
        assert!(RUN_STATE_WORDS.iter().all(|(word, _)| squeeze(word) == *word));
    }
}
