//! The roles most like one, and their votes on a call (steps 1 and 2).
//!
//! Two roles are alike by Jaccard: the calls that both make, divided by the calls that either makes. Of the roles most like one only
//! the likenesses are kept: whether a maker of a call is among them follows from its own.

use super::constants::LIKE;
use super::known_pairs::KnownPairs;
use super::overlaps::Overlaps;
use super::PairSighting;

/// What the roles most like one do, as far as one call is concerned.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Votes {
    /// How many roles are most like it (L): 0 if none shares a call with it.
    pub roles: usize,
    /// How many of them make the call (k).
    pub makers: usize,
    /// The sum of the weights of all of them.
    pub weight: f64,
    /// The sum of the weights of those that make the call.
    pub makers_weight: f64,
}

/// The roles most like one.
#[derive(Debug)]
pub(super) struct LikeRoles<'a> {
    known: &'a KnownPairs,
    /// How many calls it makes.
    calls: usize,
    /// How many calls each role shares with it, by number.
    shared: &'a [u32],
    /// The likenesses that are kept, greatest first.
    nearest: Vec<f64>,
    /// The sum of their weights.
    weight: f64,
}

impl<'a> LikeRoles<'a> {
    /// The other roles most like one that makes these calls; none if it makes none.
    pub(super) fn of(
        role: u32,
        calls: &[PairSighting],
        known: &'a KnownPairs,
        overlaps: &'a mut Overlaps<'_>,
    ) -> Self {
        let shared = match calls {
            [] => &[],
            calls => overlaps.of(calls),
        };
        let like = Self {
            known,
            calls: calls.len(),
            shared,
            nearest: Vec::new(),
            weight: 0.0,
        };
        let nearest = like.find_nearest(role);
        Self {
            weight: sum_of_weights(&nearest),
            nearest,
            ..like
        }
    }

    fn find_nearest(&self, role: u32) -> Vec<f64> {
        let mut nearest = Nearest::default();
        for (other, (&shared, calls)) in (0..).zip(self.shared.iter().zip(self.known.sizes())) {
            if shared > 0 && other != role {
                nearest.offer(self.likeness(shared, calls));
            }
        }
        nearest.finish()
    }

    /// The likeness to a role that makes so many calls and shares so many of them.
    fn likeness(&self, shared: u32, calls: usize) -> f64 {
        let either = self.calls + calls - shared as usize;
        f64::from(shared) / either as f64
    }

    /// The votes on a call that these roles make, and the role itself does not.
    pub(super) fn votes(&self, makers: &[u32]) -> Votes {
        let Some(&least) = self.nearest.last() else {
            return Votes::default();
        };
        let likenesses = makers.iter().map(|&maker| {
            let calls = self.known.of_role(maker).len();
            self.likeness(self.shared[maker as usize], calls)
        });
        let mut voters: Vec<f64> = likenesses.filter(|&likeness| likeness >= least).collect();
        sort_greatest_first(&mut voters);
        Votes {
            roles: self.nearest.len(),
            makers: voters.len(),
            weight: self.weight,
            makers_weight: sum_of_weights(&voters),
        }
    }
}

/// The squares of likenesses, summed in their order: greatest first, so that no order of rows changes a bit of the sum.
fn sum_of_weights(likenesses: &[f64]) -> f64 {
    let weights = likenesses.iter().map(|likeness| likeness * likeness);
    weights.fold(0.0, |sum, weight| sum + weight)
}

fn sort_greatest_first(likenesses: &mut [f64]) {
    likenesses.sort_unstable_by(|one, other| other.total_cmp(one));
}

/// The [`LIKE`] greatest of any number of likenesses, and all that tie with the last of them.
#[derive(Debug, Default)]
struct Nearest {
    /// Those, and what came since they were last pruned and is not less than `least`.
    kept: Vec<f64>,
    /// What is less is not among the nearest.
    least: f64,
    /// How many were kept when they were last pruned.
    pruned_to: usize,
}

/// Pruning waits until there are twice as many as it left last time, and so many at least: then it costs little each.
const PRUNED_FROM: usize = 16 * LIKE;

impl Nearest {
    fn offer(&mut self, likeness: f64) {
        if likeness < self.least {
            return;
        }
        self.kept.push(likeness);
        if self.kept.len() >= (2 * self.pruned_to).max(PRUNED_FROM) {
            self.prune();
        }
    }

    /// Leaves out what is less than the last of the nearest.
    fn prune(&mut self) {
        if self.kept.len() > LIKE {
            let greater_first = |one: &f64, other: &f64| other.total_cmp(one);
            let (_, &mut least, _) = self.kept.select_nth_unstable_by(LIKE - 1, greater_first);
            self.least = least;
            self.kept.retain(|&likeness| likeness >= least);
        }
        self.pruned_to = self.kept.len();
    }

    /// Greatest first.
    fn finish(mut self) -> Vec<f64> {
        self.prune();
        sort_greatest_first(&mut self.kept);
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::super::makers::Makers;
    use super::super::Pair;
    use super::*;
    use crate::time::Timestamp;
    use proptest::prelude::*;

    fn nearest(likenesses: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut nearest = Nearest::default();
        likenesses
            .into_iter()
            .for_each(|likeness| nearest.offer(likeness));
        nearest.finish()
    }

    #[test]
    fn up_to_twenty_five_roles_are_all_kept() {
        let likenesses: Vec<f64> = (1..=25).rev().map(f64::from).collect();
        assert_eq!(nearest(likenesses.clone()), likenesses);
        assert!(nearest([]).is_empty());
    }

    #[test]
    fn a_role_less_alike_than_the_twenty_fifth_is_left_out_and_one_as_alike_stays() {
        let with = |last: [f64; 3]| nearest((0..24).map(|_| 0.9).chain(last)).len();
        assert_eq!(with([0.5, 0.4, 0.4]), 25);
        assert_eq!(with([0.5, 0.5, 0.4]), 26);
        assert_eq!(with([0.5, 0.5, 0.5]), 27);
        assert_eq!(with([0.95, 0.5, 0.5]), 25);
    }

    proptest! {
        #[test]
        fn the_nearest_are_those_that_sorting_all_would_give(likenesses in proptest::collection::vec(0u8..60, 0..3_000)) {
            let mut expected: Vec<f64> = likenesses.iter().map(|&likeness| f64::from(likeness)).collect();
            prop_assert_eq!(nearest(expected.clone()), {
                sort_greatest_first(&mut expected);
                let least = expected.get(LIKE - 1).copied().unwrap_or(0.0);
                expected.into_iter().filter(|&likeness| likeness >= least).collect::<Vec<_>>()
            });
        }
    }

    /// Role 0 makes calls 0 to 3; role 1 makes two of them, role 2 one and another, role 3 makes another only.
    #[test]
    fn roles_vote_by_the_square_of_their_likeness_and_those_that_share_nothing_do_not() {
        let pairs = [
            (0, 0),
            (0, 1),
            (0, 2),
            (0, 3),
            (1, 0),
            (1, 1),
            (2, 0),
            (2, 9),
            (3, 9),
        ];
        let known = pairs.map(|(role, call)| PairSighting {
            pair: Pair { role, call },
            first: Timestamp(0),
        });
        let (known, _) = KnownPairs::new(known.into(), Timestamp(0));
        let makers = Makers::new(&known);
        let mut overlaps = Overlaps::new(&known, &makers);
        let like = LikeRoles::of(0, known.of_role(0), &known, &mut overlaps);
        let one_half_and_one_fifth = 0.25 + 0.2 * 0.2;
        let votes = like.votes(makers.of(9));
        assert_eq!((votes.roles, votes.makers), (2, 1));
        assert_eq!(votes.weight, one_half_and_one_fifth);
        assert_eq!(votes.makers_weight, 0.2 * 0.2);

        let like = LikeRoles::of(4, &[], &known, &mut overlaps);
        assert_eq!(like.votes(makers.of(9)), Votes::default(), "not known");
    }
}
