//! How many calls a role shares with each other role: the one costly step.
//!
//! Adding one for each call of the role and each maker of it costs the sum of the makers of its calls. Where most roles make a call
//! (`sts:AssumeRole`), that is most roles once a call, and none of them tells much. Such a call has a column as well: one byte a role,
//! 1 if it makes the call. Columns are added sixteen roles an instruction, which the compiler does by itself with bytes and not with
//! wider numbers, so they are summed in bytes first, at most [`u8::MAX`] of them. A call has a column if at least one role in
//! [`SHARE`] makes it: then its column takes at most `SHARE` bytes a pair. So a role costs at most a quarter of all roles for each of
//! its calls, a few instructions each, and one look at every role.

use super::known_pairs::KnownPairs;
use super::makers::Makers;
use super::PairSighting;

/// A call made by one role in so many, or more, has a column.
const SHARE: usize = 4;

/// Counts the calls that a role shares with others, one role after the other in the same memory.
#[derive(Debug)]
pub(super) struct Overlaps<'m> {
    makers: &'m Makers,
    columns: PopularCalls,
    /// How many calls each role shares with the one that is counted, by number.
    shared: Vec<u32>,
    /// The same of some columns that are not in `shared` yet.
    partial: Vec<u8>,
    /// How many columns those are.
    pending: u8,
}

impl<'m> Overlaps<'m> {
    /// For roles that are known, whose calls `makers` has the other way round.
    pub(super) fn new(known: &KnownPairs, makers: &'m Makers) -> Self {
        let roles = known.role_numbers();
        Self {
            makers,
            columns: PopularCalls::new(makers, roles),
            shared: vec![0; roles],
            partial: vec![0; roles],
            pending: 0,
        }
    }

    /// How many calls each role shares with a role that makes these, by number; itself included.
    pub(super) fn of(&mut self, calls: &[PairSighting]) -> &[u32] {
        self.shared.fill(0);
        for sighting in calls {
            self.add_call(sighting.pair.call);
        }
        self.add_partial();
        &self.shared
    }

    fn add_call(&mut self, call: u32) {
        let Some(column) = self.columns.of(call) else {
            for &role in self.makers.of(call) {
                self.shared[role as usize] += 1;
            }
            return;
        };
        for (shared, makes) in self.partial.iter_mut().zip(column) {
            *shared += makes;
        }
        self.pending += 1;
        if self.pending == u8::MAX {
            self.add_partial();
        }
    }

    fn add_partial(&mut self) {
        for (shared, partial) in self.shared.iter_mut().zip(&self.partial) {
            *shared += u32::from(*partial);
        }
        self.partial.fill(0);
        self.pending = 0;
    }
}

/// The columns of the calls that many roles make.
#[derive(Debug)]
struct PopularCalls {
    roles: usize,
    /// The calls that have a column, in ascending order.
    calls: Vec<u32>,
    /// Their columns, one after the other.
    makes: Vec<u8>,
}

impl PopularCalls {
    fn new(makers: &Makers, roles: usize) -> Self {
        let is_popular = |makers: &[u32]| makers.len() * SHARE >= roles;
        let popular = makers.iter().filter(|(_, makers)| is_popular(makers));
        let calls: Vec<u32> = popular.map(|(call, _)| call).collect();
        let mut makes = vec![0; calls.len() * roles];
        for (&call, column) in calls.iter().zip(makes.chunks_exact_mut(roles.max(1))) {
            for &role in makers.of(call) {
                column[role as usize] = 1;
            }
        }
        Self {
            roles,
            calls,
            makes,
        }
    }

    /// The column of a call, if it has one.
    fn of(&self, call: u32) -> Option<&[u8]> {
        let place = self.calls.binary_search(&call).ok()?;
        Some(&self.makes[place * self.roles..][..self.roles])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Pair;
    use super::*;
    use crate::time::Timestamp;

    fn known(pairs: impl IntoIterator<Item = (u32, u32)>) -> KnownPairs {
        let known = |(role, call)| PairSighting {
            pair: Pair { role, call },
            first: Timestamp(0),
        };
        KnownPairs::new(pairs.into_iter().map(known).collect(), Timestamp(0)).0
    }

    #[test]
    fn a_call_that_one_role_in_four_makes_has_a_column() {
        let known = known([(0, 0), (1, 0), (0, 1), (7, 2)]);
        let columns = PopularCalls::new(&Makers::new(&known), known.role_numbers());
        assert_eq!(columns.of(0), Some([1, 1, 0, 0, 0, 0, 0, 0].as_slice()));
        assert_eq!(columns.of(1), None);
        assert_eq!(columns.of(3), None);
    }

    /// Role `r` makes the calls below `600 - 100 r`: all of them have columns, more than a byte can count.
    #[test]
    fn what_is_shared_is_counted_beyond_a_byte_and_anew_for_each_role() {
        let calls = |role: u32| 600 - 100 * role;
        let known = known((0..6).flat_map(|role| (0..calls(role)).map(move |call| (role, call))));
        let makers = Makers::new(&known);
        let mut overlaps = Overlaps::new(&known, &makers);
        for role in [0, 5, 2] {
            let shared: Vec<u32> = (0..6).map(|other| calls(role).min(calls(other))).collect();
            assert_eq!(overlaps.of(known.of_role(role)), shared, "{role}");
        }
    }

    #[test]
    fn rare_and_popular_calls_count_alike() {
        let rare = (0..40).map(|role| (role, 1 + role / 2));
        let known = known((0..40).map(|role| (role, 0)).chain(rare));
        let makers = Makers::new(&known);
        let mut overlaps = Overlaps::new(&known, &makers);
        let shared = overlaps.of(known.of_role(7));
        for (role, &shared) in shared.iter().enumerate() {
            assert_eq!(shared, if role / 2 == 3 { 2 } else { 1 }, "{role}");
        }
    }
}
