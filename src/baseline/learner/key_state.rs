//! What is known of each key while facts are merged: when it was seen, and where that comes from.
//!
//! Knows neither keys nor threads: a state is found by the number of its key.

use crate::baseline::{Cutoffs, Fact, Maturity, Sighting, StoredSighting};
use crate::keys::KeyId;
use bitflags::bitflags;

/// What a row of the next baseline is, compared with the one before.
///
/// This is about rows to write; whether an observation is new, and reported, is a [`Verdict`](crate::baseline::Verdict).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The baseline stores nothing of the key, or has forgotten it.
    New,
    /// No stored row of the key has what the new one has.
    Changed,
    /// A stored row has exactly the same.
    Unchanged,
}

/// What is known of one key so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyState {
    /// When it was seen, forgotten sightings left out.
    pub(super) sighting: Sighting,
    provenance: Provenance,
}

bitflags! {
    /// Where the sighting of a key comes from, in one byte: there may be millions.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Provenance: u8 {
        /// The baseline stores a sighting of the key that is not forgotten.
        const STORED = 1;
        /// The baseline stores a sighting of the key that is forgotten.
        const FORGOTTEN = 2;
        /// One stored row has exactly this sighting, and that the baseline is learning.
        const UNCHANGED_IF_LEARNING = 4;
        /// One stored row has exactly this sighting, and that the baseline is mature.
        const UNCHANGED_IF_MATURE = 8;
        /// An observation was joined to what the baseline stores of the key, without a last time.
        const JOINED_WITHOUT_LAST = 16;
        /// A row of the baseline itself has no last time of the key.
        const STORED_WITHOUT_LAST = 32;
    }
}

impl Provenance {
    const UNCHANGED: Self = Self::UNCHANGED_IF_LEARNING.union(Self::UNCHANGED_IF_MATURE);
    const WITHOUT_LAST: Self = Self::JOINED_WITHOUT_LAST.union(Self::STORED_WITHOUT_LAST);

    fn unchanged_if(maturity: Maturity) -> Self {
        match maturity {
            Maturity::Learning => Self::UNCHANGED_IF_LEARNING,
            Maturity::Mature => Self::UNCHANGED_IF_MATURE,
        }
    }
}

impl KeyState {
    const UNKNOWN: Self = Self {
        sighting: Sighting::NEVER,
        provenance: Provenance::empty(),
    };

    /// Merges one fact about the key.
    pub(super) fn merge(&mut self, fact: Fact, cutoffs: &Cutoffs) {
        if let Some(observed) = fact.observed {
            self.widen(observed);
        }
        let Some(stored) = fact.stored else { return };
        if cutoffs.forgets(stored.sighting) {
            self.provenance |= Provenance::FORGOTTEN;
        } else {
            self.merge_stored(stored);
        }
        if stored.sighting.last().is_none() {
            self.provenance |= match fact.observed {
                Some(_) => Provenance::JOINED_WITHOUT_LAST,
                None => Provenance::STORED_WITHOUT_LAST,
            };
        }
    }

    /// Merges a sighting; a stored row that had exactly the narrower one does not have this.
    fn widen(&mut self, sighting: Sighting) {
        let merged = self.sighting.merge(sighting);
        if merged != self.sighting {
            self.sighting = merged;
            self.provenance -= Provenance::UNCHANGED;
        }
    }

    fn merge_stored(&mut self, stored: StoredSighting) {
        self.widen(stored.sighting);
        self.provenance |= Provenance::STORED;
        if stored.verbatim && stored.sighting == self.sighting {
            self.provenance |= stored
                .maturity
                .map_or(Provenance::empty(), Provenance::unchanged_if);
        }
    }

    /// Whether the key belongs to the next baseline: seen at all, and not forgotten.
    pub(super) fn is_kept(&self, cutoffs: &Cutoffs) -> bool {
        self.sighting != Sighting::NEVER && !cutoffs.forgets(self.sighting)
    }

    /// Whether the baseline stores anything of the key, forgotten or not.
    pub(super) fn is_stored(&self) -> bool {
        self.provenance
            .intersects(Provenance::STORED | Provenance::FORGOTTEN)
    }

    /// Whether an observation was joined to a stored sighting without a last time that has none in the baseline either.
    pub(super) fn explains_lack_of_last(&self) -> bool {
        self.provenance.contains(Provenance::WITHOUT_LAST)
    }

    /// What the key's row is in a baseline of this maturity.
    pub(super) fn change(&self, maturity: Maturity) -> Change {
        match self.provenance {
            from if !from.contains(Provenance::STORED) => Change::New,
            from if !from.contains(Provenance::unchanged_if(maturity)) => Change::Changed,
            _ => Change::Unchanged,
        }
    }
}

/// The states of all keys, by number. Their parts lie apart, in seventeen bytes a key; together they would take twenty-four, for no
/// gain in time (docs/performance.md, "What each trick is worth"). The two lists have one length at all times: `merge` alone adds.
#[derive(Debug, Default)]
pub(super) struct KeyStates {
    sightings: Vec<Sighting>,
    provenances: Vec<Provenance>,
}

impl KeyStates {
    fn count(&self) -> usize {
        self.provenances.len()
    }

    /// The state of a key, if there is one yet.
    pub(super) fn get(&self, key: KeyId) -> Option<KeyState> {
        Some(KeyState {
            sighting: *self.sightings.get(key.index())?,
            provenance: *self.provenances.get(key.index())?,
        })
    }

    /// Merges one fact about a key. The next number is that of a key that is new.
    pub(super) fn merge(&mut self, key: KeyId, fact: Fact, cutoffs: &Cutoffs) {
        let key = key.index();
        if key == self.count() {
            self.sightings.push(KeyState::UNKNOWN.sighting);
            self.provenances.push(KeyState::UNKNOWN.provenance);
        }
        let mut state = KeyState {
            sighting: self.sightings[key],
            provenance: self.provenances[key],
        };
        state.merge(fact, cutoffs);
        self.sightings[key] = state.sighting;
        self.provenances[key] = state.provenance;
    }

    /// The states at `from` and behind it, with the keys that they are of.
    pub(super) fn numbered(&self, from: usize) -> impl Iterator<Item = (KeyId, KeyState)> + '_ {
        let parts = self.sightings[from..].iter().zip(&self.provenances[from..]);
        let states = parts.map(|(&sighting, &provenance)| KeyState {
            sighting,
            provenance,
        });
        (from as u32..).map(KeyId).zip(states)
    }

    /// All states, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = KeyState> + '_ {
        self.numbered(0).map(|(_, state)| state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn what_is_prefetched_for_a_look_up_is_the_state_of_the_key() {
        let cutoffs = Cutoffs {
            activity: Timestamp(0),
            forget: None,
            learning: Timestamp(0),
            earliest: Cutoffs::AFTER_EPOCH,
        };
        let seen = Sighting::new(Some(Timestamp(800)), Some(Timestamp(900)));
        let fact = Fact {
            observed: Some(seen),
            stored: None,
        };
        let mut states = KeyStates::default();
        states.merge(KeyId(0), fact, &cutoffs);
        let state = states.get(KeyId(0)).map(|state| state.sighting);
        assert_eq!(state, Some(seen));
        assert!(states.get(KeyId(1)).is_none(), "no key has this number yet");
    }
}
