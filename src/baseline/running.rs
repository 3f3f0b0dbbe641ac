//! A baseline that stays in memory from run to run, for replaying history: the same rules as learner and detector, without
//! feeding a whole baseline to each run. `tests/specification.rs` checks that both agree.
//!
//! An update costs what it observes, and not what is stored: what is forgotten is found to be so where it is looked at. Knows keys by
//! their [`KeyId`] only.

use super::{judge, Counts, Cutoffs, Maturity, Sighting, Verdict};
use crate::keys::KeyId;
use crate::time::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Sightings of numbered keys, and the maturity that the last update found.
///
/// Time only goes on: the cut-offs of a call are never before those of an earlier one.
#[derive(Clone, Debug)]
pub struct RunningBaseline {
    /// By key; [`Sighting::NEVER`] where nothing was ever stored. May be forgotten.
    sightings: Vec<Sighting>,
    /// First times that count for maturity, the least on top. One that is no longer its key's, or is forgotten, is dropped there.
    firsts: BinaryHeap<Reverse<(Timestamp, KeyId)>>,
    maturity: Maturity,
    oldest: Option<Timestamp>,
    /// By key, how often it was learned again after it was forgotten.
    returns: Vec<u32>,
}

impl RunningBaseline {
    /// A baseline without rows, for keys numbered below `keys`.
    pub fn empty(keys: usize) -> Self {
        Self {
            sightings: vec![Sighting::NEVER; keys],
            firsts: BinaryHeap::new(),
            maturity: Maturity::Learning,
            oldest: None,
            returns: vec![0; keys],
        }
    }

    /// Learns what one run observed: what is forgotten is set aside first, then sightings are merged, then the maturity is found.
    pub fn update(
        &mut self,
        observed: impl Iterator<Item = (KeyId, Sighting)> + Clone,
        cutoffs: &Cutoffs,
    ) {
        for (key, sighting) in observed.clone() {
            if !cutoffs.forgets(sighting) {
                self.set_aside(key, cutoffs);
            }
        }
        let mut new = Vec::new();
        for (key, sighting) in observed {
            let is_new = self.sightings[key.index()] == Sighting::NEVER;
            new.extend(is_new.then_some(key));
            self.merge(key, sighting, cutoffs);
        }
        // What is forgotten as soon as it is learned was never known.
        for key in new {
            let learned = &mut self.sightings[key.index()];
            if cutoffs.forgets(*learned) {
                *learned = Sighting::NEVER;
            }
        }
        self.oldest = self.oldest_kept(cutoffs);
        self.maturity = cutoffs.maturity(self.oldest);
    }

    fn set_aside(&mut self, key: KeyId, cutoffs: &Cutoffs) {
        let stored = &mut self.sightings[key.index()];
        if *stored != Sighting::NEVER && cutoffs.forgets(*stored) {
            *stored = Sighting::NEVER;
            self.returns[key.index()] += 1;
        }
    }

    fn merge(&mut self, key: KeyId, sighting: Sighting, cutoffs: &Cutoffs) {
        let before = self.sightings[key.index()];
        let after = before.merge(sighting);
        self.sightings[key.index()] = after;
        let first = cutoffs.first_that_counts(after);
        if first != cutoffs.first_that_counts(before) {
            self.firsts.extend(first.map(|first| Reverse((first, key))));
        }
    }

    fn oldest_kept(&mut self, cutoffs: &Cutoffs) -> Option<Timestamp> {
        while let Some(&Reverse((first, key))) = self.firsts.peek() {
            let stored = self.sightings[key.index()];
            if stored.first() == Some(first) && !cutoffs.forgets(stored) {
                return Some(first);
            }
            self.firsts.pop();
        }
        None
    }

    /// What becomes of an observation of this key.
    pub fn judge(&self, key: KeyId, cutoffs: &Cutoffs) -> Verdict {
        judge(self.maturity, self.stored(key, cutoffs), cutoffs)
    }

    /// What is stored of a key, unless it is forgotten.
    pub fn stored(&self, key: KeyId, cutoffs: &Cutoffs) -> Option<Sighting> {
        let stored = self.sightings[key.index()];
        Some(stored).filter(|stored| *stored != Sighting::NEVER && !cutoffs.forgets(*stored))
    }

    /// Whether a key was known, forgotten, and possibly learned again since.
    pub fn was_forgotten(&self, key: KeyId, cutoffs: &Cutoffs) -> bool {
        let stored = self.sightings[key.index()];
        let is_forgotten = stored != Sighting::NEVER && cutoffs.forgets(stored);
        is_forgotten || self.returns[key.index()] > 0
    }

    /// How often any key was learned again after it was forgotten.
    pub fn returns(&self) -> u64 {
        self.returns.iter().copied().map(u64::from).sum()
    }

    /// Whether the last update found it mature.
    pub fn maturity(&self) -> Maturity {
        self.maturity
    }

    /// Its oldest sighting at the last update.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.oldest
    }

    /// How many keys it has, all counted as unchanged, how many of them are old enough to make it mature, and how many are forgotten.
    pub fn counts(&self, cutoffs: &Cutoffs) -> Counts {
        let stored = self.sightings.iter();
        let stored = stored.filter(|sighting| **sighting != Sighting::NEVER);
        let mut counts = Counts::default();
        for sighting in stored {
            let is_kept = !cutoffs.forgets(*sighting);
            let first = cutoffs.first_that_counts(*sighting).filter(|_| is_kept);
            counts.unchanged += u64::from(is_kept);
            counts.forgotten += u64::from(!is_kept);
            counts.old += u64::from(cutoffs.maturity(first) == Maturity::Mature);
        }
        counts
    }
}
