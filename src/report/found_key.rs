//! One row of the result: a key, what was observed of it, and how surprising it is.

use super::is_key_field;
use crate::baseline::surprise::Novelty;
use crate::baseline::Explanation;
use crate::lookup::schema::{FIRST_TIME, LAST_TIME};
use crate::observations::{
    Context, Detail, Observations, Observed, ObservedKey, ValueSample, CONTEXT_FIELDS, SAMPLED,
};
use crate::time::Timestamp;

/// The columns of the two times that were observed, in the order in which they are written.
pub(super) const TIMES: [&str; 2] = [FIRST_TIME.name, LAST_TIME.name];

/// A key that is reported.
pub(crate) struct FoundKey<'r> {
    by: &'r [String],
    /// The values of the key, in the order of `by`.
    pub(super) key: Vec<&'r [u8]>,
    pub(super) observed: &'r Observed,
    /// None if keys of its kind cannot be ranked.
    pub(super) explanation: Option<Explanation<'r>>,
    /// The run that alerted it, in a replay.
    pub(super) alert: Option<AlertRun>,
}

/// The run that alerted a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AlertRun {
    /// When it started.
    pub(crate) time: Timestamp,
    /// Which search it was of.
    pub(crate) search: &'static str,
    /// Whether the key had been known before, and was forgotten.
    pub(crate) has_returned: bool,
}

/// The columns of an alert's run, in front of all others.
pub(super) const ALERT_RUN: [&str; 3] = ["time", "search", "returned"];

/// What of its context is shown beside a key.
const SHOWN_CONTEXT: [&str; 4] = ["region", "src", "object", "user_agent"];

fn lossy(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

/// The values of a sample, and how many more there are.
fn listed(sample: &ValueSample) -> String {
    let values: Vec<String> = sample.values().map(lossy).collect();
    let more = sample.number().saturating_sub(values.len());
    match more {
        0 => values.join(", "),
        _ => format!("{} and {more} more", values.join(", ")),
    }
}

impl<'r> FoundKey<'r> {
    /// An observed key of the fields `by`.
    pub(crate) fn new(
        by: &'r [String],
        observations: &'r Observations,
        (key, observed): ObservedKey<'r>,
        explanation: Option<Explanation<'r>>,
    ) -> Self {
        Self {
            by,
            key: observations.values(key).collect(),
            observed,
            explanation,
            alert: None,
        }
    }

    /// The same, alerted by a run.
    pub(crate) fn alerted(self, run: AlertRun) -> Self {
        Self {
            alert: Some(run),
            ..self
        }
    }

    /// What is worth a line beside it: from where, with what, and upon what it was called; the values that there are.
    pub(crate) fn shown_context(&self) -> Vec<(&'static str, String)> {
        let is_shown = |(name, _): &(&'static str, _)| SHOWN_CONTEXT.contains(name);
        let samples = self.samples().map(|(name, sample)| (name, listed(sample)));
        let first_call = self.first_call();
        let first_call = first_call.map(|(name, value)| (name, lossy(value)));
        let all = samples.chain(first_call).filter(is_shown);
        all.filter(|(_, text)| !text.is_empty()).collect()
    }

    pub(super) fn times(&self) -> [Option<Timestamp>; 2] {
        let sighting = self.observed.sighting;
        [sighting.first(), sighting.last()]
    }

    /// The key fields with their values.
    pub(super) fn key(&self) -> impl Iterator<Item = (&'r str, &'r [u8])> + '_ {
        let fields = self.by.iter().map(String::as_str);
        fields.zip(self.key.iter().copied())
    }

    /// What came with the key, by name; a field of the key is not among it.
    pub(super) fn samples(&self) -> impl Iterator<Item = (&'static str, &'r ValueSample)> + '_ {
        let samples = self.context().into_iter().flat_map(|of| &of.samples);
        let named = CONTEXT_FIELDS.into_iter().zip(samples);
        named.filter(|(name, _)| !is_key_field(self.by, name))
    }

    /// What came with its first call, by name; a field of the key is not among it.
    pub(super) fn first_call(&self) -> impl Iterator<Item = (&'static str, &'r [u8])> + '_ {
        let first = self.context().and_then(|of| of.first_call.as_ref());
        let values = first.into_iter().flat_map(|first| first.values());
        let values = values.chain(std::iter::repeat(&b""[..]));
        let named = CONTEXT_FIELDS.into_iter().skip(SAMPLED).zip(values);
        named.filter(|(name, _)| !is_key_field(self.by, name))
    }

    /// The sample of this name, unless it is a field of the key.
    pub(super) fn sample(&self, name: &str) -> Option<&'r ValueSample> {
        let mut samples = self.samples();
        samples.find_map(|(other, sample)| (other == name).then_some(sample))
    }

    /// The value of this name that came with the first call, if there was one.
    pub(super) fn of_first_call(&self, name: &str) -> Option<&'r [u8]> {
        let mut values = self.first_call();
        let value = values.find_map(|(other, value)| (other == name).then_some(value));
        value.filter(|value| !value.is_empty())
    }

    /// Its score; 0 if it was not ranked.
    pub(super) fn surprise(&self) -> f64 {
        self.explanation.as_ref().map_or(0.0, Explanation::surprise)
    }

    /// Whether its role is new.
    pub(super) fn is_of_new_role(&self) -> bool {
        let novelty = self.explanation.as_ref().map(Explanation::novelty);
        novelty == Some(Novelty::Role)
    }

    fn context(&self) -> Option<&'r Context> {
        match &self.observed.detail {
            Detail::Context(context) => Some(context),
            Detail::Nothing | Detail::Uses(_) => None,
        }
    }
}
