use super::member::{MemberId, MemberKind};
use super::network::Streams;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Read.
    Viewer,
    /// Speak in its own name.
    Member,
    /// Acknowledge, flag and resolve, and ask members for what does no harm.
    Operator,
    /// Everything.
    Administrator,
}

impl Role {
    /// All roles, the one that may least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Operator, Self::Administrator];

    /// Returns the word that configuration and output use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }

    /// Returns the role that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == word)
    }
}

/// What a person may do, and below which member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authority {
    pub(super) role: Role,
    pub(super) scope: MemberId,
}

impl Streams {
    /// Tells whether somebody has a role for a member: a person by its authority over the member or one above it, any other
    /// member for itself only, as [`Role::Member`].
    pub fn is_allowed(&self, by: MemberId, role: Role, target: MemberId) -> bool {
        match self.people.get(&by) {
            Some(authority) => authority.role >= role && self.members.covers(authority.scope, target),
            None => {
                let is_active = self.members.get(by).is_some_and(|member| {
                    member.is_active() && member.is_present() && member.kind != MemberKind::Person
                });
                is_active && role <= Role::Member && by == target
            }
        }
    }

    /// Returns what a person may do; `None` of who is no person.
    pub fn role(&self, of: MemberId) -> Option<Role> {
        self.people.get(&of).map(|authority| authority.role)
    }
}
