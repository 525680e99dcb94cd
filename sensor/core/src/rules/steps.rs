//! Steps: nodes to tasks, held against the tables.

use core::time::Duration;

use super::STEPS_MAX;
use super::actions::{ACTIONS, ActionInfo, Argument, Harm, Holds, Parameter};
use super::diagnostic::Faults;
use super::expr::{Checked, Names, Type, compile};
use super::fields::{Fields, count_of, duration_of, text_of, texts_of, word_of};
use super::node::{Content, Entry, Node, Origin};
use super::rule::{Control, Else, IfPlanned, Look, Mode, OnError, Retry, Step, Task, WaitedFor};
use super::template::Template;
use crate::recorded::nearest;

/// The keys that any step may have beside its own.
const COMMON: [&str; 6] = ["if", "mode", "retry", "timeout", "on-error", "compensate"];
/// The steps that decide or wait.
const CONTROLS: [&str; 9] =
    ["check-schedule", "wait", "wait-for", "ignore-first", "recheck", "approve", "set", "end", "call"];

/// What is known while the steps of one rule are read.
pub(super) struct Reader<'a, 'f> {
    pub(super) rule_mode: Mode,
    pub(super) names: Names,
    pub(super) variables: Vec<Box<str>>,
    /// The steps of compensations, which follow the rule's own.
    compensations: Vec<(usize, Vec<Step>)>,
    /// Where which rules are called.
    pub(super) calls: Vec<(String, Origin)>,
    count: usize,
    pub(super) faults: &'a mut Faults<'f>,
}

impl<'a, 'f> Reader<'a, 'f> {
    pub(super) fn new(rule_mode: Mode, faults: &'a mut Faults<'f>) -> Self {
        Self {
            rule_mode,
            names: Names::default(),
            variables: Vec::new(),
            compensations: Vec::new(),
            calls: Vec::new(),
            count: 0,
            faults,
        }
    }

    /// Reads the steps of a rule; those of its compensations follow. Returns how many are its own.
    pub(super) fn steps(&mut self, nodes: Vec<Node>) -> (Vec<Step>, u16) {
        let mut steps = self.list(nodes, true);
        let own = u16::try_from(steps.len()).unwrap_or(u16::MAX);
        for (index, compensation) in core::mem::take(&mut self.compensations) {
            let begin = u16::try_from(steps.len()).unwrap_or(u16::MAX);
            steps.extend(compensation);
            let end = u16::try_from(steps.len()).unwrap_or(u16::MAX);
            if let Some(step) = steps.get_mut(index) {
                step.on_error = OnError::Compensate(begin..end);
            }
        }
        (steps, own)
    }

    fn list(&mut self, nodes: Vec<Node>, may_compensate: bool) -> Vec<Step> {
        let mut steps = Vec::with_capacity(nodes.len().min(STEPS_MAX));
        for node in nodes {
            self.count += 1;
            if self.count == STEPS_MAX + 1 {
                let help = format!("at most {STEPS_MAX}, compensations among them: call another rule");
                self.faults.error("RC0424", node.at, "a rule of too many steps", help);
            }
            if self.count > STEPS_MAX {
                return steps;
            }
            steps.extend(self.step(node, steps.len(), may_compensate));
        }
        steps
    }

    fn step(&mut self, node: Node, index: usize, may_compensate: bool) -> Option<Step> {
        let at = node.at;
        let entries = match node.content {
            Content::Map(entries) => entries,
            // `- like` alone is a step whose parameters all have defaults.
            Content::Text(word) => vec![Entry { at, key: word, node: Node { at, content: Content::Null } }],
            other => {
                let message = format!("a step must be a key with its parameters, found {}", other.kind());
                self.faults.error("RC0003", at, message, "write - ticket: {title: ...}");
                return None;
            }
        };
        let (common, mut own): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| COMMON.contains(&entry.key.as_str()));
        let mut common =
            Fields::open(Node { at, content: Content::Map(common) }, "a step", &COMMON, self.faults)?;
        let condition = self.condition(&mut common, "if");
        let mode = self.mode(&mut common);
        let retry = self.retry(&mut common);
        let timeout = common
            .text("timeout", self.faults)
            .and_then(|(text, at)| duration_of(&text, at, "timeout", self.faults));
        let on_error = self.on_error(&mut common, index, may_compensate);
        if own.len() != 1 {
            let words: Vec<&str> = own.iter().map(|entry| entry.key.as_str()).collect();
            let message = match &words[..] {
                [] => "a step says nothing to do".to_owned(),
                words => format!("a step says several things to do: {}", words.join(", ")),
            };
            self.faults.error("RC0421", at, message, "give each step exactly one, behind a `-` of its own");
            return None;
        }
        let entry = own.pop()?;
        let task = self.task(entry)?;
        let harm = match &task {
            Task::Act { action, arguments } => action.harm(arguments),
            Task::Control(_) => Harm::None,
        };
        // Writing into an inventory waits for a yes unless the step itself says otherwise.
        let mode = mode.or_else(|| (harm == Harm::Writes).then_some(Mode::Approve));
        let timeout = timeout.unwrap_or(Duration::from_secs(60));
        Some(Step { task, condition, mode, retry, timeout, on_error, line: at.line })
    }

    pub(super) fn condition(&mut self, fields: &mut Fields, key: &str) -> Option<Checked> {
        let (text, at) = fields.text(key, self.faults)?;
        self.expression(&text, at, Some(Type::Bool), key)
    }

    fn expression(&mut self, text: &str, at: Origin, wanted: Option<Type>, key: &str) -> Option<Checked> {
        match compile(text, &self.names) {
            Ok(checked) if wanted.is_none_or(|wanted| checked.holds() == wanted) => Some(checked),
            Ok(checked) => {
                let message = format!("`{key}` must be true or false, not {}", checked.holds().as_str());
                self.faults.error(
                    "RC0414",
                    at,
                    message,
                    "compare it with something, as guest.name == \"web-01\"",
                );
                None
            }
            Err(faults) => {
                self.faults.expression(faults, at, text, 0);
                None
            }
        }
    }

    fn mode(&mut self, fields: &mut Fields) -> Option<Mode> {
        let (text, at) = fields.text("mode", self.faults)?;
        let words = Mode::ALL.map(Mode::as_str);
        let mode = word_of(&text, at, "mode", &words, self.faults).and_then(Mode::from_word)?;
        if mode < self.rule_mode {
            let message = format!(
                "a step's mode `{}` is laxer than its rule's `{}`",
                mode.as_str(),
                self.rule_mode.as_str()
            );
            self.faults.error(
                "RC0422",
                at,
                message,
                "change the mode of the rule, and make the other steps stricter",
            );
        }
        Some(mode)
    }

    fn retry(&mut self, fields: &mut Fields) -> Retry {
        let mut retry = Retry { count: 0, back_off: Duration::from_secs(10) };
        let Some(node) = fields.node("retry") else { return retry };
        if let Content::Text(text) = &node.content {
            let count = count_of(text, node.at, "retry", (0, 10), self.faults);
            retry.count = count.and_then(|count| u8::try_from(count).ok()).unwrap_or(0);
            return retry;
        }
        let Some(mut fields) = Fields::open(node, "`retry`", &["count", "back-off"], self.faults) else {
            return retry;
        };
        let count = fields.count("count", 0, 10, self.faults);
        retry.count = count.and_then(|count| u8::try_from(count).ok()).unwrap_or(1);
        if let Some((text, at)) = fields.text("back-off", self.faults) {
            retry.back_off = duration_of(&text, at, "back-off", self.faults).unwrap_or(retry.back_off);
        }
        retry
    }

    fn on_error(&mut self, fields: &mut Fields, index: usize, may_compensate: bool) -> OnError {
        let compensation = fields.node("compensate");
        let on_error = fields.text("on-error", self.faults);
        let found = on_error.as_ref().and_then(|(text, at)| {
            word_of(text, *at, "on-error", &["end", "continue", "compensate"], self.faults)
        });
        match (found, compensation) {
            (Some("compensate"), None) => {
                let at = on_error.map_or(fields.at, |(_, at)| at);
                self.faults.error("RC0425", at, "nothing to compensate with", "add `compensate:` with steps");
                OnError::End
            }
            (None | Some("compensate"), Some(node)) if may_compensate => {
                let at = node.at;
                let Content::List(nodes) = node.content else {
                    self.faults.error(
                        "RC0003",
                        at,
                        "`compensate` must be a list of steps",
                        "put each behind `- `",
                    );
                    return OnError::End;
                };
                let steps = self.list(nodes, false);
                self.compensations.push((index, steps));
                // The range is known once all steps are read.
                OnError::Compensate(0..0)
            }
            (_, Some(node)) => {
                let help = "a compensation has none itself, and belongs to `on-error: compensate`";
                self.faults.error("RC0425", node.at, "`compensate` does not belong here", help);
                OnError::End
            }
            (Some("continue"), None) => OnError::Continue,
            _ => OnError::End,
        }
    }

    fn task(&mut self, entry: Entry) -> Option<Task> {
        if let Some(info) = ACTIONS.iter().find(|info| info.word == entry.key) {
            return self.act(info, entry.node);
        }
        if CONTROLS.contains(&entry.key.as_str()) {
            return self.control(&entry.key, entry.node);
        }
        let words = || CONTROLS.into_iter().chain(ACTIONS.iter().map(|info| info.word));
        let help = match nearest(&entry.key, words().chain(COMMON)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the steps are {}", words().collect::<Vec<_>>().join(", ")),
        };
        self.faults.error("RC0420", entry.at, format!("there is no step `{}`", entry.key), help);
        None
    }

    fn act(&mut self, info: &'static ActionInfo, node: Node) -> Option<Task> {
        let known: Vec<&str> = info.parameters.iter().map(|parameter| parameter.name).collect();
        let mut fields = Fields::open(node, &format!("`{}`", info.word), &known, self.faults)?;
        let mut arguments = Vec::with_capacity(known.len());
        for parameter in info.parameters {
            let argument = match (fields.node(parameter.name), parameter.default) {
                (Some(node), _) => self.argument(parameter, node),
                (None, Some(default)) => self.default(parameter, default, fields.at),
                (None, None) => {
                    let message = format!("`{}` has no `{}`", info.word, parameter.name);
                    self.faults.error("RC0423", fields.at, message, format!("add it: {}", parameter.doc));
                    None
                }
            };
            arguments.extend(argument.map(|argument| (parameter.name, argument)));
        }
        Some(Task::Act { action: info.action, arguments })
    }

    fn default(&mut self, parameter: &Parameter, default: &str, at: Origin) -> Option<Argument> {
        let content = match (parameter.holds, default) {
            (Holds::Texts, "") => Content::List(Vec::new()),
            _ => Content::Text(default.to_owned()),
        };
        self.argument(parameter, Node { at, content })
    }

    fn argument(&mut self, parameter: &Parameter, node: Node) -> Option<Argument> {
        let name = parameter.name;
        match parameter.holds {
            Holds::Text => self.template_of(node, name).map(Argument::Text),
            Holds::Texts => {
                let texts = texts_of(node, name, self.faults);
                let templates: Option<Vec<Template>> =
                    texts.into_iter().map(|(text, at)| self.template(&text, at)).collect();
                templates.map(Argument::Texts)
            }
            Holds::Word(words) => {
                let (text, at) = text_of(node, name, self.faults)?;
                word_of(&text, at, name, words, self.faults).map(Argument::Word)
            }
            Holds::Duration => {
                let (text, at) = text_of(node, name, self.faults)?;
                duration_of(&text, at, name, self.faults).map(Argument::Duration)
            }
            Holds::Fields => {
                let at = node.at;
                let Content::Map(entries) = node.content else {
                    let help = "write {host: \"{{observed.host}}\"}";
                    self.faults.error("RC0003", at, format!("`{name}` must be fields with values"), help);
                    return None;
                };
                let read = |entry: Entry| {
                    let key: Box<str> = entry.key.as_str().into();
                    self.template_of(entry.node, &entry.key).map(|template| (key, template))
                };
                let fields: Option<Vec<(Box<str>, Template)>> = entries.into_iter().map(read).collect();
                fields.map(Argument::Fields)
            }
        }
    }

    fn template_of(&mut self, node: Node, key: &str) -> Option<Template> {
        let (text, at) = text_of(node, key, self.faults)?;
        self.template(&text, at)
    }

    fn template(&mut self, text: &str, at: Origin) -> Option<Template> {
        match Template::read(text, &self.names) {
            Ok(template) => Some(template),
            Err(faults) => {
                self.faults.expression(faults, at, text, 0);
                None
            }
        }
    }

    fn control(&mut self, word: &str, node: Node) -> Option<Task> {
        let control = match word {
            "check-schedule" => self.check_schedule(node)?,
            "wait" => {
                let (text, at) = text_of(node, "wait", self.faults)?;
                Control::Wait(duration_of(&text, at, "wait", self.faults)?)
            }
            "wait-for" => self.wait_for(node)?,
            "ignore-first" => self.ignore_first(node)?,
            "recheck" => {
                let mut fields = Fields::open(node, "`recheck`", &["look"], self.faults)?;
                let looks = [Look::Presence, Look::Switch, Look::Hypervisor];
                let words = looks.map(Look::as_str);
                let look = fields
                    .text("look", self.faults)
                    .map_or(Some("presence"), |(text, at)| word_of(&text, at, "look", &words, self.faults))?;
                Control::Recheck(looks.into_iter().find(|known| known.as_str() == look)?)
            }
            "approve" => self.approve(node)?,
            "set" => self.set(node)?,
            "end" => match node.content {
                Content::Null => Control::End(Template::plain("done")),
                _ => Control::End(self.template_of(node, "end")?),
            },
            _ => {
                let (text, at) = text_of(node, "call", self.faults)?;
                self.calls.push((text.clone(), at));
                Control::Call(text.into())
            }
        };
        Some(Task::Control(control))
    }

    fn check_schedule(&mut self, node: Node) -> Option<Control> {
        let mut fields = Fields::open(node, "`check-schedule`", &["if-planned"], self.faults)?;
        let words = ["annotate", "end", "continue"];
        let word = fields
            .text("if-planned", self.faults)
            .map_or(Some("annotate"), |(text, at)| word_of(&text, at, "if-planned", &words, self.faults))?;
        Some(Control::CheckSchedule(match word {
            "end" => IfPlanned::End,
            "continue" => IfPlanned::Continue,
            _ => IfPlanned::Annotate,
        }))
    }

    fn wait_for(&mut self, node: Node) -> Option<Control> {
        let mut fields = Fields::open(node, "`wait-for`", &["event", "within", "else"], self.faults)?;
        let events = [WaitedFor::Seen, WaitedFor::Silent, WaitedFor::Resolved, WaitedFor::Acknowledged];
        let words = events.map(WaitedFor::as_str);
        let Some((text, at)) = fields.text("event", self.faults) else {
            let help = format!("add it: one of {}", words.join(", "));
            self.faults.error("RC0423", fields.at, "`wait-for` has no `event`", help);
            return None;
        };
        let word = word_of(&text, at, "event", &words, self.faults)?;
        let event = events.into_iter().find(|event| event.as_str() == word)?;
        let within = self.within(&mut fields, Duration::from_secs(3_600))?;
        Some(Control::WaitFor { event, within, otherwise: self.otherwise(&mut fields)? })
    }

    fn within(&mut self, fields: &mut Fields, default: Duration) -> Option<Duration> {
        match fields.text("within", self.faults) {
            Some((text, at)) => duration_of(&text, at, "within", self.faults),
            None => Some(default),
        }
    }

    fn otherwise(&mut self, fields: &mut Fields) -> Option<Else> {
        let Some((text, at)) = fields.text("else", self.faults) else { return Some(Else::End) };
        word_of(&text, at, "else", &["end", "continue"], self.faults)
            .map(|word| if word == "end" { Else::End } else { Else::Continue })
    }

    fn ignore_first(&mut self, node: Node) -> Option<Control> {
        let mut fields = Fields::open(node, "`ignore-first`", &["reports", "within"], self.faults)?;
        let reports = match fields.node_or_null("reports") {
            Some(node) => {
                let (text, at) = text_of(node, "reports", self.faults)?;
                count_of(&text, at, "reports", (1, 1_000), self.faults)?
            }
            None => 1,
        };
        let within = self.within(&mut fields, Duration::from_secs(86_400))?;
        Some(Control::IgnoreFirst { reports, within })
    }

    fn approve(&mut self, node: Node) -> Option<Control> {
        let mut fields = Fields::open(node, "`approve`", &["ask", "within", "else"], self.faults)?;
        let ask = match fields.node("ask") {
            Some(node) => self.template_of(node, "ask")?,
            None => self.template("{{discrepancy.explanation}}", fields.at)?,
        };
        let within = self.within(&mut fields, Duration::from_secs(3_600))?;
        Some(Control::Approve { ask, within, otherwise: self.otherwise(&mut fields)? })
    }

    fn set(&mut self, node: Node) -> Option<Control> {
        let at = node.at;
        let Content::Map(entries) = node.content else {
            self.faults.error("RC0003", at, "`set` must be names with expressions", "write {tries: 1 + 2}");
            return None;
        };
        let mut set = Vec::with_capacity(entries.len());
        for entry in entries {
            let Some((text, at)) = text_of(entry.node, &entry.key, self.faults) else { continue };
            let Some(checked) = self.expression(&text, at, None, &entry.key) else { continue };
            match self.names.declare(&entry.key, checked.holds()) {
                Ok(index) => {
                    if usize::from(index) == self.variables.len() {
                        self.variables.push(entry.key.as_str().into());
                    }
                    set.push((index, checked));
                }
                Err(Some(known)) => {
                    let message = format!(
                        "`vars.{}` is {} above, and {} here",
                        entry.key,
                        known.as_str(),
                        checked.holds().as_str()
                    );
                    self.faults.error("RC0414", at, message, "take another name");
                }
                Err(None) => {
                    let help = format!("at most {} in a rule", Names::COUNT_MAX);
                    self.faults.error("RC0412", at, "too many variables", help);
                }
            }
        }
        Some(Control::Set(set))
    }
}
