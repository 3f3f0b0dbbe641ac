//! Who makes each call: the known pairs the other way round, four bytes a pair.

use super::known_pairs::KnownPairs;

/// For each call the roles that are known to make it.
#[derive(Debug)]
pub(super) struct Makers {
    /// The roles of one call after the other, each in ascending order.
    roles: Vec<u32>,
    /// Where each call's roles begin, and at the end where the last one's end.
    starts: Vec<usize>,
}

impl Makers {
    /// Turns the known pairs round.
    pub(super) fn new(known: &KnownPairs) -> Self {
        let starts = starts(known);
        let mut next = starts.clone();
        let mut roles = vec![0; starts[starts.len() - 1]];
        for pair in known.iter() {
            let place = &mut next[pair.call as usize];
            roles[*place] = pair.role;
            *place += 1;
        }
        Self { roles, starts }
    }

    /// The roles that make a call, in ascending order.
    pub(super) fn of(&self, call: u32) -> &[u32] {
        let call = call as usize;
        match self.starts.get(call..call + 2) {
            Some(bounds) => &self.roles[bounds[0]..bounds[1]],
            None => &[],
        }
    }

    /// All calls up to the greatest number, each with its roles.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &[u32])> + '_ {
        let bounds = self.starts.windows(2);
        (0..).zip(bounds.map(|bounds| &self.roles[bounds[0]..bounds[1]]))
    }
}

/// Where each call's roles begin, by number of the call, and at the end where the last one's end.
fn starts(known: &KnownPairs) -> Vec<usize> {
    let greatest = known.iter().map(|pair| pair.call as usize).max();
    let calls = greatest.map_or(0, |call| call + 1);
    let mut starts = vec![0; calls + 1];
    for pair in known.iter() {
        starts[pair.call as usize + 1] += 1;
    }
    for call in 0..calls {
        starts[call + 1] += starts[call];
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::super::{Pair, PairSighting};
    use super::*;
    use crate::time::Timestamp;

    fn makers(pairs: &[(u32, u32)]) -> Makers {
        let known = |&(role, call): &(u32, u32)| PairSighting {
            pair: Pair { role, call },
            first: Timestamp(0),
        };
        let stored = pairs.iter().map(known).collect();
        Makers::new(&KnownPairs::new(stored, Timestamp(0)).0)
    }

    #[test]
    fn each_call_has_the_roles_that_make_it_in_ascending_order() {
        let makers = makers(&[(9, 1), (0, 4), (3, 1), (3, 4), (7, 1)]);
        let expected: [&[u32]; 5] = [&[], &[3, 7, 9], &[], &[], &[0, 3]];
        for (call, roles) in (0..).zip(expected) {
            assert_eq!(makers.of(call), roles, "{call}");
        }
        assert!(makers.iter().eq((0..).zip(expected)));
    }

    #[test]
    fn nobody_makes_a_call_that_is_not_known() {
        for call in [0, 1, 5, u32::MAX] {
            assert!(makers(&[]).of(call).is_empty());
            assert!(makers(&[(1, 4)]).of(call).is_empty());
        }
        assert_eq!(makers(&[]).iter().count(), 0);
    }
}
