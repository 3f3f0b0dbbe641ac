//! Learning: facts in any order, then the next baseline.
//!
//! What is forgotten is set aside, the sightings of each key are merged, keys not seen since the forget cut-off are left
//! out, and the maturity of what is left is worked out. A learner that heard nothing of a baseline refuses to
//! make one, unless it is told to start: ninety days must never be replaced by one.

use super::entries::{Change, Entries, Share};
use super::merger::{Batch, Merged, Merger};
use super::sighting::Joined;
use super::table::KeyList;
use super::{Fact, Maturity, Sighting, Value};
use crate::time::Timestamp;
use thiserror::Error;

/// The windows of a learning run, worked out for the time it is as of.
#[derive(Clone, Copy, Debug)]
pub struct LearnCutoffs {
    /// Keys last seen at or before this are forgotten; none: nothing is.
    pub forget: Option<Timestamp>,
    /// A baseline whose oldest sighting is at or before this is mature.
    pub mature: Timestamp,
}

/// Why nothing may be learned.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum LearnError {
    /// No fact said anything of any key.
    #[error(
        "no baseline came with the {observations} observations, so the new one would replace what was learned before"
    )]
    NothingSaid {
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
#[derive(Debug)]
pub struct Learner {
    cutoffs: LearnCutoffs,
    /// The keys that wait to be merged.
    batch: Batch,
    merger: Merger,
    joined: Joined,
    observations: u64,
    baseline_rows: u64,
    said_of_a_key: bool,
}

impl Learner {
    /// A learner of keys of `width` fields, at least one.
    pub fn new(width: usize, cutoffs: LearnCutoffs) -> Self {
        Self {
            cutoffs,
            batch: Batch::default(),
            merger: Merger::new(width, cutoffs.forget),
            joined: Joined::default(),
            observations: 0,
            baseline_rows: 0,
            said_of_a_key: false,
        }
    }

    /// Takes one fact, in any order.
    pub fn feed(&mut self, fact: &Fact<'_>) {
        match fact.own {
            Some(_) => self.observations += 1,
            None => self.baseline_rows += 1,
        }
        let said = fact.usable_said();
        if let Some(said) = said {
            self.said_of_a_key = true;
            self.joined.note(fact, said);
        }
        let share = Share {
            own: fact.own,
            said,
        };
        fact.keys.for_each(|key| {
            self.batch.add(key, share);
            if self.batch.is_full() {
                self.batch = self.merger.take(std::mem::take(&mut self.batch));
            }
        });
    }

    /// The next baseline.
    ///
    /// # Errors
    /// See [`LearnError`]; the baseline then has to stay as it is.
    pub fn finish(self, start: Start) -> Result<Learned, LearnError> {
        if start == Start::Refused && !self.said_of_a_key {
            return Err(LearnError::NothingSaid {
                observations: self.observations,
            });
        }
        let LearnCutoffs { forget, mature } = self.cutoffs;
        let Merged { table, entries, .. } = self.merger.finish(&self.batch);
        if let Some(joined) = unexplained_lack_of_last(&entries, self.joined, forget) {
            return Err(LearnError::JoinedWithoutLast { joined });
        }
        let kept = entries.iter().filter(|entry| entry.is_kept(forget));
        let oldest = kept.filter_map(|entry| entry.sighting.first()).min();
        let maturity = match oldest {
            Some(oldest) if oldest <= mature => Maturity::Mature,
            _ => Maturity::Learning,
        };
        Ok(Learned {
            keys: table.into_list(),
            entries,
            forget,
            mature,
            maturity,
            oldest,
            observations: self.observations,
            baseline_rows: self.baseline_rows,
        })
    }
}

/// How many facts were joined, if none tells when its key was last seen, forgetting needs it, and the baseline has it.
fn unexplained_lack_of_last(
    entries: &Entries,
    joined: Joined,
    forget: Option<Timestamp>,
) -> Option<u64> {
    forget?;
    let joined = joined.all_lack_last()?;
    let explained = entries.iter().any(|entry| entry.explains_lack_of_last());
    (!explained).then_some(joined)
}

/// One row of the next baseline.
#[derive(Clone, Copy, Debug)]
pub struct LearnedRow {
    number: usize,
    /// When the key was seen; either end may be missing, if it was missing in everything that was said.
    pub sighting: Sighting,
    /// Whether the row tells anything new.
    pub change: Change,
}

impl LearnedRow {
    /// Where the row stands among all keys, to go on from there.
    pub fn position(self) -> usize {
        self.number
    }
}

/// The next baseline: rows in the order in which their keys first arrived, and one maturity for all.
#[derive(Debug)]
pub struct Learned {
    keys: KeyList,
    entries: Entries,
    forget: Option<Timestamp>,
    mature: Timestamp,
    maturity: Maturity,
    oldest: Option<Timestamp>,
    /// How many facts had times of their own.
    pub observations: u64,
    /// How many facts had none.
    pub baseline_rows: u64,
}

impl Learned {
    /// Whether the baseline has learned long enough.
    pub fn maturity(&self) -> Maturity {
        self.maturity
    }

    /// The least first sighting of the keys that are kept.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.oldest
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = LearnedRow> + '_ {
        self.rows_from(0)
    }

    /// The rows at [`position`](LearnedRow::position) `from` and behind it.
    pub fn rows_from(&self, from: usize) -> impl Iterator<Item = LearnedRow> + '_ {
        let numbered = self.entries.numbered(from);
        numbered
            .filter(|(_, entry)| entry.is_kept(self.forget))
            .map(|(number, entry)| LearnedRow {
                number,
                sighting: entry.sighting,
                change: entry.change(self.maturity),
            })
    }

    /// The values of a row's key, in the order of the fields.
    pub fn key(&self, row: LearnedRow) -> impl Iterator<Item = Value<'_>> + Clone + '_ {
        self.keys.key(row.number)
    }

    /// How many keys there are of each kind.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in self.entries.iter() {
            let is_kept = entry.is_kept(self.forget);
            let kind = match is_kept {
                true => match entry.change(self.maturity) {
                    Change::New => &mut counts.new,
                    Change::Changed => &mut counts.changed,
                    Change::Unchanged => &mut counts.unchanged,
                },
                false if entry.was_said() => &mut counts.forgotten,
                false => continue,
            };
            *kind += 1;
            counts.old += u64::from(is_kept && entry.sighting.began_by(self.mature));
        }
        counts
    }
}

/// How many keys a new baseline has, seen from the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys that were not known, or had been forgotten.
    pub new: u64,
    /// Keys of which no stored row says what the new one says.
    pub changed: u64,
    /// Keys of which a stored row says exactly the same.
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
    use super::super::{Keys, Said};
    use super::*;
    use std::borrow::Cow;

    const CUTOFFS: LearnCutoffs = LearnCutoffs {
        forget: Some(Timestamp(100)),
        mature: Timestamp(500),
    };

    fn sighting(first: i64, last: i64) -> Sighting {
        Sighting::new(Some(Timestamp(first)), Some(Timestamp(last)))
    }

    fn said(first: i64, last: i64, maturity: Maturity) -> Said {
        Said {
            sighting: sighting(first, last),
            maturity: Some(maturity),
            verbatim: true,
        }
    }

    fn feed(learner: &mut Learner, key: &'static str, own: Option<Sighting>, said: Option<Said>) {
        let mut keys = Keys::default();
        keys.add_field(|into| into.push(Cow::Borrowed(key.as_bytes())));
        learner.feed(&Fact {
            keys: &keys,
            own,
            said,
        });
    }

    fn learn(
        facts: &[(&'static str, Option<Sighting>, Option<Said>)],
    ) -> Result<Learned, LearnError> {
        let mut learner = Learner::new(1, CUTOFFS);
        for &(key, own, said) in facts {
            feed(&mut learner, key, own, said);
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
    fn own_and_said_are_merged_least_first_greatest_last() {
        let learned = learn(&[
            (
                "a",
                Some(sighting(800, 900)),
                Some(said(300, 700, Maturity::Mature)),
            ),
            ("a", None, Some(said(400, 950, Maturity::Mature))),
        ]);
        assert_eq!(
            rows(&learned.unwrap()),
            [("a".into(), sighting(300, 950), Change::Changed)]
        );
    }

    #[test]
    fn a_forgotten_key_that_returns_starts_at_its_new_sighting() {
        let learned = learn(&[
            ("a", None, Some(said(5, 100, Maturity::Mature))),
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
            ("a", None, Some(said(5, 100, Maturity::Mature))),
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
                learn(&[("a", None, Some(said(first, 900, Maturity::Learning)))]).unwrap();
            assert_eq!(learned.maturity(), expected, "{first}");
        }
    }

    #[test]
    fn the_keys_that_make_a_baseline_mature_are_counted() {
        let young = |key| (key, None, Some(said(501, 900, Maturity::Mature)));
        let stray = ("a", None, Some(said(0, 900, Maturity::Mature)));
        let counts = learn(&[stray, young("b"), young("c")]).unwrap().counts();
        assert_eq!((counts.old, counts.kept()), (1, 3));
    }

    #[test]
    fn a_key_is_unchanged_only_if_one_row_says_what_would_go_out() {
        let mature = |first, last| Some(said(first, last, Maturity::Mature));
        let corrected = Some(Said {
            verbatim: false,
            ..said(200, 900, Maturity::Mature)
        });
        let cases: &[(&[Option<Said>], Change)] = &[
            (&[mature(200, 900)], Change::Unchanged),
            (&[mature(200, 800), mature(200, 900)], Change::Unchanged),
            (&[mature(200, 900), mature(200, 800)], Change::Unchanged),
            (&[mature(200, 800), mature(300, 900)], Change::Changed), // together they say it, but no one row does
            (&[Some(said(200, 900, Maturity::Learning))], Change::Changed),
            (&[corrected], Change::Changed),
        ];
        for (facts, expected) in cases {
            let facts: Vec<_> = facts.iter().map(|&said| ("a", None, said)).collect();
            assert_eq!(rows(&learn(&facts).unwrap())[0].2, *expected, "{facts:?}");
        }
    }

    #[test]
    fn an_own_sighting_outside_what_was_said_is_a_change_in_either_order() {
        let own = ("a", Some(sighting(200, 950)), None);
        let stored = ("a", None, Some(said(200, 900, Maturity::Mature)));
        for facts in [[own, stored], [stored, own]] {
            assert_eq!(
                rows(&learn(&facts).unwrap()),
                [("a".into(), sighting(200, 950), Change::Changed)]
            );
        }
    }

    #[test]
    fn without_a_baseline_nothing_is_learned_unless_told_to_start() {
        let fed = || {
            let mut learner = Learner::new(1, CUTOFFS);
            feed(&mut learner, "a", Some(sighting(800, 900)), None);
            learner
        };
        assert_eq!(
            fed().finish(Start::Refused).unwrap_err(),
            LearnError::NothingSaid { observations: 1 }
        );
        assert_eq!(rows(&fed().finish(Start::Allowed).unwrap()).len(), 1);
    }

    #[test]
    fn what_is_forgotten_counts_as_said() {
        assert!(learn(&[("a", None, Some(said(5, 100, Maturity::Mature)))]).is_ok());
    }

    #[test]
    fn joined_facts_that_never_tell_the_last_sighting_stop_a_run_that_forgets() {
        let lacking = Said {
            sighting: Sighting::new(Some(Timestamp(300)), None),
            maturity: None,
            verbatim: true,
        };
        let joined = ("a", Some(sighting(800, 900)), Some(lacking));
        let whole = (
            "b",
            Some(sighting(800, 900)),
            Some(said(300, 700, Maturity::Mature)),
        );
        assert_eq!(
            learn(&[joined]).unwrap_err(),
            LearnError::JoinedWithoutLast { joined: 1 }
        );
        assert!(learn(&[joined, whole]).is_ok());
        let stored_whole = ("a", None, Some(said(300, 700, Maturity::Mature)));
        assert!(learn(&[joined, stored_whole]).is_err());
    }

    #[test]
    fn a_stored_row_that_has_no_last_sighting_either_explains_why_none_was_joined() {
        let lacking = Said {
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
        let last_only = Said {
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
