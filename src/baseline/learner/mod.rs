//! Learning: facts in any order, then the next baseline.
//!
//! What is forgotten is set aside, the sightings of each key are merged, keys not seen since the forget cut-off are left
//! out, and the maturity of what is left is worked out. A learner to which no stored sighting came refuses to
//! make a baseline, unless it is allowed to start one: ninety days must never be replaced by one.

mod key_state;
mod merge_worker;

pub use key_state::Change;

use super::sighting::JoinedRows;
use super::{Cutoffs, Fact, Maturity, Sighting};
use crate::keys::{KeyId, KeyList, RowKeys, Value};
use crate::time::Timestamp;
use key_state::KeyStates;
use merge_worker::{FactBatch, MergeWorker, Merged};
use thiserror::Error;

/// Why nothing may be learned.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LearnError {
    /// Nothing stored came for any key.
    #[error(
        "no baseline came with the {observations} observations, so the new one would replace what was learned before"
    )]
    NoBaseline {
        /// How many observations came.
        observations: u64,
    },
    /// Forgetting needs a last sighting, and what was joined to the observations has none.
    #[error("none of the {joined} observations that were joined to the baseline has a `lastTimeSeen`, which forgetting needs")]
    JoinedWithoutLast {
        /// How many observations were joined.
        joined: u64,
    },
}

/// Whether a first baseline may be made out of nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Only an existing baseline is carried on.
    Refused,
    /// A first baseline may be made.
    Allowed,
}

/// Merges facts into the next baseline. Memory grows with the number of distinct keys.
///
/// ```
/// use unseen::baseline::{Cutoffs, Fact, Learner, Sighting, Start};
/// use unseen::keys::RowKeys;
/// use unseen::time::Timestamp;
///
/// let cutoffs = Cutoffs { activity: Timestamp(1_000), forget: None, learning: Timestamp(500), earliest: Cutoffs::AFTER_EPOCH };
/// let mut learner = Learner::new(2, cutoffs);
/// let observed = Some(Sighting::new(Some(Timestamp(800)), Some(Timestamp(900))));
/// learner.feed(&RowKeys::one(&["admin", "s3:GetObject"]), Fact { observed, stored: None });
/// let learned = learner.finish(Start::Allowed).unwrap();
/// assert_eq!((learned.counts().new, learned.oldest()), (1, Some(Timestamp(800))));
/// ```
#[derive(Debug)]
pub struct Learner {
    cutoffs: Cutoffs,
    /// The keys that wait to be merged.
    batch: FactBatch,
    worker: MergeWorker,
    joined: JoinedRows,
    observations: u64,
    baseline_rows: u64,
    has_baseline: bool,
}

impl Learner {
    /// A learner of keys of `width` fields, at least one.
    pub fn new(width: usize, cutoffs: Cutoffs) -> Self {
        Self {
            cutoffs,
            batch: FactBatch::default(),
            worker: MergeWorker::new(width, cutoffs),
            joined: JoinedRows::default(),
            observations: 0,
            baseline_rows: 0,
            has_baseline: false,
        }
    }

    /// Takes one fact about the keys of a row, in any order.
    pub fn feed(&mut self, keys: &RowKeys<'_>, fact: Fact) {
        let fact = fact.about(keys.count());
        match fact.observed {
            Some(_) => self.observations += 1,
            None => self.baseline_rows += 1,
        }
        self.has_baseline |= fact.stored.is_some();
        self.joined.count(fact);
        keys.for_each(|key| {
            self.batch.add(key, fact);
            if self.batch.is_full() {
                self.batch = self.worker.take(std::mem::take(&mut self.batch));
            }
        });
    }

    /// The next baseline.
    ///
    /// # Errors
    /// See [`LearnError`]; the baseline then has to stay as it is.
    pub fn finish(self, start: Start) -> Result<Learned, LearnError> {
        if start == Start::Refused && !self.has_baseline {
            return Err(LearnError::NoBaseline {
                observations: self.observations,
            });
        }
        let cutoffs = self.cutoffs;
        let Merged { keys, states, .. } = self.worker.finish(&self.batch);
        if let Some(joined) = unexplained_lack_of_last(&states, self.joined, &cutoffs) {
            return Err(LearnError::JoinedWithoutLast { joined });
        }
        let kept = states.iter().filter(|state| state.is_kept(&cutoffs));
        let firsts = kept.filter_map(|state| cutoffs.first_that_counts(state.sighting));
        let oldest = firsts.min();
        Ok(Learned {
            keys: keys.into_list(),
            states,
            cutoffs,
            maturity: cutoffs.maturity(oldest),
            oldest,
            observations: self.observations,
            baseline_rows: self.baseline_rows,
        })
    }
}

/// How many observations were joined, if none has a last time, forgetting needs it, and the baseline has it.
fn unexplained_lack_of_last(
    states: &KeyStates,
    joined: JoinedRows,
    cutoffs: &Cutoffs,
) -> Option<u64> {
    cutoffs.forget?;
    let joined = joined.all_without_last()?;
    let explained = states.iter().any(|state| state.explains_lack_of_last());
    (!explained).then_some(joined)
}

/// One row of the next baseline.
#[derive(Clone, Copy, Debug)]
pub struct LearnedRow {
    key: KeyId,
    /// When the key was seen; either end may be missing, if it was missing in everything that came.
    pub sighting: Sighting,
    /// Whether the row differs from what is stored.
    pub change: Change,
}

impl LearnedRow {
    /// Where the row stands among all keys, to go on from there.
    pub fn position(self) -> usize {
        self.key.index()
    }
}

/// The next baseline: rows in the order in which their keys first arrived, and one maturity for all.
#[derive(Debug)]
pub struct Learned {
    keys: KeyList,
    states: KeyStates,
    cutoffs: Cutoffs,
    maturity: Maturity,
    oldest: Option<Timestamp>,
    /// How many facts were observations.
    pub observations: u64,
    /// How many facts were rows of the baseline.
    pub baseline_rows: u64,
}

impl Learned {
    /// Whether the baseline has learned long enough.
    pub fn maturity(&self) -> Maturity {
        self.maturity
    }

    /// The least first time of the keys that are kept, those left out that come from a broken clock.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.oldest
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = LearnedRow> + '_ {
        self.rows_from(0)
    }

    /// The rows at [`position`](LearnedRow::position) `from` and behind it.
    pub fn rows_from(&self, from: usize) -> impl Iterator<Item = LearnedRow> + '_ {
        let numbered = self.states.numbered(from);
        numbered
            .filter(|(_, state)| state.is_kept(&self.cutoffs))
            .map(|(key, state)| LearnedRow {
                key,
                sighting: state.sighting,
                change: state.change(self.maturity),
            })
    }

    /// The values of a row's key, in the order of the fields.
    pub fn key(&self, row: LearnedRow) -> impl Iterator<Item = Value<'_>> + Clone + '_ {
        self.keys.key(row.key)
    }

    /// How many keys there are of each kind.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for state in self.states.iter() {
            match state.change(self.maturity) {
                _ if !state.is_kept(&self.cutoffs) => {
                    counts.forgotten += u64::from(state.is_stored());
                    continue;
                }
                Change::New => counts.new += 1,
                Change::Changed => counts.changed += 1,
                Change::Unchanged => counts.unchanged += 1,
            }
            let maturity = self
                .cutoffs
                .maturity(self.cutoffs.first_that_counts(state.sighting));
            counts.old += u64::from(maturity == Maturity::Mature);
        }
        counts
    }
}

/// How many keys a new baseline has, compared with the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys that were not stored, or had been forgotten.
    pub new: u64,
    /// Keys of which no stored row has what the new one has.
    pub changed: u64,
    /// Keys of which a stored row has exactly the same.
    pub unchanged: u64,
    /// Keys that were known and are no more.
    pub forgotten: u64,
    /// Kept keys that are old enough to make the baseline mature: one is enough.
    pub old: u64,
}

impl Counts {
    /// How many keys the new baseline has.
    pub fn kept(&self) -> u64 {
        self.new + self.changed + self.unchanged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::StoredSighting;

    const CUTOFFS: Cutoffs = Cutoffs {
        activity: Timestamp(1_000),
        forget: Some(Timestamp(100)),
        learning: Timestamp(500),
        earliest: Timestamp(1),
    };

    fn sighting(first: i64, last: i64) -> Sighting {
        Sighting::new(Some(Timestamp(first)), Some(Timestamp(last)))
    }

    fn stored(first: i64, last: i64, maturity: Maturity) -> StoredSighting {
        StoredSighting {
            sighting: sighting(first, last),
            maturity: Some(maturity),
            verbatim: true,
        }
    }

    /// A key, and what is observed and stored of it.
    type KeyFact = (&'static str, Option<Sighting>, Option<StoredSighting>);

    fn feed(learner: &mut Learner, (key, observed, stored): KeyFact) {
        learner.feed(&RowKeys::one(&[key]), Fact { observed, stored });
    }

    fn learn(facts: &[KeyFact]) -> Result<Learned, LearnError> {
        let mut learner = Learner::new(1, CUTOFFS);
        for &fact in facts {
            feed(&mut learner, fact);
        }
        learner.finish(Start::Refused)
    }

    fn rows(learned: &Learned) -> Vec<(String, Sighting, Change)> {
        let key = |row| {
            learned
                .key(row)
                .map(|value| String::from_utf8_lossy(value.text))
                .collect()
        };
        learned
            .rows()
            .map(|row| (key(row), row.sighting, row.change))
            .collect()
    }

    #[test]
    fn observed_and_stored_are_merged_least_first_greatest_last() {
        let learned = learn(&[
            (
                "a",
                Some(sighting(800, 900)),
                Some(stored(300, 700, Maturity::Mature)),
            ),
            ("a", None, Some(stored(400, 950, Maturity::Mature))),
        ]);
        assert_eq!(
            rows(&learned.unwrap()),
            [("a".into(), sighting(300, 950), Change::Changed)]
        );
    }

    #[test]
    fn a_forgotten_key_that_returns_starts_at_its_new_sighting() {
        let learned = learn(&[
            ("a", None, Some(stored(5, 100, Maturity::Mature))),
            ("a", Some(sighting(800, 900)), None),
        ])
        .unwrap();
        assert_eq!(
            rows(&learned),
            [("a".into(), sighting(800, 900), Change::New)]
        );
        assert_eq!(
            (learned.maturity(), learned.counts().forgotten),
            (Maturity::Learning, 0)
        );
    }

    #[test]
    fn a_forgotten_key_that_stays_away_is_left_out_and_makes_nothing_mature() {
        let learned = learn(&[
            ("a", None, Some(stored(5, 100, Maturity::Mature))),
            ("b", Some(sighting(800, 900)), None),
        ])
        .unwrap();
        assert_eq!(
            rows(&learned),
            [("b".into(), sighting(800, 900), Change::New)]
        );
        assert_eq!(
            (learned.maturity(), learned.counts().forgotten),
            (Maturity::Learning, 1)
        );
    }

    #[test]
    fn a_baseline_is_mature_once_its_oldest_sighting_is_at_the_cutoff() {
        for (first, expected) in [(500, Maturity::Mature), (501, Maturity::Learning)] {
            let learned =
                learn(&[("a", None, Some(stored(first, 900, Maturity::Learning)))]).unwrap();
            assert_eq!(learned.maturity(), expected, "{first}");
        }
    }

    #[test]
    fn the_keys_that_make_a_baseline_mature_are_counted() {
        let young = |key| (key, None, Some(stored(501, 900, Maturity::Mature)));
        let stray = ("a", None, Some(stored(1, 900, Maturity::Mature)));
        let counts = learn(&[stray, young("b"), young("c")]).unwrap().counts();
        assert_eq!((counts.old, counts.kept()), (1, 3));
    }

    #[test]
    fn a_key_is_unchanged_only_if_one_row_has_what_would_go_out() {
        let mature = |first, last| Some(stored(first, last, Maturity::Mature));
        let corrected = Some(StoredSighting {
            verbatim: false,
            ..stored(200, 900, Maturity::Mature)
        });
        let cases: &[(&[Option<StoredSighting>], Change)] = &[
            (&[mature(200, 900)], Change::Unchanged),
            (&[mature(200, 800), mature(200, 900)], Change::Unchanged),
            (&[mature(200, 900), mature(200, 800)], Change::Unchanged),
            (&[mature(200, 800), mature(300, 900)], Change::Changed), // together they have it, but no one row does
            (
                &[Some(stored(200, 900, Maturity::Learning))],
                Change::Changed,
            ),
            (&[corrected], Change::Changed),
        ];
        for (facts, expected) in cases {
            let facts: Vec<_> = facts.iter().map(|&stored| ("a", None, stored)).collect();
            assert_eq!(rows(&learn(&facts).unwrap())[0].2, *expected, "{facts:?}");
        }
    }

    #[test]
    fn an_observation_outside_what_is_stored_is_a_change_in_either_order() {
        let own = ("a", Some(sighting(200, 950)), None);
        let unchanged = ("a", None, Some(stored(200, 900, Maturity::Mature)));
        for facts in [[own, unchanged], [unchanged, own]] {
            assert_eq!(
                rows(&learn(&facts).unwrap()),
                [("a".into(), sighting(200, 950), Change::Changed)]
            );
        }
    }

    #[test]
    fn without_a_baseline_nothing_is_learned_unless_a_start_is_allowed() {
        let fed = || {
            let mut learner = Learner::new(1, CUTOFFS);
            feed(&mut learner, ("a", Some(sighting(800, 900)), None));
            learner
        };
        assert_eq!(
            fed().finish(Start::Refused).unwrap_err(),
            LearnError::NoBaseline { observations: 1 }
        );
        assert_eq!(rows(&fed().finish(Start::Allowed).unwrap()).len(), 1);
    }

    #[test]
    fn a_baseline_that_is_forgotten_is_a_baseline() {
        assert!(learn(&[("a", None, Some(stored(5, 100, Maturity::Mature)))]).is_ok());
    }

    #[test]
    fn joined_observations_that_all_lack_the_last_time_stop_a_run_that_forgets() {
        let lacking = StoredSighting {
            sighting: Sighting::new(Some(Timestamp(300)), None),
            maturity: None,
            verbatim: true,
        };
        let joined = ("a", Some(sighting(800, 900)), Some(lacking));
        let whole = (
            "b",
            Some(sighting(800, 900)),
            Some(stored(300, 700, Maturity::Mature)),
        );
        assert_eq!(
            learn(&[joined]).unwrap_err(),
            LearnError::JoinedWithoutLast { joined: 1 }
        );
        assert!(learn(&[joined, whole]).is_ok());
        let stored_whole = ("a", None, Some(stored(300, 700, Maturity::Mature)));
        assert!(learn(&[joined, stored_whole]).is_err());
    }

    #[test]
    fn a_stored_row_that_has_no_last_sighting_either_explains_why_none_was_joined() {
        let lacking = StoredSighting {
            sighting: Sighting::new(Some(Timestamp(300)), None),
            maturity: None,
            verbatim: true,
        };
        let joined = ("a", Some(sighting(800, 900)), Some(lacking));
        let stored = ("a", None, Some(lacking));
        assert!(learn(&[joined, stored]).is_ok());
        assert!(learn(&[joined, joined, stored]).is_ok());
        assert!(learn(&[joined, stored, stored]).is_ok());
        assert!(learn(&[joined, ("b", None, Some(lacking))]).is_err());
    }

    #[test]
    fn a_key_said_of_without_a_first_sighting_is_kept_without_one() {
        let last_only = StoredSighting {
            sighting: Sighting::new(None, Some(Timestamp(900))),
            maturity: None,
            verbatim: true,
        };
        let learned = learn(&[("a", None, Some(last_only))]).unwrap();
        assert_eq!(
            rows(&learned),
            [("a".into(), last_only.sighting, Change::Changed)]
        );
        assert_eq!(learned.oldest(), None);
    }
}
