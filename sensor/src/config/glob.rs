/// A pattern for names: `*` stands for any characters, `?` for one, everything else for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    pattern: Vec<char>,
}

impl Glob {
    /// Makes a pattern; every text is one.
    pub(super) fn new(pattern: &str) -> Self {
        Self { pattern: pattern.chars().collect() }
    }

    /// Tells whether a whole name fits.
    ///
    /// Goes back to the last `*` only, which is enough as a star takes whatever a star before it could.
    pub(super) fn fits(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut at, mut in_name) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while in_name < name.len() {
            match self.pattern.get(at) {
                Some('*') => {
                    star = Some((at + 1, in_name));
                    at += 1;
                }
                Some(c) if *c == '?' || name.get(in_name) == Some(c) => {
                    at += 1;
                    in_name += 1;
                }
                _ => {
                    let Some((behind, taken)) = star else {
                        return false;
                    };
                    star = Some((behind, taken + 1));
                    (at, in_name) = (behind, taken + 1);
                }
            }
        }
        self.pattern.iter().skip(at).all(|c| *c == '*')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks() {
        let check = |pattern: &str, name: &str, fits| {
            assert_eq!(Glob::new(pattern).fits(name), fits, "{pattern} {name}");
        };
        check("*.pcap", "tor-1.pcap", true);
        check("*.pcap", "tor-1.pcapng", false);
        check("tor-?-*", "tor-1-eth1", true);
        check("tor-?-*", "tor-12-eth1", false);
        check("*a*b", "xaybzb", true);
        check("", "", true);
        check("", "a", false);
        check("*", "", true);
        check("eth[0]", "eth[0]", true);
    }

    /// The definition, by trying every way to split.
    fn naive(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|taken| naive(rest, &name[taken..])),
            Some((c, rest)) => {
                name.split_first().is_some_and(|(n, names)| (*c == '?' || c == n) && naive(rest, names))
            }
        }
    }

    proptest! {
        #[test]
        fn equals_the_definition(pattern in "[ab*?]{0,8}", name in "[abc]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<char>>();
            prop_assert_eq!(Glob::new(&pattern).fits(&name), naive(&chars(&pattern), &chars(&name)));
        }
    }
}
