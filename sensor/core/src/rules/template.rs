use super::expr::{Checked, EvalError, ExprFault, Names, Values, compile};
use super::{RENDERED_OCTETS_MAX, TEMPLATE_OCTETS_MAX};

/// A text with expressions in double braces: `{{guest.name}} talks`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(Box<str>),
    Value(Box<Checked>),
}

impl Template {
    /// Makes a template that always gives one text.
    pub fn plain(text: &str) -> Self {
        Self { pieces: vec![Piece::Text(text.into())] }
    }

    /// Reads a template; each fault counts its octets from the beginning of the text.
    pub(super) fn read(text: &str, names: &Names) -> Result<Self, Vec<ExprFault>> {
        let fault = |at: usize, code: &'static str, message: &str, help: &str| ExprFault {
            code,
            at,
            message: message.to_owned(),
            help: help.to_owned(),
        };
        if text.len() > TEMPLATE_OCTETS_MAX {
            let help = format!("at most {TEMPLATE_OCTETS_MAX} octets");
            return Err(vec![fault(0, "RC0412", "a text that is too long", &help)]);
        }
        let (mut pieces, mut faults) = (Vec::new(), Vec::new());
        let (mut rest, mut at) = (text, 0);
        while let Some((before, behind)) = rest.split_once("{{") {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            }
            let begin = at + before.len() + 2;
            let Some((inside, after)) = behind.split_once("}}") else {
                faults.push(fault(
                    begin - 2,
                    "RC0417",
                    "`{{` has no `}}`",
                    "close the braces behind the expression",
                ));
                return Err(faults);
            };
            match compile(inside, names) {
                Ok(checked) => pieces.push(Piece::Value(Box::new(checked))),
                Err(wrong) => {
                    faults.extend(wrong.into_iter().map(|fault| ExprFault { at: begin + fault.at, ..fault }));
                }
            }
            at = begin + inside.len() + 2;
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        if faults.is_empty() { Ok(Self { pieces }) } else { Err(faults) }
    }

    /// Returns the text with the values of its expressions, cut at [`RENDERED_OCTETS_MAX`].
    ///
    /// # Errors
    /// [`EvalError`] of the first expression that has no value.
    pub fn render(&self, values: &dyn Values) -> Result<String, EvalError> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(piece) => text.push_str(piece),
                Piece::Value(checked) => text.push_str(&checked.value(values)?.to_string()),
            }
            if text.len() > RENDERED_OCTETS_MAX {
                let mut end = RENDERED_OCTETS_MAX;
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                text.truncate(end);
                break;
            }
        }
        Ok(text)
    }
}
