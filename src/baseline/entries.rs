//! What is known of each key while facts are merged: when it was seen, and what the baseline said of it.

use super::{Maturity, Said, Sighting};
use crate::time::Timestamp;

/// What a fact says of one key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// The observed times, if the fact is an observation.
    pub(super) own: Option<Sighting>,
    /// What the baseline says.
    pub(super) said: Option<Said>,
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

/// What is known of one key so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// When it was seen, forgotten sightings left out.
    pub(super) sighting: Sighting,
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

    /// Merges what one fact says of the key.
    pub(super) fn take(&mut self, share: Share, forget: Option<Timestamp>) {
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

    /// Whether the key belongs to the next baseline: seen at all, and not forgotten.
    pub(super) fn is_kept(&self, forget: Option<Timestamp>) -> bool {
        self.sighting != Sighting::NEVER && !self.sighting.is_forgotten(forget)
    }

    /// Whether the baseline said anything of the key, forgotten or not.
    pub(super) fn was_said(&self) -> bool {
        self.marks & (SAID | FORGOTTEN) != 0
    }

    /// Whether a fact was joined to what the baseline says of the key, without a last sighting, as it stands in the baseline.
    pub(super) fn explains_lack_of_last(&self) -> bool {
        const BOTH: u8 = JOINED_WITHOUT_LAST | STORED_WITHOUT_LAST;
        self.marks & BOTH == BOTH
    }

    /// What the key's row is in a baseline of this maturity.
    pub(super) fn change(&self, maturity: Maturity) -> Change {
        match self.marks {
            marks if marks & SAID == 0 => Change::New,
            marks if marks & standing(maturity) == 0 => Change::Changed,
            _ => Change::Unchanged,
        }
    }
}

/// The entries of all keys, by number. Their parts lie apart, in seventeen bytes a key; together they would take twenty-four.
#[derive(Debug, Default)]
pub(super) struct Entries {
    sightings: Vec<Sighting>,
    marks: Vec<u8>,
}

impl Entries {
    fn count(&self) -> usize {
        self.marks.len()
    }

    /// The entry of a key, if there is one yet.
    pub(super) fn get(&self, number: usize) -> Option<Entry> {
        Some(Entry {
            sighting: *self.sightings.get(number)?,
            marks: *self.marks.get(number)?,
        })
    }

    /// Changes the entry of a key. The next number is that of a key that is new.
    pub(super) fn update(&mut self, number: usize, change: impl FnOnce(&mut Entry)) {
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
    pub(super) fn numbered(&self, from: usize) -> impl Iterator<Item = (usize, Entry)> + '_ {
        let parts = self.sightings[from..].iter().zip(&self.marks[from..]);
        let entries = parts.map(|(&sighting, &marks)| Entry { sighting, marks });
        (from..).zip(entries)
    }

    /// All entries, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.numbered(0).map(|(_, entry)| entry)
    }
}

fn standing(maturity: Maturity) -> u8 {
    match maturity {
        Maturity::Learning => STANDS_LEARNING,
        Maturity::Mature => STANDS_MATURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fetched_ahead_of_a_look_up_is_the_entry_of_the_key() {
        let seen = Sighting::new(Some(Timestamp(800)), Some(Timestamp(900)));
        let mut entries = Entries::default();
        entries.update(0, |entry| entry.widen(seen));
        let fetched = entries.get(0).map(|entry| entry.sighting);
        assert_eq!(fetched, Some(seen));
        assert!(entries.get(1).is_none(), "no key has this number yet");
    }
}
