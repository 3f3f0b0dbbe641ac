//! How what was found is written: a table for eyes, CSV for spreadsheets, JSON for programs.
//!
//! Values come from logs, and so from whoever made the calls: each form makes them harmless in its own way. A table escapes what
//! cannot be seen, CSV defuses what a spreadsheet would take for a formula, JSON escapes by itself.

mod csv_form;
mod json_form;
mod table;
mod visible;

pub(crate) use table::aligned;
pub(crate) use visible::visible;

use crate::lookup::schema::{FIRST_TIME, LAST_TIME};
use crate::observations::{
    Context, Detail, Observations, Observed, ObservedKey, ValueSample, CONTEXT_FIELDS,
};
use crate::time::Timestamp;

/// A form of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Columns for a terminal.
    Table,
    /// CSV, times in epoch seconds.
    Csv,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// The form with this name; the command line has checked it.
    pub(crate) fn of(name: &str) -> Self {
        match name {
            "csv" => Self::Csv,
            "json" => Self::Json,
            _ => Self::Table,
        }
    }
}

/// Writes observed keys of the fields `by`.
pub(crate) fn write(
    format: Format,
    by: &[String],
    observations: &Observations,
    found: &[ObservedKey<'_>],
) -> Vec<u8> {
    let rows = found.iter().map(|&(key, observed)| FoundKey {
        by,
        key: observations.values(key).collect(),
        observed,
    });
    let rows: Vec<FoundKey<'_>> = rows.collect();
    match format {
        Format::Table => table::write(by, &rows),
        Format::Csv => csv_form::write(by, &rows),
        Format::Json => json_form::write(&rows),
    }
}

/// One row of the result.
struct FoundKey<'r> {
    by: &'r [String],
    /// The values of the key, in the order of `by`.
    key: Vec<&'r [u8]>,
    observed: &'r Observed,
}

/// The columns of the two times that were observed, in the order in which they are written.
const TIMES: [&str; 2] = [FIRST_TIME.name, LAST_TIME.name];

impl<'r> FoundKey<'r> {
    fn times(&self) -> [Option<Timestamp>; 2] {
        let sighting = self.observed.sighting;
        [sighting.first(), sighting.last()]
    }

    /// The key fields with their values.
    fn key(&self) -> impl Iterator<Item = (&'r str, &'r [u8])> + '_ {
        let fields = self.by.iter().map(String::as_str);
        fields.zip(self.key.iter().copied())
    }

    /// What came with the key, by name.
    fn context(&self) -> impl Iterator<Item = (&'static str, &'r ValueSample)> + '_ {
        let context: Option<&'r Context> = match &self.observed.detail {
            Detail::Context(context) => Some(context),
            _ => None,
        };
        let named = CONTEXT_FIELDS
            .into_iter()
            .zip(context.into_iter().flatten());
        named.filter(|(name, _)| !is_key_field(self.by, name))
    }
}

/// How often a key was observed.
const COUNT: &str = "count";

/// Whether the result has a column of this name of its own, so that no key field can be called so.
pub(crate) fn has_column(name: &str) -> bool {
    let counted = name.strip_suffix("_count");
    TIMES.contains(&name)
        || name == COUNT
        || counted.is_some_and(|name| CONTEXT_FIELDS.contains(&name))
}

/// The names of what comes with a key: one that is a key field is not written twice.
fn context_fields(by: &[String]) -> impl Iterator<Item = &'static str> + '_ {
    CONTEXT_FIELDS
        .into_iter()
        .filter(|name| !is_key_field(by, name))
}

fn is_key_field(by: &[String], name: &str) -> bool {
    by.iter().any(|field| field == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Fact, Sighting};
    use crate::keys::RowKeys;
    use crate::lookup::Reading;
    use crate::observations::{DetailLevel, TimeRange};
    use std::hash::RandomState;

    /// One key as it was found, in a form.
    fn written(format: Format, key: [&str; 2], object: &[&str]) -> String {
        let mut observations = Observations::new(
            2,
            DetailLevel::Context,
            TimeRange::default(),
            RandomState::new(),
        );
        let keys = RowKeys::one(&key);
        let observed = Sighting::new(Some(Timestamp(1_500_000)), Some(Timestamp(3_000_000)));
        let reading = Reading {
            fact: Fact {
                observed: Some(observed),
                stored: None,
            },
            bad_time: None,
            broken_time: None,
        };
        let objects: Vec<&[u8]> = object.iter().map(|object| object.as_bytes()).collect();
        observations.take_row(
            &reading,
            &keys,
            7,
            [&[b"1"], &[], &[b"eu-1"], &[b"::1"], &objects],
        );
        let by = ["user", "command"].map(String::from);
        String::from_utf8(write(format, &by, &observations, &observations.observed())).unwrap()
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
        let none = Observations::new(
            1,
            DetailLevel::Context,
            TimeRange::default(),
            RandomState::new(),
        );
        let nothing = |format| write(format, &by, &none, &[]);
        assert_eq!(nothing(Format::Table), b"");
        assert_eq!(nothing(Format::Json), b"");
        assert!(nothing(Format::Csv).starts_with(b"firstTime,lastTime,count,user,account,"));
    }
}
