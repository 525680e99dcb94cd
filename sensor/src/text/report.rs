//! Problems as people read them: message, place, the line with a caret, help.

use std::collections::BTreeMap;
use std::io::{self, Write};

use rollcall_core::recorded::{Place, Problem, Severity};

/// How much of a long line is shown, in characters.
const EXCERPT_CHARS_MAX: usize = 120;

/// Whether to write colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text only.
    Plain,
    /// With colours, for terminals.
    Colour,
}

/// The lines that problems are in, by the name of the text.
#[derive(Clone, Debug, Default)]
pub struct Excerpts {
    texts: BTreeMap<String, String>,
}

impl Excerpts {
    /// Adds the text that problems call by `name`.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.texts.insert(name.into(), text.into());
    }

    /// Adds the texts of others.
    pub fn extend(&mut self, others: Self) {
        self.texts.extend(others.texts);
    }

    fn line(&self, place: &Place) -> Option<&str> {
        let index = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let text = self.texts.get(place.source.as_ref())?;
        // YAML ends a line at a carriage return alone as well.
        let ends = |c: char| matches!(c, '\n' | '\r');
        let parts = text.split_inclusive("\r\n");
        parts.flat_map(|part| part.strip_suffix("\r\n").unwrap_or(part).split(ends)).nth(index)
    }
}

/// Writes problems with the lines that they are in, one after another, each followed by an empty line.
///
/// # Errors
/// Those of `out`.
pub fn write_problems(
    out: &mut dyn Write,
    problems: &[Problem],
    excerpts: &Excerpts,
    style: Style,
) -> io::Result<()> {
    for problem in problems {
        write_problem(out, problem, excerpts, style)?;
    }
    Ok(())
}

/// Writes how many errors and warnings there are: `2 errors and 1 warning`.
///
/// # Errors
/// Those of `out`.
pub fn write_count(out: &mut dyn Write, problems: &[Problem]) -> io::Result<()> {
    let errors = problems.iter().filter(|p| p.severity == Severity::Error).count();
    let counted = |count: usize, noun: &str| match count {
        0 => None,
        1 => Some(format!("1 {noun}")),
        count => Some(format!("{count} {noun}s")),
    };
    let parts = [counted(errors, "error"), counted(problems.len() - errors, "warning")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let text = if parts.is_empty() { "no problems".to_owned() } else { parts.join(" and ") };
    writeln!(out, "{text}")
}

fn write_problem(
    out: &mut dyn Write,
    problem: &Problem,
    excerpts: &Excerpts,
    style: Style,
) -> io::Result<()> {
    let (on, dim, off) = match (style, problem.severity) {
        (Style::Plain, _) => ("", "", ""),
        (Style::Colour, Severity::Error) => ("\x1b[1;31m", "\x1b[1;34m", "\x1b[0m"),
        (Style::Colour, Severity::Warning) => ("\x1b[1;33m", "\x1b[1;34m", "\x1b[0m"),
    };
    let severity = problem.severity.as_str();
    writeln!(out, "{on}{severity}[{}]{off}: {}", problem.code, printable(&problem.message))?;
    let width = problem.place.line.to_string().len();
    writeln!(out, "{:width$}{dim}-->{off} {}", "", problem.place)?;
    if let Some(line) = excerpts.line(&problem.place) {
        let (excerpt, indent, carets) = excerpt(line, problem.place.column);
        writeln!(out, "{:width$} {dim}|{off}", "")?;
        writeln!(out, "{dim}{} |{off} {excerpt}", problem.place.line)?;
        writeln!(out, "{:width$} {dim}|{off} {:indent$}{on}{:^^carets$}{off}", "", "", "")?;
    }
    if let Some(also) = &problem.also {
        writeln!(out, "{:width$} {dim}={off} and: {also}", "")?;
    }
    if let Some(help) = &problem.help {
        writeln!(out, "{:width$} {dim}={off} help: {}", "", printable(help))?;
    }
    writeln!(out)
}

/// Returns the part of a line around a column, how far to indent the carets, and how many to draw.
fn excerpt(line: &str, column: u32) -> (String, usize, usize) {
    let column = usize::try_from(column).unwrap_or(1).saturating_sub(1);
    let chars: Vec<char> = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let ends = |c: &char| matches!(c, ',' | ';' | ']' | '}' | ' ' | ':');
    let behind = chars.get(column..).unwrap_or(&[]);
    let quote = behind.first().filter(|c| matches!(c, '"' | '\''));
    let carets = match quote {
        Some(quote) => behind.iter().skip(1).position(|c| c == quote).map_or(1, |at| at + 2),
        // A colon ends a key, but not a MAC address.
        None => (0..behind.len())
            .find(|at| {
                let next = behind.get(at + 1).is_none_or(|c| *c == ' ');
                behind.get(*at).is_some_and(|c| ends(c) && (*c != ':' || next))
            })
            .unwrap_or(behind.len())
            .max(1),
    };
    let start = match chars.len() > EXCERPT_CHARS_MAX {
        true => column.saturating_sub(EXCERPT_CHARS_MAX / 2).min(chars.len()),
        false => 0,
    };
    let end = chars.len().min(start + EXCERPT_CHARS_MAX);
    let shown: String = chars.get(start..end).unwrap_or(&[]).iter().collect();
    let carets = carets.min(end.saturating_sub(column).max(1));
    (shown.trim_end().to_owned(), column - start.min(column), carets)
}

/// Replaces control characters, so that a text cannot steer the terminal that it is shown on.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_as_yaml_says() {
        let mut excerpts = Excerpts::default();
        excerpts.add("text", "one\rtwo\r\n\r\nfour\nfive");
        let line = |line| excerpts.line(&Place { source: "text".into(), line, column: 1 }).map(str::to_owned);
        let lines: Vec<_> = (0..7).map(line).collect();
        let expected = [None, Some("one"), Some("two"), Some(""), Some("four"), Some("five"), None];
        assert_eq!(lines, expected.map(|line| line.map(str::to_owned)));
    }
}
