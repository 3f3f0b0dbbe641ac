//! The result as a table for a terminal: UTC, the first of several values, columns two blanks apart.

use super::{context_fields, visible, FoundKey};
use crate::observations::ValueSample;
use crate::time::Timestamp;
use chrono::Utc;
use unicode_width::UnicodeWidthStr;

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
    let context = context_fields(by).filter(|name| SHOWN.contains(name));
    names
        .into_iter()
        .chain(by.iter().map(|field| visible(field.as_bytes())))
        .chain(context.map(str::to_owned))
        .collect()
}

fn line(row: &FoundKey<'_>) -> Vec<String> {
    let times = row.times().map(|time| time.map_or("-".to_owned(), shown));
    let values = row.key().map(|(_, value)| visible(value));
    let context = row.context().filter(|(name, _)| SHOWN.contains(name));
    times
        .into_iter()
        .chain([row.observed.count.to_string()])
        .chain(values)
        .chain(context.map(|(_, sample)| first_of(sample)))
        .collect()
}

/// `2023-07-10 11:42:18`, in UTC.
fn shown(time: Timestamp) -> String {
    time.date_and_time(&Utc).to_string()
}

/// The first value, and how many more there are.
fn first_of(sample: &ValueSample) -> String {
    let first = sample.values().next().map_or("-".to_owned(), visible);
    match sample.number() {
        0 | 1 => first,
        number => format!("{first} (+{})", number - 1),
    }
}

/// Lines of cells in columns, two blanks apart; a wide character takes two places.
pub(crate) fn aligned(lines: &[Vec<String>]) -> Vec<u8> {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].width()).max();
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut out = String::new();
    for line in lines {
        let cells = line
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell}{}", " ".repeat(width - cell.width())));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_character_takes_two_places() {
        let line = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = aligned(&[line(["a\u{4eba}", "x"]), line(["abc", "y"])]);
        assert_eq!(String::from_utf8(text).unwrap(), "a\u{4eba}  x\nabc  y\n");
    }
}
