//! What was read, key by key: when each was seen, how often, and what came with it.
//!
//! Windows count from the newest time in the input, which is known only when all of it is read; so what is observed is merged
//! key by key while reading, and judged afterwards. Parts that were read apart are merged, and neither the order of the input
//! nor the way it was shared out makes a difference.

use super::few::Few;
use super::keys::{self, pack, PackedKey};
use crate::baseline::{Fact, Sighting, StoredSighting};
use crate::cloudtrail::{Call, NotACall};
use crate::keys::RowKeys;
use crate::lookup::{BrokenTime, Clock, Reading, Tally};
use crate::time::{Timestamp, MINUTE};
use std::collections::HashMap;
use std::hash::RandomState;

/// How a last sighting that counts as the time a run is as of is held until that time is known. No time that is read is as late.
pub(super) const AS_OF: Timestamp = Timestamp::MAX;

/// The object of a call that names no resource, as the app writes it.
const UNKNOWN: &str = "unknown";

/// What is kept of a key beside its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Nothing.
    Times,
    /// What a report shows.
    Context,
    /// The minutes in which it was seen.
    Minutes,
}

/// One key as observed.
#[derive(Debug)]
pub(super) struct Observed {
    /// The least and the greatest time; never, if none of its times could be used.
    pub own: Sighting,
    /// How often.
    pub count: u64,
    /// What else was to be kept.
    pub more: More,
}

/// What was to be kept of a key beside its times.
#[derive(Debug)]
pub(super) enum More {
    /// Nothing.
    Nothing,
    /// What a report shows.
    Context(Box<Context>),
    /// Minutes since the epoch, each with how often; in any order, perhaps repeated.
    Minutes(Vec<(i64, u64)>),
}

/// An observed key: its packed values, and what was kept of it.
pub(super) type ObservedKey<'g> = (&'g [u8], &'g Observed);

/// The values that came with a key, in the order of [`CONTEXT`].
pub(super) type Context = [Few; CONTEXT.len()];

/// What a report shows beside a key, under the names of the columns it is read from and written to.
pub(super) const CONTEXT: [&str; 5] = ["account", "role", "region", "src", "object"];

/// The times of the calls that are wanted: from the first on, and before the second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TimeRange {
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
}

impl TimeRange {
    /// Whether a call of this time is wanted; one without a time is in the whole of time only.
    fn holds(self, time: Option<Timestamp>) -> bool {
        match time {
            Some(time) => {
                self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time < to)
            }
            None => self.from.is_none() && self.to.is_none(),
        }
    }
}

/// A successful call, or a row, that is to be merged into its key.
pub(super) struct Sight<'s> {
    /// When; a row may span some time.
    pub own: Sighting,
    /// How often.
    pub count: u64,
    /// The values that came with it, in the order of [`CONTEXT`].
    pub context: [&'s [&'s [u8]]; CONTEXT.len()],
}

/// What a row says of a key.
#[derive(Debug)]
struct SaidOf {
    key: PackedKey,
    said: StoredSighting,
    /// It stood beside an observation.
    is_joined: bool,
}

/// The records of CloudTrail, counted by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// Successful calls by assumed roles.
    pub calls: u64,
    /// Calls by others.
    pub others: u64,
    /// Failed calls by assumed roles.
    pub failed: u64,
    /// No records of CloudTrail at all.
    pub foreign: u64,
    /// Calls whose role, service or name is missing.
    pub no_key: u64,
    /// Records with a needed field of the wrong JSON type.
    pub wrong_type: u64,
    /// Calls outside the wanted times.
    pub outside: u64,
    /// Calls whose `eventTime` is no time; they are among the calls.
    pub bad_time: u64,
    /// Calls more than a day ahead of the wall clock; they are among the calls.
    pub broken_clock: u64,
    /// Calls before 2006, when nobody could make one; they are among the calls.
    pub too_early: u64,
}

impl Records {
    /// All of them.
    pub(super) fn all(&self) -> u64 {
        self.calls
            + self.others
            + self.failed
            + self.foreign
            + self.no_key
            + self.wrong_type
            + self.outside
    }

    pub(super) fn pass(&mut self, not_a_call: NotACall) {
        match not_a_call {
            NotACall::NoRecord => self.foreign += 1,
            NotACall::OtherCaller => self.others += 1,
            NotACall::Failed => self.failed += 1,
            NotACall::NoKey => self.no_key += 1,
            NotACall::WrongType => self.wrong_type += 1,
        }
    }

    fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.others += other.others;
        self.failed += other.failed;
        self.foreign += other.foreign;
        self.no_key += other.no_key;
        self.wrong_type += other.wrong_type;
        self.outside += other.outside;
        self.bad_time += other.bad_time;
        self.broken_clock += other.broken_clock;
        self.too_early += other.too_early;
    }
}

/// All that was read, or a part of it.
#[derive(Debug)]
pub(super) struct Gathered {
    keep: Keep,
    wanted: TimeRange,
    hasher: RandomState,
    keys: HashMap<PackedKey, Observed, RandomState>,
    said: Vec<SaidOf>,
    newest_own: Option<Timestamp>,
    newest_said: Option<Timestamp>,
    /// How many records there were, by what they are.
    pub records: Records,
    /// How many rows with times of their own there were.
    pub observed_rows: u64,
    /// How many rows there were that only say.
    pub baseline_rows: u64,
    /// What was odd about rows.
    pub tally: Tally,
    key: Vec<u8>,
}

impl Gathered {
    /// Nothing yet. Parts that will be merged need the same `hasher`.
    pub(super) fn new(width: usize, keep: Keep, wanted: TimeRange, hasher: RandomState) -> Self {
        Self {
            keep,
            wanted,
            keys: HashMap::with_hasher(hasher.clone()),
            hasher,
            said: Vec::new(),
            newest_own: None,
            newest_said: None,
            records: Records::default(),
            observed_rows: 0,
            baseline_rows: 0,
            tally: Tally::new(width),
            key: Vec::new(),
        }
    }

    /// Takes a successful call. A time that is none, or comes from a broken clock, is counted and not learned.
    /// One outside the wanted times is only counted.
    pub(super) fn take_call(&mut self, call: &Call<'_>, clock: Clock) {
        if !self.wanted.holds(call.time) {
            self.records.outside += 1;
            return;
        }
        self.records.calls += 1;
        let time = match call.time {
            None => {
                self.records.bad_time += 1;
                None
            }
            Some(time) => match clock.check(time) {
                None => Some(time),
                Some(BrokenTime::TooEarly) => {
                    self.records.too_early += 1;
                    None
                }
                Some(_) => {
                    self.records.broken_clock += 1;
                    None
                }
            },
        };
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        pack(&mut key, |key| call.write_user(key));
        pack(&mut key, |key| call.write_command(key));
        let object = call.object.or(Some(UNKNOWN));
        let text = [call.account, call.role, call.region, call.source_ip, object];
        let values = text.map(|text| [text.unwrap_or_default().as_bytes()]);
        let sight = Sight {
            own: Sighting::new(time, time),
            count: 1,
            context: values.each_ref().map(<[_; 1]>::as_slice),
        };
        self.see(&key, &sight);
        self.key = key;
    }

    /// Takes a row: what it observes counts for each of its keys, what it says only if it stands for one.
    pub(super) fn take_row<'s>(
        &mut self,
        reading: &Reading,
        row_keys: &RowKeys<'_>,
        count: u64,
        context: [&'s [&'s [u8]]; CONTEXT.len()],
    ) {
        match reading.fact.observed {
            Some(_) => self.observed_rows += 1,
            None => self.baseline_rows += 1,
        }
        let mut packed = std::mem::take(&mut self.key);
        row_keys.for_each(|key| {
            packed.clear();
            for value in key {
                pack(&mut packed, |packed| packed.extend_from_slice(value));
            }
            if let Some(own) = reading.fact.observed {
                self.see(
                    &packed,
                    &Sight {
                        own,
                        count,
                        context,
                    },
                );
            }
        });
        if let Some(said) = reading.fact.stored.filter(|_| row_keys.count() == 1) {
            let last = said.sighting.last().filter(|&last| last != AS_OF);
            self.newest_said = self.newest_said.max(last);
            self.said.push(SaidOf {
                key: packed.as_slice().into(),
                said,
                is_joined: reading.fact.observed.is_some(),
            });
        }
        self.key = packed;
    }

    fn see(&mut self, key: &[u8], sight: &Sight<'_>) {
        self.newest_own = self.newest_own.max(sight.own.last());
        if let Some(observed) = self.keys.get_mut(key) {
            observed.see(sight, &self.hasher);
            return;
        }
        let mut observed = Observed {
            own: Sighting::NEVER,
            count: 0,
            more: match self.keep {
                Keep::Times => More::Nothing,
                Keep::Context => More::Context(Box::default()),
                Keep::Minutes => More::Minutes(Vec::new()),
            },
        };
        observed.see(sight, &self.hasher);
        self.keys.insert(key.into(), observed);
    }

    /// Adds a part that was read apart.
    pub(super) fn merge(&mut self, other: Self) {
        for (key, observed) in other.keys {
            match self.keys.get_mut(&key) {
                Some(known) => known.merge(observed, &self.hasher),
                None => {
                    self.keys.insert(key, observed);
                }
            }
        }
        self.said.extend(other.said);
        self.newest_own = self.newest_own.max(other.newest_own);
        self.newest_said = self.newest_said.max(other.newest_said);
        self.records.merge(other.records);
        self.observed_rows += other.observed_rows;
        self.baseline_rows += other.baseline_rows;
        self.tally.merge(other.tally);
    }

    /// The newest time observed; if nothing was, the newest that was said. Broken clocks do not count.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.newest_own.or(self.newest_said)
    }

    /// How many calls and rows with times of their own there were.
    pub(super) fn observations(&self) -> u64 {
        self.records.calls + self.observed_rows
    }

    /// Whether nothing was read that any rule could use.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.said.is_empty()
    }

    /// The observed keys, in order of their values.
    pub(super) fn observed(&self) -> Vec<ObservedKey<'_>> {
        let mut observed: Vec<_> = self
            .keys
            .iter()
            .map(|(key, observed)| (key.as_ref(), observed))
            .collect();
        observed.sort_unstable_by(|(one, _), (other, _)| keys::compare(one, other));
        observed
    }

    /// Feeds everything that rows said, now that it is known what a run is as of.
    pub(super) fn feed_stored(&self, as_of: Timestamp, mut feed: impl FnMut(&RowKeys<'_>, Fact)) {
        let mut keys = RowKeys::default();
        for SaidOf {
            key,
            said,
            is_joined,
        } in &self.said
        {
            keys::unpack_into(key, &mut keys);
            let fact = Fact {
                observed: is_joined.then_some(Sighting::NEVER),
                stored: Some(settle(*said, as_of)),
            };
            feed(&keys, fact);
        }
    }
}

/// What is said, with the time a run is as of in the place of a last sighting from a broken clock.
fn settle(said: StoredSighting, as_of: Timestamp) -> StoredSighting {
    match said.sighting.last() {
        Some(AS_OF) => StoredSighting {
            sighting: Sighting::new(said.sighting.first(), Some(as_of)),
            ..said
        },
        _ => said,
    }
}

impl Observed {
    /// What is observed of the key, as the rules take it.
    pub(super) fn fact(&self) -> Fact {
        Fact {
            observed: Some(self.own),
            stored: None,
        }
    }

    fn see(&mut self, sight: &Sight<'_>, hasher: &RandomState) {
        self.own = self.own.merge(sight.own);
        self.count += sight.count;
        match &mut self.more {
            More::Nothing => {}
            More::Context(context) => {
                for (few, values) in context.iter_mut().zip(sight.context) {
                    values.iter().for_each(|value| few.add(value, hasher));
                }
            }
            More::Minutes(minutes) => {
                let minute = |time: Timestamp| time.0.div_euclid(MINUTE);
                let first = sight.own.first().map(minute);
                let last = sight.own.last().map(minute);
                add_minute(minutes, first, sight.count);
                add_minute(minutes, last.filter(|_| last != first), 0);
            }
        }
    }

    fn merge(&mut self, other: Self, hasher: &RandomState) {
        self.own = self.own.merge(other.own);
        self.count += other.count;
        match (&mut self.more, other.more) {
            (More::Context(context), More::Context(more)) => {
                for (few, more) in context.iter_mut().zip(*more) {
                    few.merge(more, hasher);
                }
            }
            (More::Minutes(minutes), More::Minutes(more)) => minutes.extend(more),
            _ => {}
        }
    }
}

/// Logs are nearly in order, so a minute that was just added is the one most likely to come again.
fn add_minute(minutes: &mut Vec<(i64, u64)>, minute: Option<i64>, count: u64) {
    match (minute, minutes.last_mut()) {
        (Some(minute), Some(last)) if last.0 == minute => last.1 += count,
        (Some(minute), _) => minutes.push((minute, count)),
        (None, _) => {}
    }
}
