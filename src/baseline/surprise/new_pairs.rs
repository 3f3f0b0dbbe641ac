//! The new pairs of this window, and how many roles each call is new for.
//!
//! A pair is new if it is not known and was observed, or learned since the window opened. Only observed pairs are ranked; the others
//! count as adopters of their call.

use super::known_pairs::KnownPairs;
use super::Pair;

/// What roles began in this window.
#[derive(Debug)]
pub(super) struct NewPairs {
    /// Sorted, each once.
    observed: Vec<Pair>,
    /// For how many roles each call is new, by number of the call.
    adopters: Vec<u32>,
}

impl NewPairs {
    /// Takes the observed pairs, known or not, and the learned ones, which are not known.
    pub(super) fn new(mut observed: Vec<Pair>, learned: Vec<Pair>, known: &KnownPairs) -> Self {
        observed.retain(|&pair| !known.has(pair));
        make_distinct(&mut observed);
        let mut all = learned;
        all.extend_from_slice(&observed);
        make_distinct(&mut all);
        let adopters = count_roles(&all);
        Self { observed, adopters }
    }

    /// The observed ones, in order.
    pub(super) fn observed(&self) -> &[Pair] {
        &self.observed
    }

    /// For how many roles a call is new, observed or learned.
    pub(super) fn adopters(&self, call: u32) -> usize {
        self.adopters
            .get(call as usize)
            .map_or(0, |&roles| roles as usize)
    }
}

fn make_distinct(pairs: &mut Vec<Pair>) {
    pairs.sort_unstable();
    pairs.dedup();
}

/// How many pairs each call has, by number of the call.
fn count_roles(pairs: &[Pair]) -> Vec<u32> {
    let greatest = pairs.iter().map(|pair| pair.call as usize).max();
    let mut roles = vec![0; greatest.map_or(0, |call| call + 1)];
    for pair in pairs {
        roles[pair.call as usize] += 1;
    }
    roles
}

#[cfg(test)]
mod tests {
    use super::super::PairSighting;
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_pair_that_was_observed_and_learned_counts_once_and_one_only_learned_is_not_ranked() {
        let pair = |role, call| Pair { role, call };
        let known = PairSighting {
            pair: pair(0, 7),
            first: Timestamp(0),
        };
        let (known, _) = KnownPairs::new(vec![known], Timestamp(100));
        let observed = vec![pair(2, 7), pair(1, 7), pair(0, 7), pair(1, 7)];
        let learned = vec![pair(1, 7), pair(3, 7), pair(3, 2)];
        let new = NewPairs::new(observed, learned, &known);
        assert_eq!(new.observed(), [pair(1, 7), pair(2, 7)]);
        let adopters = [7, 2, 1, 8].map(|call| new.adopters(call));
        assert_eq!(adopters, [3, 1, 0, 0]);
    }
}
