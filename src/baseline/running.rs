//! A baseline that stays in memory from run to run, for replaying history: the same rules as learner and detector, without
//! feeding a whole baseline to each run. `tests/specification.rs` checks that both agree.
//!
//! Knows keys by their [`KeyId`] only.

use super::{judge, Counts, Cutoffs, Maturity, Sighting, Verdict};
use crate::keys::KeyId;
use crate::time::Timestamp;

/// Sightings of numbered keys, and the maturity that the last update found.
#[derive(Clone, Debug)]
pub struct RunningBaseline {
    /// By key; [`Sighting::NEVER`] where nothing is stored.
    sightings: Vec<Sighting>,
    maturity: Maturity,
    oldest: Option<Timestamp>,
}

impl RunningBaseline {
    /// A baseline without rows, for keys numbered below `keys`.
    pub fn empty(keys: usize) -> Self {
        Self {
            sightings: vec![Sighting::NEVER; keys],
            maturity: Maturity::Learning,
            oldest: None,
        }
    }

    /// Learns what one run observed: sets aside what is forgotten, merges, forgets what is still too old, and finds the maturity.
    pub fn update(&mut self, observed: impl Iterator<Item = (KeyId, Sighting)>, cutoffs: &Cutoffs) {
        self.forget(cutoffs);
        for (key, sighting) in observed {
            let stored = &mut self.sightings[key.index()];
            *stored = stored.merge(sighting);
        }
        self.forget(cutoffs);
        let firsts = self.rows().filter_map(|row| cutoffs.first_that_counts(row));
        self.oldest = firsts.min();
        self.maturity = cutoffs.maturity(self.oldest);
    }

    fn forget(&mut self, cutoffs: &Cutoffs) {
        for stored in &mut self.sightings {
            if cutoffs.forgets(*stored) {
                *stored = Sighting::NEVER;
            }
        }
    }

    /// What becomes of an observation of this key.
    pub fn judge(&self, key: KeyId, cutoffs: &Cutoffs) -> Verdict {
        let stored = self.sightings[key.index()];
        let stored = Some(stored).filter(|stored| *stored != Sighting::NEVER);
        match judge(self.maturity, stored, cutoffs) {
            Verdict::Forgotten => judge(self.maturity, None, cutoffs),
            verdict => verdict,
        }
    }

    /// Whether the last update found it mature.
    pub fn maturity(&self) -> Maturity {
        self.maturity
    }

    /// Its oldest sighting at the last update.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.oldest
    }

    /// How many keys it has, all counted as unchanged, and how many of them are old enough to make it mature.
    pub fn counts(&self, cutoffs: &Cutoffs) -> Counts {
        let is_old =
            |row: &Sighting| cutoffs.maturity(cutoffs.first_that_counts(*row)) == Maturity::Mature;
        Counts {
            unchanged: self.rows().count() as u64,
            old: self.rows().filter(is_old).count() as u64,
            ..Counts::default()
        }
    }

    fn rows(&self) -> impl Iterator<Item = Sighting> + '_ {
        let sightings = self.sightings.iter().copied();
        sightings.filter(|sighting| *sighting != Sighting::NEVER)
    }
}
