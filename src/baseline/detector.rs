//! Detecting: facts in any order, then the observations whose key the baseline never saw before the window opened.
//!
//! The baseline's own rows are not kept. A key that is known is remembered by 128 bits, two hashes under secret seeds:
//! sixteen bytes a row whatever the order, and among a thousand million keys the odds that any two share them are below 1 : 10^20. They are
//! looked up at the end, so the order of facts makes no difference.

use super::hash::Seed;
use super::sighting::Joined;
use super::{Fact, Maturity, Said};
use crate::time::Timestamp;
use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use thiserror::Error;

/// The windows of a detecting run, worked out for the time it is as of.
#[derive(Clone, Copy, Debug)]
pub struct DetectCutoffs {
    /// A key first seen after this is new. Exclusive: one first seen at this very instant is known.
    pub window_opens: Timestamp,
    /// What was last seen at or before this is forgotten; none: nothing is.
    pub forget: Option<Timestamp>,
}

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

/// Whether the caller has to hold an observation until the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It may have to be reported: the next ticket, counted from 0, is its.
    Yes,
    /// It is known already, or no observation.
    No,
}

/// Two hashes of a key under different secret seeds.
type Fingerprint = (u64, u64);

/// Mixes the halves of a fingerprint, each of which is a good hash already.
#[derive(Clone, Copy, Debug, Default)]
struct FingerprintHasher(u64);

impl Hasher for FingerprintHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, half: u64) {
        self.0 ^= half;
    }
}

/// Finds the observations that a baseline never saw.
///
/// Memory: sixteen bytes for each baseline row, some forty for each distinct observed key, eight for each held observation.
#[derive(Debug)]
pub struct Detector {
    cutoffs: DetectCutoffs,
    seeds: [Seed; 2],
    /// The observed keys, numbered.
    observed: HashMap<Fingerprint, u32, BuildHasherDefault<FingerprintHasher>>,
    /// Whether an observed key is known, by number.
    known: Vec<bool>,
    /// The known keys, as the baseline's rows brought them.
    remembered: Vec<Fingerprint>,
    /// Keys of which a row of the baseline itself has no last sighting.
    without_last: Vec<Fingerprint>,
    /// The numbers of the keys of each held observation, end to end.
    held: Vec<u32>,
    /// Where each ticket's numbers end in `held`.
    tickets: Vec<usize>,
    joined: Joined,
    census: Census,
}

/// What the baseline was like, as far as its rows and joined values told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Census {
    /// How many facts had times of their own.
    pub observations: u64,
    /// How many facts had none.
    pub baseline_rows: u64,
    /// How many facts said something that counts, forgotten or not.
    pub said: u64,
    /// The least first sighting that is not forgotten.
    pub oldest: Option<Timestamp>,
    /// The greatest last sighting, forgotten ones included.
    pub newest: Option<Timestamp>,
    mature: bool,
}

impl Census {
    /// Whether anything that is not forgotten says that the baseline is mature.
    pub fn maturity(&self) -> Maturity {
        if self.mature {
            Maturity::Mature
        } else {
            Maturity::Learning
        }
    }

    fn count(&mut self, fact: &Fact<'_>) {
        match fact.own {
            Some(_) => self.observations += 1,
            None => self.baseline_rows += 1,
        }
    }

    /// Notes what is said; `false` if it is forgotten.
    fn note(&mut self, said: Said, forget: Option<Timestamp>) -> bool {
        self.said += 1;
        self.newest = self.newest.max(said.sighting.last());
        if said.sighting.is_forgotten(forget) {
            return false;
        }
        self.oldest = self.oldest.into_iter().chain(said.sighting.first()).min();
        self.mature |= said.maturity == Some(Maturity::Mature);
        true
    }
}

impl Detector {
    /// A detector.
    pub fn new(cutoffs: DetectCutoffs) -> Self {
        Self {
            cutoffs,
            seeds: [Seed::secret(), Seed::secret()],
            observed: HashMap::default(),
            known: Vec::new(),
            remembered: Vec::new(),
            without_last: Vec::new(),
            held: Vec::new(),
            tickets: Vec::new(),
            joined: Joined::default(),
            census: Census::default(),
        }
    }

    /// Takes one fact, in any order.
    pub fn feed(&mut self, fact: &Fact<'_>) -> Held {
        self.census.count(fact);
        let said = fact.usable_said();
        if let Some(said) = said {
            self.joined.note(fact, said);
            if fact.own.is_none() && said.sighting.last().is_none() {
                let without_last = &mut self.without_last;
                fact.keys
                    .for_each(|key| without_last.push(fingerprint(&self.seeds, key)));
            }
        }
        let makes_known = said.is_some_and(|said| {
            self.census.note(said, self.cutoffs.forget)
                && said.sighting.began_by(self.cutoffs.window_opens)
        });
        match fact.own {
            None if makes_known => self.remember(fact),
            None => {}
            Some(_) if makes_known => self.observe_known(fact),
            Some(_) => return self.hold(fact),
        }
        Held::No
    }

    /// Takes an observation that cannot be judged; it will be reported if anything is.
    pub fn feed_unjudged(&mut self) -> Held {
        self.census.observations += 1;
        self.tickets.push(self.held.len());
        Held::Yes
    }

    fn remember(&mut self, fact: &Fact<'_>) {
        let remembered = &mut self.remembered;
        fact.keys
            .for_each(|key| remembered.push(fingerprint(&self.seeds, key)));
    }

    fn observe_known(&mut self, fact: &Fact<'_>) {
        fact.keys.for_each(|key| {
            let number = self.number(key);
            self.known[number as usize] = true;
        });
    }

    fn hold(&mut self, fact: &Fact<'_>) -> Held {
        fact.keys.for_each(|key| {
            let number = self.number(key);
            self.held.push(number);
        });
        self.tickets.push(self.held.len());
        Held::Yes
    }

    fn number(&mut self, key: &[Cow<'_, [u8]>]) -> u32 {
        let next = u32::try_from(self.known.len())
            .expect("four thousand million observed keys do not fit in memory");
        let number = *self
            .observed
            .entry(fingerprint(&self.seeds, key))
            .or_insert(next);
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
        for fingerprint in &self.remembered {
            if let Some(&number) = self.observed.get(fingerprint) {
                self.known[number as usize] = true;
            }
        }
        let starts = std::iter::once(0).chain(self.tickets.iter().copied());
        let is_new = |(start, &end): (usize, &usize)| {
            let keys = &self.held[start..end];
            keys.is_empty() || keys.iter().any(|&number| !self.known[number as usize])
        };
        let new = match self.census.maturity() {
            Maturity::Mature => starts.zip(&self.tickets).map(is_new).collect(),
            Maturity::Learning => vec![false; self.tickets.len()],
        };
        Ok(Verdicts {
            census: self.census,
            keys: self.known.len(),
            new_keys: self.known.iter().filter(|&&known| !known).count(),
            new,
        })
    }
}

impl Detector {
    /// How many facts were joined, if none tells when its key was last seen, forgetting needs it, and the baseline has it.
    fn unexplained_lack_of_last(&self) -> Option<u64> {
        self.cutoffs.forget?;
        let joined = self.joined.all_lack_last()?;
        let observed = |fingerprint| self.observed.contains_key(fingerprint);
        (!self.without_last.iter().any(observed)).then_some(joined)
    }
}

fn fingerprint(seeds: &[Seed; 2], key: &[Cow<'_, [u8]>]) -> Fingerprint {
    (seeds[0].of_key(key), seeds[1].of_key(key))
}

/// Which of the held observations are new.
#[derive(Debug)]
pub struct Verdicts {
    /// What the baseline was like.
    pub census: Census,
    /// How many distinct keys were observed.
    pub keys: usize,
    /// How many of them the baseline does not know, whether it is mature or not.
    pub new_keys: usize,
    new: Vec<bool>,
}

impl Verdicts {
    /// Whether the observation with this ticket is to be reported. None is while the baseline is learning.
    pub fn is_new(&self, ticket: usize) -> bool {
        self.new[ticket]
    }

    /// How many observations are to be reported.
    pub fn reported(&self) -> usize {
        self.new.iter().filter(|&&new| new).count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Keys, Sighting};
    use super::*;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    const CUTOFFS: DetectCutoffs = DetectCutoffs {
        window_opens: Timestamp(1_000),
        forget: None,
    };
    const FORGETFUL: DetectCutoffs = DetectCutoffs {
        forget: Some(Timestamp(100)),
        ..CUTOFFS
    };
    const MATURE: Option<Maturity> = Some(Maturity::Mature);

    fn said(first: i64, last: i64, maturity: Option<Maturity>) -> Option<Said> {
        let sighting = Sighting::new(Some(Timestamp(first)), Some(Timestamp(last)));
        Some(Said {
            sighting,
            maturity,
            verbatim: true,
        })
    }

    fn keys(values: &[&'static str]) -> Keys<'static> {
        let mut keys = Keys::default();
        keys.add_field(|into| {
            into.extend(values.iter().map(|value| Cow::Borrowed(value.as_bytes())))
        });
        keys
    }

    /// Feeds facts, each one key or several, observed or only said of; returns the values that are reported.
    fn detect(
        cutoffs: DetectCutoffs,
        facts: &[(&'static [&'static str], bool, Option<Said>)],
    ) -> Vec<&'static str> {
        let mut detector = Detector::new(cutoffs);
        let mut held = Vec::new();
        for &(values, observed, said) in facts {
            let own = observed.then_some(Sighting::NEVER);
            if detector.feed(&Fact {
                keys: &keys(values),
                own,
                said,
            }) == Held::Yes
            {
                held.push(values[0]);
            }
        }
        let verdicts = detector.finish().unwrap();
        held.iter()
            .enumerate()
            .filter(|&(ticket, _)| verdicts.is_new(ticket))
            .map(|(_, &value)| value)
            .collect()
    }

    #[test]
    fn a_key_first_seen_as_the_window_opens_is_known_whatever_the_order() {
        for (first, expected) in [(1_000, vec![]), (1_001, vec!["a"])] {
            let said = (&["a"][..], false, said(first, 2_000, MATURE));
            let observed = (&["a"][..], true, None);
            assert_eq!(detect(CUTOFFS, &[said, observed]), expected, "{first}");
            assert_eq!(detect(CUTOFFS, &[observed, said]), expected, "{first}");
        }
    }

    #[test]
    fn an_hour_in_which_every_row_is_new_is_reported_whole() {
        let facts = [
            (&["a"][..], true, None),
            (&["b"][..], true, None),
            (&["c"][..], false, said(5, 900, MATURE)),
        ];
        assert_eq!(detect(CUTOFFS, &facts), ["a", "b"]);
    }

    #[test]
    fn nothing_is_reported_while_the_baseline_is_learning() {
        let facts = [
            (&["a"][..], true, None),
            (&["c"][..], false, said(5, 900, Some(Maturity::Learning))),
        ];
        assert!(detect(CUTOFFS, &facts).is_empty());
    }

    #[test]
    fn one_joined_value_that_says_mature_is_enough() {
        let facts = [
            (&["a"][..], true, None),
            (&["c"][..], true, said(5, 900, MATURE)),
        ];
        assert_eq!(detect(CUTOFFS, &facts), ["a"]);
    }

    #[test]
    fn what_is_forgotten_makes_nothing_known_and_nothing_mature() {
        let observed = (&["a"][..], true, None);
        let forgotten = (&["a"][..], false, said(5, 100, MATURE));
        let remembered = (&["b"][..], false, said(5, 101, MATURE));
        assert!(detect(FORGETFUL, &[observed, forgotten]).is_empty());
        assert_eq!(detect(FORGETFUL, &[observed, forgotten, remembered]), ["a"]);
        assert!(detect(CUTOFFS, &[observed, forgotten, remembered]).is_empty());
    }

    #[test]
    fn a_row_of_several_keys_is_reported_if_any_is_new_and_what_it_says_is_not_used() {
        let mature = (&["x"][..], false, said(5, 900, MATURE));
        let known = |value: &'static [&'static str]| (value, false, said(5, 900, MATURE));
        let row = (&["a", "b"][..], true, said(5, 900, MATURE));
        assert_eq!(detect(CUTOFFS, &[row, mature]), ["a"]);
        assert_eq!(detect(CUTOFFS, &[row, known(&["a"])]), ["a"]);
        assert!(detect(CUTOFFS, &[row, known(&["a"]), known(&["b"])]).is_empty());
    }

    #[test]
    fn what_is_joined_to_one_observation_holds_for_every_observation_of_its_key() {
        let joined = (&["a"][..], true, said(5, 900, MATURE));
        let bare = (&["a"][..], true, None);
        assert!(detect(CUTOFFS, &[joined, bare]).is_empty());
        assert!(detect(CUTOFFS, &[bare, joined]).is_empty());
    }

    #[test]
    fn joined_facts_that_never_tell_the_last_sighting_stop_a_run_that_forgets() {
        let lacking = Some(Said {
            sighting: Sighting::new(Some(Timestamp(300)), None),
            maturity: MATURE,
            verbatim: true,
        });
        let finish = |cutoffs, stored: Option<&'static str>| {
            let mut detector = Detector::new(cutoffs);
            if let Some(value) = stored {
                detector.feed(&Fact {
                    keys: &keys(&[value]),
                    own: None,
                    said: lacking,
                });
            }
            detector.feed(&Fact {
                keys: &keys(&["a"]),
                own: Some(Sighting::NEVER),
                said: lacking,
            });
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
            detector.feed_unjudged();
            detector.feed(&Fact {
                keys: &keys(&["a"]),
                own: None,
                said: said(5, 900, Some(maturity)),
            });
            let verdicts = detector.finish().unwrap();
            assert_eq!(verdicts.is_new(0), expected);
            assert_eq!(
                (verdicts.census.observations, verdicts.census.baseline_rows),
                (1, 1)
            );
        }
    }

    #[test]
    fn observed_keys_spread_over_their_table() {
        let seeds = [Seed::secret(), Seed::secret()];
        let names: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
        let hash = |name: &String| {
            let key = [Cow::Borrowed(name.as_bytes())];
            BuildHasherDefault::<FingerprintHasher>::default().hash_one(fingerprint(&seeds, &key))
        };
        let hashes: HashSet<u64> = names.iter().map(hash).collect();
        assert_eq!(hashes.len(), names.len());
    }
}
