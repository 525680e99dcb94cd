use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};

use super::records::{CaptureRecord, DiscrepancyRecord, EvidenceRecord, MobileNodeRecord};
use super::{Report, posts};

/// Rows of a long list that are shown unless everything is asked for.
pub const ROWS_SHOWN: usize = 12;
/// Pieces of evidence shown with a discrepancy.
const EVIDENCE_SHOWN: usize = 3;

/// How the text is to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Whether to colour it, as on a terminal.
    pub colour: bool,
    /// Whether to show every row of every list.
    pub all: bool,
}

/// Writes the report as people like to read it: the facts, then what is wrong.
///
/// # Errors
/// What writing gives.
pub fn write_text(report: &Report, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { look, out };
    page.captures(report)?;
    page.stations(report)?;
    page.bindings(report)?;
    page.address_events(report)?;
    page.mobile_nodes(report)?;
    page.discrepancies(report)?;
    page.posts(report)?;
    page.workflows(report)?;
    page.notes(report)
}

struct Page<'a> {
    look: Look,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn captures(&mut self, report: &Report) -> io::Result<()> {
        for capture in &report.captures {
            self.heading("Capture", &capture.file)?;
            writeln!(self.out, "  {}", describe(capture))?;
            if let (Some(first), Some(last)) = (&capture.first_at, &capture.last_at) {
                writeln!(self.out, "  {} to {}", to_the_second(first), to_the_second(last))?;
            }
            for damage in &capture.damage {
                writeln!(self.out, "  {} {damage}", self.paint("damaged:", Colour::Red))?;
            }
        }
        let mut stopped = std::collections::BTreeMap::new();
        for (reason, count) in report.points.iter().flat_map(|point| &point.stopped) {
            *stopped.entry(*reason).or_insert(0) += count;
        }
        if !stopped.is_empty() {
            let reasons: Vec<String> =
                stopped.iter().map(|(reason, count)| format!("{} {reason}", number(*count))).collect();
            writeln!(self.out, "  not read to the end: {}", reasons.join(", "))?;
        }
        if !report.summary.counters.is_empty() {
            let counters = report.summary.counters.iter();
            let counters: Vec<String> = counters
                .map(|(name, count)| format!("{} {}", number(*count), name.replace('_', " ")))
                .collect();
            writeln!(self.out, "  counted: {}", counters.join(", "))?;
        }
        Ok(())
    }

    fn stations(&mut self, report: &Report) -> io::Result<()> {
        let summary = &report.summary;
        let recorded = match summary.recorded_guests {
            0 => String::new(),
            _ => format!(", {} of them unrecorded", number(summary.unrecorded)),
        };
        let text = format!(
            "{} seen{recorded}, {} present at the end",
            number(summary.stations),
            number(summary.present)
        );
        self.heading("Stations", &text)?;
        let rows = report.stations.iter().map(|station| {
            vec![
                station.mac.clone(),
                segment(&station.vlans, station.overlay.as_deref()),
                station.recorded_as.clone().unwrap_or_else(|| "-".to_owned()),
                station.location.clone(),
                time_of_day(&station.first_seen),
                time_of_day(&station.last_seen),
                number(station.frames),
                if station.present { "present" } else { "gone" }.to_owned(),
            ]
        });
        let header = ["station", "vlan", "recorded as", "place", "first", "last", "frames", ""];
        let title = if self.look.all { "stations" } else { "stations; these are the busiest" };
        self.table(&header, rows.collect(), summary.stations, title)
    }

    fn bindings(&mut self, report: &Report) -> io::Result<()> {
        let text = format!(
            "{} claims of IP addresses, {} of them by ARP or NDP",
            number(report.summary.bindings),
            number(report.summary.bindings_strong)
        );
        self.heading("Addresses", &text)?;
        if !self.look.all {
            return Ok(());
        }
        let rows = report.bindings.iter().map(|binding| {
            vec![
                binding.address.clone(),
                segment(&binding.vlans, binding.overlay.as_deref()),
                binding.mac.clone(),
                binding.strength.to_owned(),
                time_of_day(&binding.first_at),
                time_of_day(&binding.last_at),
                number(binding.count),
            ]
        });
        let header = ["address", "vlan", "station", "claim", "first", "last", "seconds"];
        self.table(&header, rows.collect(), report.summary.bindings, "claims")
    }

    fn address_events(&mut self, report: &Report) -> io::Result<()> {
        let counts = &report.summary.address_events;
        if counts.is_empty() {
            return Ok(());
        }
        let parts: Vec<String> =
            counts.iter().map(|(event, count)| format!("{} {event}", number(*count))).collect();
        self.heading("Address events", &parts.join(", "))?;
        let rows = report.presence.iter().map(|event| {
            vec![
                time_of_day(&event.at),
                event.event.to_owned(),
                event.address.clone().unwrap_or_else(|| "-".to_owned()),
                segment(&event.vlans, event.overlay.as_deref()),
                event.recorded_as.clone().unwrap_or_else(|| event.station.clone()),
                event.other.clone().unwrap_or_else(|| "-".to_owned()),
            ]
        });
        let header = ["at", "event", "address", "vlan", "station", "other station"];
        self.table(&header, rows.collect(), counts.values().sum(), "address events")
    }

    fn mobile_nodes(&mut self, report: &Report) -> io::Result<()> {
        if report.mobile_nodes.is_empty() {
            return Ok(());
        }
        let text = format!(
            "{} known, {} away from home at the end",
            report.mobile_nodes.len(),
            report.summary.mobile_nodes_away
        );
        self.heading("Mobile nodes", &text)?;
        let rows = report.mobile_nodes.iter().map(|node| {
            vec![
                node.home_address.clone(),
                node.recorded_as.clone().unwrap_or_else(|| "-".to_owned()),
                node.care_of.clone().unwrap_or_else(|| "at home".to_owned()),
                bindings_of(node),
                time_of_day(&node.last_seen),
            ]
        });
        let header = ["home address", "recorded as", "place", "bindings", "last"];
        self.table(&header, rows.collect(), report.mobile_nodes.len() as u64, "mobile nodes")
    }

    fn discrepancies(&mut self, report: &Report) -> io::Result<()> {
        let open = report.discrepancies.iter().filter(|known| known.state != "resolved").count();
        let resolved = report.discrepancies.len() - open;
        let text = match (open, resolved) {
            (0, 0) => "none".to_owned(),
            (open, 0) => format!("{open} open"),
            (open, resolved) => format!("{open} open, {resolved} resolved"),
        };
        self.heading("Discrepancies", &text)?;
        for known in &report.discrepancies {
            self.discrepancy(known)?;
        }
        Ok(())
    }

    fn discrepancy(&mut self, known: &DiscrepancyRecord) -> io::Result<()> {
        let severity = self.paint(&format!("{:<8}", known.severity), colour_of(&known.severity));
        let subject = self.paint(&format!("{} {}", known.kind, known.subject), Colour::Bold);
        writeln!(self.out)?;
        writeln!(
            self.out,
            "  {severity}  {subject}  {}  {}",
            known.state,
            self.paint(&known.id, Colour::Dim)
        )?;
        self.field("recorded", &known.recorded)?;
        self.field("observed", &known.observed)?;
        let opened = format!(
            "since {}, opened {}, {} piece{} of evidence, the last {}",
            time_of_day(&known.since),
            time_of_day(&known.opened_at),
            number(known.count),
            if known.count == 1 { "" } else { "s" },
            time_of_day(&known.last_seen_at)
        );
        self.field("when", &opened)?;
        if let (Some(at), Some(why)) = (&known.resolved_at, &known.resolution) {
            self.field("resolved", &format!("{}: {why}", time_of_day(at)))?;
        }
        if !known.path.is_empty() {
            self.field("under", &known.path.join(" > "))?;
        }
        for (index, evidence) in known.evidence.iter().take(EVIDENCE_SHOWN).enumerate() {
            let text = format!("{} {}: {}", evidence.at, piece_name(evidence), evidence.kind);
            self.field(if index == 0 { "evidence" } else { "" }, &text)?;
        }
        self.field("why", &known.explanation)
    }

    fn posts(&mut self, report: &Report) -> io::Result<()> {
        if report.posts.is_empty() {
            return Ok(());
        }
        self.heading("Streams", &posts::heading(&report.posts))?;
        let shown = if self.look.all { usize::MAX } else { ROWS_SHOWN };
        let look = self.look;
        let paint = |text: &str, severity: &str| look.paint(text, colour_of(severity));
        posts::write_posts(report.posts.iter().take(shown), &paint, self.out)?;
        let more = report.posts.len().saturating_sub(shown);
        if more > 0 {
            writeln!(self.out, "  ... and {} more posts (--all shows them)", number(more as u64))?;
        }
        Ok(())
    }

    /// Shows each run with what it did, in the order of time.
    fn workflows(&mut self, report: &Report) -> io::Result<()> {
        if report.runs.is_empty() && report.effects.is_empty() {
            return Ok(());
        }
        let text = format!(
            "{}, {}; a replay performs nothing and takes each for a success",
            plural(report.runs.len() as u64, "run"),
            plural(report.effects.len() as u64, "effect")
        );
        self.heading("Workflows", &text)?;
        let shown = if self.look.all { usize::MAX } else { ROWS_SHOWN };
        for run in report.runs.iter().take(shown) {
            let rule = self.paint(&run.rule, Colour::Bold);
            let until = run.waits_until.as_deref().map(to_the_second);
            let until = until.map_or_else(String::new, |until| format!(", until {until} at the latest"));
            writeln!(self.out)?;
            writeln!(
                self.out,
                "  {rule}  {}  {}{until}  {}",
                run.discrepancy,
                run.state,
                self.paint(&run.run, Colour::Dim)
            )?;
            let effects = report.effects.iter().filter(|effect| effect.run.as_ref() == Some(&run.run));
            let effects = effects.map(|effect| (&effect.at, effect.step, effect.sentence()));
            let notes = run.notes.iter().map(|note| (&note.at, note.step, note.note.clone()));
            let mut lines: Vec<(&String, u16, String)> = notes.chain(effects).collect();
            // Stable: what a run noted at a step comes before what it asked there.
            lines.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
            for (at, _, line) in lines {
                writeln!(self.out, "    {}  {line}", self.paint(&time_of_day(at), Colour::Dim))?;
            }
        }
        let more = report.runs.len().saturating_sub(shown);
        if more > 0 {
            writeln!(self.out, "  ... and {} more runs (--all shows them)", number(more as u64))?;
        }
        for effect in report.effects.iter().filter(|effect| effect.run.is_none()) {
            writeln!(self.out)?;
            writeln!(self.out, "  {}  {}", time_of_day(&effect.at), effect.sentence())?;
        }
        Ok(())
    }

    fn notes(&mut self, report: &Report) -> io::Result<()> {
        for note in &report.summary.notes {
            writeln!(self.out)?;
            writeln!(self.out, "{} {note}", self.paint("Note:", Colour::Bold))?;
        }
        Ok(())
    }

    fn heading(&mut self, title: &str, text: &str) -> io::Result<()> {
        if title != "Capture" {
            writeln!(self.out)?;
        }
        writeln!(self.out, "{}  {text}", self.paint(title, Colour::Bold))
    }

    fn field(&mut self, name: &str, text: &str) -> io::Result<()> {
        writeln!(self.out, "    {}  {text}", self.paint(&format!("{name:<8}"), Colour::Dim))
    }

    fn table(&mut self, header: &[&str], mut rows: Vec<Vec<String>>, of: u64, what: &str) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        if !self.look.all {
            rows.truncate(ROWS_SHOWN);
        }
        let more = of.saturating_sub(rows.len() as u64);
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(header.iter().copied());
        table.add_rows(rows);
        for line in table.lines() {
            writeln!(self.out, "  {}", line.trim_end())?;
        }
        if more > 0 {
            writeln!(self.out, "  ... and {} more {what} (--all shows them)", number(more))?;
        }
        Ok(())
    }

    fn paint(&self, text: &str, colour: Colour) -> String {
        self.look.paint(text, colour)
    }
}

impl Look {
    fn paint(&self, text: &str, colour: Colour) -> String {
        if !self.colour || text.trim().is_empty() {
            return text.to_owned();
        }
        let code = match colour {
            Colour::Red => "1;31",
            Colour::Yellow => "1;33",
            Colour::Cyan => "1;36",
            Colour::Bold => "1",
            Colour::Dim => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

fn colour_of(severity: &str) -> Colour {
    match severity {
        "critical" => Colour::Red,
        "major" => Colour::Yellow,
        _ => Colour::Cyan,
    }
}

#[derive(Clone, Copy)]
enum Colour {
    Red,
    Yellow,
    Cyan,
    Bold,
    Dim,
}

fn describe(capture: &CaptureRecord) -> String {
    let mut parts = vec![capture.format.unwrap_or("unknown format").to_owned()];
    if capture.compression != "none" {
        parts.push(capture.compression.to_owned());
    }
    parts.push(plural(capture.interfaces, "interface"));
    parts.push(plural(capture.frames, "frame"));
    parts.push(format!("{} octets on the wire", number(capture.octets)));
    if capture.comments > 0 {
        parts.push(plural(capture.comments, "comment"));
    }
    parts.join(", ")
}

fn bindings_of(node: &MobileNodeRecord) -> String {
    let bindings = node.bindings.iter().map(|binding| {
        let accepted = if binding.acknowledged { "accepted" } else { "unanswered" };
        let lifetime =
            binding.lifetime_s.map_or_else(|| "without end".to_owned(), |secs| format!("{secs} s"));
        format!("{} {} ({lifetime}, {accepted})", binding.role, binding.peer)
    });
    bindings.collect::<Vec<_>>().join(", ")
}

/// The VLANs, and the overlay where there is one: `100`, `vxlan 5001`, `vxlan 5001 vlan 7`.
fn segment(vlans: &[u16], overlay: Option<&str>) -> String {
    let vlans = vlans.iter().map(ToString::to_string).collect::<Vec<_>>().join(".");
    match (overlay, vlans.is_empty()) {
        (None, true) => "-".to_owned(),
        (None, false) => vlans,
        (Some(overlay), true) => overlay.to_owned(),
        (Some(overlay), false) => format!("{overlay} vlan {vlans}"),
    }
}

fn plural(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

/// Names a piece of evidence: a frame by its ordinal and capture point, or a row of a table.
pub(super) fn piece_name(evidence: &EvidenceRecord) -> String {
    match (evidence.frame, evidence.capture_point.as_str()) {
        (None, "") => "a row".to_owned(),
        (None, point) => format!("a frame at {point}"),
        (Some(ordinal), point) => format!("frame {ordinal} at {point}"),
    }
}

/// Prints a count with a comma after every three digits.
fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Cuts an RFC 3339 time to the second: `2026-11-20T08:00:00Z`.
fn to_the_second(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}

/// Cuts an RFC 3339 time to the time of day, in milliseconds.
fn time_of_day(time: &str) -> String {
    let (_, time) = time.split_once('T').unwrap_or(("", time));
    time.get(..12).unwrap_or(time).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(count), text);
        }
    }

    #[test]
    fn times_are_cut() {
        assert_eq!(to_the_second("2026-11-20T08:00:00.123456789Z"), "2026-11-20T08:00:00Z");
        assert_eq!(time_of_day("2026-11-20T08:00:00.123456789Z"), "08:00:00.123");
    }
}
