//! What a fact may hold: sightings, and what a baseline says of them.

use super::Keys;
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

    /// Whether the key was last seen at or before `cutoff`, or nobody knows when. Without a cut-off nothing is forgotten.
    pub fn is_forgotten(self, cutoff: Option<Timestamp>) -> bool {
        cutoff.is_some_and(|cutoff| self.last <= cutoff)
    }

    /// Whether the key was first seen at or before `cutoff`.
    pub fn began_by(self, cutoff: Timestamp) -> bool {
        self.first <= cutoff
    }
}

/// Whether a baseline has learned long enough to be held against observations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maturity {
    /// Its oldest sighting is younger than the learning window.
    Learning,
    /// Its oldest sighting is as old as the learning window, or older.
    Mature,
}

/// What a baseline says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// When the key was seen.
    pub sighting: Sighting,
    /// Whether the baseline was mature when that was written; none if it does not say, or says neither.
    pub maturity: Option<Maturity>,
    /// One stored row says exactly this: not several at once, nothing corrected in reading.
    pub verbatim: bool,
}

/// One row's worth of knowledge. With times of its own it is an observation, without them a row of the baseline.
#[derive(Clone, Copy, Debug)]
pub struct Fact<'a> {
    /// The keys it is about; what is said counts only if there is exactly one.
    pub keys: &'a Keys<'a>,
    /// The observed times; an observation whose times are all unusable has [`Sighting::NEVER`].
    pub own: Option<Sighting>,
    /// What the baseline says.
    pub said: Option<Said>,
}

impl Fact<'_> {
    /// What is said, if it is said of one key.
    pub(super) fn usable_said(&self) -> Option<Said> {
        self.said.filter(|_| self.keys.count() == 1)
    }
}

/// Finds out whether the join that put a baseline beside the observations left out when keys were last seen.
///
/// It did if no joined fact tells, though one of the rows it was joined to does. A stored row that has no last sighting either
/// explains the silence.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Joined {
    facts: u64,
    with_last: u64,
}

impl Joined {
    pub(super) fn note(&mut self, fact: &Fact<'_>, said: Said) {
        if fact.own.is_some() {
            self.facts += 1;
            self.with_last += u64::from(said.sighting.last().is_some());
        }
    }

    /// How many facts were joined, if none tells when its key was last seen.
    pub(super) fn all_lack_last(self) -> Option<u64> {
        (self.facts > 0 && self.with_last == 0).then_some(self.facts)
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
    fn a_key_last_seen_exactly_at_the_forget_cutoff_is_forgotten() {
        let last_seen = |at| Sighting::new(None, Some(Timestamp(at)));
        assert!(last_seen(1_000).is_forgotten(Some(Timestamp(1_000))));
        assert!(!last_seen(1_001).is_forgotten(Some(Timestamp(1_000))));
        assert!(Sighting::NEVER.is_forgotten(Some(Timestamp(i64::MIN))));
        assert!(!Sighting::NEVER.is_forgotten(None));
    }

    #[test]
    fn a_key_first_seen_exactly_as_the_window_opens_began_by_then() {
        let first_seen = |at| Sighting::new(Some(Timestamp(at)), None);
        assert!(first_seen(1_000).began_by(Timestamp(1_000)));
        assert!(!first_seen(1_001).began_by(Timestamp(1_000)));
        assert!(!Sighting::NEVER.began_by(Timestamp(i64::MAX - 1)));
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
