//! Detecting: facts in any order, then the observations whose key the baseline does not know.
//!
//! The baseline's own rows are not kept: a known key is kept as its fingerprint, sixteen bytes a row whatever the order. They are
//! looked up at the end, so the order of facts makes no difference. What makes a key known is in `judge.rs`.

use super::fingerprint::{Fingerprint, FingerprintMap, Fingerprints};
use super::sighting::JoinedRows;
use super::{judge, BaselineStats, Cutoffs, Fact, Maturity, StoredSighting, Verdict};
use crate::keys::RowKeys;
use std::borrow::Cow;
use thiserror::Error;

/// Why nothing can be judged.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DetectError {
    /// Forgetting needs a last sighting, and what was joined to the observations has none.
    #[error("none of the {joined} observations that were joined to the baseline has a `lastTimeSeen`, which forgetting needs")]
    JoinedWithoutLast {
        /// How many observations were joined.
        joined: u64,
    },
}

/// What an observation that may have to be reported is asked for by, once there are [`Verdicts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u32);

/// Finds the observations that a baseline does not know.
///
/// Memory: sixteen bytes for each baseline row, some forty for each distinct observed key, eight for each held observation.
///
/// ```
/// use unseen::baseline::{Cutoffs, Detector, Fact, Maturity, Sighting, StoredSighting};
/// use unseen::keys::RowKeys;
/// use unseen::time::Timestamp;
///
/// let cutoffs = Cutoffs { activity: Timestamp(1_000), forget: None, learning: Timestamp(500), earliest: Cutoffs::AFTER_EPOCH };
/// let mut detector = Detector::new(cutoffs);
/// let observation = Fact { observed: Some(Sighting::NEVER), stored: None };
/// let stored = StoredSighting {
///     sighting: Sighting::new(Some(Timestamp(5)), Some(Timestamp(900))),
///     maturity: Some(Maturity::Mature),
///     verbatim: true,
/// };
/// let get = detector.feed(&RowKeys::one(&["admin", "s3:GetObject"]), observation).unwrap();
/// let put = detector.feed(&RowKeys::one(&["admin", "s3:PutObject"]), observation).unwrap();
/// detector.feed(&RowKeys::one(&["admin", "s3:GetObject"]), Fact { observed: None, stored: Some(stored) });
/// let verdicts = detector.finish().unwrap();
/// assert!(!verdicts.is_reported(get) && verdicts.is_reported(put));
/// ```
#[derive(Debug)]
pub struct Detector {
    cutoffs: Cutoffs,
    fingerprints: Fingerprints,
    /// The observed keys, numbered.
    observed: FingerprintMap<u32>,
    /// Whether an observed key is known, by number.
    known: Vec<bool>,
    /// The known keys, as the baseline's rows brought them.
    stored: Vec<Fingerprint>,
    /// Keys of which a row of the baseline itself has no last time.
    stored_without_last: Vec<Fingerprint>,
    /// The numbers of the keys of each held observation, end to end.
    held: Vec<u32>,
    /// Where each ticket's numbers end in `held`.
    ends: Vec<usize>,
    joined: JoinedRows,
    stats: BaselineStats,
}

impl Detector {
    /// A detector.
    pub fn new(cutoffs: Cutoffs) -> Self {
        Self {
            cutoffs,
            fingerprints: Fingerprints::secret(),
            observed: FingerprintMap::default(),
            known: Vec::new(),
            stored: Vec::new(),
            stored_without_last: Vec::new(),
            held: Vec::new(),
            ends: Vec::new(),
            joined: JoinedRows::default(),
            stats: BaselineStats::default(),
        }
    }

    /// Takes one fact about the keys of a row, in any order. An observation that may have to be reported gets a ticket: the
    /// caller holds it until the verdict.
    pub fn feed(&mut self, keys: &RowKeys<'_>, fact: Fact) -> Option<Ticket> {
        let fact = fact.about(keys.count());
        self.stats.count(fact, &self.cutoffs);
        self.joined.count(fact);
        self.note_lack_of_last(keys, fact);
        let stored = fact.stored.map(|stored| stored.sighting);
        // Whether the baseline is mature is known at the end; what is known or forgotten does not depend on it.
        let verdict = judge(Maturity::Learning, stored, &self.cutoffs);
        match (fact.observed, verdict) {
            (None, Verdict::Known) => self.remember(keys),
            (None, _) => {}
            (Some(_), Verdict::Known) => self.observe_known(keys),
            (Some(_), _) => return Some(self.hold(keys)),
        }
        None
    }

    /// Takes what is stored of the baseline as a whole: whether it is mature, and when it was last brought up to date. It makes no key
    /// known, so a search that joins the baseline to its observations needs no other row of it.
    pub fn feed_whole_baseline(&mut self, stored: StoredSighting) {
        self.stats.count_whole_baseline(stored, &self.cutoffs);
    }

    /// Takes an observation that stands for too many keys to be judged; it is reported if anything is.
    pub fn feed_unjudged(&mut self) -> Ticket {
        self.stats.observations += 1;
        self.issue_ticket()
    }

    fn note_lack_of_last(&mut self, keys: &RowKeys<'_>, fact: Fact) {
        let Fact {
            observed: None,
            stored: Some(stored),
        } = fact
        else {
            return;
        };
        if stored.sighting.last().is_none() {
            let (fingerprints, without_last) = (&self.fingerprints, &mut self.stored_without_last);
            keys.for_each(|key| without_last.push(fingerprints.of(key)));
        }
    }

    fn remember(&mut self, keys: &RowKeys<'_>) {
        let (fingerprints, stored) = (&self.fingerprints, &mut self.stored);
        keys.for_each(|key| stored.push(fingerprints.of(key)));
    }

    fn observe_known(&mut self, keys: &RowKeys<'_>) {
        keys.for_each(|key| {
            let number = self.number(key);
            self.known[number as usize] = true;
        });
    }

    fn hold(&mut self, keys: &RowKeys<'_>) -> Ticket {
        keys.for_each(|key| {
            let number = self.number(key);
            self.held.push(number);
        });
        self.issue_ticket()
    }

    fn issue_ticket(&mut self) -> Ticket {
        let ticket = u32::try_from(self.ends.len())
            .expect("four thousand million observations do not fit in memory");
        self.ends.push(self.held.len());
        Ticket(ticket)
    }

    fn number(&mut self, key: &[Cow<'_, [u8]>]) -> u32 {
        let next = u32::try_from(self.known.len())
            .expect("four thousand million observed keys do not fit in memory");
        let fingerprint = self.fingerprints.of(key);
        let number = *self.observed.entry(fingerprint).or_insert(next);
        if number == next {
            self.known.push(false);
        }
        number
    }

    /// The verdicts on all held observations.
    ///
    /// # Errors
    /// See [`DetectError`].
    pub fn finish(mut self) -> Result<Verdicts, DetectError> {
        if let Some(joined) = self.unexplained_lack_of_last() {
            return Err(DetectError::JoinedWithoutLast { joined });
        }
        for fingerprint in &self.stored {
            if let Some(&number) = self.observed.get(fingerprint) {
                self.known[number as usize] = true;
            }
        }
        // A key that is not known is judged as one that is not stored.
        let of_others = judge(self.stats.maturity(), None, &self.cutoffs);
        let reported = match of_others {
            Verdict::New => self.held_with_an_unknown_key(),
            _ => vec![false; self.ends.len()],
        };
        Ok(Verdicts {
            stats: self.stats,
            keys: self.known.len(),
            new_keys: self.known.iter().filter(|&&known| !known).count(),
            reported,
        })
    }

    /// Which of the held observations have a key that is not known, by ticket. One whose keys were not looked at has.
    fn held_with_an_unknown_key(&self) -> Vec<bool> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let is_known = |&number: &u32| self.known[number as usize];
        let held = starts
            .zip(&self.ends)
            .map(|(&start, &end)| &self.held[start..end]);
        held.map(|keys| keys.is_empty() || !keys.iter().all(is_known))
            .collect()
    }

    /// How many observations were joined, if none has a last time, forgetting needs it, and the baseline has it.
    fn unexplained_lack_of_last(&self) -> Option<u64> {
        self.cutoffs.forget?;
        let joined = self.joined.all_without_last()?;
        let is_observed = |fingerprint| self.observed.contains_key(fingerprint);
        (!self.stored_without_last.iter().any(is_observed)).then_some(joined)
    }
}

/// Which of the held observations are reported.
#[derive(Debug)]
pub struct Verdicts {
    /// What the baseline was like.
    pub stats: BaselineStats,
    /// How many distinct keys were observed.
    pub keys: usize,
    /// How many of them the baseline does not know, whether it is mature or not.
    pub new_keys: usize,
    reported: Vec<bool>,
}

impl Verdicts {
    /// Whether the observation with this ticket is reported. None is while the baseline is learning.
    pub fn is_reported(&self, ticket: Ticket) -> bool {
        self.reported[ticket.0 as usize]
    }

    /// How many observations are reported.
    pub fn count(&self) -> usize {
        self.reported.iter().filter(|&&reported| reported).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Sighting, StoredSighting};
    use crate::time::Timestamp;

    const CUTOFFS: Cutoffs = Cutoffs {
        activity: Timestamp(1_000),
        forget: None,
        learning: Timestamp(500),
        earliest: Timestamp(1),
    };
    const FORGETFUL: Cutoffs = Cutoffs {
        forget: Some(Timestamp(100)),
        ..CUTOFFS
    };
    const MATURE: Option<Maturity> = Some(Maturity::Mature);

    fn stored(first: i64, last: i64, maturity: Option<Maturity>) -> Option<StoredSighting> {
        let sighting = Sighting::new(Some(Timestamp(first)), Some(Timestamp(last)));
        Some(StoredSighting {
            sighting,
            maturity,
            verbatim: true,
        })
    }

    fn keys(values: &[&'static str]) -> RowKeys<'static> {
        let mut keys = RowKeys::default();
        keys.add_field(|into| {
            into.extend(values.iter().map(|value| Cow::Borrowed(value.as_bytes())))
        });
        keys
    }

    /// Feeds facts, each about one key or several, observed or only stored; returns the values that are reported.
    fn detect(
        cutoffs: Cutoffs,
        facts: &[(&'static [&'static str], bool, Option<StoredSighting>)],
    ) -> Vec<&'static str> {
        let mut detector = Detector::new(cutoffs);
        let mut held = Vec::new();
        for &(values, is_observed, stored) in facts {
            let observed = is_observed.then_some(Sighting::NEVER);
            let ticket = detector.feed(&keys(values), Fact { observed, stored });
            held.extend(ticket.map(|ticket| (ticket, values[0])));
        }
        let verdicts = detector.finish().unwrap();
        held.retain(|&(ticket, _)| verdicts.is_reported(ticket));
        held.into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn a_key_first_seen_as_the_window_opens_is_known_whatever_the_order() {
        for (first, expected) in [(1_000, vec![]), (1_001, vec!["a"])] {
            let baseline = (&["a"][..], false, stored(first, 2_000, MATURE));
            let observed = (&["a"][..], true, None);
            assert_eq!(detect(CUTOFFS, &[baseline, observed]), expected, "{first}");
            assert_eq!(detect(CUTOFFS, &[observed, baseline]), expected, "{first}");
        }
    }

    #[test]
    fn an_hour_in_which_every_row_is_new_is_reported_whole() {
        let facts = [
            (&["a"][..], true, None),
            (&["b"][..], true, None),
            (&["c"][..], false, stored(5, 900, MATURE)),
        ];
        assert_eq!(detect(CUTOFFS, &facts), ["a", "b"]);
    }

    #[test]
    fn nothing_is_reported_while_the_baseline_is_learning() {
        let facts = [
            (&["a"][..], true, None),
            (&["c"][..], false, stored(5, 900, Some(Maturity::Learning))),
        ];
        assert!(detect(CUTOFFS, &facts).is_empty());
    }

    #[test]
    fn one_joined_value_that_is_mature_is_enough() {
        let facts = [
            (&["a"][..], true, None),
            (&["c"][..], true, stored(5, 900, MATURE)),
        ];
        assert_eq!(detect(CUTOFFS, &facts), ["a"]);
    }

    #[test]
    fn one_row_about_the_baseline_as_a_whole_tells_whether_it_is_mature_unless_it_is_forgotten() {
        for (last, maturity, expected) in [
            (900, Maturity::Mature, true),
            (900, Maturity::Learning, false),
            (100, Maturity::Mature, false),
        ] {
            let mut detector = Detector::new(FORGETFUL);
            let observation = Fact {
                observed: Some(Sighting::NEVER),
                stored: None,
            };
            let ticket = detector.feed(&keys(&["a"]), observation).unwrap();
            let sighting = Sighting::new(None, Some(Timestamp(last)));
            detector.feed_whole_baseline(StoredSighting {
                sighting,
                maturity: Some(maturity),
                verbatim: true,
            });
            let verdicts = detector.finish().unwrap();
            assert_eq!(
                verdicts.is_reported(ticket),
                expected,
                "{last} {maturity:?}"
            );
            assert_eq!(verdicts.stats.newest, Some(Timestamp(last)));
        }
    }

    #[test]
    fn what_is_forgotten_makes_nothing_known_and_nothing_mature() {
        let observed = (&["a"][..], true, None);
        let forgotten = (&["a"][..], false, stored(5, 100, MATURE));
        let remembered = (&["b"][..], false, stored(5, 101, MATURE));
        assert!(detect(FORGETFUL, &[observed, forgotten]).is_empty());
        assert_eq!(detect(FORGETFUL, &[observed, forgotten, remembered]), ["a"]);
        assert!(detect(CUTOFFS, &[observed, forgotten, remembered]).is_empty());
    }

    #[test]
    fn a_row_of_several_keys_is_reported_if_any_is_new_and_what_is_stored_on_it_is_not_used() {
        let mature = (&["x"][..], false, stored(5, 900, MATURE));
        let known = |value: &'static [&'static str]| (value, false, stored(5, 900, MATURE));
        let row = (&["a", "b"][..], true, stored(5, 900, MATURE));
        assert_eq!(detect(CUTOFFS, &[row, mature]), ["a"]);
        assert_eq!(detect(CUTOFFS, &[row, known(&["a"])]), ["a"]);
        assert!(detect(CUTOFFS, &[row, known(&["a"]), known(&["b"])]).is_empty());
    }

    #[test]
    fn what_is_joined_to_one_observation_holds_for_every_observation_of_its_key() {
        let joined = (&["a"][..], true, stored(5, 900, MATURE));
        let bare = (&["a"][..], true, None);
        assert!(detect(CUTOFFS, &[joined, bare]).is_empty());
        assert!(detect(CUTOFFS, &[bare, joined]).is_empty());
    }

    #[test]
    fn joined_observations_that_all_lack_the_last_time_stop_a_run_that_forgets() {
        let lacking = Some(StoredSighting {
            sighting: Sighting::new(Some(Timestamp(300)), None),
            maturity: MATURE,
            verbatim: true,
        });
        let finish = |cutoffs, baseline_row: Option<&'static str>| {
            let mut detector = Detector::new(cutoffs);
            for (value, observed) in baseline_row
                .map(|value| (value, None))
                .into_iter()
                .chain([("a", Some(Sighting::NEVER))])
            {
                let stored = lacking;
                detector.feed(&keys(&[value]), Fact { observed, stored });
            }
            detector.finish().map(|_| ())
        };
        let stopped = Err(DetectError::JoinedWithoutLast { joined: 1 });
        assert_eq!(finish(FORGETFUL, None), stopped);
        assert_eq!(finish(FORGETFUL, Some("b")), stopped);
        assert_eq!(
            finish(FORGETFUL, Some("a")),
            Ok(()),
            "the stored row has none either"
        );
        assert_eq!(finish(CUTOFFS, None), Ok(()), "nothing is forgotten");
    }

    #[test]
    fn an_observation_that_cannot_be_judged_is_reported_by_a_mature_baseline() {
        for (maturity, expected) in [(Maturity::Mature, true), (Maturity::Learning, false)] {
            let mut detector = Detector::new(CUTOFFS);
            let ticket = detector.feed_unjudged();
            let row = Fact {
                observed: None,
                stored: stored(5, 900, Some(maturity)),
            };
            detector.feed(&keys(&["a"]), row);
            let verdicts = detector.finish().unwrap();
            assert_eq!(verdicts.is_reported(ticket), expected);
            let counts = (verdicts.stats.observations, verdicts.stats.baseline_rows);
            assert_eq!(counts, (1, 1));
        }
    }
}
