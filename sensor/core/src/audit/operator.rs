use crate::types::Timestamp;

/// What an operator does about a discrepancy or a station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorAction {
    /// Who.
    pub who: Box<str>,
    /// What.
    pub word: OperatorWord,
    /// About what: the key or the id of a discrepancy; to accept or reject, a station as well.
    pub target: Box<str>,
    /// Until when, for muting; none for good.
    pub until: Option<Timestamp>,
}

/// The words for what operators do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorWord {
    /// Knows of it and looks after it.
    Acknowledge,
    /// Says that it is real.
    Confirm,
    /// Does not want to hear of it.
    Mute,
    /// Wants to hear of it again.
    Unmute,
    /// Says that it is over; if it is not, it opens again after a grace.
    Resolve,
    /// Takes a station for known, or an inventory that shrank for right.
    Accept,
    /// Does not take a station for known, though it was learned.
    Reject,
}

impl OperatorWord {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Acknowledge,
        Self::Confirm,
        Self::Mute,
        Self::Unmute,
        Self::Resolve,
        Self::Accept,
        Self::Reject,
    ];

    /// Returns the word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Confirm => "confirm",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::Resolve => "resolve",
            Self::Accept => "accept",
            Self::Reject => "reject",
        }
    }

    /// Returns what a word means.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}
