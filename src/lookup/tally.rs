//! Rows that were skipped, or of which a time was corrected or ignored, counted by reason, with an example of each.

use super::{BrokenTime, Reading, Skip, TimeCell};
use crate::keys::RowKeys;

/// How the add-ons and the data model write a value that they could not find out.
pub const UNKNOWN: &[u8] = b"unknown";

/// Rows with one kind of problem.
#[derive(Clone, Debug, Default)]
pub struct CountedRows {
    /// How many there were.
    pub rows: u64,
    /// One of them.
    pub example: Option<TimeCell>,
}

/// The counts.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// All rows.
    pub rows: u64,
    /// Rows with an empty key field: skipped.
    pub no_key: u64,
    /// Rows about the baseline as a whole: `unseen` uses them, `seen` skips them.
    pub whole_baseline: u64,
    /// Rows with neither an observed nor a stored time, nor the flag: skipped.
    pub no_time: u64,
    /// Rows that stand for more than [`MAX_KEYS`](crate::keys::MAX_KEYS) keys: `seen` skips them, `unseen` reports the observations.
    pub too_many_keys: u64,
    /// Rows with a time more than a day ahead of the wall clock.
    pub ahead: CountedRows,
    /// Rows with a time in milliseconds.
    pub milliseconds: CountedRows,
    /// Rows with a time earlier than any can be.
    pub too_early: CountedRows,
    /// Rows with a time that is not a number.
    pub bad_time: CountedRows,
    /// Observations in which a key field holds `unknown`, by field.
    pub unknown: Vec<u64>,
    /// Rows in which a key field is empty, by field.
    empty: Vec<u64>,
}

impl Tally {
    /// A tally for keys of `width` fields.
    pub fn new(width: usize) -> Self {
        Self {
            unknown: vec![0; width],
            empty: vec![0; width],
            ..Self::default()
        }
    }

    /// Adds the counts of rows that were read apart.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.no_key += other.no_key;
        self.whole_baseline += other.whole_baseline;
        self.no_time += other.no_time;
        self.too_many_keys += other.too_many_keys;
        self.ahead.merge(other.ahead);
        self.milliseconds.merge(other.milliseconds);
        self.too_early.merge(other.too_early);
        self.bad_time.merge(other.bad_time);
        add(&mut self.unknown, &other.unknown);
        add(&mut self.empty, &other.empty);
    }

    /// Rows that were skipped for want of a usable key or time, and those of which a time was ignored.
    pub fn with_a_problem(&self) -> u64 {
        let times = [
            &self.ahead,
            &self.milliseconds,
            &self.too_early,
            &self.bad_time,
        ];
        let ignored: u64 = times.iter().map(|counted| counted.rows).sum();
        self.no_key + self.no_time + self.too_many_keys + ignored
    }

    /// The key fields that have no value in any row, by their place among the key fields; none if no row is about a key.
    ///
    /// Then the field is most likely spelled otherwise, and no other advice helps.
    pub fn fields_without_a_value(&self) -> impl Iterator<Item = usize> + '_ {
        let about_keys = self.rows - self.whole_baseline;
        let fields = self.empty.iter().enumerate();
        fields
            .filter(move |(_, &empty)| about_keys > 0 && empty == about_keys)
            .map(|(field, _)| field)
    }

    /// Counts one row; `cell` names a cell of it, if one has to be.
    #[inline]
    pub(super) fn count(
        &mut self,
        reading: &Result<Reading, Skip>,
        keys: &RowKeys<'_>,
        cell: impl Fn(super::TimeColumn) -> TimeCell,
    ) {
        self.rows += 1;
        match reading {
            Ok(reading) => self.count_read(reading, keys, cell),
            Err(skip) => self.count_skipped(*skip, keys),
        }
    }

    #[cold]
    fn count_skipped(&mut self, skip: Skip, keys: &RowKeys<'_>) {
        match skip {
            Skip::NoKey => {
                self.no_key += 1;
                for (empty, values) in self.empty.iter_mut().zip(keys.fields()) {
                    *empty += u64::from(values.is_empty());
                }
            }
            Skip::WholeBaseline(_) => self.whole_baseline += 1,
            Skip::NoTime => self.no_time += 1,
            Skip::TooManyKeys { .. } => self.too_many_keys += 1,
        }
    }

    #[inline]
    fn count_read(
        &mut self,
        reading: &Reading,
        keys: &RowKeys<'_>,
        cell: impl Fn(super::TimeColumn) -> TimeCell,
    ) {
        if let Some(column) = reading.bad_time {
            self.bad_time.count(|| cell(column));
        }
        if let Some((broken, column)) = reading.broken_time {
            let counted = match broken {
                BrokenTime::Ahead => &mut self.ahead,
                BrokenTime::Milliseconds => &mut self.milliseconds,
                BrokenTime::TooEarly => &mut self.too_early,
            };
            counted.count(|| cell(column));
        }
        if reading.fact.observed.is_some() {
            for (count, values) in self.unknown.iter_mut().zip(keys.fields()) {
                *count += u64::from(values.iter().any(|value| value.as_ref() == UNKNOWN));
            }
        }
    }
}

impl CountedRows {
    fn count(&mut self, example: impl FnOnce() -> TimeCell) {
        self.rows += 1;
        self.example.get_or_insert_with(example);
    }

    fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.example = self.example.take().or(other.example);
    }
}

fn add(counts: &mut [u64], more: &[u64]) {
    for (count, more) in counts.iter_mut().zip(more) {
        *count += more;
    }
}

#[cfg(test)]
mod tests {
    use super::super::facts::tally_of;

    #[test]
    fn a_key_field_that_no_row_has_is_known() {
        for (body, expected) in [
            ("user,cmd,firstTime\na,x,10\nb,y,10\n", vec![1]),
            ("usr,cmd,firstTime\na,x,10\n", vec![0, 1]),
            ("user,command,firstTime\na,,10\nb,y,10\n", vec![]),
            ("user,command,firstTime\n", vec![]),
            ("user,command,enough_data\n,,1\n", vec![]),
        ] {
            let missing: Vec<usize> = tally_of(body).fields_without_a_value().collect();
            assert_eq!(missing, expected, "{body}");
        }
    }
}
