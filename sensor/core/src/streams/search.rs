use super::member::MemberId;
use super::network::Streams;
use super::post::{Post, PostId, PostState, Severity};
use crate::types::Timestamp;

/// What is looked for; what is `None` or empty restricts nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Words that must all stand in title, body or comments, as the beginning of a word, whatever their case.
    pub text: Box<str>,
    /// In whose stream.
    pub stream: Option<MemberId>,
    /// Below whom, streams of the member itself among them.
    pub below: Option<MemberId>,
    /// In whose name.
    pub author: Option<MemberId>,
    /// With which hashtag, without `#`.
    pub tag: Option<Box<str>>,
    /// At least how grave.
    pub severity: Option<Severity>,
    /// In which state.
    pub state: Option<PostState>,
    /// Made at this time or later.
    pub since: Option<Timestamp>,
    /// Made before this time.
    pub until: Option<Timestamp>,
    /// Made before this post: where the page before ended.
    pub before: Option<PostId>,
    /// How many at most.
    pub limit: usize,
}

impl Streams {
    /// Returns the posts that fit, the newest first. Looks at posts one by one, from the newest on, until there are enough.
    pub fn search(&self, query: &Query) -> Vec<&Post> {
        let words: Vec<String> = words_of(&query.text).collect();
        let fits = |post: &&Post| self.fits(post, query, &words);
        match query.stream {
            Some(stream) => self.posts.of_stream(stream).rev().filter(fits).take(query.limit).collect(),
            None => self.posts.iter().rev().filter(fits).take(query.limit).collect(),
        }
    }

    fn fits(&self, post: &Post, query: &Query, words: &[String]) -> bool {
        query.before.is_none_or(|before| post.id < before)
            && query.author.is_none_or(|author| post.author == author)
            && query.severity.is_none_or(|severity| post.severity >= severity)
            && query.state.is_none_or(|state| post.state == state)
            && query.since.is_none_or(|since| post.opened_at >= since)
            && query.until.is_none_or(|until| post.opened_at < until)
            && query.tag.as_ref().is_none_or(|tag| post.hashtags.contains(tag))
            && query.below.is_none_or(|top| self.members.covers(top, post.stream))
            && has_all(post, words)
    }
}

fn has_all(post: &Post, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let comments = post.comments.iter().map(|comment| &*comment.text);
    let texts = [&*post.title, &*post.body].into_iter().chain(comments);
    let found: Vec<String> = texts.flat_map(words_of).collect();
    words.iter().all(|wanted| found.iter().any(|word| word.starts_with(wanted.as_str())))
}

/// Returns the words of a text in lower case.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | ':' | '.'));
    words.map(|word| word.trim_matches(['.', ':', '-']).to_lowercase()).filter(|word| !word.is_empty())
}
