use rollcall_core::rules::{Content, Entry, Node, Origin};

use crate::text::yaml;

/// Makes the core's tree of a text's; `lines` are the lines of the text, by which it is known where the first character of
/// a quoted or indented value stands.
pub(super) fn of(node: yaml::Node, lines: &[&str]) -> Node {
    let at = node.at;
    let plain = Origin { line: at.line, column: at.column, indent: at.column };
    match node.value {
        yaml::Value::Null => Node { at: plain, content: Content::Null },
        yaml::Value::Scalar(text) => Node { at: begin(plain, lines), content: Content::Text(text) },
        yaml::Value::Sequence(items) => {
            let items = items.into_iter().map(|item| of(item, lines)).collect();
            Node { at: plain, content: Content::List(items) }
        }
        yaml::Value::Mapping(entries) => {
            let entry = |entry: yaml::Entry| Entry {
                at: Origin { line: entry.at.line, column: entry.at.column, indent: entry.at.column },
                key: entry.key,
                node: of(entry.node, lines),
            };
            Node { at: plain, content: Content::Map(entries.into_iter().map(entry).collect()) }
        }
    }
}

/// Finds where the first character of a value stands: behind a quote, or in the line below `|` or `>`.
fn begin(at: Origin, lines: &[&str]) -> Origin {
    let index = (at.line as usize).saturating_sub(1);
    let first = lines.get(index).and_then(|line| line.chars().nth((at.column as usize).saturating_sub(1)));
    match first {
        Some('"' | '\'') => Origin { column: at.column + 1, ..at },
        Some('|' | '>') => {
            let below = lines.iter().enumerate().skip(index + 1).find(|(_, line)| !line.trim().is_empty());
            let Some((index, line)) = below else { return at };
            let indent = indent_of(line) + 1;
            Origin { line: u32::try_from(index + 1).unwrap_or(at.line), column: indent, indent }
        }
        _ => at,
    }
}

fn indent_of(line: &str) -> u32 {
    let spaces = line.chars().take_while(|c| *c == ' ').count();
    u32::try_from(spaces).unwrap_or(0)
}

/// Finds the place of a column that lies behind the end of its line, because the value goes on in the lines below and the
/// ends of lines were read as spaces.
pub(super) fn unfolded((mut line, mut column): (u32, u32), lines: &[&str]) -> (u32, u32) {
    loop {
        let length = |line: u32| {
            let text = lines.get((line as usize).checked_sub(1)?)?;
            Some((u32::try_from(text.trim_end().chars().count()).ok()?, indent_of(text)))
        };
        let (Some((len, _)), Some((_, indent))) = (length(line), length(line + 1)) else {
            return (line, column);
        };
        if column <= len + 1 {
            return (line, column);
        }
        column = column - (len + 1) + indent;
        line += 1;
    }
}
