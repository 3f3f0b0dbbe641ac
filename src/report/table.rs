//! The result as a flat table for a terminal: UTC, the first of several values.

use super::columns::ColumnWidths;
use super::{is_key_field, visible, FoundKey};
use crate::observations::ValueSample;
use crate::time::Timestamp;
use chrono::Utc;

/// What comes with a key and is shown. A role's account and name stand in `user`.
const SHOWN: [&str; 3] = ["region", "src", "object"];

/// Writes a header and the rows, or nothing if there are none.
pub(super) fn write(by: &[String], rows: &[FoundKey<'_>]) -> Vec<u8> {
    if rows.is_empty() {
        return Vec::new();
    }
    let header = std::iter::once(header(by));
    let lines: Vec<Vec<String>> = header.chain(rows.iter().map(line)).collect();
    aligned(&lines)
}

fn header(by: &[String]) -> Vec<String> {
    let names = ["first (UTC)", "last (UTC)", "count"].map(str::to_owned);
    let context = SHOWN.into_iter().filter(|name| !is_key_field(by, name));
    names
        .into_iter()
        .chain(by.iter().map(|field| visible(field.as_bytes())))
        .chain(context.map(str::to_owned))
        .collect()
}

fn line(row: &FoundKey<'_>) -> Vec<String> {
    let values = row.key().map(|(_, value)| visible(value));
    let context = row.samples().filter(|(name, _)| SHOWN.contains(name));
    row.times()
        .map(time_or_none)
        .into_iter()
        .chain([row.observed.count.to_string()])
        .chain(values)
        .chain(context.map(|(_, sample)| first_of(sample)))
        .collect()
}

/// `2023-07-10 11:42:18`, in UTC.
pub(super) fn day_and_time(time: Timestamp) -> String {
    time.date_and_time(&Utc).to_string()
}

pub(super) fn time_or_none(time: Option<Timestamp>) -> String {
    time.map_or("-".to_owned(), day_and_time)
}

/// The first value, and how many more there are.
pub(super) fn first_of(sample: &ValueSample) -> String {
    let first = sample.values().next().map_or("-".to_owned(), visible);
    match sample.number() {
        0 | 1 => first,
        number => format!("{first} (+{})", number - 1),
    }
}

/// Lines of cells in columns.
pub(super) fn aligned(lines: &[Vec<String>]) -> Vec<u8> {
    let columns = ColumnWidths::of(lines);
    let lines = lines.iter().map(|line| columns.line(line) + "\n");
    lines.collect::<String>().into_bytes()
}
