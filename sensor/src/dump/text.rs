use std::fmt::Write;

use rollcall_core::types::Timestamp;

/// Returns a time as decimal seconds since the epoch with nine decimals.
pub(super) fn seconds(at: Timestamp) -> String {
    let nanos = at.as_nanos();
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

/// Returns octets in hexadecimal, separated by colons.
pub(super) fn octets(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (index, octet) in bytes.iter().enumerate() {
        let separator = if index == 0 { "" } else { ":" };
        // Writing to a string cannot fail.
        write!(text, "{separator}{octet:02x}").unwrap_or_default();
    }
    text
}

/// Returns an identifier that ought to be text: white space as blanks, control characters as `\x1b`, octets
/// that are no UTF-8 as replacement characters.
pub(super) fn identifier(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for letter in String::from_utf8_lossy(bytes).chars() {
        match letter {
            '\t' | '\n' | '\r' => text.push(' '),
            letter if letter.is_ascii_control() => {
                write!(text, "\\x{:x}", u32::from(letter)).unwrap_or_default();
            }
            letter => text.push(letter),
        }
    }
    text
}

/// Returns an identifier that ought to be ASCII as [`name`] does; other octets as replacement characters.
pub(super) fn ascii(bytes: &[u8]) -> Option<String> {
    let letters = bytes.iter().map(|octet| match octet {
        0x80.. => char::REPLACEMENT_CHARACTER,
        octet => char::from(*octet),
    });
    if bytes.first() == Some(&0) { name(bytes) } else { name(letters.collect::<String>().as_bytes()) }
}

/// Returns an identifier up to its first zero, as [`identifier`] does; in hexadecimal if it begins with one, and none
/// if it is empty.
pub(super) fn name(bytes: &[u8]) -> Option<String> {
    match bytes {
        [] => None,
        [0, ..] => Some(octets(bytes).replace(':', "")),
        _ => bytes.split(|octet| *octet == 0).next().map(identifier),
    }
}

/// Returns a name that somebody wrote into a file, with control characters as in a string literal: `\n`.
pub(super) fn label(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_control() {
            text.extend(letter.escape_default());
        } else {
            text.push(letter);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_keep_all_digits() {
        assert_eq!(seconds(Timestamp::from_nanos(1_309_422_288_459_576_000)), "1309422288.459576000");
        assert_eq!(seconds(Timestamp::from_nanos(-1)), "-0.000000001");
    }

    #[test]
    fn identifiers_cannot_break_a_terminal() {
        assert_eq!(identifier(b"node\x1b[2J\n\xff"), "node\\x1b[2J \u{fffd}");
        assert_eq!(ascii(b"p\xc3\xa9\x01\n\0q").as_deref(), Some("p\u{fffd}\u{fffd}\\x1 "));
        assert_eq!(name(b"\0q").as_deref(), Some("0071"));
        assert_eq!(name(b""), None);
        assert_eq!(octets(&[0, 0xab]), "00:ab");
        assert_eq!(label("eth0\r\n"), "eth0\\r\\n");
    }
}
