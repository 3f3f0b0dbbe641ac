//! Rows that were skipped, or of which a time was corrected or ignored, counted by reason.

use super::{Reading, Skip};
use crate::keys::RowKeys;

/// How the add-ons and the data model write a value that they could not find out.
pub const UNKNOWN: &[u8] = b"unknown";

/// The counts.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Rows with an empty key field: skipped.
    pub no_key: u64,
    /// Rows about the baseline as a whole: `unseen` uses them, `seen` skips them.
    pub whole_baseline: u64,
    /// Rows with neither an observed nor a stored time, nor the flag: skipped.
    pub no_time: u64,
    /// Rows that stand for more than [`MAX_KEYS`](crate::keys::MAX_KEYS) keys: `seen` skips them, `unseen` reports the observations.
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
        self.whole_baseline += other.whole_baseline;
        self.no_time += other.no_time;
        self.too_many_keys += other.too_many_keys;
        self.broken_clock += other.broken_clock;
        self.bad_time += other.bad_time;
        for (count, more) in self.unknown.iter_mut().zip(&other.unknown) {
            *count += more;
        }
    }

    /// Counts one row.
    #[inline]
    pub(super) fn count(&mut self, reading: &Result<Reading, Skip>, keys: &RowKeys<'_>) {
        match reading {
            Ok(reading) => self.count_read(reading, keys),
            Err(Skip::NoKey) => self.no_key += 1,
            Err(Skip::WholeBaseline(_)) => self.whole_baseline += 1,
            Err(Skip::NoTime) => self.no_time += 1,
            Err(Skip::TooManyKeys { .. }) => self.too_many_keys += 1,
        }
    }

    fn count_read(&mut self, reading: &Reading, keys: &RowKeys<'_>) {
        self.broken_clock += u64::from(reading.broken_clock);
        self.bad_time += u64::from(reading.bad_time.is_some());
        if reading.fact.observed.is_some() {
            for (count, values) in self.unknown.iter_mut().zip(keys.fields()) {
                *count += u64::from(values.iter().any(|value| value.as_ref() == UNKNOWN));
            }
        }
    }
}
