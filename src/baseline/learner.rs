//! Learning: facts in any order, then the next baseline.
//!
//! What is forgotten is set aside, the sightings of each key are merged, keys not seen since the forget cut-off are left
//! out, and the maturity of what is left is worked out. A learner that heard nothing of a baseline refuses to
//! make one, unless it is told to start: ninety days must never be replaced by one.

use super::sighting::Joined;
use super::table::{KeyList, Table};
use super::{Fact, Maturity, Said, Sighting, Value};
use crate::time::Timestamp;
use std::hint::black_box;
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

/// What is known of one key so far.
#[derive(Clone, Copy, Debug)]
struct Entry {
    sighting: Sighting,
    marks: u8,
}

/// The baseline says something of the key that is not forgotten.
const SAID: u8 = 1;
/// The baseline says something of the key that is forgotten.
const FORGOTTEN: u8 = 2;
/// One stored row says exactly `sighting`, and that the baseline is learning.
const STANDS_LEARNING: u8 = 4;
/// One stored row says exactly `sighting`, and that the baseline is mature.
const STANDS_MATURE: u8 = 8;

/// A fact was joined to what the baseline says of the key, without its last sighting.
const JOINED_WITHOUT_LAST: u8 = 16;
/// A row of the baseline itself has no last sighting of the key.
const STORED_WITHOUT_LAST: u8 = 32;

impl Entry {
    const UNKNOWN: Self = Self {
        sighting: Sighting::NEVER,
        marks: 0,
    };

    /// Merges a sighting; what stood for a narrower one no longer stands for this.
    fn widen(&mut self, sighting: Sighting) {
        let merged = self.sighting.merge(sighting);
        if merged != self.sighting {
            self.sighting = merged;
            self.marks &= !(STANDS_LEARNING | STANDS_MATURE);
        }
    }

    fn absorb(&mut self, said: Said) {
        self.widen(said.sighting);
        self.marks |= SAID;
        if said.verbatim && said.sighting == self.sighting {
            self.marks |= said.maturity.map_or(0, standing);
        }
    }

    fn take(&mut self, share: Share, forget: Option<Timestamp>) {
        if let Some(own) = share.own {
            self.widen(own);
        }
        let Some(said) = share.said else { return };
        if said.sighting.is_forgotten(forget) {
            self.marks |= FORGOTTEN;
        } else {
            self.absorb(said);
        }
        if said.sighting.last().is_none() {
            self.marks |= if share.own.is_some() {
                JOINED_WITHOUT_LAST
            } else {
                STORED_WITHOUT_LAST
            };
        }
    }

    fn change(&self, maturity: Maturity) -> Change {
        match self.marks {
            marks if marks & SAID == 0 => Change::New,
            marks if marks & standing(maturity) == 0 => Change::Changed,
            _ => Change::Unchanged,
        }
    }
}

/// The entries of all keys, by number. Their parts lie apart, in seventeen bytes a key; together they would take twenty-four.
#[derive(Debug, Default)]
struct Entries {
    sightings: Vec<Sighting>,
    marks: Vec<u8>,
}

impl Entries {
    fn count(&self) -> usize {
        self.marks.len()
    }

    fn get(&self, number: usize) -> Option<Entry> {
        Some(Entry {
            sighting: *self.sightings.get(number)?,
            marks: *self.marks.get(number)?,
        })
    }

    /// Changes the entry of a key. The next number is that of a key that is new.
    fn update(&mut self, number: usize, change: impl FnOnce(&mut Entry)) {
        if number == self.count() {
            self.sightings.push(Entry::UNKNOWN.sighting);
            self.marks.push(Entry::UNKNOWN.marks);
        }
        let mut entry = Entry {
            sighting: self.sightings[number],
            marks: self.marks[number],
        };
        change(&mut entry);
        self.sightings[number] = entry.sighting;
        self.marks[number] = entry.marks;
    }

    /// The entries at `from` and behind it, with their numbers.
    fn numbered(&self, from: usize) -> impl Iterator<Item = (usize, Entry)> + '_ {
        let parts = self.sightings[from..].iter().zip(&self.marks[from..]);
        let entries = parts.map(|(&sighting, &marks)| Entry { sighting, marks });
        (from..).zip(entries)
    }

    fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.numbered(0).map(|(_, entry)| entry)
    }
}

fn standing(maturity: Maturity) -> u8 {
    match maturity {
        Maturity::Learning => STANDS_LEARNING,
        Maturity::Mature => STANDS_MATURE,
    }
}

/// How many keys wait to be looked up together: enough for their waits for memory to overlap, few enough to stay in the cache.
const BATCH: usize = 32;

/// What a fact says of one key.
#[derive(Clone, Copy, Debug)]
struct Share {
    hash: u32,
    own: Option<Sighting>,
    said: Option<Said>,
}

/// Merges facts into the next baseline. Memory grows with the number of distinct keys.
#[derive(Debug)]
pub struct Learner {
    cutoffs: LearnCutoffs,
    table: Table,
    entries: Entries,
    /// The shares that wait, and the ids of their keys, end to end.
    waiting: Vec<Share>,
    waiting_ids: Vec<u32>,
    joined: Joined,
    observations: u64,
    baseline_rows: u64,
    said_of_a_key: bool,
}

impl Learner {
    /// A learner of keys of `width` fields.
    pub fn new(width: usize, cutoffs: LearnCutoffs) -> Self {
        Self {
            cutoffs,
            table: Table::new(width),
            entries: Entries::default(),
            waiting: Vec::with_capacity(BATCH),
            waiting_ids: Vec::with_capacity(BATCH * width),
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
        fact.keys.for_each(|key| {
            let hash = self.table.intern(key, &mut self.waiting_ids);
            self.waiting.push(Share {
                hash,
                own: fact.own,
                said,
            });
            if self.waiting.len() == BATCH {
                self.merge_waiting();
            }
        });
    }

    /// Looks up the keys that wait and merges their shares.
    fn merge_waiting(&mut self) {
        let guesses = self
            .waiting
            .iter()
            .map(|share| self.table.guess(share.hash));
        let near = guesses
            .flatten()
            .map(|number| (self.table.first_id(number), self.entries.get(number)));
        near.for_each(|touched| _ = black_box(touched));

        let ids = std::mem::take(&mut self.waiting_ids);
        let width = ids.len() / self.waiting.len().max(1);
        for (share, ids) in self.waiting.drain(..).zip(ids.chunks_exact(width.max(1))) {
            let number = self.table.number(share.hash, ids);
            let forget = self.cutoffs.forget;
            self.entries
                .update(number, |entry| entry.take(share, forget));
        }
        self.waiting_ids = ids;
        self.waiting_ids.clear();
    }

    /// The next baseline.
    ///
    /// # Errors
    /// See [`LearnError`]; the baseline then has to stay as it is.
    pub fn finish(mut self, start: Start) -> Result<Learned, LearnError> {
        self.merge_waiting();
        if start == Start::Refused && !self.said_of_a_key {
            return Err(LearnError::NothingSaid {
                observations: self.observations,
            });
        }
        if let Some(joined) = self.unexplained_lack_of_last() {
            return Err(LearnError::JoinedWithoutLast { joined });
        }
        let kept = |entry: &Entry| is_kept(entry, self.cutoffs.forget);
        let oldest = self
            .entries
            .iter()
            .filter(kept)
            .filter_map(|entry| entry.sighting.first())
            .min();
        let maturity = match oldest {
            Some(oldest) if oldest <= self.cutoffs.mature => Maturity::Mature,
            _ => Maturity::Learning,
        };
        Ok(Learned {
            keys: self.table.into_list(),
            entries: self.entries,
            forget: self.cutoffs.forget,
            mature: self.cutoffs.mature,
            maturity,
            oldest,
            observations: self.observations,
            baseline_rows: self.baseline_rows,
        })
    }
}

impl Learner {
    /// How many facts were joined, if none tells when its key was last seen, forgetting needs it, and the baseline has it.
    fn unexplained_lack_of_last(&self) -> Option<u64> {
        self.cutoffs.forget?;
        let joined = self.joined.all_lack_last()?;
        const BOTH: u8 = JOINED_WITHOUT_LAST | STORED_WITHOUT_LAST;
        self.entries
            .iter()
            .all(|entry| entry.marks & BOTH != BOTH)
            .then_some(joined)
    }
}

/// Whether a key belongs to the next baseline: seen at all, and not forgotten.
fn is_kept(entry: &Entry, forget: Option<Timestamp>) -> bool {
    entry.sighting != Sighting::NEVER && !entry.sighting.is_forgotten(forget)
}

/// What a row of the next baseline is, seen from the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The baseline knew nothing of the key, or had forgotten it.
    New,
    /// No stored row of the key says what the new one says.
    Changed,
    /// A stored row says exactly the same.
    Unchanged,
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
            .filter(|(_, entry)| is_kept(entry, self.forget))
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
            let kind = match is_kept(&entry, self.forget) {
                true => match entry.change(self.maturity) {
                    Change::New => &mut counts.new,
                    Change::Changed => &mut counts.changed,
                    Change::Unchanged => &mut counts.unchanged,
                },
                false if entry.marks & (SAID | FORGOTTEN) != 0 => &mut counts.forgotten,
                false => continue,
            };
            *kind += 1;
            counts.old +=
                u64::from(is_kept(&entry, self.forget) && entry.sighting.began_by(self.mature));
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
    use super::super::Keys;
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
    fn keys_wait_until_a_batch_of_them_can_be_looked_up_together() {
        let mut learner = Learner::new(1, CUTOFFS);
        for fed in 1..=2 * BATCH {
            feed(&mut learner, "a", Some(sighting(800, 900)), None);
            assert_eq!(learner.waiting.len(), fed % BATCH);
        }
    }

    #[test]
    fn what_is_fetched_ahead_of_a_look_up_is_the_entry_of_the_key() {
        let mut entries = Entries::default();
        entries.update(0, |entry| entry.widen(sighting(800, 900)));
        let fetched = entries.get(0).map(|entry| entry.sighting);
        assert_eq!(fetched, Some(sighting(800, 900)));
        assert!(entries.get(1).is_none(), "no key has this number yet");
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
