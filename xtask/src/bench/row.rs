//! A line of the table: one measure beside its goal.

use crate::shell;

/// Which side of the goal is good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// Shown beside another row, without a goal of its own.
    None,
}

/// One measure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The part of the table.
    pub(super) group: &'static str,
    /// What was measured.
    pub(super) what: String,
    /// What it is made of: ours, floor or peer, with units.
    pub(super) parts: String,
    pub(super) value: f64,
    /// The unit of the value; empty for a ratio.
    pub(super) unit: &'static str,
    pub(super) goal: Goal,
    /// Why missing the goal says nothing on this machine.
    pub(super) excuse: Option<&'static str>,
}

impl Row {
    pub(super) const fn new(
        group: &'static str,
        what: String,
        parts: String,
        value: f64,
        goal: Goal,
    ) -> Self {
        Self { group, what, parts, value, unit: "", goal, excuse: None }
    }

    /// Tells whether the goal is reached; a row without one reaches it.
    pub(super) fn is_met(&self) -> bool {
        match self.goal {
            Goal::AtMost(bound) => self.value <= bound,
            Goal::AtLeast(bound) => self.value >= bound,
            Goal::None => true,
        }
    }

    /// Tells whether it counts as a failure.
    pub(super) fn is_missed(&self) -> bool {
        !self.is_met() && self.excuse.is_none()
    }

    fn goal_text(&self) -> String {
        match self.goal {
            Goal::AtMost(bound) => format!("≤ {bound}"),
            Goal::AtLeast(bound) => format!("≥ {bound}"),
            Goal::None => String::new(),
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.goal, self.is_met(), self.excuse) {
            (Goal::None, ..) => "",
            (_, true, _) => "reached",
            (_, false, None) => "missed",
            (_, false, Some(_)) => "not counted",
        }
    }

    fn value_text(&self) -> String {
        if self.unit.is_empty() {
            format!("{:.2}", self.value)
        } else {
            format!("{} {}", digits(self.value), self.unit)
        }
    }

    fn json(&self) -> String {
        let (sign, goal) = match self.goal {
            Goal::AtMost(bound) => ("\"at-most\"", bound.to_string()),
            Goal::AtLeast(bound) => ("\"at-least\"", bound.to_string()),
            Goal::None => ("null", "null".to_owned()),
        };
        format!(
            "{{\"group\": \"{}\", \"what\": \"{}\", \"parts\": \"{}\", \"value\": {:.4}, \"unit\": \"{}\", \
             \"goal-is\": {sign}, \"goal\": {goal}, \"reached\": {}}}",
            self.group,
            self.what,
            self.parts,
            self.value,
            self.unit,
            self.is_met()
        )
    }
}

/// Writes a measure with as many decimals as tell something.
fn digits(value: f64) -> String {
    if value < 1.0 { format!("{value:.3}") } else { format!("{value:.1}") }
}

/// The rows as a table that reads alike in a terminal and in Markdown.
pub(super) fn table(rows: &[Row]) -> String {
    let head = ["what", "measured", "result", "goal", ""].map(str::to_owned);
    let mut lines = vec![head];
    lines.extend(rows.iter().map(|row| {
        let what = format!("{}: {}", row.group, row.what);
        [what, row.parts.clone(), row.value_text(), row.goal_text(), row.verdict().to_owned()]
    }));
    let widths: Vec<usize> = (0..5)
        .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            text.push_str(&format!("| {cell:<width$} "));
        }
        text.push_str("|\n");
        if number == 0 {
            widths.iter().for_each(|width| text.push_str(&format!("|{}", "-".repeat(width + 2))));
            text.push_str("|\n");
        }
    }
    for row in rows.iter().filter(|row| !row.is_met()) {
        if let Some(excuse) = row.excuse {
            text.push_str(&format!("{}: {}: not counted, because {excuse}\n", row.group, row.what));
        }
    }
    text
}

/// The rows and what is known of the machine, as JSON.
pub(super) fn json(rows: &[Row]) -> String {
    let lines: Vec<String> = rows.iter().map(Row::json).collect();
    format!("{{\"machine\": \"{}\", \"rows\": [\n  {}\n]}}\n", machine(), lines.join(",\n  "))
}

/// Processor, number of them, date: one line for people.
pub(super) fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let date = shell::capture(&mut shell::program("date", &["-u", "+%Y-%m-%d"])).unwrap_or_default();
    format!("{} x {model}, {}", processors(), date.trim()).replace(['"', '\\'], "'")
}

/// Returns how many processors may be used.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64, goal: Goal) -> Row {
        Row::new("replay", "small64".to_owned(), "1 ÷ 2".to_owned(), value, goal)
    }

    #[test]
    fn goals_are_met_on_their_side() {
        assert!(row(1.25, Goal::AtMost(1.25)).is_met() && !row(1.26, Goal::AtMost(1.25)).is_met());
        assert!(row(4.0, Goal::AtLeast(4.0)).is_met() && row(3.9, Goal::AtLeast(4.0)).is_missed());
        assert!(row(9.0, Goal::None).is_met());
        let excused = Row { excuse: Some("it is busy"), ..row(1.0, Goal::AtLeast(1.8)) };
        assert!(!excused.is_met() && !excused.is_missed());
        assert!(table(&[excused]).ends_with("because it is busy\n"));
    }

    #[test]
    fn the_table_has_a_line_for_each_row_and_the_json_an_object() {
        let rows = [row(1.5, Goal::AtMost(1.25)), row(5.0, Goal::AtLeast(4.0))];
        let text = table(&rows);
        assert_eq!(text.lines().count(), 4);
        assert!(text.contains("| 1.50 ") && text.contains("missed") && text.contains("| reached"));
        assert_eq!(json(&rows).matches("\"reached\": true").count(), 1);
    }
}
