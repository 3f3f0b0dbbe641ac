//! One cell that cannot be used, named so that its row can be found: what is observed by its row, what is stored by its key.

use super::read::TimeColumn;
use super::schema::Holds;
use crate::keys::RowKeys;
use crate::rows::Row;
use std::fmt;
use thiserror::Error;

/// A cell that should hold a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeCell {
    field: &'static str,
    place: CellPlace,
    /// What it held, escaped and shortened.
    value: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum CellPlace {
    /// The row in its body, from 1.
    Row(u64),
    /// The key, as ``user `admin`, command `GetObject` ``: a stored row has no number that its owner could see.
    Key(String),
}

/// A time that is not a number.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("expected epoch seconds such as `1699833600.25`, but {0}")]
pub struct NotATimeIn(pub TimeCell);

impl TimeCell {
    /// The cell of a column in a row that is about these keys of the fields `by`.
    pub(super) fn new(
        column: TimeColumn,
        row: &Row<'_, '_>,
        by: &[String],
        keys: &RowKeys<'_>,
    ) -> Self {
        Self {
            field: column.spec.name,
            place: match column.spec.holds {
                Holds::StoredTime => CellPlace::Key(shown_key(by, keys)),
                _ => CellPlace::Row(row.number()),
            },
            value: shown(&row.cell(column.column)),
        }
    }
}

impl fmt::Display for TimeCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, value, .. } = self;
        match &self.place {
            CellPlace::Row(row) => write!(f, "`{field}` in row {row} is `{value}`"),
            CellPlace::Key(key) => write!(f, "`{field}` of {key} is `{value}`"),
        }
    }
}

fn shown_key(by: &[String], keys: &RowKeys<'_>) -> String {
    let values = keys.fields().map(|values| values.first());
    let fields = by.iter().zip(values);
    let fields = fields
        .map(|(field, value)| format!("{field} `{}`", shown(value.map_or(b"", |value| value))));
    fields.collect::<Vec<_>>().join(", ")
}

/// A value in printable characters, at most sixty bytes of it.
fn shown(value: &[u8]) -> String {
    const SHOWN: usize = 60;
    let cut = if value.len() > SHOWN { "..." } else { "" };
    format!("{}{cut}", value[..value.len().min(SHOWN)].escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::super::facts::tally_of;

    /// The example that is kept of the one bad time in a body.
    fn example(body: &str) -> String {
        let bad_time = tally_of(body).bad_time;
        assert_eq!(bad_time.rows, 1);
        bad_time.example.unwrap().to_string()
    }

    #[test]
    fn an_observed_time_is_named_by_its_row_and_a_stored_one_by_its_key() {
        let long = "x".repeat(70);
        assert_eq!(
            example(&format!("user,command,firstTime\na,b,10\na,b,{long}\n")),
            format!("`firstTime` in row 2 is `{}...`", &long[..60])
        );
        assert_eq!(
            example("user,command,lastTimeSeen\nad\"min,Get\tObject,soon\n"),
            "`lastTimeSeen` of user `ad\\\"min`, command `Get\\tObject` is `soon`"
        );
    }
}
