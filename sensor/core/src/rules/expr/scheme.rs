use super::value::Type;
use crate::audit::{Kind, Severity};
use crate::recorded::RunState;

/// A field that expressions may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of fields says what each is")]
pub enum Field {
    Id,
    Key,
    Kind,
    Severity,
    State,
    Subject,
    Recorded,
    Observed,
    Explanation,
    Reports,
    Evidence,
    Episodes,
    Since,
    OpenedAt,
    LastSeenAt,
    Path,
    GuestId,
    GuestName,
    GuestHost,
    GuestMacs,
    GuestAddresses,
    GuestRunState,
    GuestStateSince,
    GuestOwner,
    GuestTags,
    GuestGroups,
    GuestCreated,
    GuestExpires,
    HostId,
    HostName,
    HostState,
    HostSite,
    HostGuests,
    ObservedHost,
    ObservedHosts,
    Planned,
    PlannedReferences,
    PlannedUntil,
    OpenOfKind,
    RunsOfRule,
    Storm,
    RunId,
    Rule,
    RunStartedAt,
    RunError,
    Now,
}

/// What a field is.
#[derive(Clone, Copy, Debug)]
pub struct FieldInfo {
    /// Which.
    pub field: Field,
    /// How an expression names it.
    pub path: &'static str,
    /// What it holds.
    pub holds: Type,
    /// What it means, in a few words.
    pub doc: &'static str,
}

const fn field(field: Field, path: &'static str, holds: Type, doc: &'static str) -> FieldInfo {
    FieldInfo { field, path, holds, doc }
}

/// Every field, in the order of the documentation.
pub const FIELDS: &[FieldInfo] = &[
    field(Field::Id, "discrepancy.id", Type::Text, "its short stable name"),
    field(Field::Key, "discrepancy.key", Type::Text, "kind and subject: zombie-guest:web-01"),
    field(Field::Kind, "discrepancy.kind", Type::Text, "what it is"),
    field(Field::Severity, "discrepancy.severity", Type::Text, "critical, major or minor"),
    field(Field::State, "discrepancy.state", Type::Text, "where in its life it is"),
    field(Field::Subject, "discrepancy.subject", Type::Text, "whom it is about"),
    field(Field::Recorded, "discrepancy.recorded", Type::Text, "what the inventories say"),
    field(Field::Observed, "discrepancy.observed", Type::Text, "what the wire says"),
    field(Field::Explanation, "discrepancy.explanation", Type::Text, "the difference in one sentence"),
    field(Field::Reports, "discrepancy.reports", Type::Int, "how often it was reported since the run began"),
    field(Field::Evidence, "discrepancy.evidence", Type::Int, "pieces of evidence"),
    field(Field::Episodes, "discrepancy.episodes", Type::Int, "how often it was opened"),
    field(Field::Since, "discrepancy.since", Type::Time, "from when on the evidence sufficed"),
    field(Field::OpenedAt, "discrepancy.opened_at", Type::Time, "when it was opened"),
    field(Field::LastSeenAt, "discrepancy.last_seen_at", Type::Time, "when its evidence was last renewed"),
    field(
        Field::Path,
        "discrepancy.path",
        Type::Texts,
        "where its subject stands in the hierarchy, the root first",
    ),
    field(Field::GuestId, "guest.id", Type::Text, "the id of the recorded guest that it is about"),
    field(Field::GuestName, "guest.name", Type::Text, "its name"),
    field(Field::GuestHost, "guest.host", Type::Text, "the id of the host that it is recorded on"),
    field(Field::GuestMacs, "guest.macs", Type::Texts, "its MAC addresses"),
    field(Field::GuestAddresses, "guest.addresses", Type::Texts, "its expected IP addresses"),
    field(Field::GuestRunState, "guest.run_state", Type::Text, "what it is recorded as doing"),
    field(Field::GuestStateSince, "guest.state_since", Type::Time, "since when"),
    field(Field::GuestOwner, "guest.owner", Type::Text, "who owns it"),
    field(Field::GuestTags, "guest.tags", Type::Texts, "its application tags"),
    field(Field::GuestGroups, "guest.groups", Type::Texts, "its groups"),
    field(Field::GuestCreated, "guest.created", Type::Time, "when it was made"),
    field(Field::GuestExpires, "guest.expires", Type::Time, "when its lifetime ends"),
    field(Field::HostId, "host.id", Type::Text, "the id of the host that the guest is recorded on"),
    field(Field::HostName, "host.name", Type::Text, "its name"),
    field(Field::HostState, "host.state", Type::Text, "in-service, maintenance, failed or unknown"),
    field(Field::HostSite, "host.site", Type::Text, "its site"),
    field(Field::HostGuests, "host.guests", Type::Int, "how many guests are recorded on it"),
    field(
        Field::ObservedHost,
        "observed.host",
        Type::Text,
        "the host that the wire puts the guest on, of several one that is not the recorded",
    ),
    field(Field::ObservedHosts, "observed.hosts", Type::Texts, "all hosts at which the evidence puts it"),
    field(Field::Planned, "schedule.planned", Type::Bool, "whether scheduled work touches the subject now"),
    field(Field::PlannedReferences, "schedule.references", Type::Texts, "the reference numbers of that work"),
    field(Field::PlannedUntil, "schedule.until", Type::Time, "when the last of it ends"),
    field(Field::OpenOfKind, "counters.open", Type::Int, "open discrepancies of this kind"),
    field(Field::RunsOfRule, "counters.runs", Type::Int, "runs of this workflow under way"),
    field(Field::Storm, "counters.storm", Type::Bool, "whether the storm breaker of this kind is open"),
    field(Field::RunId, "run.id", Type::Text, "the run's name"),
    field(Field::Rule, "run.rule", Type::Text, "the workflow's id"),
    field(Field::RunStartedAt, "run.started_at", Type::Time, "when the run began"),
    field(Field::RunError, "run.error", Type::Text, "what went wrong in the last step that failed"),
    field(Field::Now, "now", Type::Time, "the time"),
];

const KINDS: [&str; Kind::ALL.len()] = {
    let mut words = [""; Kind::ALL.len()];
    let mut index = 0;
    while index < words.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, bounded by the loop")]
        {
            words[index] = Kind::ALL[index].as_str();
        }
        index += 1;
    }
    words
};

const RUN_STATES: [&str; RunState::ALL.len()] = {
    let mut words = [""; RunState::ALL.len()];
    let mut index = 0;
    while index < words.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, bounded by the loop")]
        {
            words[index] = RunState::ALL[index].as_str();
        }
        index += 1;
    }
    words
};

impl Field {
    /// Returns the field that a path names.
    pub fn from_path(path: &str) -> Option<Self> {
        FIELDS.iter().find(|info| info.path == path).map(|info| info.field)
    }

    /// Returns what it is.
    pub fn info(self) -> FieldInfo {
        let found = FIELDS.get(self as usize).filter(|info| info.field == self);
        // A test holds the table against the fields.
        found.copied().unwrap_or(FieldInfo { field: self, path: "", holds: Type::Text, doc: "" })
    }
}

impl FieldInfo {
    /// Returns the words that it may be, where these are few.
    pub fn words(&self) -> Option<&'static [&'static str]> {
        const SEVERITIES: [&str; 3] =
            [Severity::Critical.as_str(), Severity::Major.as_str(), Severity::Minor.as_str()];
        match self.field {
            Field::Kind => Some(&KINDS),
            Field::Severity => Some(&SEVERITIES),
            Field::GuestRunState => Some(&RUN_STATES),
            Field::HostState => Some(&["in-service", "maintenance", "failed", "unknown"]),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_at_its_place_in_the_table() {
        for (index, info) in FIELDS.iter().enumerate() {
            assert_eq!(info.field as usize, index, "{}", info.path);
            assert_eq!(Field::from_path(info.path), Some(info.field));
        }
        assert_eq!(Field::Now as usize + 1, FIELDS.len());
    }
}
