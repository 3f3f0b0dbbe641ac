//! What a baseline is like as a whole, as far as the facts that came show. Knows no keys.

use super::{Cutoffs, Fact, Maturity, StoredSighting};
use crate::time::Timestamp;

/// How many facts came, and how old, fresh and mature the baseline is by what they store.
#[derive(Clone, Copy, Debug, Default)]
pub struct BaselineStats {
    /// How many facts were observations.
    pub observations: u64,
    /// How many facts were rows of the baseline.
    pub baseline_rows: u64,
    /// How many rows spoke for the baseline as a whole.
    pub whole_baseline_rows: u64,
    /// How many facts and such rows had something stored that counts, forgotten or not.
    pub stored: u64,
    /// How many of those are not forgotten.
    pub live: u64,
    /// The least first time stored that is not forgotten; of the baseline as a whole only if all of its rows came.
    pub oldest: Option<Timestamp>,
    /// The greatest last time stored, forgotten ones included.
    pub newest: Option<Timestamp>,
    is_mature: bool,
}

impl BaselineStats {
    /// Whether anything stored that is not forgotten has it that the baseline is mature.
    pub fn maturity(&self) -> Maturity {
        match self.is_mature {
            true => Maturity::Mature,
            false => Maturity::Learning,
        }
    }

    pub(super) fn count(&mut self, fact: Fact, cutoffs: &Cutoffs) {
        match fact.observed {
            Some(_) => self.observations += 1,
            None => self.baseline_rows += 1,
        }
        if let Some(stored) = fact.stored {
            self.count_stored(stored, cutoffs);
        }
    }

    /// Counts what is stored of the baseline as a whole.
    pub(super) fn count_whole_baseline(&mut self, stored: StoredSighting, cutoffs: &Cutoffs) {
        self.whole_baseline_rows += 1;
        self.count_stored(stored, cutoffs);
    }

    fn count_stored(&mut self, stored: StoredSighting, cutoffs: &Cutoffs) {
        self.stored += 1;
        self.newest = self.newest.max(stored.sighting.last());
        if !cutoffs.forgets(stored.sighting) {
            self.live += 1;
            let oldest = self
                .oldest
                .into_iter()
                .chain(cutoffs.first_that_counts(stored.sighting));
            self.oldest = oldest.min();
            self.is_mature |= stored.maturity == Some(Maturity::Mature);
        }
    }
}
