//! What the cells of a row mean: which times were observed, which are stored, what an empty cell, a broken clock or a number
//! that is none comes to.
//!
//! Knows the columns of the schema, and nothing of what follows from a row.

use super::schema::{self, ColumnSpec};
use super::Clock;
use crate::baseline::{Fact, Maturity, Sighting, StoredSighting};
use crate::keys::{RowKeys, MAX_KEYS};
use crate::rows::{Column, Header, Row};
use crate::time::{Timestamp, SECOND};
use thiserror::Error;

/// Where the columns of one header stand. Bound once a chunk.
#[derive(Debug)]
pub struct Columns {
    by: Vec<Column>,
    first_time: TimeColumn,
    last_time: TimeColumn,
    time: TimeColumn,
    first_time_seen: TimeColumn,
    last_time_seen: TimeColumn,
    enough_data: Column,
}

/// A column that holds times, and what it is called.
#[derive(Clone, Copy, Debug)]
struct TimeColumn {
    field: &'static str,
    column: Column,
}

/// What one row says of its keys.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// What is observed, if the row has any cell for it, and what is stored, if anything is.
    pub fact: Fact,
    /// A cell held something other than a time; it was ignored.
    pub bad_time: Option<BadTime>,
    /// A time was more than a day ahead of the wall clock; it was ignored, or counted as the time that the run is as of.
    pub broken_clock: bool,
}

/// A cell that should hold a time and does not.
#[derive(Clone, Copy, Debug)]
pub struct BadTime(TimeColumn);

impl BadTime {
    /// The error that names the field and shows the value as it stands in `row`.
    pub fn describe(self, row: &Row<'_, '_>) -> NotATimeIn {
        const SHOWN: usize = 60;
        let TimeColumn { field, column } = self.0;
        let text = row.cell(column);
        let cut = if text.len() > SHOWN { "..." } else { "" };
        let value = format!("{}{cut}", text[..text.len().min(SHOWN)].escape_ascii());
        NotATimeIn {
            field,
            row: row.number(),
            value,
        }
    }
}

/// A time that is not a number.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("row {row}: `{field}` must be epoch seconds such as `1699833600.25`, got `{value}`")]
pub struct NotATimeIn {
    /// The column.
    pub field: &'static str,
    /// The row in its body, from 1.
    pub row: u64,
    /// What it held, escaped and shortened.
    pub value: String,
}

/// Why a row is about no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// A key field is empty.
    NoKey,
    /// All key fields are empty, nothing is observed, and it has the flag: it is about the baseline as a whole.
    WholeBaseline(StoredSighting),
    /// It has no observed time, and nothing stored.
    NoTime,
    /// It stands for more than [`MAX_KEYS`] keys.
    TooManyKeys {
        /// Whether it has an observed time.
        is_observation: bool,
    },
}

/// What the values of one cell that holds times come to.
#[derive(Clone, Copy)]
struct Times {
    /// There is text in the cell.
    given: bool,
    /// From the least to the greatest of its times.
    span: Sighting,
    /// One value at most, and nothing corrected.
    verbatim: bool,
}

impl Times {
    const NONE: Self = Self {
        given: false,
        span: Sighting::NEVER,
        verbatim: true,
    };

    fn merge(self, other: Self) -> Self {
        Self {
            given: self.given || other.given,
            span: self.span.merge(other.span),
            verbatim: self.verbatim && other.verbatim,
        }
    }
}

/// What a time from a broken clock counts as.
#[derive(Clone, Copy)]
enum Broken {
    Nothing,
    AsOf,
}

impl Columns {
    /// Finds the columns of a header for keys made of the fields `by`. Absent columns are empty on every row.
    pub fn bind(header: &Header<'_>, by: &[String]) -> Self {
        let column = |name: &str| header.column(name.as_bytes());
        let time_column = |ColumnSpec { name, .. }: ColumnSpec| TimeColumn {
            field: name,
            column: column(name),
        };
        Self {
            by: by.iter().map(|field| column(field)).collect(),
            first_time: time_column(schema::FIRST_TIME),
            last_time: time_column(schema::LAST_TIME),
            time: time_column(schema::TIME),
            first_time_seen: time_column(schema::FIRST_TIME_SEEN),
            last_time_seen: time_column(schema::LAST_TIME_SEEN),
            enough_data: column(schema::ENOUGH_DATA.name),
        }
    }

    /// Reads a row: its keys into `keys`, its times into the result.
    ///
    /// # Errors
    /// [`Skip`], if the row is about no key; `keys` is then of no use.
    pub fn read<'b>(
        &self,
        row: &Row<'_, 'b>,
        clock: Clock,
        keys: &mut RowKeys<'b>,
    ) -> Result<Reading, Skip> {
        keys.clear();
        for &column in &self.by {
            keys.add_field(|values| row.values(column, values));
        }
        let reading = self.read_times(row, clock);
        let Fact { observed, stored } = reading.fact;
        match keys.count() {
            0 => Err(without_key(reading.fact, keys)),
            _ if observed.is_none() && stored.is_none() => Err(Skip::NoTime),
            1..=MAX_KEYS => Ok(reading),
            _ => Err(Skip::TooManyKeys {
                is_observation: observed.is_some(),
            }),
        }
    }

    fn read_times(&self, row: &Row<'_, '_>, clock: Clock) -> Reading {
        let mut cells = Cells {
            row,
            clock,
            bad_time: None,
            broken_clock: false,
        };
        let fact = Fact {
            observed: self.observed(&mut cells),
            stored: self.stored(&mut cells),
        };
        Reading {
            fact,
            bad_time: cells.bad_time,
            broken_clock: cells.broken_clock,
        }
    }

    /// First: the least of `firstTime` and `_time`, else `lastTime`. Last: the greatest of `lastTime` and `_time`, else `firstTime`.
    fn observed(&self, cells: &mut Cells<'_, '_, '_>) -> Option<Sighting> {
        let first_time = cells.times(self.first_time, Broken::Nothing);
        let last_time = cells.times(self.last_time, Broken::Nothing);
        let time = cells.times(self.time, Broken::Nothing);
        if !(first_time.given || last_time.given || time.given) {
            return None;
        }
        let first = first_time.span.merge(time.span).first();
        let last = last_time.span.merge(time.span).last();
        Some(Sighting::new(
            first.or(last_time.span.first()),
            last.or(first_time.span.last()),
        ))
    }

    fn stored(&self, cells: &mut Cells<'_, '_, '_>) -> Option<StoredSighting> {
        let first = cells.times(self.first_time_seen, Broken::Nothing);
        let last = cells.times(self.last_time_seen, Broken::AsOf);
        if !(first.given || last.given || cells.row.has_text(self.enough_data)) {
            return None;
        }
        let (maturity, one_flag) = cells.maturity(self.enough_data);
        Some(StoredSighting {
            sighting: Sighting::new(first.span.first(), last.span.last()),
            maturity,
            verbatim: first.verbatim && last.verbatim && one_flag,
        })
    }
}

/// Why a row without a key is skipped.
#[cold]
fn without_key(fact: Fact, keys: &RowKeys<'_>) -> Skip {
    match fact {
        Fact {
            observed: None,
            stored: Some(stored),
        } if keys.is_empty() && stored.maturity.is_some() => Skip::WholeBaseline(stored),
        _ => Skip::NoKey,
    }
}

/// The cells of one row, and what was wrong with them.
struct Cells<'c, 'r, 'b> {
    row: &'c Row<'r, 'b>,
    clock: Clock,
    bad_time: Option<BadTime>,
    broken_clock: bool,
}

impl Cells<'_, '_, '_> {
    #[inline]
    fn times(&mut self, column: TimeColumn, broken: Broken) -> Times {
        if !self.row.has_text(column.column) {
            Times::NONE
        } else if self.row.is_multivalue(column.column) {
            self.several_times(column, broken)
        } else {
            self.time(&self.row.cell(column.column), column, broken)
        }
    }

    #[cold]
    fn several_times(&mut self, column: TimeColumn, broken: Broken) -> Times {
        let mut values = Vec::new();
        self.row.values(column.column, &mut values);
        let none = Times {
            given: true,
            span: Sighting::NEVER,
            verbatim: values.len() < 2,
        };
        let times = values.iter().map(|value| self.time(value, column, broken));
        times.fold(none, Times::merge)
    }

    /// Reads one value of a column.
    fn time(&mut self, text: &[u8], column: TimeColumn, broken: Broken) -> Times {
        let (time, verbatim) = match Timestamp::parse(text) {
            Ok(time) if !time.is_some_and(|time| self.clock.is_broken(time)) => (time, true),
            Ok(_) => {
                self.broken_clock = true;
                (
                    matches!(broken, Broken::AsOf).then_some(self.clock.as_of),
                    false,
                )
            }
            Err(_) => {
                self.bad_time = self.bad_time.or(Some(BadTime(column)));
                (None, false)
            }
        };
        Times {
            given: true,
            span: Sighting::new(time, time),
            verbatim,
        }
    }

    /// The greatest flag in a column, and whether it holds one value at most.
    fn maturity(&self, column: Column) -> (Option<Maturity>, bool) {
        if !self.row.is_multivalue(column) {
            return (maturity(&self.row.cell(column)), true);
        }
        let mut values = Vec::new();
        self.row.values(column, &mut values);
        let has = |wanted| values.iter().any(|value| maturity(value) == Some(wanted));
        let greatest = [Maturity::Mature, Maturity::Learning]
            .into_iter()
            .find(|&wanted| has(wanted));
        (greatest, values.len() < 2)
    }
}

/// `1` and `1.0` are one, `0` and `0.0` too; anything else is neither.
fn maturity(text: &[u8]) -> Option<Maturity> {
    match text {
        b"1" => Some(Maturity::Mature),
        b"0" => Some(Maturity::Learning),
        _ => match Timestamp::parse(text) {
            Ok(Some(Timestamp(SECOND))) => Some(Maturity::Mature),
            Ok(Some(Timestamp(0))) => Some(Maturity::Learning),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Reader;

    const CLOCK: Clock = Clock {
        now: Timestamp(1_700_000_000_000_000),
        as_of: Timestamp(1_699_000_000_000_000),
    };

    /// Reads the one row of a body, for keys made of `user`.
    fn read(body: &str) -> Result<Reading, Skip> {
        let mut reader = Reader::new(body.as_bytes()).unwrap();
        let columns = Columns::bind(reader.header(), &["user".into()]);
        let row = reader.next_row().unwrap().unwrap();
        columns.read(&row, CLOCK, &mut RowKeys::default())
    }

    fn sighting(first: Option<i64>, last: Option<i64>) -> Sighting {
        Sighting::new(
            first.map(Timestamp::from_seconds),
            last.map(Timestamp::from_seconds),
        )
    }

    #[test]
    fn observed_times_are_the_least_and_the_greatest_that_a_row_has() {
        let cases = [
            ("10,,", Some((Some(10), Some(10)))),
            (",10,", Some((Some(10), Some(10)))),
            (",,10", Some((Some(10), Some(10)))),
            ("20,30,10", Some((Some(10), Some(30)))),
            ("20,10,30", Some((Some(20), Some(30)))),
            ("30,10,", Some((Some(30), Some(10)))), // first may exceed last: the two are merged apart
            (",,", None),
        ];
        for (cells, expected) in cases {
            let body = format!("user,firstTime,lastTime,_time,firstTimeSeen\na,{cells},5\n");
            let observed = read(&body).unwrap().fact.observed;
            assert_eq!(
                observed,
                expected.map(|(first, last)| sighting(first, last)),
                "{cells}"
            );
        }
    }

    #[test]
    fn a_multivalue_cell_counts_by_its_least_first_and_greatest_last() {
        let body = "user,firstTimeSeen,lastTimeSeen,enough_data,__mv_firstTimeSeen,__mv_lastTimeSeen,__mv_enough_data\n\
                    a,\"20\n10\",\"20\n30\",\"0\n1\",$20$;$10$,$20$;$30$,$0$;$1.0$\n";
        let stored = read(body).unwrap().fact.stored.unwrap();
        assert_eq!(
            (stored.sighting, stored.maturity),
            (sighting(Some(10), Some(30)), Some(Maturity::Mature))
        );
        assert!(!stored.verbatim, "no single stored row has this");
    }

    #[test]
    fn enough_data_is_a_number() {
        let cases = [
            ("1", Some(Maturity::Mature)),
            ("1.0", Some(Maturity::Mature)),
            ("0", Some(Maturity::Learning)),
            ("0.000000", Some(Maturity::Learning)),
            ("2", None),
            ("true", None),
            ("", None),
        ];
        for (cell, expected) in cases {
            let body = format!("user,firstTimeSeen,enough_data\na,10,{cell}\n");
            assert_eq!(
                read(&body).unwrap().fact.stored.unwrap().maturity,
                expected,
                "{cell}"
            );
        }
    }

    #[test]
    fn a_row_is_about_no_key_without_a_key_or_without_a_time_and_the_flag() {
        assert_eq!(read("user,firstTime\n\"\",10\n").unwrap_err(), Skip::NoKey);
        assert_eq!(read("firstTime\n10\n").unwrap_err(), Skip::NoKey);
        assert_eq!(read("user,firstTime\na,\n").unwrap_err(), Skip::NoTime);
        assert!(read("user,enough_data\na,1\n").is_ok());
    }

    #[test]
    fn a_row_with_the_flag_and_no_key_at_all_is_about_the_baseline_as_a_whole() {
        let header = "user,firstTime,lastTimeSeen,enough_data";
        let skip = |cells: &str| read(&format!("{header}\n{cells}\n")).unwrap_err();
        let Skip::WholeBaseline(state) = skip(",,10,1.0") else {
            panic!("{:?}", skip(",,10,1.0"))
        };
        assert_eq!(state.maturity, Some(Maturity::Mature));
        assert_eq!(state.sighting, sighting(None, Some(10)));
        assert_eq!(skip(",,10,"), Skip::NoKey, "no flag");
        assert_eq!(skip(",10,10,1"), Skip::NoKey, "an observation");

        let body = "user,command,enough_data\n,CreateUser,1\n";
        let mut reader = Reader::new(body.as_bytes()).unwrap();
        let columns = Columns::bind(reader.header(), &["user".into(), "command".into()]);
        let row = reader.next_row().unwrap().unwrap();
        let half = columns.read(&row, CLOCK, &mut RowKeys::default());
        assert_eq!(half.unwrap_err(), Skip::NoKey, "half a key");
    }

    #[test]
    fn a_row_of_more_than_a_thousand_keys_is_not_taken_apart() {
        let body = |keys: usize| {
            let twin: Vec<String> = (0..keys).map(|n| format!("${n}$")).collect();
            format!("user,firstTime,__mv_user\nx,10,{}\n", twin.join(";"))
        };
        assert!(read(&body(1_000)).is_ok());
        assert_eq!(
            read(&body(1_001)).unwrap_err(),
            Skip::TooManyKeys {
                is_observation: true
            }
        );
    }

    #[test]
    fn a_time_more_than_a_day_ahead_of_the_wall_clock_is_corrected() {
        let (a_day_ahead, broken) = ("1700086400", "1700086400.000001");
        let observed =
            |time: &str| read(&format!("user,firstTime,lastTime\na,10,{time}\n")).unwrap();
        assert!(!observed(a_day_ahead).broken_clock);
        assert_eq!(
            observed(broken).fact.observed,
            Some(sighting(Some(10), Some(10)))
        );
        assert!(observed(broken).broken_clock);

        let alone = read(&format!("user,firstTime\na,{broken}\n")).unwrap();
        assert_eq!(
            alone.fact.observed,
            Some(Sighting::NEVER),
            "still an observation"
        );

        let stored = read(&format!(
            "user,firstTimeSeen,lastTimeSeen\na,{broken},{broken}\n"
        ))
        .unwrap()
        .fact
        .stored
        .unwrap();
        assert_eq!(stored.sighting, Sighting::new(None, Some(CLOCK.as_of)));
        assert!(!stored.verbatim);
    }

    #[test]
    fn a_time_that_is_no_number_is_described_with_field_row_and_value() {
        let value = "x".repeat(70);
        let body = format!("user,firstTime\na,10\nb,{value}\n");
        let mut reader = Reader::new(body.as_bytes()).unwrap();
        let columns = Columns::bind(reader.header(), &["user".into()]);
        reader.next_row().unwrap();
        let row = reader.next_row().unwrap().unwrap();
        let bad_time = columns
            .read(&row, CLOCK, &mut RowKeys::default())
            .unwrap()
            .bad_time
            .unwrap();
        assert_eq!(
            bad_time.describe(&row).to_string(),
            format!(
                "row 2: `firstTime` must be epoch seconds such as `1699833600.25`, got `{}...`",
                &value[..60]
            )
        );
    }
}
