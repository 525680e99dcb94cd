use super::member::MemberKind;

/// Sends posts to a topic's stream by what they say, instead of to the stream in which they would stand.
///
/// Everything that a rule names must fit; a rule that names nothing fits every post. Of several rules the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutingRule {
    /// The topic: a stream of its own, whose posts are carried up to the administrators.
    pub topic: Box<str>,
    /// The name of the stream's owner for which the post was meant.
    pub stream: Option<Box<str>>,
    /// Of what kind its author is.
    pub author: Option<MemberKind>,
    /// Words of which at least one stands in title or body, in lower case.
    pub words: Vec<Box<str>>,
    /// A hashtag, without `#`.
    pub hashtag: Option<Box<str>>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Routed<'a> {
    pub(super) stream: &'a str,
    pub(super) author: MemberKind,
    pub(super) title: &'a str,
    pub(super) body: &'a str,
    pub(super) hashtags: &'a [Box<str>],
}

impl RoutingRule {
    /// Tells whether a post is to go to the topic.
    pub(super) fn fits(&self, post: Routed<'_>) -> bool {
        let has_word = || [post.title, post.body].iter().any(|text| has_any_word(text, &self.words));
        self.stream.as_deref().is_none_or(|stream| stream == post.stream)
            && self.author.is_none_or(|author| author == post.author)
            && self.hashtag.as_ref().is_none_or(|hashtag| post.hashtags.contains(hashtag))
            && (self.words.is_empty() || has_word())
    }
}

/// Tells whether a text has one of some words, which are in lower case.
fn has_any_word(text: &str, words: &[Box<str>]) -> bool {
    let mut found = text.split(|c: char| !c.is_alphanumeric() && c != '-').map(str::to_lowercase);
    found.any(|word| words.iter().any(|wanted| **wanted == *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_rule_names_must_fit() {
        let hashtags = ["disk".into()];
        let post = Routed {
            stream: "vc-1",
            author: MemberKind::Guest,
            title: "Disk failure",
            body: "sda: 3 bad sectors",
            hashtags: &hashtags,
        };
        let rule = RoutingRule { topic: "guest disk".into(), ..RoutingRule::default() };
        assert!(rule.fits(post));
        let rule = RoutingRule { author: Some(MemberKind::Guest), words: vec!["disk".into()], ..rule };
        assert!(rule.fits(post));
        assert!(!rule.fits(Routed { author: MemberKind::Host, ..post }));
        assert!(!rule.fits(Routed { title: "Diskette", ..post }));
        let rule = RoutingRule { stream: Some("vc-1".into()), hashtag: Some("disk".into()), ..rule };
        assert!(rule.fits(post));
        assert!(!rule.fits(Routed { stream: "vc-2", ..post }));
        assert!(!rule.fits(Routed { hashtags: &[], ..post }));
    }
}
