//! What was read from files, key by key: when each was observed, how often, what came with it, and what was stored beside it.
//!
//! Windows count from the newest time in the input, which is known only when all of it is read; so what is observed is merged
//! key by key while reading, and judged afterwards. Parts that were read apart are merged, and neither the order of the input
//! nor the way it was shared out makes a difference. Knows no files and no windows.

mod first_call;
mod key_windows;
mod observed;
mod record_counts;
mod time_range;
mod uses;
mod value_sample;

pub use first_call::FirstCall;
pub use key_windows::{KeyWindow, KeyWindows};
pub use observed::{Context, Detail, DetailLevel, Observed, Occurrence, CONTEXT_FIELDS, SAMPLED};
pub use record_counts::RecordCounts;
pub use time_range::TimeRange;
pub use uses::{Resolution, Use, Uses};
pub use value_sample::ValueSample;

use crate::baseline::{Fact, Sighting, StoredSighting};
use crate::cloudtrail::{Call, CallField, NotACall};
use crate::keys::{KeyId, KeyTable, RowKeys};
use crate::lookup::{BrokenTime, Clock, Reading, Tally, UNKNOWN};
use crate::time::Timestamp;
use std::hash::RandomState;
use std::sync::Arc;

/// How a stored last time that counts as the time a run is as of is held until that time is known. No time that is read is as late.
pub const AS_OF_LATER: Timestamp = Timestamp::MAX;

/// What a row stores of a key.
#[derive(Clone, Copy, Debug)]
struct StoredRow {
    key: KeyId,
    stored: StoredSighting,
    /// It stood beside an observation.
    is_joined: bool,
}

/// All that was read, or a part of it.
///
/// ```
/// use unseen::baseline::{Fact, Sighting};
/// use unseen::keys::RowKeys;
/// use unseen::lookup::Reading;
/// use unseen::observations::{DetailLevel, Observations, TimeRange, CONTEXT_FIELDS};
/// use unseen::time::Timestamp;
///
/// let mut observations = Observations::new(2, DetailLevel::Times, TimeRange::default(), Default::default());
/// for at in [20, 10] {
///     let time = Some(Timestamp(at));
///     let fact = Fact { observed: Some(Sighting::new(time, time)), stored: None };
///     let reading = Reading { fact, bad_time: None, broken_time: None };
///     observations.take_row(&reading, &RowKeys::one(&["admin", "s3:GetObject"]), 1, [&[]; CONTEXT_FIELDS.len()]);
/// }
/// let [(key, observed)] = observations.observed()[..] else { panic!("one key") };
/// assert_eq!(observed.sighting.first(), Some(Timestamp(10)));
/// assert_eq!(observed.count, 2);
/// assert_eq!(observations.values(key).next(), Some(&b"admin"[..]));
/// ```
#[derive(Debug)]
pub struct Observations {
    level: DetailLevel,
    range: TimeRange,
    hasher: RandomState,
    keys: KeyTable,
    /// The only calls that are wanted, if not all are.
    only: Option<Arc<KeyWindows>>,
    /// By key; none where a key was only stored.
    observed: Vec<Option<Observed>>,
    stored: Vec<StoredRow>,
    newest_observed: Option<Timestamp>,
    newest_stored: Option<Timestamp>,
    /// How many records there were, by what they are.
    pub records: RecordCounts,
    /// How many rows with an observed time there were, as far as they were taken.
    pub observed_rows: u64,
    /// How many rows there were that only store.
    pub baseline_rows: u64,
    /// How many rows there were with no time in the range.
    pub outside_rows: u64,
    /// Rows that stand perhaps in a quoted text of a row that could not be read, and were therefore not learned.
    pub doubtful_rows: u64,
    /// What was wrong with rows.
    pub tally: Tally,
    /// From the earliest to the latest usable time of all records and rows, also of those that are outside the range.
    covered: Sighting,
    /// Calls that have no value in a key field, by field.
    pub without_value: Vec<u64>,
    /// The values of the key at hand.
    values: Vec<Vec<u8>>,
}

/// Why the time of a call cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnusableTime {
    /// There is none, or what is there is no time.
    None,
    /// It is more than a day ahead of the wall clock.
    Ahead,
    /// It is earlier than any call can be.
    TooEarly,
}

/// An observed key, and what was observed of it.
pub type ObservedKey<'o> = (KeyId, &'o Observed);

impl Observations {
    /// Nothing yet. Parts that will be merged need the same `hasher`.
    pub fn new(width: usize, level: DetailLevel, range: TimeRange, hasher: RandomState) -> Self {
        Self {
            level,
            range,
            hasher,
            keys: KeyTable::new(width),
            only: None,
            observed: Vec::new(),
            stored: Vec::new(),
            newest_observed: None,
            newest_stored: None,
            records: RecordCounts::default(),
            observed_rows: 0,
            baseline_rows: 0,
            doubtful_rows: 0,
            outside_rows: 0,
            tally: Tally::new(width),
            covered: Sighting::NEVER,
            without_value: vec![0; width],
            values: vec![Vec::new(); width],
        }
    }

    /// The same, with nothing but calls that are within these windows; their label is one more value of each key.
    #[must_use]
    pub fn only(mut self, windows: Arc<KeyWindows>) -> Self {
        self.keys = KeyTable::new(self.values.len() + 1);
        self.only = Some(windows);
        self
    }

    /// Takes a successful call, if it is in the range. Its key is made of these fields, one for each that the key has.
    ///
    /// # Errors
    /// [`UnusableTime`]. Whether it is in a range is then not known, so it is taken only if all of time is wanted, and to be judged by
    /// its key.
    pub fn take_call(
        &mut self,
        call: &Call<'_>,
        fields: &[CallField],
        clock: Clock,
    ) -> Result<(), UnusableTime> {
        match self.usable(call.time, clock) {
            Ok(time) if self.range.holds(time) => self.add_call(call, fields, Some(time)),
            Ok(_) => self.records.outside += 1,
            Err(unusable) => {
                match self.level.needs_time() || self.range.is_bounded() {
                    true => self.records.unusable += 1,
                    false => self.add_call(call, fields, None),
                }
                return Err(unusable);
            }
        }
        Ok(())
    }

    /// Counts a record that is no such call, and returns whether it is in the range, as far as is known.
    pub fn take_not_a_call(
        &mut self,
        not_a_call: NotACall,
        time: Option<Timestamp>,
        clock: Clock,
    ) -> bool {
        let time = self.usable(time, clock);
        let is_in_range = time.map_or(true, |time| self.range.holds(time));
        match is_in_range {
            true => self.records.count(not_a_call),
            false => self.records.outside += 1,
        }
        is_in_range
    }

    fn usable(&mut self, time: Option<Timestamp>, clock: Clock) -> Result<Timestamp, UnusableTime> {
        let time = time.ok_or(UnusableTime::None)?;
        match clock.check(time) {
            Some(BrokenTime::TooEarly) => Err(UnusableTime::TooEarly),
            Some(_) => Err(UnusableTime::Ahead),
            None => {
                self.covered = self.covered.merge(Sighting::new(Some(time), Some(time)));
                Ok(time)
            }
        }
    }

    fn add_call(&mut self, call: &Call<'_>, fields: &[CallField], time: Option<Timestamp>) {
        self.records.calls += 1;
        let values = context_of(call).map(|value| [value]);
        let occurrence = Occurrence {
            sighting: Sighting::new(time, time),
            count: 1,
            context: values.each_ref().map(<[_; 1]>::as_slice),
        };
        for (nth, &field) in fields.iter().enumerate() {
            let value = &mut self.values[nth];
            value.clear();
            if !call.write(field, value) {
                value.extend_from_slice(UNKNOWN);
                self.without_value[nth] += 1;
            }
        }
        let values = std::mem::take(&mut self.values);
        self.observe(&values, &occurrence);
        self.values = values;
    }

    /// Takes a row: what it observes in the range counts for each of its keys, what it stores only if it stands for one.
    pub fn take_row<'o>(
        &mut self,
        reading: &Reading,
        keys: &RowKeys<'_>,
        count: u64,
        context: [&'o [&'o [u8]]; CONTEXT_FIELDS.len()],
    ) {
        let Fact { observed, stored } = reading.fact;
        let wanted = observed.and_then(|sighting| self.wanted(sighting));
        match (observed, wanted) {
            (Some(_), Some(_)) => self.observed_rows += 1,
            (Some(sighting), None) => {
                self.outside_rows += u64::from(sighting != Sighting::NEVER);
            }
            (None, _) => self.baseline_rows += 1,
        }
        keys.for_each(|key| {
            if let Some(sighting) = wanted {
                let occurrence = Occurrence {
                    sighting,
                    count,
                    context,
                };
                self.observe(key, &occurrence);
            }
            let is_one = keys.count() == 1 && self.only.is_none();
            if let Some(stored) = stored.filter(|_| is_one) {
                let key = self.keys.id(key);
                self.store(key, stored, observed.is_some());
            }
        });
    }

    /// What is to be taken of a row's own times.
    fn wanted(&mut self, sighting: Sighting) -> Option<Sighting> {
        self.covered = self.covered.merge(sighting);
        let is_of_use = sighting != Sighting::NEVER || !self.level.needs_time();
        self.range.clip(sighting).filter(|_| is_of_use)
    }

    fn observe<V: AsRef<[u8]>>(&mut self, values: &[V], occurrence: &Occurrence<'_>) {
        let Some(windows) = self.only.clone() else {
            let key = self.keys.id(values);
            return self.observe_key(key, occurrence);
        };
        for label in windows.labels(values, occurrence.sighting) {
            let label = label.to_string();
            let values = values.iter().map(AsRef::as_ref);
            let values: Vec<&[u8]> = values.chain([label.as_bytes()]).collect();
            let key = self.keys.id(&values);
            self.observe_key(key, occurrence);
        }
    }

    fn observe_key(&mut self, key: KeyId, occurrence: &Occurrence<'_>) {
        let last = occurrence.sighting.last();
        self.newest_observed = self.newest_observed.max(last);
        let level = self.level;
        let observed = slot(&mut self.observed, key);
        let observed = observed.get_or_insert_with(|| Observed::nothing(level));
        observed.add(occurrence, level, &self.hasher);
    }

    fn store(&mut self, key: KeyId, stored: StoredSighting, is_joined: bool) {
        let last = stored.sighting.last();
        self.newest_stored = self
            .newest_stored
            .max(last.filter(|&last| last != AS_OF_LATER));
        self.stored.push(StoredRow {
            key,
            stored,
            is_joined,
        });
    }

    /// Adds a part that was read apart.
    pub fn merge(&mut self, mut other: Self) {
        self.merge_counts(&mut other);
        if self.keys.count() == 0 {
            self.keys = other.keys;
            self.observed = other.observed;
            self.stored = other.stored;
        } else {
            self.merge_keys(other);
        }
    }

    fn merge_counts(&mut self, other: &mut Self) {
        self.newest_observed = self.newest_observed.max(other.newest_observed);
        self.newest_stored = self.newest_stored.max(other.newest_stored);
        self.records.merge(other.records);
        self.observed_rows += other.observed_rows;
        self.baseline_rows += other.baseline_rows;
        self.doubtful_rows += other.doubtful_rows;
        self.outside_rows += other.outside_rows;
        self.covered = self.covered.merge(other.covered);
        self.tally.merge(std::mem::take(&mut other.tally));
        for (count, more) in self.without_value.iter_mut().zip(&other.without_value) {
            *count += more;
        }
    }

    fn merge_keys(&mut self, other: Self) {
        let values = |key| other.keys.values(key).collect::<Vec<_>>();
        for row in other.stored {
            let key = self.keys.id(&values(row.key));
            self.stored.push(StoredRow { key, ..row });
        }
        for (nth, observed) in (0..).zip(other.observed) {
            let Some(observed) = observed else { continue };
            let key = self.keys.id(&values(KeyId(nth)));
            match slot(&mut self.observed, key) {
                Some(known) => known.merge(observed, self.level, &self.hasher),
                unknown => *unknown = Some(observed),
            }
        }
    }

    /// The newest time observed; if nothing was, the newest that was stored. Times that cannot be true do not count.
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest_observed.or(self.newest_stored)
    }

    /// How many calls and rows with an observed time were taken.
    pub fn count(&self) -> u64 {
        self.records.calls + self.observed_rows
    }

    /// How many keys there are, observed or stored.
    pub fn keys(&self) -> usize {
        self.keys.count()
    }

    /// Whether nothing was read that any rule could use.
    pub fn is_empty(&self) -> bool {
        self.count() + self.stored.len() as u64 == 0
    }

    /// The earliest and the latest time in the input, also outside the range.
    pub fn covered(&self) -> Option<(Timestamp, Timestamp)> {
        self.covered.first().zip(self.covered.last())
    }

    /// The times that are wanted.
    pub fn range(&self) -> TimeRange {
        self.range
    }

    /// The observed keys, in order of their values.
    pub fn observed(&self) -> Vec<ObservedKey<'_>> {
        let observed = (0..).map(KeyId).zip(&self.observed);
        let mut observed: Vec<_> = observed
            .filter_map(|(key, observed)| Some((key, observed.as_ref()?)))
            .collect();
        observed
            .sort_unstable_by(|(one, _), (other, _)| self.values(*one).cmp(self.values(*other)));
        observed
    }

    /// The values of a key, in the order of the fields.
    pub fn values(&self, key: KeyId) -> impl Iterator<Item = &[u8]> + Clone + '_ {
        self.keys.values(key)
    }

    /// A key as the rules take it.
    pub fn row_keys(&self, key: KeyId) -> RowKeys<'_> {
        RowKeys::one(&self.values(key).collect::<Vec<_>>())
    }

    /// Feeds everything that rows stored, now that it is known what a run is as of.
    pub fn feed_stored(&self, as_of: Timestamp, mut feed: impl FnMut(&RowKeys<'_>, Fact)) {
        for row in &self.stored {
            let fact = Fact {
                observed: row.is_joined.then_some(Sighting::NEVER),
                stored: Some(settle(row.stored, as_of)),
            };
            feed(&self.row_keys(row.key), fact);
        }
    }
}

/// What came with a call, in the order of [`CONTEXT_FIELDS`]; empty where it is not known.
fn context_of<'c>(call: &Call<'c>) -> [&'c [u8]; CONTEXT_FIELDS.len()] {
    let context = &call.context;
    let object = context.object().map_or(UNKNOWN, str::as_bytes);
    let text = |text: Option<&'c str>| text.unwrap_or_default().as_bytes();
    [
        text(call.account),
        text(call.role),
        text(context.region),
        text(context.source_ip),
        object,
        text(context.session),
        text(context.user_agent),
        text(context.access_key),
        text(context.event_id),
        text(context.read_only),
        text(context.event_type),
    ]
}

/// The place of a key in a list that has one a key.
fn slot(observed: &mut Vec<Option<Observed>>, key: KeyId) -> &mut Option<Observed> {
    if key.index() >= observed.len() {
        observed.resize_with(key.index() + 1, || None);
    }
    &mut observed[key.index()]
}

/// What is stored, with the time a run is as of in the place of a last time that cannot be true.
fn settle(stored: StoredSighting, as_of: Timestamp) -> StoredSighting {
    match stored.sighting.last() {
        Some(AS_OF_LATER) => StoredSighting {
            sighting: Sighting::new(stored.sighting.first(), Some(as_of)),
            ..stored
        },
        _ => stored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Maturity;
    use proptest::prelude::*;

    const CONTEXT: [&[&[u8]]; CONTEXT_FIELDS.len()] = [&[b"thing"]; CONTEXT_FIELDS.len()];

    fn observations() -> Observations {
        let range = TimeRange::default();
        Observations::new(1, DetailLevel::Context, range, RandomState::new())
    }

    fn reading(observed: Option<i64>, stored_last: Option<i64>) -> Reading {
        let sighting = |at: i64| Sighting::new(Some(Timestamp(at)), Some(Timestamp(at)));
        let stored = |at: i64| StoredSighting {
            sighting: sighting(at),
            maturity: Some(Maturity::Mature),
            verbatim: true,
        };
        Reading {
            fact: Fact {
                observed: observed.map(sighting),
                stored: stored_last.map(stored),
            },
            bad_time: None,
            broken_time: None,
        }
    }

    /// Every key with its times and its number, in order.
    fn shown(observations: &Observations) -> Vec<(Vec<u8>, Sighting, u64)> {
        let keys = observations.observed().into_iter();
        keys.map(|(key, observed)| {
            let value = observations.values(key).next().unwrap().to_vec();
            (value, observed.sighting, observed.count)
        })
        .collect()
    }

    fn stored_facts(observations: &Observations, as_of: i64) -> Vec<(usize, Fact)> {
        let mut facts = Vec::new();
        observations.feed_stored(Timestamp(as_of), |keys, fact| {
            facts.push((keys.count(), fact));
        });
        facts
    }

    proptest! {
        #[test]
        fn it_makes_no_difference_how_rows_are_shared_out(
            rows in proptest::collection::vec((0u8..5, 0i64..9, any::<bool>()), 0..40),
            cut in 0usize..40,
        ) {
            let names = ["a", "b", "c", "d", "e"];
            let take = |rows: &[(u8, i64, bool)]| {
                let mut taken = observations();
                for &(name, at, is_stored) in rows {
                    let reading = match is_stored {
                        true => reading(None, Some(at)),
                        false => reading(Some(at), None),
                    };
                    taken.take_row(&reading, &RowKeys::one(&[names[usize::from(name)]]), 1, CONTEXT);
                }
                taken
            };
            let whole = take(&rows);
            let (one, other) = rows.split_at(cut.min(rows.len()));
            let mut parts = take(other);
            parts.merge(take(one));
            prop_assert_eq!(shown(&whole), shown(&parts));
            prop_assert_eq!(whole.newest(), parts.newest());
            prop_assert_eq!(stored_facts(&whole, 0).len(), stored_facts(&parts, 0).len());
        }
    }

    #[test]
    fn what_is_only_stored_is_not_observed_and_counts_for_the_newest_time_if_nothing_is() {
        let mut taken = observations();
        taken.take_row(&reading(None, Some(7)), &RowKeys::one(&["a"]), 1, CONTEXT);
        assert_eq!(
            (shown(&taken), taken.newest()),
            (vec![], Some(Timestamp(7)))
        );
        taken.take_row(&reading(Some(3), None), &RowKeys::one(&["b"]), 1, CONTEXT);
        assert_eq!(taken.newest(), Some(Timestamp(3)));
        assert_eq!((taken.observed_rows, taken.baseline_rows), (1, 1));
    }

    #[test]
    fn a_stored_last_time_that_cannot_be_true_becomes_the_time_a_run_is_as_of() {
        let mut taken = observations();
        let late = reading(Some(3), Some(AS_OF_LATER.0));
        taken.take_row(&late, &RowKeys::one(&["a"]), 1, CONTEXT);
        let [(1, fact)] = stored_facts(&taken, 99)[..] else {
            panic!("one fact about one key")
        };
        assert_eq!(fact.observed, Some(Sighting::NEVER), "it stood beside one");
        assert_eq!(fact.stored.unwrap().sighting.last(), Some(Timestamp(99)));
        assert_eq!(taken.newest(), Some(Timestamp(3)));
    }
}
