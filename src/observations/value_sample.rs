//! The values that came with a key: a few of them, and how many there are.
//!
//! Which few does not depend on the order in which they came, nor on how the input was shared out: they are the least, byte
//! by byte. Memory is bounded: beyond [`COUNTED`] values they are no longer counted.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// The most values that are kept.
const KEPT: usize = 10;
/// The most values that are counted. So many stand for so many or more.
const COUNTED: usize = 1_000;

/// A set of values of which the least are kept.
#[derive(Clone, Debug, Default)]
pub struct ValueSample {
    /// In order, without repetition.
    least: Vec<Box<[u8]>>,
    /// The hashes of all values, once there are more than are kept; sixty-four bits under a secret seed tell a thousand apart.
    hashes: HashSet<u64>,
}

impl ValueSample {
    /// Adds a value; an empty one is none. `hasher` must be the same for all sets that will be merged.
    pub fn add(&mut self, value: &[u8], hasher: &RandomState) {
        let Err(place) = self.least.binary_search_by(|kept| kept.as_ref().cmp(value)) else {
            return;
        };
        if value.is_empty() {
            return;
        }
        if self.least.len() == KEPT {
            self.count_all(hasher);
            self.count(hasher.hash_one(value));
        }
        if place < KEPT {
            self.least.insert(place, value.into());
            self.least.truncate(KEPT);
        }
    }

    /// Adds all values of another set.
    pub fn merge(&mut self, other: Self, hasher: &RandomState) {
        if !other.hashes.is_empty() {
            self.count_all(hasher);
            other.hashes.into_iter().for_each(|hash| self.count(hash));
        }
        let is_counted = !self.hashes.is_empty();
        for value in other.least {
            if is_counted {
                self.count(hasher.hash_one(value.as_ref()));
                self.keep(value);
            } else {
                self.add(&value, hasher);
            }
        }
    }

    /// Begins to count by hashes.
    fn count_all(&mut self, hasher: &RandomState) {
        if self.hashes.is_empty() {
            self.hashes.extend(
                self.least
                    .iter()
                    .map(|value| hasher.hash_one(value.as_ref())),
            );
        }
    }

    fn count(&mut self, hash: u64) {
        if self.hashes.len() < COUNTED {
            self.hashes.insert(hash);
        }
    }

    fn keep(&mut self, value: Box<[u8]>) {
        if let Err(place) = self.least.binary_search(&value) {
            self.least.insert(place, value);
            self.least.truncate(KEPT);
        }
    }

    /// The least values, at most `KEPT`, in order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.least.iter().map(AsRef::as_ref)
    }

    /// How many values there are, at most `COUNTED`.
    pub fn number(&self) -> usize {
        self.hashes.len().max(self.least.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn sample(values: &[u16], hasher: &RandomState) -> ValueSample {
        let mut sample = ValueSample::default();
        values
            .iter()
            .for_each(|value| sample.add(&value.to_be_bytes(), hasher));
        sample
    }

    fn shown(sample: &ValueSample) -> (Vec<Vec<u8>>, usize) {
        (
            sample.values().map(<[u8]>::to_vec).collect(),
            sample.number(),
        )
    }

    proptest! {
        #[test]
        fn the_least_are_kept_and_all_are_counted_however_they_were_shared_out(
            values in proptest::collection::vec(0u16..2_000, 0..1_500),
            cuts in (0usize..1_500, 0usize..1_500),
        ) {
            let hasher = RandomState::new();
            let distinct: BTreeSet<u16> = values.iter().copied().collect();
            let least = distinct.iter().take(KEPT).map(|value| value.to_be_bytes().to_vec()).collect();
            let expected = (least, distinct.len().min(COUNTED));
            prop_assert_eq!(&shown(&sample(&values, &hasher)), &expected);
            let cut = |at: usize| at.min(values.len());
            let (first, last) = (cut(cuts.0.min(cuts.1)), cut(cuts.0.max(cuts.1)));
            let [a, b, c] = [&values[..first], &values[first..last], &values[last..]].map(|part| sample(part, &hasher));
            let mut left = a.clone();
            left.merge(b.clone(), &hasher);
            left.merge(c.clone(), &hasher);
            prop_assert_eq!(&shown(&left), &expected);
            let mut right = c;
            right.merge(b, &hasher);
            right.merge(a, &hasher);
            prop_assert_eq!(&shown(&right), &expected);
        }
    }
}
