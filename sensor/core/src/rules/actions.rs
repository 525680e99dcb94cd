//! The table of what a step may ask of the world: the words, their parameters, and which of them may do harm.

use core::time::Duration;

use super::template::Template;

/// What a step asks of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Posts in a stream.
    Post,
    /// Likes the open post of the same title, or posts.
    Like,
    /// Writes to a member privately.
    Message,
    /// Opens, updates or closes an incident.
    Ticket,
    /// Sends a mail.
    Mail,
    /// Tells another system.
    Notify,
    /// Runs a program.
    Script,
    /// Turns a guest off or on, suspends, resumes or resets it.
    Power,
    /// Moves a guest to another host.
    Migrate,
    /// Puts a host into maintenance or takes it out.
    SetMaintenance,
    /// Writes what was observed into an inventory.
    UpdateRecord,
    /// Asks a switch or a hypervisor whether the discrepancy stands.
    Recheck,
}

/// What an effect may do to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Harm {
    /// It speaks.
    None,
    /// It changes a record.
    Writes,
    /// It disturbs a guest or a host.
    Disturbs,
    /// It stops a guest.
    Stops,
}

impl Harm {
    /// Returns the word that output uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Writes => "writes",
            Self::Disturbs => "disturbs",
            Self::Stops => "stops",
        }
    }
}

/// A parameter of an action.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its key.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// What holds where it is not given; `None` where it must be.
    pub default: Option<&'static str>,
    /// What it means, in a few words.
    pub doc: &'static str,
}

/// What a parameter holds.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// A template.
    Text,
    /// Templates.
    Texts,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A length of time.
    Duration,
    /// Names with templates.
    Fields,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A template.
    Text(Template),
    /// Templates.
    Texts(Vec<Template>),
    /// A word.
    Word(&'static str),
    /// A length of time.
    Duration(Duration),
    /// Names with templates.
    Fields(Vec<(Box<str>, Template)>),
}

/// An action with its parameters.
#[derive(Clone, Copy, Debug)]
pub struct ActionInfo {
    /// Which.
    pub action: Action,
    /// The key of its step.
    pub word: &'static str,
    /// What it does, in a few words.
    pub doc: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
}

const fn text(name: &'static str, default: Option<&'static str>, doc: &'static str) -> Parameter {
    Parameter { name, holds: Holds::Text, default, doc }
}

const fn texts(name: &'static str, default: Option<&'static str>, doc: &'static str) -> Parameter {
    Parameter { name, holds: Holds::Texts, default, doc }
}

const fn word(
    name: &'static str,
    words: &'static [&'static str],
    default: Option<&'static str>,
    doc: &'static str,
) -> Parameter {
    Parameter { name, holds: Holds::Word(words), default, doc }
}

const TITLE: Parameter =
    text("title", Some("{{discrepancy.kind}}"), "one line; equal troubles have equal titles");
const BODY: Parameter = text("body", Some("{{discrepancy.explanation}}"), "what happened");
const WHICH: Parameter = word(
    "which",
    &["observed-host", "recorded-host", "not-recorded-host", "newer", "both"],
    Some("observed-host"),
    "on which host; of a duplicate: the copy that is not on the recorded host, the newer one, or both",
);

/// Every action, in the order of the documentation.
pub const ACTIONS: &[ActionInfo] = &[
    ActionInfo {
        action: Action::Post,
        word: "post",
        doc: "posts in a stream",
        parameters: &[
            text("stream", Some("administrators"), "the stream"),
            TITLE,
            BODY,
            texts("tags", Some(""), "hashtags"),
        ],
    },
    ActionInfo {
        action: Action::Like,
        word: "like",
        doc: "likes the open post of that title in the stream; posts where there is none",
        parameters: &[text("stream", Some("administrators"), "the stream"), TITLE],
    },
    ActionInfo {
        action: Action::Message,
        word: "message",
        doc: "writes to a member privately",
        parameters: &[text("to", None, "the member"), BODY],
    },
    ActionInfo {
        action: Action::Ticket,
        word: "ticket",
        doc: "opens, updates or closes an incident, one for each discrepancy",
        parameters: &[
            word("do", &["open", "update", "close"], Some("open"), "what"),
            text("system", Some("default"), "the configured system"),
            text("title", Some("{{discrepancy.kind}} {{discrepancy.subject}}"), "its title"),
            BODY,
        ],
    },
    ActionInfo {
        action: Action::Mail,
        word: "mail",
        doc: "sends a mail; those about one discrepancy are one thread",
        parameters: &[
            texts("to", None, "the addresses"),
            text("subject", Some("{{discrepancy.kind}} {{discrepancy.subject}}"), "the subject"),
            BODY,
        ],
    },
    ActionInfo {
        action: Action::Notify,
        word: "notify",
        doc: "tells another system",
        parameters: &[
            word(
                "via",
                &["webhook", "slack", "teams", "pagerduty", "syslog", "nats", "amqp"],
                None,
                "in which shape",
            ),
            text("target", Some("default"), "the configured target"),
            text("title", Some("{{discrepancy.kind}} {{discrepancy.subject}}"), "one line"),
            BODY,
        ],
    },
    ActionInfo {
        action: Action::Script,
        word: "script",
        doc: "runs a program with the discrepancy as JSON on its standard input",
        parameters: &[
            text("program", None, "its absolute path"),
            texts("arguments", Some(""), "its arguments; no shell reads them"),
            word("harmless", &["no", "yes"], Some("no"), "whether it changes nothing"),
        ],
    },
    ActionInfo {
        action: Action::Power,
        word: "power",
        doc: "asks a guest's hypervisor",
        parameters: &[
            word("do", &["off", "on", "suspend", "resume", "reset"], None, "what"),
            WHICH,
            Parameter {
                name: "graceful",
                holds: Holds::Duration,
                default: Some("60s"),
                doc: "how long the guest may take before it is forced",
            },
        ],
    },
    ActionInfo {
        action: Action::Migrate,
        word: "migrate",
        doc: "moves a guest to another host",
        parameters: &[text("to", Some(""), "the host; the hypervisors' choice where it is not given")],
    },
    ActionInfo {
        action: Action::SetMaintenance,
        word: "set-maintenance",
        doc: "puts a host into maintenance or takes it out",
        parameters: &[
            text("host", Some("{{host.id}}"), "the host"),
            word("do", &["in", "out"], None, "in or out"),
        ],
    },
    ActionInfo {
        action: Action::UpdateRecord,
        word: "update-record",
        doc: "writes what was observed into an inventory that allows it",
        parameters: &[
            text("source", Some("default"), "the configured inventory"),
            Parameter {
                name: "set",
                holds: Holds::Fields,
                default: None,
                doc: "fields with their new values",
            },
        ],
    },
];

impl Action {
    /// Returns the key of its step.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recheck => "recheck",
            other => ACTIONS.iter().find(|info| info.action == other).map_or("", |info| info.word),
        }
    }

    /// Returns what it may do to others, with these arguments.
    pub fn harm(self, arguments: &[(&'static str, Argument)]) -> Harm {
        let is = |name: &str, word: &str| {
            arguments.iter().any(|(known, value)| {
                *known == name && matches!(value, Argument::Word(found) if *found == word)
            })
        };
        match self {
            Self::Power if is("do", "on") || is("do", "resume") => Harm::Disturbs,
            Self::Power => Harm::Stops,
            Self::Script if is("harmless", "yes") => Harm::None,
            Self::Script | Self::Migrate => Harm::Disturbs,
            Self::SetMaintenance if is("do", "out") => Harm::None,
            Self::SetMaintenance => Harm::Disturbs,
            Self::UpdateRecord => Harm::Writes,
            Self::Post
            | Self::Like
            | Self::Message
            | Self::Ticket
            | Self::Mail
            | Self::Notify
            | Self::Recheck => Harm::None,
        }
    }
}
