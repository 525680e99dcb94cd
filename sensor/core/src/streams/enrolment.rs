//! How an agent becomes known: with its MAC address or UUID and a secret for the first time, then with its own token.
//!
//! Only digests are kept. Random octets come from outside, for the core makes none.

use core::fmt;
use std::collections::BTreeMap;

use super::acts::{Receipt, Refusal};
use super::authority::Role;
use super::member::{MemberId, MemberKind};
use super::network::Streams;
use super::post::Digest;
use crate::recorded::Uuid;
use crate::types::{MacAddr, Timestamp};

/// What an agent calls itself before it knows its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserName {
    /// A MAC address of its guest or host.
    Mac(MacAddr),
    /// The UUID of its guest.
    Uuid(Uuid),
}

/// A token, which is told once. It is never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token(pub [u8; 32]);

impl Token {
    /// Returns the text that an agent shows from then on: 64 hexadecimal digits.
    fn text(&self) -> String {
        self.0.iter().fold(String::with_capacity(64), |mut text, octet| {
            for digit in [octet >> 4, octet & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
            text
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// A private message that must not be kept: it tells a token. It is handed over once and not among the
/// [`Messages`](super::Messages).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// To whom.
    pub to: MemberId,
    /// What: the permanent id and the token.
    pub text: WelcomeText,
}

/// The text of a [`Welcome`]. It is never printed in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct WelcomeText(pub Box<str>);

impl fmt::Debug for WelcomeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WelcomeText")
    }
}

/// What is known of agents: digests of first-time secrets and of tokens.
///
/// # Bounds
/// One of each for a member at most.
#[derive(Debug, Default)]
pub(super) struct Agents {
    secrets: BTreeMap<MemberId, Digest>,
    tokens: BTreeMap<Digest, MemberId>,
    digests: BTreeMap<MemberId, Digest>,
}

impl Agents {
    fn set_token(&mut self, member: MemberId, token: Digest) {
        if let Some(former) = self.digests.insert(member, token) {
            self.tokens.remove(&former);
        }
        self.tokens.insert(token, member);
    }

    pub(super) fn forget(&mut self, member: MemberId) {
        self.secrets.remove(&member);
        if let Some(former) = self.digests.remove(&member) {
            self.tokens.remove(&former);
        }
    }
}

impl Streams {
    /// Returns the member that an agent's token is of; `digest` is SHA-256 of the token's 32 octets.
    pub fn member_of_token(&self, digest: Digest) -> Option<MemberId> {
        let member = self.agents.tokens.get(&digest).copied();
        member.filter(|&id| self.members.get(id).is_some_and(super::Member::is_present))
    }

    /// Lets an administrator set the secret by which a member's agent logs in the first time.
    pub(super) fn invite(
        &mut self,
        by: MemberId,
        member: MemberId,
        secret: Digest,
    ) -> Result<Receipt, Refusal> {
        let known = self.members.get(member).ok_or(Refusal::UnknownMember)?;
        if !known.kind.is_active() || !known.is_present() || !self.is_allowed(by, Role::Administrator, member)
        {
            return Err(Refusal::NotAllowed);
        }
        self.agents.secrets.insert(member, secret);
        Ok(Receipt::Done)
    }

    /// Lets an agent log in the first time: its secret is used up, and it is told its id and `token`, of which `digest`
    /// is kept. Which part was wrong is not said.
    pub(super) fn enrol(
        &mut self,
        user: UserName,
        secret: Digest,
        token: Token,
        digest: Digest,
        now: Timestamp,
    ) -> Result<Receipt, Refusal> {
        let member = self.user(user).ok_or(Refusal::NotAllowed)?;
        if self.agents.secrets.get(&member) != Some(&secret) {
            self.counters.enrolments_refused += 1;
            return Err(Refusal::NotAllowed);
        }
        self.agents.secrets.remove(&member);
        self.agents.set_token(member, digest);
        self.members.hear(member);
        let text = format!(
            "Welcome, {}. Your member id is {member}, your token {}. Use these from now on.",
            self.members.describe(member),
            token.text()
        );
        self.welcomes.push_back(Welcome { to: member, text: WelcomeText(text.into()) });
        let told = "Your member id and token were told to your agent.";
        self.send(self.sensor, member, told, None, now);
        Ok(Receipt::Member(member))
    }

    /// Returns the member with a user name.
    pub fn user(&self, user: UserName) -> Option<MemberId> {
        match user {
            UserName::Mac(mac) => {
                let guest = self.snapshot.guest_by_mac(mac).and_then(|at| self.snapshot.guest(at));
                let host = || self.snapshot.host_by_mac(mac).and_then(|at| self.snapshot.host(at));
                guest
                    .and_then(|guest| self.members.find(MemberKind::Guest, &guest.id))
                    .or_else(|| self.members.find(MemberKind::Host, &host()?.id))
                    .or_else(|| self.members.find(MemberKind::Station, &mac.to_string()))
            }
            UserName::Uuid(uuid) => {
                let guest = self.snapshot.guests().iter().find(|guest| guest.uuid == Some(uuid))?;
                self.members.find(MemberKind::Guest, &guest.id)
            }
        }
    }
}
