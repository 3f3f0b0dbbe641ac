//! The families of new roles: what the known roles of each make together.
//!
//! Which family a role is of is decided by the caller. Only the families of new roles are looked at, each once. Source: docs/families.md,
//! section 2.

use super::evidence::Siblings;
use super::known_pairs::KnownPairs;
use super::role_history::RoleHistory;
use super::{Pair, PairSighting};
use std::collections::HashMap;

/// The families of the new roles, by number.
#[derive(Debug)]
pub(super) struct Families<F> {
    family_of: F,
    families: HashMap<u32, Family>,
}

/// The known roles of one family.
#[derive(Debug, Default)]
pub(super) struct Family {
    roles: usize,
    /// Each call that one of them makes, in order, with the least first sighting that can be true, if one can.
    calls: Vec<PairSighting>,
    /// How many of them make each of those calls.
    makers: Vec<usize>,
}

impl<F: Fn(u32) -> Option<u32>> Families<F> {
    /// The families of those roles of these pairs that are new.
    pub(super) fn new(observed: &[Pair], known: &KnownPairs, family_of: F) -> Self {
        let new = observed.iter().filter(|pair| is_new(pair.role, known));
        let of_new = new.filter_map(|pair| family_of(pair.role));
        let families = of_new.map(|family| (family, Family::default()));
        let mut families = Self {
            families: families.collect(),
            family_of,
        };
        if !families.families.is_empty() {
            families.add_known(known);
        }
        families
    }

    fn add_known(&mut self, known: &KnownPairs) {
        let roles = 0..known.role_numbers() as u32;
        for role in roles.filter(|&role| !is_new(role, known)) {
            let number = (self.family_of)(role);
            if let Some(family) = number.and_then(|number| self.families.get_mut(&number)) {
                family.roles += 1;
                family.calls.extend_from_slice(known.of_role(role));
            }
        }
        self.families.values_mut().for_each(Family::unite);
    }

    /// The family of a new role, if any role of it is known; none of a role that is known itself.
    pub(super) fn of(&self, role: u32, known: &KnownPairs) -> Option<&Family> {
        let number = (self.family_of)(role).filter(|_| is_new(role, known))?;
        self.families.get(&number).filter(|family| family.roles > 0)
    }
}

impl Family {
    /// Leaves each call once.
    fn unite(&mut self) {
        self.calls
            .sort_unstable_by_key(|of| (of.pair.call, of.dated().is_none(), of.first));
        let by_call = self
            .calls
            .chunk_by(|one, other| one.pair.call == other.pair.call);
        self.makers = by_call.map(<[PairSighting]>::len).collect();
        self.calls.dedup_by_key(|of| of.pair.call);
    }

    /// What they are known to make together, in the order of calls.
    pub(super) fn calls(&self) -> &[PairSighting] {
        &self.calls
    }

    /// What they are to a new role that makes this call.
    pub(super) fn siblings(&self, call: u32, history: RoleHistory) -> Siblings {
        let place = self.calls.binary_search_by_key(&call, |of| of.pair.call);
        Siblings {
            roles: self.roles,
            makers: place.map_or(0, |place| self.makers[place]),
            history,
        }
    }
}

fn is_new(role: u32, known: &KnownPairs) -> bool {
    known.of_role(role).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn sighting(role: u32, call: u32, first: Timestamp) -> PairSighting {
        let pair = Pair { role, call };
        PairSighting { pair, first }
    }

    /// Roles 0 to 2 and 4 are known, 3 and 5 are not.
    fn known() -> KnownPairs {
        let firsts = [
            (0, 7, Timestamp(50)),
            (1, 7, PairSighting::UNDATED),
            (1, 8, Timestamp(40)),
            (2, 7, Timestamp(30)),
            (2, 9, PairSighting::UNDATED),
            (4, 9, Timestamp(20)),
        ];
        let stored = firsts.map(|(role, call, first)| sighting(role, call, first));
        KnownPairs::new(stored.into(), Timestamp(100)).0
    }

    /// Roles below 4 are of one family, those above of another; role 9 is of one that nobody else is of.
    fn families(known: &KnownPairs) -> Families<impl Fn(u32) -> Option<u32>> {
        let observed = [3, 4, 5, 9].map(|role| Pair { role, call: 1 });
        Families::new(&observed, known, |role| Some(role / 4))
    }

    #[test]
    fn a_new_role_has_the_known_roles_of_its_family_as_siblings_and_a_known_one_has_none() {
        let known = known();
        let families = families(&known);
        let roles = |role| families.of(role, &known).map(|family| family.roles);
        assert_eq!((roles(3), roles(5)), (Some(3), Some(1)));
        assert_eq!((roles(0), roles(4)), (None, None), "known");
        assert_eq!(roles(9), None, "no known role of its family");
        let none = Families::new(&[Pair { role: 3, call: 1 }], &known, |_| None);
        assert!(none.of(3, &known).is_none());
    }

    #[test]
    fn calls_are_united_with_the_least_time_that_can_be_true() {
        let known = known();
        let families = families(&known);
        let family = families.of(3, &known).unwrap();
        let expected = [
            sighting(2, 7, Timestamp(30)),
            sighting(1, 8, Timestamp(40)),
            sighting(2, 9, PairSighting::UNDATED),
        ];
        assert_eq!(family.calls(), expected);
    }

    #[test]
    fn siblings_are_counted_by_call() {
        let known = known();
        let families = families(&known);
        let family = families.of(3, &known).unwrap();
        let makers = |call| family.siblings(call, RoleHistory::default()).makers;
        assert_eq!([7, 8, 9, 10].map(makers), [3, 1, 1, 0]);
    }
}
