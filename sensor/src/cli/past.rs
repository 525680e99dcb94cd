//! Questions about the past: `whereis`, `whohas` and `history`, answered from a store.

use std::io::Write;
use std::net::IpAddr;
use std::path::PathBuf;

use rollcall_core::recorded::{Cell, Snapshot, Table, nearest};
use rollcall_core::types::{MacAddr, Timestamp};

use super::ExitStatus;
use super::problems::{InputArgs, Inputs, error_style};
use super::rows::{Output, Width, write_rows};
use crate::journal::{ClaimRow, StayRow, Store, StoreError};

/// Tell where a station is, or was at a time
#[derive(Clone, Debug, clap::Args)]
pub struct WhereisArgs {
    /// A MAC address, a mobile node's home address, or a guest's id or name (with its inventory)
    #[arg(value_name = "STATION")]
    pub station: String,
    /// What is asked, and of which store.
    #[command(flatten)]
    pub past: PastArgs,
    /// Where configuration and inventories are.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Tell who has an IP address, or had it at a time
#[derive(Clone, Debug, clap::Args)]
pub struct WhohasArgs {
    /// The address
    #[arg(value_name = "IP")]
    pub address: IpAddr,
    /// What is asked, and of which store.
    #[command(flatten)]
    pub past: PastArgs,
}

/// List where a station was and which addresses it claimed
#[derive(Clone, Debug, clap::Args)]
pub struct HistoryArgs {
    /// A MAC address, a mobile node's home address, or a guest's id or name (with its inventory)
    #[arg(value_name = "STATION")]
    pub station: String,
    /// What is asked, and of which store.
    #[command(flatten)]
    pub past: PastArgs,
    /// Where configuration and inventories are.
    #[command(flatten)]
    pub input: InputArgs,
}

/// Which store is asked, for which time, and how the answer is printed.
#[derive(Clone, Debug, clap::Args)]
pub struct PastArgs {
    /// The store that `rollcall replay --store` wrote
    #[arg(long, value_name = "FILE")]
    pub store: PathBuf,
    /// The time, as 2026-11-20T10:00:00Z; without one as far as the store knows
    #[arg(long, value_name = "TIME")]
    pub at: Option<Timestamp>,
    /// How rows are printed
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Runs `rollcall whereis`.
///
/// # Errors
/// A store that cannot be read, and those of `out` and `err`.
pub fn whereis(args: &WhereisArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let Some(stations) = stations(&args.station, &args.input, err)? else { return Ok(ExitStatus::Usage) };
    let Some(store) = open(&args.past, err)? else { return Ok(ExitStatus::Usage) };
    let mut rows = Vec::new();
    for station in stations {
        rows.extend(store.whereis(&station, args.past.at)?);
    }
    let at = args.past.at;
    let columns = vec!["station", "segment", "place", "confidence", "from", "to", "present"];
    let rows = rows.iter().map(|stay| {
        let present = at.map_or(stay.is_open, |at| stay.from <= at && at <= stay.to);
        let mut row = place(stay);
        row.push(Cell::text(if present { "yes" } else { "no" }));
        row
    });
    answer(Table { columns, rows: rows.collect() }, &args.past, out, err)
}

/// Runs `rollcall whohas`.
///
/// # Errors
/// A store that cannot be read, and those of `out` and `err`.
pub fn whohas(args: &WhohasArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let Some(store) = open(&args.past, err)? else { return Ok(ExitStatus::Usage) };
    let rows = store.whohas(args.address, args.past.at)?;
    let columns = vec!["address", "station", "segment", "claim", "from", "last", "until", "present"];
    let rows = rows.iter().map(|claim| {
        let mut row = vec![Cell::text(&claim.address), Cell::text(&claim.mac), Cell::text(&claim.segment)];
        row.extend([Cell::text(&claim.strength), Cell::Time(claim.from), Cell::Time(claim.last)]);
        row.push(claim.until.map_or(Cell::Missing, Cell::Time));
        row.push(Cell::text(if claim.present { "yes" } else { "no" }));
        row
    });
    answer(Table { columns, rows: rows.collect() }, &args.past, out, err)
}

/// Runs `rollcall history`.
///
/// # Errors
/// A store that cannot be read, and those of `out` and `err`.
pub fn history(args: &HistoryArgs, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<ExitStatus> {
    let Some(stations) = stations(&args.station, &args.input, err)? else { return Ok(ExitStatus::Usage) };
    let Some(store) = open(&args.past, err)? else { return Ok(ExitStatus::Usage) };
    let mut rows: Vec<(Timestamp, Vec<Cell>)> = Vec::new();
    for station in stations {
        let (stays, claims) = store.history(&station, args.past.at)?;
        rows.extend(stays.iter().map(|stay| (stay.from, stay_row(stay))));
        rows.extend(claims.iter().map(|claim| (claim.from, claim_row(claim))));
    }
    rows.sort_by_key(|(from, _)| *from);
    let columns = vec!["what", "station", "segment", "place", "confidence", "from", "to", "frames", "octets"];
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    answer(Table { columns, rows }, &args.past, out, err)
}

fn stay_row(stay: &StayRow) -> Vec<Cell> {
    let mut row = vec![Cell::text(if stay.is_open { "present" } else { "stay" })];
    row.extend(place(stay));
    row.extend([Cell::Number(stay.frames), Cell::Number(stay.octets)]);
    row
}

fn claim_row(claim: &ClaimRow) -> Vec<Cell> {
    let to = claim.until.unwrap_or(claim.last);
    vec![
        Cell::text("address"),
        Cell::text(&claim.mac),
        Cell::text(&claim.segment),
        Cell::text(&claim.address),
        Cell::text(&claim.strength),
        Cell::Time(claim.from),
        Cell::Time(to),
        Cell::Missing,
        Cell::Missing,
    ]
}

/// The cells from the station to the end of its stay.
fn place(stay: &StayRow) -> Vec<Cell> {
    vec![
        Cell::text(&stay.station),
        Cell::text(&stay.segment),
        Cell::text(&stay.place),
        Cell::text(&stay.confidence),
        Cell::Time(stay.from),
        Cell::Time(stay.to),
    ]
}

/// Prints rows; that there is none is said on `err`.
fn answer(
    table: Table,
    past: &PastArgs,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    if table.rows.is_empty() {
        writeln!(err, "note: the store knows nothing of it")?;
        if past.output == Output::Table {
            return Ok(ExitStatus::Fine);
        }
    }
    write_rows(out, &table, past.output, Width::of_stdout())?;
    Ok(ExitStatus::Fine)
}

/// Opens the store; a file that is none is told on `err`.
fn open(past: &PastArgs, err: &mut dyn Write) -> anyhow::Result<Option<Store>> {
    match Store::open(&past.store) {
        Ok(store) => Ok(Some(store)),
        Err(error) if StoreError::is_usage(&error) => {
            writeln!(err, "error: {error}")?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Finds the stations that a word means: itself, or those of the guest of that id or name.
fn stations(word: &str, input: &InputArgs, err: &mut dyn Write) -> anyhow::Result<Option<Vec<String>>> {
    if let Ok(mac) = word.parse::<MacAddr>() {
        return Ok(Some(vec![mac.to_string()]));
    }
    if let Ok(home) = word.parse::<IpAddr>() {
        return Ok(Some(vec![home.to_string()]));
    }
    let inputs = Inputs::load(input);
    inputs.write_problems(err, error_style())?;
    if !inputs.is_usable() {
        return Ok(None);
    }
    let found = stations_of(word, &inputs.snapshot);
    if found.is_empty() {
        let guests = inputs.snapshot.guests();
        let names = guests.iter().flat_map(|guest| [guest.id.as_ref(), guest.name.as_ref()]);
        let remedy = match nearest(word, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None if guests.is_empty() => "name the inventory that has it with --inventory FILE".to_owned(),
            None => "write a MAC address, a home address, or a guest's id or name".to_owned(),
        };
        writeln!(err, "error: `{word}` is no address, and no guest is called so ({remedy})")?;
        return Ok(None);
    }
    Ok(Some(found))
}

fn stations_of(word: &str, snapshot: &Snapshot) -> Vec<String> {
    let is_it = |name: &str| name == word;
    let guests = snapshot.guests().iter().filter(|guest| is_it(&guest.id) || is_it(&guest.name));
    let mut found = Vec::new();
    for guest in guests {
        found.extend(guest.macs.iter().map(ToString::to_string));
        found.extend(guest.home_addresses.iter().map(ToString::to_string));
    }
    found.sort();
    found.dedup();
    found
}
