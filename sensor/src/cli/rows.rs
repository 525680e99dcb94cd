//! Rows for people and for machines: table, CSV, JSON, JSON lines.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table as Printed, presets};
use rollcall_core::recorded::{Cell, Table};
use rollcall_core::types::Timestamp;
use serde_json::{Map, Value};

/// How rows are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Aligned columns, for people.
    #[default]
    Table,
    /// Comma-separated values with a header; lists are separated by spaces.
    Csv,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Jsonl,
}

/// How wide a table may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// As wide as its contents.
    Natural,
    /// As wide as the terminal; longer cells take several lines.
    Terminal,
}

impl Width {
    /// Returns the width for standard output.
    pub fn of_stdout() -> Self {
        if io::stdout().is_terminal() { Self::Terminal } else { Self::Natural }
    }
}

/// Writes rows. The width concerns tables only.
///
/// # Errors
/// Those of `out`.
pub fn write_rows(out: &mut dyn Write, table: &Table, output: Output, width: Width) -> io::Result<()> {
    match output {
        Output::Table => write_table(out, table, width),
        Output::Csv => write_csv(out, table),
        Output::Json => {
            let rows: Vec<Value> = objects(table).collect();
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)
        }
        Output::Jsonl => objects(table).try_for_each(|row| writeln!(out, "{row}")),
    }
}

/// Returns each row as an object whose fields are in the order of the columns.
fn objects(table: &Table) -> impl Iterator<Item = Value> {
    table.rows.iter().map(|row| {
        let fields = table.columns.iter().zip(row);
        Value::Object(fields.map(|(name, cell)| ((*name).to_owned(), json(cell))).collect::<Map<_, _>>())
    })
}

fn json(cell: &Cell) -> Value {
    match cell {
        Cell::Missing => Value::Null,
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Number(number) => Value::from(*number),
        Cell::Time(time) => Value::from(time.to_string()),
        Cell::List(items) => items.iter().map(String::as_str).collect(),
    }
}

/// Returns a cell in one line, lists joined by `between`.
fn text(cell: &Cell, between: &str) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Time(time) => time.to_string(),
        Cell::List(items) => items.join(between),
    }
}

fn write_csv(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(&table.columns)?;
    for row in &table.rows {
        writer.write_record(row.iter().map(|cell| text(cell, " ")))?;
    }
    writer.flush()
}

fn write_table(out: &mut dyn Write, table: &Table, width: Width) -> io::Result<()> {
    let mut printed = Printed::new();
    printed.load_style(presets::NOTHING);
    printed.set_content_arrangement(match width {
        Width::Terminal => ContentArrangement::Dynamic,
        Width::Natural => ContentArrangement::Disabled,
    });
    printed.set_header(table.columns.iter().map(|name| name.replace('_', " ").to_uppercase()));
    for row in &table.rows {
        printed.add_row(row.iter().map(|cell| {
            let shown = match cell {
                Cell::Time(time) => short_time(*time),
                cell => printable(&text(cell, ", ")),
            };
            // A gap in a row is easier to follow with something in it.
            if shown.is_empty() { "-".to_owned() } else { shown }
        }));
    }
    for line in printed.lines() {
        writeln!(out, "{}", line.trim())?;
    }
    Ok(())
}

/// Returns a time without the zeros at the end of its fraction.
fn short_time(time: Timestamp) -> String {
    let text = time.to_string();
    let digits = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    format!("{digits}Z")
}

/// Replaces control characters, so that a name cannot steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        Table {
            columns: vec!["id", "run_state", "macs", "guests"],
            rows: vec![
                vec![Cell::text("web-01"), Cell::text("running"), Cell::list(["a", "b"]), Cell::Number(2)],
                vec![Cell::text("x,\"y\"\u{1b}[31m"), Cell::Missing, Cell::List(vec![]), Cell::Number(0)],
            ],
        }
    }

    fn printed(output: Output) -> String {
        let mut out = Vec::new();
        write_rows(&mut out, &sample(), output, Width::Natural).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        assert_eq!(
            printed(Output::Csv),
            "id,run_state,macs,guests\nweb-01,running,a b,2\n\"x,\"\"y\"\"\u{1b}[31m\",,,0\n"
        );
    }

    #[test]
    fn json_lines_keep_the_order_of_the_columns() {
        let lines = printed(Output::Jsonl);
        assert_eq!(
            lines.lines().next(),
            Some(r#"{"id":"web-01","run_state":"running","macs":["a","b"],"guests":2}"#)
        );
        let rows: Value = serde_json::from_str(&printed(Output::Json)).unwrap();
        assert_eq!(rows[1]["run_state"], Value::Null);
    }

    #[test]
    fn times_are_as_short_as_they_can_be() {
        let check = |nanos, text: &str| assert_eq!(short_time(Timestamp::from_secs_nanos(0, nanos)), text);
        check(0, "1970-01-01T00:00:00Z");
        check(500_000_000, "1970-01-01T00:00:00.5Z");
    }

    #[test]
    fn tables_cannot_steer_the_terminal() {
        let table = printed(Output::Table);
        assert!(table.starts_with("ID "), "{table}");
        assert!(!table.contains('\u{1b}'), "{table}");
        assert!(table.contains("RUN STATE"), "{table}");
    }
}
