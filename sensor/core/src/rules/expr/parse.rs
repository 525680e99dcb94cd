use super::token::{ExprFault, Token, tokens};
use super::{DEPTH_MAX, EXPRESSION_OCTETS_MAX, NODES_MAX};

/// A part of an expression, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ast {
    pub(super) at: usize,
    pub(super) kind: AstKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AstKind {
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Ast>),
    Name(String),
    Select(Box<Ast>, String),
    Index(Box<Ast>, Box<Ast>),
    Call { target: Option<Box<Ast>>, name: String, arguments: Vec<Ast> },
    Unary(&'static str, Box<Ast>),
    Binary(&'static str, Box<Ast>, Box<Ast>),
    Choice(Box<[Ast; 3]>),
}

/// Binary operators by how closely they bind, the loosest first.
const BINDING: [&[&str]; 5] =
    [&["||"], &["&&"], &["==", "!=", "<", "<=", ">", ">=", "in"], &["+", "-"], &["*", "/", "%"]];

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Ast, ExprFault> {
    if text.len() > EXPRESSION_OCTETS_MAX {
        let message = format!("an expression of {} octets", text.len());
        let help = format!("at most {EXPRESSION_OCTETS_MAX}: split the rule, or set variables");
        return Err(ExprFault::new("RC0412", 0, message, help));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0, nodes: 0 };
    let ast = parser.choice()?;
    match parser.peek() {
        (_, Token::End) => Ok(ast),
        (at, token) => Err(ExprFault::new(
            "RC0410",
            at,
            format!("expected an operator or the end, found {}", token.describe()),
            "join conditions by `&&` or `||`",
        )),
    }
}

struct Parser<'a> {
    tokens: Vec<(usize, Token<'a>)>,
    next: usize,
    depth: usize,
    nodes: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> (usize, Token<'a>) {
        self.tokens.get(self.next).or_else(|| self.tokens.last()).cloned().unwrap_or((0, Token::End))
    }

    fn take(&mut self) -> (usize, Token<'a>) {
        let token = self.peek();
        self.next += 1;
        token
    }

    /// Takes a symbol if it comes next.
    fn takes(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek().1, Token::Symbol(next) if next == symbol);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &'static str, what: &str) -> Result<(), ExprFault> {
        if self.takes(symbol) {
            return Ok(());
        }
        let (at, token) = self.peek();
        let message = format!("expected `{symbol}`, found {}", token.describe());
        Err(ExprFault::new("RC0410", at, message, what))
    }

    fn node(&mut self, at: usize, kind: AstKind) -> Result<Ast, ExprFault> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let help = format!("at most {NODES_MAX} parts: split the rule");
            return Err(ExprFault::new("RC0412", at, "an expression of too many parts", help));
        }
        Ok(Ast { at, kind })
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, ExprFault>) -> Result<T, ExprFault> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            let help = format!("at most {DEPTH_MAX} levels");
            return Err(ExprFault::new("RC0412", self.peek().0, "an expression that nests too deep", help));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn choice(&mut self) -> Result<Ast, ExprFault> {
        self.deeper(|parser| {
            let test = parser.binary(0)?;
            if !parser.takes("?") {
                return Ok(test);
            }
            let at = test.at;
            let yes = parser.choice()?;
            parser.expect(":", "a choice is written `condition ? this : that`")?;
            let no = parser.choice()?;
            parser.node(at, AstKind::Choice(Box::new([test, yes, no])))
        })
    }

    /// Reads what is joined by operators that bind as closely as `level` or closer.
    fn binary(&mut self, level: usize) -> Result<Ast, ExprFault> {
        let Some(operators) = BINDING.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        loop {
            let operator = match self.peek().1 {
                Token::Symbol(symbol) => symbol,
                Token::Name("in") => "in",
                _ => return Ok(left),
            };
            if !operators.contains(&operator) {
                return Ok(left);
            }
            let (at, _) = self.take();
            let right = self.binary(level + 1)?;
            left = self.node(at, AstKind::Binary(operator, Box::new(left), Box::new(right)))?;
        }
    }

    fn unary(&mut self) -> Result<Ast, ExprFault> {
        for operator in ["!", "-"] {
            let at = self.peek().0;
            if self.takes(operator) {
                let operand = self.deeper(Self::unary)?;
                return self.node(at, AstKind::Unary(operator, Box::new(operand)));
            }
        }
        self.member()
    }

    fn member(&mut self) -> Result<Ast, ExprFault> {
        let mut left = self.primary()?;
        loop {
            let at = self.peek().0;
            if self.takes(".") {
                let (at, name) = self.take();
                let Token::Name(name) = name else {
                    let message = format!("expected a name behind the point, found {}", name.describe());
                    return Err(ExprFault::new("RC0410", at, message, "write guest.name"));
                };
                let name = name.to_owned();
                let kind = match self.takes("(") {
                    true => AstKind::Call { target: Some(Box::new(left)), name, arguments: self.list(")")? },
                    false => AstKind::Select(Box::new(left), name),
                };
                left = self.node(at, kind)?;
            } else if self.takes("[") {
                let index = self.choice()?;
                self.expect("]", "close the brackets")?;
                left = self.node(at, AstKind::Index(Box::new(left), Box::new(index)))?;
            } else {
                return Ok(left);
            }
        }
    }

    fn primary(&mut self) -> Result<Ast, ExprFault> {
        let (at, token) = self.take();
        let kind = match token {
            Token::Int(value) => AstKind::Int(value),
            Token::Text(value) => AstKind::Text(value),
            Token::Name("true") => AstKind::Bool(true),
            Token::Name("false") => AstKind::Bool(false),
            Token::Name(name) if name != "in" => match self.takes("(") {
                true => AstKind::Call { target: None, name: name.to_owned(), arguments: self.list(")")? },
                false => AstKind::Name(name.to_owned()),
            },
            Token::Symbol("[") => AstKind::List(self.list("]")?),
            Token::Symbol("(") => {
                let inner = self.choice()?;
                self.expect(")", "close the brackets")?;
                return Ok(inner);
            }
            other => {
                let message = format!("expected a value, found {}", other.describe());
                let help = "write a field such as guest.name, a number, a text in quotes, true or false";
                return Err(ExprFault::new("RC0410", at, message, help));
            }
        };
        self.node(at, kind)
    }

    /// Reads values up to a closing symbol, which is taken.
    fn list(&mut self, close: &'static str) -> Result<Vec<Ast>, ExprFault> {
        let mut items = Vec::new();
        if self.takes(close) {
            return Ok(items);
        }
        loop {
            items.push(self.choice()?);
            if self.takes(close) {
                return Ok(items);
            }
            self.expect(",", "put commas between values and close the brackets")?;
        }
    }
}
