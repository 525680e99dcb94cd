/// Something wrong in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprFault {
    /// What it is, for ever.
    pub code: &'static str,
    /// Where, as an octet of the expression.
    pub at: usize,
    /// What is wrong; lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl ExprFault {
    pub(super) fn new(
        code: &'static str,
        at: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { code, at, message: message.into(), help: help.into() }
    }
}

/// A piece of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Name(&'a str),
    Int(i64),
    Text(String),
    Symbol(&'static str),
    End,
}

impl Token<'_> {
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Name(name) => format!("`{name}`"),
            Self::Int(number) => format!("`{number}`"),
            Self::Text(text) => format!("the text \"{text}\""),
            Self::Symbol(symbol) => format!("`{symbol}`"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// The longer ones first.
const SYMBOLS: [&str; 23] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ".",
    "?", ":", "{",
];

/// Takes a text apart; each piece comes with where it begins.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token<'_>)>, ExprFault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..)
        && let Some(first) = rest.chars().next()
    {
        let (token, len) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if first.is_ascii_alphabetic() || first == '_' {
            let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Token::Name(rest.get(..len).unwrap_or_default()), len)
        } else if first.is_ascii_digit() {
            number(rest, at)?
        } else if matches!(first, '"' | '\'') {
            text_literal(rest, first, at)?
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(*symbol)) {
            if *symbol == "{" {
                return Err(no_such(at, "maps and messages"));
            }
            (Token::Symbol(symbol), symbol.len())
        } else {
            let help = match first {
                '=' => "write `==` to compare",
                '&' | '|' => "write `&&` and `||`",
                _ => "an expression is made of names, numbers, texts in quotes and operators",
            };
            return Err(ExprFault::new("RC0410", at, format!("`{first}` means nothing here"), help));
        };
        tokens.push((at, token));
        at += len;
    }
    tokens.push((text.len(), Token::End));
    Ok(tokens)
}

pub(super) fn no_such(at: usize, what: &str) -> ExprFault {
    ExprFault::new(
        "RC0411",
        at,
        format!("{what} are no part of these expressions"),
        "they have bool, int, string, duration, timestamp, and lists of int and string",
    )
}

fn number(rest: &str, at: usize) -> Result<(Token<'static>, usize), ExprFault> {
    let len = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let digits = rest.get(..len).unwrap_or_default();
    let behind = rest.get(len..).unwrap_or_default();
    if behind.starts_with('.')
        && behind.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return Err(no_such(at, "numbers with a point"));
    }
    if behind.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let help = "write a length of time as duration(\"5m\"), a number as 5";
        return Err(ExprFault::new("RC0410", at, "a number ends in letters", help));
    }
    let value = digits.parse().map_err(|_| {
        ExprFault::new(
            "RC0410",
            at,
            format!("`{digits}` is too large"),
            "numbers reach to 9223372036854775807",
        )
    })?;
    Ok((Token::Int(value), len))
}

fn text_literal(rest: &str, quote: char, at: usize) -> Result<(Token<'static>, usize), ExprFault> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        match c {
            _ if c == quote => return Ok((Token::Text(text), index + 1)),
            '\n' => break,
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, escaped @ ('\\' | '"' | '\''))) => text.push(escaped),
                _ => {
                    let help = "the escapes are \\n, \\t, \\\\, \\\" and \\'";
                    return Err(ExprFault::new("RC0410", at + index, "an escape that is none", help));
                }
            },
            _ => text.push(c),
        }
    }
    Err(ExprFault::new("RC0410", at, "a text has no end", format!("close it with {quote} in the same line")))
}
