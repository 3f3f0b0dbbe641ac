//! How surprising each new pair of a role and a call is, and why, from nothing but what the baseline holds.
//!
//! [`rank`] takes pairs by number and gives [`Evidence`] for each observed new pair: what was counted. From that alone follow its
//! [`Terms`] (the score and its parts) and its sentence. Knows no names, no rows and no forgetting: numbers are given by the caller,
//! and what is forgotten is not passed in. The order of what is passed in makes no difference, nor does passing it twice.
//!
//! | file | step of the formula |
//! | --- | --- |
//! | `known_pairs.rs` | what is known: each pair once, with its first sighting |
//! | `new_pairs.rs` | what is new, and how many roles begin a call in this window (step 4) |
//! | `makers.rs`, `overlaps.rs`, `alike.rs` | who makes a call, how many calls two roles share, the roles most like one (steps 1 and 2) |
//! | `service.rs` | the services a role used (step 3) |
//! | `role_history.rs` | a role's own rate of new calls (step 6) |
//! | `families.rs` | the known siblings of a new role, and what they make (docs/families.md) |
//! | `terms.rs`, `decimal.rs` | the score, its parts, and how they are written |
//! | `sentence.rs` | the sentence |
//!
//! Source: docs/surprise.md, the specification with twelve worked examples.
//!
//! ```
//! use unseen::baseline::surprise::{rank, six_decimals, Pair, PairSighting};
//! use unseen::time::{Timestamp, DAY};
//!
//! let known = |role, call| PairSighting { pair: Pair { role, call }, first: Timestamp(0) };
//! let (ann, bob, get_object, delete_trail) = (0, 1, 0, 1);
//! let stored = vec![known(ann, get_object), known(bob, get_object)];
//! let observed = vec![Pair { role: ann, call: delete_trail }];
//! let evidence = rank(Timestamp(100 * DAY), stored, observed, |_| None, |_| None);
//!
//! assert_eq!(six_decimals(evidence[0].terms().score()), "7.558614");
//! assert_eq!(
//!     evidence[0].reason(b"cloudtrail"),
//!     "the one role most like it does not make this call; the one other role does not make it; \
//!      before this window the role made no new call for 28 days"
//! );
//! ```

mod alike;
mod constants;
mod decimal;
mod evidence;
mod families;
mod known_pairs;
mod makers;
mod new_pairs;
mod overlaps;
mod role_history;
mod sentence;
mod service;
mod terms;

pub use alike::Votes;
pub use decimal::six_decimals;
pub use evidence::{Evidence, Novelty, Siblings};
pub use role_history::RoleHistory;
pub use service::service_of;
pub use terms::Terms;

use crate::time::Timestamp;
use alike::LikeRoles;
use families::{Families, Family};
use known_pairs::KnownPairs;
use makers::Makers;
use new_pairs::NewPairs;
use overlaps::Overlaps;
use service::UsedServices;

/// A role and a call, by number. Numbers should be small: there are tables by role and by call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Which role.
    pub role: u32,
    /// Which call.
    pub call: u32,
}

/// When a stored row says that a role first made a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PairSighting {
    /// Which role and which call.
    pub pair: Pair,
    /// When the pair was first seen; [`UNDATED`](Self::UNDATED) where no time that it has can be true.
    pub first: Timestamp,
}

impl PairSighting {
    /// Before the window opened, at a time that is not known: the pair is known, and counts for no time of its role.
    pub const UNDATED: Timestamp = Timestamp(i64::MIN);

    /// Sorts by role, call and time. The three are compared as one number, without a branch for each.
    pub(super) fn sort(sightings: &mut [Self]) {
        let number = |sighting: &Self| {
            let Self { pair, first } = sighting;
            let first = (first.0 as u64) ^ (1 << 63); // the same order without a sign
            u128::from(pair.role) << 96 | u128::from(pair.call) << 64 | u128::from(first)
        };
        sightings.sort_unstable_by_key(number);
    }

    /// When the pair was first seen, if that is known.
    fn dated(&self) -> Option<Timestamp> {
        Some(self.first).filter(|&first| first != Self::UNDATED)
    }
}

/// What was counted of each observed pair that is new, in the order of the pairs.
///
/// `stored` are the baseline's pairs that are not forgotten, joined and appended rows alike, also those first seen after the window
/// opened. Of the `observed` pairs those that are known are left out. `service_of` gives the number of a call's service, if it has one,
/// `family_of` that of a role's family, if new roles are compared with known ones of their family and this one has one.
///
/// Memory: a stored pair takes sixteen bytes, which are sorted where they are, and at most eight more; a role and a call take some
/// tens of bytes. Time: sorting, then for each role with a new pair the sum of the makers of its calls at most, and one look at every
/// role; `overlaps.rs` says what bounds that.
pub fn rank(
    window_opens: Timestamp,
    stored: Vec<PairSighting>,
    observed: Vec<Pair>,
    service_of: impl Fn(u32) -> Option<u32>,
    family_of: impl Fn(u32) -> Option<u32>,
) -> Vec<Evidence> {
    let (known, learned) = KnownPairs::new(stored, window_opens);
    let new = NewPairs::new(observed, learned, &known);
    let ranker = Ranker {
        window_opens,
        families: Families::new(new.observed(), &known, family_of),
        new,
        makers: Makers::new(&known),
        known,
        service_of,
    };
    let mut overlaps = Overlaps::new(&ranker.known, &ranker.makers);
    let observed = ranker.new.observed();
    let by_role = observed.chunk_by(|one, other| one.role == other.role);
    by_role
        .flat_map(|pairs| ranker.of_role(pairs, &mut overlaps))
        .collect()
}

/// Everything that a run knows.
struct Ranker<S, F> {
    window_opens: Timestamp,
    known: KnownPairs,
    new: NewPairs,
    makers: Makers,
    families: Families<F>,
    service_of: S,
}

impl<S: Fn(u32) -> Option<u32>, F: Fn(u32) -> Option<u32>> Ranker<S, F> {
    /// What was counted of the new pairs of one role.
    fn of_role(&self, pairs: &[Pair], overlaps: &mut Overlaps<'_>) -> Vec<Evidence> {
        let role = pairs[0].role;
        let own = self.known.of_role(role);
        let family = self.families.of(role, &self.known);
        let calls = family.map_or(own, Family::calls);
        let history = RoleHistory::new(calls, self.window_opens);
        let used = UsedServices::new(calls, &self.service_of);
        let like = LikeRoles::of(role, calls, &self.known, overlaps);
        let evidence = |&pair: &Pair| Evidence {
            pair,
            role: RoleHistory::new(own, self.window_opens),
            siblings: family.map(|family| family.siblings(pair.call, history)),
            like: like.votes(self.makers.of(pair.call)),
            others: self.known.other_roles(role),
            makers: self.makers.of(pair.call).len(),
            adopters: self.new.adopters(pair.call),
            new_service: (self.service_of)(pair.call).is_some_and(|service| used.lack(service)),
        };
        pairs.iter().map(evidence).collect()
    }
}
