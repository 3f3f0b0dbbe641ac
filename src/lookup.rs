//! Columns to facts about keys, and back: the one place that knows the lookup's column names.
//!
//! Reads what a row says by the rules that every command shares: which times are a row's own, which are said of its key,
//! what an empty cell, a broken clock or a number that is none means. Decides nothing about novelty or learning.
//!
//! Sources: the field names are those of Splunk's ESCU lookup `previously_seen_cloud_api_calls_per_user_role`; that a
//! KV store returns numbers as doubles, hence `1.0`, and several matching rows as a multivalue, is from Splunk's documentation.

use crate::baseline::{Fact, Keys, Maturity, Said, Sighting, Value, MAX_KEYS};
use crate::rows::{Column, Header, Row, Writer};
use crate::time::{Timestamp, DAY, SECOND};
use sha2::digest::core_api::{Block, CoreProxy, UpdateCore};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The columns in which an observation's own times stand.
pub const OWN_TIMES: [&str; 3] = ["firstTime", "lastTime", "_time"];
/// The columns in which a baseline says when a key was seen.
pub const SAID_TIMES: [&str; 2] = ["firstTimeSeen", "lastTimeSeen"];
/// The column in which a baseline says whether it is mature: 1 or 0.
pub const ENOUGH_DATA: &str = "enough_data";
/// The column that names a row in its collection.
pub const ROW_KEY: &str = "_key";

/// How the add-ons and the data model write a value that they could not find out.
pub const UNKNOWN: &[u8] = b"unknown";

/// The columns with a meaning of their own, which no key field may have.
fn reserved() -> impl Iterator<Item = &'static str> {
    OWN_TIMES
        .into_iter()
        .chain(SAID_TIMES)
        .chain([ENOUGH_DATA, ROW_KEY])
}

/// A key field that cannot be one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{field}` cannot be a key field: it is a column of the baseline or a time; rename it before this command")]
pub struct BadKeyField {
    field: String,
}

/// Checks that no key field is named like a column with a meaning of its own.
///
/// # Errors
/// [`BadKeyField`], for the first that is.
pub fn check_key_fields(by: &[String]) -> Result<(), BadKeyField> {
    match by
        .iter()
        .find(|field| reserved().any(|name| name == field.as_str()))
    {
        Some(field) => Err(BadKeyField {
            field: field.clone(),
        }),
        None => Ok(()),
    }
}

/// The columns that learning needs: only these then cross the pipe.
pub fn required_fields(by: &[String]) -> Vec<String> {
    let others = OWN_TIMES.into_iter().chain(SAID_TIMES).chain([ENOUGH_DATA]);
    by.iter()
        .cloned()
        .chain(others.map(str::to_owned))
        .collect()
}

/// The two moments that reading times depends on.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// The wall clock. What is more than a day ahead of it comes from a broken clock.
    pub now: Timestamp,
    /// The time that the search is as of. A broken last sighting counts as this.
    pub as_of: Timestamp,
}

impl Clock {
    /// Whether a time is more than a day ahead of the wall clock.
    pub fn is_broken(self, time: Timestamp) -> bool {
        time > self.now.saturating_add(DAY)
    }
}

/// Where the columns of one header stand. Bound once a chunk.
#[derive(Debug)]
pub struct Columns {
    by: Vec<Column>,
    own: [TimeColumn; 3],
    said: [TimeColumn; 2],
    enough_data: Column,
}

/// A column that holds times, and what it is called.
#[derive(Clone, Copy, Debug)]
struct TimeColumn {
    field: &'static str,
    column: Column,
}

/// What one row says.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The observed times, if the row has any cell for them.
    pub own: Option<Sighting>,
    /// What is said of the key, if anything is.
    pub said: Option<Said>,
    /// A cell held something other than a time; it was ignored.
    pub bad_time: Option<BadTime>,
    /// A time was more than a day ahead of the wall clock; it was ignored, or counted as the time that the search is as of.
    pub broken_clock: bool,
}

impl Reading {
    /// What the row says, about `keys`.
    pub fn fact<'a>(&self, keys: &'a Keys<'a>) -> Fact<'a> {
        Fact {
            keys,
            own: self.own,
            said: self.said,
        }
    }
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
    /// It has no times of its own, and says nothing.
    NoTime,
    /// It stands for more than [`MAX_KEYS`] keys.
    TooManyKeys {
        /// Whether it has times of its own.
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
    /// One value at most, taken at its word.
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
        let time_column = |field| TimeColumn {
            field,
            column: column(field),
        };
        Self {
            by: by.iter().map(|field| column(field)).collect(),
            own: OWN_TIMES.map(time_column),
            said: SAID_TIMES.map(time_column),
            enough_data: column(ENOUGH_DATA),
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
        keys: &mut Keys<'b>,
    ) -> Result<Reading, Skip> {
        keys.clear();
        for &column in &self.by {
            keys.add_field(|values| row.values(column, values));
        }
        let reading = self.read_times(row, clock);
        match keys.count() {
            0 => Err(Skip::NoKey),
            _ if reading.own.is_none() && reading.said.is_none() => Err(Skip::NoTime),
            1..=MAX_KEYS => Ok(reading),
            _ => Err(Skip::TooManyKeys {
                is_observation: reading.own.is_some(),
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
        let own = self.own(&mut cells);
        let said = self.said(&mut cells);
        Reading {
            own,
            said,
            bad_time: cells.bad_time,
            broken_clock: cells.broken_clock,
        }
    }

    fn own(&self, cells: &mut Cells<'_, '_, '_>) -> Option<Sighting> {
        let [first_time, last_time, time] =
            self.own.map(|column| cells.times(column, Broken::Nothing));
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

    fn said(&self, cells: &mut Cells<'_, '_, '_>) -> Option<Said> {
        let [first, last] = self.said;
        let first = cells.times(first, Broken::Nothing);
        let last = cells.times(last, Broken::AsOf);
        if !(first.given || last.given || cells.row.has_text(self.enough_data)) {
            return None;
        }
        let (maturity, one_flag) = cells.maturity(self.enough_data);
        Some(Said {
            sighting: Sighting::new(first.span.first(), last.span.last()),
            maturity,
            verbatim: first.verbatim && last.verbatim && one_flag,
        })
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
        let says = |wanted| values.iter().any(|value| maturity(value) == Some(wanted));
        let greatest = [Maturity::Mature, Maturity::Learning]
            .into_iter()
            .find(|&wanted| says(wanted));
        (greatest, values.len() < 2)
    }
}

/// `1` and `1.0` are one, `0` and `0.0` too; anything else says nothing.
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

/// Rows that were left out or not taken at their word, counted by reason.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rows with an empty key field: left out.
    pub no_key: u64,
    /// Rows without times of their own that say nothing: left out.
    pub no_time: u64,
    /// Rows that stand for more than [`MAX_KEYS`] keys: `seen` leaves them out, `unseen` reports the observations.
    pub too_many_keys: u64,
    /// Rows with a time more than a day ahead of the wall clock.
    pub broken_clock: u64,
    /// Rows with a time that is not a number.
    pub bad_time: u64,
    /// Observations in which a key field holds `unknown`, by field.
    pub unknown: Vec<u64>,
}

impl Tally {
    /// A tally for keys of `width` fields.
    pub fn new(width: usize) -> Self {
        Self {
            unknown: vec![0; width],
            ..Self::default()
        }
    }

    /// Adds the counts of rows that were read apart.
    pub fn merge(&mut self, other: &Self) {
        self.no_key += other.no_key;
        self.no_time += other.no_time;
        self.too_many_keys += other.too_many_keys;
        self.broken_clock += other.broken_clock;
        self.bad_time += other.bad_time;
        for (count, more) in self.unknown.iter_mut().zip(&other.unknown) {
            *count += more;
        }
    }

    /// Counts a row that is left out.
    pub fn skip(&mut self, skip: Skip) {
        match skip {
            Skip::NoKey => self.no_key += 1,
            Skip::NoTime => self.no_time += 1,
            Skip::TooManyKeys { .. } => self.too_many_keys += 1,
        }
    }

    /// Counts what is odd about a row that was read.
    pub fn note(&mut self, reading: &Reading, keys: &Keys<'_>) {
        self.broken_clock += u64::from(reading.broken_clock);
        self.bad_time += u64::from(reading.bad_time.is_some());
        if reading.own.is_some() {
            for (count, values) in self.unknown.iter_mut().zip(keys.fields()) {
                *count += u64::from(values.iter().any(|value| value.as_ref() == UNKNOWN));
            }
        }
    }
}

/// The name of a key's row in its collection: lower-case hex SHA-256 of the concatenated lower-case hex SHA-256 of each value.
///
/// SPL computes the same with `sha256(sha256(user).sha256(command))`. Field names do not take part, their order does.
pub fn row_key<'v>(values: impl Iterator<Item = &'v [u8]>) -> [u8; 64] {
    let joined = values.fold(Sha256::new(), |joined, value| {
        joined.chain_update(value_digest(value))
    });
    hex(&joined.finalize())
}

fn value_digest(value: &[u8]) -> [u8; 64] {
    hex(&Sha256::digest(value))
}

fn hex(digest: &[u8]) -> [u8; 64] {
    let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = digit(byte >> 4);
        pair[1] = digit(byte & 15);
    }
    text
}

/// What was worked out for a field's values, as far as it is remembered. A value has one slot, and takes it from whoever had it.
#[derive(Clone)]
struct Remembered<T> {
    /// The number of the value, and what was worked out for it.
    slots: Vec<Option<(u32, T)>>,
}

impl<T> Remembered<T> {
    /// Some megabytes; names that come often come early, and keep their slots.
    const SLOTS: usize = 1 << 16;

    fn nothing() -> Self {
        Self { slots: Vec::new() }
    }

    fn of(&mut self, value: Value<'_>, work_out: impl FnOnce(&[u8]) -> T) -> &T {
        let place = value.number as usize % Self::SLOTS;
        if place >= self.slots.len() {
            self.slots.resize_with(place + 1, || None);
        }
        let slot = &mut self.slots[place];
        slot.take_if(|(owner, _)| *owner != value.number);
        &slot
            .get_or_insert_with(|| (value.number, work_out(value.text)))
            .1
    }
}

/// SHA-256 between two blocks.
type Begun = <Sha256 as CoreProxy>::Core;

/// The hash behind the digest of a value, which fills one block exactly.
fn begin(value: &[u8]) -> Begun {
    let mut begun = Begun::default();
    begun.update_blocks(&[Block::<Begun>::from(value_digest(value))]);
    begun
}

/// Writes the lookup's rows: the key fields, both sightings, the flag, and the row's name.
pub struct BaselineWriter {
    by: Vec<String>,
    /// The hash behind the digest of a row's first value.
    begun: Remembered<Begun>,
    /// The digests of the other values, by field.
    digests: Vec<Remembered<[u8; 64]>>,
}

impl BaselineWriter {
    /// A writer for keys made of the fields `by`.
    pub fn new(by: &[String]) -> Self {
        Self {
            by: by.to_vec(),
            begun: Remembered::nothing(),
            digests: vec![Remembered::nothing(); by.len().saturating_sub(1)],
        }
    }

    /// The name of a key's row, as [`row_key`] has it.
    fn name<'v>(&mut self, mut key: impl Iterator<Item = Value<'v>>) -> [u8; 64] {
        let first = key.next().map(|first| self.begun.of(first, begin).clone());
        let name = first.map_or_else(Sha256::new, Sha256::from_core);
        let others = self.digests.iter_mut().zip(key);
        let name = others.fold(name, |name, (digests, value)| {
            name.chain_update(digests.of(value, value_digest))
        });
        hex(&name.finalize())
    }

    /// Appends the header.
    pub fn header(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out);
        let names = self
            .by
            .iter()
            .map(String::as_str)
            .chain(SAID_TIMES)
            .chain([ENOUGH_DATA, ROW_KEY]);
        names.for_each(|name| writer.cell(name.as_bytes()));
        writer.end_row();
    }

    /// Appends one row.
    pub fn row<'v>(
        &mut self,
        key: impl Iterator<Item = Value<'v>> + Clone,
        sighting: Sighting,
        maturity: Maturity,
        out: &mut Vec<u8>,
    ) {
        let name = self.name(key.clone());
        let mut writer = Writer::new(out);
        key.for_each(|value| writer.cell(value.text));
        for time in [sighting.first(), sighting.last()] {
            writer.append(|out| {
                if let Some(time) = time {
                    time.write_to(out);
                }
            });
        }
        writer.append(|out| {
            out.push(if maturity == Maturity::Mature {
                b'1'
            } else {
                b'0'
            })
        });
        writer.append(|out| out.extend_from_slice(&name));
        writer.end_row();
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
        columns.read(&row, CLOCK, &mut Keys::default())
    }

    fn sighting(first: Option<i64>, last: Option<i64>) -> Sighting {
        Sighting::new(
            first.map(Timestamp::from_seconds),
            last.map(Timestamp::from_seconds),
        )
    }

    #[test]
    fn own_times_are_the_least_and_the_greatest_that_a_row_has() {
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
            let own = read(&body).unwrap().own;
            assert_eq!(
                own,
                expected.map(|(first, last)| sighting(first, last)),
                "{cells}"
            );
        }
    }

    #[test]
    fn a_multivalue_cell_counts_by_its_least_first_and_greatest_last() {
        let body = "user,firstTimeSeen,lastTimeSeen,enough_data,__mv_firstTimeSeen,__mv_lastTimeSeen,__mv_enough_data\n\
                    a,\"20\n10\",\"20\n30\",\"0\n1\",$20$;$10$,$20$;$30$,$0$;$1.0$\n";
        let said = read(body).unwrap().said.unwrap();
        assert_eq!(
            (said.sighting, said.maturity),
            (sighting(Some(10), Some(30)), Some(Maturity::Mature))
        );
        assert!(!said.verbatim, "no single stored row says this");
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
                read(&body).unwrap().said.unwrap().maturity,
                expected,
                "{cell}"
            );
        }
    }

    #[test]
    fn a_row_is_about_no_key_without_a_key_or_without_anything_to_say() {
        assert_eq!(read("user,firstTime\n\"\",10\n").unwrap_err(), Skip::NoKey);
        assert_eq!(read("firstTime\n10\n").unwrap_err(), Skip::NoKey);
        assert_eq!(read("user,firstTime\na,\n").unwrap_err(), Skip::NoTime);
        assert!(read("user,enough_data\na,1\n").is_ok());
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
    fn a_time_more_than_a_day_ahead_of_the_wall_clock_is_not_taken_at_its_word() {
        let (a_day_ahead, broken) = ("1700086400", "1700086400.000001");
        let own = |time: &str| read(&format!("user,firstTime,lastTime\na,10,{time}\n")).unwrap();
        assert!(!own(a_day_ahead).broken_clock);
        assert_eq!(own(broken).own, Some(sighting(Some(10), Some(10))));
        assert!(own(broken).broken_clock);

        let alone = read(&format!("user,firstTime\na,{broken}\n")).unwrap();
        assert_eq!(alone.own, Some(Sighting::NEVER), "still an observation");

        let said = read(&format!(
            "user,firstTimeSeen,lastTimeSeen\na,{broken},{broken}\n"
        ))
        .unwrap()
        .said
        .unwrap();
        assert_eq!(said.sighting, Sighting::new(None, Some(CLOCK.as_of)));
        assert!(!said.verbatim);
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
            .read(&row, CLOCK, &mut Keys::default())
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

    #[test]
    fn the_key_of_a_row_is_what_spl_computes() {
        // Computed with Python's hashlib: sha256(sha256(v1) + sha256(v2)), each in lower-case hex.
        let cases: &[(&[&str], &str)] = &[
            (
                &["a"],
                "da3811154d59c4267077ddd8bb768fa9b06399c486e1fc00485116b57c9872f5",
            ),
            (
                &["admin", "CreateUser"],
                "2aa48759f8286277a98d24f9337c729e192ae86310f3348af54e002cf6785d21",
            ),
            (
                &["Röle, \"☃\"", "x"],
                "1b20535f63fccc59d7962fa3b15e0ed85693288f536d92e811d89e1a0718c39c",
            ),
            (
                &["", ""],
                "3b7546ed79e3e5a7907381b093c5a182cbf364c5dd0443dfa956c8cca271cc33",
            ),
            (
                &["a\nb", "$;$"],
                "54a23eb68484f77728c530dd927bf70b7cbd7c5bff90d1d9b4c6ecb7a24adab5",
            ),
        ];
        for (values, expected) in cases {
            let key = row_key(values.iter().map(|value| value.as_bytes()));
            assert_eq!(std::str::from_utf8(&key).unwrap(), *expected, "{values:?}");
        }
    }

    #[test]
    fn a_row_is_named_alike_whether_its_digests_are_remembered_or_not() {
        let mut writer = BaselineWriter::new(&["user".to_string()]);
        let mut name = |number: usize, text: &'static str| {
            let mut row = Vec::new();
            let value = Value {
                number: number as u32,
                text: text.as_bytes(),
            };
            writer.row(
                [value].into_iter(),
                Sighting::NEVER,
                Maturity::Learning,
                &mut row,
            );
            row.trim_ascii_end()
                .rsplit(|&byte| byte == b',')
                .next()
                .unwrap()
                .to_vec()
        };
        for (number, text) in [
            (3, "a"),
            (3, "a"),
            (0, "b"),
            (Remembered::<()>::SLOTS, "c"),
            (Remembered::<()>::SLOTS - 1, "d"),
            (0, "b"),
        ] {
            assert_eq!(name(number, text), row_key([text.as_bytes()].into_iter()));
        }
    }

    #[test]
    fn a_written_row_is_read_back() {
        let mut writer = BaselineWriter::new(&["user".to_string()]);
        let mut body = Vec::new();
        writer.header(&mut body);
        let stored = Sighting::new(Some(Timestamp(1_500_000)), None);
        let value = Value {
            number: 0,
            text: b"a,b",
        };
        writer.row([value].into_iter(), stored, Maturity::Mature, &mut body);
        let text = std::str::from_utf8(&body).unwrap();
        assert!(
            text.starts_with("user,firstTimeSeen,lastTimeSeen,enough_data,_key\n\"a,b\",1.5,,1,"),
            "{text}"
        );
        let said = read(text).unwrap().said.unwrap();
        assert_eq!(
            said,
            Said {
                sighting: stored,
                maturity: Some(Maturity::Mature),
                verbatim: true
            }
        );
    }
}
