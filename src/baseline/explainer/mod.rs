//! Explaining: the same facts that a detector is fed, in any order, then how surprising each reported observation is, and why.
//!
//! Stands beside a [`Detector`](super::Detector) and decides nothing about novelty. Collects what ranking needs, sixteen bytes for each
//! stored fact; how pairs are ranked is in `surprise`.

mod by_window;
mod explanation;
mod family;
mod pair_table;

pub use by_window::WindowedExplainer;
pub use explanation::{Explanation, Explanations};
pub(crate) use pair_table::PairTable;

use super::surprise::Pair;
use super::surprise::{rank, PairSighting};
use super::{judge, Cutoffs, Fact, Maturity, Ticket, Verdict, Verdicts};
use crate::keys::RowKeys;
use crate::time::Timestamp;
use thiserror::Error;

/// Why nothing is ranked: of a part of a baseline, how common a call is among roles cannot be counted.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum PartOfBaseline {
    /// What is stored came only joined to observations, or as one row about all of it.
    #[error("none of its rows came by itself")]
    NoRows,
    /// Some of what was joined to observations did not come as a row of its own.
    #[error(
        "{missing} of the {joined} known keys that were joined to observations did not come as rows of their own"
    )]
    RowsMissing {
        /// How many known keys did not.
        missing: usize,
        /// How many known keys were joined.
        joined: usize,
    },
}

/// Collects what is stored of each key, and the keys of the observations that may be reported.
///
/// ```
/// use unseen::baseline::{Cutoffs, Detector, Explainer, Fact, Maturity, Sighting, StoredSighting};
/// use unseen::keys::RowKeys;
/// use unseen::time::{Timestamp, DAY};
///
/// let opens = Timestamp(99 * DAY);
/// let cutoffs = Cutoffs { activity: opens, forget: None, learning: opens, earliest: Cutoffs::AFTER_EPOCH };
/// let (mut detector, mut explainer) = (Detector::new(cutoffs), Explainer::new(cutoffs, Some(1)));
/// let mut feed = |key: [&str; 2], fact| {
///     let keys = RowKeys::one(&key);
///     let ticket = detector.feed(&keys, fact);
///     explainer.feed(&keys, fact, ticket);
///     ticket
/// };
/// let stored = StoredSighting {
///     sighting: Sighting::new(Some(Timestamp(20 * DAY)), Some(Timestamp(98 * DAY))),
///     maturity: Some(Maturity::Mature),
///     verbatim: true,
/// };
/// for role in ["ann", "bob"] {
///     feed([role, "s3:GetObject"], Fact { observed: None, stored: Some(stored) });
/// }
/// let ticket = feed(["ann", "iam:CreateUser"], Fact { observed: Some(Sighting::NEVER), stored: None }).unwrap();
///
/// let verdicts = detector.finish().unwrap();
/// let explanations = explainer.finish(&verdicts).unwrap();
/// assert_eq!(
///     explanations.of(ticket).unwrap().reason(),
///     "the one role most like it does not make this call; the one other role does not make it; the role never used iam before; \
///      before this window the role made no new call for 28 days"
/// );
/// ```
#[derive(Debug)]
pub struct Explainer {
    cutoffs: Cutoffs,
    pairs: PairTable,
    /// What the baseline's own rows store.
    rows: Vec<PairSighting>,
    /// What was joined to observations and makes them known.
    joined: Vec<PairSighting>,
    /// The keys of the observations that may be reported, in the order of their tickets.
    held: Vec<(Ticket, Pair)>,
}

impl Explainer {
    /// An explainer for keys of two fields or more: the first is the role, the others are the call. `service_field` is the field whose values
    /// begin with a service, if there is one.
    pub fn new(cutoffs: Cutoffs, service_field: Option<usize>) -> Self {
        Self {
            cutoffs,
            pairs: PairTable::new(service_field),
            rows: Vec::new(),
            joined: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Whether a new role is compared with the known roles of its family; it is not unless this is asked for, before any row.
    #[must_use]
    pub fn with_families(mut self, families: bool) -> Self {
        self.pairs.has_families = families;
        self
    }

    /// Takes one fact about the keys of a row, and the ticket that the detector gave for it, if it gave one.
    pub fn feed(&mut self, keys: &RowKeys<'_>, fact: Fact, ticket: Option<Ticket>) {
        let fact = fact.about(keys.count());
        let first = first_sighting(fact, &self.cutoffs);
        match (ticket, fact.observed, first) {
            // What was joined to it does not make it known, so it is forgotten, or new in any case.
            (Some(ticket), _, _) => self.hold(keys, ticket),
            (None, None, Some(first)) => push(keys, first, &mut self.pairs, &mut self.rows),
            (None, Some(_), Some(first)) => push(keys, first, &mut self.pairs, &mut self.joined),
            (None, _, None) => {}
        }
    }

    fn hold(&mut self, keys: &RowKeys<'_>, ticket: Ticket) {
        let (pairs, held) = (&mut self.pairs, &mut self.held);
        keys.for_each(|key| held.push((ticket, pairs.pair(key))));
    }

    /// Ranks the observations that are reported.
    ///
    /// # Errors
    /// [`PartOfBaseline`], if anything is reported and not all rows of the baseline came, as far as that shows.
    pub fn finish(mut self, verdicts: &Verdicts) -> Result<Explanations, PartOfBaseline> {
        if verdicts.count() == 0 {
            return Ok(Explanations::none(self.pairs));
        }
        if verdicts.stats.baseline_rows == 0 {
            return Err(PartOfBaseline::NoRows);
        }
        self.merge_joined()?;
        let observed = self.held.iter().map(|&(_, pair)| pair).collect();
        let service_of = |call| self.pairs.service(call);
        let family_of = |role| self.pairs.family(role);
        let opens = self.cutoffs.activity;
        let evidence = rank(opens, self.rows, observed, service_of, family_of);
        Ok(Explanations::new(self.pairs, evidence, self.held))
    }

    /// Merges what was joined into the rows, each of which must have come.
    fn merge_joined(&mut self) -> Result<(), PartOfBaseline> {
        PairSighting::sort(&mut self.rows);
        PairSighting::sort(&mut self.joined);
        self.joined.dedup_by_key(|joined| joined.pair);
        let (joined, rows) = (&self.joined, &mut self.rows);
        match joined.iter().filter(|of| !merge_into(rows, of)).count() {
            0 => Ok(()),
            missing => Err(PartOfBaseline::RowsMissing {
                missing,
                joined: joined.len(),
            }),
        }
    }
}

/// Merges a sighting into the row of its pair; false, if there is none.
fn merge_into(rows: &mut [PairSighting], joined: &PairSighting) -> bool {
    let place = rows.binary_search_by_key(&joined.pair, |row| row.pair);
    let row = place.ok().map(|place| &mut rows[place]);
    row.map(|row| row.first = row.first.min(joined.first))
        .is_some()
}

fn push(keys: &RowKeys<'_>, first: Timestamp, pairs: &mut PairTable, to: &mut Vec<PairSighting>) {
    keys.for_each(|key| {
        let pair = pairs.pair(key);
        to.push(PairSighting { pair, first });
    });
}

/// When a key was first seen by what is stored of it, if that is not forgotten.
fn first_sighting(fact: Fact, cutoffs: &Cutoffs) -> Option<Timestamp> {
    let stored = fact.stored?.sighting;
    match judge(Maturity::Learning, Some(stored), cutoffs) {
        Verdict::Known => Some(
            cutoffs
                .first_that_counts(stored)
                .unwrap_or(PairSighting::UNDATED),
        ),
        Verdict::New | Verdict::Undecided => stored.first(),
        Verdict::Forgotten => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Detector, Sighting, StoredSighting};
    use super::*;
    use crate::time::DAY;

    const CUTOFFS: Cutoffs = Cutoffs {
        activity: Timestamp(100 * DAY),
        forget: Some(Timestamp(10 * DAY)),
        learning: Timestamp(90 * DAY),
        earliest: Timestamp(DAY),
    };

    /// Stored with these days of first and last sighting.
    fn stored(first: i64, last: i64) -> Option<StoredSighting> {
        let [first, last] = [first, last].map(|day| Some(Timestamp(day * DAY)));
        Some(StoredSighting {
            sighting: Sighting::new(first, last),
            maturity: Some(Maturity::Mature),
            verbatim: true,
        })
    }

    const OBSERVED: Option<Sighting> = Some(Sighting::NEVER);

    /// What is explained of the observation of `ann x`, which is new, among other facts about ann.
    fn explain(
        facts: &[(&str, Option<Sighting>, Option<StoredSighting>)],
    ) -> Result<(usize, Option<i64>), PartOfBaseline> {
        let (mut detector, mut explainer) = (Detector::new(CUTOFFS), Explainer::new(CUTOFFS, None));
        let mut tickets = Vec::new();
        for &(call, observed, stored) in [("x", OBSERVED, None)].iter().chain(facts) {
            let (keys, fact) = (RowKeys::one(&["ann", call]), Fact { observed, stored });
            let ticket = detector.feed(&keys, fact);
            explainer.feed(&keys, fact, ticket);
            tickets.extend(ticket);
        }
        let explanations = explainer.finish(&detector.finish().unwrap())?;
        let role = explanations.of(tickets[0]).unwrap().role();
        Ok((role.calls, role.first_seen.map(|first| first.0 / DAY)))
    }

    #[test]
    fn rows_count_and_what_was_joined_is_merged_into_them() {
        let row = ("a", None, stored(50, 99));
        assert_eq!(explain(&[row]), Ok((1, Some(50))));
        for (joined, first) in [(40, 40), (60, 50)] {
            let joined = ("a", OBSERVED, stored(joined, 99));
            assert_eq!(explain(&[row, joined, joined]), Ok((1, Some(first))));
            assert_eq!(explain(&[joined, row, row]), Ok((1, Some(first))));
        }
    }

    #[test]
    fn what_is_forgotten_or_within_the_window_is_not_known_and_a_broken_first_time_is_no_time() {
        let row = ("a", None, stored(50, 99));
        let forgotten = ("b", None, stored(5, 10));
        let learned = ("c", None, stored(101, 101));
        let broken = ("d", None, stored(0, 99));
        assert_eq!(explain(&[row, forgotten, learned]), Ok((1, Some(50))));
        assert_eq!(explain(&[row, broken]), Ok((2, Some(50))));
        assert_eq!(explain(&[broken]), Ok((1, None)));
    }

    #[test]
    fn a_part_of_the_baseline_is_noticed_by_known_keys_without_a_row() {
        let row = ("a", None, stored(50, 99));
        let known = |call| (call, OBSERVED, stored(50, 99));
        let learned = ("b", OBSERVED, stored(101, 101));
        assert_eq!(explain(&[known("a")]), Err(PartOfBaseline::NoRows));
        assert_eq!(
            explain(&[row, known("a"), known("b"), known("b")]),
            Err(PartOfBaseline::RowsMissing {
                missing: 1,
                joined: 2
            })
        );
        assert_eq!(explain(&[row, known("a"), learned]), Ok((1, Some(50))));
    }
}
