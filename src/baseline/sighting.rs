//! Sightings, and the facts that hold them: what was observed of a key, and what a baseline stores of it.
//!
//! Knows how sightings merge, not what they mean: that is `judge.rs`.

use super::Maturity;
use crate::time::Timestamp;

/// When a key was first and last seen. Either may be missing, and *first* may exceed *last*: they are merged apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The later end of time where missing, so that merging needs no special case.
    first: Timestamp,
    /// The earlier end of time where missing.
    last: Timestamp,
}

impl Sighting {
    /// Nothing seen: the neutral element of [`merge`](Self::merge).
    pub const NEVER: Self = Self {
        first: Timestamp(i64::MAX),
        last: Timestamp(i64::MIN),
    };

    /// A sighting from what is known of it.
    pub fn new(first: Option<Timestamp>, last: Option<Timestamp>) -> Self {
        Self {
            first: first.unwrap_or(Self::NEVER.first),
            last: last.unwrap_or(Self::NEVER.last),
        }
    }

    /// The least time seen, if any.
    pub fn first(self) -> Option<Timestamp> {
        (self.first != Self::NEVER.first).then_some(self.first)
    }

    /// The greatest time seen, if any.
    pub fn last(self) -> Option<Timestamp> {
        (self.last != Self::NEVER.last).then_some(self.last)
    }

    /// Least first, greatest last: associative, commutative, idempotent.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
        }
    }

    /// Whether the key was first seen at or before `cutoff`; never, if it has no first time.
    pub(super) fn is_first_by(self, cutoff: Timestamp) -> bool {
        self.first <= cutoff
    }

    /// Whether there is a cut-off, and the key was last seen at or before it or has no last time.
    pub(super) fn is_last_by(self, cutoff: Option<Timestamp>) -> bool {
        cutoff.is_some_and(|cutoff| self.last <= cutoff)
    }
}

/// What a baseline stores of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredSighting {
    /// When the key was seen.
    pub sighting: Sighting,
    /// Whether the baseline was mature when that was written; none if that is not stored, or is neither.
    pub maturity: Option<Maturity>,
    /// One stored row has exactly this: not several at once, nothing corrected in reading.
    pub verbatim: bool,
}

/// What one row holds about its keys. With an observed sighting it is an observation, without one a row of the baseline.
///
/// What is stored counts only on a row that stands for exactly one key; on any other it is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// When the search saw the keys; an observation whose times are all unusable has [`Sighting::NEVER`].
    pub observed: Option<Sighting>,
    /// What the baseline stores of the key.
    pub stored: Option<StoredSighting>,
}

impl Fact {
    /// The fact as it holds for a row that stands for this many keys.
    pub(super) fn about(self, keys: usize) -> Self {
        Self {
            stored: self.stored.filter(|_| keys == 1),
            ..self
        }
    }
}

/// Counts the observations that were joined to a stored sighting, and those of them that know when it ends.
///
/// If none does, the join left the column out, which forgetting needs; unless a stored row of such a key has no last time either.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct JoinedRows {
    all: u64,
    with_last: u64,
}

impl JoinedRows {
    pub(super) fn count(&mut self, fact: Fact) {
        if let Fact {
            observed: Some(_),
            stored: Some(stored),
        } = fact
        {
            self.all += 1;
            self.with_last += u64::from(stored.sighting.last().is_some());
        }
    }

    /// How many observations were joined, if none of them has a last time.
    pub(super) fn all_without_last(self) -> Option<u64> {
        (self.all > 0 && self.with_last == 0).then_some(self.all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sighting() -> impl Strategy<Value = Sighting> {
        let time = || proptest::option::of((-5i64..5).prop_map(Timestamp));
        (time(), time()).prop_map(|(first, last)| Sighting::new(first, last))
    }

    #[test]
    fn a_key_last_seen_exactly_at_the_forget_cutoff_is_last_by() {
        let last_seen = |at| Sighting::new(None, Some(Timestamp(at)));
        assert!(last_seen(1_000).is_last_by(Some(Timestamp(1_000))));
        assert!(!last_seen(1_001).is_last_by(Some(Timestamp(1_000))));
        assert!(Sighting::NEVER.is_last_by(Some(Timestamp(i64::MIN))));
        assert!(!Sighting::NEVER.is_last_by(None));
    }

    #[test]
    fn a_sighting_without_a_first_time_begins_after_every_cutoff() {
        let first_seen = |at| Sighting::new(Some(Timestamp(at)), None);
        assert!(first_seen(1_000).is_first_by(Timestamp(1_000)));
        assert!(!first_seen(1_001).is_first_by(Timestamp(1_000)));
        assert!(!Sighting::NEVER.is_first_by(Timestamp(i64::MAX - 1)));
    }

    proptest! {
        #[test]
        fn merging_ignores_order_and_repetition(a in sighting(), b in sighting(), c in sighting()) {
            prop_assert_eq!(a.merge(b), b.merge(a));
            prop_assert_eq!(a.merge(b).merge(c), a.merge(b.merge(c)));
            prop_assert_eq!(a.merge(a), a);
            prop_assert_eq!(a.merge(Sighting::NEVER), a);
        }
    }
}
