use std::sync::Arc;

use thiserror::Error;

use super::check::{Code, Compare, Part, Sum, Test};
use super::scheme::Field;
use super::value::Value;
use super::{STEPS_MAX, TEXT_OCTETS_MAX};
use crate::types::Timestamp;

/// Where the values of fields and variables come from.
pub trait Values {
    /// Returns the value of a field; `None` where it has none.
    fn field(&self, field: Field) -> Option<Value>;
    /// Returns the value of a variable by its number in the rule; `None` before it is set.
    fn variable(&self, index: u16) -> Option<Value>;
}

/// Why an expression has no value.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum EvalError {
    /// A number was divided by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A result is larger than its type.
    #[error("a number is out of range")]
    OutOfRange,
    /// A list has no item of that number.
    #[error("a list has no item of that number")]
    NoSuchItem,
    /// A text grew longer than it may.
    #[error("a text grew too long")]
    TooLong,
    /// It took too many steps.
    #[error("the expression took too many steps")]
    TooManySteps,
}

/// Evaluates checked code.
pub(super) fn eval(code: &Code, values: &dyn Values) -> Result<Value, EvalError> {
    Evaluation { values, steps: 0, bound: Vec::new() }.eval(code)
}

struct Evaluation<'a> {
    values: &'a dyn Values,
    steps: u32,
    /// The items that `all` and `exists` are at, the outermost first.
    bound: Vec<Value>,
}

impl Evaluation<'_> {
    fn eval(&mut self, code: &Code) -> Result<Value, EvalError> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(EvalError::TooManySteps);
        }
        Ok(match code {
            Code::Constant(value) => value.clone(),
            Code::Field(field) => self.values.field(*field).unwrap_or_else(|| field.info().holds.empty()),
            Code::Has(field) => Value::Bool(self.values.field(*field).is_some()),
            Code::Variable(index, holds) => self.values.variable(*index).unwrap_or_else(|| holds.empty()),
            Code::Bound(depth) => self.bound.get(*depth).cloned().ok_or(EvalError::NoSuchItem)?,
            Code::List(items) => {
                let items: Result<Arc<[Value]>, EvalError> =
                    items.iter().map(|item| self.eval(item)).collect();
                Value::List(items?)
            }
            Code::Not(inner) => Value::Bool(!self.truth(inner)?),
            Code::Negate(inner) => match self.eval(inner)? {
                Value::Int(value) => Value::Int(value.checked_neg().ok_or(EvalError::OutOfRange)?),
                Value::Duration(value) => Value::Duration(value.checked_neg().ok_or(EvalError::OutOfRange)?),
                other => other,
            },
            Code::Junction { absorbing, sides } => Value::Bool(self.junction(*absorbing, sides)?),
            Code::Choice(parts) => {
                let [test, yes, no] = &**parts;
                let chosen = if self.truth(test)? { yes } else { no };
                self.eval(chosen)?
            }
            Code::Compare(how, sides) => {
                let [left, right] = self.both(sides)?;
                Value::Bool(compare(*how, &left, &right))
            }
            Code::Sum(how, sides) => {
                let [left, right] = self.both(sides)?;
                sum(*how, left, right)?
            }
            Code::In(sides) => {
                let [item, list] = self.both(sides)?;
                let items = self.items(list)?;
                Value::Bool(items.contains(&item))
            }
            Code::Index(sides) => {
                let [list, index] = self.both(sides)?;
                let Value::Int(index) = index else { return Err(EvalError::NoSuchItem) };
                let index = usize::try_from(index).map_err(|_| EvalError::NoSuchItem)?;
                self.items(list)?.get(index).cloned().ok_or(EvalError::NoSuchItem)?
            }
            Code::Size(inner) => {
                let size = match self.eval(inner)? {
                    Value::Text(text) => text.chars().count(),
                    Value::List(items) => items.len(),
                    _ => 0,
                };
                Value::Int(i64::try_from(size).map_err(|_| EvalError::OutOfRange)?)
            }
            Code::Test(test, sides) => match self.both(sides)? {
                [Value::Text(text), Value::Text(part)] => Value::Bool(match test {
                    Test::Contains => text.contains(&*part),
                    Test::StartsWith => text.starts_with(&*part),
                    Test::EndsWith => text.ends_with(&*part),
                }),
                _ => Value::Bool(false),
            },
            Code::Each { all, list, body } => {
                let list = self.eval(list)?;
                Value::Bool(self.each(*all, list, body)?)
            }
            Code::Part(part, inner) => match self.eval(inner)? {
                Value::Time(time) => Value::Int(part.of(time)),
                Value::Duration(nanos) => Value::Int(part.of_duration(nanos)),
                other => other,
            },
            Code::ToText(inner) => Value::text(self.eval(inner)?.to_string()),
        })
    }

    fn truth(&mut self, code: &Code) -> Result<bool, EvalError> {
        Ok(self.eval(code)? == Value::Bool(true))
    }

    fn both(&mut self, sides: &[Code; 2]) -> Result<[Value; 2], EvalError> {
        let [left, right] = sides;
        Ok([self.eval(left)?, self.eval(right)?])
    }

    /// `false && error` and `error && false` are false, and likewise with `||`: the side that decides absorbs the other.
    fn junction(&mut self, absorbing: bool, sides: &[Code; 2]) -> Result<bool, EvalError> {
        let [left, right] = sides;
        let left = self.truth(left);
        if left == Ok(absorbing) {
            return Ok(absorbing);
        }
        let right = self.truth(right)?;
        if right == absorbing { Ok(absorbing) } else { left }
    }

    fn each(&mut self, all: bool, list: Value, body: &Code) -> Result<bool, EvalError> {
        let mut failed = None;
        for item in self.items(list)?.iter() {
            self.bound.push(item.clone());
            let found = self.truth(body);
            self.bound.pop();
            match found {
                Ok(found) if found != all => return Ok(found),
                Ok(_) => {}
                Err(EvalError::TooManySteps) => return Err(EvalError::TooManySteps),
                Err(error) => failed = Some(error),
            }
        }
        failed.map_or(Ok(all), Err)
    }

    fn items(&mut self, list: Value) -> Result<Arc<[Value]>, EvalError> {
        match list {
            Value::List(items) => Ok(items),
            _ => Err(EvalError::NoSuchItem),
        }
    }
}

fn compare(how: Compare, left: &Value, right: &Value) -> bool {
    match how {
        Compare::Equal => left == right,
        Compare::NotEqual => left != right,
        Compare::Less => left < right,
        Compare::LessOrEqual => left <= right,
        Compare::Greater => left > right,
        Compare::GreaterOrEqual => left >= right,
    }
}

fn sum(how: Sum, left: Value, right: Value) -> Result<Value, EvalError> {
    let number = |left: i64, right: i64| {
        if right == 0 && matches!(how, Sum::Divide | Sum::Remainder) {
            return Err(EvalError::DivisionByZero);
        }
        let result = match how {
            Sum::Add => left.checked_add(right),
            Sum::Subtract => left.checked_sub(right),
            Sum::Multiply => left.checked_mul(right),
            Sum::Divide => left.checked_div(right),
            Sum::Remainder => left.checked_rem(right),
        };
        result.ok_or(EvalError::OutOfRange)
    };
    let time = |left: Timestamp, right: i64| Ok(Timestamp::from_nanos(number(left.as_nanos(), right)?));
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Ok(Value::Int(number(left, right)?)),
        (Value::Duration(left), Value::Duration(right)) => Ok(Value::Duration(number(left, right)?)),
        (Value::Time(left), Value::Duration(right)) => Ok(Value::Time(time(left, right)?)),
        (Value::Duration(left), Value::Time(right)) => Ok(Value::Time(time(right, left)?)),
        (Value::Time(left), Value::Time(right)) => {
            Ok(Value::Duration(number(left.as_nanos(), right.as_nanos())?))
        }
        (Value::Text(left), Value::Text(right)) if left.len() + right.len() <= TEXT_OCTETS_MAX => {
            Ok(Value::text(format!("{left}{right}")))
        }
        (Value::Text(_), Value::Text(_)) => Err(EvalError::TooLong),
        // The check lets no other types come here.
        _ => Err(EvalError::OutOfRange),
    }
}

impl Part {
    /// Reads a part of a time in UTC.
    fn of(self, time: Timestamp) -> i64 {
        let seconds = time.as_secs();
        let of_day = seconds.rem_euclid(86_400);
        let days = seconds.div_euclid(86_400);
        match self {
            Self::Seconds => of_day % 60,
            Self::Minutes => of_day / 60 % 60,
            Self::Hours => of_day / 3_600,
            // The first of January 1970 was a Thursday; Sunday is 0.
            Self::DayOfWeek => (days + 4).rem_euclid(7),
            // As the text of the time has it, so that there is one calendar; both count from 0.
            Self::DayOfMonth => date_part(time, 8) - 1,
            Self::Month => date_part(time, 5) - 1,
            Self::Year => date_part_of_length(time, 0, 4),
        }
    }

    /// Reads a length of time in whole hours, minutes or seconds.
    const fn of_duration(self, nanos: i64) -> i64 {
        match self {
            Self::Hours => nanos / 3_600_000_000_000,
            Self::Minutes => nanos / 60_000_000_000,
            _ => nanos / 1_000_000_000,
        }
    }
}

fn date_part(time: Timestamp, from: usize) -> i64 {
    date_part_of_length(time, from, 2)
}

fn date_part_of_length(time: Timestamp, from: usize, len: usize) -> i64 {
    time.to_string().get(from..from + len).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
