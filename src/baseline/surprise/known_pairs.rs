//! The known pairs: each once with its first sighting, in the order of roles. Sixteen bytes a pair.

use super::{Pair, PairSighting};
use crate::time::Timestamp;

/// What roles are known to make, and since when.
#[derive(Debug)]
pub(super) struct KnownPairs {
    /// Sorted by role, then call.
    pairs: Vec<PairSighting>,
    /// Where each role's pairs begin, and at the end where the last one's end.
    starts: Vec<usize>,
    roles: usize,
}

impl KnownPairs {
    /// Separates the pairs that were known as the window opened from those that were learned since.
    pub(super) fn new(mut stored: Vec<PairSighting>, window_opens: Timestamp) -> (Self, Vec<Pair>) {
        PairSighting::sort(&mut stored);
        // The least sighting of a pair stands first, and stays.
        stored.dedup_by_key(|sighting| sighting.pair);
        let is_known = |sighting: &PairSighting| sighting.first <= window_opens;
        let learned = stored.iter().filter(|sighting| !is_known(sighting));
        let learned = learned.map(|sighting| sighting.pair).collect();
        stored.retain(is_known);
        (Self::from_sorted(stored), learned)
    }

    fn from_sorted(pairs: Vec<PairSighting>) -> Self {
        let mut starts = Vec::new();
        let by_role = pairs.chunk_by(|one, other| one.pair.role == other.pair.role);
        let (mut start, mut roles) = (0, 0);
        for of_role in by_role {
            // Roles before it that are not known have no pairs.
            starts.resize(of_role[0].pair.role as usize + 1, start);
            start += of_role.len();
            roles += 1;
        }
        starts.push(start);
        Self {
            pairs,
            starts,
            roles,
        }
    }

    /// All pairs, in the order of roles.
    pub(super) fn iter(&self) -> impl Iterator<Item = Pair> + '_ {
        self.pairs.iter().map(|sighting| sighting.pair)
    }

    /// One more than the greatest number of a known role.
    pub(super) fn role_numbers(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many calls each role makes, by number.
    pub(super) fn sizes(&self) -> impl Iterator<Item = usize> + '_ {
        self.starts.windows(2).map(|bounds| bounds[1] - bounds[0])
    }

    /// The calls of a role; none if it is not known.
    pub(super) fn of_role(&self, role: u32) -> &[PairSighting] {
        let role = role as usize;
        match self.starts.get(role..role + 2) {
            Some(bounds) => &self.pairs[bounds[0]..bounds[1]],
            None => &[],
        }
    }

    /// Whether a pair is known.
    pub(super) fn has(&self, pair: Pair) -> bool {
        let calls = self.of_role(pair.role);
        calls
            .binary_search_by_key(&pair.call, |sighting| sighting.pair.call)
            .is_ok()
    }

    /// How many roles are known beside this one.
    pub(super) fn other_roles(&self, role: u32) -> usize {
        self.roles - usize::from(!self.of_role(role).is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(role: u32, call: u32, first: i64) -> PairSighting {
        let pair = Pair { role, call };
        let first = Timestamp(first);
        PairSighting { pair, first }
    }

    #[test]
    fn a_pair_first_seen_as_the_window_opens_is_known_and_a_later_one_is_learned() {
        let stored = vec![sighting(0, 0, 100), sighting(0, 1, 101)];
        let (known, learned) = KnownPairs::new(stored, Timestamp(100));
        assert_eq!(known.of_role(0), [sighting(0, 0, 100)]);
        assert_eq!(learned, [Pair { role: 0, call: 1 }]);
    }

    #[test]
    fn of_several_sightings_of_a_pair_the_least_counts() {
        let stored = vec![
            sighting(0, 0, 90),
            sighting(0, 0, 80),
            sighting(0, 0, 101),
            sighting(0, 0, 80),
        ];
        let (known, learned) = KnownPairs::new(stored, Timestamp(100));
        assert_eq!(known.of_role(0), [sighting(0, 0, 80)]);
        assert!(learned.is_empty());
    }

    #[test]
    fn a_pair_without_a_time_that_can_be_true_is_known_whatever_else_is_stored_of_it() {
        let undated = sighting(0, 0, PairSighting::UNDATED.0);
        let stored = vec![sighting(0, 0, 90), undated, sighting(0, 0, 101)];
        let (known, learned) = KnownPairs::new(stored, Timestamp(100));
        assert_eq!(known.of_role(0), [undated]);
        assert!(learned.is_empty());
    }

    #[test]
    fn roles_that_are_not_known_have_no_calls_and_do_not_count() {
        let stored = vec![
            sighting(5, 1, 1),
            sighting(2, 3, 1),
            sighting(2, 1, 1),
            sighting(3, 0, 101),
        ];
        let (known, _) = KnownPairs::new(stored, Timestamp(100));
        let sizes: Vec<usize> = known.sizes().collect();
        assert_eq!(sizes, [0, 0, 2, 0, 0, 1]);
        assert_eq!(known.role_numbers(), 6);
        assert_eq!(known.of_role(2), [sighting(2, 1, 1), sighting(2, 3, 1)]);
        for unknown in [0, 3, 4, 6, u32::MAX] {
            assert!(known.of_role(unknown).is_empty(), "{unknown}");
            assert_eq!(known.other_roles(unknown), 2, "{unknown}");
        }
        assert_eq!(known.other_roles(2), 1);
    }

    #[test]
    fn without_pairs_there_is_no_role() {
        let (known, learned) = KnownPairs::new(Vec::new(), Timestamp(100));
        assert_eq!((known.role_numbers(), known.other_roles(0)), (0, 0));
        assert!(known.of_role(0).is_empty() && learned.is_empty());
        assert!(!known.has(Pair { role: 0, call: 0 }));
    }

    #[test]
    fn a_pair_is_known_if_its_role_makes_its_call() {
        let stored = vec![sighting(0, 1, 1), sighting(1, 2, 1)];
        let (known, _) = KnownPairs::new(stored, Timestamp(100));
        let has = |role, call| known.has(Pair { role, call });
        assert!(has(0, 1) && has(1, 2));
        assert!(!has(0, 2) && !has(1, 1) && !has(2, 1));
    }
}
