//! What the cells of a row mean: which times were observed, which are stored, what an empty cell, a broken clock or a number
//! that is none comes to.
//!
//! Knows the columns of the schema, and nothing of what follows from a row.

use super::schema::{self, ColumnSpec};
use super::{BrokenTime, Clock};
use crate::baseline::{Fact, Maturity, Sighting, StoredSighting};
use crate::keys::{RowKeys, MAX_KEYS};
use crate::rows::{Column, Header, Row};
use crate::time::{Timestamp, SECOND};

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
    /// Read are also the forms that spreadsheets and people make: dates and times in ISO-8601, and `true`.
    is_of_file: bool,
}

/// A column that holds times: what the schema has of it, and where it stands in a header.
#[derive(Clone, Copy, Debug)]
pub struct TimeColumn {
    /// By reference, since a column is handed on for each cell of each row.
    pub(super) spec: &'static ColumnSpec,
    pub(super) column: Column,
}

/// What one row holds about its keys.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// What is observed, if the row has any cell for it, and what is stored, if anything is.
    pub fact: Fact,
    /// A cell held something other than a time; it was ignored.
    pub bad_time: Option<TimeColumn>,
    /// A cell held a time that cannot be true: it was ignored, set to the time that the run is as of, or, if too early and stored, kept.
    pub broken_time: Option<(BrokenTime, TimeColumn)>,
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

impl Columns {
    /// Finds the columns of a header for keys made of the fields `by`. Absent columns are empty on every row.
    pub fn bind(header: &Header<'_>, by: &[String]) -> Self {
        let column = |name: &str| header.column(name.as_bytes());
        let time_column = |spec: &'static ColumnSpec| TimeColumn {
            spec,
            column: column(spec.name),
        };
        Self {
            by: by.iter().map(|field| column(field)).collect(),
            first_time: time_column(&schema::FIRST_TIME),
            last_time: time_column(&schema::LAST_TIME),
            time: time_column(&schema::TIME),
            first_time_seen: time_column(&schema::FIRST_TIME_SEEN),
            last_time_seen: time_column(&schema::LAST_TIME_SEEN),
            enough_data: column(schema::ENOUGH_DATA.name),
            is_of_file: false,
        }
    }

    /// Reads also the forms that spreadsheets and people make of a cell: dates and times in ISO-8601, and `true`.
    #[must_use]
    pub fn of_file(self) -> Self {
        Self {
            is_of_file: true,
            ..self
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
            is_of_file: self.is_of_file,
            bad_time: None,
            broken_time: None,
        };
        let fact = Fact {
            observed: self.observed(&mut cells),
            stored: self.stored(&mut cells),
        };
        Reading {
            fact,
            bad_time: cells.bad_time,
            broken_time: cells.broken_time,
        }
    }

    /// First: the least of `firstTime` and `_time`, else `lastTime`. Last: the greatest of `lastTime` and `_time`, else `firstTime`.
    fn observed(&self, cells: &mut Cells<'_, '_, '_>) -> Option<Sighting> {
        let first_time = cells.times(self.first_time);
        let last_time = cells.times(self.last_time);
        let time = cells.times(self.time);
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
        let first = cells.times(self.first_time_seen);
        let last = cells.times(self.last_time_seen);
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
    is_of_file: bool,
    bad_time: Option<TimeColumn>,
    broken_time: Option<(BrokenTime, TimeColumn)>,
}

impl Cells<'_, '_, '_> {
    #[inline]
    fn times(&mut self, column: TimeColumn) -> Times {
        if !self.row.has_text(column.column) {
            Times::NONE
        } else if self.row.is_multivalue(column.column) {
            self.several_times(column)
        } else {
            self.time(&self.row.cell(column.column), column)
        }
    }

    #[cold]
    fn several_times(&mut self, column: TimeColumn) -> Times {
        let mut values = Vec::new();
        self.row.values(column.column, &mut values);
        let none = Times {
            given: true,
            span: Sighting::NEVER,
            verbatim: values.len() < 2,
        };
        let times = values.iter().map(|value| self.time(value, column));
        times.fold(none, Times::merge)
    }

    /// Reads one value of a column.
    #[inline]
    fn time(&mut self, text: &[u8], column: TimeColumn) -> Times {
        let (time, verbatim) = match Timestamp::parse(text) {
            Ok(time) => self.checked(time, true, column),
            Err(_) => match self.date(text) {
                Some(time) => self.checked(Some(time), false, column),
                None => {
                    self.bad_time = self.bad_time.or(Some(column));
                    (None, false)
                }
            },
        };
        Times {
            given: true,
            span: Sighting::new(time, time),
            verbatim,
        }
    }

    #[cold]
    fn date(&self, text: &[u8]) -> Option<Timestamp> {
        let time = || Timestamp::from_iso8601(text).or_else(|| Timestamp::from_iso8601_date(text));
        self.is_of_file.then(time).flatten()
    }

    /// What a time counts as, and whether that is what the cell has.
    #[inline]
    fn checked(
        &mut self,
        time: Option<Timestamp>,
        verbatim: bool,
        column: TimeColumn,
    ) -> (Option<Timestamp>, bool) {
        match time.and_then(|time| self.clock.check(time)) {
            None => (time, verbatim),
            Some(broken) => self.broken_time(broken, time, column),
        }
    }

    /// What a time that cannot be true counts as, and whether that is what the cell has.
    #[cold]
    fn broken_time(
        &mut self,
        broken: BrokenTime,
        time: Option<Timestamp>,
        column: TimeColumn,
    ) -> (Option<Timestamp>, bool) {
        self.broken_time = self.broken_time.or(Some((broken, column)));
        match (column.spec, broken) {
            // What is stored that early keeps its key known; the rules see to it that it makes no baseline mature.
            (&(schema::FIRST_TIME_SEEN | schema::LAST_TIME_SEEN), BrokenTime::TooEarly) => {
                (time, true)
            }
            (&schema::LAST_TIME_SEEN, _) => (Some(self.clock.as_of), false),
            _ => (None, false),
        }
    }

    fn flag(&self, text: &[u8]) -> Option<Maturity> {
        maturity(text).or_else(|| self.is_of_file.then(|| maturity_in_words(text)).flatten())
    }

    /// The greatest flag in a column, and whether it holds one value at most.
    fn maturity(&self, column: Column) -> (Option<Maturity>, bool) {
        if !self.row.is_multivalue(column) {
            return (self.flag(&self.row.cell(column)), true);
        }
        let mut values = Vec::new();
        self.row.values(column, &mut values);
        let has = |wanted| values.iter().any(|value| self.flag(value) == Some(wanted));
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

/// What a spreadsheet makes of a flag.
#[cold]
fn maturity_in_words(text: &[u8]) -> Option<Maturity> {
    let is = |word: &str| text.eq_ignore_ascii_case(word.as_bytes());
    let words = [("true", Maturity::Mature), ("false", Maturity::Learning)];
    words
        .into_iter()
        .find(|(word, _)| is(word))
        .map(|(_, maturity)| maturity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::Reader;

    const CLOCK: Clock = Clock {
        now: Timestamp(1_700_000_000_000_000),
        as_of: Timestamp(1_699_000_000_000_000),
        earliest: Timestamp(1),
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
    fn what_spreadsheets_make_of_a_cell_is_read_in_files_and_nowhere_else() {
        let body = "user,firstTime,firstTimeSeen,enough_data\na,2023-07-10T13:42:18+02:00,2023-07-10,TRUE\n";
        let mut reader = Reader::new(body.as_bytes()).unwrap();
        let columns = Columns::bind(reader.header(), &["user".into()]);
        let row = reader.next_row().unwrap().unwrap();
        let strict = columns.read(&row, CLOCK, &mut RowKeys::default()).unwrap();
        assert_eq!(strict.fact.observed, Some(Sighting::NEVER));
        assert!(strict.bad_time.is_some());
        let columns = columns.of_file();
        let read = columns.read(&row, CLOCK, &mut RowKeys::default()).unwrap();
        let at = Some(1_688_989_338);
        assert_eq!(read.fact.observed, Some(sighting(at, at)));
        let stored = read.fact.stored.unwrap();
        assert_eq!(stored.sighting, sighting(Some(1_688_947_200), None));
        assert!(!stored.verbatim && read.bad_time.is_none());
        assert_eq!(strict.fact.stored.unwrap().maturity, None);
        assert_eq!(stored.maturity, Some(Maturity::Mature));
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
    fn a_time_that_cannot_be_true_is_ignored_where_it_is_observed() {
        for (time, broken) in [
            ("1700086400", None),
            ("1700086400.000001", Some(BrokenTime::Ahead)),
            ("1700000000000", Some(BrokenTime::Milliseconds)),
            ("1.7e12", Some(BrokenTime::Milliseconds)),
            ("0", Some(BrokenTime::TooEarly)),
        ] {
            let row = read(&format!("user,firstTime,lastTime\na,10,{time}\n")).unwrap();
            assert_eq!(row.broken_time.map(|(broken, _)| broken), broken, "{time}");
            let last = broken.map_or(1_700_086_400, |_| 10);
            assert_eq!(
                row.fact.observed,
                Some(sighting(Some(10), Some(last))),
                "{time}"
            );
            let alone = read(&format!("user,firstTime\na,{time}\n")).unwrap();
            assert!(alone.fact.observed.is_some(), "still an observation");
        }
    }

    #[test]
    fn a_stored_time_that_cannot_be_true_is_corrected_or_kept() {
        let stored = |time: &str| {
            let body = format!("user,firstTimeSeen,lastTimeSeen\na,{time},{time}\n");
            read(&body).unwrap().fact.stored.unwrap()
        };
        for ahead in ["1700086400.000001", "1700000000000"] {
            let corrected = stored(ahead);
            assert_eq!(corrected.sighting, Sighting::new(None, Some(CLOCK.as_of)));
            assert!(!corrected.verbatim);
        }
        let early = stored("0");
        assert_eq!(early.sighting, sighting(Some(0), Some(0)));
        assert!(early.verbatim, "nothing to write back");
    }
}
