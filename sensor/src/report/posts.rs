//! The posts of the streams as records, and as people like to read them.

use std::io::{self, BufRead, Write};

use rollcall_core::streams::{Comment, Member, MemberId, Post, Speaker, Streams};
use rollcall_core::types::Timestamp;
use serde::{Deserialize, Serialize};

use super::explain::{ExplainError, read_records};

/// Names of those who like a post that are listed.
const LIKED_BY_SHOWN: usize = 8;
/// Comments shown with a post.
const COMMENTS_SHOWN: usize = 2;

/// A post.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct PostRecord {
    /// Its number, as `p17`.
    pub id: String,
    /// The owner of the stream that it stands in.
    pub stream: String,
    /// What the owner is: `host`, `rack`, `administrators`.
    pub stream_kind: String,
    /// The owner and those above it, the administrators first.
    pub path: Vec<String>,
    /// `condition`, `news`, `word`, `carried` or `flagged`.
    pub kind: String,
    /// In whose name it is.
    pub author: String,
    /// What the author is.
    pub author_kind: String,
    /// The sensor that observed it, where the author has not spoken itself.
    pub observed_by: Option<String>,
    /// What it is about, in a line.
    pub title: String,
    /// Details.
    pub body: String,
    /// How grave it is.
    pub severity: String,
    /// Topics, without `#`.
    pub hashtags: Vec<String>,
    /// What it is about, in a word.
    pub category: String,
    /// References.
    pub links: Vec<String>,
    /// `open`, `acknowledged` or `resolved`.
    pub state: String,
    /// When it was made.
    pub opened_at: String,
    /// When somebody last reported, liked or commented.
    pub updated_at: String,
    /// When it was resolved.
    pub resolved_at: Option<String>,
    /// Likes now, by those who report it and by choice.
    pub likes: u64,
    /// The first of those who like it.
    pub liked_by: Vec<String>,
    /// Members who report it now; of a carried post, in all posts that it sums up.
    pub reports: u64,
    /// Most members who reported it at a time.
    pub reports_most: u64,
    /// Its likes by severity and standing.
    pub weight: u64,
    /// Whether it stands at the top of its stream.
    pub pinned: bool,
    /// The post that sums it up, one level up.
    pub carried_to: Option<String>,
    /// The posts that it sums up.
    pub sources: Vec<String>,
    /// Who flagged it.
    pub flags: Vec<String>,
    /// What was said about it.
    pub comments: Vec<CommentRecord>,
    /// Comments that found no room.
    pub comments_dropped: u64,
}

/// A comment on a post.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CommentRecord {
    /// When.
    pub at: String,
    /// Who.
    pub author: String,
    /// What.
    pub text: String,
}

impl PostRecord {
    /// Makes the record of a post.
    pub fn new(post: &Post, streams: &Streams) -> Self {
        let members = streams.members();
        let name = |id: MemberId| members.name(id);
        let what = |id: MemberId| members.get(id).map_or("former", Member::what).to_owned();
        let mut path: Vec<String> = members.above(post.stream).map(name).collect();
        path.reverse();
        path.push(name(post.stream));
        let comment = |comment: &Comment| CommentRecord {
            at: comment.at.to_string(),
            author: name(comment.author),
            text: comment.text.to_string(),
        };
        Self {
            id: post.id.to_string(),
            stream: name(post.stream),
            stream_kind: what(post.stream),
            path,
            kind: post.theme.as_str().to_owned(),
            author: name(post.author),
            author_kind: what(post.author),
            observed_by: (post.speaker == Speaker::Sensor).then(|| name(streams.sensor())),
            title: streams.title(post),
            body: post.body.to_string(),
            severity: post.severity.as_str().to_owned(),
            hashtags: post.hashtags.iter().map(ToString::to_string).collect(),
            category: post.category.to_string(),
            links: post.links.iter().map(ToString::to_string).collect(),
            state: post.state.as_str().to_owned(),
            opened_at: post.opened_at.to_string(),
            updated_at: post.updated_at.to_string(),
            resolved_at: post.resolved_at.as_ref().map(Timestamp::to_string),
            likes: post.likes.len() as u64,
            liked_by: post.likes.keys().take(LIKED_BY_SHOWN).map(|&id| name(id)).collect(),
            reports: u64::from(post.reports),
            reports_most: u64::from(post.reports_most),
            weight: post.weight,
            pinned: post.pinned,
            carried_to: post.carried_to.as_ref().map(ToString::to_string),
            sources: post.sources.iter().map(ToString::to_string).collect(),
            flags: post.flags.iter().map(|&id| name(id)).collect(),
            comments: post.comments.iter().map(comment).collect(),
            comments_dropped: post.comments_dropped,
        }
    }

    /// Returns what is remarkable about it, in a line.
    fn remarks(&self) -> String {
        let mut remarks = Vec::new();
        if self.sources.is_empty() {
            let observed = self.observed_by.as_ref().map(|by| format!(" (observed by {by})"));
            let author = format!("by {} {}", self.author_kind, self.author);
            remarks.push(format!("{author}{}", observed.unwrap_or_default()));
        } else {
            remarks.push(format!("sums up {}", self.sources.join(", ")));
        }
        if self.likes > 0 {
            remarks.push(count(self.likes, "like"));
        }
        if self.reports_most > self.reports {
            remarks.push(format!("reported by {} at most", self.reports_most));
        } else if !self.sources.is_empty() {
            remarks.push(format!("reported by {}", self.reports));
        }
        if self.weight > 0 {
            remarks.push(format!("weight {}", self.weight));
        }
        if let Some(up) = &self.carried_to {
            remarks.push(format!("carried up to {up}"));
        }
        if !self.flags.is_empty() {
            remarks.push(format!("flagged by {}", self.flags.join(", ")));
        }
        remarks.extend(self.hashtags.iter().map(|tag| format!("#{tag}")));
        remarks.join(", ")
    }
}

/// Returns the records of all posts: of each stream, those further up in the tree first, the newest first.
pub(super) fn records(streams: &Streams) -> Vec<PostRecord> {
    let mut posts: Vec<(u64, PostRecord)> =
        streams.posts().iter().map(|post| (post.id.number(), PostRecord::new(post, streams))).collect();
    posts.sort_by(|(a, one), (b, other)| (&one.path, b).cmp(&(&other.path, a)));
    posts.into_iter().map(|(_, post)| post).collect()
}

/// Writes posts under the names of their streams; `paint` colours a text by a severity.
pub(super) fn write_posts<'a>(
    posts: impl Iterator<Item = &'a PostRecord>,
    paint: &dyn Fn(&str, &str) -> String,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut stream: &[String] = &[];
    for post in posts {
        if post.path != stream {
            stream = &post.path;
            writeln!(out)?;
            let above = stream.get(1..stream.len().saturating_sub(1)).unwrap_or_default();
            let under = if above.is_empty() { String::new() } else { format!("  ({})", above.join(" > ")) };
            let kind = if post.stream_kind == post.stream { "" } else { &format!("{} ", post.stream_kind) };
            writeln!(out, "  {kind}{}{under}", post.stream)?;
        }
        let severity = paint(&format!("{:<8}", post.severity), &post.severity);
        let pinned = if post.pinned && post.state != "resolved" { "  pinned" } else { "" };
        writeln!(out, "    {severity}  {}  {}{pinned}  {}", post.title, post.state, post.id)?;
        writeln!(out, "              {}", post.remarks())?;
        let hidden = post.comments.len().saturating_sub(COMMENTS_SHOWN);
        for comment in post.comments.iter().skip(hidden) {
            writeln!(out, "              {}: {}", comment.author, comment.text)?;
        }
    }
    Ok(())
}

/// Shows a stream of a replay's result, by the name of its owner; a post, by its number; or `all`.
///
/// # Errors
/// [`ExplainError`]
pub fn show_stream(wanted: &str, result: &mut dyn BufRead, out: &mut dyn Write) -> Result<(), ExplainError> {
    let posts: Vec<PostRecord> = read_records(result, "post")?;
    let fits = |post: &&PostRecord| wanted == "all" || post.stream == wanted || post.id == wanted;
    let found: Vec<&PostRecord> = posts.iter().filter(fits).collect();
    if found.is_empty() && wanted != "all" {
        let mut names: Vec<&str> = posts.iter().map(|post| &*post.stream).collect();
        names.dedup();
        let known = match names.len() {
            0 => "it holds no post".to_owned(),
            _ => format!("it holds posts in the streams {}", names.join(", ")),
        };
        return Err(ExplainError::Unknown { what: "stream", wanted: wanted.to_owned(), known });
    }
    write_posts(found.iter().copied(), &|text, _| text.to_owned(), out).map_err(ExplainError::Write)?;
    if let [post] = found[..]
        && !post.body.is_empty()
    {
        writeln!(out, "\n  {}", post.body).map_err(ExplainError::Write)?;
    }
    Ok(())
}

/// Says how many posts there are, and what the administrators have to read.
pub(super) fn heading(posts: &[PostRecord]) -> String {
    let open = |post: &&PostRecord| post.state != "resolved";
    let for_administrators = posts.iter().filter(open).filter(|post| post.path.len() == 1).count() as u64;
    let all = posts.len() as u64;
    let stand = posts.iter().filter(open).count() as u64;
    match (all, stand) {
        (0, _) => "no posts".to_owned(),
        (_, 0) => format!("{}, none of them open", count(all, "post")),
        _ => format!(
            "{}, {stand} of them open, {} for the administrators",
            count(all, "post"),
            if for_administrators == 0 { "none".to_owned() } else { for_administrators.to_string() }
        ),
    }
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
