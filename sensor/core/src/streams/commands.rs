//! Commands by message: `@member do …`. They end here as requests, which a workflow decides and performs.

use core::fmt;

use super::authority::Role;
use super::event::Change;
use super::member::{MemberId, MemberKind};
use super::messages::{InReplyTo, MessageId};
use super::network::Streams;
use super::post::PostId;
use crate::types::Timestamp;

/// The number of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    /// Makes an id of its number, as somebody outside names it.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    pub const fn number(self) -> u64 {
        self.0
    }

    pub(super) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Prints `r17`.
impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

/// What a member may be asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Stop working.
    ShutDown,
    /// Start working.
    PowerOn,
    /// Say which processes take most.
    ReportProcesses,
    /// Watch something and report it.
    Monitor(Box<str>),
    /// Run a query that has a name.
    Query(Box<str>),
}

impl Command {
    /// Reads what stands behind `do`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let named = || (!rest.is_empty()).then(|| rest.into());
        match word {
            "shut-down" if rest.is_empty() => Some(Self::ShutDown),
            "power-on" if rest.is_empty() => Some(Self::PowerOn),
            "report-processes" if rest.is_empty() => Some(Self::ReportProcesses),
            "monitor" => named().map(Self::Monitor),
            "query" => named().map(Self::Query),
            _ => None,
        }
    }

    /// Returns the word of the command.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ShutDown => "shut-down",
            Self::PowerOn => "power-on",
            Self::ReportProcesses => "report-processes",
            Self::Monitor(_) => "monitor",
            Self::Query(_) => "query",
        }
    }

    /// Returns who may ask for it.
    pub const fn asks_for(&self) -> Role {
        match self {
            Self::ShutDown | Self::PowerOn => Role::Administrator,
            Self::ReportProcesses | Self::Monitor(_) | Self::Query(_) => Role::Operator,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Monitor(what) | Self::Query(what) => write!(f, "{} {what}", self.as_str()),
            _ => f.write_str(self.as_str()),
        }
    }
}

/// That a member be asked to do something: it was authorised, and a workflow with all its safeguards decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its number, by which the answer comes back.
    pub id: RequestId,
    /// Who asks.
    pub by: MemberId,
    /// Whom.
    pub target: MemberId,
    /// For what.
    pub command: Command,
    /// Where the answer goes.
    pub answer_to: AnswerTo,
}

/// Where the answer to a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerTo {
    /// Into a comment on a post.
    Post(PostId),
    /// Into a private reply.
    Message(MessageId),
    /// Nowhere: the network itself asked.
    Nobody,
}

impl Streams {
    /// Looks for a command at the beginning of what somebody wrote, in a post or comment or in a private message to its
    /// target; asks for it, or answers why not.
    pub(super) fn command_in(
        &mut self,
        by: MemberId,
        text: &str,
        post: Option<PostId>,
        message: Option<(MessageId, MemberId)>,
        now: Timestamp,
    ) {
        let Some((name, command)) = split_command(text) else { return };
        let answer_to = match (post, message) {
            (Some(post), _) => AnswerTo::Post(post),
            (None, Some((message, _))) => AnswerTo::Message(message),
            (None, None) => return,
        };
        let target = match name {
            Some(name) => self.named(name),
            None => message.map(|(_, to)| to),
        };
        let refused = match (target, Command::parse(command)) {
            (None, _) if name.is_none() => return,
            (None, _) => Some("no member has that name, or several have".to_owned()),
            (Some(_), None) if name.is_none() => return,
            (Some(_), None) => Some(
                "no such command (there are shut-down, power-on, report-processes, monitor WHAT and query NAME)"
                    .to_owned(),
            ),
            (Some(target), Some(command)) => self.request(by, target, command, answer_to, now).err(),
        };
        if let Some(why) = refused {
            self.counters.commands_refused += 1;
            self.reply(by, answer_to, &format!("Not done: {why}."), now);
        }
    }

    /// Asks for something, if whoever asks may.
    fn request(
        &mut self,
        by: MemberId,
        target: MemberId,
        command: Command,
        answer_to: AnswerTo,
        now: Timestamp,
    ) -> Result<(), String> {
        let role = command.asks_for();
        if !self.people.contains_key(&by) || !self.is_allowed(by, role, target) {
            return Err(format!(
                "that takes the role {} for {}",
                role.as_str(),
                self.members.describe(target)
            ));
        }
        self.ask(by, target, command, answer_to, now).ok_or_else(|| "too many requests wait".to_owned())?;
        Ok(())
    }

    /// Asks for something.
    pub(super) fn ask(
        &mut self,
        by: MemberId,
        target: MemberId,
        command: Command,
        answer_to: AnswerTo,
        now: Timestamp,
    ) -> Option<RequestId> {
        if self.requests.len() >= self.limits.requests_max as usize {
            self.counters.requests_refused += 1;
            return None;
        }
        let id = self.next_request;
        self.next_request = id.next();
        let request = Request { id, by, target, command, answer_to };
        self.requests.insert(id, request.clone());
        self.tell(now, Change::Requested(request));
        Some(id)
    }

    /// Takes in what became of a request; tells whether it was waited for.
    pub(super) fn answer(&mut self, id: RequestId, text: &str, now: Timestamp) -> bool {
        let Some(request) = self.requests.remove(&id) else { return false };
        self.reply(request.target, request.answer_to, text, now);
        true
    }

    fn reply(&mut self, by: MemberId, to: AnswerTo, text: &str, now: Timestamp) {
        match to {
            AnswerTo::Post(post) => {
                let speaker = if self.people.contains_key(&by) { self.sensor } else { by };
                self.say(post, speaker, text, now);
            }
            AnswerTo::Message(id) => {
                let Some(message) = self.messages.get(id, by) else { return };
                let (asker, target) = (message.from, message.to);
                self.send(target, asker, text, Some(InReplyTo::Message(id)), now);
            }
            AnswerTo::Nobody => {}
        }
    }

    /// Returns the one active member with a name.
    fn named(&self, name: &str) -> Option<MemberId> {
        let mut found = MemberKind::ALL.into_iter().filter_map(|kind| self.members.find(kind, name));
        let present = |id: &MemberId| {
            self.members.get(*id).is_some_and(|member| member.is_active() && member.is_present())
        };
        let first = found.find(present)?;
        found.all(|id| !present(&id)).then_some(first)
    }
}

/// Splits `@web-01 do shut-down` into name and command; `do shut-down`, as it may stand in a private message, has no name.
fn split_command(text: &str) -> Option<(Option<&str>, &str)> {
    let line = text.lines().next()?.trim();
    let (name, rest) = match line.strip_prefix('@') {
        Some(rest) => {
            let (name, rest) = rest.split_once(char::is_whitespace)?;
            (Some(name), rest.trim_start())
        }
        None => (None, line),
    };
    let command = rest.strip_prefix("do")?;
    command.starts_with(char::is_whitespace).then(|| (name, command.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_at_the_beginning() {
        assert_eq!(split_command("@web-01 do shut-down"), Some((Some("web-01"), "shut-down")));
        assert_eq!(split_command("do monitor disk"), Some((None, "monitor disk")));
        for text in ["", "@web-01", "@web-01 dont", "please @web-01 do shut-down", "doing", "@web-01 done"] {
            assert_eq!(split_command(text), None, "{text}");
        }
        assert_eq!(Command::parse("monitor  disk sda"), Some(Command::Monitor("disk sda".into())));
        for text in ["", "monitor", "query", "shut-down now", "rm -rf /", "script x"] {
            assert_eq!(Command::parse(text), None, "{text}");
        }
    }
}
