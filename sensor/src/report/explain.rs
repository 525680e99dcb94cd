use std::io::{self, BufRead, Write};

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use super::records::DiscrepancyRecord;
use super::text::piece_name;

/// Why a discrepancy cannot be explained.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// The result cannot be read.
    #[error("read the result: {0}")]
    Read(#[source] io::Error),
    /// A line of the result is no record.
    #[error(
        "read the result: line {line} is no JSON record: {source} (make one with `rollcall replay FILE --output jsonl`)"
    )]
    Parse {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Nothing has that name.
    #[error("find {what} `{wanted}` in the result: {known}")]
    Unknown {
        /// `discrepancy` or `stream`.
        what: &'static str,
        /// What was asked for.
        wanted: String,
        /// What there is instead.
        known: String,
    },
    /// The explanation cannot be written.
    #[error("write the explanation: {0}")]
    Write(#[source] io::Error),
}

/// Explains a discrepancy of a replay's result, step by step.
///
/// `wanted` is its id, the beginning of its id, its key, or its subject. The result is what
/// `rollcall replay --output json` or `jsonl` printed.
///
/// # Errors
/// [`ExplainError`]
pub fn explain(wanted: &str, result: &mut dyn BufRead, out: &mut dyn Write) -> Result<(), ExplainError> {
    let known: Vec<DiscrepancyRecord> = read_records(result, "discrepancy")?;
    let fits = |record: &&DiscrepancyRecord| {
        record.key == wanted
            || record.subject == wanted
            || (wanted.len() >= 4 && record.id.starts_with(wanted))
    };
    let found: Vec<&DiscrepancyRecord> = known.iter().filter(fits).collect();
    if found.is_empty() {
        let names: Vec<String> =
            known.iter().map(|record| format!("{} ({})", record.id, record.key)).collect();
        let known = match names.len() {
            0 => "it holds no discrepancy".to_owned(),
            _ => format!("it holds {}", names.join(", ")),
        };
        return Err(ExplainError::Unknown { what: "discrepancy", wanted: wanted.to_owned(), known });
    }
    for record in found {
        write(record, out).map_err(ExplainError::Write)?;
    }
    Ok(())
}

fn write(record: &DiscrepancyRecord, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} ({}, {}, {})", record.key, record.severity, record.state, record.id)?;
    writeln!(out, "  {}", record.explanation)?;
    writeln!(out)?;
    writeln!(out, "  recorded  {}", record.recorded)?;
    writeln!(out, "  observed  {}", record.observed)?;
    if !record.path.is_empty() {
        writeln!(out, "  under     {}", record.path.join(" > "))?;
    }
    writeln!(out)?;
    for (index, step) in record.steps.iter().enumerate() {
        writeln!(out, "  {}. {step}", index + 1)?;
    }
    writeln!(out)?;
    if !record.work.is_empty() {
        writeln!(out, "  Scheduled work touches it: {}.", record.work.join(", "))?;
    }
    if let Some(until) = &record.muted_until {
        writeln!(out, "  It is muted until {until}.")?;
    }
    if let Some(who) = &record.acknowledged_by {
        writeln!(out, "  {who} knows of it.")?;
    }
    writeln!(out, "  The evidence sufficed at {}; it was opened at {}.", record.since, record.opened_at)?;
    if let (Some(at), Some(why)) = (&record.resolved_at, &record.resolution) {
        writeln!(out, "  It was resolved at {at}: {why}.")?;
    }
    writeln!(out, "  Evidence kept, of {} pieces in {} episode(s):", record.count, record.episodes)?;
    for evidence in &record.evidence {
        let (at, seen) = (&evidence.at, piece_name(evidence));
        writeln!(out, "    {at}  {seen}: {} ({})", evidence.kind, evidence.location)?;
    }
    Ok(())
}

/// Reads the records of one type out of a result: one array, or one record in each line.
pub(super) fn read_records<T: DeserializeOwned>(
    result: &mut dyn BufRead,
    kind: &str,
) -> Result<Vec<T>, ExplainError> {
    let mut text = String::new();
    result.read_to_string(&mut text).map_err(ExplainError::Read)?;
    let mut values = Vec::new();
    if text.trim_start().starts_with('[') {
        let parsed: Result<Vec<Value>, _> = serde_json::from_str(&text);
        values = parsed.map_err(|source| ExplainError::Parse { line: source.line(), source })?;
    } else {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let parsed = serde_json::from_str(line);
            values.push(parsed.map_err(|source| ExplainError::Parse { line: index + 1, source })?);
        }
    }
    let is_wanted = |value: &Value| value.get("type").and_then(Value::as_str) == Some(kind);
    values
        .into_iter()
        .enumerate()
        .filter(|(_, value)| is_wanted(value))
        .map(|(index, value)| {
            serde_json::from_value(value).map_err(|source| ExplainError::Parse { line: index + 1, source })
        })
        .collect()
}
