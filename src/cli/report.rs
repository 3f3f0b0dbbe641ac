//! How what was found is written: a table for eyes, CSV for spreadsheets, JSON for programs.
//!
//! Values come from logs, and so from whoever made the calls: each form makes them harmless in its own way. A table escapes what
//! cannot be seen, CSV defuses what a spreadsheet would take for a formula, JSON escapes by itself.

use super::few::Few;
use super::gathered::{Context, More, Observed, ObservedKey, CONTEXT};
use super::keys;
use crate::rows::Writer;
use crate::time::Timestamp;
use chrono::Utc;

/// A form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Columns for a terminal.
    Table,
    /// CSV, times in epoch seconds.
    Csv,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// The form with this name; the command line has checked it.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "csv" => Self::Csv,
            "json" => Self::Json,
            _ => Self::Table,
        }
    }
}

/// Writes observed keys of the fields `by`.
pub(super) fn write(format: Format, by: &[String], found: Vec<ObservedKey<'_>>) -> Vec<u8> {
    let nothing = Context::default();
    let rows: Vec<Row<'_>> = found
        .into_iter()
        .map(|(key, observed)| Row {
            key: keys::unpack(key).collect(),
            observed,
            context: match &observed.more {
                More::Context(context) => context,
                _ => &nothing,
            },
        })
        .collect();
    match format {
        Format::Table => table(by, &rows),
        Format::Csv => csv(by, &rows),
        Format::Json => json(by, &rows),
    }
}

struct Row<'r> {
    key: Vec<&'r [u8]>,
    observed: &'r Observed,
    context: &'r Context,
}

impl<'r> Row<'r> {
    fn times(&self) -> [Option<Timestamp>; 2] {
        [self.observed.own.first(), self.observed.own.last()]
    }

    /// What came with the key, under its names; a name that is a key field is not said twice.
    fn context(&self, by: &[String]) -> impl Iterator<Item = (&'static str, &'r Few)> {
        let named = CONTEXT.into_iter().zip(self.context);
        let by = by.to_vec();
        named.filter(move |(name, _)| !by.iter().any(|field| field == name))
    }
}

fn csv(by: &[String], rows: &[Row<'_>]) -> Vec<u8> {
    let context: Vec<&str> = CONTEXT
        .into_iter()
        .filter(|name| !by.iter().any(|field| field == name))
        .collect();
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    for name in ["firstTime", "lastTime", "count"]
        .into_iter()
        .chain(by.iter().map(String::as_str))
        .chain(context.iter().copied())
    {
        writer.cell(name.as_bytes());
    }
    context
        .iter()
        .for_each(|name| writer.cell(format!("{name}_count").as_bytes()));
    writer.end_row();
    for row in rows {
        for time in row.times() {
            writer.append(|out| time.iter().for_each(|time| time.write_to(out)));
        }
        writer.cell(row.observed.count.to_string().as_bytes());
        row.key
            .iter()
            .for_each(|value| writer.cell(&defused(value)));
        for (_, few) in row.context(by) {
            writer.cell(&defused(&few.values().collect::<Vec<_>>().join(&b'\n')));
        }
        for (_, few) in row.context(by) {
            writer.cell(few.number().to_string().as_bytes());
        }
        writer.end_row();
    }
    out
}

/// A text that no spreadsheet takes for a formula.
fn defused(text: &[u8]) -> Vec<u8> {
    let is_formula = matches!(
        text.first(),
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')
    );
    let quote: &[u8] = if is_formula { b"'" } else { b"" };
    [quote, text].concat()
}

fn json(by: &[String], rows: &[Row<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        let mut object = Object {
            out: &mut out,
            is_empty: true,
        };
        for (name, time) in ["firstTime", "lastTime"].into_iter().zip(row.times()) {
            object.field(name, |out| match time {
                Some(time) => time.write_to(out),
                None => out.extend_from_slice(b"null"),
            });
        }
        object.field("count", |out| number(row.observed.count, out));
        for (name, value) in by.iter().zip(&row.key) {
            object.field(name, |out| text(value, out));
        }
        for (name, few) in row.context(by) {
            object.field(name, |out| {
                out.push(b'[');
                for (index, value) in few.values().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    text(value, out);
                }
                out.push(b']');
            });
            object.field(&format!("{name}_count"), |out| {
                number(few.number() as u64, out)
            });
        }
        out.extend_from_slice(b"}\n");
    }
    out
}

/// A JSON object that is being written.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl Object<'_> {
    fn field(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(if std::mem::take(&mut self.is_empty) {
            b'{'
        } else {
            b','
        });
        text(name.as_bytes(), self.out);
        self.out.push(b':');
        write(self.out);
    }
}

/// A JSON string; bytes that are not UTF-8 are replaced.
fn text(text: &[u8], out: &mut Vec<u8>) {
    serde_json::to_writer(out, &String::from_utf8_lossy(text))
        .expect("a string can be written to memory");
}

fn number(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(number.to_string().as_bytes());
}

/// The columns of the table that come from the context. A role's account and name stand in `user`.
const TABLE_CONTEXT: [&str; 3] = ["region", "src", "object"];

fn table(by: &[String], rows: &[Row<'_>]) -> Vec<u8> {
    if rows.is_empty() {
        return Vec::new();
    }
    let names = ["first (UTC)", "last (UTC)", "count"]
        .into_iter()
        .map(str::to_owned);
    let context = TABLE_CONTEXT
        .iter()
        .filter(|name| !by.iter().any(|field| field == *name));
    let header: Vec<String> = names
        .chain(by.iter().map(|field| visible(field.as_bytes())))
        .chain(context.map(|name| (*name).to_owned()))
        .collect();
    let lines = rows.iter().map(|row| table_line(by, row));
    let lines: Vec<Vec<String>> = std::iter::once(header).chain(lines).collect();
    aligned(&lines)
}

fn table_line(by: &[String], row: &Row<'_>) -> Vec<String> {
    let times = row.times().map(|time| time.map_or("-".to_owned(), shown));
    let values = row.key.iter().map(|value| visible(value));
    let context = row
        .context(by)
        .filter(|(name, _)| TABLE_CONTEXT.contains(name));
    times
        .into_iter()
        .chain([row.observed.count.to_string()])
        .chain(values)
        .chain(context.map(|(_, few)| first_of(few)))
        .collect()
}

fn shown(time: Timestamp) -> String {
    let text = time.human(&Utc).to_string();
    text.trim_end_matches(" UTC").to_owned()
}

/// The first value, and how many more there are.
fn first_of(few: &Few) -> String {
    let first = few.values().next().map_or("-".to_owned(), visible);
    match few.number() {
        0 | 1 => first,
        number => format!("{first} (+{})", number - 1),
    }
}

/// A text on which every character can be seen: no controls, nothing that turns the direction of reading, no bytes that are not UTF-8.
pub(super) fn visible(text: &[u8]) -> String {
    let mut shown = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            let is_hidden = c.is_control()
                || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
                || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}');
            if is_hidden {
                shown.extend(c.escape_unicode());
            } else {
                shown.push(c);
            }
        }
        chunk
            .invalid()
            .iter()
            .for_each(|byte| shown.push_str(&format!("\\x{byte:02x}")));
    }
    shown
}

/// Lines of cells in columns, two blanks apart. Widths count characters.
pub(super) fn aligned(lines: &[Vec<String>]) -> Vec<u8> {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut out = String::new();
    for line in lines {
        let cells = line
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::gathered::TimeRange;
    use super::super::gathered::{Gathered, Keep};
    use super::*;
    use crate::baseline::{Fact, Sighting};
    use crate::keys::RowKeys;
    use crate::lookup::Reading;
    use std::hash::RandomState;

    /// One key as it was found, in a form.
    fn written(format: Format, key: [&str; 2], object: &[&str]) -> String {
        let mut gathered =
            Gathered::new(2, Keep::Context, TimeRange::default(), RandomState::new());
        let mut keys = RowKeys::default();
        key.iter()
            .for_each(|value| keys.add_field(|values| values.push(value.as_bytes().into())));
        let own = Sighting::new(Some(Timestamp(1_500_000)), Some(Timestamp(3_000_000)));
        let reading = Reading {
            fact: Fact {
                observed: Some(own),
                stored: None,
            },
            bad_time: None,
            broken_time: None,
        };
        let objects: Vec<&[u8]> = object.iter().map(|object| object.as_bytes()).collect();
        gathered.take_row(
            &reading,
            &keys,
            7,
            [&[b"1"], &[], &[b"eu-1"], &[b"::1"], &objects],
        );
        let by = ["user", "command"].map(String::from);
        String::from_utf8(write(format, &by, gathered.observed())).unwrap()
    }

    #[test]
    fn a_table_is_aligned_and_shows_the_first_of_several() {
        assert_eq!(
            written(Format::Table, ["1:role/A", "s3:GetObject"], &["b", "a", "c"]),
            "first (UTC)          last (UTC)           count  user      command       region  src  object\n\
             1970-01-01 00:00:01  1970-01-01 00:00:03  7      1:role/A  s3:GetObject  eu-1    ::1  a (+2)\n"
        );
    }

    #[test]
    fn a_table_shows_what_cannot_be_seen() {
        let table = written(Format::Table, ["a\x1b[31m\n\u{202e}b", "c\u{e9}"], &[]);
        assert!(
            table.contains("a\\u{1b}[31m\\u{a}\\u{202e}b  c\u{e9}"),
            "{table}"
        );
        assert_eq!(visible(b"a\xffb"), "a\\xffb");
    }

    #[test]
    fn csv_has_epoch_seconds_and_no_formulas() {
        assert_eq!(
            written(Format::Csv, ["=cmd()", "s3:Get,Object"], &["@b", "a"]),
            "firstTime,lastTime,count,user,command,account,role,region,src,object,account_count,role_count,region_count,src_count,object_count\n\
             1.5,3,7,'=cmd(),\"s3:Get,Object\",1,,eu-1,::1,\"'@b\na\",1,0,1,1,2\n"
        );
    }

    #[test]
    fn json_has_one_object_a_line_with_values_as_they_are() {
        let line = written(Format::Json, ["=a\n\"b\"", "c"], &["y", "x"]);
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line.matches('\n').count(), 1);
        let expected = serde_json::json!({
            "firstTime": 1.5, "lastTime": 3, "count": 7, "user": "=a\n\"b\"", "command": "c",
            "account": ["1"], "account_count": 1, "role": [], "role_count": 0, "region": ["eu-1"], "region_count": 1,
            "src": ["::1"], "src_count": 1, "object": ["x", "y"], "object_count": 2,
        });
        assert_eq!(object, expected);
    }

    #[test]
    fn nothing_found_is_an_empty_table_and_a_bare_header() {
        let by = ["user".to_owned()];
        assert_eq!(write(Format::Table, &by, Vec::new()), b"");
        assert_eq!(write(Format::Json, &by, Vec::new()), b"");
        assert!(write(Format::Csv, &by, Vec::new())
            .starts_with(b"firstTime,lastTime,count,user,account,"));
    }
}
