//! Texts that come from the wire.

/// How many octets of a text are kept.
const OCTETS_MAX: usize = 255;

/// Returns a text without the zeros that pad it; none if nothing is left.
///
/// Octets that are no UTF-8 and control characters, which could steer a terminal, become replacement characters.
///
/// # Bounds
/// The first 255 octets are kept.
pub(super) fn text(octets: &[u8]) -> Option<Box<str>> {
    let end = octets.iter().rposition(|octet| *octet != 0)?;
    let kept = octets.get(..=end.min(OCTETS_MAX - 1))?;
    let letters = String::from_utf8_lossy(kept);
    let safe =
        letters.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter });
    Some(safe.collect::<String>().into_boxed_str())
}

/// Returns a text if the octets are one: UTF-8 without control characters.
pub(super) fn plain_text(octets: &[u8]) -> Option<Box<str>> {
    let text = core::str::from_utf8(octets).ok()?;
    let is_kept = !text.is_empty() && text.len() <= OCTETS_MAX && !text.chars().any(char::is_control);
    is_kept.then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_steer_a_terminal() {
        assert_eq!(text(b"sw\x1b[2J1\0\0").as_deref(), Some("sw\u{fffd}[2J1"));
        assert_eq!(text(b"\0\0"), None);
        assert_eq!(text(&[b'a'; 300]).map(|text| text.len()), Some(255));
        assert_eq!(plain_text(b"Fa0/1").as_deref(), Some("Fa0/1"));
        assert_eq!(plain_text(b"Fa0/1\0"), None);
    }
}
