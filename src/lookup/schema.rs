//! The columns of observations and of the baseline: one table of what each is called, what it holds, who needs it and who writes it.
//!
//! Key fields are the user's and stand in front. Reserved names, `required_fields`, what `read` binds, the header that `write`
//! writes and the check of a baseline file follow from the table; `collections.conf` and `transforms.conf` are compared with it by
//! `tests/app/`.

use thiserror::Error;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// When a search saw the key: epoch seconds.
    ObservedTime,
    /// When the baseline first or last saw the key: epoch seconds.
    StoredTime,
    /// Whether the baseline is mature: 1 or 0.
    Flag,
    /// The name of the row in its collection: 64 hex digits.
    RowKey,
}

/// One column that has a meaning of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether learning reads it, so that it must cross the pipe.
    pub is_read: bool,
    /// Whether a row of the baseline has it.
    pub is_stored: bool,
}

const fn column(name: &'static str, holds: Holds, is_read: bool, is_stored: bool) -> ColumnSpec {
    ColumnSpec {
        name,
        holds,
        is_read,
        is_stored,
    }
}

/// The first time that a search saw the key.
pub const FIRST_TIME: ColumnSpec = column("firstTime", Holds::ObservedTime, true, false);
/// The last time that a search saw the key.
pub const LAST_TIME: ColumnSpec = column("lastTime", Holds::ObservedTime, true, false);
/// The time of one event.
pub const TIME: ColumnSpec = column("_time", Holds::ObservedTime, true, false);
/// The first time that the baseline saw the key.
pub const FIRST_TIME_SEEN: ColumnSpec = column("firstTimeSeen", Holds::StoredTime, true, true);
/// The last time that the baseline saw the key.
pub const LAST_TIME_SEEN: ColumnSpec = column("lastTimeSeen", Holds::StoredTime, true, true);
/// Whether the baseline was mature when the row was written.
pub const ENOUGH_DATA: ColumnSpec = column("enough_data", Holds::Flag, true, true);
/// The name of the row.
pub const ROW_KEY: ColumnSpec = column("_key", Holds::RowKey, false, true);

/// The key field whose values begin with a service: `s3:GetObject`.
const COMMAND: &str = "command";

/// All of them, in the order in which they are asked for and written.
pub const SCHEMA: [ColumnSpec; 7] = [
    FIRST_TIME,
    LAST_TIME,
    TIME,
    FIRST_TIME_SEEN,
    LAST_TIME_SEEN,
    ENOUGH_DATA,
    ROW_KEY,
];

/// A key field that cannot be one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{field}` cannot be a key field: it is a column of the baseline or a time; rename it before this command")]
pub struct BadKeyField {
    field: String,
}

/// Checks that no key field is named like a column of the [`SCHEMA`].
///
/// # Errors
/// [`BadKeyField`], for the first that is.
pub fn check_key_fields(by: &[String]) -> Result<(), BadKeyField> {
    let is_reserved = |field: &&String| SCHEMA.iter().any(|column| column.name == **field);
    match by.iter().find(is_reserved) {
        Some(field) => Err(BadKeyField {
            field: field.clone(),
        }),
        None => Ok(()),
    }
}

/// Which of the key fields has values that begin with a service, if any.
pub fn service_field(by: &[String]) -> Option<usize> {
    by.iter().position(|field| field == COMMAND)
}

/// The columns that learning needs: only these then cross the pipe.
pub fn required_fields(by: &[String]) -> Vec<String> {
    names(by, |column| column.is_read)
}

/// The columns of a row of the baseline, as they are written.
pub fn stored_fields(by: &[String]) -> Vec<String> {
    names(by, |column| column.is_stored)
}

fn names(by: &[String], is_wanted: impl Fn(&ColumnSpec) -> bool) -> Vec<String> {
    let columns = SCHEMA.iter().filter(|column| is_wanted(column));
    let names = columns.map(|column| column.name.to_owned());
    by.iter().cloned().chain(names).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_field_cannot_have_the_name_of_a_column() {
        let by = |field: &str| ["user".to_owned(), field.to_owned()];
        assert_eq!(check_key_fields(&by("command")), Ok(()));
        for ColumnSpec { name, .. } in SCHEMA {
            assert!(check_key_fields(&by(name)).is_err(), "{name}");
        }
    }

    #[test]
    fn learning_reads_times_and_flag_and_a_baseline_row_has_what_is_stored() {
        let by = ["user".to_owned()];
        assert_eq!(
            required_fields(&by).join(" "),
            "user firstTime lastTime _time firstTimeSeen lastTimeSeen enough_data"
        );
        assert_eq!(
            stored_fields(&by).join(" "),
            "user firstTimeSeen lastTimeSeen enough_data _key"
        );
    }
}
