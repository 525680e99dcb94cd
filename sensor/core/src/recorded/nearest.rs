/// Returns the candidate that `word` was most likely meant to be; `None` where none is near.
///
/// Near is at most one edit for every three characters of the word, and at least one. Of several equally near the
/// first counts.
///
/// # Bounds
/// A word of more than 64 characters has no neighbour.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    if word.is_empty() || word.len() > 64 {
        return None;
    }
    let limit = (word.len() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let within = best.map_or(limit, |(edits, _)| edits.saturating_sub(1));
        if candidate.len().abs_diff(word.len()) > within * 4 {
            continue;
        }
        let edits = distance(&word, candidate);
        if edits <= within && best.is_none_or(|(fewest, _)| edits < fewest) {
            best = Some((edits, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Returns how many characters must be inserted, deleted, replaced or swapped with their neighbour.
fn distance(word: &[char], candidate: &str) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=word.len()).collect();
    let mut previous_char = None;
    for (row, c) in candidate.chars().flat_map(char::to_lowercase).enumerate() {
        let mut current = Vec::with_capacity(last.len());
        current.push(row + 1);
        for (column, w) in word.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut edits = (at(&last, column) + usize::from(*w != c))
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped = column > 0 && Some(*w) == previous_char && word.get(column - 1) == Some(&c);
            if swapped && row > 0 {
                edits = edits.min(at(&before_last, column - 1) + 1);
            }
            current.push(edits);
        }
        before_last = core::mem::replace(&mut last, current);
        previous_char = Some(c);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let keys = ["guests", "hosts", "switches", "known-stations"];
        assert_eq!(nearest("guest", keys), Some("guests"));
        assert_eq!(nearest("gusets", keys), Some("guests"));
        assert_eq!(nearest("Known_Stations", keys), Some("known-stations"));
        assert_eq!(nearest("vlan", keys), None);
        assert_eq!(nearest("", keys), None);
    }

    #[test]
    fn counts_edits() {
        let check = |a: &str, b: &str, edits| {
            let a: Vec<char> = a.chars().collect();
            assert_eq!(distance(&a, b), edits);
        };
        check("abc", "abc", 0);
        check("abc", "acb", 1);
        check("abc", "", 3);
        check("", "abc", 3);
        check("kitten", "sitting", 3);
    }
}
