//! Rust source as the rules see it: line by line, without comments.

/// Returns the lines of a file with their numbers from 1, comments cut off.
///
/// A `//` inside a string literal is no comment; block comments and literals over several lines are not
/// followed, which is good enough for code that rustfmt has formatted.
pub(super) fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, without_comment(line)))
}

fn without_comment(line: &str) -> &str {
    let (mut in_string, mut escaped, mut slash_at) = (false, false, None);
    for (at, character) in line.char_indices() {
        let after_slash = slash_at.is_some_and(|slash| slash + 1 == at);
        match character {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '/' if !in_string && after_slash => return &line[..at - 1],
            '/' => slash_at = Some(at),
            _ => {}
        }
    }
    line
}

/// Returns the line number at which the file's own tests begin, or that after its last.
pub(super) fn tests_begin(text: &str) -> usize {
    let found = text.lines().position(|line| line == "mod tests {");
    found.map_or_else(|| text.lines().count() + 1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_cut_and_strings_are_not() {
        assert_eq!(without_comment("let a = 1; // one"), "let a = 1; ");
        assert_eq!(without_comment("/// doc"), "");
        assert_eq!(without_comment(r#"let a = "http://x"; // y"#), r#"let a = "http://x"; "#);
        assert_eq!(without_comment(r#"let a = "\"//";"#), r#"let a = "\"//";"#);
        assert_eq!(without_comment("a / b"), "a / b");
    }

    #[test]
    fn tests_begin_where_their_module_does() {
        assert_eq!(tests_begin("fn a() {}\n\n#[cfg(test)]\nmod tests {\n}\n"), 4);
        assert_eq!(tests_begin("fn a() {}\n"), 2);
    }
}
