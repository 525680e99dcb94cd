use super::eval::{EvalError, Values, eval};
use super::parse::{Ast, AstKind, parse};
use super::scheme::{FIELDS, Field};
use super::token::{ExprFault, no_such};
use super::value::{Type, Value};
use crate::recorded::nearest;
use crate::types::{Timestamp, parse_duration};

/// The variables of a rule, in the order in which its steps set them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    names: Vec<(Box<str>, Type)>,
}

impl Names {
    /// How many variables a rule may have.
    pub const COUNT_MAX: usize = 16;

    /// Declares a variable and returns its number; the type that it has already where that is another, and none of both
    /// where there are too many.
    ///
    /// # Errors
    /// The type that it has; `None` where there is no room for a further one.
    pub fn declare(&mut self, name: &str, holds: Type) -> Result<u16, Option<Type>> {
        let known = self.names.iter().position(|(known, _)| **known == *name);
        let index = known.unwrap_or(self.names.len());
        match self.names.get(index) {
            Some((_, known)) if *known != holds => return Err(Some(*known)),
            Some(_) => {}
            None if index >= Self::COUNT_MAX => return Err(None),
            None => self.names.push((name.into(), holds)),
        }
        u16::try_from(index).map_err(|_| None)
    }

    fn find(&self, name: &str) -> Option<(u16, Type)> {
        let index = self.names.iter().position(|(known, _)| **known == *name)?;
        Some((u16::try_from(index).ok()?, self.names.get(index)?.1))
    }
}

/// An expression whose every name and type is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    code: Code,
    holds: Type,
}

impl Checked {
    /// Returns the type of its value.
    pub const fn holds(&self) -> Type {
        self.holds
    }

    /// Returns its value.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn value(&self, values: &dyn Values) -> Result<Value, EvalError> {
        eval(&self.code, values)
    }

    /// Tells whether it is true.
    ///
    /// # Errors
    /// [`EvalError`].
    pub fn is_true(&self, values: &dyn Values) -> Result<bool, EvalError> {
        Ok(self.value(values)? == Value::Bool(true))
    }
}

/// Reads an expression and holds it against the scheme and the variables that are set before it.
///
/// # Errors
/// Everything that is wrong; where it cannot be read, the first thing.
pub fn compile(text: &str, names: &Names) -> Result<Checked, Vec<ExprFault>> {
    let ast = parse(text).map_err(|fault| vec![fault])?;
    let mut checker = Checker { names, bound: Vec::new(), faults: Vec::new() };
    match checker.check(&ast) {
        Some(typed) if checker.faults.is_empty() => Ok(Checked { code: typed.code, holds: typed.holds }),
        _ => Err(checker.faults),
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Code {
    Constant(Value),
    Field(Field),
    Has(Field),
    Variable(u16, Type),
    Bound(usize),
    List(Vec<Self>),
    Not(Box<Self>),
    Negate(Box<Self>),
    /// `&&` is decided by `false`, `||` by `true`.
    Junction {
        absorbing: bool,
        sides: Box<[Self; 2]>,
    },
    Choice(Box<[Self; 3]>),
    Compare(Compare, Box<[Self; 2]>),
    Sum(Sum, Box<[Self; 2]>),
    In(Box<[Self; 2]>),
    Index(Box<[Self; 2]>),
    Size(Box<Self>),
    Test(Test, Box<[Self; 2]>),
    Each {
        all: bool,
        list: Box<Self>,
        body: Box<Self>,
    },
    Part(Part, Box<Self>),
    ToText(Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sum {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Contains,
    StartsWith,
    EndsWith,
}

/// A part of a time in UTC, or of a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Seconds,
    Minutes,
    Hours,
    DayOfWeek,
    DayOfMonth,
    Month,
    Year,
}

const PARTS: [(&str, Part); 7] = [
    ("getSeconds", Part::Seconds),
    ("getMinutes", Part::Minutes),
    ("getHours", Part::Hours),
    ("getDayOfWeek", Part::DayOfWeek),
    ("getDayOfMonth", Part::DayOfMonth),
    ("getMonth", Part::Month),
    ("getFullYear", Part::Year),
];

/// The functions by name, for what is misspelt.
const FUNCTIONS: [&str; 17] = [
    "has",
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "exists",
    "all",
    "duration",
    "timestamp",
    "string",
    "getSeconds",
    "getMinutes",
    "getHours",
    "getDayOfWeek",
    "getDayOfMonth",
    "getMonth",
    "getFullYear",
];

/// What CEL has and these expressions have not.
const ELSEWHERE: [&str; 9] =
    ["matches", "map", "filter", "exists_one", "double", "bytes", "uint", "type", "dyn"];

struct Typed {
    code: Code,
    holds: Type,
    /// The words that it may be, where these are few.
    words: Option<&'static [&'static str]>,
}

const fn typed(code: Code, holds: Type) -> Typed {
    Typed { code, holds, words: None }
}

struct Checker<'a> {
    names: &'a Names,
    bound: Vec<(String, Type)>,
    faults: Vec<ExprFault>,
}

impl Checker<'_> {
    fn fault<T>(
        &mut self,
        code: &'static str,
        at: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.faults.push(ExprFault::new(code, at, message, help));
        None
    }

    fn wrong<T>(&mut self, at: usize, what: &str, wanted: &str, found: Type) -> Option<T> {
        let message = format!("{what} needs {wanted}, not {}", found.as_str());
        self.fault("RC0414", at, message, "compare values of one type; string() makes a text of a number")
    }

    fn check(&mut self, ast: &Ast) -> Option<Typed> {
        match &ast.kind {
            AstKind::Bool(value) => Some(typed(Code::Constant(Value::Bool(*value)), Type::Bool)),
            AstKind::Int(value) => Some(typed(Code::Constant(Value::Int(*value)), Type::Int)),
            AstKind::Text(value) => Some(typed(Code::Constant(Value::text(value)), Type::Text)),
            AstKind::List(items) => self.list(ast.at, items),
            AstKind::Name(_) | AstKind::Select(..) => self.name(ast),
            AstKind::Index(list, index) => self.index(list, index),
            AstKind::Call { target: None, name, arguments } => self.function(ast.at, name, arguments),
            AstKind::Call { target: Some(target), name, arguments } => {
                self.method(ast.at, target, name, arguments)
            }
            AstKind::Unary(operator, inner) => self.unary(operator, inner),
            AstKind::Binary(operator, left, right) => self.binary(ast.at, operator, left, right),
            AstKind::Choice(parts) => self.choice(parts),
        }
    }

    fn of_type(&mut self, ast: &Ast, holds: Type, what: &str) -> Option<Code> {
        let found = self.check(ast)?;
        if found.holds == holds {
            return Some(found.code);
        }
        self.wrong(ast.at, what, holds.as_str(), found.holds)
    }

    fn list(&mut self, at: usize, items: &[Ast]) -> Option<Typed> {
        let mut codes = Vec::with_capacity(items.len());
        let mut holds = None;
        for item in items {
            let found = self.check(item)?;
            let wanted = *holds.get_or_insert(found.holds);
            if found.holds != wanted {
                return self.wrong(item.at, "a list that begins so", wanted.as_str(), found.holds);
            }
            codes.push(found.code);
        }
        let of = match holds.unwrap_or(Type::Text) {
            Type::Text => Type::Texts,
            Type::Int => Type::Ints,
            _ => {
                return self.fault(
                    "RC0411",
                    at,
                    "a list of neither texts nor numbers",
                    "lists hold string or int",
                );
            }
        };
        Some(typed(Code::List(codes), of))
    }

    /// Finds what a name with points means.
    fn name(&mut self, ast: &Ast) -> Option<Typed> {
        let Some(path) = path_of(ast) else {
            let at = ast.at;
            return self.fault("RC0413", at, "only groups such as `guest` have fields", "write guest.name");
        };
        let begin = begin_of(ast);
        if let Some(depth) = self.bound.iter().rposition(|(name, _)| *name == path) {
            let holds = self.bound.get(depth).map_or(Type::Text, |(_, holds)| *holds);
            return Some(typed(Code::Bound(depth), holds));
        }
        if let Some(name) = path.strip_prefix("vars.") {
            if let Some((index, holds)) = self.names.find(name) {
                return Some(typed(Code::Variable(index, holds), holds));
            }
            let known: Vec<&str> = self.names.names.iter().map(|(name, _)| &**name).collect();
            let help = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `vars.{near}`?"),
                None => "an earlier step must set it: `- set: {name: expression}`".to_owned(),
            };
            return self.fault("RC0413", begin, format!("no step before sets `vars.{name}`"), help);
        }
        let Some(field) = Field::from_path(&path) else {
            return self.unknown_name(begin, &path);
        };
        let info = field.info();
        Some(Typed { code: Code::Field(field), holds: info.holds, words: info.words() })
    }

    fn unknown_name<T>(&mut self, at: usize, path: &str) -> Option<T> {
        let paths = || FIELDS.iter().map(|info| info.path);
        let group = path.split('.').next().unwrap_or_default();
        let of_group: Vec<&str> =
            paths().filter(|path| path.split('.').next() == Some(group) && path.contains('.')).collect();
        let help = match (nearest(path, paths()), of_group.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, false) => format!("`{group}` has {}", of_group.join(", ").replace(&format!("{group}."), "")),
            (None, true) => {
                "the fields are those of discrepancy, guest, host, observed, schedule, counters, run and vars, and now"
                    .to_owned()
            }
        };
        self.fault("RC0413", at, format!("there is no field `{path}`"), help)
    }

    fn index(&mut self, list: &Ast, index: &Ast) -> Option<Typed> {
        let found = self.check(list)?;
        let Some(item) = found.holds.item() else {
            return self.wrong(list.at, "an index", "a list", found.holds);
        };
        let index = self.of_type(index, Type::Int, "an index")?;
        Some(typed(Code::Index(Box::new([found.code, index])), item))
    }

    fn unary(&mut self, operator: &str, inner: &Ast) -> Option<Typed> {
        if operator == "!" {
            let code = self.of_type(inner, Type::Bool, "`!`")?;
            return Some(typed(Code::Not(Box::new(code)), Type::Bool));
        }
        let found = self.check(inner)?;
        if !matches!(found.holds, Type::Int | Type::Duration) {
            return self.wrong(inner.at, "`-`", "int or duration", found.holds);
        }
        Some(typed(Code::Negate(Box::new(found.code)), found.holds))
    }

    fn binary(&mut self, at: usize, operator: &'static str, left: &Ast, right: &Ast) -> Option<Typed> {
        let what = format!("`{operator}`");
        if let "&&" | "||" = operator {
            // Both sides are looked at, so that everything wrong is told at once.
            let sides = [self.of_type(left, Type::Bool, &what), self.of_type(right, Type::Bool, &what)];
            let [Some(left), Some(right)] = sides else { return None };
            let sides = Box::new([left, right]);
            return Some(typed(Code::Junction { absorbing: operator == "||", sides }, Type::Bool));
        }
        let sides = [self.check(left), self.check(right)];
        let [Some(one), Some(other)] = sides else { return None };
        if operator == "in" {
            if other.holds.item() != Some(one.holds) {
                let message =
                    format!("`in` cannot look for {} in {}", one.holds.as_str(), other.holds.as_str());
                return self.fault("RC0414", at, message, "write `value in list`, as \"web\" in guest.tags");
            }
            self.words_of_list(&one, right);
            return Some(typed(Code::In(Box::new([one.code, other.code])), Type::Bool));
        }
        let compare = match operator {
            "==" => Compare::Equal,
            "!=" => Compare::NotEqual,
            "<" => Compare::Less,
            "<=" => Compare::LessOrEqual,
            ">" => Compare::Greater,
            ">=" => Compare::GreaterOrEqual,
            _ => return self.sum(at, operator, one, other),
        };
        let is_ordered = !matches!(compare, Compare::Equal | Compare::NotEqual);
        if one.holds != other.holds || is_ordered && (one.holds.item().is_some() || one.holds == Type::Bool) {
            let message =
                format!("{what} cannot compare {} with {}", one.holds.as_str(), other.holds.as_str());
            return self.fault("RC0414", at, message, "compare values of one type");
        }
        self.word(&one, right);
        self.word(&other, left);
        Some(typed(Code::Compare(compare, Box::new([one.code, other.code])), Type::Bool))
    }

    /// Reports a constant that a field of few words never is.
    fn word(&mut self, field: &Typed, constant: &Ast) {
        let (Some(words), AstKind::Text(text)) = (field.words, &constant.kind) else { return };
        if words.contains(&text.as_str()) {
            return;
        }
        let help = match nearest(text, words.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("it is one of {}", words.join(", ")),
        };
        self.fault::<()>("RC0415", constant.at, format!("it is never \"{text}\""), help);
    }

    fn words_of_list(&mut self, field: &Typed, list: &Ast) {
        if let AstKind::List(items) = &list.kind {
            for item in items {
                self.word(field, item);
            }
        }
    }

    fn sum(&mut self, at: usize, operator: &str, one: Typed, other: Typed) -> Option<Typed> {
        let how = match operator {
            "+" => Sum::Add,
            "-" => Sum::Subtract,
            "*" => Sum::Multiply,
            "/" => Sum::Divide,
            _ => Sum::Remainder,
        };
        let holds = match (one.holds, how, other.holds) {
            (Type::Int, _, Type::Int) => Type::Int,
            (Type::Text, Sum::Add, Type::Text) => Type::Text,
            (Type::Duration, Sum::Add | Sum::Subtract, Type::Duration) => Type::Duration,
            (Type::Time, Sum::Add | Sum::Subtract, Type::Duration)
            | (Type::Duration, Sum::Add, Type::Time) => Type::Time,
            (Type::Time, Sum::Subtract, Type::Time) => Type::Duration,
            (one, _, other) => {
                let message = format!("`{operator}` cannot join {} and {}", one.as_str(), other.as_str());
                return self.fault(
                    "RC0414",
                    at,
                    message,
                    "numbers, texts by +, times and durations can be joined",
                );
            }
        };
        Some(typed(Code::Sum(how, Box::new([one.code, other.code])), holds))
    }

    fn choice(&mut self, parts: &[Ast; 3]) -> Option<Typed> {
        let [test, yes, no] = parts;
        let test = self.of_type(test, Type::Bool, "`?`");
        let sides = [self.check(yes), self.check(no)];
        let (Some(test), [Some(one), Some(other)]) = (test, sides) else { return None };
        if one.holds != other.holds {
            return self.wrong(no.at, "the other side of the choice", one.holds.as_str(), other.holds);
        }
        Some(typed(Code::Choice(Box::new([test, one.code, other.code])), one.holds))
    }

    fn function(&mut self, at: usize, name: &str, arguments: &[Ast]) -> Option<Typed> {
        let [argument] = arguments else {
            return self.no_function(at, name, arguments.len());
        };
        match name {
            "has" => match path_of(argument).as_deref().and_then(Field::from_path) {
                Some(field) => Some(typed(Code::Has(field), Type::Bool)),
                None => self.fault("RC0413", argument.at, "`has` asks for a field", "write has(guest.owner)"),
            },
            "size" => self.size(argument),
            "duration" => match &argument.kind {
                AstKind::Text(text) => {
                    match parse_duration(text).ok().and_then(|d| i64::try_from(d.as_nanos()).ok()) {
                        Some(nanos) => Some(typed(Code::Constant(Value::Duration(nanos)), Type::Duration)),
                        None => {
                            let message = format!("`{text}` is no duration");
                            self.fault("RC0414", argument.at, message, "write it as 300s, 5m or 1h30m")
                        }
                    }
                }
                _ => self.fault(
                    "RC0414",
                    argument.at,
                    "`duration` needs a text in quotes",
                    "write duration(\"5m\")",
                ),
            },
            "timestamp" => match &argument.kind {
                AstKind::Text(text) => match text.parse::<Timestamp>() {
                    Ok(time) => Some(typed(Code::Constant(Value::Time(time)), Type::Time)),
                    Err(_) => {
                        let message = format!("`{text}` is no time");
                        self.fault("RC0414", argument.at, message, "write it as 2026-11-21T08:00:00Z")
                    }
                },
                _ => {
                    let help = "write timestamp(\"2026-11-21T08:00:00Z\")";
                    self.fault("RC0414", argument.at, "`timestamp` needs a text in quotes", help)
                }
            },
            "string" => {
                let found = self.check(argument)?;
                Some(typed(Code::ToText(Box::new(found.code)), Type::Text))
            }
            _ => self.no_function(at, name, 1),
        }
    }

    fn size(&mut self, of: &Ast) -> Option<Typed> {
        let found = self.check(of)?;
        if found.holds != Type::Text && found.holds.item().is_none() {
            return self.wrong(of.at, "`size`", "string or a list", found.holds);
        }
        Some(typed(Code::Size(Box::new(found.code)), Type::Int))
    }

    fn no_function<T>(&mut self, at: usize, name: &str, arguments: usize) -> Option<T> {
        if ELSEWHERE.contains(&name) {
            self.faults.push(no_such(at, &format!("calls of `{name}`")));
            return None;
        }
        if FUNCTIONS.contains(&name) {
            let message = format!("`{name}` is not called so, with {arguments} arguments");
            return self.fault("RC0416", at, message, "the manual's page on workflows shows each function");
        }
        let help = match nearest(name, FUNCTIONS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", FUNCTIONS.join(", ")),
        };
        self.fault("RC0416", at, format!("there is no function `{name}`"), help)
    }

    fn method(&mut self, at: usize, target: &Ast, name: &str, arguments: &[Ast]) -> Option<Typed> {
        if let ("size", []) = (name, arguments) {
            return self.size(target);
        }
        if let (Some((_, part)), []) = (PARTS.iter().find(|(part, _)| *part == name), arguments) {
            let found = self.check(target)?;
            let of_duration = matches!(part, Part::Seconds | Part::Minutes | Part::Hours);
            if found.holds == Type::Time || found.holds == Type::Duration && of_duration {
                return Some(typed(Code::Part(*part, Box::new(found.code)), Type::Int));
            }
            return self.wrong(target.at, &format!("`{name}`"), "timestamp", found.holds);
        }
        let test = match name {
            "contains" => Some(Test::Contains),
            "startsWith" => Some(Test::StartsWith),
            "endsWith" => Some(Test::EndsWith),
            _ => None,
        };
        match (test, name, arguments) {
            (Some(test), _, [argument]) => {
                let what = format!("`{name}`");
                let sides =
                    [self.of_type(target, Type::Text, &what), self.of_type(argument, Type::Text, &what)];
                let [Some(one), Some(other)] = sides else { return None };
                Some(typed(Code::Test(test, Box::new([one, other])), Type::Bool))
            }
            (None, "exists" | "all", [item, body]) => self.each(name == "all", target, item, body),
            _ => self.no_function(at, name, arguments.len()),
        }
    }

    fn each(&mut self, all: bool, list: &Ast, item: &Ast, body: &Ast) -> Option<Typed> {
        let found = self.check(list)?;
        let Some(holds) = found.holds.item() else {
            return self.wrong(list.at, "`exists` and `all`", "a list", found.holds);
        };
        let AstKind::Name(name) = &item.kind else {
            return self.fault(
                "RC0410",
                item.at,
                "the first argument names the item",
                "write tags.exists(t, t == \"x\")",
            );
        };
        self.bound.push((name.clone(), holds));
        let body = self.of_type(body, Type::Bool, "what is asked of each item");
        self.bound.pop();
        Some(typed(Code::Each { all, list: Box::new(found.code), body: Box::new(body?) }, Type::Bool))
    }
}

/// Returns a name with its points, as `guest.name`.
fn path_of(ast: &Ast) -> Option<String> {
    match &ast.kind {
        AstKind::Name(name) => Some(name.clone()),
        AstKind::Select(of, field) => path_of(of).map(|path| format!("{path}.{field}")),
        _ => None,
    }
}

fn begin_of(ast: &Ast) -> usize {
    match &ast.kind {
        AstKind::Select(of, _) => begin_of(of),
        _ => ast.at,
    }
}
