//! What was observed of one key: when, how often, and what else was to be kept of it.

use super::{FirstCall, Resolution, Uses, ValueSample};
use crate::baseline::{Fact, Sighting};
use std::hash::RandomState;

/// What is kept of a key beside its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetailLevel {
    /// Nothing.
    Times,
    /// What a report shows.
    Context,
    /// When it was used, as far as a replay needs to know it.
    Uses(Resolution),
}

impl DetailLevel {
    /// Whether what has no usable time is of no use: it can be judged, by its key, and neither learned nor replayed.
    pub(super) fn needs_time(self) -> bool {
        self != Self::Context
    }
}

/// What was kept of a key beside its times.
#[derive(Debug)]
pub enum Detail {
    /// Nothing.
    Nothing,
    /// What a report shows.
    Context(Box<Context>),
    /// When it was used.
    Uses(Box<Uses>),
}

/// What came with a key.
#[derive(Debug, Default)]
pub struct Context {
    /// The values of the first [`SAMPLED`] of [`CONTEXT_FIELDS`].
    pub samples: [ValueSample; SAMPLED],
    /// The others, as they came with its first call.
    pub first_call: Option<FirstCall>,
}

/// What a report shows beside a key, under the names of the columns it is read from and written to.
pub const CONTEXT_FIELDS: [&str; 11] = [
    "account",
    "role",
    "region",
    "src",
    "object",
    "session",
    "user_agent",
    "access_key",
    "event_id",
    "read_only",
    "event_type",
];

/// Of so many of them several values are shown. The others differ with nearly every call, so that only the first call's are kept.
pub const SAMPLED: usize = 5;

impl Context {
    fn add(&mut self, occurrence: &Occurrence<'_>, hasher: &RandomState) {
        let (sampled, of_first_call) = occurrence.context.split_at(SAMPLED);
        for (sample, values) in self.samples.iter_mut().zip(sampled) {
            values.iter().for_each(|value| sample.add(value, hasher));
        }
        let at = occurrence.sighting.first();
        FirstCall::add(&mut self.first_call, at, of_first_call);
    }

    fn merge(&mut self, other: Self, hasher: &RandomState) {
        for (sample, more) in self.samples.iter_mut().zip(other.samples) {
            sample.merge(more, hasher);
        }
        FirstCall::merge(&mut self.first_call, other.first_call);
    }
}

/// One call or one row, to be merged into what was observed of its key.
#[derive(Clone, Copy, Debug)]
pub struct Occurrence<'o> {
    /// When; a row may span some time.
    pub sighting: Sighting,
    /// How often.
    pub count: u64,
    /// The values that came with it, in the order of [`CONTEXT_FIELDS`].
    pub context: [&'o [&'o [u8]]; CONTEXT_FIELDS.len()],
}

/// One key as observed.
#[derive(Debug)]
pub struct Observed {
    /// The least and the greatest time; never, if none of its times could be used.
    pub sighting: Sighting,
    /// How often.
    pub count: u64,
    /// What else was to be kept.
    pub detail: Detail,
}

impl Observed {
    /// Nothing yet.
    pub(super) fn nothing(level: DetailLevel) -> Self {
        Self {
            sighting: Sighting::NEVER,
            count: 0,
            detail: match level {
                DetailLevel::Times => Detail::Nothing,
                DetailLevel::Context => Detail::Context(Box::default()),
                DetailLevel::Uses(_) => Detail::Uses(Box::default()),
            },
        }
    }

    /// What is observed of the key, as the rules take it.
    pub fn fact(&self) -> Fact {
        Fact {
            observed: Some(self.sighting),
            stored: None,
        }
    }

    pub(super) fn add(
        &mut self,
        occurrence: &Occurrence<'_>,
        level: DetailLevel,
        hasher: &RandomState,
    ) {
        self.sighting = self.sighting.merge(occurrence.sighting);
        self.count += occurrence.count;
        match (&mut self.detail, level) {
            (Detail::Context(context), _) => context.add(occurrence, hasher),
            (Detail::Uses(uses), DetailLevel::Uses(resolution)) => {
                uses.add(occurrence.sighting, &resolution);
            }
            _ => {}
        }
    }

    pub(super) fn merge(&mut self, other: Self, level: DetailLevel, hasher: &RandomState) {
        self.sighting = self.sighting.merge(other.sighting);
        self.count += other.count;
        match (&mut self.detail, other.detail, level) {
            (Detail::Context(context), Detail::Context(more), _) => context.merge(*more, hasher),
            (Detail::Uses(uses), Detail::Uses(more), DetailLevel::Uses(resolution)) => {
                uses.merge(*more, &resolution);
            }
            _ => {}
        }
    }
}
